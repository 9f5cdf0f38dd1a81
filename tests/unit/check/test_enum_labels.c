/* SPDX-License-Identifier: Apache-2.0
 *
 * Labels out of MySQL's types and SQLite's CHECKs.
 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "check/enum_labels.h"

static void join(const struct label_list *list, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < list->count; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s<%s>", i > 0 ? " " : "", list->labels[i]);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *labels; /* NULL: refused */
        enum error_code code;
    } cases[] = {
        {"enum('new')", "<new>", ERROR_OK},
        {"ENUM('new','paid')", "<new> <paid>", ERROR_OK},
        {"set('r','w')", "<r> <w>", ERROR_OK},
        {"enum('it''s','a,b','back\\\\slash','(x)','')", "<it's> <a,b> <back\\slash> <(x)> <>", ERROR_OK},
        {"enum('a\\nb','\xc3\xa4')", "<a\nb> <\xc3\xa4>", ERROR_OK},
        {"enum('a' , 'b') CHARACTER SET latin1", "<a> <b>", ERROR_OK},
        {"int(11)", NULL, ERROR_UNSUPPORTED},
        {"varchar(10)", NULL, ERROR_UNSUPPORTED},
        {"", NULL, ERROR_UNSUPPORTED},
        {"enum", NULL, ERROR_INVALID},
        {"enum(", NULL, ERROR_INVALID},
        {"enum()", NULL, ERROR_INVALID},
        {"enum('a'", NULL, ERROR_INVALID},
        {"enum('a',", NULL, ERROR_INVALID},
        {"enum('a", NULL, ERROR_INVALID},
        {"enum(a,b)", NULL, ERROR_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(label_list) struct label_list list = {0};
        struct error error = {0};
        char text[200] = "";
        int status = enum_labels_of_type(cases[i].type, &list, &error);
        assert_int_equal(status, cases[i].labels ? 0 : -1);
        join(&list, text, sizeof text);
        if (cases[i].labels)
            assert_string_equal(text, cases[i].labels);
        else
            assert_int_equal(error.code, cases[i].code);
    }
}

static void test_checks(void **state)
{
    (void)state;
    static const struct {
        const char *column; /* its definition behind `s` */
        const char *labels;
        enum error_code code;
    } cases[] = {
        {"text CHECK (s IN ('new','paid'))", "<new> <paid>", ERROR_OK},
        {"text CHECK (\"S\" in ('it''s'))", "<it's>", ERROR_OK},
        {"text, CHECK (((s IN ('a'))))", "<a>", ERROR_OK},
        {"text CHECK (s IS NULL OR s IN ('a','b'))", "<a> <b>", ERROR_OK},
        {"text CHECK ((s IN ('a')) OR ([s] IS NULL))", "<a>", ERROR_OK},
        {"text CHECK (length(s) > 0) CHECK (s IN ('a'))", "<a>", ERROR_OK},
        {"text", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (s NOT IN ('a'))", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (s IN ('a') OR t = 1)", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (s IN ('a') AND s <> 'b')", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (s IN ('a') OR s IS NOT NULL)", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (s IN ('a') OR s IN ('b'))", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (s IS NULL)", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (s IN (1, 2))", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (s IN (SELECT 'a'))", NULL, ERROR_UNSUPPORTED},
        {"text CHECK (t IN ('a'))", NULL, ERROR_UNSUPPORTED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(label_list) struct label_list list = {0};
        struct error error = {0};
        char sql[300] = "";
        char text[200] = "";
        snprintf(sql, sizeof sql, "CREATE TABLE orders (t int, s %s)", cases[i].column);
        int status = enum_labels_of_check(sql, "s", &list, &error);
        join(&list, text, sizeof text);
        if ((status == 0) != (cases[i].labels != NULL))
            fail_msg("%s: %s", cases[i].column, error.message);
        assert_string_equal(text, cases[i].labels ? cases[i].labels : "");
        if (!cases[i].labels)
            assert_int_equal(error.code, cases[i].code);
    }
    cleanup(label_list) struct label_list list = {0};
    struct error error = {0};
    assert_int_equal(enum_labels_of_check("CREATE TABLE orders (t int)", "s", &list, &error), -1);
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_int_equal(enum_labels_of_check("CREATE TABLE orders (t", "s", &list, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
}

static void test_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(label_list) struct label_list list = {0};
        struct error error = {0};
        int status = enum_labels_of_type("enum('new','it''s','c','d','e','f','g','h','i')", &list, &error);
        OOM_CHECK(loop, status == 0);
        assert_true(status == 0 ? list.count == 9 : error.code == ERROR_NO_MEMORY);
        assert_int_equal(label_list_has(&list, "i"), status == 0);
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(label_list) struct label_list list = {0};
        struct error error = {0};
        int status = enum_labels_of_check("CREATE TABLE t (s text CHECK (s > '') CHECK (s IS NULL OR s IN ('a','b')))",
                                          "s", &list, &error);
        OOM_CHECK(loop, status == 0);
        assert_true(status == 0 ? list.count == 2 : error.code == ERROR_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
