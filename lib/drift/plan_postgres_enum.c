/* SPDX-License-Identifier: Apache-2.0
 *
 * Enums that differ. Labels are added where they are; where some are to go or to stand in another order, a new type
 * takes the enum's place in the third stage, and its columns are moved over by their text. A column that changes to
 * such an enum, or from it, goes with it: enums that columns go between are moved together, in one transaction.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/postgres_names.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_lean.h"
#include "drift/plan_postgres_members.h"
#include "drift/plan_postgres_text.h"

/* Whether every label of `from` is in `to`, in the same order: then the rest can be added. */
static bool can_extend(const struct postgres_members *from, const struct postgres_members *to)
{
    size_t at = 0;
    for (size_t i = 0; i < to->count && at < from->count; i++)
        at += strcmp(postgres_member_at(from, at), postgres_member_at(to, i)) == 0;
    return at == from->count;
}

static struct postgres_members labels_of(const struct plan_maker *maker, const struct plan_task *task,
                                         enum plan_side side)
{
    return postgres_members_of(maker, side, postgres_pair_of(task->place).at[side], ATTRIBUTE_VALUES);
}

static bool extends(const struct plan_maker *maker, const struct plan_task *task, enum plan_side to)
{
    struct postgres_members before = labels_of(maker, task, to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET);
    struct postgres_members after = labels_of(maker, task, to);
    return can_extend(&before, &after);
}

bool postgres_names_type(const struct schema *schema, const struct schema_column *column,
                         const struct schema_object *object)
{
    return plan_mentions(schema_text(schema, column->type), schema_text(schema, object->schema),
                         schema_text(schema, object->name), false);
}

/* Arguments and results of routines, attributes of other types and domains' texts cannot be moved over. */
static bool is_used_elsewhere(const struct plan_maker *maker, enum plan_side side, int64_t type)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_SIGNATURE, ATTRIBUTE_RETURNS,       ATTRIBUTE_MEMBERS,
                                              ATTRIBUTE_TYPE,      ATTRIBUTE_DOMAIN_CHECKS, ATTRIBUTE_DEFAULT};
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *object = &schema->objects[type];
    for (size_t i = 0; i < schema->object_count; i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(keys); k++) {
            size_t count = 0;
            const struct schema_attribute *texts =
                schema_attribute_list(schema, schema->objects[i].attributes, keys[k], &count);
            for (size_t j = 0; j < count; j++)
                if (plan_mentions(schema_text(schema, texts[j].text), schema_text(schema, object->schema),
                                  schema_text(schema, object->name), false))
                    return true;
        }
    }
    return false;
}

static bool is_stuck(const struct plan_maker *maker, const struct plan_task *task)
{
    return is_used_elsewhere(maker, SIDE_CURRENT, task->place.live) ||
           is_used_elsewhere(maker, SIDE_TARGET, task->place.reference);
}

/* 1 and up: which of the enums that are moved the type's text names; 0: none. */
static size_t moved_enum(const struct plan_maker *maker, enum plan_side side, const char *type)
{
    const struct postgres_plan *plan = maker->engine;
    const struct schema *schema = postgres_schema(maker, side);
    for (size_t i = 0; i < plan->moved_count; i++) {
        const struct schema_object *object = &schema->objects[postgres_pair_of(plan->moved[i].task->place).at[side]];
        if (plan_mentions(type, schema_text(schema, object->schema), schema_text(schema, object->name), false))
            return i + 1;
    }
    return 0;
}

static const char *type_of(const struct plan_maker *maker, enum plan_side side, int64_t column)
{
    const struct schema *schema = postgres_schema(maker, side);
    return schema_text(schema, schema->columns[column].type);
}

static void join(struct postgres_plan *plan, size_t one, size_t other)
{
    size_t from = plan->moved[one].leader;
    size_t to = plan->moved[other].leader;
    for (size_t i = 0; i < plan->moved_count; i++)
        if (plan->moved[i].leader == from || plan->moved[i].leader == to)
            plan->moved[i].leader = from < to ? from : to;
}

