/* SPDX-License-Identifier: Apache-2.0
 *
 * A server in this process on free ports, in front of view sets that a test makes up, with a scheduler that looks at
 * nothing: it counts what is demanded, and refreshes end when the test says so. One fixture at a time per process.
 */
#ifndef MIGRATIOND_TESTS_HTTP_FIXTURE_H
#define MIGRATIOND_TESTS_HTTP_FIXTURE_H

#include "support/oom.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "daemon/http_loop.h"
#include "daemon/http_server.h"
#include "model/schema_builder.h"

/* What the scheduler was told. */
static atomic_int fixture_demand;
static atomic_int fixture_refresh_wait_ms;
static atomic_bool fixture_refreshed;

void scheduler_demand(struct scheduler *scheduler, const char *database, int change)
{
    (void)scheduler;
    (void)database;
    atomic_fetch_add(&fixture_demand, change);
}

uint64_t scheduler_refresh(struct scheduler *scheduler, const char *database, int64_t *ret_wait_ms)
{
    (void)scheduler;
    (void)database;
    *ret_wait_ms = atomic_load(&fixture_refresh_wait_ms);
    return *ret_wait_ms > 0 ? 0 : 7;
}

bool scheduler_refreshed(struct scheduler *scheduler, const char *database, uint64_t ticket)
{
    (void)scheduler;
    assert_string_equal(database, "orders");
    return ticket == 7 && atomic_load(&fixture_refreshed);
}

bool scheduler_is_alive(struct scheduler *scheduler)
{
    (void)scheduler;
    return true;
}

/* `orders` in this state, by the shortest way; `billing` is always open. */
enum made_up { MADE_UNKNOWN, MADE_OPEN, MADE_CLOSED, MADE_BLOCKED };

struct http_fixture {
    struct config *config;
    struct publication *publication;
    struct events *events;
    struct admissions *admissions;
    struct http_server *server;
    unsigned port;
    unsigned probe_port;
};

#define FIXTURE_CONFIG                                                                                                 \
    "listen: 127.0.0.1:0\nprobe_listen: 127.0.0.1:0\nhttp_threads: 2\nmax_waiters: %u\n"                               \
    "defaults: {blocked_grace: 300ms}\n"                                                                               \
    "databases:\n"                                                                                                     \
    "  billing: {url: 'sqlite:///nowhere/billing.db', journal: none}\n"                                                \
    "  orders: {url: 'sqlite:///nowhere/orders.db', %s}\n"                                                             \
    "gates:\n  shop: {requires: [orders, billing]}\n"

static struct view *fixture_view(struct config *config, size_t index, enum made_up made_up)
{
    struct look_status status = {.tried = true, .observed = true, .good_at_ms = monotonic_ms()};
    if (made_up == MADE_UNKNOWN)
        return view_new(config, &config->databases[index], &(struct view_parts){0});
    cleanup(snapshot) struct snapshot *snapshot = snapshot_new();
    assert_non_null(snapshot);
    struct error error = {0};
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    if (schema_builder_seal(builder, &snapshot->schema, &error))
        fail_msg("%s", error.message);
    snapshot->server.absence_proven = true;
    snapshot->has_tables = made_up == MADE_BLOCKED;
    snapshot->taken_at_ms = http_unix_ms();
    snapshot->schema_taken_at_ms = snapshot->taken_at_ms;
    cleanup(assessment) struct assessment *assessment = assess(snapshot, &config->databases[index], NULL, NULL);
    assert_non_null(assessment);
    const struct view_parts parts = {.snapshot = snapshot, .assessment = assessment, .status = status};
    return view_new(config, &config->databases[index], &parts);
}

static inline struct config *fixture_config(enum made_up made_up, unsigned max_waiters)
{
    struct error error = {0};
    struct config *config = NULL;
    cleanup(free) char *text = mem_printf(FIXTURE_CONFIG, max_waiters, made_up == MADE_OPEN ? "journal: none" : "");
    assert_non_null(text);
    if (config_parse(text, strlen(text), "fixture", &config, &error))
        fail_msg("%s", error.message);
    return config;
}

/* A new set, under a new configuration where `orders` must be open. */
static inline void fixture_publish(struct http_fixture *fixture, enum made_up made_up)
{
    static _Atomic uint64_t generation;
    cleanup(config) struct config *config = fixture_config(made_up, fixture->config->max_waiters);
    struct view_set *set = view_set_new(config);
    assert_non_null(set);
    assert_int_equal(set->count, 2);
    for (size_t i = 0; i < set->count; i++) {
        set->views[i] = fixture_view(config, i, i == 0 ? MADE_OPEN : made_up);
        assert_non_null(set->views[i]);
        set->views[i]->generation = ++generation;
    }
    publication_publish(fixture->publication, set, NULL);
}

static inline unsigned fixture_port(const char *address)
{
    const char *colon = strrchr(address, ':');
    assert_non_null(colon);
    return (unsigned)strtoul(colon + 1, NULL, 10);
}

