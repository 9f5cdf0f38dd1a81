/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/nearest.h"

static const char *const names[] = {"status", "wait", "snapshot", "a", "a-name-that-is-longer-than-what-is-compared"};

static const char *name_at(const void *list, size_t index)
{
    return ((const char *const *)list)[index];
}

static void test_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *nearest; /* NULL: none */
    } cases[] = {
        {"status", "status"},
        {"stauts", "status"},
        {"statu", "status"},
        {"sstatus", "status"},
        {"wiat", "wait"},
        {"snaphot", "snapshot"},
        {"nothing-like", NULL},
        {"", "a"},
        {"b", "a"},
        {"a-name-that-is-longer-than-what-is-compared", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *found = nearest_name(cases[i].name, name_at, names, ARRAY_LENGTH(names));
        if (cases[i].nearest)
            assert_string_equal(found, cases[i].nearest);
        else
            assert_null(found);
    }
    assert_null(nearest_name("status", name_at, names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nearest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
