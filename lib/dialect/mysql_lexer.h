/* SPDX-License-Identifier: Apache-2.0
 *
 * Splits the SQL that MySQL and MariaDB print (SHOW CREATE, SHOW GRANTS, view texts) into tokens, under the session
 * settings that the engine pins: identifiers in backticks, backslash escapes in strings. Version comments such as the
 * ones around INVISIBLE are transparent: what stands in them is text like any other; plain comments are skipped.
 * Borrows the text; allocates nothing. Never reads beyond the length given; whatever the bytes are, each call moves on
 * or ends.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_LEXER_H
#define MIGRATIOND_DIALECT_MYSQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum mysql_token_kind {
    MYSQL_TOKEN_END,
    MYSQL_TOKEN_WORD,   /* unquoted: keyword, function, option */
    MYSQL_TOKEN_NAME,   /* in backticks */
    MYSQL_TOKEN_STRING, /* in single or double quotes */
    MYSQL_TOKEN_NUMBER,
    MYSQL_TOKEN_SYMBOL, /* one byte */
    MYSQL_TOKEN_BROKEN, /* a quote that nothing closes: the rest of the text */
};

struct mysql_token {
    const char *text; /* as written, with its quotes */
    size_t length;
    enum mysql_token_kind kind;
    bool spaced;  /* white space or a comment stands before it */
    bool escaped; /* a quoted token whose content is not simply what stands between the quotes */
};

struct mysql_lexer {
    const char *at;
    const char *end;
    bool in_version_comment;
};

void mysql_lexer_init(struct mysql_lexer *lexer, const char *text, size_t length);

/* The next token; MYSQL_TOKEN_END for ever after the last one. */
struct mysql_token mysql_lexer_next(struct mysql_lexer *lexer);

/* Keyword comparison, ignoring case; false for quoted tokens. */
bool mysql_token_is(const struct mysql_token *token, const char *word);
bool mysql_token_is_symbol(const struct mysql_token *token, char symbol);

/* Appends what a token stands for: a name or string without its quotes and escapes, anything else as written. */
void mysql_token_decode(const struct mysql_token *token, struct strbuf *out);

/* Appends `text` as an identifier in backticks. */
void mysql_quote_name(struct strbuf *out, const char *text);

/* Appends `text` as a string literal in the one canonical spelling. */
void mysql_quote_string(struct strbuf *out, const char *text, size_t length);

#endif
