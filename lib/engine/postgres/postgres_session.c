/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/postgres_session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/postgres/postgres_error.h"

void postgres_session_close(struct postgres_session *session)
{
    if (!session)
        return;
    PQfinish(session->conn); /* the socket is non-blocking: a farewell that cannot be sent at once is not sent */
    mem_free(session);
}

static int lose(struct postgres_session *session, enum error_code code, const char *what, struct error *reterr)
{
    session->lost = true;
    return error_set(reterr, code, "%s: %s", session->where, what);
}

static int lose_timeout(struct postgres_session *session, struct error *reterr)
{
    return lose(session, ERROR_TIMEOUT, "no answer before the deadline", reterr);
}

/* libpq's own words about a connection that broke. */
static int lose_connection(struct postgres_session *session, struct error *reterr)
{
    char text[300] = "";
    postgres_clean_message(PQerrorMessage(session->conn), NULL, text, sizeof text);
    return lose(session, ERROR_UNREACHABLE, *text ? text : "the connection is lost", reterr);
}

int postgres_wait(struct postgres_session *session, short events, struct deadline deadline, struct error *reterr)
{
    struct pollfd descriptor = {.fd = PQsocket(session->conn), .events = events};
    if (descriptor.fd < 0)
        return lose_connection(session, reterr);
    for (;;) {
        int ready = poll(&descriptor, 1, deadline_left_ms(deadline));
        if (ready > 0)
            return 0;
        if (ready == 0 && deadline_passed(deadline))
            return lose_timeout(session, reterr);
        if (ready < 0 && errno != EINTR)
            return lose(session, ERROR_IO, "poll failed", reterr);
    }
}

int postgres_flush(struct postgres_session *session, int sent, struct deadline deadline, struct error *reterr)
{
    if (!sent)
        return lose_connection(session, reterr);
    int left = 0;
    while ((left = PQflush(session->conn)) > 0)
        if (postgres_wait(session, POLLIN | POLLOUT, deadline, reterr) < 0 || !PQconsumeInput(session->conn))
            return session->lost ? -1 : lose_connection(session, reterr);
    return left < 0 ? lose_connection(session, reterr) : 0;
}

int postgres_send(struct postgres_session *session, const char *sql, struct deadline deadline, struct error *reterr)
{
    if (session->lost)
        return error_set(reterr, ERROR_UNREACHABLE, "%s: the connection was given up", session->where);
    return postgres_flush(session, PQsendQuery(session->conn, sql), deadline, reterr);
}

/* Waits until PQgetResult would not. */
static int await_result(struct postgres_session *session, struct deadline deadline, struct error *reterr)
{
    while (PQisBusy(session->conn)) {
        if (postgres_wait(session, POLLIN, deadline, reterr) < 0)
            return -1;
        if (!PQconsumeInput(session->conn))
            return lose_connection(session, reterr);
    }
    return 0;
}

/* Turns the failed `result` into an error, then reads what is left of the query. */
static int fail_with(struct postgres_session *session, const PGresult *result, struct deadline deadline,
                     struct error *reterr)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!sqlstate)
        return lose_connection(session, reterr);
    struct error failure = {0};
    enum error_code code = postgres_error_code(sqlstate);
    error_set(&failure, code, "%s: %s", session->where, primary ? primary : "the server reports an error");
    memcpy(failure.sqlstate, sqlstate, strnlen(sqlstate, sizeof failure.sqlstate - 1));
    session->lost = session->lost || code == ERROR_UNREACHABLE || code == ERROR_TIMEOUT;
    for (bool more = true; more && !session->lost;) {
        cleanup(result) PGresult *rest = NULL;
        if (await_result(session, deadline, NULL) == 0)
            rest = PQgetResult(session->conn);
        more = rest != NULL;
    }
    if (reterr)
        *reterr = failure;
    return -1;
}

int postgres_next(struct postgres_session *session, struct deadline deadline, PGresult **ret_result,
                  struct error *reterr)
{
    if (await_result(session, deadline, reterr) < 0)
        return -1;
    cleanup(result) PGresult *result = PQgetResult(session->conn);
    ExecStatusType status = PQresultStatus(result);
    if (result && (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE))
        return fail_with(session, result, deadline, reterr);
    if (!result && PQstatus(session->conn) != CONNECTION_OK)
        return lose_connection(session, reterr);
    *ret_result = take(result);
    return 0;
}

int postgres_query(struct postgres_session *session, const char *sql, struct deadline deadline, PGresult **ret_result,
                   struct error *reterr)
{
    if (postgres_send(session, sql, deadline, reterr) < 0)
        return -1;
    cleanup(result) PGresult *kept = NULL;
    for (;;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(session, deadline, &result, reterr) < 0)
            return -1;
        if (!result)
            break;
        if (PQresultStatus(result) == PGRES_TUPLES_OK) {
            PQclear(kept);
            kept = take(result);
        }
    }
    if (ret_result && !kept)
        return lose(session, ERROR_INVALID, "the server sent no rows", reterr);
    if (ret_result)
        *ret_result = take(kept);
    return 0;
}

