/* SPDX-License-Identifier: Apache-2.0
 *
 * What a stream of events says, without a socket: pictures, events, resets and heartbeats, and who hears them.
 */
#include "support/oom.h"

#include <string.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "daemon/event_stream.h"
#include "daemon/sse_reader.h"

#define CONFIG                                                                                                         \
    "databases:\n"                                                                                                     \
    "  orders: {url: 'sqlite:///nowhere/orders.db'}\n"                                                                 \
    "  billing: {url: 'sqlite:///nowhere/billing.db', journal: none}\n"                                                \
    "gates:\n  shop: {requires: [orders]}\n"

enum { ALL_KINDS = (1u << EVENT_KINDS) - 1, FAR_MS = 1000000 };

struct fixture {
    struct events *events;
    struct publication *publication;
    struct http_stream stream;
    struct sse_reader reader;
    struct strbuf heard; /* "name: data\n" */
};

static struct config *make_config(void)
{
    struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_parse(CONFIG, strlen(CONFIG), "stream.yaml", &config, &error) < 0)
        fail_msg("%s", error.message);
    return config;
}

static void publish(struct fixture *fixture, struct config *config, struct events *events)
{
    static uint64_t generation;
    struct view_set *set = view_set_new(config);
    assert_non_null(set);
    for (size_t i = 0; i < set->count; i++) {
        set->views[i] = view_new(config, &config->databases[i], &(struct view_parts){0});
        assert_non_null(set->views[i]);
        set->views[i]->generation = ++generation;
    }
    publication_publish(fixture->publication, set, events);
}

static void reload(struct fixture *fixture)
{
    cleanup(config) struct config *config = make_config();
    publish(fixture, config, fixture->events);
}

static bool note(void *payload, const struct sse_event *event)
{
    struct fixture *fixture = payload;
    strbuf_printf(&fixture->heard, "%s: %s\n", event->name, event->data);
    return true;
}

static int begin(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.events = events_new(), .publication = publication_new(), .heard = STRBUF(100000)};
    assert_non_null(fixture.events);
    assert_non_null(fixture.publication);
    reload(&fixture);
    sse_reader_init(&fixture.reader, 100000, note, &fixture);
    *state = &fixture;
    return 0;
}

static void close_stream(struct fixture *fixture)
{
    if (fixture->stream.free)
        fixture->stream.free(fixture->stream.state);
    fixture->stream = (struct http_stream){0};
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    close_stream(fixture);
    sse_reader_done(&fixture->reader);
    strbuf_done(&fixture->heard);
    publication_free(fixture->publication);
    events_free(fixture->events);
    return 0;
}

static void open_stream(struct fixture *fixture, unsigned kinds, const char *databases, size_t length,
                        const char *last_id)
{
    struct event_filter filter = {.kinds = kinds};
    if (databases) {
        filter.databases = mem_alloc(length);
        assert_non_null(filter.databases);
        memcpy(filter.databases, databases, length);
    }
    close_stream(fixture);
    sse_reader_restart(&fixture->reader);
    assert_true(event_stream_open(
        &(struct event_stream_setup){
            .events = fixture->events, .publication = fixture->publication, .last_id = last_id, .trusted = true},
        &filter, &fixture->stream));
}

static void open_all(struct fixture *fixture)
{
    open_stream(fixture, ALL_KINDS, NULL, 0, NULL);
}

/* All that the stream has to say at that moment; false when it has ended. */
static bool say_at(struct fixture *fixture, int64_t now_ms)
{
    struct http_stream *stream = &fixture->stream;
    int64_t at_ms = 0;
    strbuf_clear(&fixture->heard);
    while (stream->ready(stream->state, now_ms, &at_ms)) {
        cleanup(strbuf) struct strbuf piece = STRBUF(LIMIT_RESPONSE_BYTES);
        bool more = stream->next(stream->state, &piece);
        assert_true(strbuf_ok(&piece));
        assert_int_equal(sse_reader_feed(&fixture->reader, strbuf_text(&piece), piece.length), SSE_MORE);
        if (!more)
            return false;
    }
    assert_true(at_ms > 0);
    return true;
}

static const char *say(struct fixture *fixture)
{
    assert_true(say_at(fixture, monotonic_ms()));
    return strbuf_text(&fixture->heard);
}

static void emit(struct fixture *fixture, enum event_kind kind, const char *subject, const char *text)
{
    cleanup(strbuf) struct strbuf body = STRBUF(1000);
    struct error error = {.code = ERROR_OK};
    strbuf_add_string(&body, text);
    assert_int_equal(events_emit(fixture->events, kind, subject, &body, 1, &error), 0);
}

