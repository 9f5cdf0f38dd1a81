/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's lexical rules: what CREATE texts in sqlite_schema consist of. Pure functions over borrowed bytes; nothing is
 * allocated but what a strbuf of the caller takes. Any bytes are accepted: what is no token is TOKEN_BAD.
 */
#ifndef MIGRATIOND_DIALECT_SQLITE_TOKEN_H
#define MIGRATIOND_DIALECT_SQLITE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

enum sqlite_token_kind {
    TOKEN_END,
    TOKEN_WORD,     /* keyword or bare identifier */
    TOKEN_QUOTED,   /* "x", `x` or [x] */
    TOKEN_STRING,   /* 'x'; an identifier where the grammar wants one */
    TOKEN_LITERAL,  /* number or blob */
    TOKEN_OPERATOR, /* punctuation, and variables */
    TOKEN_BAD       /* unterminated quote, control byte */
};

struct sqlite_token {
    enum sqlite_token_kind kind;
    const char *text; /* in the source; not terminated */
    size_t length;
};

struct sqlite_lexer {
    const char *next;
    const char *end;
};

/* The next token; blanks and comments before it are skipped. At the end, TOKEN_END for ever. */
struct sqlite_token sqlite_lexer_next(struct sqlite_lexer *lexer);

/* Whether it is this unquoted word (any case) or operator. */
bool sqlite_token_is(const struct sqlite_token *token, const char *text);

/* Whether it can stand for a name. */
bool sqlite_token_is_name(const struct sqlite_token *token);

/* Appends the name without its quotes. */
void sqlite_token_append_name(const struct sqlite_token *token, struct strbuf *out);

/* Whether it is a name in double quotes where a column's can stand, between the tokens around it: where there is no
 * such column, SQLite takes it for a text. */
bool sqlite_token_can_be_text(const struct sqlite_token *before, const struct sqlite_token *token,
                              const struct sqlite_token *after);

/* Writes everything from `start` on in upper case (ASCII): types and collations are compared without case. */
void sqlite_text_raise(struct strbuf *text, size_t start);

/* Appends SQL in canonical spacing: no comments, one blank between tokens except where punctuation needs none, keywords
 * in upper case, [x] and `x` as "x". Texts that differ in layout only become equal. */
void sqlite_text_append_canonical(const char *text, size_t length, struct strbuf *out);

#endif
