/* SPDX-License-Identifier: Apache-2.0
 *
 * Routines that differ: replaced where they stand if the server can, else dropped and made again with what leans on
 * them.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_lean.h"
#include "drift/plan_postgres_text.h"

static bool same_text(const struct plan_maker *maker, const struct plan_task *task, enum attribute_key key)
{
    const struct schema_object *present = &maker->current->objects[task->place.live];
    const struct schema_object *wanted = &maker->target->objects[task->place.reference];
    const char *a = schema_attribute_text(maker->current, present->attributes, key);
    const char *b = schema_attribute_text(maker->target, wanted->attributes, key);
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_aggregate(const struct schema *schema, int64_t index)
{
    return strcmp(postgres_sql_routine_word(schema, &schema->objects[index]), "AGGREGATE") == 0;
}

/* CREATE OR REPLACE changes neither the result's type nor arguments' names, nor what kind of routine it is, and takes
 * no default away. */
static bool can_replace(const struct plan_maker *maker, const struct plan_task *task)
{
    return same_text(maker, task, ATTRIBUTE_SIGNATURE) && same_text(maker, task, ATTRIBUTE_RETURNS) &&
           same_text(maker, task, ATTRIBUTE_VARIANT) && !is_aggregate(maker->target, task->place.reference);
}

static bool is_parsed(const struct schema *schema, size_t index)
{
    return schema_has_attribute(schema, schema->objects[index].attributes, ATTRIBUTE_SQL_BODY);
}

/* The only routine of a side that has the name of another of the current side; DRIFT_NOWHERE: none or several. */
static int64_t find_namesake(const struct plan_maker *maker, enum plan_side side, size_t present)
{
    const struct schema *current = maker->current;
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *one = &current->objects[present];
    int64_t found = DRIFT_NOWHERE;
    for (size_t i = schema->object_starts[OBJECT_ROUTINE]; i < schema->object_starts[OBJECT_ROUTINE + 1]; i++) {
        if (strcmp(schema_text(schema, schema->objects[i].name), schema_text(current, one->name)) != 0 ||
            strcmp(schema_text(schema, schema->objects[i].schema), schema_text(current, one->schema)) != 0)
            continue;
        if (found != DRIFT_NOWHERE)
            return DRIFT_NOWHERE;
        found = (int64_t)i;
    }
    return found;
}

/* Whether something leans on it, and all of that stays as it is. */
static bool keeps_callers(struct plan_maker *maker, const struct plan_task *task)
{
    struct postgres_lean lean = {.task = task, .stage = 2};
    postgres_lean_on_routine(maker, &lean, (size_t)task->place.live);
    for (size_t i = 0; i < lean.count; i++)
        if (lean.all[i].wanted < 0 || plan_find_task(maker, lean.all[i].array, SIDE_CURRENT, lean.all[i].present))
            return false;
    return lean.count > 0;
}

void postgres_find_exchanged(struct plan_maker *maker)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    for (size_t i = 0; i < plan_task_count(maker) && !maker->failed; i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        if (task->kind != DRIFT_ROUTINE || task->change != DRIFT_UNEXPECTED)
            continue;
        size_t present = (size_t)task->place.live;
        int64_t wanted = find_namesake(maker, SIDE_TARGET, present);
        const struct plan_task *other =
            wanted < 0 ? NULL : plan_find_task(maker, ARRAY_OBJECTS, SIDE_TARGET, (size_t)wanted);
        if (other && other->change == DRIFT_MISSING && find_namesake(maker, SIDE_CURRENT, present) >= 0 &&
            !is_parsed(maker->current, present) && !is_parsed(maker->target, (size_t)wanted) &&
            keeps_callers(maker, task))
            plan->exchanged[present] = other;
    }
}

bool postgres_is_exchanged(const struct plan_maker *maker, const struct plan_task *task)
{
    const struct postgres_plan *plan = maker->engine;
    if (task->kind != DRIFT_ROUTINE || task->change == DRIFT_CHANGED)
        return false;
    if (task->change == DRIFT_UNEXPECTED)
        return plan->exchanged[task->place.live] != NULL;
    for (size_t i = 0; i < maker->current->object_count; i++)
        if (plan->exchanged[i] == task)
            return true;
    return false;
}

