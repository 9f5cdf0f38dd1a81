/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of the migration state by golden cases: tests/golden/state/<nn>_<case>/input.json gives the situation,
 * verdict.json the verdict. A case named <nn>_<rule's name>… is won by rule nn; one named <nn>_not_… is as near to it
 * as can be and is won by another one. Together they reach every rule, nearly every rule, and every code.
 */
#include "gate/state_rules.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/golden.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

enum { FINDINGS = 8, RULE_NUMBERS = 100 };

/* Everything that an input.json can say. */
struct fixture {
    struct json_document *document;
    struct state_policy policy;
    struct state_input input;
    struct journal journal;
    struct lock_report lock;
    struct comparison comparison;
    struct finding findings[9][FINDINGS];
    size_t list_count;
};

enum kind {
    KIND_BOOL,
    KIND_INTEGER,
    KIND_SIZE,
    KIND_TEXT,
    KIND_HOLDER,
    KIND_ERROR,
    KIND_SOURCE,
    KIND_MATCH,
    KIND_LIST
};

struct field {
    const char *key;
    enum kind kind;
    size_t offset; /* in struct fixture */
};

#define AT(member) offsetof(struct fixture, member)

static const struct field policy_fields[] = {
    {"max_staleness_ms", KIND_INTEGER, AT(policy.max_staleness_ms)},
    {"dirty_grace_ms", KIND_INTEGER, AT(policy.dirty_grace_ms)},
    {"lock_orphan_after_ms", KIND_INTEGER, AT(policy.lock_orphan_after_ms)},
    {"checksums_enforced", KIND_BOOL, AT(policy.checksums_enforced)},
    {"journal_none", KIND_BOOL, AT(policy.journal_none)},
    {0},
};

static const struct field look_fields[] = {
    {"observed", KIND_BOOL, AT(input.observed)},
    {"age_ms", KIND_INTEGER, AT(input.age_ms)},
    {"error", KIND_ERROR, AT(input.last_error)},
    {"message", KIND_TEXT, AT(input.last_error_message)},
    {0},
};

static const struct field seen_fields[] = {
    {"has_tables", KIND_BOOL, AT(input.has_tables)},
    {"absence_proven", KIND_BOOL, AT(input.absence_proven)},
    {"grant_needed", KIND_TEXT, AT(input.grant_needed)},
    {"journal_wanted", KIND_TEXT, AT(input.journal_wanted)},
    {"journal_place", KIND_TEXT, AT(input.journal_place)},
    {"schema_truncated", KIND_BOOL, AT(input.schema_truncated)},
    {0},
};

static const struct field journal_fields[] = {
    {"tool", KIND_TEXT, AT(journal.address.tool)},
    {"schema", KIND_TEXT, AT(journal.address.schema)},
    {"table", KIND_TEXT, AT(journal.address.table)},
    {"invalid", KIND_TEXT, AT(journal.invalid)},
    {"truncated", KIND_BOOL, AT(journal.truncated)},
    {"row_count", KIND_SIZE, AT(journal.row_count)},
    {0},
};

static const struct field reading_fields[] = {
    {"locked", KIND_BOOL, AT(input.locked)},
    {"error", KIND_ERROR, AT(input.journal_error)},
    {"message", KIND_TEXT, AT(input.journal_error_message)},
    {"runner_visible", KIND_BOOL, AT(input.runner_visible)},
    {"runner_elsewhere", KIND_BOOL, AT(input.runner_elsewhere)},
    {0},
};

static const struct field lock_fields[] = {
    {"held", KIND_BOOL, AT(lock.held)},
    {"orphaned", KIND_BOOL, AT(lock.orphaned)},
    {"suspected", KIND_BOOL, AT(lock.suspected)},
    {"sessionless", KIND_BOOL, AT(lock.sessionless)},
    {"holder", KIND_HOLDER, AT(lock.holder)},
    {"since_ms", KIND_INTEGER, AT(lock.since_ms)},
    {0},
};

