/* SPDX-License-Identifier: Apache-2.0
 *
 * What our parser of CREATE texts says of a schema, and what SQLite's own PRAGMAs say of it, must be the same wherever
 * both say anything; what they do not show is in the golden cases of the dialect.
 */
#include "unit/engine/sqlite_fixture.h"

#include <strings.h>

/* Shapes that people and tools make, and some that only SQLite accepts. */
static const char *const schemas[] = {
    "CREATE TABLE users(id INTEGER PRIMARY KEY AUTOINCREMENT, email VARCHAR(200) NOT NULL UNIQUE, age INT DEFAULT -1);"
    "CREATE TABLE posts(id INTEGER NOT NULL, user_id INTEGER, title TEXT DEFAULT 'it''s', PRIMARY KEY(id), CONSTRAINT "
    "fk "
    "FOREIGN KEY(user_id) REFERENCES users(id) ON DELETE CASCADE ON UPDATE SET NULL);"
    "CREATE INDEX ix_posts ON posts(user_id, title COLLATE NOCASE DESC); CREATE UNIQUE INDEX ux ON posts(lower(title)) "
    "WHERE user_id IS NOT NULL",
    "CREATE TABLE \"we\"\"ird\"([a b] int, `c``d` TEXT, 'e''f', \"select\" double precision, \xc3\xbc UNSIGNED BIG "
    "INT);"
    "CREATE INDEX \"i x\" ON \"we\"\"ird\"('e''f' DESC, [a b], \"select\" || `c``d`)",
    "CREATE TABLE t(a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c AS (a * 2), d TEXT AS (lower('x')) VIRTUAL)",
    "CREATE TABLE t(a, b, c, PRIMARY KEY(c, a)) WITHOUT ROWID; CREATE TABLE s(a TEXT PRIMARY KEY, b ANY, c INT NOT "
    "NULL) "
    "STRICT; CREATE TABLE d(id INTEGER PRIMARY KEY DESC, x NUMERIC(10, 2) DEFAULT (1 + 2))",
    "CREATE TABLE p(x, y, UNIQUE(x, y), UNIQUE(y) ON CONFLICT IGNORE); CREATE TABLE c(a REFERENCES p, b REFERENCES "
    "p(x) "
    "DEFERRABLE INITIALLY DEFERRED, c, d, FOREIGN KEY(c, d) REFERENCES p(x, y) ON UPDATE CASCADE ON DELETE SET "
    "DEFAULT, "
    "FOREIGN KEY(d) REFERENCES nowhere)",
    "CREATE TABLE t(a CONSTRAINT lost, b CONSTRAINT one CONSTRAINT two NOT NULL, c DEFAULT +3, d DEFAULT CURRENT_DATE, "
    "e "
    "DEFAULT NULL, f DEFAULT true, g DEFAULT x'00ff', h DEFAULT 1e3, CONSTRAINT x UNIQUE(a) CONSTRAINT y CHECK(b) "
    "CONSTRAINT z)",
    "CREATE TABLE t(a/**/INT--\n,b\tTEXT\n\n)/* end */; ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT 5; "
    "ALTER TABLE t RENAME COLUMN a TO \"A A\"; ALTER TABLE t RENAME TO \"T T\"; ALTER TABLE \"T T\" DROP COLUMN b",
    "CREATE TABLE copied AS SELECT 1 AS a, 'x' AS \"b c\", 2.5 AS d",
    "CREATE TABLE \"key\"(key INT, action, match TEXT, row, \"index\" INT, offset INT, replace, cascade BLOB, temp, "
    "generated INT); CREATE INDEX k ON key(key, (action), row COLLATE rtrim)",
    "CREATE TABLE t(a, b); CREATE INDEX i1 ON t(a) WHERE b > 1; CREATE INDEX i2 ON t(b COLLATE nocase, a COLLATE "
    "binary)",
    "CREATE VIRTUAL TABLE ft USING fts5(a, b); CREATE VIRTUAL TABLE r USING rtree(id, x1, x2); CREATE TABLE "
    "ft_data_2(x); "
    "CREATE VIEW v AS SELECT a FROM ft; CREATE TRIGGER tr AFTER INSERT ON ft_data_2 BEGIN SELECT 1; END",
    "CREATE TABLE t(a varchar ( 20 ) , b decimal(10 , -2), c \"two words\", d [x y], e TEXT COLLATE nocase)",
};

