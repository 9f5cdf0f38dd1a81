/* SPDX-License-Identifier: Apache-2.0 */
#include "drift_fixture.h"

/* A key that has no name leaves the name to PostgreSQL; whether PostgreSQL chose it is a hint. */
enum { RANDOM_PAIRS = 400, VARIATION_WITHOUT_NAME = 22, VARIATION_OF_HINT = 30 };

static void print_items(const struct drift_report *report)
{
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        print_message("%s %s %s #%s: %s -> %s\n", drift_change_name(item->change), drift_kind_name(item->kind),
                      item->object, item->attribute, item->expected, item->actual);
    }
}

static void fail_two_ids(const struct drift_item *a, const struct drift_item *b)
{
    fail_msg("%s %s %s #%s and %s %s %s #%s have one id", drift_change_name(a->change), drift_kind_name(a->kind),
             a->object, a->attribute, drift_change_name(b->change), drift_kind_name(b->kind), b->object, b->attribute);
}

/* What holds of every report. */
static void check_report(const struct drift_report *report)
{
    size_t counted = report->counts.suppressed;
    for (enum drift_change change = 0; change < DRIFT_CHANGES; change++)
        counted += report->counts.by_change[change];
    assert_int_equal(counted, report->item_count);
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        assert_int_equal(strlen(item->id), DRIFT_ID_SIZE - 1);
        assert_int_equal(item->attribute != NULL, item->change == DRIFT_CHANGED);
        assert_int_equal(item->place.reference == DRIFT_NOWHERE, item->change == DRIFT_UNEXPECTED);
        assert_int_equal(item->place.live == DRIFT_NOWHERE, item->change == DRIFT_MISSING);
        if (item->change == DRIFT_CHANGED)
            assert_true(!item->expected || !item->actual || strcmp(item->expected, item->actual) != 0);
        if (i > 0 && strcmp(report->items[report->by_id[i - 1]].id, report->items[report->by_id[i]].id) >= 0)
            fail_two_ids(&report->items[report->by_id[i - 1]], &report->items[report->by_id[i]]);
    }
}

/* Swapping the sides swaps missing and unexpected, and nothing else. */
static void check_mirror(const struct drift_report *report, const struct drift_report *mirror)
{
    static const enum drift_change opposites[DRIFT_CHANGES] = {DRIFT_UNEXPECTED, DRIFT_MISSING, DRIFT_CHANGED};
    for (enum drift_change change = 0; change < DRIFT_CHANGES; change++) {
        if (report->counts.by_change[change] == mirror->counts.by_change[opposites[change]])
            continue;
        print_items(report);
        print_message("and the other way round\n");
        print_items(mirror);
        fail_msg("%zu are %s, but %zu the other way round", report->counts.by_change[change], drift_change_name(change),
                 mirror->counts.by_change[opposites[change]]);
    }
}

/* No items exactly where the fingerprints are equal. */
static void check_pair(struct schema *a, struct schema *b)
{
    struct drift_policy policy = strict_policy();
    cleanup(drift_report) struct drift_report *report = compare(a, b, &policy);
    cleanup(drift_report) struct drift_report *mirror = compare(b, a, &policy);
    check_report(report);
    check_report(mirror);
    check_mirror(report, mirror);
    if (digest_equal(a->digest, b->digest) != (report->item_count == 0))
        fail_msg("%zu items, but the fingerprints are %s", report->item_count,
                 report->item_count > 0 ? "equal" : "different");
}

/* Each of them differs from the sample in one attribute of the model, which the fingerprint covers. */
static void test_every_attribute_is_compared(void **state)
{
    (void)state;
    cleanup(schema) struct schema *sample = variation_new(0);
    for (unsigned i = 0; i <= SAMPLE_LAST_VARIATION; i++) {
        if (i == VARIATION_WITHOUT_NAME || i == VARIATION_OF_HINT)
            continue;
        cleanup(schema) struct schema *variation = variation_new(i);
        print_message("variation %u\n", i);
        check_pair(sample, variation);
    }
}

static void test_random_pairs(void **state)
{
    (void)state;
    static const struct dialect *const all[] = {&dialect_postgres, &dialect_mysql, &dialect_sqlite};
    for (uint32_t i = 1; i <= RANDOM_PAIRS; i++) {
        const struct dialect *dialect = all[i % ARRAY_LENGTH(all)];
        cleanup(schema) struct schema *a = random_schema(i, 0, 0, dialect);
        cleanup(schema) struct schema *b = random_schema(i, i + RANDOM_PAIRS, 1 + i % 30, dialect);
        print_message("pair %u\n", i);
        check_pair(a, a);
        check_pair(a, b);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    cleanup(schema) struct schema *a = random_schema(3, 0, 0, &dialect_postgres);
    cleanup(schema) struct schema *b = random_schema(3, 4, 6, &dialect_postgres);
    struct drift_policy policy;
    struct drift_ignore ignore = {.match = "*:x", .kinds = ~0u, .pattern = "x"};
    drift_policy_init(&policy);
    policy.ignores = &ignore;
    policy.ignore_count = 1;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(drift_report) struct drift_report *report = NULL;
        OOM_CHECK(loop, drift_compare(a, b, &policy, 0, &report, &error) == 0);
        assert_int_equal(error.code, report ? ERROR_OK : ERROR_NO_MEMORY);
    }
}

static void test_other_engines(void **state)
{
    (void)state;
    cleanup(schema) struct schema *postgres = random_schema(1, 0, 0, &dialect_postgres);
    cleanup(schema) struct schema *mysql = random_schema(1, 0, 0, &dialect_mysql);
    struct drift_policy policy = strict_policy();
    struct drift_report *report = NULL;
    struct error error = {0};
    assert_int_equal(drift_compare(postgres, mysql, &policy, 0, &report, &error), -1);
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    assert_string_equal(error.message, "a schema of postgres cannot be compared with one of mysql");
    assert_null(report);
}

