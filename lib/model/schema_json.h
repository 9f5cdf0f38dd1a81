/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical JSON form of a schema: what /v1/databases/{db}/schema serves and what a baseline file holds.
 *
 *   {"format":"migrationd-schema","version":1,"engine":"postgres","server_version":"15.18","fingerprint":"…",
 *    "truncated":false,"coverage":{"tables":{"coverage":"full"},"views":{"coverage":"partial","reason":"…"},…},
 *    "tables":[{"schema":"public","name":"users","kind":"table","definition":"…",
 *      "columns":[{"name":"id","type":"bigint","nullable":true,"default":"…","identity":"always"|"by_default",
 *                  "generated":{"expression":"…","stored":true},"auto_increment":true,"hidden":true}],
 *      "constraints":[{"kind":"foreign_key","name":"…","columns":["…"],"expression":"…",
 *                  "references":{"schema":"…","table":"…","columns":["…"]},"on_delete":"cascade","on_update":"cascade",
 *                  "deferrable":true,"deferred":true,"not_valid":true,"not_enforced":true,"nulls_not_distinct":true,
 *                  "automatic_name":true}],
 *      "indexes":[{"name":"…","unique":true,"method":"gin","predicate":"…","invalid":true,"hidden":true,
 *                  "nulls_not_distinct":true,"parts":[{"column":"…"} | {"expression":"…"}, with "descending":true,
 *                  "nulls":"first"|"last","included":true,"operator_class":"…","collation":"…","prefix":10]}]}],
 *    "views":[{"schema":"…","name":"…","kind":"view","definition":"…","columns":[…],"indexes":[…]}],
 *    "enums":[{"schema":"…","name":"…","labels":["…"]}],
 *    "sequences":[{"schema":"…","name":"…","type":"…","start":1,"increment":1,"minimum":1,"maximum":9,"cache":1,
 *                  "cycles":true,"owner":{"table":"…","column":"…"}}]}
 *
 * What is absent, false, empty or no_action is left out, so that a file stays readable and adding an attribute later
 * does not change old files; "name", "kind", a column's "type", "columns" and the arrays that are shown for tables and
 * views are always there. Order is the schema's own, so equal schemas give equal bytes; but for server_version and
 * coverage, equal bytes mean equal fingerprints.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_JSON_H
#define MIGRATIOND_MODEL_SCHEMA_JSON_H

#include "base/error.h"
#include "base/strbuf.h"
#include "model/schema.h"
#include "json/json_writer.h"

/* Renders piece by piece: a document of 30 MB never stands in memory as a whole. */
struct schema_json {
    const struct schema *schema; /* borrowed */
    struct json_writer writer;   /* keeps commas and nesting between pieces */
    unsigned section;
    size_t next;
};

/* `indent` 0 renders compact; else blanks per level, with one column, constraint, index, enum or sequence per line, for
 * files that people read and compare. */
void schema_json_init(struct schema_json *stream, const struct schema *schema, unsigned indent);

/* Appends the next piece, at most one object, to `out`, which may be another buffer each time. False when nothing was
 * left to append. Failure is `out`'s. */
bool schema_json_next(struct schema_json *stream, struct strbuf *out);

/* The whole document at once. */
void schema_json_render(const struct schema *schema, unsigned indent, struct strbuf *out);

/* Reads a baseline. `name` stands in messages: "name: tables[3].columns[2].type: …". Unknown keys, wrong kinds, two
 * objects of one name and constraints on columns that the table does not have are errors (ERROR_INVALID). The
 * fingerprint is recomputed; one in the file that differs is an error, one that is left out, as after editing by hand,
 * is not. Another version of the form is ERROR_UNSUPPORTED. */
int schema_json_parse(const char *text, size_t length, const char *name, struct schema **ret_schema,
                      struct error *reterr);

#endif
