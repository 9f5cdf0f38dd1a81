/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_loop.h"

#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/deadline.h"
#include "daemon/http_exchange.h"
#include "daemon/http_feed.h"
#include "daemon/http_reply.h"
#include "daemon/http_tls.h"
#include "daemon/log.h"
#include "daemon/metrics.h"

enum {
    /* All of a waiter must fit 5 KiB, and a reused connection's memory has been written to from end to end. Holds 3 KiB
     * of headers in up to six lines, the library's 48 bytes for each line, and the head of the reply. */
    CONNECTION_MEMORY = 4032,
    CONNECTION_MEMORY_STEP = 256,
    STALLED_SECONDS = 75, /* nothing sent or received: longer than load balancers keep connections */
    LONGEST_TURN_MS = 1000,
    POLL_MS = 20,
    HANDSHAKE_MS = 5,
    SWEEP_MS = 500,
    FIRST_REQUEST_MS = 250, /* while draining: what a new connection gets to ask */
    DRAIN_MS = 5000,
};

/* How long a phase may take in all, however steadily bytes trickle; 0: for ever. */
static const int64_t phase_limits_ms[HTTP_PHASES] = {
    [PHASE_NEW] = 20000,  [PHASE_IDLE] = 80000, [PHASE_HEADERS] = 10000,
    [PHASE_BODY] = 10000, [PHASE_HELD] = 0,     [PHASE_ANSWERING] = 600000,
};

int64_t http_unix_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void http_connection_enter(struct http_loop *loop, struct http_connection *connection, enum http_phase phase)
{
    connection->phase = phase;
    connection->since_ms = loop->now_ms;
}

/* On this thread it cannot race with the library, which closes the descriptors. */
static void expire(struct http_connection *connection)
{
    connection->expired = true;
    shutdown(connection->fd, SHUT_RDWR);
}

static void open_connection(struct http_loop *loop, struct MHD_Connection *mhd, void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_connection *connection = mem_calloc(1, sizeof *connection);
    atomic_fetch_add(&loop->listener->connections, 1);
    metric_add(METRIC_http_connections, 1);
    *context = connection;
    if (!connection)
        return;
    connection->fd = info ? info->connect_fd : -1;
    connection->next = loop->connections;
    if (connection->next)
        connection->next->previous = connection;
    loop->connections = connection;
    http_connection_enter(loop, connection, PHASE_NEW);
    if (loop->listener->tls && http_tls_begin(loop, connection, mhd) < 0)
        expire(connection);
}

static void close_connection(struct http_loop *loop, void **context)
{
    struct http_connection *connection = *context;
    *context = NULL;
    atomic_fetch_sub(&loop->listener->connections, 1);
    metric_add(METRIC_http_connections, -1);
    if (!connection)
        return;
    http_exchange_free(take(connection->exchange));
    http_tls_free(take(connection->tls));
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        loop->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    mem_free(connection);
}

static void notify_connection(void *payload, struct MHD_Connection *mhd, void **context,
                              enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        open_connection(payload, mhd, context);
    else
        close_connection(payload, context);
}

/* The count is of all loops of the listener, so that together they stay below the limit of open files. */
static enum MHD_Result accept_policy(void *payload, const struct sockaddr *address, socklen_t length)
{
    (void)address;
    (void)length;
    struct http_loop *loop = payload;
    if (!loop->drain_until_ms && atomic_load(&loop->listener->connections) < loop->listener->connection_limit)
        return MHD_YES;
    metric_add(METRIC_http_connections_refused, 1);
    return MHD_NO;
}

