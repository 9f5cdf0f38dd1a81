/* SPDX-License-Identifier: Apache-2.0
 *
 * Prisma Migrate: a row for each attempt, begun before the script runs; of the attempts at one migration those that
 * were rolled back do not count, and one that finished is enough.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "journal/compare_list.h"
#include "journal/journal_builder.h"
#include "journal/prisma_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "model/text_index.h"

#define ADVISORY_KEY INT64_C(72707369)

enum { CELL_NAME, CELL_CHECKSUM, CELL_STARTED, CELL_FINISHED, CELL_ROLLED_BACK, CELL_LOGS };

static const char *const default_tables[] = {"_prisma_migrations", NULL};
static const char *const columns[] = {"id",   "checksum",       "finished_at", "migration_name",
                                      "logs", "rolled_back_at", "started_at",  "applied_steps_count",
                                      NULL};
static const struct cell_request cells[] = {
    [CELL_NAME] = {"migration_name", CELL_TEXT},           [CELL_CHECKSUM] = {"checksum", CELL_TEXT},
    [CELL_STARTED] = {"started_at", CELL_TIME_MS},         [CELL_FINISHED] = {"finished_at", CELL_TIME_MS},
    [CELL_ROLLED_BACK] = {"rolled_back_at", CELL_TIME_MS}, [CELL_LOGS] = {"logs", CELL_TEXT},
};
static const struct tool_shape shapes[] = {
    {.columns = columns, .exact = true, .cells = cells, .cell_count = ARRAY_LENGTH(cells), .order_by = "started_at"},
};

/* What the server said: that stands behind a heading, or first; traces of the engine follow. */
static bool set_error(struct journal_builder *builder, struct journal_entry *entry, const char *logs, size_t length)
{
    static const char heading[] = "Database error:\n";
    const char *end = logs + length;
    const char *found = memmem(logs, length, heading, sizeof heading - 1);
    const char *line = found ? found + sizeof heading - 1 : logs;
    while (line < end && strchr(" \r\n\t", *line))
        line++;
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    return journal_builder_text(builder, line, (size_t)((stop ? stop : end) - line), &entry->label);
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    if (!row[CELL_NAME] || lengths[CELL_NAME] == 0 || !row[CELL_CHECKSUM]) {
        journal_builder_invalid(builder, "migration_name is empty or checksum is NULL");
        return 0;
    }
    if (row[CELL_ROLLED_BACK])
        return 0;
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    const char *time = row[CELL_FINISHED] ? row[CELL_FINISHED] : row[CELL_STARTED];
    if (!cell_integer(time, &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    const char *checksum = lengths[CELL_CHECKSUM] > 0 ? row[CELL_CHECKSUM] : NULL;
    if (!journal_builder_text(builder, row[CELL_NAME], lengths[CELL_NAME], &entry->revision) ||
        !journal_builder_text(builder, checksum, lengths[CELL_CHECKSUM], &entry->checksum))
        return error_no_memory(reterr);
    if (row[CELL_FINISHED])
        return 0;
    bool said = row[CELL_LOGS] && lengths[CELL_LOGS] > 0;
    entry->state = said ? ENTRY_FAILED : ENTRY_DIRTY;
    return !said || set_error(builder, entry, row[CELL_LOGS], lengths[CELL_LOGS]) ? 0 : error_no_memory(reterr);
}

/* Of two attempts, the one that finished counts, else the later. */
static bool counts_more(const struct journal_entry *later, const struct journal_entry *earlier)
{
    return later->state == ENTRY_APPLIED || earlier->state != ENTRY_APPLIED;
}

static int finish(struct journal_builder *builder, struct error *reterr)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    struct text_index names = {0};
    if (!arena || !text_index_init(&names, arena, builder->count))
        return error_no_memory(reterr);
    size_t kept = 0;
    for (size_t i = 0; i < builder->count; i++) {
        size_t place = text_index_add(&names, builder->entries[i].revision, kept);
        if (place == kept)
            builder->entries[kept++] = builder->entries[i];
        else if (counts_more(&builder->entries[i], &builder->entries[place]))
            builder->entries[place] = builder->entries[i];
    }
    builder->count = kept;
    return 0;
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    (void)address;
    plan->runner_shows = !server_is_sqlite(server);
    if (server_is_postgres(server))
        lock_plan_advisory(plan, ADVISORY_KEY);
    else if (server_is_mysql(server))
        lock_plan_named(plan, "prisma_migrate");
}

static const struct list_traits traits = {
    .by_revision = true,
    .order = order_bytes,
    .late = LATE_APPLIES,
    .apply = "prisma migrate deploy",
    .repair_failed = "look at what {file} left behind; then, when that was taken back by hand: prisma migrate "
                     "resolve --rolled-back {revision}; or, when it was completed by hand: prisma migrate resolve "
                     "--applied {revision}",
    .repair_mismatched = "put the applied text back into {file}, and the change into a new migration; Prisma's own "
                         "`prisma migrate dev` would ask to reset a database whose migration was edited",
    .remark_later = "Prisma itself would still deploy: it ignores rows that it has no folder for",
};

const struct tool tool_prisma = {
    .name = "prisma",
    .title = "Prisma",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = finish,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*/migration.sql",
              .order = "folder name",
              .failure = "finished_at and rolled_back_at are NULL",
              .lock = "advisory lock (PostgreSQL), GET_LOCK (MySQL)",
              .checksum = "SHA-256"},
    .read_files = prisma_read_files,
    .traits = &traits,
};
