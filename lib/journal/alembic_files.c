/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/alembic_files.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/file_list.h"
#include "journal/migration_list.h"
#include "journal/python_values.h"
#include "model/text_index.h"

enum { NAME_REVISION, NAME_DOWN_REVISION, NAME_DEPENDS_ON, NAME_BRANCH_LABELS, NAMES };

static const char *const names[NAMES] = {"revision", "down_revision", "depends_on", "branch_labels"};

/* One script, before its parents are resolved. */
struct script {
    const char *file;
    const char *revision;
    struct python_value values[NAMES];
    size_t line;    /* of what names the parents */
    size_t waiting; /* parents that are not placed yet */
};

struct scripts {
    struct script *items;
    size_t count;
    size_t capacity;
    struct text_index revisions;
    struct text_index labels;
    struct arena *arena; /* the set's */
    bool partial;        /* one folder of several */
};

static void cleanup_scripts(struct scripts *scripts)
{
    mem_free(scripts->items);
}

/* Alembic's own pattern: (?!\.\#|__init__)(.*\.py)$ */
static bool is_script_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    return length >= 3 && strcmp(name + length - 3, ".py") == 0 && strncmp(name, ".#", 2) != 0 &&
           strncmp(name, "__init__", 8) != 0;
}

/* Scripts from before Alembic 0.1 are named by their id. */
static const char *legacy_revision(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    size_t length = strspn(name, "abcdef0123456789");
    return length > 0 && strcmp(name + length, ".py") == 0 ? arena_strndup(arena, name, length) : NULL;
}

static int set_revision(struct script *script, struct arena *arena, struct error *reterr)
{
    const struct python_value *value = &script->values[NAME_REVISION];
    if (value->kind == PYTHON_ABSENT)
        script->revision = legacy_revision(arena, script->file);
    else if (value->kind == PYTHON_TEXT && value->texts[0][0] != '\0')
        script->revision = value->texts[0];
    if (!script->revision)
        return error_set(reterr, ERROR_INVALID, "%s:%zu: no revision is declared", script->file,
                         value->line ? value->line : 1);
    size_t down = script->values[NAME_DOWN_REVISION].line;
    size_t depends = script->values[NAME_DEPENDS_ON].line;
    script->line = down ? down : depends ? depends : 1;
    return 0;
}

static int read_script(struct scripts *scripts, const char *directory, const char *path, struct strbuf *text,
                       struct error *reterr)
{
    if (scripts->count >= LIMIT_MIGRATIONS)
        return error_set(reterr, ERROR_TRUNCATED, "more than %u migrations", LIMIT_MIGRATIONS);
    if (!mem_grow(&scripts->items, &scripts->capacity, scripts->count, sizeof *scripts->items, LIMIT_MIGRATIONS))
        return error_no_memory(reterr);
    struct script *script = &scripts->items[scripts->count];
    *script = (struct script){.file = arena_strdup(scripts->arena, path)};
    if (!script->file)
        return error_no_memory(reterr);
    strbuf_clear(text);
    if (file_read(directory, path, text, reterr) < 0 ||
        python_read_values(strbuf_text(text), text->length, script->file, names, NAMES, scripts->arena, script->values,
                           reterr) < 0)
        return -1;
    scripts->count++;
    return 0;
}

static int read_folder(struct scripts *scripts, const char *directory, const char *folder, bool recursive,
                       struct error *reterr)
{
    bool itself = strcmp(folder, ".") == 0;
    cleanup(free) char *root = mem_printf("%s/%s", directory, folder);
    cleanup(file_list) struct file_list list = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (!root)
        return error_no_memory(reterr);
    if (file_list_read(&list, root, recursive ? LIMIT_DIRECTORY_DEPTH : 1, reterr) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (!is_script_name(list.files[i].path))
            continue;
        const char *path = itself ? list.files[i].path : arena_printf(list.arena, "%s/%s", folder, list.files[i].path);
        if (!path)
            return error_no_memory(reterr);
        if (read_script(scripts, directory, path, &text, reterr) < 0)
            return -1;
    }
    return 0;
}

