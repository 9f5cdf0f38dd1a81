/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL's lexical rules, under standard_conforming_strings. Borrows the text; allocates nothing; each call moves
 * on or ends, whatever the bytes are. Pure; any thread.
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_TOKEN_H
#define MIGRATIOND_DIALECT_POSTGRES_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum postgres_token_kind {
    POSTGRES_TOKEN_END,
    POSTGRES_TOKEN_NAME,    /* an identifier: bare, or in double quotes where it needs them */
    POSTGRES_TOKEN_KEYWORD, /* a bare word that cannot name a column: reserved, or of a join */
    POSTGRES_TOKEN_WORD,    /* a bare word that names types and functions of the grammar's own: integer, coalesce */
    POSTGRES_TOKEN_STRING,  /* every kind of string constant */
    POSTGRES_TOKEN_NUMBER,
    POSTGRES_TOKEN_PARAMETER, /* $1 */
    POSTGRES_TOKEN_OPERATOR,
    POSTGRES_TOKEN_SIGN,  /* ( ) [ ] , ; . : :: := => and whatever else is one byte */
    POSTGRES_TOKEN_BROKEN /* a quote or comment that does not end: the rest of the text */
};

struct postgres_token {
    enum postgres_token_kind kind;
    const char *text; /* in the source; a quoted name that needs no quotes comes without them */
    size_t length;
};

struct postgres_lexer {
    const char *next;
    const char *end;
};

/* The next token behind blanks and comments; at the end, POSTGRES_TOKEN_END for ever. */
struct postgres_token postgres_lexer_next(struct postgres_lexer *lexer);

/* Whether it is this text; for unquoted words, in whatever case (`text` in lower case). */
bool postgres_token_is(const struct postgres_token *token, const char *text);

/* What a bare word is: a name, keyword or word. */
enum postgres_token_kind postgres_word_kind(const char *text, size_t length);

#endif
