/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading journals. DDL is not transactional here and waits for every transaction that has read its table, so tables
 * are read in autocommit; a look has no transaction around it.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "dialect/mysql_lexer.h"
#include "engine/mysql/mysql_look.h"

/* How long a journal that DDL holds is waited for, and how often it is tried meanwhile. */
enum { LOCK_WAIT_MS = 250, LOCK_RETRY_MS = 25 };

/* A statement with all its names: a journal has some 20 columns of at most 64 characters, find_tables some 50 names. */
enum { MAX_STATEMENT = 1024 * 1024 };

int mysql_begin_look(struct engine_connection *base, struct deadline deadline, struct error *reterr)
{
    return mysql_session_turn_to_journals((struct mysql_connection *)base, deadline, reterr);
}

int mysql_end_look(struct engine_connection *base, struct deadline deadline, struct error *reterr)
{
    (void)deadline;
    return mysql_session_check((struct mysql_connection *)base, reterr);
}

static void add_database(struct strbuf *text, const struct mysql_connection *connection)
{
    mysql_quote_string(text, connection->database, strlen(connection->database));
}

/* A query per name: each is a look-up of one table, where a list of names would make the server walk through all. */
static void compose_find(const struct mysql_connection *connection, const char *const *names, size_t count,
                         struct strbuf *text)
{
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(text, i == 0 ? "" : " UNION ALL ");
        strbuf_add_string(text, "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
        add_database(text, connection);
        strbuf_add_string(text, " AND TABLE_NAME = ");
        mysql_quote_string(text, names[i], strlen(names[i]));
    }
}

static int report_sighting(struct mysql_connection *connection, const char *table, const struct sighting_sink *sink,
                           struct error *reterr)
{
    cleanup(strbuf) struct strbuf grant = STRBUF(MAX_STATEMENT);
    struct table_sighting sighting = {.schema = "", .table = table};
    sighting.readable = mysql_grants_can_select(connection->grants, table);
    if (!sighting.readable) {
        strbuf_add_string(&grant, "GRANT SELECT ON ");
        mysql_quote_name(&grant, connection->database);
        strbuf_add_char(&grant, '.');
        mysql_quote_name(&grant, table);
        strbuf_printf(&grant, " TO %s", connection->account);
        if (!strbuf_ok(&grant))
            return error_no_memory(reterr);
        sighting.grant = strbuf_text(&grant);
    }
    return sink->sighting(sink->payload, &sighting, reterr);
}

