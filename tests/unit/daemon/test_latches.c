/* SPDX-License-Identifier: Apache-2.0
 *
 * What gates were seen to be open to: found again, bounded, shared by threads, and lost rather than wrong without
 * memory.
 */
#include "support/oom.h"

#include <pthread.h>
#include <stdio.h>
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

static void test_nobody_remembers(void **state)
{
    (void)state;
    const struct latch latch = latch_of("api", "orders", "");
    latches_note(NULL, &latch, 1000);
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

/* What was let in counts until the database was seen in another state. */
static void test_states_outweigh_older_admissions(void **state)
{
    (void)state;
    static const struct {
        const char *database;
        const char *body;
        bool remembered;
    } changes[] = {
        {"orders", "{\"state\": \"current\", \"gate\": \"open\"}", true},
        {"orders", "{\"state\": \"unknown\", \"gate\": \"unknown\"}", true},
        {"orders", "{\"state\": \"ahead\", \"gate\": \"blocked\"}", true},
        {"orders", "{\"state\": \"failed\", \"gate\": \"blocked\"}", false},
        {"orders", "{\"state\": \"pending\", \"gate\": \"closed\"}", false},
        {"order", "{\"state\": \"failed\", \"gate\": \"blocked\"}", true},
        {"orders@o.db", "{\"state\": \"failed\", \"gate\": \"blocked\"}", true},
        {"orders", "[]", true},
    };
    cleanup(config) struct config *config = make_config();
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        cleanup(latches) struct latches *latches = latches_new();
        struct seeds seeds = {.admissions = NULL, .latches = latches, .config = config};
        const struct latch latch = latch_of("api", "orders", "at-least a");
        const struct history_record record = {
            .kind = HISTORY_STATE, .subject = changes[i].database, .body = changes[i].body};
        latches_note(latches, &latch, 1000);
        seeds_take(&seeds, &record);
        assert_int_equal(found_at(latches, "api", "orders", "at-least a"), changes[i].remembered ? 1000 : -1);
        latches_note(latches, &latch, 2000);
        assert_int_equal(found_at(latches, "api", "orders", "at-least a"), 2000);
    }
    cleanup(latches) struct latches *latches = latches_new();
    const struct latch journal = latch_of("api", "orders#tenant", "at-least a");
    latches_note(latches, &journal, 1000);
    latches_forget(latches, "orders");
    assert_int_equal(found_at(latches, "api", "orders#tenant", "at-least a"), -1);
    latches_forget(NULL, "orders");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_part_matters),
        cmocka_unit_test(test_the_latest_counts),
        cmocka_unit_test(test_nobody_remembers),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_states_outweigh_older_admissions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
