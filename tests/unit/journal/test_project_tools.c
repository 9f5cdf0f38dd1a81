/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tables are journals of frameworks' tools, and which of their likes are not; and what their files' readers
 * share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "journal/generic.h"
#include "journal/liquibase_changes.h"
#include "journal/liquibase_files.h"
#include "journal/php_class.h"
#include "journal/python_values.h"
#include "journal/tool.h"
#include "journal/topology.h"
#include "support/fake_engine.h"
#include "support/oom.h"

#define CHANGELOG "ID", "AUTHOR", "FILENAME", "DATEEXECUTED", "ORDEREXECUTED", "EXECTYPE", "MD5SUM"

static const struct fake_table journals[] = {
    {.schema = "a", .name = "databasechangelog", .columns = {CHANGELOG, "description", "comments", "tag"}},
    {.schema = "a", .name = "django_migrations", .columns = {"id", "app", "name", "applied"}},
    {.schema = "a", .name = "doctrine_migration_versions", .columns = {"version", "executed_at", "execution_time"}},
    {.schema = "a", .name = "migrations", .columns = {"id", "migration", "batch"}},
    {.schema = "a",
     .name = "phinxlog",
     .columns = {"version", "migration_name", "start_time", "end_time", "breakpoint"}},
    {.schema = "a", .name = "_yoyo_migration", .columns = {"migration_hash", "migration_id", "applied_at_utc"}},
    {.schema = "b",
     .name = "blog_phinxlog",
     .columns = {"version", "migration_name", "start_time", "end_time", "breakpoint"}},
    {.schema = "b", .name = "changes_of_ours", .columns = {CHANGELOG}},
    {.schema = "b", .name = "migration_versions", .columns = {"version", "executed_at"}},
    {.schema = "b", .name = "our_yoyo", .columns = {"migration_hash", "migration_id", "applied_at_utc"}},
};

/* Of applications, and of tools that are not read. */
static const struct fake_table others[] = {
    {.schema = "c", .name = "changelog", .columns = {"id", "author", "changed_at", "text"}},
    {.schema = "c", .name = "changes", .columns = {"id", "what", "who"}},
    {.schema = "c", .name = "databasechangelog", .columns = {"id", "author", "filename"}},
    {.schema = "c", .name = "databasechangeloglock", .columns = {"id", "locked", "lockgranted", "lockedby"}},
    {.schema = "c", .name = "directus_migrations", .columns = {"version", "name", "timestamp"}},
    {.schema = "c", .name = "django_content_type", .columns = {"id", "app_label", "model"}},
    {.schema = "c", .name = "django_migrations", .columns = {"id", "app", "name", "applied", "more"}},
    {.schema = "c", .name = "migration", .columns = {"version", "apply_time"}},
    {.schema = "c", .name = "migrations", .columns = {"id", "from_country", "to_country"}},
    {.schema = "c", .name = "my_django", .columns = {"id", "app", "name", "applied"}},
    {.schema = "c", .name = "payload_migrations", .columns = {"id", "name", "batch", "updated_at", "created_at"}},
    {.schema = "c", .name = "phinxlog", .columns = {"version", "start_time"}},
    {.schema = "c", .name = "releases", .columns = {"version", "executed_at"}},
    {.schema = "c", .name = "schema_info", .columns = {"version"}},
    {.schema = "c", .name = "versions", .columns = {"id", "item_type", "item_id", "event", "whodunnit", "object"}},
    {.schema = "c", .name = "yoyo_lock", .columns = {"locked", "ctime", "pid"}},
};

static int note(void *payload, const struct journal_address *address)
{
    strbuf_printf(payload, "%s=%s.%s ", address->tool, address->schema, address->table);
    return 0;
}

static void expect_detected(const struct fake_table *tables, size_t count, const char *expected)
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
    expect_detected(journals, ARRAY_LENGTH(journals),
                    "yoyo=a._yoyo_migration liquibase=a.databasechangelog django=a.django_migrations "
                    "doctrine=a.doctrine_migration_versions laravel=a.migrations phinx=a.phinxlog "
                    "phinx=b.blog_phinxlog liquibase=b.changes_of_ours doctrine=b.migration_versions "
                    "yoyo=b.our_yoyo ");
}

