/* SPDX-License-Identifier: Apache-2.0
 *
 * What golden cases do not show of numbered files: whose a folder is, numbers and questions, and memory that runs out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "journal/numbered_files.h"
#include "support/oom.h"

#define FOLDER(tool, name) MIGRATIOND_TEST_FOLDER "/golden/compare/" tool "/" name "/files"

/* Folders, and whose they are without being told; "" where several tools could have written them. */
static const struct {
    const char *folder;
    const char *likely; /* the journal's tool; NULL */
    const char *expected;
} folders[] = {
    {FOLDER("goose", "current"), NULL, "goose"},
    {FOLDER("goose", "go-files"), NULL, "goose"},
    {FOLDER("dbmate", "current"), NULL, "dbmate"},
    {FOLDER("rails", "current"), NULL, "rails"},
    {FOLDER("ecto", "current"), NULL, "ecto"},
    {FOLDER("supabase", "current"), NULL, "supabase"},
    {FOLDER("golang-migrate", "current"), "golang-migrate", "golang-migrate"},
    {FOLDER("supabase", "without-settings"), "supabase", "supabase"},
    {FOLDER("rails", "layout-sequel"), NULL, ""},
    {FOLDER("rails", "layout-sequel"), "rails", ""},
};

static void test_recognition(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
        cleanup(migration_set) struct migration_set *set = NULL;
        struct error error = {0};
        const struct tool *likely = folders[i].likely ? tool_find(folders[i].likely) : NULL;
        migration_files_read(NULL, likely, folders[i].folder, &set, &error);
        if (strcmp(set ? set->tool : "", folders[i].expected) != 0)
            fail_msg("%s: %s instead of '%s'", folders[i].folder, set ? set->tool : error.message, folders[i].expected);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const char greatest[] = "9223372036854775807";
    assert_true(numbered_at_most("9223372036854775807_a", greatest));
    assert_true(numbered_at_most("0009223372036854775807_a", greatest));
    assert_true(numbered_at_most("1_a", greatest));
    assert_true(numbered_at_most("000_a", "0"));
    assert_false(numbered_at_most("9223372036854775808_a", greatest));
    assert_false(numbered_at_most("10000000000000000000_a", greatest));
    assert_true(numbered_name("1_a.sql", '_'));
    assert_false(numbered_name("_a.sql", '_'));
    assert_false(numbered_name("1a.sql", '_'));
}

static void test_questions(void **state)
{
    (void)state;
    static const struct {
        const char *revision;
        const char *number;
        const char *literal;
    } questions[] = {
        {"0012", "12", "0012"}, {"12", "12", "12"},  {"0012_users", "12", "0012"},
        {"0", "0", "0"},        {"000", "0", "000"}, {"", NULL, NULL},
        {"users", NULL, NULL},  {"12a", NULL, NULL}, {"-1", NULL, NULL},
    };
    cleanup(arena) struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < ARRAY_LENGTH(questions); i++) {
        const char *number = NULL;
        const char *literal = NULL;
        assert_true(numbered_question_key(questions[i].revision, arena, &number));
        assert_true(numbered_literal_question_key(questions[i].revision, arena, &literal));
        assert_int_equal(number != NULL, questions[i].number != NULL);
        assert_int_equal(literal != NULL, questions[i].literal != NULL);
        if (number)
            assert_string_equal(number, questions[i].number);
        if (literal)
            assert_string_equal(literal, questions[i].literal);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    static const struct {
        const char *tool;
        const char *folder;
    } reads[] = {
        {"golang-migrate", FOLDER("golang-migrate", "gap")}, {"goose", FOLDER("goose", "go-files")},
        {"dbmate", FOLDER("dbmate", "duplicate")},           {"rails", FOLDER("rails", "scope-of-an-engine")},
        {"ecto", FOLDER("ecto", "compiled-file")},           {"supabase", FOLDER("supabase", "current")},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(reads); i++) {
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            cleanup(migration_set) struct migration_set *set = NULL;
            struct error error = {0};
            bool done = migration_files_read(tool_find(reads[i].tool), NULL, reads[i].folder, &set, &error) == 0;
            OOM_CHECK(loop, done);
            if (!done)
                assert_int_equal(error.code, ERROR_NO_MEMORY);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recognition),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("numbered files", tests, NULL, NULL);
}
