/* SPDX-License-Identifier: Apache-2.0
 *
 * Foreign keys. Rules only note what is to become of one, because columns, tables and keys may need it out of their
 * way, too; at the end each one that was noted goes, comes, or does both: in two statements, since a server does not
 * take both at once under one name.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static void note(struct mysql_reference *reference, const struct mysql_parts *parts, unsigned stage)
{
    if (!reference->stage)
        *reference = (struct mysql_reference){.stage = stage, .task = parts->task};
    if (reference->count == 0 && parts->count > 0) {
        reference->task = parts->task;
        reference->items = parts->items;
        reference->count = parts->count;
    }
}

void mysql_note_dropped(struct plan_maker *maker, const struct mysql_parts *parts, size_t constraint)
{
    struct mysql_reference *reference = &mysql_plan_of(maker)->dropped[constraint];
    note(reference, parts, parts->stage);
    reference->stage = parts->stage < reference->stage ? parts->stage : reference->stage;
}

void mysql_note_added(struct plan_maker *maker, const struct mysql_parts *parts, size_t constraint)
{
    struct mysql_reference *reference = &mysql_plan_of(maker)->added[constraint];
    note(reference, parts, parts->stage);
    reference->stage = parts->stage > reference->stage ? parts->stage : reference->stage;
}

void mysql_make_reference(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    mysql_note_added(maker, &(struct mysql_parts){.task = task, .items = items, .count = count, .stage = 2},
                     (size_t)items[0]->place.reference);
}

void mysql_drop_reference(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    mysql_note_dropped(maker, &(struct mysql_parts){.task = task, .items = items, .count = count, .stage = PLAN_STAGES},
                       (size_t)items[0]->place.live);
}

void mysql_change_reference(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    bool name_only = count == 1 && strcmp(items[0]->attribute, "name") == 0;
    unsigned unread = mysql_unread_stage(maker, (size_t)items[0]->place.reference);
    bool late = name_only || unread == PLAN_STAGES; /* it goes when it can come back */
    const struct mysql_parts parts = {.task = task, .items = items, .count = count, .stage = late ? PLAN_STAGES : 2};
    mysql_note_dropped(maker, &parts, (size_t)items[0]->place.live);
    mysql_note_added(maker, &parts, (size_t)items[0]->place.reference);
}

/* Whether a foreign key has the column on either of its ends. */
static bool uses_column(const struct schema *schema, const struct schema_constraint *key,
                        const struct schema_column *column)
{
    const char *name = schema_text(schema, column->name);
    const char *table = schema_text(schema, schema->relations[column->relation].name);
    return (key->relation == column->relation && mysql_list_has(schema, key->columns, name)) ||
           (!key->referenced_schema && strcmp(schema_text(schema, key->referenced_table), table) == 0 &&
            mysql_list_has(schema, key->referenced_columns, name));
}

void mysql_detour(struct plan_maker *maker, const struct mysql_parts *parts, size_t current_column, const char *done)
{
    const struct schema *current = maker->current;
    for (size_t i = 0; i < current->constraint_count; i++) {
        const struct schema_constraint *key = &current->constraints[i];
        struct mysql_reference *dropped = &mysql_plan_of(maker)->dropped[i];
        if (key->kind != CONSTRAINT_FOREIGN_KEY || !uses_column(current, key, &current->columns[current_column]))
            continue;
        const char *open = plan_printf(maker, "NOT (%s)", done);
        dropped->also = dropped->also ? plan_printf(maker, "%s OR %s", dropped->also, open) : open;
        mysql_note_dropped(maker, parts, i);
        int64_t table = mysql_counterpart(maker, SIDE_CURRENT, key->relation);
        int64_t same = table < 0 ? DRIFT_NOWHERE
                                 : mysql_find_constraint(maker->target, (size_t)table, CONSTRAINT_FOREIGN_KEY,
                                                         schema_text(current, key->name));
        if (same >= 0)
            mysql_note_added(maker, parts, (size_t)same);
    }
}

