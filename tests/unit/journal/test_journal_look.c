/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_engine.h"
#include "support/oom.h"

static const char *const two_heads[][FAKE_COLUMNS_MAXIMUM] = {{"b"}, {"a"}};
static const char *const one_hash[][FAKE_COLUMNS_MAXIMUM] = {{"1", "h", "1700000000123"}};
static const char *const named_hash[][FAKE_COLUMNS_MAXIMUM] = {{"1", "h", "1700000000123", "20231114221320_a", NULL}};

#define ALEMBIC_TABLE                                                                                                  \
    {                                                                                                                  \
        .schema = "public", .name = "alembic_version", .columns = {"version_num"}, .rows = two_heads, .row_count = 2   \
    }
#define USERS_TABLE                                                                                                    \
    {                                                                                                                  \
        .schema = "public", .name = "users", .columns = { "id", "name" }                                               \
    }

/* A server with one table more than the first look sees, a connection to it, and the snapshots of its looks. */
struct scene {
    struct fake_server server;
    struct fake_table tables[4];
    struct engine_connection *connection;
    struct snapshot *snapshot;
    bool schema_due;
    struct error error;
};

static void begin(struct scene *scene, size_t tables)
{
    struct server_facts facts = {0};
    scene->server.tables = scene->tables;
    scene->server.table_count = tables;
    fake_engine_serve(&scene->server);
    assert_int_equal(
        fake_engine.open(NULL, PURPOSE_JOURNAL, deadline_in(10000), &scene->connection, &facts, &scene->error), 0);
}

static void end(struct scene *scene)
{
    assert_int_equal(scene->server.begun, scene->server.ended);
    fake_engine.close(scene->connection);
    snapshot_unref(scene->snapshot);
}

static int look_as(struct scene *scene, struct journal_look look)
{
    const struct engine_scope scope = {0};
    const struct server_facts facts = fake_server_facts(&scene->server);
    struct snapshot *next = NULL;
    look.previous = scene->snapshot;
    look.scope = &scope;
    look.now_ms = 1000;
    int result =
        journal_look(scene->connection, &look, &facts, deadline_in(10000), &next, &scene->schema_due, &scene->error);
    if (result == 0) {
        snapshot_unref(scene->snapshot);
        scene->snapshot = next;
    }
    return result;
}

static int look(struct scene *scene)
{
    return look_as(scene, (struct journal_look){0});
}

static void read_schema(struct scene *scene)
{
    const struct server_facts facts = fake_server_facts(&scene->server);
    cleanup(schema) struct schema *schema = fake_server_schema(&scene->server);
    struct snapshot *next = NULL;
    assert_non_null(schema);
    assert_int_equal(snapshot_with_schema(scene->snapshot, schema, NULL, &facts, 500, &next, &scene->error), 0);
    snapshot_unref(scene->snapshot);
    scene->snapshot = next;
}

static void test_first_look_needs_no_schema(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE, USERS_TABLE}};
    begin(&scene, 2);
    assert_int_equal(look(&scene), 0);
    assert_true(scene.schema_due);
    assert_int_equal(scene.snapshot->reading_count, 1);
    assert_string_equal(scene.snapshot->readings[0].address.tool, "alembic");
    assert_int_equal(scene.snapshot->readings[0].journal->entry_count, 2);
    read_schema(&scene);
    assert_int_equal(scene.snapshot->reading_count, 1);
    assert_true(scene.snapshot->has_tables);
    assert_int_equal(look(&scene), 0);
    assert_false(scene.schema_due);
    assert_int_equal(scene.snapshot->schema_taken_at_ms, 500);
    end(&scene);
}

/* Five tools keep a table schema_migrations; read as dbmate's, the failed migration of golang-migrate would be applied.
 */
