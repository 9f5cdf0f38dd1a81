/* SPDX-License-Identifier: Apache-2.0
 *
 * One answer of an HTTP/1.1 server, taken apart as its bytes arrive. Strict: what two parsers could read differently is
 * refused. Bounded: the header, a line, interim answers and the body. Pure but for the body's memory; single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_RESPONSE_H
#define MIGRATIOND_DAEMON_WAIT_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum { WAIT_LINE_SIZE = 4096, WAIT_RESPONSE_PROBLEM_SIZE = 160, WAIT_LOCATION_SIZE = 256 };

struct wait_response {
    int status;
    int64_t retry_after_ms;            /* Retry-After in seconds; 0: none, or a date */
    char location[WAIT_LOCATION_SIZE]; /* of a redirect; "" */
    struct strbuf body;
    char problem[WAIT_RESPONSE_PROBLEM_SIZE]; /* "" while all is well */

    /* The parser's own. */
    int phase;
    char line[WAIT_LINE_SIZE];
    size_t line_length;
    size_t header_bytes;
    unsigned interim;
    bool has_length;
    bool chunked;
    uint64_t left; /* of the body, or of the chunk */
};

/* A body of more than `limit` bytes is a problem. wait_response_done frees. */
void wait_response_init(struct wait_response *response, size_t limit);
void wait_response_done(struct wait_response *response);

/* Takes bytes; false after a problem. What comes behind a whole answer is passed over. */
bool wait_response_feed(struct wait_response *response, const char *bytes, size_t length);

/* The server has closed: false with a problem if it broke off. */
bool wait_response_end(struct wait_response *response);

/* Whether the answer is whole. */
bool wait_response_is_whole(const struct wait_response *response);

DEFINE_CLEANUP_VALUE(wait_response, struct wait_response, wait_response_done);

#endif
