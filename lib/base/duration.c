/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* From the smallest on. */
static const struct {
    const char *unit;
    int64_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

bool duration_parse(const char *text, int64_t *ret_ms)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        int64_t ms = 0;
        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (__builtin_mul_overflow((int64_t)number, units[i].ms, &ms))
            return false;
        *ret_ms = ms;
        return true;
    }
    return false;
}

void duration_print(int64_t ms, struct strbuf *out)
{
    size_t unit = 1; /* nothing is "0s" */
    for (size_t i = 0; i < ARRAY_LENGTH(units) && ms != 0; i++) {
        if (ms % units[i].ms == 0)
            unit = i;
    }
    strbuf_printf(out, "%lld%s", (long long)(ms / units[unit].ms), units[unit].unit);
}
