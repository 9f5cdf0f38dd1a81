/* SPDX-License-Identifier: Apache-2.0
 *
 * The deep look. SHOW FULL TABLES says what there is; what it is like comes from SHOW CREATE, many to a round trip, the
 * only source that neither MySQL nor MariaDB falsifies. Statements
 * are batched only for names of plain characters; every other name has a statement and a round trip of its own, before
 * the server is told that several statements may come.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "dialect/dialects.h"
#include "dialect/mysql_ddl.h"
#include "dialect/mysql_lexer.h"
#include "dialect/mysql_program.h"
#include "dialect/mysql_view.h"
#include "engine/mysql/mysql_look.h"
#include "engine/mysql/mysql_reading.h"

/* "View references invalid table(s) or column(s) or function(s) or definer/invoker of view lack rights". */
enum { VIEW_IS_BROKEN = 1356 };

/* 200 statements to a round trip: more gain nothing, fewer cost. */
enum { BATCH = 200, MAX_BATCH_TEXT = 256 * 1024, MAX_LIST_BYTES = 1024 * 1024 * 1024 };

/* What is sent for each kind, what is said to be partial without an answer, and where the answer's text stands. */
static const struct {
    const char *head;
    enum schema_kind coverage;
    unsigned column;
} statements[LISTED_KINDS] = {
    [LISTED_TABLE] = {"SHOW CREATE TABLE ", SCHEMA_COLUMNS, 1},
    [LISTED_VIEW] = {"SHOW CREATE VIEW ", SCHEMA_VIEWS, 1},
    [LISTED_VIEW_COLUMNS] = {"SHOW COLUMNS FROM ", SCHEMA_VIEWS, 0},
    [LISTED_SEQUENCE] = {"SHOW CREATE SEQUENCE ", SCHEMA_SEQUENCES, 1},
    [LISTED_PROCEDURE] = {"SHOW CREATE PROCEDURE ", SCHEMA_ROUTINES, 2},
    [LISTED_FUNCTION] = {"SHOW CREATE FUNCTION ", SCHEMA_ROUTINES, 2},
    [LISTED_TRIGGER] = {"SHOW CREATE TRIGGER ", SCHEMA_TRIGGERS, 2},
    [LISTED_EVENT] = {"SHOW CREATE EVENT ", SCHEMA_EVENTS, 3},
};

static bool is_plain(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") == strlen(name);
}

static enum mysql_listed kind_of(const char *type)
{
    if (strstr(type, "VIEW"))
        return LISTED_VIEW;
    return strcmp(type, "SEQUENCE") == 0 ? LISTED_SEQUENCE : LISTED_TABLE;
}

int mysql_list_object(struct mysql_reading *reading, const struct mysql_object *object, struct error *reterr)
{
    struct mysql_object copy = *object;
    copy.name = arena_strdup(reading->arena, object->name);
    copy.plain = is_plain(object->name);
    if (!copy.name || !mem_grow(&reading->objects, &reading->capacity, reading->count, sizeof(copy), 4 * LIMIT_TABLES))
        return error_no_memory(reterr);
    reading->objects[reading->count++] = copy;
    return 0;
}

static int list_object(struct mysql_reading *reading, void *payload, MYSQL_ROW row, const unsigned long *lengths,
                       struct error *reterr)
{
    (void)payload;
    (void)lengths;
    if (!row[0])
        return 0;
    if (reading->count >= LIMIT_TABLES) {
        schema_builder_truncated(reading->builder);
        return 0;
    }
    struct mysql_object object = {.name = row[0], .kind = kind_of(row[1] ? row[1] : "")};
    if (object.kind != LISTED_SEQUENCE) {
        struct schema_relation relation = {
            .name = schema_builder_text(reading->builder, row[0]),
            .kind = object.kind == LISTED_VIEW ? RELATION_VIEW : RELATION_TABLE,
        };
        object.relation = schema_builder_relation(reading->builder, &relation);
    }
    if (mysql_list_object(reading, &object, reterr))
        return -1;
    if (object.kind != LISTED_VIEW)
        return 0;
    object.kind = LISTED_VIEW_COLUMNS;
    return mysql_list_object(reading, &object, reterr);
}

static int compare_objects(const void *a, const void *b)
{
    const struct mysql_object *left = a;
    const struct mysql_object *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : (int)left->kind - (int)right->kind;
}

