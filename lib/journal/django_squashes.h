/* SPDX-License-Identifier: Apache-2.0
 *
 * What a Django project's files and rows mean together: squashed migrations stand for those that they replace where all
 * or none of these are applied, as Django's loader has it. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_DJANGO_SQUASHES_H
#define MIGRATIOND_JOURNAL_DJANGO_SQUASHES_H

#include "journal/tool.h"

/* One app's rows and files, or the whole table's, without those that do not count. */
struct django_state {
    struct journal journal;
    struct migration_set expected;
    const char **refused; /* per expected migration: why Django will not apply it; NULL */
    const char *conflict; /* two last migrations of one app, joined by a comma: Django migrates nothing; NULL */
};

/* `request` must have expected migrations. Everything lives in `arena` or is the request's. False: no memory. */
bool django_resolve(const struct compare_request *request, struct arena *arena, struct django_state *ret_state);

#endif
