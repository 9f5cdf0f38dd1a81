/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/sqlite_sql.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/dialect_quote.h"
#include "dialect/sqlite_keyword.h"
#include "dialect/sqlite_token.h"

static const char *const actions[FOREIGN_KEY_ACTIONS] = {
    [ACTION_NO_ACTION] = "NO ACTION", [ACTION_RESTRICT] = "RESTRICT",       [ACTION_CASCADE] = "CASCADE",
    [ACTION_SET_NULL] = "SET NULL",   [ACTION_SET_DEFAULT] = "SET DEFAULT",
};

void sqlite_sql_name(const struct schema *schema, uint32_t name, struct strbuf *out)
{
    dialect_quote(out, '"', schema_text(schema, name));
}

static void add_names(const struct schema *schema, struct text_list names, const char *behind, struct strbuf *out)
{
    strbuf_add_string(out, " (");
    for (uint32_t i = 0; i < names.count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : "");
        sqlite_sql_name(schema, schema->lists[names.first + i], out);
    }
    strbuf_add_string(out, behind);
    strbuf_add_char(out, ')');
}

/* Words that mean no constraint, then perhaps arguments: everything else is a type only between quotes. */
static bool is_plain_type(const char *type)
{
    struct sqlite_lexer lexer = {.next = type, .end = type + strlen(type)};
    struct sqlite_token token = sqlite_lexer_next(&lexer);
    while (token.kind == TOKEN_WORD && sqlite_name_is_plain(token.text, token.length))
        token = sqlite_lexer_next(&lexer);
    if (sqlite_token_is(&token, "(")) {
        do
            token = sqlite_lexer_next(&lexer);
        while (token.kind == TOKEN_LITERAL || token.kind == TOKEN_WORD || sqlite_token_is(&token, ",") ||
               sqlite_token_is(&token, "-") || sqlite_token_is(&token, "+"));
        if (!sqlite_token_is(&token, ")"))
            return false;
        token = sqlite_lexer_next(&lexer);
    }
    return token.kind == TOKEN_END;
}

static void add_type(const struct schema *schema, uint32_t type, struct strbuf *out)
{
    const char *text = schema_text(schema, type);
    if (!text[0])
        return;
    strbuf_add_char(out, ' ');
    if (is_plain_type(text))
        strbuf_add_string(out, text);
    else
        dialect_quote(out, '"', text);
}

/* What DEFAULT takes without parentheses: one constant, perhaps with a sign. A text in double quotes is written as the
 * string that it is. */
static void add_default(const char *text, struct strbuf *out)
{
    struct sqlite_lexer lexer = {.next = text, .end = text + strlen(text)};
    struct sqlite_token first = sqlite_lexer_next(&lexer);
    struct sqlite_token second = sqlite_lexer_next(&lexer);
    struct sqlite_token third = sqlite_lexer_next(&lexer);
    bool sign = sqlite_token_is(&first, "-") || sqlite_token_is(&first, "+");
    bool single = second.kind == TOKEN_END && first.kind != TOKEN_OPERATOR;
    strbuf_add_string(out, " DEFAULT ");
    if (single && first.kind == TOKEN_QUOTED) {
        cleanup(strbuf) struct strbuf name = STRBUF(LIMIT_DEFINITION_BYTES);
        sqlite_token_append_name(&first, &name);
        dialect_quote(out, '\'', strbuf_text(&name));
        out->failed |= !strbuf_ok(&name);
    } else if (single || (sign && second.kind == TOKEN_LITERAL && third.kind == TOKEN_END)) {
        strbuf_add_string(out, text);
    } else {
        strbuf_printf(out, "(%s)", text);
    }
}

static void add_conflict(const char *resolution, struct strbuf *out)
{
    if (resolution)
        strbuf_printf(out, " ON CONFLICT %s", resolution);
}

static void add_constraint_name(const struct schema *schema, const struct schema_constraint *constraint,
                                struct strbuf *out)
{
    if (!constraint->name)
        return;
    strbuf_add_string(out, "CONSTRAINT ");
    sqlite_sql_name(schema, constraint->name, out);
    strbuf_add_char(out, ' ');
}

