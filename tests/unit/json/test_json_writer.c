/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "json/json_writer.h"

enum { OUTPUT_LIMIT = 1 << 20, RANDOM_ROUNDS = 20000, RANDOM_SIZE = 80 };

/* Every test writes with `writer` into `out`. */
#define WRITER(step)                                                                                                   \
    cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_LIMIT);                                                          \
    struct json_writer writer;                                                                                         \
    json_writer_init(&writer, &out, step)

static void assert_written(const struct json_writer *writer, const char *expected)
{
    assert_true(json_writer_ok(writer));
    assert_string_equal(strbuf_text(writer->out), expected);
}

static void write_sample(struct json_writer *writer)
{
    json_open_object(writer);
    json_key_string(writer, "text", "a");
    json_key_string(writer, "nothing", NULL);
    json_key_integer(writer, "least", INT64_MIN);
    json_key_boolean(writer, "yes", true);
    json_key_object(writer, "empty");
    json_close_object(writer);
    json_key_array(writer, "list");
    json_add_integer(writer, 0);
    json_add_boolean(writer, false);
    json_add_null(writer);
    json_open_array(writer);
    json_close_array(writer);
    json_close_array(writer);
    json_close_object(writer);
}

static void test_compact(void **state)
{
    (void)state;
    WRITER(0);
    write_sample(&writer);
    assert_written(&writer, "{\"text\":\"a\",\"nothing\":null,\"least\":-9223372036854775808,\"yes\":true,\"empty\":{},"
                            "\"list\":[0,false,null,[]]}");
}

static void test_indented(void **state)
{
    (void)state;
    WRITER(2);
    write_sample(&writer);
    assert_written(&writer, "{\n  \"text\": \"a\",\n  \"nothing\": null,\n  \"least\": -9223372036854775808,\n"
                            "  \"yes\": true,\n  \"empty\": {},\n  \"list\": [\n    0,\n    false,\n    null,\n    []\n"
                            "  ]\n}");
}

static void test_sample_is_what_jansson_reads(void **state)
{
    (void)state;
    for (unsigned indent = 0; indent < 5; indent += 2) {
        WRITER(indent);
        write_sample(&writer);
        json_error_t problem = {0};
        json_t *tree = json_loads(strbuf_text(&out), JSON_REJECT_DUPLICATES, &problem);
        assert_non_null(tree);
        char *dump = json_dumps(tree, JSON_COMPACT);
        cleanup(strbuf) struct strbuf compact = STRBUF(OUTPUT_LIMIT);
        struct json_writer again;
        json_writer_init(&again, &compact, 0);
        write_sample(&again);
        assert_string_equal(dump, strbuf_text(&compact));
        free(dump);
        json_decref(tree);
    }
}

static void test_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *written;
    } cases[] = {
        {"", 0, "\"\""},
        {"\"\\/", 3, "\"\\\"\\\\/\""},
        {"\n\r\t\b\f", 5, "\"\\n\\r\\t\\b\\f\""},
        {"\x01\x1f\x7f", 3, "\"\\u0001\\u001f\\u007f\""},
        {"a\0b", 3, "\"a\\u0000b\""},
        {"\xc2\x85", 2, "\"\\u0085\""},
        {"\xe2\x80\xae\xe2\x80\xac", 6, "\"\\u202e\\u202c\""},
        {"\xe2\x80\xa8", 3, "\"\\u2028\""},
        {"\xe2\x81\xa6\xe2\x81\xa9", 6, "\"\\u2066\\u2069\""},
        {"\xd8\x9c", 2, "\"\\u061c\""},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\xff", 1, "\"\\\\xff\""},
        {"a\xc3", 2, "\"a\\\\xc3\""},
        {"\xc0\x80", 2, "\"\\\\xc0\\\\x80\""},
        {"\xed\xa0\x80", 3, "\"\\\\xed\\\\xa0\\\\x80\""},
        {"01234567\"", 9, "\"01234567\\\"\""},
        {"0123456789abcdef\x7f", 17, "\"0123456789abcdef\\u007f\""},
        {"<script>&'", 10, "\"<script>&'\""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        WRITER(0);
        json_add_string_n(&writer, cases[i].text, cases[i].length);
        assert_written(&writer, cases[i].written);
    }
}

