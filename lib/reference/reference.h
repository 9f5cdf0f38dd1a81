/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a reference schema comes from: one row per kind in reference_list.c. A reference is the schema that a database
 * should have at the revision that is applied there, so that pending migrations are never drift. Kinds that a source
 * cannot declare (Drizzle has no triggers, schema.rb no views) are COVERAGE_NOT_APPLICABLE in the schema it gives;
 * attributes that it cannot declare, and expressions that mean the same in its spelling as in the server's, are taken
 * from `live`. So a reference of REFERENCE_DRIZZLE and REFERENCE_RAILS belongs to one live schema: load it again when
 * that changes. The other two do not look at it.
 *
 * Files are read, nothing is executed, except that `sql:` loads its SQL into a scratch database: a private SQLite file,
 * or a database that is created for it, with a name of our own, on a server that the operator names, and dropped again
 * whatever happens (engine/scratch.h says how to stop it). Blocks for as long as that takes, under the caller's
 * deadline. One thread per call.
 */
#ifndef MIGRATIOND_REFERENCE_REFERENCE_H
#define MIGRATIOND_REFERENCE_REFERENCE_H

#include <signal.h>

#include "base/deadline.h"
#include "base/error.h"
#include "engine/engine.h"
#include "model/schema.h"

enum reference_kind {
    REFERENCE_BASELINE, /* FILE that `migrationctl snapshot` wrote */
    REFERENCE_DRIZZLE,  /* DIR with meta/_journal.json, or meta/ of it */
    REFERENCE_RAILS,    /* schema.rb; structure.sql is taken as SQL */
    REFERENCE_SQL,      /* FILE.sql, or a DIR of migrations that are SQL files */
    REFERENCE_KINDS
};

struct reference_request {
    enum reference_kind kind;
    const char *path;
    const struct schema *live;  /* engine and version to read for; NULL: SQLite, or what the source says */
    const char *const *applied; /* heads of the journal there, as revisions; NULL: not known */
    size_t applied_count;
    const char *tool;                    /* owner of that journal; NULL */
    const struct engine_target *scratch; /* server for SQL on PostgreSQL, MySQL, MariaDB; NULL: none is named */
    const struct engine_scope *scope;    /* what of the live database was read; NULL: all */
    struct deadline deadline;
    const volatile sig_atomic_t *stop; /* set by a signal's handler: end as after a deadline; NULL */
};

struct reference {
    struct schema *schema; /* one reference; NULL when `ahead` */
    char revision[256];    /* at which the source stands; "" if it does not say */
    bool ahead;            /* the source cannot be had at the applied revision: code REFERENCE_AHEAD */
    char reason[256];      /* why, when `ahead` */
    char remark[512];      /* what a reader should know of how it was made; "" if nothing */
};

/* "drizzle:DIR" ("baseline:", "rails:", "sql:"); a plain path that exists is a baseline. False if `text` is none of
 * them (it may be a URL). `*ret_path` points into `text`. */
bool reference_parse(const char *text, enum reference_kind *ret_kind, const char **ret_path);
const char *reference_kind_name(enum reference_kind kind);

/* Whether what is loaded depends on the live schema: then it is loaded again whenever that changes. */
bool reference_follows_live(enum reference_kind kind);

/* ERROR_NOT_FOUND, ERROR_INVALID with "file:line: …", ERROR_UNSUPPORTED (another engine; no scratch server named),
 * ERROR_IO, and the engine's errors where a scratch server is used. */
int reference_load(const struct reference_request *request, struct reference *ret_reference, struct error *reterr);
void reference_done(struct reference *reference);

/* A cheap token over the files' names, sizes and times: equal means that loading again gives the same. */
int reference_stamp(enum reference_kind kind, const char *path, uint64_t *ret_stamp, struct error *reterr);

DEFINE_CLEANUP_VALUE(reference, struct reference, reference_done);

#endif
