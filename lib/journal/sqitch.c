/* SPDX-License-Identifier: Apache-2.0
 *
 * Sqitch: a registry of several projects. What is deployed stands in one table, and what was tried in another.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "journal/compare_list.h"
#include "journal/detect.h"
#include "journal/journal_builder.h"
#include "journal/sqitch_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"
#include "model/text_index.h"

#define ADVISORY_KEY INT64_C(75474063)

enum { CELL_ID, CELL_HASH, CELL_CHANGE, CELL_PROJECT, CELL_COMMITTED };
enum { EVENT_KIND, EVENT_ID, EVENT_CHANGE, EVENT_PROJECT, EVENT_COMMITTED };

static const char *const default_tables[] = {"changes", NULL};
static const char *const columns[] = {"change_id",    "script_hash", "change", "project",
                                      "committed_at", "planned_at",  NULL};
static const struct cell_request cells[] = {
    [CELL_ID] = {"change_id", CELL_TEXT},
    [CELL_HASH] = {"script_hash", CELL_TEXT},
    [CELL_CHANGE] = {"change", CELL_TEXT},
    [CELL_PROJECT] = {"project", CELL_TEXT},
    [CELL_COMMITTED] = {"committed_at", CELL_TIME_MS},
};
static const struct cell_request event_cells[] = {
    [EVENT_KIND] = {"event", CELL_TEXT},
    [EVENT_ID] = {"change_id", CELL_TEXT},
    [EVENT_CHANGE] = {"change", CELL_TEXT},
    [EVENT_PROJECT] = {"project", CELL_TEXT},
    [EVENT_COMMITTED] = {"committed_at", CELL_TIME_MS},
};

static bool is_registry(const struct schema *schema, const struct schema_relation *relation)
{
    return detect_has_sibling(schema, relation, "events") && detect_has_sibling(schema, relation, "projects");
}

static int add_entry(struct journal_builder *builder, const char *const *row, const size_t *lengths, size_t id,
                     size_t committed, struct journal_entry **ret_entry, struct error *reterr)
{
    /* The change and the project follow one another in both tables. */
    size_t change = id == CELL_ID ? CELL_CHANGE : EVENT_CHANGE;
    size_t project = change + 1;
    *ret_entry = NULL;
    if (!row[id] || !row[change] || !row[project] || lengths[id] == 0 || lengths[change] == 0 ||
        lengths[project] == 0) {
        journal_builder_invalid(builder, "change_id, change or project is empty");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (!cell_integer(row[committed], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    if (!journal_builder_text(builder, row[id], lengths[id], &entry->key) ||
        !journal_builder_text(builder, row[change], lengths[change], &entry->revision) ||
        !journal_builder_text(builder, row[project], lengths[project], &entry->part))
        return error_no_memory(reterr);
    *ret_entry = entry;
    return 0;
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    struct journal_entry *entry = NULL;
    (void)shape;
    if (add_entry(builder, row, lengths, CELL_ID, CELL_COMMITTED, &entry, reterr) < 0)
        return -1;
    /* Registries from before there were hashes have the id in their place. */
    if (!entry || !row[CELL_HASH] || strcmp(row[CELL_HASH], row[CELL_ID]) == 0)
        return 0;
    return journal_builder_text(builder, row[CELL_HASH], lengths[CELL_HASH], &entry->checksum)
               ? 0
               : error_no_memory(reterr);
}

/* Anything that happened to a change takes an earlier failure back. */
static int read_event(struct journal_builder *builder, const char *const *row, const size_t *lengths,
                      struct error *reterr)
{
    struct journal_entry *entry = NULL;
    if (add_entry(builder, row, lengths, EVENT_ID, EVENT_COMMITTED, &entry, reterr) < 0)
        return -1;
    if (!entry)
        return 0;
    bool failed = row[EVENT_KIND] && strcmp(row[EVENT_KIND], "fail") == 0;
    entry->state = failed ? ENTRY_FAILED : ENTRY_REVOKES;
    entry->label = failed ? "the last attempt at it failed" : NULL;
    return 0;
}

static const struct tool_beside events = {
    .table = "events",
    .cells = event_cells,
    .cell_count = ARRAY_LENGTH(event_cells),
    .order_by = "committed_at",
    .row = read_event,
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "committed_at",
     .fits = is_registry,
     .beside = &events},
};

/* The last event of each change that is not deployed: whether its last attempt failed. */
static int finish(struct journal_builder *builder, struct error *reterr)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    struct text_index changes = {0};
    if (!arena || !text_index_init(&changes, arena, builder->count))
        return error_no_memory(reterr);
    size_t last = 0;
    for (size_t i = 0; i < builder->count; i++) {
        const struct journal_entry *entry = &builder->entries[i];
        size_t place = text_index_add(&changes, entry->key, last);
        if (place == last)
            builder->entries[last++] = *entry;
        else if (builder->entries[place].state != ENTRY_APPLIED)
            builder->entries[place] = *entry;
    }
    size_t kept = 0;
    for (size_t i = 0; i < last; i++)
        if (builder->entries[i].state != ENTRY_REVOKES)
            builder->entries[kept++] = builder->entries[i];
    builder->count = kept;
    return 0;
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    if (server_is_postgres(server)) {
        lock_plan_advisory(plan, ADVISORY_KEY);
        lock_plan_relation(plan, address->schema, address->table);
    } else if (server_is_mysql(server)) {
        lock_plan_named(plan, "sqitch working on %s", server->database);
    }
}

static const struct list_traits traits = {
    .late = LATE_SKIPS,
    .unknown_refused = true,
    .apply = "sqitch deploy",
    .revert = "sqitch revert --to ",
    .repair_failed = "look at `sqitch log --event fail`: Sqitch has reverted what that run deployed before it, but "
                     "not what {file} did outside of a transaction; mend it, then: sqitch deploy",
    .repair_mismatched = "put the applied text back into {file}, and the change into a new one (sqitch add, or "
                         "sqitch rework {revision}); where nothing is lost by it: sqitch rebase --onto {previous}",
    .repair_late = "put {revision} behind the deployed changes in the plan; where nothing is lost by it: sqitch "
                   "rebase --onto {previous}",
    .repair_unknown = "deploy the release whose plan has {revision}, or look at `sqitch log`: a change that was "
                      "edited in the plan, or that comes after such a one, is another one for Sqitch",
    .remark_late = "Sqitch skips it for ever: it deploys only what comes after the last deployed change",
    .remark_unknown = "Sqitch refuses to deploy while a deployed change is not in the plan",
    .remark_later = "Sqitch itself, run from this plan, would stop: it cannot find the deployed change",
};

const struct tool tool_sqitch = {
    .name = "sqitch",
    .title = "Sqitch",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .finish = finish,
    .locks = locks,
    .parts = true,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "sqitch.plan, deploy/*.sql",
              .order = "plan",
              .failure = "the last event of a change is fail",
              .lock = "advisory lock (PostgreSQL), GET_LOCK (MySQL)",
              .checksum = "SHA-1 of plan and script"},
    .read_files = sqitch_read_files,
    .traits = &traits,
};
