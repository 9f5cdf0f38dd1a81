/* SPDX-License-Identifier: Apache-2.0
 *
 * What the core keeps while a plan is made: tasks, drafts, guards, and which items are ended. Internal to the files
 * plan*.c that no engine owns. Everything is in the maker's arena or freed by plan_work_done; one thread.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_WORK_H
#define MIGRATIOND_DRIFT_PLAN_WORK_H

#include "drift/plan_dialect.h"

struct plan_entry {
    struct plan_draft draft;
    const char *item;
    size_t sequence;
};

/* What plan_rank found for one side: NULL until somebody asks. */
struct plan_ranks {
    unsigned *relations;
    unsigned *objects;
};

struct plan_work {
    struct plan_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    struct plan_unsolved *unsolved;
    size_t unsolved_count;
    size_t unsolved_capacity;
    struct plan_guard *guards;
    size_t guard_count;
    size_t guard_capacity;
    struct plan_task *tasks;
    size_t task_count;
    bool *ended;                       /* per item of the report */
    uint32_t *task_of[2][PLAN_ARRAYS]; /* per side and array: 1 + index into tasks; 0: none */
    uint32_t *guard_slots;             /* hash of object and query: 1 + index into guards */
    size_t guard_slot_count;
    struct plan_ranks ranks[2];
};

/* Groups the report's items; false when memory is out. */
bool plan_group(struct plan_maker *maker);

/* Runs the engine's rules over the tasks. */
void plan_apply_rules(struct plan_maker *maker);

const struct schema *plan_schema(const struct plan_maker *maker, enum plan_side side);

void plan_work_done(struct plan_work *work);

DEFINE_CLEANUP_VALUE(plan_work, struct plan_work, plan_work_done);

#endif
