/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports about drift by golden cases: tests/golden/report_drift/<case>/ holds reference.json and live.json (baselines;
 * without the first the reference is ahead), and report.json, report.txt and report.md as they are rendered. And
 * comparisons of many, which show the same items in groups.
 */
#include "report/report_drift.h"

#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "model/journal.h"
#include "model/schema_json.h"
#include "support/golden.h"
#include "support/oom.h"

enum { NOW_MS = 1700000000 };

static const int64_t now_ms = (int64_t)NOW_MS * 1000;

static struct schema *read_schema(struct golden_case *golden, const char *file)
{
    size_t length = 0;
    struct error error = {.code = ERROR_OK};
    struct schema *schema = NULL;
    const char *text = golden_read(golden, file, &length);
    if (schema_json_parse(text, length, file, dialects, &schema, NULL, &error) < 0)
        fail_msg("%s", error.message);
    return schema;
}

/* Fingerprints change with the rules of canonical forms, which other tests keep: 32 digits become F…F here. */
static const char *masked(struct strbuf *text)
{
    size_t digits = 0;
    assert_true(strbuf_ok(text));
    for (char *byte = text->bytes; *byte; byte++) {
        digits = strchr("0123456789abcdef", *byte) ? digits + 1 : 0;
        if (digits == DIGEST_HEX_SIZE - 1)
            memset(byte + 1 - digits, 'F', digits);
    }
    return strbuf_text(text);
}

/* One case: its schemas, its report, and the context in which reports are rendered. */
struct fixture {
    struct schema *reference;
    struct schema *live;
    struct drift_policy policy;
    struct drift_ignore ignores[2];
    struct arena *arena;
    struct drift_report *report;
    struct drift_context context;
};

static void load(struct fixture *fixture, struct golden_case *golden)
{
    struct error error = {.code = ERROR_OK};
    *fixture = (struct fixture){.arena = arena_new(65536)};
    assert_non_null(fixture->arena);
    drift_policy_init(&fixture->policy);
    assert_int_equal(drift_ignore_parse("table:tmp_*", fixture->arena, &fixture->ignores[0], &error), 0);
    assert_int_equal(drift_ignore_parse("view:never", fixture->arena, &fixture->ignores[1], &error), 0);
    fixture->ignores[0].reason = "import";
    fixture->policy.ignores = fixture->ignores;
    fixture->policy.ignore_count = 2;
    fixture->live = read_schema(golden, "live.json");
    fixture->context = (struct drift_context){
        .database = "orders",
        .reference_kind = "baseline",
        .reference_ref = "orders.json",
        .verdict = DRIFT_UNKNOWN,
        .code = "REFERENCE_AHEAD",
        .reason = "the baseline is at revision b2, the database at a1",
        .live_taken_at_ms = now_ms,
        .frozen_since_ms = TIME_UNKNOWN,
    };
    if (!golden_has(golden, "reference.json"))
        return;
    fixture->reference = read_schema(golden, "reference.json");
    if (drift_compare(fixture->reference, fixture->live, &fixture->policy, now_ms, &fixture->report, &error) < 0)
        fail_msg("%s", error.message);
    fixture->context.report = fixture->report;
    fixture->context.verdict = drift_verdict(fixture->report);
    fixture->context.code = NULL;
    fixture->context.reason = NULL;
}

static void unload(struct fixture *fixture)
{
    drift_report_free(fixture->report);
    schema_unref(fixture->reference);
    schema_unref(fixture->live);
    arena_free(fixture->arena);
}

static void render_json(const struct drift_context *context, struct strbuf *out)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, out, 1);
    report_drift_json(&writer, context);
    out->failed |= !json_writer_ok(&writer);
}

static void check_case(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    struct fixture fixture;
    load(&fixture, golden);
    cleanup(strbuf) struct strbuf json = STRBUF(LIMIT_RESPONSE_BYTES);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_RESPONSE_BYTES);
    cleanup(strbuf) struct strbuf markdown = STRBUF(LIMIT_RESPONSE_BYTES);
    render_json(&fixture.context, &json);
    report_drift_text(&text, &fixture.context, false);
    report_drift_markdown(&markdown, &fixture.context);
    assert_true(strbuf_ok(&json) && strbuf_ok(&text) && strbuf_ok(&markdown));
    golden_expect(golden, "report.json", masked(&json));
    golden_expect(golden, "report.txt", masked(&text));
    golden_expect(golden, "report.md", masked(&markdown));
    unload(&fixture);
}

static void test_golden_reports(void **state)
{
    (void)state;
    golden_run("report_drift", check_case, NULL);
}

static void check_memory(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    struct fixture fixture;
    load(&fixture, golden);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
        render_json(&fixture.context, &out);
        OOM_CHECK(loop, strbuf_ok(&out));
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
        report_drift_text(&out, &fixture.context, true);
        OOM_CHECK(loop, strbuf_ok(&out));
    }
    unload(&fixture);
}

static void test_lack_of_memory_is_told(void **state)
{
    (void)state;
    golden_run("report_drift", check_memory, NULL);
}

/* Nothing that a terminal obeys, whatever names are, unless colours are wanted: then only our own. */
static void check_plain(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    struct fixture fixture;
    load(&fixture, golden);
    cleanup(strbuf) struct strbuf plain = STRBUF(LIMIT_RESPONSE_BYTES);
    report_drift_text(&plain, &fixture.context, false);
    for (const char *byte = strbuf_text(&plain); *byte; byte++)
        assert_true(*byte == '\n' || (unsigned char)*byte >= 0x20);
    unload(&fixture);
}

static void test_text_is_plain(void **state)
{
    (void)state;
    golden_run("report_drift", check_plain, NULL);
}

static void check_many(struct golden_case *golden, void *userdata)
{
    bool *compared = userdata;
    struct fixture fixture;
    struct error error = {.code = ERROR_OK};
    load(&fixture, golden);
    if (strcmp(golden_name(golden), "drifted") == 0) {
        struct comparison_member members[] = {
            {.name = "dev", .schema = fixture.reference},
            {.name = "test", .schema = fixture.live},
            {.name = "staging", .schema = fixture.reference},
            {.name = "gone", .problem = "the server cannot be reached"},
        };
        cleanup(comparison_of_many) struct comparison_of_many *comparison = NULL;
        cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
        assert_int_equal(compare_many(members, ARRAY_LENGTH(members), &fixture.policy, now_ms, &comparison, &error), 0);
        report_many_text(&out, members, comparison, false);
        assert_true(strbuf_ok(&out));
        golden_expect(golden, "many.txt", masked(&out));
        strbuf_clear(&out);
        report_many_markdown(&out, members, comparison);
        golden_expect(golden, "many.md", masked(&out));
        struct json_writer writer = {0};
        strbuf_clear(&out);
        json_writer_init(&writer, &out, 1);
        report_many_json(&writer, members, comparison);
        assert_true(json_writer_ok(&writer));
        golden_expect(golden, "many.json", masked(&out));
        *compared = true;
    }
    unload(&fixture);
}

static void test_many(void **state)
{
    (void)state;
    bool compared = false;
    golden_run("report_drift", check_many, &compared);
    assert_true(compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_reports),
        cmocka_unit_test(test_lack_of_memory_is_told),
        cmocka_unit_test(test_text_is_plain),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
