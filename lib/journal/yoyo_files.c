/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/yoyo_files.h"

#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/limits.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"
#include "journal/python_values.h"
#include "journal/topology.h"
#include "model/text_index.h"

/* What a project names, together. */
#define LIMIT_DEPENDENCIES (4u * LIMIT_MIGRATIONS)

/* One folder being read. */
struct yoyo_project {
    const char *directory;
    struct migration_set *set;
    struct migration_list list; /* in the order of the names */
    struct text_index names;
    struct dependency *dependencies;
    size_t count;
    size_t capacity;
    struct strbuf text;
};

static void yoyo_project_done(struct yoyo_project *project)
{
    migration_list_done(&project->list);
    mem_free(project->dependencies);
    strbuf_done(&project->text);
}

DEFINE_CLEANUP_VALUE(yoyo_project, struct yoyo_project, yoyo_project_done);

static bool is_migration(const char *name)
{
    return (has_suffix(name, ".py") || has_suffix(name, ".sql")) && !has_suffix(name, ".rollback.sql") &&
           *name != '.' && strncmp(name, "_tmp_yoyonew", 12) != 0 && strncmp(name, "post-apply", 10) != 0;
}

static int add_dependency(struct yoyo_project *project, size_t child, const char *name, size_t line,
                          struct error *reterr)
{
    size_t parent = text_index_find(&project->names, name);
    if (parent == TEXT_INDEX_NONE)
        return error_set(reterr, ERROR_INVALID, "%s:%zu: it depends on '%s', which has no file",
                         project->list.items[child].file, line, name);
    if (!mem_grow(&project->dependencies, &project->capacity, project->count, sizeof *project->dependencies,
                  LIMIT_DEPENDENCIES))
        return error_no_memory(reterr);
    project->dependencies[project->count++] = (struct dependency){.child = child, .parent = parent};
    return 0;
}

static int read_python(struct yoyo_project *project, size_t child, struct error *reterr)
{
    static const char *const names[] = {"__depends__"};
    struct python_value value = {0};
    const char *text = strbuf_text(&project->text);
    project->set->certain = project->set->certain || memmem(text, project->text.length, "yoyo", 4) != NULL;
    if (python_read_values(text, project->text.length, project->list.items[child].file, names, ARRAY_LENGTH(names),
                           project->set->arena, &value, reterr) < 0)
        return -1;
    for (size_t i = 0; i < value.count; i++)
        if (add_dependency(project, child, value.texts[i], value.line, reterr) < 0)
            return -1;
    return 0;
}

/* The names behind "-- depends:", separated by blanks. */
static int read_names(struct yoyo_project *project, size_t child, const char *names, const char *end, size_t line,
                      struct error *reterr)
{
    while (names < end) {
        size_t length = 0;
        while (names + length < end && !strchr(" \t\r\v\f", names[length]))
            length++;
        const char *name = arena_strndup(project->set->arena, names, length);
        if (!name)
            return error_no_memory(reterr);
        if (length > 0 && add_dependency(project, child, name, line, reterr) < 0)
            return -1;
        names += length + 1;
    }
    return 0;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\v\f", *at))
        at++;
    return at;
}

/* "-- depends: a b" and its like stand before the first statement. */
static int read_sql(struct yoyo_project *project, size_t child, struct error *reterr)
{
    const char *at = strbuf_text(&project->text);
    const char *end = at + project->text.length;
    for (size_t line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        const char *mark = skip_blanks(at, stop);
        if (mark < stop && (stop - mark < 2 || memcmp(mark, "--", 2) != 0))
            return 0;
        const char *word = mark < stop ? skip_blanks(mark + 2, stop) : stop;
        const char *colon = stop - word > 7 && memcmp(word, "depends", 7) == 0 ? skip_blanks(word + 7, stop) : stop;
        if (colon < stop && *colon == ':') {
            project->set->certain = true;
            if (read_names(project, child, colon + 1, stop, line, reterr) < 0)
                return -1;
        }
        at = stop + 1;
    }
    return 0;
}

