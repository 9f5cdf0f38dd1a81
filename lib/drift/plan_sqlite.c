/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's planner: its rules, and what is made or dropped as a whole.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/dialect_quote.h"
#include "dialect/sqlite_sql.h"
#include "drift/plan_sqlite.h"

enum { STAGE_ADD = 1, STAGE_BREAK = 3 };

/* What holds the file while a statement commits. */
static const char lock[] = "RESERVED, EXCLUSIVE while it commits: the whole file";

static int64_t relation_index(const struct plan_task *task, enum plan_side side)
{
    return side == SIDE_CURRENT ? task->relation.live : task->relation.reference;
}

const char *sqlite_task_name(const struct plan_maker *maker, const struct plan_task *task)
{
    enum plan_side side = relation_index(task, SIDE_CURRENT) >= 0 ? SIDE_CURRENT : SIDE_TARGET;
    const struct schema *schema = sqlite_schema_of(maker, side);
    return schema_text(schema, schema->relations[relation_index(task, side)].name);
}

/* The CREATE texts of a relation and of all that hangs on it, as they are stored. */
struct whole {
    const char *relation;
    const char **parts;
    size_t part_count;
    const char *type; /* in sqlite_schema */
    const char *word; /* in SQL */
};

/* A table without its stored text is written from the model. */
static const char *relation_text(struct plan_maker *maker, const struct plan_task *task, enum plan_side side,
                                 uint32_t index)
{
    const struct schema *schema = sqlite_schema_of(maker, side);
    const char *stored = sqlite_stored_text(maker, ARRAY_RELATIONS, (struct sqlite_element){side, index});
    if (stored || maker->failed)
        return stored;
    struct sqlite_table table = {.maker = maker, .task = task};
    struct sqlite_element elements[] = {{side, index}};
    const struct schema_relation *relation = &schema->relations[index];
    struct sqlite_state state = {.sets[ARRAY_RELATIONS] = {elements, 1}};
    size_t counts[PLAN_ARRAYS] = {
        [ARRAY_COLUMNS] = relation->column_count, [ARRAY_CONSTRAINTS] = relation->constraint_count};
    uint32_t firsts[PLAN_ARRAYS] = {
        [ARRAY_COLUMNS] = relation->first_column, [ARRAY_CONSTRAINTS] = relation->first_constraint};
    for (size_t array = 0; array < PLAN_ARRAYS; array++) {
        struct sqlite_set *set = &state.sets[array];
        if (counts[array] == 0)
            continue;
        set->items = arena_array(maker->arena, counts[array], sizeof *set->items);
        if (!set->items) {
            maker->failed = true;
            return "";
        }
        for (; set->count < counts[array]; set->count++)
            set->items[set->count] = (struct sqlite_element){side, firsts[array] + (uint32_t)set->count};
    }
    return sqlite_made_text(&table, &state, schema_text(schema, relation->name));
}

static bool find_whole(struct plan_maker *maker, const struct plan_task *task, enum plan_side side, struct whole *whole)
{
    const struct schema *schema = sqlite_schema_of(maker, side);
    uint32_t index = (uint32_t)relation_index(task, side);
    const struct schema_relation *relation = &schema->relations[index];
    const char *name = schema_text(schema, relation->name);
    size_t end = schema->object_starts[OBJECT_TRIGGER + 1];
    *whole = (struct whole){
        .relation = relation_text(maker, task, side, index),
        .parts = arena_array(maker->arena, relation->index_count + schema->object_count + 1, sizeof *whole->parts),
        .type = relation->kind == RELATION_VIEW ? "view" : "table",
        .word = relation->kind == RELATION_VIEW ? "VIEW" : "TABLE"};
    if (maker->failed || !whole->parts) {
        maker->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < relation->index_count; i++)
        whole->parts[whole->part_count++] =
            sqlite_stored_text(maker, ARRAY_INDEXES, (struct sqlite_element){side, relation->first_index + i});
    for (size_t i = schema->object_starts[OBJECT_TRIGGER]; i < end; i++) {
        if (strcmp(schema_text(schema, schema->objects[i].relation_name), name) == 0)
            whole->parts[whole->part_count++] =
                sqlite_stored_text(maker, ARRAY_OBJECTS, (struct sqlite_element){side, (uint32_t)i});
    }
    return !maker->failed;
}

