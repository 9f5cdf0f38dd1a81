/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/compare_many.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

/* What sorting needs; qsort_r passes no pointer to const. */
struct member_order {
    const struct comparison_member *members;
};

/* Members in the order of their fingerprints, and of those that are equal in the order given. */
static int compare_members(const void *left, const void *right, void *userdata)
{
    const struct comparison_member *members = ((const struct member_order *)userdata)->members;
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;
    int order = memcmp(&members[a].schema->digest, &members[b].schema->digest, sizeof members[a].schema->digest);
    return order ? order : (a > b) - (a < b);
}

static int compare_groups(const void *left, const void *right)
{
    const struct comparison_group *a = left;
    const struct comparison_group *b = right;
    if (a->member_count != b->member_count)
        return a->member_count > b->member_count ? -1 : 1;
    return (a->members[0] > b->members[0]) - (a->members[0] < b->members[0]);
}

const char *compare_many_doubt(const struct schema *schema)
{
    for (enum schema_kind kind = 0; kind < SCHEMA_KINDS; kind++) {
        const struct schema_coverage *coverage = &schema->coverage[kind];
        if (coverage->coverage == COVERAGE_PARTIAL || coverage->coverage == COVERAGE_NONE)
            return coverage->reason ? schema_text(schema, coverage->reason) : coverage_name(coverage->coverage);
    }
    return schema->truncated ? "reading stopped at a limit" : NULL;
}

/* Splits what was read from what was not; returns how many were read, in `order`. */
static size_t sort_out(const struct comparison_member *members, size_t count, size_t *order, size_t *unread,
                       size_t *ret_unread)
{
    size_t read = 0;
    *ret_unread = 0;
    for (size_t i = 0; i < count; i++) {
        if (members[i].schema)
            order[read++] = i;
        else
            unread[(*ret_unread)++] = i;
    }
    struct member_order by = {.members = members};
    if (read > 0)
        qsort_r(order, read, sizeof *order, compare_members, &by);
    return read;
}

static size_t make_groups(const struct comparison_member *members, const size_t *order, size_t count,
                          struct comparison_group *groups)
{
    size_t group_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct digest digest = members[order[i]].schema->digest;
        if (group_count == 0 || !digest_equal(groups[group_count - 1].fingerprint, digest))
            groups[group_count++] = (struct comparison_group){.fingerprint = digest, .members = &order[i]};
        groups[group_count - 1].member_count++;
    }
    if (group_count > 0)
        qsort(groups, group_count, sizeof *groups, compare_groups);
    return group_count;
}

static int compare_with_majority(const struct comparison_member *members, struct comparison_group *groups, size_t count,
                                 const struct drift_policy *policy, int64_t now_ms, struct error *reterr)
{
    for (size_t i = 1; i < count; i++) {
        const struct comparison_member *outlier = &members[groups[i].members[0]];
        if (drift_compare(members[groups[0].members[0]].schema, outlier->schema, policy, now_ms, &groups[i].report,
                          reterr))
            return error_prefix(reterr, "%s", outlier->name);
    }
    return 0;
}

static struct comparison_of_many *comparison_new(void)
{
    struct comparison_of_many *comparison = mem_calloc(1, sizeof *comparison);
    if (!comparison)
        return NULL;
    comparison->arena = arena_new(LIMIT_DRIFT_BYTES);
    if (!comparison->arena) {
        mem_free(comparison);
        return NULL;
    }
    return comparison;
}

int compare_many(const struct comparison_member *members, size_t count, const struct drift_policy *policy,
                 int64_t now_ms, struct comparison_of_many **ret_comparison, struct error *reterr)
{
    *ret_comparison = NULL;
    cleanup(comparison_of_many) struct comparison_of_many *comparison = comparison_new();
    if (!comparison)
        return error_no_memory(reterr);
    size_t *order = arena_array(comparison->arena, count, sizeof *order);
    size_t *unread = arena_array(comparison->arena, count, sizeof *unread);
    size_t *partial = arena_array(comparison->arena, count, sizeof *partial);
    struct comparison_group *groups = arena_array(comparison->arena, count, sizeof *groups);
    if (!order || !unread || !partial || !groups)
        return error_no_memory(reterr);
    size_t read = sort_out(members, count, order, unread, &comparison->unread_count);
    for (size_t i = 0; i < count; i++)
        if (members[i].schema && compare_many_doubt(members[i].schema))
            partial[comparison->partial_count++] = i;
    comparison->unread = unread;
    comparison->partial = partial;
    comparison->groups = groups;
    comparison->group_count = make_groups(members, order, read, groups);
    if (compare_with_majority(members, groups, comparison->group_count, policy, now_ms, reterr))
        return -1;
    *ret_comparison = take(comparison);
    return 0;
}

void comparison_of_many_free(struct comparison_of_many *comparison)
{
    if (!comparison)
        return;
    for (size_t i = 0; i < comparison->group_count; i++)
        drift_report_free(comparison->groups[i].report);
    arena_free(comparison->arena);
    mem_free(comparison);
}