static int index_names(struct yoyo_project *project, struct error *reterr)
{
    struct arena *arena = project->set->arena;
    if (!text_index_init(&project->names, arena, project->list.count))
        return error_no_memory(reterr);
    for (size_t i = 0; i < project->list.count; i++) {
        struct migration *migration = &project->list.items[i];
        char hex[SHA256_HEX_SIZE] = "";
        size_t first = text_index_add(&project->names, migration->revision, i);
        if (first != i)
            return error_set(reterr, ERROR_INVALID, "%s: has the same id as %s", migration->file,
                             project->list.items[first].file);
        checksum_sha256(migration->revision, strlen(migration->revision), hex);
        migration->key = arena_strdup(arena, hex);
        if (!migration->key)
            return error_no_memory(reterr);
    }
    return 0;
}

static int read_contents(struct yoyo_project *project, struct error *reterr)
{
    for (size_t i = 0; i < project->list.count; i++) {
        const char *file = project->list.items[i].file;
        strbuf_clear(&project->text);
        if (file_read(project->directory, file, &project->text, reterr) < 0 ||
            (has_suffix(file, ".py") ? read_python : read_sql)(project, i, reterr) < 0)
            return -1;
    }
    return 0;
}

static int finish_set(struct yoyo_project *project, struct error *reterr)
{
    cleanup(migration_list) struct migration_list sorted = {0};
    cleanup(free) size_t *order = mem_calloc(project->list.count, sizeof *order);
    size_t cycle = 0;
    struct error failure = {0};
    if (!order)
        return error_no_memory(reterr);
    if (topology_sort(project->list.count, project->dependencies, project->count, order, &cycle, &failure) < 0) {
        if (failure.code == ERROR_NO_MEMORY)
            return error_no_memory(reterr);
        return error_set(reterr, ERROR_INVALID, "%s: depends on itself (or on one that does)",
                         project->list.items[cycle].file);
    }
    for (size_t i = 0; i < project->list.count; i++) {
        struct migration *migration = migration_list_add(&sorted, reterr);
        if (!migration)
            return -1;
        *migration = project->list.items[order[i]];
    }
    return migration_list_finish(&sorted, project->set, reterr);
}

/* Names that other tools give: of these, yoyo has nothing to say. */
static bool is_anothers(const char *file)
{
    const char *name = file_name(file);
    size_t digits = strlen(name) > 1 ? strspn(name + 1, "0123456789._") : 0;
    return has_suffix(name, ".up.sql") || has_suffix(name, ".down.sql") || strcmp(name, "env.py") == 0 ||
           strcmp(name, "manage.py") == 0 || strcmp(name, "setup.py") == 0 || strcmp(name, "__init__.py") == 0 ||
           (strchr("VUBR", *name) && strstr(name, "__") && digits > 0);
}

int yoyo_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", NULL};
    static const struct folder_rule rule = {.folders = folders, .depth = 1, .accepts = is_migration};
    cleanup(yoyo_project) struct yoyo_project project = {
        .directory = directory, .set = set, .text = STRBUF(FILE_TEXT_BYTES)};
    if (flat_folder_read(directory, &rule, set, &project.list, reterr) < 0)
        return -1;
    for (size_t i = 0; i < project.list.count; i++)
        if (is_anothers(project.list.items[i].file))
            return error_set(reterr, ERROR_NOT_FOUND, "%s holds another tool's files", directory);
    set->certain = file_exists(directory, "yoyo.ini");
    struct error broken = {0};
    if (index_names(&project, &broken) < 0 || read_contents(&project, &broken) < 0) {
        /* Python and SQL are nobody's own: unless something says that they are yoyo's, nothing is wrong with them. */
        if (broken.code == ERROR_INVALID && !set->certain)
            broken.code = ERROR_NOT_FOUND;
        if (reterr)
            *reterr = broken;
        return -1;
    }
    set->faint = !set->certain;
    return finish_set(&project, reterr);
}
