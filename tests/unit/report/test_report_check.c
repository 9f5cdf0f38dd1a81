/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports of checks by golden cases: tests/golden/report_check/<case>/ holds what the function of that name below
 * renders: report.json, or report.txt and report.md where it is one for people.
 */
#include "report_sample.h"

#include "report/report_format.h"
#include "support/golden.h"
#include "support/oom.h"
#include "json/json_reader.h"

enum { REPORT_BYTES = 1024 * 1024, CHECKS = 7, HOUR_MS = 3600000, MINUTE_MS = 60000 };

static const char *const columns[] = {"id", "tenant|x", "c3", "c4", "c5", "c6", "c7", "c8", "c9"};
static const unsigned char reversing[] = {0xE2, 0x80, 0xAE, 0}; /* U+202E */
static const char *const cells[] = {
    "17", NULL, (const char *)reversing, "", "e", "f", "g", "h", "i", "18", "b", "c", "d", "e", "f", "g", "h", "i"};
static const char *const items[] = {"public.countries", "public.currencies"};

static struct check_result orphans = {.state = CHECK_FAILED,
                                      .value = "12 rows",
                                      .reason = "12 rows where there were to be none",
                                      .next = "mend the rows",
                                      .columns = columns,
                                      .column_count = 9,
                                      .cells = cells,
                                      .row_count = 2,
                                      .more_rows = true,
                                      .backup = {.size = -1}};
static struct check_result count = {
    .state = CHECK_PASSED, .value = "0", .reason = "0 is = 0", .next = "", .backup = {.size = -1}};
static struct check_result coverage = {.state = CHECK_FAILED,
                                       .value = "36 of 120 tables",
                                       .reason = "2 of 3 tables hold no rows",
                                       .next = "fill them",
                                       .items = items,
                                       .item_count = 2,
                                       .item_total = 12,
                                       .coverage = {.tables = 120, .holding = 36, .unread = 2},
                                       .backup = {.size = -1}};
static struct check_result backup = {.state = CHECK_PASSED,
                                     .value = "26h old, 3.1 MiB",
                                     .reason = "the newest backup is complete",
                                     .next = "",
                                     .backup = {.file = "/backups/orders-2026-11-19.sql.gz",
                                                .finished_at_ms = SAMPLE_NOW_MS - 26 * (int64_t)HOUR_MS,
                                                .size = 3250585,
                                                .complete = true}};
static struct check_result catalogue = {
    .state = CHECK_FAILED,
    .value = "3d old",
    .reason = "the newest backup is older than 24h",
    .next = "make a backup",
    .backup = {.finished_at_ms = SAMPLE_NOW_MS - 72 * (int64_t)HOUR_MS, .size = -1}};
static struct check_result secret = {.state = CHECK_UNKNOWN,
                                     .error = ERROR_FORBIDDEN,
                                     .value = NULL,
                                     .reason = "(withheld: sensitive)",
                                     .next = "grant the configured role SELECT",
                                     .backup = {.size = -1}};

static struct judged_check make(const char *name, const char *address, const char *kind, const char *expected,
                                enum check_severity severity, const struct check_result *result)
{
    struct judged_check check = {
        .database = "orders",
        .name = name,
        .address = address,
        .kind = kind,
        .expected = expected,
        .severity = severity,
        .result = result,
        .since_ms = result ? SAMPLE_NOW_MS - (int64_t)HOUR_MS : TIME_UNKNOWN,
        .checked_at_ms = result ? SAMPLE_NOW_MS - (int64_t)MINUTE_MS : TIME_UNKNOWN,
        .age_ms = result ? MINUTE_MS : -1,
        .took_ms = result ? 12 : -1,
        .every_ms = 5 * MINUTE_MS,
    };
    const struct check_input input = {.result = result,
                                      .age_ms = MINUTE_MS,
                                      .every_ms = check.every_ms,
                                      .timeout_ms = 5000,
                                      .severity = severity,
                                      .asks = true};
    check_judge(&input, &check.verdict);
    return check;
}

static struct judged_check checks[CHECKS];

