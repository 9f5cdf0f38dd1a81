/* SPDX-License-Identifier: Apache-2.0
 *
 * What golden cases cannot say in JSON: names of all values, bytes that are no UTF-8, texts and times at their limits.
 */
#include "gate/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static const struct state_policy policy = {
    .max_staleness_ms = 120000, .dirty_grace_ms = 600000, .lock_orphan_after_ms = 3600000, .checksums_enforced = true};

static struct state_input input_of(const struct journal *journal, const struct comparison *comparison)
{
    return (struct state_input){.observed = true,
                                .has_tables = true,
                                .absence_proven = true,
                                .journal = journal,
                                .comparison = comparison,
                                .now_ms = INT64_C(1795168800000)};
}

static void test_names_are_told_apart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MIGRATION_STATES; i++)
        assert_int_equal(migration_state_from_name(migration_state_name((enum migration_state)i)), i);
    assert_int_equal(migration_state_from_name("Current"), MIGRATION_STATES);
    assert_int_equal(migration_state_from_name(""), MIGRATION_STATES);
    for (unsigned i = 0; i < STATE_CODES; i++) {
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(state_code_name((enum state_code)i), state_code_name((enum state_code)j));
    }
}

static void assert_is_line(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    assert_true(length < size);
    assert_true(utf8_is_valid(text, length));
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        i += utf8_decode(text + i, length - i, &point);
        assert_false(utf8_is_unprintable(point));
    }
}

/* Every length of a foreign text, so that the cut falls at every place of a character. */
static void test_foreign_text_is_cut_at_a_character(void **state)
{
    (void)state;
    static const char *const units[] = {"\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xC3\xA4", "\xFF", "\n", "x"};
    char name[1200] = "";
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        size_t width = strlen(units[u]);
        for (size_t shift = 0; shift < 4; shift++) {
            memset(name, 'a', shift);
            size_t length = shift;
            while (length + width < sizeof name) {
                memcpy(name + length, units[u], width);
                length += width;
            }
            name[length] = '\0';
            struct finding finding = {.revision = name, .file = name, .detail = name, .applied_at_ms = TIME_UNKNOWN};
            struct finding_list list = {.items = &finding, .count = 1};
            struct journal journal = {.address = {.tool = "flyway", .schema = name, .table = name}};
            struct comparison comparison = {.source = SOURCE_DIRECTORY,
                                            .pending = list,
                                            .mismatched = list,
                                            .expected_revision = name,
                                            .next_apply = name};
            struct state_policy lenient = policy;
            lenient.checksums_enforced = false;
            struct state_input input = input_of(&journal, &comparison);
            struct verdict verdict = {0};
            state_judge(&input, &lenient, &verdict);
            assert_int_equal(verdict.code, CODE_PENDING);
            assert_is_line(verdict.reason, sizeof verdict.reason);
            assert_is_line(verdict.next, sizeof verdict.next);
            assert_is_line(verdict.warning, sizeof verdict.warning);
        }
    }
}

/* A server may hold any time at all; none may overflow or keep a dead migration young. */
static void test_absurd_times(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1, 0, -1};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct finding finding = {.revision = "42", .applied_at_ms = times[i]};
        struct journal journal = {.address = {.tool = "flyway", .schema = "", .table = "t"}};
        struct comparison comparison = {.source = SOURCE_DIRECTORY, .dirty = {.items = &finding, .count = 1}};
        struct state_input input = input_of(&journal, &comparison);
        struct verdict verdict = {0};
        state_judge(&input, &policy, &verdict);
        assert_int_equal(verdict.code, CODE_FAILED);
        struct lock_report lock = {.held = true, .sessionless = true, .since_ms = times[i]};
        input.lock = &lock;
        comparison.dirty.count = 0;
        state_judge(&input, &policy, &verdict);
        assert_is_line(verdict.reason, sizeof verdict.reason);
        assert_true(verdict.valid_for_ms > 0);
    }
}

