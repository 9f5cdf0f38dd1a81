/* SPDX-License-Identifier: Apache-2.0
 *
 * yoyo: a list of file names and their hashes; a row of a lock table shows a run, or one that died.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "journal/compare_list.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "journal/yoyo_files.h"

enum { CELL_HASH, CELL_ID, CELL_APPLIED };

static const char *const default_tables[] = {"_yoyo_migration", NULL};
static const char *const columns[] = {"migration_hash", "migration_id", "applied_at_utc", NULL};
static const struct cell_request cells[] = {
    [CELL_HASH] = {"migration_hash", CELL_TEXT},
    [CELL_ID] = {"migration_id", CELL_TEXT},
    [CELL_APPLIED] = {"applied_at_utc", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "applied_at_utc"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    if (!row[CELL_HASH] || lengths[CELL_HASH] != SHA256_HEX_SIZE - 1) {
        journal_builder_invalid(builder, "migration_hash is no SHA-256");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (!cell_integer(row[CELL_APPLIED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    if (!journal_builder_text(builder, row[CELL_HASH], lengths[CELL_HASH], &entry->key) ||
        !journal_builder_text(builder, row[CELL_ID], lengths[CELL_ID], &entry->revision))
        return error_no_memory(reterr);
    if (!entry->revision)
        entry->revision = entry->key;
    return 0;
}

/* Times are of whole seconds: of those that are equal, the names tell. */
static int in_order(const void *pa, const void *pb)
{
    const struct journal_entry *a = pa;
    const struct journal_entry *b = pb;
    if (a->applied_at_ms != b->applied_at_ms)
        return a->applied_at_ms < b->applied_at_ms ? -1 : 1;
    return strcmp(a->revision, b->revision);
}

static int finish(struct journal_builder *builder, struct error *reterr)
{
    (void)reterr;
    if (builder->count > 1)
        qsort(builder->entries, builder->count, sizeof *builder->entries, in_order);
    return 0;
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    static const struct lock_row row = {.since = "ctime", .holder = "pid", .holder_prefix = "pid "};
    (void)server;
    lock_plan_row(plan, &row, address->schema, "yoyo_lock");
    plan->runner_shows = true;
}

static bool question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    char hex[SHA256_HEX_SIZE] = "";
    checksum_sha256(revision, strlen(revision), hex);
    *ret_key = arena_strdup(arena, hex);
    return *ret_key != NULL;
}

static const struct list_traits traits = {
    .question_key = question_key,
    .late = LATE_APPLIES,
    .apply = "yoyo apply --batch",
    .release = "yoyo break-lock",
    .remark_later = "yoyo itself would still run: it ignores rows that it has no file for",
};

const struct tool tool_yoyo = {
    .name = "yoyo",
    .title = "yoyo",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = finish,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*.py, *.sql",
              .order = "dependencies, then file name",
              .lock = "row of yoyo_lock"},
    .read_files = yoyo_read_files,
    .traits = &traits,
};
