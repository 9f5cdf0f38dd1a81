/* SPDX-License-Identifier: Apache-2.0 */
#include "backup_fixture.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static const char content[] = "what a program that nobody here knows wrote\n";

static void passes_a_fresh_one(void **state)
{
    (void)state;
    write_gzip("orders-1.gz", content, sizeof content, 0, 3 * HOUR_MS);
    cleanup(check_result) struct check_result *first = look();
    assert_says(first, CHECK_UNKNOWN, "orders-1.gz was seen for the first time");
    assert_int_equal(first->again_in_ms, 1000);
    let_a_second_pass();
    cleanup(check_result) struct check_result *result = look();
    assert_says(result, CHECK_PASSED, "orders-1.gz finished 3 h ago and is complete, ");
    assert_string_equal(result->value, in_folder("orders-1.gz"));
    assert_string_equal(result->backup.file, in_folder("orders-1.gz"));
    assert_true(result->backup.complete);
    assert_true(result->backup.size > 0);
    assert_in_range(now_ms() - result->backup.finished_at_ms, 3 * HOUR_MS, 3 * HOUR_MS + MINUTE_MS);
    assert_in_range(result->again_in_ms, 20 * HOUR_MS, 21 * HOUR_MS + 1); /* when it is older than 24 h */
}

static void passes_what_has_no_end_mark(void **state)
{
    (void)state;
    write_text("orders-1.bin", content, HOUR_MS);
    cleanup(check_result) struct check_result *result = settle();
    assert_says(result, CHECK_PASSED, "its format does not tell whether it is complete");
    assert_false(result->backup.complete);
}

static void refuses_old_small_and_empty_ones(void **state)
{
    (void)state;
    write_text("orders-1.bin", content, 48 * HOUR_MS);
    cleanup(check_result) struct check_result *old = settle();
    assert_says(old, CHECK_FAILED, "finished 2 d ago; none younger than 24 h is there");
    assert_string_equal(old->backup.file, in_folder("orders-1.bin"));
    check.backup.min_size = 1024;
    write_text("orders-2.bin", content, HOUR_MS);
    cleanup(check_result) struct check_result *small = settle();
    assert_says(small, CHECK_FAILED, "has 44 bytes; at least 1 KiB are expected");
    write_text("orders-3.bin", "", MINUTE_MS);
    cleanup(check_result) struct check_result *empty = settle();
    assert_says(empty, CHECK_FAILED, "orders-3.bin is empty");
}

static void refuses_what_is_cut_or_damaged(void **state)
{
    (void)state;
    write_gzip("orders-1.gz", content, sizeof content, 3, HOUR_MS);
    cleanup(check_result) struct check_result *cut = settle();
    assert_says(cut, CHECK_FAILED, "orders-1.gz is incomplete: it ends before its trailer");
    assert_false(cut->backup.complete);
    size_t length = 0;
    cleanup(free) unsigned char *packed = gzip_bytes(content, sizeof content, &length);
    packed[length - 6] ^= 1;
    write_bytes("orders-2.gz", packed, length, MINUTE_MS);
    cleanup(check_result) struct check_result *damaged = settle();
    assert_says(damaged, CHECK_FAILED, "orders-2.gz is damaged: it cannot be inflated (incorrect data check)");
}

static void tells_no_files_from_no_folder(void **state)
{
    (void)state;
    cleanup(check_result) struct check_result *none = look();
    assert_says(none, CHECK_UNKNOWN, "no file matches");
    assert_int_equal(none->error, ERROR_NOT_FOUND);
    check.backup.file = in_folder("nowhere/orders-*");
    cleanup(check_result) struct check_result *nowhere = look();
    assert_says(nowhere, CHECK_UNKNOWN, "the folder cannot be read");
    check.backup.file = in_folder("orders-exactly.gz");
    cleanup(check_result) struct check_result *exactly = look();
    assert_says(exactly, CHECK_UNKNOWN, "no file matches");
    write_gzip("orders-exactly.gz", content, sizeof content, 0, HOUR_MS);
    cleanup(check_result) struct check_result *there = settle();
    assert_says(there, CHECK_PASSED, "is complete");
}

static void leaves_out_what_is_no_file(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_folder("orders-pipe"), 0600), 0);
    cleanup(check_result) struct check_result *pipe = look();
    assert_says(pipe, CHECK_UNKNOWN, "orders-pipe is not a regular file");
    assert_int_equal(mkdir(in_folder("orders-folder"), 0700), 0);
    write_gzip("orders-1.gz", content, sizeof content, 0, HOUR_MS);
    cleanup(check_result) struct check_result *result = settle();
    assert_says(result, CHECK_PASSED, "orders-1.gz");
}

