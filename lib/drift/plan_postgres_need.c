/* SPDX-License-Identifier: Apache-2.0
 *
 * What has to wait: for a name that something else still has, or for something that is mended in a later stage.
 */
#include <string.h>

#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

static bool is_same(const struct postgres_late *one, const struct postgres_late *other)
{
    return strcmp(one->name, other->name) == 0 && strcmp(one->schema_name, other->schema_name) == 0 &&
           strcmp(one->column ? one->column : "", other->column ? other->column : "") == 0;
}

void postgres_add_late(struct plan_maker *maker, const struct postgres_late *late)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    struct postgres_late *known = NULL;
    if (late->stage < 2)
        return;
    for (size_t i = 0; i < plan->late_count && !known; i++)
        if (is_same(&plan->late[i], late))
            known = &plan->late[i];
    if (known && known->stage >= late->stage)
        return;
    plan->late_changes++;
    if (known) {
        known->stage = late->stage;
        return;
    }
    if (plan->late_count == plan->late_capacity) {
        size_t capacity = plan->late_capacity ? plan->late_capacity * 2 : 16;
        struct postgres_late *grown = arena_array(maker->arena, capacity, sizeof *grown);
        if (!grown) {
            maker->failed = true;
            return;
        }
        if (plan->late_count)
            memcpy(grown, plan->late, plan->late_count * sizeof *grown);
        plan->late = grown;
        plan->late_capacity = capacity;
    }
    plan->late[plan->late_count++] = *late;
}

static bool mentions(const char *text, const struct postgres_late *late, bool qualified)
{
    return plan_mentions(text, late->schema_name, late->name, qualified) &&
           (!late->column || plan_mentions_word(text, late->column));
}

unsigned postgres_needs(const struct plan_maker *maker, const char *text)
{
    const struct postgres_plan *plan = maker->engine;
    bool qualified = maker->target->server_version != 0;
    unsigned stage = 1;
    for (size_t i = 0; text && i < plan->late_count; i++) {
        const struct postgres_late *late = &plan->late[i];
        if (late->stage > stage && mentions(text, late, qualified))
            stage = late->stage;
    }
    return stage;
}

static unsigned needs_in_column(const struct plan_maker *maker, const struct schema_column *column, const char *text)
{
    const struct postgres_plan *plan = maker->engine;
    const char *type = schema_text(maker->target, column->type);
    bool qualified = maker->target->server_version != 0;
    unsigned stage = 1;
    for (size_t i = 0; i < plan->late_count; i++) {
        const struct postgres_late *late = &plan->late[i];
        bool named = late->stage > stage && mentions(text, late, qualified);
        if (named && !(late->moves_columns && plan_mentions(type, late->schema_name, late->name, false)))
            stage = late->stage;
    }
    return stage;
}

unsigned postgres_needs_of_default(const struct plan_maker *maker, const struct schema_column *column)
{
    return needs_in_column(maker, column, schema_text(maker->target, column->default_expression));
}

unsigned postgres_needs_to_make(const struct plan_maker *maker, const struct schema_column *column)
{
    unsigned stage = needs_in_column(maker, column, schema_text(maker->target, column->type));
    unsigned preset = postgres_needs_of_default(maker, column);
    return preset > stage ? preset : stage;
}

unsigned postgres_needs_table(const struct plan_maker *maker, const char *schema_name, const char *table)
{
    const struct postgres_plan *plan = maker->engine;
    unsigned stage = 1;
    for (size_t i = 0; i < plan->late_count; i++)
        if (!plan->late[i].column && plan->late[i].stage > stage && strcmp(plan->late[i].name, table) == 0 &&
            strcmp(plan->late[i].schema_name, schema_name) == 0)
            stage = plan->late[i].stage;
    return stage;
}

static bool is_column_of(const struct postgres_late *late, const char *schema_name, const char *table)
{
    return late->column && strcmp(late->name, table) == 0 && strcmp(late->schema_name, schema_name) == 0;
}

