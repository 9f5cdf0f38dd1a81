/* SPDX-License-Identifier: Apache-2.0
 *
 * Enumerations with their labels as they are, and PostgreSQL's extensions in the versions that are there.
 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "check/enum_labels.h"
#include "check/suggest_parts.h"

/* What is proposed of enumerations. */
struct enum_list {
    struct check_enum *enums;
    struct suggested_name *names;
    size_t count;
    size_t left_out; /* for want of room */
};

static bool is_postgres(const struct suggest_work *work)
{
    return strcmp(schema_text(work->schema, work->schema->engine), "postgres") == 0;
}

static bool is_made_by_something(const struct schema *schema, const struct schema_object *object)
{
    return schema_has_attribute(schema, object->attributes, ATTRIBUTE_TOOL_OBJECT);
}

/* Enum types stand by schema and name. */
static bool stands_elsewhere(const struct schema *schema, const struct schema_object *type)
{
    for (size_t i = schema->object_starts[OBJECT_ENUM]; i < schema->object_starts[OBJECT_ENUM + 1]; i++) {
        if (schema->objects[i].name == type->name && &schema->objects[i] != type)
            return true;
    }
    return false;
}

/* How columns spell the type: "order_status", "shop.order_status", each quoted where it must be. */
struct spellings {
    struct strbuf plain;
    struct strbuf qualified;
};

static void spellings_done(struct spellings *spellings)
{
    strbuf_done(&spellings->plain);
    strbuf_done(&spellings->qualified);
}

DEFINE_CLEANUP_VALUE(spellings, struct spellings, spellings_done);

/* An array of the type counts as well. */
static bool is_spelled(const struct spellings *spellings, const char *type)
{
    size_t length = strlen(type);
    if (length > 2 && strcmp(type + length - 2, "[]") == 0)
        length -= 2;
    return (length == spellings->plain.length && memcmp(type, strbuf_text(&spellings->plain), length) == 0) ||
           (length == spellings->qualified.length && memcmp(type, strbuf_text(&spellings->qualified), length) == 0);
}

static size_t count_columns(const struct schema *schema, const struct spellings *spellings,
                            const struct schema_column **ret_first)
{
    size_t count = 0;
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct schema_column *column = &schema->columns[i];
        if (is_spelled(spellings, schema_text(schema, column->type)) && count++ == 0)
            *ret_first = column;
    }
    return count;
}

/* Which column is of the type, and how many besides. */
static const char *note_columns(struct suggest_work *work, const struct schema_object *type)
{
    const struct schema *schema = work->schema;
    const struct schema_column *first = NULL;
    cleanup(spellings) struct spellings spellings = {.plain = STRBUF(4096), .qualified = STRBUF(8192)};
    schema->dialect->path_part(schema_text(schema, type->name), &spellings.plain);
    schema->dialect->path_part(schema_text(schema, type->schema), &spellings.qualified);
    strbuf_printf(&spellings.qualified, ".%s", strbuf_text(&spellings.plain));
    if (!strbuf_ok(&spellings.plain) || !strbuf_ok(&spellings.qualified))
        return NULL;
    size_t count = count_columns(schema, &spellings, &first);
    if (count == 0)
        return "no column is of this type";
    const char *table = schema_text(schema, schema->relations[first->relation].name);
    const char *column = schema_text(schema, first->name);
    if (count == 1)
        return arena_printf(work->suggestions->arena, "the type of %s.%s", table, column);
    return arena_printf(work->suggestions->arena, "the type of %s.%s and %zu more", table, column, count - 1);
}

static int add_enum(struct enum_list *list, const char *name, const char *note, const char *const *labels,
                    size_t label_count, struct error *reterr)
{
    if (!name || !note)
        return error_no_memory(reterr);
    if (list->count == SUGGEST_ENUMS || label_count > SUGGEST_LABELS) {
        list->left_out++;
        return 0;
    }
    list->enums[list->count] = (struct check_enum){.type = name, .labels = labels, .label_count = label_count};
    list->names[list->count++] = (struct suggested_name){.name = name, .note = note, .proposed = true};
    return 0;
}

static int add_type(struct suggest_work *work, const struct schema_object *type, struct enum_list *list,
                    struct error *reterr)
{
    const struct schema *schema = work->schema;
    size_t count = 0;
    const struct schema_attribute *values = schema_attribute_list(schema, type->attributes, ATTRIBUTE_VALUES, &count);
    const char **labels = arena_array(work->suggestions->arena, count + 1, sizeof *labels);
    if (!labels)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++)
        labels[i] = schema_text(schema, values[i].text);
    if (count == 0)
        return 0;
    const char *name = suggest_spell(work, type->schema, type->name, stands_elsewhere(schema, type));
    return add_enum(list, name, note_columns(work, type), labels, count, reterr);
}

