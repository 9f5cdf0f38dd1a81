/* SPDX-License-Identifier: Apache-2.0
 *
 * Views that make way in steps of their own. A view that changes, and cannot be replaced where it stands because others
 * stand on it or because what it stands on changes along, is dropped at the beginning of its stage and made at the end;
 * so is every view upon it, whether it changes or not. All other views make way within the transaction of the step that
 * needs it: see plan_postgres_lean.h.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_lean.h"
#include "drift/plan_postgres_text.h"

/* A relation that is changed or dropped in the stage: what stands on it makes way. */
struct postgres_seed {
    const struct plan_task *task;
    size_t relation; /* of the current side */
    unsigned stage;
    const char *causes[2]; /* by enum plan_side: what it stands on is not yet as on that side; NULL: nothing can be */
};

bool postgres_redefines_view(const struct plan_task *task)
{
    bool found = task->kind == DRIFT_MATERIALIZED_VIEW;
    for (size_t i = 0; i < task->item_count && task->kind == DRIFT_VIEW; i++)
        found |= task->items[i]->attribute && (strcmp(task->items[i]->attribute, "definition") == 0 ||
                                               strcmp(task->items[i]->attribute, "columns") == 0);
    return found && task->change == DRIFT_CHANGED;
}

bool postgres_passes(const struct plan_maker *maker, size_t relation, unsigned stage)
{
    const struct postgres_plan *plan = maker->engine;
    return plan->passes[relation] & 1u << stage;
}

static struct postgres_lean upon(struct plan_maker *maker, size_t relation, unsigned stage)
{
    struct postgres_lean lean = {.stage = stage};
    postgres_lean_on_relation(maker, &lean, relation);
    return lean;
}

/* Whether a view upon it would not fit its new definition: one that is to go, or changes later. */
static bool must_wait(struct plan_maker *maker, size_t relation)
{
    struct postgres_lean lean = upon(maker, relation, 2);
    for (size_t i = 0; i < lean.count; i++)
        if (lean.all[i].array == ARRAY_RELATIONS && (lean.all[i].wanted < 0 || lean.all[i].own_stage > 2))
            return true;
    return false;
}

static unsigned find_stage(struct plan_maker *maker, size_t relation)
{
    const struct schema *target = maker->target;
    const struct schema_relation *view = &target->relations[relation];
    const struct plan_task *task = plan_find_task(maker, ARRAY_RELATIONS, SIDE_TARGET, relation);
    unsigned stage = postgres_needs(maker, schema_text(target, view->definition));
    if (!task || task->change == DRIFT_MISSING)
        return postgres_name_is_taken(maker, schema_text(target, view->schema), schema_text(target, view->name))
                   ? PLAN_STAGES
                   : stage;
    if (stage < 2)
        stage = 2;
    if (stage < PLAN_STAGES && postgres_redefines_view(task) &&
        (!postgres_can_replace_view(maker, postgres_pair_of(task->place)) ||
         postgres_plan_of(maker)->view_leans[relation]) &&
        must_wait(maker, (size_t)task->place.live))
        stage = PLAN_STAGES;
    return stage;
}

unsigned postgres_view_stage(const struct plan_maker *maker, size_t relation)
{
    const struct postgres_plan *plan = maker->engine;
    return plan->view_stages[relation] ? plan->view_stages[relation] : 1;
}

bool postgres_raise_view(struct plan_maker *maker, const struct plan_task *task)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    size_t relation = (size_t)task->place.reference;
    if (task->place.reference < 0 || !postgres_is_view(&maker->target->relations[relation]))
        return false;
    unsigned stage = find_stage(maker, relation);
    if (stage <= plan->view_stages[relation])
        return false;
    plan->view_stages[relation] = (unsigned char)stage;
    return true;
}

