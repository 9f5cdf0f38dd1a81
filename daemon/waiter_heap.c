/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/waiter_heap.h"

#include "base/alloc.h"
#include "base/limits.h"

static void place(struct waiter_heap *heap, struct waiter *waiter, size_t position)
{
    heap->waiters[position] = waiter;
    waiter->position = position;
}

static void rise(struct waiter_heap *heap, struct waiter *waiter, size_t position)
{
    while (position > 0) {
        size_t parent = (position - 1) / 2;
        if (heap->waiters[parent]->deadline_ms <= waiter->deadline_ms)
            break;
        place(heap, heap->waiters[parent], position);
        position = parent;
    }
    place(heap, waiter, position);
}

static void sink(struct waiter_heap *heap, struct waiter *waiter, size_t position)
{
    for (;;) {
        size_t child = position * 2 + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->waiters[child + 1]->deadline_ms < heap->waiters[child]->deadline_ms)
            child++;
        if (heap->waiters[child]->deadline_ms >= waiter->deadline_ms)
            break;
        place(heap, heap->waiters[child], position);
        position = child;
    }
    place(heap, waiter, position);
}

bool waiter_heap_push(struct waiter_heap *heap, struct waiter *waiter)
{
    if (!mem_grow(&heap->waiters, &heap->capacity, heap->count, sizeof(struct waiter *), LIMIT_WAITERS))
        return false;
    rise(heap, waiter, heap->count++);
    return true;
}

void waiter_heap_remove(struct waiter_heap *heap, struct waiter *waiter)
{
    size_t position = waiter->position;
    struct waiter *last = heap->waiters[--heap->count];
    if (last == waiter)
        return;
    sink(heap, last, position);
    rise(heap, last, last->position);
}

struct waiter *waiter_heap_first(const struct waiter_heap *heap)
{
    return heap->count > 0 ? heap->waiters[0] : NULL;
}

void waiter_heap_done(struct waiter_heap *heap)
{
    mem_free(heap->waiters);
    *heap = (struct waiter_heap){0};
}
