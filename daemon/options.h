/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of migrationd.
 */
#ifndef MIGRATIOND_DAEMON_OPTIONS_H
#define MIGRATIOND_DAEMON_OPTIONS_H

#include "daemon/log.h"
#include "daemon/option_table.h"

enum option_action {
    ACTION_RUN,
    ACTION_CHECK,         /* --check-config */
    ACTION_CHECK_CONNECT, /* --check-config --connect */
    ACTION_PRINT_CONFIG,
    ACTION_PRINT_REFERENCE,
    ACTION_EXIT, /* --help and --version have printed */
};

struct options {
    enum option_action action;
    const char *config_path;
    bool connect;
    enum log_format log_format;
    enum log_level log_level;
};

extern const struct option_program daemon_program;

/* 0, or the exit code for a usage error (2), said on standard error. */
int options_parse(int argc, char **argv, struct options *ret_options);

#endif
