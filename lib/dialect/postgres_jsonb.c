/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_default.h"

bool postgres_jsonb_canonical(const char *text, size_t length, struct strbuf *out)
{
    (void)text;
    (void)length;
    (void)out;
    return false;
}
