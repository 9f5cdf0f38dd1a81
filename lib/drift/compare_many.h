/* SPDX-License-Identifier: Apache-2.0
 *
 * N schemas held against each other: groups of equal fingerprint, the largest of them (of equals the one that holds the
 * first name given), and each other group's differences to it. Equal schemas cost one digest each, so a thousand
 * tenants are nothing. Pure; any thread.
 */
#ifndef MIGRATIOND_DRIFT_COMPARE_MANY_H
#define MIGRATIOND_DRIFT_COMPARE_MANY_H

#include "drift/drift.h"

struct comparison_member {
    const char *name;
    struct schema *schema; /* NULL: could not be read; it belongs to no group */
    const char *problem;   /* why; NULL */
};

struct comparison_group {
    struct digest fingerprint;
    const size_t *members; /* indexes, in the order given */
    size_t member_count;
    struct drift_report *report; /* the majority is the reference; NULL for the majority itself */
};

struct comparison_of_many {
    struct arena *arena;
    const struct comparison_group *groups; /* largest first */
    size_t group_count;
    const size_t *unread; /* members without a schema */
    size_t unread_count;
    const size_t *partial; /* members of groups whose schema was not seen whole: that they are equal is not known */
    size_t partial_count;
};

/* Why a schema was not seen whole; NULL: it was. */
const char *compare_many_doubt(const struct schema *schema);

/* Members are borrowed. Groups whose reports have no items (policies make them equal) stay groups: `report` says why.
 */
int compare_many(const struct comparison_member *members, size_t count, const struct drift_policy *policy,
                 int64_t now_ms, struct comparison_of_many **ret_comparison, struct error *reterr);
void comparison_of_many_free(struct comparison_of_many *comparison);

DEFINE_CLEANUP(comparison_of_many, struct comparison_of_many *, comparison_of_many_free);

#endif
