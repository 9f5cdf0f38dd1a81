/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/script_folders.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "journal/file_list.h"

/* The files of one folder, which stand one after the other. */
struct group {
    const char *name;
    size_t name_length;
    bool complete; /* the script is among them */
};

static struct group group_at(const struct file_list *files, size_t *at, const char *script)
{
    const char *path = files->files[*at].path;
    struct group group = {.name = path, .name_length = strcspn(path, "/") + 1};
    for (; *at < files->count; ++*at) {
        path = files->files[*at].path;
        if (strncmp(path, group.name, group.name_length) != 0)
            break;
        group.complete = group.complete || strcmp(path + group.name_length, script) == 0;
    }
    group.name_length--;
    return group;
}

static int add_folder(const struct group *group, const char *parent, const char *script, struct migration_set *set,
                      struct migration_list *list, struct error *reterr)
{
    struct migration *migration = migration_list_add(list, reterr);
    if (!migration)
        return -1;
    const char *slash = *parent ? "/" : "";
    migration->revision = arena_strndup(set->arena, group->name, group->name_length);
    migration->file =
        arena_printf(set->arena, "%s%s%.*s/%s", parent, slash, (int)group->name_length, group->name, script);
    return migration->revision && migration->file ? 0 : error_no_memory(reterr);
}

static int read_parent(const char *directory, const char *parent, const struct script_folders_rule *rule,
                       struct migration_set *set, struct migration_list *list, struct error *reterr)
{
    cleanup(free) char *root = mem_printf("%s%s%s", directory, *parent ? "/" : "", parent);
    cleanup(file_list) struct file_list files = {0};
    struct group incomplete = {0};
    if (!root)
        return error_no_memory(reterr);
    if (file_list_read(&files, root, 2, reterr) < 0)
        return -1;
    for (size_t i = 0; i < files.count;) {
        if (!strchr(files.files[i].path, '/')) {
            i++;
            continue;
        }
        struct group group = group_at(&files, &i, rule->script);
        if (!group.complete)
            incomplete = group;
        else if (add_folder(&group, parent, rule->script, set, list, reterr) < 0)
            return -1;
    }
    if (list->count > 0 && incomplete.name)
        return error_set(reterr, ERROR_INVALID, "%s%s%.*s: holds no %s: %s would refuse to run", parent,
                         *parent ? "/" : "", (int)incomplete.name_length, incomplete.name, rule->script, rule->title);
    return 0;
}

int script_folders_read(const char *directory, const struct script_folders_rule *rule, struct migration_set *set,
                        struct migration_list *list, const char **ret_parent, struct error *reterr)
{
    *ret_parent = "";
    for (const char *const *parent = rule->parents; *parent && list->count == 0; parent++) {
        *ret_parent = *parent;
        if (directory_exists(directory, *parent) && read_parent(directory, *parent, rule, set, list, reterr) < 0)
            return -1;
    }
    if (list->count > 0)
        return 0;
    *ret_parent = "";
    if (read_parent(directory, "", rule, set, list, reterr) < 0)
        return -1;
    return list->count > 0 ? 0
                           : error_set(reterr, ERROR_NOT_FOUND, "%s holds no folder with %s", directory, rule->script);
}
