/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop that every out-of-memory test relies on finds what it must find.
 */
#include "support/oom.h"

#include <string.h>

#include "base/strbuf.h"

enum { STEPS = 5 };

static bool allocate_steps(unsigned *ret_reached)
{
    *ret_reached = 0;
    for (unsigned i = 0; i < STEPS; i++) {
        cleanup(free) char *block = mem_strdup("block");
        if (!block)
            return false;
        (*ret_reached)++;
    }
    return true;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    unsigned rounds = 0;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        unsigned reached = 0;
        OOM_CHECK(loop, allocate_steps(&reached));
        assert_int_equal(reached, rounds);
        rounds += loop.refused ? 1 : 0;
    }
    assert_int_equal(rounds, STEPS);
}

static void test_operation_without_allocation_runs_once(void **state)
{
    (void)state;
    unsigned rounds = 0;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        rounds++;
        OOM_CHECK(loop, true);
    }
    assert_int_equal(rounds, 1);
}

static void test_sticky_failure_is_seen(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf buffer = STRBUF(4096);
        for (int i = 0; i < 100; i++)
            strbuf_add_string(&buffer, "ten bytes.");
        OOM_CHECK(loop, strbuf_ok(&buffer));
        if (!loop.refused)
            assert_int_equal(buffer.length, 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails_once),
        cmocka_unit_test(test_operation_without_allocation_runs_once),
        cmocka_unit_test(test_sticky_failure_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
