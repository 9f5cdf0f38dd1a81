/* SPDX-License-Identifier: Apache-2.0
 *
 * What every store promises, asked of a SQLite file and, where MIGRATIOND_TEST_HISTORY_URL names an empty PostgreSQL
 * database, of that (tests/integration/test_history.py does); and what only files do.
 */
#include <ftw.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/oom.h"

#include "base/alloc.h"
#include "engine/engine.h"
#include "history/history.h"

enum { PATIENCE_MS = 30000, NOW = 777 };

struct fixture {
    char folder[64];
    char path[128];
    struct engine_target *target; /* NULL: the file */
};

static struct deadline soon(void)
{
    return deadline_in(PATIENCE_MS);
}

static struct history_store *open_place(const struct fixture *fixture, bool read_only)
{
    struct history_store *store = NULL;
    struct error error = {0};
    const struct history_place place = {
        .path = fixture->target ? NULL : fixture->path, .target = fixture->target, .read_only = read_only};
    if (history_open(&place, soon(), &store, &error) < 0)
        fail_msg("%s", error.message);
    return store;
}

static int make_folder(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.folder = "/tmp/history-XXXXXX"};
    assert_non_null(mkdtemp(fixture.folder));
    snprintf(fixture.path, sizeof fixture.path, "%s/history.db", fixture.folder);
    *state = &fixture;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static int remove_folder(void **state)
{
    const struct fixture *fixture = *state;
    engine_target_free(fixture->target);
    return nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int choose_database(void **state)
{
    struct error error = {0};
    const char *url = getenv("MIGRATIOND_TEST_HISTORY_URL");
    if (make_folder(state) != 0)
        return -1;
    if (url && engine_target_parse(url, &((struct fixture *)*state)->target, &error) < 0)
        fail_msg("%s", error.message);
    return 0;
}

static struct history_record record_of(enum history_kind kind, const char *subject, int64_t at_ms, const char *body)
{
    return (struct history_record){.kind = kind, .subject = subject, .at_ms = at_ms, .source = "here:1", .body = body};
}

static void append_one(struct history_store *store, enum history_kind kind, const char *subject, int64_t at_ms,
                       const char *body)
{
    struct error error = {0};
    struct history_record record = record_of(kind, subject, at_ms, body);
    if (history_append(store, &record, 1, NOW, soon(), &error) < 0)
        fail_msg("%s", error.message);
    assert_int_not_equal(record.sequence, 0);
}

/* "subject:body@at" of each record read, separated by blanks. */
struct reading {
    char text[4096];
    size_t count;
    size_t stop_after;
};

static bool take_reading(void *payload, const struct history_record *record)
{
    struct reading *reading = payload;
    size_t used = strlen(reading->text);
    snprintf(reading->text + used, sizeof reading->text - used, "%s%s:%s@%lld", used > 0 ? " " : "", record->subject,
             record->body, (long long)record->at_ms);
    reading->count++;
    return reading->count != reading->stop_after;
}

static void assert_read(struct history_store *store, struct history_query query, const char *expected)
{
    struct error error = {0};
    struct reading reading = {0};
    if (history_read(store, &query, soon(), take_reading, &reading, &error) < 0)
        fail_msg("%s", error.message);
    assert_string_equal(reading.text, expected);
}

static struct history_verdict verify(struct history_store *store)
{
    struct error error = {0};
    struct history_verdict verdict = {0};
    if (history_verify(store, soon(), &verdict, &error) < 0)
        fail_msg("%s", error.message);
    return verdict;
}

static void test_hash_is_what_anybody_can_compute(void **state)
{
    (void)state;
    /* printf '%s\n' 00…0 1 1700000000000 state $(printf orders|sha256sum) … | sha256sum */
    static const char zeros[SHA256_HEX_SIZE] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct history_record record = record_of(HISTORY_STATE, "orders", 1700000000000, "{\"state\":\"current\"}");
    char hash[SHA256_HEX_SIZE] = "";
    char other[SHA256_HEX_SIZE] = "";
    record.sequence = 1;
    history_hash(zeros, &record, hash);
    assert_string_equal(hash, "33d25c80042558f7b04904eb38c5d91867d04b282509c53f3d02d5620cdd4a7e");
    record.sequence = 2;
    record.kind = HISTORY_ADMISSION;
    history_hash(hash, &record, other);
    assert_string_equal(other, "65a028ed9a6d2d86896509aee7d5128d7553f5db3c537a83a356fcbb693c0677");
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < HISTORY_KINDS; kind++)
        assert_int_equal(history_kind_from_name(history_kind_name((enum history_kind)kind)), kind);
    assert_int_equal(history_kind_from_name("states"), HISTORY_KINDS);
}

