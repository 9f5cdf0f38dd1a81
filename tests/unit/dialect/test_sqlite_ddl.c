/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's CREATE texts: golden cases of what the model says of each, layouts that must not matter, texts that are
 * none, and failing allocations.
 */
#include "support/golden.h"
#include "support/oom.h"

#include <string.h>
#include <strings.h>

#include "dialect/dialects.h"
#include "dialect/sqlite_ddl.h"
#include "dialect/sqlite_token.h"
#include "model/schema_json.h"

enum { DOCUMENT_LIMIT = 1 << 20 };

enum statement_kind { IS_TABLE, IS_INDEX, IS_VIEW, IS_VIRTUAL, IS_TRIGGER };

/* What stands behind CREATE [TEMP]. */
static enum statement_kind kind_of(const char *sql, size_t length)
{
    struct sqlite_lexer lexer = {.next = sql, .end = sql + length};
    sqlite_lexer_next(&lexer);
    struct sqlite_token word = sqlite_lexer_next(&lexer);
    if (sqlite_token_is(&word, "TEMP"))
        word = sqlite_lexer_next(&lexer);
    return sqlite_token_is(&word, "INDEX") || sqlite_token_is(&word, "UNIQUE") ? IS_INDEX
           : sqlite_token_is(&word, "VIEW")                                    ? IS_VIEW
           : sqlite_token_is(&word, "VIRTUAL")                                 ? IS_VIRTUAL
           : sqlite_token_is(&word, "TRIGGER")                                 ? IS_TRIGGER
                                                                               : IS_TABLE;
}

static int (*const parsers[])(const char *sql, size_t length, struct sqlite_statement *statement,
                              struct error *reterr) = {
    [IS_TABLE] = sqlite_parse_table,           [IS_INDEX] = sqlite_parse_index,     [IS_VIEW] = sqlite_parse_view,
    [IS_VIRTUAL] = sqlite_parse_virtual_table, [IS_TRIGGER] = sqlite_parse_trigger,
};

static int build(const char *sql, size_t length, struct schema **ret_schema, struct error *reterr)
{
    static const enum relation_kind relation_kinds[] = {
        [IS_TABLE] = RELATION_TABLE,     [IS_INDEX] = RELATION_TABLE,   [IS_VIEW] = RELATION_VIEW,
        [IS_VIRTUAL] = RELATION_VIRTUAL, [IS_TRIGGER] = RELATION_TABLE,
    };
    cleanup(sqlite_statement) struct sqlite_statement statement = {0};
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    enum statement_kind kind = kind_of(sql, length);
    sqlite_statement_init(&statement);
    if (!builder)
        return error_no_memory(reterr);
    schema_builder_dialect(builder, &dialect_sqlite);
    if (parsers[kind](sql, length, &statement, reterr) < 0)
        return -1;
    bool defines = kind == IS_VIEW || kind == IS_VIRTUAL;
    struct schema_relation relation = {
        .name = schema_builder_text(builder, "t"),
        .definition =
            defines ? schema_builder_text(builder, sqlite_statement_text(&statement, statement.definition)) : 0,
        .attributes = kind == IS_TABLE ? sqlite_statement_table_attributes(&statement, 0, builder) : 0,
        .kind = (uint8_t)relation_kinds[kind],
    };
    uint32_t handle = schema_builder_relation(builder, &relation);
    if (kind == IS_INDEX)
        sqlite_statement_emit_index(&statement, handle, "ix", NULL, builder);
    else if (kind == IS_TABLE)
        sqlite_statement_emit_table(&statement, handle, builder);
    else if (kind == IS_TRIGGER)
        sqlite_statement_emit_trigger(&statement, relation.name, "tr", NULL, builder);
    return schema_builder_seal(builder, ret_schema, reterr);
}

static void run_case(struct golden_case *golden, void *userdata)
{
    (void)userdata;
    struct error error = {0};
    size_t length = 0;
    const char *sql = golden_read(golden, "create.sql", &length);
    cleanup(schema) struct schema *schema = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(DOCUMENT_LIMIT);
    if (build(sql, length, &schema, &error) < 0)
        strbuf_printf(&out, "%s: %s", error_code_name(error.code), error.message);
    else
        schema_json_render(schema, 1, &out);
    golden_expect(golden, "expected", strbuf_text(&out));
}

