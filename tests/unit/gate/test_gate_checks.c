/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates that require checks: which of databases and checks decides, and what is made of a check whose database is out
 * of sight.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gate/check_verdict.h"

static const struct verdict current = {
    .state = STATE_CURRENT, .code = CODE_CURRENT, .gate = GATE_OPEN, .valid_for_ms = 9000};
static const struct verdict pending = {
    .state = STATE_PENDING, .code = CODE_PENDING, .gate = GATE_CLOSED, .valid_for_ms = 9000};
static const struct verdict failed = {
    .state = STATE_FAILED, .code = CODE_FAILED, .gate = GATE_BLOCKED, .valid_for_ms = 9000};
static const struct verdict away = {
    .state = STATE_UNKNOWN, .code = CODE_UNREACHABLE, .gate = GATE_UNKNOWN, .valid_for_ms = INT64_MAX};

static const struct check_verdict passes = {
    .state = CHECK_PASSED, .code = CODE_CHECK_PASSED, .gate = GATE_OPEN, .valid_for_ms = 5000};
static const struct check_verdict fails = {
    .state = CHECK_FAILED, .code = CODE_CHECK_FAILED, .gate = GATE_BLOCKED, .valid_for_ms = 5000};
static const struct check_verdict lags = {
    .state = CHECK_FAILED, .code = CODE_CHECK_FAILED, .gate = GATE_CLOSED, .valid_for_ms = 5000};
static const struct check_verdict forbidden = {
    .state = CHECK_UNKNOWN, .code = CODE_FORBIDDEN, .gate = GATE_UNKNOWN, .valid_for_ms = 5000};
static const struct check_verdict runs = {
    .state = CHECK_UNKNOWN, .code = CODE_RUNNING, .gate = GATE_CLOSED, .valid_for_ms = INT64_MAX};
static const struct check_verdict hidden = {
    .state = CHECK_UNKNOWN, .code = CODE_UNREACHABLE, .gate = GATE_UNKNOWN, .out_of_sight = true, .valid_for_ms = 5000};

static struct gate_check check_of(const struct check_verdict *verdict)
{
    return (struct gate_check){.address = "orders:check:x", .database = "orders", .verdict = verdict};
}

static struct gate_verdict judge(const struct verdict *member, const struct check_verdict *const *checks,
                                 const struct gate_policy *policy)
{
    struct gate_member members[1] = {{.database = "orders", .verdict = member, .drift = DRIFT_NONE}};
    struct gate_check required[3] = {0};
    struct gate_verdict verdict = {0};
    size_t count = 0;
    while (checks[count]) {
        required[count] = check_of(checks[count]);
        count++;
    }
    const struct gate_requires requires = {
        .members = members, .count = member != NULL, .checks = required, .check_count = count};
    gate_judge(&requires, policy, &verdict);
    return verdict;
}

