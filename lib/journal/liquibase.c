/* SPDX-License-Identifier: Apache-2.0
 *
 * Liquibase: a list of change sets, known by id, author and file; the order is that of the changelog. A row of a lock
 * table shows a run, or one that died.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/journal_builder.h"
#include "journal/liquibase_files.h"
#include "journal/liquibase_filter.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_ID, CELL_AUTHOR, CELL_FILE, CELL_DATE, CELL_ORDER, CELL_TYPE, CELL_CHECKSUM };

static const char *const default_tables[] = {"databasechangelog", NULL};
static const char *const columns[] = {"id",       "author", "filename", "dateexecuted", "orderexecuted",
                                      "exectype", "md5sum", NULL};
static const struct cell_request cells[] = {
    [CELL_ID] = {"id", CELL_TEXT},
    [CELL_AUTHOR] = {"author", CELL_TEXT},
    [CELL_FILE] = {"filename", CELL_TEXT},
    [CELL_DATE] = {"dateexecuted", CELL_TIME_MS},
    [CELL_ORDER] = {"orderexecuted", CELL_TEXT},
    [CELL_TYPE] = {"exectype", CELL_TEXT},
    [CELL_CHECKSUM] = {"md5sum", CELL_TEXT},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "orderexecuted"},
};

static bool is_valid_row(struct journal_builder *builder, const char *const *row, const size_t *lengths)
{
    int64_t number = 0;
    if (!row[CELL_ID] || !row[CELL_AUTHOR] || !row[CELL_FILE] || lengths[CELL_FILE] == 0)
        journal_builder_invalid(builder, "id, author or filename is NULL");
    else if (!cell_integer(row[CELL_ORDER], &number))
        journal_builder_invalid(builder, "orderexecuted is no number");
    else
        return true;
    return false;
}

/* Failed and skipped change sets are never recorded; MARK_RAN and RERAN were applied. */
static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    struct arena *arena = builder->journal->arena;
    const char *id = NULL;
    const char *author = NULL;
    const char *file = NULL;
    (void)shape;
    if (!is_valid_row(builder, row, lengths))
        return 0;
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    cell_integer(row[CELL_ORDER], &entry->rank);
    if (!cell_integer(row[CELL_DATE], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    const char *checksum = lengths[CELL_CHECKSUM] > 0 ? row[CELL_CHECKSUM] : NULL;
    if (!journal_builder_text(builder, row[CELL_ID], lengths[CELL_ID], &id) ||
        !journal_builder_text(builder, row[CELL_AUTHOR], lengths[CELL_AUTHOR], &author) ||
        !journal_builder_text(builder, row[CELL_FILE], lengths[CELL_FILE], &file) ||
        !journal_builder_text(builder, checksum, lengths[CELL_CHECKSUM], &entry->checksum))
        return error_no_memory(reterr);
    file = liquibase_normalise_path(arena, file);
    entry->revision = file ? liquibase_revision(arena, id, author, file) : NULL;
    return entry->revision ? 0 : error_no_memory(reterr);
}

/* As Liquibase reads them: by time, then by number. */
static int in_order(const void *pa, const void *pb)
{
    const struct journal_entry *a = pa;
    const struct journal_entry *b = pb;
    if (a->applied_at_ms != b->applied_at_ms)
        return a->applied_at_ms < b->applied_at_ms ? -1 : 1;
    return (a->rank > b->rank) - (a->rank < b->rank);
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
    static const struct lock_row row = {.held = "locked", .since = "lockgranted", .holder = "lockedby"};
    bool lower = strcmp(address->table, "databasechangelog") == 0 || server_is_postgres(server);
    lock_plan_row(plan, &row, address->schema, "%s", lower ? "databasechangeloglock" : "DATABASECHANGELOGLOCK");
    plan->runner_shows = true;
}

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    static const struct list_traits traits = {
        .by_revision = true,
        .late = LATE_APPLIES,
        .uncertain = "the SQL holds parameters or other characters than ASCII's, is for some engines only, or the "
                     "change set says which other checksums are right",
        .apply = "liquibase update",
        .release = "liquibase release-locks",
        .repair_mismatched = "put the applied text of {revision} back into {file} and write the change as a new change "
                             "set; only if the database is right as it is, let it be computed anew: liquibase "
                             "clear-checksums forgets that of every change set, <validCheckSum> allows this one's",
        .remark_later = "Liquibase itself would still run: it ignores rows that it has no change set for",
    };
    struct compare_request own = *request;
    struct migration_set expected = {0};
    if (own.expected) {
        if (!liquibase_filter(request, arena, &expected))
            return error_no_memory(reterr);
        own.expected = &expected;
    }
    return compare_list(&own, &traits, arena, ret_comparison, reterr);
}

const struct tool tool_liquibase = {
    .name = "liquibase",
    .title = "Liquibase",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = finish,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "changelogs in SQL, XML, YAML and JSON",
              .order = "order of the changelog",
              .lock = "row of databasechangeloglock",
              .checksum = "MD5 of version 9, of SQL"},
    .read_files = liquibase_read_files,
    .compare = compare,
};