static int64_t partner_of(const struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_constraint *key = &schema->constraints[constraint];
    enum plan_side other = side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT;
    int64_t table = mysql_counterpart(maker, side, key->relation);
    if (table < 0)
        return DRIFT_NOWHERE;
    int64_t found = mysql_find_constraint(mysql_side(maker, other), (size_t)table, CONSTRAINT_FOREIGN_KEY,
                                          schema_text(schema, key->name));
    const struct mysql_plan *plan = mysql_plan_of(maker);
    bool noted = found >= 0 && (side == SIDE_CURRENT ? plan->added[found].stage : plan->dropped[found].stage);
    return noted ? found : DRIFT_NOWHERE;
}

static bool same_columns(const struct schema *a, struct text_list left, const struct schema *b, struct text_list right)
{
    if (left.count != right.count)
        return false;
    for (uint32_t i = 0; i < left.count; i++)
        if (!mysql_same_name(schema_text(a, a->lists[left.first + i]), schema_text(b, b->lists[right.first + i])))
            return false;
    return true;
}

/* Whether an index is over exactly the columns of the foreign key, and made for it. */
static bool is_made_for(const struct schema *schema, const struct schema_index *index,
                        const struct schema_constraint *key)
{
    if (!mysql_is_made_by_server(schema, index->attributes) || index->part_count != key->columns.count)
        return false;
    for (uint32_t i = 0; i < key->columns.count; i++)
        if (schema->parts[index->first_part + i].text != schema->lists[key->columns.first + i])
            return false;
    return true;
}

static const struct schema_index *find_own_index(const struct schema *schema, const struct schema_constraint *key)
{
    const struct schema_relation *table = &schema->relations[key->relation];
    for (size_t i = 0; i < table->index_count; i++)
        if (is_made_for(schema, &schema->indexes[table->first_index + i], key))
            return &schema->indexes[table->first_index + i];
    return NULL;
}

/* The index that the server made for foreign keys over the same columns, by side: it may be called after any of them,
 * and a server renames it when another one comes, if it still knows that it made it. */
static bool find_shared_index(struct plan_maker *maker, enum plan_side side, size_t constraint,
                              const struct schema_index *indexes[2])
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_constraint *key = &schema->constraints[constraint];
    enum plan_side other = side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT;
    const struct schema *there = mysql_side(maker, other);
    int64_t relation = mysql_counterpart(maker, side, key->relation);
    indexes[side] = find_own_index(schema, key);
    indexes[other] = NULL;
    if (relation < 0)
        return false;
    const struct schema_relation *table = &there->relations[relation];
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++)
        if (there->constraints[i].kind == CONSTRAINT_FOREIGN_KEY && !indexes[other] &&
            same_columns(schema, key->columns, there, there->constraints[i].columns))
            indexes[other] = find_own_index(there, &there->constraints[i]);
    return indexes[SIDE_CURRENT] && indexes[SIDE_TARGET];
}

/* Of foreign keys over the same columns the one after which their index is called goes first, and comes back last: an
 * index that is shared takes the name of the last one. */
static unsigned drop_rank(const struct plan_maker *maker, size_t constraint)
{
    const struct schema *current = maker->current;
    const struct schema_constraint *key = &current->constraints[constraint];
    const struct schema_index *index = find_own_index(current, key);
    return index && mysql_same_name(schema_text(current, index->name), schema_text(current, key->name)) ? 0 : 1;
}