static bool add_seed(struct plan_maker *maker, const struct plan_task *task, unsigned stage)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    for (size_t i = 0; i < plan->seed_count; i++)
        if (plan->seeds[i].task == task)
            return false;
    plan->seeds[plan->seed_count++] =
        (struct postgres_seed){.task = task, .relation = (size_t)task->place.live, .stage = stage};
    return true;
}

/* Marks it and all that stands on it; what of that changes in the same stage passes for itself. */
static void mark(struct plan_maker *maker, const struct plan_task *task, unsigned stage)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    if (!add_seed(maker, task, stage))
        return;
    struct postgres_lean lean = upon(maker, (size_t)task->place.live, stage);
    plan->passes[task->place.live] |= (unsigned char)(1u << stage);
    for (size_t i = 0; i < lean.count; i++) {
        if (lean.all[i].array != ARRAY_RELATIONS)
            continue;
        const struct plan_task *other = plan_find_task(maker, ARRAY_RELATIONS, SIDE_CURRENT, lean.all[i].present);
        plan->passes[lean.all[i].present] |= (unsigned char)(1u << stage);
        if (other && lean.all[i].own_stage == stage)
            (void)add_seed(maker, other, stage);
    }
}

static bool passes_by_itself(struct plan_maker *maker, const struct plan_task *task, unsigned stage)
{
    if (stage == PLAN_STAGES)
        return true;
    return !postgres_can_replace_view(maker, postgres_pair_of(task->place)) &&
           upon(maker, (size_t)task->place.live, stage).count > 0;
}

static bool changes_along(const struct postgres_lean *lean, const struct postgres_leaner *leaner)
{
    return leaner->array == ARRAY_RELATIONS && leaner->own_stage == lean->stage;
}

/* Views that change along with what they stand on. */
static void mark_leaning(struct plan_maker *maker, const struct postgres_lean *lean)
{
    for (size_t i = 0; i < lean->count; i++)
        if (changes_along(lean, &lean->all[i]))
            mark(maker, plan_find_task(maker, ARRAY_RELATIONS, SIDE_CURRENT, lean->all[i].present), lean->stage);
}

/* By what a change of something that views stand on is known. */
static struct postgres_fact fact_of_change(struct plan_maker *maker, const struct plan_task *task)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    if (task->kind != DRIFT_COLUMN)
        return postgres_object_fact(maker, pair);
    if (!postgres_changes_type(maker, task))
        return postgres_column_fact(maker, pair, COLUMN_FACT_GENERATED);
    bool same = strcmp(schema_text(maker->current, maker->current->columns[task->place.live].type),
                       schema_text(maker->target, maker->target->columns[task->place.reference].type)) == 0;
    return postgres_column_fact(maker, pair, same ? COLUMN_FACT_COLLATION : COLUMN_FACT_TYPE);
}

static void join_cause(struct plan_maker *maker, const char **causes, const char *cause)
{
    if (cause)
        *causes = *causes ? plan_printf(maker, "%s OR %s", *causes, cause) : cause;
}

static const char *cause_of(struct plan_maker *maker, const struct postgres_fact *fact, enum plan_side side)
{
    return plan_printf(maker, "NOT (%s)", postgres_holds(maker, fact, side));
}

/* A view may print as it is to be before what it stands on is. Of several changes under it one tells: it goes before
 * all of them, and comes back behind the last. */
static void note_own_causes(struct plan_maker *maker, const struct postgres_lean *lean)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    for (size_t i = 0; i < lean->count; i++)
        for (size_t k = 0; k < plan->seed_count && changes_along(lean, &lean->all[i]); k++) {
            struct postgres_seed *seed = &plan->seeds[k];
            if (seed->relation != lean->all[i].present || seed->stage != lean->stage || seed->causes[SIDE_TARGET])
                continue;
            struct postgres_fact fact = fact_of_change(maker, lean->task);
            for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++)
                seed->causes[side] = cause_of(maker, &fact, side);
        }
}

