/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/spelling.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "dialect/dialects.h"
#include "dialect/sql_scan.h"
#include "reference/expression_tree.h"
#include "json/json_reader.h"

enum { COMPARE_BYTES = 4 * 1024 * 1024, CANONICAL_BYTES = 1024 * 1024 };

static bool canonically_equal(const struct dialect *dialect, enum text_form form, const char *type,
                              const char *declared, const char *live)
{
    cleanup(strbuf) struct strbuf a = STRBUF(CANONICAL_BYTES);
    cleanup(strbuf) struct strbuf b = STRBUF(CANONICAL_BYTES);
    dialect->canonical(form, declared, type, &a);
    dialect->canonical(form, live, type, &b);
    return strbuf_ok(&a) && strbuf_ok(&b) && strcmp(strbuf_text(&a), strbuf_text(&b)) == 0;
}

static bool is_literal(const struct tree *tree)
{
    return tree->kind == TREE_NUMBER || tree->kind == TREE_STRING || tree->kind == TREE_WORD || tree->kind == TREE_LIST;
}

static const struct tree *without_casts(const struct tree *tree)
{
    while (tree->kind == TREE_CAST)
        tree = tree->first;
    return tree;
}

/* Digits without sign, leading and trailing zeros: 01.50 and 1.5. False if it is no plain number. */
static bool split_number(const char *text, bool *ret_negative, const char **ret_whole, size_t *ret_whole_length,
                         const char **ret_fraction, size_t *ret_fraction_length)
{
    *ret_negative = *text == '-';
    text += *text == '-' || *text == '+';
    size_t whole = strspn(text, "0123456789");
    const char *rest = text + whole;
    size_t fraction = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    if (whole + fraction == 0 || rest[*rest == '.' ? fraction + 1 : 0] != '\0')
        return false;
    *ret_fraction = *rest == '.' ? rest + 1 : rest;
    while (whole > 0 && *text == '0') {
        text++;
        whole--;
    }
    while (fraction > 0 && (*ret_fraction)[fraction - 1] == '0')
        fraction--;
    *ret_whole = text;
    *ret_whole_length = whole;
    *ret_fraction_length = fraction;
    return true;
}

static bool same_number(const char *a, const char *b)
{
    struct {
        bool negative;
        const char *whole;
        const char *fraction;
        size_t whole_length;
        size_t fraction_length;
    } n[2] = {0};
    const char *texts[] = {a, b};
    for (size_t i = 0; i < 2; i++)
        if (!split_number(texts[i], &n[i].negative, &n[i].whole, &n[i].whole_length, &n[i].fraction,
                          &n[i].fraction_length))
            return false;
    bool zero = n[0].whole_length + n[0].fraction_length == 0;
    return (zero || n[0].negative == n[1].negative) && n[0].whole_length == n[1].whole_length &&
           n[0].fraction_length == n[1].fraction_length && memcmp(n[0].whole, n[1].whole, n[0].whole_length) == 0 &&
           memcmp(n[0].fraction, n[1].fraction, n[0].fraction_length) == 0;
}

static bool is_number(const char *text)
{
    return same_number(text, text);
}

/* A value's text, true and false as 1 and 0. */
static const char *value_of(const struct tree *tree)
{
    bool truth = tree->kind == TREE_WORD;
    if (truth && strcmp(tree->text, "true") == 0)
        return "1";
    if (truth && strcmp(tree->text, "false") == 0)
        return "0";
    return tree->text;
}

static bool is_value(const struct tree *tree)
{
    bool truth = tree->kind == TREE_WORD && (strcmp(tree->text, "true") == 0 || strcmp(tree->text, "false") == 0);
    return tree->kind == TREE_NUMBER || tree->kind == TREE_STRING || truth;
}

static enum spelling compare_values(const struct tree *a, const struct tree *b)
{
    const char *x = value_of(a);
    const char *y = value_of(b);
    if (strcmp(x, y) == 0)
        return SPELLING_SAME;
    if (is_number(x) && is_number(y))
        return same_number(x, y) ? SPELLING_SAME : SPELLING_DIFFERENT;
    /* "1e3" and "1000" */
    return a->kind == TREE_STRING && b->kind == TREE_STRING ? SPELLING_DIFFERENT : SPELLING_UNKNOWN;
}

/* The time of the statement's transaction, under all its names. */
static bool is_now(const struct tree *tree)
{
    static const char *const names[] = {"now", "current_timestamp", "transaction_timestamp", "localtimestamp"};
    if ((tree->kind != TREE_CALL && tree->kind != TREE_WORD) || tree->first)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(tree->text, names[i]) == 0)
            return true;
    return false;
}

