/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "model/schema_json_reader.h"

static int read_object(struct schema_json_reader *reader, const struct json_value *element, void *payload)
{
    static const char *const keys[] = {"schema", "table", "name", "arguments", NULL};
    static const struct object_shape shape = {keys, NULL, true};
    struct schema_object object = {.kind = *(const enum object_kind *)payload};
    if (read_shape(reader, element, NULL, &shape) || read_text(reader, element, "schema", &object.schema) ||
        read_text(reader, element, "table", &object.relation_name) ||
        read_required_text(reader, element, "name", &object.name) ||
        read_text(reader, element, "arguments", &object.arguments) ||
        read_attributes(reader, element, &shape, &object.attributes))
        return -1;
    schema_builder_object(reader->builder, &object);
    return 0;
}

/* Form 1. */
static int read_old_enum(struct schema_json_reader *reader, const struct json_value *element, void *payload)
{
    static const char *const keys[] = {"schema", "name", "labels", NULL};
    static const struct object_shape shape = {keys, NULL, false};
    struct schema_object object = {.kind = *(const enum object_kind *)payload};
    size_t count = 0;
    if (read_shape(reader, element, NULL, &shape) || read_text(reader, element, "schema", &object.schema) ||
        read_required_text(reader, element, "name", &object.name) || read_texts(reader, element, "labels", &count))
        return -1;
    reader->run_count = 0;
    for (size_t i = 0; i < count; i++)
        if (read_add_attribute(reader, ATTRIBUTE_VALUES, reader->texts[i]))
            return -1;
    object.attributes = schema_builder_attributes(reader->builder, reader->run, reader->run_count);
    schema_builder_object(reader->builder, &object);
    return 0;
}

static void add_part(const struct schema_json_reader *reader, struct strbuf *out, uint32_t part)
{
    const char *text = schema_builder_get_text(reader->builder, part);
    if (reader->dialect)
        reader->dialect->path_part(text, out);
    else
        strbuf_add_string(out, text);
}

/* {"table","column"} as "table.column". */
static int read_old_owner(struct schema_json_reader *reader, const struct json_value *element)
{
    static const char *const keys[] = {"table", "column", NULL};
    static const struct object_shape shape = {keys, NULL, false};
    const struct json_value *owner = json_member(element, "owner");
    uint32_t table = 0;
    uint32_t column = 0;
    if (read_is_absent(owner))
        return 0;
    if (read_shape(reader, owner, "owner", &shape) || read_required_text(reader, owner, "table", &table) ||
        read_required_text(reader, owner, "column", &column))
        return -1;
    cleanup(strbuf) struct strbuf path = STRBUF(4 * (size_t)LIMIT_DEFINITION_BYTES);
    add_part(reader, &path, table);
    strbuf_add_char(&path, '.');
    add_part(reader, &path, column);
    if (!strbuf_ok(&path))
        return error_no_memory(reader->reterr);
    return read_add_attribute(reader, ATTRIBUTE_OWNER,
                              schema_builder_text_n(reader->builder, strbuf_text(&path), path.length));
}

static int read_old_number(struct schema_json_reader *reader, const struct json_value *element, const char *name,
                           enum attribute_key key)
{
    int64_t number = 0;
    char digits[24] = "";
    if (read_integer(reader, element, name, INT64_MIN, INT64_MAX, &number))
        return -1;
    snprintf(digits, sizeof digits, "%" PRId64, number);
    return read_add_attribute(reader, key, schema_builder_text(reader->builder, digits));
}

/* Form 1. */
static int read_old_sequence(struct schema_json_reader *reader, const struct json_value *element, void *payload)
{
    static const char *const keys[] = {"schema",  "name",  "type",   "start", "increment", "minimum",
                                       "maximum", "cache", "cycles", "owner", NULL};
    static const struct object_shape shape = {keys, NULL, false};
    struct schema_object object = {.kind = *(const enum object_kind *)payload};
    uint32_t type = 0;
    bool cycles = false;
    reader->run_count = 0;
    if (read_shape(reader, element, NULL, &shape) || read_text(reader, element, "schema", &object.schema) ||
        read_required_text(reader, element, "name", &object.name) || read_text(reader, element, "type", &type) ||
        read_add_attribute(reader, ATTRIBUTE_TYPE, type) ||
        read_old_number(reader, element, "start", ATTRIBUTE_START) ||
        read_old_number(reader, element, "increment", ATTRIBUTE_INCREMENT) ||
        read_old_number(reader, element, "minimum", ATTRIBUTE_MIN) ||
        read_old_number(reader, element, "maximum", ATTRIBUTE_MAX) ||
        read_old_number(reader, element, "cache", ATTRIBUTE_CACHE) ||
        read_boolean(reader, element, "cycles", &cycles) ||
        (cycles && read_add_attribute(reader, ATTRIBUTE_CYCLE, 0)) || read_old_owner(reader, element))
        return -1;
    object.attributes = schema_builder_attributes(reader->builder, reader->run, reader->run_count);
    schema_builder_object(reader->builder, &object);
    return 0;
}

int read_objects(struct schema_json_reader *reader, const struct json_value *root)
{
    for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++) {
        const char *key = schema_kind_name(object_schema_kind(kind));
        bool old = reader->version == 1;
        if (read_each(reader, root, key,
                      old && kind == OBJECT_ENUM       ? read_old_enum
                      : old && kind == OBJECT_SEQUENCE ? read_old_sequence
                                                       : read_object,
                      &kind))
            return -1;
    }
    return 0;
}
