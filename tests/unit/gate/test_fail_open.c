/* SPDX-License-Identifier: Apache-2.0
 *
 * What a gate answers while a database is out of sight: every policy with everything that may be remembered.
 */
#include "gate/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/cleanup.h"

enum { MAX_AGE_MS = 600000 };

static const struct verdict current = {
    .state = STATE_CURRENT, .code = CODE_CURRENT, .gate = GATE_OPEN, .valid_for_ms = INT64_MAX};
static const struct verdict unreachable = {
    .state = STATE_UNKNOWN, .code = CODE_UNREACHABLE, .gate = GATE_UNKNOWN, .valid_for_ms = INT64_MAX};

static struct gate_policy policy_of(enum unknown_policy on_unknown)
{
    return (struct gate_policy){.accept = 1u << STATE_CURRENT,
                                .on_unknown = on_unknown,
                                .max_age_ms = MAX_AGE_MS,
                                .drift_from = SEVERITY_MAJOR};
}

static struct gate_verdict judge(const struct gate_member *members, size_t count, const struct gate_policy *policy)
{
    struct gate_verdict verdict = {0};
    gate_judge(&(struct gate_requires){.members = members, .count = count}, policy, &verdict);
    return verdict;
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned policy = 0; policy < UNKNOWN_POLICIES; policy++)
        assert_int_equal(unknown_policy_from_name(unknown_policy_name(policy)), policy);
    assert_int_equal(unknown_policy_from_name("lastknown"), UNKNOWN_POLICIES);
}

/* Of all codes of `unknown` these three, and no code of another state. */
static void test_which_verdicts_are_out_of_sight(void **state)
{
    (void)state;
    for (unsigned code = 0; code < STATE_CODES; code++) {
        const struct verdict unknown = {.state = STATE_UNKNOWN, .code = code, .gate = GATE_UNKNOWN};
        bool expected = code == CODE_STALE || code == CODE_UNREACHABLE || code == CODE_TIMEOUT;
        assert_int_equal(verdict_is_out_of_sight(&unknown), expected);
        for (unsigned known = STATE_UNKNOWN + 1; known < MIGRATION_STATES; known++)
            assert_false(verdict_is_out_of_sight(&(struct verdict){.state = known, .code = code}));
    }
}

/* With the best that can be remembered nothing but those three codes ever opens. */
static void test_nothing_else_fails_open(void **state)
{
    (void)state;
    for (unsigned on_unknown = 0; on_unknown < UNKNOWN_POLICIES; on_unknown++) {
        for (unsigned code = 0; code < STATE_CODES; code++) {
            const struct verdict unknown = {
                .state = STATE_UNKNOWN, .code = code, .gate = GATE_UNKNOWN, .valid_for_ms = INT64_MAX};
            const struct gate_member member = {
                .database = "a", .verdict = &unknown, .last = {.verdict = &current, .opened = true}};
            const struct gate_policy policy = policy_of(on_unknown);
            struct gate_verdict verdict = judge(&member, 1, &policy);
            bool opens = on_unknown != UNKNOWN_CLOSED && verdict_is_out_of_sight(&unknown);
            assert_int_equal(verdict.state, opens ? GATE_OPEN : GATE_UNKNOWN);
            assert_int_equal(verdict.code, opens ? CODE_FAIL_OPEN : code);
            assert_int_equal(verdict.retryable, !opens);
            assert_int_equal(gate_http_status(verdict.state), opens ? 200 : 503);
        }
    }
}

