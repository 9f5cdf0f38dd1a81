/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's planner without a database: in which stage what happens and how, what is said of it, that two states have
 * the same plan every time, and what happens when memory is out. That the SQL does what it says is
 * test_sqlite_plan.py's.
 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "dialect/sqlite_ddl.h"
#include "dialect/sqlite_token.h"
#include "drift/plan.h"

enum { TEXT_LIMIT = 1 << 22, MOST_TEXTS = 12 };

/* The name behind CREATE …, and the table behind ON. */
static void names_of(const char *sql, struct strbuf *ret_name, struct strbuf *ret_table)
{
    struct sqlite_lexer lexer = {.next = sql, .end = sql + strlen(sql)};
    struct sqlite_token token = sqlite_lexer_next(&lexer);
    while (sqlite_token_is(&token, "CREATE") || sqlite_token_is(&token, "UNIQUE") || sqlite_token_is(&token, "INDEX") ||
           sqlite_token_is(&token, "TABLE") || sqlite_token_is(&token, "VIEW") || sqlite_token_is(&token, "TRIGGER"))
        token = sqlite_lexer_next(&lexer);
    sqlite_token_append_name(&token, ret_name);
    while (token.kind != TOKEN_END && !sqlite_token_is(&token, "ON"))
        token = sqlite_lexer_next(&lexer);
    token = sqlite_lexer_next(&lexer);
    if (sqlite_token_is_name(&token))
        sqlite_token_append_name(&token, ret_table);
}

struct made_relation {
    char name[64];
    uint32_t handle;
    uint32_t text;
};

static int add(const char *sql, struct schema_builder *builder, struct made_relation *relations, size_t *count,
               struct error *reterr)
{
    cleanup(sqlite_statement) struct sqlite_statement statement = {0};
    cleanup(strbuf) struct strbuf name = STRBUF(TEXT_LIMIT);
    cleanup(strbuf) struct strbuf table = STRBUF(TEXT_LIMIT);
    size_t length = strlen(sql);
    uint32_t handle = 0;
    uint32_t text = 0;
    sqlite_statement_init(&statement);
    names_of(sql, &name, &table);
    if (!strbuf_ok(&name) || !strbuf_ok(&table))
        return error_no_memory(reterr);
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(relations[i].name, strbuf_text(&table)) == 0) {
            handle = relations[i].handle;
            text = relations[i].text;
        }
    }
    if (strncmp(sql, "CREATE TRIGGER", 14) == 0) {
        if (sqlite_parse_trigger(sql, length, &statement, reterr) < 0)
            return -1;
        sqlite_statement_emit_trigger(&statement, text, strbuf_text(&name), sql, builder);
        return 0;
    }
    if (strstr(sql, "INDEX ") && strstr(sql, "INDEX ") < sql + 15) {
        if (sqlite_parse_index(sql, length, &statement, reterr) < 0)
            return -1;
        sqlite_statement_emit_index(&statement, handle, strbuf_text(&name), sql, builder);
        return 0;
    }
    bool view = strncmp(sql, "CREATE VIEW", 11) == 0;
    if ((view ? sqlite_parse_view : sqlite_parse_table)(sql, length, &statement, reterr) < 0)
        return -1;
    struct schema_relation relation = {
        .name = schema_builder_text(builder, strbuf_text(&name)),
        .definition = view ? schema_builder_text(builder, sqlite_statement_text(&statement, statement.definition)) : 0,
        .attributes = sqlite_statement_table_attributes(&statement, schema_builder_text(builder, sql), builder),
        .kind = view ? RELATION_VIEW : RELATION_TABLE,
    };
    struct made_relation *made = &relations[(*count)++];
    made->handle = schema_builder_relation(builder, &relation);
    made->text = relation.name;
    snprintf(made->name, sizeof made->name, "%s", strbuf_text(&name));
    if (!view)
        sqlite_statement_emit_table(&statement, made->handle, builder);
    return 0;
}

static int build(const char *const *texts, struct schema **ret_schema, struct error *reterr)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    struct made_relation relations[MOST_TEXTS] = {0};
    size_t count = 0;
    if (!builder)
        return error_no_memory(reterr);
    schema_builder_dialect(builder, &dialect_sqlite);
    schema_builder_server(builder, "sqlite", "3.40.1");
    for (size_t i = 0; texts[i]; i++) {
        if (add(texts[i], builder, relations, &count, reterr) < 0)
            return -1;
    }
    return schema_builder_seal(builder, ret_schema, reterr);
}

