/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/generic_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "journal/compare_list.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"

bool generic_number(const char *revision, struct arena *arena, const char **ret_number)
{
    const char *digits = revision + strcspn(revision, "0123456789");
    size_t length = strspn(digits, "0123456789");
    *ret_number = NULL;
    if (length == 0)
        return true;
    while (length > 1 && *digits == '0') {
        digits++;
        length--;
    }
    *ret_number = arena_strndup(arena, digits, length);
    return *ret_number != NULL;
}

static bool is_undo(const char *name)
{
    return strstr(name, ".down.") || strstr(name, ".undo.") || strstr(name, ".rollback.");
}

static bool is_sql(const char *name)
{
    return *name != '.' && has_suffix(name, ".sql") && !is_undo(name);
}

/* A script of whatever language; not what is beside it for people, programs and editors. */
static bool is_script(const char *name)
{
    static const char *const others[] = {".md",   ".txt", ".rst",  ".json", ".yml", ".yaml",
                                         ".toml", ".ini", ".lock", ".bak",  ".pyc", "~"};
    if (*name == '.' || *name == '_' || !strchr(name, '.') || is_undo(name))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        if (has_suffix(name, others[i]))
            return false;
    return true;
}

/* MD5, SHA-1, SHA-256 and SHA-384: which one a home-made tool records, if any, shows in what it recorded. */
static int set_checksums(struct migration *migration, const char *directory, struct arena *arena, struct strbuf *text,
                         struct error *reterr)
{
    char md5[MD5_HEX_SIZE] = "";
    char sha1[SHA1_HEX_SIZE] = "";
    char sha256[SHA256_HEX_SIZE] = "";
    char sha384[SHA384_HEX_SIZE] = "";
    strbuf_clear(text);
    if (file_read(directory, migration->file, text, reterr) < 0)
        return -1;
    checksum_md5(strbuf_text(text), text->length, md5);
    checksum_sha1(strbuf_text(text), text->length, sha1);
    checksum_sha256(strbuf_text(text), text->length, sha256);
    checksum_sha384(strbuf_text(text), text->length, sha384);
    migration->checksum = arena_printf(arena, "%s %s %s %s", sha256, sha1, md5, sha384);
    migration->checksum_uncertain = true;
    return migration->checksum ? 0 : error_no_memory(reterr);
}

static int in_order(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    int order = order_numbers(a->key + strcspn(a->key, "0123456789"), b->key + strcspn(b->key, "0123456789"));
    return order ? order : strcmp(a->file, b->file);
}

static int remark_duplicates(const struct migration_list *list, struct migration_set *set, struct error *reterr)
{
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(list->items[i - 1].key, list->items[i].key) == 0 &&
            !migration_set_remark(set, REMARK_DUPLICATE, "%s and %s begin alike", list->items[i - 1].file,
                                  list->items[i].file))
            return error_no_memory(reterr);
    return 0;
}

int generic_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "db/migrations", NULL};
    static const struct folder_rule sql = {.folders = folders, .depth = 1, .accepts = is_sql};
    static const struct folder_rule scripts = {.folders = folders, .depth = 1, .accepts = is_script};
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    struct error failure = {0};
    if (flat_folder_read(directory, &sql, set, &list, &failure) < 0 &&
        (failure.code != ERROR_NOT_FOUND || flat_folder_read(directory, &scripts, set, &list, &failure) < 0)) {
        if (reterr)
            *reterr = failure;
        return -1;
    }
    for (size_t i = 0; i < list.count; i++) {
        struct migration *migration = &list.items[i];
        migration->key = arena_strndup(set->arena, migration->revision, strcspn(migration->revision, "_-."));
        if (!migration->key)
            return error_no_memory(reterr);
        if (set_checksums(migration, directory, set->arena, &text, reterr) < 0)
            return -1;
    }
    qsort(list.items, list.count, sizeof *list.items, in_order);
    set->faint = true;
    return remark_duplicates(&list, set, reterr) < 0 ? -1 : migration_list_finish(&list, set, reterr);
}
