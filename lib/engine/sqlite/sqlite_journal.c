/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding and reading the tables that migration tools write.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "engine/sqlite/sqlite_connection.h"

/* A query over every cell that a tool asks for, or over every name that tools use. */
enum { LIMIT_QUERY_BYTES = 1024 * 1024 };

void sighting_memory_clear(struct sighting_memory *memory)
{
    arena_free(memory->arena);
    *memory = (struct sighting_memory){0};
}

static int build_search(const char *const *names, size_t count, struct strbuf *sql, struct digest *ret_asked,
                        struct error *reterr)
{
    struct strbuf asked = STRBUF(LIMIT_QUERY_BYTES);
    strbuf_add_string(sql, "SELECT name FROM main.sqlite_schema WHERE type IN ('table','view') "
                           "AND name COLLATE NOCASE IN (NULL");
    for (size_t i = 0; i < count; i++) {
        strbuf_printf(sql, ",?%zu", i + 1);
        strbuf_add(&asked, names[i], strlen(names[i]) + 1);
    }
    strbuf_add_string(sql, ")");
    *ret_asked = digest_of(strbuf_text(&asked), asked.length);
    bool ok = strbuf_ok(sql) && strbuf_ok(&asked);
    strbuf_done(&asked);
    return ok ? 0 : error_no_memory(reterr);
}

static int search(struct sqlite_connection *connection, const char *sql, const char *const *names, size_t count,
                  struct sighting_memory *memory, struct error *reterr)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    int row = 0;
    memory->tables = arena_array(memory->arena, count ? 2 * count : 1, sizeof(*memory->tables));
    if (!memory->tables)
        return error_no_memory(reterr);
    if (sqlite_connection_prepare(connection, sql, &statement, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int result = sqlite3_bind_text(statement, (int)i + 1, names[i], -1, SQLITE_STATIC);
        if (result != SQLITE_OK)
            return sqlite_connection_fail(connection, result, "cannot be searched", reterr);
    }
    while ((row = sqlite_connection_step(connection, statement, "cannot be searched", reterr)) == 1) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        char *copy = name ? arena_strdup(memory->arena, name) : NULL;
        if (!copy)
            return error_no_memory(reterr);
        /* A sound schema has each name once; a corrupted one may not. */
        if (memory->count < 2 * count)
            memory->tables[memory->count++] = copy;
    }
    return row;
}

static int remember(struct sqlite_connection *connection, const char *const *names, size_t count, struct error *reterr)
{
    struct strbuf sql = STRBUF(LIMIT_QUERY_BYTES);
    struct sighting_memory memory = {0};
    struct digest asked = {0};
    int result = build_search(names, count, &sql, &asked, reterr);
    if (result == 0 && (!connection->memory.arena || !digest_equal(asked, connection->memory.asked))) {
        memory.asked = asked;
        memory.arena = arena_new(LIMIT_QUERY_BYTES);
        result = memory.arena ? search(connection, strbuf_text(&sql), names, count, &memory, reterr)
                              : error_no_memory(reterr);
        sighting_memory_clear(&connection->memory);
        if (result == 0)
            connection->memory = memory;
        else
            sighting_memory_clear(&memory);
    }
    strbuf_done(&sql);
    return result;
}

int sqlite_find_tables(struct engine_connection *engine_connection, const struct engine_scope *scope,
                       const char *const *names, size_t count, struct deadline deadline,
                       const struct sighting_sink *sink, struct error *reterr)
{
    struct sqlite_connection *connection = sqlite_connection_of(engine_connection);
    (void)scope;
    connection->deadline = deadline;
    sqlite_disk_set_deadline(connection->database, deadline);
    if (remember(connection, names, count, reterr) < 0)
        return -1;
    for (size_t i = 0; i < connection->memory.count; i++) {
        struct table_sighting sighting = {.schema = "", .table = connection->memory.tables[i], .readable = true};
        if (sink->sighting(sink->payload, &sighting, reterr) != 0)
            return -1;
    }
    return 0;
}

static void append_identifier(struct strbuf *sql, const char *name)
{
    strbuf_add_char(sql, '"');
    for (; *name; name++) {
        if (*name == '"')
            strbuf_add_char(sql, '"');
        strbuf_add_char(sql, *name);
    }
    strbuf_add_char(sql, '"');
}

/* What is asked for each form; % stands for the column. Times: numbers are Julian days, seconds or milliseconds by
 * their size (tools use all three), text is what SQLite's date functions understand. */
