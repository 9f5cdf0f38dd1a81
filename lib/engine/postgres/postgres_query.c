/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers a question that somebody else wrote. It goes through the extended protocol, which takes one statement, and
 * the grammar of DECLARE CURSOR, which takes a query and nothing else; in a read-only transaction, which is rolled back
 * so that nothing set in it remains. It is parsed first, for the columns' types and origins, then asked for wrapped, so
 * that the server cuts each cell: libpq holds a whole row. A cursor stops where the reading does, and its query never
 * has parallel workers. Everything happens in one transaction: poolers may stand between.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/sql_query.h"
#include "engine/answer/query_row.h"
#include "engine/postgres/postgres_session.h"

/* No schema has it. */
#define CURSOR "\"migrationd check\""

enum { STATEMENT_BYTES = LIMIT_QUESTION_BYTES + 1024 * 1024, KEYS_BYTES = 64 * 1024, TYPE_BOOL = 16, TYPE_INET = 869 };

/* One question under way. */
struct question {
    struct postgres_session *session;
    const struct query_request *request;
    const struct query_sink *sink;
    struct deadline deadline;
    size_t length; /* of the text without what may stand behind it */
    size_t rows;
    bool more;
};

/* The last result of what was sent, which succeeded. */
static int take_last(struct question *question, PGresult **ret_result, struct error *reterr)
{
    cleanup(result) PGresult *last = NULL;
    for (;;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(question->session, question->deadline, &result, reterr) < 0)
            return -1;
        if (!result)
            break;
        PQclear(last);
        last = take(result);
    }
    if (ret_result)
        *ret_result = take(last);
    return 0;
}

static int begin(struct question *question, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(STATEMENT_BYTES);
    postgres_add_begin(question->session, &sql, question->deadline, POSTGRES_QUERY);
    strbuf_add_string(&sql, "SET LOCAL cursor_tuple_fraction=1");
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    return postgres_query(question->session, strbuf_text(&sql), question->deadline, NULL, reterr);
}

/* Has the text parsed, which runs nothing; `*ret_shape` has the columns. */
static int describe(struct question *question, PGresult **ret_shape, struct error *reterr)
{
    struct postgres_session *session = question->session;
    cleanup(free) char *sql = mem_strndup(question->request->sql, question->length);
    if (!sql)
        return error_no_memory(reterr);
    if (postgres_flush(session, PQsendPrepare(session->conn, "", sql, 0, NULL), question->deadline, reterr) < 0 ||
        take_last(question, NULL, reterr) < 0 ||
        postgres_flush(session, PQsendDescribePrepared(session->conn, ""), question->deadline, reterr) < 0)
        return -1;
    return take_last(question, ret_shape, reterr);
}

/* The primary keys of the tables that the columns come from; none: `*ret_keys` stays NULL. */
static int read_keys(struct question *question, const PGresult *shape, PGresult **ret_keys, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(KEYS_BYTES);
    size_t tables = 0;
    strbuf_add_string(&sql, "SELECT i.indrelid,i.indnkeyatts,i.indkey FROM pg_catalog.pg_index i WHERE i.indisprimary "
                            "AND i.indrelid OPERATOR(pg_catalog.=)ANY('{");
    Oid last = 0;
    for (int i = 0; i < PQnfields(shape); i++) {
        Oid table = PQftable(shape, i);
        if (table == InvalidOid || table == last || PQftablecol(shape, i) <= 0)
            continue;
        strbuf_printf(&sql, "%s%u", tables++ > 0 ? "," : "", table);
        last = table;
    }
    strbuf_add_string(&sql, "}'::pg_catalog.oid[])");
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    if (tables == 0)
        return 0;
    return postgres_query(question->session, strbuf_text(&sql), question->deadline, ret_keys, reterr);
}

