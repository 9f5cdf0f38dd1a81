/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/liquibase_files.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"
#include "journal/liquibase_changes.h"
#include "journal/liquibase_root.h"
#include "journal/migration_list.h"
#include "model/text_index.h"

enum { INCLUDE_DEPTH = 32 }; /* nobody nests so deep but in a circle */

#define LIMIT_CHANGELOG_BYTES (512u * 1024u * 1024u) /* of all trees of a project */

/* One project being read. */
struct liquibase_project {
    const char *directory;
    const char *root; /* where paths begin, relative to the directory; "" */
    struct migration_set *set;
    struct migration_list list;
    struct arena *arena; /* of the trees */
    unsigned depth;
};

/* One changelog being read, and the payload of its sink. */
struct liquibase_changelog {
    struct liquibase_project *project;
    const char *path;         /* as it was included: what its change sets are recorded by */
    const char *file;         /* relative to the directory */
    const char *logical_path; /* logicalFilePath of the whole; NULL */
    const char *context;      /* of the inclusion; NULL */
    const char *labels;
    bool everything; /* included by includeAll: SQL need not be formatted */
};

static int read_changelog(struct liquibase_changelog *changelog, struct error *reterr);

const char *liquibase_revision(struct arena *arena, const char *id, const char *author, const char *path)
{
    return arena_printf(arena, "%s::%s::%s", id, author, path);
}

/* Both conditions, or the one that there is. `*failed` when memory is out. */
static const char *join_conditions(struct arena *arena, const char *a, const char *b, bool *failed)
{
    if (!a || !*a || !b || !*b)
        return a && *a ? a : b && *b ? b : NULL;
    const char *both = arena_printf(arena, "(%s) and (%s)", a, b);
    *failed = *failed || !both;
    return both;
}

static int set_condition(const struct liquibase_changelog *changelog, const struct change_set *change_set,
                         struct migration *migration, struct error *reterr)
{
    struct arena *arena = changelog->project->set->arena;
    bool failed = false;
    const char *context = join_conditions(arena, changelog->context, change_set->context, &failed);
    const char *labels = join_conditions(arena, changelog->labels, change_set->labels, &failed);
    if (context || labels || change_set->optional) {
        migration->condition =
            arena_printf(arena, "%s%s%s%s%s%s", context ? "context " : "", context ? context : "",
                         context && labels ? ", " : "", labels ? "labels " : "", labels ? labels : "",
                         change_set->optional ? (context || labels ? ", precondition" : "precondition") : "");
        failed = failed || !migration->condition;
    }
    if (change_set->engines) {
        migration->engines = arena_strdup(arena, change_set->engines);
        failed = failed || !migration->engines;
    }
    return failed ? error_no_memory(reterr) : 0;
}

static int add_change_set(void *payload, const struct change_set *change_set, struct error *reterr)
{
    const struct liquibase_changelog *changelog = payload;
    struct arena *arena = changelog->project->set->arena;
    if (change_set->ignored)
        return 0;
    struct migration *migration = migration_list_add(&changelog->project->list, reterr);
    if (!migration)
        return -1;
    const char *path = change_set->path && *change_set->path ? change_set->path : changelog->logical_path;
    path = liquibase_normalise_path(arena, path ? path : changelog->path);
    migration->file = changelog->file;
    migration->repeatable = change_set->run_on_change || change_set->run_always;
    migration->checksum_uncertain = change_set->checksum_uncertain || change_set->any_checksum;
    migration->revision = path ? liquibase_revision(arena, change_set->id, change_set->author, path) : NULL;
    if (!migration->revision)
        return error_no_memory(reterr);
    /* What is run every time may have any checksum. */
    if (!change_set->checksum_unknown && !change_set->run_always) {
        migration->checksum = change_set_checksum(change_set, arena);
        if (!migration->checksum)
            return error_no_memory(reterr);
    }
    return set_condition(changelog, change_set, migration, reterr);
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return arena_strndup(arena, path, slash ? (size_t)(slash + 1 - path) : 0);
}

/* The file (or folder) that a path of a changelog means, relative to the directory, or NULL with `*ret_found` false. A
 * directory that lies within the search path lacks the first folders of its paths. */