static inline void fixture_start(struct http_fixture *fixture, enum made_up made_up, unsigned max_waiters)
{
    struct error error = {0};
    atomic_store(&fixture_refresh_wait_ms, 0);
    atomic_store(&fixture_refreshed, false);
    *fixture = (struct http_fixture){.config = fixture_config(made_up, max_waiters)};
    fixture->publication = publication_new();
    assert_non_null(fixture->publication);
    fixture->events = events_new();
    assert_non_null(fixture->events);
    fixture->admissions = admissions_new();
    assert_non_null(fixture->admissions);
    fixture_publish(fixture, made_up);
    const struct http_server_setup setup = {.config = fixture->config,
                                            .publication = fixture->publication,
                                            .events = fixture->events,
                                            .admissions = fixture->admissions};
    if (http_server_open(fixture->config, -1, -1, &fixture->server, &error) < 0 ||
        http_server_start(fixture->server, &setup, &error) < 0)
        fail_msg("%s", error.message);
    fixture->port = fixture_port(http_server_address(fixture->server));
    fixture->probe_port = fixture_port(http_server_probe_address(fixture->server));
}

static inline void fixture_stop(struct http_fixture *fixture)
{
    http_server_free(fixture->server);
    admissions_free(fixture->admissions);
    events_free(fixture->events);
    publication_free(fixture->publication);
    config_unref(fixture->config);
    assert_int_equal(atomic_load(&fixture_demand), 0);
}

/* A client that says exactly what it is told to. */

static inline int client_connect(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval patience = {.tv_sec = 30};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void client_send_n(int fd, const char *bytes, size_t length)
{
    assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static inline void client_send(int fd, const char *text)
{
    client_send_n(fd, text, strlen(text));
}

struct reply {
    int status; /* 0: the peer closed without one */
    char head[2048];
    char body[65536];
    size_t body_length;
};

/* The value of a header, "" if absent; valid until the next call. */
static inline const char *reply_header(const struct reply *reply, const char *name)
{
    static char value[256];
    value[0] = 0;
    size_t length = strlen(name);
    for (const char *line = strstr(reply->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
            const char *begin = line + 2 + length + 1 + strspn(line + 2 + length + 1, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(begin, "\r"), begin);
            break;
        }
    }
    return value;
}

static inline bool client_byte(int fd, char *ret_byte)
{
    return recv(fd, ret_byte, 1, 0) == 1;
}

static inline size_t client_line(int fd, char *line, size_t size)
{
    size_t length = 0;
    while (length + 1 < size && client_byte(fd, &line[length])) {
        length++;
        if (length >= 2 && line[length - 1] == '\n')
            break;
    }
    line[length] = 0;
    return length;
}

static inline void client_body(int fd, struct reply *reply, size_t length)
{
    assert_true(reply->body_length + length < sizeof reply->body);
    for (size_t i = 0; i < length; i++)
        assert_true(client_byte(fd, &reply->body[reply->body_length + i]));
    reply->body_length += length;
    reply->body[reply->body_length] = 0;
}

static inline void client_chunks(int fd, struct reply *reply)
{
    char line[64] = "";
    for (;;) {
        assert_true(client_line(fd, line, sizeof line) > 0);
        size_t length = strtoul(line, NULL, 16);
        if (length == 0)
            break;
        client_body(fd, reply, length);
        client_line(fd, line, sizeof line);
    }
    client_line(fd, line, sizeof line);
}

/* Reads one answer; `head_only` for HEAD and 304. */
static inline void client_receive(int fd, struct reply *reply, bool head_only)
{
    *reply = (struct reply){0};
    size_t length = 0;
    while (length + 1 < sizeof reply->head && client_byte(fd, &reply->head[length])) {
        length++;
        if (length >= 4 && memcmp(reply->head + length - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    if (length == 0 || sscanf(reply->head, "HTTP/1.%*d %d", &reply->status) != 1 || head_only)
        return;
    if (strcasecmp(reply_header(reply, "Transfer-Encoding"), "chunked") == 0)
        client_chunks(fd, reply);
    else
        client_body(fd, reply, strtoul(reply_header(reply, "Content-Length"), NULL, 10));
}

/* True if the peer closes before it sends another byte. */
static inline bool client_is_closed(int fd)
{
    char byte = 0;
    return recv(fd, &byte, 1, 0) <= 0;
}

/* Everything until the peer closes, NUL-terminated. */
static inline size_t client_until_closed(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t received = 0;
    while (length + 1 < size && (received = recv(fd, text + length, size - 1 - length, 0)) > 0)
        length += (size_t)received;
    text[length] = 0;
    return length;
}

/* One request on an open connection. */
static inline void client_ask(int fd, const char *method, const char *target, const char *more, struct reply *reply)
{
    char text[8192] = "";
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", method, target, more);
    client_send(fd, text);
    client_receive(fd, reply, strcmp(method, "HEAD") == 0);
}

/* One request on a connection of its own. */
static inline void http_ask(unsigned port, const char *method, const char *target, const char *more,
                            struct reply *reply)
{
    int fd = client_connect(port);
    client_ask(fd, method, target, more, reply);
    close(fd);
}

static inline void http_get(unsigned port, const char *target, struct reply *reply)
{
    http_ask(port, "GET", target, "", reply);
}

/* Waits for something that must come true. */
#define AWAIT(condition)                                                                                               \
    do {                                                                                                               \
        struct deadline await_ = deadline_in(30000);                                                                   \
        while (!(condition)) {                                                                                         \
            if (deadline_passed(await_))                                                                               \
                fail_msg("never: %s", #condition);                                                                     \
            usleep(1000);                                                                                              \
        }                                                                                                              \
    } while (0)

#endif
