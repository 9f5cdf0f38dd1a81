/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands beside a database file before a look stands there after it, nothing else, whatever the application does
 * meanwhile; and what cannot be read is said, not guessed.
 */
#include "unit/engine/sqlite_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static const char wal_script[] = "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1), (2)";

static void test_rollback_journal(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    struct engine_connection *connection = observe(fixture);
    assert_t(connection, "1;");
    app_script(fixture, "INSERT INTO t VALUES (2); CREATE TABLE u(y)");
    assert_t(connection, "1;2;");
    assert_int_equal(relations_seen(connection), 2);
    assert_files(fixture, "app.db");
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db");
}

/* Between looks nothing is locked: a writer that wants everything gets it. */
static void test_no_lock_between_looks(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    struct engine_connection *connection = observe(fixture);
    assert_t(connection, "1;");
    sqlite3 *app = app_open(fixture);
    sqlite3_busy_timeout(app, 0);
    app_run(app, "BEGIN EXCLUSIVE; INSERT INTO t VALUES (2); COMMIT; PRAGMA journal_mode=WAL");
    assert_t(connection, "1;2;");
    app_run(app, "INSERT INTO t VALUES (3); PRAGMA journal_mode=DELETE; INSERT INTO t VALUES (4)");
    assert_t(connection, "1;2;3;4;");
    assert_int_equal(sqlite3_close(app), SQLITE_OK);
    assert_files(fixture, "app.db");
    sqlite_ops.close(connection);
}

static void test_wal_without_application(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, wal_script);
    assert_files(fixture, "app.db");
    struct engine_connection *connection = observe(fixture);
    assert_t(connection, "1;2;");
    assert_int_equal(relations_seen(connection), 1);
    assert_files(fixture, "app.db");
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db");
}

/* Content that stands in the -wal file only; the application closes while we are connected, and tidies up. */
static void test_wal_with_application(void **state)
{
    const struct fixture *fixture = *state;
    sqlite3 *app = app_open(fixture);
    app_run(app, wal_script);
    struct engine_connection *connection = observe(fixture);
    assert_t(connection, "1;2;");
    app_run(app, "INSERT INTO t VALUES (3)");
    assert_t(connection, "1;2;3;");
    app_run(app, "PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (4)");
    assert_t(connection, "1;2;3;4;");
    app_run(app, "PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES (5)");
    assert_t(connection, "1;2;3;4;5;");
    assert_files(fixture, "app.db app.db-shm app.db-wal");
    assert_int_equal(sqlite_ops.begin_look(connection, deadline_in(10000), NULL), 0);
    assert_int_equal(sqlite3_close(app), SQLITE_OK);
    assert_files(fixture, "app.db");
    struct error error = {0};
    assert_int_equal(sqlite_ops.end_look(connection, deadline_in(10000), &error), -1);
    assert_int_equal(error.code, ERROR_CHANGED);
    assert_t(connection, "1;2;3;4;5;");
    app_script(fixture, "INSERT INTO t VALUES (6)");
    assert_t(connection, "1;2;3;4;5;6;");
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db");
}

/* Many commits in one moment, each of them to be seen: nothing may be remembered that has not settled. */
static void test_wal_every_commit_is_seen(void **state)
{
    const struct fixture *fixture = *state;
    sqlite3 *app = app_open(fixture);
    app_run(app, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=3; CREATE TABLE t(x); "
                 "INSERT INTO t VALUES (0)");
    struct engine_connection *connection = observe(fixture);
    for (int i = 1; i < 500; i++) {
        char sql[64];
        char expected[32];
        struct transcript transcript = {0};
        struct error error = {0};
        snprintf(sql, sizeof(sql), "UPDATE t SET x = %d", i);
        snprintf(expected, sizeof(expected), "%d;", i);
        app_run(app, sql);
        if (look_at_t(connection, &transcript, &error) == 0)
            assert_string_equal(transcript.text, expected);
        else
            assert_int_equal(error.code, ERROR_CHANGED);
    }
    sqlite3_close(app);
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db");
}

