/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/named_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/file_list.h"
#include "journal/migration_list.h"

enum { MARKED_FILES = 8 }; /* in which marks are sought: a project's migrations are alike */

/* One file of the folder. */
struct named_file {
    const char *path;
    const char *stem; /* its name without extension */
    const char *name; /* as it is recorded */
    size_t rank;      /* of its extension */
    int (*order)(const char *a, const char *b);
};

struct named_folder {
    const struct named_layout *layout;
    struct migration_set *set;
    const char *directory;
    const char *prefix; /* "" or "migrations/" */
    struct file_list files;
    struct named_file *items;
    size_t count;
    bool claimed;
    bool marked;
};

static void named_folder_done(struct named_folder *folder)
{
    file_list_done(&folder->files);
    mem_free(folder->items);
    *folder = (struct named_folder){0};
}

DEFINE_CLEANUP_VALUE(named_folder, struct named_folder, named_folder_done);

bool named_begins_with_number(const char *name, char separator)
{
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && name[digits] == separator;
}

int named_order(const struct migration *a, const struct migration *b)
{
    return strcmp(a->revision, b->revision);
}

static bool ends_with(const char *name, const char *tail)
{
    size_t length = strlen(name);
    size_t tail_length = strlen(tail);
    return length > tail_length && strcmp(name + length - tail_length, tail) == 0;
}

/* What compilers leave beside the code. */
static bool is_generated(const char *name)
{
    static const char *const tails[] = {".d.ts", ".d.mts", ".d.cts", ".map"};
    for (size_t i = 0; i < ARRAY_LENGTH(tails); i++)
        if (ends_with(name, tails[i]))
            return true;
    return false;
}

static const struct named_extension *find_extension(const struct named_layout *layout, const char *name)
{
    for (size_t i = 0; i < layout->extension_count; i++)
        if (ends_with(name, layout->extensions[i].text))
            return &layout->extensions[i];
    return NULL;
}

static int add_file(struct named_folder *folder, const char *name, const struct named_extension *extension,
                    struct error *reterr)
{
    struct arena *arena = folder->set->arena;
    struct named_file *item = &folder->items[folder->count++];
    const char *stem = arena_strndup(arena, name, strlen(name) - strlen(extension->text));
    *item = (struct named_file){
        .path = arena_printf(arena, "%s%s", folder->prefix, name),
        .stem = stem,
        .name = extension->use == EXTENSION_KEPT ? arena_strdup(arena, name) : stem,
        .rank = (size_t)(extension - folder->layout->extensions),
        .order = folder->layout->order ? folder->layout->order : order_bytes,
    };
    return item->path && item->stem && item->name ? 0 : error_no_memory(reterr);
}

/* A file that cannot be read marks nothing: its name is all that counts. */
static int seek_mark(struct named_folder *folder, const char *name, struct strbuf *text, struct error *reterr)
{
    struct error error = {0};
    cleanup(free) char *path = mem_printf("%s%s", folder->prefix, name);
    if (!path)
        return error_no_memory(reterr);
    strbuf_clear(text);
    if (file_read(folder->directory, path, text, &error) < 0)
        return error.code == ERROR_NO_MEMORY ? error_no_memory(reterr) : 0;
    for (const char *const *mark = folder->layout->marks; *mark && !folder->marked; mark++)
        folder->marked = memmem(strbuf_text(text), text->length, *mark, strlen(*mark)) != NULL;
    return 0;
}

static int note_other(struct named_folder *folder, const char *name, struct error *reterr)
{
    if (!folder->layout->claims(name) || is_generated(name))
        return 0;
    bool noted = migration_set_remark(folder->set, REMARK_IGNORED, "%s%s: %s", folder->prefix, name,
                                      folder->layout->remark_extension);
    return noted ? 0 : error_no_memory(reterr);
}

