/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sqlite/sqlite_connection.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"

/* Longest wait for a writer's lock, as engine.h promises. */
enum { LOCK_WAIT_MS = 250, LOCK_SLEEP_MS = 5 };

/* Two ticks of the coarsest kernel clock that file times are taken from (100 Hz). */
enum { SETTLE_MS = 20 };

/* Instructions of SQLite's machine between two looks at the clock: some 50 microseconds. */
enum { PROGRESS_STEPS = 4000 };

/* Longest row or statement: a CREATE text of 16 MiB is an attack, not a schema. */
enum { LIMIT_ROW_BYTES = 16 * 1024 * 1024 };

struct sqlite_connection *sqlite_connection_of(struct engine_connection *connection)
{
    return (struct sqlite_connection *)connection;
}

static int has_time_passed(void *payload)
{
    const struct sqlite_connection *connection = payload;
    return deadline_passed(connection->deadline);
}

void sqlite_connection_watch(struct sqlite_connection *connection)
{
    sqlite3_progress_handler(connection->database, PROGRESS_STEPS, has_time_passed, connection);
}

static int wait_for_lock(void *payload, int attempts)
{
    struct sqlite_connection *connection = payload;
    (void)attempts;
    if (deadline_passed(connection->deadline) || monotonic_ms() >= connection->locked_until_ms)
        return 0;
    const struct timespec pause = {.tv_nsec = LOCK_SLEEP_MS * 1000000L};
    nanosleep(&pause, NULL);
    return 1;
}

/* Nothing that the file says may make SQLite do more than read it. */
static int configure(sqlite3 *database)
{
    static const struct {
        int option;
        int value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},       {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},  {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        int result = sqlite3_db_config(database, options[i].option, options[i].value, NULL);
        if (result != SQLITE_OK)
            return result;
    }
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, LIMIT_ROW_BYTES);
    sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, LIMIT_ROW_BYTES);
    sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(database, SQLITE_LIMIT_WORKER_THREADS, 0);
    return sqlite3_exec(database, "PRAGMA query_only=1; PRAGMA cell_size_check=1; PRAGMA temp_store=2", NULL, NULL,
                        NULL);
}

void sqlite_connection_close_handle(struct sqlite_connection *connection)
{
    sighting_memory_clear(&connection->memory);
    sqlite3_finalize(connection->read_cookie);
    sqlite3_close_v2(connection->database);
    connection->read_cookie = NULL;
    connection->database = NULL;
    connection->schema_cookie = -1;
    connection->read_at_ms = 0;
}

static int open_handle(struct sqlite_connection *connection, struct error *reterr)
{
    if (sqlite_disk_open(connection->path, connection->deadline, &connection->database, reterr) < 0)
        return -1;
    if (sqlite_disk_read_header(connection->database, &connection->header, reterr) < 0)
        return error_prefix(reterr, "%s", connection->path);
    int result = configure(connection->database);
    if (result != SQLITE_OK)
        return sqlite_connection_fail(connection, result, "cannot prepare for reading", reterr);
    sqlite_connection_watch(connection);
    sqlite3_busy_handler(connection->database, wait_for_lock, connection);
    connection->wal_opened = connection->header.wal;
    return sqlite_connection_prepare(connection, "PRAGMA main.schema_version", &connection->read_cookie, reterr);
}

int sqlite_connection_reopen(struct sqlite_connection *connection, struct error *reterr)
{
    sqlite_connection_close_handle(connection);
    if (open_handle(connection, reterr) == 0)
        return 0;
    sqlite_connection_close_handle(connection);
    return -1;
}

/* Whether what was read since `seen` may be a mixture of two states. Databases in rollback mode are read under a lock.
 */
