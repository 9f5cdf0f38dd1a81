/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers a question that somebody else wrote: in a reading transaction on a handle that cannot write, under an
 * authorizer that knows what a question may do. Rows are kept until the transaction ended well, since a database in WAL
 * mode may change while it is read; then it is asked again. SQLite works in this process: its memory is watched.
 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/sql_query.h"
#include "engine/answer/query_row.h"
#include "engine/sqlite/sqlite_connection.h"

/* How often a question is asked of a database that changes meanwhile. */
enum { ATTEMPTS = 3 };

/* What all rows of an answer take at most here. */
enum { ANSWER_BYTES = 64 * 1024 * 1024 };

/* How much more memory SQLite takes before a question is ended, and how many instructions of its machine that is looked
 * at: temporary tables stand in memory, and one instruction may add a row of LIMIT_ANSWER_ROW to one. */
enum { MEMORY_BYTES = 256 * 1024 * 1024, PROGRESS_STEPS = 100 };

/* Longest pattern of LIKE and GLOB: one instruction compares it with a whole text, while no clock is looked at. */
enum { PATTERN_BYTES = 1000 };

/* Pragmas that only tell, most of them as tables: pragma_foreign_key_list('orders'). */
static const char *const pragmas[] = {
    "foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo",
    "integrity_check",   "quick_check",      "table_info", "table_list", "table_xinfo",
};

/* Likewise, as long as no value is given. */
static const char *const settings[] = {
    "application_id", "collation_list", "compile_options", "data_version", "database_list",
    "encoding",       "freelist_count", "function_list",   "module_list",  "page_count",
    "page_size",      "pragma_list",    "schema_version",  "user_version",
};

/* Functions that reach out of the file, where a build has them. */
static const char *const functions[] = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"};

/* One question under way. */
struct question {
    struct sqlite_connection *connection;
    const struct query_request *request;
    const struct query_sink *sink;
    struct arena *arena;
    struct query_column *columns;
    size_t column_count;
    struct kept_row *rows; /* newest first */
    size_t row_count;
    size_t length; /* of the text */
    sqlite3_int64 memory_limit;
    const char *denied; /* what it may not do */
    bool bloated;
    bool more;
};

struct kept_row {
    struct kept_row *next;
    const char **cells;
    size_t *lengths;
};

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; word && i < count; i++)
        if (strcasecmp(word, words[i]) == 0)
            return true;
    return false;
}

static int deny(struct question *question, const char *what)
{
    question->denied = what;
    return SQLITE_DENY;
}

/* Writes are left to the handle, which cannot: extensions prepare theirs when they are first read. */
static int authorize(void *payload, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    (void)database, (void)trigger;
    switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        return deny(payload, "opens or closes another file");
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return deny(payload, "begins or ends a transaction");
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_ANALYZE:
    case SQLITE_REINDEX:
        return deny(payload, "writes");
    case SQLITE_PRAGMA:
        if (is_one_of(first, pragmas, ARRAY_LENGTH(pragmas)) ||
            (!second && is_one_of(first, settings, ARRAY_LENGTH(settings))))
            return SQLITE_OK;
        return deny(payload, "asks for a pragma that may act");
    case SQLITE_FUNCTION:
        return is_one_of(second, functions, ARRAY_LENGTH(functions)) ? deny(payload, "reaches out of the file")
                                                                     : SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

static int watch(void *payload)
{
    struct question *question = payload;
    question->bloated = sqlite3_memory_used() > question->memory_limit;
    return question->bloated || deadline_passed(question->connection->deadline);
}

static int fail(const struct question *question, int result, struct error *reterr)
{
    const char *path = question->connection->path;
    if (question->bloated)
        return error_set(reterr, ERROR_TRUNCATED, "%s: the query takes more than %d MiB of memory", path,
                         MEMORY_BYTES / (1024 * 1024));
    if (question->denied)
        return error_set(reterr, ERROR_INVALID, "%s: the query %s: %s", path, question->denied,
                         sqlite3_errmsg(question->connection->database));
    return sqlite_connection_fail(question->connection, result, "the query", reterr);
}

static int prepare(struct question *question, sqlite3_stmt **ret_statement, struct error *reterr)
{
    struct sqlite_connection *connection = question->connection;
    const char *end = question->request->sql + question->length;
    const char *tail = NULL;
    int result = sqlite3_prepare_v3(connection->database, question->request->sql, (int)question->length, 0,
                                    ret_statement, &tail);
    if (result != SQLITE_OK)
        return fail(question, result, reterr);
    if (!*ret_statement)
        return error_set(reterr, ERROR_INVALID, "%s: there is no statement", connection->path);
    if (!sqlite3_stmt_readonly(*ret_statement))
        return error_set(reterr, ERROR_INVALID, "%s: the statement would write", connection->path);
    if (sqlite3_column_count(*ret_statement) == 0)
        return error_set(reterr, ERROR_INVALID, "%s: the statement has no rows", connection->path);
    if (tail && tail < end && tail + strspn(tail, " \t\r\n\f;") < end)
        return error_set(reterr, ERROR_INVALID, "%s: there is a second statement", connection->path);
    return 0;
}

static bool is_key(const struct question *question, sqlite3_stmt *statement, int column)
{
#if SQLITE_HAS_COLUMN_METADATA
    const char *table = sqlite3_column_table_name(statement, column);
    const char *origin = sqlite3_column_origin_name(statement, column);
    int key = 0;
    if (!table || !origin)
        return false;
    return sqlite3_table_column_metadata(question->connection->database,
                                         sqlite3_column_database_name(statement, column), table, origin, NULL, NULL,
                                         NULL, &key, NULL) == SQLITE_OK &&
           key != 0;
#else
    (void)question, (void)statement, (void)column;
    return false;
#endif
}

static int keep_columns(struct question *question, sqlite3_stmt *statement, struct error *reterr)
{
    question->column_count = (size_t)sqlite3_column_count(statement);
    question->columns = arena_array(question->arena, question->column_count, sizeof *question->columns);
    if (!question->columns)
        return error_no_memory(reterr);
    for (size_t i = 0; i < question->column_count; i++) {
        const char *name = sqlite3_column_name(statement, (int)i);
        question->columns[i].name = name ? arena_strdup(question->arena, name) : NULL;
        if (!question->columns[i].name)
            return error_no_memory(reterr);
        question->columns[i].is_key = is_key(question, statement, (int)i);
    }
    return 0;
}

static int keep_row(struct question *question, const struct query_row *row, struct error *reterr)
{
    struct kept_row *kept = arena_alloc(question->arena, sizeof *kept);
    size_t count = question->column_count;
    if (!kept || !(kept->cells = arena_array(question->arena, count, sizeof *kept->cells)) ||
        !(kept->lengths = arena_array(question->arena, count, sizeof *kept->lengths)))
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++) {
        kept->lengths[i] = row->lengths[i];
        if (row->cells[i] && !(kept->cells[i] = arena_strndup(question->arena, row->cells[i], row->lengths[i])))
            return error_no_memory(reterr);
    }
    kept->next = question->rows;
    question->rows = kept;
    question->row_count++;
    return 0;
}

