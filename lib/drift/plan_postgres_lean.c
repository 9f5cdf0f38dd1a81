/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/plan_postgres_lean.h"

#include <string.h>

#include "drift/plan_postgres_text.h"
#include "drift/plan_words.h"

/* Kinds are dropped in this order: the ranks of views lie between. */
enum {
    RANK_DEFAULT = 0,
    RANK_GENERATED = 1,
    RANK_INDEX = 2,
    RANK_CHECK = 3,
    RANK_FOREIGN_KEY = 4,
    RANK_ROUTINE = 5,
    RANK_VIEWS = 6,
    RANK_VIEW_INDEX = 1 << 29,
    RANK_POLICY,
    RANK_TRIGGER,
};

static bool is_listed(const struct postgres_lean *lean, const struct postgres_leaner *leaner)
{
    for (size_t i = 0; i < lean->count; i++)
        if (lean->all[i].array == leaner->array && lean->all[i].present == leaner->present &&
            lean->all[i].is_default == leaner->is_default)
            return true;
    return false;
}

static bool has_item(const struct plan_task *task, const char *first, const char *second)
{
    for (size_t i = 0; i < task->item_count; i++)
        if (task->items[i]->attribute &&
            (strcmp(task->items[i]->attribute, first) == 0 || strcmp(task->items[i]->attribute, second) == 0))
            return true;
    return false;
}

/* The stage of a step of its own that makes the thing as the target has it; 0: there is none. */
static unsigned own_stage(struct plan_maker *maker, const struct postgres_lean *lean,
                          const struct postgres_leaner *leaner)
{
    const struct plan_task *task = plan_find_task(maker, leaner->array, SIDE_CURRENT, leaner->present);
    if (!task || task->change != DRIFT_CHANGED || leaner->wanted < 0)
        return 0;
    if (leaner->array == ARRAY_COLUMNS) {
        /* with its new expression already if it does not have to wait */
        bool generated = !leaner->is_default && postgres_changes_generation(task);
        unsigned stage = generated ? postgres_generation_stage(maker, task) : 0;
        return stage > lean->stage ? stage : 0;
    }
    if ((leaner->array == ARRAY_INDEXES || leaner->array == ARRAY_CONSTRAINTS) && task->item_count == 1 &&
        has_item(task, "name", "name"))
        return 0;
    if (leaner->array == ARRAY_RELATIONS && !postgres_redefines_view(task))
        return 0;
    if (task->item_count == 1 && has_item(task, "enabled", "enabled"))
        return 0;
    return postgres_change_stage(maker, task);
}

/* Keys, checks and indexes that are to go, or to change later, need not come back in between, where they may not fit.
 */
static bool stays_away(const struct postgres_lean *lean, const struct postgres_leaner *leaner)
{
    bool can_miss = leaner->array == ARRAY_CONSTRAINTS || leaner->array == ARRAY_INDEXES;
    return can_miss && lean->stage > 1 && (leaner->own_stage > lean->stage || leaner->wanted < 0);
}

static bool append(struct plan_maker *maker, struct postgres_lean *lean, const struct postgres_leaner *leaner)
{
    struct postgres_leaner *added = NULL;
    unsigned own = own_stage(maker, lean, leaner);
    if (lean->stage == PLAN_STAGES && leaner->wanted < 0)
        return false; /* gone by then */
    if (own && own < lean->stage)
        return false; /* no longer like that: what it is then has waited if it leans */
    if (is_listed(lean, leaner))
        return false;
    if (lean->count == lean->capacity) {
        size_t capacity = lean->capacity ? lean->capacity * 2 : 8;
        struct postgres_leaner *grown = arena_array(maker->arena, capacity, sizeof *grown);
        if (!grown) {
            maker->failed = true;
            return false;
        }
        if (lean->count)
            memcpy(grown, lean->all, lean->count * sizeof *grown);
        lean->all = grown;
        lean->capacity = capacity;
    }
    added = &lean->all[lean->count];
    *added = *leaner;
    added->sequence = lean->count++;
    added->own_stage = own;
    added->own_step = own == lean->stage || stays_away(lean, added);
    const struct plan_task *shaken = postgres_plan_of(maker)->shaken[added->array][added->present];
    added->elsewhere =
        added->own_step && shaken && postgres_step_task(maker, shaken) != postgres_step_task(maker, lean->task);
    return true;
}

