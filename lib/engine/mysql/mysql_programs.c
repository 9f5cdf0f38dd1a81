/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs in the database: triggers, procedures, functions and events. One query of information_schema for each kind,
 * however many there are, shows all but their bodies, and types as the server understood them. Whose they are (DEFINER)
 * and when they were made is not asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "dialect/mysql_collation.h"
#include "dialect/mysql_ddl.h"
#include "dialect/mysql_lexer.h"
#include "engine/mysql/mysql_reading.h"

static uint32_t text_of(struct mysql_reading *reading, const char *cell)
{
    return schema_builder_text(reading->builder, cell);
}

static uint32_t intern(struct mysql_reading *reading, const struct strbuf *text)
{
    return schema_builder_text_n(reading->builder, strbuf_text(text), text->length);
}

static bool is_cell(const char *cell, const char *wanted)
{
    return cell && strcmp(cell, wanted) == 0;
}

/* Adds a program and lists it, so that its body is asked for; `body` is what information_schema shows of it. */
static int add_program(struct mysql_reading *reading, struct schema_object *program, enum mysql_listed kind,
                       const char *name, uint32_t body, const struct schema_attribute *attributes, size_t count,
                       struct error *reterr)
{
    struct mysql_object object = {.name = name, .kind = kind, .body = body};
    schema_builder_objects(reading->builder, &object.program);
    program->name = text_of(reading, name);
    program->attributes = schema_builder_attributes(reading->builder, attributes, count);
    schema_builder_object(reading->builder, program);
    return mysql_list_object(reading, &object, reterr);
}

enum {
    TRIGGER_NAME,
    TRIGGER_TABLE,
    TRIGGER_TIMING,
    TRIGGER_EVENT,
    TRIGGER_BODY,
    TRIGGER_MODE,
};

/* The trigger before this one, where several share a table, a time and an event: they run in this order. */
struct previous_trigger {
    char *table;
    char *timing;
    char *event;
    char *name;
};

static void previous_done(struct previous_trigger *previous)
{
    mem_free(previous->table);
    mem_free(previous->timing);
    mem_free(previous->event);
    mem_free(previous->name);
    *previous = (struct previous_trigger){0};
}

static bool follows(const struct previous_trigger *previous, MYSQL_ROW row)
{
    return is_cell(previous->table, row[TRIGGER_TABLE]) && is_cell(previous->timing, row[TRIGGER_TIMING]) &&
           is_cell(previous->event, row[TRIGGER_EVENT]);
}

static int remember(struct previous_trigger *previous, MYSQL_ROW row, struct error *reterr)
{
    previous_done(previous);
    previous->table = mem_strdup(row[TRIGGER_TABLE]);
    previous->timing = mem_strdup(row[TRIGGER_TIMING]);
    previous->event = mem_strdup(row[TRIGGER_EVENT]);
    previous->name = mem_strdup(row[TRIGGER_NAME]);
    bool whole = previous->table && previous->timing && previous->event && previous->name;
    return whole ? 0 : error_no_memory(reterr);
}

static int take_trigger(struct mysql_reading *reading, void *payload, MYSQL_ROW row, const unsigned long *lengths,
                        struct error *reterr)
{
    struct previous_trigger *previous = payload;
    for (size_t i = TRIGGER_NAME; i <= TRIGGER_BODY; i++) {
        if (!row[i])
            return 0;
    }
    if (!mysql_has_table(reading, row[TRIGGER_TABLE])) {
        mysql_mark_partial(reading, SCHEMA_TRIGGERS, row[TRIGGER_NAME],
                           "its table was not there when tables were listed");
        return 0;
    }
    uint32_t before = follows(previous, row) ? text_of(reading, previous->name) : 0;
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_TIMING, .text = text_of(reading, row[TRIGGER_TIMING])},
        {.key = ATTRIBUTE_EVENTS, .text = text_of(reading, row[TRIGGER_EVENT])},
        {.key = ATTRIBUTE_FOLLOWS, .text = before},
        {.key = ATTRIBUTE_SQL_MODE, .text = text_of(reading, row[TRIGGER_MODE])},
    };
    struct schema_object trigger = {.kind = OBJECT_TRIGGER, .relation_name = text_of(reading, row[TRIGGER_TABLE])};
    uint32_t body = schema_builder_text_n(reading->builder, row[TRIGGER_BODY], lengths[TRIGGER_BODY]);
    if (add_program(reading, &trigger, LISTED_TRIGGER, row[TRIGGER_NAME], body, attributes, ARRAY_LENGTH(attributes),
                    reterr))
        return -1;
    return remember(previous, row, reterr);
}