/* The target is decoded by http_target_parse. */
static size_t leave_encoded(void *payload, struct MHD_Connection *mhd, char *text)
{
    (void)payload;
    (void)mhd;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void log_library(void *payload, const char *format, va_list arguments)
{
    (void)payload;
    char message[256] = "";
    vsnprintf(message, sizeof message, format, arguments);
    log_event(LOG_LEVEL_DEBUG, "http_library", NULL, "%s", message);
}

static struct MHD_Daemon *start_library(struct http_loop *loop, int listen_fd)
{
    struct MHD_OptionItem more[HTTP_TLS_OPTIONS];
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    return MHD_start_daemon(
        flags | http_tls_options(loop->listener->tls, more), 0, accept_policy, loop, http_exchange_handle, loop,
        MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, MHD_OPTION_ARRAY, more, MHD_OPTION_LISTEN_SOCKET, listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, loop->listener->connection_limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)CONNECTION_MEMORY_STEP,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)STALLED_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, http_exchange_begin, loop, MHD_OPTION_NOTIFY_COMPLETED, http_exchange_complete,
        loop, MHD_OPTION_NOTIFY_CONNECTION, notify_connection, loop, MHD_OPTION_END);
}

int http_loop_init(struct http_loop *loop, struct http_listener *listener, int listen_fd,
                   const struct waiters_setup *setup, struct error *reterr)
{
    loop->listener = listener;
    loop->quiet_fd = -1;
    struct waiters_setup own = *setup;
    own.released = http_exchange_released;
    loop->waiters = waiters_new(&own);
    loop->unavailable = http_reply_new_unavailable();
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->now_ms = monotonic_ms();
    atomic_store(&loop->beat_ms, loop->now_ms);
    if (loop->waiters && loop->unavailable && loop->wake_fd >= 0)
        loop->mhd = start_library(loop, listen_fd);
    if (loop->mhd)
        return 0;
    close(listen_fd);
    http_loop_done(loop);
    return error_set(reterr, ERROR_IO, "an HTTP loop cannot be started");
}

/* Closes reading only: a request that is already in the socket's buffer is still served. */
static void hang_up(struct http_connection *connection)
{
    connection->expired = true;
    shutdown(connection->fd, SHUT_RD);
}

/* Whoever has just connected is about to ask. */
static int64_t first_request_ms(const struct http_connection *connection)
{
    return connection->phase == PHASE_NEW ? FIRST_REQUEST_MS : 0;
}

/* Ends connections that take too long, and while draining the idle ones as well. */
static void sweep(struct http_loop *loop)
{
    bool draining = loop->drain_until_ms > 0;
    for (struct http_connection *connection = loop->connections; connection; connection = connection->next) {
        int64_t limit = phase_limits_ms[connection->phase];
        bool idle = connection->phase == PHASE_NEW || connection->phase == PHASE_IDLE;
        if (connection->expired)
            continue;
        if (limit > 0 && loop->now_ms - connection->since_ms > limit) {
            metric_add(METRIC_http_connections_expired, 1);
            expire(connection);
        } else if (draining && idle && loop->now_ms - connection->since_ms >= first_request_ms(connection)) {
            hang_up(connection);
        }
    }
    loop->swept_ms = loop->now_ms;
}

static void begin_drain(struct http_loop *loop)
{
    loop->drain_until_ms = loop->now_ms + DRAIN_MS;
    /* Whoever comes now waits for the next daemon instead of being turned away. */
    if (loop->listener->inherited)
        loop->quiet_fd = MHD_quiesce_daemon(loop->mhd);
    waiters_drain(loop->waiters);
    http_exchange_turn_polls(loop, true);
    http_feed_turn(loop, true);
}

/* When the next turn is due; `due_ms` on the monotonic clock. */
static int turn_timeout(struct http_loop *loop, int64_t due_ms)
{
    int64_t timeout = loop->resumed ? 0 : LONGEST_TURN_MS;
    MHD_UNSIGNED_LONG_LONG library = 0;
    if (MHD_get_timeout(loop->mhd, &library) == MHD_YES && library < (MHD_UNSIGNED_LONG_LONG)timeout)
        timeout = (int64_t)library;
    /* The library takes a connection for ready as long as its handshake lasts; what the peer sends wakes us anyway. */
    if (timeout == 0 && !loop->resumed && loop->stuck && !loop->moved)
        timeout = HANDSHAKE_MS;
    if (due_ms - loop->now_ms < timeout)
        timeout = due_ms - loop->now_ms;
    if (loop->polls && timeout > POLL_MS)
        timeout = POLL_MS;
    if (loop->drain_until_ms > 0 && timeout > POLL_MS)
        timeout = POLL_MS;
    return timeout < 0 ? 0 : (int)timeout;
}