/* Where a thing of the current side stands on the target's: by its name, as its task would say. */
static int64_t find_column(const struct plan_maker *maker, size_t present)
{
    const struct schema *current = maker->current;
    const struct schema_column *column = &current->columns[present];
    const struct schema_relation *table = &current->relations[column->relation];
    const struct schema_relation *other =
        schema_find_relation(maker->target, schema_text(current, table->schema), schema_text(current, table->name));
    const struct schema_column *found =
        other ? schema_find_column(maker->target, other, schema_text(current, column->name)) : NULL;
    return found ? found - maker->target->columns : DRIFT_NOWHERE;
}

static const struct schema_relation *find_table(const struct plan_maker *maker, size_t relation)
{
    const struct schema *current = maker->current;
    return schema_find_relation(maker->target, schema_text(current, current->relations[relation].schema),
                                schema_text(current, current->relations[relation].name));
}

/* Whether a column that is to go takes the constraint or index along that uses it, without an item: one of
 * its name on the other side is another one. */
static bool goes_with_column(const struct plan_maker *maker, enum plan_array array, size_t index)
{
    const struct schema *schema = maker->current;
    size_t relation =
        array == ARRAY_CONSTRAINTS ? schema->constraints[index].relation : schema->indexes[index].relation;
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *column = &schema->columns[table->first_column + i];
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, table->first_column + i);
        if (!task || task->change == DRIFT_CHANGED)
            continue;
        if (array == ARRAY_CONSTRAINTS
                ? postgres_constraint_uses(schema, &schema->constraints[index], column)
                : postgres_index_uses(schema, &schema->indexes[index], schema_text(schema, column->name)))
            return true;
    }
    return false;
}

static int64_t find_constraint(const struct plan_maker *maker, size_t present)
{
    const struct schema *current = maker->current;
    const struct plan_task *task = plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, present);
    const struct schema_relation *table = find_table(maker, current->constraints[present].relation);
    if (task)
        return task->place.reference;
    if (goes_with_column(maker, ARRAY_CONSTRAINTS, present))
        return DRIFT_NOWHERE;
    for (size_t i = 0; table && i < table->constraint_count; i++)
        if (strcmp(schema_text(maker->target, maker->target->constraints[table->first_constraint + i].name),
                   schema_text(current, current->constraints[present].name)) == 0)
            return (int64_t)(table->first_constraint + i);
    return DRIFT_NOWHERE;
}

static int64_t find_index(const struct plan_maker *maker, size_t present)
{
    const struct schema *current = maker->current;
    const struct plan_task *task = plan_find_task(maker, ARRAY_INDEXES, SIDE_CURRENT, present);
    const struct schema_relation *table = find_table(maker, current->indexes[present].relation);
    if (task)
        return task->place.reference;
    if (goes_with_column(maker, ARRAY_INDEXES, present))
        return DRIFT_NOWHERE;
    for (size_t i = 0; table && i < table->index_count; i++)
        if (strcmp(schema_text(maker->target, maker->target->indexes[table->first_index + i].name),
                   schema_text(current, current->indexes[present].name)) == 0)
            return (int64_t)(table->first_index + i);
    return DRIFT_NOWHERE;
}

static int64_t find_object(const struct plan_maker *maker, size_t present)
{
    const struct schema *current = maker->current;
    const struct schema_object *object = &current->objects[present];
    const struct schema_object *found =
        schema_find_object(maker->target, (enum object_kind)object->kind, schema_text(current, object->schema),
                           schema_text(current, object->relation_name), schema_text(current, object->name),
                           schema_text(current, object->arguments));
    return found ? found - maker->target->objects : DRIFT_NOWHERE;
}

