/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns that are missing or unexpected, and their nullability and default.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/postgres_names.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

static const char *column_name(struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    return postgres_quoted(maker, schema_text(schema, schema->columns[index].name));
}

/* Whether each row would get a value of its own, so that the table is written anew: a function is called that is not
 * known to give one value for all. */
static bool is_volatile(const char *expression)
{
    static const char *const steady[] = {"now(", "current_timestamp(", "transaction_timestamp(",
                                         "statement_timestamp("};
    for (const char *at = strchr(expression, '('); at; at = strchr(at + 1, '(')) {
        const char *start = at;
        while (start > expression && (isalnum((unsigned char)start[-1]) || strchr("_.\"$", start[-1])))
            start--;
        bool cast = start - expression >= 2 && start[-1] == ':' && start[-2] == ':';
        bool known = start == at || cast || strncmp(start, "varying", 7) == 0;
        for (size_t i = 0; i < ARRAY_LENGTH(steady); i++)
            known |= strncasecmp(start, steady[i], strlen(steady[i])) == 0;
        if (!known)
            return true;
    }
    return false;
}

/* Whether rows that are there get a value by the definition alone. */
static bool fills_itself(const struct schema *schema, const struct schema_column *column)
{
    (void)schema;
    return postgres_is_identity(column) || column->generated || column->default_expression;
}

static bool rewrites(const struct schema *schema, const struct schema_column *column)
{
    if (postgres_is_identity(column) || column->flags & COLUMN_GENERATED_STORED)
        return true;
    return !column->generated && is_volatile(schema_text(schema, column->default_expression));
}

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

/* Keys, checks and indexes whose items the missing column has swallowed. */
static void add_users(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    const struct schema *target = maker->target;
    const struct schema_column *column = &target->columns[index];
    const struct schema_relation *table = &target->relations[column->relation];
    for (size_t i = 0; i < target->constraint_count; i++)
        if (postgres_constraint_uses(target, &target->constraints[i], column) &&
            !plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_TARGET, i))
            postgres_add_constraint(maker, parts, i);
    for (size_t i = 0; i < table->index_count; i++)
        if (postgres_index_uses(target, &target->indexes[table->first_index + i], schema_text(target, column->name)) &&
            !plan_find_task(maker, ARRAY_INDEXES, SIDE_TARGET, table->first_index + i))
            postgres_add_index(maker, parts, table->first_index + i);
}

static struct postgres_list drop_list(struct plan_maker *maker, enum plan_side side, size_t index)
{
    struct postgres_list list = {0};
    postgres_list_drop_column(maker, side, index, &list);
    return list;
}

/* The column, which the table's children get along. */
static void list_made(struct plan_maker *maker, enum plan_side side, size_t index, bool nullable,
                      struct postgres_list *list)
{
    postgres_list_add(maker, list, postgres_column_sql(maker, side, index, nullable));
    postgres_list_child_defaults(maker, side, index, list);
}

static void require_values(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count, struct postgres_pair columns);

unsigned postgres_new_column_stage(struct plan_maker *maker, size_t index)
{
    const struct schema *target = maker->target;
    const struct schema_column *column = &target->columns[index];
    const struct schema_relation *table = &target->relations[column->relation];
    unsigned stage = rewrites(target, column) ? 2 : 1;
    unsigned needed = postgres_needs_to_make(maker, column);
    stage = needed > stage ? needed : stage;
    needed = postgres_needs_of(maker, schema_text(target, table->schema), schema_text(target, table->name),
                               schema_text_or_null(target, column->generated));
    return needed > stage ? needed : stage;
}

/* Whether it is made of columns as they are to be, or of an enum as it is after its columns have been moved over. */
static bool waits_for_others(const struct plan_maker *maker, const struct schema_column *column)
{
    const struct schema *target = maker->target;
    return column->generated ||
           (postgres_is_moved(maker, SIDE_TARGET, schema_text(target, column->default_expression)) &&
            !postgres_is_moved(maker, SIDE_TARGET, schema_text(target, column->type)));
}

