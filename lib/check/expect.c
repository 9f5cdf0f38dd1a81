/* SPDX-License-Identifier: Apache-2.0 */
#include "check/expect.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "check/decimal.h"
#include "check/pattern.h"

/* A set that a person wrote. */
enum { EXPECT_VALUES = 1024 };

/* The first that a text begins with counts. */
static const struct {
    const char *sign;
    enum expect_form form;
} signs[] = {
    {"!=", EXPECT_UNEQUAL}, {"<>", EXPECT_UNEQUAL}, {"<=", EXPECT_AT_MOST}, {">=", EXPECT_AT_LEAST},
    {"==", EXPECT_EQUAL},   {"=", EXPECT_EQUAL},    {"<", EXPECT_LESS},     {">", EXPECT_GREATER},
};

/* Words that say all. */
static const struct {
    const char *words;
    enum expect_form form;
} sayings[] = {
    {"null", EXPECT_NULL},
    {"not null", EXPECT_NOT_NULL},
    {"no rows", EXPECT_NO_ROWS},
};

/* How they are printed. */
static const char *const form_texts[EXPECT_FORMS] = {
    [EXPECT_NOTHING] = "",        [EXPECT_EQUAL] = "=",    [EXPECT_UNEQUAL] = "!=",
    [EXPECT_LESS] = "<",          [EXPECT_AT_MOST] = "<=", [EXPECT_GREATER] = ">",
    [EXPECT_AT_LEAST] = ">=",     [EXPECT_IN] = "in",      [EXPECT_NOT_IN] = "not in",
    [EXPECT_MATCHES] = "matches", [EXPECT_NULL] = "null",  [EXPECT_NOT_NULL] = "not null",
    [EXPECT_NO_ROWS] = "no rows",
};

/* A part of the text; blanks around it are not in it. */
struct span {
    const char *text;
    size_t length;
};

static struct span trim(const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    return (struct span){text, length};
}

static struct span after(struct span span, size_t count)
{
    return trim(span.text + count, span.length - count);
}

static bool is_word(struct span span, const char *word)
{
    return span.length == strlen(word) && strncasecmp(span.text, word, span.length) == 0;
}

/* The length of `words` at the beginning, any blanks between them; 0: they do not stand there. */
static size_t starts_with_words(struct span span, const char *words)
{
    size_t at = 0;
    for (; *words; words++) {
        if (*words != ' ') {
            if (at == span.length || tolower((unsigned char)span.text[at]) != *words)
                return 0;
            at++;
            continue;
        }
        if (at == span.length || !isspace((unsigned char)span.text[at]))
            return 0;
        while (at < span.length && isspace((unsigned char)span.text[at]))
            at++;
    }
    return at;
}

/* The length of a quoted value at the beginning, its quotes included; 0: it does not end. A quote within is doubled. */
static size_t quoted_length(struct span span)
{
    for (size_t i = 1; i < span.length; i++)
        if (span.text[i] == span.text[0]) {
            if (i + 1 == span.length || span.text[i + 1] != span.text[0])
                return i + 1;
            i++;
        }
    return 0;
}

static bool is_quoted(struct span span)
{
    return span.length > 0 && (*span.text == '\'' || *span.text == '"');
}

static char *unquote(struct span span, struct arena *arena)
{
    char *value = arena_strndup(arena, span.text + 1, span.length - 2);
    if (!value)
        return NULL;
    char *out = value;
    for (const char *in = value; *in; in++) {
        *out++ = *in;
        if (*in == *span.text)
            in++;
    }
    *out = '\0';
    return value;
}

static int take_value(struct span span, struct arena *arena, const char **ret_value, struct error *reterr)
{
    if (is_quoted(span)) {
        size_t length = quoted_length(span);
        if (length == 0)
            return error_set(reterr, ERROR_INVALID, "a value in quotes does not end");
        if (length < span.length)
            return error_set(reterr, ERROR_INVALID, "something stands behind a value in quotes");
        *ret_value = unquote(span, arena);
    } else {
        *ret_value = arena_strndup(arena, span.text, span.length);
    }
    return *ret_value ? 0 : error_no_memory(reterr);
}

static int set_one(enum expect_form form, const char *value, struct arena *arena, struct expect *ret_expect,
                   struct error *reterr)
{
    const char **values = arena_array(arena, 1, sizeof *values);
    if (!values)
        return error_no_memory(reterr);
    values[0] = value;
    *ret_expect = (struct expect){.form = form, .values = values, .value_count = 1};
    return 0;
}

static bool is_order(enum expect_form form)
{
    return form == EXPECT_LESS || form == EXPECT_AT_MOST || form == EXPECT_GREATER || form == EXPECT_AT_LEAST;
}