/* What the last good look saw, and what comes of it. `accept_ahead`: only then. */
static const struct {
    struct verdict last;
    bool would_open;
    bool accept_ahead;
} looks[] = {
    {{.state = STATE_CURRENT, .code = CODE_CURRENT, .gate = GATE_OPEN}, true, false},
    {{.state = STATE_OBSERVED, .code = CODE_NO_EXPECTATION, .gate = GATE_OPEN}, true, false},
    {{.state = STATE_OBSERVED, .code = CODE_NO_EXPECTATION, .gate = GATE_UNKNOWN}, false, false},
    {{.state = STATE_AHEAD, .code = CODE_AHEAD, .gate = GATE_BLOCKED}, true, true},
    {{.state = STATE_PENDING, .code = CODE_PENDING, .gate = GATE_CLOSED}, false, false},
    {{.state = STATE_PENDING, .code = CODE_LOCK_ORPHANED, .gate = GATE_BLOCKED}, false, false},
    {{.state = STATE_RUNNING, .code = CODE_RUNNING, .gate = GATE_CLOSED}, false, false},
    {{.state = STATE_FAILED, .code = CODE_FAILED, .gate = GATE_BLOCKED}, false, false},
    {{.state = STATE_EMPTY, .code = CODE_EMPTY, .gate = GATE_CLOSED}, false, false},
    {{.state = STATE_UNVERSIONED, .code = CODE_UNVERSIONED, .gate = GATE_BLOCKED}, false, false},
    {{.state = STATE_DIVERGED, .code = CODE_DIVERGED, .gate = GATE_BLOCKED}, false, false},
    {{.state = STATE_UNKNOWN, .code = CODE_ORDER_UNKNOWN, .gate = GATE_UNKNOWN}, false, false},
    {{.state = STATE_UNKNOWN, .code = CODE_EXPECTATION_INVALID, .gate = GATE_UNKNOWN}, false, false},
    {{.state = STATE_UNKNOWN, .code = CODE_FORBIDDEN, .gate = GATE_UNKNOWN}, false, false},
    {{.state = STATE_UNKNOWN, .code = CODE_JOURNAL_INVALID, .gate = GATE_UNKNOWN}, false, false},
};

static bool opens_with(const struct gate_member *member, enum unknown_policy on_unknown, bool accept_ahead)
{
    struct gate_policy policy = policy_of(on_unknown);
    if (accept_ahead)
        policy.accept |= 1u << STATE_AHEAD;
    return judge(member, 1, &policy).state == GATE_OPEN;
}

static void test_what_was_seen_last_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(looks); i++) {
        struct gate_member member = {.database = "a", .verdict = &unreachable, .last = {.verdict = &looks[i].last}};
        for (unsigned accept = 0; accept < 2; accept++) {
            bool would_open = looks[i].would_open && (accept || !looks[i].accept_ahead);
            assert_false(opens_with(&member, UNKNOWN_CLOSED, accept));
            assert_int_equal(opens_with(&member, UNKNOWN_OPEN, accept), would_open);
            assert_int_equal(opens_with(&member, UNKNOWN_LAST_KNOWN, accept), would_open);
            /* An older opening does not outweigh it. */
            member.last.opened = true;
            assert_int_equal(opens_with(&member, UNKNOWN_LAST_KNOWN, accept), would_open);
            member.last.opened = false;
        }
    }
}

/* No look, or one in which the journal timed out: only an earlier opening counts. */
static void test_without_a_look_an_opening_counts(void **state)
{
    (void)state;
    static const struct verdict timed_out = {.state = STATE_UNKNOWN, .code = CODE_TIMEOUT, .gate = GATE_UNKNOWN};
    const struct verdict *const nothing[] = {NULL, &timed_out};
    for (size_t i = 0; i < ARRAY_LENGTH(nothing); i++) {
        struct gate_member member = {.database = "a", .verdict = &unreachable, .last = {.verdict = nothing[i]}};
        assert_true(opens_with(&member, UNKNOWN_OPEN, false));
        assert_false(opens_with(&member, UNKNOWN_LAST_KNOWN, false));
        member.last.opened = true;
        member.last.opened_age_ms = MAX_AGE_MS;
        assert_true(opens_with(&member, UNKNOWN_LAST_KNOWN, false));
        member.last.opened_age_ms = MAX_AGE_MS + 1;
        assert_false(opens_with(&member, UNKNOWN_LAST_KNOWN, false));
    }
}

