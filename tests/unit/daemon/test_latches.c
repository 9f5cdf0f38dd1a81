/* SPDX-License-Identifier: Apache-2.0
 *
 * What gates were seen to be open to: found again, bounded, shared by threads, and lost rather than wrong without
 * memory.
 */
#include "support/oom.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/gate_question.h"
#include "daemon/seeds.h"

static struct latch latch_of(const char *gate, const char *database, const char *asked)
{
    return (struct latch){.gate = gate, .database = database, .asked = asked};
}

static int64_t found_at(struct latches *latches, const char *gate, const char *database, const char *asked)
{
    const struct latch latch = latch_of(gate, database, asked);
    int64_t at_ms = -1;
    return latches_find(latches, &latch, &at_ms) ? at_ms : -1;
}

static void test_each_part_matters(void **state)
{
    (void)state;
    cleanup(latches) struct latches *latches = latches_new();
    const struct latch latch = latch_of("api", "orders", "at-least a");
    latches_note(latches, &latch, 1000);
    assert_int_equal(found_at(latches, "api", "orders", "at-least a"), 1000);
    assert_int_equal(found_at(latches, "web", "orders", "at-least a"), -1);
    assert_int_equal(found_at(latches, "api", "billing", "at-least a"), -1);
    assert_int_equal(found_at(latches, "api", "orders", "exact a"), -1);
    assert_int_equal(found_at(latches, "api", "orders", ""), -1);
    assert_int_equal(found_at(latches, "apio", "rders", "at-least a"), -1);
}

static void test_the_latest_counts(void **state)
{
    (void)state;
    cleanup(latches) struct latches *latches = latches_new();
    const struct latch latch = latch_of("api", "orders", "");
    latches_note(latches, &latch, 1000);
    latches_note(latches, &latch, 3000);
    latches_note(latches, &latch, 2000);
    assert_int_equal(found_at(latches, "api", "orders", ""), 3000);
}

static void test_forgotten(void **state)
{
    (void)state;
    cleanup(latches) struct latches *latches = latches_new();
    static const char *const names[] = {"orders", "orders#a", "orders@db2", "orders2"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const struct latch latch = latch_of("api", names[i], "at-least a");
        latches_note(latches, &latch, 1000);
    }
    latches_forget(latches, "orders", 1000); /* what was seen then is not older */
    assert_int_equal(found_at(latches, "api", "orders", "at-least a"), 1000);
    latches_forget(latches, "orders", 1001);
    assert_int_equal(found_at(latches, "api", "orders", "at-least a"), -1);
    assert_int_equal(found_at(latches, "api", "orders#a", "at-least a"), -1);
    assert_int_equal(found_at(latches, "api", "orders@db2", "at-least a"), 1000);
    const struct latch other = latch_of("api", "orders2", "at-least a");
    latches_drop(latches, &other);
    latches_drop(latches, &other);
    assert_int_equal(found_at(latches, "api", "orders2", "at-least a"), -1);
}

static void test_nobody_remembers(void **state)
{
    (void)state;
    const struct latch latch = latch_of("api", "orders", "");
    latches_note(NULL, &latch, 1000);
    latches_drop(NULL, &latch);
    latches_forget(NULL, "orders", INT64_MAX);
    assert_int_equal(found_at(NULL, "api", "orders", ""), -1);
}

/* The oldest note makes room, and a note that is renewed is young again. */
static void test_bounded(void **state)
{
    (void)state;
    cleanup(latches) struct latches *latches = latches_new();
    const struct latch first = latch_of("api", "orders", "first");
    latches_note(latches, &first, 1);
    for (unsigned i = 0; i < LIMIT_LATCHES; i++) {
        char asked[32] = "";
        snprintf(asked, sizeof asked, "at-least %u", i);
        const struct latch latch = latch_of("api", "orders", asked);
        latches_note(latches, &latch, 10 + i);
        if (i == LIMIT_LATCHES / 2)
            latches_note(latches, &first, 2);
    }
    assert_int_equal(found_at(latches, "api", "orders", "first"), 2);
    assert_int_equal(found_at(latches, "api", "orders", "at-least 0"), -1);
    assert_int_equal(found_at(latches, "api", "orders", "at-least 1"), 11);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(latches) struct latches *latches = latches_new();
        const struct latch latch = latch_of("api", "orders", "at-least a");
        if (latches)
            latches_note(latches, &latch, 1000);
        OOM_CHECK(loop, latches && found_at(latches, "api", "orders", "at-least a") == 1000);
    }
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *note_and_find(void *payload)
{
    struct latches *latches = payload;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char asked[32] = "";
        snprintf(asked, sizeof asked, "at-least %u", i);
        const struct latch latch = latch_of("api", "orders", asked);
        int64_t at_ms = 0;
        latches_note(latches, &latch, i);
        if (latches_find(latches, &latch, &at_ms) && at_ms != i)
            return latches;
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    cleanup(latches) struct latches *latches = latches_new();
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, note_and_find, latches), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

