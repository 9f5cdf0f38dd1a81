/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/ef_core_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"

#define DESIGNER ".Designer.cs"

enum { STAMP_DIGITS = 14 };

const char *ef_core_key(const char *id, struct arena *arena)
{
    char *key = arena_strdup(arena, id);
    for (char *byte = key; byte && *byte; byte++)
        if (*byte >= 'A' && *byte <= 'Z')
            *byte = (char)(*byte - 'A' + 'a');
    return key;
}

/* A C# source that is read from left to right. */
struct source {
    const char *at;
    const char *end;
};

static bool looking_at(const struct source *source, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(source->end - source->at) >= length && memcmp(source->at, text, length) == 0;
}

static void skip_past(struct source *source, const char *text)
{
    const char *found = memmem(source->at, (size_t)(source->end - source->at), text, strlen(text));
    source->at = found ? found + strlen(text) : source->end;
}

/* From the opening quote to behind the closing one; `verbatim`: @"…", where backslashes are themselves. */
static void skip_string(struct source *source, bool verbatim)
{
    char quote = *source->at++;
    while (source->at < source->end && *source->at != quote) {
        if (*source->at == '\\' && !verbatim && source->at + 1 < source->end)
            source->at++;
        source->at++;
    }
    if (source->at < source->end)
        source->at++;
}

/* Comments and strings; false: what is here is neither. */
static bool skip_aside(struct source *source)
{
    if (looking_at(source, "//"))
        skip_past(source, "\n");
    else if (looking_at(source, "/*"))
        skip_past(source, "*/");
    else if (looking_at(source, "\"\"\"")) {
        source->at += 3;
        skip_past(source, "\"\"\"");
    } else if (looking_at(source, "@\"")) {
        source->at++;
        skip_string(source, true);
    } else if (*source->at == '"' || *source->at == '\'')
        skip_string(source, false);
    else
        return false;
    return true;
}

static bool is_name(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || (unsigned char)byte >= 0x80;
}

static void skip_blanks(struct source *source)
{
    while (source->at < source->end &&
           (strchr(" \t\r\n", *source->at) || looking_at(source, "//") || looking_at(source, "/*")))
        if (!skip_aside(source))
            source->at++;
}

/* What stands before `close`, if there is any and `open` is here: its argument. */
static bool take_argument(struct source *source, const char *open, char close, const char **ret_text,
                          size_t *ret_length)
{
    if (!looking_at(source, open))
        return false;
    const char *start = source->at + strlen(open);
    const char *stop = memchr(start, close, (size_t)(source->end - start));
    if (!stop)
        return false;
    *ret_text = start;
    *ret_length = (size_t)(stop - start);
    source->at = stop + 1;
    return true;
}

/* A name within an attribute's brackets, at whose end the source stands. */
static void read_attribute(struct source *source, const char *name, size_t length,
                           struct ef_core_attributes *attributes)
{
    static const char suffix[] = "Attribute";
    const size_t tail = sizeof suffix - 1;
    if (length > tail && memcmp(name + length - tail, suffix, tail) == 0)
        length -= tail;
    bool migration = length == strlen("Migration") && memcmp(name, "Migration", length) == 0;
    bool context = length == strlen("DbContext") && memcmp(name, "DbContext", length) == 0;
    skip_blanks(source);
    if ((!migration && !context) || !looking_at(source, "("))
        return;
    source->at++;
    skip_blanks(source);
    if (migration && (take_argument(source, "@\"", '"', &attributes->id, &attributes->id_length) ||
                      take_argument(source, "\"", '"', &attributes->id, &attributes->id_length)))
        return;
    if (context)
        take_argument(source, "typeof(", ')', &attributes->context, &attributes->context_length);
}

void ef_core_read_attributes(const char *text, size_t length, struct ef_core_attributes *ret_attributes)
{
    struct source source = {.at = text, .end = text + length};
    unsigned depth = 0; /* of square brackets: attributes stand in them */
    *ret_attributes = (struct ef_core_attributes){0};
    while (source.at < source.end) {
        if (skip_aside(&source))
            continue;
        if (is_name(*source.at)) {
            const char *name = source.at;
            while (source.at < source.end && is_name(*source.at))
                source.at++;
            if (depth == 1)
                read_attribute(&source, name, (size_t)(source.at - name), ret_attributes);
            continue;
        }
        depth += *source.at == '[';
        depth -= *source.at == ']' && depth > 0;
        source.at++;
    }
}

