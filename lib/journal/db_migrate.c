/* SPDX-License-Identifier: Apache-2.0
 *
 * db-migrate: a list of "scope/name", the scope of most projects being empty.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "journal/file_list.h"
#include "journal/migration_list.h"
#include "journal/named_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

enum { CELL_NAME, CELL_TIME };
enum { STAMP_DIGITS = 14, MARKED_FILES = 8 };

static const char *const default_tables[] = {"migrations", NULL};
static const char *const columns[] = {"id", "name", "run_on", NULL};
static const struct cell_request cells[] = {
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_TIME] = {"run_on", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "id",
     .proven_by_rows = true},
};

/* "20261121080000-…" */
static bool begins_with_stamp(const char *name)
{
    return strspn(name, "0123456789") == STAMP_DIGITS && name[STAMP_DIGITS] == '-' && name[STAMP_DIGITS + 1] != '\0';
}

static const char *behind_scope(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    struct journal_entry *entry = NULL;
    if (row[CELL_NAME] && (!strchr(row[CELL_NAME], '/') || !begins_with_stamp(behind_scope(row[CELL_NAME])))) {
        journal_builder_invalid(builder, "name is no scope, slash and time, as db-migrate writes it");
        return 0;
    }
    return named_row(builder, row[CELL_NAME], lengths[CELL_NAME], row[CELL_TIME], &entry, reterr);
}

/* By time and name, which is how the tool runs them; by scope where these are the same. */
static int order_names(const char *a, const char *b)
{
    int order = strcmp(behind_scope(a), behind_scope(b));
    return order ? order : strcmp(a, b);
}

static int in_order(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    int order = order_names(a->revision, b->revision);
    return order ? order : strcmp(a->file, b->file);
}

static bool is_script(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".js") == 0;
}

/* What is read, and where. */
struct db_migrate_folder {
    const char *directory;
    const char *prefix;
    struct file_list files;
    struct migration_list list;
    struct strbuf text;
};

static void db_migrate_folder_done(struct db_migrate_folder *folder)
{
    file_list_done(&folder->files);
    migration_list_done(&folder->list);
    strbuf_done(&folder->text);
}

DEFINE_CLEANUP_VALUE(db_migrate_folder, struct db_migrate_folder, db_migrate_folder_done);

static int seek_mark(struct db_migrate_folder *folder, const char *path, struct migration_set *set,
                     struct error *reterr)
{
    struct error error = {0};
    strbuf_clear(&folder->text);
    if (file_read(folder->directory, path, &folder->text, &error) < 0)
        return error.code == ERROR_NO_MEMORY ? error_no_memory(reterr) : 0;
    set->certain = memmem(strbuf_text(&folder->text), folder->text.length, "dbmigrate", 9) != NULL;
    return 0;
}

/* A scope with a configuration goes to another database or schema than its project. `name` is the last part of `path`.
 */
static int goes_elsewhere(const struct db_migrate_folder *folder, const char *path, const char *name,
                          bool *ret_elsewhere, struct error *reterr)
{
    *ret_elsewhere = false;
    if (name == path)
        return 0;
    cleanup(free) char *configuration = mem_printf("%s%.*sconfig.json", folder->prefix, (int)(name - path), path);
    if (!configuration)
        return error_no_memory(reterr);
    *ret_elsewhere = file_exists(folder->directory, configuration);
    return 0;
}

/* `path` is "20261121080000-a.js" or "scope/20261121080000-a.js". */
static int add_file(struct db_migrate_folder *folder, const char *path, struct migration_set *set, struct error *reterr)
{
    const char *name = behind_scope(path);
    bool elsewhere = false;
    if (goes_elsewhere(folder, path, name, &elsewhere, reterr) < 0)
        return -1;
    if (elsewhere) {
        bool noted = migration_set_remark(set, REMARK_ELSEWHERE,
                                          "%s%s: the scope's config.json sends it to a database of its own",
                                          folder->prefix, path);
        return noted ? 0 : error_no_memory(reterr);
    }
    if (!begins_with_stamp(name)) {
        bool scoped = name != path;
        bool noted = scoped || migration_set_remark(set, REMARK_IGNORED,
                                                    "%s%s: db-migrate stops at a file whose name does not begin with "
                                                    "a time of 14 digits and \"-\"",
                                                    folder->prefix, path);
        return noted ? 0 : error_no_memory(reterr);
    }
    struct migration *migration = migration_list_add(&folder->list, reterr);
    if (!migration)
        return -1;
    migration->revision = arena_printf(set->arena, "%s%.*s", name == path ? "/" : "",
                                       (int)((size_t)(name - path) + strcspn(name, ".")), path);
    migration->file = arena_printf(set->arena, "%s%s", folder->prefix, path);
    if (!migration->revision || !migration->file)
        return error_no_memory(reterr);
    bool sought = !set->certain && folder->list.count <= MARKED_FILES;
    return sought ? seek_mark(folder, migration->file, set, reterr) : 0;
}

static bool claims(const struct file_list *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (begins_with_stamp(behind_scope(files->files[i].path)) && is_script(files->files[i].path))
            return true;
    return false;
}

static int fill_set(struct db_migrate_folder *folder, struct migration_set *set, struct error *reterr)
{
    for (size_t i = 0; i < folder->files.count; i++) {
        const char *path = folder->files.files[i].path;
        if (is_script(path) && strncmp(path, "sqls/", 5) != 0 && add_file(folder, path, set, reterr) < 0)
            return -1;
    }
    struct migration_list *list = &folder->list;
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, in_order);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(list->items[i - 1].revision, list->items[i].revision) == 0 &&
            !migration_set_remark(set, REMARK_DUPLICATE, "%s and %s are both recorded as %s", list->items[i - 1].file,
                                  list->items[i].file, list->items[i].revision))
            return error_no_memory(reterr);
    return migration_list_finish(list, set, reterr);
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const prefixes[] = {"", "migrations/"};
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        cleanup(db_migrate_folder) struct db_migrate_folder folder = {
            .directory = directory, .prefix = prefixes[i], .text = STRBUF(FILE_TEXT_BYTES)};
        cleanup(free) char *root = mem_printf("%s/%s", directory, prefixes[i]);
        if (!root)
            return error_no_memory(reterr);
        if (!directory_exists(root, "."))
            continue;
        /* In a project's root only its own files count: scopes stand below migrations/. */
        bool root_of_project = *prefixes[i] == '\0' && directory_exists(directory, "migrations");
        if (file_list_read(&folder.files, root, root_of_project ? 1 : 2, reterr) < 0)
            return -1;
        if (claims(&folder.files))
            return fill_set(&folder, set, reterr);
    }
    return error_set(reterr, ERROR_NOT_FOUND, "%s holds no db-migrate migrations", directory);
}

static int order_migrations(const struct migration *a, const struct migration *b)
{
    return order_names(a->revision, b->revision);
}

static const struct list_traits traits = {
    .order = order_names,
    .late = LATE_APPLIES,
    .apply = "db-migrate up",
    .remark_later = "db-migrate itself would still run: it ignores rows that it has no file for",
};

const struct tool tool_db_migrate = {
    .name = "db-migrate",
    .title = "db-migrate",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = tool_locks_written_table,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*.js, SCOPE/*.js",
              .order = "time in the file name",
              .lock = "the journal's row lock, after the first step (PostgreSQL)"},
    .read_files = read_files,
    .order = order_migrations,
    .traits = &traits,
};
