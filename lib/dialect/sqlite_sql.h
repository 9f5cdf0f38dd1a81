/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's CREATE texts from the model: what a plan executes. Whatever was read from a text comes out meaning the same;
 * a key stands with its column where the grammar lets it, every other constraint with the table. Texts are appended
 * without a final semicolon; failure (memory) is `out`'s. Pure; any thread.
 */
#ifndef MIGRATIOND_DIALECT_SQLITE_SQL_H
#define MIGRATIOND_DIALECT_SQLITE_SQL_H

#include "base/strbuf.h"
#include "model/schema.h"

/* "name" TYPE PRIMARY KEY NOT NULL COLLATE … DEFAULT … GENERATED …; `key` (may be NULL), of `key_schema`, is the
 * primary key if it is this column's alone and can stand with it. */
void sqlite_sql_column(const struct schema *schema, const struct schema_column *column, const struct schema *key_schema,
                       const struct schema_constraint *key, struct strbuf *out);

/* [CONSTRAINT name] UNIQUE (…), …; `increments`: of a primary key, AUTOINCREMENT. */
void sqlite_sql_constraint(const struct schema *schema, const struct schema_constraint *constraint, bool increments,
                           struct strbuf *out);

/* A foreign key or check as it stands behind the definition of its one column: " REFERENCES …", " CHECK (…)". */
void sqlite_sql_inline_constraint(const struct schema *schema, const struct schema_constraint *constraint,
                                  struct strbuf *out);

/* Whether a primary key can stand with its column: it is one, and has no collation of its own. */
bool sqlite_sql_key_is_inline(const struct schema *schema, const struct schema_constraint *key);

/* Whether a primary key's one column may be another name of the rowid, as far as the key tells: it is not descending.
 */
bool sqlite_sql_key_can_be_rowid(const struct schema *schema, const struct schema_constraint *key);

/* A value that a NOT NULL column of that type takes for rows that have none: '', 0 or x''. */
const char *sqlite_sql_placeholder(const char *type);

/* [UNIQUE] INDEX, TRIGGER, VIEW, VIRTUAL TABLE: CREATE `before` "name" …, where `before` ("", "IF NOT EXISTS ",
 * "plan.") is put before the name. */
void sqlite_sql_index(const struct schema *schema, const struct schema_index *index, const char *before,
                      struct strbuf *out);
void sqlite_sql_trigger(const struct schema *schema, const struct schema_object *trigger, const char *before,
                        struct strbuf *out);
void sqlite_sql_view(const struct schema *schema, const struct schema_relation *view, const char *before,
                     struct strbuf *out);

/* Where the name stands in a CREATE text as SQLite stores it: always behind the same words; NULL: it is none. */
const char *sqlite_sql_name_in(const char *stored);

/* "name" for SQL. */
void sqlite_sql_name(const struct schema *schema, uint32_t name, struct strbuf *out);

#endif
