/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts about keys, constraints, views and everything else that is no column.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static bool is_mariadb(const struct plan_maker *maker)
{
    return mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
}

static enum plan_side side_of(struct mysql_pair pair)
{
    return pair.at[SIDE_CURRENT] >= 0 ? SIDE_CURRENT : SIDE_TARGET;
}

/* Writes the text that the fact has on one side. */
typedef const char *fact_value(struct plan_maker *maker, const struct schema *schema, size_t index, bool shown);

static void set_values(struct plan_maker *maker, struct mysql_pair pair, fact_value *value, bool shown,
                       struct mysql_fact *fact)
{
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++)
        fact->values[side] =
            pair.at[side] < 0 ? "" : value(maker, mysql_side(maker, side), (size_t)pair.at[side], shown);
}

static const char *table_of_constraint(struct plan_maker *maker, struct mysql_pair pair, const char **ret_name)
{
    enum plan_side side = side_of(pair);
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_constraint *constraint = &schema->constraints[pair.at[side]];
    *ret_name = schema_text(schema, constraint->name);
    return schema_text(schema, schema->relations[constraint->relation].name);
}

static void add_names(struct strbuf *out, const struct schema *schema, struct text_list names)
{
    for (uint32_t i = 0; i < names.count; i++)
        strbuf_printf(out, "%s%s", i > 0 ? "," : "", schema_text(schema, schema->lists[names.first + i]));
}

static const char *reference_value(struct plan_maker *maker, const struct schema *schema, size_t index, bool shown)
{
    static const char *const actions[FOREIGN_KEY_ACTIONS] = {
        [ACTION_NO_ACTION] = "NO ACTION", [ACTION_RESTRICT] = "NO ACTION",      [ACTION_CASCADE] = "CASCADE",
        [ACTION_SET_NULL] = "SET NULL",   [ACTION_SET_DEFAULT] = "SET DEFAULT",
    };
    const struct schema_constraint *key = &schema->constraints[index];
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    (void)shown;
    add_names(&out, schema, key->columns);
    strbuf_add_string(&out, " -> ");
    if (key->referenced_schema)
        strbuf_printf(&out, "%s.", schema_text(schema, key->referenced_schema));
    strbuf_printf(&out, "%s(", schema_text(schema, key->referenced_table));
    add_names(&out, schema, key->referenced_columns);
    strbuf_printf(&out, ") %s %s", actions[key->on_delete], actions[key->on_update]);
    return plan_keep(maker, &out);
}

struct mysql_fact mysql_reference_fact(struct plan_maker *maker, struct mysql_pair constraints)
{
    const char *name = NULL;
    const char *table = table_of_constraint(maker, constraints, &name);
    struct mysql_fact fact = {
        .object = plan_printf(maker, "foreign key %s.%s", mysql_quoted(maker, table), mysql_quoted(maker, name)),
        .query = plan_printf(
            maker,
            "(SELECT CONCAT(GROUP_CONCAT(k.COLUMN_NAME ORDER BY k.ORDINAL_POSITION SEPARATOR ','), ' -> ', "
            "IF(MIN(k.REFERENCED_TABLE_SCHEMA) = DATABASE(), '', CONCAT(MIN(k.REFERENCED_TABLE_SCHEMA), '.')), "
            "MIN(k.REFERENCED_TABLE_NAME), '(', GROUP_CONCAT(k.REFERENCED_COLUMN_NAME ORDER BY k.ORDINAL_POSITION "
            "SEPARATOR ','), ') ', MIN(REPLACE(r.DELETE_RULE, 'RESTRICT', 'NO ACTION')), ' ', "
            "MIN(REPLACE(r.UPDATE_RULE, 'RESTRICT', 'NO ACTION'))) FROM information_schema.KEY_COLUMN_USAGE k JOIN "
            "information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND "
            "r.TABLE_NAME = k.TABLE_NAME AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME WHERE k.CONSTRAINT_SCHEMA = "
            "DATABASE() AND k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME = %s AND k.CONSTRAINT_NAME = %s AND "
            "k.REFERENCED_TABLE_NAME IS NOT NULL)",
            mysql_literal(maker, table), mysql_literal(maker, name)),
    };
    set_values(maker, constraints, reference_value, true, &fact);
    return fact;
}

static const char *check_value(struct plan_maker *maker, const struct schema *schema, size_t index, bool shown)
{
    const struct schema_constraint *check = &schema->constraints[index];
    const char *text = shown ? mysql_squeezed(maker, schema_text(schema, check->expression)) : "check";
    if (is_mariadb(maker))
        return plan_printf(maker, "=%s", text);
    return plan_printf(maker, "=%s %s", text, check->flags & CONSTRAINT_NOT_ENFORCED ? "NO" : "YES");
}