static int make(const char *const *reference, const char *const *live, struct plan **ret_plan, struct error *reterr)
{
    cleanup(schema) struct schema *target = NULL;
    cleanup(schema) struct schema *current = NULL;
    struct drift_policy policy = {0};
    drift_policy_init(&policy);
    if (build(reference, &target, reterr) < 0 || build(live, &current, reterr) < 0)
        return -1;
    return plan_make(target, current, &policy, PLAN_REVERT, 0, ret_plan, reterr);
}

/* "1 column t.c ADD": stage, kind, object, and how. */
static void describe(const struct plan *plan, struct strbuf *out)
{
    for (size_t i = 0; i < plan->statement_count; i++) {
        const struct plan_statement *statement = &plan->statements[i];
        const char *way = strstr(statement->sql, "INSERT OR ABORT") ? "rebuild"
                          : strstr(statement->sql, "ADD COLUMN")    ? "add"
                          : strstr(statement->sql, "DROP COLUMN")   ? "drop"
                          : strstr(statement->sql, "ATTACH")        ? "attached"
                                                                    : "plain";
        strbuf_printf(out, "%s%u %s %s %s", i > 0 ? "; " : "", statement->stage, statement->kind, statement->object,
                      way);
        assert_true(statement->verify && statement->undo && statement->item);
        assert_true(statement->transactional == !strstr(statement->sql, "ATTACH"));
    }
}

/* The reference's table, the live one, and the plan. */
static const struct {
    const char *reference;
    const char *live;
    const char *plan;
} cases[] = {
    {"CREATE TABLE t(a)", "CREATE TABLE t(a)", ""},
    {"CREATE TABLE t(a, b INT)", "CREATE TABLE t(a)", "1 column t.b add"},
    {"CREATE TABLE t(a, b INT NOT NULL DEFAULT 3)", "CREATE TABLE t(a)", "1 column t.b add"},
    {"CREATE TABLE t(a, b INT NOT NULL)", "CREATE TABLE t(a)", "3 column t.b rebuild"},
    {"CREATE TABLE t(a, b INT NOT NULL DEFAULT NULL)", "CREATE TABLE t(a)", "3 column t.b rebuild"},
    {"CREATE TABLE t(a, b INT UNIQUE)", "CREATE TABLE t(a)", "2 column t.b rebuild"},
    {"CREATE TABLE t(a, b INT CHECK (b > 0))", "CREATE TABLE t(a)", "2 column t.b rebuild"},
    {"CREATE TABLE t(a, b INT REFERENCES p(x))", "CREATE TABLE t(a)", "1 column t.b add"},
    {"CREATE TABLE t(a, b DEFAULT CURRENT_TIMESTAMP)", "CREATE TABLE t(a)", "2 column t.b rebuild"},
    {"CREATE TABLE t(a, b DEFAULT (1 + 2))", "CREATE TABLE t(a)", "2 column t.b rebuild"},
    {"CREATE TABLE t(a, b AS (a))", "CREATE TABLE t(a)", "1 column t.b add"},
    {"CREATE TABLE t(a, b AS (a) STORED)", "CREATE TABLE t(a)", "2 column t.b rebuild"},
    {"CREATE TABLE t(a, b, c AS (b))", "CREATE TABLE t(a)", "1 column t.b add"},
    {"CREATE TABLE t(a, c AS (b), b)", "CREATE TABLE t(a)", "1 column t.b rebuild"},
    {"CREATE TABLE t(a INT, b INT) STRICT", "CREATE TABLE t(a INT) STRICT", "1 column t.b rebuild"},
    {"CREATE TABLE t(a)", "CREATE TABLE t(a, b)", "3 column t.b drop"},
    {"CREATE TABLE t(a)", "CREATE TABLE t(a, b UNIQUE)", "3 column t.b rebuild"},
    {"CREATE TABLE t(a)", "CREATE TABLE t(a, b, CHECK (b > 0))", "3 column t.b rebuild"},
    {"CREATE TABLE t(a TEXT)", "CREATE TABLE t(a INT)", "2 column t.a rebuild"},
    {"CREATE TABLE t(a NOT NULL)", "CREATE TABLE t(a)", "3 column t.a rebuild"},
    {"CREATE TABLE t(a)", "CREATE TABLE t(a NOT NULL)", "2 column t.a rebuild"},
    {"CREATE TABLE t(a, UNIQUE (a))", "CREATE TABLE t(a)", "2 unique t.unique(a) rebuild"},
    {"CREATE TABLE t(a)", "CREATE TABLE t(a, UNIQUE (a))", "3 unique t.unique(a) rebuild"},
    {"CREATE TABLE t(a INT, b) STRICT", "CREATE TABLE t(a VARCHAR, b)", NULL},
    {"CREATE TABLE t(a, b)", "CREATE TABLE u(a)", "1 table t plain; 3 table u plain"},
    {"CREATE TABLE t(e TEXT, d INT AS (e), w TEXT, PRIMARY KEY (w, e))",
     "CREATE TABLE t(c INTEGER PRIMARY KEY, d INT, e TEXT AS (d))", "3 column t.c rebuild"},
    {"CREATE TABLE t(e TEXT, u INT AS (e), d INT AS (u), w TEXT, PRIMARY KEY (w, e))",
     "CREATE TABLE t(c INTEGER PRIMARY KEY, e TEXT AS (d), u INT AS (e), d INT)", "3 column t.c rebuild"},
    {"CREATE TABLE t(e INT, d INT AS (e), w TEXT, PRIMARY KEY (w))",
     "CREATE TABLE t(c INTEGER PRIMARY KEY, d INT, e TEXT)", "2 column t.d rebuild; 3 column t.c rebuild"},
};

