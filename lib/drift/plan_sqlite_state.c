/* SPDX-License-Identifier: Apache-2.0
 *
 * The states of a relation between the stages.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/sqlite_sql.h"
#include "drift/plan_sqlite.h"

bool sqlite_set_has(const struct sqlite_set *set, struct sqlite_element element)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].side == element.side && set->items[i].index == element.index)
            return true;
    }
    return false;
}

const char *sqlite_element_name(const struct plan_maker *maker, enum plan_array array, struct sqlite_element element)
{
    const struct schema *schema = sqlite_schema_of(maker, element.side);
    uint32_t name = array == ARRAY_COLUMNS       ? schema->columns[element.index].name
                    : array == ARRAY_INDEXES     ? schema->indexes[element.index].name
                    : array == ARRAY_OBJECTS     ? schema->objects[element.index].name
                    : array == ARRAY_CONSTRAINTS ? schema->constraints[element.index].name
                                                 : schema->relations[element.index].name;
    return schema_text(schema, name);
}

const struct sqlite_element *sqlite_state_column(const struct sqlite_table *table, const struct sqlite_state *state,
                                                 const char *name)
{
    const struct sqlite_set *columns = &state->sets[ARRAY_COLUMNS];
    for (size_t i = 0; i < columns->count; i++) {
        if (strcasecmp(sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i]), name) == 0)
            return &columns->items[i];
    }
    return NULL;
}

const struct schema_relation *sqlite_state_relation(const struct sqlite_table *table, const struct sqlite_state *state,
                                                    const struct schema **ret_schema)
{
    struct sqlite_element element = state->sets[ARRAY_RELATIONS].items[0];
    *ret_schema = sqlite_schema_of(table->maker, element.side);
    return &(*ret_schema)->relations[element.index];
}

/* A copy with room for `more`. */
static struct sqlite_set copy_set(struct plan_maker *maker, const struct sqlite_set *set, size_t more)
{
    struct sqlite_set copy = {.items = arena_array(maker->arena, set->count + more + 1, sizeof *copy.items)};
    if (!copy.items) {
        maker->failed = true;
        return copy;
    }
    if (set->count)
        memcpy(copy.items, set->items, set->count * sizeof *copy.items);
    copy.count = set->count;
    return copy;
}

static void add_run(struct sqlite_table *table, struct sqlite_set *set, uint32_t first, uint32_t count)
{
    *set = copy_set(table->maker, set, count);
    for (uint32_t i = 0; set->items && i < count; i++)
        set->items[set->count++] = (struct sqlite_element){SIDE_CURRENT, first + i};
}

static void add_triggers(struct sqlite_table *table, struct sqlite_set *set)
{
    const struct schema *schema = table->maker->current;
    const struct schema_relation *relation = sqlite_relation_of(table, SIDE_CURRENT);
    size_t end = schema->object_starts[OBJECT_TRIGGER + 1];
    for (size_t i = schema->object_starts[OBJECT_TRIGGER]; i < end; i++) {
        if (strcmp(schema_text(schema, schema->objects[i].relation_name), schema_text(schema, relation->name)) == 0)
            add_run(table, set, (uint32_t)i, 1);
    }
}

static void find_first_state(struct sqlite_table *table, struct sqlite_state *state)
{
    const struct schema_relation *relation = sqlite_relation_of(table, SIDE_CURRENT);
    add_run(table, &state->sets[ARRAY_RELATIONS], table->relation[SIDE_CURRENT], 1);
    add_run(table, &state->sets[ARRAY_COLUMNS], relation->first_column, relation->column_count);
    add_run(table, &state->sets[ARRAY_CONSTRAINTS], relation->first_constraint, relation->constraint_count);
    add_run(table, &state->sets[ARRAY_INDEXES], relation->first_index, relation->index_count);
    add_triggers(table, &state->sets[ARRAY_OBJECTS]);
}

static void apply_move(struct sqlite_set *set, const struct sqlite_move *move)
{
    struct sqlite_element made = {SIDE_TARGET, (uint32_t)move->target};
    for (size_t i = 0; move->current >= 0 && i < set->count; i++) {
        if (set->items[i].side != SIDE_CURRENT || set->items[i].index != (uint32_t)move->current)
            continue;
        if (move->target >= 0) {
            set->items[i] = made;
            return;
        }
        memmove(&set->items[i], &set->items[i + 1], (set->count - i - 1) * sizeof *set->items);
        set->count--;
        return;
    }
    if (move->target >= 0)
        set->items[set->count++] = made;
}

