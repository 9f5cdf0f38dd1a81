/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "journal/tool.h"
#include "support/fake_engine.h"

static int note(void *payload, const struct journal_address *address)
{
    strbuf_printf(payload, "%s=%s.%s ", address->tool, address->schema, address->table);
    return 0;
}

static int stop_at_first(void *payload, const struct journal_address *address)
{
    (void)payload;
    (void)address;
    return 7;
}

#define FLYWAY_COLUMNS                                                                                                 \
    "installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "installed_on",          \
        "execution_time", "success"

static const struct fake_table tables[] = {
    {.schema = "a", .name = "alembic_version", .columns = {"version_num"}},
    {.schema = "a", .name = "renamed_alembic", .columns = {"VERSION_NUM"}},
    {.schema = "b", .name = "alembic_version", .columns = {"version_num", "something"}},
    {.schema = "b", .name = "FLYWAY_SCHEMA_HISTORY", .columns = {FLYWAY_COLUMNS, "more"}},
    {.schema = "b", .name = "my_history", .columns = {FLYWAY_COLUMNS}},
    {.schema = "b", .name = "schema_version", .columns = {"version"}},
    {.schema = "c", .name = "__drizzle_migrations", .columns = {"id", "hash", "created_at"}},
    {.schema = "c", .name = "files", .columns = {"id", "hash", "created_at"}},
    {.schema = "c", .name = "renamed_drizzle", .columns = {"id", "hash", "created_at", "name", "applied_at"}},
    {.schema = "c", .name = "users", .columns = {"id", "name"}},
};

static void test_detect(void **state)
{
    (void)state;
    struct fake_server server = {.tables = tables, .table_count = ARRAY_LENGTH(tables)};
    cleanup(schema) struct schema *schema = fake_server_schema(&server);
    cleanup(strbuf) struct strbuf found = STRBUF(4096);
    assert_non_null(schema);
    assert_int_equal(tool_detect(schema, NULL, note, &found), 0);
    assert_string_equal(strbuf_text(&found), "alembic=a.alembic_version alembic=a.renamed_alembic "
                                             "flyway=b.FLYWAY_SCHEMA_HISTORY flyway=b.my_history "
                                             "drizzle=c.__drizzle_migrations drizzle=c.renamed_drizzle ");
    assert_int_equal(tool_detect(schema, NULL, stop_at_first, NULL), 7);
}

static void test_names(void **state)
{
    (void)state;
    const char *markers[MARKER_TABLES_MAXIMUM] = {0};
    size_t count = tool_marker_tables(markers);
    assert_true(count >= 4);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(markers[i], markers[j]);
    for (size_t i = 0; tools[i]; i++) {
        assert_ptr_equal(tool_find(tools[i]->name), tools[i]);
        assert_true(tool_has_default_table(tools[i], tools[i]->default_tables[0]));
    }
    assert_null(tool_find("Alembic"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("detection", tests, NULL, NULL);
}
