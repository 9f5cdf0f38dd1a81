/* SPDX-License-Identifier: Apache-2.0
 *
 * Coverage of a SQLite file: how many tables hold rows, which of the named ones do not, and names that are no table's.
 */
#include "unit/check/check_fixture.h"

enum { NAMES = 4 };

static struct check coverage_check(const char *const *names)
{
    struct check check = {.name = "not_empty", .kind = &check_kind_not_empty, .tables = names};
    while (check.table_count < NAMES && names[check.table_count])
        check.table_count++;
    return check;
}

static const char script[] = "CREATE TABLE a(x); CREATE TABLE b(x); CREATE TABLE \"C d\"(x); CREATE TABLE e(x);"
                             "CREATE VIEW v AS SELECT * FROM a; INSERT INTO a VALUES (1); INSERT INTO e VALUES (NULL)";

static void test_names(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, script);
    struct seen seen = see(fixture);
    static const struct {
        const char *names[NAMES];
        enum check_state state;
        const char *reason;
        const char *items[NAMES];
    } cases[] = {
        {{NULL}, CHECK_PASSED, "it could be told of all tables whether they hold rows", {NULL}},
        {{"a"}, CHECK_PASSED, "a holds rows", {NULL}},
        {{"A", "main.e"}, CHECK_PASSED, "all 2 named tables hold rows", {NULL}},
        {{"b"}, CHECK_FAILED, "a table holds no rows: b", {"b"}},
        {{"main.c D", "a", "b"}, CHECK_FAILED, "tables hold no rows: main.c D, b", {"main.c D", "b"}},
        {{"x"}, CHECK_FAILED, "there is no table x", {"x (there is no such table)"}},
        {{"x", "other.a", "a"},
         CHECK_FAILED,
         "there is no table x, and 1 more are not there",
         {"x (there is no such table)", "other.a (there is no such table)"}},
        {{"x", "b", "v"},
         CHECK_FAILED,
         "tables hold no rows: x (there is no such table), b",
         {"x (there is no such table)", "b"}},
        {{"a", "v"},
         CHECK_UNKNOWN,
         "it could not be told whether v holds rows: it is no table, and looking for a row in it may cost anything",
         {NULL}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct check check = coverage_check(cases[i].names);
        cleanup(check_result) struct check_result *result = run_check(&seen, &check);
        assert_result(result, cases[i].state, "2 of 4 tables hold rows", cases[i].reason);
        assert_int_equal(result->coverage.tables, 4);
        assert_int_equal(result->coverage.holding, 2);
        assert_int_equal(result->coverage.unread, 0);
        assert_int_equal(*result->next != '\0', result->state != CHECK_PASSED);
        size_t count = 0;
        for (; count < NAMES && cases[i].items[count]; count++)
            assert_string_equal(result->items[count], cases[i].items[count]);
        assert_int_equal(result->item_count, count);
        assert_int_equal(result->item_total, count);
    }
    engine_close(seen.connection);
}

static void test_described(void **state)
{
    (void)state;
    static const char *const names[][NAMES] = {{NULL}, {"a"}, {"a", "b"}};
    static const char *const expected[] = {"coverage of all tables", "a holds rows", "a, b hold rows"};
    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
        cleanup(strbuf) struct strbuf text = STRBUF(256);
        const struct check check = coverage_check(names[i]);
        check_describe(&check, &text);
        assert_string_equal(strbuf_text(&text), expected[i]);
    }
}

/* More tables than one statement asks for, and more empty ones than a result shows. */
static void test_many(void **state)
{
    const struct fixture *fixture = *state;
    sqlite3 *app = app_open(fixture);
    static char texts[250][8];
    static const char *names[250];
    app_run(app, "BEGIN");
    for (int i = 0; i < 250; i++) {
        char sql[80] = "";
        snprintf(texts[i], sizeof texts[i], "t%03d", i);
        names[i] = texts[i];
        snprintf(sql, sizeof sql, "CREATE TABLE t%03d(x)", i);
        app_run(app, sql);
        snprintf(sql, sizeof sql, "INSERT INTO t%03d VALUES (1)", i);
        if (i % 2 == 1)
            app_run(app, sql);
    }
    app_run(app, "COMMIT");
    assert_int_equal(sqlite3_close(app), SQLITE_OK);
    struct seen seen = see(fixture);
    const struct check check = {.kind = &check_kind_not_empty, .tables = names, .table_count = 250};
    cleanup(check_result) struct check_result *result = run_check(&seen, &check);
    assert_result(result, CHECK_FAILED, "125 of 250 tables hold rows",
                  "tables hold no rows: t000, t002, t004, t006, t008, t010, t012, t014, t016, t018 and 115 more");
    assert_int_equal(result->item_count, CHECK_ITEMS_SHOWN);
    assert_int_equal(result->item_total, 125);
    assert_string_equal(result->items[99], "t198");
    engine_close(seen.connection);
}

/* A virtual table's own tables are not the user's, nor are SQLite's. */
static void test_virtual(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE a(x INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO a VALUES (1);"
                        "CREATE VIRTUAL TABLE r USING rtree(id, low, high)");
    struct seen seen = see(fixture);
    static const char *const names[][NAMES] = {{NULL}, {"r_node"}, {"r"}};
    static const enum check_state states[] = {CHECK_PASSED, CHECK_PASSED, CHECK_UNKNOWN};
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        const struct check check = coverage_check(names[i]);
        cleanup(check_result) struct check_result *result = run_check(&seen, &check);
        assert_string_equal(check_state_name(result->state), check_state_name(states[i]));
        assert_string_equal(result->value, "1 of 1 tables hold rows");
    }
    engine_close(seen.connection);
}

static void test_sensitive(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, script);
    struct seen seen = see(fixture);
    static const char *const names[NAMES] = {"b", "x"};
    struct check check = coverage_check(names);
    check.sensitive = true;
    cleanup(check_result) struct check_result *result = run_check(&seen, &check);
    assert_result(result, CHECK_FAILED, "(withheld: sensitive)",
                  "what was found is not as expected (withheld: sensitive)");
    assert_int_equal(result->item_total + result->coverage.tables, 0);
    engine_close(seen.connection);
}

static void test_time_is_up(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, script);
    struct seen seen = see(fixture);
    static const char *const names[NAMES] = {"a"};
    const struct check check = coverage_check(names);
    struct check_world world = world_of(&seen);
    world.deadline = deadline_in(-1);
    struct check_memory *memory = NULL;
    cleanup(check_result) struct check_result *result = NULL;
    struct error error = {0};
    assert_int_equal(check_run(&check, &world, &memory, &result, &error), 0);
    assert_int_equal(result->state, CHECK_UNKNOWN);
    assert_int_equal(result->error, ERROR_TIMEOUT);
    engine_close(seen.connection);
}

static void test_memory(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, script);
    struct seen seen = see(fixture);
    static const char *const names[][NAMES] = {{"a"}, {"b", "x"}, {"v"}};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const struct check check = coverage_check(names[i]);
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
        cmocka_unit_test_setup_teardown(test_names, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_many, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_virtual, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_sensitive, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_time_is_up, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_memory, fixture_setup, fixture_teardown),
        cmocka_unit_test(test_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
