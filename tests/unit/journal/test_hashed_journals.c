/* SPDX-License-Identifier: Apache-2.0
 *
 * How the journals of tools that record checksums and attempts (and of EF Core and Diesel) are told from other tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "journal/tool.h"
#include "support/fake_engine.h"

#define PRISMA                                                                                                         \
    "id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count"
#define SQLX "version", "description", "installed_on", "success", "checksum", "execution_time"
#define ATLAS                                                                                                          \
    "version", "description", "type", "applied", "total", "executed_at", "execution_time", "hash", "operator_version"
#define SQITCH "change_id", "script_hash", "change", "project", "committed_at", "planned_at", "note"

static int note(void *payload, const struct journal_address *address)
{
    strbuf_printf(payload, "%s=%s.%s ", address->tool, address->schema, address->table);
    return 0;
}

static void assert_detected(const struct fake_table *tables, size_t count, const char *expected)
{
    struct fake_server server = {.tables = tables, .table_count = count};
    cleanup(schema) struct schema *schema = fake_server_schema(&server);
    cleanup(strbuf) struct strbuf found = STRBUF(4096);
    assert_non_null(schema);
    assert_int_equal(tool_detect(schema, NULL, note, &found), 0);
    assert_string_equal(strbuf_text(&found), expected);
}

static void test_journals(void **state)
{
    (void)state;
    static const struct fake_table tables[] = {
        {.schema = "a", .name = "_prisma_migrations", .columns = {PRISMA}},
        {.schema = "a", .name = "_sqlx_migrations", .columns = {SQLX}},
        {.schema = "a", .name = "atlas_schema_revisions", .columns = {ATLAS, "error", "error_stmt", "partial_hashes"}},
        {.schema = "a", .name = "refinery_schema_history", .columns = {"version", "name", "applied_on", "checksum"}},
        {.schema = "b", .name = "__EFMigrationsHistory", .columns = {"MigrationId", "ProductVersion"}},
        {.schema = "b", .name = "__diesel_schema_migrations", .columns = {"version", "run_on"}},
        {.schema = "b", .name = "__ef_migrations_history", .columns = {"migration_id", "product_version"}},
        {.schema = "b", .name = "renamed_atlas", .columns = {ATLAS}},
        {.schema = "b", .name = "renamed_ef", .columns = {"MigrationId", "ProductVersion"}},
        {.schema = "b", .name = "renamed_sqlx", .columns = {SQLX}},
        {.schema = "sqitch", .name = "changes", .columns = {SQITCH}},
        {.schema = "sqitch", .name = "events", .columns = {"event", "change_id"}},
        {.schema = "sqitch", .name = "projects", .columns = {"project", "uri"}},
    };
    assert_detected(tables, ARRAY_LENGTH(tables),
                    "prisma=a._prisma_migrations sqlx=a._sqlx_migrations atlas=a.atlas_schema_revisions "
                    "refinery=a.refinery_schema_history efcore=b.__EFMigrationsHistory "
                    "diesel=b.__diesel_schema_migrations efcore=b.__ef_migrations_history atlas=b.renamed_atlas "
                    "efcore=b.renamed_ef sqlx=b.renamed_sqlx sqitch=sqitch.changes ");
}

static void test_look_alikes(void **state)
{
    (void)state;
    static const struct fake_table tables[] = {
        {.schema = "a", .name = "_prisma_migrations", .columns = {PRISMA, "note"}},
        {.schema = "a", .name = "_sqlx_migrations", .columns = {"version", "description", "success"}},
        {.schema = "a", .name = "atlas_schema_revisions", .columns = {"version", "description"}},
        {.schema = "a", .name = "changes", .columns = {"id", "change", "project", "committed_at"}},
        {.schema = "a", .name = "history", .columns = {"version", "run_on"}},
        {.schema = "a", .name = "jobs", .columns = {PRISMA}},
        {.schema = "a", .name = "packages", .columns = {"migration_id", "product_version"}},
        {.schema = "b", .name = "changes", .columns = {SQITCH}}, /* without the registry's other tables */
        {.schema = "b", .name = "refinery_schema_history", .columns = {"version", "name", "checksum"}},
    };
    assert_detected(tables, ARRAY_LENGTH(tables), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journals),
        cmocka_unit_test(test_look_alikes),
    };
    return cmocka_run_group_tests_name("hashed journals", tests, NULL, NULL);
}
