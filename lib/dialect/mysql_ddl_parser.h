/* SPDX-License-Identifier: Apache-2.0
 *
 * The CREATE TABLE parser's state, shared by its files and by nobody else. `token` is the current token. The parts move
 * past what they understand; false means "not understood": the table's loop then skips to the next part. Columns and
 * keys wait until the table's options are read, because these say what a column's character set is and whether an
 * index can be a hash.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_DDL_PARSER_H
#define MIGRATIOND_DIALECT_MYSQL_DDL_PARSER_H

#include "dialect/mysql_ddl.h"
#include "dialect/mysql_lexer.h"

/* Servers allow 16 (MySQL) or 32 (MariaDB) parts of a key, 64 or 128 keys and 4096 columns of a table. */
enum { MYSQL_MAX_KEY_PARTS = 32, MYSQL_MAX_KEYS = 1024, MYSQL_MAX_COLUMNS = 8192 };

/* A column while the table is read. Texts are interned. */
struct mysql_ddl_column {
    struct schema_column column;
    uint32_t charset;
    uint32_t collation;
    uint32_t on_update;
    uint32_t srid;
    uint32_t check; /* the column's own */
    uint32_t comment;
    bool has_charset; /* its type has one */
    bool made_by_server;
};

enum mysql_key_kind { MYSQL_KEY_PRIMARY, MYSQL_KEY_UNIQUE, MYSQL_KEY_INDEX };

struct mysql_ddl_key {
    enum mysql_key_kind kind;
    uint32_t name;
    uint32_t method; /* 0: what the engine does by default */
    uint32_t parser;
    uint32_t comment;
    uint32_t period;  /* WITHOUT OVERLAPS: the period's name */
    uint32_t storage; /* "USING HASH" where the engine ignores it */
    uint16_t flags;
    uint16_t count;
    bool hash;      /* USING HASH: some engines ignore it */
    bool decorated; /* has a part or an option that a constraint cannot say */
    struct schema_index_part parts[MYSQL_MAX_KEY_PARTS];
};

/* A foreign key's name and columns, by which the index is known that the server made for it. */
struct mysql_ddl_reference {
    uint32_t name;
    uint32_t count;
    uint32_t columns[MYSQL_MAX_KEY_PARTS];
};

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

    struct mysql_ddl_column *columns;
    size_t column_count;
    size_t column_capacity;
    struct mysql_ddl_key *keys;
    size_t key_count;
    size_t key_capacity;
    struct mysql_ddl_reference *references;
    size_t reference_count;
    size_t reference_capacity;

    /* The table's options. */
    uint32_t engine;
    uint32_t charset;
    uint32_t collation;
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

/* Interns what the current token stands for; an expression as the server printed it, but for the database's own name;
 * a character set's or collation's one name. */
uint32_t mysql_ddl_intern_token(struct mysql_ddl *ddl);
uint32_t mysql_ddl_intern_expression(struct mysql_ddl *ddl, const char *text, size_t length);
uint32_t mysql_ddl_intern_collation(struct mysql_ddl *ddl, const char *text, size_t length);

/* The character set of a collation, and the collation of a character set, by their interned names. */
uint32_t mysql_ddl_charset_of(struct mysql_ddl *ddl, uint32_t collation);
uint32_t mysql_ddl_collation_of(struct mysql_ddl *ddl, uint32_t charset);

/* Reads a type into `scratch`, as schema_column's `type` spells it. */
bool mysql_ddl_read_type(struct mysql_ddl *ddl);

/* `name type attribute…`; the current token is the name. */
bool mysql_ddl_read_column(struct mysql_ddl *ddl);

/* PRIMARY KEY, UNIQUE KEY, KEY, FULLTEXT KEY, …; CONSTRAINT, FOREIGN KEY, CHECK; PERIOD. `*ret_index` tells which
 * kind of object it was. */
bool mysql_ddl_read_key(struct mysql_ddl *ddl, bool *ret_index);

/* "CONSTRAINT `name` …": the first word is read (mysql_ddl_constraint.c). */
bool mysql_ddl_read_constraint(struct mysql_ddl *ddl);
bool mysql_ddl_read_period(struct mysql_ddl *ddl);

/* "(`a`, `b`)". */
bool mysql_ddl_read_names(struct mysql_ddl *ddl, uint32_t *names, uint32_t *ret_count);

/* Behind the list of parts: options and partitions, which become the relation's attributes. */
void mysql_ddl_read_options(struct mysql_ddl *ddl);

/* Hands the columns and keys over that waited for the options. */
void mysql_ddl_add_columns(struct mysql_ddl *ddl);
void mysql_ddl_add_keys(struct mysql_ddl *ddl);

#endif