static bool is_parsed(const struct schema *schema, const struct schema_object *object)
{
    return object->kind == OBJECT_ROUTINE && schema_has_attribute(schema, object->attributes, ATTRIBUTE_SQL_BODY);
}

/* A routine whose body the server has parsed stands among the views: it may read some, and some may call it. */
static unsigned object_rank(struct plan_maker *maker, size_t present)
{
    const struct schema_object *object = &maker->current->objects[present];
    if (is_parsed(maker->current, object))
        return RANK_VIEWS + plan_rank(maker, SIDE_CURRENT, ARRAY_OBJECTS, present);
    return object->kind == OBJECT_TRIGGER ? RANK_TRIGGER : object->kind == OBJECT_POLICY ? RANK_POLICY : RANK_ROUTINE;
}

static struct postgres_leaner leaner_of(struct plan_maker *maker, enum plan_array array, size_t present)
{
    const struct schema *current = maker->current;
    struct postgres_leaner leaner = {.array = array, .present = present, .wanted = DRIFT_NOWHERE};
    const struct schema_relation *table = NULL;
    const struct plan_task *task = plan_find_task(maker, array, SIDE_CURRENT, present);
    bool remade = task && postgres_is_remade(maker, task);
    switch (array) {
    case ARRAY_RELATIONS:
        table = find_table(maker, present);
        /* one of another kind in its place comes in the third stage */
        if (table && table->kind == current->relations[present].kind)
            leaner.wanted = table - maker->target->relations;
        leaner.rank = RANK_VIEWS + plan_rank(maker, SIDE_CURRENT, ARRAY_RELATIONS, present);
        break;
    case ARRAY_COLUMNS:
        leaner.wanted = find_column(maker, present);
        leaner.rank = RANK_GENERATED;
        break;
    case ARRAY_CONSTRAINTS:
        leaner.wanted = remade ? DRIFT_NOWHERE : find_constraint(maker, present);
        leaner.rank = current->constraints[present].kind == CONSTRAINT_FOREIGN_KEY ? RANK_FOREIGN_KEY : RANK_CHECK;
        break;
    case ARRAY_INDEXES:
        leaner.wanted = remade ? DRIFT_NOWHERE : find_index(maker, present);
        leaner.rank =
            postgres_is_view(&current->relations[current->indexes[present].relation]) ? RANK_VIEW_INDEX : RANK_INDEX;
        break;
    default:
        leaner.wanted = find_object(maker, present);
        leaner.rank = object_rank(maker, present);
        break;
    }
    return leaner;
}

void postgres_lean_add(struct plan_maker *maker, struct postgres_lean *lean, enum plan_array array, size_t present)
{
    struct postgres_leaner leaner = leaner_of(maker, array, present);
    append(maker, lean, &leaner);
}

static void add_object(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata)
{
    (void)side;
    postgres_lean_add(maker, userdata, ARRAY_OBJECTS, index);
}

static void add_readers(struct plan_maker *maker, struct postgres_lean *lean, size_t relation, const char *column);
static void add_caller(struct plan_maker *maker, struct postgres_lean *lean, size_t object);

/* A view, and what hangs on it; what leans on it in turn is found when it is looked at. */
static void add_view(struct plan_maker *maker, struct postgres_lean *lean, size_t relation)
{
    const struct schema_relation *view = &maker->current->relations[relation];
    struct postgres_leaner leaner = leaner_of(maker, ARRAY_RELATIONS, relation);
    if (lean->task && postgres_passes(maker, relation, lean->stage))
        return; /* with all that stands on it */
    if (!append(maker, lean, &leaner))
        return;
    postgres_each_object(maker, SIDE_CURRENT, OBJECT_TRIGGER, relation, add_object, lean);
    for (size_t i = 0; i < view->index_count; i++)
        postgres_lean_add(maker, lean, ARRAY_INDEXES, view->first_index + i);
    add_readers(maker, lean, relation, NULL);
}

static bool is_qualified(const struct plan_maker *maker)
{
    return maker->current->server_version != 0;
}

