/* SPDX-License-Identifier: Apache-2.0
 *
 * Constraints that are there, but differ.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

static const struct schema_constraint *constraint_at(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    return &postgres_schema(maker, side)->constraints[index];
}

static const char *raw_name(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    return schema_text(postgres_schema(maker, side), constraint_at(maker, side, index)->name);
}

static const char *name_of(struct plan_maker *maker, enum plan_side side, size_t index)
{
    return postgres_quoted(maker, raw_name(maker, side, index));
}

static bool is_key(const struct schema_constraint *constraint)
{
    return constraint->kind == CONSTRAINT_PRIMARY_KEY || constraint->kind == CONSTRAINT_UNIQUE;
}

bool postgres_needs_key(const struct schema *schema, const struct schema_constraint *foreign_key,
                        const struct schema_constraint *key)
{
    const struct schema_relation *table = &schema->relations[key->relation];
    struct text_list theirs = foreign_key->referenced_columns;
    if (foreign_key->kind != CONSTRAINT_FOREIGN_KEY || foreign_key->referenced_table != table->name ||
        foreign_key->referenced_schema != table->schema || theirs.count != key->columns.count)
        return false;
    for (uint32_t i = 0; i < theirs.count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < key->columns.count; k++)
            found |= schema->lists[theirs.first + i] == schema->lists[key->columns.first + k];
        if (!found)
            return false;
    }
    return true;
}

static const char *drop_sql(struct plan_maker *maker, size_t relation, const char *name)
{
    return postgres_alter(maker, SIDE_CURRENT, relation, "DROP CONSTRAINT IF EXISTS %s", postgres_quoted(maker, name));
}

/* The definition of a side under the current name. */
static const char *define_sql(struct plan_maker *maker, const struct plan_task *task, enum plan_side side,
                              bool not_valid)
{
    const struct schema *schema = postgres_schema(maker, side);
    size_t index = (size_t)(side == SIDE_CURRENT ? task->place.live : task->place.reference);
    const struct schema_constraint *constraint = &schema->constraints[index];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_constraint(&text, schema, constraint, not_valid);
    const char *body = plan_keep(maker, &text);
    return postgres_alter(maker, SIDE_CURRENT, constraint_at(maker, SIDE_CURRENT, (size_t)task->place.live)->relation,
                          "ADD CONSTRAINT %s %s", name_of(maker, SIDE_CURRENT, (size_t)task->place.live), body);
}

static bool can_be_not_valid(const struct plan_maker *maker, const struct schema_constraint *constraint)
{
    const struct schema *target = maker->target;
    bool partitioned =
        schema_has_attribute(target, target->relations[constraint->relation].attributes, ATTRIBUTE_PARTITION_KEY);
    return constraint->kind == CONSTRAINT_CHECK || (constraint->kind == CONSTRAINT_FOREIGN_KEY && !partitioned);
}

static void add_validation(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count, bool own_item)
{
    size_t index = (size_t)task->place.live;
    struct postgres_fact valid = postgres_valid_fact(maker, postgres_pair_of(task->place));
    const char *name = name_of(maker, SIDE_CURRENT, index);
    size_t relation = constraint_at(maker, SIDE_CURRENT, index)->relation;
    struct postgres_step step = {
        .stage = postgres_change_stage(maker, task),
        .phase = PHASE_VALIDATE,
        .lock = "SHARE UPDATE EXCLUSIVE",
        .hazards = HAZARD(SCANS_TABLE) | HAZARD(MAY_FAIL_ON_DATA),
        .fact = &valid,
        .forward = postgres_one(maker, postgres_alter(maker, SIDE_CURRENT, relation, "VALIDATE CONSTRAINT %s", name)),
        .undo_note = own_item ? NULL : "taken back with the constraint",
    };
    valid.between = "false";
    if (own_item) {
        postgres_list_add(maker, &step.backward,
                          postgres_alter(maker, SIDE_CURRENT, relation, "DROP CONSTRAINT %s", name));
        postgres_list_add(maker, &step.backward, define_sql(maker, task, SIDE_CURRENT, true));
    } else {
        valid.values[SIDE_CURRENT] = "false";
        step.quiet = true;
    }
    postgres_add(maker, task, items, count, &step);
}

