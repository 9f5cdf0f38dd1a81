/* SPDX-License-Identifier: Apache-2.0
 *
 * Primary keys, unique keys and indexes: to the server they are all keys, dropped and added by ALTER TABLE.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static bool is_unique(const struct mysql_key *key)
{
    return key->constraint || key->index->flags & INDEX_UNIQUE;
}

struct mysql_place {
    enum plan_array array;
    size_t at;
};

static struct mysql_place place_of(const struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *schema = mysql_side(maker, key->side);
    if (key->constraint)
        return (struct mysql_place){ARRAY_CONSTRAINTS, (size_t)(key->constraint - schema->constraints)};
    return (struct mysql_place){ARRAY_INDEXES, (size_t)(key->index - schema->indexes)};
}

static bool claim(struct plan_maker *maker, const struct mysql_key *key, unsigned stage)
{
    struct mysql_place place = place_of(maker, key);
    return mysql_claim(maker, key->side, place.array, place.at, stage);
}

/* Of an item, which may be about an index on the one side and a constraint on the other. */
static struct mysql_key key_of_item(const struct plan_maker *maker, const struct drift_item *item, enum plan_side side)
{
    int64_t at = side == SIDE_TARGET ? item->place.reference : item->place.live;
    bool constraint = side == SIDE_TARGET ? item->reference_is_constraint : item->live_is_constraint;
    if (item->kind != DRIFT_INDEX || constraint)
        return mysql_key_of_constraint(maker, side, (size_t)at);
    return mysql_key_of_index(maker, side, (size_t)at);
}

static bool has_expression(const struct mysql_key *key, const struct schema *schema)
{
    for (size_t i = 0; key->index && i < key->index->part_count; i++)
        if (schema->parts[key->index->first_part + i].flags & PART_EXPRESSION)
            return true;
    return false;
}

static enum mysql_algorithm add_algorithm(struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *schema = mysql_side(maker, key->side);
    const char *method = key->index ? schema_text(schema, key->index->method) : "";
    enum mysql_operation operation = OPERATION_ADD_INDEX;
    if (mysql_key_is_primary(key))
        operation = OPERATION_REPLACE_PRIMARY_KEY;
    else if (strcmp(method, "fulltext") == 0 || strcmp(method, "spatial") == 0)
        operation = OPERATION_ADD_FULLTEXT;
    else if (strcmp(method, "vector") == 0)
        operation = OPERATION_COPY;
    else if (has_expression(key, schema))
        operation = OPERATION_ADD_EXPRESSION_INDEX;
    else if (mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB && mysql_is_long_key(schema, key))
        operation = OPERATION_COPY;
    return mysql_algorithm_for(maker, key->side, key->relation, operation);
}

/* A primary key that nothing replaces leaves a table that is kept in another order. */
static enum mysql_algorithm drop_algorithm(struct plan_maker *maker, const struct mysql_key *key)
{
    return mysql_algorithm_for(maker, key->side, key->relation,
                               mysql_key_is_primary(key) ? OPERATION_COPY : OPERATION_DROP_INDEX);
}

static const char *drop_words(struct plan_maker *maker, const struct mysql_key *key)
{
    return mysql_key_is_primary(key) ? "DROP PRIMARY KEY"
                                     : plan_printf(maker, "DROP INDEX %s", mysql_quoted(maker, key->name));
}

/* ", MODIFY COLUMN …" for each column of a primary key that may be NULL on the other side, where no such key has it:
 * the server made it NOT NULL for the key, and leaves it so. Another item's column is left to that one. */
static const char *loosen(struct plan_maker *maker, const struct mysql_key *key)
{
    enum plan_side other = key->side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT;
    const struct schema *schema = mysql_side(maker, other);
    const struct schema *own = mysql_side(maker, key->side);
    int64_t table = mysql_counterpart(maker, key->side, key->relation);
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    for (uint32_t i = 0; table >= 0 && mysql_key_is_primary(key) && i < key->constraint->columns.count; i++) {
        const char *name = schema_text(own, own->lists[key->constraint->columns.first + i]);
        int64_t column = mysql_find_column(schema, (size_t)table, name);
        if (column < 0 || !(schema->columns[column].flags & COLUMN_NULLABLE) ||
            plan_find_task(maker, ARRAY_COLUMNS, other, (size_t)column))
            continue;
        struct mysql_column texts = mysql_column_of(schema, &schema->columns[column]);
        strbuf_printf(&out, ", MODIFY COLUMN %s", mysql_definition(maker, &texts));
    }
    return plan_keep(maker, &out);
}

