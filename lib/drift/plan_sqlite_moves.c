/* SPDX-License-Identifier: Apache-2.0
 *
 * From items to moves, and in which stage each of them happens.
 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/dialects.h"
#include "dialect/sqlite_sql.h"
#include "drift/plan_sqlite.h"

enum { STAGE_ADD = 1, STAGE_MEND = 2, STAGE_BREAK = 3 };

/* The first row that matches decides; what none matches is mended in stage 2. */
static const struct {
    enum drift_kind kind; /* DRIFT_KINDS: any */
    enum drift_change change;
    const char *attribute; /* NULL: any */
    unsigned stage;
} stages[] = {
    {DRIFT_KINDS, DRIFT_UNEXPECTED, NULL, STAGE_BREAK},
    {DRIFT_INDEX, DRIFT_MISSING, NULL, STAGE_ADD},
    {DRIFT_COLUMN, DRIFT_MISSING, NULL, STAGE_ADD},
    {DRIFT_COLUMN, DRIFT_CHANGED, "name", STAGE_BREAK},
};

const struct schema *sqlite_schema_of(const struct plan_maker *maker, enum plan_side side)
{
    return side == SIDE_CURRENT ? maker->current : maker->target;
}

struct sqlite_table sqlite_table_of(struct plan_maker *maker, const struct plan_task *task)
{
    return (struct sqlite_table){
        .maker = maker,
        .task = task,
        .relation =
            {[SIDE_CURRENT] = (uint32_t)task->relation.live, [SIDE_TARGET] = (uint32_t)task->relation.reference},
        .name = sqlite_task_name(maker, task),
    };
}

const struct schema_relation *sqlite_relation_of(const struct sqlite_table *table, enum plan_side side)
{
    return &sqlite_schema_of(table->maker, side)->relations[table->relation[side]];
}

static const struct schema_column *target_column(const struct sqlite_table *table, int64_t index)
{
    return &table->maker->target->columns[index];
}

/* A default that ALTER TABLE takes: one constant, not the time. */
static bool is_constant(struct plan_maker *maker, const char *text)
{
    cleanup(strbuf) struct strbuf canonical = STRBUF(LIMIT_DEFINITION_BYTES);
    dialect_sqlite.canonical(TEXT_DEFAULT, text, "", &canonical);
    const char *value = strbuf_text(&canonical);
    size_t length = strlen(value);
    maker->failed |= !strbuf_ok(&canonical);
    if (length == 0)
        return false;
    if (value[0] == '\'')
        return value[length - 1] == '\'' && strcspn(value, " ") == length;
    return strchr("-0123456789xX.", value[0]) && strcspn(value, " ") == length;
}

static unsigned stage_of_new_column(struct plan_maker *maker, const struct schema *schema,
                                    const struct schema_column *column)
{
    const char *text = schema_text(schema, column->default_expression);
    if (column->flags & COLUMN_GENERATED_STORED)
        return STAGE_MEND;
    if (column->flags & COLUMN_GENERATED_VIRTUAL)
        return column->flags & COLUMN_NULLABLE ? STAGE_ADD : STAGE_MEND;
    cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_DEFINITION_BYTES);
    dialect_sqlite.canonical(TEXT_DEFAULT, text, schema_text(schema, column->type), &value);
    bool absent = value.length == 0;
    maker->failed |= !strbuf_ok(&value);
    if (!(column->flags & COLUMN_NULLABLE) && absent)
        return STAGE_BREAK;
    return absent || is_constant(maker, text) ? STAGE_ADD : STAGE_MEND;
}

bool sqlite_column_can_be_added(struct plan_maker *maker, struct sqlite_element column)
{
    const struct schema *schema = sqlite_schema_of(maker, column.side);
    return stage_of_new_column(maker, schema, &schema->columns[column.index]) == STAGE_ADD;
}

