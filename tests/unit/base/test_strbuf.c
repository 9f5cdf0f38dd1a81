/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <string.h>

#include "base/strbuf.h"

static void test_appends(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf buffer = STRBUF(1000);
    assert_string_equal(strbuf_text(&buffer), "");
    strbuf_add(&buffer, "abc", 2);
    strbuf_add_string(&buffer, "-");
    strbuf_add_char(&buffer, 'x');
    strbuf_printf(&buffer, "%d%s", 7, "!");
    strbuf_add(&buffer, NULL, 0);
    assert_true(strbuf_ok(&buffer));
    assert_string_equal(strbuf_text(&buffer), "ab-x7!");
    assert_int_equal(buffer.length, 6);
}

static void test_growth_keeps_the_text(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf buffer = STRBUF(100000);
    for (unsigned i = 0; i < 10000; i++)
        strbuf_printf(&buffer, "%u,", i % 10);
    assert_int_equal(buffer.length, 20000);
    for (size_t i = 0; i < buffer.length; i += 2)
        assert_int_equal(buffer.bytes[i], '0' + i / 2 % 10);
    assert_int_equal(buffer.bytes[buffer.length], '\0');
}

static void test_the_maximum_is_exact_and_sticky(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf buffer = STRBUF(4);
    strbuf_add_string(&buffer, "abcd");
    assert_true(strbuf_ok(&buffer));
    strbuf_add_char(&buffer, 'e');
    assert_false(strbuf_ok(&buffer));
    strbuf_add(&buffer, "", 0);
    assert_false(strbuf_ok(&buffer));
    assert_string_equal(strbuf_text(&buffer), "abcd");
    assert_null(strbuf_steal(&buffer));
    strbuf_clear(&buffer);
    strbuf_printf(&buffer, "%s", "wxyz");
    assert_true(strbuf_ok(&buffer));
    strbuf_printf(&buffer, "%d", 1);
    assert_false(strbuf_ok(&buffer));
    assert_string_equal(strbuf_text(&buffer), "wxyz");
}

static void test_reserve_and_commit(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf buffer = STRBUF(10);
    char *place = strbuf_reserve(&buffer, 10);
    memcpy(place, "0123456789", 10);
    strbuf_commit(&buffer, 4);
    assert_string_equal(strbuf_text(&buffer), "0123");
    assert_null(strbuf_reserve(&buffer, 7));
    assert_null(strbuf_reserve(&buffer, SIZE_MAX));
}

static void test_stealing(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf buffer = STRBUF(10);
    cleanup(free) char *empty = strbuf_steal(&buffer);
    assert_string_equal(empty, "");
    strbuf_add_string(&buffer, "text");
    cleanup(free) char *text = strbuf_steal(&buffer);
    assert_string_equal(text, "text");
    assert_string_equal(strbuf_text(&buffer), "");
    strbuf_add_string(&buffer, "again");
    assert_string_equal(strbuf_text(&buffer), "again");
    assert_string_equal(text, "text");
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf buffer = STRBUF(10000);
        for (unsigned i = 0; i < 1000; i++)
            strbuf_printf(&buffer, "%u", i % 10);
        bool complete = strbuf_ok(&buffer);
        cleanup(free) char *text = strbuf_steal(&buffer);
        OOM_CHECK(loop, complete && text);
        assert_int_equal(text == NULL, loop.refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_growth_keeps_the_text),
        cmocka_unit_test(test_the_maximum_is_exact_and_sticky),
        cmocka_unit_test(test_reserve_and_commit),
        cmocka_unit_test(test_stealing),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
