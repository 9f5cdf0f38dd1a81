/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "dialect/mysql_ddl_parser.h"

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
    bool understood = true;
    if (mysql_ddl_accept(&ddl, "as"))
        understood = mysql_ddl_read_type(&ddl);
    else
        strbuf_add_string(&ddl.scratch, "bigint");
    while (understood && ddl.token.kind != MYSQL_TOKEN_END && !mysql_ddl_at(&ddl, "ENGINE"))
        understood = read_sequence_option(&ddl, &sequence);
    if (understood)
        add_sequence(&ddl, name, &sequence);
    strbuf_done(&ddl.scratch);
    return understood;
}
