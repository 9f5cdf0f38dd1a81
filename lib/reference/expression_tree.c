/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/expression_tree.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "dialect/sql_scan.h"

/* Nesting that people write stays far below; deeper ones are not understood. */
enum { TREE_DEPTH = 64, TREE_TEXT_BYTES = 64 * 1024 };

enum level {
    LEVEL_OR = 1,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_IS,
    LEVEL_COMPARISON,
    LEVEL_MEMBERSHIP,
    LEVEL_OTHER,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_POWER,
    LEVEL_NONE
};

struct parser {
    struct scan scan;
    struct scan_token token; /* the current one; operators of several signs are one */
    struct arena *arena;
    unsigned depth;
    bool failed;
};

static const struct {
    const char *text;
    const char *canonical;
    enum level level;
} binary_operators[] = {
    {"or", "or", LEVEL_OR},         {"and", "and", LEVEL_AND},      {"=", "=", LEVEL_COMPARISON},
    {"<", "<", LEVEL_COMPARISON},   {">", ">", LEVEL_COMPARISON},   {"<=", "<=", LEVEL_COMPARISON},
    {">=", ">=", LEVEL_COMPARISON}, {"<>", "<>", LEVEL_COMPARISON}, {"!=", "<>", LEVEL_COMPARISON},
    {"+", "+", LEVEL_SUM},          {"-", "-", LEVEL_SUM},          {"*", "*", LEVEL_PRODUCT},
    {"/", "/", LEVEL_PRODUCT},      {"%", "%", LEVEL_PRODUCT},      {"^", "^", LEVEL_POWER},
};

/* Words that end an operand instead of being one. */
static const char *const reserved[] = {"and",    "or",     "not",     "in",      "between", "like", "ilike",
                                       "is",     "as",     "from",    "then",    "when",    "else", "end",
                                       "case",   "for",    "similar", "collate", "at",      "over", "filter",
                                       "within", "escape", "select",  "exists"};

static bool is_operator_byte(char byte)
{
    return byte != '\0' && strchr("+-*/<>=~!@#%^&|?", byte) != NULL;
}

static void advance(struct parser *parser)
{
    parser->token = scan_next(&parser->scan);
    if (parser->token.kind == SCAN_OPEN)
        parser->failed = true;
    if (parser->token.kind != SCAN_SIGN)
        return;
    char byte = *parser->token.text;
    struct scan *scan = &parser->scan;
    bool more = true;
    while (more && scan->next < scan->end) {
        bool comment =
            scan->end - scan->next > 1 && (memcmp(scan->next, "--", 2) == 0 || memcmp(scan->next, "/*", 2) == 0);
        /* "x = -1": a sign that follows an operator is the number's own. */
        bool sign = *scan->next == '-' || *scan->next == '+';
        more = (is_operator_byte(byte) && is_operator_byte(*scan->next) && !comment && !sign) ||
               (byte == ':' && *scan->next == ':' && parser->token.length == 1);
        if (more) {
            scan_advance(scan, 1);
            parser->token.length++;
        }
        if (byte == ':')
            break;
    }
}

static bool at_sign(const struct parser *parser, const char *text)
{
    return parser->token.kind == SCAN_SIGN && parser->token.length == strlen(text) &&
           memcmp(parser->token.text, text, parser->token.length) == 0;
}

static bool at_word(const struct parser *parser, const char *word)
{
    return scan_token_is(&parser->token, word);
}

static bool accept_sign(struct parser *parser, const char *text)
{
    bool found = at_sign(parser, text);
    if (found)
        advance(parser);
    return found;
}

static bool accept_word(struct parser *parser, const char *word)
{
    bool found = at_word(parser, word);
    if (found)
        advance(parser);
    return found;
}

static struct tree *fail(struct parser *parser)
{
    parser->failed = true;
    return NULL;
}

static struct tree *make(struct parser *parser, enum tree_kind kind, const char *text)
{
    struct tree *tree = arena_alloc(parser->arena, sizeof *tree);
    if (!tree || !text)
        return fail(parser);
    tree->kind = kind;
    tree->text = text;
    return tree;
}

static void append(struct tree *parent, struct tree *child)
{
    struct tree **place = &parent->first;
    while (*place)
        place = &(*place)->next;
    *place = child;
}

