/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/due_heap.h"
#include "support/oom.h"

enum { TASKS = 200, ROUNDS = 20000 };

static void check_heap(const struct due_heap *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        assert_int_equal(heap->tasks[i]->place, i + 1);
        if (i > 0)
            assert_true(heap->tasks[(i + 1) / 2 - 1]->due_ms <= heap->tasks[i]->due_ms);
    }
}

/* The earliest due time by looking at every task. */
static const struct due_task *earliest(const struct due_task *tasks)
{
    const struct due_task *first = NULL;
    for (size_t i = 0; i < TASKS; i++) {
        if (tasks[i].place != 0 && (!first || tasks[i].due_ms < first->due_ms))
            first = &tasks[i];
    }
    return first;
}

static void test_random_moves(void **state)
{
    (void)state;
    struct due_heap heap = {0};
    struct due_task tasks[TASKS] = {{0}};
    uint64_t random = 88172645463325252u;
    assert_true(due_heap_reserve(&heap, TASKS));
    assert_null(due_heap_first(&heap));
    for (int i = 0; i < ROUNDS; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        struct due_task *task = &tasks[random % TASKS];
        if (random >> 62 == 0)
            due_heap_remove(&heap, task);
        else
            due_heap_put(&heap, task, (int64_t)(random >> 32) % 1000);
        check_heap(&heap);
        const struct due_task *expected = earliest(tasks);
        const struct due_task *first = due_heap_first(&heap);
        assert_int_equal(first != NULL, expected != NULL);
        if (first && expected)
            assert_int_equal(first->due_ms, expected->due_ms);
    }
    due_heap_done(&heap);
}

static void test_remove_twice(void **state)
{
    (void)state;
    struct due_heap heap = {0};
    struct due_task task = {0};
    assert_true(due_heap_reserve(&heap, 1));
    due_heap_put(&heap, &task, 5);
    due_heap_put(&heap, &task, 7);
    assert_int_equal(heap.count, 1);
    assert_int_equal(due_heap_first(&heap)->due_ms, 7);
    due_heap_remove(&heap, &task);
    due_heap_remove(&heap, &task);
    assert_null(due_heap_first(&heap));
    due_heap_done(&heap);
}

static void test_reserve_without_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct due_heap heap = {0};
        OOM_CHECK(loop, due_heap_reserve(&heap, 10) && due_heap_reserve(&heap, 1000));
        due_heap_done(&heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_moves),
        cmocka_unit_test(test_remove_twice),
        cmocka_unit_test(test_reserve_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
