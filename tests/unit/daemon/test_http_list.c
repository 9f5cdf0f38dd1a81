/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of rows: the same document whether rendered at once or piece by piece, and never one that looks whole but is
 * not.
 */
#include "support/oom.h"

#include <string.h>

#include "daemon/http_list.h"

static const struct http_request request = {.monotonic_ms = 5, .unix_ms = 7};

static bool add_number(const struct view_set *set, size_t row, struct http_moment now, struct json_writer *writer)
{
    (void)set;
    assert_int_equal(now.monotonic_ms, 5);
    assert_int_equal(now.unix_ms, 7);
    json_add_integer(writer, (int64_t)row);
    return true;
}

static bool fail_at_seventy(const struct view_set *set, size_t row, struct http_moment now, struct json_writer *writer)
{
    return row != 70 && add_number(set, row, now, writer);
}

static char *expected(size_t count)
{
    struct strbuf text = STRBUF(1 << 20);
    strbuf_add_string(&text, "{\"numbers\":[");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(&text, i ? ",%zu" : "%zu", i);
    strbuf_add_string(&text, "]}");
    char *taken = strbuf_steal(&text);
    assert_non_null(taken);
    return taken;
}

/* Renders the rest of a streamed answer into its body; false when it was cut off. */
static bool drain(struct http_response *response)
{
    while (response->stream.next && response->stream.next(response->stream.state, &response->body))
        continue;
    return strbuf_ok(&response->body);
}

static void test_every_length_gives_the_whole_list(void **state)
{
    (void)state;
    const size_t counts[] = {0, 1, 2, 99, 100, 101, 102, 5000};
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        cleanup(http_response) struct http_response response = {0};
        cleanup(free) char *whole = expected(counts[i]);
        http_response_init(&response);
        http_list_respond(&request, "numbers", counts[i], add_number, &response);
        assert_int_equal(response.status, 200);
        assert_string_equal(response.content_type, HTTP_JSON);
        assert_int_equal(response.stream.next != NULL, counts[i] > 100);
        assert_true(drain(&response));
        assert_string_equal(strbuf_text(&response.body), whole);
    }
}

static void test_a_failed_row_never_gives_a_list(void **state)
{
    (void)state;
    const size_t counts[] = {71, 5000};
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        cleanup(http_response) struct http_response response = {0};
        http_response_init(&response);
        http_list_respond(&request, "numbers", counts[i], fail_at_seventy, &response);
        assert_true(response.status == 503 || !drain(&response));
        assert_int_equal(response.status, counts[i] > 100 ? 200 : 503);
    }
}

static void test_want_of_memory_never_gives_a_list(void **state)
{
    (void)state;
    const size_t counts[] = {40, 300};
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(http_response) struct http_response response = {0};
            http_response_init(&response);
            http_list_respond(&request, "numbers", counts[i], add_number, &response);
            OOM_CHECK(loop, response.status == 200 && drain(&response));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length_gives_the_whole_list),
        cmocka_unit_test(test_a_failed_row_never_gives_a_list),
        cmocka_unit_test(test_want_of_memory_never_gives_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