static const char *add_sql(struct plan_maker *maker, const struct mysql_key *key)
{
    return mysql_alter(maker, key->side, key->relation, add_algorithm(maker, key), "ADD %s", mysql_key_sql(maker, key));
}

static const char *drop_sql(struct plan_maker *maker, const struct mysql_key *key)
{
    return mysql_alter(maker, key->side, key->relation, drop_algorithm(maker, key), "%s%s", drop_words(maker, key),
                       loosen(maker, key));
}

/* The latest of the columns that a key of the target is over. */
static unsigned columns_stage(struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[key->relation];
    unsigned latest = 1;
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++) {
        const char *name = schema_text(target, target->columns[i].name);
        bool uses = key->index ? mysql_index_uses(target, key->index, name)
                               : mysql_list_has(target, key->constraint->columns, name);
        unsigned stage = uses ? mysql_column_stage(maker, i) : 1;
        latest = stage > latest ? stage : latest;
    }
    return latest;
}

/* Another key of that name, which goes in the last stage only. */
static bool find_namesake(struct plan_maker *maker, const struct mysql_key *key, struct mysql_key *ret_key)
{
    const struct schema *current = maker->current;
    int64_t at = mysql_counterpart(maker, SIDE_TARGET, key->relation);
    if (at < 0)
        return false;
    for (enum constraint_kind kind = CONSTRAINT_PRIMARY_KEY; kind <= CONSTRAINT_UNIQUE; kind++) {
        int64_t found = mysql_find_constraint(current, (size_t)at, kind, key->name);
        if (found >= 0) {
            *ret_key = mysql_key_of_constraint(maker, SIDE_CURRENT, (size_t)found);
            return true;
        }
    }
    for (size_t i = 0; i < current->relations[at].index_count; i++) {
        *ret_key = mysql_key_of_index(maker, SIDE_CURRENT, current->relations[at].first_index + i);
        if (mysql_same_name(ret_key->name, key->name))
            return true;
    }
    return false;
}

static enum mysql_algorithm worse(enum mysql_algorithm a, enum mysql_algorithm b)
{
    return a > b ? a : b;
}

/* In one statement: the table is never without the key, and the server sees that a foreign key stays served. */
static const char *replace_sql(struct plan_maker *maker, const struct mysql_key *from, const struct mysql_key *to,
                               enum mysql_algorithm algorithm, const char *others)
{
    return mysql_alter(maker, from->side, from->relation, algorithm, "%s, ADD %s%s%s", drop_words(maker, from),
                       mysql_key_sql(maker, to), loosen(maker, from), others);
}

static bool is_full_text(const struct plan_maker *maker, const struct mysql_key *key)
{
    return key->index && strcmp(schema_text(mysql_side(maker, key->side), key->index->method), "fulltext") == 0;
}

/* The undo: what takes the new key away again, behind the keys that foreign keys need without it. `back` (NULL: none)
 * comes back with that. */
static void list_back(struct plan_maker *maker, const struct mysql_key *key, const struct mysql_key *back,
                      const char *away, struct mysql_step *step)
{
    struct mysql_substitutes others = mysql_substitutes_of(maker, key, back);
    size_t count = 0;
    if (*others.add) {
        step->when_back[count] = mysql_index_is_absent(maker, key->side, key->relation, others.name);
        step->backward[count++] =
            mysql_alter(maker, key->side, key->relation, add_algorithm(maker, key), "%s", others.add);
    }
    step->backward[count] = away;
}

/* Of a step about a key that another thing's task has. NULL: the task's own. */
static const char *kind_of(const struct mysql_parts *parts, const struct mysql_key *key)
{
    enum drift_kind kind = mysql_key_is_primary(key) ? DRIFT_PRIMARY_KEY : is_unique(key) ? DRIFT_UNIQUE : DRIFT_INDEX;
    return parts->count > 0 ? NULL : drift_kind_name(kind);
}