static void make_checks(void)
{
    checks[0] = make("no_orphans", "orders:check:no_orphans", "sql", "no rows", CHECK_FAILS, &orphans);
    checks[1] = make("no_debts", "orders:check:no_debts", "sql", "= 0", CHECK_FAILS, &count);
    checks[2] = make("not_empty", "orders:check:not_empty", "not_empty", "countries, currencies, units hold rows",
                     CHECK_WARNS, &coverage);
    checks[3] = make("salaries", "orders:check:salaries", "sql", "< 10", CHECK_FAILS, &secret);
    checks[3].last = CHECK_PASSED;
    checks[3].last_age_ms = HOUR_MS;
    checks[4] = make("extensions", "orders:check:extensions", "extensions", "pg_trgm >=1.6", CHECK_WARNS, NULL);
    checks[5] = make("dumps", "orders:check:dumps", "backup", "at most 24h old", CHECK_WARNS, &catalogue);
    checks[6] = make("backup", "orders:backup", "backup", "at most 48h old", CHECK_WARNS, &backup);
}

static void all_checks(struct json_writer *writer, struct sample *sample)
{
    (void)sample;
    report_checks(writer, "orders", checks, CHECKS, SAMPLE_NOW_MS);
}

static void no_checks(struct json_writer *writer, struct sample *sample)
{
    (void)sample;
    report_checks(writer, "cache", NULL, 0, SAMPLE_NOW_MS);
}

/* A gate over the sample's database, unless it is left out, and one check. */
static void add_gate(struct json_writer *writer, struct sample *sample, bool alone, const struct judged_check *check)
{
    sample_judge(sample);
    struct gate_member member = {.database = "orders", .verdict = &sample->judged[sample->report.worst].verdict};
    const struct gate_check required = {.address = check->address, .database = "orders", .verdict = &check->verdict};
    const struct gate_requires requires = {.members = &member, .count = !alone, .checks = &required, .check_count = 1};
    struct gate_verdict verdict = {0};
    gate_judge(&requires, &(struct gate_policy){0}, &verdict);
    const struct gate_report report = {.gate = "orders-api",
                                       .verdict = &verdict,
                                       .databases = &sample->report,
                                       .count = !alone,
                                       .checks = check,
                                       .check_count = 1,
                                       .now_ms = SAMPLE_NOW_MS};
    report_gate(writer, &report);
    const struct verdict *member_verdict = &sample->judged[sample->report.worst].verdict;
    assert_string_equal(report_gate_reason(&report), verdict.check ? check->verdict.reason : member_verdict->reason);
}

static void gate_failed_check(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    add_gate(writer, sample, false, &checks[0]);
}

static void gate_unknown_check(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    add_gate(writer, sample, false, &checks[3]);
}

static void gate_open_with_check(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    add_gate(writer, sample, false, &checks[1]);
}

/* Of a migration job: the database is behind, which is why it is to run. */
static void gate_of_backup(struct json_writer *writer, struct sample *sample)
{
    add_gate(writer, sample, true, &checks[6]);
}

static void database_with_checks(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    sample_judge(sample);
    sample->report.checks = checks;
    sample->report.check_count = CHECKS;
    report_database(writer, &sample->report);
}

/* Its migrations are well, a check of severity `fail` is not. */
static void health_of_database(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    sample_judge(sample);
    sample->report.checks = checks;
    sample->report.check_count = CHECKS;
    report_health(writer, &(struct health_report){.description = "orders", .databases = &sample->report, .count = 1});
}

/* Of a gate: the check that it requires warns, and no other one is there. */
static void health_of_gate(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    sample_judge(sample);
    report_health(writer, &(struct health_report){.description = "orders-api",
                                                  .databases = &sample->report,
                                                  .count = 1,
                                                  .checks = &checks[5],
                                                  .check_count = 2});
}

static void health_of_checks_alone(struct json_writer *writer, struct sample *sample)
{
    (void)sample;
    report_health(writer, &(struct health_report){.description = "job", .checks = checks, .check_count = 4});
}

static void event_of_check(struct json_writer *writer, struct sample *sample)
{
    (void)sample;
    json_open_array(writer);
    report_event_check(writer, &checks[0], SAMPLE_NOW_MS, "passed", "CHECK_PASSED");
    report_event_check(writer, &checks[4], SAMPLE_NOW_MS, NULL, NULL);
    json_close_array(writer);
}

