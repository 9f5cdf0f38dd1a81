/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/byte_size.h"

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
        const char *printed;
    } cases[] = {
        {"0B", 0, "0B"},
        {"1B", 1, "1B"},
        {"999B", 999, "999B"},
        {"1000B", 1000, "1kB"},
        {"1024B", 1024, "1KiB"},
        {"1MiB", 1048576, "1MiB"},
        {"2MB", 2000000, "2MB"},
        {"1024kB", 1024000, "1000KiB"},
        {"3GiB", 3221225472, "3GiB"},
        {"3GB", 3000000000, "3GB"},
        {"5TiB", 5497558138880, "5TiB"},
        {"5TB", 5000000000000, "5TB"},
        {"9223372036854775807B", INT64_MAX, "9223372036854775807B"},
        {"9223372036854775808B", -1, NULL},
        {"99999999999999999999B", -1, NULL},
        {"9000000TiB", -1, NULL},
        {"", -1, NULL},
        {"B", -1, NULL},
        {"1", -1, NULL},
        {"1 MiB", -1, NULL},
        {"1mib", -1, NULL},
        {"1M", -1, NULL},
        {"1KB", -1, NULL},
        {"-1B", -1, NULL},
        {"+1B", -1, NULL},
        {" 1B", -1, NULL},
        {"1.5MiB", -1, NULL},
        {"0x10B", -1, NULL},
        {"1MiBs", -1, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t bytes = -2;
        assert_int_equal(byte_size_parse(cases[i].text, &bytes), cases[i].bytes >= 0);
        if (cases[i].bytes < 0) {
            assert_int_equal(bytes, -2);
            continue;
        }
        assert_int_equal(bytes, cases[i].bytes);
        cleanup(strbuf) struct strbuf out = STRBUF(64);
        byte_size_print(bytes, &out);
        assert_string_equal(strbuf_text(&out), cases[i].printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
