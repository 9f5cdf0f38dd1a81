/* SPDX-License-Identifier: Apache-2.0
 *
 * DDL commits by itself here: the tables come first, then all rows in one transaction. What a failure leaves is said.
 */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "engine/mysql/mysql_session.h"
#include "engine/stamp_engine.h"

enum { LEFT_BYTES = 256 };

static int open_session(const struct engine_target *target, struct deadline deadline,
                        struct mysql_connection **ret_session, struct error *reterr)
{
    struct engine_connection *connection = NULL;
    char sql[200] = "";
    if (mysql_session_open(target, PURPOSE_DEEP, deadline, &connection, NULL, reterr) < 0)
        return -1;
    struct mysql_connection *session = (struct mysql_connection *)connection;
    snprintf(sql, sizeof sql,
             "SET SESSION %s=0, sql_mode='STRICT_ALL_TABLES', time_zone=@@GLOBAL.time_zone, lock_wait_timeout=2, %s=0",
             session->mariadb ? "tx_read_only" : "transaction_read_only",
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

DEFINE_CLEANUP(mysql_stamp_session, struct mysql_connection *, close_session);

/* Adds to the message which tables the first `count` statements made. */
static int say_left(const struct stamp_script *script, size_t count, struct error *reterr)
{
    cleanup(strbuf) struct strbuf names = STRBUF(LEFT_BYTES);
    struct error cause = reterr ? *reterr : (struct error){0};
    for (size_t i = 0; i < count; i++)
        if (script->statements[i].table)
            strbuf_printf(&names, "%s`%s`", names.length > 0 ? ", " : "", script->statements[i].table);
    if (names.length > 0 && reterr)
        error_set(reterr, cause.code, "left behind, empty: %s (DROP TABLE %s removes it): %s", strbuf_text(&names),
                  strbuf_text(&names), cause.message);
    return -1;
}

/* What is not known to have been done may have been. */
static size_t done_at_most(const struct mysql_connection *session, size_t index)
{
    return session->lost ? index + 1 : index;
}

int mysql_stamp(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
                struct error *reterr)
{
    cleanup(mysql_stamp_session) struct mysql_connection *session = NULL;
    size_t i = 0;
    if (open_session(target, deadline, &session, reterr) < 0)
        return -1;
    for (; i < script->count && script->statements[i].ddl; i++)
        if (mysql_session_run(session, script->statements[i].sql, deadline, reterr) < 0)
            return say_left(script, done_at_most(session, i), reterr);
    size_t tables = i;
    int status = mysql_session_run(session, "START TRANSACTION", deadline, reterr);
    for (; status == 0 && i < script->count; i++)
        status = mysql_session_run(session, script->statements[i].sql, deadline, reterr);
    if (status < 0) {
        /* Without it, closing the session would do the same. */
        mysql_session_run(session, "ROLLBACK", deadline, NULL);
        return say_left(script, tables, reterr);
    }
    if (mysql_session_run(session, "COMMIT", deadline, reterr) == 0)
        return 0;
    return session->lost ? error_prefix(reterr, "the connection was lost at the commit: look what the journal holds")
                         : say_left(script, tables, reterr);
}
