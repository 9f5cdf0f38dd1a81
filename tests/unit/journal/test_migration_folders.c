/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/migration_folders.h"

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/oom.h"

static char root[PATH_MAX];
static char first[PATH_MAX];
static char second[PATH_MAX];
static const char *const folders[] = {first, second};

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/migrationd-folders-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    snprintf(first, sizeof first, "%.100s/core", root);
    snprintf(second, sizeof second, "%.100s/plugin", root);
    return mkdir(first, 0700) || mkdir(second, 0700);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_MAX] = "";
    snprintf(path, sizeof path, "%.200s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static bool has_remark(const struct migration_set *set, enum remark_kind kind, const char *text)
{
    for (size_t i = 0; i < set->remark_count; i++)
        if (set->remarks[i].kind == kind && strcmp(set->remarks[i].text, text) == 0)
            return true;
    return false;
}

static struct migration_set *must_read(const char *tool)
{
    struct error error = {0};
    struct migration_set *set = NULL;
    if (migration_folders_read(tool_find(tool), NULL, folders, 2, &set, &error) < 0)
        fail_msg("%s", error.message);
    return set;
}

/* Versions by their value, repeatables last; of what is there twice the first folder's. */
static void test_versions(void **state)
{
    (void)state;
    static const char *const files[] = {"core/V1__a.sql", "plugin/V2__b.sql", "core/V9__c.sql", "plugin/V10__d.sql",
                                        "core/R__e.sql"};
    write_file(first, "V1__a.sql", "a");
    write_file(first, "V9__c.sql", "c");
    write_file(first, "R__e.sql", "e");
    write_file(second, "V2__b.sql", "b");
    write_file(second, "V10__d.sql", "d");
    write_file(second, "V9__other.sql", "f");
    cleanup(migration_set) struct migration_set *set = must_read("flyway");
    assert_int_equal(set->count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(set->migrations[i].file, files[i]);
    assert_true(has_remark(set, REMARK_ELSEWHERE, "core holds 3 migrations, 1 to R:e"));
    assert_true(has_remark(set, REMARK_ELSEWHERE, "plugin holds 3 migrations, 2 to 10"));
    assert_true(has_remark(set, REMARK_DUPLICATE, "9 stands in core/V9__c.sql and in plugin/V9__other.sql"));
}

/* Names that differ are two migrations; that they share a number is said. */
static void test_numbers(void **state)
{
    (void)state;
    write_file(first, "20240101000000_a.js", "exports.up = 1; exports.down = 1;");
    write_file(first, "20240103000000_c.js", "exports.up = 1; exports.down = 1;");
    write_file(second, "20240102000000_b.js", "exports.up = 1; exports.down = 1;");
    write_file(second, "20240103000000_d.js", "exports.up = 1; exports.down = 1;");
    cleanup(migration_set) struct migration_set *set = must_read("knex");
    assert_int_equal(set->count, 4);
    assert_string_equal(set->migrations[1].revision, "20240102000000_b.js");
    assert_true(has_remark(set, REMARK_DUPLICATE,
                           "number 20240103000000 stands in core/20240103000000_c.js and in "
                           "plugin/20240103000000_d.js"));
}

static void write_revision(const char *folder, const char *revision, const char *parent)
{
    char name[64] = "";
    char text[256] = "";
    snprintf(name, sizeof name, "%s.py", revision);
    snprintf(text, sizeof text, "revision = '%s'\ndown_revision = %s%s%s\n", revision, parent ? "'" : "",
             parent ? parent : "None", parent ? "'" : "");
    write_file(folder, name, text);
}

static void test_graph(void **state)
{
    (void)state;
    write_revision(first, "a", NULL);
    write_revision(first, "c", "b");
    write_revision(second, "b", "a");
    write_revision(second, "d", "c");
    cleanup(migration_set) struct migration_set *set = must_read("alembic");
    assert_int_equal(set->count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(set->migrations[i].revision[0], "abcd"[i]);
    struct error error = {0};
    cleanup(migration_set) struct migration_set *none = NULL;
    write_revision(second, "f", "e");
    assert_int_equal(migration_folders_read(tool_find("alembic"), NULL, folders, 2, &none, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_non_null(strstr(error.message, "'f' comes after 'e', which no folder has before it"));
}

/* One folder's tool is the others', too, and a folder that is not there is an error. */
static void test_other_tool(void **state)
{
    (void)state;
    struct error error = {0};
    cleanup(migration_set) struct migration_set *set = NULL;
    write_file(first, "V1__a.sql", "a");
    write_revision(second, "a", NULL);
    assert_int_equal(migration_folders_read(NULL, tool_find("flyway"), folders, 2, &set, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    const char *const absent[] = {first, "/nonexistent/migrations"};
    assert_int_equal(migration_folders_read(tool_find("flyway"), NULL, absent, 2, &set, &error), -1);
    assert_int_equal(error.code, ERROR_IO);
}

static void test_token(void **state)
{
    (void)state;
    struct digest before = {0};
    struct digest same = {0};
    struct digest after = {0};
    write_file(first, "V1__a.sql", "a");
    assert_int_equal(migration_folders_token(folders, 2, &before, NULL), 0);
    assert_int_equal(migration_folders_token(folders, 2, &same, NULL), 0);
    write_file(second, "V2__a.sql", "a");
    assert_int_equal(migration_folders_token(folders, 2, &after, NULL), 0);
    assert_true(digest_equal(before, same));
    assert_false(digest_equal(before, after));
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    write_file(first, "V1__a.sql", "a");
    write_file(second, "V1__b.sql", "b");
    write_file(second, "V2__b.sql", "b");
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(migration_set) struct migration_set *set = NULL;
        struct error error = {0};
        OOM_CHECK(loop, migration_folders_read(tool_find("flyway"), NULL, folders, 2, &set, &error) == 0);
        if (!set)
            assert_int_equal(error.code, ERROR_NO_MEMORY);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_versions),   TEST(test_numbers), TEST(test_graph),
        TEST(test_other_tool), TEST(test_token),   TEST(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