void postgres_make_column(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    const struct schema *target = maker->target;
    size_t index = (size_t)task->place.reference;
    const struct schema_column *column = &target->columns[index];
    struct postgres_pair pair = {{DRIFT_NOWHERE, (int64_t)index}};
    struct postgres_fact fact = postgres_column_fact(maker, pair, COLUMN_FACT_TYPE);
    bool required = !(column->flags & COLUMN_NULLABLE) && !fills_itself(target, column);
    bool slow = rewrites(target, column);
    unsigned stage = postgres_new_column_stage(maker, index);
    struct postgres_list forward = {0};
    list_made(maker, SIDE_TARGET, index, required, &forward);
    postgres_claim(maker, SIDE_TARGET, ARRAY_COLUMNS, index, stage);
    struct postgres_parts parts = {.task = task, .stage = stage};
    const char *name = schema_text(target, column->name);
    postgres_each_sequence(maker, SIDE_TARGET, column->relation, name, add_sequence, &parts);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = stage,
                     .phase = waits_for_others(maker, column) ? PHASE_ALTER : PHASE_COLUMN,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = slow ? HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_READS) : 0,
                     .fact = &fact,
                     .forward = forward,
                     .backward = drop_list(maker, SIDE_TARGET, index),
                     .plain = true,
                     .plain_undo = true,
                     .undo_note = "values that were written to the column meanwhile are lost",
                 });
    postgres_each_sequence(maker, SIDE_TARGET, column->relation, name, add_owner, &parts);
    postgres_add_late(maker, &(struct postgres_late){
                                 .schema_name = schema_text(target, target->relations[column->relation].schema),
                                 .name = schema_text(target, target->relations[column->relation].name),
                                 .column = name,
                                 .stage = stage,
                             });
    if (required)
        require_values(maker, task, items, count, pair);
    add_users(maker, &parts, index);
}

static void list_sequence(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    postgres_claim(maker, side, ARRAY_OBJECTS, index, PLAN_STAGES);
    postgres_list_add(maker, userdata, postgres_object_sql(maker, side, index, false));
}

/* Whatever uses the column goes in steps of its own, each with its undo. */
static void remove_users(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    const struct schema *current = maker->current;
    const struct schema_column *column = &current->columns[index];
    const struct schema_relation *table = &current->relations[column->relation];
    for (size_t i = 0; i < current->constraint_count; i++)
        if (postgres_constraint_uses(current, &current->constraints[i], column) &&
            !plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i))
            postgres_remove_constraint(maker, parts, i);
    for (size_t i = 0; i < table->index_count; i++)
        if (postgres_index_uses(current, &current->indexes[table->first_index + i],
                                schema_text(current, column->name)) &&
            !plan_find_task(maker, ARRAY_INDEXES, SIDE_CURRENT, table->first_index + i))
            postgres_remove_index(maker, parts, table->first_index + i);
}

/* A column comes back without its values: NOT NULL only where no row is there, or its definition fills it. */
static struct postgres_list make_again(struct plan_maker *maker, size_t index)
{
    const struct schema *current = maker->current;
    const struct schema_column *column = &current->columns[index];
    struct postgres_list list = {0};
    bool required = !(column->flags & COLUMN_NULLABLE) && !fills_itself(current, column);
    postgres_each_sequence(maker, SIDE_CURRENT, column->relation, schema_text(current, column->name), list_sequence,
                           &list);
    list_made(maker, SIDE_CURRENT, index, required, &list);
    if (required) {
        const char *table = postgres_table_name(maker, SIDE_CURRENT, column->relation);
        struct postgres_list inner =
            postgres_one(maker, postgres_alter(maker, SIDE_CURRENT, column->relation, "ALTER COLUMN %s SET NOT NULL",
                                               column_name(maker, SIDE_CURRENT, index)));
        postgres_list_add(maker, &list,
                          postgres_do(maker, plan_printf(maker, "NOT EXISTS (SELECT FROM %s)", table), &inner));
    }
    return list;
}

static void list_owner(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    postgres_list_add(maker, userdata, postgres_owner_sql(maker, side, index));
}

/* Whether a generated column still names it when the other columns of the stage are dropped. */
static bool is_named_until_late(struct plan_maker *maker, size_t index)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[current->columns[index].relation];
    const char *name = schema_text(current, current->columns[index].name);
    for (size_t i = table->first_column; i < (size_t)table->first_column + table->column_count; i++) {
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i);
        if (task && postgres_changes_generation(task) && postgres_generation_stage(maker, task) == PLAN_STAGES &&
            plan_mentions_word(schema_text_or_null(current, current->columns[i].generated), name))
            return true;
    }
    return false;
}

