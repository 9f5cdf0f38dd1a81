/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/liquibase_root.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"
#include "journal/liquibase_changes.h"
#include "journal/liquibase_files.h"

const char *liquibase_normalise_path(struct arena *arena, const char *path)
{
    static const char scheme[] = "classpath:";
    if (strncasecmp(path, scheme, sizeof scheme - 1) == 0)
        path += sizeof scheme - 1;
    if (isalpha((unsigned char)path[0]) && path[1] == ':')
        path += 2;
    char *out = arena_alloc(arena, strlen(path) + 1);
    size_t length = 0;
    if (!out)
        return NULL;
    while (*path) {
        size_t size = strcspn(path, "/\\");
        if (size == 2 && memcmp(path, "..", 2) == 0) {
            while (length > 0 && out[--length] != '/')
                ;
        } else if (size > 0 && !(size == 1 && *path == '.')) {
            if (length > 0)
                out[length++] = '/';
            memcpy(out + length, path, size);
            length += size;
        }
        path += size + (path[size] != '\0');
    }
    out[length] = '\0';
    return out;
}

/* Folders that are on the search path of whoever runs Liquibase in a project. */
static const char *const searches[] = {"", "src/main/resources/", "target/classes/"};

static bool find_below(const char *directory, const char *path, const char **ret_search)
{
    for (size_t i = 0; i < ARRAY_LENGTH(searches); i++) {
        cleanup(free) char *place = mem_printf("%s%s", searches[i], path);
        if (place && file_exists(directory, place)) {
            *ret_search = searches[i];
            return true;
        }
    }
    return false;
}

/* changelogFile=…, changelog-file: …, with or without "liquibase.command." before it. */
static bool is_changelog_key(const char *key, size_t length)
{
    static const char *const names[] = {"changelogFile", "changelog-file"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        size_t size = strlen(names[i]);
        if (length >= size && strncasecmp(key + length - size, names[i], size) == 0 &&
            (length == size || key[length - size - 1] == '.'))
            return true;
    }
    return false;
}

static int read_properties(const char *directory, struct arena *arena, const char **ret_path, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    *ret_path = NULL;
    if (!file_exists(directory, "liquibase.properties"))
        return 0;
    if (file_read(directory, "liquibase.properties", &text, reterr) < 0)
        return -1;
    for (const char *line = strbuf_text(&text); *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *key = line + strspn(line, " \t");
        size_t length = strcspn(key, "=: \t\r\n");
        const char *value = key + length;
        value += strspn(value, "=: \t");
        if (!is_changelog_key(key, length))
            continue;
        const char *written = arena_strndup(arena, value, strcspn(value, " \t\r\n"));
        *ret_path = written ? liquibase_normalise_path(arena, written) : NULL;
        return *ret_path ? 0 : error_no_memory(reterr);
    }
    return 0;
}

static bool holds(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

static bool has_changelog_ending(const char *name)
{
    return has_suffix(name, ".xml") || has_suffix(name, ".yaml") || has_suffix(name, ".yml") ||
           has_suffix(name, ".json") || has_suffix(name, ".sql");
}

/* Whether the file is a changelog by what it says, not by its name alone. */
static int is_changelog(const char *directory, const char *path, bool *ret_is, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (file_read(directory, path, &text, reterr) < 0)
        return -1;
    *ret_is = has_suffix(path, ".sql") ? liquibase_is_formatted_sql(strbuf_text(&text), text.length)
                                       : memmem(strbuf_text(&text), text.length, "databaseChangeLog", 17) != NULL;
    return 0;
}

/* Greater for what is more likely the root: names that say so; then text that includes. */
static int weigh(const char *directory, const char *path, int *ret_weight, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (file_read(directory, path, &text, reterr) < 0)
        return -1;
    bool named = holds(path, "master") || holds(path, "root");
    bool includes = memmem(strbuf_text(&text), text.length, "include", 7) != NULL;
    *ret_weight = 2 * named + includes;
    return 0;
}

static int find_by_name(const char *directory, struct arena *arena, const char **ret_path, struct error *reterr)
{
    cleanup(file_list) struct file_list list = {0};
    const char *rival = NULL;
    int best = -1;
    if (file_list_read(&list, directory, 1, reterr) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        const char *path = list.files[i].path;
        bool is = false;
        int weight = 0;
        if (!holds(path, "changelog") || !has_changelog_ending(path))
            continue;
        if (is_changelog(directory, path, &is, reterr) < 0 || (is && weigh(directory, path, &weight, reterr) < 0))
            return -1;
        if (!is || weight < best)
            continue;
        rival = weight == best ? *ret_path : NULL;
        best = weight;
        *ret_path = arena_strdup(arena, path);
        if (!*ret_path)
            return error_no_memory(reterr);
    }
    if (rival)
        return error_set(reterr, ERROR_INVALID,
                         "%s and %s could both be the root changelog: name it in liquibase.properties", rival,
                         *ret_path);
    return 0;
}

int liquibase_find_root(const char *directory, struct arena *arena, struct liquibase_root *ret_root,
                        struct error *reterr)
{
    static const char *const usual[] = {
        "db/changelog/db.changelog-master.yaml", "db/changelog/db.changelog-master.yml",
        "db/changelog/db.changelog-master.xml",  "db/changelog/db.changelog-master.json",
        "db/changelog/db.changelog-master.sql",
    };
    *ret_root = (struct liquibase_root){.search = ""};
    if (read_properties(directory, arena, &ret_root->path, reterr) < 0)
        return -1;
    if (ret_root->path)
        return find_below(directory, ret_root->path, &ret_root->search)
                   ? 0
                   : error_set(reterr, ERROR_INVALID, "liquibase.properties: the changelog %s is not there",
                               ret_root->path);
    for (size_t i = 0; i < ARRAY_LENGTH(usual) && !ret_root->path; i++)
        if (find_below(directory, usual[i], &ret_root->search))
            ret_root->path = usual[i];
    if (!ret_root->path && find_by_name(directory, arena, &ret_root->path, reterr) < 0)
        return -1;
    return ret_root->path ? 0 : error_set(reterr, ERROR_NOT_FOUND, "%s holds no Liquibase changelog", directory);
}
