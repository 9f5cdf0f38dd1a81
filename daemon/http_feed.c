/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_feed.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/http_reply.h"
#include "daemon/metrics.h"

/* The library keeps a block of this size for each reply that is not sent in chunks. */
enum { FEED_BLOCK = 4096 };

struct http_feed {
    struct http_loop *loop;
    struct http_connection *connection;
    struct MHD_Connection *mhd;
    struct http_stream stream;
    struct strbuf pending;
    size_t sent; /* of `pending` */
    bool finished;
    bool held;
    struct http_feed *next; /* among the loop's held ones */
    struct http_feed *previous;
};

static void hold(struct http_feed *feed)
{
    struct http_loop *loop = feed->loop;
    feed->held = true;
    feed->previous = NULL;
    feed->next = loop->feeds;
    if (feed->next)
        feed->next->previous = feed;
    loop->feeds = feed;
    http_connection_enter(loop, feed->connection, PHASE_HELD);
    MHD_suspend_connection(feed->mhd);
}

static void leave(struct http_feed *feed)
{
    if (!feed->held)
        return;
    feed->held = false;
    if (feed->previous)
        feed->previous->next = feed->next;
    else
        feed->loop->feeds = feed->next;
    if (feed->next)
        feed->next->previous = feed->previous;
}

/* Up to a block's worth of what there is. */
static void fill(struct http_feed *feed)
{
    struct http_stream *stream = &feed->stream;
    int64_t at_ms = 0;
    /* The client has taken all of the last block; what it may take its time for begins anew. */
    http_connection_enter(feed->loop, feed->connection, PHASE_ANSWERING);
    feed->sent = 0;
    strbuf_clear(&feed->pending);
    feed->finished = feed->loop->drain_until_ms > 0;
    while (!feed->finished && feed->pending.length < FEED_BLOCK &&
           stream->ready(stream->state, feed->loop->now_ms, &at_ms))
        feed->finished = !stream->next(stream->state, &feed->pending);
}

static ssize_t send_piece(void *payload, uint64_t position, char *buffer, size_t room)
{
    (void)position;
    struct http_feed *feed = payload;
    if (feed->sent == feed->pending.length && !feed->finished)
        fill(feed);
    if (!strbuf_ok(&feed->pending))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t left = feed->pending.length - feed->sent;
    if (left == 0 && feed->finished)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (left == 0) {
        strbuf_done(&feed->pending);
        hold(feed);
        return 0;
    }
    size_t length = left < room ? left : room;
    memcpy(buffer, feed->pending.bytes + feed->sent, length);
    feed->sent += length;
    return (ssize_t)length;
}

static void feed_free(void *payload)
{
    struct http_feed *feed = payload;
    leave(feed);
    atomic_fetch_sub(&feed->loop->listener->feeds, 1);
    metric_add(METRIC_http_streams, -1);
    feed->stream.free(feed->stream.state);
    strbuf_done(&feed->pending);
    mem_free(feed);
}

bool http_feed_may_open(const struct http_loop *loop)
{
    return atomic_load(&loop->listener->feeds) < loop->listener->feed_limit;
}

struct MHD_Response *http_feed_new(struct http_loop *loop, struct http_connection *connection,
                                   struct MHD_Connection *mhd, struct http_response *response)
{
    struct http_feed *feed = mem_calloc(1, sizeof *feed);
    if (!feed)
        return NULL;
    feed->loop = loop;
    feed->connection = connection;
    feed->mhd = mhd;
    feed->pending = (struct strbuf)STRBUF(LIMIT_RESPONSE_BYTES);
    feed->stream = response->stream;
    response->stream = (struct http_stream){0};
    atomic_fetch_add(&loop->listener->feeds, 1);
    metric_add(METRIC_http_streams, 1);
    struct MHD_Response *reply =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, FEED_BLOCK, send_piece, feed, feed_free);
    if (!reply) {
        feed_free(feed);
        return NULL;
    }
    if (http_reply_add_headers(reply, response, false))
        return reply;
    MHD_destroy_response(reply);
    return NULL;
}

int64_t http_feed_turn(struct http_loop *loop, bool all)
{
    int64_t due_ms = INT64_MAX;
    for (struct http_feed *feed = loop->feeds; feed;) {
        struct http_feed *next = feed->next;
        int64_t at_ms = INT64_MAX;
        if (all || feed->stream.ready(feed->stream.state, loop->now_ms, &at_ms)) {
            leave(feed);
            loop->resumed = true;
            MHD_resume_connection(feed->mhd);
        } else if (at_ms < due_ms) {
            due_ms = at_ms;
        }
        feed = next;
    }
    return due_ms;
}