/* `meanwhile`: what serves foreign keys as long as neither of two keys is there. */
static void drop_first(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *key,
                       const struct mysql_fact *fact, const struct mysql_substitutes *meanwhile)
{
    struct mysql_substitutes others = mysql_substitutes_of(maker, key, NULL);
    mysql_add(maker, parts->task, parts->items, parts->count,
              &(struct mysql_step){
                  .stage = parts->stage,
                  .phase = PHASE_DROP_INDEX,
                  .algorithm = drop_algorithm(maker, key),
                  .hazards = HAZARD(DISABLES_PERFORMANCE) | (is_unique(key) ? HAZARD(CHANGES_BEHAVIOUR) : 0),
                  .fact = fact,
                  .to = "",
                  .exact = fact->between != NULL,
                  .forward = {mysql_alter(maker, key->side, key->relation, drop_algorithm(maker, key), "%s%s%s%s%s",
                                          drop_words(maker, key), *others.add ? ", " : "", others.add,
                                          *meanwhile->add ? ", " : "", meanwhile->add)},
                  .backward = {mysql_alter(maker, key->side, key->relation, add_algorithm(maker, key), "ADD %s%s%s",
                                           mysql_key_sql(maker, key), others.drop, meanwhile->drop)},
                  .kind = kind_of(parts, key),
                  .object = parts->count > 0 ? NULL : mysql_path(maker, key->side, key->relation, key->name),
              });
}

static void add_afterwards(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *key,
                           const struct mysql_fact *fact, const struct mysql_substitutes *meanwhile)
{
    struct mysql_step step = {
        .stage = parts->stage,
        .phase = is_unique(key) ? PHASE_KEY : PHASE_INDEX,
        .algorithm = add_algorithm(maker, key),
        .hazards = HAZARD(BUILDS_INDEX) | (is_unique(key) ? HAZARD(MAY_FAIL_ON_DATA) : 0),
        .fact = fact,
        .from = "",
        .forward = {mysql_alter(maker, key->side, key->relation, add_algorithm(maker, key), "ADD %s%s",
                                mysql_key_sql(maker, key), meanwhile->drop)},
        .kind = kind_of(parts, key),
        .object = parts->count > 0 ? NULL : mysql_path(maker, key->side, key->relation, key->name),
    };
    list_back(maker, key, NULL,
              mysql_alter(maker, key->side, key->relation, drop_algorithm(maker, key), "%s%s%s", drop_words(maker, key),
                          *meanwhile->add ? ", " : "", meanwhile->add),
              &step);
    mysql_add(maker, parts->task, parts->items, parts->count, &step);
}

/* In two statements, with all that becomes of the columns in between. `to` may be NULL, or come by another step. */
static void replace_in_two(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *from,
                           const struct mysql_key *to, bool comes)
{
    bool renamed = to && !mysql_same_name(from->name, to->name);
    struct mysql_substitutes meanwhile = mysql_substitutes_meanwhile(maker, from);
    struct mysql_fact fact = mysql_key_fact(maker, from, renamed ? NULL : to);
    fact.between = to && !renamed ? "" : NULL;
    drop_first(maker, parts, from, &fact, &meanwhile);
    struct mysql_fact own = renamed ? mysql_key_fact(maker, NULL, to) : fact;
    if (comes)
        add_afterwards(maker, parts, to, &own, &meanwhile);
}

/* Two forms that the server shows alike cannot be told apart in between. */
static bool is_shown_alike(struct plan_maker *maker, const struct mysql_key *from, const struct mysql_key *to)
{
    struct mysql_fact fact = mysql_key_fact(maker, from, to);
    return strcmp(fact.values[SIDE_CURRENT], fact.values[SIDE_TARGET]) == 0;
}

bool mysql_replace_apart(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *from,
                         const struct mysql_key *to)
{
    if (!mysql_is_outgrown(maker, from) || (to && is_shown_alike(maker, from, to)))
        return false;
    bool comes = to && claim(maker, to, parts->stage);
    replace_in_two(maker, parts, from, to, comes);
    return true;
}

static void replace_key(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *from,
                        const struct mysql_key *to)
{
    bool renamed = !mysql_same_name(from->name, to->name);
    enum mysql_algorithm algorithm = worse(add_algorithm(maker, from), add_algorithm(maker, to));
    struct mysql_fact old = mysql_key_fact(maker, from, NULL);
    struct mysql_fact fact = mysql_key_fact(maker, renamed ? NULL : from, to);
    /* InnoDB takes a full-text index that goes and comes in one statement for the same one. */
    bool texts = !renamed && (is_full_text(maker, from) || is_full_text(maker, to));
    if (texts || (parts->stage == PLAN_STAGES && mysql_is_outgrown(maker, from) && !is_shown_alike(maker, from, to))) {
        replace_in_two(maker, parts, from, to, true);
        return;
    }
    if (renamed)
        mysql_guard(maker, parts->stage, &old);
    struct mysql_substitutes others = mysql_substitutes_of(maker, from, to);
    const char *also = plan_printf(maker, "%s%s", *others.add ? ", " : "", others.add);
    struct mysql_step step = {
        .stage = parts->stage,
        .phase = is_unique(to) ? PHASE_KEY : PHASE_INDEX,
        .algorithm = algorithm,
        .hazards = HAZARD(BUILDS_INDEX) | (is_unique(to) ? HAZARD(MAY_FAIL_ON_DATA) : 0),
        .fact = &fact,
        .forward = {replace_sql(maker, from, to, algorithm, also)},
        .kind = kind_of(parts, to),
        .object = parts->count > 0 ? NULL : mysql_path(maker, SIDE_TARGET, to->relation, to->name),
    };
    list_back(maker, to, from, replace_sql(maker, to, from, algorithm, others.drop), &step);
    mysql_add(maker, parts->task, parts->items, parts->count, &step);
}

