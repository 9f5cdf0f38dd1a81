/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/digest.h"
#include "daemon/pace.h"

enum { SUBJECTS = 1000, INTERVAL = 30000, BUCKETS = 10 };

static uint64_t seed_of(unsigned subject)
{
    return hash64(&subject, sizeof subject);
}

static void test_next_stays_near_the_interval(void **state)
{
    (void)state;
    static const int64_t intervals[] = {100, 101, 1000, 2000, 30000, 86400000};
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        for (unsigned subject = 0; subject < 50; subject++) {
            int64_t now = 123456789;
            for (uint64_t turn = 0; turn < 50; turn++) {
                int64_t next = pace_next(now, intervals[i], seed_of(subject), turn);
                assert_true(next - now >= intervals[i] * 44 / 100);
                assert_true(next - now <= intervals[i] * 156 / 100);
                now = next + subject % 7; /* looks take time */
            }
        }
    }
}

/* Over many turns the mean distance is the interval: subjects sit on a grid and do not slide. */
static void test_next_keeps_to_its_grid(void **state)
{
    (void)state;
    for (unsigned subject = 0; subject < 50; subject++) {
        int64_t begin = pace_next(5000000, INTERVAL, seed_of(subject), 0);
        int64_t now = begin;
        for (uint64_t turn = 1; turn <= 100; turn++)
            now = pace_next(now + 100, INTERVAL, seed_of(subject), turn);
        assert_in_range(now - begin, 100 * INTERVAL - INTERVAL / 5, 100 * INTERVAL + INTERVAL / 5);
    }
}

/* After a stall of any length (a suspended host) all are due at once; the looks after that are spread again. */
static void test_next_spreads_subjects(void **state)
{
    (void)state;
    unsigned buckets[BUCKETS] = {0};
    int64_t now = 777777777;
    for (unsigned subject = 0; subject < SUBJECTS; subject++) {
        int64_t next = pace_next(now, INTERVAL, seed_of(subject), 1);
        buckets[(uint64_t)(next % INTERVAL) * BUCKETS / INTERVAL]++;
    }
    for (unsigned i = 0; i < BUCKETS; i++)
        assert_in_range(buckets[i], SUBJECTS / BUCKETS / 2, SUBJECTS / BUCKETS * 2);
}

static void test_next_is_stable(void **state)
{
    (void)state;
    assert_int_equal(pace_next(1000, 2000, 42, 7), pace_next(1000, 2000, 42, 7));
    assert_int_not_equal(pace_next(1000, 200000, 42, 7), pace_next(1000, 200000, 43, 7));
}

static void test_back_off(void **state)
{
    (void)state;
    for (unsigned subject = 0; subject < 50; subject++) {
        for (unsigned failures = 1; failures < 5000; failures = failures < 50 ? failures + 1 : failures * 2) {
            int64_t delay = pace_back_off(failures, seed_of(subject));
            int64_t plain = failures >= 5 ? PACE_FAILURE_CAP_MS : (int64_t)PACE_FAILURE_FIRST_MS << (failures - 1);
            plain = plain < PACE_FAILURE_CAP_MS ? plain : PACE_FAILURE_CAP_MS;
            assert_in_range(delay, plain * 3 / 4, plain * 5 / 4);
        }
        assert_in_range(pace_back_off(UINT32_MAX, seed_of(subject)), PACE_FAILURE_CAP_MS * 3 / 4,
                        PACE_FAILURE_CAP_MS * 5 / 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_stays_near_the_interval),
        cmocka_unit_test(test_next_keeps_to_its_grid),
        cmocka_unit_test(test_next_spreads_subjects),
        cmocka_unit_test(test_next_is_stable),
        cmocka_unit_test(test_back_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
