/* SPDX-License-Identifier: Apache-2.0
 *
 * Canonical spelling: keywords in upper case, bare names in lower case, operands that are operations in parentheses,
 * one blank between tokens but where punctuation needs none. What is printed reads back as the same tokens.
 */
#include <string.h>

#include "dialect/postgres_tree.h"

struct printer {
    const struct postgres_tree *tree;
    struct strbuf *out;
    struct postgres_token last; /* END: nothing printed yet */
    bool tight;                 /* the last one is a dot right behind a name */
};

static bool is_word(const struct postgres_token *token)
{
    return token->kind == POSTGRES_TOKEN_NAME || token->kind == POSTGRES_TOKEN_KEYWORD ||
           token->kind == POSTGRES_TOKEN_WORD;
}

static bool is_sign(const struct postgres_token *token, const char *sign)
{
    return token->kind == POSTGRES_TOKEN_SIGN && token->length == strlen(sign) &&
           memcmp(token->text, sign, token->length) == 0;
}

static bool ends_operand(const struct postgres_token *token)
{
    return is_word(token) || is_sign(token, ")") || is_sign(token, "]");
}

static bool wants_blank(const struct printer *printer, const struct postgres_token *token)
{
    const struct postgres_token *last = &printer->last;
    if (last->kind == POSTGRES_TOKEN_END || is_sign(last, "(") || is_sign(last, "["))
        return false;
    if (is_sign(last, "."))
        return !printer->tight || !(is_word(token) || (token->kind == POSTGRES_TOKEN_OPERATOR && token->length == 1 &&
                                                       *token->text == '*'));
    if (is_sign(last, "::"))
        return token->kind == POSTGRES_TOKEN_SIGN;
    if (token->kind != POSTGRES_TOKEN_SIGN)
        return true;
    if (is_sign(token, ")") || is_sign(token, "]") || is_sign(token, ",") || is_sign(token, ";"))
        return false;
    if (is_sign(token, "::"))
        return last->kind == POSTGRES_TOKEN_SIGN && !ends_operand(last);
    if (is_sign(token, ".") || is_sign(token, "["))
        return !ends_operand(last);
    if (is_sign(token, "("))
        return last->kind != POSTGRES_TOKEN_NAME && last->kind != POSTGRES_TOKEN_WORD;
    return true;
}

static void put_case(struct strbuf *out, const char *text, size_t length, bool raise)
{
    char *bytes = strbuf_reserve(out, length);
    if (!bytes)
        return;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        bool turn = raise ? byte >= 'a' && byte <= 'z' : byte >= 'A' && byte <= 'Z';
        bytes[i] = (char)(turn ? byte ^ 0x20 : byte);
    }
    strbuf_commit(out, length);
}

static void put(struct printer *printer, struct postgres_token token)
{
    if (wants_blank(printer, &token))
        strbuf_add_char(printer->out, ' ');
    bool quoted = token.kind == POSTGRES_TOKEN_NAME && memchr(token.text, '"', token.length);
    if (is_word(&token) && !quoted)
        put_case(printer->out, token.text, token.length, token.kind == POSTGRES_TOKEN_KEYWORD);
    else
        strbuf_add(printer->out, token.text, token.length);
    printer->tight = is_sign(&token, ".") && ends_operand(&printer->last);
    printer->last = token;
}

static void put_sign(struct printer *printer, const char *sign)
{
    put(printer, (struct postgres_token){POSTGRES_TOKEN_SIGN, sign, strlen(sign)});
}

static void print_node(struct printer *printer, uint32_t at);

static void print_bracketed(struct printer *printer, uint32_t node, bool brackets)
{
    if (brackets)
        put_sign(printer, "(");
    print_node(printer, node);
    if (brackets)
        put_sign(printer, ")");
}

/* What may stand before a subscript; anything else is put into parentheses there, and whatever stands before a dot,
 * which would read as a table's column. */
static bool is_bare_base(const struct postgres_node *base, bool dot)
{
    return base->kind == POSTGRES_ACCESS || (!dot && (base->kind == POSTGRES_LEAF || base->kind == POSTGRES_NAME));
}

static bool needs_brackets(const struct printer *printer, const struct postgres_node *parent, uint32_t child)
{
    const struct postgres_node *node = postgres_node_at(printer->tree, child);
    if (parent->kind == POSTGRES_ACCESS && child == parent->first)
        return !is_bare_base(node, postgres_node_is(printer->tree, node->next, "."));
    return node->kind == POSTGRES_OPERATION && (parent->kind == POSTGRES_OPERATION || parent->kind == POSTGRES_CAST);
}

static void print_children(struct printer *printer, uint32_t parent)
{
    const struct postgres_node *node = postgres_node_at(printer->tree, parent);
    for (uint32_t child = node->first; child; child = postgres_node_at(printer->tree, child)->next) {
        if (node->kind == POSTGRES_CAST && child == node->last)
            put_sign(printer, "::");
        print_bracketed(printer, child, needs_brackets(printer, node, child));
    }
}

/* Heights are bounded, so the recursion is. */
static void print_node(struct printer *printer, uint32_t at)
{
    const struct postgres_node *node = postgres_node_at(printer->tree, at);
    switch ((enum postgres_node_kind)node->kind) {
    case POSTGRES_LEAF:
        put(printer, (struct postgres_token){(enum postgres_token_kind)node->token, node->text, node->length});
        break;
    case POSTGRES_GROUP:
        put_sign(printer, node->square ? "[" : "(");
        print_children(printer, at);
        put_sign(printer, node->square ? "]" : ")");
        break;
    case POSTGRES_TYPE:
        print_children(printer, at);
        if (node->array) {
            put_sign(printer, "[");
            put_sign(printer, "]");
        }
        break;
    default:
        print_children(printer, at);
        break;
    }
}

void postgres_tree_print(const struct postgres_tree *tree, uint32_t node, struct strbuf *out)
{
    struct printer printer = {.tree = tree, .out = out};
    print_node(&printer, node);
}

void postgres_tree_print_flat(const char *text, size_t length, struct strbuf *out)
{
    struct printer printer = {.out = out};
    struct postgres_lexer lexer = {text, text + length};
    for (;;) {
        struct postgres_token token = postgres_lexer_next(&lexer);
        if (token.kind == POSTGRES_TOKEN_END)
            return;
        put(&printer, token);
    }
}
