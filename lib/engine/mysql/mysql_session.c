/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mysql/mysql_session.h"
#include "engine/resolve/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/mysql_lexer.h"
#include "engine/mysql/mysql_engine.h"

/* What a journal's statement may take on the server at most, where it has no cap of its own. */
enum { JOURNAL_STATEMENT_SECONDS = 60 };

/* What was left of the packet was not read: nothing more can be. */
enum { ERROR_PACKET_TOO_LARGE = 2020 };

/* SHOW GRANTS without grant tables: everybody may do everything. */
enum { ERROR_SKIP_GRANT_TABLES = 1290 };

/* The library's global state, made once before the first connection by whichever thread gets here first; Oracle's
 * library does not guard this itself. It lives as long as the process. */
static once_flag library_once = ONCE_FLAG_INIT;

static void library_init(void)
{
    mysql_library_init(0, NULL, NULL);
}

int mysql_session_error(struct mysql_connection *connection, enum wire_result result, struct error *reterr)
{
    if (result == WIRE_TIMEOUT) {
        connection->lost = true;
        return error_set(reterr, ERROR_TIMEOUT, "%s: no answer before the deadline", connection->label);
    }
    unsigned number = mysql_errno(connection->mysql);
    enum error_code code = mysql_error_code(number);
    if (code == ERROR_UNREACHABLE || number == ERROR_PACKET_TOO_LARGE)
        connection->lost = true;
    error_set(reterr, code, "%s: %s", connection->label, mysql_error(connection->mysql));
    if (reterr) {
        reterr->native = (int)number;
        snprintf(reterr->sqlstate, sizeof(reterr->sqlstate), "%s", mysql_sqlstate(connection->mysql));
    }
    return -1;
}

int mysql_session_check(const struct mysql_connection *connection, struct error *reterr)
{
    if (!connection->lost)
        return 0;
    return error_set(reterr, ERROR_UNREACHABLE, "%s: the connection is lost", connection->label);
}

int mysql_session_select(struct mysql_connection *connection, const char *text, size_t length, struct deadline deadline,
                         MYSQL_RES **ret_result, struct error *reterr)
{
    *ret_result = NULL;
    if (mysql_session_check(connection, reterr))
        return -1;
    enum wire_result result = wire_query(connection->mysql, text, length, deadline);
    if (result != WIRE_OK)
        return mysql_session_error(connection, result, reterr);
    *ret_result = mysql_use_result(connection->mysql);
    if (!*ret_result && mysql_field_count(connection->mysql) > 0)
        return mysql_session_error(connection, WIRE_FAILED, reterr);
    return 0;
}

int mysql_session_row(struct mysql_connection *connection, MYSQL_RES *result, struct deadline deadline,
                      MYSQL_ROW *ret_row, struct error *reterr)
{
    enum wire_result outcome = wire_fetch_row(connection->mysql, result, ret_row, deadline);
    return outcome == WIRE_OK ? 0 : mysql_session_error(connection, outcome, reterr);
}

void mysql_session_finish(struct mysql_connection *connection, MYSQL_RES *result, struct deadline deadline)
{
    if (result && wire_free_result(connection->mysql, result, deadline) != WIRE_OK)
        connection->lost = true;
}

int mysql_session_run(struct mysql_connection *connection, const char *text, struct deadline deadline,
                      struct error *reterr)
{
    MYSQL_RES *result = NULL;
    if (mysql_session_select(connection, text, strlen(text), deadline, &result, reterr))
        return -1;
    mysql_session_finish(connection, result, deadline);
    return mysql_session_check(connection, reterr);
}

static int copy_cells(MYSQL_RES *result, MYSQL_ROW row, char **ret_cells, size_t count, struct error *reterr)
{
    unsigned columns = mysql_num_fields(result);
    for (size_t i = 0; i < count && i < columns; i++) {
        ret_cells[i] = mem_strdup(row[i]);
        if (row[i] && !ret_cells[i])
            return error_no_memory(reterr);
    }
    return 0;
}

int mysql_session_single(struct mysql_connection *connection, const char *text, struct deadline deadline,
                         char **ret_cells, size_t count, bool *ret_found, struct error *reterr)
{
    MYSQL_RES *result = NULL;
    MYSQL_ROW row = NULL;
    *ret_found = false;
    if (mysql_session_select(connection, text, strlen(text), deadline, &result, reterr))
        return -1;
    int failed = mysql_session_row(connection, result, deadline, &row, reterr);
    if (!failed && row) {
        *ret_found = true;
        failed = copy_cells(result, row, ret_cells, count, reterr);
    }
    mysql_session_finish(connection, result, deadline);
    return failed ? -1 : mysql_session_check(connection, reterr);
}

