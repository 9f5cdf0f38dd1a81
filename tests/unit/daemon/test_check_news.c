/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told of checks, and what is not worth telling.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/check_news.h"
#include "daemon/log.h"
#include "support/oom.h"

enum { NOW_MS = 1000000, EVERY_MS = 60000, TIMEOUT_MS = 5000 };

static const int64_t wall_ms = 1800000000000;

static const char text[] = "databases:\n"
                           "  orders:\n"
                           "    url: 'sqlite:////o.db'\n"
                           "    max_staleness: 1h\n"
                           "    checks:\n"
                           "      rows: {sql: select 1, expect: '1', every: 1m, timeout: 5s}\n"
                           "      names: {sql: select 1, expect: '1', every: 1m, timeout: 5s, sensitive: true}\n";

struct fixture {
    struct config *config;
    struct events *events;
    struct check_watch *watch;
    struct check_sight sight;
    struct check_board *board;
    struct check_news news;
    struct look_status status;
    uint64_t heard;
};

static int begin(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.events = events_new(),
                               .sight = {.observed = true},
                               .status = {.tried = true, .observed = true, .good_at_ms = NOW_MS}};
    struct error error = {.code = ERROR_OK};
    assert_non_null(fixture.events);
    if (config_parse(text, strlen(text), "news.yaml", &fixture.config, &error) < 0)
        fail_msg("%s", error.message);
    fixture.watch = check_watch_new(&fixture.config->databases[0]);
    assert_non_null(fixture.watch);
    check_watch_follow(fixture.watch, &fixture.sight);
    assert_true(check_news_init(&fixture.news, fixture.events, fixture.config->databases[0].check_count));
    log_init(LOG_FORMAT_LOGFMT, LOG_LEVEL_ERROR);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    check_news_done(&fixture->news);
    check_board_unref(fixture->board);
    check_watch_free(fixture->watch);
    events_free(fixture->events);
    config_unref(fixture->config);
    return 0;
}

/* Both checks are run at once and found in that state. */
static void run_both(struct fixture *fixture, int64_t now_ms, enum check_state state)
{
    check_watch_refresh(fixture->watch);
    for (size_t i = 0; i < 2; i++) {
        struct check_turn turn = {0};
        assert_true(check_watch_begin(fixture->watch, now_ms, wall_ms + now_ms, &turn));
        turn.result = check_result_new();
        assert_non_null(turn.result);
        turn.result->state = state;
        turn.result->error = state == CHECK_UNKNOWN ? ERROR_FORBIDDEN : ERROR_OK;
        turn.result->reason = "because";
        check_watch_end(fixture->watch, &turn, now_ms);
    }
}

static void tell(struct fixture *fixture, int64_t now_ms)
{
    const struct config_database *database = &fixture->config->databases[0];
    struct check_board *board = check_watch_board(fixture->watch, fixture->config, database, fixture->board);
    assert_non_null(board);
    check_board_unref(fixture->board);
    fixture->board = board;
    const struct view_parts parts = {.checks = board, .status = fixture->status};
    cleanup(view) struct view *view = view_new(fixture->config, database, &parts);
    assert_non_null(view);
    check_news_tell(&fixture->news, view, now_ms, wall_ms + now_ms);
}

/* The next event is about that check and holds all these words. */
#define ASSERT_TOLD(name, ...) assert_told(fixture, name, (const char *const[]){__VA_ARGS__, NULL})

static void assert_told(struct fixture *fixture, const char *name, const char *const *words)
{
    bool missed = false;
    char check[64] = "";
    snprintf(check, sizeof check, "\"check\":\"%s\"", name);
    cleanup(event) struct event *event = events_after(fixture->events, fixture->heard++, &missed);
    assert_non_null(event);
    assert_int_equal(event->kind, EVENT_CHECK);
    assert_string_equal(event->subject, "orders");
    assert_non_null(strstr(event->body, check));
    for (size_t i = 0; words[i]; i++) {
        if (!strstr(event->body, words[i]))
            fail_msg("%s does not hold %s", event->body, words[i]);
    }
}

static void assert_silent(const struct fixture *fixture)
{
    assert_int_equal(events_newest(fixture->events), fixture->heard);
}

