/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection to a MySQL or MariaDB server: opened with explicit options, pinned to known session settings and to
 * read-only transactions, run under deadlines. The client library keeps no state per thread that would have to be
 * released: MariaDB's has none, Oracle's initialises threads by itself in mysql_init. So there is nothing to call when
 * a worker ends, and a connection may move between threads, one at a time.
 */
#ifndef MIGRATIOND_ENGINE_MYSQL_MYSQL_SESSION_H
#define MIGRATIOND_ENGINE_MYSQL_MYSQL_SESSION_H

#include <mysql.h>

#include "dialect/mysql_grants.h"
#include "engine/engine.h"
#include "engine/mysql/mysql_wire.h"

/* Groups of counters that a probe asks for in turn. */
enum { MYSQL_PROBE_GROUPS = 7 };

/* What probes saw last (mysql_probe.c). */
struct mysql_probe_memory {
    uint64_t counters[MYSQL_PROBE_GROUPS]; /* hashes */
    uint64_t turn;
    int64_t changed_at_ms;
    bool known;
    bool changed;
};

struct mysql_connection {
    struct engine_connection base; /* must be first */
    MYSQL *mysql;
    struct mysql_grants *grants;
    char *label;            /* "mysql db1:3306/orders": before every message */
    char *database;         /* as the server spells it */
    char *account;          /* 'user'@'host' with its quotes: what GRANT takes */
    int64_t server_started; /* unix seconds; 0: unknown */
    struct mysql_probe_memory probe;
    enum engine_purpose purpose;
    bool mariadb;
    bool folds_names;      /* names of tables that differ in case only are one (lower_case_table_names) */
    bool multi_statements; /* the server accepts several statements in one query */
    bool lost;             /* after a time-out or a lost connection: may only be closed */
};

/* How the server is asked for TLS. */
enum mysql_tls {
    MYSQL_TLS_DISABLED,
    MYSQL_TLS_PREFERRED,
    MYSQL_TLS_REQUIRED,
    MYSQL_TLS_VERIFY_CA,
    MYSQL_TLS_VERIFY_IDENTITY
};

/* The slots `open` and `close`. */
int mysql_session_open(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                       struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr);
void mysql_session_close(struct engine_connection *base);

/* Sets everything about TLS, authentication and safety (mysql_options.c). `*ret_socket` is borrowed from `target`. */
int mysql_session_configure(MYSQL *mysql, const struct engine_target *target, enum mysql_tls *ret_tls,
                            const char **ret_socket, struct error *reterr);

/* Sends a statement and fails with the server's error. Its result, if it has one, is freed. */
int mysql_session_run(struct mysql_connection *connection, const char *text, struct deadline deadline,
                      struct error *reterr);

/* Sends a query; `*ret_result` is to be freed with mysql_session_finish. */
int mysql_session_select(struct mysql_connection *connection, const char *text, size_t length, struct deadline deadline,
                         MYSQL_RES **ret_result, struct error *reterr);

/* `*ret_row` is NULL behind the last row. */
int mysql_session_row(struct mysql_connection *connection, MYSQL_RES *result, struct deadline deadline,
                      MYSQL_ROW *ret_row, struct error *reterr);

/* Frees a result; NULL is accepted. */
void mysql_session_finish(struct mysql_connection *connection, MYSQL_RES *result, struct deadline deadline);

/* A result of one row and at most `count` columns: copies (mem_free), NULL for NULL. False in `*ret_found`: no row. */
int mysql_session_single(struct mysql_connection *connection, const char *text, struct deadline deadline,
                         char **ret_cells, size_t count, bool *ret_found, struct error *reterr);

/* Whether one query may hold several statements: never one with foreign text in it. */
int mysql_session_set_multi_statements(struct mysql_connection *connection, bool allowed, struct deadline deadline,
                                       struct error *reterr);

/* A connection that has read the schema goes on with journals: under their limits, one statement at a time. Nothing
 * to do on one that was opened for them. */
int mysql_session_turn_to_journals(struct mysql_connection *connection, struct deadline deadline, struct error *reterr);

/* Reads SHOW GRANTS again. */
int mysql_session_read_grants(struct mysql_connection *connection, struct deadline deadline, struct error *reterr);

/* The error of the last call that gave `result`, which is not WIRE_OK; marks the connection as lost where it is. */
int mysql_session_error(struct mysql_connection *connection, enum wire_result result, struct error *reterr);

/* ERROR_TIMEOUT or ERROR_UNREACHABLE once the connection is lost. */
int mysql_session_check(const struct mysql_connection *connection, struct error *reterr);

/* Our error for a server's or client's number. */
enum error_code mysql_error_code(unsigned number);

#endif
