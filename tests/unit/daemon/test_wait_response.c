/* SPDX-License-Identifier: Apache-2.0
 *
 * What is taken as an answer of an HTTP server, and what is refused, however its bytes arrive.
 */
#include "support/oom.h"

#include <string.h>

#include "base/limits.h"
#include "daemon/wait_response.h"

enum { BODY_LIMIT = 64 };

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

/* All at once, and byte by byte; true when the answer is whole. What came is in `ret_response`. */
static bool is_read(const char *text, size_t length, bool closed, struct wait_response *ret_response)
{
    struct wait_response pieces;
    wait_response_init(ret_response, BODY_LIMIT);
    wait_response_init(&pieces, BODY_LIMIT);
    bool good = wait_response_feed(ret_response, text, length);
    for (size_t i = 0; i < length; i++)
        wait_response_feed(&pieces, text + i, 1);
    if (closed) {
        good = wait_response_end(ret_response);
        wait_response_end(&pieces);
    }
    assert_string_equal(pieces.problem, ret_response->problem);
    assert_int_equal(good, ret_response->problem[0] == '\0');
    bool whole = wait_response_is_whole(ret_response);
    assert_int_equal(wait_response_is_whole(&pieces), whole);
    if (whole)
        assert_string_equal(strbuf_text(&pieces.body), strbuf_text(&ret_response->body));
    wait_response_done(&pieces);
    return whole;
}

static void expect(const char *text, bool closed, int status, const char *body)
{
    cleanup(wait_response) struct wait_response response = {0};
    if (!is_read(text, strlen(text), closed, &response))
        fail_msg("refused: %s: %s", text, response.problem);
    assert_int_equal(response.status, status);
    assert_string_equal(strbuf_text(&response.body), body);
}

static void refuse(const char *text, bool closed, const char *problem)
{
    cleanup(wait_response) struct wait_response response = {0};
    if (is_read(text, strlen(text), closed, &response) || !strstr(response.problem, problem))
        fail_msg("%s: '%s', not '%s'", text, response.problem, problem);
}

static void test_answers(void **state)
{
    (void)state;
    expect(JSON_HEAD "Content-Length: 2\r\n\r\n{}", false, 200, "{}");
    expect(JSON_HEAD "content-length:2\r\n\r\n{}behind", false, 200, "{}");
    expect(JSON_HEAD "Content-Length: \t2 \t\r\n\r\n{}", false, 200, "{}");
    expect("HTTP/1.0 503 \r\nContent-Length: 0\r\n\r\n", false, 503, "");
    expect("HTTP/1.1 204\r\n\r\n", false, 204, "");
    expect("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", false, 304, "");
    expect(JSON_HEAD "\r\n{\"a\":1}", true, 200, "{\"a\":1}");
    expect("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 \r\nContent-Length: 9\r\n\r\n" JSON_HEAD
           "Content-Length: 2\r\n\r\n{}",
           false, 200, "{}");
    expect("HTTP/1.1 409 Nö\r\nContent-Length: 1\r\n\r\nx", false, 409, "x");
}

