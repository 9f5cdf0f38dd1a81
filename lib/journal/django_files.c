/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/django_files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"
#include "journal/migration_list.h"
#include "journal/python_values.h"
#include "journal/topology.h"
#include "model/text_index.h"

#define LIMIT_DEPENDENCIES (8u * LIMIT_MIGRATIONS) /* a merge has two; the first of an app a handful */

enum { NAME_DEPENDENCIES, NAME_REPLACES, NAME_RUN_BEFORE, NAMES };

static const char *const names[NAMES] = {"dependencies", "replaces", "run_before"};

/* One file; its migration has the same number. */
struct django_file {
    const char *folder; /* its migrations/ */
    struct python_value values[NAMES];
    bool own_parent; /* one of its own app comes before it */
    bool own_child;
    size_t squash; /* the one that replaces it; SIZE_MAX */
};

struct django_project {
    const char *directory;
    struct migration_set *set;
    struct migration_list list;
    struct django_file *files;
    size_t file_capacity;
    struct text_index revisions;
    struct text_index replaced; /* revision → the squash that replaces it */
    struct text_index apps;     /* label → its first migration */
    struct dependency *dependencies;
    size_t count;
    size_t capacity;
};

static void django_project_done(struct django_project *project)
{
    migration_list_done(&project->list);
    mem_free(project->files);
    mem_free(project->dependencies);
}

DEFINE_CLEANUP_VALUE(django_project, struct django_project, django_project_done);

/* Length of the part of a path up to its last component, without the slash. */
static size_t parent_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

static bool ends_in_migrations(const char *path, size_t length)
{
    static const char wanted[] = "migrations";
    size_t size = sizeof wanted - 1;
    return length >= size && memcmp(path + length - size, wanted, size) == 0 &&
           (length == size || path[length - size - 1] == '/');
}

/* Django's own rule, and that what is installed is not the project's. */
static bool is_migration(const char *path)
{
    const char *name = file_name(path);
    return has_suffix(name, ".py") && !strchr("_~.", *name) && !strstr(path, "site-packages/") &&
           !strstr(path, "dist-packages/");
}

/* The name of the folder that holds `folder` (relative to the directory; ""): the app's. */
static int read_folder_name(const struct django_project *project, const char *folder, const char **ret_name,
                            struct error *reterr)
{
    char full[PATH_MAX] = "";
    cleanup(free) char *path = mem_printf("%s/%s", project->directory, folder);
    if (path && !realpath(path, full))
        return error_set(reterr, ERROR_IO, "%s: its folder has no name", folder);
    full[parent_length(full)] = '\0';
    *ret_name = path ? arena_strdup(project->set->arena, file_name(full)) : NULL;
    return *ret_name ? 0 : error_no_memory(reterr);
}

/* What apps.py beside the folder says that the app is called; else its folder's name. */
static int read_label(const struct django_project *project, const char *folder, const char **ret_label,
                      struct error *reterr)
{
    static const char *const label_names[] = {"label"};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    struct python_value label = {0};
    size_t line = 0;
    struct error ignored = {0};
    cleanup(free) char *path = mem_printf("%s/../apps.py", *folder ? folder : ".");
    if (!path)
        return error_no_memory(reterr);
    /* A configuration that cannot be read as literals names no other label than the usual one. */
    if (file_exists(project->directory, path) && file_read(project->directory, path, &text, &ignored) == 0 &&
        python_read_class(strbuf_text(&text), text.length, path, NULL, label_names, 1, project->set->arena, &label,
                          &line, &ignored) < 0)
        label.kind = PYTHON_ABSENT;
    if (ignored.code == ERROR_NO_MEMORY)
        return error_no_memory(reterr);
    if (label.kind != PYTHON_TEXT)
        return read_folder_name(project, folder, ret_label, reterr);
    *ret_label = label.texts[0];
    return 0;
}

/* Reads one file; `*ret_declares` is false where it declares no migration. */
static int read_file(struct django_project *project, const char *path, const char *label, bool *ret_declares,
                     struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    struct django_file file = {.squash = SIZE_MAX};
    size_t line = 0;
    struct arena *arena = project->set->arena;
    if (file_read(project->directory, path, &text, reterr) < 0)
        return -1;
    *ret_declares = memmem(strbuf_text(&text), text.length, "class Migration", 15) != NULL;
    if (!*ret_declares)
        return 0;
    if (python_read_class(strbuf_text(&text), text.length, path, "Migration", names, NAMES, arena, file.values, &line,
                          reterr) < 0)
        return -1;
    *ret_declares = line > 0;
    if (!*ret_declares)
        return 0;
    if (!mem_grow(&project->files, &project->file_capacity, project->list.count, sizeof *project->files,
                  LIMIT_MIGRATIONS))
        return error_no_memory(reterr);
    const char *name = file_name(path);
    struct migration *migration = migration_list_add(&project->list, reterr);
    if (!migration)
        return -1;
    file.folder = arena_strndup(arena, path, parent_length(path));
    migration->file = arena_strdup(arena, path);
    migration->part = label;
    migration->revision = arena_printf(arena, "%s.%.*s", label, (int)(strlen(name) - 3), name);
    project->files[project->list.count - 1] = file;
    return file.folder && migration->file && migration->revision ? 0 : error_no_memory(reterr);
}

