/* SPDX-License-Identifier: Apache-2.0
 *
 * Every handler, asked directly, while each of its allocations in turn fails: it answers in full or it does not answer
 * 200.
 */
#include "http_fixture.h"

struct handlers {
    struct config *config;
    struct view_set *set;
    struct http_context context;
};

static const bool never;

static bool loops_alive(void *payload, int64_t monotonic_now_ms)
{
    (void)payload;
    (void)monotonic_now_ms;
    return true;
}

static int start(void **state)
{
    static struct handlers handlers;
    struct view_set *set = NULL;
    handlers.config = fixture_config(MADE_OPEN, 10);
    set = view_set_new(handlers.config);
    assert_non_null(set);
    for (size_t i = 0; i < set->count; i++) {
        set->views[i] = fixture_view(handlers.config, i, MADE_OPEN);
        assert_non_null(set->views[i]);
    }
    handlers.set = set;
    handlers.context =
        (struct http_context){.admissions = admissions_new(), .loops_alive = loops_alive, .draining = &never};
    assert_non_null(handlers.context.admissions);
    *state = &handlers;
    return 0;
}

static int stop_server(void **state)
{
    struct handlers *handlers = *state;
    admissions_free(handlers->context.admissions);
    view_set_unref(handlers->set);
    config_unref(handlers->config);
    return 0;
}

/* True when the whole answer is there, streamed ones drained. */
static bool ask(const struct handlers *handlers, const char *raw, enum http_method method, const char *body)
{
    struct http_target target = {0};
    const char *names[HTTP_SEGMENTS] = {0};
    cleanup(http_response) struct http_response response = {0};
    struct http_request request = {.context = &handlers->context,
                                   .set = handlers->set,
                                   .method = method,
                                   .body = body,
                                   .body_length = body ? strlen(body) : 0,
                                   .loopback = true,
                                   .monotonic_ms = monotonic_ms(),
                                   .unix_ms = http_unix_ms()};
    http_response_init(&response);
    assert_int_equal(http_target_parse(raw, &target, NULL), 0);
    http_route(&request, &target, method == HTTP_POST ? "POST" : "GET", names, &response);
    if (response.status != 200 && response.status != 201)
        return false;
    while (response.stream.next && response.stream.next(response.stream.state, &response.body))
        continue;
    return strbuf_ok(&response.body) && response.body.length > 0;
}

static void test_get_without_memory(void **state)
{
    static const char *const targets[] = {"/health",
                                          "/health/shop",
                                          "/metrics",
                                          "/v1/databases",
                                          "/v1/databases/orders",
                                          "/v1/databases/orders/journal",
                                          "/v1/databases/orders/schema",
                                          "/v1/gates",
                                          "/v1/gates/shop",
                                          "/v1/gates/shop?wait=5s",
                                          "/v1/gates/orders/admissions"};
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            OOM_CHECK(loop, ask(*state, targets[i], HTTP_GET, NULL));
        }
    }
}

static void test_post_without_memory(void **state)
{
    static const char body[] = "{\"application\":\"shop\",\"instance\":\"a-1\"}";
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        bool admitted = ask(*state, "/v1/gates/shop/admissions", HTTP_POST, body);
        OOM_CHECK(loop, admitted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_get_without_memory, start, stop_server),
        cmocka_unit_test_setup_teardown(test_post_without_memory, start, stop_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
