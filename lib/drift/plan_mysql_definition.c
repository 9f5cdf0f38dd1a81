/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a column: its definition, its place, and the stage in which it is as it should be.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/mysql_canonical.h"
#include "drift/drift_types.h"
#include "drift/plan_mysql.h"

const char *mysql_definition(struct plan_maker *maker, const struct mysql_column *column)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    mysql_sql_column(&text, mysql_plan_of(maker)->flavour, column);
    return plan_keep(maker, &text);
}

/* What a source cannot declare stays as it is, and so does the comment, which is not compared. */
struct mysql_column mysql_target_column(struct plan_maker *maker, const struct mysql_column *current, size_t index)
{
    const struct schema *target = maker->target;
    struct mysql_column column = mysql_column_of(target, &target->columns[index]);
    if (!current)
        return column;
    column.comment = current->comment;
    if (!column.collation && !column.charset && !target->server_version) {
        column.charset = current->charset;
        column.collation = current->collation;
    }
    if (schema_is_undeclared(target, ATTRIBUTE_COLUMN_CHECK))
        column.check = current->check;
    if (schema_is_undeclared(target, ATTRIBUTE_ON_UPDATE))
        column.on_update = current->on_update;
    if (schema_is_undeclared(target, ATTRIBUTE_SRID))
        column.srid = current->srid;
    return column;
}

bool mysql_is_required(const struct mysql_column *column)
{
    return !(column->flags & (COLUMN_NULLABLE | COLUMN_AUTO_INCREMENT)) && !column->default_expression &&
           !column->generated;
}

bool mysql_is_volatile(const struct mysql_column *column)
{
    static const char *const names[] = {"uuid", "rand", "random_bytes", "sysdate", "connection_id", "user("};
    for (size_t i = 0; column->default_expression && i < ARRAY_LENGTH(names); i++)
        if (*column->default_expression != '\'' && strcasestr(column->default_expression, names[i]))
            return true;
    return false;
}

bool mysql_is_swapped(const struct mysql_column *from, const struct mysql_column *to)
{
    return (from->flags ^ to->flags) & COLUMN_GENERATED_VIRTUAL;
}

bool mysql_has_no_filler(const struct mysql_column *column)
{
    static const char *const types[] = {"date",    "geom",       "point",        "linestring",
                                        "polygon", "multipoint", "multipolygon", "multilinestring"};
    for (size_t i = 0; mysql_is_required(column) && i < ARRAY_LENGTH(types); i++)
        if (strncmp(column->type, types[i], strlen(types[i])) == 0)
            return true;
    return false;
}

/* MySQL computes an expression for each row that is there. */
static bool has_expression(const struct mysql_column *column)
{
    const char *text = column->default_expression;
    return text && !strchr("'0123456789-bBxX", *text) && strncasecmp(text, "current_timestamp", 17) != 0;
}

enum mysql_algorithm mysql_add_algorithm(struct plan_maker *maker, enum plan_side side, size_t column,
                                         const struct mysql_column *texts, bool appended)
{
    size_t relation = mysql_side(maker, side)->columns[column].relation;
    bool oracle = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_ORACLE;
    bool filled = texts->flags & COLUMN_AUTO_INCREMENT || mysql_is_volatile(texts) || mysql_has_no_filler(texts) ||
                  (oracle && has_expression(texts));
    enum mysql_operation operation = filled ? OPERATION_COPY : OPERATION_ADD_COLUMN;
    if (texts->generated)
        operation = appended && texts->flags & COLUMN_GENERATED_VIRTUAL ? OPERATION_ADD_VIRTUAL_COLUMN : OPERATION_COPY;
    return mysql_algorithm_for(maker, side, relation, operation);
}

/* Of the columns that an expression mentions. */
static unsigned base_stage(struct plan_maker *maker, size_t generated_column)
{
    const struct schema *target = maker->target;
    const struct schema_column *generated = &target->columns[generated_column];
    const struct schema_relation *table = &target->relations[generated->relation];
    unsigned latest = 1;
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++) {
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_TARGET, i);
        struct mysql_column column = mysql_target_column(maker, NULL, i);
        if (i == generated_column || !task || column.generated ||
            !plan_mentions_word(schema_text(target, generated->generated), column.name))
            continue;
        unsigned stage = mysql_column_stage(maker, i);
        latest = stage > latest ? stage : latest;
    }
    return latest;
}