/* The files from `first` on that stand in one folder; returns behind the last one. A folder of which no file declares a
 * migration is not Django's (Alembic, too, likes the name). */
static int read_app(struct django_project *project, const struct file_list *list, size_t first, size_t *ret_next,
                    struct error *reterr)
{
    size_t length = parent_length(list->files[first].path);
    const char *folder = arena_strndup(project->set->arena, list->files[first].path, length);
    const char *label = NULL;
    const char *without = NULL;
    size_t before = project->list.count;
    if (!folder)
        return error_no_memory(reterr);
    if (read_label(project, folder, &label, reterr) < 0)
        return -1;
    size_t i = first;
    for (; i < list->count; i++) {
        const char *path = list->files[i].path;
        bool declares = true;
        if (parent_length(path) != length || memcmp(path, folder, length) != 0)
            break;
        if (is_migration(path) && read_file(project, path, label, &declares, reterr) < 0)
            return -1;
        if (!declares)
            without = path;
    }
    *ret_next = i;
    if (without && project->list.count > before)
        return error_set(reterr, ERROR_INVALID, "%s:1: declares no class Migration, which Django refuses", without);
    return 0;
}

static int read_apps(struct django_project *project, const struct file_list *list, bool itself, struct error *reterr)
{
    for (size_t i = 0; i < list->count;) {
        const char *path = list->files[i].path;
        size_t length = parent_length(path);
        if (is_migration(path) && (itself ? length == 0 : ends_in_migrations(path, length))) {
            if (read_app(project, list, i, &i, reterr) < 0)
                return -1;
        } else {
            i++;
        }
    }
    return 0;
}

static const char *pair_revision(const struct django_project *project, const struct python_value *value, size_t pair)
{
    return arena_printf(project->set->arena, "%s.%s", value->texts[2 * pair], value->texts[2 * pair + 1]);
}

static int index_files(struct django_project *project, struct error *reterr)
{
    size_t replaced = 0;
    size_t count = project->list.count;
    struct arena *arena = project->set->arena;
    for (size_t i = 0; i < count; i++)
        replaced += project->files[i].values[NAME_REPLACES].count / 2;
    if (!text_index_init(&project->revisions, arena, count) || !text_index_init(&project->apps, arena, count) ||
        !text_index_init(&project->replaced, arena, replaced))
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++) {
        struct migration *migration = &project->list.items[i];
        const struct python_value *value = &project->files[i].values[NAME_REPLACES];
        size_t app = text_index_add(&project->apps, migration->part, i);
        if (strcmp(project->files[app].folder, project->files[i].folder) != 0)
            return error_set(reterr, ERROR_INVALID, "%s: its app '%s' is also that of %s", migration->file,
                             migration->part, project->list.items[app].file);
        text_index_add(&project->revisions, migration->revision, i);
        const char **revisions = arena_array(arena, value->count / 2, sizeof *revisions);
        if (!revisions)
            return error_no_memory(reterr);
        for (size_t j = 0; j < value->count / 2; j++) {
            revisions[j] = pair_revision(project, value, j);
            if (!revisions[j])
                return error_no_memory(reterr);
            text_index_add(&project->replaced, revisions[j], i);
        }
        migration->replaces = revisions;
        migration->replaced_count = value->kind == PYTHON_PAIRS ? value->count / 2 : 0;
    }
    for (size_t i = 0; i < count; i++)
        project->files[i].squash = text_index_find(&project->replaced, project->list.items[i].revision);
    return 0;
}

static int add_dependency(struct django_project *project, size_t child, size_t parent, struct error *reterr)
{
    if (child == parent)
        return 0;
    if (!mem_grow(&project->dependencies, &project->capacity, project->count, sizeof *project->dependencies,
                  LIMIT_DEPENDENCIES))
        return error_no_memory(reterr);
    project->dependencies[project->count++] = (struct dependency){.child = child, .parent = parent};
    if (strcmp(project->list.items[child].part, project->list.items[parent].part) == 0) {
        project->files[child].own_parent = true;
        project->files[parent].own_child = true;
    }
    return 0;
}

