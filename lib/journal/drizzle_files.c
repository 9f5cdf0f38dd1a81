/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/drizzle_files.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/limits.h"
#include "journal/file_list.h"
#include "model/text_index.h"
#include "json/json_reader.h"

#define JOURNAL_FILE "meta/_journal.json"
#define FOLDER_FILE "/migration.sql"

static int parse_entry(const struct json_value *value, const char *name, size_t index, const char *prefix,
                       struct arena *arena, struct migration *migration, struct error *reterr)
{
    const char *tag = json_text(json_member(value, "tag"));
    int64_t when = 0;
    if (!tag || *tag == '\0' || !json_get_integer(json_member(value, "when"), &when) || when < 0)
        return error_set(reterr, ERROR_INVALID, "%s: entries[%zu] has no tag or no when", name, index);
    if (strchr(tag, '/'))
        return error_set(reterr, ERROR_INVALID, "%s: entries[%zu]: a tag with a slash", name, index);
    migration->revision = arena_strdup(arena, tag);
    migration->key = arena_printf(arena, "%" PRId64, when);
    migration->file = arena_printf(arena, "%s%s.sql", prefix, tag);
    return migration->revision && migration->key && migration->file ? 0 : error_no_memory(reterr);
}

static int check_tags(const struct migration_list *list, const char *name, struct error *reterr)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_MIGRATION_SET_BYTES);
    struct text_index tags = {0};
    if (!arena || !text_index_init(&tags, arena, list->count))
        return error_no_memory(reterr);
    for (size_t i = 0; i < list->count; i++)
        if (text_index_add(&tags, list->items[i].revision, i) != i)
            return error_set(reterr, ERROR_INVALID, "%s: entries[%zu]: the tag '%s' stands twice", name, i,
                             list->items[i].revision);
    return 0;
}

int drizzle_parse_journal(const char *text, size_t length, const char *name, const char *prefix, struct arena *arena,
                          struct migration_list *list, struct error *reterr)
{
    cleanup(json_document) struct json_document *document = NULL;
    if (json_parse(text, length, LIMIT_MIGRATION_BYTES, name, &document, reterr) < 0)
        return -1;
    const struct json_value *entries = json_member(json_root(document), "entries");
    if (!json_is_array(entries))
        return error_set(reterr, ERROR_INVALID, "%s: there is no list of entries", name);
    for (size_t i = 0; i < json_length(entries); i++) {
        struct migration *migration = migration_list_add(list, reterr);
        if (!migration || parse_entry(json_element(entries, i), name, i, prefix, arena, migration, reterr) < 0)
            return -1;
    }
    return check_tags(list, name, reterr);
}

static int set_checksum(struct migration *migration, const char *directory, struct arena *arena, struct strbuf *text,
                        struct error *reterr)
{
    char hex[SHA256_HEX_SIZE] = "";
    strbuf_clear(text);
    if (file_read(directory, migration->file, text, reterr) < 0)
        return -1;
    checksum_sha256(strbuf_text(text), text->length, hex);
    migration->checksum = arena_strdup(arena, hex);
    return migration->checksum ? 0 : error_no_memory(reterr);
}

static int read_journal(const char *directory, const char *prefix, struct migration_set *set,
                        struct migration_list *list, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    cleanup(free) char *path = mem_printf("%s" JOURNAL_FILE, prefix);
    if (!path)
        return error_no_memory(reterr);
    if (file_read(directory, path, &text, reterr) < 0)
        return -1;
    return drizzle_parse_journal(strbuf_text(&text), text.length, path, prefix, set->arena, list, reterr);
}

static int decimal(const char *digits, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (digits[i] - '0');
    return value;
}

