/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns whose type, collation, identity or generation differs, with what leans on them out of the way meanwhile.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/drift_types.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_lean.h"
#include "drift/plan_postgres_text.h"

static const struct schema_column *column_at(const struct plan_maker *maker, enum plan_side side, int64_t index)
{
    return &postgres_schema(maker, side)->columns[index];
}

static const char *name_at(struct plan_maker *maker, enum plan_side side, int64_t index)
{
    return postgres_quoted(maker, schema_text(postgres_schema(maker, side), column_at(maker, side, index)->name));
}

static const char *type_at(const struct plan_maker *maker, enum plan_side side, int64_t index)
{
    return schema_text(postgres_schema(maker, side), column_at(maker, side, index)->type);
}

static bool is_generated(const struct schema_column *column)
{
    return column->flags & (COLUMN_GENERATED_STORED | COLUMN_GENERATED_VIRTUAL);
}

static enum type_relation relation_of(const struct plan_maker *maker, struct postgres_pair pair)
{
    const struct drift_features features = {.postgres = true, .same_release = true};
    return drift_type_relation(&features, type_at(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]),
                               type_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]));
}

/* A type that takes fewer values can lose some. */
static unsigned retype_stage(const struct plan_maker *maker, struct postgres_pair pair)
{
    return relation_of(maker, pair) == TYPE_RELATION_NARROWER ? PLAN_STAGES : 2;
}

/* The stored form of a varying text, and of a number without its scale changing, is the same for every length. */
static bool rewrites(const struct plan_maker *maker, struct postgres_pair pair)
{
    static const char *const families[] = {"character varying", "numeric", "text", "timestamp", "time", "bit varying"};
    const char *before = type_at(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]);
    const char *after = type_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]);
    enum type_relation relation = relation_of(maker, pair);
    if (strcmp(before, after) == 0)
        return false;
    if (relation != TYPE_RELATION_WIDER && relation != TYPE_RELATION_ALIKE)
        return true;
    if (strncmp(before, "character varying", 17) == 0 && strcmp(after, "text") == 0)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
        size_t length = strlen(families[i]);
        if (strncmp(before, families[i], length) == 0 && strncmp(after, families[i], length) == 0)
            return false;
    }
    return true;
}

static bool concerns_type(const struct plan_task *task)
{
    bool found = false;
    for (size_t i = 0; i < task->item_count; i++)
        found |= postgres_is_about(task->items[i], "type") || postgres_is_about(task->items[i], "collation");
    return task->kind == DRIFT_COLUMN && task->change == DRIFT_CHANGED && found;
}

bool postgres_changes_generation(const struct plan_task *task)
{
    bool found = false;
    for (size_t i = 0; i < task->item_count; i++)
        found |= postgres_is_about(task->items[i], "generated");
    return task->kind == DRIFT_COLUMN && task->change == DRIFT_CHANGED && found;
}

/* Whether the column must be dropped and made again for its new expression: the server can only take one away from a
 * stored column, and, since 17, exchange it. */
static bool must_replace(const struct plan_maker *maker, struct postgres_pair pair)
{
    const struct schema_column *before = column_at(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]);
    const struct schema_column *after = column_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]);
    bool same_kind = (before->flags & COLUMN_GENERATED_STORED) == (after->flags & COLUMN_GENERATED_STORED);
    if (!is_generated(after))
        return !(before->flags & COLUMN_GENERATED_STORED);
    return !is_generated(before) || !same_kind ||
           ((const struct postgres_plan *)maker->engine)->version[SIDE_CURRENT] < 17;
}

static bool is_replaced(const struct plan_maker *maker, const struct plan_task *task)
{
    return postgres_changes_generation(task) && must_replace(maker, postgres_pair_of(task->place));
}

bool postgres_changes_type(const struct plan_maker *maker, const struct plan_task *task)
{
    return task && concerns_type(task) && !is_replaced(maker, task);
}

