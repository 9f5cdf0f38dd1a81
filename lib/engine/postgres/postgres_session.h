/* SPDX-License-Identifier: Apache-2.0
 *
 * One libpq connection that never blocks beyond a deadline: every wait is our own poll(2), libpq only ever works on
 * what is there. Whatever breaks the protocol's order (a deadline, a lost socket, a reading given up half-way) marks
 * the session as lost, and it may then only be closed. No query is ever cancelled from here: the statement_timeout of
 * each transaction ends it on the server, also when this side is gone. Internal to the engine; one thread at a time.
 */
#ifndef MIGRATIOND_ENGINE_POSTGRES_POSTGRES_SESSION_H
#define MIGRATIOND_ENGINE_POSTGRES_POSTGRES_SESSION_H

#include <libpq-fe.h>

#include "base/strbuf.h"
#include "engine/engine.h"

/* Longest wait for a lock: beyond that somebody's DDL is reported instead of waited for. */
#define POSTGRES_LOCK_TIMEOUT "250ms"

/* Catalogues that a probe watches. */
enum { POSTGRES_CATALOGUES = 9 };

struct postgres_session {
    struct engine_connection base;
    PGconn *conn;
    int version;    /* as PQserverVersion: 150004 */
    bool raw_bytes; /* SQL_ASCII database: text is whatever was stored */
    bool lost;
    int64_t counters[POSTGRES_CATALOGUES]; /* as last probed */
    unsigned probes;                       /* so far */
    char where[200];                       /* for messages: "postgres db1:5432/orders" */
};

static inline struct postgres_session *postgres_session_of(struct engine_connection *connection)
{
    return (struct postgres_session *)connection;
}

/* Connects; the candidates share the time that is left. */
int postgres_session_open(const struct engine_target *target, struct deadline deadline,
                          struct postgres_session **ret_session, struct error *reterr);
void postgres_session_close(struct postgres_session *session);

/* Waits until the socket is ready for `events` (poll's). */
int postgres_wait(struct postgres_session *session, short events, struct deadline deadline, struct error *reterr);

/* What goes on behind libpq's own `PQsend…`, which returned `sent`: until everything is on its way. */
int postgres_flush(struct postgres_session *session, int sent, struct deadline deadline, struct error *reterr);

/* Sends statements as one simple query. */
int postgres_send(struct postgres_session *session, const char *sql, struct deadline deadline, struct error *reterr);

/* The next result; NULL when the query is done. A server's error is returned as a failure, after which the rest of the
 * query was read and the session is usable (unless lost). */
int postgres_next(struct postgres_session *session, struct deadline deadline, PGresult **ret_result,
                  struct error *reterr);

/* Sends and reads everything; `*ret_result` (may be NULL) is the last result that has rows. */
int postgres_query(struct postgres_session *session, const char *sql, struct deadline deadline, PGresult **ret_result,
                   struct error *reterr);

/* Skips results up to the next COPY. Fails if there is none. */
int postgres_copy_begin(struct postgres_session *session, struct deadline deadline, struct error *reterr);

/* The next row of a COPY: 1, with `*ret_row` for PQfreemem; 0 at its end; -1. */
int postgres_copy_next(struct postgres_session *session, struct deadline deadline, char **ret_row, size_t *ret_length,
                       struct error *reterr);

/* Reads and drops what is left of the query, so that the session is usable; marks it lost where that fails. */
void postgres_drain(struct postgres_session *session, struct deadline deadline);

/* What is going to be read, and so which settings matter. */
enum postgres_form {
    POSTGRES_JOURNAL,
    POSTGRES_SCHEMA, /* and how expressions are printed, too */
    POSTGRES_QUERY,  /* somebody else's: names are looked up as in any other session of the role */
};

/* When the server is to give up, in milliseconds: a little before we do, so that a slow statement is an answer and not
 * a lost connection. */
int postgres_server_ms(struct deadline deadline);

/* Appends the beginning of a look: a read-only transaction and everything that text depends on. */
void postgres_add_begin(const struct postgres_session *session, struct strbuf *sql, struct deadline deadline,
                        enum postgres_form form);

/* Ends the transaction, whatever happened in it. */
int postgres_end(struct postgres_session *session, struct deadline deadline, struct error *reterr);

/* Appends an identifier or a literal, quoted. */
int postgres_add_identifier(struct postgres_session *session, struct strbuf *sql, const char *name,
                            struct error *reterr);
int postgres_add_literal(struct postgres_session *session, struct strbuf *sql, const char *text, struct error *reterr);

/* Slots of the engine that have a file of their own. */
int postgres_read_schema(struct engine_connection *connection, const struct engine_scope *scope,
                         struct deadline deadline, struct schema_builder *builder, struct error *reterr);
int postgres_list_schemas(struct engine_connection *connection, struct deadline deadline,
                          const struct schema_sink *sink, struct error *reterr);
int postgres_find_tables(struct engine_connection *connection, const struct engine_scope *scope,
                         const char *const *names, size_t count, struct deadline deadline,
                         const struct sighting_sink *sink, struct error *reterr);
int postgres_read_table(struct engine_connection *connection, const struct table_request *request,
                        struct deadline deadline, const struct row_sink *sink, bool *ret_more, struct error *reterr);
int postgres_read_tables(struct engine_connection *connection, const struct table_request *request,
                         const struct table_place *places, size_t count, struct deadline deadline,
                         const struct tables_sink *sink, bool *ret_more, struct error *reterr);
int postgres_read_lock(struct engine_connection *connection, const struct lock_request *request,
                       struct deadline deadline, struct lock_report *ret_report, struct error *reterr);
int postgres_read_locks(struct engine_connection *connection, const struct lock_request *requests, size_t count,
                        struct deadline deadline, struct lock_report *ret_reports, struct error *reterr);

int postgres_ask(struct engine_connection *connection, const struct query_request *request, struct deadline deadline,
                 const struct query_sink *sink, bool *ret_more, struct error *reterr);

DEFINE_CLEANUP(postgres_session, struct postgres_session *, postgres_session_close);
DEFINE_CLEANUP(result, PGresult *, PQclear);
DEFINE_CLEANUP(libpq_text, char *, PQfreemem);

#endif
