/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

/* What the child sends through the pipe: small enough to be written in one piece. */
struct finding {
    int code; /* of getaddrinfo */
    struct wait_endpoints endpoints;
};

static void look_up(const char *host, const char *port, int flags, struct finding *finding)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    struct addrinfo *found = NULL;
    memset(finding, 0, sizeof *finding);
    finding->code = getaddrinfo(host, port, &hints, &found);
    if (finding->code != 0)
        return;
    for (const struct addrinfo *one = found; one && finding->endpoints.count < WAIT_ADDRESSES; one = one->ai_next) {
        struct wait_endpoint *endpoint = &finding->endpoints.list[finding->endpoints.count];
        if (one->ai_addrlen > sizeof endpoint->address)
            continue;
        memcpy(&endpoint->address, one->ai_addr, one->ai_addrlen);
        endpoint->length = one->ai_addrlen;
        finding->endpoints.count++;
    }
    freeaddrinfo(found);
}

static _Noreturn void look_up_as_child(const char *host, const char *port, int out)
{
    struct finding finding = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    look_up(host, port, 0, &finding);
    const char *bytes = (const char *)&finding;
    for (size_t sent = 0; sent < sizeof finding;) {
        ssize_t wrote = write(out, bytes + sent, sizeof finding - sent);
        if (wrote <= 0)
            _exit(1);
        sent += (size_t)wrote;
    }
    _exit(0);
}

/* What the child found; false when time was up, or the child died. */
static bool receive(int in, struct deadline deadline, struct finding *finding)
{
    char *bytes = (char *)finding;
    for (size_t got = 0; got < sizeof *finding;) {
        struct pollfd ready = {.fd = in, .events = POLLIN};
        int polled = poll(&ready, 1, deadline_left_ms(deadline));
        if (polled < 0 && errno == EINTR)
            continue;
        ssize_t more = polled > 0 ? read(in, bytes + got, sizeof *finding - got) : 0;
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return finding->endpoints.count <= WAIT_ADDRESSES;
}

static bool ask_child(const char *host, const char *port, struct deadline deadline, struct finding *finding)
{
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    pid_t child = fork();
    if (child == 0)
        look_up_as_child(host, port, ends[1]);
    close(ends[1]);
    bool received = child > 0 && receive(ends[0], deadline, finding);
    close(ends[0]);
    if (child > 0) {
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return received;
}

bool wait_resolve(const char *host, const char *port, struct deadline deadline, struct wait_endpoints *ret_endpoints,
                  char *problem, size_t size)
{
    struct finding finding = {0};
    look_up(host, port, AI_NUMERICHOST, &finding);
    if (finding.code == EAI_NONAME && !ask_child(host, port, deadline, &finding)) {
        snprintf(problem, size, "the name %s was not resolved in time", host);
        return false;
    }
    if (finding.code != 0 || finding.endpoints.count == 0) {
        snprintf(problem, size, "the name %s has no address: %s", host,
                 finding.code != 0 ? gai_strerror(finding.code) : "none");
        return false;
    }
    *ret_endpoints = finding.endpoints;
    return true;
}
