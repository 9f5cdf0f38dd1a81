/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/catalog_reader.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

void catalog_reader_done(struct catalog_reader *reader)
{
    struct number_map *const maps[] = {&reader->namespaces, &reader->scoped,   &reader->members,    &reader->methods,
                                       &reader->classes,    &reader->defaults, &reader->collations, &reader->relations,
                                       &reader->columns,    &reader->types,    &reader->backing,    &reader->generated};
    struct catalog_array *const arrays[] = {&reader->operator_classes, &reader->collation_names, &reader->relation_list,
                                            &reader->column_list,      &reader->type_list,       &reader->labels};
    for (size_t i = 0; i < ARRAY_LENGTH(maps); i++)
        number_map_done(maps[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(arrays); i++)
        mem_free(arrays[i]->items);
    arena_free(reader->arena);
}

void *catalog_array_add(struct catalog_array *array, size_t size)
{
    if (!mem_grow(&array->items, &array->capacity, array->count, size, LIMIT_COLUMNS))
        return NULL;
    void *item = (char *)array->items + size * array->count++;
    memset(item, 0, size);
    return item;
}

const char *catalog_keep(struct catalog_reader *reader, const struct copy_row *row, size_t field)
{
    return arena_strndup(reader->arena, row->fields[field] ? row->fields[field] : "", row->lengths[field]);
}

uint32_t catalog_text(struct catalog_reader *reader, const struct copy_row *row, size_t field)
{
    return schema_builder_text_n(reader->builder, row->fields[field], row->lengths[field]);
}

int catalog_changed(struct catalog_reader *reader, struct error *reterr)
{
    return error_set(reterr, ERROR_CHANGED, "%s: the schema changed while it was read", reader->session->where);
}

const struct catalog_relation *catalog_find_relation(const struct catalog_reader *reader, uint32_t oid)
{
    uint32_t index = 0;
    if (!number_map_get(&reader->relations, oid, &index))
        return NULL;
    return (const struct catalog_relation *)reader->relation_list.items + index;
}

const struct catalog_relation *catalog_find_modelled(const struct catalog_reader *reader, uint32_t oid)
{
    const struct catalog_relation *relation = catalog_find_relation(reader, oid);
    return relation && relation->handle != CATALOG_NONE ? relation : NULL;
}

const struct catalog_column *catalog_find_column(const struct catalog_reader *reader, uint32_t relation_oid,
                                                 int64_t number)
{
    uint32_t relation = 0;
    uint32_t index = 0;
    if (number <= 0 || number > UINT16_MAX || !number_map_get(&reader->relations, relation_oid, &relation) ||
        !number_map_get(&reader->columns, (uint64_t)relation << 16 | (uint64_t)number, &index))
        return NULL;
    return (const struct catalog_column *)reader->column_list.items + index;
}