struct facts {
    const struct schema *schema;
    const struct schema_relation *relation;
    sqlite3 *app;
};

static sqlite3_stmt *query(sqlite3 *app, const char *sql, const char *argument)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(app, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(app));
    sqlite3_bind_text(statement, 1, argument, -1, SQLITE_TRANSIENT);
    return statement;
}

static const char *column_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

/* Without blanks and in upper case: SQLite gives types and defaults as typed. */
static void squeeze(const char *text, char *ret_text, size_t size)
{
    size_t used = 0;
    for (; *text && used + 1 < size; text++) {
        if (*text != ' ' && *text != '\n')
            ret_text[used++] = (char)(*text >= 'a' && *text <= 'z' ? *text - 32 : *text);
    }
    ret_text[used] = '\0';
}

static void assert_squeezed(const char *ours, const char *theirs)
{
    char a[512];
    char b[512];
    squeeze(ours, a, sizeof(a));
    squeeze(theirs, b, sizeof(b));
    assert_string_equal(a, b);
}

static bool is_rowid_alias(const struct schema *schema, const struct schema_column *column)
{
    return strcmp(schema_text(schema, column->type), "INTEGER") == 0;
}

static void check_columns(const struct facts *facts)
{
    const struct schema *schema = facts->schema;
    sqlite3_stmt *rows =
        query(facts->app, "SELECT name, type, \"notnull\", dflt_value, hidden, pk FROM pragma_table_xinfo(?)",
              schema_text(schema, facts->relation->name));
    size_t count = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        assert_true(count < facts->relation->column_count);
        const struct schema_column *column = &schema->columns[facts->relation->first_column + count++];
        int hidden = sqlite3_column_int(rows, 4);
        assert_string_equal(schema_text(schema, column->name), column_text(rows, 0));
        assert_squeezed(schema_text(schema, column->type), column_text(rows, 1));
        assert_squeezed(schema_text(schema, column->default_expression), column_text(rows, 3));
        assert_int_equal(!!(column->flags & COLUMN_GENERATED_VIRTUAL), hidden == 2);
        assert_int_equal(!!(column->flags & COLUMN_GENERATED_STORED), hidden == 3);
        assert_int_equal(column->generated != 0, hidden > 1);
        /* That an alias of the rowid is never NULL is not shown by the PRAGMA. */
        if (!(sqlite3_column_int(rows, 5) && is_rowid_alias(schema, column)))
            assert_int_equal(!(column->flags & COLUMN_NULLABLE), sqlite3_column_int(rows, 2));
    }
    sqlite3_finalize(rows);
    assert_int_equal(count, facts->relation->column_count);
}

/* Joins a list: "a,b,". */
static void join(const struct schema *schema, struct text_list list, char *ret_text, size_t size)
{
    ret_text[0] = '\0';
    for (uint32_t i = 0; i < list.count; i++) {
        size_t used = strlen(ret_text);
        snprintf(ret_text + used, size - used, "%s,", schema_text(schema, schema->lists[list.first + i]));
    }
}

static bool has_constraint(const struct facts *facts, enum constraint_kind kind, const char *columns)
{
    for (uint32_t i = 0; i < facts->relation->constraint_count; i++) {
        const struct schema_constraint *constraint = &facts->schema->constraints[facts->relation->first_constraint + i];
        char text[512];
        join(facts->schema, constraint->columns, text, sizeof(text));
        if (constraint->kind == kind && strcmp(text, columns) == 0)
            return true;
    }
    return false;
}

static size_t count_constraints(const struct facts *facts, enum constraint_kind kind)
{
    size_t count = 0;
    for (uint32_t i = 0; i < facts->relation->constraint_count; i++)
        count += facts->schema->constraints[facts->relation->first_constraint + i].kind == kind;
    return count;
}

static void check_primary_key(const struct facts *facts)
{
    sqlite3_stmt *rows = query(facts->app,
                               "SELECT coalesce(group_concat(name || ',', ''), '') FROM (SELECT name FROM "
                               "pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk)",
                               schema_text(facts->schema, facts->relation->name));
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    const char *columns = column_text(rows, 0);
    assert_int_equal(count_constraints(facts, CONSTRAINT_PRIMARY_KEY), columns[0] != '\0');
    assert_true(!columns[0] || has_constraint(facts, CONSTRAINT_PRIMARY_KEY, columns));
    sqlite3_finalize(rows);
}