/* Whether the column is in its table's primary key. */
static bool is_key(const PGresult *keys, const PGresult *shape, int column)
{
    Oid table = PQftable(shape, column);
    for (int row = 0; table != InvalidOid && row < PQntuples(keys); row++) {
        if (strtoul(PQgetvalue(keys, row, 0), NULL, 10) != table)
            continue;
        const char *numbers = PQgetvalue(keys, row, 2);
        for (long left = strtol(PQgetvalue(keys, row, 1), NULL, 10); left > 0; left--) {
            char *end = NULL;
            if (strtol(numbers, &end, 10) == PQftablecol(shape, column))
                return true;
            numbers = end;
        }
    }
    return false;
}

static int tell_columns(struct question *question, const PGresult *shape, struct error *reterr)
{
    const struct query_sink *sink = question->sink;
    cleanup(result) PGresult *keys = NULL;
    if (!sink->columns)
        return 0;
    size_t count = (size_t)PQnfields(shape);
    cleanup(free) struct query_column *columns = mem_calloc(count + 1, sizeof *columns);
    if (!columns)
        return error_no_memory(reterr);
    if (read_keys(question, shape, &keys, reterr) < 0)
        return -1;
    for (int i = 0; i < PQnfields(shape); i++)
        columns[i] = (struct query_column){.name = PQfname(shape, i),
                                           .is_key = keys && is_key(keys, shape, i),
                                           .is_boolean = PQftype(shape, i) == TYPE_BOOL};
    return sink->columns(sink->payload, columns, count, reterr) == 0 ? 0 : -1;
}

/* The text as a table whose cells are cut. The newline ends a comment that the text may end in. Texts of a type are
 * what its cast to text gives, which for inet alone is not what is printed. */
static void add_wrapped(const struct question *question, const PGresult *shape, struct strbuf *sql)
{
    strbuf_add_string(sql, "DECLARE " CURSOR " NO SCROLL CURSOR WITHOUT HOLD FOR SELECT ");
    for (int i = 0; i < PQnfields(shape); i++)
        strbuf_printf(sql, "%spg_catalog.left(%sq.c%d%s,%zu)", i > 0 ? "," : "",
                      PQftype(shape, i) == TYPE_INET ? "pg_catalog.abbrev(" : "", i,
                      PQftype(shape, i) == TYPE_INET ? ")" : "::pg_catalog.text", question->request->cell_bytes + 1);
    strbuf_add_string(sql, " FROM(\n");
    strbuf_add(sql, question->request->sql, question->length);
    strbuf_add_string(sql, "\n)AS q");
    for (int i = 0; i < PQnfields(shape); i++)
        strbuf_printf(sql, "%sc%d", i > 0 ? "," : "(", i);
    strbuf_add_string(sql, PQnfields(shape) > 0 ? ")" : "");
}

static int declare(struct question *question, const PGresult *shape, struct error *reterr)
{
    struct postgres_session *session = question->session;
    cleanup(strbuf) struct strbuf sql = STRBUF(STATEMENT_BYTES);
    add_wrapped(question, shape, &sql);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    int sent = PQsendQueryParams(session->conn, strbuf_text(&sql), 0, NULL, NULL, NULL, NULL, 0);
    if (postgres_flush(session, sent, question->deadline, reterr) < 0)
        return -1;
    return take_last(question, NULL, reterr);
}

/* What was not cast to text has booleans of one letter. */
static void take_cell(const PGresult *result, int column, struct query_row *row)
{
    const char *text = PQgetisnull(result, 0, column) ? NULL : PQgetvalue(result, 0, column);
    if (text && PQftype(result, column) == TYPE_BOOL)
        text = *text == 't' ? "true" : "false";
    query_row_set(row, (size_t)column, text, text ? strlen(text) : 0);
}

