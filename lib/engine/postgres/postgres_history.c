/* SPDX-License-Identifier: Apache-2.0
 *
 * A history in PostgreSQL, in a schema of its own, which several daemons share. Whoever appends holds an advisory lock
 * until the end of the transaction and reads the chain's head under it, so that there is one chain; nothing outlives a
 * transaction, so that poolers may stand in between. Part of the library of history.h, not of the engine, which only
 * reads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/postgres/postgres_session.h"
#include "history/history_store.h"

enum {
    WALK_ROWS = 1000,
    RECORD_BYTES = 2 * LIMIT_EVENT_BYTES + 16384, /* of one record's SQL: every character of its body quoted */
    DUPLICATE_BYTES = 64,
};

/* Of every transaction that writes: the bytes "mighist" as a number. */
#define LOCK_SQL "SELECT pg_catalog.pg_advisory_xact_lock(30796665315750772);"
#define CHAIN_SQL                                                                                                      \
    "SELECT anchor_sequence, anchor_hash, head_sequence, head_hash, seen_ms FROM migrationd_history.chain WHERE id = " \
    "1"
#define ZEROS "'0000000000000000000000000000000000000000000000000000000000000000'"
#define COLUMNS "sequence, at_ms, kind, subject, source, body, hash"

static const char tables_sql[] =
    "CREATE TABLE IF NOT EXISTS migrationd_history.record (sequence bigint PRIMARY KEY, at_ms bigint NOT NULL,"
    " kind text NOT NULL, subject text NOT NULL, source text NOT NULL, body text NOT NULL, hash text NOT NULL);"
    "CREATE INDEX IF NOT EXISTS record_subject ON migrationd_history.record (subject, kind, sequence);"
    "CREATE TABLE IF NOT EXISTS migrationd_history.dropped_state (subject text PRIMARY KEY, sequence bigint NOT NULL,"
    " at_ms bigint NOT NULL, kind text NOT NULL, source text NOT NULL, body text NOT NULL, hash text NOT NULL);"
    "CREATE TABLE IF NOT EXISTS migrationd_history.chain (id integer PRIMARY KEY CHECK (id = 1),"
    " format integer NOT NULL, anchor_sequence bigint NOT NULL, anchor_hash text NOT NULL,"
    " head_sequence bigint NOT NULL, head_hash text NOT NULL, seen_ms bigint NOT NULL);"
    "INSERT INTO migrationd_history.chain VALUES (1, 1, 0, " ZEROS ", 0, " ZEROS ", 0) ON CONFLICT DO NOTHING;COMMIT";

struct postgres_store {
    struct history_store base; /* first: callers hold a pointer to it */
    struct postgres_session *session;
};

static struct postgres_session *session_of(struct history_store *store)
{
    return ((struct postgres_store *)store)->session;
}

static void close_store(struct history_store *store)
{
    postgres_session_close(session_of(store));
    mem_free(store);
}

/* The engine's codes for what it reads mean something else of a store. */
static int as_store_error(struct error *reterr)
{
    if (reterr && (reterr->code == ERROR_INVALID || reterr->code == ERROR_CHANGED || reterr->code == ERROR_NOT_FOUND))
        reterr->code = ERROR_IO;
    return -1;
}

static int query(struct postgres_session *session, struct strbuf *sql, struct deadline deadline, PGresult **ret_result,
                 struct error *reterr)
{
    if (!strbuf_ok(sql))
        return error_no_memory(reterr);
    return postgres_query(session, strbuf_text(sql), deadline, ret_result, reterr) == 0 ? 0 : as_store_error(reterr);
}

/* The server gives up a little before we do, and frees the lock of a daemon that hangs in the middle. What an operator
 * switched off for all transactions is a promise here: `local` and the waiting for replicas stay as they are. */
static void add_begin(struct strbuf *sql, struct deadline deadline)
{
    int left = deadline_left_ms(deadline);
    int most = left > 200 ? left - 100 : left / 2 + 1;
    strbuf_printf(sql,
                  "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;SET LOCAL statement_timeout=%d;"
                  "SET LOCAL lock_timeout=%d;SET LOCAL idle_in_transaction_session_timeout=%d;"
                  "SET LOCAL search_path='';SET LOCAL client_min_messages=error;"
                  "SELECT pg_catalog.set_config('synchronous_commit','on',true)"
                  " WHERE pg_catalog.current_setting('synchronous_commit')='off';" LOCK_SQL,
                  most, most, left + 1000);
}