static void test_stages_and_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error error = {0};
        cleanup(plan) struct plan *plan = NULL;
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        const char *reference[] = {cases[i].reference, NULL};
        const char *live[] = {cases[i].live, NULL};
        if (make(reference, live, &plan, &error) < 0)
            fail_msg("%s: %s", cases[i].reference, error.message);
        assert_int_equal(plan->unsolved_count, 0);
        describe(plan, &out);
        if (cases[i].plan && strcmp(strbuf_text(&out), cases[i].plan) != 0)
            fail_msg("%s from %s: %s, not %s", cases[i].reference, cases[i].live, strbuf_text(&out), cases[i].plan);
    }
}

/* What else is in both files, or in that of one side, while t loses a column: whether DROP COLUMN does it, which reads
 * and rewrites what other tables' texts have in double quotes, and refuses where a view or trigger lacks something. */
static const struct {
    const char *reference[2];
    const char *live[2];
    bool drops;
} drops[] = {
    {{"CREATE INDEX ix ON u(\"a\")"}, {"CREATE INDEX ix ON u(\"a\")"}, true},
    {{"CREATE INDEX ix ON u(\"gone\")"}, {"CREATE INDEX ix ON u(\"gone\")"}, false},
    {{"CREATE INDEX ix ON u(\"gone\")"}, {NULL}, false},
    {{NULL}, {"CREATE INDEX ix ON u(\"gone\" DESC)"}, false},
    {{"CREATE INDEX ix ON u(lower(\"A\"))"}, {"CREATE INDEX ix ON u(lower(\"A\"))"}, true},
    {{"CREATE INDEX ix ON u(lower(\"gone\"))"}, {"CREATE INDEX ix ON u(lower(\"gone\"))"}, false},
    {{"CREATE INDEX ix ON u(a) WHERE b > \"x\""}, {"CREATE INDEX ix ON u(a) WHERE b > \"x\""}, false},
    {{"CREATE INDEX ix ON u(a) WHERE b > 'x'"}, {"CREATE INDEX ix ON u(a) WHERE b > 'x'"}, true},
    {{"CREATE TABLE w(\"a\" CHECK (\"a\" > 'x'))"}, {"CREATE TABLE w(\"a\" CHECK (\"a\" > 'x'))"}, true},
    {{"CREATE TABLE w(a CHECK (a > \"x\"))"}, {"CREATE TABLE w(a CHECK (a > \"x\"))"}, false},
    {{"CREATE TABLE w(a, g AS (a || \"x\"))"}, {"CREATE TABLE w(a, g AS (a || \"x\"))"}, false},
    {{"CREATE TABLE w(a DEFAULT \"x\")"}, {"CREATE TABLE w(a DEFAULT \"x\")"}, true},
    {{"CREATE VIEW v AS SELECT \"a\" AS n, x.b m FROM u AS x WHERE n > 0"},
     {"CREATE VIEW v AS SELECT \"a\" AS n, x.b m FROM u AS x WHERE n > 0"},
     true},
    {{"CREATE VIEW v(n) AS SELECT count(*) FROM u"}, {"CREATE VIEW v(n) AS SELECT count(*) FROM u"}, true},
    {{"CREATE VIEW v AS SELECT \"x\" FROM u"}, {"CREATE VIEW v AS SELECT \"x\" FROM u"}, false},
    {{"CREATE VIEW v AS SELECT a FROM absent"}, {"CREATE VIEW v AS SELECT a FROM absent"}, false},
    {{NULL}, {"CREATE VIEW v AS SELECT gone FROM t"}, false},
    {{"CREATE TRIGGER tr AFTER INSERT ON u WHEN new.a > 0 BEGIN UPDATE t SET a = new.b; END"},
     {"CREATE TRIGGER tr AFTER INSERT ON u WHEN new.a > 0 BEGIN UPDATE t SET a = new.b; END"},
     true},
    {{"CREATE TRIGGER tr AFTER INSERT ON u WHEN new.a > \"x\" BEGIN SELECT 1; END"},
     {"CREATE TRIGGER tr AFTER INSERT ON u WHEN new.a > \"x\" BEGIN SELECT 1; END"},
     false},
    {{"CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO t(a) VALUES (\"x\"); END"},
     {"CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO t(a) VALUES (\"x\"); END"},
     false},
    {{"CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO t(a) VALUES (\"b\"); END"},
     {"CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO t(a) VALUES (\"b\"); END"},
     false},
    {{"CREATE VIEW v AS SELECT b FROM u UNION SELECT \"b\" FROM t"},
     {"CREATE VIEW v AS SELECT b FROM u UNION SELECT \"b\" FROM t"},
     false},
    {{"CREATE VIEW v AS SELECT a AS \"x\" FROM u UNION SELECT \"x\" FROM u"},
     {"CREATE VIEW v AS SELECT a AS \"x\" FROM u UNION SELECT \"x\" FROM u"},
     false},
    {{"CREATE VIEW v AS SELECT \"u\".\"b\" AS \"x\" FROM \"u\" JOIN t"},
     {"CREATE VIEW v AS SELECT \"u\".\"b\" AS \"x\" FROM \"u\" JOIN t"},
     true},
    {{"CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO absent(a) VALUES (1); END"},
     {"CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO absent(a) VALUES (1); END"},
     false},
    {{"CREATE TABLE log(a)", "CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO log(a) VALUES (1); END"},
     {"CREATE TABLE log(a)", "CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO log(a) VALUES (1); END"},
     true},
    {{NULL},
     {"CREATE TABLE log(a)", "CREATE TRIGGER tr AFTER INSERT ON u BEGIN INSERT INTO log(a) VALUES (1); END"},
     false},
};

