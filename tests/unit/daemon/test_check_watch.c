/* SPDX-License-Identifier: Apache-2.0
 *
 * Which check is due, and what is known of each: without a clock, a thread or a database.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/check_watch.h"
#include "daemon/pace.h"
#include "support/oom.h"

enum { NOW_MS = 1000000, EVERY_MS = 60000 };

/* A question about the data, one about backups, and one about files. */
enum { ROWS, CATALOGUE, BACKUP, CHECKS };

static const int64_t wall_ms = 1800000000000;

static const char text[] = "databases:\n"
                           "  orders:\n"
                           "    url: 'sqlite:////o.db'\n"
                           "    checks:\n"
                           "      rows: {sql: select 1, expect: '1', every: 1m}\n"
                           "      catalogue: {backup: {sql: select 1}, every: 1m}\n"
                           "    backup: {file: /backups/*.sql, every: 1m}\n";

struct fixture {
    struct config *config;
    const struct config_database *database;
    struct check_watch *watch;
    struct check_sight sight;
};

static int begin(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    struct error error = {.code = ERROR_OK};
    if (config_parse(text, strlen(text), "watch.yaml", &fixture.config, &error) < 0)
        fail_msg("%s", error.message);
    fixture.database = &fixture.config->databases[0];
    assert_int_equal(fixture.database->check_count, CHECKS);
    fixture.watch = check_watch_new(fixture.database);
    assert_non_null(fixture.watch);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    check_watch_free(fixture->watch);
    config_unref(fixture->config);
    return 0;
}

static void follow(struct fixture *fixture)
{
    check_watch_follow(fixture->watch, &fixture->sight);
}

static void see(struct fixture *fixture)
{
    fixture->sight = (struct check_sight){.observed = true, .journals = 1};
    follow(fixture);
}

static struct check_result *make_result(enum check_state state, enum error_code code)
{
    struct check_result *result = check_result_new();
    assert_non_null(result);
    result->state = state;
    result->error = code;
    return result;
}

static struct check_turn begin_turn(struct fixture *fixture, int64_t now_ms)
{
    struct check_turn turn = {0};
    assert_true(check_watch_begin(fixture->watch, now_ms, wall_ms + now_ms, &turn));
    turn.took_ms = 5;
    return turn;
}

/* Runs whatever is due first; returns which that was. */
static size_t run(struct fixture *fixture, int64_t now_ms, enum check_state state)
{
    struct check_turn turn = begin_turn(fixture, now_ms);
    turn.result = make_result(state, state == CHECK_UNKNOWN ? ERROR_TIMEOUT : ERROR_OK);
    check_watch_end(fixture->watch, &turn, now_ms + turn.took_ms);
    return turn.check;
}

static void run_all(struct fixture *fixture, int64_t now_ms, enum check_state state)
{
    bool ran[CHECKS] = {false};
    for (size_t i = 0; i < CHECKS; i++)
        ran[run(fixture, now_ms, state)] = true;
    for (size_t i = 0; i < CHECKS; i++)
        assert_true(ran[i]);
}

static struct check_board *show(struct fixture *fixture, struct check_board *previous)
{
    struct check_board *board = check_watch_board(fixture->watch, fixture->config, fixture->database, previous);
    assert_non_null(board);
    assert_int_equal(board->count, CHECKS);
    assert_ptr_equal(board->database, fixture->database);
    return board;
}

static void assert_rests(struct fixture *fixture, int64_t now_ms)
{
    struct check_turn turn = {0};
    assert_false(check_watch_begin(fixture->watch, now_ms, wall_ms, &turn));
}

/* Files need no database; what asks it waits for the first journal look. */
static void test_before_the_first_look(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(check_watch_due(fixture->watch), 0);
    assert_int_equal(run(fixture, NOW_MS, CHECK_PASSED), BACKUP);
    assert_rests(fixture, NOW_MS + 1000);
    see(fixture);
    assert_int_equal(run(fixture, NOW_MS + 1000, CHECK_PASSED), ROWS);
    assert_int_equal(run(fixture, NOW_MS + 1000, CHECK_PASSED), CATALOGUE);
    assert_rests(fixture, NOW_MS + 2000);
    assert_in_range(check_watch_due(fixture->watch), NOW_MS + EVERY_MS / 2 - EVERY_MS / 20, NOW_MS + 2 * EVERY_MS);
}