unsigned postgres_generation_stage(const struct plan_maker *maker, const struct plan_task *task)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    bool computed = is_generated(column_at(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]));
    const struct schema *target = maker->target;
    const struct schema_column *wanted = column_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]);
    const struct schema_relation *table = &target->relations[wanted->relation];
    unsigned stage = must_replace(maker, pair) && !computed ? PLAN_STAGES : 2;
    unsigned needed = postgres_needs_of(maker, schema_text(target, table->schema), schema_text(target, table->name),
                                        schema_text_or_null(target, wanted->generated));
    return needed > stage ? needed : stage;
}

/* Types wait for the end, when all that leans on them is known: see postgres_change_types. */
void postgres_change_type(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    (void)task;
    postgres_cover_all(maker, items, count);
}

/* Whether values go over by their text: enums know no other way between each other. */
static bool needs_text(const struct plan_maker *maker, enum plan_side side, int64_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    const char *type = type_at(maker, side, index);
    for (size_t i = schema->object_starts[OBJECT_ENUM]; i < schema->object_starts[OBJECT_ENUM + 1]; i++)
        if (plan_mentions(type, schema_text(schema, schema->objects[i].schema),
                          schema_text(schema, schema->objects[i].name), false))
            return true;
    return false;
}

/* The family of a type, 1 and up; 0: its own. */
static size_t family_of(const char *type)
{
    static const struct {
        const char *begin;
        size_t family;
    } rows[] = {
        {"character varying", 1},
        {"character", 1},
        {"text", 1},
        {"smallint", 2},
        {"integer", 2},
        {"bigint", 2},
        {"numeric", 2},
        {"real", 2},
        {"double precision", 2},
        {"date", 3},
        {"timestamp", 3},
        {"time", 4},
        {"bit", 5},
        {"inet", 6},
        {"cidr", 6},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        size_t length = strlen(rows[i].begin);
        if (strncmp(type, rows[i].begin, length) == 0 && (type[length] == '\0' || strchr(" ([", type[length])))
            return rows[i].family;
    }
    return 0;
}

static bool is_array(const char *type)
{
    size_t length = strlen(type);
    return length > 2 && strcmp(type + length - 2, "[]") == 0;
}

/* Within a family the server knows the way of an assignment, which fails where a text does not fit: a cast that is
 * written out would cut it. */
static bool is_assignable(const char *from, const char *to)
{
    size_t family = family_of(from);
    return family > 0 && family == family_of(to) && is_array(from) == is_array(to);
}

/* "ALTER COLUMN …" from one side's type to the other's, its default taken away before and set again behind. */
void postgres_list_retype(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair,
                          struct postgres_list *list)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    if (pair.at[from] < 0)
        from = to; /* a column of one side only moves over to its own type, made anew */
    else if (pair.at[to] < 0)
        to = from;
    const struct schema_column *before = column_at(maker, from, pair.at[from]);
    const struct schema_column *after = column_at(maker, to, pair.at[to]);
    const char *name = name_at(maker, to, pair.at[to]);
    const char *type = type_at(maker, to, pair.at[to]);
    const char *collation = schema_attribute_text(postgres_schema(maker, to), after->attributes, ATTRIBUTE_COLLATION);
    const char *way = needs_text(maker, from, pair.at[from]) || needs_text(maker, to, pair.at[to]) ? "::text" : "";
    bool preset_again = after->default_expression && !is_generated(after) && !postgres_is_identity(after);
    if (postgres_is_inherited(maker, to, (size_t)pair.at[to]))
        return; /* it changes with its parent's */
    bool takes_default = !is_generated(before) && !postgres_is_identity(before);
    if (takes_default && (before->default_expression || postgres_has_children(maker, to, after->relation)))
        postgres_list_add(maker, list,
                          postgres_alter(maker, to, after->relation, "ALTER COLUMN %s DROP DEFAULT", name));
    bool plain = is_generated(before) || is_assignable(type_at(maker, from, pair.at[from]), type);
    const char *using = plain ? "" : plan_printf(maker, " USING %s%s::%s", name, way, type);
    postgres_list_add(maker, list,
                      postgres_alter(maker, to, after->relation, "ALTER COLUMN %s TYPE %s%s%s%s", name, type,
                                     collation ? " COLLATE " : "", collation ? collation : "", using));
    if (preset_again)
        postgres_list_default(maker, to, (size_t)pair.at[to], list);
    else
        postgres_list_child_defaults(maker, to, (size_t)pair.at[to], list);
}

