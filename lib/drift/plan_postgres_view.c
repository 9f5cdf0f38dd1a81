/* SPDX-License-Identifier: Apache-2.0
 *
 * Views and materialized views: replaced where they stand if the server can, else dropped and made again with what
 * leans on them.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

static const struct schema_relation *view_at(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    return &postgres_schema(maker, side)->relations[relation];
}

/* A view with its indexes and triggers. */
void postgres_list_view(struct plan_maker *maker, enum plan_side side, size_t relation, struct postgres_list *list)
{
    postgres_list_add(maker, list, postgres_view_sql(maker, side, relation, false));
    postgres_list_rest(maker, side, relation, list);
}

static void claim_object(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    const unsigned *stage = userdata;
    postgres_claim(maker, side, ARRAY_OBJECTS, index, *stage);
}

/* What hangs on a view comes and goes with it. */
static void claim_rest(struct plan_maker *maker, enum plan_side side, size_t relation, unsigned stage)
{
    const struct schema_relation *view = view_at(maker, side, relation);
    for (size_t i = 0; i < view->index_count; i++)
        postgres_claim(maker, side, ARRAY_INDEXES, view->first_index + i, stage);
    postgres_each_object(maker, side, OBJECT_TRIGGER, relation, claim_object, &stage);
}

/* Out of the way of what else changes in the stage, and made again when all that is as it is to be: the view of one
 * side goes in the one step, that of the other comes in the other. Each looks for its own. */
struct passing {
    const struct plan_task *task;
    const struct drift_item *const *items;
    size_t count;
    struct postgres_pair pair;
    const struct postgres_fact *gone; /* of the current side's */
    const struct postgres_fact *made; /* of the target's */
    unsigned stage;
};

static struct postgres_list one_block(struct plan_maker *maker, const char *condition, const struct postgres_list *list)
{
    return postgres_one(maker, postgres_do(maker, condition, list));
}

static struct postgres_list passing_drop(struct plan_maker *maker, const struct passing *passing, enum plan_side side)
{
    const struct postgres_fact *fact = side == SIDE_CURRENT ? passing->gone : passing->made;
    struct postgres_list list =
        postgres_one(maker, postgres_drop_relation_sql(maker, side, (size_t)passing->pair.at[side]));
    const char *condition = postgres_still_holds(maker, fact, side);
    const char *causes = postgres_pass_causes(maker, (size_t)passing->pair.at[SIDE_CURRENT], passing->stage,
                                              side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET);
    if (causes)
        condition = plan_printf(maker, "%s OR %s IS NOT NULL AND (%s)", condition, fact->query, causes);
    return one_block(maker, condition, &list);
}

static struct postgres_list passing_make(struct plan_maker *maker, const struct passing *passing, enum plan_side side)
{
    const struct postgres_fact *fact = side == SIDE_CURRENT ? passing->gone : passing->made;
    struct postgres_list list = {0};
    postgres_list_view(maker, side, (size_t)passing->pair.at[side], &list);
    return one_block(maker, plan_printf(maker, "%s IS NULL", fact->query), &list);
}

static void pass_over(struct plan_maker *maker, const struct passing *passing)
{
    struct postgres_step step = {
        .stage = passing->stage,
        .phase = PHASE_DROP_VIEW,
        .rank = plan_rank_down(maker, SIDE_CURRENT, ARRAY_RELATIONS, (size_t)passing->pair.at[SIDE_CURRENT]),
        .lock = "ACCESS EXCLUSIVE",
        .hazards = HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES),
        .fact = passing->gone,
        .forward = passing_drop(maker, passing, SIDE_CURRENT),
        .backward = passing_make(maker, passing, SIDE_CURRENT),
        .plain = true,
        .plain_undo = true,
        .undo_note = "grants on what is dropped and made again are lost",
    };
    postgres_add(maker, passing->task, passing->items, passing->count, &step);
    step.phase = PHASE_VIEW;
    step.rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, (size_t)passing->pair.at[SIDE_TARGET]);
    step.lock = "none";
    step.fact = passing->made;
    step.forward = passing_make(maker, passing, SIDE_TARGET);
    step.backward = passing_drop(maker, passing, SIDE_TARGET);
    postgres_add(maker, passing->task, passing->items, passing->count, &step);
}

/* A view and a materialized view in each other's place change it in one transaction, with what leans on them. Returns
 * false if the task is about something else. */