static int64_t number_at(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static int take_chain(const struct postgres_session *session, const PGresult *result, struct history_chain *ret_chain,
                      struct error *reterr)
{
    if (PQntuples(result) != 1)
        return error_set(reterr, ERROR_IO, "%s: migrationd_history.chain has lost its row", session->where);
    ret_chain->anchor.sequence = number_at(result, 0, 0);
    history_copy_hash(ret_chain->anchor.hash, PQgetvalue(result, 0, 1));
    ret_chain->head.sequence = number_at(result, 0, 2);
    history_copy_hash(ret_chain->head.hash, PQgetvalue(result, 0, 3));
    ret_chain->seen_ms = number_at(result, 0, 4);
    return 0;
}

/* Begins to write: the chain as it stands under the lock. */
static int begin(struct postgres_session *session, struct deadline deadline, struct history_chain *ret_chain,
                 struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(4096);
    cleanup(result) PGresult *result = NULL;
    add_begin(&sql, deadline);
    strbuf_add_string(&sql, CHAIN_SQL);
    if (query(session, &sql, deadline, &result, reterr) < 0)
        return -1;
    return take_chain(session, result, ret_chain, reterr);
}

/* Leaves the session usable, whatever failed in the transaction. */
static int end(struct postgres_session *session, int outcome, struct deadline deadline)
{
    if (!session->lost && PQtransactionStatus(session->conn) != PQTRANS_IDLE)
        postgres_query(session, "ROLLBACK", deadline, NULL, NULL);
    return outcome;
}

/* Forgets the places that an earlier attempt gave to records, but of those that it committed. */
static int find_committed(struct postgres_session *session, struct history_record *records, size_t count,
                          struct deadline deadline, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF((count + 2) * DUPLICATE_BYTES);
    cleanup(result) PGresult *result = NULL;
    size_t doubtful = 0;
    strbuf_add_string(&sql, "SELECT sequence, hash FROM migrationd_history.record WHERE sequence IN (");
    for (size_t i = 0; i < count; i++) {
        if (records[i].sequence != 0)
            strbuf_printf(&sql, "%s%" PRId64, doubtful++ > 0 ? "," : "", records[i].sequence);
    }
    strbuf_add_char(&sql, ')');
    if (doubtful == 0)
        return 0;
    if (query(session, &sql, deadline, &result, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (int row = 0; row < PQntuples(result) && !found; row++)
            found = number_at(result, row, 0) == records[i].sequence &&
                    strcmp(PQgetvalue(result, row, 1), records[i].hash) == 0;
        if (!found)
            records[i].sequence = 0;
    }
    return 0;
}

static int add_row(struct postgres_session *session, struct strbuf *sql, const struct history_record *record,
                   struct error *reterr)
{
    const char *const texts[] = {history_kind_name(record->kind), record->subject, record->source, record->body,
                                 record->hash};
    strbuf_printf(sql, "(%" PRId64 ",%" PRId64, record->sequence, record->at_ms);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        strbuf_add_char(sql, ',');
        if (postgres_add_literal(session, sql, texts[i], reterr) < 0)
            return as_store_error(reterr);
    }
    strbuf_add_char(sql, ')');
    return 0;
}

/* One message from the first row to the commit. When the connection is lost after it was sent, nobody knows. */
static int insert(struct postgres_session *session, struct history_record *records, size_t count, int64_t now_ms,
                  struct history_link *head, struct deadline deadline, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF((count + 1) * RECORD_BYTES);
    const char *separator = "INSERT INTO migrationd_history.record (" COLUMNS ") VALUES ";
    for (size_t i = 0; i < count; i++) {
        if (records[i].sequence != 0)
            continue;
        history_link_record(&records[i], head);
        strbuf_add_string(&sql, separator);
        if (add_row(session, &sql, &records[i], reterr) < 0)
            return -1;
        separator = ",";
    }
    strbuf_printf(&sql,
                  "%sUPDATE migrationd_history.chain SET head_sequence=%" PRId64 ",head_hash='%s',"
                  "seen_ms=greatest(seen_ms,%" PRId64 ") WHERE id=1;COMMIT",
                  sql.length > 0 ? ";" : "", head->sequence, head->hash, now_ms);
    return query(session, &sql, deadline, NULL, reterr);
}

static int append(struct history_store *store, struct history_record *records, size_t count, int64_t now_ms,
                  struct deadline deadline, struct error *reterr)
{
    struct postgres_session *session = session_of(store);
    struct history_chain chain = {0};
    if (begin(session, deadline, &chain, reterr) < 0 || find_committed(session, records, count, deadline, reterr) < 0)
        return end(session, -1, deadline);
    int outcome = insert(session, records, count, now_ms, &chain.head, deadline, reterr);
    for (size_t i = 0; outcome < 0 && !session->lost && i < count; i++)
        records[i].sequence = 0;
    return end(session, outcome, deadline);
}

static int last_seen(struct history_store *store, struct deadline deadline, int64_t *ret_at_ms, struct error *reterr)
{
    struct postgres_session *session = session_of(store);
    cleanup(strbuf) struct strbuf sql = STRBUF(1024);
    cleanup(result) PGresult *result = NULL;
    struct history_chain chain = {0};
    strbuf_add_string(&sql, CHAIN_SQL);
    if (query(session, &sql, deadline, &result, reterr) < 0 || take_chain(session, result, &chain, reterr) < 0)
        return -1;
    *ret_at_ms = chain.seen_ms;
    return 0;
}

/* The last of the oldest records that may go; its sequence is 0 when none may. */
static int find_cut(struct postgres_session *session, const struct history_retention *retention, int64_t now_ms,
                    const struct history_chain *chain, struct deadline deadline, struct history_link *ret_cut,
                    bool *ret_more, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(1024);
    cleanup(result) PGresult *result = NULL;
    strbuf_printf(&sql, "SELECT sequence, at_ms, hash FROM migrationd_history.record ORDER BY sequence LIMIT %d",
                  HISTORY_TRIM_ROWS);
    if (query(session, &sql, deadline, &result, reterr) < 0)
        return -1;
    int row = 0;
    for (; row < PQntuples(result); row++) {
        if (!history_may_drop(retention, chain, now_ms, number_at(result, row, 0), number_at(result, row, 1)))
            break;
        ret_cut->sequence = number_at(result, row, 0);
        history_copy_hash(ret_cut->hash, PQgetvalue(result, row, 2));
    }
    *ret_more = row == HISTORY_TRIM_ROWS;
    return 0;
}

static int drop_old(struct postgres_session *session, const struct history_link *cut, struct deadline deadline,
                    struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(4096);
    strbuf_printf(
        &sql,
        "INSERT INTO migrationd_history.dropped_state (" COLUMNS ") SELECT " COLUMNS
        " FROM migrationd_history.record WHERE sequence IN (SELECT max(sequence) FROM migrationd_history.record"
        " WHERE sequence<=%" PRId64 " AND kind='state' GROUP BY subject) ON CONFLICT (subject) DO UPDATE SET"
        " sequence=excluded.sequence, at_ms=excluded.at_ms, source=excluded.source, body=excluded.body,"
        " hash=excluded.hash;"
        "DELETE FROM migrationd_history.record WHERE sequence<=%" PRId64 ";"
        "UPDATE migrationd_history.chain SET anchor_sequence=%" PRId64 ",anchor_hash='%s' WHERE id=1;COMMIT",
        cut->sequence, cut->sequence, cut->sequence, cut->hash);
    return query(session, &sql, deadline, NULL, reterr);
}

static int trim(struct history_store *store, const struct history_retention *retention, int64_t now_ms,
                struct deadline deadline, bool *ret_more, struct error *reterr)
{
    struct postgres_session *session = session_of(store);
    struct history_chain chain = {0};
    struct history_link cut = {0};
    int outcome = begin(session, deadline, &chain, reterr);
    if (outcome == 0)
        outcome = find_cut(session, retention, now_ms, &chain, deadline, &cut, ret_more, reterr);
    if (outcome == 0 && cut.sequence > 0)
        outcome = drop_old(session, &cut, deadline, reterr);
    return end(session, outcome, deadline);
}

static struct history_record record_at(const PGresult *result, int row)
{
    struct history_record record = {.sequence = number_at(result, row, 0),
                                    .at_ms = number_at(result, row, 1),
                                    .kind = history_kind_from_name(PQgetvalue(result, row, 2)),
                                    .subject = PQgetvalue(result, row, 3),
                                    .source = PQgetvalue(result, row, 4),
                                    .body = PQgetvalue(result, row, 5)};
    history_copy_hash(record.hash, PQgetvalue(result, row, 6));
    return record;
}

static int add_conditions(struct postgres_session *session, const struct history_query *asked, struct strbuf *sql,
                          struct error *reterr)
{
    const char *separator = " AND kind IN (";
    for (unsigned kind = 0; asked->kinds && kind < HISTORY_KINDS; kind++) {
        if (!(asked->kinds & 1u << kind))
            continue;
        strbuf_printf(sql, "%s'%s'", separator, history_kind_name((enum history_kind)kind));
        separator = ",";
    }
    strbuf_add_string(sql, asked->kinds ? ")" : "");
    if (asked->subject) {
        strbuf_add_string(sql, " AND subject=");
        if (postgres_add_literal(session, sql, asked->subject, reterr) < 0)
            return as_store_error(reterr);
    }
    if (asked->before_sequence)
        strbuf_printf(sql, " AND sequence<%" PRId64, asked->before_sequence);
    if (asked->until_ms)
        strbuf_printf(sql, " AND at_ms<=%" PRId64, asked->until_ms);
    return 0;
}

/* What was dropped is older than all that stands in `record`. */
static int read_rows(struct postgres_session *session, const struct history_query *asked, struct deadline deadline,
                     PGresult **ret_result, struct error *reterr)
{
    static const char *const tables[] = {"record", "dropped_state"};
    cleanup(strbuf) struct strbuf sql = STRBUF(16384);
    postgres_add_begin(session, &sql, deadline, POSTGRES_JOURNAL);
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        strbuf_printf(&sql, "%s(SELECT " COLUMNS " FROM migrationd_history.%s WHERE true", i > 0 ? " UNION ALL " : "",
                      tables[i]);
        if (add_conditions(session, asked, &sql, reterr) < 0)
            return -1;
        strbuf_printf(&sql, " ORDER BY sequence DESC LIMIT %zu)", asked->limit);
    }
    strbuf_printf(&sql, " ORDER BY 1 DESC LIMIT %zu;COMMIT", asked->limit);
    return query(session, &sql, deadline, ret_result, reterr);
}

