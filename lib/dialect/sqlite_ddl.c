/* SPDX-License-Identifier: Apache-2.0
 *
 * CREATE TABLE. The grammar followed is SQLite's parse.y, including what it tolerates: missing commas between table
 * constraints, strings as names, types of any words, constraint names that name nothing.
 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "dialect/sqlite_parser.h"

/* SQLite's own compile-time maximum is 32,767 columns. */
enum { LIMIT_TABLE_COLUMNS = 32767, LIMIT_TABLE_PARTS = 1 << 20 };

static struct sqlite_column *add_column(struct sqlite_parser *parser)
{
    struct sqlite_statement *statement = parser->statement;
    if (!mem_grow(&statement->columns, &statement->column_capacity, statement->column_count,
                  sizeof(*statement->columns), LIMIT_TABLE_COLUMNS)) {
        statement->out_of_memory = true;
        error_no_memory(parser->reterr);
        return NULL;
    }
    struct sqlite_column *column = &statement->columns[statement->column_count++];
    *column = (struct sqlite_column){.flags = COLUMN_NULLABLE};
    return column;
}

static struct sqlite_constraint *add_constraint(struct sqlite_parser *parser, enum constraint_kind kind, uint32_t name)
{
    struct sqlite_statement *statement = parser->statement;
    if (!mem_grow(&statement->constraints, &statement->constraint_capacity, statement->constraint_count,
                  sizeof(*statement->constraints), LIMIT_TABLE_PARTS)) {
        statement->out_of_memory = true;
        error_no_memory(parser->reterr);
        return NULL;
    }
    struct sqlite_constraint *constraint = &statement->constraints[statement->constraint_count++];
    *constraint =
        (struct sqlite_constraint){.kind = (uint8_t)kind, .name = name, .flags = name ? 0 : CONSTRAINT_AUTOMATIC_NAME};
    return constraint;
}

static int add_name(struct sqlite_parser *parser, struct sqlite_name_list *list, uint32_t name)
{
    struct sqlite_statement *statement = parser->statement;
    if (!mem_grow(&statement->names, &statement->name_capacity, statement->name_count, sizeof(*statement->names),
                  LIMIT_TABLE_PARTS)) {
        statement->out_of_memory = true;
        return error_no_memory(parser->reterr);
    }
    if (list->count == 0)
        list->first = (uint32_t)statement->name_count;
    list->count++;
    statement->names[statement->name_count++] = name;
    return 0;
}

/* ( name [COLLATE x] [ASC|DESC], … without the closing parenthesis; `parts`: they are a key's. */
static int parse_name_list(struct sqlite_parser *parser, struct sqlite_name_list *list, bool parts)
{
    struct sqlite_index_part ignored = {0};
    if (sqlite_parser_expect(parser, "(") < 0)
        return -1;
    do {
        uint32_t name = 0;
        if (sqlite_parser_name(parser, &name) < 0 || add_name(parser, list, name) < 0)
            return -1;
        struct sqlite_index_part *part = parts ? sqlite_parser_add_part(parser) : &ignored;
        if (!part)
            return -1;
        part->text = name;
        if (sqlite_parser_accept(parser, "COLLATE") && sqlite_parser_raised_name(parser, &part->collation) < 0)
            return -1;
        if (!sqlite_parser_accept(parser, "ASC") && sqlite_parser_accept(parser, "DESC"))
            part->flags |= PART_DESCENDING;
    } while (sqlite_parser_accept(parser, ","));
    return 0;
}

/* ON CONFLICT …: ABORT is what holds without it, and is not kept. */
static int parse_conflict_clause(struct sqlite_parser *parser, uint32_t *ret_resolution)
{
    if (!sqlite_parser_accept(parser, "ON"))
        return 0;
    if (sqlite_parser_expect(parser, "CONFLICT") < 0)
        return -1;
    if (!sqlite_parser_accept(parser, "ABORT"))
        return sqlite_parser_raised_name(parser, ret_resolution);
    return 0;
}

