/* SPDX-License-Identifier: Apache-2.0
 *
 * How a waiting program's requests get to the daemon: plain sockets (wait_http.h) or, in migrationctl, libcurl where
 * TLS is wanted. An exchange takes at most its time-out, on our own clock, whatever the other side does.
 * Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_TRANSPORT_H
#define MIGRATIOND_DAEMON_WAIT_TRANSPORT_H

#include <stdint.h>

#include "base/strbuf.h"

/* All borrowed. */
struct wait_request {
    const char *method;
    const char *target; /* with its query */
    const char *body;   /* JSON; NULL: none */
    const char *token;  /* of Authorization: Bearer; NULL: none */
    int64_t timeout_ms; /* for all of it */
};

enum { WAIT_PROBLEM_SIZE = 512, WAIT_REDIRECT_SIZE = 256 };

/* The caller's; `body` is to be freed with strbuf_done. */
struct wait_answer {
    int status;                        /* 0: none came, then `problem` tells why */
    int64_t retry_after_ms;            /* 0: none */
    char location[WAIT_REDIRECT_SIZE]; /* of a redirect, which is never followed; "" */
    struct strbuf body;
    char problem[WAIT_PROBLEM_SIZE];
};

struct wait_transport {
    void (*exchange)(void *payload, const struct wait_request *request, struct wait_answer *ret_answer);
    void *payload;
};

#endif
