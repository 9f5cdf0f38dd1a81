/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_set.h"

#include "base/alloc.h"
#include "journal/migration_list.h"
#include "model/journal_pack.h"

static int check_believable(const struct journal *journal, const char *name, struct error *reterr)
{
    char place[JOURNAL_NAME_SIZE] = "";
    journal_address_print(&journal->address, place, sizeof place);
    if (journal->truncated)
        return error_set(reterr, ERROR_TRUNCATED, "%s: %.200s holds more rows than are read", name, place);
    if (journal->invalid)
        return error_set(reterr, ERROR_INVALID, "%s: %.200s: %.300s", name, place, journal->invalid);
    return 0;
}

static const char *copy(struct arena *arena, const char *text, bool *failed)
{
    const char *copied = arena_strdup(arena, text);
    *failed |= text && !copied;
    return copied;
}

/* A baseline's checksum is none of a file's. */
static int add_entry(struct migration_set *set, struct migration_list *list, const struct journal_entry *entry,
                     const char *part, struct error *reterr)
{
    struct migration *migration = migration_list_add(list, reterr);
    if (!migration)
        return -1;
    bool failed = false;
    migration->revision = copy(set->arena, entry->revision, &failed);
    migration->file = migration->revision;
    migration->key = copy(set->arena, entry->key, &failed);
    migration->part = copy(set->arena, part, &failed);
    migration->repeatable = entry->repeatable;
    if (entry->state == ENTRY_APPLIED)
        migration->checksum = copy(set->arena, entry->checksum, &failed);
    return failed ? error_no_memory(reterr) : 0;
}

static int add_journal(struct migration_set *set, struct migration_list *list, const struct journal *journal,
                       struct error *reterr)
{
    cleanup(free) struct journal_cursor *cursor = mem_calloc(1, sizeof *cursor);
    if (!cursor)
        return error_no_memory(reterr);
    journal_cursor_init(cursor, journal);
    for (const struct journal_entry *entry = journal_cursor_next(cursor); entry; entry = journal_cursor_next(cursor))
        if (journal_entry_is_applied(entry) && add_entry(set, list, entry, journal->address.part, reterr) < 0)
            return -1;
    return 0;
}

static int check_set(const struct migration_set *set, const char *name, struct error *reterr)
{
    if (set->count == 0)
        return error_set(reterr, ERROR_INVALID, "%s: its journal lists no applied migration", name);
    if (set->position && set->count > 1)
        return error_set(reterr, ERROR_INVALID, "%s: its journal holds %zu heads, and not what lies behind them", name,
                         set->count);
    return 0;
}

int journal_set_read(const struct journal *const *journals, size_t count, const char *name,
                     struct migration_set **ret_set, struct error *reterr)
{
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(migration_set) struct migration_set *set = migration_set_new(journals[0]->address.tool);
    if (!set)
        return error_no_memory(reterr);
    set->certain = true;
    set->recorded = true;
    set->position = journals[0]->heads_only || journals[0]->position;
    for (size_t i = 0; i < count; i++)
        if (check_believable(journals[i], name, reterr) < 0 || add_journal(set, &list, journals[i], reterr) < 0)
            return -1;
    if (migration_list_finish(&list, set, reterr) < 0 || check_set(set, name, reterr) < 0 ||
        migration_set_digest(set, reterr) < 0)
        return -1;
    *ret_set = take(set);
    return 0;
}
