/* SPDX-License-Identifier: Apache-2.0
 *
 * The kind sql against a SQLite file: one value, or no rows; what is shown of both, and what of neither.
 */
#include "unit/check/check_fixture.h"

static struct check sql_check(const char *sql, const char *expect, struct arena *arena)
{
    struct check check = {.name = "asked", .kind = &check_kind_sql, .sql = sql};
    struct error error = {0};
    if (expect_parse(expect, arena, &check.expect, &error) < 0)
        fail_msg("%s", error.message);
    return check;
}

static void assert_asked(const struct seen *seen, const char *sql, const char *expect, enum check_state state,
                         const char *value, const char *reason)
{
    cleanup(arena) struct arena *arena = arena_new(4096);
    const struct check check = sql_check(sql, expect, arena);
    cleanup(check_result) struct check_result *result = run_check(seen, &check);
    assert_result(result, state, value, reason);
    assert_int_equal(result->error != ERROR_OK, state == CHECK_UNKNOWN);
    assert_int_equal(*result->next != '\0', state != CHECK_PASSED);
}

static void test_values(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1), (2), (NULL)");
    struct seen seen = see(fixture);
    assert_asked(&seen, "SELECT count(*) FROM t", "3", CHECK_PASSED, "3", "the query answers 3, as expected");
    assert_asked(&seen, "SELECT count(*) FROM t", "0", CHECK_FAILED, "3", "the query answers 3; expected: = 0");
    assert_asked(&seen, "SELECT count(*) FROM t;", "< 3", CHECK_FAILED, "3", "the query answers 3; expected: < 3");
    assert_asked(&seen, "SELECT x FROM t WHERE x IS NULL", "null", CHECK_PASSED, "null",
                 "the query answers null, as expected");
    assert_asked(&seen, "SELECT NULL", "0", CHECK_FAILED, "null", "the query answers null; expected: = 0");
    assert_asked(&seen, "SELECT 'a' || char(10) || 'b'", "matches ^a", CHECK_PASSED, "a\\x0ab",
                 "the query answers a\\x0ab, as expected");
    assert_asked(&seen, "SELECT x'00ff'", "0x00ff", CHECK_PASSED, "0x00ff", "the query answers 0x00ff, as expected");
    assert_asked(&seen, "SELECT 'many'", "> 3", CHECK_UNKNOWN, NULL, "'many' is no number and in no order with 3");
    engine_close(seen.connection);
}

static void test_shape(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1), (2), (3)");
    struct seen seen = see(fixture);
    assert_asked(&seen, "SELECT x, x FROM t", "0", CHECK_UNKNOWN, NULL, "the query answers 2 columns, not one");
    assert_asked(&seen, "SELECT x FROM t WHERE x > 3", "0", CHECK_UNKNOWN, NULL, "the query answers no row, not one");
    assert_asked(&seen, "SELECT x FROM t WHERE x > 1", "0", CHECK_UNKNOWN, NULL, "the query answers 2 rows, not one");
    assert_asked(&seen, "SELECT x FROM t", "0", CHECK_UNKNOWN, NULL, "the query answers more than 2 rows, not one");
    engine_close(seen.connection);
}

static void test_long_value(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x)");
    struct seen seen = see(fixture);
    cleanup(arena) struct arena *arena = arena_new(65536);
    struct check check = sql_check("SELECT printf('%.4096c', 'a')", "matches ^a*$", arena);
    cleanup(check_result) struct check_result *whole = run_check(&seen, &check);
    assert_int_equal(whole->state, CHECK_PASSED);
    assert_int_equal(strlen(whole->value), CHECK_VALUE_BYTES);
    assert_non_null(strstr(whole->value, "a… (cut)"));
    check = sql_check("SELECT printf('%.4097c', 'a')", "matches ^a*$", arena);
    cleanup(check_result) struct check_result *cut = run_check(&seen, &check);
    assert_int_equal(cut->state, CHECK_UNKNOWN);
    assert_int_equal(cut->error, ERROR_INVALID);
    assert_string_equal(cut->reason, "the value is longer than 4096 bytes, which are not compared");
    check = sql_check("SELECT printf('%.5000c', 'a')", "not null", arena);
    cleanup(check_result) struct check_result *any = run_check(&seen, &check);
    assert_int_equal(any->state, CHECK_PASSED);
    engine_close(seen.connection);
}