static int read_triggers(struct mysql_reading *reading, struct error *reterr)
{
    static const char text[] =
        "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT, SQL_MODE"
        " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
        " ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER";
    struct previous_trigger previous = {0};
    int failed = mysql_for_each_row(reading, text, take_trigger, &previous, reterr);
    previous_done(&previous);
    return failed;
}

enum {
    ROUTINE_NAME,
    ROUTINE_TYPE,
    ROUTINE_RETURNS,
    ROUTINE_CHARSET,
    ROUTINE_BODY,
    ROUTINE_DETERMINISTIC,
    ROUTINE_ACCESS,
    ROUTINE_SECURITY,
    ROUTINE_LANGUAGE,
    ROUTINE_COLLATION,
    ROUTINE_MODE,
    ROUTINE_COMMENT,
};

/* A routine whose parameters are still to come. */
struct routine {
    const char *name; /* in the arena, as are the others */
    const char *type;
    const char *charset; /* the database's when it was made */
    size_t object;       /* its place among the builder's objects */
};

struct routines {
    struct routine *all;
    size_t count;
    size_t capacity;
    struct strbuf signature; /* of the routine whose parameters are being read */
    const struct routine *current;
};

static int compare_routines(const void *a, const void *b)
{
    const struct routine *left = a;
    const struct routine *right = b;
    int order = strcmp(left->type, right->type);
    return order != 0 ? order : strcmp(left->name, right->name);
}

static uint32_t variant_text(struct mysql_reading *reading, const char *type)
{
    if (is_cell(type, "PROCEDURE"))
        return text_of(reading, "procedure");
    if (is_cell(type, "PACKAGE"))
        return text_of(reading, "package");
    return is_cell(type, "PACKAGE BODY") ? text_of(reading, "package body") : 0;
}

/* "DETERMINISTIC READS SQL DATA": what is not the default. */
static uint32_t volatility_text(struct mysql_reading *reading, const char *deterministic, const char *access)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_QUERY_VALUE);
    if (is_cell(deterministic, "YES"))
        strbuf_add_string(&text, "DETERMINISTIC");
    if (access && strcmp(access, "CONTAINS SQL") != 0)
        strbuf_printf(&text, "%s%s", text.length > 0 ? " " : "", access);
    return intern(reading, &text);
}

/* A type with its character set, if it has one other than `usual`. */
static void add_type(const char *type, const char *charset, const char *usual, struct strbuf *out)
{
    strbuf_add_string(out, type);
    cleanup(strbuf) struct strbuf name = STRBUF(LIMIT_QUERY_VALUE);
    mysql_collation_name(charset ? charset : "", charset ? strlen(charset) : 0, &name);
    if (name.length > 0 && (!usual || strcmp(strbuf_text(&name), usual) != 0))
        strbuf_printf(out, " charset %s", strbuf_text(&name));
    out->failed |= !strbuf_ok(&name);
}

/* The server always prints the character set of what a function returns. */
static uint32_t returns_text(struct mysql_reading *reading, MYSQL_ROW row)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    if (!row[ROUTINE_RETURNS] || !is_cell(row[ROUTINE_TYPE], "FUNCTION"))
        return 0;
    uint32_t type = mysql_ddl_type(reading->builder, row[ROUTINE_RETURNS], strlen(row[ROUTINE_RETURNS]));
    add_type(schema_builder_get_text(reading->builder, type), row[ROUTINE_CHARSET], NULL, &text);
    return intern(reading, &text);
}

