/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/typeorm_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/file_list.h"
#include "journal/migration_list.h"
#include "journal/script_classes.h"

enum {
    STAMP_LENGTH = 13, /* characters of the name in which the tool looks for its time */
    FOLDER_DEPTH = 3   /* projects sort their migrations into a folder per year or module */
};

/* What is read, and where. */
struct typeorm_folder {
    const char *directory;
    const char *prefix;
    struct migration_set *set;
    struct migration_list list;
    struct file_list files;
    struct strbuf text;
};

static void typeorm_folder_done(struct typeorm_folder *folder)
{
    migration_list_done(&folder->list);
    file_list_done(&folder->files);
    strbuf_done(&folder->text);
}

DEFINE_CLEANUP_VALUE(typeorm_folder, struct typeorm_folder, typeorm_folder_done);

bool typeorm_timestamp(const char *name, size_t length, int64_t *ret_timestamp)
{
    size_t start = length > STAMP_LENGTH ? length - STAMP_LENGTH : 0;
    *ret_timestamp = 0;
    for (size_t i = start; i < length && name[i] >= '0' && name[i] <= '9'; i++)
        *ret_timestamp = *ret_timestamp * 10 + (name[i] - '0');
    return *ret_timestamp > 0;
}

/* Length of the path without its extension; 0: no script, or a mere declaration. */
static size_t stem_length(const char *path)
{
    static const char *const extensions[] = {".ts", ".js", ".mts", ".cts", ".mjs", ".cjs"};
    size_t length = strlen(path);
    for (size_t i = 0; i < ARRAY_LENGTH(extensions); i++) {
        size_t tail = strlen(extensions[i]);
        if (length <= tail || strcmp(path + length - tail, extensions[i]) != 0)
            continue;
        bool declaration = length > tail + 2 && memcmp(path + length - tail - 2, ".d", 2) == 0;
        return declaration ? 0 : length - tail;
    }
    return 0;
}

static int add_migration(struct typeorm_folder *folder, struct script_text name, const char *path, struct error *reterr)
{
    struct migration *migration = migration_list_add(&folder->list, reterr);
    if (!migration)
        return -1;
    migration->revision = arena_strndup(folder->set->arena, name.start, name.length);
    migration->file = path;
    return migration->revision ? 0 : error_no_memory(reterr);
}

/* The classes of one file whose names are a migration's; `assigned`: what compilers left of them. */
static int add_classes(struct typeorm_folder *folder, const char *path, bool assigned, struct error *reterr)
{
    struct script_scanner scanner = {0};
    struct script_class class = {0};
    int64_t timestamp = 0;
    script_scanner_init(&scanner, strbuf_text(&folder->text), folder->text.length);
    while (script_next_class(&scanner, &class)) {
        struct script_text name = class.property.start ? class.property : class.name;
        if (class.assigned != assigned || !name.start || !typeorm_timestamp(name.start, name.length, &timestamp))
            continue;
        size_t count = folder->list.count;
        bool again = assigned && count > 0 && folder->list.items[count - 1].file == path;
        if (!again && add_migration(folder, name, path, reterr) < 0)
            return -1;
    }
    return 0;
}

static bool is_marked(const struct strbuf *text)
{
    static const char *const marks[] = {"typeorm", "MigrationInterface", "queryRunner", "QueryRunner"};
    for (size_t i = 0; i < ARRAY_LENGTH(marks); i++)
        if (memmem(strbuf_text(text), text->length, marks[i], strlen(marks[i])))
            return true;
    return false;
}

static int read_file(struct typeorm_folder *folder, const char *name, struct error *reterr)
{
    const char *path = arena_printf(folder->set->arena, "%s%s", folder->prefix, name);
    if (!path)
        return error_no_memory(reterr);
    strbuf_clear(&folder->text);
    if (file_read(folder->directory, path, &folder->text, reterr) < 0)
        return -1;
    size_t before = folder->list.count;
    if (add_classes(folder, path, false, reterr) < 0)
        return -1;
    if (folder->list.count == before && add_classes(folder, path, true, reterr) < 0)
        return -1;
    if (folder->list.count > before && !folder->set->certain)
        folder->set->certain = is_marked(&folder->text);
    return 0;
}

