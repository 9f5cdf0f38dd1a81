/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables and partitions as a whole.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

static void add_sequence(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    (void)side;
    postgres_add_sequence(maker, userdata, index);
}

static void add_owner(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    (void)side;
    postgres_add_sequence_owner(maker, userdata, index);
}

static void add_trigger(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    (void)side;
    postgres_add_trigger(maker, userdata, index);
}

static void add_policy(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    (void)side;
    postgres_add_policy(maker, userdata, index);
}

/* The stage in which nothing that the table is made of is missing any more, and its name is free. */
unsigned postgres_new_table_stage(struct plan_maker *maker, size_t relation)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[relation];
    unsigned stage = postgres_name_is_taken(maker, schema_text(target, table->schema), schema_text(target, table->name))
                         ? PLAN_STAGES
                         : 1;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *column = &target->columns[table->first_column + i];
        unsigned needed = postgres_needs_to_make(maker, column);
        stage = needed > stage ? needed : stage;
        needed = postgres_needs(maker, schema_text_or_null(target, column->generated));
        stage = needed > stage ? needed : stage;
    }
    return stage;
}

static void add_row_security(struct plan_maker *maker, const struct postgres_parts *parts, size_t relation)
{
    static const struct {
        enum attribute_key key;
        enum postgres_table_fact fact;
        const char *on;
        const char *off;
    } rows[] = {
        {ATTRIBUTE_ROW_SECURITY, TABLE_FACT_ROW_SECURITY, "ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"},
        {ATTRIBUTE_FORCE_ROW_SECURITY, TABLE_FACT_FORCE_ROW_SECURITY, "FORCE ROW LEVEL SECURITY",
         "NO FORCE ROW LEVEL SECURITY"},
    };
    const struct schema *target = maker->target;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (!schema_has_attribute(target, target->relations[relation].attributes, rows[i].key))
            continue;
        struct postgres_fact fact =
            postgres_table_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, (int64_t)relation}}, rows[i].fact);
        fact.between = "false";
        postgres_add(maker, parts->task, NULL, 0,
                     &(struct postgres_step){
                         .stage = parts->stage,
                         .phase = PHASE_ROW_SECURITY,
                         .lock = "ACCESS EXCLUSIVE",
                         .hazards = HAZARD(AUTHORIZATION),
                         .fact = &fact,
                         .forward = postgres_one(maker, postgres_alter(maker, SIDE_TARGET, relation, "%s", rows[i].on)),
                         .plain = true,
                         .undo_note = "taken back with the table",
                     });
    }
}

/* What hangs on a table that the plan has made, in the order of phases. */
static void add_rest(struct plan_maker *maker, const struct postgres_parts *parts, size_t relation)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[relation];
    struct postgres_parts rest = *parts;
    rest.items = NULL;
    rest.count = 0;
    postgres_each_sequence(maker, SIDE_TARGET, relation, NULL, add_owner, &rest);
    for (size_t i = 0; i < table->constraint_count; i++)
        postgres_add_constraint(maker, &rest, table->first_constraint + i);
    for (size_t i = 0; i < table->index_count; i++)
        postgres_add_index(maker, &rest, table->first_index + i);
    postgres_each_object(maker, SIDE_TARGET, OBJECT_TRIGGER, relation, add_trigger, &rest);
    postgres_each_object(maker, SIDE_TARGET, OBJECT_POLICY, relation, add_policy, &rest);
    add_row_security(maker, &rest, relation);
}

/* Foreign keys of other tables whose item the missing table has swallowed. */
static void add_referring(struct plan_maker *maker, const struct postgres_parts *parts, size_t relation)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[relation];
    struct postgres_parts others = *parts;
    others.items = NULL;
    others.count = 0;
    others.fresh = false;
    for (size_t i = 0; i < target->constraint_count; i++) {
        const struct schema_constraint *constraint = &target->constraints[i];
        if (constraint->kind == CONSTRAINT_FOREIGN_KEY && constraint->referenced_table == table->name &&
            constraint->referenced_schema == table->schema && !plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_TARGET, i))
            postgres_add_constraint(maker, &others, i);
    }
}

static void add_table(struct plan_maker *maker, const struct postgres_parts *parts, size_t relation);

/* A partitioned table without partitions takes no row. Partitions of partitions are as deep as somebody made them: each
 * is claimed once, so this ends. */
static void add_partitions(struct plan_maker *maker, const struct postgres_parts *parts, size_t relation)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[relation];
    if (!schema_has_attribute(target, table->attributes, ATTRIBUTE_PARTITION_KEY))
        return;
    struct postgres_parts rest = *parts;
    rest.items = NULL;
    rest.count = 0;
    for (size_t i = 0; i < target->relation_count; i++)
        if (postgres_is_partition_of(target, i, relation) &&
            !schema_find_relation(maker->current, schema_text(target, target->relations[i].schema),
                                  schema_text(target, target->relations[i].name)))
            add_table(maker, &rest, i);
}

