/* SPDX-License-Identifier: Apache-2.0
 *
 * A text as an array of tokens, while its canonical form is made; see mysql_expression.c. Only the files of canonical
 * expressions use it. Borrows the text.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_ITEMS_H
#define MIGRATIOND_DIALECT_MYSQL_ITEMS_H

#include "dialect/mysql_lexer.h"

/* Most texts are short: their tokens need no memory. */
enum { MYSQL_FEW_ITEMS = 48 };

struct mysql_item {
    const char *text;
    uint32_t length;
    uint8_t kind; /* enum mysql_token_kind */
    bool spaced;
    bool plain; /* ASCII only */
    bool escaped;
    bool removed;
};

struct mysql_items {
    struct mysql_item few[MYSQL_FEW_ITEMS];
    struct mysql_item *many; /* NULL while the few are enough */
    size_t count;
    size_t capacity;
};

/* Reads a text: symbols that are one operator are one item, as are "x'0a'" and "b'01'"; character sets before ASCII
 * literals are left out. False when memory is out. `*ret_broken`: something is not closed. */
bool mysql_items_read(struct mysql_items *items, const char *text, size_t length, bool *ret_broken);
void mysql_items_done(struct mysql_items *items);

struct mysql_item *mysql_items_at(struct mysql_items *items, size_t index);

/* Takes those out that were removed. */
void mysql_items_compact(struct mysql_items *items);

/* Whether the item is that word, in any case; that symbol; that symbol at an index, which may be beyond the end. */
bool mysql_item_is_word(const struct mysql_item *item, const char *word);
bool mysql_item_is_symbol(const struct mysql_item *item, char symbol);
bool mysql_items_is_symbol(struct mysql_items *items, size_t index, char symbol);

/* Removes the parentheses that precedence makes idle (mysql_judge.c). False if the text is no expression that can be
 * read; then some may be removed, and the items are of no use. */
bool mysql_items_judge(struct mysql_items *items);

#endif
