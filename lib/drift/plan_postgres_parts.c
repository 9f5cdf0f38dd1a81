/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of single things, and the things that hang on a table.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

struct postgres_fact postgres_helper_fact(const char *object, const char *query, const char *before, const char *after)
{
    return (struct postgres_fact){.object = object, .query = query, .values = {before, after}};
}

const char *postgres_constraint_sql(struct plan_maker *maker, enum plan_side side, size_t index, bool not_valid)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_constraint *constraint = &schema->constraints[index];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_constraint(&text, schema, constraint, not_valid);
    const char *body = plan_keep(maker, &text);
    return postgres_alter(maker, side, constraint->relation, "ADD CONSTRAINT %s %s",
                          postgres_quoted(maker, schema_text(schema, constraint->name)), body);
}

const char *postgres_named_constraint_sql(struct plan_maker *maker, enum plan_side side, size_t index, const char *name)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_constraint *constraint = &schema->constraints[index];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_constraint(&text, schema, constraint, false);
    const char *body = plan_keep(maker, &text);
    return postgres_alter(maker, side, constraint->relation, "ADD CONSTRAINT %s %s", postgres_quoted(maker, name),
                          body);
}

const char *postgres_index_sql(struct plan_maker *maker, enum plan_side side, size_t index,
                               const struct postgres_index_form *form)
{
    const struct schema *schema = postgres_schema(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_index(&text, schema, &schema->indexes[index], form);
    return plan_keep(maker, &text);
}

const char *postgres_object_sql(struct plan_maker *maker, enum plan_side side, size_t index, bool replace)
{
    const struct schema *schema = postgres_schema(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_object(&text, schema, &schema->objects[index], replace);
    return plan_keep(maker, &text);
}

const char *postgres_view_sql(struct plan_maker *maker, enum plan_side side, size_t relation, bool replace)
{
    const struct schema *schema = postgres_schema(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_view(&text, schema, &schema->relations[relation], replace);
    return plan_keep(maker, &text);
}

const char *postgres_drop_relation_sql(struct plan_maker *maker, enum plan_side side, size_t relation)
{
    static const char *const words[RELATION_KINDS] = {
        [RELATION_FOREIGN] = "FOREIGN TABLE",
        [RELATION_VIEW] = "VIEW",
        [RELATION_MATERIALIZED_VIEW] = "MATERIALIZED VIEW",
    };
    const char *word = words[postgres_schema(maker, side)->relations[relation].kind];
    return plan_printf(maker, "DROP %s IF EXISTS %s", word ? word : "TABLE",
                       postgres_table_name(maker, side, relation));
}

bool postgres_name_changes_kind(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = postgres_schema(maker, side);
    return postgres_name_is_used(maker, side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET,
                                 schema_text(schema, schema->relations[relation].schema),
                                 schema_text(schema, schema->relations[relation].name));
}

static void add_object_path(struct strbuf *text, const struct schema *schema, const struct schema_object *object)
{
    switch (object->kind) {
    case OBJECT_SCHEMA:
        strbuf_add_string(text, "SCHEMA IF EXISTS ");
        break;
    case OBJECT_EXTENSION:
        strbuf_add_string(text, "EXTENSION IF EXISTS ");
        break;
    case OBJECT_SEQUENCE:
        strbuf_add_string(text, "SEQUENCE IF EXISTS ");
        break;
    case OBJECT_DOMAIN:
        strbuf_add_string(text, "DOMAIN IF EXISTS ");
        break;
    case OBJECT_TRIGGER:
        strbuf_add_string(text, "TRIGGER IF EXISTS ");
        break;
    case OBJECT_POLICY:
        strbuf_add_string(text, "POLICY IF EXISTS ");
        break;
    case OBJECT_ROUTINE:
        strbuf_printf(text, "%s IF EXISTS ", postgres_sql_routine_word(schema, object));
        break;
    default:
        strbuf_add_string(text, "TYPE IF EXISTS ");
        break;
    }
}

const char *postgres_drop_object_sql(struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *object = &schema->objects[index];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    strbuf_add_string(&text, "DROP ");
    add_object_path(&text, schema, object);
    if (object->kind == OBJECT_ROUTINE)
        postgres_sql_routine_name(&text, schema, object);
    else if (object->relation_name)
        postgres_sql_name(&text, schema_text(schema, object->name));
    else
        postgres_sql_object_name(&text, schema, object);
    if (object->relation_name) {
        strbuf_add_string(&text, " ON ");
        postgres_sql_qualified(&text, schema_text(schema, object->schema), schema_text(schema, object->relation_name));
    }
    return plan_keep(maker, &text);
}

const char *postgres_trigger_state_sql(struct plan_maker *maker, enum plan_side side, size_t index)
{
    static const struct {
        const char *state;
        const char *words;
    } rows[] = {{"disabled", "DISABLE"}, {"replica", "ENABLE REPLICA"}, {"always", "ENABLE ALWAYS"}};
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *trigger = &schema->objects[index];
    const char *state = schema_attribute_text(schema, trigger->attributes, ATTRIBUTE_ENABLED);
    const char *words = "ENABLE";
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    for (size_t i = 0; i < ARRAY_LENGTH(rows) && state; i++)
        if (strcmp(state, rows[i].state) == 0)
            words = rows[i].words;
    strbuf_add_string(&text, "ALTER TABLE ");
    postgres_sql_qualified(&text, schema_text(schema, trigger->schema), schema_text(schema, trigger->relation_name));
    strbuf_printf(&text, " %s TRIGGER ", words);
    postgres_sql_name(&text, schema_text(schema, trigger->name));
    return plan_keep(maker, &text);
}

void postgres_list_trigger_state(struct plan_maker *maker, enum plan_side side, size_t index,
                                 struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, side);
    if (schema_has_attribute(schema, schema->objects[index].attributes, ATTRIBUTE_ENABLED))
        postgres_list_add(maker, list, postgres_trigger_state_sql(maker, side, index));
}

const char *postgres_column_sql(struct plan_maker *maker, enum plan_side side, size_t index, bool nullable)
{
    const struct schema *schema = postgres_schema(maker, side);
    struct schema_column column = schema->columns[index];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    if (nullable)
        column.flags |= COLUMN_NULLABLE;
    postgres_sql_column(&text, schema, &column);
    const char *body = plan_keep(maker, &text);
    return postgres_alter(maker, side, column.relation, "ADD COLUMN IF NOT EXISTS %s", body);
}

static bool has_name(const struct schema *schema, struct text_list names, const char *name)
{
    for (uint32_t i = 0; i < names.count; i++)
        if (strcmp(schema_text(schema, schema->lists[names.first + i]), name) == 0)
            return true;
    return false;
}

static bool list_has(const struct schema *schema, uint32_t attributes, enum attribute_key key, const char *name)
{
    size_t count = 0;
    const struct schema_attribute *list = schema_attribute_list(schema, attributes, key, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(schema_text(schema, list[i].text), name) == 0)
            return true;
    return false;
}

bool postgres_constraint_uses(const struct schema *schema, const struct schema_constraint *constraint,
                              const struct schema_column *column)
{
    const struct schema_relation *relation = &schema->relations[column->relation];
    const char *name = schema_text(schema, column->name);
    if (constraint->relation == column->relation &&
        (has_name(schema, constraint->columns, name) ||
         list_has(schema, constraint->attributes, ATTRIBUTE_INCLUDE, name) ||
         plan_mentions_word(schema_text_or_null(schema, constraint->expression), name)))
        return true;
    return constraint->kind == CONSTRAINT_FOREIGN_KEY && constraint->referenced_table == relation->name &&
           constraint->referenced_schema == relation->schema && has_name(schema, constraint->referenced_columns, name);
}

bool postgres_index_uses(const struct schema *schema, const struct schema_index *index, const char *column)
{
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        const char *text = schema_text(schema, part->text);
        if (part->flags & PART_EXPRESSION ? plan_mentions_word(text, column) : strcmp(text, column) == 0)
            return true;
    }
    return plan_mentions_word(schema_text_or_null(schema, index->predicate), column);
}

void postgres_each_sequence(struct plan_maker *maker, enum plan_side side, size_t relation, const char *column,
                            postgres_visit *visit, void *userdata)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    cleanup(strbuf) struct strbuf path = STRBUF(LIMIT_SQL_PART);
    dialect_postgres.path_part(schema_text(schema, table->name), &path);
    strbuf_add_char(&path, '.');
    if (column)
        dialect_postgres.path_part(column, &path);
    const char *owner = plan_keep(maker, &path);
    for (size_t i = schema->object_starts[OBJECT_SEQUENCE]; i < schema->object_starts[OBJECT_SEQUENCE + 1]; i++) {
        const struct schema_object *sequence = &schema->objects[i];
        const char *text = schema_attribute_text(schema, sequence->attributes, ATTRIBUTE_OWNER);
        if (sequence->schema != table->schema || !text)
            continue;
        if (column ? strcmp(text, owner) == 0 : strncmp(text, owner, strlen(owner)) == 0)
            visit(maker, side, i, userdata);
    }
}