static void test_golden(void **state)
{
    (void)state;
    golden_run("dialect/sqlite", run_case, NULL);
}

static void assert_same(const char *a, const char *b, bool same)
{
    struct error error = {0};
    cleanup(schema) struct schema *first = NULL;
    cleanup(schema) struct schema *second = NULL;
    if (build(a, strlen(a), &first, &error) < 0 || build(b, strlen(b), &second, &error) < 0)
        fail_msg("%s", error.message);
    if (digest_equal(first->digest, second->digest) != same)
        fail_msg("%s\n%s\nare %s", a, b, same ? "different" : "equal");
}

static void test_layout_does_not_matter(void **state)
{
    (void)state;
    assert_same("CREATE TABLE t(a int default(1+2),check(a>0 and[a]<9))",
                "CREATE TABLE t ( a INT -- why\n DEFAULT ( 1 + 2 ) , CHECK ( a > 0 AND \"a\"/* */< 9 ) )", true);
    assert_same("CREATE TABLE t(a varchar(20))", "CREATE TABLE t(a VARCHAR ( 20 ))", true);
    assert_same("CREATE TABLE t(a INTEGER PRIMARY KEY)", "CREATE TABLE t(a INTEGER, PRIMARY KEY(A))", true);
    assert_same("CREATE TABLE t(a INTEGER PRIMARY KEY)", "CREATE TABLE t(a INTEGER NOT NULL PRIMARY KEY)", true);
    assert_same("CREATE INDEX i ON t(a COLLATE nocase)", "CREATE INDEX i ON [t] ( `a` collate NOCASE asc )", true);
    assert_same("CREATE VIEW v AS SELECT a,b FROM t", "create view v as select a , b\nfrom t;", true);
    assert_same("CREATE VIEW v AS SELECT a FROM old", "CREATE VIEW v AS SELECT a /* all */ FROM \"old\"", true);
    assert_same("CREATE TABLE t(a TEXT COLLATE BINARY, UNIQUE(a ASC))",
                "CREATE TABLE t(a TEXT, UNIQUE(A COLLATE binary))", true);
    assert_same("CREATE TABLE t(a COLLATE NOCASE UNIQUE)", "CREATE TABLE t(a COLLATE nocase, UNIQUE(a COLLATE NoCase))",
                true);
    assert_same("CREATE TABLE t(a INTEGER, PRIMARY KEY(a DESC))", "CREATE TABLE t(a INTEGER PRIMARY KEY)", true);
    assert_same("CREATE TABLE t(a UNIQUE ON CONFLICT ABORT)", "CREATE TABLE t(a, UNIQUE(a))", true);
    assert_same("CREATE TABLE t(a REFERENCES p NOT NULL DEFERRABLE INITIALLY DEFERRED)",
                "CREATE TABLE t(a NOT NULL REFERENCES p DEFERRABLE INITIALLY DEFERRED)", true);
    assert_same(
        "CREATE TRIGGER tr INSERT ON t BEGIN DELETE FROM u; END",
        "create trigger tr before insert on \"t\" for each row begin\n  -- all of them\n  delete from [u] ; end;",
        true);
}

