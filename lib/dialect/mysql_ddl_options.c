/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "dialect/mysql_ddl_parser.h"

/* What stands behind the list of columns and keys. */
struct options {
    uint32_t comment;
    uint32_t partition_key;
    uint32_t partitions;
    bool versioned;
    struct strbuf storage; /* all else, for people and plans */
};

static bool at_value(const struct mysql_ddl *ddl)
{
    return ddl->token.kind != MYSQL_TOKEN_SYMBOL && ddl->token.kind != MYSQL_TOKEN_END;
}

static uint32_t take_value(struct mysql_ddl *ddl)
{
    mysql_ddl_accept_symbol(ddl, '=');
    uint32_t value = at_value(ddl) ? mysql_ddl_intern_token(ddl) : 0;
    mysql_ddl_advance(ddl);
    return value;
}

static uint32_t take_collation(struct mysql_ddl *ddl)
{
    mysql_ddl_accept_symbol(ddl, '=');
    uint32_t name = at_value(ddl) ? mysql_ddl_intern_collation(ddl, ddl->token.text, ddl->token.length) : 0;
    mysql_ddl_advance(ddl);
    return name;
}

/* "NAME=value", "UNION=(`a`,`b`)" or one word: kept as written. */
static void take_other(struct mysql_ddl *ddl, struct options *options)
{
    const char *text = ddl->token.text;
    const char *inner = NULL;
    size_t length = 0;
    const char *end = text + ddl->token.length;
    mysql_ddl_advance(ddl);
    if (mysql_ddl_accept_symbol(ddl, '=')) {
        end = ddl->token.text + ddl->token.length;
        if (!mysql_ddl_at_symbol(ddl, '('))
            mysql_ddl_advance(ddl);
        else if (mysql_ddl_enclosed(ddl, &inner, &length))
            end = inner + length + 1;
    }
    if (options->storage.length > 0)
        strbuf_add_char(&options->storage, ' ');
    strbuf_add(&options->storage, text, (size_t)(end - text));
}

/* Inside "KEY (a)" and "COLUMNS(a)" MySQL leaves plain names unquoted. */
static void add_key_token(struct mysql_ddl *ddl, bool is_name)
{
    struct strbuf *out = &ddl->scratch;
    const struct mysql_token *token = &ddl->token;
    if (token->spaced && out->length > 0 && out->bytes[out->length - 1] != ' ')
        strbuf_add_char(out, ' ');
    if (is_name)
        strbuf_add_char(out, '`');
    strbuf_add(out, token->text, token->length);
    if (is_name)
        strbuf_add_char(out, '`');
}

/* The method and what it is applied to, up to the list or number of partitions. */
static uint32_t take_partition_key(struct mysql_ddl *ddl)
{
    size_t depth = 0;
    bool names = false; /* between the parentheses there are names only */
    strbuf_clear(&ddl->scratch);
    for (; ddl->token.kind != MYSQL_TOKEN_END; mysql_ddl_advance(ddl)) {
        if (depth == 0 && mysql_ddl_at(ddl, "PARTITIONS"))
            break;
        struct mysql_lexer ahead = ddl->lexer;
        struct mysql_token next = mysql_lexer_next(&ahead);
        if (depth == 0 && mysql_ddl_at_symbol(ddl, '(') && mysql_token_is(&next, "PARTITION"))
            break;
        if (depth == 0 && ddl->token.kind == MYSQL_TOKEN_WORD)
            names = mysql_ddl_at(ddl, "KEY") || mysql_ddl_at(ddl, "COLUMNS");
        add_key_token(ddl, names && depth == 1 && ddl->token.kind == MYSQL_TOKEN_WORD);
        depth += mysql_ddl_at_symbol(ddl, '(');
        depth -= depth > 0 && mysql_ddl_at_symbol(ddl, ')');
    }
    return schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

/* To the end of the text. */
static uint32_t take_rest(struct mysql_ddl *ddl)
{
    const char *text = ddl->token.text;
    const char *end = text;
    for (; ddl->token.kind != MYSQL_TOKEN_END; mysql_ddl_advance(ddl))
        end = ddl->token.text + ddl->token.length;
    return schema_builder_text_n(ddl->builder, text, (size_t)(end - text));
}

static void take_partitions(struct mysql_ddl *ddl, struct options *options)
{
    schema_builder_set_kind(ddl->builder, ddl->relation, RELATION_PARTITIONED);
    options->partition_key = take_partition_key(ddl);
    options->partitions = take_rest(ddl);
}

static void read_option(struct mysql_ddl *ddl, struct options *options)
{
    if (mysql_ddl_accept(ddl, "DEFAULT") || mysql_ddl_accept_symbol(ddl, ','))
        return;
    if (mysql_ddl_accept(ddl, "ENGINE"))
        ddl->engine = take_value(ddl);
    else if (mysql_ddl_accept(ddl, "AUTO_INCREMENT"))
        take_value(ddl);
    else if (mysql_ddl_accept(ddl, "CHARSET"))
        ddl->charset = take_collation(ddl);
    else if (mysql_ddl_accept(ddl, "COLLATE"))
        ddl->collation = take_collation(ddl);
    else if (mysql_ddl_accept(ddl, "COMMENT"))
        options->comment = take_value(ddl);
    else if (mysql_ddl_accept(ddl, "WITH"))
        options->versioned = mysql_ddl_accept(ddl, "SYSTEM") && mysql_ddl_accept(ddl, "VERSIONING");
    else if (mysql_ddl_accept(ddl, "PARTITION") && mysql_ddl_accept(ddl, "BY"))
        take_partitions(ddl, options);
    else
        take_other(ddl, options);
}

static void add_options(struct mysql_ddl *ddl, const struct options *options)
{
    uint32_t storage = schema_builder_text_n(ddl->builder, strbuf_text(&options->storage), options->storage.length);
    struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_ENGINE, .text = ddl->engine},
        {.key = ATTRIBUTE_CHARSET, .text = ddl->charset},
        {.key = ATTRIBUTE_COLLATION, .text = ddl->collation},
        {.key = ATTRIBUTE_COMMENT, .text = options->comment},
        {.key = ATTRIBUTE_STORAGE_OPTIONS, .text = storage},
        {.key = ATTRIBUTE_PARTITION_KEY, .text = options->partition_key},
        {.key = ATTRIBUTE_PARTITION_BOUND, .text = options->partitions},
        {.key = ATTRIBUTE_SYSTEM_VERSIONING},
    };
    size_t count = sizeof(attributes) / sizeof(attributes[0]) - !options->versioned;
    size_t relations = 0;
    uint32_t run = schema_builder_attributes(ddl->builder, attributes, count);
    struct schema_relation *relation = schema_builder_relations(ddl->builder, &relations);
    if (ddl->relation < relations)
        relation[ddl->relation].attributes = run;
}

void mysql_ddl_read_options(struct mysql_ddl *ddl)
{
    struct options options = {.storage = STRBUF(LIMIT_DEFINITION_BYTES)};
    while (ddl->token.kind != MYSQL_TOKEN_END)
        read_option(ddl, &options);
    if (ddl->charset && !ddl->collation)
        ddl->collation = mysql_ddl_collation_of(ddl, ddl->charset);
    add_options(ddl, &options);
    ddl->scratch.failed |= !strbuf_ok(&options.storage);
    strbuf_done(&options.storage);
}