unsigned postgres_type_stage(const struct plan_maker *maker, const struct plan_task *task)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    const char *type = type_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]);
    unsigned needed = postgres_needs(maker, type);
    unsigned stage = postgres_is_moved(maker, SIDE_TARGET, type) ? PLAN_STAGES : retype_stage(maker, pair);
    return needed > stage ? needed : stage;
}

static void lean_on_type(struct plan_maker *maker, struct postgres_lean *lean, const struct plan_task *task)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    enum type_relation relation = relation_of(maker, pair);
    postgres_lean_on_column(maker, lean, (size_t)pair.at[SIDE_CURRENT],
                            relation != TYPE_RELATION_WIDER && relation != TYPE_RELATION_ALIKE);
}

void postgres_lean_on_type_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean)
{
    *lean = (struct postgres_lean){.task = task, .stage = postgres_type_stage(maker, task)};
    lean_on_type(maker, lean, task);
}

static bool is_retype(struct plan_maker *maker, const struct plan_task *task)
{
    return postgres_changes_type(maker, task) && !postgres_moves_with_enum(maker, task);
}

const struct plan_task *postgres_step_task(const struct plan_maker *maker, const struct plan_task *task)
{
    const struct postgres_plan *plan = maker->engine;
    const struct plan_task *leader =
        task && task->kind == DRIFT_COLUMN && task->change == DRIFT_CHANGED ? plan->retypes[task->place.live] : NULL;
    return leader ? leader : task;
}

static void join(struct plan_maker *maker, const struct plan_task *one, const struct plan_task *other)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    const struct plan_task *from = postgres_step_task(maker, other);
    const struct plan_task *to = postgres_step_task(maker, one);
    for (size_t i = 0; i < maker->current->column_count && from != to; i++)
        if (plan->retypes[i] == from)
            plan->retypes[i] = to;
}

/* A generated column that comes back with another expression names columns that change in the stage, too. */
static void join_named(struct plan_maker *maker, const struct plan_task *task, unsigned stage,
                       const struct postgres_leaner *leaner)
{
    const struct schema *current = maker->current;
    const struct plan_task *changed = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, leaner->present);
    if (leaner->array != ARRAY_COLUMNS || leaner->is_default || !changed || !postgres_changes_generation(changed))
        return;
    const struct schema_relation *table = &current->relations[current->columns[leaner->present].relation];
    const char *wanted =
        schema_text_or_null(maker->target, column_at(maker, SIDE_TARGET, changed->place.reference)->generated);
    for (size_t i = table->first_column; i < (size_t)table->first_column + table->column_count; i++) {
        const struct plan_task *other = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i);
        if (other && is_retype(maker, other) && postgres_type_stage(maker, other) == stage &&
            plan_mentions_word(wanted, schema_text(current, current->columns[i].name)))
            join(maker, task, other);
    }
}

/* `first`: per array the first task whose step takes the thing out of its way and brings it back. */
static void join_sharing(struct plan_maker *maker, const struct plan_task *task, unsigned stage,
                         const struct plan_task **const *first)
{
    struct postgres_lean lean = {0};
    postgres_lean_on_type_of(maker, task, &lean);
    for (size_t i = 0; i < lean.count && lean.stage == stage; i++) {
        const struct plan_task **slot = &first[lean.all[i].array][lean.all[i].present];
        if (lean.all[i].own_step)
            continue;
        if (lean.all[i].own_stage <= stage)
            join_named(maker, task, stage, &lean.all[i]);
        if (*slot)
            join(maker, *slot, task);
        else
            *slot = task;
    }
}

void postgres_join_retypes(struct plan_maker *maker)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    for (size_t i = 0; i < plan_task_count(maker); i++)
        if (is_retype(maker, plan_task_at(maker, i)))
            plan->retypes[plan_task_at(maker, i)->place.live] = plan_task_at(maker, i);
    for (unsigned stage = 2; stage <= PLAN_STAGES && !maker->failed; stage++) {
        const struct plan_task **first[PLAN_ARRAYS] = {0};
        if (!postgres_get_tasks(maker, first))
            return;
        for (size_t i = 0; i < plan_task_count(maker) && !maker->failed; i++)
            if (is_retype(maker, plan_task_at(maker, i)))
                join_sharing(maker, plan_task_at(maker, i), stage, first);
    }
}

