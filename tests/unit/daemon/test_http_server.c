/* SPDX-License-Identifier: Apache-2.0
 *
 * The server from outside, over real sockets: what requests get, what malformed ones get, what connections live
 * through.
 */
#include "http_fixture.h"

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

static void test_every_route_answers(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        int status;
        const char *type;
        const char *part;
    } rows[] = {
        {"/livez", 200, "application/json", "\"status\":\"pass\""},
        {"/readyz", 200, "application/json", "\"status\":\"pass\""},
        {"/readyz?verbose&exclude=orders&exclude=gone", 200, "application/json", "\"orders\":\"excluded\""},
        {"/health", 200, "application/health+json", "\"status\":\"pass\""},
        {"/health/orders", 200, "application/health+json", "orders:migration"},
        {"/health/shop", 200, "application/health+json", "billing:migration"},
        {"/health/none", 404, "application/problem+json", "none"},
        {"/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "migrationd_database_open{database=\"orders\""},
        {"/v1/databases", 200, "application/json", "\"database\":\"orders\""},
        {"/v1/databases/orders", 200, "application/json", "\"state\":\"observed\""},
        {"/v1/databases/none", 404, "application/problem+json", "none"},
        {"/v1/databases/orders/journal", 200, "application/json", "\"database\":\"orders\""},
        {"/v1/gates", 200, "application/json", "\"requires\":[\"orders\",\"billing\"]"},
        {"/v1/gates/shop", 200, "application/json", "\"state\":\"open\""},
        {"/v1/gates/%6frders", 200, "application/json", "\"gate\":\"orders\""},
        {"/v1/gates/none", 404, "application/problem+json", "none"},
        {"/v1/gates/shop?revision=1", 400, "application/problem+json", "\"parameter\":\"revision\""},
        {"/v1/gates/shop?revision=orders:", 400, "application/problem+json", "\"parameter\":\"revision\""},
        {"/v1/gates/shop?revision=orders:1&revision=orders:2", 400, "application/problem+json", "two revisions"},
        {"/v1/gates/shop?revison=1", 400, "application/problem+json", "\"parameter\":\"revison\""},
        {"/v1/gates/orders?match=exact", 400, "application/problem+json", "\"parameter\":\"match\""},
        {"/v1/gates/orders?revision=1&match=about", 400, "application/problem+json", "\"parameter\":\"match\""},
        {"/v1/gates/shop?wait=56s", 400, "application/problem+json", "\"parameter\":\"wait\""},
        {"/v1/gates/shop?wait=5", 400, "application/problem+json", "\"parameter\":\"wait\""},
        {"/v1/gates/shop?wait=1s&wait=2s", 400, "application/problem+json", "\"parameter\":\"wait\""},
        {"/v1/gates/shop/admissions", 200, "application/json", "\"admissions\":["},
        {"/v1/gates/none/admissions", 404, "application/problem+json", "none"},
        {"/v1/databases/orders/drift?assert=huge", 400, "application/problem+json", "\"parameter\":\"assert\""},
        {"/v1/databases/orders/drift?assert=info", 503, "application/problem+json", "NO_REFERENCE"},
        {"/v1/databases/orders/drift?format=xml", 400, "application/problem+json", "\"parameter\":\"format\""},
        {"/v1/databases/orders/plan", 503, "application/problem+json", "NO_REFERENCE"},
        {"/v1/databases/orders/plan?stage=0", 400, "application/problem+json", "\"parameter\":\"stage\""},
        {"/v1/databases/orders/plan?direction=up", 400, "application/problem+json", "\"parameter\":\"direction\""},
        {"/v1/compare", 400, "application/problem+json", "\"parameter\":\"databases\""},
        {"/v1/compare?databases=orders,none", 404, "application/problem+json", "none"},
        {"/v1/compare?databases=orders,orders", 400, "application/problem+json", "twice"},
        {"/v1/compare?databases=orders,billing", 200, "application/json", "\"databases\":[\"orders\",\"billing\"]"},
        {"/v1/databases/orders/history", 503, "application/problem+json", "HISTORY_UNAVAILABLE"},
        {"/v1/databases/orders/history?at=yesterday", 400, "application/problem+json", "\"parameter\":\"at\""},
        {"/v1/databases/orders/history?limit=0", 400, "application/problem+json", "\"parameter\":\"limit\""},
        {"/v1/databases/orders/history?limit=1001", 400, "application/problem+json", "\"parameter\":\"limit\""},
        {"/v1/databases/orders/history?before=x", 400, "application/problem+json", "\"parameter\":\"before\""},
        {"/v1/databases/orders/history?kind=x", 400, "application/problem+json", "\"parameter\":\"kind\""},
        {"/v1/databases/orders/history?at=2026-11-20T10:00:00Z&kind=drift", 400, "application/problem+json",
         "\"parameter\":\"kind\""},
        {"/v1/databases/nobody/history", 404, "application/problem+json", "nobody"},
        {"/v1/gates/orders/admissions?limit=1025", 400, "application/problem+json", "\"parameter\":\"limit\""},
        {"/v1/gates/orders/admissions?application=x", 200, "application/json", "\"releases\":[]"},
        {"/v1/databases/", 404, "application/problem+json", "no such path"},
        {"//livez", 404, "application/problem+json", "no such path"},
        {"/", 404, "application/problem+json", "no such path"},
        {"/livez/..", 404, "application/problem+json", "no such path"},
        {"/livez?x=1", 400, "application/problem+json", "\"parameter\":\"x\""},
        {"/health?x=1", 400, "application/problem+json", "\"parameter\":\"x\""},
        {"/v1/databases/%ff", 400, "application/problem+json", "UTF-8"},
        {"/v1/databases/%c0%af", 400, "application/problem+json", "UTF-8"},
        {"/v1/databases/orders%00x", 400, "application/problem+json", "%00"},
        {"/v1/databases/orders%2fjournal", 404, "application/problem+json", "orders/journal"},
        {"/v1/databases/%2", 400, "application/problem+json", "hexadecimal"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct reply reply = {0};
        http_get(fixture.port, rows[i].target, &reply);
        if (reply.status != rows[i].status || !strstr(reply.body, rows[i].part) ||
            strcmp(reply_header(&reply, "Content-Type"), rows[i].type) != 0)
            fail_msg("%s: %s\n%s", rows[i].target, reply.head, reply.body);
        assert_string_equal(reply_header(&reply, "Cache-Control"), "no-store");
        assert_string_equal(reply_header(&reply, "X-Content-Type-Options"), "nosniff");
    }
}

static void test_head_is_get_without_body(void **state)
{
    (void)state;
    static const char *const targets[] = {"/livez",         "/readyz",       "/health",
                                          "/health/none",   "/v1/databases", "/v1/databases/orders/journal",
                                          "/v1/gates/shop", "/nowhere"};
    static const char *const headers[] = {"Content-Type", "Cache-Control", "Allow", "ETag"};
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        struct reply get = {0};
        struct reply head = {0};
        http_get(fixture.port, targets[i], &get);
        int fd = client_connect(fixture.port);
        client_ask(fd, "HEAD", targets[i], "", &head);
        assert_int_equal(head.status, get.status);
        for (size_t j = 0; j < ARRAY_LENGTH(headers); j++) {
            char expected[256] = "";
            snprintf(expected, sizeof expected, "%s", reply_header(&get, headers[j]));
            assert_string_equal(reply_header(&head, headers[j]), expected);
        }
        /* Ages make bodies longer and shorter from one request to the next. */
        bool get_has_length = *reply_header(&get, "Content-Length");
        assert_int_equal(*reply_header(&head, "Content-Length") != 0, get_has_length);
        /* Had a body followed, the next answer would not begin here; streamed answers end the connection instead. */
        if (strcasecmp(reply_header(&head, "Connection"), "close") == 0) {
            assert_true(client_is_closed(fd));
        } else {
            client_ask(fd, "GET", "/livez", "", &get);
            assert_int_equal(get.status, 200);
        }
        close(fd);
    }
}

