/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas, extensions, sequences, triggers and policies; types and routines as a whole.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

/* How things of a kind are made and dropped. */
static const struct kind_row {
    enum plan_phase make;
    enum plan_phase drop;
    const char *lock;
    unsigned drop_hazards;
    bool plain; /* CREATE … IF NOT EXISTS */
} kinds[OBJECT_KINDS] = {
    [OBJECT_SCHEMA] = {PHASE_SCHEMA, PHASE_DROP_SCHEMA, "none", HAZARD(BREAKS_CLIENTS), true},
    [OBJECT_EXTENSION] = {PHASE_EXTENSION, PHASE_DROP_EXTENSION, "none", HAZARD(BREAKS_CLIENTS), false},
    [OBJECT_ENUM] = {PHASE_TYPE, PHASE_DROP_TYPE, "none", HAZARD(BREAKS_CLIENTS), false},
    [OBJECT_DOMAIN] = {PHASE_TYPE, PHASE_DROP_TYPE, "none", HAZARD(BREAKS_CLIENTS), false},
    [OBJECT_COMPOSITE] = {PHASE_TYPE, PHASE_DROP_TYPE, "none", HAZARD(BREAKS_CLIENTS), false},
    [OBJECT_SEQUENCE] = {PHASE_SEQUENCE, PHASE_DROP_SEQUENCE, "none", HAZARD(DELETES_DATA) | HAZARD(BREAKS_CLIENTS),
                         true},
    [OBJECT_ROUTINE] = {PHASE_ROUTINE, PHASE_DROP_ROUTINE, "none", HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES),
                        false},
    [OBJECT_TRIGGER] = {PHASE_TRIGGER, PHASE_DROP_TRIGGER, "SHARE ROW EXCLUSIVE", HAZARD(CHANGES_BEHAVIOUR), false},
    [OBJECT_POLICY] = {PHASE_POLICY, PHASE_DROP_POLICY, "ACCESS EXCLUSIVE", HAZARD(AUTHORIZATION), false},
};

static const struct schema_object *object_at(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    return &postgres_schema(maker, side)->objects[index];
}

/* The search path of the script is empty; an extension wants one to go into, unless it has its own. */
static const char *extension_sql(struct plan_maker *maker, enum plan_side side, size_t index)
{
    struct postgres_list list = postgres_one(maker, "SET LOCAL search_path = 'public'");
    postgres_list_add(maker, &list, postgres_object_sql(maker, side, index, false));
    return postgres_do(maker, NULL, &list);
}

static const char *make_sql(struct plan_maker *maker, enum plan_side side, size_t index)
{
    if (object_at(maker, side, index)->kind == OBJECT_EXTENSION)
        return extension_sql(maker, side, index);
    return postgres_object_sql(maker, side, index, false);
}

static const char *path_of(struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *object = &schema->objects[index];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    if (object->relation_name) {
        postgres_sql_qualified(&text, schema_text(schema, object->schema), schema_text(schema, object->relation_name));
        strbuf_add_char(&text, '.');
        postgres_sql_name(&text, schema_text(schema, object->name));
    } else {
        postgres_sql_object_name(&text, schema, object);
    }
    return plan_keep(maker, &text);
}

static bool has_relation_name(const struct schema_object *object)
{
    return object->kind == OBJECT_ENUM || object->kind == OBJECT_DOMAIN || object->kind == OBJECT_COMPOSITE ||
           object->kind == OBJECT_SEQUENCE;
}

/* Whether the other side has something else of the name, which DROP … IF EXISTS must not meet. */
static bool shares_name(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *object = &schema->objects[index];
    return has_relation_name(object) &&
           postgres_name_is_used(maker, side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET,
                                 schema_text(schema, object->schema), schema_text(schema, object->name));
}

/* Where the current side has the object of the target side itself, or DRIFT_NOWHERE: it changes where it stands. */
static int64_t find_current(const struct plan_maker *maker, const struct schema_object *object)
{
    const struct schema *target = maker->target;
    const struct schema_object *found =
        schema_find_object(maker->current, (enum object_kind)object->kind, schema_text(target, object->schema),
                           schema_text(target, object->relation_name), schema_text(target, object->name),
                           schema_text(target, object->arguments));
    return found ? found - maker->current->objects : DRIFT_NOWHERE;
}

