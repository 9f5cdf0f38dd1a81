/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "journal/file_list.h"
#include "journal/migration_list.h"
#include "journal/tool.h"

static void add_text(struct strbuf *out, const char *text)
{
    strbuf_add_string(out, text ? text : "\001");
    strbuf_add_char(out, '\0');
}

int migration_set_digest(struct migration_set *set, struct error *reterr)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_MIGRATION_SET_BYTES);
    add_text(&out, set->tool);
    if (set->position)
        add_text(&out, "position");
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        add_text(&out, migration->revision);
        add_text(&out, migration->key);
        add_text(&out, migration->part);
        add_text(&out, migration->file);
        add_text(&out, migration->checksum);
        strbuf_printf(&out, "%d%d%d%zu", migration->repeatable, migration->baseline, migration->checksum_uncertain,
                      migration->parent_count);
        for (size_t j = 0; j < migration->parent_count; j++)
            add_text(&out, migration->parents[j]);
        for (size_t j = 0; j < migration->replaced_count; j++)
            add_text(&out, migration->replaces[j]);
        add_text(&out, migration->engines);
        add_text(&out, migration->condition);
        strbuf_add_char(&out, '\n');
    }
    if (!strbuf_ok(&out))
        return error_no_memory(reterr);
    set->digest = digest_of(strbuf_text(&out), out.length);
    return 0;
}

static int read_with(const struct tool *tool, const char *directory, bool partial, struct migration_set **ret_set,
                     struct error *reterr)
{
    cleanup(migration_set) struct migration_set *set = migration_set_new(tool->name);
    if (!set)
        return error_no_memory(reterr);
    set->partial = partial;
    if (tool->read_files(directory, set, reterr) < 0 || migration_set_digest(set, reterr) < 0)
        return -1;
    *ret_set = take(set);
    return 0;
}

/* What the tools say of one directory. */
struct recognition {
    struct migration_set *best;   /* the first that is certain, else the first */
    struct migration_set *rival;  /* another that is as good */
    struct migration_set *likely; /* that of the likely tool */
    struct error error;           /* the first failure, or the likely tool's */
    bool likely_broken;
};

static void recognition_done(struct recognition *found)
{
    migration_set_unref(found->best);
    migration_set_unref(found->rival);
    migration_set_unref(found->likely);
}

DEFINE_CLEANUP_VALUE(recognition, struct recognition, recognition_done);

static void consider(struct recognition *found, struct migration_set *set)
{
    if (!found->best || (set->certain && !found->best->certain)) {
        migration_set_unref(found->best);
        migration_set_unref(found->rival);
        found->best = migration_set_ref(set);
        found->rival = NULL;
    } else if (set->certain == found->best->certain && !found->rival) {
        found->rival = migration_set_ref(set);
    }
}

static int ask_tools(const struct tool *likely, const char *directory, bool partial, struct recognition *found,
                     struct error *reterr)
{
    for (size_t i = 0; tools[i]; i++) {
        cleanup(migration_set) struct migration_set *set = NULL;
        struct error error = {0};
        if (read_with(tools[i], directory, partial, &set, &error) == 0 && set) {
            if (set->faint && tools[i] != likely)
                continue;
            consider(found, set);
            if (tools[i] == likely)
                found->likely = take(set);
        } else if (error.code == ERROR_NO_MEMORY) {
            return error_no_memory(reterr);
        } else if (error.code != ERROR_NOT_FOUND && (!found->error.code || tools[i] == likely)) {
            found->error = error;
            found->likely_broken = tools[i] == likely;
        }
    }
    return 0;
}

/* The one tool whose layout the directory has. Of a directory that is not its own, a tool has nothing to complain of:
 * broken files matter when they are the likely tool's, or when no other tool can read the directory. */
static int read_recognised(const struct tool *likely, const char *directory, bool partial,
                           struct migration_set **ret_set, struct error *reterr)
{
    cleanup(recognition) struct recognition found = {0};
    if (ask_tools(likely, directory, partial, &found, reterr) < 0)
        return -1;
    bool proven = found.best && found.best->certain;
    bool broken = found.error.code && (found.likely_broken || !found.best);
    if (broken && !proven) {
        if (reterr)
            *reterr = found.error;
        return -1;
    }
    if (!found.best)
        return error_set(reterr, ERROR_INVALID, "%s does not look like the migrations of any known tool", directory);
    if (found.likely && found.likely->certain == proven) {
        *ret_set = take(found.likely);
        return 0;
    }
    if (found.rival)
        return error_set(reterr, ERROR_INVALID, "%s could be %s's or %s's: name the tool", directory,
                         tool_find(found.best->tool)->title, tool_find(found.rival->tool)->title);
    *ret_set = take(found.best);
    return 0;
}

static int read_directory(const struct tool *tool, const struct tool *likely, const char *directory, bool partial,
                          struct migration_set **ret_set, struct error *reterr)
{
    if (!directory_exists(directory, "."))
        return error_set(reterr, ERROR_IO, "%s is not a directory that can be read", directory);
    if (!tool)
        return read_recognised(likely, directory, partial, ret_set, reterr);
    struct error error = {0};
    if (read_with(tool, directory, partial, ret_set, &error) == 0)
        return 0;
    if (error.code == ERROR_NOT_FOUND)
        error.code = ERROR_INVALID;
    if (reterr)
        *reterr = error;
    return -1;
}

int migration_files_read(const struct tool *tool, const struct tool *likely, const char *directory,
                         struct migration_set **ret_set, struct error *reterr)
{
    return read_directory(tool, likely, directory, false, ret_set, reterr);
}

int migration_folder_read(const struct tool *tool, const struct tool *likely, const char *folder,
                          struct migration_set **ret_set, struct error *reterr)
{
    return read_directory(tool, likely, folder, true, ret_set, reterr);
}

int migration_files_token(const char *directory, struct digest *ret_token, struct error *reterr)
{
    cleanup(file_list) struct file_list list = {0};
    if (file_list_read_status(&list, directory, LIMIT_DIRECTORY_DEPTH, reterr) < 0)
        return -1;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_MIGRATION_SET_BYTES);
    for (size_t i = 0; i < list.count; i++) {
        const struct listed_file *file = &list.files[i];
        add_text(&out, file->path);
        strbuf_add(&out, (const char *)&file->size, sizeof file->size);
        strbuf_add(&out, (const char *)&file->inode, sizeof file->inode);
        strbuf_add(&out, (const char *)&file->modified_ns, sizeof file->modified_ns);
    }
    if (!strbuf_ok(&out))
        return error_no_memory(reterr);
    *ret_token = digest_of(strbuf_text(&out), out.length);
    return 0;
}