static const char *make_sql(struct plan_maker *maker, const struct whole *whole)
{
    static const char before[] = "IF NOT EXISTS ";
    const char *relation = sqlite_text_before_name(maker, whole->relation, before);
    if (whole->part_count == 0)
        return relation;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    strbuf_printf(&out, "SAVEPOINT plan;\n%s;\n", relation);
    for (size_t i = 0; i < whole->part_count; i++)
        strbuf_printf(&out, "%s;\n", sqlite_text_before_name(maker, whole->parts[i], before));
    strbuf_add_string(&out, "RELEASE plan");
    return plan_keep(maker, &out);
}

static bool has_relation(const struct plan_maker *maker, enum plan_side side, const char *name)
{
    const struct schema *schema = sqlite_schema_of(maker, side);
    for (size_t i = 0; i < schema->relation_count; i++) {
        if (strcasecmp(schema_text(schema, schema->relations[i].name), name) == 0)
            return true;
    }
    return false;
}

/* DROP VIEW IF EXISTS is an error where a table has the name, and the other way round. */
static const char *drop_in_attached(struct plan_maker *maker, const char *name, const struct whole *whole)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    const char *quoted = sqlite_quote_name(maker, name);
    sqlite_add_attach(maker, "0", whole->type, name, &out);
    strbuf_printf(&out, "CREATE %s IF NOT EXISTS plan.%s %s;\nDROP %s plan.%s;\n", whole->word, quoted,
                  strcmp(whole->type, "view") == 0 ? "AS SELECT 1" : "(a)", whole->word, quoted);
    sqlite_add_detach(&out);
    return plan_keep(maker, &out);
}

/* Foreign keys are off: with them DROP TABLE would delete the rows one by one, and those that refer to them. */
static const char *drop_sql(struct plan_maker *maker, const struct plan_task *task, const struct whole *whole)
{
    const char *name = sqlite_task_name(maker, task);
    if (has_relation(maker, SIDE_CURRENT, name) && has_relation(maker, SIDE_TARGET, name))
        return drop_in_attached(maker, name, whole);
    return plan_printf(maker, "%sDROP %s IF EXISTS %s",
                       strcmp(whole->type, "table") == 0 ? "PRAGMA foreign_keys = OFF;\n" : "", whole->word,
                       sqlite_quote_name(maker, name));
}

static const char *exists_query(struct plan_maker *maker, const struct plan_task *task, const struct whole *whole,
                                bool exists)
{
    return plan_printf(maker, "SELECT count(*) = %d FROM main.sqlite_schema WHERE type = '%s' AND name = %s", exists,
                       whole->type, sqlite_quote_text(maker, sqlite_task_name(maker, task)));
}

/* Whether something of the current schema has the name of the relation or of what is made with it, so that it can only
 * be made when that is gone. */
static bool needs_taken_name(const struct plan_maker *maker, const struct plan_task *task)
{
    const struct schema *schema = maker->target;
    const struct schema_relation *relation = &schema->relations[task->relation.reference];
    const char *name = schema_text(schema, relation->name);
    size_t end = schema->object_starts[OBJECT_TRIGGER + 1];
    if (has_relation(maker, SIDE_CURRENT, name) || sqlite_name_is_elsewhere(maker->current, ARRAY_INDEXES, name, NULL))
        return true;
    for (uint32_t i = 0; i < relation->index_count; i++) {
        const char *index = schema_text(schema, schema->indexes[relation->first_index + i].name);
        if (sqlite_name_is_elsewhere(maker->current, ARRAY_INDEXES, index, NULL))
            return true;
    }
    for (size_t i = schema->object_starts[OBJECT_TRIGGER]; i < end; i++) {
        const struct schema_object *trigger = &schema->objects[i];
        if (strcmp(schema_text(schema, trigger->relation_name), name) == 0 &&
            sqlite_name_is_elsewhere(maker->current, ARRAY_OBJECTS, schema_text(schema, trigger->name), NULL))
            return true;
    }
    return false;
}