static bool exchange(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                     size_t count)
{
    enum plan_side side = task->change == DRIFT_MISSING ? SIDE_TARGET : SIDE_CURRENT;
    enum plan_side other = side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    struct postgres_pair pair = postgres_pair_of(task->place);
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema *others = postgres_schema(maker, other);
    const struct schema_relation *view = view_at(maker, side, (size_t)pair.at[side]);
    const struct schema_relation *found =
        schema_find_relation(others, schema_text(schema, view->schema), schema_text(schema, view->name));
    if (!found || !postgres_is_view(found))
        return false;
    pair.at[other] = found - others->relations;
    if (!postgres_claim(maker, SIDE_TARGET, ARRAY_RELATIONS, (size_t)pair.at[SIDE_TARGET], PLAN_STAGES)) {
        postgres_cover_all(maker, items, count);
        return true;
    }
    postgres_claim(maker, SIDE_CURRENT, ARRAY_RELATIONS, (size_t)pair.at[SIDE_CURRENT], PLAN_STAGES);
    claim_rest(maker, SIDE_TARGET, (size_t)pair.at[SIDE_TARGET], PLAN_STAGES);
    claim_rest(maker, SIDE_CURRENT, (size_t)pair.at[SIDE_CURRENT], PLAN_STAGES);
    struct postgres_fact gone =
        postgres_view_fact(maker, (struct postgres_pair){{pair.at[SIDE_CURRENT], DRIFT_NOWHERE}});
    struct postgres_fact made =
        postgres_view_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, pair.at[SIDE_TARGET]}});
    pass_over(maker, &(struct passing){.task = task,
                                       .items = items,
                                       .count = count,
                                       .pair = pair,
                                       .gone = &gone,
                                       .made = &made,
                                       .stage = PLAN_STAGES});
    return true;
}

void postgres_make_view(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                        size_t count)
{
    const struct schema *target = maker->target;
    size_t relation = (size_t)task->place.reference;
    const struct schema_relation *view = view_at(maker, SIDE_TARGET, relation);
    const char *schema_name = schema_text(target, view->schema);
    const char *name = schema_text(target, view->name);
    struct postgres_fact fact = postgres_view_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, (int64_t)relation}});
    unsigned stage = postgres_view_stage(maker, relation);
    struct postgres_list forward = {0};
    if (exchange(maker, task, items, count))
        return;
    postgres_list_view(maker, SIDE_TARGET, relation, &forward);
    claim_rest(maker, SIDE_TARGET, relation, stage);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = stage,
                     .phase = PHASE_VIEW,
                     .rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, relation),
                     .lock = "none",
                     .fact = &fact,
                     .forward = forward,
                     .backward = postgres_one(maker, postgres_drop_relation_sql(maker, SIDE_TARGET, relation)),
                     .plain_undo = !postgres_name_changes_kind(maker, SIDE_TARGET, relation),
                 });
    postgres_add_late(maker, &(struct postgres_late){.schema_name = schema_name, .name = name, .stage = stage});
}

void postgres_drop_view(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                        size_t count)
{
    size_t relation = (size_t)task->place.live;
    struct postgres_fact fact = postgres_view_fact(maker, (struct postgres_pair){{(int64_t)relation, DRIFT_NOWHERE}});
    struct postgres_list backward = {0};
    if (exchange(maker, task, items, count))
        return;
    postgres_claim(maker, SIDE_CURRENT, ARRAY_RELATIONS, relation, PLAN_STAGES);
    claim_rest(maker, SIDE_CURRENT, relation, PLAN_STAGES);
    postgres_list_view(maker, SIDE_CURRENT, relation, &backward);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = PLAN_STAGES,
                     .phase = PHASE_DROP_VIEW,
                     .rank = plan_rank_down(maker, SIDE_CURRENT, ARRAY_RELATIONS, relation),
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES),
                     .fact = &fact,
                     .forward = postgres_one(maker, postgres_drop_relation_sql(maker, SIDE_CURRENT, relation)),
                     .backward = backward,
                     .plain = !postgres_name_changes_kind(maker, SIDE_CURRENT, relation),
                     .undo_note = "grants on the view are lost",
                 });
}

static bool same_text(const char *one, const char *other)
{
    return strcmp(one ? one : "", other ? other : "") == 0;
}

/* CREATE OR REPLACE keeps the columns that are there, in name, type, collation and order, and only appends. */
static bool can_replace(const struct plan_maker *maker, enum plan_side to, struct postgres_pair pair)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    const struct schema *schema = postgres_schema(maker, from);
    const struct schema *other = postgres_schema(maker, to);
    const struct schema_relation *view = view_at(maker, from, (size_t)pair.at[from]);
    const struct schema_relation *wanted = view_at(maker, to, (size_t)pair.at[to]);
    if (view->kind != RELATION_VIEW || wanted->kind != RELATION_VIEW || view->column_count > wanted->column_count)
        return false;
    for (size_t i = 0; i < view->column_count; i++) {
        const struct schema_column *a = &schema->columns[view->first_column + i];
        const struct schema_column *b = &other->columns[wanted->first_column + i];
        if (strcmp(schema_text(schema, a->name), schema_text(other, b->name)) != 0 ||
            strcmp(schema_text(schema, a->type), schema_text(other, b->type)) != 0 ||
            !same_text(schema_attribute_text(schema, a->attributes, ATTRIBUTE_COLLATION),
                       schema_attribute_text(other, b->attributes, ATTRIBUTE_COLLATION)))
            return false;
    }
    return true;
}

