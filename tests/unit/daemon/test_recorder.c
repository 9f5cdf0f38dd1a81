/* SPDX-License-Identifier: Apache-2.0
 *
 * The recorder's thread with a store of its own: what it keeps, what it answers, and what it does while it cannot.
 */
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/oom.h"

#include "base/limits.h"
#include "daemon/http_loop.h"
#include "daemon/recorder.h"

enum { PATIENCE_MS = 30000 };

struct fixture {
    char folder[64];
    char path[128];
    struct config *config;
    struct events *events;
    struct recorder *recorder;
    atomic_uint wakes;
    atomic_uint seeds;
    atomic_uint seeded_states;
};

static void set_up(struct fixture *fixture, const char *history)
{
    struct error error = {0};
    char text[512] = "";
    snprintf(text, sizeof text, "databases: {orders: {url: 'sqlite:////nowhere.db'}}\nhistory: %s\n", history);
    if (config_parse(text, strlen(text), "test", &fixture->config, &error) < 0)
        fail_msg("%s", error.message);
    fixture->events = events_new();
    assert_non_null(fixture->events);
}

static void make_folder(struct fixture *fixture)
{
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/recorder-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/history.db", fixture->folder);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static void wake(void *payload)
{
    atomic_fetch_add(&((struct fixture *)payload)->wakes, 1);
}

static void count_seed(void *payload, const struct history_record *record)
{
    struct fixture *fixture = payload;
    assert_true(record->kind == HISTORY_ADMISSION || record->kind == HISTORY_STATE);
    if (record->kind == HISTORY_STATE)
        assert_int_equal(atomic_load(&fixture->seeds), 0); /* states tell which admissions still count */
    atomic_fetch_add(record->kind == HISTORY_ADMISSION ? &fixture->seeds : &fixture->seeded_states, 1);
}

static void start(struct fixture *fixture)
{
    struct error error = {0};
    const struct recorder_setup setup = {
        .config = fixture->config, .events = fixture->events, .seed = count_seed, .payload = fixture};
    if (recorder_start(&setup, &fixture->recorder, &error) < 0)
        fail_msg("%s", error.message);
    recorder_listen(fixture->recorder, wake, fixture);
}

static void stop(struct fixture *fixture)
{
    assert_true(recorder_stop(fixture->recorder, deadline_in(PATIENCE_MS)));
    events_free(fixture->events);
    config_unref(fixture->config);
}

static void emit(struct fixture *fixture, enum event_kind kind, const char *subject)
{
    cleanup(strbuf) struct strbuf body = STRBUF(100);
    strbuf_printf(&body, "{\"database\":\"%s\"}", subject);
    assert_int_equal(events_emit(fixture->events, kind, subject, &body, http_unix_ms(), NULL), 0);
}

static enum recorder_state admit(struct fixture *fixture, struct error *reterr)
{
    cleanup(strbuf) struct strbuf body = STRBUF(100);
    uint64_t ticket = 0;
    struct deadline deadline = deadline_in(PATIENCE_MS);
    strbuf_add_string(&body, "{\"application\":\"shop\"}");
    if (recorder_admit(fixture->recorder, "gate", &body, http_unix_ms(), &ticket, reterr) < 0)
        return RECORDER_FAILED;
    enum recorder_state state = RECORDER_PENDING;
    while ((state = recorder_outcome(fixture->recorder, ticket, reterr)) == RECORDER_PENDING &&
           !deadline_passed(deadline))
        usleep(1000);
    return state;
}

static void ask(struct fixture *fixture, unsigned kinds, struct strbuf *ret_json)
{
    struct error error = {0};
    uint64_t ticket = 0;
    const struct history_query query = {.limit = 100, .kinds = kinds};
    struct deadline deadline = deadline_in(PATIENCE_MS);
    if (recorder_ask(fixture->recorder, &query, &ticket, &error) < 0)
        fail_msg("%s", error.message);
    while (!recorder_answered(fixture->recorder, ticket) && !deadline_passed(deadline))
        usleep(1000);
    if (recorder_answer(fixture->recorder, ticket, ret_json, &error) < 0)
        fail_msg("%s", error.message);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *found = strstr(text, part); found; found = strstr(found + 1, part))
        count++;
    return count;
}

