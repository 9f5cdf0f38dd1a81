/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of constraints and indexes. An index that backs a constraint is the constraint.
 */
#include <string.h>

#include "dialect/postgres_expression.h"
#include "engine/postgres/catalog_reader.h"

/* The server's INDEX_MAX_KEYS is 32 unless somebody rebuilt it. */
enum { KEY_COLUMNS = 128 };

enum { COLLATION_DEFAULT = 100 };

/* Bits of pg_index.indoption. */
enum { OPTION_DESCENDING = 1, OPTION_NULLS_FIRST = 2 };

static const struct {
    char letter;
    enum constraint_kind kind;
} kinds[] = {
    {'p', CONSTRAINT_PRIMARY_KEY}, {'u', CONSTRAINT_UNIQUE},    {'f', CONSTRAINT_FOREIGN_KEY},
    {'c', CONSTRAINT_CHECK},       {'x', CONSTRAINT_EXCLUSION},
};

static const struct {
    char letter;
    enum foreign_key_action action;
} actions[] = {
    {'a', ACTION_NO_ACTION}, {'r', ACTION_RESTRICT},    {'c', ACTION_CASCADE},
    {'n', ACTION_SET_NULL},  {'d', ACTION_SET_DEFAULT},
};

static uint8_t action_of(const struct copy_row *row, size_t field)
{
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++)
        if (row->fields[field] && row->fields[field][0] == actions[i].letter)
            return (uint8_t)actions[i].action;
    return ACTION_NO_ACTION;
}

/* The names of a table's columns by their numbers. */
static int list_columns(struct catalog_reader *reader, const struct copy_row *row, size_t field, uint32_t relation_oid,
                        struct text_list *ret_list, struct error *reterr)
{
    int64_t numbers[KEY_COLUMNS] = {0};
    uint32_t names[KEY_COLUMNS] = {0};
    size_t count = copy_numbers(row, field, numbers, KEY_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        const struct catalog_column *column = catalog_find_column(reader, relation_oid, numbers[i]);
        if (!column)
            return catalog_changed(reader, reterr);
        names[i] = column->name;
    }
    *ret_list = schema_builder_list(reader->builder, names, count);
    return 0;
}

static uint8_t constraint_flags(const struct copy_row *row)
{
    unsigned flags = copy_true(row, 8) ? CONSTRAINT_DEFERRABLE : 0;
    flags |= copy_true(row, 9) ? CONSTRAINT_DEFERRED : 0;
    flags |= copy_true(row, 10) ? 0 : CONSTRAINT_NOT_VALID;
    flags |= copy_true(row, 11) ? 0 : CONSTRAINT_NOT_ENFORCED;
    flags |= copy_true(row, 12) ? CONSTRAINT_NULLS_NOT_DISTINCT : 0;
    return (uint8_t)flags;
}

static int add_reference(struct catalog_reader *reader, const struct copy_row *row,
                         struct schema_constraint *constraint, struct error *reterr)
{
    const struct catalog_relation *target = catalog_find_relation(reader, copy_oid(row, 4));
    if (!target)
        return catalog_changed(reader, reterr);
    constraint->referenced_schema = target->schema;
    constraint->referenced_table = target->name;
    constraint->on_update = action_of(row, 6);
    constraint->on_delete = action_of(row, 7);
    return list_columns(reader, row, 5, copy_oid(row, 4), &constraint->referenced_columns, reterr);
}

/* The text of a check, or of a constraint with more to it than the model's fields hold. */
static int add_expression(struct catalog_reader *reader, const struct copy_row *row,
                          struct schema_constraint *constraint, struct error *reterr)
{
    bool wanted = copy_true(row, 14);
    if (!wanted)
        return 0;
    if (!row->fields[15])
        return catalog_changed(reader, reterr);
    struct postgres_expression expression = postgres_expression_bare(row->fields[15], row->lengths[15]);
    constraint->expression = schema_builder_text_n(reader->builder, expression.text, expression.length);
    return 0;
}

/* relation, name, kind, columns, target, target's columns, on update, on delete, deferrable, deferred, validated,
 * enforced, nulls not distinct, index, has an expression, expression */