static bool is_candidate(const char *name)
{
    return strspn(name, "0123456789") == STAMP_DIGITS && name[STAMP_DIGITS] == '_' && has_suffix(name, ".cs");
}

/* Whether `file` is the code of the migration whose designer file is `designer`. */
static bool belongs_to(const char *file, const char *designer)
{
    size_t length = strlen(file) - strlen(".cs");
    return strncmp(file, designer, length) == 0 && strcmp(designer + length, DESIGNER) == 0;
}

/* What is found out about the folder while its files are read. */
struct reading {
    const char *context; /* the first one's */
    const char *context_file;
    bool several; /* it was said that there are others */
};

static bool note_context(struct reading *reading, const struct ef_core_attributes *found, const char *file,
                         struct migration_set *set)
{
    if (found->context_length == 0 || reading->several)
        return true;
    const char *context = arena_strndup(set->arena, found->context, found->context_length);
    if (!context)
        return false;
    if (!reading->context) {
        reading->context = context;
        reading->context_file = file;
        return true;
    }
    if (strcmp(context, reading->context) == 0)
        return true;
    reading->several = true;
    return migration_set_remark(set, REMARK_ELSEWHERE, "%s belongs to %s, %s to %s: the DbContexts are taken as one",
                                reading->context_file, reading->context, file, context);
}

/* Reads the attributes of one file; a migration without any is none of EF Core's. */
static int read_migration(struct migration *migration, const char *directory, struct migration_set *set,
                          struct strbuf *text, struct reading *reading, struct error *reterr)
{
    struct ef_core_attributes found = {0};
    strbuf_clear(text);
    if (file_read(directory, migration->file, text, reterr) < 0)
        return -1;
    ef_core_read_attributes(strbuf_text(text), text->length, &found);
    migration->revision = NULL;
    if (found.id_length == 0)
        return 0;
    migration->revision = arena_strndup(set->arena, found.id, found.id_length);
    migration->key = migration->revision ? ef_core_key(migration->revision, set->arena) : NULL;
    return migration->key && note_context(reading, &found, migration->file, set) ? 0 : error_no_memory(reterr);
}

static int read_all(struct migration_list *list, const char *directory, struct migration_set *set, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    struct reading reading = {0};
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct migration migration = list->items[i];
        if (read_migration(&migration, directory, set, &text, &reading, reterr) < 0)
            return -1;
        if (migration.revision) {
            list->items[kept++] = migration;
            continue;
        }
        /* X.Designer.cs sorts before X.cs. */
        bool described = kept > 0 && belongs_to(migration.file, list->items[kept - 1].file);
        if (described)
            list->items[kept - 1].file = migration.file;
        else if (!migration_set_remark(set, REMARK_IGNORED, "%s has no [Migration] attribute: EF Core does not see it",
                                       migration.file))
            return error_no_memory(reterr);
    }
    list->count = kept;
    return 0;
}

static int in_order(const void *pa, const void *pb)
{
    const struct migration *a = pa;
    const struct migration *b = pb;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : strcmp(a->file, b->file);
}

static int check(const struct migration_list *list, struct error *reterr)
{
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(list->items[i - 1].key, list->items[i].key) == 0)
            return error_set(reterr, ERROR_INVALID, "%s: has the same id as %s", list->items[i].file,
                             list->items[i - 1].file);
    return 0;
}

int ef_core_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"Migrations", NULL};
    static const struct folder_rule rule = {
        .folders = folders, .depth = LIMIT_DIRECTORY_DEPTH, .accepts = is_candidate};
    cleanup(migration_list) struct migration_list list = {0};
    if (flat_folder_read(directory, &rule, set, &list, reterr) < 0 || read_all(&list, directory, set, reterr) < 0)
        return -1;
    if (list.count == 0)
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no class with a [Migration] attribute", directory);
    set->certain = true;
    qsort(list.items, list.count, sizeof *list.items, in_order);
    return check(&list, reterr) < 0 ? -1 : migration_list_finish(&list, set, reterr);
}