/* Whether another foreign key needs the index of this one when this one is dropped. */
static bool is_shared(const struct plan_maker *maker, size_t constraint)
{
    const struct schema *current = maker->current;
    const struct mysql_reference *dropped = mysql_plan_of(maker)->dropped;
    const struct schema_constraint *key = &current->constraints[constraint];
    const struct schema_relation *table = &current->relations[key->relation];
    unsigned stage = dropped[constraint].stage;
    unsigned rank = drop_rank(maker, constraint);
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        const struct schema_constraint *other = &current->constraints[i];
        if (i == constraint || other->kind != CONSTRAINT_FOREIGN_KEY ||
            !same_columns(current, key->columns, current, other->columns))
            continue;
        unsigned other_rank = drop_rank(maker, i);
        bool later = dropped[i].stage > stage ||
                     (dropped[i].stage == stage && (other_rank > rank || (other_rank == rank && i > constraint)));
        if (!dropped[i].stage || partner_of(maker, SIDE_CURRENT, i) >= 0 || later)
            return true;
    }
    return false;
}

/* ", DROP INDEX `i`" of the index that the server made for the foreign key, if nothing needs it afterwards: not
 * another foreign key, nor the same one in its new form, nor the target for whatever reason. */
static const char *drop_its_index(struct plan_maker *maker, size_t constraint, int64_t partner)
{
    const struct schema *current = maker->current;
    const struct schema_constraint *key = &current->constraints[constraint];
    const struct schema_index *index = find_own_index(current, key);
    const struct schema_index *shared[2] = {NULL};
    bool kept =
        partner >= 0 && same_columns(current, key->columns, maker->target, maker->target->constraints[partner].columns);
    if (!index || kept || is_shared(maker, constraint) || find_shared_index(maker, SIDE_CURRENT, constraint, shared))
        return "";
    size_t at = (size_t)(index - current->indexes);
    const char *name = schema_text(current, index->name);
    int64_t target = mysql_counterpart(maker, SIDE_CURRENT, key->relation);
    if (plan_find_task(maker, ARRAY_INDEXES, SIDE_CURRENT, at) ||
        (target >= 0 && mysql_find_index(maker->target, (size_t)target, name) >= 0) ||
        !mysql_claim(maker, SIDE_CURRENT, ARRAY_INDEXES, at, PLAN_STAGES))
        return "";
    return plan_printf(maker, ", DROP INDEX %s", mysql_quoted(maker, name));
}

/* Whether the index stays, and no other step does anything about it. The names that it has on the two sides may be one.
 */
static bool keep_shared_index(struct plan_maker *maker, enum plan_side side, size_t constraint, const char *names[2])
{
    const struct schema_index *indexes[2] = {NULL};
    if (!find_shared_index(maker, side, constraint, indexes))
        return false;
    for (enum plan_side on = SIDE_CURRENT; on <= SIDE_TARGET; on++)
        names[on] = schema_text(mysql_side(maker, on), indexes[on]->name);
    for (enum plan_side on = SIDE_CURRENT; on <= SIDE_TARGET; on++) {
        const struct schema *schema = mysql_side(maker, on);
        size_t at = (size_t)(indexes[on] - schema->indexes);
        int64_t taken = mysql_find_index(schema, indexes[on]->relation, names[!on]);
        if (plan_find_task(maker, ARRAY_INDEXES, on, at) || mysql_claimed(maker, on, ARRAY_INDEXES, at) ||
            (taken >= 0 && (size_t)taken != at))
            return false;
    }
    return true;
}

/* Statements of a step, each with its own condition. */
struct statements {
    const char **sql;
    const char **when;
    size_t count;
};

static void add_renaming(struct plan_maker *maker, struct statements *statements, size_t current_relation,
                         const char *from, const char *to)
{
    if (mysql_same_name(from, to))
        return;
    enum mysql_algorithm algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, current_relation, OPERATION_RENAME_INDEX);
    statements->when[statements->count] =
        plan_printf(maker, "%s AND NOT (%s)", mysql_index_is_absent(maker, SIDE_CURRENT, current_relation, to),
                    mysql_index_is_absent(maker, SIDE_CURRENT, current_relation, from));
    statements->sql[statements->count++] =
        mysql_alter(maker, SIDE_CURRENT, current_relation, algorithm, "RENAME INDEX %s TO %s",
                    mysql_quoted(maker, from), mysql_quoted(maker, to));
}