static int fill_row(struct question *question, sqlite3_stmt *statement, struct query_row *row, struct error *reterr)
{
    for (size_t i = 0; i < question->column_count; i++) {
        bool blob = sqlite3_column_type(statement, (int)i) == SQLITE_BLOB;
        bool null = sqlite3_column_type(statement, (int)i) == SQLITE_NULL;
        const char *bytes = null   ? NULL
                            : blob ? sqlite3_column_blob(statement, (int)i)
                                   : (const char *)sqlite3_column_text(statement, (int)i);
        if (!null && !bytes && sqlite3_errcode(question->connection->database) == SQLITE_NOMEM)
            return error_no_memory(reterr);
        size_t length = null ? 0 : (size_t)sqlite3_column_bytes(statement, (int)i);
        query_row_set(row, i, null || bytes ? bytes : "", length);
    }
    return keep_row(question, row, reterr);
}

static int keep_rows(struct question *question, sqlite3_stmt *statement, struct error *reterr)
{
    cleanup(query_row) struct query_row row = {0};
    if (query_row_init(&row, question->column_count, question->request->cell_bytes, reterr) < 0)
        return -1;
    for (;;) {
        int result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            return result == SQLITE_DONE ? 0 : fail(question, result, reterr);
        if (question->row_count == question->request->row_limit) {
            question->more = true;
            return 0;
        }
        if (fill_row(question, statement, &row, reterr) < 0)
            return -1;
    }
}

static int read_answer(struct question *question, struct error *reterr)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    if (prepare(question, &statement, reterr) < 0 || keep_columns(question, statement, reterr) < 0)
        return -1;
    return keep_rows(question, statement, reterr);
}

/* One attempt: a transaction of its own. */
static int attempt(struct question *question, struct deadline deadline, struct error *reterr)
{
    struct engine_connection *base = &question->connection->base;
    int status = sqlite_begin_look(base, deadline, reterr);
    if (status == 0) {
        sqlite3 *database = question->connection->database;
        question->memory_limit = sqlite3_memory_used() + MEMORY_BYTES;
        sqlite3_limit(database, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES);
        sqlite3_set_authorizer(database, authorize, question);
        sqlite3_progress_handler(database, PROGRESS_STEPS, watch, question);
        status = read_answer(question, reterr);
        sqlite_connection_watch(question->connection);
        sqlite3_set_authorizer(database, NULL, NULL);
    }
    if (sqlite_end_look(base, deadline, status == 0 ? reterr : NULL) < 0)
        status = -1;
    return status;
}

static int tell(struct question *question, struct error *reterr)
{
    const struct query_sink *sink = question->sink;
    struct kept_row *first = NULL;
    if (sink->columns && sink->columns(sink->payload, question->columns, question->column_count, reterr) != 0)
        return -1;
    while (question->rows) {
        struct kept_row *row = question->rows;
        question->rows = row->next;
        row->next = first;
        first = row;
    }
    for (struct kept_row *row = first; row; row = row->next)
        if (sink->row(sink->payload, row->cells, row->lengths, question->column_count, reterr) != 0)
            return -1;
    return 0;
}

int sqlite_ask(struct engine_connection *connection, const struct query_request *request, struct deadline deadline,
               const struct query_sink *sink, bool *ret_more, struct error *reterr)
{
    size_t length = strlen(request->sql);
    *ret_more = false;
    if (!request->own && sql_query_check("sqlite", request->sql, &length, reterr) < 0)
        return -1;
    for (unsigned count = 1;; count++) {
        cleanup(arena) struct arena *arena = arena_new(ANSWER_BYTES);
        struct error error = {0};
        struct question question = {.connection = sqlite_connection_of(connection),
                                    .request = request,
                                    .sink = sink,
                                    .arena = arena,
                                    .length = length};
        int status = arena ? attempt(&question, deadline, &error) : error_no_memory(&error);
        if (status == 0) {
            *ret_more = question.more;
            return tell(&question, reterr);
        }
        if (error.code != ERROR_CHANGED || count == ATTEMPTS || deadline_passed(deadline)) {
            if (reterr)
                *reterr = error;
            return -1;
        }
    }
}
