/* SPDX-License-Identifier: Apache-2.0
 *
 * Connecting: every address of every host is a candidate of its own, so that one that does not answer takes its share
 * of the time and not all of it.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/postgres/postgres_engine.h"
#include "engine/postgres/postgres_error.h"
#include "engine/postgres/postgres_session.h"
#include "engine/resolve/resolve.h"

enum { CANDIDATES = 32, ADDRESSES_PER_HOST = 8, KEYWORDS = 96, OLDEST_VERSION = 130000 };

struct candidate {
    char host[256];
    char port[8];
    struct engine_address address; /* "": libpq knows (sockets, hostaddr given) */
};

struct candidates {
    struct candidate list[CANDIDATES];
    size_t count;
    struct error error; /* of the last name that could not be looked up */
};

/* What libpq is given. All texts are borrowed. */
struct keywords {
    const char *names[KEYWORDS];
    const char *values[KEYWORDS];
    size_t count;
};

static void add_keyword(struct keywords *keywords, const char *name, const char *value)
{
    if (!value || keywords->count + 1 >= KEYWORDS)
        return;
    keywords->names[keywords->count] = name;
    keywords->values[keywords->count++] = value;
}

static const char *parameter_of(const struct engine_target *target, const char *name)
{
    for (size_t i = 0; i < target->parameter_count; i++)
        if (strcmp(target->parameters[i].name, name) == 0)
            return target->parameters[i].value;
    return NULL;
}

static int check_parameters(const struct engine_target *target, struct error *reterr)
{
    PQconninfoOption *known = PQconninfoParse("", NULL);
    if (!known)
        return error_no_memory(reterr);
    const char *unknown = NULL;
    for (size_t i = 0; i < target->parameter_count && !unknown; i++) {
        const char *name = target->parameters[i].name;
        const PQconninfoOption *option = known;
        while (option->keyword && strcmp(option->keyword, name) != 0)
            option++;
        if (!option->keyword || strcmp(name, "replication") == 0)
            unknown = name;
    }
    PQconninfoFree(known);
    if (unknown)
        return error_set(reterr, ERROR_INVALID, "%s: libpq has no parameter '%s' for us", target->display, unknown);
    return 0;
}

/* Copies the next item of a comma-separated list; keeps the last one when there is no more. */
static void next_item(const char **list, char *ret_item, size_t size)
{
    if (!*list)
        return;
    size_t length = strcspn(*list, ",");
    snprintf(ret_item, size, "%.*s", (int)length, *list);
    *list = (*list)[length] ? *list + length + 1 : NULL;
}

static void add_candidate(struct candidates *candidates, const char *host, const char *port,
                          const struct engine_address *address)
{
    if (candidates->count == CANDIDATES)
        return;
    struct candidate *candidate = &candidates->list[candidates->count++];
    snprintf(candidate->host, sizeof candidate->host, "%s", host);
    snprintf(candidate->port, sizeof candidate->port, "%s", port);
    candidate->address = *address;
}

static int find_candidates(const struct engine_target *target, struct deadline deadline, struct candidates *candidates,
                           struct error *reterr)
{
    static const struct engine_address none = {.text = ""};
    const char *hosts = target->host ? target->host : "";
    const char *ports = target->port;
    char port[8] = "";
    while (hosts) {
        char host[256] = "";
        next_item(&hosts, host, sizeof host);
        next_item(&ports, port, sizeof port);
        if (!*host || *host == '/' || *host == '@') {
            add_candidate(candidates, host, port, &none);
            continue;
        }
        struct engine_address addresses[ADDRESSES_PER_HOST] = {0};
        size_t count = 0;
        if (engine_resolve(host, deadline, addresses, ADDRESSES_PER_HOST, &count, &candidates->error) < 0)
            continue;
        for (size_t i = 0; i < count; i++)
            add_candidate(candidates, host, port, &addresses[i]);
    }
    if (candidates->count > 0)
        return 0;
    if (reterr)
        *reterr = candidates->error;
    return -1;
}

static void fill_keywords(struct keywords *keywords, const struct engine_target *target, const char *session_kind)
{
    add_keyword(keywords, "user", target->user);
    add_keyword(keywords, "password", target->password);
    add_keyword(keywords, "dbname", target->database);
    add_keyword(keywords, "fallback_application_name", "migrationd");
    add_keyword(keywords, "gssencmode", "disable"); /* its negotiation can block on a ticket server */
    add_keyword(keywords, "target_session_attrs", session_kind);
    for (size_t i = 0; i < target->parameter_count; i++) {
        const char *name = target->parameters[i].name;
        if (strcmp(name, "target_session_attrs") != 0)
            add_keyword(keywords, name, target->parameters[i].value); /* the last one of a name counts */
    }
    add_keyword(keywords, "client_encoding", "UTF8");
}

