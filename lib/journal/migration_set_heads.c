/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "journal/manifest.h"
#include "model/text_index.h"

static bool same_part(const struct migration *a, const struct migration *b)
{
    return strcmp(a->part ? a->part : "", b->part ? b->part : "") == 0;
}

static bool has_parents(const struct migration_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->migrations[i].parent_count > 0)
            return true;
    return set->graph;
}

struct head_search {
    const struct migration_set *set;
    struct text_index index;       /* revision → number */
    struct text_index replacement; /* revision → number of what replaces it */
    bool *heads;
};

static bool index_all(struct head_search *self, struct arena *arena)
{
    const struct migration_set *set = self->set;
    size_t replaced = 0;
    for (size_t i = 0; i < set->count; i++)
        replaced += set->migrations[i].replaced_count;
    if (!text_index_init(&self->index, arena, set->count) || !text_index_init(&self->replacement, arena, replaced))
        return false;
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        text_index_add(&self->index, migration->revision, i);
        for (size_t k = 0; k < migration->replaced_count; k++)
            text_index_add(&self->replacement, migration->replaces[k], i);
    }
    return true;
}

static void clear(const struct head_search *self, const struct migration *child, size_t number)
{
    if (number != TEXT_INDEX_NONE && number != (size_t)(child - self->set->migrations) &&
        same_part(child, &self->set->migrations[number]))
        self->heads[number] = false;
}

/* What nothing of the same part names as its parent, and nothing replaces. */
static bool mark_graph_heads(const struct migration_set *set, struct arena *arena, bool *heads)
{
    struct head_search self = {.set = set, .heads = heads};
    if (!index_all(&self, arena))
        return false;
    memset(heads, true, set->count * sizeof *heads);
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        for (size_t k = 0; k < migration->replaced_count; k++)
            clear(&self, migration, text_index_find(&self.index, migration->replaces[k]));
        for (size_t k = 0; k < migration->parent_count; k++) {
            const char *parent = migration->parents[k];
            size_t replacement = text_index_find(&self.replacement, parent);
            bool within = replacement != TEXT_INDEX_NONE &&
                          text_index_find(&self.replacement, migration->revision) == replacement;
            clear(&self, migration, text_index_find(&self.index, parent));
            if (!within) /* what the same one replaces does not come after it */
                clear(&self, migration, replacement);
        }
    }
    return true;
}

/* Of lists: the last one of each part. */
static bool mark_last(const struct migration_set *set, struct arena *arena, bool *heads)
{
    struct text_index parts = {0};
    if (!text_index_init(&parts, arena, set->count))
        return false;
    for (size_t i = set->count; i > 0; i--) {
        const struct migration *migration = &set->migrations[i - 1];
        const char *part = migration->part ? migration->part : "";
        if (!migration->repeatable)
            heads[i - 1] = text_index_add(&parts, part, i - 1) == i - 1;
    }
    return true;
}

bool migration_set_heads(const struct migration_set *set, struct arena *arena,
                         const struct migration *const **ret_heads, size_t *ret_count)
{
    bool *marks = arena_array(arena, set->count + 1, sizeof *marks);
    const struct migration **heads = arena_array(arena, set->count + 1, sizeof(const struct migration *));
    size_t count = 0;
    if (!marks || !heads || !(has_parents(set) ? mark_graph_heads(set, arena, marks) : mark_last(set, arena, marks)))
        return false;
    for (size_t i = 0; i < set->count; i++)
        if (marks[i] && !set->migrations[i].repeatable)
            heads[count++] = &set->migrations[i];
    *ret_heads = heads;
    *ret_count = count;
    return true;
}
