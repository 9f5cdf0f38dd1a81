/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Writes a code point as the standard says, without looking at what it is. */
static size_t encode(uint32_t point, size_t width, char bytes[static 4])
{
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    if (width == 1) {
        bytes[0] = (char)point;
        return 1;
    }
    for (size_t i = width - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    bytes[0] = (char)(leads[width] | point);
    return width;
}

static size_t shortest(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x110800; point++) {
        char bytes[5] = "";
        uint32_t decoded = UINT32_MAX;
        size_t width = encode(point, shortest(point), bytes);
        bool valid = point < 0x110000 && (point < 0xD800 || point > 0xDFFF);
        size_t length = utf8_decode(bytes, width, &decoded);
        if (length != (valid ? width : 0) || (valid && decoded != point))
            fail_msg("U+%04X: %zu bytes, U+%04X", point, length, decoded);
        if (utf8_is_valid(bytes, width) != valid || utf8_decode(bytes, width - 1, NULL) > 0)
            fail_msg("U+%04X", point);
    }
}

static void test_overlong_forms(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x10000; point++) {
        for (size_t width = shortest(point) + 1; width <= 4; width++) {
            char bytes[5] = "";
            encode(point, width, bytes);
            if (utf8_decode(bytes, width, NULL) != 0)
                fail_msg("U+%04X in %zu bytes", point, width);
        }
    }
}

static void test_validity_at_every_place(void **state)
{
    (void)state;
    for (size_t place = 0; place < 30; place++) {
        char text[40] = "";
        memset(text, 'a', 32);
        assert_true(utf8_is_valid(text, 32));
        memcpy(text + place, "\xc3\xa4", 2);
        assert_true(utf8_is_valid(text, 32));
        text[place + 1] = 'a';
        assert_false(utf8_is_valid(text, 32));
    }
    assert_true(utf8_is_valid("", 0));
    assert_false(utf8_is_valid("aaaaaaaa\xe2\x82", 10));
}

static void test_unprintable(void **state)
{
    (void)state;
    static const uint32_t unprintable[] = {0,      0x0A,   0x1F,   0x7F,   0x80,   0x9F,   0x61C, 0x200E,
                                           0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069};
    static const uint32_t printable[] = {0x20,   0x7E,   0xA0,   0x61B,  0x200D, 0x2010,
                                         0x2027, 0x202F, 0x2065, 0x206A, 0x1F600};
    for (size_t i = 0; i < ARRAY_LENGTH(unprintable); i++)
        assert_true(utf8_is_unprintable(unprintable[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(printable); i++)
        assert_false(utf8_is_unprintable(printable[i]));
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *line;
    } cases[] = {{"plain", "plain"},
                 {"two\nlines\r\n", "two lines"},
                 {"a\x1b[31mb", "a [31mb"},
                 {"\xe2\x80\xaeright\xe2\x80\xac", " right"},
                 {"\xff\xc3\xa4", "?\xc3\xa4"},
                 {"\xc3\xa4\xc3", "\xc3\xa4?"},
                 {"", ""}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char buffer[64] = "";
        snprintf(buffer, sizeof buffer, "%s", cases[i].text);
        utf8_make_line(buffer, sizeof buffer);
        assert_string_equal(buffer, cases[i].line);
    }
}

static void test_a_cut_sequence_is_dropped(void **state)
{
    (void)state;
    for (size_t size = 2; size < 12; size++) {
        char buffer[12] = "";
        snprintf(buffer, size, "%s", "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
        utf8_make_line(buffer, size);
        assert_int_equal(strlen(buffer), (size - 1) / 3 * 3);
        assert_true(utf8_is_valid(buffer, strlen(buffer)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_overlong_forms),
        cmocka_unit_test(test_validity_at_every_place),
        cmocka_unit_test(test_unprintable),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_a_cut_sequence_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
