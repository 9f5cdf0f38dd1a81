/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns that are missing, unexpected or other than they should be. MODIFY says a whole column anew, so each stage
 * leads from one definition to another: stage 2 takes from the target what breaks nobody, stage 3 the rest.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static const char *add_sql(struct plan_maker *maker, enum plan_side side, size_t index,
                           const struct mysql_column *column, const char *position, const char *keys)
{
    enum mysql_algorithm algorithm = mysql_add_algorithm(maker, side, index, column, !*position);
    if (*keys && side == SIDE_CURRENT)
        algorithm = ALGORITHM_CHOSEN;
    return mysql_alter(maker, side, mysql_side(maker, side)->columns[index].relation, algorithm, "ADD COLUMN %s%s%s",
                       mysql_definition(maker, column), position, keys);
}

/* MySQL refuses to add a default that gives each row another value: the column comes without it, the rows get theirs,
 * and the default is set for rows to come. */
static void list_volatile(struct plan_maker *maker, enum plan_side side, size_t index,
                          const struct mysql_column *column, const char *position, const char *sql[MYSQL_STEP_SQL])
{
    size_t relation = mysql_side(maker, side)->columns[index].relation;
    const char *name = mysql_quoted(maker, column->name);
    const char *value = column->default_expression;
    struct mysql_column bare = *column;
    size_t count = 0;
    bare.default_expression = NULL;
    bare.flags |= COLUMN_NULLABLE;
    sql[count++] = add_sql(maker, side, index, &bare, position, "");
    sql[count++] = plan_printf(maker, "UPDATE %s SET %s = %s WHERE %s IS NULL", mysql_table_name(maker, side, relation),
                               name, value, name);
    bare.flags = column->flags;
    if (!(column->flags & COLUMN_NULLABLE))
        sql[count++] =
            mysql_alter(maker, side, relation, ALGORITHM_CHOSEN, "MODIFY COLUMN %s", mysql_definition(maker, &bare));
    sql[count] = mysql_alter(maker, side, relation, mysql_algorithm_for(maker, side, relation, OPERATION_SET_DEFAULT),
                             "ALTER COLUMN %s SET DEFAULT %s%s%s", name, *value == '(' ? "" : "(", value,
                             *value == '(' ? "" : ")");
}

/* What adds a column, with keys if it needs them at once. MariaDB would fill a JSON column without a default with '',
 * which is no JSON. */
static void list_adding(struct plan_maker *maker, enum plan_side side, size_t index, const struct mysql_column *column,
                        const char *position, const char *keys, const char *sql[MYSQL_STEP_SQL])
{
    bool mariadb = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
    size_t relation = mysql_side(maker, side)->columns[index].relation;
    struct mysql_column first = *column;
    if (!mariadb && mysql_is_volatile(column) && !*keys) {
        list_volatile(maker, side, index, column, position, sql);
    } else if (mariadb && strcmp(column->type, "json") == 0 && mysql_is_required(column)) {
        first.default_expression = "'null'";
        sql[0] = add_sql(maker, side, index, &first, position, keys);
        sql[1] = mysql_alter(maker, side, relation, mysql_algorithm_for(maker, side, relation, OPERATION_SET_DEFAULT),
                             "ALTER COLUMN %s DROP DEFAULT", mysql_quoted(maker, column->name));
    } else {
        sql[0] = add_sql(maker, side, index, column, position, keys);
    }
}

/* Whether a column goes before another one is dropped or swapped, so that the undo brings it back behind that. */
static bool goes_before(struct plan_maker *maker, size_t current_column, size_t other)
{
    const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, current_column);
    const struct plan_task *other_task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, other);
    if (!task || task->change != DRIFT_UNEXPECTED)
        return false;
    if (other_task && other_task->change == DRIFT_UNEXPECTED)
        return mysql_drop_rank(maker, current_column) < mysql_drop_rank(maker, other);
    return !mysql_is_dropped_late(maker, current_column);
}

/* Behind the column that stands before it now, of those that are there by then. */
static const char *old_position(struct plan_maker *maker, size_t current_column)
{
    const struct schema *current = maker->current;
    const struct schema_column *column = &current->columns[current_column];
    const struct schema_relation *table = &current->relations[column->relation];
    if (column->position == table->column_count)
        return "";
    for (size_t i = current_column; i-- > table->first_column;)
        if (!goes_before(maker, i, current_column))
            return plan_printf(maker, " AFTER %s", mysql_quoted(maker, schema_text(current, current->columns[i].name)));
    return " FIRST";
}