static void test_a_name_of_several_tools_waits_for_the_schema(void **state)
{
    (void)state;
    static const char *const failed[][FAKE_COLUMNS_MAXIMUM] = {{"2", "1"}};
    struct scene scene = {.tables = {{.schema = "public",
                                      .name = "schema_migrations",
                                      .columns = {"version", "dirty"},
                                      .rows = failed,
                                      .row_count = 1}}};
    begin(&scene, 1);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 0);
    assert_true(scene.schema_due);
    scene.server.table_count = 0;
    read_schema(&scene);
    scene.server.table_count = 1;
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 0);
    assert_true(scene.schema_due);
    for (unsigned i = 0; i < 2; i++) {
        read_schema(&scene);
        assert_true(scene.snapshot->unread);
    }
    assert_int_equal(look(&scene), 0);
    assert_false(scene.snapshot->unread);
    read_schema(&scene);
    assert_false(scene.snapshot->unread);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 1);
    assert_string_equal(scene.snapshot->readings[0].address.tool, "golang-migrate");
    assert_int_equal(scene.snapshot->readings[0].journal->entries[0].state, ENTRY_DIRTY);
    assert_false(scene.schema_due);
    end(&scene);
}

/* A look that has found a table to be no journal has met it: the next schema shows nothing new. */
static void test_a_look_alike_is_met_once(void **state)
{
    (void)state;
    static const char *const strange[][FAKE_COLUMNS_MAXIMUM] = {{"2", "perhaps"}};
    struct scene scene = {.tables = {{.schema = "public",
                                      .name = "schema_migrations",
                                      .columns = {"version", "dirty"},
                                      .rows = strange,
                                      .row_count = 1}}};
    begin(&scene, 1);
    read_schema(&scene);
    assert_true(scene.snapshot->unread);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 0);
    assert_false(scene.snapshot->unread);
    read_schema(&scene);
    assert_false(scene.snapshot->unread);
    end(&scene);
}

static void test_unchanged_journal_is_shared(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE}};
    begin(&scene, 1);
    read_schema(&scene);
    assert_int_equal(look(&scene), 0);
    const struct journal *first = scene.snapshot->readings[0].journal;
    assert_int_equal(look(&scene), 0);
    assert_ptr_equal(scene.snapshot->readings[0].journal, first);
    scene.tables[0].row_count = 1;
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->readings[0].journal->entry_count, 1);
    assert_false(scene.snapshot->has_tables);
    end(&scene);
}

static void test_journal_appears_and_vanishes(void **state)
{
    (void)state;
    struct scene scene = {.tables = {USERS_TABLE, ALEMBIC_TABLE}};
    begin(&scene, 1);
    read_schema(&scene);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 0);
    assert_false(scene.schema_due);
    scene.server.table_count = 2;
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 1);
    assert_true(scene.schema_due);
    read_schema(&scene);
    scene.server.table_count = 1;
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 0);
    assert_true(scene.schema_due);
    end(&scene);
}

/* A journal that appeared while the schema was read is not in the schema; one that is gone from a newer schema is gone.
 */
static void test_schema_older_than_the_journal_look(void **state)
{
    (void)state;
    struct scene scene = {.tables = {USERS_TABLE, ALEMBIC_TABLE}};
    begin(&scene, 1);
    const struct server_facts facts = fake_server_facts(&scene.server);
    cleanup(schema) struct schema *schema = fake_server_schema(&scene.server);
    scene.server.table_count = 2;
    assert_int_equal(look(&scene), 0);
    int64_t looked_at = scene.snapshot->taken_at_ms;

    cleanup(snapshot) struct snapshot *older = NULL;
    assert_int_equal(snapshot_with_schema(scene.snapshot, schema, NULL, &facts, looked_at - 1, &older, NULL), 0);
    assert_int_equal(older->reading_count, 1);
    assert_int_equal(older->taken_at_ms, looked_at);
    assert_int_equal(older->schema_taken_at_ms, looked_at - 1);

    cleanup(snapshot) struct snapshot *newer = NULL;
    assert_int_equal(snapshot_with_schema(scene.snapshot, schema, NULL, &facts, looked_at + 1, &newer, NULL), 0);
    assert_int_equal(newer->reading_count, 0);
    assert_int_equal(newer->taken_at_ms, looked_at);
    end(&scene);
}