static int list_objects(struct mysql_reading *reading, struct error *reterr)
{
    /* The rows of information_schema.TABLES, for half of what these cost. */
    if (mysql_for_each_row(reading, "SHOW FULL TABLES", list_object, NULL, reterr))
        return -1;
    if (reading->count > 0)
        qsort(reading->objects, reading->count, sizeof(*reading->objects), compare_objects);
    reading->table_count = reading->count;
    return 0;
}

bool mysql_has_table(const struct mysql_reading *reading, const char *name)
{
    struct mysql_object wanted = {.name = name, .kind = LISTED_TABLE};
    return reading->table_count > 0 &&
           bsearch(&wanted, reading->objects, reading->table_count, sizeof(wanted), compare_objects) != NULL;
}

int mysql_for_each_row(struct mysql_reading *reading, const char *text, mysql_row_function *taker, void *payload,
                       struct error *reterr)
{
    struct mysql_connection *connection = reading->connection;
    MYSQL_RES *result = NULL;
    if (mysql_session_select(connection, text, strlen(text), reading->deadline, &result, reterr))
        return -1;
    int failed = 0;
    for (MYSQL_ROW row = NULL; !failed;) {
        failed = mysql_session_row(connection, result, reading->deadline, &row, reterr);
        if (failed || !row)
            break;
        failed = taker(reading, payload, row, mysql_fetch_lengths(result), reterr);
    }
    mysql_session_finish(connection, result, reading->deadline);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

static void take_table(struct mysql_reading *reading, const struct mysql_object *object, const char *text,
                       size_t length)
{
    struct mysql_ddl_report report = {0};
    mysql_ddl_read_table(reading->builder, object->relation, object->name, reading->connection->database, text, length,
                         &report);
    if (report.columns_partial)
        mysql_mark_partial(reading, SCHEMA_COLUMNS, object->name, report.place);
    if (report.constraints_partial)
        mysql_mark_partial(reading, SCHEMA_CONSTRAINTS, object->name, report.place);
    if (report.indexes_partial)
        mysql_mark_partial(reading, SCHEMA_INDEXES, object->name, report.place);
}

enum { SHOW_COLUMNS_NAME, SHOW_COLUMNS_TYPE };

/* Whether a view's column can be NULL is what MySQL thought when the view was made, which a restored dump changes: not
 * asked. */
static void take_view_column(struct mysql_reading *reading, const struct mysql_object *object, MYSQL_ROW row,
                             uint16_t position)
{
    const char *type = row[SHOW_COLUMNS_TYPE] ? row[SHOW_COLUMNS_TYPE] : "";
    struct schema_column column = {
        .relation = object->relation,
        .name = schema_builder_text(reading->builder, row[SHOW_COLUMNS_NAME]),
        .type = mysql_ddl_type(reading->builder, type, strlen(type)),
        .position = position,
        .flags = COLUMN_NULLABLE,
    };
    schema_builder_column(reading->builder, &column);
}

static void take_program(struct mysql_reading *reading, const struct mysql_object *object, const char *text,
                         size_t length)
{
    static const enum mysql_program kinds[LISTED_KINDS] = {
        [LISTED_TRIGGER] = MYSQL_PROGRAM_TRIGGER, [LISTED_EVENT] = MYSQL_PROGRAM_EVENT};
    const char *body = NULL;
    size_t body_length = 0;
    uint32_t interned = object->body;
    if (text && mysql_program_body(kinds[object->kind], text, length, &body, &body_length))
        interned = schema_builder_text_n(reading->builder, body, body_length);
    size_t count = 0;
    const struct schema_object *programs = schema_builder_objects(reading->builder, &count);
    if (object->program >= count)
        return;
    uint32_t run =
        schema_builder_add_attribute(reading->builder, programs[object->program].attributes, ATTRIBUTE_BODY, interned);
    schema_builder_objects(reading->builder, &count)[object->program].attributes = run;
}

static void take_text(struct mysql_reading *reading, const struct mysql_object *object, const char *text, size_t length)
{
    static const char why[] = "its definition is not understood";
    if (object->kind >= LISTED_PROCEDURE) {
        take_program(reading, object, text, length);
    } else if (!text) {
        mysql_mark_partial(reading, statements[object->kind].coverage, object->name, "the server shows no text");
    } else if (object->kind == LISTED_TABLE) {
        take_table(reading, object, text, length);
    } else if (object->kind == LISTED_VIEW) {
        if (!mysql_view_read(reading->builder, object->relation, reading->connection->database, text, length))
            mysql_mark_partial(reading, SCHEMA_VIEWS, object->name, why);
    } else if (!mysql_ddl_read_sequence(reading->builder, object->name, text, length)) {
        mysql_mark_partial(reading, SCHEMA_SEQUENCES, object->name, why);
    }
}

/* The rows of one statement's result. */
static int take_result(struct mysql_reading *reading, const struct mysql_object *object, MYSQL_RES *result,
                       struct error *reterr)
{
    unsigned column = statements[object->kind].column;
    if (column >= mysql_num_fields(result))
        return error_set(reterr, ERROR_INVALID, "%s: an answer without a text for %s", reading->connection->label,
                         object->name);
    for (uint16_t position = 1;; position++) {
        MYSQL_ROW row = NULL;
        if (mysql_session_row(reading->connection, result, reading->deadline, &row, reterr))
            return -1;
        if (!row)
            return 0;
        const unsigned long *lengths = mysql_fetch_lengths(result);
        if (object->kind == LISTED_VIEW_COLUMNS)
            take_view_column(reading, object, row, position);
        else
            take_text(reading, object, row[column], lengths[column]);
    }
}

/* A view whose tables are gone, or whose definer may not read them, has a query and no columns that anybody could be
 * shown; but a role that may not read the tables is told the same. */
static bool is_broken_view(const struct mysql_reading *reading, const struct mysql_object *object,
                           const struct error *error)
{
    return object->kind == LISTED_VIEW_COLUMNS && error->native == VIEW_IS_BROKEN &&
           mysql_grants_can_select(reading->connection->grants, NULL);
}

static void mark_unread(struct mysql_reading *reading, const struct mysql_object *object, const char *why)
{
    mysql_mark_partial(reading, statements[object->kind].coverage, object->name, why);
    if (object->kind == LISTED_TABLE) {
        mysql_mark_partial(reading, SCHEMA_CONSTRAINTS, object->name, why);
        mysql_mark_partial(reading, SCHEMA_INDEXES, object->name, why);
    }
    if (object->kind >= LISTED_PROCEDURE)
        take_program(reading, object, NULL, 0);
}

/* One object that cannot be read does not spoil the others, unless it is gone or locked: then the look is told. */
static int take_failure(struct mysql_reading *reading, const struct mysql_object *object, const struct error *error,
                        struct error *reterr)
{
    /* Not a view, not a sequence; no such routine, trigger, event. */
    static const unsigned gone[] = {1347, 4089, 1305, 1360, 1539};
    bool changed = error->code == ERROR_NOT_FOUND || error->code == ERROR_CHANGED;
    for (size_t i = 0; i < ARRAY_LENGTH(gone); i++)
        changed |= (unsigned)error->native == gone[i];
    if (changed)
        return error_set(reterr, ERROR_CHANGED, "%s: %s changed while the schema was read", reading->connection->label,
                         object->name);
    if (error->code != ERROR_FORBIDDEN && error->code != ERROR_INVALID) {
        if (reterr)
            *reterr = *error;
        return -1;
    }
    if (is_broken_view(reading, object, error))
        return 0;
    bool is_view = object->kind == LISTED_VIEW || object->kind == LISTED_VIEW_COLUMNS;
    if (error->code == ERROR_FORBIDDEN && is_view)
        mysql_mark_unreadable_view(reading, object->name);
    else
        mark_unread(reading, object,
                    error->code == ERROR_FORBIDDEN ? "the role may not see its definition" : error->message);
    return 0;
}

static void compose_statement(const struct mysql_object *object, struct strbuf *text)
{
    strbuf_add_string(text, statements[object->kind].head);
    mysql_quote_name(text, object->name);
}

/* The result that stands ready on the connection. */
static int take_ready(struct mysql_reading *reading, const struct mysql_object *object, struct error *reterr)
{
    struct mysql_connection *connection = reading->connection;
    MYSQL_RES *result = mysql_use_result(connection->mysql);
    if (!result)
        return mysql_session_error(connection, WIRE_FAILED, reterr);
    int failed = take_result(reading, object, result, reterr);
    mysql_session_finish(connection, result, reading->deadline);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

/* Reads objects[0] and as many behind it as the batch gave before a statement failed; `*ret_done` counts that one too.
 */
static int read_batch(struct mysql_reading *reading, const struct mysql_object *const *objects, size_t count,
                      size_t *ret_done, struct error *reterr)
{
    struct mysql_connection *connection = reading->connection;
    cleanup(strbuf) struct strbuf text = STRBUF(MAX_BATCH_TEXT);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(&text, i == 0 ? "" : ";");
        compose_statement(objects[i], &text);
    }
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    enum wire_result outcome = wire_query(connection->mysql, strbuf_text(&text), text.length, reading->deadline);
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        bool more = true;
        if (i > 0)
            outcome = wire_next_result(connection->mysql, &more, reading->deadline);
        *ret_done = i + 1;
        int failed = outcome == WIRE_OK ? 0 : mysql_session_error(connection, outcome, &error);
        if (!failed && !more)
            return error_set(reterr, ERROR_INVALID, "%s: the server answered %zu of %zu statements", connection->label,
                             i, count);
        if (!failed)
            failed = take_ready(reading, objects[i], &error);
        if (failed)
            return take_failure(reading, objects[i], &error, reterr);
    }
    bool more = false;
    outcome = wire_next_result(connection->mysql, &more, reading->deadline);
    return outcome == WIRE_OK ? 0 : mysql_session_error(connection, outcome, reterr);
}