static const char *text_at(const struct schema *schema, int64_t at, bool constraint)
{
    return at < 0 ? NULL
                  : schema_text(schema,
                                constraint ? schema->constraints[at].expression : schema->relations[at].definition);
}

/* Whether the texts of both sides are shown in a form that can be foretold. */
static bool are_shown(struct plan_maker *maker, struct mysql_pair pair, bool constraint)
{
    bool loose = mysql_plan_of(maker)->loose && pair.at[SIDE_TARGET] >= 0;
    return !loose && mysql_is_plainly_shown(text_at(maker->current, pair.at[SIDE_CURRENT], constraint)) &&
           mysql_is_plainly_shown(text_at(maker->target, pair.at[SIDE_TARGET], constraint));
}

struct mysql_fact mysql_check_fact(struct plan_maker *maker, struct mysql_pair constraints)
{
    static const char mariadb[] =
        "(SELECT CONCAT('=', %s) FROM information_schema.CHECK_CONSTRAINTS c WHERE c.CONSTRAINT_SCHEMA = DATABASE() "
        "AND c.TABLE_NAME = %s AND c.CONSTRAINT_NAME = %s AND c.LEVEL = 'Table')";
    static const char oracle[] =
        "(SELECT CONCAT('=', %s, ' ', t.ENFORCED) FROM information_schema.TABLE_CONSTRAINTS t JOIN "
        "information_schema.CHECK_CONSTRAINTS c ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = "
        "t.CONSTRAINT_NAME WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = %s AND t.CONSTRAINT_NAME = %s AND "
        "t.CONSTRAINT_TYPE = 'CHECK')";
    const char *name = NULL;
    const char *table = table_of_constraint(maker, constraints, &name);
    bool shown = are_shown(maker, constraints, true);
    const char *clause = shown ? mysql_squeezed_sql(maker, "c.CHECK_CLAUSE") : "'check'";
    const char *table_literal = mysql_literal(maker, table);
    const char *name_literal = mysql_literal(maker, name);
    struct mysql_fact fact = {
        .object = plan_printf(maker, "check %s.%s", mysql_quoted(maker, table), mysql_quoted(maker, name)),
        .query = is_mariadb(maker) ? plan_printf(maker, mariadb, clause, table_literal, name_literal)
                                   : plan_printf(maker, oracle, clause, table_literal, name_literal),
    };
    set_values(maker, constraints, check_value, shown, &fact);
    return fact;
}

struct mysql_key mysql_key_of_constraint(const struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_constraint *found = &schema->constraints[constraint];
    const struct schema_relation *table = &schema->relations[found->relation];
    struct mysql_key key = {.side = side, .relation = found->relation, .constraint = found};
    key.name = found->kind == CONSTRAINT_PRIMARY_KEY ? "PRIMARY" : schema_text(schema, found->name);
    for (size_t i = 0; i < table->index_count; i++)
        if (mysql_same_name(schema_text(schema, schema->indexes[table->first_index + i].name), key.name))
            key.index = &schema->indexes[table->first_index + i];
    return key;
}

struct mysql_key mysql_key_of_index(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_index *found = &schema->indexes[index];
    return (struct mysql_key){
        .side = side, .relation = found->relation, .index = found, .name = schema_text(schema, found->name)};
}

bool mysql_key_is_primary(const struct mysql_key *key)
{
    return key->constraint && key->constraint->kind == CONSTRAINT_PRIMARY_KEY;
}

const char *mysql_key_sql(struct plan_maker *maker, const struct mysql_key *key)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    mysql_sql_key(&text, mysql_plan_of(maker)->flavour, mysql_side(maker, key->side), key->constraint, key->index);
    return plan_keep(maker, &text);
}

static const char *shown_method(const struct schema *schema, const struct mysql_key *key)
{
    const char *method = key->index ? schema_text(schema, key->index->method) : "";
    return strcmp(method, "hash") == 0 ? "" : method;
}

static bool key_is_shown(const struct plan_maker *maker, const struct mysql_key *key)
{
    if (!key || !key->index)
        return true;
    const struct schema *schema = mysql_side(maker, key->side);
    for (size_t i = 0; i < key->index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[key->index->first_part + i];
        bool loose = mysql_plan_of(maker)->loose && key->side == SIDE_TARGET;
        if (part->flags & PART_EXPRESSION && (loose || !mysql_is_plainly_shown(schema_text(schema, part->text))))
            return false;
    }
    return true;
}