int postgres_copy_begin(struct postgres_session *session, struct deadline deadline, struct error *reterr)
{
    for (;;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(session, deadline, &result, reterr) < 0)
            return -1;
        if (PQresultStatus(result) == PGRES_COPY_OUT)
            return 0;
        if (!result)
            return lose(session, ERROR_INVALID, "the server sent no data", reterr);
    }
}

int postgres_copy_next(struct postgres_session *session, struct deadline deadline, char **ret_row, size_t *ret_length,
                       struct error *reterr)
{
    for (;;) {
        char *row = NULL;
        int length = PQgetCopyData(session->conn, &row, 1);
        if (length > 0) {
            *ret_row = row;
            *ret_length = (size_t)length;
            return 1;
        }
        if (length == -1)
            return 0;
        /* Checked here, since data that keeps coming never makes poll() time out. */
        if (length == 0 && deadline_passed(deadline))
            return lose_timeout(session, reterr);
        if (length < -1)
            return lose_connection(session, reterr);
        if (postgres_wait(session, POLLIN, deadline, reterr) < 0)
            return -1;
        if (!PQconsumeInput(session->conn))
            return lose_connection(session, reterr);
    }
}

void postgres_drain(struct postgres_session *session, struct deadline deadline)
{
    while (!session->lost && PQtransactionStatus(session->conn) == PQTRANS_ACTIVE) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(session, deadline, &result, NULL) < 0)
            continue; /* an error of the query ends it; anything else has lost the session */
        for (int status = 1; PQresultStatus(result) == PGRES_COPY_OUT && status > 0;) {
            cleanup(libpq_text) char *row = NULL;
            size_t length = 0;
            status = postgres_copy_next(session, deadline, &row, &length, NULL);
        }
    }
}

int postgres_server_ms(struct deadline deadline)
{
    int left = deadline_left_ms(deadline);
    return left > 200 ? left - 100 : left / 2 + 1;
}

void postgres_add_begin(const struct postgres_session *session, struct strbuf *sql, struct deadline deadline,
                        enum postgres_form form)
{
    strbuf_printf(sql,
                  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                  "SET LOCAL statement_timeout=%d;SET LOCAL lock_timeout='" POSTGRES_LOCK_TIMEOUT "';"
                  "SET LOCAL idle_in_transaction_session_timeout='10s';"
                  "SET LOCAL TimeZone='UTC';SET LOCAL DateStyle='ISO, MDY';SET LOCAL bytea_output='hex';"
                  /* Rows that row security would hide are an error, not an absence. */
                  "SET LOCAL row_security=off;",
                  postgres_server_ms(deadline));
    if (session->raw_bytes)
        strbuf_add_string(sql, "SET LOCAL client_encoding='SQL_ASCII';");
    if (form != POSTGRES_QUERY)
        strbuf_add_string(sql, "SET LOCAL search_path='';");
    if (form != POSTGRES_JOURNAL)
        strbuf_add_string(sql, "SET LOCAL IntervalStyle='postgres';SET LOCAL quote_all_identifiers=off;"
                               "SET LOCAL extra_float_digits=3;SET LOCAL lc_monetary='C';"
                               "SET LOCAL standard_conforming_strings=on;"
                               "SET LOCAL jit=off;SET LOCAL max_parallel_workers_per_gather=0;");
}

int postgres_end(struct postgres_session *session, struct deadline deadline, struct error *reterr)
{
    if (session->lost)
        return error_set(reterr, ERROR_UNREACHABLE, "%s: the connection was given up", session->where);
    if (PQtransactionStatus(session->conn) == PQTRANS_IDLE)
        return 0;
    bool failed = PQtransactionStatus(session->conn) == PQTRANS_INERROR;
    return postgres_query(session, failed ? "ROLLBACK" : "COMMIT", deadline, NULL, reterr);
}

static int add_quoted(struct postgres_session *session, struct strbuf *sql, char *quoted, struct error *reterr)
{
    if (!quoted)
        return error_set(reterr, ERROR_INVALID, "%s: a name is not valid text here", session->where);
    strbuf_add_string(sql, quoted);
    PQfreemem(quoted);
    return 0;
}

int postgres_add_identifier(struct postgres_session *session, struct strbuf *sql, const char *name,
                            struct error *reterr)
{
    return add_quoted(session, sql, PQescapeIdentifier(session->conn, name, strlen(name)), reterr);
}

int postgres_add_literal(struct postgres_session *session, struct strbuf *sql, const char *text, struct error *reterr)
{
    return add_quoted(session, sql, PQescapeLiteral(session->conn, text, strlen(text)), reterr);
}
