/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <string.h>

#include "drift/drift.h"

static void test_presets(void **state)
{
    (void)state;
    struct drift_policy policy;
    drift_policy_init(&policy);
    for (enum drift_policy_key key = 0; key < DRIFT_POLICIES; key++) {
        const struct drift_policy_row *row = drift_policy_row(key);
        assert_int_equal(policy.values[key], 0);
        assert_non_null(row->values[0]);
        assert_non_null(row->values[1]);
        assert_null(row->values[2]);
        assert_string_not_equal(row->values[0], row->values[1]);
        assert_true(strlen(row->doc) > 0);
    }
}

static void test_set(void **state)
{
    (void)state;
    struct drift_policy policy;
    struct error error = {0};
    drift_policy_init(&policy);
    assert_int_equal(drift_policy_set(&policy, "json_as_jsonb", "equal", &error), 0);
    assert_int_equal(policy.values[POLICY_JSON_AS_JSONB], 1);
    assert_int_equal(drift_policy_set(&policy, "json_as_jsonb", "report", &error), 0);
    assert_int_equal(policy.values[POLICY_JSON_AS_JSONB], 0);

    assert_int_equal(drift_policy_set(&policy, "json_as_jsonb", "yes", &error), -1);
    assert_string_equal(error.message, "json_as_jsonb is report or equal, not \"yes\"");
    assert_int_equal(drift_policy_set(&policy, "colum_order", "report", &error), -1);
    assert_string_equal(error.message, "there is no drift policy \"colum_order\" (did you mean column_order?)");
    assert_int_equal(drift_policy_set(&policy, "xyz", "report", &error), -1);
    assert_string_equal(error.message, "there is no drift policy \"xyz\"");
}

static void test_entries(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(65536);
    struct drift_ignore entry = {0};
    struct error error = {0};
    assert_int_equal(drift_ignore_parse("table:tmp_*", arena, &entry, &error), 0);
    assert_string_equal(entry.match, "table:tmp_*");
    assert_string_equal(entry.pattern, "tmp_*");
    assert_int_equal(entry.kinds, 1u << DRIFT_TABLE);
    assert_null(entry.attribute);
    assert_int_equal(entry.until_ms, 0);

    assert_int_equal(drift_ignore_parse("*:public.t.a#type", arena, &entry, &error), 0);
    assert_string_equal(entry.pattern, "public.t.a");
    assert_string_equal(entry.attribute, "type");
    assert_int_equal(entry.kinds, (1u << DRIFT_KINDS) - 1);

    assert_int_equal(drift_ignore_parse("column:t.\"a#b\"#name", arena, &entry, &error), 0);
    assert_string_equal(entry.pattern, "t.\"a#b\"");
    assert_string_equal(entry.attribute, "name");
}

static void test_bad_entries(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"tmp_*", "\"tmp_*\" is not kind:pattern, such as table:tmp_*"},
        {"tabel:x", "\"tabel\" is no kind of object (did you mean table?)"},
        {"table:", "\"table:\" has no pattern behind the colon"},
        {"table:#type", "\"table:#type\" has no pattern behind the colon"},
        {"table:x#", "\"table:x#\" has no attribute behind the #"},
        {":x", "\"\" is no kind of object"},
    };
    cleanup(arena) struct arena *arena = arena_new(65536);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct drift_ignore entry = {0};
        struct error error = {0};
        assert_int_equal(drift_ignore_parse(cases[i][0], arena, &entry, &error), -1);
        assert_int_equal(error.code, ERROR_INVALID);
        assert_string_equal(error.message, cases[i][1]);
    }
}

static void test_until(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "2027-1-1", "2027-02-29",  "2027-13-01", "2027-00-10",
                                      "2027-01-32", "20270101", "2027-01-31x", "+027-01-31", "1969-12-31"};
    struct error error = {0};
    int64_t until = 0;
    assert_int_equal(drift_until_parse("1970-01-01", &until, &error), 0);
    assert_int_equal(until, 86400000);
    assert_int_equal(drift_until_parse("2028-02-29", &until, &error), 0);
    assert_int_equal(until, INT64_C(1835481600000));
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        if (drift_until_parse(bad[i], &until, &error) == 0)
            fail_msg("\"%s\" was taken for a date", bad[i]);
}

static void test_no_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct drift_ignore entry = {0};
        struct error error = {0};
        cleanup(arena) struct arena *arena = arena_new(65536);
        OOM_CHECK(loop, arena && drift_ignore_parse("table:x#engine", arena, &entry, &error) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets),     cmocka_unit_test(test_set),   cmocka_unit_test(test_entries),
        cmocka_unit_test(test_bad_entries), cmocka_unit_test(test_until), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
