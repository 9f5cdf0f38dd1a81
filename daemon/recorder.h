/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's history: one thread that writes what the events hub tells and what admissions ask to be kept, in batches
 * of one commit each, and that answers what the past was. Nothing that GETs of gates and health do waits for it: a full
 * disk, a lost file or a hung server only makes `recorder_fault` say so, and what is to be written waits in a bounded
 * queue (record_queue.h). After a failure the store is opened anew, at once and then at growing distance, until it can
 * be written again. A corrupt file is set aside, and a new one begun, once an hour at most. Any thread, unless said
 * otherwise.
 */
#ifndef MIGRATIOND_DAEMON_RECORDER_H
#define MIGRATIOND_DAEMON_RECORDER_H

#include "base/strbuf.h"
#include "daemon/config.h"
#include "daemon/events.h"
#include "history/history.h"

struct recorder;

struct recorder_setup {
    struct config *config;
    struct events *events; /* listened to; NULL */
    /* Called once, by the recorder's thread, when the store is open for the first time: with each of the newest
     * states that it holds, oldest first, and then of the newest admissions. NULL. */
    void (*seed)(void *payload, const struct history_record *record);
    void *payload;
};

/* Starts the thread, which opens the store; waits for that, but only shortly. */
int recorder_start(const struct recorder_setup *setup, struct recorder **ret_recorder, struct error *reterr);

/* Another configuration: retention changes at once, the place of the store after a restart only. */
void recorder_reload(struct recorder *recorder, struct config *config);

/* Writes what is queued until `deadline`, ends the thread, frees. False: the thread hangs in its store, and nothing
 * that it uses may be freed. Accepts NULL. After the last event. */
bool recorder_stop(struct recorder *recorder, struct deadline deadline);

/* `wake` is called after every commit, every failure and every answered query, by the recorder's thread: whoever holds
 * requests for it asks again. NULL ends that. */
void recorder_listen(struct recorder *recorder, void (*wake)(void *payload), void *payload);

/* Whether there is a store at all; without (`history: none`, no place for one, or NULL) admissions are kept in memory
 * only and say so. */
bool recorder_keeps(const struct recorder *recorder);

/* Queues an admission's record; `*ret_ticket` is for recorder_outcome. ERROR_TRUNCATED: the queue is full;
 * ERROR_UNREACHABLE: the store cannot be written at present, with the cause; ERROR_NO_MEMORY. */
int recorder_admit(struct recorder *recorder, const char *gate, const struct strbuf *body, int64_t at_ms,
                   uint64_t *ret_ticket, struct error *reterr);

enum recorder_state { RECORDER_PENDING, RECORDER_DONE, RECORDER_FAILED };

/* Whether that record is committed. Tickets are remembered for a while: long after it was settled, one has failed. */
enum recorder_state recorder_outcome(struct recorder *recorder, uint64_t ticket, struct error *reterr);

/* Asks about the past; answered by the recorder's thread in turn. The answer, whose ticket is forgotten with it, is a
 * JSON array of history_write_record's objects, newest first, which may end early where they are large. Fails as
 * recorder_admit, and with ERROR_UNSUPPORTED where nothing is kept. */
int recorder_ask(struct recorder *recorder, const struct history_query *query, uint64_t *ret_ticket,
                 struct error *reterr);
bool recorder_answered(struct recorder *recorder, uint64_t ticket);
int recorder_answer(struct recorder *recorder, uint64_t ticket, struct strbuf *ret_json, struct error *reterr);

/* Why the store cannot be used now, one sentence; false when it can, or when there is none. */
bool recorder_fault(struct recorder *recorder, char *ret_message, size_t size);

#endif
