/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scheduler is made of, for the files that implement scheduler.h and nobody else: scheduler.c paces, runs and
 * reloads, scheduler_budget.c says who may work at the same time, scheduler_refresh.c answers who asks for looks.
 * Functions here are called with the scheduler's lock held.
 */
#ifndef MIGRATIOND_DAEMON_SCHEDULER_PARTS_H
#define MIGRATIOND_DAEMON_SCHEDULER_PARTS_H

#include <pthread.h>

#include "daemon/due_heap.h"
#include "daemon/scheduler.h"
#include "daemon/server_list.h"
#include "daemon/watched.h"

struct subject;

enum look_kind { LOOK_JOURNAL, LOOK_DEEP, LOOK_CHECKS, LOOK_KINDS };

/* One of the looks at a database. */
struct look_task {
    struct due_task due; /* first: the heap hands it back */
    struct subject *subject;
    enum look_kind kind;
    bool running;
    bool again;    /* asked for while it ran: due at once when it ends */
    bool deferred; /* due, and waiting for a budget: not in the heap */
    unsigned failures;
    uint64_t turn;
    int64_t earliest_ms; /* the rest that the last look's length, or its failure, demands */
    struct look_task *next_deferred;
};

/* A watched database under scheduling. Retired by a reload; freed when its looks have ended. */
struct subject {
    struct watched *watched;
    const struct config_database *database; /* in the scheduler's config */
    struct server *server;
    uint64_t seed;
    struct look_task looks[LOOK_KINDS];
    bool adopted; /* stands, or stood, in the scheduler's subjects */
    bool retired;
    int demand;
    uint64_t refresh_asked; /* tickets: asked for, seen by a deep look, then by a journal look */
    uint64_t refresh_deep;
    uint64_t refresh_done;
    int64_t refresh_at_ms;
};

struct worker {
    pthread_t thread;
    struct scheduler *scheduler;
    int64_t limit_ms; /* monotonic moment after which its look has hung; 0: idle */
};

struct scheduler {
    pthread_mutex_t lock;
    pthread_cond_t due_changed; /* the leader naps on it */
    pthread_cond_t lead_free;   /* the other idle workers wait for the lead */
    struct publication *publication;
    struct events *events;     /* NULL */
    struct config *config;     /* one reference */
    struct subject **subjects; /* by index of the database in the config */
    size_t subject_count;
    struct server *servers;
    struct due_heap heap;
    struct worker *workers;
    size_t worker_count;
    size_t live_workers;        /* workers that have not ended */
    size_t heavy_looks;         /* under way, on all servers */
    size_t checks;              /* of these */
    struct look_task *deferred; /* heavy looks that are due while half of the workers are at such already */
    uint64_t refreshes;         /* tickets given */
    bool led;
    bool stopping;
    int64_t turned_at_ms;
};

/* Moves a task to `due_ms` unless it runs (then it follows at its end) or is due earlier already. */
void scheduler_pull_forward(struct scheduler *scheduler, struct look_task *task, int64_t due_ms);

/* Whether what a refresh asked of one database was done. */
bool subject_is_settled(const struct subject *subject, uint64_t ticket);

/* The list on which a task has to wait for its budget, or NULL when it may run. */
struct look_task **scheduler_over_budget(struct scheduler *scheduler, const struct look_task *task);

/* Puts it there; whoever has to wait keeps nothing open. */
void scheduler_defer(struct look_task **list, struct look_task *task);
void scheduler_forget_deferred(struct look_task **list, struct look_task *task);

/* A connection that rests between two checks makes room for whoever works. */
void scheduler_take_budget(struct scheduler *scheduler, struct look_task *task);
void scheduler_return_budget(struct scheduler *scheduler, struct look_task *task);

/* Closes what a database's checks have left open on the server. */
void server_end_keeping(struct server *server);

#endif