void postgres_drop_column(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    const struct schema *current = maker->current;
    size_t index = (size_t)task->place.live;
    const struct schema_column *column = &current->columns[index];
    struct postgres_fact fact =
        postgres_column_fact(maker, (struct postgres_pair){{(int64_t)index, DRIFT_NOWHERE}}, COLUMN_FACT_TYPE);
    if (!postgres_claim(maker, SIDE_CURRENT, ARRAY_COLUMNS, index, PLAN_STAGES))
        return;
    remove_users(maker, &(struct postgres_parts){.task = task, .stage = PLAN_STAGES}, index);
    struct postgres_list backward = make_again(maker, index);
    postgres_each_sequence(maker, SIDE_CURRENT, column->relation, schema_text(current, column->name), list_owner,
                           &backward);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = PLAN_STAGES,
                     .phase = is_named_until_late(maker, index) ? PHASE_FINISH : PHASE_DROP_COLUMN,
                     .rank = column->generated ? 0 : 1,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = (column->generated ? 0 : HAZARD(DELETES_DATA)) | HAZARD(BREAKS_CLIENTS),
                     .fact = &fact,
                     .forward = drop_list(maker, SIDE_CURRENT, index),
                     .backward = backward,
                     .plain = true,
                     .undo_note = column->generated
                                      ? NULL
                                      : "the column comes back without its values, and where rows are there it takes "
                                        "NULL until they have some",
                 });
}

/* The helpers' names are fixed, so that a stage that was interrupted finds them. */
static const char *helper_name(struct plan_maker *maker, const struct schema *schema,
                               const struct schema_column *column, const char *label)
{
    char name[POSTGRES_NAME_SIZE] = "";
    postgres_make_name(schema_text(schema, schema->relations[column->relation].name), schema_text(schema, column->name),
                       label, name);
    return plan_printf(maker, "%s", name);
}

struct required_column {
    const struct plan_task *task;
    const struct drift_item *const *items;
    size_t count;
    enum plan_side side; /* where it has its name */
    size_t index;
    const char *column; /* quoted */
    const char *name;   /* of the constraint that proves it, not quoted */
    const struct postgres_fact *nullable;
};

/* A fact about the constraint that proves that no value is NULL. */
static struct postgres_fact proof_fact(struct plan_maker *maker, const struct required_column *required,
                                       const char *expression, const char *before, const char *after)
{
    const struct schema *schema = postgres_schema(maker, required->side);
    const char *table = postgres_table_name(maker, required->side, schema->columns[required->index].relation);
    return postgres_helper_fact(
        plan_printf(maker, "constraint %s.%s", table, required->name),
        plan_printf(maker, "(SELECT %s FROM pg_constraint k WHERE k.conrelid = to_regclass(%s) AND k.conname = %s)",
                    expression, postgres_literal(maker, table), postgres_literal(maker, required->name)),
        before, after);
}

/* `rest` stands behind ALTER TABLE. */
static void add_required_step(struct plan_maker *maker, const struct required_column *required,
                              const struct postgres_step *step, const char *rest)
{
    struct postgres_step full = *step;
    size_t relation = postgres_schema(maker, required->side)->columns[required->index].relation;
    full.stage = PLAN_STAGES;
    full.phase = PHASE_ALTER;
    full.forward = postgres_one(maker, postgres_alter(maker, required->side, relation, "%s", rest));
    postgres_add(maker, required->task, required->items, required->count, &full);
}

/* A column that the plan has made goes as a whole. */
static struct postgres_list allow_null(struct plan_maker *maker, const struct required_column *required)
{
    if (required->side == SIDE_TARGET)
        return (struct postgres_list){0};
    return postgres_one(maker, postgres_alter(maker, SIDE_CURRENT, maker->current->columns[required->index].relation,
                                              "ALTER COLUMN %s DROP NOT NULL", required->column));
}

