/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers a question that somebody else wrote, in a read-only transaction that is rolled back. The session takes one
 * statement at a time, and the server ends it by itself at the deadline. What it cannot be told is to cut cells: a row
 * is a packet, and the library holds one, of at most LIMIT_ANSWER_ROW bytes.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "dialect/sql_query.h"
#include "engine/answer/query_row.h"
#include "engine/mysql/mysql_look.h"

/* How long DDL is waited for, and how often it is tried meanwhile, where the server can be told not to wait. */
enum { LOCK_WAIT_MS = 250, LOCK_RETRY_MS = 25 };

/* Rows beyond those wanted that are read in order to keep the connection, where a text has a LIMIT of its own. */
enum { SPARE_ROWS = 1000 };

/* One question under way. */
struct question {
    struct mysql_connection *connection;
    const struct query_request *request;
    const struct query_sink *sink;
    struct deadline deadline;
    struct strbuf sql; /* as it is sent */
    int server_ms;     /* how long the server runs it */
    size_t rows;
    bool told;    /* the columns */
    bool stopped; /* there is more to come that nobody reads: that could take for ever */
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

/* sql_select_limit would cut what stored functions read, too: it is off, whatever the server's is. */
#define COMMON_SETTINGS "time_zone='+00:00',innodb_lock_wait_timeout=1,sql_select_limit=18446744073709551615"

/* Set anew for each question, since functions may change it. How many warnings are kept, MySQL lets few say; it keeps
 * 1024 by itself, and any of them may tell that the answer is cut. */
static int begin(struct question *question, struct error *reterr)
{
    struct mysql_connection *connection = question->connection;
    const char *mode = question->request->own ? "''" : SERVERS_MODE;
    int left = server_ms(question->deadline);
    question->server_ms = left;
    char text[400] = "";
    if (connection->mariadb)
        snprintf(text, sizeof text,
                 "SET " COMMON_SETTINGS
                 ",max_error_count=65535,sql_mode=%s,lock_wait_timeout=0,max_statement_time=%d.%03d",
                 mode, left / 1000, left % 1000);
    else
        /* What a table's statistics say must not be a day old: the next number of AUTO_INCREMENT is one of them. */
        snprintf(text, sizeof text,
                 "SET " COMMON_SETTINGS ",sql_mode=%s,lock_wait_timeout=1,max_execution_time=%d,"
                 "information_schema_stats_expiry=0",
                 mode, left);
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

/* MariaDB's library gives up on a row that is too large with the words for a lost connection, Oracle's with none; what
 * tells is its buffer, which has grown as far as it may. */
static int fail_row(struct question *question, struct error *reterr)
{
    const struct mysql_connection *connection = question->connection;
    bool large = reterr->code == ERROR_TRUNCATED ||
                 (reterr->code == ERROR_UNREACHABLE && connection->mysql->net.max_packet >= LIMIT_ANSWER_ROW);
    if (!large)
        return -1;
    question->stopped = true;
    return error_set(reterr, ERROR_TRUNCATED, "%s: a row is larger than %u MiB", connection->label,
                     LIMIT_ANSWER_ROW / (1024 * 1024));
}

static int take_rows(struct question *question, MYSQL_RES *result, struct query_row *row, struct error *reterr)
{
    for (;;) {
        MYSQL_ROW cells = NULL;
        if (mysql_session_row(question->connection, result, question->deadline, &cells, reterr))
            return fail_row(question, reterr);
        if (!cells)
            return 0;
        if (question->rows++ >= question->request->row_limit) {
            question->more = true;
            question->stopped = question->rows > question->request->row_limit + SPARE_ROWS;
            if (question->stopped)
                return 0;
            continue;
        }
        const unsigned long *lengths = mysql_fetch_lengths(result);
        for (size_t i = 0; i < row->count; i++)
            query_row_set(row, i, cells[i], cells[i] ? lengths[i] : 0);
        question->stopped = query_row_send(row, question->sink, reterr) < 0;
        if (question->stopped)
            return -1;
    }
}

/* Passes the answer on. */
static int take_answer(struct question *question, MYSQL_RES *result, struct error *reterr)
{
    cleanup(query_row) struct query_row row = {0};
    question->stopped = true;
    if (query_row_init(&row, mysql_num_fields(result), question->request->cell_bytes, reterr) < 0 ||
        tell_columns(question, result, reterr) < 0)
        return -1;
    question->stopped = false;
    return take_rows(question, result, &row, reterr);
}

/* Answers that the server delivered all the same, and that are not whole: cut by group_concat_max_len, a text beyond
 * max_allowed_packet that became NULL, a recursion or LIMIT ROWS EXAMINED that was broken off; and what
 * information_schema leaves out, or tells wrong numbers of, while somebody's DDL holds a table. */
static const struct {
    unsigned number;
    enum error_code code;
} flaws[] = {
    {1205, ERROR_LOCKED}, {1260, ERROR_TRUNCATED}, {1301, ERROR_TRUNCATED},
    {1684, ERROR_LOCKED}, {1931, ERROR_TRUNCATED},
};

/* ERROR_OK: the warning says nothing of the kind. */
static enum error_code flaw_of(const char *number)
{
    unsigned long wanted = number ? strtoul(number, NULL, 10) : 0;
    for (size_t i = 0; i < ARRAY_LENGTH(flaws); i++)
        if (wanted == flaws[i].number)
            return flaws[i].code;
    return ERROR_OK;
}

enum { WARNING_LEVEL, WARNING_CODE, WARNING_TEXT };

static int check_warnings(struct question *question, struct error *reterr)
{
    struct mysql_connection *connection = question->connection;
    MYSQL_RES *result = NULL;
    MYSQL_ROW row = NULL;
    unsigned told = mysql_warning_count(connection->mysql);
    unsigned seen = 0;
    if (told == 0)
        return 0;
    if (mysql_session_select(connection, "SHOW WARNINGS", 13, question->deadline, &result, reterr))
        return -1;
    int failed = 0;
    do {
        failed = mysql_session_row(connection, result, question->deadline, &row, reterr);
        enum error_code flaw = !failed && row ? flaw_of(row[WARNING_CODE]) : ERROR_OK;
        if (flaw != ERROR_OK)
            failed = error_set(reterr, flaw, "%s: %s", connection->label,
                               row[WARNING_TEXT] ? row[WARNING_TEXT] : "the answer is not whole");
        seen += row != NULL;
    } while (!failed && row);
    mysql_session_finish(connection, result, question->deadline);
    if (!failed && (seen < told || told == UINT16_MAX))
        return error_set(reterr, ERROR_TRUNCATED,
                         "%s: there are more warnings than the server keeps, and any may say that the answer is cut",
                         connection->label);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

/* What Oracle's library says of an error that comes in place of a row, where it does not block; the server still knows
 * which one it was. */
enum { ERROR_OUT_OF_SYNC = 2014 };

static void find_error(struct question *question, struct error *reterr)
{
    struct mysql_connection *connection = question->connection;
    MYSQL_RES *result = NULL;
    MYSQL_ROW row = NULL;
    if (connection->lost || mysql_session_select(connection, "SHOW ERRORS", 11, question->deadline, &result, NULL))
        return;
    if (mysql_session_row(connection, result, question->deadline, &row, NULL) == 0 && row && row[WARNING_CODE]) {
        unsigned number = (unsigned)strtoul(row[WARNING_CODE], NULL, 10);
        error_set(reterr, mysql_error_code(number), "%s: %s", connection->label,
                  row[WARNING_TEXT] ? row[WARNING_TEXT] : "the server broke the answer off");
        reterr->native = (int)number;
    }
    mysql_session_finish(connection, result, question->deadline);
}

/* MariaDB may end a query within a subquery, take that for empty, and answer a row that is none without a word of it.
 */
static int check_time(const struct question *question, int64_t begun_ms, struct error *reterr)
{
    if (monotonic_ms() - begun_ms < question->server_ms)
        return 0;
    return error_set(reterr, ERROR_TIMEOUT, "%s: the answer came when the time for it was over",
                     question->connection->label);
}

static int run(struct question *question, struct error *reterr)
{
    struct mysql_connection *connection = question->connection;
    MYSQL_RES *result = NULL;
    int64_t begun_ms = monotonic_ms();
    if (mysql_session_select(connection, strbuf_text(&question->sql), question->sql.length, question->deadline, &result,
                             reterr))
        return -1;
    if (!result)
        return error_set(reterr, ERROR_INVALID, "%s: the statement has no rows", connection->label);
    int status = take_answer(question, result, reterr);
    if (question->stopped) {
        connection->lost = true;
        wire_abort(connection->mysql);
    }
    mysql_session_finish(connection, result, question->deadline);
    if (status == 0 && check_time(question, begun_ms, reterr) < 0)
        return -1;
    if (status == 0 && !question->stopped)
        return check_warnings(question, reterr);
    if (status < 0 && reterr->native == ERROR_OUT_OF_SYNC)
        find_error(question, reterr);
    return status;
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

/* The newline ends a comment that the text may end in. */
static void compose(struct question *question, size_t length)
{
    strbuf_add(&question->sql, question->request->sql, length);
    if (!sql_query_is_limited("mysql", question->request->sql, length))
        strbuf_printf(&question->sql, "\nLIMIT %zu", question->request->row_limit + 1);
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
    compose(&question, length);
    int status = strbuf_ok(&question.sql) ? begin(&question, reterr) : error_no_memory(reterr);
    if (status == 0)
        status = run_patiently(&question, reterr);
    strbuf_done(&question.sql);
    if (!connection->lost && mysql_session_run(connection, "ROLLBACK", deadline, status == 0 ? reterr : NULL))
        status = -1;
    *ret_more = question.more;
    return status;
}
