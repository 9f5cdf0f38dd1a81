/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dialect/dialects.h"
#include "dialect/mysql_canonical.h"
#include "dialect/mysql_collation.h"
#include "dialect/mysql_query.h"
#include "support/oom.h"

enum { TEXT_LIMIT = 1 << 20 };

static void check(enum text_form form, const char *text, const char *type, const char *expected)
{
    cleanup(strbuf) struct strbuf once = STRBUF(TEXT_LIMIT);
    cleanup(strbuf) struct strbuf twice = STRBUF(TEXT_LIMIT);
    dialect_mysql.canonical(form, text, type, &once);
    assert_string_equal(strbuf_text(&once), expected);
    dialect_mysql.canonical(form, strbuf_text(&once), type, &twice);
    assert_string_equal(strbuf_text(&twice), expected);
}

static void check_pair(enum text_form form, const char *left, const char *right, const char *type, bool same)
{
    cleanup(strbuf) struct strbuf a = STRBUF(TEXT_LIMIT);
    cleanup(strbuf) struct strbuf b = STRBUF(TEXT_LIMIT);
    dialect_mysql.canonical(form, left, type, &a);
    dialect_mysql.canonical(form, right, type, &b);
    if ((strcmp(strbuf_text(&a), strbuf_text(&b)) == 0) != same)
        fail_msg("%s, %s: %s, %s", left, right, strbuf_text(&a), strbuf_text(&b));
}

static void test_expressions(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {"", ""},
        {"(", "("},
        {"((`a` + 1))", "`a` + 1"},
        {"(`a`) + (`b`)", "`a` + `b`"},
        {"(_utf8mb4'it\\'s')", "'it''s'"},
        {"_latin1'a' = _utf8mb4'\xc3\xa9'", "'a' = _utf8mb4 '\xc3\xa9'"},
        {"_utf8'\xc3\xa9' collate utf8_bin", "_utf8mb3 '\xc3\xa9' collate utf8mb3_bin"},
        {"_binary'a'", "_binary 'a'"},
        {"now()", "current_timestamp"},
        {"(NOW(6))", "current_timestamp ( 6 )"},
        {"localtimestamp(0)", "current_timestamp"},
        {"CURRENT_DATE() + interval 1 DAY", "current_date + interval 1 day"},
        {"`a`  \n >\t 0", "`a` > 0"},
        {"COUNT(*)", "count ( 0 )"},
        {"x'0A' = b'01'", "0x0a = 0b01"},
        {"`a` != true", "`a` <> 1"},
        {"`a` is not true", "`a` is not true"},
        {"`t`.`a`->>'$.b'", "`t`.`a` ->> '$.b'"},
        {"'open", "'open"},
        {"f(a))", "f(a))"},
        {"case when (`a` > 1) then (1) else -(2) end", "case when `a` > 1 then 1 else - 2 end"},
        {"((`a`,`b`) in ((1,2),(3,4)))", "( `a` , `b` ) in ( ( 1 , 2 ) , ( 3 , 4 ) )"},
        {"(`a` in ((1),2))", "`a` in ( 1 , 2 )"},
        {"exists(select 1 from `t` where (`a` = 1))", "exists ( select 1 from `t` where `a` = 1 )"},
        {"(((select 1)))", "( select 1 )"},
        {"from (`p` join `c` on((`c`.`a` = `p`.`a`)))", "from ( `p` join `c` on `c`.`a` = `p`.`a` )"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        check(TEXT_EXPRESSION, forms[i][0], "", forms[i][1]);
}

/* What MySQL prints and what MariaDB prints of the same expression. */
static void test_parentheses_that_say_nothing(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"((`a` > 0) and ((`b` < 5) or (`n` = _utf8mb3'x')))", "`a` > 0 and (`b` < 5 or `n` = 'x')"},
        {"((`a` between 1 and 2) and (`b` = 3))", "`a` between 1 and 2 and `b` = 3"},
        {"(`a` between (1 + 1) and (2 * 2))", "`a` between 1 + 1 and 2 * 2"},
        {"((`a` + `b`) + `c`)", "`a` + `b` + `c`"},
        {"(`a` and (`b` and `c`))", "`a` and `b` and `c`"},
        {"(`a` < -(3))", "`a` < -3"},
        {"(not((`a` like 'x%')))", "not `a` like 'x%'"},
        {"((`a` is not null) or (`b` is null))", "`a` is not null or `b` is null"},
        {"if((`a` > 1),(`b` + 1),0)", "if(`a` > 1,`b` + 1,0)"},
        {"((`a` collate utf8mb4_bin) = 'x')", "`a` collate utf8mb4_bin = 'x'"},
        {"(`a` not in (1,2))", "`a` not in (1,2)"},
        {"((`a` & 1) = 0)", "`a` & 1 = 0"},
        {"((`a` % 2) = 0)", "`a` MOD 2 = 0"},
        {"lower(`a`)", "lcase(`a`)"},
        {"(length(`a`) > 2)", "octet_length(`a`) > 2"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        check_pair(TEXT_EXPRESSION, pairs[i][0], pairs[i][1], "", true);
}

static void test_parentheses_that_say_something(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"(`a` + `b`) * `c`", "`a` + `b` * `c`"},
        {"`a` - (`b` - `c`)", "`a` - `b` - `c`"},
        {"`a` + (`b` + `c`)", "`a` + `b` + `c`"},
        {"(`a` or `b`) and `c`", "`a` or `b` and `c`"},
        {"not (`a` and `b`)", "not `a` and `b`"},
        {"(`a` = `b`) = `c`", "`a` = (`b` = `c`)"},
        {"-(`a` + 1)", "- `a` + 1"},
        {"`a` between 1 and (2 and `b`)", "`a` between 1 and 2 and `b`"},
        {"(`a` collate x) = `b`", "(`a` = `b`) collate x"},
        {"`a` = 'X'", "`a` = 'x'"},
        {"`a` = _binary'x'", "`a` = 'x'"},
        {"f(`a`,(`b`,`c`))", "f(`a`,`b`,`c`)"},
        {"interval (`a` + 1) day", "interval `a` + 1 day"},
        {"now(3)", "now()"},
        {"mod(`a`,2)", "`a` % (2)"},
        {"length(`a`)", "char_length(`a`)"},
        {"`a` in (1)", "`a` in (2)"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++)
        check_pair(TEXT_EXPRESSION, pairs[i][0], pairs[i][1], "", false);
}

