/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "support/oom.h"
#include "unit/report/report_sample.h"

enum { TEXT_BYTES = 1024 * 1024 };

static struct sample sample;

static const struct journal_entry entries[] = {
    {.revision = "1", .label = "first", .checksum = "abc", .applied_at_ms = SAMPLE_NOW_MS, .state = ENTRY_APPLIED},
    {.revision = "2", .applied_at_ms = TIME_UNKNOWN, .state = ENTRY_FAILED},
    {.revision = "3|\n\033[31m", .applied_at_ms = TIME_UNKNOWN, .state = ENTRY_APPLIED},
};

static void set_up_sample(size_t journals)
{
    sample_init(&sample);
    sample.report.journal_count = journals;
    sample.journals[0].entries = entries;
    sample.journals[0].entry_count = 3;
    sample.readings[0].lock =
        (struct lock_report){.held = true, .holder = "pid 4711, flyway at 10.0.0.7", .since_ms = SAMPLE_NOW_MS};
    sample_judge(&sample);
}

static const char *render(struct strbuf *out, enum report_style style, size_t most)
{
    report_journal_text(out, &sample.report, style, most);
    assert_true(strbuf_ok(out));
    return strbuf_text(out);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not stand in:\n%s", part, text);
}

static void test_one_journal(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf out = STRBUF(TEXT_BYTES);
    set_up_sample(1);
    const char *text = render(&out, STYLE_PLAIN, SIZE_MAX);
    assert_has(text, "orders: running RUNNING\n");
    assert_has(text, "public.alembic_version (alembic): running RUNNING\n");
    assert_has(text, "  expected  ae1027a6acf (at-least, from the request)\n");
    assert_has(text, "held by pid 4711, flyway at 10.0.0.7 since 2026-11-20T10:00:00Z");
    assert_has(text, "1         applied  2026-11-20T10:00:00Z  abc       first");
    assert_has(text, "pending  ae1027a6acf  versions/ae1027a6acf_add.py");
    assert_null(strchr(text, '\033'));
    assert_null(strstr(text, "JOURNALS"));
}

static void test_newest_entries(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf out = STRBUF(TEXT_BYTES);
    set_up_sample(1);
    const char *text = render(&out, STYLE_PLAIN, 1);
    assert_has(text, "2 older entries are not shown.");
    assert_null(strstr(text, "first"));
}

static void test_several_journals(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf out = STRBUF(TEXT_BYTES);
    set_up_sample(SAMPLE_JOURNALS);
    const char *text = render(&out, STYLE_MARKDOWN, SIZE_MAX);
    assert_has(text, "# orders: running RUNNING\n");
    assert_has(text, "| JOURNALS | STATE   | TOOL    | HEADS        | NAMES");
    assert_has(text, "| 2        | pending | alembic | 975ea664c1f1 | tenant\\_2.alembic\\_version");
    assert_has(text, "## tenant\\_3.alembic\\_version (alembic): pending PENDING\n");
}

static void test_remarks(void **state)
{
    (void)state;
    static const struct migration_remark remark = {REMARK_GAP, "0003 is left out"};
    cleanup(strbuf) struct strbuf out = STRBUF(TEXT_BYTES);
    set_up_sample(1);
    sample.report.remarks = &remark;
    sample.report.remark_count = 1;
    assert_has(render(&out, STYLE_PLAIN, SIZE_MAX), "  gap       0003 is left out\n");
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    set_up_sample(SAMPLE_JOURNALS);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_BYTES);
        report_journal_text(&out, &sample.report, STYLE_PLAIN, SIZE_MAX);
        OOM_CHECK(loop, strbuf_ok(&out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_journal),      cmocka_unit_test(test_newest_entries),
        cmocka_unit_test(test_several_journals), cmocka_unit_test(test_remarks),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
