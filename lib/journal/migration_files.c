/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "journal/file_list.h"
#include "journal/tool.h"

static void add_text(struct strbuf *out, const char *text)
{
    strbuf_add_string(out, text ? text : "\001");
    strbuf_add_char(out, '\0');
}

static int digest_set(struct migration_set *set, struct error *reterr)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_MIGRATION_SET_BYTES);
    add_text(&out, set->tool);
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        add_text(&out, migration->revision);
        add_text(&out, migration->key);
        add_text(&out, migration->file);
        add_text(&out, migration->checksum);
        strbuf_printf(&out, "%d%d%d%zu", migration->repeatable, migration->baseline, migration->checksum_uncertain,
                      migration->parent_count);
        for (size_t j = 0; j < migration->parent_count; j++)
            add_text(&out, migration->parents[j]);
        strbuf_add_char(&out, '\n');
    }
    if (!strbuf_ok(&out))
        return error_no_memory(reterr);
    set->digest = digest_of(strbuf_text(&out), out.length);
    return 0;
}

static int read_with(const struct tool *tool, const char *directory, struct migration_set **ret_set,
                     struct error *reterr)
{
    cleanup(migration_set) struct migration_set *set = migration_set_new(tool->name);
    if (!set)
        return error_no_memory(reterr);
    if (tool->read_files(directory, set, reterr) < 0 || digest_set(set, reterr) < 0)
        return -1;
    *ret_set = take(set);
    return 0;
}

/* The one tool whose layout the directory has. */
static int read_recognised(const char *directory, struct migration_set **ret_set, struct error *reterr)
{
    cleanup(migration_set) struct migration_set *found = NULL;
    const struct tool *finder = NULL;
    for (size_t i = 0; tools[i]; i++) {
        cleanup(migration_set) struct migration_set *set = NULL;
        struct error error = {0};
        if (read_with(tools[i], directory, &set, &error) < 0) {
            if (error.code == ERROR_NOT_FOUND)
                continue;
            if (reterr)
                *reterr = error;
            return -1;
        }
        if (finder)
            return error_set(reterr, ERROR_INVALID, "%s could be %s's or %s's: name the tool", directory, finder->title,
                             tools[i]->title);
        finder = tools[i];
        found = take(set);
    }
    if (!found)
        return error_set(reterr, ERROR_INVALID, "%s does not look like the migrations of any known tool", directory);
    *ret_set = take(found);
    return 0;
}

int migration_files_read(const struct tool *tool, const char *directory, struct migration_set **ret_set,
                         struct error *reterr)
{
    if (!directory_exists(directory, "."))
        return error_set(reterr, ERROR_IO, "%s is not a directory that can be read", directory);
    if (!tool)
        return read_recognised(directory, ret_set, reterr);
    struct error error = {0};
    if (read_with(tool, directory, ret_set, &error) == 0)
        return 0;
    if (error.code == ERROR_NOT_FOUND)
        error.code = ERROR_INVALID;
    if (reterr)
        *reterr = error;
    return -1;
}

int migration_files_token(const char *directory, struct digest *ret_token, struct error *reterr)
{
    cleanup(file_list) struct file_list list = {0};
    if (file_list_read(&list, directory, LIMIT_DIRECTORY_DEPTH, reterr) < 0)
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