/* Whether anything here was written by Alembic: a directory of other Python is not a broken project. */
static bool declares_revisions(const struct scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++)
        if (scripts->items[i].values[NAME_REVISION].kind != PYTHON_ABSENT)
            return true;
    return false;
}

static int index_scripts(struct scripts *scripts, struct error *reterr)
{
    size_t labels = 0;
    for (size_t i = 0; i < scripts->count; i++)
        labels += scripts->items[i].values[NAME_BRANCH_LABELS].count;
    if (!text_index_init(&scripts->revisions, scripts->arena, scripts->count) ||
        !text_index_init(&scripts->labels, scripts->arena, labels))
        return error_no_memory(reterr);
    for (size_t i = 0; i < scripts->count; i++) {
        struct script *script = &scripts->items[i];
        if (set_revision(script, scripts->arena, reterr) < 0)
            return -1;
        size_t first = text_index_add(&scripts->revisions, script->revision, i);
        if (first != i)
            return error_set(reterr, ERROR_INVALID, "%s:%zu: revision '%s' is also declared in %s", script->file,
                             script->values[NAME_REVISION].line, script->revision, scripts->items[first].file);
        const struct python_value *value = &script->values[NAME_BRANCH_LABELS];
        for (size_t j = 0; j < value->count; j++)
            text_index_add(&scripts->labels, value->texts[j], i);
    }
    return 0;
}

/* Adds what `value` names to the parents; the other scripts' numbers go to `numbers`. */
static int resolve_parents(const struct scripts *scripts, const struct script *script, unsigned name,
                           struct migration *migration, const char **parents, struct error *reterr)
{
    const struct python_value *value = &script->values[name];
    for (size_t i = 0; i < value->count; i++) {
        size_t number = text_index_find(&scripts->revisions, value->texts[i]);
        if (number == TEXT_INDEX_NONE && name == NAME_DEPENDS_ON)
            number = text_index_find(&scripts->labels, value->texts[i]);
        if (number == TEXT_INDEX_NONE && scripts->partial) {
            parents[migration->parent_count++] = value->texts[i];
            continue;
        }
        if (number == TEXT_INDEX_NONE)
            return error_set(reterr, ERROR_INVALID, "%s:%zu: %s '%s' is declared in no file", script->file, value->line,
                             names[name], value->texts[i]);
        parents[migration->parent_count++] = scripts->items[number].revision;
    }
    return 0;
}

static int make_migration(const struct scripts *scripts, const struct script *script, struct migration_list *list,
                          struct error *reterr)
{
    struct migration *migration = migration_list_add(list, reterr);
    if (!migration)
        return -1;
    size_t count = script->values[NAME_DOWN_REVISION].count + script->values[NAME_DEPENDS_ON].count;
    const char **parents = arena_array(scripts->arena, count, sizeof *parents);
    if (!parents)
        return error_no_memory(reterr);
    migration->revision = script->revision;
    migration->file = script->file;
    migration->parents = parents;
    return resolve_parents(scripts, script, NAME_DOWN_REVISION, migration, parents, reterr) < 0 ||
                   resolve_parents(scripts, script, NAME_DEPENDS_ON, migration, parents, reterr) < 0
               ? -1
               : 0;
}

/* Who waits for whom: for each script, those that name it as a parent. */
struct waiters {
    size_t *first; /* per script, into `next` and `script`; one more than edges stands for none */
    size_t *next;
    size_t *script;
    size_t count;
};

static void waiters_done(struct waiters *waiters)
{
    mem_free(waiters->first);
    mem_free(waiters->next);
    mem_free(waiters->script);
}

DEFINE_CLEANUP_VALUE(waiters, struct waiters, waiters_done);