static void make_relation(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    struct whole whole = {0};
    if (!find_whole(maker, task, SIDE_TARGET, &whole))
        return;
    bool table = strcmp(whole.type, "table") == 0;
    bool late = needs_taken_name(maker, task);
    const struct schema_relation *relation = &maker->target->relations[task->relation.reference];
    struct plan_draft draft = {
        .stage = late    ? STAGE_BREAK
                 : table ? STAGE_ADD
                         : sqlite_stage_of_view(maker, relation),
        .phase = late    ? PHASE_FINISH
                 : table ? PHASE_TABLE
                         : PHASE_VIEW,
        .rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, (size_t)task->relation.reference),
        .sql = make_sql(maker, &whole),
        .lock = lock,
        .verify = exists_query(maker, task, &whole, true),
        .undo = drop_sql(maker, task, &whole),
        .undo_note = table ? "Rows that were written since are lost." : NULL,
    };
    sqlite_expect_relation(maker, task, draft.stage, whole.type, NULL, whole.relation);
    plan_add(maker, task, items, count, &draft);
}

static void drop_relation(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    struct whole whole = {0};
    if (!find_whole(maker, task, SIDE_CURRENT, &whole))
        return;
    bool table = strcmp(whole.type, "table") == 0;
    struct plan_draft draft = {
        .stage = STAGE_BREAK,
        .phase = table ? PHASE_DROP_TABLE : PHASE_DROP_VIEW,
        .rank = plan_rank_down(maker, SIDE_CURRENT, ARRAY_RELATIONS, (size_t)task->relation.live),
        .sql = drop_sql(maker, task, &whole),
        .lock = lock,
        .hazards = HAZARD(BREAKS_CLIENTS) | (table ? HAZARD(DELETES_DATA) : 0),
        .verify = exists_query(maker, task, &whole, false),
        .undo = make_sql(maker, &whole),
        .undo_note = table ? "Makes it again; its rows are lost." : NULL,
    };
    sqlite_expect_relation(maker, task, draft.stage, whole.type, whole.relation, NULL);
    plan_add(maker, task, items, count, &draft);
}

/* The columns that only `from` has, for people; NULL: none. */
static const char *lost_columns(struct sqlite_table *table, const struct sqlite_state *from,
                                const struct sqlite_state *to)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    for (size_t i = 0; i < from->sets[ARRAY_COLUMNS].count; i++) {
        const char *name = sqlite_element_name(table->maker, ARRAY_COLUMNS, from->sets[ARRAY_COLUMNS].items[i]);
        if (!sqlite_state_column(table, to, name))
            strbuf_printf(&out, "%s%s", out.length > 0 ? ", " : "", name);
    }
    return out.length > 0 || !strbuf_ok(&out) ? plan_keep(table->maker, &out) : NULL;
}

static const char *undo_note(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to)
{
    const struct schema *schema = NULL;
    const char *dropped = lost_columns(table, from, to);
    const char *added = lost_columns(table, to, from);
    if (sqlite_way_between(table, from, to) == WAY_REBUILD &&
        sqlite_state_relation(table, from, &schema)->kind == RELATION_VIRTUAL)
        return "Its rows are lost.";
    if (dropped)
        return plan_printf(table->maker, "The values of %s are lost.", dropped);
    if (added)
        return plan_printf(table->maker, "The values of %s that were written since are lost.", added);
    return NULL;
}

/* What makes an index or trigger under a name that another relation's still has comes after that is gone. */
static bool takes_name(const struct sqlite_table *table, unsigned stage)
{
    const struct sqlite_state *from = &table->states[stage - 1];
    const struct sqlite_state *to = &table->states[stage];
    static const enum plan_array arrays[] = {ARRAY_INDEXES, ARRAY_OBJECTS};
    for (size_t i = 0; i < ARRAY_LENGTH(arrays); i++) {
        const struct sqlite_set *set = &to->sets[arrays[i]];
        for (size_t k = 0; k < set->count; k++) {
            const char *name = sqlite_element_name(table->maker, arrays[i], set->items[k]);
            if (!sqlite_set_has(&from->sets[arrays[i]], set->items[k]) &&
                sqlite_name_is_elsewhere(table->maker->current, arrays[i], name, table->name))
                return true;
        }
    }
    return false;
}

