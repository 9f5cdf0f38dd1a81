/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/flyway_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "journal/file_list.h"
#include "journal/flyway_version.h"
#include "journal/migration_list.h"

enum { DESCRIPTION_UNITS = 200, DESCRIPTION_KEPT = 197 };

char *flyway_repeatable_name(struct arena *arena, const char *description, size_t length)
{
    size_t units = 0; /* of UTF-16, as Java counts */
    size_t kept = length;
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t size = utf8_decode(description + i, length - i, &point);
        if (units <= DESCRIPTION_KEPT)
            kept = i;
        units += point >= 0x10000 ? 2 : 1;
        i += size ? size : 1;
    }
    bool cut = units > DESCRIPTION_UNITS;
    char *name = arena_printf(arena, "R:%.*s%s", (int)(cut ? kept : length), description, cut ? "..." : "");
    for (char *byte = name ? name + 2 : NULL; byte && *byte; byte++)
        if (*byte == '_')
            *byte = ' ';
    return name;
}

static int name_migration(const struct flyway_name *name, struct arena *arena, struct migration *migration,
                          struct error *reterr)
{
    if (name->kind == FLYWAY_REPEATABLE) {
        migration->repeatable = true;
        migration->revision = flyway_repeatable_name(arena, name->description, name->description_length);
        return migration->revision ? 0 : error_no_memory(reterr);
    }
    char *revision = arena_strndup(arena, name->version, name->version_length);
    migration->key = flyway_version_normalise(arena, name->version, name->version_length);
    if (!revision || !migration->key)
        return error_no_memory(reterr);
    for (char *byte = revision; *byte; byte++)
        if (*byte == '_')
            *byte = '.';
    migration->revision = revision;
    migration->baseline = name->kind == FLYWAY_BASELINE;
    return 0;
}

static int add_migration(const struct flyway_name *name, const char *directory, const char *path,
                         struct migration_list *list, struct migration_set *set, struct strbuf *text,
                         struct error *reterr)
{
    struct migration *migration = migration_list_add(list, reterr);
    if (!migration || name_migration(name, set->arena, migration, reterr) < 0)
        return -1;
    strbuf_clear(text);
    if (file_read(directory, path, text, reterr) < 0)
        return -1;
    const char *bytes = strbuf_text(text);
    migration->file = arena_strdup(set->arena, path);
    migration->checksum = arena_printf(set->arena, "%d", flyway_checksum(bytes, text->length));
    if (!migration->file || !migration->checksum)
        return error_no_memory(reterr);
    /* Of a repeatable, Flyway stores the checksum after its placeholders were replaced; of all else, that of the text.
     */
    bool placeholders = migration->repeatable && memmem(bytes, text->length, "${", 2);
    migration->checksum_uncertain = placeholders || !utf8_is_valid(bytes, text->length);
    return 0;
}

static int in_order(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    if (a->repeatable != b->repeatable)
        return a->repeatable - b->repeatable;
    int order = a->repeatable ? strcmp(a->revision, b->revision) : flyway_version_order(a->key, b->key);
    return order != 0 ? order : a->baseline - b->baseline;
}

static int check_duplicates(const struct migration_list *list, struct error *reterr)
{
    for (size_t i = 1; i < list->count; i++)
        if (in_order(&list->items[i - 1], &list->items[i]) == 0)
            return error_set(reterr, ERROR_INVALID, "%s: has the same version or description as %s",
                             list->items[i].file, list->items[i - 1].file);
    return 0;
}

int flyway_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    cleanup(file_list) struct file_list files = {0};
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (file_list_read(&files, directory, LIMIT_DIRECTORY_DEPTH, reterr) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++) {
        const char *path = files.files[i].path;
        const char *slash = strrchr(path, '/');
        struct flyway_name name = flyway_name_parse(slash ? slash + 1 : path);
        if (name.kind != FLYWAY_NONE && add_migration(&name, directory, path, &list, set, &text, reterr) < 0)
            return -1;
    }
    if (list.count == 0)
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no Flyway migrations", directory);
    qsort(list.items, list.count, sizeof *list.items, in_order);
    return check_duplicates(&list, reterr) < 0 ? -1 : migration_list_finish(&list, set, reterr);
}
