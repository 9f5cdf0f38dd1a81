/* SPDX-License-Identifier: Apache-2.0
 *
 * The statements by which what leans on something goes and comes back.
 */
#include <stdlib.h>
#include <string.h>

#include "drift/plan_postgres.h"
#include "drift/plan_postgres_lean.h"
#include "drift/plan_postgres_text.h"

static int compare_leaners(const void *a, const void *b)
{
    const struct postgres_leaner *left = a;
    const struct postgres_leaner *right = b;
    if (left->rank != right->rank)
        return left->rank > right->rank ? -1 : 1;
    return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

static struct postgres_leaner *sorted(struct plan_maker *maker, const struct postgres_lean *lean)
{
    struct postgres_leaner *copy = arena_array(maker->arena, lean->count + 1, sizeof *copy);
    if (!copy) {
        maker->failed = true;
        return NULL;
    }
    if (lean->count) {
        memcpy(copy, lean->all, lean->count * sizeof *copy);
        qsort(copy, lean->count, sizeof *copy, compare_leaners);
    }
    return copy;
}

/* What only changes its name has the new one from the third stage on. */
static enum plan_side name_side(const struct postgres_lean *lean, const struct postgres_leaner *leaner)
{
    return lean->stage == PLAN_STAGES && leaner->wanted >= 0 ? SIDE_TARGET : SIDE_CURRENT;
}

static const char *constraint_name(const struct plan_maker *maker, const struct postgres_lean *lean,
                                   const struct postgres_leaner *leaner)
{
    enum plan_side side = name_side(lean, leaner);
    const struct schema *schema = postgres_schema(maker, side);
    return schema_text(schema,
                       schema->constraints[side == SIDE_TARGET ? (size_t)leaner->wanted : leaner->present].name);
}

static const char *index_name(const struct plan_maker *maker, const struct postgres_lean *lean,
                              const struct postgres_leaner *leaner)
{
    enum plan_side side = name_side(lean, leaner);
    const struct schema *schema = postgres_schema(maker, side);
    return schema_text(schema, schema->indexes[side == SIDE_TARGET ? (size_t)leaner->wanted : leaner->present].name);
}

static const char *drop_sql(struct plan_maker *maker, const struct postgres_lean *lean,
                            const struct postgres_leaner *leaner)
{
    const struct schema *current = maker->current;
    size_t present = leaner->present;
    const struct schema_column *column = &current->columns[present];
    switch (leaner->array) {
    case ARRAY_RELATIONS:
        return postgres_drop_relation_sql(maker, SIDE_CURRENT, present);
    case ARRAY_COLUMNS:
        return postgres_alter(maker, SIDE_CURRENT, column->relation,
                              leaner->is_default ? "ALTER COLUMN %s DROP DEFAULT" : "DROP COLUMN IF EXISTS %s",
                              postgres_quoted(maker, schema_text(current, column->name)));
    case ARRAY_CONSTRAINTS:
        return postgres_alter(maker, SIDE_CURRENT, current->constraints[present].relation,
                              "DROP CONSTRAINT IF EXISTS %s",
                              postgres_quoted(maker, constraint_name(maker, lean, leaner)));
    case ARRAY_INDEXES:
        return plan_printf(maker, "DROP INDEX IF EXISTS %s",
                           postgres_index_path(maker, SIDE_CURRENT, current->indexes[present].relation,
                                               index_name(maker, lean, leaner)));
    default:
        return postgres_drop_object_sql(maker, SIDE_CURRENT, present);
    }
}

void postgres_lean_drop(struct plan_maker *maker, const struct postgres_lean *lean, struct postgres_list *list)
{
    const struct postgres_leaner *all = sorted(maker, lean);
    for (size_t i = 0; all && i < lean->count; i++)
        postgres_list_add(maker, list, drop_sql(maker, lean, &all[i]));
}

static void make_leaner(struct plan_maker *maker, const struct postgres_lean *lean,
                        const struct postgres_leaner *leaner, enum plan_side side, struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, side);
    size_t at = side == SIDE_TARGET ? (size_t)leaner->wanted : leaner->present;
    struct postgres_index_form form = {0};
    switch (leaner->array) {
    case ARRAY_RELATIONS:
        postgres_list_add(maker, list, postgres_view_sql(maker, side, at, false));
        break;
    case ARRAY_COLUMNS:
        if (leaner->is_default)
            postgres_list_default(maker, side, at, list);
        else
            postgres_list_add(maker, list, postgres_column_sql(maker, side, at, false));
        break;
    case ARRAY_CONSTRAINTS:
        postgres_list_add(maker, list,
                          postgres_named_constraint_sql(maker, side, at, constraint_name(maker, lean, leaner)));
        break;
    case ARRAY_INDEXES:
        form.name = index_name(maker, lean, leaner);
        postgres_list_add(maker, list, postgres_index_sql(maker, side, at, &form));
        break;
    default:
        postgres_list_add(maker, list, postgres_object_sql(maker, side, at, false));
        if (schema->objects[at].kind == OBJECT_TRIGGER)
            postgres_list_trigger_state(maker, side, at, list);
        break;
    }
}

/* What is to go, or to change in a later stage, stays as it is until then. */
static enum plan_side side_for(const struct postgres_lean *lean, const struct postgres_leaner *leaner,
                               enum plan_side to)
{
    return leaner->wanted < 0 || leaner->own_stage > lean->stage ? SIDE_CURRENT : to;
}

void postgres_lean_make(struct plan_maker *maker, const struct postgres_lean *lean, enum plan_side to,
                        struct postgres_list *list)
{
    const struct postgres_leaner *all = sorted(maker, lean);
    for (size_t i = lean->count; all && i-- > 0;)
        if (to == SIDE_CURRENT ? !all[i].elsewhere : !all[i].own_step)
            make_leaner(maker, lean, &all[i], side_for(lean, &all[i], to), list);
}

void postgres_lean_wrap(struct plan_maker *maker, const struct postgres_lean *lean, const char *drop, const char *make,
                        enum plan_side to, struct postgres_list *list)
{
    postgres_lean_drop(maker, lean, list);
    postgres_list_add(maker, list, drop);
    postgres_list_add(maker, list, make);
    postgres_lean_make(maker, lean, to, list);
}

bool postgres_lean_has_views(const struct postgres_lean *lean)
{
    for (size_t i = 0; i < lean->count; i++)
        if (lean->all[i].array == ARRAY_RELATIONS)
            return true;
    return false;
}