static int read_records(struct history_store *store, const struct history_query *asked, struct deadline deadline,
                        history_taker *taker, void *payload, struct error *reterr)
{
    struct postgres_session *session = session_of(store);
    cleanup(result) PGresult *result = NULL;
    if (read_rows(session, asked, deadline, &result, reterr) < 0)
        return end(session, -1, deadline);
    for (int row = 0; row < PQntuples(result); row++) {
        struct history_record record = record_at(result, row);
        if (!taker(payload, &record))
            break;
    }
    return 0;
}

/* The next rows behind `*sequence`, which moves on; `*ret_more` is false once there are none, or enough. */
static int walk_some(struct postgres_session *session, const struct history_walk *walk, int64_t *sequence,
                     struct deadline deadline, bool *ret_more, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(1024);
    cleanup(result) PGresult *result = NULL;
    strbuf_printf(
        &sql, "SELECT " COLUMNS " FROM migrationd_history.record WHERE sequence>%" PRId64 " ORDER BY sequence LIMIT %d",
        *sequence, WALK_ROWS);
    if (query(session, &sql, deadline, &result, reterr) < 0)
        return -1;
    *ret_more = PQntuples(result) == WALK_ROWS;
    for (int row = 0; row < PQntuples(result); row++) {
        struct history_record record = record_at(result, row);
        *sequence = record.sequence;
        if (!walk->taker(walk->payload, &record)) {
            *ret_more = false;
            break;
        }
    }
    return 0;
}