static void test_look_alikes(void **state)
{
    (void)state;
    expect_detected(others, ARRAY_LENGTH(others), "");
}

static void test_generic(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(1 << 16);
    const struct generic_settings settings = {.revision = "Version", .checksum = "sum", .order = GENERIC_TIME};
    const struct tool *tool = generic_tool_new(&settings, arena);
    assert_non_null(tool);
    assert_ptr_equal(tool_find("generic"), generic_tool);
    assert_true(tool_is_generic(tool) && tool_is_generic(generic_tool) && !tool_is_generic(tool_find("django")));
    assert_string_equal(tool->shapes[0].columns[1], "sum");
    assert_null(tool->shapes[0].columns[2]);
    assert_string_equal(tool->shapes[0].order_by, "Version");
    for (size_t i = 0; i < tool->shapes[0].cell_count; i++)
        assert_string_equal(tool->shapes[0].cells[i].column, i == 3 ? "sum" : "Version");
    assert_int_equal(generic_order_from_name("time"), GENERIC_TIME);
    assert_int_equal(generic_order_from_name("times"), GENERIC_ORDERS);
}

/* The constants of Liquibase's own tests, among others. */
static void test_liquibase_checksums(void **state)
{
    (void)state;
    static const struct {
        const char *changes[3];
        const char *checksum;
        bool uncertain;
    } vectors[] = {
        {{NULL}, "9:d41d8cd98f00b204e9800998ecf8427e", false},
        {{"select 1"}, "9:3b78b9910981c62ca27148640fad7bc2", false},
        {{" select\r\n\t1\n"}, "9:3b78b9910981c62ca27148640fad7bc2", false},
        {{"select '\xC3\xA4'"}, NULL, true},
        {{"select ${x}"}, NULL, true},
    };
    cleanup(arena) struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
        struct change_set change_set = {.checksums = STRBUF(4096)};
        for (size_t j = 0; vectors[i].changes[j]; j++)
            change_set_add_sql(&change_set, vectors[i].changes[j], strlen(vectors[i].changes[j]));
        if (vectors[i].checksum)
            assert_string_equal(change_set_checksum(&change_set, arena), vectors[i].checksum);
        assert_int_equal(change_set.checksum_uncertain, vectors[i].uncertain);
        strbuf_done(&change_set.checksums);
    }
}

static void test_liquibase_paths(void **state)
{
    (void)state;
    static const char *const paths[][2] = {
        {"classpath:/db/x.sql", "db/x.sql"},
        {"CLASSPATH:db//x.sql", "db/x.sql"},
        {"C:\\db\\x.sql", "db/x.sql"},
        {"./a/./b/../x.sql", "a/x.sql"},
        {"../../x.sql", "x.sql"},
        {"", ""},
    };
    cleanup(arena) struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
        assert_string_equal(liquibase_normalise_path(arena, paths[i][0]), paths[i][1]);
}

static void test_php_class(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *space;
        const char *name;
    } cases[] = {
        {"<?php\nnamespace A\\B;\nfinal class C extends D {}", "A\\B", "C"},
        {"html class No { <?php # class X\n/* class Y */ // class Z\nclass C{}", "", "C"},
        {"<?php $x = 'class \\' X'; $y = Foo::class; #[Attribute]\nabstract class C {}", "", "C"},
        {"<?php namespace A { class B {} }", "A", "B"},
        {"<?php return new class extends Migration {};", "", NULL},
        {"class NoPhp {}", "", NULL},
        {"<?php /* never closed class X", "", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct php_class found = {0};
        bool is = php_read_class(cases[i].text, strlen(cases[i].text), &found);
        assert_int_equal(is, cases[i].name != NULL);
        assert_int_equal(found.space_length, strlen(cases[i].space));
        if (is) {
            assert_int_equal(found.name_length, strlen(cases[i].name));
            assert_memory_equal(found.name, cases[i].name, found.name_length);
        }
    }
}

