/* SPDX-License-Identifier: Apache-2.0
 *
 * What servers refuse to see together: a foreign key whose actions write a column of its own, and a check or a stored
 * generated column that reads it. Whichever of the two comes waits until the other one is gone.
 *
 * Only the tasks are asked, never what rules have noted so far: the stages are the same whoever asks first.
 */
#include "base/alloc.h"
#include "drift/plan_mysql.h"

static bool is_writing(uint8_t action)
{
    return action == ACTION_CASCADE || action == ACTION_SET_NULL || action == ACTION_SET_DEFAULT;
}

/* A row that is deleted writes no column, but MySQL wants no stored one over it. */
static bool writes(const struct plan_maker *maker, const struct schema_constraint *key, bool stored)
{
    bool oracle = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_ORACLE;
    bool deleting = key->on_delete == ACTION_CASCADE ? stored && oracle : is_writing(key->on_delete);
    return key->kind == CONSTRAINT_FOREIGN_KEY && (deleting || is_writing(key->on_update));
}

/* What reads columns: a check's text, a column's check, or what a column is generated from. */
struct reader {
    const char *text;
    bool stored;
};

/* Whether a text reads one of the columns, or a virtual one that does, and so on: a column is generated from earlier
 * ones only. MySQL lets a check read such a virtual column. */
static bool reads(struct plan_maker *maker, enum plan_side side, size_t relation, const struct reader *reader,
                  const struct schema *names, struct text_list columns)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    bool through = reader->stored || mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
    cleanup(free) bool *written = mem_calloc(table->column_count + 1u, sizeof *written);
    if (!written) {
        maker->failed = true;
        return false;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *column = &schema->columns[table->first_column + i];
        const char *name = schema_text(schema, column->name);
        written[i] = mysql_list_has(names, columns, name);
        for (size_t k = 0; through && column->flags & COLUMN_GENERATED_VIRTUAL && k < i && !written[i]; k++)
            written[i] =
                written[k] && plan_mentions_word(schema_text(schema, column->generated),
                                                 schema_text(schema, schema->columns[table->first_column + k].name));
        if (written[i] && plan_mentions_word(reader->text, name))
            return true;
    }
    return false;
}

/* By then virtual columns may be as they are on either side. */
static bool reads_on_either_side(struct plan_maker *maker, enum plan_side side, size_t relation,
                                 const struct reader *reader, const struct schema *names, struct text_list columns)
{
    int64_t other = mysql_counterpart(maker, side, relation);
    return reads(maker, side, relation, reader, names, columns) ||
           (other >= 0 &&
            reads(maker, side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT, (size_t)other, reader, names, columns));
}

/* At the latest: one that changes may itself wait, and goes no earlier than it comes. 1: it stays. */
static unsigned writer_stage(struct plan_maker *maker, size_t target_relation, size_t writer, bool stored)
{
    const struct schema *current = maker->current;
    const struct plan_task *task = plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, writer);
    if (task && task->change == DRIFT_CHANGED)
        return writes(maker, &maker->target->constraints[task->place.reference], stored) ? PLAN_STAGES : 2;
    bool stays = !task && mysql_find_constraint(maker->target, target_relation, CONSTRAINT_FOREIGN_KEY,
                                                schema_text(current, current->constraints[writer].name)) >= 0;
    return stays ? 1 : PLAN_STAGES;
}

static unsigned unwritten_stage(struct plan_maker *maker, size_t target_relation, const struct reader *reader)
{
    const struct schema *current = maker->current;
    int64_t relation = mysql_counterpart(maker, SIDE_TARGET, target_relation);
    unsigned latest = 1;
    if (relation < 0)
        return latest;
    const struct schema_relation *table = &current->relations[relation];
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        const struct schema_constraint *key = &current->constraints[i];
        if (!writes(maker, key, reader->stored))
            continue;
        unsigned stage = writer_stage(maker, target_relation, i, reader->stored);
        if (stage > latest && reads_on_either_side(maker, SIDE_TARGET, target_relation, reader, current, key->columns))
            latest = stage;
    }
    return latest;
}

static bool mentions(const struct schema *schema, size_t relation, bool checks, const char *name)
{
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++) {
        struct mysql_column column = mysql_column_of(schema, &schema->columns[i]);
        if (plan_mentions_word(column.generated, name) || (checks && plan_mentions_word(column.check, name)))
            return true;
    }
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++)
        if (checks && schema->constraints[i].kind == CONSTRAINT_CHECK &&
            plan_mentions_word(schema_text(schema, schema->constraints[i].expression), name))
            return true;
    return false;
}

