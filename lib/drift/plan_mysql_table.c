/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables: as a whole, and what holds for all of their columns.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static const char *create_sql(struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    bool *left_out = arena_array(maker->arena, table->constraint_count + 1u, sizeof *left_out);
    if (!left_out) {
        maker->failed = true;
        return "";
    }
    for (size_t i = 0; side == SIDE_TARGET && i < table->constraint_count; i++)
        left_out[i] = mysql_is_check_taken(maker, table->first_constraint + i);
    mysql_sql_table(&text, mysql_plan_of(maker)->flavour, schema, table, left_out);
    return plan_keep(maker, &text);
}

static const char *drop_sql(struct plan_maker *maker, enum plan_side side, size_t relation)
{
    return plan_printf(maker, "DROP TABLE IF EXISTS %s", mysql_table_name(maker, side, relation));
}

static void add_triggers(struct plan_maker *maker, const struct mysql_parts *parts, size_t relation)
{
    const struct schema *target = maker->target;
    for (size_t i = target->object_starts[OBJECT_TRIGGER]; i < target->object_starts[OBJECT_TRIGGER + 1]; i++)
        if (target->objects[i].relation_name == target->relations[relation].name)
            mysql_add_object(maker, parts, i);
}

/* A foreign key of another table's whose item the missing table has swallowed. */
static void add_references(struct plan_maker *maker, const struct mysql_parts *parts, size_t relation)
{
    const struct schema *target = maker->target;
    for (size_t i = 0; i < target->constraint_count; i++) {
        const struct schema_constraint *key = &target->constraints[i];
        bool own = key->relation == relation;
        bool other = !key->referenced_schema && key->referenced_table == target->relations[relation].name;
        if (key->kind != CONSTRAINT_FOREIGN_KEY || (!own && !other) ||
            plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_TARGET, i))
            continue;
        mysql_note_added(maker, &(struct mysql_parts){.task = parts->task, .stage = own ? parts->stage : 2}, i);
    }
}

static void add_checks(struct plan_maker *maker, const struct mysql_parts *parts, size_t relation)
{
    const struct schema_relation *table = &maker->target->relations[relation];
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++)
        if (mysql_is_check_taken(maker, i))
            mysql_add_check(maker, parts, i);
}

void mysql_make_table(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                      size_t count)
{
    const struct schema *target = maker->target;
    size_t relation = (size_t)items[0]->place.reference;
    const char *name = schema_text(target, target->relations[relation].name);
    bool taken = mysql_find_relation(maker->current, name) >= 0;
    const struct mysql_parts parts = {.task = task, .stage = taken ? PLAN_STAGES : 1};
    if (!mysql_claim(maker, SIDE_TARGET, ARRAY_RELATIONS, relation, parts.stage))
        return;
    struct mysql_fact fact = mysql_table_fact(maker, (struct mysql_pair){{DRIFT_NOWHERE, (int64_t)relation}});
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = parts.stage,
                  .phase = PHASE_TABLE,
                  .rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, relation),
                  .algorithm = ALGORITHM_NONE,
                  .fact = &fact,
                  .forward = {create_sql(maker, SIDE_TARGET, relation)},
                  .backward = {drop_sql(maker, SIDE_TARGET, relation)},
                  .undo_note = "rows that were written to the table meanwhile are lost",
              });
    add_checks(maker, &parts, relation);
    add_references(maker, &parts, relation);
    add_triggers(maker, &parts, relation);
}

static bool goes(const struct plan_maker *maker, int64_t relation)
{
    const struct plan_task *task =
        relation < 0 ? NULL : plan_find_task(maker, ARRAY_RELATIONS, SIDE_CURRENT, (size_t)relation);
    return task && task->change == DRIFT_UNEXPECTED;
}

/* Foreign keys that point at the table, and those of its own that point at others that go: so that the order in which
 * the tables go means nothing. */