/* Bits per view, as words: the texts of a schema's views are searched for many names. */
enum { VIEW_WORDS = 16, WORD_BITS = 64 };

static uint64_t *filter_word(uint64_t *filters, size_t view, uint64_t hash, uint64_t *ret_bit)
{
    *ret_bit = UINT64_C(1) << hash % WORD_BITS;
    return &filters[view * VIEW_WORDS + hash / WORD_BITS % VIEW_WORDS];
}

uint64_t *postgres_read_views(struct plan_maker *maker)
{
    const struct schema *current = maker->current;
    uint64_t *filters = arena_array(maker->arena, current->relation_count + 1, VIEW_WORDS * sizeof *filters);
    for (size_t i = 0; filters && i < current->relation_count; i++) {
        struct plan_words words = {0};
        if (!postgres_is_view(&current->relations[i]))
            continue;
        plan_words_init(&words, schema_text(current, current->relations[i].definition));
        while (plan_words_next(&words)) {
            uint64_t bit = 0;
            *filter_word(filters, i, plan_word_hash(&words.word), &bit) |= bit;
        }
    }
    return filters;
}

/* A name that something qualifies with `schema_name`, or nothing where the server has not written the text. */
static bool view_mentions(const struct plan_maker *maker, size_t view, const char *schema_name, const char *name)
{
    const struct postgres_plan *plan = maker->engine;
    const struct schema *current = maker->current;
    uint64_t bit = 0;
    return postgres_is_view(&current->relations[view]) &&
           *filter_word(plan->view_words, view, plan_name_hash(name), &bit) & bit &&
           plan_mentions(schema_text(current, current->relations[view].definition), schema_name, name,
                         is_qualified(maker));
}

/* Views that mention the relation, and views that mention those: each is added once, so this ends. */
static void add_views(struct plan_maker *maker, struct postgres_lean *lean, size_t relation, const char *column)
{
    const struct schema *current = maker->current;
    const char *schema_name = schema_text(current, current->relations[relation].schema);
    const char *name = schema_text(current, current->relations[relation].name);
    for (size_t i = 0; i < current->relation_count; i++) {
        const char *text = schema_text(current, current->relations[i].definition);
        size_t before = lean->count;
        if (i == relation || !view_mentions(maker, i, schema_name, name) ||
            (column && !plan_mentions_word(text, column)))
            continue;
        add_view(maker, lean, i);
        if (lean->count > before)
            add_views(maker, lean, i, NULL);
    }
}

/* Routines whose parsed bodies read the relation, and what calls them. */
static void add_readers(struct plan_maker *maker, struct postgres_lean *lean, size_t relation, const char *column)
{
    const struct schema *current = maker->current;
    const char *schema_name = schema_text(current, current->relations[relation].schema);
    const char *name = schema_text(current, current->relations[relation].name);
    for (size_t i = current->object_starts[OBJECT_ROUTINE]; i < current->object_starts[OBJECT_ROUTINE + 1]; i++) {
        const char *body = schema_attribute_text(current, current->objects[i].attributes, ATTRIBUTE_SQL_BODY);
        if (body && plan_mentions(body, schema_name, name, is_qualified(maker)) &&
            (!column || plan_mentions_word(body, column)))
            add_caller(maker, lean, i);
    }
}

void postgres_lean_on_relation(struct plan_maker *maker, struct postgres_lean *lean, size_t relation)
{
    add_views(maker, lean, relation, NULL);
}

static bool attributes_mention(const struct schema *schema, const struct schema_object *object, const char *word)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_EVENTS, ATTRIBUTE_CONDITION, ATTRIBUTE_USING,
                                              ATTRIBUTE_POLICY_CHECK};
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        if (plan_mentions_word(schema_attribute_text(schema, object->attributes, keys[i]), word))
            return true;
    return false;
}