static int in_order(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    int64_t time_a = 0;
    int64_t time_b = 0;
    typeorm_timestamp(a->revision, strlen(a->revision), &time_a);
    typeorm_timestamp(b->revision, strlen(b->revision), &time_b);
    if (time_a != time_b)
        return time_a < time_b ? -1 : 1;
    int order = strcmp(a->revision, b->revision);
    return order ? order : strcmp(a->file, b->file);
}

/* Two classes of one name the tool refuses; a source and what was built of it beside it are one. */
static int drop_built(struct migration_list *list, struct migration_set *set, struct error *reterr)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct migration *item = &list->items[i];
        const struct migration *before = kept > 0 ? &list->items[kept - 1] : NULL;
        if (!before || strcmp(before->revision, item->revision) != 0) {
            list->items[kept++] = *item;
            continue;
        }
        size_t stem = stem_length(item->file);
        if (stem != stem_length(before->file) || memcmp(item->file, before->file, stem) != 0)
            return error_set(reterr, ERROR_INVALID, "%s: has the same class %s as %s", item->file, item->revision,
                             before->file);
        if (!migration_set_remark(set, REMARK_DUPLICATE,
                                  "%s and %s are one migration in two files: a pattern that finds both makes TypeORM "
                                  "refuse to start",
                                  before->file, item->file))
            return error_no_memory(reterr);
    }
    list->count = kept;
    return 0;
}

/* A file that cannot be read matters only once the folder is known to be the tool's. */
static int read_folder(struct typeorm_folder *folder, unsigned depth, bool *ret_found, struct error *reterr)
{
    cleanup(free) char *root = mem_printf("%s/%s", folder->directory, folder->prefix);
    struct error broken = {0};
    if (!root)
        return error_no_memory(reterr);
    if (file_list_read(&folder->files, root, depth, reterr) < 0)
        return -1;
    for (size_t i = 0; i < folder->files.count; i++) {
        struct error error = {0};
        const char *name = folder->files.files[i].path;
        if (stem_length(name) == 0 || read_file(folder, name, &error) == 0)
            continue;
        if (error.code == ERROR_NO_MEMORY)
            return error_no_memory(reterr);
        if (!broken.code)
            broken = error;
    }
    *ret_found = folder->list.count > 0;
    if (*ret_found && broken.code) {
        if (reterr)
            *reterr = broken;
        return -1;
    }
    return 0;
}

int typeorm_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const prefixes[] = {"",
                                           "src/migrations/",
                                           "src/migration/",
                                           "migrations/",
                                           "migration/",
                                           "src/database/migrations/",
                                           "database/migrations/",
                                           "src/db/migrations/",
                                           "dist/migrations/"};
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        cleanup(typeorm_folder) struct typeorm_folder folder = {
            .directory = directory, .prefix = prefixes[i], .set = set, .text = STRBUF(FILE_TEXT_BYTES)};
        bool found = false;
        bool project = *prefixes[i] == '\0' && file_exists(directory, "package.json");
        if (!directory_exists(directory, *prefixes[i] ? prefixes[i] : "."))
            continue;
        if (read_folder(&folder, project ? 1 : FOLDER_DEPTH, &found, reterr) < 0)
            return -1;
        if (!found)
            continue;
        if (folder.list.count > 1)
            qsort(folder.list.items, folder.list.count, sizeof *folder.list.items, in_order);
        return drop_built(&folder.list, set, reterr) < 0 ? -1 : migration_list_finish(&folder.list, set, reterr);
    }
    return error_set(reterr, ERROR_NOT_FOUND, "%s holds no TypeORM migrations", directory);
}