/* 18 and later know NOT NULL constraints that are not validated yet. */
static void require_natively(struct plan_maker *maker, const struct required_column *required)
{
    const char *name = postgres_quoted(maker, required->name);
    struct postgres_fact valid = proof_fact(maker, required, "k.convalidated::text", NULL, "true");
    add_required_step(maker, required,
                      &(struct postgres_step){
                          .lock = "ACCESS EXCLUSIVE",
                          .hazards = HAZARD(BREAKS_CLIENTS),
                          .fact = required->nullable,
                          .backward = allow_null(maker, required),
                          .undo_note = required->side == SIDE_TARGET ? "taken back with the column" : NULL,
                          .plain_undo = true,
                      },
                      plan_printf(maker, "ADD CONSTRAINT %s NOT NULL %s NOT VALID", name, required->column));
    add_required_step(maker, required,
                      &(struct postgres_step){
                          .lock = "SHARE UPDATE EXCLUSIVE",
                          .hazards = HAZARD(SCANS_TABLE) | HAZARD(MAY_FAIL_ON_DATA),
                          .fact = &valid,
                          .plain = true,
                          .quiet = true,
                          .undo_note = "taken back with the constraint",
                      },
                      plan_printf(maker, "VALIDATE CONSTRAINT %s", name));
}

/* A check that is validated without stopping writes lets SET NOT NULL do without its scan. */
static void require_by_check(struct plan_maker *maker, const struct required_column *required)
{
    size_t relation = postgres_schema(maker, required->side)->columns[required->index].relation;
    const char *name = postgres_quoted(maker, required->name);
    const char *drop = plan_printf(maker, "ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s",
                                   postgres_table_name(maker, required->side, relation), name);
    const char *open = plan_printf(maker, "%s IS NOT DISTINCT FROM 'null'", required->nullable->query);
    struct postgres_fact there = proof_fact(maker, required, "k.conname::text", NULL, required->name);
    struct postgres_fact valid = proof_fact(maker, required, "k.convalidated::text", "false", "true");
    struct postgres_fact gone = proof_fact(maker, required, "k.conname::text", required->name, NULL);
    /* Once the column is NOT NULL, no helper is needed: that is what each step's condition asks. */
    there.query = plan_printf(maker, "(CASE WHEN %s THEN %s ELSE %s END)", open, there.query,
                              postgres_literal(maker, required->name));
    valid.query = plan_printf(maker, "(CASE WHEN %s THEN %s ELSE 'true' END)", open, valid.query);
    add_required_step(maker, required,
                      &(struct postgres_step){
                          .lock = "ACCESS EXCLUSIVE",
                          .hazards = HAZARD(BREAKS_CLIENTS),
                          .fact = &there,
                          .backward = postgres_one(maker, drop),
                          .plain_undo = true,
                          .quiet = true,
                      },
                      plan_printf(maker, "ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID", name, required->column));
    add_required_step(maker, required,
                      &(struct postgres_step){
                          .lock = "SHARE UPDATE EXCLUSIVE",
                          .hazards = HAZARD(SCANS_TABLE) | HAZARD(MAY_FAIL_ON_DATA),
                          .fact = &valid,
                          .quiet = true,
                          .undo_note = "taken back with the constraint",
                      },
                      plan_printf(maker, "VALIDATE CONSTRAINT %s", name));
    add_required_step(maker, required,
                      &(struct postgres_step){
                          .lock = "ACCESS EXCLUSIVE",
                          .hazards = HAZARD(BREAKS_CLIENTS),
                          .fact = required->nullable,
                          .backward = allow_null(maker, required),
                          .undo_note = required->side == SIDE_TARGET ? "taken back with the column" : NULL,
                          .plain = true,
                          .plain_undo = true,
                      },
                      plan_printf(maker, "ALTER COLUMN %s SET NOT NULL", required->column));
    add_required_step(maker, required,
                      &(struct postgres_step){
                          .lock = "ACCESS EXCLUSIVE",
                          .fact = &gone,
                          .plain = true,
                          .quiet = true,
                          .undo_note = "the check was a helper of this plan's",
                      },
                      plan_printf(maker, "DROP CONSTRAINT IF EXISTS %s", name));
}

