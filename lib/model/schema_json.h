/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical JSON form of a schema: what /v1/databases/{db}/schema serves and what a baseline file holds.
 *
 *   {"format":"migrationd-schema","version":1,"engine":"postgres","server_version":"15.18","fingerprint":"…",
 *    "truncated":false,"coverage":{"tables":{"coverage":"full"},…},
 *    "tables":[{"schema":"public","name":"users","kind":"table",
 *      "columns":[{"name":"id","type":"bigint","nullable":false,"default":null,"identity":"always|by_default|null",
 *                  "generated":null | {"expression":"…","stored":true},"auto_increment":false,"hidden":false}],
 *      "constraints":[{"kind":"foreign_key","name":"…","columns":["…"],"references":{"schema":"…","table":"…",
 *                  "columns":["…"]},"on_delete":"cascade","on_update":"no_action", …}],
 *      "indexes":[{"name":"…","unique":false,"method":"btree","parts":[{"column":"…"|"expression":"…",…}],…}]}],
 *    "views":[{"schema","name","kind","definition","columns":[…],"indexes":[…]}],
 *    "enums":[{"schema","name","labels":["…"]}],"sequences":[{…}]}
 *
 * Keys whose value is the kind's default (false, null, btree, no_action) are left out of the nested objects, so that a
 * file stays readable and adding an attribute later does not change old files. Order is the schema's own, so equal
 * schemas give equal bytes.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_JSON_H
#define MIGRATIOND_MODEL_SCHEMA_JSON_H

#include "base/error.h"
#include "base/strbuf.h"
#include "model/schema.h"

/* Renders piece by piece: a document of 30 MB never stands in memory as a whole. */
struct schema_json {
    const struct schema *schema; /* borrowed */
    unsigned section;
    size_t next;
    unsigned indent; /* 0 compact; else one object per line, for files that people read */
    bool first;
};

void schema_json_init(struct schema_json *stream, const struct schema *schema, unsigned indent);

/* Appends the next piece (one object at most) to `out`; false when the document is complete. Failure is `out`'s. */
bool schema_json_next(struct schema_json *stream, struct strbuf *out);

/* The whole document at once. */
void schema_json_render(const struct schema *schema, unsigned indent, struct strbuf *out);

/* Reads a baseline. `name` stands in messages. The fingerprint is recomputed; one in the file that differs is an error,
 * as are unknown versions, wrong kinds and dangling references, each with the path of the place. */
int schema_json_parse(const char *text, size_t length, const char *name, struct schema **ret_schema,
                      struct error *reterr);

#endif
