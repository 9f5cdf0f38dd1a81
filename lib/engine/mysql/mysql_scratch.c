/* SPDX-License-Identifier: Apache-2.0
 *
 * Scratch databases on a MySQL or MariaDB server. While one is in use, a session holds the named lock of its name: that
 * tells others that it is no leftover.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/mysql/mysql_session.h"
#include "engine/scratch_engine.h"

struct mysql_scratch {
    struct scratch base;
    struct engine_target *server; /* where databases are made and dropped */
    struct mysql_connection *session;
    unsigned long session_number;
    bool made; /* the server was asked to make it */
};

static const char *const names[] = {"mysql", "mariadb", NULL};

static int open_session(const struct engine_target *target, struct deadline deadline,
                        struct mysql_connection **ret_session, struct error *reterr)
{
    struct engine_connection *connection = NULL;
    if (mysql_session_open(target, PURPOSE_DEEP, deadline, &connection, NULL, reterr) < 0)
        return -1;
    struct mysql_connection *session = (struct mysql_connection *)connection;
    char sql[256] = "";
    int seconds = deadline_left_ms(deadline) / 1000 + 1;
    snprintf(sql, sizeof sql,
             "SET SESSION %s=0, sql_mode=@@GLOBAL.sql_mode, time_zone=@@GLOBAL.time_zone, lock_wait_timeout=%d, %s=0",
             session->mariadb ? "tx_read_only" : "transaction_read_only", seconds,
             session->mariadb ? "max_statement_time" : "max_execution_time");
    if (mysql_session_run(session, sql, deadline, reterr) < 0) {
        mysql_session_close(connection);
        return -1;
    }
    *ret_session = session;
    return 0;
}

static void close_session(struct mysql_connection *session)
{
    mysql_session_close(session ? &session->base : NULL);
}

DEFINE_CLEANUP(mysql_scratch_session, struct mysql_connection *, close_session);

/* Runs one statement and passes over all it gives back. */
static int execute(struct mysql_connection *session, const char *sql, struct deadline deadline, struct error *reterr)
{
    bool more = true;
    if (mysql_session_run(session, sql, deadline, reterr) < 0)
        return -1;
    while (mysql_more_results(session->mysql)) {
        enum wire_result outcome = wire_next_result(session->mysql, &more, deadline);
        if (outcome != WIRE_OK)
            return mysql_session_error(session, outcome, reterr);
        if (!more)
            break;
        MYSQL_RES *result = mysql_use_result(session->mysql);
        mysql_session_finish(session, result, deadline);
    }
    return mysql_session_check(session, reterr);
}

/* `before`, a name of ours, which needs no quoting, and `after`. */
static int execute_with(struct mysql_connection *session, const char *before, const char *name, const char *after,
                        struct deadline deadline, struct error *reterr)
{
    char sql[256] = "";
    snprintf(sql, sizeof sql, "%s%s%s", before, name, after);
    return execute(session, sql, deadline, reterr);
}

/* One leftover at a time; what cannot be dropped ends the search. Nothing that fails here matters, unless the session
 * is lost. */
static int drop_leftovers(struct mysql_connection *session, struct deadline deadline, struct error *reterr)
{
    static const char ask[] =
        "SELECT s.SCHEMA_NAME FROM information_schema.SCHEMATA s"
        " WHERE s.SCHEMA_NAME REGEXP '^" SCRATCH_PREFIX "[0-9a-f]{16}$' AND IS_FREE_LOCK(s.SCHEMA_NAME) = 1"
        " AND COALESCE((SELECT MIN(t.CREATE_TIME) FROM information_schema.TABLES t"
        " WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME), '1970-01-01') < NOW() - INTERVAL " SCRATCH_AGE_SECONDS
        " SECOND LIMIT 1";
    for (int i = 0; i < SCRATCH_LEFTOVERS && !session->lost; i++) {
        cleanup(free) char *name = NULL;
        bool found = false;
        if (mysql_session_single(session, ask, deadline, &name, 1, &found, NULL) < 0 || !name ||
            execute_with(session, "DROP DATABASE IF EXISTS `", name, "`", deadline, NULL) < 0)
            break;
    }
    return mysql_session_check(session, reterr);
}

