/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/refinery_files.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/siphash.h"
#include "journal/compare_list.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"
#include "journal/journal_builder.h"

enum { VERSION_DIGITS = 19 };

/* Parts of a file's name, which is borrowed. */
struct file_parts {
    int64_t version;
    const char *name;
    size_t name_length;
    bool is_sql; /* else Rust, which makes its SQL when it runs */
};

static bool is_word(char byte)
{
    /* Rust's \w takes every letter there is: bytes of UTF-8 count as such. */
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || (unsigned char)byte >= 0x80;
}

static bool parse_name(const char *file, struct file_parts *ret_parts)
{
    char digits[VERSION_DIGITS + 1] = "";
    size_t count = strspn(file + (*file ? 1 : 0), "0123456789");
    const char *behind = file + 1 + count;
    if ((*file != 'V' && *file != 'U') || count == 0 || count > VERSION_DIGITS || strncmp(behind, "__", 2) != 0)
        return false;
    memcpy(digits, file + 1, count);
    ret_parts->name = behind + 2;
    ret_parts->name_length = 0;
    while (is_word(ret_parts->name[ret_parts->name_length]))
        ret_parts->name_length++;
    const char *extension = ret_parts->name + ret_parts->name_length;
    ret_parts->is_sql = strcmp(extension, ".sql") == 0;
    return ret_parts->name_length > 0 && cell_integer(digits, &ret_parts->version) &&
           (ret_parts->is_sql || strcmp(extension, ".rs") == 0);
}

static bool is_migration(const char *name)
{
    struct file_parts parts = {0};
    return parse_name(name, &parts);
}

bool refinery_is_unversioned(const struct migration *migration)
{
    return migration->file && *file_name(migration->file) == 'U';
}

/* Rust feeds a hash with a string's bytes and one that UTF-8 does not have, and with a number's bytes. */
static uint64_t checksum(const char *name, size_t name_length, int64_t version, size_t version_size, const char *text,
                         size_t length, struct strbuf *buffer)
{
    enum { END_OF_STRING = 0xff };
    strbuf_clear(buffer);
    strbuf_add(buffer, name, name_length);
    strbuf_add_char(buffer, (char)END_OF_STRING);
    for (size_t i = 0; i < version_size; i++)
        strbuf_add_char(buffer, (char)((uint64_t)version >> (8 * i)));
    strbuf_add(buffer, text, length);
    strbuf_add_char(buffer, (char)END_OF_STRING);
    return siphash13(strbuf_text(buffer), buffer->length);
}

const char *refinery_checksums(const char *name, size_t name_length, int64_t version, const char *text, size_t length,
                               struct arena *arena)
{
    cleanup(strbuf) struct strbuf buffer = STRBUF(FILE_TEXT_BYTES + LIMIT_JOURNAL_CELL);
    uint64_t narrow = checksum(name, name_length, version, sizeof(int32_t), text, length, &buffer);
    uint64_t wide = checksum(name, name_length, version, sizeof(int64_t), text, length, &buffer);
    if (!strbuf_ok(&buffer))
        return NULL;
    return version > INT32_MAX ? arena_printf(arena, "%" PRIu64, wide)
                               : arena_printf(arena, "%" PRIu64 " %" PRIu64, narrow, wide);
}

static int finish_migration(struct migration *migration, const char *directory, struct arena *arena,
                            struct strbuf *text, struct error *reterr)
{
    struct file_parts parts = {0};
    parse_name(file_name(migration->file), &parts);
    migration->revision = arena_printf(arena, "%" PRId64, parts.version);
    if (!migration->revision)
        return error_no_memory(reterr);
    if (!parts.is_sql)
        return 0;
    strbuf_clear(text);
    if (file_read(directory, migration->file, text, reterr) < 0)
        return -1;
    migration->checksum =
        refinery_checksums(parts.name, parts.name_length, parts.version, strbuf_text(text), text->length, arena);
    return migration->checksum ? 0 : error_no_memory(reterr);
}

static int in_order(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    int order = order_numbers(a->revision, b->revision);
    return order != 0 ? order : strcmp(a->file, b->file);
}

static int check(const struct migration_list *list, struct error *reterr)
{
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(list->items[i - 1].revision, list->items[i].revision) == 0)
            return error_set(reterr, ERROR_INVALID, "%s: has the same version as %s", list->items[i].file,
                             list->items[i - 1].file);
    return 0;
}

static bool any_is_rust(const struct migration_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t length = strlen(list->items[i].file);
        if (length > 3 && strcmp(list->items[i].file + length - 3, ".rs") == 0)
            return true;
    }
    return false;
}

int refinery_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "src/migrations", NULL};
    static const struct folder_rule rule = {
        .folders = folders, .depth = LIMIT_DIRECTORY_DEPTH, .accepts = is_migration};
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (flat_folder_read(directory, &rule, set, &list, reterr) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        if (finish_migration(&list.items[i], directory, set->arena, &text, reterr) < 0)
            return -1;
    if (list.count > 1)
        qsort(list.items, list.count, sizeof *list.items, in_order);
    set->certain = file_exists(directory, "refinery.toml") || file_exists(directory, "../refinery.toml");
    /* Plain SQL of that name is Flyway's in most places, as long as nothing speaks for refinery. */
    set->faint = !set->certain && !any_is_rust(&list);
    return check(&list, reterr) < 0 ? -1 : migration_list_finish(&list, set, reterr);
}
