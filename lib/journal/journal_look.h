/* SPDX-License-Identifier: Apache-2.0
 *
 * One journal look: within one short read-only transaction, has a journal's table appeared, what do the known journals
 * hold, does their tool run. Runs on a connection that the caller owns, in the caller's thread, under its deadline.
 */
#ifndef MIGRATIOND_JOURNAL_JOURNAL_LOOK_H
#define MIGRATIOND_JOURNAL_JOURNAL_LOOK_H

#include "engine/engine.h"
#include "journal/tool.h"
#include "model/snapshot.h"

/* A journal that is looked for, whatever the schema shows. */
struct journal_name {
    const struct tool *tool;
    const char *table; /* "table" or "schema.table", with a pattern for the schema; NULL: the tool's default tables */
};

struct journal_look {
    const struct snapshot *previous; /* schema and readings to share; NULL on the first look */
    const struct engine_scope *scope;
    const struct journal_name *names; /* in the configuration */
    size_t name_count;                /* 0: recognise */
    bool none;                        /* journal: none */
    int64_t now_ms;                   /* unix time, for taken_at */
};

/* Fills a new snapshot that shares schema and unchanged journals with `previous`. `*ret_schema_due` is set when the set
 * of journal tables differs from what the schema shows, or one vanished or changed its columns: a deep look is due at
 * once. While there is no schema, a snapshot without readings proves nothing. Fails only when the database as a whole
 * could not be read; one journal's failure is its reading's. */
int journal_look(struct engine_connection *connection, const struct journal_look *look,
                 const struct server_facts *server, struct deadline deadline, struct snapshot **ret_snapshot,
                 bool *ret_schema_due, struct error *reterr);

/* A snapshot with this schema (one reference is taken), whose reading began at `read_at_ms` (unix time), and the
 * readings of `previous` for journals that are still there, or that were read since. `preferred`: see tool_detect. */
int snapshot_with_schema(const struct snapshot *previous, struct schema *schema, const struct tool *preferred,
                         const struct server_facts *server, int64_t read_at_ms, struct snapshot **ret_snapshot,
                         struct error *reterr);

#endif
