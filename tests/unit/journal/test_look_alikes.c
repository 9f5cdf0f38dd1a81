/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables that programs other than migration tools have, or that several tools' journals look like.
 */
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
    strbuf_printf(payload, "%s%s=%s.%s", ((struct strbuf *)payload)->length > 0 ? " " : "", address->tool,
                  address->schema, address->table);
    return 0;
}

static const char *detect(const struct fake_table *tables, size_t count, struct strbuf *found)
{
    struct fake_server server = {.tables = tables, .table_count = count};
    cleanup(schema) struct schema *schema = fake_server_schema(&server);
    assert_non_null(schema);
    assert_int_equal(tool_detect(schema, NULL, note, found), 0);
    return strbuf_text(found);
}

#define TIMED .columns = {"id", "timestamp", "name"}, .types = {"integer", "bigint", "character varying"}

static void test_journals(void **state)
{
    (void)state;
    static const struct fake_table tables[] = {
        {.schema = "a", .name = "SequelizeMeta", .columns = {"name"}},
        {.schema = "a", .name = "knex_migrations", .columns = {"id", "name", "batch", "migration_time"}},
        {.schema = "a", .name = "kysely_migration", .columns = {"name", "timestamp"}},
        {.schema = "a", .name = "kysely_migration_lock", .columns = {"id", "is_locked"}},
        {.schema = "a", .name = "migrations", TIMED},
        {.schema = "a", .name = "mikro_orm_migrations", .columns = {"id", "name", "executed_at"}},
        {.schema = "a", .name = "pgmigrations", .columns = {"id", "name", "run_on"}},
        {.schema = "b", .name = "migrations", .columns = {"id", "name", "run_on"}},
        {.schema = "b", .name = "old_migrations", TIMED},
        {.schema = "b", .name = "sequelizemeta", .columns = {"name", "createdAt", "updatedAt"}},
        {.schema = "b", .name = "shop_knex", .columns = {"id", "name", "batch", "migration_time"}},
        {.schema = "graphile_migrate", .name = "current", .columns = {"filename", "content", "date"}},
        {.schema = "graphile_migrate", .name = "migrations", .columns = {"hash", "previous_hash", "filename", "date"}},
    };
    cleanup(strbuf) struct strbuf found = STRBUF(4096);
    assert_string_equal(detect(tables, ARRAY_LENGTH(tables), &found),
                        "sequelize=a.SequelizeMeta knex=a.knex_migrations kysely=a.kysely_migration "
                        "typeorm=a.migrations mikroorm=a.mikro_orm_migrations node-pg-migrate=a.pgmigrations "
                        "db-migrate=b.migrations typeorm=b.old_migrations sequelize=b.sequelizemeta knex=b.shop_knex "
                        "graphile-migrate=graphile_migrate.migrations");
}

static void test_look_alikes(void **state)
{
    (void)state;
    static const struct fake_table tables[] = {
        {.schema = "a", .name = "SequelizeData", .columns = {"name"}}, /* seeds */
        {.schema = "a", .name = "blocks", .columns = {"hash", "previous_hash", "filename", "date"}},
        {.schema = "a", .name = "countries", .columns = {"name"}},
        {.schema = "a", .name = "directus_migrations", .columns = {"version", "name", "timestamp"}},
        {.schema = "a", .name = "events", TIMED},
        {.schema = "a", .name = "jobs", .columns = {"id", "name", "run_on"}},
        {.schema = "a", .name = "knex_migrations_lock", .columns = {"index", "is_locked"}},
        {.schema = "a", .name = "kysely_migration", .columns = {"name", "timestamp"}}, /* no lock beside it */
        {.schema = "a", .name = "migration", .columns = {"version", "apply_time"}},    /* Yii */
        {.schema = "a", .name = "migrations", .columns = {"hash", "previous_hash", "filename", "date"}},
        {.schema = "a", .name = "payload_migrations", .columns = {"id", "name", "batch", "updated_at", "created_at"}},
        {.schema = "a", .name = "samples", .columns = {"name", "timestamp"}},
        {.schema = "a", .name = "strapi_migrations", .columns = {"id", "name", "time"}},
        {.schema = "a", .name = "tasks", .columns = {"id", "name", "executed_at"}},
        {.schema = "a",
         .name = "typeorm_metadata",
         .columns = {"type", "database", "schema", "table", "name", "value"}},
        {.schema = "b",
         .name = "migrations",
         .columns = {"id", "name", "hash", "executed_at"}},                            /* postgres-migrations */
        {.schema = "c", .name = "migrations", .columns = {"id", "timestamp", "name"}}, /* an application's: times */
        {.schema = "d",
         .name = "migrations",
         .columns = {"id", "version", "class", "group", "namespace", "time", "batch"}}, /* CodeIgniter */
        {.schema = "e", .name = "migrations", .columns = {"id", "from_host", "to_host", "started_at"}},
        {.schema = "f", .name = "migrations", .columns = {"id", "name"}},
    };
    cleanup(strbuf) struct strbuf found = STRBUF(4096);
    assert_string_equal(detect(tables, ARRAY_LENGTH(tables), &found), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journals),
        cmocka_unit_test(test_look_alikes),
    };
    return cmocka_run_group_tests_name("look-alikes", tests, NULL, NULL);
}