static void add_table(struct plan_maker *maker, const struct postgres_parts *parts, size_t relation)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[relation];
    struct postgres_list forward = {0};
    struct postgres_fact fact =
        postgres_table_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, (int64_t)relation}}, TABLE_FACT_COLUMNS);
    if (!postgres_claim(maker, SIDE_TARGET, ARRAY_RELATIONS, relation, parts->stage))
        return;
    postgres_each_sequence(maker, SIDE_TARGET, relation, NULL, add_sequence,
                           &(struct postgres_parts){.task = parts->task, .stage = parts->stage, .fresh = true});
    postgres_list_bare_table(maker, SIDE_TARGET, relation, &forward);
    postgres_add(maker, parts->task, parts->items, parts->count,
                 &(struct postgres_step){
                     .stage = parts->stage,
                     .phase = PHASE_TABLE,
                     .rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, relation),
                     .lock = table->kind == RELATION_PARTITION ? "ACCESS EXCLUSIVE on the parent" : "none",
                     .fact = &fact,
                     .forward = forward,
                     .backward = postgres_one(maker, postgres_drop_relation_sql(maker, SIDE_TARGET, relation)),
                     .plain = true,
                     .plain_undo = !postgres_name_changes_kind(maker, SIDE_TARGET, relation),
                     .undo_note = "rows that were written to the table meanwhile are lost",
                     .object = parts->count ? NULL : postgres_table_name(maker, SIDE_TARGET, relation),
                 });
    add_rest(maker, parts, relation);
    add_partitions(maker, parts, relation);
}

void postgres_make_table(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    const struct schema *target = maker->target;
    size_t relation = (size_t)task->place.reference;
    const struct schema_relation *table = &target->relations[relation];
    if (postgres_claimed(maker, SIDE_TARGET, ARRAY_RELATIONS, relation)) {
        postgres_cover_all(maker, items, count);
        return;
    }
    if (table->kind == RELATION_FOREIGN) {
        plan_leave(maker, items[0],
                   "a foreign table's server and options are not part of the model: create it by hand");
        return;
    }
    struct postgres_parts parts = {.task = task,
                                   .items = items,
                                   .count = count,
                                   .stage = postgres_new_table_stage(maker, relation),
                                   .fresh = true};
    add_table(maker, &parts, relation);
    add_referring(maker, &parts, relation);
    postgres_add_late(maker, &(struct postgres_late){.schema_name = schema_text(target, table->schema),
                                                     .name = schema_text(target, table->name),
                                                     .stage = parts.stage});
}

/* Foreign keys of the table and to it go first, each in a step of its own, so that the order of tables does not
 * matter and cycles are no trouble. */
static void remove_foreign_keys(struct plan_maker *maker, const struct plan_task *task, size_t relation)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[relation];
    const struct postgres_parts parts = {.task = task, .stage = PLAN_STAGES};
    for (size_t i = 0; i < current->constraint_count; i++) {
        const struct schema_constraint *constraint = &current->constraints[i];
        bool own = constraint->relation == relation;
        bool to_it = constraint->referenced_table == table->name && constraint->referenced_schema == table->schema;
        if (constraint->kind == CONSTRAINT_FOREIGN_KEY && (own || to_it))
            postgres_remove_constraint(maker, &parts, i);
    }
}

/* A policy that reads other tables goes before they, or their columns, do; on its way back it waits for them. */
static void remove_policy(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *policy = &schema->objects[index];
    struct postgres_fact fact = postgres_object_fact(maker, (struct postgres_pair){{(int64_t)index, DRIFT_NOWHERE}});
    const struct postgres_parts *parts = userdata;
    if (!postgres_claim(maker, side, ARRAY_OBJECTS, index, PLAN_STAGES) || !postgres_reads_others(maker, side, policy))
        return;
    postgres_add(
        maker, parts->task, NULL, 0,
        &(struct postgres_step){
            .stage = PLAN_STAGES,
            .phase = PHASE_DROP_POLICY,
            .lock = "ACCESS EXCLUSIVE",
            .hazards = HAZARD(AUTHORIZATION),
            .fact = &fact,
            .forward = postgres_one(maker, postgres_drop_object_sql(maker, side, index)),
            .backward = postgres_one(maker, postgres_object_sql(maker, side, index, false)),
            .object = plan_printf(maker, "%s.%s.%s", postgres_quoted(maker, schema_text(schema, policy->schema)),
                                  postgres_quoted(maker, schema_text(schema, policy->relation_name)),
                                  postgres_quoted(maker, schema_text(schema, policy->name))),
            .kind = drift_kind_name(DRIFT_POLICY),
        });
}

static void claim_gone(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    (void)userdata;
    postgres_claim(maker, side, ARRAY_OBJECTS, index, PLAN_STAGES);
}

/* Everything on a table goes with it, its partitions too, and comes back with its undo. Each relation is claimed once,
 * so this ends. */
