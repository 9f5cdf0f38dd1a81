/* SPDX-License-Identifier: Apache-2.0
 *
 * The text that Prometheus reads: every sample is announced, named and numbered as its format wants it.
 */
#include "http_fixture.h"

#include "daemon/metrics.h"

/* "name{labels} value", with its family announced by a # TYPE line before. */
static void check_sample(const char *text, const char *line, size_t length)
{
    char sample[512] = "";
    char announced[600] = "";
    char *end = NULL;
    assert_true(length < sizeof sample);
    memcpy(sample, line, length);
    char *value = strrchr(sample, ' ');
    assert_non_null(value);
    strtod(value + 1, &end);
    if (end == value + 1 || *end)
        fail_msg("no number: %s", sample);
    snprintf(announced, sizeof announced, "# TYPE %.*s ", (int)strcspn(sample, "{ "), sample);
    const char *type = strstr(text, announced);
    if (strncmp(sample, "migrationd_", 11) != 0 || !type || type > line)
        fail_msg("not announced: %s", sample);
}

static void test_format(void **state)
{
    (void)state;
    struct http_fixture fixture = {0};
    cleanup(strbuf) struct strbuf out = STRBUF(1024 * 1024);
    fixture_start(&fixture, MADE_OPEN, 10);
    cleanup(view_set) struct view_set *set = publication_acquire(fixture.publication);
    metric_add(METRIC_journal_look_duration, 1234);
    metrics_render(set, monotonic_ms(), http_unix_ms(), &out);
    http_routes_render_metrics(&out);
    assert_true(strbuf_ok(&out));
    const char *text = strbuf_text(&out);
    assert_non_null(strstr(text, "migrationd_journal_look_duration_seconds_total 1.234\n"));
    assert_non_null(strstr(text, "migrationd_database_state{database=\"orders\",engine=\"\",state=\"observed\"} 1\n"));
    unsigned series = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        if (*line != '#')
            check_sample(text, line, strcspn(line, "\n"));
        series += *line != '#' && strstr(line, "database=\"orders\"") == strchr(line, '{') + 1;
    }
    assert_in_range(series, 5, 15);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_format)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
