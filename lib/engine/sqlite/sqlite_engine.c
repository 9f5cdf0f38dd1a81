/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sqlite/sqlite_engine.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/sqlite/sqlite_connection.h"

static int sqlite_open(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                       struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr)
{
    (void)purpose;
    if (!target->database || !target->database[0])
        return error_set(reterr, ERROR_INVALID, "the URL names no file");
    struct sqlite_connection *connection = mem_calloc(1, sizeof(*connection));
    if (!connection)
        return error_no_memory(reterr);
    connection->base.ops = &sqlite_ops;
    connection->deadline = deadline;
    connection->path = mem_strdup(target->database);
    int result =
        connection->path ? sqlite_disk_observe(connection->path, &connection->seen, reterr) : error_no_memory(reterr);
    connection->seen_since_ms = monotonic_ms();
    if (result < 0 || sqlite_connection_reopen(connection, reterr) < 0) {
        sqlite_ops.close(&connection->base);
        return -1;
    }
    struct server_facts facts = {.engine = "sqlite", .absence_proven = true};
    strncpy(facts.version, sqlite3_libversion(), sizeof(facts.version) - 1);
    strncpy(facts.database, connection->path, sizeof(facts.database) - 1);
    if (ret_facts)
        *ret_facts = facts;
    *ret_connection = &connection->base;
    return 0;
}

static void sqlite_close(struct engine_connection *engine_connection)
{
    struct sqlite_connection *connection = sqlite_connection_of(engine_connection);
    if (!connection)
        return;
    sqlite_connection_close_handle(connection);
    mem_free(connection->path);
    mem_free(connection);
}

static void format_token(const struct sqlite_connection *connection, struct engine_probe *ret_probe)
{
    snprintf(ret_probe->token, sizeof(ret_probe->token), "%llx-%llx-%lld",
             (unsigned long long)connection->seen.main.device, (unsigned long long)connection->seen.main.inode,
             (long long)connection->schema_cookie);
}

/* The schema cookie, which every DDL statement changes. It is read again only if the disk looks different or has not
 * settled: two calls of stat(2) otherwise. */
static int sqlite_probe(struct engine_connection *engine_connection, struct deadline deadline,
                        struct engine_probe *ret_probe, struct error *reterr)
{
    struct sqlite_connection *connection = sqlite_connection_of(engine_connection);
    struct sqlite_sighting now = {0};
    if (sqlite_disk_observe(connection->path, &now, reterr) < 0)
        return -1;
    if (connection->schema_cookie < 0 || !sqlite_connection_is_unchanged(connection, &now)) {
        int begun = sqlite_begin_look(engine_connection, deadline, reterr);
        int ended = sqlite_end_look(engine_connection, deadline, begun < 0 ? NULL : reterr);
        if (begun < 0 || ended < 0)
            return -1;
    }
    format_token(connection, ret_probe);
    return 0;
}

/* Migration tools hold no lock in SQLite that outlives a statement. */
static int sqlite_read_lock(struct engine_connection *connection, const struct lock_request *request,
                            struct deadline deadline, struct lock_report *ret_report, struct error *reterr)
{
    (void)connection, (void)request, (void)deadline, (void)reterr;
    *ret_report = (struct lock_report){.since_ms = TIME_UNKNOWN};
    return 0;
}

static const char *const schemes[] = {"sqlite", NULL};

const struct engine_ops sqlite_ops = {
    .name = "sqlite",
    .schemes = schemes,
    .open = sqlite_open,
    .close = sqlite_close,
    .probe = sqlite_probe,
    .read_schema = sqlite_read_schema,
    .begin_look = sqlite_begin_look,
    .end_look = sqlite_end_look,
    .find_tables = sqlite_find_tables,
    .read_table = sqlite_read_table,
    .read_lock = sqlite_read_lock,
    .query = sqlite_ask,
};