static const struct field expectation_fields[] = {
    {"source", KIND_SOURCE, AT(input.source)},
    {"failed", KIND_BOOL, AT(input.expectation_failed)},
    {"message", KIND_TEXT, AT(input.expectation_message)},
    {0},
};

static const struct field comparison_fields[] = {
    {"tool", KIND_TEXT, AT(comparison.tool)},
    {"revision", KIND_TEXT, AT(comparison.expected_revision)},
    {"match", KIND_MATCH, AT(comparison.match)},
    {"source", KIND_SOURCE, AT(comparison.source)},
    {"expected_count", KIND_SIZE, AT(comparison.expected_count)},
    {"heads", KIND_LIST, AT(comparison.heads)},
    {"applied_count", KIND_SIZE, AT(comparison.applied_count)},
    {"pending", KIND_LIST, AT(comparison.pending)},
    {"out_of_order", KIND_LIST, AT(comparison.out_of_order)},
    {"unknown", KIND_LIST, AT(comparison.unknown)},
    {"later", KIND_LIST, AT(comparison.later)},
    {"failed", KIND_LIST, AT(comparison.failed)},
    {"dirty", KIND_LIST, AT(comparison.dirty)},
    {"mismatched", KIND_LIST, AT(comparison.mismatched)},
    {"unverified", KIND_LIST, AT(comparison.unverified)},
    {"order_unknown", KIND_BOOL, AT(comparison.order_unknown)},
    {"multiple_heads", KIND_BOOL, AT(comparison.multiple_heads)},
    {"unknown_refused", KIND_BOOL, AT(comparison.unknown_refused)},
    {"target_applied", KIND_BOOL, AT(comparison.target_applied)},
    {"remark", KIND_TEXT, AT(comparison.remark)},
    {"ceiling", KIND_TEXT, AT(comparison.ceiling)},
    {"next_revert", KIND_TEXT, AT(comparison.next_revert)},
    {"next_apply", KIND_TEXT, AT(comparison.next_apply)},
    {"next_release", KIND_TEXT, AT(comparison.next_release)},
    {"next_repair", KIND_TEXT, AT(comparison.next_repair)},
    {0},
};

static const struct section {
    const char *key;
    const struct field *fields;
} sections[] = {
    {"policy", policy_fields},
    {"look", look_fields},
    {"seen", seen_fields},
    {"journal", journal_fields},
    {"reading", reading_fields},
    {"lock", lock_fields},
    {"expectation", expectation_fields},
    {"comparison", comparison_fields},
};

static int number_of(const char *name, int count, const char *(*name_of)(int))
{
    for (int i = 0; i < count; i++) {
        if (strcmp(name, name_of(i)) == 0)
            return i;
    }
    fail_msg("no such name: %s", name);
    return 0;
}

static const char *error_name_of(int code)
{
    return error_code_name((enum error_code)code);
}

static const char *source_name_of(int source)
{
    return expectation_source_name((enum expectation_source)source);
}

/* A finding is its revision, or an object that says more. */
static struct finding read_finding(const struct json_value *value)
{
    const struct json_value *revision = json_is_object(value) ? json_member(value, "revision") : value;
    struct finding finding = {.revision = json_text(revision), .applied_at_ms = TIME_UNKNOWN};
    assert_non_null(finding.revision);
    finding.file = json_text(json_member(value, "file"));
    finding.detail = json_text(json_member(value, "detail"));
    json_get_integer(json_member(value, "applied_at_ms"), &finding.applied_at_ms);
    return finding;
}

static struct finding_list read_list(struct fixture *fixture, const struct json_value *value)
{
    assert_true(json_is_array(value));
    assert_in_range(json_length(value), 0, FINDINGS);
    struct finding *items = fixture->findings[fixture->list_count++];
    for (size_t i = 0; i < json_length(value); i++)
        items[i] = read_finding(json_element(value, i));
    return (struct finding_list){.items = items, .count = json_length(value)};
}

