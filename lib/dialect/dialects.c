/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/dialects.h"

#include <string.h>

const struct dialect *const dialects[] = {&dialect_postgres, &dialect_mysql, &dialect_sqlite, NULL};

const struct dialect *dialect_for(const char *engine)
{
    for (const struct dialect *const *dialect = dialects; *dialect; dialect++)
        for (const char *const *name = (*dialect)->engines; *name; name++)
            if (strcmp(*name, engine) == 0)
                return *dialect;
    return NULL;
}
