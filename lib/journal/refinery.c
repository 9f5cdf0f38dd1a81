/* SPDX-License-Identifier: Apache-2.0
 *
 * refinery: a set of numbers with names and SipHash checksums; versions come in order, those marked U in any.
 */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/time_text.h"
#include "journal/compare_list.h"
#include "journal/journal_builder.h"
#include "journal/refinery_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_VERSION, CELL_NAME, CELL_APPLIED, CELL_CHECKSUM };

static const char *const default_tables[] = {"refinery_schema_history", NULL};
static const char *const columns[] = {"version", "name", "applied_on", "checksum", NULL};
/* applied_on is a text (RFC 3339), which not every engine makes a time of. */
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT},
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_APPLIED] = {"applied_on", CELL_TEXT},
    [CELL_CHECKSUM] = {"checksum", CELL_TEXT},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "version",
     .proven_by_rows = true},
};

static bool is_checksum(const char *cell, size_t length)
{
    return cell && length > 0 && length <= 20 && strspn(cell, "0123456789") == length;
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    int64_t version = 0;
    (void)shape;
    if (!cell_integer(row[CELL_VERSION], &version) || version < 0 || !row[CELL_NAME] ||
        !is_checksum(row[CELL_CHECKSUM], lengths[CELL_CHECKSUM])) {
        journal_builder_invalid(builder, "version or checksum is no number, or name is NULL");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    entry->rank = version;
    if (!time_parse_rfc3339(row[CELL_APPLIED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    entry->revision = arena_printf(builder->journal->arena, "%" PRId64, version);
    return entry->revision && journal_builder_text(builder, row[CELL_NAME], lengths[CELL_NAME], &entry->label) &&
                   journal_builder_text(builder, row[CELL_CHECKSUM], lengths[CELL_CHECKSUM], &entry->checksum)
               ? 0
               : error_no_memory(reterr);
}

static bool question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    size_t marks = strspn(revision, "VU");
    const char *digits = revision + marks;
    size_t count = strspn(digits, "0123456789");
    *ret_key = NULL;
    if (marks > 1 || count == 0 || (digits[count] != '\0' && strncmp(digits + count, "__", 2) != 0))
        return true;
    size_t zeros = strspn(digits, "0");
    zeros = zeros < count ? zeros : count - 1;
    *ret_key = arena_strndup(arena, digits + zeros, count - zeros);
    return *ret_key != NULL;
}

static const struct list_traits traits = {
    .by_revision = true,
    .question_key = question_key,
    .order = order_numbers,
    .late = LATE_REFUSES,
    .runs_late = refinery_is_unversioned,
    .unknown_refused = true,
    .apply = "refinery migrate",
    .repair_mismatched = "put the applied text (and name) back into {file}, and the change into a new migration; to "
                         "go on all the same: set_abort_divergent(false), or `refinery migrate` without -d",
    .repair_late = "give the file a version after the newest applied one, or free it of the order by naming it "
                   "U{revision}__…",
    .repair_unknown = "deploy the release that has the files; only if they were removed on purpose: "
                      "set_abort_missing(false), or `refinery migrate` without -m",
    .remark_late = "refinery refuses to run while a version before the newest applied one is missing; its command "
                   "line, without -m, skips it for ever",
    .remark_unknown = "refinery refuses to run while an applied migration has no file, but for its command line "
                      "without -m",
    .remark_later = "refinery itself, run from these files, would stop: an applied migration has no file",
};

const struct tool tool_refinery = {
    .name = "refinery",
    .title = "refinery",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "V*__*.sql, U*__*.sql",
              .order = "version",
              .lock = "the journal's row lock, after the first step (PostgreSQL)",
              .checksum = "SipHash-1-3 of name, version and text"},
    .read_files = refinery_read_files,
    .traits = &traits,
};
