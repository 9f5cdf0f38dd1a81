/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole numbers with a unit behind them, as people write durations and sizes. Pure; nothing but libc.
 */
#ifndef MIGRATIOND_BASE_QUANTITY_H
#define MIGRATIOND_BASE_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct quantity_unit {
    const char *name;
    int64_t size; /* in the smallest one */
};

/* An integer and the name of one of `count` units, nothing else. False for anything else and for more than 64 bits;
 * then `*ret_value` is as before. */
bool quantity_parse(const char *text, const struct quantity_unit *units, size_t count, int64_t *ret_value);

/* In the largest unit that divides the value; 0 in the unit `of_nothing`. `units` ascend. */
void quantity_print(int64_t value, const struct quantity_unit *units, size_t count, size_t of_nothing,
                    struct strbuf *out);

#endif
