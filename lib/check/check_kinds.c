/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check_kinds.h"

#include <string.h>

const struct check_kind *const check_kinds[] = {
    &check_kind_sql,         &check_kind_not_empty,
    &check_kind_backup,      &check_kind_foreign_keys,
    &check_kind_enum_values, &check_kind_indexes,
    &check_kind_sequences,   &check_kind_extensions,
    &check_kind_replicas,    NULL,
};

const struct check_kind *check_kind_find(const char *name)
{
    for (size_t i = 0; check_kinds[i]; i++)
        if (strcmp(check_kinds[i]->name, name) == 0)
            return check_kinds[i];
    return NULL;
}

bool check_kind_connects(const struct check *check)
{
    (void)check;
    return true;
}
