/* SPDX-License-Identifier: Apache-2.0
 *
 * What has to wait: for a name that something else still has, or for something that is mended in a later stage.
 */
#include <string.h>

#include "drift/plan_postgres.h"

void postgres_add_late(struct plan_maker *maker, const struct postgres_late *late)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    if (late->stage < 2)
        return;
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

unsigned postgres_needs(const struct plan_maker *maker, const char *text)
{
    const struct postgres_plan *plan = maker->engine;
    bool qualified = maker->target->server_version != 0;
    unsigned stage = 1;
    for (size_t i = 0; text && i < plan->late_count; i++) {
        const struct postgres_late *late = &plan->late[i];
        if (late->stage <= stage || !plan_mentions(text, late->schema_name, late->name, qualified))
            continue;
        if (!late->column || plan_mentions_word(text, late->column))
            stage = late->stage;
    }
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

/* Things that leave their name before stage 3 are claimed with that stage. */
static bool stays(const struct plan_maker *maker, enum plan_array array, size_t index)
{
    unsigned stage = postgres_claimed(maker, SIDE_CURRENT, array, index);
    return stage == 0 || stage == PLAN_STAGES;
}

static bool is_in_schema(const struct plan_maker *maker, uint32_t relation, const char *schema_name)
{
    const struct schema *current = maker->current;
    return strcmp(schema_text(current, current->relations[relation].schema), schema_name) == 0;
}

static bool is_key(const struct schema_constraint *constraint)
{
    return constraint->kind == CONSTRAINT_PRIMARY_KEY || constraint->kind == CONSTRAINT_UNIQUE ||
           constraint->kind == CONSTRAINT_EXCLUSION;
}

static bool object_has_name(const struct plan_maker *maker, const char *schema_name, const char *name)
{
    static const enum object_kind kinds[] = {OBJECT_SEQUENCE, OBJECT_ENUM, OBJECT_DOMAIN, OBJECT_COMPOSITE};
    const struct schema *current = maker->current;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        const struct schema_object *object = schema_find_object(current, kinds[i], schema_name, NULL, name, NULL);
        if (object && stays(maker, ARRAY_OBJECTS, (size_t)(object - current->objects)))
            return true;
    }
    return false;
}

bool postgres_name_is_taken(struct plan_maker *maker, const char *schema_name, const char *name)
{
    const struct schema *current = maker->current;
    const struct schema_relation *relation = schema_find_relation(current, schema_name, name);
    if (relation && stays(maker, ARRAY_RELATIONS, (size_t)(relation - current->relations)))
        return true;
    if (object_has_name(maker, schema_name, name))
        return true;
    for (size_t i = 0; i < current->index_count; i++)
        if (strcmp(schema_text(current, current->indexes[i].name), name) == 0 &&
            is_in_schema(maker, current->indexes[i].relation, schema_name) && stays(maker, ARRAY_INDEXES, i))
            return true;
    for (size_t i = 0; i < current->constraint_count; i++)
        if (is_key(&current->constraints[i]) && strcmp(schema_text(current, current->constraints[i].name), name) == 0 &&
            is_in_schema(maker, current->constraints[i].relation, schema_name) && stays(maker, ARRAY_CONSTRAINTS, i))
            return true;
    return false;
}
