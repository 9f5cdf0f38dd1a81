/* SPDX-License-Identifier: Apache-2.0
 *
 * CREATE INDEX, CREATE VIEW and CREATE VIRTUAL TABLE.
 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "dialect/sqlite_parser.h"

/* Where an expression ends, and what it is: found by stepping over it. */
struct extent {
    const char *begin;
    const char *end;
    const char *end_before_collation;
    struct sqlite_token first;
    struct sqlite_token collation;
    size_t tokens; /* without COLLATE and its name */
    bool collated; /* its last two tokens are COLLATE name */
};

/* Steps over tokens up to a comma, a closing parenthesis or a sort order of this level. */
static int scan_part(struct sqlite_parser *parser, struct extent *extent)
{
    *extent = (struct extent){.begin = parser->token.text, .end = parser->token.text, .first = parser->token};
    size_t depth = 0;
    while (parser->token.kind != TOKEN_END && parser->token.kind != TOKEN_BAD) {
        if (depth == 0 && (sqlite_parser_is(parser, ",") || sqlite_parser_is(parser, ")") ||
                           sqlite_parser_is(parser, "ASC") || sqlite_parser_is(parser, "DESC")))
            return extent->tokens > 0 ? 0 : sqlite_parser_fail(parser, "an index column");
        if (depth == 0 && extent->tokens > 0 && sqlite_parser_accept(parser, "COLLATE")) {
            if (!sqlite_token_is_name(&parser->token))
                return sqlite_parser_fail(parser, "a collation");
            extent->collation = parser->token;
            extent->collated = true;
            extent->end_before_collation = extent->end;
        } else {
            depth += sqlite_parser_is(parser, "(") ? 1 : 0;
            depth -= sqlite_parser_is(parser, ")") ? 1 : 0;
            extent->collated = false;
            extent->tokens++;
        }
        extent->end = parser->token.text + parser->token.length;
        sqlite_parser_advance(parser);
    }
    return sqlite_parser_fail(parser, ")");
}

/* The column that a part is, if it is one: a name, which may stand in parentheses. */
static struct sqlite_token column_of(const struct extent *extent)
{
    struct sqlite_token name = extent->first;
    struct sqlite_lexer lexer = {.next = name.text + name.length, .end = extent->end};
    size_t depth = 0;
    for (; sqlite_token_is(&name, "("); depth++)
        name = sqlite_lexer_next(&lexer);
    /* As many tokens as a name in that many parentheses has, the next one closing the innermost: then it is that. */
    struct sqlite_token next = sqlite_lexer_next(&lexer);
    bool alone = extent->tokens == 2 * depth + 1 && (depth == 0 || sqlite_token_is(&next, ")"));
    return sqlite_token_is_name(&name) && alone ? name : (struct sqlite_token){.kind = TOKEN_END};
}

static int parse_part(struct sqlite_parser *parser)
{
    struct extent extent = {0};
    struct sqlite_index_part *part = sqlite_parser_add_part(parser);
    if (!part || scan_part(parser, &extent) < 0)
        return -1;
    struct strbuf *texts = &parser->statement->texts;
    size_t start = texts->length;
    if (extent.collated) {
        sqlite_token_append_name(&extent.collation, texts);
        sqlite_text_raise(texts, start);
        part->collation = sqlite_parser_end_text(parser, start);
        extent.end = extent.end_before_collation;
        start = texts->length;
    }
    struct sqlite_token column = column_of(&extent);
    if (column.kind != TOKEN_END) {
        sqlite_token_append_name(&column, texts);
        part->text = sqlite_parser_end_text(parser, start);
    } else {
        part->text = sqlite_parser_canonical(parser, extent.begin, extent.end);
        part->flags |= PART_EXPRESSION;
    }
    if (sqlite_parser_accept(parser, "DESC"))
        part->flags |= PART_DESCENDING;
    else
        sqlite_parser_accept(parser, "ASC");
    return 0;
}

/* Behind everything from the cursor to the end, without a final semicolon. */
static const char *step_to_end(struct sqlite_parser *parser)
{
    const char *end = parser->token.text;
    while (parser->token.kind != TOKEN_END) {
        if (!sqlite_parser_is(parser, ";"))
            end = parser->token.text + parser->token.length;
        sqlite_parser_advance(parser);
    }
    return end;
}

