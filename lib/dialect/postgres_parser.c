/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_parser.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

/* Reserved words that stand in expressions; all others part them. */
static const char *const expression_words[] = {
    "and",
    "array",
    "case",
    "collate",
    "current_catalog",
    "current_date",
    "current_role",
    "current_time",
    "current_schema",
    "current_timestamp",
    "current_user",
    "false",
    "ilike",
    "in",
    "is",
    "isnull",
    "like",
    "localtime",
    "localtimestamp",
    "not",
    "notnull",
    "null",
    "or",
    "overlaps",
    "session_user",
    "system_user",
    "true",
    "user",
};

/* Words that part the arguments of one function only. */
static const struct {
    const char *function;
    const char *word;
    bool first; /* only where an argument starts */
} argument_words[] = {
    {"substring", "escape", false},     {"xmlelement", "name", true},   {"xmlexists", "passing", false},
    {"xmlparse", "content", true},      {"xmlparse", "document", true}, {"xmlpi", "name", true},
    {"xmlroot", "standalone", true},    {"xmlroot", "version", true},   {"xmlserialize", "content", true},
    {"xmlserialize", "document", true}, {"xmltable", "columns", false}, {"xmltable", "passing", false},
};

bool postgres_cursor_is_group(const struct postgres_cursor *cursor, size_t ahead, bool square)
{
    uint32_t item = postgres_cursor_peek(cursor, ahead);
    const struct postgres_node *node = postgres_node_at(cursor->tree, item);
    return item && node->kind == POSTGRES_GROUP && node->square == square;
}

bool postgres_cursor_is_name(const struct postgres_cursor *cursor, size_t ahead)
{
    return postgres_node_is_name(cursor->tree, postgres_cursor_peek(cursor, ahead));
}

/* A word that is called like a function where a parenthesis follows parts nothing: the next expression may get one. */
static bool parts_by_keyword(const struct postgres_cursor *cursor, size_t from)
{
    static const char *const called[] = {"all", "any", "some", "collation"};
    if (postgres_cursor_is(cursor, 0, "for") && cursor->at > from &&
        postgres_node_is(cursor->tree, cursor->tree->items[cursor->at - 1], "collation"))
        return false;
    if (postgres_cursor_is(cursor, 0, "left") || postgres_cursor_is(cursor, 0, "right"))
        return postgres_cursor_is(cursor, 1, "join") || postgres_cursor_is(cursor, 1, "outer");
    for (size_t i = 0; i < ARRAY_LENGTH(called); i++)
        if (postgres_cursor_is(cursor, 0, called[i]))
            return false;
    for (size_t i = 0; i < ARRAY_LENGTH(expression_words); i++)
        if (postgres_cursor_is(cursor, 0, expression_words[i]))
            return false;
    return true;
}

/* Words that are no keywords: PARTITION BY, ORDER BY, VALUES, and a window's frame. */
static bool parts_by_context(const struct postgres_cursor *cursor, size_t from)
{
    if (postgres_cursor_is(cursor, 0, "values"))
        return true;
    if (postgres_cursor_is(cursor, 0, "partition"))
        return postgres_cursor_is(cursor, 1, "by");
    if (postgres_cursor_is(cursor, 0, "by") && cursor->at > from) {
        uint32_t before = cursor->tree->items[cursor->at - 1];
        return postgres_node_is(cursor->tree, before, "order") || postgres_node_is(cursor->tree, before, "group") ||
               postgres_node_is(cursor->tree, before, "partition");
    }
    if (postgres_cursor_is(cursor, 0, "rows") || postgres_cursor_is(cursor, 0, "range") ||
        postgres_cursor_is(cursor, 0, "groups"))
        return postgres_cursor_is(cursor, 1, "between") || postgres_cursor_is(cursor, 1, "unbounded") ||
               postgres_cursor_is(cursor, 1, "current");
    return false;
}

static bool parts_arguments(const struct postgres_cursor *cursor, size_t from, uint32_t head)
{
    if (head == 0)
        return false;
    bool first = cursor->at == from || postgres_node_is(cursor->tree, cursor->tree->items[cursor->at - 1], ",");
    for (size_t i = 0; i < ARRAY_LENGTH(argument_words); i++)
        if ((first || !argument_words[i].first) && postgres_node_is(cursor->tree, head, argument_words[i].function) &&
            postgres_cursor_is(cursor, 0, argument_words[i].word))
            return true;
    return false;
}

