/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/postgres_engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/postgres/postgres_session.h"

static const char *const schemes[] = {"postgresql", "postgres", NULL};

/* "15.4 (Debian 15.4-1)" without the packager's part. */
static void fill_version(const struct postgres_session *session, char *ret_version, size_t size)
{
    const char *text = PQparameterStatus(session->conn, "server_version");
    text = text ? text : "";
    snprintf(ret_version, size, "%.*s", (int)strcspn(text, " "), text);
}

static int learn_facts(struct postgres_session *session, struct deadline deadline, struct server_facts *facts,
                       struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(4096);
    postgres_add_begin(session, &sql, deadline, POSTGRES_JOURNAL);
    strbuf_add_string(&sql, "SELECT current_database(),current_user,pg_is_in_recovery();COMMIT");
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    cleanup(result) PGresult *result = NULL;
    if (postgres_query(session, strbuf_text(&sql), deadline, &result, reterr) < 0)
        return -1;
    *facts = (struct server_facts){.engine = "postgres", .absence_proven = true};
    fill_version(session, facts->version, sizeof facts->version);
    snprintf(facts->database, sizeof facts->database, "%s", PQgetvalue(result, 0, 0));
    snprintf(facts->role, sizeof facts->role, "%s", PQgetvalue(result, 0, 1));
    utf8_make_line(facts->database, sizeof facts->database);
    utf8_make_line(facts->role, sizeof facts->role);
    facts->replica = PQgetvalue(result, 0, 2)[0] == 't';
    facts->tls = PQsslInUse(session->conn);
    return 0;
}

static int open_connection(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                           struct engine_connection **ret_connection, struct server_facts *ret_facts,
                           struct error *reterr)
{
    (void)purpose;
    cleanup(postgres_session) struct postgres_session *session = NULL;
    struct server_facts facts = {0};
    if (postgres_session_open(target, deadline, &session, reterr) < 0 ||
        learn_facts(session, deadline, &facts, reterr) < 0)
        return -1;
    if (ret_facts)
        *ret_facts = facts;
    *ret_connection = &take(session)->base;
    return 0;
}

static void close_connection(struct engine_connection *connection)
{
    postgres_session_close(postgres_session_of(connection));
}

/* The catalogues that a schema is made of: class and attribute, which hardly any DDL leaves alone, then constraint,
 * index, type, enum, rewrite, sequence, namespace. */
static const unsigned catalogues[POSTGRES_CATALOGUES] = {1259, 1249, 2606, 2610, 1247, 3501, 2618, 2224, 2615};

/* Catalogues before this one are asked about by every probe. */
enum { FIRST_IN_TURN = 2 };

/* Asks for the number of writes to each catalogue since it was last analysed. */
static int ask_counters(struct postgres_session *session, const size_t *which, size_t count, struct deadline deadline,
                        struct error *reterr)
{
    char sql[1024] = "SELECT ";
    size_t used = strlen(sql);
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(sql + used, sizeof sql - used, "%spg_catalog.pg_stat_get_mod_since_analyze(%u)",
                                 i > 0 ? "," : "", catalogues[which[i]]);
    cleanup(result) PGresult *result = NULL;
    if (postgres_query(session, sql, deadline, &result, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        session->counters[which[i]] = strtoll(PQgetvalue(result, 0, (int)i), NULL, 10);
    return 0;
}

/* Writes to the catalogues, as the statistics counted them: no lock, no table is opened. Resolving a function's name is
 * what such a query costs, so after a connection's first probe the rarer catalogues are asked about in turn, one at a
 * time. The counters come late anyhow: ten seconds and more where the session that ran the DDL stays busy, never from a
 * standby's replay, and COMMENT does not show. A token that is unchanged proves nothing; one that changed may be no
 * more than an ANALYZE. */
static int probe(struct engine_connection *connection, struct deadline deadline, struct engine_probe *ret_probe,
                 struct error *reterr)
{
    struct postgres_session *session = postgres_session_of(connection);
    size_t which[POSTGRES_CATALOGUES] = {0};
    for (size_t i = 0; i < POSTGRES_CATALOGUES; i++)
        which[i] = i;
    size_t count = POSTGRES_CATALOGUES;
    if (session->probes > 0) {
        count = FIRST_IN_TURN + 1;
        which[FIRST_IN_TURN] = FIRST_IN_TURN + session->probes % (POSTGRES_CATALOGUES - FIRST_IN_TURN);
    }
    if (ask_counters(session, which, count, deadline, reterr) < 0)
        return -1;
    session->probes++;
    size_t used = 0;
    for (size_t i = 0; i < POSTGRES_CATALOGUES && used < sizeof ret_probe->token; i++)
        used += (size_t)snprintf(ret_probe->token + used, sizeof ret_probe->token - used, "%s%" PRId64,
                                 i > 0 ? "." : "", session->counters[i]);
    return 0;
}

static int begin_look(struct engine_connection *connection, struct deadline deadline, struct error *reterr)
{
    struct postgres_session *session = postgres_session_of(connection);
    cleanup(strbuf) struct strbuf sql = STRBUF(4096);
    postgres_add_begin(session, &sql, deadline, POSTGRES_JOURNAL);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    return postgres_query(session, strbuf_text(&sql), deadline, NULL, reterr);
}

static int end_look(struct engine_connection *connection, struct deadline deadline, struct error *reterr)
{
    return postgres_end(postgres_session_of(connection), deadline, reterr);
}

const struct engine_ops postgres_ops = {
    .name = "postgres",
    .schemes = schemes,
    .default_port = "5432",
    .open = open_connection,
    .close = close_connection,
    .probe = probe,
    .read_schema = postgres_read_schema,
    .list_schemas = postgres_list_schemas,
    .begin_look = begin_look,
    .end_look = end_look,
    .find_tables = postgres_find_tables,
    .read_table = postgres_read_table,
    .read_tables = postgres_read_tables,
    .read_lock = postgres_read_lock,
    .read_locks = postgres_read_locks,
    .query = postgres_ask,
};
