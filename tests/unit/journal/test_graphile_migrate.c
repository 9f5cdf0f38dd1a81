/* SPDX-License-Identifier: Apache-2.0
 *
 * graphile-migrate's hash, against what the tool itself wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "journal/graphile_migrate_files.h"
#include "support/oom.h"

#define FIRST "sha1:a76271013b710d32d3b2ca5792d1a48904a0dfec"

static void test_hash(void **state)
{
    (void)state;
    static const struct {
        const char *previous;
        const char *body;
        const char *expected;
    } vectors[] = {
        {"", "create table a(i int);", FIRST},
        {"", "\n\n\xEF\xBB\xBF create table a(i int);\xE2\x80\xA8\t\r\n", FIRST}, /* a byte order mark, U+2028 */
        {FIRST, "create table b(i int);", "sha1:f41b4a766ed65aec5f3d25f8484dce22c3a98d9f"},
        {"", "", "sha1:adc83b19e793491b1c6ea0fd8b46cd9f32e592fc"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        char hash[GRAPHILE_HASH_SIZE] = "";
        assert_int_equal(graphile_migrate_hash(vectors[i].previous, vectors[i].body, strlen(vectors[i].body), hash), 0);
        assert_string_equal(hash, vectors[i].expected);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        char hash[GRAPHILE_HASH_SIZE] = "";
        OOM_CHECK(loop, graphile_migrate_hash("", "x", 1, hash) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("graphile-migrate", tests, NULL, NULL);
}
