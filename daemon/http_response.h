/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handler answers: a status and either bytes, shared bytes, or a stream; or the wish to be held. Knows no HTTP
 * library. Owned by one thread; payloads are immutable and shared by reference count between any threads.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_RESPONSE_H
#define MIGRATIOND_DAEMON_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "daemon/gate_question.h"
#include "json/json_writer.h"

#define HTTP_JSON "application/json"
#define HTTP_PROBLEM "application/problem+json"
#define HTTP_HEALTH "application/health+json"
#define HTTP_TEXT "text/plain; charset=utf-8"
#define HTTP_MARKDOWN "text/markdown; charset=utf-8"
#define HTTP_SQL "application/sql; charset=utf-8"
#define HTTP_METRICS "text/plain; version=0.0.4; charset=utf-8"

struct http_payload {
    unsigned references; /* atomic */
    size_t length;
    char *bytes;
};

/* Takes the bytes out of `text`, which becomes empty; NULL when memory is out or an append had failed. */
struct http_payload *http_payload_new(struct strbuf *text) __attribute__((warn_unused_result));
struct http_payload *http_payload_ref(struct http_payload *payload);
void http_payload_unref(struct http_payload *payload);

/* A body that is rendered piece by piece while it is sent. `next` appends a piece and returns false after the last one.
 * Where `ready` is set, the stream waits for what is to come: `next` is called while `ready` says that there may be
 * something (nothing appended is no harm), and `ready` is asked again whenever the loop turns, which is when an event
 * was told, and at `*ret_at_ms` at the latest. Such a stream ends when the daemon stops. */
struct http_stream {
    bool (*next)(void *state, struct strbuf *out);
    bool (*ready)(void *state, int64_t monotonic_now_ms, int64_t *ret_at_ms); /* NULL: always */
    void (*free)(void *state);
    void *state;
};

/* Why an answer is not given yet. */
enum http_hold_kind {
    HTTP_NOT_HELD,
    HTTP_HELD_BY_GATE, /* until `question` is answered otherwise (waiters.h) */
    HTTP_HELD_BY_POLL  /* until `ready` holds; then the handler is asked again with `resumed` set */
};

struct http_request;

struct http_hold {
    enum http_hold_kind kind;
    int64_t wait_ms;
    struct gate_question *question; /* owned */
    uint64_t ticket;
    bool (*ready)(const struct http_request *request);
    struct http_response *prepared; /* by HTTP_HELD_BY_POLL, what was decided before; owned; NULL */
};

struct http_response {
    int status;
    const char *content_type; /* static */
    struct strbuf body;
    struct http_payload *payload; /* instead of `body`; owned reference */
    struct http_stream stream;    /* instead of both if `next` is set; owned */
    char etag[80];                /* quoted; "" for none: then Cache-Control is no-store */
    char allow[32];               /* for 405 */
    int retry_after_seconds;      /* 0: none; varied by half when sent, so that clients do not come back together */
    bool varies;                  /* the caller's Accept chose the form: said to caches by Vary */
    bool live;                    /* a proxy must not gather what is sent before it passes it on */
    int64_t cache_ms;             /* how long these bytes stay true while nothing is published; 0: not at all */
    struct http_hold hold;
};

void http_response_init(struct http_response *response);
void http_response_done(struct http_response *response);

/* Moves everything into an object of its own; NULL when memory is out, and then `response` is as it was. */
struct http_response *http_response_take(struct http_response *response) __attribute__((warn_unused_result));
void http_response_free(struct http_response *response);

/* Begins a JSON body with that status. The caller ends with http_response_end_json. */
void http_response_json(struct http_response *response, int status, struct json_writer *ret_writer);

/* Turns a body that could not be written (memory) into a 503 problem. */
void http_response_end_json(struct http_response *response, const struct json_writer *writer);

/* A problem document in place of whatever stood there. */
void http_response_problem(struct http_response *response, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The 400 that names a parameter, or a member of the body. */
void http_response_bad_parameter(struct http_response *response, const char *parameter, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void http_response_bad_member(struct http_response *response, const char *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* With a stable word for programs beside the status. */
void http_response_coded_problem(struct http_response *response, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void http_response_no_memory(struct http_response *response);

/* 404, 400 or 503, as the error's code says. */
void http_response_error(struct http_response *response, const struct error *error, const char *parameter);

/* "Not Found", … for our own statuses. */
const char *http_status_title(int status);

DEFINE_CLEANUP_VALUE(http_response, struct http_response, http_response_done);
DEFINE_CLEANUP(http_payload, struct http_payload *, http_payload_unref);

#endif
