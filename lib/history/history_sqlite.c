/* SPDX-License-Identifier: Apache-2.0
 *
 * A history in a SQLite file. WAL, so that a batch costs one write and one fsync; synchronous=EXTRA, so that what was
 * committed survives a loss of power; incremental vacuum, so that retention gives space back. Every transaction that
 * writes begins with the write lock and reads the chain's head inside, so that several processes may share the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "history/history_store.h"

enum {
    APPLICATION_ID = 0x6d696768, /* "migh" */
    PROGRESS_STEPS = 4000,       /* of SQLite's machine, between two looks at the clock */
    LOCK_RETRY_US = 2000,
    WAL_BYTES = 4 * 1024 * 1024, /* what is left of the -wal file after it was written back */
    VACUUM_PAGES = 256,          /* given back by one step of retention */
};

static const char schema_sql[] =
    "CREATE TABLE record (sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT NOT NULL, source TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL);"
    "CREATE INDEX record_subject ON record (subject, kind, sequence);"
    "CREATE TABLE dropped_state (subject TEXT PRIMARY KEY, sequence INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " kind TEXT NOT NULL, source TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL);"
    "CREATE TABLE chain (id INTEGER PRIMARY KEY CHECK (id = 1), anchor_sequence INTEGER NOT NULL,"
    " anchor_hash TEXT NOT NULL, head_sequence INTEGER NOT NULL, head_hash TEXT NOT NULL,"
    " seen_ms INTEGER NOT NULL);"
    "INSERT INTO chain VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000',"
    " 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);";

enum statement { READ_CHAIN, MOVE_HEAD, ADD_RECORD, STATEMENTS };

