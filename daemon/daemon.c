/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/admissions.h"
#include "daemon/entrance.h"
#include "daemon/fail_open.h"
#include "daemon/http_server.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/notify.h"
#include "daemon/recorder.h"
#include "daemon/reload.h"
#include "daemon/scheduler.h"
#include "daemon/seeds.h"

enum {
    STATUS_MS = 5000,          /* between two STATUS= lines */
    CLOCK_MS = 1000,           /* at least, between two looks at how old the last looks are */
    TOKENS_MS = 1000,          /* between two looks at the token files */
    RELOAD_DISTANCE_MS = 1000, /* a storm of SIGHUP ends in one reload a second, and one after the last */
    STOP_LOOKS_MS = 1000,      /* looks in flight get this long when the daemon stops */
    STOP_RECORDER_MS = 1000,   /* and so does what the history is still to be told */
    STOP_MS = 7500,            /* then it ends, whatever hangs: HTTP's 5 s to drain, these, and a reserve */
    OTHER_FILES = 256,         /* libraries, logs, migration files while they are read */
};

struct daemon {
    const char *path;
    struct config *config;
    struct publication *publication;
    struct events *events;
    struct latches *latches;
    struct fail_opens *fail_opens;
    struct scheduler *scheduler;
    struct entrance entrance;
    struct admissions *admissions;
    struct config *first_config; /* one reference: the recorder's thread reads it */
    struct seeds seeds;
    struct recorder *recorder;
    struct http_server *server;
    struct reload *reload;
    int signals;
    bool stopping;
    bool reload_due;
    int64_t reloaded_at_ms;
    int64_t tokens_at_ms; /* looked for changes of token files */
    int64_t status_at_ms;
    int64_t clock_at_ms; /* when databases were last asked whether they have become stale */
    int64_t watchdog_ms; /* 0: nobody watches */
    int64_t alive_at_ms;
};

/* Sockets for HTTP, two per database, and room for the rest; what cannot be had is said by the server. */
static void raise_file_limit(const struct config *config)
{
    rlim_t wanted = (rlim_t)http_server_needed_files(config) + 2 * config->database_count + OTHER_FILES;
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        log_event(LOG_LEVEL_WARNING, "file_limit", NULL, "cannot raise the number of open files: %s", strerror(errno));
}

static sigset_t own_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void daemon_hold_signals(void)
{
    sigset_t set = own_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a write that fails */
}

/* Signals arrive through a descriptor, in the main thread alone: every later thread inherits the mask. */
static int open_signals(struct error *reterr)
{
    sigset_t set = own_signals();
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor < 0)
        error_set(reterr, ERROR_IO, "cannot receive signals: %s", strerror(errno));
    return descriptor;
}

/* A URL is shown in many places of an operator's day; a password belongs where only the daemon reads it. */
static void warn_of_passwords(const struct config *config)
{
    for (size_t i = 0; i < config->database_count; i++) {
        if (config->databases[i].url_password)
            log_event(LOG_LEVEL_WARNING, "password_in_url", config->databases[i].name,
                      "the url holds a password: put it into a password_file instead");
    }
}

static void warn_of_entrance(const char *text)
{
    log_event(LOG_LEVEL_WARNING, "access", NULL, "%s", text);
}

static int open_entrance(struct daemon *daemon, struct error *reterr)
{
    cleanup(entrance_keys) struct entrance_keys keys = {0};
    if (entrance_read(daemon->config, &keys, reterr) < 0)
        return -1;
    entrance_remarks(daemon->config, &keys, time(NULL), warn_of_entrance);
    return entrance_init(&daemon->entrance, &keys, reterr);
}

static int start_recorder(struct daemon *daemon, struct error *reterr)
{
    daemon->first_config = config_ref(daemon->config);
    daemon->seeds =
        (struct seeds){.admissions = daemon->admissions, .latches = daemon->latches, .config = daemon->first_config};
    const struct recorder_setup setup = {
        .config = daemon->config, .events = daemon->events, .seed = seeds_take, .payload = &daemon->seeds};
    return recorder_start(&setup, &daemon->recorder, reterr);
}