static int walk_all(struct postgres_session *session, struct deadline deadline, const struct history_walk *walk,
                    struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(4096);
    cleanup(result) PGresult *result = NULL;
    struct history_chain chain = {0};
    int64_t sequence = INT64_MIN;
    bool more = true;
    postgres_add_begin(session, &sql, deadline, POSTGRES_JOURNAL);
    strbuf_add_string(&sql, CHAIN_SQL);
    if (query(session, &sql, deadline, &result, reterr) < 0 || take_chain(session, result, &chain, reterr) < 0)
        return -1;
    walk->begin(walk->payload, &chain);
    while (more) {
        if (walk_some(session, walk, &sequence, deadline, &more, reterr) < 0)
            return -1;
    }
    return 0;
}

static int walk_records(struct history_store *store, struct deadline deadline, const struct history_walk *walk,
                        struct error *reterr)
{
    struct postgres_session *session = session_of(store);
    return end(session, walk_all(session, deadline, walk, reterr), deadline);
}

static const struct history_store_ops postgres_store_ops = {.close = close_store,
                                                            .append = append,
                                                            .last_seen = last_seen,
                                                            .trim = trim,
                                                            .read = read_records,
                                                            .walk = walk_records};

/* -1: there are no tables yet; else the format that they are written in. */
static int read_format(struct postgres_session *session, struct deadline deadline, int *ret_format,
                       bool *ret_has_schema, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(1024);
    cleanup(result) PGresult *found = NULL;
    cleanup(result) PGresult *format = NULL;
    *ret_format = -1;
    strbuf_add_string(&sql, "SELECT count(c.oid), count(n.oid) FROM pg_catalog.pg_namespace n LEFT JOIN"
                            " pg_catalog.pg_class c ON n.oid=c.relnamespace AND c.relname='chain'"
                            " WHERE n.nspname='migrationd_history'");
    if (query(session, &sql, deadline, &found, reterr) < 0)
        return -1;
    *ret_has_schema = number_at(found, 0, 1) > 0;
    if (number_at(found, 0, 0) == 0)
        return 0;
    strbuf_clear(&sql);
    strbuf_add_string(&sql, "SELECT format FROM migrationd_history.chain WHERE id=1");
    if (query(session, &sql, deadline, &format, reterr) < 0)
        return -1;
    *ret_format = PQntuples(format) == 1 ? (int)number_at(format, 0, 0) : HISTORY_FORMAT;
    return 0;
}