static int read_hostile(struct mysql_reading *reading, struct error *reterr)
{
    if (mysql_session_set_multi_statements(reading->connection, false, reading->deadline, reterr))
        return -1;
    for (size_t i = 0; i < reading->count; i++) {
        const struct mysql_object *object = &reading->objects[i];
        size_t done = 0;
        if (!object->plain && read_batch(reading, &object, 1, &done, reterr))
            return -1;
    }
    return 0;
}

/* Reads `count` objects, in as many round trips as failing statements make necessary. */
static int read_run(struct mysql_reading *reading, const struct mysql_object *const *objects, size_t count,
                    struct error *reterr)
{
    for (size_t at = 0; at < count;) {
        size_t done = 0;
        if (read_batch(reading, objects + at, count - at, &done, reterr))
            return -1;
        at += done;
    }
    return 0;
}

static int read_plain(struct mysql_reading *reading, struct error *reterr)
{
    const struct mysql_object *batch[BATCH] = {0};
    size_t filled = 0;
    if (mysql_session_set_multi_statements(reading->connection, true, reading->deadline, reterr))
        return -1;
    for (size_t i = 0; i < reading->count; i++) {
        if (reading->objects[i].plain)
            batch[filled++] = &reading->objects[i];
        if (filled == BATCH) {
            if (read_run(reading, batch, filled, reterr))
                return -1;
            filled = 0;
        }
    }
    return read_run(reading, batch, filled, reterr);
}