/* What a column is generated from, if that must not be written: a virtual column is free unless something stands on it,
 * which then reads what it reads. NULL: nothing. */
static const char *guarded_text(struct plan_maker *maker, enum plan_side side, size_t relation,
                                const struct mysql_column *column)
{
    bool checks = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
    int64_t other = mysql_counterpart(maker, side, relation);
    if (!(column->flags & COLUMN_GENERATED_VIRTUAL) ||
        mentions(mysql_side(maker, side), relation, checks, column->name))
        return column->generated;
    return other >= 0 && mentions(mysql_side(maker, side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT), (size_t)other,
                                  checks, column->name)
               ? column->generated
               : NULL;
}

unsigned mysql_unwritten_check_stage(struct plan_maker *maker, size_t target_check)
{
    const struct schema_constraint *check = &maker->target->constraints[target_check];
    const struct reader reader = {.text = schema_text(maker->target, check->expression)};
    return unwritten_stage(maker, check->relation, &reader);
}

unsigned mysql_unwritten_column_stage(struct plan_maker *maker, size_t relation, const struct mysql_column *column)
{
    unsigned latest = 1;
    if (column->check)
        latest = unwritten_stage(maker, relation, &(struct reader){.text = column->check});
    const char *generated = guarded_text(maker, SIDE_TARGET, relation, column);
    if (generated) {
        unsigned stage = unwritten_stage(maker, relation, &(struct reader){.text = generated, .stored = true});
        latest = stage > latest ? stage : latest;
    }
    return latest;
}

/* In which stage a check of the current side goes or changes. 1: it stays. */
static unsigned check_reader_stage(struct plan_maker *maker, size_t target_relation, size_t check)
{
    const struct schema *current = maker->current;
    const struct plan_task *task = plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, check);
    if (task && task->change == DRIFT_CHANGED)
        return mysql_check_stage(maker, (size_t)task->place.reference);
    int64_t successor = mysql_check_in_place_of(maker, check);
    if (successor >= 0)
        return mysql_check_stage(maker, (size_t)successor);
    bool stays = !task && mysql_find_constraint(maker->target, target_relation, CONSTRAINT_CHECK,
                                                schema_text(current, current->constraints[check].name)) >= 0;
    return stays ? 1 : PLAN_STAGES;
}

static unsigned column_reader_stage(struct plan_maker *maker, size_t column)
{
    const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, column);
    if (!task)
        return 1;
    return task->change == DRIFT_CHANGED ? mysql_change_stage(maker, task) : PLAN_STAGES;
}

static bool column_reads(struct plan_maker *maker, size_t relation, const struct mysql_column *column,
                         const struct schema_constraint *key)
{
    const struct reader readers[] = {
        {.text = column->check},
        {.text = guarded_text(maker, SIDE_CURRENT, relation, column), .stored = true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(readers); i++)
        if (readers[i].text && writes(maker, key, readers[i].stored) &&
            reads_on_either_side(maker, SIDE_CURRENT, relation, &readers[i], maker->target, key->columns))
            return true;
    return false;
}

unsigned mysql_unread_stage(struct plan_maker *maker, size_t target_reference)
{
    const struct schema *current = maker->current;
    const struct schema_constraint *key = &maker->target->constraints[target_reference];
    int64_t relation = mysql_counterpart(maker, SIDE_TARGET, key->relation);
    unsigned latest = 1;
    if (relation < 0 || !writes(maker, key, true))
        return latest;
    const struct schema_relation *table = &current->relations[relation];
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        const struct schema_constraint *check = &current->constraints[i];
        const struct reader reader = {.text = schema_text(current, check->expression)};
        if (check->kind != CONSTRAINT_CHECK || !writes(maker, key, false))
            continue;
        unsigned stage = check_reader_stage(maker, key->relation, i);
        if (stage > latest &&
            reads_on_either_side(maker, SIDE_CURRENT, (size_t)relation, &reader, maker->target, key->columns))
            latest = stage;
    }
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++) {
        struct mysql_column column = mysql_column_of(current, &current->columns[i]);
        unsigned stage = column_reader_stage(maker, i);
        if (stage > latest && column_reads(maker, (size_t)relation, &column, key))
            latest = stage;
    }
    return latest;
}