/* Every byte at every place of a word and of the words after it. */
static void test_escapes_do_not_depend_on_the_place(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < 19; place++) {
            char text[20] = "";
            char expected[64] = "";
            memset(text, 'x', sizeof text - 1);
            text[place] = (char)byte;
            WRITER(0);
            json_add_string_n(&writer, text, sizeof text - 1);
            assert_true(json_writer_ok(&writer));
            cleanup(strbuf) struct strbuf alone = STRBUF(OUTPUT_LIMIT);
            struct json_writer other;
            json_writer_init(&other, &alone, 0);
            json_add_string_n(&other, &text[place], 1);
            snprintf(expected, sizeof expected, "\"%.*s%.*s%.*s\"", (int)place, "xxxxxxxxxxxxxxxxxxx",
                     (int)alone.length - 2, alone.bytes + 1, (int)(18 - place), "xxxxxxxxxxxxxxxxxxx");
            assert_string_equal(strbuf_text(&out), expected);
        }
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Bytes that are often special, and often begin or continue a sequence. */
static size_t random_text(uint32_t *seed, char text[static RANDOM_SIZE])
{
    static const unsigned char favoured[] = {'"',  '\\', '\n', 0x7F, 0xC3, 0xA4, 0xE2, 0x82, 0xAC,
                                             0xF0, 0x9F, 0x98, 0x80, 0xFF, 0x80, 0xED, 0xA0};
    size_t length = next_random(seed) % RANDOM_SIZE;
    unsigned mood = next_random(seed) % 4;
    for (size_t i = 0; i < length; i++) {
        uint32_t dice = next_random(seed);
        if (mood == 0)
            text[i] = (char)(1 + dice % 255);
        else if (dice % 8 < mood)
            text[i] = (char)favoured[dice / 8 % sizeof favoured];
        else
            text[i] = (char)('a' + dice / 8 % 26);
    }
    return length;
}

/* What a reader must get: bytes outside well-formed sequences spelled \xHH, everything else as it was. */
static void spell(struct strbuf *expected, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t width = utf8_decode(text + i, length - i, NULL);
        if (width > 0)
            strbuf_add(expected, text + i, width);
        else
            strbuf_printf(expected, "\\x%02x", (unsigned char)text[i]);
        i += width > 0 ? width : 1;
    }
}

static void test_any_bytes_are_read_back(void **state)
{
    (void)state;
    uint32_t seed = 20261120;
    for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
        char text[RANDOM_SIZE] = "";
        size_t length = random_text(&seed, text);
        WRITER(round % 2 ? 0 : 1);
        json_open_object(&writer);
        json_key(&writer, "text");
        json_add_string_n(&writer, text, length);
        json_close_object(&writer);
        assert_true(json_writer_ok(&writer));
        assert_true(utf8_is_valid(out.bytes, out.length));
        cleanup(strbuf) struct strbuf expected = STRBUF(OUTPUT_LIMIT);
        spell(&expected, text, length);
        json_t *tree = json_loadb(out.bytes, out.length, 0, NULL);
        assert_non_null(tree);
        assert_string_equal(json_string_value(json_object_get(tree, "text")), strbuf_text(&expected));
        json_decref(tree);
    }
}

static void test_hostile_key(void **state)
{
    (void)state;
    WRITER(0);
    json_open_object(&writer);
    json_key_integer(&writer, "a\"\xff\xe2\x80\x8f", 1);
    json_close_object(&writer);
    assert_written(&writer, "{\"a\\\"\\\\xff\\u200f\":1}");
}

