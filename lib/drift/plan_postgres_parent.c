/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables that inherit from others, or are partitions of one, on one side only.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

struct parents {
    const struct schema *schema;
    const struct schema_relation *table;
    const struct schema_attribute *items;
    size_t count;
};

static struct parents parents_of(const struct plan_maker *maker, enum plan_side side, struct postgres_pair pair)
{
    struct parents parents = {.schema = postgres_schema(maker, side)};
    parents.table = &parents.schema->relations[pair.at[side]];
    parents.items = schema_attribute_list(parents.schema, parents.table->attributes, ATTRIBUTE_PARENTS, &parents.count);
    return parents;
}

static const char *parent_at(const struct parents *parents, size_t i)
{
    return schema_text(parents->schema, parents->items[i].text);
}

static bool has_parent(const struct parents *parents, const char *name)
{
    for (size_t i = 0; i < parents->count; i++)
        if (strcmp(parent_at(parents, i), name) == 0)
            return true;
    return false;
}

/* The list without quotes, as the catalogue's names are without theirs. */
static const char *value_of(struct plan_maker *maker, const struct parents *parents)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    for (size_t i = 0; i < parents->count; i++) {
        strbuf_add_string(&text, i > 0 ? "," : "");
        postgres_add_squeezed(&text, parent_at(parents, i));
    }
    return plan_keep(maker, &text);
}

static struct postgres_fact parents_fact(struct plan_maker *maker, struct postgres_pair pair)
{
    const char *name = postgres_table_name(maker, SIDE_CURRENT, (size_t)pair.at[SIDE_CURRENT]);
    struct postgres_fact fact = {.object = plan_printf(maker, "table %s: parents", name)};
    fact.query = plan_printf(maker,
                             "(SELECT coalesce((SELECT string_agg(regexp_replace(i.inhparent::regclass::text, "
                             "'[\\s\"()]', '', 'g'), ',' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = "
                             "c.oid), '') FROM pg_class c WHERE c.oid = to_regclass(%s))",
                             postgres_literal(maker, name));
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        struct parents parents = parents_of(maker, side, pair);
        fact.values[side] = value_of(maker, &parents);
    }
    return fact;
}

/* A parent's path has quotes only where they are needed: SQL takes it as it is. */
static const char *leave_sql(struct plan_maker *maker, const char *table, const struct parents *parents, size_t i)
{
    if (parents->table->kind == RELATION_PARTITION)
        return plan_printf(maker, "ALTER TABLE %s DETACH PARTITION %s", parent_at(parents, i), table);
    return plan_printf(maker, "ALTER TABLE %s NO INHERIT %s", table, parent_at(parents, i));
}

static const char *join_sql(struct plan_maker *maker, const char *table, const struct parents *parents, size_t i)
{
    const char *bound = schema_attribute_text(parents->schema, parents->table->attributes, ATTRIBUTE_PARTITION_BOUND);
    if (parents->table->kind == RELATION_PARTITION)
        return plan_printf(maker, "ALTER TABLE %s ATTACH PARTITION %s %s", parent_at(parents, i), table,
                           bound ? bound : "DEFAULT");
    return plan_printf(maker, "ALTER TABLE %s INHERIT %s", table, parent_at(parents, i));
}

static struct postgres_list change(struct plan_maker *maker, struct postgres_pair pair, enum plan_side to)
{
    const char *table = postgres_table_name(maker, to, (size_t)pair.at[to]);
    struct parents before = parents_of(maker, to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET, pair);
    struct parents after = parents_of(maker, to, pair);
    struct postgres_list list = {0};
    for (size_t i = 0; i < before.count; i++)
        if (!has_parent(&after, parent_at(&before, i)))
            postgres_list_add(maker, &list, leave_sql(maker, table, &before, i));
    for (size_t i = 0; i < after.count; i++)
        if (!has_parent(&before, parent_at(&after, i)))
            postgres_list_add(maker, &list, join_sql(maker, table, &after, i));
    return list;
}

void postgres_change_parents(struct plan_maker *maker, const struct plan_task *task,
                             const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = parents_fact(maker, pair);
    struct parents present = parents_of(maker, SIDE_CURRENT, pair);
    struct parents wanted = parents_of(maker, SIDE_TARGET, pair);
    bool leaves = false;
    unsigned stage = 2;
    for (size_t i = 0; i < present.count; i++)
        leaves |= !has_parent(&wanted, parent_at(&present, i));
    for (size_t i = 0; i < wanted.count; i++) {
        unsigned needed = postgres_needs(maker, parent_at(&wanted, i));
        stage = needed > stage ? needed : stage;
    }
    struct postgres_list forward = change(maker, pair, SIDE_TARGET);
    if (forward.count == 0) {
        for (size_t i = 0; i < count; i++)
            plan_leave(maker, items[i], "the order of a table's parents cannot be changed: create it anew");
        return;
    }
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = leaves ? PLAN_STAGES : stage,
                     .phase = PHASE_ALTER,
                     .rank = 2,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR) | HAZARD(SCANS_TABLE) | HAZARD(MAY_FAIL_ON_DATA) |
                                (leaves ? HAZARD(BREAKS_CLIENTS) : 0),
                     .fact = &fact,
                     .forward = forward,
                     .backward = change(maker, pair, SIDE_CURRENT),
                 });
}
