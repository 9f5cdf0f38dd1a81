/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of relations, their parents, columns, defaults, types, comments and views.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
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

const char *catalog_persistence(const struct copy_row *row, size_t field)
{
    return row->fields[field] && row->fields[field][0] == 'u' ? "unlogged" : NULL;
}

/* The server keeps a Boolean option as it was spelled. */
static bool is_on(const char *value)
{
    static const char *const words[] = {"true", "on", "yes", "1", "t", "y", "tr", "tru", "ye"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/* "option=value" of a view. */
static void note_view_option(struct catalog_reader *reader, const char *option)
{
    static const struct {
        const char *name;
        enum attribute_key key;
        const char *word; /* of an option that is on or off; NULL: the value itself */
    } options[] = {{"check_option=", ATTRIBUTE_CHECK_OPTION, NULL},
                   {"security_invoker=", ATTRIBUTE_SECURITY, "invoker"},
                   {"security_barrier=", ATTRIBUTE_VIEW_OPTIONS, "security_barrier=true"}};
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        size_t length = strlen(options[i].name);
        if (strncmp(option, options[i].name, length) != 0)
            continue;
        if (!options[i].word)
            catalog_note_word(reader, options[i].key, option + length);
        else if (is_on(option + length))
            catalog_note_word(reader, options[i].key, options[i].word);
        return;
    }
    catalog_note_word(reader, ATTRIBUTE_VIEW_OPTIONS, option);
}

static int note_options(struct catalog_reader *reader, const char *array, bool of_view, struct error *reterr)
{
    cleanup(strbuf) struct strbuf option = STRBUF(LIMIT_DEFINITION_BYTES);
    while (of_view && postgres_array_next(&array, &option))
        note_view_option(reader, strbuf_text(&option));
    if (!of_view)
        catalog_note_options(reader, array);
    return strbuf_ok(&option) ? 0 : error_no_memory(reterr);
}

/* A composite type is told by its own rows; only its identifier is kept. */
static int keep_composite(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    if (!number_map_has(&reader->scoped, copy_oid(row, 1)) ||
        catalog_is_member(reader, OID_TYPE_CATALOG, copy_oid(row, 9)))
        return 0;
    return number_map_set(&reader->composites, copy_oid(row, 0), 1) ? 0 : error_no_memory(reterr);
}

static int note_relation(struct catalog_reader *reader, const struct copy_row *row, char kind, struct error *reterr)
{
    bool is_partition = copy_true(row, 4);
    if ((kind == 'p' && !row->fields[10]) || (is_partition && !row->fields[11]))
        return catalog_changed(reader, reterr);
    catalog_note_word(reader, ATTRIBUTE_PERSISTENCE, catalog_persistence(row, 5));
    catalog_note_flag(reader, ATTRIBUTE_ROW_SECURITY, copy_true(row, 6));
    catalog_note_flag(reader, ATTRIBUTE_FORCE_ROW_SECURITY, copy_true(row, 7));
    catalog_note(reader, ATTRIBUTE_PARTITION_KEY, catalog_text(reader, row, 10));
    catalog_note(reader, ATTRIBUTE_PARTITION_BOUND, catalog_text(reader, row, 11));
    return row->fields[8] ? note_options(reader, row->fields[8], kind == 'v', reterr) : 0;
}

/* oid, namespace, name, kind, is partition, persistence, row security, forced, options, type, partition key, bound */
int catalog_take_relation(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t oid = copy_oid(row, 0);
    uint32_t space = copy_oid(row, 1);
    uint32_t schema = 0;
    char kind = row->fields[3] ? row->fields[3][0] : 'r';
    if (kind == 'c')
        return keep_composite(reader, row, reterr);
    if (!number_map_get(&reader->namespaces, space, &schema))
        return 0;
    uint32_t index = (uint32_t)reader->relation_list.count;
    struct catalog_relation *relation = catalog_array_add(&reader->relation_list, sizeof *relation);
    if (!relation || !number_map_set(&reader->relations, oid, index))
        return error_no_memory(reterr);
    *relation = (struct catalog_relation){.space = space,
                                          .schema = schema,
                                          .name = catalog_text(reader, row, 2),
                                          .handle = CATALOG_NONE,
                                          .is_partition = copy_true(row, 4)};
    if (!number_map_has(&reader->scoped, space) || catalog_is_member(reader, OID_CLASS_CATALOG, oid))
        return 0;
    const struct schema_relation added = {
        .schema = schema, .name = relation->name, .kind = (uint8_t)kind_of(kind, relation->is_partition)};
    relation->handle = schema_builder_relation(reader->builder, &added);
    if (note_relation(reader, row, kind, reterr) < 0)
        return -1;
    uint32_t run = catalog_take_run(reader);
    size_t count = 0;
    struct schema_relation *relations = schema_builder_relations(reader->builder, &count);
    if (relation->handle < count)
        relations[relation->handle].attributes = run;
    return 0;
}

static void amend_relation(struct catalog_reader *reader, const struct catalog_relation *relation,
                           enum attribute_key key, uint32_t text)
{
    size_t count = 0;
    struct schema_relation *relations = schema_builder_relations(reader->builder, &count);
    if (relation->handle >= count)
        return;
    uint32_t run = schema_builder_add_attribute(reader->builder, relations[relation->handle].attributes, key, text);
    relations[relation->handle].attributes = run;
}

/* relation, parent's path */
int catalog_take_parent(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    const struct catalog_relation *relation = catalog_find_modelled(reader, copy_oid(row, 0));
    if (!relation)
        return 0;
    /* The number of a table that was dropped meanwhile; a name made of digits would be quoted. */
    if (!row->fields[1] || isdigit((unsigned char)row->fields[1][0]))
        return catalog_changed(reader, reterr);
    amend_relation(reader, relation, ATTRIBUTE_PARENTS, catalog_text(reader, row, 1));
    return 0;
}

/* A number for the type as it is written in the namespace; 0 when memory is out. */
static uint32_t local_type(struct catalog_reader *reader, uint32_t oid, uint32_t space)
{
    uint64_t key = (uint64_t)oid << 32 | space;
    uint32_t number = (uint32_t)reader->local_types.count + 1;
    if (number_map_get(&reader->local_types, key, &number) || number_map_set(&reader->local_types, key, number))
        return number;
    return 0;
}

/* The index of a type with its modifier, noted for asking the server how it is written. */
static int note_type(struct catalog_reader *reader, uint32_t oid, int32_t modifier, uint32_t space, uint32_t *ret_index,
                     struct error *reterr)
{
    bool is_local = reader->scope->own_schema_count > 0;
    uint32_t number = is_local ? local_type(reader, oid, space) : oid;
    uint64_t key = (uint64_t)number << 32 | (uint32_t)modifier;
    if (number == 0)
        return error_no_memory(reterr);
    if (number_map_get(&reader->types, key, ret_index))
        return 0;
    *ret_index = (uint32_t)reader->type_list.count;
    struct catalog_type *type = catalog_array_add(&reader->type_list, sizeof *type);
    if (!type || !number_map_set(&reader->types, key, *ret_index))
        return error_no_memory(reterr);
    *type = (struct catalog_type){.oid = oid,
                                  .modifier = modifier,
                                  .space = is_local ? space : 0,
                                  .is_domain = number_map_has(&reader->domains, oid)};
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
    if (note_type(reader, copy_oid(row, 3), (int32_t)copy_number(row, 4), relation->space, &column->type, reterr) < 0)
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

/* The names of a relation's columns by their numbers. */
int catalog_name_columns(struct catalog_reader *reader, const struct copy_row *row, size_t field, uint32_t relation_oid,
                         uint32_t *ret_names, size_t *ret_count, struct error *reterr)
{
    int64_t numbers[CATALOG_KEYS] = {0};
    *ret_count = copy_numbers(row, field, numbers, CATALOG_KEYS);
    for (size_t i = 0; i < *ret_count; i++) {
        const struct catalog_column *column = catalog_find_column(reader, relation_oid, numbers[i]);
        if (!column)
            return catalog_changed(reader, reterr);
        ret_names[i] = column->name;
    }
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
    const struct catalog_type *type = (const struct catalog_type *)reader->type_list.items + known->type;
    /* NULL is what a column has without a default, unless its type is a domain, whose own default it displaces. */
    if (column->flags & (COLUMN_GENERATED_STORED | COLUMN_GENERATED_VIRTUAL))
        column->generated = text;
    else if (type->is_domain || !postgres_expression_is_null(expression))
        column->default_expression = text;
    return 0;
}

/* relation, column or 0, comment */
int catalog_take_comment(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    (void)reterr;
    const struct catalog_relation *relation = catalog_find_modelled(reader, copy_oid(row, 0));
    const struct catalog_column *known = catalog_find_column(reader, copy_oid(row, 0), copy_number(row, 1));
    if (relation && copy_oid(row, 1) == 0)
        amend_relation(reader, relation, ATTRIBUTE_COMMENT, catalog_text(reader, row, 2));
    if (!known || known->place == CATALOG_NONE)
        return 0;
    size_t count = 0;
    struct schema_column *column = &schema_builder_columns(reader->builder, &count)[known->place];
    column->attributes = schema_builder_add_attribute(reader->builder, column->attributes, ATTRIBUTE_COMMENT,
                                                      catalog_text(reader, row, 2));
    return 0;
}

/* index into type_list (from 1), text, collation */
int catalog_take_type_text(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t index = copy_oid(row, 0);
    /* "???": the type was dropped meanwhile; a type of that name would be quoted. */
    if (index == 0 || index > reader->type_list.count || !row->fields[1] || strncmp(row->fields[1], "???", 3) == 0)
        return catalog_changed(reader, reterr);
    struct catalog_type *type = (struct catalog_type *)reader->type_list.items + (index - 1);
    type->text = catalog_text(reader, row, 1);
    type->collation = copy_oid(row, 2);
    return 0;
}

void catalog_finish_types(struct catalog_reader *reader)
{
    size_t count = 0;
    struct schema_column *columns = schema_builder_columns(reader->builder, &count);
    const struct catalog_column *known = reader->column_list.items;
    const struct catalog_type *types = reader->type_list.items;
    const struct catalog_relation *relations = reader->relation_list.items;
    for (size_t i = 0; i < reader->column_list.count; i++) {
        if (known[i].place == CATALOG_NONE)
            continue;
        struct schema_column *column = &columns[known[i].place];
        const struct catalog_type *type = &types[known[i].type];
        column->type = type->text;
        if (known[i].collation == type->collation || known[i].collation == 0)
            continue;
        uint32_t space = relations[known[i].relation].space;
        uint32_t collation = schema_builder_text(reader->builder, catalog_collation(reader, known[i].collation, space));
        column->attributes =
            schema_builder_add_attribute(reader->builder, column->attributes, ATTRIBUTE_COLLATION, collation);
    }
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