static const char *locate(const struct liquibase_project *project, const char *path, bool folder, bool *ret_found)
{
    const char *rest = path;
    *ret_found = false;
    while (rest) {
        const char *place = arena_printf(project->set->arena, "%s%s", project->root, rest);
        if (!place)
            return NULL;
        *ret_found = folder ? directory_exists(project->directory, place) : file_exists(project->directory, place);
        if (*ret_found)
            return place;
        rest = strchr(rest, '/');
        rest = rest ? rest + 1 : NULL;
    }
    return NULL;
}

/* A path as a changelog has it: from its own folder on where that is said, else from the search path's root. */
static const char *path_from(const struct liquibase_changelog *changelog, const char *path, bool relative)
{
    struct arena *arena = changelog->project->set->arena;
    const char *folder = relative ? folder_of(arena, changelog->path) : "";
    const char *whole = folder ? arena_printf(arena, "%s%s", folder, path) : NULL;
    return whole ? liquibase_normalise_path(arena, whole) : NULL;
}

static int read_sql_file(void *payload, const char *path, bool relative, struct strbuf *text, struct error *reterr)
{
    const struct liquibase_changelog *changelog = payload;
    bool found = false;
    const char *whole = path_from(changelog, path, relative);
    const char *file = whole ? locate(changelog->project, whole, false, &found) : NULL;
    if (!file)
        return whole ? error_set(reterr, ERROR_NOT_FOUND, "%s is not there", path) : error_no_memory(reterr);
    return file_read(changelog->project->directory, file, text, reterr);
}

static int include_file(const struct liquibase_changelog *from, const char *path, const char *file, bool everything,
                        const struct markup_node *node, struct error *reterr)
{
    bool failed = false;
    struct arena *arena = from->project->set->arena;
    const char *context = markup_text(node, "contextFilter");
    struct liquibase_changelog changelog = {
        .project = from->project,
        .path = path,
        .file = file,
        .context = join_conditions(arena, from->context, context ? context : markup_text(node, "context"), &failed),
        .labels = join_conditions(arena, from->labels, markup_text(node, "labels"), &failed),
        .everything = everything,
    };
    return failed ? error_no_memory(reterr) : read_changelog(&changelog, reterr);
}

static bool is_changelog_name(const char *path)
{
    static const char *const endings[] = {".xml", ".yaml", ".yml", ".json", ".sql"};
    for (size_t i = 0; i < ARRAY_LENGTH(endings); i++)
        if (has_suffix(path, endings[i]))
            return true;
    return false;
}

/* includeAll: every changelog below a folder, by path. */
static int include_all(const struct liquibase_changelog *from, const char *path, const struct markup_node *node,
                       struct error *reterr)
{
    bool found = false;
    struct arena *arena = from->project->set->arena;
    size_t length = strlen(path);
    const char *bare = arena_strndup(arena, path, length > 0 && path[length - 1] == '/' ? length - 1 : length);
    const char *folder = bare ? locate(from->project, bare, true, &found) : NULL;
    if (!bare || (found && !folder))
        return error_no_memory(reterr);
    if (!folder)
        return error_set(reterr, ERROR_INVALID, "%s:%zu: the folder %s is not there", from->file, node->line, path);
    cleanup(file_list) struct file_list list = {0};
    cleanup(free) char *root = mem_printf("%s/%s", from->project->directory, folder);
    if (!root)
        return error_no_memory(reterr);
    if (file_list_read(&list, root, LIMIT_DIRECTORY_DEPTH, reterr) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        const char *name = list.files[i].path;
        if (!is_changelog_name(name))
            continue;
        const char *included = arena_printf(arena, "%s/%s", bare, name);
        const char *file = arena_printf(arena, "%s/%s", folder, name);
        if (!included || !file)
            return error_no_memory(reterr);
        if (include_file(from, included, file, true, node, reterr) < 0)
            return -1;
    }
    return 0;
}

static int include(void *payload, const struct markup_node *node, struct error *reterr)
{
    const struct liquibase_changelog *from = payload;
    bool all = strcmp(node->name, "includeAll") == 0;
    const char *written = markup_text(node, all ? "path" : "file");
    const char *relative = markup_text(node, "relativeToChangelogFile");
    if (!written)
        return error_set(reterr, ERROR_INVALID, "%s:%zu: an include without its %s", from->file, node->line,
                         all ? "path" : "file");
    const char *path = path_from(from, written, relative && strcasecmp(relative, "true") == 0);
    if (!path)
        return error_no_memory(reterr);
    if (all)
        return include_all(from, path, node, reterr);
    bool found = false;
    const char *file = locate(from->project, path, false, &found);
    if (!file)
        return found ? error_no_memory(reterr)
                     : error_set(reterr, ERROR_INVALID, "%s:%zu: the changelog %s is not there", from->file, node->line,
                                 written);
    return include_file(from, path, file, false, node, reterr);
}

