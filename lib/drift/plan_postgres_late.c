/* SPDX-License-Identifier: Apache-2.0
 *
 * Before the rules: in which stage what tasks change is as the target has it, so that whatever mentions it can wait;
 * and what is out of the way of other steps when its own step comes.
 */
#include <string.h>

#include "drift/plan_postgres.h"
#include "drift/plan_postgres_lean.h"
#include "drift/plan_postgres_text.h"

/* Of a constraint in the place of an index: it takes that one's name over, or comes beside it. */
static unsigned exchange_stage(struct plan_maker *maker, const struct plan_task *task)
{
    const struct schema_index *index = &maker->current->indexes[task->place.live];
    const struct schema_constraint *key = &maker->target->constraints[task->place.reference];
    bool same_name = strcmp(schema_text(maker->current, index->name), schema_text(maker->target, key->name)) == 0;
    return same_name ? postgres_swap_stage(maker, (size_t)task->place.reference)
                     : postgres_new_key_stage(maker, (size_t)task->place.reference);
}

/* A routine whose body is a text to the server waits for nothing but the types that it takes and returns. */
static bool is_unparsed(const struct schema *schema, size_t index)
{
    const struct schema_object *object = &schema->objects[index];
    return object->kind == OBJECT_ROUTINE && !schema_has_attribute(schema, object->attributes, ATTRIBUTE_SQL_BODY);
}

static unsigned unparsed_stage(const struct plan_maker *maker, size_t index)
{
    const uint32_t run = maker->target->objects[index].attributes;
    unsigned stage = postgres_needs(maker, schema_attribute_text(maker->target, run, ATTRIBUTE_SIGNATURE));
    unsigned needed = postgres_needs(maker, schema_attribute_text(maker->target, run, ATTRIBUTE_RETURNS));
    return needed > stage ? needed : stage;
}

unsigned postgres_change_stage(struct plan_maker *maker, const struct plan_task *task)
{
    size_t wanted = (size_t)task->place.reference;
    unsigned stage = 2;
    if (task->items[0]->reference_is_constraint)
        return exchange_stage(maker, task);
    switch (plan_array_of(task->kind)) {
    case ARRAY_RELATIONS:
        if (postgres_is_view(&maker->target->relations[wanted]))
            stage = postgres_view_stage(maker, wanted);
        break;
    case ARRAY_CONSTRAINTS:
        stage = postgres_constraint_stage(maker, wanted);
        break;
    case ARRAY_INDEXES:
        stage = postgres_index_stage(maker, wanted);
        break;
    case ARRAY_OBJECTS:
        stage =
            is_unparsed(maker->target, wanted) ? unparsed_stage(maker, wanted) : postgres_object_stage(maker, wanted);
        break;
    default:
        break;
    }
    return stage > 2 ? stage : 2;
}

bool postgres_is_remade(struct plan_maker *maker, const struct plan_task *task)
{
    bool renamed = false;
    enum plan_array array = plan_array_of(task->kind);
    for (size_t i = 0; i < task->item_count; i++)
        renamed |= task->items[i]->attribute && strcmp(task->items[i]->attribute, "name") == 0;
    if (task->change != DRIFT_CHANGED || (array != ARRAY_CONSTRAINTS && array != ARRAY_INDEXES) ||
        (renamed && task->item_count == 1))
        return false;
    return renamed || postgres_change_stage(maker, task) == PLAN_STAGES;
}

static void add_relation(struct plan_maker *maker, const struct schema *schema, size_t relation, unsigned stage)
{
    postgres_add_late(maker,
                      &(struct postgres_late){.schema_name = schema_text(schema, schema->relations[relation].schema),
                                              .name = schema_text(schema, schema->relations[relation].name),
                                              .stage = stage});
}

static void add_column(struct plan_maker *maker, size_t index, unsigned stage)
{
    const struct schema *target = maker->target;
    const struct schema_column *column = &target->columns[index];
    const struct schema_relation *table = &target->relations[column->relation];
    postgres_add_late(maker, &(struct postgres_late){.schema_name = schema_text(target, table->schema),
                                                     .name = schema_text(target, table->name),
                                                     .column = schema_text(target, column->name),
                                                     .stage = stage});
}

static void add_object(struct plan_maker *maker, size_t index, unsigned stage)
{
    const struct schema_object *object = &maker->target->objects[index];
    postgres_add_late(maker, &(struct postgres_late){.schema_name = schema_text(maker->target, object->schema),
                                                     .name = schema_text(maker->target, object->name),
                                                     .stage = stage});
}