void postgres_find_passing(struct plan_maker *maker)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    size_t count = plan_task_count(maker);
    struct postgres_lean *leans = arena_array(maker->arena, count + 1, sizeof *leans);
    plan->seeds = arena_array(maker->arena, count + 1, sizeof *plan->seeds);
    if (!plan->seeds || !leans) {
        maker->failed = true;
        return;
    }
    for (size_t i = 0; i < count && !maker->failed; i++) /* all of them before any view is marked */
        if (plan_array_of(plan_task_at(maker, i)->kind) != ARRAY_RELATIONS)
            postgres_find_lean(maker, plan_task_at(maker, i), &leans[i]);
    for (size_t i = 0; i < count && !maker->failed; i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        bool of_relation = plan_array_of(task->kind) == ARRAY_RELATIONS;
        mark_leaning(maker, &leans[i]);
        if (of_relation && task->change == DRIFT_UNEXPECTED)
            mark(maker, task, PLAN_STAGES);
        if (!of_relation || !postgres_redefines_view(task))
            continue;
        unsigned stage = postgres_view_stage(maker, (size_t)task->place.reference);
        if (passes_by_itself(maker, task, stage))
            mark(maker, task, stage);
    }
    for (size_t i = 0; i < count && !maker->failed; i++)
        note_own_causes(maker, &leans[i]);
}

static struct postgres_fact fact_of(struct plan_maker *maker, const struct postgres_seed *seed)
{
    struct postgres_pair pair = postgres_pair_of(seed->task->place);
    return postgres_is_view(&maker->current->relations[seed->relation])
               ? postgres_view_fact(maker, pair)
               : postgres_table_fact(maker, pair, TABLE_FACT_COLUMNS);
}

/* Adds a change to the causes of all views that stand on what changes. */
static void note_causes(struct plan_maker *maker, const struct postgres_seed *seed)
{
    struct postgres_lean lean = upon(maker, seed->relation, seed->stage);
    struct postgres_fact fact = fact_of(maker, seed);
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        const char **causes = postgres_plan_of(maker)->causes[seed->stage][side];
        join_cause(maker, &causes[seed->relation], seed->causes[side]);
        for (size_t i = 0; i < lean.count; i++)
            if (lean.all[i].array == ARRAY_RELATIONS) {
                join_cause(maker, &causes[lean.all[i].present], cause_of(maker, &fact, side));
                join_cause(maker, &causes[lean.all[i].present], seed->causes[side]);
            }
    }
}

const char *postgres_pass_causes(struct plan_maker *maker, size_t relation, unsigned stage, enum plan_side to)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    size_t size = maker->current->relation_count + 1;
    bool known = plan->causes[stage][to] != NULL;
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET && !known; side++)
        if (!(plan->causes[stage][side] = arena_array(maker->arena, size, sizeof(char *)))) {
            plan->causes[stage][SIDE_CURRENT] = NULL;
            maker->failed = true;
            return NULL;
        }
    for (size_t i = 0; i < plan->seed_count && !known && !maker->failed; i++)
        if (plan->seeds[i].stage == stage)
            note_causes(maker, &plan->seeds[i]);
    return plan->causes[stage][to][relation];
}

/* A view that stays as it is, and what makes it pass. */
struct passer {
    const struct plan_task *task; /* of the first that makes it; NULL: it does not pass */
    size_t present;
    size_t wanted;
    unsigned stage;
    const char *causes[2]; /* by enum plan_side: what is not yet as on that side */
};

static struct postgres_list drop_list(struct plan_maker *maker, const struct passer *passer,
                                      const struct postgres_fact *fact, enum plan_side to)
{
    struct postgres_list drop = postgres_one(maker, postgres_drop_relation_sql(maker, SIDE_CURRENT, passer->present));
    const char *there =
        fact->reprinted ? plan_printf(maker, "%s IS NOT NULL", fact->query) : postgres_holds(maker, fact, SIDE_CURRENT);
    return postgres_one(maker, postgres_do(maker, plan_printf(maker, "%s AND (%s)", there, passer->causes[to]), &drop));
}

