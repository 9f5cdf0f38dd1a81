/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include "base/cleanup.h"
#include "base/quantity.h"

enum { SECOND_UNIT = 1 };

static const struct quantity_unit units[] = {
    {"ms", 1}, [SECOND_UNIT] = {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

bool duration_parse(const char *text, int64_t *ret_ms)
{
    return quantity_parse(text, units, ARRAY_LENGTH(units), ret_ms);
}

void duration_print(int64_t ms, struct strbuf *out)
{
    quantity_print(ms, units, ARRAY_LENGTH(units), SECOND_UNIT, out);
}
