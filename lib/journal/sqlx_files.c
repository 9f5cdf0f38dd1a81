/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/sqlx_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "journal/compare_list.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"

const char *sqlx_version(const char *digits, size_t length, struct arena *arena)
{
    while (length > 1 && *digits == '0') {
        digits++;
        length--;
    }
    return arena_strndup(arena, digits, length);
}

/* What sqlx looks at: the rest it ignores. */
static bool is_candidate(const char *name)
{
    return strchr(name, '_') && has_suffix(name, ".sql");
}

/* Whether what stands before the first underscore is a number of 64 bits. */
static bool is_numbered(const char *name)
{
    static const char greatest[] = "9223372036854775807";
    char digits[64] = "";
    size_t count = strspn(name, "0123456789");
    if (count == 0 || name[count] != '_' || count >= sizeof digits)
        return false;
    memcpy(digits, name, count);
    return order_numbers(digits, greatest) <= 0;
}

/* Whether the file holds that text; a file that is not there holds none. */
static int mentions(const char *directory, const char *path, const char *text, bool *ret_found, struct error *reterr)
{
    cleanup(strbuf) struct strbuf content = STRBUF(FILE_TEXT_BYTES);
    *ret_found = false;
    if (!file_exists(directory, path))
        return 0;
    if (file_read(directory, path, &content, reterr) < 0)
        return -1;
    *ret_found = memmem(strbuf_text(&content), content.length, text, strlen(text)) != NULL;
    return 0;
}

/* What stands in the crate's root, which is the directory or the one above it: that the crate uses sqlx, and whether
 * checksums leave characters out. */
static int read_settings(const char *directory, struct migration_set *set, bool *ret_uncertain, struct error *reterr)
{
    static const char *const roots[] = {"", "../"};
    for (size_t i = 0; i < ARRAY_LENGTH(roots); i++) {
        const char *settings = arena_printf(set->arena, "%ssqlx.toml", roots[i]);
        const char *crate = arena_printf(set->arena, "%sCargo.toml", roots[i]);
        bool ignores = false;
        bool uses = false;
        if (!settings || !crate)
            return error_no_memory(reterr);
        if (mentions(directory, settings, "ignored-chars", &ignores, reterr) < 0 ||
            mentions(directory, crate, "sqlx", &uses, reterr) < 0)
            return -1;
        set->certain = set->certain || uses || file_exists(directory, settings);
        *ret_uncertain = *ret_uncertain || ignores;
    }
    return 0;
}

static int finish_migration(struct migration *migration, const char *directory, struct migration_set *set,
                            struct strbuf *text, struct error *reterr)
{
    static const char directive[] = "-- no-transaction";
    char hex[SHA384_HEX_SIZE] = "";
    strbuf_clear(text);
    if (file_read(directory, migration->file, text, reterr) < 0)
        return -1;
    const char *name = file_name(migration->file);
    checksum_sha384(strbuf_text(text), text->length, hex);
    migration->revision = sqlx_version(name, strcspn(name, "_"), set->arena);
    migration->checksum = arena_strdup(set->arena, hex);
    set->certain = set->certain || strncmp(strbuf_text(text), directive, sizeof directive - 1) == 0;
    return migration->revision && migration->checksum ? 0 : error_no_memory(reterr);
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
        if (order_numbers(list->items[i - 1].revision, list->items[i].revision) == 0)
            return error_set(reterr, ERROR_INVALID, "%s: has the same version as %s", list->items[i].file,
                             list->items[i - 1].file);
    return 0;
}

int sqlx_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", NULL};
    static const struct folder_rule rule = {.folders = folders, .depth = 1, .accepts = is_candidate};
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    bool uncertain = false;
    if (flat_folder_read(directory, &rule, set, &list, reterr) < 0)
        return -1;
    size_t kept = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (!is_numbered(file_name(list.items[i].file)))
            return error_set(reterr, ERROR_NOT_FOUND,
                             "%s: the name does not begin with a version: sqlx would refuse it", list.items[i].file);
        if (!has_suffix(list.items[i].file, ".down.sql"))
            list.items[kept++] = list.items[i];
    }
    /* Pairs are what golang-migrate has, too, for which they speak as long as nothing speaks for sqlx. */
    bool pairs = kept < list.count;
    list.count = kept;
    if (read_settings(directory, set, &uncertain, reterr) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        if (finish_migration(&list.items[i], directory, set, &text, reterr) < 0)
            return -1;
        list.items[i].checksum_uncertain = uncertain;
    }
    set->faint = pairs && !set->certain;
    if (list.count > 1)
        qsort(list.items, list.count, sizeof *list.items, in_order);
    return check(&list, reterr) < 0 ? -1 : migration_list_finish(&list, set, reterr);
}
