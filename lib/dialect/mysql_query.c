/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_query.h"

#include <string.h>

#include "base/limits.h"
#include "dialect/mysql_lexer.h"

/* A token with its neighbours. */
struct window {
    struct mysql_lexer lexer;
    struct mysql_token before[2]; /* the nearer one first */
    struct mysql_token at;
    struct mysql_token next;
    bool wants_table; /* FROM or JOIN stands before `at`, and nothing but parentheses between */
};

/* Their argument is a sequence, which is always printed with its database. */
static const char *const sequence_functions[] = {"nextval", "lastval", "setval"};

static struct window window_open(const char *text, size_t length)
{
    struct window window = {0};
    mysql_lexer_init(&window.lexer, text, length);
    window.at = mysql_lexer_next(&window.lexer);
    window.next = mysql_lexer_next(&window.lexer);
    return window;
}

static bool begins_table(const struct mysql_token *token)
{
    return mysql_token_is(token, "from") || mysql_token_is(token, "join") || mysql_token_is(token, "straight_join");
}

static void window_move(struct window *window)
{
    window->wants_table = begins_table(&window->at) || (window->wants_table && mysql_token_is_symbol(&window->at, '('));
    window->before[1] = window->before[0];
    window->before[0] = window->at;
    window->at = window->next;
    window->next = mysql_lexer_next(&window->lexer);
}

/* Whether a name of several parts begins here; `*ret_last` is what follows the second part. */
static bool window_at_name(const struct window *window, struct mysql_token *ret_last)
{
    if (mysql_token_is_symbol(&window->before[0], '.') || window->at.kind != MYSQL_TOKEN_NAME ||
        !mysql_token_is_symbol(&window->next, '.'))
        return false;
    struct mysql_lexer ahead = window->lexer;
    struct mysql_token second = mysql_lexer_next(&ahead);
    *ret_last = mysql_lexer_next(&ahead);
    return second.kind == MYSQL_TOKEN_NAME || mysql_token_is_symbol(&second, '*');
}

static bool window_at_sequence(const struct window *window)
{
    for (size_t i = 0; i < ARRAY_LENGTH(sequence_functions); i++) {
        if (mysql_token_is_symbol(&window->before[0], '(') && mysql_token_is(&window->before[1], sequence_functions[i]))
            return true;
    }
    return false;
}

static bool has_full_names(const char *text, size_t length)
{
    struct mysql_token last = {0};
    for (struct window window = window_open(text, length); window.at.kind != MYSQL_TOKEN_END; window_move(&window)) {
        if (window_at_name(&window, &last) && mysql_token_is_symbol(&last, '.'))
            return true;
    }
    return false;
}

/* Fails `out` where it cannot be told. */
static bool is_database(const struct mysql_token *token, const char *database, struct strbuf *out)
{
    if (!token->escaped)
        return strlen(database) == token->length - 2 && memcmp(token->text + 1, database, token->length - 2) == 0;
    cleanup(strbuf) struct strbuf name = STRBUF(LIMIT_STRING_POOL);
    mysql_token_decode(token, &name);
    out->failed |= !strbuf_ok(&name);
    return strbuf_ok(&name) && strcmp(strbuf_text(&name), database) == 0;
}

void mysql_query_without_database(const char *text, size_t length, const char *database, struct strbuf *out)
{
    bool full = has_full_names(text, length);
    const char *copied = text;
    struct mysql_token last = {0};
    for (struct window window = window_open(text, length); window.at.kind != MYSQL_TOKEN_END; window_move(&window)) {
        if (!window_at_name(&window, &last))
            continue;
        bool qualified = full || window.wants_table || mysql_token_is_symbol(&last, '(') || window_at_sequence(&window);
        if (!qualified || !is_database(&window.at, database, out))
            continue;
        strbuf_add(out, copied, (size_t)(window.at.text - copied));
        window_move(&window);
        copied = window.next.text;
    }
    strbuf_add(out, copied, (size_t)(text + length - copied));
}
