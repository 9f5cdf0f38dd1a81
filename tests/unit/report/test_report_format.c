/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/journal.h"
#include "report/report_format.h"

static void test_forms_that_there_are(void **state)
{
    (void)state;
    const struct drift_context context = {.database = "orders",
                                          .verdict = DRIFT_UNKNOWN,
                                          .code = "NO_REFERENCE",
                                          .live_taken_at_ms = TIME_UNKNOWN,
                                          .frozen_since_ms = TIME_UNKNOWN};
    const struct report_subject subject = {.context = &context};
    static const enum report_format formats[] = {REPORT_JSON, REPORT_TEXT, REPORT_COLOUR, REPORT_MARKDOWN};
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(65536);
        assert_true(report_render(REPORT_OF_DRIFT, formats[i], &subject, &out));
        assert_true(strbuf_ok(&out));
        assert_non_null(strstr(strbuf_text(&out), "orders"));
        assert_int_equal(strbuf_text(&out)[0] == '{', formats[i] == REPORT_JSON);
    }
}

static void test_forms_that_there_are_not(void **state)
{
    (void)state;
    static const struct {
        enum report_kind kind;
        enum report_format format;
    } none[] = {{REPORT_OF_DRIFT, REPORT_SQL}, {REPORT_OF_PLAN, REPORT_MARKDOWN}, {REPORT_OF_MANY, REPORT_SQL}};
    const struct report_subject subject = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(none); i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(64);
        assert_false(report_render(none[i].kind, none[i].format, &subject, &out));
        assert_int_equal(out.length, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_that_there_are),
        cmocka_unit_test(test_forms_that_there_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
