/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks under scheduling: one at a time per server, in nobody's way.
 */
#include "lab.h"

#define RARELY "defaults: {interval: 1d, journal_interval: 1h, query_timeout: 10m}\n"
#define CHECK "{sql: SELECT n FROM t, expect: '1', every: 1d, timeout: 10m}"

static const char one[] = "workers: 4\n" RARELY "databases:\n"
                          "  a: {url: 'postgresql://s/a', checks: {x: " CHECK ", y: " CHECK ", z: " CHECK "}}\n";

static const char neighbours[] = "workers: 4\n" RARELY "databases:\n"
                                 "  a: {url: 'postgresql://s/a', checks: {x: " CHECK ", y: " CHECK "}}\n"
                                 "  b: {url: 'postgresql://s/b', checks: {x: " CHECK "}}\n";

static struct check_board *board_of(struct fixture *fixture, const char *name)
{
    cleanup(view) struct view *view = view_of(fixture, name);
    return view ? check_board_ref(view->checks) : NULL;
}

struct wanted {
    const char *name;
    enum check_state state;
};

static bool all_are(struct fixture *fixture, const void *what)
{
    const struct wanted *wanted = what;
    cleanup(check_board) struct check_board *board = board_of(fixture, wanted->name);
    for (size_t i = 0; board && i < board->count; i++) {
        if (!board->checks[i].result || board->checks[i].result->state != wanted->state)
            return false;
    }
    return board;
}

#define AWAIT_CHECKS(name, state) AWAIT(all_are, (&(struct wanted){name, state}))

static uint64_t refresh(struct fixture *fixture, const char *name)
{
    int64_t wait_ms = 0;
    uint64_t ticket = scheduler_refresh(fixture->scheduler, name, &wait_ms);
    assert_int_not_equal(ticket, 0);
    return ticket;
}

static unsigned *check_connections(struct stand *stand)
{
    return &stand->check_connections;
}

static void test_all_run_one_by_one(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, one);
    AWAIT_CHECKS("a", CHECK_PASSED);
    assert_int_equal(count_of("a", check_ended), 3);
    assert_int_equal(count_of("a", check_connections), 1);
    end(&fixture);
    assert_int_equal(lab.most_heavy, 1);
    assert_in_range(lab.servers[0].most_working, 1, 2);
}

/* A check that takes for ever holds up the heavy looks on its server, and no journal. */
static void test_journals_are_not_starved(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_check = true);
    begin(&fixture, neighbours);
    AWAIT_COUNT("a", check_begun, 1);
    scheduler_demand(fixture.scheduler, "a", 1);
    scheduler_demand(fixture.scheduler, "b", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 5);
    AWAIT_COUNT("b", journal_begun, count_of("b", journal_begun) + 5);
    assert_int_equal(count_of("a", check_begun), 1);
    unsigned deep = count_of("b", deep_begun);
    uint64_t ticket = refresh(&fixture, "b");
    AWAIT_COUNT("b", journal_begun, count_of("b", journal_begun) + 5);
    assert_int_equal(count_of("b", deep_begun), deep);
    WITH_STAND("a", stand->hold_check = false);
    AWAIT(is_refreshed, (&(struct ticket){"b", ticket}));
    AWAIT_CHECKS("a", CHECK_PASSED);
    AWAIT_CHECKS("b", CHECK_PASSED);
    end(&fixture);
    assert_int_equal(lab.most_heavy, 1);
    assert_in_range(lab.servers[0].most_working, 1, 2);
}

static bool one_is_asked(struct fixture *fixture, const void *what)
{
    (void)fixture;
    (void)what;
    unsigned begun = 0;
    pthread_mutex_lock(&lab.lock);
    for (size_t i = 0; i < lab.count; i++)
        begun += lab.stands[i].check_begun;
    pthread_mutex_unlock(&lab.lock);
    return begun == 1;
}

