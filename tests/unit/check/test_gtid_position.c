/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether one of MariaDB's positions has all that another one has.
 */
#include "support/oom.h"

#include "base/cleanup.h"
#include "check/gtid_position.h"

static void test_covers(void **state)
{
    (void)state;
    static const struct {
        const char *position;
        const char *wanted;
        bool covers;
    } cases[] = {
        {"0-1-100", "0-1-100", true},
        {"0-1-101", "0-1-100", true},
        {"0-1-99", "0-1-100", false},
        {"0-2-100", "0-1-100", true},
        {"", "", true},
        {"0-1-5", "", true},
        {"", "0-1-1", false},
        {"0-1-100,7-3-5", "7-3-5", true},
        {"0-1-100,7-3-4", "7-3-5,0-1-1", false},
        {"0-1-100", "0-1-100,7-3-5", false},
        {"7-3-5,0-1-100", "0-1-100, 7-3-5", true},
        {"7-3-5,\n0-1-100", "0-1-100", true},
        {"0-1-3,0-2-9", "0-1-8", true},
        {"0-1-18446744073709551615", "0-1-18446744073709551614", true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        bool covers = !cases[i].covers;
        assert_true(gtid_position_covers(cases[i].position, cases[i].wanted, &covers));
        if (covers != cases[i].covers)
            fail_msg("%s of %s", cases[i].wanted, cases[i].position);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"0-1",    "0-1-",  "x", "0-1-2;", "-1-2-3", "0-1-99999999999999999999",
                                      "0--1-2", "0-1-2x"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        bool covers = false;
        if (gtid_position_covers(bad[i], "", &covers) || gtid_position_covers("0-1-1", bad[i], &covers))
            fail_msg("%s was taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_covers),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