static void assert_begins(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("'%s' does not begin with '%s'", text, start);
}

static void test_picture_comes_first(void **state)
{
    struct fixture *fixture = *state;
    emit(fixture, EVENT_STATE, "orders", "{\"old\":1}");
    open_all(fixture);
    const char *heard = say(fixture);
    assert_begins(heard, "snapshot: {\"databases\":[{\"database\":\"billing\",\"state\":\"unknown\",\"code\":\"NEVER_"
                         "OBSERVED\",\"gate\":\"unknown\"");
    assert_non_null(strstr(heard, "},{\"database\":\"orders\""));
    assert_null(strstr(heard, "old"));
    assert_int_equal(fixture->reader.retry_ms, 2000);
    assert_string_equal(say(fixture), "");
    emit(fixture, EVENT_STATE, "orders", "{\"a\":1}");
    emit(fixture, EVENT_ADMISSION, "shop", "{\"b\":\"x\\ny\"}");
    assert_string_equal(say(fixture), "state: {\"a\":1}\nadmission: {\"b\":\"x\\ny\"}\n");
    assert_string_equal(say(fixture), "");
}

static void test_going_on_after_a_cut(void **state)
{
    struct fixture *fixture = *state;
    char id[SSE_LAST_ID_SIZE] = "";
    open_all(fixture);
    emit(fixture, EVENT_STATE, "orders", "{\"a\":1}");
    say(fixture);
    memcpy(id, fixture->reader.last_id, sizeof id);
    assert_begins(id, events_epoch(fixture->events));
    emit(fixture, EVENT_STATE, "orders", "{\"a\":2}");
    emit(fixture, EVENT_STATE, "orders", "{\"a\":3}");
    open_stream(fixture, ALL_KINDS, NULL, 0, id);
    assert_string_equal(say(fixture), "state: {\"a\":2}\nstate: {\"a\":3}\n");
}

static void test_what_cannot_go_on_begins_anew(void **state)
{
    struct fixture *fixture = *state;
    static const char *const strange[] = {"nonsense", "0123456789abcdef-1", "\"", "-1"};
    for (size_t i = 0; i < ARRAY_LENGTH(strange); i++) {
        open_stream(fixture, ALL_KINDS, NULL, 0, strange[i]);
        const char *heard = say(fixture);
        assert_begins(heard, "reset: {\"code\":\"RESTARTED\",");
        assert_non_null(strstr(heard, "\nsnapshot: {"));
        assert_begins(fixture->reader.last_id, events_epoch(fixture->events));
    }
    /* A number that this hub has not come to yet. */
    cleanup(strbuf) struct strbuf future = STRBUF(100);
    strbuf_printf(&future, "%s-7", events_epoch(fixture->events));
    open_stream(fixture, ALL_KINDS, NULL, 0, strbuf_text(&future));
    assert_begins(say(fixture), "reset: {\"code\":\"MISSED\",");
}

static void test_a_slow_reader_is_told_that_it_missed_some(void **state)
{
    struct fixture *fixture = *state;
    open_all(fixture);
    say(fixture);
    for (size_t i = 0; i <= LIMIT_EVENTS; i++)
        emit(fixture, EVENT_STATE, "orders", "{}");
    const char *heard = say(fixture);
    assert_begins(heard, "reset: {\"code\":\"MISSED\",");
    assert_non_null(strstr(heard, "\nsnapshot: {"));
    assert_null(strstr(heard, "\nstate: "));
    emit(fixture, EVENT_STATE, "orders", "{\"a\":1}");
    assert_string_equal(say(fixture), "state: {\"a\":1}\n");
}

/* A cut between the reset and the end of the picture must not leave a client without either. */
static void test_a_reset_has_no_id_before_its_picture(void **state)
{
    struct fixture *fixture = *state;
    open_stream(fixture, ALL_KINDS, NULL, 0, "nonsense");
    int64_t at_ms = 0;
    while (!strstr(strbuf_text(&fixture->heard), "reset: ")) {
        cleanup(strbuf) struct strbuf piece = STRBUF(LIMIT_RESPONSE_BYTES);
        assert_true(fixture->stream.ready(fixture->stream.state, 0, &at_ms));
        assert_true(fixture->stream.next(fixture->stream.state, &piece));
        sse_reader_feed(&fixture->reader, strbuf_text(&piece), piece.length);
    }
    assert_string_equal(fixture->reader.last_id, "");
}

