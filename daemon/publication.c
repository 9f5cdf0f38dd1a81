/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/publication.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"

struct publication {
    pthread_mutex_t lock;
    struct view_set *current; /* one reference */
    uint64_t generation;
    void (*changed)(void *payload);
    void *payload;
};

struct publication *publication_new(void)
{
    struct publication *publication = mem_calloc(1, sizeof *publication);
    if (publication)
        pthread_mutex_init(&publication->lock, NULL);
    return publication;
}

void publication_free(struct publication *publication)
{
    if (!publication)
        return;
    view_set_unref(publication->current);
    pthread_mutex_destroy(&publication->lock);
    mem_free(publication);
}

struct view_set *publication_acquire(struct publication *publication)
{
    pthread_mutex_lock(&publication->lock);
    struct view_set *set = view_set_ref(publication->current);
    pthread_mutex_unlock(&publication->lock);
    return set;
}

uint64_t publication_generation(const struct publication *publication)
{
    return __atomic_load_n(&publication->generation, __ATOMIC_ACQUIRE);
}

/* How a set takes the place of another. */
struct swap {
    bool whatever; /* stands there; else it must be `expected` */
    const struct view_set *expected;
    struct events *broken; /* with it; NULL */
};

/* False leaves everything as it was. */
static bool swap(struct publication *publication, const struct swap *how, struct view_set *set)
{
    pthread_mutex_lock(&publication->lock);
    struct view_set *old = publication->current;
    bool fits = how->whatever || old == how->expected;
    if (fits) {
        set->generation = publication->generation + 1;
        __atomic_store_n(&publication->generation, set->generation, __ATOMIC_RELEASE);
        publication->current = set;
        if (how->broken && old)
            events_break(how->broken);
    }
    void (*changed)(void *) = publication->changed;
    void *payload = publication->payload;
    pthread_mutex_unlock(&publication->lock);
    if (!fits)
        return false;
    view_set_unref(old);
    if (changed)
        changed(payload);
    return true;
}

void publication_publish(struct publication *publication, struct view_set *set, struct events *events)
{
    swap(publication, &(struct swap){.whatever = true, .broken = events}, set);
}

int publication_replace(struct publication *publication, size_t index, struct view *view, struct error *reterr)
{
    cleanup(view) struct view *owned = view;
    for (;;) {
        cleanup(view_set) struct view_set *current = publication_acquire(publication);
        if (!current || current->config != owned->config || index >= current->count)
            return 1;
        cleanup(view_set) struct view_set *next = view_set_new(current->config);
        if (!next)
            return error_no_memory(reterr);
        for (size_t i = 0; i < current->count; i++)
            next->views[i] = view_ref(i == index ? owned : current->views[i]);
        if (swap(publication, &(struct swap){.expected = current}, next)) {
            next = NULL;
            return 0;
        }
    }
}

void publication_listen(struct publication *publication, void (*changed)(void *payload), void *payload)
{
    pthread_mutex_lock(&publication->lock);
    publication->changed = changed;
    publication->payload = payload;
    pthread_mutex_unlock(&publication->lock);
}

void publication_announce(struct publication *publication)
{
    pthread_mutex_lock(&publication->lock);
    void (*changed)(void *) = publication->changed;
    void *payload = publication->payload;
    pthread_mutex_unlock(&publication->lock);
    if (changed)
        changed(payload);
}
