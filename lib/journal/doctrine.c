/* SPDX-License-Identifier: Apache-2.0
 *
 * Doctrine Migrations: a list of classes' full names, before version 3 of the digits in them. Down deletes the row.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"
#include "journal/journal_builder.h"
#include "journal/php_class.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { SHAPE_CLASSES, SHAPE_DIGITS };
enum { CELL_VERSION, CELL_EXECUTED };
enum { FOLDER_DEPTH = 3 }; /* organised by year and month */

static const char *const default_tables[] = {"doctrine_migration_versions", "migration_versions", NULL};
static const char *const class_columns[] = {"version", "executed_at", "execution_time", NULL};
static const char *const digit_columns[] = {"version", "executed_at", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT},
    [CELL_EXECUTED] = {"executed_at", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    [SHAPE_CLASSES] = {.columns = class_columns,
                       .exact = true,
                       .rename_safe = true,
                       .cells = cells,
                       .cell_count = ARRAY_LENGTH(cells),
                       .order_by = "version",
                       .proven_by_rows = true},
    [SHAPE_DIGITS] = {.columns = digit_columns,
                      .exact = true,
                      .cells = cells,
                      .cell_count = ARRAY_LENGTH(cells),
                      .order_by = "version",
                      .proven_by_rows = true},
};

/* Names of classes have backslashes in them, or begin with what the tool's generator gives them. */
static bool is_version(size_t shape, const char *version)
{
    if (shape == SHAPE_DIGITS)
        return strlen(version) == 14 && strspn(version, "0123456789") == 14;
    return strchr(version, '\\') || strncmp(version, "Version", 7) == 0;
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    if (!row[CELL_VERSION] || !is_version(shape, row[CELL_VERSION])) {
        journal_builder_invalid(builder, "version is no migration's name");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (!cell_integer(row[CELL_EXECUTED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    return journal_builder_text(builder, row[CELL_VERSION], lengths[CELL_VERSION], &entry->revision)
               ? 0
               : error_no_memory(reterr);
}

static bool is_migration(const char *name)
{
    return strncmp(name, "Version", 7) == 0 && has_suffix(name, ".php");
}

/* Names the migration by the class in its file, keyed by the digits that its journal before version 3 has. */
static int name_migration(struct migration *migration, const char *directory, struct arena *arena, struct strbuf *text,
                          struct error *reterr)
{
    struct php_class class = {0};
    strbuf_clear(text);
    if (file_read(directory, migration->file, text, reterr) < 0)
        return -1;
    if (!php_read_class(strbuf_text(text), text->length, &class))
        return error_set(reterr, ERROR_INVALID, "%s:1: no class is declared", migration->file);
    migration->revision = arena_printf(arena, "%.*s%s%.*s", (int)class.space_length, class.space ? class.space : "",
                                       class.space_length ? "\\" : "", (int)class.name_length, class.name);
    migration->key = arena_strndup(arena, class.name, class.name_length);
    if (!migration->revision || !migration->key)
        return error_no_memory(reterr);
    migration->key += strcspn(migration->key, "0123456789");
    return 0;
}

static int in_order(const void *a, const void *b)
{
    return strcmp(((const struct migration *)a)->revision, ((const struct migration *)b)->revision);
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "src/Migrations", NULL};
    static const struct folder_rule rule = {.folders = folders, .depth = FOLDER_DEPTH, .accepts = is_migration};
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (flat_folder_read(directory, &rule, set, &list, reterr) < 0 ||
        flat_folder_mentions(directory, &list, "Doctrine\\Migrations\\AbstractMigration", &set->certain, reterr) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        if (name_migration(&list.items[i], directory, set->arena, &text, reterr) < 0)
            return -1;
    qsort(list.items, list.count, sizeof *list.items, in_order);
    for (size_t i = 1; i < list.count; i++)
        if (in_order(&list.items[i - 1], &list.items[i]) == 0)
            return error_set(reterr, ERROR_INVALID, "%s: declares the same class as %s", list.items[i].file,
                             list.items[i - 1].file);
    return migration_list_finish(&list, set, reterr);
}

/* "20240131093000" for short, as people read it off the file's name. */
static bool question_digits(const char *revision, struct arena *arena, const char **ret_key)
{
    const char *name = strrchr(revision, '\\');
    (void)arena;
    name = name ? name + 1 : revision;
    *ret_key = name + strcspn(name, "0123456789");
    return true;
}

#define SENTENCES                                                                                                      \
    .late = LATE_APPLIES, .apply = "php bin/console doctrine:migrations:migrate --no-interaction",                     \
    .remark_later = "Doctrine itself would still run: it warns of executed migrations that it has no class for"

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    static const struct list_traits by_class = {SENTENCES, .by_revision = true, .order = order_bytes};
    static const struct list_traits by_digits = {SENTENCES, .order = order_bytes, .question_key = question_digits};
    const struct list_traits *traits = request->journal->shape == SHAPE_DIGITS ? &by_digits : &by_class;
    return compare_list(request, traits, arena, ret_comparison, reterr);
}

const struct tool tool_doctrine = {
    .name = "doctrine",
    .title = "Doctrine Migrations",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "Version*.php",
              .order = "class name",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = read_files,
    .compare = compare,
};
