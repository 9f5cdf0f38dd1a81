/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quantity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool quantity_parse(const char *text, const struct quantity_unit *units, size_t count, int64_t *ret_value)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0)
        return false;
    size_t unit = 0;
    while (unit < count && strcmp(end, units[unit].name) != 0)
        unit++;
    int64_t value = 0;
    if (unit == count || __builtin_mul_overflow((int64_t)number, units[unit].size, &value))
        return false;
    *ret_value = value;
    return true;
}

void quantity_print(int64_t value, const struct quantity_unit *units, size_t count, size_t of_nothing,
                    struct strbuf *out)
{
    size_t unit = of_nothing;
    for (size_t i = 0; i < count && value != 0; i++) {
        if (value % units[i].size == 0)
            unit = i;
    }
    strbuf_printf(out, "%lld%s", (long long)(value / units[unit].size), units[unit].name);
}
