/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL expressions as trees, in which the spellings that servers use when they print an expression (IN as = ANY,
 * BETWEEN as two comparisons, casts that they add) are one with those that people write. Only for deciding whether a
 * tool's text and a server's mean the same; what is not understood is no tree. Pure; memory is the arena's.
 */
#ifndef MIGRATIOND_REFERENCE_EXPRESSION_TREE_H
#define MIGRATIOND_REFERENCE_EXPRESSION_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum tree_kind {
    TREE_NAME,     /* a column; qualifiers are dropped */
    TREE_NUMBER,   /* with its sign */
    TREE_STRING,   /* text without quotes */
    TREE_WORD,     /* true, null, current_timestamp, … */
    TREE_CALL,     /* text is the function's name */
    TREE_OPERATOR, /* text is the operator; chains of AND and OR are one */
    TREE_CAST,     /* text is the type */
    TREE_LIST,     /* ARRAY[…], (a, b) */
};

struct tree {
    enum tree_kind kind;
    const char *text; /* lower case, but for names in quotes and strings */
    struct tree *first;
    struct tree *next;
};

/* NULL if the text is not understood, or memory is out. */
struct tree *expression_tree_parse(const char *text, bool mysql, struct arena *arena);

#endif