static int start(struct daemon *daemon, struct error *reterr)
{
    daemon_hold_signals();
    daemon->signals = open_signals(reterr);
    if (daemon->signals < 0)
        return -1;
    raise_file_limit(daemon->config);
    warn_of_passwords(daemon->config);
    if (open_entrance(daemon, reterr) < 0)
        return -1;
    /* First: where another daemon serves already, this one must neither look at anything nor record it. */
    if (http_server_open(daemon->config, notify_socket("listen"), notify_socket("probe"), &daemon->server, reterr) < 0)
        return -1;
    daemon->reload = reload_new();
    daemon->publication = publication_new();
    daemon->events = events_new();
    daemon->latches = latches_new();
    daemon->fail_opens = fail_opens_new(daemon->events);
    daemon->admissions = admissions_new();
    if (!daemon->reload || !daemon->publication || !daemon->events || !daemon->latches || !daemon->fail_opens ||
        !daemon->admissions)
        return error_no_memory(reterr);
    if (start_recorder(daemon, reterr) < 0)
        return -1;
    if (scheduler_start(daemon->publication, daemon->events, daemon->config, &daemon->scheduler, reterr) < 0)
        return -1;
    struct http_server_setup setup = {
        .config = daemon->config,
        .publication = daemon->publication,
        .scheduler = daemon->scheduler,
        .reload = daemon->reload,
        .admissions = daemon->admissions,
        .recorder = daemon->recorder,
        .access = daemon->entrance.access,
        .tls = daemon->entrance.tls,
        .events = daemon->events,
        .latches = daemon->latches,
        .fail_opens = daemon->fail_opens,
    };
    return http_server_start(daemon->server, &setup, reterr);
}

/* What was seen at another address was another database. */
static void forget_moved(const struct daemon *daemon, const struct config *next)
{
    for (size_t i = 0; i < next->database_count; i++) {
        const struct config_database *database = &next->databases[i];
        const struct config_database *before = config_find_database(daemon->config, database->name);
        if (!before || strcmp(before->target->display, database->target->display) != 0)
            latches_forget(daemon->latches, database->name, INT64_MAX);
    }
}

static int load_next(struct daemon *daemon, struct error *reterr)
{
    cleanup(config) struct config *next = NULL;
    cleanup(entrance_keys) struct entrance_keys keys = {0};
    if (config_load(daemon->path, &next, reterr) < 0 || entrance_read(next, &keys, reterr) < 0)
        return -1;
    const char *key = config_restart_needed(daemon->config, next);
    if (key)
        log_event(LOG_LEVEL_WARNING, "restart_needed", NULL, "a change of '%s' takes effect after a restart only", key);
    entrance_remarks(next, &keys, time(NULL), warn_of_entrance);
    /* Before the new configuration is published: streams end then, and their clients must show a token of today. */
    entrance_exchange(&daemon->entrance, &keys);
    if (scheduler_reload(daemon->scheduler, next, reterr) < 0) {
        entrance_exchange(&daemon->entrance, &keys);
        return -1;
    }
    forget_moved(daemon, next);
    recorder_reload(daemon->recorder, next);
    config_unref(daemon->config);
    daemon->config = take(next);
    warn_of_passwords(daemon->config);
    return 0;
}

static void reload_config(struct daemon *daemon)
{
    struct error outcome = {.code = ERROR_OK};
    uint64_t ticket = reload_begin(daemon->reload);
    daemon->reload_due = false;
    daemon->reloaded_at_ms = monotonic_ms();
    notify_reloading();
    if (load_next(daemon, &outcome) < 0)
        log_event(LOG_LEVEL_ERROR, "reload_failed", NULL, "%s; the old configuration keeps running", outcome.message);
    else
        log_event(LOG_LEVEL_NOTICE, "reloaded", NULL, "%zu databases, %zu gates", daemon->config->database_count,
                  daemon->config->gate_count);
    metric_add(outcome.code == ERROR_OK ? METRIC_reloads : METRIC_reload_failures, 1);
    metric_set(METRIC_config_last_reload_successful, outcome.code == ERROR_OK);
    reload_end(daemon->reload, ticket, &outcome);
    publication_announce(daemon->publication);
    notify_ready();
}

static void take_signals(struct daemon *daemon)
{
    struct signalfd_siginfo signal = {0};
    while (read(daemon->signals, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo == SIGHUP)
            daemon->reload_due = true;
        else
            daemon->stopping = true;
    }
}

/* Feeds the watchdog, but only while the scheduler and every HTTP loop make progress. */
static void tell_manager(struct daemon *daemon, int64_t now_ms)
{
    if (daemon->watchdog_ms > 0 && now_ms - daemon->alive_at_ms >= daemon->watchdog_ms) {
        daemon->alive_at_ms = now_ms;
        if (scheduler_is_alive(daemon->scheduler) && http_server_is_alive(daemon->server, now_ms))
            notify_alive();
        else
            log_event(LOG_LEVEL_ERROR, "stalled", NULL, "a loop makes no progress: the watchdog is not fed");
    }
    if (now_ms - daemon->status_at_ms < STATUS_MS || !getenv("NOTIFY_SOCKET"))
        return;
    daemon->status_at_ms = now_ms;
    cleanup(view_set) struct view_set *set = publication_acquire(daemon->publication);
    notify_status(set, http_server_waiters(daemon->server));
}

