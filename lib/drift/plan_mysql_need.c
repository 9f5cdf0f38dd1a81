/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding things by name on either side, and when they are there.
 */
#include <string.h>
#include <strings.h>

#include "drift/plan_mysql.h"

/* Columns, indexes and constraints: the server takes no account of case. */
bool mysql_same_name(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

int64_t mysql_find_relation(const struct schema *schema, const char *name)
{
    const struct schema_relation *found = schema_find_relation(schema, NULL, name);
    if (found)
        return found - schema->relations;
    for (size_t i = 0; schema->folds_names && i < schema->relation_count; i++)
        if (strcasecmp(schema_text(schema, schema->relations[i].name), name) == 0)
            return (int64_t)i;
    return DRIFT_NOWHERE;
}

int64_t mysql_find_column(const struct schema *schema, size_t relation, const char *name)
{
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = 0; i < table->column_count; i++)
        if (mysql_same_name(schema_text(schema, schema->columns[table->first_column + i].name), name))
            return (int64_t)(table->first_column + i);
    return DRIFT_NOWHERE;
}

int64_t mysql_find_constraint(const struct schema *schema, size_t relation, enum constraint_kind kind, const char *name)
{
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct schema_constraint *constraint = &schema->constraints[table->first_constraint + i];
        if (constraint->kind == kind && mysql_same_name(schema_text(schema, constraint->name), name))
            return (int64_t)(table->first_constraint + i);
    }
    return DRIFT_NOWHERE;
}

int64_t mysql_find_index(const struct schema *schema, size_t relation, const char *name)
{
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = 0; i < table->index_count; i++)
        if (mysql_same_name(schema_text(schema, schema->indexes[table->first_index + i].name), name))
            return (int64_t)(table->first_index + i);
    return DRIFT_NOWHERE;
}

int64_t mysql_counterpart(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = mysql_side(maker, side);
    return mysql_find_relation(mysql_side(maker, side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT),
                               schema_text(schema, schema->relations[relation].name));
}

bool mysql_list_has(const struct schema *schema, struct text_list names, const char *name)
{
    for (uint32_t i = 0; i < names.count; i++)
        if (mysql_same_name(schema_text(schema, schema->lists[names.first + i]), name))
            return true;
    return false;
}

bool mysql_index_uses(const struct schema *schema, const struct schema_index *index, const char *column)
{
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        const char *text = schema_text(schema, part->text);
        if (part->flags & PART_EXPRESSION ? plan_mentions_word(text, column) : mysql_same_name(text, column))
            return true;
    }
    return false;
}

bool mysql_is_made_by_server(const struct schema *schema, uint32_t attributes)
{
    return schema_has_attribute(schema, attributes, ATTRIBUTE_TOOL_OBJECT);
}

unsigned mysql_column_stage(struct plan_maker *maker, size_t target_column)
{
    const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_TARGET, target_column);
    if (!task)
        return 1;
    return task->change == DRIFT_MISSING ? mysql_add_stage(maker, target_column) : mysql_change_stage(maker, task);
}

unsigned mysql_columns_stage(struct plan_maker *maker, size_t target_relation, const char *text)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[target_relation];
    unsigned latest = 1;
    for (size_t i = 0; i < table->column_count; i++) {
        unsigned stage = mysql_column_stage(maker, table->first_column + i);
        if (stage > latest &&
            plan_mentions_word(text, schema_text(target, target->columns[table->first_column + i].name)))
            latest = stage;
    }
    return latest;
}

unsigned mysql_mentions_stage(struct plan_maker *maker, const char *text)
{
    const struct schema *target = maker->target;
    unsigned latest = 1;
    for (size_t i = 0; i < target->relation_count; i++) {
        if (!mysql_plan_of(maker)->unsettled[i] ||
            !plan_mentions(text, NULL, schema_text(target, target->relations[i].name), false))
            continue;
        unsigned own = mysql_claimed(maker, SIDE_TARGET, ARRAY_RELATIONS, i);
        unsigned columns = mysql_columns_stage(maker, i, text);
        latest = own > latest ? own : latest;
        latest = columns > latest ? columns : latest;
    }
    return latest;
}