static void test_schedule(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    run_all(fixture, NOW_MS, CHECK_PASSED);
    int64_t now = NOW_MS;
    for (unsigned i = 0; i < 30; i++) {
        int64_t due = check_watch_due(fixture->watch);
        assert_in_range(due - now, 0, EVERY_MS + EVERY_MS / 10);
        assert_rests(fixture, due - 1);
        now = due;
        run(fixture, now, CHECK_PASSED);
    }
    assert_in_range(now - NOW_MS, 8 * EVERY_MS, 11 * EVERY_MS);
}

/* What takes long rests for as long. */
static void test_rest(void **state)
{
    struct fixture *fixture = *state;
    struct check_turn turn = begin_turn(fixture, NOW_MS);
    turn.took_ms = 10 * EVERY_MS;
    turn.result = make_result(CHECK_PASSED, ERROR_OK);
    check_watch_end(fixture->watch, &turn, NOW_MS + turn.took_ms);
    assert_in_range(check_watch_due(fixture->watch), NOW_MS + 2 * turn.took_ms, NOW_MS + 2 * turn.took_ms);
}

static void test_soon_again(void **state)
{
    struct fixture *fixture = *state;
    struct check_turn turn = begin_turn(fixture, NOW_MS);
    turn.result = make_result(CHECK_UNKNOWN, ERROR_TRUNCATED);
    turn.result->again_in_ms = 700;
    check_watch_end(fixture->watch, &turn, NOW_MS + 5);
    assert_int_equal(check_watch_due(fixture->watch), NOW_MS + 705);
}

/* What counts until later than its next turn. */
static void test_not_later_than_scheduled(void **state)
{
    struct fixture *fixture = *state;
    struct check_turn turn = begin_turn(fixture, NOW_MS);
    turn.result = make_result(CHECK_PASSED, ERROR_OK);
    turn.result->again_in_ms = 100 * EVERY_MS;
    check_watch_end(fixture->watch, &turn, NOW_MS + 5);
    assert_in_range(check_watch_due(fixture->watch), NOW_MS, NOW_MS + 2 * EVERY_MS);
}

static void test_never_while_a_migration_runs(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    run_all(fixture, NOW_MS, CHECK_PASSED);
    cleanup(check_board) struct check_board *quiet = show(fixture, NULL);
    assert_false(quiet->running);
    fixture->sight.running = true;
    fixture->sight.runs = 1;
    follow(fixture);
    cleanup(check_board) struct check_board *busy = show(fixture, quiet);
    assert_true(busy->running);
    assert_true(busy->checks[ROWS].overtaken);
    assert_false(busy->checks[CATALOGUE].overtaken);
    assert_false(busy->checks[BACKUP].overtaken);
    assert_int_equal(run(fixture, NOW_MS + 2 * EVERY_MS, CHECK_PASSED), BACKUP);
    assert_rests(fixture, NOW_MS + 2 * EVERY_MS + 1000);

    fixture->sight.running = false;
    follow(fixture);
    assert_int_equal(run(fixture, NOW_MS + 2 * EVERY_MS + 2000, CHECK_FAILED), ROWS);
    cleanup(check_board) struct check_board *after = show(fixture, busy);
    assert_false(after->running);
    assert_false(after->checks[ROWS].overtaken);
    assert_int_equal(after->checks[ROWS].result->state, CHECK_FAILED);
    assert_int_equal(busy->checks[ROWS].result->state, CHECK_PASSED);
}

/* One that came and went between two looks shows in the journal alone. */
static void test_overtaken_by_the_journal(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    run_all(fixture, NOW_MS, CHECK_PASSED);
    assert_rests(fixture, NOW_MS + 10);
    fixture->sight.journals++;
    follow(fixture);
    assert_int_equal(check_watch_due(fixture->watch), 0);
    assert_int_equal(run(fixture, NOW_MS + 20, CHECK_PASSED), ROWS);
    assert_rests(fixture, NOW_MS + 30);
}