static void test_who_was_there_last(void **state)
{
    struct error error = {0};
    int64_t seen = -1;
    cleanup(history_store) struct history_store *store = open_place(*state, false);
    assert_int_equal(history_append(store, NULL, 0, 1000, soon(), &error), 0);
    assert_int_equal(history_append(store, NULL, 0, 900, soon(), &error), 0); /* a clock that lags */
    assert_int_equal(history_last_seen(store, soon(), &seen, &error), 0);
    assert_int_equal(seen, 1000);
}

/* The one story of a store, on either kind. */
static void test_contract(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    cleanup(history_store) struct history_store *store = open_place(fixture, false);
    assert_read(store, (struct history_query){.limit = 10}, "");
    assert_int_equal(verify(store).records, 0);
    struct history_record records[] = {
        record_of(HISTORY_STATE, "orders", 1000, "{\"n\":1}"),
        record_of(HISTORY_ADMISSION, "orders", 2000, "{\"quotes\":\"it's \\\\ \\\"so\\\" ü 漢\"}"),
        record_of(HISTORY_STATE, "billing", 3000, "{\"n\":3}"),
    };
    assert_int_equal(history_append(store, records, ARRAY_LENGTH(records), NOW, soon(), &error), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(records); i++)
        assert_int_equal(records[i].sequence, i + 1);
    assert_int_equal(history_append(store, NULL, 0, NOW, soon(), &error), 0);
    append_one(store, HISTORY_STATE, "orders", 4000, "{\"n\":4}");
    assert_read(store, (struct history_query){.limit = 2}, "orders:{\"n\":4}@4000 billing:{\"n\":3}@3000");
    assert_read(store, (struct history_query){.limit = 10, .subject = "orders", .kinds = 1u << HISTORY_STATE},
                "orders:{\"n\":4}@4000 orders:{\"n\":1}@1000");
    assert_read(store, (struct history_query){.limit = 10, .kinds = 1u << HISTORY_ADMISSION | 1u << HISTORY_DRIFT},
                "orders:{\"quotes\":\"it's \\\\ \\\"so\\\" ü 漢\"}@2000");
    assert_read(store, (struct history_query){.limit = 10, .before_sequence = 2}, "orders:{\"n\":1}@1000");
    assert_read(store,
                (struct history_query){.limit = 1, .subject = "orders", .until_ms = 3999, .kinds = 1u << HISTORY_STATE},
                "orders:{\"n\":1}@1000");
    assert_read(store, (struct history_query){.limit = 10, .subject = "' OR true --"}, "");
    struct history_verdict verdict = verify(store);
    assert_false(verdict.broken);
    assert_int_equal(verdict.records, 4);
    assert_int_equal(verdict.first_sequence, 1);
    assert_int_equal(verdict.last_sequence, 4);
}

static void test_two_writers_make_one_chain(void **state)
{
    const struct fixture *fixture = *state;
    cleanup(history_store) struct history_store *first = open_place(fixture, false);
    cleanup(history_store) struct history_store *second = open_place(fixture, false);
    int64_t before = verify(first).records;
    for (int i = 0; i < 10; i++)
        append_one(i % 2 == 0 ? first : second, HISTORY_DRIFT, "shared", 5000 + i, "{}");
    struct history_verdict verdict = verify(second);
    assert_false(verdict.broken);
    assert_int_equal(verdict.records, before + 10);
}

static void test_reading_stops_when_told(void **state)
{
    struct error error = {0};
    struct reading reading = {.stop_after = 2};
    const struct history_query query = {.limit = 10};
    cleanup(history_store) struct history_store *store = open_place(*state, true);
    assert_int_equal(history_read(store, &query, soon(), take_reading, &reading, &error), 0);
    assert_int_equal(reading.count, 2);
}

static void trim_all(struct history_store *store, const struct history_retention *retention, int64_t now_ms)
{
    struct error error = {0};
    for (bool more = true; more;) {
        if (history_trim(store, retention, now_ms, soon(), &more, &error) < 0)
            fail_msg("%s", error.message);
    }
}