/* The names found, each with its NUL. */
static int collect_names(struct mysql_connection *connection, const struct strbuf *text, struct deadline deadline,
                         struct strbuf *ret_names, struct error *reterr)
{
    MYSQL_RES *result = NULL;
    if (mysql_session_select(connection, strbuf_text(text), text->length, deadline, &result, reterr))
        return -1;
    int failed = 0;
    for (MYSQL_ROW row = NULL; !failed;) {
        failed = mysql_session_row(connection, result, deadline, &row, reterr);
        if (failed || !row)
            break;
        if (row[0])
            strbuf_add(ret_names, row[0], strlen(row[0]) + 1);
    }
    mysql_session_finish(connection, result, deadline);
    if (!failed && !strbuf_ok(ret_names))
        failed = error_no_memory(reterr);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

/* A kept connection must not go on refusing what was granted meanwhile. */
static int refresh_grants(struct mysql_connection *connection, const struct strbuf *names, struct deadline deadline,
                          struct error *reterr)
{
    for (size_t at = 0; at < names->length; at += strlen(names->bytes + at) + 1) {
        if (!mysql_grants_can_select(connection->grants, names->bytes + at))
            return mysql_session_read_grants(connection, deadline, reterr);
    }
    return 0;
}

int mysql_find_tables(struct engine_connection *base, const struct engine_scope *scope, const char *const *names,
                      size_t count, struct deadline deadline, const struct sighting_sink *sink, struct error *reterr)
{
    (void)scope; /* one database is one schema */
    struct mysql_connection *connection = (struct mysql_connection *)base;
    cleanup(strbuf) struct strbuf text = STRBUF(MAX_STATEMENT);
    cleanup(strbuf) struct strbuf found = STRBUF(MAX_STATEMENT);
    if (count == 0)
        return 0;
    compose_find(connection, names, count, &text);
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    if (collect_names(connection, &text, deadline, &found, reterr) ||
        refresh_grants(connection, &found, deadline, reterr))
        return -1;
    for (size_t at = 0; at < found.length; at += strlen(found.bytes + at) + 1) {
        if (report_sighting(connection, found.bytes + at, sink, reterr))
            return -1;
    }
    return 0;
}

/* The session's time zone is UTC, so that differences to 1970 are unix time whatever the column's type. */
static void add_cell(struct strbuf *text, const struct cell_request *cell)
{
    static const struct {
        const char *before;
        const char *after;
    } forms[] = {
        [CELL_TEXT] = {"", ""},
        [CELL_BOOLEAN] = {"(", " <> 0)"},
        [CELL_TIME_MS] = {"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ", ") DIV 1000"},
        [CELL_HEX] = {"LOWER(HEX(", "))"},
    };
    strbuf_add_string(text, forms[cell->form].before);
    mysql_quote_name(text, cell->column);
    strbuf_add_string(text, forms[cell->form].after);
}

static void add_table(struct strbuf *text, const struct mysql_connection *connection, const struct table_place *place)
{
    const char *database = place->schema && place->schema[0] != '\0' ? place->schema : connection->database;
    mysql_quote_name(text, database);
    strbuf_add_char(text, '.');
    mysql_quote_name(text, place->table);
}

/* One reading. */
struct table_reading {
    const struct table_request *request;
    const struct table_place *places;
    size_t count;
    const struct row_sink *sink;           /* of one table; NULL: */
    const struct tables_sink *tables_sink; /* of `count`, whose rows begin with the table's number */
    size_t *counts;                        /* rows of each table */
    bool *more;
};

static void add_select(const struct mysql_connection *connection, const struct table_reading *reading, size_t table,
                       struct strbuf *text)
{
    const struct table_request *request = reading->request;
    if (reading->tables_sink)
        strbuf_printf(text, "%zu, ", table);
    for (size_t i = 0; i < request->cell_count; i++) {
        strbuf_add_string(text, i == 0 ? "" : ", ");
        add_cell(text, &request->cells[i]);
    }
    strbuf_add_string(text, " FROM ");
    add_table(text, connection, &reading->places[table]);
    if (request->order_by) {
        strbuf_add_string(text, " ORDER BY ");
        mysql_quote_name(text, request->order_by);
    }
    strbuf_printf(text, " LIMIT %zu", request->row_limit + 1);
}

/* The server's own cap is the deadline, so that a reader that gave up leaves nothing running. */
static void compose_read(const struct mysql_connection *connection, const struct table_reading *reading,
                         struct deadline deadline, struct strbuf *text)
{
    int left = deadline_left_ms(deadline) + 1;
    bool several = reading->count > 1;
    if (connection->mariadb)
        strbuf_printf(text, "SET STATEMENT max_statement_time=%d.%03d FOR ", left / 1000, left % 1000);
    for (size_t i = 0; i < reading->count; i++) {
        strbuf_add_string(text, i > 0 ? " UNION ALL " : "");
        strbuf_add_string(text, several ? "(SELECT " : "SELECT ");
        if (i == 0 && !connection->mariadb)
            strbuf_printf(text, "/*+ MAX_EXECUTION_TIME(%d) */ ", left);
        add_select(connection, reading, i, text);
        strbuf_add_string(text, several ? ")" : "");
    }
}

/* A BIT column comes as bytes, most significant first. */
static void bits_to_text(const char *bytes, size_t length, char *ret_text, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length && i < sizeof(value); i++)
        value = value << 8 | (unsigned char)bytes[i];
    snprintf(ret_text, size, "%" PRIu64, value);
}

/* More than LIMIT cells never come: a journal's table has a few columns. */
enum { MAX_CELLS = 64, BITS_TEXT_SIZE = 24 };

struct cells {
    const char *texts[MAX_CELLS];
    size_t lengths[MAX_CELLS];
    char bits[MAX_CELLS][BITS_TEXT_SIZE];
};

static void take_cells(MYSQL_RES *result, MYSQL_ROW row, size_t count, struct cells *ret_cells)
{
    const unsigned long *lengths = mysql_fetch_lengths(result);
    const MYSQL_FIELD *fields = mysql_fetch_fields(result);
    for (size_t i = 0; i < count; i++) {
        ret_cells->texts[i] = row[i];
        ret_cells->lengths[i] = row[i] ? lengths[i] : 0;
        if (row[i] && fields[i].type == MYSQL_TYPE_BIT) {
            bits_to_text(row[i], lengths[i], ret_cells->bits[i], BITS_TEXT_SIZE);
            ret_cells->texts[i] = ret_cells->bits[i];
            ret_cells->lengths[i] = strlen(ret_cells->bits[i]);
        } else if (ret_cells->lengths[i] > LIMIT_JOURNAL_CELL) {
            row[i][LIMIT_JOURNAL_CELL] = '\0';
            ret_cells->lengths[i] = LIMIT_JOURNAL_CELL;
        }
    }
}

