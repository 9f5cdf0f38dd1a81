/* SPDX-License-Identifier: Apache-2.0
 *
 * Prose and scripts with holes that the tables fill: a line "@options@" stands for the lines that the tables give, and
 * "@date@", "@version@", "@program@" and "@symbol@" stand for these inside a line. Single-threaded.
 */
#ifndef MIGRATIOND_MANUAL_TEMPLATE_H
#define MIGRATIOND_MANUAL_TEMPLATE_H

#include <stdio.h>

#include "daemon/manual/programs.h"

struct template
{
    const struct manual_program *program;
    const char *date; /* "2026-11-21" */
};

/* -1 after a message if it has a hole that nothing fills. */
int template_fill(const struct template *template, FILE *in, FILE *out);

#endif