static void test_retention_keeps_the_chain_and_the_last_states(void **state)
{
    const struct fixture *fixture = *state;
    cleanup(history_store) struct history_store *store = open_place(fixture, false);
    const struct history_retention by_rows = {.age_ms = INT64_C(1) << 40, .rows = 5};
    append_one(store, HISTORY_STATE, "old", 10, "{\"last\":true}");
    for (int i = 0; i < 1200; i++)
        append_one(store, HISTORY_ADMISSION, "many", 10000 + i, "{}");
    trim_all(store, &by_rows, 20000);
    struct history_verdict verdict = verify(store);
    assert_false(verdict.broken);
    assert_int_equal(verdict.records, 5);
    assert_int_equal(verdict.last_sequence - verdict.first_sequence, 4);
    assert_read(store, (struct history_query){.limit = 3, .subject = "old"}, "old:{\"last\":true}@10");
    assert_read(store, (struct history_query){.limit = 3, .subject = "old", .until_ms = 9}, "");
    const struct history_retention by_age = {.age_ms = 8801 + 1198, .rows = 1000};
    trim_all(store, &by_age, 21198);
    assert_int_equal(verify(store).records, 1);
    trim_all(store, &by_age, 1000000);
    verdict = verify(store);
    assert_false(verdict.broken);
    assert_int_equal(verdict.records, 0);
    append_one(store, HISTORY_STATE, "old", 30000, "{\"next\":true}");
    assert_read(store, (struct history_query){.limit = 3, .subject = "old"},
                "old:{\"next\":true}@30000 old:{\"last\":true}@10");
    assert_false(verify(store).broken);
}

static void test_what_may_have_been_committed_is_not_appended_twice(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    cleanup(history_store) struct history_store *store = open_place(fixture, false);
    struct history_record records[] = {record_of(HISTORY_STATE, "a", 1, "{}"), record_of(HISTORY_STATE, "b", 2, "{}")};
    assert_int_equal(history_append(store, records, 1, NOW, soon(), &error), 0);
    int64_t before = verify(store).records;
    records[1].sequence = 123456789;
    assert_int_equal(history_append(store, records, 2, NOW, soon(), &error), 0);
    assert_int_equal(verify(store).records, before + 1);
    assert_false(verify(store).broken);
}

static sqlite3 *open_handle(const struct fixture *fixture)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    return database;
}

