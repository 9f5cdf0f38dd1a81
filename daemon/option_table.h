/* SPDX-License-Identifier: Apache-2.0
 *
 * Command lines as tables. An option of a program is one row: from it come what getopt_long is told, where the value is
 * kept, --help, the manual page and the shells' completion. To add one, add a row to the program's table and a field to
 * its struct of options; nothing else. Plain C on libc, so that migration-wait has it, too. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_OPTION_TABLE_H
#define MIGRATIOND_DAEMON_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_kind {
    OPTION_FLAG,     /* bool: becomes true */
    OPTION_TEXT,     /* const char *: the value, which may not be empty; of several the last one */
    OPTION_LIST,     /* struct option_list: every value */
    OPTION_DURATION, /* int64_t milliseconds: "30s", or a bare 0 */
    OPTION_CUSTOM,   /* `read` knows */
    OPTION_VERSION,  /* prints name and version, and ends */
    OPTION_HELP,     /* prints the program's help, and ends; what else stands there is not looked at any more */
};

/* Values point into argv. */
struct option_list {
    const char **items; /* owned */
    size_t count;
};

struct option_row {
    const char *name;
    char letter;          /* "-s" as well; 0: no such form */
    const char *argument; /* what its value is called: "FILE"; NULL: it takes none */
    const char *commands; /* those that take it, separated by blanks; NULL: all, or the program has none */
    const char *doc;      /* a phrase, no capital, no full stop at the end */
    const char *values;   /* the words that it takes, separated by blanks; NULL: any. Checked, and completed */
    enum option_kind kind;
    size_t offset; /* of the field in the program's struct of options */
    /* OPTION_CUSTOM: false after a sentence in `problem`. `text` is NULL where there is no argument. */
    bool (*read)(const char *text, void *options, char *problem, size_t size);
};

enum { OPTION_ROWS = 64 }; /* of one program: a bit each in `given` */

/* What an exit status means. */
struct option_exit {
    const char *commands; /* those that exit so, separated by blanks; NULL: all that have no row of their own */
    int status;
    const char *doc; /* a phrase, as an option's */
};

struct option_program {
    const char *name;
    const char *summary; /* what it does, in a phrase: the manual page's name */
    const char *usage;   /* what follows the name on a command line; several forms stand on a line each */
    const struct option_exit *exits;
    size_t exit_count;
    const struct option_row *rows;
    size_t count;
    void (*help)(const char *word); /* the first word that is no option: a command; NULL: there is none */
    bool stops_at_word;             /* the first word that is no option ends them: what follows is another program's */
};

enum option_outcome {
    OPTION_READ,
    OPTION_ENDED, /* help or version were asked for, and printed */
    OPTION_WRONG, /* said on standard error */
};

/* Reads the command line into `options`, which holds the defaults. `*ret_given` gets a bit per row that was given,
 * `*ret_first` the index in argv of the first word that is no option: they stand behind all options then. */
enum option_outcome option_parse(const struct option_program *program, int argc, char **argv, void *options,
                                 uint64_t *ret_given, int *ret_first);

/* Frees what lists hold. */
void option_free(const struct option_program *program, void *options);

/* Whether that row was given. */
bool option_is_given(const struct option_program *program, uint64_t given, const char *name);

/* Whether `command` takes the option. */
bool option_fits(const struct option_row *row, const char *command);

/* The first row given that `command` does not take; NULL when it takes all. */
const struct option_row *option_misplaced(const struct option_program *program, uint64_t given, const char *command);

/* "text, json or sql" of words separated by blanks, for messages. */
void option_list_words(const char *words, char *text, size_t size);

/* What --help is made of. No line is longer than 100 columns. */

/* "Usage: …", a line for each form, and what the program does. */
void option_print_usage(const struct option_program *program, FILE *out);

/* The options, lined up; of one command, those that it takes. */
void option_print(const struct option_program *program, FILE *out);
void option_print_of(const struct option_program *program, const char *command, FILE *out);

/* Sentences in lines. */
void option_print_text(const char *text, FILE *out);

/* `head`, and beside it, from `column` on, `doc`: as the options stand. */
void option_print_entry(const char *head, size_t column, const char *doc, FILE *out);

/* What each exit status means, a line for those commands that share it; of one command, the line for it. */
void option_print_exits(const struct option_program *program, FILE *out);
void option_print_exits_of(const struct option_program *program, const char *command, FILE *out);

#endif
