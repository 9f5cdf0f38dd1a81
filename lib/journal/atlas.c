/* SPDX-License-Identifier: Apache-2.0
 *
 * Atlas: a row for each version with how many of its statements were applied; the first may stand for all before it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "journal/atlas_files.h"
#include "journal/compare_list.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "model/text_index.h"

/* The 32-bit FNV-1 hash of the lock's name. */
#define LOCK_NAME "atlas_migrate_execute"
#define ADVISORY_KEY INT64_C(2686470616)

/* What Atlas Cloud writes between the versions. */
#define PSEUDO_VERSION ".atlas_cloud_identifier"

enum { TYPE_BASELINE = 1, TYPE_RESOLVED = 4 };
enum { CELL_VERSION, CELL_DESCRIPTION, CELL_TYPE, CELL_APPLIED, CELL_TOTAL, CELL_EXECUTED, CELL_ERROR, CELL_HASH };

static const char *const default_tables[] = {"atlas_schema_revisions", NULL};
static const char *const columns[] = {"version",     "description",    "type", "applied",          "total",
                                      "executed_at", "execution_time", "hash", "operator_version", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT}, [CELL_DESCRIPTION] = {"description", CELL_TEXT},
    [CELL_TYPE] = {"type", CELL_TEXT},       [CELL_APPLIED] = {"applied", CELL_TEXT},
    [CELL_TOTAL] = {"total", CELL_TEXT},     [CELL_EXECUTED] = {"executed_at", CELL_TIME_MS},
    [CELL_ERROR] = {"error", CELL_TEXT},     [CELL_HASH] = {"hash", CELL_TEXT},
};
static const struct tool_shape shapes[] = {
    {.columns = columns, .rename_safe = true, .cells = cells, .cell_count = ARRAY_LENGTH(cells), .order_by = "version"},
};

struct numbers {
    int64_t type;
    int64_t applied;
    int64_t total;
};

static bool read_numbers(const char *const *row, struct numbers *ret_numbers)
{
    return cell_integer(row[CELL_TYPE], &ret_numbers->type) && cell_integer(row[CELL_APPLIED], &ret_numbers->applied) &&
           cell_integer(row[CELL_TOTAL], &ret_numbers->total) && ret_numbers->applied >= 0 && ret_numbers->total >= 0;
}

