/* SPDX-License-Identifier: Apache-2.0
 *
 * The tokens of a script, as far as taking it apart needs them. Pure; one thread.
 */
#ifndef MIGRATIOND_DIALECT_SQL_SCAN_H
#define MIGRATIOND_DIALECT_SQL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "dialect/sql_words.h"

/* Drizzle's files stand for several queries. Wherever this stands outside quotes, one ends; blanks end before it. */
#define SCRIPT_BREAKPOINT "--> statement-breakpoint"

enum scan_kind {
    SCAN_END,
    SCAN_WORD,
    SCAN_QUOTED, /* a quoted name */
    SCAN_STRING, /* any kind of string, dollar quotes too */
    SCAN_NUMBER,
    SCAN_SIGN, /* one byte */
    SCAN_OPEN, /* a quote or comment that does not end */
};

struct scan {
    const char *next;
    const char *end;
    unsigned line; /* of `next` */
    bool mysql;
    bool conditional; /* inside MySQL's executable comment */
};

struct scan_token {
    enum scan_kind kind;
    const char *text;
    size_t length;
    unsigned line;
};

/* Passes over blanks and comments; what an executable comment holds is not passed over. False if one does not end. */
bool scan_blanks(struct scan *scan);

/* The next token behind blanks and comments. */
struct scan_token scan_next(struct scan *scan);

/* Moves on, counting lines. */
void scan_advance(struct scan *scan, size_t length);

/* Whether the word is that, in any case. */
bool scan_token_is(const struct scan_token *token, const char *word);

/* Adds the token to the first words of its statement. */
void scan_add_word(struct sql_words *words, const struct scan_token *token);

#endif
