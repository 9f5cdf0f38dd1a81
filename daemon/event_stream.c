/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/event_stream.h"

#include <string.h>

#include "base/alloc.h"
#include "base/deadline.h"
#include "daemon/http_loop.h"
#include "daemon/sse.h"
#include "report/report_event.h"

enum {
    RETRY_MS = 2000,
    HEARTBEAT_MS = 15000, /* proxies give up on a silent connection after 30 s or more */
    CONFIG_MS = 1000,     /* between two looks at whether the configuration is another one */
    SHOWN_MS = 900000,    /* a token that was shown is believed as long as this: it may have been replaced meanwhile */
};

/* The picture shows states, drift and checks; who wants none of them needs none. */
enum { PICTURED_KINDS = 1u << EVENT_STATE | 1u << EVENT_DRIFT | 1u << EVENT_CHECK };

enum step { STEP_OPENING, STEP_RESET, STEP_PICTURE_BEGIN, STEP_PICTURE_ROW, STEP_PICTURE_END, STEP_LIVE };

struct event_stream {
    struct events *events;
    struct publication *publication;
    struct event_filter filter;
    struct config *config; /* as the client knows it; one reference */
    uint64_t number;       /* of the newest event that the client has, or that was not for it */
    enum step step;
    enum step first; /* after STEP_OPENING */
    bool trusted;
    bool ends;          /* with the reset */
    int64_t ends_at_ms; /* by its age; INT64_MAX: never */
    const char *reset_code;
    const char *reset_reason;
    struct view_set *set; /* while its picture is sent; one reference */
    size_t row;
    size_t rows_sent;
    uint64_t generation; /* of the publication when its configuration was looked at last */
    int64_t looked_at_ms;
    int64_t now_ms; /* monotonic, when it was asked last whether there is something */
    int64_t heartbeat_at_ms;
};

void event_filter_done(struct event_filter *filter)
{
    mem_free(filter->databases);
    filter->databases = NULL;
}

static bool is_listed(const char *names, const char *name)
{
    for (; *names; names += strlen(names) + 1) {
        if (strcmp(names, name) == 0)
            return true;
    }
    return false;
}

bool event_filter_takes(const struct event_filter *filter, const struct config *config, const char *subject)
{
    if (!filter->databases || is_listed(filter->databases, subject))
        return true;
    struct config_made_gate made = {0};
    const struct config_gate *gate = config_choose_gate(config, subject, &made);
    for (size_t i = 0; gate && i < gate->requirement_count; i++) {
        if (is_listed(filter->databases, config->databases[gate->requirements[i].database].name))
            return true;
    }
    return false;
}

static void forget(struct event_stream *stream, const char *code, const char *reason)
{
    stream->reset_code = code;
    stream->reset_reason = reason;
    stream->step = STEP_RESET;
}

static void add_id(const struct event_stream *stream, char ret_id[static SSE_ID_SIZE])
{
    sse_id(ret_id, events_epoch(stream->events), stream->number);
}

/* The number is read before the views: what is told from here on is shown by them already, or comes as an event. */
static void catch_up(struct event_stream *stream)
{
    stream->number = events_newest(stream->events);
    view_set_unref(stream->set);
    stream->set = publication_acquire(stream->publication);
    config_unref(stream->config);
    stream->config = config_ref(stream->set->config);
}

static void begin_picture(struct event_stream *stream, struct strbuf *out)
{
    char id[SSE_ID_SIZE] = "";
    catch_up(stream);
    add_id(stream, id);
    sse_open_event(out, "snapshot", id);
    strbuf_add_string(out, "{\"databases\":[");
    stream->row = 0;
    stream->rows_sent = 0;
    stream->step = STEP_PICTURE_ROW;
}

static void add_row(struct event_stream *stream, struct strbuf *out)
{
    if (stream->row == stream->set->count) {
        stream->step = STEP_PICTURE_END;
        return;
    }
    const struct view *view = stream->set->views[stream->row++];
    if (!event_filter_takes(&stream->filter, stream->config, view->database->name))
        return;
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct database_report report = {0};
    struct json_writer writer = {0};
    if (stream->rows_sent++ > 0)
        strbuf_add_char(out, ',');
    json_writer_init(&writer, out, 0);
    if (!arena || view_judge(view, NULL, monotonic_ms(), http_unix_ms(), arena, &report, NULL))
        out->failed = true;
    else
        report_event_picture(&writer, &report);
}

static void end_picture(struct event_stream *stream, struct strbuf *out)
{
    strbuf_add_string(out, "]}");
    sse_close_event(out);
    view_set_unref(take(stream->set)); /* which would keep whole schemas from being freed */
    stream->step = STEP_LIVE;
}

/* Without a picture to follow, the reset itself is where the client stands; with one, only its end is, so that a client
 * that is cut off in between does not take half a picture for all. Who must come back does so as a new client: its id
 * becomes empty. */