void postgres_find_moved(struct plan_maker *maker)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    plan->moved = arena_array(maker->arena, plan_task_count(maker) + 1, sizeof *plan->moved);
    if (!plan->moved) {
        maker->failed = true;
        return;
    }
    for (size_t i = 0; i < plan_task_count(maker); i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        if (task->kind != DRIFT_ENUM || task->change != DRIFT_CHANGED || extends(maker, task, SIDE_TARGET) ||
            is_stuck(maker, task))
            continue;
        plan->moved[plan->moved_count] = (struct postgres_moved){.task = task, .leader = plan->moved_count};
        plan->moved_count++;
    }
    for (size_t i = 0; i < plan_task_count(maker) && plan->moved_count; i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        if (!postgres_changes_type(maker, task))
            continue;
        size_t from = moved_enum(maker, SIDE_CURRENT, type_of(maker, SIDE_CURRENT, task->place.live));
        size_t to = moved_enum(maker, SIDE_TARGET, type_of(maker, SIDE_TARGET, task->place.reference));
        if (from && to)
            join(plan, from - 1, to - 1);
    }
}

bool postgres_is_moved(const struct plan_maker *maker, enum plan_side side, const char *type)
{
    return moved_enum(maker, side, type) > 0;
}

/* 1 and up: the enum in whose step the column is moved over; 0: none. `pair` without a current side: a column that is
 * made, with the labels that the enum has then, or one that both sides have. */
static size_t mover_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_pair pair)
{
    const struct postgres_plan *plan = maker->engine;
    size_t found = moved_enum(maker, SIDE_TARGET, type_of(maker, SIDE_TARGET, pair.at[SIDE_TARGET]));
    if (!found && postgres_changes_type(maker, task) && postgres_type_stage(maker, task) == PLAN_STAGES)
        found = moved_enum(maker, SIDE_CURRENT, type_of(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]));
    return found ? plan->moved[found - 1].leader + 1 : 0;
}

bool postgres_moves_with_enum(struct plan_maker *maker, const struct plan_task *task)
{
    return postgres_plan_of(maker)->moved_count && postgres_changes_type(maker, task) &&
           mover_of(maker, task, postgres_pair_of(task->place)) > 0;
}

/* Enums that are moved together, and their columns. */
struct moving {
    size_t leader;
    const struct plan_task *const *enums;
    size_t enum_count;
    struct postgres_pair *columns; /* only on the target's side: of the type before and after */
    size_t column_count;
};

static void find_columns(struct plan_maker *maker, struct moving *moving, size_t leader)
{
    const struct schema *target = maker->target;
    moving->columns = arena_array(maker->arena, target->column_count + 1, sizeof *moving->columns);
    if (!moving->columns) {
        maker->failed = true;
        return;
    }
    for (size_t i = 0; i < target->column_count; i++) {
        const struct schema_column *column = &target->columns[i];
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_TARGET, i);
        struct postgres_pair pair = {{DRIFT_NOWHERE, (int64_t)i}};
        if (!relation_is_table(&target->relations[column->relation]) ||
            target->relations[column->relation].kind == RELATION_PARTITION || column->generated)
            continue;
        if (task && postgres_changes_type(maker, task))
            pair = postgres_pair_of(task->place);
        if (mover_of(maker, task, pair) == leader + 1)
            moving->columns[moving->column_count++] = pair;
    }
}

static bool find_moving(struct plan_maker *maker, const struct plan_task *task, struct moving *ret_moving)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    const struct plan_task **enums = arena_array(maker->arena, plan->moved_count + 1, sizeof(void *));
    size_t leader = 0;
    *ret_moving = (struct moving){.enums = enums};
    while (leader < plan->moved_count && plan->moved[leader].task != task)
        leader++;
    if (!enums || leader == plan->moved_count || plan->moved[leader].leader != leader) {
        maker->failed |= !enums;
        return false;
    }
    ret_moving->leader = leader;
    for (size_t i = 0; i < plan->moved_count; i++)
        if (plan->moved[i].leader == leader)
            enums[ret_moving->enum_count++] = plan->moved[i].task;
    find_columns(maker, ret_moving, leader);
    return !maker->failed;
}