static const char *drop_sql(struct plan_maker *maker, enum plan_side side, size_t constraint, const char *index)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_constraint *key = &schema->constraints[constraint];
    enum mysql_algorithm algorithm =
        mysql_algorithm_for(maker, side, key->relation, *index ? OPERATION_DROP_INDEX : OPERATION_DROP_FOREIGN_KEY);
    return mysql_alter(maker, side, key->relation, algorithm, "DROP FOREIGN KEY %s%s",
                       mysql_quoted(maker, schema_text(schema, key->name)), index);
}

/* With the rows checked: that takes a copy. */
static const char *add_sql(struct plan_maker *maker, enum plan_side side, size_t constraint)
{
    return mysql_alter(maker, side, mysql_side(maker, side)->constraints[constraint].relation, ALGORITHM_CHOSEN,
                       "ADD %s", mysql_constraint_sql(maker, side, constraint));
}

static struct mysql_fact fact_of(struct plan_maker *maker, int64_t current, int64_t target)
{
    struct mysql_fact fact = mysql_reference_fact(maker, (struct mysql_pair){{current, target}});
    if (current >= 0 && target >= 0)
        fact.between = "";
    return fact;
}

/* The undo's new foreign key may have given the index its own name. */
static void list_dropping(struct plan_maker *maker, size_t constraint, const char *index, bool detour,
                          struct mysql_step *step)
{
    const struct schema_constraint *key = &maker->current->constraints[constraint];
    const char *names[2] = {NULL};
    struct statements forward = {step->forward, step->when, 0};
    struct statements backward = {step->backward, step->when_back, 0};
    bool renames = !detour && keep_shared_index(maker, SIDE_CURRENT, constraint, names);
    if (renames) {
        add_renaming(maker, &forward, key->relation, names[SIDE_CURRENT], names[SIDE_TARGET]);
        add_renaming(maker, &backward, key->relation, names[SIDE_TARGET], names[SIDE_CURRENT]);
    }
    forward.sql[forward.count] = drop_sql(maker, SIDE_CURRENT, constraint, index);
    backward.sql[backward.count++] = add_sql(maker, SIDE_CURRENT, constraint);
    if (renames)
        add_renaming(maker, &backward, key->relation, schema_text(maker->current, key->name), names[SIDE_CURRENT]);
}

static void drop(struct plan_maker *maker, size_t constraint)
{
    const struct mysql_reference *reference = &mysql_plan_of(maker)->dropped[constraint];
    int64_t partner = partner_of(maker, SIDE_CURRENT, constraint);
    struct mysql_fact fact = fact_of(maker, (int64_t)constraint, partner);
    const char *index = drop_its_index(maker, constraint, partner);
    size_t relation = maker->current->constraints[constraint].relation;
    bool detour = reference->also && strcmp(fact.values[SIDE_CURRENT], fact.values[SIDE_TARGET]) == 0;
    struct mysql_step step = {
        .stage = reference->stage,
        .phase = PHASE_DROP_FOREIGN_KEY,
        .rank = drop_rank(maker, constraint),
        .algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, relation,
                                         *index ? OPERATION_DROP_INDEX : OPERATION_DROP_FOREIGN_KEY),
        .hazards = HAZARD(CHANGES_BEHAVIOUR),
        .fact = &fact,
        .to = "",
        .exact = partner >= 0,
        .also = detour ? plan_printf(maker, "(%s)", reference->also) : NULL,
        .undo_note = "fails while a row does not fit",
        .kind = drift_kind_name(DRIFT_FOREIGN_KEY),
        .object = mysql_path(maker, SIDE_CURRENT, relation,
                             schema_text(maker->current, maker->current->constraints[constraint].name)),
    };
    list_dropping(maker, constraint, index, detour, &step);
    mysql_add(maker, reference->task, reference->items, reference->count, &step);
}

