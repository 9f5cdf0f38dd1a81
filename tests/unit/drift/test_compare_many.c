/* SPDX-License-Identifier: Apache-2.0 */
#include "drift_fixture.h"

#include "drift/compare_many.h"

enum { MEMBERS = 7 };

/* Three of one kind, two of another, one alone, one that could not be read. */
static void make_members(struct comparison_member *members)
{
    static const unsigned variations[MEMBERS] = {10, 0, 13, 0, 10, 0, 0};
    static const char *const names[MEMBERS] = {"a", "b", "c", "d", "e", "f", "g"};
    for (size_t i = 0; i < MEMBERS; i++)
        members[i] = (struct comparison_member){.name = names[i], .schema = variation_new(variations[i])};
    schema_unref(members[6].schema);
    members[6].schema = NULL;
    members[6].problem = "unreachable";
}

static void free_members(struct comparison_member *members)
{
    for (size_t i = 0; i < MEMBERS; i++)
        schema_unref(members[i].schema);
}

static void test_groups(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    struct comparison_member members[MEMBERS] = {{0}};
    struct error error = {0};
    cleanup(comparison_of_many) struct comparison_of_many *comparison = NULL;
    make_members(members);
    assert_int_equal(compare_many(members, MEMBERS, &policy, 0, &comparison, &error), 0);
    assert_int_equal(comparison->group_count, 3);
    assert_int_equal(comparison->groups[0].member_count, 3);
    assert_int_equal(comparison->groups[0].members[0], 1);
    assert_int_equal(comparison->groups[0].members[2], 5);
    assert_null(comparison->groups[0].report);
    assert_int_equal(comparison->groups[1].member_count, 2);
    assert_int_equal(comparison->groups[1].members[0], 0);
    assert_int_equal(comparison->groups[1].report->item_count, 1);
    assert_string_equal(comparison->groups[1].report->items[0].attribute, "default");
    assert_int_equal(comparison->groups[2].members[0], 2);
    assert_int_equal(comparison->unread_count, 1);
    assert_int_equal(comparison->unread[0], 6);
    free_members(members);
}

/* Of groups of equal size the one that holds the first name is the majority. */
static void test_tie(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    struct error error = {0};
    cleanup(schema) struct schema *a = variation_new(0);
    cleanup(schema) struct schema *b = variation_new(10);
    for (unsigned swapped = 0; swapped < 2; swapped++) {
        struct comparison_member members[2] = {{.name = "x", .schema = swapped ? b : a},
                                               {.name = "y", .schema = swapped ? a : b}};
        cleanup(comparison_of_many) struct comparison_of_many *comparison = NULL;
        assert_int_equal(compare_many(members, 2, &policy, 0, &comparison, &error), 0);
        assert_int_equal(comparison->group_count, 2);
        assert_int_equal(comparison->groups[0].members[0], 0);
        assert_null(comparison->groups[0].report);
        assert_int_equal(comparison->groups[1].report->item_count, 1);
    }
}

static void test_nobody(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    struct error error = {0};
    struct comparison_member unread = {.name = "x", .problem = "unreachable"};
    for (size_t count = 0; count < 2; count++) {
        cleanup(comparison_of_many) struct comparison_of_many *comparison = NULL;
        assert_int_equal(compare_many(&unread, count, &policy, 0, &comparison, &error), 0);
        assert_int_equal(comparison->group_count, 0);
        assert_int_equal(comparison->unread_count, count);
    }
}

static void test_other_engine(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    struct error error = {0};
    struct comparison_of_many *comparison = NULL;
    cleanup(schema) struct schema *a = random_schema(1, 0, 0, &dialect_postgres);
    cleanup(schema) struct schema *b = random_schema(1, 0, 0, &dialect_sqlite);
    struct comparison_member members[2] = {{.name = "shop", .schema = a}, {.name = "cache", .schema = b}};
    assert_int_equal(compare_many(members, 2, &policy, 0, &comparison, &error), -1);
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    assert_string_equal(error.message, "cache: a schema of postgres cannot be compared with one of sqlite");
    assert_null(comparison);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct drift_policy policy = strict_policy();
    struct comparison_member members[MEMBERS] = {{0}};
    make_members(members);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(comparison_of_many) struct comparison_of_many *comparison = NULL;
        OOM_CHECK(loop, compare_many(members, MEMBERS, &policy, 0, &comparison, &error) == 0);
    }
    free_members(members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),       cmocka_unit_test(test_tie),       cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_other_engine), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
