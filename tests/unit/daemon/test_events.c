/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/limits.h"
#include "daemon/events.h"
#include "support/oom.h"

static int emit(struct events *events, const char *subject, const char *text)
{
    cleanup(strbuf) struct strbuf body = STRBUF(1000);
    struct error error = {.code = ERROR_OK};
    strbuf_add_string(&body, text);
    return events_emit(events, EVENT_STATE, subject, &body, 1234, &error);
}

static void test_events_come_in_order(void **state)
{
    (void)state;
    cleanup(events) struct events *events = events_new();
    bool missed = true;
    assert_non_null(events);
    assert_int_equal(events_newest(events), 0);
    assert_null(events_after(events, 0, &missed));
    assert_false(missed);
    assert_int_equal(emit(events, "orders", "{\"a\":1}"), 0);
    assert_int_equal(emit(events, "billing", ""), 0);
    assert_int_equal(events_newest(events), 2);

    cleanup(event) struct event *first = events_after(events, 0, &missed);
    assert_non_null(first);
    assert_false(missed);
    assert_int_equal(first->number, 1);
    assert_int_equal(first->kind, EVENT_STATE);
    assert_int_equal(first->at_ms, 1234);
    assert_string_equal(first->subject, "orders");
    assert_string_equal(first->body, "{\"a\":1}");
    cleanup(event) struct event *second = events_after(events, 1, &missed);
    assert_non_null(second);
    assert_string_equal(second->subject, "billing");
    assert_string_equal(second->body, "");
    assert_null(events_after(events, 2, &missed));
    assert_false(missed);
}

static void test_kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(event_kind_name(EVENT_STATE), "state");
    assert_string_equal(event_kind_name(EVENT_DRIFT), "drift");
    assert_string_equal(event_kind_name(EVENT_ADMISSION), "admission");
    assert_string_equal(event_kind_name(EVENT_FAIL_OPEN), "fail_open");
    assert_string_equal(event_kind_name(EVENT_CHECK), "check");
}

static void test_nobody_listens_where_there_is_no_hub(void **state)
{
    (void)state;
    assert_int_equal(emit(NULL, "orders", "{}"), 0);
    events_free(NULL);
    event_unref(NULL);
}

/* Whoever falls behind learns it, and goes on with the oldest that is left. */
static void test_dropped_events_are_missed(void **state)
{
    (void)state;
    cleanup(events) struct events *events = events_new();
    assert_non_null(events);
    assert_int_equal(emit(events, "first", "{}"), 0);
    bool missed = true;
    cleanup(event) struct event *held = events_after(events, 0, &missed);
    for (size_t i = 0; i < LIMIT_EVENTS; i++)
        assert_int_equal(emit(events, "more", "{}"), 0);
    cleanup(event) struct event *oldest = events_after(events, 0, &missed);
    assert_true(missed);
    assert_int_equal(oldest->number, 2);
    cleanup(event) struct event *next = events_after(events, 1, &missed);
    assert_false(missed);
    assert_int_equal(next->number, 2);
    assert_string_equal(held->subject, "first"); /* what is held outlives its place */
}

/* Nobody goes on across a break, and who has come as far has missed nothing. */
static void test_breaks_are_missed(void **state)
{
    (void)state;
    cleanup(events) struct events *events = events_new();
    bool missed = false;
    assert_non_null(events);
    assert_int_equal(emit(events, "before", "{}"), 0);
    assert_int_equal(emit(events, "before", "{}"), 0);
    events_break(events);
    for (uint64_t number = 1; number <= 2; number++) {
        assert_null(events_after(events, number, &missed)); /* what stood between is not told any more */
        assert_true(missed);
    }
    assert_null(events_after(events, 3, &missed));
    assert_false(missed);
    assert_int_equal(emit(events, "after", "{}"), 0);
    cleanup(event) struct event *event = events_after(events, 1, &missed);
    assert_true(missed);
    assert_string_equal(event->subject, "after");
    cleanup(event) struct event *same = events_after(events, 3, &missed);
    assert_false(missed);
    assert_ptr_equal(same, event);
}

/* Large events leave fewer of them. */
static void test_bytes_are_bounded(void **state)
{
    (void)state;
    cleanup(events) struct events *events = events_new();
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_EVENT_BYTES);
    struct error error = {.code = ERROR_OK};
    assert_non_null(events);
    memset(strbuf_reserve(&body, LIMIT_EVENT_BYTES), 'x', LIMIT_EVENT_BYTES);
    strbuf_commit(&body, LIMIT_EVENT_BYTES);
    const uint64_t most = LIMIT_EVENTS_BYTES / LIMIT_EVENT_BYTES - 1; /* names take room, too */
    for (size_t i = 0; i < 2 * most; i++)
        assert_int_equal(events_emit(events, EVENT_DRIFT, "orders", &body, 1, &error), 0);
    bool missed = false;
    cleanup(event) struct event *oldest = events_after(events, 0, &missed);
    assert_true(missed);
    assert_int_equal(oldest->number, most + 1);
}

