/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports by golden cases: tests/golden/report/<case>/report.json is what the function of that name below renders.
 */
#include "report_sample.h"

#include "base/alloc.h"
#include "support/golden.h"
#include "json/json_reader.h"

enum { REPORT_BYTES = 1024 * 1024, MANY = LIST_SHOWN + 3 };

static void add_gate(struct json_writer *writer, struct sample *sample)
{
    sample_judge(sample);
    struct gate_member member = {.database = sample->report.name,
                                 .verdict = &sample->judged[sample->report.worst].verdict};
    struct gate_verdict verdict = {0};
    gate_judge(&(struct gate_requires){.members = &member, .count = 1}, &(struct gate_policy){0}, &verdict);
    report_gate(writer, &(struct gate_report){
                            .gate = "orders-api", .verdict = &verdict, .databases = &sample->report, .count = 1});
}

static void gate_pending(struct json_writer *writer, struct sample *sample)
{
    add_gate(writer, sample);
}

static void gate_open(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    add_gate(writer, sample);
}

static void gate_running(struct json_writer *writer, struct sample *sample)
{
    sample->readings[0].lock = (struct lock_report){
        .held = true, .holder = "pid 4711, flyway at 10.0.0.7", .since_ms = SAMPLE_NOW_MS - 109000};
    add_gate(writer, sample);
}

static void gate_running_by_ddl(struct json_writer *writer, struct sample *sample)
{
    sample->readings[0].locked = true;
    add_gate(writer, sample);
}

static void gate_lock_suspected(struct json_writer *writer, struct sample *sample)
{
    sample->readings[0].lock =
        (struct lock_report){.held = true, .sessionless = true, .since_ms = SAMPLE_NOW_MS - 4000000};
    add_gate(writer, sample);
}

static void gate_never_observed(struct json_writer *writer, struct sample *sample)
{
    sample_take_journal(sample);
    sample->inputs[0].observed = false;
    sample->report.snapshot = NULL;
    sample->report.age_ms = -1;
    add_gate(writer, sample);
}

/* Without a journal there is no comparison, and the question is said all the same. */
static void gate_unversioned(struct json_writer *writer, struct sample *sample)
{
    sample_take_journal(sample);
    sample->judged[0].source = SOURCE_REQUEST;
    sample->judged[0].expected_revision = "ae1027a6acf";
    sample->judged[0].match = MATCH_AT_LEAST;
    sample->report.last_error = "could not connect: refused";
    add_gate(writer, sample);
}

static void gate_failed_and_dirty(struct json_writer *writer, struct sample *sample)
{
    static const struct finding failed = {
        .revision = "41", .file = "V41__x.sql", .detail = "duplicate column", .applied_at_ms = SAMPLE_NOW_MS - 60000};
    static const struct finding dirty = {.revision = "42", .applied_at_ms = TIME_UNKNOWN};
    sample->comparisons[0].failed = sample_list(&failed, 1);
    sample->comparisons[0].dirty = sample_list(&dirty, 1);
    add_gate(writer, sample);
}

static void gate_long_lists(struct json_writer *writer, struct sample *sample)
{
    static struct finding many[MANY];
    static char names[MANY][8];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "r%zu", i);
        many[i] = (struct finding){.revision = names[i], .applied_at_ms = TIME_UNKNOWN};
    }
    sample->comparisons[0].pending = sample_list(many, MANY);
    sample->comparisons[0].unverified = sample_list(many, LIST_SHOWN);
    sample->comparisons[0].expected_count = MANY;
    add_gate(writer, sample);
}

static void gate_hostile_names(struct json_writer *writer, struct sample *sample)
{
    /* quote, backslash, newline, a byte that is no UTF-8, U+202E */
    static const unsigned char name[] = {'a', '"', 'b', '\\', '\n', 0xFF, 0xE2, 0x80, 0xAE, 0};
    struct finding hostile = {.revision = (const char *)name, .applied_at_ms = TIME_UNKNOWN};
    sample->comparisons[0].pending = sample_list(&hostile, 1);
    sample->comparisons[0].expected_count = 1;
    add_gate(writer, sample);
}