static const struct schema_attribute *key_parts(const struct schema *schema, const struct schema_constraint *key,
                                                size_t *ret_count)
{
    return schema_attribute_list(schema, key->attributes, ATTRIBUTE_KEY_PARTS, ret_count);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* Descending without a collation: "name DESC". */
static bool is_descending_only(const char *part)
{
    struct sqlite_lexer lexer = {.next = part, .end = part + strlen(part)};
    struct sqlite_token name = sqlite_lexer_next(&lexer);
    struct sqlite_token order = sqlite_lexer_next(&lexer);
    return sqlite_token_is_name(&name) && sqlite_token_is(&order, "DESC") &&
           sqlite_lexer_next(&lexer).kind == TOKEN_END;
}

bool sqlite_sql_key_is_inline(const struct schema *schema, const struct schema_constraint *key)
{
    size_t count = 0;
    if (key->kind != CONSTRAINT_PRIMARY_KEY || key->columns.count != 1)
        return false;
    const struct schema_attribute *parts = key_parts(schema, key, &count);
    return count == 0 || is_descending_only(schema_text(schema, parts->text));
}

bool sqlite_sql_key_can_be_rowid(const struct schema *schema, const struct schema_constraint *key)
{
    size_t count = 0;
    if (key->kind != CONSTRAINT_PRIMARY_KEY || key->columns.count != 1)
        return false;
    const struct schema_attribute *parts = key_parts(schema, key, &count);
    return count == 0 || !ends_with(schema_text(schema, parts->text), " DESC");
}

const char *sqlite_sql_placeholder(const char *type)
{
    static const struct {
        const char *part;
        const char *value;
    } values[] = {{"INT", "0"}, {"CHAR", "''"}, {"CLOB", "''"}, {"TEXT", "''"}, {"BLOB", "x''"}};
    if (!type[0] || strcasecmp(type, "ANY") == 0)
        return "''";
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        if (strcasestr(type, values[i].part))
            return values[i].value;
    }
    return "0";
}

const char *sqlite_sql_name_in(const char *stored)
{
    static const char *const beginnings[] = {"CREATE TABLE ", "CREATE INDEX ",   "CREATE UNIQUE INDEX ",
                                             "CREATE VIEW ",  "CREATE TRIGGER ", "CREATE VIRTUAL TABLE "};
    for (size_t i = 0; i < ARRAY_LENGTH(beginnings); i++) {
        size_t length = strlen(beginnings[i]);
        if (strncmp(stored, beginnings[i], length) == 0)
            return stored + length;
    }
    return NULL;
}

static void add_inline_key(const struct schema_column *column, const struct schema *schema,
                           const struct schema_constraint *key, struct strbuf *out)
{
    size_t count = 0;
    strbuf_add_char(out, ' ');
    add_constraint_name(schema, key, out);
    strbuf_add_string(out, "PRIMARY KEY");
    if (key_parts(schema, key, &count))
        strbuf_add_string(out, " DESC");
    add_conflict(schema_attribute_text(schema, key->attributes, ATTRIBUTE_ON_CONFLICT), out);
    if (column->flags & COLUMN_AUTO_INCREMENT)
        strbuf_add_string(out, " AUTOINCREMENT");
}

/* The rowid is never NULL without saying so. */
static bool says_not_null(const struct schema *schema, const struct schema_column *column,
                          const struct schema *key_schema, const struct schema_constraint *key)
{
    bool rowid = key && sqlite_sql_key_can_be_rowid(key_schema, key) &&
                 strcmp(schema_text(schema, column->type), "INTEGER") == 0;
    return !(column->flags & COLUMN_NULLABLE) &&
           (!rowid || schema_has_attribute(schema, column->attributes, ATTRIBUTE_NOT_NULL_CONFLICT));
}

void sqlite_sql_column(const struct schema *schema, const struct schema_column *column, const struct schema *key_schema,
                       const struct schema_constraint *key, struct strbuf *out)
{
    const char *collation = schema_attribute_text(schema, column->attributes, ATTRIBUTE_COLLATION);
    const char *conflict = schema_attribute_text(schema, column->attributes, ATTRIBUTE_NOT_NULL_CONFLICT);
    sqlite_sql_name(schema, column->name, out);
    add_type(schema, column->type, out);
    if (key)
        add_inline_key(column, key_schema, key, out);
    if (says_not_null(schema, column, key_schema, key)) {
        strbuf_add_string(out, " NOT NULL");
        add_conflict(conflict, out);
    }
    if (collation) {
        strbuf_add_string(out, " COLLATE ");
        sqlite_name_append(collation, out);
    }
    if (column->default_expression)
        add_default(schema_text(schema, column->default_expression), out);
    if (column->generated)
        strbuf_printf(out, " GENERATED ALWAYS AS (%s) %s", schema_text(schema, column->generated),
                      column->flags & COLUMN_GENERATED_STORED ? "STORED" : "VIRTUAL");
}

static void add_key(const struct schema *schema, const struct schema_constraint *key, bool increments,
                    struct strbuf *out)
{
    size_t count = 0;
    const struct schema_attribute *parts = key_parts(schema, key, &count);
    const char *behind = increments ? " AUTOINCREMENT" : "";
    strbuf_add_string(out, key->kind == CONSTRAINT_PRIMARY_KEY ? "PRIMARY KEY" : "UNIQUE");
    if (count == 0) {
        add_names(schema, key->columns, behind, out);
    } else {
        strbuf_add_string(out, " (");
        for (size_t i = 0; i < count; i++)
            strbuf_printf(out, "%s%s", i > 0 ? ", " : "", schema_text(schema, parts[i].text));
        strbuf_printf(out, "%s)", behind);
    }
    add_conflict(schema_attribute_text(schema, key->attributes, ATTRIBUTE_ON_CONFLICT), out);
}