/* The latest stage in which something that the foreign key stands on comes. */
static unsigned ready_stage(struct plan_maker *maker, const struct schema_constraint *key, unsigned stage)
{
    const struct schema *target = maker->target;
    int64_t parent = key->referenced_schema ? DRIFT_NOWHERE
                                            : mysql_find_relation(target, schema_text(target, key->referenced_table));
    unsigned serving = mysql_serving_stage(maker, key); /* the undo must not drop what it needs */
    stage = serving > stage ? serving : stage;
    const size_t tables[2] = {key->relation, parent < 0 ? key->relation : (size_t)parent};
    const struct text_list lists[2] = {key->columns, parent < 0 ? key->columns : key->referenced_columns};
    for (size_t i = 0; i < 2; i++) {
        for (uint32_t k = 0; k < lists[i].count; k++) {
            int64_t column =
                mysql_find_column(target, tables[i], schema_text(target, target->lists[lists[i].first + k]));
            unsigned own = column < 0 ? 1 : mysql_column_stage(maker, (size_t)column);
            stage = own > stage ? own : stage;
        }
        unsigned table = mysql_claimed(maker, SIDE_TARGET, ARRAY_RELATIONS, tables[i]);
        stage = table > stage ? table : stage;
    }
    for (size_t i = 0; parent >= 0 && i < target->relations[parent].constraint_count; i++) {
        size_t at = target->relations[parent].first_constraint + i;
        unsigned made = mysql_claimed(maker, SIDE_TARGET, ARRAY_CONSTRAINTS, at);
        bool serves = target->constraints[at].kind != CONSTRAINT_FOREIGN_KEY && target->constraints[at].columns.count &&
                      mysql_list_has(target, key->referenced_columns,
                                     schema_text(target, target->lists[target->constraints[at].columns.first]));
        stage = serves && made > stage ? made : stage;
    }
    return stage;
}

/* A database has the name of a foreign key once: another table's of that name goes first. */
static bool is_taken(const struct plan_maker *maker, size_t target_reference)
{
    const struct schema *current = maker->current;
    const struct schema_constraint *key = &maker->target->constraints[target_reference];
    int64_t own = mysql_counterpart(maker, SIDE_TARGET, key->relation);
    for (size_t i = 0; i < current->constraint_count; i++)
        if (current->constraints[i].kind == CONSTRAINT_FOREIGN_KEY &&
            (int64_t)current->constraints[i].relation != own &&
            mysql_same_name(schema_text(current, current->constraints[i].name), schema_text(maker->target, key->name)))
            return true;
    return false;
}

static unsigned add_stage(struct plan_maker *maker, size_t constraint)
{
    const struct mysql_plan *plan = mysql_plan_of(maker);
    const struct mysql_reference *reference = &plan->added[constraint];
    int64_t partner = partner_of(maker, SIDE_TARGET, constraint);
    unsigned ready = ready_stage(maker, &maker->target->constraints[constraint], reference->stage);
    unsigned unread = mysql_unread_stage(maker, constraint);
    unsigned dropped = partner >= 0 ? plan->dropped[partner].stage : is_taken(maker, constraint) ? PLAN_STAGES : 1;
    ready = unread > ready ? unread : ready;
    return dropped > ready ? dropped : ready;
}

/* Of foreign keys over the same columns that come, each takes over the index of the one before and gives it its own
 * name. The undo drops them in the other order, and the index with the first one. */