static struct tree *make_two(struct parser *parser, const char *operator_text, struct tree *left, struct tree *right)
{
    struct tree *tree = make(parser, TREE_OPERATOR, operator_text);
    if (!tree || !left || !right)
        return fail(parser);
    left->next = NULL;
    right->next = NULL;
    append(tree, left);
    append(tree, right);
    return tree;
}

static struct tree *make_one(struct parser *parser, enum tree_kind kind, const char *text, struct tree *child)
{
    struct tree *tree = make(parser, kind, text);
    if (!tree || !child)
        return fail(parser);
    child->next = NULL;
    tree->first = child;
    return tree;
}

static const char *lower(struct parser *parser, const char *text, size_t length)
{
    char *copy = arena_strndup(parser->arena, text, length);
    for (char *byte = copy; byte && *byte; byte++)
        *byte = (char)tolower((unsigned char)*byte);
    return copy;
}

/* A name without its quotes; MySQL's columns do not care for case. */
static const char *name_text(struct parser *parser, const struct scan_token *token)
{
    if (token->kind == SCAN_WORD)
        return lower(parser, token->text, token->length);
    char *copy = arena_strndup(parser->arena, token->text + 1, token->length - 2);
    if (!copy)
        return NULL;
    char quote = *token->text;
    char *to = copy;
    for (const char *from = copy; *from; from++) {
        *to++ = *from;
        from += *from == quote && from[1] == quote;
    }
    *to = '\0';
    return parser->scan.mysql ? lower(parser, copy, strlen(copy)) : copy;
}

static char unescape(char byte)
{
    switch (byte) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '0':
        return '0';
    default:
        return byte;
    }
}

/* What a string stands for; dollar quotes and prefixes are not understood, but for E. */
static const char *string_text(struct parser *parser, const struct scan_token *token)
{
    const char *text = token->text;
    size_t length = token->length;
    bool escapes = parser->scan.mysql;
    if (*text == 'E' || *text == 'e') {
        escapes = true;
        text++;
        length--;
    }
    if (length < 2 || (*text != '\'' && *text != '"'))
        return NULL;
    char quote = *text;
    char *copy = arena_strndup(parser->arena, text + 1, length - 2);
    char *to = copy;
    for (const char *from = copy; from && *from; from++) {
        if (*from == '\\' && escapes && from[1]) {
            *to++ = unescape(*++from);
            continue;
        }
        *to++ = *from;
        from += *from == quote && from[1] == quote;
    }
    if (to)
        *to = '\0';
    return copy;
}

static struct tree *parse_level(struct parser *parser, enum level level);

static struct tree *parse_expression(struct parser *parser)
{
    if (++parser->depth > TREE_DEPTH)
        return fail(parser);
    struct tree *tree = parse_level(parser, LEVEL_OR);
    parser->depth--;
    return tree;
}

/* Expressions up to the closing sign, which is passed over. */
static bool parse_list(struct parser *parser, struct tree *parent, const char *end)
{
    if (accept_sign(parser, end))
        return true;
    do {
        struct tree *element = accept_sign(parser, "*") ? make(parser, TREE_WORD, "*") : parse_expression(parser);
        if (!element || parser->failed)
            return false;
        append(parent, element);
    } while (accept_sign(parser, ","));
    return accept_sign(parser, end);
}

static struct tree *parse_number(struct parser *parser, bool negative)
{
    cleanup(strbuf) struct strbuf text = STRBUF(512);
    strbuf_add_string(&text, negative ? "-" : "");
    strbuf_add(&text, parser->token.text, parser->token.length);
    struct scan *scan = &parser->scan;
    bool fraction = scan->end - scan->next > 1 && scan->next[0] == '.' && isdigit((unsigned char)scan->next[1]);
    advance(parser);
    if (fraction) {
        advance(parser);
        strbuf_add_char(&text, '.');
        strbuf_add(&text, parser->token.text, parser->token.length);
        advance(parser);
    }
    return strbuf_ok(&text) ? make(parser, TREE_NUMBER, arena_strdup(parser->arena, strbuf_text(&text))) : fail(parser);
}

static bool is_reserved(const char *word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++)
        if (strcmp(reserved[i], word) == 0)
            return true;
    return false;
}

