/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler, its workers and what they publish.
 */
#include "lab.h"

static const char rarely[] = "interval: 1d, journal_interval: 1h, query_timeout: 10m";
static const char two[] = "workers: 4\n"
                          "defaults: {interval: 1d, journal_interval: 1h, query_timeout: 10m}\n"
                          "databases:\n  a: {url: 'postgresql://s/a'}\n  b: {url: 'postgresql://s/b'}\n";

static void test_everything_is_looked_at(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    write_config(&text, 40, 2, 16, rarely);
    begin(&fixture, strbuf_text(&text));
    AWAIT(all_observed, NULL);
    end(&fixture);
    for (size_t i = 0; i < 2; i++) {
        assert_in_range(lab.servers[i].most_working, 1, 2);
        assert_int_equal(lab.servers[i].most_heavy, 1);
    }
}

static void test_one_deep_look_per_server(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_deep = true);
    WITH_STAND("b", stand->hold_deep = true);
    begin(&fixture, two);
    AWAIT_COUNT("a", deep_begun, 0);
    pthread_mutex_lock(&lab.lock);
    while (lab.heavy == 0)
        pthread_cond_wait(&lab.changed, &lab.lock);
    assert_int_equal(stand_of("a")->deep_begun + stand_of("b")->deep_begun, 1);
    pthread_mutex_unlock(&lab.lock);
    WITH_STAND("a", stand->hold_deep = false);
    WITH_STAND("b", stand->hold_deep = false);
    AWAIT(all_observed, NULL);
    end(&fixture);
    assert_int_equal(lab.most_heavy, 1);
}

/* A deep look that takes for ever leaves room for journals, on its server and with few workers. */
static void test_journals_are_not_starved(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    int64_t wait_ms = 0;
    WITH_STAND("a", stand->hold_deep = true);
    unsigned before = count_of("a", deep_begun);
    assert_int_not_equal(scheduler_refresh(fixture.scheduler, "a", &wait_ms), 0);
    AWAIT_COUNT("a", deep_begun, before + 1);
    scheduler_demand(fixture.scheduler, "b", 1);
    AWAIT_COUNT("b", journal_begun, count_of("b", journal_begun) + 5);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 5);
    WITH_STAND("a", stand->hold_deep = false);
    end(&fixture);
}

static bool half_are_deep(struct fixture *fixture, const void *what)
{
    (void)fixture;
    pthread_mutex_lock(&lab.lock);
    bool half = lab.heavy == *(const unsigned *)what;
    pthread_mutex_unlock(&lab.lock);
    return half;
}

/* Servers that hang in deep looks take half of the workers and no more. */
static void test_deep_looks_leave_workers(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    write_config(&text, 6, 6, 4, rarely);
    begin(&fixture, strbuf_text(&text));
    AWAIT(all_observed, NULL);
    char name[8] = "";
    int64_t wait_ms = 0;
    for (unsigned i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "d%u", i);
        WITH_STAND(name, stand->hold_deep = true);
        assert_int_not_equal(scheduler_refresh(fixture.scheduler, name, &wait_ms), 0);
    }
    AWAIT(half_are_deep, &(unsigned){2});
    scheduler_demand(fixture.scheduler, "d5", 1);
    AWAIT_COUNT("d5", journal_begun, count_of("d5", journal_begun) + 3);
    assert_true(half_are_deep(&fixture, &(unsigned){2}));
    for (unsigned i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "d%u", i);
        WITH_STAND(name, stand->hold_deep = false);
    }
    end(&fixture);
    assert_int_equal(lab.most_heavy, 2);
}

static void test_demand(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    unsigned other = count_of("b", journal_begun);
    scheduler_demand(fixture.scheduler, "a", 1);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 10);
    scheduler_demand(fixture.scheduler, "a", -1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 5);
    scheduler_demand(fixture.scheduler, "a", -1);
    scheduler_demand(fixture.scheduler, "a", -1); /* one too many does no harm */
    scheduler_demand(fixture.scheduler, "nobody", 1);
    assert_int_equal(count_of("b", journal_begun), other);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 3);
    end(&fixture);
}

static void test_refresh(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    int64_t wait_ms = -1;
    assert_int_equal(scheduler_refresh(fixture.scheduler, "nobody", &wait_ms), 0);
    assert_int_equal(wait_ms, 0);
    WITH_STAND("a", stand->tables = 7; stand->hold_deep = true);
    unsigned deep = count_of("a", deep_ended);
    uint64_t ticket = scheduler_refresh(fixture.scheduler, "a", &wait_ms);
    assert_int_not_equal(ticket, 0);
    assert_int_equal(scheduler_refresh(fixture.scheduler, "a", &wait_ms), ticket);
    assert_false(scheduler_refreshed(fixture.scheduler, "a", ticket));
    WITH_STAND("a", stand->hold_deep = false);
    AWAIT(is_refreshed, (&(struct ticket){"a", ticket}));
    assert_int_equal(tables_of(&fixture, "a"), 7);
    assert_true(count_of("a", deep_ended) > deep);
    assert_int_equal(count_of("b", deep_ended), 1);
    /* Either the second has passed or the wait is said; both within the same rule. */
    uint64_t next = scheduler_refresh(fixture.scheduler, "a", &wait_ms);
    assert_true(next == 0 ? wait_ms > 0 && wait_ms <= 1000 : wait_ms == 0);
    end(&fixture);
}

