/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tables of options, commands, exit statuses, routes and keys say, in the macros of man(7). Single-threaded.
 */
#ifndef MIGRATIOND_MANUAL_PAGE_H
#define MIGRATIOND_MANUAL_PAGE_H

#include "daemon/manual/programs.h"

void page_put_summary(const struct manual_program *program, FILE *out);
void page_put_usage(const struct manual_program *program, FILE *out);
void page_put_commands(const struct manual_program *program, FILE *out);
void page_put_options(const struct manual_program *program, FILE *out);
void page_put_exits(const struct manual_program *program, FILE *out);

/* Of the daemon's HTTP. */
void page_put_routes(const struct manual_program *program, FILE *out);

/* Of the configuration, whichever program reads it. */
void page_put_keys(const struct manual_program *program, FILE *out);

#endif