static void note_object(struct plan_maker *maker, const struct plan_task *task)
{
    static const bool mended[DRIFT_KINDS] = {[DRIFT_ROUTINE] = true, [DRIFT_DOMAIN] = true};
    if (task->change == DRIFT_CHANGED && mended[task->kind])
        add_object(maker, (size_t)task->place.reference,
                   task->kind == DRIFT_ROUTINE ? postgres_change_stage(maker, task) : 2);
    if (task->change == DRIFT_CHANGED && task->kind == DRIFT_COMPOSITE)
        postgres_note_composite(maker, task);
    if (postgres_is_exchanged(maker, task))
        add_object(maker, (size_t)task->place.reference, 2);
    else if (task->change == DRIFT_MISSING)
        add_object(maker, (size_t)task->place.reference, postgres_object_stage(maker, (size_t)task->place.reference));
}

static unsigned column_stage(struct plan_maker *maker, const struct plan_task *task)
{
    if (task->change == DRIFT_MISSING)
        return postgres_new_column_stage(maker, (size_t)task->place.reference);
    if (postgres_moves_with_enum(maker, task))
        return PLAN_STAGES;
    if (postgres_changes_type(maker, task))
        return postgres_type_stage(maker, task);
    return postgres_changes_generation(task) ? postgres_generation_stage(maker, task) : 1;
}

static void note_column(struct plan_maker *maker, const struct plan_task *task)
{
    add_column(maker, (size_t)task->place.reference, column_stage(maker, task));
}

/* What a table that is made has from a parent changes with that. */
static void note_inherited(struct plan_maker *maker)
{
    for (size_t i = 0; i < maker->target->column_count; i++) {
        const struct plan_task *task = postgres_parents_change(maker, SIDE_TARGET, i);
        if (task)
            add_column(maker, i, column_stage(maker, task));
    }
}

/* Texts that name an enum wait until its columns have been moved over. */
static void note_moved_enums(struct plan_maker *maker)
{
    const struct postgres_plan *plan = maker->engine;
    const struct schema *target = maker->target;
    for (size_t i = 0; i < plan->moved_count; i++) {
        const struct schema_object *type = &target->objects[plan->moved[i].task->place.reference];
        postgres_add_late(maker, &(struct postgres_late){.schema_name = schema_text(target, type->schema),
                                                         .name = schema_text(target, type->name),
                                                         .stage = PLAN_STAGES,
                                                         .moves_columns = true});
    }
}

/* Columns that keep an enum's type, or are made with it, are moved over when it is. */
static void note_moved(struct plan_maker *maker)
{
    const struct schema *target = maker->target;
    for (size_t i = 0; i < target->column_count && postgres_plan_of(maker)->moved_count; i++)
        if (relation_is_table(&target->relations[target->columns[i].relation]) &&
            postgres_is_moved(maker, SIDE_TARGET, schema_text(target, target->columns[i].type)))
            add_column(maker, i, PLAN_STAGES);
}

/* A relation in the place of another of its name comes when that has gone. */
static void note_relation(struct plan_maker *maker, const struct plan_task *task)
{
    const struct schema *target = maker->target;
    size_t wanted = (size_t)task->place.reference;
    if (task->change == DRIFT_MISSING && relation_is_table(&target->relations[wanted]))
        add_relation(maker, target, wanted, postgres_new_table_stage(maker, wanted));
}

void postgres_note_late(struct plan_maker *maker)
{
    /* generated columns wait for other columns, routines for columns that they read */
    static const enum plan_array arrays[] = {ARRAY_OBJECTS, ARRAY_RELATIONS, ARRAY_COLUMNS, ARRAY_COLUMNS,
                                             ARRAY_OBJECTS};
    static void (*const notes[])(struct plan_maker *, const struct plan_task *) = {
        note_object, note_relation, note_column, note_column, note_object};
    note_moved_enums(maker);
    for (size_t k = 0; k < ARRAY_LENGTH(arrays); k++)
        for (size_t i = 0; i < plan_task_count(maker); i++) {
            const struct plan_task *task = plan_task_at(maker, i);
            if (plan_array_of(task->kind) == arrays[k] && task->place.reference >= 0)
                notes[k](maker, task);
        }
    note_moved(maker);
    note_inherited(maker);
}

/* What leans on the thing that a task changes; none where the task changes nothing that others lean on. */
void postgres_find_lean(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *ret_lean)
{
    if (task->change != DRIFT_CHANGED && !(task->change == DRIFT_UNEXPECTED && postgres_is_exchanged(maker, task)))
        return;
    if (task->kind == DRIFT_ROUTINE)
        postgres_lean_on_routine_of(maker, task, ret_lean);
    else if (task->kind == DRIFT_ENUM)
        postgres_lean_on_enum_of(maker, task, ret_lean);
    else if (postgres_changes_type(maker, task) && !postgres_moves_with_enum(maker, task))
        postgres_lean_on_type_of(maker, task, ret_lean);
    else if (task->kind == DRIFT_COLUMN && postgres_changes_generation(task))
        postgres_lean_on_generation_of(maker, task, ret_lean);
}

