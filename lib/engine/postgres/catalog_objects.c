/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of what is neither a relation nor hangs on one: namespaces, extensions' members, lookups, enums, sequences.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/glob.h"
#include "dialect/dialects.h"
#include "engine/postgres/catalog_reader.h"

static bool in_scope(const struct engine_scope *scope, const char *name)
{
    for (size_t i = 0; i < scope->schema_count; i++)
        if (glob_match(scope->schemas[i], name))
            return true;
    return scope->schema_count == 0;
}

/* oid, name */
int catalog_take_namespace(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    const char *name = row->fields[1];
    if (!name || strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0)
        return 0;
    uint32_t oid = copy_oid(row, 0);
    if (!number_map_set(&reader->namespaces, oid, catalog_text(reader, row, 1)) ||
        (in_scope(reader->scope, name) && !number_map_set(&reader->scoped, oid, 1)))
        return error_no_memory(reterr);
    return 0;
}

/* catalogue, oid */
int catalog_take_member(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint64_t key = (uint64_t)copy_oid(row, 0) << 32 | copy_oid(row, 1);
    return number_map_set(&reader->members, key, 1) ? 0 : error_no_memory(reterr);
}

/* oid, name */
int catalog_take_method(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t name = catalog_text(reader, row, 1);
    return number_map_set(&reader->methods, copy_oid(row, 0), name) ? 0 : error_no_memory(reterr);
}

/* oid, method, input type, default, quoted name */
int catalog_take_operator_class(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t index = (uint32_t)reader->operator_classes.count;
    struct operator_class *class = catalog_array_add(&reader->operator_classes, sizeof *class);
    if (!class)
        return error_no_memory(reterr);
    *class = (struct operator_class){
        .name = catalog_keep(reader, row, 4),
        .method = copy_oid(row, 1),
        .input_type = copy_oid(row, 2),
        .is_default = copy_true(row, 3),
    };
    uint64_t place = (uint64_t) class->method << 32 | class->input_type;
    if (!class->name || !number_map_set(&reader->classes, copy_oid(row, 0), index) ||
        (class->is_default && !number_map_set(&reader->defaults, place, 1)))
        return error_no_memory(reterr);
    return 0;
}

/* oid, quoted name */
int catalog_take_collation(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t index = (uint32_t)reader->collation_names.count;
    const char **name = catalog_array_add(&reader->collation_names, sizeof *name);
    if (!name || !(*name = catalog_keep(reader, row, 1)) ||
        !number_map_set(&reader->collations, copy_oid(row, 0), index))
        return error_no_memory(reterr);
    return 0;
}

void catalog_finish_enums(struct catalog_reader *reader)
{
    if (!reader->type_oid)
        return;
    reader->type.attributes = schema_builder_attributes(reader->builder, reader->labels.items, reader->labels.count);
    schema_builder_object(reader->builder, &reader->type);
    reader->labels.count = 0;
    reader->type_oid = 0;
}

/* oid, namespace, name, label; by type and order; a type without labels has one row without a label */
int catalog_take_enum_label(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t oid = copy_oid(row, 0);
    uint32_t space = copy_oid(row, 1);
    uint32_t schema = 0;
    if (oid != reader->type_oid) {
        catalog_finish_enums(reader);
        if (!number_map_has(&reader->scoped, space) || !number_map_get(&reader->namespaces, space, &schema) ||
            number_map_has(&reader->members, (uint64_t)OID_TYPE_CATALOG << 32 | oid))
            return 0;
        reader->type_oid = oid;
        reader->type =
            (struct schema_object){.kind = OBJECT_ENUM, .schema = schema, .name = catalog_text(reader, row, 2)};
    }
    if (!row->fields[3])
        return 0;
    struct schema_attribute *label = catalog_array_add(&reader->labels, sizeof *label);
    if (!label)
        return error_no_memory(reterr);
    *label = (struct schema_attribute){.key = ATTRIBUTE_VALUES, .text = catalog_text(reader, row, 3)};
    return 0;
}

/* "table.column" */
static uint32_t owner_path(struct catalog_reader *reader, const struct catalog_relation *owner,
                           const struct catalog_column *column)
{
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    dialect_postgres.path_part(schema_builder_get_text(reader->builder, owner->name), &path);
    strbuf_add_char(&path, '.');
    dialect_postgres.path_part(schema_builder_get_text(reader->builder, column->name), &path);
    return schema_builder_text_n(reader->builder, strbuf_text(&path), path.length);
}

/* oid, namespace, name, type, start, increment, maximum, minimum, cache, cycle, owner's table, owner's column */
int catalog_take_sequence(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t space = copy_oid(row, 1);
    uint32_t schema = 0;
    (void)reterr;
    if (!number_map_has(&reader->scoped, space) || !number_map_get(&reader->namespaces, space, &schema) ||
        number_map_has(&reader->members, (uint64_t)OID_CLASS_CATALOG << 32 | copy_oid(row, 0)))
        return 0;
    const struct catalog_relation *owner = catalog_find_relation(reader, copy_oid(row, 10));
    const struct catalog_column *column = catalog_find_column(reader, copy_oid(row, 10), copy_number(row, 11));
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_TYPE, .text = catalog_text(reader, row, 3)},
        {.key = ATTRIBUTE_START, .text = catalog_text(reader, row, 4)},
        {.key = ATTRIBUTE_INCREMENT, .text = catalog_text(reader, row, 5)},
        {.key = ATTRIBUTE_MAX, .text = catalog_text(reader, row, 6)},
        {.key = ATTRIBUTE_MIN, .text = catalog_text(reader, row, 7)},
        {.key = ATTRIBUTE_CACHE, .text = catalog_text(reader, row, 8)},
        {.key = ATTRIBUTE_OWNER, .text = owner && column ? owner_path(reader, owner, column) : 0},
        {.key = ATTRIBUTE_CYCLE},
    };
    size_t count = ARRAY_LENGTH(attributes) - !copy_true(row, 9);
    schema_builder_object(reader->builder,
                          &(struct schema_object){
                              .kind = OBJECT_SEQUENCE,
                              .schema = schema,
                              .name = catalog_text(reader, row, 2),
                              .attributes = schema_builder_attributes(reader->builder, attributes, count),
                          });
    return 0;
}
