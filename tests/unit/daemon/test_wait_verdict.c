/* SPDX-License-Identifier: Apache-2.0
 *
 * What a gate's answer says.
 */
#include "support/oom.h"

#include <string.h>

#include "daemon/wait_verdict.h"

static bool is_read(const char *text, struct wait_verdict *ret_verdict)
{
    char problem[200] = "";
    bool good = wait_verdict_read(text, strlen(text), ret_verdict, problem, sizeof problem);
    assert_int_equal(good, problem[0] == '\0');
    return good;
}

static void test_of_a_gate(void **state)
{
    (void)state;
    struct wait_verdict verdict;
    assert_true(
        is_read("{\"gate\":\"api\",\"state\":\"closed\",\"code\":\"PENDING\",\"database\":\"b\",\"retryable\":true,"
                "\"databases\":[{\"database\":\"a\",\"reason\":\"of a\",\"next\":\"do a\"},"
                "{\"database\":\"b\",\"tool\":\"alembic\",\"observed\":{\"reason\":\"inside\"},"
                "\"reason\":\"of\\nb\",\"next\":null}]}",
                &verdict));
    assert_int_equal(verdict.state, WAIT_GATE_CLOSED);
    assert_string_equal(verdict.code, "PENDING");
    assert_string_equal(verdict.database, "b");
    assert_string_equal(verdict.tool, "alembic");
    assert_string_equal(verdict.reason, "of b");
    assert_string_equal(verdict.next, "");
}

/* Which database decided may be said behind the list. */
static void test_in_any_order(void **state)
{
    (void)state;
    struct wait_verdict verdict;
    assert_true(
        is_read("{\"databases\":[{\"reason\":\"of b\",\"database\":\"b\"},{\"reason\":\"of c\",\"database\":\"c\"}],"
                "\"database\":\"b\",\"code\":\"FAILED\",\"state\":\"blocked\",\"gate\":\"api\"}",
                &verdict));
    assert_int_equal(verdict.state, WAIT_GATE_BLOCKED);
    assert_string_equal(verdict.reason, "of b");
}

static void test_of_an_admission(void **state)
{
    (void)state;
    struct wait_verdict verdict;
    assert_true(is_read("{\"gate\":\"api\",\"application\":\"shop\",\"admitted\":true,\"answer\":{\"gate\":\"api\","
                        "\"state\":\"open\",\"code\":\"CURRENT\",\"database\":\"a\",\"databases\":[{\"database\":\"a\","
                        "\"reason\":\"fine\"}],\"answer\":{\"state\":\"closed\"}}}",
                        &verdict));
    assert_int_equal(verdict.state, WAIT_GATE_OPEN);
    assert_string_equal(verdict.reason, "fine");
}

static void test_of_a_problem(void **state)
{
    (void)state;
    struct wait_verdict verdict;
    assert_true(
        is_read("{\"type\":\"about:blank\",\"status\":503,\"code\":\"HISTORY_UNAVAILABLE\",\"detail\":\"disk full\"}",
                &verdict));
    assert_int_equal(verdict.state, WAIT_GATE_NONE);
    assert_string_equal(verdict.code, "HISTORY_UNAVAILABLE");
    assert_string_equal(verdict.detail, "disk full");
}

/* Somebody else's JSON opens no gate. */
static void test_of_others(void **state)
{
    (void)state;
    struct wait_verdict verdict;
    static const char *const others[] = {
        "{}",
        "{\"state\":\"open\"}",
        "{\"gate\":\"api\",\"state\":\"open\"}",
        "{\"state\":\"open\",\"code\":\"CURRENT\"}",
        "{\"gate\":\"api\",\"state\":\"Open\",\"code\":\"CURRENT\"}",
        "{\"gate\":\"api\",\"state\":\"ajar\",\"code\":\"CURRENT\"}",
        "{\"gate\":\"api\",\"state\":[\"open\"],\"code\":\"CURRENT\"}",
        "{\"gate\":\"\",\"state\":\"open\",\"code\":\"CURRENT\"}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_true(is_read(others[i], &verdict));
        assert_int_equal(verdict.state, WAIT_GATE_NONE);
    }
    static const char *const broken[] = {
        "",
        "It works!",
        "[]",
        "\"open\"",
        "{\"gate\":\"api\",\"state\":\"open\",\"code\":\"CURRENT\"",
        "{\"gate\":\"api\",\"state\":\"open\",\"code\":\"CURRENT\"}}",
        "{\"gate\":\"api\",\"state\":\"open\",\"code\":\"CURRENT\",\"databases\":[{]}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(broken); i++) {
        assert_false(is_read(broken[i], &verdict));
        assert_int_equal(verdict.state, WAIT_GATE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_a_gate),       cmocka_unit_test(test_in_any_order),
        cmocka_unit_test(test_of_an_admission), cmocka_unit_test(test_of_a_problem),
        cmocka_unit_test(test_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