/* The first is current, the second behind, the third's lock is orphaned: the worst comes first. */
static void make_tenants(struct sample *sample)
{
    sample->report.journal_count = SAMPLE_JOURNALS;
    sample_apply(sample, 0);
    sample->readings[2].lock =
        (struct lock_report){.held = true, .orphaned = true, .holder = "ci-7", .since_ms = SAMPLE_NOW_MS - 60000};
}

static void gate_several_journals(struct json_writer *writer, struct sample *sample)
{
    make_tenants(sample);
    add_gate(writer, sample);
}

/* More than an answer shows: the worst of them, and how all of them stand. */
static void gate_many_journals(struct json_writer *writer, struct sample *sample)
{
    enum { TENANTS = LIST_SHOWN + 50 };
    static struct judged_journal tenants[TENANTS];
    static struct journal_reading readings[TENANTS];
    static char names[TENANTS][16];
    make_tenants(sample);
    sample_judge(sample);
    for (size_t i = 0; i < TENANTS; i++) {
        size_t like = i == 7 ? 2 : i == 42 ? 1 : 0;
        tenants[i] = sample->judged[like];
        readings[i] = sample->readings[like];
        snprintf(names[i], sizeof names[i], "tenant_%zu", i);
        readings[i].address.schema = names[i];
        tenants[i].reading = &readings[i];
    }
    sample->report.journals = tenants;
    sample->report.journal_count = TENANTS;
    sample->report.worst = 7;
    const struct gate_member member = {.database = "orders", .verdict = &tenants[7].verdict};
    struct gate_verdict verdict = {0};
    gate_judge(&(struct gate_requires){.members = &member, .count = 1},
               &(struct gate_policy){.accept = 1u << STATE_CURRENT}, &verdict);
    report_gate(writer,
                &(struct gate_report){.gate = "orders", .verdict = &verdict, .databases = &sample->report, .count = 1});
}

/* An app that only the database knows, a journal that is not there, and what the files show. */
static void database_several_journals(struct json_writer *writer, struct sample *sample)
{
    static const struct migration_remark remarks[] = {
        {REMARK_ELSEWHERE, "core holds 2 migrations, 1 to 3"},
        {REMARK_DUPLICATE, "3 stands in core/V3__a.sql and in plugin/V3__b.sql"}};
    static const struct journal_address place = {.tool = "flyway", .schema = "reports", .table = "history"};
    make_tenants(sample);
    sample->readings[2].address =
        (struct journal_address){.tool = "django", .schema = "public", .table = "django_migrations", .part = "auth"};
    sample->readings[2].lock = (struct lock_report){.since_ms = TIME_UNKNOWN};
    sample->judged[1] = (struct judged_journal){.absent = &place};
    sample->report.bystander_count = 1;
    sample->report.remarks = remarks;
    sample->report.remark_count = 2;
    sample_judge(sample);
    report_database(writer, &sample->report);
}

static void database_full(struct json_writer *writer, struct sample *sample)
{
    static const struct finding mismatched = {.revision = "0003",
                                              .file = "0003_add.py",
                                              .detail = "recorded 1a2b, file 3c4d",
                                              .applied_at_ms = SAMPLE_NOW_MS - 86400000};
    sample->policy.checksums_enforced = false;
    sample->comparisons[0].mismatched = sample_list(&mismatched, 1);
    sample_judge(sample);
    report_database(writer, &sample->report);
}

static void database_never_observed(struct json_writer *writer, struct sample *sample)
{
    sample_take_journal(sample);
    sample->inputs[0].observed = false;
    sample->inputs[0].last_error = ERROR_AUTH_FAILED;
    sample->inputs[0].last_error_message = "password authentication failed for user \"observer\"";
    sample->report.snapshot = NULL;
    sample->report.age_ms = -1;
    sample->report.last_error = sample->inputs[0].last_error_message;
    sample_judge(sample);
    report_database(writer, &sample->report);
}

