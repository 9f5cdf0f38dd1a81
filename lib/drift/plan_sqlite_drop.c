/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether ALTER TABLE … DROP COLUMN may be used at all. It reads every CREATE text of the file, whatever table that is
 * about. It refuses where a view or trigger names what is not there. And it writes each text in double quotes (a name
 * that is no column's, which SQLite takes for a text by an old leniency) in single ones: an index over such a text it
 * then cannot read itself, and what it can read is no longer what the plan knows. Building the table anew minds none of
 * that. A name that is not understood counts as unknown: the rebuild costs more, but is always right.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/sqlite_ddl.h"
#include "dialect/sqlite_keyword.h"
#include "dialect/sqlite_token.h"
#include "drift/plan_sqlite.h"

/* More of them in one view or trigger count as unknown. */
enum { MOST_TABLES = 64, MOST_ALIASES = 128 };

/* Every table has these columns, or may have. */
static const char *const rowid_names[] = {"rowid", "oid", "_rowid_"};

/* Names that are no column's and are there all the same. */
static const char *const given_names[] = {"new", "old", "excluded", "main", "true", "false"};

/* What a view or trigger may name. */
struct scope {
    const struct schema *schema;
    const struct schema_relation *tables[MOST_TABLES];
    size_t table_count;
    struct sqlite_token aliases[MOST_ALIASES];
    size_t alias_count;
    bool overflown;
    bool out_of_memory;
};

struct neighbours {
    struct sqlite_lexer lexer;
    struct sqlite_token before;
    struct sqlite_token token;
    struct sqlite_token after;
};

static struct neighbours begin_at(const char *text)
{
    struct neighbours at = {.lexer = {.next = text, .end = text + strlen(text)}};
    at.token = sqlite_lexer_next(&at.lexer);
    at.after = sqlite_lexer_next(&at.lexer);
    return at;
}

static void step(struct neighbours *at)
{
    at->before = at->token;
    at->token = at->after;
    at->after = sqlite_lexer_next(&at->lexer);
}

/* Behind the names that a view gives its columns: they are its own. */
static struct neighbours begin_behind_list(const char *text)
{
    struct neighbours at = begin_at(text);
    if (!sqlite_token_is(&at.token, "("))
        return at;
    while (at.token.kind != TOKEN_END && !sqlite_token_is(&at.token, ")"))
        step(&at);
    step(&at);
    return at;
}

static bool is_name(const struct sqlite_token *token)
{
    return token->kind == TOKEN_QUOTED || (token->kind == TOKEN_WORD && !sqlite_keyword(token->text, token->length));
}

/* What stands behind AS, or behind a value or table without a comma between, is a new name. */
static bool is_alias(const struct neighbours *at)
{
    return sqlite_token_is(&at->before, "AS") || sqlite_token_is(&at->before, ")") || is_name(&at->before) ||
           at->before.kind == TOKEN_STRING || at->before.kind == TOKEN_LITERAL;
}

/* Collations have names of their own; so have functions, which only the parenthesis behind them tells. */
static bool is_column_or_table(const struct neighbours *at)
{
    return is_name(&at->token) && !sqlite_token_is(&at->before, "COLLATE");
}

static const struct schema_relation *table_named(struct scope *scope, const struct sqlite_token *token)
{
    cleanup(strbuf) struct strbuf name = STRBUF(token->length + 1);
    sqlite_token_append_name(token, &name);
    scope->out_of_memory |= !strbuf_ok(&name);
    return schema_find_relation(scope->schema, NULL, strbuf_text(&name));
}

static void add_table(struct scope *scope, const struct schema_relation *table)
{
    for (size_t i = 0; i < scope->table_count; i++) {
        if (scope->tables[i] == table)
            return;
    }
    if (scope->table_count < MOST_TABLES)
        scope->tables[scope->table_count++] = table;
    else
        scope->overflown = true;
}

static void find_scope(struct scope *scope, const char *text)
{
    for (struct neighbours at = begin_behind_list(text); at.token.kind != TOKEN_END; step(&at)) {
        if (!is_column_or_table(&at))
            continue;
        const struct schema_relation *table = table_named(scope, &at.token);
        if (table)
            add_table(scope, table);
        if (!is_alias(&at))
            continue;
        if (scope->alias_count < MOST_ALIASES)
            scope->aliases[scope->alias_count++] = at.token;
        else
            scope->overflown = true;
    }
}

static bool is_one_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static bool has_column(const struct schema *schema, const struct schema_relation *table, const char *name)
{
    if (is_one_of(rowid_names, ARRAY_LENGTH(rowid_names), name))
        return true;
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (strcasecmp(schema_text(schema, schema->columns[table->first_column + i].name), name) == 0)
            return true;
    }
    return false;
}