/* At the moment before `valid_for_ms` is over it is open, and then it is not. */
static void test_max_age_runs_out_by_time_alone(void **state)
{
    (void)state;
    static const int64_t ages[] = {0, 1, MAX_AGE_MS - 1, MAX_AGE_MS};
    const struct gate_policy policy = policy_of(UNKNOWN_LAST_KNOWN);
    for (size_t i = 0; i < ARRAY_LENGTH(ages); i++) {
        struct gate_member member = {
            .database = "a", .verdict = &unreachable, .last = {.verdict = &current, .age_ms = ages[i]}};
        struct gate_verdict verdict = judge(&member, 1, &policy);
        assert_int_equal(verdict.state, GATE_OPEN);
        assert_int_equal(verdict.valid_for_ms, MAX_AGE_MS - ages[i] + 1);
        member.last.age_ms += verdict.valid_for_ms - 1;
        assert_int_equal(judge(&member, 1, &policy).state, GATE_OPEN);
        member.last.age_ms++;
        verdict = judge(&member, 1, &policy);
        assert_int_equal(verdict.state, GATE_UNKNOWN);
        assert_int_equal(verdict.code, CODE_UNREACHABLE);
        assert_int_equal(verdict.valid_for_ms, INT64_MAX);
    }
}

static void test_expiry_of_what_was_seen_counts(void **state)
{
    (void)state;
    struct verdict last = current;
    last.valid_for_ms = 50;
    const struct gate_member member = {.database = "a", .verdict = &unreachable, .last = {.verdict = &last}};
    const struct gate_policy open = policy_of(UNKNOWN_OPEN);
    assert_int_equal(judge(&member, 1, &open).valid_for_ms, 50);
    const struct gate_policy closed = policy_of(UNKNOWN_CLOSED);
    assert_int_equal(judge(&member, 1, &closed).valid_for_ms, 50);
}

static void test_ages_beyond_all_bounds(void **state)
{
    (void)state;
    struct gate_policy policy = policy_of(UNKNOWN_LAST_KNOWN);
    policy.max_age_ms = INT64_MAX;
    const struct gate_member member = {.database = "a", .verdict = &unreachable, .last = {.verdict = &current}};
    assert_int_equal(judge(&member, 1, &policy).valid_for_ms, INT64_MAX);
}

/* Drift can always shut what failed open. */
static void test_drift_never_fails_open(void **state)
{
    (void)state;
    struct gate_policy policy = policy_of(UNKNOWN_OPEN);
    policy.heeds_drift = true;
    struct gate_member member = {
        .database = "a", .verdict = &unreachable, .drift = DRIFT_UNKNOWN, .last_drift = DRIFT_UNKNOWN};
    struct gate_verdict verdict = judge(&member, 1, &policy);
    assert_int_equal(verdict.state, GATE_UNKNOWN);
    assert_int_equal(verdict.code, CODE_DRIFT_UNKNOWN);
    member.drift = DRIFT_DRIFTED;
    member.worst = SEVERITY_CRITICAL;
    verdict = judge(&member, 1, &policy);
    assert_int_equal(verdict.state, GATE_BLOCKED);
    assert_int_equal(verdict.code, CODE_DRIFTED);
    member.worst = SEVERITY_MINOR;
    assert_int_equal(judge(&member, 1, &policy).code, CODE_FAIL_OPEN);
    member.drift = DRIFT_NONE;
    assert_int_equal(judge(&member, 1, &policy).code, CODE_FAIL_OPEN);
}

