/* SPDX-License-Identifier: Apache-2.0
 *
 * What a journal look asks the catalogues: where the journals stand, and who holds a lock. No privilege is needed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "engine/postgres/postgres_session.h"

enum { QUERY_BYTES = 1024 * 1024 };

static bool in_scope(const struct engine_scope *scope, const char *schema)
{
    for (size_t i = 0; i < scope->schema_count; i++)
        if (glob_match(scope->schemas[i], schema))
            return true;
    return scope->schema_count == 0;
}

/* The missing grants are written by the server, which knows how to quote. */
static int add_find_query(struct postgres_session *session, struct strbuf *sql, const char *const *names, size_t count,
                          struct error *reterr)
{
    strbuf_add_string(sql, "SELECT n.nspname,c.relname,u.usage AND s.selectable,"
                           "pg_catalog.concat_ws('; ',"
                           "CASE WHEN NOT u.usage THEN pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I',n.nspname,"
                           "current_user) END,"
                           "CASE WHEN NOT s.selectable THEN pg_catalog.format('GRANT SELECT ON %I.%I TO %I',n.nspname,"
                           "c.relname,current_user) END)"
                           "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace "
                           "CROSS JOIN LATERAL(SELECT pg_catalog.has_schema_privilege(n.oid,'USAGE'))u(usage)"
                           "CROSS JOIN LATERAL(SELECT pg_catalog.has_any_column_privilege(c.oid,'SELECT'))s(selectable)"
                           "WHERE c.relkind IN('r','p','f','v','m')AND c.relpersistence<>'t'"
                           "AND n.nspname<>'information_schema'AND n.nspname!~'^pg_'"
                           "AND u.usage IS NOT NULL AND s.selectable IS NOT NULL AND c.relname IN(");
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(sql, i > 0 ? "," : "");
        if (postgres_add_literal(session, sql, names[i], reterr) < 0)
            return -1;
    }
    strbuf_printf(sql, ")ORDER BY 1,2 LIMIT %u", LIMIT_JOURNALS + 1);
    return strbuf_ok(sql) ? 0 : error_no_memory(reterr);
}

int postgres_find_tables(struct engine_connection *connection, const struct engine_scope *scope,
                         const char *const *names, size_t count, struct deadline deadline,
                         const struct sighting_sink *sink, struct error *reterr)
{
    struct postgres_session *session = postgres_session_of(connection);
    cleanup(strbuf) struct strbuf sql = STRBUF(QUERY_BYTES);
    if (count == 0)
        return 0;
    if (add_find_query(session, &sql, names, count, reterr) < 0)
        return -1;
    cleanup(result) PGresult *result = NULL;
    if (postgres_query(session, strbuf_text(&sql), deadline, &result, reterr) < 0)
        return -1;
    if (PQntuples(result) > (int)LIMIT_JOURNALS)
        return error_set(reterr, ERROR_TRUNCATED, "%s: more than %u tables have a journal's name", session->where,
                         LIMIT_JOURNALS);
    for (int i = 0; i < PQntuples(result); i++) {
        const struct table_sighting sighting = {
            .schema = PQgetvalue(result, i, 0),
            .table = PQgetvalue(result, i, 1),
            .readable = PQgetvalue(result, i, 2)[0] == 't',
            .grant = PQgetvalue(result, i, 3),
        };
        if (in_scope(scope, sighting.schema) && sink->sighting(sink->payload, &sighting, reterr) != 0)
            return -1;
    }
    return 0;
}

/* The columns of a held lock, and of whoever holds it. */
enum {
    HELD_PID,
    HELD_APPLICATION,
    HELD_ADDRESS,
    HELD_SINCE,
    HELD_TYPE,
    HELD_CLASS,
    HELD_OBJECT,
    HELD_SCHEMA,
    HELD_TABLE,
    HELD_MODE
};

/* The keys of the advisory locks that are asked for. */
static void add_keys(struct strbuf *sql, const struct lock_request *requests, size_t count)
{
    const char *separator = "";
    for (size_t i = 0; i < count; i++) {
        if (requests[i].form != LOCK_ADVISORY)
            continue;
        strbuf_printf(sql, "%s(%u,%u)", separator, requests[i].advisory_class, requests[i].advisory_object);
        separator = ",";
    }
}

/* The names of the tables, each once: tenants' have all the same. */
static int add_tables(struct postgres_session *session, struct strbuf *sql, const struct lock_request *requests,
                      size_t count, struct error *reterr)
{
    const char *separator = "";
    const char *last = NULL;
    for (size_t i = 0; i < count; i++) {
        if (requests[i].form != LOCK_RELATION || (last && strcmp(last, requests[i].table) == 0))
            continue;
        last = requests[i].table;
        strbuf_add_string(sql, separator);
        if (postgres_add_literal(session, sql, last, reterr) < 0)
            return -1;
        separator = ",";
    }
    return 0;
}

static bool has_form(const struct lock_request *requests, size_t count, enum lock_form form)
{
    for (size_t i = 0; i < count; i++)
        if (requests[i].form == form)
            return true;
    return false;
}

