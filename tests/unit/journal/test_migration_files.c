/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
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

#include "journal/file_list.h"
#include "journal/tool.h"
#include "support/oom.h"

static char folder[] = "/tmp/migrationd-test-files-XXXXXX";

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct digest token(void)
{
    struct digest digest = {0};
    struct error error = {0};
    if (migration_files_token(folder, &digest, &error) < 0)
        fail_msg("%s", error.message);
    return digest;
}

static void test_token_changes_with_files(void **state)
{
    (void)state;
    write_file("V1__a.sql", "x");
    struct digest first = token();
    assert_true(digest_equal(first, token()));
    write_file("V1__a.sql", "xy");
    struct digest longer = token();
    assert_false(digest_equal(first, longer));
    assert_int_equal(mkdir(in_folder("deep"), 0755), 0);
    write_file("deep/V2__b.sql", "x");
    assert_false(digest_equal(longer, token()));
    unlink(in_folder("deep/V2__b.sql"));
    assert_true(digest_equal(longer, token()));
}

static void test_loops_links_and_pipes(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_folder("a"), 0755), 0);
    assert_int_equal(symlink("..", in_folder("a/up")), 0);
    assert_int_equal(symlink("nowhere", in_folder("V3__dangling.sql")), 0);
    assert_int_equal(mkfifo(in_folder("V2__pipe.sql"), 0600), 0);
    write_file("a/V1__a.sql", "x");
    token();
    cleanup(migration_set) struct migration_set *set = NULL;
    struct error error = {0};
    assert_int_equal(migration_files_read(tool_find("flyway"), NULL, folder, &set, &error), -1);
    assert_non_null(strstr(error.message, "V3__dangling.sql"));
    unlink(in_folder("V3__dangling.sql"));
    assert_int_equal(migration_files_read(tool_find("flyway"), NULL, folder, &set, &error), 0);
    assert_int_equal(set->count, 1);
}

static void test_tool_is_recognised(void **state)
{
    (void)state;
    cleanup(migration_set) struct migration_set *flyway = NULL;
    cleanup(migration_set) struct migration_set *both = NULL;
    cleanup(migration_set) struct migration_set *likely = NULL;
    cleanup(migration_set) struct migration_set *proven = NULL;
    struct error error = {0};
    assert_int_equal(migration_files_read(NULL, NULL, folder, &flyway, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    write_file("setup.py", "import os\nsetup(x = y)\n");
    write_file("V1__a.sql", "x");
    assert_int_equal(migration_files_read(NULL, NULL, folder, &flyway, &error), 0);
    assert_string_equal(flyway->tool, "flyway");
    /* What two could have written is asked about, unless the journal tells. */
    write_file("1_a.up.sql", "x");
    write_file("1_a.down.sql", "x");
    assert_int_equal(migration_files_read(NULL, NULL, folder, &both, &error), -1);
    assert_non_null(strstr(error.message, "name the tool"));
    assert_int_equal(migration_files_read(NULL, tool_find("golang-migrate"), folder, &likely, &error), 0);
    assert_string_equal(likely->tool, "golang-migrate");
    /* Contents prove more than names. */
    write_file("a.py", "revision = 'a'\ndown_revision = None\n");
    unlink(in_folder("setup.py"));
    assert_int_equal(migration_files_read(NULL, NULL, folder, &proven, &error), 0);
    assert_string_equal(proven->tool, "alembic");
    assert_int_equal(migration_files_read(NULL, NULL, in_folder("absent"), &both, &error), -1);
    assert_int_equal(error.code, ERROR_IO);
}

static void test_digest_is_of_content(void **state)
{
    (void)state;
    cleanup(migration_set) struct migration_set *first = NULL;
    cleanup(migration_set) struct migration_set *same = NULL;
    cleanup(migration_set) struct migration_set *edited = NULL;
    write_file("V1__a.sql", "x");
    assert_int_equal(migration_files_read(tool_find("flyway"), NULL, folder, &first, NULL), 0);
    assert_int_equal(migration_files_read(tool_find("flyway"), NULL, folder, &same, NULL), 0);
    write_file("V1__a.sql", "y");
    assert_int_equal(migration_files_read(tool_find("flyway"), NULL, folder, &edited, NULL), 0);
    assert_true(digest_equal(first->digest, same->digest));
    assert_false(digest_equal(first->digest, edited->digest));
}

static void write_chain(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[32] = "";
        char text[128] = "";
        snprintf(name, sizeof name, "%05zu.py", count - i);
        if (i == 0)
            snprintf(text, sizeof text, "revision = 'r0'\ndown_revision = None\n");
        else
            snprintf(text, sizeof text, "revision = 'r%zu'\ndown_revision = ('r%zu',)\n", i, i - 1);
        write_file(name, text);
    }
}

static void test_long_history_in_order(void **state)
{
    (void)state;
    cleanup(migration_set) struct migration_set *set = NULL;
    struct error error = {0};
    write_chain(2000);
    assert_int_equal(migration_files_read(tool_find("alembic"), NULL, folder, &set, &error), 0);
    assert_int_equal(set->count, 2000);
    assert_string_equal(set->migrations[0].revision, "r0");
    assert_string_equal(set->migrations[1999].revision, "r1999");
}

/* The files of the first golden case of a tool that can be read; false: there is none. */
static bool files_of_a_case(const struct tool *tool, char ret_path[static PATH_MAX])
{
    struct dirent **names = NULL;
    char suite[PATH_MAX] = "";
    bool found = false;
    snprintf(suite, sizeof suite, MIGRATIOND_TEST_FOLDER "/golden/compare/%s", tool->name);
    int count = scandir(suite, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        cleanup(migration_set) struct migration_set *set = NULL;
        int length = snprintf(ret_path, PATH_MAX, "%s/%s/files", suite, names[i]->d_name);
        found = found || (length < PATH_MAX && names[i]->d_name[0] != '.' &&
                          migration_files_read(tool, NULL, ret_path, &set, NULL) == 0);
        if (found) {
            for (; i < count; i++)
                free(names[i]);
            break;
        }
        free(names[i]);
    }
    free(names);
    return found;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    char path[PATH_MAX] = "";
    for (size_t i = 0; tools[i]; i++) {
        if (!files_of_a_case(tools[i], path))
            fail_msg("%s has no case with files that can be read", tools[i]->name);
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(migration_set) struct migration_set *set = NULL;
            struct error error = {0};
            OOM_CHECK(loop, migration_files_read(tools[i], NULL, path, &set, &error) == 0);
            if (!set && error.code != ERROR_NO_MEMORY)
                fail_msg("%s: %s: %s", tools[i]->name, path, error.message);
        }
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct digest digest = {0};
        OOM_CHECK(loop, migration_files_token(path, &digest, NULL) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_token_changes_with_files, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_loops_links_and_pipes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_tool_is_recognised, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_digest_is_of_content, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_long_history_in_order, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("migration files", tests, NULL, NULL);
}