/* What was compared last still holds while nothing can be compared; what never was compared does not open. */
static void test_drift_known_last(void **state)
{
    (void)state;
    static const struct {
        enum unknown_policy on_unknown;
        const struct verdict *last;
        enum drift_verdict last_drift;
        enum state_code code;
    } cases[] = {
        {UNKNOWN_LAST_KNOWN, &current, DRIFT_NONE, CODE_FAIL_OPEN},
        {UNKNOWN_LAST_KNOWN, &current, DRIFT_DRIFTED, CODE_DRIFTED},
        {UNKNOWN_LAST_KNOWN, &current, DRIFT_UNKNOWN, CODE_DRIFT_UNKNOWN},
        {UNKNOWN_LAST_KNOWN, NULL, DRIFT_UNKNOWN, CODE_FAIL_OPEN}, /* the opening that is remembered heeded it */
        {UNKNOWN_OPEN, &current, DRIFT_NONE, CODE_FAIL_OPEN},
        {UNKNOWN_OPEN, NULL, DRIFT_UNKNOWN, CODE_DRIFT_UNKNOWN},
        {UNKNOWN_CLOSED, &current, DRIFT_NONE, CODE_UNREACHABLE},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct gate_policy policy = policy_of(cases[i].on_unknown);
        policy.heeds_drift = true;
        const struct gate_member member = {.database = "a",
                                           .verdict = &unreachable,
                                           .drift = DRIFT_UNKNOWN,
                                           .last_drift = cases[i].last_drift,
                                           .worst = SEVERITY_CRITICAL,
                                           .last = {.verdict = cases[i].last, .opened = true}};
        assert_int_equal(judge(&member, 1, &policy).code, cases[i].code);
    }
}

/* Beside others: whoever is worse decides; among the open ones the first that only failed open is named. */
static void test_several_members(void **state)
{
    (void)state;
    static const struct verdict others[] = {
        {.state = STATE_CURRENT, .code = CODE_CURRENT, .gate = GATE_OPEN, .valid_for_ms = INT64_MAX},
        {.state = STATE_PENDING, .code = CODE_PENDING, .gate = GATE_CLOSED, .valid_for_ms = INT64_MAX},
        {.state = STATE_FAILED, .code = CODE_FAILED, .gate = GATE_BLOCKED, .valid_for_ms = INT64_MAX},
        {.state = STATE_UNKNOWN, .code = CODE_AUTH_FAILED, .gate = GATE_UNKNOWN, .valid_for_ms = INT64_MAX},
    };
    const struct gate_policy policy = policy_of(UNKNOWN_LAST_KNOWN);
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        const struct gate_member away = {
            .database = "away", .verdict = &unreachable, .last = {.verdict = &current, .age_ms = 10}};
        const struct gate_member other = {.database = "other", .verdict = &others[i]};
        const struct gate_member orders[2][3] = {{other, away, away}, {away, other, away}};
        for (size_t j = 0; j < 2; j++) {
            struct gate_verdict verdict = judge(orders[j], 3, &policy);
            bool open = others[i].gate == GATE_OPEN;
            assert_int_equal(verdict.state, others[i].gate);
            assert_int_equal(verdict.code, open ? CODE_FAIL_OPEN : others[i].code);
            assert_string_equal(verdict.database, open ? "away" : "other");
            assert_int_equal(verdict.worst, open ? 1 - j : j);
            assert_int_equal(verdict.valid_for_ms, MAX_AGE_MS - 10 + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_which_verdicts_are_out_of_sight),
        cmocka_unit_test(test_nothing_else_fails_open),
        cmocka_unit_test(test_what_was_seen_last_decides),
        cmocka_unit_test(test_without_a_look_an_opening_counts),
        cmocka_unit_test(test_max_age_runs_out_by_time_alone),
        cmocka_unit_test(test_expiry_of_what_was_seen_counts),
        cmocka_unit_test(test_ages_beyond_all_bounds),
        cmocka_unit_test(test_drift_never_fails_open),
        cmocka_unit_test(test_drift_known_last),
        cmocka_unit_test(test_several_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