static void test_methods(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *target;
        const char *allow;
    } rows[] = {
        {"POST", "/livez", "GET, HEAD"},
        {"DELETE", "/v1/gates/shop", "GET, HEAD"},
        {"GET", "/v1/databases/orders/refresh", "POST"},
        {"PUT", "/v1/gates/shop/admissions", "GET, HEAD, POST"},
        {"OPTIONS", "/health", "GET, HEAD"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct reply reply = {0};
        http_ask(fixture.port, rows[i].method, rows[i].target, "", &reply);
        assert_int_equal(reply.status, 405);
        assert_string_equal(reply_header(&reply, "Allow"), rows[i].allow);
    }
    struct reply reply = {0};
    http_ask(fixture.port, "OPTIONS", "*", "", &reply);
    assert_true(reply.status >= 400 && reply.status < 500);
}

/* Each is answered with an error, once, and the connection ends: the second request is never served. */
static void test_ambiguous_requests_are_refused(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /livez HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc",
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabc",
        "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET /livez HTTP/1.1\r\n\r\n",
        "GET http://evil/livez HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /livez HTTP/3.0\r\nHost: x\r\n\r\n",
        "GET /li%00vez HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/gates/shop/admissions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\nabc",
        "GET /livez HTTP/1.1\r\nHost: x\r\nX\x01Y: z\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
        struct reply reply = {0};
        int fd = client_connect(fixture.port);
        client_send(fd, requests[i]);
        client_send(fd, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        size_t length = client_until_closed(fd, reply.body, sizeof reply.body);
        if (length == 0 || strncmp(reply.body, "HTTP/1.1 ", 9) != 0 || !strchr("45", reply.body[9]))
            fail_msg("%s\nis answered %s", requests[i], reply.body);
        if (strstr(reply.body, " 200 ") || strstr(reply.body, "health+json"))
            fail_msg("%s\nlets a second request through: %s", requests[i], reply.body);
        close(fd);
    }
}