static void test_locked_journal_keeps_what_was_read(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE, USERS_TABLE}};
    begin(&scene, 2);
    read_schema(&scene);
    assert_int_equal(look(&scene), 0);
    scene.tables[0].fail = ERROR_LOCKED;
    assert_int_equal(look(&scene), 0);
    assert_true(scene.snapshot->readings[0].locked);
    assert_int_equal(scene.snapshot->readings[0].error, ERROR_OK);
    assert_int_equal(scene.snapshot->readings[0].journal->entry_count, 2);
    assert_false(scene.schema_due);
    end(&scene);
}

static void test_unreadable_journal_is_a_finding(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE, USERS_TABLE}};
    scene.tables[0].grant = "GRANT SELECT ON alembic_version TO observer";
    begin(&scene, 2);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->readings[0].error, ERROR_FORBIDDEN);
    assert_null(scene.snapshot->readings[0].journal);
    assert_string_equal(scene.snapshot->readings[0].error_grant, "GRANT SELECT ON alembic_version TO observer");
    /* The role's schema may lack the table; the finding stays, and does not cause one deep look after the other. */
    scene.server.table_count = 0;
    read_schema(&scene);
    scene.server.table_count = 1;
    assert_int_equal(scene.snapshot->reading_count, 1);
    assert_int_equal(look(&scene), 0);
    assert_false(scene.schema_due);
    end(&scene);
}

static void test_reading_that_dies_fails_the_look(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE}};
    begin(&scene, 1);
    read_schema(&scene);
    scene.tables[0].fail = ERROR_UNREACHABLE;
    scene.tables[0].fail_after = 1;
    assert_int_equal(look(&scene), -1);
    assert_int_equal(scene.error.code, ERROR_UNREACHABLE);
    end(&scene);
}

static void test_one_broken_journal_leaves_the_others(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE, ALEMBIC_TABLE}};
    scene.tables[0].schema = "a";
    scene.tables[0].fail = ERROR_INVALID;
    begin(&scene, 2);
    read_schema(&scene);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 2);
    assert_int_equal(scene.snapshot->readings[0].error, ERROR_INVALID);
    assert_null(scene.snapshot->readings[0].journal);
    assert_int_equal(scene.snapshot->readings[1].journal->entry_count, 2);
    end(&scene);
}

static void test_shapes_are_tried_from_the_newest(void **state)
{
    (void)state;
    struct scene scene = {.tables = {{.schema = "drizzle",
                                      .name = "__drizzle_migrations",
                                      .columns = {"id", "hash", "created_at"},
                                      .rows = one_hash,
                                      .row_count = 1}}};
    begin(&scene, 1);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->readings[0].journal->shape, 1);
    read_schema(&scene);
    /* The tool converts its table between two deep looks. */
    scene.tables[0] = (struct fake_table){.schema = "drizzle",
                                          .name = "__drizzle_migrations",
                                          .columns = {"id", "hash", "created_at", "name", "applied_at"},
                                          .rows = named_hash,
                                          .row_count = 1};
    read_schema(&scene);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->readings[0].journal->shape, 0);
    assert_string_equal(scene.snapshot->readings[0].journal->entries[0].revision, "20231114221320_a");
    end(&scene);
}

static void test_columns_that_changed_are_never_believed(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE}};
    begin(&scene, 1);
    read_schema(&scene);
    scene.tables[0].columns[0] = "something_else";
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 1);
    assert_int_equal(scene.snapshot->readings[0].error, ERROR_INVALID);
    assert_true(scene.schema_due);
    /* Once the schema shows it, it is a table like any other. */
    read_schema(&scene);
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->reading_count, 0);
    assert_false(scene.schema_due);
    assert_true(scene.snapshot->has_tables);
    end(&scene);
}

