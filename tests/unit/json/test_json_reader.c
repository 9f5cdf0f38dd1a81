/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <jansson.h>
#include <string.h>

#undef json_is_object
#undef json_is_array
#undef json_is_null

#include "base/limits.h"
#include "base/strbuf.h"
#include "json/json_reader.h"

static struct json_document *parse(const char *text)
{
    struct error error = {0};
    struct json_document *document = NULL;
    if (json_parse(text, strlen(text), LIMIT_JSON_BYTES, "test.json", &document, &error))
        fail_msg("%s", error.message);
    return document;
}

static void assert_refused(const char *text, size_t length, enum error_code code, const char *message)
{
    struct error error = {0};
    struct json_document *document = NULL;
    assert_int_equal(json_parse(text, length, 1000, "test.json", &document, &error), -1);
    assert_null(document);
    assert_int_equal(error.code, code);
    if (strncmp(error.message, message, strlen(message)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", error.message, message);
}

static void test_values(void **state)
{
    (void)state;
    cleanup(json_document) struct json_document *document =
        parse("{\"text\":\"\\u00e4\",\"list\":[1,true,null],\"object\":{\"a\":1}}");
    const struct json_value *root = json_root(document);
    const struct json_value *list = json_member(root, "list");
    bool boolean = false;
    assert_true(json_is_object(root));
    assert_int_equal(json_length(root), 3);
    assert_string_equal(json_text(json_member(root, "text")), "\xc3\xa4");
    assert_true(json_is_array(list));
    assert_int_equal(json_length(list), 3);
    assert_true(json_get_boolean(json_element(list, 1), &boolean));
    assert_true(boolean);
    assert_true(json_is_null(json_element(list, 2)));
    assert_false(json_is_null(json_element(list, 3)));
}

static void test_absent_and_other_kinds(void **state)
{
    (void)state;
    cleanup(json_document) struct json_document *document = parse("[\"text\"]");
    const struct json_value *text = json_element(json_root(document), 0);
    int64_t integer = 4711;
    bool boolean = true;
    const struct json_value *const values[] = {NULL, text};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        assert_null(json_member(values[i], "a"));
        assert_null(json_element(values[i], 0));
        assert_int_equal(json_length(values[i]), 0);
        assert_false(json_get_integer(values[i], &integer));
        assert_false(json_get_boolean(values[i], &boolean));
        assert_false(json_is_object(values[i]));
        assert_false(json_is_array(values[i]));
        assert_false(json_is_null(values[i]));
    }
    assert_int_equal(integer, 4711);
    assert_true(boolean);
    assert_null(json_text(NULL));
    assert_null(json_text(json_root(document)));
}

static void test_integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool accepted;
        int64_t value;
    } cases[] = {{"0", true, 0},
                 {"-9223372036854775808", true, INT64_MIN},
                 {"9223372036854775807", true, INT64_MAX},
                 {"1e3", true, 1000},
                 {"-2.0", true, -2},
                 {"1783598402000.0", true, 1783598402000},
                 {"-9223372036854775808.0", true, INT64_MIN},
                 {"9223372036854775808.0", false, 0},
                 {"1e300", false, 0},
                 {"1.5", false, 0},
                 {"\"1\"", false, 0},
                 {"true", false, 0}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(json_document) struct json_document *document = parse(cases[i].text);
        int64_t value = 0;
        assert_int_equal(json_get_integer(json_root(document), &value), cases[i].accepted);
        assert_true(value == cases[i].value);
    }
}

static bool collect(void *payload, const char *key, const struct json_value *value)
{
    int64_t number = 0;
    assert_true(json_get_integer(value, &number));
    strbuf_printf(payload, "%s=%d ", key, (int)number);
    return number < 3;
}

static void test_members_come_in_the_text_s_order(void **state)
{
    (void)state;
    cleanup(json_document) struct json_document *document = parse("{\"z\":1,\"a\":2,\"m\":3,\"b\":4}");
    cleanup(strbuf) struct strbuf seen = STRBUF(100);
    json_each_member(json_root(document), collect, &seen);
    assert_string_equal(strbuf_text(&seen), "z=1 a=2 m=3 ");
    strbuf_clear(&seen);
    json_each_member(NULL, collect, &seen);
    json_each_member(json_member(json_root(document), "z"), collect, &seen);
    assert_string_equal(strbuf_text(&seen), "");
}

