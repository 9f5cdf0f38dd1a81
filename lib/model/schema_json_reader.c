/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema_json_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

enum { MESSAGE_SIZE = 256 };

void schema_json_reader_done(struct schema_json_reader *reader)
{
    schema_builder_free(reader->builder);
    mem_free(reader->texts);
    mem_free(reader->run);
}

int read_complain(const struct schema_json_reader *reader, const char *key, const char *format, ...)
{
    char message[MESSAGE_SIZE] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct strbuf place = STRBUF(MESSAGE_SIZE);
    for (unsigned i = 0; i < reader->depth; i++)
        strbuf_printf(&place, "%s%s[%zu]", i > 0 ? "." : "", reader->path[i].key, reader->path[i].index);
    if (key)
        strbuf_printf(&place, "%s%s", reader->depth > 0 ? "." : "", key);
    error_set(reader->reterr, ERROR_INVALID, "%s: %s%s%s", reader->name, strbuf_text(&place),
              place.length > 0 ? ": " : "", message);
    strbuf_done(&place);
    return -1;
}

static bool shape_has(const struct object_shape *shape, const char *key)
{
    for (const char *const *candidate = shape->keys; *candidate; candidate++)
        if (strcmp(*candidate, key) == 0)
            return true;
    for (const struct flag_key *candidate = shape->flags; candidate && candidate->key; candidate++)
        if (strcmp(candidate->key, key) == 0)
            return true;
    return false;
}

/* ATTRIBUTE_END if there is none of that name. */
static enum attribute_key key_of(const char *name)
{
    for (int key = ATTRIBUTE_END + 1; key < ATTRIBUTE_KEYS; key++)
        if (strcmp(attribute_key_name(key), name) == 0)
            return key;
    return ATTRIBUTE_END;
}

struct member_check {
    const struct object_shape *shape;
    bool with_attributes;
    const char *unknown; /* the first one that is not known */
};

static bool check_member(void *payload, const char *key, const struct json_value *value)
{
    (void)value;
    struct member_check *check = payload;
    if (shape_has(check->shape, key) || (check->with_attributes && key_of(key) != ATTRIBUTE_END))
        return true;
    check->unknown = key;
    return false;
}

int read_shape(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
               const struct object_shape *shape)
{
    if (!json_is_object(object))
        return read_complain(reader, key, "must be an object");
    struct member_check check = {.shape = shape, .with_attributes = shape->has_attributes && reader->version > 1};
    json_each_member(object, check_member, &check);
    return check.unknown ? read_complain(reader, check.unknown, "is not a known key") : 0;
}

bool read_is_absent(const struct json_value *value)
{
    return !value || json_is_null(value);
}

int read_text(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
              uint32_t *ret_text)
{
    const struct json_value *value = json_member(object, key);
    if (read_is_absent(value))
        return 0;
    if (!json_text(value))
        return read_complain(reader, key, "must be a string");
    *ret_text = schema_builder_text(reader->builder, json_text(value));
    return 0;
}

int read_required_text(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
                       uint32_t *ret_text)
{
    return read_is_absent(json_member(object, key)) ? read_complain(reader, key, "is missing")
                                                    : read_text(reader, object, key, ret_text);
}

int read_boolean(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
                 bool *ret_value)
{
    const struct json_value *value = json_member(object, key);
    if (read_is_absent(value) || json_get_boolean(value, ret_value))
        return 0;
    return read_complain(reader, key, "must be true or false");
}

int read_integer(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
                 int64_t minimum, int64_t maximum, int64_t *ret_value)
{
    const struct json_value *value = json_member(object, key);
    if (read_is_absent(value))
        return 0;
    if (!json_get_integer(value, ret_value))
        return read_complain(reader, key, "must be an integer");
    if (*ret_value < minimum || *ret_value > maximum)
        return read_complain(reader, key, "must be from %lld to %lld", (long long)minimum, (long long)maximum);
    return 0;
}

int read_flags(const struct schema_json_reader *reader, const struct json_value *object, const struct flag_key *keys,
               unsigned *flags)
{
    for (; keys->key; keys++) {
        bool is_set = false;
        if (read_boolean(reader, object, keys->key, &is_set))
            return -1;
        if (is_set)
            *flags |= keys->flag;
    }
    return 0;
}