static void test_configured_journal(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE, ALEMBIC_TABLE, USERS_TABLE}};
    scene.tables[0].name = "my_versions";
    scene.tables[1].schema = "other";
    begin(&scene, 3);
    read_schema(&scene);
    struct journal_name name = {.tool = tool_find("alembic"), .table = "public.my_versions"};
    const struct journal_look named = {.names = &name, .name_count = 1};
    assert_int_equal(look_as(&scene, named), 0);
    assert_int_equal(scene.snapshot->reading_count, 1);
    assert_string_equal(scene.snapshot->readings[0].address.table, "my_versions");
    name.table = "public.absent";
    assert_int_equal(look_as(&scene, named), 0);
    assert_int_equal(scene.snapshot->reading_count, 0);
    name.table = "users";
    assert_int_equal(look_as(&scene, named), 0);
    assert_int_equal(scene.snapshot->readings[0].error, ERROR_INVALID);
    name.table = NULL;
    assert_int_equal(look_as(&scene, named), 0);
    assert_int_equal(scene.snapshot->reading_count, 1);
    assert_string_equal(scene.snapshot->readings[0].address.schema, "other");
    end(&scene);
}

static void test_no_journal_configured(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE}};
    begin(&scene, 1);
    assert_int_equal(look_as(&scene, (struct journal_look){.none = true}), 0);
    assert_int_equal(scene.snapshot->reading_count, 0);
    assert_int_equal(scene.server.tables_read, 0);
    assert_int_equal(scene.server.begun, 1);
    end(&scene);
}

static void test_lock_of_the_tool(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE}};
    scene.tables[0].lock_held = true;
    begin(&scene, 1);
    assert_int_equal(look(&scene), 0);
    assert_true(scene.snapshot->readings[0].lock.held);
    scene.server.lock_fails = ERROR_FORBIDDEN;
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.snapshot->readings[0].error, ERROR_FORBIDDEN);
    end(&scene);
}

#define TENANT_TABLE(space)                                                                                            \
    {                                                                                                                  \
        .schema = space, .name = "alembic_version", .columns = {"version_num"}, .rows = two_heads, .row_count = 2      \
    }

/* One statement for the rows of all tenants, one for their locks. */
static void test_tenants_are_read_at_once(void **state)
{
    (void)state;
    struct scene scene = {.tables = {TENANT_TABLE("a"), TENANT_TABLE("b"), TENANT_TABLE("c"), USERS_TABLE}};
    scene.server.batches = true;
    begin(&scene, 4);
    read_schema(&scene);
    scene.tables[1].row_count = 1;
    assert_int_equal(look(&scene), 0);
    assert_int_equal(scene.server.batches_read, 1);
    assert_int_equal(scene.server.lock_batches_read, 1);
    assert_int_equal(scene.server.tables_read + scene.server.locks_read, 0);
    assert_int_equal(scene.snapshot->reading_count, 3);
    assert_int_equal(scene.snapshot->readings[0].journal->entry_count, 2);
    assert_int_equal(scene.snapshot->readings[1].journal->entry_count, 1);
    assert_string_equal(scene.snapshot->readings[2].address.schema, "c");
    const struct journal *first = scene.snapshot->readings[2].journal;
    assert_int_equal(look(&scene), 0);
    assert_ptr_equal(scene.snapshot->readings[2].journal, first);
    end(&scene);
}

