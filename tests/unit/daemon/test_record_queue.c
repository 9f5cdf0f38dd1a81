/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits for the history: bounds, what is dropped first, and that nothing changes places.
 */
#include <stdio.h>
#include <string.h>

#include "support/oom.h"

#include "base/limits.h"
#include "base/strbuf.h"
#include "daemon/history_asks.h"
#include "daemon/record_queue.h"

static struct record_item *make_event(enum event_kind kind, const char *subject, const char *body)
{
    struct event event = {.references = 2, .kind = kind, .subject = subject, .body = body};
    /* The queue only borrows and counts: an event of the test's own, which outlives it, will do. */
    struct event *kept = mem_alloc(sizeof event);
    assert_non_null(kept);
    *kept = event;
    struct record_item *item = record_item_of_event(kept);
    assert_non_null(item);
    kept->references = 1;
    return item;
}

static struct record_item *make_admission(const char *gate, uint64_t ticket)
{
    struct record_item *item = record_item_of_admission(gate, "{}", 2, 7, ticket);
    assert_non_null(item);
    return item;
}

/* Subjects of all that waits, separated by blanks. */
static void assert_waiting(const struct record_queue *queue, const char *expected)
{
    char text[256] = "";
    const struct record_item *last = NULL;
    for (const struct record_item *item = queue->first; item; item = item->next) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? " " : "", item->record.subject);
        last = item;
    }
    assert_string_equal(text, expected);
    assert_ptr_equal(queue->last, last);
}

static void test_first_in_first_out(void **state)
{
    (void)state;
    struct record_queue queue = {0};
    assert_null(record_queue_take(&queue, 10, 1000));
    assert_int_equal(record_queue_add_event(&queue, make_event(EVENT_STATE, "a", "{}")), 0);
    assert_true(record_queue_add_admission(&queue, make_admission("b", 1)));
    assert_int_equal(record_queue_add_event(&queue, make_event(EVENT_DRIFT, "c", "{}")), 0);
    assert_true(record_queue_add_admission(&queue, make_admission("d", 2)));
    assert_waiting(&queue, "a b c d");
    struct record_item *batch = record_queue_take(&queue, 3, 1000);
    assert_waiting(&queue, "d");
    assert_int_equal(queue.events, 0);
    assert_int_equal(queue.admissions, 1);
    record_queue_put_back(&queue, batch);
    assert_waiting(&queue, "a b c d");
    assert_int_equal(queue.events, 2);
    assert_int_equal(queue.event_bytes, 6);
    struct record_item *admissions = record_queue_take_admissions(&queue);
    assert_string_equal(admissions->record.subject, "b");
    assert_int_equal(admissions->record.kind, HISTORY_ADMISSION);
    assert_int_equal(admissions->record.at_ms, 7);
    assert_string_equal(admissions->next->record.subject, "d");
    record_items_free(admissions);
    assert_waiting(&queue, "a c");
    assert_int_equal(queue.admissions, 0);
    batch = record_queue_take(&queue, 10, 1);
    assert_null(batch->next); /* the first always fits */
    record_items_free(batch);
    record_items_free(record_queue_take(&queue, 10, 1000));
    assert_waiting(&queue, "");
    record_queue_put_back(&queue, NULL);
    assert_waiting(&queue, "");
}

static void test_findings_make_room_first(void **state)
{
    (void)state;
    struct record_queue queue = {0};
    record_queue_add_event(&queue, make_event(EVENT_STATE, "first", "{}"));
    record_queue_add_event(&queue, make_event(EVENT_CHECK, "check", "{}"));
    record_queue_add_event(&queue, make_event(EVENT_DRIFT, "drift", "{}"));
    assert_true(record_queue_add_admission(&queue, make_admission("kept", 1)));
    for (size_t i = 3; i < LIMIT_HISTORY_EVENTS; i++)
        assert_int_equal(record_queue_add_event(&queue, make_event(EVENT_STATE, "x", "{}")), 0);
    assert_int_equal(record_queue_add_event(&queue, make_event(EVENT_FAIL_OPEN, "y", "{}")), 1);
    assert_string_equal(queue.first->next->record.subject, "drift"); /* behind "first": the older finding has gone */
    assert_int_equal(record_queue_add_event(&queue, make_event(EVENT_FAIL_OPEN, "y", "{}")), 1);
    assert_string_equal(queue.first->next->record.subject, "kept");
    assert_int_equal(record_queue_add_event(&queue, make_event(EVENT_STATE, "z", "{}")), 1);
    assert_string_equal(queue.first->record.subject, "kept");
    assert_int_equal(queue.events, LIMIT_HISTORY_EVENTS);
    assert_int_equal(queue.admissions, 1);
    record_items_free(queue.first);
}