static void test_no_rows(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(note TEXT, b INTEGER, a INTEGER, PRIMARY KEY (a, b));"
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12)"
                        "INSERT INTO t SELECT 'secret', i * 10, i FROM n; INSERT INTO t VALUES (NULL, 0, 99)");
    struct seen seen = see(fixture);
    cleanup(arena) struct arena *arena = arena_new(4096);
    assert_asked(&seen, "SELECT * FROM t WHERE a > 99", "no rows", CHECK_PASSED, "no rows",
                 "the query answers no rows, as expected");
    struct check check = sql_check("SELECT * FROM t ORDER BY a", "no rows", arena);
    cleanup(check_result) struct check_result *many = run_check(&seen, &check);
    assert_result(many, CHECK_FAILED, "more than 10 rows", "the query answers more than 10 rows; expected: no rows");
    assert_int_equal(many->row_count, 10);
    assert_true(many->more_rows);
    assert_int_equal(many->column_count, 2);
    assert_string_equal(many->columns[0], "b");
    assert_string_equal(many->columns[1], "a");
    assert_string_equal(many->cells[0], "10");
    assert_string_equal(many->cells[19], "10");
    check.sql = "SELECT upper(note) AS shout, a + 0 AS c FROM t WHERE a IN (1, 99) ORDER BY a DESC";
    cleanup(check_result) struct check_result *first = run_check(&seen, &check);
    assert_result(first, CHECK_FAILED, "2 rows", "the query answers 2 rows; expected: no rows");
    assert_int_equal(first->column_count, 1);
    assert_string_equal(first->columns[0], "shout");
    assert_null(first->cells[0]);
    assert_string_equal(first->cells[1], "SECRET");
    assert_false(first->more_rows);
    engine_close(seen.connection);
}

static void test_keys(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c); INSERT INTO t VALUES (1, 'x', 'y')");
    struct seen seen = see(fixture);
    cleanup(arena) struct arena *arena = arena_new(4096);
    const char *keys[] = {"c", "b"};
    struct check check = sql_check("SELECT * FROM t", "no rows", arena);
    check.keys = keys;
    check.key_count = 2;
    cleanup(check_result) struct check_result *chosen = run_check(&seen, &check);
    assert_result(chosen, CHECK_FAILED, "1 row", "the query answers 1 row; expected: no rows");
    assert_int_equal(chosen->column_count, 2);
    assert_string_equal(chosen->columns[0], "c");
    assert_string_equal(chosen->cells[0], "y");
    assert_string_equal(chosen->cells[1], "x");
    keys[1] = "d";
    for (int rows = 0; rows < 2; rows++) {
        check.sql = rows ? "SELECT * FROM t" : "SELECT * FROM t WHERE a > 1";
        cleanup(check_result) struct check_result *unknown = run_check(&seen, &check);
        assert_result(unknown, CHECK_UNKNOWN, NULL, "the query answers no column 'd' of `keys`, but a, b, c");
        assert_int_equal(unknown->error, ERROR_INVALID);
        assert_int_equal(unknown->row_count, 0);
    }
    engine_close(seen.connection);
}

static void test_refused(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    struct seen seen = see(fixture);
    static const char *const texts[] = {"UPDATE t SET x = 2", "SELECT nothing FROM t", "SELECT 1; SELECT 2", "",
                                        "DELETE FROM t RETURNING x"};
    cleanup(arena) struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        const struct check check = sql_check(texts[i], i % 2 ? "no rows" : "0", arena);
        cleanup(check_result) struct check_result *result = run_check(&seen, &check);
        assert_int_equal(result->state, CHECK_UNKNOWN);
        assert_int_equal(result->error, ERROR_INVALID);
        assert_true(*result->reason != '\0' && !result->lost);
    }
    assert_asked(&seen, "SELECT x FROM t", "1", CHECK_PASSED, "1", "the query answers 1, as expected");
    engine_close(seen.connection);
}