/* A number of another hub, or of a client's invention. */
static void test_numbers_of_the_future_are_missed(void **state)
{
    (void)state;
    cleanup(events) struct events *events = events_new();
    assert_non_null(events);
    bool missed = false;
    assert_null(events_after(events, 7, &missed));
    assert_true(missed);
    assert_int_equal(emit(events, "orders", "{}"), 0);
    const uint64_t numbers[] = {2, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        cleanup(event) struct event *event = events_after(events, numbers[i], &missed);
        assert_true(missed);
        assert_int_equal(event->number, 1);
    }
}

static void test_epochs_differ(void **state)
{
    (void)state;
    cleanup(events) struct events *one = events_new();
    cleanup(events) struct events *other = events_new();
    assert_int_equal(strlen(events_epoch(one)), 16);
    assert_int_equal(strspn(events_epoch(one), "0123456789abcdef"), 16);
    assert_string_not_equal(events_epoch(one), events_epoch(other));
}

static void test_new_without_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(events) struct events *events = events_new();
        OOM_CHECK(loop, events != NULL);
    }
}

/* What could not be kept leaves a gap, which streams notice, and no listener is told half of it. */
static void count(void *payload, struct event *event)
{
    (void)event;
    ++*(size_t *)payload;
}

static void test_emission_without_memory_leaves_a_gap(void **state)
{
    (void)state;
    cleanup(events) struct events *events = events_new();
    cleanup(strbuf) struct strbuf body = STRBUF(4);
    struct error error = {.code = ERROR_OK};
    size_t heard = 0;
    bool missed = false;
    events_listen(events, count, &heard);
    strbuf_add_string(&body, "{}");
    mem_fault_after(0);
    assert_int_equal(events_emit(events, EVENT_STATE, "orders", &body, 1, &error), -1);
    mem_fault_off();
    assert_int_equal(error.code, ERROR_NO_MEMORY);
    assert_int_equal(events_newest(events), 1);
    assert_int_equal(heard, 0);
    assert_null(events_after(events, 0, &missed));
    assert_true(missed);

    strbuf_add_string(&body, "too much"); /* a body that did not fit */
    assert_int_equal(events_emit(events, EVENT_STATE, "orders", &body, 1, &error), -1);
    assert_int_equal(emit(events, "orders", "{}"), 0);
    assert_int_equal(heard, 1);
    cleanup(event) struct event *event = events_after(events, 0, &missed);
    assert_true(missed);
    assert_int_equal(event->number, 3);
    assert_null(events_after(events, 3, &missed));
    assert_false(missed);
}

enum { EMITTERS = 3, EACH = 3 * LIMIT_EVENTS };

/* Written under the hub's lock alone, which is what a listener may rely on. */
struct ledger {
    uint64_t last;
    size_t count;
    bool ordered;
};

static void enter(void *payload, struct event *event)
{
    struct ledger *ledger = payload;
    ledger->ordered &= event->number == ledger->last + 1;
    ledger->last = event->number;
    ledger->count++;
}

static void *emit_many(void *payload)
{
    for (size_t i = 0; i < EACH; i++) {
        if (emit(payload, "orders", "{}") < 0)
            return payload;
    }
    return NULL;
}

/* Reads until the end; returns NULL if every step led forward. */
static void *read_all(void *payload)
{
    struct events *events = payload;
    uint64_t number = 0;
    while (number < (uint64_t)EMITTERS * EACH) {
        bool missed = false;
        cleanup(event) struct event *event = events_after(events, number, &missed);
        if (!event)
            continue;
        if (event->number <= number || missed != (event->number != number + 1) || strcmp(event->body, "{}") != 0)
            return payload;
        number = event->number;
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    (void)state;
    cleanup(events) struct events *events = events_new();
    struct ledger ledgers[2] = {{.ordered = true}, {.ordered = true}};
    for (size_t i = 0; i < ARRAY_LENGTH(ledgers); i++)
        events_listen(events, enter, &ledgers[i]);
    pthread_t threads[EMITTERS + 2];
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < EMITTERS ? emit_many : read_all, events), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(ledgers); i++) {
        assert_true(ledgers[i].ordered);
        assert_int_equal(ledgers[i].count, EMITTERS * EACH);
    }
    assert_int_equal(events_newest(events), EMITTERS * EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_come_in_order),
        cmocka_unit_test(test_kinds_have_names),
        cmocka_unit_test(test_nobody_listens_where_there_is_no_hub),
        cmocka_unit_test(test_dropped_events_are_missed),
        cmocka_unit_test(test_breaks_are_missed),
        cmocka_unit_test(test_bytes_are_bounded),
        cmocka_unit_test(test_numbers_of_the_future_are_missed),
        cmocka_unit_test(test_epochs_differ),
        cmocka_unit_test(test_new_without_memory),
        cmocka_unit_test(test_emission_without_memory_leaves_a_gap),
        cmocka_unit_test(test_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
