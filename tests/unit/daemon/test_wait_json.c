/* SPDX-License-Identifier: Apache-2.0
 *
 * The pull reader takes and refuses what jansson does, and reads the same.
 */
#include "support/oom.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "daemon/wait_json.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

enum { RENDERED_BYTES = 1 << 20 };

/* Bytes that come one at a time, or as many as are asked for. */
struct source {
    const char *at;
    size_t left;
    size_t piece;
    bool fails;
};

static ssize_t read_source(void *payload, char *place, size_t size)
{
    struct source *source = payload;
    if (source->left == 0 && source->fails) {
        errno = EIO;
        return -1;
    }
    size_t taken = source->left < source->piece ? source->left : source->piece;
    taken = taken < size ? taken : size;
    memcpy(place, source->at, taken);
    source->at += taken;
    source->left -= taken;
    return (ssize_t)taken;
}

/* What the reader saw, one line per event. */
static bool render(struct wait_json *json, struct strbuf *out)
{
    static const char *const names[] = {
        [WAIT_JSON_OBJECT] = "{",    [WAIT_JSON_OBJECT_END] = "}", [WAIT_JSON_ARRAY] = "[",
        [WAIT_JSON_ARRAY_END] = "]", [WAIT_JSON_KEY] = "key",      [WAIT_JSON_STRING] = "text",
        [WAIT_JSON_NUMBER] = "#",    [WAIT_JSON_BOOLEAN] = "is",   [WAIT_JSON_NULL] = "null"};
    for (;;) {
        enum wait_json_event event = wait_json_next(json);
        if (event == WAIT_JSON_PROBLEM || event == WAIT_JSON_END)
            return event == WAIT_JSON_END;
        bool has_text = event >= WAIT_JSON_KEY && event <= WAIT_JSON_BOOLEAN;
        strbuf_printf(out, "%s %s\n", names[event], has_text ? json->text : "");
    }
}

static bool is_read(const char *text, size_t length)
{
    struct wait_json json;
    cleanup(strbuf) struct strbuf whole = STRBUF(RENDERED_BYTES);
    cleanup(strbuf) struct strbuf pieces = STRBUF(RENDERED_BYTES);
    wait_json_open_text(&json, text, length);
    bool read = render(&json, &whole);
    assert_int_equal(read, json.problem[0] == '\0');
    struct source source = {.at = text, .left = length, .piece = 1};
    wait_json_open(&json, read_source, &source, length);
    assert_int_equal(render(&json, &pieces), read);
    assert_string_equal(strbuf_text(&whole), strbuf_text(&pieces));
    return read;
}

static void same_verdict(const char *text, size_t length)
{
    cleanup(json_document) struct json_document *document = NULL;
    struct error error = {0};
    bool theirs = json_parse(text, length, LIMIT_JSON_BYTES, "text", &document, &error) == 0;
    if (is_read(text, length) != theirs)
        fail_msg("%.*s: jansson %s it", (int)length, text, theirs ? "reads" : "refuses");
}

static const char *const samples[] = {
    "",
    " ",
    "null",
    "true ",
    "\tfalse\r\n",
    "tru",
    "truex",
    "nul",
    "0",
    "-0",
    "-",
    "01",
    "-01",
    "1.",
    ".5",
    "1.5",
    "1e5",
    "1E+5",
    "1e-5",
    "1e",
    "1e+",
    "1.e5",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "1e308",
    "1e309",
    "-1e309",
    "1e-400",
    "123456789012345678901234567890.0",
    "\"\"",
    "\"a\"",
    "\"a",
    "\"\\\"\"",
    "\"\\",
    "\"\\x\"",
    "\"\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0041\"",
    "\"\\u00e9\"",
    "\"\\u00E9\"",
    "\"\\u20ac\"",
    "\"\\u004\"",
    "\"\\u004g\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\uD83D\"",
    "\"\\uD83Dx\"",
    "\"\\uD83D\\n\"",
    "\"\\uD83D\\u0041\"",
    "\"\\uDE00\"",
    "\"\\ude00\\ud83d\"",
    "\"\\u0000\"",
    "\"\\u0001\"",
    "\"\x01\"",
    "\"\n\"",
    "\"\x7f\"",
    "\"\xc3\xa9\"",
    "\"\xe2\x82\xac\"",
    "\"\xf0\x9f\x98\x80\"",
    "\"\xc0\x80\"",
    "\"\xc3\"",
    "\"\xc3(\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xff\"",
    "\"\x80\"",
    "\xc3\xa9",
    "\xef\xbb\xbf{}",
    "[]",
    "[ ]",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,2]",
    "[[],[[]]]",
    "{}",
    "{ }",
    "{",
    "}",
    "[}",
    "{]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1}",
    "{\"a\":1,}",
    "{\"a\":1,\"b\":[{\"c\":null}]}",
    "{\"a\" : 1 , \"b\" : 2 }",
    "{a:1}",
    "{'a':1}",
    "{1:2}",
    "{\"a\":1}x",
    "{\"a\":1} {}",
    "[1]]",
    "// x\n1",
    "[NaN]",
    "[Infinity]",
    "{\"a\\u0000b\":1}",
    "{\"\":\"\"}",
};

static void test_what_jansson_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++)
        same_verdict(samples[i], strlen(samples[i]));
    same_verdict("\"a\0b\"", 5);
    same_verdict("[1]\0", 4);
}

/* Every sample cut off anywhere, and with any byte of it replaced. */
static void test_what_is_broken(void **state)
{
    (void)state;
    static const char strange[] = "\"\\{}[],:0-.eEx \n\x01\x80\xc3\xff";
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        char text[64] = "";
        size_t length = strlen(samples[i]);
        assert_true(length < sizeof text);
        for (size_t end = 0; end < length; end++)
            same_verdict(samples[i], end);
        for (size_t at = 0; at < length; at++) {
            for (const char *byte = strange; *byte; byte++) {
                memcpy(text, samples[i], length);
                text[at] = *byte;
                same_verdict(text, length);
            }
        }
    }
}