/* Of four workers two are for journals, and one for deep looks: servers whose checks hang have the last. */
static void test_checks_leave_workers(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    char name[8] = "";
    strbuf_add_string(&text, "workers: 4\n" RARELY "databases:\n");
    for (unsigned i = 0; i < 6; i++) {
        strbuf_printf(&text, "  d%u: {url: 'postgresql://s%u/d%u', checks: {x: " CHECK "}}\n", i, i, i);
        snprintf(name, sizeof name, "d%u", i);
        WITH_STAND(name, stand->hold_check = true);
    }
    begin(&fixture, strbuf_text(&text));
    AWAIT(all_observed, NULL);
    AWAIT(one_is_asked, NULL);
    for (unsigned i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "d%u", i);
        unsigned deep = count_of(name, deep_ended);
        if (count_of(name, check_begun) > 0)
            continue;
        refresh(&fixture, name);
        AWAIT_COUNT(name, deep_ended, deep + 1);
    }
    assert_true(one_is_asked(&fixture, NULL));
    for (unsigned i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "d%u", i);
        WITH_STAND(name, stand->hold_check = false);
    }
    for (unsigned i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "d%u", i);
        AWAIT_CHECKS(name, CHECK_PASSED);
    }
    end(&fixture);
    assert_int_equal(lab.most_heavy, 2);
}

static void test_refresh_waits_for_checks(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, one);
    AWAIT_CHECKS("a", CHECK_PASSED);
    unsigned before = count_of("a", check_ended);
    unsigned looks = count_of("a", deep_ended);
    WITH_STAND("a", stand->hold_check = true; stand->answer = "2");
    uint64_t ticket = refresh(&fixture, "a");
    AWAIT_COUNT("a", deep_ended, looks + 1);
    AWAIT_COUNT("a", check_begun, before + 1);
    assert_false(scheduler_refreshed(fixture.scheduler, "a", ticket));
    assert_int_equal(refresh(&fixture, "a"), ticket);
    WITH_STAND("a", stand->hold_check = false);
    AWAIT(is_refreshed, (&(struct ticket){"a", ticket}));
    assert_int_equal(count_of("a", check_ended), before + 3);
    assert_true(all_are(&fixture, &(struct wanted){"a", CHECK_FAILED}));
    end(&fixture);
}

/* The journal is looked at all the while: only checks cannot get through, and are tried again. */
static void test_back_off_and_recovery(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->check_fails = ERROR_UNREACHABLE);
    begin(&fixture, one);
    AWAIT_CHECKS("a", CHECK_UNKNOWN);
    assert_true(is_good(&fixture, "a"));
    WITH_STAND("a", stand->check_fails = ERROR_OK);
    AWAIT_CHECKS("a", CHECK_PASSED);
    end(&fixture);
}

/* A connection that was left open dies between two checks: neither of them tells. */
static void test_a_connection_that_died(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->dies = true);
    begin(&fixture, one);
    AWAIT_CHECKS("a", CHECK_PASSED);
    assert_int_equal(count_of("a", check_connections), 3);
    end(&fixture);
}

static void test_out_of_sight(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, one);
    AWAIT_CHECKS("a", CHECK_PASSED);
    unsigned asked = count_of("a", check_connections);
    WITH_STAND("a", stand->fails = ERROR_UNREACHABLE);
    uint64_t ticket = refresh(&fixture, "a");
    AWAIT(is_refreshed, (&(struct ticket){"a", ticket}));
    assert_true(all_are(&fixture, &(struct wanted){"a", CHECK_UNKNOWN}));
    assert_int_equal(count_of("a", check_connections), asked);
    WITH_STAND("a", stand->fails = ERROR_OK);
    AWAIT_CHECKS("a", CHECK_PASSED);
    end(&fixture);
}

static void test_reload_while_a_check_runs(void **state)
{
    (void)state;
    static const char changed[] = "workers: 4\n" RARELY "databases:\n"
                                  "  a: {url: 'postgresql://s/a', checks: {x: " CHECK "}, interval: 23h}\n"
                                  "  b: {url: 'postgresql://s/b', checks: {x: " CHECK "}}\n";
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_check = true);
    begin(&fixture, neighbours);
    AWAIT_COUNT("a", check_begun, 1);
    reload(&fixture, changed);
    cleanup(check_board) struct check_board *board = board_of(&fixture, "a");
    assert_int_equal(board->count, 1);
    assert_null(board->checks[0].result);
    WITH_STAND("a", stand->hold_check = false);
    AWAIT_CHECKS("a", CHECK_PASSED);
    AWAIT_CHECKS("b", CHECK_PASSED);
    unsigned checks = count_of("a", check_ended) + count_of("b", check_ended);
    reload(&fixture, changed);
    assert_true(all_are(&fixture, &(struct wanted){"a", CHECK_PASSED}));
    reload(&fixture, "workers: 4\n" RARELY "databases:\n  a: {url: 'postgresql://s/a'}\n");
    AWAIT(all_observed, NULL);
    assert_null(board_of(&fixture, "a"));
    assert_int_equal(count_of("a", check_ended) + count_of("b", check_ended), checks);
    end(&fixture);
}

