/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/events over real sockets: many streams on both loops, slow and dead ones, old clients, the end of the daemon.
 */
#include "http_fixture.h"

#include "base/limits.h"

static struct http_fixture fixture;

static int start_open(void **state)
{
    (void)state;
    fixture_start(&fixture, MADE_OPEN, 100);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    fixture_stop(&fixture);
    return 0;
}

static void emit(const char *text)
{
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_EVENT_BYTES);
    struct error error = {0};
    strbuf_add_string(&body, text);
    assert_int_equal(events_emit(fixture.events, EVENT_STATE, "orders", &body, 1, &error), 0);
}

/* Without the sizes of the chunks, of which none that is asserted here consists of several. */
static void read_until(int fd, char *text, size_t size, const char *end)
{
    size_t length = strlen(text);
    while (!strstr(text, end)) {
        assert_true(length + 1 < size);
        ssize_t received = recv(fd, text + length, size - 1 - length, 0);
        if (received <= 0)
            fail_msg("the stream ended before '%s': %s", end, text);
        length += (size_t)received;
        text[length] = 0;
    }
}

/* A stream that has shown its picture. */
static int open_stream(const char *version)
{
    char text[16384] = "";
    int fd = client_connect(fixture.port);
    client_send(fd, "GET /v1/events HTTP/");
    client_send(fd, version);
    client_send(fd, "\r\nHost: x\r\n\r\n");
    read_until(fd, text, sizeof text, "]}\n\n");
    assert_non_null(strstr(text, "200 OK"));
    assert_non_null(strstr(text, "event: snapshot\n"));
    return fd;
}

static void test_answers_that_are_no_stream(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        int status;
        const char *part;
    } rows[] = {
        {"/v1/events?kind=states", 400, "\"parameter\":\"kind\""},
        {"/v1/events?kind=", 400, "\"parameter\":\"kind\""},
        {"/v1/events?kind=state,", 400, "\"parameter\":\"kind\""},
        {"/v1/events?database=", 400, "\"parameter\":\"database\""},
        {"/v1/events?database=orders,,billing", 400, "\"parameter\":\"database\""},
        {"/v1/events?database=orders&database=none", 404, "none"},
        {"/v1/events?database=shop", 404, "shop"},
        {"/v1/events?last_event_id=x", 400, "\"parameter\":\"last_event_id\""},
        {"/v1/events?databases=orders", 400, "\"parameter\":\"databases\""},
    };
    struct reply reply = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        http_get(fixture.port, rows[i].target, &reply);
        assert_int_equal(reply.status, rows[i].status);
        assert_non_null(strstr(reply.body, rows[i].part));
    }
    http_ask(fixture.port, "POST", "/v1/events", "Content-Length: 0\r\n", &reply);
    assert_int_equal(reply.status, 405);
    http_get(fixture.probe_port, "/v1/events", &reply);
    assert_int_equal(reply.status, 404);
}

static void test_head_is_like_get(void **state)
{
    (void)state;
    struct reply head = {0};
    struct reply get = {0};
    int fd = client_connect(fixture.port);
    client_ask(fd, "HEAD", "/v1/events", "", &head);
    assert_int_equal(head.status, 200);
    assert_true(client_is_closed(fd));
    close(fd);
    fd = client_connect(fixture.port);
    client_send(fd, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    client_receive(fd, &get, true);
    close(fd);
    static const char *const headers[] = {"Content-Type", "Cache-Control", "X-Accel-Buffering"};
    for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
        cleanup(free) char *value = mem_strdup(reply_header(&head, headers[i]));
        assert_string_equal(reply_header(&get, headers[i]), value);
    }
    assert_string_equal(reply_header(&get, "Content-Type"), "text/event-stream");
    assert_string_equal(reply_header(&get, "Cache-Control"), "no-store");
    assert_string_equal(reply_header(&get, "X-Accel-Buffering"), "no");
}

static void test_an_old_client_gets_no_chunks(void **state)
{
    (void)state;
    char text[16384] = "";
    int fd = client_connect(fixture.port);
    client_send(fd, "GET /v1/events?kind=state&database=orders HTTP/1.0\r\n\r\n");
    read_until(fd, text, sizeof text, "]}\n\n");
    assert_null(strstr(text, "chunked"));
    assert_non_null(strstr(text, "\r\n\r\nretry: 2000\n\nevent: snapshot\nid: "));
    emit("{\"a\":1}");
    emit("{\"a\":2}");
    text[0] = 0;
    read_until(fd, text, sizeof text, "{\"a\":2}\n\n");
    assert_non_null(strstr(text, "event: state\nid: "));
    assert_non_null(strstr(text, "data: {\"a\":1}\n\nevent: state\n"));
    close(fd);
}

enum { CROWD = 100, EVENTS = 20 };