static bool waiters_init(struct waiters *waiters, const struct scripts *scripts, const struct migration_list *list)
{
    size_t edges = 0;
    for (size_t i = 0; i < list->count; i++)
        edges += list->items[i].parent_count;
    waiters->first = mem_calloc(scripts->count, sizeof *waiters->first);
    waiters->next = mem_calloc(edges, sizeof *waiters->next);
    waiters->script = mem_calloc(edges, sizeof *waiters->script);
    if (!waiters->first || !waiters->next || !waiters->script)
        return false;
    for (size_t i = 0; i < scripts->count; i++)
        waiters->first[i] = SIZE_MAX;
    for (size_t i = list->count; i-- > 0;) {
        for (size_t j = 0; j < list->items[i].parent_count; j++) {
            size_t parent = text_index_find(&scripts->revisions, list->items[i].parents[j]);
            if (parent == TEXT_INDEX_NONE)
                continue; /* it stands in another folder */
            scripts->items[i].waiting++;
            waiters->script[waiters->count] = i;
            waiters->next[waiters->count] = waiters->first[parent];
            waiters->first[parent] = waiters->count++;
        }
    }
    return true;
}

static int cycle_error(const struct scripts *scripts, struct error *reterr)
{
    for (size_t i = 0; i < scripts->count; i++)
        if (scripts->items[i].waiting > 0)
            return error_set(reterr, ERROR_INVALID, "%s:%zu: revision '%s' comes after itself (or after one that does)",
                             scripts->items[i].file, scripts->items[i].line, scripts->items[i].revision);
    return error_set(reterr, ERROR_INTERNAL, "a cycle without members");
}

/* Kahn's algorithm; what may come at the same place comes in the order of the files' names. */
static int sort_topologically(struct scripts *scripts, const struct migration_list *list, struct migration_list *sorted,
                              struct error *reterr)
{
    cleanup(waiters) struct waiters waiters = {0};
    cleanup(free) size_t *queue = mem_calloc(scripts->count, sizeof *queue);
    if (!queue || !waiters_init(&waiters, scripts, list))
        return error_no_memory(reterr);
    size_t queued = 0;
    for (size_t i = 0; i < scripts->count; i++)
        if (scripts->items[i].waiting == 0)
            queue[queued++] = i;
    for (size_t at = 0; at < queued; at++) {
        struct migration *migration = migration_list_add(sorted, reterr);
        if (!migration)
            return -1;
        *migration = list->items[queue[at]];
        for (size_t i = waiters.first[queue[at]]; i != SIZE_MAX; i = waiters.next[i])
            if (--scripts->items[waiters.script[i]].waiting == 0)
                queue[queued++] = waiters.script[i];
    }
    return queued == scripts->count ? 0 : cycle_error(scripts, reterr);
}

static int make_set(struct scripts *scripts, struct migration_set *set, struct error *reterr)
{
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(migration_list) struct migration_list sorted = {0};
    if (index_scripts(scripts, reterr) < 0)
        return -1;
    for (size_t i = 0; i < scripts->count; i++)
        if (make_migration(scripts, &scripts->items[i], &list, reterr) < 0)
            return -1;
    if (sort_topologically(scripts, &list, &sorted, reterr) < 0)
        return -1;
    set->graph = true;
    return migration_list_finish(&sorted, set, reterr);
}

int alembic_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    struct alembic_layout layout = {0};
    if (alembic_find_layout(directory, set->arena, &layout, reterr) < 0)
        return -1;
    cleanup(scripts) struct scripts scripts = {.arena = set->arena, .partial = set->partial};
    struct error broken = {0};
    for (size_t i = 0; i < layout.count; i++) {
        if (read_folder(&scripts, directory, layout.folders[i], layout.recursive, &broken) == 0)
            continue;
        /* Python that is not Alembic's may hold what these literals may not. */
        if (!layout.certain && broken.code == ERROR_INVALID && !declares_revisions(&scripts))
            broken.code = ERROR_NOT_FOUND;
        if (reterr)
            *reterr = broken;
        return -1;
    }
    if (!layout.certain && !declares_revisions(&scripts))
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no Alembic revisions", directory);
    set->certain = true;
    return make_set(&scripts, set, reterr);
}