bool sqlite_name_is_elsewhere(const struct schema *schema, enum plan_array array, const char *name, const char *table)
{
    size_t begin = array == ARRAY_INDEXES ? 0 : schema->object_starts[OBJECT_TRIGGER];
    size_t end = array == ARRAY_INDEXES ? schema->index_count : schema->object_starts[OBJECT_TRIGGER + 1];
    for (size_t i = begin; i < end; i++) {
        uint32_t found = array == ARRAY_INDEXES ? schema->indexes[i].name : schema->objects[i].name;
        uint32_t relation = array == ARRAY_INDEXES ? schema->relations[schema->indexes[i].relation].name
                                                   : schema->objects[i].relation_name;
        if (strcasecmp(schema_text(schema, found), name) == 0 &&
            (!table || strcasecmp(schema_text(schema, relation), table) != 0))
            return true;
    }
    return false;
}

/* A name that another table's index or trigger has is free only when that is dropped. */
static unsigned stage_of_new_part(const struct sqlite_table *table, enum plan_array array, int64_t index,
                                  unsigned stage)
{
    const struct schema *target = table->maker->target;
    uint32_t name = array == ARRAY_INDEXES ? target->indexes[index].name : target->objects[index].name;
    if (sqlite_name_is_elsewhere(table->maker->current, array, schema_text(target, name), table->name))
        return STAGE_BREAK;
    if (array == ARRAY_INDEXES && (target->indexes[index].flags & INDEX_UNIQUE))
        return STAGE_MEND;
    return stage;
}

static unsigned stage_of_item(const struct sqlite_table *table, const struct drift_item *item)
{
    unsigned stage = STAGE_MEND;
    for (size_t i = 0; i < ARRAY_LENGTH(stages); i++) {
        if ((stages[i].kind == DRIFT_KINDS || stages[i].kind == item->kind) && stages[i].change == item->change &&
            (!stages[i].attribute || (item->attribute && strcmp(stages[i].attribute, item->attribute) == 0))) {
            stage = stages[i].stage;
            break;
        }
    }
    if (item->kind == DRIFT_COLUMN && item->change == DRIFT_MISSING)
        return stage_of_new_column(table->maker, table->maker->target, target_column(table, item->place.reference));
    if (item->kind == DRIFT_COLUMN && item->change == DRIFT_CHANGED && strcmp(item->attribute, "nullable") == 0)
        return target_column(table, item->place.reference)->flags & COLUMN_NULLABLE ? stage : STAGE_BREAK;
    if ((item->kind == DRIFT_INDEX || item->kind == DRIFT_TRIGGER) && item->change == DRIFT_MISSING &&
        !item->reference_is_constraint)
        return stage_of_new_part(table, plan_array_of(item->kind), item->place.reference, stage);
    if (item->kind == DRIFT_TABLE && item->change == DRIFT_CHANGED &&
        sqlite_relation_of(table, SIDE_TARGET)->kind == RELATION_VIRTUAL)
        return STAGE_BREAK;
    if (item->kind == DRIFT_VIEW && item->change == DRIFT_CHANGED) {
        unsigned earliest = sqlite_stage_of_view(table->maker, sqlite_relation_of(table, SIDE_TARGET));
        return earliest > stage ? earliest : stage;
    }
    return stage;
}

static struct sqlite_move *find_move(const struct sqlite_table *table, enum plan_array array, int64_t current,
                                     int64_t target)
{
    for (size_t i = 0; i < table->move_count; i++) {
        struct sqlite_move *move = &table->moves[i];
        if (move->array == array &&
            ((current >= 0 && move->current == current) || (target >= 0 && move->target == target)))
            return move;
    }
    return NULL;
}

enum plan_array sqlite_item_array(const struct drift_item *item, enum plan_side side)
{
    bool constraint = side == SIDE_CURRENT ? item->live_is_constraint : item->reference_is_constraint;
    return constraint ? ARRAY_CONSTRAINTS : plan_array_of(item->kind);
}