static const char *const statement_sql[STATEMENTS] = {
    [READ_CHAIN] = "SELECT anchor_sequence, anchor_hash, head_sequence, head_hash, seen_ms FROM chain WHERE id = 1",
    [MOVE_HEAD] = "UPDATE chain SET head_sequence = ?1, head_hash = ?2, seen_ms = max(seen_ms, ?3) WHERE id = 1",
    [ADD_RECORD] = ("INSERT INTO record (sequence, at_ms, kind, subject, source, body, hash)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
};

struct sqlite_store {
    struct history_store base; /* first: callers hold a pointer to it */
    char *path;
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    struct deadline deadline;
    bool quiet;       /* opened as a file that nobody writes, which leaves nothing beside it */
    struct stat seen; /* then: as it was */
};

static void finalize(sqlite3_stmt *statement)
{
    sqlite3_finalize(statement);
}

DEFINE_CLEANUP(sqlite3_stmt, sqlite3_stmt *, finalize);

static struct sqlite_store *store_of(struct history_store *store)
{
    return (struct sqlite_store *)store;
}

static void close_store(struct history_store *base)
{
    struct sqlite_store *store = store_of(base);
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close_v2(store->database);
    mem_free(store->path);
    mem_free(store);
}

static enum error_code code_of(int result)
{
    if (result == SQLITE_READONLY_DBMOVED)
        return ERROR_CHANGED;
    switch (result & 0xff) {
    case SQLITE_NOMEM:
        return ERROR_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
        return ERROR_TIMEOUT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERROR_INVALID;
    default:
        return ERROR_IO;
    }
}

/* Turns SQLite's result into an error that names the file; returns -1. */
static int fail(const struct sqlite_store *store, int result, struct error *reterr)
{
    enum error_code code = code_of(result);
    if (code == ERROR_NO_MEMORY)
        return error_no_memory(reterr);
    if (code == ERROR_TIMEOUT)
        return error_set(reterr, code, "%s: %s", store->path,
                         (result & 0xff) == SQLITE_INTERRUPT ? "the deadline passed"
                                                             : "another process keeps it locked");
    const char *said = store->database ? sqlite3_errmsg(store->database) : sqlite3_errstr(result);
    int native = store->database ? sqlite3_system_errno(store->database) : 0;
    bool tells = code == ERROR_IO && native != 0 && (result & 0xff) != SQLITE_READONLY;
    return error_set(reterr, code, "%s: %s%s%s%s", store->path, said, tells ? " (" : "", tells ? strerror(native) : "",
                     tells ? ")" : "");
}

static int has_time_passed(void *payload)
{
    return deadline_passed(((const struct sqlite_store *)payload)->deadline);
}

static int wait_for_lock(void *payload, int tries)
{
    (void)tries;
    if (has_time_passed(payload))
        return 0;
    usleep(LOCK_RETRY_US);
    return 1;
}

static int execute(struct sqlite_store *store, const char *sql, struct error *reterr)
{
    int result = sqlite3_exec(store->database, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : fail(store, result, reterr);
}

static int prepare(struct sqlite_store *store, const char *sql, sqlite3_stmt **ret_statement, struct error *reterr)
{
    int result = sqlite3_prepare_v3(store->database, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL);
    return result == SQLITE_OK ? 0 : fail(store, result, reterr);
}

/* 1: a row; 0: the end; -1: an error. */
static int step(struct sqlite_store *store, sqlite3_stmt *statement, struct error *reterr)
{
    int result = sqlite3_step(statement);
    return result == SQLITE_ROW ? 1 : result == SQLITE_DONE ? 0 : fail(store, result, reterr);
}

/* Runs one of the statements that are kept, which takes no rows. */
static int run(struct sqlite_store *store, enum statement which, struct error *reterr)
{
    int outcome = step(store, store->statements[which], reterr);
    sqlite3_reset(store->statements[which]);
    return outcome < 0 ? -1 : 0;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

/* A file of ours without its row was tampered with, or is half of a copy. */
static int read_chain(struct sqlite_store *store, struct history_chain *ret_chain, struct error *reterr)
{
    sqlite3_stmt *statement = store->statements[READ_CHAIN];
    int outcome = step(store, statement, reterr);
    if (outcome > 0) {
        ret_chain->anchor.sequence = sqlite3_column_int64(statement, 0);
        history_copy_hash(ret_chain->anchor.hash, text_at(statement, 1));
        ret_chain->head.sequence = sqlite3_column_int64(statement, 2);
        history_copy_hash(ret_chain->head.hash, text_at(statement, 3));
        ret_chain->seen_ms = sqlite3_column_int64(statement, 4);
    }
    sqlite3_reset(statement);
    if (outcome == 0)
        return error_set(reterr, ERROR_INVALID, "%s: the chain's own row is missing", store->path);
    return outcome < 0 ? -1 : 0;
}

static bool has_wal(const struct sqlite_store *store)
{
    char path[4096] = "";
    snprintf(path, sizeof path, "%s-wal", store->path);
    return access(path, F_OK) == 0;
}

/* What was read of a quiet file is true only if it was quiet to the end. */
static int check_quiet(const struct sqlite_store *store, struct error *reterr)
{
    struct stat now = {0};
    if (!store->quiet)
        return 0;
    if (stat(store->path, &now) == 0 && now.st_ino == store->seen.st_ino && now.st_size == store->seen.st_size &&
        now.st_mtim.tv_sec == store->seen.st_mtim.tv_sec && now.st_mtim.tv_nsec == store->seen.st_mtim.tv_nsec &&
        !has_wal(store))
        return 0;
    return error_set(reterr, ERROR_CHANGED, "%s was written meanwhile", store->path);
}

/* Whether the file still is what its path names: what is written to a deleted one is lost. */
static int check_place(struct sqlite_store *store, struct error *reterr)
{
    int moved = 0;
    if (sqlite3_file_control(store->database, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && !moved)
        return 0;
    return error_set(reterr, ERROR_CHANGED, "%s was removed or replaced", store->path);
}

static int begin(struct sqlite_store *store, struct deadline deadline, const char *sql, struct error *reterr)
{
    store->deadline = deadline;
    return execute(store, sql, reterr);
}

/* Ends the transaction and passes on how it went. */
static int end(struct sqlite_store *store, int outcome, struct error *reterr)
{
    if (outcome == 0)
        outcome = execute(store, "COMMIT", reterr);
    if (outcome < 0 && !sqlite3_get_autocommit(store->database))
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    return outcome;
}

static int bind(struct sqlite_store *store, sqlite3_stmt *statement, int number, const char *text, struct error *reterr)
{
    int result = sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC);
    return result == SQLITE_OK ? 0 : fail(store, result, reterr);
}

static int bind_integer(struct sqlite_store *store, sqlite3_stmt *statement, int number, int64_t value,
                        struct error *reterr)
{
    int result = sqlite3_bind_int64(statement, number, value);
    return result == SQLITE_OK ? 0 : fail(store, result, reterr);
}

static int add_record(struct sqlite_store *store, const struct history_record *record, struct error *reterr)
{
    sqlite3_stmt *statement = store->statements[ADD_RECORD];
    if (bind_integer(store, statement, 1, record->sequence, reterr) < 0 ||
        bind_integer(store, statement, 2, record->at_ms, reterr) < 0 ||
        bind(store, statement, 3, history_kind_name(record->kind), reterr) < 0 ||
        bind(store, statement, 4, record->subject, reterr) < 0 ||
        bind(store, statement, 5, record->source, reterr) < 0 || bind(store, statement, 6, record->body, reterr) < 0 ||
        bind(store, statement, 7, record->hash, reterr) < 0)
        return -1;
    return run(store, ADD_RECORD, reterr);
}

static int add_all(struct sqlite_store *store, struct history_record *records, size_t count, int64_t now_ms,
                   struct error *reterr)
{
    struct history_chain chain = {0};
    if (check_place(store, reterr) < 0 || read_chain(store, &chain, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        history_link_record(&records[i], &chain.head);
        if (add_record(store, &records[i], reterr) < 0)
            return -1;
    }
    sqlite3_stmt *statement = store->statements[MOVE_HEAD];
    if (bind_integer(store, statement, 1, chain.head.sequence, reterr) < 0 ||
        bind(store, statement, 2, chain.head.hash, reterr) < 0 || bind_integer(store, statement, 3, now_ms, reterr) < 0)
        return -1;
    return run(store, MOVE_HEAD, reterr);
}

/* A failed commit is rolled back, and a file that has gone meanwhile has taken the records with it: there is never a
 * doubt about what was kept. */
static int append(struct history_store *base, struct history_record *records, size_t count, int64_t now_ms,
                  struct deadline deadline, struct error *reterr)
{
    struct sqlite_store *store = store_of(base);
    int outcome = begin(store, deadline, "BEGIN IMMEDIATE", reterr);
    if (outcome == 0)
        outcome = end(store, add_all(store, records, count, now_ms, reterr), reterr);
    if (outcome == 0)
        outcome = check_place(store, reterr);
    for (size_t i = 0; outcome < 0 && i < count; i++)
        records[i].sequence = 0;
    return outcome;
}

static int last_seen(struct history_store *base, struct deadline deadline, int64_t *ret_at_ms, struct error *reterr)
{
    struct sqlite_store *store = store_of(base);
    struct history_chain chain = {0};
    store->deadline = deadline;
    if (read_chain(store, &chain, reterr) < 0)
        return -1;
    *ret_at_ms = chain.seen_ms;
    return 0;
}

/* The last of the oldest records that may go, as the chain's new anchor; its sequence is 0 when none may. */
static int find_cut(struct sqlite_store *store, const struct history_retention *retention, int64_t now_ms,
                    const struct history_chain *chain, struct history_link *ret_cut, bool *ret_more,
                    struct error *reterr)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    size_t count = 0;
    int outcome = 0;
    if (prepare(store, "SELECT sequence, at_ms, hash FROM record ORDER BY sequence LIMIT ?1", &statement, reterr) < 0 ||
        bind_integer(store, statement, 1, HISTORY_TRIM_ROWS, reterr) < 0)
        return -1;
    while ((outcome = step(store, statement, reterr)) > 0) {
        int64_t sequence = sqlite3_column_int64(statement, 0);
        if (!history_may_drop(retention, chain, now_ms, sequence, sqlite3_column_int64(statement, 1)))
            break;
        ret_cut->sequence = sequence;
        history_copy_hash(ret_cut->hash, text_at(statement, 2));
        count++;
    }
    *ret_more = count == HISTORY_TRIM_ROWS;
    return outcome < 0 ? -1 : 0;
}

static int run_with_cut(struct sqlite_store *store, const char *sql, const struct history_link *cut,
                        struct error *reterr)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    if (prepare(store, sql, &statement, reterr) < 0 || bind_integer(store, statement, 1, cut->sequence, reterr) < 0 ||
        (sqlite3_bind_parameter_count(statement) > 1 && bind(store, statement, 2, cut->hash, reterr) < 0))
        return -1;
    return step(store, statement, reterr) < 0 ? -1 : 0;
}

static int drop_old(struct sqlite_store *store, const struct history_retention *retention, int64_t now_ms,
                    bool *ret_more, struct error *reterr)
{
    static const char *const statements[] = {
        "INSERT INTO dropped_state (subject, sequence, at_ms, kind, source, body, hash)"
        " SELECT subject, sequence, at_ms, kind, source, body, hash FROM record WHERE sequence IN"
        " (SELECT max(sequence) FROM record WHERE sequence <= ?1 AND kind = 'state' GROUP BY subject)"
        " ON CONFLICT (subject) DO UPDATE SET sequence = excluded.sequence, at_ms = excluded.at_ms,"
        " source = excluded.source, body = excluded.body, hash = excluded.hash",
        "DELETE FROM record WHERE sequence <= ?1",
        "UPDATE chain SET anchor_sequence = ?1, anchor_hash = ?2 WHERE id = 1",
    };
    struct history_chain chain = {0};
    struct history_link cut = {0};
    if (check_place(store, reterr) < 0 || read_chain(store, &chain, reterr) < 0 ||
        find_cut(store, retention, now_ms, &chain, &cut, ret_more, reterr) < 0)
        return -1;
    for (size_t i = 0; cut.sequence > 0 && i < ARRAY_LENGTH(statements); i++) {
        if (run_with_cut(store, statements[i], &cut, reterr) < 0)
            return -1;
    }
    return 0;
}

static int trim(struct history_store *base, const struct history_retention *retention, int64_t now_ms,
                struct deadline deadline, bool *ret_more, struct error *reterr)
{
    struct sqlite_store *store = store_of(base);
    char vacuum[64] = "";
    snprintf(vacuum, sizeof vacuum, "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
    if (begin(store, deadline, "BEGIN IMMEDIATE", reterr) < 0 ||
        end(store, drop_old(store, retention, now_ms, ret_more, reterr), reterr) < 0)
        return -1;
    return execute(store, vacuum, reterr);
}

/* The columns of every query that records are taken from, in this order. */
#define COLUMNS "sequence, at_ms, kind, subject, source, body, hash"

static struct history_record record_at(sqlite3_stmt *statement)
{
    struct history_record record = {.sequence = sqlite3_column_int64(statement, 0),
                                    .at_ms = sqlite3_column_int64(statement, 1),
                                    .kind = history_kind_from_name(text_at(statement, 2)),
                                    .subject = text_at(statement, 3),
                                    .source = text_at(statement, 4),
                                    .body = text_at(statement, 5)};
    history_copy_hash(record.hash, text_at(statement, 6));
    return record;
}

static int take_rows(struct sqlite_store *store, sqlite3_stmt *statement, history_taker *taker, void *payload,
                     struct error *reterr)
{
    int outcome = 0;
    while ((outcome = step(store, statement, reterr)) > 0) {
        struct history_record record = record_at(statement);
        if (!taker(payload, &record))
            return 0;
    }
    return outcome;
}

/* Of what was dropped only the newest state of each database is left, which is older than all that stands in
 * `record`. */
static void add_conditions(const struct history_query *query, struct strbuf *sql)
{
    if (query->kinds) {
        const char *separator = " AND kind IN (";
        for (unsigned kind = 0; kind < HISTORY_KINDS; kind++) {
            if (!(query->kinds & 1u << kind))
                continue;
            strbuf_printf(sql, "%s'%s'", separator, history_kind_name((enum history_kind)kind));
            separator = ", ";
        }
        strbuf_add_char(sql, ')');
    }
    strbuf_add_string(sql, query->subject ? " AND subject = ?1" : "");
    strbuf_add_string(sql, query->before_sequence ? " AND sequence < ?2" : "");
    strbuf_add_string(sql, query->until_ms ? " AND at_ms <= ?3" : "");
    strbuf_add_string(sql, " ORDER BY sequence DESC LIMIT ?4");
}

struct bounded_taker {
    history_taker *taker;
    void *payload;
    size_t left;
    bool ended;
};

static bool take_bounded(void *payload, const struct history_record *record)
{
    struct bounded_taker *bounded = payload;
    bounded->left--;
    bounded->ended = !bounded->taker(bounded->payload, record) || bounded->left == 0;
    return !bounded->ended;
}

static int read_table(struct sqlite_store *store, const char *table, const struct history_query *query,
                      struct bounded_taker *bounded, struct error *reterr)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    cleanup(strbuf) struct strbuf sql = STRBUF(1024);
    strbuf_printf(&sql, "SELECT " COLUMNS " FROM %s WHERE true", table);
    add_conditions(query, &sql);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    if (prepare(store, strbuf_text(&sql), &statement, reterr) < 0 ||
        (query->subject && bind(store, statement, 1, query->subject, reterr) < 0) ||
        (query->before_sequence && bind_integer(store, statement, 2, query->before_sequence, reterr) < 0) ||
        (query->until_ms && bind_integer(store, statement, 3, query->until_ms, reterr) < 0) ||
        bind_integer(store, statement, 4, (int64_t)bounded->left, reterr) < 0)
        return -1;
    return take_rows(store, statement, take_bounded, bounded, reterr);
}

static int read_records(struct history_store *base, const struct history_query *query, struct deadline deadline,
                        history_taker *taker, void *payload, struct error *reterr)
{
    struct sqlite_store *store = store_of(base);
    struct bounded_taker bounded = {.taker = taker, .payload = payload, .left = query->limit};
    if (begin(store, deadline, "BEGIN", reterr) < 0)
        return -1;
    int outcome = read_table(store, "record", query, &bounded, reterr);
    if (outcome == 0 && !bounded.ended)
        outcome = read_table(store, "dropped_state", query, &bounded, reterr);
    outcome = end(store, outcome, reterr);
    return outcome == 0 ? check_quiet(store, reterr) : outcome;
}

static int walk_all(struct sqlite_store *store, const struct history_walk *walk, struct error *reterr)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    struct history_chain chain = {0};
    if (read_chain(store, &chain, reterr) < 0 ||
        prepare(store, "SELECT " COLUMNS " FROM record ORDER BY sequence", &statement, reterr) < 0)
        return -1;
    walk->begin(walk->payload, &chain);
    return take_rows(store, statement, walk->taker, walk->payload, reterr);
}

static int walk_records(struct history_store *base, struct deadline deadline, const struct history_walk *walk,
                        struct error *reterr)
{
    struct sqlite_store *store = store_of(base);
    if (begin(store, deadline, "BEGIN", reterr) < 0)
        return -1;
    int outcome = end(store, walk_all(store, walk, reterr), reterr);
    return check_quiet(store, outcome < 0 ? NULL : reterr) < 0 ? -1 : outcome;
}

static const struct history_store_ops sqlite_ops = {.close = close_store,
                                                    .append = append,
                                                    .last_seen = last_seen,
                                                    .trim = trim,
                                                    .read = read_records,
                                                    .walk = walk_records};

static int read_number(struct sqlite_store *store, const char *sql, int64_t *ret_number, struct error *reterr)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    *ret_number = 0;
    if (prepare(store, sql, &statement, reterr) < 0)
        return -1;
    int outcome = step(store, statement, reterr);
    if (outcome > 0)
        *ret_number = sqlite3_column_int64(statement, 0);
    return outcome < 0 ? -1 : 0;
}

