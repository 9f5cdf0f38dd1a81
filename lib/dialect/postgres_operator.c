/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators by their precedence. The order is that of the server's grammar.
 */
#include <string.h>

#include "base/cleanup.h"
#include "dialect/postgres_parser.h"

enum level {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARISON,
    LEVEL_LIKE,
    LEVEL_OTHER,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_POWER,
    LEVEL_AT,
    LEVEL_COLLATE,
    LEVEL_SIGN,
};

static uint32_t parse_level(struct postgres_cursor *cursor, enum level least);

static uint32_t new_operation(struct postgres_cursor *cursor, uint32_t left)
{
    uint32_t operation = postgres_tree_node(cursor->tree, POSTGRES_OPERATION);
    postgres_tree_append(cursor->tree, operation, left);
    return operation;
}

/* Takes `count` items into `operation`, then an operand of at least `least`. */
static uint32_t take_operator(struct postgres_cursor *cursor, uint32_t operation, size_t count, enum level least)
{
    for (size_t i = 0; i < count; i++)
        postgres_tree_append(cursor->tree, operation, postgres_cursor_take(cursor));
    uint32_t right = parse_level(cursor, least);
    postgres_tree_append(cursor->tree, operation, right);
    return right ? operation : 0;
}

static enum level level_of_operator(const struct postgres_node *leaf)
{
    static const struct {
        const char *text;
        enum level level;
    } levels[] = {{"<", LEVEL_COMPARISON},  {">", LEVEL_COMPARISON},  {"=", LEVEL_COMPARISON},
                  {"<=", LEVEL_COMPARISON}, {">=", LEVEL_COMPARISON}, {"<>", LEVEL_COMPARISON},
                  {"!=", LEVEL_COMPARISON}, {"+", LEVEL_SUM},         {"-", LEVEL_SUM},
                  {"*", LEVEL_PRODUCT},     {"/", LEVEL_PRODUCT},     {"%", LEVEL_PRODUCT},
                  {"^", LEVEL_POWER}};
    for (size_t i = 0; i < ARRAY_LENGTH(levels); i++)
        if (strlen(levels[i].text) == leaf->length && memcmp(levels[i].text, leaf->text, leaf->length) == 0)
            return levels[i].level;
    return LEVEL_OTHER;
}

/* A * for itself: everything. */
static bool is_star(const struct postgres_cursor *cursor)
{
    return postgres_cursor_is(cursor, 0, "*") && cursor->at + 1 == cursor->end;
}

static uint32_t parse_prefix(struct postgres_cursor *cursor)
{
    uint32_t item = postgres_cursor_peek(cursor, 0);
    if (item == 0)
        return 0;
    const struct postgres_node *node = postgres_node_at(cursor->tree, item);
    if (node->kind == POSTGRES_LEAF && node->token == POSTGRES_TOKEN_OPERATOR) {
        if (is_star(cursor))
            return postgres_cursor_take(cursor);
        enum level level = level_of_operator(node) == LEVEL_SUM ? LEVEL_SIGN : LEVEL_OTHER + 1;
        return take_operator(cursor, new_operation(cursor, 0), 1, level);
    }
    if (postgres_cursor_is(cursor, 0, "not"))
        return take_operator(cursor, new_operation(cursor, 0), 1, LEVEL_NOT);
    return postgres_parse_operand(cursor);
}

/* What may stand behind IS, each with an optional NOT before it. */
static const char *const tests[][5] = {
    {"null"},
    {"true"},
    {"false"},
    {"unknown"},
    {"document"},
    {"normalized"},
    {"nfc", "normalized"},
    {"nfd", "normalized"},
    {"nfkc", "normalized"},
    {"nfkd", "normalized"},
    {"json", "value"},
    {"json", "array"},
    {"json", "object"},
    {"json", "scalar"},
    {"json"},
};

static size_t test_length(const struct postgres_cursor *cursor, size_t from)
{
    for (size_t i = 0; i < ARRAY_LENGTH(tests); i++) {
        size_t words = 0;
        while (words < ARRAY_LENGTH(tests[i]) && tests[i][words] &&
               postgres_cursor_is(cursor, from + words, tests[i][words]))
            words++;
        if (words > 0 && !tests[i][words])
            return words;
    }
    return 0;
}

