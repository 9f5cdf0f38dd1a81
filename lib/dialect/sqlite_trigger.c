/* SPDX-License-Identifier: Apache-2.0
 *
 * CREATE TRIGGER. SQLite has triggers FOR EACH ROW only, and BEFORE is what holds where nothing is said.
 */
#include "dialect/sqlite_keyword.h"
#include "dialect/sqlite_parser.h"

static uint32_t add_text(struct sqlite_parser *parser, const char *text)
{
    size_t start = parser->statement->texts.length;
    strbuf_add_string(&parser->statement->texts, text);
    return sqlite_parser_end_text(parser, start);
}

static int parse_timing(struct sqlite_parser *parser)
{
    const char *timing = "BEFORE";
    if (sqlite_parser_accept(parser, "AFTER")) {
        timing = "AFTER";
    } else if (sqlite_parser_accept(parser, "INSTEAD")) {
        timing = "INSTEAD OF";
        if (sqlite_parser_expect(parser, "OF") < 0)
            return -1;
    } else {
        sqlite_parser_accept(parser, "BEFORE");
    }
    parser->statement->timing = add_text(parser, timing);
    return 0;
}

/* name, … behind UPDATE OF, appended to the events as SQL. */
static int parse_event_columns(struct sqlite_parser *parser)
{
    struct strbuf *texts = &parser->statement->texts;
    const char *separator = " OF ";
    do {
        if (!sqlite_token_is_name(&parser->token))
            return sqlite_parser_fail(parser, "a column's name");
        cleanup(strbuf) struct strbuf name = STRBUF(parser->token.length + 1);
        sqlite_token_append_name(&parser->token, &name);
        strbuf_add_string(texts, separator);
        sqlite_name_append(strbuf_text(&name), texts);
        if (!strbuf_ok(&name))
            parser->statement->out_of_memory = true;
        sqlite_parser_advance(parser);
        separator = ", ";
    } while (sqlite_parser_accept(parser, ","));
    return 0;
}

static int parse_events(struct sqlite_parser *parser)
{
    struct strbuf *texts = &parser->statement->texts;
    size_t start = texts->length;
    if (sqlite_parser_accept(parser, "INSERT")) {
        strbuf_add_string(texts, "INSERT");
    } else if (sqlite_parser_accept(parser, "DELETE")) {
        strbuf_add_string(texts, "DELETE");
    } else if (sqlite_parser_expect(parser, "UPDATE") < 0) {
        return -1;
    } else {
        strbuf_add_string(texts, "UPDATE");
        if (sqlite_parser_accept(parser, "OF") && parse_event_columns(parser) < 0)
            return -1;
    }
    parser->statement->events = sqlite_parser_end_text(parser, start);
    return 0;
}

/* ON [schema.]table [FOR EACH ROW]: which table is known from sqlite_schema. */
static int parse_target(struct sqlite_parser *parser)
{
    uint32_t table = 0;
    if (sqlite_parser_expect(parser, "ON") < 0 || sqlite_parser_name(parser, &table) < 0)
        return -1;
    if (sqlite_parser_accept(parser, ".") && sqlite_parser_name(parser, &table) < 0)
        return -1;
    if (!sqlite_parser_accept(parser, "FOR"))
        return 0;
    return sqlite_parser_expect(parser, "EACH") < 0 ? -1 : sqlite_parser_expect(parser, "ROW");
}

/* WHEN expression, up to the BEGIN that is no column's name: `new.begin` is one. */
static int parse_condition(struct sqlite_parser *parser)
{
    if (!sqlite_parser_accept(parser, "WHEN"))
        return 0;
    const char *begin = parser->token.text;
    const char *end = begin;
    size_t depth = 0;
    bool qualified = false;
    while (depth > 0 || qualified || !sqlite_parser_is(parser, "BEGIN")) {
        if (parser->token.kind == TOKEN_END || parser->token.kind == TOKEN_BAD)
            return sqlite_parser_fail(parser, "BEGIN");
        qualified = sqlite_parser_is(parser, ".");
        if (sqlite_parser_is(parser, "("))
            depth++;
        else if (depth > 0 && sqlite_parser_is(parser, ")"))
            depth--;
        end = parser->token.text + parser->token.length;
        sqlite_parser_advance(parser);
    }
    parser->statement->condition = sqlite_parser_canonical(parser, begin, end);
    return 0;
}

/* The statements between BEGIN and the last END, as they were typed. */
static int parse_body(struct sqlite_parser *parser)
{
    if (sqlite_parser_expect(parser, "BEGIN") < 0)
        return -1;
    const char *begin = parser->token.text;
    const char *end = begin;
    const char *after = begin; /* behind the last token but one that is no semicolon of the whole statement */
    bool ended = false;
    while (parser->token.kind != TOKEN_END) {
        if (parser->token.kind == TOKEN_BAD)
            return sqlite_parser_fail(parser, "END");
        if (!ended || !sqlite_parser_is(parser, ";")) {
            ended = sqlite_parser_is(parser, "END");
            end = ended ? after : end;
        }
        after = parser->token.text + parser->token.length;
        sqlite_parser_advance(parser);
    }
    if (!ended)
        return sqlite_parser_fail(parser, "END");
    parser->statement->definition = sqlite_parser_raw(parser, begin, end);
    return 0;
}

int sqlite_parse_trigger(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr)
{
    struct sqlite_parser parser = {0};
    sqlite_parser_init(&parser, sql, length, statement, reterr);
    if (sqlite_parser_create(&parser, "TRIGGER") < 0 || parse_timing(&parser) < 0 || parse_events(&parser) < 0 ||
        parse_target(&parser) < 0 || parse_condition(&parser) < 0 || parse_body(&parser) < 0)
        return -1;
    return sqlite_parser_finish(&parser);
}
