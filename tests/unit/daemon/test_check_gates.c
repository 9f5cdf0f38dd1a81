/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of made-up views: what a gate, health, an admission and the list of checks make of them, at every age, and
 * while each allocation in turn fails.
 */
#include "support/oom.h"

#include <string.h>

#include "base/deadline.h"
#include "daemon/fail_open.h"
#include "daemon/gate_question.h"
#include "daemon/http_routes.h"
#include "daemon/metrics.h"
#include "support/fake_engine.h"
#include "json/json_reader.h"

static const int64_t now_ms = 10000000;
static const int64_t wall_ms = 1800000000000;
static const int64_t lifetime_ms = 3 * 1000 + 5000;

/* In the order of the configuration. */
enum { NO_ORPHANS, NO_DEBTS, BACKUP, CHECKS };

static struct config *make_config(void)
{
    static const char text[] =
        "databases:\n"
        "  cache: {url: 'sqlite:////c.db', journal: none}\n"
        "  orders:\n"
        "    url: 'sqlite:////o.db'\n"
        "    journal: none\n"
        "    checks:\n"
        "      no_orphans: {sql: 'select 0', expect: '0', every: 1s}\n"
        "      no_debts: {sql: 'select 0', expect: '0', every: 1s, severity: warn}\n"
        "    backup: {file: '/b/*.gz', every: 1s}\n"
        "gates:\n"
        "  api: {requires: [orders, 'orders:check:no_orphans']}\n"
        "  job: {requires: ['orders:backup']}\n"
        "  lenient: {requires: ['orders:check:no_orphans'], on_unknown: last-known, max_age: 10m}\n"
        "  mixed: {requires: [cache, 'orders:check:no_orphans', 'orders:check:no_debts'], on_unknown: open}\n"
        "  plain: {requires: [orders]}\n";
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(text, strlen(text), "gate.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

static struct check_result *make_result(enum check_state state, enum error_code error)
{
    static const char *const reasons[CHECK_STATES] = {"it could not be asked", "it is 0", "it is 3"};
    struct check_result *result = check_result_new();
    assert_non_null(result);
    result->state = state;
    result->error = error;
    result->reason = reasons[state];
    result->value = state == CHECK_UNKNOWN ? NULL : state == CHECK_PASSED ? "0" : "3";
    return result;
}

/* Every check ran a moment ago, and passed. */
static struct check_board *make_board(struct config *config)
{
    const struct config_database *database = config_find_database(config, "orders");
    struct check_board *board = mem_calloc(1, sizeof *board);
    assert_non_null(board);
    assert_int_equal(database->check_count, CHECKS);
    *board = (struct check_board){.references = 1,
                                  .config = config_ref(config),
                                  .database = database,
                                  .checks = mem_calloc(CHECKS, sizeof *board->checks),
                                  .count = CHECKS};
    assert_non_null(board->checks);
    for (size_t i = 0; i < CHECKS; i++) {
        struct check_result *result = make_result(CHECK_PASSED, ERROR_OK);
        board->checks[i] = (struct check_status){.result = result,
                                                 .decided = check_result_ref(result),
                                                 .begun_at_ms = now_ms,
                                                 .decided_at_ms = now_ms,
                                                 .taken_at_ms = wall_ms,
                                                 .since_ms = wall_ms - 60000,
                                                 .took_ms = 5};
    }
    return board;
}

/* Its newest run ended so; what decided before stays. */
static void set_result(struct check_board *board, size_t check, enum check_state state, enum error_code error)
{
    struct check_status *status = &board->checks[check];
    check_result_unref(status->result);
    status->result = make_result(state, error);
    if (state == CHECK_UNKNOWN)
        return;
    check_result_unref(status->decided);
    status->decided = check_result_ref(status->result);
}

/* Both databases were looked at a moment ago, `orders` with that end. */
static struct view_set *make_set(struct config *config, struct check_board *board, enum error_code error)
{
    struct view_set *set = view_set_new(config);
    assert_non_null(set);
    for (size_t i = 0; i < set->count; i++) {
        struct look_status status = {.tried = true, .observed = true, .good_at_ms = now_ms};
        bool of_orders = strcmp(config->databases[i].name, "orders") == 0;
        cleanup(snapshot) struct snapshot *snapshot = snapshot_new();
        assert_non_null(snapshot);
        snapshot->server = fake_server_facts(&(struct fake_server){0});
        snapshot->taken_at_ms = wall_ms;
        if (of_orders && error != ERROR_OK)
            error_set(&status.error, error, "refused");
        const struct view_parts parts = {.snapshot = snapshot, .checks = of_orders ? board : NULL, .status = status};
        set->views[i] = view_new(config, &config->databases[i], &parts);
        assert_non_null(set->views[i]);
    }
    return set;
}

/* A configuration with all that was seen under it. */
struct world {
    struct config *config;
    struct check_board *board;
    struct view_set *set;
    struct arena *arena;
};

static struct world make_world(void)
{
    struct world world = {.config = make_config(), .arena = arena_new(SIZE_MAX)};
    assert_non_null(world.arena);
    world.board = make_board(world.config);
    world.set = make_set(world.config, world.board, ERROR_OK);
    return world;
}

/* Nothing of `orders` can be seen at present. */
static void hide_orders(struct world *world, enum error_code error)
{
    view_set_unref(world->set);
    world->set = make_set(world->config, world->board, error);
}

static void world_done(struct world *world)
{
    view_set_unref(world->set);
    check_board_unref(world->board);
    config_unref(world->config);
    arena_free(world->arena);
}

DEFINE_CLEANUP_VALUE(world, struct world, world_done);

static struct gate_answer ask(const struct world *world, const char *gate, int64_t after_ms)
{
    struct gate_answer answer = {0};
    const struct config_gate *asked = config_find_gate(world->config, gate);
    assert_non_null(asked);
    assert_int_equal(gate_ask(asked, world->set, now_ms + after_ms, wall_ms + after_ms, world->arena, &answer, NULL),
                     0);
    return answer;
}

static void test_required_checks_alone(void **state)
{
    (void)state;
    cleanup(world) struct world world = make_world();
    const struct gate_answer job = ask(&world, "job", 0);
    assert_int_equal(job.verdict.code, CODE_CHECK_PASSED);
    assert_string_equal(job.verdict.check, "orders:backup");
    assert_string_equal(job.verdict.database, "orders");
    assert_int_equal(job.count, 0);
    assert_int_equal(job.check_count, 1);
    assert_string_equal(gate_answer_reason(&job), "it is 0");
    assert_int_equal(gate_answer_cause(&job), CODE_CHECK_PASSED);
    set_result(world.board, NO_DEBTS, CHECK_FAILED, ERROR_OK);
    set_result(world.board, BACKUP, CHECK_FAILED, ERROR_OK);
    const struct gate_answer api = ask(&world, "api", 0);
    assert_int_equal(api.verdict.state, GATE_OPEN);
    assert_null(api.verdict.check);
    assert_int_equal(api.check_count, 1);
    assert_int_equal(api.checks[0].since_ms, wall_ms - 60000);
    const struct gate_answer plain = ask(&world, "plain", 0);
    assert_int_equal(plain.check_count, 0);
    assert_int_equal(plain.reports[0].check_count, 0);
    const struct gate_answer mixed = ask(&world, "mixed", 0);
    assert_int_equal(mixed.verdict.state, GATE_BLOCKED);
    assert_string_equal(mixed.verdict.check, "orders:check:no_debts");
    assert_string_equal(gate_answer_reason(&mixed), "it is 3");
}

/* A waiter judges again then. */
static void test_time_alone(void **state)
{
    (void)state;
    cleanup(world) struct world world = make_world();
    const struct gate_answer open = ask(&world, "job", 1);
    assert_int_equal(open.verdict.valid_for_ms, lifetime_ms);
    const struct gate_answer last = ask(&world, "job", lifetime_ms);
    assert_int_equal(last.verdict.state, GATE_OPEN);
    assert_int_equal(last.verdict.valid_for_ms, 1);
    const struct gate_answer stale = ask(&world, "job", lifetime_ms + 1);
    assert_int_equal(stale.verdict.state, GATE_UNKNOWN);
    assert_int_equal(stale.verdict.code, CODE_CHECK_UNKNOWN);
    assert_int_equal(gate_answer_cause(&stale), CODE_STALE);
    assert_int_equal(stale.checks[0].since_ms, TIME_UNKNOWN);
    assert_int_equal(stale.checks[0].last, CHECK_PASSED);
    assert_int_equal(stale.checks[0].last_age_ms, lifetime_ms + 1);
}

static void test_migrations(void **state)
{
    (void)state;
    cleanup(world) struct world world = make_world();
    world.board->running = true;
    const struct gate_answer running = ask(&world, "api", 0);
    assert_int_equal(running.verdict.state, GATE_CLOSED);
    assert_int_equal(running.checks[0].verdict.code, CODE_RUNNING);
    const struct gate_answer job = ask(&world, "job", 0);
    assert_int_equal(job.verdict.state, GATE_OPEN); /* the files are what they were */
    world.board->running = false;
    world.board->checks[NO_ORPHANS].overtaken = true;
    const struct gate_answer overtaken = ask(&world, "api", 0);
    assert_int_equal(overtaken.verdict.state, GATE_CLOSED);
    assert_int_equal(overtaken.checks[0].verdict.code, CODE_STALE);
}

static void test_out_of_sight(void **state)
{
    (void)state;
    cleanup(world) struct world world = make_world();
    cleanup(events) struct events *events = events_new();
    cleanup(fail_opens) struct fail_opens *fail_opens = fail_opens_new(events);
    set_result(world.board, NO_ORPHANS, CHECK_UNKNOWN, ERROR_TIMEOUT);
    struct gate_answer slow = ask(&world, "lenient", 0);
    assert_int_equal(slow.verdict.state, GATE_UNKNOWN); /* the database answers others */
    hide_orders(&world, ERROR_UNREACHABLE);
    struct gate_answer hidden = ask(&world, "lenient", 0);
    assert_int_equal(hidden.verdict.code, CODE_FAIL_OPEN);
    assert_string_equal(hidden.verdict.check, "orders:check:no_orphans");
    int64_t before = metric_get(METRIC_gate_fail_open);
    fail_opens_tell(fail_opens, &hidden, 2, wall_ms);
    assert_int_equal(metric_get(METRIC_gate_fail_open), before + 2);
    bool missed = false;
    cleanup(event) struct event *event = events_after(events, 0, &missed);
    assert_non_null(event);
    assert_non_null(strstr(event->body, "\"database\":\"orders\",\"database_code\":\"TIMEOUT\","
                                        "\"check\":\"orders:check:no_orphans\",\"reason\":\"it could not be asked\""));
    fail_opens_tell(fail_opens, &slow, 1, wall_ms);
    struct gate_answer back = ask(&world, "mixed", 0);
    assert_int_equal(back.verdict.code, CODE_FAIL_OPEN);
    fail_opens_tell(NULL, &back, 1, wall_ms);
    world.board->checks[NO_ORPHANS].decided->state = CHECK_FAILED;
    assert_int_equal(ask(&world, "lenient", 0).verdict.state, GATE_UNKNOWN);
    assert_int_equal(ask(&world, "mixed", 0).verdict.state, GATE_UNKNOWN);
}

/* Since the start nothing was seen: no run has ended, nor can one begin. */
static void test_never_seen(void **state)
{
    (void)state;
    cleanup(world) struct world world = make_world();
    for (size_t i = 0; i < CHECKS; i++) {
        check_result_unref(world.board->checks[i].result);
        check_result_unref(world.board->checks[i].decided);
        world.board->checks[i] = (struct check_status){.since_ms = TIME_UNKNOWN};
    }
    hide_orders(&world, ERROR_UNREACHABLE);
    const struct gate_answer lenient = ask(&world, "lenient", 0);
    assert_int_equal(lenient.verdict.state, GATE_UNKNOWN);
    assert_int_equal(gate_answer_cause(&lenient), CODE_UNREACHABLE);
    assert_int_equal(lenient.checks[0].age_ms, -1);
    assert_int_equal(ask(&world, "mixed", 0).verdict.code, CODE_FAIL_OPEN);
    const struct gate_answer job = ask(&world, "job", 0);
    assert_int_equal(gate_answer_cause(&job), CODE_NEVER_OBSERVED); /* a file would have been seen */
    const struct gate_asked asked = {.gate = "job", .revisions = (const char *[]){"a"}, .revision_count = 1};
    cleanup(gate_question) struct gate_question *question = gate_question_new(&asked);
    struct gate_answer answer = {0};
    struct error error = {.code = ERROR_OK};
    assert_int_equal(gate_question_ask(question, world.set, now_ms, wall_ms, world.arena, &answer, &error), -1);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.message, "gate job requires no database, of which a revision could be asked");
}

/* A database whose board was not published yet. */
static void test_no_board(void **state)
{
    (void)state;
    cleanup(world) struct world world = make_world();
    check_board_unref(world.board);
    world.board = NULL;
    hide_orders(&world, ERROR_OK);
    const struct gate_answer job = ask(&world, "job", 0);
    assert_int_equal(job.verdict.state, GATE_UNKNOWN);
    assert_int_equal(gate_answer_cause(&job), CODE_NEVER_OBSERVED);
    assert_int_equal(job.checks[0].checked_at_ms, TIME_UNKNOWN);
}

static const bool never;

static bool loops_alive(void *payload, int64_t monotonic_now_ms)
{
    (void)payload;
    (void)monotonic_now_ms;
    return true;
}

/* The status, and the whole answer in `out`; 0 where it could not be written whole. */
static int request(const struct world *world, struct admissions *admissions, const char *raw, const char *body,
                   struct strbuf *out)
{
    struct http_target target = {0};
    const char *names[HTTP_SEGMENTS] = {0};
    cleanup(http_response) struct http_response response = {0};
    const struct http_context context = {.admissions = admissions, .loops_alive = loops_alive, .draining = &never};
    struct http_request asked = {.context = &context,
                                 .set = world->set,
                                 .method = body ? HTTP_POST : HTTP_GET,
                                 .body = body,
                                 .body_length = body ? strlen(body) : 0,
                                 .loopback = true,
                                 .monotonic_ms = now_ms + 1000,
                                 .unix_ms = wall_ms + 1000};
    http_response_init(&response);
    assert_int_equal(http_target_parse(raw, &target, NULL), 0);
    http_route(&asked, &target, body ? "POST" : "GET", names, &response);
    if (out)
        strbuf_add(out, strbuf_text(&response.body), response.body.length);
    return strbuf_ok(&response.body) && response.body.length > 0 ? response.status : 0;
}

static const char signal_body[] = "{\"application\":\"migrate\",\"instance\":\"1\"}";

static void test_an_admission_keeps_its_evidence(void **state)
{
    (void)state;
    cleanup(world) struct world world = make_world();
    cleanup(admissions) struct admissions *admissions = admissions_new();
    cleanup(strbuf) struct strbuf answer = STRBUF(65536);
    cleanup(strbuf) struct strbuf list = STRBUF(65536);
    world.board->checks[BACKUP].result->backup.file = "/b/1.gz";
    assert_int_equal(request(&world, admissions, "/v1/gates/job/admissions", signal_body, &answer), 201);
    static const char evidence[] =
        "\"evidence\":[{\"check\":\"orders:backup\",\"state\":\"passed\",\"value\":\"/b/1.gz\","
        "\"checked_at\":\"2027-01-15T08:00:00Z\"}]";
    assert_non_null(strstr(strbuf_text(&answer), evidence));
    assert_int_equal(request(&world, admissions, "/v1/gates/job/admissions", NULL, &list), 200);
    assert_non_null(strstr(strbuf_text(&list), evidence));
    strbuf_clear(&answer);
    assert_int_equal(request(&world, admissions, "/v1/gates/plain/admissions", signal_body, &answer), 201);
    assert_null(strstr(strbuf_text(&answer), "evidence"));
}

/* For how long its bytes may serve others: no longer than what they say is true. */
static void test_health_is_cached_no_longer_than_it_is_true(void **state)
{
    (void)state;
    cleanup(world) struct world world = make_world();
    static const char *const targets[] = {"/health/job", "/health/orders", "/health"};
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        struct http_target target = {0};
        const char *names[HTTP_SEGMENTS] = {0};
        cleanup(http_response) struct http_response response = {0};
        const struct http_context context = {.loops_alive = loops_alive, .draining = &never};
        struct http_request asked = {.context = &context,
                                     .set = world.set,
                                     .loopback = true,
                                     .monotonic_ms = now_ms + lifetime_ms - 9,
                                     .unix_ms = wall_ms};
        http_response_init(&response);
        assert_int_equal(http_target_parse(targets[i], &target, NULL), 0);
        http_route(&asked, &target, "GET", names, &response);
        assert_int_equal(response.status, 200);
        assert_int_equal(response.cache_ms, 10);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *body;
    } requests[] = {
        {"/v1/databases/orders/checks", NULL},
        {"/v1/databases/orders/checks?format=text", NULL},
        {"/v1/databases/orders/checks?format=markdown", NULL},
        {"/v1/databases/orders", NULL},
        {"/v1/gates", NULL},
        {"/v1/gates/job", NULL},
        {"/v1/gates/mixed", NULL},
        {"/health/job", NULL},
        {"/health/orders", NULL},
        {"/v1/gates/job/admissions", signal_body},
    };
    cleanup(world) struct world world = make_world();
    for (size_t i = 0; i < ARRAY_LENGTH(requests); i++) {
        cleanup(admissions) struct admissions *admissions = admissions_new();
        FOR_EACH_ALLOCATION_FAILURE(loop)
        {
            int status = request(&world, admissions, requests[i].target, requests[i].body, NULL);
            OOM_CHECK(loop, status == (requests[i].body ? 201 : 200));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_required_checks_alone),
        cmocka_unit_test(test_time_alone),
        cmocka_unit_test(test_migrations),
        cmocka_unit_test(test_out_of_sight),
        cmocka_unit_test(test_never_seen),
        cmocka_unit_test(test_no_board),
        cmocka_unit_test(test_an_admission_keeps_its_evidence),
        cmocka_unit_test(test_health_is_cached_no_longer_than_it_is_true),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
