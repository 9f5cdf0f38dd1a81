/* SPDX-License-Identifier: Apache-2.0
 *
 * One SQLite database file under observation: a handle that is kept between looks (it holds no lock then, and never
 * anything beside the file), opened again when the file was replaced or changed its journal mode. Internal to
 * lib/engine/sqlite; one thread at a time.
 *
 * Whether a file changed is told by stat(2), whose times move in ticks of some milliseconds: a state counts as settled
 * only when it was read again SETTLE_MS after it was first seen. Until then nothing is taken from memory.
 */
#ifndef MIGRATIOND_ENGINE_SQLITE_SQLITE_CONNECTION_H
#define MIGRATIOND_ENGINE_SQLITE_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include "base/arena.h"
#include "engine/engine.h"
#include "engine/sqlite/sqlite_disk.h"

/* Which of the tables asked for exist, remembered until the schema changes. */
struct sighting_memory {
    struct arena *arena; /* NULL: nothing is remembered */
    struct digest asked;
    const char **tables;
    size_t count;
};

struct sqlite_connection {
    struct engine_connection base; /* first: callers hold a pointer to it */
    char *path;
    sqlite3 *database;         /* NULL until opened, and after opening again failed */
    sqlite3_stmt *read_cookie; /* PRAGMA schema_version */
    struct deadline deadline;
    int64_t locked_until_ms;      /* how long the busy handler waits, on the monotonic clock */
    struct sqlite_sighting seen;  /* as the last look found the disk before it read */
    struct wal_header wal_header; /* of the same moment */
    struct sqlite_header header;  /* of the same moment */
    int64_t seen_since_ms;        /* when `seen` was first seen */
    int64_t read_at_ms;           /* when the wal-index was built, or the cookie read, last */
    bool wal_opened;              /* the handle was opened on a database in WAL mode */
    int64_t schema_cookie;        /* of the last look; -1: not known */
    struct sighting_memory memory;
};

struct sqlite_connection *sqlite_connection_of(struct engine_connection *connection);

/* Opens the handle anew; the connection stays usable after a failure, which may be tried again. */
int sqlite_connection_reopen(struct sqlite_connection *connection, struct error *reterr);

/* Has statements end when the deadline has passed, as they do unless somebody else's handler was put in its place. */
void sqlite_connection_watch(struct sqlite_connection *connection);

void sqlite_connection_close_handle(struct sqlite_connection *connection);

/* Whether the disk looks as it did when the handle was read last, and had settled by then. */
bool sqlite_connection_is_unchanged(const struct sqlite_connection *connection, const struct sqlite_sighting *now);

/* Turns SQLite's result into an error that names the file; returns -1. */
int sqlite_connection_fail(struct sqlite_connection *connection, int result, const char *doing, struct error *reterr);

int sqlite_connection_prepare(struct sqlite_connection *connection, const char *sql, sqlite3_stmt **ret_statement,
                              struct error *reterr);

/* 1: a row; 0: the end; -1: an error. */
int sqlite_connection_step(struct sqlite_connection *connection, sqlite3_stmt *statement, const char *doing,
                           struct error *reterr);

/* engine_ops.begin_look and end_look. */
int sqlite_begin_look(struct engine_connection *connection, struct deadline deadline, struct error *reterr);
int sqlite_end_look(struct engine_connection *connection, struct deadline deadline, struct error *reterr);

/* engine_ops.read_schema, find_tables and read_table. */
int sqlite_read_schema(struct engine_connection *connection, const struct engine_scope *scope, struct deadline deadline,
                       struct schema_builder *builder, struct error *reterr);
int sqlite_find_tables(struct engine_connection *connection, const struct engine_scope *scope, const char *const *names,
                       size_t count, struct deadline deadline, const struct sighting_sink *sink, struct error *reterr);
int sqlite_read_table(struct engine_connection *connection, const struct table_request *request,
                      struct deadline deadline, const struct row_sink *sink, bool *ret_more, struct error *reterr);

/* engine_ops.query. */
int sqlite_ask(struct engine_connection *connection, const struct query_request *request, struct deadline deadline,
               const struct query_sink *sink, bool *ret_more, struct error *reterr);

/* Forgets which tables exist. */
void sighting_memory_clear(struct sighting_memory *memory);

static inline void sqlite_statement_finalize(sqlite3_stmt *statement)
{
    sqlite3_finalize(statement);
}

DEFINE_CLEANUP(sqlite3_stmt, sqlite3_stmt *, sqlite_statement_finalize);

#endif