static void test_kinds(void **state)
{
    struct fixture *fixture = *state;
    open_stream(fixture, 1u << EVENT_ADMISSION, NULL, 0, NULL);
    assert_string_equal(say(fixture), ""); /* nobody asked for states */
    emit(fixture, EVENT_STATE, "orders", "{}");
    emit(fixture, EVENT_ADMISSION, "orders", "{\"a\":1}");
    emit(fixture, EVENT_DRIFT, "orders", "{}");
    assert_string_equal(say(fixture), "admission: {\"a\":1}\n");
    open_stream(fixture, 1u << EVENT_ADMISSION, NULL, 0, "nonsense");
    assert_string_equal(say(fixture), "reset: {\"code\":\"RESTARTED\",\"reason\":\"the id is not of this process\"}\n");
    assert_begins(fixture->reader.last_id, events_epoch(fixture->events));
}

/* A database's own events, and those of gates that require it. */
static void test_databases(void **state)
{
    struct fixture *fixture = *state;
    static const char names[] = "orders\0gone\0";
    open_stream(fixture, ALL_KINDS, names, sizeof names, NULL);
    const char *heard = say(fixture);
    assert_begins(heard, "snapshot: {\"databases\":[{\"database\":\"orders\"");
    assert_null(strstr(heard, "billing"));
    emit(fixture, EVENT_STATE, "billing", "{\"a\":1}");
    emit(fixture, EVENT_ADMISSION, "billing", "{\"a\":2}");
    emit(fixture, EVENT_ADMISSION, "shop", "{\"a\":3}");
    emit(fixture, EVENT_STATE, "orders", "{\"a\":4}");
    emit(fixture, EVENT_ADMISSION, "orders", "{\"a\":5}");
    emit(fixture, EVENT_ADMISSION, "orders#tenant", "{\"a\":6}");
    emit(fixture, EVENT_ADMISSION, "nobody", "{\"a\":7}");
    assert_string_equal(say(fixture),
                        "admission: {\"a\":3}\nstate: {\"a\":4}\nadmission: {\"a\":5}\nadmission: {\"a\":6}\n");
}

static void test_heartbeats(void **state)
{
    struct fixture *fixture = *state;
    open_stream(fixture, 1u << EVENT_DRIFT, NULL, 0, NULL);
    say(fixture);
    char before[SSE_LAST_ID_SIZE] = "";
    memcpy(before, fixture->reader.last_id, sizeof before);
    emit(fixture, EVENT_STATE, "orders", "{}"); /* not for this client, whose id moves on all the same */
    assert_string_equal(say(fixture), "");
    assert_string_equal(fixture->reader.last_id, before);
    int64_t at_ms = 0;
    assert_false(fixture->stream.ready(fixture->stream.state, monotonic_ms(), &at_ms));
    assert_in_range(at_ms - monotonic_ms(), 1, 15000);
    int64_t due_ms = at_ms;
    assert_true(say_at(fixture, due_ms));
    assert_string_equal(strbuf_text(&fixture->heard), "");
    assert_string_not_equal(fixture->reader.last_id, before);
    assert_false(fixture->stream.ready(fixture->stream.state, due_ms, &at_ms));
    assert_true(at_ms == due_ms + 15000);
}

static void test_another_configuration(void **state)
{
    struct fixture *fixture = *state;
    open_all(fixture);
    say(fixture);
    cleanup(view_set) struct view_set *set = publication_acquire(fixture->publication);
    publish(fixture, set->config, NULL);
    assert_true(say_at(fixture, monotonic_ms() + FAR_MS));
    assert_string_equal(strbuf_text(&fixture->heard), ""); /* other views under the same one */
    reload(fixture);
    assert_true(say_at(fixture, monotonic_ms() + 3 * FAR_MS));
    assert_begins(strbuf_text(&fixture->heard), "reset: {\"code\":\"RELOADED\",");
    assert_non_null(strstr(strbuf_text(&fixture->heard), "\nsnapshot: {"));
}

/* A look may tell of the new configuration before anything else happens: the break that came with it must not swallow
 * that, or the client is told a second time to forget all. */
static void test_what_follows_a_reload_is_gone_on_with(void **state)
{
    struct fixture *fixture = *state;
    open_all(fixture);
    say(fixture);
    emit(fixture, EVENT_STATE, "orders", "{\"before\":1}");
    reload(fixture);
    emit(fixture, EVENT_STATE, "orders", "{\"after\":1}");
    const char *heard = say(fixture);
    assert_begins(heard, "reset: {\"code\":\"RELOADED\",");
    assert_null(strstr(heard, "MISSED"));
    assert_null(strstr(heard, "before"));
    emit(fixture, EVENT_STATE, "orders", "{\"later\":1}");
    assert_string_equal(say(fixture), "state: {\"later\":1}\n");
}