static void test_seconds(void **state)
{
    (void)state;
    static const struct {
        int64_t milliseconds;
        const char *written;
    } cases[] = {{0, "0"},
                 {800, "0.8"},
                 {2000, "2"},
                 {50, "0.05"},
                 {1, "0.001"},
                 {12345, "12.345"},
                 {-1500, "-1.5"},
                 {-1, "-0.001"},
                 {100010, "100.01"},
                 {INT64_MIN, "-9223372036854775.808"},
                 {INT64_MAX, "9223372036854775.807"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        WRITER(0);
        json_add_seconds(&writer, cases[i].milliseconds);
        assert_written(&writer, cases[i].written);
    }
}

static void test_time(void **state)
{
    (void)state;
    static const struct {
        int64_t unix_ms;
        const char *written;
    } cases[] = {{0, "\"1970-01-01T00:00:00Z\""},
                 {1795168800000, "\"2026-11-20T10:00:00Z\""},
                 {1795168800007, "\"2026-11-20T10:00:00.007Z\""},
                 {-1, "\"1969-12-31T23:59:59.999Z\""},
                 {951782400000, "\"2000-02-29T00:00:00Z\""},
                 {253402300799999, "\"9999-12-31T23:59:59.999Z\""},
                 {-62135596800000, "\"0001-01-01T00:00:00Z\""},
                 {253402300800000, "null"},
                 {-62135596800001, "null"},
                 {INT64_MIN, "null"},
                 {INT64_MAX, "null"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        WRITER(0);
        json_add_time(&writer, cases[i].unix_ms);
        assert_written(&writer, cases[i].written);
    }
}

static void test_time_is_gmtime(void **state)
{
    (void)state;
    for (time_t day = -719162; day < 2932897; day += 13) {
        struct tm parts = {0};
        char expected[64] = "";
        time_t second = day * 86400 + 4711;
        assert_non_null(gmtime_r(&second, &parts));
        snprintf(expected, sizeof expected, "\"%04d-%02d-%02dT01:18:31Z\"", parts.tm_year + 1900, parts.tm_mon + 1,
                 parts.tm_mday);
        WRITER(0);
        json_add_time(&writer, (int64_t)second * 1000);
        assert_string_equal(strbuf_text(&out), expected);
    }
}

static void value_without_key(struct json_writer *writer)
{
    json_open_object(writer);
    json_add_integer(writer, 1);
    json_close_object(writer);
}

static void key_without_value(struct json_writer *writer)
{
    json_open_object(writer);
    json_key(writer, "a");
    json_close_object(writer);
}

static void two_keys(struct json_writer *writer)
{
    json_open_object(writer);
    json_key(writer, "a");
    json_key_integer(writer, "b", 1);
    json_close_object(writer);
}

static void key_in_array(struct json_writer *writer)
{
    json_open_array(writer);
    json_key_integer(writer, "a", 1);
    json_close_array(writer);
}

static void wrong_close(struct json_writer *writer)
{
    json_open_array(writer);
    json_close_object(writer);
}

static void close_too_often(struct json_writer *writer)
{
    json_open_array(writer);
    json_close_array(writer);
    json_close_array(writer);
}

static void left_open(struct json_writer *writer)
{
    json_open_array(writer);
}

static void two_values(struct json_writer *writer)
{
    json_add_null(writer);
    json_add_null(writer);
}

static void nothing(struct json_writer *writer)
{
    (void)writer;
}

static void too_deep(struct json_writer *writer)
{
    for (unsigned i = 0; i < JSON_WRITER_DEPTH; i++)
        json_open_array(writer);
    for (unsigned i = 0; i < JSON_WRITER_DEPTH; i++)
        json_close_array(writer);
}

static void test_misuse_is_told(void **state)
{
    (void)state;
    void (*const misuses[])(struct json_writer *) = {value_without_key, key_without_value, two_keys,  key_in_array,
                                                     wrong_close,       close_too_often,   left_open, two_values,
                                                     nothing,           too_deep};
    for (size_t i = 0; i < ARRAY_LENGTH(misuses); i++) {
        WRITER(i % 2 ? 2 : 0);
        misuses[i](&writer);
        assert_false(json_writer_ok(&writer));
    }
}

static void test_deepest_allowed(void **state)
{
    (void)state;
    WRITER(0);
    for (unsigned i = 1; i < JSON_WRITER_DEPTH; i++)
        json_open_array(&writer);
    for (unsigned i = 1; i < JSON_WRITER_DEPTH; i++)
        json_close_array(&writer);
    assert_true(json_writer_ok(&writer));
}

static void test_exact_room_is_enough(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf whole = STRBUF(OUTPUT_LIMIT);
    struct json_writer writer;
    json_writer_init(&writer, &whole, 0);
    write_sample(&writer);
    for (size_t missing = 0; missing < 2; missing++) {
        cleanup(strbuf) struct strbuf out = STRBUF(whole.length - missing);
        json_writer_init(&writer, &out, 0);
        write_sample(&writer);
        assert_int_equal(json_writer_ok(&writer), missing == 0);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        WRITER(3);
        json_open_array(&writer);
        for (unsigned i = 0; i < 20; i++)
            write_sample(&writer);
        json_add_string(&writer, "\xff\n");
        json_close_array(&writer);
        OOM_CHECK(loop, json_writer_ok(&writer));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compact),
        cmocka_unit_test(test_indented),
        cmocka_unit_test(test_sample_is_what_jansson_reads),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_escapes_do_not_depend_on_the_place),
        cmocka_unit_test(test_any_bytes_are_read_back),
        cmocka_unit_test(test_hostile_key),
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_time_is_gmtime),
        cmocka_unit_test(test_misuse_is_told),
        cmocka_unit_test(test_deepest_allowed),
        cmocka_unit_test(test_exact_room_is_enough),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