static int compare_moves(const void *a, const void *b)
{
    const struct sqlite_move *left = a;
    const struct sqlite_move *right = b;
    if (left->stage != right->stage)
        return left->stage < right->stage ? -1 : 1;
    return left->target < right->target ? -1 : left->target > right->target;
}

/* A column's place in the target, which a table that is built anew gets right; those that it lacks come last. */
struct placed_column {
    struct sqlite_element element;
    uint32_t place;
};

static int compare_places(const void *a, const void *b)
{
    const struct placed_column *left = a;
    const struct placed_column *right = b;
    return left->place < right->place ? -1 : left->place > right->place;
}

static void order_columns(struct sqlite_table *table, struct sqlite_set *columns)
{
    const struct schema *target = table->maker->target;
    const struct schema_relation *relation = sqlite_relation_of(table, SIDE_TARGET);
    struct placed_column *placed = arena_array(table->maker->arena, columns->count + 1, sizeof *placed);
    if (!placed) {
        table->maker->failed = true;
        return;
    }
    for (size_t i = 0; i < columns->count; i++) {
        const char *name = sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i]);
        placed[i] = (struct placed_column){columns->items[i], (uint32_t)(target->column_count + i)};
        for (uint32_t k = 0; k < relation->column_count; k++) {
            const struct schema_column *column = &target->columns[relation->first_column + k];
            if (strcasecmp(schema_text(target, column->name), name) == 0)
                placed[i].place = k;
        }
    }
    qsort(placed, columns->count, sizeof *placed, compare_places);
    for (size_t i = 0; i < columns->count; i++)
        columns->items[i] = placed[i].element;
}

static bool same_set(const struct sqlite_set *a, const struct sqlite_set *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!sqlite_set_has(b, a->items[i]))
            return false;
    }
    return true;
}

static bool same_order(const struct sqlite_set *a, const struct sqlite_set *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (a->items[i].side != b->items[i].side || a->items[i].index != b->items[i].index)
            return false;
    }
    return true;
}

/* Whether `small` is `large` without some of it. */
static bool is_part_of(const struct sqlite_set *small, const struct sqlite_set *large)
{
    for (size_t i = 0; i < small->count; i++) {
        if (!sqlite_set_has(large, small->items[i]))
            return false;
    }
    return true;
}

/* The one column of those that only `to` has with which a constraint can stand, or NULL. */
static bool stands_with_new_column(const struct sqlite_table *table, const struct sqlite_state *from,
                                   const struct sqlite_state *to, struct sqlite_element constraint)
{
    const struct sqlite_set *columns = &to->sets[ARRAY_COLUMNS];
    for (size_t i = 0; i < columns->count; i++) {
        if (!sqlite_set_has(&from->sets[ARRAY_COLUMNS], columns->items[i]) &&
            sqlite_constraint_is_of(table->maker, constraint, columns->items[i]))
            return true;
    }
    return false;
}

bool sqlite_constraint_is_of(const struct plan_maker *maker, struct sqlite_element constraint,
                             struct sqlite_element column)
{
    const struct schema *schema = sqlite_schema_of(maker, constraint.side);
    const struct schema_constraint *found = &schema->constraints[constraint.index];
    const char *name = sqlite_element_name(maker, ARRAY_COLUMNS, column);
    return found->kind == CONSTRAINT_FOREIGN_KEY && found->columns.count == 1 &&
           strcasecmp(schema_text(schema, schema->lists[found->columns.first]), name) == 0;
}

/* Whether an index of a state mentions a column: in double quotes that is a text where there is no such column. */
static bool is_indexed(const struct sqlite_table *table, const struct sqlite_state *state, struct sqlite_element column)
{
    const struct sqlite_set *indexes = &state->sets[ARRAY_INDEXES];
    for (size_t i = 0; i < indexes->count; i++) {
        const char *text = sqlite_stored_text(table->maker, ARRAY_INDEXES, indexes->items[i]);
        if (plan_mentions_word(text, sqlite_element_name(table->maker, ARRAY_COLUMNS, column)))
            return true;
    }
    return false;
}

/* Whether an index holds a text in double quotes that a new column would make a column of: it has to be made again. */
static bool becomes_column(const struct sqlite_table *table, const struct sqlite_state *from,
                           struct sqlite_element column)
{
    struct plan_maker *maker = table->maker;
    return is_indexed(table, from, column) &&
           (sqlite_quotes_texts(maker->current, &maker->failed) || sqlite_quotes_texts(maker->target, &maker->failed));
}