static void read_field(struct fixture *fixture, const struct field *field, const struct json_value *value)
{
    void *place = (char *)fixture + field->offset;
    const char *text = json_text(value);
    int64_t integer = 0;
    switch (field->kind) {
    case KIND_BOOL:
        assert_true(json_get_boolean(value, place));
        break;
    case KIND_INTEGER:
        assert_true(json_get_integer(value, place));
        break;
    case KIND_SIZE:
        assert_true(json_get_integer(value, &integer));
        *(size_t *)place = (size_t)integer;
        break;
    case KIND_LIST:
        *(struct finding_list *)place = read_list(fixture, value);
        break;
    default:
        assert_non_null(text);
        if (field->kind == KIND_TEXT)
            *(const char **)place = text;
        else if (field->kind == KIND_HOLDER)
            snprintf(place, sizeof fixture->lock.holder, "%s", text);
        else if (field->kind == KIND_ERROR)
            *(enum error_code *)place = (enum error_code)number_of(text, ERROR_CODES, error_name_of);
        else if (field->kind == KIND_SOURCE)
            *(enum expectation_source *)place =
                (enum expectation_source)number_of(text, EXPECTATION_SOURCES, source_name_of);
        else
            *(enum match *)place = match_from_name(text);
        break;
    }
}

struct reading {
    struct fixture *fixture;
    const struct field *fields;
};

static bool read_member(void *payload, const char *key, const struct json_value *value)
{
    struct reading *reading = payload;
    for (const struct field *field = reading->fields; field->key; field++) {
        if (strcmp(field->key, key) != 0)
            continue;
        read_field(reading->fixture, field, value);
        return true;
    }
    fail_msg("input.json: unknown key %s", key);
    return false;
}

static bool read_section(void *payload, const char *key, const struct json_value *value)
{
    struct fixture *fixture = payload;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (strcmp(sections[i].key, key) != 0)
            continue;
        struct reading reading = {.fixture = fixture, .fields = sections[i].fields};
        json_each_member(value, read_member, &reading);
        return true;
    }
    fail_msg("input.json: unknown section %s", key);
    return false;
}

static void load(struct fixture *fixture, struct golden_case *golden)
{
    *fixture = (struct fixture){
        .policy = {.max_staleness_ms = 120000,
                   .dirty_grace_ms = 600000,
                   .lock_orphan_after_ms = 3600000,
                   .checksums_enforced = true},
        .input = {.observed = true,
                  .age_ms = 800,
                  .has_tables = true,
                  .absence_proven = true,
                  .now_ms = INT64_C(1795168800000)}, /* 2026-11-20T10:00:00Z */
        .lock = {.since_ms = TIME_UNKNOWN},
    };
    size_t length = 0;
    const char *text = golden_read(golden, "input.json", &length);
    struct error error = {0};
    if (json_parse(text, length, length, golden_path(golden, "input.json"), &fixture->document, &error) < 0)
        fail_msg("%s", error.message);
    const struct json_value *root = json_root(fixture->document);
    json_each_member(root, read_section, fixture);
    fixture->input.journal = json_member(root, "journal") ? &fixture->journal : NULL;
    fixture->input.comparison = json_member(root, "comparison") ? &fixture->comparison : NULL;
    fixture->input.lock = json_member(root, "lock") ? &fixture->lock : NULL;
}

static void write_verdict(const struct verdict *verdict, struct strbuf *out)
{
    struct json_writer writer;
    json_writer_init(&writer, out, 2);
    json_open_object(&writer);
    json_key_string(&writer, "state", migration_state_name(verdict->state));
    json_key_string(&writer, "code", state_code_name(verdict->code));
    json_key_string(&writer, "gate", gate_state_name(verdict->gate));
    json_key_integer(&writer, "rule", verdict->rule);
    json_key_string(&writer, "reason", verdict->reason);
    json_key_string(&writer, "next", verdict->next);
    json_key_string(&writer, "warning", verdict->warning);
    json_key_boolean(&writer, "stale", verdict->stale);
    json_key_boolean(&writer, "lock_orphaned", verdict->lock_orphaned);
    json_key_boolean(&writer, "lock_suspected", verdict->lock_suspected);
    json_key(&writer, "valid_for_ms");
    if (verdict->valid_for_ms == INT64_MAX)
        json_add_null(&writer);
    else
        json_add_integer(&writer, verdict->valid_for_ms);
    json_close_object(&writer);
    assert_true(json_writer_ok(&writer));
}

