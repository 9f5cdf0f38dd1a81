/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told of a database, and what is not worth telling.
 */
#include "unit/report/report_sample.h"

#include "base/limits.h"
#include "daemon/news.h"
#include "support/oom.h"

enum { AT_MS = 1795168800 };

static const int64_t at_ms = (int64_t)AT_MS * 1000;

struct fixture {
    struct config *config;
    struct events *events;
    struct news news;
    struct sample sample;
    struct drift_item items[2];
    struct drift_report report;
    struct drift_status drift;
    uint64_t read; /* events so far */
};

static int begin(void **state)
{
    static struct fixture fixture;
    static const char text[] =
        "databases: {orders: {url: 'sqlite:////o.db', drift: {reference: {baseline: /nowhere.json}}}}";
    struct error error = {.code = ERROR_OK};
    fixture = (struct fixture){.events = events_new()};
    assert_non_null(fixture.events);
    if (config_parse(text, strlen(text), "news.yaml", &fixture.config, &error) < 0)
        fail_msg("%s", error.message);
    news_init(&fixture.news, fixture.events);
    sample_init(&fixture.sample);
    sample_judge(&fixture.sample);
    fixture.sample.report.target = "sqlite /o.db";
    fixture.items[0] = (struct drift_item){
        .kind = DRIFT_INDEX, .change = DRIFT_MISSING, .severity = SEVERITY_MAJOR, .state = ITEM_CONFIRMED, .id = "a"};
    fixture.items[1] = (struct drift_item){
        .kind = DRIFT_TABLE, .change = DRIFT_MISSING, .severity = SEVERITY_MINOR, .state = ITEM_SUSPECTED, .id = "b"};
    fixture.report = (struct drift_report){.live = &fixture.sample.schema,
                                           .items = fixture.items,
                                           .item_count = 2,
                                           .counts = {.by_change = {2}, .by_severity = {0, 1, 1, 0}, .suspected = 1}};
    fixture.drift = (struct drift_status){.config = fixture.config,
                                          .database = &fixture.config->databases[0],
                                          .report = &fixture.report,
                                          .verdict = DRIFT_DRIFTED,
                                          .taken_at_ms = at_ms,
                                          .frozen_since_ms = TIME_UNKNOWN};
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    news_done(&fixture->news);
    events_free(fixture->events);
    config_unref(fixture->config);
    return 0;
}

/* The next event; NULL if there is none. */
static struct event *read_event(struct fixture *fixture)
{
    bool missed = false;
    struct event *event = events_after(fixture->events, fixture->read, &missed);
    assert_false(missed);
    if (event)
        fixture->read = event->number;
    return event;
}

static struct event *tell(struct fixture *fixture)
{
    news_tell(&fixture->news, "orders");
    return read_event(fixture);
}

static void test_a_state_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    assert_true(news_note_state(&fixture->news, &fixture->sample.report, at_ms));
    assert_null(read_event(fixture)); /* noted, and not told yet */
    cleanup(event) struct event *first = tell(fixture);
    assert_non_null(first);
    assert_int_equal(first->kind, EVENT_STATE);
    assert_string_equal(first->subject, "orders");
    assert_true(first->at_ms == at_ms);
    assert_string_equal(first->body,
                        "{\"database\":\"orders\",\"state\":\"pending\",\"code\":\"PENDING\",\"gate\":\"closed\","
                        "\"tool\":\"alembic\",\"heads\":[\"975ea664c1f1\"],\"applied_count\":41,"
                        "\"reason\":\"1 of 42 expected migrations is not applied\",\"next\":\"alembic upgrade head\","
                        "\"warning\":null,\"at\":\"2026-11-20T10:00:00Z\",\"target\":\"sqlite /o.db\","
                        "\"previous\":null}");
    assert_false(news_note_state(&fixture->news, &fixture->sample.report, at_ms));
    assert_null(tell(fixture));

    sample_apply(&fixture->sample, 0);
    sample_judge(&fixture->sample);
    assert_true(news_note_state(&fixture->news, &fixture->sample.report, at_ms));
    cleanup(event) struct event *second = tell(fixture);
    assert_non_null(strstr(second->body, "\"state\":\"current\""));
    assert_non_null(strstr(second->body, "\"previous\":{\"state\":\"pending\",\"code\":\"PENDING\"}"));
}

/* A migration that leaves the state as it was is news all the same, but no change of state. */
static void test_other_heads_are_told(void **state)
{
    struct fixture *fixture = *state;
    static const struct finding heads[] = {{.revision = "one", .applied_at_ms = TIME_UNKNOWN},
                                           {.revision = "two", .applied_at_ms = TIME_UNKNOWN}};
    static const struct finding turned[] = {{.revision = "two", .applied_at_ms = TIME_UNKNOWN},
                                            {.revision = "one", .applied_at_ms = TIME_UNKNOWN}};
    assert_true(news_note_state(&fixture->news, &fixture->sample.report, at_ms));
    event_unref(tell(fixture));
    fixture->sample.comparisons[0].heads = sample_list(heads, 2);
    assert_false(news_note_state(&fixture->news, &fixture->sample.report, at_ms));
    cleanup(event) struct event *event = tell(fixture);
    assert_non_null(strstr(event->body, "\"heads\":[\"one\",\"two\"]"));
    fixture->sample.comparisons[0].heads = sample_list(turned, 2); /* rows of a journal have no order */
    assert_false(news_note_state(&fixture->news, &fixture->sample.report, at_ms));
    assert_null(tell(fixture));
    fixture->sample.judged[0].comparison = NULL; /* nothing could be compared: the heads are not gone */
    assert_false(news_note_state(&fixture->news, &fixture->sample.report, at_ms));
    assert_null(tell(fixture));
}