static int remember_routine(struct mysql_reading *reading, struct routines *routines, MYSQL_ROW row,
                            struct error *reterr)
{
    cleanup(strbuf) struct strbuf collation = STRBUF(LIMIT_QUERY_VALUE);
    cleanup(strbuf) struct strbuf charset = STRBUF(LIMIT_QUERY_VALUE);
    const char *cell = row[ROUTINE_COLLATION] ? row[ROUTINE_COLLATION] : "";
    mysql_collation_name(cell, strlen(cell), &collation);
    mysql_collation_charset(strbuf_text(&collation), &charset);
    size_t objects = 0;
    schema_builder_objects(reading->builder, &objects);
    if (!mem_grow(&routines->all, &routines->capacity, routines->count, sizeof(*routines->all), LIMIT_SCHEMA_OBJECTS))
        return error_no_memory(reterr);
    struct routine routine = {
        .name = arena_strdup(reading->arena, row[ROUTINE_NAME]),
        .type = arena_strdup(reading->arena, row[ROUTINE_TYPE]),
        .charset = arena_strdup(reading->arena, strbuf_text(&charset)),
        .object = objects,
    };
    if (!routine.name || !routine.type || !routine.charset)
        return error_no_memory(reterr);
    routines->all[routines->count++] = routine;
    return 0;
}

/* A package has no head that would have to be told from its body. */
static int add_routine(struct mysql_reading *reading, struct schema_object *routine, MYSQL_ROW row, uint32_t body,
                       const struct schema_attribute *attributes, size_t count, struct error *reterr)
{
    bool is_function = is_cell(row[ROUTINE_TYPE], "FUNCTION");
    if (is_function || is_cell(row[ROUTINE_TYPE], "PROCEDURE"))
        return add_program(reading, routine, is_function ? LISTED_FUNCTION : LISTED_PROCEDURE, row[ROUTINE_NAME], body,
                           attributes, count, reterr);
    uint32_t run = schema_builder_attributes(reading->builder, attributes, count);
    routine->name = text_of(reading, row[ROUTINE_NAME]);
    routine->attributes = schema_builder_add_attribute(reading->builder, run, ATTRIBUTE_BODY, body);
    schema_builder_object(reading->builder, routine);
    return 0;
}

static int take_routine(struct mysql_reading *reading, void *payload, MYSQL_ROW row, const unsigned long *lengths,
                        struct error *reterr)
{
    if (!row[ROUTINE_NAME] || !row[ROUTINE_TYPE])
        return 0;
    if (!row[ROUTINE_BODY]) {
        reading->hidden_bodies = true;
        return 0;
    }
    if (remember_routine(reading, payload, row, reterr))
        return -1;
    const char *language = row[ROUTINE_LANGUAGE];
    bool invoker = is_cell(row[ROUTINE_SECURITY], "INVOKER");
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_VARIANT, .text = variant_text(reading, row[ROUTINE_TYPE])},
        {.key = ATTRIBUTE_RETURNS, .text = returns_text(reading, row)},
        {.key = ATTRIBUTE_LANGUAGE, .text = is_cell(language, "SQL") ? 0 : text_of(reading, language)},
        {.key = ATTRIBUTE_VOLATILITY,
         .text = volatility_text(reading, row[ROUTINE_DETERMINISTIC], row[ROUTINE_ACCESS])},
        {.key = ATTRIBUTE_SECURITY, .text = invoker ? text_of(reading, "invoker") : 0},
        {.key = ATTRIBUTE_SQL_MODE, .text = text_of(reading, row[ROUTINE_MODE])},
        {.key = ATTRIBUTE_COMMENT, .text = text_of(reading, row[ROUTINE_COMMENT])},
    };
    struct schema_object routine = {.kind = OBJECT_ROUTINE};
    uint32_t body = schema_builder_text_n(reading->builder, row[ROUTINE_BODY], lengths[ROUTINE_BODY]);
    return add_routine(reading, &routine, row, body, attributes, ARRAY_LENGTH(attributes), reterr);
}

