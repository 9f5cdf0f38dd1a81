/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/sqlite_token.h"

#include <string.h>
#include <strings.h>

/* Locale-free, and true for every byte of a multi-byte character, as in SQLite's own tokeniser. */
static bool is_word_byte(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '$' || byte >= 0x80;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Behind the comment that begins here, or `at` if none does. */
static const char *comment_end(const char *at, const char *end)
{
    if (end - at < 2)
        return at;
    if (at[0] == '-' && at[1] == '-') {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        return newline ? newline + 1 : end;
    }
    if (at[0] == '/' && at[1] == '*') {
        const char *close = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);
        return close ? close + 2 : end;
    }
    /* A byte order mark counts as a blank where a token could begin. */
    if (end - at > 2 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        return at + 3;
    return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end) {
        const char *after = is_blank(*at) ? at + 1 : comment_end(at, end);
        if (after == at)
            break;
        at = after;
    }
    return at;
}

/* Behind the closing quote, or NULL; a doubled quote stands for itself, except in brackets. */
static const char *quote_end(const char *at, const char *end)
{
    char close = *at == '[' ? ']' : *at;
    for (at++; at < end; at++) {
        if (*at != close)
            continue;
        if (close != ']' && at + 1 < end && at[1] == close)
            at++;
        else
            return at + 1;
    }
    return NULL;
}

/* Digits, letters (hexadecimal, exponents), points, and the sign of an exponent. */
static const char *number_end(const char *at, const char *end)
{
    bool hexadecimal = end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
    while (at < end) {
        bool sign = !hexadecimal && (*at == '+' || *at == '-') && (at[-1] == 'e' || at[-1] == 'E');
        if (!is_word_byte((unsigned char)*at) && *at != '.' && !sign)
            break;
        at++;
    }
    return at;
}

static const char *word_end(const char *at, const char *end)
{
    while (at < end && is_word_byte((unsigned char)*at))
        at++;
    return at;
}

static size_t operator_length(const char *at, const char *end)
{
    static const char *const operators[] = {"->>", "||", "->", "<<", ">>", "<=", ">=", "<>", "!=", "=="};
    for (size_t i = 0; i < ARRAY_LENGTH(operators); i++) {
        size_t length = strlen(operators[i]);
        if ((size_t)(end - at) >= length && memcmp(at, operators[i], length) == 0)
            return length;
    }
    return 1;
}

static struct sqlite_token token_until(struct sqlite_lexer *lexer, const char *at, const char *after,
                                       enum sqlite_token_kind kind)
{
    if (!after) {
        kind = TOKEN_BAD;
        after = lexer->end;
    }
    lexer->next = after;
    return (struct sqlite_token){.kind = kind, .text = at, .length = (size_t)(after - at)};
}

struct sqlite_token sqlite_lexer_next(struct sqlite_lexer *lexer)
{
    const char *end = lexer->end;
    const char *at = skip_blanks(lexer->next, end);
    if (at == end)
        return token_until(lexer, at, at, TOKEN_END);
    switch (*at) {
    case '\'':
        return token_until(lexer, at, quote_end(at, end), TOKEN_STRING);
    case '"':
    case '`':
    case '[':
        return token_until(lexer, at, quote_end(at, end), TOKEN_QUOTED);
    case 'x':
    case 'X':
        if (end - at > 1 && at[1] == '\'')
            return token_until(lexer, at, quote_end(at + 1, end), TOKEN_LITERAL);
        break;
    default:
        break;
    }
    if (is_digit(*at) || (*at == '.' && end - at > 1 && is_digit(at[1])))
        return token_until(lexer, at, number_end(at, end), TOKEN_LITERAL);
    if (strchr("?:@$#", *at) && *at)
        return token_until(lexer, at, word_end(at + 1, end), TOKEN_OPERATOR);
    if (is_word_byte((unsigned char)*at))
        return token_until(lexer, at, word_end(at, end), TOKEN_WORD);
    if ((unsigned char)*at < 0x20 || *at == 0x7f)
        return token_until(lexer, at, at + 1, TOKEN_BAD);
    return token_until(lexer, at, at + operator_length(at, end), TOKEN_OPERATOR);
}

bool sqlite_token_is(const struct sqlite_token *token, const char *text)
{
    if (token->kind != TOKEN_WORD && token->kind != TOKEN_OPERATOR)
        return false;
    if ((token->text[0] | 0x20) != (text[0] | 0x20)) /* most comparisons end here */
        return false;
    return strlen(text) == token->length && strncasecmp(token->text, text, token->length) == 0;
}

bool sqlite_token_is_name(const struct sqlite_token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED || token->kind == TOKEN_STRING;
}

void sqlite_token_append_name(const struct sqlite_token *token, struct strbuf *out)
{
    if (token->kind != TOKEN_QUOTED && token->kind != TOKEN_STRING) {
        strbuf_add(out, token->text, token->length);
        return;
    }
    char quote = token->text[0];
    const char *end = token->text + token->length - 1;
    for (const char *at = token->text + 1; at < end; at++) {
        strbuf_add_char(out, *at);
        if (*at == quote && quote != '[')
            at++;
    }
}

