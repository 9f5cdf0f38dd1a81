/* SPDX-License-Identifier: Apache-2.0
 *
 * References of every kind from files: what is named, what is found there, how it fails, and that nothing is left
 * behind.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "engine/scratch.h"
#include "model/schema_json.h"
#include "reference/reference.h"
#include "support/oom.h"

/* Every test's own folder, which is also where scratch files go. */
struct fixture {
    char folder[64];
    char path[160];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/migrationd-reference-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    setenv("TMPDIR", fixture->folder, 1);
    *state = fixture;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(nftw(fixture->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    unsetenv("TMPDIR");
    free(fixture);
    return 0;
}

static const char *path_of(struct fixture *fixture, const char *name)
{
    snprintf(fixture->path, sizeof fixture->path, "%s/%s", fixture->folder, name);
    return fixture->path;
}

static void make_folder(struct fixture *fixture, const char *name)
{
    assert_int_equal(mkdir(path_of(fixture, name), 0700), 0);
}

static void write_bytes(struct fixture *fixture, const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(path_of(fixture, name), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void write_text(struct fixture *fixture, const char *name, const char *text)
{
    write_bytes(fixture, name, text, strlen(text));
}

/* Nothing but what the test put there. */
static size_t count_scratches(struct fixture *fixture)
{
    size_t count = 0;
    DIR *directory = opendir(fixture->folder);
    assert_non_null(directory);
    for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
        count += strncmp(entry->d_name, "migrationd_scratch_", 19) == 0;
    closedir(directory);
    return count;
}

static struct reference_request request_of(struct fixture *fixture, enum reference_kind kind, const char *name)
{
    return (struct reference_request){.kind = kind, .path = path_of(fixture, name), .deadline = deadline_in(60000)};
}

/* Loads, or fails with that code and a message that has `text` in it. */
static void expect_failure(const struct reference_request *request, enum error_code code, const char *text)
{
    struct reference reference = {0};
    struct error error = {0};
    assert_int_equal(reference_load(request, &reference, &error), -1);
    if (error.code != code || !strstr(error.message, text))
        fail_msg("%s: %s", error_code_name(error.code), error.message);
    assert_null(reference.schema);
}

static void expect_tables(const struct reference_request *request, size_t tables, const char *revision)
{
    cleanup(reference) struct reference reference = {0};
    struct error error = {0};
    if (reference_load(request, &reference, &error) < 0)
        fail_msg("%s", error.message);
    assert_false(reference.ahead);
    assert_non_null(reference.schema);
    assert_int_equal(schema_table_count(reference.schema), tables);
    assert_string_equal(reference.revision, revision);
}

static void expect_ahead(const struct reference_request *request, const char *reason)
{
    cleanup(reference) struct reference reference = {0};
    struct error error = {0};
    assert_int_equal(reference_load(request, &reference, &error), 0);
    assert_true(reference.ahead);
    assert_null(reference.schema);
    assert_string_equal(reference.reason, reason);
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        enum reference_kind kind;
        const char *path;
    } cases[] = {
        {"drizzle:./drizzle", REFERENCE_DRIZZLE, "./drizzle"}, {"rails:db/schema.rb", REFERENCE_RAILS, "db/schema.rb"},
        {"sql:/a b/c.sql", REFERENCE_SQL, "/a b/c.sql"},       {"baseline:x", REFERENCE_BASELINE, "x"},
        {"/dev/null", REFERENCE_BASELINE, "/dev/null"},
    };
    static const char *const others[] = {"", "sql:", "postgresql://a/b", "sqlite:///x.db", "Sql:x", "/no/such/file"};
    enum reference_kind kind = REFERENCE_KINDS;
    const char *path = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_true(reference_parse(cases[i].text, &kind, &path));
        assert_int_equal(kind, cases[i].kind);
        assert_string_equal(path, cases[i].path);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        assert_false(reference_parse(others[i], &kind, &path));
    assert_string_equal(reference_kind_name(REFERENCE_SQL), "sql");
}

static const char empty_baseline[] = "{\"format\":\"migrationd-schema\",\"version\":2,\"canonical_version\":1,"
                                     "\"engine\":\"postgres\",\"truncated\":false,%s\"tables\":[],\"views\":[]}";

static void write_baseline(struct fixture *fixture, const char *journals)
{
    char text[1024] = "";
    snprintf(text, sizeof text, empty_baseline, journals);
    write_text(fixture, "baseline.json", text);
}

static void test_baseline(void **state)
{
    struct fixture *fixture = *state;
    const char *applied[] = {"b2"};
    const char *both[] = {"b2", "a1"};
    write_baseline(fixture, "");
    struct reference_request request = request_of(fixture, REFERENCE_BASELINE, "baseline.json");
    request.applied = applied;
    request.applied_count = 1;
    expect_tables(&request, 0, ""); /* it does not say where it stands: used as it is */
    write_baseline(fixture, "\"journals\":[{\"tool\":\"alembic\",\"table\":\"public.alembic_version\","
                            "\"heads\":[\"a1\",\"b2\"]}],");
    expect_ahead(&request, "the baseline stands at a1, b2, the database at b2");
    request.applied = both;
    request.applied_count = 2;
    expect_tables(&request, 0, "a1, b2");
    request.applied_count = 0;
    expect_ahead(&request, "the baseline stands at a1, b2, the database at no revision");
    request.tool = "flyway"; /* of which the file says nothing */
    expect_tables(&request, 0, "");
    request.tool = NULL;
    request.applied = NULL;
    expect_tables(&request, 0, "a1, b2");
}

static void test_bad_baselines(void **state)
{
    static const struct {
        const char *text;
        enum error_code code;
        const char *message;
    } cases[] = {
        {"", ERROR_INVALID, "is empty"},
        {"{\"format\":\"migrationd-schema\",", ERROR_INVALID, "baseline.json:1:"},
        {"[]", ERROR_INVALID, "baseline.json"},
        {"{\"format\":\"other\"}", ERROR_INVALID, "baseline.json"},
        {"{\"format\":\"migrationd-schema\",\"version\":99,\"engine\":\"postgres\"}", ERROR_UNSUPPORTED, "99"},
        {"\x7f\x45LF", ERROR_INVALID, "baseline.json:1:"},
    };
    struct fixture *fixture = *state;
    struct reference_request request = request_of(fixture, REFERENCE_BASELINE, "baseline.json");
    expect_failure(&request, ERROR_NOT_FOUND, "baseline.json");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        write_text(fixture, "baseline.json", cases[i].text);
        expect_failure(&request, cases[i].code, cases[i].message);
    }
    request.path = fixture->folder;
    expect_failure(&request, ERROR_INVALID, "not a regular file");
}

static struct schema *sqlite_schema(void)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    struct schema *schema = NULL;
    struct error error = {0};
    assert_non_null(builder);
    schema_builder_dialect(builder, &dialect_sqlite);
    schema_builder_server(builder, "sqlite", "3.40.1");
    assert_int_equal(schema_builder_seal(builder, &schema, &error), 0);
    return schema;
}

static void test_baseline_of_other_engine(void **state)
{
    struct fixture *fixture = *state;
    cleanup(schema) struct schema *live = sqlite_schema();
    write_baseline(fixture, "");
    struct reference_request request = request_of(fixture, REFERENCE_BASELINE, "baseline.json");
    request.live = live;
    expect_failure(&request, ERROR_UNSUPPORTED, "of a postgres database, and this is a sqlite one");
}

static void test_sql_file(void **state)
{
    struct fixture *fixture = *state;
    write_text(fixture, "schema.sql",
               "-- a comment; with a semicolon\nCREATE TABLE a (id integer primary key);\n"
               "CREATE TRIGGER tr AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;\n"
               "INSERT INTO a VALUES (1);\nCREATE VIEW v AS SELECT id FROM a;\n");
    struct reference_request request = request_of(fixture, REFERENCE_SQL, "schema.sql");
    expect_tables(&request, 1, "");
    assert_int_equal(count_scratches(fixture), 0);
}

static void test_bad_sql(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"CREATE TABLE a (id integer);\n\nCREATE TABLE a (id integer);\n", "bad.sql:3: table a already exists"},
        {"CREATE TABLE a (\n", "bad.sql:1: incomplete input"},
        {"SELECT 1;\nATTACH 'other.db' AS o;\n", "bad.sql:2: reaches beyond the scratch database"},
        {"CREATE TABLE a (id integer);\nVACUUM INTO 'copy.db';\n", "bad.sql:2: "},
        {"SELECT load_extension('x');\n", "bad.sql:1: "},
        {".read other.sql\n", "bad.sql:1: commands of the sqlite3 shell are not carried out here"},
        {"SELECT 'open\n", "bad.sql:1: "},
    };
    struct fixture *fixture = *state;
    struct reference_request request = request_of(fixture, REFERENCE_SQL, "bad.sql");
    expect_failure(&request, ERROR_NOT_FOUND, "bad.sql");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        write_text(fixture, "bad.sql", cases[i].text);
        expect_failure(&request, ERROR_INVALID, cases[i].message);
        assert_int_equal(count_scratches(fixture), 0);
    }
    write_bytes(fixture, "bad.sql", "SELECT 1;\0SELECT 2;", 19);
    expect_failure(&request, ERROR_INVALID, "NUL");
}

