/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/events.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/refcount.h"

struct listener {
    void (*heard)(void *payload, struct event *event);
    void *payload;
};

struct events {
    pthread_mutex_t lock;
    char epoch[17];
    struct listener listeners[EVENT_LISTENERS];
    size_t listener_count;
    uint64_t newest;                  /* written under the lock, read atomically */
    uint64_t oldest;                  /* that is kept, or would be */
    size_t bytes;                     /* of all that are kept */
    struct event *ring[LIMIT_EVENTS]; /* one reference each; NULL: memory was short for that one */
};

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[EVENT_KINDS] = {
        [EVENT_STATE] = "state",         [EVENT_DRIFT] = "drift", [EVENT_ADMISSION] = "admission",
        [EVENT_FAIL_OPEN] = "fail_open", [EVENT_CHECK] = "check",
    };
    return names[kind];
}

/* The texts stand in the same block. */
static struct event *event_new(enum event_kind kind, const char *subject, const struct strbuf *body, int64_t at_ms)
{
    size_t subject_size = strlen(subject) + 1;
    struct event *event = mem_alloc(sizeof *event + subject_size + body->length + 1);
    if (!event)
        return NULL;
    char *texts = (char *)(event + 1);
    memcpy(texts, subject, subject_size);
    memcpy(texts + subject_size, strbuf_text(body), body->length + 1);
    *event =
        (struct event){.references = 1, .kind = kind, .at_ms = at_ms, .subject = texts, .body = texts + subject_size};
    return event;
}

struct event *event_ref(struct event *event)
{
    refcount_take(&event->references);
    return event;
}

void event_unref(struct event *event)
{
    if (event && refcount_drop(&event->references))
        mem_free(event);
}

static size_t size_of(const struct event *event)
{
    return strlen(event->subject) + strlen(event->body);
}

static void drop_oldest(struct events *events)
{
    struct event **slot = &events->ring[events->oldest++ % LIMIT_EVENTS];
    if (*slot)
        events->bytes -= size_of(*slot);
    event_unref(take(*slot));
}

/* Called with the lock held. `event` NULL uses a number up. */
static void keep(struct events *events, struct event *event)
{
    uint64_t number = events->newest + 1;
    if (number - events->oldest >= LIMIT_EVENTS)
        drop_oldest(events);
    events->ring[number % LIMIT_EVENTS] = event;
    if (event) {
        event->number = number;
        events->bytes += size_of(event);
    }
    while (events->bytes > LIMIT_EVENTS_BYTES && events->oldest < number)
        drop_oldest(events);
    __atomic_store_n(&events->newest, number, __ATOMIC_SEQ_CST);
}

struct events *events_new(void)
{
    struct events *events = mem_calloc(1, sizeof *events);
    if (!events)
        return NULL;
    uint64_t epoch = 0;
    arc4random_buf(&epoch, sizeof epoch);
    snprintf(events->epoch, sizeof events->epoch, "%016llx", (unsigned long long)epoch);
    events->oldest = 1;
    pthread_mutex_init(&events->lock, NULL);
    return events;
}

void events_free(struct events *events)
{
    if (!events)
        return;
    while (events->oldest <= events->newest)
        drop_oldest(events);
    pthread_mutex_destroy(&events->lock);
    mem_free(events);
}

int events_emit(struct events *events, enum event_kind kind, const char *subject, const struct strbuf *body,
                int64_t at_ms, struct error *reterr)
{
    if (!events)
        return 0;
    struct event *event = strbuf_ok(body) ? event_new(kind, subject, body, at_ms) : NULL;
    pthread_mutex_lock(&events->lock);
    keep(events, event);
    for (size_t i = 0; event && i < events->listener_count; i++)
        events->listeners[i].heard(events->listeners[i].payload, event);
    pthread_mutex_unlock(&events->lock);
    return event ? 0 : error_no_memory(reterr);
}

void events_break(struct events *events)
{
    pthread_mutex_lock(&events->lock);
    while (events->oldest <= events->newest)
        drop_oldest(events);
    keep(events, NULL);
    pthread_mutex_unlock(&events->lock);
}

void events_listen(struct events *events, void (*heard)(void *payload, struct event *event), void *payload)
{
    pthread_mutex_lock(&events->lock);
    if (events->listener_count < EVENT_LISTENERS)
        events->listeners[events->listener_count++] = (struct listener){.heard = heard, .payload = payload};
    pthread_mutex_unlock(&events->lock);
}

uint64_t events_newest(const struct events *events)
{
    return __atomic_load_n(&events->newest, __ATOMIC_SEQ_CST);
}

struct event *events_after(struct events *events, uint64_t number, bool *ret_missed)
{
    pthread_mutex_lock(&events->lock);
    uint64_t newest = events->newest;
    uint64_t next = number + 1;
    *ret_missed = number > newest || next < events->oldest;
    if (*ret_missed)
        next = events->oldest;
    while (next <= newest && !events->ring[next % LIMIT_EVENTS]) {
        *ret_missed = true;
        next++;
    }
    struct event *event = next <= newest ? event_ref(events->ring[next % LIMIT_EVENTS]) : NULL;
    pthread_mutex_unlock(&events->lock);
    return event;
}

const char *events_epoch(const struct events *events)
{
    return events->epoch;
}