static int read_all(struct mysql_reading *reading, struct error *reterr)
{
    if (list_objects(reading, reterr) || mysql_read_programs(reading, reterr) || read_hostile(reading, reterr) ||
        read_plain(reading, reterr))
        return -1;
    mysql_tell_coverage(reading);
    return 0;
}

static void tell_server(const struct mysql_connection *connection, struct schema_builder *builder)
{
    const char *version = mysql_get_server_info(connection->mysql);
    char number[48] = "";
    snprintf(number, sizeof(number), "%.*s", (int)strcspn(version, "-"), version);
    schema_builder_server(builder, connection->mariadb ? "mariadb" : "mysql", number);
    schema_builder_dialect(builder, &dialect_mysql);
    if (connection->folds_names)
        schema_builder_folds_names(builder);
}

int mysql_read_schema(struct engine_connection *base, const struct engine_scope *scope, struct deadline deadline,
                      struct schema_builder *builder, struct error *reterr)
{
    (void)scope; /* one database is one schema */
    struct mysql_connection *connection = (struct mysql_connection *)base;
    if (mysql_session_check(connection, reterr))
        return -1;
    cleanup(arena) struct arena *arena = arena_new(MAX_LIST_BYTES);
    if (!arena)
        return error_no_memory(reterr);
    struct mysql_reading reading = {.connection = connection, .builder = builder, .deadline = deadline, .arena = arena};
    tell_server(connection, builder);
    int failed = read_all(&reading, reterr);
    mem_free(reading.objects);
    return failed;
}