static const char *name_of_shared_index(struct plan_maker *maker, size_t constraint)
{
    const struct schema *target = maker->target;
    const struct schema_constraint *key = &target->constraints[constraint];
    const struct schema_relation *table = &target->relations[key->relation];
    unsigned own = add_stage(maker, constraint);
    unsigned latest = own;
    uint32_t name = key->name;
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        const struct schema_constraint *other = &target->constraints[i];
        if (i == constraint || other->kind != CONSTRAINT_FOREIGN_KEY || !mysql_plan_of(maker)->added[i].stage ||
            !same_columns(target, key->columns, target, other->columns))
            continue;
        unsigned stage = add_stage(maker, i);
        if (stage < own || (stage == own && i < constraint))
            return NULL;
        name = stage >= latest ? other->name : name;
        latest = stage > latest ? stage : latest;
    }
    return schema_text(target, name);
}

/* ", DROP INDEX `i`" of the index that comes with a new foreign key, unless one was there that served it. */
static const char *drop_new_index(struct plan_maker *maker, size_t constraint)
{
    const struct schema *target = maker->target;
    const struct schema_constraint *key = &target->constraints[constraint];
    int64_t current = mysql_counterpart(maker, SIDE_TARGET, key->relation);
    if (current < 0 || !find_own_index(target, key))
        return "";
    const struct schema_relation *old = &maker->current->relations[current];
    for (size_t k = 0; k < old->index_count; k++) {
        const struct schema_index *index = &maker->current->indexes[old->first_index + k];
        const char *first = schema_text(maker->current, maker->current->parts[index->first_part].text);
        if (index->part_count >= key->columns.count &&
            mysql_same_name(first, schema_text(target, target->lists[key->columns.first])))
            return "";
    }
    const char *name = name_of_shared_index(maker, constraint);
    return name ? plan_printf(maker, ", DROP INDEX %s", mysql_quoted(maker, name)) : "";
}

static void add(struct plan_maker *maker, size_t constraint)
{
    const struct mysql_reference *reference = &mysql_plan_of(maker)->added[constraint];
    const struct schema_constraint *key = &maker->target->constraints[constraint];
    int64_t partner = partner_of(maker, SIDE_TARGET, constraint);
    struct mysql_fact fact = fact_of(maker, partner, (int64_t)constraint);
    const char *also = partner >= 0 ? mysql_plan_of(maker)->dropped[partner].also : NULL;
    const char *index = partner >= 0 ? "" : drop_new_index(maker, constraint);
    bool detour = also && strcmp(fact.values[SIDE_CURRENT], fact.values[SIDE_TARGET]) == 0;
    struct mysql_step step = {
        .stage = add_stage(maker, constraint),
        .phase = PHASE_FOREIGN_KEY,
        .algorithm = ALGORITHM_CHOSEN,
        .hazards = HAZARD(MAY_FAIL_ON_DATA) | HAZARD(CHANGES_BEHAVIOUR),
        .fact = &fact,
        .from = "",
        .also_back = detour ? plan_printf(maker, "NOT (%s)", also) : NULL,
        .forward = {add_sql(maker, SIDE_TARGET, constraint)},
        .kind = drift_kind_name(DRIFT_FOREIGN_KEY),
        .object = mysql_path(maker, SIDE_TARGET, key->relation, schema_text(maker->target, key->name)),
    };
    const char *names[2] = {NULL};
    struct statements backward = {step.backward, step.when_back, 0};
    if (partner < 0 && keep_shared_index(maker, SIDE_TARGET, constraint, names))
        add_renaming(maker, &backward, (size_t)mysql_counterpart(maker, SIDE_TARGET, key->relation),
                     schema_text(maker->target, key->name), names[SIDE_CURRENT]);
    backward.sql[backward.count] = drop_sql(maker, SIDE_TARGET, constraint, index);
    mysql_add(maker, reference->task, reference->items, reference->count, &step);
}

void mysql_end_references(struct plan_maker *maker)
{
    const struct mysql_plan *plan = mysql_plan_of(maker);
    for (size_t i = 0; i < maker->current->constraint_count; i++)
        if (plan->dropped[i].stage)
            drop(maker, i);
    for (size_t i = 0; i < maker->target->constraint_count; i++)
        if (plan->added[i].stage)
            add(maker, i);
}