/* Columns whose types change in one step. */
struct retypes {
    const struct plan_task **tasks;
    size_t task_count;
    const struct drift_item **items;
    size_t item_count;
    struct postgres_lean lean;
};

static void take_items(const struct plan_task *task, struct retypes *retypes)
{
    for (size_t k = 0; k < task->item_count; k++)
        if (postgres_is_about(task->items[k], "type") || postgres_is_about(task->items[k], "collation") ||
            postgres_is_about(task->items[k], "default"))
            retypes->items[retypes->item_count++] = task->items[k];
}

static bool find_retypes(struct plan_maker *maker, const struct plan_task *leader, struct retypes *ret_retypes)
{
    const struct postgres_plan *plan = maker->engine;
    size_t task_count = 0;
    size_t item_count = 0;
    for (size_t i = 0; i < maker->current->column_count; i++) {
        const struct plan_task *task =
            plan->retypes[i] == leader ? plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i) : NULL;
        task_count += task != NULL;
        item_count += task ? task->item_count : 0;
    }
    *ret_retypes = (struct retypes){
        .tasks = arena_array(maker->arena, task_count + 1, sizeof(void *)),
        .items = arena_array(maker->arena, item_count + 1, sizeof(void *)),
        .lean = {.task = leader, .stage = postgres_type_stage(maker, leader)},
    };
    if (!ret_retypes->tasks || !ret_retypes->items) {
        maker->failed = true;
        return false;
    }
    for (size_t i = 0; i < maker->current->column_count && ret_retypes->task_count < task_count; i++) {
        if (plan->retypes[i] != leader)
            continue;
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i);
        ret_retypes->tasks[ret_retypes->task_count++] = task;
        lean_on_type(maker, &ret_retypes->lean, task);
        take_items(task, ret_retypes);
    }
    return true;
}

static struct postgres_list retype_list(struct plan_maker *maker, enum plan_side to, const struct retypes *retypes)
{
    struct postgres_list list = {0};
    postgres_lean_drop(maker, &retypes->lean, &list);
    for (size_t i = 0; i < retypes->task_count; i++)
        postgres_list_retype(maker, to, postgres_pair_of(retypes->tasks[i]->place), &list);
    postgres_lean_make(maker, &retypes->lean, to, &list);
    return list;
}

static unsigned hazards_of(const struct plan_maker *maker, struct postgres_pair pair)
{
    enum type_relation relation = relation_of(maker, pair);
    return HAZARD(BLOCKS_READS) | (rewrites(maker, pair) ? HAZARD(REWRITES_TABLE) : 0) |
           (relation == TYPE_RELATION_NARROWER ? HAZARD(DELETES_DATA) | HAZARD(BREAKS_CLIENTS) : 0) |
           (relation == TYPE_RELATION_WIDER || relation == TYPE_RELATION_ALIKE
                ? 0
                : HAZARD(MAY_FAIL_ON_DATA) | HAZARD(CHANGES_BEHAVIOUR));
}

/* The fact by which a column's change is known; the others are guarded along. */
static struct postgres_fact retype_fact(struct plan_maker *maker, struct postgres_pair pair, unsigned stage)
{
    bool same = strcmp(type_at(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]),
                       type_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET])) == 0;
    struct postgres_fact type = postgres_column_fact(maker, pair, COLUMN_FACT_TYPE);
    struct postgres_fact collation = postgres_column_fact(maker, pair, COLUMN_FACT_COLLATION);
    struct postgres_fact preset = postgres_column_fact(maker, pair, COLUMN_FACT_DEFAULT);
    postgres_guard(maker, stage, &collation);
    postgres_guard(maker, stage, &preset);
    if (!same)
        postgres_guard(maker, stage, &type);
    return same ? collation : type;
}

