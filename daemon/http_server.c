/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_server.h"

#include <microhttpd.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/http_loop.h"
#include "daemon/http_socket.h"
#include "daemon/log.h"
#include "daemon/recorder.h"

enum {
    PROBE_CONNECTIONS = 512,  /* probes and scrapers, which come and go */
    OTHER_CONNECTIONS = 1024, /* on `listen`, beside those that wait */
    FILES_PER_LOOP = 4,       /* listener, epoll, two for waking */
    OTHER_FILES = 128,        /* log, notification, database connections at work */
    FEWEST_CONNECTIONS = 16,
    ALIVE_MS = 5000,
};

/* The loops of one listener. */
struct loop_group {
    struct http_listener listener;
    struct http_sockets sockets;
    struct http_context context;
    struct http_loop *loops;
    size_t count;
};

struct http_server {
    struct loop_group main;
    struct loop_group probe;
    struct recorder *recorder;
    struct waiters_budget budget;
    bool stopped;
};

static size_t thread_count(const struct config *config)
{
    size_t count = config->http_threads > 0 ? config->http_threads : 1;
    return count < HTTP_LOOPS ? count : HTTP_LOOPS;
}

unsigned http_server_needed_files(const struct config *config)
{
    return config->max_waiters + OTHER_CONNECTIONS + PROBE_CONNECTIONS +
           (unsigned)(thread_count(config) + 1) * FILES_PER_LOOP;
}

/* libmicrohttpd calls this where it cannot go on; returning is not an option. */
static void panic(void *payload, const char *file, unsigned line, const char *reason)
{
    (void)payload;
    log_event(LOG_LEVEL_ERROR, "http_panic", NULL, "%s:%u: %s", file, line, reason ? reason : "no reason given");
    _exit(EX_SOFTWARE);
}

/* Connections of `listen`, and of those how many may wait, within the limit of open files. */
static void set_limits(struct http_server *server, const struct config *config)
{
    struct rlimit files = {0};
    unsigned needed = http_server_needed_files(config) + OTHER_FILES;
    unsigned connections = config->max_waiters + OTHER_CONNECTIONS;
    server->budget.maximum = config->max_waiters;
    server->probe.listener.connection_limit = PROBE_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < needed) {
        unsigned missing = needed - (unsigned)files.rlim_cur;
        connections = connections > missing + FEWEST_CONNECTIONS ? connections - missing : FEWEST_CONNECTIONS;
        unsigned others = connections / 4 < OTHER_CONNECTIONS ? connections / 4 : OTHER_CONNECTIONS;
        if (server->budget.maximum > connections - others)
            server->budget.maximum = connections - others;
        if (server->probe.listener.connection_limit > connections)
            server->probe.listener.connection_limit = connections;
        log_event(LOG_LEVEL_WARNING, "http_limits", NULL,
                  "only %u files may be open, %u are needed: at most %u requests may wait", (unsigned)files.rlim_cur,
                  needed, server->budget.maximum);
    }
    server->main.listener.connection_limit = connections;
    server->main.listener.feed_limit = connections / 4 < LIMIT_STREAMS ? connections / 4 : LIMIT_STREAMS;
}

static bool loops_alive(void *payload, int64_t monotonic_now_ms)
{
    return http_server_is_alive(payload, monotonic_now_ms);
}

static int group_init(struct http_server *server, struct loop_group *group, const struct http_server_setup *setup,
                      bool probe, struct error *reterr)
{
    const struct waiters_setup waiters = {
        .publication = setup->publication,
        .scheduler = setup->scheduler,
        .budget = &server->budget,
        .fail_opens = setup->fail_opens,
    };
    group->context = (struct http_context){.publication = setup->publication,
                                           .scheduler = setup->scheduler,
                                           .reload = setup->reload,
                                           .access = setup->access,
                                           .events = setup->events,
                                           .admissions = setup->admissions,
                                           .recorder = setup->recorder,
                                           .latches = setup->latches,
                                           .fail_opens = setup->fail_opens,
                                           .loops_alive = loops_alive,
                                           .loops = server,
                                           .draining = &group->listener.draining};
    group->listener.context = &group->context;
    group->listener.probe = probe;
    group->listener.loopback = group->sockets.loopback;
    if (group->sockets.tcp && !(probe && setup->config->tls.plain_probes))
        group->listener.tls = setup->tls;
    group->loops = mem_calloc(group->sockets.count, sizeof *group->loops);
    if (!group->loops)
        return error_no_memory(reterr);
    for (size_t i = 0; i < group->sockets.count; i++) {
        int fd = group->sockets.fds[i];
        group->sockets.fds[i] = -1;
        if (http_loop_init(&group->loops[i], &group->listener, fd, &waiters, reterr))
            return -1;
        group->count++;
    }
    return 0;
}