static void drop_references(struct plan_maker *maker, const struct mysql_parts *parts, size_t current_column)
{
    const struct schema *current = maker->current;
    const struct schema_column *column = &current->columns[current_column];
    const char *name = schema_text(current, column->name);
    const char *table = schema_text(current, current->relations[column->relation].name);
    for (size_t i = 0; i < current->constraint_count; i++) {
        const struct schema_constraint *key = &current->constraints[i];
        bool own = key->relation == column->relation && mysql_list_has(current, key->columns, name);
        bool other = !key->referenced_schema && strcmp(schema_text(current, key->referenced_table), table) == 0 &&
                     mysql_list_has(current, key->referenced_columns, name);
        if (key->kind == CONSTRAINT_FOREIGN_KEY && (own || other) &&
            !plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i))
            mysql_note_dropped(maker, parts, i);
    }
}

/* The numbered column goes and another one comes in one statement: the server takes no second one beside it, and the
 * key that either needs may be one. Rows are numbered anew. */
static void renumber(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                     size_t count, size_t old)
{
    const struct schema *current = maker->current;
    size_t index = (size_t)items[0]->place.reference;
    size_t relation = current->columns[old].relation;
    const struct mysql_parts last = {.task = task, .stage = PLAN_STAGES};
    struct mysql_column from = mysql_column_of(current, &current->columns[old]);
    struct mysql_column to = mysql_target_column(maker, NULL, index);
    cleanup(mysql_inline) struct mysql_inline keys = {STRBUF(LIMIT_SQL_PART), STRBUF(LIMIT_SQL_PART), 0};
    cleanup(mysql_inline) struct mysql_inline parts = {STRBUF(LIMIT_SQL_PART), STRBUF(LIMIT_SQL_PART), 0};
    drop_references(maker, &last, old);
    mysql_inline_add(maker, index, PLAN_STAGES, &keys);
    mysql_inline_drop(maker, &last, old, &parts);
    struct mysql_fact gone = mysql_column_fact(maker, SIDE_CURRENT, relation, &from, NULL, NULL);
    struct mysql_fact fact =
        mysql_column_fact(maker, SIDE_TARGET, maker->target->columns[index].relation, NULL, &to, NULL);
    mysql_guard(maker, PLAN_STAGES, &gone);
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = PLAN_STAGES,
                  .phase = PHASE_CONSTRAINT,
                  .rank = mysql_drop_rank(maker, old),
                  .algorithm = ALGORITHM_CHOSEN,
                  .hazards = HAZARD(DELETES_DATA) | HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES) |
                             HAZARD(CHANGES_BEHAVIOUR) | parts.hazards,
                  .fact = &fact,
                  .forward = {mysql_alter(maker, SIDE_CURRENT, relation, ALGORITHM_CHOSEN,
                                          "DROP COLUMN %s%s, ADD COLUMN %s%s%s", mysql_quoted(maker, from.name),
                                          strbuf_text(&parts.forward), mysql_definition(maker, &to),
                                          mysql_position(maker, index, PLAN_STAGES), strbuf_text(&keys.forward))},
                  .backward = {mysql_alter(maker, SIDE_CURRENT, relation, ALGORITHM_CHOSEN,
                                           "DROP COLUMN %s%s, ADD COLUMN %s%s%s", mysql_quoted(maker, to.name),
                                           strbuf_text(&keys.backward), mysql_definition(maker, &from),
                                           old_position(maker, old), strbuf_text(&parts.backward))},
                  .undo_note = "rows are numbered anew: the column comes back without its values",
              });
    maker->failed |= !strbuf_ok(&keys.forward) || !strbuf_ok(&keys.backward) || !strbuf_ok(&parts.forward) ||
                     !strbuf_ok(&parts.backward);
    mysql_add_users(maker, &last, index);
}