static const char *old_name(struct plan_maker *maker, const struct plan_task *task)
{
    const struct schema_object *object = &maker->target->objects[task->place.reference];
    char name[POSTGRES_NAME_SIZE] = "";
    postgres_make_name(schema_text(maker->target, object->name), NULL, "migrationd_old", name);
    return plan_printf(maker, "%s", name);
}

static void list_types(struct plan_maker *maker, enum plan_side to, const struct moving *moving,
                       struct postgres_list *list)
{
    for (size_t i = 0; i < moving->enum_count; i++) {
        struct postgres_pair pair = postgres_pair_of(moving->enums[i]->place);
        postgres_list_add(maker, list,
                          plan_printf(maker, "ALTER TYPE %s RENAME TO %s", postgres_object_name(maker, to, pair.at[to]),
                                      postgres_quoted(maker, old_name(maker, moving->enums[i]))));
        postgres_list_add(maker, list, postgres_object_sql(maker, to, (size_t)pair.at[to], false));
    }
}

static void list_drops(struct plan_maker *maker, const struct moving *moving, struct postgres_list *list)
{
    for (size_t i = 0; i < moving->enum_count; i++) {
        const struct schema_object *object = &maker->target->objects[moving->enums[i]->place.reference];
        cleanup(strbuf) struct strbuf name = STRBUF(LIMIT_SQL_PART);
        postgres_sql_qualified(&name, schema_text(maker->target, object->schema), old_name(maker, moving->enums[i]));
        const char *path = plan_keep(maker, &name);
        postgres_list_add(maker, list, plan_printf(maker, "DROP TYPE %s", path));
    }
}

bool postgres_default_moves(const struct plan_maker *maker, size_t column)
{
    const struct schema *target = maker->target;
    const struct schema_column *wanted = &target->columns[column];
    const struct schema_relation *table = &target->relations[wanted->relation];
    return wanted->default_expression && !wanted->generated && relation_is_table(table) &&
           postgres_is_moved(maker, SIDE_TARGET, schema_text(target, wanted->default_expression)) &&
           !postgres_is_moved(maker, SIDE_TARGET, schema_text(target, wanted->type)) &&
           !schema_find_relation(maker->current, schema_text(target, table->schema), schema_text(target, table->name));
}

/* Of tables that the plan has made just before; on the way back they go just behind. */
static void list_defaults(struct plan_maker *maker, enum plan_side to, const struct moving *moving,
                          struct postgres_list *list)
{
    const struct schema *target = maker->target;
    const struct postgres_plan *plan = maker->engine;
    for (size_t i = 0; i < target->column_count; i++) {
        const struct schema_column *column = &target->columns[i];
        if (!postgres_default_moves(maker, i) ||
            plan->moved[moved_enum(maker, SIDE_TARGET, schema_text(target, column->default_expression)) - 1].leader !=
                moving->leader)
            continue;
        const char *sql = to == SIDE_TARGET ? postgres_default_sql(maker, SIDE_TARGET, i)
                                            : plan_printf(maker, "ALTER COLUMN %s DROP DEFAULT",
                                                          postgres_quoted(maker, schema_text(target, column->name)));
        postgres_list_add(maker, list,
                          plan_printf(maker, "ALTER TABLE IF EXISTS %s %s",
                                      postgres_table_name(maker, SIDE_TARGET, column->relation), sql));
    }
}

