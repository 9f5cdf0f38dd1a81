/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

const char *mysql_constraint_sql(struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    const struct schema *schema = mysql_side(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    mysql_sql_constraint(&text, mysql_plan_of(maker)->flavour, schema, &schema->constraints[constraint]);
    return plan_keep(maker, &text);
}

static const char *name_of(struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    const struct schema *schema = mysql_side(maker, side);
    return mysql_quoted(maker, schema_text(schema, schema->constraints[constraint].name));
}

static enum mysql_algorithm check_algorithm(struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    const struct schema_constraint *check = &mysql_side(maker, side)->constraints[constraint];
    bool idle = check->flags & CONSTRAINT_NOT_ENFORCED && mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_ORACLE;
    return mysql_algorithm_for(maker, side, check->relation, idle ? OPERATION_ENFORCE_LESS : OPERATION_COPY);
}

static const char *drop_words(struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    bool mariadb = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
    return plan_printf(maker, "DROP %s %s", mariadb ? "CONSTRAINT" : "CHECK", name_of(maker, side, constraint));
}

static const char *add_check_sql(struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    return mysql_alter(maker, side, mysql_side(maker, side)->constraints[constraint].relation,
                       check_algorithm(maker, side, constraint), "ADD %s",
                       mysql_constraint_sql(maker, side, constraint));
}

static const char *drop_check_sql(struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    size_t relation = mysql_side(maker, side)->constraints[constraint].relation;
    return mysql_alter(maker, side, relation, mysql_algorithm_for(maker, side, relation, OPERATION_DROP_CHECK), "%s",
                       drop_words(maker, side, constraint));
}

/* Periods come with the rest of what makes them. */
static bool leave_period(struct plan_maker *maker, enum plan_side side, size_t constraint,
                         const struct drift_item *const *items, size_t count)
{
    const struct schema *schema = mysql_side(maker, side);
    if (!mysql_sql_is_period(schema, &schema->constraints[constraint]))
        return false;
    for (size_t i = 0; i < count; i++)
        plan_leave(maker, items[i],
                   "a period is changed together with the keys over it: ALTER TABLE … DROP PERIOD FOR …, ADD PERIOD "
                   "FOR … (…)");
    return true;
}

unsigned mysql_check_stage(struct plan_maker *maker, size_t target_check)
{
    const struct schema_constraint *check = &maker->target->constraints[target_check];
    unsigned columns = mysql_columns_stage(maker, check->relation, schema_text(maker->target, check->expression));
    unsigned unwritten = mysql_unwritten_check_stage(maker, target_check);
    unsigned stage = columns > unwritten ? columns : unwritten;
    if (mysql_is_check_taken(maker, target_check))
        return PLAN_STAGES;
    return stage > 2 ? stage : 2;
}

bool mysql_is_check_taken(const struct plan_maker *maker, size_t target_check)
{
    const struct schema *current = maker->current;
    const struct schema_constraint *check = &maker->target->constraints[target_check];
    const char *name = schema_text(maker->target, check->name);
    int64_t own = mysql_counterpart(maker, SIDE_TARGET, check->relation);
    if (mysql_plan_of(maker)->flavour != MYSQL_FLAVOUR_ORACLE || check->kind != CONSTRAINT_CHECK)
        return false;
    for (size_t i = 0; i < current->constraint_count; i++)
        if (current->constraints[i].kind == CONSTRAINT_CHECK && (int64_t)current->constraints[i].relation != own &&
            mysql_same_name(schema_text(current, current->constraints[i].name), name))
            return true;
    return false;
}

static const char *replace_sql(struct plan_maker *maker, enum plan_side from_side, size_t from, enum plan_side to_side,
                               size_t to)
{
    return mysql_alter(maker, from_side, mysql_side(maker, from_side)->constraints[from].relation,
                       check_algorithm(maker, to_side, to), "%s, ADD %s", drop_words(maker, from_side, from),
                       mysql_constraint_sql(maker, to_side, to));
}

static void replace_check(struct plan_maker *maker, const struct mysql_parts *parts, size_t from, size_t to)
{
    const struct schema *target = maker->target;
    const char *names[2] = {schema_text(maker->current, maker->current->constraints[from].name),
                            schema_text(target, target->constraints[to].name)};
    bool renamed = !mysql_same_name(names[0], names[1]);
    struct mysql_fact old = mysql_check_fact(maker, (struct mysql_pair){{(int64_t)from, DRIFT_NOWHERE}});
    struct mysql_fact fact =
        mysql_check_fact(maker, (struct mysql_pair){{renamed ? DRIFT_NOWHERE : (int64_t)from, (int64_t)to}});
    mysql_claim(maker, SIDE_CURRENT, ARRAY_CONSTRAINTS, from, parts->stage);
    mysql_claim(maker, SIDE_TARGET, ARRAY_CONSTRAINTS, to, parts->stage);
    if (renamed)
        mysql_guard(maker, parts->stage, &old);
    mysql_add(maker, parts->task, parts->items, parts->count,
              &(struct mysql_step){
                  .stage = parts->stage,
                  .phase = PHASE_CONSTRAINT,
                  .rank = 1,
                  .algorithm = check_algorithm(maker, SIDE_TARGET, to),
                  .hazards = HAZARD(MAY_FAIL_ON_DATA) | HAZARD(CHANGES_BEHAVIOUR),
                  .fact = &fact,
                  .forward = {replace_sql(maker, SIDE_CURRENT, from, SIDE_TARGET, to)},
                  .backward = {replace_sql(maker, SIDE_TARGET, to, SIDE_CURRENT, from)},
                  .kind = drift_kind_name(DRIFT_CHECK),
                  .object = parts->count > 0
                                ? NULL
                                : mysql_path(maker, SIDE_TARGET, target->constraints[to].relation, names[SIDE_TARGET]),
              });
}

int64_t mysql_check_namesake(const struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_constraint *check = &schema->constraints[constraint];
    int64_t table = mysql_counterpart(maker, side, check->relation);
    return table < 0 ? DRIFT_NOWHERE
                     : mysql_find_constraint(mysql_side(maker, side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT),
                                             (size_t)table, CONSTRAINT_CHECK, schema_text(schema, check->name));
}

int64_t mysql_check_in_place_of(const struct plan_maker *maker, size_t current_check)
{
    const struct schema_constraint *check = &maker->current->constraints[current_check];
    int64_t found =
        check->kind == CONSTRAINT_CHECK ? mysql_check_namesake(maker, SIDE_CURRENT, current_check) : DRIFT_NOWHERE;
    if (found < 0 || plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, current_check) ||
        strcmp(schema_text(maker->current, check->expression),
               schema_text(maker->target, maker->target->constraints[found].expression)) == 0)
        return DRIFT_NOWHERE;
    return found;
}