/* A token that was rotated works without a reload. */
static void look_at_tokens(struct daemon *daemon, int64_t now_ms)
{
    if (now_ms - daemon->tokens_at_ms < TOKENS_MS)
        return;
    daemon->tokens_at_ms = now_ms;
    access_refresh(daemon->entrance.access);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void loop(struct daemon *daemon)
{
    while (!daemon->stopping) {
        int64_t now = monotonic_ms();
        int64_t wake = now + CLOCK_MS;
        if (daemon->watchdog_ms > 0)
            wake = earlier(wake, daemon->alive_at_ms + daemon->watchdog_ms);
        if (daemon->reload_due)
            wake = earlier(wake, daemon->reloaded_at_ms + RELOAD_DISTANCE_MS);
        if (daemon->config->token_count > 0)
            wake = earlier(wake, daemon->tokens_at_ms + TOKENS_MS);
        struct pollfd polled[] = {{.fd = daemon->signals, .events = POLLIN},
                                  {.fd = daemon->reload_due ? -1 : reload_fd(daemon->reload), .events = POLLIN}};
        if (poll(polled, ARRAY_LENGTH(polled), wake > now ? (int)(wake - now) : 0) < 0 && errno != EINTR)
            log_event(LOG_LEVEL_ERROR, "poll", NULL, "%s", strerror(errno));
        take_signals(daemon);
        if (polled[1].revents & POLLIN)
            daemon->reload_due = true;
        now = monotonic_ms();
        if (daemon->reload_due && now - daemon->reloaded_at_ms >= RELOAD_DISTANCE_MS && !daemon->stopping)
            reload_config(daemon);
        look_at_tokens(daemon, now);
        if (now - daemon->clock_at_ms >= CLOCK_MS) {
            daemon->clock_at_ms = now;
            scheduler_follow_clock(daemon->scheduler);
        }
        tell_manager(daemon, now);
    }
}

static void give_up(int signal)
{
    (void)signal;
    _exit(EXIT_SUCCESS);
}

/* A library, a disk or a log's reader may hang where nothing here bounds it. */
static void bound_stop(void)
{
    const struct sigaction action = {.sa_handler = give_up};
    const struct itimerval limit = {.it_value = {.tv_sec = STOP_MS / 1000, .tv_usec = STOP_MS % 1000 * 1000}};
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    setitimer(ITIMER_REAL, &limit, NULL);
}

/* False when looks were still in flight: their threads use what should be freed. */
static bool stop(struct daemon *daemon)
{
    http_server_stop(daemon->server);
    if (!scheduler_stop(daemon->scheduler, deadline_in(STOP_LOOKS_MS)))
        return false;
    if (!recorder_stop(daemon->recorder, deadline_in(STOP_RECORDER_MS)))
        return false;
    http_server_free(daemon->server);
    admissions_free(daemon->admissions);
    publication_free(daemon->publication);
    entrance_done(&daemon->entrance);
    events_free(daemon->events);
    fail_opens_free(daemon->fail_opens);
    seeds_done(&daemon->seeds);
    latches_free(daemon->latches);
    reload_free(daemon->reload);
    config_unref(daemon->first_config);
    config_unref(daemon->config);
    if (daemon->signals >= 0)
        close(daemon->signals);
    return true;
}

int daemon_run(const char *path, struct config *config)
{
    struct daemon daemon = {.path = path, .config = config_ref(config), .signals = -1, .reloaded_at_ms = INT64_MIN / 2};
    struct error error = {.code = ERROR_OK};
    if (start(&daemon, &error) < 0) {
        log_event(LOG_LEVEL_ERROR, "start_failed", NULL, "%s", error.message);
        if (!stop(&daemon))
            _exit(EXIT_FAILURE);
        return EXIT_FAILURE;
    }
    metric_set(METRIC_config_last_reload_successful, 1);
    daemon.watchdog_ms = notify_watchdog_ms();
    log_event(LOG_LEVEL_NOTICE, "ready", NULL, "listening on %s%s, probes on %s%s; %zu databases",
              http_server_address(daemon.server), http_server_transport(daemon.server, false),
              http_server_probe_address(daemon.server), http_server_transport(daemon.server, true),
              config->database_count);
    notify_ready();
    loop(&daemon);
    bound_stop();
    notify_stopping();
    log_event(LOG_LEVEL_NOTICE, "stopping", NULL, "answering %u waiting requests", http_server_waiters(daemon.server));
    bool clean = stop(&daemon);
    log_event(LOG_LEVEL_NOTICE, "stopped", NULL, clean ? "bye" : "bye; looks at hung databases were left behind");
    if (!clean)
        _exit(EXIT_SUCCESS);
    return EXIT_SUCCESS;
}
