/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's history: one thread that writes what the events hub tells and what admissions ask to be kept, in batches
 * of one commit each, and that answers what the past was. Nothing that GETs of gates and health do goes through here: a
 * full disk, a lost file or a hung server only makes `recorder_fault` say so. Its queue is bounded: when the store
 * cannot be written, drift findings are dropped first, then the oldest state changes, each counted; an admission that
 * cannot be queued is refused at once. Any thread, unless said otherwise.
 */
#ifndef MIGRATIOND_DAEMON_RECORDER_H
#define MIGRATIOND_DAEMON_RECORDER_H

#include "daemon/config.h"
#include "daemon/events.h"
#include "history/history.h"

struct recorder;

/* Listens to `events`, opens the store in its own thread. `wake` is called after every commit, every failure and every
 * answered query: whoever holds requests for it asks again. */
int recorder_start(struct config *config, struct events *events, void (*wake)(void *payload), void *payload,
                   struct recorder **ret_recorder, struct error *reterr);

/* Another configuration: retention and promises change at once, the place of the store after a restart only. */
void recorder_reload(struct recorder *recorder, struct config *config);

/* Writes what is queued until `deadline`, ends the thread, frees. Accepts NULL. */
void recorder_stop(struct recorder *recorder, struct deadline deadline);

/* Whether there is a store at all (`history: none`, or no place for one): without, admissions are kept in memory only
 * and say so. */
bool recorder_keeps(const struct recorder *recorder);

/* Queues an admission's record; `*ret_ticket` is for recorder_outcome. ERROR_TRUNCATED: the queue is full;
 * ERROR_UNREACHABLE: the store cannot be written at present, with the cause. */
int recorder_admit(struct recorder *recorder, const char *gate, const struct strbuf *body, int64_t at_ms,
                   uint64_t *ret_ticket, struct error *reterr);

enum recorder_state { RECORDER_PENDING, RECORDER_DONE, RECORDER_FAILED };

/* Whether that record is committed. A ticket is forgotten once it was told to be done or to have failed. */
enum recorder_state recorder_outcome(struct recorder *recorder, uint64_t ticket, struct error *reterr);

/* Asks about the past; answered by the recorder's thread on a connection of its own turn. The result is JSON, rendered
 * there: an array of records, newest first. Tickets as above; take the text with recorder_answer. */
int recorder_ask(struct recorder *recorder, const struct history_query *query, uint64_t *ret_ticket,
                 struct error *reterr);
enum recorder_state recorder_answer(struct recorder *recorder, uint64_t ticket, struct strbuf *ret_json,
                                    struct error *reterr);

/* Why the store cannot be used now, one sentence; false when it can. */
bool recorder_fault(struct recorder *recorder, char *ret_message, size_t size);

#endif