int sqlite_parse_index(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr)
{
    struct sqlite_parser parser = {0};
    uint32_t table = 0;
    sqlite_parser_init(&parser, sql, length, statement, reterr);
    if (sqlite_parser_create(&parser, "INDEX") < 0 || sqlite_parser_expect(&parser, "ON") < 0 ||
        sqlite_parser_name(&parser, &table) < 0 || sqlite_parser_expect(&parser, "(") < 0)
        return -1;
    do {
        if (parse_part(&parser) < 0)
            return -1;
    } while (sqlite_parser_accept(&parser, ","));
    if (sqlite_parser_expect(&parser, ")") < 0)
        return -1;
    if (sqlite_parser_accept(&parser, "WHERE")) {
        const char *begin = parser.token.text;
        statement->predicate = sqlite_parser_canonical(&parser, begin, step_to_end(&parser));
    }
    return sqlite_parser_finish(&parser);
}

int sqlite_parse_view(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr)
{
    struct sqlite_parser parser = {0};
    sqlite_parser_init(&parser, sql, length, statement, reterr);
    if (sqlite_parser_create(&parser, "VIEW") < 0)
        return -1;
    /* A list of column names is part of what the view is. */
    if (!sqlite_parser_is(&parser, "(") && sqlite_parser_expect(&parser, "AS") < 0)
        return -1;
    const char *begin = parser.token.text;
    statement->definition = sqlite_parser_raw(&parser, begin, step_to_end(&parser));
    return sqlite_parser_finish(&parser);
}

/* Module arguments are the module's own language, whatever they look like: only blanks at the ends are dropped. */
int sqlite_parse_virtual_table(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr)
{
    struct sqlite_parser parser = {0};
    sqlite_parser_init(&parser, sql, length, statement, reterr);
    if (sqlite_parser_create(&parser, "TABLE") < 0 || sqlite_parser_expect(&parser, "USING") < 0)
        return -1;
    const char *begin = parser.token.text;
    if (sqlite_parser_name(&parser, &statement->module) < 0)
        return -1;
    const char *end = sql + length;
    while (end > begin && strchr(" \t\r\n\f;", end[-1]))
        end--;
    struct strbuf *texts = &statement->texts;
    for (size_t i = statement->module; strbuf_ok(texts) && texts->bytes[i]; i++) {
        if (texts->bytes[i] >= 'A' && texts->bytes[i] <= 'Z')
            texts->bytes[i] = (char)(texts->bytes[i] - 'A' + 'a');
    }
    size_t start = texts->length;
    strbuf_add(texts, begin, (size_t)(end - begin));
    statement->definition = sqlite_parser_end_text(&parser, start);
    return sqlite_parser_finish(&parser);
}

/* Which tables the modules that people use keep beside a virtual table. */
static const struct {
    const char *module;
    const char *const suffixes[8];
} shadows[] = {
    {"fts3", {"content", "segments", "segdir", "docsize", "stat"}},
    {"fts4", {"content", "segments", "segdir", "docsize", "stat"}},
    {"fts5", {"data", "idx", "content", "docsize", "config"}},
    {"rtree", {"node", "rowid", "parent"}},
    {"rtree_i32", {"node", "rowid", "parent"}},
    {"geopoly", {"node", "rowid", "parent"}},
    {"spellfix1", {"vocab"}},
    {"vec0", {"chunks", "rowids", "info", "auxiliary"}},
};

bool sqlite_is_shadow_table(const char *module, const char *virtual_table, const char *table)
{
    size_t length = strlen(virtual_table);
    if (strncasecmp(table, virtual_table, length) != 0 || table[length] != '_')
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(shadows); i++) {
        for (size_t n = 0; strcmp(shadows[i].module, module) == 0 && shadows[i].suffixes[n]; n++) {
            if (strcasecmp(shadows[i].suffixes[n], table + length + 1) == 0)
                return true;
        }
    }
    return strcmp(module, "vec0") == 0 &&
           (strncasecmp(table + length, "_vector_chunks", 14) == 0 || strncasecmp(table + length, "_metadata", 9) == 0);
}