static void test_what_else_is_in_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(drops); i++) {
        struct error error = {0};
        cleanup(plan) struct plan *plan = NULL;
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        const char *reference[] = {"CREATE TABLE t(a)", "CREATE TABLE u(a, b)", drops[i].reference[0],
                                   drops[i].reference[1], NULL};
        const char *live[] = {"CREATE TABLE t(a, gone)", "CREATE TABLE u(a, b)", drops[i].live[0], drops[i].live[1],
                              NULL};
        if (make(reference, live, &plan, &error) < 0)
            fail_msg("drop %zu: %s", i, error.message);
        describe(plan, &out);
        const char *expected = drops[i].drops ? "column t.gone drop" : "column t.gone rebuild";
        if (!strstr(strbuf_text(&out), expected))
            fail_msg("drop %zu: %s, not %s", i, strbuf_text(&out), expected);
    }
}

/* An index on a text in double quotes is one on a column as soon as the table has that. */
static void test_a_text_in_an_index_becomes_a_column(void **state)
{
    (void)state;
    static const struct {
        const char *index;
        const char *plan;
    } indexes[] = {
        {"CREATE INDEX ix ON t(\"b\")", "1 column t.b rebuild"},
        {"CREATE INDEX ix ON t(a) WHERE \"b\" > 0", "1 column t.b rebuild"},
        {"CREATE INDEX ix ON t(a) WHERE a > 'b'", "1 column t.b add"},
        {"CREATE INDEX b ON t(a)", "1 column t.b add"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(indexes); i++) {
        struct error error = {0};
        cleanup(plan) struct plan *plan = NULL;
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        const char *reference[] = {"CREATE TABLE t(a, b)", indexes[i].index, NULL};
        const char *live[] = {"CREATE TABLE t(a)", indexes[i].index, NULL};
        assert_int_equal(make(reference, live, &plan, &error), 0);
        describe(plan, &out);
        if (!strstr(strbuf_text(&out), indexes[i].plan))
            fail_msg("%s: %s, not %s", indexes[i].index, strbuf_text(&out), indexes[i].plan);
    }
}

/* The shell takes texts in double quotes for texts only where it is told to. */
static void test_the_shell_is_told_of_texts_in_double_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *index;
        bool told;
    } indexes[] = {
        {"CREATE INDEX ix ON t(\"a\")", false},    {"CREATE INDEX ix ON t('a')", false},
        {"CREATE INDEX ix ON t(\"b\")", true},     {"CREATE INDEX ix ON t(a || \"b\")", true},
        {"CREATE INDEX ix ON t(a || 'b')", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(indexes); i++) {
        const char *without[] = {"CREATE TABLE t(a)", NULL};
        const char *with[] = {"CREATE TABLE t(a)", indexes[i].index, NULL};
        for (size_t side = 0; side < 2; side++) {
            struct error error = {0};
            cleanup(plan) struct plan *plan = NULL;
            cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
            assert_int_equal(make(side ? with : without, side ? without : with, &plan, &error), 0);
            plan_render_undo(plan, &out);
            assert_int_equal(strstr(strbuf_text(&out), "\n.dbconfig dqs_ddl on\n") != NULL, indexes[i].told);
        }
    }
}

