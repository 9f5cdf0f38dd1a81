/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of relations, their columns, defaults, types and views.
 */
#include <string.h>

#include "dialect/postgres_expression.h"
#include "engine/postgres/catalog_reader.h"

static const struct {
    char letter;
    enum relation_kind kind;
} kinds[] = {
    {'r', RELATION_TABLE}, {'p', RELATION_PARTITIONED},       {'f', RELATION_FOREIGN},
    {'v', RELATION_VIEW},  {'m', RELATION_MATERIALIZED_VIEW},
};

static enum relation_kind kind_of(char letter, bool partition)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kinds) && !partition; i++)
        if (kinds[i].letter == letter)
            return kinds[i].kind;
    return partition ? RELATION_PARTITION : RELATION_TABLE;
}

/* oid, namespace, name, kind, is partition */
int catalog_take_relation(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t oid = copy_oid(row, 0);
    uint32_t space = copy_oid(row, 1);
    uint32_t schema = 0;
    if (!number_map_get(&reader->namespaces, space, &schema))
        return 0;
    uint32_t index = (uint32_t)reader->relation_list.count;
    struct catalog_relation *relation = catalog_array_add(&reader->relation_list, sizeof *relation);
    if (!relation || !number_map_set(&reader->relations, oid, index))
        return error_no_memory(reterr);
    *relation = (struct catalog_relation){.schema = schema,
                                          .name = catalog_text(reader, row, 2),
                                          .handle = CATALOG_NONE,
                                          .is_partition = copy_true(row, 4)};
    if (!number_map_has(&reader->scoped, space) ||
        number_map_has(&reader->members, (uint64_t)OID_CLASS_CATALOG << 32 | oid))
        return 0;
    const struct schema_relation added = {
        .schema = schema,
        .name = relation->name,
        .kind = (uint8_t)kind_of(row->fields[3] ? row->fields[3][0] : 'r', copy_true(row, 4)),
    };
    relation->handle = schema_builder_relation(reader->builder, &added);
    return 0;
}

/* The index of a type with its modifier, noted for asking the server how it is written. */
static int note_type(struct catalog_reader *reader, uint32_t oid, int32_t modifier, uint32_t *ret_index,
                     struct error *reterr)
{
    uint64_t key = (uint64_t)oid << 32 | (uint32_t)modifier;
    if (number_map_get(&reader->types, key, ret_index))
        return 0;
    *ret_index = (uint32_t)reader->type_list.count;
    struct catalog_type *type = catalog_array_add(&reader->type_list, sizeof *type);
    if (!type || !number_map_set(&reader->types, key, *ret_index))
        return error_no_memory(reterr);
    *type = (struct catalog_type){.oid = oid, .modifier = modifier};
    return 0;
}

static uint16_t column_flags(const struct copy_row *row)
{
    char origin = row->fields[6] ? row->fields[6][0] : '\0';
    unsigned flags = copy_true(row, 5) ? 0 : COLUMN_NULLABLE;
    flags |= origin == 'a' ? COLUMN_IDENTITY_ALWAYS : 0;
    flags |= origin == 'd' ? COLUMN_IDENTITY_BY_DEFAULT : 0;
    flags |= origin == 's' ? COLUMN_GENERATED_STORED : 0;
    flags |= origin == 'v' ? COLUMN_GENERATED_VIRTUAL : 0;
    return (uint16_t)flags;
}

/* relation, number, name, type, type's modifier, not null, identity or generated, collation */
int catalog_take_column(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t relation_index = 0;
    if (!number_map_get(&reader->relations, copy_oid(row, 0), &relation_index))
        return 0;
    const struct catalog_relation *relation =
        (const struct catalog_relation *)reader->relation_list.items + relation_index;
    uint32_t number = copy_oid(row, 1);
    struct catalog_column *column = catalog_array_add(&reader->column_list, sizeof *column);
    if (!column)
        return error_no_memory(reterr);
    *column = (struct catalog_column){.relation = relation_index,
                                      .number = number,
                                      .name = catalog_text(reader, row, 2),
                                      .place = CATALOG_NONE,
                                      .collation = copy_oid(row, 7)};
    if (note_type(reader, copy_oid(row, 3), (int32_t)copy_number(row, 4), &column->type, reterr) < 0)
        return -1;
    uint16_t flags = column_flags(row);
    if ((flags & (COLUMN_GENERATED_STORED | COLUMN_GENERATED_VIRTUAL)) &&
        !number_map_set(&reader->generated, (uint64_t)copy_oid(row, 0) << 16 | number, 1))
        return error_no_memory(reterr);
    /* A partition's identity column draws from its parent's sequence. */
    if ((flags & (COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT)) && !relation->is_partition)
        reader->identity_columns++;
    if (relation->handle == CATALOG_NONE)
        return 0;
    size_t place = 0;
    size_t after = 0;
    (void)schema_builder_columns(reader->builder, &place);
    const struct schema_column added = {
        .relation = relation->handle, .name = column->name, .position = (uint16_t)number, .flags = flags};
    schema_builder_column(reader->builder, &added);
    (void)schema_builder_columns(reader->builder, &after);
    if (after > place)
        column->place = (uint32_t)place;
    return 0;
}

/* relation, number, expression */
int catalog_take_default(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    const struct catalog_column *known = catalog_find_column(reader, copy_oid(row, 0), copy_number(row, 1));
    if (!known || known->place == CATALOG_NONE)
        return 0;
    if (!row->fields[2])
        return catalog_changed(reader, reterr);
    struct postgres_expression expression = postgres_expression_bare(row->fields[2], row->lengths[2]);
    uint32_t text = schema_builder_text_n(reader->builder, expression.text, expression.length);
    size_t count = 0;
    struct schema_column *column = &schema_builder_columns(reader->builder, &count)[known->place];
    if (column->flags & (COLUMN_GENERATED_STORED | COLUMN_GENERATED_VIRTUAL))
        column->generated = text;
    else if (!postgres_expression_is_null(expression))
        column->default_expression = text;
    return 0;
}

/* number of sequences in the whole database */
int catalog_take_sequence_count(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    (void)reterr;
    reader->sequences = copy_number(row, 0);
    return 0;
}

/* index into type_list (from 1), text */
int catalog_take_type(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t index = copy_oid(row, 0);
    /* "???": the type was dropped meanwhile; a type of that name would be quoted. */
    if (index == 0 || index > reader->type_list.count || !row->fields[1] || strncmp(row->fields[1], "???", 3) == 0)
        return catalog_changed(reader, reterr);
    struct catalog_type *types = reader->type_list.items;
    types[index - 1].text = catalog_text(reader, row, 1);
    return 0;
}

void catalog_finish_types(struct catalog_reader *reader)
{
    size_t count = 0;
    struct schema_column *columns = schema_builder_columns(reader->builder, &count);
    const struct catalog_column *known = reader->column_list.items;
    const struct catalog_type *types = reader->type_list.items;
    for (size_t i = 0; i < reader->column_list.count; i++)
        if (known[i].place != CATALOG_NONE)
            columns[known[i].place].type = types[known[i].type].text;
}

/* relation, query */
int catalog_take_view(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    const struct catalog_relation *relation = catalog_find_modelled(reader, copy_oid(row, 0));
    if (!relation)
        return 0;
    if (!row->fields[1])
        return catalog_changed(reader, reterr);
    struct postgres_expression query = postgres_view_query(row->fields[1], row->lengths[1]);
    uint32_t definition = schema_builder_text_n(reader->builder, query.text, query.length);
    schema_builder_set_definition(reader->builder, relation->handle, definition);
    return 0;
}
