/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes and constraints that differ in their names alone. Before the rules they are put in an order: one whose new
 * name is still another's waits until that has left it. Where they wait for each other in a ring, one steps aside,
 * under a name that nothing has.
 */
#include <stdlib.h>
#include <string.h>

#include "dialect/postgres_names.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

/* Where a name must be the only one of its kind: among relations, sequences and types of its schema; among constraints
 * of its table. The index of a key is both. */
enum space { SPACE_SCHEMA, SPACE_TABLE, SPACES };

struct postgres_rename {
    const struct plan_task *task;
    const char *schema_name;
    const char *table;
    const char *names[2]; /* by enum plan_side */
    bool is_in[SPACES];
    size_t waits; /* for so many names that others have */
    bool done;
    unsigned rank;
    unsigned aside_rank;
    const char *aside; /* the name in between; NULL: none */
};

/* A name in a space, and who has it or is to have it. */
struct holding {
    const char *schema_name;
    const char *table; /* "": all of the schema */
    const char *name;
    struct postgres_rename *by;
};

struct ordering {
    struct plan_maker *maker;
    struct postgres_rename *renames; /* in the order of the tasks */
    size_t count;
    struct holding *wanted; /* sorted */
    size_t wanted_count;
    struct postgres_rename **ready; /* that wait for nobody, in the order in which they became so */
    size_t ready_count;
};

static bool is_rename(const struct plan_task *task)
{
    enum plan_array array = plan_array_of(task->kind);
    return (array == ARRAY_CONSTRAINTS || array == ARRAY_INDEXES) && task->change == DRIFT_CHANGED &&
           task->item_count == 1 && postgres_is_about(task->items[0], "name");
}

static struct postgres_rename rename_of(const struct plan_maker *maker, const struct plan_task *task)
{
    struct postgres_rename one = {.task = task};
    struct postgres_pair pair = postgres_pair_of(task->place);
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        const struct schema *schema = postgres_schema(maker, side);
        bool is_index = plan_array_of(task->kind) == ARRAY_INDEXES;
        size_t at = (size_t)pair.at[side];
        size_t relation = is_index ? schema->indexes[at].relation : schema->constraints[at].relation;
        one.names[side] = schema_text(schema, is_index ? schema->indexes[at].name : schema->constraints[at].name);
        one.schema_name = schema_text(schema, schema->relations[relation].schema);
        one.table = schema_text(schema, schema->relations[relation].name);
    }
    one.is_in[SPACE_SCHEMA] = task->kind != DRIFT_CHECK && task->kind != DRIFT_FOREIGN_KEY;
    one.is_in[SPACE_TABLE] = task->kind != DRIFT_INDEX;
    return one;
}

static struct holding holding_of(struct postgres_rename *one, enum space space, enum plan_side side)
{
    return (struct holding){.schema_name = one->schema_name,
                            .table = space == SPACE_TABLE ? one->table : "",
                            .name = one->names[side],
                            .by = one};
}

static int compare_holdings(const void *a, const void *b)
{
    const struct holding *left = a;
    const struct holding *right = b;
    int order = strcmp(left->name, right->name);
    if (order == 0)
        order = strcmp(left->schema_name, right->schema_name);
    return order ? order : strcmp(left->table, right->table);
}

/* Who wants a name that another has, or NULL: the target has each name once. */
static struct postgres_rename *find_wanting(const struct ordering *ordering, struct postgres_rename *holder,
                                            enum space space)
{
    if (!holder->is_in[space])
        return NULL;
    struct holding held = holding_of(holder, space, SIDE_CURRENT);
    struct holding *found =
        bsearch(&held, ordering->wanted, ordering->wanted_count, sizeof *ordering->wanted, compare_holdings);
    return found ? found->by : NULL;
}

static void collect(struct ordering *ordering)
{
    struct plan_maker *maker = ordering->maker;
    for (size_t i = 0; i < plan_task_count(maker); i++)
        if (is_rename(plan_task_at(maker, i)))
            ordering->renames[ordering->count++] = rename_of(maker, plan_task_at(maker, i));
    for (size_t i = 0; i < ordering->count; i++)
        for (enum space space = SPACE_SCHEMA; space < SPACES; space++)
            if (ordering->renames[i].is_in[space])
                ordering->wanted[ordering->wanted_count++] = holding_of(&ordering->renames[i], space, SIDE_TARGET);
    if (ordering->wanted_count)
        qsort(ordering->wanted, ordering->wanted_count, sizeof *ordering->wanted, compare_holdings);
}

static void count_waits(struct ordering *ordering)
{
    for (size_t i = 0; i < ordering->count; i++)
        for (enum space space = SPACE_SCHEMA; space < SPACES; space++) {
            struct postgres_rename *wanting = find_wanting(ordering, &ordering->renames[i], space);
            if (wanting)
                wanting->waits++;
        }
    for (size_t i = 0; i < ordering->count; i++)
        if (ordering->renames[i].waits == 0)
            ordering->ready[ordering->ready_count++] = &ordering->renames[i];
}