/* A statement that never ends, and a signal in the middle: both end, and both leave nothing. */
static void test_sql_that_is_stopped(void **state)
{
    static const char endless[] =
        "CREATE TABLE a (id integer);\nWITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
        "FROM c) SELECT count(*) FROM c;\n";
    volatile sig_atomic_t stop = 1;
    struct fixture *fixture = *state;
    write_text(fixture, "endless.sql", endless);
    struct reference_request request = request_of(fixture, REFERENCE_SQL, "endless.sql");
    request.deadline = deadline_in(50);
    expect_failure(&request, ERROR_TIMEOUT, "endless.sql:2: ");
    request.deadline = deadline_in(60000);
    request.stop = &stop;
    expect_failure(&request, ERROR_TIMEOUT, "told to stop");
    assert_int_equal(count_scratches(fixture), 0);
}

/* A killed process's folder goes with the next scratch, a young one and what is not ours stay. */
static void test_leftovers(void **state)
{
    struct fixture *fixture = *state;
    const struct timespec old[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    make_folder(fixture, "migrationd_scratch_oldone");
    write_text(fixture, "migrationd_scratch_oldone/scratch.db", "x");
    assert_int_equal(utimensat(AT_FDCWD, path_of(fixture, "migrationd_scratch_oldone"), old, 0), 0);
    make_folder(fixture, "migrationd_scratch_young1");
    make_folder(fixture, "migrationd_scratch_foreign");
    write_text(fixture, "migrationd_scratch_foreign/mine.txt", "x");
    assert_int_equal(utimensat(AT_FDCWD, path_of(fixture, "migrationd_scratch_foreign"), old, 0), 0);
    write_text(fixture, "schema.sql", "CREATE TABLE a (id integer);");
    struct reference_request request = request_of(fixture, REFERENCE_SQL, "schema.sql");
    expect_tables(&request, 1, "");
    assert_int_not_equal(access(path_of(fixture, "migrationd_scratch_oldone"), F_OK), 0);
    assert_int_equal(access(path_of(fixture, "migrationd_scratch_young1"), F_OK), 0);
    assert_int_equal(access(path_of(fixture, "migrationd_scratch_foreign/mine.txt"), F_OK), 0);
}

static void test_flyway_directory(void **state)
{
    struct fixture *fixture = *state;
    const char *first[] = {"1"};
    const char *later[] = {"9"};
    make_folder(fixture, "sql");
    write_text(fixture, "sql/V1__a.sql", "CREATE TABLE a (id integer);");
    write_text(fixture, "sql/V2__b.sql", "CREATE TABLE b (id integer);");
    write_text(fixture, "sql/R__view.sql", "CREATE VIEW v AS SELECT id FROM a;");
    struct reference_request request = request_of(fixture, REFERENCE_SQL, "sql");
    char folder[160] = "";
    snprintf(folder, sizeof folder, "%s", request.path);
    request.path = folder;
    expect_tables(&request, 2, "2");
    request.applied = first;
    request.applied_count = 1;
    expect_tables(&request, 1, "1");
    request.applied = later;
    expect_ahead(&request, "the directory stands at 2, the database at 9");
    request.applied = NULL;
    write_text(fixture, "sql/V3__c.sql", "SELECT 1;\nCREATE TABLE ${name} (id integer);");
    expect_failure(&request, ERROR_INVALID, "V3__c.sql:2: has a placeholder");
    assert_int_equal(count_scratches(fixture), 0);
}

/* What undoes a migration stands in the same file. */
static void test_down_sections(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *folder;
        const char *up;
        const char *down;
    } tools[] = {{"dbmate", "-- migrate:up", "-- migrate:down"}, {"goose", "-- +goose Up", "-- +goose Down"}};
    for (size_t i = 0; i < ARRAY_LENGTH(tools); i++) {
        char name[64] = "";
        char text[128] = "";
        char folder[160] = "";
        make_folder(fixture, tools[i].folder);
        snprintf(name, sizeof name, "%s/1_a.sql", tools[i].folder);
        snprintf(text, sizeof text, "%s\nCREATE TABLE a (id integer);\n%s\nDROP TABLE a;\n", tools[i].up,
                 tools[i].down);
        write_text(fixture, name, text);
        struct reference_request request = request_of(fixture, REFERENCE_SQL, tools[i].folder);
        snprintf(folder, sizeof folder, "%s", request.path);
        request.path = folder;
        expect_tables(&request, 1, "1");
    }
}