bool postgres_can_replace_view(const struct plan_maker *maker, struct postgres_pair pair)
{
    return can_replace(maker, SIDE_TARGET, pair) && can_replace(maker, SIDE_CURRENT, pair);
}

/* From one side's definition to the other's, where nothing stands on it. */
static struct postgres_list change(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    struct postgres_list list = {0};
    if (can_replace(maker, to, pair))
        return postgres_one(maker, postgres_view_sql(maker, to, (size_t)pair.at[to], true));
    postgres_list_add(maker, &list, postgres_drop_relation_sql(maker, from, (size_t)pair.at[from]));
    postgres_list_view(maker, to, (size_t)pair.at[to], &list);
    return list;
}

/* What tells the two sides apart: the definition, or the types that the same text gives. */
static struct postgres_fact changed_fact(struct plan_maker *maker, struct postgres_pair pair)
{
    struct postgres_fact fact = postgres_view_fact(maker, pair);
    struct postgres_fact columns = postgres_table_fact(maker, pair, TABLE_FACT_COLUMNS);
    bool tells = maker->failed || strcmp(fact.values[SIDE_CURRENT], fact.values[SIDE_TARGET]) != 0 ||
                 strcmp(columns.values[SIDE_CURRENT], columns.values[SIDE_TARGET]) == 0;
    return tells ? fact : columns;
}

void postgres_change_view(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = changed_fact(maker, pair);
    unsigned stage = postgres_view_stage(maker, (size_t)pair.at[SIDE_TARGET]);
    bool replaced = can_replace(maker, SIDE_TARGET, pair);
    if (postgres_passes(maker, (size_t)pair.at[SIDE_CURRENT], stage)) {
        fact.passes_absent = true;
        pass_over(maker, &(struct passing){.task = task,
                                           .items = items,
                                           .count = count,
                                           .pair = pair,
                                           .gone = &fact,
                                           .made = &fact,
                                           .stage = stage});
        return;
    }
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = stage,
                     .phase = PHASE_VIEW,
                     .rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, (size_t)pair.at[SIDE_TARGET]),
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR) |
                                (replaced ? 0 : HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES)),
                     .fact = &fact,
                     .forward = change(maker, SIDE_TARGET, pair),
                     .backward = change(maker, SIDE_CURRENT, pair),
                     .undo_note = replaced ? NULL : "grants on what is dropped and made again are lost",
                 });
}

/* Takes every option away that the one side has, and sets the other side's. */
static struct postgres_list set_options(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    const struct schema *before = postgres_schema(maker, from);
    const struct schema_relation *view = view_at(maker, from, (size_t)pair.at[from]);
    cleanup(strbuf) struct strbuf had = STRBUF(LIMIT_SQL_PART);
    cleanup(strbuf) struct strbuf names = STRBUF(LIMIT_SQL_PART);
    cleanup(strbuf) struct strbuf wanted = STRBUF(LIMIT_SQL_PART);
    struct postgres_list list = {0};
    const char *table = postgres_table_name(maker, to, (size_t)pair.at[to]);
    postgres_sql_view_options(&had, before, view);
    postgres_sql_view_options(&wanted, postgres_schema(maker, to), view_at(maker, to, (size_t)pair.at[to]));
    for (const char *at = strbuf_text(&had); *at;) {
        strbuf_add(&names, at, strcspn(at, "="));
        at += strcspn(at, ",");
        at += strspn(at, ", ");
        strbuf_add_string(&names, *at ? ", " : "");
    }
    if (names.length > 0)
        postgres_list_add(maker, &list, plan_printf(maker, "ALTER VIEW %s RESET (%s)", table, strbuf_text(&names)));
    if (wanted.length > 0)
        postgres_list_add(maker, &list, plan_printf(maker, "ALTER VIEW %s SET (%s)", table, strbuf_text(&wanted)));
    maker->failed |= !strbuf_ok(&had) || !strbuf_ok(&names) || !strbuf_ok(&wanted);
    return list;
}

void postgres_change_view_options(struct plan_maker *maker, const struct plan_task *task,
                                  const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_view_options_fact(maker, pair);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = 2,
                     .phase = PHASE_VIEW,
                     .rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, (size_t)pair.at[SIDE_TARGET]) + 1,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(AUTHORIZATION) | HAZARD(CHANGES_BEHAVIOUR),
                     .fact = &fact,
                     .forward = set_options(maker, SIDE_TARGET, pair),
                     .backward = set_options(maker, SIDE_CURRENT, pair),
                 });
}
