/* SPDX-License-Identifier: Apache-2.0
 *
 * Turns what a handler answered into what libmicrohttpd sends. Any thread; failure is NULL, for which every loop has a
 * reply in reserve.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_REPLY_H
#define MIGRATIOND_DAEMON_HTTP_REPLY_H

#include "daemon/http_response.h"

struct MHD_Response;

/* Takes body, payload and stream out of `response`. `head`: the request was HEAD. `close`: the connection ends with it.
 */
struct MHD_Response *http_reply_new(struct http_response *response, bool head, bool close)
    __attribute__((warn_unused_result));

/* The headers that every answer has, and those that `response` asks for. False when memory is out. */
bool http_reply_add_headers(struct MHD_Response *reply, const struct http_response *response, bool close);

/* A 503 that says that memory is out, made while there is some. */
struct MHD_Response *http_reply_new_unavailable(void) __attribute__((warn_unused_result));

#endif