static void test_changes_are_told_once(void **state)
{
    struct fixture *fixture = *state;
    tell(fixture, NOW_MS);
    assert_silent(fixture);
    run_both(fixture, NOW_MS, CHECK_PASSED);
    tell(fixture, NOW_MS);
    ASSERT_TOLD("rows", "\"state\":\"passed\"", "\"code\":\"CHECK_PASSED\"", "\"previous\":null");
    ASSERT_TOLD("names", "\"state\":\"passed\"");
    run_both(fixture, NOW_MS + 10, CHECK_PASSED);
    tell(fixture, NOW_MS + 10);
    assert_silent(fixture);
    run_both(fixture, NOW_MS + 20, CHECK_FAILED);
    tell(fixture, NOW_MS + 20);
    ASSERT_TOLD("rows", "\"state\":\"failed\"", "\"code\":\"CHECK_FAILED\"",
                "\"previous\":{\"state\":\"passed\",\"code\":\"CHECK_PASSED\"}");
    ASSERT_TOLD("names", "\"state\":\"failed\"");
    run_both(fixture, NOW_MS + 30, CHECK_UNKNOWN);
    tell(fixture, NOW_MS + 30);
    ASSERT_TOLD("rows", "\"state\":\"unknown\"", "\"code\":\"FORBIDDEN\"");
    ASSERT_TOLD("names", "\"state\":\"unknown\"");
    assert_silent(fixture);
}

/* While a migration runs, and until what it overtook was asked again, nothing is known that is worth telling. */
static void test_migrations_are_no_news(void **state)
{
    struct fixture *fixture = *state;
    run_both(fixture, NOW_MS, CHECK_PASSED);
    tell(fixture, NOW_MS);
    fixture->heard += 2;
    fixture->sight.running = true;
    fixture->sight.runs = 1;
    check_watch_follow(fixture->watch, &fixture->sight);
    tell(fixture, NOW_MS + 10);
    fixture->sight.running = false;
    check_watch_follow(fixture->watch, &fixture->sight);
    tell(fixture, NOW_MS + 20);
    assert_silent(fixture);
    run_both(fixture, NOW_MS + 30, CHECK_FAILED);
    tell(fixture, NOW_MS + 30);
    ASSERT_TOLD("rows", "\"state\":\"failed\"", "\"previous\":{\"state\":\"passed\"");
    ASSERT_TOLD("names", "\"state\":\"failed\"");
    assert_silent(fixture);
}

/* Time alone makes what was found stale, not before the moment that is promised. */
static void test_time(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(fixture->news.valid_until_ms, INT64_MAX);
    run_both(fixture, NOW_MS, CHECK_PASSED);
    tell(fixture, NOW_MS);
    fixture->heard += 2;
    int64_t until = fixture->news.valid_until_ms;
    assert_int_equal(until, NOW_MS + CHECK_TURNS * EVERY_MS + TIMEOUT_MS + 1);
    tell(fixture, until - 1);
    assert_silent(fixture);
    assert_int_equal(fixture->news.valid_until_ms, until);
    tell(fixture, until);
    ASSERT_TOLD("rows", "\"state\":\"unknown\"", "\"code\":\"STALE\"");
    ASSERT_TOLD("names", "\"state\":\"unknown\"");
    assert_int_equal(fixture->news.valid_until_ms, INT64_MAX);
    run_both(fixture, until + 10, CHECK_PASSED);
    tell(fixture, until + 10);
    ASSERT_TOLD("rows", "\"state\":\"passed\"", "\"previous\":{\"state\":\"unknown\",\"code\":\"STALE\"}");
    ASSERT_TOLD("names", "\"state\":\"passed\"");
}

static void test_nobody_listens(void **state)
{
    struct fixture *fixture = *state;
    fixture->news.events = NULL;
    run_both(fixture, NOW_MS, CHECK_PASSED);
    tell(fixture, NOW_MS);
    assert_silent(fixture);
    assert_string_equal(fixture->news.told[0].state, "passed");
}

/* Whatever cannot be told for want of memory does no harm, and what was not judged is told next time. */
static void test_allocation_failures(void **state)
{
    struct fixture *fixture = *state;
    const struct config_database *database = &fixture->config->databases[0];
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct check_news news = {0};
        OOM_CHECK(loop, check_news_init(&news, NULL, database->check_count));
        check_news_done(&news);
    }
    run_both(fixture, NOW_MS, CHECK_FAILED);
    tell(fixture, NOW_MS);
    const struct view_parts parts = {.checks = fixture->board, .status = fixture->status};
    cleanup(view) struct view *view = view_new(fixture->config, database, &parts);
    assert_non_null(view);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct check_news news = {0};
        oom_disarm(&loop);
        assert_true(check_news_init(&news, fixture->events, database->check_count));
        uint64_t before = events_newest(fixture->events);
        oom_arm(&loop);
        check_news_tell(&news, view, NOW_MS, wall_ms);
        bool refused = oom_disarm(&loop);
        loop.checked = true;
        if (!refused)
            assert_int_equal(events_newest(fixture->events), before + 2);
        check_news_done(&news);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_changes_are_told_once, begin, end),
        cmocka_unit_test_setup_teardown(test_migrations_are_no_news, begin, end),
        cmocka_unit_test_setup_teardown(test_time, begin, end),
        cmocka_unit_test_setup_teardown(test_nobody_listens, begin, end),
        cmocka_unit_test_setup_teardown(test_allocation_failures, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