/* What kept us from connecting, from libpq's text. */
static int refuse(const struct postgres_session *session, const struct engine_target *target, struct error *reterr)
{
    char sqlstate[6] = "";
    char text[300] = "";
    const char *message = PQerrorMessage(session->conn);
    const char *from_server = postgres_find_sqlstate(message, sqlstate);
    postgres_clean_message(from_server ? from_server : message, target->password, text, sizeof text);
    enum error_code code = ERROR_UNREACHABLE;
    if (from_server)
        code = postgres_error_code(sqlstate);
    else if (PQconnectionNeedsPassword(session->conn))
        code = ERROR_AUTH_FAILED;
    error_set(reterr, code, "%s: %s", session->where, *text ? text : "the connection failed");
    if (reterr)
        memcpy(reterr->sqlstate, sqlstate, sizeof reterr->sqlstate);
    return -1;
}

static void ignore_notice(void *unused, const char *message)
{
    (void)unused;
    (void)message;
}

static int handshake(struct postgres_session *session, const struct engine_target *target, struct deadline deadline,
                     struct error *reterr)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED)
            return refuse(session, target, reterr);
        if (postgres_wait(session, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline, reterr) < 0)
            return -1;
        state = PQconnectPoll(session->conn);
    }
    PQsetErrorVerbosity(session->conn, PQERRORS_DEFAULT);
    if (PQsetnonblocking(session->conn, 1) != 0)
        return refuse(session, target, reterr);
    return 0;
}

static int try_candidate(const struct engine_target *target, const struct candidate *candidate,
                         const char *session_kind, struct deadline deadline, struct postgres_session **ret_session,
                         struct error *reterr)
{
    cleanup(postgres_session) struct postgres_session *session = mem_calloc(1, sizeof *session);
    if (!session)
        return error_no_memory(reterr);
    session->base.ops = &postgres_ops;
    snprintf(session->where, sizeof session->where, "%s", target->display);
    struct keywords keywords = {0};
    if (*candidate->address.text || !parameter_of(target, "hostaddr")) {
        add_keyword(&keywords, "host", *candidate->host ? candidate->host : NULL);
        add_keyword(&keywords, "hostaddr", *candidate->address.text ? candidate->address.text : NULL);
        add_keyword(&keywords, "port", *candidate->port ? candidate->port : NULL);
    } else {
        add_keyword(&keywords, "host", target->host);
        add_keyword(&keywords, "port", target->port);
    }
    fill_keywords(&keywords, target, session_kind);
    session->conn = PQconnectStartParams(keywords.names, keywords.values, 0);
    if (!session->conn)
        return error_no_memory(reterr);
    PQsetNoticeProcessor(session->conn, ignore_notice, NULL);
    PQsetErrorVerbosity(session->conn, PQERRORS_VERBOSE); /* the only way to learn why a server refused */
    if (PQstatus(session->conn) == CONNECTION_BAD)
        return refuse(session, target, reterr);
    if (handshake(session, target, deadline, reterr) < 0)
        return -1;
    *ret_session = take(session);
    return 0;
}

/* Other hosts will not know better: the server has spoken. */
static bool is_final(const struct error *error)
{
    return error->code == ERROR_AUTH_FAILED || error->code == ERROR_NOT_FOUND || error->code == ERROR_FORBIDDEN ||
           error->code == ERROR_NO_MEMORY || error->code == ERROR_INVALID;
}

static int try_candidates(const struct engine_target *target, const struct candidates *candidates,
                          const char *session_kind, struct deadline deadline, struct postgres_session **ret_session,
                          struct error *error)
{
    for (size_t i = 0; i < candidates->count; i++) {
        int share = deadline_left_ms(deadline) / (int)(candidates->count - i);
        struct deadline slice = deadline_earlier(deadline, deadline_in(share));
        if (try_candidate(target, &candidates->list[i], session_kind, slice, ret_session, error) == 0)
            return 0;
        if (is_final(error))
            return -1;
    }
    return -1;
}

int postgres_session_open(const struct engine_target *target, struct deadline deadline,
                          struct postgres_session **ret_session, struct error *reterr)
{
    struct candidates candidates = {0};
    struct error error = {0};
    if (check_parameters(target, reterr) < 0)
        return -1;
    if (parameter_of(target, "hostaddr"))
        add_candidate(&candidates, "", "", &(struct engine_address){.text = ""});
    else if (find_candidates(target, deadline, &candidates, reterr) < 0)
        return -1;
    const char *wanted = parameter_of(target, "target_session_attrs");
    bool prefers_standby = wanted && strcmp(wanted, "prefer-standby") == 0;
    struct deadline first =
        prefers_standby ? deadline_earlier(deadline, deadline_in(deadline_left_ms(deadline) / 2)) : deadline;
    int status = try_candidates(target, &candidates, prefers_standby ? "standby" : wanted, first, ret_session, &error);
    if (status < 0 && prefers_standby && !is_final(&error))
        status = try_candidates(target, &candidates, "any", deadline, ret_session, &error);
    if (status < 0) {
        if (reterr)
            *reterr = error;
        return -1;
    }
    struct postgres_session *session = *ret_session;
    session->version = PQserverVersion(session->conn);
    const char *encoding = PQparameterStatus(session->conn, "server_encoding");
    session->raw_bytes = encoding && strcmp(encoding, "SQL_ASCII") == 0;
    if (session->version >= OLDEST_VERSION)
        return 0;
    error_set(reterr, ERROR_UNSUPPORTED, "%s: PostgreSQL 13 or later is needed", session->where);
    postgres_session_close(session);
    *ret_session = NULL;
    return -1;
}
