/* SPDX-License-Identifier: Apache-2.0
 *
 * Flyway: an append-only log of versions, repeatables, baselines and their undoing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/flyway_files.h"
#include "journal/flyway_version.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

/* What Flyway's advisory lock adds to the hash of the table's name: "FlyWay" in hexadecimal with a zero between. */
#define ADVISORY_BASE INT64_C(77431708279161)

enum { CELL_RANK, CELL_VERSION, CELL_DESCRIPTION, CELL_TYPE, CELL_SCRIPT, CELL_CHECKSUM, CELL_INSTALLED, CELL_SUCCESS };

static const char *const default_tables[] = {"flyway_schema_history", "schema_version", NULL};
static const char *const columns[] = {
    "installed_rank", "version",      "description",    "type",    "script", "checksum",
    "installed_by",   "installed_on", "execution_time", "success", NULL};
static const struct cell_request cells[] = {
    [CELL_RANK] = {"installed_rank", CELL_TEXT},
    [CELL_VERSION] = {"version", CELL_TEXT},
    [CELL_DESCRIPTION] = {"description", CELL_TEXT},
    [CELL_TYPE] = {"type", CELL_TEXT},
    [CELL_SCRIPT] = {"script", CELL_TEXT},
    [CELL_CHECKSUM] = {"checksum", CELL_TEXT},
    [CELL_INSTALLED] = {"installed_on", CELL_TIME_MS},
    [CELL_SUCCESS] = {"success", CELL_BOOLEAN},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "installed_rank"},
};

enum row_kind { ROW_MIGRATION, ROW_BASELINE, ROW_SCHEMA, ROW_DELETE, ROW_UNDO };

