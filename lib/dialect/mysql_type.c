/* SPDX-License-Identifier: Apache-2.0
 *
 * Types. Servers print one spelling of each; these are the others, from schemas that were declared and never loaded,
 * and from servers of different age.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/mysql_canonical.h"
#include "dialect/mysql_collation.h"
#include "dialect/mysql_lexer.h"

enum argument_kind {
    ARGUMENTS_KEEP,
    ARGUMENTS_WIDTH,     /* a display width: says nothing */
    ARGUMENTS_PRECISION, /* 0 is none */
    ARGUMENTS_DECIMAL,   /* (10,0) if left out */
    ARGUMENTS_LENGTH,    /* (1) if left out */
    ARGUMENTS_FLOAT,     /* one number is bits of precision */
    ARGUMENTS_TEXT,      /* a length chooses the size */
    ARGUMENTS_BLOB,
};

static const struct type_row {
    const char *alias;
    const char *name;
    enum argument_kind arguments;
} types[] = {
    {"tinyint", "tinyint", ARGUMENTS_WIDTH},
    {"int1", "tinyint", ARGUMENTS_WIDTH},
    {"bool", "tinyint(1)", ARGUMENTS_KEEP},
    {"boolean", "tinyint(1)", ARGUMENTS_KEEP},
    {"smallint", "smallint", ARGUMENTS_WIDTH},
    {"int2", "smallint", ARGUMENTS_WIDTH},
    {"mediumint", "mediumint", ARGUMENTS_WIDTH},
    {"middleint", "mediumint", ARGUMENTS_WIDTH},
    {"int3", "mediumint", ARGUMENTS_WIDTH},
    {"int", "int", ARGUMENTS_WIDTH},
    {"integer", "int", ARGUMENTS_WIDTH},
    {"int4", "int", ARGUMENTS_WIDTH},
    {"bigint", "bigint", ARGUMENTS_WIDTH},
    {"int8", "bigint", ARGUMENTS_WIDTH},
    {"serial", "bigint unsigned", ARGUMENTS_KEEP},
    {"decimal", "decimal", ARGUMENTS_DECIMAL},
    {"dec", "decimal", ARGUMENTS_DECIMAL},
    {"numeric", "decimal", ARGUMENTS_DECIMAL},
    {"fixed", "decimal", ARGUMENTS_DECIMAL},
    {"float", "float", ARGUMENTS_FLOAT},
    {"float4", "float", ARGUMENTS_KEEP},
    {"float8", "double", ARGUMENTS_KEEP},
    {"double", "double", ARGUMENTS_KEEP},
    {"real", "double", ARGUMENTS_KEEP},
    {"bit", "bit", ARGUMENTS_LENGTH},
    {"year", "year", ARGUMENTS_WIDTH},
    {"date", "date", ARGUMENTS_KEEP},
    {"time", "time", ARGUMENTS_PRECISION},
    {"datetime", "datetime", ARGUMENTS_PRECISION},
    {"timestamp", "timestamp", ARGUMENTS_PRECISION},
    {"char", "char", ARGUMENTS_LENGTH},
    {"character", "char", ARGUMENTS_LENGTH},
    {"nchar", "char", ARGUMENTS_LENGTH},
    {"varchar", "varchar", ARGUMENTS_KEEP},
    {"nvarchar", "varchar", ARGUMENTS_KEEP},
    {"varcharacter", "varchar", ARGUMENTS_KEEP},
    {"binary", "binary", ARGUMENTS_LENGTH},
    {"text", "text", ARGUMENTS_TEXT},
    {"blob", "blob", ARGUMENTS_BLOB},
    {"long", "mediumtext", ARGUMENTS_KEEP},
    {"geomcollection", "geometrycollection", ARGUMENTS_KEEP},
};

