/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting, with a transport that answers what a test says.
 */
#include "support/oom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/deadline.h"
#include "daemon/wait.h"

enum { MOST_REQUESTS = 16, LONG_MS = 600000 };

#define GATE(state, code)                                                                                              \
    "{\"gate\":\"api\",\"state\":\"" state "\",\"code\":\"" code "\",\"database\":\"orders\","                         \
    "\"databases\":[{\"database\":\"orders\",\"tool\":\"alembic\",\"reason\":\"because\",\"next\":\"do it\"}]}"
#define ADMITTED "{\"gate\":\"api\",\"answer\":" GATE("open", "CURRENT") "}"

static const char open_gate[] = GATE("open", "CURRENT");
static const char closed_gate[] = GATE("closed", "PENDING");
static const char unknown_gate[] = GATE("unknown", "STALE");
static const char blocked_gate[] = GATE("blocked", "FAILED");

struct step {
    int status; /* 0: no answer */
    const char *body;
};

/* The answers, the last one again and again, and what was asked. */
struct script {
    const struct step *steps;
    size_t count;
    size_t asked;
    char targets[MOST_REQUESTS][128];
    char bodies[MOST_REQUESTS][256];
    char tokens[MOST_REQUESTS][32];
};

static void answer(void *payload, const struct wait_request *request, struct wait_answer *ret_answer)
{
    struct script *script = payload;
    const struct step *step = &script->steps[script->asked < script->count ? script->asked : script->count - 1];
    assert_true(script->asked < MOST_REQUESTS);
    snprintf(script->targets[script->asked], 128, "%s %s", request->method, request->target);
    snprintf(script->bodies[script->asked], 256, "%s", request->body ? request->body : "");
    snprintf(script->tokens[script->asked], 32, "%s", request->token ? request->token : "");
    script->asked++;
    *ret_answer = (struct wait_answer){.status = step->status, .body = STRBUF(4096)};
    if (step->body)
        strbuf_add_string(&ret_answer->body, step->body);
    if (step->status == 0)
        snprintf(ret_answer->problem, sizeof ret_answer->problem, "nobody there");
    if (step->status == 301)
        snprintf(ret_answer->location, sizeof ret_answer->location, "http://elsewhere/");
}

static int ask(const struct wait_question *question, struct script *script)
{
    const struct wait_transport transport = {.exchange = answer, .payload = script};
    struct wait_question own = *question;
    own.program = "test";
    own.target = "/v1/gates/api";
    return wait_for_gate(&own, &transport);
}

static void test_one_look(void **state)
{
    (void)state;
    static const struct {
        struct step step;
        int code;
    } cases[] = {
        {{200, open_gate}, 0},
        {{503, closed_gate}, 1},
        {{503, unknown_gate}, 3},
        {{409, blocked_gate}, 4},
        {{0, NULL}, 3},
        /* whose status and state differ is no gate */
        {{200, closed_gate}, 3},
        {{503, open_gate}, 3},
        {{201, open_gate}, 3},
        {{409, open_gate}, 3},
        {{200, "It works!"}, 3},
        {{200, "{}"}, 3},
        {{200, ""}, 3},
        {{301, ""}, 3},
        {{302, open_gate}, 3},
        {{502, "<html>"}, 3},
        {{404, "<html>"}, 3},
        {{429, "{\"detail\":\"too many waiters\"}"}, 3},
        {{503, "{\"code\":\"DRAINING\",\"detail\":\"stopping\"}"}, 3},
        {{404, "{\"detail\":\"there is no gate api\"}"}, 2},
        {{400, "{\"detail\":\"match\"}"}, 2},
        {{401, "{\"detail\":\"a token is needed\"}"}, 2},
        {{403, "{\"detail\":\"another scope is needed\"}"}, 2},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct script script = {.steps = &cases[i].step, .count = 1};
        const struct wait_question question = {.timeout_ms = 0};
        if (ask(&question, &script) != cases[i].code)
            fail_msg("case %zu", i);
        assert_int_equal(script.asked, 1);
        assert_string_equal(script.targets[0], "GET /v1/gates/api");
    }
}

