/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients that keep sending, but never enough: each phase of a request has a longest duration, however steadily bytes
 * trickle in, and only a request that the daemon itself holds has none. Lasts as long as those durations.
 */
#include "http_fixture.h"

#include <poll.h>

enum { TRICKLE_MS = 100, LONGEST_ROUNDS = 600 };

static struct http_fixture fixture;

static int start_closed(void **state)
{
    (void)state;
    fixture_start(&fixture, MADE_CLOSED, 100);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    fixture_stop(&fixture);
    return 0;
}

/* One more byte to those that are still open; returns how many are. Nothing is ever answered, so readable is closed. */
static size_t trickle(int *fds, size_t count)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        struct pollfd poll_fd = {.fd = fds[i], .events = POLLIN};
        if (fds[i] < 0)
            continue;
        if (poll(&poll_fd, 1, 0) > 0 || send(fds[i], "a", 1, MSG_NOSIGNAL) != 1) {
            assert_true(client_is_closed(fds[i]));
            close(fds[i]);
            fds[i] = -1;
            continue;
        }
        open++;
    }
    return open;
}

static void test_trickling_requests_end_and_held_ones_do_not(void **state)
{
    (void)state;
    static const char *const beginnings[] = {
        "GET /livez?", "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "POST /v1/gates/orders/admissions HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n"};
    int fds[ARRAY_LENGTH(beginnings)] = {0};
    struct reply reply = {0};
    int held = client_connect(fixture.port);
    client_send(held, "GET /v1/gates/orders?wait=50s HTTP/1.1\r\nHost: x\r\n\r\n");
    AWAIT(http_server_waiters(fixture.server) == 1);
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++) {
        fds[i] = client_connect(fixture.port);
        client_send(fds[i], beginnings[i]);
    }
    size_t rounds = 0;
    while (trickle(fds, ARRAY_LENGTH(fds)) > 0) {
        assert_true(++rounds < LONGEST_ROUNDS);
        http_get(fixture.port, "/livez", &reply);
        assert_int_equal(reply.status, 200);
        poll(NULL, 0, TRICKLE_MS);
    }
    assert_int_equal(http_server_waiters(fixture.server), 1);
    fixture_publish(&fixture, MADE_OPEN);
    client_receive(held, &reply, false);
    assert_int_equal(reply.status, 200);
    close(held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trickling_requests_end_and_held_ones_do_not, start_closed, stop_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
