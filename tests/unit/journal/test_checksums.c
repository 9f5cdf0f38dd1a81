/* SPDX-License-Identifier: Apache-2.0
 *
 * What tools record for a file, next to values that the tools themselves or their own tests have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "journal/ef_core_files.h"
#include "journal/prisma_files.h"
#include "journal/refinery_files.h"
#include "support/oom.h"

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define HELLO_UNPADDED "2cf24dba5fb0a3e26e83b2ac5b9e29e1b161e5c1fa7425e7343362938b9824"

static bool accepts(const char *text, const char *recorded)
{
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    assert_non_null(arena);
    const struct migration migration = {.checksum = prisma_checksums(text, strlen(text), arena)};
    assert_non_null(migration.checksum);
    return migration_has_checksum(&migration, recorded);
}

static void test_prisma(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    assert_string_equal(prisma_checksums("hello", 5, arena), HELLO " " HELLO_UNPADDED);
    assert_true(accepts("hello", HELLO));
    assert_true(accepts("hello", HELLO_UNPADDED));
    assert_false(accepts("hello\n", HELLO));
}

/* Prisma's own test of line ends: each text is taken for each other one. */
static void test_prisma_lines(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"ab\ncd\nef\ngh\rab", "ab\r\ncd\r\nef\r\ngh\rab"},
        {"ab\ncd\nef\ngh\rab\n", "ab\r\ncd\r\nef\r\ngh\rab\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        for (size_t j = 0; j < 2; j++) {
            cleanup(arena) struct arena *arena = arena_new(1 << 20);
            char recorded[65] = "";
            const char *checksums = prisma_checksums(texts[i][j], strlen(texts[i][j]), arena);
            assert_non_null(checksums);
            memcpy(recorded, checksums, sizeof recorded - 1);
            assert_true(accepts(texts[i][0], recorded));
            assert_true(accepts(texts[i][1], recorded));
            assert_false(accepts("ab\ncd", recorded));
        }
}

static void test_refinery(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t version;
        const char *text;
        const char *checksums;
    } vectors[] = {
        {"initial", 1, "CREATE TABLE a(i int);\n", "12657752416081708868 7843300946366591945"},
        {"initial", 1, "CREATE TABLE persons (\n    id int,\n    name varchar(255),\n    city varchar(255)\n);\n",
         "2959965718684201605 "},
        {"add_cars_table", 2, "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n", "8238603820526370208 "},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        const char *found = refinery_checksums(vectors[i].name, strlen(vectors[i].name), vectors[i].version,
                                               vectors[i].text, strlen(vectors[i].text), arena);
        assert_non_null(found);
        assert_memory_equal(found, vectors[i].checksums, strlen(vectors[i].checksums));
    }
}

/* A version that programs with 32 bits cannot have. */
static void test_refinery_wide(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    const char *found = refinery_checksums("a", 1, 20260101000000, "x", 1, arena);
    assert_non_null(found);
    assert_null(strchr(found, ' '));
}

static void assert_attributes(const char *text, const char *id, const char *context)
{
    struct ef_core_attributes found = {0};
    ef_core_read_attributes(text, strlen(text), &found);
    assert_int_equal(found.id_length, strlen(id));
    assert_int_equal(found.context_length, strlen(context));
    assert_memory_equal(found.id ? found.id : "", id, strlen(id));
    assert_memory_equal(found.context ? found.context : "", context, strlen(context));
}

static void test_ef_core_attributes(void **state)
{
    (void)state;
    assert_attributes("[DbContext(typeof(Shop))]\n[Migration(\"1_A\")]\npartial class A", "1_A", "Shop");
    assert_attributes("[DbContext(typeof(N.Shop)), MigrationAttribute(@\"1_A\")]", "1_A", "N.Shop");
    assert_attributes("[ Migration ( /* id */ \"1_A\" ) ]", "1_A", "");
    assert_attributes("// [Migration(\"1_A\")]\n/* [Migration(\"1_B\")] */", "", "");
    assert_attributes("var s = \"[Migration(\\\"1_A\\\")]\"; var t = @\"[Migration(\"; ", "", "");
    assert_attributes("Migration(\"1_A\")", "", "");
    assert_attributes("[Migration(20240101)]", "", "");
    assert_attributes("[Migration(\"1_A", "", "");
    assert_attributes("", "", "");
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        bool done = arena && prisma_checksums("a\nb", 3, arena) && refinery_checksums("a", 1, 1, "b", 1, arena);
        OOM_CHECK(loop, done);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prisma),
        cmocka_unit_test(test_prisma_lines),
        cmocka_unit_test(test_refinery),
        cmocka_unit_test(test_refinery_wide),
        cmocka_unit_test(test_ef_core_attributes),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("checksums", tests, NULL, NULL);
}