/* What stays needs no step of its own: the new key takes its place. */
static bool stays(struct plan_maker *maker, const struct mysql_key *key)
{
    struct mysql_place place = place_of(maker, key);
    return !plan_find_task(maker, place.array, key->side, place.at) &&
           !mysql_claimed(maker, key->side, place.array, place.at) && !mysql_goes_with_column(maker, key);
}

/* The statement of a column that goes is still to drop the one, and adds the other at once. */
static bool goes_in_place(struct plan_maker *maker, const struct mysql_key *from, const struct mysql_key *to)
{
    struct mysql_place place = place_of(maker, from);
    return !mysql_claimed(maker, from->side, place.array, place.at) && mysql_goes_with_column(maker, from) &&
           !is_full_text(maker, to);
}

static void add_key(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *key,
                    const struct mysql_key *namesake)
{
    struct mysql_fact fact = mysql_key_fact(maker, namesake, key);
    struct mysql_step step = {
        .stage = parts->stage,
        .phase = is_unique(key) ? PHASE_KEY : PHASE_INDEX,
        .algorithm = add_algorithm(maker, key),
        .hazards = HAZARD(BUILDS_INDEX) | (is_unique(key) ? HAZARD(MAY_FAIL_ON_DATA) : 0),
        .fact = &fact,
        .from = "",
        .also_back = parts->also_back,
        .forward = {add_sql(maker, key)},
        .kind = kind_of(parts, key),
        .object = parts->count > 0 ? NULL : mysql_path(maker, SIDE_TARGET, key->relation, key->name),
    };
    fact.between = namesake ? "" : NULL;
    list_back(maker, key, NULL, drop_sql(maker, key), &step);
    mysql_add(maker, parts->task, parts->items, parts->count, &step);
}

void mysql_add_key(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *key)
{
    unsigned stage = is_unique(key) && parts->stage < 2 ? 2 : parts->stage;
    unsigned columns = columns_stage(maker, key);
    stage = columns > stage ? columns : stage;
    struct mysql_key namesake = {0};
    bool taken = find_namesake(maker, key, &namesake);
    bool replaces = taken && stays(maker, &namesake);
    if (taken && goes_in_place(maker, &namesake, key)) {
        for (size_t i = 0; i < parts->count; i++)
            plan_cover(maker, parts->items[i]);
        return;
    }
    if (taken)
        stage = replaces && stage < 2 ? 2 : replaces ? stage : PLAN_STAGES;
    if (!claim(maker, key, stage)) {
        for (size_t i = 0; i < parts->count; i++)
            plan_cover(maker, parts->items[i]);
        return;
    }
    struct mysql_parts own = *parts;
    own.stage = stage;
    if (replaces && claim(maker, &namesake, stage))
        replace_key(maker, &own, &namesake, key);
    else
        add_key(maker, &own, key, taken ? &namesake : NULL);
}

void mysql_make_key(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                    size_t count)
{
    struct mysql_key key = key_of_item(maker, items[0], SIDE_TARGET);
    mysql_add_key(maker, &(struct mysql_parts){.task = task, .items = items, .count = count, .stage = 1}, &key);
}