/* A schema that an administrator made is enough: making one is a right over the whole database. */
static int make_tables(struct postgres_session *session, bool has_schema, struct deadline deadline,
                       struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(8192);
    add_begin(&sql, deadline);
    strbuf_add_string(&sql, has_schema ? "" : "CREATE SCHEMA IF NOT EXISTS migrationd_history;");
    strbuf_add_string(&sql, tables_sql);
    return end(session, query(session, &sql, deadline, NULL, reterr), deadline);
}

static int set_up(struct postgres_session *session, bool read_only, struct deadline deadline, struct error *reterr)
{
    const char *encoding = PQparameterStatus(session->conn, "server_encoding");
    int format = 0;
    bool has_schema = false;
    if (encoding && strcmp(encoding, "UTF8") != 0 && !session->raw_bytes)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s: a history needs a database with the encoding UTF8, not %s",
                         session->where, encoding);
    if (read_format(session, deadline, &format, &has_schema, reterr) < 0)
        return -1;
    if (format > HISTORY_FORMAT)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s: the history was written by a newer migrationd",
                         session->where);
    if (format >= 0)
        return 0;
    if (read_only)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s holds no history of migrationd", session->where);
    return make_tables(session, has_schema, deadline, reterr);
}

int history_postgres_open(const struct engine_target *target, bool read_only, struct deadline deadline,
                          struct history_store **ret_store, struct error *reterr)
{
    struct postgres_store *store = mem_calloc(1, sizeof *store);
    if (!store)
        return error_no_memory(reterr);
    store->base.ops = &postgres_store_ops;
    cleanup(history_store) struct history_store *base = &store->base;
    if (postgres_session_open(target, deadline, &store->session, reterr) < 0 ||
        set_up(store->session, read_only, deadline, reterr) < 0)
        return -1;
    *ret_store = take(base);
    return 0;
}