/* "character varying(20)[]", "public.mood": words, a dot between names, numbers in parentheses, brackets. */
static const char *parse_type(struct parser *parser)
{
    cleanup(strbuf) struct strbuf text = STRBUF(512);
    bool any = false;
    for (;;) {
        bool name = (parser->token.kind == SCAN_WORD || parser->token.kind == SCAN_QUOTED);
        const char *word = name ? name_text(parser, &parser->token) : NULL;
        if (!word || (any && is_reserved(word)))
            break;
        strbuf_add_string(&text, any ? " " : "");
        strbuf_add_string(&text, word);
        any = true;
        advance(parser);
        while (accept_sign(parser, ".")) {
            const char *part = name_text(parser, &parser->token);
            strbuf_clear(&text); /* the schema is the search path's matter */
            strbuf_add_string(&text, part ? part : "");
            advance(parser);
        }
        if (at_sign(parser, "(")) {
            do {
                strbuf_add(&text, parser->token.text, parser->token.length);
                advance(parser);
            } while (parser->token.kind == SCAN_NUMBER || at_sign(parser, ","));
            if (!accept_sign(parser, ")"))
                return NULL;
            strbuf_add_char(&text, ')');
        }
    }
    while (at_sign(parser, "[")) {
        advance(parser);
        if (!accept_sign(parser, "]"))
            return NULL;
        if (text.length < 2 || strcmp(strbuf_text(&text) + text.length - 2, "[]") != 0)
            strbuf_add_string(&text, "[]");
    }
    return any && strbuf_ok(&text) ? arena_strdup(parser->arena, strbuf_text(&text)) : NULL;
}

static struct tree *parse_cast_call(struct parser *parser)
{
    struct tree *inner = parse_expression(parser);
    if (!inner || !accept_word(parser, "as"))
        return fail(parser);
    const char *type = parse_type(parser);
    if (!type || !accept_sign(parser, ")"))
        return fail(parser);
    return make_one(parser, TREE_CAST, type, inner);
}