/* Rows that are there must have a value first: in a stage of its own, after whoever writes rows knows the column. */
static void require_values(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count, struct postgres_pair columns)
{
    bool is_new = columns.at[SIDE_CURRENT] < 0;
    struct postgres_fact nullable = postgres_column_fact(maker, columns, COLUMN_FACT_NULLABLE);
    enum plan_side side = is_new ? SIDE_TARGET : SIDE_CURRENT;
    size_t index = (size_t)columns.at[side];
    const struct schema *schema = postgres_schema(maker, side);
    bool native = postgres_plan_of(maker)->version[SIDE_CURRENT] >= 18;
    if (is_new) {
        nullable.between = "null"; /* stage 1 has added it */
        postgres_guard(maker, PLAN_STAGES, &nullable);
        nullable.values[SIDE_CURRENT] = "null";
    }
    const struct required_column required = {
        .task = task,
        .items = items,
        .count = count,
        .side = side,
        .index = index,
        .column = column_name(maker, side, index),
        .name = helper_name(maker, schema, &schema->columns[index], native ? "not_null" : "migrationd_not_null"),
        .nullable = &nullable,
    };
    if (native)
        require_natively(maker, &required);
    else
        require_by_check(maker, &required);
}

void postgres_change_nullable(struct plan_maker *maker, const struct plan_task *task,
                              const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    const struct schema *current = maker->current;
    size_t index = (size_t)task->place.live;
    bool becomes = postgres_is_identity(&maker->target->columns[task->place.reference]);
    if (becomes != postgres_is_identity(&current->columns[index])) {
        postgres_cover_all(maker, items, count); /* the change of the identity sees to it */
        return;
    }
    if (!(maker->target->columns[task->place.reference].flags & COLUMN_NULLABLE)) {
        require_values(maker, task, items, count, pair);
        return;
    }
    struct postgres_fact fact = postgres_column_fact(maker, pair, COLUMN_FACT_NULLABLE);
    const char *name = column_name(maker, SIDE_CURRENT, index);
    size_t relation = current->columns[index].relation;
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = 2,
                     .phase = PHASE_ALTER,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR),
                     .fact = &fact,
                     .forward = postgres_one(
                         maker, postgres_alter(maker, SIDE_CURRENT, relation, "ALTER COLUMN %s DROP NOT NULL", name)),
                     .backward = postgres_one(
                         maker, postgres_alter(maker, SIDE_CURRENT, relation, "ALTER COLUMN %s SET NOT NULL", name)),
                     .plain = true,
                     .plain_undo = true,
                     .undo_note = "fails while a row has NULL there",
                 });
}

const char *postgres_default_sql(struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_column *column = &schema->columns[index];
    const char *name = column_name(maker, side, index);
    if (!column->default_expression || column->generated)
        return plan_printf(maker, "ALTER COLUMN %s DROP DEFAULT", name);
    return plan_printf(maker, "ALTER COLUMN %s SET DEFAULT %s", name, schema_text(schema, column->default_expression));
}

void postgres_change_default(struct plan_maker *maker, const struct plan_task *task,
                             const struct drift_item *const *items, size_t count)
{
    struct postgres_fact fact = postgres_column_fact(maker, postgres_pair_of(task->place), COLUMN_FACT_DEFAULT);
    const struct schema *target = maker->target;
    const struct schema_column *wanted = &target->columns[task->place.reference];
    struct postgres_list forward = {0};
    struct postgres_list backward = {0};
    unsigned needed = postgres_needs_of_default(maker, wanted);
    bool retyped = false;
    for (size_t i = 0; i < task->item_count; i++)
        retyped |= postgres_is_about(task->items[i], "type") || postgres_is_about(task->items[i], "collation");
    if (retyped) {
        postgres_cover_all(maker, items, count); /* the change of the type sees to it */
        return;
    }
    if (postgres_is_identity(wanted) || postgres_is_identity(&maker->current->columns[task->place.live])) {
        postgres_cover_all(maker, items, count); /* the change of the identity sees to it */
        return;
    }
    postgres_list_default(maker, SIDE_TARGET, (size_t)task->place.reference, &forward);
    postgres_list_default(maker, SIDE_CURRENT, (size_t)task->place.live, &backward);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = needed > 2 ? needed : 2,
                     .phase = PHASE_ALTER,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR),
                     .fact = &fact,
                     .forward = forward,
                     .backward = backward,
                     .plain = true,
                     .plain_undo = true,
                 });
}