static void test_every_kind_is_kept_once(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    char place[200] = "";
    cleanup(strbuf) struct strbuf all = STRBUF(0);
    cleanup(strbuf) struct strbuf states = STRBUF(0);
    make_folder(&fixture);
    snprintf(place, sizeof place, "{path: %s}", fixture.path);
    set_up(&fixture, place);
    start(&fixture);
    assert_true(recorder_keeps(fixture.recorder));
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
        emit(&fixture, (enum event_kind)kind, event_kind_name((enum event_kind)kind));
    assert_int_equal(admit(&fixture, NULL), RECORDER_DONE); /* all before it are written, too */
    assert_true(atomic_load(&fixture.wakes) > 0);
    ask(&fixture, 0, &all);
    assert_int_equal(count_of(strbuf_text(&all), "\"sequence\""), EVENT_KINDS);
    assert_int_equal(count_of(strbuf_text(&all), "\"kind\":\"admission\""), 1); /* the event is the record's echo */
    ask(&fixture, 1u << HISTORY_STATE, &states);
    assert_int_equal(count_of(strbuf_text(&states), "\"sequence\""), 1);
    assert_int_equal(recorder_outcome(fixture.recorder, 999, NULL), RECORDER_FAILED);
    emit(&fixture, EVENT_STATE, "last");
    struct config *config = config_ref(fixture.config);
    stop(&fixture); /* writes what is queued */
    fixture.config = config;
    fixture.events = events_new();
    start(&fixture);
    assert_int_equal(atomic_load(&fixture.seeds), 1);
    assert_int_equal(atomic_load(&fixture.seeded_states), 2);
    cleanup(strbuf) struct strbuf again = STRBUF(0);
    ask(&fixture, 0, &again);
    assert_int_equal(count_of(strbuf_text(&again), "\"sequence\""), EVENT_KINDS + 1);
    stop(&fixture);
    nftw(fixture.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_a_place_that_comes_later(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    struct error error = {0};
    char place[200] = "";
    char fault[480] = "";
    cleanup(strbuf) struct strbuf states = STRBUF(0);
    make_folder(&fixture);
    snprintf(place, sizeof place, "{path: %s}", fixture.path);
    set_up(&fixture, place);
    assert_int_equal(mkdir(fixture.path, 0700), 0);
    start(&fixture);
    assert_true(recorder_fault(fixture.recorder, fault, sizeof fault));
    assert_non_null(strstr(fault, fixture.path));
    emit(&fixture, EVENT_STATE, "early");
    assert_int_equal(admit(&fixture, &error), RECORDER_FAILED);
    assert_int_equal(error.code, ERROR_UNREACHABLE);
    uint64_t ticket = 0;
    assert_int_equal(recorder_ask(fixture.recorder, &(struct history_query){.limit = 1}, &ticket, &error), -1);
    assert_int_equal(rmdir(fixture.path), 0);
    struct deadline deadline = deadline_in(PATIENCE_MS);
    while (recorder_fault(fixture.recorder, fault, sizeof fault) && !deadline_passed(deadline))
        usleep(1000);
    assert_int_equal(admit(&fixture, &error), RECORDER_DONE);
    ask(&fixture, 1u << HISTORY_STATE, &states);
    assert_int_equal(count_of(strbuf_text(&states), "early"), 1);
    stop(&fixture);
    nftw(fixture.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_nothing_is_kept(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    struct error error = {0};
    uint64_t ticket = 0;
    char fault[480] = "";
    set_up(&fixture, "none");
    start(&fixture);
    emit(&fixture, EVENT_STATE, "orders");
    assert_false(recorder_keeps(fixture.recorder));
    assert_false(recorder_keeps(NULL));
    assert_false(recorder_fault(fixture.recorder, fault, sizeof fault));
    assert_false(recorder_fault(NULL, fault, sizeof fault));
    assert_int_equal(recorder_ask(NULL, &(struct history_query){.limit = 1}, &ticket, &error), -1);
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    recorder_reload(fixture.recorder, fixture.config);
    recorder_reload(NULL, fixture.config);
    recorder_listen(NULL, NULL, NULL);
    stop(&fixture);
    assert_true(recorder_stop(NULL, deadline_in(0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_is_kept_once),
        cmocka_unit_test(test_a_place_that_comes_later),
        cmocka_unit_test(test_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