/* What stands in the file: nothing yet, ours, or something that is left alone. */
static int check_format(struct sqlite_store *store, bool *ret_empty, struct error *reterr)
{
    int64_t tables = 0;
    int64_t application = 0;
    int64_t format = 0;
    if (read_number(store, "SELECT count(*) FROM sqlite_schema", &tables, reterr) < 0 ||
        read_number(store, "PRAGMA application_id", &application, reterr) < 0 ||
        read_number(store, "PRAGMA user_version", &format, reterr) < 0)
        return -1;
    *ret_empty = tables == 0 && application == 0;
    if (!*ret_empty && application != APPLICATION_ID)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s is a SQLite database, but no history of migrationd",
                         store->path);
    if (format > HISTORY_FORMAT)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s was written by a newer migrationd", store->path);
    return 0;
}

static int make_tables(struct sqlite_store *store, struct error *reterr)
{
    bool empty = false;
    char marks[128] = "";
    snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
             HISTORY_FORMAT);
    if (execute(store, "BEGIN IMMEDIATE", reterr) < 0)
        return -1;
    int outcome = check_format(store, &empty, reterr);
    if (outcome == 0 && empty) {
        outcome = execute(store, schema_sql, reterr);
        outcome = outcome == 0 ? execute(store, marks, reterr) : outcome;
    }
    return end(store, outcome, reterr);
}