static void add_stage(struct sqlite_table *table, unsigned stage, const struct drift_item *const *items, size_t count)
{
    struct plan_maker *maker = table->maker;
    const struct sqlite_state *from = &table->states[stage - 1];
    const struct sqlite_state *to = &table->states[stage];
    const struct drift_item **ended = arena_array(maker->arena, count + 1, sizeof(void *));
    size_t ended_count = 0;
    if (!ended) {
        maker->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (sqlite_item_stage(table, items[i]) == stage)
            ended[ended_count++] = items[i];
    }
    enum sqlite_way way = sqlite_way_between(table, from, to);
    if (way == WAY_NOTHING)
        return;
    struct plan_draft draft = {
        .stage = stage,
        .phase = way == WAY_PARTS ? PHASE_INDEX : PHASE_ALTER,
        .sql = sqlite_change_sql(table, stage - 1, stage),
        .lock = lock,
        .hazards = sqlite_change_hazards(table, stage - 1, stage),
        .verify = plan_printf(maker, "SELECT %s", sqlite_change_done(table, stage - 1, stage)),
        .undo = sqlite_change_sql(table, stage, stage - 1),
        .undo_note = undo_note(table, from, to),
        .kind = ended_count > 0 ? drift_kind_name(ended[0]->kind) : NULL,
        .object = ended_count > 0 ? ended[0]->object : NULL,
    };
    if (sqlite_relation_of(table, SIDE_TARGET)->kind == RELATION_VIEW)
        draft.phase = PHASE_VIEW;
    if (takes_name(table, stage))
        draft.phase = PHASE_FINISH;
    draft.not_transactional = strstr(draft.sql, "ATTACH (") != NULL;
    sqlite_expect_table(table, stage);
    plan_add(maker, table->task, ended, ended_count, &draft);
}

static void change_relation(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    struct sqlite_table table = sqlite_table_of(maker, task);
    if (!sqlite_find_moves(&table, items, count))
        return;
    sqlite_find_states(&table);
    for (unsigned stage = 1; stage <= PLAN_STAGES && !maker->failed; stage++)
        add_stage(&table, stage, items, count);
}

/* A trigger of a relation that only one side has comes and goes with that. */
static bool is_on_both_sides(const struct plan_task *task)
{
    return task->relation.live >= 0 && task->relation.reference >= 0;
}

static void change_if_there(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    if (is_on_both_sides(task))
        change_relation(maker, task, items, count);
}

static void touch(struct plan_maker *maker, enum plan_side side, enum plan_array array, int64_t index)
{
    struct sqlite_plan *plan = maker->engine;
    if (index >= 0 && plan->touched[side][array])
        plan->touched[side][array][index] = true;
}

/* Texts that were written on Windows. */
static bool has_carriage_returns(const struct schema *schema)
{
    for (size_t i = 0; i < schema->attribute_count; i++) {
        if (schema->attributes[i].key == ATTRIBUTE_SOURCE &&
            strchr(schema_text(schema, schema->attributes[i].text), '\r'))
            return true;
    }
    return false;
}

