/* SPDX-License-Identifier: Apache-2.0
 *
 * What is taken from a target, a header field or a value, and what is refused.
 */
#include "support/oom.h"

#include <string.h>

#include "daemon/http_request.h"

static void test_targets(void **state)
{
    (void)state;
    struct http_target target = {0};
    struct error error = {0};
    assert_int_equal(http_target_parse("/v1/a%2Fb%20+/?x=1+2%2B&y&z=", &target, &error), 0);
    assert_int_equal(target.segment_count, 3);
    assert_string_equal(target.segments[1], "a/b +");
    assert_string_equal(target.segments[2], "");
    assert_int_equal(target.parameter_count, 3);
    assert_string_equal(target.parameters[0].value, "1 2+");
    assert_string_equal(target.parameters[1].name, "y");
    assert_string_equal(target.parameters[1].value, "");
    assert_int_equal(http_target_parse("/", &target, &error), 0);
    assert_int_equal(target.segment_count, 0);
    static const char *const bad[] = {"",     "*",    "x",     "http://x/", "/%",         "/%4",     "/%00",
                                      "/a b", "/a#b", "/\x7f", "/%ff",      "/?a=%c0%80", "/?%00=1", "/?a=%g0"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        if (http_target_parse(bad[i], &target, &error) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(error.code, ERROR_INVALID);
    }
    assert_string_equal(target.bad_parameter, "a");
    assert_int_equal(http_target_parse("/%00?a=1", &target, &error), -1);
    assert_null(target.bad_parameter);
}

static void test_targets_are_bounded(void **state)
{
    (void)state;
    static char raw[HTTP_TARGET_SIZE + 10] = "/?";
    struct http_target target = {0};
    for (unsigned i = 0; i <= LIMIT_QUERY_PARAMETERS; i++)
        strcat(raw, "a&");
    assert_int_equal(http_target_parse(raw, &target, NULL), -1);
    memset(raw, 'a', sizeof raw - 1);
    memcpy(raw, "/?b=", 4);
    raw[4 + LIMIT_QUERY_VALUE] = 0;
    assert_int_equal(http_target_parse(raw, &target, NULL), 0);
    raw[4 + LIMIT_QUERY_VALUE] = 'a';
    raw[5 + LIMIT_QUERY_VALUE] = 0;
    assert_int_equal(http_target_parse(raw, &target, NULL), -1);
    memset(raw + 1, 'a', sizeof raw - 2);
    assert_int_equal(http_target_parse(raw, &target, NULL), -1);
    assert_int_equal(http_target_parse("/1/2/3/4/5/6/7/8", &target, NULL), 0);
    assert_int_equal(target.segment_count, 8);
}

static void test_etags(void **state)
{
    (void)state;
    assert_true(http_etag_matches("\"a\"", "\"a\""));
    assert_true(http_etag_matches("\"b\", W/\"a\"", "\"a\""));
    assert_true(http_etag_matches(" * ", "\"a\""));
    assert_false(http_etag_matches("\"b\"", "\"a\""));
    assert_false(http_etag_matches("\"a\"b", "\"a\""));
    assert_false(http_etag_matches("", "\"a\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_targets_are_bounded),
        cmocka_unit_test(test_etags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