static const char *const rich_reference[] = {
    "CREATE TABLE p(id INTEGER PRIMARY KEY, x TEXT, \"y\" CHECK (\"y\" > 0))",
    "CREATE INDEX ip ON p(\"x\", lower(\"y\"))",
    "CREATE TRIGGER tp AFTER INSERT ON p BEGIN INSERT INTO p(x) SELECT q.x AS z FROM p AS q; END",
    ("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT COLLATE NOCASE DEFAULT 'x', b INT REFERENCES p, c "
     "INT "
     "NOT NULL, CONSTRAINT k UNIQUE (a, b DESC) ON CONFLICT IGNORE, CHECK (b > 0))"),
    "CREATE UNIQUE INDEX ix ON t(a, lower(c)) WHERE b > 0",
    "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE VIEW v AS SELECT a FROM t -- end",
    "CREATE TABLE fresh(a)",
    NULL,
};

static const char *const rich_live[] = {
    "CREATE TABLE p(id INTEGER PRIMARY KEY, x TEXT, \"y\" CHECK (\"y\" > 0), gone)",
    "CREATE INDEX ip ON p(\"x\", lower(\"y\"))",
    "CREATE TRIGGER tp AFTER INSERT ON p BEGIN INSERT INTO p(x) SELECT q.x AS z FROM p AS q; END",
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b INT, gone, CHECK (b > 1))",
    "CREATE INDEX ix ON t(a)",
    "CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT 2; END",
    "CREATE VIEW v AS SELECT b FROM t",
    "CREATE TABLE stale(a)",
    NULL,
};

static void render_all(const struct plan *plan, struct strbuf *out)
{
    for (unsigned stage = 0; stage <= PLAN_STAGES; stage++)
        plan_render_sql(plan, stage, out);
    plan_render_guard(plan, PLAN_ALL_STAGES, out);
    plan_render_verify(plan, out);
    plan_render_undo(plan, out);
}