/* Triggers and policies of the table; policies of others that read it. */
static void add_objects(struct plan_maker *maker, struct postgres_lean *lean, size_t relation, const char *column)
{
    static const enum object_kind kinds[] = {OBJECT_TRIGGER, OBJECT_POLICY};
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[relation];
    for (size_t k = 0; k < ARRAY_LENGTH(kinds); k++)
        for (size_t i = current->object_starts[kinds[k]]; i < current->object_starts[kinds[k] + 1]; i++) {
            const struct schema_object *object = &current->objects[i];
            bool own = object->schema == table->schema && object->relation_name == table->name;
            const char *name = schema_text(current, table->name);
            if ((own || attributes_mention(current, object, name)) && attributes_mention(current, object, column))
                postgres_lean_add(maker, lean, ARRAY_OBJECTS, i);
        }
}

static bool texts_differ(const struct plan_maker *maker, uint32_t present, uint32_t wanted)
{
    return strcmp(schema_text(maker->current, present), schema_text(maker->target, wanted)) != 0;
}

static bool text_differs(const struct plan_maker *maker, size_t present)
{
    int64_t wanted = find_constraint(maker, present);
    return wanted < 0 || texts_differ(maker, maker->current->constraints[present].expression,
                                      maker->target->constraints[wanted].expression);
}

static bool has_expression(const struct schema *schema, const struct schema_index *index)
{
    for (size_t i = 0; i < index->part_count; i++)
        if (schema->parts[index->first_part + i].flags & PART_EXPRESSION)
            return true;
    return index->predicate != 0;
}

static bool includes(const struct schema *schema, const struct schema_index *index, const char *column)
{
    for (size_t i = 0; i < index->part_count; i++)
        if (schema->parts[index->first_part + i].flags & PART_INCLUDED &&
            strcmp(schema_text(schema, schema->parts[index->first_part + i].text), column) == 0)
            return true;
    return false;
}

/* Made again over a column that has the collation, the index would lose it with the column. */
static bool has_own_collation(const struct schema *schema, const struct schema_index *index, const char *column)
{
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        if (part->collation && !(part->flags & PART_EXPRESSION) && strcmp(schema_text(schema, part->text), column) == 0)
            return true;
    }
    return false;
}

/* The server makes an index anew when a column that it includes changes, and does not see the foreign keys upon it. */
static void add_foreign_keys(struct plan_maker *maker, struct postgres_lean *lean, size_t index)
{
    const struct schema *current = maker->current;
    if (!postgres_index_can_be_key(maker, SIDE_CURRENT, index))
        return;
    for (size_t i = 0; i < current->constraint_count; i++)
        if (postgres_refers_to(current, &current->indexes[index], current, &current->constraints[i]))
            postgres_lean_add(maker, lean, ARRAY_CONSTRAINTS, i);
}

static void add_keys(struct plan_maker *maker, struct postgres_lean *lean, const struct schema_column *column,
                     bool keys)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[column->relation];
    for (size_t i = 0; i < current->constraint_count; i++) {
        const struct schema_constraint *constraint = &current->constraints[i];
        bool foreign = constraint->kind == CONSTRAINT_FOREIGN_KEY && keys;
        bool printed = (constraint->kind == CONSTRAINT_CHECK || constraint->kind == CONSTRAINT_EXCLUSION) &&
                       (keys || plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i) || text_differs(maker, i));
        if ((foreign || printed) && postgres_constraint_uses(current, constraint, column))
            postgres_lean_add(maker, lean, ARRAY_CONSTRAINTS, i);
    }
    for (size_t i = 0; i < table->index_count; i++) {
        const struct schema_index *index = &current->indexes[table->first_index + i];
        const char *name = schema_text(current, column->name);
        bool changes = plan_find_task(maker, ARRAY_INDEXES, SIDE_CURRENT, table->first_index + i);
        bool collated = changes && has_own_collation(current, index, name);
        if (collated || includes(current, index, name))
            add_foreign_keys(maker, lean, table->first_index + i);
        bool taken = collated || (has_expression(current, index) && (keys || changes));
        if (taken && postgres_index_uses(current, index, name))
            postgres_lean_add(maker, lean, ARRAY_INDEXES, table->first_index + i);
    }
}