/* Files of tools that are not known here: in the order of their numbers, without what undoes them. */
static void test_plain_directory(void **state)
{
    struct fixture *fixture = *state;
    const char *second[] = {"2"};
    const char *later[] = {"11"};
    make_folder(fixture, "plain");
    write_text(fixture, "plain/10_c.sql", "CREATE TABLE c (id integer);\n-- Down Migration\nDROP TABLE b;\n");
    write_text(fixture, "plain/2_b.up.sql", "CREATE TABLE b (id integer);");
    write_text(fixture, "plain/2_b.down.sql", "DROP TABLE b;");
    write_text(fixture, "plain/001_a.sql", "CREATE TABLE a (id integer);");
    write_text(fixture, "plain/README.md", "no SQL");
    struct reference_request request = request_of(fixture, REFERENCE_SQL, "plain");
    char folder[160] = "";
    snprintf(folder, sizeof folder, "%s", request.path);
    request.path = folder;
    expect_tables(&request, 3, "10");
    request.applied = second;
    request.applied_count = 1;
    expect_tables(&request, 2, "2");
    request.applied = later;
    expect_ahead(&request, "the directory stands at 10, the database at 11");
    request.tool = "nobody";
    expect_ahead(&request, "the directory stands at 10, the database at 11");
    request.applied = NULL;
    request.tool = "flyway";
    expect_failure(&request, ERROR_INVALID, "Flyway");
    make_folder(fixture, "nothing");
    request = request_of(fixture, REFERENCE_SQL, "nothing");
    expect_failure(&request, ERROR_INVALID, "does not look like the migrations of any known tool");
}