static const struct {
    const char *name;
    void (*render)(struct json_writer *writer, struct sample *sample);
    size_t shown; /* of `checks`, to people as well; SIZE_MAX: it is no report for people */
} cases[] = {
    {"all_checks", all_checks, CHECKS},
    {"no_checks", no_checks, 0},
    {"gate_failed_check", gate_failed_check, SIZE_MAX},
    {"gate_unknown_check", gate_unknown_check, SIZE_MAX},
    {"gate_open_with_check", gate_open_with_check, SIZE_MAX},
    {"gate_of_backup", gate_of_backup, SIZE_MAX},
    {"database_with_checks", database_with_checks, SIZE_MAX},
    {"health_of_database", health_of_database, SIZE_MAX},
    {"health_of_gate", health_of_gate, SIZE_MAX},
    {"health_of_checks_alone", health_of_checks_alone, SIZE_MAX},
    {"event_of_check", event_of_check, SIZE_MAX},
};

static bool render(size_t at, struct strbuf *out, unsigned indent)
{
    static struct sample sample;
    struct json_writer writer = {0};
    sample_init(&sample);
    json_writer_init(&writer, out, indent);
    cases[at].render(&writer, &sample);
    return json_writer_ok(&writer);
}

static bool render_text(size_t count_shown, enum report_format format, struct strbuf *out)
{
    const struct report_subject subject = {
        .database = "orders", .checks = checks, .check_count = count_shown, .now_ms = SAMPLE_NOW_MS};
    assert_true(report_render(REPORT_OF_CHECKS, format, &subject, out));
    return strbuf_ok(out);
}

/* Expected files must survive the next release. `before` is what stands before the version. */
static void hide_version(struct strbuf *out, const char *before)
{
    char text[64] = "";
    snprintf(text, sizeof text, "%s" MIGRATIOND_VERSION, before);
    char *version = strstr(out->bytes, text);
    if (version)
        memmove(version + strlen(before), version + strlen(text), strlen(version + strlen(text)) + 1);
}

static void render_case(struct golden_case *golden, void *userdata)
{
    bool *seen = userdata;
    size_t i = 0;
    while (i < ARRAY_LENGTH(cases) && strcmp(cases[i].name, golden_name(golden)) != 0)
        i++;
    if (i == ARRAY_LENGTH(cases))
        fail_msg("no renderer is named %s", golden_name(golden));
    cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
    assert_true(render(i, &out, 2));
    hide_version(&out, "\"");
    golden_expect(golden, "report.json", strbuf_text(&out));
    seen[i] = true;
    if (cases[i].shown == SIZE_MAX)
        return;
    cleanup(strbuf) struct strbuf text = STRBUF(REPORT_BYTES);
    cleanup(strbuf) struct strbuf markdown = STRBUF(REPORT_BYTES);
    assert_true(render_text(cases[i].shown, REPORT_TEXT, &text));
    assert_true(render_text(cases[i].shown, REPORT_MARKDOWN, &markdown));
    hide_version(&markdown, "migrationd: ");
    golden_expect(golden, "report.txt", strbuf_text(&text));
    golden_expect(golden, "report.md", strbuf_text(&markdown));
}

static void test_golden_reports(void **state)
{
    (void)state;
    bool seen[ARRAY_LENGTH(cases)] = {false};
    make_checks();
    golden_run("report_check", render_case, seen);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (!seen[i])
            fail_msg("no golden case for %s", cases[i].name);
    }
}

/* A gate without checks says no word of them. */
static void test_nothing_of_checks_without_any(void **state)
{
    (void)state;
    static struct sample sample;
    cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
    struct json_writer writer = {0};
    sample_init(&sample);
    sample_judge(&sample);
    const struct gate_member member = {.database = "orders", .verdict = &sample.judged[0].verdict};
    struct gate_verdict verdict = {0};
    gate_judge(&(struct gate_requires){.members = &member, .count = 1}, &(struct gate_policy){0}, &verdict);
    json_writer_init(&writer, &out, 0);
    report_gate(&writer,
                &(struct gate_report){.gate = "g", .verdict = &verdict, .databases = &sample.report, .count = 1});
    assert_null(strstr(strbuf_text(&out), "check"));
}