/* Which locks of pg_locks l are asked for; of those on tables a few too many, which are told apart by is_held. */
static int add_lock_conditions(struct postgres_session *session, struct strbuf *sql,
                               const struct lock_request *requests, size_t count, struct error *reterr)
{
    bool keys = has_form(requests, count, LOCK_ADVISORY);
    if (keys) {
        strbuf_add_string(sql, "l.locktype='advisory'AND l.objsubid=1 AND(l.classid,l.objid)IN(");
        add_keys(sql, requests, count);
        strbuf_add_char(sql, ')');
    }
    if (!has_form(requests, count, LOCK_RELATION))
        return 0;
    strbuf_add_string(sql, keys ? " OR " : "");
    strbuf_add_string(sql, "l.locktype='relation'AND l.mode IN('RowExclusiveLock','ShareLock','ShareRowExclusiveLock',"
                           "'ExclusiveLock','AccessExclusiveLock','ShareUpdateExclusiveLock')"
                           "AND a.backend_type IS DISTINCT FROM 'autovacuum worker'"
                           "AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()AND c.relname IN(");
    if (add_tables(session, sql, requests, count, reterr) < 0)
        return -1;
    strbuf_add_char(sql, ')');
    return 0;
}

/* "pid 4711, flyway at 10.0.0.7 since …": what the role may not see of another session is left out. */
static void describe_holder(const PGresult *result, int row, struct lock_report *report)
{
    const char *pid = PQgetvalue(result, row, HELD_PID);
    const char *application = PQgetvalue(result, row, HELD_APPLICATION);
    const char *address = PQgetvalue(result, row, HELD_ADDRESS);
    if (PQgetisnull(result, row, HELD_PID))
        snprintf(report->holder, sizeof report->holder, "a prepared transaction");
    else
        snprintf(report->holder, sizeof report->holder, "pid %s%s%s%s%s", pid, *application ? ", " : "", application,
                 *address ? " at " : "", address);
    utf8_make_line(report->holder, sizeof report->holder);
    if (!PQgetisnull(result, row, HELD_SINCE))
        report->since_ms = strtoll(PQgetvalue(result, row, HELD_SINCE), NULL, 10);
}

static bool is_held(const PGresult *result, int row, const struct lock_request *request)
{
    bool relation = PQgetvalue(result, row, HELD_TYPE)[0] == 'r';
    if (request->form == LOCK_ADVISORY)
        return !relation && request->advisory_class == strtoul(PQgetvalue(result, row, HELD_CLASS), NULL, 10) &&
               request->advisory_object == strtoul(PQgetvalue(result, row, HELD_OBJECT), NULL, 10);
    bool maintenance = strcmp(PQgetvalue(result, row, HELD_MODE), "ShareUpdateExclusiveLock") == 0;
    return request->form == LOCK_RELATION && relation && (request->weak || !maintenance) &&
           strcmp(PQgetvalue(result, row, HELD_TABLE), request->table) == 0 &&
           strcmp(PQgetvalue(result, row, HELD_SCHEMA), request->schema) == 0;
}

static int add_lock_query(struct postgres_session *session, struct strbuf *sql, const struct lock_request *requests,
                          size_t count, struct error *reterr)
{
    strbuf_add_string(sql, "SELECT l.pid,a.application_name,pg_catalog.host(a.client_addr),"
                           "pg_catalog.floor(1000*EXTRACT(epoch FROM COALESCE(a.xact_start,a.backend_start)))"
                           "::pg_catalog.int8,l.locktype,l.classid,l.objid,n.nspname,c.relname,l.mode "
                           "FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid=l.pid "
                           "LEFT JOIN pg_catalog.pg_class c ON c.oid=l.relation "
                           "LEFT JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace "
                           "WHERE l.granted AND l.database=(SELECT d.oid FROM pg_catalog.pg_database d "
                           "WHERE d.datname=pg_catalog.current_database())AND(");
    if (add_lock_conditions(session, sql, requests, count, reterr) < 0)
        return -1;
    strbuf_add_string(sql, ")ORDER BY 4");
    return strbuf_ok(sql) ? 0 : error_no_memory(reterr);
}

int postgres_read_locks(struct engine_connection *connection, const struct lock_request *requests, size_t count,
                        struct deadline deadline, struct lock_report *ret_reports, struct error *reterr)
{
    struct postgres_session *session = postgres_session_of(connection);
    for (size_t i = 0; i < count; i++)
        ret_reports[i] = (struct lock_report){.since_ms = TIME_UNKNOWN};
    if (!has_form(requests, count, LOCK_ADVISORY) && !has_form(requests, count, LOCK_RELATION))
        return 0;
    cleanup(strbuf) struct strbuf sql = STRBUF(QUERY_BYTES);
    if (add_lock_query(session, &sql, requests, count, reterr) < 0)
        return -1;
    cleanup(result) PGresult *result = NULL;
    if (postgres_query(session, strbuf_text(&sql), deadline, &result, reterr) < 0)
        return -1;
    /* The one that lasts longest comes first, and is the one to name. */
    for (int row = 0; row < PQntuples(result); row++)
        for (size_t i = 0; i < count; i++)
            if (!ret_reports[i].held && is_held(result, row, &requests[i])) {
                ret_reports[i].held = true;
                describe_holder(result, row, &ret_reports[i]);
            }
    return 0;
}

int postgres_read_lock(struct engine_connection *connection, const struct lock_request *request,
                       struct deadline deadline, struct lock_report *ret_report, struct error *reterr)
{
    return postgres_read_locks(connection, request, 1, deadline, ret_report, reterr);
}
