/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>
#include <stdio.h>

#include "engine/stamp_engine.h"

/* The application has the file open, and may be writing: it is waited for this long. */
enum { BUSY_MS = 2000, PROGRESS_STEPS = 4000 };

static int has_time_passed(void *payload)
{
    return deadline_passed(*(const struct deadline *)payload);
}

static int fail(const struct engine_target *target, sqlite3 *database, int result, struct error *reterr)
{
    switch (result & 0xff) {
    case SQLITE_NOMEM:
        return error_no_memory(reterr);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(reterr, ERROR_LOCKED, "%s: somebody else is writing", target->display);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return error_set(reterr, ERROR_FORBIDDEN, "%s: %s", target->display, sqlite3_errmsg(database));
    case SQLITE_INTERRUPT:
        return error_set(reterr, ERROR_TIMEOUT, "%s: the deadline passed", target->display);
    default:
        return error_set(reterr, ERROR_INVALID, "%s: %s", target->display, sqlite3_errmsg(database));
    }
}

static int run_all(sqlite3 *database, const struct stamp_script *script)
{
    int result = sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (size_t i = 0; result == SQLITE_OK && i < script->count; i++)
        result = sqlite3_exec(database, script->statements[i].sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) : result;
}

/* Closing the handle rolls a transaction back that was not committed. */
int sqlite_stamp(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
                 struct error *reterr)
{
    sqlite3 *database = NULL;
    int status = 0;
    int result = sqlite3_open_v2(target->database, &database, SQLITE_OPEN_READWRITE, NULL);
    if (result == SQLITE_OK) {
        sqlite3_busy_timeout(database, BUSY_MS);
        sqlite3_progress_handler(database, PROGRESS_STEPS, has_time_passed, &deadline);
        result = run_all(database, script);
    }
    if (result != SQLITE_OK)
        status = fail(target, database, result, reterr);
    sqlite3_close_v2(database);
    return status;
}
