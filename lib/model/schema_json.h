/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON form of a schema: what /v1/databases/{db}/schema serves and what a baseline file holds.
 *
 *   {"format":"migrationd-schema","version":2,"canonical_version":1,"engine":"postgres","server_version":"15.18",
 *    "fingerprint":"…","truncated":false,"folds_names":true,"not_compared":"2 rules, 1 publication",
 *    "journals":[{"tool":"alembic","table":"public.alembic_version","heads":["ae1027a6acf"]}],
 *    "coverage":{"tables":{"coverage":"full"},"views":{"coverage":"partial","reason":"…"},…},
 *    "tables":[{"schema":"public","name":"users","kind":"table","definition":"…", …attributes,
 *      "columns":[{"name":"id","type":"bigint","nullable":true,"default":"…","identity":"always"|"by_default",
 *                  "generated":{"expression":"…","stored":true},"auto_increment":true,"hidden":true, …attributes}],
 *      "constraints":[{"kind":"foreign_key","name":"…","columns":["…"],"expression":"…",
 *                  "references":{"schema":"…","table":"…","columns":["…"]},"on_delete":"cascade","on_update":"cascade",
 *                  "deferrable":true,"deferred":true,"not_valid":true,"not_enforced":true,"nulls_not_distinct":true,
 *                  "automatic_name":true, …attributes}],
 *      "indexes":[{"name":"…","unique":true,"method":"gin","predicate":"…","invalid":true,"hidden":true,
 *                  "nulls_not_distinct":true, …attributes,"parts":[{"column":"…"} | {"expression":"…"}, with
 *                  "descending":true,"nulls":"first"|"last","included":true,"operator_class":"…","collation":"…",
 *                  "prefix":10]}]}],
 *    "views":[{"schema":"…","name":"…","kind":"view","definition":"…","columns":[…],"indexes":[…], …attributes}],
 *    "schemas":[…],"extensions":[…],"enums":[…],"domains":[…],"composites":[…],"sequences":[…],"routines":[…],
 *    "triggers":[…],"policies":[…],"events":[{"schema":"…","table":"…","name":"…","arguments":"…", …attributes}]}
 *
 * Attributes stand under their keys of model/schema_attributes.h: flags are true, lists arrays of strings, all else a
 * string. "journals" says at which revision the schema was read; it is there only in files that were taken with it.
 *
 * What is absent, false, empty or no_action is left out, so that a file stays readable and adding an attribute later
 * does not change old files; "name", "kind", a column's "type", "columns" and the arrays that are shown for tables and
 * views are always there. Texts are as the server printed them. Order is the schema's own, so equal schemas give equal
 * bytes; the fingerprint is over canonical forms, and so can be equal where bytes are not.
 *
 * Form 1 had no attributes, no objects but {"schema","name","labels":[…]} under "enums" and {"schema","name","type",
 * "start":1,"increment":1,"minimum":1,"maximum":9,"cache":1,"cycles":true,"owner":{"table":"…","column":"…"}} under
 * "sequences". It is read, not written; the kinds that it cannot hold are COVERAGE_NOT_APPLICABLE in what is read.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_JSON_H
#define MIGRATIOND_MODEL_SCHEMA_JSON_H

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "model/schema.h"
#include "json/json_writer.h"

/* Which revisions one journal said to be applied when the schema was read. */
struct schema_journal {
    const char *tool;
    const char *table;
    const char *const *heads;
    size_t head_count;
};

struct schema_journals {
    const struct schema_journal *items;
    size_t count;
    struct arena *arena; /* holds all of it, or NULL where somebody else owns it */
};

void schema_journals_done(struct schema_journals *journals);

DEFINE_CLEANUP_VALUE(schema_journals, struct schema_journals, schema_journals_done);

/* Renders piece by piece: a document of 30 MB never stands in memory as a whole. */
struct schema_json {
    const struct schema *schema;            /* borrowed */
    const struct schema_journals *journals; /* likewise; NULL, as after schema_json_init, leaves them out */
    struct json_writer writer;              /* keeps commas and nesting between pieces */
    unsigned section;
    size_t next;
};

/* `indent` 0 renders compact; else blanks per level, with one column, constraint, index or object per line, for files
 * that people read and compare. */
void schema_json_init(struct schema_json *stream, const struct schema *schema, unsigned indent);

/* Appends the next piece, at most one object, to `out`, which may be another buffer each time. False when nothing was
 * left to append. Failure is `out`'s. */
bool schema_json_next(struct schema_json *stream, struct strbuf *out);

/* The whole document at once. */
void schema_json_render(const struct schema *schema, unsigned indent, struct strbuf *out);

/* Reads a baseline. `name` stands in messages: "name: tables[3].columns[2].type: …". Unknown keys, wrong kinds, two
 * objects of one name and constraints on columns that the table does not have are errors (ERROR_INVALID), as is an
 * engine that none of `dialects` (NULL-terminated) is for. The fingerprint is recomputed; one in the file that differs
 * is an error, one that is left out, as after editing by hand, is not; that of another canonical version or of form 1
 * is not compared. A later version of the form is ERROR_UNSUPPORTED. `ret_journals` may be NULL; it is empty where the
 * file says nothing and after failure. */
int schema_json_parse(const char *text, size_t length, const char *name, const struct dialect *const *dialects,
                      struct schema **ret_schema, struct schema_journals *ret_journals, struct error *reterr);

#endif