static void add_references(const struct schema *schema, const struct schema_constraint *key, struct strbuf *out)
{
    strbuf_add_string(out, " REFERENCES ");
    sqlite_sql_name(schema, key->referenced_table, out);
    if (key->referenced_columns.count > 0)
        add_names(schema, key->referenced_columns, "", out);
    if (key->on_delete != ACTION_NO_ACTION)
        strbuf_printf(out, " ON DELETE %s", actions[key->on_delete]);
    if (key->on_update != ACTION_NO_ACTION)
        strbuf_printf(out, " ON UPDATE %s", actions[key->on_update]);
    if (key->flags & CONSTRAINT_DEFERRED)
        strbuf_add_string(out, " DEFERRABLE INITIALLY DEFERRED");
    else if (key->flags & CONSTRAINT_DEFERRABLE)
        strbuf_add_string(out, " DEFERRABLE");
}

static void add_check(const struct schema *schema, const struct schema_constraint *check, struct strbuf *out)
{
    strbuf_printf(out, "CHECK (%s)", schema_text(schema, check->expression));
}

void sqlite_sql_constraint(const struct schema *schema, const struct schema_constraint *constraint, bool increments,
                           struct strbuf *out)
{
    add_constraint_name(schema, constraint, out);
    if (constraint->kind == CONSTRAINT_CHECK) {
        add_check(schema, constraint, out);
    } else if (constraint->kind == CONSTRAINT_FOREIGN_KEY) {
        strbuf_add_string(out, "FOREIGN KEY");
        add_names(schema, constraint->columns, "", out);
        add_references(schema, constraint, out);
    } else {
        add_key(schema, constraint, increments, out);
    }
}

void sqlite_sql_inline_constraint(const struct schema *schema, const struct schema_constraint *constraint,
                                  struct strbuf *out)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    if (constraint->name)
        strbuf_add_char(out, ' ');
    add_constraint_name(schema, constraint, &text);
    if (text.length > 0)
        strbuf_add(out, strbuf_text(&text), text.length - 1);
    if (constraint->kind == CONSTRAINT_CHECK) {
        strbuf_add_char(out, ' ');
        add_check(schema, constraint, out);
    } else {
        add_references(schema, constraint, out);
    }
    out->failed |= !strbuf_ok(&text);
}

static void add_part(const struct schema *schema, const struct schema_index_part *part, struct strbuf *out)
{
    if (part->flags & PART_EXPRESSION)
        strbuf_add_string(out, schema_text(schema, part->text));
    else
        sqlite_sql_name(schema, part->text, out);
    if (part->collation) {
        strbuf_add_string(out, " COLLATE ");
        sqlite_name_append(schema_text(schema, part->collation), out);
    }
    if (part->flags & PART_DESCENDING)
        strbuf_add_string(out, " DESC");
}

void sqlite_sql_index(const struct schema *schema, const struct schema_index *index, const char *before,
                      struct strbuf *out)
{
    strbuf_printf(out, "CREATE %sINDEX %s", index->flags & INDEX_UNIQUE ? "UNIQUE " : "", before);
    sqlite_sql_name(schema, index->name, out);
    strbuf_add_string(out, " ON ");
    sqlite_sql_name(schema, schema->relations[index->relation].name, out);
    strbuf_add_string(out, " (");
    for (uint32_t i = 0; i < index->part_count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : "");
        add_part(schema, &schema->parts[index->first_part + i], out);
    }
    strbuf_add_char(out, ')');
    if (index->predicate)
        strbuf_printf(out, " WHERE %s", schema_text(schema, index->predicate));
}

static const char *attribute(const struct schema *schema, uint32_t run, enum attribute_key key)
{
    const char *text = schema_attribute_text(schema, run, key);
    return text ? text : "";
}

void sqlite_sql_trigger(const struct schema *schema, const struct schema_object *trigger, const char *before,
                        struct strbuf *out)
{
    const char *condition = attribute(schema, trigger->attributes, ATTRIBUTE_CONDITION);
    strbuf_printf(out, "CREATE TRIGGER %s", before);
    sqlite_sql_name(schema, trigger->name, out);
    strbuf_printf(out, " %s %s ON ", attribute(schema, trigger->attributes, ATTRIBUTE_TIMING),
                  attribute(schema, trigger->attributes, ATTRIBUTE_EVENTS));
    sqlite_sql_name(schema, trigger->relation_name, out);
    strbuf_add_string(out, " FOR EACH ROW");
    if (condition[0])
        strbuf_printf(out, " WHEN %s", condition);
    strbuf_printf(out, " BEGIN\n%s\nEND", attribute(schema, trigger->attributes, ATTRIBUTE_BODY));
}

void sqlite_sql_view(const struct schema *schema, const struct schema_relation *view, const char *before,
                     struct strbuf *out)
{
    const char *definition = schema_text(schema, view->definition);
    strbuf_printf(out, "CREATE %s %s", view->kind == RELATION_VIRTUAL ? "VIRTUAL TABLE" : "VIEW", before);
    sqlite_sql_name(schema, view->name, out);
    if (view->kind == RELATION_VIRTUAL)
        strbuf_add_string(out, " USING ");
    else
        strbuf_add_string(out, definition[0] == '(' ? " " : " AS ");
    strbuf_add_string(out, definition);
}
