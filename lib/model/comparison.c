/* SPDX-License-Identifier: Apache-2.0 */
#include "model/comparison.h"

#include <string.h>

static const char *const match_names[MATCHES] = {"exact", "at-least", "contains"};

const char *match_name(enum match match)
{
    return match_names[match];
}

enum match match_from_name(const char *text)
{
    for (int i = 0; i < MATCHES; i++)
        if (strcmp(match_names[i], text) == 0)
            return (enum match)i;
    return MATCHES;
}

const char *expectation_source_name(enum expectation_source source)
{
    static const char *const names[EXPECTATION_SOURCES] = {"none",     "revision", "directory",
                                                           "manifest", "database", "request"};
    return names[source];
}