static void test_meaning_matters(void **state)
{
    (void)state;
    assert_same("CREATE TABLE t(a INTEGER PRIMARY KEY)", "CREATE TABLE t(a INT PRIMARY KEY)", false);
    assert_same("CREATE TABLE t(a INTEGER PRIMARY KEY)", "CREATE TABLE t(a INTEGER PRIMARY KEY DESC)", false);
    assert_same("CREATE TABLE t(a DEFAULT 'x')", "CREATE TABLE t(a DEFAULT 'X')", false);
    assert_same("CREATE TABLE t(a DEFAULT 'x y')", "CREATE TABLE t(a DEFAULT 'x  y')", false);
    assert_same("CREATE TABLE t(a, CHECK(a - -1))", "CREATE TABLE t(a, CHECK(a - 1))", false);
    assert_same("CREATE INDEX i ON t(a)", "CREATE INDEX i ON t(a DESC)", false);
    assert_same("CREATE INDEX i ON t(a)", "CREATE UNIQUE INDEX i ON t(a)", false);
    assert_same("CREATE INDEX i ON t(a)", "CREATE INDEX i ON t(a) WHERE a", false);
    assert_same("CREATE INDEX i ON t(a)", "CREATE INDEX i ON t(+a)", false);
    assert_same("CREATE TABLE t(a)", "CREATE TABLE t(a COLLATE NOCASE)", false);
    assert_same("CREATE TABLE t(a, CHECK (\"a\" > 0))", "CREATE TABLE t(a, CHECK ('a' > 0))", false);
    assert_same("CREATE TABLE t(a)", "CREATE TABLE t(a) STRICT", false);
    assert_same("CREATE TABLE t(a PRIMARY KEY NOT NULL)", "CREATE TABLE t(a PRIMARY KEY NOT NULL) WITHOUT ROWID",
                false);
    assert_same("CREATE TABLE t(a UNIQUE)", "CREATE TABLE t(a UNIQUE ON CONFLICT REPLACE)", false);
    assert_same("CREATE TABLE t(a NOT NULL)", "CREATE TABLE t(a NOT NULL ON CONFLICT IGNORE)", false);
    assert_same("CREATE TABLE t(a, UNIQUE(a))", "CREATE TABLE t(a, UNIQUE(a COLLATE NOCASE))", false);
    assert_same("CREATE TABLE t(a, UNIQUE(a))", "CREATE TABLE t(a, UNIQUE(a DESC))", false);
    assert_same("CREATE TABLE t(a REFERENCES p)", "CREATE TABLE t(a REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
                false);
    assert_same("CREATE TRIGGER tr INSERT ON t BEGIN SELECT 1; END",
                "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END", false);
    assert_same("CREATE TRIGGER tr UPDATE OF a ON t BEGIN SELECT 1; END",
                "CREATE TRIGGER tr UPDATE OF b ON t BEGIN SELECT 1; END", false);
    assert_same("CREATE TRIGGER tr INSERT ON t WHEN new.a BEGIN SELECT 1; END",
                "CREATE TRIGGER tr INSERT ON t WHEN old.a BEGIN SELECT 1; END", false);
    assert_same("CREATE TRIGGER tr INSERT ON t BEGIN SELECT 'a'; END",
                "CREATE TRIGGER tr INSERT ON t BEGIN SELECT 'A'; END", false);
}

/* Every beginning of a statement, and a nesting that recursion would not survive. */
static void test_no_text_does_harm(void **state)
{
    (void)state;
    static const char sql[] =
        "CREATE TABLE t(a varchar(20, 2) DEFAULT -1 CONSTRAINT c NOT NULL ON CONFLICT FAIL REFERENCES "
        "p(x) ON DELETE SET NULL NOT DEFERRABLE, b AS (a || 'x') STORED, PRIMARY KEY(a, b) CHECK "
        "(a IN (1, (2)))) WITHOUT ROWID, STRICT";
    for (size_t length = 0; length < sizeof(sql); length++) {
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        int result = build(sql, length, &schema, &error);
        assert_true(result == 0 || (error.code == ERROR_INVALID && error.message[0]));
        cleanup_schema(&schema);
        schema = NULL;
    }
    static const char trigger[] =
        "CREATE TRIGGER tr INSTEAD OF UPDATE OF a, \"b c\" ON t FOR EACH ROW WHEN new.begin > 0 "
        "BEGIN UPDATE u SET a = CASE WHEN 1 THEN 2 END; END;";
    for (size_t length = 0; length < sizeof(trigger); length++) {
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        int result = build(trigger, length, &schema, &error);
        assert_true(result == 0 || (error.code == ERROR_INVALID && error.message[0]));
    }
    enum { DEPTH = 100000 };
    cleanup(strbuf) struct strbuf deep = STRBUF(3 * DEPTH);
    strbuf_add_string(&deep, "CREATE TABLE t(a CHECK ");
    for (int i = 0; i < DEPTH; i++)
        strbuf_add_char(&deep, '(');
    strbuf_add_char(&deep, '1');
    for (int i = 0; i < DEPTH; i++)
        strbuf_add_char(&deep, ')');
    strbuf_add_char(&deep, ')');
    struct error error = {0};
    cleanup(schema) struct schema *schema = NULL;
    assert_int_equal(build(strbuf_text(&deep), deep.length, &schema, &error), 0);
}

