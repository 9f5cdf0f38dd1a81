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

void postgres_lean_on_routine_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean)
{
    *lean = (struct postgres_lean){.task = task, .stage = postgres_change_stage(maker, task)};
    if (!can_replace(maker, task))
        postgres_lean_on_routine(maker, lean, (size_t)task->place.live);
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