static void add_part(struct plan_maker *maker, struct strbuf *out, const struct schema *schema,
                     const struct schema_index *index, const struct schema_index_part *part, bool shown)
{
    bool plain = !index->method || strcmp(schema_text(schema, index->method), "hash") == 0;
    const char *text = schema_text(schema, part->text);
    if (part->flags & PART_EXPRESSION)
        strbuf_printf(out, "(%s", shown ? mysql_squeezed(maker, text) : "");
    else
        strbuf_add_string(out, text);
    if (part->prefix && plain)
        strbuf_printf(out, ":%u", part->prefix);
    if (part->flags & PART_DESCENDING && plain)
        strbuf_add_string(out, " D");
}

static const char *key_value(struct plan_maker *maker, const struct mysql_key *key, bool shown)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    if (!key)
        return "";
    const struct schema *schema = mysql_side(maker, key->side);
    bool unique = key->constraint || key->index->flags & INDEX_UNIQUE;
    bool hidden = key->index && key->index->flags & INDEX_HIDDEN;
    strbuf_printf(&out, "%s%s%s: ", unique ? "unique" : "index", shown_method(schema, key), hidden ? " hidden" : "");
    if (!key->index)
        add_names(&out, schema, key->constraint->columns);
    for (size_t i = 0; key->index && i < key->index->part_count; i++) {
        if (i > 0)
            strbuf_add_char(&out, ',');
        add_part(maker, &out, schema, key->index, &schema->parts[key->index->first_part + i], shown);
    }
    return plan_keep(maker, &out);
}

struct mysql_fact mysql_key_fact(struct plan_maker *maker, const struct mysql_key *current,
                                 const struct mysql_key *target)
{
    const struct mysql_key *key = current ? current : target;
    const struct schema *schema = mysql_side(maker, key->side);
    const char *table = schema_text(schema, schema->relations[key->relation].name);
    bool shown = key_is_shown(maker, current) && key_is_shown(maker, target);
    bool mariadb = is_mariadb(maker);
    const char *expression = shown && !mariadb ? mysql_squeezed_sql(maker, "EXPRESSION") : "''";
    return (struct mysql_fact){
        .object = plan_printf(maker, "index %s.%s", mysql_quoted(maker, table), mysql_quoted(maker, key->name)),
        .query = plan_printf(
            maker,
            "(SELECT CONCAT(IF(MIN(NON_UNIQUE) = 0, 'unique', 'index'), MIN(IF(INDEX_TYPE IN ('FULLTEXT', 'SPATIAL', "
            "'VECTOR'), LOWER(INDEX_TYPE), '')), MIN(IF(%s, ' hidden', '')), ': ', GROUP_CONCAT(CONCAT(COALESCE("
            "COLUMN_NAME, CONCAT('(', %s)), IF(INDEX_TYPE IN ('FULLTEXT', 'SPATIAL', 'VECTOR'), '', CONCAT(COALESCE("
            "CONCAT(':', SUB_PART), ''), IF(COLLATION = 'D', ' D', '')))) ORDER BY SEQ_IN_INDEX SEPARATOR ',')) FROM "
            "information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND INDEX_NAME = %s)",
            mariadb ? "IGNORED = 'YES'" : "IS_VISIBLE = 'NO'", expression, mysql_literal(maker, table),
            mysql_literal(maker, key->name)),
        .values = {key_value(maker, current, shown), key_value(maker, target, shown)},
    };
}

static const char *view_value(struct plan_maker *maker, const struct schema *schema, size_t index, bool shown)
{
    const struct schema_relation *view = &schema->relations[index];
    const char *security = schema_attribute_text(schema, view->attributes, ATTRIBUTE_SECURITY);
    const char *check = schema_attribute_text(schema, view->attributes, ATTRIBUTE_CHECK_OPTION);
    return plan_printf(maker, "%s %s %s", security && strcmp(security, "invoker") == 0 ? "INVOKER" : "DEFINER",
                       !check                        ? "NONE"
                       : strcmp(check, "local") == 0 ? "LOCAL"
                                                     : "CASCADED",
                       shown ? mysql_squeezed(maker, schema_text(schema, view->definition)) : "view");
}

struct mysql_fact mysql_view_fact(struct plan_maker *maker, struct mysql_pair relations)
{
    enum plan_side side = side_of(relations);
    const struct schema *schema = mysql_side(maker, side);
    const char *name = schema_text(schema, schema->relations[relations.at[side]].name);
    bool shown = are_shown(maker, relations, false);
    const char *text =
        shown ? mysql_squeezed_sql(maker, "REPLACE(VIEW_DEFINITION, CONCAT('`', REPLACE(DATABASE(), '`', '``'), '`.'), "
                                          "'')")
              : "'view'";
    struct mysql_fact fact = {
        .object = plan_printf(maker, "view %s", mysql_quoted(maker, name)),
        .query = plan_printf(maker,
                             "(SELECT CONCAT(SECURITY_TYPE, ' ', CHECK_OPTION, ' ', COALESCE(%s, '')) FROM "
                             "information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s)",
                             text, mysql_literal(maker, name)),
    };
    set_values(maker, relations, view_value, shown, &fact);
    return fact;
}