void postgres_lean_on_routine_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean)
{
    if (task->change == DRIFT_UNEXPECTED) {
        *lean = (struct postgres_lean){.task = task, .stage = 2};
        postgres_lean_on_routine(maker, lean, (size_t)task->place.live);
        return;
    }
    *lean = (struct postgres_lean){.task = task, .stage = postgres_change_stage(maker, task)};
    if (!can_replace(maker, task))
        postgres_lean_on_routine(maker, lean, (size_t)task->place.live);
}

/* Another of its name takes its place: the two beside each other could leave a call in doubt of which it means. */
void postgres_drop_routine(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count)
{
    if (!postgres_is_exchanged(maker, task)) {
        postgres_drop_object(maker, task, items, count);
        return;
    }
    size_t present = (size_t)task->place.live;
    size_t wanted = (size_t)postgres_plan_of(maker)->exchanged[present]->place.reference;
    struct postgres_fact gone = postgres_object_fact(maker, (struct postgres_pair){{(int64_t)present, DRIFT_NOWHERE}});
    struct postgres_fact made = postgres_object_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, (int64_t)wanted}});
    struct postgres_lean lean = {0};
    struct postgres_step step = {
        .stage = 2,
        .phase = PHASE_ROUTINE,
        .rank = plan_rank(maker, SIDE_TARGET, ARRAY_OBJECTS, wanted),
        .lock = "ACCESS EXCLUSIVE on what leans on it",
        .hazards = HAZARD(CHANGES_BEHAVIOUR) | HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES),
        .fact = &gone,
    };
    postgres_lean_on_routine_of(maker, task, &lean);
    postgres_lean_wrap(maker, &lean, postgres_drop_object_sql(maker, SIDE_CURRENT, present),
                       postgres_object_sql(maker, SIDE_TARGET, wanted, false), SIDE_TARGET, &step.forward);
    postgres_lean_wrap(maker, &lean, postgres_drop_object_sql(maker, SIDE_TARGET, wanted),
                       postgres_object_sql(maker, SIDE_CURRENT, present, false), SIDE_CURRENT, &step.backward);
    postgres_guard(maker, 2, &made);
    postgres_claim(maker, SIDE_CURRENT, ARRAY_OBJECTS, present, 2);
    postgres_claim(maker, SIDE_TARGET, ARRAY_OBJECTS, wanted, 2);
    postgres_add(maker, task, items, count, &step);
}

void postgres_change_routine(struct plan_maker *maker, const struct plan_task *task,
                             const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_object_fact(maker, pair);
    struct postgres_step step = {
        .stage = postgres_change_stage(maker, task),
        .phase = postgres_routine_phase(maker, task->place),
        .rank = plan_rank(maker, SIDE_TARGET, ARRAY_OBJECTS, (size_t)task->place.reference),
        .lock = "none",
        .hazards = HAZARD(CHANGES_BEHAVIOUR),
        .fact = &fact,
        .plain = true,
        .plain_undo = true,
    };
    if (can_replace(maker, task)) {
        step.forward =
            postgres_one(maker, postgres_object_sql(maker, SIDE_TARGET, (size_t)task->place.reference, true));
        step.backward = postgres_one(maker, postgres_object_sql(maker, SIDE_CURRENT, (size_t)task->place.live, true));
        if (postgres_is_shaken(maker, ARRAY_OBJECTS, (size_t)task->place.live)) {
            step.backward =
                postgres_one(maker, postgres_drop_object_sql(maker, SIDE_CURRENT, (size_t)task->place.live));
            step.shaken = true;
            fact.passes_absent = true;
        }
        postgres_add(maker, task, items, count, &step);
        return;
    }
    struct postgres_lean lean = {0};
    postgres_lean_on_routine_of(maker, task, &lean);
    postgres_lean_wrap(maker, &lean, postgres_drop_object_sql(maker, SIDE_CURRENT, (size_t)task->place.live),
                       postgres_object_sql(maker, SIDE_TARGET, (size_t)task->place.reference, false), SIDE_TARGET,
                       &step.forward);
    postgres_lean_wrap(maker, &lean, postgres_drop_object_sql(maker, SIDE_TARGET, (size_t)task->place.reference),
                       postgres_object_sql(maker, SIDE_CURRENT, (size_t)task->place.live, false), SIDE_CURRENT,
                       &step.backward);
    step.plain = false;
    step.plain_undo = false;
    step.lock = lean.count ? "ACCESS EXCLUSIVE on what leans on it" : "none";
    step.hazards |= HAZARD(HIDDEN_DEPENDENCIES);
    postgres_add(maker, task, items, count, &step);
}
