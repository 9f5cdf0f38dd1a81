/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/graphile_migrate_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "journal/file_list.h"
#include "journal/migration_list.h"

#define HEADER "--! "

/* One file: views into its text. */
struct graphile_file {
    const char *previous; /* as its header says; "" for the first migration */
    const char *hash;
    bool allows_any; /* AllowInvalidHash */
    const char *body;
    size_t body_length;
};

/* What JavaScript's trim() takes for white space. */
static bool is_space(uint32_t point)
{
    return (point >= 9 && point <= 13) || point == ' ' || point == 0xA0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 || point == 0x202F ||
           point == 0x205F || point == 0x3000 || point == 0xFEFF;
}

static void trim(const char **text, size_t *length)
{
    uint32_t point = 0;
    size_t size = 0;
    while (*length > 0 && (size = utf8_decode(*text, *length, &point)) > 0 && is_space(point)) {
        *text += size;
        *length -= size;
    }
    while (*length > 0) {
        size_t start = *length - 1;
        while (start > 0 && ((unsigned char)(*text)[start] & 0xC0) == 0x80)
            start--;
        size = utf8_decode(*text + start, *length - start, &point);
        if (size != *length - start || !is_space(point))
            return;
        *length = start;
    }
}

int graphile_migrate_hash(const char *previous, const char *body, size_t length,
                          char ret_hash[static GRAPHILE_HASH_SIZE])
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    trim(&body, &length);
    strbuf_add_string(&text, previous);
    strbuf_add_char(&text, '\n');
    strbuf_add(&text, body, length);
    if (!strbuf_ok(&text))
        return -1;
    const char *whole = strbuf_text(&text);
    size_t whole_length = text.length;
    trim(&whole, &whole_length);
    cleanup(free) char *hashed = mem_alloc(whole_length + 1);
    if (!hashed)
        return -1;
    memcpy(hashed, whole, whole_length);
    hashed[whole_length] = '\n';
    memcpy(ret_hash, "sha1:", 5);
    checksum_sha1(hashed, whole_length + 1, ret_hash + 5);
    return 0;
}

/* Length of the digits of "000001.sql" or "000001-slug.sql"; 0: no such name. */
static size_t digits_of(const char *name)
{
    static const char slug[] = "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t digits = strspn(name, "0123456789");
    const char *rest = name + digits;
    if (*rest == '-')
        rest += strspn(rest, slug);
    return strcmp(rest, ".sql") == 0 ? digits : 0;
}

/* The value behind "--! Key:", trimmed and NUL-terminated in place; NULL: the line is no header of that key. "" where
 * there is no value. */
static const char *header_value(char *line, size_t length, const char *key)
{
    size_t start = strlen(HEADER);
    size_t key_length = strlen(key);
    if (length < start + key_length || strncmp(line + start, key, key_length) != 0)
        return NULL;
    const char *value = line + start + key_length;
    size_t rest = length - start - key_length;
    if (rest > 0 && *value != ':')
        return NULL;
    value += rest > 0;
    rest -= rest > 0;
    trim(&value, &rest);
    line[(size_t)(value - line) + rest] = '\0';
    return value;
}

static bool is_header(const char *line, size_t length)
{
    return length > strlen(HEADER) && strncmp(line, HEADER, strlen(HEADER)) == 0 && line[4] >= 'A' && line[4] <= 'Z' &&
           !memchr(line, '\r', length);
}

static int parse_header(char *line, size_t length, const char *path, struct graphile_file *file, struct error *reterr)
{
    const char *previous = header_value(line, length, "Previous");
    const char *hash = header_value(line, length, "Hash");
    if ((previous && file->previous) || (hash && file->hash))
        return error_set(reterr, ERROR_INVALID, "%s: the header '%s' is there twice", path, hash ? "Hash" : "Previous");
    if (previous)
        file->previous = strcmp(previous, "-") == 0 ? "" : *previous ? previous : NULL;
    if (hash)
        file->hash = *hash ? hash : NULL;
    file->allows_any = file->allows_any || header_value(line, length, "AllowInvalidHash");
    return 0;
}

/* Splits the text, which it changes, into header and body. */
static int parse(char *text, size_t length, const char *path, struct graphile_file *ret_file, struct error *reterr)
{
    *ret_file = (struct graphile_file){0};
    char *line = text;
    size_t rest = length;
    bool at_line = true; /* a line begins here, though it may be empty */
    for (;;) {
        const char *newline = memchr(line, '\n', rest);
        size_t line_length = newline ? (size_t)(newline - line) : rest;
        if (!is_header(line, line_length)) {
            if (line_length > 0 || !at_line)
                return error_set(reterr, ERROR_INVALID, "%s: there is no empty line behind the header", path);
            break;
        }
        if (parse_header(line, line_length, path, ret_file, reterr) < 0)
            return -1;
        at_line = newline != NULL;
        line += line_length + at_line;
        rest -= line_length + at_line;
    }
    if (!ret_file->previous || !ret_file->hash)
        return error_set(reterr, ERROR_INVALID, "%s: the header has no '%s'", path,
                         ret_file->previous ? "Hash" : "Previous");
    ret_file->body = line;
    ret_file->body_length = rest;
    return 0;
}

/* Where the chain stands. */
struct graphile_chain {
    const char *file;
    const char *hash;
};

