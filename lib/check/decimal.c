/* SPDX-License-Identifier: Apache-2.0 */
#include "check/decimal.h"

#include <stdint.h>
#include <string.h>

/* Exponents of more digits are not read: sums of them with lengths stay far from 64 bits. */
enum { EXPONENT_DIGITS = 18 };

struct decimal {
    bool negative;
    bool zero;
    const char *digits; /* from the first that is not 0 on; a point may stand among them */
    const char *end;
    int64_t magnitude; /* the value is 0.DIGITS times ten to this */
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static const char *skip_digits(const char *at)
{
    while (is_digit(*at))
        at++;
    return at;
}

/* "e5", "E-12"; nothing is 0. */
static bool read_exponent(const char *at, int64_t *ret_exponent)
{
    *ret_exponent = 0;
    if (*at == '\0')
        return true;
    if (*at != 'e' && *at != 'E')
        return false;
    at++;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (!is_digit(*at))
        return false;
    while (*at == '0')
        at++;
    const char *end = skip_digits(at);
    if (*end != '\0' || end - at > EXPONENT_DIGITS)
        return false;
    for (; at < end; at++)
        *ret_exponent = *ret_exponent * 10 + (*at - '0');
    if (negative)
        *ret_exponent = -*ret_exponent;
    return true;
}

static bool decimal_read(const char *text, struct decimal *ret_decimal)
{
    *ret_decimal = (struct decimal){.negative = *text == '-'};
    if (*text == '-' || *text == '+')
        text++;
    const char *whole_end = skip_digits(text);
    const char *end = *whole_end == '.' ? skip_digits(whole_end + 1) : whole_end;
    if (end - text - (*whole_end == '.' ? 1 : 0) == 0)
        return false;
    int64_t exponent = 0;
    if (!read_exponent(end, &exponent))
        return false;
    const char *first = text;
    while (first < end && (*first == '0' || *first == '.'))
        first++;
    ret_decimal->zero = first == end;
    ret_decimal->digits = first;
    ret_decimal->end = end;
    ret_decimal->magnitude = exponent + (first < whole_end ? whole_end - first : whole_end + 1 - first);
    return true;
}

/* The next digit, 0 for ever behind the last. */
static char next_digit(const char **at, const char *end)
{
    if (*at < end && **at == '.')
        (*at)++;
    return *at < end ? *(*at)++ : '0';
}

/* Of two that are not zero, whatever their signs. */
static int compare_sizes(const struct decimal *a, const struct decimal *b)
{
    if (a->magnitude != b->magnitude)
        return a->magnitude < b->magnitude ? -1 : 1;
    const char *a_at = a->digits;
    const char *b_at = b->digits;
    while (a_at < a->end || b_at < b->end) {
        char a_digit = next_digit(&a_at, a->end);
        char b_digit = next_digit(&b_at, b->end);
        if (a_digit != b_digit)
            return a_digit < b_digit ? -1 : 1;
    }
    return 0;
}

static int sign(const struct decimal *decimal)
{
    if (decimal->zero)
        return 0;
    return decimal->negative ? -1 : 1;
}

bool decimal_is(const char *text)
{
    struct decimal decimal = {0};
    return decimal_read(text, &decimal);
}

bool decimal_compare(const char *a, const char *b, int *ret_order)
{
    struct decimal left = {0};
    struct decimal right = {0};
    if (!decimal_read(a, &left) || !decimal_read(b, &right))
        return false;
    if (sign(&left) != sign(&right))
        *ret_order = sign(&left) < sign(&right) ? -1 : 1;
    else
        *ret_order = sign(&left) * compare_sizes(&left, &right);
    return true;
}