static bool has_moved(const struct sqlite_connection *connection)
{
    struct sqlite_sighting now = {0};
    struct sqlite_header header = {0};
    struct wal_header wal_header = {0};
    const struct sqlite_sighting *seen = &connection->seen;
    if (!connection->header.wal)
        return false;
    if (sqlite_disk_observe(connection->path, &now, NULL) < 0 || !file_mark_equal(&now.main, &seen->main))
        return true;
    if (sqlite_disk_read_header(connection->database, &header, NULL) < 0 || !header.wal ||
        header.change_counter != connection->header.change_counter)
        return true;
    if (seen->wal.size == 0 || file_mark_equal(&now.wal, &seen->wal))
        return false;
    sqlite_disk_read_wal_header(connection->path, &wal_header);
    if (memcmp(&wal_header, &connection->wal_header, sizeof(wal_header)) != 0)
        return true;
    /* Commits came after ours. Had one been copied into the database file within the tick of that file's time, it would
     * not show; it cannot have been where that time lies well before an older moment. */
    return seen->main.modified_ns > seen->wal.modified_ns - (int64_t)SETTLE_MS * 1000000;
}

static enum error_code code_of(const struct sqlite_connection *connection, int result)
{
    switch (result & 0xff) {
    case SQLITE_NOMEM:
        return ERROR_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return deadline_passed(connection->deadline) ? ERROR_TIMEOUT : ERROR_LOCKED;
    case SQLITE_INTERRUPT:
        return ERROR_TIMEOUT;
    case SQLITE_TOOBIG:
        return ERROR_TRUNCATED;
    case SQLITE_CANTOPEN:
        return ERROR_FORBIDDEN;
    case SQLITE_IOERR:
        return deadline_passed(connection->deadline) ? ERROR_TIMEOUT
               : result == SQLITE_IOERR_SHORT_READ   ? ERROR_INVALID
                                                     : ERROR_IO;
    case SQLITE_ERROR: {
        const char *message = sqlite3_errmsg(connection->database);
        bool absent = strncmp(message, "no such table", 13) == 0 || strncmp(message, "no such column", 14) == 0;
        return absent ? ERROR_NOT_FOUND : ERROR_INVALID;
    }
    default:
        return ERROR_INVALID;
    }
}

int sqlite_connection_fail(struct sqlite_connection *connection, int result, const char *doing, struct error *reterr)
{
    enum error_code code = code_of(connection, result);
    const char *path = connection->path;
    if (code == ERROR_NO_MEMORY)
        return error_no_memory(reterr);
    if (code != ERROR_TIMEOUT && has_moved(connection))
        return error_set(reterr, ERROR_CHANGED, "%s: changed while it was read", path);
    if (result == SQLITE_READONLY_ROLLBACK)
        error_set(
            reterr, ERROR_INVALID,
            "%s: a writer died and left %s-journal to be rolled back; an application that opens the file does that",
            path, path);
    else if (code == ERROR_LOCKED)
        error_set(reterr, code, "%s: locked by a writer", path);
    else if (code == ERROR_TIMEOUT)
        error_set(reterr, code, "%s: %s: the deadline passed", path, doing);
    else if (code == ERROR_FORBIDDEN)
        error_set(reterr, code, "%s: its -wal or -journal file cannot be opened", path);
    else
        error_set(reterr, code, "%s: %s: %s", path, doing, sqlite3_errmsg(connection->database));
    if (reterr)
        reterr->native = result;
    return -1;
}

int sqlite_connection_prepare(struct sqlite_connection *connection, const char *sql, sqlite3_stmt **ret_statement,
                              struct error *reterr)
{
    int result = sqlite3_prepare_v3(connection->database, sql, -1, 0, ret_statement, NULL);
    return result == SQLITE_OK ? 0 : sqlite_connection_fail(connection, result, "cannot be read", reterr);
}

int sqlite_connection_step(struct sqlite_connection *connection, sqlite3_stmt *statement, const char *doing,
                           struct error *reterr)
{
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return 1;
    return result == SQLITE_DONE ? 0 : sqlite_connection_fail(connection, result, doing, reterr);
}