/* Whether a new column is made of one that would only be added behind it. */
static bool mentions_later(const struct sqlite_table *table, const struct sqlite_state *from,
                           const struct sqlite_set *columns, size_t at)
{
    const struct schema *schema = sqlite_schema_of(table->maker, columns->items[at].side);
    const char *text = schema_text(schema, schema->columns[columns->items[at].index].generated);
    for (size_t i = at + 1; *text && i < columns->count; i++) {
        if (!sqlite_set_has(&from->sets[ARRAY_COLUMNS], columns->items[i]) &&
            plan_mentions_word(text, sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i])))
            return true;
    }
    return false;
}

/* ALTER TABLE takes columns without a key, stored value or expression; NOT NULL only with a default. For a check, a
 * generated column that is not null and a STRICT table it reads the table through a pragma, which locks the file under
 * its other name, so that the transaction could not commit. */
static bool can_add(const struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to)
{
    const struct sqlite_set *constraints = &to->sets[ARRAY_CONSTRAINTS];
    const struct schema *schema = NULL;
    const struct schema_relation *relation = sqlite_state_relation(table, to, &schema);
    if (!is_part_of(&from->sets[ARRAY_CONSTRAINTS], constraints) ||
        schema_has_attribute(schema, relation->attributes, ATTRIBUTE_STRICT))
        return false;
    for (size_t i = 0; i < constraints->count; i++) {
        if (!sqlite_set_has(&from->sets[ARRAY_CONSTRAINTS], constraints->items[i]) &&
            !stands_with_new_column(table, from, to, constraints->items[i]))
            return false;
    }
    for (size_t i = 0; i < to->sets[ARRAY_COLUMNS].count; i++) {
        struct sqlite_element column = to->sets[ARRAY_COLUMNS].items[i];
        if (!sqlite_set_has(&from->sets[ARRAY_COLUMNS], column) &&
            (!sqlite_column_can_be_added(table->maker, column) || becomes_column(table, from, column) ||
             mentions_later(table, from, &to->sets[ARRAY_COLUMNS], i)))
            return false;
    }
    return true;
}

/* Whether anything that stays mentions a column. */
static bool is_used(const struct sqlite_table *table, const struct sqlite_state *state, struct sqlite_element column)
{
    const char *name = sqlite_element_name(table->maker, ARRAY_COLUMNS, column);
    const struct sqlite_set *constraints = &state->sets[ARRAY_CONSTRAINTS];
    for (size_t i = 0; i < constraints->count; i++) {
        cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
        const struct schema *schema = sqlite_schema_of(table->maker, constraints->items[i].side);
        sqlite_sql_constraint(schema, &schema->constraints[constraints->items[i].index], false, &text);
        if (!strbuf_ok(&text) || plan_mentions_word(strbuf_text(&text), name))
            return true;
    }
    for (size_t i = 0; i < state->sets[ARRAY_COLUMNS].count; i++) {
        struct sqlite_element other = state->sets[ARRAY_COLUMNS].items[i];
        const struct schema *schema = sqlite_schema_of(table->maker, other.side);
        if (plan_mentions_word(schema_text(schema, schema->columns[other.index].generated), name))
            return true;
    }
    return false;
}

/* ALTER TABLE drops columns that nothing mentions, their own constraints included. */
static bool can_drop(const struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to)
{
    if (!same_set(&from->sets[ARRAY_CONSTRAINTS], &to->sets[ARRAY_CONSTRAINTS]))
        return false;
    for (size_t i = 0; i < from->sets[ARRAY_COLUMNS].count; i++) {
        struct sqlite_element column = from->sets[ARRAY_COLUMNS].items[i];
        if (!sqlite_set_has(&to->sets[ARRAY_COLUMNS], column) &&
            (is_used(table, from, column) || is_indexed(table, to, column)))
            return false;
    }
    return to->sets[ARRAY_COLUMNS].count > 0 && sqlite_can_drop_columns(table->maker);
}

