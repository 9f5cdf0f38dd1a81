/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/flat_folder.h"

#include <string.h>

#include "base/alloc.h"
#include "journal/file_list.h"

const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool has_suffix(const char *text, const char *suffix)
{
    size_t length = strlen(text);
    size_t wanted = strlen(suffix);
    return length >= wanted && strcmp(text + length - wanted, suffix) == 0;
}

static int add_file(const char *folder, const char *path, struct migration_set *set, struct migration_list *list,
                    struct error *reterr)
{
    struct migration *migration = migration_list_add(list, reterr);
    if (!migration)
        return -1;
    const char *name = file_name(path);
    const char *dot = strrchr(name, '.');
    migration->file = *folder ? arena_printf(set->arena, "%s/%s", folder, path) : arena_strdup(set->arena, path);
    migration->revision = arena_strndup(set->arena, name, dot ? (size_t)(dot - name) : strlen(name));
    return migration->file && migration->revision ? 0 : error_no_memory(reterr);
}

static int read_folder(const char *directory, const char *folder, const struct folder_rule *rule,
                       struct migration_set *set, struct migration_list *list, struct error *reterr)
{
    cleanup(free) char *root = mem_printf("%s%s%s", directory, *folder ? "/" : "", folder);
    cleanup(file_list) struct file_list files = {0};
    if (!root)
        return error_no_memory(reterr);
    if (file_list_read(&files, root, rule->depth, reterr) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++) {
        const char *path = files.files[i].path;
        if (rule->accepts(file_name(path)) && add_file(folder, path, set, list, reterr) < 0)
            return -1;
    }
    return 0;
}

int flat_folder_read(const char *directory, const struct folder_rule *rule, struct migration_set *set,
                     struct migration_list *list, struct error *reterr)
{
    for (const char *const *folder = rule->folders; *folder && list->count == 0; folder++)
        if (directory_exists(directory, *folder) && read_folder(directory, *folder, rule, set, list, reterr) < 0)
            return -1;
    if (list->count == 0 && read_folder(directory, "", rule, set, list, reterr) < 0)
        return -1;
    return list->count > 0 ? 0 : error_set(reterr, ERROR_NOT_FOUND, "%s holds no migrations", directory);
}

int flat_folder_mentions(const char *directory, const struct migration_list *list, const char *text, bool *ret_found,
                         struct error *reterr)
{
    cleanup(strbuf) struct strbuf content = STRBUF(FILE_TEXT_BYTES);
    *ret_found = false;
    for (size_t i = 0; i < list->count && !*ret_found; i++) {
        strbuf_clear(&content);
        if (file_read(directory, list->items[i].file, &content, reterr) < 0)
            return -1;
        *ret_found = memmem(strbuf_text(&content), content.length, text, strlen(text)) != NULL;
    }
    return 0;
}
