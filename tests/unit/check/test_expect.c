/* SPDX-License-Identifier: Apache-2.0
 *
 * Expectations: how they are written, refused and printed, and what they hold of.
 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "check/expect.h"

enum { ARENA_BYTES = 1024 * 1024 };

/* What it is printed as; a refusal is "!" and its message. */
static void read(const char *text, char *shown, size_t size)
{
    cleanup(arena) struct arena *arena = arena_new(ARENA_BYTES);
    cleanup(strbuf) struct strbuf out = STRBUF(ARENA_BYTES);
    struct expect expect = {0};
    struct error error = {0};
    if (expect_parse(text, arena, &expect, &error) < 0) {
        assert_int_equal(error.code, ERROR_INVALID);
        snprintf(shown, size, "!%s", error.message);
        return;
    }
    expect_print(&expect, &out);
    assert_true(strbuf_ok(&out));
    snprintf(shown, size, "%s", strbuf_text(&out));
}

static void assert_read(const char *text, const char *expected)
{
    char shown[512] = "";
    char again[512] = "";
    read(text, shown, sizeof shown);
    assert_string_equal(shown, expected);
    if (*shown == '!')
        return;
    read(shown, again, sizeof again);
    assert_string_equal(again, shown);
}

static void test_written(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"0", "= 0"},
        {"  = 0 ", "= 0"},
        {"== 0", "= 0"},
        {"=0", "= 0"},
        {"!= 0", "!= 0"},
        {"<> 0", "!= 0"},
        {"< 5", "< 5"},
        {"<=5", "<= 5"},
        {"> -5", "> -5"},
        {">= 1e3", ">= 1e3"},
        {"in (a, b)", "in (a, b)"},
        {"IN(a,b)", "in (a, b)"},
        {"in ('a, b', \"c\"\"d\", ' ')", "in ('a, b', c\"d, ' ')"},
        {"not  in (1)", "not in (1)"},
        {"in time", "= in time"},
        {"matches ^[0-9]+$", "matches ^[0-9]+$"},
        {"null", "null"},
        {"NULL", "null"},
        {"= null", "null"},
        {"!= NULL", "not null"},
        {"not null", "not null"},
        {"'null'", "= 'null'"},
        {"no  rows", "no rows"},
        {"'no rows'", "= no rows"},
        {"no", "= no"},
        {"''", "= ''"},
        {"'it''s'", "= it's"},
        {"it's", "= it's"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_read(cases[i][0], cases[i][1]);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "!nothing is expected: write '' in quotes for an empty value"},
        {" ", "!nothing is expected: write '' in quotes for an empty value"},
        {"=", "!nothing stands behind ="},
        {"< abc", "!< asks for an order, and 'abc' is no number"},
        {">= null", "!>= asks for an order, and 'null' is no number"},
        {"in ()", "!an empty set holds nothing"},
        {"in ( )", "!an empty set holds nothing"},
        {"in (a", "!a set is written in (a, b)"},
        {"not in (a, , b)", "!a set has an empty place: write '' for an empty value"},
        {"in (a,)", "!a set has an empty place: write '' for an empty value"},
        {"in (a, null)", "!null is in no set: write 'null' if the word is meant"},
        {"in ('a' b)", "!something stands behind a value in quotes"},
        {"= 'a", "!a value in quotes does not end"},
        {"'a'b", "!something stands behind a value in quotes"},
        {"matches (", "!the regular expression '(' cannot be used: Unmatched ( or \\("},
        {"matches (a)\\1", "!the regular expression '(a)\\1' refers back to a group"},
        {"matches ((a{99}){99}){99}", "!the regular expression '((a{99}){99}){99}' repeats too much"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_read(cases[i][0], cases[i][1]);
    char longest[300] = "matches ";
    memset(longest + 8, 'a', 256);
    char shown[512] = "";
    read(longest, shown, sizeof shown);
    assert_int_not_equal(*shown, '!');
    longest[8 + 256] = 'a';
    assert_read(longest, "!the regular expression is longer than 256 bytes");
}

/* 1 it holds, 0 it does not, -1 it cannot be told. */
static int holds(const char *text, const char *value)
{
    cleanup(arena) struct arena *arena = arena_new(ARENA_BYTES);
    struct expect expect = {0};
    struct error error = {0};
    bool result = false;
    assert_int_equal(expect_parse(text, arena, &expect, &error), 0);
    if (expect_compare(&expect, value, &result, &error) == 0)
        return result;
    assert_int_equal(error.code, ERROR_INVALID);
    return -1;
}

