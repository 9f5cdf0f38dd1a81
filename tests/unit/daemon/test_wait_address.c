/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of gates.
 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "daemon/wait_address.h"

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *port, *socket, *field, *target;
    } cases[] = {
        {"http://migrationd:8484/v1/gates/orders-api", "migrationd", "8484", "", "migrationd:8484",
         "/v1/gates/orders-api"},
        {"http://10.0.0.7/v1/gates/a%20b/", "10.0.0.7", "80", "", "10.0.0.7", "/v1/gates/a%20b"},
        {"http://[::1]:1/v1/gates/x", "::1", "1", "", "[::1]:1", "/v1/gates/x"},
        {"http://[fe80::1%eth0]/g", "fe80::1%eth0", "80", "", "[fe80::1%eth0]", "/g"},
        {"http://h:0065535/g", NULL, NULL, NULL, NULL, NULL},
        {"http://h:65535/under/v1/gates/x//", "h", "65535", "", "h:65535", "/under/v1/gates/x"},
        {"unix:/run/m/api.sock:/v1/gates/x", "", "", "/run/m/api.sock", "localhost", "/v1/gates/x"},
        {"unix:/run/a:b/c:/v1/gates/x", "", "", "/run/a:b/c", "localhost", "/v1/gates/x"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct wait_address address = {0};
        char problem[256] = "";
        bool good = wait_address_parse(cases[i].text, &address, problem, sizeof problem);
        assert_int_equal(good, cases[i].host != NULL);
        if (!good)
            continue;
        assert_string_equal(address.host, cases[i].host);
        assert_string_equal(address.port, cases[i].port);
        assert_string_equal(address.socket, cases[i].socket);
        assert_string_equal(address.field, cases[i].field);
        assert_string_equal(address.target, cases[i].target);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"", "should be http://"},
        {"orders-api", "should be http://"},
        {"https://h/v1/gates/x", "migrationctl wait"},
        {"http:///v1/gates/x", "names no host"},
        {"http://:80/v1/gates/x", "names no host"},
        {"http://h", "names no gate"},
        {"http://h/", "names no gate"},
        {"http://h?x", "has no ?"},
        {"http://h/v1/gates/x?revision=1", "has no ?"},
        {"http://h/v1/gates/x#y", "has no ?"},
        {"http://user:secret@h/v1/gates/x", "--token-file"},
        {"http://h:/g", "is no port"},
        {"http://h:0/g", "is no port"},
        {"http://h:65536/g", "is no port"},
        {"http://h:80x/g", "is no port"},
        {"http://::1/g", "names no host"},
        {"http://[::1/g", "a ] is missing"},
        {"http://[::1]x/g", "a port only"},
        {"http://h/a b", "not ASCII"},
        {"http://h/\r\nX: y", "not ASCII"},
        {"http://h/\xc3\xa9", "not ASCII"},
        {"unix:relative.sock:/g", "is written"},
        {"unix:/run/api.sock", "is written"},
        {"unix:/run/api.sock:/", "names no gate"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct wait_address address = {0};
        char problem[256] = "";
        if (wait_address_parse(cases[i].text, &address, problem, sizeof problem) || !strstr(problem, cases[i].problem))
            fail_msg("%s: '%s', not '%s'", cases[i].text, problem, cases[i].problem);
    }
}

/* As long as its place, and longer. */
static void test_bounds(void **state)
{
    (void)state;
    struct wait_address address = {0};
    char problem[256] = "";
    char text[WAIT_TARGET_SIZE + 400] = "";
    char fill[WAIT_TARGET_SIZE + 1] = "";
    memset(fill, 'a', sizeof fill - 1);
    static const struct {
        const char *format;
        int longest;
    } cases[] = {
        {"http://%.*s/g", WAIT_HOST_SIZE - 1},
        {"unix:/%.*s:/g", WAIT_SOCKET_SIZE - 2},
        {"http://h/%.*s", WAIT_TARGET_SIZE - 2},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        for (int more = 0; more <= 1; more++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(text, sizeof text, cases[i].format, cases[i].longest + more, fill);
#pragma GCC diagnostic pop
            assert_int_equal(wait_address_parse(text, &address, problem, sizeof problem), more == 0);
        }
    }
}

static void test_encoding(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf out = STRBUF(100);
    wait_encode(&out, "a-Z_0.~ /?&#%\xc3\xa9");
    assert_string_equal(strbuf_text(&out), "a-Z_0.~%20%2F%3F%26%23%25%C3%A9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
