/* SPDX-License-Identifier: Apache-2.0
 *
 * graphile-migrate: a chain of hashes in a schema of its own. Only the greatest file name counts for the tool.
 */
#include <string.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/graphile_migrate_files.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "model/journal_pack.h"
#include "model/text_index.h"

#define ADVISORY_KEY INT64_C(4727445306447283)
#define OWN_SCHEMA "graphile_migrate"

enum { CELL_HASH, CELL_FILE, CELL_TIME };

static const char *const default_tables[] = {"migrations", NULL};
static const char *const columns[] = {"hash", "previous_hash", "filename", "date", NULL};
static const struct cell_request cells[] = {
    [CELL_HASH] = {"hash", CELL_TEXT},
    [CELL_FILE] = {"filename", CELL_TEXT},
    [CELL_TIME] = {"date", CELL_TIME_MS},
};

/* Neither schema nor table can be renamed. */
static bool fits(const struct schema *schema, const struct schema_relation *relation)
{
    const char *space = schema_text(schema, relation->schema);
    return strcmp(space, OWN_SCHEMA) == 0 || *space == '\0';
}

static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "filename",
     .fits = fits,
     .proven_by_rows = true},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    const char *colon = row[CELL_HASH] ? strchr(row[CELL_HASH], ':') : NULL;
    if (!colon || colon == row[CELL_HASH] || !row[CELL_FILE] || lengths[CELL_FILE] == 0) {
        journal_builder_invalid(builder, "hash is no \"sha1:…\", or filename is missing");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (!cell_integer(row[CELL_TIME], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    bool set = journal_builder_text(builder, row[CELL_HASH], lengths[CELL_HASH], &entry->checksum) &&
               journal_builder_text(builder, row[CELL_FILE], lengths[CELL_FILE], &entry->revision);
    return set ? 0 : error_no_memory(reterr);
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    (void)address;
    if (server_is_postgres(server))
        lock_plan_advisory(plan, ADVISORY_KEY);
}

/* The greatest applied file name that there is a file for; "" if none. NULL when memory is out. */
static const char *newest_applied(const struct compare_request *request, struct arena *arena)
{
    const struct migration_set *set = request->expected;
    const struct journal_entry *entries = NULL;
    const char *newest = "";
    struct text_index files = {0};
    if (!text_index_init(&files, arena, set->count) || !journal_entries(request->journal, arena, &entries))
        return NULL;
    for (size_t i = 0; i < set->count; i++)
        text_index_add(&files, set->migrations[i].revision, i);
    for (size_t i = 0; i < request->journal->entry_count; i++)
        if (strcmp(entries[i].revision, newest) > 0 && text_index_find(&files, entries[i].revision) != TEXT_INDEX_NONE)
            newest = entries[i].revision;
    return newest;
}

static bool was_changed(const struct migration *migration)
{
    bool known = migration->key && migration->checksum && !migration->checksum_uncertain;
    return known && strcmp(migration->key, migration->checksum) != 0;
}

/* Why the tool would not apply each of the files; NULL when memory is out. */
static const char *const *refusals(const struct compare_request *request, struct arena *arena)
{
    const struct migration_set *set = request->expected;
    const char *newest = newest_applied(request, arena);
    const char **reasons = arena_array(arena, set->count, sizeof *reasons);
    const char *late = newest ? arena_printf(arena, "not after %s, which is applied", newest) : NULL;
    if (!reasons || !late)
        return NULL;
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        if (strcmp(migration->revision, newest) <= 0)
            reasons[i] = late;
        else if (was_changed(migration))
            reasons[i] = "its text was changed after it was committed";
    }
    return reasons;
}

static bool any_was_changed(const struct migration_set *set)
{
    for (size_t i = 0; set && i < set->count; i++)
        if (was_changed(&set->migrations[i]))
            return true;
    return false;
}

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    struct list_traits traits = {
        .by_revision = true,
        .order = order_bytes,
        .late = LATE_SKIPS,
        .apply = "graphile-migrate migrate",
        .repair_mismatched = "put the committed text back into {file} and write the change as a new migration: "
                             "graphile-migrate commit",
        .repair_late =
            "{file} will not run here as it is: put the committed text back, or, where it came too late, run "
            "it by hand or write it once more as a new migration: graphile-migrate commit",
        .remark_late =
            "graphile-migrate runs only what comes after the newest applied file, and only the text that was "
            "committed",
        .remark_later = "graphile-migrate itself would still run: it ignores rows that it has no file for",
    };
    if (any_was_changed(request->expected)) {
        traits.refused = refusals(request, arena);
        if (!traits.refused)
            return error_no_memory(reterr);
    }
    return compare_list(request, &traits, arena, ret_comparison, reterr);
}

const struct tool tool_graphile_migrate = {
    .name = "graphile-migrate",
    .title = "graphile-migrate",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_POSTGRES,
              .files = "committed/*.sql",
              .order = "number in the file name",
              .lock = "advisory lock, one migration at a time",
              .checksum = "SHA-1 of the text and of the hash before it"},
    .read_files = graphile_migrate_read_files,
    .compare = compare,
};