/* A crash leaves -wal, perhaps -shm: what was committed is read, and both stay as they were. */
static void test_wal_after_crash(void **state)
{
    const struct fixture *fixture = *state;
    char main_copy[128];
    char wal[128];
    char wal_copy[128];
    snprintf(main_copy, sizeof(main_copy), "%s/copy", fixture->folder);
    snprintf(wal_copy, sizeof(wal_copy), "%s/copy-wal", fixture->folder);
    snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
    sqlite3 *app = app_open(fixture);
    app_run(app, wal_script);
    copy_file(fixture->path, main_copy);
    copy_file(wal, wal_copy);
    assert_int_equal(sqlite3_close(app), SQLITE_OK);
    assert_files(fixture, "app.db copy copy-wal");
    struct engine_connection *connection = NULL;
    assert_int_equal(observe_path(main_copy, &connection, NULL), 0);
    assert_t(connection, "1;2;");
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db copy copy-wal");
    assert_int_equal(truncate(wal_copy, 0), 0);
    assert_int_equal(observe_path(main_copy, &connection, NULL), 0);
    assert_look_fails(connection, ERROR_NOT_FOUND, "no such table");
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db copy copy-wal");
}

static void test_read_only_folder(void **state)
{
    const struct fixture *fixture = *state;
    sqlite3 *app = app_open(fixture);
    app_run(app, wal_script);
    assert_int_equal(chmod(fixture->folder, 0500), 0);
    struct engine_connection *connection = observe(fixture);
    assert_t(connection, "1;2;");
    sqlite_ops.close(connection);
    assert_int_equal(chmod(fixture->folder, 0700), 0);
    sqlite3_close(app);
    assert_files(fixture, "app.db");
}

/* Two tables that are always changed together are never seen apart, whatever the application does, and when it has
 * gone it leaves what it would have left without us. */
static void run_application(const struct fixture *fixture, const char *mode)
{
    for (int i = 0;; i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                 "PRAGMA journal_mode=%s; PRAGMA synchronous=OFF; BEGIN IMMEDIATE; UPDATE t SET x = x + 1; "
                 "UPDATE u SET x = x + 1; %s; COMMIT",
                 mode, i % 3 ? "SELECT 1" : "INSERT INTO filler VALUES (randomblob(20000))");
        sqlite3 *app = NULL;
        if (sqlite3_open(fixture->path, &app) == SQLITE_OK) {
            sqlite3_busy_timeout(app, 5000);
            for (int n = 0; n < i % 7; n++)
                sqlite3_exec(app, sql, NULL, NULL, NULL);
        }
        sqlite3_close(app);
    }
}