void postgres_each_object(struct plan_maker *maker, enum plan_side side, enum object_kind kind, size_t relation,
                          postgres_visit *visit, void *userdata)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = schema->object_starts[kind]; i < schema->object_starts[kind + 1]; i++)
        if (schema->objects[i].schema == table->schema && schema->objects[i].relation_name == table->name)
            visit(maker, side, i, userdata);
}

static void list_sequence(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    postgres_list_add(maker, userdata, postgres_object_sql(maker, side, index, false));
}

const char *postgres_owner_sql(struct plan_maker *maker, enum plan_side side, size_t sequence)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *object = &schema->objects[sequence];
    const char *owner = schema_attribute_text(schema, object->attributes, ATTRIBUTE_OWNER);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    strbuf_add_string(&text, "ALTER SEQUENCE ");
    postgres_sql_object_name(&text, schema, object);
    strbuf_add_string(&text, " OWNED BY ");
    if (owner && object->schema) {
        postgres_sql_name(&text, schema_text(schema, object->schema));
        strbuf_add_char(&text, '.');
    }
    strbuf_add_string(&text, owner ? owner : "NONE");
    return plan_keep(maker, &text);
}

static void list_owner(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    postgres_list_add(maker, userdata, postgres_owner_sql(maker, side, index));
}