static void test_colours(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
    make_checks();
    assert_true(render_text(CHECKS, REPORT_COLOUR, &out));
    assert_non_null(strstr(strbuf_text(&out), "\033[1;31mfailed\033[0m"));
    assert_non_null(strstr(strbuf_text(&out), "\033[1;32mpassed\033[0m"));
}

/* Severity `warn` alone never makes the whole fail. */
static void test_state_of_all(void **state)
{
    (void)state;
    static const struct {
        enum check_state states[2];
        enum check_severity severities[2];
        enum check_state whole;
    } rows[] = {
        {{CHECK_PASSED, CHECK_PASSED}, {CHECK_FAILS, CHECK_FAILS}, CHECK_PASSED},
        {{CHECK_PASSED, CHECK_FAILED}, {CHECK_FAILS, CHECK_WARNS}, CHECK_PASSED},
        {{CHECK_UNKNOWN, CHECK_PASSED}, {CHECK_WARNS, CHECK_FAILS}, CHECK_PASSED},
        {{CHECK_UNKNOWN, CHECK_PASSED}, {CHECK_FAILS, CHECK_FAILS}, CHECK_UNKNOWN},
        {{CHECK_UNKNOWN, CHECK_FAILED}, {CHECK_FAILS, CHECK_FAILS}, CHECK_FAILED},
        {{CHECK_FAILED, CHECK_UNKNOWN}, {CHECK_FAILS, CHECK_FAILS}, CHECK_FAILED},
        {{CHECK_FAILED, CHECK_UNKNOWN}, {CHECK_WARNS, CHECK_FAILS}, CHECK_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct judged_check pair[2] = {0};
        for (size_t j = 0; j < 2; j++) {
            pair[j].verdict.state = rows[i].states[j];
            pair[j].severity = rows[i].severities[j];
        }
        assert_int_equal(report_checks_state(pair, 2), rows[i].whole);
    }
    assert_int_equal(report_checks_state(NULL, 0), CHECK_PASSED);
}

/* The backup's file before what was said of it. */
static void test_evidence(void **state)
{
    (void)state;
    make_checks();
    assert_string_equal(report_check_evidence(&checks[6]), "/backups/orders-2026-11-19.sql.gz");
    assert_string_equal(report_check_evidence(&checks[5]), "3d old");
    assert_string_equal(report_check_evidence(&checks[1]), "0");
    assert_null(report_check_evidence(&checks[3]));
    assert_null(report_check_evidence(&checks[4]));
}

static void test_compact_reports_are_json(void **state)
{
    (void)state;
    make_checks();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
        assert_true(render(i, &out, 0));
        cleanup(json_document) struct json_document *document = NULL;
        struct error error = {.code = ERROR_OK};
        if (json_parse(strbuf_text(&out), out.length, out.length, cases[i].name, &document, &error) < 0)
            fail_msg("%s", error.message);
    }
}

static void test_every_maximum_is_told(void **state)
{
    (void)state;
    make_checks();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(strbuf) struct strbuf whole = STRBUF(REPORT_BYTES);
        assert_true(render(i, &whole, 0));
        for (size_t maximum = 0; maximum < whole.length; maximum += 7) {
            cleanup(strbuf) struct strbuf out = STRBUF(maximum);
            assert_false(render(i, &out, 0));
        }
    }
    cleanup(strbuf) struct strbuf whole = STRBUF(REPORT_BYTES);
    assert_true(render_text(CHECKS, REPORT_MARKDOWN, &whole));
    for (size_t maximum = 0; maximum < whole.length; maximum += 7) {
        cleanup(strbuf) struct strbuf out = STRBUF(maximum);
        assert_false(render_text(CHECKS, REPORT_MARKDOWN, &out));
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    make_checks();
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
            OOM_CHECK(loop, render(i, &out, 0));
        }
    }
    for (enum report_format format = REPORT_JSON; format <= REPORT_MARKDOWN; format++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
            OOM_CHECK(loop, render_text(CHECKS, format, &out));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_reports),
        cmocka_unit_test(test_nothing_of_checks_without_any),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_state_of_all),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_compact_reports_are_json),
        cmocka_unit_test(test_every_maximum_is_told),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
