/* SPDX-License-Identifier: Apache-2.0
 *
 * goose: a log of numbers; of each number the newest row counts. The first row is of number 0 and means nothing.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "journal/journal_builder.h"
#include "journal/numbered_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "model/text_index.h"

/* CRC-32 of "goose". */
#define LOCK_KEY INT64_C(4097083626)

enum { CELL_VERSION, CELL_APPLIED, CELL_TIME };

static const char *const default_tables[] = {"goose_db_version", NULL};
static const char *const columns[] = {"id", "version_id", "is_applied", "tstamp", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version_id", CELL_TEXT},
    [CELL_APPLIED] = {"is_applied", CELL_BOOLEAN},
    [CELL_TIME] = {"tstamp", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "id"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    int64_t version = 0;
    (void)shape;
    (void)lengths;
    const char *applied = row[CELL_APPLIED];
    if (!cell_integer(row[CELL_VERSION], &version) || version < 0 || !applied ||
        (strcmp(applied, "0") != 0 && strcmp(applied, "1") != 0)) {
        journal_builder_invalid(builder, "version_id is no number, or is_applied is neither true nor false");
        return 0;
    }
    if (version == 0)
        return 0;
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    entry->state = *applied == '1' ? ENTRY_APPLIED : ENTRY_REVOKES;
    if (!cell_integer(row[CELL_TIME], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    entry->revision = arena_printf(builder->journal->arena, "%" PRId64, version);
    return entry->revision ? 0 : error_no_memory(reterr);
}

/* The newest row of each number, if it says that it is applied. Releases until 2.x wrote a row for a step back, too. */
static int finish(struct journal_builder *builder, struct error *reterr)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    struct text_index versions = {0};
    size_t *newest = arena ? arena_array(arena, builder->count + 1, sizeof *newest) : NULL;
    size_t *first = arena ? arena_array(arena, builder->count + 1, sizeof *first) : NULL;
    if (!newest || !first || !text_index_init(&versions, arena, builder->count))
        return error_no_memory(reterr);
    for (size_t i = 0; i < builder->count; i++) {
        first[i] = text_index_add(&versions, builder->entries[i].revision, i);
        newest[first[i]] = i;
    }
    size_t kept = 0;
    for (size_t i = 0; i < builder->count; i++)
        if (newest[first[i]] == i && builder->entries[i].state == ENTRY_APPLIED)
            builder->entries[kept++] = builder->entries[i];
    builder->count = kept;
    return 0;
}

/* Only programs that use goose as a library lock, and only those that ask for it. */
static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    static const struct lock_row row = {
        .held = "locked", .since = "locked_at", .holder = "locked_by", .expires = "lease_expires_at"};
    if (server_is_postgres(server))
        lock_plan_advisory(plan, LOCK_KEY);
    if (!server_is_sqlite(server))
        lock_plan_row(plan, &row, address->schema, "goose_lock");
    if (server_is_postgres(server))
        lock_plan_relation(plan, address->schema, address->table);
}

static bool accepts(const char *name)
{
    bool code = has_suffix(name, ".go") && !has_suffix(name, "_test.go");
    return has_suffix(name, ".sql") || (code && numbered_name(name, '_'));
}

static enum numbered_use use(const char *name)
{
    bool valid =
        numbered_name(name, '_') && numbered_at_most(name, "9223372036854775807") && !numbered_at_most(name, "0");
    return valid ? NUMBERED_RUN : has_suffix(name, ".sql") ? NUMBERED_REFUSED : NUMBERED_IGNORED;
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "db/migrations", "sql/migrations", NULL};
    static const char *const marks[] = {"-- +goose ", "goose.Add", "goose.NewGoMigration", NULL};
    static const struct numbered_layout layout = {
        .title = "goose",
        .rule = {.folders = folders, .depth = 1, .accepts = accepts},
        .use = use,
        .remark = "goose wants a number from 1 on and '_' in front",
        .marks = marks,
    };
    return numbered_files_read(&layout, directory, set, reterr);
}

static const struct list_traits traits = {
    .question_key = numbered_question_key,
    .order = order_numbers,
    .late = LATE_REFUSES,
    .apply = "goose up",
    .revert = "goose down-to ",
    .release = "check that no runner lives; goose takes the lock over by itself once its lease has run out",
    .repair_late = "give {file} a version after the newest applied one, or run it all the same: "
                   "goose up -allow-missing",
    .remark_late = "goose refuses to run while an older version is missing, unless -allow-missing is given",
    .remark_later = "goose itself would still run: it does not look for files of applied versions",
};

const struct tool tool_goose = {
    .name = "goose",
    .title = "goose",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = finish,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "N_*.sql, N_*.go",
              .order = "version",
              .lock = "goose_lock row, advisory lock (PostgreSQL), where the program asks for them"},
    .read_files = read_files,
    .traits = &traits,
};