static void test_schema_is_streamed_and_has_an_etag(void **state)
{
    (void)state;
    struct reply reply = {0};
    int fd = client_connect(fixture.port);
    client_ask(fd, "GET", "/v1/databases/orders/schema", "", &reply);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"format\":\"migrationd-schema\""));
    assert_string_equal(reply_header(&reply, "Cache-Control"), "no-cache");
    char more[256] = "";
    snprintf(more, sizeof more, "If-None-Match: \"other\", W/%s\r\n", reply_header(&reply, "ETag"));
    client_send(fd, "GET /v1/databases/orders/schema HTTP/1.1\r\nHost: x\r\n");
    client_send(fd, more);
    client_send(fd, "\r\n");
    client_receive(fd, &reply, true);
    assert_int_equal(reply.status, 304);
    client_ask(fd, "GET", "/v1/databases/orders/schema", "If-None-Match: \"other\"\r\n", &reply);
    assert_int_equal(reply.status, 200);
    fixture_publish(&fixture, MADE_UNKNOWN);
    client_ask(fd, "GET", "/v1/databases/orders/schema", "", &reply);
    assert_int_equal(reply.status, 503);
    close(fd);
}

static void test_large_requests(void **state)
{
    (void)state;
    struct reply reply = {0};
    char *header = mem_calloc(1, 50001);
    assert_non_null(header);
    memset(header, 'a', 3000);
    char *more = mem_printf("Cookie: %s\r\n", header);
    http_ask(fixture.port, "GET", "/livez", more, &reply);
    assert_int_equal(reply.status, 200);
    mem_free(more);
    memset(header, 'a', 50000);
    static const struct {
        const char *format;
        int status;
    } rows[] = {{"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", 414},
                {"GET /livez HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", 431}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char *text = mem_calloc(1, 60000);
        assert_non_null(text);
        int length = snprintf(text, 60000,
                              i == 0 ? "GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"
                                     : "GET /livez HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n",
                              header);
        int fd = client_connect(fixture.port);
        /* The server may close before all was sent. */
        assert_true(send(fd, text, (size_t)length, MSG_NOSIGNAL) > 0);
        client_receive(fd, &reply, false);
        assert_true(reply.status == rows[i].status || reply.status == 0);
        close(fd);
        mem_free(text);
    }
    mem_free(header);
    http_get(fixture.port, "/livez", &reply);
    assert_int_equal(reply.status, 200);
}

/* 3 KiB in all, in so many lines of this name. */
static char *make_headers(const char *name, size_t lines)
{
    struct strbuf text = STRBUF(8192);
    for (size_t i = 0; i < lines; i++) {
        size_t end = 3072 * (i + 1) / lines;
        strbuf_printf(&text, "%s: a=", name);
        while (text.length + 2 < end)
            strbuf_add_string(&text, "b");
        strbuf_add_string(&text, "\r\n");
    }
    char *taken = strbuf_steal(&text);
    assert_non_null(taken);
    return taken;
}

static void test_three_kib_of_headers_are_served_again_and_again(void **state)
{
    (void)state;
    static const char *const names[] = {"Cookie", "Authorization", "X-Forwarded-Client-Cert"};
    static const char *const targets[] = {"/livez", "/health", "/v1/databases", "/v1/gates/orders?wait=20ms"};
    struct reply reply = {0};
    int fd = client_connect(fixture.port);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        for (size_t lines = 1; lines <= 6; lines++) {
            cleanup(free) char *headers = make_headers(names[i], lines);
            for (size_t j = 0; j < ARRAY_LENGTH(targets); j++) {
                client_ask(fd, "GET", targets[j], headers, &reply);
                assert_int_equal(reply.status, 200);
                client_ask(fd, "GET", targets[j], "", &reply);
                assert_int_equal(reply.status, 200);
            }
        }
    }
    close(fd);
}

static void test_probe_listener_has_its_own_routes(void **state)
{
    (void)state;
    struct reply reply = {0};
    http_get(fixture.probe_port, "/livez", &reply);
    assert_int_equal(reply.status, 200);
    http_get(fixture.probe_port, "/health/shop", &reply);
    assert_int_equal(reply.status, 200);
    http_get(fixture.probe_port, "/v1/gates/shop", &reply);
    assert_int_equal(reply.status, 404);
}

