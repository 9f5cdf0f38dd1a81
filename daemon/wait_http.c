/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_http.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "base/problem.h"
#include "daemon/wait_resolve.h"
#include "daemon/wait_response.h"

enum {
    CONNECT_MS = 5000,      /* for all addresses of a host; what does not answer by then is tried again later */
    LEAST_CONNECT_MS = 250, /* for each of them */
    READ_SIZE = 8192,
    REQUEST_SIZE = 256 * 1024, /* a target with all revisions, encoded, and a token: what is too long, servers say */
};

static const char *place_of(const struct wait_address *address)
{
    return *address->socket ? address->socket : address->field;
}

/* Whether the socket became ready in time. */
static bool await(int fd, short events, struct deadline deadline)
{
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = events};
        int polled = poll(&ready, 1, deadline_left_ms(deadline));
        if (polled >= 0 || errno != EINTR)
            return polled > 0;
    }
}

/* A connected socket, or -1 with errno. */
static int connect_to(const struct sockaddr *address, socklen_t length, struct deadline deadline)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int problem = connect(fd, address, length) == 0 ? 0 : errno;
    if (problem == EINPROGRESS || problem == EINTR) {
        socklen_t size = sizeof problem;
        if (!await(fd, POLLOUT, deadline))
            problem = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) < 0)
            problem = errno;
    }
    if (problem == 0)
        return fd;
    close(fd);
    errno = problem;
    return -1;
}

static int connect_unix(const struct wait_address *address, struct deadline deadline)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    memcpy(path.sun_path, address->socket, sizeof path.sun_path);
    return connect_to((const struct sockaddr *)&path, sizeof path, deadline);
}

/* One after the other, each with its share of the time: of two ways into a network one may swallow everything. */
static int connect_any(const struct wait_endpoints *endpoints, struct deadline deadline)
{
    int fd = -1;
    for (size_t i = 0; i < endpoints->count && fd < 0; i++) {
        int share = deadline_left_ms(deadline) / (int)(endpoints->count - i);
        struct deadline own = deadline_in(share > LEAST_CONNECT_MS ? share : LEAST_CONNECT_MS);
        fd = connect_to((const struct sockaddr *)&endpoints->list[i].address, endpoints->list[i].length, own);
    }
    return fd;
}

static int open_connection(const struct wait_address *address, struct deadline deadline, struct wait_answer *answer)
{
    struct wait_endpoints endpoints = {0};
    int fd = -1;
    if (*address->socket) {
        fd = connect_unix(address, deadline_earlier(deadline, deadline_in(CONNECT_MS)));
    } else {
        if (!wait_resolve(address->host, address->port, deadline, &endpoints, answer->problem, sizeof answer->problem))
            return -1;
        fd = connect_any(&endpoints, deadline_earlier(deadline, deadline_in(CONNECT_MS)));
    }
    if (fd < 0)
        problem_set(answer->problem, sizeof answer->problem, "cannot connect to %s: %s", place_of(address),
                    strerror(errno));
    return fd;
}

static bool make_request(const struct wait_http *http, const struct wait_request *request, struct strbuf *text)
{
    strbuf_printf(text, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s/" MIGRATIOND_VERSION "\r\nAccept: */*\r\n",
                  request->method, request->target, http->address->field, http->agent);
    strbuf_add_string(text, "Connection: close\r\n");
    if (request->token)
        strbuf_printf(text, "Authorization: Bearer %s\r\n", request->token);
    if (request->body)
        strbuf_printf(text, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(request->body));
    strbuf_printf(text, "\r\n%s", request->body ? request->body : "");
    return strbuf_ok(text);
}

static bool send_all(int fd, const char *bytes, size_t length, struct deadline deadline, struct wait_answer *answer)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!await(fd, POLLOUT, deadline))
                return problem_set(answer->problem, sizeof answer->problem, "the request was not taken in time");
        } else if (errno != EINTR) {
            return problem_set(answer->problem, sizeof answer->problem, "cannot send the request: %s", strerror(errno));
        }
    }
    return true;
}

static bool receive(int fd, struct deadline deadline, struct wait_response *response, struct wait_answer *answer)
{
    char bytes[READ_SIZE] = "";
    while (!wait_response_is_whole(response)) {
        if (deadline_passed(deadline) || !await(fd, POLLIN, deadline))
            return problem_set(answer->problem, sizeof answer->problem, "no whole answer came in time");
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (got < 0)
            return problem_set(answer->problem, sizeof answer->problem, "cannot read the answer: %s", strerror(errno));
        if (!(got > 0 ? wait_response_feed(response, bytes, (size_t)got) : wait_response_end(response)))
            return problem_set(answer->problem, sizeof answer->problem, "%s", response->problem);
    }
    return true;
}

static bool converse(const struct wait_http *http, const struct wait_request *request, int fd, struct deadline deadline,
                     struct wait_answer *answer)
{
    cleanup(strbuf) struct strbuf text = STRBUF(REQUEST_SIZE);
    if (!make_request(http, request, &text))
        return problem_set(answer->problem, sizeof answer->problem, "the request is too long");
    bool sent = send_all(fd, text.bytes, text.length, deadline, answer);
    if (request->token)
        explicit_bzero(text.bytes, text.length);
    cleanup(wait_response) struct wait_response response = {0};
    wait_response_init(&response, LIMIT_WAIT_BODY);
    if (!sent || !receive(fd, deadline, &response, answer))
        return false;
    answer->status = response.status;
    answer->retry_after_ms = response.retry_after_ms;
    snprintf(answer->location, sizeof answer->location, "%s", response.location);
    answer->body = response.body;
    response.body = (struct strbuf)STRBUF(0);
    return true;
}

void wait_http_exchange(void *payload, const struct wait_request *request, struct wait_answer *ret_answer)
{
    const struct wait_http *http = payload;
    *ret_answer = (struct wait_answer){0};
    struct deadline deadline = deadline_in(request->timeout_ms);
    int fd = open_connection(http->address, deadline, ret_answer);
    if (fd < 0)
        return;
    converse(http, request, fd, deadline, ret_answer);
    close(fd);
}
