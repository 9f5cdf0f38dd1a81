/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL for objects of the model as PostgreSQL executes it: names always quoted and qualified, texts as a server printed
 * them. Each function appends one statement, or a part of one, without a semicolon. Pure; any thread; failure (memory)
 * is `out`'s.
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_SQL_H
#define MIGRATIOND_DIALECT_POSTGRES_SQL_H

#include "base/strbuf.h"
#include "model/schema.h"

/* "name", and "schema"."name" (only the name if there is no schema). */
void postgres_sql_name(struct strbuf *out, const char *name);
void postgres_sql_qualified(struct strbuf *out, const char *schema_name, const char *name);
void postgres_sql_literal(struct strbuf *out, const char *text);

/* `text` between dollar quotes whose tag does not occur in it. */
void postgres_sql_dollar(struct strbuf *out, const char *tag, const char *text);

void postgres_sql_relation_name(struct strbuf *out, const struct schema *schema,
                                const struct schema_relation *relation);
void postgres_sql_object_name(struct strbuf *out, const struct schema *schema, const struct schema_object *object);

/* "schema"."name"(argument types): what DROP and ALTER want. */
void postgres_sql_routine_name(struct strbuf *out, const struct schema *schema, const struct schema_object *object);

/* FUNCTION, PROCEDURE or AGGREGATE. */
const char *postgres_sql_routine_word(const struct schema *schema, const struct schema_object *object);

/* "a", "b" */
void postgres_sql_names(struct strbuf *out, const struct schema *schema, struct text_list names);

/* "name" type COLLATE … GENERATED … DEFAULT … NOT NULL */
void postgres_sql_column(struct strbuf *out, const struct schema *schema, const struct schema_column *column);

/* What follows ADD or ALTER COLUMN … ADD: GENERATED … AS IDENTITY (…). */
void postgres_sql_identity(struct strbuf *out, const struct schema *schema, const struct schema_column *column);

/* What CREATE TABLE says of a column: nothing of one that the table has from a parent, as it is there. */
enum postgres_column_form { POSTGRES_COLUMN_WHOLE, POSTGRES_COLUMN_WITHOUT_DEFAULT, POSTGRES_COLUMN_LEFT_OUT };

/* CREATE TABLE with its columns (`forms`, by the relation's column) and no constraints; partitions too. */
void postgres_sql_table(struct strbuf *out, const struct schema *schema, const struct schema_relation *relation,
                        const enum postgres_column_form *forms);

/* Everything behind CONSTRAINT "name"; NOT VALID only if it is, or if `not_valid` says so. */
void postgres_sql_constraint(struct strbuf *out, const struct schema *schema,
                             const struct schema_constraint *constraint, bool not_valid);

/* How an index is to be made. */
struct postgres_index_form {
    const char *name;  /* NULL: its own */
    bool concurrently; /* and IF NOT EXISTS */
    bool only;         /* ON ONLY: a partitioned table's, without its partitions' */
};
void postgres_sql_index(struct strbuf *out, const struct schema *schema, const struct schema_index *index,
                        const struct postgres_index_form *form);

/* The unique index that a primary key or unique constraint can be made of. */
void postgres_sql_constraint_index(struct strbuf *out, const struct schema *schema,
                                   const struct schema_constraint *constraint, const char *name, bool concurrently);

/* CREATE [OR REPLACE] VIEW, CREATE MATERIALIZED VIEW … WITH DATA. */
void postgres_sql_view(struct strbuf *out, const struct schema *schema, const struct schema_relation *relation,
                       bool replace);

/* A view's options as ALTER VIEW SET takes them; "" if there is none. */
void postgres_sql_view_options(struct strbuf *out, const struct schema *schema, const struct schema_relation *relation);

/* CREATE SCHEMA, EXTENSION, TYPE, DOMAIN, SEQUENCE, FUNCTION, TRIGGER, POLICY. `replace` where there is OR REPLACE. */
void postgres_sql_object(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                         bool replace);

/* CREATE TRIGGER alone, in the order of words in which the server prints it. */
void postgres_sql_trigger(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                          bool replace);

/* " TO role, …" */
void postgres_sql_policy_roles(struct strbuf *out, const struct schema *schema, const struct schema_object *object);

/* The options of a sequence (of an object, or of an identity column), each with a blank before it. */
void postgres_sql_sequence_options(struct strbuf *out, const struct schema *schema, uint32_t attributes,
                                   bool with_type);

/* An expression over a row `g` of pg_aggregate: the part of CREATE AGGREGATE between its second brackets, without what
 * goes without saying. What the model has as an aggregate's body. */
extern const char postgres_aggregate_definition[];

#endif