void mysql_make_column(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                       size_t count)
{
    const struct schema *target = maker->target;
    size_t index = (size_t)items[0]->place.reference;
    size_t relation = target->columns[index].relation;
    struct mysql_column column = mysql_target_column(maker, NULL, index);
    if (mysql_column_is_period_end(&column)) {
        plan_leave(maker, items[0],
                   "the two columns of a system period come with it: ALTER TABLE … ADD COLUMN …, ADD COLUMN …, ADD "
                   "PERIOD FOR SYSTEM_TIME (…), ADD SYSTEM VERSIONING");
        return;
    }
    int64_t instead = mysql_numbered_instead(maker, SIDE_TARGET, index);
    if (instead >= 0) {
        renumber(maker, task, items, count, (size_t)instead);
        return;
    }
    unsigned stage = mysql_add_stage(maker, index);
    const char *position = mysql_position(maker, index, stage);
    cleanup(mysql_inline) struct mysql_inline keys = {STRBUF(LIMIT_SQL_PART), STRBUF(LIMIT_SQL_PART), 0};
    if (column.flags & COLUMN_AUTO_INCREMENT)
        mysql_inline_add(maker, index, stage, &keys);
    struct mysql_fact fact = mysql_column_fact(maker, SIDE_TARGET, relation, NULL, &column, NULL);
    enum mysql_algorithm drop = mysql_algorithm_for(maker, SIDE_TARGET, relation, OPERATION_COPY);
    if (keys.forward.length == 0)
        drop = mysql_algorithm_for(maker, SIDE_TARGET, relation, OPERATION_DROP_COLUMN);
    struct mysql_step step = {
        .stage = stage,
        .phase = column.generated ? PHASE_ALTER_TYPE : PHASE_COLUMN,
        .rank = 1 + target->columns[index].position,
        .algorithm = mysql_add_algorithm(maker, SIDE_TARGET, index, &column, !*position),
        .hazards = (mysql_is_required(&column) ? HAZARD(BREAKS_CLIENTS) : 0) |
                   (mysql_has_no_filler(&column) ? HAZARD(MAY_FAIL_ON_DATA) : 0),
        .fact = &fact,
        .backward = {mysql_alter(maker, SIDE_TARGET, relation, drop, "DROP COLUMN %s%s",
                                 mysql_quoted(maker, column.name), strbuf_text(&keys.backward))},
        .undo_note = "values that were written to the column meanwhile are lost",
    };
    list_adding(maker, SIDE_TARGET, index, &column, position, strbuf_text(&keys.forward), step.forward);
    maker->failed |= !strbuf_ok(&keys.forward) || !strbuf_ok(&keys.backward);
    mysql_add(maker, task, items, count, &step);
    mysql_add_users(maker, &(struct mysql_parts){.task = task, .stage = stage}, index);
}

void mysql_drop_column(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                       size_t count)
{
    const struct schema *current = maker->current;
    size_t index = (size_t)items[0]->place.live;
    size_t relation = current->columns[index].relation;
    struct mysql_column column = mysql_column_of(current, &current->columns[index]);
    if (mysql_column_is_period_end(&column)) {
        plan_leave(maker, items[0],
                   "the two columns of a system period go with it: ALTER TABLE … DROP PERIOD FOR SYSTEM_TIME, DROP "
                   "COLUMN …, DROP COLUMN …, DROP SYSTEM VERSIONING");
        return;
    }
    if (mysql_numbered_instead(maker, SIDE_CURRENT, index) >= 0) { /* goes in the statement of that one */
        plan_cover(maker, items[0]);
        return;
    }
    cleanup(mysql_inline) struct mysql_inline parts = {STRBUF(LIMIT_SQL_PART), STRBUF(LIMIT_SQL_PART), 0};
    const struct mysql_parts last = {.task = task, .stage = PLAN_STAGES};
    drop_references(maker, &last, index);
    mysql_inline_drop(maker, &last, index, &parts);
    enum mysql_algorithm algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, relation, OPERATION_DROP_COLUMN);
    if (strstr(strbuf_text(&parts.forward), "PRIMARY KEY"))
        algorithm = ALGORITHM_CHOSEN;
    struct mysql_fact fact = mysql_column_fact(maker, SIDE_CURRENT, relation, &column, NULL, NULL);
    struct mysql_step step = {
        .stage = PLAN_STAGES,
        .phase = mysql_is_dropped_late(maker, index) ? PHASE_CONSTRAINT : PHASE_DROP_COLUMN,
        .rank = mysql_drop_rank(maker, index),
        .algorithm = algorithm,
        .hazards = (column.generated ? 0 : HAZARD(DELETES_DATA)) | HAZARD(BREAKS_CLIENTS) |
                   HAZARD(HIDDEN_DEPENDENCIES) | parts.hazards,
        .fact = &fact,
        .forward = {mysql_alter(maker, SIDE_CURRENT, relation, algorithm, "DROP COLUMN %s%s",
                                mysql_quoted(maker, column.name), strbuf_text(&parts.forward))},
        .undo_note = column.generated ? NULL : "the column comes back without its values",
    };
    list_adding(maker, SIDE_CURRENT, index, &column, old_position(maker, index), strbuf_text(&parts.backward),
                step.backward);
    mysql_add(maker, task, items, count, &step);
    maker->failed |= !strbuf_ok(&parts.forward) || !strbuf_ok(&parts.backward);
}