static void run_sql(const struct fixture *fixture, const char *sql)
{
    sqlite3 *database = open_handle(fixture);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void test_tampering_shows(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        const char *sql;
        int64_t broken_at;
    } rows[] = {
        {"UPDATE record SET body = '{}' WHERE sequence = 3", 3},
        {"UPDATE record SET at_ms = at_ms + 1 WHERE sequence = 1", 1},
        {"UPDATE record SET subject = 'other' WHERE sequence = 4", 4},
        {"DELETE FROM record WHERE sequence = 2", 2},
        {"DELETE FROM record WHERE sequence = 1", 1},
        {"DELETE FROM record WHERE sequence > 3", 4},
        {"UPDATE record SET hash = 'x' WHERE sequence = 5", 5},
        {"UPDATE record SET kind = 'drift' WHERE sequence = 5", 5},
        {"DELETE FROM record", 1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        unlink(fixture->path);
        history_close(open_place(fixture, false));
        cleanup(history_store) struct history_store *store = open_place(fixture, false);
        for (int n = 0; n < 5; n++)
            append_one(store, HISTORY_STATE, "orders", n, "{\"n\":1}");
        assert_false(verify(store).broken);
        run_sql(fixture, rows[i].sql);
        struct history_verdict verdict = verify(store);
        if (!verdict.broken || verdict.broken_at != rows[i].broken_at || !*verdict.problem)
            fail_msg("%s: broken %d at %lld: %s", rows[i].sql, verdict.broken, (long long)verdict.broken_at,
                     verdict.problem);
    }
}

static enum error_code open_code(const char *path, bool read_only)
{
    struct error error = {.code = ERROR_OK};
    cleanup(history_store) struct history_store *store = NULL;
    const struct history_place place = {.path = path, .read_only = read_only};
    history_open(&place, soon(), &store, &error);
    return error.code;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void test_files_that_are_no_history(void **state)
{
    const struct fixture *fixture = *state;
    char path[128] = "";
    struct stat found = {0};
    snprintf(path, sizeof path, "%s/nowhere/history.db", fixture->folder);
    assert_int_equal(open_code(path, false), ERROR_IO);
    snprintf(path, sizeof path, "%s/absent.db", fixture->folder);
    assert_int_equal(open_code(path, true), ERROR_IO);
    assert_int_equal(stat(path, &found), -1);
    snprintf(path, sizeof path, "%s/garbage.db", fixture->folder);
    write_file(path, "this is not a database, however long one looks at it, and it never was one in all its days …");
    assert_int_equal(open_code(path, false), ERROR_INVALID);
    snprintf(path, sizeof path, "%s/other.db", fixture->folder);
    unlink(fixture->path);
    run_sql(fixture, "CREATE TABLE t (a)");
    assert_int_equal(open_code(fixture->path, false), ERROR_UNSUPPORTED);
    unlink(fixture->path);
    assert_int_equal(open_code(fixture->path, false), ERROR_OK);
    assert_int_equal(stat(fixture->path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0640);
    run_sql(fixture, "PRAGMA user_version = 2");
    assert_int_equal(open_code(fixture->path, false), ERROR_UNSUPPORTED);
}

static void test_a_file_that_is_gone_or_full(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    unlink(fixture->path);
    cleanup(history_store) struct history_store *store = open_place(fixture, false);
    append_one(store, HISTORY_STATE, "orders", 1, "{}");
    char aside[256] = "";
    assert_int_equal(history_set_aside(fixture->path, 0, aside, sizeof aside, &error), 0);
    assert_non_null(strstr(aside, "history.db.corrupt-19700101T000000Z"));
    assert_int_equal(access(aside, F_OK), 0);
    struct history_record record = record_of(HISTORY_STATE, "orders", 2, "{}");
    assert_int_equal(history_append(store, &record, 1, NOW, soon(), &error), -1);
    assert_int_equal(error.code, ERROR_CHANGED);
    assert_int_equal(record.sequence, 0);
    history_close(take(store));
    store = open_place(fixture, false);
    append_one(store, HISTORY_STATE, "orders", 3, "{}");

    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before = {0};
    getrlimit(RLIMIT_FSIZE, &before);
    const struct rlimit small = {.rlim_cur = 128 * 1024, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int64_t kept = 1;
    while (history_append(store, &record, 1, NOW, soon(), &error) == 0 && kept < 10000)
        kept++;
    assert_int_equal(error.code, ERROR_IO);
    assert_int_equal(record.sequence, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(history_append(store, &record, 1, NOW, soon(), &error), 0);
    struct history_verdict verdict = verify(store);
    assert_false(verdict.broken);
    assert_int_equal(verdict.records, kept + 1);
}

static void test_somebody_else_holds_the_lock(void **state)
{
    const struct fixture *fixture = *state;
    struct error error = {0};
    struct history_record record = record_of(HISTORY_STATE, "orders", 2, "{}");
    cleanup(history_store) struct history_store *store = open_place(fixture, false);
    sqlite3 *other = open_handle(fixture);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(history_append(store, &record, 1, NOW, deadline_in(50), &error), -1);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    sqlite3_close(other);
    assert_int_equal(history_append(store, &record, 1, NOW, soon(), &error), 0);
}

static bool take_nothing(void *payload, const struct history_record *record)
{
    (void)payload;
    (void)record;
    return true;
}

static void test_without_memory(void **state)
{
    const struct fixture *fixture = *state;
    const struct history_place place = {.path = fixture->path};
    const struct history_query query = {.limit = 5, .subject = "orders", .kinds = 3};
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        struct history_record record = record_of(HISTORY_STATE, "orders", 2, "{}");
        cleanup(history_store) struct history_store *store = NULL;
        OOM_CHECK(loop, history_open(&place, soon(), &store, &error) == 0 &&
                            history_append(store, &record, 1, NOW, soon(), &error) == 0 &&
                            history_read(store, &query, soon(), take_nothing, NULL, &error) == 0);
        assert_true(!loop.refused || error.code == ERROR_NO_MEMORY);
    }
    cleanup(history_store) struct history_store *store = open_place(fixture, true);
    assert_false(verify(store).broken);
}

int main(void)
{
    const struct CMUnitTest pure[] = {
        cmocka_unit_test(test_hash_is_what_anybody_can_compute),
        cmocka_unit_test(test_names),
    };
    const struct CMUnitTest contract[] = {
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_who_was_there_last),
        cmocka_unit_test(test_two_writers_make_one_chain),
        cmocka_unit_test(test_reading_stops_when_told),
        cmocka_unit_test(test_retention_keeps_the_chain_and_the_last_states),
    };
    const struct CMUnitTest database_only[] = {
        cmocka_unit_test(test_what_may_have_been_committed_is_not_appended_twice),
    };
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_tampering_shows),
        cmocka_unit_test(test_files_that_are_no_history),
        cmocka_unit_test(test_a_file_that_is_gone_or_full),
        cmocka_unit_test(test_somebody_else_holds_the_lock),
        cmocka_unit_test(test_without_memory),
    };
    int failed = cmocka_run_group_tests(pure, NULL, NULL);
    if (getenv("MIGRATIOND_TEST_HISTORY_URL"))
        return failed + cmocka_run_group_tests(contract, choose_database, remove_folder) +
               cmocka_run_group_tests(database_only, choose_database, remove_folder);
    return failed + cmocka_run_group_tests(contract, make_folder, remove_folder) +
           cmocka_run_group_tests(files, make_folder, remove_folder);
}