static unsigned latest(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

unsigned sqlite_item_stage(const struct sqlite_table *table, const struct drift_item *item)
{
    const struct sqlite_move *current = find_move(table, sqlite_item_array(item, SIDE_CURRENT), item->place.live, -1);
    const struct sqlite_move *target =
        find_move(table, sqlite_item_array(item, SIDE_TARGET), -1, item->place.reference);
    return latest(current ? current->stage : 0, target ? target->stage : 0);
}

/* What is dropped and what is made in its place are one move, in the later of their stages. */
static void add_move(struct sqlite_table *table, enum plan_array array, int64_t current, int64_t target, unsigned stage)
{
    struct sqlite_move *move = find_move(table, array, current, target);
    if (!move && table->move_count < table->move_capacity) {
        move = &table->moves[table->move_count++];
        *move = (struct sqlite_move){.array = array, .current = -1, .target = -1};
    }
    if (!move)
        return;
    move->current = current >= 0 ? current : move->current;
    move->target = target >= 0 ? target : move->target;
    move->stage = latest(move->stage, stage);
}

/* The stage in which a column of that name enters (SIDE_TARGET) or leaves (SIDE_CURRENT) the table; 0: neither. */
static unsigned column_stage(const struct sqlite_table *table, enum plan_side side, const char *name)
{
    const struct schema *schema = sqlite_schema_of(table->maker, side);
    for (size_t i = 0; i < table->move_count; i++) {
        const struct sqlite_move *move = &table->moves[i];
        int64_t here = side == SIDE_TARGET ? move->target : move->current;
        int64_t there = side == SIDE_TARGET ? move->current : move->target;
        if (move->array == ARRAY_COLUMNS && here >= 0 && there < 0 &&
            strcasecmp(schema_text(schema, schema->columns[here].name), name) == 0)
            return move->stage;
    }
    return 0;
}

static unsigned list_stage(const struct sqlite_table *table, enum plan_side side, struct text_list names)
{
    const struct schema *schema = sqlite_schema_of(table->maker, side);
    unsigned stage = 0;
    for (uint32_t i = 0; i < names.count; i++)
        stage = latest(stage, column_stage(table, side, schema_text(schema, schema->lists[names.first + i])));
    return stage;
}

/* The same of every column that an expression mentions. */
static unsigned text_stage(const struct sqlite_table *table, enum plan_side side, uint32_t text)
{
    const struct schema *schema = sqlite_schema_of(table->maker, side);
    unsigned stage = 0;
    for (size_t i = 0; text && i < table->move_count; i++) {
        const struct sqlite_move *move = &table->moves[i];
        int64_t here = side == SIDE_TARGET ? move->target : move->current;
        int64_t there = side == SIDE_TARGET ? move->current : move->target;
        if (move->array == ARRAY_COLUMNS && here >= 0 && there < 0 &&
            plan_mentions_word(schema_text(schema, text), schema_text(schema, schema->columns[here].name)))
            stage = latest(stage, move->stage);
    }
    return stage;
}

static unsigned constraint_needs(const struct sqlite_table *table, enum plan_side side, uint32_t index)
{
    const struct schema_constraint *constraint = &sqlite_schema_of(table->maker, side)->constraints[index];
    return latest(list_stage(table, side, constraint->columns), text_stage(table, side, constraint->expression));
}

static unsigned index_needs(const struct sqlite_table *table, enum plan_side side, uint32_t at)
{
    const struct schema *schema = sqlite_schema_of(table->maker, side);
    const struct schema_index *index = &schema->indexes[at];
    unsigned stage = text_stage(table, side, index->predicate);
    for (uint32_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        stage =
            latest(stage, part->flags & PART_EXPRESSION ? text_stage(table, side, part->text)
                                                        : column_stage(table, side, schema_text(schema, part->text)));
    }
    return stage;
}

/* Whether a foreign key's target is there on one side only: such keys hang on it, and have no item of their own. */
static bool target_is_alone(const struct sqlite_table *table, enum plan_side side, uint32_t index)
{
    const struct schema *schema = sqlite_schema_of(table->maker, side);
    const struct schema *other = sqlite_schema_of(table->maker, side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET);
    const struct schema_constraint *key = &schema->constraints[index];
    const char *name = schema_text(schema, key->referenced_table);
    const struct schema_relation *here = schema_find_relation(schema, NULL, name);
    const struct schema_relation *there = schema_find_relation(other, NULL, name);
    if (key->kind != CONSTRAINT_FOREIGN_KEY || !here)
        return false;
    for (uint32_t i = 0; there && i < key->referenced_columns.count; i++) {
        const char *column = schema_text(schema, schema->lists[key->referenced_columns.first + i]);
        if (schema_find_column(schema, here, column) && !schema_find_column(other, there, column))
            return true;
    }
    return !there;
}

static void add_canonical(const struct schema *schema, enum plan_array array, uint32_t index, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    if (array == ARRAY_INDEXES)
        sqlite_sql_index(schema, &schema->indexes[index], "", &text);
    else
        sqlite_sql_constraint(schema, &schema->constraints[index], false, &text);
    dialect_sqlite.canonical(TEXT_BODY, strbuf_text(&text), "", out);
    out->failed |= !strbuf_ok(&text);
}

/* What may take the place of something on the other side: the same name, or both primary keys. */
static bool is_namesake(const struct sqlite_table *table, enum plan_array array, uint32_t current, uint32_t target)
{
    const struct schema *schemas[2] = {table->maker->current, table->maker->target};
    if (array == ARRAY_INDEXES)
        return strcasecmp(schema_text(schemas[0], schemas[0]->indexes[current].name),
                          schema_text(schemas[1], schemas[1]->indexes[target].name)) == 0;
    const struct schema_constraint *a = &schemas[0]->constraints[current];
    const struct schema_constraint *b = &schemas[1]->constraints[target];
    if (a->kind == CONSTRAINT_PRIMARY_KEY && b->kind == CONSTRAINT_PRIMARY_KEY)
        return true;
    return a->name && b->name && strcasecmp(schema_text(schemas[0], a->name), schema_text(schemas[1], b->name)) == 0;
}

struct run {
    uint32_t first;
    uint32_t count;
};

static struct run run_of(const struct sqlite_table *table, enum plan_array array, enum plan_side side)
{
    const struct schema_relation *relation = sqlite_relation_of(table, side);
    return array == ARRAY_INDEXES ? (struct run){relation->first_index, relation->index_count}
                                  : (struct run){relation->first_constraint, relation->constraint_count};
}

static bool is_touched(const struct sqlite_table *table, enum plan_array array, enum plan_side side, uint32_t index)
{
    const struct sqlite_plan *plan = table->maker->engine;
    const bool *touched = plan->touched[side][array];
    return (touched && touched[index]) || find_move(table, array, side == SIDE_CURRENT ? (int64_t)index : -1,
                                                    side == SIDE_TARGET ? (int64_t)index : -1);
}

/* The untouched thing of the other side that is equal (`namesake`: takes its place), or -1. */
static int64_t find_partner(const struct sqlite_table *table, enum plan_array array, enum plan_side side,
                            uint32_t index, bool namesake)
{
    enum plan_side other = side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT;
    struct run run = run_of(table, array, other);
    cleanup(strbuf) struct strbuf mine = STRBUF(LIMIT_DEFINITION_BYTES);
    cleanup(strbuf) struct strbuf theirs = STRBUF(LIMIT_DEFINITION_BYTES);
    add_canonical(sqlite_schema_of(table->maker, side), array, index, &mine);
    for (uint32_t i = run.first; i < run.first + run.count; i++) {
        if (is_touched(table, array, other, i))
            continue;
        if (namesake) {
            if (is_namesake(table, array, side == SIDE_CURRENT ? index : i, side == SIDE_CURRENT ? i : index))
                return i;
            continue;
        }
        strbuf_clear(&theirs);
        add_canonical(sqlite_schema_of(table->maker, other), array, i, &theirs);
        if (strcmp(strbuf_text(&mine), strbuf_text(&theirs)) == 0)
            return i;
    }
    if (!strbuf_ok(&mine) || !strbuf_ok(&theirs))
        table->maker->failed = true;
    return -1;
}

/* A foreign key over a column that ALTER TABLE adds can come with it. */
static unsigned hanging_stage(const struct sqlite_table *table, enum plan_array array, enum plan_side side,
                              uint32_t index, unsigned needs)
{
    const struct schema_constraint *constraint = &sqlite_schema_of(table->maker, side)->constraints[index];
    if (side == SIDE_CURRENT)
        return STAGE_BREAK;
    if (array == ARRAY_INDEXES)
        return latest(needs, stage_of_new_part(table, ARRAY_INDEXES, index, STAGE_ADD));
    bool rides = needs == STAGE_ADD && constraint->kind == CONSTRAINT_FOREIGN_KEY && constraint->columns.count == 1;
    return rides ? needs : latest(needs, STAGE_MEND);
}

/* New columns come with the constraints that hang on them: both in one table that is built anew. */
static void delay_columns(struct sqlite_table *table, uint32_t index, unsigned stage)
{
    const struct schema *target = table->maker->target;
    const struct schema_constraint *constraint = &target->constraints[index];
    for (size_t i = 0; i < table->move_count; i++) {
        struct sqlite_move *move = &table->moves[i];
        if (move->array != ARRAY_COLUMNS || move->current >= 0)
            continue;
        const char *name = schema_text(target, target->columns[move->target].name);
        bool used = constraint->expression && plan_mentions_word(schema_text(target, constraint->expression), name);
        for (uint32_t k = 0; k < constraint->columns.count; k++)
            used |= strcasecmp(schema_text(target, target->lists[constraint->columns.first + k]), name) == 0;
        if (used)
            move->stage = latest(move->stage, stage);
    }
}

/* Keys, checks and indexes without an item that hang on something that one side lacks. */
static void add_hanging(struct sqlite_table *table, enum plan_array array, enum plan_side side)
{
    struct run run = run_of(table, array, side);
    for (uint32_t i = run.first; i < run.first + run.count; i++) {
        unsigned needs = array == ARRAY_INDEXES ? index_needs(table, side, i) : constraint_needs(table, side, i);
        if (is_touched(table, array, side, i) ||
            (needs == 0 && (array == ARRAY_INDEXES || !target_is_alone(table, side, i))) ||
            find_partner(table, array, side, i, false) >= 0)
            continue;
        int64_t partner = find_partner(table, array, side, i, true);
        unsigned stage = hanging_stage(table, array, side, i, needs);
        add_move(table, array, side == SIDE_CURRENT ? (int64_t)i : partner, side == SIDE_TARGET ? (int64_t)i : partner,
                 stage);
        if (side == SIDE_TARGET && array == ARRAY_CONSTRAINTS)
            delay_columns(table, i, stage);
    }
}

static bool delay(struct sqlite_move *move, unsigned stage)
{
    bool later = stage > move->stage;
    move->stage = latest(move->stage, stage);
    return later;
}

/* The stage until which an expression of the target must not mention a column: it is not there yet, or is still made of
 * others, maybe of the one that would mention it. 0: it may. */
static unsigned unfit_until(const struct sqlite_table *table, int64_t column)
{
    const struct sqlite_move *move = find_move(table, ARRAY_COLUMNS, -1, column);
    if (!move || (move->current >= 0 && !table->maker->current->columns[move->current].generated))
        return 0;
    return move->stage;
}

/* What a generated column mentions, it waits for, and so do those that mention it, even where it does not change. */
static void spread(const struct schema *target, const struct schema_relation *relation, unsigned *waits)
{
    const struct schema_column *columns = &target->columns[relation->first_column];
    for (bool grown = true; grown;) {
        grown = false;
        for (uint32_t i = 0; i < relation->column_count; i++) {
            const char *text = schema_text(target, columns[i].generated);
            for (uint32_t k = 0; *text && k < relation->column_count; k++) {
                if (waits[k] <= waits[i] || !plan_mentions_word(text, schema_text(target, columns[k].name)))
                    continue;
                waits[i] = waits[k];
                grown = true;
            }
        }
    }
}

static bool await_generated(struct sqlite_table *table)
{
    const struct schema_relation *relation = sqlite_relation_of(table, SIDE_TARGET);
    bool delayed = false;
    cleanup(free) unsigned *waits = mem_calloc((size_t)relation->column_count + 1, sizeof *waits);
    if (!waits) {
        table->maker->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < relation->column_count; i++)
        waits[i] = unfit_until(table, (int64_t)relation->first_column + i);
    spread(table->maker->target, relation, waits);
    for (size_t i = 0; i < table->move_count; i++) {
        struct sqlite_move *move = &table->moves[i];
        if (move->array == ARRAY_COLUMNS && move->target >= 0)
            delayed |= delay(move, waits[move->target - relation->first_column]);
    }
    return delayed;
}

/* Nothing of the target stands before the columns that it mentions. */
static bool await_columns(struct sqlite_table *table)
{
    bool delayed = await_generated(table);
    for (size_t i = 0; i < table->move_count; i++) {
        struct sqlite_move *move = &table->moves[i];
        if (move->target < 0)
            continue;
        if (move->array == ARRAY_CONSTRAINTS)
            delayed |= delay(move, constraint_needs(table, SIDE_TARGET, (uint32_t)move->target));
        else if (move->array == ARRAY_INDEXES)
            delayed |= delay(move, index_needs(table, SIDE_TARGET, (uint32_t)move->target));
    }
    return delayed;
}

static const struct schema_constraint *primary_key(const struct sqlite_table *table, enum plan_side side)
{
    const struct schema *schema = sqlite_schema_of(table->maker, side);
    const struct schema_relation *relation = sqlite_relation_of(table, side);
    for (uint32_t i = 0; i < relation->constraint_count; i++) {
        if (schema->constraints[relation->first_constraint + i].kind == CONSTRAINT_PRIMARY_KEY)
            return &schema->constraints[relation->first_constraint + i];
    }
    return NULL;
}

static bool is_in_key(const struct sqlite_table *table, enum plan_side side, int64_t column)
{
    const struct schema *schema = sqlite_schema_of(table->maker, side);
    const struct schema_constraint *key = primary_key(table, side);
    for (uint32_t i = 0; key && i < key->columns.count; i++) {
        if (strcasecmp(schema_text(schema, schema->lists[key->columns.first + i]),
                       schema_text(schema, schema->columns[column].name)) == 0)
            return true;
    }
    return false;
}

/* What must change together: the primary key with its columns, with AUTOINCREMENT and with WITHOUT ROWID; STRICT with
 * the types that it allows. */
static bool belongs_to_group(const struct sqlite_table *table, const struct sqlite_move *move)
{
    const struct schema *schemas[2] = {table->maker->current, table->maker->target};
    int64_t at[2] = {move->current, move->target};
    if (move->array == ARRAY_RELATIONS)
        return true;
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        if (at[side] < 0)
            continue;
        if (move->array == ARRAY_CONSTRAINTS && schemas[side]->constraints[at[side]].kind == CONSTRAINT_PRIMARY_KEY)
            return true;
        if (move->array == ARRAY_COLUMNS &&
            ((schemas[side]->columns[at[side]].flags & COLUMN_AUTO_INCREMENT) || is_in_key(table, side, at[side])))
            return true;
    }
    return false;
}

