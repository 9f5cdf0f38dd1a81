/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of migration-wait. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_OPTIONS_H
#define MIGRATIOND_DAEMON_WAIT_OPTIONS_H

#include "daemon/option_table.h"

struct wait_options {
    const char *gate;
    struct option_list revisions;
    struct option_list manifests;
    const char *match;
    struct option_list supports;
    const char *application;
    const char *instance;
    const char *token_file;
    int64_t timeout_ms;
    bool quiet;
};

/* As long as a container's start may take before somebody wants to hear of it. */
enum { WAIT_DEFAULT_TIMEOUT_MS = 300000 };

extern const struct option_program wait_program;

/* What the environment says where no option does: MIGRATION_GATE, MIGRATION_REVISION, MIGRATION_MANIFEST,
 * MIGRATION_TIMEOUT, MIGRATIOND_TOKEN_FILE; an empty variable says nothing. `given` is option_parse's. False after a
 * message. */
bool wait_options_from_environment(struct wait_options *options, uint64_t given);

#endif