static void never_follows_a_link(void **state)
{
    (void)state;
    write_gzip("file.gz", content, sizeof content, 0, HOUR_MS);
    assert_int_equal(symlink(in_folder("file.gz"), in_folder("orders-latest.gz")), 0);
    cleanup(check_result) struct check_result *only = settle();
    assert_says(only, CHECK_UNKNOWN, "orders-latest.gz, is a link");
    write_gzip("orders-1.gz", content, sizeof content, 0, 2 * HOUR_MS);
    cleanup(check_result) struct check_result *newest = settle();
    assert_says(newest, CHECK_UNKNOWN, "orders-latest.gz, is a link");
    set_age("orders-latest.gz", 3 * HOUR_MS);
    cleanup(check_result) struct check_result *older = settle();
    assert_says(older, CHECK_PASSED, "orders-1.gz");
}

static void believes_no_future(void **state)
{
    (void)state;
    write_gzip("orders-1.gz", content, sizeof content, 0, -HOUR_MS);
    cleanup(check_result) struct check_result *result = settle();
    assert_says(result, CHECK_UNKNOWN, "orders-1.gz is from the future: ");
}

static void waits_while_one_grows(void **state)
{
    (void)state;
    write_gzip("orders-1.gz", content, sizeof content, 0, MINUTE_MS);
    check_result_unref(look());
    let_a_second_pass();
    write_gzip("orders-1.gz", content, sizeof content / 2, 0, MINUTE_MS);
    cleanup(check_result) struct check_result *grown = look();
    assert_says(grown, CHECK_UNKNOWN, "orders-1.gz is being written");
    let_a_second_pass();
    cleanup(check_result) struct check_result *settled = look();
    assert_says(settled, CHECK_PASSED, "is complete");
    set_age("orders-1.gz", 0);
    let_a_second_pass();
    cleanup(check_result) struct check_result *touched = look();
    assert_says(touched, CHECK_UNKNOWN, "orders-1.gz is being written");
}

static void counts_an_older_one_while_a_newer_is_written(void **state)
{
    (void)state;
    write_gzip("orders-1.gz", content, sizeof content, 0, 20 * HOUR_MS);
    check_result_unref(settle());
    write_gzip("orders-2.gz", content, sizeof content, 10, 0);
    cleanup(check_result) struct check_result *older = look();
    assert_says(older, CHECK_PASSED, "orders-1.gz finished 20 h ago and is complete");
    assert_non_null(strstr(older->reason, "a newer one is not yet judged: orders-2.gz"));
    set_age("orders-1.gz", 30 * HOUR_MS);
    set_age("orders-2.gz", 0);
    cleanup(check_result) struct check_result *late = settle();
    assert_says(late, CHECK_UNKNOWN, "orders-2.gz is being written");
}

static void gives_one_that_ends_too_early_some_time(void **state)
{
    (void)state;
    write_gzip("orders-1.gz", content, sizeof content, 0, 20 * HOUR_MS);
    check_result_unref(settle());
    write_gzip("orders-2.gz", content, sizeof content, 10, 2000);
    cleanup(check_result) struct check_result *paused = settle();
    assert_says(paused, CHECK_PASSED, "orders-1.gz finished 20 h ago");
    assert_int_equal(paused->again_in_ms, 1000);
    set_age("orders-2.gz", MINUTE_MS);
    cleanup(check_result) struct check_result *ended = settle();
    assert_says(ended, CHECK_FAILED, "orders-2.gz is incomplete");
}

/* Noise, which does not pack. */
static unsigned char *noise(size_t length)
{
    unsigned char *bytes = mem_alloc(length);
    assert_non_null(bytes);
    uint64_t number = 88172645463325252U;
    for (size_t i = 0; i < length; i++) {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        bytes[i] = (unsigned char)number;
    }
    return bytes;
}

static struct check_result *read_through(unsigned *ret_turns)
{
    struct check_result *result = look_until(deadline_in(0));
    for (*ret_turns = 1; result->state == CHECK_UNKNOWN && *ret_turns < 1000; ++*ret_turns) {
        assert_says(result, CHECK_UNKNOWN, "is being read through to see whether it is complete: ");
        assert_true(result->again_in_ms > 0 && result->again_in_ms < 1000);
        check_result_unref(result);
        result = look_until(deadline_in(0));
    }
    return result;
}

static void reads_a_large_one_in_turns(void **state)
{
    (void)state;
    enum { BYTES = 5 * 1024 * 1024 };
    cleanup(free) unsigned char *bytes = noise(BYTES);
    write_gzip("orders-1.gz", bytes, BYTES, 0, HOUR_MS);
    check_result_unref(look());
    let_a_second_pass();
    unsigned turns = 0;
    cleanup(check_result) struct check_result *result = read_through(&turns);
    assert_says(result, CHECK_PASSED, "is complete, ");
    assert_in_range(turns, 4, 20);
    cleanup(check_result) struct check_result *again = look_until(deadline_in(0));
    assert_says(again, CHECK_PASSED, "is complete, ");
    /* Another one is put in its place while it is read. */
    write_gzip("orders-2.gz", bytes, BYTES, 0, MINUTE_MS);
    check_result_unref(look());
    let_a_second_pass();
    cleanup(check_result) struct check_result *reading = look_until(deadline_in(0));
    assert_says(reading, CHECK_PASSED, "orders-1.gz finished");
    assert_true(reading->again_in_ms > 0);
    write_gzip("orders-2.gz", bytes, BYTES, 1, MINUTE_MS);
    check_result_unref(look());
    let_a_second_pass();
    assert_int_equal(remove(in_folder("orders-1.gz")), 0);
    cleanup(check_result) struct check_result *cut = read_through(&turns);
    assert_says(cut, CHECK_FAILED, "orders-2.gz is incomplete");
}