/* It has left its name. */
static void release(struct ordering *ordering, struct postgres_rename *holder)
{
    for (enum space space = SPACE_SCHEMA; space < SPACES; space++) {
        struct postgres_rename *wanting = find_wanting(ordering, holder, space);
        if (wanting && --wanting->waits == 0)
            ordering->ready[ordering->ready_count++] = wanting;
    }
}

static bool has_constraint(const struct schema *schema, const struct postgres_rename *one, const char *name)
{
    const struct schema_relation *table = schema_find_relation(schema, one->schema_name, one->table);
    for (size_t i = 0; table && i < table->constraint_count; i++)
        if (strcmp(schema_text(schema, schema->constraints[table->first_constraint + i].name), name) == 0)
            return true;
    return false;
}

static bool is_known(const struct ordering *ordering, const struct postgres_rename *one, const char *name)
{
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++)
        if (postgres_name_is_used(ordering->maker, side, one->schema_name, name) ||
            has_constraint(postgres_schema(ordering->maker, side), one, name))
            return true;
    for (size_t i = 0; i < ordering->count; i++)
        if (ordering->renames[i].aside && strcmp(ordering->renames[i].aside, name) == 0)
            return true;
    return false;
}

/* Ends, because each name that is known is another thing's. */
static const char *free_name(const struct ordering *ordering, const struct postgres_rename *one)
{
    struct plan_maker *maker = ordering->maker;
    char name[POSTGRES_NAME_SIZE] = "";
    postgres_make_name(one->names[SIDE_CURRENT], NULL, "migrationd_old", name);
    for (unsigned number = 1; is_known(ordering, one, name) && !maker->failed; number++)
        postgres_make_name(one->names[SIDE_CURRENT], NULL, plan_printf(maker, "migrationd_old%u", number), name);
    return plan_printf(maker, "%s", name);
}

static void put_in_order(struct ordering *ordering)
{
    unsigned rank = 0;
    size_t ring = 0;
    for (size_t done = 0; done < ordering->count && !ordering->maker->failed;) {
        if (done < ordering->ready_count) {
            struct postgres_rename *one = ordering->ready[done++];
            one->rank = rank++;
            one->done = true;
            if (!one->aside)
                release(ordering, one);
            continue;
        }
        while (ordering->renames[ring].done || ordering->renames[ring].aside)
            ring++;
        struct postgres_rename *one = &ordering->renames[ring];
        one->aside = free_name(ordering, one);
        one->aside_rank = rank++;
        release(ordering, one);
    }
}

void postgres_order_renames(struct plan_maker *maker)
{
    struct postgres_plan *plan = postgres_plan_of(maker);
    size_t count = plan_task_count(maker) + 1;
    struct ordering ordering = {
        .maker = maker,
        .renames = arena_array(maker->arena, count, sizeof *ordering.renames),
        .wanted = arena_array(maker->arena, count * SPACES, sizeof *ordering.wanted),
        .ready = arena_array(maker->arena, count, sizeof(struct postgres_rename *)),
    };
    if (!ordering.renames || !ordering.wanted || !ordering.ready) {
        maker->failed = true;
        return;
    }
    collect(&ordering);
    count_waits(&ordering);
    put_in_order(&ordering);
    plan->renames = ordering.renames;
    plan->rename_count = ordering.count;
}

static int compare_tasks(const void *a, const void *b)
{
    const struct plan_task *left = ((const struct postgres_rename *)a)->task;
    const struct plan_task *right = ((const struct postgres_rename *)b)->task;
    return left < right ? -1 : left > right;
}

/* They are in the order of the tasks, which are in one array. */
static const struct postgres_rename *find_rename(const struct plan_maker *maker, const struct plan_task *task)
{
    const struct postgres_plan *plan = maker->engine;
    const struct postgres_rename key = {.task = task};
    return plan->rename_count ? bsearch(&key, plan->renames, plan->rename_count, sizeof key, compare_tasks) : NULL;
}

/* How something is renamed, and which query tells what it is called. */
struct naming {
    const char *what;
    const char *lock;
    const char *query;
    const char *(*rename_sql)(struct plan_maker *maker, const struct plan_task *task, const char *from, const char *to);
};

static const char *rename_index_sql(struct plan_maker *maker, const struct plan_task *task, const char *from,
                                    const char *to)
{
    size_t relation = maker->current->indexes[task->place.live].relation;
    return plan_printf(maker, "ALTER INDEX %s RENAME TO %s", postgres_index_path(maker, SIDE_CURRENT, relation, from),
                       postgres_quoted(maker, to));
}

