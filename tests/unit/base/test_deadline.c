/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <limits.h>

#include "base/deadline.h"

static void test_the_clock_does_not_run_backwards(void **state)
{
    (void)state;
    int64_t last = monotonic_ms();
    for (unsigned i = 0; i < 10000; i++) {
        int64_t now = monotonic_ms();
        assert_true(now >= last);
        last = now;
    }
}

static void test_time_left(void **state)
{
    (void)state;
    struct deadline hour = deadline_in(3600000);
    assert_in_range(deadline_left_ms(hour), 3000000, 3600000);
    assert_false(deadline_passed(hour));
    assert_int_equal(deadline_left_ms(deadline_in(-1)), 0);
    assert_true(deadline_passed(deadline_in(0)));
    assert_true(deadline_passed((struct deadline){0}));
    assert_int_equal(deadline_left_ms(deadline_in((int64_t)INT_MAX * 10)), INT_MAX);
}

static void test_the_earlier_one(void **state)
{
    (void)state;
    struct deadline soon = {.at_ms = 5};
    struct deadline late = {.at_ms = 6};
    assert_int_equal(deadline_earlier(soon, late).at_ms, 5);
    assert_int_equal(deadline_earlier(late, soon).at_ms, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_clock_does_not_run_backwards),
        cmocka_unit_test(test_time_left),
        cmocka_unit_test(test_the_earlier_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