static int parse_action(struct sqlite_parser *parser, uint8_t *ret_action)
{
    if (sqlite_parser_accept(parser, "CASCADE"))
        *ret_action = ACTION_CASCADE;
    else if (sqlite_parser_accept(parser, "RESTRICT"))
        *ret_action = ACTION_RESTRICT;
    else if (sqlite_parser_accept(parser, "NO"))
        return sqlite_parser_expect(parser, "ACTION");
    else if (sqlite_parser_expect(parser, "SET") < 0)
        return -1;
    else if (sqlite_parser_accept(parser, "NULL"))
        *ret_action = ACTION_SET_NULL;
    else if (sqlite_parser_expect(parser, "DEFAULT") < 0)
        return -1;
    else
        *ret_action = ACTION_SET_DEFAULT;
    return 0;
}

/* [NOT] DEFERRABLE [INITIALLY DEFERRED|IMMEDIATE], behind a foreign key, or alone as a column's constraint. */
static int parse_deferrable(struct sqlite_parser *parser, uint8_t *flags, bool negated)
{
    if (sqlite_parser_expect(parser, "DEFERRABLE") < 0)
        return -1;
    bool deferred = false;
    if (sqlite_parser_accept(parser, "INITIALLY")) {
        deferred = sqlite_parser_accept(parser, "DEFERRED");
        if (!deferred && sqlite_parser_expect(parser, "IMMEDIATE") < 0)
            return -1;
    }
    if (!negated)
        *flags |= (uint8_t)(CONSTRAINT_DEFERRABLE | (deferred ? CONSTRAINT_DEFERRED : 0));
    return 0;
}

/* The cursor stands on NOT: whether DEFERRABLE follows. */
static bool is_not_deferrable(const struct sqlite_parser *parser)
{
    struct sqlite_lexer ahead = parser->lexer;
    struct sqlite_token next = sqlite_lexer_next(&ahead);
    return sqlite_parser_is(parser, "NOT") && sqlite_token_is(&next, "DEFERRABLE");
}

static int parse_reference_arguments(struct sqlite_parser *parser, struct sqlite_constraint *key)
{
    for (;;) {
        uint32_t name = 0;
        uint8_t ignored = 0;
        if (sqlite_parser_accept(parser, "MATCH")) {
            if (sqlite_parser_name(parser, &name) < 0)
                return -1;
        } else if (sqlite_parser_accept(parser, "ON")) {
            uint8_t *action = sqlite_parser_is(parser, "DELETE")   ? &key->on_delete
                              : sqlite_parser_is(parser, "UPDATE") ? &key->on_update
                                                                   : &ignored;
            sqlite_parser_advance(parser);
            if (parse_action(parser, action) < 0)
                return -1;
        } else if (is_not_deferrable(parser)) {
            sqlite_parser_advance(parser);
            if (parse_deferrable(parser, &key->flags, true) < 0)
                return -1;
        } else if (sqlite_parser_is(parser, "DEFERRABLE")) {
            if (parse_deferrable(parser, &key->flags, false) < 0)
                return -1;
        } else {
            return 0;
        }
    }
}

/* Behind REFERENCES. */
static int parse_reference(struct sqlite_parser *parser, struct sqlite_constraint *key)
{
    if (sqlite_parser_name(parser, &key->referenced_table) < 0)
        return -1;
    if (sqlite_parser_is(parser, "(")) {
        if (parse_name_list(parser, &key->referenced_columns, false) < 0 || sqlite_parser_expect(parser, ")") < 0)
            return -1;
    }
    return parse_reference_arguments(parser, key);
}

/* DEFERRABLE that stands apart from its REFERENCES is the last foreign key's, as SQLite reads it. */
static int parse_late_deferrable(struct sqlite_parser *parser, bool negated)
{
    struct sqlite_statement *statement = parser->statement;
    uint8_t ignored = 0;
    uint8_t *flags = &ignored;
    for (size_t i = 0; i < statement->constraint_count; i++) {
        if (statement->constraints[i].kind == CONSTRAINT_FOREIGN_KEY)
            flags = &statement->constraints[i].flags;
    }
    return parse_deferrable(parser, flags, negated);
}

