/* SPDX-License-Identifier: Apache-2.0
 *
 * A request as handlers see it, and what must hold before one sees it: the guard against requests that two parsers
 * could read differently, and our own reading of the target (libmicrohttpd's decodes %00 and forgives too much). Pure,
 * no allocation, no library: everything works on what the caller owns.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_REQUEST_H
#define MIGRATIOND_DAEMON_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "daemon/access.h"
#include "daemon/view.h"

/* A connection's memory holds no longer target; no route has more segments. */
enum { HTTP_TARGET_SIZE = 4096, HTTP_SEGMENTS = 6 };

enum __attribute__((packed)) http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER_METHOD };

enum http_method http_method_from_name(const char *name);

struct http_parameter {
    const char *name;
    const char *value;
};

/* The target, taken apart and decoded. Segments and parameters point into `text`: not to be copied by value. */
struct http_target {
    size_t segment_count; /* may exceed HTTP_SEGMENTS: then the first ones only are kept */
    const char *segments[HTTP_SEGMENTS];
    size_t parameter_count;
    struct http_parameter parameters[LIMIT_QUERY_PARAMETERS];
    const char *bad_parameter; /* the name of the one whose value was refused; NULL */
    char text[HTTP_TARGET_SIZE];
};

/* Takes `raw` ("/v1/gates/a%20b?wait=3s") apart. A segment may hold any decoded character but NUL, a slash included.
 * Fails with ERROR_INVALID and one sentence, and with `bad_parameter` where a value is to blame: not origin-form,
 * control characters, bad percent-encoding, not UTF-8, too many or too long parameters. */
int http_target_parse(const char *raw, struct http_target *ret_target, struct error *reterr);

/* Header fields that decide where a request ends, collected one by one. */
struct http_guard {
    unsigned hosts;
    unsigned lengths;
    bool transfer_encoding;
    bool malformed; /* a name that is no token, or a control character in a value (folded lines leave them) */
    bool length_invalid;
    uint64_t length;
};

void http_guard_header(struct http_guard *guard, const char *name, size_t name_length, const char *value,
                       size_t value_length);

/* 0 when the request may be served; else the status (400, 413, 505) and one sentence. The connection must be closed
 * then: where the next request begins is not known. */
int http_guard_check(const struct http_guard *guard, enum http_method method, const char *version,
                     const char **ret_detail);

struct http_context;
struct http_response;
struct http_route;

struct http_request {
    const struct http_context *context;
    struct view_set *set; /* NULL before the first publication */
    const struct http_route *route;
    enum http_method method;
    const char *const *names; /* what stood for the {…} of the route's path, in order */
    const struct http_parameter *parameters;
    size_t parameter_count;
    const char *body; /* not NUL-terminated */
    size_t body_length;
    const char *if_none_match; /* NULL */
    const char *accept;        /* NULL */
    const char *last_event_id; /* NULL */
    struct access_caller caller;
    bool probe;                     /* came in by the probe listener */
    bool loopback;                  /* came in by a loopback address or a unix socket */
    bool resumed;                   /* was held, and is asked again */
    bool held_too_long;             /* resumed because its time was up */
    uint64_t ticket;                /* of the hold that ended */
    struct http_response *prepared; /* of the hold that ended; the handler may take what is in it; NULL */
    int64_t monotonic_ms;
    int64_t unix_ms;
};

/* The value of the first parameter of that name; NULL when absent. */
const char *http_request_parameter(const struct http_request *request, const char *name);

/* Whether an If-None-Match field (a list, weak or strong, or *) names `etag` (quoted, strong). */
bool http_etag_matches(const char *field, const char *etag);

#endif