/* It goes with the keys and indexes that use it: they come back after it. */
void postgres_lean_on_generated(struct plan_maker *maker, struct postgres_lean *lean, size_t generated)
{
    const struct schema *current = maker->current;
    const struct schema_column *column = &current->columns[generated];
    const struct schema_relation *table = &current->relations[column->relation];
    struct postgres_leaner leaner = leaner_of(maker, ARRAY_COLUMNS, generated);
    if (!append(maker, lean, &leaner))
        return;
    for (size_t i = 0; i < current->constraint_count; i++)
        if (postgres_constraint_uses(current, &current->constraints[i], column))
            postgres_lean_add(maker, lean, ARRAY_CONSTRAINTS, i);
    for (size_t i = 0; i < table->index_count; i++)
        if (postgres_index_uses(current, &current->indexes[table->first_index + i], schema_text(current, column->name)))
            postgres_lean_add(maker, lean, ARRAY_INDEXES, table->first_index + i);
    add_views(maker, lean, column->relation, schema_text(current, column->name));
    add_readers(maker, lean, column->relation, schema_text(current, column->name));
    add_objects(maker, lean, column->relation, schema_text(current, column->name));
}

static bool object_mentions(const struct schema *schema, const struct schema_object *object, const char *schema_name,
                            const char *name, bool qualified)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_CONDITION, ATTRIBUTE_CALLS, ATTRIBUTE_USING,
                                              ATTRIBUTE_POLICY_CHECK, ATTRIBUTE_SQL_BODY};
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        if (plan_mentions(schema_attribute_text(schema, object->attributes, keys[i]), schema_name, name, qualified))
            return true;
    return false;
}

/* Whether something that comes back within the step calls the routine. */
static bool is_called_back(const struct plan_maker *maker, const struct postgres_lean *lean, size_t routine)
{
    const struct schema *current = maker->current;
    const char *schema_name = schema_text(current, current->objects[routine].schema);
    const char *name = schema_text(current, current->objects[routine].name);
    for (size_t i = 0; i < lean->count; i++) {
        size_t at = lean->all[i].present;
        enum plan_array array = lean->all[i].array;
        if (lean->all[i].own_step || (array == ARRAY_OBJECTS && at == routine))
            continue;
        if (array == ARRAY_RELATIONS
                ? view_mentions(maker, at, schema_name, name)
                : array == ARRAY_OBJECTS &&
                      object_mentions(current, &current->objects[at], schema_name, name, is_qualified(maker)))
            return true;
    }
    return false;
}

/* A routine that changes in the stage comes back at once, as it is to be, if something needs it: until nothing does. A
 * thing only stops having a step of its own, so this ends. */
static void call_back(const struct plan_maker *maker, struct postgres_lean *lean)
{
    bool found = true;
    while (found) {
        found = false;
        for (size_t i = 0; i < lean->count; i++) {
            struct postgres_leaner *leaner = &lean->all[i];
            if (!leaner->own_step || leaner->array != ARRAY_OBJECTS ||
                !is_parsed(maker->current, &maker->current->objects[leaner->present]) ||
                !is_called_back(maker, lean, leaner->present))
                continue;
            leaner->own_step = leaner->elsewhere = false;
            found = true;
        }
    }
}

/* What stands in the way of a change of the column's type, there and in the tables that inherit it. */
static void add_users(struct plan_maker *maker, struct postgres_lean *lean, const struct schema_column *column,
                      unsigned levels)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[column->relation];
    const struct postgres_plan *plan = maker->engine;
    const char *name = schema_text(current, column->name);
    add_views(maker, lean, column->relation, name);
    add_readers(maker, lean, column->relation, name);
    add_objects(maker, lean, column->relation, name);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *other = &current->columns[table->first_column + i];
        if (other->generated && plan_mentions_word(schema_text(current, other->generated), name))
            postgres_lean_on_generated(maker, lean, table->first_column + i);
    }
    for (size_t i = 0; i < current->relation_count && levels > 0; i++) {
        const struct schema_column *heir =
            plan->heirs[SIDE_CURRENT][i] && i != column->relation && postgres_is_child_of(current, i, column->relation)
                ? schema_find_column(current, &current->relations[i], name)
                : NULL;
        if (heir)
            add_users(maker, lean, heir, levels - 1);
    }
}