unsigned postgres_object_stage(struct plan_maker *maker, size_t index)
{
    const struct schema *target = maker->target;
    const struct schema_object *object = &target->objects[index];
    unsigned stage =
        postgres_needs_table(maker, schema_text(target, object->schema), schema_text(target, object->relation_name));
    for (const struct schema_attribute *at = &target->attributes[object->attributes]; at->key != ATTRIBUTE_END; at++) {
        unsigned needed =
            postgres_needs_of(maker, schema_text(target, object->schema), schema_text(target, object->relation_name),
                              schema_text_or_null(target, at->text));
        stage = needed > stage ? needed : stage;
    }
    if (has_relation_name(object) && find_current(maker, object) == DRIFT_NOWHERE &&
        postgres_name_is_taken(maker, schema_text(target, object->schema), schema_text(target, object->name)))
        return PLAN_STAGES;
    return stage;
}

/* A step that makes the object, at the earliest in the stage of the parts. */
static void make(struct plan_maker *maker, const struct postgres_parts *parts, size_t index, enum plan_phase phase)
{
    const struct schema_object *object = object_at(maker, SIDE_TARGET, index);
    const struct kind_row *row = &kinds[object->kind];
    struct postgres_fact fact = postgres_object_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, (int64_t)index}});
    unsigned stage = postgres_object_stage(maker, index);
    stage = parts->stage > stage ? parts->stage : stage;
    if (!postgres_claim(maker, SIDE_TARGET, ARRAY_OBJECTS, index, stage)) {
        postgres_cover_all(maker, parts->items, parts->count);
        return;
    }
    postgres_add(maker, parts->task, parts->items, parts->count,
                 &(struct postgres_step){
                     .stage = stage,
                     .phase = phase,
                     .rank = object->relation_name ? 0 : plan_rank(maker, SIDE_TARGET, ARRAY_OBJECTS, index),
                     .lock = row->lock,
                     .hazards = object->kind == OBJECT_POLICY    ? HAZARD(AUTHORIZATION)
                                : object->kind == OBJECT_TRIGGER ? HAZARD(CHANGES_BEHAVIOUR)
                                                                 : 0,
                     .fact = &fact,
                     .forward = postgres_one(maker, make_sql(maker, SIDE_TARGET, index)),
                     .backward = postgres_one(maker, postgres_drop_object_sql(maker, SIDE_TARGET, index)),
                     .plain = row->plain,
                     .plain_undo = !shares_name(maker, SIDE_TARGET, index),
                     .object = parts->count ? NULL : path_of(maker, SIDE_TARGET, index),
                     .kind = parts->count ? NULL : object_kind_name((enum object_kind)object->kind),
                 });
    postgres_add_late(maker, &(struct postgres_late){.schema_name = schema_text(maker->target, object->schema),
                                                     .name = schema_text(maker->target, object->name),
                                                     .stage = stage});
}

void postgres_make_object(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    size_t index = (size_t)task->place.reference;
    make(maker, &(struct postgres_parts){.task = task, .items = items, .count = count, .stage = 1}, index,
         kinds[object_at(maker, SIDE_TARGET, index)->kind].make);
}

/* Whether a routine takes or returns rows of a table or view, or its parsed body reads one. */
static bool mentions_relation(const struct plan_maker *maker, enum plan_side side, const struct schema_object *routine)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_SIGNATURE, ATTRIBUTE_RETURNS, ATTRIBUTE_SQL_BODY};
    const struct schema *schema = postgres_schema(maker, side);
    for (size_t k = 0; k < ARRAY_LENGTH(keys); k++) {
        const char *text = schema_attribute_text(schema, routine->attributes, keys[k]);
        for (size_t i = 0; text && i < schema->relation_count; i++)
            if (plan_mentions(text, schema_text(schema, schema->relations[i].schema),
                              schema_text(schema, schema->relations[i].name), true))
                return true;
    }
    return false;
}

enum plan_phase postgres_routine_phase(const struct plan_maker *maker, struct drift_place place)
{
    struct postgres_pair pair = postgres_pair_of(place);
    bool late = false;
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++)
        late |= pair.at[side] >= 0 && mentions_relation(maker, side, object_at(maker, side, (size_t)pair.at[side]));
    return late ? PHASE_VIEW : PHASE_ROUTINE;
}

void postgres_make_routine(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count)
{
    size_t index = (size_t)task->place.reference;
    if (postgres_is_exchanged(maker, task)) {
        postgres_cover_all(maker, items, count);
        return;
    }
    make(maker, &(struct postgres_parts){.task = task, .items = items, .count = count, .stage = 1}, index,
         postgres_routine_phase(maker, task->place));
}

