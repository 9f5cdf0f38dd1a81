/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_ddl.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "dialect/mysql_collation.h"
#include "dialect/mysql_ddl_parser.h"
#include "dialect/mysql_query.h"

void mysql_ddl_advance(struct mysql_ddl *ddl)
{
    ddl->token = mysql_lexer_next(&ddl->lexer);
}

bool mysql_ddl_at(const struct mysql_ddl *ddl, const char *word)
{
    return mysql_token_is(&ddl->token, word);
}

bool mysql_ddl_at_symbol(const struct mysql_ddl *ddl, char symbol)
{
    return mysql_token_is_symbol(&ddl->token, symbol);
}

bool mysql_ddl_accept(struct mysql_ddl *ddl, const char *word)
{
    bool found = mysql_ddl_at(ddl, word);
    if (found)
        mysql_ddl_advance(ddl);
    return found;
}

bool mysql_ddl_accept_symbol(struct mysql_ddl *ddl, char symbol)
{
    bool found = mysql_ddl_at_symbol(ddl, symbol);
    if (found)
        mysql_ddl_advance(ddl);
    return found;
}

bool mysql_ddl_enclosed(struct mysql_ddl *ddl, const char **ret_text, size_t *ret_length)
{
    if (!mysql_ddl_at_symbol(ddl, '('))
        return false;
    const char *text = ddl->token.text + 1;
    size_t depth = 0;
    for (; ddl->token.kind != MYSQL_TOKEN_END; mysql_ddl_advance(ddl)) {
        if (mysql_ddl_at_symbol(ddl, '('))
            depth++;
        if (mysql_ddl_at_symbol(ddl, ')') && --depth == 0) {
            *ret_text = text;
            *ret_length = (size_t)(ddl->token.text - text);
            mysql_ddl_advance(ddl);
            return true;
        }
    }
    return false;
}

