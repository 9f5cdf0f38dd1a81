/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's canonical forms: what must be equal, what must stay different, and that every form is its own.
 */
#include "support/oom.h"

#include <string.h>

#include "dialect/dialects.h"

enum { TEXT_LIMIT = 1 << 22 };

static void assert_form(enum text_form form, const char *text, const char *type, const char *expected)
{
    cleanup(strbuf) struct strbuf once = STRBUF(TEXT_LIMIT);
    cleanup(strbuf) struct strbuf twice = STRBUF(TEXT_LIMIT);
    dialect_sqlite.canonical(form, text, type, &once);
    dialect_sqlite.canonical(form, strbuf_text(&once), type, &twice);
    assert_true(strbuf_ok(&once) && strbuf_ok(&twice));
    assert_string_equal(strbuf_text(&once), expected);
    assert_string_equal(strbuf_text(&twice), expected);
}

static void assert_equal_forms(enum text_form form, const char *type, const char *a, const char *b, bool equal)
{
    cleanup(strbuf) struct strbuf first = STRBUF(TEXT_LIMIT);
    cleanup(strbuf) struct strbuf second = STRBUF(TEXT_LIMIT);
    dialect_sqlite.canonical(form, a, type, &first);
    dialect_sqlite.canonical(form, b, type, &second);
    if ((strcmp(strbuf_text(&first), strbuf_text(&second)) == 0) != equal)
        fail_msg("%s: %s and %s: %s and %s", type, a, b, strbuf_text(&first), strbuf_text(&second));
}

static void test_types(void **state)
{
    (void)state;
    assert_form(TEXT_TYPE, "varchar ( 20 )", "", "VARCHAR(20)");
    assert_form(TEXT_TYPE, "unsigned  big\tint", "", "UNSIGNED BIG INT");
    assert_form(TEXT_TYPE, "decimal(10, -2)", "", "DECIMAL(10,-2)");
    assert_form(TEXT_TYPE, "", "", "");
    assert_equal_forms(TEXT_TYPE, "", "INTEGER", "INT", false);
    assert_equal_forms(TEXT_TYPE, "", "VARCHAR(20)", "VARCHAR(21)", false);
}

static void test_expressions(void **state)
{
    (void)state;
    assert_form(TEXT_EXPRESSION, "((a>0))", "", "a > 0");
    assert_form(TEXT_EXPRESSION, "(a)+(b)", "", "( a ) + ( b )");
    assert_form(TEXT_EXPRESSION, "((a)+(b))", "", "( a ) + ( b )");
    assert_form(TEXT_EXPRESSION, "(((a)))", "", "a");
    assert_form(TEXT_EXPRESSION, "((a, b))", "", "( a , b )");
    assert_form(TEXT_EXPRESSION, "((select 1))", "", "( SELECT 1 )");
    assert_form(TEXT_EXPRESSION, "f(a)", "", "f ( a )");
    assert_form(TEXT_EXPRESSION, "()", "", "( )");
    assert_form(TEXT_EXPRESSION, "((a)", "", "( ( a )");
    assert_form(TEXT_EXPRESSION, "a)", "", "a )");
    assert_form(TEXT_EXPRESSION, "'open", "", "'open");
    assert_form(TEXT_EXPRESSION, "\"amount\" >= 0 -- cents\n", "", "amount >= 0");
    assert_form(TEXT_EXPRESSION, "[a b]==`c``d`", "", "\"a b\" = \"c`d\"");
    assert_form(TEXT_EXPRESSION, "Lower(a)!='X'", "", "lower ( a ) <> 'X'");
    assert_form(TEXT_EXPRESSION, "\"order\" is not null", "", "\"order\" IS NOT NULL");
    assert_equal_forms(TEXT_EXPRESSION, "", "status = 'Active'", "status = 'active'", false);
    assert_equal_forms(TEXT_EXPRESSION, "", "status = \"Active\"", "status = \"active\"", false);
    assert_equal_forms(TEXT_EXPRESSION, "", "a - -1", "a - 1", false);
    assert_equal_forms(TEXT_EXPRESSION, "", "a > 1", "a > 1.0", false);
    assert_equal_forms(TEXT_EXPRESSION, "", "(a or b) and c", "a or (b and c)", false);
    assert_equal_forms(TEXT_EXPRESSION, "", "(a or b) and (c)", "a or b) and (c", false);
}