void postgres_lean_on_column(struct plan_maker *maker, struct postgres_lean *lean, size_t index, bool keys)
{
    const struct schema_column *column = &maker->current->columns[index];
    add_users(maker, lean, column, POSTGRES_CHILD_LEVELS);
    add_keys(maker, lean, column, keys);
    call_back(maker, lean);
}

static bool index_mentions(const struct schema *schema, const struct schema_index *index, const char *schema_name,
                           const char *name, bool qualified)
{
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        if (part->flags & PART_EXPRESSION &&
            plan_mentions(schema_text(schema, part->text), schema_name, name, qualified))
            return true;
    }
    return plan_mentions(schema_text_or_null(schema, index->predicate), schema_name, name, qualified);
}

/* Tables' texts that call the routine. */
static void add_callers(struct plan_maker *maker, struct postgres_lean *lean, const char *schema_name, const char *name,
                        const struct schema_object *type)
{
    const struct schema *current = maker->current;
    bool qualified = is_qualified(maker);
    for (size_t i = 0; i < current->column_count; i++) {
        const struct schema_column *column = &current->columns[i];
        struct postgres_leaner leaner = leaner_of(maker, ARRAY_COLUMNS, i);
        if (plan_mentions(schema_text_or_null(current, column->generated), schema_name, name, qualified)) {
            postgres_lean_on_generated(maker, lean, i);
        } else if (plan_mentions(schema_text_or_null(current, column->default_expression), schema_name, name,
                                 qualified) &&
                   !(type && postgres_names_type(current, column, type))) {
            leaner.is_default = true;
            leaner.rank = RANK_DEFAULT;
            append(maker, lean, &leaner);
        }
    }
    for (size_t i = 0; i < current->constraint_count; i++)
        if (plan_mentions(schema_text_or_null(current, current->constraints[i].expression), schema_name, name,
                          qualified))
            postgres_lean_add(maker, lean, ARRAY_CONSTRAINTS, i);
    for (size_t i = 0; i < current->index_count; i++)
        if (index_mentions(current, &current->indexes[i], schema_name, name, qualified))
            postgres_lean_add(maker, lean, ARRAY_INDEXES, i);
}

static void lean_on_object(struct plan_maker *maker, struct postgres_lean *lean, size_t index,
                           const struct schema_object *type)
{
    const struct schema *current = maker->current;
    const char *schema_name = schema_text(current, current->objects[index].schema);
    const char *name = schema_text(current, current->objects[index].name);
    for (size_t i = 0; i < current->relation_count; i++) {
        if (!view_mentions(maker, i, schema_name, name))
            continue;
        size_t before = lean->count;
        add_view(maker, lean, i);
        if (lean->count > before)
            add_views(maker, lean, i, NULL);
    }
    for (size_t i = current->object_starts[OBJECT_ROUTINE]; i < current->object_count; i++)
        if (i != index && object_mentions(current, &current->objects[i], schema_name, name, is_qualified(maker)))
            add_caller(maker, lean, i);
    add_callers(maker, lean, schema_name, name, type);
}

/* What calls a parsed routine goes before it: each is added once, so this ends. */
static void add_caller(struct plan_maker *maker, struct postgres_lean *lean, size_t object)
{
    size_t before = lean->count;
    postgres_lean_add(maker, lean, ARRAY_OBJECTS, object);
    if (lean->count > before && is_parsed(maker->current, &maker->current->objects[object]))
        postgres_lean_on_routine(maker, lean, object);
}

void postgres_lean_on_routine(struct plan_maker *maker, struct postgres_lean *lean, size_t routine)
{
    lean_on_object(maker, lean, routine, NULL);
}

void postgres_lean_on_type(struct plan_maker *maker, struct postgres_lean *lean, size_t type)
{
    lean_on_object(maker, lean, type, &maker->current->objects[type]);
}
