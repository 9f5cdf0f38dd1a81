/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "dialect/mysql_sql.h"

void mysql_sql_view(struct strbuf *out, const struct schema *schema, const struct schema_relation *view)
{
    static const char mark[] = "algorithm=";
    size_t count = 0;
    const char *security = schema_attribute_text(schema, view->attributes, ATTRIBUTE_SECURITY);
    const char *check = schema_attribute_text(schema, view->attributes, ATTRIBUTE_CHECK_OPTION);
    const struct schema_attribute *options =
        schema_attribute_list(schema, view->attributes, ATTRIBUTE_VIEW_OPTIONS, &count);
    strbuf_add_string(out, "CREATE OR REPLACE");
    for (size_t i = 0; i < count; i++) {
        const char *text = schema_text(schema, options[i].text);
        if (strncmp(text, mark, sizeof mark - 1) == 0)
            strbuf_printf(out, " ALGORITHM=%s", text + sizeof mark - 1);
    }
    strbuf_printf(out, " SQL SECURITY %s VIEW ", security && strcmp(security, "invoker") == 0 ? "INVOKER" : "DEFINER");
    mysql_sql_name(out, schema_text(schema, view->name));
    strbuf_printf(out, " AS %s", schema_text(schema, view->definition));
    if (check)
        strbuf_printf(out, " WITH %s CHECK OPTION", strcmp(check, "local") == 0 ? "LOCAL" : "CASCADED");
}

static const char *variant_of(const struct schema *schema, const struct schema_object *object)
{
    const char *variant = schema_attribute_text(schema, object->attributes, ATTRIBUTE_VARIANT);
    return variant ? variant : "function";
}