static void test_deadline(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x)");
    struct seen seen = see(fixture);
    cleanup(arena) struct arena *arena = arena_new(4096);
    const struct check check =
        sql_check("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n", "0", arena);
    struct check_world world = world_of(&seen);
    world.deadline = deadline_in(50);
    struct check_memory *memory = NULL;
    cleanup(check_result) struct check_result *result = NULL;
    struct error error = {0};
    assert_int_equal(check_run(&check, &world, &memory, &result, &error), 0);
    assert_int_equal(result->state, CHECK_UNKNOWN);
    assert_int_equal(result->error, ERROR_TIMEOUT);
    assert_true(result->lost);
    assert_string_equal(result->next, "give the check a longer timeout, or let it ask for less");
    engine_close(seen.connection);
}

/* Whatever the answer is, nothing of it is in a sensitive check's result. */
static void test_sensitive(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(a INTEGER PRIMARY KEY, hush); INSERT INTO t VALUES (4711, 'hush')");
    struct seen seen = see(fixture);
    static const struct {
        const char *sql;
        const char *expect;
        enum check_state state;
        bool value;
        const char *reason;
    } cases[] = {
        {"SELECT hush FROM t", "hush", CHECK_PASSED, true, "what was found is as expected (withheld: sensitive)"},
        {"SELECT hush FROM t", "0", CHECK_FAILED, true, "what was found is not as expected (withheld: sensitive)"},
        {"SELECT * FROM t", "no rows", CHECK_FAILED, true, "what was found is not as expected (withheld: sensitive)"},
        {"SELECT hush FROM t", "> 1", CHECK_UNKNOWN, false, "it could not be told: invalid (withheld: sensitive)"},
        {"SELECT hush FROM hushes", "0", CHECK_UNKNOWN, false, "it could not be told: not_found (withheld: sensitive)"},
    };
    cleanup(arena) struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct check check = sql_check(cases[i].sql, cases[i].expect, arena);
        check.sensitive = true;
        cleanup(check_result) struct check_result *result = run_check(&seen, &check);
        assert_result(result, cases[i].state, cases[i].value ? "(withheld: sensitive)" : NULL, cases[i].reason);
        assert_int_equal(result->row_count + result->column_count + result->item_total + result->coverage.tables, 0);
        assert_null(strstr(result->next, "hush"));
    }
    engine_close(seen.connection);
}

static void test_unasked(void **state)
{
    (void)state;
    const struct error error = {.code = ERROR_UNREACHABLE, .message = "db1: no route to host"};
    struct check check = {.name = "asked", .kind = &check_kind_sql};
    cleanup(check_result) struct check_result *told = check_unasked(&check, &error);
    assert_result(told, CHECK_UNKNOWN, NULL, "db1: no route to host");
    assert_int_equal(told->error, ERROR_UNREACHABLE);
    check.sensitive = true;
    cleanup(check_result) struct check_result *withheld = check_unasked(&check, &error);
    assert_result(withheld, CHECK_UNKNOWN, NULL, "it could not be told: unreachable (withheld: sensitive)");
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct check_result *result = check_unasked(&check, &error);
        OOM_CHECK(loop, result != NULL);
        check_result_unref(result);
    }
}

/* SQLite's own allocations are not ours; what is ours fails one by one. */
static void test_memory(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'x'), (2, 'y')");
    struct seen seen = see(fixture);
    cleanup(arena) struct arena *arena = arena_new(4096);
    static const struct {
        const char *sql;
        const char *expect;
    } cases[] = {{"SELECT b FROM t WHERE a = 1", "in (a, x)"}, {"SELECT * FROM t", "no rows"}, {"SELECT", "0"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct check check = sql_check(cases[i].sql, cases[i].expect, arena);
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            const struct check_world world = world_of(&seen);
            struct check_memory *memory = NULL;
            struct check_result *result = NULL;
            struct error error = {0};
            int status = check_run(&check, &world, &memory, &result, &error);
            OOM_CHECK(loop, status == 0);
            assert_true(status == 0 || (!result && error.code == ERROR_NO_MEMORY));
            check_result_unref(result);
        }
    }
    engine_close(seen.connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_shape, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_long_value, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_no_rows, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_keys, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_deadline, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_sensitive, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_memory, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_unasked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