static size_t unique_keys_length(const struct postgres_cursor *cursor, size_t from)
{
    if (!postgres_cursor_is(cursor, from, "with") || !postgres_cursor_is(cursor, from + 1, "unique"))
        return 0;
    return postgres_cursor_is(cursor, from + 2, "keys") ? 3 : 2;
}

static uint32_t parse_is(struct postgres_cursor *cursor, uint32_t left)
{
    size_t words = postgres_cursor_is(cursor, 1, "not") ? 2 : 1;
    if (postgres_cursor_is(cursor, words, "distinct") && postgres_cursor_is(cursor, words + 1, "from"))
        return take_operator(cursor, new_operation(cursor, left), words + 2, LEVEL_COMPARISON);
    size_t test = test_length(cursor, words);
    if (test == 0)
        return 0;
    size_t count = words + test;
    if (postgres_cursor_is(cursor, words, "json"))
        count += unique_keys_length(cursor, count);
    uint32_t operation = new_operation(cursor, left);
    for (size_t i = 0; i < count; i++)
        postgres_tree_append(cursor->tree, operation, postgres_cursor_take(cursor));
    return operation;
}

/* [NOT] IN (…): what is in the parentheses is a list or a query, never one operand. */
static uint32_t parse_in(struct postgres_cursor *cursor, uint32_t left, size_t words)
{
    if (!postgres_cursor_is_group(cursor, words, false))
        return 0;
    uint32_t operation = new_operation(cursor, left);
    for (size_t i = 0; i <= words; i++)
        postgres_tree_append(cursor->tree, operation, postgres_cursor_take(cursor));
    return operation;
}

static uint32_t parse_like(struct postgres_cursor *cursor, uint32_t left, size_t words)
{
    bool any_case = postgres_cursor_is(cursor, words - 1, "ilike");
    const char *text = words == 2 ? (any_case ? "!~~*" : "!~~") : (any_case ? "~~*" : "~~");
    cursor->at += words;
    uint32_t operation = new_operation(cursor, left);
    postgres_tree_append(cursor->tree, operation, postgres_tree_text(cursor->tree, POSTGRES_TOKEN_OPERATOR, text));
    return take_operator(cursor, operation, 0, LEVEL_OTHER);
}

static uint32_t parse_collate(struct postgres_cursor *cursor, uint32_t left)
{
    uint32_t operation = new_operation(cursor, left);
    postgres_tree_append(cursor->tree, operation, postgres_cursor_take(cursor));
    uint32_t name = postgres_parse_name(cursor, POSTGRES_TYPE);
    postgres_tree_append(cursor->tree, operation, name);
    return name ? operation : 0;
}

static uint32_t parse_at(struct postgres_cursor *cursor, uint32_t left)
{
    uint32_t operation = new_operation(cursor, left);
    if (postgres_cursor_is(cursor, 1, "local")) {
        postgres_tree_append(cursor->tree, operation, postgres_cursor_take(cursor));
        postgres_tree_append(cursor->tree, operation, postgres_cursor_take(cursor));
        return operation;
    }
    return take_operator(cursor, operation, 3, LEVEL_COLLATE);
}

static bool is_at(const struct postgres_cursor *cursor)
{
    return postgres_cursor_is(cursor, 0, "at") &&
           (postgres_cursor_is(cursor, 1, "local") ||
            (postgres_cursor_is(cursor, 1, "time") && postgres_cursor_is(cursor, 2, "zone")));
}

/* An operator by a word: its level, 0 if there is none. `ret_words` counts NOT. */
static enum level level_of_word(const struct postgres_cursor *cursor, size_t *ret_words)
{
    static const struct {
        const char *word;
        enum level level;
        bool negated; /* NOT may stand before it */
    } words[] = {
        {"or", LEVEL_OR, false},           {"and", LEVEL_AND, false},    {"is", LEVEL_IS, false},
        {"isnull", LEVEL_IS, false},       {"notnull", LEVEL_IS, false}, {"in", LEVEL_LIKE, true},
        {"like", LEVEL_LIKE, true},        {"ilike", LEVEL_LIKE, true},  {"overlaps", LEVEL_OTHER, false},
        {"collate", LEVEL_COLLATE, false},
    };
    size_t negation = postgres_cursor_is(cursor, 0, "not") ? 1 : 0;
    *ret_words = negation + 1;
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (postgres_cursor_is(cursor, negation, words[i].word))
            return negation == 0 || words[i].negated ? words[i].level : 0;
    return is_at(cursor) ? LEVEL_AT : 0;
}

