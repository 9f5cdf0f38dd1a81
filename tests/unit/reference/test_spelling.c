/* SPDX-License-Identifier: Apache-2.0
 *
 * A tool's spelling against the server's: what means the same, what does not, and what is left undecided.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "dialect/dialects.h"
#include "reference/expression_tree.h"
#include "reference/spelling.h"
#include "support/oom.h"

struct pair {
    enum text_form form;
    const char *type;
    const char *declared;
    const char *live;
    enum spelling expected;
};

static const struct pair postgres[] = {
    {TEXT_EXPRESSION, "", "\"users\".\"score\" >= 0", "(score >= 0)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "score >= 0", "(score > 0)", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "score >= 0.5", "((score)::numeric >= 0.5)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "\"score\" between 0 and 100 and \"name\" <> 'x'",
     "(((score >= 0) AND (score <= 100)) AND ((name)::text <> 'x'::text))", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "score not between 1 and 2", "((score < 1) OR (score > 2))", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "score between 0 and 101", "((score >= 0) AND (score <= 100))", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "code in ('a', 'b')",
     "((code)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "code in ('a', 'b')", "(code = ANY (ARRAY['a'::text, 'c'::text]))", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "code in ('a', 'b')", "(code = ANY (ARRAY['a'::text]))", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "code in ('a')", "(code = 'a'::text)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "code not in (1, 2)", "(code <> ALL (ARRAY[1, 2]))", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "email LIKE '%@%'", "(email ~~ '%@%'::text)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "email not ilike 'a'", "(email !~~* 'a'::text)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "a and (b or c)", "(a AND (b OR c))", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "(a and b) or c", "(a AND (b OR c))", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "a is not null", "(a IS NOT NULL)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "a is null", "(a IS NOT NULL)", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "not a", "(NOT a)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "a = -1", "(a = '-1'::integer)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "a - -1 > b * 2 + c", "((a - '-1'::integer) > ((b * 2) + c))", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "lower(\"email\")", "lower(email)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "lower(email)", "upper(email)", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "lower(email)", "lower((email)::text)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "extract(year from d) > 1", "(date_part('year'::text, d) > 1)", SPELLING_UNKNOWN},
    {TEXT_EXPRESSION, "", "case when a then b end > 1", "(CASE WHEN a THEN b ELSE c END > 1)", SPELLING_UNKNOWN},
    {TEXT_EXPRESSION, "", "a::integer > 1", "((a)::numeric > (1)::numeric)", SPELLING_UNKNOWN},
    {TEXT_EXPRESSION, "", "\"Name\" = 'x'", "(\"Name\" = 'x'::text)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "\"Name\" = 'x'", "(name = 'x'::text)", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "a = 'Active'", "(a = 'active'::text)", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "a ->> 'b' = 'c'", "((a ->> 'b'::text) = 'c'::text)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "name || ' ' || email", "((name || ' '::text) || email)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "a >", "(a > 1)", SPELLING_UNKNOWN},
    {TEXT_DEFAULT, "text", "'x'", "'x'::text", SPELLING_SAME},
    {TEXT_DEFAULT, "character varying(80)", "'it''s'", "'it''s'::character varying", SPELLING_SAME},
    {TEXT_DEFAULT, "character varying(80)", "'it''s'", "'its'::character varying", SPELLING_DIFFERENT},
    {TEXT_DEFAULT, "numeric(10,2)", "'1.50'", "1.5", SPELLING_SAME},
    {TEXT_DEFAULT, "numeric(10,2)", "'1.50'", "2", SPELLING_DIFFERENT},
    {TEXT_DEFAULT, "integer", "5", "'5'::integer", SPELLING_SAME},
    {TEXT_DEFAULT, "double precision", "-1.5", "'-1.5'::numeric", SPELLING_SAME},
    {TEXT_DEFAULT, "boolean", "true", "false", SPELLING_DIFFERENT},
    {TEXT_DEFAULT, "jsonb", "'{\"b\":1,\"a\":[1,2]}'::jsonb", "'{\"a\": [1, 2], \"b\": 1}'::jsonb", SPELLING_SAME},
    {TEXT_DEFAULT, "jsonb", "'{\"b\":1}'::jsonb", "'{\"b\": 2}'::jsonb", SPELLING_DIFFERENT},
    {TEXT_DEFAULT, "jsonb", "'{\"b\":1}'::jsonb", "'{\"b\": 1, \"c\": 2}'::jsonb", SPELLING_DIFFERENT},
    {TEXT_DEFAULT, "text[]", "'{\"a\",\"b\"}'", "'{a,b}'::text[]", SPELLING_SAME},
    {TEXT_DEFAULT, "date", "'2024-02-03'", "'2024-02-03'::date", SPELLING_SAME},
    {TEXT_DEFAULT, "date", "'2024-02-03'", "'2024-02-04'::date", SPELLING_DIFFERENT},
    {TEXT_DEFAULT, "timestamp(3) without time zone", "'2020-01-01'",
     "'2020-01-01 00:00:00'::timestamp without time zone", SPELLING_SAME},
    {TEXT_DEFAULT, "timestamp with time zone", "'2020-01-01 00:00:00'",
     "'2019-12-31 23:00:00+00'::timestamp with time zone", SPELLING_UNKNOWN},
    {TEXT_DEFAULT, "interval", "'24 hours'", "'1 day'::interval", SPELLING_UNKNOWN},
    {TEXT_DEFAULT, "timestamp with time zone", "now()", "CURRENT_TIMESTAMP", SPELLING_SAME},
    {TEXT_DEFAULT, "timestamp with time zone", "now()", "clock_timestamp()", SPELLING_UNKNOWN},
    {TEXT_DEFAULT, "public.mood", "'ok'", "'ok'::public.mood", SPELLING_SAME},
    {TEXT_QUERY, "", "select \"id\" from \"users\" where \"users\".\"active\" = true",
     " SELECT users.id\n   FROM public.users\n  WHERE (users.active = true)", SPELLING_SAME},
    {TEXT_QUERY, "", "select \"id\" from \"users\" where \"users\".\"active\" = true",
     "SELECT id FROM users WHERE (active = false)", SPELLING_DIFFERENT},
    {TEXT_QUERY, "", "select id from users where a in (1, 2)", "SELECT id FROM users WHERE (a = ANY (ARRAY[1, 2]))",
     SPELLING_UNKNOWN},
    {TEXT_QUERY, "", "select count(*) as \"n\" from \"users\"", " SELECT count(*) AS n FROM public.users",
     SPELLING_SAME},
};

static const struct pair mysql[] = {
    {TEXT_EXPRESSION, "", "`users`.`score` >= 0", "`score` >= 0", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "`users`.`code` in ('abc', 'def')", "(`code` in (_utf8mb4'abc',_utf8mb4'def'))",
     SPELLING_SAME},
    {TEXT_EXPRESSION, "", "upper(name)", "ucase(`name`)", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "upper(name)", "lcase(`name`)", SPELLING_DIFFERENT},
    {TEXT_EXPRESSION, "", "Name = \"x\"", "`name` = 'x'", SPELLING_SAME},
    {TEXT_EXPRESSION, "", "a || b", "`a` or `b`", SPELLING_SAME},
    {TEXT_DEFAULT, "tinyint(1)", "true", "1", SPELLING_SAME},
    {TEXT_DEFAULT, "timestamp", "(now())", "current_timestamp()", SPELLING_SAME},
    {TEXT_DEFAULT, "varchar(9)", "'a'", "'b'", SPELLING_DIFFERENT},
    {TEXT_QUERY, "", "select `id`, `name` from `users` where `users`.`active` = true",
     "select `users`.`id` AS `id`,`users`.`name` AS `name` from `users` where `users`.`active` = 1", SPELLING_SAME},
};

static void check(const struct pair *pairs, size_t count, const struct dialect *dialect)
{
    for (size_t i = 0; i < count; i++) {
        enum spelling found = spelling_compare(dialect, pairs[i].form, pairs[i].type, pairs[i].declared, pairs[i].live);
        if (found != pairs[i].expected)
            fail_msg("%s | %s: %d, expected %d", pairs[i].declared, pairs[i].live, (int)found, (int)pairs[i].expected);
        assert_int_equal(spelling_compare(dialect, pairs[i].form, pairs[i].type, pairs[i].live, pairs[i].live),
                         SPELLING_SAME);
    }
}

static void test_postgres(void **state)
{
    (void)state;
    check(postgres, ARRAY_LENGTH(postgres), &dialect_postgres);
}

static void test_mysql(void **state)
{
    (void)state;
    check(mysql, ARRAY_LENGTH(mysql), &dialect_mysql);
}

/* Whatever is too deep, or cut anywhere, is no tree, and does no harm. */
static void test_odd_texts(void **state)
{
    char deep[4096] = "";
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(1 << 24);
    memset(deep, '(', sizeof deep - 1);
    assert_null(expression_tree_parse(deep, false, arena));
    for (size_t i = 0; i + 4 < sizeof deep; i += 4)
        memcpy(deep + i, "not ", 4);
    assert_null(expression_tree_parse(deep, false, arena));
    for (size_t i = 0; i < ARRAY_LENGTH(postgres); i++)
        for (size_t length = 0; length < strlen(postgres[i].live); length++) {
            char *cut = arena_strndup(arena, postgres[i].live, length);
            spelling_compare(&dialect_postgres, postgres[i].form, postgres[i].type, cut, postgres[i].live);
        }
}

/* Without memory nothing is decided: never that two texts differ, or are the same. */
static void test_allocation_failures(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(postgres); i++) {
        bool done = false;
        for (size_t successes = 0; !done; successes++) {
            mem_fault_after(successes);
            enum spelling found = spelling_compare(&dialect_postgres, postgres[i].form, postgres[i].type,
                                                   postgres[i].declared, postgres[i].live);
            done = !mem_fault_off();
            assert_true(found == SPELLING_UNKNOWN || found == postgres[i].expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_postgres),
        cmocka_unit_test(test_mysql),
        cmocka_unit_test(test_odd_texts),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