/* The statement fails as a whole; who made it fail is then found one by one. */
static void test_one_tenant_spoils_the_statement(void **state)
{
    (void)state;
    static const struct {
        enum error_code fails;
        enum error_code expected;
    } cases[] = {{ERROR_LOCKED, ERROR_OK}, {ERROR_FORBIDDEN, ERROR_FORBIDDEN}, {ERROR_INVALID, ERROR_INVALID}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct scene scene = {.tables = {TENANT_TABLE("a"), TENANT_TABLE("b"), TENANT_TABLE("c")}};
        scene.server.batches = true;
        scene.tables[1].fail = cases[i].fails;
        begin(&scene, 3);
        read_schema(&scene);
        assert_int_equal(look(&scene), 0);
        assert_int_equal(scene.snapshot->reading_count, 3);
        assert_int_equal(scene.snapshot->readings[0].journal->entry_count, 2);
        assert_int_equal(scene.snapshot->readings[1].error, cases[i].expected);
        assert_true(scene.snapshot->readings[1].locked == (cases[i].fails == ERROR_LOCKED));
        assert_int_equal(scene.snapshot->readings[2].journal->entry_count, 2);
        end(&scene);
    }
}

static void test_server_dies_among_tenants(void **state)
{
    (void)state;
    struct scene scene = {.tables = {TENANT_TABLE("a"), TENANT_TABLE("b")}};
    scene.server.batches = true;
    scene.tables[1].fail = ERROR_UNREACHABLE;
    begin(&scene, 2);
    read_schema(&scene);
    assert_int_equal(look(&scene), -1);
    assert_int_equal(scene.error.code, ERROR_UNREACHABLE);
    end(&scene);
}

static void test_slow_server(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE}};
    const struct engine_scope scope = {0};
    const struct journal_look request = {.scope = &scope};
    const struct server_facts facts = fake_server_facts(&scene.server);
    struct snapshot *next = NULL;
    bool due = false;
    begin(&scene, 1);
    scene.server.answers_in_ms = 60000;
    assert_int_equal(journal_look(scene.connection, &request, &facts, deadline_in(1), &next, &due, &scene.error), -1);
    assert_int_equal(scene.error.code, ERROR_TIMEOUT);
    assert_null(next);
    end(&scene);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    struct scene scene = {.tables = {ALEMBIC_TABLE, USERS_TABLE}};
    begin(&scene, 2);
    read_schema(&scene);
    assert_int_equal(look(&scene), 0);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        int result = look(&scene);
        OOM_CHECK(loop, result == 0);
        if (result < 0)
            assert_int_equal(scene.error.code, ERROR_NO_MEMORY);
    }
    cleanup(schema) struct schema *schema = fake_server_schema(&scene.server);
    const struct server_facts facts = fake_server_facts(&scene.server);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(snapshot) struct snapshot *next = NULL;
        OOM_CHECK(loop, snapshot_with_schema(scene.snapshot, schema, NULL, &facts, 1, &next, NULL) == 0);
    }
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_look_needs_no_schema),
        cmocka_unit_test(test_a_name_of_several_tools_waits_for_the_schema),
        cmocka_unit_test(test_a_look_alike_is_met_once),
        cmocka_unit_test(test_unchanged_journal_is_shared),
        cmocka_unit_test(test_journal_appears_and_vanishes),
        cmocka_unit_test(test_schema_older_than_the_journal_look),
        cmocka_unit_test(test_locked_journal_keeps_what_was_read),
        cmocka_unit_test(test_unreadable_journal_is_a_finding),
        cmocka_unit_test(test_reading_that_dies_fails_the_look),
        cmocka_unit_test(test_one_broken_journal_leaves_the_others),
        cmocka_unit_test(test_shapes_are_tried_from_the_newest),
        cmocka_unit_test(test_columns_that_changed_are_never_believed),
        cmocka_unit_test(test_configured_journal),
        cmocka_unit_test(test_no_journal_configured),
        cmocka_unit_test(test_lock_of_the_tool),
        cmocka_unit_test(test_tenants_are_read_at_once),
        cmocka_unit_test(test_one_tenant_spoils_the_statement),
        cmocka_unit_test(test_server_dies_among_tenants),
        cmocka_unit_test(test_slow_server),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("journal look", tests, NULL, NULL);
}
