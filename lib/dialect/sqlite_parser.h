/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parsers of SQLite's CREATE texts share: a cursor over tokens and the writing of texts. Internal to
 * lib/dialect/sqlite_*.c; nothing is owned but through the statement.
 */
#ifndef MIGRATIOND_DIALECT_SQLITE_PARSER_H
#define MIGRATIOND_DIALECT_SQLITE_PARSER_H

#include "dialect/sqlite_ddl.h"
#include "dialect/sqlite_token.h"

struct sqlite_parser {
    struct sqlite_lexer lexer;
    struct sqlite_token token; /* the one to look at */
    struct sqlite_statement *statement;
    struct error *reterr;
};

/* Empties the statement and reads the first token. */
void sqlite_parser_init(struct sqlite_parser *parser, const char *sql, size_t length,
                        struct sqlite_statement *statement, struct error *reterr);

void sqlite_parser_advance(struct sqlite_parser *parser);
bool sqlite_parser_is(const struct sqlite_parser *parser, const char *text);

/* Advances over the word or operator if it is there. */
bool sqlite_parser_accept(struct sqlite_parser *parser, const char *text);

/* The same, or fails. */
int sqlite_parser_expect(struct sqlite_parser *parser, const char *text);
int sqlite_parser_fail(struct sqlite_parser *parser, const char *expected);

/* A name at the cursor, stored and stepped over. */
int sqlite_parser_name(struct sqlite_parser *parser, uint32_t *ret_text);

/* The same, in upper case. */
int sqlite_parser_raised_name(struct sqlite_parser *parser, uint32_t *ret_text);

/* `( … )` at the cursor: stores what stands inside in canonical form and steps over it; ret_text may be NULL. */
int sqlite_parser_parenthesised(struct sqlite_parser *parser, uint32_t *ret_text);

/* Stores a piece of the source in canonical form. */
uint32_t sqlite_parser_canonical(struct sqlite_parser *parser, const char *begin, const char *end);

/* Stores a piece of the source as it is. */
uint32_t sqlite_parser_raw(struct sqlite_parser *parser, const char *begin, const char *end);

/* An empty part behind the others; NULL: failed. */
struct sqlite_index_part *sqlite_parser_add_part(struct sqlite_parser *parser);

/* CREATE [TEMP] `kind` [IF NOT EXISTS] [schema.]name */
int sqlite_parser_create(struct sqlite_parser *parser, const char *kind);

/* Ends a text that was appended to statement->texts at `start`. */
uint32_t sqlite_parser_end_text(struct sqlite_parser *parser, size_t start);

/* What a parse function returns: 0, or -1 when memory ran out on the way. */
int sqlite_parser_finish(const struct sqlite_parser *parser);

#endif