/* A view that makes way comes back in that stage: what is to stand on it waits until then. */
static void note_leaning_views(struct plan_maker *maker)
{
    for (size_t i = 0; i < plan_task_count(maker) && !maker->failed; i++) {
        struct postgres_lean lean = {0};
        postgres_find_lean(maker, plan_task_at(maker, i), &lean);
        for (size_t k = 0; k < lean.count; k++) {
            if (lean.all[k].array != ARRAY_RELATIONS)
                continue;
            add_relation(maker, maker->current, lean.all[k].present, lean.stage);
            if (lean.all[k].own_stage == lean.stage && lean.all[k].wanted >= 0)
                postgres_plan_of(maker)->view_leans[lean.all[k].wanted] = 1;
        }
    }
}

/* What is to stand on a view that passes waits until that has come back, too. */
static void note_views_upon(struct plan_maker *maker, const struct plan_task *task, unsigned stage)
{
    struct postgres_lean lean = {.stage = stage};
    postgres_lean_on_relation(maker, &lean, (size_t)task->place.live);
    for (size_t k = 0; k < lean.count; k++)
        if (lean.all[k].array == ARRAY_RELATIONS)
            add_relation(maker, maker->current, lean.all[k].present, stage);
}

static void note_passing_views(struct plan_maker *maker)
{
    for (size_t i = 0; i < plan_task_count(maker) && !maker->failed; i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        if (plan_array_of(task->kind) != ARRAY_RELATIONS)
            continue;
        unsigned stage = task->change == DRIFT_UNEXPECTED ? PLAN_STAGES
                         : postgres_redefines_view(task)  ? postgres_view_stage(maker, (size_t)task->place.reference)
                                                          : 1;
        if (stage == PLAN_STAGES || (stage == 2 && !postgres_can_replace_view(maker, postgres_pair_of(task->place))))
            note_views_upon(maker, task, stage);
    }
}

/* True: one has to wait longer than was known. */
static bool note_views(struct plan_maker *maker)
{
    bool raised = false;
    for (size_t i = 0; i < plan_task_count(maker); i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        if (plan_array_of(task->kind) != ARRAY_RELATIONS || !postgres_raise_view(maker, task))
            continue;
        raised = true;
        add_relation(maker, maker->target, (size_t)task->place.reference,
                     postgres_view_stage(maker, (size_t)task->place.reference));
    }
    return raised;
}

/* Views stand on views that wait for others: until nothing has to wait longer. A stage only rises, so this ends. */
void postgres_note_late_views(struct plan_maker *maker)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    size_t before = 0;
    bool raised = false;
    do {
        before = plan->late_changes;
        note_leaning_views(maker);
        note_passing_views(maker);
        raised = note_views(maker);
    } while ((raised || plan->late_changes != before) && !maker->failed);
}

/* A key that is replaced takes foreign keys along that differ or are to go. */
static void shake_foreign_keys(struct plan_maker *maker, const struct plan_task *task)
{
    const struct schema *current = maker->current;
    if (plan_array_of(task->kind) != ARRAY_CONSTRAINTS || task->change != DRIFT_CHANGED ||
        postgres_is_remade(maker, task))
        return;
    for (size_t i = 0; i < current->constraint_count; i++) {
        const struct plan_task **shaken = &postgres_plan_of(maker)->shaken[ARRAY_CONSTRAINTS][i];
        if (postgres_needs_key(current, &current->constraints[i], &current->constraints[task->place.live]) &&
            plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i) && !*shaken)
            *shaken = task;
    }
}

/* In the order in which the steps run. */
void postgres_shake(struct plan_maker *maker)
{
    static const enum drift_kind kinds[] = {DRIFT_ROUTINE, DRIFT_ENUM, DRIFT_COLUMN};
    struct postgres_plan *plan = postgres_plan_of(maker);
    for (unsigned stage = 2; stage <= PLAN_STAGES; stage++)
        for (size_t k = 0; k < ARRAY_LENGTH(kinds); k++)
            for (size_t i = 0; i < plan_task_count(maker) && !maker->failed; i++) {
                const struct plan_task *task = plan_task_at(maker, i);
                struct postgres_lean lean = {0};
                if (task->kind == kinds[k])
                    postgres_find_lean(maker, task, &lean);
                for (size_t j = 0; j < lean.count && lean.stage == stage; j++) {
                    plan->leans[lean.all[j].array][lean.all[j].present] = 1;
                    const struct plan_task **shaken = &plan->shaken[lean.all[j].array][lean.all[j].present];
                    if (lean.all[j].own_step && !*shaken)
                        *shaken = task;
                }
            }
    for (size_t i = 0; i < plan_task_count(maker); i++)
        shake_foreign_keys(maker, plan_task_at(maker, i));
}