static void test_the_same_every_time(void **state)
{
    (void)state;
    struct error error = {0};
    struct strbuf texts[2] = {STRBUF(TEXT_LIMIT), STRBUF(TEXT_LIMIT)};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cleanup(plan) struct plan *plan = NULL;
        assert_int_equal(make(rich_reference, rich_live, &plan, &error), 0);
        assert_true(plan->statement_count >= 5 && plan->unsolved_count == 0);
        render_all(plan, &texts[i]);
        assert_true(strbuf_ok(&texts[i]));
    }
    assert_string_equal(strbuf_text(&texts[0]), strbuf_text(&texts[1]));
    strbuf_done(&texts[0]);
    strbuf_done(&texts[1]);
}

/* Of a live schema of which reading stopped at a limit: the script and the README. */
static void render_cut_off(const char *reference, const char *live, struct strbuf *ret_sql, struct strbuf *ret_readme)
{
    struct error error = {0};
    struct drift_policy policy = {0};
    cleanup(schema) struct schema *target = NULL;
    cleanup(schema) struct schema *current = NULL;
    cleanup(plan) struct plan *plan = NULL;
    drift_policy_init(&policy);
    assert_int_equal(build((const char *const[]){reference, NULL}, &target, &error), 0);
    assert_int_equal(build((const char *const[]){live, NULL}, &current, &error), 0);
    current->truncated = true;
    assert_int_equal(plan_make(target, current, &policy, PLAN_REVERT, 0, &plan, &error), 0);
    plan_render_sql(plan, PLAN_ALL_STAGES, ret_sql);
    plan_render_readme(plan, "live", "reference", ret_readme);
    assert_true(strbuf_ok(ret_sql) && strbuf_ok(ret_readme));
}

static void test_what_could_not_be_seen_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *live;
        const char *said;
    } doubts[] = {
        {"CREATE TABLE t(a)", "-- Drift is unknown: not everything could be seen, and there may be more to do.\n"},
        {"CREATE TABLE t(a INT)", "-- Not everything could be seen, and there may be more to do.\n"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(doubts); i++) {
        cleanup(strbuf) struct strbuf sql = STRBUF(TEXT_LIMIT);
        cleanup(strbuf) struct strbuf readme = STRBUF(TEXT_LIMIT);
        render_cut_off("CREATE TABLE t(a)", doubts[i].live, &sql, &readme);
        assert_non_null(strstr(strbuf_text(&sql), doubts[i].said));
        assert_non_null(strstr(strbuf_text(&sql), "-- Not compared: triggers: reading stopped at a limit\n"));
        assert_null(strstr(strbuf_text(&sql), "Nothing to do."));
        assert_non_null(strstr(strbuf_text(&readme), "## Not compared\n"));
        assert_non_null(strstr(strbuf_text(&readme), "- triggers: reading stopped at a limit\n"));
    }
}

static void test_hazards(void **state)
{
    (void)state;
    struct error error = {0};
    cleanup(plan) struct plan *plan = NULL;
    unsigned of_stage[PLAN_STAGES + 1] = {0};
    assert_int_equal(make(rich_reference, rich_live, &plan, &error), 0);
    for (size_t i = 0; i < plan->statement_count; i++)
        of_stage[plan->statements[i].stage] |= plan->statements[i].hazards;
    unsigned lossy = 1u << HAZARD_DELETES_DATA;
    assert_true((of_stage[1] & lossy) == 0 && (of_stage[2] & lossy) == 0 && (of_stage[3] & lossy));
    assert_true(of_stage[2] & 1u << HAZARD_REWRITES_TABLE);
}

static void test_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(plan) struct plan *plan = NULL;
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        bool made = make(rich_reference, rich_live, &plan, &error) == 0;
        if (made)
            render_all(plan, &out);
        OOM_CHECK(loop, made && strbuf_ok(&out));
        assert_true(made || error.code == ERROR_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stages_and_ways),
        cmocka_unit_test(test_what_else_is_in_the_file),
        cmocka_unit_test(test_the_shell_is_told_of_texts_in_double_quotes),
        cmocka_unit_test(test_a_text_in_an_index_becomes_a_column),
        cmocka_unit_test(test_the_same_every_time),
        cmocka_unit_test(test_what_could_not_be_seen_is_said),
        cmocka_unit_test(test_hazards),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
