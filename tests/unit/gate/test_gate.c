/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates over several verdicts by golden cases: tests/golden/gate/<case>/input.json names what is accepted and the
 * members, verdict.json is the gate's. And the health that a verdict means.
 */
#include "gate/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/golden.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

enum { MEMBERS = 8 };

static enum state_code code_of(const char *name)
{
    for (unsigned code = 0; code < STATE_CODES; code++) {
        if (strcmp(state_code_name((enum state_code)code), name) == 0)
            return (enum state_code)code;
    }
    fail_msg("no code is named %s", name);
    return CODE_STALE;
}

static enum gate_state gate_of(const char *name)
{
    for (unsigned gate = 0; gate < GATE_STATES; gate++) {
        if (strcmp(gate_state_name((enum gate_state)gate), name) == 0)
            return (enum gate_state)gate;
    }
    fail_msg("no gate state is named %s", name);
    return GATE_OPEN;
}

static struct verdict read_verdict(const struct json_value *member)
{
    struct verdict verdict = {
        .state = migration_state_from_name(json_text(json_member(member, "state"))),
        .code = code_of(json_text(json_member(member, "code"))),
        .gate = gate_of(json_text(json_member(member, "gate"))),
        .valid_for_ms = INT64_MAX,
    };
    assert_true(verdict.state < MIGRATION_STATES);
    json_get_integer(json_member(member, "valid_for_ms"), &verdict.valid_for_ms);
    return verdict;
}

static void read_drift(const struct json_value *member, struct gate_member *ret_member)
{
    const char *drift = json_text(json_member(member, "drift"));
    const char *worst = json_text(json_member(member, "worst"));
    for (unsigned verdict = DRIFT_NONE; drift && verdict <= DRIFT_UNKNOWN; verdict++) {
        if (strcmp(drift_verdict_name(verdict), drift) == 0)
            ret_member->drift = verdict;
    }
    if (worst)
        ret_member->worst = drift_severity_from_name(worst);
}

static void write_gate(const struct gate_verdict *verdict, struct strbuf *out)
{
    struct json_writer writer;
    json_writer_init(&writer, out, 2);
    json_open_object(&writer);
    json_key_string(&writer, "state", gate_state_name(verdict->state));
    json_key_string(&writer, "code", state_code_name(verdict->code));
    json_key_string(&writer, "database", verdict->database);
    json_key_integer(&writer, "worst", (int64_t)verdict->worst);
    json_key_boolean(&writer, "retryable", verdict->retryable);
    json_key_integer(&writer, "retry_after_seconds", verdict->retry_after_seconds);
    json_key(&writer, "valid_for_ms");
    if (verdict->valid_for_ms == INT64_MAX)
        json_add_null(&writer);
    else
        json_add_integer(&writer, verdict->valid_for_ms);
    json_key_integer(&writer, "http_status", gate_http_status(verdict->state));
    json_close_object(&writer);
    assert_true(json_writer_ok(&writer));
}

static void judge_case(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    size_t length = 0;
    const char *text = golden_read(golden, "input.json", &length);
    struct json_document *document = NULL;
    assert_int_equal(json_parse(text, length, length, golden_name(golden), &document, NULL), 0);
    const struct json_value *accept = json_member(json_root(document), "accept");
    const struct json_value *given = json_member(json_root(document), "members");
    struct gate_policy policy = {0};
    for (size_t i = 0; i < json_length(accept); i++)
        policy.accept |= 1u << migration_state_from_name(json_text(json_element(accept, i)));
    const char *heeded = json_text(json_member(json_root(document), "drift"));
    policy.heeds_drift = heeded != NULL;
    if (heeded)
        policy.drift_from = drift_severity_from_name(heeded);
    size_t count = json_length(given);
    assert_in_range(count, 1, MEMBERS);
    struct verdict verdicts[MEMBERS] = {0};
    struct gate_member members[MEMBERS] = {0};
    for (size_t i = 0; i < count; i++) {
        const struct json_value *member = json_element(given, i);
        verdicts[i] = read_verdict(member);
        members[i] =
            (struct gate_member){.database = json_text(json_member(member, "database")), .verdict = &verdicts[i]};
        read_drift(member, &members[i]);
    }
    struct gate_verdict verdict = {0};
    gate_judge(&(struct gate_requires){.members = members, .count = count}, &policy, &verdict);
    cleanup(strbuf) struct strbuf out = STRBUF(65536);
    write_gate(&verdict, &out);
    golden_expect(golden, "verdict.json", strbuf_text(&out));
    json_document_free(document);
}

