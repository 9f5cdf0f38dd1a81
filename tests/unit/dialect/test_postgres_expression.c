/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_expression.h"

#include <string.h>

#include "tests/support/oom.h"

static void assert_span(struct postgres_expression span, const char *expected)
{
    if (span.length != strlen(expected) || memcmp(span.text, expected, span.length) != 0)
        fail_msg("%.*s instead of %s", (int)span.length, span.text, expected);
}

static void only_parentheses_around_everything_go(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *bare;
    } cases[] = {
        {"", ""},
        {" a ", "a"},
        {"(a)", "a"},
        {"((a || b))", "a || b"},
        {"( (a) )", "a"},
        {"(a) + (b)", "(a) + (b)"},
        {"((a) + (b))", "(a) + (b)"},
        {"(amount * (2)::numeric)", "amount * (2)::numeric"},
        {"(a = ')')", "a = ')'"},
        {"(a = '(') OR (b)", "(a = '(') OR (b)"},
        {"(\"od)d\" > 0)", "\"od)d\" > 0"},
        {"(a = 'it''s)')", "a = 'it''s)'"},
        {"(a = E'\\\\')", "a = E'\\\\'"},
        {"(ARRAY[(1)])", "ARRAY[(1)]"},
        {"()", "()"},
        {"((", "(("},
        {"(a", "(a"},
        {"a)", "a)"},
        {"(a = 'open)", "(a = 'open)"},
        {"lower((name)::text)", "lower((name)::text)"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_span(postgres_expression_bare(cases[i].text, strlen(cases[i].text)), cases[i].bare);
}

static void a_default_of_null_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool null;
    } cases[] = {
        {"NULL", true},
        {"NULL::character varying", true},
        {"NULL::numeric(10,2)", true},
        {"NULL::public.\"odd||type\"[]", true},
        {"NULL::text || 'a'::text", false},
        {"NULLIF(1, 2)", false},
        {"'NULL'::text", false},
        {"", false},
        {"NULL:", false},
        {"now()", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if (postgres_expression_is_null((struct postgres_expression){cases[i].text, strlen(cases[i].text)}) !=
            cases[i].null)
            fail_msg("%s", cases[i].text);
}

static void lists_are_split_outside_of_brackets(void **state)
{
    (void)state;
    static const char text[] = "lower(a), (b || ','), coalesce(c, 'x,(', \"d,e\"), ARRAY[1, 2], (f)";
    static const char *const items[] = {"lower(a)", "b || ','", "coalesce(c, 'x,(', \"d,e\")", "ARRAY[1, 2]", "f"};
    struct postgres_expression list = {text, sizeof text - 1};
    struct postgres_expression item = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(items); i++) {
        assert_true(postgres_expression_next(&list, &item));
        assert_span(item, items[i]);
    }
    assert_false(postgres_expression_next(&list, &item));
}

static void views_lose_their_frame(void **state)
{
    (void)state;
    static const char text[] = " SELECT a\n   FROM t;";
    assert_span(postgres_view_query(text, sizeof text - 1), "SELECT a\n   FROM t");
    assert_span(postgres_view_query("SELECT 1", 8), "SELECT 1");
    assert_span(postgres_view_query(";", 1), "");
}

static void a_trigger_is_its_condition_and_its_call(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *condition; /* NULL: no trigger */
        const char *call;
    } cases[] = {
        {"CREATE TRIGGER t AFTER INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.f()", "", "s.f()"},
        {"CREATE TRIGGER t BEFORE UPDATE ON t FOR EACH ROW WHEN ((new.a > 1)) EXECUTE FUNCTION f('x', 'y')",
         "new.a > 1", "f('x', 'y')"},
        {"CREATE TRIGGER \" WHEN (x) EXECUTE FUNCTION g()\" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "",
         "f()"},
        {"CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW WHEN ((new.a = ' EXECUTE FUNCTION (')) EXECUTE FUNCTION f()",
         "new.a = ' EXECUTE FUNCTION ('", "f()"},
        {"CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(' WHEN (a)')", "", "f(' WHEN (a)')"},
        {"", NULL, NULL},
        {"CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW WHEN (", NULL, NULL},
        {"CREATE RULE", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct postgres_expression condition = {0};
        struct postgres_expression call = {0};
        bool is_trigger = postgres_trigger_parts(cases[i].text, strlen(cases[i].text), &condition, &call);
        assert_int_equal(is_trigger, cases[i].condition != NULL);
        if (!is_trigger)
            continue;
        assert_span(condition, cases[i].condition);
        assert_span(call, cases[i].call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trigger_is_its_condition_and_its_call),
        cmocka_unit_test(only_parentheses_around_everything_go),
        cmocka_unit_test(a_default_of_null_is_none),
        cmocka_unit_test(lists_are_split_outside_of_brackets),
        cmocka_unit_test(views_lose_their_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
