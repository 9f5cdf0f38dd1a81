/* SPDX-License-Identifier: Apache-2.0
 *
 * From items to tasks, and from tasks to the engine's rules.
 */
#include <string.h>

#include "base/alloc.h"
#include "drift/plan_work.h"

static const enum plan_array arrays[DRIFT_KINDS] = {
    [DRIFT_SCHEMA] = ARRAY_OBJECTS,
    [DRIFT_EXTENSION] = ARRAY_OBJECTS,
    [DRIFT_TABLE] = ARRAY_RELATIONS,
    [DRIFT_PARTITION] = ARRAY_RELATIONS,
    [DRIFT_COLUMN] = ARRAY_COLUMNS,
    [DRIFT_PRIMARY_KEY] = ARRAY_CONSTRAINTS,
    [DRIFT_UNIQUE] = ARRAY_CONSTRAINTS,
    [DRIFT_FOREIGN_KEY] = ARRAY_CONSTRAINTS,
    [DRIFT_CHECK] = ARRAY_CONSTRAINTS,
    [DRIFT_EXCLUSION] = ARRAY_CONSTRAINTS,
    [DRIFT_INDEX] = ARRAY_INDEXES,
    [DRIFT_ENUM] = ARRAY_OBJECTS,
    [DRIFT_DOMAIN] = ARRAY_OBJECTS,
    [DRIFT_COMPOSITE] = ARRAY_OBJECTS,
    [DRIFT_SEQUENCE] = ARRAY_OBJECTS,
    [DRIFT_VIEW] = ARRAY_RELATIONS,
    [DRIFT_MATERIALIZED_VIEW] = ARRAY_RELATIONS,
    [DRIFT_ROUTINE] = ARRAY_OBJECTS,
    [DRIFT_TRIGGER] = ARRAY_OBJECTS,
    [DRIFT_POLICY] = ARRAY_OBJECTS,
    [DRIFT_EVENT] = ARRAY_OBJECTS,
};

enum plan_array plan_array_of(enum drift_kind kind)
{
    return arrays[kind];
}

size_t plan_array_count(const struct schema *schema, enum plan_array array)
{
    const size_t counts[PLAN_ARRAYS] = {
        [ARRAY_RELATIONS] = schema->relation_count,     [ARRAY_COLUMNS] = schema->column_count,
        [ARRAY_CONSTRAINTS] = schema->constraint_count, [ARRAY_INDEXES] = schema->index_count,
        [ARRAY_OBJECTS] = schema->object_count,
    };
    return counts[array];
}

bool plan_get_marks(struct plan_maker *maker, const struct schema *schema, unsigned char *ret_marks[PLAN_ARRAYS])
{
    for (enum plan_array array = ARRAY_RELATIONS; array < PLAN_ARRAYS; array++)
        if (!(ret_marks[array] = arena_alloc(maker->arena, plan_array_count(schema, array) + 1)))
            return false;
    return true;
}

const struct schema *plan_schema(const struct plan_maker *maker, enum plan_side side)
{
    return side == SIDE_CURRENT ? maker->current : maker->target;
}

void plan_work_done(struct plan_work *work)
{
    mem_free(work->entries);
    mem_free(work->unsolved);
    mem_free(work->guards);
    mem_free(work->guard_slots);
    for (size_t side = 0; side < 2; side++)
        for (size_t array = 0; array < PLAN_ARRAYS; array++)
            mem_free(work->task_of[side][array]);
}

static int64_t place_on(struct drift_place place, enum plan_side side)
{
    return side == SIDE_CURRENT ? place.live : place.reference;
}

/* The entry of task_of for a place, or NULL if it is nowhere there. */
static uint32_t *task_slot(struct plan_maker *maker, enum plan_array array, enum plan_side side, int64_t index)
{
    struct plan_work *work = maker->work;
    size_t count = plan_array_count(plan_schema(maker, side), array);
    if (index < 0 || (uint64_t)index >= count || maker->failed)
        return NULL;
    uint32_t **slots = &work->task_of[side][array];
    if (!*slots && !(*slots = mem_calloc(count, sizeof **slots))) {
        maker->failed = true;
        return NULL;
    }
    return *slots + index;
}

/* What the items of one task have in common. */
struct task_key {
    enum plan_array arrays[2]; /* by enum plan_side */
    struct drift_place place;
};

static struct task_key key_of(const struct plan_maker *maker, const struct drift_item *item)
{
    bool of_table = item->relation.reference >= 0 || item->relation.live >= 0;
    if (maker->dialect->by_table && of_table)
        return (struct task_key){{ARRAY_RELATIONS, ARRAY_RELATIONS}, item->relation};
    struct task_key key = {{arrays[item->kind], arrays[item->kind]}, item->place};
    /* An index on one side can be a constraint on the other. */
    if (item->live_is_constraint)
        key.arrays[SIDE_CURRENT] = ARRAY_CONSTRAINTS;
    if (item->reference_is_constraint)
        key.arrays[SIDE_TARGET] = ARRAY_CONSTRAINTS;
    return key;
}

/* The slots of both sides name the same task: a thing is one, wherever an item found it. */
static uint32_t *slot_of(struct plan_maker *maker, const struct drift_item *item, uint32_t *ret_task)
{
    struct task_key key = key_of(maker, item);
    uint32_t *slots[2] = {NULL};
    *ret_task = 0;
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        slots[side] = task_slot(maker, key.arrays[side], side, place_on(key.place, side));
        if (slots[side] && *slots[side])
            *ret_task = *slots[side];
    }
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++)
        if (slots[side] && *ret_task)
            *slots[side] = *ret_task;
    return slots[SIDE_CURRENT] ? slots[SIDE_CURRENT] : slots[SIDE_TARGET];
}