static int add_grants(struct mysql_connection *connection, struct mysql_grants *grants, MYSQL_RES *result,
                      struct deadline deadline, struct error *reterr)
{
    for (;;) {
        MYSQL_ROW row = NULL;
        if (mysql_session_row(connection, result, deadline, &row, reterr))
            return -1;
        if (!row)
            return 0;
        if (row[0] && !mysql_grants_add(grants, row[0], strlen(row[0])))
            return error_no_memory(reterr);
    }
}

int mysql_session_read_grants(struct mysql_connection *connection, struct deadline deadline, struct error *reterr)
{
    static const char everything[] = "GRANT ALL PRIVILEGES ON *.*";
    cleanup(mysql_grants) struct mysql_grants *grants = mysql_grants_new(connection->database);
    if (!grants)
        return error_no_memory(reterr);
    MYSQL_RES *result = NULL;
    struct error error = {0};
    if (mysql_session_select(connection, "SHOW GRANTS", 11, deadline, &result, &error)) {
        /* Whoever has no grants of his own (1141) sees nothing for certain. */
        bool open = error.native == ERROR_SKIP_GRANT_TABLES;
        if (connection->lost) {
            if (reterr)
                *reterr = error;
            return -1;
        }
        if (open && !mysql_grants_add(grants, everything, strlen(everything)))
            return error_no_memory(reterr);
    } else {
        int failed = add_grants(connection, grants, result, deadline, reterr);
        mysql_session_finish(connection, result, deadline);
        if (failed || mysql_session_check(connection, reterr))
            return -1;
    }
    mysql_grants_free(connection->grants);
    connection->grants = take(grants);
    return 0;
}

static unsigned port_of(const struct engine_target *target)
{
    unsigned long port = target->port ? strtoul(target->port, NULL, 10) : 0;
    return port <= 65535 ? (unsigned)port : 0;
}

/* Whoever may do nothing in a database is not even let in. */
static int explain_denial(const struct engine_target *target, struct error *reterr)
{
    if (!reterr || reterr->code != ERROR_FORBIDDEN || !target->database)
        return -1;
    size_t length = strlen(reterr->message);
    snprintf(reterr->message + length, sizeof(reterr->message) - length,
             "; it takes GRANT REFERENCES, SHOW VIEW ON `%s`.*", target->database);
    return -1;
}

static int connect_server(struct mysql_connection *connection, const struct engine_target *target,
                          struct deadline deadline, struct error *reterr)
{
    enum mysql_tls tls = MYSQL_TLS_PREFERRED;
    const char *socket = NULL;
    if (mysql_session_configure(connection->mysql, target, &tls, &socket, reterr))
        return error_prefix(reterr, "%s", connection->label);
    wire_prepare(connection->mysql, deadline);
    /* A row is a packet, and the library holds it whole. */
    unsigned long largest = LIMIT_ANSWER_ROW;
    if (connection->purpose == PURPOSE_CHECK)
        mysql_options(connection->mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &largest);
    struct wire_address address = {
        .host = socket ? NULL : target->host,
        .user = target->user,
        .password = target->password,
        .database = target->database,
        .socket = socket,
        .port = port_of(target),
    };
    enum wire_result result = wire_connect(connection->mysql, &address, deadline);
    if (result != WIRE_OK) {
        mysql_session_error(connection, result, reterr);
        connection->lost = true;
        return explain_denial(target, reterr);
    }
    if (tls >= MYSQL_TLS_REQUIRED && !mysql_get_ssl_cipher(connection->mysql))
        return error_set(reterr, ERROR_UNREACHABLE, "%s: TLS is required and the server does not offer it",
                         connection->label);
    return 0;
}

/* 'user'@'host' as GRANT takes it, from user@host. */
static char *quote_account(const char *account)
{
    const char *at = strrchr(account, '@');
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_QUERY_VALUE);
    mysql_quote_string(&text, account, at ? (size_t)(at - account) : strlen(account));
    if (at) {
        strbuf_add_char(&text, '@');
        mysql_quote_string(&text, at + 1, strlen(at + 1));
    }
    return strbuf_steal(&text);
}

enum { FACT_VERSION, FACT_DATABASE, FACT_ACCOUNT, FACT_FOLDS_NAMES, FACTS };

