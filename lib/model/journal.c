/* SPDX-License-Identifier: Apache-2.0 */
#include "model/journal.h"

#include <string.h>

#include "base/limits.h"
#include "base/refcount.h"

struct journal *journal_new(const struct journal_address *address)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    struct journal *journal = arena ? arena_alloc(arena, sizeof *journal) : NULL;
    if (!journal)
        return NULL;
    journal->references = 1;
    journal->address.tool = address->tool;
    journal->address.schema = arena_strdup(arena, address->schema ? address->schema : "");
    journal->address.table = arena_strdup(arena, address->table);
    journal->address.part = arena_strdup(arena, address->part);
    if (!journal->address.schema || !journal->address.table || (address->part && !journal->address.part))
        return NULL;
    journal->arena = take(arena);
    return journal;
}

struct journal *journal_part(struct journal *whole, size_t first, size_t count)
{
    struct journal_address address = whole->address;
    address.part = whole->entries[first].part;
    struct journal *part = journal_new(&address);
    if (!part)
        return NULL;
    part->shape = whole->shape;
    part->entries = whole->entries + first;
    part->entry_count = count;
    part->row_count = count;
    part->heads_only = whole->heads_only;
    part->truncated = whole->truncated;
    part->invalid = whole->invalid;
    part->digest = whole->digest;
    part->whole = journal_ref(whole);
    return part;
}

struct journal *journal_ref(struct journal *journal)
{
    refcount_take(&journal->references);
    return journal;
}

void journal_unref(struct journal *journal)
{
    if (!journal || !refcount_drop(&journal->references))
        return;
    journal_unref(journal->whole); /* a part's whole is no part: this ends at once */
    arena_free(journal->arena);
}

bool journal_entry_is_applied(const struct journal_entry *entry)
{
    return entry->state == ENTRY_APPLIED || entry->state == ENTRY_BASELINE;
}

const char *entry_state_name(enum entry_state state)
{
    static const char *const names[] = {"applied", "failed", "dirty", "baseline", "revokes"};
    return names[state];
}
