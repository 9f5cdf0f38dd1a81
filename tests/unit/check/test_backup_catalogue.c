/* SPDX-License-Identifier: Apache-2.0 */
#include "backup_fixture.h"

#include <inttypes.h>

/* A server that answers one question with what a test says. */
struct answering {
    struct engine_connection connection;
    const char *cells[4];
    size_t columns;
    size_t rows;
};

static int answer(struct engine_connection *connection, const struct query_request *request, struct deadline deadline,
                  const struct query_sink *sink, bool *ret_more, struct error *reterr)
{
    const struct answering *answering = (const struct answering *)connection;
    static const struct query_column columns[4] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
    size_t lengths[4] = {0};
    (void)deadline;
    for (size_t i = 0; i < answering->columns; i++)
        lengths[i] = answering->cells[i] ? strlen(answering->cells[i]) : 0;
    *ret_more = answering->rows > request->row_limit;
    if (sink->columns(sink->payload, columns, answering->columns, reterr) < 0)
        return -1;
    for (size_t i = 0; i < answering->rows && i < request->row_limit; i++)
        if (sink->row(sink->payload, answering->cells, lengths, answering->columns, reterr) < 0)
            return -1;
    return 0;
}

static const struct engine_ops answering_engine = {.name = "sqlite", .query = answer};
static const struct server_facts facts = {.engine = "sqlite"};

static int ask(struct answering *answering, struct check_result **ret_result)
{
    answering->connection.ops = &answering_engine;
    check.backup.file = NULL;
    check.sql = "select finished_at, size, name from backups";
    return run_check(&answering->connection, &facts, deadline_in(1000), ret_result);
}

static struct check_result *look_up(struct answering answering)
{
    struct check_result *result = NULL;
    assert_int_equal(ask(&answering, &result), 0);
    return result;
}

static const char *seconds_ago(int64_t seconds)
{
    static char text[32];
    snprintf(text, sizeof text, "%" PRId64, now_ms() / 1000 - seconds);
    return text;
}

static void passes_a_fresh_one(void **state)
{
    (void)state;
    struct answering full = {.cells = {seconds_ago(7300), "12582912.00", "nightly 7"}, .columns = 3, .rows = 1};
    cleanup(check_result) struct check_result *result = look_up(full);
    assert_says(result, CHECK_PASSED, "nightly 7 finished 2 h ago, 12 MiB");
    assert_string_equal(result->value, "nightly 7");
    assert_string_equal(result->backup.file, "nightly 7");
    assert_int_equal(result->backup.size, 12582912);
    assert_false(result->backup.complete);
    struct answering time = {.cells = {seconds_ago(60)}, .columns = 1, .rows = 1};
    cleanup(check_result) struct check_result *alone = look_up(time);
    assert_says(alone, CHECK_PASSED, "the newest backup of the catalogue finished 60 s ago");
    assert_null(alone->backup.file);
    assert_int_equal(alone->backup.size, -1);
}

static void does_not_guess_a_size_that_is_asked_for(void **state)
{
    (void)state;
    check.backup.min_size = 1024;
    struct answering unsized = {.cells = {seconds_ago(60), NULL, "n"}, .columns = 3, .rows = 1};
    cleanup(check_result) struct check_result *unknown = look_up(unsized);
    assert_says(unknown, CHECK_UNKNOWN, "the catalogue tells no size, and min_size asks for one: n");
    struct answering days = {.cells = {seconds_ago((int64_t)48 * 3600)}, .columns = 1, .rows = 1};
    cleanup(check_result) struct check_result *old = look_up(days);
    assert_int_equal(old->state, CHECK_FAILED);
}

static void refuses_old_small_and_none(void **state)
{
    (void)state;
    cleanup(check_result) struct check_result *none = look_up((struct answering){.columns = 1});
    assert_says(none, CHECK_FAILED, "the catalogue lists no backup");
    struct answering days = {.cells = {seconds_ago((int64_t)48 * 3600), "5", NULL}, .columns = 3, .rows = 1};
    cleanup(check_result) struct check_result *old = look_up(days);
    assert_says(old, CHECK_FAILED, "finished 2 d ago");
    check.backup.min_size = 1024;
    struct answering bytes = {.cells = {seconds_ago(60), "5", "n"}, .columns = 3, .rows = 1};
    cleanup(check_result) struct check_result *small = look_up(bytes);
    assert_says(small, CHECK_FAILED, "n has 5 bytes; at least 1 KiB are expected");
}

static void believes_nothing_unreadable(void **state)
{
    (void)state;
    static const struct {
        struct answering answering;
        const char *words;
    } cases[] = {
        {{.cells = {NULL}, .columns = 1, .rows = 1}, "tells no time"},
        {{.cells = {"never"}, .columns = 1, .rows = 1}, "the catalogue's time cannot be read: never"},
        {{.cells = {"4102444800"}, .columns = 1, .rows = 1}, "finished in the future: 4102444800"},
        {{.cells = {"2026-01-01", "many"}, .columns = 2, .rows = 1}, "size is no number of bytes: many"},
        {{.cells = {"2026-01-01", "12.5"}, .columns = 2, .rows = 1}, "size is no number of bytes"},
        {{.cells = {"2026-01-01", "-1"}, .columns = 2, .rows = 1}, "size is no number of bytes"},
        {{.cells = {"2026-01-01"}, .columns = 1, .rows = 2}, "more than one row"},
        {{.cells = {"2026-01-01", "1", "n", "m"}, .columns = 4, .rows = 1}, "more than three columns"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(check_result) struct check_result *result = look_up(cases[i].answering);
        assert_says(result, CHECK_UNKNOWN, cases[i].words);
        assert_int_equal(result->error, ERROR_INVALID);
    }
}

static void shows_nothing_of_a_sensitive_one(void **state)
{
    (void)state;
    check.sensitive = true;
    struct answering full = {.cells = {seconds_ago(60), "1", "secret"}, .columns = 3, .rows = 1};
    cleanup(check_result) struct check_result *result = look_up(full);
    assert_says(result, CHECK_PASSED, "sensitive");
    assert_null(strstr(result->reason, "secret"));
    assert_null(result->backup.file);
}

static void describes_itself(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf words = STRBUF(1024);
    check_describe(&check, &words);
    assert_string_equal(strbuf_text(&words), "a complete file younger than 1d");
    strbuf_clear(&words);
    check.backup.file = NULL;
    check.backup.min_size = 1024;
    check_describe(&check, &words);
    assert_string_equal(strbuf_text(&words), "younger than 1d, at least 1KiB");
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    struct answering full = {.cells = {seconds_ago(60), "1", "nightly"}, .columns = 3, .rows = 1};
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(check_result) struct check_result *result = NULL;
        int status = ask(&full, &result);
        OOM_CHECK(loop, status == 0);
    }
}

static void gives_up_a_connection_with_more_to_come(void **state)
{
    (void)state;
    struct answering many = {.cells = {"2026-01-01"}, .columns = 1, .rows = 3};
    cleanup(check_result) struct check_result *result = look_up(many);
    assert_int_equal(result->state, CHECK_UNKNOWN);
    assert_true(result->lost);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(passes_a_fresh_one),
        IN_FOLDER(does_not_guess_a_size_that_is_asked_for),
        IN_FOLDER(refuses_old_small_and_none),
        IN_FOLDER(believes_nothing_unreadable),
        IN_FOLDER(shows_nothing_of_a_sensitive_one),
        IN_FOLDER(describes_itself),
        IN_FOLDER(gives_up_a_connection_with_more_to_come),
        IN_FOLDER(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
