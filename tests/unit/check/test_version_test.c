/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions of extensions: which one is newer, and which will do.
 */
#include "support/oom.h"

#include "base/cleanup.h"
#include "check/version_test.h"

static void assert_order(const char *a, const char *b, int expected)
{
    int order = 7;
    assert_true(version_compare(a, b, &order));
    if (order != expected)
        fail_msg("%s and %s: %d", a, b, order);
    assert_true(version_compare(b, a, &order));
    assert_int_equal(order, -expected);
}

static void test_order(void **state)
{
    (void)state;
    static const char *const rising[] = {"0",
                                         "1.0dev",
                                         "1.0-alpha2",
                                         "1.0a3",
                                         "1.0beta1",
                                         "1.0-rc1",
                                         "1.0-rc2",
                                         "1.0",
                                         "1.0p1",
                                         "1.0.1",
                                         "1.6",
                                         "1.10",
                                         "2",
                                         "2.0.2k",
                                         "2.0.2l",
                                         "2.1",
                                         "10",
                                         "10.0.7",
                                         "99999999999999999999999999999999",
                                         "999999999999999999999999999999990"};
    for (size_t i = 0; i < ARRAY_LENGTH(rising); i++) {
        assert_order(rising[i], rising[i], 0);
        for (size_t j = i + 1; j < ARRAY_LENGTH(rising); j++)
            assert_order(rising[i], rising[j], -1);
    }
    assert_order("1.6", "1.6.0", 0);
    assert_order("v1.6", "1.6", 0);
    assert_order("1.06", "1.6", 0);
    assert_order("1.0a1", "1.0", -1);
    assert_order("3.4.2 rc1", "3.4.2-RC1", 0);
    int order = 0;
    assert_false(version_compare("unpackaged", "1.0", &order));
    assert_false(version_compare("1.0", "", &order));
}

static void test_tests(void **state)
{
    (void)state;
    static const struct {
        const char *wanted;
        const char *version;
        bool holds;
    } cases[] = {
        {"*", "1.6", true},         {" * ", "unpackaged", true}, {"1.6", "1.6", true},       {"1.6", "1.6.0", true},
        {"=1.6", "1.5", false},     {"== 1.6", "1.6", true},     {">=1.6", "1.6", true},     {">= 1.6", "1.10", true},
        {">=1.6", "1.5", false},    {"> 1.6", "1.6", false},     {">1.6", "1.6.1", true},    {"<2", "1.10", true},
        {"< 2", "2.0", false},      {"<= 2", "2.0", true},       {"!=1.6", "1.6", false},    {"<>1.6", "1.7", true},
        {">=1.6, <2", "1.9", true}, {">=1.6,<2", "2.0", false},  {">=1.6,<2", "1.5", false}, {"next", "next", true},
        {"next", "1.0", false},     {"!=next", "1.0", true},     {">=1.6, *", "1.6", true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        bool holds = !cases[i].holds;
        struct error error = {0};
        if (version_test(cases[i].wanted, cases[i].version, &holds, &error) < 0)
            fail_msg("%s: %s", cases[i].wanted, error.message);
        if (holds != cases[i].holds)
            fail_msg("%s of %s", cases[i].wanted, cases[i].version);
        assert_int_equal(version_test_check(cases[i].wanted, &error), 0);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ">=", ">= ", ">=1.6,", ",", ">= new", "<,2", "=", ">=*"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct error error = {0};
        bool holds = false;
        if (version_test_check(bad[i], &error) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(error.code, ERROR_INVALID);
        assert_int_equal(version_test(bad[i], "1.0", &holds, &error), -1);
    }
    struct error error = {0};
    bool holds = false;
    assert_int_equal(version_test(">=1.0", "unpackaged", &holds, &error), -1);
    assert_string_equal(error.message, "the version \"unpackaged\" comes neither before nor behind others");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_tests),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
