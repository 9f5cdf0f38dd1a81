/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dialect/postgres_default.h"

/* Digits before and behind the point; whoever has more gets the text compared as it is. */
enum { DIGITS = 64 };

struct decimal {
    char digits[2 * DIGITS]; /* without a point */
    int count;
    int point; /* digits before it */
    bool negative;
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool read_exponent(const char *text, size_t length, int *ret_exponent)
{
    bool negative = length > 0 && *text == '-';
    size_t at = length > 0 && (*text == '-' || *text == '+') ? 1 : 0;
    if (at == length || length - at > 2)
        return false;
    int value = 0;
    for (; at < length; at++) {
        if (!is_digit(text[at]))
            return false;
        value = value * 10 + (text[at] - '0');
    }
    *ret_exponent = negative ? -value : value;
    return true;
}

static bool read_decimal(const char *text, size_t length, struct decimal *decimal)
{
    int point = -1;
    size_t at = 0;
    if (length > 0 && (*text == '-' || *text == '+')) {
        decimal->negative ^= *text == '-';
        at = 1;
    }
    for (; at < length && text[at] != 'e' && text[at] != 'E'; at++) {
        if (text[at] == '.' && point < 0)
            point = decimal->count;
        else if (!is_digit(text[at]) || decimal->count == DIGITS)
            return false;
        else
            decimal->digits[decimal->count++] = text[at];
    }
    int exponent = 0;
    if (decimal->count == 0 || (at < length && !read_exponent(text + at + 1, length - at - 1, &exponent)))
        return false;
    decimal->point = (point < 0 ? decimal->count : point) + exponent;
    return decimal->point >= -DIGITS / 2 && decimal->point <= DIGITS;
}

/* Zeros so that the point stands among the digits. */
static void fill(struct decimal *decimal)
{
    if (decimal->point < 0) {
        memmove(decimal->digits - decimal->point, decimal->digits, (size_t)decimal->count);
        memset(decimal->digits, '0', (size_t)-decimal->point);
        decimal->count -= decimal->point;
        decimal->point = 0;
    }
    while (decimal->count < decimal->point)
        decimal->digits[decimal->count++] = '0';
}

/* Half away from zero, like numeric. */
static void round_to(struct decimal *decimal, int scale)
{
    int keep = decimal->point + scale;
    if (keep >= decimal->count)
        return;
    bool up = decimal->digits[keep] >= '5';
    decimal->count = keep;
    for (int i = keep - 1; up && i >= 0; i--) {
        up = decimal->digits[i] == '9';
        decimal->digits[i] = up ? '0' : (char)(decimal->digits[i] + 1);
    }
    if (up) {
        memmove(decimal->digits + 1, decimal->digits, (size_t)decimal->count);
        decimal->digits[0] = '1';
        decimal->count++;
        decimal->point++;
    }
}

bool postgres_number_canonical(const char *text, size_t length, bool negative, int scale, struct strbuf *out)
{
    struct decimal decimal = {.negative = negative};
    if (!read_decimal(text, length, &decimal))
        return false;
    fill(&decimal);
    if (scale >= 0)
        round_to(&decimal, scale);
    while (decimal.count > decimal.point && decimal.digits[decimal.count - 1] == '0')
        decimal.count--;
    int start = 0;
    while (start < decimal.point && decimal.digits[start] == '0')
        start++;
    if (start == decimal.count) {
        strbuf_add_char(out, '0');
        return true;
    }
    if (decimal.negative)
        strbuf_add_char(out, '-');
    if (start == decimal.point)
        strbuf_add_char(out, '0');
    strbuf_add(out, decimal.digits + start, (size_t)(decimal.point - start));
    if (decimal.count > decimal.point) {
        strbuf_add_char(out, '.');
        strbuf_add(out, decimal.digits + decimal.point, (size_t)(decimal.count - decimal.point));
    }
    return true;
}
