/* SPDX-License-Identifier: Apache-2.0
 *
 * What a waiting request costs the daemon:
 *
 *     bench_waiters HOST:PORT GATE PID COUNT [ROUNDS [HEADER_BYTES]]
 *
 * opens COUNT connections, answers ROUNDS ordinary requests on each (0 for fresh connections), lets each wait for a
 * gate that must be closed, and prints the growth of the daemon's anonymous memory over the moment before the first
 * connection. HEADER_BYTES is the length of a Cookie that every request carries. All connections stay open until the
 * end. Exit codes: 0 measured, 1 failed, 2 usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { REPLY_SIZE = 64 * 1024, REQUEST_SIZE = 16 * 1024, OWN_FILES = 16, AWAIT_S = 10 };

struct bench {
    struct sockaddr_in address;
    const char *gate;
    const char *pid;
    size_t count;
    size_t rounds;
    size_t header_bytes;
    int *fds; /* `count` of them */
    char reply[REPLY_SIZE];
};

static bool fail(const char *what)
{
    fprintf(stderr, "bench_waiters: %s: %s\n", what, errno ? strerror(errno) : "failed");
    return false;
}

static bool parse_address(const char *text, struct sockaddr_in *ret_address)
{
    char host[64] = "";
    unsigned port = 0;
    ret_address->sin_family = AF_INET;
    if (sscanf(text, "%63[^:]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &ret_address->sin_addr) != 1)
        return false;
    ret_address->sin_port = htons((uint16_t)port);
    return true;
}

static bool parse_size(const char *text, size_t maximum, size_t *ret_size)
{
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, 10);
    *ret_size = (size_t)value;
    return end != text && *end == '\0' && value <= maximum;
}

static int open_connection(const struct bench *bench)
{
    const struct timeval patience = {.tv_sec = AWAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ||
        connect(fd, (const struct sockaddr *)&bench->address, sizeof bench->address)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool send_request(const struct bench *bench, int fd, const char *target)
{
    static char request[REQUEST_SIZE];
    static char cookie[REQUEST_SIZE / 2];
    memset(cookie, 'c', bench->header_bytes);
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: localhost:8484\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
                          "%s%s%s\r\n",
                          target, *cookie ? "Cookie: a=" : "", cookie, *cookie ? "\r\n" : "");
    return send(fd, request, (size_t)length, MSG_NOSIGNAL) == length || fail("send");
}

/* One reply with a Content-Length, which is what the routes used here answer with; the body is NUL-terminated. */
static bool receive_reply(struct bench *bench, int fd, const char **ret_body)
{
    size_t length = 0;
    for (;;) {
        ssize_t got = recv(fd, bench->reply + length, sizeof bench->reply - 1 - length, 0);
        if (got <= 0)
            return fail("receive");
        length += (size_t)got;
        bench->reply[length] = '\0';
        const char *end = strstr(bench->reply, "\r\n\r\n");
        const char *field = strcasestr(bench->reply, "\r\nContent-Length:");
        if (end && field && field < end &&
            (size_t)(end + 4 - bench->reply) + strtoul(field + strlen("\r\nContent-Length:"), NULL, 10) <= length) {
            *ret_body = end + 4;
            return true;
        }
    }
}

static bool ask(struct bench *bench, int fd, const char *target, const char **ret_body)
{
    return send_request(bench, fd, target) && receive_reply(bench, fd, ret_body);
}

/* RssAnon of the daemon in bytes; 0 on failure. */
static size_t anonymous_memory(const struct bench *bench)
{
    char path[64] = "";
    char line[256] = "";
    size_t kib = 0;
    snprintf(path, sizeof path, "/proc/%s/status", bench->pid);
    FILE *file = fopen(path, "re");
    while (file && kib == 0 && fgets(line, sizeof line, file)) {
        if (sscanf(line, "RssAnon: %zu", &kib) != 1)
            kib = 0;
    }
    if (file)
        fclose(file);
    if (kib == 0)
        fail(path);
    return kib * 1024;
}

static bool count_waiters(struct bench *bench, int fd, size_t *ret_count)
{
    const char *body = NULL;
    if (!ask(bench, fd, "/metrics", &body))
        return false;
    const char *sample = strstr(body, "\nmigrationd_waiters ");
    *ret_count = sample ? strtoul(sample + strlen("\nmigrationd_waiters "), NULL, 10) : 0;
    return sample || fail("no migrationd_waiters in /metrics");
}

static bool await_waiters(struct bench *bench, int fd, size_t wanted)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    time_t until = time(NULL) + AWAIT_S;
    size_t count = 0;
    while (count_waiters(bench, fd, &count)) {
        if (count >= wanted)
            return true;
        if (time(NULL) >= until)
            break;
        nanosleep(&pause, NULL);
    }
    fprintf(stderr, "bench_waiters: only %zu of %zu requests wait\n", count, wanted);
    return false;
}

/* Every connection is opened before any is reused, as clients do that come back. */
static bool open_all(struct bench *bench)
{
    char target[256] = "";
    const char *body = NULL;
    for (size_t i = 0; i < bench->count; i++) {
        bench->fds[i] = open_connection(bench);
        if (bench->fds[i] < 0)
            return fail("connect");
    }
    snprintf(target, sizeof target, "/v1/gates/%s", bench->gate);
    for (size_t round = 0; round < bench->rounds; round++) {
        for (size_t i = 0; i < bench->count; i++) {
            if (!ask(bench, bench->fds[i], target, &body))
                return false;
        }
    }
    return true;
}

static bool hold_all(const struct bench *bench)
{
    char target[256] = "";
    snprintf(target, sizeof target, "/v1/gates/%s?wait=50s", bench->gate);
    for (size_t i = 0; i < bench->count; i++) {
        if (!send_request(bench, bench->fds[i], target))
            return false;
    }
    return true;
}

static bool measure(struct bench *bench)
{
    size_t waiting = 0;
    int control = open_connection(bench);
    if (control < 0 || !count_waiters(bench, control, &waiting))
        return fail("connect");
    size_t before = anonymous_memory(bench);
    bool done =
        before > 0 && open_all(bench) && hold_all(bench) && await_waiters(bench, control, waiting + bench->count);
    size_t after = done ? anonymous_memory(bench) : 0;
    if (after > 0)
        printf("waiters %zu rounds %zu header %zu bytes_each %.0f\n", bench->count, bench->rounds, bench->header_bytes,
               ((double)after - (double)before) / (double)bench->count);
    close(control);
    return after > 0;
}

int main(int count, char **arguments)
{
    static struct bench bench;
    if (count < 5 || count > 7 || !parse_address(arguments[1], &bench.address) ||
        !parse_size(arguments[4], 1000000, &bench.count) || bench.count == 0 ||
        (count > 5 && !parse_size(arguments[5], 1000, &bench.rounds)) ||
        (count > 6 && !parse_size(arguments[6], REQUEST_SIZE / 2 - 1, &bench.header_bytes))) {
        fprintf(stderr, "usage: bench_waiters HOST:PORT GATE PID COUNT [ROUNDS [HEADER_BYTES]]\n");
        return 2;
    }
    struct rlimit files = {0};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur < bench.count + OWN_FILES) {
        fprintf(stderr, "bench_waiters: only %zu files may be open\n", (size_t)files.rlim_cur);
        return 1;
    }
    bench.gate = arguments[2];
    bench.pid = arguments[3];
    bench.fds = calloc(bench.count, sizeof *bench.fds);
    bool done = bench.fds && measure(&bench);
    free(bench.fds);
    return done ? 0 : 1;
}