int64_t mysql_numbered_instead(const struct plan_maker *maker, enum plan_side side, size_t column)
{
    const struct schema *schema = mysql_side(maker, side);
    enum plan_side other = side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT;
    const struct schema *there = mysql_side(maker, other);
    if (!(schema->columns[column].flags & COLUMN_AUTO_INCREMENT))
        return DRIFT_NOWHERE;
    const struct plan_task *own = plan_find_task(maker, ARRAY_COLUMNS, side, column);
    int64_t relation = mysql_counterpart(maker, side, schema->columns[column].relation);
    if (!own || own->change == DRIFT_CHANGED || relation < 0)
        return DRIFT_NOWHERE;
    const struct schema_relation *table = &there->relations[relation];
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++) {
        if (!(there->columns[i].flags & COLUMN_AUTO_INCREMENT))
            continue;
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, other, i);
        if (task && task->change != DRIFT_CHANGED)
            return (int64_t)i;
    }
    return DRIFT_NOWHERE;
}

unsigned mysql_add_stage(struct plan_maker *maker, size_t target_column)
{
    const struct schema *target = maker->target;
    struct mysql_column column = mysql_target_column(maker, NULL, target_column);
    bool last = mysql_is_required(&column) || mysql_numbered_instead(maker, SIDE_TARGET, target_column) >= 0;
    unsigned stage = last ? PLAN_STAGES : 1;
    if (stage == 1 && mysql_add_algorithm(maker, SIDE_TARGET, target_column, &column, true) == ALGORITHM_CHOSEN)
        stage = 2;
    unsigned base = column.generated ? base_stage(maker, target_column) : 1;
    unsigned unwritten = mysql_unwritten_column_stage(maker, target->columns[target_column].relation, &column);
    stage = unwritten > stage ? unwritten : stage;
    return base > stage ? base : stage;
}

static const char *canonical_type(struct plan_maker *maker, const char *type)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    mysql_canonical_type(type, strlen(type), &text);
    return plan_keep(maker, &text);
}

/* Whether each value of the one fits the other as it is. */
static bool takes_all(struct plan_maker *maker, const struct mysql_column *from, const struct mysql_column *to)
{
    static const struct drift_features features = {.mysql = true};
    enum type_relation relation =
        drift_type_relation(&features, canonical_type(maker, from->type), canonical_type(maker, to->type));
    bool charset = !from->charset || !to->charset || strcmp(from->charset, to->charset) == 0 ||
                   strcmp(to->charset, "utf8mb4") == 0;
    return charset &&
           (strcmp(from->type, to->type) == 0 || relation == TYPE_RELATION_WIDER || relation == TYPE_RELATION_ALIKE);
}

unsigned mysql_change_stage(struct plan_maker *maker, const struct plan_task *task)
{
    const struct schema *current = maker->current;
    struct mysql_column from = mysql_column_of(current, &current->columns[task->items[0]->place.live]);
    size_t index = (size_t)task->items[0]->place.reference;
    struct mysql_column to = mysql_target_column(maker, &from, index);
    bool becomes_generated = to.generated && !from.generated;
    bool safe = takes_all(maker, &from, &to) && !becomes_generated && !mysql_is_swapped(&from, &to) &&
                strcmp(from.name, to.name) == 0 &&
                !mysql_outgrows_key(maker, (size_t)task->items[0]->place.live); /* the key goes first */
    unsigned base = to.generated ? base_stage(maker, index) : 1;
    unsigned unwritten = mysql_unwritten_column_stage(maker, maker->target->columns[index].relation, &to);
    return safe && base < PLAN_STAGES && unwritten < PLAN_STAGES ? 2 : PLAN_STAGES;
}

/* Of the columns that a stage adds, generated ones come last, but for one that waits until another has gone. */
static bool is_there(struct plan_maker *maker, size_t target_column, unsigned stage, bool before_generated)
{
    const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_TARGET, target_column);
    if (!task || task->change != DRIFT_MISSING)
        return true;
    unsigned own = mysql_add_stage(maker, target_column);
    bool later = (before_generated && maker->target->columns[target_column].generated) ||
                 mysql_numbered_instead(maker, SIDE_TARGET, target_column) >= 0;
    return own < stage || (own == stage && !later);
}

const char *mysql_position(struct plan_maker *maker, size_t target_column, unsigned stage)
{
    const struct schema *target = maker->target;
    const struct schema_column *column = &target->columns[target_column];
    const struct schema_relation *table = &target->relations[column->relation];
    if (column->position == table->column_count)
        return "";
    for (size_t i = target_column; i-- > table->first_column;)
        if (is_there(maker, i, stage, !column->generated))
            return plan_printf(maker, " AFTER %s", mysql_quoted(maker, schema_text(target, target->columns[i].name)));
    return " FIRST";
}
