/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of facts: each function does to the model's text what an expression of SQL does to the server's. Internal to
 * PostgreSQL's planner; texts are in the maker's arena.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_POSTGRES_TEXT_H
#define MIGRATIOND_DRIFT_PLAN_POSTGRES_TEXT_H

#include "base/strbuf.h"
#include "drift/plan_dialect.h"

const struct schema *postgres_schema(const struct plan_maker *maker, enum plan_side side);

/* Without the parentheses and blanks at both ends, balanced or not: btrim(x, '() '). */
void postgres_add_trimmed(struct strbuf *out, const char *text);

/* Without white space, double quotes and parentheses: regexp_replace(x, '[\s"()]', '', 'g'). */
void postgres_add_squeezed(struct strbuf *out, const char *text);

/* What servers of different versions print alike: squeezed, and without casts. Empties the buffer. */
const char *postgres_loosened(struct plan_maker *maker, struct strbuf *text);

/* The query whose text is loosened. */
const char *postgres_loose_query(struct plan_maker *maker, const char *query);

/* SHA-256 in hexadecimal, and the query that makes it of a text: for definitions of many lines. Empties the buffer. */
const char *postgres_hashed(struct plan_maker *maker, struct strbuf *text);
const char *postgres_hash_query(struct plan_maker *maker, const char *expression);

/* "name=value" of all options of a view, sorted and separated by ", "; the values of booleans as true and false. */
void postgres_add_option_texts(struct strbuf *out, const struct schema *schema, const struct schema_relation *relation);

#endif
