/* SPDX-License-Identifier: Apache-2.0
 *
 * What golden cases do not show of comparisons: sizes, and memory that runs out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "journal/tool.h"
#include "support/journal_rows.h"
#include "support/oom.h"

enum { MANY = 10000 };

/* `count` migrations "1", "2", …, each the parent of the next. */
static struct migration_set *chain(const char *tool, size_t count, bool graph)
{
    struct migration_set *set = migration_set_new(tool);
    assert_non_null(set);
    struct migration *migrations = arena_array(set->arena, count, sizeof *migrations);
    const char **names = arena_array(set->arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = arena_printf(set->arena, "%zu", i + 1);
        migrations[i] = (struct migration){.revision = names[i],
                                           .part = tool_find(tool)->parts ? "app" : NULL,
                                           .file = names[i],
                                           .checksum = graph ? NULL : "7"};
        if (graph && i > 0) {
            migrations[i].parents = &names[i - 1];
            migrations[i].parent_count = 1;
        }
    }
    set->migrations = migrations;
    set->count = count;
    set->graph = graph;
    return set;
}

/* A journal of entries "1" … that were applied with checksum 7, but for every tenth with 8. */
static struct journal *applied(const char *tool, size_t count)
{
    const struct journal_address address = {.tool = tool, .schema = "", .table = "t"};
    struct journal *journal = journal_new(&address);
    assert_non_null(journal);
    struct journal_entry *entries = arena_array(journal->arena, count, sizeof *entries);
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct journal_entry){.revision = arena_printf(journal->arena, "%zu", i + 1),
                                            .part = tool_find(tool)->parts ? "app" : NULL,
                                            .checksum = i % 10 == 9 ? "8" : "7",
                                            .applied_at_ms = TIME_UNKNOWN};
    journal->entries = entries;
    journal->entry_count = count;
    return journal;
}

static void test_many_in_a_list(void **state)
{
    (void)state;
    const struct tool *tool = tool_find("flyway");
    cleanup(migration_set) struct migration_set *set = chain("flyway", MANY, false);
    cleanup(journal) struct journal *journal = applied("flyway", MANY + 5);
    cleanup(arena) struct arena *arena = arena_new(1 << 28);
    struct comparison comparison = {0};
    struct compare_request request = {.journal = journal, .expected = set, .source = SOURCE_DIRECTORY};
    assert_int_equal(tool_compare(tool, &request, arena, &comparison, NULL), 0);
    assert_int_equal(comparison.mismatched.count, MANY / 10);
    assert_int_equal(comparison.later.count, 5);
    assert_int_equal(comparison.pending.count, 0);
    assert_true(comparison.target_applied);
}

static void test_many_in_a_graph(void **state)
{
    (void)state;
    const struct tool *tool = tool_find("alembic");
    cleanup(migration_set) struct migration_set *set = chain("alembic", MANY, true);
    cleanup(journal) struct journal *journal = journal_of_text(tool, "{\"rows\": [[\"4000\"]]}");
    cleanup(arena) struct arena *arena = arena_new(1 << 28);
    struct comparison comparison = {0};
    struct compare_request request = {.journal = journal, .expected = set, .source = SOURCE_DIRECTORY};
    assert_int_equal(tool_compare(tool, &request, arena, &comparison, NULL), 0);
    assert_int_equal(comparison.pending.count, MANY - 4000);
    assert_int_equal(comparison.applied_count, 4000);
    assert_string_equal(comparison.pending.items[0].revision, "4001");
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    static const char *const questions[] = {NULL, "3", "20", "absent"};
    for (size_t i = 0; tools[i]; i++) {
        bool graph = strcmp(tools[i]->name, "alembic") == 0;
        cleanup(migration_set) struct migration_set *set = chain(tools[i]->name, 12, graph);
        cleanup(journal) struct journal *journal = applied(tools[i]->name, 20);
        if (graph)
            journal->entry_count = 2;
        for (size_t j = 0; j < ARRAY_LENGTH(questions); j++) {
            struct compare_request request = {
                .journal = journal, .expected = set, .revision = questions[j], .source = SOURCE_REQUEST};
            FOR_EACH_ALLOCATION_FAILURE(loop)
            {
                cleanup(arena) struct arena *arena = arena_new(1 << 20);
                struct comparison comparison = {0};
                struct error error = {0};
                bool done = arena && tool_compare(tools[i], &request, arena, &comparison, &error) == 0;
                OOM_CHECK(loop, done);
                if (arena && !done)
                    assert_int_equal(error.code, ERROR_NO_MEMORY);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_in_a_list),
        cmocka_unit_test(test_many_in_a_graph),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("comparisons", tests, NULL, NULL);
}