static void test_chunks(void **state)
{
    (void)state;
#define CHUNKED JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n"
    expect(CHUNKED "0\r\n\r\n", false, 200, "");
    expect(CHUNKED "2\r\n{}\r\n0\r\n\r\n", false, 200, "{}");
    expect(CHUNKED "1\r\n{\r\n00000001;x=y\r\n}\r\n0\r\nTrailer: x\r\n\r\nbehind", false, 200, "{}");
    expect(CHUNKED "A \r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", false, 200, "01234567890123456789");
    refuse(CHUNKED "\r\n", false, "chunks make no sense");
    refuse(CHUNKED "g\r\n", false, "chunks make no sense");
    refuse(CHUNKED "-1\r\n", false, "chunks make no sense");
    refuse(CHUNKED "0x2\r\n{}\r\n", false, "chunks make no sense");
    refuse(CHUNKED "000000001\r\n", false, "chunks make no sense");
    refuse(CHUNKED "1\r\n{}\r\n0\r\n\r\n", false, "longer than they say");
    refuse(CHUNKED "1\r\n{\n\r\n0\r\n\r\n", false, "control character");
    refuse(CHUNKED "1\r\n{x\r\n0\r\n\r\n", false, "longer than they say");
    refuse(CHUNKED "ffffffff\r\n01234567890123456789012345678901234567890123456789012345678901234", false,
           "larger than");
    refuse(CHUNKED "2\r\n{}\r\n", true, "in the middle");
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("", true, "without an answer");
    refuse("HTTP/1.1 200 OK\r\n", true, "in the middle");
    refuse(JSON_HEAD "Content-Length: 3\r\n\r\n{}", true, "in the middle");
    refuse("SSH-2.0-OpenSSH_9.2\r\n", false, "no HTTP/1.1");
    refuse("HTTP/2 200\r\n", false, "no HTTP/1.1");
    refuse("HTTP/1.1  200 OK\r\n", false, "no status");
    refuse("HTTP/1.1 20 OK\r\n", false, "no status");
    refuse("HTTP/1.1 2000 OK\r\n", false, "no status");
    refuse("HTTP/1.1 600 OK\r\n", false, "no status");
    refuse("http/1.1 200 OK\r\n", false, "no HTTP/1.1");
    refuse("\x15\x03\x01\x00\x02", false, "no HTTP/1.1");
    refuse("\r\nHTTP/1.1 200 OK\r\n", false, "no HTTP/1.1");
    refuse("HTTP/1.1 200 OK\n\n", false, "no HTTP/1.1");
    refuse("HTTP/1.1 101 Switching Protocols\r\n\r\n", false, "nobody asked for");
    refuse("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n", false, "control character");
    refuse("HTTP/1.1 200 OK\r\nA: b\rC: d\r\n", false, "control character");
    refuse("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n", false, "makes no sense");
    refuse("HTTP/1.1 200 OK\r\nA : b\r\n", false, "makes no sense");
    refuse("HTTP/1.1 200 OK\r\nno colon\r\n", false, "makes no sense");
    refuse("HTTP/1.1 200 OK\r\n: b\r\n", false, "makes no sense");
    refuse("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n", false, "Content-Length");
    refuse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n", false, "Content-Length");
    refuse("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n", false, "Content-Length");
    refuse("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n", false, "Content-Length");
    refuse("HTTP/1.1 200 OK\r\nContent-Length:\r\n", false, "Content-Length");
    refuse("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n", false, "Content-Length");
    refuse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false,
           "and a Transfer-Encoding");
    refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", false, "Transfer-Encoding");
    refuse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", false,
           "Transfer-Encoding");
    refuse("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n", false, "Content-Encoding");
}

static void test_bounds(void **state)
{
    (void)state;
    static char text[LIMIT_WAIT_HEADER + WAIT_LINE_SIZE + 100];
    refuse(JSON_HEAD "Content-Length: 65\r\n\r\n", false, "larger than 64 bytes");
    expect(JSON_HEAD "Content-Length: 64\r\n\r\n0123456789012345678901234567890123456789012345678901234567890123",
           false, 200, "0123456789012345678901234567890123456789012345678901234567890123");
    refuse(JSON_HEAD "\r\n01234567890123456789012345678901234567890123456789012345678901234", false, "larger than 64");
    strcpy(text, "HTTP/1.1 200 OK\r\nA: ");
    memset(text + strlen(text), 'x', WAIT_LINE_SIZE);
    refuse(text, false, "too long");
    strcpy(text, "HTTP/1.1 200 OK\r\n");
    size_t used = strlen(text);
    while (used < LIMIT_WAIT_HEADER) {
        memcpy(text + used, "Abc: defg\r\n", 11);
        used += 11;
    }
    text[used] = '\0';
    refuse(text, false, "too long");
    text[0] = '\0';
    for (unsigned i = 0; i < 10; i++)
        strcat(text, "HTTP/1.1 100 Continue\r\n\r\n");
    refuse(text, false, "nobody asked for");
}

static void test_fields(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 301 Moved\r\nRETRY-AFTER: 7\r\nLocation: http://elsewhere/\x1b[31m\r\n";
    cleanup(wait_response) struct wait_response response = {0};
    assert_false(is_read(text, strlen(text), false, &response));
    assert_non_null(strstr(response.problem, "control character"));
    static const char good[] = "HTTP/1.1 301 Moved\r\nRETRY-AFTER: 7\r\nLocation: http://elsewhere/\r\n"
                               "Content-Length: 0\r\n\r\n";
    wait_response_done(&response);
    assert_true(is_read(good, strlen(good), false, &response));
    assert_int_equal(response.retry_after_ms, 7000);
    assert_string_equal(response.location, "http://elsewhere/");
    static const char date[] =
        "HTTP/1.1 503 No\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n";
    wait_response_done(&response);
    assert_true(is_read(date, strlen(date), false, &response));
    assert_int_equal(response.retry_after_ms, 0);
    static const char ages[] = "HTTP/1.1 503 No\r\nRetry-After: 999999999\r\nContent-Length: 0\r\n\r\n";
    wait_response_done(&response);
    assert_true(is_read(ages, strlen(ages), false, &response));
    assert_int_equal(response.retry_after_ms, 3600000);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char text[] = JSON_HEAD "Content-Length: 2\r\n\r\n{}";
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(wait_response) struct wait_response response = {0};
        wait_response_init(&response, BODY_LIMIT);
        bool good = wait_response_feed(&response, text, strlen(text)) && wait_response_is_whole(&response);
        OOM_CHECK(loop, good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers), cmocka_unit_test(test_chunks), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_bounds),  cmocka_unit_test(test_fields), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
