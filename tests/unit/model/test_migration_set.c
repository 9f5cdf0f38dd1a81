/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/migration_set.h"

static void test_one_of_several_checksums(void **state)
{
    (void)state;
    const struct migration one = {.checksum = "abc"};
    const struct migration several = {.checksum = "abc ab d"};
    assert_true(migration_has_checksum(&one, "abc"));
    assert_false(migration_has_checksum(&one, "ab"));
    assert_false(migration_has_checksum(&one, ""));
    assert_true(migration_has_checksum(&several, "abc"));
    assert_true(migration_has_checksum(&several, "ab"));
    assert_true(migration_has_checksum(&several, "d"));
    assert_false(migration_has_checksum(&several, "abc ab"));
    assert_false(migration_has_checksum(&several, "bc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_of_several_checksums)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
