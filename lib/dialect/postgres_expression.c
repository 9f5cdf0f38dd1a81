/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_expression.h"

#include <ctype.h>
#include <string.h>

#include "dialect/postgres_token.h"

/* Servers print at most three pairs around an expression. Each takes a look at all of it. */
enum { PAIRS = 16 };

static bool is_sign(const struct postgres_token *token, const char *signs)
{
    return token->kind == POSTGRES_TOKEN_SIGN && token->length == 1 && strchr(signs, *token->text);
}

/* Where the first `stop` outside of quotes and brackets stands; `length` if nowhere. */
static size_t find_outside(const char *text, size_t length, const char *stop)
{
    struct postgres_lexer lexer = {text, text + length};
    size_t depth = 0;
    for (;;) {
        struct postgres_token token = postgres_lexer_next(&lexer);
        if (token.kind == POSTGRES_TOKEN_END || token.kind == POSTGRES_TOKEN_BROKEN)
            return length;
        if (depth == 0 && is_sign(&token, stop))
            return (size_t)(token.text - text);
        if (is_sign(&token, "(["))
            depth++;
        else if (is_sign(&token, ")]") && depth > 0)
            depth--;
    }
}

static struct postgres_expression trimmed(const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    return (struct postgres_expression){text, length};
}

struct postgres_expression postgres_expression_bare(const char *text, size_t length)
{
    struct postgres_expression bare = trimmed(text, length);
    for (int pairs = 0; pairs < PAIRS && bare.length > 2 && bare.text[0] == '('; pairs++) {
        size_t closing = 1 + find_outside(bare.text + 1, bare.length - 1, ")");
        if (closing != bare.length - 1)
            break;
        bare = trimmed(bare.text + 1, bare.length - 2);
    }
    return bare;
}

bool postgres_expression_is_null(struct postgres_expression expression)
{
    struct postgres_lexer lexer = {expression.text, expression.text + expression.length};
    struct postgres_token token = postgres_lexer_next(&lexer);
    if (!postgres_token_is(&token, "null"))
        return false;
    token = postgres_lexer_next(&lexer);
    if (token.kind == POSTGRES_TOKEN_END)
        return true;
    if (!postgres_token_is(&token, "::"))
        return false;
    /* A type's name: words, quoted names and its arguments, but no operator. */
    for (token = postgres_lexer_next(&lexer); token.kind != POSTGRES_TOKEN_END; token = postgres_lexer_next(&lexer)) {
        bool word = token.kind == POSTGRES_TOKEN_NAME || token.kind == POSTGRES_TOKEN_WORD ||
                    token.kind == POSTGRES_TOKEN_KEYWORD || token.kind == POSTGRES_TOKEN_NUMBER;
        if (!word && !is_sign(&token, ".,()[]"))
            return false;
    }
    return true;
}

bool postgres_expression_next(struct postgres_expression *list, struct postgres_expression *ret_item)
{
    if (!list->text)
        return false;
    size_t comma = find_outside(list->text, list->length, ",");
    *ret_item = postgres_expression_bare(list->text, comma);
    bool last = comma >= list->length;
    list->length = last ? 0 : list->length - comma - 1;
    list->text = last ? NULL : list->text + comma + 1;
    return true;
}

struct postgres_expression postgres_view_query(const char *text, size_t length)
{
    struct postgres_expression query = trimmed(text, length);
    if (query.length > 0 && query.text[query.length - 1] == ';')
        query = trimmed(query.text, query.length - 1);
    return query;
}

/* Where two tokens stand outside of brackets, one behind the other. */
struct pair {
    size_t first;  /* where the first starts; the text's length if they stand nowhere */
    size_t second; /* where the second starts … */
    size_t behind; /* … and ends */
};

static struct pair find_pair(const char *text, size_t length, const char *first, const char *second)
{
    struct postgres_lexer lexer = {text, text + length};
    struct postgres_token before = {0};
    size_t depth = 0;
    for (;;) {
        struct postgres_token token = postgres_lexer_next(&lexer);
        if (token.kind == POSTGRES_TOKEN_END || token.kind == POSTGRES_TOKEN_BROKEN)
            return (struct pair){length, length, length};
        if (depth == 0 && before.length > 0 && postgres_token_is(&before, first) && postgres_token_is(&token, second))
            return (struct pair){(size_t)(before.text - text), (size_t)(token.text - text),
                                 (size_t)(lexer.next - text)};
        if (is_sign(&token, "(["))
            depth++;
        else if (is_sign(&token, ")]") && depth > 0)
            depth--;
        before = token;
    }
}

bool postgres_trigger_parts(const char *text, size_t length, struct postgres_expression *ret_condition,
                            struct postgres_expression *ret_call)
{
    *ret_condition = (struct postgres_expression){text, 0};
    *ret_call = (struct postgres_expression){text, 0};
    struct pair call = find_pair(text, length, "execute", "function");
    struct pair condition = find_pair(text, length, "when", "(");
    if (call.first >= length)
        return false;
    if (condition.first < call.first)
        *ret_condition = postgres_expression_bare(text + condition.second, call.first - condition.second);
    *ret_call = trimmed(text + call.behind, length - call.behind);
    return true;
}