static int execute(struct sqlite_connection *connection, const char *sql, struct error *reterr)
{
    int result = sqlite3_exec(connection->database, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : sqlite_connection_fail(connection, result, "cannot be read", reterr);
}

static bool sighting_equal(const struct sqlite_sighting *a, const struct sqlite_sighting *b)
{
    return file_mark_equal(&a->main, &b->main) && file_mark_equal(&a->wal, &b->wal);
}

bool sqlite_connection_is_unchanged(const struct sqlite_connection *connection, const struct sqlite_sighting *now)
{
    return connection->database && connection->read_at_ms - connection->seen_since_ms >= SETTLE_MS &&
           sighting_equal(now, &connection->seen);
}

/* Notes what the disk looks like and opens what must be opened for that. */
static int prepare_files(struct sqlite_connection *connection, struct error *reterr)
{
    struct sqlite_sighting now = {0};
    if (sqlite_disk_observe(connection->path, &now, reterr) < 0)
        return -1;
    bool same_file = file_mark_same_file(&now.main, &connection->seen.main);
    bool same = sighting_equal(&now, &connection->seen);
    bool unchanged = sqlite_connection_is_unchanged(connection, &now);
    connection->seen = now;
    if (!same)
        connection->seen_since_ms = monotonic_ms();
    if ((!connection->database || !same_file) && sqlite_connection_reopen(connection, reterr) < 0)
        return -1;
    if (sqlite_disk_read_header(connection->database, &connection->header, reterr) < 0)
        return error_prefix(reterr, "%s", connection->path);
    if (connection->header.wal != connection->wal_opened && sqlite_connection_reopen(connection, reterr) < 0)
        return -1;
    sqlite_disk_set_deadline(connection->database, connection->deadline);
    if (!connection->header.wal || unchanged)
        return 0;
    connection->read_at_ms = monotonic_ms();
    sqlite_disk_read_wal_header(connection->path, &connection->wal_header);
    sqlite_disk_refresh_wal(connection->database, connection->path);
    return 0;
}

/* The first statement that reads fixes what the transaction sees. */
static int read_cookie(struct sqlite_connection *connection, struct error *reterr)
{
    int row = sqlite_connection_step(connection, connection->read_cookie, "cannot be read", reterr);
    int64_t cookie = row == 1 ? sqlite3_column_int64(connection->read_cookie, 0) : 0;
    sqlite3_reset(connection->read_cookie);
    if (row < 0)
        return -1;
    if (cookie != connection->schema_cookie)
        sighting_memory_clear(&connection->memory);
    connection->schema_cookie = cookie;
    if (!connection->header.wal)
        connection->read_at_ms = monotonic_ms();
    return 0;
}

int sqlite_begin_look(struct engine_connection *engine_connection, struct deadline deadline, struct error *reterr)
{
    struct sqlite_connection *connection = sqlite_connection_of(engine_connection);
    connection->deadline = deadline;
    connection->locked_until_ms = monotonic_ms() + LOCK_WAIT_MS;
    if (prepare_files(connection, reterr) < 0)
        return -1;
    if (execute(connection, "BEGIN", reterr) < 0)
        return -1;
    return read_cookie(connection, reterr);
}

int sqlite_end_look(struct engine_connection *engine_connection, struct deadline deadline, struct error *reterr)
{
    struct sqlite_connection *connection = sqlite_connection_of(engine_connection);
    if (!connection->database || sqlite3_get_autocommit(connection->database))
        return 0;
    connection->deadline = deadline;
    sqlite_disk_set_deadline(connection->database, deadline);
    bool moved = has_moved(connection);
    /* Ends a reading transaction only; the time for it is not up to the deadline. */
    sqlite3_progress_handler(connection->database, 0, NULL, NULL);
    int result = sqlite3_exec(connection->database, "ROLLBACK", NULL, NULL, NULL);
    sqlite_connection_watch(connection);
    if (moved) {
        connection->read_at_ms = 0;
        return error_set(reterr, ERROR_CHANGED, "%s: changed while it was read", connection->path);
    }
    return result == SQLITE_OK ? 0 : sqlite_connection_fail(connection, result, "cannot end reading", reterr);
}
