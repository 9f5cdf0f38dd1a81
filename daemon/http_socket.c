/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { BACKLOG = 4096, SOCKET_MODE = 0660 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
DEFINE_CLEANUP_VALUE(fd, int, close_fd);

static int fail(struct error *reterr, const struct config_listener *listener, const char *what)
{
    return error_set(reterr, ERROR_IO, "%s: %s: %s", listener->text, what, strerror(errno));
}

static int new_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static socklen_t tcp_address(const struct config_listener *listener, union address *address)
{
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, listener->host, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(listener->port);
        return sizeof address->v4;
    }
    if (inet_pton(AF_INET6, listener->host, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(listener->port);
        return sizeof address->v6;
    }
    return 0;
}

static int bind_tcp_socket(int fd, union address *address, socklen_t length, bool shared_port)
{
    const int yes = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes))
        return -1;
    if (shared_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes))
        return -1;
    return bind(fd, &address->any, length) || getsockname(fd, &address->any, &length) ? -1 : 0;
}

/* Binds one socket; on success `address` holds where it is bound, on failure errno tells why. */
static int bind_tcp(union address *address, socklen_t length, bool shared_port, int *ret_fd)
{
    *ret_fd = new_socket(address->any.sa_family);
    if (bind_tcp_socket(*ret_fd, address, length, shared_port) == 0)
        return 0;
    int failure = errno;
    close_fd(ret_fd);
    errno = failure;
    return -1;
}

/* A port that is shared between sockets can be shared with another process without notice: a first socket that does not
 * share finds out whether somebody is there. */
static int open_tcp(const struct config_listener *listener, size_t count, struct http_sockets *sockets,
                    struct error *reterr)
{
    union address address;
    socklen_t length = tcp_address(listener, &address);
    if (length == 0)
        return error_set(reterr, ERROR_INVALID, "%s: not a numeric address", listener->text);
    int alone = -1;
    if (bind_tcp(&address, length, false, &alone))
        return fail(reterr, listener, "cannot bind");
    if (listen(alone, BACKLOG)) {
        int failure = errno;
        close(alone);
        errno = failure;
        return fail(reterr, listener, "cannot listen");
    }
    if (count == 1) {
        sockets->fds[sockets->count++] = alone;
        return 0;
    }
    close(alone);
    for (size_t i = 0; i < count; i++) {
        if (bind_tcp(&address, length, true, &sockets->fds[i]))
            return fail(reterr, listener, "cannot bind");
        sockets->count++;
        if (listen(sockets->fds[i], BACKLOG))
            return fail(reterr, listener, "cannot listen");
    }
    return 0;
}

/* A socket file that nobody listens behind is left over from a crash. */
static int remove_stale(const union address *address, socklen_t length)
{
    struct stat status = {0};
    if (lstat(address->path.sun_path, &status))
        return errno == ENOENT ? 0 : -1;
    errno = EEXIST;
    if (!S_ISSOCK(status.st_mode))
        return -1;
    cleanup(fd) int fd = new_socket(AF_UNIX);
    if (fd < 0)
        return -1;
    if (connect(fd, &address->any, length) == 0 || errno == EAGAIN) {
        errno = EADDRINUSE;
        return -1;
    }
    return errno == ECONNREFUSED ? unlink(address->path.sun_path) : -1;
}

static int open_unix(const struct config_listener *listener, struct http_sockets *sockets, struct error *reterr)
{
    union address address;
    memset(&address, 0, sizeof address);
    address.path.sun_family = AF_UNIX;
    if (strlen(listener->path) >= sizeof address.path.sun_path)
        return error_set(reterr, ERROR_INVALID, "%s: the path is longer than %zu bytes", listener->text,
                         sizeof address.path.sun_path - 1);
    memcpy(address.path.sun_path, listener->path, strlen(listener->path));
    if (remove_stale(&address, sizeof address.path))
        return fail(reterr, listener, "cannot bind");
    /* Whoever closes `sockets` closes it, on failure too. */
    int fd = sockets->fds[0] = new_socket(AF_UNIX);
    sockets->count = 1;
    /* The mode before bind(2) keeps the file from being wider for a moment; the one after undoes the umask. */
    if (fd < 0 || fchmod(fd, SOCKET_MODE) || bind(fd, &address.any, sizeof address.path))
        return fail(reterr, listener, "cannot bind");
    snprintf(sockets->unlink, sizeof sockets->unlink, "%s", listener->path);
    if (chmod(listener->path, SOCKET_MODE) || listen(fd, BACKLOG)) {
        fail(reterr, listener, "cannot listen");
        unlink(listener->path);
        return -1;
    }
    return 0;
}

static int share(const struct config_listener *listener, int fd, size_t count, struct http_sockets *sockets,
                 struct error *reterr)
{
    while (sockets->count < count) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
            return fail(reterr, listener, "cannot share the socket");
        sockets->fds[sockets->count++] = copy;
    }
    return 0;
}

static bool is_loopback(const union address *address)
{
    switch (address->any.sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
    default:
        return false;
    }
}

static int describe(const struct config_listener *listener, struct http_sockets *sockets, struct error *reterr)
{
    union address address;
    memset(&address, 0, sizeof address);
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN] = "";
    if (getsockname(sockets->fds[0], &address.any, &length))
        return fail(reterr, listener, "not a socket");
    sockets->loopback = is_loopback(&address);
    sockets->tcp = address.any.sa_family != AF_UNIX;
    if (address.any.sa_family == AF_UNIX)
        snprintf(sockets->address, sizeof sockets->address, "unix:%.*s", (int)sizeof address.path.sun_path,
                 address.path.sun_path);
    else if (address.any.sa_family == AF_INET && inet_ntop(AF_INET, &address.v4.sin_addr, host, sizeof host))
        snprintf(sockets->address, sizeof sockets->address, "%s:%u", host, ntohs(address.v4.sin_port));
    else if (address.any.sa_family == AF_INET6 && inet_ntop(AF_INET6, &address.v6.sin6_addr, host, sizeof host))
        snprintf(sockets->address, sizeof sockets->address, "[%s]:%u", host, ntohs(address.v6.sin6_port));
    return 0;
}

static int open_inherited(const struct config_listener *listener, int inherited, size_t count,
                          struct http_sockets *sockets, struct error *reterr)
{
    int flags = fcntl(inherited, F_GETFL);
    if (flags < 0 || fcntl(inherited, F_SETFL, flags | O_NONBLOCK))
        return fail(reterr, listener, "cannot use the socket that was handed in");
    return share(listener, inherited, count, sockets, reterr);
}

int http_sockets_open(const struct config_listener *listener, int inherited, size_t count,
                      struct http_sockets *ret_sockets, struct error *reterr)
{
    struct http_sockets sockets = {0};
    int result = 0;
    if (count > HTTP_LOOPS)
        count = HTTP_LOOPS;
    if (inherited >= 0)
        result = open_inherited(listener, inherited, count, &sockets, reterr);
    else if (!listener->path)
        result = open_tcp(listener, count, &sockets, reterr);
    else if ((result = open_unix(listener, &sockets, reterr)) == 0)
        result = share(listener, sockets.fds[0], count, &sockets, reterr);
    if (result == 0)
        result = describe(listener, &sockets, reterr);
    if (result) {
        http_sockets_close(&sockets);
        return -1;
    }
    *ret_sockets = sockets;
    return 0;
}

void http_sockets_close(struct http_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        close_fd(&sockets->fds[i]);
}
