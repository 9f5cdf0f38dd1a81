/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimals are compared exactly, however long they are and whatever their exponents say.
 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "check/decimal.h"

static void assert_order(const char *a, const char *b, int expected)
{
    int order = 7;
    if (!decimal_compare(a, b, &order) || order != expected)
        fail_msg("%s and %s: %d, not %d", a, b, order, expected);
    assert_true(decimal_compare(b, a, &order));
    assert_int_equal(order, -expected);
}

static void test_order(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        int order;
    } cases[] = {
        {"0", "0", 0},
        {"-0", "+0.000", 0},
        {"0e999999999", "0", 0},
        {"1", "1.0", 0},
        {"1.", "01", 0},
        {".5", "0.50", 0},
        {"1e3", "1000", 0},
        {"1E+3", "100e1", 0},
        {"1e-3", "0.001", 0},
        {"12.50", "12.5", 0},
        {"120e-1", "12", 0},
        {"1e999999999", "10e999999998", 0},
        {"1", "2", -1},
        {"9", "10", -1},
        {"-2", "-1", -1},
        {"-1", "0", -1},
        {"-1", "1", -1},
        {"0.1", "0.11", -1},
        {"0.09", "0.1", -1},
        {"9007199254740992", "9007199254740993", -1},
        {"0.1e-999999999", "0.1", -1},
        {"1e999999998", "1e999999999", -1},
        {"-1e999999999", "1e-999999999", -1},
        {"999999999999999999e999999999999999999", "1e999999999999999999", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_order(cases[i].a, cases[i].b, cases[i].order);
}

static void test_length(void **state)
{
    (void)state;
    static char a[100001];
    static char b[100001];
    memset(a, '7', sizeof a - 1);
    memset(b, '7', sizeof b - 1);
    assert_order(a, b, 0);
    b[sizeof b - 2] = '8';
    assert_order(a, b, -1);
}

static void test_no_numbers(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " 1",
        "1 ",
        "abc",
        "1e",
        "e5",
        "1e+",
        ".",
        "-",
        "+.e1",
        "1..2",
        "1.2.3",
        "0x10",
        "NaN",
        "Infinity",
        "1,5",
        "1e5x",
        "--1",
        "1e1000000000000000000",
        "12e3.4",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int order = 0;
        assert_false(decimal_is(texts[i]));
        assert_false(decimal_compare(texts[i], "1", &order));
        assert_false(decimal_compare("1", texts[i], &order));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_no_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
