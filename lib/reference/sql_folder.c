/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/sql_folder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "journal/file_list.h"
#include "journal/migration_list.h"

static bool ends_with(const char *text, const char *tail)
{
    size_t length = strlen(text);
    size_t tail_length = strlen(tail);
    return length > tail_length && strcasecmp(text + length - tail_length, tail) == 0;
}

static size_t number_length(const char *name)
{
    return strspn(name, "0123456789");
}

static int by_number(const void *pa, const void *pb)
{
    const char *a = ((const struct migration *)pa)->file;
    const char *b = ((const struct migration *)pb)->file;
    const char *digits_a = a + strspn(a, "0");
    const char *digits_b = b + strspn(b, "0");
    size_t length_a = number_length(digits_a);
    size_t length_b = number_length(digits_b);
    int order = (length_a > length_b) - (length_a < length_b);
    if (order == 0)
        order = strncmp(digits_a, digits_b, length_a);
    return order != 0 ? order : strcmp(a, b);
}

static int add_file(const char *path, struct migration_set *set, struct migration_list *list, struct error *reterr)
{
    if (!ends_with(path, ".sql") || ends_with(path, ".down.sql"))
        return 0;
    struct migration *migration = migration_list_add(list, reterr);
    if (!migration)
        return -1;
    size_t length = number_length(path);
    if (length == 0)
        length = strlen(path) - strlen(ends_with(path, ".up.sql") ? ".up.sql" : ".sql");
    migration->file = arena_strdup(set->arena, path);
    migration->revision = arena_strndup(set->arena, path, length);
    return migration->file && migration->revision ? 0 : error_no_memory(reterr);
}

int sql_folder_read(const char *directory, struct migration_set **ret_set, struct error *reterr)
{
    cleanup(file_list) struct file_list files = {0};
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(migration_set) struct migration_set *set = migration_set_new("sql");
    if (!set)
        return error_no_memory(reterr);
    if (file_list_read(&files, directory, 1, reterr) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++)
        if (add_file(files.files[i].path, set, &list, reterr) < 0)
            return -1;
    if (list.count == 0)
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no SQL files", directory);
    qsort(list.items, list.count, sizeof *list.items, by_number);
    if (migration_list_finish(&list, set, reterr) < 0)
        return -1;
    *ret_set = take(set);
    return 0;
}

/* After these, a file undoes what it did before: dbmate, goose, node-pg-migrate. */
static const char *const down_marks[] = {"migrate:down", "+goose down", "down migration"};

/* Whether the line is a comment with that mark. */
static bool is_mark(const char *line, size_t length, const char *mark)
{
    size_t mark_length = strlen(mark);
    while (length > 0 && (*line == ' ' || *line == '\t' || *line == '-')) {
        line++;
        length--;
    }
    return length >= mark_length && strncasecmp(line, mark, mark_length) == 0;
}

size_t sql_folder_cut(const char *text, size_t length)
{
    for (size_t begin = 0; begin < length;) {
        const char *newline = memchr(text + begin, '\n', length - begin);
        size_t end = newline ? (size_t)(newline - text) : length;
        bool comment = end - begin > 2 && memcmp(text + begin, "--", 2) == 0;
        for (size_t i = 0; comment && i < ARRAY_LENGTH(down_marks); i++)
            if (is_mark(text + begin, end - begin, down_marks[i]))
                return begin;
        begin = end + 1;
    }
    return length;
}
