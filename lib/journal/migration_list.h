/* SPDX-License-Identifier: Apache-2.0
 *
 * Migrations on their way to a set: a growing array whose texts live in the set's arena. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_MIGRATION_LIST_H
#define MIGRATIOND_JOURNAL_MIGRATION_LIST_H

#include "base/error.h"
#include "model/migration_set.h"

struct migration_list {
    struct migration *items;
    size_t count;
    size_t capacity;
};

/* Appends a zeroed migration; NULL with `reterr` when memory or LIMIT_MIGRATIONS is exhausted. Moves the items. */
struct migration *migration_list_add(struct migration_list *list, struct error *reterr);

/* Copies the migrations, in their order, into the set. */
int migration_list_finish(const struct migration_list *list, struct migration_set *set, struct error *reterr);
/* Adds a remark to the set, in its arena; at most REMARKS_MAXIMUM are kept. False when memory is out. */
enum { REMARKS_MAXIMUM = 64 }; /* who has more has one cause, and reads the first */
bool migration_set_remark(struct migration_set *set, enum remark_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Computes the digest of a set whose migrations are complete. */
int migration_set_digest(struct migration_set *set, struct error *reterr);

void migration_list_done(struct migration_list *list);

DEFINE_CLEANUP_VALUE(migration_list, struct migration_list, migration_list_done);

#endif
