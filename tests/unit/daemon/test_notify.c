/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"

enum { MORE_THAN_A_QUEUE = 2000 };

/* A manager's socket in the abstract name space, which nobody has to clean up. */
static int open_manager(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "migrationd-test-%d", getpid());
    assert_true(length > 0);
    char name[sizeof address.sun_path] = "@";
    memcpy(name + 1, address.sun_path + 1, (size_t)length + 1);
    int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(manager >= 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    assert_int_equal(bind(manager, (struct sockaddr *)&address, size), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return manager;
}

static void assert_told(int manager, const char *expected)
{
    char text[256] = "";
    assert_true(recv(manager, text, sizeof text - 1, 0) > 0);
    assert_memory_equal(text, expected, strlen(expected));
}

static void test_manager_is_told(void **state)
{
    (void)state;
    int manager = open_manager();
    notify_ready();
    notify_reloading();
    notify_alive();
    notify_stopping();
    assert_told(manager, "READY=1");
    assert_told(manager, "RELOADING=1\nMONOTONIC_USEC=");
    assert_told(manager, "WATCHDOG=1");
    assert_told(manager, "STOPPING=1");
    close(manager);
}

/* Fails by never ending: with nobody reading, the manager's queue is full after some ten messages. */
static void test_manager_that_does_not_read(void **state)
{
    (void)state;
    int manager = open_manager();
    for (int i = 0; i < MORE_THAN_A_QUEUE; i++)
        notify_alive();
    notify_ready();
    notify_stopping();
    assert_told(manager, "WATCHDOG=1");
    close(manager);
}

static void test_no_manager(void **state)
{
    (void)state;
    static const char *const sockets[] = {"", "/", "relative", "@", "/nowhere/at/all"};
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", sockets[i], 1), 0);
        notify_ready();
    }
    char longest[300] = "/";
    memset(longest + 1, 'x', sizeof longest - 2);
    assert_int_equal(setenv("NOTIFY_SOCKET", longest, 1), 0);
    notify_ready();
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    notify_ready();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manager_is_told),
        cmocka_unit_test(test_manager_that_does_not_read),
        cmocka_unit_test(test_no_manager),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