/* A statement of ours that still runs would keep what it works on from being dropped. */
static int drop(const struct mysql_scratch *scratch, struct error *reterr)
{
    struct deadline deadline = deadline_in(SCRATCH_CLOSE_MS);
    cleanup(mysql_scratch_session) struct mysql_connection *session = NULL;
    char kill[64] = "";
    if (open_session(scratch->server, deadline, &session, reterr) < 0)
        return -1;
    snprintf(kill, sizeof kill, "KILL %lu", scratch->session_number);
    if (scratch->session_number > 0)
        mysql_session_run(session, kill, deadline, NULL);
    return execute_with(session, "DROP DATABASE IF EXISTS `", scratch->base.name, "`", deadline, reterr);
}

static int close_scratch(struct scratch *base, struct error *reterr)
{
    struct mysql_scratch *scratch = (struct mysql_scratch *)base;
    struct error error = {0};
    if (scratch->session && !scratch->session->lost)
        scratch->session_number = 0; /* its farewell ends it */
    close_session(scratch->session);
    int status = scratch->made ? drop(scratch, &error) : 0;
    if (status < 0)
        error_set(reterr, error.code, "%s was left behind (DROP DATABASE %s removes it): %s", base->target->display,
                  base->name, error.message);
    engine_target_free(base->target);
    engine_target_free(scratch->server);
    mem_free(scratch);
    return status;
}

static bool is_collation(const char *text)
{
    return text && *text && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text) && strlen(text) < 64;
}

static int create(struct mysql_connection *session, const char *name, const char *collation, struct deadline deadline,
                  struct error *reterr)
{
    char sql[256] = "";
    if (is_collation(collation)) {
        snprintf(sql, sizeof sql, "CREATE DATABASE `%s` COLLATE %s", name, collation);
        if (execute(session, sql, deadline, NULL) == 0)
            return 0;
    }
    return execute_with(session, "CREATE DATABASE `", name, "`", deadline, reterr);
}

static int establish(struct mysql_scratch *scratch, const char *collation, struct deadline deadline,
                     struct error *reterr)
{
    const char *name = scratch->base.name;
    if (open_session(scratch->server, deadline, &scratch->session, reterr) < 0)
        return -1;
    scratch->session_number = mysql_thread_id(scratch->session->mysql);
    if (execute_with(scratch->session, "SELECT GET_LOCK('", name, "', 0)", deadline, reterr) < 0 ||
        drop_leftovers(scratch->session, deadline, reterr) < 0)
        return -1;
    scratch->made = true;
    if (create(scratch->session, name, collation, deadline, reterr) < 0)
        return -1;
    return execute_with(scratch->session, "USE `", name, "`", deadline, reterr);
}

static int open_scratch(const struct scratch_request *request, const char *name, struct deadline deadline,
                        struct scratch **ret_scratch, struct error *reterr)
{
    struct mysql_scratch *scratch = mem_calloc(1, sizeof *scratch);
    if (!scratch)
        return error_no_memory(reterr);
    scratch->base.engine = &mysql_scratch;
    snprintf(scratch->base.name, sizeof scratch->base.name, "%s", name);
    const char *database = request->server->database;
    int status =
        scratch_target_copy(request->server, database ? database : "information_schema", &scratch->server, reterr);
    if (status == 0)
        status = scratch_target_copy(request->server, name, &scratch->base.target, reterr);
    if (status < 0) {
        engine_target_free(scratch->server);
        mem_free(scratch);
        return -1;
    }
    if (establish(scratch, request->collation, deadline, reterr) < 0)
        return scratch_give_up(&scratch->base, reterr);
    *ret_scratch = &scratch->base;
    return 0;
}

static int run(struct scratch *base, const char *sql, struct deadline deadline, struct error *reterr)
{
    struct mysql_scratch *scratch = (struct mysql_scratch *)base;
    return execute(scratch->session, sql, deadline, reterr);
}

const struct scratch_engine mysql_scratch = {.names = names, .open = open_scratch, .run = run, .close = close_scratch};