static void await(struct http_loop *loop, int epoll_fd, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = epoll_fd, .events = POLLIN}, {.fd = loop->wake_fd, .events = POLLIN}};
    if (poll(fds, 2, timeout_ms) > 0 && (fds[1].revents & POLLIN)) {
        uint64_t count = 0;
        if (read(loop->wake_fd, &count, sizeof count) < 0)
            log_event(LOG_LEVEL_DEBUG, "http_wake", NULL, "spurious");
    }
    loop->now_ms = monotonic_ms();
    atomic_store(&loop->beat_ms, loop->now_ms);
}

static int64_t turn(struct http_loop *loop)
{
    loop->resumed = false;
    loop->moved = false;
    loop->stuck = false;
    MHD_run(loop->mhd);
    if (!loop->drain_until_ms && atomic_load(&loop->stopping))
        begin_drain(loop);
    bool published = atomic_exchange(&loop->published, false);
    int64_t due_ms = waiters_turn(loop->waiters, published, loop->now_ms, http_unix_ms());
    http_exchange_turn_polls(loop, false);
    int64_t feeds_due_ms = http_feed_turn(loop, false);
    if (loop->drain_until_ms > 0 || loop->now_ms - loop->swept_ms >= SWEEP_MS)
        sweep(loop);
    return due_ms < feeds_due_ms ? due_ms : feeds_due_ms;
}

/* No connection is suspended any more once draining has begun and MHD_run has come round after it: then, and only then,
 * the library may be stopped. */
static void *serve(void *payload)
{
    struct http_loop *loop = payload;
    int epoll_fd = MHD_get_daemon_info(loop->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int64_t due_ms = INT64_MAX;
    unsigned drained_turns = 0;
    while (drained_turns < 2 || (loop->connections && loop->now_ms < loop->drain_until_ms)) {
        await(loop, epoll_fd, turn_timeout(loop, due_ms));
        due_ms = turn(loop);
        drained_turns += loop->drain_until_ms > 0;
    }
    MHD_stop_daemon(loop->mhd);
    loop->mhd = NULL;
    return NULL;
}

int http_loop_start(struct http_loop *loop, struct error *reterr)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&loop->thread, NULL, serve, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure)
        return error_set(reterr, ERROR_NO_MEMORY, "an HTTP thread cannot be started: %s", strerror(failure));
    pthread_setname_np(loop->thread, loop->listener->probe ? "http-probe" : "http");
    loop->started = true;
    return 0;
}

void http_loop_wake(struct http_loop *loop)
{
    const uint64_t one = 1;
    if (write(loop->wake_fd, &one, sizeof one) < 0)
        log_event(LOG_LEVEL_DEBUG, "http_wake", NULL, "already pending");
}

void http_loop_stop(struct http_loop *loop)
{
    atomic_store(&loop->stopping, true);
    http_loop_wake(loop);
}

void http_loop_join(struct http_loop *loop)
{
    if (loop->started)
        pthread_join(loop->thread, NULL);
    loop->started = false;
}

void http_loop_done(struct http_loop *loop)
{
    if (loop->mhd)
        MHD_stop_daemon(loop->mhd);
    loop->mhd = NULL;
    http_cache_done(&loop->cache);
    if (loop->unavailable)
        MHD_destroy_response(loop->unavailable);
    loop->unavailable = NULL;
    waiters_free(loop->waiters);
    loop->waiters = NULL;
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    loop->wake_fd = -1;
    if (loop->quiet_fd >= 0)
        close(loop->quiet_fd);
    loop->quiet_fd = -1;
}

/* A waiter that is added after this look at the count is judged against what was published before it was added. */
void http_loop_notify(struct http_loop *loop)
{
    atomic_store(&loop->published, true);
    if (waiters_count(loop->waiters) > 0)
        http_loop_wake(loop);
}

/* A stream that is opened after this look at the count finds the event by itself. */
void http_loop_tell(struct http_loop *loop)
{
    if (atomic_load(&loop->listener->feeds) > 0)
        http_loop_wake(loop);
}