/* What leans on the columns makes way. */
static struct postgres_list move(struct plan_maker *maker, enum plan_side to, const struct moving *moving,
                                 const struct postgres_lean *lean)
{
    struct postgres_list list = {0};
    postgres_lean_drop(maker, lean, &list);
    list_types(maker, to, moving, &list);
    for (size_t i = 0; i < moving->column_count; i++)
        postgres_list_retype(maker, to, moving->columns[i], &list);
    list_defaults(maker, to, moving, &list);
    list_drops(maker, moving, &list);
    postgres_lean_make(maker, lean, to, &list);
    return list;
}

static void lean_on_type(struct plan_maker *maker, struct postgres_lean *lean, const struct plan_task *task)
{
    const struct schema *current = maker->current;
    for (size_t i = 0; i < current->column_count; i++) {
        const struct schema_column *column = &current->columns[i];
        const struct plan_task *change = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i);
        bool left = change && postgres_changes_type(maker, change) && !postgres_moves_with_enum(maker, change);
        if (!relation_is_table(&current->relations[column->relation]) || (left && lean->stage == PLAN_STAGES) ||
            !postgres_names_type(current, column, &current->objects[task->place.live]))
            continue;
        if (column->generated)
            postgres_lean_on_generated(maker, lean, i);
        else
            postgres_lean_on_column(maker, lean, i, true);
    }
    postgres_lean_on_type(maker, lean, (size_t)task->place.live);
}

static void lean_on_moving(struct plan_maker *maker, struct postgres_lean *lean, const struct moving *moving)
{
    for (size_t i = 0; i < moving->enum_count; i++)
        lean_on_type(maker, lean, moving->enums[i]);
    for (size_t i = 0; i < moving->column_count; i++)
        if (moving->columns[i].at[SIDE_CURRENT] >= 0)
            postgres_lean_on_column(maker, lean, (size_t)moving->columns[i].at[SIDE_CURRENT], true);
}

void postgres_lean_on_enum_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean)
{
    struct moving moving = {0};
    *lean = (struct postgres_lean){.task = task, .stage = PLAN_STAGES};
    if (find_moving(maker, task, &moving))
        lean_on_moving(maker, lean, &moving);
}

/* The items of the columns that change their type count as ended by this step, too. */
static struct postgres_fact fact_of(struct plan_maker *maker, const struct moving *moving)
{
    struct postgres_fact none = {0};
    size_t count = 0;
    struct postgres_fact *facts =
        arena_array(maker->arena, moving->enum_count + moving->column_count + 1, sizeof *facts);
    if (!facts) {
        maker->failed = true;
        return none;
    }
    for (size_t i = 0; i < moving->enum_count; i++)
        facts[count++] = postgres_object_fact(maker, postgres_pair_of(moving->enums[i]->place));
    for (size_t i = 0; i < moving->column_count; i++) {
        struct postgres_pair pair = moving->columns[i];
        if (pair.at[SIDE_CURRENT] < 0)
            continue;
        struct postgres_fact preset = postgres_column_fact(maker, pair, COLUMN_FACT_DEFAULT);
        struct postgres_fact collation = postgres_column_fact(maker, pair, COLUMN_FACT_COLLATION);
        postgres_guard(maker, PLAN_STAGES, &preset);
        postgres_guard(maker, PLAN_STAGES, &collation);
        facts[count++] = postgres_column_fact(maker, pair, COLUMN_FACT_TYPE);
    }
    for (size_t i = 0; i < count; i++)
        postgres_guard(maker, PLAN_STAGES, &facts[i]);
    struct postgres_fact all = facts[0];
    for (size_t i = 1; i < count; i++)
        all = postgres_joined_fact(maker, &all, &facts[i]);
    return all;
}

