/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <string.h>

static void test_overflowing_sizes_are_refused(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX / 2;
    assert_null(mem_calloc(huge, 3));
    assert_null(mem_resize(NULL, huge, 3));
    cleanup(free) char *block = mem_alloc(1);
    block[0] = 'x';
    assert_null(mem_resize(block, huge, 3));
    assert_int_equal(block[0], 'x');
}

static void test_nothing_is_still_a_block(void **state)
{
    (void)state;
    cleanup(free) void *a = mem_alloc(0);
    cleanup(free) void *b = mem_calloc(0, 8);
    cleanup(free) void *c = mem_resize(NULL, 0, 8);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    mem_free(NULL);
}

static void test_copies(void **state)
{
    (void)state;
    cleanup(free) char *whole = mem_strdup("text");
    cleanup(free) char *part = mem_strndup("text", 2);
    cleanup(free) char *printed = mem_printf("%s-%d", "a", 7);
    assert_string_equal(whole, "text");
    assert_string_equal(part, "te");
    assert_string_equal(printed, "a-7");
    assert_null(mem_strdup(NULL));
    assert_null(mem_strndup(NULL, 3));
}

static void test_arrays_grow_to_their_limit(void **state)
{
    (void)state;
    enum { LIMIT = 100 };
    cleanup(free) int *numbers = NULL;
    size_t capacity = 0;
    for (size_t count = 0; count < LIMIT; count++) {
        assert_true(mem_grow(&numbers, &capacity, count, sizeof *numbers, LIMIT));
        assert_in_range(capacity, count + 1, LIMIT);
        numbers[count] = (int)count;
    }
    const int *before = numbers;
    assert_false(mem_grow(&numbers, &capacity, LIMIT, sizeof *numbers, LIMIT));
    assert_ptr_equal(numbers, before);
    for (int i = 0; i < LIMIT; i++)
        assert_int_equal(numbers[i], i);
}

static void test_failed_growth_keeps_the_array(void **state)
{
    (void)state;
    cleanup(free) char *bytes = NULL;
    size_t capacity = 0;
    assert_true(mem_grow(&bytes, &capacity, 0, 1, 1000));
    bytes[0] = 'x';
    size_t full = capacity;
    mem_fault_after(0);
    bool grown = mem_grow(&bytes, &capacity, full, 1, 1000);
    assert_true(mem_fault_off());
    assert_false(grown);
    assert_int_equal(capacity, full);
    assert_int_equal(bytes[0], 'x');
}

static void test_faults_count_down_and_stay(void **state)
{
    (void)state;
    mem_fault_after(2);
    cleanup(free) void *first = mem_alloc(1);
    cleanup(free) char *second = mem_strdup("a");
    void *third = mem_alloc(1);
    char *fourth = mem_printf("%d", 1);
    assert_true(mem_fault_off());
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_null(fourth);
    mem_fault_after(1);
    cleanup(free) void *fifth = mem_alloc(1);
    assert_false(mem_fault_off());
    assert_non_null(fifth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overflowing_sizes_are_refused),
        cmocka_unit_test(test_nothing_is_still_a_block),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_arrays_grow_to_their_limit),
        cmocka_unit_test(test_failed_growth_keeps_the_array),
        cmocka_unit_test(test_faults_count_down_and_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
