/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/migration_set.h"
#include "support/oom.h"

static const char *const of_a[] = {"a"};
static const char *const of_b[] = {"b"};
static const char *const of_b_and_f[] = {"b", "f"};
static const struct migration line[] = {
    {.revision = "a"},
    {.revision = "b", .parents = of_a, .parent_count = 1},
    {.revision = "f", .parents = of_a, .parent_count = 1},
    {.revision = "m", .parents = of_b_and_f, .parent_count = 2},
};

/* A set of the first `count` of `line`; its digest is told by the caller. */
static struct migration_set set_of(size_t count, unsigned char digest)
{
    struct migration_set set = {.tool = "alembic", .migrations = line, .count = count, .graph = true};
    set.digest.bytes[0] = digest;
    return set;
}

/* Whether all is known of `revision` and its ancestors; `ancestor` may be NULL, else it must be among them. */
static bool is_known_behind(const struct revision_graph *graph, const char *revision, const char *ancestor)
{
    size_t number = revision_graph_number(graph, revision);
    if (number == SIZE_MAX)
        return false;
    bool *marks = test_calloc(revision_graph_count(graph), sizeof *marks);
    uint32_t *stack = test_calloc(revision_graph_count(graph), sizeof *stack);
    bool result = revision_graph_mark(graph, number, marks, stack);
    if (ancestor)
        result = result && marks[revision_graph_number(graph, ancestor)];
    test_free(marks);
    test_free(stack);
    return result;
}

static void test_reaches(void **state)
{
    (void)state;
    struct migration_set set = set_of(4, 1);
    cleanup(revision_graph) struct revision_graph *graph = revision_graph_extend(NULL, &set);
    assert_non_null(graph);
    assert_true(is_known_behind(graph, "m", "a"));
    assert_true(is_known_behind(graph, "m", "f"));
    assert_true(is_known_behind(graph, "b", "b"));
    assert_false(is_known_behind(graph, "b", "f"));
    assert_false(is_known_behind(graph, "a", "m"));
    assert_false(is_known_behind(graph, "nobody", "a"));
    assert_int_equal(revision_graph_number(NULL, "x"), SIZE_MAX);
    assert_int_equal(revision_graph_count(NULL), 0);
    assert_false(is_known_behind(graph, "x", NULL));
    size_t count = 0;
    assert_string_equal(revision_graph_parents(graph, "m", &count)[1], "f");
    assert_int_equal(count, 2);
    revision_graph_parents(graph, "nobody", &count);
    assert_int_equal(count, 0);
}

static void test_extending_keeps_and_shares(void **state)
{
    (void)state;
    struct migration_set small = set_of(2, 1);
    struct migration_set large = set_of(4, 2);
    cleanup(revision_graph) struct revision_graph *first = revision_graph_extend(NULL, &large);
    cleanup(revision_graph) struct revision_graph *same = revision_graph_extend(first, &large);
    cleanup(revision_graph) struct revision_graph *subset = revision_graph_extend(first, &small);
    assert_ptr_equal(first, same);
    assert_ptr_equal(first, subset);
    const struct migration next[] = {{.revision = "n", .parents = of_b, .parent_count = 1}};
    struct migration_set newer = {.tool = "alembic", .migrations = next, .count = 1};
    cleanup(revision_graph) struct revision_graph *grown = revision_graph_extend(first, &newer);
    assert_ptr_not_equal(first, grown);
    assert_true(is_known_behind(grown, "n", "a"));
    assert_true(is_known_behind(grown, "m", "f"));
    assert_false(is_known_behind(first, "n", NULL));
}

static void test_newest_files_overrule(void **state)
{
    (void)state;
    struct migration_set set = set_of(4, 1);
    const struct migration moved[] = {{.revision = "f", .parents = of_b, .parent_count = 1}};
    struct migration_set newer = {.tool = "alembic", .migrations = moved, .count = 1};
    cleanup(revision_graph) struct revision_graph *first = revision_graph_extend(NULL, &set);
    cleanup(revision_graph) struct revision_graph *second = revision_graph_extend(first, &newer);
    assert_true(is_known_behind(second, "f", "b"));
    assert_int_equal(revision_graph_count(second), 4);
}

static void test_ancestors_known_by_name_only(void **state)
{
    (void)state;
    const struct migration alone[] = {{.revision = "n", .parents = of_b, .parent_count = 1}};
    struct migration_set set = {.tool = "alembic", .migrations = alone, .count = 1};
    cleanup(revision_graph) struct revision_graph *graph = revision_graph_extend(NULL, &set);
    bool marks[2] = {false};
    uint32_t stack[2] = {0};
    assert_int_equal(revision_graph_count(graph), 2);
    assert_false(revision_graph_mark(graph, revision_graph_number(graph, "n"), marks, stack));
    assert_true(marks[0] && marks[1]);
    assert_false(is_known_behind(graph, "b", NULL));
    assert_int_equal(revision_graph_number(graph, "nobody"), SIZE_MAX);
}

static void test_long_chain(void **state)
{
    (void)state;
    enum { LENGTH = 20000 };
    static char names[LENGTH][12];
    static const char *parents[LENGTH];
    static struct migration migrations[LENGTH];
    for (size_t i = 0; i < LENGTH; i++) {
        snprintf(names[i], sizeof names[i], "r%zu", i);
        parents[i] = i > 0 ? names[i - 1] : NULL;
        migrations[i] = (struct migration){.revision = names[i], .parents = &parents[i], .parent_count = i > 0};
    }
    struct migration_set set = {.tool = "alembic", .migrations = migrations, .count = LENGTH};
    cleanup(revision_graph) struct revision_graph *graph = revision_graph_extend(NULL, &set);
    assert_true(is_known_behind(graph, names[LENGTH - 1], "r0"));
    assert_false(is_known_behind(graph, "r0", names[LENGTH - 1]));
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    struct migration_set small = set_of(2, 1);
    struct migration_set large = set_of(4, 2);
    cleanup(revision_graph) struct revision_graph *known = revision_graph_extend(NULL, &small);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(revision_graph) struct revision_graph *graph = revision_graph_extend(known, &large);
        OOM_CHECK(loop, graph != NULL);
    }
    assert_false(is_known_behind(known, "m", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reaches),
        cmocka_unit_test(test_extending_keeps_and_shares),
        cmocka_unit_test(test_newest_files_overrule),
        cmocka_unit_test(test_ancestors_known_by_name_only),
        cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("revision graph", tests, NULL, NULL);
}