void mysql_drop_key(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                    size_t count)
{
    struct mysql_key key = key_of_item(maker, items[0], SIDE_CURRENT);
    if (!claim(maker, &key, PLAN_STAGES)) {
        plan_cover(maker, items[0]);
        return;
    }
    struct mysql_substitutes others = mysql_substitutes_of(maker, &key, NULL);
    struct mysql_fact fact = mysql_key_fact(maker, &key, NULL);
    mysql_add(
        maker, task, items, count,
        &(struct mysql_step){
            .stage = PLAN_STAGES,
            .phase = PHASE_DROP_INDEX,
            .algorithm = drop_algorithm(maker, &key),
            .hazards = HAZARD(DISABLES_PERFORMANCE) | (is_unique(&key) ? HAZARD(CHANGES_BEHAVIOUR) : 0),
            .fact = &fact,
            .forward = {mysql_alter(maker, SIDE_CURRENT, key.relation, drop_algorithm(maker, &key), "%s%s%s%s",
                                    drop_words(maker, &key), loosen(maker, &key), *others.add ? ", " : "", others.add)},
            .backward = {mysql_alter(maker, SIDE_CURRENT, key.relation, add_algorithm(maker, &key), "ADD %s%s",
                                     mysql_key_sql(maker, &key), others.drop)},
        });
}

void mysql_change_key(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                      size_t count)
{
    struct mysql_key from = key_of_item(maker, items[0], SIDE_CURRENT);
    struct mysql_key to = key_of_item(maker, items[0], SIDE_TARGET);
    unsigned columns = columns_stage(maker, &to);
    unsigned served = mysql_served_stage(maker, &from);
    unsigned stage = columns > 2 ? columns : 2;
    stage = served > stage ? served : stage;
    bool first = claim(maker, &from, stage);
    if (!claim(maker, &to, stage) || !first) {
        for (size_t i = 0; i < count; i++)
            plan_cover(maker, items[i]);
        return;
    }
    replace_key(maker, &(struct mysql_parts){.task = task, .items = items, .count = count, .stage = stage}, &from, &to);
}

void mysql_rename_key(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                      size_t count)
{
    struct mysql_key from = key_of_item(maker, items[0], SIDE_CURRENT);
    struct mysql_key to = key_of_item(maker, items[0], SIDE_TARGET);
    if (mysql_is_made_anew(task)) {
        plan_cover(maker, items[0]);
        return;
    }
    struct mysql_fact old = mysql_key_fact(maker, &from, NULL);
    struct mysql_fact fact = mysql_key_fact(maker, NULL, &to);
    enum mysql_algorithm algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, from.relation, OPERATION_RENAME_INDEX);
    const char *names[2] = {mysql_quoted(maker, from.name), mysql_quoted(maker, to.name)};
    mysql_guard(maker, PLAN_STAGES, &old);
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = PLAN_STAGES,
                  .phase = PHASE_RENAME,
                  .algorithm = algorithm,
                  .hazards = HAZARD(BREAKS_CLIENTS),
                  .fact = &fact,
                  .forward = {mysql_alter(maker, SIDE_CURRENT, from.relation, algorithm, "RENAME INDEX %s TO %s",
                                          names[0], names[1])},
                  .backward = {mysql_alter(maker, SIDE_CURRENT, from.relation, algorithm, "RENAME INDEX %s TO %s",
                                           names[1], names[0])},
              });
}

static const char *hide_sql(struct plan_maker *maker, const struct mysql_key *from, const struct mysql_key *to)
{
    static const char *const words[2][2] = {
        [MYSQL_FLAVOUR_ORACLE] = {"VISIBLE", "INVISIBLE"},
        [MYSQL_FLAVOUR_MARIADB] = {"NOT IGNORED", "IGNORED"},
    };
    bool hidden = to->index && to->index->flags & INDEX_HIDDEN;
    enum mysql_algorithm algorithm = mysql_algorithm_for(maker, from->side, from->relation, OPERATION_HIDE_INDEX);
    return mysql_alter(maker, SIDE_CURRENT, from->relation, algorithm, "ALTER INDEX %s %s",
                       mysql_quoted(maker, from->name), words[mysql_plan_of(maker)->flavour][hidden]);
}

void mysql_hide_key(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                    size_t count)
{
    struct mysql_key from = key_of_item(maker, items[0], SIDE_CURRENT);
    struct mysql_key to = key_of_item(maker, items[0], SIDE_TARGET);
    if (mysql_is_made_anew(task)) {
        plan_cover(maker, items[0]);
        return;
    }
    struct mysql_key back = from;
    to.name = from.name; /* a name that differs is another item's */
    struct mysql_fact fact = mysql_key_fact(maker, &from, &to);
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = 2,
                  .phase = PHASE_INDEX,
                  .algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, from.relation, OPERATION_HIDE_INDEX),
                  .hazards = to.index && to.index->flags & INDEX_HIDDEN ? HAZARD(DISABLES_PERFORMANCE) : 0,
                  .fact = &fact,
                  .forward = {hide_sql(maker, &from, &to)},
                  .backward = {hide_sql(maker, &from, &back)},
              });
}
