/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of indexes. One that backs a constraint is the constraint.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/postgres_expression.h"
#include "engine/postgres/catalog_reader.h"

/* Bits of pg_index.indoption. */
enum { OPTION_DESCENDING = 1, OPTION_NULLS_FIRST = 2 };

/* The rows of an index's four vectors. */
struct index_keys {
    int64_t columns[CATALOG_KEYS];
    int64_t classes[CATALOG_KEYS];
    int64_t collations[CATALOG_KEYS];
    int64_t options[CATALOG_KEYS];
    uint32_t space;         /* oid of the table's namespace */
    size_t count;           /* with INCLUDE columns */
    size_t key_count;       /* without */
    const char *parameters; /* array of the classes' parameters, what was taken off; NULL: none have any */
};

/* 0 for the class that the server would take by itself, without parameters: it has one for the type, or one for a type
 * that it is compatible with. */
static uint32_t class_text(struct catalog_reader *reader, uint32_t space, uint32_t oid, uint32_t type,
                           const char *parameters)
{
    uint32_t index = 0;
    if (!number_map_get(&reader->classes, oid, &index))
        return 0;
    const struct operator_class *class = (const struct operator_class *)reader->operator_classes.items + index;
    bool other = type != 0 && class->input_type != type &&
                 number_map_has(&reader->defaults, (uint64_t) class->method << 32 | type);
    if (class->is_default && !other && *parameters == '\0')
        return 0;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    strbuf_add_string(&text, catalog_name_in(reader, &class->name, space));
    if (*parameters)
        strbuf_printf(&text, " (%s)", parameters);
    reader->no_memory = reader->no_memory || !strbuf_ok(&text);
    return schema_builder_text_n(reader->builder, strbuf_text(&text), text.length);
}

static uint32_t collation_text(struct catalog_reader *reader, uint32_t space, uint32_t oid, uint32_t usual)
{
    return oid == usual ? 0 : schema_builder_text(reader->builder, catalog_collation(reader, oid, space));
}

static uint16_t order_flags(int64_t option)
{
    bool descending = option & OPTION_DESCENDING;
    bool first = option & OPTION_NULLS_FIRST;
    unsigned flags = descending ? PART_DESCENDING : 0;
    if (first != descending)
        flags |= first ? PART_NULLS_FIRST : PART_NULLS_LAST;
    return (uint16_t)flags;
}

static int add_part(struct catalog_reader *reader, uint32_t relation_oid, struct index_keys *keys, size_t at,
                    struct postgres_expression *expressions, struct schema_index_part *part, struct error *reterr)
{
    const struct catalog_type *types = reader->type_list.items;
    const struct catalog_column *column = catalog_find_column(reader, relation_oid, keys->columns[at]);
    struct postgres_expression expression = {0};
    *part = (struct schema_index_part){0};
    if (column)
        part->text = column->name;
    else if (keys->columns[at] == 0 && postgres_expression_next(expressions, &expression))
        part->text = schema_builder_text_n(reader->builder, expression.text, expression.length);
    else
        return catalog_changed(reader, reterr);
    part->flags = column ? 0 : PART_EXPRESSION;
    if (at >= keys->key_count) {
        part->flags |= PART_INCLUDED;
        return 0;
    }
    part->flags |= order_flags(keys->options[at]);
    cleanup(strbuf) struct strbuf parameters = STRBUF(LIMIT_DEFINITION_BYTES);
    (void)postgres_array_next(&keys->parameters, &parameters);
    part->operator_class = class_text(reader, keys->space, (uint32_t)keys->classes[at],
                                      column ? types[column->type].oid : 0, strbuf_text(&parameters));
    uint32_t usual = column ? column->collation : OID_DEFAULT_COLLATION;
    part->collation = collation_text(reader, keys->space, (uint32_t)keys->collations[at], usual);
    return 0;
}

static uint16_t index_flags(const struct copy_row *row)
{
    unsigned flags = copy_true(row, 9) ? INDEX_UNIQUE : 0;
    flags |= copy_true(row, 10) ? 0 : INDEX_INVALID;
    flags |= copy_true(row, 11) ? INDEX_NULLS_NOT_DISTINCT : 0;
    return (uint16_t)flags;
}

/* index, relation, name, method, columns, number of key columns, classes, collations, options, unique, usable, nulls
 * not distinct, has expressions, expressions, is partial, predicate, storage options, parameters of classes */
int catalog_take_index(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t relation_oid = copy_oid(row, 1);
    const struct catalog_relation *relation = catalog_find_modelled(reader, relation_oid);
    if (!relation || number_map_has(&reader->backing, copy_oid(row, 0)))
        return 0;
    if ((copy_true(row, 12) && !row->fields[13]) || (copy_true(row, 14) && !row->fields[15]))
        return catalog_changed(reader, reterr);
    struct index_keys keys = {
        .space = relation->space, .key_count = (size_t)copy_number(row, 5), .parameters = row->fields[17]};
    keys.count = copy_numbers(row, 4, keys.columns, CATALOG_KEYS);
    copy_numbers(row, 6, keys.classes, CATALOG_KEYS);
    copy_numbers(row, 7, keys.collations, CATALOG_KEYS);
    copy_numbers(row, 8, keys.options, CATALOG_KEYS);
    struct postgres_expression expressions = {row->fields[13], row->lengths[13]};
    struct schema_index_part parts[CATALOG_KEYS] = {0};
    for (size_t i = 0; i < keys.count; i++)
        if (add_part(reader, relation_oid, &keys, i, &expressions, &parts[i], reterr) < 0)
            return -1;
    catalog_note_options(reader, row->fields[16]);
    struct schema_index index = {
        .relation = relation->handle,
        .name = catalog_text(reader, row, 2),
        .predicate = catalog_expression(reader, row, 15),
        .attributes = catalog_take_run(reader),
        .flags = index_flags(row),
    };
    (void)number_map_get(&reader->methods, copy_oid(row, 3), &index.method);
    schema_builder_index(reader->builder, &index, parts, keys.count);
    return 0;
}
