/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the rows of one table: streamed, each cell bounded by the server already.
 */
#include <string.h>

#include "base/limits.h"
#include "engine/postgres/postgres_copy.h"
#include "engine/postgres/postgres_session.h"

enum { QUERY_BYTES = 256 * 1024 };

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
 * whole row or another result. */
static int add_query(struct postgres_session *session, struct strbuf *sql, const struct table_request *request,
                     struct error *reterr)
{
    strbuf_add_string(sql, "COPY(SELECT ");
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
    if (postgres_add_identifier(session, sql, request->schema, reterr) < 0)
        return -1;
    strbuf_add_char(sql, '.');
    if (postgres_add_identifier(session, sql, request->table, reterr) < 0)
        return -1;
    strbuf_add_string(sql, " AS \"migrationd row\"");
    if (request->order_by) {
        strbuf_add_string(sql, " ORDER BY ");
        if (postgres_add_identifier(session, sql, request->order_by, reterr) < 0)
            return -1;
    }
    strbuf_printf(sql, " LIMIT %zu)TO STDOUT", request->row_limit + 1);
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

static int pass_row(char *line, size_t length, const struct table_request *request, const struct row_sink *sink,
                    struct error *reterr)
{
    struct copy_row row = {0};
    if (!postgres_copy_split(line, length, &row) || row.count != request->cell_count)
        return error_set(reterr, ERROR_INVALID, "a row of %s does not have %zu cells", request->table,
                         request->cell_count);
    for (size_t i = 0; i < row.count; i++)
        bound_cell(line, &row, i);
    return sink->row(sink->payload, row.fields, row.lengths, row.count, reterr);
}

static int stream_rows(struct postgres_session *session, const struct table_request *request, struct deadline deadline,
                       const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    for (size_t count = 0;; count++) {
        cleanup(libpq_text) char *line = NULL;
        size_t length = 0;
        int status = postgres_copy_next(session, deadline, &line, &length, reterr);
        if (status <= 0)
            return status;
        if (count == request->row_limit) {
            *ret_more = true;
            continue;
        }
        if (pass_row(line, length, request, sink, reterr) != 0) {
            session->lost = true; /* the rest of the rows would have to be read first */
            return -1;
        }
    }
}

int postgres_read_table(struct engine_connection *connection, const struct table_request *request,
                        struct deadline deadline, const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    struct postgres_session *session = postgres_session_of(connection);
    *ret_more = false;
    if (request->cell_count == 0 || request->cell_count > COPY_FIELDS)
        return error_set(reterr, ERROR_INTERNAL, "a journal's row has 1 to %d cells", COPY_FIELDS);
    cleanup(strbuf) struct strbuf sql = STRBUF(QUERY_BYTES);
    if (add_query(session, &sql, request, reterr) < 0 ||
        postgres_send(session, strbuf_text(&sql), deadline, reterr) < 0 ||
        postgres_copy_begin(session, deadline, reterr) < 0 ||
        stream_rows(session, request, deadline, sink, ret_more, reterr) < 0)
        return -1;
    for (bool done = false; !done;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(session, deadline, &result, reterr) < 0)
            return -1;
        done = !result;
    }
    return 0;
}