static void test_what_was_read(void **state)
{
    (void)state;
    static const char text[] = "{\"s\":\"\\u20ac\\n\\uD83D\\uDE00\",\"n\":-1.5e3,\"b\":[true,false,null,{}]}";
    struct wait_json json;
    cleanup(strbuf) struct strbuf seen = STRBUF(RENDERED_BYTES);
    wait_json_open_text(&json, text, strlen(text));
    assert_true(render(&json, &seen));
    assert_string_equal(strbuf_text(&seen),
                        "{ \nkey s\ntext \xe2\x82\xac\n\xf0\x9f\x98\x80\nkey n\n# -1.5e3\nkey b\n[ \n"
                        "is true\nis false\nnull \n{ \n} \n] \n} \n");
    assert_int_equal(wait_json_next(&json), WAIT_JSON_END);
}

static void test_depth(void **state)
{
    (void)state;
    char text[2 * (LIMIT_JSON_DEPTH + 1) + 1] = "";
    for (unsigned depth = LIMIT_JSON_DEPTH - 1; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        same_verdict(text, (size_t)2 * depth);
        assert_int_equal(is_read(text, (size_t)2 * depth), depth <= LIMIT_JSON_DEPTH);
    }
}

/* A long text is cut at a character; the rest is read all the same. */
static void test_long_texts(void **state)
{
    (void)state;
    struct wait_json json;
    cleanup(strbuf) struct strbuf text = STRBUF(RENDERED_BYTES);
    strbuf_add_string(&text, "[\"x");
    for (unsigned i = 0; i < 2 * WAIT_JSON_TEXT_SIZE; i++)
        strbuf_add_string(&text, "\xe2\x82\xac");
    strbuf_add_string(&text, "\",1]");
    wait_json_open_text(&json, strbuf_text(&text), text.length);
    assert_int_equal(wait_json_next(&json), WAIT_JSON_ARRAY);
    assert_int_equal(wait_json_next(&json), WAIT_JSON_STRING);
    assert_true(json.cut);
    assert_int_equal(json.length % 3, 1);
    assert_int_equal(json.length, strlen(json.text));
    assert_true(json.length + 4 > sizeof json.text);
    assert_int_equal(wait_json_next(&json), WAIT_JSON_NUMBER);
    assert_false(json.cut);
    assert_int_equal(wait_json_next(&json), WAIT_JSON_ARRAY_END);
    assert_int_equal(wait_json_next(&json), WAIT_JSON_END);

    strbuf_clear(&text);
    for (unsigned i = 0; i < WAIT_JSON_TEXT_SIZE; i++)
        strbuf_add_char(&text, '1');
    assert_false(is_read(strbuf_text(&text), text.length));
}

static void test_sources(void **state)
{
    (void)state;
    struct wait_json json;
    static const char text[] = "{\"a\":[1,2,3]}";
    struct source source = {.at = text, .left = strlen(text), .piece = 3};
    wait_json_open(&json, read_source, &source, strlen(text) - 1);
    cleanup(strbuf) struct strbuf seen = STRBUF(RENDERED_BYTES);
    assert_false(render(&json, &seen));
    assert_non_null(strstr(json.problem, "too long"));
    source = (struct source){.at = text, .left = 7, .piece = 3, .fails = true};
    wait_json_open(&json, read_source, &source, 100);
    assert_false(render(&json, &seen));
    assert_non_null(strstr(json.problem, strerror(EIO)));
    assert_int_equal(wait_json_next(&json), WAIT_JSON_PROBLEM);
    /* a document that is whole before the source fails is not whole */
    source = (struct source){.at = "1 ", .left = 2, .piece = 1, .fails = true};
    wait_json_open(&json, read_source, &source, 100);
    assert_false(render(&json, &seen));
}

static void test_passing_over(void **state)
{
    (void)state;
    struct wait_json json;
    static const char text[] = "[{\"a\":[[1],{\"b\":\"]\"}]},[],\"x\",7]";
    wait_json_open_text(&json, text, strlen(text));
    assert_int_equal(wait_json_next(&json), WAIT_JSON_ARRAY);
    for (unsigned i = 0; i < 3; i++)
        assert_true(wait_json_skip(&json, wait_json_next(&json)));
    assert_int_equal(wait_json_next(&json), WAIT_JSON_NUMBER);
    assert_string_equal(json.text, "7");
    assert_int_equal(wait_json_next(&json), WAIT_JSON_ARRAY_END);
    wait_json_open_text(&json, "[[1", 3);
    assert_int_equal(wait_json_next(&json), WAIT_JSON_ARRAY);
    assert_false(wait_json_skip(&json, wait_json_next(&json)));
}

static void test_where_it_went_wrong(void **state)
{
    (void)state;
    struct wait_json json;
    cleanup(strbuf) struct strbuf seen = STRBUF(RENDERED_BYTES);
    static const char text[] = "{\n  \"a\": 1,\n  b: 2\n}";
    wait_json_open_text(&json, text, strlen(text));
    assert_false(render(&json, &seen));
    assert_string_equal(json.problem, "line 3, column 3: 'b' where a member's name should stand");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_jansson_reads), cmocka_unit_test(test_what_is_broken),
        cmocka_unit_test(test_what_was_read),      cmocka_unit_test(test_depth),
        cmocka_unit_test(test_long_texts),         cmocka_unit_test(test_sources),
        cmocka_unit_test(test_passing_over),       cmocka_unit_test(test_where_it_went_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