static int read_identity(struct mysql_connection *connection, struct deadline deadline, struct server_facts *ret_facts,
                         struct error *reterr)
{
    char *cells[FACTS] = {0};
    bool found = false;
    int failed =
        mysql_session_single(connection, "SELECT VERSION(), DATABASE(), CURRENT_USER(), @@lower_case_table_names",
                             deadline, cells, FACTS, &found, reterr);
    if (!failed && !cells[FACT_DATABASE]) {
        failed = error_set(reterr, ERROR_INVALID, "%s: the URL names no database", connection->label);
    } else if (!failed) {
        const char *version = cells[FACT_VERSION] ? cells[FACT_VERSION] : "";
        connection->mariadb = strcasestr(version, "mariadb") != NULL;
        snprintf(ret_facts->engine, sizeof(ret_facts->engine), "%s", connection->mariadb ? "mariadb" : "mysql");
        snprintf(ret_facts->version, sizeof(ret_facts->version), "%.*s", (int)strcspn(version, "-"), version);
        snprintf(ret_facts->database, sizeof(ret_facts->database), "%s", cells[FACT_DATABASE]);
        snprintf(ret_facts->role, sizeof(ret_facts->role), "%s", cells[FACT_ACCOUNT] ? cells[FACT_ACCOUNT] : "");
        ret_facts->tls = mysql_get_ssl_cipher(connection->mysql) != NULL;
        connection->folds_names = cells[FACT_FOLDS_NAMES] && strcmp(cells[FACT_FOLDS_NAMES], "0") != 0;
        connection->database = take(cells[FACT_DATABASE]);
        connection->account = quote_account(ret_facts->role);
        failed = connection->account ? 0 : error_no_memory(reterr);
    }
    for (size_t i = 0; i < FACTS; i++)
        mem_free(cells[i]);
    return failed;
}

/* What the session does must not depend on the server's configuration. A journal's statements never wait for a lock on
 * MariaDB, which can do that (the waiting is in mysql_journal.c); MySQL's least is a second. */
static int pin_session(struct mysql_connection *connection, struct deadline deadline, struct error *reterr)
{
    bool deep = connection->purpose == PURPOSE_DEEP;
    int seconds = deep ? deadline_left_ms(deadline) / 1000 + 1 : JOURNAL_STATEMENT_SECONDS;
    char text[320] = "";
    if (connection->mariadb)
        snprintf(text, sizeof(text),
                 "SET NAMES utf8mb4, time_zone='+00:00', sql_mode='', sql_quote_show_create=1, lock_wait_timeout=%d, "
                 "max_statement_time=%d, tx_read_only=1",
                 deep ? 1 : 0, seconds);
    else
        snprintf(text, sizeof(text),
                 "SET NAMES utf8mb4, time_zone='+00:00', sql_mode='', sql_quote_show_create=1, lock_wait_timeout=1, "
                 "max_execution_time=%d, transaction_read_only=1",
                 seconds * 1000);
    return mysql_session_run(connection, text, deadline, reterr);
}

int mysql_session_set_multi_statements(struct mysql_connection *connection, bool allowed, struct deadline deadline,
                                       struct error *reterr)
{
    if (connection->multi_statements == allowed)
        return 0;
    enum wire_result result = wire_set_multi_statements(connection->mysql, allowed, deadline);
    if (result != WIRE_OK)
        return mysql_session_error(connection, result, reterr);
    connection->multi_statements = allowed;
    return 0;
}

int mysql_session_turn_to_journals(struct mysql_connection *connection, struct deadline deadline, struct error *reterr)
{
    if (mysql_session_check(connection, reterr))
        return -1;
    if (connection->purpose == PURPOSE_JOURNAL)
        return 0;
    if (mysql_session_set_multi_statements(connection, false, deadline, reterr))
        return -1;
    connection->purpose = PURPOSE_JOURNAL;
    return pin_session(connection, deadline, reterr);
}

/* A number that is not worth failing for: 0 where the role may not ask. */
static int read_number(struct mysql_connection *connection, const char *text, struct deadline deadline,
                       int64_t *ret_number, struct error *reterr)
{
    char *cell = NULL;
    bool found = false;
    struct error error = {0};
    *ret_number = 0;
    if (mysql_session_single(connection, text, deadline, &cell, 1, &found, &error) == 0 && cell)
        *ret_number = strtoll(cell, NULL, 10);
    mem_free(cell);
    if (connection->lost && reterr)
        *reterr = error;
    return connection->lost ? -1 : 0;
}

