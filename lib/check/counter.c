/* SPDX-License-Identifier: Apache-2.0 */
#include "check/counter.h"

#include <stddef.h>

/* Thirty digits are far beyond 64 bits, and a thousand times that is far below 127. */
enum { DIGITS_MAX = 30 };

__extension__ typedef __int128 wide;

static bool parse(const char *text, wide *ret_number)
{
    if (!text)
        return false;
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    wide number = 0;
    size_t digits = 0;
    for (; *text >= '0' && *text <= '9' && digits < DIGITS_MAX; text++, digits++)
        number = number * 10 + (*text - '0');
    *ret_number = negative ? -number : number;
    return digits > 0 && *text == '\0';
}

static wide at_least_none(wide count)
{
    return count > 0 ? count : 0;
}

/* How many values stand from `first` to `last`, both among them; none if `last` lies behind. */
static wide values_between(wide first, wide last, wide increment)
{
    bool passed = increment > 0 ? last < first : last > first;
    return passed ? 0 : at_least_none((last - first) / increment + 1);
}

bool counter_used_permille(const struct counter *counter, unsigned *ret_permille)
{
    wide begin = 0;
    wide end = 0;
    wide increment = 0;
    wide next = 0;
    if (!parse(counter->begin, &begin) || !parse(counter->end, &end) || !parse(counter->increment, &increment) ||
        increment == 0 || !parse(counter->last ? counter->last : counter->next, &next))
        return false;
    if (counter->last)
        next += increment;
    wide used = values_between(begin, next - increment, increment);
    wide left = values_between(next, end, increment);
    *ret_permille = left == 0 ? 1000 : (unsigned)(used * 1000 / (used + left));
    return true;
}