static void test_compared(void **state)
{
    (void)state;
    static const struct {
        const char *expect;
        const char *value;
        int holds;
    } cases[] = {
        {"0", "0", 1},
        {"0", "0.00", 1},
        {"0", "1", 0},
        {"0", NULL, 0},
        {"0", "", 0},
        {"1e2", "100", 1},
        {"100", "1e2", 1},
        {"abc", "abc", 1},
        {"abc", "ABC", 0},
        {"true", "t", 1},
        {"true", "1", 1},
        {"t", "true", 1},
        {"1", "true", 1},
        {"1", "t", 1},
        {"0", "false", 1},
        {"true", "yes", 0},
        {"true", "false", 0},
        {"!= 0", "1", 1},
        {"!= 0", "0.0", 0},
        {"!= 0", NULL, 1},
        {"< 5", "4.999", 1},
        {"< 5", "5", 0},
        {"<= 5", "5.0", 1},
        {"<= 5", "5.01", 0},
        {"> 5", "6", 1},
        {"> 5", "5", 0},
        {">= 5", "5", 1},
        {">= 5", "4", 0},
        {">= 5", NULL, 0},
        {">= 5", "many", -1},
        {">= 5", "", -1},
        {"< 9007199254740993", "9007199254740992", 1},
        {"in (a, 2)", "2.0", 1},
        {"in (a, 2)", "b", 0},
        {"in (a, 2)", NULL, 0},
        {"not in (a, 2)", "b", 1},
        {"not in (a, 2)", "a", 0},
        {"not in (a, 2)", NULL, 1},
        {"matches ^v[0-9]+", "v12-beta", 1},
        {"matches b", "abc", 1},
        {"matches ^b", "abc", 0},
        {"matches x", NULL, 0},
        {"matches ^.{3}$", "äöü", 1},
        {"matches ^[äö]$", "ö", 1},
        {"matches ^[äö]$", "ü", 0},
        {"null", NULL, 1},
        {"null", "null", 0},
        {"not null", "", 1},
        {"not null", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (holds(cases[i].expect, cases[i].value) != cases[i].holds)
            fail_msg("%s of %s", cases[i].expect, cases[i].value);
}

static void test_long_value(void **state)
{
    (void)state;
    static char value[4098];
    memset(value, 'a', 4096);
    assert_int_equal(holds("matches a$", value), 1);
    value[4096] = 'a';
    assert_int_equal(holds("matches a$", value), -1);
}

/* A list of the configuration is taken as it stands. */
static void test_list(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(ARENA_BYTES);
    cleanup(strbuf) struct strbuf out = STRBUF(ARENA_BYTES);
    const char *const values[] = {"new", "in (a)", "null", "a, b"};
    struct expect expect = {0};
    struct error error = {0};
    assert_int_equal(expect_parse_list(values, 0, arena, &expect, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_int_equal(expect_parse_list(values, 4, arena, &expect, &error), 0);
    assert_int_equal(expect.form, EXPECT_IN);
    bool found = false;
    assert_int_equal(expect_compare(&expect, "null", &found, &error), 0);
    assert_true(found);
    expect_print(&expect, &out);
    assert_string_equal(strbuf_text(&out), "in (new, in (a), 'null', 'a, b')");
    assert_read(strbuf_text(&out), strbuf_text(&out));
}

static void test_many_values(void **state)
{
    (void)state;
    static char text[8192] = "in (0";
    for (size_t i = 1; i < 1024; i++)
        strcat(text, ",1");
    char shown[512] = "";
    char whole[8192] = "";
    snprintf(whole, sizeof whole, "%s)", text);
    read(whole, shown, sizeof shown);
    assert_int_not_equal(*shown, '!');
    snprintf(whole, sizeof whole, "%s,1)", text);
    assert_read(whole, "!a set has more than 1024 values");
}

static void test_memory(void **state)
{
    (void)state;
    static const char *const texts[] = {"in ('a', b)", "= 5", "'x'", "not null"};
    const char *const values[] = {"a", "b"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            struct error error = {0};
            struct expect expect = {0};
            cleanup(arena) struct arena *arena = arena_new(ARENA_BYTES);
            OOM_CHECK(loop, arena && expect_parse(texts[i], arena, &expect, &error) == 0);
            assert_true(!arena || !loop.refused || error.code == ERROR_NO_MEMORY);
        }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        struct expect expect = {0};
        cleanup(arena) struct arena *arena = arena_new(ARENA_BYTES);
        OOM_CHECK(loop, arena && expect_parse_list(values, 2, arena, &expect, &error) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written),    cmocka_unit_test(test_refused), cmocka_unit_test(test_compared),
        cmocka_unit_test(test_long_value), cmocka_unit_test(test_list),    cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