int read_word(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
              int (*from_name)(const char *), uint8_t *ret_number)
{
    const struct json_value *value = json_member(object, key);
    if (read_is_absent(value))
        return 0;
    const char *text = json_text(value);
    int number = text ? from_name(text) : -1;
    if (number < 0)
        return read_complain(reader, key, text ? "is no known word: %s" : "must be a string", text);
    *ret_number = (uint8_t)number;
    return 0;
}

int read_array(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
               const struct json_value **ret_array)
{
    const struct json_value *value = json_member(object, key);
    *ret_array = NULL;
    if (read_is_absent(value))
        return 0;
    if (!json_is_array(value))
        return read_complain(reader, key, "must be an array");
    *ret_array = value;
    return 0;
}

int read_texts(struct schema_json_reader *reader, const struct json_value *object, const char *key, size_t *ret_count)
{
    const struct json_value *array = NULL;
    *ret_count = 0;
    if (read_array(reader, object, key, &array))
        return -1;
    size_t count = json_length(array);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_text(json_element(array, i));
        if (!text)
            return read_complain(reader, key, "must hold strings only");
        if (!mem_grow(&reader->texts, &reader->text_capacity, i, sizeof *reader->texts, LIMIT_COLUMNS))
            return error_no_memory(reader->reterr);
        reader->texts[i] = schema_builder_text(reader->builder, text);
    }
    *ret_count = count;
    return 0;
}

int read_list(struct schema_json_reader *reader, const struct json_value *object, const char *key,
              struct text_list *ret_list)
{
    size_t count = 0;
    if (read_texts(reader, object, key, &count))
        return -1;
    *ret_list = schema_builder_list(reader->builder, reader->texts, count);
    return 0;
}

int read_add_attribute(struct schema_json_reader *reader, enum attribute_key key, uint32_t text)
{
    if (!mem_grow(&reader->run, &reader->run_capacity, reader->run_count, sizeof *reader->run, LIMIT_COLUMNS))
        return error_no_memory(reader->reterr);
    reader->run[reader->run_count++] = (struct schema_attribute){.text = text, .key = key};
    return 0;
}

static int read_attribute(struct schema_json_reader *reader, const struct json_value *object, enum attribute_key key)
{
    const char *name = attribute_key_name(key);
    uint32_t text = 0;
    if (attribute_is_list(key)) {
        size_t count = 0;
        if (read_texts(reader, object, name, &count))
            return -1;
        for (size_t i = 0; i < count; i++)
            if (read_add_attribute(reader, key, reader->texts[i]))
                return -1;
        return 0;
    }
    if (attribute_form(key) == TEXT_FLAG) {
        bool is_set = false;
        if (read_boolean(reader, object, name, &is_set))
            return -1;
        return is_set ? read_add_attribute(reader, key, 0) : 0;
    }
    return read_text(reader, object, name, &text) ? -1 : read_add_attribute(reader, key, text);
}

struct attribute_reading {
    struct schema_json_reader *reader;
    const struct json_value *object;
    const struct object_shape *shape;
    int result;
};

static bool take_member(void *payload, const char *key, const struct json_value *value)
{
    struct attribute_reading *reading = payload;
    (void)value;
    if (!shape_has(reading->shape, key))
        reading->result = read_attribute(reading->reader, reading->object, key_of(key));
    return reading->result == 0;
}

int read_attributes(struct schema_json_reader *reader, const struct json_value *object,
                    const struct object_shape *shape, uint32_t *ret_attributes)
{
    struct attribute_reading reading = {.reader = reader, .object = object, .shape = shape};
    reader->run_count = 0;
    json_each_member(object, take_member, &reading);
    *ret_attributes = schema_builder_attributes(reader->builder, reader->run, reader->run_count);
    return reading.result;
}

int read_each(struct schema_json_reader *reader, const struct json_value *object, const char *key,
              int (*read)(struct schema_json_reader *reader, const struct json_value *element, void *payload),
              void *payload)
{
    const struct json_value *array = NULL;
    if (read_array(reader, object, key, &array))
        return -1;
    unsigned level = reader->depth++;
    reader->path[level].key = key;
    size_t count = json_length(array);
    for (size_t i = 0; i < count; i++) {
        reader->path[level].index = i;
        if (read(reader, json_element(array, i), payload))
            return -1;
    }
    reader->depth = level;
    return 0;
}