static struct schema *postgres_schema(void)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    struct schema *schema = NULL;
    struct error error = {0};
    assert_non_null(builder);
    schema_builder_dialect(builder, &dialect_postgres);
    schema_builder_server(builder, "postgres", "15.1");
    assert_int_equal(schema_builder_seal(builder, &schema, &error), 0);
    return schema;
}

static void test_no_server_for_sql(void **state)
{
    struct fixture *fixture = *state;
    cleanup(schema) struct schema *live = postgres_schema();
    write_text(fixture, "schema.sql", "CREATE TABLE a (id integer);");
    struct reference_request request = request_of(fixture, REFERENCE_SQL, "schema.sql");
    request.live = live;
    expect_failure(&request, ERROR_UNSUPPORTED, "takes a server for a scratch database");
}

static void write_drizzle(struct fixture *fixture)
{
    make_folder(fixture, "drizzle");
    make_folder(fixture, "drizzle/meta");
    write_text(fixture, "drizzle/0000_one.sql", "CREATE TABLE a (id integer);");
    write_text(fixture, "drizzle/0001_two.sql", "CREATE TABLE b (id integer);");
    write_text(fixture, "drizzle/meta/_journal.json",
               "{\"version\":\"7\",\"dialect\":\"sqlite\",\"entries\":["
               "{\"idx\":0,\"when\":10,\"tag\":\"0001_two\"},{\"idx\":1,\"when\":20,\"tag\":\"0000_one\"}]}");
    write_text(fixture, "drizzle/meta/0001_snapshot.json",
               "{\"version\":\"6\",\"dialect\":\"sqlite\",\"tables\":{\"b\":{\"name\":\"b\",\"columns\":{\"id\":"
               "{\"name\":\"id\",\"type\":\"integer\"}}}}}");
    write_text(fixture, "drizzle/meta/0000_snapshot.json",
               "{\"version\":\"6\",\"dialect\":\"sqlite\",\"tables\":{\"a\":{\"name\":\"a\",\"columns\":{\"id\":"
               "{\"name\":\"id\",\"type\":\"integer\"}}},\"b\":{\"name\":\"b\",\"columns\":{\"id\":"
               "{\"name\":\"id\",\"type\":\"integer\"}}}}}");
}