static void test_memory(void **state)
{
    (void)state;
    static const char sql[] =
        "CREATE TABLE t(a varchar(20) DEFAULT 'x' NOT NULL ON CONFLICT FAIL COLLATE NOCASE, b INT "
        "REFERENCES p(x), CONSTRAINT u UNIQUE(a, b DESC) ON CONFLICT REPLACE, CHECK(a > b)) STRICT";
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        OOM_CHECK(loop, build(sql, strlen(sql), &schema, &error) == 0);
        assert_true(schema || error.code == ERROR_NO_MEMORY);
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        static const char index[] = "CREATE INDEX i ON t(a COLLATE x DESC, lower(b)) WHERE a > 0";
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        OOM_CHECK(loop, build(index, strlen(index), &schema, &error) == 0);
        assert_true(schema || error.code == ERROR_NO_MEMORY);
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        static const char trigger[] = "CREATE TRIGGER tr UPDATE OF a, \"b c\" ON t WHEN new.a > 0 BEGIN SELECT 1; END";
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        OOM_CHECK(loop, build(trigger, strlen(trigger), &schema, &error) == 0);
        assert_true(schema || error.code == ERROR_NO_MEMORY);
    }
}

static void test_shadow_tables(void **state)
{
    (void)state;
    assert_true(sqlite_is_shadow_table("fts5", "docs", "docs_data"));
    assert_true(sqlite_is_shadow_table("fts5", "docs", "DOCS_config"));
    assert_true(sqlite_is_shadow_table("rtree", "r", "r_node"));
    assert_true(sqlite_is_shadow_table("vec0", "v", "v_vector_chunks00"));
    assert_false(sqlite_is_shadow_table("fts5", "docs", "docs_node"));
    assert_false(sqlite_is_shadow_table("fts5", "docs", "docs"));
    assert_false(sqlite_is_shadow_table("fts5", "docs", "docs_data_2"));
    assert_false(sqlite_is_shadow_table("unheard_of", "docs", "docs_data"));
}

static void assert_canonical(const char *text, const char *expected)
{
    cleanup(strbuf) struct strbuf out = STRBUF(DOCUMENT_LIMIT);
    sqlite_text_append_canonical(text, strlen(text), &out);
    assert_string_equal(strbuf_text(&out), expected);
    cleanup(strbuf) struct strbuf again = STRBUF(DOCUMENT_LIMIT);
    sqlite_text_append_canonical(strbuf_text(&out), out.length, &again);
    assert_string_equal(strbuf_text(&again), expected);
}

static void test_canonical_text(void **state)
{
    (void)state;
    assert_canonical("", "");
    assert_canonical("a>0", "a > 0");
    assert_canonical("a  in(1,2)", "a IN (1, 2)");
    assert_canonical("lower ( a )", "lower(a)");
    assert_canonical("-1", "-1");
    assert_canonical("- - 1", "- -1");
    assert_canonical("a- -1", "a - -1");
    assert_canonical("a-1", "a - 1");
    assert_canonical("(a)-1", "(a) - 1");
    assert_canonical("?1-1", "?1 - 1");
    assert_canonical("x'0aF'||[a b]||`c``d`||'it''s'", "x'0aF' || \"a b\" || \"c`d\" || 'it''s'");
    assert_canonical("[a\"b]", "\"a\"\"b\"");
    assert_canonical("main . t", "main.t");
    assert_canonical("1.5e-3+.5", "1.5e-3 + .5");
    assert_canonical("a -> '$.x'->>'y'", "a -> '$.x' ->> 'y'");
    assert_canonical("case when a is not null then 1 else 2 end", "CASE WHEN a IS NOT NULL THEN 1 ELSE 2 END");
    assert_canonical("a/*x*/--y\n+b", "a + b");
    assert_canonical("\xef\xbb\xbf"
                     "a\vb",
                     "a b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),          cmocka_unit_test(test_layout_does_not_matter),
        cmocka_unit_test(test_meaning_matters), cmocka_unit_test(test_no_text_does_harm),
        cmocka_unit_test(test_memory),          cmocka_unit_test(test_shadow_tables),
        cmocka_unit_test(test_canonical_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
