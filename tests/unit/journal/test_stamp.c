/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialect/dialects.h"
#include "journal/migration_list.h"
#include "journal/stamp.h"
#include "journal/tool.h"
#include "support/oom.h"

static const char *const one[] = {"a1"};
static const char *const two[] = {"b2", "c3"};
static const struct migration graph[] = {
    {.revision = "a1", .file = "a1.py"},
    {.revision = "b2", .file = "b2.py", .parents = one, .parent_count = 1},
    {.revision = "c3", .file = "c3.py", .parents = one, .parent_count = 1},
    {.revision = "d4", .file = "d4.py", .parents = two, .parent_count = 2},
};
static const struct migration versions[] = {
    {.revision = "1", .file = "V1__it's_\\one.sql", .checksum = "-17"},
    {.revision = "1.5", .file = "B1_5__base.sql", .checksum = "1", .baseline = true},
    {.revision = "2", .file = "sub/V2__two.sql", .checksum = "2"},
    {.revision = "R:v", .file = "R__v.sql", .checksum = "5", .repeatable = true},
};
static const char *const squashed[] = {"shop.0001_a", "shop.0002_b"};
static const char *const after[] = {"shop.0001_squashed", "auth.0001_initial"};
static const struct migration apps[] = {
    {.revision = "blog.0001_x", .part = "blog", .file = "blog/migrations/0001_x.py"},
    {.revision = "shop.0001_squashed", .part = "shop", .file = "s.py", .replaces = squashed, .replaced_count = 2},
    {.revision = "shop.0003_c", .part = "shop", .file = "c.py", .parents = after, .parent_count = 2},
};

static struct migration_set *make(const char *tool, bool is_graph, const struct migration *migrations, size_t count)
{
    struct migration_set *set = migration_set_new(tool);
    assert_non_null(set);
    set->graph = is_graph;
    set->migrations = migrations;
    set->count = count;
    return set;
}

/* The rows that stamping `revisions` (separated by blanks) writes, one per line. */
static void check_rows(struct migration_set *owned, const char *engine, const char *revisions, const char *expected)
{
    cleanup(migration_set) struct migration_set *set = owned;
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    cleanup(strbuf) struct strbuf rows = STRBUF(65536);
    const struct stamp_form *form = stamp_form_find(set, engine);
    bool selected[16] = {false};
    struct error error = {0};
    struct stamp_script script = {0};
    char words[128] = "";
    char *rest = NULL;
    snprintf(words, sizeof words, "%s", revisions);
    assert_non_null(form);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (stamp_select(set, word, arena, selected, &error) < 0)
            fail_msg("%s", error.message);
    stamp_select_done(set, selected);
    if (stamp_make(form, set, selected, dialect_for(engine), arena, &script, &error) < 0)
        fail_msg("%s", error.message);
    assert_true(script.statements[0].ddl);
    for (size_t i = 0; i < script.count; i++) {
        assert_true(i == 0 || script.statements[i - 1].ddl || !script.statements[i].ddl);
        const char *values = strstr(script.statements[i].sql, "VALUES (");
        if (!script.statements[i].ddl && values)
            strbuf_printf(&rows, "%s\n", values + strlen("VALUES "));
    }
    assert_string_equal(strbuf_text(&rows), expected);
}

static void test_heads_of_a_graph(void **state)
{
    (void)state;
    check_rows(make("alembic", true, graph, 4), "postgres", "d4", "('d4')\n");
    check_rows(make("alembic", true, graph, 4), "sqlite", "b2", "('b2')\n");
    check_rows(make("alembic", true, graph, 4), "mariadb", "c3 b2", "('b2')\n('c3')\n");
    check_rows(make("alembic", true, graph, 4), "mysql", "heads", "('d4')\n");
    check_rows(make("alembic", true, graph, 4), "postgres", "a1 b2", "('b2')\n");
}

static void test_all_versions_up_to_one(void **state)
{
    (void)state;
    const char *first = "(1, '1', 'it''s \\one', 'SQL', 'V1__it''s_\\one.sql', -17, '', 0, 1)\n";
    check_rows(make("flyway", false, versions, 4), "sqlite", "1", first);
    check_rows(make("flyway", false, versions, 4), "sqlite", "1.5", first);
    check_rows(
        make("flyway", false, versions, 4), "mysql", "1",
        "(1, '1', 'it''s \\\\one', 'SQL', 'V1__it''s_\\\\one.sql', -17, SUBSTRING_INDEX(USER(), '@', 1), 0, 1)\n");
    check_rows(make("flyway", false, versions, 4), "postgres", "1",
               "(1, '1', E'it''s \\\\one', 'SQL', E'V1__it''s_\\\\one.sql', -17, current_user, 0, true)\n");
    check_rows(make("flyway", false, versions, 4), "sqlite", "2",
               "(1, '1', 'it''s \\one', 'SQL', 'V1__it''s_\\one.sql', -17, '', 0, 1)\n"
               "(2, '2', 'two', 'SQL', 'sub/V2__two.sql', 2, '', 0, 1)\n"
               "(3, NULL, 'v', 'SQL', 'R__v.sql', 5, '', 0, 1)\n");
    /* Without the versions that it stands for, the baseline is recorded. */
    check_rows(make("flyway", false, versions + 1, 2), "sqlite", "2",
               "(1, '1.5', 'base', 'SQL_BASELINE', 'B1_5__base.sql', 1, '', 0, 1)\n"
               "(2, '2', 'two', 'SQL', 'sub/V2__two.sql', 2, '', 0, 1)\n");
}