static bool is_alias_or_column(struct scope *scope, const char *name)
{
    for (size_t i = 0; i < scope->table_count; i++) {
        if (has_column(scope->schema, scope->tables[i], name))
            return true;
    }
    for (size_t i = 0; i < scope->alias_count; i++) {
        cleanup(strbuf) struct strbuf alias = STRBUF(scope->aliases[i].length + 1);
        sqlite_token_append_name(&scope->aliases[i], &alias);
        scope->out_of_memory |= !strbuf_ok(&alias);
        if (strcasecmp(strbuf_text(&alias), name) == 0)
            return true;
    }
    return is_one_of(given_names, ARRAY_LENGTH(given_names), name);
}

/* What may be a text must be a column, and that is sure of a query over one table only: triggers mention their own,
 * which only new and old are of, and a query over several has parts over one of them. */
static bool is_known(struct scope *scope, const struct neighbours *at, bool trigger)
{
    cleanup(strbuf) struct strbuf name = STRBUF(at->token.length + 1);
    sqlite_token_append_name(&at->token, &name);
    scope->out_of_memory |= !strbuf_ok(&name);
    if (schema_find_relation(scope->schema, NULL, strbuf_text(&name)))
        return true;
    if (sqlite_token_can_be_text(&at->before, &at->token, &at->after))
        return !trigger && scope->table_count == 1 && has_column(scope->schema, scope->tables[0], strbuf_text(&name));
    return is_alias_or_column(scope, strbuf_text(&name));
}

/* Whether a schema has all that a text names. `table`: the trigger's, or NULL. */
static bool has_all(struct plan_maker *maker, const struct schema *schema, const char *text, const char *table)
{
    struct scope scope = {.schema = schema};
    const struct schema_relation *own = table ? schema_find_relation(schema, NULL, table) : NULL;
    bool all = own || !table;
    if (own)
        add_table(&scope, own);
    find_scope(&scope, text);
    for (struct neighbours at = begin_behind_list(text); all && at.token.kind != TOKEN_END; step(&at)) {
        if (!is_column_or_table(&at))
            continue;
        if (!sqlite_token_is(&at.after, "("))
            all = is_known(&scope, &at, table != NULL);
        else if (sqlite_token_is(&at.before, "INTO") || sqlite_token_is(&at.before, "."))
            all = table_named(&scope, &at.token) != NULL;
    }
    maker->failed |= scope.out_of_memory;
    return all && !scope.overflown;
}

/* A text stands while the plan runs from the one schema to the other: both must have what it names. */
static bool names_stay(struct plan_maker *maker, const char *text, const char *table)
{
    return has_all(maker, maker->current, text, table) && has_all(maker, maker->target, text, table);
}

static bool views_and_triggers_stay(struct plan_maker *maker, const struct schema *schema)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_CONDITION, ATTRIBUTE_BODY};
    size_t end = schema->object_starts[OBJECT_TRIGGER + 1];
    for (size_t i = 0; i < schema->relation_count; i++) {
        const struct schema_relation *relation = &schema->relations[i];
        if (relation->kind == RELATION_VIEW && !names_stay(maker, schema_text(schema, relation->definition), NULL))
            return false;
    }
    for (size_t i = schema->object_starts[OBJECT_TRIGGER]; i < end; i++) {
        const struct schema_object *trigger = &schema->objects[i];
        for (size_t k = 0; k < ARRAY_LENGTH(keys); k++) {
            const char *text = schema_attribute_text(schema, trigger->attributes, keys[k]);
            if (text && !names_stay(maker, text, schema_text(schema, trigger->relation_name)))
                return false;
        }
    }
    return true;
}

