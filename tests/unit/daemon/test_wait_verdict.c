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

/* A check decided: its words stand for the gate, and no database's, nor its tool. */
static void test_of_a_check(void **state)
{
    (void)state;
    static const char *const orders[] = {
        "{\"gate\":\"api\",\"state\":\"blocked\",\"code\":\"CHECK_FAILED\",\"database\":\"b\",\"check\":\"b:check:x\","
        "\"databases\":[{\"database\":\"b\",\"tool\":\"alembic\",\"reason\":\"of b\",\"next\":\"do b\"}],"
        "\"checks\":[{\"check\":\"y\",\"address\":\"b:check:y\",\"database\":\"b\",\"reason\":\"of y\"},"
        "{\"check\":\"x\",\"address\":\"b:check:x\",\"rows\":[[\"1\"]],\"reason\":\"of x\",\"next\":\"mend x\"}]}",
        "{\"checks\":[{\"reason\":\"of x\",\"next\":\"mend x\",\"address\":\"b:check:x\"}],"
        "\"databases\":[{\"database\":\"b\",\"tool\":\"alembic\",\"reason\":\"of b\",\"next\":\"do b\"}],"
        "\"check\":\"b:check:x\",\"gate\":\"api\",\"state\":\"blocked\",\"code\":\"CHECK_FAILED\",\"database\":\"b\"}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
        struct wait_verdict verdict;
        assert_true(is_read(orders[i], &verdict));
        assert_int_equal(verdict.state, WAIT_GATE_BLOCKED);
        assert_string_equal(verdict.code, "CHECK_FAILED");
        assert_string_equal(verdict.database, "b");
        assert_string_equal(verdict.check, "b:check:x");
        assert_string_equal(verdict.reason, "of x");
        assert_string_equal(verdict.next, "mend x");
        assert_string_equal(verdict.tool, "");
    }
}

/* The gate requires checks, and a database decided; or there is no database at all. */
static void test_beside_checks(void **state)
{
    (void)state;
    struct wait_verdict verdict;
    assert_true(is_read("{\"gate\":\"api\",\"state\":\"closed\",\"code\":\"PENDING\",\"database\":\"b\",\"check\":null,"
                        "\"databases\":[{\"database\":\"b\",\"reason\":\"of b\"}],"
                        "\"checks\":[{\"address\":\"b:check:x\",\"reason\":\"of x\"},{\"reason\":\"of nothing\"}]}",
                        &verdict));
    assert_string_equal(verdict.check, "");
    assert_string_equal(verdict.reason, "of b");
    assert_true(is_read(
        "{\"gate\":\"job\",\"state\":\"open\",\"code\":\"CHECK_PASSED\",\"database\":\"b\",\"check\":\"b:backup\","
        "\"databases\":[],\"checks\":[{\"address\":\"b:backup\",\"reason\":\"complete\"}]}",
        &verdict));
    assert_int_equal(verdict.state, WAIT_GATE_OPEN);
    assert_string_equal(verdict.reason, "complete");
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
        cmocka_unit_test(test_of_a_check),      cmocka_unit_test(test_beside_checks),
        cmocka_unit_test(test_of_an_admission), cmocka_unit_test(test_of_a_problem),
        cmocka_unit_test(test_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