static struct postgres_list make_list(struct plan_maker *maker, const struct passer *passer,
                                      const struct postgres_fact *fact, enum plan_side to)
{
    struct postgres_list make = {0};
    postgres_list_view(maker, to, to == SIDE_TARGET ? passer->wanted : passer->present, &make);
    return postgres_one(maker, postgres_do(maker, plan_printf(maker, "%s IS NULL", fact->query), &make));
}

static void add_passer(struct plan_maker *maker, const struct passer *passer)
{
    struct postgres_fact fact =
        postgres_view_fact(maker, (struct postgres_pair){{(int64_t)passer->present, (int64_t)passer->wanted}});
    bool stored = maker->current->relations[passer->present].kind == RELATION_MATERIALIZED_VIEW;
    struct postgres_step step = {
        .stage = passer->stage,
        .phase = PHASE_DROP_VIEW,
        .rank = plan_rank_down(maker, SIDE_CURRENT, ARRAY_RELATIONS, passer->present),
        .lock = "ACCESS EXCLUSIVE",
        .hazards = HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES),
        .fact = &fact,
        .forward = drop_list(maker, passer, &fact, SIDE_TARGET),
        .backward = make_list(maker, passer, &fact, SIDE_CURRENT),
        .plain = true,
        .plain_undo = true,
        .undo_note = "grants on what is dropped and made again are lost",
        .object = postgres_table_name(maker, SIDE_CURRENT, passer->present),
        .kind = drift_kind_name(stored ? DRIFT_MATERIALIZED_VIEW : DRIFT_VIEW),
    };
    fact.passes_absent = true;
    postgres_add(maker, passer->task, NULL, 0, &step);
    step.phase = PHASE_VIEW;
    step.rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, passer->wanted);
    step.lock = "none";
    step.forward = make_list(maker, passer, &fact, SIDE_TARGET);
    step.backward = drop_list(maker, passer, &fact, SIDE_CURRENT);
    postgres_add(maker, passer->task, NULL, 0, &step);
}

/* Adds a change to the causes of all unchanged views that stand on what changes. */
static void add_causes(struct plan_maker *maker, const struct postgres_seed *seed, struct passer *passers)
{
    struct postgres_lean lean = upon(maker, seed->relation, seed->stage);
    struct postgres_fact fact = fact_of(maker, seed);
    for (size_t i = 0; i < lean.count; i++) {
        const struct postgres_leaner *leaner = &lean.all[i];
        if (leaner->array != ARRAY_RELATIONS || leaner->own_stage || leaner->wanted < 0)
            continue;
        struct passer *passer = &passers[leaner->present];
        passer->present = leaner->present;
        passer->wanted = (size_t)leaner->wanted;
        passer->stage = seed->stage;
        if (!passer->task)
            passer->task = seed->task;
        for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
            join_cause(maker, &passer->causes[side], cause_of(maker, &fact, side));
            join_cause(maker, &passer->causes[side], seed->causes[side]);
        }
    }
}

void postgres_add_passing(struct plan_maker *maker)
{
    const struct postgres_plan *plan = maker->engine;
    size_t count = maker->current->relation_count;
    for (unsigned stage = 2; stage <= PLAN_STAGES && plan->seed_count; stage++) {
        struct passer *passers = arena_array(maker->arena, count + 1, sizeof *passers);
        if (!passers) {
            maker->failed = true;
            return;
        }
        for (size_t i = 0; i < plan->seed_count && !maker->failed; i++)
            if (plan->seeds[i].stage == stage)
                add_causes(maker, &plan->seeds[i], passers);
        for (size_t i = 0; i < count && !maker->failed; i++)
            if (passers[i].task)
                add_passer(maker, &passers[i]);
    }
}
