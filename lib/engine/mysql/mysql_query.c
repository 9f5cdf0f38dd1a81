/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers a question that somebody else wrote, in a read-only transaction that is rolled back. The session takes one
 * statement at a time, and the server ends it by itself: at the deadline, and behind the last row that is wanted.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "dialect/sql_query.h"
#include "engine/answer/query_row.h"
#include "engine/mysql/mysql_look.h"

/* How long DDL is waited for, and how often it is tried meanwhile, where the server can be told not to wait. */
enum { LOCK_WAIT_MS = 250, LOCK_RETRY_MS = 25 };

/* Rows beyond those wanted that are read in order to keep the connection. */
enum { SPARE_ROWS = 1000 };

/* One question under way. */
struct question {
    struct mysql_connection *connection;
    const struct query_request *request;
    const struct query_sink *sink;
    struct deadline deadline;
    struct strbuf sql; /* as it is sent */
    size_t rows;
    bool told; /* the columns */
    bool more;
};

/* A little before we give up ourselves. */
static int server_ms(struct deadline deadline)
{
    int left = deadline_left_ms(deadline);
    return left > 200 ? left - 100 : left / 2 + 1;
}

/* A question of somebody else's means what it would in any other session, but that a backslash escapes, as the guard
 * takes it. */
#define SERVERS_MODE "REPLACE(@@GLOBAL.sql_mode,'NO_BACKSLASH_ESCAPES','')"

/* Set anew for each question, since functions may change it. */
static int begin(struct question *question, struct error *reterr)
{
    struct mysql_connection *connection = question->connection;
    const char *mode = question->request->own ? "''" : SERVERS_MODE;
    int left = server_ms(question->deadline);
    char text[400] = "";
    if (connection->mariadb)
        snprintf(text, sizeof text,
                 "SET time_zone='+00:00',sql_mode=%s,lock_wait_timeout=0,innodb_lock_wait_timeout=1,"
                 "max_statement_time=%d.%03d,sql_select_limit=%zu",
                 mode, left / 1000, left % 1000, question->request->row_limit + 1);
    else
        snprintf(text, sizeof text,
                 "SET time_zone='+00:00',sql_mode=%s,lock_wait_timeout=1,innodb_lock_wait_timeout=1,"
                 "max_execution_time=%d,sql_select_limit=%zu",
                 mode, left, question->request->row_limit + 1);
    /* Under SERIALIZABLE, reading locks. */
    if (mysql_session_run(connection, text, question->deadline, reterr) ||
        mysql_session_run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", question->deadline, reterr))
        return -1;
    return mysql_session_run(connection, "START TRANSACTION READ ONLY", question->deadline, reterr);
}

static int tell_columns(struct question *question, MYSQL_RES *result, struct error *reterr)
{
    const struct query_sink *sink = question->sink;
    size_t count = mysql_num_fields(result);
    const MYSQL_FIELD *fields = mysql_fetch_fields(result);
    question->told = true;
    if (!sink->columns)
        return 0;
    cleanup(free) struct query_column *columns = mem_calloc(count + 1, sizeof *columns);
    if (!columns)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++)
        columns[i] = (struct query_column){
            .name = fields[i].name,
            .is_key = (fields[i].flags & PRI_KEY_FLAG) && fields[i].org_table && *fields[i].org_table,
        };
    return sink->columns(sink->payload, columns, count, reterr) == 0 ? 0 : -1;
}

static int take_rows(struct question *question, MYSQL_RES *result, struct query_row *row, struct error *reterr)
{
    for (;;) {
        MYSQL_ROW cells = NULL;
        if (mysql_session_row(question->connection, result, question->deadline, &cells, reterr))
            return -1;
        if (!cells)
            return 0;
        if (question->rows++ >= question->request->row_limit) {
            question->more = true;
            if (question->rows > question->request->row_limit + SPARE_ROWS)
                return 0;
            continue;
        }
        const unsigned long *lengths = mysql_fetch_lengths(result);
        for (size_t i = 0; i < row->count; i++)
            query_row_set(row, i, cells[i], cells[i] ? lengths[i] : 0);
        if (query_row_send(row, question->sink, reterr) < 0)
            return -1;
    }
}

static int run(struct question *question, struct error *reterr)
{
    struct mysql_connection *connection = question->connection;
    MYSQL_RES *result = NULL;
    if (mysql_session_select(connection, strbuf_text(&question->sql), question->sql.length, question->deadline, &result,
                             reterr))
        return -1;
    if (!result)
        return error_set(reterr, ERROR_INVALID, "%s: the statement has no rows", connection->label);
    cleanup(query_row) struct query_row row = {0};
    int failed = query_row_init(&row, mysql_num_fields(result), question->request->cell_bytes, reterr) < 0 ||
                 tell_columns(question, result, reterr) < 0 || take_rows(question, result, &row, reterr) < 0;
    /* Reading on to the end could take for ever. */
    if (failed || question->rows > question->request->row_limit + SPARE_ROWS) {
        connection->lost = true;
        wire_abort(connection->mysql);
    }
    mysql_session_finish(connection, result, question->deadline);
    return failed ? -1 : 0;
}

/* MariaDB is told not to wait for DDL, which is tried again for a while; nothing was answered then. */
static int run_patiently(struct question *question, struct error *reterr)
{
    struct deadline patience = deadline_earlier(question->deadline, deadline_in(LOCK_WAIT_MS));
    for (;;) {
        struct error error = {0};
        if (run(question, &error) == 0)
            return 0;
        bool again = error.code == ERROR_LOCKED && question->connection->mariadb && !question->told &&
                     !question->connection->lost && !deadline_passed(patience);
        if (!again) {
            if (reterr)
                *reterr = error;
            return -1;
        }
        poll(NULL, 0, LOCK_RETRY_MS);
    }
}

/* sql_select_limit is no limit for a text with one of its own; this is, and a text that writes its answer somewhere
 * does not fit into it. MariaDB takes no WITH there. */
static int compose(struct question *question, size_t length, struct error *reterr)
{
    strbuf_add(&question->sql, question->request->sql, length);
    return strbuf_ok(&question->sql) ? 0 : error_no_memory(reterr);
}

int mysql_ask(struct engine_connection *base, const struct query_request *request, struct deadline deadline,
              const struct query_sink *sink, bool *ret_more, struct error *reterr)
{
    struct mysql_connection *connection = (struct mysql_connection *)base;
    struct question question = {.connection = connection,
                                .request = request,
                                .sink = sink,
                                .deadline = deadline,
                                .sql = STRBUF(LIMIT_QUESTION_BYTES)};
    size_t length = strlen(request->sql);
    *ret_more = false;
    if (mysql_session_check(connection, reterr))
        return -1;
    if (!request->own && sql_query_check(connection->mariadb ? "mariadb" : "mysql", request->sql, &length, reterr) < 0)
        return -1;
    int status = compose(&question, length, reterr) < 0 || begin(&question, reterr) ? -1 : 0;
    if (status == 0)
        status = run_patiently(&question, reterr);
    strbuf_done(&question.sql);
    if (!connection->lost && mysql_session_run(connection, "ROLLBACK", deadline, status == 0 ? reterr : NULL))
        status = -1;
    *ret_more = question.more;
    return status;
}
