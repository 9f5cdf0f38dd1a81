/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan of Sqitch: its project, its changes in their order with the ids that Sqitch computes, and its tags. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_SQITCH_PLAN_H
#define MIGRATIOND_JOURNAL_SQITCH_PLAN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"

struct sqitch_change {
    const char *name;
    const char *id;     /* 40 hexadecimal digits */
    size_t line;        /* of the plan */
    size_t replaced_by; /* a later change of the same name, which reworks it; SIZE_MAX */
};

struct sqitch_tag {
    const char *name;    /* without its @ */
    size_t change_count; /* how many changes come before it */
};

/* Texts live in the arena that it was parsed with; the arrays are its own. */
struct sqitch_plan {
    const char *project;
    const char *uri; /* NULL: none */
    struct sqitch_change *changes;
    size_t count;
    size_t capacity;
    struct sqitch_tag *tags;
    size_t tag_count;
    size_t tag_capacity;
};

/* Parses a zeroed plan. `name` stands in messages: "name:line: what". ERROR_INVALID, ERROR_TRUNCATED, ERROR_NO_MEMORY.
 */
int sqitch_plan_parse(struct sqitch_plan *plan, const char *text, size_t length, const char *name, struct arena *arena,
                      struct error *reterr);
void sqitch_plan_done(struct sqitch_plan *plan);

DEFINE_CLEANUP_VALUE(sqitch_plan, struct sqitch_plan, sqitch_plan_done);

#endif
