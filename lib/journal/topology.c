/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/topology.h"

#include <stdint.h>

#include "base/alloc.h"

#define NONE SIZE_MAX

/* The edges by parent, as lists, and what may come next, as a heap. */
struct sorting {
    const struct dependency *dependencies;
    size_t *first;   /* of each number as a parent, into dependencies */
    size_t *next;    /* of each dependency */
    size_t *waiting; /* for how many others each number waits */
    size_t *heap;
    size_t heap_count;
};

static void sorting_done(struct sorting *sorting)
{
    mem_free(sorting->first);
    mem_free(sorting->next);
    mem_free(sorting->waiting);
    mem_free(sorting->heap);
}

DEFINE_CLEANUP_VALUE(sorting, struct sorting, sorting_done);

static void swap(size_t *a, size_t *b)
{
    size_t kept = *a;
    *a = *b;
    *b = kept;
}

static void push(struct sorting *sorting, size_t number)
{
    size_t *heap = sorting->heap;
    size_t at = sorting->heap_count++;
    heap[at] = number;
    for (; at > 0 && heap[(at - 1) / 2] > heap[at]; at = (at - 1) / 2)
        swap(&heap[(at - 1) / 2], &heap[at]);
}

static size_t pop(struct sorting *sorting)
{
    size_t *heap = sorting->heap;
    size_t smallest = heap[0];
    heap[0] = heap[--sorting->heap_count];
    for (size_t at = 0;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < sorting->heap_count && heap[child + 1] < heap[child])
            child++;
        if (child >= sorting->heap_count || heap[at] <= heap[child])
            return smallest;
        swap(&heap[at], &heap[child]);
        at = child;
    }
}

static bool sorting_init(struct sorting *sorting, size_t count, const struct dependency *dependencies,
                         size_t dependency_count)
{
    sorting->dependencies = dependencies;
    sorting->first = mem_calloc(count, sizeof *sorting->first);
    sorting->next = mem_calloc(dependency_count, sizeof *sorting->next);
    sorting->waiting = mem_calloc(count, sizeof *sorting->waiting);
    sorting->heap = mem_calloc(count, sizeof *sorting->heap);
    if (!sorting->first || !sorting->next || !sorting->waiting || !sorting->heap)
        return false;
    for (size_t i = 0; i < count; i++)
        sorting->first[i] = NONE;
    for (size_t i = 0; i < dependency_count; i++) {
        sorting->next[i] = sorting->first[dependencies[i].parent];
        sorting->first[dependencies[i].parent] = i;
        sorting->waiting[dependencies[i].child]++;
    }
    return true;
}

int topology_sort(size_t count, const struct dependency *dependencies, size_t dependency_count, size_t *ret_order,
                  size_t *ret_cycle, struct error *reterr)
{
    cleanup(sorting) struct sorting sorting = {0};
    size_t done = 0;
    *ret_cycle = NONE;
    if (!sorting_init(&sorting, count, dependencies, dependency_count))
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++)
        if (sorting.waiting[i] == 0)
            push(&sorting, i);
    while (sorting.heap_count > 0) {
        size_t number = pop(&sorting);
        ret_order[done++] = number;
        for (size_t i = sorting.first[number]; i != NONE; i = sorting.next[i])
            if (--sorting.waiting[dependencies[i].child] == 0)
                push(&sorting, dependencies[i].child);
    }
    for (size_t i = 0; i < count && done < count && *ret_cycle == NONE; i++)
        if (sorting.waiting[i] > 0)
            *ret_cycle = i;
    return done == count ? 0 : error_set(reterr, ERROR_INVALID, "what depends on each other depends on itself");
}
