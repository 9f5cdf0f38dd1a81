/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/sqlite_canonical.h"

#include <stdint.h>
#include <string.h>

#include "dialect/dialect_quote.h"
#include "dialect/sqlite_keyword.h"
#include "dialect/sqlite_token.h"

/* What a double-quoted name is, where it is not a function's. */
enum quoted_names { QUOTED_NAMES, QUOTED_STRINGS };

static void append_lower(const char *text, size_t length, struct strbuf *out)
{
    for (size_t i = 0; i < length; i++)
        strbuf_add_char(out, text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i]);
}

/* [x], `x` or "x" as a string. */
static void append_as_string(const struct sqlite_token *token, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf name = STRBUF(token->length + 1);
    sqlite_token_append_name(token, &name);
    dialect_quote(out, '\'', strbuf_text(&name));
    out->failed |= !strbuf_ok(&name);
}

/* [x], `x` or "x": without quotes where it means the same without them, else in double quotes. */
static void append_quoted_name(const struct sqlite_token *token, bool call, struct strbuf *out)
{
    if (sqlite_name_is_plain(token->text + 1, token->length - 2)) {
        if (call)
            append_lower(token->text + 1, token->length - 2, out);
        else
            strbuf_add(out, token->text + 1, token->length - 2);
        return;
    }
    char quote = token->text[0];
    strbuf_add_char(out, '"');
    for (size_t i = 1; i + 1 < token->length; i++) {
        if (token->text[i] == '"')
            strbuf_add_char(out, '"');
        strbuf_add_char(out, token->text[i]);
        if (token->text[i] == quote && quote != '[')
            i++;
    }
    strbuf_add_char(out, '"');
}

/* `call`: an opening parenthesis follows, so that a name is a function's or a table's, neither of which has case. */
static void append_token(const struct sqlite_token *token, bool call, enum quoted_names quoted, struct strbuf *out)
{
    const char *keyword = token->kind == TOKEN_WORD ? sqlite_keyword(token->text, token->length) : NULL;
    if (keyword)
        strbuf_add(out, keyword, token->length);
    else if (token->kind == TOKEN_QUOTED && quoted == QUOTED_STRINGS && !call)
        append_as_string(token, out);
    else if (token->kind == TOKEN_QUOTED)
        append_quoted_name(token, call, out);
    else if (token->kind == TOKEN_WORD && call)
        append_lower(token->text, token->length, out);
    else if (sqlite_token_is(token, "=="))
        strbuf_add_char(out, '=');
    else if (sqlite_token_is(token, "!="))
        strbuf_add_string(out, "<>");
    else
        strbuf_add(out, token->text, token->length);
}

/* What of a text counts. */
struct extent {
    size_t tokens;    /* without final semicolons */
    size_t enclosing; /* pairs of parentheses around all of it that may go */
    bool understood;  /* no bad token */
};

/* Follows the parentheses of a text. A pair encloses everything if it opens among the first tokens, closes among the
 * last, and nothing between falls to its depth. */
struct enclosure {
    size_t opening; /* parentheses that the text begins with */
    size_t closing; /* parentheses that the text read so far ends with */
    size_t depth;
    size_t lowest; /* depth before the parentheses of `closing` */
    size_t list;   /* depth of the outermost comma: those parentheses hold a list, and need to stay */
    bool begun;    /* the first token that opens nothing was seen */
    bool query;    /* it begins a query, which needs its parentheses, too */
    bool unbalanced;
};

static void enclosure_close(struct enclosure *enclosure)
{
    if (enclosure->closing == 0 && enclosure->depth < enclosure->lowest)
        enclosure->lowest = enclosure->depth;
    enclosure->closing++;
    if (enclosure->depth == 0)
        enclosure->unbalanced = true;
    else
        enclosure->depth--;
}

static void enclosure_step(struct enclosure *enclosure, const struct sqlite_token *token)
{
    bool opens = sqlite_token_is(token, "(");
    if (!enclosure->begun && opens) {
        enclosure->opening++;
        enclosure->depth++;
        return;
    }
    if (!enclosure->begun) {
        enclosure->begun = true;
        enclosure->lowest = enclosure->depth;
        enclosure->list = SIZE_MAX;
        enclosure->query = sqlite_token_is(token, "SELECT") || sqlite_token_is(token, "VALUES") ||
                           sqlite_token_is(token, "WITH") || sqlite_token_is(token, ")");
    }
    if (sqlite_token_is(token, ")")) {
        enclosure_close(enclosure);
        return;
    }
    /* The parentheses that closed before this token did not end the text. */
    if (enclosure->depth < enclosure->lowest)
        enclosure->lowest = enclosure->depth;
    enclosure->closing = 0;
    enclosure->depth += opens ? 1 : 0;
    if (sqlite_token_is(token, ",") && enclosure->depth < enclosure->list)
        enclosure->list = enclosure->depth;
}