static void check_foreign_keys(const struct facts *facts)
{
    sqlite3_stmt *rows =
        query(facts->app,
              "SELECT group_concat(\"from\" || ',', ''), \"table\", coalesce(group_concat(\"to\" || ',', ''), ''), "
              "lower(replace(on_delete, ' ', '_')), lower(replace(on_update, ' ', '_')) "
              "FROM (SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq) GROUP BY id",
              schema_text(facts->schema, facts->relation->name));
    size_t count = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        bool found = false;
        count++;
        for (uint32_t i = 0; i < facts->relation->constraint_count; i++) {
            const struct schema_constraint *key = &facts->schema->constraints[facts->relation->first_constraint + i];
            char from[512];
            char to[512];
            join(facts->schema, key->columns, from, sizeof(from));
            join(facts->schema, key->referenced_columns, to, sizeof(to));
            found |= key->kind == CONSTRAINT_FOREIGN_KEY && strcmp(from, column_text(rows, 0)) == 0 &&
                     strcmp(schema_text(facts->schema, key->referenced_table), column_text(rows, 1)) == 0 &&
                     strcmp(to, column_text(rows, 2)) == 0 &&
                     strcmp(foreign_key_action_name(key->on_delete), column_text(rows, 3)) == 0 &&
                     strcmp(foreign_key_action_name(key->on_update), column_text(rows, 4)) == 0;
        }
        if (!found)
            fail_msg("no foreign key %s to %s", column_text(rows, 0), column_text(rows, 1));
    }
    sqlite3_finalize(rows);
    assert_int_equal(count, count_constraints(facts, CONSTRAINT_FOREIGN_KEY));
}

static const struct schema_index *find_index(const struct facts *facts, const char *name)
{
    for (uint32_t i = 0; i < facts->relation->index_count; i++) {
        const struct schema_index *index = &facts->schema->indexes[facts->relation->first_index + i];
        if (strcmp(schema_text(facts->schema, index->name), name) == 0)
            return index;
    }
    fail_msg("no index %s", name);
    return NULL;
}

static void check_parts(const struct facts *facts, const struct schema_index *index)
{
    sqlite3_stmt *rows =
        query(facts->app, "SELECT cid, name, \"desc\", coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno",
              schema_text(facts->schema, index->name));
    size_t count = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        assert_true(count < index->part_count);
        const struct schema_index_part *part = &facts->schema->parts[index->first_part + count++];
        bool expression = sqlite3_column_int(rows, 0) == -2;
        assert_int_equal(!!(part->flags & PART_EXPRESSION), expression);
        assert_int_equal(!!(part->flags & PART_DESCENDING), sqlite3_column_int(rows, 2));
        if (!expression)
            assert_string_equal(schema_text(facts->schema, part->text), column_text(rows, 1));
        if (part->collation)
            assert_int_equal(strcasecmp(schema_text(facts->schema, part->collation), column_text(rows, 3)), 0);
    }
    sqlite3_finalize(rows);
    assert_int_equal(count, index->part_count);
}

static void check_indexes(const struct facts *facts)
{
    sqlite3_stmt *rows = query(facts->app,
                               "SELECT l.name, l.\"unique\", l.origin, l.partial, (SELECT group_concat(name || ',', "
                               "'') FROM (SELECT name FROM "
                               "pragma_index_info(l.name) ORDER BY seqno)) FROM pragma_index_list(?) AS l",
                               schema_text(facts->schema, facts->relation->name));
    size_t created = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        const char *origin = column_text(rows, 2);
        if (strcmp(origin, "u") == 0)
            assert_true(has_constraint(facts, CONSTRAINT_UNIQUE, column_text(rows, 4)));
        if (strcmp(origin, "c") != 0)
            continue;
        created++;
        const struct schema_index *index = find_index(facts, column_text(rows, 0));
        assert_int_equal(!!(index->flags & INDEX_UNIQUE), sqlite3_column_int(rows, 1));
        assert_int_equal(index->predicate != 0, sqlite3_column_int(rows, 3));
        check_parts(facts, index);
    }
    sqlite3_finalize(rows);
    assert_int_equal(created, facts->relation->index_count);
}