static void add_retype(struct plan_maker *maker, const struct plan_task *leader)
{
    struct retypes retypes = {0};
    struct postgres_fact fact = {0};
    unsigned hazards = 0;
    bool alike = true;
    if (!find_retypes(maker, leader, &retypes))
        return;
    for (size_t i = 0; i < retypes.task_count; i++) {
        struct postgres_pair pair = postgres_pair_of(retypes.tasks[i]->place);
        struct postgres_fact own = retype_fact(maker, pair, retypes.lean.stage);
        fact = i > 0 ? postgres_joined_fact(maker, &fact, &own) : own;
        hazards |= hazards_of(maker, pair);
        alike &= relation_of(maker, pair) == TYPE_RELATION_ALIKE;
    }
    postgres_add(maker, leader, retypes.items, retypes.item_count,
                 &(struct postgres_step){
                     .stage = retypes.lean.stage,
                     .phase = PHASE_ALTER_TYPE,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = hazards | (postgres_lean_has_views(&retypes.lean) ? HAZARD(HIDDEN_DEPENDENCIES) : 0),
                     .fact = &fact,
                     .forward = retype_list(maker, SIDE_TARGET, &retypes),
                     .backward = retype_list(maker, SIDE_CURRENT, &retypes),
                     .quiet = true,
                     .undo_note = alike ? NULL
                                        : "fails while a value does not fit the type that it had before; digits that "
                                          "were cut off do not come back",
                 });
}

void postgres_change_types(struct plan_maker *maker)
{
    for (size_t i = 0; i < plan_task_count(maker); i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        if (is_retype(maker, task) && postgres_step_task(maker, task) == task)
            add_retype(maker, task);
    }
}

/* "SET GENERATED … SET START WITH …", all options of a side. */
static const char *identity_options(struct plan_maker *maker, enum plan_side side, int64_t index)
{
    static const struct {
        enum attribute_key key;
        const char *words;
        const char *usual;
    } options[] = {
        {ATTRIBUTE_START, "START WITH", "1"}, {ATTRIBUTE_INCREMENT, "INCREMENT BY", "1"},
        {ATTRIBUTE_MIN, "MINVALUE", NULL},    {ATTRIBUTE_MAX, "MAXVALUE", NULL},
        {ATTRIBUTE_CACHE, "CACHE", "1"},
    };
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_column *column = column_at(maker, side, index);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    strbuf_printf(&text, "SET GENERATED %s", column->flags & COLUMN_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT");
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        const char *value = schema_attribute_text(schema, column->attributes, options[i].key);
        value = value ? value : options[i].usual;
        if (value)
            strbuf_printf(&text, " SET %s %s", options[i].words, value);
        else
            strbuf_printf(&text, " SET NO %s", options[i].words);
    }
    strbuf_add_string(&text, schema_has_attribute(schema, column->attributes, ATTRIBUTE_CYCLE) ? " SET CYCLE"
                                                                                               : " SET NO CYCLE");
    return plan_keep(maker, &text);
}

static void list_made_sequence(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    postgres_list_add(maker, userdata, postgres_object_sql(maker, side, index, false));
    if (side == SIDE_TARGET)
        postgres_claim(maker, side, ARRAY_OBJECTS, index, 2);
}

/* What identity_list has made on its way there, unless it was there before. */
static void list_dropped_sequence(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    const struct schema *target = postgres_schema(maker, side);
    const struct schema_object *sequence = &target->objects[index];
    if (!schema_find_object(maker->current, OBJECT_SEQUENCE, schema_text(target, sequence->schema), NULL,
                            schema_text(target, sequence->name), NULL))
        postgres_list_add(maker, userdata, postgres_drop_object_sql(maker, side, index));
}

static void list_owner(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    postgres_list_add(maker, userdata, postgres_owner_sql(maker, side, index));
}