static const char *const forms[] = {
    [CELL_TEXT] = "%",
    [CELL_BOOLEAN] = "CASE WHEN % IS NULL THEN NULL "
                     "WHEN lower(CAST(% AS TEXT)) IN ('1','t','true','y','yes','on','1.0') THEN '1' ELSE '0' END",
    [CELL_TIME_MS] = "CASE typeof(%) WHEN 'integer' THEN CASE WHEN abs(%) < 100000000000 THEN % * 1000 ELSE % END "
                     "WHEN 'real' THEN CAST(CASE WHEN % BETWEEN 1721059 AND 5373485 "
                     "THEN round((% - 2440587.5) * 86400000) WHEN abs(%) < 1e11 THEN round(% * 1000) ELSE round(%) END "
                     "AS INTEGER) "
                     "ELSE CAST(round((julianday(%) - 2440587.5) * 86400000) AS INTEGER) END",
    [CELL_HEX] = "CASE WHEN % IS NULL THEN NULL ELSE lower(hex(%)) END",
};

static void append_cell(struct strbuf *sql, const struct cell_request *cell)
{
    for (const char *at = forms[cell->form]; *at; at++) {
        if (*at != '%') {
            strbuf_add_char(sql, *at);
            continue;
        }
        strbuf_add_string(sql, "t.");
        append_identifier(sql, cell->column);
    }
}

static int build_query(const struct table_request *request, struct strbuf *sql, struct error *reterr)
{
    strbuf_add_string(sql, "SELECT ");
    for (size_t i = 0; i < request->cell_count; i++) {
        strbuf_add_string(sql, i ? ", " : "");
        append_cell(sql, &request->cells[i]);
    }
    strbuf_add_string(sql, request->cell_count ? " FROM main." : "1 FROM main.");
    append_identifier(sql, request->table);
    strbuf_add_string(sql, " AS t");
    if (request->order_by) {
        strbuf_add_string(sql, " ORDER BY t.");
        append_identifier(sql, request->order_by);
    }
    strbuf_printf(sql, " LIMIT %zu", request->row_limit + 1);
    return strbuf_ok(sql) ? 0 : error_no_memory(reterr);
}

/* The cells of one row, and room for those that have to be cut (SQLite's own text may not be changed). */
struct row {
    const char **cells;
    size_t *lengths;
    char *cut;
    size_t count;
};

static int fill_row(struct sqlite_connection *connection, sqlite3_stmt *statement, struct row *row,
                    struct error *reterr)
{
    for (size_t i = 0; i < row->count; i++) {
        bool null = sqlite3_column_type(statement, (int)i) == SQLITE_NULL;
        const char *text = null ? NULL : (const char *)sqlite3_column_text(statement, (int)i);
        size_t length = null ? 0 : (size_t)sqlite3_column_bytes(statement, (int)i);
        if (!null && !text) {
            if (sqlite3_errcode(connection->database) == SQLITE_NOMEM)
                return error_no_memory(reterr);
            text = ""; /* a blob of no bytes */
        }
        if (length > LIMIT_JOURNAL_CELL) {
            if (!row->cut)
                row->cut = mem_calloc(row->count, LIMIT_JOURNAL_CELL + 1);
            if (!row->cut)
                return error_no_memory(reterr);
            length = LIMIT_JOURNAL_CELL;
            text = memcpy(row->cut + i * (LIMIT_JOURNAL_CELL + 1), text, length);
        }
        row->cells[i] = text;
        row->lengths[i] = length;
    }
    return 0;
}

static int read_rows(struct sqlite_connection *connection, sqlite3_stmt *statement, size_t row_limit, struct row *row,
                     const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    for (size_t rows = 0;; rows++) {
        int result = sqlite_connection_step(connection, statement, "a table cannot be read", reterr);
        if (result <= 0)
            return result;
        if (rows == row_limit) {
            *ret_more = true;
            return 0;
        }
        if (fill_row(connection, statement, row, reterr) < 0 ||
            sink->row(sink->payload, row->cells, row->lengths, row->count, reterr) != 0)
            return -1;
    }
}

int sqlite_read_table(struct engine_connection *engine_connection, const struct table_request *request,
                      struct deadline deadline, const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    struct sqlite_connection *connection = sqlite_connection_of(engine_connection);
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    cleanup(strbuf) struct strbuf sql = STRBUF(LIMIT_QUERY_BYTES);
    *ret_more = false;
    connection->deadline = deadline;
    sqlite_disk_set_deadline(connection->database, deadline);
    if (build_query(request, &sql, reterr) < 0 ||
        sqlite_connection_prepare(connection, strbuf_text(&sql), &statement, reterr) < 0)
        return -1;
    struct row row = {
        .cells = mem_calloc(request->cell_count + 1, sizeof(*row.cells)),
        .lengths = mem_calloc(request->cell_count + 1, sizeof(*row.lengths)),
        .count = request->cell_count,
    };
    int result = row.cells && row.lengths
                     ? read_rows(connection, statement, request->row_limit, &row, sink, ret_more, reterr)
                     : error_no_memory(reterr);
    mem_free(row.cells);
    mem_free(row.lengths);
    mem_free(row.cut);
    return result;
}