void mysql_add_check(struct plan_maker *maker, const struct mysql_parts *parts, size_t constraint)
{
    const struct schema *target = maker->target;
    const struct schema_constraint *check = &target->constraints[constraint];
    unsigned stage = mysql_check_stage(maker, constraint);
    stage = parts->stage > stage ? parts->stage : stage;
    int64_t from = mysql_check_namesake(maker, SIDE_TARGET, constraint);
    bool replaces = from >= 0 && mysql_check_in_place_of(maker, (size_t)from) >= 0;
    if (leave_period(maker, SIDE_TARGET, constraint, parts->items, parts->count) ||
        (from >= 0 && !replaces && parts->count == 0))
        return;
    if (replaces && !mysql_claimed(maker, SIDE_TARGET, ARRAY_CONSTRAINTS, constraint)) {
        struct mysql_parts own = *parts;
        own.stage = stage;
        replace_check(maker, &own, (size_t)from, constraint);
        return;
    }
    if (!mysql_claim(maker, SIDE_TARGET, ARRAY_CONSTRAINTS, constraint, stage))
        return;
    struct mysql_fact fact = mysql_check_fact(maker, (struct mysql_pair){{DRIFT_NOWHERE, (int64_t)constraint}});
    mysql_add(maker, parts->task, parts->items, parts->count,
              &(struct mysql_step){
                  .stage = stage,
                  .phase = PHASE_CONSTRAINT,
                  .rank = 1,
                  .algorithm = check_algorithm(maker, SIDE_TARGET, constraint),
                  .hazards = HAZARD(MAY_FAIL_ON_DATA) | HAZARD(CHANGES_BEHAVIOUR),
                  .fact = &fact,
                  .forward = {add_check_sql(maker, SIDE_TARGET, constraint)},
                  .backward = {drop_check_sql(maker, SIDE_TARGET, constraint)},
                  .kind = drift_kind_name(DRIFT_CHECK),
                  .object = parts->count > 0
                                ? NULL
                                : mysql_path(maker, SIDE_TARGET, check->relation, schema_text(target, check->name)),
              });
}