/* Collects the folder's migrations. */
static int open_folder(struct named_folder *folder, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    cleanup(free) char *root = mem_printf("%s/%s", folder->directory, folder->prefix);
    if (!root)
        return error_no_memory(reterr);
    if (file_list_read(&folder->files, root, 1, reterr) < 0)
        return -1;
    folder->items = mem_calloc(folder->files.count + 1, sizeof *folder->items);
    if (!folder->items)
        return error_no_memory(reterr);
    for (size_t i = 0; i < folder->files.count; i++) {
        const char *name = folder->files.files[i].path;
        const struct named_extension *extension = is_generated(name) ? NULL : find_extension(folder->layout, name);
        if (name[0] == '.' || !extension || extension->use == EXTENSION_HALF)
            continue;
        if (add_file(folder, name, extension, reterr) < 0)
            return -1;
        folder->claimed = folder->claimed || folder->layout->claims(name);
        bool sought = !folder->marked && folder->count <= MARKED_FILES;
        if (sought && seek_mark(folder, name, &text, reterr) < 0)
            return -1;
    }
    return 0;
}

/* By stem, of one stem the extension that counts first. */
static int by_stem(const void *pa, const void *pb)
{
    const struct named_file *a = pa;
    const struct named_file *b = pb;
    int order = strcmp(a->stem, b->stem);
    return order ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

static int by_name(const void *pa, const void *pb)
{
    const struct named_file *a = pa;
    const struct named_file *b = pb;
    int order = a->order(a->name, b->name);
    return order ? order : strcmp(a->path, b->path);
}

/* A source and what was built of it are one migration. */
static int merge_stems(struct named_folder *folder, struct error *reterr)
{
    size_t kept = 0;
    if (folder->count > 1)
        qsort(folder->items, folder->count, sizeof *folder->items, by_stem);
    for (size_t i = 0; i < folder->count; i++) {
        const struct named_file *item = &folder->items[i];
        const struct named_file *before = kept > 0 ? &folder->items[kept - 1] : NULL;
        if (!before || strcmp(before->stem, item->stem) != 0)
            folder->items[kept++] = *item;
        else if (!migration_set_remark(folder->set, REMARK_DUPLICATE,
                                       "%s and %s are one migration in two files: only %s is expected", before->path,
                                       item->path, before->name))
            return error_no_memory(reterr);
    }
    folder->count = kept;
    return 0;
}

static int fill_set(struct named_folder *folder, struct error *reterr)
{
    cleanup(migration_list) struct migration_list list = {0};
    for (size_t i = 0; i < folder->files.count; i++) {
        const char *name = folder->files.files[i].path;
        if (!find_extension(folder->layout, name) && note_other(folder, name, reterr) < 0)
            return -1;
    }
    if (merge_stems(folder, reterr) < 0)
        return -1;
    if (folder->count > 1)
        qsort(folder->items, folder->count, sizeof *folder->items, by_name);
    for (size_t i = 0; i < folder->count; i++) {
        struct migration *migration = migration_list_add(&list, reterr);
        if (!migration)
            return -1;
        migration->revision = folder->items[i].name;
        migration->file = folder->items[i].path;
    }
    folder->set->certain = folder->marked;
    return migration_list_finish(&list, folder->set, reterr);
}

/* `*ret_found`: it was the tool's, and is read. `bare`: words in the files are enough, whatever their names. */
static int try_folder(const struct named_layout *layout, const char *directory, const char *prefix, bool bare,
                      struct migration_set *set, bool *ret_found, struct error *reterr)
{
    cleanup(named_folder) struct named_folder folder = {
        .layout = layout, .set = set, .directory = directory, .prefix = prefix};
    if (open_folder(&folder, reterr) < 0)
        return -1;
    *ret_found = folder.count > 0 && (folder.claimed || (bare && folder.marked));
    return *ret_found ? fill_set(&folder, reterr) : 0;
}

int named_files_read(const struct named_layout *layout, const char *directory, struct migration_set *set,
                     struct error *reterr)
{
    bool found = false;
    if (try_folder(layout, directory, "", false, set, &found, reterr) < 0)
        return -1;
    for (const char *const *folder = layout->folders; *folder && !found; folder++) {
        if (!directory_exists(directory, *folder))
            continue;
        cleanup(free) char *prefix = mem_printf("%s/", *folder);
        if (!prefix)
            return error_no_memory(reterr);
        if (try_folder(layout, directory, prefix, true, set, &found, reterr) < 0)
            return -1;
    }
    if (!found && try_folder(layout, directory, "", true, set, &found, reterr) < 0)
        return -1;
    return found ? 0 : error_set(reterr, ERROR_NOT_FOUND, "%s holds no %s migrations", directory, layout->title);
}