/* Whether a column that changes draws from the sequence until then: its default has the name within a literal. */
static bool is_drawn_from(struct plan_maker *maker, const struct schema_object *sequence)
{
    const struct schema *current = maker->current;
    cleanup(strbuf) struct strbuf path = STRBUF(LIMIT_SQL_PART);
    dialect_postgres.path_part(schema_text(current, sequence->name), &path);
    const char *name = plan_keep(maker, &path);
    for (size_t i = 0; i < current->column_count; i++) {
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i);
        if (task && task->change == DRIFT_CHANGED &&
            strstr(schema_text(current, current->columns[i].default_expression), name))
            return true;
    }
    return false;
}

static enum plan_phase drop_phase(struct plan_maker *maker, size_t index)
{
    const struct schema_object *object = object_at(maker, SIDE_CURRENT, index);
    if (object->kind == OBJECT_ROUTINE && mentions_relation(maker, SIDE_CURRENT, object))
        return PHASE_DROP_VIEW;
    if (object->kind == OBJECT_SEQUENCE && !shares_name(maker, SIDE_CURRENT, index) && is_drawn_from(maker, object))
        return PHASE_FINISH;
    return kinds[object->kind].drop;
}

void postgres_drop_object(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    size_t index = (size_t)task->place.live;
    const struct schema_object *object = object_at(maker, SIDE_CURRENT, index);
    const struct kind_row *row = &kinds[object->kind];
    struct postgres_fact fact = postgres_object_fact(maker, (struct postgres_pair){{(int64_t)index, DRIFT_NOWHERE}});
    struct postgres_list backward = postgres_one(maker, make_sql(maker, SIDE_CURRENT, index));
    if (!postgres_claim(maker, SIDE_CURRENT, ARRAY_OBJECTS, index, PLAN_STAGES)) {
        postgres_cover_all(maker, items, count);
        return;
    }
    if (object->kind == OBJECT_TRIGGER)
        postgres_list_trigger_state(maker, SIDE_CURRENT, index, &backward);
    if (object->kind == OBJECT_SEQUENCE)
        postgres_list_add(maker, &backward, postgres_owner_sql(maker, SIDE_CURRENT, index));
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = PLAN_STAGES,
                     .phase = drop_phase(maker, index),
                     .rank = object->relation_name ? 0 : plan_rank_down(maker, SIDE_CURRENT, ARRAY_OBJECTS, index),
                     .lock = object->relation_name ? "ACCESS EXCLUSIVE" : row->lock,
                     .hazards = row->drop_hazards,
                     .fact = &fact,
                     .forward = postgres_one(maker, postgres_drop_object_sql(maker, SIDE_CURRENT, index)),
                     .backward = backward,
                     .plain = !shares_name(maker, SIDE_CURRENT, index),
                     .undo_note = object->kind == OBJECT_SEQUENCE ? "the sequence starts again" : NULL,
                 });
}

/* A table or column that got another name keeps its sequence, which keeps its own: it is there. */
void postgres_add_sequence(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    if (find_current(maker, object_at(maker, SIDE_TARGET, index)) == DRIFT_NOWHERE)
        make(maker, parts, index, PHASE_SEQUENCE);
    else
        postgres_claim(maker, SIDE_TARGET, ARRAY_OBJECTS, index, parts->stage);
}

/* Part of making it: nothing to verify that the sequence's own step does not. */
void postgres_add_sequence_owner(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    int64_t current = find_current(maker, object_at(maker, SIDE_TARGET, index));
    struct postgres_fact fact = postgres_sequence_owner_fact(maker, (struct postgres_pair){{current, (int64_t)index}});
    unsigned stage = postgres_claimed(maker, SIDE_TARGET, ARRAY_OBJECTS, index);
    struct postgres_list backward = {0};
    fact.between = "";
    if (current != DRIFT_NOWHERE)
        backward = postgres_one(maker, postgres_owner_sql(maker, SIDE_CURRENT, (size_t)current));
    if (!fact.values[SIDE_TARGET] || !*fact.values[SIDE_TARGET])
        return;
    postgres_add(maker, parts->task, parts->items, parts->count,
                 &(struct postgres_step){
                     .stage = stage > parts->stage ? stage : parts->stage,
                     .phase = PHASE_SEQUENCE_OWNER,
                     .lock = "SHARE ROW EXCLUSIVE",
                     .fact = &fact,
                     .forward = postgres_one(maker, postgres_owner_sql(maker, SIDE_TARGET, index)),
                     .backward = backward,
                     .plain = true,
                     .plain_undo = true,
                     .undo_note = current == DRIFT_NOWHERE ? "taken back with the sequence" : NULL,
                     .object = path_of(maker, SIDE_TARGET, index),
                     .kind = drift_kind_name(DRIFT_SEQUENCE),
                 });
}