/* One transaction: no moment without a constraint that is enforced for what is written. */
static void replace(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                    size_t count)
{
    size_t index = (size_t)task->place.live;
    const struct schema_constraint *wanted = constraint_at(maker, SIDE_TARGET, (size_t)task->place.reference);
    const struct schema_constraint *present = constraint_at(maker, SIDE_CURRENT, index);
    struct postgres_fact fact = postgres_constraint_fact(maker, postgres_pair_of(task->place));
    bool later = can_be_not_valid(maker, wanted);
    const char *name = raw_name(maker, SIDE_CURRENT, index);
    bool shaken = postgres_is_shaken(maker, ARRAY_CONSTRAINTS, index);
    struct postgres_step step = {
        .stage = postgres_change_stage(maker, task),
        .phase = wanted->kind == CONSTRAINT_FOREIGN_KEY ? PHASE_FOREIGN_KEY : PHASE_CONSTRAINT,
        .lock = wanted->kind == CONSTRAINT_FOREIGN_KEY ? "ACCESS EXCLUSIVE on both tables" : "ACCESS EXCLUSIVE",
        .hazards = HAZARD(CHANGES_BEHAVIOUR) | (later ? 0 : HAZARD(SCANS_TABLE) | HAZARD(MAY_FAIL_ON_DATA)),
        .fact = &fact,
    };
    postgres_list_add(maker, &step.forward, drop_sql(maker, present->relation, name));
    postgres_list_add(maker, &step.forward, define_sql(maker, task, SIDE_TARGET, later));
    postgres_list_add(maker, &step.backward, drop_sql(maker, present->relation, name));
    if (!shaken)
        postgres_list_add(maker, &step.backward, define_sql(maker, task, SIDE_CURRENT, false));
    fact.passes_absent = shaken;
    step.shaken = shaken;
    postgres_add(maker, task, items, count, &step);
    if (later && !(wanted->flags & (CONSTRAINT_NOT_VALID | CONSTRAINT_NOT_ENFORCED)))
        add_validation(maker, task, items, count, false);
}

/* Foreign keys that need the key that is there, and differ or are to go: they do not come back with the key that is to
 * be, but with the one that was. Returns a condition on pg_constraint k that excepts them; NULL: there are none. */
static const char *add_foreign_keys(struct plan_maker *maker, const struct plan_task *task, struct postgres_list *drops,
                                    struct postgres_list *restores)
{
    const struct schema *current = maker->current;
    const struct schema_constraint *present = &current->constraints[task->place.live];
    const char *except = NULL;
    for (size_t i = 0; i < current->constraint_count; i++) {
        const struct schema_constraint *foreign_key = &current->constraints[i];
        if (!postgres_needs_key(current, foreign_key, present) ||
            !plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i))
            continue;
        const char *table = postgres_table_name(maker, SIDE_CURRENT, foreign_key->relation);
        const char *own =
            plan_printf(maker, "(k.conrelid = to_regclass(%s) AND k.conname = %s)", postgres_literal(maker, table),
                        postgres_literal(maker, raw_name(maker, SIDE_CURRENT, i)));
        except = except ? plan_printf(maker, "%s OR %s", except, own) : own;
        postgres_list_add(maker, drops, drop_sql(maker, foreign_key->relation, raw_name(maker, SIDE_CURRENT, i)));
        if (postgres_plan_of(maker)->shaken[ARRAY_CONSTRAINTS][i] == task)
            postgres_list_add(maker, restores, postgres_constraint_sql(maker, SIDE_CURRENT, i, false));
    }
    return except;
}

static void append(struct plan_maker *maker, struct postgres_list *list, const struct postgres_list *more)
{
    for (size_t i = 0; i < more->count; i++)
        postgres_list_add(maker, list, more->sql[i]);
}

/* A key, and what needs it: its index is built while the table is locked, because two keys cannot have one name. */
static void replace_key(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                        size_t count)
{
    size_t index = (size_t)task->place.live;
    const struct schema_constraint *present = constraint_at(maker, SIDE_CURRENT, index);
    struct postgres_fact fact = postgres_constraint_fact(maker, postgres_pair_of(task->place));
    const char *name = raw_name(maker, SIDE_CURRENT, index);
    const char *path = postgres_index_path(maker, SIDE_CURRENT, present->relation, name);
    const char *sql[2] = {NULL};
    bool shaken = postgres_is_shaken(maker, ARRAY_CONSTRAINTS, index);
    fact.passes_absent = shaken;
    for (enum plan_side to = SIDE_CURRENT; to <= SIDE_TARGET; to++) {
        enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
        struct postgres_list list = {0};
        struct postgres_list restores = {0};
        const char *except = add_foreign_keys(maker, task, &list, &restores);
        const char *condition = shaken && to == SIDE_CURRENT
                                    ? postgres_holds(maker, &fact, SIDE_TARGET)
                                    : plan_printf(maker, "NOT (%s)", postgres_holds(maker, &fact, to));
        postgres_list_add(maker, &list, drop_sql(maker, present->relation, name));
        postgres_list_nullable(maker, from, (size_t)postgres_pair_of(task->place).at[from], &list);
        if (!shaken || to == SIDE_TARGET)
            postgres_list_add(maker, &list, define_sql(maker, task, to, false));
        if (to == SIDE_CURRENT)
            append(maker, &list, &restores);
        sql[to] = postgres_do_around_keys(maker, condition, path, except, &list);
    }
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = postgres_change_stage(maker, task),
                     .phase = PHASE_KEY,
                     .rank = 1, /* when keys that are missing are there */
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(BUILDS_INDEX) | HAZARD(BLOCKS_READS) | HAZARD(MAY_FAIL_ON_DATA) |
                                HAZARD(CHANGES_BEHAVIOUR),
                     .fact = &fact,
                     .forward = postgres_one(maker, sql[SIDE_TARGET]),
                     .backward = postgres_one(maker, sql[SIDE_CURRENT]),
                     .plain = true,
                     .plain_undo = true,
                 });
}