static int add_types(struct suggest_work *work, struct enum_list *list, struct error *reterr)
{
    const struct schema *schema = work->schema;
    for (size_t i = schema->object_starts[OBJECT_ENUM]; i < schema->object_starts[OBJECT_ENUM + 1]; i++) {
        const struct schema_object *type = &schema->objects[i];
        if (!is_made_by_something(schema, type) && add_type(work, type, list, reterr) < 0)
            return -1;
    }
    return 0;
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

/* MySQL's and MariaDB's types that list what a column may hold; with SQLite it may be a CHECK that does. */
static bool may_list(const struct schema *schema, const struct schema_column *column)
{
    const struct schema_relation *relation = &schema->relations[column->relation];
    const char *type = schema_text(schema, column->type);
    const char *source = schema_attribute_text(schema, relation->attributes, ATTRIBUTE_SOURCE);
    if (!relation_is_table(relation))
        return false;
    return begins_with(type, "enum(") || begins_with(type, "set(") || (source && strcasestr(source, "check"));
}

/* None where the column lists nothing, or what is not understood. */
static int read_labels(const struct schema *schema, const struct schema_column *column, struct label_list *list,
                       struct error *reterr)
{
    struct error error = {.code = ERROR_OK};
    const struct schema_relation *relation = &schema->relations[column->relation];
    const char *source = schema_attribute_text(schema, relation->attributes, ATTRIBUTE_SOURCE);
    int status = source ? enum_labels_of_check(source, schema_text(schema, column->name), list, &error)
                        : enum_labels_of_type(schema_text(schema, column->type), list, &error);
    if (status == 0)
        return 0;
    label_list_done(list);
    return error.code == ERROR_NO_MEMORY ? error_no_memory(reterr) : 0;
}

static int add_column(struct suggest_work *work, const struct schema_column *column, struct enum_list *list,
                      struct error *reterr)
{
    const struct schema *schema = work->schema;
    struct arena *arena = work->suggestions->arena;
    cleanup(label_list) struct label_list found = {0};
    if (read_labels(schema, column, &found, reterr) < 0)
        return -1;
    if (found.count == 0)
        return 0;
    const char **labels = arena_array(arena, found.count, sizeof *labels);
    for (size_t i = 0; labels && i < found.count; i++) {
        labels[i] = arena_strdup(arena, found.labels[i]);
        if (!labels[i])
            return error_no_memory(reterr);
    }
    const char *name = arena_printf(arena, "%s.%s", schema_text(schema, schema->relations[column->relation].name),
                                    schema_text(schema, column->name));
    return labels ? add_enum(list, name, "", labels, found.count, reterr) : error_no_memory(reterr);
}

static int add_columns(struct suggest_work *work, struct enum_list *list, struct error *reterr)
{
    const struct schema *schema = work->schema;
    for (size_t i = 0; i < schema->column_count; i++) {
        if (may_list(schema, &schema->columns[i]) && add_column(work, &schema->columns[i], list, reterr) < 0)
            return -1;
    }
    return 0;
}

int suggest_enum_values(struct suggest_work *work, struct error *reterr)
{
    struct arena *arena = work->suggestions->arena;
    struct enum_list list = {.enums = arena_array(arena, SUGGEST_ENUMS, sizeof *list.enums),
                             .names = arena_array(arena, SUGGEST_ENUMS, sizeof *list.names)};
    if (!list.enums || !list.names)
        return error_no_memory(reterr);
    if ((is_postgres(work) ? add_types(work, &list, reterr) : add_columns(work, &list, reterr)) < 0)
        return -1;
    if (list.count == 0)
        return 0;
    struct suggestion *suggestion = suggest_add(work, &check_kind_enum_values);
    suggestion->names = list.names;
    suggestion->name_count = list.count;
    suggestion->check.enums = list.enums;
    suggestion->check.enum_count = list.count;
    if (suggest_say(work, suggestion, reterr,
                    "The labels as they are today: keep those enumerations that the code spells out, with the labels "
                    "that it knows.") < 0)
        return -1;
    if (list.left_out == 0)
        return 0;
    return suggest_say(work, suggestion, reterr, "There are %zu more, which are left out: too many, or too long.",
                       list.left_out);
}

/* That one is in every database. */
static bool is_everywhere(const char *extension)
{
    return strcmp(extension, "plpgsql") == 0;
}

int suggest_extensions(struct suggest_work *work, struct error *reterr)
{
    const struct schema *schema = work->schema;
    struct arena *arena = work->suggestions->arena;
    size_t first = schema->object_starts[OBJECT_EXTENSION];
    size_t most = schema->object_starts[OBJECT_EXTENSION + 1] - first;
    struct check_extension *extensions = arena_array(arena, most + 1, sizeof *extensions);
    size_t count = 0;
    if (!extensions)
        return error_no_memory(reterr);
    for (size_t i = first; i < first + most; i++) {
        const struct schema_object *object = &schema->objects[i];
        const char *name = schema_text(schema, object->name);
        const char *version = schema_attribute_text(schema, object->attributes, ATTRIBUTE_VERSION);
        if (is_everywhere(name))
            continue;
        const char *wanted = version && *version ? arena_printf(arena, ">=%s", version) : "*";
        if (!wanted)
            return error_no_memory(reterr);
        extensions[count++] = (struct check_extension){.name = name, .wanted = wanted};
    }
    if (count == 0)
        return 0;
    struct suggestion *suggestion = suggest_add(work, &check_kind_extensions);
    suggestion->check.extensions = extensions;
    suggestion->check.extension_count = count;
    return suggest_say(work, suggestion, reterr, "Extensions that are installed, in their version of today or later.");
}