/* The order is the journal's, whatever the files are called; the database may know a migration by its time only. */
static void test_drizzle(void **state)
{
    static const char *const folders[] = {"drizzle", "drizzle/", "drizzle/meta", "."};
    struct fixture *fixture = *state;
    const char *tag[] = {"0001_two"};
    const char *time[] = {"10"};
    const char *other[] = {"0002_three"};
    write_drizzle(fixture);
    for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
        struct reference_request request = request_of(fixture, REFERENCE_DRIZZLE, folders[i]);
        expect_tables(&request, 2, "0000_one");
    }
    struct reference_request request = request_of(fixture, REFERENCE_DRIZZLE, "drizzle");
    request.applied = tag;
    request.applied_count = 1;
    expect_tables(&request, 1, "0001_two");
    request.applied = time;
    expect_tables(&request, 1, "0001_two");
    request.applied = other;
    expect_ahead(&request, "the directory stands at 0000_one, the database at 0002_three");
    request.applied_count = 0;
    expect_tables(&request, 0, "");
    assert_int_equal(count_scratches(fixture), 0);
    request.path = "/no/such/folder";
    expect_failure(&request, ERROR_NOT_FOUND, "/no/such/folder");
    unlink(path_of(fixture, "drizzle/meta/0000_snapshot.json"));
    request = request_of(fixture, REFERENCE_DRIZZLE, "drizzle");
    expect_failure(&request, ERROR_NOT_FOUND, "0000_snapshot.json");
}

static const char schema_rb[] = "ActiveRecord::Schema[7.1].define(version: 2024_01_02_030405) do\n"
                                "  create_table \"people\" do |t|\n    t.string \"name\", limit: 10\n  end\n"
                                "  create_table \"posts\" do |t|\n    t.integer \"person_id\"\n"
                                "    t.index [\"person_id\"], name: \"by_person\"\n  end\n"
                                "  add_foreign_key \"posts\", \"people\"\nend\n";

static void test_rails(void **state)
{
    struct fixture *fixture = *state;
    const char *applied[] = {"20240102030405"};
    const char *older[] = {"20230101000000"};
    write_text(fixture, "schema.rb", schema_rb);
    struct reference_request request = request_of(fixture, REFERENCE_RAILS, "schema.rb");
    expect_tables(&request, 2, "20240102030405");
    request.applied = applied;
    request.applied_count = 1;
    expect_tables(&request, 2, "20240102030405");
    request.applied = older;
    expect_ahead(&request, "schema.rb stands at 20240102030405, the database at 20230101000000");
    write_text(fixture, "virtual.rb",
               "ActiveRecord::Schema[8.0].define(version: 1) do\n  create_table \"posts\" do |t|\n  end\n"
               "  create_virtual_table \"texts\", \"fts5\", [\"title\", \"tokenize='porter'\"]\nend\n");
    request = request_of(fixture, REFERENCE_RAILS, "virtual.rb");
    expect_tables(&request, 2, "1");
    write_text(fixture, "structure.sql", "CREATE TABLE a (id integer);");
    request = request_of(fixture, REFERENCE_RAILS, "structure.sql");
    expect_tables(&request, 1, "");
    write_text(fixture, "structure.sql",
               "CREATE TABLE a (id integer);\nCREATE TABLE schema_migrations (version text);\n"
               "INSERT INTO \"schema_migrations\" (version) VALUES\n('20240102030405'),\n('20230101000000');\n");
    expect_tables(&request, 2, "20240102030405");
    request.applied = older;
    request.applied_count = 1;
    expect_ahead(&request, "structure.sql stands at 20240102030405, the database at 20230101000000");
    assert_int_equal(count_scratches(fixture), 0);
}

