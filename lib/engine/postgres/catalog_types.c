/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of enums, domains, composite types and sequences.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "engine/postgres/catalog_reader.h"

/* oid, namespace, name, kind, label; by oid and the label's order; a type without labels has one row without a label.
 * Of domains only the identifiers are kept: what they are is asked for later, where there are any. */
int catalog_take_type(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t oid = copy_oid(row, 0);
    uint32_t schema = 0;
    bool is_domain = row->fields[3] && row->fields[3][0] == 'd';
    if (is_domain && !number_map_set(&reader->domains, oid, 1))
        return error_no_memory(reterr);
    if (is_domain || !catalog_in_scope(reader, copy_oid(row, 1), &schema) ||
        catalog_is_member(reader, OID_TYPE_CATALOG, oid))
        return 0;
    if (oid != reader->draft_oid) {
        const struct schema_object type = {.kind = OBJECT_ENUM, .schema = schema, .name = catalog_text(reader, row, 2)};
        catalog_begin_draft(reader, oid, &type);
    }
    if (row->fields[4])
        catalog_note_text(reader, ATTRIBUTE_VALUES, catalog_text(reader, row, 4));
    return 0;
}

static void note_collation(struct catalog_reader *reader, const struct copy_row *row, size_t field, uint32_t space)
{
    if (copy_oid(row, field))
        catalog_note_word(reader, ATTRIBUTE_COLLATION, catalog_collation(reader, copy_oid(row, field), space));
}

/* oid, namespace, name, type, not null, default, collation, check's name, check, validated; by oid and check's name; a
 * domain without checks has one row without a check */
int catalog_take_domain(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t oid = copy_oid(row, 0);
    uint32_t schema = 0;
    if (!catalog_in_scope(reader, copy_oid(row, 1), &schema) || catalog_is_member(reader, OID_TYPE_CATALOG, oid))
        return 0;
    if (!row->fields[3] || (row->fields[7] && !row->fields[8]))
        return catalog_changed(reader, reterr);
    const struct schema_object domain = {.kind = OBJECT_DOMAIN, .schema = schema, .name = catalog_text(reader, row, 2)};
    if (catalog_begin_draft(reader, oid, &domain)) {
        catalog_note(reader, ATTRIBUTE_TYPE, catalog_text(reader, row, 3));
        catalog_note_flag(reader, ATTRIBUTE_NOT_NULL, copy_true(row, 4));
        catalog_note(reader, ATTRIBUTE_DEFAULT, catalog_expression(reader, row, 5));
        note_collation(reader, row, 6, copy_oid(row, 1));
    }
    catalog_note(reader, ATTRIBUTE_DOMAIN_CHECKS, catalog_expression(reader, row, 8));
    catalog_note(reader, ATTRIBUTE_DOMAIN_CHECK_NAMES, catalog_text(reader, row, 7));
    if (row->fields[7] && !copy_true(row, 9))
        catalog_note(reader, ATTRIBUTE_DOMAIN_CHECKS_NOT_VALID, catalog_text(reader, row, 7));
    return 0;
}

/* oid, namespace, name, member's name, type, collation; by oid and order; a type without members has one row without */
int catalog_take_composite(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t schema = 0;
    if (!catalog_in_scope(reader, copy_oid(row, 1), &schema))
        return 0;
    const struct schema_object composite = {
        .kind = OBJECT_COMPOSITE, .schema = schema, .name = catalog_text(reader, row, 2)};
    catalog_begin_draft(reader, copy_oid(row, 0), &composite);
    if (!row->fields[3])
        return 0;
    cleanup(strbuf) struct strbuf member = STRBUF(LIMIT_DEFINITION_BYTES);
    dialect_postgres.path_part(row->fields[3], &member);
    strbuf_printf(&member, " %s", row->fields[4] ? row->fields[4] : "");
    if (copy_oid(row, 5))
        strbuf_printf(&member, " COLLATE %s", catalog_collation(reader, copy_oid(row, 5), copy_oid(row, 1)));
    if (!strbuf_ok(&member))
        return error_no_memory(reterr);
    catalog_note(reader, ATTRIBUTE_MEMBERS,
                 schema_builder_text_n(reader->builder, strbuf_text(&member), member.length));
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

/* Where the numbers of a sequence's options stand in its row, and what a plain one has. */
static const struct {
    size_t field;
    enum attribute_key key;
    const char *usual; /* NULL: depends on the type */
} options[] = {
    {4, ATTRIBUTE_START, "1"}, {5, ATTRIBUTE_INCREMENT, "1"}, {6, ATTRIBUTE_MAX, NULL},
    {7, ATTRIBUTE_MIN, "1"},   {8, ATTRIBUTE_CACHE, "1"},
};

static bool is_usual(const struct copy_row *row, size_t option)
{
    static const struct {
        const char *type;
        const char *greatest;
    } types[] = {{"smallint", "32767"}, {"integer", "2147483647"}, {"bigint", "9223372036854775807"}};
    const char *usual = options[option].usual;
    for (size_t i = 0; i < ARRAY_LENGTH(types) && !usual; i++)
        if (row->fields[3] && strcmp(row->fields[3], types[i].type) == 0)
            usual = types[i].greatest;
    return usual && row->fields[options[option].field] && strcmp(row->fields[options[option].field], usual) == 0;
}

/* An identity column has those options of its sequence that are not the usual ones. */
static void amend_identity(struct catalog_reader *reader, const struct copy_row *row)
{
    const struct catalog_column *known = catalog_find_column(reader, copy_oid(row, 10), copy_number(row, 11));
    if (!known || known->place == CATALOG_NONE)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        if (!is_usual(row, i))
            catalog_note(reader, options[i].key, catalog_text(reader, row, options[i].field));
    catalog_note_flag(reader, ATTRIBUTE_CYCLE, copy_true(row, 9));
    size_t count = 0;
    schema_builder_columns(reader->builder, &count)[known->place].attributes = catalog_take_run(reader);
}

/* oid, namespace, name, type, start, increment, maximum, minimum, cache, cycle, owner's table, owner's column, is an
 * identity column's, persistence */
int catalog_take_sequence(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t schema = 0;
    (void)reterr;
    if (!catalog_in_scope(reader, copy_oid(row, 1), &schema) ||
        catalog_is_member(reader, OID_CLASS_CATALOG, copy_oid(row, 0)))
        return 0;
    if (copy_true(row, 12)) {
        amend_identity(reader, row);
        return 0;
    }
    const struct catalog_relation *owner = catalog_find_relation(reader, copy_oid(row, 10));
    const struct catalog_column *column = catalog_find_column(reader, copy_oid(row, 10), copy_number(row, 11));
    catalog_note(reader, ATTRIBUTE_TYPE, catalog_text(reader, row, 3));
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
        catalog_note(reader, options[i].key, catalog_text(reader, row, options[i].field));
    catalog_note_flag(reader, ATTRIBUTE_CYCLE, copy_true(row, 9));
    catalog_note(reader, ATTRIBUTE_OWNER, owner && column ? owner_path(reader, owner, column) : 0);
    catalog_note_word(reader, ATTRIBUTE_PERSISTENCE, catalog_persistence(row, 13));
    catalog_add_object(reader, &(struct schema_object){
                                   .kind = OBJECT_SEQUENCE, .schema = schema, .name = catalog_text(reader, row, 2)});
    return 0;
}