static void test_many_heads_are_cut(void **state)
{
    struct fixture *fixture = *state;
    static struct finding heads[EVENT_HEADS + 1];
    for (size_t i = 0; i < ARRAY_LENGTH(heads); i++)
        heads[i] = (struct finding){.revision = "r", .applied_at_ms = TIME_UNKNOWN};
    fixture->sample.comparisons[0].heads = sample_list(heads, ARRAY_LENGTH(heads));
    news_note_state(&fixture->news, &fixture->sample.report, at_ms);
    cleanup(event) struct event *event = tell(fixture);
    assert_non_null(strstr(event->body, "\"r\"],\"heads_count\":21,"));
}

static void note_drift(struct fixture *fixture)
{
    news_note_drift(&fixture->news, &fixture->drift, 0, at_ms);
}

static void test_drift_is_told_when_it_changes(void **state)
{
    struct fixture *fixture = *state;
    note_drift(fixture);
    cleanup(event) struct event *first = tell(fixture);
    assert_non_null(first);
    assert_int_equal(first->kind, EVENT_DRIFT);
    assert_non_null(strstr(first->body, "{\"database\":\"orders\",\"drift\":\"drifted\",\"code\":null,\"reason\":null,"
                                        "\"worst\":\"major\",\"reference\":{\"kind\":\"baseline\","
                                        "\"ref\":\"/nowhere.json\""));
    assert_non_null(strstr(first->body, "\"counts\":{\"missing\":2,"));
    assert_non_null(strstr(first->body, "\"at\":\"2026-11-20T10:00:00Z\",\"previous\":null}"));
    note_drift(fixture);
    assert_null(tell(fixture));

    fixture->items[1].actual = "text"; /* which is not confirmed */
    note_drift(fixture);
    assert_null(tell(fixture));
    fixture->items[1].state = ITEM_CONFIRMED;
    note_drift(fixture);
    cleanup(event) struct event *second = tell(fixture);
    assert_non_null(second);
    assert_non_null(strstr(second->body, "\"previous\":{\"drift\":\"drifted\",\"code\":null}"));
    fixture->items[1].actual = "integer";
    note_drift(fixture);
    cleanup(event) struct event *third = tell(fixture);
    assert_non_null(third);

    fixture->report.item_count = 0;
    fixture->drift.verdict = DRIFT_NONE;
    note_drift(fixture);
    cleanup(event) struct event *fourth = tell(fixture);
    assert_non_null(strstr(fourth->body, "\"drift\":\"none\",\"code\":null,\"reason\":null,\"worst\":null"));
}

/* Another look will tell, or the end of the migration. */
static void test_drift_that_is_being_looked_at_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    fixture->drift.frozen_since_ms = at_ms;
    note_drift(fixture);
    assert_null(tell(fixture));
    fixture->drift.frozen_since_ms = TIME_UNKNOWN;
    fixture->drift.verdict = DRIFT_UNKNOWN;
    fixture->drift.code = "UNCONFIRMED";
    fixture->drift.again = true;
    note_drift(fixture);
    assert_null(tell(fixture));
    fixture->drift.verdict = DRIFT_DRIFTED;
    fixture->drift.code = NULL;
    note_drift(fixture);
    cleanup(event) struct event *event = tell(fixture);
    assert_non_null(event);
}

static void test_an_unreadable_reference_is_told(void **state)
{
    struct fixture *fixture = *state;
    fixture->drift.report = NULL;
    fixture->drift.verdict = DRIFT_UNKNOWN;
    fixture->drift.code = "REFERENCE_UNREADABLE";
    snprintf(fixture->drift.reason, sizeof fixture->drift.reason, "no such file");
    note_drift(fixture);
    cleanup(event) struct event *event = tell(fixture);
    assert_non_null(strstr(event->body, "\"drift\":\"unknown\",\"code\":\"REFERENCE_UNREADABLE\",\"reason\":\"no such "
                                        "file\",\"worst\":null"));
    assert_non_null(strstr(event->body, "\"live\":null,\"counts\":null"));
}

static bool heard_all;

static void hear(void *payload, struct event *event)
{
    (void)payload;
    heard_all |= event->body[strlen(event->body) - 1] == '}';
}

/* An event whose body did not fit into memory leaves a gap; no listener hears half of it. */
static void test_telling_without_memory(void **state)
{
    struct fixture *fixture = *state;
    events_listen(fixture->events, hear, NULL);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct news news = {0};
        heard_all = false;
        news_init(&news, fixture->events);
        news_note_state(&news, &fixture->sample.report, at_ms);
        news_tell(&news, "orders");
        news_done(&news);
        OOM_CHECK(loop, heard_all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_state_is_told_once, begin, end),
        cmocka_unit_test_setup_teardown(test_other_heads_are_told, begin, end),
        cmocka_unit_test_setup_teardown(test_many_heads_are_cut, begin, end),
        cmocka_unit_test_setup_teardown(test_drift_is_told_when_it_changes, begin, end),
        cmocka_unit_test_setup_teardown(test_drift_that_is_being_looked_at_is_not_told, begin, end),
        cmocka_unit_test_setup_teardown(test_an_unreadable_reference_is_told, begin, end),
        cmocka_unit_test_setup_teardown(test_telling_without_memory, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