/* A migration runs also where something else decides, and where the look that saw it has become old. */
static void test_running_is_told_whatever_the_state(void **state)
{
    (void)state;
    struct journal journal = {.address = {.tool = "flyway", .schema = "", .table = "t"}};
    struct comparison comparison = {.source = SOURCE_DIRECTORY, .match = MATCH_AT_LEAST, .target_applied = true};
    struct lock_report lock = {.held = true, .since_ms = TIME_UNKNOWN};
    struct state_input input = input_of(&journal, &comparison);
    struct verdict verdict = {0};
    state_judge(&input, &policy, &verdict);
    assert_false(verdict.running);
    input.lock = &lock;
    state_judge(&input, &policy, &verdict);
    assert_int_equal(verdict.state, STATE_CURRENT);
    assert_true(verdict.running);
    input.expectation_failed = true;
    state_judge(&input, &policy, &verdict);
    assert_int_equal(verdict.code, CODE_EXPECTATION_INVALID);
    assert_true(verdict.running);
    input.age_ms = policy.max_staleness_ms + 1;
    state_judge(&input, &policy, &verdict);
    assert_int_equal(verdict.code, CODE_STALE);
    assert_true(verdict.running && verdict.stale);
    lock.orphaned = true;
    state_judge(&input, &policy, &verdict);
    assert_false(verdict.running);
}

static void test_age_at_its_limits(void **state)
{
    (void)state;
    struct journal journal = {.address = {.tool = "flyway", .schema = "", .table = "t"}};
    struct comparison comparison = {.source = SOURCE_DIRECTORY, .target_applied = true};
    struct state_input input = input_of(&journal, &comparison);
    struct state_policy endless = policy;
    endless.max_staleness_ms = INT64_MAX;
    struct verdict verdict = {0};
    state_judge(&input, &endless, &verdict);
    assert_int_equal(verdict.code, CODE_CURRENT);
    assert_true(verdict.valid_for_ms == INT64_MAX);
    input.age_ms = INT64_MAX;
    state_judge(&input, &policy, &verdict);
    assert_int_equal(verdict.code, CODE_STALE);
    assert_is_line(verdict.reason, sizeof verdict.reason);
    struct state_policy strict = policy;
    strict.max_staleness_ms = 0;
    input.age_ms = 0;
    state_judge(&input, &strict, &verdict);
    assert_int_equal(verdict.code, CODE_CURRENT);
    assert_int_equal(verdict.valid_for_ms, 1);
}

/* Whatever is wrong with looking, the answer is never an open gate, whatever was compared before. */
static void test_no_failure_opens_a_gate(void **state)
{
    (void)state;
    struct journal journal = {.address = {.tool = "flyway", .schema = "", .table = "t"}};
    struct comparison comparison = {.source = SOURCE_REQUEST, .match = MATCH_EXACT, .target_applied = true};
    for (int error = ERROR_OK + 1; error < ERROR_CODES; error++) {
        struct state_input input = input_of(&journal, &comparison);
        struct verdict verdict = {0};
        input.journal_error = (enum error_code)error;
        state_judge(&input, &policy, &verdict);
        assert_int_not_equal(verdict.gate, GATE_OPEN);
        input = input_of(&journal, &comparison);
        input.last_error = (enum error_code)error;
        input.age_ms = policy.max_staleness_ms + 1;
        state_judge(&input, &policy, &verdict);
        assert_int_equal(verdict.gate, GATE_UNKNOWN);
        input.observed = false;
        state_judge(&input, &policy, &verdict);
        assert_int_equal(verdict.gate, GATE_UNKNOWN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_told_apart), cmocka_unit_test(test_foreign_text_is_cut_at_a_character),
        cmocka_unit_test(test_absurd_times),         cmocka_unit_test(test_running_is_told_whatever_the_state),
        cmocka_unit_test(test_age_at_its_limits),    cmocka_unit_test(test_no_failure_opens_a_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