static const char python[] =
    "x = '''\nclass Migration:\n    replaces = [('no', 'no')]\n'''\n"
    "class Other:\n    replaces = [('no', 'no')]\n"
    "class Migration(migrations.Migration):  # yes\n"
    "\t# a comment\n\n"
    "\tdependencies = [\n\t\t('a', 'b'), f.g(h['x)'], \"(\"),\n# out of line\n\t\t[\"c\", 'd',],\n\t]\n"
    "\tdef f(self):\n\t\treplaces = [('no', 'no')]\n"
    "\tlabel: str = 'l'; empty = []\n"
    "replaces = [('no', 'no')]\n";

static void test_python_class(void **state)
{
    (void)state;
    static const char *const names[] = {"dependencies", "replaces", "label", "empty"};
    struct python_value values[ARRAY_LENGTH(names)] = {0};
    size_t line = 0;
    cleanup(arena) struct arena *arena = arena_new(1 << 16);
    struct error error = {0};
    assert_int_equal(python_read_class(python, sizeof python - 1, "f", "Migration", names, ARRAY_LENGTH(names), arena,
                                       values, &line, &error),
                     0);
    assert_int_equal(line, 7);
    assert_int_equal(values[0].kind, PYTHON_PAIRS);
    assert_int_equal(values[0].count, 4);
    assert_string_equal(values[0].texts[3], "d");
    assert_int_equal(values[1].kind, PYTHON_ABSENT);
    assert_string_equal(values[2].texts[0], "l");
    assert_int_equal(values[3].count, 0);
    static const char *const refused[] = {"class M:\n  dependencies = [x]\n", "class M:\n  dependencies = [('a',)]\n",
                                          "class M:\n  dependencies = [f(]\n",
                                          "class M:\n  dependencies = [('a', 'b') 1]\n",
                                          "class M:\n  dependencies = [('a', 'b')] + y\n"};
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        assert_int_equal(python_read_class(refused[i], strlen(refused[i]), "f", "M", names, ARRAY_LENGTH(names), arena,
                                           values, &line, &error),
                         -1);
        assert_int_equal(error.code, ERROR_INVALID);
    }
}

static void test_topology(void **state)
{
    (void)state;
    static const struct dependency edges[] = {{0, 3}, {3, 2}, {1, 2}, {1, 2}};
    static const struct dependency circle[] = {{0, 3}, {3, 2}, {2, 3}};
    static const size_t expected[] = {2, 1, 3, 0, 4};
    size_t order[5] = {0};
    size_t cycle = 0;
    struct error error = {0};
    assert_int_equal(topology_sort(5, edges, ARRAY_LENGTH(edges), order, &cycle, &error), 0);
    assert_memory_equal(order, expected, sizeof order);
    assert_int_equal(topology_sort(5, circle, ARRAY_LENGTH(circle), order, &cycle, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_int_equal(cycle, 0);
    assert_int_equal(topology_sort(0, NULL, 0, order, &cycle, &error), 0);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    static const char xml[] =
        "<databaseChangeLog><changeSet id='1' author='a'><sql>x</sql></changeSet></databaseChangeLog>";
    static const char yaml[] = "a: [1, {b: c}]\n";
    static const char json[] = "{\"a\": [1, {\"b\": true}]}";
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(arena) struct arena *arena = arena_new(1 << 16);
        struct markup_node *root = NULL;
        struct error error = {0};
        bool done = arena && markup_read_xml(xml, sizeof xml - 1, "f", arena, &root, &error) == 0 &&
                    markup_read_yaml(yaml, sizeof yaml - 1, "f", arena, &root, &error) == 0 &&
                    markup_read_json(json, sizeof json - 1, "f", arena, &root, &error) == 0;
        OOM_CHECK(loop, done);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journals),        cmocka_unit_test(test_look_alikes),
        cmocka_unit_test(test_generic),         cmocka_unit_test(test_liquibase_checksums),
        cmocka_unit_test(test_liquibase_paths), cmocka_unit_test(test_php_class),
        cmocka_unit_test(test_python_class),    cmocka_unit_test(test_topology),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("tools of frameworks", tests, NULL, NULL);
}
