/* SPDX-License-Identifier: Apache-2.0
 *
 * Which migrations are applied once a revision is.
 */
#include <string.h>

#include "journal/stamp.h"
#include "model/text_index.h"

static bool same_part(const struct migration *a, const struct migration *b)
{
    return strcmp(a->part ? a->part : "", b->part ? b->part : "") == 0;
}

/* A walk from a migration to all that comes before it. */
struct ancestry {
    const struct migration_set *set;
    struct text_index index;
    bool *selected;
    uint32_t *stack; /* each number is put there once */
    size_t depth;
};

static void push(struct ancestry *walk, size_t number)
{
    if (number == TEXT_INDEX_NONE || walk->selected[number])
        return;
    walk->selected[number] = true;
    walk->stack[walk->depth++] = (uint32_t)number;
}

/* What stands for others is recorded with them. */
static void select_ancestors(struct ancestry *walk, size_t number)
{
    push(walk, number);
    while (walk->depth > 0) {
        const struct migration *migration = &walk->set->migrations[walk->stack[--walk->depth]];
        for (size_t i = 0; i < migration->parent_count; i++)
            push(walk, text_index_find(&walk->index, migration->parents[i]));
        for (size_t i = 0; i < migration->replaced_count; i++)
            push(walk, text_index_find(&walk->index, migration->replaces[i]));
    }
}

static bool has_parents(const struct migration_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->migrations[i].parent_count > 0)
            return true;
    return set->graph;
}

static void select_before(const struct migration_set *set, size_t number, bool *selected)
{
    for (size_t i = 0; i <= number; i++)
        if (same_part(&set->migrations[i], &set->migrations[number]))
            selected[i] = true;
}

bool stamp_index(const struct migration_set *set, struct arena *arena, struct text_index *ret_index)
{
    if (!text_index_init(ret_index, arena, set->count))
        return false;
    for (size_t i = 0; i < set->count; i++)
        text_index_add(ret_index, set->migrations[i].revision, i);
    return true;
}

int stamp_select(const struct migration_set *set, const char *revision, struct arena *arena, bool *selected,
                 struct error *reterr)
{
    struct ancestry walk = {.set = set, .selected = selected};
    if (strcmp(revision, "heads") == 0) {
        memset(selected, true, set->count * sizeof *selected);
        return 0;
    }
    walk.stack = arena_array(arena, set->count + 1, sizeof *walk.stack);
    if (!walk.stack || !stamp_index(set, arena, &walk.index))
        return error_no_memory(reterr);
    size_t number = text_index_find(&walk.index, revision);
    if (number == TEXT_INDEX_NONE || set->migrations[number].repeatable)
        return error_set(reterr, ERROR_NOT_FOUND, "no migration there has the revision '%s'", revision);
    /* A version and a baseline may share one: the later one of the two stands for both. */
    while (number + 1 < set->count && strcmp(set->migrations[number + 1].revision, revision) == 0)
        number++;
    if (has_parents(set))
        select_ancestors(&walk, number);
    else
        select_before(set, number, selected);
    return 0;
}

/* Whether a version that is no baseline stands at or before it. */
static bool has_versions(const struct migration_set *set, size_t baseline)
{
    for (size_t i = 0; i < baseline; i++)
        if (!set->migrations[i].baseline && !set->migrations[i].repeatable)
            return true;
    return false;
}

void stamp_select_done(const struct migration_set *set, bool *selected)
{
    bool newest = true; /* every version is chosen */
    bool stood_for = false;
    for (size_t i = 0; i < set->count; i++)
        if (!set->migrations[i].repeatable && !selected[i])
            newest = false;
    for (size_t i = set->count; i > 0; i--) {
        const struct migration *migration = &set->migrations[i - 1];
        if (migration->repeatable) {
            selected[i - 1] = newest;
        } else if (migration->baseline && selected[i - 1]) {
            /* Of several baselines, an empty database gets the newest only. */
            selected[i - 1] = !stood_for && !has_versions(set, i - 1);
            stood_for = true;
        }
    }
}