uint32_t mysql_ddl_intern_token(struct mysql_ddl *ddl)
{
    if (!ddl->token.escaped && (ddl->token.kind == MYSQL_TOKEN_NAME || ddl->token.kind == MYSQL_TOKEN_STRING))
        return schema_builder_text_n(ddl->builder, ddl->token.text + 1, ddl->token.length - 2);
    strbuf_clear(&ddl->scratch);
    mysql_token_decode(&ddl->token, &ddl->scratch);
    return schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

/* The name of a database seldom stands in a table's text: looking for it first is cheaper than tokens. */
uint32_t mysql_ddl_intern_expression(struct mysql_ddl *ddl, const char *text, size_t length)
{
    if (!ddl->database || !memmem(text, length, ddl->database, strlen(ddl->database)))
        return schema_builder_text_n(ddl->builder, text, length);
    strbuf_clear(&ddl->scratch);
    mysql_query_without_database(text, length, ddl->database, &ddl->scratch);
    return schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

uint32_t mysql_ddl_intern_collation(struct mysql_ddl *ddl, const char *text, size_t length)
{
    strbuf_clear(&ddl->scratch);
    mysql_collation_name(text, length, &ddl->scratch);
    return schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

uint32_t mysql_ddl_charset_of(struct mysql_ddl *ddl, uint32_t collation)
{
    strbuf_clear(&ddl->scratch);
    mysql_collation_charset(schema_builder_get_text(ddl->builder, collation), &ddl->scratch);
    return schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

uint32_t mysql_ddl_collation_of(struct mysql_ddl *ddl, uint32_t charset)
{
    strbuf_clear(&ddl->scratch);
    mysql_collation_default(schema_builder_get_text(ddl->builder, charset), &ddl->scratch);
    return schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

/* To the comma or parenthesis that ends the part. */
static void skip_part(struct mysql_ddl *ddl)
{
    const char *text = NULL;
    size_t length = 0;
    while (ddl->token.kind != MYSQL_TOKEN_END && !mysql_ddl_at_symbol(ddl, ',') && !mysql_ddl_at_symbol(ddl, ')')) {
        if (!mysql_ddl_at_symbol(ddl, '('))
            mysql_ddl_advance(ddl);
        else if (!mysql_ddl_enclosed(ddl, &text, &length))
            return;
    }
}

/* Remembers the first part that was not understood, in words for people. */
static void report_place(struct mysql_ddl *ddl, const struct mysql_token *part)
{
    struct mysql_ddl_report *report = ddl->report;
    if (report->place[0] != '\0')
        return;
    int part_length = (int)(part->length < 80 ? part->length : 80);
    int token_length = (int)(ddl->token.length < 40 ? ddl->token.length : 40);
    const char *token = token_length > 0 ? ddl->token.text : "the end";
    snprintf(report->place, sizeof(report->place), "%.*s, near %.*s", part_length, part->text,
             token_length > 0 ? token_length : 7, token);
    utf8_make_line(report->place, sizeof(report->place));
}

static bool at_part_end(const struct mysql_ddl *ddl)
{
    return mysql_ddl_at_symbol(ddl, ',') || mysql_ddl_at_symbol(ddl, ')');
}

static void read_part(struct mysql_ddl *ddl)
{
    struct mysql_token part = ddl->token;
    bool is_column = part.kind == MYSQL_TOKEN_NAME;
    bool is_index = false;
    bool understood = is_column ? mysql_ddl_read_column(ddl) : mysql_ddl_read_key(ddl, &is_index);
    if (understood && at_part_end(ddl))
        return;
    report_place(ddl, &part);
    ddl->report->columns_partial |= is_column;
    ddl->report->indexes_partial |= is_index;
    ddl->report->constraints_partial |= !is_column && !is_index;
    skip_part(ddl);
}

/* "CREATE TABLE `name` (": nothing else can be read as a table. */
static bool read_head(struct mysql_ddl *ddl)
{
    mysql_ddl_advance(ddl);
    if (!mysql_ddl_accept(ddl, "CREATE"))
        return false;
    mysql_ddl_accept(ddl, "TEMPORARY");
    if (!mysql_ddl_accept(ddl, "TABLE") || ddl->token.kind != MYSQL_TOKEN_NAME)
        return false;
    mysql_ddl_advance(ddl);
    return mysql_ddl_accept_symbol(ddl, '(');
}

static void mark_all(struct mysql_ddl *ddl)
{
    ddl->report->columns_partial = true;
    ddl->report->constraints_partial = true;
    ddl->report->indexes_partial = true;
}

/* What was read of a table that ends too early is kept, too. */
static void finish(struct mysql_ddl *ddl, bool whole)
{
    if (whole)
        mysql_ddl_read_options(ddl);
    mysql_ddl_add_columns(ddl);
    mysql_ddl_add_keys(ddl);
    if (!whole || !strbuf_ok(&ddl->scratch)) {
        report_place(ddl, &ddl->token);
        mark_all(ddl);
    }
    strbuf_done(&ddl->scratch);
    mem_free(ddl->columns);
    mem_free(ddl->keys);
    mem_free(ddl->references);
}

void mysql_ddl_read_table(struct schema_builder *builder, uint32_t relation, const char *table, const char *database,
                          const char *text, size_t length, struct mysql_ddl_report *ret_report)
{
    *ret_report = (struct mysql_ddl_report){0};
    struct mysql_ddl ddl = {
        .builder = builder,
        .table = table,
        .database = database,
        .scratch = STRBUF(LIMIT_STRING_POOL),
        .report = ret_report,
        .relation = relation,
    };
    mysql_lexer_init(&ddl.lexer, text, length);
    bool open = read_head(&ddl);
    while (open) {
        read_part(&ddl);
        if (!mysql_ddl_accept_symbol(&ddl, ','))
            break;
    }
    finish(&ddl, open && mysql_ddl_accept_symbol(&ddl, ')'));
}

uint32_t mysql_ddl_type(struct schema_builder *builder, const char *text, size_t length)
{
    struct mysql_ddl ddl = {.builder = builder, .scratch = STRBUF(LIMIT_STRING_POOL)};
    mysql_lexer_init(&ddl.lexer, text, length);
    mysql_ddl_advance(&ddl);
    bool understood = mysql_ddl_read_type(&ddl) && strbuf_ok(&ddl.scratch);
    uint32_t type = understood ? schema_builder_text_n(builder, strbuf_text(&ddl.scratch), ddl.scratch.length)
                               : schema_builder_text_n(builder, text, length);
    strbuf_done(&ddl.scratch);
    return type;
}