/* SQL that is not formatted is one change set, named by Liquibase itself. */
static int read_raw_sql(struct liquibase_changelog *changelog, const struct strbuf *text, struct error *reterr)
{
    struct change_set change_set = {
        .id = "raw", .author = "includeAll", .line = 1, .checksums = STRBUF(LIMIT_MIGRATION_BYTES)};
    change_set_add_sql(&change_set, strbuf_text(text), text->length);
    int result = add_change_set(changelog, &change_set, reterr);
    strbuf_done(&change_set.checksums);
    return result;
}

static int read_tree(const struct liquibase_changelog *changelog, const struct strbuf *text,
                     const struct markup_node **ret_node, struct error *reterr)
{
    struct arena *arena = changelog->project->arena;
    struct markup_node *root = NULL;
    const char *file = changelog->file;
    int result = 0;
    if (has_suffix(file, ".xml"))
        result = markup_read_xml(strbuf_text(text), text->length, file, arena, &root, reterr);
    else if (has_suffix(file, ".json"))
        result = markup_read_json(strbuf_text(text), text->length, file, arena, &root, reterr);
    else
        result = markup_read_yaml(strbuf_text(text), text->length, file, arena, &root, reterr);
    if (result < 0)
        return -1;
    *ret_node = markup_child(root, "databaseChangeLog");
    return *ret_node ? 0 : error_set(reterr, ERROR_INVALID, "%s:1: no databaseChangeLog", file);
}

/* Calls itself through include() at most INCLUDE_DEPTH times. */
static int read_changelog(struct liquibase_changelog *changelog, struct error *reterr)
{
    struct liquibase_project *project = changelog->project;
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    const struct change_sink sink = {
        .add = add_change_set, .include = include, .read_file = read_sql_file, .payload = changelog};
    const struct markup_node *node = NULL;
    if (project->depth >= INCLUDE_DEPTH)
        return error_set(reterr, ERROR_INVALID, "%s:1: changelogs include each other", changelog->file);
    if (file_read(project->directory, changelog->file, &text, reterr) < 0)
        return -1;
    project->depth++;
    int result = 0;
    if (has_suffix(changelog->file, ".sql") && !liquibase_is_formatted_sql(strbuf_text(&text), text.length)) {
        result = read_raw_sql(changelog, &text, reterr);
    } else if (has_suffix(changelog->file, ".sql")) {
        result =
            liquibase_read_sql(strbuf_text(&text), text.length, changelog->file, &sink, project->set->arena, reterr);
    } else {
        result = read_tree(changelog, &text, &node, reterr);
        changelog->logical_path = markup_text(node, "logicalFilePath");
        if (result == 0)
            result = liquibase_read_markup(node, changelog->file, &sink, reterr);
    }
    project->depth--;
    return result;
}

static int check_duplicates(const struct liquibase_project *project, struct error *reterr)
{
    struct text_index revisions = {0};
    if (!text_index_init(&revisions, project->arena, project->list.count))
        return error_no_memory(reterr);
    for (size_t i = 0; i < project->list.count; i++) {
        const struct migration *migration = &project->list.items[i];
        size_t first = text_index_add(&revisions, migration->revision, i);
        if (first != i)
            return error_set(reterr, ERROR_INVALID, "%s: its change set %s is also in %s", migration->file,
                             migration->revision, project->list.items[first].file);
    }
    return 0;
}

int liquibase_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    struct liquibase_root root = {0};
    if (liquibase_find_root(directory, set->arena, &root, reterr) < 0)
        return -1;
    cleanup(arena) struct arena *arena = arena_new(LIMIT_CHANGELOG_BYTES);
    struct liquibase_project project = {.directory = directory, .root = root.search, .set = set, .arena = arena};
    struct liquibase_changelog changelog = {.project = &project, .path = root.path};
    changelog.file = arena_printf(set->arena, "%s%s", root.search, root.path);
    if (!arena || !changelog.file)
        return error_no_memory(reterr);
    set->certain = true;
    int result = read_changelog(&changelog, reterr);
    if (result == 0)
        result = check_duplicates(&project, reterr);
    if (result == 0)
        result = migration_list_finish(&project.list, set, reterr);
    migration_list_done(&project.list);
    return result;
}