static const char *rename_constraint_sql(struct plan_maker *maker, const struct plan_task *task, const char *from,
                                         const char *to)
{
    return postgres_alter(maker, SIDE_CURRENT, maker->current->constraints[task->place.live].relation,
                          "RENAME CONSTRAINT %s TO %s", postgres_quoted(maker, from), postgres_quoted(maker, to));
}

/* A condition on a column of names, and the order in which they count: a second run must not take for the thing what
 * has got the old name since. */
static const char *is_called(struct plan_maker *maker, const struct postgres_rename *one, const char *column)
{
    const char *last = postgres_literal(maker, one->names[SIDE_TARGET]);
    const char *aside = one->aside ? plan_printf(maker, "%s, ", postgres_literal(maker, one->aside)) : "";
    return plan_printf(maker, "%s IN (%s, %s%s) ORDER BY %s = %s DESC LIMIT 1", column,
                       postgres_literal(maker, one->names[SIDE_CURRENT]), aside, last, column, last);
}

static void add_step(struct plan_maker *maker, const struct postgres_rename *one, const struct naming *naming,
                     const char *from, const char *to)
{
    const struct plan_task *task = one->task;
    struct postgres_fact fact = postgres_helper_fact(naming->what, naming->query, from, to);
    bool leaves = to == one->aside;
    postgres_add(maker, task, task->items, task->item_count,
                 &(struct postgres_step){
                     .stage = PLAN_STAGES,
                     .phase = PHASE_RENAME,
                     .rank = leaves ? one->aside_rank : one->rank,
                     .lock = naming->lock,
                     .fact = &fact,
                     .forward = postgres_one(maker, naming->rename_sql(maker, task, from, to)),
                     .backward = postgres_one(maker, naming->rename_sql(maker, task, to, from)),
                     .reused = leaves,
                     .shaken = one->aside != NULL, /* back only from where the step has left it */
                     .quiet = one->aside != NULL,
                 });
}

static void add_steps(struct plan_maker *maker, const struct postgres_rename *one, const struct naming *naming)
{
    const char *old_name = one->names[SIDE_CURRENT];
    const char *new_name = one->names[SIDE_TARGET];
    if (!one->aside) {
        add_step(maker, one, naming, old_name, new_name);
        return;
    }
    struct postgres_fact fact = postgres_helper_fact(naming->what, naming->query, old_name, new_name);
    fact.between = one->aside;
    postgres_guard(maker, PLAN_STAGES, &fact);
    add_step(maker, one, naming, old_name, one->aside);
    add_step(maker, one, naming, one->aside, new_name);
}

void postgres_rename_index(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count)
{
    const struct postgres_rename *one = find_rename(maker, task);
    if (!one) {
        postgres_cover_all(maker, items, count); /* it is made anew as a whole */
        return;
    }
    size_t relation = maker->current->indexes[task->place.live].relation;
    const struct naming naming = {
        .what = plan_printf(maker, "index %s: name",
                            postgres_index_path(maker, SIDE_CURRENT, relation, one->names[SIDE_CURRENT])),
        .lock = "SHARE UPDATE EXCLUSIVE",
        .query = plan_printf(maker,
                             "(SELECT c.relname::text FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE "
                             "x.indrelid = to_regclass(%s) AND %s AND %s)",
                             postgres_literal(maker, postgres_table_name(maker, SIDE_CURRENT, relation)),
                             POSTGRES_IS_PLAIN_INDEX, is_called(maker, one, "c.relname")),
        .rename_sql = rename_index_sql,
    };
    add_steps(maker, one, &naming);
}

void postgres_rename_constraint(struct plan_maker *maker, const struct plan_task *task,
                                const struct drift_item *const *items, size_t count)
{
    static const char letters[] = "pufcx"; /* by enum constraint_kind */
    const struct postgres_rename *one = find_rename(maker, task);
    if (task->kind < DRIFT_PRIMARY_KEY || task->kind > DRIFT_EXCLUSION)
        return;
    if (!one) {
        postgres_cover_all(maker, items, count);
        return;
    }
    size_t relation = maker->current->constraints[task->place.live].relation;
    const char *table = postgres_table_name(maker, SIDE_CURRENT, relation);
    const struct naming naming = {
        .what = plan_printf(maker, "constraint %s.%s: name", table, postgres_quoted(maker, one->names[SIDE_CURRENT])),
        .lock = "ACCESS EXCLUSIVE",
        .query = plan_printf(maker,
                             "(SELECT k.conname::text FROM pg_constraint k WHERE k.conrelid = to_regclass(%s) AND "
                             "k.contype = '%c' AND %s)",
                             postgres_literal(maker, table), letters[task->kind - DRIFT_PRIMARY_KEY],
                             is_called(maker, one, "k.conname")),
        .rename_sql = rename_constraint_sql,
    };
    add_steps(maker, one, &naming);
}
