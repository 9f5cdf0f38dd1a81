/* SPDX-License-Identifier: Apache-2.0
 *
 * The programs that have a manual page and completion: their tables of options, and of commands. Constant.
 */
#ifndef MIGRATIOND_MANUAL_PROGRAMS_H
#define MIGRATIOND_MANUAL_PROGRAMS_H

#include <stddef.h>
#include <stdio.h>

#include "daemon/ctl.h"
#include "daemon/option_table.h"

struct manual_program {
    const struct option_program *line;
    const struct ctl_command *commands; /* NULL: it has none */
    const int *command_count;
};

enum { MANUAL_PROGRAMS = 3 };
extern const struct manual_program manual_programs[MANUAL_PROGRAMS];

/* NULL if there is none of that name. */
const struct manual_program *manual_find_program(const char *name);

#endif