static void test_overtaken_under_way(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    run_all(fixture, NOW_MS, CHECK_PASSED);
    fixture->sight.journals++;
    follow(fixture);
    struct check_turn turn = begin_turn(fixture, NOW_MS + 10);
    assert_int_equal(turn.check, ROWS);
    fixture->sight.runs++;
    fixture->sight.running = true;
    follow(fixture);
    turn.result = make_result(CHECK_PASSED, ERROR_OK);
    assert_false(check_watch_end(fixture->watch, &turn, NOW_MS + 20));
    cleanup(check_board) struct check_board *board = show(fixture, NULL);
    assert_true(board->checks[ROWS].overtaken);
    assert_rests(fixture, NOW_MS + 30);
    fixture->sight.running = false;
    follow(fixture);
    assert_int_equal(run(fixture, NOW_MS + 30, CHECK_PASSED), ROWS);
    cleanup(check_board) struct check_board *after = show(fixture, board);
    assert_false(after->checks[ROWS].overtaken);
}

/* A second journal look that tells the same is no news. */
static void test_boards_are_shared(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    cleanup(check_board) struct check_board *first = show(fixture, NULL);
    follow(fixture);
    cleanup(check_board) struct check_board *second = show(fixture, first);
    assert_ptr_equal(first, second);
    run(fixture, NOW_MS, CHECK_PASSED);
    cleanup(check_board) struct check_board *third = show(fixture, second);
    assert_ptr_not_equal(second, third);
    assert_null(second->checks[ROWS].result);
}

static void lose_sight(struct fixture *fixture, enum error_code code)
{
    error_set(&fixture->sight.error, code, "nobody listens there");
    follow(fixture);
}

/* What opens a gate while the database is away is what the check said last; that it passed before a migration is not.
 */
static void test_a_migration_takes_back_what_passed(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    run_all(fixture, NOW_MS, CHECK_PASSED);
    fixture->sight.journals++;
    follow(fixture);
    lose_sight(fixture, ERROR_UNREACHABLE);
    cleanup(check_board) struct check_board *board = show(fixture, NULL);
    assert_null(board->checks[ROWS].decided);
    assert_int_equal(board->checks[CATALOGUE].decided->state, CHECK_PASSED);
    assert_int_equal(board->checks[BACKUP].decided->state, CHECK_PASSED);
    see(fixture);
    assert_int_equal(run(fixture, NOW_MS + 20, CHECK_FAILED), ROWS);
    fixture->sight.journals++;
    follow(fixture);
    cleanup(check_board) struct check_board *failed = show(fixture, NULL);
    assert_int_equal(failed->checks[ROWS].decided->state, CHECK_FAILED);
    struct check_turn turn = begin_turn(fixture, NOW_MS + 30);
    fixture->sight.runs++;
    follow(fixture);
    turn.result = make_result(CHECK_PASSED, ERROR_OK);
    check_watch_end(fixture->watch, &turn, NOW_MS + 40);
    cleanup(check_board) struct check_board *after = show(fixture, NULL);
    assert_null(after->checks[ROWS].decided);
}

/* What cannot be asked is not asked: it says so by its own schedule, and is asked when the database is back. */
static void test_out_of_sight(void **state)
{
    static const enum error_code codes[] = {ERROR_UNREACHABLE, ERROR_TIMEOUT, ERROR_AUTH_FAILED};
    struct fixture *fixture = *state;
    int64_t now = NOW_MS;
    see(fixture);
    run_all(fixture, now, CHECK_PASSED);
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        lose_sight(fixture, codes[i]);
        assert_rests(fixture, now + 10);
        now += 2 * EVERY_MS;
        for (size_t j = 0; j < CHECKS; j++) {
            struct check_turn turn = begin_turn(fixture, now);
            check_watch_run(fixture->watch, fixture->config, fixture->database, &turn);
            assert_non_null(turn.result);
            assert_int_equal(turn.unreached, turn.check != BACKUP);
            assert_int_equal(turn.unseen.code, turn.check == BACKUP ? ERROR_OK : codes[i]);
            if (turn.check != BACKUP)
                assert_int_equal(turn.result->error, codes[i]);
            turn.took_ms = 5;
            assert_false(check_watch_end(fixture->watch, &turn, now));
        }
        assert_rests(fixture, now + 10);
        cleanup(check_board) struct check_board *board = show(fixture, NULL);
        assert_int_equal(board->checks[ROWS].result->state, CHECK_UNKNOWN);
        assert_int_equal(board->checks[ROWS].decided->state, CHECK_PASSED);
        see(fixture);
        assert_int_equal(run(fixture, now + 20, CHECK_PASSED), ROWS);
        assert_int_equal(run(fixture, now + 20, CHECK_PASSED), CATALOGUE);
        assert_rests(fixture, now + 30);
    }
}