/* Since when the server runs, and whether it follows another one. */
static int read_status(struct mysql_connection *connection, struct deadline deadline, struct server_facts *ret_facts,
                       struct error *reterr)
{
    static const struct {
        const char *started;
        const char *sources;
    } queries[] = {
        {"SELECT UNIX_TIMESTAMP() - VARIABLE_VALUE FROM performance_schema.global_status"
         " WHERE VARIABLE_NAME = 'Uptime'",
         "SELECT COUNT(*) FROM performance_schema.replication_connection_configuration"},
        {"SELECT UNIX_TIMESTAMP() - VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
         " WHERE VARIABLE_NAME = 'UPTIME'",
         "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'SLAVES_RUNNING'"},
    };
    int64_t sources = 0;
    if (read_number(connection, queries[connection->mariadb].started, deadline, &connection->server_started, reterr) ||
        read_number(connection, queries[connection->mariadb].sources, deadline, &sources, reterr))
        return -1;
    ret_facts->replica = sources > 0;
    return 0;
}

static void prove_absence(const struct mysql_connection *connection, struct server_facts *ret_facts)
{
    ret_facts->absence_proven = mysql_grants_sees_tables(connection->grants);
    if (ret_facts->absence_proven)
        return;
    cleanup(strbuf) struct strbuf grant = STRBUF(sizeof(ret_facts->grant_needed) - 1);
    strbuf_add_string(&grant, "GRANT REFERENCES, SHOW VIEW ON ");
    mysql_quote_name(&grant, connection->database);
    strbuf_printf(&grant, ".* TO %s", connection->account);
    snprintf(ret_facts->grant_needed, sizeof(ret_facts->grant_needed), "%s",
             strbuf_ok(&grant) ? strbuf_text(&grant) : "GRANT REFERENCES, SHOW VIEW on the database");
}

static int introduce(struct mysql_connection *connection, struct deadline deadline, struct server_facts *ret_facts,
                     struct error *reterr)
{
    if (read_identity(connection, deadline, ret_facts, reterr) || pin_session(connection, deadline, reterr) ||
        read_status(connection, deadline, ret_facts, reterr) || mysql_session_read_grants(connection, deadline, reterr))
        return -1;
    prove_absence(connection, ret_facts);
    return 0;
}

/* The client libraries look the name up themselves, blocking and outside our deadline, and must be given the name,
 * which the server's certificate is checked against. So a resolver that hangs is found out here, before they are asked.
 */
static int look_up(const struct engine_target *target, struct deadline deadline, struct error *reterr)
{
    struct engine_address address = {0};
    size_t count = 0;
    if (!target->host || *target->host == '/')
        return 0;
    if (engine_resolve(target->host, deadline, &address, 1, &count, reterr) < 0)
        return error_prefix(reterr, "%s", target->display);
    return 0;
}

static int establish(struct mysql_connection *connection, const struct engine_target *target, struct deadline deadline,
                     struct server_facts *ret_facts, struct error *reterr)
{
    connection->label = mem_strdup(target->display);
    connection->mysql = mysql_init(NULL);
    if (!connection->label || !connection->mysql)
        return error_no_memory(reterr);
    if (look_up(target, deadline, reterr) < 0 || connect_server(connection, target, deadline, reterr))
        return -1;
    return introduce(connection, deadline, ret_facts, reterr);
}

int mysql_session_open(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                       struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr)
{
    call_once(&library_once, library_init);
    struct mysql_connection *connection = mem_calloc(1, sizeof(*connection));
    if (!connection)
        return error_no_memory(reterr);
    struct server_facts facts = {0};
    connection->base.ops = &mysql_ops;
    connection->purpose = purpose;
    if (establish(connection, target, deadline, &facts, reterr)) {
        mysql_session_close(&connection->base);
        return -1;
    }
    if (ret_facts)
        *ret_facts = facts;
    *ret_connection = &connection->base;
    return 0;
}

/* A farewell to a server that does not listen would block: then the socket is shut first, and it fails at once. */
void mysql_session_close(struct engine_connection *base)
{
    struct mysql_connection *connection = (struct mysql_connection *)base;
    if (!connection)
        return;
    if (connection->mysql) {
        if (connection->lost)
            wire_abort(connection->mysql);
        mysql_close(connection->mysql);
    }
    mysql_grants_free(connection->grants);
    mem_free(connection->label);
    mem_free(connection->database);
    mem_free(connection->account);
    mem_free(connection);
}