static void test_golden_gates(void **state)
{
    (void)state;
    golden_run("gate", judge_case, NULL);
}

static void test_worst_is_blocked_then_unknown_closed_open(void **state)
{
    (void)state;
    static const enum gate_state worst_first[GATE_STATES] = {GATE_BLOCKED, GATE_UNKNOWN, GATE_CLOSED, GATE_OPEN};
    for (size_t i = 0; i < GATE_STATES; i++) {
        for (size_t j = 0; j < GATE_STATES; j++) {
            struct verdict a = {.gate = worst_first[i]};
            struct verdict b = {.gate = worst_first[j]};
            assert_int_equal(verdict_is_worse(&a, &b), i < j);
        }
    }
}

static void test_status_codes(void **state)
{
    (void)state;
    assert_int_equal(gate_http_status(GATE_OPEN), 200);
    assert_int_equal(gate_http_status(GATE_CLOSED), 503);
    assert_int_equal(gate_http_status(GATE_UNKNOWN), 503);
    assert_int_equal(gate_http_status(GATE_BLOCKED), 409);
}

static void test_health_of_every_state(void **state)
{
    (void)state;
    static const struct {
        struct verdict verdict;
        const char *health;
    } cases[] = {
        {{.state = STATE_CURRENT, .code = CODE_CURRENT}, "pass"},
        {{.state = STATE_CURRENT, .code = CODE_CURRENT, .lock_orphaned = true}, "warn"},
        {{.state = STATE_CURRENT, .code = CODE_CURRENT, .lock_suspected = true}, "warn"},
        {{.state = STATE_OBSERVED, .code = CODE_NO_EXPECTATION, .gate = GATE_UNKNOWN}, "pass"},
        {{.state = STATE_AHEAD, .code = CODE_AHEAD, .gate = GATE_BLOCKED}, "warn"},
        {{.state = STATE_UNKNOWN, .code = CODE_STALE}, "warn"},
        {{.state = STATE_UNKNOWN, .code = CODE_UNREACHABLE}, "warn"},
        {{.state = STATE_UNKNOWN, .code = CODE_TIMEOUT}, "warn"},
        {{.state = STATE_UNKNOWN, .code = CODE_NEVER_OBSERVED}, "fail"},
        {{.state = STATE_UNKNOWN, .code = CODE_AUTH_FAILED}, "fail"},
        {{.state = STATE_UNKNOWN, .code = CODE_FORBIDDEN}, "fail"},
        {{.state = STATE_UNKNOWN, .code = CODE_TRUNCATED}, "fail"},
        {{.state = STATE_UNKNOWN, .code = CODE_JOURNAL_INVALID}, "fail"},
        {{.state = STATE_UNKNOWN, .code = CODE_EXPECTATION_INVALID}, "fail"},
        {{.state = STATE_UNKNOWN, .code = CODE_ORDER_UNKNOWN}, "fail"},
        {{.state = STATE_RUNNING, .code = CODE_RUNNING}, "fail"},
        {{.state = STATE_FAILED, .code = CODE_FAILED}, "fail"},
        {{.state = STATE_UNVERSIONED, .code = CODE_UNVERSIONED}, "fail"},
        {{.state = STATE_EMPTY, .code = CODE_EMPTY}, "fail"},
        {{.state = STATE_DIVERGED, .code = CODE_DIVERGED}, "fail"},
        {{.state = STATE_PENDING, .code = CODE_PENDING}, "fail"},
        {{.state = STATE_PENDING, .code = CODE_LOCK_ORPHANED, .lock_orphaned = true}, "fail"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(health_status_name(verdict_health(&cases[i].verdict)), cases[i].health);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_gates),
        cmocka_unit_test(test_worst_is_blocked_then_unknown_closed_open),
        cmocka_unit_test(test_status_codes),
        cmocka_unit_test(test_health_of_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