/* The client strips comments from what it sends unless it is told otherwise. */
static bool body_is_shown(const struct schema *schema, int64_t at)
{
    if (at < 0)
        return true;
    const char *body = schema_attribute_text(schema, schema->objects[at].attributes, ATTRIBUTE_BODY);
    return mysql_is_plainly_shown(body) && (!body || !(strstr(body, "/*") || strstr(body, "--") || strchr(body, '#')));
}

static const char *attribute(const struct schema *schema, const struct schema_object *object, enum attribute_key key)
{
    const char *text = schema_attribute_text(schema, object->attributes, key);
    return text ? text : "";
}

static const char *object_value(struct plan_maker *maker, const struct schema *schema, size_t index, bool shown)
{
    const struct schema_object *object = &schema->objects[index];
    const char *body = shown ? mysql_squeezed(maker, attribute(schema, object, ATTRIBUTE_BODY)) : "";
    const char *volatility = attribute(schema, object, ATTRIBUTE_VOLATILITY);
    const char *access = volatility;
    bool deterministic = strncmp(volatility, "DETERMINISTIC", strlen("DETERMINISTIC")) == 0;
    if (deterministic)
        access += strlen("DETERMINISTIC") + (volatility[strlen("DETERMINISTIC")] == ' ');
    switch (object->kind) {
    case OBJECT_TRIGGER:
        return plan_printf(maker, "%s %s ON %s %s", attribute(schema, object, ATTRIBUTE_TIMING),
                           attribute(schema, object, ATTRIBUTE_EVENTS), schema_text(schema, object->relation_name),
                           body);
    case OBJECT_EVENT:
        return plan_printf(maker, "%s %s", attribute(schema, object, ATTRIBUTE_STATUS), body);
    case OBJECT_ROUTINE:
        return plan_printf(maker, "%s %s %s %s", deterministic ? "YES" : "NO", *access ? access : "CONTAINS SQL",
                           *attribute(schema, object, ATTRIBUTE_SECURITY) ? "INVOKER" : "DEFINER", body);
    default:
        return "SEQUENCE";
    }
}

static const char *object_query(struct plan_maker *maker, const struct schema *schema,
                                const struct schema_object *object, bool shown)
{
    const char *name = mysql_literal(maker, schema_text(schema, object->name));
    const char *word = mysql_sql_object_word(schema, object);
    switch (object->kind) {
    case OBJECT_TRIGGER:
        return plan_printf(maker,
                           "(SELECT CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION, ' ON ', EVENT_OBJECT_TABLE, ' ', "
                           "%s) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME = "
                           "%s)",
                           shown ? mysql_squeezed_sql(maker, "ACTION_STATEMENT") : "''", name);
    case OBJECT_EVENT:
        return plan_printf(maker,
                           "(SELECT CONCAT(STATUS, ' ', %s) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = "
                           "DATABASE() AND EVENT_NAME = %s)",
                           shown ? mysql_squeezed_sql(maker, "EVENT_DEFINITION") : "''", name);
    case OBJECT_ROUTINE:
        return plan_printf(
            maker,
            "(SELECT CONCAT(IS_DETERMINISTIC, ' ', SQL_DATA_ACCESS, ' ', SECURITY_TYPE, ' ', %s) FROM "
            "information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = '%s' AND ROUTINE_NAME = "
            "%s)",
            shown ? mysql_squeezed_sql(maker, "COALESCE(ROUTINE_DEFINITION, '')") : "''", word, name);
    default:
        return plan_printf(maker,
                           "(SELECT TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND "
                           "TABLE_NAME = %s)",
                           name);
    }
}

struct mysql_fact mysql_object_fact(struct plan_maker *maker, struct mysql_pair objects)
{
    enum plan_side side = side_of(objects);
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_object *object = &schema->objects[objects.at[side]];
    bool shown = body_is_shown(maker->current, objects.at[SIDE_CURRENT]) &&
                 body_is_shown(maker->target, objects.at[SIDE_TARGET]) &&
                 !(mysql_plan_of(maker)->loose && objects.at[SIDE_TARGET] >= 0);
    struct mysql_fact fact = {
        .object = plan_printf(maker, "%s %s", object_kind_name((enum object_kind)object->kind),
                              mysql_quoted(maker, schema_text(schema, object->name))),
        .query = object_query(maker, schema, object, shown),
    };
    set_values(maker, objects, object_value, shown, &fact);
    return fact;
}