static size_t minimum(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t enclosure_pairs(const struct enclosure *enclosure)
{
    if (!enclosure->begun || enclosure->unbalanced || enclosure->depth > 0)
        return 0;
    size_t pairs = minimum(minimum(enclosure->opening, enclosure->closing), enclosure->lowest);
    if (enclosure->list != SIZE_MAX)
        pairs = minimum(pairs, enclosure->list > 0 ? enclosure->list - 1 : 0);
    if (enclosure->query)
        pairs = minimum(pairs, enclosure->opening > 0 ? enclosure->opening - 1 : 0);
    return pairs;
}

static struct extent extent_of(const char *text)
{
    struct sqlite_lexer lexer = {.next = text, .end = text + strlen(text)};
    struct extent extent = {.understood = true};
    struct enclosure enclosure = {0};
    size_t count = 0;
    for (;;) {
        struct sqlite_token token = sqlite_lexer_next(&lexer);
        if (token.kind == TOKEN_END)
            break;
        count++;
        extent.understood &= token.kind != TOKEN_BAD;
        if (sqlite_token_is(&token, ";"))
            continue;
        extent.tokens = count;
        enclosure_step(&enclosure, &token);
    }
    extent.enclosing = enclosure_pairs(&enclosure);
    return extent;
}

/* The tokens from number `first` to before number `last`. */
static void append_tokens(const char *text, size_t first, size_t last, enum quoted_names quoted, struct strbuf *out)
{
    struct sqlite_lexer lexer = {.next = text, .end = text + strlen(text)};
    struct sqlite_token token = sqlite_lexer_next(&lexer);
    for (size_t i = 0; i < last; i++) {
        struct sqlite_token next = sqlite_lexer_next(&lexer);
        if (i >= first)
            append_token(&token, i + 1 < last && sqlite_token_is(&next, "("), quoted, out);
        if (i >= first && i + 1 < last)
            strbuf_add_char(out, ' ');
        token = next;
    }
}

static void append_expression(const char *text, enum quoted_names quoted, struct strbuf *out)
{
    struct extent extent = extent_of(text);
    if (extent.understood)
        append_tokens(text, extent.enclosing, extent.tokens - extent.enclosing, quoted, out);
    else
        strbuf_add_string(out, text);
}

void sqlite_canonical_expression(const char *text, struct strbuf *out)
{
    append_expression(text, QUOTED_NAMES, out);
}

void sqlite_canonical_constant(const char *text, struct strbuf *out)
{
    append_expression(text, QUOTED_STRINGS, out);
}

void sqlite_canonical_statements(const char *text, struct strbuf *out)
{
    struct extent extent = extent_of(text);
    if (extent.understood)
        append_tokens(text, 0, extent.tokens, QUOTED_NAMES, out);
    else
        strbuf_add_string(out, text);
}

/* Words, and behind them perhaps numbers, each with a sign at most. */
static bool is_type(const char *text)
{
    struct sqlite_lexer lexer = {.next = text, .end = text + strlen(text)};
    bool after_sign = false;
    for (;;) {
        struct sqlite_token token = sqlite_lexer_next(&lexer);
        if (token.kind == TOKEN_END)
            return !after_sign;
        bool sign = sqlite_token_is(&token, "-") || sqlite_token_is(&token, "+");
        bool plain = token.kind == TOKEN_WORD || token.kind == TOKEN_LITERAL || sqlite_token_is(&token, "(") ||
                     sqlite_token_is(&token, ")") || sqlite_token_is(&token, ",");
        if (!(plain || sign) || (after_sign && token.kind != TOKEN_LITERAL))
            return false;
        after_sign = sign;
    }
}

void sqlite_canonical_type(const char *text, struct strbuf *out)
{
    struct sqlite_lexer lexer = {.next = text, .end = text + strlen(text)};
    size_t start = out->length;
    bool after_word = false;
    if (!is_type(text)) {
        strbuf_add_string(out, text);
        return;
    }
    for (struct sqlite_token token = sqlite_lexer_next(&lexer); token.kind != TOKEN_END;
         token = sqlite_lexer_next(&lexer)) {
        bool word = token.kind != TOKEN_OPERATOR;
        if (word && after_word)
            strbuf_add_char(out, ' ');
        strbuf_add(out, token.text, token.length);
        after_word = word;
    }
    if (strbuf_ok(out))
        sqlite_text_raise(out, start);
}