static bool move_groups_together(struct sqlite_table *table)
{
    bool options = find_move(table, ARRAY_RELATIONS, table->relation[SIDE_CURRENT], -1) != NULL;
    bool delayed = false;
    unsigned stage = 0;
    for (size_t i = 0; i < table->move_count; i++) {
        const struct sqlite_move *move = &table->moves[i];
        if (belongs_to_group(table, move) || (options && move->array == ARRAY_COLUMNS))
            stage = latest(stage, move->stage);
    }
    for (size_t i = 0; i < table->move_count; i++) {
        struct sqlite_move *move = &table->moves[i];
        if (belongs_to_group(table, move) || (options && move->array == ARRAY_COLUMNS))
            delayed |= delay(move, stage);
    }
    return delayed;
}

/* A unique index where a unique constraint should be, or the other way round, is one thing out and another in. */
static void add_item(struct sqlite_table *table, const struct drift_item *item)
{
    enum plan_array current = sqlite_item_array(item, SIDE_CURRENT);
    enum plan_array target = sqlite_item_array(item, SIDE_TARGET);
    unsigned stage = stage_of_item(table, item);
    if (current == target) {
        add_move(table, current, item->place.live, item->place.reference, stage);
        return;
    }
    if (item->place.live >= 0)
        add_move(table, current, item->place.live, -1, stage);
    if (item->place.reference >= 0)
        add_move(table, target, -1, item->place.reference, stage);
}