/* The folder's time as Drizzle computes it: its first 14 digits as UTC, in milliseconds. NULL key: it has none. */
static bool set_folder_key(struct migration *migration, struct arena *arena)
{
    enum { STAMP_DIGITS = 14 };
    const char *stamp = migration->revision;
    if (strspn(stamp, "0123456789") < STAMP_DIGITS)
        return true;
    struct tm tm = {
        .tm_year = decimal(stamp, 4) - 1900,
        .tm_mon = decimal(stamp + 4, 2) - 1,
        .tm_mday = decimal(stamp + 6, 2),
        .tm_hour = decimal(stamp + 8, 2),
        .tm_min = decimal(stamp + 10, 2),
        .tm_sec = decimal(stamp + 12, 2),
    };
    migration->key = arena_printf(arena, "%" PRId64, (int64_t)timegm(&tm) * 1000);
    return migration->key != NULL;
}

/* `path` is relative to the directory; its folder, below `prefix`, is the migration's name. */
static int add_folder(const char *path, size_t prefix_length, struct migration_set *set, struct migration_list *list,
                      struct error *reterr)
{
    const char *name = path + prefix_length;
    size_t length = strlen(name);
    const size_t tail = sizeof FOLDER_FILE - 1;
    if (length <= tail || strcmp(name + length - tail, FOLDER_FILE) != 0 || memchr(name, '/', length - tail))
        return 0;
    struct migration *migration = migration_list_add(list, reterr);
    if (!migration)
        return -1;
    migration->file = arena_strdup(set->arena, path);
    migration->revision = arena_strndup(set->arena, name, length - tail);
    return migration->file && migration->revision && set_folder_key(migration, set->arena) ? 0
                                                                                           : error_no_memory(reterr);
}

static int read_folders(const char *directory, const char *prefix, struct migration_set *set,
                        struct migration_list *list, struct error *reterr)
{
    cleanup(free) char *root = mem_printf("%s/%s", directory, prefix);
    cleanup(file_list) struct file_list files = {0};
    if (!root)
        return error_no_memory(reterr);
    if (file_list_read(&files, root, 2, reterr) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++) {
        cleanup(free) char *path = mem_printf("%s%s", prefix, files.files[i].path);
        if (!path)
            return error_no_memory(reterr);
        if (add_folder(path, strlen(prefix), set, list, reterr) < 0)
            return -1;
    }
    return 0;
}

/* Prisma's folders look the same, but for this file beside the SQL. */
static bool has_snapshot(const struct migration *migration, const char *directory)
{
    char path[PATH_MAX] = "";
    const char *slash = strrchr(migration->file, '/');
    int folder = slash ? (int)(slash - migration->file) : 0;
    int length = snprintf(path, sizeof path, "%.*s/snapshot.json", folder, migration->file);
    return slash && length < (int)sizeof path && file_exists(directory, path);
}

int drizzle_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    const char *prefix =
        directory_exists(directory, "drizzle") && !file_exists(directory, JOURNAL_FILE) ? "drizzle/" : "";
    if (read_folders(directory, prefix, set, &list, reterr) < 0)
        return -1;
    bool journal = file_exists(directory, *prefix ? "drizzle/" JOURNAL_FILE : JOURNAL_FILE);
    if (journal && list.count > 0)
        return error_set(reterr, ERROR_INVALID, "%s" JOURNAL_FILE ": stands beside folders of the newer layout (%s)",
                         prefix, list.items[0].file);
    if (!journal && list.count == 0)
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no Drizzle migrations", directory);
    if (journal && read_journal(directory, prefix, set, &list, reterr) < 0)
        return -1;
    set->certain = journal;
    for (size_t i = 0; i < list.count; i++) {
        if (set_checksum(&list.items[i], directory, set->arena, &text, reterr) < 0)
            return -1;
        set->certain = set->certain || has_snapshot(&list.items[i], directory);
    }
    return migration_list_finish(&list, set, reterr);
}

bool drizzle_has_folders(const struct migration_set *set)
{
    const size_t tail = sizeof FOLDER_FILE - 1;
    const char *file = set->count > 0 ? set->migrations[0].file : "";
    size_t length = strlen(file);
    return length > tail && strcmp(file + length - tail, FOLDER_FILE) == 0;
}