/* What the cases reached together. */
struct reached {
    bool rules[RULE_NUMBERS];
    bool nearly[RULE_NUMBERS];
    bool codes[STATE_CODES];
};

/* At the moment before `valid_for_ms` is over the verdict is the same, and then it is not. */
static void check_validity(const struct fixture *fixture, const struct verdict *verdict)
{
    if (verdict->valid_for_ms == INT64_MAX)
        return;
    assert_true(verdict->valid_for_ms > 0);
    struct state_input later = fixture->input;
    later.now_ms += verdict->valid_for_ms - 1;
    later.age_ms += verdict->valid_for_ms - 1;
    struct verdict still = {0};
    state_judge(&later, &fixture->policy, &still);
    assert_int_equal(still.rule, verdict->rule);
    assert_int_equal(still.valid_for_ms, 1);
    later.now_ms++;
    later.age_ms++;
    struct verdict then = {0};
    state_judge(&later, &fixture->policy, &then);
    bool changed = then.rule != verdict->rule || then.lock_suspected != verdict->lock_suspected;
    if (!changed)
        fail_msg("rule %u still holds after valid_for_ms", verdict->rule);
}

static void judge_case(struct golden_case *golden, void *userdata)
{
    struct reached *reached = userdata;
    struct fixture fixture;
    load(&fixture, golden);
    struct verdict verdict = {0};
    state_judge(&fixture.input, &fixture.policy, &verdict);
    cleanup(strbuf) struct strbuf text = STRBUF(65536);
    write_verdict(&verdict, &text);
    golden_expect(golden, "verdict.json", strbuf_text(&text));

    unsigned number = (unsigned)strtoul(golden_name(golden), NULL, 10);
    bool nearly = strncmp(golden_name(golden) + 2, "_not_", 5) == 0;
    if ((verdict.rule == number) == nearly)
        fail_msg("%s: rule %u won", golden_name(golden), verdict.rule);
    reached->rules[verdict.rule] = true;
    if (nearly)
        reached->nearly[number] = true;
    reached->codes[verdict.code] = true;
    check_validity(&fixture, &verdict);
    json_document_free(fixture.document);
}

static void test_every_rule_and_code_is_reached(void **state)
{
    (void)state;
    struct reached reached = {0};
    golden_run("state", judge_case, &reached);
    for (size_t i = 0; i < state_rule_count; i++) {
        unsigned number = state_rules[i].number;
        if (!reached.rules[number])
            fail_msg("no golden case reaches rule %u, %s", number, state_rules[i].name);
        if (!reached.nearly[number] && i + 1 < state_rule_count)
            fail_msg("no golden case is near rule %u, %s", number, state_rules[i].name);
    }
    for (unsigned code = 0; code < STATE_CODES; code++) {
        bool of_gates_or_checks = code == CODE_DRIFTED || code == CODE_DRIFT_UNKNOWN || code == CODE_FAIL_OPEN ||
                                  code == CODE_CHECK_PASSED || code == CODE_CHECK_FAILED || code == CODE_CHECK_UNKNOWN;
        if (!reached.codes[code] && !of_gates_or_checks)
            fail_msg("no golden case has code %s", state_code_name((enum state_code)code));
    }
}

static void test_rules_are_numbered_upwards(void **state)
{
    (void)state;
    for (size_t i = 1; i < state_rule_count; i++)
        assert_true(state_rules[i - 1].number < state_rules[i].number);
    assert_true(state_rules[state_rule_count - 1].number < RULE_NUMBERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_are_numbered_upwards),
        cmocka_unit_test(test_every_rule_and_code_is_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
