/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that wait for a gate, over real sockets: held, released by what releases them, refused when there are too
 * many, and never left hanging by a stop.
 */
#include "http_fixture.h"

#include "daemon/metrics.h"

static struct http_fixture fixture;

static int start_closed(void **state)
{
    (void)state;
    fixture_start(&fixture, MADE_CLOSED, 600);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    fixture_stop(&fixture);
    assert_int_equal(metric_get(METRIC_waiters), 0);
    return 0;
}

static void hold(int fd, const char *target)
{
    char text[512] = "";
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    client_send(fd, text);
}

static void test_waiters_are_released_and_keep_their_connection(void **state)
{
    (void)state;
    int fds[40] = {0};
    struct reply reply = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
        fds[i] = client_connect(fixture.port);
        hold(fds[i], i % 2 ? "/v1/gates/orders?wait=50s" : "/v1/gates/shop?wait=50s");
    }
    AWAIT(http_server_waiters(fixture.server) == ARRAY_LENGTH(fds));
    assert_true(atomic_load(&fixture_demand) >= 1);
    fixture_publish(&fixture, MADE_CLOSED);
    fixture_publish(&fixture, MADE_OPEN);
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
        client_receive(fds[i], &reply, false);
        assert_int_equal(reply.status, 200);
        assert_non_null(strstr(reply.body, "\"state\":\"open\""));
        assert_string_not_equal(reply_header(&reply, "Connection"), "close");
    }
    for (unsigned round = 0; round < 3; round++) {
        client_ask(fds[0], "GET", "/v1/gates/orders?wait=50s", "", &reply);
        assert_int_equal(reply.status, 200);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++)
        close(fds[i]);
    assert_int_equal(http_server_waiters(fixture.server), 0);
}

static void test_time_up_gives_the_current_answer(void **state)
{
    (void)state;
    struct reply reply = {0};
    http_get(fixture.port, "/v1/gates/orders?wait=30ms", &reply);
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.body, "\"code\":\"EMPTY\""));
    assert_true(atoi(reply_header(&reply, "Retry-After")) >= 1);
    http_ask(fixture.port, "HEAD", "/v1/gates/orders?wait=30ms", "", &reply);
    assert_int_equal(reply.status, 503);
}

/* blocked_grace is 300 ms here, far below the wait. */
static void test_blocked_ends_the_wait_after_its_grace(void **state)
{
    (void)state;
    struct reply reply = {0};
    fixture_publish(&fixture, MADE_BLOCKED);
    http_get(fixture.port, "/v1/gates/orders?wait=50s", &reply);
    assert_int_equal(reply.status, 409);
    assert_non_null(strstr(reply.body, "\"code\":\"UNVERSIONED\""));
    assert_string_equal(reply_header(&reply, "Retry-After"), "");
}

static void test_too_many_waiters_are_refused(void **state)
{
    (void)state;
    static int fds[600];
    struct reply reply = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
        char target[128] = "";
        fds[i] = client_connect(fixture.port);
        snprintf(target, sizeof target, "/v1/gates/orders?wait=50s&revision=%zu", i % 7);
        hold(fds[i], target);
    }
    AWAIT(http_server_waiters(fixture.server) == ARRAY_LENGTH(fds));
    http_get(fixture.port, "/v1/gates/orders?wait=50s", &reply);
    assert_int_equal(reply.status, 429);
    assert_true(atoi(reply_header(&reply, "Retry-After")) >= 1);
    http_get(fixture.probe_port, "/livez", &reply);
    assert_int_equal(reply.status, 200);
    http_get(fixture.port, "/v1/gates/orders", &reply);
    assert_int_equal(reply.status, 503);
    http_server_stop(fixture.server);
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
        client_receive(fds[i], &reply, false);
        assert_int_equal(reply.status, 503);
        assert_string_equal(reply_header(&reply, "Connection"), "close");
        assert_non_null(strstr(reply.body, "stopping"));
        assert_true(client_is_closed(fds[i]));
        close(fds[i]);
    }
}

static void test_a_waiter_that_left_is_forgotten(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        int fd = client_connect(fixture.port);
        hold(fd, "/v1/gates/orders?wait=50s");
        AWAIT(http_server_waiters(fixture.server) == i + 1);
        close(fd);
    }
    fixture_publish(&fixture, MADE_OPEN);
    AWAIT(http_server_waiters(fixture.server) == 0);
    AWAIT(metric_get(METRIC_http_connections) == 0);
}

static void test_a_stop_ends_idle_and_polling_requests(void **state)
{
    (void)state;
    struct reply reply = {0};
    int idle = client_connect(fixture.port);
    int polling = client_connect(fixture.port);
    client_ask(idle, "GET", "/livez", "", &reply);
    client_send(polling, "POST /v1/databases/orders/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    /* The second request of this loop's connection shows that the first one was taken up. */
    client_ask(idle, "GET", "/livez", "", &reply);
    usleep(20000);
    http_server_stop(fixture.server);
    client_receive(polling, &reply, false);
    assert_int_equal(reply.status, 503);
    assert_true(client_is_closed(idle));
    close(idle);
    close(polling);
}

/* A publisher, waiters that come and go, and probes, all at once: what ThreadSanitizer is to look at. */
static void test_waiting_while_states_change(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        struct reply reply = {0};
        int fds[8] = {0};
        for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
            fds[i] = client_connect(fixture.port);
            hold(fds[i], round % 2 ? "/v1/gates/orders?wait=50s" : "/v1/gates/shop?wait=50s");
            fixture_publish(&fixture, i % 2 ? MADE_CLOSED : MADE_UNKNOWN);
        }
        http_get(fixture.probe_port, "/metrics", &reply);
        assert_int_equal(reply.status, 200);
        fixture_publish(&fixture, MADE_OPEN);
        for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
            client_receive(fds[i], &reply, false);
            assert_int_equal(reply.status, 200);
            close(fds[i]);
        }
        fixture_publish(&fixture, MADE_CLOSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waiters_are_released_and_keep_their_connection, start_closed, stop_server),
        cmocka_unit_test_setup_teardown(test_time_up_gives_the_current_answer, start_closed, stop_server),
        cmocka_unit_test_setup_teardown(test_blocked_ends_the_wait_after_its_grace, start_closed, stop_server),
        cmocka_unit_test_setup_teardown(test_too_many_waiters_are_refused, start_closed, stop_server),
        cmocka_unit_test_setup_teardown(test_a_waiter_that_left_is_forgotten, start_closed, stop_server),
        cmocka_unit_test_setup_teardown(test_a_stop_ends_idle_and_polling_requests, start_closed, stop_server),
        cmocka_unit_test_setup_teardown(test_waiting_while_states_change, start_closed, stop_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
