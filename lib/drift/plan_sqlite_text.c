/* SPDX-License-Identifier: Apache-2.0
 *
 * CREATE texts: how they are stored, and what ALTER TABLE makes of them.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/dialect_quote.h"
#include "dialect/sqlite_ddl.h"
#include "dialect/sqlite_sql.h"
#include "dialect/sqlite_token.h"
#include "drift/plan_sqlite.h"

const char *sqlite_quote_text(struct plan_maker *maker, const char *text)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    dialect_quote(&out, '\'', text);
    return plan_keep(maker, &out);
}

void sqlite_add_stored_literal(const char *text, struct strbuf *out)
{
    strbuf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            strbuf_add_char(out, '\'');
        if (*text != '\r')
            strbuf_add_char(out, *text);
    }
    strbuf_add_char(out, '\'');
}

const char *sqlite_stored_column(const struct plan_maker *maker)
{
    const struct sqlite_plan *plan = maker->engine;
    return plan->sql;
}

const char *sqlite_quote_name(struct plan_maker *maker, const char *name)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    dialect_quote(&out, '"', name);
    return plan_keep(maker, &out);
}

static uint32_t attributes_of(const struct schema *schema, enum plan_array array, uint32_t index)
{
    return array == ARRAY_INDEXES   ? schema->indexes[index].attributes
           : array == ARRAY_OBJECTS ? schema->objects[index].attributes
                                    : schema->relations[index].attributes;
}

const char *sqlite_stored_text(struct plan_maker *maker, enum plan_array array, struct sqlite_element element)
{
    const struct schema *schema = sqlite_schema_of(maker, element.side);
    const char *source = schema_attribute_text(schema, attributes_of(schema, array, element.index), ATTRIBUTE_SOURCE);
    if (source && sqlite_sql_name_in(source))
        return source;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    if (array == ARRAY_INDEXES)
        sqlite_sql_index(schema, &schema->indexes[element.index], "", &out);
    else if (array == ARRAY_OBJECTS)
        sqlite_sql_trigger(schema, &schema->objects[element.index], "", &out);
    else if (schema->relations[element.index].kind == RELATION_TABLE)
        return NULL;
    else
        sqlite_sql_view(schema, &schema->relations[element.index], "", &out);
    return plan_keep(maker, &out);
}

/* SQLite keeps a comment behind the last token, which must not swallow the semicolon. */
static bool ends_in_comment(const char *text)
{
    struct sqlite_lexer lexer = {.next = text, .end = text + strlen(text)};
    const char *end = text;
    for (struct sqlite_token token = sqlite_lexer_next(&lexer); token.kind != TOKEN_END;
         token = sqlite_lexer_next(&lexer))
        end = token.text + token.length;
    return *end != '\0';
}

const char *sqlite_text_before_name(struct plan_maker *maker, const char *stored, const char *before)
{
    const char *name = sqlite_sql_name_in(stored);
    if (!name)
        return stored;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    strbuf_add(&out, stored, (size_t)(name - stored));
    strbuf_add_string(&out, before);
    strbuf_add_string(&out, name);
    strbuf_add_string(&out, ends_in_comment(name) ? "\n" : "");
    return plan_keep(maker, &out);
}

/* The primary key of a state, if it stands with that column. */
static const struct schema_constraint *key_of(struct sqlite_table *table, const struct sqlite_state *state,
                                              struct sqlite_element column, const struct schema **ret_schema)
{
    const struct sqlite_set *constraints = &state->sets[ARRAY_CONSTRAINTS];
    const char *name = sqlite_element_name(table->maker, ARRAY_COLUMNS, column);
    for (size_t i = 0; i < constraints->count; i++) {
        const struct schema *schema = sqlite_schema_of(table->maker, constraints->items[i].side);
        const struct schema_constraint *key = &schema->constraints[constraints->items[i].index];
        *ret_schema = schema;
        if (sqlite_sql_key_is_inline(schema, key) &&
            strcasecmp(schema_text(schema, schema->lists[key->columns.first]), name) == 0)
            return key;
    }
    return NULL;
}

static void add_column(struct sqlite_table *table, const struct sqlite_state *state, struct sqlite_element column,
                       struct strbuf *out)
{
    const struct schema *key_schema = NULL;
    const struct schema_constraint *key = key_of(table, state, column, &key_schema);
    const struct schema *schema = sqlite_schema_of(table->maker, column.side);
    sqlite_sql_column(schema, &schema->columns[column.index], key_schema, key, out);
}

