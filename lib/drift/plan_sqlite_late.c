/* SPDX-License-Identifier: Apache-2.0
 *
 * Views that must wait for columns. SQLite makes a view of columns that are not there yet without complaint, but then
 * refuses to drop a column of any table while it stands.
 */
#include "drift/plan_sqlite.h"

enum { STAGE_ADD = 1 };

/* A column that comes after stage 1, or a view that waits for one. */
struct sqlite_late {
    const char *relation;
    const char *column; /* NULL: the relation itself */
    unsigned stage;
};

static void add_late(struct plan_maker *maker, const struct sqlite_late *late)
{
    struct sqlite_plan *plan = maker->engine;
    if (plan->late_count == plan->late_capacity) {
        size_t capacity = plan->late_capacity * 2 + 16;
        struct sqlite_late *wider = arena_array(maker->arena, capacity, sizeof *wider);
        if (!wider) {
            maker->failed = true;
            return;
        }
        for (size_t i = 0; i < plan->late_count; i++)
            wider[i] = plan->late[i];
        plan->late = wider;
        plan->late_capacity = capacity;
    }
    plan->late[plan->late_count++] = *late;
}

static void add_columns(struct plan_maker *maker, const struct plan_task *task)
{
    struct sqlite_table table = sqlite_table_of(maker, task);
    const struct schema *target = maker->target;
    if (!sqlite_find_moves(&table, task->items, task->item_count))
        return;
    for (size_t i = 0; i < table.move_count; i++) {
        const struct sqlite_move *move = &table.moves[i];
        if (move->array != ARRAY_COLUMNS || move->target < 0 || move->stage <= STAGE_ADD)
            continue;
        const char *name = schema_text(target, target->columns[move->target].name);
        if (!schema_find_column(maker->current, sqlite_relation_of(&table, SIDE_CURRENT), name))
            add_late(maker, &(struct sqlite_late){table.name, name, move->stage});
    }
}

static unsigned stage_of_text(const struct plan_maker *maker, const char *text)
{
    const struct sqlite_plan *plan = maker->engine;
    unsigned stage = STAGE_ADD;
    for (size_t i = 0; i < plan->late_count; i++) {
        const struct sqlite_late *late = &plan->late[i];
        if (late->stage > stage && plan_mentions(text, NULL, late->relation, false) &&
            (!late->column || plan_mentions_word(text, late->column)))
            stage = late->stage;
    }
    return stage;
}

static const struct schema_relation *new_view(const struct plan_maker *maker, const struct plan_task *task)
{
    if (task->kind != DRIFT_VIEW || task->relation.reference < 0)
        return NULL;
    return &maker->target->relations[task->relation.reference];
}

static bool is_listed(const struct sqlite_plan *plan, const char *relation, unsigned stage)
{
    for (size_t i = 0; i < plan->late_count; i++) {
        if (plan->late[i].relation == relation && plan->late[i].stage >= stage)
            return true;
    }
    return false;
}

/* One round over the views; whether any was found to wait, so that those that stand on it may have to, too. */
static bool add_views(struct plan_maker *maker)
{
    bool found = false;
    for (size_t i = 0; i < plan_task_count(maker) && !maker->failed; i++) {
        const struct schema_relation *view = new_view(maker, plan_task_at(maker, i));
        if (!view)
            continue;
        const char *name = schema_text(maker->target, view->name);
        unsigned stage = stage_of_text(maker, schema_text(maker->target, view->definition));
        if (stage == STAGE_ADD || is_listed(maker->engine, name, stage))
            continue;
        add_late(maker, &(struct sqlite_late){name, NULL, stage});
        found = true;
    }
    return found;
}

static void find_late(struct plan_maker *maker)
{
    for (size_t i = 0; i < plan_task_count(maker) && !maker->failed; i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        if (task->relation.live >= 0 && task->relation.reference >= 0 &&
            maker->target->relations[task->relation.reference].kind == RELATION_TABLE &&
            maker->current->relations[task->relation.live].kind == RELATION_TABLE)
            add_columns(maker, task);
    }
    while (((struct sqlite_plan *)maker->engine)->late_count > 0 && add_views(maker)) {
    }
}

unsigned sqlite_stage_of_view(struct plan_maker *maker, const struct schema_relation *view)
{
    struct sqlite_plan *plan = maker->engine;
    if (!plan->late_known) {
        plan->late_known = true;
        find_late(maker);
    }
    return stage_of_text(maker, schema_text(maker->target, view->definition));
}