enum sqlite_way sqlite_way_between(const struct sqlite_table *table, const struct sqlite_state *from,
                                   const struct sqlite_state *to)
{
    const struct sqlite_set *before = &from->sets[ARRAY_COLUMNS];
    const struct sqlite_set *after = &to->sets[ARRAY_COLUMNS];
    bool same_columns = same_set(before, after) && same_order(before, after);
    bool same_constraints = same_set(&from->sets[ARRAY_CONSTRAINTS], &to->sets[ARRAY_CONSTRAINTS]);
    if (!same_set(&from->sets[ARRAY_RELATIONS], &to->sets[ARRAY_RELATIONS]))
        return WAY_REBUILD;
    if (same_columns && same_constraints)
        return same_set(&from->sets[ARRAY_INDEXES], &to->sets[ARRAY_INDEXES]) &&
                       same_set(&from->sets[ARRAY_OBJECTS], &to->sets[ARRAY_OBJECTS])
                   ? WAY_NOTHING
                   : WAY_PARTS;
    if (after->count > before->count && same_order(before, after) && can_add(table, from, to))
        return WAY_ADD;
    if (after->count < before->count && is_part_of(after, before) && can_drop(table, from, to))
        return WAY_DROP;
    return WAY_REBUILD;
}

static void add_text(struct sqlite_state *state, const char *text)
{
    for (size_t i = 0; text && i < state->text_count; i++) {
        if (strcmp(state->texts[i], text) == 0)
            return;
    }
    if (text && state->text_count < SQLITE_TEXTS)
        state->texts[state->text_count++] = text;
}

/* What ALTER TABLE makes of a text on the way from one state to the next; NULL where it cannot be told. */
static const char *altered_text(struct sqlite_table *table, const struct sqlite_state *from,
                                const struct sqlite_state *to, enum sqlite_way way, const char *text)
{
    const struct sqlite_set *more = &(way == WAY_ADD ? to : from)->sets[ARRAY_COLUMNS];
    const struct sqlite_set *less = &(way == WAY_ADD ? from : to)->sets[ARRAY_COLUMNS];
    for (size_t i = 0; text && i < more->count; i++) {
        if (sqlite_set_has(less, more->items[i]))
            continue;
        text = way == WAY_ADD
                   ? sqlite_text_with_column(table->maker, text, sqlite_column_text(table, from, to, more->items[i]))
                   : sqlite_text_without_column(table->maker, text,
                                                sqlite_element_name(table->maker, ARRAY_COLUMNS, more->items[i]));
    }
    return text;
}

static void add_altered(struct sqlite_table *table, const struct sqlite_state *from, struct sqlite_state *to,
                        enum sqlite_way way)
{
    for (size_t i = 0; i < from->text_count && !table->maker->failed; i++)
        add_text(to, way == WAY_ADD || way == WAY_DROP ? altered_text(table, from, to, way, from->texts[i])
                                                       : from->texts[i]);
}

/* Every text with which the states can be stored, coming from below and, on the way back, from above. */
static void find_texts(struct sqlite_table *table)
{
    struct sqlite_state *states = table->states;
    for (size_t i = 0; i < SQLITE_STATES; i++)
        states[i].made = sqlite_made_text(table, &states[i], table->name);
    add_text(&states[0], sqlite_stored_text(table->maker, ARRAY_RELATIONS, states[0].sets[ARRAY_RELATIONS].items[0]));
    for (size_t i = 1; i < SQLITE_STATES && !table->maker->failed; i++) {
        enum sqlite_way way = sqlite_way_between(table, &states[i - 1], &states[i]);
        if (way == WAY_REBUILD)
            add_text(&states[i], states[i].made);
        else
            add_altered(table, &states[i - 1], &states[i], way);
    }
    for (size_t i = SQLITE_STATES - 1; i > 0 && !table->maker->failed; i--) {
        enum sqlite_way way = sqlite_way_between(table, &states[i], &states[i - 1]);
        if (way == WAY_REBUILD)
            add_text(&states[i - 1], states[i - 1].made);
        else
            add_altered(table, &states[i], &states[i - 1], way);
    }
}

void sqlite_find_states(struct sqlite_table *table)
{
    struct plan_maker *maker = table->maker;
    find_first_state(table, &table->states[0]);
    if (table->move_count)
        qsort(table->moves, table->move_count, sizeof *table->moves, compare_moves);
    for (unsigned stage = 1; stage < SQLITE_STATES && !maker->failed; stage++) {
        struct sqlite_state *state = &table->states[stage];
        for (size_t i = 0; i < PLAN_ARRAYS; i++)
            state->sets[i] = copy_set(maker, &table->states[stage - 1].sets[i], table->move_count);
        for (size_t i = 0; i < table->move_count && !maker->failed; i++) {
            if (table->moves[i].stage == stage)
                apply_move(&state->sets[table->moves[i].array], &table->moves[i]);
        }
        if (!maker->failed && sqlite_way_between(table, &table->states[stage - 1], state) == WAY_REBUILD)
            order_columns(table, &state->sets[ARRAY_COLUMNS]);
    }
    if (!maker->failed)
        find_texts(table);
}
