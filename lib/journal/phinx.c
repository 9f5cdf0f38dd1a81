/* SPDX-License-Identifier: Apache-2.0
 *
 * Phinx, and CakePHP's Migrations, which build on it: a list of numbers; a roll-back deletes its row.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "journal/compare_list.h"
#include "journal/flat_folder.h"
#include "journal/journal_builder.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_VERSION, CELL_NAME, CELL_ENDED };

static const char *const default_tables[] = {"phinxlog", NULL};
static const char *const columns[] = {"version", "migration_name", "start_time", "end_time", "breakpoint", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT},
    [CELL_NAME] = {"migration_name", CELL_TEXT},
    [CELL_ENDED] = {"end_time", CELL_TIME_MS},
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
    if (!cell_integer(row[CELL_VERSION], &version) || version < 0) {
        journal_builder_invalid(builder, "version is no number that a file could have");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (!cell_integer(row[CELL_ENDED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    return journal_builder_text(builder, row[CELL_VERSION], lengths[CELL_VERSION], &entry->revision) &&
                   journal_builder_text(builder, row[CELL_NAME], lengths[CELL_NAME], &entry->label)
               ? 0
               : error_no_memory(reterr);
}

/* 20240131093000_create_users.php: words of letters and digits, the first beginning with a letter. Or fourteen digits
 * alone. */
static bool is_migration(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    if (digits == 0)
        return false;
    if (strcmp(name + digits, ".php") == 0)
        return digits == 14;
    if (name[digits] != '_' || !isalpha((unsigned char)name[digits + 1]))
        return false;
    const char *word = name + digits + 1;
    while (isalnum((unsigned char)*word) || (*word == '_' && isalnum((unsigned char)word[1])))
        word++;
    return strcasecmp(word, ".php") == 0;
}

static int in_order(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    int order = order_numbers(a->revision, b->revision);
    return order ? order : strcmp(a->file, b->file);
}

static const char *words_of(const struct migration *migration)
{
    const char *name = file_name(migration->file);
    return name + strspn(name, "0123456789");
}

static int by_words(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    return strcasecmp(words_of(a), words_of(b));
}

/* Phinx refuses two files of one number, and two of one name, since both would declare the same class. */
static int check_duplicates(struct migration_list *list, struct error *reterr)
{
    qsort(list->items, list->count, sizeof *list->items, by_words);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(words_of(&list->items[i]), ".php") != 0 && by_words(&list->items[i - 1], &list->items[i]) == 0)
            return error_set(reterr, ERROR_INVALID, "%s: has the same name as %s", list->items[i].file,
                             list->items[i - 1].file);
    qsort(list->items, list->count, sizeof *list->items, in_order);
    for (size_t i = 1; i < list->count; i++)
        if (order_numbers(list->items[i - 1].revision, list->items[i].revision) == 0)
            return error_set(reterr, ERROR_INVALID, "%s: has the same version as %s", list->items[i].file,
                             list->items[i - 1].file);
    return 0;
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"db/migrations", "config/Migrations", NULL};
    static const struct folder_rule rule = {.folders = folders, .depth = 1, .accepts = is_migration};
    cleanup(migration_list) struct migration_list list = {0};
    bool cake = false;
    if (flat_folder_read(directory, &rule, set, &list, reterr) < 0 ||
        flat_folder_mentions(directory, &list, "Phinx\\Migration\\", &set->certain, reterr) < 0 ||
        flat_folder_mentions(directory, &list, "use Migrations\\", &cake, reterr) < 0)
        return -1;
    set->certain = set->certain || cake;
    for (size_t i = 0; i < list.count; i++) {
        const char *number = file_name(list.items[i].file);
        size_t digits = strspn(number, "0123456789");
        while (digits > 1 && *number == '0') { /* the column is a number */
            number++;
            digits--;
        }
        list.items[i].revision = arena_strndup(set->arena, number, digits);
        if (!list.items[i].revision)
            return error_no_memory(reterr);
    }
    return check_duplicates(&list, reterr) < 0 ? -1 : migration_list_finish(&list, set, reterr);
}

/* As the column has it: without leading zeros. */
static bool question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    (void)arena;
    size_t digits = strspn(revision, "0123456789");
    *ret_key = NULL;
    if (digits == 0 || revision[digits] != '\0')
        return true;
    while (digits > 1 && *revision == '0') {
        revision++;
        digits--;
    }
    *ret_key = revision;
    return true;
}

static const struct list_traits traits = {
    .question_key = question_key,
    .order = order_numbers,
    .late = LATE_APPLIES,
    .apply = "phinx migrate",
    .revert = "phinx rollback -t ",
    .remark_later = "Phinx itself would still run: it lists rows without a file as missing and goes on",
};

const struct tool tool_phinx = {
    .name = "phinx",
    .title = "Phinx",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "db/migrations/<number>_*.php, config/Migrations/<number>_*.php",
              .order = "version",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = read_files,
    .traits = &traits,
};
