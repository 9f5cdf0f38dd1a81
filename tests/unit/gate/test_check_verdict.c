/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check says: every rule by an example, and what must hold of every verdict, over all inputs.
 */
#include "gate/check_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const int64_t every_ms = 300000;
static const int64_t timeout_ms = 5000;
static const int64_t lifetime_ms = 3 * 300000 + 5000;

static struct check_result passed = {.state = CHECK_PASSED, .reason = "no orphans", .next = "", .value = "0"};
static struct check_result failed = {
    .state = CHECK_FAILED, .reason = "3 is not = 0", .next = "mend the rows", .value = "3"};

static struct check_result undecided(enum error_code error)
{
    return (struct check_result){
        .state = CHECK_UNKNOWN, .error = error, .reason = "it could not be asked", .next = "see why"};
}

static struct check_input input_of(const struct check_result *result)
{
    return (struct check_input){
        .result = result, .every_ms = every_ms, .timeout_ms = timeout_ms, .severity = CHECK_FAILS, .asks = true};
}

static struct check_verdict judge(const struct check_input *input)
{
    struct check_verdict verdict = {0};
    check_judge(input, &verdict);
    return verdict;
}

static void test_every_rule(void **state)
{
    (void)state;
    struct check_result unreachable = undecided(ERROR_UNREACHABLE);
    struct check_result late = undecided(ERROR_TIMEOUT);
    struct check_result refused = undecided(ERROR_FORBIDDEN);
    struct check_result invalid = undecided(ERROR_INVALID);
    struct check_result locked = undecided(ERROR_LOCKED);
    locked.again_in_ms = 60000;
    const struct {
        const struct check_result *result;
        bool running;
        bool overtaken;
        bool heals;
        enum error_code unseen;
        int64_t age_ms;
        const char *code;
        enum check_state state;
        enum gate_state gate;
        enum health_status health;
        bool out_of_sight;
        const char *reason;
        const char *next;
    } cases[] = {
        {.result = &passed,
         .age_ms = lifetime_ms,
         .code = "CHECK_PASSED",
         .state = CHECK_PASSED,
         .gate = GATE_OPEN,
         .health = HEALTH_PASS,
         .reason = "no orphans",
         .next = ""},
        {.result = &failed,
         .age_ms = lifetime_ms,
         .code = "CHECK_FAILED",
         .state = CHECK_FAILED,
         .gate = GATE_BLOCKED,
         .health = HEALTH_FAIL,
         .reason = "3 is not = 0",
         .next = "mend the rows"},
        {.result = &locked,
         .code = "CHECK_UNKNOWN",
         .state = CHECK_UNKNOWN,
         .gate = GATE_UNKNOWN,
         .health = HEALTH_WARN,
         .reason = "it could not be asked",
         .next = "see why"},
        {.result = &failed,
         .heals = true,
         .code = "CHECK_FAILED",
         .state = CHECK_FAILED,
         .gate = GATE_CLOSED,
         .health = HEALTH_FAIL,
         .reason = "3 is not = 0",
         .next = "mend the rows"},
        {.result = &passed,
         .age_ms = lifetime_ms + 1,
         .code = "STALE",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_WARN,
         .out_of_sight = true,
         .reason = "the check was not run for three turns of its schedule"},
        {.result = &failed,
         .age_ms = lifetime_ms + 1,
         .unseen = ERROR_AUTH_FAILED,
         .code = "AUTH_FAILED",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_FAIL,
         .reason = "the check was not run for three turns of its schedule: away"},
        {.result = &passed,
         .age_ms = lifetime_ms + 1,
         .unseen = ERROR_TIMEOUT,
         .code = "TIMEOUT",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_WARN,
         .out_of_sight = true,
         .reason = "the check was not run for three turns of its schedule: away"},
        {.result = &passed,
         .overtaken = true,
         .code = "STALE",
         .gate = GATE_CLOSED,
         .health = HEALTH_WARN,
         .reason = "a migration has run since the check was run last",
         .next = "wait: the check is run again at once"},
        {.result = &failed,
         .overtaken = true,
         .running = true,
         .code = "RUNNING",
         .gate = GATE_CLOSED,
         .health = HEALTH_WARN,
         .reason = "a migration is running, and the check is about what migrations change",
         .next = "wait: the check is run when the migration is over"},
        {.running = true,
         .code = "RUNNING",
         .gate = GATE_CLOSED,
         .health = HEALTH_WARN,
         .reason = "a migration is running, and the check is about what migrations change"},
        {.code = "NEVER_OBSERVED",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_WARN,
         .reason = "the check was not run yet",
         .next = "wait: the check is run soon"},
        {.unseen = ERROR_UNREACHABLE,
         .code = "UNREACHABLE",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_WARN,
         .out_of_sight = true,
         .reason = "the check was not run yet, since its database cannot be looked at: away",
         .next = "see why the database cannot be looked at"},
        {.unseen = ERROR_AUTH_FAILED,
         .code = "AUTH_FAILED",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_FAIL,
         .reason = "the check was not run yet, since its database cannot be looked at: away"},
        {.unseen = ERROR_NO_MEMORY,
         .code = "NEVER_OBSERVED",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_FAIL,
         .reason = "the check was not run yet, since its database cannot be looked at: away"},
        {.result = &unreachable,
         .code = "UNREACHABLE",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_WARN,
         .out_of_sight = true,
         .reason = "it could not be asked",
         .next = "see why"},
        {.result = &late,
         .code = "TIMEOUT",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_FAIL,
         .reason = "it could not be asked"},
        {.result = &late,
         .unseen = ERROR_UNREACHABLE,
         .code = "TIMEOUT",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_WARN,
         .out_of_sight = true,
         .reason = "it could not be asked"},
        {.result = &refused,
         .code = "FORBIDDEN",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_FAIL,
         .reason = "it could not be asked"},
        {.result = &invalid,
         .code = "CHECK_UNKNOWN",
         .gate = GATE_UNKNOWN,
         .health = HEALTH_FAIL,
         .reason = "it could not be asked"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct check_input input = input_of(cases[i].result);
        input.running = cases[i].running;
        input.overtaken = cases[i].overtaken;
        input.heals = cases[i].heals;
        input.unseen = cases[i].unseen;
        input.unseen_message = cases[i].unseen != ERROR_OK ? "away" : NULL;
        input.age_ms = cases[i].age_ms;
        const struct check_verdict verdict = judge(&input);
        assert_string_equal(state_code_name(verdict.code), cases[i].code);
        assert_int_equal(verdict.state, cases[i].state);
        assert_int_equal(verdict.gate, cases[i].gate);
        assert_int_equal(verdict.health, cases[i].health);
        assert_int_equal(verdict.out_of_sight, cases[i].out_of_sight);
        assert_string_equal(verdict.reason, cases[i].reason);
        if (cases[i].next)
            assert_string_equal(verdict.next, cases[i].next);
    }
}

/* A migration may have run that no look has seen: what was found before counts no more, and what could not be told
 * says why as it did. */
static void test_nothing_is_known_of_migrations(void **state)
{
    (void)state;
    struct check_input input = input_of(&passed);
    input.max_staleness_ms = 120000;
    input.look_age_ms = 119999;
    assert_int_equal(judge(&input).state, CHECK_PASSED);
    assert_int_equal(judge(&input).valid_for_ms, 2);
    input.age_ms = lifetime_ms;
    assert_int_equal(judge(&input).valid_for_ms, 1);
    input.age_ms = 0;
    input.look_age_ms = 120001;
    assert_int_equal(judge(&input).code, CODE_STALE);
    assert_int_equal(judge(&input).gate, GATE_UNKNOWN);
    assert_true(judge(&input).out_of_sight);
    assert_true(judge(&input).valid_for_ms == INT64_MAX);
    input.unseen = ERROR_UNREACHABLE;
    input.unseen_message = "away";
    assert_int_equal(judge(&input).code, CODE_UNREACHABLE);
    assert_string_equal(judge(&input).reason,
                        "its database was not looked at for longer than max_staleness, and a migration may have run "
                        "since: away");
    input.result = &failed;
    assert_int_equal(judge(&input).gate, GATE_UNKNOWN);
    const struct check_result forbidden = undecided(ERROR_FORBIDDEN);
    input.result = &forbidden;
    assert_int_equal(judge(&input).code, CODE_FORBIDDEN);
    assert_int_equal(judge(&input).valid_for_ms, lifetime_ms + 1);
    input.result = &passed;
    input.max_staleness_ms = 0;
    assert_int_equal(judge(&input).state, CHECK_PASSED);
}

/* Files are there whether the database is or not. */
static void test_files_are_never_out_of_sight(void **state)
{
    (void)state;
    struct check_input never = input_of(NULL);
    never.asks = false;
    never.unseen = ERROR_UNREACHABLE;
    never.unseen_message = "away";
    assert_int_equal(judge(&never).code, CODE_NEVER_OBSERVED);
    assert_string_equal(judge(&never).reason, "the check was not run yet");
    struct check_input stale = input_of(&passed);
    stale.asks = false;
    stale.unseen = ERROR_UNREACHABLE;
    stale.age_ms = lifetime_ms + 1;
    assert_int_equal(judge(&stale).code, CODE_STALE);
    assert_false(judge(&stale).out_of_sight);
    assert_int_equal(judge(&stale).health, HEALTH_FAIL);
}

static void test_every_error_has_a_code(void **state)
{
    (void)state;
    static const enum state_code codes[ERROR_CODES] = {[ERROR_UNREACHABLE] = CODE_UNREACHABLE,
                                                       [ERROR_TIMEOUT] = CODE_TIMEOUT,
                                                       [ERROR_AUTH_FAILED] = CODE_AUTH_FAILED,
                                                       [ERROR_FORBIDDEN] = CODE_FORBIDDEN,
                                                       [ERROR_TRUNCATED] = CODE_TRUNCATED};
    for (unsigned error = 0; error < ERROR_CODES; error++) {
        struct check_result result = undecided((enum error_code)error);
        struct check_input input = input_of(&result);
        enum state_code wanted = codes[error] != 0 ? codes[error] : CODE_CHECK_UNKNOWN;
        assert_int_equal(judge(&input).code, wanted);
        assert_int_equal(judge(&input).state, CHECK_UNKNOWN);
    }
}

static void test_long_texts_are_cut_at_a_character(void **state)
{
    (void)state;
    static char reason[2000];
    for (size_t i = 0; i + 3 < sizeof reason; i += 2)
        memcpy(reason + i, "\xC3\xA4", 3);
    struct check_result result = {.state = CHECK_FAILED, .reason = reason, .next = reason};
    struct check_input input = input_of(&result);
    const struct check_verdict verdict = judge(&input);
    assert_int_equal(strlen(verdict.reason), sizeof verdict.reason - 2);
    assert_int_equal(strlen(verdict.next), sizeof verdict.next - 2);
}

/* Schedules without end do not wrap around. */
static void test_endless_schedules(void **state)
{
    (void)state;
    struct check_input input = input_of(&passed);
    input.every_ms = INT64_MAX / 2;
    input.age_ms = INT64_MAX - 1;
    assert_int_equal(judge(&input).state, CHECK_PASSED);
    assert_true(judge(&input).valid_for_ms == INT64_MAX);
}

static enum health_status worst_health(const struct check_input *input)
{
    return input->severity == CHECK_FAILS ? HEALTH_FAIL : HEALTH_WARN;
}

/* What must hold whatever is the case. */
static void check_invariants(const struct check_input *input)
{
    const struct check_verdict verdict = judge(input);
    bool counts = input->result && !input->running && !input->overtaken && input->age_ms <= lifetime_ms;
    enum check_state seen = counts ? input->result->state : CHECK_UNKNOWN;
    assert_int_equal(verdict.state, seen);
    assert_int_equal(verdict.gate == GATE_OPEN, seen == CHECK_PASSED);
    assert_int_equal(verdict.gate == GATE_BLOCKED, seen == CHECK_FAILED && !input->heals);
    assert_int_equal(verdict.code == CODE_CHECK_PASSED, seen == CHECK_PASSED);
    assert_int_equal(verdict.code == CODE_CHECK_FAILED, seen == CHECK_FAILED);
    assert_int_equal(verdict.health == HEALTH_PASS, seen == CHECK_PASSED);
    assert_true(verdict.health <= worst_health(input));
    if (seen == CHECK_FAILED)
        assert_int_equal(verdict.health, worst_health(input));
    if (verdict.out_of_sight) {
        assert_int_equal(seen, CHECK_UNKNOWN);
        assert_true(input->asks && !input->running && !(input->result && input->overtaken));
        assert_int_equal(verdict.gate, GATE_UNKNOWN);
        assert_int_equal(verdict.health, HEALTH_WARN);
    }
    assert_true(verdict.reason[0] != '\0');
    assert_true(verdict.valid_for_ms > 0);
    struct check_input later = *input;
    if (verdict.valid_for_ms == INT64_MAX) {
        later.age_ms += INT64_C(1) << 40;
        assert_int_equal(judge(&later).code, verdict.code);
        return;
    }
    later.age_ms = input->age_ms + verdict.valid_for_ms - 1;
    assert_int_equal(judge(&later).state, verdict.state);
    assert_int_equal(judge(&later).code, verdict.code);
    later.age_ms++;
    assert_int_equal(judge(&later).state, CHECK_UNKNOWN);
    assert_string_equal(judge(&later).reason, "the check was not run for three turns of its schedule");
}

/* Each bit of `flags` is one yes or no. */
static void check_flags(const struct check_result *result, enum error_code unseen, unsigned flags)
{
    static const int64_t ages[] = {0, 1, 3 * 300000 + 5000, 3 * 300000 + 5001, INT64_C(1) << 40};
    struct check_input input = input_of(result);
    input.running = flags & 1;
    input.overtaken = flags & 2;
    input.heals = flags & 4;
    input.asks = flags & 8;
    input.severity = flags & 16 ? CHECK_FAILS : CHECK_WARNS;
    input.unseen = unseen;
    for (size_t i = 0; i < ARRAY_LENGTH(ages); i++) {
        input.age_ms = ages[i];
        check_invariants(&input);
    }
}

static void test_all_inputs(void **state)
{
    (void)state;
    struct check_result unknowns[ERROR_CODES];
    const struct check_result *results[ERROR_CODES + 3] = {NULL, &passed, &failed};
    for (unsigned error = 0; error < ERROR_CODES; error++) {
        unknowns[error] = undecided((enum error_code)error);
        results[3 + error] = &unknowns[error];
    }
    for (size_t i = 0; i < ARRAY_LENGTH(results); i++)
        for (unsigned unseen = 0; unseen < ERROR_CODES; unseen++)
            for (unsigned flags = 0; flags < 32; flags++)
                check_flags(results[i], (enum error_code)unseen, flags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_nothing_is_known_of_migrations),
        cmocka_unit_test(test_files_are_never_out_of_sight),
        cmocka_unit_test(test_every_error_has_a_code),
        cmocka_unit_test(test_long_texts_are_cut_at_a_character),
        cmocka_unit_test(test_endless_schedules),
        cmocka_unit_test(test_all_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
