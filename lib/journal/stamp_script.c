/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills a form in.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "journal/stamp.h"
#include "model/text_index.h"

/* Flyway's, in UTF-16 units as Java counts. */
enum { DESCRIPTION_UNITS = 200, DESCRIPTION_KEPT = 197 };

struct row {
    const struct migration *migration;
    size_t index; /* from 1 on */
    struct arena *arena;
};

static const char *base_name(const struct migration *migration)
{
    const char *file = migration->file ? migration->file : "";
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

/* What stands behind the first `separator` of the file's name, up to the first of the endings that it has. */
static char *described(const struct row *row, const char *separator, const char *const *endings)
{
    const char *name = base_name(row->migration);
    const char *begin = strstr(name, separator);
    begin = begin ? begin + strlen(separator) : name + strlen(name);
    size_t length = strlen(begin);
    for (; *endings; endings++) {
        size_t tail = strlen(*endings);
        if (length >= tail && strcasecmp(begin + length - tail, *endings) == 0) {
            length -= tail;
            break;
        }
    }
    return arena_strndup(row->arena, begin, length);
}

static void blanks_for_underscores(char *text)
{
    for (; text && *text; text++)
        if (*text == '_')
            *text = ' ';
}

static const char *const sql_endings[] = {".up.sql", ".sql", ".rs", NULL};

static bool get_description(const struct row *row, const char **ret_text)
{
    char *text = described(row, "_", sql_endings);
    blanks_for_underscores(text);
    *ret_text = text;
    return text != NULL;
}

static bool get_name(const struct row *row, const char **ret_text)
{
    *ret_text = described(row, "__", sql_endings);
    return *ret_text != NULL;
}

static bool get_flyway_description(const struct row *row, const char **ret_text)
{
    char *text = described(row, "__", sql_endings);
    blanks_for_underscores(text);
    *ret_text = text;
    size_t units = 0;
    size_t kept = 0;
    for (size_t i = 0, length = text ? strlen(text) : 0; i < length;) {
        uint32_t point = 0;
        size_t size = utf8_decode(text + i, length - i, &point);
        if (units <= DESCRIPTION_KEPT)
            kept = i;
        units += point >= 0x10000 ? 2 : 1;
        i += size ? size : 1;
    }
    if (text && units > DESCRIPTION_UNITS)
        *ret_text = arena_printf(row->arena, "%.*s...", (int)kept, text);
    return *ret_text != NULL;
}

static bool get_flyway_version(const struct row *row, const char **ret_text)
{
    *ret_text = row->migration->repeatable ? NULL : row->migration->revision;
    return true;
}

static bool get_flyway_type(const struct row *row, const char **ret_text)
{
    *ret_text = row->migration->baseline ? "SQL_BASELINE" : "SQL";
    return true;
}

static bool get_revision(const struct row *row, const char **ret_text)
{
    *ret_text = row->migration->revision;
    return true;
}

static bool get_key(const struct row *row, const char **ret_text)
{
    *ret_text = row->migration->key;
    return true;
}

static bool get_checksum(const struct row *row, const char **ret_text)
{
    /* Of several that the tool takes for the file's, the first is the one that it writes. */
    const char *checksum = row->migration->checksum;
    *ret_text = checksum ? arena_strndup(row->arena, checksum, strcspn(checksum, " ")) : NULL;
    return *ret_text || !checksum;
}

static bool get_file(const struct row *row, const char **ret_text)
{
    *ret_text = row->migration->file;
    return true;
}

static bool get_part(const struct row *row, const char **ret_text)
{
    *ret_text = row->migration->part;
    return true;
}

/* A revision without the part that it begins with. */
static bool get_short(const struct row *row, const char **ret_text)
{
    const char *part = row->migration->part ? row->migration->part : "";
    const char *revision = row->migration->revision;
    size_t length = strlen(part);
    *ret_text = strncmp(revision, part, length) == 0 && revision[length] == '.' ? revision + length + 1 : revision;
    return true;
}

static bool get_index(const struct row *row, const char **ret_text)
{
    *ret_text = arena_printf(row->arena, "%zu", row->index);
    return *ret_text != NULL;
}

/* False: memory is out. */
static const struct {
    const char *name;
    bool (*get)(const struct row *row, const char **ret_text);
} fields[] = {
    {"revision", get_revision},
    {"key", get_key},
    {"checksum", get_checksum},
    {"file", get_file},
    {"part", get_part},
    {"short", get_short},
    {"index", get_index},
    {"description", get_description},
    {"name", get_name},
    {"flyway_description", get_flyway_description},
    {"flyway_version", get_flyway_version},
    {"flyway_type", get_flyway_type},
};

static bool is_number(const char *text)
{
    text += *text == '-';
    return *text && strspn(text, "0123456789") == strlen(text);
}

static bool is_hex(const char *text)
{
    return *text && strspn(text, "0123456789abcdefABCDEF") == strlen(text) && strlen(text) % 2 == 0;
}

/* Appends one field's value; `kind` is '#', '%' or 0. */
static int add_value(const struct row *row, char kind, const char *text, const struct dialect *dialect,
                     struct strbuf *out, struct error *reterr)
{
    bool good = !text || (kind == '#' ? is_number(text) : kind == '%' ? is_hex(text) : true);
    if (!good || (!text && kind == '%'))
        return error_set(reterr, ERROR_INVALID, "%s: cannot be written as a row: '%s' is no %s",
                         row->migration->file ? row->migration->file : row->migration->revision, text ? text : "",
                         kind == '#' ? "number" : "checksum");
    if (!text)
        strbuf_add_string(out, "NULL");
    else if (kind)
        strbuf_add_string(out, text);
    else
        dialect->quote_text(text, out);
    return 0;
}

static int add_field(const struct row *row, const char *name, size_t length, const struct dialect *dialect,
                     struct strbuf *out, struct error *reterr)
{
    char kind = *name == '#' || *name == '%' ? *name : '\0';
    const char *text = NULL;
    name += kind != '\0';
    length -= kind != '\0';
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (strlen(fields[i].name) != length || strncmp(fields[i].name, name, length) != 0)
            continue;
        if (!fields[i].get(row, &text))
            return error_no_memory(reterr);
        return add_value(row, kind, text, dialect, out, reterr);
    }
    return error_set(reterr, ERROR_INTERNAL, "a form names a field '%.*s'", (int)length, name);
}