enum { PARAMETER_ROUTINE, PARAMETER_ROUTINE_TYPE, PARAMETER_MODE, PARAMETER_NAME, PARAMETER_TYPE, PARAMETER_CHARSET };

static void end_signature(struct mysql_reading *reading, struct routines *routines)
{
    if (routines->current && routines->signature.length > 0) {
        uint32_t text = intern(reading, &routines->signature);
        size_t count = 0;
        const struct schema_object *objects = schema_builder_objects(reading->builder, &count);
        size_t at = routines->current->object;
        uint32_t run = at < count ? objects[at].attributes : 0;
        run = schema_builder_add_attribute(reading->builder, run, ATTRIBUTE_SIGNATURE, text);
        if (at < count)
            schema_builder_objects(reading->builder, &count)[at].attributes = run;
    }
    strbuf_clear(&routines->signature);
    routines->current = NULL;
}

/* "IN `a` int, OUT `b` varchar(20)"; a function's have no mode. What a function returns is a row without a name. */
static int take_parameter(struct mysql_reading *reading, void *payload, MYSQL_ROW row, const unsigned long *lengths,
                          struct error *reterr)
{
    (void)lengths;
    struct routines *routines = payload;
    if (!row[PARAMETER_ROUTINE] || !row[PARAMETER_ROUTINE_TYPE] || !row[PARAMETER_NAME] || !row[PARAMETER_TYPE])
        return 0;
    struct routine wanted = {.name = row[PARAMETER_ROUTINE], .type = row[PARAMETER_ROUTINE_TYPE]};
    const struct routine *found =
        routines->count == 0 ? NULL
                             : bsearch(&wanted, routines->all, routines->count, sizeof(wanted), compare_routines);
    if (!found)
        return 0;
    if (found != routines->current) {
        end_signature(reading, routines);
        routines->current = found;
    }
    struct strbuf *out = &routines->signature;
    strbuf_add_string(out, out->length > 0 ? ", " : "");
    if (row[PARAMETER_MODE] && !is_cell(found->type, "FUNCTION"))
        strbuf_printf(out, "%s ", row[PARAMETER_MODE]);
    mysql_quote_name(out, row[PARAMETER_NAME]);
    strbuf_add_char(out, ' ');
    uint32_t type = mysql_ddl_type(reading->builder, row[PARAMETER_TYPE], strlen(row[PARAMETER_TYPE]));
    add_type(schema_builder_get_text(reading->builder, type), row[PARAMETER_CHARSET], found->charset, out);
    return strbuf_ok(out) ? 0 : error_no_memory(reterr);
}

static int read_parameters(struct mysql_reading *reading, struct routines *routines, struct error *reterr)
{
    static const char text[] =
        "SELECT SPECIFIC_NAME, ROUTINE_TYPE, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER, CHARACTER_SET_NAME"
        " FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = DATABASE()"
        " ORDER BY ROUTINE_TYPE, SPECIFIC_NAME, ORDINAL_POSITION";
    if (routines->count == 0)
        return 0;
    qsort(routines->all, routines->count, sizeof(*routines->all), compare_routines);
    if (mysql_for_each_row(reading, text, take_parameter, routines, reterr))
        return -1;
    end_signature(reading, routines);
    return 0;
}

