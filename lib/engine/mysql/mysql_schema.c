/* SPDX-License-Identifier: Apache-2.0
 *
 * The deep look. SHOW FULL TABLES says what there is, information_schema the views' texts; what tables are like comes
 * from SHOW CREATE TABLE, many to a round trip, the only source that neither MySQL nor MariaDB falsifies. Statements
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
#include "base/utf8.h"
#include "dialect/dialects.h"
#include "dialect/mysql_ddl.h"
#include "dialect/mysql_expression.h"
#include "dialect/mysql_lexer.h"
#include "engine/mysql/mysql_look.h"

/* 200 statements to a round trip: more gain nothing, fewer cost. */
enum { BATCH = 200, MAX_BATCH_TEXT = 256 * 1024, MAX_LIST_BYTES = 1024 * 1024 * 1024 };

enum listed_kind { LISTED_TABLE, LISTED_VIEW, LISTED_SEQUENCE };

struct object {
    const char *name;
    uint32_t relation; /* handle; not for sequences */
    enum listed_kind kind;
    bool plain;
};

/* One deep look. */
struct reading {
    struct mysql_connection *connection;
    struct schema_builder *builder;
    struct deadline deadline;
    struct arena *arena;    /* names */
    struct object *objects; /* by name */
    size_t count;
    size_t capacity;
    size_t view_count;
    char partial[SCHEMA_KINDS][200]; /* why; "" while everything is seen */
};

/* The first reason is kept. */
static void mark_partial(struct reading *reading, enum schema_kind kind, const char *name, const char *why)
{
    char *reason = reading->partial[kind];
    if (reason[0] != '\0')
        return;
    snprintf(reason, sizeof(reading->partial[kind]), "%.64s: %s", name, why);
    utf8_make_line(reason, sizeof(reading->partial[kind]));
}

static bool is_plain(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") == strlen(name);
}

static enum listed_kind kind_of(const char *type)
{
    if (strstr(type, "VIEW"))
        return LISTED_VIEW;
    return strcmp(type, "SEQUENCE") == 0 ? LISTED_SEQUENCE : LISTED_TABLE;
}

static int add_object(struct reading *reading, const char *name, const char *type, struct error *reterr)
{
    if (reading->count == LIMIT_TABLES) {
        schema_builder_truncated(reading->builder);
        return 0;
    }
    struct object object = {.name = arena_strdup(reading->arena, name), .kind = kind_of(type), .plain = is_plain(name)};
    if (!object.name || !mem_grow(&reading->objects, &reading->capacity, reading->count, sizeof(object), LIMIT_TABLES))
        return error_no_memory(reterr);
    if (object.kind != LISTED_SEQUENCE) {
        struct schema_relation relation = {
            .name = schema_builder_text(reading->builder, name),
            .kind = object.kind == LISTED_VIEW ? RELATION_VIEW : RELATION_TABLE,
        };
        object.relation = schema_builder_relation(reading->builder, &relation);
    }
    reading->view_count += object.kind == LISTED_VIEW;
    reading->objects[reading->count++] = object;
    return 0;
}

static int compare_objects(const void *a, const void *b)
{
    return strcmp(((const struct object *)a)->name, ((const struct object *)b)->name);
}