const char *mysql_sql_object_word(const struct schema *schema, const struct schema_object *object)
{
    static const struct {
        const char *variant;
        const char *word;
    } rows[] = {{"procedure", "PROCEDURE"}, {"package", "PACKAGE"}, {"package body", "PACKAGE BODY"}};
    switch (object->kind) {
    case OBJECT_SEQUENCE:
        return "SEQUENCE";
    case OBJECT_TRIGGER:
        return "TRIGGER";
    case OBJECT_EVENT:
        return "EVENT";
    default:
        break;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (strcmp(variant_of(schema, object), rows[i].variant) == 0)
            return rows[i].word;
    return "FUNCTION";
}

bool mysql_sql_can_create(const struct schema *schema, const struct schema_object *object)
{
    if (object->kind != OBJECT_ROUTINE)
        return true;
    return strncmp(variant_of(schema, object), "package", strlen("package")) != 0 &&
           !schema_attribute_text(schema, object->attributes, ATTRIBUTE_LANGUAGE);
}

static const char *text_of(const struct schema *schema, const struct schema_object *object, enum attribute_key key)
{
    const char *text = schema_attribute_text(schema, object->attributes, key);
    return text ? text : "";
}

static void add_comment(struct strbuf *out, const struct schema *schema, const struct schema_object *object)
{
    const char *text = schema_attribute_text(schema, object->attributes, ATTRIBUTE_COMMENT);
    if (!text)
        return;
    strbuf_add_string(out, " COMMENT ");
    mysql_sql_literal(out, text);
}

static void add_trigger(struct strbuf *out, const struct schema *schema, const struct schema_object *trigger)
{
    const char *follows = schema_attribute_text(schema, trigger->attributes, ATTRIBUTE_FOLLOWS);
    strbuf_printf(out, " %s %s ON ", text_of(schema, trigger, ATTRIBUTE_TIMING),
                  text_of(schema, trigger, ATTRIBUTE_EVENTS));
    mysql_sql_name(out, schema_text(schema, trigger->relation_name));
    strbuf_add_string(out, " FOR EACH ROW");
    if (follows) {
        strbuf_add_string(out, " FOLLOWS ");
        mysql_sql_name(out, follows);
    }
    strbuf_printf(out, "\n%s", text_of(schema, trigger, ATTRIBUTE_BODY));
}

static void add_routine(struct strbuf *out, const struct schema *schema, const struct schema_object *routine)
{
    const char *returns = schema_attribute_text(schema, routine->attributes, ATTRIBUTE_RETURNS);
    const char *security = schema_attribute_text(schema, routine->attributes, ATTRIBUTE_SECURITY);
    const char *volatility = schema_attribute_text(schema, routine->attributes, ATTRIBUTE_VOLATILITY);
    strbuf_printf(out, "(%s)", text_of(schema, routine, ATTRIBUTE_SIGNATURE));
    if (returns)
        strbuf_printf(out, " RETURNS %s", returns);
    if (volatility)
        strbuf_printf(out, " %s", volatility);
    if (security && strcmp(security, "invoker") == 0)
        strbuf_add_string(out, " SQL SECURITY INVOKER");
    add_comment(out, schema, routine);
    strbuf_printf(out, "\n%s", text_of(schema, routine, ATTRIBUTE_BODY));
}

/* When a repeated event starts stands between its interval and its end. */
static void add_schedule(struct strbuf *out, const struct schema *schema, const struct schema_object *event)
{
    const char *schedule = text_of(schema, event, ATTRIBUTE_SCHEDULE);
    const char *starts = schema_attribute_text(schema, event->attributes, ATTRIBUTE_STARTS);
    const char *rest = strstr(schedule, " ENDS '");
    if (!rest)
        rest = strstr(schedule, " ON COMPLETION ");
    if (!rest)
        rest = schedule + strlen(schedule);
    strbuf_add_string(out, " ON SCHEDULE ");
    strbuf_add(out, schedule, (size_t)(rest - schedule));
    if (starts && strncmp(schedule, "EVERY ", strlen("EVERY ")) == 0) {
        strbuf_add_string(out, " STARTS ");
        mysql_sql_literal(out, starts);
    }
    strbuf_add_string(out, rest);
}

static void add_event(struct strbuf *out, const struct schema *schema, const struct schema_object *event)
{
    static const struct {
        const char *status;
        const char *words;
    } rows[] = {{"DISABLED", "DISABLE"},
                {"SLAVESIDE_DISABLED", "DISABLE ON SLAVE"},
                {"REPLICA_SIDE_DISABLED", "DISABLE ON REPLICA"}};
    const char *words = "ENABLE";
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (strcmp(text_of(schema, event, ATTRIBUTE_STATUS), rows[i].status) == 0)
            words = rows[i].words;
    add_schedule(out, schema, event);
    strbuf_printf(out, " %s", words);
    add_comment(out, schema, event);
    strbuf_printf(out, "\nDO %s", text_of(schema, event, ATTRIBUTE_BODY));
}

void mysql_sql_sequence_options(struct strbuf *out, const struct schema *schema, const struct schema_object *sequence)
{
    static const struct {
        enum attribute_key key;
        const char *words;
    } rows[] = {{ATTRIBUTE_START, "START WITH"},
                {ATTRIBUTE_MIN, "MINVALUE"},
                {ATTRIBUTE_MAX, "MAXVALUE"},
                {ATTRIBUTE_INCREMENT, "INCREMENT BY"},
                {ATTRIBUTE_CACHE, "CACHE"}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const char *text = schema_attribute_text(schema, sequence->attributes, rows[i].key);
        if (text)
            strbuf_printf(out, " %s %s", rows[i].words, text);
    }
    strbuf_add_string(out, schema_has_attribute(schema, sequence->attributes, ATTRIBUTE_CYCLE) ? " CYCLE" : " NOCYCLE");
}

/* A type can be said from MariaDB 11.5 on, where bigint is what others have anyway. */
static void add_sequence(struct strbuf *out, const struct schema *schema, const struct schema_object *sequence)
{
    const char *type = text_of(schema, sequence, ATTRIBUTE_TYPE);
    if (*type && strcmp(type, "bigint") != 0)
        strbuf_printf(out, " AS %s", type);
    mysql_sql_sequence_options(out, schema, sequence);
}

void mysql_sql_object(struct strbuf *out, const struct schema *schema, const struct schema_object *object,
                      enum mysql_if_there if_there)
{
    strbuf_printf(out, "CREATE %s%s %s", if_there == MYSQL_REPLACE_IF_THERE ? "OR REPLACE " : "",
                  mysql_sql_object_word(schema, object), if_there == MYSQL_KEEP_IF_THERE ? "IF NOT EXISTS " : "");
    mysql_sql_name(out, schema_text(schema, object->name));
    switch (object->kind) {
    case OBJECT_TRIGGER:
        add_trigger(out, schema, object);
        break;
    case OBJECT_EVENT:
        add_event(out, schema, object);
        break;
    case OBJECT_SEQUENCE:
        add_sequence(out, schema, object);
        break;
    default:
        add_routine(out, schema, object);
        break;
    }
}
