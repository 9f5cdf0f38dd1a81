/* SPDX-License-Identifier: Apache-2.0
 *
 * Which file of a directory is Liquibase's root changelog.
 */
#ifndef MIGRATIOND_JOURNAL_LIQUIBASE_ROOT_H
#define MIGRATIOND_JOURNAL_LIQUIBASE_ROOT_H

#include "base/arena.h"
#include "base/error.h"

struct liquibase_root {
    const char *search; /* the folder where paths begin, relative to the directory and with a slash behind it; "" */
    const char *path;   /* of the changelog, below that folder */
};

/* What liquibase.properties names, else Spring's default, else the one changelog that the directory has and no other
 * one includes. ERROR_NOT_FOUND: there is none. */
int liquibase_find_root(const char *directory, struct arena *arena, struct liquibase_root *ret_root,
                        struct error *reterr);

#endif