int catalog_take_constraint(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t relation_oid = copy_oid(row, 0);
    const struct catalog_relation *relation = catalog_find_modelled(reader, relation_oid);
    size_t kind = 0;
    while (kind < ARRAY_LENGTH(kinds) && row->fields[2] && kinds[kind].letter != row->fields[2][0])
        kind++;
    if (!relation || kind == ARRAY_LENGTH(kinds))
        return 0;
    struct schema_constraint constraint = {
        .relation = relation->handle,
        .name = catalog_text(reader, row, 1),
        .kind = (uint8_t)kinds[kind].kind,
        .flags = constraint_flags(row),
    };
    bool keyed = constraint.kind != CONSTRAINT_CHECK && constraint.kind != CONSTRAINT_EXCLUSION;
    if (keyed && list_columns(reader, row, 3, relation_oid, &constraint.columns, reterr) < 0)
        return -1;
    if (constraint.kind == CONSTRAINT_FOREIGN_KEY && add_reference(reader, row, &constraint, reterr) < 0)
        return -1;
    if (constraint.kind != CONSTRAINT_FOREIGN_KEY && copy_oid(row, 13) &&
        !number_map_set(&reader->backing, copy_oid(row, 13), 1))
        return error_no_memory(reterr);
    if (add_expression(reader, row, &constraint, reterr) < 0)
        return -1;
    schema_builder_constraint(reader->builder, &constraint);
    return 0;
}

/* The rows of an index's four vectors. */
struct index_keys {
    int64_t columns[KEY_COLUMNS];
    int64_t classes[KEY_COLUMNS];
    int64_t collations[KEY_COLUMNS];
    int64_t options[KEY_COLUMNS];
    size_t count;     /* with INCLUDE columns */
    size_t key_count; /* without */
};

/* 0 for the class that the server would take by itself: it has one for the type, or one for a type that it is
 * compatible with. */
static uint32_t class_text(struct catalog_reader *reader, uint32_t oid, uint32_t type)
{
    uint32_t index = 0;
    if (!number_map_get(&reader->classes, oid, &index))
        return 0;
    const struct operator_class *class = (const struct operator_class *)reader->operator_classes.items + index;
    bool other = type != 0 && class->input_type != type &&
                 number_map_has(&reader->defaults, (uint64_t) class->method << 32 | type);
    return class->is_default && !other ? 0 : schema_builder_text(reader->builder, class->name);
}

static uint32_t collation_text(struct catalog_reader *reader, uint32_t oid, uint32_t usual)
{
    uint32_t index = 0;
    if (oid == usual || !number_map_get(&reader->collations, oid, &index))
        return 0;
    return schema_builder_text(reader->builder, ((const char *const *)reader->collation_names.items)[index]);
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

static int add_part(struct catalog_reader *reader, uint32_t relation_oid, const struct index_keys *keys, size_t at,
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
    part->operator_class = class_text(reader, (uint32_t)keys->classes[at], column ? types[column->type].oid : 0);
    uint32_t usual = column ? column->collation : COLLATION_DEFAULT;
    part->collation = collation_text(reader, (uint32_t)keys->collations[at], usual);
    return 0;
}

/* index, relation, name, method, columns, number of key columns, classes, collations, options, unique, valid, nulls not
 * distinct, has expressions, expressions, is partial, predicate */
int catalog_take_index(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t relation_oid = copy_oid(row, 1);
    const struct catalog_relation *relation = catalog_find_modelled(reader, relation_oid);
    if (!relation || number_map_has(&reader->backing, copy_oid(row, 0)))
        return 0;
    if ((copy_true(row, 12) && !row->fields[13]) || (copy_true(row, 14) && !row->fields[15]))
        return catalog_changed(reader, reterr);
    struct index_keys keys = {.key_count = (size_t)copy_number(row, 5)};
    keys.count = copy_numbers(row, 4, keys.columns, KEY_COLUMNS);
    copy_numbers(row, 6, keys.classes, KEY_COLUMNS);
    copy_numbers(row, 7, keys.collations, KEY_COLUMNS);
    copy_numbers(row, 8, keys.options, KEY_COLUMNS);
    unsigned flags = copy_true(row, 9) ? INDEX_UNIQUE : 0;
    flags |= copy_true(row, 10) ? 0 : INDEX_INVALID;
    flags |= copy_true(row, 11) ? INDEX_NULLS_NOT_DISTINCT : 0;
    struct schema_index index = {
        .relation = relation->handle, .name = catalog_text(reader, row, 2), .flags = (uint16_t)flags};
    (void)number_map_get(&reader->methods, copy_oid(row, 3), &index.method);
    if (row->fields[15]) {
        struct postgres_expression predicate = postgres_expression_bare(row->fields[15], row->lengths[15]);
        index.predicate = schema_builder_text_n(reader->builder, predicate.text, predicate.length);
    }
    struct postgres_expression expressions = {row->fields[13], row->lengths[13]};
    struct schema_index_part parts[KEY_COLUMNS] = {0};
    for (size_t i = 0; i < keys.count; i++)
        if (add_part(reader, relation_oid, &keys, i, &expressions, &parts[i], reterr) < 0)
            return -1;
    schema_builder_index(reader->builder, &index, parts, keys.count);
    return 0;
}
