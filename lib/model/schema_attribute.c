/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/schema.h"

struct attribute_row {
    const char *key;
    const char *item;
    enum text_form form;
    bool is_list;
};

static const struct attribute_row rows[ATTRIBUTE_KEYS] = {
#define SCHEMA_ATTRIBUTE(name, key, form, item) [ATTRIBUTE_##name] = {key, item, TEXT_##form, false},
#define SCHEMA_ATTRIBUTE_LIST(name, key, form, item) [ATTRIBUTE_##name] = {key, item, TEXT_##form, true},
#include "model/schema_attributes.h"
#undef SCHEMA_ATTRIBUTE
};

const char *attribute_key_name(enum attribute_key key)
{
    return rows[key].key;
}

enum text_form attribute_form(enum attribute_key key)
{
    return rows[key].form;
}

const char *attribute_item_name(enum attribute_key key)
{
    return rows[key].item;
}

bool attribute_is_list(enum attribute_key key)
{
    return rows[key].is_list;
}

const struct schema_attribute *schema_attribute_list(const struct schema *schema, uint32_t attributes,
                                                     enum attribute_key key, size_t *ret_count)
{
    const struct schema_attribute *first = &schema->attributes[attributes];
    while (first->key != ATTRIBUTE_END && first->key < key)
        first++;
    size_t count = 0;
    while (first[count].key == key && key != ATTRIBUTE_END)
        count++;
    *ret_count = count;
    return count > 0 ? first : NULL;
}

const char *schema_attribute_text(const struct schema *schema, uint32_t attributes, enum attribute_key key)
{
    size_t count = 0;
    const struct schema_attribute *first = schema_attribute_list(schema, attributes, key, &count);
    return first ? schema_text(schema, first->text) : NULL;
}

bool schema_is_undeclared(const struct schema *schema, enum attribute_key key)
{
    return (schema->undeclared[key / 64] >> (key % 64)) & 1;
}

bool schema_has_attribute(const struct schema *schema, uint32_t attributes, enum attribute_key key)
{
    return schema_attribute_text(schema, attributes, key) != NULL;
}