/* Types that are not migrations; names of several editions and ages. */
static enum row_kind kind_of(const char *type)
{
    static const struct {
        const char *type;
        enum row_kind kind;
    } kinds[] = {
        {"BASELINE", ROW_BASELINE},
        {"SQL_BASELINE", ROW_BASELINE},
        {"JDBC_BASELINE", ROW_BASELINE},
        {"SCRIPT_BASELINE", ROW_BASELINE},
        {"SQL_STATE_SCRIPT", ROW_BASELINE},
        {"JDBC_STATE_SCRIPT", ROW_BASELINE},
        {"SCHEMA", ROW_SCHEMA},
        {"DELETE", ROW_DELETE},
        {"UNDO_SQL", ROW_UNDO},
        {"UNDO_JDBC", ROW_UNDO},
        {"UNDO_SCRIPT", ROW_UNDO},
        {"UNDO_CUSTOM", ROW_UNDO},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (strcasecmp(kinds[i].type, type) == 0)
            return kinds[i].kind;
    return ROW_MIGRATION;
}

static bool is_valid_row(struct journal_builder *builder, const char *const *row, const size_t *lengths)
{
    int64_t number = 0;
    if (!cell_integer(row[CELL_RANK], &number))
        journal_builder_invalid(builder, "installed_rank is no number");
    else if (!row[CELL_TYPE] || !row[CELL_DESCRIPTION])
        journal_builder_invalid(builder, "type or description is NULL");
    else if (!row[CELL_SUCCESS] || strlen(row[CELL_SUCCESS]) != 1 || !strchr("01", row[CELL_SUCCESS][0]))
        journal_builder_invalid(builder, "success is neither true nor false");
    else if (row[CELL_VERSION] && !flyway_version_is_valid(row[CELL_VERSION], lengths[CELL_VERSION]))
        journal_builder_invalid(builder, "'%s' is no version", row[CELL_VERSION]);
    else if (row[CELL_CHECKSUM] && !cell_integer(row[CELL_CHECKSUM], &number))
        journal_builder_invalid(builder, "checksum is no number");
    else
        return true;
    return false;
}

static bool set_texts(struct journal_builder *builder, struct journal_entry *entry, const char *const *row,
                      const size_t *lengths)
{
    struct arena *arena = builder->journal->arena;
    size_t label = row[CELL_SCRIPT] && lengths[CELL_SCRIPT] > 0 ? CELL_SCRIPT : CELL_DESCRIPTION;
    if (!journal_builder_text(builder, row[label], lengths[label], &entry->label) ||
        !journal_builder_text(builder, row[CELL_CHECKSUM], lengths[CELL_CHECKSUM], &entry->checksum))
        return false;
    if (row[CELL_VERSION]) {
        entry->key = flyway_version_normalise(arena, row[CELL_VERSION], lengths[CELL_VERSION]);
        return entry->key && journal_builder_text(builder, row[CELL_VERSION], lengths[CELL_VERSION], &entry->revision);
    }
    const char *description = NULL;
    entry->repeatable = true;
    if (!journal_builder_text(builder, row[CELL_DESCRIPTION], lengths[CELL_DESCRIPTION], &description))
        return false;
    entry->revision = arena_printf(arena, "R:%s", description);
    return entry->revision != NULL;
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    if (!is_valid_row(builder, row, lengths))
        return 0;
    bool success = row[CELL_SUCCESS][0] == '1';
    enum row_kind kind = kind_of(row[CELL_TYPE]);
    /* SCHEMA only tells that Flyway made the schema; a DELETE that failed deleted nothing. */
    if (kind == ROW_SCHEMA || (kind == ROW_DELETE && !success))
        return 0;
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    cell_integer(row[CELL_RANK], &entry->rank);
    if (!cell_integer(row[CELL_INSTALLED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    if (!success)
        entry->state = ENTRY_FAILED;
    else if (kind == ROW_BASELINE)
        entry->state = ENTRY_BASELINE;
    else if (kind == ROW_DELETE || kind == ROW_UNDO)
        entry->state = ENTRY_REVOKES;
    return set_texts(builder, entry, row, lengths) ? 0 : error_no_memory(reterr);
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    char name[512] = "";
    if (server_is_postgres(server)) {
        snprintf(name, sizeof name, "\"%s\".\"%s\"", address->schema, address->table);
        lock_plan_advisory(plan, ADVISORY_BASE + java_hash(name));
    } else if (server_is_mysql(server)) {
        snprintf(name, sizeof name, "`%s`.`%s`", server->database, address->table);
        lock_plan_named(plan, "Flyway-%" PRId32, java_hash(name));
    }
}

static bool question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    size_t length = strlen(revision);
    *ret_key = NULL;
    if (flyway_version_is_valid(revision, length))
        *ret_key = flyway_version_normalise(arena, revision, length);
    else
        return true;
    return *ret_key != NULL;
}

static int order(const struct migration *a, const struct migration *b)
{
    return a->repeatable ? strcmp(a->revision, b->revision) : flyway_version_order(a->key, b->key);
}

static const struct list_traits traits = {
    .question_key = question_key,
    .order = flyway_version_order,
    .late = LATE_REFUSES,
    .unknown_refused = true,
    .apply = "flyway migrate",
    .repair_failed = "look at `flyway info`, undo by hand what the failed script left behind, then: flyway repair",
    .repair_mismatched = "put the applied text back into the file; only if the database is right as it is: "
                         "flyway repair",
    .repair_late = "give the file a version after the newest applied one, or run it once: "
                   "flyway -outOfOrder=true migrate",
    .repair_unknown = "deploy the release that has the files; only if they were removed on purpose: flyway repair",
    .remark_late = "Flyway refuses to migrate while an older version is missing, unless outOfOrder is set",
    .remark_unknown = "Flyway refuses to migrate while an applied migration has no file",
    .remark_later = "Flyway itself would still run: it ignores versions after the newest file",
};

const struct tool tool_flyway = {
    .name = "flyway",
    .title = "Flyway",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = journal_builder_fold,
    .locks = locks,
    .order = order,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "V*.sql, R*.sql, B*.sql",
              .order = "version",
              .failure = "success = false",
              .lock = "advisory lock (PostgreSQL), GET_LOCK (MySQL)",
              .checksum = "CRC-32 of the lines"},
    .read_files = flyway_read_files,
    .traits = &traits,
};
