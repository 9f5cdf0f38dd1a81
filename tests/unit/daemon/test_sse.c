/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/sse.h"
#include "daemon/sse_reader.h"
#include "support/oom.h"

enum { LIMIT = 4096 };

/* Events as one text: "name=data|". */
static bool note(void *payload, const struct sse_event *event)
{
    strbuf_printf(payload, "%s=%s|", event->name, event->data);
    return true;
}

static bool note_one(void *payload, const struct sse_event *event)
{
    note(payload, event);
    return false;
}

static void test_ids(void **state)
{
    (void)state;
    char id[SSE_ID_SIZE] = "";
    char epoch[SSE_EPOCH_SIZE] = "";
    uint64_t number = 0;
    sse_id(id, "0123456789abcdef", UINT64_MAX);
    assert_string_equal(id, "0123456789abcdef-18446744073709551615");
    assert_true(sse_id_parse(id, epoch, &number));
    assert_string_equal(epoch, "0123456789abcdef");
    assert_true(number == UINT64_MAX);
    static const char *const wrong[] = {"",
                                        "-",
                                        "0123456789abcdef",
                                        "0123456789abcdef-",
                                        "0123456789abcde-1",
                                        "0123456789abcdeff-1",
                                        "0123456789ABCDEF-1",
                                        "0123456789abcdef-1x",
                                        "0123456789abcdef--1",
                                        "0123456789abcdef+1",
                                        "0123456789abcdef-18446744073709551616",
                                        "0123456789abcdef-99999999999999999999999"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        assert_false(sse_id_parse(wrong[i], epoch, &number));
}

static void test_text_of_events(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT);
    sse_add_retry(&out, 2000);
    sse_add_event(&out, "state", "a-1", "{\"x\":1}");
    sse_add_event(&out, "reset", NULL, "one\ntwo\r\nthree\rfour\n");
    sse_add_heartbeat(&out, "a-2");
    sse_open_event(&out, "snapshot", "a-3");
    strbuf_add_string(&out, "{}");
    sse_close_event(&out);
    assert_string_equal(strbuf_text(&out), "retry: 2000\n\n"
                                           "event: state\nid: a-1\ndata: {\"x\":1}\n\n"
                                           "event: reset\ndata: one\ndata: two\ndata: three\ndata: four\ndata: \n\n"
                                           ":\nid: a-2\n\n"
                                           "event: snapshot\nid: a-3\ndata: {}\n\n");
}

/* What was written is read back, wherever the bytes are cut. */
static void test_reading_back(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT);
    sse_add_retry(&text, 2000);
    sse_add_event(&text, "state", "a-1", "one\ntwo\r\nthree\rfour\n");
    sse_add_heartbeat(&text, "a-2");
    sse_add_event(&text, "drift", NULL, ": data: event: x");
    for (size_t cut = 0; cut <= text.length; cut++) {
        cleanup(strbuf) struct strbuf heard = STRBUF(LIMIT);
        cleanup(sse_reader) struct sse_reader reader = {0};
        sse_reader_init(&reader, LIMIT, note, &heard);
        assert_int_equal(sse_reader_feed(&reader, text.bytes, cut), SSE_MORE);
        assert_int_equal(sse_reader_feed(&reader, text.bytes + cut, text.length - cut), SSE_MORE);
        assert_string_equal(strbuf_text(&heard), "state=one\ntwo\nthree\nfour\n|drift=: data: event: x|");
        assert_string_equal(reader.last_id, "a-2");
        assert_int_equal(reader.retry_ms, 2000);
    }
}

/* What other servers may send, and what is no event of theirs. */
static void test_reading_what_others_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *heard;
        const char *last_id;
    } rows[] = {
        {"", "", ""},
        {"\n\n\n", "", ""},
        {"data\n\n", "message=|", ""},
        {"data:\n\n", "message=|", ""},
        {"data:x\r\n\r\n", "message=x|", ""},
        {"data:x\r\r", "message=x|", ""},
        {"data:x\r\n\n", "message=x|", ""},
        {"data:  x\n\n", "message= x|", ""},
        {"data: a\ndata\ndata: b\n\n", "message=a\n\nb|", ""},
        {"event: e\n\ndata: x\n\n", "message=x|", ""},
        {"event: e\ndata: x\n", "", ""},
        {"id: 1\ndata: x\n", "", ""},
        {"id: 1\n\n", "", "1"},
        {"id: 1\ndata: x\n\nid\n\n", "message=x|", ""},
        {"id: 1\ndata: x\n\ndata: y\n\n", "message=x|message=y|", "1"},
        {": comment\n:\n:x\ndata: x\n\n", "message=x|", ""},
        {"other: y\nDATA: z\ndata : q\ndata: x\n\n", "message=x|", ""},
        {"retry: x\nretry: -1\nretry:\nretry: 99999999999999999999\ndata: x\n\n", "message=x|", ""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        cleanup(strbuf) struct strbuf heard = STRBUF(LIMIT);
        cleanup(sse_reader) struct sse_reader reader = {0};
        sse_reader_init(&reader, LIMIT, note, &heard);
        for (const char *byte = rows[i].text; *byte; byte++)
            assert_int_equal(sse_reader_feed(&reader, byte, 1), SSE_MORE);
        assert_string_equal(strbuf_text(&heard), rows[i].heard);
        assert_string_equal(reader.last_id, rows[i].last_id);
        assert_int_equal(reader.retry_ms, 0);
    }
}

