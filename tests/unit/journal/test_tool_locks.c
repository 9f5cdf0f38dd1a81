/* SPDX-License-Identifier: Apache-2.0
 *
 * What each tool's locks slot asks for, on each engine, in the database "app". Keys were computed from the tools' own
 * sources; rows: "class/object", "relation schema.table", "named NAME", "row schema.table".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "journal/tool_locks.h"

static const struct {
    const char *tool;
    const char *engine;
    const char *table;
    const char *expected; /* the checks in their order, joined by ", " */
} vectors[] = {
    {"atlas", "postgres", "atlas_schema_revisions", "0/2686470616"},
    {"atlas", "mariadb", "atlas_schema_revisions", "named atlas_migrate_execute"},
    {"atlas", "sqlite", "atlas_schema_revisions", ""},
    {"diesel", "postgres", "__diesel_schema_migrations", "relation public.__diesel_schema_migrations"},
    {"diesel", "mariadb", "__diesel_schema_migrations", ""},
    {"efcore", "postgres", "__EFMigrationsHistory", "relation public.__EFMigrationsHistory"},
    {"efcore", "mariadb", "__EFMigrationsHistory", "named __app_EFMigrationsLock"},
    {"efcore", "sqlite", "__EFMigrationsHistory", "row .__EFMigrationsLock"},
    {"prisma", "postgres", "_prisma_migrations", "0/72707369"},
    {"prisma", "mariadb", "_prisma_migrations", "named prisma_migrate"},
    {"prisma", "sqlite", "_prisma_migrations", ""},
    {"refinery", "postgres", "refinery_schema_history", "relation public.refinery_schema_history"},
    {"refinery", "sqlite", "refinery_schema_history", ""},
    {"sqitch", "postgres", "changes", "0/75474063, relation public.changes"},
    {"sqitch", "mariadb", "changes", "named sqitch working on app"},
    {"sqitch", "sqlite", "changes", ""},
    /* 3469795979745788610 */
    {"sqlx", "postgres", "_sqlx_migrations", "807874831/1339261634"},
    {"sqlx", "mariadb", "_sqlx_migrations", "named 3027310f4fd382c2"},
    {"sqlx", "sqlite", "_sqlx_migrations", ""},
    {"alembic", "postgres", "alembic_version", "relation public.alembic_version"},
    {"alembic", "mariadb", "alembic_version", ""},
    {"db-migrate", "postgres", "migrations", "relation public.migrations"},
    {"db-migrate", "mariadb", "migrations", ""},
    {"db-migrate", "sqlite", "migrations", ""},
    {"drizzle", "postgres", "__drizzle_migrations", "relation public.__drizzle_migrations"},
    {"flyway", "postgres", "flyway_schema_history", "18028/4163491309"},
    {"flyway", "mariadb", "flyway_schema_history", "named Flyway--320650056"},
    {"flyway", "sqlite", "flyway_schema_history", ""},
    {"graphile-migrate", "postgres", "migrations", "1100694/573543859"},
    {"knex", "postgres", "knex_migrations", "relation public.knex_migrations_lock, row public.knex_migrations_lock"},
    {"knex", "mariadb", "knex_migrations", "row .knex_migrations_lock"},
    {"knex", "sqlite", "shop", "row .shop_lock"},
    {"kysely", "postgres", "kysely_migration", "897169763/17238259"},
    {"kysely", "mariadb", "kysely_migration", "named ea586330-2c93-47c8-908d-981d9d270f9d"},
    {"kysely", "sqlite", "kysely_migration", ""},
    {"mikroorm", "postgres", "mikro_orm_migrations", "relation public.mikro_orm_migrations"},
    {"mikroorm", "mariadb", "mikro_orm_migrations", ""},
    {"mikroorm", "sqlite", "mikro_orm_migrations", ""},
    {"node-pg-migrate", "postgres", "pgmigrations", "1686128/708954076, relation public.pgmigrations"},
    {"sequelize", "postgres", "SequelizeMeta", "relation public.SequelizeMeta"},
    {"sequelize", "mariadb", "SequelizeMeta", ""},
    {"sequelize", "sqlite", "SequelizeMeta", ""},
    {"typeorm", "postgres", "migrations", "relation public.migrations"},
    {"typeorm", "mariadb", "migrations", ""},
    {"typeorm", "sqlite", "migrations", ""},
    {"django", "postgres", "django_migrations", "relation public.django_migrations"},
    {"django", "mariadb", "django_migrations", ""},
    {"doctrine", "postgres", "doctrine_migration_versions", "relation public.doctrine_migration_versions"},
    {"doctrine", "sqlite", "doctrine_migration_versions", ""},
    {"generic", "postgres", "changes", "relation public.changes"},
    {"generic", "mysql", "changes", ""},
    {"dbmate", "postgres", "schema_migrations", "relation public.schema_migrations"},
    {"dbmate", "mariadb", "schema_migrations", ""},
    {"dbmate", "sqlite", "schema_migrations", ""},
    {"ecto", "postgres", "schema_migrations", "relation public.schema_migrations, weak"},
    {"ecto", "mariadb", "schema_migrations", ""},
    {"ecto", "sqlite", "schema_migrations", ""},
    {"golang-migrate", "postgres", "schema_migrations",
     "0/1726534663, 0/1787120056, 0/2621266710, row public.schema_lock"},
    {"golang-migrate", "mariadb", "schema_migrations", "named 2938252834"},
    {"golang-migrate", "sqlite", "schema_migrations", ""},
    {"goose", "postgres", "goose_db_version", "0/4097083626, row public.goose_lock, relation public.goose_db_version"},
    {"goose", "mariadb", "goose_db_version", "row .goose_lock"},
    {"goose", "sqlite", "goose_db_version", ""},
    {"rails", "postgres", "schema_migrations", "1615749663/1763014227"},
    {"rails", "mariadb", "schema_migrations", "named 6939591962871035475"},
    {"rails", "sqlite", "schema_migrations", ""},
    {"laravel", "postgres", "migrations", "relation public.migrations"},
    {"laravel", "mariadb", "migrations", ""},
    {"liquibase", "postgres", "databasechangelog", "row public.databasechangeloglock"},
    {"liquibase", "mariadb", "DATABASECHANGELOG", "row .DATABASECHANGELOGLOCK"},
    {"liquibase", "mysql", "databasechangelog", "row .databasechangeloglock"},
    {"liquibase", "sqlite", "DATABASECHANGELOG", "row .DATABASECHANGELOGLOCK"},
    {"phinx", "postgres", "phinxlog", "relation public.phinxlog"},
    {"phinx", "sqlite", "phinxlog", ""},
    {"yoyo", "postgres", "_yoyo_migration", "row public.yoyo_lock"},
    {"yoyo", "mariadb", "_yoyo_migration", "row .yoyo_lock"},
    {"yoyo", "sqlite", "_yoyo_migration", "row .yoyo_lock"},
};