static void post(const char *target, const char *body, struct reply *reply)
{
    char more[512] = "";
    int fd = client_connect(fixture.port);
    snprintf(more, sizeof more, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", target, strlen(body),
             body);
    client_send(fd, more);
    client_receive(fd, reply, false);
    close(fd);
}

static void test_admissions(void **state)
{
    (void)state;
    struct reply reply = {0};
    post("/v1/gates/shop/admissions", "{\"application\":\"web\",\"instance\":\"web-1\"}", &reply);
    assert_int_equal(reply.status, 201);
    assert_non_null(strstr(reply.body, "\"admitted\":true"));
    static const struct {
        const char *body;
        const char *part;
    } bad[] = {
        {"{\"instance\":\"web-1\"}", "\"member\":\"application\""},
        {"{\"application\":\"web\",\"instance\":7}", "\"member\":\"instance\""},
        {"{\"application\":\"web\",\"instance\":\"a\",\"revison\":\"1\"}", "\"member\":\"revison\""},
        {"{\"application\":\"web\",\"instance\":\"a\",\"revision\":\"1\"}", "\"member\":\"revision\""},
        {"[]", "object"},
        {"", "body"},
        {"{\"application\":\"web\",\"application\":\"web\"}", "application"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        post("/v1/gates/shop/admissions", bad[i].body, &reply);
        if (reply.status != 400 || !strstr(reply.body, bad[i].part))
            fail_msg("%s\n%s%s", bad[i].body, reply.head, reply.body);
    }
    fixture_publish(&fixture, MADE_BLOCKED);
    post("/v1/gates/shop/admissions", "{\"application\":\"web\",\"instance\":\"web-2\",\"revision\":\"orders:7\"}",
         &reply);
    assert_int_equal(reply.status, 409);
    fixture_publish(&fixture, MADE_CLOSED);
    post("/v1/gates/orders/admissions", "{\"application\":\"web\",\"instance\":\"web-3\"}", &reply);
    assert_int_equal(reply.status, 503);
    assert_true(atoi(reply_header(&reply, "Retry-After")) >= 1);
    http_get(fixture.port, "/v1/gates/shop/admissions", &reply);
    const char *second = strstr(reply.body, "web-2");
    assert_non_null(second);
    assert_non_null(strstr(second, "web-1"));
    assert_null(strstr(reply.body, "web-3"));
}

static void test_refresh(void **state)
{
    (void)state;
    struct reply reply = {0};
    atomic_store(&fixture_refreshed, true);
    post("/v1/databases/orders/refresh", "", &reply);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"database\":\"orders\""));
    atomic_store(&fixture_refresh_wait_ms, 800);
    post("/v1/databases/orders/refresh", "", &reply);
    assert_int_equal(reply.status, 429);
    assert_string_equal(reply_header(&reply, "Retry-After"), "1");
    post("/v1/databases/none/refresh", "", &reply);
    assert_int_equal(reply.status, 404);
}

static void test_health_follows_the_publication(void **state)
{
    (void)state;
    struct reply reply = {0};
    int fd = client_connect(fixture.port);
    for (unsigned i = 0; i < 20; i++) {
        fixture_publish(&fixture, i % 2 ? MADE_BLOCKED : MADE_OPEN);
        client_ask(fd, "GET", "/health/orders", "", &reply);
        assert_int_equal(reply.status, i % 2 ? 503 : 200);
    }
    close(fd);
}

/* All connections at once have a request under way: the counts at which event arrays are exactly full. */
static void test_many_connections_are_all_served(void **state)
{
    (void)state;
    static const size_t counts[] = {64, 128, 256, 512};
    int fds[512] = {0};
    for (size_t i = 0; i < 512; i++)
        fds[i] = client_connect(fixture.port);
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        for (unsigned round = 0; round < 3; round++) {
            struct reply reply = {0};
            for (size_t j = 0; j < counts[i]; j++)
                client_send(fds[j], "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
            for (size_t j = 0; j < counts[i]; j++) {
                client_receive(fds[j], &reply, false);
                assert_int_equal(reply.status, 200);
            }
        }
    }
    for (size_t i = 0; i < 512; i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_route_answers, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_head_is_get_without_body, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_methods, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_ambiguous_requests_are_refused, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_schema_is_streamed_and_has_an_etag, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_large_requests, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_three_kib_of_headers_are_served_again_and_again, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_probe_listener_has_its_own_routes, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_admissions, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_refresh, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_health_follows_the_publication, start_open, stop_server),
        cmocka_unit_test_setup_teardown(test_many_connections_are_all_served, start_open, stop_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
