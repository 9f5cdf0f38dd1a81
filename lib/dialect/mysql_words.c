/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_words.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

static const struct {
    const char *text;
    enum mysql_precedence binds;
} operators[] = {
    {":=", MYSQL_BINDS_ASSIGN},       {"or", MYSQL_BINDS_OR},          {"||", MYSQL_BINDS_OR},
    {"xor", MYSQL_BINDS_XOR},         {"and", MYSQL_BINDS_AND},        {"&&", MYSQL_BINDS_AND},
    {"=", MYSQL_BINDS_COMPARE},       {"<=>", MYSQL_BINDS_COMPARE},    {">=", MYSQL_BINDS_COMPARE},
    {">", MYSQL_BINDS_COMPARE},       {"<=", MYSQL_BINDS_COMPARE},     {"<", MYSQL_BINDS_COMPARE},
    {"<>", MYSQL_BINDS_COMPARE},      {"!=", MYSQL_BINDS_COMPARE},     {"is", MYSQL_BINDS_COMPARE},
    {"like", MYSQL_BINDS_COMPARE},    {"regexp", MYSQL_BINDS_COMPARE}, {"rlike", MYSQL_BINDS_COMPARE},
    {"between", MYSQL_BINDS_COMPARE}, {"sounds", MYSQL_BINDS_COMPARE}, {"escape", MYSQL_BINDS_COMPARE},
    {"not", MYSQL_BINDS_COMPARE}, /* NOT IN, NOT LIKE, NOT BETWEEN */
    {"|", MYSQL_BINDS_BIT_OR},        {"&", MYSQL_BINDS_BIT_AND},      {"<<", MYSQL_BINDS_SHIFT},
    {">>", MYSQL_BINDS_SHIFT},        {"+", MYSQL_BINDS_ADD},          {"-", MYSQL_BINDS_ADD},
    {"*", MYSQL_BINDS_MULTIPLY},      {"/", MYSQL_BINDS_MULTIPLY},     {"%", MYSQL_BINDS_MULTIPLY},
    {"div", MYSQL_BINDS_MULTIPLY},    {"mod", MYSQL_BINDS_MULTIPLY},   {"^", MYSQL_BINDS_BIT_XOR},
    {"collate", MYSQL_BINDS_COLLATE}, {"->", MYSQL_BINDS_ARROW},       {"->>", MYSQL_BINDS_ARROW},
};

static const struct {
    const char *text;
    enum mysql_precedence binds;
} prefixes[] = {
    {"not", MYSQL_BINDS_NOT}, {"-", MYSQL_BINDS_SIGN}, {"+", MYSQL_BINDS_SIGN},
    {"~", MYSQL_BINDS_SIGN},  {"!", MYSQL_BINDS_BANG}, {"binary", MYSQL_BINDS_COLLATE},
};

static const char *const separators[] = {
    "select",        "from",  "where", "group", "by",   "having",   "order", "limit", "union", "except",
    "intersect",     "as",    "on",    "join",  "left", "right",    "inner", "cross", "outer", "natural",
    "straight_join", "using", "when",  "then",  "else", "distinct", "asc",   "desc",  "for",   "with",
    "separator",
};

static const char *const functions[] = {"left", "right", "mod"};

static const struct {
    const char *text;
    const char *name;
} synonyms[] = {
    {"now", "current_timestamp"},
    {"localtime", "current_timestamp"},
    {"localtimestamp", "current_timestamp"},
    {"current_timestamp", "current_timestamp"},
    {"curdate", "current_date"},
    {"current_date", "current_date"},
    {"curtime", "current_time"},
    {"current_time", "current_time"},
    {"rlike", "regexp"},
    {"lcase", "lower"},
    {"ucase", "upper"},
    {"octet_length", "length"},
    {"character_length", "char_length"},
    {"substring", "substr"},
    {"mid", "substr"},
    {"pow", "power"},
    {"ceil", "ceiling"},
    {"!=", "<>"},
    {"utc_timestamp", "utc_timestamp"},
    {"utc_date", "utc_date"},
    {"utc_time", "utc_time"},
};

static const char *const constant_functions[] = {"current_timestamp", "current_date", "current_time",
                                                 "utc_timestamp",     "utc_date",     "utc_time"};

static bool equal(const char *text, size_t length, const char *word)
{
    return (text[0] | 0x20) == (word[0] | 0x20) && strncasecmp(text, word, length) == 0 && word[length] == '\0';
}

static bool is_separator(const char *text, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(separators); i++) {
        if (equal(text, length, separators[i]))
            return true;
    }
    return length == 1 && strchr(",;:?{}[]", *text) != NULL;
}

struct mysql_word mysql_word_infix(const char *text, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(operators); i++) {
        if (equal(text, length, operators[i].text))
            return (struct mysql_word){.role = MYSQL_ROLE_OPERATOR, .binds = operators[i].binds};
    }
    if (equal(text, length, "in") || equal(text, length, "member"))
        return (struct mysql_word){.role = MYSQL_ROLE_LIST, .binds = MYSQL_BINDS_COMPARE};
    if (is_separator(text, length))
        return (struct mysql_word){.role = MYSQL_ROLE_SEPARATOR};
    return (struct mysql_word){.role = MYSQL_ROLE_OPERAND};
}

enum mysql_precedence mysql_word_prefix(const char *text, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        if (equal(text, length, prefixes[i].text))
            return prefixes[i].binds;
    }
    return MYSQL_BINDS_NOTHING;
}

bool mysql_word_is_function(const char *text, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        if (equal(text, length, functions[i]))
            return true;
    }
    return false;
}

const char *mysql_word_synonym(const char *text, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(synonyms); i++) {
        if (equal(text, length, synonyms[i].text))
            return synonyms[i].name;
    }
    return NULL;
}

bool mysql_word_is_constant_function(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(constant_functions); i++) {
        if (strcmp(name, constant_functions[i]) == 0)
            return true;
    }
    return false;
}
