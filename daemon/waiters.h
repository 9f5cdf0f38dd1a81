/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that wait for a gate. Each HTTP loop has its own `struct waiters`, and all functions are called by that
 * loop's thread alone, so nothing here is locked; only the budget is shared. Waiters with equal questions form a group,
 * which is judged once per change of its databases, however many wait. While a group exists, its databases, and those
 * of its checks, are in demand (scheduler_demand). A group ends when its gate opens, has been blocked for the gate's
 * `blocked_grace` in a row, or no longer exists; a waiter also ends when its own time is up, with the answer of that
 * moment.
 */
#ifndef MIGRATIOND_DAEMON_WAITERS_H
#define MIGRATIOND_DAEMON_WAITERS_H

#include <stdatomic.h>

#include "daemon/gate_question.h"
#include "daemon/http_response.h"
#include "daemon/publication.h"
#include "daemon/scheduler.h"

struct waiters;
struct waiter;

/* max_waiters, over all loops. */
struct waiters_budget {
    atomic_uint held;
    unsigned maximum;
};

struct waiters_setup {
    struct publication *publication;
    struct scheduler *scheduler;
    struct waiters_budget *budget;
    struct fail_opens *fail_opens; /* NULL: nobody is told */
    /* The wait of `owner` is over, and its waiter is gone. `answer` is what to send, shared by many (take what is
     * needed, it is the callee's only during the call); NULL: because of waiters_drain. */
    void (*released)(void *owner, const struct http_response *answer);
};

struct waiters *waiters_new(const struct waiters_setup *setup) __attribute__((warn_unused_result));

/* Nobody may wait any more. */
void waiters_free(struct waiters *waiters);

/* Adds one, taking over `question` whatever the result. Its gate is judged at the next turn. Fails with ERROR_TRUNCATED
 * when the budget is used up, ERROR_NO_MEMORY. */
int waiters_add(struct waiters *waiters, struct gate_question *question, void *owner, int64_t deadline_ms,
                struct waiter **ret_waiter, struct error *reterr);

/* Forgets a waiter without a call of `released`. */
void waiters_cancel(struct waiters *waiters, struct waiter *waiter);

/* Judges what has changed or come due, and releases whoever is to go. `published`: a view set may have been published
 * since the last turn. Returns the monotonic time of the next turn that is due by time alone, INT64_MAX if there is
 * none. */
int64_t waiters_turn(struct waiters *waiters, bool published, int64_t monotonic_now_ms, int64_t unix_now_ms);

/* Releases all, with no answer. */
void waiters_drain(struct waiters *waiters);

/* How many wait here; any thread. */
unsigned waiters_count(const struct waiters *waiters);

/* Fills `response` with a gate's answer: status, Retry-After and the JSON of design section 5. */
void waiters_answer(const struct gate_answer *answer, struct http_response *response);

#endif