/* Whether the next item stands between expressions. */
static bool is_separator(const struct postgres_cursor *cursor, size_t from, uint32_t head)
{
    const struct postgres_node *node = postgres_node_at(cursor->tree, postgres_cursor_peek(cursor, 0));
    if (node->kind != POSTGRES_LEAF)
        return false;
    switch ((enum postgres_token_kind)node->token) {
    case POSTGRES_TOKEN_SIGN:
        return !postgres_cursor_is(cursor, 0, "::") && !postgres_cursor_is(cursor, 0, ".");
    case POSTGRES_TOKEN_KEYWORD:
        return parts_arguments(cursor, from, head) || parts_by_keyword(cursor, from);
    case POSTGRES_TOKEN_NAME:
    case POSTGRES_TOKEN_WORD:
        return parts_arguments(cursor, from, head) || parts_by_context(cursor, from);
    default:
        return false;
    }
}

/* An attempt to read an expression may have linked the last one in a group to something else. */
static void append_item(struct postgres_cursor *cursor, uint32_t parent)
{
    uint32_t item = postgres_cursor_take(cursor);
    uint32_t last = postgres_node_at(cursor->tree, item)->last;
    if (last)
        postgres_node_at(cursor->tree, last)->next = 0;
    postgres_tree_append(cursor->tree, parent, item);
}

/* Reads items into `parent`: expressions, separators and rows of what is no expression. */
static void read_items(struct postgres_cursor *cursor, uint32_t parent, uint32_t head)
{
    struct postgres_tree *tree = cursor->tree;
    size_t from = cursor->at;
    size_t expressions = 0;
    size_t others = 0;
    while (cursor->at < cursor->end && !tree->no_memory && !tree->flat) {
        if (is_separator(cursor, from, head)) {
            bool distinct_on = postgres_cursor_is(cursor, 0, "on") && cursor->at > from &&
                               postgres_node_is(tree, tree->items[cursor->at - 1], "distinct");
            append_item(cursor, parent);
            others++;
            if (distinct_on && cursor->at < cursor->end)
                append_item(cursor, parent);
            continue;
        }
        size_t start = cursor->at;
        uint32_t expression = postgres_parse_expression(cursor);
        if (expression && (cursor->at == cursor->end || is_separator(cursor, from, head))) {
            bool star = postgres_node_is(tree, expression, "*");
            postgres_tree_append(tree, parent, postgres_tree_rewrite(tree, expression));
            expressions += !star;
            others += star;
            continue;
        }
        /* Never looked at twice, or hostile text would take quadratic time. */
        size_t reached = cursor->at;
        cursor->at = start;
        do
            append_item(cursor, parent);
        while (cursor->at < cursor->end && (cursor->at < reached || !is_separator(cursor, from, head)));
        others++;
    }
    postgres_node_at(tree, parent)->whole = expressions == 1 && others == 0;
}

static bool push(struct postgres_tree *tree, uint32_t item)
{
    if (item == 0)
        return false;
    if (!mem_grow(&tree->items, &tree->item_capacity, tree->item_count, sizeof *tree->items, UINT32_MAX)) {
        tree->no_memory = true;
        return false;
    }
    tree->items[tree->item_count++] = item;
    return true;
}

/* Replaces the items from the opening bracket on by what they are. */
static bool close_bracket(struct postgres_tree *tree, size_t open, const struct postgres_token *token)
{
    bool is_case = postgres_token_is(token, "end");
    uint32_t node = postgres_tree_node(tree, is_case ? POSTGRES_CASE : POSTGRES_GROUP);
    if (node == 0)
        return false;
    postgres_node_at(tree, node)->square = postgres_token_is(token, "]");
    struct postgres_cursor cursor = {.tree = tree, .at = open + 1, .end = tree->item_count};
    if (is_case)
        postgres_tree_append(tree, node, tree->items[open]);
    read_items(&cursor, node, open > 0 ? tree->items[open - 1] : 0);
    if (is_case)
        postgres_tree_append(tree, node, postgres_tree_leaf(tree, token->kind, token->text, token->length));
    tree->item_count = open;
    return push(tree, node);
}

