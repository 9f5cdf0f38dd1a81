/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's slots that journals are found and read with, its probe, and its deadlines.
 */
#include "unit/engine/sqlite_fixture.h"

#include "base/limits.h"

static int note_sighting(void *payload, const struct table_sighting *sighting, struct error *reterr)
{
    struct transcript *transcript = payload;
    size_t used = strlen(transcript->text);
    (void)reterr;
    assert_string_equal(sighting->schema, "");
    assert_true(sighting->readable);
    snprintf(transcript->text + used, sizeof(transcript->text) - used, "%s;", sighting->table);
    return 0;
}

static int find(struct engine_connection *connection, const char *const *names, size_t count,
                struct transcript *transcript, struct error *reterr)
{
    const struct engine_scope scope = {0};
    const struct sighting_sink sink = {.sighting = note_sighting, .payload = transcript};
    struct error ignored = {0};
    *transcript = (struct transcript){0};
    int result = sqlite_ops.begin_look(connection, deadline_in(10000), reterr);
    if (result == 0)
        result = sqlite_ops.find_tables(connection, &scope, names, count, deadline_in(10000), &sink, reterr);
    int ended = sqlite_ops.end_look(connection, deadline_in(10000), result < 0 ? &ignored : reterr);
    return result < 0 ? result : ended;
}

static void assert_found(struct engine_connection *connection, const char *const *names, size_t count,
                         const char *expected)
{
    struct transcript transcript = {0};
    struct error error = {0};
    if (find(connection, names, count, &transcript, &error) < 0)
        fail_msg("%s", error.message);
    assert_string_equal(transcript.text, expected);
}

static const char *const known[] = {"alembic_version", "FLYWAY_schema_history", "we\"ird'; --", "absent"};

static void test_find_tables(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); CREATE TABLE Alembic_Version(v)");
    struct engine_connection *connection = observe(fixture);
    assert_found(connection, known, 4, "Alembic_Version;");
    assert_found(connection, known, 4, "Alembic_Version;");
    assert_found(connection, known + 1, 3, "");
    assert_found(connection, known, 0, "");
    app_script(fixture, "CREATE VIEW flyway_schema_history AS SELECT 1 AS a; CREATE TABLE \"we\"\"ird'; --\"(x); "
                        "CREATE INDEX absent ON t(x)");
    assert_found(connection, known, 4, "Alembic_Version;flyway_schema_history;we\"ird'; --;");
    app_script(fixture, "DROP TABLE Alembic_Version");
    assert_found(connection, known, 4, "flyway_schema_history;we\"ird'; --;");
    sqlite_ops.close(connection);
}

static const struct cell_request all_forms[] = {
    {.column = "a\"b", .form = CELL_TEXT},
    {.column = "flag", .form = CELL_BOOLEAN},
    {.column = "at", .form = CELL_TIME_MS},
    {.column = "bytes", .form = CELL_HEX},
};

static const char forms_script[] =
    "CREATE TABLE \"j\"\"; x\"(\"a\"\"b\", flag, at, bytes, n INTEGER PRIMARY KEY);"
    "INSERT INTO \"j\"\"; x\" VALUES ('0012', 1, '2026-11-20 10:00:00', x'00fF', 1), (12, 0, "
    "'2026-11-20T10:00:00.123Z', 'AZ', 2), (1.5, 'true', 1795168800, NULL, 3), ('', 'f', 1795168800123, x'', 4), "
    "(NULL, NULL, NULL, NULL, 5), ('it''s', 1.0, 1795168800.5, 10, 6), (-9223372036854775807, TRUE, 'never', 1, 7), "
    "('x', 'yes', '2026-11-20 12:00:00+02:00', 1, 8)";

static void test_cells(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, forms_script);
    struct engine_connection *connection = observe(fixture);
    const struct table_request request = {
        .schema = "", .table = "j\"; x", .cells = all_forms, .cell_count = 4, .order_by = "n", .row_limit = 100};
    struct transcript transcript = {0};
    struct error error = {0};
    bool more = true;
    if (look(connection, &request, &transcript, &more, &error) < 0)
        fail_msg("%s", error.message);
    assert_false(more);
    assert_string_equal(transcript.text, "0012|1|1795168800000|00ff;12|0|1795168800123|415a;1.5|1|1795168800000|NULL;"
                                         "|0|1795168800123|;NULL|NULL|NULL|NULL;it's|1|1795168800500|3130;"
                                         "-9223372036854775807|1|NULL|31;x|1|1795168800000|31;");
    sqlite_ops.close(connection);
}

