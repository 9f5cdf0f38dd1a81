/* SPDX-License-Identifier: Apache-2.0
 *
 * How much of what a sequence can count to is used. Whole numbers only, of up to 128 bits: what is near its end must
 * not be rounded. Pure; any thread.
 */
#ifndef MIGRATIOND_CHECK_COUNTER_H
#define MIGRATIOND_CHECK_COUNTER_H

#include <stdbool.h>

/* Texts as servers print them: decimal, with or without a sign. */
struct counter {
    const char *begin;     /* the first value that it could give */
    const char *end;       /* the last one that it, or its column, can take */
    const char *increment; /* negative: it counts down */
    const char *next;      /* the value that comes next, if `last` is NULL */
    const char *last;      /* the newest value that it gave; NULL: not known, or none */
};

/* In thousandths, rounded down; 1000 when no value is left. False: a text is no whole number of at most 30 digits, or
 * it counts by 0. */
bool counter_used_permille(const struct counter *counter, unsigned *ret_permille);

#endif
