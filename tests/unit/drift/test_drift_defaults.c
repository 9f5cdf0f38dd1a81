/* SPDX-License-Identifier: Apache-2.0
 *
 * What is left out without being told, and what only looks like it.
 */
#include "drift_fixture.h"

struct table {
    const char *schema;
    const char *name;
    const char *columns[8]; /* NULL-terminated; none: "id" */
    bool left_out;
};

static void add_table(struct schema_builder *builder, const struct table *table)
{
    static const char *const only_id[] = {"id", NULL};
    uint32_t relation = schema_builder_relation(
        builder, &(struct schema_relation){.schema = schema_builder_text(builder, table->schema),
                                           .name = schema_builder_text(builder, table->name),
                                           .kind = RELATION_TABLE});
    uint16_t position = 1;
    for (const char *const *column = table->columns[0] ? table->columns : only_id; *column; column++)
        schema_builder_column(builder, &(struct schema_column){.relation = relation,
                                                               .name = schema_builder_text(builder, *column),
                                                               .type = schema_builder_text(builder, "text"),
                                                               .position = position++});
}

static struct schema *schema_of(const struct table *tables, size_t count, const struct dialect *dialect)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    schema_builder_server(builder, dialect->engines[0], "15.1");
    schema_builder_dialect(builder, dialect);
    for (size_t i = 0; i < count; i++)
        add_table(builder, &tables[i]);
    return sample_seal(builder);
}

/* Against an empty schema each table is unexpected, unless it is left out. */
static void check(const struct table *tables, size_t count, const struct dialect *dialect)
{
    struct drift_policy policy;
    drift_policy_init(&policy);
    cleanup(schema) struct schema *empty = schema_of(NULL, 0, dialect);
    cleanup(schema) struct schema *live = schema_of(tables, count, dialect);
    cleanup(drift_report) struct drift_report *report = compare(empty, live, &policy);
    for (size_t i = 0; i < count; i++) {
        cleanup(strbuf) struct strbuf path = STRBUF(1024);
        if (tables[i].schema) {
            dialect->path_part(tables[i].schema, &path);
            strbuf_add_char(&path, '.');
        }
        dialect->path_part(tables[i].name, &path);
        bool found = find_item(report, DRIFT_UNEXPECTED, strbuf_text(&path), NULL) != NULL;
        if (found == tables[i].left_out)
            fail_msg("%s is %s", strbuf_text(&path), found ? "reported" : "left out");
    }
}

static void test_journals(void **state)
{
    (void)state;
    static const struct table tables[] = {
        {"a", "alembic_version", {"version_num"}, true},
        {"a", "databasechangelog", {"id", "author", "filename", "md5sum", "x"}, true},
        {"a", "migrations", {"id", "migration", "batch"}, true},
        {"b", "migrations", {"id", "from_city", "to_city"}, false},
        {"c", "migrations", {"ID", "NAME", "TIMESTAMP"}, true},
        {"a", "SequelizeMeta", {"name"}, true},
        {"a", "schema_version", {"installed_rank", "script", "checksum", "success"}, true},
        {"b", "schema_version", {"version"}, false},
        {"a", "schema_migrations", {"version"}, true},
        {"a", "users", {NULL}, false},
    };
    check(tables, ARRAY_LENGTH(tables), &dialect_postgres);
}

static void test_ghosts(void **state)
{
    (void)state;
    static const struct table tables[] = {
        {NULL, "users", {NULL}, false},
        {NULL, "_users_gho", {NULL}, true},
        {NULL, "_users_ghc", {NULL}, true},
        {NULL, "_users_del", {NULL}, true},
        {NULL, "_users_20261121093000_del", {NULL}, true},
        {NULL, "_users_2026_del", {NULL}, false},
        {NULL, "_users_new", {NULL}, true},
        {NULL, "_users_old", {NULL}, true},
        {NULL, "__osc_new_users", {NULL}, true},
        {NULL, "lhmn_users", {NULL}, true},
        {NULL, "lhma_2026_11_21_09_30_00_000_users", {NULL}, true},
        {NULL, "_gone_gho", {NULL}, false},
        {NULL, "_gho", {NULL}, false},
        {NULL, "_users", {NULL}, false},
        {NULL, "users_old", {NULL}, false},
        {NULL, "#sql-ib1234", {NULL}, true},
        {NULL, "_vt_HOLD_1234", {NULL}, true},
        {NULL, "awsdms_status", {NULL}, true},
    };
    check(tables, ARRAY_LENGTH(tables), &dialect_mysql);
}

static void test_tools(void **state)
{
    (void)state;
    static const struct table tables[] = {
        {"repack", "log_1", {NULL}, true},    {"_timescaledb_catalog", "chunk", {NULL}, true},
        {"cron", "job", {NULL}, true},        {"cron", "mine", {NULL}, true},
        {"auth", "users", {NULL}, false},     {"storage", "buckets", {NULL}, true},
        {"storage", "objects", {NULL}, true}, {"public", "repack", {NULL}, false},
    };
    check(tables, ARRAY_LENGTH(tables), &dialect_postgres);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journals),
        cmocka_unit_test(test_ghosts),
        cmocka_unit_test(test_tools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