void mysql_make_check(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                      size_t count)
{
    mysql_add_check(maker, &(struct mysql_parts){.task = task, .items = items, .count = count, .stage = 2},
                    (size_t)items[0]->place.reference);
}

void mysql_drop_check(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                      size_t count)
{
    size_t constraint = (size_t)items[0]->place.live;
    if (leave_period(maker, SIDE_CURRENT, constraint, items, count))
        return;
    if (!mysql_claim(maker, SIDE_CURRENT, ARRAY_CONSTRAINTS, constraint, PLAN_STAGES)) {
        plan_cover(maker, items[0]);
        return;
    }
    size_t relation = maker->current->constraints[constraint].relation;
    struct mysql_fact fact = mysql_check_fact(maker, (struct mysql_pair){{(int64_t)constraint, DRIFT_NOWHERE}});
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = PLAN_STAGES,
                  .phase = PHASE_DROP_CONSTRAINT,
                  .algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, relation, OPERATION_DROP_CHECK),
                  .hazards = HAZARD(CHANGES_BEHAVIOUR),
                  .fact = &fact,
                  .forward = {drop_check_sql(maker, SIDE_CURRENT, constraint)},
                  .backward = {add_check_sql(maker, SIDE_CURRENT, constraint)},
                  .undo_note = "fails while a row does not fit",
              });
}

void mysql_change_check(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                        size_t count)
{
    size_t from = (size_t)items[0]->place.live;
    size_t to = (size_t)items[0]->place.reference;
    if (leave_period(maker, SIDE_CURRENT, from, items, count) || leave_period(maker, SIDE_TARGET, to, items, count))
        return;
    const struct mysql_parts parts = {
        .task = task, .items = items, .count = count, .stage = mysql_check_stage(maker, to)};
    replace_check(maker, &parts, from, to);
}

static const char *enforce_sql(struct plan_maker *maker, enum plan_side side, size_t constraint, size_t relation,
                               const char *name)
{
    bool idle = mysql_side(maker, side)->constraints[constraint].flags & CONSTRAINT_NOT_ENFORCED;
    enum mysql_algorithm algorithm =
        mysql_algorithm_for(maker, SIDE_CURRENT, relation, idle ? OPERATION_ENFORCE_LESS : OPERATION_COPY);
    return mysql_alter(maker, SIDE_CURRENT, relation, algorithm, "ALTER CHECK %s %s", name,
                       idle ? "NOT ENFORCED" : "ENFORCED");
}

void mysql_enforce_check(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    size_t from = (size_t)items[0]->place.live;
    size_t to = (size_t)items[0]->place.reference;
    for (size_t i = 0; i < task->item_count; i++)
        if (task->items[i] != items[0]) { /* made anew for that one */
            plan_cover(maker, items[0]);
            return;
        }
    size_t relation = maker->current->constraints[from].relation;
    struct mysql_fact fact = mysql_check_fact(maker, (struct mysql_pair){{(int64_t)from, (int64_t)to}});
    const char *name = name_of(maker, SIDE_CURRENT, from);
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = 2,
                  .phase = PHASE_CONSTRAINT,
                  .rank = 1,
                  .algorithm = check_algorithm(maker, SIDE_TARGET, to),
                  .hazards = HAZARD(CHANGES_BEHAVIOUR) | HAZARD(MAY_FAIL_ON_DATA),
                  .fact = &fact,
                  .forward = {enforce_sql(maker, SIDE_TARGET, to, relation, name)},
                  .backward = {enforce_sql(maker, SIDE_CURRENT, from, relation, name)},
              });
}
