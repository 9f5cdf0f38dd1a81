/* SPDX-License-Identifier: Apache-2.0
 *
 * Diesel: a set of versions, each the beginning of a folder's name without its dashes; a revert deletes its row.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/file_list.h"
#include "journal/journal_builder.h"
#include "journal/script_folders.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_VERSION, CELL_RUN_ON };

static const char *const default_tables[] = {"__diesel_schema_migrations", NULL};
static const char *const columns[] = {"version", "run_on", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT},
    [CELL_RUN_ON] = {"run_on", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns, .exact = true, .cells = cells, .cell_count = ARRAY_LENGTH(cells), .order_by = "run_on"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    if (!row[CELL_VERSION] || lengths[CELL_VERSION] == 0) {
        journal_builder_invalid(builder, "version is empty");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (!cell_integer(row[CELL_RUN_ON], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    return journal_builder_text(builder, row[CELL_VERSION], lengths[CELL_VERSION], &entry->revision)
               ? 0
               : error_no_memory(reterr);
}

/* What Diesel records of a folder: its name up to the first underscore, without dashes. NULL: memory is out. */
static const char *version_of(const char *name, size_t length, struct arena *arena)
{
    const char *end = memchr(name, '_', length);
    char *version = arena_strndup(arena, name, end ? (size_t)(end - name) : length);
    if (!version)
        return NULL;
    char *out = version;
    for (const char *in = version; *in; in++)
        if (*in != '-')
            *out++ = *in;
    *out = '\0';
    return version;
}

static int in_order(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    int order = strcmp(a->revision, b->revision);
    return order != 0 ? order : strcmp(a->file, b->file);
}

/* Of several folders with one version, Diesel takes one: which, is chance. */
static int drop_duplicates(struct migration_set *set, struct migration_list *list, struct error *reterr)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (kept == 0 || strcmp(list->items[kept - 1].revision, list->items[i].revision) != 0)
            list->items[kept++] = list->items[i];
        else if (!migration_set_remark(set, REMARK_DUPLICATE, "%s and %s have the version %s: Diesel runs one of them",
                                       list->items[kept - 1].file, list->items[i].file, list->items[i].revision))
            return error_no_memory(reterr);
    }
    list->count = kept;
    return 0;
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const parents[] = {"migrations", NULL};
    static const struct script_folders_rule rule = {.title = "Diesel", .parents = parents, .script = "up.sql"};
    cleanup(migration_list) struct migration_list list = {0};
    const char *parent = NULL;
    if (script_folders_read(directory, &rule, set, &list, &parent, reterr) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        const char *name = list.items[i].revision;
        list.items[i].revision = version_of(name, strlen(name), set->arena);
        if (!list.items[i].revision)
            return error_no_memory(reterr);
    }
    qsort(list.items, list.count, sizeof *list.items, in_order);
    set->certain = file_exists(directory, "diesel.toml") || file_exists(directory, "../diesel.toml") ||
                   strcmp(list.items[0].revision, "00000000000000") == 0;
    return drop_duplicates(set, &list, reterr) < 0 ? -1 : migration_list_finish(&list, set, reterr);
}

/* A folder's name stands for its version, too. */
static bool question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    *ret_key = version_of(revision, strlen(revision), arena);
    return *ret_key != NULL;
}

static const struct list_traits traits = {
    .question_key = question_key,
    .order = order_bytes,
    .late = LATE_APPLIES,
    .apply = "diesel migration run",
    .remark_later = "Diesel itself would still run: it ignores versions that it has no folder for, until a revert",
};

const struct tool tool_diesel = {
    .name = "diesel",
    .title = "Diesel",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*/up.sql",
              .order = "version",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = read_files,
    .traits = &traits,
};
