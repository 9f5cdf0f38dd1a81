/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_reply.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

/* libmicrohttpd's chunk header has room for sizes of six hexadecimal digits; smaller blocks also share a loop fairly.
 */
enum { STREAM_BLOCK = 32 * 1024 };

struct sender {
    struct http_stream stream;
    struct strbuf pending;
    size_t sent; /* of `pending` */
    bool finished;
};

static ssize_t send_piece(void *payload, uint64_t position, char *buffer, size_t room)
{
    (void)position;
    struct sender *sender = payload;
    if (sender->sent == sender->pending.length) {
        strbuf_clear(&sender->pending);
        sender->sent = 0;
    }
    while (!sender->finished && sender->pending.length - sender->sent < room)
        sender->finished = !sender->stream.next(sender->stream.state, &sender->pending);
    if (!strbuf_ok(&sender->pending))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t left = sender->pending.length - sender->sent;
    if (left == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t length = left < room ? left : room;
    memcpy(buffer, sender->pending.bytes + sender->sent, length);
    sender->sent += length;
    return (ssize_t)length;
}

static void sender_free(void *payload)
{
    struct sender *sender = payload;
    if (sender->stream.free)
        sender->stream.free(sender->stream.state);
    strbuf_done(&sender->pending);
    mem_free(sender);
}

static struct MHD_Response *from_stream(struct http_response *response)
{
    struct sender *sender = mem_calloc(1, sizeof *sender);
    if (!sender)
        return NULL;
    sender->pending = (struct strbuf)STRBUF(LIMIT_RESPONSE_BYTES);
    sender->stream = response->stream;
    response->stream = (struct http_stream){0};
    struct MHD_Response *reply =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, send_piece, sender, sender_free);
    if (!reply)
        sender_free(sender);
    return reply;
}

static void release_payload(void *payload)
{
    http_payload_unref(payload);
}

static struct MHD_Response *from_bytes(struct http_response *response)
{
    if (!response->payload && response->body.length > 0)
        response->payload = http_payload_new(&response->body);
    if (!response->payload)
        return response->body.length > 0 || response->body.failed
                   ? NULL
                   : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    struct http_payload *payload = take(response->payload);
    struct MHD_Response *reply = MHD_create_response_from_buffer_with_free_callback_cls(payload->length, payload->bytes,
                                                                                        release_payload, payload);
    if (!reply)
        http_payload_unref(payload);
    return reply;
}

/* Base ± half, at least one second. */
static int vary(int seconds)
{
    uint32_t base = (uint32_t)seconds * 1000;
    uint32_t varied = base / 2 + arc4random_uniform(base + 1);
    return varied < 1000 ? 1 : (int)((varied + 500) / 1000);
}

static bool add_header(struct MHD_Response *reply, const char *name, const char *value)
{
    return !value || !*value || MHD_add_response_header(reply, name, value) == MHD_YES;
}

bool http_reply_add_headers(struct MHD_Response *reply, const struct http_response *response, bool close)
{
    char retry[16] = "";
    if (response->retry_after_seconds > 0)
        snprintf(retry, sizeof retry, "%d", vary(response->retry_after_seconds));
    return add_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type) &&
           add_header(reply, MHD_HTTP_HEADER_CACHE_CONTROL, *response->etag ? "no-cache" : "no-store") &&
           add_header(reply, MHD_HTTP_HEADER_ETAG, response->etag) &&
           add_header(reply, MHD_HTTP_HEADER_VARY, response->varies ? MHD_HTTP_HEADER_ACCEPT : NULL) &&
           add_header(reply, "X-Content-Type-Options", "nosniff") &&
           add_header(reply, "X-Accel-Buffering", response->live ? "no" : NULL) &&
           add_header(reply, MHD_HTTP_HEADER_RETRY_AFTER, retry) &&
           add_header(reply, MHD_HTTP_HEADER_ALLOW, response->allow) &&
           add_header(reply, MHD_HTTP_HEADER_WWW_AUTHENTICATE, response->status == 401 ? "Bearer" : NULL) &&
           (!close || add_header(reply, MHD_HTTP_HEADER_CONNECTION, "close"));
}

/* The library would end the answer to a HEAD with an empty chunk, which the next answer on the connection would be
 * taken for; without chunks there is no such thing, and the connection ends. */
static struct MHD_Response *from_stream_for_head(struct http_response *response)
{
    struct MHD_Response *reply = from_stream(response);
    if (reply && MHD_set_response_options(reply, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END) != MHD_YES) {
        MHD_destroy_response(reply);
        return NULL;
    }
    return reply;
}

struct MHD_Response *http_reply_new(struct http_response *response, bool head, bool close)
{
    struct MHD_Response *reply = !response->stream.next ? from_bytes(response)
                                 : head                 ? from_stream_for_head(response)
                                                        : from_stream(response);
    if (reply && !http_reply_add_headers(reply, response, close)) {
        MHD_destroy_response(reply);
        return NULL;
    }
    return reply;
}

struct MHD_Response *http_reply_new_unavailable(void)
{
    cleanup(http_response) struct http_response response = {0};
    http_response_init(&response);
    http_response_problem(&response, 503, "out of memory");
    response.retry_after_seconds = 2;
    return http_reply_new(&response, false, true);
}