static void race(const struct fixture *fixture, const char *mode)
{
    static const struct cell_request cells[] = {{.column = "t", .form = CELL_TEXT}, {.column = "u", .form = CELL_TEXT}};
    static const struct table_request request = {
        .schema = "", .table = "pair", .cells = cells, .cell_count = 2, .row_limit = 10};
    app_script(fixture, "CREATE TABLE t(x); CREATE TABLE u(x); CREATE TABLE filler(x); INSERT INTO t VALUES (1); "
                        "INSERT INTO filler VALUES (randomblob(300000)); INSERT INTO u VALUES (1); "
                        "CREATE VIEW pair AS SELECT t.x AS t, u.x AS u FROM t, u");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_application(fixture, mode);
    struct engine_connection *connection = observe(fixture);
    int good = 0;
    for (int looks = 0; looks < 20000 && good < 400; looks++) {
        struct transcript transcript = {0};
        struct error error = {0};
        bool more = false;
        if (look(connection, &request, &transcript, &more, &error) < 0) {
            if (error.code != ERROR_CHANGED && error.code != ERROR_LOCKED)
                fail_msg("%s: %s", error_code_name(error.code), error.message);
            continue;
        }
        char *bar = strchr(transcript.text, '|');
        assert_non_null(bar);
        assert_int_equal(atoll(transcript.text), atoll(bar + 1));
        good++;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    sqlite_ops.close(connection);
    assert_true(good >= 400);
    /* The next change repairs what the kill left; one that changes no byte would leave an empty journal. */
    app_script(fixture, "UPDATE t SET x = x + 1");
    assert_files(fixture, "app.db");
}

static void test_race_wal(void **state)
{
    race(*state, "WAL");
}

static void test_race_rollback(void **state)
{
    race(*state, "DELETE");
}

static void test_hot_journal(void **state)
{
    const struct fixture *fixture = *state;
    char journal[128];
    char copy[128];
    char journal_copy[128];
    snprintf(journal, sizeof(journal), "%s-journal", fixture->path);
    snprintf(copy, sizeof(copy), "%s/copy", fixture->folder);
    snprintf(journal_copy, sizeof(journal_copy), "%s/copy-journal", fixture->folder);
    sqlite3 *app = app_open(fixture);
    app_run(app, "PRAGMA cache_size=1; CREATE TABLE t(x); INSERT INTO t VALUES (1); BEGIN; "
                 "UPDATE t SET x = 2; CREATE TABLE big(y); "
                 "INSERT INTO big WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) "
                 "SELECT randomblob(4000) FROM n");
    copy_file(fixture->path, copy);
    copy_file(journal, journal_copy);
    app_run(app, "ROLLBACK");
    sqlite3_close(app);
    struct engine_connection *connection = NULL;
    assert_int_equal(observe_path(copy, &connection, NULL), 0);
    assert_look_fails(connection, ERROR_INVALID, "rolled back");
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db copy copy-journal");
    connection = observe(fixture);
    assert_t(connection, "1;");
    sqlite_ops.close(connection);
}

static void test_locked_by_a_writer(void **state)
{
    const struct fixture *fixture = *state;
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    struct engine_connection *connection = observe(fixture);
    sqlite3 *app = app_open(fixture);
    app_run(app, "BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)");
    assert_look_fails(connection, ERROR_LOCKED, "locked by a writer");
    app_run(app, "ROLLBACK; BEGIN IMMEDIATE; INSERT INTO t VALUES (3)");
    assert_t(connection, "1;");
    app_run(app, "COMMIT");
    assert_t(connection, "1;3;");
    sqlite3_close(app);
    sqlite_ops.close(connection);
}

static void assert_refused(const char *path, enum error_code code, const char *words)
{
    struct engine_connection *connection = NULL;
    struct error error = {0};
    assert_int_equal(observe_path(path, &connection, &error), -1);
    assert_null(connection);
    if (error.code != code || !strstr(error.message, words))
        fail_msg("%s: %s", error_code_name(error.code), error.message);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_what_is_no_database(void **state)
{
    const struct fixture *fixture = *state;
    assert_refused(fixture->path, ERROR_NOT_FOUND, "No such file");
    assert_refused(fixture->folder, ERROR_INVALID, "a directory");
    assert_refused("", ERROR_INVALID, "no file");
    assert_files(fixture, "");
    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    assert_refused(fixture->path, ERROR_INVALID, "a special file");
    unlink(fixture->path);
    write_text(fixture->path, "short");
    assert_refused(fixture->path, ERROR_INVALID, "not an SQLite database");
    FILE *file = fopen(fixture->path, "we");
    for (int i = 0; i < 8192; i++)
        fputc((i * 7919) & 0xff, file);
    fclose(file);
    assert_refused(fixture->path, ERROR_INVALID, "encrypted");
    assert_files(fixture, "app.db");
}

static void test_empty_file(void **state)
{
    const struct fixture *fixture = *state;
    write_text(fixture->path, "");
    struct engine_connection *connection = observe(fixture);
    assert_int_equal(relations_seen(connection), 0);
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (7)");
    assert_t(connection, "7;");
    sqlite_ops.close(connection);
    assert_files(fixture, "app.db");
}

static void test_replaced_file(void **state)
{
    const struct fixture *fixture = *state;
    char copy[128];
    snprintf(copy, sizeof(copy), "%s/new.db", fixture->folder);
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    struct engine_connection *connection = observe(fixture);
    assert_t(connection, "1;");
    copy_file(fixture->path, copy);
    app_script(fixture, "UPDATE t SET x = 2");
    assert_t(connection, "2;");
    assert_int_equal(rename(copy, fixture->path), 0);
    assert_t(connection, "1;");
    unlink(fixture->path);
    assert_look_fails(connection, ERROR_NOT_FOUND, "No such file");
    assert_files(fixture, "");
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (3)");
    assert_t(connection, "3;");
    sqlite_ops.close(connection);
}

/* A file of a name that SQLite would take for a URI. */
static void test_names(void **state)
{
    const struct fixture *fixture = *state;
    char odd[128];
    snprintf(odd, sizeof(odd), "%s/a?b%%20c#d", fixture->folder);
    app_script(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    assert_int_equal(rename(fixture->path, odd), 0);
    struct engine_connection *connection = NULL;
    assert_int_equal(observe_path(odd, &connection, NULL), 0);
    assert_t(connection, "1;");
    sqlite_ops.close(connection);
    assert_refused("file:/etc/passwd?mode=ro", ERROR_NOT_FOUND, "No such file");
}

/* Opens, reads the schema and the table; whatever comes out, it is said. Returns whether anything was refused. */
static bool read_damaged(const char *path)
{
    struct engine_connection *connection = NULL;
    struct error error = {0};
    struct transcript transcript = {0};
    cleanup(schema) struct schema *schema = NULL;
    bool refused = observe_path(path, &connection, &error) < 0 || read_schema(connection, &schema, &error) < 0 ||
                   look_at_t(connection, &transcript, &error) < 0;
    assert_true(!refused || (error.code != ERROR_OK && error.message[0]));
    sqlite_ops.close(connection);
    return refused;
}

/* Turns one bit after the other of `victim` and reads `path`. */
static int read_with_turned_bits(const char *victim, const char *path)
{
    struct stat status = {0};
    int refused = 0;
    int fd = open(victim, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    for (off_t at = 0; at < status.st_size; at += at < 256 ? 1 : 13) {
        unsigned char byte = 0;
        unsigned char mask = (unsigned char)(1u << (at % 8));
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= mask;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        refused += read_damaged(path);
        byte ^= mask;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    close(fd);
    return refused;
}

/* Files with bits turned over or an end missing: nothing breaks, and nothing appears beside them. */
static void test_damage(void **state)
{
    const struct fixture *fixture = *state;
    char wal[128];
    char copy[128];
    char wal_copy[128];
    snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
    snprintf(copy, sizeof(copy), "%s/copy", fixture->folder);
    snprintf(wal_copy, sizeof(wal_copy), "%s/copy-wal", fixture->folder);
    sqlite3 *app = app_open(fixture);
    app_run(app,
            "PRAGMA page_size=512; PRAGMA journal_mode=WAL; CREATE TABLE t(x INT, y TEXT DEFAULT 'z' CHECK (x > 0)); "
            "CREATE INDEX ix ON t(x, lower(y)); CREATE VIEW v AS SELECT x FROM t; "
            "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
    copy_file(wal, wal_copy);
    copy_file(fixture->path, copy);
    assert_true(read_with_turned_bits(wal_copy, copy) > 10);
    unlink(wal_copy);
    app_run(app, "PRAGMA wal_checkpoint(PASSIVE)");
    copy_file(fixture->path, copy);
    sqlite3_close(app);
    assert_true(read_with_turned_bits(copy, copy) > 10);
    struct stat status = {0};
    assert_int_equal(stat(copy, &status), 0);
    for (off_t size = status.st_size - 1; size > 0; size -= 97) {
        assert_int_equal(truncate(copy, size), 0);
        bool refused = read_damaged(copy);
        assert_true(refused || size > status.st_size - 512); /* of the last page, a part need not be missed */
    }
    assert_files(fixture, "app.db copy");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_rollback_journal),
        TEST(test_no_lock_between_looks),
        TEST(test_wal_without_application),
        TEST(test_wal_with_application),
        TEST(test_wal_every_commit_is_seen),
        TEST(test_wal_after_crash),
        TEST(test_read_only_folder),
        TEST(test_race_wal),
        TEST(test_race_rollback),
        TEST(test_hot_journal),
        TEST(test_locked_by_a_writer),
        TEST(test_what_is_no_database),
        TEST(test_empty_file),
        TEST(test_replaced_file),
        TEST(test_names),
        TEST(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