/* `__first__` and `__latest__` of another app stand for all that is first or last there; those of apps that are not in
 * the tree, and an app's own, say nothing. They are looked up when all other dependencies are known. */
static int add_pseudo(struct django_project *project, size_t child, const char *app, bool first, struct error *reterr)
{
    size_t from = text_index_find(&project->apps, app);
    if (from == TEXT_INDEX_NONE || strcmp(project->list.items[child].part, app) == 0)
        return 0;
    for (size_t i = from; i < project->list.count && strcmp(project->list.items[i].part, app) == 0; i++)
        if (!(first ? project->files[i].own_parent : project->files[i].own_child) &&
            add_dependency(project, child, i, reterr) < 0)
            return -1;
    return 0;
}

static bool is_pseudo(const char *name)
{
    return strcmp(name, "__first__") == 0 || strcmp(name, "__latest__") == 0;
}

/* The migration that a pair names: its file, or the squash that replaced it. `*ret_number` is SIZE_MAX for one of an
 * app outside the tree. */
static int resolve(const struct django_project *project, size_t i, const struct python_value *value, size_t pair,
                   size_t *ret_number, struct error *reterr)
{
    const char *app = value->texts[2 * pair];
    const char *revision = pair_revision(project, value, pair);
    if (!revision)
        return error_no_memory(reterr);
    *ret_number = text_index_find(&project->revisions, revision);
    if (*ret_number == TEXT_INDEX_NONE)
        *ret_number = text_index_find(&project->replaced, revision);
    if (*ret_number == TEXT_INDEX_NONE && text_index_find(&project->apps, app) != TEXT_INDEX_NONE)
        return error_set(reterr, ERROR_INVALID, "%s:%zu: '%s' has no file", project->list.items[i].file, value->line,
                         revision);
    return 0;
}

static int resolve_named(struct django_project *project, size_t i, unsigned name, struct error *reterr)
{
    const struct python_value *value = &project->files[i].values[name];
    for (size_t pair = 0; value->kind == PYTHON_PAIRS && pair < value->count / 2; pair++) {
        size_t other = SIZE_MAX;
        if (is_pseudo(value->texts[2 * pair + 1]))
            continue;
        if (resolve(project, i, value, pair, &other, reterr) < 0)
            return -1;
        if (other == TEXT_INDEX_NONE)
            continue;
        bool before = name == NAME_RUN_BEFORE;
        if (add_dependency(project, before ? other : i, before ? i : other, reterr) < 0)
            return -1;
    }
    return 0;
}

static int resolve_pseudo(struct django_project *project, size_t i, struct error *reterr)
{
    const struct python_value *value = &project->files[i].values[NAME_DEPENDENCIES];
    for (size_t pair = 0; value->kind == PYTHON_PAIRS && pair < value->count / 2; pair++) {
        const char *name = value->texts[2 * pair + 1];
        if (is_pseudo(name) &&
            add_pseudo(project, i, value->texts[2 * pair], strcmp(name, "__first__") == 0, reterr) < 0)
            return -1;
    }
    return 0;
}