/* Words that belong to the name before them. */
static const struct {
    const char *first;
    const char *second;
    const char *name; /* the alias that both are */
} pairs[] = {
    {"double", "precision", "double"}, {"character", "varying", "varchar"},
    {"char", "varying", "varchar"},    {"national", "char", "char"},
    {"national", "character", "char"}, {"national", "varchar", "varchar"},
    {"long", "varchar", "long"},       {"long", "char", "long"},
};

/* A type in parts. */
struct type {
    char name[32];
    const struct type_row *row; /* NULL: not in the table */
    struct strbuf arguments;    /* "(10,2)"; "" */
    struct strbuf rest;         /* " charset latin1", … */
    bool is_unsigned;
    bool zerofill;
};

static const struct type_row *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].alias, name) == 0)
            return &types[i];
    }
    return NULL;
}

static bool take_name(struct mysql_lexer *lexer, struct mysql_token *token, struct type *type)
{
    if (token->kind != MYSQL_TOKEN_WORD || token->length >= sizeof(type->name))
        return false;
    for (size_t i = 0; i < token->length; i++)
        type->name[i] = (char)tolower((unsigned char)token->text[i]);
    *token = mysql_lexer_next(lexer);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strcmp(type->name, pairs[i].first) != 0 || !mysql_token_is(token, pairs[i].second))
            continue;
        snprintf(type->name, sizeof(type->name), "%s", pairs[i].name);
        *token = mysql_lexer_next(lexer);
    }
    type->row = find_type(type->name);
    return true;
}

static bool is_argument(const struct mysql_token *token)
{
    return token->kind == MYSQL_TOKEN_STRING || token->kind == MYSQL_TOKEN_NUMBER || mysql_token_is_symbol(token, ',');
}

/* Without blanks, strings in the one spelling. */
static bool take_arguments(struct mysql_lexer *lexer, struct mysql_token *token, struct type *type)
{
    cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_DEFINITION_BYTES);
    strbuf_add_char(&type->arguments, '(');
    for (*token = mysql_lexer_next(lexer); is_argument(token); *token = mysql_lexer_next(lexer)) {
        if (token->kind == MYSQL_TOKEN_STRING) {
            strbuf_clear(&value);
            mysql_token_decode(token, &value);
            mysql_quote_string(&type->arguments, strbuf_text(&value), value.length);
            type->arguments.failed |= !strbuf_ok(&value);
        } else {
            strbuf_add(&type->arguments, token->text, token->length);
        }
    }
    if (!mysql_token_is_symbol(token, ')'))
        return false;
    strbuf_add_char(&type->arguments, ')');
    *token = mysql_lexer_next(lexer);
    return true;
}

/* Words only. */
static bool take_rest(struct mysql_lexer *lexer, struct mysql_token *token, struct type *type)
{
    for (; token->kind == MYSQL_TOKEN_WORD; *token = mysql_lexer_next(lexer)) {
        type->zerofill |= mysql_token_is(token, "zerofill");
        type->is_unsigned |= mysql_token_is(token, "zerofill") || mysql_token_is(token, "unsigned");
        if (mysql_token_is(token, "unsigned") || mysql_token_is(token, "zerofill") || mysql_token_is(token, "signed"))
            continue;
        strbuf_add_char(&type->rest, ' ');
        mysql_collation_name(token->text, token->length, &type->rest);
    }
    return token->kind == MYSQL_TOKEN_END;
}

static unsigned long first_argument(const struct type *type)
{
    return type->arguments.length > 1 ? strtoul(strbuf_text(&type->arguments) + 1, NULL, 10) : 0;
}

static bool has_arguments(const struct type *type)
{
    return type->arguments.length > 0;
}

/* A length without a size: what holds as many characters, of up to four bytes, or bytes. */
static const char *sized_name(const struct type *type, const char *const names[4], unsigned long width)
{
    static const unsigned long sizes[] = {255, 65535, 16777215};
    unsigned long length = first_argument(type);
    for (size_t i = 0; i < 3; i++) {
        if (length <= sizes[i] / width)
            return names[i];
    }
    return names[3];
}

