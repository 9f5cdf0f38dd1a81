/* SPDX-License-Identifier: Apache-2.0 */
#include "base/byte_size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { KIB = 1024, KB = 1000 };

static const struct {
    const char *unit;
    int64_t bytes;
} units[] = {
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
    if (*text < '0' || *text > '9')
        return false;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        int64_t bytes = 0;
        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (__builtin_mul_overflow((int64_t)number, units[i].bytes, &bytes))
            return false;
        *ret_bytes = bytes;
        return true;
    }
    return false;
}

void byte_size_print(int64_t bytes, struct strbuf *out)
{
    size_t unit = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(units) && bytes != 0; i++) {
        if (bytes % units[i].bytes == 0)
            unit = i; /* they ascend: the last one leaves the smallest number */
    }
    strbuf_printf(out, "%lld%s", (long long)(bytes / units[unit].bytes), units[unit].unit);
}
