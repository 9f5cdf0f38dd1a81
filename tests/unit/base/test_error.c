/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static void test_setting(void **state)
{
    (void)state;
    struct error error = {.native = 5, .sqlstate = "57014"};
    assert_int_equal(error_set(&error, ERROR_TIMEOUT, "%s after %d ms", "gave up", 7), -1);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    assert_int_equal(error.native, 0);
    assert_string_equal(error.sqlstate, "");
    assert_string_equal(error.message, "gave up after 7 ms");
    assert_int_equal(error_set(NULL, ERROR_IO, "nobody asks"), -1);
}

static void test_a_message_may_quote_itself(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, ERROR_IO, "first");
    error_set(&error, ERROR_INVALID, "again: %s", error.message);
    assert_string_equal(error.message, "again: first");
    assert_int_equal(error_prefix(&error, "%s.json", "file"), -1);
    assert_string_equal(error.message, "file.json: again: first");
    assert_int_equal(error.code, ERROR_INVALID);
    assert_int_equal(error_prefix(NULL, "x"), -1);
}

static void test_messages_are_one_clean_line(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, ERROR_INVALID, "%s", "a\nb\x1b\xe2\x80\x8f\xff");
    assert_string_equal(error.message, "a b  ?");
}

static void test_long_messages_are_cut_at_a_character(void **state)
{
    (void)state;
    char text[1000] = "";
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    for (unsigned shift = 0; shift < 2; shift++) {
        struct error error = {0};
        error_set(&error, ERROR_INVALID, "%s%s", shift ? "x" : "", text);
        size_t length = strlen(error.message);
        assert_in_range(length, sizeof error.message - 3, sizeof error.message - 1);
        assert_true(utf8_is_valid(error.message, length));
        error_prefix(&error, "%s", text);
        assert_true(utf8_is_valid(error.message, strlen(error.message)));
        assert_null(strchr(error.message, '?'));
    }
}

static void test_codes(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_no_memory(&error), -1);
    assert_int_equal(error.code, ERROR_NO_MEMORY);
    assert_string_equal(error.message, "out of memory");
    assert_string_equal(error_code_name(ERROR_OK), "ok");
    assert_string_equal(error_code_name(ERROR_AUTH_FAILED), "auth_failed");
    for (unsigned a = 0; a < ERROR_CODES; a++)
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(error_code_name(a), error_code_name(b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_setting),
        cmocka_unit_test(test_a_message_may_quote_itself),
        cmocka_unit_test(test_messages_are_one_clean_line),
        cmocka_unit_test(test_long_messages_are_cut_at_a_character),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