static void test_large_events_make_room_by_bytes(void **state)
{
    (void)state;
    struct record_queue queue = {0};
    static char body[LIMIT_EVENT_BYTES];
    memset(body, 'x', sizeof body - 1);
    size_t dropped = 0;
    for (size_t i = 0; i < 2 * LIMIT_HISTORY_EVENT_BYTES / sizeof body; i++)
        dropped += record_queue_add_event(&queue, make_event(EVENT_STATE, "s", body));
    assert_true(dropped >= LIMIT_HISTORY_EVENT_BYTES / sizeof body);
    assert_true(queue.event_bytes <= LIMIT_HISTORY_EVENT_BYTES);
    record_items_free(queue.first);
}

static void test_admissions_are_refused_not_dropped(void **state)
{
    (void)state;
    struct record_queue queue = {0};
    for (size_t i = 0; i < LIMIT_HISTORY_ADMISSIONS; i++)
        assert_true(record_queue_add_admission(&queue, make_admission("gate", i + 1)));
    struct record_item *late = make_admission("late", 9);
    assert_false(record_queue_add_admission(&queue, late));
    record_items_free(late);
    assert_int_equal(queue.admissions, LIMIT_HISTORY_ADMISSIONS);
    record_items_free(record_queue_take_admissions(&queue));
    assert_waiting(&queue, "");
}

static void test_items_without_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct record_item *item = record_item_of_admission("gate", "{}", 2, 7, 1);
        OOM_CHECK(loop, item != NULL);
        record_items_free(item);
    }
}

static void test_questions_are_bounded(void **state)
{
    (void)state;
    const struct history_query query = {.subject = "orders", .limit = 1};
    const struct error failure = {.code = ERROR_IO, .message = "no"};
    struct history_asks asks = {0};
    struct error error = {0};
    cleanup(strbuf) struct strbuf json = STRBUF(0);
    uint64_t first = 0;
    uint64_t ticket = 0;
    assert_int_equal(history_asks_add(&asks, &query, &first, &error), 0);
    while (history_asks_add(&asks, &query, &ticket, &error) == 0)
        assert_true(asks.count < 1000);
    assert_int_equal(error.code, ERROR_TRUNCATED);
    assert_false(history_asks_answered(&asks, first));
    assert_int_equal(history_asks_take(&asks, first, &json, &error), -1);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    struct history_ask *reading = history_asks_next(&asks);
    history_asks_fail(&asks, &failure);
    assert_false(history_asks_pending(&asks));
    assert_false(history_asks_answered(&asks, first)); /* it is being read */
    history_asks_return(reading);
    assert_true(history_asks_pending(&asks));
    /* Answers that nobody came for make room. */
    uint64_t newest = 0;
    assert_int_equal(history_asks_add(&asks, &query, &newest, &error), 0);
    assert_int_equal(history_asks_take(&asks, ticket, &json, &error), -1);
    assert_int_equal(error.code, ERROR_IO);
    assert_true(history_asks_answered(&asks, ticket)); /* it is not known any more */
    history_asks_done(&asks);
    assert_int_equal(asks.count, 0);
}

static void test_records_as_they_are_shown(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *expected;
    } rows[] = {
        {"{}", "{\"sequence\":3,\"kind\":\"drift\",\"source\":\"s\",\"hash\":\"h\"}"},
        {"{\"a\":1}", "{\"sequence\":3,\"kind\":\"drift\",\"source\":\"s\",\"hash\":\"h\",\"a\":1}"},
        {"x", "{\"sequence\":3,\"kind\":\"drift\",\"source\":\"s\",\"hash\":\"h\"}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(1000);
        const struct history_record record = {
            .sequence = 3, .kind = HISTORY_DRIFT, .subject = "o", .source = "s", .body = rows[i].body, .hash = "h"};
        history_write_record(&record, &out);
        assert_string_equal(strbuf_text(&out), rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_findings_make_room_first),
        cmocka_unit_test(test_large_events_make_room_by_bytes),
        cmocka_unit_test(test_admissions_are_refused_not_dropped),
        cmocka_unit_test(test_items_without_memory),
        cmocka_unit_test(test_questions_are_bounded),
        cmocka_unit_test(test_records_as_they_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