unsigned postgres_needs_column(const struct plan_maker *maker, const char *schema_name, const char *table,
                               const char *column)
{
    const struct postgres_plan *plan = maker->engine;
    unsigned stage = 1;
    for (size_t i = 0; i < plan->late_count; i++)
        if (is_column_of(&plan->late[i], schema_name, table) && strcmp(plan->late[i].column, column) == 0 &&
            plan->late[i].stage > stage)
            stage = plan->late[i].stage;
    return stage;
}

unsigned postgres_needs_of(const struct plan_maker *maker, const char *schema_name, const char *table, const char *text)
{
    const struct postgres_plan *plan = maker->engine;
    unsigned stage = postgres_needs(maker, text);
    for (size_t i = 0; text && i < plan->late_count; i++)
        if (plan->late[i].stage > stage && is_column_of(&plan->late[i], schema_name, table) &&
            plan_mentions_word(text, plan->late[i].column))
            stage = plan->late[i].stage;
    return stage;
}

bool postgres_is_shaken(const struct plan_maker *maker, enum plan_array array, size_t present)
{
    const struct postgres_plan *plan = maker->engine;
    return plan->shaken[array][present] != NULL;
}

static bool is_key(const struct schema_constraint *constraint)
{
    return constraint->kind == CONSTRAINT_PRIMARY_KEY || constraint->kind == CONSTRAINT_UNIQUE ||
           constraint->kind == CONSTRAINT_EXCLUSION;
}

/* Calls `visit` for whatever has the name among relations, sequences, types and indexes, until it returns true. */
typedef bool visit_holder(const struct plan_maker *maker, enum plan_array array, size_t index);

static bool object_has_name(const struct plan_maker *maker, const struct schema *schema, const char *schema_name,
                            const char *name, visit_holder *visit)
{
    static const enum object_kind kinds[] = {OBJECT_SEQUENCE, OBJECT_ENUM, OBJECT_DOMAIN, OBJECT_COMPOSITE};
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        const struct schema_object *object = schema_find_object(schema, kinds[i], schema_name, NULL, name, NULL);
        if (object && visit(maker, ARRAY_OBJECTS, (size_t)(object - schema->objects)))
            return true;
    }
    return false;
}

static bool is_in_schema(const struct schema *schema, uint32_t relation, const char *schema_name)
{
    return strcmp(schema_text(schema, schema->relations[relation].schema), schema_name) == 0;
}

static bool find_holder(const struct plan_maker *maker, enum plan_side side, const char *schema_name, const char *name,
                        visit_holder *visit)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_relation *relation = schema_find_relation(schema, schema_name, name);
    if (relation && visit(maker, ARRAY_RELATIONS, (size_t)(relation - schema->relations)))
        return true;
    if (object_has_name(maker, schema, schema_name, name, visit))
        return true;
    for (size_t i = 0; i < schema->index_count; i++)
        if (strcmp(schema_text(schema, schema->indexes[i].name), name) == 0 &&
            is_in_schema(schema, schema->indexes[i].relation, schema_name) && visit(maker, ARRAY_INDEXES, i))
            return true;
    for (size_t i = 0; i < schema->constraint_count; i++)
        if (is_key(&schema->constraints[i]) && strcmp(schema_text(schema, schema->constraints[i].name), name) == 0 &&
            is_in_schema(schema, schema->constraints[i].relation, schema_name) && visit(maker, ARRAY_CONSTRAINTS, i))
            return true;
    return false;
}

/* Things that leave their name before stage 3 are claimed with that stage. */
static bool stays(const struct plan_maker *maker, enum plan_array array, size_t index)
{
    unsigned stage = postgres_claimed(maker, SIDE_CURRENT, array, index);
    return stage == 0 || stage == PLAN_STAGES;
}

static bool is_any(const struct plan_maker *maker, enum plan_array array, size_t index)
{
    (void)maker;
    (void)array;
    (void)index;
    return true;
}

bool postgres_name_is_taken(struct plan_maker *maker, const char *schema_name, const char *name)
{
    return find_holder(maker, SIDE_CURRENT, schema_name, name, stays);
}

bool postgres_name_is_used(const struct plan_maker *maker, enum plan_side side, const char *schema_name,
                           const char *name)
{
    return find_holder(maker, side, schema_name, name, is_any);
}