static bool has_only(const struct drift_item *const *items, size_t count, const char *attribute)
{
    return count == 1 && strcmp(items[0]->attribute, attribute) == 0;
}

/* Timing alone can be altered where it stands. */
static void alter_timing(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    struct postgres_fact fact = postgres_constraint_fact(maker, postgres_pair_of(task->place));
    size_t index = (size_t)task->place.live;
    size_t relation = constraint_at(maker, SIDE_CURRENT, index)->relation;
    const char *sql[2] = {NULL};
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        unsigned flags = constraint_at(maker, side, (size_t)postgres_pair_of(task->place).at[side])->flags;
        sql[side] =
            postgres_alter(maker, SIDE_CURRENT, relation, "ALTER CONSTRAINT %s %s", name_of(maker, SIDE_CURRENT, index),
                           flags & CONSTRAINT_DEFERRED     ? "DEFERRABLE INITIALLY DEFERRED"
                           : flags & CONSTRAINT_DEFERRABLE ? "DEFERRABLE INITIALLY IMMEDIATE"
                                                           : "NOT DEFERRABLE");
    }
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = postgres_change_stage(maker, task),
                     .phase = PHASE_FOREIGN_KEY,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR),
                     .fact = &fact,
                     .forward = postgres_one(maker, sql[SIDE_TARGET]),
                     .backward = postgres_one(maker, sql[SIDE_CURRENT]),
                 });
}

static void make_not_valid(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count)
{
    struct postgres_fact valid = postgres_valid_fact(maker, postgres_pair_of(task->place));
    size_t index = (size_t)task->place.live;
    size_t relation = constraint_at(maker, SIDE_CURRENT, index)->relation;
    const char *name = name_of(maker, SIDE_CURRENT, index);
    struct postgres_step step = {
        .stage = postgres_change_stage(maker, task),
        .phase = PHASE_CONSTRAINT,
        .lock = "ACCESS EXCLUSIVE",
        .hazards = HAZARD(CHANGES_BEHAVIOUR),
        .fact = &valid,
        .backward = postgres_one(maker, postgres_alter(maker, SIDE_CURRENT, relation, "VALIDATE CONSTRAINT %s", name)),
        .plain_undo = true,
    };
    postgres_list_add(maker, &step.forward, drop_sql(maker, relation, raw_name(maker, SIDE_CURRENT, index)));
    postgres_list_add(maker, &step.forward, define_sql(maker, task, SIDE_TARGET, true));
    postgres_add(maker, task, items, count, &step);
}

void postgres_change_constraint(struct plan_maker *maker, const struct plan_task *task,
                                const struct drift_item *const *items, size_t count)
{
    const struct schema_constraint *wanted = constraint_at(maker, SIDE_TARGET, (size_t)task->place.reference);
    const struct schema_constraint *present = constraint_at(maker, SIDE_CURRENT, (size_t)task->place.live);
    bool shaken = postgres_is_shaken(maker, ARRAY_CONSTRAINTS, (size_t)task->place.live);
    bool to_valid = present->flags & CONSTRAINT_NOT_VALID && !(wanted->flags & CONSTRAINT_NOT_VALID);
    if (postgres_is_remade(maker, task)) {
        const struct postgres_parts parts = {.task = task, .items = items, .count = count, .stage = 2};
        postgres_add_constraint(maker, &parts, (size_t)task->place.reference);
        postgres_drop_constraint(maker, task, items, count);
        return;
    }
    postgres_claim(maker, SIDE_TARGET, ARRAY_CONSTRAINTS, (size_t)task->place.reference,
                   postgres_change_stage(maker, task));
    if (is_key(wanted) || is_key(present))
        replace_key(maker, task, items, count);
    else if (shaken)
        replace(maker, task, items, count);
    else if (has_only(items, count, "validated") && to_valid)
        add_validation(maker, task, items, count, true);
    else if (has_only(items, count, "validated"))
        make_not_valid(maker, task, items, count);
    else if (has_only(items, count, "deferrable") && wanted->kind == CONSTRAINT_FOREIGN_KEY)
        alter_timing(maker, task, items, count);
    else
        replace(maker, task, items, count);
}
