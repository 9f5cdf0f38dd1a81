/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions about the past that wait for the recorder's thread, and their answers until somebody takes them. Bounded:
 * answers that nobody came for make room. Guarded by the recorder's lock, but for the question that is being answered,
 * which is the thread's.
 */
#ifndef MIGRATIOND_DAEMON_HISTORY_ASKS_H
#define MIGRATIOND_DAEMON_HISTORY_ASKS_H

#include "base/strbuf.h"
#include "history/history.h"

struct history_ask;

struct history_asks {
    struct history_ask *first; /* oldest first */
    size_t count;
    uint64_t tickets;
};

void history_asks_done(struct history_asks *asks);

/* Copies the question. ERROR_TRUNCATED: too many wait. */
int history_asks_add(struct history_asks *asks, const struct history_query *query, uint64_t *ret_ticket,
                     struct error *reterr);

bool history_asks_pending(const struct history_asks *asks);

/* The oldest that is not answered, which now is being; NULL. */
struct history_ask *history_asks_next(struct history_asks *asks);

/* Reads and renders, without the lock. */
int history_ask_read(struct history_ask *ask, struct history_store *store, struct deadline deadline,
                     struct error *reterr);

/* `failure` NULL: it was read. */
void history_asks_settle(struct history_ask *ask, const struct error *failure);

/* Asks it again from the start. */
void history_asks_return(struct history_ask *ask);

/* Answers all that wait with that. */
void history_asks_fail(struct history_asks *asks, const struct error *failure);

/* True also for a ticket that is not known any more. */
bool history_asks_answered(struct history_asks *asks, uint64_t ticket);

/* The answer, which is forgotten here. */
int history_asks_take(struct history_asks *asks, uint64_t ticket, struct strbuf *ret_json, struct error *reterr);

/* One record as HTTP and migrationctl show it: {"sequence","kind","source","hash", then what its body holds}. */
void history_write_record(const struct history_record *record, struct strbuf *out);

#endif