static const char *closing_of(const struct postgres_token *token)
{
    if (postgres_token_is(token, "("))
        return ")";
    if (postgres_token_is(token, "["))
        return "]";
    return token->kind == POSTGRES_TOKEN_KEYWORD && postgres_token_is(token, "case") ? "end" : NULL;
}

/* Whether an open bracket must be closed by this token, if by any. END ends other things than CASE, too. */
static bool is_closing(const struct postgres_token *token, bool in_case)
{
    return postgres_token_is(token, ")") || postgres_token_is(token, "]") ||
           (in_case && token->kind == POSTGRES_TOKEN_KEYWORD && postgres_token_is(token, "end"));
}

/* The brackets that are open: an opening leaf's `first` is the place behind the one around it. */
static void read_tokens(struct postgres_tree *tree, struct postgres_lexer *lexer)
{
    size_t open = 0; /* behind the innermost opening leaf */
    while (!tree->no_memory && !tree->flat) {
        struct postgres_token token = postgres_lexer_next(lexer);
        if (token.kind == POSTGRES_TOKEN_END)
            break;
        struct postgres_node *opening = open ? postgres_node_at(tree, tree->items[open - 1]) : NULL;
        if (is_closing(&token, opening && opening->token == POSTGRES_TOKEN_KEYWORD)) {
            struct postgres_token before = {0};
            if (opening)
                before =
                    (struct postgres_token){(enum postgres_token_kind)opening->token, opening->text, opening->length};
            if (!opening || !postgres_token_is(&token, closing_of(&before))) {
                tree->flat = true;
                return;
            }
            size_t around = opening->first;
            opening->first = 0;
            if (!close_bracket(tree, open - 1, &token))
                return;
            open = around;
            continue;
        }
        tree->flat |= token.kind == POSTGRES_TOKEN_BROKEN;
        if (!push(tree, postgres_tree_leaf(tree, token.kind, token.text, token.length)))
            return;
        if (closing_of(&token)) {
            postgres_node_at(tree, tree->items[tree->item_count - 1])->first = (uint32_t)open;
            open = tree->item_count;
        }
    }
    tree->flat |= open > 0;
}

/* Room for what most texts need, so that it need not grow. */
static bool reserve(struct postgres_tree *tree, size_t length)
{
    size_t nodes = length / 3 + 16;
    size_t items = length / 8 + 16;
    tree->nodes = mem_resize(NULL, nodes, sizeof *tree->nodes);
    tree->items = mem_resize(NULL, items, sizeof *tree->items);
    tree->capacity = tree->nodes ? nodes : 0;
    tree->item_capacity = tree->items ? items : 0;
    tree->no_memory = !tree->nodes || !tree->items;
    return !tree->no_memory;
}

/* Reads all of the text into items. */
static void read_text(struct postgres_tree *tree, const char *text, size_t length)
{
    *tree = (struct postgres_tree){0};
    if (length > LIMIT_DEFINITION_BYTES) {
        tree->flat = true;
        return;
    }
    if (!reserve(tree, length))
        return;
    struct postgres_lexer lexer = {text, text + length};
    postgres_tree_node(tree, POSTGRES_ROW); /* 0 is no node */
    tree->root = postgres_tree_node(tree, POSTGRES_ROW);
    read_tokens(tree, &lexer);
}

void postgres_tree_read(struct postgres_tree *tree, const char *text, size_t length)
{
    read_text(tree, text, length);
    if (tree->no_memory || tree->flat)
        return;
    struct postgres_cursor cursor = {.tree = tree, .end = tree->item_count};
    read_items(&cursor, tree->root, 0);
}

void postgres_tree_read_type(struct postgres_tree *tree, const char *text, size_t length)
{
    read_text(tree, text, length);
    if (tree->no_memory || tree->flat)
        return;
    struct postgres_cursor cursor = {.tree = tree, .end = tree->item_count};
    bool set = postgres_cursor_is(&cursor, 0, "setof");
    if (set)
        postgres_tree_append(tree, tree->root, postgres_cursor_take(&cursor));
    uint32_t type = postgres_parse_type(&cursor);
    if (type == 0 || cursor.at != cursor.end)
        tree->flat = true;
    else
        postgres_tree_append(tree, tree->root, postgres_tree_rewrite(tree, type));
}
