/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parsers of the JSON form share: members of an object as texts, words, flags, lists and attributes, and
 * messages that name the place. Only they use it. One parsing, one thread; a function that returns -1 has filled the
 * parser's error.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_JSON_READER_H
#define MIGRATIOND_MODEL_SCHEMA_JSON_READER_H

#include "model/schema_builder.h"
#include "model/schema_json.h"
#include "model/schema_json_flags.h"
#include "json/json_reader.h"

enum { SCHEMA_JSON_DEPTH = 4 };

struct schema_json_reader {
    struct schema_builder *builder;
    const struct dialect *dialect;
    const char *name;
    struct error *reterr;
    struct {
        const char *key;
        size_t index;
    } path[SCHEMA_JSON_DEPTH]; /* arrays around the object at hand */
    unsigned depth;
    int64_t version;
    bool truncated;
    uint32_t *texts; /* the list at hand */
    size_t text_capacity;
    struct schema_attribute *run; /* the attributes at hand */
    size_t run_count;
    size_t run_capacity;
};

/* Which members an object may have. */
struct object_shape {
    const char *const *keys;      /* NULL-terminated */
    const struct flag_key *flags; /* or NULL */
    bool has_attributes;          /* of model/schema_attributes.h, beside those; not in form 1 */
};

void schema_json_reader_done(struct schema_json_reader *reader);

/* "baseline.json: tables[3].columns[2].type: message", as ERROR_INVALID. `key` NULL stands for the object itself. */
__attribute__((format(printf, 3, 4))) int read_complain(const struct schema_json_reader *reader, const char *key,
                                                        const char *format, ...);

/* Whether `object`, the value of `key` (NULL: the element at hand), is an object with known members only. */
int read_shape(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
               const struct object_shape *shape);

/* NULL or null. */
bool read_is_absent(const struct json_value *value);

/* Each leaves its result as it was when the member is absent. */
int read_text(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
              uint32_t *ret_text);
int read_boolean(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
                 bool *ret_value);
int read_integer(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
                 int64_t minimum, int64_t maximum, int64_t *ret_value);
int read_flags(const struct schema_json_reader *reader, const struct json_value *object, const struct flag_key *keys,
               unsigned *flags);
int read_word(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
              int (*from_name)(const char *), uint8_t *ret_number);
int read_required_text(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
                       uint32_t *ret_text);

/* The array under `key`; NULL, which has no elements, when absent. */
int read_array(const struct schema_json_reader *reader, const struct json_value *object, const char *key,
               const struct json_value **ret_array);

/* The texts of the array under `key`, into reader->texts. */
int read_texts(struct schema_json_reader *reader, const struct json_value *object, const char *key, size_t *ret_count);

/* The same, as a list of the builder. */
int read_list(struct schema_json_reader *reader, const struct json_value *object, const char *key,
              struct text_list *ret_list);

/* Appends to the run at hand, which read_attributes begins and schema_builder_attributes interns. */
int read_add_attribute(struct schema_json_reader *reader, enum attribute_key key, uint32_t text);

/* All members that `shape` takes for attributes, interned. */
int read_attributes(struct schema_json_reader *reader, const struct json_value *object,
                    const struct object_shape *shape, uint32_t *ret_attributes);

/* Calls `read` for each element of the array under `key`, with the path of the element in place for messages. */
int read_each(struct schema_json_reader *reader, const struct json_value *object, const char *key,
              int (*read)(struct schema_json_reader *reader, const struct json_value *element, void *payload),
              void *payload);

/* Everything under the keys of the kinds of objects. */
int read_objects(struct schema_json_reader *reader, const struct json_value *root);

/* What stands under "journals". */
int read_journals(struct schema_json_reader *reader, const struct json_value *root, struct schema_journals *journals);

DEFINE_CLEANUP_VALUE(schema_json_reader, struct schema_json_reader, schema_json_reader_done);

#endif