static int check_chain(const struct graphile_chain *chain, const struct graphile_file *file, const char *path,
                       struct error *reterr)
{
    if (strcmp(file->previous, chain->hash) == 0)
        return 0;
    if (!chain->file)
        return error_set(reterr, ERROR_INVALID, "%s: there is no migration %s before it", path, file->previous);
    return error_set(reterr, ERROR_INVALID, "%s: its header does not name the hash of %s as Previous", path,
                     chain->file);
}

/* Compares what the header says with what the text has: the tool runs only what agrees. */
static int check_hash(const struct graphile_file *file, const char *computed, const char *path,
                      struct migration_set *set, struct error *reterr)
{
    bool same = strcmp(computed, file->hash) == 0;
    if (same != file->allows_any)
        return 0;
    bool noted =
        migration_set_remark(set, REMARK_IGNORED,
                             same ? "%s: graphile-migrate would not run it: AllowInvalidHash stands there, and the "
                                    "hash is right"
                                  : "%s: graphile-migrate would not run it: its text was changed after it was "
                                    "committed",
                             path);
    return noted ? 0 : error_no_memory(reterr);
}

static int add_migration(const char *directory, const char *path, size_t prefix_length, struct migration_set *set,
                         struct migration_list *list, struct graphile_chain *chain, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    char computed[GRAPHILE_HASH_SIZE] = "";
    struct graphile_file file = {0};
    struct migration *migration = migration_list_add(list, reterr);
    if (!migration || file_read(directory, path, &text, reterr) < 0)
        return -1;
    strbuf_add(&text, "", 1); /* its own, to be cut into pieces */
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    bool valid = utf8_is_valid(text.bytes, text.length - 1);
    if (parse(text.bytes, text.length - 1, path, &file, reterr) < 0 || !file.previous || !file.hash ||
        check_chain(chain, &file, path, reterr) < 0)
        return -1;
    if (graphile_migrate_hash(file.previous, file.body, file.body_length, computed) < 0)
        return error_no_memory(reterr);
    if (valid && check_hash(&file, computed, path, set, reterr) < 0)
        return -1;
    const char *name = path + prefix_length;
    migration->file = path;
    migration->revision = arena_printf(set->arena, "%.*s.sql", (int)digits_of(name), name);
    migration->key = chain->hash = arena_strdup(set->arena, file.hash);
    migration->checksum = arena_strdup(set->arena, file.allows_any ? file.hash : computed);
    migration->checksum_uncertain = !valid;
    chain->file = path;
    return migration->revision && migration->checksum && chain->hash ? 0 : error_no_memory(reterr);
}

static int by_number(const void *pa, const void *pb)
{
    const char *const *a = pa;
    const char *const *b = pb;
    const char *name_a = strrchr(*a, '/') ? strrchr(*a, '/') + 1 : *a;
    const char *name_b = strrchr(*b, '/') ? strrchr(*b, '/') + 1 : *b;
    size_t digits_a = digits_of(name_a);
    size_t digits_b = digits_of(name_b);
    int order = strncmp(name_a, name_b, digits_a < digits_b ? digits_a : digits_b);
    if (order == 0)
        order = (digits_a > digits_b) - (digits_a < digits_b);
    return order ? order : strcmp(*a, *b);
}

/* Whether the file begins as a committed migration does. One that cannot be read is nobody's yet. */
static int seek_header(const char *directory, const char *path, bool *ret_found, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    struct error error = {0};
    *ret_found = false;
    if (file_read(directory, path, &text, &error) < 0)
        return error.code == ERROR_NO_MEMORY ? error_no_memory(reterr) : 0;
    *ret_found = strncmp(strbuf_text(&text), HEADER, strlen(HEADER)) == 0;
    return 0;
}

static int read_committed(const char *directory, const char *prefix, struct migration_set *set, struct error *reterr)
{
    cleanup(free) char *root = mem_printf("%s/%s", directory, prefix);
    cleanup(file_list) struct file_list files = {0};
    cleanup(migration_list) struct migration_list list = {0};
    struct graphile_chain chain = {.hash = ""};
    bool found = false;
    if (!root)
        return error_no_memory(reterr);
    if (file_list_read(&files, root, 1, reterr) < 0)
        return -1;
    const char **paths = arena_array(set->arena, files.count, sizeof *paths);
    size_t count = 0;
    if (!paths)
        return error_no_memory(reterr);
    for (size_t i = 0; i < files.count; i++) {
        if (digits_of(files.files[i].path) == 0)
            continue;
        paths[count] = arena_printf(set->arena, "%s%s", prefix, files.files[i].path);
        if (!paths[count++])
            return error_no_memory(reterr);
    }
    if (count > 1)
        qsort(paths, count, sizeof *paths, by_number);
    if (count > 0 && seek_header(directory, paths[0], &found, reterr) < 0)
        return -1;
    if (!found)
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no graphile-migrate migrations", directory);
    for (size_t i = 0; i < count; i++)
        if (add_migration(directory, paths[i], strlen(prefix), set, &list, &chain, reterr) < 0)
            return -1;
    set->certain = true;
    return migration_list_finish(&list, set, reterr);
}

int graphile_migrate_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const prefixes[] = {"committed", "migrations/committed"};
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        if (!directory_exists(directory, prefixes[i]))
            continue;
        cleanup(free) char *prefix = mem_printf("%s/", prefixes[i]);
        return prefix ? read_committed(directory, prefix, set, reterr) : error_no_memory(reterr);
    }
    return read_committed(directory, "", set, reterr);
}