static void test_what_is_asked(void **state)
{
    (void)state;
    static const struct step steps[] = {{503, closed_gate}, {503, closed_gate}, {200, open_gate}, {201, ADMITTED}};
    struct script script = {.steps = steps, .count = ARRAY_LENGTH(steps)};
    static const char *const revisions[] = {"orders:a b", "billing:2"};
    static const char *const ranges[] = {"1..2"};
    const struct wait_question question = {.revisions = revisions,
                                           .revision_count = 2,
                                           .match = "exact",
                                           .supports = ranges,
                                           .support_count = 1,
                                           .application = "shop\"",
                                           .instance = "pod-1",
                                           .timeout_ms = LONG_MS};
    assert_int_equal(ask(&question, &script), 0);
    assert_int_equal(script.asked, 4);
#define ASKED "GET /v1/gates/api?revision=orders%3Aa%20b&revision=billing%3A2&match=exact&supports=1..2"
    assert_string_equal(script.targets[0], ASKED);
    assert_string_equal(script.targets[1], ASKED "&wait=1000ms");
    assert_non_null(strstr(script.targets[2], "&wait=2000ms"));
    assert_string_equal(script.targets[3], "POST /v1/gates/api/admissions");
    assert_string_equal(script.bodies[3],
                        "{\"application\":\"shop\\\"\",\"instance\":\"pod-1\",\"revision\":[\"orders:a b\","
                        "\"billing:2\"],\"match\":\"exact\",\"supports\":\"1..2\"}");
}

/* Whatever comes first, only the gate's own word lets the command start. */
static void test_until_open(void **state)
{
    (void)state;
    static const struct step steps[] = {{0, NULL},           {200, "It works!"},  {502, "<html>"},
                                        {503, unknown_gate}, {409, blocked_gate}, {200, closed_gate},
                                        {503, closed_gate},  {200, open_gate}};
    struct script script = {.steps = steps, .count = ARRAY_LENGTH(steps)};
    const struct wait_question question = {.timeout_ms = LONG_MS, .quiet = true};
    /* the fifth answer comes at once to a held request: blocked for its grace */
    assert_int_equal(ask(&question, &script), 4);
    assert_int_equal(script.asked, 5);
    struct script rest = {.steps = steps + 5, .count = 3};
    assert_int_equal(ask(&question, &rest), 0);
    assert_int_equal(rest.asked, 3);
}

/* An unheld answer says nothing about the grace. */
static void test_blocked_at_first(void **state)
{
    (void)state;
    static const struct step steps[] = {{409, blocked_gate}, {200, open_gate}};
    struct script script = {.steps = steps, .count = 2};
    const struct wait_question question = {.timeout_ms = INT64_MAX};
    assert_int_equal(ask(&question, &script), 0);
    assert_int_equal(script.asked, 2);
    assert_string_equal(script.targets[1], "GET /v1/gates/api?wait=50000ms");
}

static void test_what_waiting_does_not_change(void **state)
{
    (void)state;
    static const struct step redirect = {301, ""};
    static const struct step missing = {404, "{\"detail\":\"there is no gate api\"}"};
    struct script script = {.steps = &redirect, .count = 1};
    const struct wait_question question = {.timeout_ms = LONG_MS};
    assert_int_equal(ask(&question, &script), 3);
    script = (struct script){.steps = &missing, .count = 1};
    assert_int_equal(ask(&question, &script), 2);
    assert_int_equal(script.asked, 1);
}

static void test_time_is_up(void **state)
{
    (void)state;
    static const struct step steps[] = {{503, closed_gate}, {0, NULL}};
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        struct script script = {.steps = &steps[i], .count = 1};
        const struct wait_question question = {.timeout_ms = 40};
        int64_t begun = monotonic_ms();
        assert_int_equal(ask(&question, &script), 124);
        assert_true(monotonic_ms() - begun >= 40);
    }
}

/* Open, but not let in: refused, or not recorded. */
static void test_admissions(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {200, open_gate},   {503, "{\"code\":\"HISTORY_UNAVAILABLE\",\"detail\":\"disk full\"}"},
        {200, open_gate},   {409, "{\"gate\":\"api\",\"answer\":" GATE("blocked", "AHEAD") "}"},
        {503, closed_gate}, {200, open_gate},
        {200, open_gate}, /* answers no startup signal */
        {200, open_gate},   {201, ADMITTED},
    };
    struct script script = {.steps = steps, .count = ARRAY_LENGTH(steps)};
    const struct wait_question question = {.timeout_ms = LONG_MS, .application = "shop", .instance = "1"};
    assert_int_equal(ask(&question, &script), 0);
    assert_int_equal(script.asked, ARRAY_LENGTH(steps));
}

