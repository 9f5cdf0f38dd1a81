/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/time_text.h"

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } times[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-21T08:00:00Z", 1795248000000},
        {"2026-11-21T08:00:00.123456789Z", 1795248000123},
        {"2026-11-21 08:00:00.5+00:00", 1795248000500},
        {"2026-11-21T09:30:00+01:30", 1795248000000},
        {"2026-11-21T06:30:00-01:30", 1795248000000},
        {"1969-12-31T23:59:59.999Z", -1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
        int64_t ms = 7;
        assert_true(time_parse_rfc3339(times[i].text, &ms));
        assert_int_equal(ms, times[i].ms);
    }
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        NULL,
        "",
        "2026",
        "2026-11-21",
        "2026-11-21T08:00:00",
        "2026-13-21T08:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T08:00:00.Z",
        "2026-11-21T08:00:00Z ",
        "2026-11-21T08:00:00+1",
        "2026-11-21T08:00:00+01",
        "1795248000",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        int64_t ms = 7;
        assert_false(time_parse_rfc3339(texts[i], &ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