static void add_reset(struct event_stream *stream, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf data = STRBUF(1024);
    bool pictured = stream->filter.kinds & PICTURED_KINDS;
    char id[SSE_ID_SIZE] = "";
    struct json_writer writer = {0};
    json_writer_init(&writer, &data, 0);
    json_open_object(&writer);
    json_key_string(&writer, "code", stream->reset_code);
    json_key_string(&writer, "reason", stream->reset_reason);
    json_close_object(&writer);
    if (!json_writer_ok(&writer))
        out->failed = true;
    catch_up(stream);
    view_set_unref(take(stream->set));
    if (!stream->ends)
        add_id(stream, id);
    sse_add_event(out, "reset", pictured && !stream->ends ? NULL : id, strbuf_text(&data));
    stream->step = pictured ? STEP_PICTURE_BEGIN : STEP_LIVE;
}

/* The next event, whether it is for this client or not; else a heartbeat, if it is time for one. */
static void add_event(struct event_stream *stream, struct strbuf *out)
{
    bool missed = false;
    cleanup(event) struct event *event = events_after(stream->events, stream->number, &missed);
    if (missed) {
        forget(stream, "MISSED", "what was told since is not kept, or is of another configuration");
        return;
    }
    char id[SSE_ID_SIZE] = "";
    if (event) {
        stream->number = event->number;
        if (!(stream->filter.kinds & 1u << event->kind) ||
            !event_filter_takes(&stream->filter, stream->config, event->subject))
            return;
        add_id(stream, id);
        sse_add_event(out, event_kind_name(event->kind), id, event->body);
    } else if (stream->now_ms >= stream->heartbeat_at_ms) {
        add_id(stream, id);
        sse_add_heartbeat(out, id);
    }
}

static bool stream_next(void *state, struct strbuf *out)
{
    struct event_stream *stream = state;
    size_t before = out->length;
    switch (stream->step) {
    case STEP_OPENING:
        sse_add_retry(out, RETRY_MS);
        stream->step = stream->first;
        break;
    case STEP_RESET:
        add_reset(stream, out);
        break;
    case STEP_PICTURE_BEGIN:
        begin_picture(stream, out);
        break;
    case STEP_PICTURE_ROW:
        add_row(stream, out);
        break;
    case STEP_PICTURE_END:
        end_picture(stream, out);
        break;
    case STEP_LIVE:
        add_event(stream, out);
        break;
    }
    if (out->length > before)
        stream->heartbeat_at_ms = stream->now_ms + HEARTBEAT_MS;
    return stream->step == STEP_RESET || !(stream->ends || stream->now_ms >= stream->ends_at_ms);
}

/* Looks are published many times a second, another configuration is not; but what is told under it must not come before
 * the client knows of it. */
static void follow_config(struct event_stream *stream, bool told, int64_t now_ms)
{
    uint64_t generation = publication_generation(stream->publication);
    if (generation == stream->generation || (!told && now_ms - stream->looked_at_ms < CONFIG_MS))
        return;
    stream->generation = generation;
    stream->looked_at_ms = now_ms;
    cleanup(view_set) struct view_set *set = publication_acquire(stream->publication);
    if (set->config == stream->config)
        return;
    forget(stream, "RELOADED", "the configuration was read again");
    stream->ends = !stream->trusted;
}

static bool stream_ready(void *state, int64_t monotonic_now_ms, int64_t *ret_at_ms)
{
    struct event_stream *stream = state;
    stream->now_ms = monotonic_now_ms;
    bool told = events_newest(stream->events) != stream->number;
    if (stream->step == STEP_LIVE)
        follow_config(stream, told, monotonic_now_ms);
    int64_t due_ms = stream->heartbeat_at_ms < stream->ends_at_ms ? stream->heartbeat_at_ms : stream->ends_at_ms;
    *ret_at_ms = due_ms;
    return told || stream->step != STEP_LIVE || monotonic_now_ms >= due_ms;
}

static void stream_free(void *state)
{
    struct event_stream *stream = state;
    view_set_unref(stream->set);
    config_unref(stream->config);
    event_filter_done(&stream->filter);
    mem_free(stream);
}

/* Where the stream begins. */
static enum step choose_first(struct event_stream *stream, const char *last_id)
{
    char epoch[SSE_EPOCH_SIZE] = "";
    if (!last_id)
        return stream->filter.kinds & PICTURED_KINDS ? STEP_PICTURE_BEGIN : STEP_LIVE;
    if (sse_id_parse(last_id, epoch, &stream->number) && strcmp(epoch, events_epoch(stream->events)) == 0)
        return STEP_LIVE;
    forget(stream, "RESTARTED", "the id is not of this process");
    return STEP_RESET;
}

bool event_stream_open(const struct event_stream_setup *setup, struct event_filter *filter,
                       struct http_stream *ret_stream)
{
    cleanup(event_filter) struct event_filter owned = *filter;
    *filter = (struct event_filter){0};
    struct event_stream *stream = mem_calloc(1, sizeof *stream);
    if (!stream)
        return false;
    stream->events = setup->events;
    stream->publication = setup->publication;
    stream->trusted = setup->trusted;
    stream->ends_at_ms = setup->trusted ? INT64_MAX : monotonic_ms() + SHOWN_MS;
    stream->filter = owned;
    owned.databases = NULL;
    catch_up(stream);
    view_set_unref(take(stream->set));
    stream->first = choose_first(stream, setup->last_id);
    stream->step = STEP_OPENING;
    *ret_stream =
        (struct http_stream){.next = stream_next, .free = stream_free, .ready = stream_ready, .state = stream};
    return true;
}