static int parse_comparison(enum expect_form form, struct span operand, struct arena *arena, struct expect *ret_expect,
                            struct error *reterr)
{
    if (operand.length == 0)
        return error_set(reterr, ERROR_INVALID, "nothing stands behind %s", form_texts[form]);
    if (!is_order(form) && is_word(operand, "null")) {
        *ret_expect = (struct expect){.form = form == EXPECT_EQUAL ? EXPECT_NULL : EXPECT_NOT_NULL};
        return 0;
    }
    const char *value = NULL;
    if (take_value(operand, arena, &value, reterr) < 0)
        return -1;
    if (is_order(form) && !decimal_is(value))
        return error_set(reterr, ERROR_INVALID, "%s asks for an order, and '%.64s' is no number", form_texts[form],
                         value);
    return set_one(form, value, arena, ret_expect, reterr);
}

static int parse_pattern(struct span pattern, struct arena *arena, struct expect *ret_expect, struct error *reterr)
{
    char *text = arena_strndup(arena, pattern.text, pattern.length);
    if (!text)
        return error_no_memory(reterr);
    if (pattern_check(text, reterr) < 0)
        return -1;
    return set_one(EXPECT_MATCHES, text, arena, ret_expect, reterr);
}

/* The length of the next value of a set: to the comma that no quotes hold, or to the end. */
static size_t element_length(struct span rest)
{
    struct span span = trim(rest.text, rest.length);
    size_t skipped = is_quoted(span) ? (size_t)(span.text - rest.text) + quoted_length(span) : 0;
    const char *comma = memchr(rest.text + skipped, ',', rest.length - skipped);
    return comma ? (size_t)(comma - rest.text) : rest.length;
}

static int add_element(struct span element, struct arena *arena, const char **values, size_t *count,
                       struct error *reterr)
{
    if (element.length == 0)
        return error_set(reterr, ERROR_INVALID, "a set has an empty place: write '' for an empty value");
    if (is_word(element, "null"))
        return error_set(reterr, ERROR_INVALID, "null is in no set: write 'null' if the word is meant");
    if (*count == EXPECT_VALUES)
        return error_set(reterr, ERROR_INVALID, "a set has more than %d values", (int)EXPECT_VALUES);
    return take_value(element, arena, &values[(*count)++], reterr);
}

static int parse_set(enum expect_form form, struct span set, struct arena *arena, struct expect *ret_expect,
                     struct error *reterr)
{
    if (set.length < 2 || set.text[0] != '(' || set.text[set.length - 1] != ')')
        return error_set(reterr, ERROR_INVALID, "a set is written %s (a, b)", form_texts[form]);
    struct span rest = trim(set.text + 1, set.length - 2);
    if (rest.length == 0)
        return error_set(reterr, ERROR_INVALID, "an empty set holds nothing");
    size_t places = 1;
    for (size_t i = 0; i < rest.length; i++)
        places += rest.text[i] == ',';
    const char **values = arena_array(arena, places < EXPECT_VALUES ? places : EXPECT_VALUES, sizeof *values);
    if (!values)
        return error_no_memory(reterr);
    size_t count = 0;
    for (bool more = true; more;) {
        size_t length = element_length(rest);
        more = length < rest.length;
        if (add_element(trim(rest.text, length), arena, values, &count, reterr) < 0)
            return -1;
        if (more)
            rest = (struct span){rest.text + length + 1, rest.length - length - 1};
    }
    *ret_expect = (struct expect){.form = form, .values = values, .value_count = count};
    return 0;
}

int expect_parse(const char *text, struct arena *arena, struct expect *ret_expect, struct error *reterr)
{
    struct span all = trim(text, strlen(text));
    if (all.length == 0)
        return error_set(reterr, ERROR_INVALID, "nothing is expected: write '' in quotes for an empty value");
    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++)
        if (starts_with_words(all, sayings[i].words) == all.length) {
            *ret_expect = (struct expect){.form = sayings[i].form};
            return 0;
        }
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t length = strlen(signs[i].sign);
        if (all.length >= length && memcmp(all.text, signs[i].sign, length) == 0)
            return parse_comparison(signs[i].form, after(all, length), arena, ret_expect, reterr);
    }
    size_t length = starts_with_words(all, "matches ");
    if (length > 0)
        return parse_pattern(after(all, length), arena, ret_expect, reterr);
    for (enum expect_form form = EXPECT_IN; form <= EXPECT_NOT_IN; form++) {
        length = starts_with_words(all, form_texts[form]);
        if (length > 0 && length < all.length && after(all, length).text[0] == '(')
            return parse_set(form, after(all, length), arena, ret_expect, reterr);
    }
    return parse_comparison(EXPECT_EQUAL, all, arena, ret_expect, reterr);
}