static int list_objects(struct reading *reading, struct error *reterr)
{
    /* The rows of information_schema.TABLES, for half of what these cost. */
    static const char text[] = "SHOW FULL TABLES";
    struct mysql_connection *connection = reading->connection;
    MYSQL_RES *result = NULL;
    if (mysql_session_select(connection, text, sizeof(text) - 1, reading->deadline, &result, reterr))
        return -1;
    int failed = 0;
    for (MYSQL_ROW row = NULL; !failed;) {
        failed = mysql_session_row(connection, result, reading->deadline, &row, reterr);
        if (failed || !row)
            break;
        if (row[0])
            failed = add_object(reading, row[0], row[1] ? row[1] : "", reterr);
    }
    mysql_session_finish(connection, result, reading->deadline);
    if (reading->count > 0)
        qsort(reading->objects, reading->count, sizeof(*reading->objects), compare_objects);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

static void take_table(struct reading *reading, const struct object *object, const char *text, size_t length)
{
    struct mysql_ddl_report report = {0};
    mysql_ddl_read_table(reading->builder, object->relation, object->name, reading->connection->database, text, length,
                         &report);
    if (report.columns_partial)
        mark_partial(reading, SCHEMA_COLUMNS, object->name, report.place);
    if (report.constraints_partial)
        mark_partial(reading, SCHEMA_CONSTRAINTS, object->name, report.place);
    if (report.indexes_partial)
        mark_partial(reading, SCHEMA_INDEXES, object->name, report.place);
}

enum { SHOW_COLUMNS_NAME, SHOW_COLUMNS_TYPE, SHOW_COLUMNS_NULL };

static void take_view_column(struct reading *reading, const struct object *object, MYSQL_ROW row, uint16_t position)
{
    const char *type = row[SHOW_COLUMNS_TYPE] ? row[SHOW_COLUMNS_TYPE] : "";
    const char *nullable = row[SHOW_COLUMNS_NULL] ? row[SHOW_COLUMNS_NULL] : "YES";
    struct schema_column column = {
        .relation = object->relation,
        .name = schema_builder_text(reading->builder, row[SHOW_COLUMNS_NAME]),
        .type = mysql_ddl_type(reading->builder, type, strlen(type)),
        .position = position,
        .flags = strcmp(nullable, "YES") == 0 ? COLUMN_NULLABLE : 0,
    };
    schema_builder_column(reading->builder, &column);
}

/* The rows of one statement's result. */
static int take_result(struct reading *reading, const struct object *object, MYSQL_RES *result, struct error *reterr)
{
    for (uint16_t position = 1;; position++) {
        MYSQL_ROW row = NULL;
        if (mysql_session_row(reading->connection, result, reading->deadline, &row, reterr))
            return -1;
        if (!row)
            return 0;
        const unsigned long *lengths = mysql_fetch_lengths(result);
        if (object->kind == LISTED_VIEW)
            take_view_column(reading, object, row, position);
        else if (!row[1])
            mark_partial(reading, SCHEMA_COLUMNS, object->name, "the server shows no text");
        else if (object->kind == LISTED_TABLE)
            take_table(reading, object, row[1], lengths[1]);
        else if (!mysql_ddl_read_sequence(reading->builder, object->name, row[1], lengths[1]))
            mark_partial(reading, SCHEMA_SEQUENCES, object->name, "its definition is not understood");
    }
}

/* One object that cannot be read does not spoil the others, unless it is gone or locked: then the look is told. */
static int take_failure(struct reading *reading, const struct object *object, const struct error *error,
                        struct error *reterr)
{
    static const unsigned not_a_sequence[] = {1347, 4089};
    bool changed = error->code == ERROR_NOT_FOUND || error->code == ERROR_CHANGED;
    for (size_t i = 0; i < ARRAY_LENGTH(not_a_sequence); i++)
        changed |= (unsigned)error->native == not_a_sequence[i];
    if (changed)
        return error_set(reterr, ERROR_CHANGED, "%s: %s changed while the schema was read", reading->connection->label,
                         object->name);
    if (error->code != ERROR_FORBIDDEN && error->code != ERROR_INVALID) {
        if (reterr)
            *reterr = *error;
        return -1;
    }
    const char *why = error->code == ERROR_FORBIDDEN ? "the role may not see its definition" : error->message;
    if (object->kind == LISTED_SEQUENCE) {
        mark_partial(reading, SCHEMA_SEQUENCES, object->name, why);
    } else if (object->kind == LISTED_VIEW) {
        mark_partial(reading, SCHEMA_VIEWS, object->name, why);
    } else {
        mark_partial(reading, SCHEMA_COLUMNS, object->name, why);
        mark_partial(reading, SCHEMA_CONSTRAINTS, object->name, why);
        mark_partial(reading, SCHEMA_INDEXES, object->name, why);
    }
    return 0;
}

static void compose_statement(const struct object *object, struct strbuf *text)
{
    static const char *const heads[] = {[LISTED_TABLE] = "SHOW CREATE TABLE ",
                                        [LISTED_VIEW] = "SHOW COLUMNS FROM ",
                                        [LISTED_SEQUENCE] = "SHOW CREATE SEQUENCE "};
    strbuf_add_string(text, heads[object->kind]);
    mysql_quote_name(text, object->name);
}

/* The result that stands ready on the connection. */
static int take_ready(struct reading *reading, const struct object *object, struct error *reterr)
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
static int read_batch(struct reading *reading, const struct object *const *objects, size_t count, size_t *ret_done,
                      struct error *reterr)
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

static int read_hostile(struct reading *reading, struct error *reterr)
{
    if (mysql_session_set_multi_statements(reading->connection, false, reading->deadline, reterr))
        return -1;
    for (size_t i = 0; i < reading->count; i++) {
        const struct object *object = &reading->objects[i];
        size_t done = 0;
        if (!object->plain && read_batch(reading, &object, 1, &done, reterr))
            return -1;
    }
    return 0;
}

/* Reads `count` objects, in as many round trips as failing statements make necessary. */
static int read_run(struct reading *reading, const struct object *const *objects, size_t count, struct error *reterr)
{
    for (size_t at = 0; at < count;) {
        size_t done = 0;
        if (read_batch(reading, objects + at, count - at, &done, reterr))
            return -1;
        at += done;
    }
    return 0;
}

static int read_plain(struct reading *reading, struct error *reterr)
{
    const struct object *batch[BATCH] = {0};
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

enum { VIEW_NAME, VIEW_DEFINITION, VIEW_CHECK_OPTION, VIEW_SECURITY };

/* What a view is beyond its query stands around it, as in CREATE VIEW. */
static int take_view(struct reading *reading, MYSQL_ROW row, const unsigned long *lengths, struct error *reterr)
{
    struct object wanted = {.name = row[VIEW_NAME] ? row[VIEW_NAME] : ""};
    const struct object *object = bsearch(&wanted, reading->objects, reading->count, sizeof(wanted), compare_objects);
    if (!object || object->kind != LISTED_VIEW)
        return 0;
    if (!row[VIEW_DEFINITION] || lengths[VIEW_DEFINITION] == 0) {
        mark_partial(reading, SCHEMA_VIEWS, object->name,
                     "its definition is not shown; GRANT SELECT, SHOW VIEW shows it");
        return 0;
    }
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_STRING_POOL);
    if (row[VIEW_SECURITY] && strcmp(row[VIEW_SECURITY], "INVOKER") == 0)
        strbuf_add_string(&text, "SQL SECURITY INVOKER ");
    mysql_expression_canonical(row[VIEW_DEFINITION], lengths[VIEW_DEFINITION], reading->connection->database, &text);
    if (row[VIEW_CHECK_OPTION] && strcmp(row[VIEW_CHECK_OPTION], "NONE") != 0)
        strbuf_printf(&text, " WITH %s CHECK OPTION", row[VIEW_CHECK_OPTION]);
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    schema_builder_set_definition(reading->builder, object->relation,
                                  schema_builder_text_n(reading->builder, strbuf_text(&text), text.length));
    return 0;
}

static int read_views(struct reading *reading, struct error *reterr)
{
    static const char text[] =
        "SELECT TABLE_NAME AS name, VIEW_DEFINITION AS text, CHECK_OPTION AS option_, "
        "SECURITY_TYPE AS security FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()";
    struct mysql_connection *connection = reading->connection;
    MYSQL_RES *result = NULL;
    if (reading->view_count == 0)
        return 0;
    if (mysql_session_select(connection, text, sizeof(text) - 1, reading->deadline, &result, reterr))
        return -1;
    int failed = 0;
    for (MYSQL_ROW row = NULL; !failed;) {
        failed = mysql_session_row(connection, result, reading->deadline, &row, reterr);
        if (failed || !row)
            break;
        failed = take_view(reading, row, mysql_fetch_lengths(result), reterr);
    }
    mysql_session_finish(connection, result, reading->deadline);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

/* What the grants do not cover is said of every kind that hangs on tables. */
static void tell_coverage(struct reading *reading)
{
    const struct mysql_connection *connection = reading->connection;
    bool sees_tables = mysql_grants_sees_tables(connection->grants);
    for (int kind = 0; kind < SCHEMA_KINDS; kind++) {
        bool absent = kind == SCHEMA_SCHEMAS || kind == SCHEMA_EXTENSIONS || kind == SCHEMA_ENUMS ||
                      kind == SCHEMA_DOMAINS || kind == SCHEMA_COMPOSITES || kind == SCHEMA_POLICIES ||
                      (kind == SCHEMA_SEQUENCES && !connection->mariadb);
        if (absent) {
            schema_builder_coverage(reading->builder, (enum schema_kind)kind, COVERAGE_NOT_APPLICABLE, NULL);
            continue;
        }
        if (kind == SCHEMA_ROUTINES || kind == SCHEMA_TRIGGERS || kind == SCHEMA_EVENTS) {
            schema_builder_coverage(reading->builder, (enum schema_kind)kind, COVERAGE_NONE, "not read yet");
            continue;
        }
        if (!sees_tables)
            mark_partial(reading, (enum schema_kind)kind, connection->database,
                         "only objects that the role has a privilege on are seen; GRANT REFERENCES, SHOW VIEW on the "
                         "database shows all");
        const char *reason = reading->partial[kind];
        schema_builder_coverage(reading->builder, (enum schema_kind)kind,
                                reason[0] == '\0' ? COVERAGE_FULL : COVERAGE_PARTIAL,
                                reason[0] == '\0' ? NULL : reason);
    }
}

static int read_all(struct reading *reading, struct error *reterr)
{
    if (list_objects(reading, reterr) || read_views(reading, reterr) || read_hostile(reading, reterr) ||
        read_plain(reading, reterr))
        return -1;
    tell_coverage(reading);
    return 0;
}

static void tell_server(const struct mysql_connection *connection, struct schema_builder *builder)
{
    const char *version = mysql_get_server_info(connection->mysql);
    char number[48] = "";
    snprintf(number, sizeof(number), "%.*s", (int)strcspn(version, "-"), version);
    schema_builder_server(builder, connection->mariadb ? "mariadb" : "mysql", number);
    schema_builder_dialect(builder, &dialect_mysql);
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
    struct reading reading = {.connection = connection, .builder = builder, .deadline = deadline, .arena = arena};
    tell_server(connection, builder);
    int failed = read_all(&reading, reterr);
    mem_free(reading.objects);
    return failed;
}