/* Who has waited in vain is remembered, too. */
static void test_refusals_are_signalled(void **state)
{
    (void)state;
    static const struct step blocked[] = {{503, closed_gate}, {409, blocked_gate}, {409, blocked_gate}};
    struct script script = {.steps = blocked, .count = 3};
    const struct wait_question question = {.timeout_ms = LONG_MS, .application = "shop", .instance = "1"};
    assert_int_equal(ask(&question, &script), 4);
    assert_int_equal(script.asked, 3);
    assert_string_equal(script.targets[2], "POST /v1/gates/api/admissions");
    static const struct step opened[] = {{503, closed_gate}, {409, blocked_gate}, {201, ADMITTED}};
    script = (struct script){.steps = opened, .count = 3};
    assert_int_equal(ask(&question, &script), 0);
}

static void test_one_look_and_a_signal(void **state)
{
    (void)state;
    static const struct {
        struct step steps[2];
        size_t asked;
        int code;
    } cases[] = {
        {{{503, closed_gate}}, 1, 1},
        {{{409, blocked_gate}}, 1, 4},
        {{{200, open_gate}, {201, ADMITTED}}, 2, 0},
        {{{200, open_gate}, {200, open_gate}}, 2, 3},
        {{{200, open_gate}, {409, "{\"gate\":\"api\",\"answer\":" GATE("blocked", "AHEAD") "}"}}, 2, 4},
        {{{200, open_gate}, {503, "{\"gate\":\"api\",\"answer\":" GATE("closed", "PENDING") "}"}}, 2, 1},
        {{{200, open_gate}, {503, "{\"code\":\"HISTORY_UNAVAILABLE\",\"detail\":\"disk full\"}"}}, 2, 3},
    };
    const struct wait_question question = {.timeout_ms = 0, .application = "shop", .instance = "1"};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct script script = {.steps = cases[i].steps, .count = 2};
        assert_int_equal(ask(&question, &script), cases[i].code);
        assert_int_equal(script.asked, cases[i].asked);
    }
}

static void test_tokens(void **state)
{
    (void)state;
    char path[] = "/tmp/migrationd-token-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    static const struct step step = {200, open_gate};
    static const struct {
        const char *text;
        int code;
    } cases[] = {{"secret", 0},    {"secret\n", 0},   {"", 2},        {"\n", 2},
                 {"two words", 2}, {"secret\n\n", 2}, {"\xc3\xa9", 2}};
    const struct wait_question question = {.timeout_ms = 0, .token_file = path};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(cases[i].text, file);
        fclose(file);
        struct script script = {.steps = &step, .count = 1};
        assert_int_equal(ask(&question, &script), cases[i].code);
        assert_int_equal(script.asked, cases[i].code == 0);
        assert_string_equal(script.tokens[0], cases[i].code == 0 ? "secret" : "");
    }
    unlink(path);
    struct script script = {.steps = &step, .count = 1};
    assert_int_equal(ask(&question, &script), 2);
}

static size_t shown;

static void show(const char *body)
{
    shown += strcmp(body, open_gate) == 0;
}

static void test_showing(void **state)
{
    (void)state;
    static const struct step steps[] = {{0, NULL}, {200, open_gate}};
    struct script script = {.steps = steps, .count = 2};
    const struct wait_question question = {.timeout_ms = LONG_MS, .show = show};
    assert_int_equal(ask(&question, &script), 0);
    assert_int_equal(shown, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_look),
        cmocka_unit_test(test_what_is_asked),
        cmocka_unit_test(test_until_open),
        cmocka_unit_test(test_blocked_at_first),
        cmocka_unit_test(test_what_waiting_does_not_change),
        cmocka_unit_test(test_time_is_up),
        cmocka_unit_test(test_admissions),
        cmocka_unit_test(test_refusals_are_signalled),
        cmocka_unit_test(test_one_look_and_a_signal),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_showing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