static void drop_references(struct plan_maker *maker, const struct mysql_parts *parts, size_t relation)
{
    const struct schema *current = maker->current;
    for (size_t i = 0; i < current->constraint_count; i++) {
        const struct schema_constraint *key = &current->constraints[i];
        if (key->kind != CONSTRAINT_FOREIGN_KEY || plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i))
            continue;
        bool points_here = !key->referenced_schema && key->referenced_table == current->relations[relation].name;
        int64_t parent = mysql_find_relation(current, schema_text(current, key->referenced_table));
        if ((key->relation == relation && goes(maker, parent) && !points_here) ||
            (points_here && key->relation != relation))
            mysql_note_dropped(maker, parts, i);
    }
}

static void remove_triggers(struct plan_maker *maker, const struct mysql_parts *parts, size_t relation)
{
    const struct schema *current = maker->current;
    for (size_t i = current->object_starts[OBJECT_TRIGGER]; i < current->object_starts[OBJECT_TRIGGER + 1]; i++)
        if (current->objects[i].relation_name == current->relations[relation].name)
            mysql_remove_object(maker, parts, i);
}

/* The table's foreign keys come back behind it, unless a step of their own does that. */
static void list_references(struct plan_maker *maker, size_t relation, const char *sql[MYSQL_STEP_SQL])
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[relation];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        if (current->constraints[i].kind != CONSTRAINT_FOREIGN_KEY || mysql_plan_of(maker)->dropped[i].stage)
            continue;
        strbuf_printf(&text, "%sADD %s", text.length > 0 ? ", " : "", mysql_constraint_sql(maker, SIDE_CURRENT, i));
    }
    if (text.length == 0)
        return;
    const char *clauses = plan_keep(maker, &text);
    sql[1] = mysql_alter(maker, SIDE_CURRENT, relation, ALGORITHM_CHOSEN, "%s", clauses);
}

void mysql_drop_table(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                      size_t count)
{
    size_t relation = (size_t)items[0]->place.live;
    const struct mysql_parts parts = {.task = task, .stage = PLAN_STAGES};
    if (!mysql_claim(maker, SIDE_CURRENT, ARRAY_RELATIONS, relation, PLAN_STAGES))
        return;
    struct mysql_fact fact = mysql_table_fact(maker, (struct mysql_pair){{(int64_t)relation, DRIFT_NOWHERE}});
    drop_references(maker, &parts, relation);
    remove_triggers(maker, &parts, relation);
    struct mysql_step step = {
        .stage = PLAN_STAGES,
        .phase = PHASE_DROP_TABLE,
        .rank = plan_rank_down(maker, SIDE_CURRENT, ARRAY_RELATIONS, relation),
        .algorithm = ALGORITHM_NONE,
        .hazards = HAZARD(DELETES_DATA) | HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES),
        .fact = &fact,
        .forward = {drop_sql(maker, SIDE_CURRENT, relation)},
        .backward = {create_sql(maker, SIDE_CURRENT, relation)},
        .undo_note = "the table comes back without its rows",
    };
    list_references(maker, relation, step.backward);
    mysql_add(maker, task, items, count, &step);
}

static const char *option_sql(struct plan_maker *maker, enum plan_side side, int64_t relation, enum mysql_option option,
                              size_t table)
{
    const struct schema *schema = mysql_side(maker, side);
    uint32_t attributes = schema->relations[relation].attributes;
    const char *charset = schema_attribute_text(schema, attributes, ATTRIBUTE_CHARSET);
    const char *collation = schema_attribute_text(schema, attributes, ATTRIBUTE_COLLATION);
    const char *engine = schema_attribute_text(schema, attributes, ATTRIBUTE_ENGINE);
    bool versioned = schema_has_attribute(schema, attributes, ATTRIBUTE_SYSTEM_VERSIONING);
    if (option == OPTION_ENGINE)
        return mysql_alter(maker, SIDE_CURRENT, table, ALGORITHM_CHOSEN, "ENGINE=%s", engine ? engine : "InnoDB");
    if (option == OPTION_VERSIONING)
        return mysql_alter(maker, SIDE_CURRENT, table, ALGORITHM_CHOSEN, "%s SYSTEM VERSIONING",
                           versioned ? "ADD" : "DROP");
    return mysql_alter(maker, SIDE_CURRENT, table,
                       mysql_algorithm_for(maker, SIDE_CURRENT, table, OPERATION_TABLE_COLLATION),
                       "DEFAULT CHARACTER SET %s%s%s", charset ? charset : "utf8mb4", collation ? " COLLATE " : "",
                       collation ? collation : "");
}