/* A daemon that starts before its database says what it knows. */
static void test_never_in_sight(void **state)
{
    struct fixture *fixture = *state;
    lose_sight(fixture, ERROR_UNREACHABLE);
    struct check_turn turn = begin_turn(fixture, NOW_MS);
    assert_int_equal(turn.check, ROWS);
    assert_int_equal(turn.unseen.code, ERROR_UNREACHABLE);
    check_watch_run(fixture->watch, fixture->config, fixture->database, &turn);
    check_watch_end(fixture->watch, &turn, NOW_MS);
    see(fixture);
    assert_int_equal(run(fixture, NOW_MS + 10, CHECK_PASSED), ROWS);
}

/* While others reach the database, a check that cannot is tried again at growing distance. */
static void test_back_off(void **state)
{
    struct fixture *fixture = *state;
    int64_t now = NOW_MS;
    struct check_turn turn = begin_turn(fixture, now); /* the only one that waits for no look */
    for (unsigned i = 0; i < 3; i++) {
        turn.unreached = true;
        turn.result = make_result(CHECK_UNKNOWN, ERROR_UNREACHABLE);
        check_watch_end(fixture->watch, &turn, now);
        int64_t due = check_watch_due(fixture->watch);
        assert_in_range(due - now, (PACE_FAILURE_FIRST_MS << i) * 3 / 4, (PACE_FAILURE_FIRST_MS << i) * 5 / 4);
        now = due;
        turn = begin_turn(fixture, now);
    }
    turn.result = make_result(CHECK_PASSED, ERROR_OK);
    check_watch_end(fixture->watch, &turn, now);
    assert_in_range(check_watch_due(fixture->watch) - now, EVERY_MS / 3, 2 * EVERY_MS);
}

static void test_refresh(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    run_all(fixture, NOW_MS, CHECK_PASSED);
    assert_int_equal(check_watch_awaited(fixture->watch), 0);
    check_watch_refresh(fixture->watch);
    for (size_t left = CHECKS; left > 0; left--) {
        assert_int_equal(check_watch_awaited(fixture->watch), left);
        struct check_turn turn = begin_turn(fixture, NOW_MS + 10);
        assert_int_equal(check_watch_awaited(fixture->watch), left);
        turn.result = make_result(CHECK_PASSED, ERROR_OK);
        check_watch_end(fixture->watch, &turn, NOW_MS + 10);
    }
    assert_int_equal(check_watch_awaited(fixture->watch), 0);
    assert_rests(fixture, NOW_MS + 20);
}

/* A run that had begun before does not count; what has to wait for a migration is not waited for. */
static void test_refresh_meanwhile(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    struct check_turn turn = begin_turn(fixture, NOW_MS);
    check_watch_refresh(fixture->watch);
    turn.result = make_result(CHECK_PASSED, ERROR_OK);
    check_watch_end(fixture->watch, &turn, NOW_MS + 10);
    assert_int_equal(check_watch_awaited(fixture->watch), CHECKS);
    fixture->sight.running = true;
    fixture->sight.runs++;
    follow(fixture);
    assert_int_equal(check_watch_awaited(fixture->watch), 1);
    assert_int_equal(run(fixture, NOW_MS + 20, CHECK_PASSED), BACKUP);
    assert_int_equal(check_watch_awaited(fixture->watch), 0);
    fixture->sight.running = false;
    follow(fixture);
    assert_int_equal(check_watch_awaited(fixture->watch), 0);
    assert_int_equal(run(fixture, NOW_MS + 30, CHECK_PASSED), ROWS);
}