static void list_object(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    postgres_list_add(maker, userdata, postgres_object_sql(maker, side, index, false));
    if (postgres_schema(maker, side)->objects[index].kind == OBJECT_TRIGGER)
        postgres_list_trigger_state(maker, side, index, userdata);
}

bool postgres_reads_others(struct plan_maker *maker, enum plan_side side, const struct schema_object *policy)
{
    const struct schema *schema = postgres_schema(maker, side);
    const char *texts[] = {schema_attribute_text(schema, policy->attributes, ATTRIBUTE_USING),
                           schema_attribute_text(schema, policy->attributes, ATTRIBUTE_POLICY_CHECK)};
    for (size_t i = 0; i < schema->relation_count; i++) {
        const struct schema_relation *other = &schema->relations[i];
        if (other->name == policy->relation_name && other->schema == policy->schema)
            continue;
        for (size_t k = 0; k < ARRAY_LENGTH(texts); k++)
            if (plan_mentions(texts[k], schema_text(schema, other->schema), schema_text(schema, other->name),
                              schema->server_version != 0))
                return true;
    }
    return false;
}

/* One that reads other tables comes back by itself. */
static void list_policy(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    if (!postgres_reads_others(maker, side, &postgres_schema(maker, side)->objects[index]))
        list_object(maker, side, index, userdata);
}

static void list_constraints(struct plan_maker *maker, enum plan_side side, const struct schema_relation *table,
                             struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, side);
    for (size_t i = 0; i < table->constraint_count; i++)
        if (schema->constraints[table->first_constraint + i].kind != CONSTRAINT_FOREIGN_KEY)
            postgres_list_add(maker, list, postgres_constraint_sql(maker, side, table->first_constraint + i, false));
}

void postgres_list_rest(struct plan_maker *maker, enum plan_side side, size_t relation, struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    const struct postgres_index_form form = {0};
    for (size_t i = 0; i < table->index_count; i++)
        postgres_list_add(maker, list, postgres_index_sql(maker, side, table->first_index + i, &form));
    postgres_each_object(maker, side, OBJECT_TRIGGER, relation, list_object, list);
    postgres_each_object(maker, side, OBJECT_POLICY, relation, list_policy, list);
    if (schema_has_attribute(schema, table->attributes, ATTRIBUTE_ROW_SECURITY))
        postgres_list_add(maker, list, postgres_alter(maker, side, relation, "ENABLE ROW LEVEL SECURITY"));
    if (schema_has_attribute(schema, table->attributes, ATTRIBUTE_FORCE_ROW_SECURITY))
        postgres_list_add(maker, list, postgres_alter(maker, side, relation, "FORCE ROW LEVEL SECURITY"));
}

bool postgres_is_partition_of(const struct schema *schema, size_t child, size_t parent)
{
    return schema->relations[child].kind == RELATION_PARTITION && postgres_is_child_of(schema, child, parent);
}

/* A table and what hangs on it. */
static void list_one(struct plan_maker *maker, enum plan_side side, size_t relation, struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, side);
    postgres_each_sequence(maker, side, relation, NULL, list_sequence, list);
    postgres_list_bare_table(maker, side, relation, list);
    postgres_each_sequence(maker, side, relation, NULL, list_owner, list);
    list_constraints(maker, side, &schema->relations[relation], list);
    postgres_list_rest(maker, side, relation, list);
}

/* Partitions of partitions: more levels than anybody has. */
enum { PARTITION_LEVELS = 8 };

static void list_level(struct plan_maker *maker, enum plan_side side, size_t relation, unsigned level,
                       struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, side);
    list_one(maker, side, relation, list);
    if (level == 0 || !schema_has_attribute(schema, schema->relations[relation].attributes, ATTRIBUTE_PARTITION_KEY))
        return;
    for (size_t i = 0; i < schema->relation_count; i++)
        if (postgres_is_partition_of(schema, i, relation))
            list_level(maker, side, i, level - 1, list);
}

void postgres_list_table(struct plan_maker *maker, enum plan_side side, size_t relation, struct postgres_list *list)
{
    list_level(maker, side, relation, PARTITION_LEVELS, list);
}