static void lists_the_newest(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(65536);
    for (int i = 0; i < 30; i++) {
        char name[32] = "";
        snprintf(name, sizeof name, "orders-%02d", (i * 7) % 30);
        write_text(name, content, ((i * 7) % 30 + 1) * MINUTE_MS);
    }
    write_text(".orders-hidden", content, 0);
    write_text("other", content, 0);
    struct backup_list list = {0};
    assert_int_equal(backup_find(in_folder("*"), arena, &list, NULL), 0);
    assert_int_equal(list.matched, 31);
    assert_string_equal(list.files[0].name, "other");
    assert_int_equal(backup_find(pattern, arena, &list, NULL), 0);
    assert_int_equal(list.matched, 30);
    assert_int_equal(list.count, BACKUP_MATCHES);
    for (size_t i = 0; i < list.count; i++) {
        char name[32] = "";
        snprintf(name, sizeof name, "orders-%02zu", i);
        assert_string_equal(list.files[i].path, in_folder(name));
    }
}

static void opens_only_what_it_found(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(65536);
    struct backup_list list = {0};
    struct error error = {0};
    int descriptor = -1;
    write_text("orders-1", content, MINUTE_MS);
    assert_int_equal(backup_find(pattern, arena, &list, NULL), 0);
    assert_int_equal(backup_open(&list.files[0], &descriptor, &error), 0);
    assert_true(backup_is_same(&list.files[0], descriptor));
    write_text("orders-2", content, MINUTE_MS);
    assert_int_equal(rename(in_folder("orders-2"), in_folder("orders-1")), 0);
    assert_false(backup_is_same(&list.files[0], descriptor));
    close(descriptor);
    assert_int_equal(backup_open(&list.files[0], &descriptor, &error), -1);
    assert_int_equal(error.code, ERROR_CHANGED);
    assert_int_equal(remove(in_folder("orders-1")), 0);
    assert_int_equal(symlink("/etc/passwd", in_folder("orders-1")), 0);
    assert_int_equal(backup_open(&list.files[0], &descriptor, &error), -1);
    assert_int_equal(error.code, ERROR_CHANGED);
    assert_int_equal(remove(in_folder("orders-1")), 0);
    assert_int_equal(mkfifo(in_folder("orders-1"), 0600), 0);
    assert_int_equal(backup_open(&list.files[0], &descriptor, &error), -1);
    assert_int_equal(error.code, ERROR_CHANGED);
}

static void needs_a_connection_for_a_catalogue_only(void **state)
{
    (void)state;
    assert_false(check_needs_connection(&check));
    check.backup.file = NULL;
    check.sql = "select 1";
    assert_true(check_needs_connection(&check));
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    write_gzip("orders-1.gz", content, sizeof content, 0, HOUR_MS);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct check_result *results[2] = {NULL, NULL};
        int status = run_check(NULL, NULL, deadline_in(5000), &results[0]);
        if (status == 0) {
            let_a_second_pass();
            status = run_check(NULL, NULL, deadline_in(5000), &results[1]);
        }
        OOM_CHECK(loop, status == 0);
        if (status == 0)
            assert_says(results[1], CHECK_PASSED, "is complete");
        check_result_unref(results[0]);
        check_result_unref(results[1]);
        check_memory_free(memory);
        memory = NULL;
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(passes_a_fresh_one),
        IN_FOLDER(passes_what_has_no_end_mark),
        IN_FOLDER(refuses_old_small_and_empty_ones),
        IN_FOLDER(refuses_what_is_cut_or_damaged),
        IN_FOLDER(tells_no_files_from_no_folder),
        IN_FOLDER(leaves_out_what_is_no_file),
        IN_FOLDER(never_follows_a_link),
        IN_FOLDER(believes_no_future),
        IN_FOLDER(waits_while_one_grows),
        IN_FOLDER(counts_an_older_one_while_a_newer_is_written),
        IN_FOLDER(gives_one_that_ends_too_early_some_time),
        IN_FOLDER(reads_a_large_one_in_turns),
        IN_FOLDER(lists_the_newest),
        IN_FOLDER(opens_only_what_it_found),
        IN_FOLDER(needs_a_connection_for_a_catalogue_only),
        IN_FOLDER(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