/* What AND or OR joins: more of the same goes into one operation, however long. `made`: `left` was joined here. */
static uint32_t parse_logic(struct postgres_cursor *cursor, uint32_t left, enum level level, bool made)
{
    const struct postgres_tree *tree = cursor->tree;
    uint32_t word = postgres_node_at(tree, postgres_node_at(tree, left)->first)->next;
    bool same = made && postgres_node_is(tree, word, level == LEVEL_OR ? "or" : "and");
    return take_operator(cursor, same ? left : new_operation(cursor, left), 1, level + 1);
}

static uint32_t parse_word(struct postgres_cursor *cursor, uint32_t left, enum level level, size_t words)
{
    if (level == LEVEL_OTHER)
        return take_operator(cursor, new_operation(cursor, left), 1, level + 1);
    if (level == LEVEL_AT)
        return parse_at(cursor, left);
    if (level == LEVEL_COLLATE)
        return parse_collate(cursor, left);
    if (level == LEVEL_LIKE)
        return postgres_cursor_is(cursor, words - 1, "in") ? parse_in(cursor, left, words)
                                                           : parse_like(cursor, left, words);
    if (postgres_cursor_is(cursor, 0, "is"))
        return parse_is(cursor, left);
    uint32_t operation = new_operation(cursor, left);
    bool null = postgres_cursor_is(cursor, 0, "isnull");
    cursor->at++;
    postgres_tree_append(cursor->tree, operation, postgres_tree_text(cursor->tree, POSTGRES_TOKEN_KEYWORD, "is"));
    if (!null)
        postgres_tree_append(cursor->tree, operation, postgres_tree_text(cursor->tree, POSTGRES_TOKEN_KEYWORD, "not"));
    postgres_tree_append(cursor->tree, operation, postgres_tree_text(cursor->tree, POSTGRES_TOKEN_KEYWORD, "null"));
    return operation;
}

/* Goes on behind `left` and sets `ret_more`; false there if no operator of at least `least` follows. 0 if one is not
 * understood. */
static uint32_t parse_infix(struct postgres_cursor *cursor, uint32_t left, enum level least, bool made, bool *ret_more)
{
    uint32_t item = postgres_cursor_peek(cursor, 0);
    const struct postgres_node *node = postgres_node_at(cursor->tree, item);
    *ret_more = false;
    if (item == 0 || node->kind != POSTGRES_LEAF)
        return left;
    bool named = postgres_cursor_is(cursor, 0, "operator") && postgres_cursor_is_group(cursor, 1, false);
    size_t words = named ? 2 : 1;
    bool sign = named || node->token == POSTGRES_TOKEN_OPERATOR;
    enum level level = named ? LEVEL_OTHER : sign ? level_of_operator(node) : level_of_word(cursor, &words);
    if (level == 0 || level < least)
        return left;
    *ret_more = true;
    if (sign)
        return take_operator(cursor, new_operation(cursor, left), words, level + 1);
    if (level == LEVEL_OR || level == LEVEL_AND)
        return parse_logic(cursor, left, level, made);
    return parse_word(cursor, left, level, words);
}

static uint32_t parse_level(struct postgres_cursor *cursor, enum level least)
{
    if (cursor->depth >= POSTGRES_PARSER_DEPTH)
        return 0;
    cursor->depth++;
    uint32_t operand = parse_prefix(cursor);
    uint32_t left = operand;
    for (bool more = true; left && more;)
        left = parse_infix(cursor, left, least, left != operand, &more);
    cursor->depth--;
    return left;
}

uint32_t postgres_parse_expression(struct postgres_cursor *cursor)
{
    cursor->depth = 0;
    return parse_level(cursor, LEVEL_OR);
}
