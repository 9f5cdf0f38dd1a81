/* SPDX-License-Identifier: Apache-2.0
 *
 * Drift by golden cases: tests/golden/drift/<case>/ has reference.json and live.json (baselines), perhaps a policy.txt,
 * and report.txt. Lines of policy.txt: "policy KEY VALUE", "ignore KIND:PATTERN[#ATTRIBUTE] [UNTIL]", "journal NAME",
 * "no_defaults". Every case is compared both ways: what one direction calls missing, the other calls unexpected.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/dialects.h"
#include "drift/drift.h"
#include "model/schema_json.h"
#include "support/golden.h"

enum { ENTRIES = 16 };

/* 1970-01-11. */
#define NOW_MS INT64_C(864000000)

struct options {
    struct arena *arena;
    struct drift_policy policy;
    struct drift_ignore ignores[ENTRIES];
    const char *journals[ENTRIES];
};

static void read_option(struct options *options, char *line)
{
    struct error error = {0};
    char *rest = NULL;
    const char *word = strtok_r(line, " ", &rest);
    if (strcmp(word, "policy") == 0) {
        const char *key = strtok_r(NULL, " ", &rest);
        if (drift_policy_set(&options->policy, key, strtok_r(NULL, " ", &rest), &error))
            fail_msg("%s", error.message);
    } else if (strcmp(word, "ignore") == 0) {
        struct drift_ignore *entry = &options->ignores[options->policy.ignore_count++];
        if (drift_ignore_parse(strtok_r(NULL, " ", &rest), options->arena, entry, &error))
            fail_msg("%s", error.message);
        const char *until = strtok_r(NULL, " ", &rest);
        if (until && drift_until_parse(until, &entry->until_ms, &error))
            fail_msg("%s", error.message);
    } else if (strcmp(word, "journal") == 0) {
        options->journals[options->policy.journal_count++] = arena_strdup(options->arena, strtok_r(NULL, " ", &rest));
    } else if (strcmp(word, "no_defaults") == 0) {
        options->policy.no_defaults = true;
    } else {
        fail_msg("policy.txt: what is \"%s\"?", word);
    }
}

static void read_options(struct golden_case *golden, struct options *options)
{
    options->arena = arena_new(1024 * 1024);
    assert_non_null(options->arena);
    drift_policy_init(&options->policy);
    options->policy.ignores = options->ignores;
    options->policy.journals = options->journals;
    if (!golden_has(golden, "policy.txt"))
        return;
    char *text = arena_strdup(options->arena, golden_read(golden, "policy.txt", NULL));
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        read_option(options, line);
}

