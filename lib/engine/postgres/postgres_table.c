/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the rows of one table: streamed, each cell bounded by the server already.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/postgres/postgres_copy.h"
#include "engine/postgres/postgres_session.h"

enum { QUERY_BYTES = 256 * 1024, UNION_BYTES = 64 * 1024 * 1024 };

/* How a cell's column becomes text: `before` column `after`. Booleans print as 1 and 0 whatever the column's type is,
 * and nothing is wider than a journal's cell may be. */
static const struct {
    const char *before;
    const char *after;
} forms[] = {
    [CELL_TEXT] = {"pg_catalog.left(CASE pg_catalog.pg_typeof(@)WHEN 'pg_catalog.bool'::pg_catalog.regtype THEN "
                   "CASE @::pg_catalog.text WHEN 'true'THEN'1'WHEN'false'THEN'0'END ELSE @::pg_catalog.text END,",
                   ")"},
    [CELL_BOOLEAN] = {"CASE WHEN @ IS NULL THEN NULL WHEN pg_catalog.lower(@::pg_catalog.text)IN"
                      "('f','false','0','n','no','off','')THEN'0'ELSE'1'END",
                      NULL},
    [CELL_TIME_MS] = {"CASE WHEN pg_catalog.isfinite(@)THEN "
                      "pg_catalog.floor(1000*EXTRACT(epoch FROM @))::pg_catalog.int8 END",
                      NULL},
    [CELL_HEX] = {"pg_catalog.left(pg_catalog.encode(@::pg_catalog.bytea,'hex'),", ")"},
};

/* Writes `template` with the quoted column for each '@'. */
static int add_template(struct postgres_session *session, struct strbuf *sql, const char *template, const char *column,
                        struct error *reterr)
{
    for (; *template; template ++) {
        if (*template != '@')
            strbuf_add_char(sql, *template);
        else if (postgres_add_identifier(session, sql, column, reterr) < 0)
            return -1;
    }
    return 0;
}

/* The table's alias and the results' names are ones that no column has: a missing column must be an error, never the
 * whole row or another result. `number` NULL: it is not asked for. */
static int add_select(struct postgres_session *session, struct strbuf *sql, const struct table_request *request,
                      const struct table_place *place, const size_t *number, struct error *reterr)
{
    strbuf_add_string(sql, "SELECT ");
    if (number)
        strbuf_printf(sql, "%zu AS \"migrationd table\",", *number);
    for (size_t i = 0; i < request->cell_count; i++) {
        const struct cell_request *cell = &request->cells[i];
        strbuf_add_string(sql, i > 0 ? "," : "");
        if (add_template(session, sql, forms[cell->form].before, cell->column, reterr) < 0)
            return -1;
        if (forms[cell->form].after)
            strbuf_printf(sql, "%u%s", LIMIT_JOURNAL_CELL, forms[cell->form].after);
        strbuf_printf(sql, " AS \"migrationd cell %zu\"", i);
    }
    strbuf_add_string(sql, " FROM ");
    if (postgres_add_identifier(session, sql, place->schema, reterr) < 0)
        return -1;
    strbuf_add_char(sql, '.');
    if (postgres_add_identifier(session, sql, place->table, reterr) < 0)
        return -1;
    strbuf_add_string(sql, " AS \"migrationd row\"");
    if (request->order_by) {
        strbuf_add_string(sql, " ORDER BY ");
        if (postgres_add_identifier(session, sql, request->order_by, reterr) < 0)
            return -1;
    }
    strbuf_printf(sql, " LIMIT %zu", request->row_limit + 1);
    return strbuf_ok(sql) ? 0 : error_no_memory(reterr);
}

/* Parsers descend once per UNION: in blocks, a thousand tables are some sixty levels deep instead of a thousand. */
enum { UNION_BLOCK = 32 };

static int add_union(struct postgres_session *session, struct strbuf *sql, const struct table_request *request,
                     const struct table_place *places, size_t count, struct error *reterr)
{
    for (size_t i = 0; i < count; i++) {
        bool first = i % UNION_BLOCK == 0;
        strbuf_add_string(sql, i == 0 ? "((" : first ? ")UNION ALL((" : "UNION ALL(");
        if (add_select(session, sql, request, &places[i], &i, reterr) < 0)
            return -1;
        strbuf_add_char(sql, ')');
    }
    strbuf_add_char(sql, ')');
    return strbuf_ok(sql) ? 0 : error_no_memory(reterr);
}