static void test_the_worst_decides(void **state)
{
    (void)state;
    static const struct {
        const struct verdict *member;          /* NULL: the gate requires checks alone */
        const struct check_verdict *checks[3]; /* NULL-terminated */
        enum gate_state state;
        enum state_code code;
        bool by_check;
        size_t worst;
    } cases[] = {
        {&current, {&passes}, GATE_OPEN, CODE_CURRENT, false, 0},
        {NULL, {&passes}, GATE_OPEN, CODE_CHECK_PASSED, true, 0},
        {NULL, {&passes, &passes}, GATE_OPEN, CODE_CHECK_PASSED, true, 0},
        {&current, {&passes, &fails}, GATE_BLOCKED, CODE_CHECK_FAILED, true, 1},
        {&current, {&lags, &passes}, GATE_CLOSED, CODE_CHECK_FAILED, true, 0},
        {&current, {&runs}, GATE_CLOSED, CODE_CHECK_UNKNOWN, true, 0},
        {&current, {&forbidden, &lags}, GATE_UNKNOWN, CODE_CHECK_UNKNOWN, true, 0},
        {&current, {&lags, &forbidden}, GATE_UNKNOWN, CODE_CHECK_UNKNOWN, true, 1},
        {NULL, {&hidden, &fails}, GATE_BLOCKED, CODE_CHECK_FAILED, true, 1},
        {&failed, {&fails}, GATE_BLOCKED, CODE_FAILED, false, 0},
        {&pending, {&lags}, GATE_CLOSED, CODE_PENDING, false, 0},
        {&pending, {&fails}, GATE_BLOCKED, CODE_CHECK_FAILED, true, 0},
        {&away, {&forbidden}, GATE_UNKNOWN, CODE_UNREACHABLE, false, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct gate_verdict verdict = judge(cases[i].member, cases[i].checks, &(struct gate_policy){0});
        assert_int_equal(verdict.state, cases[i].state);
        assert_int_equal(verdict.code, cases[i].code);
        assert_int_equal(verdict.worst, cases[i].worst);
        assert_int_equal(verdict.check != NULL, cases[i].by_check);
        assert_string_equal(verdict.database, "orders");
        assert_int_equal(verdict.retryable, verdict.state == GATE_CLOSED || verdict.state == GATE_UNKNOWN);
        assert_int_equal(verdict.retry_after_seconds, verdict.state == GATE_CLOSED    ? 2
                                                      : verdict.state == GATE_UNKNOWN ? 5
                                                                                      : 0);
    }
}

/* Which states of databases are accepted says nothing of checks, and neither does drift. */
static void test_policies_about_databases(void **state)
{
    (void)state;
    const struct gate_policy policy = {
        .accept = 1u << STATE_PENDING, .heeds_drift = true, .drift_from = SEVERITY_INFO, .on_unknown = UNKNOWN_OPEN};
    const struct check_verdict *const failing[] = {&fails, NULL};
    const struct check_verdict *const passing[] = {&passes, NULL};
    assert_int_equal(judge(&pending, failing, &policy).code, CODE_CHECK_FAILED);
    assert_int_equal(judge(&pending, passing, &policy).state, GATE_OPEN);
}

static void test_valid_as_long_as_the_shortest(void **state)
{
    (void)state;
    const struct check_verdict *const checks[] = {&runs, &passes, NULL};
    const struct check_verdict *const lasting[] = {&runs, NULL};
    assert_int_equal(judge(&current, checks, &(struct gate_policy){0}).valid_for_ms, 5000);
    assert_int_equal(judge(&current, lasting, &(struct gate_policy){0}).valid_for_ms, 9000);
    assert_true(judge(NULL, lasting, &(struct gate_policy){0}).valid_for_ms == INT64_MAX);
}

static void test_out_of_sight(void **state)
{
    (void)state;
    static const struct {
        const struct check_verdict *verdict;
        enum unknown_policy policy;
        enum check_state last;
        int64_t last_age_ms;
        bool open;
        int64_t valid_for_ms;
    } cases[] = {
        {&hidden, UNKNOWN_CLOSED, CHECK_PASSED, 0, false, 5000},
        {&hidden, UNKNOWN_OPEN, CHECK_PASSED, INT64_MAX, true, 5000},
        {&hidden, UNKNOWN_OPEN, CHECK_UNKNOWN, 0, true, 5000},
        {&hidden, UNKNOWN_OPEN, CHECK_FAILED, 0, false, 5000},
        {&hidden, UNKNOWN_LAST_KNOWN, CHECK_PASSED, 600, true, 5000},
        {&hidden, UNKNOWN_LAST_KNOWN, CHECK_PASSED, 9000, true, 1001},
        {&hidden, UNKNOWN_LAST_KNOWN, CHECK_PASSED, 10000, true, 1},
        {&hidden, UNKNOWN_LAST_KNOWN, CHECK_PASSED, 10001, false, 5000},
        {&hidden, UNKNOWN_LAST_KNOWN, CHECK_UNKNOWN, 0, false, 5000},
        {&hidden, UNKNOWN_LAST_KNOWN, CHECK_FAILED, 0, false, 5000},
        {&forbidden, UNKNOWN_OPEN, CHECK_PASSED, 0, false, 5000},
        {&forbidden, UNKNOWN_LAST_KNOWN, CHECK_PASSED, 0, false, 5000},
        {&runs, UNKNOWN_OPEN, CHECK_PASSED, 0, false, INT64_MAX},
        {&fails, UNKNOWN_OPEN, CHECK_PASSED, 0, false, 5000},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct gate_check check = check_of(cases[i].verdict);
        const struct gate_policy policy = {.on_unknown = cases[i].policy, .max_age_ms = 10000};
        const struct gate_requires requires = {.checks = &check, .check_count = 1};
        struct gate_verdict verdict = {0};
        int64_t valid_for_ms = 0;
        check.last = cases[i].last;
        check.last_age_ms = cases[i].last_age_ms;
        gate_judge(&requires, &policy, &verdict);
        assert_int_equal(verdict.state == GATE_OPEN, cases[i].open);
        assert_int_equal(verdict.code == CODE_FAIL_OPEN, cases[i].open);
        assert_true(verdict.valid_for_ms == cases[i].valid_for_ms);
        assert_int_equal(gate_check_fails_open(&check, &policy, &valid_for_ms), cases[i].open);
    }
}

/* That a gate is open only by its policy is said, though its databases are open by what they show. */
static void test_failing_open_speaks_first(void **state)
{
    (void)state;
    const struct check_verdict *const checks[] = {&passes, &hidden, NULL};
    const struct gate_verdict verdict = judge(&current, checks, &(struct gate_policy){.on_unknown = UNKNOWN_OPEN});
    assert_int_equal(verdict.state, GATE_OPEN);
    assert_int_equal(verdict.code, CODE_FAIL_OPEN);
    assert_int_equal(verdict.worst, 1);
    assert_string_equal(verdict.check, "orders:check:x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_worst_decides),
        cmocka_unit_test(test_policies_about_databases),
        cmocka_unit_test(test_valid_as_long_as_the_shortest),
        cmocka_unit_test(test_out_of_sight),
        cmocka_unit_test(test_failing_open_speaks_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
