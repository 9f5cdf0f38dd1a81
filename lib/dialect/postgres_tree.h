/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL text of PostgreSQL as a tree, only as deep as canonical forms need it: expressions with their operators, calls,
 * casts and brackets; what is not understood stays a row of tokens in their order. Nodes are numbers into one growing
 * array; 0 is none. Texts are borrowed from the source or static. One owner (postgres_tree_done), one thread.
 *
 * Failure is sticky: `no_memory`, or `flat` where brackets do not match or nesting exceeds the limit; then there is no
 * tree and the text is printed token by token.
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_TREE_H
#define MIGRATIOND_DIALECT_POSTGRES_TREE_H

#include <stdint.h>

#include "base/strbuf.h"
#include "dialect/postgres_token.h"

/* Levels of operators and brackets that printing follows on the stack; nobody nests half as deep. */
enum { POSTGRES_TREE_HEIGHT = 250 };

enum postgres_node_kind {
    POSTGRES_LEAF,
    POSTGRES_NAME,      /* a.b.c */
    POSTGRES_TYPE,      /* character varying(20)[] */
    POSTGRES_GROUP,     /* ( … ) or [ … ] */
    POSTGRES_CALL,      /* name, group, what follows (FILTER, OVER) */
    POSTGRES_CAST,      /* operand, type */
    POSTGRES_ARRAY,     /* ARRAY, group */
    POSTGRES_ACCESS,    /* operand, [ … ] or . name */
    POSTGRES_CASE,      /* CASE … END */
    POSTGRES_OPERATION, /* operands and operators */
    POSTGRES_ROW,       /* the whole text, or what was not understood */
};

struct postgres_node {
    uint8_t kind;    /* enum postgres_node_kind */
    uint8_t token;   /* leaf: enum postgres_token_kind */
    bool whole : 1;  /* group: it holds one expression and nothing else */
    bool square : 1; /* group: [ … ] */
    bool array : 1;  /* type: … [] */
    bool done : 1;   /* rewritten */
    uint16_t height;
    uint32_t length; /* leaf */
    const char *text;
    uint32_t first;
    uint32_t last;
    uint32_t next;
};

struct postgres_tree {
    struct postgres_node *nodes;
    size_t count;
    size_t capacity;
    uint32_t *items; /* what stands in brackets that are open, and around them */
    size_t item_count;
    size_t item_capacity;
    uint32_t root;
    bool no_memory;
    bool flat;
};

/* Reads `text`. The root's children are expressions, separators and rows of what is unknown, in the text's order. */
void postgres_tree_read(struct postgres_tree *tree, const char *text, size_t length);

/* Reads a type; `flat` if the text is anything else. */
void postgres_tree_read_type(struct postgres_tree *tree, const char *text, size_t length);
void postgres_tree_done(struct postgres_tree *tree);

static inline struct postgres_node *postgres_node_at(const struct postgres_tree *tree, uint32_t node)
{
    return &tree->nodes[node];
}

/* The node behind it under the same parent; 0 if there is none. */
static inline uint32_t postgres_node_next(const struct postgres_tree *tree, uint32_t node)
{
    return node ? tree->nodes[node].next : 0;
}

/* New nodes; 0 after a failure. Whoever holds a pointer to a node loses it here. */
uint32_t postgres_tree_leaf(struct postgres_tree *tree, enum postgres_token_kind token, const char *text,
                            size_t length);
uint32_t postgres_tree_node(struct postgres_tree *tree, enum postgres_node_kind kind);

/* Puts `child` behind the others; a node has one parent at a time. */
void postgres_tree_append(struct postgres_tree *tree, uint32_t parent, uint32_t child);
void postgres_tree_clear(struct postgres_tree *tree, uint32_t parent);

/* Puts all children of `from` behind those of `parent`; `from` is left empty. */
void postgres_tree_splice(struct postgres_tree *tree, uint32_t parent, uint32_t from);

/* A new leaf with a fixed text, and a name's. */
uint32_t postgres_tree_text(struct postgres_tree *tree, enum postgres_token_kind token, const char *text);

bool postgres_node_matches(const struct postgres_tree *tree, uint32_t node, const char *text);

/* Whether a node is the leaf with this text (unquoted, lower case). Asked so often that the first byte decides alone.
 */
static inline bool postgres_node_is(const struct postgres_tree *tree, uint32_t node, const char *text)
{
    const struct postgres_node *leaf = &tree->nodes[node];
    return leaf->length > 0 && (*leaf->text == *text || (*leaf->text | 0x20) == *text) &&
           postgres_node_matches(tree, node, text);
}

/* Whether it is any of these words, NULL-terminated. */
bool postgres_node_is_any(const struct postgres_tree *tree, uint32_t node, const char *const *words);

/* Whether a node is a leaf that can be a name. */
bool postgres_node_is_name(const struct postgres_tree *tree, uint32_t node);
bool postgres_node_is_string(const struct postgres_tree *tree, uint32_t node);

/* Whether a node is this type: its canonical name, without modifiers, an array or not. */
bool postgres_node_is_type(const struct postgres_tree *tree, uint32_t node, const char *name, bool array);

bool postgres_tree_equal(const struct postgres_tree *tree, uint32_t left, uint32_t right);

/* Appends what stands under a node. */
void postgres_tree_print(const struct postgres_tree *tree, uint32_t node, struct strbuf *out);

/* Appends a text token by token. */
void postgres_tree_print_flat(const char *text, size_t length, struct strbuf *out);

DEFINE_CLEANUP_VALUE(postgres_tree, struct postgres_tree, postgres_tree_done);

#endif