static int take_row(struct question *question, const PGresult *result, struct query_row *row, struct error *reterr)
{
    if (question->rows++ == question->request->row_limit) {
        question->more = true;
        return 0;
    }
    if (!row->cells && query_row_init(row, (size_t)PQnfields(result), question->request->cell_bytes, reterr) < 0)
        return -1;
    for (int i = 0; i < PQnfields(result) && (size_t)i < row->count; i++)
        take_cell(result, i, row);
    return query_row_send(row, question->sink, reterr);
}

/* The rows of what was sent just now. */
static int take_rows(struct question *question, struct query_row *row, struct error *reterr)
{
    PQsetSingleRowMode(question->session->conn);
    for (;;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(question->session, question->deadline, &result, reterr) < 0)
            return -1;
        if (!result)
            return 0;
        if (PQresultStatus(result) == PGRES_SINGLE_TUPLE && take_row(question, result, row, reterr) < 0)
            return -1;
    }
}

/* The time that is left is told once more: what was parsed and planned took some of it, and a function may have changed
 * what the transaction began with. */
static int fetch(struct question *question, struct query_row *row, struct error *reterr)
{
    struct postgres_session *session = question->session;
    cleanup(strbuf) struct strbuf sql = STRBUF(STATEMENT_BYTES);
    strbuf_printf(&sql, "SET LOCAL statement_timeout=%d;FETCH FORWARD %zu FROM " CURSOR,
                  postgres_server_ms(question->deadline), question->request->row_limit + 1);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    if (postgres_send(session, strbuf_text(&sql), question->deadline, reterr) < 0)
        return -1;
    return take_rows(question, row, reterr);
}

/* What we wrote ourselves needs none of that: its cells are names and numbers, and it does what it says, since nobody's
 * functions or tables are found in place of the catalogue's. All of it goes in one message. */
static int answer_own(struct question *question, struct error *reterr)
{
    cleanup(query_row) struct query_row row = {0};
    cleanup(strbuf) struct strbuf sql = STRBUF(STATEMENT_BYTES);
    postgres_add_begin(question->session, &sql, question->deadline, POSTGRES_QUERY);
    strbuf_printf(&sql, "SET LOCAL search_path='';SELECT*FROM(%s)AS q LIMIT %zu;ROLLBACK", question->request->sql,
                  question->request->row_limit + 1);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    if (postgres_send(question->session, strbuf_text(&sql), question->deadline, reterr) < 0)
        return -1;
    return take_rows(question, &row, reterr);
}

static int answer(struct question *question, struct error *reterr)
{
    cleanup(result) PGresult *shape = NULL;
    cleanup(query_row) struct query_row row = {0};
    if (begin(question, reterr) < 0 || describe(question, &shape, reterr) < 0 || declare(question, shape, reterr) < 0 ||
        tell_columns(question, shape, reterr) < 0)
        return -1;
    return fetch(question, &row, reterr);
}

/* What a question may not hold is not a feature that a server lacks. */
static int explain(struct error *reterr)
{
    if (reterr && reterr->code == ERROR_UNSUPPORTED)
        reterr->code = ERROR_INVALID;
    return -1;
}

int postgres_ask(struct engine_connection *connection, const struct query_request *request, struct deadline deadline,
                 const struct query_sink *sink, bool *ret_more, struct error *reterr)
{
    struct question question = {.session = postgres_session_of(connection),
                                .request = request,
                                .sink = sink,
                                .deadline = deadline,
                                .length = strlen(request->sql)};
    *ret_more = false;
    if (!request->own && sql_query_check("postgres", request->sql, &question.length, reterr) < 0)
        return -1;
    int status = request->own && !sink->columns ? answer_own(&question, reterr) : answer(&question, reterr);
    postgres_drain(question.session, deadline);
    bool open = !question.session->lost && PQtransactionStatus(question.session->conn) != PQTRANS_IDLE;
    if (open && postgres_query(question.session, "ROLLBACK", deadline, NULL, status == 0 ? reterr : NULL) < 0)
        status = -1;
    *ret_more = question.more;
    return status == 0 ? 0 : explain(reterr);
}