static void claim_all(struct plan_maker *maker, struct postgres_parts *parts, size_t relation)
{
    const struct schema_relation *table = &maker->current->relations[relation];
    for (size_t i = 0; i < table->constraint_count; i++)
        postgres_claim(maker, SIDE_CURRENT, ARRAY_CONSTRAINTS, table->first_constraint + i, PLAN_STAGES);
    for (size_t i = 0; i < table->index_count; i++)
        postgres_claim(maker, SIDE_CURRENT, ARRAY_INDEXES, table->first_index + i, PLAN_STAGES);
    postgres_each_sequence(maker, SIDE_CURRENT, relation, NULL, claim_gone, NULL);
    postgres_each_object(maker, SIDE_CURRENT, OBJECT_TRIGGER, relation, claim_gone, NULL);
    postgres_each_object(maker, SIDE_CURRENT, OBJECT_POLICY, relation, remove_policy, parts);
    for (size_t i = 0; i < maker->current->relation_count; i++)
        if (postgres_is_partition_of(maker->current, i, relation) &&
            postgres_claim(maker, SIDE_CURRENT, ARRAY_RELATIONS, i, PLAN_STAGES))
            claim_all(maker, parts, i);
}

void postgres_drop_table(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    size_t relation = (size_t)task->place.live;
    const struct schema_relation *table = &maker->current->relations[relation];
    struct postgres_parts parts = {.task = task, .stage = PLAN_STAGES};
    struct postgres_fact fact =
        postgres_table_fact(maker, (struct postgres_pair){{(int64_t)relation, DRIFT_NOWHERE}}, TABLE_FACT_COLUMNS);
    struct postgres_list backward = {0};
    if (!postgres_claim(maker, SIDE_CURRENT, ARRAY_RELATIONS, relation, PLAN_STAGES)) {
        postgres_cover_all(maker, items, count);
        return;
    }
    if (table->kind == RELATION_FOREIGN) {
        plan_leave(maker, items[0], "a foreign table's server and options are not part of the model: drop it by hand");
        return;
    }
    remove_foreign_keys(maker, task, relation);
    claim_all(maker, &parts, relation);
    postgres_list_table(maker, SIDE_CURRENT, relation, &backward);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = PLAN_STAGES,
                     .phase = PHASE_DROP_TABLE,
                     .rank = plan_rank_down(maker, SIDE_CURRENT, ARRAY_RELATIONS, relation),
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(DELETES_DATA) | HAZARD(BREAKS_CLIENTS),
                     .fact = &fact,
                     .forward = postgres_one(maker, postgres_drop_relation_sql(maker, SIDE_CURRENT, relation)),
                     .backward = backward,
                     .plain = !postgres_name_changes_kind(maker, SIDE_CURRENT, relation),
                     .undo_note = "the table comes back empty: its rows are lost",
                 });
}

void postgres_change_persistence(struct plan_maker *maker, const struct plan_task *task,
                                 const struct drift_item *const *items, size_t count)
{
    struct postgres_fact fact = postgres_table_fact(maker, postgres_pair_of(task->place), TABLE_FACT_PERSISTENCE);
    bool unlogged = fact.values[SIDE_TARGET][0] == 'u';
    size_t relation = (size_t)task->place.live;
    const char *words[] = {"SET LOGGED", "SET UNLOGGED"};
    postgres_add(
        maker, task, items, count,
        &(struct postgres_step){
            .stage = 2,
            .phase = PHASE_ALTER,
            .lock = "ACCESS EXCLUSIVE",
            .hazards = HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_READS),
            .fact = &fact,
            .forward = postgres_one(maker, postgres_alter(maker, SIDE_CURRENT, relation, "%s", words[unlogged])),
            .backward = postgres_one(maker, postgres_alter(maker, SIDE_CURRENT, relation, "%s", words[!unlogged])),
            .plain = true,
            .plain_undo = true,
        });
}

static void change_security(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count, enum postgres_table_fact which)
{
    static const char *const words[][2] = {
        [TABLE_FACT_ROW_SECURITY] = {"DISABLE ROW LEVEL SECURITY", "ENABLE ROW LEVEL SECURITY"},
        [TABLE_FACT_FORCE_ROW_SECURITY] = {"NO FORCE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY"},
    };
    struct postgres_fact fact = postgres_table_fact(maker, postgres_pair_of(task->place), which);
    bool on = strcmp(fact.values[SIDE_TARGET], "true") == 0;
    size_t relation = (size_t)task->place.live;
    postgres_add(
        maker, task, items, count,
        &(struct postgres_step){
            .stage = 2,
            .phase = PHASE_ROW_SECURITY,
            .lock = "ACCESS EXCLUSIVE",
            .hazards = HAZARD(AUTHORIZATION),
            .fact = &fact,
            .forward = postgres_one(maker, postgres_alter(maker, SIDE_CURRENT, relation, "%s", words[which][on])),
            .backward = postgres_one(maker, postgres_alter(maker, SIDE_CURRENT, relation, "%s", words[which][!on])),
            .plain = true,
            .plain_undo = true,
        });
}

void postgres_change_row_security(struct plan_maker *maker, const struct plan_task *task,
                                  const struct drift_item *const *items, size_t count)
{
    change_security(maker, task, items, count, TABLE_FACT_ROW_SECURITY);
}

void postgres_change_force_row_security(struct plan_maker *maker, const struct plan_task *task,
                                        const struct drift_item *const *items, size_t count)
{
    change_security(maker, task, items, count, TABLE_FACT_FORCE_ROW_SECURITY);
}
