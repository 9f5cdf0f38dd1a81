/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include "dialect/dialects.h"

static void test_engines(void **state)
{
    (void)state;
    assert_ptr_equal(dialect_for("postgres"), &dialect_postgres);
    assert_ptr_equal(dialect_for("mysql"), &dialect_mysql);
    assert_ptr_equal(dialect_for("mariadb"), &dialect_mysql);
    assert_ptr_equal(dialect_for("sqlite"), &dialect_sqlite);
    assert_null(dialect_for("oracle"));
    assert_null(dialect_for(""));
    size_t count = 0;
    while (dialects[count])
        count++;
    assert_int_equal(count, 3);
}

static void test_quoting(void **state)
{
    (void)state;
    static const struct {
        const struct dialect *dialect;
        const char *text;
        const char *path_part;
        const char *name;
        const char *literal;
    } cases[] = {
        {&dialect_postgres, "users_2$", "users_2$", "\"users_2$\"", "'users_2$'"},
        {&dialect_postgres, "Users", "\"Users\"", "\"Users\"", "'Users'"},
        {&dialect_postgres, "2nd", "\"2nd\"", "\"2nd\"", "'2nd'"},
        {&dialect_postgres, "a.b", "\"a.b\"", "\"a.b\"", "'a.b'"},
        {&dialect_postgres, "", "\"\"", "\"\"", "''"},
        {&dialect_postgres, "o\"ne'\\", "\"o\"\"ne'\\\"", "\"o\"\"ne'\\\"", "E'o\"ne''\\\\'"},
        {&dialect_mysql, "Users", "Users", "`Users`", "'Users'"},
        {&dialect_mysql, "o`ne\"'\\", "o`ne\"'\\", "`o``ne\"'\\`", "'o`ne\"''\\\\'"},
        {&dialect_sqlite, "a.b", "a.b", "\"a.b\"", "'a.b'"},
        {&dialect_sqlite, "o\"ne'\\", "o\"ne'\\", "\"o\"\"ne'\\\"", "'o\"ne''\\'"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(strbuf) struct strbuf part = STRBUF(100);
        cleanup(strbuf) struct strbuf name = STRBUF(100);
        cleanup(strbuf) struct strbuf literal = STRBUF(100);
        cases[i].dialect->path_part(cases[i].text, &part);
        cases[i].dialect->quote_name(cases[i].text, &name);
        cases[i].dialect->quote_text(cases[i].text, &literal);
        assert_string_equal(strbuf_text(&part), cases[i].path_part);
        assert_string_equal(strbuf_text(&name), cases[i].name);
        assert_string_equal(strbuf_text(&literal), cases[i].literal);
    }
}

static void test_a_default_of_null_is_none(void **state)
{
    (void)state;
    static const char *const types[] = {"integer", "text", ""};
    for (size_t i = 0; dialects[i]; i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(types); j++) {
            cleanup(strbuf) struct strbuf out = STRBUF(100);
            dialects[i]->canonical(TEXT_DEFAULT, "NULL", types[j], &out);
            assert_string_equal(strbuf_text(&out), "");
            dialects[i]->canonical(TEXT_DEFAULT, "'NULL'", types[j], &out);
            assert_string_not_equal(strbuf_text(&out), "");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engines),
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_a_default_of_null_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