static void test_statements(void **state)
{
    (void)state;
    assert_form(TEXT_QUERY, "select a,b -- all\nfrom \"t\" ;", "", "SELECT a , b FROM t");
    assert_form(TEXT_QUERY, "(a, b) as select 1, 2", "", "( a , b ) AS SELECT 1 , 2");
    assert_form(TEXT_BODY, "INSERT INTO \"log\"(x) VALUES(new.x);\n", "", "INSERT INTO log ( x ) VALUES ( new . x )");
    assert_equal_forms(TEXT_BODY, "", "insert into Log(x) values(1)", "INSERT INTO \"log\" (x) VALUES (1)", true);
    assert_equal_forms(TEXT_QUERY, "", "SELECT a AS Total FROM t", "SELECT a AS total FROM t", false);
    assert_equal_forms(TEXT_BODY, "", "select 1; select 2", "select 1 select 2", false);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_form(TEXT_DEFAULT, "NULL", "TEXT", "");
    assert_form(TEXT_DEFAULT, "(null)", "TEXT", "");
    assert_form(TEXT_DEFAULT, "'it''s'", "TEXT", "'it''s'");
    assert_form(TEXT_DEFAULT, "\"dq\"", "TEXT", "'dq'");
    assert_form(TEXT_DEFAULT, "word", "TEXT", "'word'");
    assert_form(TEXT_DEFAULT, "\"true\"", "TEXT", "'true'");
    assert_form(TEXT_DEFAULT, "true", "BOOLEAN", "1");
    assert_form(TEXT_DEFAULT, "False", "INTEGER", "0");
    assert_form(TEXT_DEFAULT, "current_timestamp", "TEXT", "CURRENT_TIMESTAMP");
    assert_form(TEXT_DEFAULT, "(1+2)", "INTEGER", "1 + 2");
    assert_form(TEXT_DEFAULT, "datetime(\"now\")", "TEXT", "datetime ( 'now' )");
    assert_form(TEXT_DEFAULT, "-007", "INTEGER", "-7");
    assert_form(TEXT_DEFAULT, "- 0", "INTEGER", "0");
    assert_form(TEXT_DEFAULT, "+5.50", "REAL", "5.5");
    assert_form(TEXT_DEFAULT, ".5", "NUMERIC(10,2)", "0.5");
    assert_form(TEXT_DEFAULT, "5.50", "", "5.50");
    assert_form(TEXT_DEFAULT, "12345678901234567890", "INTEGER", "12345678901234567890");
    assert_form(TEXT_DEFAULT, "1e3", "REAL", "1e3");
    assert_form(TEXT_DEFAULT, "x'00ff'", "BLOB", "x'00ff'");
    assert_equal_forms(TEXT_DEFAULT, "INTEGER", "5", "'5'", true);
    assert_equal_forms(TEXT_DEFAULT, "DECIMAL(10,2)", "0", "0.0", true);
    assert_equal_forms(TEXT_DEFAULT, "VARCHAR(9)", "5", "'5'", true);
    assert_equal_forms(TEXT_DEFAULT, "VARCHAR(9)", "5.0", "'5'", false);
    assert_equal_forms(TEXT_DEFAULT, "BLOB", "5", "'5'", false);
    assert_equal_forms(TEXT_DEFAULT, "", "5", "5.0", false);
    assert_equal_forms(TEXT_DEFAULT, "ANY", "5", "'5'", false);
    assert_equal_forms(TEXT_DEFAULT, "TEXT", "'a'", "'A'", false);
    assert_equal_forms(TEXT_DEFAULT, "TEXT", "'a '", "'a'", false);
    assert_equal_forms(TEXT_DEFAULT, "INTEGER", "'5x'", "5", false);
    assert_equal_forms(TEXT_DEFAULT, "TEXT", "'NULL'", "NULL", false);
    assert_equal_forms(TEXT_DEFAULT, "TEXT", "'CURRENT_TIMESTAMP'", "CURRENT_TIMESTAMP", false);
    assert_equal_forms(TEXT_DEFAULT, "TEXT", "1 + 2", "3", false);
}

static void test_texts_of_others_stay(void **state)
{
    (void)state;
    assert_form(TEXT_PLAIN, "UPDATE OF  a", "", "UPDATE OF  a");
    assert_form(TEXT_SET, "x", "", "x");
    assert_form(TEXT_INFO, "-- x", "", "-- x");
}

static void test_deep_parentheses(void **state)
{
    (void)state;
    enum { DEPTH = 200000 };
    cleanup(strbuf) struct strbuf deep = STRBUF(3 * DEPTH);
    for (int i = 0; i < DEPTH; i++)
        strbuf_add_char(&deep, '(');
    strbuf_add_char(&deep, '1');
    for (int i = 0; i < DEPTH; i++)
        strbuf_add_char(&deep, ')');
    assert_form(TEXT_EXPRESSION, strbuf_text(&deep), "", "1");
    assert_form(TEXT_DEFAULT, strbuf_text(&deep), "TEXT", "'1'");
}

static void test_names(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
    dialect_sqlite.quote_name("a\"b", &out);
    strbuf_add_char(&out, ' ');
    dialect_sqlite.quote_text("it's", &out);
    strbuf_add_char(&out, ' ');
    dialect_sqlite.path_part("a b", &out);
    assert_string_equal(strbuf_text(&out), "\"a\"\"b\" 'it''s' a b");
}

static void test_memory(void **state)
{
    (void)state;
    static const enum text_form forms[] = {TEXT_TYPE, TEXT_DEFAULT, TEXT_EXPRESSION, TEXT_QUERY, TEXT_BODY};
    static const char *const texts[] = {"varchar(20)", "\"dq\"", "- 5", "(a > 'x' || \"order\")", "f(\"x\", 'y')"};
    for (size_t i = 0; i < ARRAY_LENGTH(forms) * ARRAY_LENGTH(texts); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
            dialect_sqlite.canonical(forms[i % ARRAY_LENGTH(forms)], texts[i / ARRAY_LENGTH(forms)], "INT", &out);
            OOM_CHECK(loop, strbuf_ok(&out));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_texts_of_others_stay),
        cmocka_unit_test(test_deep_parentheses),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