/* Another process may be making the same file: whoever comes second finds the tables inside the lock. */
static int set_up(struct sqlite_store *store, bool read_only, struct error *reterr)
{
    static const char writing[] = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
                                  "PRAGMA synchronous = EXTRA";
    bool empty = false;
    char limit[64] = "";
    snprintf(limit, sizeof limit, "PRAGMA journal_size_limit = %d", WAL_BYTES);
    if (check_format(store, &empty, reterr) < 0)
        return -1;
    if (read_only && empty)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s is empty: no history of migrationd", store->path);
    if (!read_only &&
        (execute(store, writing, reterr) < 0 || execute(store, limit, reterr) < 0 || make_tables(store, reterr) < 0))
        return -1;
    for (size_t i = 0; i < STATEMENTS; i++) {
        if (prepare(store, statement_sql[i], &store->statements[i], reterr) < 0)
            return -1;
    }
    return 0;
}

/* As a URI, in which a path's own characters do not count. */
static void add_name(const struct sqlite_store *store, struct strbuf *name)
{
    strbuf_add_string(name, *store->path == '/' ? "file://" : "file:");
    for (const char *byte = store->path; *byte; byte++) {
        if (strchr("%?#", *byte))
            strbuf_printf(name, "%%%02X", (unsigned char)*byte);
        else
            strbuf_add_char(name, *byte);
    }
    strbuf_add_string(name, store->quiet ? "?immutable=1" : "");
}