static bool same_not_null(const struct schema *const schemas[static 2],
                          const struct schema_column *const columns[static 2])
{
    const char *conflicts[2] = {NULL};
    for (size_t i = 0; i < 2; i++) {
        conflicts[i] = schema_attribute_text(schemas[i], columns[i]->attributes, ATTRIBUTE_NOT_NULL_CONFLICT);
        conflicts[i] = conflicts[i] ? conflicts[i] : "";
    }
    return !((columns[0]->flags ^ columns[1]->flags) & COLUMN_NULLABLE) && strcmp(conflicts[0], conflicts[1]) == 0;
}

/* Where a key makes its columns NOT NULL, their items are the key's: they follow it. */
static void add_columns_of_key(struct sqlite_table *table, enum plan_side side, unsigned stage)
{
    const struct schema *schemas[2] = {table->maker->current, table->maker->target};
    const struct schema_constraint *key = primary_key(table, side);
    for (uint32_t i = 0; key && i < key->columns.count; i++) {
        const char *name = schema_text(schemas[side], schemas[side]->lists[key->columns.first + i]);
        const struct schema_column *columns[2] = {
            schema_find_column(schemas[0], sqlite_relation_of(table, SIDE_CURRENT), name),
            schema_find_column(schemas[1], sqlite_relation_of(table, SIDE_TARGET), name),
        };
        if (!columns[0] || !columns[1] || same_not_null(schemas, columns))
            continue;
        int64_t current = columns[0] - schemas[0]->columns;
        int64_t target = columns[1] - schemas[1]->columns;
        if (!is_touched(table, ARRAY_COLUMNS, SIDE_CURRENT, (uint32_t)current))
            add_move(table, ARRAY_COLUMNS, current, target, stage);
    }
}