void postgres_make_sequence(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    size_t index = (size_t)task->place.reference;
    const struct postgres_parts parts = {.task = task, .items = items, .count = count, .stage = 1};
    bool first = !postgres_claimed(maker, SIDE_TARGET, ARRAY_OBJECTS, index);
    make(maker, &parts, index, PHASE_SEQUENCE);
    if (first)
        postgres_add_sequence_owner(maker, &parts, index);
}

void postgres_change_sequence_owner(struct plan_maker *maker, const struct plan_task *task,
                                    const struct drift_item *const *items, size_t count)
{
    struct postgres_fact fact = postgres_sequence_owner_fact(maker, postgres_pair_of(task->place));
    const char *owner = fact.values[SIDE_TARGET];
    unsigned needed = 2;
    for (size_t i = 0; i < maker->target->column_count && *owner; i++) {
        unsigned made = postgres_claimed(maker, SIDE_TARGET, ARRAY_COLUMNS, i);
        if (made > needed && plan_mentions_word(owner, schema_text(maker->target, maker->target->columns[i].name)))
            needed = made;
    }
    postgres_add(
        maker, task, items, count,
        &(struct postgres_step){
            .stage = needed,
            .phase = PHASE_SEQUENCE_OWNER,
            .lock = "SHARE ROW EXCLUSIVE",
            .fact = &fact,
            .forward = postgres_one(maker, postgres_owner_sql(maker, SIDE_TARGET, (size_t)task->place.reference)),
            .backward = postgres_one(maker, postgres_owner_sql(maker, SIDE_CURRENT, (size_t)task->place.live)),
            .plain = true,
            .plain_undo = true,
        });
}

/* "ALTER SEQUENCE … AS type INCREMENT BY …", all options of a side. */
static const char *options_sql(struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *sequence = &schema->objects[index];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    strbuf_add_string(&text, "ALTER SEQUENCE ");
    postgres_sql_object_name(&text, schema, sequence);
    postgres_sql_sequence_options(&text, schema, sequence->attributes, true);
    if (!schema_has_attribute(schema, sequence->attributes, ATTRIBUTE_CYCLE))
        strbuf_add_string(&text, " NO CYCLE");
    return plan_keep(maker, &text);
}

void postgres_change_sequence(struct plan_maker *maker, const struct plan_task *task,
                              const struct drift_item *const *items, size_t count)
{
    struct postgres_fact fact = postgres_object_fact(maker, postgres_pair_of(task->place));
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = 2,
                     .phase = PHASE_ALTER,
                     .lock = "SHARE ROW EXCLUSIVE",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR),
                     .fact = &fact,
                     .forward = postgres_one(maker, options_sql(maker, SIDE_TARGET, (size_t)task->place.reference)),
                     .backward = postgres_one(maker, options_sql(maker, SIDE_CURRENT, (size_t)task->place.live)),
                     .plain = true,
                     .plain_undo = true,
                     .undo_note = "fails while the sequence's last value does not fit",
                 });
}

void postgres_add_trigger(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    const struct schema *target = maker->target;
    struct postgres_pair pair = {{DRIFT_NOWHERE, (int64_t)index}};
    bool first = !postgres_claimed(maker, SIDE_TARGET, ARRAY_OBJECTS, index);
    make(maker, parts, index, PHASE_TRIGGER);
    if (!first || !schema_has_attribute(target, target->objects[index].attributes, ATTRIBUTE_ENABLED))
        return;
    struct postgres_fact fact = postgres_trigger_state_fact(maker, pair);
    fact.between = "O";
    postgres_add(maker, parts->task, parts->items, parts->count,
                 &(struct postgres_step){
                     .stage = postgres_claimed(maker, SIDE_TARGET, ARRAY_OBJECTS, index),
                     .phase = PHASE_TRIGGER,
                     .rank = 1,
                     .lock = "SHARE ROW EXCLUSIVE",
                     .fact = &fact,
                     .forward = postgres_one(maker, postgres_trigger_state_sql(maker, SIDE_TARGET, index)),
                     .plain = true,
                     .undo_note = "taken back with the trigger",
                     .object = path_of(maker, SIDE_TARGET, index),
                     .kind = drift_kind_name(DRIFT_TRIGGER),
                 });
}