/* Whose token may have been withdrawn must show it again, as a client that knows nothing. */
static void test_another_configuration_ends_what_is_not_trusted(void **state)
{
    struct fixture *fixture = *state;
    struct event_filter filter = {.kinds = ALL_KINDS};
    assert_true(
        event_stream_open(&(struct event_stream_setup){.events = fixture->events, .publication = fixture->publication},
                          &filter, &fixture->stream));
    say(fixture);
    assert_string_not_equal(fixture->reader.last_id, "");
    reload(fixture);
    assert_false(say_at(fixture, monotonic_ms() + FAR_MS));
    assert_begins(strbuf_text(&fixture->heard), "reset: {\"code\":\"RELOADED\",");
    assert_null(strstr(strbuf_text(&fixture->heard), "snapshot"));
    assert_string_equal(fixture->reader.last_id, "");
}

/* And now and then in any case; then it goes on where it was. */
static void test_what_is_not_trusted_ends_with_age(void **state)
{
    struct fixture *fixture = *state;
    struct event_filter filter = {.kinds = ALL_KINDS};
    int64_t at_ms = 0;
    assert_true(
        event_stream_open(&(struct event_stream_setup){.events = fixture->events, .publication = fixture->publication},
                          &filter, &fixture->stream));
    int64_t begun_ms = monotonic_ms();
    say(fixture);
    char before[SSE_LAST_ID_SIZE] = "";
    memcpy(before, fixture->reader.last_id, sizeof before);
    assert_true(say_at(fixture, begun_ms + 899000));
    assert_false(fixture->stream.ready(fixture->stream.state, begun_ms + 899000, &at_ms));
    assert_in_range(at_ms - begun_ms, 899000, 901000);
    assert_false(say_at(fixture, begun_ms + 901000));
    assert_string_equal(fixture->reader.last_id, before);
}

static void test_opening_without_memory(void **state)
{
    struct fixture *fixture = *state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct http_stream stream = {0};
        struct event_filter filter = {.kinds = ALL_KINDS};
        oom_disarm(&loop);
        filter.databases = mem_calloc(1, 8);
        oom_arm(&loop);
        bool opened = event_stream_open(
            &(struct event_stream_setup){.events = fixture->events, .publication = fixture->publication}, &filter,
            &stream);
        OOM_CHECK(loop, opened);
        assert_null(filter.databases);
        if (opened)
            stream.free(stream.state);
    }
}

/* A picture is whole, or the stream is cut off. */
static void test_picture_without_memory(void **state)
{
    struct fixture *fixture = *state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        oom_disarm(&loop);
        open_all(fixture);
        cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_RESPONSE_BYTES);
        int64_t at_ms = 0;
        oom_arm(&loop);
        while (strbuf_ok(&text) && fixture->stream.ready(fixture->stream.state, 0, &at_ms))
            assert_true(fixture->stream.next(fixture->stream.state, &text));
        OOM_CHECK(loop, strbuf_ok(&text));
        assert_true(!strbuf_ok(&text) || strstr(strbuf_text(&text), "]}\n\n"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_picture_comes_first, begin, end),
        cmocka_unit_test_setup_teardown(test_going_on_after_a_cut, begin, end),
        cmocka_unit_test_setup_teardown(test_what_cannot_go_on_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(test_a_slow_reader_is_told_that_it_missed_some, begin, end),
        cmocka_unit_test_setup_teardown(test_a_reset_has_no_id_before_its_picture, begin, end),
        cmocka_unit_test_setup_teardown(test_kinds, begin, end),
        cmocka_unit_test_setup_teardown(test_databases, begin, end),
        cmocka_unit_test_setup_teardown(test_heartbeats, begin, end),
        cmocka_unit_test_setup_teardown(test_another_configuration, begin, end),
        cmocka_unit_test_setup_teardown(test_what_follows_a_reload_is_gone_on_with, begin, end),
        cmocka_unit_test_setup_teardown(test_another_configuration_ends_what_is_not_trusted, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_not_trusted_ends_with_age, begin, end),
        cmocka_unit_test_setup_teardown(test_opening_without_memory, begin, end),
        cmocka_unit_test_setup_teardown(test_picture_without_memory, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
