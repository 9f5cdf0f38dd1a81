/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL for objects of the model as MySQL and MariaDB execute it: names always in backticks, never qualified (it runs in
 * whatever database the client is connected to), texts as a server printed them. Each function appends one statement,
 * or a part of one, without a semicolon. Strings are for sessions without NO_BACKSLASH_ESCAPES. Pure; any thread;
 * failure (memory) is `out`'s.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_SQL_H
#define MIGRATIOND_DIALECT_MYSQL_SQL_H

#include "base/strbuf.h"
#include "model/schema.h"

/* For whom the SQL is: the two servers differ in keywords and in where an expression needs parentheses. */
enum mysql_flavour { MYSQL_FLAVOUR_ORACLE, MYSQL_FLAVOUR_MARIADB };

/* The flavour of the server that printed the schema. */
enum mysql_flavour mysql_sql_flavour(const struct schema *schema);

void mysql_sql_name(struct strbuf *out, const char *name);
void mysql_sql_literal(struct strbuf *out, const char *text);

/* "`a`, `b`" */
void mysql_sql_names(struct strbuf *out, const struct schema *schema, struct text_list names);

/* A column as texts, which may come from several schemas; NULL: absent. */
struct mysql_column {
    const char *name;
    const char *type;
    const char *charset;
    const char *collation;
    const char *generated;
    const char *default_expression;
    const char *on_update;
    const char *srid;
    const char *check;
    const char *comment;
    unsigned flags; /* COLUMN_… */
};
struct mysql_column mysql_column_of(const struct schema *schema, const struct schema_column *column);

/* Whether it is one of the two ends of a row's life in a system-versioned table. */
bool mysql_column_is_period_end(const struct mysql_column *column);

/* A column's definition, name included: what ADD, MODIFY and CREATE TABLE take. */
void mysql_sql_column(struct strbuf *out, enum mysql_flavour flavour, const struct mysql_column *column);

/* "PRIMARY KEY (…)", "UNIQUE KEY `n` (…)", "FULLTEXT KEY `n` (…)": of a constraint, of an index, or of both where the
 * index says more of the constraint (its prefixes, its order). One of the two may be NULL. */
void mysql_sql_key(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                   const struct schema_constraint *constraint, const struct schema_index *index);

/* "CONSTRAINT `n` FOREIGN KEY …", "CONSTRAINT `n` CHECK (…)", "PERIOD FOR `n` (…)". */
void mysql_sql_constraint(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                          const struct schema_constraint *constraint);

/* Whether a constraint of kind check is a period of MariaDB's. */
bool mysql_sql_is_period(const struct schema *schema, const struct schema_constraint *constraint);

/* "ENGINE=InnoDB DEFAULT CHARSET=…": what stands behind a table's columns, partitions included. */
void mysql_sql_table_options(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                             const struct schema_relation *table);

/* "PARTITION BY …" or "REMOVE PARTITIONING". */
void mysql_sql_partitions(struct strbuf *out, const struct schema *schema, const struct schema_relation *table);

/* CREATE TABLE IF NOT EXISTS with all but foreign keys, and the indexes that a server makes for these, and the
 * constraints of the table that are to be left out. */
void mysql_sql_table(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                     const struct schema_relation *table, const bool *left_out);

/* CREATE OR REPLACE VIEW. */
void mysql_sql_view(struct strbuf *out, const struct schema *schema, const struct schema_relation *view);

/* How a CREATE statement says what to do if the object is there. */
enum mysql_if_there { MYSQL_FAIL_IF_THERE, MYSQL_KEEP_IF_THERE, MYSQL_REPLACE_IF_THERE };

/* CREATE TRIGGER, PROCEDURE, FUNCTION, EVENT, SEQUENCE. Where the other server's manner is asked for, it fails there.
 */
void mysql_sql_object(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                      enum mysql_if_there if_there);

/* "START WITH 1 MINVALUE …" */
void mysql_sql_sequence_options(struct strbuf *out, const struct schema *schema, const struct schema_object *sequence);

/* "TRIGGER", "PROCEDURE", …: what DROP calls the object. */
const char *mysql_sql_object_word(const struct schema *schema, const struct schema_object *object);

/* Whether CREATE can be written for the object at all: not for packages, nor for other languages than SQL. */
bool mysql_sql_can_create(const struct schema *schema, const struct schema_object *object);

#endif