static void change_option(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count, enum mysql_option option, const struct mysql_step *step)
{
    struct mysql_pair pair = mysql_pair_of(items[0]->place);
    size_t table = (size_t)pair.at[SIDE_CURRENT];
    struct mysql_fact fact = mysql_option_fact(maker, pair, option);
    struct mysql_step full = *step;
    full.phase = PHASE_ALTER_TYPE;
    full.rank = 2;
    full.fact = &fact;
    full.forward[0] = option_sql(maker, SIDE_TARGET, pair.at[SIDE_TARGET], option, table);
    full.backward[0] = option_sql(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT], option, table);
    mysql_add(maker, task, items, count, &full);
}

void mysql_change_engine(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    const char *wanted = items[0]->expected;
    bool transactional = wanted && strcasecmp(wanted, "InnoDB") == 0;
    change_option(maker, task, items, count, OPTION_ENGINE,
                  &(struct mysql_step){
                      .stage = transactional ? 2 : PLAN_STAGES,
                      .algorithm = ALGORITHM_CHOSEN,
                      .hazards = HAZARD(CHANGES_BEHAVIOUR) | (transactional ? 0 : HAZARD(BREAKS_CLIENTS)),
                  });
}

void mysql_change_table_collation(struct plan_maker *maker, const struct plan_task *task,
                                  const struct drift_item *const *items, size_t count)
{
    size_t table = (size_t)items[0]->place.live;
    change_option(maker, task, items, count, OPTION_COLLATION,
                  &(struct mysql_step){
                      .stage = 2,
                      .algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, table, OPERATION_TABLE_COLLATION),
                  });
}

void mysql_change_versioning(struct plan_maker *maker, const struct plan_task *task,
                             const struct drift_item *const *items, size_t count)
{
    const struct schema *target = maker->target;
    uint32_t attributes = target->relations[items[0]->place.reference].attributes;
    bool versioned = schema_has_attribute(target, attributes, ATTRIBUTE_SYSTEM_VERSIONING);
    change_option(maker, task, items, count, OPTION_VERSIONING,
                  &(struct mysql_step){
                      .stage = versioned ? 2 : PLAN_STAGES,
                      .algorithm = ALGORITHM_CHOSEN,
                      .hazards = versioned ? HAZARD(CHANGES_BEHAVIOUR) : HAZARD(DELETES_DATA),
                      .undo_note = versioned ? "the history that was kept meanwhile is lost"
                                             : "the history of rows does not come back",
                  });
}

static const char *partitions_sql(struct plan_maker *maker, enum plan_side side, int64_t relation, size_t table)
{
    const struct schema *schema = mysql_side(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    mysql_sql_partitions(&text, schema, &schema->relations[relation]);
    const char *clause = plan_keep(maker, &text);
    return plan_printf(maker, "ALTER TABLE %s %s", mysql_table_name(maker, SIDE_CURRENT, table), clause);
}

/* Servers take no ALGORITHM here: they copy. */
void mysql_change_partitions(struct plan_maker *maker, const struct plan_task *task,
                             const struct drift_item *const *items, size_t count)
{
    struct mysql_pair pair = mysql_pair_of(items[0]->place);
    size_t table = (size_t)pair.at[SIDE_CURRENT];
    struct mysql_fact fact = mysql_option_fact(maker, pair, OPTION_PARTITIONS);
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = PLAN_STAGES,
                  .phase = PHASE_ALTER,
                  .lock = "copies the table, without an ALGORITHM clause",
                  .algorithm = ALGORITHM_NONE,
                  .hazards = HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_WRITES) | HAZARD(MAY_FAIL_ON_DATA),
                  .fact = &fact,
                  .forward = {partitions_sql(maker, SIDE_TARGET, pair.at[SIDE_TARGET], table)},
                  .backward = {partitions_sql(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT], table)},
              });
}