static int read_routines(struct mysql_reading *reading, struct error *reterr)
{
    static const char text[] =
        "SELECT ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, CHARACTER_SET_NAME, ROUTINE_DEFINITION, IS_DETERMINISTIC,"
        " SQL_DATA_ACCESS, SECURITY_TYPE, EXTERNAL_LANGUAGE, DATABASE_COLLATION, SQL_MODE, ROUTINE_COMMENT"
        " FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()";
    struct routines routines = {.signature = STRBUF(LIMIT_DEFINITION_BYTES)};
    int failed = mysql_for_each_row(reading, text, take_routine, &routines, reterr);
    if (!failed)
        failed = read_parameters(reading, &routines, reterr);
    strbuf_done(&routines.signature);
    mem_free(routines.all);
    return failed;
}

enum {
    EVENT_NAME,
    EVENT_BODY,
    EVENT_AT,
    EVENT_INTERVAL,
    EVENT_UNIT,
    EVENT_ENDS,
    EVENT_STATUS,
    EVENT_COMPLETION,
    EVENT_MODE,
    EVENT_COMMENT,
    EVENT_STARTS,
};

/* A number stands as it is, "1:30" in quotes, which some servers give with it. */
static void add_interval(const char *value, struct strbuf *out)
{
    size_t length = strlen(value);
    if (length > 0 && strspn(value, "0123456789") == length)
        strbuf_add(out, value, length);
    else if (length >= 2 && value[0] == '\'' && value[length - 1] == '\'')
        mysql_quote_string(out, value + 1, length - 2);
    else
        mysql_quote_string(out, value, length);
}

/* When an event starts is left out: the server fills in the time of its making where nothing is said, and a dump says
 * what the server filled in. */
static uint32_t schedule_text(struct mysql_reading *reading, MYSQL_ROW row)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_QUERY_VALUE);
    if (row[EVENT_AT]) {
        strbuf_printf(&text, "AT '%s'", row[EVENT_AT]);
    } else {
        strbuf_add_string(&text, "EVERY ");
        add_interval(row[EVENT_INTERVAL] ? row[EVENT_INTERVAL] : "", &text);
        strbuf_printf(&text, " %s", row[EVENT_UNIT] ? row[EVENT_UNIT] : "");
    }
    if (row[EVENT_ENDS])
        strbuf_printf(&text, " ENDS '%s'", row[EVENT_ENDS]);
    if (is_cell(row[EVENT_COMPLETION], "PRESERVE"))
        strbuf_add_string(&text, " ON COMPLETION PRESERVE");
    return intern(reading, &text);
}

static int take_event(struct mysql_reading *reading, void *payload, MYSQL_ROW row, const unsigned long *lengths,
                      struct error *reterr)
{
    (void)payload;
    if (!row[EVENT_NAME] || !row[EVENT_BODY])
        return 0;
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_SCHEDULE, .text = schedule_text(reading, row)},
        {.key = ATTRIBUTE_STATUS, .text = text_of(reading, row[EVENT_STATUS])},
        {.key = ATTRIBUTE_SQL_MODE, .text = text_of(reading, row[EVENT_MODE])},
        {.key = ATTRIBUTE_COMMENT, .text = text_of(reading, row[EVENT_COMMENT])},
        {.key = ATTRIBUTE_STARTS, .text = text_of(reading, row[EVENT_STARTS])},
    };
    struct schema_object event = {.kind = OBJECT_EVENT};
    uint32_t body = schema_builder_text_n(reading->builder, row[EVENT_BODY], lengths[EVENT_BODY]);
    return add_program(reading, &event, LISTED_EVENT, row[EVENT_NAME], body, attributes, ARRAY_LENGTH(attributes),
                       reterr);
}

static int read_events(struct mysql_reading *reading, struct error *reterr)
{
    static const char text[] =
        "SELECT EVENT_NAME, EVENT_DEFINITION, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, ENDS, STATUS, ON_COMPLETION,"
        " SQL_MODE, EVENT_COMMENT, STARTS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()";
    return mysql_for_each_row(reading, text, take_event, NULL, reterr);
}

int mysql_read_programs(struct mysql_reading *reading, struct error *reterr)
{
    if (read_triggers(reading, reterr) || read_routines(reading, reterr) || read_events(reading, reterr))
        return -1;
    return 0;
}