/* The sequence goes on behind the largest value that is there. */
static void list_position(struct plan_maker *maker, enum plan_side side, int64_t index, struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_column *column = column_at(maker, side, index);
    const char *table = postgres_table_name(maker, side, column->relation);
    const char *name = name_at(maker, side, index);
    postgres_list_add(
        maker, list,
        plan_printf(maker,
                    "SELECT pg_catalog.setval(s, v + 1, false) FROM (SELECT "
                    "pg_catalog.pg_get_serial_sequence(%s, %s) AS s, max(%s) AS v FROM %s) AS t WHERE v > 0",
                    postgres_literal(maker, table), postgres_literal(maker, schema_text(schema, column->name)), name,
                    table));
}

/* `before_type`: the change of the type comes next, and sets the default. */
static struct postgres_list identity_list(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair,
                                          bool before_type)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    const struct schema *schema = postgres_schema(maker, to);
    const struct schema_column *before = column_at(maker, from, pair.at[from]);
    const struct schema_column *after = column_at(maker, to, pair.at[to]);
    const char *name = name_at(maker, to, pair.at[to]);
    const char *column = schema_text(schema, after->name);
    cleanup(strbuf) struct strbuf identity = STRBUF(LIMIT_SQL_PART);
    struct postgres_list list = {0};
    if (postgres_is_identity(before) && postgres_is_identity(after)) {
        const char *options = identity_options(maker, to, pair.at[to]);
        return postgres_one(maker, postgres_alter(maker, to, after->relation, "ALTER COLUMN %s %s", name, options));
    }
    if (postgres_is_identity(before))
        postgres_list_add(maker, &list,
                          postgres_alter(maker, to, after->relation, "ALTER COLUMN %s DROP IDENTITY IF EXISTS", name));
    else if (before->default_expression)
        postgres_list_add(maker, &list,
                          postgres_alter(maker, to, after->relation, "ALTER COLUMN %s DROP DEFAULT", name));
    if (to == SIDE_CURRENT)
        postgres_each_sequence(maker, from, before->relation, column, list_dropped_sequence, &list);
    if (!postgres_is_identity(after)) {
        if (after->flags & COLUMN_NULLABLE && !(before->flags & COLUMN_NULLABLE))
            postgres_list_add(maker, &list,
                              postgres_alter(maker, to, after->relation, "ALTER COLUMN %s DROP NOT NULL", name));
        postgres_each_sequence(maker, to, after->relation, column, list_made_sequence, &list);
        if (after->default_expression && !before_type)
            postgres_list_add(
                maker, &list,
                postgres_alter(maker, to, after->relation, "%s", postgres_default_sql(maker, to, (size_t)pair.at[to])));
        postgres_each_sequence(maker, to, after->relation, column, list_owner, &list);
    } else {
        if (before->flags & COLUMN_NULLABLE)
            postgres_list_add(maker, &list,
                              postgres_alter(maker, to, after->relation, "ALTER COLUMN %s SET NOT NULL", name));
        postgres_sql_identity(&identity, schema, after);
        const char *clause = plan_keep(maker, &identity);
        postgres_list_add(
            maker, &list,
            postgres_alter(maker, to, after->relation, "ALTER COLUMN %s ADD %s", name, clause + strspn(clause, " ")));
    }
    list_position(maker, to, pair.at[to], &list);
    return list;
}

void postgres_change_identity(struct plan_maker *maker, const struct plan_task *task,
                              const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    bool identity = postgres_is_identity(column_at(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT])) ||
                    postgres_is_identity(column_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]));
    struct postgres_fact fact =
        postgres_column_fact(maker, pair, identity ? COLUMN_FACT_IDENTITY : COLUMN_FACT_DEFAULT);
    bool requires = column_at(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT])->flags & COLUMN_NULLABLE &&
                    !(column_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET])->flags & COLUMN_NULLABLE);
    bool retyped = postgres_changes_type(maker, task);
    bool waits = retyped && postgres_type_stage(maker, task) == PLAN_STAGES;
    /* an identity goes before the type changes, as not every type can have one, and comes behind it */
    bool first = retyped && !postgres_is_identity(column_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]));
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = requires || waits ? PLAN_STAGES : 2,
                     .phase = first ? PHASE_SEQUENCE_OWNER : PHASE_ALTER,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR) | HAZARD(SCANS_TABLE) |
                                (requires ? HAZARD(MAY_FAIL_ON_DATA) | HAZARD(BREAKS_CLIENTS) : 0),
                     .fact = &fact,
                     .forward = identity_list(maker, SIDE_TARGET, pair, first),
                     .backward = identity_list(maker, SIDE_CURRENT, pair, retyped && !first),
                 });
}

