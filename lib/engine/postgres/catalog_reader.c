/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/catalog_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/postgres_expression.h"

void catalog_reader_done(struct catalog_reader *reader)
{
    struct number_map *const maps[] = {
        &reader->namespaces, &reader->scoped,     &reader->members,     &reader->methods, &reader->classes,
        &reader->defaults,   &reader->collations, &reader->relations,   &reader->domains, &reader->composites,
        &reader->generated,  &reader->types,      &reader->local_types, &reader->backing};
    struct catalog_array *const arrays[] = {&reader->operator_classes, &reader->collation_list, &reader->relation_list,
                                            &reader->column_list,      &reader->type_list,      &reader->run};
    for (size_t i = 0; i < ARRAY_LENGTH(maps); i++)
        number_map_done(maps[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(arrays); i++)
        mem_free(arrays[i]->items);
    strbuf_done(&reader->uncompared);
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

uint32_t catalog_text(struct catalog_reader *reader, const struct copy_row *row, size_t field)
{
    return schema_builder_text_n(reader->builder, row->fields[field], row->lengths[field]);
}

uint32_t catalog_expression(struct catalog_reader *reader, const struct copy_row *row, size_t field)
{
    if (!row->fields[field])
        return 0;
    struct postgres_expression bare = postgres_expression_bare(row->fields[field], row->lengths[field]);
    return schema_builder_text_n(reader->builder, bare.text, bare.length);
}

int catalog_changed(struct catalog_reader *reader, struct error *reterr)
{
    return error_set(reterr, ERROR_CHANGED, "%s: the schema changed while it was read", reader->session->where);
}

void catalog_note_text(struct catalog_reader *reader, enum attribute_key key, uint32_t text)
{
    struct schema_attribute *attribute = catalog_array_add(&reader->run, sizeof *attribute);
    if (attribute)
        *attribute = (struct schema_attribute){.key = key, .text = text};
    else
        reader->no_memory = true;
}

void catalog_note(struct catalog_reader *reader, enum attribute_key key, uint32_t text)
{
    if (text)
        catalog_note_text(reader, key, text);
}

void catalog_note_word(struct catalog_reader *reader, enum attribute_key key, const char *word)
{
    catalog_note(reader, key, schema_builder_text(reader->builder, word));
}

void catalog_note_flag(struct catalog_reader *reader, enum attribute_key key, bool is_set)
{
    if (is_set)
        catalog_note_text(reader, key, 0);
}

void catalog_note_array(struct catalog_reader *reader, enum attribute_key key, const char *array)
{
    cleanup(strbuf) struct strbuf item = STRBUF(LIMIT_DEFINITION_BYTES);
    while (postgres_array_next(&array, &item))
        catalog_note(reader, key, schema_builder_text_n(reader->builder, strbuf_text(&item), item.length));
    reader->no_memory = reader->no_memory || !strbuf_ok(&item);
}

void catalog_note_options(struct catalog_reader *reader, const char *array)
{
    cleanup(strbuf) struct strbuf option = STRBUF(LIMIT_DEFINITION_BYTES);
    cleanup(strbuf) struct strbuf all = STRBUF(LIMIT_DEFINITION_BYTES);
    while (postgres_array_next(&array, &option))
        strbuf_printf(&all, "%s%s", all.length > 0 ? ", " : "", strbuf_text(&option));
    catalog_note(reader, ATTRIBUTE_STORAGE_OPTIONS,
                 schema_builder_text_n(reader->builder, strbuf_text(&all), all.length));
    reader->no_memory = reader->no_memory || !strbuf_ok(&option) || !strbuf_ok(&all);
}

uint32_t catalog_take_run(struct catalog_reader *reader)
{
    if (reader->run.count == 0)
        return 0;
    uint32_t run = schema_builder_attributes(reader->builder, reader->run.items, reader->run.count);
    reader->run.count = 0;
    return run;
}

void catalog_add_object(struct catalog_reader *reader, const struct schema_object *object)
{
    struct schema_object added = *object;
    added.attributes = catalog_take_run(reader);
    schema_builder_object(reader->builder, &added);
}

bool catalog_begin_draft(struct catalog_reader *reader, uint32_t oid, const struct schema_object *object)
{
    if (oid == reader->draft_oid)
        return false;
    catalog_finish_draft(reader);
    reader->draft = *object;
    reader->draft_oid = oid;
    return true;
}

void catalog_finish_draft(struct catalog_reader *reader)
{
    if (reader->draft_oid)
        catalog_add_object(reader, &reader->draft);
    reader->draft_oid = 0;
}

bool catalog_in_scope(const struct catalog_reader *reader, uint32_t space, uint32_t *ret_schema)
{
    return number_map_has(&reader->scoped, space) && number_map_get(&reader->namespaces, space, ret_schema);
}

bool catalog_is_member(const struct catalog_reader *reader, uint32_t catalog, uint32_t oid)
{
    return number_map_has(&reader->members, (uint64_t)catalog << 32 | oid);
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
    const struct catalog_relation *relation = catalog_find_relation(reader, relation_oid);
    if (!relation || number <= 0)
        return NULL;
    const struct catalog_column *columns =
        (const struct catalog_column *)reader->column_list.items + relation->first_column;
    /* The n-th column has number n, or a greater one behind columns that were dropped. */
    size_t at = relation->column_count;
    if (number < (int64_t)at)
        at = (size_t)number;
    while (at > 0 && columns[at - 1].number > number)
        at--;
    return at > 0 && columns[at - 1].number == number ? &columns[at - 1] : NULL;
}

bool catalog_reads_own(const struct catalog_reader *reader)
{
    return reader->scope->own_schema || reader->scope->own_schema_count > 0;
}

const char *catalog_name_in(const struct catalog_reader *reader, const struct catalog_name *name, uint32_t space)
{
    bool is_bare = name->space == OID_PG_CATALOG || (name->space == space && catalog_reads_own(reader));
    return name->qualified + (is_bare ? name->bare : 0);
}

const char *catalog_collation(const struct catalog_reader *reader, uint32_t oid, uint32_t space)
{
    uint32_t index = 0;
    if (!number_map_get(&reader->collations, oid, &index))
        return "";
    return catalog_name_in(reader, (const struct catalog_name *)reader->collation_list.items + index, space);
}

static int by_place(const void *left, const void *right)
{
    const struct catalog_column *a = left;
    const struct catalog_column *b = right;
    if (a->relation != b->relation)
        return a->relation < b->relation ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

void catalog_finish_columns(struct catalog_reader *reader)
{
    struct catalog_relation *relations = reader->relation_list.items;
    struct catalog_column *columns = reader->column_list.items;
    size_t count = reader->column_list.count;
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++)
        sorted = by_place(&columns[i - 1], &columns[i]) < 0;
    if (!sorted)
        qsort(columns, count, sizeof *columns, by_place);
    for (size_t i = 0; i < count; i++) {
        struct catalog_relation *relation = &relations[columns[i].relation];
        if (relation->column_count++ == 0)
            relation->first_column = (uint32_t)i;
    }
}