int expect_parse_list(const char *const *values, size_t count, struct arena *arena, struct expect *ret_expect,
                      struct error *reterr)
{
    if (count == 0)
        return error_set(reterr, ERROR_INVALID, "an empty set holds nothing");
    if (count > EXPECT_VALUES)
        return error_set(reterr, ERROR_INVALID, "a set has more than %d values", (int)EXPECT_VALUES);
    const char **copies = arena_array(arena, count, sizeof *copies);
    if (!copies)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++) {
        copies[i] = arena_strdup(arena, values[i]);
        if (!copies[i])
            return error_no_memory(reterr);
    }
    *ret_expect = (struct expect){.form = EXPECT_IN, .values = copies, .value_count = count};
    return 0;
}

/* Quoted where it would be read as something else without. */
static bool needs_quotes(const char *value, bool in_set)
{
    struct span span = trim(value, strlen(value));
    return span.length == 0 || span.length != strlen(value) || is_quoted(span) || is_word(span, "null") ||
           (in_set && strchr(value, ','));
}

static void print_value(const char *value, bool in_set, struct strbuf *out)
{
    if (!needs_quotes(value, in_set)) {
        strbuf_add_string(out, value);
        return;
    }
    strbuf_add_char(out, '\'');
    for (; *value; value++) {
        if (*value == '\'')
            strbuf_add_char(out, '\'');
        strbuf_add_char(out, *value);
    }
    strbuf_add_char(out, '\'');
}

void expect_print(const struct expect *expect, struct strbuf *out)
{
    strbuf_add_string(out, form_texts[expect->form]);
    if (expect->form == EXPECT_MATCHES) {
        strbuf_printf(out, " %s", expect->values[0]);
        return;
    }
    bool set = expect->form == EXPECT_IN || expect->form == EXPECT_NOT_IN;
    for (size_t i = 0; i < expect->value_count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : set ? " (" : " ");
        print_value(expect->values[i], set, out);
    }
    if (set)
        strbuf_add_char(out, ')');
}

/* 1, 0, or -1 for what is neither. */
static int truth_of(const char *value)
{
    static const char *const words[2][3] = {{"false", "f", "0"}, {"true", "t", "1"}};
    for (int truth = 0; truth < 2; truth++)
        for (size_t i = 0; i < 3; i++)
            if (strcasecmp(value, words[truth][i]) == 0)
                return truth;
    return -1;
}

static bool is_same(const char *a, const char *b)
{
    int order = 0;
    if (decimal_compare(a, b, &order))
        return order == 0;
    int truth = truth_of(a);
    return truth >= 0 ? truth == truth_of(b) : strcmp(a, b) == 0;
}

static bool is_among(const struct expect *expect, const char *value)
{
    for (size_t i = 0; i < expect->value_count; i++)
        if (is_same(value, expect->values[i]))
            return true;
    return false;
}

static int compare_order(const struct expect *expect, const char *value, bool *ret_holds, struct error *reterr)
{
    int order = 0;
    if (!decimal_compare(value, expect->values[0], &order))
        return error_set(reterr, ERROR_INVALID, "'%.64s' is no number and in no order with %.64s", value,
                         expect->values[0]);
    switch (expect->form) {
    case EXPECT_LESS:
        *ret_holds = order < 0;
        break;
    case EXPECT_AT_MOST:
        *ret_holds = order <= 0;
        break;
    case EXPECT_GREATER:
        *ret_holds = order > 0;
        break;
    default:
        *ret_holds = order >= 0;
        break;
    }
    return 0;
}

int expect_compare(const struct expect *expect, const char *value, bool *ret_holds, struct error *reterr)
{
    switch (expect->form) {
    case EXPECT_NULL:
        *ret_holds = value == NULL;
        return 0;
    case EXPECT_NOT_NULL:
        *ret_holds = value != NULL;
        return 0;
    case EXPECT_UNEQUAL:
    case EXPECT_NOT_IN:
        *ret_holds = !value || !is_among(expect, value);
        return 0;
    case EXPECT_EQUAL:
    case EXPECT_IN:
        *ret_holds = value && is_among(expect, value);
        return 0;
    case EXPECT_MATCHES:
        *ret_holds = false;
        return value ? pattern_match(expect->values[0], value, ret_holds, reterr) : 0;
    case EXPECT_LESS:
    case EXPECT_AT_MOST:
    case EXPECT_GREATER:
    case EXPECT_AT_LEAST:
        *ret_holds = false;
        return value ? compare_order(expect, value, ret_holds, reterr) : 0;
    case EXPECT_NOTHING:
    case EXPECT_NO_ROWS:
    case EXPECT_FORMS:
        break;
    }
    return error_set(reterr, ERROR_INTERNAL, "no value is expected");
}