static void add_text(const struct type *type, struct strbuf *out)
{
    static const char *const texts[] = {"tinytext", "text", "mediumtext", "longtext"};
    static const char *const blobs[] = {"tinyblob", "blob", "mediumblob", "longblob"};
    bool blob = type->row->arguments == ARGUMENTS_BLOB;
    if (has_arguments(type))
        strbuf_add_string(out, sized_name(type, blob ? blobs : texts, blob ? 1 : 4));
    else
        strbuf_add_string(out, type->row->name);
}

static void add_float(const struct type *type, struct strbuf *out)
{
    bool bits = has_arguments(type) && !strchr(strbuf_text(&type->arguments), ',');
    strbuf_add_string(out, bits && first_argument(type) > 24 ? "double" : "float");
    if (!bits)
        strbuf_add_string(out, strbuf_text(&type->arguments));
}

static void add_decimal(const struct type *type, struct strbuf *out)
{
    if (!has_arguments(type))
        strbuf_add_string(out, "decimal(10,0)");
    else if (strchr(strbuf_text(&type->arguments), ','))
        strbuf_printf(out, "decimal%s", strbuf_text(&type->arguments));
    else
        strbuf_printf(out, "decimal(%lu,0)", first_argument(type));
}

/* "tinyint(1)" is a boolean by convention, and a width counts where zeros fill it. */
static void add_integer(const struct type *type, struct strbuf *out)
{
    bool boolean = strcmp(type->row->name, "tinyint") == 0 && !type->is_unsigned && first_argument(type) == 1;
    strbuf_add_string(out, type->row->name);
    if (boolean || type->zerofill)
        strbuf_add_string(out, strbuf_text(&type->arguments));
}

static void add_name(const struct type *type, struct strbuf *out)
{
    const char *arguments = strbuf_text(&type->arguments);
    enum argument_kind kind = type->row ? type->row->arguments : ARGUMENTS_KEEP;
    const char *name = type->row ? type->row->name : type->name;
    switch (kind) {
    case ARGUMENTS_WIDTH:
        add_integer(type, out);
        break;
    case ARGUMENTS_DECIMAL:
        add_decimal(type, out);
        break;
    case ARGUMENTS_FLOAT:
        add_float(type, out);
        break;
    case ARGUMENTS_TEXT:
    case ARGUMENTS_BLOB:
        add_text(type, out);
        break;
    case ARGUMENTS_PRECISION:
        strbuf_printf(out, "%s%s", name, strcmp(arguments, "(0)") == 0 ? "" : arguments);
        break;
    case ARGUMENTS_LENGTH:
        strbuf_printf(out, "%s%s", name, has_arguments(type) ? arguments : "(1)");
        break;
    case ARGUMENTS_KEEP:
    default:
        strbuf_printf(out, "%s%s", name, arguments);
        break;
    }
}

void mysql_canonical_type(const char *text, size_t length, struct strbuf *out)
{
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, text, length);
    struct type type = {.arguments = STRBUF(LIMIT_DEFINITION_BYTES), .rest = STRBUF(LIMIT_DEFINITION_BYTES)};
    struct mysql_token token = mysql_lexer_next(&lexer);
    bool understood = take_name(&lexer, &token, &type);
    if (understood && mysql_token_is_symbol(&token, '('))
        understood = take_arguments(&lexer, &token, &type);
    if (understood && take_rest(&lexer, &token, &type)) {
        add_name(&type, out);
        strbuf_add_string(out, type.is_unsigned ? " unsigned" : "");
        strbuf_add_string(out, type.zerofill ? " zerofill" : "");
        strbuf_add_string(out, strbuf_text(&type.rest));
    } else {
        strbuf_add(out, text, length);
    }
    out->failed |= !strbuf_ok(&type.arguments) || !strbuf_ok(&type.rest);
    strbuf_done(&type.arguments);
    strbuf_done(&type.rest);
}