static int fill(const struct row *row, const char *form, const struct dialect *dialect, const char **ret_sql,
                struct error *reterr)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    for (const char *at = form; *at;) {
        const char *close = *at == '{' ? strchr(at, '}') : NULL;
        if (!close) {
            strbuf_add_char(&out, *at++);
            continue;
        }
        if (add_field(row, at + 1, (size_t)(close - at) - 1, dialect, &out, reterr) < 0)
            return -1;
        at = close + 1;
    }
    *ret_sql = strbuf_ok(&out) ? arena_strdup(row->arena, strbuf_text(&out)) : NULL;
    return *ret_sql ? 0 : error_no_memory(reterr);
}

/* What another selected one follows is no head. */
static bool drop_followed(const struct migration_set *set, struct arena *arena, const bool *selected, bool *chosen)
{
    struct text_index index = {0};
    if (!stamp_index(set, arena, &index))
        return false;
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        for (size_t k = 0; selected[i] && k < migration->parent_count; k++) {
            size_t parent = text_index_find(&index, migration->parents[k]);
            if (parent != TEXT_INDEX_NONE)
                chosen[parent] = false;
        }
    }
    return true;
}

/* Marks which of the selected migrations have a row. */
static int choose_rows(enum stamp_rows rows, const struct migration_set *set, struct arena *arena, const bool *selected,
                       bool *chosen, struct error *reterr)
{
    size_t last = set->count;
    for (size_t i = 0; i < set->count; i++) {
        chosen[i] = selected[i];
        if (rows == STAMP_LAST && selected[i] && last < set->count)
            chosen[last] = false;
        if (selected[i])
            last = i;
    }
    if (last == set->count)
        return error_set(reterr, ERROR_INVALID, "there is no migration to record");
    if (rows == STAMP_HEADS && !drop_followed(set, arena, selected, chosen))
        return error_no_memory(reterr);
    return 0;
}

struct script_list {
    struct stamp_statement *items;
    size_t count;
};

static void add_tables(const struct stamp_form *form, struct script_list *list)
{
    for (size_t i = 0; i < ARRAY_LENGTH(form->tables) && form->tables[i].sql; i++)
        list->items[list->count++] =
            (struct stamp_statement){.sql = form->tables[i].sql, .table = form->tables[i].name, .ddl = true};
    for (size_t i = 0; i < ARRAY_LENGTH(form->before) && form->before[i]; i++)
        list->items[list->count++] = (struct stamp_statement){.sql = form->before[i]};
}

/* What goes into every row. */
struct filling {
    const struct stamp_form *form;
    const struct dialect *dialect;
    struct text_index index;
    struct script_list list;
    struct arena *arena;
    size_t rows;
};

static int add_row(struct filling *filling, const struct migration *migration, struct error *reterr)
{
    const struct row row = {.migration = migration, .index = ++filling->rows, .arena = filling->arena};
    struct stamp_statement *statement = &filling->list.items[filling->list.count++];
    return fill(&row, filling->form->row, filling->dialect, &statement->sql, reterr);
}

/* The rows of one migration: its own, and those of what it replaces and nobody has any more. */
static int add_rows(struct filling *filling, const struct migration *migration, struct error *reterr)
{
    for (size_t i = 0; i < migration->replaced_count; i++) {
        const struct migration gone = {.revision = migration->replaces[i], .part = migration->part};
        if (text_index_find(&filling->index, gone.revision) == TEXT_INDEX_NONE && add_row(filling, &gone, reterr) < 0)
            return -1;
    }
    return add_row(filling, migration, reterr);
}

static size_t room_for(const struct migration_set *set)
{
    size_t room = set->count + STAMP_TABLES + 1 + STAMP_EXTRAS;
    for (size_t i = 0; i < set->count; i++)
        room += set->migrations[i].replaced_count;
    return room;
}

int stamp_make(const struct stamp_form *form, const struct migration_set *set, const bool *selected,
               const struct dialect *dialect, struct arena *arena, struct stamp_script *ret_script,
               struct error *reterr)
{
    struct filling filling = {.form = form, .dialect = dialect, .arena = arena};
    bool *chosen = arena_array(arena, set->count + 1, sizeof *chosen);
    filling.list.items = arena_array(arena, room_for(set), sizeof *filling.list.items);
    if (!chosen || !filling.list.items || !stamp_index(set, arena, &filling.index))
        return error_no_memory(reterr);
    if (choose_rows(form->rows, set, arena, selected, chosen, reterr) < 0)
        return -1;
    add_tables(form, &filling.list);
    for (size_t i = 0; i < set->count; i++)
        if (chosen[i] && add_rows(&filling, &set->migrations[i], reterr) < 0)
            return -1;
    *ret_script = (struct stamp_script){.statements = filling.list.items, .count = filling.list.count};
    return 0;
}
