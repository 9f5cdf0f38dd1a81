/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/postgres_copy.h"

#include <string.h>

#include "engine/postgres/number_map.h"
#include "engine/postgres/postgres_error.h"
#include "tests/support/oom.h"

static void rows_are_taken_apart(void **state)
{
    (void)state;
    char line[] = "a\\tb\t\\N\t\t\\\\N\tx\\ny\\r\\b\\f\\v\t{1,2}\t7\tt\n";
    struct copy_row row = {0};
    assert_true(postgres_copy_split(line, strlen(line), &row));
    assert_int_equal(row.count, 8);
    assert_string_equal(row.fields[0], "a\tb");
    assert_null(row.fields[1]);
    assert_string_equal(row.fields[2], "");
    assert_string_equal(row.fields[3], "\\N");
    assert_string_equal(row.fields[4], "x\ny\r\b\f\v");
    assert_int_equal(row.lengths[4], 7);
    assert_int_equal(copy_oid(&row, 6), 7);
    assert_int_equal(copy_oid(&row, 1), 0);
    assert_int_equal(copy_number(&row, 1), 0);
    assert_true(copy_true(&row, 7));
    assert_false(copy_true(&row, 1));
    int64_t numbers[4] = {0};
    assert_int_equal(copy_numbers(&row, 5, numbers, 4), 2);
    assert_int_equal(numbers[1], 2);
    assert_int_equal(copy_numbers(&row, 5, numbers, 1), 1);
    assert_int_equal(copy_numbers(&row, 1, numbers, 4), 0);
}

static void vectors_and_extremes_are_read(void **state)
{
    (void)state;
    char line[] = "3 -1 0\t-9223372036854775808\t4294967295\t\\";
    struct copy_row row = {0};
    int64_t numbers[8] = {0};
    assert_true(postgres_copy_split(line, strlen(line), &row));
    assert_int_equal(copy_numbers(&row, 0, numbers, 8), 3);
    assert_int_equal(numbers[1], -1);
    assert_true(copy_number(&row, 1) == INT64_MIN);
    assert_true(copy_oid(&row, 2) == UINT32_MAX);
    assert_string_equal(row.fields[3], "\\");
}

static void too_many_fields_are_refused(void **state)
{
    (void)state;
    char line[COPY_FIELDS + 2] = "";
    struct copy_row row = {0};
    memset(line, '\t', COPY_FIELDS - 1);
    assert_true(postgres_copy_split(line, strlen(line), &row));
    memset(line, '\t', COPY_FIELDS);
    assert_false(postgres_copy_split(line, strlen(line), &row));
}

static void maps_hold_what_was_set(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct number_map map = {0};
    uint32_t value = 0;
    assert_false(number_map_get(&map, 1, &value));
    for (uint64_t i = 1; i <= COUNT; i++)
        assert_true(number_map_set(&map, i << 32 | UINT32_MAX, (uint32_t)i));
    assert_true(number_map_set(&map, UINT64_C(7) << 32 | UINT32_MAX, 70));
    assert_int_equal(map.count, COUNT);
    for (uint64_t i = 1; i <= COUNT; i++) {
        assert_true(number_map_get(&map, i << 32 | UINT32_MAX, &value));
        assert_int_equal(value, i == 7 ? 70 : i);
        assert_false(number_map_has(&map, i));
    }
    assert_false(number_map_has(&map, 0));
    number_map_done(&map);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        bool set = true;
        for (uint64_t i = 1; i < 200 && set; i++)
            set = number_map_set(&map, i, 1);
        OOM_CHECK(loop, set);
        number_map_done(&map);
    }
}

static void states_have_their_codes(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate;
        enum error_code code;
    } cases[] = {
        {"28P01", ERROR_AUTH_FAILED}, {"28000", ERROR_AUTH_FAILED}, {"3D000", ERROR_NOT_FOUND},
        {"42P01", ERROR_NOT_FOUND},   {"42703", ERROR_NOT_FOUND},   {"3F000", ERROR_NOT_FOUND},
        {"42501", ERROR_FORBIDDEN},   {"55P03", ERROR_LOCKED},      {"57014", ERROR_TIMEOUT},
        {"57P01", ERROR_UNREACHABLE}, {"57P03", ERROR_UNREACHABLE}, {"08006", ERROR_UNREACHABLE},
        {"53300", ERROR_UNREACHABLE}, {"40001", ERROR_CHANGED},     {"XX000", ERROR_CHANGED},
        {"22021", ERROR_INVALID},     {"", ERROR_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(postgres_error_code(cases[i].sqlstate), cases[i].code);
}

static void refusals_are_understood_in_any_language(void **state)
{
    (void)state;
    char sqlstate[6] = "";
    const char *text = postgres_find_sqlstate(
        "connection to server at \"10.0.0.7\", port 5432 failed: FATAL:  28P01: no\nLOCATION:  auth_failed, auth.c:338",
        sqlstate);
    assert_string_equal(sqlstate, "28P01");
    assert_int_equal(strncmp(text, "no\n", 3), 0);
    text = postgres_find_sqlstate("failed: SCHWERWIEGEND:  3D000: Datenbank »x« existiert nicht", sqlstate);
    assert_string_equal(sqlstate, "3D000");
    assert_non_null(text);
    assert_null(postgres_find_sqlstate("connection to server on socket \"/x\" failed: Connection refused", sqlstate));
    assert_string_equal(sqlstate, "");
    assert_null(postgres_find_sqlstate("failed: FATAL:  short", sqlstate));
    assert_null(postgres_find_sqlstate("ends with :", sqlstate));
}

static void messages_lose_secrets_and_second_lines(void **state)
{
    (void)state;
    char text[64] = "";
    postgres_clean_message("bad password canary for canary \nDETAIL: canary", "canary", text, sizeof text);
    assert_string_equal(text, "bad password *** for ***");
    postgres_clean_message("as it is", NULL, text, sizeof text);
    assert_string_equal(text, "as it is");
    postgres_clean_message("as it is", "", text, sizeof text);
    assert_string_equal(text, "as it is");
    char small[8] = "";
    postgres_clean_message("0123456789", NULL, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
}

static void arrays_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *items[4];
    } cases[] = {
        {"{}", 0, {NULL}},
        {"", 0, {NULL}},
        {NULL, 0, {NULL}},
        {"{a}", 1, {"a"}},
        {"{a,b c,NULL}", 3, {"a", "b c", "NULL"}},
        {"{\"\",\"a,b\",\"}\",x}", 4, {"", "a,b", "}", "x"}},
        {"{\"say \\\"no\\\"\",\"back\\\\slash\"}", 2, {"say \"no\"", "back\\slash"}},
        {"{\"open", 1, {"open"}},
        {"{\"open\\", 1, {"open\\"}},
        {"{a", 1, {"a"}},
    };
    cleanup(strbuf) struct strbuf item = STRBUF(1000);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *cursor = cases[i].text;
        for (size_t j = 0; j < cases[i].count; j++) {
            assert_true(postgres_array_next(&cursor, &item));
            assert_string_equal(strbuf_text(&item), cases[i].items[j]);
        }
        assert_false(postgres_array_next(&cursor, &item));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_taken_apart),
        cmocka_unit_test(rows_are_taken_apart),
        cmocka_unit_test(vectors_and_extremes_are_read),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(maps_hold_what_was_set),
        cmocka_unit_test(states_have_their_codes),
        cmocka_unit_test(refusals_are_understood_in_any_language),
        cmocka_unit_test(messages_lose_secrets_and_second_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