static bool begins_column_constraint(const struct sqlite_parser *parser)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "NOT",        "NULL", "UNIQUE",     "CHECK",
                                        "DEFAULT",    "COLLATE", "REFERENCES", "AS",   "DEFERRABLE", "ON"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (sqlite_parser_is(parser, words[i]))
            return true;
    }
    struct sqlite_lexer ahead = parser->lexer;
    struct sqlite_token next = sqlite_lexer_next(&ahead);
    return sqlite_parser_is(parser, "GENERATED") && sqlite_token_is(&next, "ALWAYS");
}

/* `( … )` behind a type's name: a blank only between words. */
static int parse_type_arguments(struct sqlite_parser *parser, struct strbuf *texts)
{
    bool after_word = false;
    while (!sqlite_parser_is(parser, ")")) {
        if (parser->token.kind == TOKEN_END || parser->token.kind == TOKEN_BAD)
            return sqlite_parser_fail(parser, ")");
        if (after_word && parser->token.kind == TOKEN_WORD)
            strbuf_add_char(texts, ' ');
        strbuf_add(texts, parser->token.text, parser->token.length);
        after_word = parser->token.kind == TOKEN_WORD || parser->token.kind == TOKEN_LITERAL;
        sqlite_parser_advance(parser);
    }
    strbuf_add_char(texts, ')');
    sqlite_parser_advance(parser);
    return 0;
}

/* Any number of words, then perhaps arguments. */
static int parse_type(struct sqlite_parser *parser, uint32_t *ret_type)
{
    struct strbuf *texts = &parser->statement->texts;
    size_t start = texts->length;
    while (sqlite_token_is_name(&parser->token) && !begins_column_constraint(parser)) {
        if (texts->length > start)
            strbuf_add_char(texts, ' ');
        sqlite_token_append_name(&parser->token, texts);
        sqlite_parser_advance(parser);
    }
    if (texts->length == start)
        return 0;
    if (sqlite_parser_is(parser, "(") && parse_type_arguments(parser, texts) < 0)
        return -1;
    sqlite_text_raise(texts, start);
    *ret_type = sqlite_parser_end_text(parser, start);
    return 0;
}

/* Behind DEFAULT: an expression in parentheses, or a literal or word with perhaps a sign. */
static int parse_default(struct sqlite_parser *parser, struct sqlite_column *column)
{
    if (sqlite_parser_is(parser, "("))
        return sqlite_parser_parenthesised(parser, &column->default_expression);
    const char *begin = parser->token.text;
    if (!sqlite_parser_accept(parser, "-"))
        sqlite_parser_accept(parser, "+");
    if (!sqlite_token_is_name(&parser->token) && parser->token.kind != TOKEN_LITERAL)
        return sqlite_parser_fail(parser, "a default value");
    column->default_expression = sqlite_parser_canonical(parser, begin, parser->token.text + parser->token.length);
    sqlite_parser_advance(parser);
    return 0;
}

/* Behind [GENERATED ALWAYS] AS. */
static int parse_generated(struct sqlite_parser *parser, struct sqlite_column *column)
{
    if (sqlite_parser_parenthesised(parser, &column->generated) < 0)
        return -1;
    bool stored = sqlite_parser_accept(parser, "STORED");
    if (!stored)
        sqlite_parser_accept(parser, "VIRTUAL");
    column->flags |= stored ? COLUMN_GENERATED_STORED : COLUMN_GENERATED_VIRTUAL;
    return 0;
}

/* A key over this column alone; NULL: failed. */
static struct sqlite_constraint *add_column_key(struct sqlite_parser *parser, enum constraint_kind kind,
                                                const struct sqlite_column *column, uint32_t name)
{
    struct sqlite_constraint *key = add_constraint(parser, kind, name);
    if (!key || add_name(parser, &key->columns, column->name) < 0)
        return NULL;
    key->first_part = (uint32_t)parser->statement->part_count;
    struct sqlite_index_part *part = sqlite_parser_add_part(parser);
    if (!part)
        return NULL;
    part->text = column->name;
    return key;
}