static int open_handle(struct sqlite_store *store, bool read_only, struct error *reterr)
{
    cleanup(strbuf) struct strbuf name = STRBUF(16384);
    int flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    store->quiet = read_only && !has_wal(store) && stat(store->path, &store->seen) == 0;
    add_name(store, &name);
    if (!strbuf_ok(&name))
        return error_no_memory(reterr);
    int result = sqlite3_open_v2(strbuf_text(&name), &store->database, flags | SQLITE_OPEN_URI, NULL);
    if (result != SQLITE_OK)
        return fail(store, result, reterr);
    sqlite3_busy_handler(store->database, wait_for_lock, store);
    sqlite3_progress_handler(store->database, PROGRESS_STEPS, has_time_passed, store);
    return set_up(store, read_only, reterr);
}

/* What is told of databases is nobody's but the operator's. `*ret_made`: there was no such file. */
static int make_file(const char *path, bool *ret_made, struct error *reterr)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP);
    *ret_made = file >= 0;
    if (file < 0 && errno != EEXIST)
        return error_set(reterr, ERROR_IO, "%s cannot be made: %s", path, strerror(errno));
    if (file >= 0)
        close(file);
    return 0;
}

int history_sqlite_open(const char *path, bool read_only, struct deadline deadline, struct history_store **ret_store,
                        struct error *reterr)
{
    bool made = false;
    cleanup(history_store) struct history_store *base = NULL;
    struct sqlite_store *store = mem_calloc(1, sizeof *store);
    if (!store)
        return error_no_memory(reterr);
    base = &store->base;
    store->base.ops = &sqlite_ops;
    store->deadline = deadline;
    store->path = mem_strdup(path);
    if (!store->path)
        return error_no_memory(reterr);
    if (!read_only && make_file(path, &made, reterr) < 0)
        return -1;
    if (open_handle(store, read_only, reterr) < 0) {
        struct stat found = {0};
        if (made && stat(path, &found) == 0 && found.st_size == 0)
            unlink(path);
        return -1;
    }
    *ret_store = take(base);
    return 0;
}