/* Cuts what is wider in bytes than in characters, between characters. */
static void bound_cell(char *line, struct copy_row *row, size_t cell)
{
    size_t length = LIMIT_JOURNAL_CELL;
    if (row->lengths[cell] <= length)
        return;
    const char *text = row->fields[cell];
    while (length > LIMIT_JOURNAL_CELL - 4 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    line[(size_t)(text - line) + length] = '\0';
    row->lengths[cell] = length;
}

/* One reading. `counts` and `more` have an element for each table. */
struct table_reading {
    const struct table_request *request;
    const struct row_sink *sink;           /* of one table; NULL: */
    const struct tables_sink *tables_sink; /* of `count`, whose rows begin with the table's number */
    size_t count;
    size_t *counts;
    bool *more;
};

static int pass_row(char *line, size_t length, const struct table_reading *reading, struct error *reterr)
{
    const struct table_request *request = reading->request;
    struct copy_row row = {0};
    size_t numbered = reading->sink ? 0 : 1;
    if (!postgres_copy_split(line, length, &row) || row.count != request->cell_count + numbered)
        return error_set(reterr, ERROR_INVALID, "a row of %s does not have %zu cells", request->table,
                         request->cell_count);
    size_t table = numbered ? (size_t)copy_number(&row, 0) : 0;
    if (table >= reading->count)
        return error_set(reterr, ERROR_INVALID, "a row of a table that was not asked for");
    if (reading->counts[table]++ >= request->row_limit) {
        reading->more[table] = true;
        return 0;
    }
    for (size_t i = numbered; i < row.count; i++)
        bound_cell(line, &row, i);
    if (reading->sink)
        return reading->sink->row(reading->sink->payload, row.fields, row.lengths, row.count, reterr);
    return reading->tables_sink->row(reading->tables_sink->payload, table, row.fields + 1, row.lengths + 1,
                                     row.count - 1, reterr);
}

static int stream_rows(struct postgres_session *session, const struct table_reading *reading, struct deadline deadline,
                       struct error *reterr)
{
    for (;;) {
        cleanup(libpq_text) char *line = NULL;
        size_t length = 0;
        int status = postgres_copy_next(session, deadline, &line, &length, reterr);
        if (status <= 0)
            return status;
        if (pass_row(line, length, reading, reterr) != 0) {
            session->lost = true; /* the rest of the rows would have to be read first */
            return -1;
        }
    }
}

/* Runs COPY(…)TO STDOUT and passes its rows on. */
static int copy_rows(struct postgres_session *session, struct strbuf *sql, const struct table_reading *reading,
                     struct deadline deadline, struct error *reterr)
{
    strbuf_add_string(sql, ")TO STDOUT");
    if (!strbuf_ok(sql))
        return error_no_memory(reterr);
    if (postgres_send(session, strbuf_text(sql), deadline, reterr) < 0 ||
        postgres_copy_begin(session, deadline, reterr) < 0 || stream_rows(session, reading, deadline, reterr) < 0)
        return -1;
    for (bool done = false; !done;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(session, deadline, &result, reterr) < 0)
            return -1;
        done = !result;
    }
    return 0;
}

int postgres_read_table(struct engine_connection *connection, const struct table_request *request,
                        struct deadline deadline, const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    struct postgres_session *session = postgres_session_of(connection);
    *ret_more = false;
    if (request->cell_count == 0 || request->cell_count > COPY_FIELDS)
        return error_set(reterr, ERROR_INTERNAL, "a journal's row has 1 to %d cells", COPY_FIELDS);
    size_t count = 0;
    const struct table_reading reading = {
        .request = request, .sink = sink, .count = 1, .counts = &count, .more = ret_more};
    const struct table_place place = {.schema = request->schema, .table = request->table};
    cleanup(strbuf) struct strbuf sql = STRBUF(QUERY_BYTES);
    strbuf_add_string(&sql, "COPY(");
    if (add_select(session, &sql, request, &place, NULL, reterr) < 0)
        return -1;
    return copy_rows(session, &sql, &reading, deadline, reterr);
}

int postgres_read_tables(struct engine_connection *connection, const struct table_request *request,
                         const struct table_place *places, size_t count, struct deadline deadline,
                         const struct tables_sink *sink, bool *ret_more, struct error *reterr)
{
    struct postgres_session *session = postgres_session_of(connection);
    if (request->cell_count == 0 || request->cell_count >= COPY_FIELDS || count == 0)
        return error_set(reterr, ERROR_INTERNAL, "journals' rows have 1 to %d cells", COPY_FIELDS - 1);
    cleanup(free) size_t *counts = mem_calloc(count, sizeof *counts);
    if (!counts)
        return error_no_memory(reterr);
    memset(ret_more, 0, count * sizeof *ret_more);
    const struct table_reading reading = {
        .request = request, .tables_sink = sink, .count = count, .counts = counts, .more = ret_more};
    cleanup(strbuf) struct strbuf sql = STRBUF(UNION_BYTES);
    strbuf_add_string(&sql, "COPY(");
    if (add_union(session, &sql, request, places, count, reterr) < 0)
        return -1;
    return copy_rows(session, &sql, &reading, deadline, reterr);
}