/* Words that stand for a value without parentheses. */
static bool is_value_word(const char *word)
{
    static const char *const words[] = {"true",         "false",        "null",           "current_timestamp",
                                        "current_date", "current_time", "localtimestamp", "localtime",
                                        "current_user", "session_user", "default"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static struct tree *parse_named(struct parser *parser)
{
    struct scan_token token = parser->token;
    const char *name = name_text(parser, &token);
    if (!name || (token.kind == SCAN_WORD && is_reserved(name)))
        return fail(parser);
    advance(parser);
    while (accept_sign(parser, ".")) {
        if (parser->token.kind != SCAN_WORD && parser->token.kind != SCAN_QUOTED)
            return fail(parser);
        token = parser->token;
        name = name_text(parser, &token);
        advance(parser);
    }
    bool bare = token.kind == SCAN_WORD;
    if (bare && name && strcmp(name, "array") == 0 && accept_sign(parser, "[")) {
        struct tree *list = make(parser, TREE_LIST, "");
        return list && parse_list(parser, list, "]") ? list : fail(parser);
    }
    if (accept_sign(parser, "(")) {
        if (bare && name && strcmp(name, "cast") == 0)
            return parse_cast_call(parser);
        struct tree *call = make(parser, TREE_CALL, name);
        return call && parse_list(parser, call, ")") ? call : fail(parser);
    }
    /* "date '2024-01-31'", "_utf8mb4'x'" */
    if (bare && parser->token.kind == SCAN_STRING) {
        struct tree *string = make(parser, TREE_STRING, string_text(parser, &parser->token));
        advance(parser);
        return make_one(parser, TREE_CAST, name, string);
    }
    return make(parser, bare && name && is_value_word(name) ? TREE_WORD : TREE_NAME, name);
}

static struct tree *parse_primary(struct parser *parser)
{
    if (parser->token.kind == SCAN_NUMBER)
        return parse_number(parser, false);
    if (parser->token.kind == SCAN_STRING) {
        struct tree *string = make(parser, TREE_STRING, string_text(parser, &parser->token));
        advance(parser);
        return string;
    }
    if (parser->token.kind == SCAN_WORD || parser->token.kind == SCAN_QUOTED)
        return parse_named(parser);
    if (!accept_sign(parser, "("))
        return fail(parser);
    struct tree *list = make(parser, TREE_LIST, "");
    if (!list || !parse_list(parser, list, ")"))
        return fail(parser);
    return list->first && !list->first->next ? list->first : list;
}

static struct tree *parse_postfix(struct parser *parser)
{
    struct tree *tree = parse_primary(parser);
    while (tree && !parser->failed) {
        if (accept_sign(parser, "::")) {
            const char *type = parse_type(parser);
            tree = type ? make_one(parser, TREE_CAST, type, tree) : fail(parser);
        } else if (accept_sign(parser, "[")) {
            struct tree *index = parse_expression(parser);
            tree = index && accept_sign(parser, "]") ? make_two(parser, "[]", tree, index) : fail(parser);
        } else if (accept_word(parser, "collate")) {
            const char *collation = parse_type(parser);
            tree = collation ? make_one(parser, TREE_CALL, collation, tree) : fail(parser);
        } else if (at_word(parser, "at")) {
            advance(parser);
            struct tree *zone =
                accept_word(parser, "time") && accept_word(parser, "zone") ? parse_postfix(parser) : NULL;
            tree = zone ? make_two(parser, "at time zone", tree, zone) : fail(parser);
        } else {
            break;
        }
    }
    return tree;
}

static struct tree *parse_unary(struct parser *parser)
{
    bool minus = accept_sign(parser, "-");
    if (!minus)
        accept_sign(parser, "+");
    if (minus && parser->token.kind == SCAN_NUMBER) {
        struct tree *number = parse_number(parser, true);
        if (!number || !accept_sign(parser, "::"))
            return number;
        const char *type = parse_type(parser);
        return type ? make_one(parser, TREE_CAST, type, number) : fail(parser);
    }
    struct tree *tree = parse_postfix(parser);
    return minus && tree ? make_one(parser, TREE_OPERATOR, "minus", tree) : tree;
}

/* The binary operator at the current token, or NULL. */
static const char *binary_at(struct parser *parser, enum level level)
{
    const struct scan_token *token = &parser->token;
    if (token->kind != SCAN_SIGN && token->kind != SCAN_WORD)
        return NULL;
    const char *text = lower(parser, token->text, token->length);
    for (size_t i = 0; text && i < ARRAY_LENGTH(binary_operators); i++)
        if (strcmp(binary_operators[i].text, text) == 0)
            return binary_operators[i].level == level ? binary_operators[i].canonical : NULL;
    if (text && parser->scan.mysql && strcmp(text, "||") == 0)
        return level == LEVEL_OR ? "or" : NULL;
    if (text && parser->scan.mysql && strcmp(text, "&&") == 0)
        return level == LEVEL_AND ? "and" : NULL;
    return level == LEVEL_OTHER && token->kind == SCAN_SIGN && is_operator_byte(*token->text) ? text : NULL;
}

static bool is_chain(const struct tree *tree, const char *operator_text)
{
    return tree->kind == TREE_OPERATOR && strcmp(tree->text, operator_text) == 0;
}

/* AND and OR of AND and OR are one chain, however it is bracketed. */
static struct tree *join(struct parser *parser, const char *operator_text, struct tree *left, struct tree *right)
{
    bool chains = strcmp(operator_text, "and") == 0 || strcmp(operator_text, "or") == 0;
    if (!chains || !left || !right)
        return make_two(parser, operator_text, left, right);
    struct tree *tree = make(parser, TREE_OPERATOR, operator_text);
    if (!tree)
        return NULL;
    left->next = NULL;
    right->next = NULL;
    append(tree, is_chain(left, operator_text) ? left->first : left);
    append(tree, is_chain(right, operator_text) ? right->first : right);
    return tree;
}

static struct tree *copy_tree(struct parser *parser, const struct tree *tree)
{
    struct tree *copy = tree ? make(parser, tree->kind, tree->text) : NULL;
    if (!copy || ++parser->depth > TREE_DEPTH)
        return fail(parser);
    for (const struct tree *child = tree->first; child; child = child->next) {
        struct tree *one = copy_tree(parser, child);
        if (!one)
            return NULL;
        append(copy, one);
    }
    parser->depth--;
    return copy;
}

static struct tree *parse_between(struct parser *parser, struct tree *left, bool negated)
{
    struct tree *low = parse_level(parser, LEVEL_OTHER);
    if (!accept_word(parser, "and"))
        return fail(parser);
    struct tree *high = parse_level(parser, LEVEL_OTHER);
    struct tree *again = left ? copy_tree(parser, left) : NULL;
    struct tree *above = make_two(parser, negated ? "<" : ">=", left, low);
    struct tree *below = make_two(parser, negated ? ">" : "<=", again, high);
    return join(parser, negated ? "or" : "and", above, below);
}

static struct tree *parse_in(struct parser *parser, struct tree *left, bool negated)
{
    struct tree *list = make(parser, TREE_LIST, "");
    if (!list || !accept_sign(parser, "(") || !parse_list(parser, list, ")") || !list->first)
        return fail(parser);
    if (!list->first->next)
        return make_two(parser, negated ? "<>" : "=", left, list->first);
    return make_two(parser, negated ? "<> all" : "= any", left, list);
}

static struct tree *parse_membership(struct parser *parser, struct tree *left)
{
    bool negated = accept_word(parser, "not");
    if (accept_word(parser, "between"))
        return parse_between(parser, left, negated);
    if (accept_word(parser, "in"))
        return parse_in(parser, left, negated);
    bool like = accept_word(parser, "like");
    if (!like && !accept_word(parser, "ilike"))
        return fail(parser);
    const char *text = like ? (negated ? "!~~" : "~~") : (negated ? "!~~*" : "~~*");
    return make_two(parser, text, left, parse_level(parser, LEVEL_OTHER));
}

/* IS [NOT] NULL, TRUE, …; IS DISTINCT FROM. */
static struct tree *parse_is(struct parser *parser, struct tree *left)
{
    bool negated = accept_word(parser, "not");
    if (accept_word(parser, "distinct")) {
        if (!accept_word(parser, "from"))
            return fail(parser);
        return make_two(parser, negated ? "is not distinct" : "is distinct", left, parse_level(parser, LEVEL_OTHER));
    }
    if (parser->token.kind != SCAN_WORD)
        return fail(parser);
    const char *what = lower(parser, parser->token.text, parser->token.length);
    const char *text = arena_printf(parser->arena, "is %s%s", negated ? "not " : "", what ? what : "");
    advance(parser);
    return make_one(parser, TREE_OPERATOR, text, left);
}

/* "= ANY (…)": what servers print for IN. */
static struct tree *parse_right(struct parser *parser, enum level level, const char **operator_text)
{
    bool any = level == LEVEL_COMPARISON && at_word(parser, "any") && strcmp(*operator_text, "=") == 0;
    bool all = level == LEVEL_COMPARISON && at_word(parser, "all") && strcmp(*operator_text, "<>") == 0;
    if (!any && !all)
        return parse_level(parser, (enum level)(level + 1));
    *operator_text = any ? "= any" : "<> all";
    advance(parser);
    if (!accept_sign(parser, "("))
        return fail(parser);
    struct tree *list = parse_expression(parser);
    return accept_sign(parser, ")") ? list : fail(parser);
}

static struct tree *parse_level(struct parser *parser, enum level level)
{
    if (parser->failed)
        return NULL;
    if (level == LEVEL_NONE)
        return parse_unary(parser);
    if (level == LEVEL_NOT && at_word(parser, "not")) {
        if (++parser->depth > TREE_DEPTH)
            return fail(parser);
        advance(parser);
        struct tree *inner = parse_level(parser, LEVEL_NOT);
        parser->depth--;
        return inner ? make_one(parser, TREE_OPERATOR, "not", inner) : fail(parser);
    }
    struct tree *tree = parse_level(parser, (enum level)(level + 1));
    while (tree && !parser->failed) {
        const char *operator_text = binary_at(parser, level);
        if (operator_text) {
            advance(parser);
            struct tree *right = parse_right(parser, level, &operator_text);
            tree = join(parser, operator_text, tree, right);
        } else if (level == LEVEL_IS && accept_word(parser, "is")) {
            tree = parse_is(parser, tree);
        } else if (level == LEVEL_MEMBERSHIP &&
                   (at_word(parser, "not") || at_word(parser, "in") || at_word(parser, "between") ||
                    at_word(parser, "like") || at_word(parser, "ilike"))) {
            tree = parse_membership(parser, tree);
        } else {
            break;
        }
    }
    return tree;
}

struct tree *expression_tree_parse(const char *text, bool mysql, struct arena *arena)
{
    size_t length = strlen(text);
    if (length > TREE_TEXT_BYTES)
        return NULL;
    struct parser parser = {.scan = {.next = text, .end = text + length, .line = 1, .mysql = mysql}, .arena = arena};
    advance(&parser);
    struct tree *tree = parse_expression(&parser);
    return parser.failed || parser.token.kind != SCAN_END ? NULL : tree;
}
