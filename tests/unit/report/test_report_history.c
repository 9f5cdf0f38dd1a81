/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of the history for people.
 */
#include "support/oom.h"

#include <string.h>

#include "report/report_history.h"
#include "json/json_reader.h"

static const char records[] =
    "[{\"kind\":\"admission\",\"gate\":\"job\",\"admitted\":true,\"at\":\"2026-11-20T10:00:00Z\","
    "\"application\":\"migrate\",\"instance\":\"1\",\"revision\":\"a\",\"code\":\"CHECK_PASSED\","
    "\"evidence\":[{\"check\":\"orders:backup\",\"state\":\"passed\",\"value\":\"/b/o.gz\"},"
    "{\"check\":\"orders:check:x\",\"state\":\"unknown\",\"value\":null}]},"
    "{\"kind\":\"admission\",\"gate\":\"api\",\"admitted\":false,\"at\":\"2026-11-20T09:00:00Z\","
    "\"application\":\"shop\",\"instance\":\"pod\",\"revision\":null,\"code\":\"PENDING\"}]";

static bool render(const struct json_document *document, enum report_style style, struct strbuf *out)
{
    const struct json_value *list[2] = {json_element(json_root(document), 0), json_element(json_root(document), 1)};
    report_history(out, style, list, ARRAY_LENGTH(list));
    return strbuf_ok(out);
}

/* Which backup there was when the job was let in. */
static void test_evidence(void **state)
{
    (void)state;
    cleanup(json_document) struct json_document *document = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(65536);
    assert_int_equal(json_parse(records, strlen(records), sizeof records, "records", &document, NULL), 0);
    assert_true(render(document, STYLE_PLAIN, &out));
    assert_non_null(strstr(strbuf_text(&out),
                           "admitted CHECK_PASSED  a         migrate 1; orders:backup passed /b/o.gz; "
                           "orders:check:x unknown\n"));
    assert_non_null(strstr(strbuf_text(&out), "refused PENDING        -         shop pod\n"));
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    cleanup(json_document) struct json_document *document = NULL;
    assert_int_equal(json_parse(records, strlen(records), sizeof records, "records", &document, NULL), 0);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(strbuf) struct strbuf out = STRBUF(65536);
        OOM_CHECK(loop, render(document, STYLE_MARKDOWN, &out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_evidence), cmocka_unit_test(test_memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
