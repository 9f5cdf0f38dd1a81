/* SPDX-License-Identifier: Apache-2.0 */
#include "check/version_test.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* Words before a release, in their order. */
static const char *const early_words[] = {"dev", "snapshot", "alpha", "a", "beta", "b", "preview", "pre", "rc", "c"};

/* What a part is worth before its own text is looked at. */
enum part_rank { PART_EARLY, PART_NOTHING, PART_WORD, PART_NUMBER };

struct part {
    enum part_rank rank;
    const char *text;
    size_t length;
    size_t place; /* of an early word, among them */
};

enum test_operator { TEST_ANY, TEST_EQUAL, TEST_UNEQUAL, TEST_LESS, TEST_AT_MOST, TEST_GREATER, TEST_AT_LEAST };

static const struct {
    const char *sign;
    enum test_operator operator;
} signs[] = {
    {"==", TEST_EQUAL},    {"!=", TEST_UNEQUAL}, {"<>", TEST_UNEQUAL}, {"<=", TEST_AT_MOST},
    {">=", TEST_AT_LEAST}, {"=", TEST_EQUAL},    {"<", TEST_LESS},     {">", TEST_GREATER},
};

/* A version, or a part of a text. */
struct span {
    const char *text;
    size_t length;
};

static struct span trim(struct span span)
{
    while (span.length > 0 && isspace((unsigned char)span.text[0])) {
        span.text++;
        span.length--;
    }
    while (span.length > 0 && isspace((unsigned char)span.text[span.length - 1]))
        span.length--;
    return span;
}

static size_t run_of(struct span span, int (*is)(int))
{
    size_t length = 0;
    while (length < span.length && is((unsigned char)span.text[length]))
        length++;
    return length;
}

static struct part number_part(struct span digits)
{
    while (digits.length > 0 && digits.text[0] == '0') {
        digits.text++;
        digits.length--;
    }
    enum part_rank rank = digits.length > 0 ? PART_NUMBER : PART_NOTHING;
    return (struct part){.rank = rank, .text = digits.text, .length = digits.length};
}

static struct part word_part(struct span word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(early_words); i++)
        if (strlen(early_words[i]) == word.length && strncasecmp(early_words[i], word.text, word.length) == 0)
            return (struct part){.rank = PART_EARLY, .place = i};
    return (struct part){.rank = PART_WORD, .text = word.text, .length = word.length};
}

/* Takes the next part away; nothing for ever at the end. Zero is nothing, too. */
static struct part next_part(struct span *rest)
{
    while (rest->length > 0 && !isalnum((unsigned char)rest->text[0])) {
        rest->text++;
        rest->length--;
    }
    size_t digits = run_of(*rest, isdigit);
    size_t letters = run_of(*rest, isalpha);
    struct span taken = {rest->text, digits > 0 ? digits : letters};
    rest->text += taken.length;
    rest->length -= taken.length;
    if (taken.length == 0)
        return (struct part){.rank = PART_NOTHING};
    return digits > 0 ? number_part(taken) : word_part(taken);
}

static int sign_of(long difference)
{
    return (difference > 0) - (difference < 0);
}

static int compare_parts(const struct part *a, const struct part *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->rank == PART_EARLY)
        return sign_of((long)a->place - (long)b->place);
    if (a->rank == PART_NUMBER && a->length != b->length)
        return a->length < b->length ? -1 : 1;
    size_t common = a->length < b->length ? a->length : b->length;
    int order = common > 0 ? strncasecmp(a->text, b->text, common) : 0;
    return order != 0 ? sign_of(order) : sign_of((long)a->length - (long)b->length);
}

/* "v1.2" is written, too. */
static bool begin(struct span *version)
{
    *version = trim(*version);
    if (version->length > 1 && tolower((unsigned char)version->text[0]) == 'v') {
        version->text++;
        version->length--;
    }
    return version->length > 0 && isdigit((unsigned char)version->text[0]);
}

static bool compare(struct span a, struct span b, int *ret_order)
{
    if (!begin(&a) || !begin(&b))
        return false;
    *ret_order = 0;
    while (*ret_order == 0 && (a.length > 0 || b.length > 0)) {
        struct part left = next_part(&a);
        struct part right = next_part(&b);
        *ret_order = compare_parts(&left, &right);
    }
    return true;
}

bool version_compare(const char *a, const char *b, int *ret_order)
{
    return compare((struct span){a, strlen(a)}, (struct span){b, strlen(b)}, ret_order);
}

/* Splits one test into its operator and version. */
static int parse(struct span test, enum test_operator *ret_operator, struct span *ret_version, struct error *reterr)
{
    test = trim(test);
    *ret_operator = TEST_EQUAL;
    if (test.length == 1 && test.text[0] == '*')
        *ret_operator = TEST_ANY;
    for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
        size_t length = strlen(signs[i].sign);
        if (test.length < length || strncmp(test.text, signs[i].sign, length) != 0)
            continue;
        *ret_operator = signs[i].operator;
        test = (struct span){test.text + length, test.length - length};
        break;
    }
    *ret_version = trim(test);
    if (ret_version->length == 0)
        return error_set(reterr, ERROR_INVALID, "a version is missing: write \"*\", \"1.6\" or \">=1.6\"");
    struct span number = *ret_version;
    if (*ret_operator > TEST_UNEQUAL && !begin(&number))
        return error_set(reterr, ERROR_INVALID, "\"%.*s\" is no version that others come before or behind",
                         (int)ret_version->length, ret_version->text);
    return 0;
}

static bool holds(enum test_operator operator, int order)
{
    switch (operator) {
    case TEST_ANY:
        return true;
    case TEST_EQUAL:
        return order == 0;
    case TEST_UNEQUAL:
        return order != 0;
    case TEST_LESS:
        return order < 0;
    case TEST_AT_MOST:
        return order <= 0;
    case TEST_GREATER:
        return order > 0;
    case TEST_AT_LEAST:
        return order >= 0;
    }
    return false;
}

static int test_one(struct span test, const char *version, bool *ret_holds, struct error *reterr)
{
    enum test_operator operator= TEST_ANY;
    struct span wanted = {0};
    if (parse(test, &operator, & wanted, reterr) < 0)
        return -1;
    struct span found = trim((struct span){version, strlen(version)});
    bool same = found.length == wanted.length && memcmp(found.text, wanted.text, wanted.length) == 0;
    int order = same ? 0 : 1;
    if (operator!= TEST_ANY && !compare(found, wanted, &order) && operator> TEST_UNEQUAL)
        return error_set(reterr, ERROR_INVALID, "the version \"%s\" comes neither before nor behind others", version);
    *ret_holds = holds(operator, order);
    return 0;
}

/* The next test, up to a comma. */
static struct span next_test(const char **rest)
{
    struct span test = {*rest, strcspn(*rest, ",")};
    *rest += test.length;
    return test;
}

int version_test(const char *wanted, const char *version, bool *ret_holds, struct error *reterr)
{
    bool all = true;
    for (const char *rest = wanted;; rest++) {
        bool one = false;
        if (test_one(next_test(&rest), version, &one, reterr) < 0)
            return -1;
        all = all && one;
        if (*rest == '\0')
            break;
    }
    *ret_holds = all;
    return 0;
}

int version_test_check(const char *wanted, struct error *reterr)
{
    for (const char *rest = wanted;; rest++) {
        enum test_operator operator= TEST_ANY;
        struct span version = {0};
        if (parse(next_test(&rest), &operator, & version, reterr) < 0)
            return -1;
        if (*rest == '\0')
            return 0;
    }
}