/* A primary key over several columns can number one of them; SQLite lets it stand, and it is an error when made. */
static bool increments(struct sqlite_table *table, const struct sqlite_state *state, const struct schema *schema,
                       const struct schema_constraint *key)
{
    if (key->kind != CONSTRAINT_PRIMARY_KEY || key->columns.count != 1)
        return false;
    const struct sqlite_element *column =
        sqlite_state_column(table, state, schema_text(schema, schema->lists[key->columns.first]));
    return column &&
           (sqlite_schema_of(table->maker, column->side)->columns[column->index].flags & COLUMN_AUTO_INCREMENT);
}

const char *sqlite_made_text(struct sqlite_table *table, const struct sqlite_state *state, const char *name)
{
    struct plan_maker *maker = table->maker;
    const struct schema *options = NULL;
    const struct schema_relation *relation = sqlite_state_relation(table, state, &options);
    if (relation->kind != RELATION_TABLE)
        return sqlite_stored_text(maker, ARRAY_RELATIONS, state->sets[ARRAY_RELATIONS].items[0]);
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    const struct sqlite_set *columns = &state->sets[ARRAY_COLUMNS];
    const struct sqlite_set *constraints = &state->sets[ARRAY_CONSTRAINTS];
    bool strict = schema_has_attribute(options, relation->attributes, ATTRIBUTE_STRICT);
    bool without_rowid = schema_has_attribute(options, relation->attributes, ATTRIBUTE_WITHOUT_ROWID);
    strbuf_add_string(&out, "CREATE TABLE ");
    dialect_quote(&out, '"', name);
    for (size_t i = 0; i < columns->count; i++) {
        strbuf_add_string(&out, i == 0 ? " (\n  " : ",\n  ");
        add_column(table, state, columns->items[i], &out);
    }
    for (size_t i = 0; i < constraints->count; i++) {
        const struct schema *schema = sqlite_schema_of(maker, constraints->items[i].side);
        const struct schema_constraint *constraint = &schema->constraints[constraints->items[i].index];
        if (sqlite_sql_key_is_inline(schema, constraint))
            continue;
        strbuf_add_string(&out, ",\n  ");
        sqlite_sql_constraint(schema, constraint, increments(table, state, schema, constraint), &out);
    }
    strbuf_printf(&out, "\n)%s%s%s", strict ? " STRICT" : "", strict && without_rowid ? "," : "",
                  without_rowid ? " WITHOUT ROWID" : "");
    return plan_keep(maker, &out);
}

const char *sqlite_column_text(struct sqlite_table *table, const struct sqlite_state *from,
                               const struct sqlite_state *to, struct sqlite_element column)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    const struct sqlite_set *constraints = &to->sets[ARRAY_CONSTRAINTS];
    add_column(table, to, column, &out);
    for (size_t i = 0; i < constraints->count; i++) {
        const struct schema *schema = sqlite_schema_of(table->maker, constraints->items[i].side);
        if (!sqlite_set_has(&from->sets[ARRAY_CONSTRAINTS], constraints->items[i]) &&
            sqlite_constraint_is_of(table->maker, constraints->items[i], column))
            sqlite_sql_inline_constraint(schema, &schema->constraints[constraints->items[i].index], &out);
    }
    return plan_keep(table->maker, &out);
}

/* Parses a stored text; false where it is not understood. */
static bool parse(struct plan_maker *maker, const char *text, struct sqlite_statement *statement)
{
    struct error error = {0};
    if (sqlite_parse_table(text, strlen(text), statement, &error) == 0)
        return true;
    maker->failed |= error.code == ERROR_NO_MEMORY;
    return false;
}

const char *sqlite_text_with_column(struct plan_maker *maker, const char *text, const char *definition)
{
    cleanup(sqlite_statement) struct sqlite_statement statement = {0};
    sqlite_statement_init(&statement);
    if (!parse(maker, text, &statement))
        return NULL;
    return plan_printf(maker, "%.*s, %s%s", (int)statement.columns_end, text, definition, text + statement.columns_end);
}

/* A column goes with what is behind it up to the next one; the last one with the comma before it. */
const char *sqlite_text_without_column(struct plan_maker *maker, const char *text, const char *name)
{
    cleanup(sqlite_statement) struct sqlite_statement statement = {0};
    sqlite_statement_init(&statement);
    if (!parse(maker, text, &statement))
        return NULL;
    for (size_t i = 0; i < statement.column_count; i++) {
        size_t begin = statement.columns[i].offset;
        size_t end = i + 1 < statement.column_count ? statement.columns[i + 1].offset : statement.columns_end;
        if (strcasecmp(sqlite_statement_text(&statement, statement.columns[i].name), name) != 0)
            continue;
        while (i + 1 == statement.column_count && begin > 0 && text[begin] != ',')
            begin--;
        return plan_printf(maker, "%.*s%s", (int)begin, text, text + end);
    }
    return NULL;
}