static void test_confirmation(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    cleanup(schema) struct schema *sample = variation_new(0);
    cleanup(schema) struct schema *other = variation_new(10); /* a default of users.id */
    cleanup(schema) struct schema *third = variation_new(13); /* users.email may be NULL */
    cleanup(drift_report) struct drift_report *first = compare(sample, other, &policy);
    cleanup(drift_report) struct drift_report *second = compare(sample, other, &policy);
    cleanup(drift_report) struct drift_report *later = compare(sample, third, &policy);
    assert_int_equal(drift_verdict(first), DRIFT_DRIFTED);

    drift_confirm(first, NULL, true, 1000);
    assert_int_equal(first->item_count, 1);
    assert_int_equal(first->items[0].state, ITEM_SUSPECTED);
    assert_int_equal(first->items[0].first_seen_ms, 1000);
    assert_int_equal(first->counts.suspected, 1);
    assert_int_equal(drift_verdict(first), DRIFT_UNKNOWN);
    assert_false(drift_reaches(first, SEVERITY_INFO));

    drift_confirm(second, first, false, 2000);
    assert_int_equal(second->items[0].state, ITEM_SUSPECTED);
    assert_int_equal(second->items[0].first_seen_ms, 1000);
    drift_confirm(second, first, true, 2000);
    assert_int_equal(second->items[0].state, ITEM_CONFIRMED);
    assert_int_equal(second->items[0].first_seen_ms, 1000);
    assert_int_equal(second->items[0].last_seen_ms, 2000);
    assert_int_equal(drift_verdict(second), DRIFT_DRIFTED);
    assert_true(drift_reaches(second, SEVERITY_MAJOR));
    assert_false(drift_reaches(second, SEVERITY_CRITICAL));

    drift_confirm(later, second, true, 3000);
    assert_int_equal(later->items[0].state, ITEM_SUSPECTED);
    assert_int_equal(later->items[0].first_seen_ms, 3000);
}

/* A kind that the role does not see in full makes doubt, and nothing missing. */
static void test_partial_coverage(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    cleanup(schema) struct schema *sample = variation_new(0);
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    schema_builder_server(builder, "postgres", "15.18");
    schema_builder_dialect(builder, &dialect_postgres);
    for (enum schema_kind kind = 0; kind < SCHEMA_KINDS; kind++)
        schema_builder_coverage(builder, kind, COVERAGE_NONE, "GRANT SELECT ON ALL TABLES");
    cleanup(schema) struct schema *blind = sample_seal(builder);
    cleanup(drift_report) struct drift_report *report = compare(sample, blind, &policy);
    cleanup(drift_report) struct drift_report *mirror = compare(blind, sample, &policy);
    assert_int_equal(report->item_count, 0);
    assert_int_equal(mirror->item_count, 0);
    assert_true(report->doubtful);
    assert_int_equal(report->uncovered_count, SCHEMA_KINDS);
    assert_string_equal(report->uncovered[0].reason, "GRANT SELECT ON ALL TABLES");
    assert_int_equal(drift_verdict(report), DRIFT_UNKNOWN);
}

/* What a source cannot declare is out of scope, and no doubt. */
static void test_undeclarable(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    cleanup(schema) struct schema *live = variation_new(69); /* users.id has another collation */
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    schema_builder_dialect(builder, &dialect_postgres);
    sample_build(builder, 0);
    schema_builder_server(builder, "postgres", "15.18");
    schema_builder_coverage(builder, SCHEMA_VIEWS, COVERAGE_NOT_APPLICABLE, NULL);
    schema_builder_undeclared(builder, ATTRIBUTE_COLLATION);
    cleanup(schema) struct schema *reference = sample_seal(builder);
    cleanup(drift_report) struct drift_report *report = compare(reference, live, &policy);
    assert_int_equal(report->item_count, 0);
    assert_false(report->doubtful);
    assert_int_equal(report->uncovered_count, 1);
    assert_true(report->uncovered[0].out_of_scope);
    assert_int_equal(drift_verdict(report), DRIFT_NONE);
}

static void test_truncated(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    cleanup(schema) struct schema *sample = variation_new(0);
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    schema_builder_server(builder, "postgres", "15.18");
    schema_builder_dialect(builder, &dialect_postgres);
    schema_builder_truncated(builder);
    cleanup(schema) struct schema *truncated = sample_seal(builder);
    cleanup(drift_report) struct drift_report *report = compare(sample, truncated, &policy);
    assert_int_equal(report->item_count, 0);
    assert_true(report->doubtful);
}

static void test_names(void **state)
{
    (void)state;
    for (enum drift_kind kind = 0; kind < DRIFT_KINDS; kind++)
        assert_int_equal(drift_kind_from_name(drift_kind_name(kind)), kind);
    assert_int_equal(drift_kind_from_name("thing"), DRIFT_KINDS);
    assert_int_equal(drift_severity_from_name("critical"), SEVERITY_CRITICAL);
    assert_int_equal(drift_severity_from_name("bad"), SEVERITIES);
    assert_string_equal(drift_verdict_name(DRIFT_DRIFTED), "drifted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_attribute_is_compared),
        cmocka_unit_test(test_random_pairs),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_other_engines),
        cmocka_unit_test(test_confirmation),
        cmocka_unit_test(test_partial_coverage),
        cmocka_unit_test(test_undeclarable),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