static void add_move(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                     size_t count, const struct moving *moving)
{
    struct postgres_lean lean = {.task = task, .stage = PLAN_STAGES};
    struct postgres_fact fact = fact_of(maker, moving);
    lean_on_moving(maker, &lean, moving);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = PLAN_STAGES,
                     .phase = PHASE_ALTER_TYPE,
                     .lock = "ACCESS EXCLUSIVE on every table with a column of the type",
                     .hazards = HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_READS) | HAZARD(MAY_FAIL_ON_DATA) |
                                HAZARD(BREAKS_CLIENTS) |
                                (postgres_lean_has_views(&lean) ? HAZARD(HIDDEN_DEPENDENCIES) : 0),
                     .fact = &fact,
                     .forward = move(maker, SIDE_TARGET, moving, &lean),
                     .backward = move(maker, SIDE_CURRENT, moving, &lean),
                     .quiet = true,
                     .undo_note = "fails while a column has a value that its type did not have before",
                 });
}

/* Each new label before the next one that is there already, or at the end; from the back, so that it is there. */
static struct postgres_list add_labels(struct plan_maker *maker, const struct plan_task *task, enum plan_side to)
{
    struct postgres_members before = labels_of(maker, task, to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET);
    struct postgres_members after = labels_of(maker, task, to);
    const char *type = postgres_object_name(maker, to, postgres_pair_of(task->place).at[to]);
    struct postgres_list list = {0};
    for (size_t i = after.count; i-- > 0;) {
        const char *label = postgres_member_at(&after, i);
        if (postgres_has_member(&before, label))
            continue;
        const char *place =
            i + 1 < after.count
                ? plan_printf(maker, " BEFORE %s", postgres_literal(maker, postgres_member_at(&after, i + 1)))
                : "";
        postgres_list_add(maker, &list,
                          plan_printf(maker, "ALTER TYPE %s ADD VALUE IF NOT EXISTS %s%s", type,
                                      postgres_literal(maker, label), place));
    }
    return list;
}

/* The columns that have the type when all else is taken back: the current side's. */
static struct postgres_list take_labels_away(struct plan_maker *maker, const struct plan_task *task)
{
    const struct schema *current = maker->current;
    const struct moving moving = {.enums = &task, .enum_count = 1};
    struct postgres_lean lean = {.task = task, .stage = 1};
    struct postgres_list list = {0};
    lean_on_type(maker, &lean, task);
    postgres_lean_drop(maker, &lean, &list);
    list_types(maker, SIDE_CURRENT, &moving, &list);
    for (size_t i = 0; i < current->column_count; i++) {
        const struct schema_relation *table = &current->relations[current->columns[i].relation];
        if (relation_is_table(table) && table->kind != RELATION_PARTITION && !current->columns[i].generated &&
            postgres_names_type(current, &current->columns[i], &current->objects[task->place.live]))
            postgres_list_retype(maker, SIDE_CURRENT, (struct postgres_pair){{(int64_t)i, DRIFT_NOWHERE}}, &list);
    }
    list_drops(maker, &moving, &list);
    postgres_lean_make(maker, &lean, SIDE_CURRENT, &list);
    return list;
}

static void add_extension(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    struct postgres_fact fact = postgres_object_fact(maker, postgres_pair_of(task->place));
    bool stuck = is_stuck(maker, task);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = 1,
                     .phase = PHASE_TYPE,
                     .lock = "none",
                     .fact = &fact,
                     .forward = add_labels(maker, task, SIDE_TARGET),
                     .backward = stuck ? (struct postgres_list){0} : take_labels_away(maker, task),
                     .plain = true,
                     .undo_note = stuck ? "a value that was added stays: routines or other types use the enum"
                                        : "fails while a row has one of the values",
                 });
}

void postgres_change_enum(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    struct moving moving = {0};
    if (extends(maker, task, SIDE_TARGET)) {
        add_extension(maker, task, items, count);
        return;
    }
    if (is_stuck(maker, task)) {
        for (size_t i = 0; i < count; i++)
            plan_leave(maker, items[i],
                       "values of an enum cannot be taken away or moved while routines or other types use it: make a "
                       "new type, move the columns and the routines over to it, and drop the old one");
        return;
    }
    if (find_moving(maker, task, &moving)) {
        add_move(maker, task, items, count, &moving);
        return;
    }
    postgres_cover_all(maker, items, count); /* moved with another one */
}
