/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_items.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"

struct mysql_item *mysql_items_at(struct mysql_items *items, size_t index)
{
    return items->many ? &items->many[index] : &items->few[index];
}

static bool items_add(struct mysql_items *items, const struct mysql_item *item)
{
    if (!items->many && items->count == MYSQL_FEW_ITEMS) {
        items->many = mem_calloc(4 * MYSQL_FEW_ITEMS, sizeof(*item));
        if (!items->many)
            return false;
        items->capacity = 4 * MYSQL_FEW_ITEMS;
        memcpy(items->many, items->few, sizeof(items->few));
    }
    if (items->many && !mem_grow(&items->many, &items->capacity, items->count, sizeof(*item), LIMIT_STRING_POOL))
        return false;
    *mysql_items_at(items, items->count++) = *item;
    return true;
}

void mysql_items_compact(struct mysql_items *items)
{
    size_t kept = 0;
    for (size_t i = 0; i < items->count; i++) {
        const struct mysql_item *item = mysql_items_at(items, i);
        if (!item->removed)
            *mysql_items_at(items, kept++) = *item;
    }
    items->count = kept;
}

static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80)
            return false;
    }
    return true;
}

/* "<" and "=" that stand side by side are one operator. */
static bool joins(const struct mysql_item *last, const struct mysql_token *token)
{
    static const char *const operators[] = {"<=", "<=>", ">=", "<>", "!=", "<<", ">>", "||", "&&", ":=", "->", "->>"};
    if (last->kind != MYSQL_TOKEN_SYMBOL || last->text + last->length != token->text)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(operators); i++) {
        if (strlen(operators[i]) == last->length + 1 && memcmp(operators[i], last->text, last->length + 1) == 0)
            return true;
    }
    return false;
}

static bool read_tokens(struct mysql_items *items, const char *text, size_t length, bool *ret_broken)
{
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, text, length);
    for (;;) {
        struct mysql_token token = mysql_lexer_next(&lexer);
        if (token.kind == MYSQL_TOKEN_END)
            return true;
        *ret_broken |= token.kind == MYSQL_TOKEN_BROKEN;
        struct mysql_item *last = items->count > 0 ? mysql_items_at(items, items->count - 1) : NULL;
        if (last && token.kind == MYSQL_TOKEN_SYMBOL && joins(last, &token)) {
            last->length++;
            continue;
        }
        struct mysql_item item = {
            .text = token.text,
            .length = (uint32_t)token.length,
            .kind = (uint8_t)token.kind,
            .spaced = token.spaced,
            .escaped = token.escaped,
            .plain = is_plain(token.text, token.length),
        };
        if (!items_add(items, &item))
            return false;
    }
}

bool mysql_item_is_word(const struct mysql_item *item, const char *word)
{
    return item->kind == MYSQL_TOKEN_WORD && strncasecmp(item->text, word, item->length) == 0 &&
           word[item->length] == '\0';
}

bool mysql_item_is_symbol(const struct mysql_item *item, char symbol)
{
    return item->kind == MYSQL_TOKEN_SYMBOL && item->length == 1 && *item->text == symbol;
}

bool mysql_items_is_symbol(struct mysql_items *items, size_t index, char symbol)
{
    return index < items->count && mysql_item_is_symbol(mysql_items_at(items, index), symbol);
}

static bool is_digits(const struct mysql_item *item, const char *digits)
{
    for (size_t i = 1; i + 1 < item->length; i++) {
        if (item->text[i] == '\0' || !strchr(digits, item->text[i]))
            return false;
    }
    return *item->text == '\'';
}

/* "x'0a'" and "b'01'" are numbers of their own kind. */
static void join_bytes(struct mysql_items *items)
{
    for (size_t i = 0; i + 1 < items->count; i++) {
        struct mysql_item *item = mysql_items_at(items, i);
        struct mysql_item *next = mysql_items_at(items, i + 1);
        if (item->kind != MYSQL_TOKEN_WORD || item->length != 1 || !strchr("xXbB", *item->text) ||
            next->kind != MYSQL_TOKEN_STRING || next->spaced)
            continue;
        if (!is_digits(next, strchr("xX", *item->text) ? "0123456789abcdefABCDEF" : "01"))
            continue;
        item->kind = MYSQL_TOKEN_NUMBER;
        item->length += next->length;
        next->removed = true;
    }
}

/* "_utf8mb4'x'", but not "_binary'x'", which is bytes. */
static void drop_introducers(struct mysql_items *items)
{
    for (size_t i = 0; i + 1 < items->count; i++) {
        struct mysql_item *item = mysql_items_at(items, i);
        const struct mysql_item *next = mysql_items_at(items, i + 1);
        if (item->kind == MYSQL_TOKEN_WORD && *item->text == '_' && item->length > 1 &&
            next->kind == MYSQL_TOKEN_STRING && next->plain && !mysql_item_is_word(item, "_binary"))
            item->removed = true;
    }
}

bool mysql_items_read(struct mysql_items *items, const char *text, size_t length, bool *ret_broken)
{
    if (!read_tokens(items, text, length, ret_broken))
        return false;
    join_bytes(items);
    drop_introducers(items);
    mysql_items_compact(items);
    return true;
}

void mysql_items_done(struct mysql_items *items)
{
    mem_free(items->many);
    *items = (struct mysql_items){0};
}