static struct schema *read_schema(struct golden_case *golden, const char *file)
{
    size_t length = 0;
    const char *text = golden_read(golden, file, &length);
    struct schema *schema = NULL;
    struct error error = {0};
    if (schema_json_parse(text, length, file, dialects, &schema, NULL, &error))
        fail_msg("%s: %s", golden_name(golden), error.message);
    return schema;
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static void print_item(struct strbuf *out, const struct drift_item *item)
{
    strbuf_printf(out, "%s %s %s %s", drift_severity_name(item->severity), drift_change_name(item->change),
                  drift_kind_name(item->kind), item->object);
    if (item->attribute)
        strbuf_printf(out, " #%s", item->attribute);
    strbuf_printf(out, ": %s -> %s", or_dash(item->expected), or_dash(item->actual));
    if (item->state == ITEM_SUPPRESSED)
        strbuf_printf(out, " (suppressed by %s)", item->suppressed_by->match);
    strbuf_add_char(out, '\n');
}

static void print_report(struct strbuf *out, const struct drift_report *report)
{
    strbuf_printf(out, "%s, %zu missing, %zu unexpected, %zu changed, %zu suppressed, %zu left out%s\n",
                  drift_verdict_name(drift_verdict(report)), report->counts.by_change[DRIFT_MISSING],
                  report->counts.by_change[DRIFT_UNEXPECTED], report->counts.by_change[DRIFT_CHANGED],
                  report->counts.suppressed, report->left_out, report->policy_applied ? ", policy applied" : "");
    strbuf_add_string(out, "compared:");
    for (enum drift_kind kind = 0; kind < DRIFT_KINDS; kind++)
        if (report->compared[kind] > 0)
            strbuf_printf(out, " %zu %s", report->compared[kind], drift_kind_name(kind));
    strbuf_add_string(out, "\n\n");
    for (size_t i = 0; i < report->item_count; i++)
        print_item(out, &report->items[i]);
    for (size_t i = 0; i < report->hint_count; i++)
        strbuf_printf(out, "hint: %s\n", report->hints[i].text);
    for (size_t i = 0; i < report->uncovered_count; i++)
        strbuf_printf(out, "uncovered: %s %s%s: %s\n", schema_kind_name(report->uncovered[i].kind),
                      coverage_name(report->uncovered[i].coverage),
                      report->uncovered[i].out_of_scope ? ", out of scope" : "", report->uncovered[i].reason);
    for (size_t i = 0; i < report->never_hit_count; i++)
        strbuf_printf(out, "never hit: %s\n", report->never_hit[i]->match);
    for (size_t i = 0; i < report->expired_count; i++)
        strbuf_printf(out, "expired: %s\n", report->expired[i]->match);
}

static struct drift_report *compare(struct schema *reference, struct schema *live, const struct drift_policy *policy)
{
    struct drift_report *report = NULL;
    struct error error = {0};
    if (drift_compare(reference, live, policy, NOW_MS, &report, &error))
        fail_msg("%s", error.message);
    return report;
}

static void check_items(const struct drift_report *report)
{
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        assert_int_equal(strlen(item->id), DRIFT_ID_SIZE - 1);
        assert_int_equal(item->attribute != NULL, item->change == DRIFT_CHANGED);
        assert_false(item->change == DRIFT_MISSING && (!item->expected || item->actual));
        assert_false(item->change == DRIFT_UNEXPECTED && (item->expected || !item->actual));
        if (item->expected && item->actual)
            assert_string_not_equal(item->expected, item->actual);
        if (i > 0)
            assert_true(strcmp(report->items[report->by_id[i]].id, report->items[report->by_id[i - 1]].id) > 0);
    }
}

static size_t count_all(const struct drift_report *report, enum drift_change change)
{
    size_t count = 0;
    for (size_t i = 0; i < report->item_count; i++)
        count += report->items[i].change == change;
    return count;
}

static void check_mirror(const struct drift_report *report, const struct drift_report *mirror)
{
    assert_int_equal(count_all(report, DRIFT_MISSING), count_all(mirror, DRIFT_UNEXPECTED));
    assert_int_equal(count_all(report, DRIFT_UNEXPECTED), count_all(mirror, DRIFT_MISSING));
    assert_int_equal(count_all(report, DRIFT_CHANGED), count_all(mirror, DRIFT_CHANGED));
}

static void run_case(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    struct options options = {0};
    read_options(golden, &options);
    cleanup(schema) struct schema *reference = read_schema(golden, "reference.json");
    cleanup(schema) struct schema *live = read_schema(golden, "live.json");
    cleanup(drift_report) struct drift_report *report = compare(reference, live, &options.policy);
    cleanup(drift_report) struct drift_report *mirror = compare(live, reference, &options.policy);
    cleanup(drift_report) struct drift_report *same = compare(reference, reference, &options.policy);
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_DRIFT_TEXT);
    check_items(report);
    check_mirror(report, mirror);
    assert_int_equal(same->item_count, 0);
    print_report(&out, report);
    golden_expect(golden, "report.txt", strbuf_text(&out));
    arena_free(options.arena);
}

static void test_cases(void **state)
{
    (void)state;
    golden_run("drift", run_case, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