static void database_without_schema(struct json_writer *writer, struct sample *sample)
{
    sample->snapshot.schema = NULL;
    sample->snapshot.schema_taken_at_ms = TIME_UNKNOWN;
    snprintf(sample->snapshot.server.grant_needed, sizeof sample->snapshot.server.grant_needed,
             "GRANT SELECT ON orders.* TO observer");
    sample_judge(sample);
    report_database(writer, &sample->report);
}

static void database_lines(struct json_writer *writer, struct sample *sample)
{
    static const struct finding heads[] = {{.revision = "a1"}, {.revision = "b2"}};
    json_open_array(writer);
    sample_judge(sample);
    report_database_line(writer, &sample->report);
    sample->comparisons[0].heads = sample_list(heads, 2);
    report_database_line(writer, &sample->report);
    sample_take_journal(sample);
    sample->inputs[0].observed = false;
    sample->report.age_ms = -1;
    sample_judge(sample);
    report_database_line(writer, &sample->report);
    json_close_array(writer);
}

static void add_health(struct json_writer *writer, const struct sample *sample)
{
    report_health(writer,
                  &(struct health_report){.description = "database orders", .databases = &sample->report, .count = 1});
}

static void health_pass(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    sample_judge(sample);
    add_health(writer, sample);
}

/* Nothing is wrong but the place where what happened is kept. */
static void health_history(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    sample_judge(sample);
    report_health(writer, &(struct health_report){.description = "all",
                                                  .databases = &sample->report,
                                                  .count = 1,
                                                  .history_fault = "history.db: disk full",
                                                  .now_ms = 1763632800000});
}

static void health_pending(struct json_writer *writer, struct sample *sample)
{
    sample_judge(sample);
    add_health(writer, sample);
}

/* One look failed, and what was seen before it still counts. */
static void health_look_failed(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    sample->report.reachable = false;
    sample->report.last_error = "could not connect: refused";
    sample->report.last_error_code = ERROR_UNREACHABLE;
    sample->inputs[0].last_error = ERROR_UNREACHABLE;
    sample->inputs[0].last_error_message = sample->report.last_error;
    sample_judge(sample);
    add_health(writer, sample);
}

static void health_stale(struct json_writer *writer, struct sample *sample)
{
    sample->inputs[0].age_ms = 300000;
    sample->report.age_ms = 300000;
    health_look_failed(writer, sample);
}

static void health_orphaned_lock(struct json_writer *writer, struct sample *sample)
{
    sample_apply(sample, 0);
    sample->readings[0].lock = (struct lock_report){.orphaned = true, .holder = "ci-7", .since_ms = TIME_UNKNOWN};
    sample_judge(sample);
    add_health(writer, sample);
}

/* Two databases of one gate: the sum is as bad as the worse, and says which that is. */
static void health_several(struct json_writer *writer, struct sample *sample)
{
    make_tenants(sample);
    sample_judge(sample);
    struct database_report reports[] = {sample->report, sample->report};
    reports[1].name = "billing";
    report_health(writer, &(struct health_report){.description = "gate orders-api", .databases = reports, .count = 2});
}

static void problem_plain(struct json_writer *writer, struct sample *sample)
{
    (void)sample;
    report_problem(writer, 404, "Not Found", "no database is named \"order\"", NULL, NULL);
}

static void problem_parameter(struct json_writer *writer, struct sample *sample)
{
    (void)sample;
    report_problem(writer, 400, "Bad Request", "wait is no duration", "parameter", "wait");
}

