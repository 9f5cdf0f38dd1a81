/* SPDX-License-Identifier: Apache-2.0
 *
 * Which parentheses are idle: those between which everything binds more tightly than what stands beside them. Inner
 * pairs are judged first, when they are closed, so that what an idle pair held counts for the pair around it.
 */
#include <string.h>

#include "dialect/mysql_items.h"
#include "dialect/mysql_words.h"

/* Deeper nesting than servers accept is left as it is. */
enum { MAX_LEVELS = 256 };

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
    struct mysql_items *items;
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
    if (index + 1 == judge->items->count)
        return MYSQL_BINDS_NOTHING;
    const struct mysql_item *item = mysql_items_at(judge->items, index + 1);
    if (mysql_item_is_symbol(item, ')') || mysql_item_is_word(item, "end"))
        return MYSQL_BINDS_NOTHING;
    if (mysql_item_is_word(item, "and") && judge->depth > 0 && judge->levels[judge->depth - 1].betweens > 0)
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

/* Whether an operator waits for its operand. */
static bool is_open(const struct judge *judge)
{
    return judge->wants_operand && judge->last != MYSQL_BINDS_NOTHING;
}

static bool close_level(struct judge *judge, size_t index)
{
    const struct level *level = top(judge);
    if (judge->depth == 0 || level->is_case || is_open(judge))
        return false;
    bool idle = is_idle(judge, index);
    enum mysql_precedence weakest = level->weakest;
    if (idle) {
        mysql_items_at(judge->items, level->open)->removed = true;
        mysql_items_at(judge->items, index)->removed = true;
    }
    judge->depth--;
    if (idle && weakest < top(judge)->weakest)
        top(judge)->weakest = weakest;
    take_operand(judge);
    return true;
}

static bool close_case(struct judge *judge)
{
    if (judge->depth == 0 || !top(judge)->is_case || is_open(judge))
        return false;
    judge->depth--;
    take_operand(judge);
    return true;
}

static bool is_function(struct judge *judge, size_t index)
{
    const struct mysql_item *item = mysql_items_at(judge->items, index);
    return item->kind == MYSQL_TOKEN_WORD && mysql_items_is_symbol(judge->items, index + 1, '(') &&
           mysql_word_is_function(item->text, item->length);
}

/* Where an operand may begin. False if nothing that begins one, or ends what needs none, stands there. */
static bool take_prefix(struct judge *judge, size_t index)
{
    const struct mysql_item *item = mysql_items_at(judge->items, index);
    bool may_bind = item->kind == MYSQL_TOKEN_SYMBOL || item->kind == MYSQL_TOKEN_WORD;
    enum mysql_precedence binds = may_bind ? mysql_word_prefix(item->text, item->length) : MYSQL_BINDS_NOTHING;
    struct mysql_word word = {0};
    if (may_bind && !is_function(judge, index))
        word = mysql_word_infix(item->text, item->length);
    bool is_first = judge->last == MYSQL_BINDS_NOTHING;
    if ((binds == MYSQL_BINDS_NOT && judge->behind_is) || mysql_item_is_symbol(item, '@'))
        return true;
    if (binds != MYSQL_BINDS_NOTHING)
        take_operator(judge, binds);
    else if (mysql_item_is_symbol(item, '*') && is_first)
        take_operand(judge);
    else if (word.role == MYSQL_ROLE_SEPARATOR && is_first)
        take_separator(judge);
    else if (word.role == MYSQL_ROLE_OPERAND)
        take_operand(judge);
    else
        return false;
    return true;
}

/* Behind an operand. */
static bool take_infix(struct judge *judge, const struct mysql_item *item)
{
    struct mysql_word word = {0};
    if (item->kind == MYSQL_TOKEN_WORD || item->kind == MYSQL_TOKEN_SYMBOL)
        word = mysql_word_infix(item->text, item->length);
    struct level *level = top(judge);
    if (mysql_item_is_word(item, "and") && level->betweens > 0) {
        level->betweens--;
        take_operator(judge, MYSQL_BINDS_COMPARE);
    } else if (word.role == MYSQL_ROLE_SEPARATOR) {
        take_separator(judge);
    } else if (word.role == MYSQL_ROLE_OPERAND) {
        take_operand(judge);
    } else {
        level->betweens += mysql_item_is_word(item, "between");
        take_operator(judge, word.binds);
        /* NOT IN, SOUNDS LIKE: the operator is still to come. */
        judge->wants_operand = !mysql_item_is_word(item, "not") && !mysql_item_is_word(item, "sounds");
        judge->behind_is = mysql_item_is_word(item, "is");
        judge->behind_list = word.role == MYSQL_ROLE_LIST;
    }
    return true;
}

/* "`a`.`b`", "t.*": the parts are one operand. Returns the index of the last one. */
static size_t skip_parts(struct mysql_items *items, size_t index)
{
    while (mysql_items_is_symbol(items, index + 1, '.') && index + 2 < items->count)
        index += 2;
    return index;
}

static bool judge_item(struct judge *judge, size_t *index)
{
    const struct mysql_item *item = mysql_items_at(judge->items, *index);
    if (mysql_item_is_symbol(item, '('))
        return push(judge, *index, false);
    if (mysql_item_is_symbol(item, ')'))
        return close_level(judge, *index);
    if (mysql_item_is_word(item, "case"))
        return push(judge, *index, true);
    if (mysql_item_is_word(item, "end"))
        return close_case(judge);
    if (!judge->wants_operand)
        return take_infix(judge, item);
    if (!take_prefix(judge, *index))
        return false;
    if (item->kind == MYSQL_TOKEN_NAME || item->kind == MYSQL_TOKEN_WORD)
        *index = skip_parts(judge->items, *index);
    return true;
}

bool mysql_items_judge(struct mysql_items *items)
{
    struct judge judge = {.items = items, .levels = {{.weakest = MYSQL_BINDS_ALL}}, .wants_operand = true};
    for (size_t i = 0; i < items->count; i++) {
        if (!judge_item(&judge, &i))
            return false;
    }
    return judge.depth == 0 && !is_open(&judge);
}
