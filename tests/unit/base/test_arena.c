/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <stdalign.h>
#include <string.h>

#include "base/arena.h"

enum { MANY = 1 << 24 };

static void test_memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(MANY);
    unsigned char *blocks[300] = {NULL};
    for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
        blocks[i] = arena_alloc(arena, i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j < i; j++)
            assert_int_equal(blocks[i][j], 0);
        memset(blocks[i], (int)(i % 255) + 1, i);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(blocks[i][j], i % 255 + 1);
}

static void test_large_blocks(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(MANY);
    char *small = arena_strdup(arena, "small");
    char *large = arena_alloc(arena, MANY / 2);
    assert_non_null(large);
    large[MANY / 2 - 1] = 'x';
    assert_string_equal(small, "small");
    assert_in_range(arena_size(arena), MANY / 2, MANY);
}

static void test_the_limit_holds(void **state)
{
    (void)state;
    enum { LIMIT = 10000, SIZE = 100 };
    cleanup(arena) struct arena *arena = arena_new(LIMIT);
    size_t count = 0;
    while (arena_alloc(arena, SIZE))
        count++;
    assert_in_range(count, LIMIT / 2 / SIZE, LIMIT / SIZE);
    assert_in_range(arena_size(arena), 1, LIMIT);
    assert_null(arena_alloc(arena, LIMIT));
    assert_null(arena_alloc(arena, SIZE_MAX));
    volatile size_t huge = SIZE_MAX / 2;
    assert_null(arena_array(arena, huge, 3));
}

static void test_copies(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(MANY);
    assert_string_equal(arena_strdup(arena, ""), "");
    assert_string_equal(arena_strndup(arena, "text", 2), "te");
    assert_string_equal(arena_printf(arena, "%s %u", "a", 7u), "a 7");
    assert_null(arena_strdup(arena, NULL));
    assert_null(arena_strndup(arena, NULL, 1));
    arena_free(NULL);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(arena) struct arena *arena = arena_new(MANY);
        bool complete = arena != NULL;
        for (size_t i = 0; complete && i < 100; i++)
            complete = arena_printf(arena, "%0*d", (int)i * 10, 1) != NULL;
        OOM_CHECK(loop, complete);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_large_blocks),
        cmocka_unit_test(test_the_limit_holds),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