static int parse_column_key(struct sqlite_parser *parser, struct sqlite_column *column, uint32_t name)
{
    if (sqlite_parser_expect(parser, "KEY") < 0)
        return -1;
    struct sqlite_constraint *key = add_column_key(parser, CONSTRAINT_PRIMARY_KEY, column, name);
    if (!key)
        return -1;
    bool descending = sqlite_parser_accept(parser, "DESC");
    if (descending)
        parser->statement->parts[key->first_part].flags |= PART_DESCENDING;
    else
        sqlite_parser_accept(parser, "ASC");
    if (parse_conflict_clause(parser, &key->on_conflict) < 0)
        return -1;
    if (sqlite_parser_accept(parser, "AUTOINCREMENT"))
        column->flags |= COLUMN_AUTO_INCREMENT;
    /* An alias of the rowid is never NULL; a descending one is, by an old mistake that SQLite keeps, no alias. */
    if (!descending && strcmp(sqlite_statement_text(parser->statement, column->type), "INTEGER") == 0)
        column->flags &= (uint16_t)~COLUMN_NULLABLE;
    return 0;
}

static int parse_column_reference(struct sqlite_parser *parser, const struct sqlite_column *column, uint32_t name)
{
    struct sqlite_constraint *key = add_constraint(parser, CONSTRAINT_FOREIGN_KEY, name);
    if (!key || add_name(parser, &key->columns, column->name) < 0)
        return -1;
    return parse_reference(parser, key);
}

static int parse_column_not(struct sqlite_parser *parser, struct sqlite_column *column)
{
    if (sqlite_parser_is(parser, "DEFERRABLE"))
        return parse_late_deferrable(parser, true);
    if (sqlite_parser_expect(parser, "NULL") < 0)
        return -1;
    column->flags &= (uint16_t)~COLUMN_NULLABLE;
    return parse_conflict_clause(parser, &column->not_null_conflict);
}

/* Behind CHECK. SQLite reads ON CONFLICT there, and has no use for it. */
static int parse_check(struct sqlite_parser *parser, uint32_t name)
{
    uint32_t ignored = 0;
    struct sqlite_constraint *check = add_constraint(parser, CONSTRAINT_CHECK, name);
    if (!check || sqlite_parser_parenthesised(parser, &check->expression) < 0)
        return -1;
    return parse_conflict_clause(parser, &ignored);
}

/* BINARY is what holds without it, and is not kept. */
static int parse_collation(struct sqlite_parser *parser, struct sqlite_column *column)
{
    uint32_t collation = 0;
    if (sqlite_parser_raised_name(parser, &collation) < 0)
        return -1;
    column->collation = strcmp(sqlite_statement_text(parser->statement, collation), "BINARY") == 0 ? 0 : collation;
    return 0;
}

static int parse_column_constraint(struct sqlite_parser *parser, struct sqlite_column *column, uint32_t name)
{
    uint32_t ignored = 0;
    if (sqlite_parser_accept(parser, "PRIMARY"))
        return parse_column_key(parser, column, name);
    if (sqlite_parser_accept(parser, "NOT"))
        return parse_column_not(parser, column);
    if (sqlite_parser_accept(parser, "NULL"))
        return parse_conflict_clause(parser, &ignored);
    if (sqlite_parser_accept(parser, "DEFAULT"))
        return parse_default(parser, column);
    if (sqlite_parser_accept(parser, "COLLATE"))
        return parse_collation(parser, column);
    if (sqlite_parser_accept(parser, "REFERENCES"))
        return parse_column_reference(parser, column, name);
    if (sqlite_parser_is(parser, "DEFERRABLE"))
        return parse_late_deferrable(parser, false);
    if (sqlite_parser_accept(parser, "GENERATED") && sqlite_parser_expect(parser, "ALWAYS") < 0)
        return -1;
    if (sqlite_parser_accept(parser, "AS"))
        return parse_generated(parser, column);
    if (sqlite_parser_accept(parser, "UNIQUE")) {
        struct sqlite_constraint *unique = add_column_key(parser, CONSTRAINT_UNIQUE, column, name);
        return unique ? parse_conflict_clause(parser, &unique->on_conflict) : -1;
    }
    if (sqlite_parser_accept(parser, "CHECK"))
        return parse_check(parser, name);
    return sqlite_parser_fail(parser, "a column constraint");
}

