/* SPDX-License-Identifier: Apache-2.0 */
#include "model/snapshot.h"

#include "base/limits.h"
#include "base/refcount.h"

struct snapshot *snapshot_new(void)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_SNAPSHOT_BYTES);
    struct snapshot *snapshot = arena ? arena_alloc(arena, sizeof *snapshot) : NULL;
    if (!snapshot)
        return NULL;
    snapshot->references = 1;
    snapshot->schema_taken_at_ms = TIME_UNKNOWN;
    snapshot->arena = take(arena);
    return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    refcount_take(&snapshot->references);
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (!snapshot || !refcount_drop(&snapshot->references))
        return;
    for (size_t i = 0; i < snapshot->reading_count; i++)
        journal_unref(snapshot->readings[i].journal);
    schema_unref(snapshot->schema);
    arena_free(snapshot->arena);
}