/* A squash is recorded with what it replaces, whose files are gone; other people's apps are not. */
static void test_apps(void **state)
{
    (void)state;
    check_rows(make("django", false, apps, 3), "postgres", "shop.0003_c",
               "('shop', '0001_a', now())\n('shop', '0002_b', now())\n('shop', '0001_squashed', now())\n"
               "('shop', '0003_c', now())\n");
    check_rows(make("django", false, apps, 3), "postgres", "blog.0001_x", "('blog', '0001_x', now())\n");
}

static void test_one_row_for_where_it_stands(void **state)
{
    (void)state;
    static const struct migration numbers[] = {{.revision = "1", .file = "0001_a.up.sql"},
                                               {.revision = "2", .file = "0002_b.up.sql"}};
    check_rows(make("golang-migrate", false, numbers, 2), "postgres", "2", "(2, false)\n");
    check_rows(make("golang-migrate", false, numbers, 2), "sqlite", "1", "(1, false)\n");
}

static void check_refusal(const char *tool, const struct migration *migrations, size_t count, const char *revision,
                          enum error_code code)
{
    cleanup(migration_set) struct migration_set *set = make(tool, false, migrations, count);
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    bool selected[16] = {false};
    struct error error = {0};
    struct stamp_script script = {0};
    int status = stamp_select(set, revision, arena, selected, &error);
    if (status == 0)
        status = stamp_make(stamp_form_find(set, "postgres"), set, selected, dialect_for("postgres"), arena, &script,
                            &error);
    assert_int_equal(status, -1);
    assert_int_equal(error.code, code);
}

static void test_what_cannot_be_a_row(void **state)
{
    (void)state;
    static const struct migration hostile[] = {{.revision = "1); DROP TABLE users; --", .file = "1.up.sql"},
                                               {.revision = "R:x", .file = "R.sql", .repeatable = true}};
    static const struct migration unsummed[] = {{.revision = "1", .file = "1_a.sql"}};
    static const struct migration mangled[] = {{.revision = "1", .file = "1_a.sql", .checksum = "zz"}};
    check_refusal("golang-migrate", hostile, 1, hostile[0].revision, ERROR_INVALID);
    check_refusal("flyway", hostile, 2, "R:x", ERROR_NOT_FOUND);
    check_refusal("flyway", hostile, 2, "2", ERROR_NOT_FOUND);
    check_refusal("sqlx", unsummed, 1, "1", ERROR_INVALID);
    check_refusal("sqlx", mangled, 1, "1", ERROR_INVALID);
    check_refusal("alembic", hostile, 0, "heads", ERROR_INVALID);
}

/* Every form belongs to a tool that is known, and makes something for it. */
static void test_forms(void **state)
{
    (void)state;
    static const struct migration any[] = {
        {.revision = "1", .key = "1", .part = "p", .file = "1__a.sql", .checksum = "00"}};
    for (size_t i = 0; i < stamp_form_count; i++) {
        const struct stamp_form *form = &stamp_forms[i];
        cleanup(migration_set) struct migration_set *set = make(form->tool, false, any, 1);
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        const char *engine = form->engines & TOOL_POSTGRES ? "postgres"
                             : form->engines & TOOL_MYSQL  ? "mysql"
                                                           : "sqlite";
        struct stamp_script script = {0};
        struct error error = {0};
        bool selected[1] = {true};
        const struct tool *tool = tool_find(form->tool);
        if (!tool)
            fail_msg("no tool is named %s", form->tool);
        const char *dot = strrchr(form->table, '.');
        assert_true(tool_has_default_table(tool, dot ? dot + 1 : form->table));
        if (stamp_make(form, set, selected, dialect_for(engine), arena, &script, &error) < 0)
            fail_msg("%s: %s", form->tool, error.message);
        assert_true(script.count >= 2);
        assert_false(script.statements[script.count - 1].ddl);
    }
}

static void test_without_memory(void **state)
{
    (void)state;
    cleanup(migration_set) struct migration_set *set = make("flyway", false, versions, 4);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        bool selected[4] = {false};
        struct stamp_script script = {0};
        bool good =
            arena && stamp_select(set, "2", arena, selected, NULL) == 0 &&
            stamp_make(stamp_form_find(set, "sqlite"), set, selected, &dialect_sqlite, arena, &script, NULL) == 0;
        OOM_CHECK(loop, good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_of_a_graph),
        cmocka_unit_test(test_all_versions_up_to_one),
        cmocka_unit_test(test_apps),
        cmocka_unit_test(test_one_row_for_where_it_stands),
        cmocka_unit_test(test_what_cannot_be_a_row),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