static void test_states_and_times(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    static const enum check_state states[] = {CHECK_PASSED, CHECK_PASSED, CHECK_FAILED, CHECK_UNKNOWN, CHECK_FAILED};
    static const int64_t since[] = {0, 0, 2, 3, 4};
    static const int64_t decided[] = {0, 1, 2, 2, 4};
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        int64_t now = NOW_MS + (int64_t)i * 1000;
        check_watch_refresh(fixture->watch);
        assert_int_equal(run(fixture, now, states[i]), ROWS);
        cleanup(check_board) struct check_board *board = show(fixture, NULL);
        const struct check_status *status = &board->checks[ROWS];
        assert_int_equal(status->result->state, states[i]);
        assert_int_equal(status->begun_at_ms, now);
        assert_int_equal(status->taken_at_ms, wall_ms + now);
        assert_int_equal(status->took_ms, 5);
        assert_int_equal(status->since_ms, wall_ms + NOW_MS + since[i] * 1000);
        assert_int_equal(status->decided_at_ms, NOW_MS + decided[i] * 1000);
        assert_int_equal(status->decided->state, states[i] == CHECK_UNKNOWN ? CHECK_FAILED : states[i]);
        run(fixture, now, CHECK_PASSED);
        run(fixture, now, CHECK_PASSED);
    }
}

/* Without memory for a result the one before stands, and is what it was. */
static void test_no_memory_for_a_result(void **state)
{
    struct fixture *fixture = *state;
    see(fixture);
    run_all(fixture, NOW_MS, CHECK_PASSED);
    fixture->sight.journals++;
    follow(fixture);
    struct check_turn turn = begin_turn(fixture, NOW_MS + 10);
    check_watch_end(fixture->watch, &turn, NOW_MS + 10);
    cleanup(check_board) struct check_board *board = show(fixture, NULL);
    assert_int_equal(board->checks[ROWS].result->state, CHECK_PASSED);
    assert_true(board->checks[ROWS].overtaken);
    assert_in_range(check_watch_due(fixture->watch), NOW_MS + 10 + PACE_FAILURE_FIRST_MS / 2,
                    NOW_MS + 10 + 2 * PACE_FAILURE_FIRST_MS);
}

static void test_allocation_failures(void **state)
{
    struct fixture *fixture = *state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(check_watch) struct check_watch *watch = check_watch_new(fixture->database);
        OOM_CHECK(loop, watch != NULL);
    }
    see(fixture);
    run_all(fixture, NOW_MS, CHECK_FAILED);
    cleanup(check_board) struct check_board *before = show(fixture, NULL);
    check_watch_refresh(fixture->watch);
    run(fixture, NOW_MS + 10, CHECK_PASSED);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(check_board) struct check_board *board =
            check_watch_board(fixture->watch, fixture->config, fixture->database, before);
        OOM_CHECK(loop, board != NULL);
        assert_ptr_not_equal(board, before);
    }
    lose_sight(fixture, ERROR_UNREACHABLE);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct check_turn turn = {.check = ROWS, .begun_at_ms = NOW_MS, .unseen = fixture->sight.error};
        check_watch_run(fixture->watch, fixture->config, fixture->database, &turn);
        OOM_CHECK(loop, turn.result != NULL);
        check_result_unref(turn.result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_before_the_first_look, begin, end),
        cmocka_unit_test_setup_teardown(test_schedule, begin, end),
        cmocka_unit_test_setup_teardown(test_rest, begin, end),
        cmocka_unit_test_setup_teardown(test_soon_again, begin, end),
        cmocka_unit_test_setup_teardown(test_not_later_than_scheduled, begin, end),
        cmocka_unit_test_setup_teardown(test_never_while_a_migration_runs, begin, end),
        cmocka_unit_test_setup_teardown(test_a_migration_takes_back_what_passed, begin, end),
        cmocka_unit_test_setup_teardown(test_overtaken_by_the_journal, begin, end),
        cmocka_unit_test_setup_teardown(test_overtaken_under_way, begin, end),
        cmocka_unit_test_setup_teardown(test_boards_are_shared, begin, end),
        cmocka_unit_test_setup_teardown(test_out_of_sight, begin, end),
        cmocka_unit_test_setup_teardown(test_never_in_sight, begin, end),
        cmocka_unit_test_setup_teardown(test_back_off, begin, end),
        cmocka_unit_test_setup_teardown(test_refresh, begin, end),
        cmocka_unit_test_setup_teardown(test_refresh_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(test_states_and_times, begin, end),
        cmocka_unit_test_setup_teardown(test_no_memory_for_a_result, begin, end),
        cmocka_unit_test_setup_teardown(test_allocation_failures, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