static void test_stamp(void **state)
{
    struct fixture *fixture = *state;
    uint64_t first = 0;
    uint64_t second = 0;
    struct error error = {0};
    write_text(fixture, "schema.sql", "x");
    assert_int_equal(reference_stamp(REFERENCE_SQL, path_of(fixture, "schema.sql"), &first, &error), 0);
    assert_int_equal(reference_stamp(REFERENCE_SQL, fixture->path, &second, &error), 0);
    assert_true(first == second);
    write_text(fixture, "schema.sql", "longer");
    assert_int_equal(reference_stamp(REFERENCE_SQL, fixture->path, &second, &error), 0);
    assert_true(first != second);
    write_drizzle(fixture);
    assert_int_equal(reference_stamp(REFERENCE_DRIZZLE, path_of(fixture, "drizzle"), &first, &error), 0);
    write_text(fixture, "drizzle/meta/0000_snapshot.json", "{}");
    assert_int_equal(reference_stamp(REFERENCE_DRIZZLE, path_of(fixture, "drizzle"), &second, &error), 0);
    assert_true(first != second);
    assert_int_equal(reference_stamp(REFERENCE_BASELINE, fixture->folder, &second, &error), -1);
    assert_int_equal(reference_stamp(REFERENCE_SQL, "/no/such", &second, &error), -1);
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

/* Each kind with every allocation refused in turn: it says so, leaks nothing and leaves nothing behind. */
static void check_allocations(struct fixture *fixture, const struct reference_request *request)
{
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(reference) struct reference reference = {0};
        struct error error = {0};
        OOM_CHECK(loop, reference_load(request, &reference, &error) == 0);
        if (loop.refused)
            assert_string_equal(error.message, "out of memory");
    }
    assert_int_equal(count_scratches(fixture), 0);
}

static void test_allocation_failures(void **state)
{
    struct fixture *fixture = *state;
    write_baseline(fixture, "\"journals\":[{\"tool\":\"t\",\"table\":\"x\",\"heads\":[\"a\"]}],");
    write_text(fixture, "schema.rb", schema_rb);
    write_text(fixture, "schema.sql", "CREATE TABLE a (id integer);");
    write_drizzle(fixture);
    struct reference_request request = request_of(fixture, REFERENCE_RAILS, "schema.rb");
    check_allocations(fixture, &request);
    request = request_of(fixture, REFERENCE_SQL, "schema.sql");
    check_allocations(fixture, &request);
    request = request_of(fixture, REFERENCE_DRIZZLE, "drizzle");
    check_allocations(fixture, &request);
}

/* Without a live counterpart, and with one: the reference itself, read for PostgreSQL. */
static void test_allocation_failures_for_postgres(void **state)
{
    struct fixture *fixture = *state;
    cleanup(schema) struct schema *empty = postgres_schema();
    cleanup(reference) struct reference whole = {0};
    struct error error = {0};
    write_text(fixture, "schema.rb", schema_rb);
    struct reference_request request = request_of(fixture, REFERENCE_RAILS, "schema.rb");
    request.live = empty;
    check_allocations(fixture, &request);
    assert_int_equal(reference_load(&request, &whole, &error), 0);
    request.live = whole.schema;
    check_allocations(fixture, &request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        TEST(test_baseline),
        TEST(test_bad_baselines),
        TEST(test_baseline_of_other_engine),
        TEST(test_sql_file),
        TEST(test_bad_sql),
        TEST(test_sql_that_is_stopped),
        TEST(test_leftovers),
        TEST(test_flyway_directory),
        TEST(test_down_sections),
        TEST(test_plain_directory),
        TEST(test_no_server_for_sql),
        TEST(test_drizzle),
        TEST(test_rails),
        TEST(test_stamp),
        TEST(test_allocation_failures),
        TEST(test_allocation_failures_for_postgres),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