static int resolve_all(struct django_project *project, struct error *reterr)
{
    size_t count = project->list.count;
    for (size_t i = 0; i < count; i++)
        if (resolve_named(project, i, NAME_DEPENDENCIES, reterr) < 0 ||
            resolve_named(project, i, NAME_RUN_BEFORE, reterr) < 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (resolve_pseudo(project, i, reterr) < 0)
            return -1;
    return 0;
}

/* What comes after a replaced migration comes after its squash, too, unless that is replaced by the same. */
static int add_squashes(struct django_project *project, struct error *reterr)
{
    size_t direct = project->count;
    for (size_t i = 0; i < direct; i++) {
        struct dependency edge = project->dependencies[i];
        size_t squash = project->files[edge.parent].squash;
        if (squash != TEXT_INDEX_NONE && squash != edge.child && project->files[edge.child].squash != squash &&
            add_dependency(project, edge.child, squash, reterr) < 0)
            return -1;
    }
    return 0;
}

static int set_parents(struct django_project *project, size_t direct, struct error *reterr)
{
    size_t *counts = arena_array(project->set->arena, project->list.count, sizeof *counts);
    if (!counts)
        return error_no_memory(reterr);
    for (size_t i = 0; i < direct; i++)
        counts[project->dependencies[i].child]++;
    for (size_t i = 0; i < direct; i++) {
        struct migration *child = &project->list.items[project->dependencies[i].child];
        if (!child->parents) {
            child->parents =
                arena_array(project->set->arena, counts[project->dependencies[i].child], sizeof *child->parents);
            if (!child->parents)
                return error_no_memory(reterr);
        }
        /* Allocated above, and nobody else's yet. */
        ((const char **)(uintptr_t)child->parents)[child->parent_count++] =
            project->list.items[project->dependencies[i].parent].revision;
    }
    return 0;
}

/* An app of several leaves is one that Django will not migrate before they are merged. */
static int remark_leaves(struct django_project *project, struct error *reterr)
{
    const char *leaf = NULL;
    for (size_t i = 0; i < project->list.count; i++) {
        const struct migration *migration = &project->list.items[i];
        if (i > 0 && strcmp(project->list.items[i - 1].part, migration->part) != 0)
            leaf = NULL;
        if (project->files[i].own_child || project->files[i].squash != TEXT_INDEX_NONE)
            continue;
        if (leaf && !migration_set_remark(project->set, REMARK_DUPLICATE,
                                          "%s and %s are both the last of their app: python manage.py makemigrations "
                                          "--merge",
                                          leaf, migration->revision))
            return error_no_memory(reterr);
        leaf = migration->revision;
    }
    return 0;
}

struct placed {
    struct migration migration;
    size_t position;
};

static int by_app(const void *pa, const void *pb)
{
    const struct placed *a = pa;
    const struct placed *b = pb;
    int order = strcmp(a->migration.part, b->migration.part);
    return order ? order : (a->position > b->position) - (a->position < b->position);
}

static int order_files(const struct django_project *project, size_t direct, size_t *order, struct error *reterr)
{
    size_t count = project->list.count;
    struct error failure = {0};
    size_t cycle = 0;
    /* Squashes that lead in a circle are no use to Django, but what they replace may be. */
    int result = topology_sort(count, project->dependencies, project->count, order, &cycle, &failure);
    if (result < 0 && failure.code == ERROR_INVALID)
        result = topology_sort(count, project->dependencies, direct, order, &cycle, &failure);
    if (result == 0)
        return 0;
    if (failure.code != ERROR_INVALID)
        return error_no_memory(reterr);
    return error_set(reterr, ERROR_INVALID, "%s: '%s' comes after itself (or after one that does)",
                     project->list.items[cycle].file, project->list.items[cycle].revision);
}

/* The order of all apps together, then each app's on its own. The first `direct` dependencies are Django's own. */
static int finish_set(struct django_project *project, size_t direct, struct error *reterr)
{
    size_t count = project->list.count;
    cleanup(free) size_t *order = mem_calloc(count, sizeof *order);
    cleanup(free) struct placed *placed = mem_calloc(count, sizeof *placed);
    if (!order || !placed)
        return error_no_memory(reterr);
    if (order_files(project, direct, order, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        placed[i] = (struct placed){.migration = project->list.items[order[i]], .position = i};
    qsort(placed, count, sizeof *placed, by_app);
    for (size_t i = 0; i < count; i++)
        project->list.items[i] = placed[i].migration;
    return migration_list_finish(&project->list, project->set, reterr);
}

static int read_project(struct django_project *project, struct error *reterr)
{
    cleanup(file_list) struct file_list list = {0};
    char full[PATH_MAX] = "";
    bool itself = realpath(project->directory, full) && ends_in_migrations(full, strlen(full));
    if (file_list_read(&list, project->directory, itself ? 1 : LIMIT_DIRECTORY_DEPTH, reterr) < 0)
        return -1;
    return read_apps(project, &list, itself, reterr);
}

int django_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    cleanup(django_project) struct django_project project = {.directory = directory, .set = set};
    struct error broken = {0};
    if (read_project(&project, &broken) < 0) {
        /* Python that is not Django's may hold what these literals may not. */
        if (broken.code == ERROR_INVALID && project.list.count == 0 && !file_exists(directory, "manage.py"))
            broken.code = ERROR_NOT_FOUND;
        if (reterr)
            *reterr = broken;
        return -1;
    }
    if (project.list.count == 0)
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no migrations of a Django app", directory);
    set->certain = true;
    if (index_files(&project, reterr) < 0 || resolve_all(&project, reterr) < 0)
        return -1;
    size_t direct = project.count;
    if (set_parents(&project, direct, reterr) < 0 || add_squashes(&project, reterr) < 0 ||
        remark_leaves(&project, reterr) < 0)
        return -1;
    return finish_set(&project, direct, reterr);
}
