/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread that serves HTTP: a libmicrohttpd daemon without a thread of its own, driven by poll(2) and MHD_run. That
 * library's own event thread stalls when exactly as many connections are busy as its event array holds; MHD_run never
 * blocks, so ours cannot. All that belongs to a loop (connections, exchanges, waiters, cache) is touched by its thread
 * alone: nothing is locked, and resuming a held request cannot race with holding it. The functions here are for the
 * server's thread, except where said otherwise.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_LOOP_H
#define MIGRATIOND_DAEMON_HTTP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/http_cache.h"
#include "daemon/http_routes.h"
#include "daemon/waiters.h"

struct MHD_Daemon;
struct http_exchange;
struct http_feed;
struct http_tls;
struct tls;

/* What a connection is doing; each phase but HELD has a longest duration (http_loop.c). Packed, as every byte below is
 * paid for by each of ten thousand waiters. */
enum __attribute__((packed)) http_phase {
    PHASE_NEW,
    PHASE_IDLE,
    PHASE_HEADERS,
    PHASE_BODY,
    PHASE_HELD,
    PHASE_ANSWERING,
    HTTP_PHASES
};

struct http_connection {
    int fd;
    enum http_phase phase;
    bool expired;
    int64_t since_ms;
    struct http_exchange *exchange; /* the request under way, owned; NULL */
    struct http_tls *tls;           /* owned; NULL without TLS */
    struct http_connection *next;
    struct http_connection *previous;
};

/* Shared by the loops of one listener. */
struct http_listener {
    const struct http_context *context;
    bool probe;
    bool loopback;
    bool inherited;  /* the socket is systemd's, and outlives this daemon */
    bool holds;      /* requests may be held */
    struct tls *tls; /* NULL: plain HTTP */
    unsigned connection_limit;
    atomic_uint connections;
    unsigned feed_limit;
    atomic_uint feeds; /* streams that wait for events, open now */
    bool draining;     /* atomic */
};

struct http_loop {
    struct http_listener *listener;
    struct MHD_Daemon *mhd;
    int quiet_fd;                     /* the listening socket that is no longer asked; -1 */
    struct MHD_Response *unavailable; /* for when memory is out */
    struct waiters *waiters;
    struct http_connection *connections;
    struct http_exchange *polls; /* exchanges held by a poll */
    struct http_feed *feeds;     /* streams that have nothing to send now */
    struct http_cache cache;
    int wake_fd;
    pthread_t thread;
    bool started;
    bool resumed;   /* the library has to be run at once: its descriptors do not tell */
    bool moved;     /* in this turn bytes went over a TLS connection, or a request was worked on */
    bool stuck;     /* in this turn a handshake waited for its peer */
    int64_t now_ms; /* monotonic, of this turn */
    int64_t swept_ms;
    int64_t drain_until_ms; /* 0: not draining */
    atomic_bool published;
    atomic_bool stopping;
    atomic_llong beat_ms;
};

/* Takes over `listen_fd`, also on failure. Starts no thread yet. */
int http_loop_init(struct http_loop *loop, struct http_listener *listener, int listen_fd,
                   const struct waiters_setup *setup, struct error *reterr);

int http_loop_start(struct http_loop *loop, struct error *reterr);

/* Begins to drain and makes the thread end once no connection is left, 5 s later at the latest. */
void http_loop_stop(struct http_loop *loop);

void http_loop_join(struct http_loop *loop);
void http_loop_done(struct http_loop *loop);

/* A view set was published; any thread. */
void http_loop_notify(struct http_loop *loop);

/* What requests are held for by a poll may have come; any thread. */
void http_loop_wake(struct http_loop *loop);

/* An event was told; any thread. */
void http_loop_tell(struct http_loop *loop);

/* Moves a connection to a phase; the loop's own thread. */
void http_connection_enter(struct http_loop *loop, struct http_connection *connection, enum http_phase phase);

int64_t http_unix_ms(void);

#endif
