/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "journal/alembic_files.h"
#include "journal/file_list.h"

/* What alembic.ini says in its section [alembic]. */
struct ini {
    char *script_location;
    char *version_locations;
    char *separator;
    char *recursive;
    size_t script_line;
    size_t versions_line;
};

static void ini_done(struct ini *ini)
{
    mem_free(ini->script_location);
    mem_free(ini->version_locations);
    mem_free(ini->separator);
    mem_free(ini->recursive);
}

DEFINE_CLEANUP_VALUE(ini, struct ini, ini_done);

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* Where the value of `key` is kept; NULL: not one of ours. */
static char **slot_of(struct ini *ini, const char *key, size_t line)
{
    if (strcmp(key, "script_location") == 0) {
        ini->script_line = line;
        return &ini->script_location;
    }
    if (strcmp(key, "version_locations") == 0) {
        ini->versions_line = line;
        return &ini->version_locations;
    }
    if (strcmp(key, "path_separator") == 0 || strcmp(key, "version_path_separator") == 0)
        return &ini->separator;
    return strcmp(key, "recursive_version_locations") == 0 ? &ini->recursive : NULL;
}

/* "key = value"; an indented line continues the value before it. */
static bool read_line(struct ini *ini, char *line, size_t number, char ***value)
{
    bool indented = *line == ' ' || *line == '\t';
    char *text = trim(line);
    if (*text == '\0' || *text == '#' || *text == ';')
        return true;
    if (indented && *value) {
        char *joined = mem_printf("%s\n%s", **value, text);
        if (joined) {
            mem_free(**value);
            **value = joined;
        }
        return joined != NULL;
    }
    char *equals = strpbrk(text, "=:");
    *value = NULL;
    if (!equals)
        return true;
    *equals = '\0';
    char **slot = slot_of(ini, trim(text), number);
    if (!slot)
        return true;
    mem_free(*slot);
    *slot = mem_strdup(trim(equals + 1));
    *value = slot;
    return *slot != NULL;
}

static int read_ini(const char *directory, struct ini *ini, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (file_read(directory, "alembic.ini", &text, reterr) < 0)
        return -1;
    cleanup(free) char *bytes = strbuf_steal(&text);
    if (!bytes)
        return error_no_memory(reterr);
    bool ours = false;
    char **value = NULL;
    char *rest = bytes;
    for (size_t number = 1; rest; number++) {
        char *line = strsep(&rest, "\n");
        if (*line == '[') {
            ours = strncmp(line, "[alembic]", 9) == 0;
            value = NULL;
        } else if (ours && !read_line(ini, line, number, &value)) {
            return error_no_memory(reterr);
        }
    }
    return 0;
}

/* What separates version_locations; without the key, Alembic splits at blanks and commas. */
static const char *separators(const struct ini *ini)
{
    static const struct {
        const char *name;
        const char *characters;
    } table[] = {{"os", ":\n"}, {":", ":\n"}, {";", ";\n"}, {"space", " \n"}, {"newline", "\n"}};
    for (size_t i = 0; ini->separator && i < ARRAY_LENGTH(table); i++)
        if (strcmp(ini->separator, table[i].name) == 0)
            return table[i].characters;
    return ", \t\n";
}

/* A location relative to the directory; an error if it leads out of it, since changes there would go unnoticed. */
static int resolve(const char *location, size_t line, struct arena *arena, const char **ret_path, struct error *reterr)
{
    static const char here[] = "%(here)s";
    if (strncmp(location, here, sizeof here - 1) == 0)
        location += sizeof here - 1 + strspn(location + sizeof here - 1, "/");
    while (strncmp(location, "./", 2) == 0)
        location += 2;
    size_t length = strlen(location);
    while (length > 1 && location[length - 1] == '/')
        length--;
    const char *path = arena_strndup(arena, length ? location : ".", length ? length : 1);
    if (!path)
        return error_no_memory(reterr);
    if (*path == '/' || strstr(path, "..") || strpbrk(path, ":%"))
        return error_set(reterr, ERROR_INVALID, "alembic.ini:%zu: '%s' is not a folder below it: name versions/ itself",
                         line, path);
    *ret_path = path;
    return 0;
}

static int add_folder(struct alembic_layout *layout, const char *folder, struct error *reterr)
{
    if (layout->count >= ALEMBIC_FOLDERS_MAXIMUM)
        return error_set(reterr, ERROR_TRUNCATED, "alembic.ini: more than %d version locations",
                         ALEMBIC_FOLDERS_MAXIMUM);
    layout->folders[layout->count++] = folder;
    return 0;
}

static int add_locations(struct ini *ini, struct arena *arena, struct alembic_layout *layout, struct error *reterr)
{
    char *rest = ini->version_locations;
    while (rest) {
        char *location = trim(strsep(&rest, separators(ini)));
        const char *folder = NULL;
        if (*location == '\0')
            continue;
        if (resolve(location, ini->versions_line, arena, &folder, reterr) < 0 || add_folder(layout, folder, reterr) < 0)
            return -1;
    }
    return 0;
}

static int layout_of_ini(const char *directory, struct arena *arena, struct alembic_layout *layout,
                         struct error *reterr)
{
    cleanup(ini) struct ini ini = {0};
    if (read_ini(directory, &ini, reterr) < 0)
        return -1;
    layout->certain = true;
    layout->recursive = ini.recursive && strcasecmp(ini.recursive, "true") == 0;
    if (ini.version_locations)
        return add_locations(&ini, arena, layout, reterr);
    if (!ini.script_location)
        return error_set(reterr, ERROR_INVALID, "alembic.ini: no script_location in [alembic]");
    const char *scripts = NULL;
    if (resolve(ini.script_location, ini.script_line, arena, &scripts, reterr) < 0)
        return -1;
    const char *folder = arena_printf(arena, "%s/versions", scripts);
    return folder ? add_folder(layout, folder, reterr) : error_no_memory(reterr);
}

int alembic_find_layout(const char *directory, struct arena *arena, struct alembic_layout *ret_layout,
                        struct error *reterr)
{
    static const char *const usual[] = {"versions", "alembic/versions", "migrations/versions"};
    *ret_layout = (struct alembic_layout){0};
    if (file_exists(directory, "alembic.ini"))
        return layout_of_ini(directory, arena, ret_layout, reterr);
    for (size_t i = 0; i < ARRAY_LENGTH(usual); i++) {
        if (!directory_exists(directory, usual[i]))
            continue;
        ret_layout->certain = file_exists(directory, "env.py") || i > 0;
        return add_folder(ret_layout, usual[i], reterr);
    }
    return add_folder(ret_layout, ".", reterr);
}
