/* SPDX-License-Identifier: Apache-2.0
 *
 * Three passes over an array of tokens: read (mysql_items.c), judge which parentheses are idle (mysql_judge.c), print.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/mysql_canonical.h"
#include "dialect/mysql_collation.h"
#include "dialect/mysql_items.h"
#include "dialect/mysql_words.h"

static void add_lower(struct strbuf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        strbuf_add_char(out, (char)tolower((unsigned char)text[i]));
}

static bool is_old_charset(const struct mysql_item *item)
{
    size_t skipped = *item->text == '_';
    return item->length >= skipped + 4 && strncasecmp(item->text + skipped, "utf8", 4) == 0 &&
           (item->length == skipped + 4 || item->text[skipped + 4] == '_');
}

static void print_word(const struct mysql_item *item, const struct mysql_item *before, struct strbuf *out)
{
    const char *synonym = mysql_word_synonym(item->text, item->length);
    bool behind_is = before && (mysql_item_is_word(before, "is") || mysql_item_is_word(before, "not"));
    if (synonym) {
        strbuf_add_string(out, synonym);
    } else if (!behind_is && (mysql_item_is_word(item, "true") || mysql_item_is_word(item, "false"))) {
        strbuf_add_char(out, item->length == 4 ? '1' : '0');
    } else if (is_old_charset(item)) {
        size_t skipped = *item->text == '_';
        strbuf_add(out, item->text, skipped);
        mysql_collation_name(item->text + skipped, item->length - skipped, out);
    } else {
        add_lower(out, item->text, item->length);
    }
}

static void print_string(const struct mysql_item *item, struct strbuf *out)
{
    struct mysql_token token = {
        .text = item->text, .length = item->length, .kind = MYSQL_TOKEN_STRING, .escaped = item->escaped};
    cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_STRING_POOL);
    mysql_token_decode(&token, &value);
    mysql_quote_string(out, strbuf_text(&value), value.length);
    out->failed |= !strbuf_ok(&value);
}

/* "x'0a'" is 0x0a. */
static void print_number(const struct mysql_item *item, struct strbuf *out)
{
    bool quoted = item->length > 2 && item->text[1] == '\'';
    if (!quoted) {
        add_lower(out, item->text, item->length);
        return;
    }
    strbuf_add_char(out, '0');
    add_lower(out, item->text, 1);
    add_lower(out, item->text + 2, item->length - 3);
}

static bool is_part_of_name(struct mysql_items *items, size_t index)
{
    return (index > 0 && mysql_items_is_symbol(items, index - 1, '.')) || mysql_items_is_symbol(items, index + 1, '.');
}

static bool is_star_of_count(struct mysql_items *items, size_t index)
{
    return index >= 2 && mysql_items_is_symbol(items, index, '*') && mysql_items_is_symbol(items, index - 1, '(') &&
           mysql_items_is_symbol(items, index + 1, ')') &&
           mysql_item_is_word(mysql_items_at(items, index - 2), "count");
}

static void print_item(struct mysql_items *items, size_t index, const struct mysql_item *before, struct strbuf *out)
{
    const struct mysql_item *item = mysql_items_at(items, index);
    if (is_star_of_count(items, index))
        strbuf_add_char(out, '0');
    else if (item->kind == MYSQL_TOKEN_STRING)
        print_string(item, out);
    else if (item->kind == MYSQL_TOKEN_WORD && is_part_of_name(items, index))
        strbuf_add(out, item->text, item->length); /* whatever it looks like */
    else if (mysql_item_is_word(item, "mod") && !mysql_items_is_symbol(items, index + 1, '('))
        strbuf_add_char(out, '%');
    else if (item->kind == MYSQL_TOKEN_WORD)
        print_word(item, before, out);
    else if (item->kind == MYSQL_TOKEN_NUMBER)
        print_number(item, out);
    else if (item->kind == MYSQL_TOKEN_SYMBOL && mysql_word_synonym(item->text, item->length))
        strbuf_add_string(out, mysql_word_synonym(item->text, item->length));
    else if (item->kind == MYSQL_TOKEN_SYMBOL || item->kind == MYSQL_TOKEN_NAME)
        strbuf_add(out, item->text, item->length);
}

/* The parts of a name stand together. */
static bool is_glued(const struct mysql_item *before, const struct mysql_item *item)
{
    const struct mysql_item *other = mysql_item_is_symbol(before, '.') ? item : before;
    return (mysql_item_is_symbol(before, '.') || mysql_item_is_symbol(item, '.')) &&
           (other->kind == MYSQL_TOKEN_NAME || other->kind == MYSQL_TOKEN_WORD || mysql_item_is_symbol(other, '*'));
}

static void print_items(struct mysql_items *items, struct strbuf *out)
{
    const struct mysql_item *before = NULL;
    for (size_t i = 0; i < items->count; i++) {
        const struct mysql_item *item = mysql_items_at(items, i);
        if (before && !is_glued(before, item))
            strbuf_add_char(out, ' ');
        print_item(items, i, before, out);
        before = item;
    }
}

/* "()" and "(0)" behind the functions that are the same without. */
static void drop_empty_arguments(struct mysql_items *items)
{
    for (size_t i = 0; i + 2 < items->count; i++) {
        const struct mysql_item *item = mysql_items_at(items, i);
        if (item->kind != MYSQL_TOKEN_WORD || !mysql_items_is_symbol(items, i + 1, '('))
            continue;
        const char *name = mysql_word_synonym(item->text, item->length);
        if (!name || !mysql_word_is_constant_function(name))
            continue;
        const struct mysql_item *inner = mysql_items_at(items, i + 2);
        bool zero = inner->kind == MYSQL_TOKEN_NUMBER && inner->length == 1 && *inner->text == '0';
        size_t last = zero ? i + 3 : i + 2;
        if (!mysql_items_is_symbol(items, last, ')') || mysql_items_is_symbol(items, last + 1, '('))
            continue;
        for (size_t j = i + 1; j <= last; j++)
            mysql_items_at(items, j)->removed = true;
    }
}

static bool tidy_items(struct mysql_items *items)
{
    if (!mysql_items_judge(items))
        return false;
    mysql_items_compact(items);
    drop_empty_arguments(items);
    mysql_items_compact(items);
    return true;
}

void mysql_canonical_expression(const char *text, size_t length, struct strbuf *out)
{
    struct mysql_items items = {0};
    bool broken = false;
    if (!mysql_items_read(&items, text, length, &broken))
        out->failed = true;
    else if (!broken && tidy_items(&items))
        print_items(&items, out);
    else
        strbuf_add(out, text, length);
    mysql_items_done(&items);
}