static bool at_end_of_item(const struct sqlite_parser *parser)
{
    return sqlite_parser_is(parser, ",") || sqlite_parser_is(parser, ")");
}

static int parse_column(struct sqlite_parser *parser, const char *sql)
{
    struct sqlite_column *column = add_column(parser);
    if (!column)
        return -1;
    column->offset = (uint32_t)(parser->token.text - sql);
    if (sqlite_parser_name(parser, &column->name) < 0 || parse_type(parser, &column->type) < 0)
        return -1;
    uint32_t name = 0;
    while (!at_end_of_item(parser)) {
        if (sqlite_parser_accept(parser, "CONSTRAINT")) {
            if (sqlite_parser_name(parser, &name) < 0)
                return -1;
            continue;
        }
        if (parse_column_constraint(parser, column, name) < 0)
            return -1;
        name = 0;
    }
    return 0;
}

static bool begins_table_constraint(const struct sqlite_parser *parser)
{
    return sqlite_parser_is(parser, "CONSTRAINT") || sqlite_parser_is(parser, "PRIMARY") ||
           sqlite_parser_is(parser, "UNIQUE") || sqlite_parser_is(parser, "CHECK") ||
           sqlite_parser_is(parser, "FOREIGN");
}

static struct sqlite_column *find_column(struct sqlite_statement *statement, uint32_t name)
{
    for (size_t i = 0; i < statement->column_count; i++) {
        if (strcasecmp(sqlite_statement_text(statement, statement->columns[i].name),
                       sqlite_statement_text(statement, name)) == 0)
            return &statement->columns[i];
    }
    return NULL;
}

static int parse_table_key(struct sqlite_parser *parser, enum constraint_kind kind, uint32_t name)
{
    struct sqlite_constraint *key = add_constraint(parser, kind, name);
    if (!key)
        return -1;
    key->first_part = (uint32_t)parser->statement->part_count;
    if (parse_name_list(parser, &key->columns, true) < 0)
        return -1;
    bool increments = kind == CONSTRAINT_PRIMARY_KEY && sqlite_parser_accept(parser, "AUTOINCREMENT");
    if (sqlite_parser_expect(parser, ")") < 0)
        return -1;
    if (kind == CONSTRAINT_PRIMARY_KEY && key->columns.count == 1) {
        struct sqlite_column *column = find_column(parser->statement, parser->statement->names[key->columns.first]);
        if (column && strcmp(sqlite_statement_text(parser->statement, column->type), "INTEGER") == 0) {
            column->flags &= (uint16_t)~COLUMN_NULLABLE;
            key->rowid = true;
        }
        if (column && increments)
            column->flags |= COLUMN_AUTO_INCREMENT;
    }
    return parse_conflict_clause(parser, &key->on_conflict);
}

static int parse_table_foreign_key(struct sqlite_parser *parser, uint32_t name)
{
    struct sqlite_constraint *key = add_constraint(parser, CONSTRAINT_FOREIGN_KEY, name);
    if (!key || sqlite_parser_expect(parser, "KEY") < 0 || parse_name_list(parser, &key->columns, false) < 0 ||
        sqlite_parser_expect(parser, ")") < 0 || sqlite_parser_expect(parser, "REFERENCES") < 0)
        return -1;
    return parse_reference(parser, key);
}

static int parse_table_constraint(struct sqlite_parser *parser, uint32_t name)
{
    if (sqlite_parser_accept(parser, "PRIMARY"))
        return sqlite_parser_expect(parser, "KEY") < 0 ? -1 : parse_table_key(parser, CONSTRAINT_PRIMARY_KEY, name);
    if (sqlite_parser_accept(parser, "UNIQUE"))
        return parse_table_key(parser, CONSTRAINT_UNIQUE, name);
    if (sqlite_parser_accept(parser, "FOREIGN"))
        return parse_table_foreign_key(parser, name);
    if (sqlite_parser_expect(parser, "CHECK") < 0)
        return -1;
    return parse_check(parser, name);
}

