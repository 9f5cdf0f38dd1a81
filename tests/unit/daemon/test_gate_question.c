/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to gates over made-up views: who is asked what, what is remembered, and what that opens later.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/fail_open.h"
#include "daemon/gate_question.h"
#include "daemon/metrics.h"
#include "support/fake_engine.h"
#include "support/oom.h"

static const int64_t good_at_ms = 1000000;
static const int64_t wall_ms = 1800000000000;
static const int64_t minute_ms = 60000;

static struct config *make_config(void)
{
    static const char text[] = "defaults: {max_staleness: 2m}\n"
                               "databases:\n"
                               "  cache: {url: 'sqlite:////c.db', journal: none, replicas: 'sqlite:////r/c.db'}\n"
                               "  orders: {url: 'sqlite:////o.db'}\n"
                               "gates:\n"
                               "  api: {requires: [cache], on_unknown: last-known, max_age: 10m}\n"
                               "  both: {requires: [cache, orders], on_unknown: last-known, max_age: 10m}\n";
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(text, strlen(text), "gate.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

/* All databases were looked at once; or nothing was ever seen of them, since no look succeeds. */
static struct view_set *make_set(struct config *config, bool observed)
{
    struct look_status status = {.tried = true, .observed = observed, .good_at_ms = good_at_ms};
    struct view_set *set = view_set_new(config);
    assert_non_null(set);
    if (!observed)
        error_set(&status.error, ERROR_UNREACHABLE, "refused");
    for (size_t i = 0; i < set->count; i++) {
        cleanup(snapshot) struct snapshot *snapshot = observed ? snapshot_new() : NULL;
        if (snapshot) {
            snapshot->server = fake_server_facts(&(struct fake_server){0});
            snapshot->taken_at_ms = wall_ms;
        }
        const struct view_parts parts = {.snapshot = snapshot, .status = status};
        set->views[i] = view_new(config, &config->databases[i], &parts);
        assert_non_null(set->views[i]);
    }
    return set;
}

/* An answer with the memory that it stands in. */
struct asked {
    struct gate_question *question;
    struct arena *arena;
    struct gate_answer answer;
    struct error error;
    int result;
};

static struct asked ask(const struct gate_asked *asked, const struct view_set *set, int64_t after_ms)
{
    struct asked made = {.question = gate_question_new(asked), .arena = arena_new(SIZE_MAX)};
    assert_non_null(made.question);
    assert_non_null(made.arena);
    made.result = gate_question_ask(made.question, set, good_at_ms + after_ms, wall_ms + after_ms, made.arena,
                                    &made.answer, &made.error);
    return made;
}

static void asked_done(struct asked *asked)
{
    gate_question_free(asked->question);
    arena_free(asked->arena);
}

DEFINE_CLEANUP_VALUE(asked, struct asked, asked_done);

static void test_last_known_runs_out(void **state)
{
    (void)state;
    static const struct {
        int64_t after_ms;
        enum gate_state state;
        enum state_code code;
        int64_t valid_for_ms;
    } moments[] = {
        {0, GATE_OPEN, CODE_NO_EXPECTATION, 2 * 60000 + 1},    {2 * 60000, GATE_OPEN, CODE_NO_EXPECTATION, 1},
        {2 * 60000 + 1, GATE_OPEN, CODE_FAIL_OPEN, 8 * 60000}, {10 * 60000, GATE_OPEN, CODE_FAIL_OPEN, 1},
        {10 * 60000 + 1, GATE_UNKNOWN, CODE_STALE, INT64_MAX},
    };
    cleanup(config) struct config *config = make_config();
    cleanup(view_set) struct view_set *set = make_set(config, true);
    for (size_t i = 0; i < ARRAY_LENGTH(moments); i++) {
        const struct gate_asked asked = {.gate = "api"};
        cleanup(asked) struct asked made = ask(&asked, set, moments[i].after_ms);
        const struct gate_verdict *verdict = &made.answer.verdict;
        assert_int_equal(made.result, 0);
        assert_int_equal(verdict->state, moments[i].state);
        assert_int_equal(verdict->code, moments[i].code);
        assert_int_equal(verdict->valid_for_ms, moments[i].valid_for_ms);
        assert_int_equal(made.answer.reports[0].journals[0].last.verdict != NULL,
                         verdict->code == CODE_FAIL_OPEN || verdict->code == CODE_STALE);
    }
}

/* Another daemon, or the same after a restart, sees nothing: what is remembered opens for as long as it is young. */
static void test_what_was_open_is_remembered(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    cleanup(latches) struct latches *latches = latches_new();
    cleanup(view_set) struct view_set *seen = make_set(config, true);
    cleanup(view_set) struct view_set *unseen = make_set(config, false);
    const struct gate_asked asked = {.gate = "api", .latches = latches};
    cleanup(asked) struct asked never = ask(&asked, unseen, 0);
    assert_int_equal(never.answer.verdict.code, CODE_UNREACHABLE);
    cleanup(asked) struct asked open = ask(&asked, seen, 0);
    assert_int_equal(open.answer.verdict.code, CODE_NO_EXPECTATION);
    cleanup(asked) struct asked later = ask(&asked, unseen, 10 * minute_ms);
    assert_int_equal(later.answer.verdict.code, CODE_FAIL_OPEN);
    assert_int_equal(later.answer.verdict.valid_for_ms, 1);
    assert_true(later.answer.reports[0].journals[0].last.opened);
    assert_null(later.answer.reports[0].journals[0].last.verdict);
    cleanup(asked) struct asked old = ask(&asked, unseen, 10 * minute_ms + 1);
    assert_int_equal(old.answer.verdict.code, CODE_UNREACHABLE);
    /* A clock that was set back is as far away as one that was set forward. */
    cleanup(asked) struct asked early = ask(&asked, unseen, -10 * minute_ms);
    assert_int_equal(early.answer.verdict.code, CODE_FAIL_OPEN);
    cleanup(asked) struct asked earlier = ask(&asked, unseen, -10 * minute_ms - 1);
    assert_int_equal(earlier.answer.verdict.code, CODE_UNREACHABLE);
}

/* To have failed open is no opening: it does not prolong itself. */
static void test_a_fail_open_is_not_remembered(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    cleanup(latches) struct latches *latches = latches_new();
    cleanup(view_set) struct view_set *seen = make_set(config, true);
    cleanup(view_set) struct view_set *unseen = make_set(config, false);
    const struct gate_asked asked = {.gate = "api", .latches = latches};
    cleanup(asked) struct asked stale = ask(&asked, seen, 5 * minute_ms);
    assert_int_equal(stale.answer.verdict.code, CODE_FAIL_OPEN);
    cleanup(asked) struct asked later = ask(&asked, unseen, 5 * minute_ms);
    assert_int_equal(later.answer.verdict.code, CODE_UNREACHABLE);
}

static void test_a_revision_goes_to_replicas_too(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    cleanup(view_set) struct view_set *set = make_set(config, true);
    const char *revisions[] = {"cache:r1", "orders:r2"};
    const char *ranges[] = {"cache:..r9"};
    const struct gate_asked asked = {.gate = "both",
                                     .revisions = revisions,
                                     .revision_count = 2,
                                     .match = MATCH_AT_LEAST,
                                     .supports = ranges,
                                     .support_count = 1};
    cleanup(asked) struct asked made = ask(&asked, set, 0);
    assert_int_equal(made.result, 0);
    assert_int_equal(made.answer.count, 3);
    static const char *const names[] = {"cache", "cache@c.db", "orders"};
    static const char *const expected[] = {"r1", "r1", "r2"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const struct database_report *report = &made.answer.reports[i];
        const char *supports = report->journals[0].supports;
        assert_string_equal(report->name, names[i]);
        assert_string_equal(report->journals[0].expected_revision, expected[i]);
        assert_string_equal(supports ? supports : "", i < 2 ? "..r9" : "");
        assert_string_equal(report->replica_of ? report->replica_of : "", i == 1 ? "cache" : "");
    }
}

static void test_bad_questions(void **state)
{
    (void)state;
    static const struct {
        const char *gate;
        const char *revision;
        const char *range;
        const char *bad; /* NULL: the gate */
    } cases[] = {
        {"both", "r", NULL, "revision"},
        {"both", "cache@c.db:r", NULL, "revision"},
        {"both", "orders:", NULL, "revision"},
        {"api", "", NULL, "revision"},
        {"api", "r", "r", "supports"},
        {"api", "r", "..", "supports"},
        {"api", "r", "a..b..c", "supports"},
        {"api", "r", "a...b", "supports"},
        {"both", "orders:r", "a..b", "supports"},
        {"nowhere", "r", NULL, NULL},
        {"cache@c.db", "r", NULL, NULL},
        {"cache@c.db#main", "r", NULL, NULL},
    };
    cleanup(config) struct config *config = make_config();
    cleanup(view_set) struct view_set *set = make_set(config, true);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct gate_asked asked = {.gate = cases[i].gate,
                                         .revisions = &cases[i].revision,
                                         .revision_count = 1,
                                         .match = MATCH_AT_LEAST,
                                         .supports = &cases[i].range,
                                         .support_count = cases[i].range != NULL};
        cleanup(asked) struct asked made = ask(&asked, set, 0);
        assert_int_equal(made.result, -1);
        assert_int_equal(made.error.code, cases[i].bad ? ERROR_INVALID : ERROR_NOT_FOUND);
        if (cases[i].bad)
            assert_string_equal(made.answer.bad_parameter, cases[i].bad);
    }
}

static uint64_t told(struct fail_opens *fail_opens, struct events *events, const struct view_set *set, int64_t after_ms)
{
    const struct gate_asked asked = {.gate = "api"};
    cleanup(asked) struct asked made = ask(&asked, set, after_ms);
    fail_opens_tell(fail_opens, &made.answer, 3, wall_ms);
    return events_newest(events);
}

/* Every answer is counted, the first one is an event, and so is the first one after the database was back. */
static void test_fail_opens_are_told(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    cleanup(events) struct events *events = events_new();
    cleanup(fail_opens) struct fail_opens *fail_opens = fail_opens_new(events);
    cleanup(view_set) struct view_set *set = make_set(config, true);
    int64_t before = metric_get(METRIC_gate_fail_open);
    assert_int_equal(told(fail_opens, events, set, 0), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(told(fail_opens, events, set, 5 * minute_ms), 1);
    assert_int_equal(metric_get(METRIC_gate_fail_open), before + 9);
    assert_int_equal(told(fail_opens, events, set, 11 * minute_ms), 1);
    assert_int_equal(told(fail_opens, events, set, 5 * minute_ms), 1);
    assert_int_equal(told(fail_opens, events, set, minute_ms), 1);
    assert_int_equal(told(fail_opens, events, set, 5 * minute_ms), 2);
    assert_int_equal(metric_get(METRIC_gate_fail_open), before + 15);
    bool missed = false;
    cleanup(event) struct event *event = events_after(events, 0, &missed);
    assert_int_equal(event->kind, EVENT_FAIL_OPEN);
    assert_string_equal(event->subject, "api");
    assert_non_null(strstr(event->body, "\"on_unknown\":\"last-known\""));
    assert_non_null(strstr(event->body, "\"database_code\":\"STALE\""));
}

/* Equal keys are equal questions: waiters share them. */
static void test_keys(void **state)
{
    (void)state;
    const char *texts[] = {"a..b", "c..d"};
    const struct gate_asked questions[] = {
        {.gate = "api"},
        {.gate = "api", .match = MATCH_AT_LEAST},
        {.gate = "api", .revisions = texts, .revision_count = 1},
        {.gate = "api", .revisions = texts, .revision_count = 2},
        {.gate = "api", .supports = texts, .support_count = 1},
        {.gate = "api", .supports = texts, .support_count = 2},
        {.gate = "api", .revisions = texts, .revision_count = 1, .supports = texts + 1, .support_count = 1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(questions); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(questions); j++) {
            cleanup(gate_question) struct gate_question *a = gate_question_new(&questions[i]);
            cleanup(gate_question) struct gate_question *b = gate_question_new(&questions[j]);
            bool equal = a->key_length == b->key_length && memcmp(a->key, b->key, a->key_length) == 0;
            assert_int_equal(equal, i == j);
        }
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    cleanup(view_set) struct view_set *set = make_set(config, true);
    const char *revision = "orders:r2";
    const char *range = "cache:a..b";
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        /* The latches of this round lose a note without failing: they are not part of it. */
        const struct gate_asked asked = {.gate = "both",
                                         .revisions = &revision,
                                         .revision_count = 1,
                                         .match = MATCH_AT_LEAST,
                                         .supports = &range,
                                         .support_count = 1};
        cleanup(gate_question) struct gate_question *question = gate_question_new(&asked);
        cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
        struct gate_answer answer = {0};
        struct error error = {.code = ERROR_OK};
        bool done = question && arena &&
                    gate_question_ask(question, set, good_at_ms + 5 * minute_ms, wall_ms, arena, &answer, &error) == 0;
        OOM_CHECK(loop, done);
        if (question && arena && !done)
            assert_int_equal(error.code, ERROR_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_known_runs_out),
        cmocka_unit_test(test_what_was_open_is_remembered),
        cmocka_unit_test(test_a_fail_open_is_not_remembered),
        cmocka_unit_test(test_a_revision_goes_to_replicas_too),
        cmocka_unit_test(test_bad_questions),
        cmocka_unit_test(test_fail_opens_are_told),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