static struct config *make_config(void)
{
    static const char text[] = "databases:\n"
                               "  billing: {url: 'sqlite:////b'}\n"
                               "  cache: {url: 'sqlite:////c', journal: none}\n"
                               "  orders: {url: 'sqlite:////o.db', replicas: ['sqlite:////r/o.db']}\n"
                               "gates:\n"
                               "  api: {requires: [orders], on_unknown: last-known}\n"
                               "  all: {requires: [billing, cache, orders], on_unknown: last-known}\n";
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(text, strlen(text), "latches.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

/* What an admission in the history stands for: the databases that it named, replicas included, and nothing else. */
static const struct {
    const char *gate;
    const char *body;
    struct latch expected; /* gate NULL: nothing is remembered */
} admissions_seen[] = {
    {"api", "\"revision\": \"a b\", \"admitted\": true, \"code\": \"CURRENT\"", {"api", "orders", "at-least a b"}},
    {"api", "\"revision\": \"a\", \"admitted\": true, \"code\": \"CURRENT\"", {"api", "orders@o.db", "at-least a"}},
    {"api",
     "\"revision\": \"a\", \"match\": \"contains\", \"admitted\": true, \"code\": \"CURRENT\"",
     {"api", "orders", "contains a"}},
    {"api",
     "\"revision\": \"a\", \"supports\": \"..c\", \"admitted\": true, \"code\": \"CURRENT\"",
     {"api", "orders", "a..c"}},
    {"all",
     "\"revision\": \"orders:a billing:x\", \"admitted\": true, \"code\": \"CURRENT\"",
     {"all", "billing", "at-least x"}},
    {"all",
     "\"revision\": \"orders:a billing:x\", \"admitted\": true, \"code\": \"CURRENT\"",
     {"all", "orders", "at-least a"}},
    {"all", "\"revision\": \"orders:a\", \"admitted\": true, \"code\": \"CURRENT\"", {"all", "cache", ""}},
    {"all",
     "\"supports\": \"orders:a..b billing:..x\", \"admitted\": true, \"code\": \"CURRENT\"",
     {"all", "billing", "..x"}},
    {"api", "\"revision\": \"a\", \"admitted\": true, \"code\": \"FAIL_OPEN\"", {NULL, "orders", "at-least a"}},
    {"api", "\"revision\": \"a\", \"admitted\": false, \"code\": \"PENDING\"", {NULL, "orders", "at-least a"}},
    {"api",
     "\"revision\": \"a\", \"match\": \"some\", \"admitted\": true, \"code\": \"CURRENT\"",
     {NULL, "orders", ""}},
    {"api", "\"revision\": null, \"admitted\": true, \"code\": \"CURRENT\"", {NULL, "orders", ""}},
    {"gone", "\"revision\": \"a\", \"admitted\": true, \"code\": \"CURRENT\"", {NULL, "orders", "at-least a"}},
};

static void test_seeds(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    for (size_t i = 0; i < ARRAY_LENGTH(admissions_seen); i++) {
        cleanup(latches) struct latches *latches = latches_new();
        struct admissions *admissions = admissions_new();
        struct seeds seeds = {.admissions = admissions, .latches = latches, .config = config};
        cleanup(free) char *body = mem_printf("{\"at\": \"2026-11-20T10:00:00Z\", \"application\": \"shop\", "
                                              "\"instance\": \"1\", \"state\": \"open\", \"database\": \"orders\", %s}",
                                              admissions_seen[i].body);
        const struct history_record record = {
            .kind = HISTORY_ADMISSION, .subject = admissions_seen[i].gate, .body = body};
        seeds_take(&seeds, &record);
        struct latch expected = admissions_seen[i].expected;
        int64_t at_ms = -1;
        bool remembered = expected.gate != NULL;
        expected.gate = admissions_seen[i].gate;
        if (latches_find(latches, &expected, &at_ms) != remembered)
            fail_msg("admission %zu is %sremembered", i, remembered ? "not " : "");
        if (remembered)
            assert_int_equal(at_ms, INT64_C(1795168800000));
        admissions_free(admissions);
    }
}

/* States that follow "observed at b", by second, some with the file that they were seen in, and whether an admission at
 * the fifth second still counts. */
static const struct {
    const char *states[3];
    bool remembered;
} states_seen[] = {
    {{"04 observed NO_EXPECTATION b"}, true},
    {{"06 observed NO_EXPECTATION b"}, true}, /* the daemon was started again */
    {{"06 observed NO_EXPECTATION a"}, false},
    {{"06 failed FAILED b"}, false},
    {{"06 unknown ORDER_UNKNOWN b"}, true},
    {{"06 pending PENDING b"}, true}, /* the next release's files have come */
    {{"06 pending PENDING a"}, false},
    {{"06 diverged CHECKSUM_MISMATCH b"}, false},
    {{"06 empty EMPTY "}, false},
    {{"04 failed FAILED b", "05 current CURRENT b"}, true},
    {{"06 unknown UNREACHABLE b"}, true},
    {{"06 unknown STALE ", "07 unknown NEVER_OBSERVED ", "08 observed NO_EXPECTATION b"}, true},
    {{"06 unknown STALE ", "07 observed NO_EXPECTATION a", "08 observed NO_EXPECTATION b"}, false},
    {{"06 running RUNNING b", "07 observed NO_EXPECTATION b"}, true},
    {{"06 running RUNNING a"}, false},
    {{"04 observed NO_EXPECTATION a", "05 observed NO_EXPECTATION b"}, true},
    {{"06 observed NO_EXPECTATION b \"sqlite /o.db\""}, true},
    {{"04 observed NO_EXPECTATION b \"sqlite /old.db\""}, false}, /* the database has had another url since */
    {{"04 observed NO_EXPECTATION b \"sqlite /old.db\"", "06 observed NO_EXPECTATION b \"sqlite /o.db\""}, false},
    {{"04 observed NO_EXPECTATION b \"sqlite /old.db\"", "05 observed NO_EXPECTATION b \"sqlite /o.db\""}, true},
    {{"06 observed NO_EXPECTATION b \"sqlite /old.db\"", "07 observed NO_EXPECTATION b \"sqlite /o.db\""}, false},
};

static void take_state(struct seeds *seeds, const char *written)
{
    char second[8] = "";
    char state[32] = "";
    char code[32] = "";
    char head[8] = "";
    char target[32] = "";
    int count = sscanf(written, "%7s %31s %31s %7s %31[^\n]", second, state, code, head, target);
    cleanup(free) char *body =
        count >= 4
            ? mem_printf("{\"state\": \"%s\", \"code\": \"%s\", \"heads\": [\"%s\"], \"applied_count\": 1, "
                         "\"target\": %s}",
                         state, code, head, count == 5 ? target : "null")
            : mem_printf("{\"state\": \"%s\", \"code\": \"%s\", \"heads\": [], \"applied_count\": null}", state, code);
    const struct history_record record = {
        .kind = HISTORY_STATE, .subject = "orders", .body = body, .at_ms = 1000 * strtol(second, NULL, 10)};
    seeds_take(seeds, &record);
}

static void test_seeds_of_another_state(void **state)
{
    (void)state;
    cleanup(config) struct config *config = make_config();
    const struct history_record admission = {
        .kind = HISTORY_ADMISSION,
        .subject = "api",
        .body =
            "{\"at\": \"1970-01-01T00:00:05Z\", \"application\": \"shop\", \"instance\": \"1\", \"state\": \"open\", "
            "\"database\": \"orders\", \"revision\": \"b\", \"admitted\": true, \"code\": \"CURRENT\"}"};
    for (size_t i = 0; i < ARRAY_LENGTH(states_seen); i++) {
        cleanup(latches) struct latches *latches = latches_new();
        struct admissions *admissions = admissions_new();
        struct seeds seeds = {.admissions = admissions, .latches = latches, .config = config};
        take_state(&seeds, "00 observed NO_EXPECTATION b");
        for (size_t j = 0; j < ARRAY_LENGTH(states_seen[i].states) && states_seen[i].states[j]; j++)
            take_state(&seeds, states_seen[i].states[j]);
        seeds_take(&seeds, &admission);
        if ((found_at(latches, "api", "orders", "at-least b") == 5000) != states_seen[i].remembered)
            fail_msg("states %zu: %sremembered", i, states_seen[i].remembered ? "not " : "");
        seeds_done(&seeds);
        admissions_free(admissions);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_part_matters),
        cmocka_unit_test(test_the_latest_counts),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_nobody_remembers),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_seeds_of_another_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