static void test_defaults(void **state)
{
    (void)state;
    static const char *const forms[][3] = {
        {"'5'", "int", "5"},
        {"5", "int unsigned", "5"},
        {"'-007'", "int", "-7"},
        {"- 0", "int", "0"},
        {"(-(5))", "int", "-5"},
        {"'0.00'", "decimal(10,2)", "0"},
        {"1.50", "decimal(10,2)", "1.5"},
        {"'1.50'", "varchar(9)", "'1.50'"},
        {"'.5'", "double", "0.5"},
        {"1e3", "double", "1e3"},
        {"true", "tinyint(1)", "1"},
        {"b'0101'", "bit(4)", "0b101"},
        {"5", "bit(4)", "0b101"},
        {"0x05", "bit(4)", "0b101"},
        {"b'0'", "bit(1)", "0b0"},
        {"'ab'", "binary(4)", "0x61620000"},
        {"'ab\\0\\0'", "binary(4)", "0x61620000"},
        {"x'61620000'", "binary(4)", "0x61620000"},
        {"0x6162", "varbinary(4)", "0x6162"},
        {"(_utf8mb4'a')", "text", "'a'"},
        {"'a'", "text", "'a'"},
        {"x'756e'", "enum('un')", "'un'"},
        {"'2020-01-01 00:00:00.500'", "datetime(3)", "'2020-01-01 00:00:00.5'"},
        {"NULL", "int", ""},
        {"(null)", "int", ""},
        {"'NULL'", "varchar(9)", "'NULL'"},
        {"CURRENT_TIMESTAMP", "timestamp", "current_timestamp"},
        {"(now(3))", "datetime(3)", "current_timestamp ( 3 )"},
        {"(uuid())", "char(36)", "uuid ( )"},
        {"uuid()", "char(36)", "uuid ( )"},
        {"'0.0.0'", "int", "'0.0.0'"},
        {"''", "int", "''"},
        {"'-'", "int", "'-'"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        check(TEXT_DEFAULT, forms[i][0], forms[i][1], forms[i][2]);
}

static void test_types(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {"INT(11)", "int"},
        {"integer", "int"},
        {"tinyint(1)", "tinyint(1)"},
        {"tinyint(1) unsigned", "tinyint unsigned"},
        {"tinyint(4)", "tinyint"},
        {"bool", "tinyint(1)"},
        {"int(8) unsigned zerofill", "int(8) unsigned zerofill"},
        {"int(8) zerofill", "int(8) unsigned zerofill"},
        {"serial", "bigint unsigned"},
        {"dec(8)", "decimal(8,0)"},
        {"numeric", "decimal(10,0)"},
        {"decimal(10, 2)", "decimal(10,2)"},
        {"double precision", "double"},
        {"real", "double"},
        {"float(30)", "double"},
        {"float(7,3)", "float(7,3)"},
        {"year(4)", "year"},
        {"character varying(20)", "varchar(20)"},
        {"nchar(5)", "char(5)"},
        {"char", "char(1)"},
        {"text(300)", "text"},
        {"text(20000)", "mediumtext"},
        {"datetime(0)", "datetime"},
        {"timestamp(6)", "timestamp(6)"},
        {"enum('a', \"b\")", "enum('a','b')"},
        {"varchar(20) charset utf8", "varchar(20) charset utf8mb3"},
        {"geomcollection", "geometrycollection"},
        {"uuid", "uuid"},
        {"datetime /* mariadb-5.3 */", "datetime"},
        {"'?", "'?"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        check(TEXT_TYPE, forms[i][0], "", forms[i][1]);
}

static void test_bodies(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        {"begin -- hi\n set b = 'x'; /* c */ end", "begin \n set b = 'x';  end"},
        {"a # c\nb", "a b"},
        {"select 1;\r\nselect 2", "select 1;\nselect 2"},
    };
    static const char *const different[][2] = {
        {"set a = '-- x'", "set a = ''"},  {"select a b", "select ab"},      {"select 5--1", "select 5"},
        {"/*!50000 a */ b", "b"},          {"select 'A'", "select 'a'"},     {"select /*+ MRR(t) */ 1", "select 1"},
        {"select x '41'", "select x'41'"}, {"select `a -- b`", "select `a"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(same); i++)
        check_pair(TEXT_BODY, same[i][0], same[i][1], "", true);
    for (size_t i = 0; i < ARRAY_LENGTH(different); i++)
        check_pair(TEXT_BODY, different[i][0], different[i][1], "", false);
}

static void test_deep_nesting_is_left_alone(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf text = STRBUF(TEXT_LIMIT);
    for (size_t i = 0; i < 100000; i++)
        strbuf_add_char(&text, '(');
    strbuf_add_char(&text, '1');
    for (size_t i = 0; i < 100000; i++)
        strbuf_add_char(&text, ')');
    check(TEXT_EXPRESSION, strbuf_text(&text), "", strbuf_text(&text));
}

static void test_own_database_is_dropped(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"select `app`.`t`.`a` AS `a` from `app`.`t`", "select `t`.`a` AS `a` from `t`"},
        {"select `app`.`a` AS `a` from `t` `app`", "select `app`.`a` AS `a` from `t` `app`"},
        {"select `app`.`f`(`t`.`a`) from `t`", "select `f`(`t`.`a`) from `t`"},
        {"select `other`.`t`.`a`,`app`.`u`.`b` from (`other`.`t` join `app`.`u`)",
         "select `other`.`t`.`a`,`u`.`b` from (`other`.`t` join `u`)"},
        {"select `app`.`app`.`app` from `app`.`app`", "select `app`.`app` from `app`"},
        {"select `v`.`x`,`app`.`y` from (`app`.`v` join `other`.`app` `app`)",
         "select `v`.`x`,`app`.`y` from (`v` join `other`.`app` `app`)"},
        {"nextval(`app`.`s`)", "nextval(`s`)"},
        {"`app` = `other`.`x`", "`app` = `other`.`x`"},
        {"'app'.x", "'app'.x"},
        {"`app`.", "`app`."},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        mysql_query_without_database(texts[i][0], strlen(texts[i][0]), "app", &out);
        assert_string_equal(strbuf_text(&out), texts[i][1]);
    }
}

static void test_collations(void **state)
{
    (void)state;
    assert_true(mysql_collations_alike("utf8mb4_general_ci", "utf8mb4_uca1400_ai_ci"));
    assert_true(mysql_collations_alike("utf8mb4_0900_ai_ci", "utf8mb4_unicode_ci"));
    assert_true(mysql_collations_alike("latin1_bin", "latin1_bin"));
    assert_false(mysql_collations_alike("utf8mb4_general_ci", "utf8mb3_general_ci"));
    assert_false(mysql_collations_alike("utf8mb4_bin", "utf8mb4_general_ci"));
    assert_false(mysql_collations_alike("utf8mb4_german2_ci", "utf8mb4_general_ci"));
    assert_false(mysql_collations_alike("", "utf8mb4_general_ci"));
    static const char *const defaults[][2] = {
        {"latin1", "latin1_swedish_ci"}, {"utf8mb3", "utf8mb3_general_ci"}, {"binary", "binary"}};
    for (size_t i = 0; i < ARRAY_LENGTH(defaults); i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        cleanup(strbuf) struct strbuf charset = STRBUF(TEXT_LIMIT);
        mysql_collation_default(defaults[i][0], &out);
        assert_string_equal(strbuf_text(&out), defaults[i][1]);
        mysql_collation_charset(strbuf_text(&out), &charset);
        assert_string_equal(strbuf_text(&charset), defaults[i][0]);
    }
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    static const char text[] = "concat(_utf8mb4'it\\'s',`app`.`t`.`a`,(1 + 1),(`a` + 2),(`a` + 3),(`a` + 4),(`a` + 5)"
                               ",`a`,`b`,`c`,`d`,`e`,`f`,`g`,`h`,`i`,`j`,`k`,`l`,`m`,`n`,`o`,`p`)";
    for (enum text_form form = TEXT_PLAIN; form < TEXT_FORMS; form++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
            dialect_mysql.canonical(form, text, "binary(4)", &out);
            OOM_CHECK(loop, strbuf_ok(&out));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_parentheses_that_say_nothing),
        cmocka_unit_test(test_parentheses_that_say_something),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_deep_nesting_is_left_alone),
        cmocka_unit_test(test_own_database_is_dropped),
        cmocka_unit_test(test_collations),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests_name("mysql_canonical", tests, NULL, NULL);
}