static int deliver_row(MYSQL_RES *result, MYSQL_ROW row, const struct table_reading *reading, struct cells *cells,
                       struct error *reterr)
{
    size_t count = reading->request->cell_count;
    size_t numbered = reading->tables_sink ? 1 : 0;
    take_cells(result, row, count + numbered, cells);
    size_t table = numbered && cells->texts[0] ? strtoul(cells->texts[0], NULL, 10) : 0;
    if (table >= reading->count)
        return error_set(reterr, ERROR_INVALID, "a row of a table that was not asked for");
    if (reading->counts[table]++ >= reading->request->row_limit) {
        reading->more[table] = true;
        return 0;
    }
    if (reading->sink)
        return reading->sink->row(reading->sink->payload, cells->texts, cells->lengths, count, reterr);
    return reading->tables_sink->row(reading->tables_sink->payload, table, cells->texts + 1, cells->lengths + 1, count,
                                     reterr);
}

static int deliver_rows(struct mysql_connection *connection, MYSQL_RES *result, const struct table_reading *reading,
                        struct deadline deadline, struct error *reterr)
{
    struct cells cells = {0};
    for (;;) {
        MYSQL_ROW row = NULL;
        if (mysql_session_row(connection, result, deadline, &row, reterr))
            return -1;
        if (!row)
            return 0;
        if (deliver_row(result, row, reading, &cells, reterr))
            return -1;
    }
}

static int explain_refusal(struct mysql_connection *connection, const struct table_request *request,
                           struct error *reterr)
{
    const struct table_place place = {.schema = request->schema, .table = request->table};
    if (!reterr)
        return -1;
    if (reterr->code == ERROR_LOCKED)
        return error_prefix(reterr, "table %s is locked", request->table);
    if (reterr->code != ERROR_FORBIDDEN)
        return -1;
    struct error refusal = *reterr;
    cleanup(strbuf) struct strbuf table = STRBUF(MAX_STATEMENT);
    add_table(&table, connection, &place);
    error_set(reterr, ERROR_FORBIDDEN, "%s: table %s may not be read; GRANT SELECT ON %s TO %s", connection->label,
              request->table, strbuf_text(&table), connection->account);
    reterr->native = refusal.native;
    memcpy(reterr->sqlstate, refusal.sqlstate, sizeof(reterr->sqlstate));
    return -1;
}

/* MySQL waits for locks in whole seconds. Here a statement that reads nothing waits instead, under the statement's own
 * time limit, in a transaction that keeps the table as it was until the reading is over. */
static int reserve_tables(struct mysql_connection *connection, const struct table_reading *reading,
                          struct deadline deadline, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(MAX_STATEMENT);
    for (size_t i = 0; i < reading->count; i++) {
        strbuf_add_string(&text, i > 0 ? " UNION ALL (SELECT " : "(SELECT ");
        if (i == 0)
            strbuf_printf(&text, "/*+ MAX_EXECUTION_TIME(%d) */ ", LOCK_WAIT_MS);
        strbuf_add_string(&text, "1 FROM ");
        add_table(&text, connection, &reading->places[i]);
        strbuf_add_string(&text, " LIMIT 0)");
    }
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    struct error error = {0};
    if (mysql_session_run(connection, "START TRANSACTION READ ONLY", deadline, reterr))
        return -1;
    if (mysql_session_run(connection, strbuf_text(&text), deadline, &error) == 0)
        return 0;
    if (error.code == ERROR_TIMEOUT && !connection->lost)
        error.code = ERROR_LOCKED;
    if (reterr)
        *reterr = error;
    return -1;
}

static void release_tables(struct mysql_connection *connection, struct deadline deadline)
{
    struct error ignored = {0};
    if (!connection->lost && mysql_session_run(connection, "COMMIT", deadline, &ignored))
        connection->lost = true;
}

/* MariaDB does not wait at all (lock_wait_timeout is 0), so the waiting is done here. */
static int select_unlocked(struct mysql_connection *connection, const struct strbuf *text, struct deadline deadline,
                           MYSQL_RES **ret_result, struct error *reterr)
{
    struct deadline wait = deadline_earlier(deadline, deadline_in(LOCK_WAIT_MS));
    struct error error = {0};
    while (mysql_session_select(connection, strbuf_text(text), text->length, deadline, ret_result, &error)) {
        if (error.code != ERROR_LOCKED || deadline_left_ms(wait) <= LOCK_RETRY_MS) {
            if (reterr)
                *reterr = error;
            return -1;
        }
        poll(NULL, 0, LOCK_RETRY_MS);
    }
    return 0;
}