/* `atlas migrate set` marks what it takes for done as resolved, and leaves the numbers as they are. */
static enum entry_state state_of(const struct numbers *numbers, bool said)
{
    if (numbers->type == TYPE_BASELINE)
        return ENTRY_BASELINE;
    if (numbers->applied >= numbers->total || (numbers->type & TYPE_RESOLVED))
        return ENTRY_APPLIED;
    return said ? ENTRY_FAILED : ENTRY_DIRTY;
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    struct numbers numbers = {0};
    (void)shape;
    if (!row[CELL_VERSION] || lengths[CELL_VERSION] == 0 || !read_numbers(row, &numbers)) {
        journal_builder_invalid(builder, "version is empty, or type, applied or total is no number");
        return 0;
    }
    if (strcmp(row[CELL_VERSION], PSEUDO_VERSION) == 0)
        return 0;
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    bool said = row[CELL_ERROR] && lengths[CELL_ERROR] > 0;
    entry->state = state_of(&numbers, said);
    size_t label = entry->state == ENTRY_FAILED ? CELL_ERROR : CELL_DESCRIPTION;
    const char *hash = row[CELL_HASH] && lengths[CELL_HASH] > 0 ? row[CELL_HASH] : NULL;
    if (!cell_integer(row[CELL_EXECUTED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    return journal_builder_text(builder, row[CELL_VERSION], lengths[CELL_VERSION], &entry->revision) &&
                   journal_builder_text(builder, row[label], lengths[label], &entry->label) &&
                   journal_builder_text(builder, hash, lengths[CELL_HASH], &entry->checksum)
               ? 0
               : error_no_memory(reterr);
}

static int by_version(const void *a, const void *b)
{
    return strcmp(((const struct journal_entry *)a)->revision, ((const struct journal_entry *)b)->revision);
}

/* The server orders by its own collation, Atlas by bytes. */
static int finish(struct journal_builder *builder, struct error *reterr)
{
    (void)reterr;
    if (builder->count > 1)
        qsort(builder->entries, builder->count, sizeof *builder->entries, by_version);
    return 0;
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    (void)address;
    plan->runner_shows = !server_is_sqlite(server);
    if (server_is_postgres(server))
        lock_plan_advisory(plan, ADVISORY_KEY);
    else if (server_is_mysql(server))
        lock_plan_named(plan, LOCK_NAME);
}

/* The question as compare_list needs it: see adjust(). */
struct adjusted {
    struct compare_request request;
    struct migration_set expected;
    struct journal journal;
};

/* A checkpoint that is the first row stands for all that comes before it, as a baseline does. */
static bool make_baseline(struct adjusted *self, struct arena *arena)
{
    size_t count = self->journal.entry_count;
    struct journal_entry *entries = arena_array(arena, count, sizeof *entries);
    if (!entries)
        return false;
    memcpy(entries, self->journal.entries, count * sizeof *entries);
    entries[0].state = ENTRY_BASELINE;
    self->journal.entries = entries;
    self->request.journal = &self->journal;
    return true;
}

/* Once there are rows, checkpoints count no more but for the one that the database began with. And a checksum covers
 * the files before its own, too: a difference proves that this file changed only where the one before it did not. */
static bool adjust(struct adjusted *self, struct arena *arena)
{
    const struct migration_set *files = self->request.expected;
    struct migration *migrations = arena_array(arena, files->count, sizeof *migrations);
    struct text_index versions = {0};
    if (!migrations || !text_index_init(&versions, arena, self->journal.entry_count))
        return false;
    for (size_t i = 0; i < self->journal.entry_count; i++)
        text_index_add(&versions, self->journal.entries[i].revision, i);
    size_t kept = 0;
    bool sound = true;
    for (size_t i = 0; i < files->count; i++) {
        struct migration migration = files->migrations[i];
        size_t at = text_index_find(&versions, migration.revision);
        const struct journal_entry *entry = at == TEXT_INDEX_NONE ? NULL : &self->journal.entries[at];
        migration.checksum_uncertain = !sound;
        if (migration.checksum)
            sound = entry && entry->checksum && migration_has_checksum(&migration, entry->checksum);
        bool checkpoint = migration.baseline && self->journal.entry_count > 0;
        bool beginning = checkpoint && at == 0;
        if (beginning && entry->state == ENTRY_APPLIED && !make_baseline(self, arena))
            return false;
        if (beginning && entry->state != ENTRY_APPLIED)
            kept = 0; /* once it is done, it will have done what they do */
        migration.baseline = migration.baseline && !checkpoint;
        if (!checkpoint || entry)
            migrations[kept++] = migration;
    }
    self->expected.migrations = migrations;
    self->expected.count = kept;
    self->request.expected = &self->expected;
    return true;
}

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    static const struct list_traits traits = {
        .by_revision = true,
        .order = order_bytes,
        .late = LATE_REFUSES,
        .uncertain = "its checksum covers the files before it, too, and those are others now",
        .apply = "atlas migrate apply",
        .revert = "atlas migrate down --to-version ",
        .repair_failed = "look at what {file} left behind; mend the statement that failed, then: atlas migrate hash, "
                         "atlas migrate apply (it goes on with that statement); or, when it was completed by hand: "
                         "atlas migrate set {revision}",
        .repair_mismatched = "put the applied text back into {file}, and the change into a new migration, then: atlas "
                             "migrate hash",
        .repair_late = "give {file} a version after the newest applied one, then: atlas migrate hash; or run it once: "
                       "atlas migrate apply --exec-order non-linear",
        .remark_late = "Atlas refuses to run while a version before the newest applied one is missing, unless "
                       "--exec-order says otherwise",
        .remark_later = "Atlas itself would still run: it ignores versions that it has no file for",
    };
    struct adjusted adjusted = {.request = *request, .journal = *request->journal};
    if (request->expected) {
        adjusted.expected = *request->expected;
        if (!adjust(&adjusted, arena))
            return error_no_memory(reterr);
    }
    return compare_list(&adjusted.request, &traits, arena, ret_comparison, reterr);
}

const struct tool tool_atlas = {
    .name = "atlas",
    .title = "Atlas",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = finish,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "atlas.sum, *.sql",
              .order = "version",
              .failure = "applied < total",
              .lock = "advisory lock (PostgreSQL), GET_LOCK (MySQL)",
              .checksum = "SHA-256 of all files so far"},
    .read_files = atlas_read_files,
    .compare = compare,
};
