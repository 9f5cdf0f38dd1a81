/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon's HTTP: the loops of `listen`, which serve every route and may hold requests, and the loop of
 * `probe_listen`, which holds nothing and has a connection limit of its own, so that no number of waiters keeps a probe
 * from being answered. Start, stop and free are for the main thread.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_SERVER_H
#define MIGRATIOND_DAEMON_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/config.h"
#include "daemon/events.h"
#include "daemon/publication.h"
#include "daemon/reload.h"
#include "daemon/scheduler.h"
#include "daemon/tls.h"

struct http_server;

struct http_server_setup {
    struct config *config; /* as opened with */
    struct publication *publication;
    struct scheduler *scheduler;
    struct reload *reload;
    struct admissions *admissions;
    struct recorder *recorder; /* woken by; NULL: nothing is kept */
    struct access *access;     /* NULL: no tokens */
    struct tls *tls;           /* NULL: no TLS */
    struct events *events;
    struct latches *latches;       /* NULL: nothing is remembered */
    struct fail_opens *fail_opens; /* NULL: nobody is told */
};

/* Descriptors that a server of this configuration may have open: what RLIMIT_NOFILE should allow beyond all else. */
unsigned http_server_needed_files(const struct config *config);

/* Binds, and nothing else: connections wait until the server is started. Of the configuration, listeners, http_threads
 * and max_waiters are used, now and at the start only. The descriptors are from systemd and stay the caller's; -1: as
 * configured. When fewer files may be open than needed, fewer connections and waiters are admitted, and that is logged.
 */
int http_server_open(const struct config *config, int listen_fd, int probe_fd, struct http_server **ret_server,
                     struct error *reterr);

/* Serves. Becomes the publication's listener. Ignoring SIGPIPE is the caller's. A server that did not start can only be
 * freed. */
int http_server_start(struct http_server *server, const struct http_server_setup *setup, struct error *reterr);

/* The addresses as bound, with the port that port 0 became. */
const char *http_server_address(const struct http_server *server);
const char *http_server_probe_address(const struct http_server *server);

/* " with TLS" where it is spoken, for a log line; else "". */
const char *http_server_transport(const struct http_server *server, bool probe);

/* Whether every loop has turned within the last five seconds: what /livez and the watchdog ask. Any thread. */
bool http_server_is_alive(const struct http_server *server, int64_t monotonic_now_ms);

/* Requests that are held now. Any thread. */
unsigned http_server_waiters(const struct http_server *server);

/* Refuses new connections, answers every held request with 503, ends each connection with its next answer, and returns
 * when all are gone, 5 s later at the latest. */
void http_server_stop(struct http_server *server);

/* After the last publication and event, since both still know the server. Stops first if need be; accepts NULL. */
void http_server_free(struct http_server *server);

DEFINE_CLEANUP(http_server, struct http_server *, http_server_free);

#endif
