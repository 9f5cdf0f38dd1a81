/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/record_queue.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

static const enum history_kind kinds[EVENT_KINDS] = {[EVENT_STATE] = HISTORY_STATE,
                                                     [EVENT_DRIFT] = HISTORY_DRIFT,
                                                     [EVENT_ADMISSION] = HISTORY_ADMISSION,
                                                     [EVENT_FAIL_OPEN] = HISTORY_FAIL_OPEN,
                                                     [EVENT_CHECK] = HISTORY_CHECK};

struct record_item *record_item_of_event(struct event *event)
{
    struct record_item *item = mem_calloc(1, sizeof *item);
    if (!item)
        return NULL;
    item->event = event_ref(event);
    item->record = (struct history_record){
        .at_ms = event->at_ms, .kind = kinds[event->kind], .subject = event->subject, .body = event->body};
    return item;
}

struct record_item *record_item_of_admission(const char *gate, const char *body, size_t length, int64_t at_ms,
                                             uint64_t ticket)
{
    size_t gate_size = strlen(gate) + 1;
    struct record_item *item = mem_calloc(1, sizeof *item + gate_size + length + 1);
    if (!item)
        return NULL;
    memcpy(item->texts, gate, gate_size);
    memcpy(item->texts + gate_size, body, length);
    item->ticket = ticket;
    item->record = (struct history_record){
        .at_ms = at_ms, .kind = HISTORY_ADMISSION, .subject = item->texts, .body = item->texts + gate_size};
    return item;
}

void record_items_free(struct record_item *first)
{
    while (first) {
        struct record_item *next = first->next;
        event_unref(first->event);
        mem_free(first);
        first = next;
    }
}

static size_t size_of(const struct record_item *item)
{
    return strlen(item->record.subject) + strlen(item->record.body);
}

static void count(struct record_queue *queue, const struct record_item *item)
{
    if (!item->event) {
        queue->admissions++;
        return;
    }
    queue->events++;
    queue->event_bytes += size_of(item);
}

static void append(struct record_queue *queue, struct record_item *item)
{
    item->next = NULL;
    if (queue->last)
        queue->last->next = item;
    else
        queue->first = item;
    queue->last = item;
    count(queue, item);
}

/* Takes the item behind `previous` out (NULL: the first). */
static struct record_item *take_behind(struct record_queue *queue, struct record_item *previous)
{
    struct record_item *item = previous ? previous->next : queue->first;
    if (previous)
        previous->next = item->next;
    else
        queue->first = item->next;
    if (queue->last == item)
        queue->last = previous;
    item->next = NULL;
    if (item->event) {
        queue->events--;
        queue->event_bytes -= size_of(item);
    } else {
        queue->admissions--;
    }
    return item;
}

/* What is found again makes room for what happened once. */
static const bool findings[HISTORY_KINDS] = {[HISTORY_DRIFT] = true, [HISTORY_CHECK] = true};

/* The oldest event of that sort, if there is one. */
static bool drop_oldest(struct record_queue *queue, bool finding)
{
    struct record_item *previous = NULL;
    for (struct record_item *item = queue->first; item; previous = item, item = item->next) {
        if (!item->event || findings[item->record.kind] != finding)
            continue;
        record_items_free(take_behind(queue, previous));
        return true;
    }
    return false;
}

size_t record_queue_add_event(struct record_queue *queue, struct record_item *item)
{
    size_t dropped = 0;
    append(queue, item);
    while (queue->events > 1 &&
           (queue->events > LIMIT_HISTORY_EVENTS || queue->event_bytes > LIMIT_HISTORY_EVENT_BYTES) &&
           (drop_oldest(queue, true) || drop_oldest(queue, false)))
        dropped++;
    return dropped;
}

bool record_queue_add_admission(struct record_queue *queue, struct record_item *item)
{
    if (queue->admissions >= LIMIT_HISTORY_ADMISSIONS)
        return false;
    append(queue, item);
    return true;
}

struct record_item *record_queue_take(struct record_queue *queue, size_t most, size_t bytes)
{
    struct record_item *first = NULL;
    struct record_item **end = &first;
    size_t taken = 0;
    for (size_t i = 0; i < most && queue->first; i++) {
        taken += size_of(queue->first);
        if (i > 0 && taken > bytes)
            break;
        *end = take_behind(queue, NULL);
        end = &(*end)->next;
    }
    return first;
}

void record_queue_put_back(struct record_queue *queue, struct record_item *first)
{
    struct record_item *last = first;
    if (!first)
        return;
    for (struct record_item *item = first; item; item = item->next) {
        count(queue, item);
        last = item;
    }
    last->next = queue->first;
    if (!queue->first)
        queue->last = last;
    queue->first = first;
}

struct record_item *record_queue_take_admissions(struct record_queue *queue)
{
    struct record_item *first = NULL;
    struct record_item **end = &first;
    struct record_item *previous = NULL;
    for (struct record_item *item = queue->first; item;) {
        struct record_item *next = item->next;
        if (item->event) {
            previous = item;
        } else {
            *end = take_behind(queue, previous);
            end = &(*end)->next;
        }
        item = next;
    }
    return first;
}