/* Whether some name in double quotes is no column's. */
static bool quotes_text(const struct schema *schema, const struct schema_relation *relation, const char *expression,
                        bool *ret_no_memory)
{
    for (struct neighbours at = begin_at(expression); at.token.kind != TOKEN_END; step(&at)) {
        if (!sqlite_token_can_be_text(&at.before, &at.token, &at.after))
            continue;
        cleanup(strbuf) struct strbuf name = STRBUF(at.token.length + 1);
        sqlite_token_append_name(&at.token, &name);
        *ret_no_memory |= !strbuf_ok(&name);
        if (!has_column(schema, relation, strbuf_text(&name)))
            return true;
    }
    return false;
}

static bool table_quotes_text(const struct schema *schema, const struct schema_relation *table, bool *ret_no_memory)
{
    const char *source = schema_attribute_text(schema, table->attributes, ATTRIBUTE_SOURCE);
    cleanup(sqlite_statement) struct sqlite_statement statement = {0};
    struct error error = {0};
    bool found = false;
    if (!source || !strchr(source, '"'))
        return false;
    sqlite_statement_init(&statement);
    if (sqlite_parse_table(source, strlen(source), &statement, &error) < 0) {
        *ret_no_memory |= error.code == ERROR_NO_MEMORY;
        return true;
    }
    for (size_t i = 0; i < statement.column_count && !found; i++)
        found = quotes_text(schema, table, sqlite_statement_text(&statement, statement.columns[i].generated),
                            ret_no_memory);
    for (size_t i = 0; i < statement.constraint_count && !found; i++)
        found = quotes_text(schema, table, sqlite_statement_text(&statement, statement.constraints[i].expression),
                            ret_no_memory);
    return found;
}

/* A declared index has texts in single quotes in the model, except where one is all of a part. */
static bool part_is_text(const struct schema *schema, const struct schema_index *index)
{
    for (uint32_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        if (!(part->flags & PART_EXPRESSION) &&
            !has_column(schema, &schema->relations[index->relation], schema_text(schema, part->text)))
            return true;
    }
    return false;
}

static bool index_quotes_text(const struct schema *schema, const struct schema_index *index, bool *ret_no_memory)
{
    const struct schema_relation *table = &schema->relations[index->relation];
    const char *source = schema_attribute_text(schema, index->attributes, ATTRIBUTE_SOURCE);
    cleanup(sqlite_statement) struct sqlite_statement statement = {0};
    struct error error = {0};
    bool found = part_is_text(schema, index);
    if (found || !source || !strchr(source, '"'))
        return found;
    sqlite_statement_init(&statement);
    if (sqlite_parse_index(source, strlen(source), &statement, &error) < 0) {
        *ret_no_memory |= error.code == ERROR_NO_MEMORY;
        return true;
    }
    for (size_t i = 0; i < statement.part_count && !found; i++) {
        const struct sqlite_index_part *part = &statement.parts[i];
        found = (part->flags & PART_EXPRESSION) &&
                quotes_text(schema, table, sqlite_statement_text(&statement, part->text), ret_no_memory);
    }
    return found || quotes_text(schema, table, sqlite_statement_text(&statement, statement.predicate), ret_no_memory);
}

bool sqlite_quotes_texts(const struct schema *schema, bool *ret_no_memory)
{
    for (size_t i = 0; i < schema->relation_count; i++) {
        if (schema->relations[i].kind == RELATION_TABLE &&
            table_quotes_text(schema, &schema->relations[i], ret_no_memory))
            return true;
    }
    for (size_t i = 0; i < schema->index_count; i++) {
        if (index_quotes_text(schema, &schema->indexes[i], ret_no_memory))
            return true;
    }
    return false;
}

bool sqlite_can_drop_columns(struct plan_maker *maker)
{
    struct sqlite_plan *plan = maker->engine;
    if (!plan->drop_known) {
        plan->drop_known = true;
        plan->drop = views_and_triggers_stay(maker, maker->current) && views_and_triggers_stay(maker, maker->target) &&
                     !sqlite_quotes_texts(maker->current, &maker->failed) &&
                     !sqlite_quotes_texts(maker->target, &maker->failed);
    }
    return plan->drop;
}