static void test_limits(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (3), (1), (2)");
    struct engine_connection *connection = observe(fixture);
    struct cell_request cell = {.column = "x", .form = CELL_TEXT};
    struct table_request request = {
        .schema = "", .table = "t", .cells = &cell, .cell_count = 1, .order_by = "x", .row_limit = 2};
    struct transcript transcript = {0};
    struct error error = {0};
    bool more = false;
    assert_int_equal(look(connection, &request, &transcript, &more, &error), 0);
    assert_true(more);
    assert_string_equal(transcript.text, "1;2;");
    request.row_limit = 3;
    assert_int_equal(look(connection, &request, &transcript, &more, &error), 0);
    assert_false(more);
    app_script(fixture, "DELETE FROM t; INSERT INTO t VALUES (printf('%.*c', 5000, 'x'))");
    transcript = (struct transcript){0};
    assert_int_equal(look(connection, &request, &transcript, &more, &error), 0);
    assert_int_equal(strlen(transcript.text), LIMIT_JOURNAL_CELL + 1);
    sqlite_ops.close(connection);
}

/* A name that is no column is never taken for a text, as SQLite by itself would. */
static void test_what_is_not_there(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1); CREATE VIEW broken AS SELECT * FROM gone");
    struct engine_connection *connection = observe(fixture);
    const struct {
        const char *table;
        const char *column;
        const char *order_by;
    } absent[] = {{"gone", "x", NULL}, {"t", "nothing", NULL}, {"t", "x", "nothing"}, {"broken", "x", NULL}};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        const struct cell_request cell = {.column = absent[i].column, .form = CELL_TEXT};
        const struct table_request request = {.schema = "",
                                              .table = absent[i].table,
                                              .cells = &cell,
                                              .cell_count = 1,
                                              .order_by = absent[i].order_by,
                                              .row_limit = 10};
        struct transcript transcript = {0};
        struct error error = {0};
        bool more = false;
        assert_int_equal(look(connection, &request, &transcript, &more, &error), -1);
        assert_int_equal(error.code, ERROR_NOT_FOUND);
    }
    assert_t(connection, "1;");
    sqlite_ops.close(connection);
}

static int refuse_row(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                      struct error *reterr)
{
    (void)payload, (void)cells, (void)lengths, (void)count;
    return error_set(reterr, ERROR_TRUNCATED, "enough");
}

static void test_sink_ends_the_reading(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)");
    struct engine_connection *connection = observe(fixture);
    const struct cell_request cell = {.column = "x", .form = CELL_TEXT};
    const struct table_request request = {.schema = "", .table = "t", .cells = &cell, .cell_count = 1, .row_limit = 10};
    const struct row_sink sink = {.row = refuse_row};
    struct error error = {0};
    bool more = false;
    assert_int_equal(sqlite_ops.begin_look(connection, deadline_in(10000), &error), 0);
    assert_int_equal(sqlite_ops.read_table(connection, &request, deadline_in(10000), &sink, &more, &error), -1);
    assert_int_equal(error.code, ERROR_TRUNCATED);
    assert_int_equal(sqlite_ops.end_look(connection, deadline_in(10000), &error), 0);
    assert_t(connection, "1;2;");
    sqlite_ops.close(connection);
}

static void probe(struct engine_connection *connection, struct engine_probe *ret_probe)
{
    struct error error = {0};
    if (sqlite_ops.probe(connection, deadline_in(10000), ret_probe, &error) < 0)
        fail_msg("%s", error.message);
}

static void check_probe(const struct fixture *fixture, const char *mode)
{
    sqlite3 *app = app_open(fixture);
    app_run(app, mode);
    app_run(app, "CREATE TABLE t(x)");
    struct engine_connection *connection = observe(fixture);
    struct engine_probe first = {0};
    struct engine_probe now = {0};
    probe(connection, &first);
    app_run(app, "INSERT INTO t VALUES (1)");
    probe(connection, &now);
    assert_string_equal(now.token, first.token);
    for (int i = 0; i < 50; i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "CREATE TABLE t%d(x)", i);
        app_run(app, sql);
        probe(connection, &now);
        assert_string_not_equal(now.token, first.token);
        first = now;
    }
    sqlite3_close(app);
    probe(connection, &now);
    assert_string_equal(now.token, first.token);
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db");
}