static void add_keys_columns(struct sqlite_table *table)
{
    const struct schema_constraint *keys[2] = {primary_key(table, SIDE_CURRENT), primary_key(table, SIDE_TARGET)};
    const struct sqlite_move *move = find_move(table, ARRAY_RELATIONS, table->relation[SIDE_CURRENT], -1);
    if (!move && keys[0])
        move = find_move(table, ARRAY_CONSTRAINTS, keys[0] - table->maker->current->constraints, -1);
    if (!move && keys[1])
        move = find_move(table, ARRAY_CONSTRAINTS, -1, keys[1] - table->maker->target->constraints);
    if (!move)
        return;
    unsigned stage = move->stage;
    add_columns_of_key(table, SIDE_CURRENT, stage);
    add_columns_of_key(table, SIDE_TARGET, stage);
}

static size_t most_moves(const struct sqlite_table *table, size_t items)
{
    size_t most = 2 * items + 1;
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        const struct schema_relation *relation = sqlite_relation_of(table, side);
        most += (size_t)relation->constraint_count + relation->index_count + relation->column_count;
    }
    return most;
}

bool sqlite_find_moves(struct sqlite_table *table, const struct drift_item *const *items, size_t count)
{
    table->move_capacity = most_moves(table, count);
    table->moves = arena_array(table->maker->arena, table->move_capacity, sizeof *table->moves);
    if (!table->moves) {
        table->maker->failed = true;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        add_item(table, items[i]);
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        add_hanging(table, ARRAY_CONSTRAINTS, side);
        add_hanging(table, ARRAY_INDEXES, side);
    }
    add_keys_columns(table);
    for (bool delayed = true; delayed;) { /* what one delays, the other may have to follow */
        delayed = await_columns(table);
        delayed |= move_groups_together(table);
    }
    return !table->maker->failed;
}
