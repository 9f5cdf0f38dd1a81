/* SPDX-License-Identifier: Apache-2.0
 *
 * sqlx: a set of numbers with the SHA-384 of their files; on MySQL a row is written before its script runs.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/journal_builder.h"
#include "journal/sqlx_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

/* What the lock's key is the database's CRC-32 times. */
#define LOCK_FACTOR INT64_C(0x3d32ad9e)

enum { CELL_VERSION, CELL_DESCRIPTION, CELL_INSTALLED, CELL_SUCCESS, CELL_CHECKSUM };

static const char *const default_tables[] = {"_sqlx_migrations", NULL};
static const char *const columns[] = {"version",        "description", "installed_on", "success", "checksum",
                                      "execution_time", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT},           [CELL_DESCRIPTION] = {"description", CELL_TEXT},
    [CELL_INSTALLED] = {"installed_on", CELL_TIME_MS}, [CELL_SUCCESS] = {"success", CELL_BOOLEAN},
    [CELL_CHECKSUM] = {"checksum", CELL_HEX},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "version"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    int64_t version = 0;
    (void)shape;
    if (!cell_integer(row[CELL_VERSION], &version) || version < 0 || !row[CELL_SUCCESS]) {
        journal_builder_invalid(builder, "version is no number or success is NULL");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    entry->rank = version;
    entry->state = strcmp(row[CELL_SUCCESS], "1") == 0 ? ENTRY_APPLIED : ENTRY_DIRTY;
    if (!cell_integer(row[CELL_INSTALLED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    entry->revision = arena_printf(builder->journal->arena, "%" PRId64, version);
    const char *checksum = lengths[CELL_CHECKSUM] > 0 ? row[CELL_CHECKSUM] : NULL;
    return entry->revision &&
                   journal_builder_text(builder, row[CELL_DESCRIPTION], lengths[CELL_DESCRIPTION], &entry->label) &&
                   journal_builder_text(builder, checksum, lengths[CELL_CHECKSUM], &entry->checksum)
               ? 0
               : error_no_memory(reterr);
}

/* Taken by programs that embed their migrations; sqlx-cli takes none, so that its absence proves nothing. */
static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    (void)address;
    int64_t key = LOCK_FACTOR * (int64_t)lock_crc32(server->database);
    if (server_is_postgres(server))
        lock_plan_advisory(plan, key);
    else if (server_is_mysql(server))
        lock_plan_named(plan, "%" PRIx64, (uint64_t)key);
}

/* As sqlx reads a number, and as people name a file: 0012, 12_users. */
static bool question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    size_t digits = strspn(revision, "0123456789");
    *ret_key = NULL;
    if (digits == 0 || (revision[digits] != '\0' && revision[digits] != '_'))
        return true;
    *ret_key = sqlx_version(revision, digits, arena);
    return *ret_key != NULL;
}

static const struct list_traits traits = {
    .by_revision = true,
    .question_key = question_key,
    .order = order_numbers,
    .late = LATE_APPLIES,
    .unknown_refused = true,
    .uncertain = "sqlx.toml makes the checksum ignore some characters",
    .apply = "sqlx migrate run",
    .repair_failed = "look at what {file} left behind and take it back by hand; then delete its row, for which sqlx "
                     "has no command (DELETE FROM _sqlx_migrations WHERE version = {revision}), and: sqlx migrate run",
    .repair_mismatched = "put the applied text back into {file}, and the change into a new migration; where nothing "
                         "is lost by it: sqlx migrate revert --target-version {previous}, then sqlx migrate run",
    .repair_unknown = "deploy the release that has the files; only if they were removed on purpose: "
                      "sqlx migrate run --ignore-missing",
    .remark_unknown = "sqlx refuses to run while an applied migration has no file",
    .remark_later = "sqlx itself, run from these files, would stop: an applied migration has no file",
};

const struct tool tool_sqlx = {
    .name = "sqlx",
    .title = "sqlx",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "N_*.sql, N_*.up.sql",
              .order = "version",
              .failure = "success = false (MySQL)",
              .lock = "advisory lock (PostgreSQL), GET_LOCK (MySQL)",
              .checksum = "SHA-384"},
    .read_files = sqlx_read_files,
    .traits = &traits,
};
