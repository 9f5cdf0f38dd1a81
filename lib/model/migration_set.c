/* SPDX-License-Identifier: Apache-2.0 */
#include "model/migration_set.h"

#include <string.h>

#include "base/limits.h"
#include "base/refcount.h"

struct migration_set *migration_set_new(const char *tool)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_MIGRATION_SET_BYTES);
    struct migration_set *set = arena ? arena_alloc(arena, sizeof *set) : NULL;
    if (!set)
        return NULL;
    set->references = 1;
    set->tool = tool;
    set->arena = take(arena);
    return set;
}

bool migration_has_checksum(const struct migration *migration, const char *recorded)
{
    size_t length = strlen(recorded);
    for (const char *one = migration->checksum; *one; one += strspn(one, " ")) {
        size_t size = strcspn(one, " ");
        if (size == length && memcmp(one, recorded, size) == 0)
            return true;
        one += size;
    }
    return false;
}

const char *remark_kind_name(enum remark_kind kind)
{
    static const char *const names[REMARK_KINDS] = {
        [REMARK_DUPLICATE] = "duplicate",
        [REMARK_GAP] = "gap",
        [REMARK_IGNORED] = "ignored",
        [REMARK_ELSEWHERE] = "elsewhere",
    };
    return names[kind];
}

struct migration_set *migration_set_ref(struct migration_set *set)
{
    refcount_take(&set->references);
    return set;
}

void migration_set_unref(struct migration_set *set)
{
    if (!set || !refcount_drop(&set->references))
        return;
    for (size_t i = 0; i < set->folder_count; i++)
        migration_set_unref(set->folders[i]); /* none of which is merged: this ends at once */
    arena_free(set->arena);
}