void postgres_make_trigger(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count)
{
    postgres_add_trigger(maker, &(struct postgres_parts){.task = task, .items = items, .count = count, .stage = 1},
                         (size_t)task->place.reference);
}

void postgres_change_trigger_state(struct plan_maker *maker, const struct plan_task *task,
                                   const struct drift_item *const *items, size_t count)
{
    struct postgres_fact fact = postgres_trigger_state_fact(maker, postgres_pair_of(task->place));
    fact.between = "O"; /* where the trigger is made anew */
    postgres_add(
        maker, task, items, count,
        &(struct postgres_step){
            .stage = 2,
            .phase = PHASE_TRIGGER,
            .rank = 1,
            .lock = "SHARE ROW EXCLUSIVE",
            .hazards = HAZARD(CHANGES_BEHAVIOUR),
            .fact = &fact,
            .forward =
                postgres_one(maker, postgres_trigger_state_sql(maker, SIDE_TARGET, (size_t)task->place.reference)),
            .backward = postgres_one(maker, postgres_trigger_state_sql(maker, SIDE_CURRENT, (size_t)task->place.live)),
            .plain = true,
            .plain_undo = true,
        });
}

/* Drops the object of one side and makes the other side's: in one transaction. */
static struct postgres_list swap(struct plan_maker *maker, struct postgres_pair pair, enum plan_side to)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    struct postgres_list list = postgres_one(maker, postgres_drop_object_sql(maker, from, (size_t)pair.at[from]));
    postgres_list_add(maker, &list, postgres_object_sql(maker, to, (size_t)pair.at[to], false));
    if (object_at(maker, to, (size_t)pair.at[to])->kind == OBJECT_TRIGGER)
        postgres_list_trigger_state(maker, to, (size_t)pair.at[to], &list);
    return list;
}

/* In the third stage what is there goes before the columns that it uses are dropped. */
static void replace_late(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count, struct postgres_step *step)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_step away = *step;
    away.phase = kinds[object_at(maker, SIDE_CURRENT, (size_t)task->place.live)->kind].drop;
    away.forward = postgres_one(maker, postgres_drop_object_sql(maker, SIDE_CURRENT, (size_t)task->place.live));
    away.backward = step->shaken ? (struct postgres_list){0} : swap(maker, pair, SIDE_CURRENT);
    away.reused = true;
    away.shaken = false;
    postgres_add(maker, task, items, count, &away);
    step->backward = away.forward;
    step->shaken = true;
    postgres_add(maker, task, items, count, step);
}

static void replace(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                    size_t count, enum plan_phase phase, unsigned hazards)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_object_fact(maker, pair);
    unsigned needed = postgres_change_stage(maker, task);
    struct postgres_step step = {
        .stage = needed,
        .phase = phase,
        .lock = "ACCESS EXCLUSIVE",
        .hazards = hazards,
        .fact = &fact,
        .forward = swap(maker, pair, SIDE_TARGET),
        .shaken = postgres_is_shaken(maker, ARRAY_OBJECTS, (size_t)task->place.live),
    };
    fact.passes_absent = step.shaken || step.stage == PLAN_STAGES;
    step.backward = step.shaken
                        ? postgres_one(maker, postgres_drop_object_sql(maker, SIDE_CURRENT, (size_t)task->place.live))
                        : swap(maker, pair, SIDE_CURRENT);
    if (step.stage == PLAN_STAGES)
        replace_late(maker, task, items, count, &step);
    else
        postgres_add(maker, task, items, count, &step);
}

void postgres_change_trigger(struct plan_maker *maker, const struct plan_task *task,
                             const struct drift_item *const *items, size_t count)
{
    replace(maker, task, items, count, PHASE_TRIGGER, HAZARD(CHANGES_BEHAVIOUR));
}

void postgres_add_policy(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    make(maker, parts, index, PHASE_POLICY);
}

void postgres_make_policy(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    postgres_add_policy(maker, &(struct postgres_parts){.task = task, .items = items, .count = count, .stage = 1},
                        (size_t)task->place.reference);
}

void postgres_change_policy(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    replace(maker, task, items, count, PHASE_POLICY, HAZARD(AUTHORIZATION));
}