static void test_everybody_hears_everything_in_order(void **state)
{
    (void)state;
    int fds[CROWD] = {0};
    for (size_t i = 0; i < CROWD; i++)
        fds[i] = open_stream(i % 2 == 0 ? "1.1" : "1.0");
    for (unsigned i = 0; i < EVENTS; i++) {
        char body[32] = "";
        snprintf(body, sizeof body, "{\"n\":%u}", i);
        emit(body);
    }
    for (size_t i = 0; i < CROWD; i++) {
        char text[16384] = "";
        const char *at = text;
        read_until(fds[i], text, sizeof text, "{\"n\":19}\n\n");
        for (unsigned n = 0; n < EVENTS; n++) {
            char body[32] = "";
            snprintf(body, sizeof body, "data: {\"n\":%u}\n\n", n);
            at = strstr(at, body);
            assert_non_null(at);
        }
        close(fds[i]);
    }
}

/* One more than may be open is put off; the end of one makes room once it is noticed, which a write does. */
static void test_streams_are_limited(void **state)
{
    (void)state;
    static int fds[LIMIT_STREAMS];
    struct reply reply = {0};
    for (size_t i = 0; i < LIMIT_STREAMS; i++)
        fds[i] = open_stream("1.1");
    http_get(fixture.port, "/v1/events", &reply);
    assert_int_equal(reply.status, 429);
    assert_string_not_equal(reply_header(&reply, "Retry-After"), "");
    http_ask(fixture.port, "HEAD", "/v1/events", "", &reply);
    assert_int_equal(reply.status, 429);
    http_get(fixture.port, "/livez", &reply);
    assert_int_equal(reply.status, 200);
    close(fds[0]);
    do {
        emit("{}");
        http_ask(fixture.port, "HEAD", "/v1/events", "", &reply);
    } while (reply.status == 429);
    assert_int_equal(reply.status, 200);
    fds[0] = open_stream("1.1");
    for (size_t i = 0; i < LIMIT_STREAMS; i++)
        close(fds[i]);
}

/* Who does not read keeps nobody waiting, and learns what it missed. */
static void test_a_slow_reader(void **state)
{
    (void)state;
    enum { BODY = 8192 };
    static char body[BODY];
    memset(body, 'x', sizeof body - 1);
    int slow = open_stream("1.0");
    int fast = open_stream("1.0");
    for (size_t i = 0; i < 2 * (size_t)LIMIT_EVENTS; i++) {
        char text[BODY + 1024] = "";
        emit(body);
        read_until(fast, text, sizeof text, "x\n\n");
    }
    emit("{\"last\":1}");
    static char text[4u * LIMIT_EVENTS * BODY];
    const char *reset = NULL;
    size_t length = 0;
    while (!reset) {
        ssize_t received = recv(slow, text + length, sizeof text - 1 - length, 0);
        assert_true(received > 0);
        text[length + (size_t)received] = 0;
        reset = strstr(text + (length > BODY ? length - BODY : 0), "event: reset\n");
        length += (size_t)received;
    }
    assert_true((size_t)(reset - text) < (size_t)LIMIT_EVENTS * BODY); /* kept by the sockets, not for it */
    memmove(text, reset, strlen(reset) + 1);
    read_until(slow, text, sizeof text, "]}\n\n");
    emit("{\"last\":2}");
    read_until(slow, text, sizeof text, "{\"last\":2}\n\n");
    assert_null(strstr(text, "{\"last\":1}"));
    close(slow);
    close(fast);
}

/* Those that wait, and one in the middle of what nobody reads: all end, and so does the daemon. */
static void test_the_daemon_ends(void **state)
{
    (void)state;
    enum { BODY = 65536, STREAMS = 20 };
    static char body[BODY];
    int fds[STREAMS] = {0};
    memset(body, 'x', sizeof body - 1);
    int stuck = open_stream("1.1");
    for (size_t i = 0; i < LIMIT_EVENTS_BYTES / BODY; i++)
        emit(body);
    for (size_t i = 0; i < STREAMS; i++)
        fds[i] = open_stream("1.1");
    http_server_stop(fixture.server);
    for (size_t i = 0; i < STREAMS; i++) {
        char text[4096] = "";
        client_until_closed(fds[i], text, sizeof text);
        const char *begin = strncmp(text, "\r\n", 2) == 0 ? text + 2 : text; /* of the chunk before */
        assert_string_equal(begin, "0\r\n\r\n");                             /* a whole body */
        close(fds[i]);
    }
    close(stuck);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers_that_are_no_stream, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_head_is_like_get, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_an_old_client_gets_no_chunks, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_everybody_hears_everything_in_order, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_streams_are_limited, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_a_slow_reader, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_the_daemon_ends, start_open, stop_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
