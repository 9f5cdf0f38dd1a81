/* SPDX-License-Identifier: Apache-2.0
 *
 * Replies whose body waits for what is to come (http_stream's `ready`). While there is nothing to send, the connection
 * is suspended, by the only one who may do that in the middle of a body: the function that libmicrohttpd asks for more
 * of it. So a waiting stream costs its memory and nothing else. At most a block and one piece of the stream are kept
 * for a client that reads slowly; what it misses meanwhile is the stream's business. All on the loop's own thread.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_FEED_H
#define MIGRATIOND_DAEMON_HTTP_FEED_H

#include <microhttpd.h>

#include "daemon/http_loop.h"

struct http_feed;

/* Whether another stream may be open on this listener. */
bool http_feed_may_open(const struct http_loop *loop);

/* Takes the stream out of `response`. NULL when memory is out. */
struct MHD_Response *http_feed_new(struct http_loop *loop, struct http_connection *connection,
                                   struct MHD_Connection *mhd, struct http_response *response)
    __attribute__((warn_unused_result));

/* Resumes the feeds that have something to send, or all of them. Returns the monotonic time at which the next one has,
 * by time alone; INT64_MAX: none. */
int64_t http_feed_turn(struct http_loop *loop, bool all);

#endif
