/* SPDX-License-Identifier: Apache-2.0
 *
 * Three passes over an array of tokens: read (with symbols joined to operators), judge (which parentheses are idle),
 * print. A pair of parentheses is idle if everything between them binds more tightly than what stands beside them.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/mysql_canonical.h"
#include "dialect/mysql_collation.h"
#include "dialect/mysql_words.h"

/* Most texts are short: their tokens need no memory. Deeper nesting than servers accept is left as it is. */
enum { FEW_ITEMS = 48, MAX_LEVELS = 256 };

struct item {
    const char *text;
    uint32_t length;
    uint8_t kind; /* enum mysql_token_kind */
    bool spaced;
    bool plain; /* ASCII only */
    bool escaped;
    bool removed;
};

struct items {
    struct item few[FEW_ITEMS];
    struct item *many; /* NULL while the few are enough */
    size_t count;
    size_t capacity;
};

static struct item *items_at(struct items *items, size_t index)
{
    return items->many ? &items->many[index] : &items->few[index];
}

static bool items_add(struct items *items, const struct item *item)
{
    if (!items->many && items->count == FEW_ITEMS) {
        items->many = mem_calloc(4 * FEW_ITEMS, sizeof(*item));
        if (!items->many)
            return false;
        items->capacity = 4 * FEW_ITEMS;
        memcpy(items->many, items->few, sizeof(items->few));
    }
    if (items->many && !mem_grow(&items->many, &items->capacity, items->count, sizeof(*item), LIMIT_STRING_POOL))
        return false;
    *items_at(items, items->count++) = *item;
    return true;
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
static bool joins(const struct item *last, const struct mysql_token *token)
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

static bool read_items(struct items *items, const char *text, size_t length, bool *ret_broken)
{
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, text, length);
    for (;;) {
        struct mysql_token token = mysql_lexer_next(&lexer);
        if (token.kind == MYSQL_TOKEN_END)
            return true;
        *ret_broken |= token.kind == MYSQL_TOKEN_BROKEN;
        struct item *last = items->count > 0 ? items_at(items, items->count - 1) : NULL;
        if (last && token.kind == MYSQL_TOKEN_SYMBOL && joins(last, &token)) {
            last->length++;
            continue;
        }
        struct item item = {
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

static bool is_word(const struct item *item, const char *word)
{
    return item->kind == MYSQL_TOKEN_WORD && strncasecmp(item->text, word, item->length) == 0 &&
           word[item->length] == '\0';
}

static bool is_symbol(const struct item *item, char symbol)
{
    return item->kind == MYSQL_TOKEN_SYMBOL && item->length == 1 && *item->text == symbol;
}

static bool is_symbol_at(struct items *items, size_t index, char symbol)
{
    return index < items->count && is_symbol(items_at(items, index), symbol);
}

/* "_utf8mb4'x'", but not "_binary'x'", which is bytes. */
static void drop_introducers(struct items *items)
{
    for (size_t i = 0; i + 1 < items->count; i++) {
        struct item *item = items_at(items, i);
        const struct item *next = items_at(items, i + 1);
        if (item->kind == MYSQL_TOKEN_WORD && *item->text == '_' && item->length > 1 &&
            next->kind == MYSQL_TOKEN_STRING && next->plain && !is_word(item, "_binary"))
            item->removed = true;
    }
}

/* "()" and "(0)" behind the functions that are the same without. */
static void drop_empty_arguments(struct items *items)
{
    for (size_t i = 0; i + 2 < items->count; i++) {
        const struct item *item = items_at(items, i);
        if (item->kind != MYSQL_TOKEN_WORD || !is_symbol_at(items, i + 1, '('))
            continue;
        const char *name = mysql_word_synonym(item->text, item->length);
        if (!name || !mysql_word_is_constant_function(name))
            continue;
        const struct item *inner = items_at(items, i + 2);
        bool zero = inner->kind == MYSQL_TOKEN_NUMBER && inner->length == 1 && *inner->text == '0';
        size_t last = zero ? i + 3 : i + 2;
        if (!is_symbol_at(items, last, ')'))
            continue;
        for (size_t j = i + 1; j <= last; j++)
            items_at(items, j)->removed = true;
    }
}

/* An expression between two parentheses, between CASE and END, or the whole text. */
struct level {
    size_t open;                   /* index of "(" */
    enum mysql_precedence left;    /* of the operator before it */
    enum mysql_precedence weakest; /* of the operators in it */
    unsigned betweens;             /* BETWEENs that wait for their AND */
    bool is_case;
    bool may_go;    /* nothing but an expression can stand here */
    bool is_single; /* one expression: no separator so far */
    bool is_empty;
};

struct judge {
    struct items *items;
    struct level levels[MAX_LEVELS];
    size_t depth;
    enum mysql_precedence last; /* of the operator just read */
    bool wants_operand;
    bool behind_is;
    bool behind_list; /* the parentheses that follow belong to the operator */
};

static struct level *top(struct judge *judge)
{
    return &judge->levels[judge->depth];
}

static bool push(struct judge *judge, size_t index, bool is_case)
{
    if (judge->depth + 1 == MAX_LEVELS)
        return false;
    judge->levels[++judge->depth] = (struct level){
        .open = index,
        .left = judge->last,
        .weakest = MYSQL_BINDS_ALL,
        .is_case = is_case,
        .may_go = judge->wants_operand && !judge->behind_list,
        .is_single = true,
        .is_empty = true,
    };
    judge->wants_operand = true;
    judge->behind_list = false;
    judge->behind_is = false;
    judge->last = MYSQL_BINDS_NOTHING;
    return true;
}

static void take_operand(struct judge *judge)
{
    top(judge)->is_empty = false;
    judge->wants_operand = false;
    judge->behind_list = false;
    judge->behind_is = false;
}

static void take_operator(struct judge *judge, enum mysql_precedence binds)
{
    struct level *level = top(judge);
    level->is_empty = false;
    if (binds < level->weakest)
        level->weakest = binds;
    judge->last = binds;
    judge->wants_operand = true;
    judge->behind_is = false;
}

static void take_separator(struct judge *judge)
{
    top(judge)->is_single = false;
    top(judge)->is_empty = false;
    judge->last = MYSQL_BINDS_NOTHING;
    judge->wants_operand = true;
    judge->behind_list = false;
    judge->behind_is = false;
}

static bool is_associative(enum mysql_precedence binds)
{
    return binds == MYSQL_BINDS_AND || binds == MYSQL_BINDS_OR;
}

/* What stands behind the closing parenthesis at `index`; `*ret_known` is false if it is no operator and no end. */
static enum mysql_precedence right_of(struct judge *judge, size_t index, bool *ret_known)
{
    *ret_known = true;
    size_t next = index + 1;
    while (next < judge->items->count && items_at(judge->items, next)->removed)
        next++;
    if (next == judge->items->count)
        return MYSQL_BINDS_NOTHING;
    const struct item *item = items_at(judge->items, next);
    if (is_symbol(item, ')') || is_word(item, "end"))
        return MYSQL_BINDS_NOTHING;
    if (is_word(item, "and") && judge->depth > 0 && judge->levels[judge->depth - 1].betweens > 0)
        return MYSQL_BINDS_COMPARE;
    bool may_be_infix = item->kind == MYSQL_TOKEN_WORD || item->kind == MYSQL_TOKEN_SYMBOL;
    struct mysql_word word = {0};
    if (may_be_infix)
        word = mysql_word_infix(item->text, item->length);
    *ret_known = word.role != MYSQL_ROLE_OPERAND;
    return word.binds;
}

static bool is_idle(struct judge *judge, size_t index)
{
    const struct level *level = top(judge);
    bool known = false;
    enum mysql_precedence right = right_of(judge, index, &known);
    if (!known || !level->may_go || !level->is_single || level->is_empty || level->betweens > 0)
        return false;
    enum mysql_precedence inner = level->weakest;
    bool left_holds = inner > level->left || (inner == level->left && is_associative(inner));
    bool right_holds = inner > right || (inner == right && inner != MYSQL_BINDS_COMPARE);
    return left_holds && right_holds;
}

static bool close_level(struct judge *judge, size_t index)
{
    const struct level *level = top(judge);
    if (judge->depth == 0 || level->is_case)
        return false;
    bool idle = is_idle(judge, index);
    enum mysql_precedence weakest = level->weakest;
    if (idle) {
        items_at(judge->items, level->open)->removed = true;
        items_at(judge->items, index)->removed = true;
    }
    judge->depth--;
    if (idle && weakest < top(judge)->weakest)
        top(judge)->weakest = weakest;
    take_operand(judge);
    return true;
}

static bool close_case(struct judge *judge)
{
    if (judge->depth == 0 || !top(judge)->is_case)
        return false;
    judge->depth--;
    take_operand(judge);
    return true;
}

/* Where an operand may begin. */
static void take_prefix(struct judge *judge, const struct item *item)
{
    bool symbol = item->kind == MYSQL_TOKEN_SYMBOL;
    enum mysql_precedence binds = MYSQL_BINDS_NOTHING;
    if (symbol || item->kind == MYSQL_TOKEN_WORD)
        binds = mysql_word_prefix(item->text, item->length);
    if (binds == MYSQL_BINDS_NOT && judge->behind_is)
        return;
    if (binds != MYSQL_BINDS_NOTHING) {
        take_operator(judge, binds);
    } else if (symbol && !is_symbol(item, '*')) {
        take_separator(judge); /* "@" of a variable, or what has no business here */
    } else if (item->kind == MYSQL_TOKEN_WORD &&
               mysql_word_infix(item->text, item->length).role == MYSQL_ROLE_SEPARATOR) {
        take_separator(judge);
    } else {
        take_operand(judge);
    }
}

/* Behind an operand. */
static void take_infix(struct judge *judge, const struct item *item)
{
    struct mysql_word word = {0};
    if (item->kind == MYSQL_TOKEN_WORD || item->kind == MYSQL_TOKEN_SYMBOL)
        word = mysql_word_infix(item->text, item->length);
    struct level *level = top(judge);
    if (is_word(item, "and") && level->betweens > 0) {
        level->betweens--;
        take_operator(judge, MYSQL_BINDS_COMPARE);
    } else if (word.role == MYSQL_ROLE_SEPARATOR) {
        take_separator(judge);
    } else if (word.role == MYSQL_ROLE_OPERAND) {
        take_operand(judge);
    } else {
        level->betweens += is_word(item, "between");
        take_operator(judge, word.binds);
        judge->wants_operand = !is_word(item, "not"); /* NOT IN, NOT LIKE: the operator is still to come */
        judge->behind_is = is_word(item, "is");
        judge->behind_list = word.role == MYSQL_ROLE_LIST;
    }
}

/* "`a`.`b`", "t.*": the parts are one operand. Returns the index of the last one. */
static size_t skip_parts(struct items *items, size_t index)
{
    while (is_symbol_at(items, index + 1, '.') && index + 2 < items->count)
        index += 2;
    return index;
}

static bool judge_item(struct judge *judge, size_t *index)
{
    const struct item *item = items_at(judge->items, *index);
    if (is_symbol(item, '('))
        return push(judge, *index, false);
    if (is_symbol(item, ')'))
        return close_level(judge, *index);
    if (is_word(item, "case"))
        return push(judge, *index, true);
    if (is_word(item, "end"))
        return close_case(judge);
    if (!judge->wants_operand) {
        take_infix(judge, item);
        return true;
    }
    take_prefix(judge, item);
    if (item->kind == MYSQL_TOKEN_NAME || item->kind == MYSQL_TOKEN_WORD)
        *index = skip_parts(judge->items, *index);
    return true;
}

/* False if the text is no expression that can be read. */
static bool judge_items(struct items *items)
{
    struct judge judge = {.items = items, .levels = {{.weakest = MYSQL_BINDS_ALL}}, .wants_operand = true};
    bool understood = true;
    for (size_t i = 0; understood && i < items->count; i++) {
        if (!items_at(items, i)->removed)
            understood = judge_item(&judge, &i);
    }
    return understood && judge.depth == 0;
}

static void add_lower(struct strbuf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        strbuf_add_char(out, (char)tolower((unsigned char)text[i]));
}

static bool is_old_charset(const struct item *item)
{
    size_t skipped = *item->text == '_';
    return item->length >= skipped + 4 && strncasecmp(item->text + skipped, "utf8", 4) == 0 &&
           (item->length == skipped + 4 || item->text[skipped + 4] == '_');
}

static void print_word(const struct item *item, const struct item *before, struct strbuf *out)
{
    const char *synonym = mysql_word_synonym(item->text, item->length);
    bool behind_is = before && (is_word(before, "is") || is_word(before, "not"));
    if (synonym) {
        strbuf_add_string(out, synonym);
    } else if (!behind_is && (is_word(item, "true") || is_word(item, "false"))) {
        strbuf_add_char(out, item->length == 4 ? '1' : '0');
    } else if (is_old_charset(item)) {
        size_t skipped = *item->text == '_';
        strbuf_add(out, item->text, skipped);
        mysql_collation_name(item->text + skipped, item->length - skipped, out);
    } else {
        add_lower(out, item->text, item->length);
    }
}

static void print_string(const struct item *item, struct strbuf *out)
{
    struct mysql_token token = {
        .text = item->text, .length = item->length, .kind = MYSQL_TOKEN_STRING, .escaped = item->escaped};
    cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_STRING_POOL);
    mysql_token_decode(&token, &value);
    mysql_quote_string(out, strbuf_text(&value), value.length);
    out->failed |= !strbuf_ok(&value);
}

/* "x'0a'" and "b'01'", which are "0x0a" and "0b01". */
static bool print_bytes(struct items *items, size_t index, struct strbuf *out)
{
    const struct item *item = items_at(items, index);
    if (index + 1 == items->count || item->length != 1 || !strchr("xXbB", *item->text))
        return false;
    struct item *next = items_at(items, index + 1);
    if (next->kind != MYSQL_TOKEN_STRING || next->spaced || next->removed)
        return false;
    strbuf_add_char(out, '0');
    add_lower(out, item->text, 1);
    add_lower(out, next->text + 1, next->length - 2);
    next->removed = true;
    return true;
}

static bool is_star_of_count(struct items *items, size_t index)
{
    return index >= 2 && is_symbol_at(items, index, '*') && is_symbol_at(items, index - 1, '(') &&
           is_symbol_at(items, index + 1, ')') && is_word(items_at(items, index - 2), "count");
}

static void print_item(struct items *items, size_t index, const struct item *before, struct strbuf *out)
{
    const struct item *item = items_at(items, index);
    if (is_star_of_count(items, index))
        strbuf_add_char(out, '0');
    else if (item->kind == MYSQL_TOKEN_STRING)
        print_string(item, out);
    else if (item->kind == MYSQL_TOKEN_WORD && !print_bytes(items, index, out))
        print_word(item, before, out);
    else if (item->kind == MYSQL_TOKEN_NUMBER)
        add_lower(out, item->text, item->length);
    else if (item->kind == MYSQL_TOKEN_SYMBOL && mysql_word_synonym(item->text, item->length))
        strbuf_add_string(out, mysql_word_synonym(item->text, item->length));
    else if (item->kind == MYSQL_TOKEN_SYMBOL || item->kind == MYSQL_TOKEN_NAME)
        strbuf_add(out, item->text, item->length);
}

static void print_items(struct items *items, struct strbuf *out)
{
    const struct item *before = NULL;
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = items_at(items, i);
        if (item->removed)
            continue;
        if (before && !is_symbol(before, '.') && !is_symbol(item, '.'))
            strbuf_add_char(out, ' ');
        print_item(items, i, before, out);
        before = item;
    }
}

void mysql_canonical_expression(const char *text, size_t length, struct strbuf *out)
{
    struct items items = {0};
    bool broken = false;
    if (!read_items(&items, text, length, &broken)) {
        out->failed = true;
    } else {
        drop_introducers(&items);
        drop_empty_arguments(&items);
        if (!broken && judge_items(&items))
            print_items(&items, out);
        else
            strbuf_add(out, text, length);
    }
    mem_free(items.many);
}