static int read_rows(struct mysql_connection *connection, const struct table_reading *reading, struct deadline deadline,
                     struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(MAX_STATEMENT);
    compose_read(connection, reading, deadline, &text);
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    MYSQL_RES *result = NULL;
    if (select_unlocked(connection, &text, deadline, &result, reterr))
        return -1;
    int failed = deliver_rows(connection, result, reading, deadline, reterr);
    mysql_session_finish(connection, result, deadline);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

static int read_reserved(struct mysql_connection *connection, const struct table_reading *reading,
                         struct deadline deadline, struct error *reterr)
{
    struct error error = {0};
    if (reading->request->cell_count == 0 || reading->request->cell_count >= MAX_CELLS)
        return error_set(reterr, ERROR_INTERNAL, "a journal's table is read by 1 to %d columns", MAX_CELLS - 1);
    int failed = connection->mariadb ? 0 : reserve_tables(connection, reading, deadline, &error);
    if (!failed)
        failed = read_rows(connection, reading, deadline, &error);
    if (!connection->mariadb)
        release_tables(connection, deadline);
    if (!failed)
        return mysql_session_check(connection, reterr);
    if (reterr)
        *reterr = error;
    return -1;
}

int mysql_read_table(struct engine_connection *base, const struct table_request *request, struct deadline deadline,
                     const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    struct mysql_connection *connection = (struct mysql_connection *)base;
    const struct table_place place = {.schema = request->schema, .table = request->table};
    size_t delivered = 0;
    *ret_more = false;
    const struct table_reading reading = {
        .request = request, .places = &place, .count = 1, .sink = sink, .counts = &delivered, .more = ret_more};
    return read_reserved(connection, &reading, deadline, reterr) == 0 ? 0
                                                                      : explain_refusal(connection, request, reterr);
}

int mysql_read_tables(struct engine_connection *base, const struct table_request *request,
                      const struct table_place *places, size_t count, struct deadline deadline,
                      const struct tables_sink *sink, bool *ret_more, struct error *reterr)
{
    cleanup(free) size_t *counts = mem_calloc(count, sizeof *counts);
    if (!counts)
        return error_no_memory(reterr);
    memset(ret_more, 0, count * sizeof *ret_more);
    const struct table_reading reading = {
        .request = request, .places = places, .count = count, .tables_sink = sink, .counts = counts, .more = ret_more};
    return read_reserved((struct mysql_connection *)base, &reading, deadline, reterr);
}

/* Whom the server shows: without the privilege PROCESS only sessions of the role itself. */
static int describe_holder(struct mysql_connection *connection, const char *id, struct deadline deadline,
                           struct lock_report *ret_report, struct error *reterr)
{
    char text[192] = "";
    char *cells[2] = {0};
    bool found = false;
    struct error ignored = {0};
    snprintf(ret_report->holder, sizeof(ret_report->holder), "connection %.20s", id);
    snprintf(text, sizeof(text), "SELECT USER, HOST FROM information_schema.PROCESSLIST WHERE ID = %.20s", id);
    int failed = mysql_session_single(connection, text, deadline, cells, ARRAY_LENGTH(cells), &found, &ignored);
    if (!failed && found && cells[0])
        snprintf(ret_report->holder, sizeof(ret_report->holder), "connection %.20s, %.60s at %.60s", id, cells[0],
                 cells[1] ? cells[1] : "an unknown host");
    mem_free(cells[0]);
    mem_free(cells[1]);
    return mysql_session_check(connection, reterr);
}

int mysql_read_lock(struct engine_connection *base, const struct lock_request *request, struct deadline deadline,
                    struct lock_report *ret_report, struct error *reterr)
{
    struct mysql_connection *connection = (struct mysql_connection *)base;
    *ret_report = (struct lock_report){.since_ms = TIME_UNKNOWN};
    if (request->form != LOCK_NAMED || !request->name)
        return 0;
    cleanup(strbuf) struct strbuf text = STRBUF(MAX_STATEMENT);
    strbuf_add_string(&text, "SELECT IS_USED_LOCK(");
    mysql_quote_string(&text, request->name, strlen(request->name));
    strbuf_add_char(&text, ')');
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    char *id = NULL;
    bool found = false;
    if (mysql_session_single(connection, strbuf_text(&text), deadline, &id, 1, &found, reterr))
        return -1;
    ret_report->held = id != NULL;
    int failed = id ? describe_holder(connection, id, deadline, ret_report, reterr) : 0;
    mem_free(id);
    return failed;
}
