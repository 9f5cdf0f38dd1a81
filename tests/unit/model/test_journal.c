/* SPDX-License-Identifier: Apache-2.0 */
#include "model/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/comparison.h"
#include "model/migration_set.h"
#include "model/snapshot.h"
#include "support/oom.h"

static void test_journal(void **state)
{
    (void)state;
    const struct journal_address address = {.tool = "flyway", .schema = NULL, .table = "history"};
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(journal) struct journal *journal = journal_new(&address);
        OOM_CHECK(loop, journal != NULL);
        if (journal)
            assert_string_equal(journal->address.schema, "");
    }
    cleanup(journal) struct journal *journal = journal_new(&address);
    cleanup(journal) struct journal *again = journal_ref(journal);
    assert_int_equal(again->references, 2);
    journal_unref(NULL);
    assert_string_equal(entry_state_name(ENTRY_BASELINE), "baseline");
}

static void test_migration_set(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(migration_set) struct migration_set *set = migration_set_new("flyway");
        OOM_CHECK(loop, set != NULL);
    }
    cleanup(migration_set) struct migration_set *set = migration_set_new("flyway");
    cleanup(migration_set) struct migration_set *again = migration_set_ref(set);
    assert_int_equal(again->references, 2);
    migration_set_unref(NULL);
}

static void test_snapshot(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(snapshot) struct snapshot *snapshot = snapshot_new();
        OOM_CHECK(loop, snapshot != NULL);
    }
    cleanup(snapshot) struct snapshot *snapshot = snapshot_new();
    cleanup(snapshot) struct snapshot *again = snapshot_ref(snapshot);
    assert_int_equal(again->references, 2);
    assert_true(snapshot->schema_taken_at_ms == TIME_UNKNOWN);
    snapshot_unref(NULL);
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < MATCHES; i++)
        assert_int_equal(match_from_name(match_name((enum match)i)), i);
    assert_int_equal(match_from_name("at_least"), MATCHES);
    assert_string_equal(expectation_source_name(SOURCE_REQUEST), "request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_migration_set),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("journal, migration set, snapshot", tests, NULL, NULL);
}