/* Half an event is none, and its id is not the last one. */
static void test_reading_after_a_cut(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf heard = STRBUF(LIMIT);
    cleanup(sse_reader) struct sse_reader reader = {0};
    static const char before[] = "id: 1\ndata: x\n\nid: 2\nevent: e\ndata: half\ndat";
    static const char after[] = "data: y\n\n";
    sse_reader_init(&reader, LIMIT, note, &heard);
    assert_int_equal(sse_reader_feed(&reader, before, strlen(before)), SSE_MORE);
    sse_reader_restart(&reader);
    assert_string_equal(reader.last_id, "1");
    assert_int_equal(sse_reader_feed(&reader, after, strlen(after)), SSE_MORE);
    assert_string_equal(strbuf_text(&heard), "message=x|message=y|");
    assert_string_equal(reader.last_id, "1");
}

static void test_reading_ends_when_it_should(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf heard = STRBUF(LIMIT);
    cleanup(sse_reader) struct sse_reader reader = {0};
    static const char text[] = "data: x\n\ndata: y\n\n";
    sse_reader_init(&reader, LIMIT, note_one, &heard);
    assert_int_equal(sse_reader_feed(&reader, text, strlen(text)), SSE_ENDED);
    assert_string_equal(strbuf_text(&heard), "message=x|");
}

static void test_bounds(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf heard = STRBUF(LIMIT);
    enum sse_outcome outcome = SSE_MORE;
    cleanup(sse_reader) struct sse_reader line = {0};
    sse_reader_init(&line, 64, note, &heard);
    for (size_t i = 0; i < 100 && outcome == SSE_MORE; i++)
        outcome = sse_reader_feed(&line, "x", 1);
    assert_int_equal(outcome, SSE_TOO_LONG);
    cleanup(sse_reader) struct sse_reader data = {0};
    sse_reader_init(&data, 64, note, &heard);
    outcome = SSE_MORE;
    for (size_t i = 0; i < 100 && outcome == SSE_MORE; i++)
        outcome = sse_reader_feed(&data, "data: x\n", 8);
    assert_int_equal(outcome, SSE_TOO_LONG);
    assert_string_equal(strbuf_text(&heard), "");

    /* A name or id that is none of ours does not make the event one of another name. */
    cleanup(sse_reader) struct sse_reader names = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT);
    strbuf_add_string(&text, "event: ");
    for (size_t i = 0; i < SSE_NAME_SIZE; i++)
        strbuf_add_char(&text, 'n');
    strbuf_add_string(&text, "\nid: ");
    for (size_t i = 0; i < SSE_LAST_ID_SIZE; i++)
        strbuf_add_char(&text, 'i');
    strbuf_add_string(&text, "\ndata: x\n\n");
    sse_reader_init(&names, LIMIT, note, &heard);
    assert_int_equal(sse_reader_feed(&names, text.bytes, text.length), SSE_MORE);
    assert_string_equal(strbuf_text(&heard), "message=x|");
    assert_string_equal(names.last_id, "");
}

static bool count(void *payload, const struct sse_event *event)
{
    (void)event;
    ++*(unsigned *)payload;
    return true;
}

/* Too little memory is an error, never an event that lacks something. */
static void test_reading_without_memory(void **state)
{
    (void)state;
    static const char text[] = "id: 1\ndata: one\ndata: two\n\n";
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        unsigned heard = 0;
        cleanup(sse_reader) struct sse_reader reader = {0};
        sse_reader_init(&reader, LIMIT, count, &heard);
        enum sse_outcome outcome = sse_reader_feed(&reader, text, strlen(text));
        assert_int_equal(heard, outcome == SSE_MORE);
        OOM_CHECK(loop, outcome == SSE_MORE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_text_of_events),
        cmocka_unit_test(test_reading_back),
        cmocka_unit_test(test_reading_what_others_write),
        cmocka_unit_test(test_reading_after_a_cut),
        cmocka_unit_test(test_reading_ends_when_it_should),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_reading_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
