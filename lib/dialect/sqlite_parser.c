/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/sqlite_parser.h"

#include <string.h>

#include "base/alloc.h"

/* A statement's texts together are at most as long as it is itself, plus blanks: SQLite's own limit is 1 GB, the
 * engine's connection refuses longer rows than 16 MiB. */
enum { LIMIT_STATEMENT_TEXTS = 64 * 1024 * 1024 };

/* SQLite's maximum of columns in an index is that of a table, 32,767; a table may have several keys of them. */
enum { LIMIT_PARTS = 1 << 20 };

void sqlite_statement_init(struct sqlite_statement *statement)
{
    *statement = (struct sqlite_statement){.texts = STRBUF(LIMIT_STATEMENT_TEXTS)};
}

void sqlite_statement_done(struct sqlite_statement *statement)
{
    strbuf_done(&statement->texts);
    mem_free(statement->columns);
    mem_free(statement->constraints);
    mem_free(statement->parts);
    mem_free(statement->names);
    sqlite_statement_init(statement);
}

const char *sqlite_statement_text(const struct sqlite_statement *statement, uint32_t text)
{
    return strbuf_text(&statement->texts) + text;
}

void sqlite_parser_init(struct sqlite_parser *parser, const char *sql, size_t length,
                        struct sqlite_statement *statement, struct error *reterr)
{
    strbuf_clear(&statement->texts);
    strbuf_add_char(&statement->texts, '\0');
    statement->column_count = 0;
    statement->constraint_count = 0;
    statement->part_count = 0;
    statement->name_count = 0;
    statement->predicate = 0;
    statement->definition = 0;
    statement->module = 0;
    statement->timing = 0;
    statement->events = 0;
    statement->condition = 0;
    statement->columns_end = 0;
    statement->unique = false;
    statement->strict = false;
    statement->without_rowid = false;
    statement->out_of_memory = false;
    *parser =
        (struct sqlite_parser){.lexer = {.next = sql, .end = sql + length}, .statement = statement, .reterr = reterr};
    sqlite_parser_advance(parser);
}

void sqlite_parser_advance(struct sqlite_parser *parser)
{
    parser->token = sqlite_lexer_next(&parser->lexer);
}

bool sqlite_parser_is(const struct sqlite_parser *parser, const char *text)
{
    return sqlite_token_is(&parser->token, text);
}

bool sqlite_parser_accept(struct sqlite_parser *parser, const char *text)
{
    if (!sqlite_parser_is(parser, text))
        return false;
    sqlite_parser_advance(parser);
    return true;
}

int sqlite_parser_fail(struct sqlite_parser *parser, const char *expected)
{
    const struct sqlite_token *token = &parser->token;
    if (token->kind == TOKEN_END)
        return error_set(parser->reterr, ERROR_INVALID, "expected %s at the end of the statement", expected);
    int shown = token->length > 40 ? 40 : (int)token->length;
    return error_set(parser->reterr, ERROR_INVALID, "expected %s near '%.*s'", expected, shown, token->text);
}

int sqlite_parser_expect(struct sqlite_parser *parser, const char *text)
{
    return sqlite_parser_accept(parser, text) ? 0 : sqlite_parser_fail(parser, text);
}

uint32_t sqlite_parser_end_text(struct sqlite_parser *parser, size_t start)
{
    struct strbuf *texts = &parser->statement->texts;
    strbuf_add_char(texts, '\0');
    if (!strbuf_ok(texts)) {
        parser->statement->out_of_memory = true;
        return 0;
    }
    return (uint32_t)start;
}

int sqlite_parser_name(struct sqlite_parser *parser, uint32_t *ret_text)
{
    if (!sqlite_token_is_name(&parser->token))
        return sqlite_parser_fail(parser, "a name");
    size_t start = parser->statement->texts.length;
    sqlite_token_append_name(&parser->token, &parser->statement->texts);
    *ret_text = sqlite_parser_end_text(parser, start);
    sqlite_parser_advance(parser);
    return 0;
}

int sqlite_parser_raised_name(struct sqlite_parser *parser, uint32_t *ret_text)
{
    struct strbuf *texts = &parser->statement->texts;
    size_t start = texts->length;
    if (sqlite_parser_name(parser, ret_text) < 0)
        return -1;
    sqlite_text_raise(texts, start);
    return 0;
}

uint32_t sqlite_parser_raw(struct sqlite_parser *parser, const char *begin, const char *end)
{
    size_t start = parser->statement->texts.length;
    strbuf_add(&parser->statement->texts, begin, (size_t)(end - begin));
    return sqlite_parser_end_text(parser, start);
}

struct sqlite_index_part *sqlite_parser_add_part(struct sqlite_parser *parser)
{
    struct sqlite_statement *statement = parser->statement;
    if (!mem_grow(&statement->parts, &statement->part_capacity, statement->part_count, sizeof(*statement->parts),
                  LIMIT_PARTS)) {
        statement->out_of_memory = true;
        error_no_memory(parser->reterr);
        return NULL;
    }
    struct sqlite_index_part *part = &statement->parts[statement->part_count++];
    *part = (struct sqlite_index_part){0};
    return part;
}

uint32_t sqlite_parser_canonical(struct sqlite_parser *parser, const char *begin, const char *end)
{
    size_t start = parser->statement->texts.length;
    sqlite_text_append_canonical(begin, (size_t)(end - begin), &parser->statement->texts);
    return sqlite_parser_end_text(parser, start);
}

int sqlite_parser_parenthesised(struct sqlite_parser *parser, uint32_t *ret_text)
{
    if (!sqlite_parser_is(parser, "("))
        return sqlite_parser_fail(parser, "(");
    const char *begin = parser->token.text + 1;
    for (size_t depth = 0; parser->token.kind != TOKEN_END && parser->token.kind != TOKEN_BAD;) {
        if (sqlite_parser_is(parser, "("))
            depth++;
        else if (sqlite_parser_is(parser, ")"))
            depth--;
        if (depth == 0) {
            if (ret_text)
                *ret_text = sqlite_parser_canonical(parser, begin, parser->token.text);
            sqlite_parser_advance(parser);
            return 0;
        }
        sqlite_parser_advance(parser);
    }
    return sqlite_parser_fail(parser, ")");
}

int sqlite_parser_create(struct sqlite_parser *parser, const char *kind)
{
    if (sqlite_parser_expect(parser, "CREATE") < 0)
        return -1;
    if (!sqlite_parser_accept(parser, "TEMP") && !sqlite_parser_accept(parser, "TEMPORARY"))
        parser->statement->unique = sqlite_parser_accept(parser, "UNIQUE") || sqlite_parser_accept(parser, "VIRTUAL");
    if (sqlite_parser_expect(parser, kind) < 0)
        return -1;
    if (sqlite_parser_accept(parser, "IF") &&
        (sqlite_parser_expect(parser, "NOT") < 0 || sqlite_parser_expect(parser, "EXISTS") < 0))
        return -1;
    uint32_t name = 0;
    if (sqlite_parser_name(parser, &name) < 0)
        return -1;
    return sqlite_parser_accept(parser, ".") ? sqlite_parser_name(parser, &name) : 0;
}

int sqlite_parser_finish(const struct sqlite_parser *parser)
{
    return parser->statement->out_of_memory ? error_no_memory(parser->reterr) : 0;
}