bool sqlite_token_can_be_text(const struct sqlite_token *before, const struct sqlite_token *token,
                              const struct sqlite_token *after)
{
    return token->kind == TOKEN_QUOTED && token->text[0] == '"' && !sqlite_token_is(before, ".") &&
           !sqlite_token_is(before, "COLLATE") && !sqlite_token_is(before, "AS") && !sqlite_token_is(after, ".") &&
           !sqlite_token_is(after, "(");
}

void sqlite_text_raise(struct strbuf *text, size_t start)
{
    for (size_t i = start; i < text->length; i++) {
        if (text->bytes[i] >= 'a' && text->bytes[i] <= 'z')
            text->bytes[i] = (char)(text->bytes[i] - 'a' + 'A');
    }
}

/* Words of expressions and queries that are written in upper case and, when an opening parenthesis follows, keep a
 * blank before it. None of them can be a column's bare name where it would change the meaning. Sorted. */
static const char *const keywords[] = {
    "ALL",  "AND",      "AS",     "ASC",    "BETWEEN", "BY",        "CASE",      "COLLATE", "CROSS",
    "DESC", "DISTINCT", "ELSE",   "END",    "ESCAPE",  "EXCEPT",    "EXISTS",    "FILTER",  "FROM",
    "GLOB", "GROUP",    "HAVING", "IN",     "INNER",   "INTERSECT", "IS",        "ISNULL",  "JOIN",
    "LEFT", "LIKE",     "LIMIT",  "MATCH",  "NATURAL", "NOT",       "NOTNULL",   "NULL",    "OFFSET",
    "ON",   "OR",       "ORDER",  "OUTER",  "OVER",    "PARTITION", "RECURSIVE", "REGEXP",  "SELECT",
    "THEN", "UNION",    "USING",  "VALUES", "WHEN",    "WHERE",     "WITH",
};

static const char *keyword_of(const struct sqlite_token *token)
{
    if (token->kind != TOKEN_WORD || token->length > 9)
        return NULL;
    size_t low = 0;
    size_t high = ARRAY_LENGTH(keywords);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strncasecmp(token->text, keywords[middle], token->length);
        if (order == 0 && keywords[middle][token->length] != '\0')
            order = -1;
        if (order == 0)
            return keywords[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool is_variable(const struct sqlite_token *token)
{
    return token->kind == TOKEN_OPERATOR && strchr("?:@$#", token->text[0]);
}

/* A sign that belongs to what follows: at the beginning, or behind something that is no operand. */
static bool is_sign(const struct sqlite_token *token, const struct sqlite_token *before)
{
    if (sqlite_token_is(token, "~"))
        return true;
    if (!sqlite_token_is(token, "-") && !sqlite_token_is(token, "+"))
        return false;
    return before->kind == TOKEN_END || keyword_of(before) ||
           (before->kind == TOKEN_OPERATOR && !sqlite_token_is(before, ")") && !is_variable(before));
}

/* Never false where two tokens would become another one: two signs a comment, a point and digits a number. */
static bool needs_blank(const struct sqlite_token *before, const struct sqlite_token *token, bool after_sign)
{
    bool operand = token->kind != TOKEN_OPERATOR || sqlite_token_is(token, "(") || is_variable(token);
    if (after_sign)
        return !operand;
    if (before->kind == TOKEN_END || sqlite_token_is(before, "(") || sqlite_token_is(token, ")") ||
        sqlite_token_is(token, ",") || sqlite_token_is(token, ";"))
        return false;
    if (sqlite_token_is(before, "."))
        return !sqlite_token_is_name(token) && !sqlite_token_is(token, "*");
    if (sqlite_token_is(token, ".") || sqlite_token_is(token, "("))
        return !sqlite_token_is_name(before) || keyword_of(before);
    return true;
}

static void append_token(const struct sqlite_token *token, struct strbuf *out)
{
    const char *keyword = keyword_of(token);
    if (keyword) {
        strbuf_add(out, keyword, token->length);
    } else if (token->kind == TOKEN_QUOTED && token->text[0] != '"') {
        strbuf_add_char(out, '"');
        for (size_t i = 1; i + 1 < token->length; i++) {
            if (token->text[i] == '"')
                strbuf_add_char(out, '"');
            strbuf_add_char(out, token->text[i]);
            if (token->text[i] == '`' && token->text[0] == '`')
                i++;
        }
        strbuf_add_char(out, '"');
    } else {
        strbuf_add(out, token->text, token->length);
    }
}

void sqlite_text_append_canonical(const char *text, size_t length, struct strbuf *out)
{
    struct sqlite_lexer lexer = {.next = text, .end = text + length};
    struct sqlite_token before = {.kind = TOKEN_END};
    bool after_sign = false;
    for (;;) {
        struct sqlite_token token = sqlite_lexer_next(&lexer);
        if (token.kind == TOKEN_END)
            return;
        if (needs_blank(&before, &token, after_sign))
            strbuf_add_char(out, ' ');
        after_sign = is_sign(&token, &before);
        append_token(&token, out);
        before = token;
    }
}
