/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_ddl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "dialect/mysql_ddl_parser.h"
#include "dialect/mysql_expression.h"

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

uint32_t mysql_ddl_intern_expression(struct mysql_ddl *ddl, const char *text, size_t length)
{
    strbuf_clear(&ddl->scratch);
    mysql_expression_canonical(text, length, ddl->database, &ddl->scratch);
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

/* Behind the list of parts: of the options only the partitioning is part of the model. */
static void read_options(struct mysql_ddl *ddl)
{
    for (; ddl->token.kind != MYSQL_TOKEN_END; mysql_ddl_advance(ddl)) {
        if (!mysql_ddl_accept(ddl, "PARTITION"))
            continue;
        if (mysql_ddl_at(ddl, "BY"))
            schema_builder_set_kind(ddl->builder, ddl->relation, RELATION_PARTITIONED);
        return;
    }
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
    if (!open || !mysql_ddl_accept_symbol(&ddl, ')') || !strbuf_ok(&ddl.scratch)) {
        report_place(&ddl, &ddl.token);
        mark_all(&ddl);
    } else {
        read_options(&ddl);
    }
    strbuf_done(&ddl.scratch);
}

uint32_t mysql_ddl_type(struct schema_builder *builder, const char *text, size_t length)
{
    struct mysql_ddl ddl = {.builder = builder, .scratch = STRBUF(LIMIT_STRING_POOL)};
    mysql_lexer_init(&ddl.lexer, text, length);
    mysql_ddl_advance(&ddl);
    bool number = false;
    bool understood = mysql_ddl_read_type(&ddl, &number) && strbuf_ok(&ddl.scratch);
    uint32_t type = understood ? schema_builder_text_n(builder, strbuf_text(&ddl.scratch), ddl.scratch.length)
                               : schema_builder_text_n(builder, text, length);
    strbuf_done(&ddl.scratch);
    return type;
}

static bool read_integer(struct mysql_ddl *ddl, int64_t *ret_value)
{
    bool negative = mysql_ddl_accept_symbol(ddl, '-');
    if (ddl->token.kind != MYSQL_TOKEN_NUMBER || ddl->token.length > 20)
        return false;
    char digits[24] = "";
    snprintf(digits, sizeof(digits), "%s%.*s", negative ? "-" : "", (int)ddl->token.length, ddl->token.text);
    char *end = NULL;
    errno = 0;
    *ret_value = strtoll(digits, &end, 10);
    mysql_ddl_advance(ddl);
    return errno == 0 && *end == '\0';
}

struct sequence_options {
    int64_t start;
    int64_t increment;
    int64_t minimum;
    int64_t maximum;
    int64_t cache;
    bool cycles;
};

/* The options come in one order today; any order is read. */
static bool read_sequence_option(struct mysql_ddl *ddl, struct sequence_options *sequence)
{
    if (mysql_ddl_accept(ddl, "start"))
        return mysql_ddl_accept(ddl, "with") && read_integer(ddl, &sequence->start);
    if (mysql_ddl_accept(ddl, "minvalue"))
        return read_integer(ddl, &sequence->minimum);
    if (mysql_ddl_accept(ddl, "maxvalue"))
        return read_integer(ddl, &sequence->maximum);
    if (mysql_ddl_accept(ddl, "increment"))
        return mysql_ddl_accept(ddl, "by") && read_integer(ddl, &sequence->increment);
    if (mysql_ddl_accept(ddl, "cache"))
        return read_integer(ddl, &sequence->cache);
    if (mysql_ddl_accept(ddl, "nocache") || mysql_ddl_accept(ddl, "nocycle"))
        return true;
    if (!mysql_ddl_accept(ddl, "cycle"))
        return false;
    sequence->cycles = true;
    return true;
}

static uint32_t integer_text(struct schema_builder *builder, int64_t number)
{
    char digits[24] = "";
    snprintf(digits, sizeof(digits), "%lld", (long long)number);
    return schema_builder_text(builder, digits);
}

/* The type stands in the scratch buffer. */
static void add_sequence(struct mysql_ddl *ddl, const char *name, const struct sequence_options *options)
{
    struct schema_builder *builder = ddl->builder;
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_TYPE,
         .text = schema_builder_text_n(builder, strbuf_text(&ddl->scratch), ddl->scratch.length)},
        {.key = ATTRIBUTE_START, .text = integer_text(builder, options->start)},
        {.key = ATTRIBUTE_INCREMENT, .text = integer_text(builder, options->increment)},
        {.key = ATTRIBUTE_MIN, .text = integer_text(builder, options->minimum)},
        {.key = ATTRIBUTE_MAX, .text = integer_text(builder, options->maximum)},
        {.key = ATTRIBUTE_CACHE, .text = integer_text(builder, options->cache)},
        {.key = ATTRIBUTE_CYCLE},
    };
    size_t count = ARRAY_LENGTH(attributes) - !options->cycles;
    schema_builder_object(builder, &(struct schema_object){
                                       .kind = OBJECT_SEQUENCE,
                                       .name = schema_builder_text(builder, name),
                                       .attributes = schema_builder_attributes(builder, attributes, count),
                                   });
}

bool mysql_ddl_read_sequence(struct schema_builder *builder, const char *name, const char *text, size_t length)
{
    struct mysql_ddl ddl = {.builder = builder, .scratch = STRBUF(LIMIT_STRING_POOL)};
    mysql_lexer_init(&ddl.lexer, text, length);
    mysql_ddl_advance(&ddl);
    if (!mysql_ddl_accept(&ddl, "CREATE") || !mysql_ddl_accept(&ddl, "SEQUENCE") || ddl.token.kind != MYSQL_TOKEN_NAME)
        return false;
    mysql_ddl_advance(&ddl);
    struct sequence_options sequence = {.start = 1, .increment = 1};
    bool number = false;
    bool understood = true;
    if (mysql_ddl_accept(&ddl, "as"))
        understood = mysql_ddl_read_type(&ddl, &number) && number;
    else
        strbuf_add_string(&ddl.scratch, "bigint");
    while (understood && ddl.token.kind != MYSQL_TOKEN_END && !mysql_ddl_at(&ddl, "ENGINE"))
        understood = read_sequence_option(&ddl, &sequence);
    if (understood)
        add_sequence(&ddl, name, &sequence);
    strbuf_done(&ddl.scratch);
    return understood;
}
