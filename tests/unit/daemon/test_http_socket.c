/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening sockets: free ports, ports in use, unix sockets left over and in use, sockets handed in.
 */
#include "support/oom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/http_socket.h"

static void test_loops_share_one_port(void **state)
{
    (void)state;
    struct error error = {0};
    struct http_sockets sockets = {0};
    struct http_sockets second = {0};
    struct config_listener listener = {.text = "127.0.0.1:0", .host = "127.0.0.1"};
    assert_int_equal(http_sockets_open(&listener, -1, 3, &sockets, &error), 0);
    assert_int_equal(sockets.count, 3);
    assert_true(sockets.loopback);
    listener.port = (uint16_t)strtoul(strrchr(sockets.address, ':') + 1, NULL, 10);
    assert_int_not_equal(listener.port, 0);
    /* Another server does not get a share of the connections. */
    assert_int_equal(http_sockets_open(&listener, -1, 2, &second, &error), -1);
    assert_non_null(strstr(error.message, "Address already in use"));
    http_sockets_close(&sockets);
}

static void test_unix_sockets(void **state)
{
    (void)state;
    struct error error = {0};
    struct http_sockets sockets = {0};
    struct http_sockets second = {0};
    struct stat status = {0};
    char folder[] = "/tmp/http-socket-XXXXXX";
    char path[64] = "";
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    const struct config_listener listener = {.text = path, .path = path};
    assert_int_equal(http_sockets_open(&listener, -1, 2, &sockets, &error), 0);
    assert_true(sockets.loopback);
    assert_string_equal(sockets.unlink, path);
    assert_return_code(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_int_equal(http_sockets_open(&listener, -1, 1, &second, &error), -1);
    http_sockets_close(&sockets);
    /* Now the file is stale. */
    assert_int_equal(http_sockets_open(&listener, -1, 1, &second, &error), 0);
    /* A socket that systemd made is shared, and its file is systemd's. */
    assert_int_equal(http_sockets_open(&listener, second.fds[0], 2, &sockets, &error), 0);
    assert_string_equal(sockets.unlink, "");
    http_sockets_close(&sockets);
    http_sockets_close(&second);
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(http_sockets_open(&listener, -1, 1, &second, &error), -1);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loops_share_one_port),
        cmocka_unit_test(test_unix_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
