/* SPDX-License-Identifier: Apache-2.0
 *
 * What is still to be written to the history, oldest first, within bounds: when the store cannot be written, what was
 * found of drift and by checks makes room first, then the oldest state changes; an admission is never dropped, but
 * refused when there is no room. Guarded by the recorder's lock.
 */
#ifndef MIGRATIOND_DAEMON_RECORD_QUEUE_H
#define MIGRATIOND_DAEMON_RECORD_QUEUE_H

#include "daemon/events.h"
#include "history/history.h"

/* One record to be. Texts belong to the event, or stand behind the struct. */
struct record_item {
    struct record_item *next;
    struct event *event; /* owned reference; NULL */
    uint64_t ticket;     /* of an admission; 0 */
    struct history_record record;
    char texts[];
};

struct record_queue {
    struct record_item *first;
    struct record_item *last;
    size_t events;
    size_t event_bytes;
    size_t admissions;
};

/* NULL when memory is out. */
struct record_item *record_item_of_event(struct event *event) __attribute__((warn_unused_result));
struct record_item *record_item_of_admission(const char *gate, const char *body, size_t length, int64_t at_ms,
                                             uint64_t ticket) __attribute__((warn_unused_result));

/* Frees a whole chain; accepts NULL. */
void record_items_free(struct record_item *first);

/* Takes over the item. Returns how many were dropped to make room. */
size_t record_queue_add_event(struct record_queue *queue, struct record_item *item);

/* False, and the item stays the caller's, when there are LIMIT_HISTORY_ADMISSIONS already. */
bool record_queue_add_admission(struct record_queue *queue, struct record_item *item);

/* Takes out the oldest items, at most `most` and, beyond the first, `bytes` of text. NULL: there are none. */
struct record_item *record_queue_take(struct record_queue *queue, size_t most, size_t bytes);

/* Puts a chain that was taken back before all others. */
void record_queue_put_back(struct record_queue *queue, struct record_item *first);

/* Takes out all admissions. */
struct record_item *record_queue_take_admissions(struct record_queue *queue);

#endif