struct column_change {
    const struct plan_task *task;
    const struct drift_item *const *items;
    size_t count;
    size_t relation; /* of the current side */
    size_t index;
    struct mysql_fact fact;
};

static const char *change_sql(struct plan_maker *maker, const struct column_change *change,
                              const struct mysql_column *from, const struct mysql_column *to)
{
    enum mysql_algorithm algorithm = mysql_algorithm_for_column(maker, change->relation, from, to);
    if (strcmp(from->name, to->name) != 0)
        return mysql_alter(maker, SIDE_CURRENT, change->relation, algorithm, "CHANGE COLUMN %s %s",
                           mysql_quoted(maker, from->name), mysql_definition(maker, to));
    return mysql_alter(maker, SIDE_CURRENT, change->relation, algorithm, "MODIFY COLUMN %s",
                       mysql_definition(maker, to));
}

static unsigned change_hazards(const struct mysql_column *from, const struct mysql_column *to)
{
    unsigned hazards = HAZARD(CHANGES_BEHAVIOUR);
    bool type = strcmp(from->type, to->type) != 0;
    if (type || (from->flags & COLUMN_NULLABLE && !(to->flags & COLUMN_NULLABLE)))
        hazards |= HAZARD(MAY_FAIL_ON_DATA);
    if (!from->generated && to->generated)
        hazards |= HAZARD(DELETES_DATA) | HAZARD(BREAKS_CLIENTS);
    if (type || mysql_is_required(to))
        hazards |= HAZARD(BREAKS_CLIENTS);
    return hazards;
}

/* A column that is to be numbered needs its key first, one that no longer is must not lose it before. */
static enum plan_phase change_phase(const struct mysql_column *from, const struct mysql_column *to)
{
    if (from->flags & ~to->flags & COLUMN_AUTO_INCREMENT)
        return PHASE_PREPARE;
    return to->flags & ~from->flags & COLUMN_AUTO_INCREMENT ? PHASE_CONSTRAINT : PHASE_ALTER_TYPE;
}

/* What generated columns are made of comes first, then new ones, then those that change and may be made of these. */
static unsigned change_rank(const struct mysql_column *from, const struct mysql_column *to)
{
    return from->generated || to->generated ? 1u << 16 : 0;
}

static void change_in_place(struct plan_maker *maker, const struct column_change *change, unsigned stage,
                            const struct mysql_column *from, const struct mysql_column *to, const char *texts[2])
{
    mysql_add(maker, change->task, change->items, change->count,
              &(struct mysql_step){
                  .stage = stage,
                  .phase = change_phase(from, to),
                  .rank = change_rank(from, to),
                  .algorithm = mysql_algorithm_for_column(maker, change->relation, from, to),
                  .hazards = change_hazards(from, to),
                  .fact = &change->fact,
                  .from = texts[0],
                  .to = texts[1],
                  .forward = {change_sql(maker, change, from, to)},
                  .backward = {change_sql(maker, change, to, from)},
                  .undo_note = from->generated || strcmp(from->type, to->type) == 0
                                   ? NULL
                                   : "values that were changed to fit the new type stay changed",
              });
}