static void mark_slots(struct plan_maker *maker, const struct drift_item *item, uint32_t task)
{
    struct task_key key = key_of(maker, item);
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        uint32_t *slot = task_slot(maker, key.arrays[side], side, place_on(key.place, side));
        if (slot)
            *slot = task;
    }
}

static bool is_wanted(const struct drift_item *item)
{
    return item->state != ITEM_SUPPRESSED;
}

/* First pass: numbers the tasks and counts their items. */
static bool count_tasks(struct plan_maker *maker, uint32_t *task_of_item)
{
    struct plan_work *work = maker->work;
    for (size_t i = 0; i < maker->report->item_count; i++) {
        const struct drift_item *item = &maker->report->items[i];
        uint32_t task = 0;
        if (!is_wanted(item))
            continue;
        if (!slot_of(maker, item, &task) && maker->failed)
            return false;
        if (!task) {
            task = (uint32_t)++work->task_count;
            mark_slots(maker, item, task);
        }
        task_of_item[i] = task;
        work->tasks[task - 1].item_count++;
    }
    return !maker->failed;
}

/* Second pass: gives each task its items, in the report's order. */
static bool fill_tasks(struct plan_maker *maker, const uint32_t *task_of_item)
{
    struct plan_work *work = maker->work;
    const struct drift_item **pool = arena_array(maker->arena, maker->report->item_count, sizeof *pool);
    size_t *next = arena_array(maker->arena, work->task_count, sizeof *next);
    if (!pool || !next)
        return false;
    for (size_t i = 1; i < work->task_count; i++)
        next[i] = next[i - 1] + work->tasks[i - 1].item_count;
    for (size_t i = 0; i < maker->report->item_count; i++) {
        const struct drift_item *item = &maker->report->items[i];
        if (!task_of_item[i])
            continue;
        size_t number = task_of_item[i] - 1;
        struct plan_task *task = &work->tasks[number];
        pool[next[number]] = item;
        if (!task->items)
            *task = (struct plan_task){
                .kind = item->kind,
                .change = item->change,
                .place = key_of(maker, item).place,
                .relation = item->relation,
                .object = item->object,
                .items = pool + next[number],
                .item_count = task->item_count,
            };
        next[number]++;
    }
    return true;
}

bool plan_group(struct plan_maker *maker)
{
    struct plan_work *work = maker->work;
    size_t count = maker->report->item_count;
    work->ended = arena_array(maker->arena, count + 1, sizeof *work->ended);
    work->tasks = arena_array(maker->arena, count + 1, sizeof *work->tasks);
    uint32_t *task_of_item = arena_array(maker->arena, count + 1, sizeof *task_of_item);
    if (!work->ended || !work->tasks || !task_of_item)
        return false;
    return count == 0 ||
           (count_tasks(maker, task_of_item) && (work->task_count == 0 || fill_tasks(maker, task_of_item)));
}

size_t plan_task_count(const struct plan_maker *maker)
{
    return maker->work->task_count;
}

const struct plan_task *plan_task_at(const struct plan_maker *maker, size_t index)
{
    return &maker->work->tasks[index];
}

const struct plan_task *plan_find_task(const struct plan_maker *maker, enum plan_array array, enum plan_side side,
                                       size_t index)
{
    const uint32_t *slots = maker->work->task_of[side][array];
    if (!slots || index >= plan_array_count(plan_schema(maker, side), array) || !slots[index])
        return NULL;
    return &maker->work->tasks[slots[index] - 1];
}

static const struct plan_rule *rule_for(const struct plan_dialect *dialect, const struct drift_item *item)
{
    for (size_t i = 0; i < dialect->rule_count; i++) {
        const struct plan_rule *rule = &dialect->rules[i];
        bool kind = rule->kind == DRIFT_KINDS || rule->kind == item->kind;
        bool change = rule->change == DRIFT_CHANGES || rule->change == item->change;
        bool attribute = !rule->attribute || (item->attribute && strcmp(rule->attribute, item->attribute) == 0);
        if (kind && change && attribute)
            return rule;
    }
    return NULL;
}

/* Calls each function once, with all items of the task that end in it. */
static void apply_to(struct plan_maker *maker, const struct plan_task *task)
{
    const struct drift_item **batch = arena_array(maker->arena, task->item_count, sizeof *batch);
    bool *done = arena_array(maker->arena, task->item_count, sizeof *done);
    if (!batch || !done) {
        maker->failed = true;
        return;
    }
    for (size_t i = 0; i < task->item_count && !maker->failed; i++) {
        const struct plan_rule *rule = rule_for(maker->dialect, task->items[i]);
        if (done[i] || !rule)
            continue;
        if (!rule->make) {
            plan_leave(maker, task->items[i], "%s", rule->reason);
            continue;
        }
        size_t count = 0;
        for (size_t k = i; k < task->item_count; k++) {
            const struct plan_rule *other = rule_for(maker->dialect, task->items[k]);
            if (!other || other->make != rule->make)
                continue;
            batch[count++] = task->items[k];
            done[k] = true;
        }
        rule->make(maker, task, batch, count);
        batch += count; /* makers may keep what they were given */
    }
}

static void apply_kind(struct plan_maker *maker, enum drift_kind kind)
{
    for (size_t i = 0; i < maker->work->task_count && !maker->failed; i++)
        if (maker->work->tasks[i].kind == kind)
            apply_to(maker, &maker->work->tasks[i]);
}

void plan_apply_rules(struct plan_maker *maker)
{
    const enum drift_kind *order = maker->dialect->order;
    for (size_t i = 0; order && i < DRIFT_KINDS; i++)
        apply_kind(maker, order[i]);
    for (size_t i = 0; !order && i < maker->work->task_count && !maker->failed; i++)
        apply_to(maker, &maker->work->tasks[i]);
}
