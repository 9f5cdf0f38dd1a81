/* SPDX-License-Identifier: Apache-2.0
 *
 * Verdicts age with the monotonic clock alone, and what nobody saw is unknown.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/publication.h"
#include "support/fake_engine.h"
#include "support/oom.h"

static const int64_t hour_ms = 3600 * 1000;
static const int64_t wall_ms = 1800000000000;

static struct config *make_config(void)
{
    static const char text[] = "defaults: {max_staleness: 2m}\n"
                               "databases: {orders: {url: 'sqlite:////o.db', journal: none}, b: {url: 'sqlite:////b'}}";
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(text, strlen(text), "view.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

static struct snapshot *make_snapshot(void)
{
    struct snapshot *snapshot = snapshot_new();
    assert_non_null(snapshot);
    snapshot->server = fake_server_facts(&(struct fake_server){0});
    snapshot->taken_at_ms = wall_ms;
    return snapshot;
}

static const struct look_status looked = {.tried = true, .observed = true, .good_at_ms = 1000000};

static struct view *make_view(struct config *config, struct snapshot *snapshot, const struct look_status *status)
{
    const struct view_parts parts = {.snapshot = snapshot, .status = *status};
    struct view *view = view_new(config, config_find_database(config, "orders"), &parts);
    assert_non_null(view);
    return view;
}

static enum state_code judge(const struct view *view, int64_t now_ms, int64_t unix_ms, int64_t *ret_age_ms)
{
    cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
    struct database_report report = {0};
    assert_non_null(arena);
    assert_int_equal(view_judge(view, NULL, now_ms, unix_ms, arena, &report, NULL), 0);
    *ret_age_ms = report.age_ms;
    return report.journals[report.worst].verdict.code;
}

/* The wall clock jumps by an hour, or a century, either way: age and verdict stay. */
static void test_wall_clock_jumps(void **state)
{
    (void)state;
    static const int64_t jumps[] = {0, hour_ms, -hour_ms, 1000000 * hour_ms, -400000 * hour_ms};
    cleanup(config) struct config *config = make_config();
    cleanup(snapshot) struct snapshot *snapshot = make_snapshot();
    cleanup(view) struct view *view = make_view(config, snapshot, &looked);
    for (size_t i = 0; i < ARRAY_LENGTH(jumps); i++) {
        int64_t age_ms = 0;
        assert_int_equal(judge(view, looked.good_at_ms + 800, wall_ms + jumps[i], &age_ms), CODE_NO_EXPECTATION);
        assert_int_equal(age_ms, 800);
    }
}

static void test_staleness(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    cleanup(snapshot) struct snapshot *snapshot = make_snapshot();
    cleanup(view) struct view *view = make_view(config, snapshot, &looked);
    int64_t age_ms = 0;
    assert_int_equal(judge(view, looked.good_at_ms + 120000, wall_ms, &age_ms), CODE_NO_EXPECTATION);
    assert_int_equal(judge(view, looked.good_at_ms + 120001, wall_ms, &age_ms), CODE_STALE);
    struct look_status failing = looked;
    error_set(&failing.error, ERROR_UNREACHABLE, "refused");
    cleanup(view) struct view *failed = make_view(config, snapshot, &failing);
    assert_int_equal(judge(failed, looked.good_at_ms + 120000, wall_ms, &age_ms), CODE_NO_EXPECTATION);
    assert_int_equal(judge(failed, looked.good_at_ms + 120001, wall_ms, &age_ms), CODE_UNREACHABLE);
}

static void test_never_observed(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    int64_t age_ms = 0;
    cleanup(view) struct view *view = make_view(config, NULL, &(struct look_status){0});
    assert_int_equal(judge(view, 5, wall_ms, &age_ms), CODE_NEVER_OBSERVED);
    assert_int_equal(age_ms, -1);
}

static struct view_set *make_set(struct config *config)
{
    struct view_set *set = view_set_new(config);
    assert_non_null(set);
    for (size_t i = 0; i < set->count; i++) {
        set->views[i] = view_new(config, &config->databases[i], &(struct view_parts){0});
        assert_non_null(set->views[i]);
    }
    return set;
}

static void count_change(void *payload)
{
    ++*(unsigned *)payload;
}

static void test_publication(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    cleanup(config) struct config *other = make_config();
    struct publication *publication = publication_new();
    struct error error = {.code = ERROR_OK};
    unsigned changes = 0;
    assert_non_null(publication);
    publication_listen(publication, count_change, &changes);
    assert_null(publication_acquire(publication));
    publication_publish(publication, make_set(config), NULL);
    assert_int_equal(changes, 1);
    cleanup(view_set) struct view_set *before = publication_acquire(publication);
    assert_int_equal(publication_replace(publication, 1, make_view(config, NULL, &looked), &error), 0);
    assert_int_equal(changes, 2);
    cleanup(view_set) struct view_set *after = publication_acquire(publication);
    assert_ptr_equal(after->views[0], before->views[0]);
    assert_true(after->views[1]->generation > before->views[1]->generation);
    assert_true(after->generation > before->generation);
    /* A look that a reload overtook. */
    assert_int_equal(publication_replace(publication, 1, make_view(other, NULL, &looked), &error), 1);
    assert_int_equal(publication_replace(publication, 2, make_view(config, NULL, &looked), &error), 1);
    assert_int_equal(changes, 2);
    cleanup(view_set) struct view_set *same = publication_acquire(publication);
    assert_ptr_equal(same, after);
    publication_announce(publication);
    assert_int_equal(changes, 3);
    publication_free(publication);
}

static void test_replace_without_memory(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    struct publication *publication = publication_new();
    publication_publish(publication, make_set(config), NULL);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        oom_disarm(&loop);
        struct view *view = make_view(config, NULL, &looked);
        cleanup(view_set) struct view_set *before = publication_acquire(publication);
        struct error error = {.code = ERROR_OK};
        oom_arm(&loop);
        int result = publication_replace(publication, 0, view, &error);
        OOM_CHECK(loop, result == 0);
        cleanup(view_set) struct view_set *after = publication_acquire(publication);
        assert_int_equal(after == before, result < 0);
    }
    publication_free(publication);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wall_clock_jumps),       cmocka_unit_test(test_staleness),
        cmocka_unit_test(test_never_observed),         cmocka_unit_test(test_publication),
        cmocka_unit_test(test_replace_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