/* A refresh that comes while a deep look runs is answered by the next one, which began after it. */
static void test_refresh_during_a_deep_look(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_deep = true);
    begin(&fixture, two);
    AWAIT_COUNT("a", deep_begun, 1);
    int64_t wait_ms = 0;
    uint64_t ticket = scheduler_refresh(fixture.scheduler, "a", &wait_ms);
    WITH_STAND("a", stand->tables = 5; stand->hold_deep = false);
    AWAIT(is_refreshed, (&(struct ticket){"a", ticket}));
    assert_int_equal(tables_of(&fixture, "a"), 5);
    assert_true(count_of("a", deep_ended) >= 2);
    end(&fixture);
}

static void test_failure_keeps_the_snapshot(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    cleanup(view) struct view *before = view_of(&fixture, "a");
    WITH_STAND("a", stand->fails = ERROR_UNREACHABLE);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT(has_failed, "a");
    cleanup(view) struct view *during = view_of(&fixture, "a");
    assert_ptr_equal(during->snapshot, before->snapshot);
    assert_true(during->status.observed);
    assert_int_equal(during->status.error.code, ERROR_UNREACHABLE);
    assert_true(during->status.good_at_ms >= before->status.good_at_ms);
    assert_true(is_good(&fixture, "b"));
    WITH_STAND("a", stand->fails = ERROR_OK);
    AWAIT(is_good, "a");
    end(&fixture);
}

/* The schema of a deep look that ended while a journal look ran is not replaced by the older one that this began with.
 */
static void test_deep_look_ends_during_a_journal_look(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    WITH_STAND("a", stand->hold_journal = true);
    unsigned journals = count_of("a", journal_begun);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, journals + 1);
    WITH_STAND("a", stand->tables = 9);
    int64_t wait_ms = 0;
    uint64_t ticket = scheduler_refresh(fixture.scheduler, "a", &wait_ms);
    AWAIT(has_tables, (&(struct tables){"a", 9}));
    WITH_STAND("a", stand->hold_journal = false);
    AWAIT_COUNT("a", journal_begun, journals + 3);
    assert_int_equal(tables_of(&fixture, "a"), 9);
    AWAIT(is_refreshed, (&(struct ticket){"a", ticket}));
    assert_int_equal(tables_of(&fixture, "a"), 9);
    end(&fixture);
}

static void test_probe_makes_a_deep_look(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    WITH_STAND("a", stand->tables = 3);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT(has_tables, (&(struct tables){"a", 3}));
    end(&fixture);
}

static const char changed[] = "workers: 4\n"
                              "defaults: {interval: 1d, journal_interval: 1h, query_timeout: 10m}\n"
                              "databases:\n  a: {url: 'postgresql://s/a'}\n"
                              "  b: {url: 'postgresql://s/b', schemas: [x]}\n  c: {url: 'postgresql://t/c'}\n";
static const char only_b[] = "workers: 4\n"
                             "defaults: {interval: 1d, journal_interval: 1h, query_timeout: 10m}\n"
                             "databases:\n  b: {url: 'postgresql://s/b'}\n";

static void test_reload_carries_over(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    cleanup(view) struct view *before = view_of(&fixture, "a");
    reload(&fixture, changed);
    cleanup(view) struct view *after = view_of(&fixture, "a");
    assert_ptr_equal(after->snapshot, before->snapshot);
    assert_ptr_not_equal(after->config, before->config);
    assert_true(after->generation > before->generation);
    AWAIT(all_observed, NULL);
    assert_int_equal(count_of("a", deep_begun), 1);
    assert_int_equal(count_of("b", deep_begun), 2);
    assert_int_equal(count_of("c", deep_begun), 1);
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 3);
    end(&fixture);
}

/* Who waits on a database waits on, and a refresh ends, although the database is new under other settings. */
static void test_reload_inherits_demand_and_refresh(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    int64_t wait_ms = 0;
    WITH_STAND("b", stand->hold_deep = true);
    scheduler_demand(fixture.scheduler, "b", 1);
    unsigned before = count_of("b", deep_begun);
    uint64_t ticket = scheduler_refresh(fixture.scheduler, "b", &wait_ms);
    AWAIT_COUNT("b", deep_begun, before + 1);
    reload(&fixture, changed);
    assert_false(scheduler_refreshed(fixture.scheduler, "b", ticket));
    WITH_STAND("b", stand->hold_deep = false);
    AWAIT(is_refreshed, (&(struct ticket){"b", ticket}));
    AWAIT_COUNT("b", journal_begun, count_of("b", journal_begun) + 3);
    end(&fixture);
}