/* Every relation of SQLite's list is one of ours, of the same kind, but for internal and shadow tables. */
static void check_relations(const struct schema *schema, sqlite3 *app)
{
    sqlite3_stmt *rows = query(
        app,
        "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND "
        "type <> 'shadow'",
        "");
    size_t count = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        const struct schema_relation *relation = schema_find_relation(schema, NULL, column_text(rows, 0));
        if (!relation)
            fail_msg("no relation %s", column_text(rows, 0));
        enum relation_kind kind = strcmp(column_text(rows, 1), "view") == 0      ? RELATION_VIEW
                                  : strcmp(column_text(rows, 1), "virtual") == 0 ? RELATION_VIRTUAL
                                                                                 : RELATION_TABLE;
        assert_int_equal(relation->kind, kind);
        count++;
    }
    sqlite3_finalize(rows);
    assert_int_equal(count, schema->relation_count);
}

static void test_agrees_with_pragmas(void **state)
{
    const struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        struct error error = {0};
        cleanup(schema) struct schema *schema = NULL;
        unlink(fixture->path);
        app_script(fixture, schemas[i]);
        struct engine_connection *connection = observe(fixture);
        if (read_schema(connection, &schema, &error) < 0)
            fail_msg("%s", error.message);
        sqlite_ops.close(connection);
        sqlite3 *app = app_open(fixture);
        check_relations(schema, app);
        for (size_t r = 0; r < schema->relation_count; r++) {
            struct facts facts = {.schema = schema, .relation = &schema->relations[r], .app = app};
            if (facts.relation->kind != RELATION_TABLE)
                continue;
            check_columns(&facts);
            check_primary_key(&facts);
            check_foreign_keys(&facts);
            check_indexes(&facts);
        }
        sqlite3_close(app);
        for (int kind = 0; kind < SCHEMA_KINDS; kind++) {
            bool known = kind < SCHEMA_SCHEMAS || kind == SCHEMA_TRIGGERS;
            assert_int_equal(schema->coverage[kind].coverage, known ? COVERAGE_FULL : COVERAGE_NOT_APPLICABLE);
        }
    }
}

/* SQLite wants a definition to be one that it understands, but not when somebody wrote into sqlite_schema; what remains
 * is text that both of us refuse, and a look that says so. */
static void test_malformed_schema(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    cleanup(schema) struct schema *schema = NULL;
    app_script(fixture, "CREATE TABLE t(x); CREATE TABLE u(y); PRAGMA writable_schema=ON; "
                        "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(x NONSENSE(' WHERE name = 't'");
    struct engine_connection *connection = observe(fixture);
    assert_int_equal(read_schema(connection, &schema, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_non_null(strstr(error.message, "malformed"));
    sqlite_ops.close(connection);
}

static void test_equal_databases_have_equal_digests(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    cleanup(schema) struct schema *first = NULL;
    cleanup(schema) struct schema *second = NULL;
    app_script(fixture,
               "CREATE TABLE a(x INT); CREATE TABLE b(y TEXT); CREATE INDEX ia ON a(x); CREATE INDEX ib ON b(y)");
    struct engine_connection *connection = observe(fixture);
    assert_int_equal(read_schema(connection, &first, &error), 0);
    app_script(fixture, "DROP TABLE a; DROP INDEX ib; CREATE INDEX ib ON b (\"y\"); create table a ( x int ); "
                        "create index ia on a(x); VACUUM");
    assert_int_equal(read_schema(connection, &second, &error), 0);
    sqlite_ops.close(connection);
    assert_true(digest_equal(first->digest, second->digest));
}

static void test_memory(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, schemas[0]);
    app_script(fixture, schemas[10]);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        struct engine_connection *connection = NULL;
        cleanup(schema) struct schema *schema = NULL;
        OOM_CHECK(loop, observe_path(fixture->path, &connection, &error) == 0 &&
                            read_schema(connection, &schema, &error) == 0);
        assert_true(schema || error.code == ERROR_NO_MEMORY);
        sqlite_ops.close(connection);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_agrees_with_pragmas),
        TEST(test_malformed_schema),
        TEST(test_equal_databases_have_equal_digests),
        TEST(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
