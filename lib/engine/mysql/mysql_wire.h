/* SPDX-License-Identifier: Apache-2.0
 *
 * The client library's calls that talk to the server, each under our own deadline. Two implementations, chosen by what
 * the library offers: MariaDB Connector/C (`_start` and `_cont` pairs) and Oracle's libmysqlclient (`_nonblocking`).
 * After WIRE_TIMEOUT the socket is shut down and the connection may only be closed; no call blocks on it any more.
 *
 * Bounds that are not ours: resolving a host name (getaddrinfo, under resolv.conf's time-outs), and a TLS handshake
 * inside Connector/C, which the library's own connect and read time-outs (whole seconds, set from the deadline) end.
 */
#ifndef MIGRATIOND_ENGINE_MYSQL_MYSQL_WIRE_H
#define MIGRATIOND_ENGINE_MYSQL_MYSQL_WIRE_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/deadline.h"

enum wire_result {
    WIRE_OK,
    WIRE_FAILED, /* mysql_errno tells why */
    WIRE_TIMEOUT,
};

struct wire_address {
    const char *host;
    const char *user;
    const char *password;
    const char *database;
    const char *socket;
    unsigned port;
};

/* Options that only one of the two libraries needs before connecting. */
void wire_prepare(MYSQL *mysql, struct deadline deadline);

enum wire_result wire_connect(MYSQL *mysql, const struct wire_address *address, struct deadline deadline);
enum wire_result wire_query(MYSQL *mysql, const char *text, size_t length, struct deadline deadline);

/* To the next result of a multi-statement; `*ret_more` false: there was none. */
enum wire_result wire_next_result(MYSQL *mysql, bool *ret_more, struct deadline deadline);

/* The next row of a result from mysql_use_result, NULL behind the last one. */
enum wire_result wire_fetch_row(MYSQL *mysql, MYSQL_RES *result, MYSQL_ROW *ret_row, struct deadline deadline);

/* Frees, reading what was not fetched. Frees after a time-out too. */
enum wire_result wire_free_result(MYSQL *mysql, MYSQL_RES *result, struct deadline deadline);

/* Whether the server accepts several statements in one query. */
enum wire_result wire_set_multi_statements(MYSQL *mysql, bool allowed, struct deadline deadline);

/* Nothing is sent or awaited on the socket from now on. */
void wire_abort(MYSQL *mysql);

#endif