static void test_probe_rollback(void **state)
{
    check_probe(*state, "PRAGMA journal_mode=DELETE");
}

static void test_probe_wal(void **state)
{
    check_probe(*state, "PRAGMA journal_mode=WAL");
}

static void test_probe_of_what_is_gone(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x)");
    struct engine_connection *connection = observe(fixture);
    struct engine_probe first = {0};
    struct error error = {0};
    probe(connection, &first);
    unlink(fixture->path);
    assert_int_equal(sqlite_ops.probe(connection, deadline_in(10000), &first, &error), -1);
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    sqlite_ops.close(connection);
}

/* A view that never ends: the deadline ends it, and the connection is usable again. */
static void test_deadline(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1); CREATE VIEW endless AS WITH RECURSIVE n(x) AS "
                        "(SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT sum(x) AS x FROM n");
    struct engine_connection *connection = observe(fixture);
    const struct cell_request cell = {.column = "x", .form = CELL_TEXT};
    const struct table_request request = {
        .schema = "", .table = "endless", .cells = &cell, .cell_count = 1, .row_limit = 10};
    struct transcript transcript = {0};
    const struct row_sink sink = {.row = transcribe, .payload = &transcript};
    struct error error = {0};
    bool more = false;
    assert_int_equal(sqlite_ops.begin_look(connection, deadline_in(10000), &error), 0);
    assert_int_equal(sqlite_ops.read_table(connection, &request, deadline_in(50), &sink, &more, &error), -1);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    assert_int_equal(sqlite_ops.end_look(connection, deadline_in(0), &error), 0);
    assert_t(connection, "1;");
    error = (struct error){0};
    app_script(fixture, "INSERT INTO t VALUES (2)");
    assert_int_equal(sqlite_ops.begin_look(connection, deadline_in(0), &error), -1);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    assert_int_equal(sqlite_ops.end_look(connection, deadline_in(0), &error), 0);
    assert_t(connection, "1;2;");
    sqlite_ops.close(connection);
}

static void test_facts_and_lock(void **state)
{
    struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x)");
    const struct engine_target target = {.ops = &sqlite_ops, .database = fixture->path};
    const struct lock_request request = {.form = LOCK_NAMED, .name = "x"};
    struct engine_connection *connection = NULL;
    struct server_facts facts = {0};
    struct lock_report report = {.held = true};
    struct error error = {0};
    assert_int_equal(sqlite_ops.open(&target, PURPOSE_DEEP, deadline_in(10000), &connection, &facts, &error), 0);
    assert_string_equal(facts.engine, "sqlite");
    assert_string_equal(facts.version, sqlite3_libversion());
    assert_string_equal(facts.database, fixture->path);
    assert_string_equal(facts.role, "");
    assert_true(facts.absence_proven);
    assert_int_equal(sqlite_ops.read_lock(connection, &request, deadline_in(10000), &report, &error), 0);
    assert_false(report.held);
    sqlite_ops.close(connection);
    sqlite_ops.close(NULL);
}

static void test_memory(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture,
               "CREATE TABLE alembic_version(x); CREATE TABLE t(x); INSERT INTO t VALUES (printf('%.*c', 5000, 'x'))");
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        struct transcript transcript = {0};
        struct engine_connection *connection = NULL;
        OOM_CHECK(loop, observe_path(fixture->path, &connection, &error) == 0 &&
                            find(connection, known, 4, &transcript, &error) == 0 &&
                            look_at_t(connection, &transcript, &error) == 0);
        assert_true(error.code == ERROR_OK || error.code == ERROR_NO_MEMORY);
        sqlite_ops.close(connection);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_find_tables),
        TEST(test_cells),
        TEST(test_limits),
        TEST(test_what_is_not_there),
        TEST(test_sink_ends_the_reading),
        TEST(test_probe_rollback),
        TEST(test_probe_wal),
        TEST(test_probe_of_what_is_gone),
        TEST(test_deadline),
        TEST(test_facts_and_lock),
        TEST(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
