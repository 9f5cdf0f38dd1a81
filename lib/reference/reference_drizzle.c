/* SPDX-License-Identifier: Apache-2.0
 *
 * Drizzle: the snapshot that drizzle-kit wrote with the newest migration that is applied.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/drizzle_files.h"
#include "journal/file_list.h"
#include "journal/tool.h"
#include "reference/drizzle_snapshot.h"
#include "reference/reference_source.h"

/* The folder that holds meta/: what was named, or what it lies in. NULL: no memory. */
static char *find_folder(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    bool meta = length > 5 && strncmp(path + length - 5, "/meta", 5) == 0 && file_exists(path, "_journal.json");
    if (length == 4 && strncmp(path, "meta", 4) == 0 && file_exists(path, "_journal.json"))
        return mem_strdup(".");
    char *folder = mem_strndup(path, meta ? length - 5 : length);
    if (!folder || meta || !directory_exists(folder, "drizzle") || file_exists(folder, "meta/_journal.json"))
        return folder;
    char *inner = mem_printf("%s/drizzle", folder);
    mem_free(folder);
    return inner;
}

/* "0003" of "0003_quick_wolf"; migrations of before may have a time there. */
static int snapshot_path(const struct migration_set *set, const struct migration *migration, const char *folder,
                         char **ret_path, struct error *reterr)
{
    if (drizzle_has_folders(set)) {
        size_t length = strlen(migration->file) - strlen("migration.sql");
        *ret_path = mem_printf("%s/%.*ssnapshot.json", folder, (int)length, migration->file);
        return *ret_path ? 0 : error_no_memory(reterr);
    }
    size_t length = strcspn(migration->revision, "_");
    *ret_path = mem_printf("%s/meta/%.*s_snapshot.json", folder, (int)length, migration->revision);
    return *ret_path ? 0 : error_no_memory(reterr);
}

/* Before the first migration there is nothing. */
static int load_empty(const struct reference_request *request, const char *engine, struct reference *ret_reference,
                      struct error *reterr)
{
    static const char *const snapshots[][2] = {
        {"postgres", "{\"version\":\"7\",\"dialect\":\"postgresql\",\"tables\":{}}"},
        {"sqlite", "{\"version\":\"6\",\"dialect\":\"sqlite\",\"tables\":{}}"},
        {"", "{\"version\":\"5\",\"dialect\":\"mysql\",\"tables\":{}}"},
    };
    size_t i = 0;
    while (snapshots[i][0][0] && strcmp(snapshots[i][0], engine) != 0)
        i++;
    cleanup(declared) struct declared *declared = NULL;
    if (drizzle_snapshot_parse(snapshots[i][1], strlen(snapshots[i][1]), "nothing", engine, &declared, reterr) < 0)
        return -1;
    return declared_to_schema(declared, request, ret_reference, reterr);
}

static int load_snapshot(const struct reference_request *request, const char *path, struct reference *ret_reference,
                         struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    cleanup(declared) struct declared *declared = NULL;
    if (reference_read_file(path, LIMIT_MIGRATION_BYTES, &text, reterr) < 0)
        return -1;
    if (drizzle_snapshot_parse(strbuf_text(&text), text.length, path, reference_engine(request), &declared, reterr) < 0)
        return -1;
    return declared_to_schema(declared, request, ret_reference, reterr);
}

int reference_load_drizzle(const struct reference_request *request, struct reference *ret_reference,
                           struct error *reterr)
{
    cleanup(migration_set) struct migration_set *set = NULL;
    cleanup(free) char *folder = find_folder(request->path);
    cleanup(free) char *path = NULL;
    size_t count = 0;
    struct stat status = {0};
    if (!folder)
        return error_no_memory(reterr);
    if (stat(folder, &status) < 0)
        return error_set(reterr, ERROR_NOT_FOUND, "%s: there is no such folder", request->path);
    if (migration_files_read(tool_find("drizzle"), NULL, folder, &set, reterr) < 0)
        return -1;
    if (!reference_count_applied(request, set, &count, ret_reference))
        return 0;
    if (count == 0)
        return load_empty(request, reference_engine(request), ret_reference, reterr);
    const struct migration *last = &set->migrations[count - 1];
    snprintf(ret_reference->revision, sizeof ret_reference->revision, "%s", last->revision);
    if (snapshot_path(set, last, folder, &path, reterr) < 0)
        return -1;
    return load_snapshot(request, path, ret_reference, reterr);
}