static const struct {
    const char *name;
    void (*render)(struct json_writer *writer, struct sample *sample);
} renderers[] = {
#define RENDERER(name)                                                                                                 \
    {                                                                                                                  \
#name, name                                                                                                    \
    }
    RENDERER(gate_pending),
    RENDERER(gate_open),
    RENDERER(gate_running),
    RENDERER(gate_running_by_ddl),
    RENDERER(gate_lock_suspected),
    RENDERER(gate_never_observed),
    RENDERER(gate_unversioned),
    RENDERER(gate_failed_and_dirty),
    RENDERER(gate_long_lists),
    RENDERER(gate_hostile_names),
    RENDERER(gate_several_journals),
    RENDERER(gate_many_journals),
    RENDERER(database_several_journals),
    RENDERER(database_full),
    RENDERER(database_never_observed),
    RENDERER(database_without_schema),
    RENDERER(database_lines),
    RENDERER(health_pass),
    RENDERER(health_history),
    RENDERER(health_pending),
    RENDERER(health_look_failed),
    RENDERER(health_stale),
    RENDERER(health_orphaned_lock),
    RENDERER(health_several),
    RENDERER(problem_plain),
    RENDERER(problem_parameter),
#undef RENDERER
};

enum { RENDERERS = sizeof renderers / sizeof renderers[0] };

static bool render(size_t renderer, struct strbuf *out, unsigned indent)
{
    static struct sample sample;
    sample_init(&sample);
    struct json_writer writer;
    json_writer_init(&writer, out, indent);
    renderers[renderer].render(&writer, &sample);
    return json_writer_ok(&writer);
}

/* Expected files must survive the next release. */
static void hide_version(struct strbuf *out)
{
    char *version = strstr(out->bytes, "\"" MIGRATIOND_VERSION "\"");
    if (version)
        memmove(version + 1, version + 1 + strlen(MIGRATIOND_VERSION), strlen(version + strlen(MIGRATIOND_VERSION)));
}

static void render_case(struct golden_case *golden, void *userdata)
{
    bool *seen = userdata;
    size_t i = 0;
    while (i < RENDERERS && strcmp(renderers[i].name, golden_name(golden)) != 0)
        i++;
    if (i == RENDERERS)
        fail_msg("no renderer is named %s", golden_name(golden));
    cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
    assert_true(render(i, &out, 2));
    hide_version(&out);
    golden_expect(golden, "report.json", strbuf_text(&out));
    seen[i] = true;
}

static void test_golden_reports(void **state)
{
    (void)state;
    bool seen[RENDERERS] = {false};
    golden_run("report", render_case, seen);
    for (size_t i = 0; i < RENDERERS; i++) {
        if (!seen[i])
            fail_msg("no golden case for %s", renderers[i].name);
    }
}

static void test_compact_reports_are_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < RENDERERS; i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
        assert_true(render(i, &out, 0));
        cleanup(json_document) struct json_document *document = NULL;
        struct error error = {0};
        if (json_parse(strbuf_text(&out), out.length, out.length, renderers[i].name, &document, &error) < 0)
            fail_msg("%s", error.message);
    }
}

/* A buffer that ends anywhere is told, and never taken for a whole report. */
static void test_every_maximum_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < RENDERERS; i++) {
        cleanup(strbuf) struct strbuf whole = STRBUF(REPORT_BYTES);
        assert_true(render(i, &whole, 0));
        for (size_t maximum = 0; maximum < whole.length; maximum += 7) {
            cleanup(strbuf) struct strbuf out = STRBUF(maximum);
            assert_false(render(i, &out, 0));
        }
        cleanup(strbuf) struct strbuf exact = STRBUF(whole.length);
        assert_true(render(i, &exact, 0));
    }
}

static void test_refused_memory_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < RENDERERS; i++) {
        for (size_t successes = 0;; successes++) {
            cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
            mem_fault_after(successes);
            bool whole = render(i, &out, 0);
            bool refused = mem_fault_off();
            assert_int_equal(whole, !refused);
            if (!refused)
                break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_reports),
        cmocka_unit_test(test_compact_reports_are_json),
        cmocka_unit_test(test_every_maximum_is_told),
        cmocka_unit_test(test_refused_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