static int parse_table_constraints(struct sqlite_parser *parser)
{
    uint32_t name = 0;
    while (!sqlite_parser_is(parser, ")")) {
        if (sqlite_parser_accept(parser, ",")) {
            name = 0;
            continue;
        }
        if (sqlite_parser_accept(parser, "CONSTRAINT")) {
            if (sqlite_parser_name(parser, &name) < 0)
                return -1;
            continue;
        }
        if (parse_table_constraint(parser, name) < 0)
            return -1;
        name = 0;
    }
    return 0;
}

static int parse_table_options(struct sqlite_parser *parser)
{
    while (parser->token.kind != TOKEN_END) {
        if (sqlite_parser_accept(parser, "WITHOUT")) {
            if (sqlite_parser_expect(parser, "ROWID") < 0)
                return -1;
            parser->statement->without_rowid = true;
        } else if (sqlite_parser_accept(parser, "STRICT")) {
            parser->statement->strict = true;
        } else if (!sqlite_parser_accept(parser, ",") && !sqlite_parser_accept(parser, ";")) {
            return sqlite_parser_fail(parser, "a table option");
        }
    }
    return 0;
}

/* In STRICT and WITHOUT ROWID tables a primary key's columns are NOT NULL without saying so. */
static void apply_implied_not_null(struct sqlite_statement *statement)
{
    if (!statement->strict && !statement->without_rowid)
        return;
    for (size_t i = 0; i < statement->constraint_count; i++) {
        const struct sqlite_constraint *key = &statement->constraints[i];
        for (uint32_t n = 0; key->kind == CONSTRAINT_PRIMARY_KEY && n < key->columns.count; n++) {
            struct sqlite_column *column = find_column(statement, statement->names[key->columns.first + n]);
            if (column)
                column->flags &= (uint16_t)~COLUMN_NULLABLE;
        }
    }
}

/* The rowid has neither order nor collation, whatever a table's PRIMARY KEY says of it. */
static void forget_order_of_rowid(struct sqlite_statement *statement)
{
    for (size_t i = 0; i < statement->constraint_count && !statement->without_rowid; i++) {
        const struct sqlite_constraint *key = &statement->constraints[i];
        if (key->rowid)
            statement->parts[key->first_part] =
                (struct sqlite_index_part){.text = statement->parts[key->first_part].text};
    }
}

/* Constraints name columns in any case; the model names them as they are declared. */
static void spell_columns_as_declared(struct sqlite_statement *statement)
{
    for (size_t i = 0; i < statement->constraint_count; i++) {
        const struct sqlite_name_list *columns = &statement->constraints[i].columns;
        for (uint32_t n = 0; n < columns->count; n++) {
            uint32_t *name = &statement->names[columns->first + n];
            const struct sqlite_column *column = find_column(statement, *name);
            if (column)
                *name = column->name;
        }
    }
}

int sqlite_parse_table(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr)
{
    struct sqlite_parser parser = {0};
    sqlite_parser_init(&parser, sql, length, statement, reterr);
    if (sqlite_parser_create(&parser, "TABLE") < 0 || sqlite_parser_expect(&parser, "(") < 0)
        return -1;
    do {
        if (begins_table_constraint(&parser))
            break;
        if (parse_column(&parser, sql) < 0)
            return -1;
        statement->columns_end = (size_t)(parser.token.text - sql);
    } while (sqlite_parser_accept(&parser, ","));
    if (parse_table_constraints(&parser) < 0 || sqlite_parser_expect(&parser, ")") < 0 ||
        parse_table_options(&parser) < 0)
        return -1;
    if (statement->out_of_memory)
        return error_no_memory(reterr);
    spell_columns_as_declared(statement);
    apply_implied_not_null(statement);
    forget_order_of_rowid(statement);
    return sqlite_parser_finish(&parser);
}
