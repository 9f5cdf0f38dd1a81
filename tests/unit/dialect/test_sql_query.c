/* SPDX-License-Identifier: Apache-2.0
 *
 * What is one query, and what is told of everything else.
 */
#include <string.h>

#include "dialect/sql_query.h"
#include "support/oom.h"

/* `refusal`: part of the message; NULL: it is a query, of which `length` bytes are sent (0: all). */
static const struct query_case {
    const char *engine;
    const char *sql;
    const char *refusal;
    size_t length;
} cases[] = {
    /* What a query is. */
    {"postgres", "select count(*) from orders", NULL, 0},
    {"postgres", "SELECT 1;", NULL, 8},
    {"postgres", "SELECT 1 ;; -- done", NULL, 8},
    {"postgres", "-- first\n/* then /* nested */ */ select 1 -- last", NULL, 41},
    {"postgres", "(select 1) union all (select 2)", NULL, 0},
    {"postgres", "with x as (select 1) table x", NULL, 0},
    {"postgres", "values (1), (2)", NULL, 0},
    {"postgres", "select ';', $$;$$, $a$;$a$, e'\\';', \";\", U&'\\0041'", NULL, 0},
    {"postgres", "select 1 --> statement-breakpoint ' ;\n, 2", NULL, 0},
    {"mysql", "select 1 # ';\n, 2", NULL, 0},
    {"mysql", "select ';', \";\", `;`, 'it\\'s;'", NULL, 0},
    {"mysql", "select 3--2", NULL, 0},
    {"mariadb", "select /*+ MAX_ROWS_HINT */ 1", NULL, 0},
    {"sqlite", "select [a;b], `c;d`, \"e;f\", x'00' from t", NULL, 0},
    {"sqlite", "select e'a\\' from t", NULL, 0},

    /* Names that are none of what they look like. */
    {"postgres", "select update, \"delete\", my.sleep(1) from t", NULL, 0},
    {"postgres", "select substring(x for 3), overlay(a placing b from 1 for key) from t", NULL, 0},
    {"postgres", "select locked, pg_sleep, lock from t", NULL, 0},
    {"mysql", "select insert(a, 1, 2, 'x'), (replace(b, 'x', 'y')), (update_time) from t", NULL, 0},
    {"mysql", "select mine.sleep(1), `sleep`(2) from t", NULL, 0},
    {"mysql", "select 'MAX_EXECUTION_TIME', set_var from t", NULL, 0},
    {"sqlite", "select replace(a, 'x', 'y'), pg_sleep(1) from t", NULL, 0},

    /* Nothing, or something else. */
    {"postgres", "", "there is no statement", 0},
    {"postgres", " -- nothing\n", "there is no statement", 0},
    {"postgres", "((", "there is no statement", 0},
    {"postgres", ";", "there is no statement", 0},
    {"postgres", "update t set a = 1", "line 1: this is UPDATE: a check is one SELECT", 0},
    {"mysql", "\n\ncall p()", "line 3: this is CALL", 0},
    {"mysql", "lock tables t read", "this is LOCK", 0},
    {"sqlite", "pragma user_version", "this is PRAGMA", 0},
    {"postgres", "copy t to program 'true'", "this is COPY", 0},
    {"postgres", "\"select\" 1", "this is no query", 0},
    {"postgres", "42", "this is no query", 0},

    /* Two statements. */
    {"postgres", "select 1;\nupdate t set a = 1", "line 2: this is a second statement (UPDATE): a check is one SELECT",
     0},
    {"mysql", "select 1; select 2", "second statement (SELECT)", 0},
    {"sqlite", "select 1; (select 2)", "this is a second statement: a check", 0},
    {"mysql", "select 1; /*!50000 drop table t */", "a comment holds what MySQL runs", 0},
    {"postgres", "select 1) as q, (select 2", "a parenthesis ends that did not begin", 0},
    {"postgres", "select (1", "a parenthesis does not end", 0},
    {"postgres", "select 'a", "does not end", 0},
    {"postgres", "select 1 /* a", "does not end", 0},
    {"mysql", "select `a", "does not end", 0},
    {"sqlite", "select [a", "does not end", 0},

    /* What a read-only transaction would let pass. */
    {"postgres", "select * into x from t", "INTO writes what it finds", 0},
    {"mysql", "select * from t\ninto outfile '/tmp/x'", "line 2: INTO writes", 0},
    {"postgres", "select * from t for update", "FOR UPDATE locks rows", 0},
    {"postgres", "select * from t FOR NO KEY UPDATE", "FOR NO KEY locks rows", 0},
    {"postgres", "select * from t for key share", "FOR KEY SHARE locks rows", 0},
    {"mysql", "select * from t for share", "FOR SHARE locks rows", 0},
    {"mysql", "select * from t lock in share mode", "LOCK IN SHARE locks rows", 0},
    {"postgres", "with x as (delete from t returning 1) select * from x", "DELETE writes", 0},
    {"postgres", "with x as (select 1) insert into t select 1", "INSERT writes", 0},
    {"mysql", "with x as (select 1) update t set a = 1", "UPDATE writes", 0},
    {"sqlite", "with x as (select 1) replace into t select 1", "REPLACE writes", 0},
    {"postgres", "select pg_advisory_lock(1)", "pg_advisory_lock() takes or releases a lock", 0},
    {"postgres", "select pg_try_advisory_xact_lock(1)", "takes a lock", 0},
    {"postgres", "select pg_catalog . PG_SLEEP /* x */ (1)", "PG_SLEEP() waits", 0},
    {"postgres", "select \"pg_sleep_for\"('1s')", "pg_sleep_for() waits", 0},
    {"postgres", "select pg_terminate_backend(pid) from pg_stat_activity", "ends other sessions", 0},
    {"postgres", "select * from dblink('', 'x') as t(a int)", "dblink() reaches out of the database", 0},
    {"postgres", "select pg_copy_logical_replication_slot('a', 'b')", "changes the server's state", 0},
    {"postgres", "select set_config('a.b', 'c', false)", "set_config() changes settings", 0},
    {"postgres", "select lo_import('/etc/passwd')", "lo_import()", 0},
    {"postgres", "select nextval('s')", "nextval() writes", 0},
    {"mysql", "select get_lock('x', 1)", "get_lock() takes a lock", 0},
    {"mysql", "select 1 from t where Sleep (1)", "Sleep() waits", 0},
    {"mysql", "select benchmark(1000, md5('x'))", "benchmark()", 0},
    {"mariadb", "select next value for s", "NEXT VALUE FOR writes", 0},
    {"mysql", "select /*!50000 sleep */ (1)", "a comment holds what MySQL runs", 0},
    {"mysql", "/*M!100000 select*/ 1", "a comment holds what MySQL runs", 0},
    {"mysql", "select /*+ Max_Execution_Time(0) */ 1", "MAX_EXECUTION_TIME changes settings", 0},
    {"mysql", "select /*+ SET_VAR(sort_buffer_size = 1) */ 1", "SET_VAR changes settings", 0},
    {"sqlite", "select load_extension('x')", "load_extension() loads a program", 0},
    {"sqlite", "select writefile('x', 'y')", "reaches out of the database", 0},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct query_case *one = &cases[i];
        struct error error = {0};
        size_t length = 99999;
        int status = sql_query_check(one->engine, one->sql, &length, &error);
        if (one->refusal) {
            if (status == 0 || !strstr(error.message, one->refusal))
                fail_msg("%s: %s: %s", one->engine, one->sql, status == 0 ? "accepted" : error.message);
            assert_int_equal(error.code, ERROR_INVALID);
        } else {
            if (status != 0)
                fail_msg("%s: %s: %s", one->engine, one->sql, error.message);
            if (length != (one->length ? one->length : strlen(one->sql)))
                fail_msg("%s: %s: %zu bytes", one->engine, one->sql, length);
        }
    }
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool limited;
    } texts[] = {
        {"select 1", false},
        {"select 1 limit 3", true},
        {"select 1 Fetch first row only", true},
        {"select 1 offset 2", true},
        {"select * from (select 1 limit 3) q", false},
        {"(select 1 limit 3)", false},
        {"(select 1 limit 3) union select 2 limit 1", true},
        {"select 'limit', `limit`, 1 /* limit */ -- limit", false},
        {"select 1) limit 2", true},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        assert_int_equal(sql_query_is_limited("mysql", texts[i].sql, strlen(texts[i].sql)), texts[i].limited);
}

static void test_unknown_engine(void **state)
{
    (void)state;
    struct error error = {0};
    size_t length = 0;
    assert_int_equal(sql_query_check("oracle", "select 1", &length, &error), -1);
    assert_int_equal(error.code, ERROR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_unknown_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