static void test_refusals_name_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "test.json:1:0: "},
        {"{\n  \"a\": 1,\n  \"a\": 2}", "test.json:3:5: duplicate object key"},
        {"[1] x", "test.json:1:5: end of file expected"},
        {"[1,\n 2", "test.json:2:2: "},
        {"{\"a\" 1}", "test.json:1:6: "},
        {"[\"\\u0000\"]", "test.json:1:"},
        {"[99999999999999999999]", "test.json:1:"},
        {"[1e999]", "test.json:1:"},
        {"nul", "test.json:1:"},
        {"[\n\"\n\"]", "test.json:2:1: unexpected newline"},
        {"\xef\xbb\xbf{}", "test.json:1:"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_refused(cases[i].text, strlen(cases[i].text), ERROR_INVALID, cases[i].message);
    assert_refused("[\"\xff\"]", 5, ERROR_INVALID, "test.json:1:2: not valid UTF-8");
    assert_refused("[\"\xed\xa0\x80\"]", 7, ERROR_INVALID, "test.json:1:2: not valid UTF-8");
    assert_refused("[1]\0[2]", 7, ERROR_INVALID, "test.json:1:");
}

static void test_size_limit(void **state)
{
    (void)state;
    char text[1001] = "";
    memset(text, ' ', sizeof text);
    text[0] = '0';
    assert_refused(text, sizeof text, ERROR_TRUNCATED, "test.json: 1001 bytes, more than the limit of 1000");
}

static void test_depth_limit(void **state)
{
    (void)state;
    enum { DEPTH = LIMIT_JSON_DEPTH };
    char text[2 * DEPTH + 4] = "";
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    cleanup(json_document) struct json_document *document = parse(text);
    assert_true(json_is_array(json_root(document)));
    memset(text, '[', DEPTH + 1);
    assert_refused(text, strlen(text), ERROR_INVALID, "test.json:1:65: nested more than 64 deep");
    memset(text, '{', sizeof text - 1);
    assert_refused(text, sizeof text - 1, ERROR_INVALID, "test.json:1:65: nested more than 64 deep");
}

static void test_brackets_in_strings_are_text(void **state)
{
    (void)state;
    char text[300] = "[\"\\\"";
    memset(text + 4, '[', 200);
    memcpy(text + 204, "\\\\\", 1]", 7);
    cleanup(json_document) struct json_document *document = parse(text);
    assert_int_equal(json_length(json_root(document)), 2);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    const char *text = "{\"a\":[1,2,{\"b\":\"c\"}]}";
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(json_document) struct json_document *document = NULL;
        OOM_CHECK(loop, json_parse(text, strlen(text), 1000, "test.json", &document, &error) == 0);
        assert_int_equal(document == NULL, loop.refused);
        assert_int_equal(error.code, loop.refused ? ERROR_NO_MEMORY : ERROR_OK);
    }
}

static void *refusable(size_t size)
{
    return mem_alloc(size);
}

/* jansson's own allocations fail too. The document must be whole or refused, whatever jansson calls the reason. */
static void test_memory_of_the_parser_runs_out(void **state)
{
    (void)state;
    const char *text = "{\"a\":[1,2.5,{\"b\":\"c\\u00e4 and more than fits into a small buffer\"}],\"d\":null}";
    json_malloc_t usual_malloc = NULL;
    json_free_t usual_free = NULL;
    json_get_alloc_funcs(&usual_malloc, &usual_free);
    json_set_alloc_funcs(refusable, mem_free);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(json_document) struct json_document *document = NULL;
        OOM_CHECK(loop, json_parse(text, strlen(text), 1000, "test.json", &document, &error) == 0);
        assert_int_equal(document == NULL, loop.refused);
        assert_int_equal(error.code == ERROR_OK, !loop.refused);
    }
    json_set_alloc_funcs(usual_malloc, usual_free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_absent_and_other_kinds),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_members_come_in_the_text_s_order),
        cmocka_unit_test(test_refusals_name_the_place),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_depth_limit),
        cmocka_unit_test(test_brackets_in_strings_are_text),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_memory_of_the_parser_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