static void test_reload_during_looks(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_deep = true);
    begin(&fixture, two);
    AWAIT_COUNT("a", deep_begun, 1); /* b waits for the server's one deep look */
    reload(&fixture, only_b);
    cleanup(view_set) struct view_set *set = publication_acquire(fixture.publication);
    assert_int_equal(set->count, 1);
    WITH_STAND("a", stand->hold_deep = false);
    AWAIT(is_observed, "b");
    assert_int_equal(count_of("a", journal_begun), 0);
    reload(&fixture, two);
    AWAIT(all_observed, NULL);
    end(&fixture);
}

static void test_reload_without_memory(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    begin(&fixture, two);
    AWAIT(all_observed, NULL);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        oom_disarm(&loop);
        cleanup(config) struct config *config = make_config(changed);
        cleanup(view_set) struct view_set *before = publication_acquire(fixture.publication);
        struct error error = {.code = ERROR_OK};
        oom_arm(&loop);
        int result = scheduler_reload(fixture.scheduler, config, &error);
        OOM_CHECK(loop, result == 0);
        cleanup(view_set) struct view_set *after = publication_acquire(fixture.publication);
        if (result < 0) {
            assert_int_equal(error.code, ERROR_NO_MEMORY);
            assert_ptr_equal(after->config, before->config);
        } else {
            assert_ptr_equal(after->config, config);
        }
    }
    scheduler_demand(fixture.scheduler, "a", 1);
    AWAIT(all_observed, NULL);
    AWAIT_COUNT("a", journal_begun, count_of("a", journal_begun) + 2);
    end(&fixture);
}

static void test_start_without_memory(void **state)
{
    (void)state;
    start_without_memory(two);
}

static void test_stop_with_a_hung_look(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    WITH_STAND("a", stand->hold_deep = true);
    begin(&fixture, two);
    AWAIT_COUNT("a", deep_begun, 1);
    assert_true(scheduler_is_alive(fixture.scheduler));
    assert_false(scheduler_stop(fixture.scheduler, deadline_in(20)));
    WITH_STAND("a", stand->hold_deep = false);
    end(&fixture);
}

enum { CROWD = 32, READERS = 3, READINGS = 300, RELOADS = 20 };

static void *read_views(void *payload)
{
    struct fixture *fixture = payload;
    for (int i = 0; i < READINGS; i++) {
        cleanup(view_set) struct view_set *set = publication_acquire(fixture->publication);
        for (size_t j = 0; j < set->count; j++) {
            cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
            struct database_report report = {0};
            if (!arena || view_judge(set->views[j], NULL, monotonic_ms(), 0, arena, &report, NULL) < 0)
                return payload;
        }
        char name[8] = "";
        int64_t wait_ms = 0;
        snprintf(name, sizeof name, "d%d", i % CROWD);
        scheduler_demand(fixture->scheduler, name, i % 2 ? -1 : 1);
        scheduler_refresh(fixture->scheduler, name, &wait_ms);
        scheduler_is_alive(fixture->scheduler);
    }
    return NULL;
}

static void test_crowd(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    cleanup(strbuf) struct strbuf other = STRBUF(LIMIT_CONFIG_BYTES);
    write_config(&text, CROWD, 4, 16, "interval: 1s, journal_interval: 100ms");
    write_config(&other, CROWD / 2, 4, 16, "interval: 1s, journal_interval: 100ms, max_staleness: 1m");
    begin(&fixture, strbuf_text(&text));
    pthread_t readers[READERS] = {0};
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_views, &fixture), 0);
    for (int i = 0; i < RELOADS; i++) {
        reload(&fixture, strbuf_text(i % 2 ? &text : &other));
        AWAIT(is_observed, "d0");
    }
    for (int i = 0; i < READERS; i++) {
        void *result = &fixture;
        pthread_join(readers[i], &result);
        assert_null(result);
    }
    AWAIT(all_observed, NULL);
    end(&fixture);
    for (size_t i = 0; i < 4; i++) {
        assert_in_range(lab.servers[i].most_working, 1, 2);
        assert_int_equal(lab.servers[i].most_heavy, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_everything_is_looked_at, set_up),
        cmocka_unit_test_setup(test_one_deep_look_per_server, set_up),
        cmocka_unit_test_setup(test_journals_are_not_starved, set_up),
        cmocka_unit_test_setup(test_deep_looks_leave_workers, set_up),
        cmocka_unit_test_setup(test_demand, set_up),
        cmocka_unit_test_setup(test_refresh, set_up),
        cmocka_unit_test_setup(test_refresh_during_a_deep_look, set_up),
        cmocka_unit_test_setup(test_failure_keeps_the_snapshot, set_up),
        cmocka_unit_test_setup(test_deep_look_ends_during_a_journal_look, set_up),
        cmocka_unit_test_setup(test_probe_makes_a_deep_look, set_up),
        cmocka_unit_test_setup(test_reload_carries_over, set_up),
        cmocka_unit_test_setup(test_reload_inherits_demand_and_refresh, set_up),
        cmocka_unit_test_setup(test_reload_during_looks, set_up),
        cmocka_unit_test_setup(test_reload_without_memory, set_up),
        cmocka_unit_test_setup(test_start_without_memory, set_up),
        cmocka_unit_test_setup(test_stop_with_a_hung_look, set_up),
        cmocka_unit_test_setup(test_crowd, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