static int group_start(struct loop_group *group, struct error *reterr)
{
    for (size_t i = 0; i < group->count; i++) {
        if (http_loop_start(&group->loops[i], reterr))
            return -1;
    }
    return 0;
}

static void notify(void *payload)
{
    struct http_server *server = payload;
    for (size_t i = 0; i < server->main.count; i++)
        http_loop_notify(&server->main.loops[i]);
}

static void tell(void *payload, struct event *event)
{
    (void)event;
    struct http_server *server = payload;
    for (size_t i = 0; i < server->main.count; i++)
        http_loop_tell(&server->main.loops[i]);
}

/* A library that was built without TLS would serve plain HTTP in its place. */
static int check_library(const struct http_server_setup *setup, struct error *reterr)
{
    if (!setup->tls || MHD_is_feature_supported(MHD_FEATURE_HTTPS_CERT_CALLBACK) == MHD_YES)
        return 0;
    return error_set(reterr, ERROR_INVALID, "tls: this libmicrohttpd (%s) was built without TLS", MHD_get_version());
}

static void look_at_polls(void *payload)
{
    struct http_server *server = payload;
    for (size_t i = 0; i < server->main.count; i++)
        http_loop_wake(&server->main.loops[i]);
}

int http_server_open(const struct config *config, int listen_fd, int probe_fd, struct http_server **ret_server,
                     struct error *reterr)
{
    cleanup(http_server) struct http_server *server = mem_calloc(1, sizeof *server);
    if (!server)
        return error_no_memory(reterr);
    set_limits(server, config);
    server->main.listener.inherited = listen_fd >= 0;
    server->probe.listener.inherited = probe_fd >= 0;
    if (http_sockets_open(&config->listen, listen_fd, thread_count(config), &server->main.sockets, reterr) < 0 ||
        http_sockets_open(&config->probe_listen, probe_fd, 1, &server->probe.sockets, reterr) < 0)
        return -1;
    *ret_server = take(server);
    return 0;
}

int http_server_start(struct http_server *server, const struct http_server_setup *setup, struct error *reterr)
{
    if (check_library(setup, reterr))
        return -1;
    MHD_set_panic_func(panic, NULL);
    if (group_init(server, &server->main, setup, false, reterr) ||
        group_init(server, &server->probe, setup, true, reterr))
        return -1;
    if (group_start(&server->main, reterr) || group_start(&server->probe, reterr))
        return -1;
    publication_listen(setup->publication, notify, server);
    server->recorder = setup->recorder;
    recorder_listen(server->recorder, look_at_polls, server);
    events_listen(setup->events, tell, server);
    return 0;
}

const char *http_server_address(const struct http_server *server)
{
    return server->main.sockets.address;
}

const char *http_server_probe_address(const struct http_server *server)
{
    return server->probe.sockets.address;
}

const char *http_server_transport(const struct http_server *server, bool probe)
{
    return (probe ? &server->probe : &server->main)->listener.tls ? " with TLS" : "";
}

static bool group_is_alive(const struct loop_group *group, int64_t now_ms)
{
    for (size_t i = 0; i < group->count; i++) {
        if (now_ms - atomic_load(&group->loops[i].beat_ms) > ALIVE_MS)
            return false;
    }
    return true;
}

bool http_server_is_alive(const struct http_server *server, int64_t monotonic_now_ms)
{
    return group_is_alive(&server->main, monotonic_now_ms) && group_is_alive(&server->probe, monotonic_now_ms);
}

unsigned http_server_waiters(const struct http_server *server)
{
    return atomic_load(&server->budget.held);
}

static void group_stop(struct loop_group *group)
{
    __atomic_store_n(&group->listener.draining, true, __ATOMIC_RELEASE);
    for (size_t i = 0; i < group->count; i++) {
        if (group->loops[i].started)
            http_loop_stop(&group->loops[i]);
    }
}

static void group_join(struct loop_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        http_loop_join(&group->loops[i]);
    if (*group->sockets.unlink && unlink(group->sockets.unlink))
        log_event(LOG_LEVEL_DEBUG, "http_socket", NULL, "%s is gone already", group->sockets.unlink);
}

void http_server_stop(struct http_server *server)
{
    if (!server || server->stopped)
        return;
    server->stopped = true;
    recorder_listen(server->recorder, NULL, NULL);
    group_stop(&server->main);
    group_stop(&server->probe);
    group_join(&server->main);
    group_join(&server->probe);
}

static void group_done(struct loop_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        http_loop_done(&group->loops[i]);
    mem_free(group->loops);
    http_sockets_close(&group->sockets);
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    http_server_stop(server);
    group_done(&server->main);
    group_done(&server->probe);
    mem_free(server);
}
