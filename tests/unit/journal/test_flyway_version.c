/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/flyway_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "journal/flyway_files.h"
#include "journal/tool.h"

static void test_checksums(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t checksum;
    } vectors[] = {
        {"CREATE TABLE a(\n  i int\n);", 634837683},
        {"\xEF\xBB\xBF"
         "CREATE TABLE a(\r\n  i int\r\n);\r\n\r\n",
         634837683},
        {"CREATE TABLE a(\r  i int\r);", 634837683},
        {"x\r\n\r\ry", -1880741735},
        {"CREATE TABLE a(i int);\n", -321304460},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        assert_int_equal(flyway_checksum(vectors[i].text, strlen(vectors[i].text)), vectors[i].checksum);
}

static void test_java_hash(void **state)
{
    (void)state;
    assert_int_equal(java_hash("\"public\".\"flyway_schema_history\""), 2125624436);
    assert_int_equal(java_hash("`app`.`flyway_schema_history`"), -320650056);
    /* One character outside of the basic plane is two of Java's. */
    assert_int_equal(java_hash("\xF0\x9F\x98\x80"), 31 * 0xD83D + 0xDE00);
}

static void test_versions(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        const char *normal;
    } vectors[] = {
        {"1", "1"},
        {"01", "1"},
        {"1.0", "1"},
        {"1_0_0", "1"},
        {"0", "0"},
        {"0.0", "0"},
        {"0.1", "0.1"},
        {"1.0.1", "1.0.1"},
        {"10", "10"},
        {"1.10", "1.10"},
        {"001.010", "1.10"},
        {"20240101120000", "20240101120000"},
        {"100000000000000000000000001", "100000000000000000000000001"},
    };
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const char *text = vectors[i].version;
        assert_true(flyway_version_is_valid(text, strlen(text)));
        assert_string_equal(flyway_version_normalise(arena, text, strlen(text)), vectors[i].normal);
    }
    static const char *const invalid[] = {"", ".1", "1.", "1..2", "a", "1a", "1 2", "-1"};
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        assert_false(flyway_version_is_valid(invalid[i], strlen(invalid[i])));
    static const char *const ascending[] = {"0", "0.1", "1", "1.0.1", "1.1", "1.9", "1.10", "2", "10", "10.1"};
    for (size_t i = 0; i < sizeof ascending / sizeof ascending[0]; i++)
        for (size_t j = 0; j < sizeof ascending / sizeof ascending[0]; j++) {
            int order = flyway_version_order(ascending[i], ascending[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum flyway_kind kind;
    } vectors[] = {
        {"V1__a.sql", FLYWAY_VERSIONED},
        {"V1.sql", FLYWAY_VERSIONED},
        {"V1_2__a__b.SQL", FLYWAY_VERSIONED},
        {"B7__base.sql", FLYWAY_BASELINE},
        {"R__views.sql", FLYWAY_REPEATABLE},
        {"R1__views.sql", FLYWAY_NONE},
        {"R.sql", FLYWAY_REPEATABLE},
        {"U1__a.sql", FLYWAY_NONE},
        {"v1__a.sql", FLYWAY_NONE},
        {"V__a.sql", FLYWAY_NONE},
        {"V1__a.sql.conf", FLYWAY_NONE},
        {"beforeMigrate.sql", FLYWAY_NONE},
        {".sql", FLYWAY_NONE},
        {"V.sql", FLYWAY_NONE},
        {"", FLYWAY_NONE},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        assert_int_equal(flyway_name_parse(vectors[i].name).kind, vectors[i].kind);
}

static void test_long_descriptions_are_cut(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    char text[300];
    memset(text, 'x', sizeof text);
    assert_string_equal(flyway_repeatable_name(arena, "my_views", 8), "R:my views");
    assert_int_equal(strlen(flyway_repeatable_name(arena, text, 200)), 202);
    const char *cut = flyway_repeatable_name(arena, text, 201);
    assert_int_equal(strlen(cut), 202);
    assert_string_equal(cut + 199, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_java_hash),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_descriptions_are_cut),
    };
    return cmocka_run_group_tests_name("flyway's arithmetic", tests, NULL, NULL);
}