static void print_check(const struct lock_check *check, struct strbuf *out)
{
    const struct lock_request *request = &check->request;
    switch (request->form) {
    case LOCK_ADVISORY:
        strbuf_printf(out, "%u/%u", request->advisory_class, request->advisory_object);
        break;
    case LOCK_RELATION:
        strbuf_printf(out, "relation %s.%s%s", request->schema, request->table, request->weak ? ", weak" : "");
        break;
    case LOCK_NAMED:
        strbuf_printf(out, "named %s", request->name);
        break;
    case LOCK_NONE:
        strbuf_printf(out, "row %s.%s", check->schema, check->table);
        break;
    }
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        cleanup(strbuf) struct strbuf out = STRBUF(4096);
        const struct tool *tool = tool_find(vectors[i].tool);
        assert_non_null(tool);
        assert_non_null(tool->locks);
        bool postgres = strcmp(vectors[i].engine, "postgres") == 0;
        const struct journal_address address = {
            .tool = tool->name, .schema = postgres ? "public" : "", .table = vectors[i].table};
        struct server_facts server = {.database = "app"};
        strncpy(server.engine, vectors[i].engine, sizeof server.engine - 1);
        struct lock_plan plan = {.arena = arena};
        tool->locks(&address, &server, &plan);
        assert_false(plan.failed);
        for (size_t check = 0; check < plan.count; check++) {
            strbuf_add_string(&out, check > 0 ? ", " : "");
            print_check(&plan.checks[check], &out);
        }
        if (strcmp(strbuf_text(&out), vectors[i].expected) != 0)
            fail_msg("%s on %s: %s", vectors[i].tool, vectors[i].engine, strbuf_text(&out));
    }
}

/* Where the name of the database makes the key. */
static void test_other_database(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    const struct journal_address address = {.tool = "rails", .schema = "public", .table = "schema_migrations"};
    const struct server_facts server = {.engine = "postgres", .database = "app_production"};
    struct lock_plan plan = {.arena = arena};
    tool_find("rails")->locks(&address, &server, &plan);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.checks[0].request.advisory_class, 1074549381);
    assert_int_equal(plan.checks[0].request.advisory_object, 1051052844);
    assert_int_equal(lock_crc32("app_production"), 2247498396);
    assert_int_equal(lock_crc32("goose"), 4097083626);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_other_database)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
