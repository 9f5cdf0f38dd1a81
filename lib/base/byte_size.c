/* SPDX-License-Identifier: Apache-2.0 */
#include "base/byte_size.h"

#include "base/cleanup.h"
#include "base/quantity.h"

enum { KIB = 1024, KB = 1000 };

static const struct quantity_unit units[] = {
    {"B", 1},
    {"kB", KB},
    {"KiB", KIB},
    {"MB", KB *KB},
    {"MiB", KIB *KIB},
    {"GB", (int64_t)KB *KB *KB},
    {"GiB", (int64_t)KIB *KIB *KIB},
    {"TB", (int64_t)KB *KB *KB *KB},
    {"TiB", (int64_t)KIB *KIB *KIB *KIB},
};

bool byte_size_parse(const char *text, int64_t *ret_bytes)
{
    return quantity_parse(text, units, ARRAY_LENGTH(units), ret_bytes);
}

void byte_size_print(int64_t bytes, struct strbuf *out)
{
    quantity_print(bytes, units, ARRAY_LENGTH(units), 0, out);
}
