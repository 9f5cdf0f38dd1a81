/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/manual/programs.h"

#include <string.h>

#include "daemon/options.h"
#include "daemon/wait_options.h"

const struct manual_program manual_programs[MANUAL_PROGRAMS] = {
    {.line = &daemon_program},
    {.line = &ctl_program, .commands = ctl_commands, .command_count = &ctl_command_count},
    {.line = &wait_program},
};

const struct manual_program *manual_find_program(const char *name)
{
    for (size_t i = 0; i < MANUAL_PROGRAMS; i++) {
        if (strcmp(manual_programs[i].line->name, name) == 0)
            return &manual_programs[i];
    }
    return NULL;
}