static void test_stop_with_a_hung_check(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_check = true);
    begin(&fixture, one);
    AWAIT_COUNT("a", check_begun, 1);
    assert_true(scheduler_is_alive(fixture.scheduler));
    assert_false(scheduler_stop(fixture.scheduler, deadline_in(20)));
    WITH_STAND("a", stand->hold_check = false);
    end(&fixture);
    assert_int_equal(count_of("a", check_ended), 1);
}

static bool was_told(struct fixture *fixture, const void *code)
{
    scheduler_follow_clock(fixture->scheduler);
    bool missed = false;
    for (uint64_t number = 0; number < events_newest(fixture->events); number++) {
        cleanup(event) struct event *event = events_after(fixture->events, number, &missed);
        if (event && event->kind == EVENT_CHECK && strstr(event->body, code))
            return true;
    }
    return false;
}

/* Nobody runs it any more, and nothing but the clock tells so. */
static void test_the_clock_is_told(void **state)
{
    (void)state;
    static const char text[] = "workers: 4\n"
                               "defaults: {interval: 1d, journal_interval: 100ms}\n"
                               "databases: {a: {url: 'postgresql://s/a', checks: {x: {sql: SELECT n FROM t,"
                               " expect: '1', every: 1s, timeout: 100ms}}}}\n";
    cleanup(events) struct events *events = events_new();
    struct fixture fixture = {.events = events};
    assert_non_null(events);
    begin(&fixture, text);
    AWAIT(was_told, "CHECK_PASSED");
    WITH_STAND("a", stand->hold_check = true);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT(was_told, "STALE");
    WITH_STAND("a", stand->hold_check = false);
    end(&fixture);
}

static void test_start_without_memory(void **state)
{
    (void)state;
    start_without_memory(neighbours);
}

/* Many databases on few servers, all with checks, and everybody wants something. */
static void test_crowd(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    char name[8] = "";
    strbuf_add_string(&text, "workers: 8\n" RARELY "databases:\n");
    for (unsigned i = 0; i < 60; i++)
        strbuf_printf(&text, "  d%u: {url: 'postgresql://s%u/d%u', checks: {x: " CHECK ", y: " CHECK "}}\n", i, i % 3,
                      i);
    begin(&fixture, strbuf_text(&text));
    for (unsigned i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "d%u", i);
        scheduler_demand(fixture.scheduler, name, 1);
        refresh(&fixture, name);
        if (i % 20 == 10)
            reload(&fixture, strbuf_text(&text));
    }
    for (unsigned i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "d%u", i);
        AWAIT_CHECKS(name, CHECK_PASSED);
        scheduler_demand(fixture.scheduler, name, -1);
    }
    end(&fixture);
    for (size_t i = 0; i < 3; i++)
        assert_in_range(lab.servers[i].most_working, 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_run_one_by_one, set_up),
        cmocka_unit_test_setup(test_journals_are_not_starved, set_up),
        cmocka_unit_test_setup(test_checks_leave_workers, set_up),
        cmocka_unit_test_setup(test_refresh_waits_for_checks, set_up),
        cmocka_unit_test_setup(test_back_off_and_recovery, set_up),
        cmocka_unit_test_setup(test_a_connection_that_died, set_up),
        cmocka_unit_test_setup(test_out_of_sight, set_up),
        cmocka_unit_test_setup(test_reload_while_a_check_runs, set_up),
        cmocka_unit_test_setup(test_stop_with_a_hung_check, set_up),
        cmocka_unit_test_setup(test_the_clock_is_told, set_up),
        cmocka_unit_test_setup(test_start_without_memory, set_up),
        cmocka_unit_test_setup(test_crowd, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
