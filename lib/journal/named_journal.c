/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "journal/named_files.h"
#include "model/journal_pack.h"
#include "model/text_index.h"

int named_row(struct journal_builder *builder, const char *name, size_t length, const char *time_ms,
              struct journal_entry **ret_entry, struct error *reterr)
{
    *ret_entry = NULL;
    if (!name || length == 0) {
        journal_builder_invalid(builder, "name is %s", name ? "empty" : "NULL");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (!cell_integer(time_ms, &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    if (!journal_builder_text(builder, name, length, &entry->revision))
        return error_no_memory(reterr);
    *ret_entry = entry;
    return 0;
}

static const char *stem_of(const char *name, struct arena *arena)
{
    const char *dot = strrchr(name, '.');
    return arena_strndup(arena, name, dot ? (size_t)(dot - name) : strlen(name));
}

/* The stems of the set's files; false when memory is out. */
static bool index_stems(const struct migration_set *set, struct arena *arena, struct text_index *ret_index)
{
    if (!text_index_init(ret_index, arena, set->count))
        return false;
    for (size_t i = 0; i < set->count; i++) {
        const char *stem = stem_of(set->migrations[i].revision, arena);
        if (!stem)
            return false;
        text_index_add(ret_index, stem, i);
    }
    return true;
}

/* The first entry whose name differs from a file's in the extension only. */
static bool find_twins(const struct compare_request *request, struct arena *arena, const char **ret_recorded,
                       const char **ret_file)
{
    const struct migration_set *set = request->expected;
    const struct journal_entry *entries = NULL;
    struct text_index stems = {0};
    if (!index_stems(set, arena, &stems) || !journal_entries(request->journal, arena, &entries))
        return false;
    for (size_t i = 0; i < request->journal->entry_count; i++) {
        const char *stem = stem_of(entries[i].revision, arena);
        if (!stem)
            return false;
        size_t number = text_index_find(&stems, stem);
        if (number == TEXT_INDEX_NONE || strcmp(set->migrations[number].revision, entries[i].revision) == 0)
            continue;
        *ret_recorded = entries[i].revision;
        *ret_file = set->migrations[number].revision;
        return true;
    }
    return true;
}

int named_compare(const struct compare_request *request, const struct list_traits *traits, const char *title,
                  struct arena *arena, struct comparison *ret_comparison, struct error *reterr)
{
    const char *recorded = NULL;
    const char *file = NULL;
    if (compare_list(request, traits, arena, ret_comparison, reterr) < 0)
        return -1;
    if (!request->expected || (ret_comparison->pending.count == 0 && ret_comparison->out_of_order.count == 0))
        return 0;
    if (!find_twins(request, arena, &recorded, &file))
        return error_no_memory(reterr);
    if (!recorded)
        return 0;
    ret_comparison->remark = arena_printf(
        arena, "the journal says %s where the files have %s: to %s these are two migrations", recorded, file, title);
    ret_comparison->next_repair = arena_printf(
        arena,
        "do not run them again: expect the files that were run (%s), or have the names in the journal changed "
        "to those of the release",
        recorded);
    return ret_comparison->remark && ret_comparison->next_repair ? 0 : error_no_memory(reterr);
}
