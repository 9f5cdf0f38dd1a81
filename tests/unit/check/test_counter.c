/* SPDX-License-Identifier: Apache-2.0
 *
 * How much of what a sequence can count to is used.
 */
#include "support/oom.h"

#include "base/cleanup.h"
#include "check/counter.h"

static void test_shares(void **state)
{
    (void)state;
    static const struct {
        struct counter counter; /* begin, end, increment, next, last */
        unsigned permille;
    } cases[] = {
        {{"1", "100", "1", "1", NULL}, 0},
        {{"1", "100", "1", "1", "80"}, 800},
        {{"1", "100", "1", "81", NULL}, 800},
        {{"1", "100", "1", "1", "100"}, 1000},
        {{"1", "100", "1", "1", "101"}, 1000},
        {{"1", "1", "1", "1", NULL}, 0},
        {{"1", "1", "1", "1", "1"}, 1000},
        {{"1", "100", "60", "1", "1"}, 500},
        {{"1", "100", "60", "1", "61"}, 1000},
        {{"1", "31", "10", "2", "22"}, 1000},
        {{"-1", "-100", "-1", "-1", "-50"}, 500},
        {{"-1", "-100", "-1", "-1", NULL}, 0},
        {{"-1", "-100", "-1", "-1", "-100"}, 1000},
        {{"1", "2147483647", "1", "1", "1786706395"}, 832},
        {{"1", "1000", "1", "1", "799"}, 799},
        {{"1", "9223372036854775807", "1", "1", "9223372036854775807"}, 1000},
        {{"1", "9223372036854775807", "1", "1", "9223372036854775806"}, 999},
        {{"-9223372036854775808", "9223372036854775807", "1", "1", "-1"}, 500},
        {{"-9223372036854775808", "9223372036854775807", "9223372036854775807", "1", NULL}, 500},
        {{"1", "18446744073709551615", "1", "18446744073709551615", NULL}, 999},
        {{"1", "18446744073709551615", "1", "18446744073709551616", NULL}, 1000},
        {{"1", "7378697629483820645", "1", "1", "5902958103587056515"}, 799},
        {{"1", "7378697629483820645", "1", "1", "5902958103587056516"}, 800},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        unsigned permille = 5000;
        assert_true(counter_used_permille(&cases[i].counter, &permille));
        if (permille != cases[i].permille)
            fail_msg("case %zu: %u", i, permille);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct counter bad[] = {
        {"1", "100", "0", "1", NULL},  {NULL, "100", "1", "1", NULL},
        {"1", "1e3", "1", "1", NULL},  {"1", "", "1", "1", NULL},
        {"1", "100", "1", NULL, NULL}, {"1", "100", "1", "1", "x"},
        {"1", "100", "1", "1", "1.0"}, {"1", "9999999999999999999999999999999", "1", "1", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        unsigned permille = 0;
        assert_false(counter_used_permille(&bad[i], &permille));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
