/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <string.h>

enum { LONGEST = 32 };

/* Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`; a large number for long words. */
static unsigned distance(const char *a, const char *b)
{
    size_t rows = strlen(a);
    size_t columns = strlen(b);
    if (rows >= LONGEST || columns >= LONGEST)
        return LONGEST;
    unsigned cost[LONGEST + 1][LONGEST + 1] = {{0}};
    for (size_t i = 0; i <= rows; i++) {
        for (size_t j = 0; j <= columns; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (cost[i - 1][j] + 1 < best)
                best = cost[i - 1][j] + 1;
            if (cost[i][j - 1] + 1 < best)
                best = cost[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && cost[i - 2][j - 2] + 1 < best)
                best = cost[i - 2][j - 2] + 1;
            cost[i][j] = best;
        }
    }
    return cost[rows][columns];
}

const char *nearest_name(const char *name, const char *(*name_at)(const void *names, size_t index), const void *names,
                         size_t count)
{
    const char *nearest = NULL;
    unsigned least = (unsigned)(strlen(name) / 3 + 2);
    for (size_t i = 0; i < count; i++) {
        unsigned edits = distance(name, name_at(names, i));
        if (edits < least) {
            least = edits;
            nearest = name_at(names, i);
        }
    }
    return nearest;
}
