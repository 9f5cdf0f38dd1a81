/* SPDX-License-Identifier: Apache-2.0
 *
 * What leans on a thing that has to be dropped or altered: views, triggers, policies, generated columns, checks,
 * indexes and defaults that mention it. They are dropped before and made again after it, all in one transaction, as
 * they are to be at the end of the stage. Found by the names in their texts. Internal to PostgreSQL's planner; in the
 * maker's arena.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_POSTGRES_LEAN_H
#define MIGRATIOND_DRIFT_PLAN_POSTGRES_LEAN_H

#include "drift/plan_postgres.h"

struct postgres_leaner {
    enum plan_array array;
    size_t present;     /* on the current side */
    int64_t wanted;     /* on the target's; DRIFT_NOWHERE: it is to go in stage 3 */
    unsigned own_stage; /* in which a step of its own changes it; 0: none does */
    bool own_step;      /* it need not come back: that makes it, later in the stage or in the next, or it is to go */
    bool elsewhere;     /* then: another step takes it away before this one does, and brings it back in its undo */
    bool is_default;    /* ARRAY_COLUMNS: only the column's default leans */
    unsigned rank;      /* dropped first: the highest */
    size_t sequence;
};

struct postgres_lean {
    const struct plan_task *task; /* whose step it is */
    unsigned stage;
    struct postgres_leaner *all;
    size_t count;
    size_t capacity;
};

/* `keys`: also what the server would alter along, because it may not know how (checks, partial and expression indexes
 * whose texts differ on the two sides are always taken). */
void postgres_lean_on_column(struct plan_maker *maker, struct postgres_lean *lean, size_t index, bool keys);
void postgres_lean_on_routine(struct plan_maker *maker, struct postgres_lean *lean, size_t routine);
/* All that mentions the type; not the columns that are of it. */
void postgres_lean_on_type(struct plan_maker *maker, struct postgres_lean *lean, size_t type);
/* A generated column itself, and what uses it. */
void postgres_lean_on_generated(struct plan_maker *maker, struct postgres_lean *lean, size_t generated);
void postgres_lean_on_relation(struct plan_maker *maker, struct postgres_lean *lean, size_t relation);

/* What is asked of every view before its text is searched for a name; NULL when memory is out. */
uint64_t *postgres_read_views(struct plan_maker *maker);

/* Adds one thing. */
void postgres_lean_add(struct plan_maker *maker, struct postgres_lean *lean, enum plan_array array, size_t present);

/* Drops of all that lean; the way back, with the definitions of `to`. */
void postgres_lean_drop(struct plan_maker *maker, const struct postgres_lean *lean, struct postgres_list *list);
void postgres_lean_make(struct plan_maker *maker, const struct postgres_lean *lean, enum plan_side to,
                        struct postgres_list *list);

/* Both, with a drop and a make between them. */
void postgres_lean_wrap(struct plan_maker *maker, const struct postgres_lean *lean, const char *drop, const char *make,
                        enum plan_side to, struct postgres_list *list);

/* What leans on the thing that a task changes; none where the task changes nothing that others lean on. */
void postgres_find_lean(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *ret_lean);

/* The same for each kind of task: empty where the server changes it under everything. */
void postgres_lean_on_type_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean);
void postgres_lean_on_enum_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean);
void postgres_lean_on_generation_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean);
void postgres_lean_on_routine_of(struct plan_maker *maker, const struct plan_task *task, struct postgres_lean *lean);

/* Whether a view or materialized view is among them: it loses its grants. */
bool postgres_lean_has_views(const struct postgres_lean *lean);

#endif
