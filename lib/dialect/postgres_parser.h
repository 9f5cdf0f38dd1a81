/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the parser share. Brackets are closed from the inside out, so that an expression's operands are
 * ready when it is read; a row of items is cut at separators (commas, words of clauses) into expressions. What does not
 * read as one expression up to the next separator stays a row of its items, so reading must leave the items and what is
 * in them as they are; meaning is made equal afterwards (postgres_tree_rewrite).
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_PARSER_H
#define MIGRATIOND_DIALECT_POSTGRES_PARSER_H

#include "dialect/postgres_tree.h"

/* Operators before operands that stand in a row: NOT NOT - - x. */
enum { POSTGRES_PARSER_DEPTH = 100 };

struct postgres_cursor {
    struct postgres_tree *tree;
    size_t at; /* the next item */
    size_t end;
    unsigned depth;
};

/* The item at `ahead` from the cursor, 0 behind the last one. */
static inline uint32_t postgres_cursor_peek(const struct postgres_cursor *cursor, size_t ahead)
{
    return cursor->end - cursor->at > ahead ? cursor->tree->items[cursor->at + ahead] : 0;
}

static inline uint32_t postgres_cursor_take(struct postgres_cursor *cursor)
{
    return cursor->tree->items[cursor->at++];
}

static inline bool postgres_cursor_is(const struct postgres_cursor *cursor, size_t ahead, const char *text)
{
    return postgres_node_is(cursor->tree, postgres_cursor_peek(cursor, ahead), text);
}

/* Whether the item is a group in such brackets. */
bool postgres_cursor_is_group(const struct postgres_cursor *cursor, size_t ahead, bool square);

/* Whether the item is a leaf that can be a name. */
bool postgres_cursor_is_name(const struct postgres_cursor *cursor, size_t ahead);

/* Each reads as much as it understands and returns its node, 0 if it understands nothing or memory is out. */
uint32_t postgres_parse_expression(struct postgres_cursor *cursor);
uint32_t postgres_parse_operand(struct postgres_cursor *cursor);
uint32_t postgres_parse_name(struct postgres_cursor *cursor, enum postgres_node_kind kind);
uint32_t postgres_parse_type(struct postgres_cursor *cursor);

/* Makes equal what means the same; returns what stands for `node` now. */
uint32_t postgres_tree_rewrite(struct postgres_tree *tree, uint32_t node);

/* Takes the names off columns that nobody can refer to: of queries within expressions, and of all but the first of what
 * UNION and its like put together. Servers make up names there, each version in its own way. */
void postgres_query_unlabel(struct postgres_tree *tree);

/* A view's references to its only relation, without the relation's name. */
void postgres_query_unqualify(struct postgres_tree *tree);

#endif
