/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mysql/mysql_wire.h"

#if MYSQL_HAS_MARIADB_ASYNC

#include <poll.h>
#include <sys/socket.h>

static short poll_events(int status)
{
    int events = 0;
    if (status & MYSQL_WAIT_READ)
        events |= POLLIN;
    if (status & MYSQL_WAIT_WRITE)
        events |= POLLOUT;
    if (status & MYSQL_WAIT_EXCEPT)
        events |= POLLPRI;
    return (short)events;
}

/* What the library waits for, under our deadline: the status with which the call goes on. */
static int wait_for(MYSQL *mysql, int status, struct deadline deadline)
{
    struct pollfd socket = {.fd = mysql_get_socket(mysql), .events = poll_events(status)};
    while (!deadline_passed(deadline)) {
        if (poll(&socket, 1, deadline_left_ms(deadline)) <= 0)
            continue;
        int ready = 0;
        if (socket.revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
            ready |= status & MYSQL_WAIT_READ;
        if (socket.revents & (POLLOUT | POLLHUP | POLLERR | POLLNVAL))
            ready |= status & MYSQL_WAIT_WRITE;
        if (socket.revents & POLLPRI)
            ready |= status & MYSQL_WAIT_EXCEPT;
        if (ready != 0)
            return ready;
    }
    wire_abort(mysql);
    return MYSQL_WAIT_TIMEOUT;
}

/* Runs a pair of `_start` and `_cont` to its end, after a time-out too: what the suspended call holds is freed by its
 * own error path only. */
#define RUN(mysql, deadline, timed_out, start, cont)                                                                   \
    do {                                                                                                               \
        int status_ = (start);                                                                                         \
        while (status_ != 0) {                                                                                         \
            int ready_ = wait_for(mysql, status_, deadline);                                                           \
            (timed_out) |= ready_ == MYSQL_WAIT_TIMEOUT;                                                               \
            status_ = ready_;                                                                                          \
            status_ = (cont);                                                                                          \
        }                                                                                                              \
    } while (0)

static enum wire_result result_of(bool timed_out, bool ok)
{
    if (timed_out)
        return WIRE_TIMEOUT;
    return ok ? WIRE_OK : WIRE_FAILED;
}

/* The handshake of TLS blocks inside the library: these bound it, rounded down, at least a second. */
void wire_prepare(MYSQL *mysql, struct deadline deadline)
{
    unsigned seconds = (unsigned)deadline_left_ms(deadline) / 1000;
    seconds = seconds > 0 ? seconds : 1;
    mysql_options(mysql, MYSQL_OPT_NONBLOCK, NULL);
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &seconds);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
}

enum wire_result wire_connect(MYSQL *mysql, const struct wire_address *address, struct deadline deadline)
{
    bool timed_out = false;
    MYSQL *connected = NULL;
    RUN(mysql, deadline, timed_out,
        mysql_real_connect_start(&connected, mysql, address->host, address->user, address->password, address->database,
                                 address->port, address->socket, 0),
        mysql_real_connect_cont(&connected, mysql, status_));
    return result_of(timed_out, connected != NULL);
}

enum wire_result wire_query(MYSQL *mysql, const char *text, size_t length, struct deadline deadline)
{
    bool timed_out = false;
    int failed = 1;
    RUN(mysql, deadline, timed_out, mysql_real_query_start(&failed, mysql, text, length),
        mysql_real_query_cont(&failed, mysql, status_));
    return result_of(timed_out, failed == 0);
}

enum wire_result wire_next_result(MYSQL *mysql, bool *ret_more, struct deadline deadline)
{
    bool timed_out = false;
    int code = 1;
    RUN(mysql, deadline, timed_out, mysql_next_result_start(&code, mysql),
        mysql_next_result_cont(&code, mysql, status_));
    *ret_more = code == 0;
    return result_of(timed_out, code <= 0);
}

enum wire_result wire_fetch_row(MYSQL *mysql, MYSQL_RES *result, MYSQL_ROW *ret_row, struct deadline deadline)
{
    bool timed_out = false;
    *ret_row = NULL;
    RUN(mysql, deadline, timed_out, mysql_fetch_row_start(ret_row, result),
        mysql_fetch_row_cont(ret_row, result, status_));
    return result_of(timed_out, *ret_row != NULL || mysql_errno(mysql) == 0);
}

enum wire_result wire_free_result(MYSQL *mysql, MYSQL_RES *result, struct deadline deadline)
{
    bool timed_out = false;
    RUN(mysql, deadline, timed_out, mysql_free_result_start(result), mysql_free_result_cont(result, status_));
    return result_of(timed_out, true);
}

enum wire_result wire_set_multi_statements(MYSQL *mysql, bool allowed, struct deadline deadline)
{
    bool timed_out = false;
    int failed = 1;
    enum enum_mysql_set_option option = allowed ? MYSQL_OPTION_MULTI_STATEMENTS_ON : MYSQL_OPTION_MULTI_STATEMENTS_OFF;
    RUN(mysql, deadline, timed_out, mysql_set_server_option_start(&failed, mysql, option),
        mysql_set_server_option_cont(&failed, mysql, status_));
    return result_of(timed_out, failed == 0);
}

void wire_abort(MYSQL *mysql)
{
    int descriptor = mysql_get_socket(mysql);
    if (descriptor >= 0)
        shutdown(descriptor, SHUT_RDWR);
}

#endif
