/* SPDX-License-Identifier: Apache-2.0
 *
 * The CREATE TABLE parser's state, shared by its files and by nobody else. `token` is the current token. The parts move
 * past what they understand; false means "not understood": the table's loop then skips to the next part.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_DDL_PARSER_H
#define MIGRATIOND_DIALECT_MYSQL_DDL_PARSER_H

#include "dialect/mysql_ddl.h"
#include "dialect/mysql_lexer.h"

/* Servers allow 16 (MySQL) or 32 (MariaDB) parts of a key. */
enum { MYSQL_MAX_KEY_PARTS = 32 };

struct mysql_ddl {
    struct schema_builder *builder;
    const char *table;
    const char *database;
    struct mysql_lexer lexer;
    struct mysql_token token;
    struct strbuf scratch;
    struct mysql_ddl_report *report;
    uint32_t relation;
    uint16_t position;
};

void mysql_ddl_advance(struct mysql_ddl *ddl);
bool mysql_ddl_at(const struct mysql_ddl *ddl, const char *word);
bool mysql_ddl_at_symbol(const struct mysql_ddl *ddl, char symbol);

/* Moves on if the token is that word or symbol. */
bool mysql_ddl_accept(struct mysql_ddl *ddl, const char *word);
bool mysql_ddl_accept_symbol(struct mysql_ddl *ddl, char symbol);

/* At "(": moves behind the matching ")"; what stands between them is `*ret_text`. False, with nothing
 * returned, if it is not closed. */
bool mysql_ddl_enclosed(struct mysql_ddl *ddl, const char **ret_text, size_t *ret_length);

/* Interns what the current token stands for, or a canonical expression. */
uint32_t mysql_ddl_intern_token(struct mysql_ddl *ddl);
uint32_t mysql_ddl_intern_expression(struct mysql_ddl *ddl, const char *text, size_t length);

/* Reads a type into `scratch`, as schema_column's `type` spells it. */
bool mysql_ddl_read_type(struct mysql_ddl *ddl, bool *ret_number);

/* `name type attribute…`; the current token is the name. */
bool mysql_ddl_read_column(struct mysql_ddl *ddl);

/* PRIMARY KEY, UNIQUE KEY, KEY, FULLTEXT KEY, …; CONSTRAINT, FOREIGN KEY, CHECK; PERIOD. `*ret_index` tells which
 * kind of object it was. */
bool mysql_ddl_read_key(struct mysql_ddl *ddl, bool *ret_index);

#endif