/* Drops the column and makes it anew, with its keys. */
static void swap(struct plan_maker *maker, const struct column_change *change, const struct mysql_column *from,
                 const struct mysql_column *to)
{
    cleanup(mysql_inline) struct mysql_inline parts = {STRBUF(LIMIT_SQL_PART), STRBUF(LIMIT_SQL_PART), 0};
    const char *name = mysql_quoted(maker, from->name);
    const struct mysql_parts last = {
        .task = change->task,
        .stage = PLAN_STAGES,
        .also_back = mysql_holds(maker, &change->fact, change->fact.values[SIDE_TARGET]),
    };
    mysql_inline_drop(maker, &last, change->index, &parts);
    mysql_add(maker, change->task, change->items, change->count,
              &(struct mysql_step){
                  .stage = PLAN_STAGES,
                  .phase = PHASE_ALTER_TYPE,
                  .rank = change_rank(from, to),
                  .algorithm = ALGORITHM_CHOSEN,
                  .hazards = (from->generated ? 0 : HAZARD(DELETES_DATA)) | HAZARD(BREAKS_CLIENTS) | parts.hazards,
                  .fact = &change->fact,
                  .forward = {mysql_alter(maker, SIDE_CURRENT, change->relation, ALGORITHM_CHOSEN,
                                          "DROP COLUMN %s, ADD COLUMN %s%s%s", name, mysql_definition(maker, to),
                                          mysql_position(maker, (size_t)change->items[0]->place.reference, PLAN_STAGES),
                                          strbuf_text(&parts.forward))},
                  .backward = {mysql_alter(maker, SIDE_CURRENT, change->relation, ALGORITHM_CHOSEN,
                                           "DROP COLUMN %s, ADD COLUMN %s%s%s", name, mysql_definition(maker, from),
                                           old_position(maker, change->index), strbuf_text(&parts.backward))},
                  .undo_note = from->generated ? NULL : "the column comes back without its values",
              });
    maker->failed |= !strbuf_ok(&parts.forward) || !strbuf_ok(&parts.backward);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A server does not let the values of a foreign key's columns change their form. */
static bool blocks_references(const struct mysql_column *from, const struct mysql_column *to)
{
    return strcmp(from->type, to->type) != 0 || !same_text(from->charset, to->charset) ||
           !same_text(from->collation, to->collation);
}

void mysql_change_column(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    const struct schema *current = maker->current;
    struct column_change change = {.task = task, .items = items, .count = count};
    change.index = (size_t)items[0]->place.live;
    change.relation = current->columns[change.index].relation;
    struct mysql_column from = mysql_column_of(current, &current->columns[change.index]);
    struct mysql_column to = mysql_target_column(maker, &from, (size_t)items[0]->place.reference);
    struct mysql_column middle = to;
    if (mysql_column_is_period_end(&from) != mysql_column_is_period_end(&to)) {
        for (size_t i = 0; i < count; i++)
            plan_leave(maker, items[i], "a column of a system period cannot be changed while the period is there");
        return;
    }
    unsigned stage = mysql_change_stage(maker, task);
    bool stricter = stage == 2 && from.flags & ~to.flags & COLUMN_NULLABLE && !to.generated;
    bool more = false;
    if (stricter)
        middle.flags |= COLUMN_NULLABLE;
    for (size_t i = 0; i < count; i++)
        more |= strcmp(items[i]->attribute, "nullable") != 0;
    change.fact = mysql_column_fact(maker, SIDE_CURRENT, change.relation, &from, &to, stricter ? &middle : NULL);
    const char *const *values = change.fact.values;
    const char *between = change.fact.between;
    if (mysql_is_swapped(&from, &to)) {
        swap(maker, &change, &from, &to);
        return;
    }
    if (blocks_references(&from, &to))
        mysql_detour(maker, &(struct mysql_parts){.task = task, .stage = stage}, change.index,
                     mysql_holds(maker, &change.fact, stricter ? between : values[SIDE_TARGET]));
    if (!stricter || more)
        change_in_place(maker, &change, stage, &from, &middle,
                        (const char *[2]){values[SIDE_CURRENT], stricter ? between : values[SIDE_TARGET]});
    if (stricter)
        change_in_place(maker, &change, PLAN_STAGES, &middle, &to,
                        (const char *[2]){more ? between : values[SIDE_CURRENT], values[SIDE_TARGET]});
}
