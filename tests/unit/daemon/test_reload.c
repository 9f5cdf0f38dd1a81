/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/reload.h"
#include "support/oom.h"

static bool is_readable(const struct reload *reload)
{
    struct pollfd polled = {.fd = reload_fd(reload), .events = POLLIN};
    return poll(&polled, 1, 0) == 1;
}

static void test_outcome_reaches_who_asked(void **state)
{
    (void)state;
    cleanup(reload) struct reload *reload = reload_new();
    assert_non_null(reload);
    struct error outcome = {.code = ERROR_OK};
    assert_false(is_readable(reload));
    uint64_t first = reload_ask(reload);
    uint64_t second = reload_ask(reload);
    assert_true(is_readable(reload));
    assert_false(reload_ended(reload, first, &outcome));

    uint64_t ticket = reload_begin(reload);
    assert_false(is_readable(reload));
    uint64_t late = reload_ask(reload); /* while the file is read: it may have been read before the change */
    struct error refused = {.code = ERROR_OK};
    error_set(&refused, ERROR_INVALID, "x.yaml:1:1: no");
    reload_end(reload, ticket, &refused);
    assert_true(reload_ended(reload, first, &outcome));
    assert_true(reload_ended(reload, second, &outcome));
    assert_int_equal(outcome.code, ERROR_INVALID);
    assert_string_equal(outcome.message, "x.yaml:1:1: no");
    assert_false(reload_ended(reload, late, &outcome));
    assert_true(is_readable(reload));

    reload_end(reload, reload_begin(reload), &(struct error){.code = ERROR_OK});
    assert_true(reload_ended(reload, late, &outcome));
    assert_int_equal(outcome.code, ERROR_OK);
}

/* SIGHUP reloads without a ticket; nobody's request is answered by it unless it was made before. */
static void test_reload_by_signal(void **state)
{
    (void)state;
    cleanup(reload) struct reload *reload = reload_new();
    struct error outcome = {.code = ERROR_OK};
    uint64_t ticket = reload_begin(reload);
    uint64_t asked = reload_ask(reload);
    reload_end(reload, ticket, &(struct error){.code = ERROR_OK});
    assert_false(reload_ended(reload, asked, &outcome));
}

static void test_new_without_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(reload) struct reload *reload = reload_new();
        OOM_CHECK(loop, reload != NULL);
    }
    reload_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome_reaches_who_asked),
        cmocka_unit_test(test_reload_by_signal),
        cmocka_unit_test(test_new_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
