/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/due_heap.h"

#include "base/alloc.h"

bool due_heap_reserve(struct due_heap *heap, size_t capacity)
{
    if (capacity <= heap->capacity)
        return true;
    struct due_task **grown = mem_resize(heap->tasks, capacity, sizeof(struct due_task *));
    if (!grown)
        return false;
    heap->tasks = grown;
    heap->capacity = capacity;
    return true;
}

void due_heap_done(struct due_heap *heap)
{
    mem_free(heap->tasks);
    *heap = (struct due_heap){0};
}

static void set(struct due_heap *heap, size_t place, struct due_task *task)
{
    heap->tasks[place - 1] = task;
    task->place = place;
}

static void sift_up(struct due_heap *heap, struct due_task *task, size_t place)
{
    while (place > 1 && heap->tasks[place / 2 - 1]->due_ms > task->due_ms) {
        set(heap, place, heap->tasks[place / 2 - 1]);
        place /= 2;
    }
    set(heap, place, task);
}

static void sift_down(struct due_heap *heap, struct due_task *task, size_t place)
{
    for (;;) {
        size_t child = 2 * place;
        if (child > heap->count)
            break;
        if (child < heap->count && heap->tasks[child]->due_ms < heap->tasks[child - 1]->due_ms)
            child++;
        if (heap->tasks[child - 1]->due_ms >= task->due_ms)
            break;
        set(heap, place, heap->tasks[child - 1]);
        place = child;
    }
    set(heap, place, task);
}

/* Finds the place of a task that may be too early or too late for where it is. */
static void settle(struct due_heap *heap, struct due_task *task, size_t place)
{
    if (place > 1 && heap->tasks[place / 2 - 1]->due_ms > task->due_ms)
        sift_up(heap, task, place);
    else
        sift_down(heap, task, place);
}

void due_heap_put(struct due_heap *heap, struct due_task *task, int64_t due_ms)
{
    task->due_ms = due_ms;
    if (task->place == 0)
        task->place = ++heap->count;
    set(heap, task->place, task);
    settle(heap, task, task->place);
}

void due_heap_remove(struct due_heap *heap, struct due_task *task)
{
    size_t place = task->place;
    if (place == 0)
        return;
    struct due_task *last = heap->tasks[--heap->count];
    task->place = 0;
    if (last != task)
        settle(heap, last, place);
}

struct due_task *due_heap_first(const struct due_heap *heap)
{
    return heap->count > 0 ? heap->tasks[0] : NULL;
}
