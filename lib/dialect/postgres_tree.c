/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_tree.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"

/* A token is a leaf and at most three more nodes. */
static const size_t node_limit = 4 * (size_t)LIMIT_DEFINITION_BYTES + 16;

void postgres_tree_done(struct postgres_tree *tree)
{
    mem_free(tree->nodes);
    mem_free(tree->items);
    *tree = (struct postgres_tree){0};
}

static uint32_t add_node(struct postgres_tree *tree, struct postgres_node node)
{
    if (tree->no_memory || tree->flat)
        return 0;
    if (tree->count >= node_limit) {
        tree->flat = true;
        return 0;
    }
    if (!mem_grow(&tree->nodes, &tree->capacity, tree->count, sizeof *tree->nodes, node_limit)) {
        tree->no_memory = true;
        return 0;
    }
    tree->nodes[tree->count] = node;
    return (uint32_t)tree->count++;
}

uint32_t postgres_tree_leaf(struct postgres_tree *tree, enum postgres_token_kind token, const char *text, size_t length)
{
    struct postgres_node node = {
        .kind = POSTGRES_LEAF, .token = (uint8_t)token, .height = 1, .text = text, .length = (uint32_t)length};
    return add_node(tree, node);
}

uint32_t postgres_tree_node(struct postgres_tree *tree, enum postgres_node_kind kind)
{
    return add_node(tree, (struct postgres_node){.kind = (uint8_t)kind, .height = 1});
}

void postgres_tree_append(struct postgres_tree *tree, uint32_t parent, uint32_t child)
{
    if (parent == 0 || child == 0)
        return;
    struct postgres_node *node = &tree->nodes[parent];
    struct postgres_node *added = &tree->nodes[child];
    added->next = 0;
    if (node->last)
        tree->nodes[node->last].next = child;
    else
        node->first = child;
    node->last = child;
    if (added->height >= node->height)
        node->height = (uint16_t)(added->height + 1);
    if (node->height > POSTGRES_TREE_HEIGHT)
        tree->flat = true;
}

void postgres_tree_clear(struct postgres_tree *tree, uint32_t parent)
{
    tree->nodes[parent].first = 0;
    tree->nodes[parent].last = 0;
    tree->nodes[parent].height = 1;
}

void postgres_tree_splice(struct postgres_tree *tree, uint32_t parent, uint32_t from)
{
    struct postgres_node *node = &tree->nodes[parent];
    struct postgres_node *source = &tree->nodes[from];
    if (node->last)
        tree->nodes[node->last].next = source->first;
    else
        node->first = source->first;
    if (source->last)
        node->last = source->last;
    if (source->height > node->height)
        node->height = source->height;
    source->first = 0;
    source->last = 0;
}

uint32_t postgres_tree_text(struct postgres_tree *tree, enum postgres_token_kind token, const char *text)
{
    return postgres_tree_leaf(tree, token, text, strlen(text));
}

bool postgres_node_matches(const struct postgres_tree *tree, uint32_t node, const char *text)
{
    const struct postgres_node *leaf = &tree->nodes[node];
    if (node == 0 || leaf->kind != POSTGRES_LEAF)
        return false;
    struct postgres_token token = {(enum postgres_token_kind)leaf->token, leaf->text, leaf->length};
    return postgres_token_is(&token, text);
}

bool postgres_node_is_any(const struct postgres_tree *tree, uint32_t node, const char *const *words)
{
    for (; *words; words++)
        if (postgres_node_is(tree, node, *words))
            return true;
    return false;
}

bool postgres_node_is_name(const struct postgres_tree *tree, uint32_t node)
{
    const struct postgres_node *leaf = &tree->nodes[node];
    return leaf->kind == POSTGRES_LEAF && (leaf->token == POSTGRES_TOKEN_NAME || leaf->token == POSTGRES_TOKEN_WORD);
}

bool postgres_node_is_string(const struct postgres_tree *tree, uint32_t node)
{
    return node != 0 && tree->nodes[node].kind == POSTGRES_LEAF && tree->nodes[node].token == POSTGRES_TOKEN_STRING;
}

bool postgres_node_is_type(const struct postgres_tree *tree, uint32_t node, const char *name, bool array)
{
    const struct postgres_node *type = &tree->nodes[node];
    return type->kind == POSTGRES_TYPE && type->array == array && type->first == type->last &&
           postgres_node_is(tree, type->first, name);
}

/* Bare words are printed in one case. */
static bool same_text(const struct postgres_node *a, const struct postgres_node *b)
{
    if (a->length != b->length || a->length == 0)
        return a->length == b->length;
    bool word =
        a->token == POSTGRES_TOKEN_NAME || a->token == POSTGRES_TOKEN_KEYWORD || a->token == POSTGRES_TOKEN_WORD;
    if (word && !memchr(a->text, '"', a->length))
        return strncasecmp(a->text, b->text, a->length) == 0;
    return memcmp(a->text, b->text, a->length) == 0;
}

/* Heights are bounded, so the recursion is. */
bool postgres_tree_equal(const struct postgres_tree *tree, uint32_t left, uint32_t right)
{
    const struct postgres_node *a = &tree->nodes[left];
    const struct postgres_node *b = &tree->nodes[right];
    if (a->kind != b->kind || a->token != b->token || a->array != b->array || a->square != b->square ||
        !same_text(a, b))
        return false;
    uint32_t x = a->first;
    uint32_t y = b->first;
    for (; x && y; x = tree->nodes[x].next, y = tree->nodes[y].next)
        if (!postgres_tree_equal(tree, x, y))
            return false;
    return x == y;
}
