/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of triggers and policies.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "dialect/postgres_expression.h"
#include "engine/postgres/catalog_reader.h"

/* Bits of pg_trigger.tgtype. */
enum {
    TRIGGER_ROW = 1 << 0,
    TRIGGER_BEFORE = 1 << 1,
    TRIGGER_INSERT = 1 << 2,
    TRIGGER_DELETE = 1 << 3,
    TRIGGER_UPDATE = 1 << 4,
    TRIGGER_TRUNCATE = 1 << 5,
    TRIGGER_INSTEAD = 1 << 6,
};

static const struct {
    unsigned bit;
    const char *word;
} events[] = {
    {TRIGGER_INSERT, "INSERT"}, {TRIGGER_DELETE, "DELETE"}, {TRIGGER_UPDATE, "UPDATE"}, {TRIGGER_TRUNCATE, "TRUNCATE"}};

static const char *enabled_word(const struct copy_row *row, size_t field)
{
    switch (row->fields[field] ? row->fields[field][0] : 'O') {
    case 'D':
        return "disabled";
    case 'R':
        return "replica";
    case 'A':
        return "always";
    default:
        return NULL;
    }
}

/* " OF a, b": in the order of names, since the one in which they were declared means nothing. */
static int add_update_columns(struct catalog_reader *reader, const struct copy_row *row, struct strbuf *out,
                              struct error *reterr)
{
    uint32_t names[CATALOG_KEYS] = {0};
    size_t count = 0;
    if (catalog_name_columns(reader, row, 5, copy_oid(row, 1), names, &count, reterr) < 0)
        return -1;
    for (size_t i = 1; i < count; i++) {
        uint32_t name = names[i];
        size_t at = i;
        for (; at > 0 && strcmp(schema_builder_get_text(reader->builder, names[at - 1]),
                                schema_builder_get_text(reader->builder, name)) > 0;
             at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : " OF ");
        dialect_postgres.path_part(schema_builder_get_text(reader->builder, names[i]), out);
    }
    return 0;
}

/* "INSERT OR UPDATE OF a, b" */
static int note_events(struct catalog_reader *reader, const struct copy_row *row, unsigned type, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
        if (!(type & events[i].bit))
            continue;
        strbuf_printf(&text, "%s%s", text.length > 0 ? " OR " : "", events[i].word);
        if (events[i].bit == TRIGGER_UPDATE && add_update_columns(reader, row, &text, reterr) < 0)
            return -1;
    }
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    catalog_note(reader, ATTRIBUTE_EVENTS, schema_builder_text_n(reader->builder, strbuf_text(&text), text.length));
    return 0;
}

/* "OLD TABLE AS o NEW TABLE AS n" */
static int note_transitions(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    static const struct {
        size_t field;
        const char *words;
    } tables[] = {{6, "OLD TABLE AS "}, {7, "NEW TABLE AS "}};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        if (!row->fields[tables[i].field])
            continue;
        strbuf_printf(&text, "%s%s", text.length > 0 ? " " : "", tables[i].words);
        dialect_postgres.path_part(row->fields[tables[i].field], &text);
    }
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    catalog_note(reader, ATTRIBUTE_TRANSITIONS,
                 schema_builder_text_n(reader->builder, strbuf_text(&text), text.length));
    return 0;
}

static uint32_t part_text(struct catalog_reader *reader, struct postgres_expression part)
{
    return schema_builder_text_n(reader->builder, part.text, part.length);
}

/* oid, relation, name, type, enabled, columns, old table, new table, of a constraint: when, definition */
int catalog_take_trigger(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    const struct catalog_relation *relation = catalog_find_modelled(reader, copy_oid(row, 1));
    if (!relation || catalog_is_member(reader, OID_TRIGGER_CATALOG, copy_oid(row, 0)))
        return 0;
    unsigned type = (unsigned)copy_number(row, 3);
    struct postgres_expression condition = {0};
    struct postgres_expression calls = {0};
    if (!row->fields[9])
        return catalog_changed(reader, reterr);
    if (!postgres_trigger_parts(row->fields[9], row->lengths[9], &condition, &calls))
        return error_set(reterr, ERROR_INVALID, "%s: the trigger %s is written in an unknown way",
                         reader->session->where, row->fields[2] ? row->fields[2] : "");
    if (note_events(reader, row, type, reterr) < 0 || note_transitions(reader, row, reterr) < 0)
        return -1;
    catalog_note_word(reader, ATTRIBUTE_TIMING,
                      type & TRIGGER_BEFORE    ? "BEFORE"
                      : type & TRIGGER_INSTEAD ? "INSTEAD OF"
                                               : "AFTER");
    catalog_note(reader, ATTRIBUTE_CONDITION, part_text(reader, condition));
    catalog_note_word(reader, ATTRIBUTE_ENABLED, enabled_word(row, 4));
    catalog_note_word(reader, ATTRIBUTE_LEVEL, type & TRIGGER_ROW ? "ROW" : "STATEMENT");
    catalog_note(reader, ATTRIBUTE_CONSTRAINT_TRIGGER, catalog_text(reader, row, 8));
    catalog_note(reader, ATTRIBUTE_CALLS, part_text(reader, calls));
    const struct schema_object trigger = {.kind = OBJECT_TRIGGER,
                                          .schema = relation->schema,
                                          .relation_name = relation->name,
                                          .name = catalog_text(reader, row, 2)};
    catalog_add_object(reader, &trigger);
    return 0;
}

static const struct {
    char letter;
    const char *word;
} commands[] = {{'*', "ALL"}, {'r', "SELECT"}, {'a', "INSERT"}, {'w', "UPDATE"}, {'d', "DELETE"}};

/* oid, relation, name, command, permissive, roles, has a condition, condition, has a check, check */
int catalog_take_policy(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    const struct catalog_relation *relation = catalog_find_modelled(reader, copy_oid(row, 1));
    if (!relation || catalog_is_member(reader, OID_POLICY_CATALOG, copy_oid(row, 0)))
        return 0;
    if ((copy_true(row, 6) && !row->fields[7]) || (copy_true(row, 8) && !row->fields[9]))
        return catalog_changed(reader, reterr);
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (row->fields[3] && row->fields[3][0] == commands[i].letter)
            catalog_note_word(reader, ATTRIBUTE_COMMAND, commands[i].word);
    catalog_note_flag(reader, ATTRIBUTE_RESTRICTIVE, !copy_true(row, 4));
    catalog_note_array(reader, ATTRIBUTE_ROLES, row->fields[5]);
    catalog_note(reader, ATTRIBUTE_USING, catalog_expression(reader, row, 7));
    catalog_note(reader, ATTRIBUTE_POLICY_CHECK, catalog_expression(reader, row, 9));
    const struct schema_object policy = {.kind = OBJECT_POLICY,
                                         .schema = relation->schema,
                                         .relation_name = relation->name,
                                         .name = catalog_text(reader, row, 2)};
    catalog_add_object(reader, &policy);
    return 0;
}