/* Functions that servers call what everybody calls them: two of them are two. Of any other, one may stand for the
 * other.
 */
static bool is_known_function(const char *name)
{
    static const char *const names[] = {"abs",  "ceil",   "coalesce", "floor", "greatest", "least",
                                        "left", "length", "lower",    "md5",   "right",    "upper"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* One function under two names. */
static const char *function_name(const char *name)
{
    static const char *const aliases[][2] = {{"ucase", "upper"},      {"lcase", "lower"},
                                             {"substr", "substring"}, {"octet_length", "length"},
                                             {"ceiling", "ceil"},     {"character_length", "char_length"},
                                             {"pow", "power"}};
    for (size_t i = 0; i < ARRAY_LENGTH(aliases); i++)
        if (strcmp(aliases[i][0], name) == 0)
            return aliases[i][1];
    return name;
}

static enum spelling compare_trees(const struct tree *a, const struct tree *b);

static enum spelling compare_children(const struct tree *a, const struct tree *b)
{
    const struct tree *x = a->first;
    const struct tree *y = b->first;
    enum spelling all = SPELLING_SAME;
    for (; x && y; x = x->next, y = y->next) {
        enum spelling one = compare_trees(x, y);
        all = one > all ? one : all; /* what is unknown may hide anything */
    }
    return x || y ? SPELLING_DIFFERENT : all;
}

/* Types by their canonical names would need their schema; other names of one type are few. */
static bool same_type(const char *a, const char *b)
{
    cleanup(strbuf) struct strbuf x = STRBUF(CANONICAL_BYTES);
    cleanup(strbuf) struct strbuf y = STRBUF(CANONICAL_BYTES);
    dialect_postgres.canonical(TEXT_TYPE, a, "", &x);
    dialect_postgres.canonical(TEXT_TYPE, b, "", &y);
    return strbuf_ok(&x) && strbuf_ok(&y) && strcmp(strbuf_text(&x), strbuf_text(&y)) == 0;
}

/* Servers add casts to what is compared, and to every constant; they take none away but a constant's. */
static enum spelling compare_casts(const struct tree *a, const struct tree *b)
{
    const struct tree *x = without_casts(a);
    const struct tree *y = without_casts(b);
    if (a->kind != TREE_CAST || is_literal(x))
        return compare_trees(x, y);
    if (b->kind != TREE_CAST)
        return SPELLING_UNKNOWN;
    enum spelling inner = compare_trees(a->first, b->first);
    return inner != SPELLING_SAME || same_type(a->text, b->text) ? inner : SPELLING_UNKNOWN;
}

static enum spelling compare_trees(const struct tree *a, const struct tree *b)
{
    if (a->kind == TREE_CAST || b->kind == TREE_CAST)
        return compare_casts(a, b);
    if (is_now(a) && is_now(b))
        return SPELLING_SAME;
    if (is_value(a) && is_value(b))
        return compare_values(a, b);
    bool name = a->kind == TREE_NAME || b->kind == TREE_NAME;
    if (a->kind != b->kind)
        return name && (is_value(a) || is_value(b)) ? SPELLING_DIFFERENT : SPELLING_UNKNOWN;
    bool call = a->kind == TREE_CALL;
    const char *x = call ? function_name(a->text) : a->text;
    const char *y = call ? function_name(b->text) : b->text;
    bool calls = call && is_known_function(x) && is_known_function(y);
    if (strcmp(x, y) != 0)
        return a->kind == TREE_NAME || a->kind == TREE_OPERATOR || calls ? SPELLING_DIFFERENT : SPELLING_UNKNOWN;
    return compare_children(a, b);
}

static bool is_json(const char *type)
{
    return strcmp(type, "json") == 0 || strcmp(type, "jsonb") == 0;
}

static bool same_json(const struct json_value *a, const struct json_value *b);

struct member_search {
    const struct json_value *other;
    bool same;
};

static bool same_member(void *payload, const char *key, const struct json_value *value)
{
    struct member_search *search = payload;
    search->same = same_json(value, json_member(search->other, key));
    return search->same;
}

/* As deep as the reader let the documents be. */
static bool same_json(const struct json_value *a, const struct json_value *b)
{
    double x = 0;
    double y = 0;
    bool p = false;
    bool q = false;
    if (!a || !b)
        return false;
    if (json_is_object(a) && json_is_object(b)) {
        struct member_search search = {.other = b, .same = true};
        json_each_member(a, same_member, &search);
        return search.same && json_length(a) == json_length(b);
    }
    if (json_is_array(a) && json_is_array(b)) {
        bool same = json_length(a) == json_length(b);
        for (size_t i = 0; same && i < json_length(a); i++)
            same = same_json(json_element(a, i), json_element(b, i));
        return same;
    }
    if (json_text(a) && json_text(b))
        return strcmp(json_text(a), json_text(b)) == 0;
    if (json_get_number(a, &x) && json_get_number(b, &y))
        return x == y;
    if (json_get_boolean(a, &p) && json_get_boolean(b, &q))
        return p == q;
    return json_is_null(a) && json_is_null(b);
}

static enum spelling compare_json(const char *a, const char *b)
{
    cleanup(json_document) struct json_document *x = NULL;
    cleanup(json_document) struct json_document *y = NULL;
    if (json_parse(a, strlen(a), CANONICAL_BYTES, "default", &x, NULL) < 0 ||
        json_parse(b, strlen(b), CANONICAL_BYTES, "default", &y, NULL) < 0)
        return SPELLING_UNKNOWN;
    return same_json(json_root(x), json_root(y)) ? SPELLING_SAME : SPELLING_DIFFERENT;
}

/* {"a", "b"} as {a,b}: the server quotes only elements that need it. */
static bool same_array(const char *a, const char *b)
{
    for (;;) {
        while (*a == '"' || *a == ' ')
            a++;
        while (*b == '"' || *b == ' ')
            b++;
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
        a++;
        b++;
    }
}

/* Both say when, without a zone: the digits count, but for those of parts of a second that are 0. */
static enum spelling compare_moments(const char *a, const char *b)
{
    if (strcspn(a, "Zz+") != strlen(a) || strcspn(b, "Zz+") != strlen(b))
        return SPELLING_UNKNOWN;
    for (;;) {
        while (*a && !isdigit((unsigned char)*a))
            a++;
        while (*b && !isdigit((unsigned char)*b))
            b++;
        if (*a != *b) {
            const char *rest = *a ? a : b;
            bool zeros = (!*a || !*b) && rest[strspn(rest, "0:.")] == '\0';
            return zeros ? SPELLING_SAME : SPELLING_DIFFERENT;
        }
        if (*a == '\0')
            return SPELLING_SAME;
        a++;
        b++;
    }
}

static bool begins(const char *type, const char *word)
{
    return strncmp(type, word, strlen(word)) == 0;
}

/* Types whose constants the server prints as they were given. */
static bool keeps_text(const char *type)
{
    static const char *const types[] = {"text",     "character",  "varchar",  "char", "bpchar", "enum",
                                        "tinytext", "mediumtext", "longtext", "name", "boolean"};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (begins(type, types[i]))
            return true;
    return strchr(type, '.') != NULL; /* the user's own: an enum, as good as always */
}

/* A constant against a constant, as values of the column's type. */
static enum spelling compare_constants(const char *type, const struct tree *a, const struct tree *b)
{
    size_t length = strlen(type);
    bool array = length > 2 && strcmp(type + length - 2, "[]") == 0;
    const char *x = value_of(a);
    const char *y = value_of(b);
    enum spelling plain = compare_values(a, b);
    if (plain == SPELLING_SAME)
        return plain;
    if (is_json(type) || (*x == '{' && begins(type, "longtext")))
        return compare_json(x, y);
    if (array)
        return same_array(x, y) ? SPELLING_SAME : SPELLING_UNKNOWN;
    if (begins(type, "timestamp with time") || begins(type, "time with"))
        return SPELLING_UNKNOWN;
    if (begins(type, "timestamp") || begins(type, "date") || begins(type, "time"))
        return compare_moments(x, y);
    if (keeps_text(type) || (is_number(x) && is_number(y)))
        return SPELLING_DIFFERENT;
    return SPELLING_UNKNOWN;
}

static enum spelling compare_expressions(const struct dialect *dialect, enum text_form form, const char *type,
                                         const char *declared, const char *live)
{
    cleanup(arena) struct arena *arena = arena_new(COMPARE_BYTES);
    bool mysql = dialect == &dialect_mysql;
    const struct tree *a = arena ? expression_tree_parse(declared, mysql, arena) : NULL;
    const struct tree *b = arena ? expression_tree_parse(live, mysql, arena) : NULL;
    if (!a || !b)
        return SPELLING_UNKNOWN;
    if (form == TEXT_DEFAULT && is_value(without_casts(a)) && is_value(without_casts(b)))
        return compare_constants(type, without_casts(a), without_casts(b));
    return compare_trees(a, b);
}

/* The words of a query that servers only re-print: with nothing else in either text, another word is another query. */
static bool is_plain_query_word(const struct scan_token *token)
{
    static const char *const odd[] = {"in",  "between", "like",   "ilike", "case",    "using", "natural", "with",
                                      "not", "exists",  "values", "cast",  "extract", "at",    "similar", "interval"};
    for (size_t i = 0; i < ARRAY_LENGTH(odd); i++)
        if (scan_token_is(token, odd[i]))
            return false;
    return token->kind != SCAN_SIGN || strchr(",.()=<>+-/;", *token->text) != NULL;
}

struct query_reader {
    struct scan scan;
    struct scan_token token;
    bool plain; /* so far */
};

static bool is_passed_over(const struct scan_token *token)
{
    return (token->kind == SCAN_SIGN && strchr("();", *token->text)) || scan_token_is(token, "inner") ||
           scan_token_is(token, "outer") || scan_token_is(token, "asc");
}

/* MySQL writes 1 for true. */
static bool is_truth(const struct scan_token *word, const struct scan_token *number)
{
    bool one = number->kind == SCAN_NUMBER && number->length == 1;
    return one && ((*number->text == '1' && scan_token_is(word, "true")) ||
                   (*number->text == '0' && scan_token_is(word, "false")));
}

static bool same_query_token(const struct scan_token *a, const struct scan_token *b, bool mysql)
{
    if (mysql && (is_truth(a, b) || is_truth(b, a)))
        return true;
    size_t quotes_a = a->kind == SCAN_QUOTED;
    size_t quotes_b = b->kind == SCAN_QUOTED;
    size_t length_a = a->length - 2 * quotes_a;
    size_t length_b = b->length - 2 * quotes_b;
    if (length_a != length_b || (a->kind == SCAN_STRING) != (b->kind == SCAN_STRING))
        return false;
    const char *text_a = a->text + quotes_a;
    const char *text_b = b->text + quotes_b;
    bool exact = a->kind == SCAN_STRING || (quotes_a && quotes_b && !mysql);
    return exact ? memcmp(text_a, text_b, length_a) == 0 : strncasecmp(text_a, text_b, length_a) == 0;
}

/* To the next token that counts: no brackets, no qualifiers. */
static void pass_query_token(struct query_reader *reader)
{
    for (;;) {
        reader->token = scan_next(&reader->scan);
        reader->plain = reader->plain && reader->token.kind != SCAN_OPEN && is_plain_query_word(&reader->token);
        if (reader->token.kind == SCAN_END || reader->token.kind == SCAN_OPEN)
            return;
        bool name = reader->token.kind == SCAN_WORD || reader->token.kind == SCAN_QUOTED;
        if (name && reader->scan.next < reader->scan.end && *reader->scan.next == '.') {
            scan_advance(&reader->scan, 1);
            continue;
        }
        if (!is_passed_over(&reader->token))
            return;
    }
}

/* Likewise, without names that only repeat a column's: "x AS x". */
static void read_query_token(struct query_reader *reader)
{
    struct scan_token last = reader->token;
    pass_query_token(reader);
    if (!scan_token_is(&reader->token, "as"))
        return;
    pass_query_token(reader);
    bool name = last.kind == SCAN_WORD || last.kind == SCAN_QUOTED;
    if (name && same_query_token(&last, &reader->token, reader->scan.mysql))
        pass_query_token(reader);
}

/* Queries token by token. Only plain ones can be told to differ. */
static enum spelling compare_queries(const char *declared, const char *live, bool mysql)
{
    struct query_reader a = {.scan = {.next = declared, .end = declared + strlen(declared), .mysql = mysql},
                             .plain = true};
    struct query_reader b = {.scan = {.next = live, .end = live + strlen(live), .mysql = mysql}, .plain = true};
    bool same = true;
    do {
        read_query_token(&a);
        read_query_token(&b);
        same = same && same_query_token(&a.token, &b.token, mysql);
    } while (a.token.kind != SCAN_END || b.token.kind != SCAN_END);
    if (same)
        return SPELLING_SAME;
    return a.plain && b.plain ? SPELLING_DIFFERENT : SPELLING_UNKNOWN;
}

enum spelling spelling_compare(const struct dialect *dialect, enum text_form form, const char *type,
                               const char *declared, const char *live)
{
    if (strcmp(declared, live) == 0 || canonically_equal(dialect, form, type, declared, live))
        return SPELLING_SAME;
    if (form == TEXT_QUERY)
        return compare_queries(declared, live, dialect == &dialect_mysql);
    return compare_expressions(dialect, form, type, declared, live);
}
