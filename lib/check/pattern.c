/* SPDX-License-Identifier: Apache-2.0 */
#include "check/pattern.h"

#include <locale.h>
#include <regex.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Of what a pattern becomes with its repetitions written out: characters, brackets and groups. A UUID has 40. */
enum { PATTERN_WEIGHT = 1024, PATTERN_DEPTH = 32 };

/* Behind a bracket expression's end, or the text's if it has none (regcomp says so). */
static const char *skip_bracket(const char *at)
{
    at++;
    if (*at == '^')
        at++;
    if (*at == ']')
        at++;
    while (*at && *at != ']') {
        if (*at == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=')) {
            const char end[] = {at[1], ']', '\0'};
            const char *inner = strstr(at + 2, end);
            at = inner ? inner + 2 : at + 1;
            continue;
        }
        at++;
    }
    return *at ? at + 1 : at;
}

/* The greater number of "{3}", "{3,}" and "{3,5}", at least 1; more than PATTERN_WEIGHT is PATTERN_WEIGHT + 1. */
static size_t repetitions(const char *at)
{
    size_t greatest = 1;
    while (*at && *at != '}') {
        char *end = NULL;
        unsigned long number = strtoul(at + 1, &end, 10);
        if (number > greatest)
            greatest = number > PATTERN_WEIGHT ? PATTERN_WEIGHT + 1 : number;
        at = end > at ? end : at + 1;
    }
    return greatest;
}

/* Behind it, or at the text's end if it has none. */
static const char *skip_repetition(const char *at)
{
    at += strcspn(at, "}");
    return *at ? at + 1 : at;
}

struct weighing {
    size_t total[PATTERN_DEPTH]; /* of each open group */
    size_t depth;
    size_t last; /* of what a repetition would repeat; part of the total */
};

static void weigh(struct weighing *weighing, size_t weight)
{
    weighing->total[weighing->depth] += weight;
    weighing->last = weight;
}

/* What stands at `at`: returns what is behind it, or NULL where groups are too deep. */
static const char *weigh_next(struct weighing *weighing, const char *at)
{
    switch (*at) {
    case '(':
        if (++weighing->depth == PATTERN_DEPTH)
            return NULL;
        weighing->total[weighing->depth] = 0;
        weighing->last = 0;
        return at + 1;
    case ')':
        if (weighing->depth > 0) {
            size_t group = weighing->total[weighing->depth--] + 1;
            weigh(weighing, group);
        }
        return at + 1;
    case '{': {
        size_t before = weighing->last;
        weigh(weighing, before * repetitions(at));
        weighing->total[weighing->depth] -= before;
        return skip_repetition(at);
    }
    case '*':
    case '+':
    case '?':
        return at + 1;
    case '[':
        weigh(weighing, 1);
        return skip_bracket(at);
    default:
        weigh(weighing, 1);
        return at + (*at == '\\' && at[1] ? 2 : 1);
    }
}

/* Whether the pattern stays within PATTERN_WEIGHT. */
static bool is_light(const char *pattern)
{
    struct weighing weighing = {0};
    for (const char *at = pattern; *at;) {
        at = weigh_next(&weighing, at);
        if (!at || weighing.total[weighing.depth] > PATTERN_WEIGHT)
            return false;
    }
    return true;
}

static bool refers_back(const char *pattern)
{
    for (const char *at = pattern; *at;) {
        if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
            return true;
        if (*at == '[')
            at = skip_bracket(at);
        else
            at += *at == '\\' && at[1] ? 2 : 1;
    }
    return false;
}

/* The locale that this thread reads in meanwhile. */
struct reading {
    locale_t locale; /* 0: the thread's own */
    locale_t before;
};

/* A character of UTF-8 is one, and not its bytes, whatever the process's own locale is. Of a text that is ASCII that
 * makes no difference, and it takes the C library a hundred times longer at worst. */
static struct reading begin_utf8(const char *text)
{
    const char *at = text;
    while (*at != '\0' && (unsigned char)*at < 0x80)
        at++;
    locale_t locale = *at ? newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0) : (locale_t)0;
    return (struct reading){.locale = locale, .before = locale ? uselocale(locale) : (locale_t)0};
}

static void end_utf8(struct reading *reading)
{
    if (!reading->locale)
        return;
    uselocale(reading->before);
    freelocale(reading->locale);
}

static int compile(regex_t *regex, const char *pattern, struct error *reterr)
{
    int code = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (code == 0)
        return 0;
    if (code == REG_ESPACE)
        return error_no_memory(reterr);
    char message[128] = "";
    regerror(code, regex, message, sizeof message);
    return error_set(reterr, ERROR_INVALID, "the regular expression '%.64s' cannot be used: %s", pattern, message);
}

int pattern_check(const char *pattern, struct error *reterr)
{
    if (!*pattern)
        return error_set(reterr, ERROR_INVALID, "an empty regular expression matches everything");
    if (strlen(pattern) > PATTERN_BYTES)
        return error_set(reterr, ERROR_INVALID, "the regular expression is longer than %d bytes", (int)PATTERN_BYTES);
    if (refers_back(pattern))
        return error_set(reterr, ERROR_INVALID, "the regular expression '%.64s' refers back to a group", pattern);
    if (!is_light(pattern))
        return error_set(reterr, ERROR_INVALID, "the regular expression '%.64s' repeats too much", pattern);
    struct reading reading = begin_utf8(pattern);
    regex_t regex = {0};
    int status = compile(&regex, pattern, reterr);
    if (status == 0)
        regfree(&regex);
    end_utf8(&reading);
    return status;
}

static int match(const char *pattern, const char *value, bool *ret_matches, struct error *reterr)
{
    regex_t regex = {0};
    if (compile(&regex, pattern, reterr) < 0)
        return -1;
    int code = regexec(&regex, value, 0, NULL, 0);
    regfree(&regex);
    if (code == REG_ESPACE)
        return error_no_memory(reterr);
    *ret_matches = code == 0;
    return 0;
}

int pattern_match(const char *pattern, const char *value, bool *ret_matches, struct error *reterr)
{
    if (strlen(value) > PATTERN_VALUE_BYTES)
        return error_set(reterr, ERROR_INVALID, "a value of more than %d bytes is held against no regular expression",
                         (int)PATTERN_VALUE_BYTES);
    struct reading reading = begin_utf8(value);
    int status = match(pattern, value, ret_matches, reterr);
    end_utf8(&reading);
    return status;
}
