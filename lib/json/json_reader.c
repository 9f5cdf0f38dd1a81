/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_reader.h"

#include <jansson.h>

#include "base/alloc.h"
#include "base/limits.h"

/* Macros of jansson with the names of our functions. */
#undef json_is_object
#undef json_is_array
#undef json_is_null

struct json_document {
    json_t *root;
};

/* jansson's getters want its own type, some of them a mutable one although they only read. */
static json_t *node(const struct json_value *value)
{
    return (json_t *)(uintptr_t)value;
}

static const struct json_value *value_of(const json_t *tree)
{
    return (const struct json_value *)tree;
}

/* Counts brackets outside strings before jansson, which recurses, sees the text. What is no JSON at all is jansson's to
 * say. */
static int check_depth(const char *text, size_t length, const char *name, struct error *reterr)
{
    unsigned depth = 0;
    bool in_string = false;
    size_t line = 1;
    size_t line_begin = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '\n') {
            line++;
            line_begin = i + 1;
        } else if (in_string) {
            if (byte == '\\' && i + 1 < length && text[i + 1] != '\n')
                i++;
            else if (byte == '"')
                in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '{' || byte == '[') {
            if (++depth > LIMIT_JSON_DEPTH)
                return error_set(reterr, ERROR_INVALID, "%s:%zu:%zu: nested more than %u deep", name, line,
                                 i - line_begin + 1, LIMIT_JSON_DEPTH);
        } else if ((byte == '}' || byte == ']') && depth > 0) {
            depth--;
        }
    }
    return 0;
}

static int refuse(const json_error_t *problem, const char *name, struct error *reterr)
{
    enum json_error_code code = json_error_code(problem);
    /* jansson tells some of its failed allocations by no text at all. */
    if (code == json_error_out_of_memory || problem->text[0] == '\0')
        return error_no_memory(reterr);
    const char *text = code == json_error_invalid_utf8 ? "not valid UTF-8" : problem->text;
    return error_set(reterr, ERROR_INVALID, "%s:%d:%d: %s", name, problem->line, problem->column, text);
}

int json_parse(const char *text, size_t length, size_t limit, const char *name, struct json_document **ret_document,
               struct error *reterr)
{
    *ret_document = NULL;
    if (length > limit)
        return error_set(reterr, ERROR_TRUNCATED, "%s: %zu bytes, more than the limit of %zu", name, length, limit);
    if (check_depth(text, length, name, reterr))
        return -1;
    cleanup(json_document) struct json_document *document = mem_calloc(1, sizeof *document);
    if (!document)
        return error_no_memory(reterr);
    json_error_t problem = {0};
    document->root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!document->root)
        return refuse(&problem, name, reterr);
    *ret_document = take(document);
    return 0;
}

void json_document_free(struct json_document *document)
{
    if (!document)
        return;
    json_decref(document->root);
    mem_free(document);
}

const struct json_value *json_root(const struct json_document *document)
{
    return value_of(document->root);
}

bool json_is_object(const struct json_value *value)
{
    return value && json_typeof(node(value)) == JSON_OBJECT;
}

bool json_is_array(const struct json_value *value)
{
    return value && json_typeof(node(value)) == JSON_ARRAY;
}

bool json_is_null(const struct json_value *value)
{
    return value && json_typeof(node(value)) == JSON_NULL;
}

const struct json_value *json_member(const struct json_value *value, const char *key)
{
    return value_of(json_object_get(node(value), key));
}

const struct json_value *json_element(const struct json_value *value, size_t index)
{
    return value_of(json_array_get(node(value), index));
}

size_t json_length(const struct json_value *value)
{
    return json_is_array(value) ? json_array_size(node(value)) : json_object_size(node(value));
}

const char *json_text(const struct json_value *value)
{
    return json_string_value(node(value));
}

bool json_get_integer(const struct json_value *value, int64_t *ret_integer)
{
    const double beyond = 9223372036854775808.0; /* 2^63 */
    if (json_is_integer(node(value))) {
        *ret_integer = json_integer_value(node(value));
        return true;
    }
    double real = json_real_value(node(value));
    if (!json_is_real(node(value)) || real < -beyond || real >= beyond || (double)(int64_t)real != real)
        return false;
    *ret_integer = (int64_t)real;
    return true;
}

bool json_get_number(const struct json_value *value, double *ret_number)
{
    if (!json_is_number(node(value)))
        return false;
    *ret_number = json_number_value(node(value));
    return true;
}

bool json_get_boolean(const struct json_value *value, bool *ret_boolean)
{
    if (!json_is_boolean(node(value)))
        return false;
    *ret_boolean = json_is_true(node(value));
    return true;
}

void json_each_member(const struct json_value *value,
                      bool (*member)(void *payload, const char *key, const struct json_value *value), void *payload)
{
    json_t *object = node(value);
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        if (!member(payload, json_object_iter_key(at), value_of(json_object_iter_value(at))))
            return;
}