/* Keys and indexes that go with a dropped column come back with it. */
static void lean_on_users(struct plan_maker *maker, struct postgres_lean *lean, size_t index)
{
    const struct schema *current = maker->current;
    const struct schema_column *column = &current->columns[index];
    const struct schema_relation *table = &current->relations[column->relation];
    for (size_t i = 0; i < current->constraint_count; i++)
        if (postgres_constraint_uses(current, &current->constraints[i], column))
            postgres_lean_add(maker, lean, ARRAY_CONSTRAINTS, i);
    for (size_t i = 0; i < table->index_count; i++)
        if (postgres_index_uses(current, &current->indexes[table->first_index + i], schema_text(current, column->name)))
            postgres_lean_add(maker, lean, ARRAY_INDEXES, table->first_index + i);
}

static struct postgres_list replace_list(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair,
                                         const struct postgres_lean *lean)
{
    const struct schema_column *after = column_at(maker, to, pair.at[to]);
    struct postgres_list list = {0};
    postgres_lean_drop(maker, lean, &list);
    postgres_list_add(
        maker, &list,
        postgres_alter(maker, to, after->relation, "DROP COLUMN IF EXISTS %s", name_at(maker, to, pair.at[to])));
    postgres_list_add(maker, &list, postgres_column_sql(maker, to, (size_t)pair.at[to], false));
    postgres_lean_make(maker, lean, to, &list);
    return list;
}

static struct postgres_list expression_list(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair)
{
    const struct schema_column *after = column_at(maker, to, pair.at[to]);
    const char *name = name_at(maker, to, pair.at[to]);
    struct postgres_list list = {0};
    if (is_generated(after))
        return postgres_one(maker, postgres_alter(maker, to, after->relation, "ALTER COLUMN %s SET EXPRESSION AS (%s)",
                                                  name, schema_text(postgres_schema(maker, to), after->generated)));
    postgres_list_add(maker, &list,
                      postgres_alter(maker, to, after->relation, "ALTER COLUMN %s DROP EXPRESSION", name));
    if (after->default_expression)
        postgres_list_add(
            maker, &list,
            postgres_alter(maker, to, after->relation, "%s", postgres_default_sql(maker, to, (size_t)pair.at[to])));
    return list;
}

void postgres_lean_on_generation_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    *lean = (struct postgres_lean){.task = task, .stage = postgres_generation_stage(maker, task)};
    postgres_lean_on_column(maker, lean, (size_t)pair.at[SIDE_CURRENT], true);
    lean_on_users(maker, lean, (size_t)pair.at[SIDE_CURRENT]);
}

void postgres_change_generated(struct plan_maker *maker, const struct plan_task *task,
                               const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_column_fact(maker, pair, COLUMN_FACT_GENERATED);
    bool replaced = must_replace(maker, pair);
    bool computed = is_generated(column_at(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]));
    bool computes = is_generated(column_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]));
    struct postgres_lean lean = {0};
    postgres_lean_on_generation_of(maker, task, &lean);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = lean.stage,
                     .phase = PHASE_ALTER_TYPE,
                     .rank = 1,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(BLOCKS_READS) | HAZARD(CHANGES_BEHAVIOUR) |
                                (computes || replaced ? HAZARD(REWRITES_TABLE) : 0) |
                                (replaced && !computed ? HAZARD(DELETES_DATA) : 0),
                     .fact = &fact,
                     .forward = replaced ? replace_list(maker, SIDE_TARGET, pair, &lean)
                                         : expression_list(maker, SIDE_TARGET, pair),
                     .backward = replaced || !computes ? replace_list(maker, SIDE_CURRENT, pair, &lean)
                                                       : expression_list(maker, SIDE_CURRENT, pair),
                     .undo_note = replaced && !computed ? "the values that the column had are lost" : NULL,
                 });
}