/* The columns that both sides have, in the order of one side: quoted for SQL, or as the fact has them. */
static const char *common_columns(struct plan_maker *maker, struct mysql_pair pair, enum plan_side side, bool literals)
{
    enum plan_side other = side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT;
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_relation *table = &schema->relations[pair.at[side]];
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = schema_text(schema, schema->columns[table->first_column + i].name);
        if (mysql_find_column(mysql_side(maker, other), (size_t)pair.at[other], name) < 0)
            continue;
        strbuf_printf(&out, "%s%s", out.length > 0 ? ", " : "", literals ? mysql_literal(maker, name) : name);
    }
    return plan_keep(maker, &out);
}

/* All columns, as the target has them by then, each behind the one before it. */
static const char *order_sql(struct plan_maker *maker, struct mysql_pair pair, enum plan_side order,
                             enum mysql_algorithm algorithm)
{
    const struct schema *schema = mysql_side(maker, order);
    const struct schema_relation *table = &schema->relations[pair.at[order]];
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    const char *before = NULL;
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = schema_text(schema, schema->columns[table->first_column + i].name);
        int64_t live = mysql_find_column(maker->current, (size_t)pair.at[SIDE_CURRENT], name);
        int64_t wanted = mysql_find_column(maker->target, (size_t)pair.at[SIDE_TARGET], name);
        if (wanted < 0)
            continue;
        struct mysql_column old = {0};
        if (live >= 0)
            old = mysql_column_of(maker->current, &maker->current->columns[live]);
        struct mysql_column column = mysql_target_column(maker, live >= 0 ? &old : NULL, (size_t)wanted);
        strbuf_printf(&out, "%sMODIFY COLUMN %s%s%s", before ? ", " : "", mysql_definition(maker, &column),
                      before ? " AFTER " : " FIRST", before ? before : "");
        before = mysql_quoted(maker, column.name);
    }
    const char *clauses = plan_keep(maker, &out);
    return mysql_alter(maker, SIDE_CURRENT, (size_t)pair.at[SIDE_CURRENT], algorithm, "%s", clauses);
}

void mysql_change_order(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                        size_t count)
{
    struct mysql_pair pair = mysql_pair_of(items[0]->place);
    size_t table = (size_t)pair.at[SIDE_CURRENT];
    const struct schema *current = maker->current;
    const char *name = schema_text(current, current->relations[table].name);
    enum mysql_algorithm algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, table, OPERATION_MOVE_COLUMN);
    struct mysql_fact fact = {
        .object = plan_printf(maker, "table %s: order of its columns", mysql_quoted(maker, name)),
        .query = plan_printf(maker,
                             "(SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR ', ') FROM "
                             "information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND "
                             "COLUMN_NAME IN (%s))",
                             mysql_literal(maker, name), common_columns(maker, pair, SIDE_TARGET, true)),
        .values = {common_columns(maker, pair, SIDE_CURRENT, false), common_columns(maker, pair, SIDE_TARGET, false)},
    };
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = PLAN_STAGES,
                  .phase = PHASE_FINISH,
                  .algorithm = algorithm,
                  .hazards = HAZARD(REWRITES_TABLE) | HAZARD(BREAKS_CLIENTS),
                  .fact = &fact,
                  .forward = {order_sql(maker, pair, SIDE_TARGET, algorithm)},
                  .backward = {order_sql(maker, pair, SIDE_CURRENT, algorithm)},
              });
}
