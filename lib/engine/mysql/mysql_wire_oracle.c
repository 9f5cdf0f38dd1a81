/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mysql/mysql_wire.h"

#if MYSQL_HAS_ORACLE_ASYNC

#include <errmsg.h>
#include <poll.h>
#include <sys/socket.h>

/* The library does not say whether it waits to read or to write. Nearly always it is to read, and poll returns at once;
 * what it wants to write goes out after a slice of this many milliseconds at the latest. */
enum { SLICE_MS = 5, MAX_ENDING_STEPS = 1000 };

/* False when the deadline has passed: then the socket is shut down. */
static bool wait_for(MYSQL *mysql, struct deadline deadline)
{
    if (deadline_passed(deadline)) {
        wire_abort(mysql);
        return false;
    }
    int left = deadline_left_ms(deadline);
    struct pollfd socket = {.fd = mysql->net.fd, .events = POLLIN};
    poll(&socket, 1, left < SLICE_MS ? left : SLICE_MS);
    return true;
}

/* Calls until the library is done. After a time-out it is called on, so that it frees what it holds; the shut socket
 * makes it fail at once, and a bound keeps us from trusting that. */
#define RUN(mysql, deadline, timed_out, status, call)                                                                  \
    do {                                                                                                               \
        unsigned ending_ = 0;                                                                                          \
        while (((status) = (call)) == NET_ASYNC_NOT_READY && ending_ < MAX_ENDING_STEPS) {                             \
            (timed_out) = (timed_out) || !wait_for(mysql, deadline);                                                   \
            ending_ += (timed_out);                                                                                    \
        }                                                                                                              \
    } while (0)

static enum wire_result result_of(bool timed_out, bool ok)
{
    if (timed_out)
        return WIRE_TIMEOUT;
    return ok ? WIRE_OK : WIRE_FAILED;
}

/* Only mysql_set_server_option and mysql_close block; a second is the least that the library can wait. */
void wire_prepare(MYSQL *mysql, struct deadline deadline)
{
    unsigned seconds = (unsigned)deadline_left_ms(deadline) / 1000 + 1;
    unsigned least = 1;
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &least);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &least);
}

enum wire_result wire_connect(MYSQL *mysql, const struct wire_address *address, struct deadline deadline)
{
    bool timed_out = false;
    enum net_async_status status = NET_ASYNC_ERROR;
    RUN(mysql, deadline, timed_out, status,
        mysql_real_connect_nonblocking(mysql, address->host, address->user, address->password, address->database,
                                       address->port, address->socket, 0));
    return result_of(timed_out, status == NET_ASYNC_COMPLETE);
}

enum wire_result wire_query(MYSQL *mysql, const char *text, size_t length, struct deadline deadline)
{
    bool timed_out = false;
    enum net_async_status status = NET_ASYNC_ERROR;
    RUN(mysql, deadline, timed_out, status, mysql_real_query_nonblocking(mysql, text, length));
    return result_of(timed_out, status == NET_ASYNC_COMPLETE);
}

enum wire_result wire_next_result(MYSQL *mysql, bool *ret_more, struct deadline deadline)
{
    bool timed_out = false;
    enum net_async_status status = NET_ASYNC_ERROR;
    RUN(mysql, deadline, timed_out, status, mysql_next_result_nonblocking(mysql));
    *ret_more = status == NET_ASYNC_COMPLETE;
    return result_of(timed_out, status == NET_ASYNC_COMPLETE || status == NET_ASYNC_COMPLETE_NO_MORE_RESULTS);
}

enum wire_result wire_fetch_row(MYSQL *mysql, MYSQL_RES *result, MYSQL_ROW *ret_row, struct deadline deadline)
{
    bool timed_out = false;
    enum net_async_status status = NET_ASYNC_ERROR;
    *ret_row = NULL;
    RUN(mysql, deadline, timed_out, status, mysql_fetch_row_nonblocking(result, ret_row));
    return result_of(timed_out, status == NET_ASYNC_COMPLETE && (*ret_row != NULL || mysql_errno(mysql) == 0));
}

enum wire_result wire_free_result(MYSQL *mysql, MYSQL_RES *result, struct deadline deadline)
{
    bool timed_out = false;
    enum net_async_status status = NET_ASYNC_ERROR;
    RUN(mysql, deadline, timed_out, status, mysql_free_result_nonblocking(result));
    return result_of(timed_out, status == NET_ASYNC_COMPLETE);
}

enum wire_result wire_set_multi_statements(MYSQL *mysql, bool allowed, struct deadline deadline)
{
    enum enum_mysql_set_option option = allowed ? MYSQL_OPTION_MULTI_STATEMENTS_ON : MYSQL_OPTION_MULTI_STATEMENTS_OFF;
    bool ok = mysql_set_server_option(mysql, option) == 0;
    if (!ok && (deadline_passed(deadline) || mysql_errno(mysql) == CR_SERVER_LOST)) {
        wire_abort(mysql);
        return WIRE_TIMEOUT;
    }
    return result_of(false, ok);
}

void wire_abort(MYSQL *mysql)
{
    if (mysql->net.fd >= 0)
        shutdown(mysql->net.fd, SHUT_RDWR);
}

#endif