static void begin(struct plan_maker *maker)
{
    struct sqlite_plan *plan = arena_alloc(maker->arena, sizeof *plan);
    bool returns = has_carriage_returns(maker->current) || has_carriage_returns(maker->target);
    maker->engine = plan;
    if (plan)
        plan->sql = returns ? "replace(sql, char(13), '')" : "sql";
    for (enum plan_side side = SIDE_CURRENT; plan && side <= SIDE_TARGET; side++) {
        const struct schema *schema = sqlite_schema_of(maker, side);
        const size_t counts[PLAN_ARRAYS] = {schema->relation_count, schema->column_count, schema->constraint_count,
                                            schema->index_count, schema->object_count};
        for (size_t array = 0; array < PLAN_ARRAYS; array++) {
            plan->touched[side][array] = arena_array(maker->arena, counts[array] + 1, sizeof(bool));
            maker->failed |= !plan->touched[side][array];
        }
    }
    maker->failed |= !plan;
    for (size_t i = 0; !maker->failed && i < maker->report->item_count; i++) {
        const struct drift_item *item = &maker->report->items[i];
        touch(maker, SIDE_CURRENT, sqlite_item_array(item, SIDE_CURRENT), item->place.live);
        touch(maker, SIDE_TARGET, sqlite_item_array(item, SIDE_TARGET), item->place.reference);
        touch(maker, SIDE_CURRENT, ARRAY_RELATIONS, item->relation.live);
        touch(maker, SIDE_TARGET, ARRAY_RELATIONS, item->relation.reference);
    }
}

static bool has_foreign_key(const struct schema *schema, const struct schema_relation *relation)
{
    for (uint32_t i = 0; i < relation->constraint_count; i++) {
        if (schema->constraints[relation->first_constraint + i].kind == CONSTRAINT_FOREIGN_KEY)
            return true;
    }
    return false;
}

/* A foreign key to a table or column that one side lacks has no item of its own: the table that has it may have none at
 * all, and has to be built anew all the same. */
static void end(struct plan_maker *maker)
{
    const struct sqlite_plan *plan = maker->engine;
    const struct schema *current = maker->current;
    const struct schema *target = maker->target;
    for (size_t i = 0; i < current->relation_count && !maker->failed; i++) {
        const struct schema_relation *relation = &current->relations[i];
        const char *name = schema_text(current, relation->name);
        const struct schema_relation *other = schema_find_relation(target, NULL, name);
        if (plan->touched[SIDE_CURRENT][ARRAY_RELATIONS][i] || relation->kind != RELATION_TABLE || !other ||
            other->kind != RELATION_TABLE || digest_equal(relation->digest, other->digest) ||
            !(has_foreign_key(current, relation) || has_foreign_key(target, other)))
            continue;
        struct drift_place place = {.live = (int64_t)i, .reference = other - target->relations};
        struct plan_task *task = arena_alloc(maker->arena, sizeof *task);
        if (!task) {
            maker->failed = true;
            return;
        }
        *task = (struct plan_task){.kind = DRIFT_TABLE, .change = DRIFT_CHANGED, .place = place, .relation = place};
        task->object = name;
        change_relation(maker, task, NULL, 0);
    }
}

/* Since 3.41 the shell takes no text in double quotes unless it is told to, and then neither makes what holds one nor
 * renames a table beside it. */
static void render_header(const struct plan *plan, struct strbuf *out)
{
    bool quoted = sqlite_quotes_texts(plan->report->live, &out->failed) ||
                  sqlite_quotes_texts(plan->report->reference, &out->failed);
    strbuf_add_string(out, ".bail on\n.timeout 10000\n");
    strbuf_add_string(out, quoted ? ".dbconfig dqs_ddl on\n\n" : "\n");
}

static void render_footer(const struct plan *plan, struct strbuf *out)
{
    (void)plan;
    (void)out;
}

static const char *const engines[] = {"sqlite", NULL};

static const struct plan_rule rules[] = {
    {DRIFT_TABLE, DRIFT_MISSING, NULL, make_relation, NULL},
    {DRIFT_TABLE, DRIFT_UNEXPECTED, NULL, drop_relation, NULL},
    {DRIFT_VIEW, DRIFT_MISSING, NULL, make_relation, NULL},
    {DRIFT_VIEW, DRIFT_UNEXPECTED, NULL, drop_relation, NULL},
    {DRIFT_KINDS, DRIFT_CHANGES, NULL, change_if_there, NULL},
};

const struct plan_dialect plan_sqlite = {
    .engines = engines,
    .rules = rules,
    .rule_count = ARRAY_LENGTH(rules),
    .by_table = true,
    .begin = begin,
    .end = end,
    .render_header = render_header,
    .render_footer = render_footer,
    .render_guard = sqlite_render_guard,
    .client = "sqlite3 -bail DATABASE < FILE",
};
