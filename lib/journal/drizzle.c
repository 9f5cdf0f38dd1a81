/* SPDX-License-Identifier: Apache-2.0
 *
 * Drizzle: a list of hashes and times, since 1.0 with names. Until then only the greatest time counts for the tool.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/drizzle_files.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { SHAPE_NAMED, SHAPE_TIMED };
enum { CELL_HASH, CELL_CREATED, CELL_NAME, CELL_APPLIED };

static const char *const default_tables[] = {"__drizzle_migrations", NULL};
static const char *const named_columns[] = {"id", "hash", "created_at", "name", "applied_at", NULL};
static const char *const timed_columns[] = {"id", "hash", "created_at", NULL};
static const struct cell_request named_cells[] = {
    [CELL_HASH] = {"hash", CELL_TEXT},
    [CELL_CREATED] = {"created_at", CELL_TEXT},
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_APPLIED] = {"applied_at", CELL_TIME_MS},
};
static const struct cell_request timed_cells[] = {
    [CELL_HASH] = {"hash", CELL_TEXT},
    [CELL_CREATED] = {"created_at", CELL_TEXT},
};
static const struct tool_shape shapes[] = {
    [SHAPE_NAMED] = {.columns = named_columns,
                     .exact = true,
                     .rename_safe = true,
                     .cells = named_cells,
                     .cell_count = ARRAY_LENGTH(named_cells),
                     .order_by = "name"},
    [SHAPE_TIMED] = {.columns = timed_columns,
                     .exact = true,
                     .cells = timed_cells,
                     .cell_count = ARRAY_LENGTH(timed_cells),
                     .order_by = "created_at"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    int64_t created = 0;
    bool named = shape == SHAPE_NAMED;
    if (!row[CELL_HASH] || !cell_integer(row[CELL_CREATED], &created) || created < 0) {
        journal_builder_invalid(builder, "hash is NULL or created_at is no time in milliseconds");
        return 0;
    }
    if (named && !row[CELL_NAME]) /* the tool passes over such rows, too */
        return 0;
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    const char *key = arena_printf(builder->journal->arena, "%" PRId64, created);
    /* Some drivers record no hash: an empty one is none. */
    const char *hash = lengths[CELL_HASH] > 0 ? row[CELL_HASH] : NULL;
    if (!key || !journal_builder_text(builder, hash, lengths[CELL_HASH], &entry->checksum))
        return error_no_memory(reterr);
    entry->revision = key;
    if (!named)
        return 0;
    entry->key = key;
    if (!cell_integer(row[CELL_APPLIED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    return journal_builder_text(builder, row[CELL_NAME], lengths[CELL_NAME], &entry->revision)
               ? 0
               : error_no_memory(reterr);
}

/* Folders have whole seconds; rows from before have milliseconds: the tool compares them so. */
static bool key_in_seconds(const struct journal_entry *entry, struct arena *arena, const char **ret_key)
{
    int64_t milliseconds = 0;
    cell_integer(entry->revision, &milliseconds);
    *ret_key = arena_printf(arena, "%" PRId64, milliseconds / 1000 * 1000);
    return *ret_key != NULL;
}

/* A revision as people spell it is a tag; only without files does created_at stand for it. */
static bool question_time(const char *revision, struct arena *arena, const char **ret_key)
{
    (void)arena;
    *ret_key = strspn(revision, "0123456789") == strlen(revision) && *revision ? revision : NULL;
    return true;
}

#define SENTENCES                                                                                                      \
    .apply = "drizzle-kit migrate",                                                                                    \
    .repair_mismatched = "put the applied text back into the file and write the change as a new migration: "           \
                         "drizzle-kit generate"

/* Up to 0.45: everything newer than the newest row is run, nothing else ever is. */
static const struct list_traits by_time = {
    SENTENCES,
    .question_key = question_time,
    .order = order_numbers,
    .late = LATE_SKIPS,
    .repair_late = "drop that migration and generate it anew, so that it comes after the applied ones: "
                   "drizzle-kit drop, drizzle-kit generate",
    .remark_late = "Drizzle skips it for ever: it runs only what is newer than the newest applied migration",
    .remark_later = "Drizzle itself would still run, and would skip every file that is older than the newest row",
};

/* Since 1.0: by name. */
static const struct list_traits by_name = {
    SENTENCES,
    .by_revision = true,
    .order = order_bytes,
    .late = LATE_APPLIES,
    .remark_later = "Drizzle itself would still run: it ignores rows that it has no folder for",
};

/* A table from before 1.0, which the next run converts by these rules, then goes on by name. */
static const struct list_traits by_second = {
    SENTENCES,
    .entry_key = key_in_seconds,
    .question_key = question_time,
    .order = order_numbers,
    .late = LATE_APPLIES,
    .unknown_refused = true,
    .repair_unknown = "deploy the release that has the folder of {revision}, or put it back: Drizzle runs nothing "
                      "before it has converted its older journal, which takes a folder for each row",
    .remark_unknown = "Drizzle refuses to migrate while a row of its older journal has no folder",
    .remark_later = "Drizzle itself would refuse to run: to convert its older journal, it needs a folder for each row",
};

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    bool named = request->journal->shape == SHAPE_NAMED;
    const struct migration_set *expected = request->expected;
    bool folders = expected && !expected->recorded ? drizzle_has_folders(expected) : named;
    const struct list_traits *traits = !folders ? &by_time : named ? &by_name : &by_second;
    return compare_list(request, traits, arena, ret_comparison, reterr);
}

const struct tool tool_drizzle = {
    .name = "drizzle",
    .title = "Drizzle",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "meta/_journal.json and *.sql, or */migration.sql",
              .order = "time; since 1.0 folder name",
              .lock = "the journal's row lock, after the first step (PostgreSQL)",
              .checksum = "SHA-256"},
    .read_files = drizzle_read_files,
    .compare = compare,
};
