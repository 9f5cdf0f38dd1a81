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

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    static const struct list_traits traits = {
        .order = order_bytes,
        .late = LATE_SKIPS,
        .apply = "graphile-migrate migrate",
        .repair_mismatched = "put the committed text back into {file} and write the change as a new migration: "
                             "graphile-migrate commit",
        .repair_late = "{file} will never run here: run its text by hand, or write it once more as a new migration: "
                       "graphile-migrate commit",
        .remark_late = "graphile-migrate skips it for ever: it runs only what comes after the newest applied file",
        .remark_later = "graphile-migrate itself would still run: it ignores rows that it has no file for",
    };
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
