/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_expression.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/mysql_lexer.h"

/* Servers print two at most; the bound keeps a hostile text from costing its length squared. */
enum { MAX_PARENTHESES = 16 };

static const char *const now_words[] = {"current_timestamp", "now"};

static bool is_now(const struct mysql_token *token)
{
    for (size_t i = 0; i < ARRAY_LENGTH(now_words); i++) {
        if (mysql_token_is(token, now_words[i]))
            return true;
    }
    return false;
}

static bool is_plain(const struct mysql_token *token)
{
    for (size_t i = 0; i < token->length; i++) {
        if ((unsigned char)token->text[i] >= 0x80)
            return false;
    }
    return true;
}

static bool introduces(const struct mysql_token *token, const struct mysql_token *next)
{
    return token->kind == MYSQL_TOKEN_WORD && *token->text == '_' && next->kind == MYSQL_TOKEN_STRING && is_plain(next);
}

/* Fails `out` where it cannot be told. */
static bool names(const struct mysql_token *token, const char *database, struct strbuf *out)
{
    if (!database || token->kind != MYSQL_TOKEN_NAME)
        return false;
    cleanup(strbuf) struct strbuf name = STRBUF(LIMIT_STRING_POOL);
    mysql_token_decode(token, &name);
    out->failed |= !strbuf_ok(&name);
    return strbuf_ok(&name) && strcmp(strbuf_text(&name), database) == 0;
}

static void add_token(const struct mysql_token *token, bool spaced, size_t start, struct strbuf *out)
{
    if (spaced && out->length > start)
        strbuf_add_char(out, ' ');
    if (token->kind != MYSQL_TOKEN_STRING) {
        strbuf_add(out, token->text, token->length);
        return;
    }
    cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_STRING_POOL);
    mysql_token_decode(token, &value);
    mysql_quote_string(out, strbuf_text(&value), value.length);
    out->failed |= !strbuf_ok(&value);
}

/* Takes "(…)" off when the first parenthesis is closed by the last one. */
static bool strip_parentheses(const char **text, size_t *length)
{
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, *text, *length);
    struct mysql_token first = mysql_lexer_next(&lexer);
    if (!mysql_token_is_symbol(&first, '('))
        return false;
    size_t depth = 1;
    for (struct mysql_token token = mysql_lexer_next(&lexer); token.kind != MYSQL_TOKEN_END;
         token = mysql_lexer_next(&lexer)) {
        if (mysql_token_is_symbol(&token, '('))
            depth++;
        if (mysql_token_is_symbol(&token, ')') && --depth == 0) {
            struct mysql_token rest = mysql_lexer_next(&lexer);
            if (rest.kind != MYSQL_TOKEN_END)
                return false;
            *text = first.text + 1;
            *length = (size_t)(token.text - *text);
            return true;
        }
    }
    return false;
}

/* now(), current_timestamp() and CURRENT_TIMESTAMP are one; a precision of 0 is none. */
static bool add_now(const char *text, size_t length, struct strbuf *out)
{
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, text, length);
    struct mysql_token word = mysql_lexer_next(&lexer);
    if (!is_now(&word))
        return false;
    struct mysql_token open = mysql_lexer_next(&lexer);
    struct mysql_token precision = mysql_lexer_next(&lexer);
    bool bare = open.kind == MYSQL_TOKEN_END;
    bool precise = precision.kind == MYSQL_TOKEN_NUMBER;
    struct mysql_token close = precise ? mysql_lexer_next(&lexer) : precision;
    struct mysql_token end = mysql_lexer_next(&lexer);
    if (!bare &&
        (!mysql_token_is_symbol(&open, '(') || !mysql_token_is_symbol(&close, ')') || end.kind != MYSQL_TOKEN_END))
        return false;
    strbuf_add_string(out, "CURRENT_TIMESTAMP");
    if (!bare && precise && *precision.text != '0')
        strbuf_printf(out, "(%.*s)", (int)precision.length, precision.text);
    return true;
}

void mysql_expression_canonical(const char *text, size_t length, const char *database, struct strbuf *out)
{
    for (unsigned i = 0; i < MAX_PARENTHESES && strip_parentheses(&text, &length); i++) {
    }
    if (add_now(text, length, out))
        return;
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, text, length);
    size_t start = out->length;
    struct mysql_token token = mysql_lexer_next(&lexer);
    while (token.kind != MYSQL_TOKEN_END) {
        bool spaced = token.spaced;
        struct mysql_token next = mysql_lexer_next(&lexer);
        if (introduces(&token, &next)) {
            add_token(&next, spaced, start, out);
            next = mysql_lexer_next(&lexer);
        } else if (mysql_token_is_symbol(&next, '.') && names(&token, database, out)) {
            next = mysql_lexer_next(&lexer);
            next.spaced = spaced;
        } else {
            add_token(&token, spaced, start, out);
        }
        token = next;
    }
}
