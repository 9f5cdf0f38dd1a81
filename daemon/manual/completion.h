/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tables of options and commands say, in the languages of shells. Each fills a hole of completion.<shell>.in.
 * Single-threaded.
 */
#ifndef MIGRATIOND_MANUAL_COMPLETION_H
#define MIGRATIOND_MANUAL_COMPLETION_H

#include "daemon/manual/programs.h"

/* What a shell offers where an argument stands; bits. */
enum completion_offer {
    OFFER_FILES = 1 << 0,
    OFFER_FOLDERS = 1 << 1,
    OFFER_DATABASES = 1 << 2, /* names that the daemon knows */
    OFFER_PROGRAMS = 1 << 3,  /* another program's command line */
};

/* By what an option's or a command's arguments are called: "FILE", "REFERENCE LIVE | DATABASE". */
unsigned completion_offer_of(const char *arguments);

/* Of an option's text: without what stands behind a semicolon, or in parentheses at the end. */
int completion_short_length(const char *doc);

/* Whether it says where the daemon is, or how to get in there: what asking it for names needs, too. */
bool completion_is_where(const struct option_row *row);

/* Whether its values are outputs, of which each command has its own. */
bool completion_is_output(const struct manual_program *program, const struct option_row *row);

/* Whether another command line may follow behind "--". */
bool completion_has_programs(const struct manual_program *program);

/* "text json": what the command prints. */
void completion_list_outputs(const struct ctl_command *command, char *words, size_t size);

/* "--server | -s | --output | -o" of the rows that `fits`; with an `end` behind each name, without the letters. */
void completion_put_pattern(const struct manual_program *program, bool (*fits)(const struct option_row *row),
                            const char *end, FILE *out);
bool completion_is_valued(const struct option_row *row);

void bash_put_valued(const struct manual_program *program, FILE *out);
void bash_put_where(const struct manual_program *program, FILE *out);
void bash_put_values(const struct manual_program *program, FILE *out);
void bash_put_options(const struct manual_program *program, FILE *out);
void bash_put_arguments(const struct manual_program *program, FILE *out);

void zsh_put_valued(const struct manual_program *program, FILE *out);
void zsh_put_where(const struct manual_program *program, FILE *out);
void zsh_put_commands(const struct manual_program *program, FILE *out);
void zsh_put_options(const struct manual_program *program, FILE *out);
void zsh_put_own_options(const struct manual_program *program, FILE *out);
void zsh_put_arguments(const struct manual_program *program, FILE *out);
void zsh_put_operands(const struct manual_program *program, FILE *out);

void fish_put_commands(const struct manual_program *program, FILE *out);
void fish_put_options(const struct manual_program *program, FILE *out);
void fish_put_arguments(const struct manual_program *program, FILE *out);

#endif
