/* SPDX-License-Identifier: Apache-2.0
 *
 * The revisions that a gate is asked for, out of what a command line says. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_REVISIONS_H
#define MIGRATIOND_DAEMON_WAIT_REVISIONS_H

#include "base/cleanup.h"
#include "base/limits.h"
#include "daemon/option_table.h"

/* Of options' values, which are borrowed, and of manifests' heads, which are owned. */
struct wait_revisions {
    const char *list[LIMIT_WAIT_REVISIONS];
    size_t count;
    char *heads[LIMIT_WAIT_REVISIONS];
    size_t head_count;
};

/* "R" or "DATABASE:R" each, and the heads of the manifests. WAIT_OPEN, or WAIT_USAGE after a message in the name of
 * `program`. To be freed with wait_revisions_done either way. */
int wait_revisions_collect(const char *program, const struct option_list *revisions,
                           const struct option_list *manifests, struct wait_revisions *ret_revisions);
void wait_revisions_done(struct wait_revisions *revisions);

DEFINE_CLEANUP_VALUE(wait_revisions, struct wait_revisions, wait_revisions_done);

#endif
