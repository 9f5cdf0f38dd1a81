/* SPDX-License-Identifier: Apache-2.0
 *
 * Scratch databases on a PostgreSQL server. Each carries the server's time of its making as its comment, since the
 * server does not keep that; whoever finds one without a comment gives it one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/postgres/postgres_session.h"
#include "engine/scratch_engine.h"

struct postgres_scratch {
    struct scratch base;
    struct engine_target *server; /* where databases are made and dropped */
    struct postgres_session *session;
    bool made; /* the server was asked to make it */
};

static const char *const names[] = {"postgres", NULL};

/* Runs one statement whatever it gives back; a COPY that would wait for us is refused. */
static int execute(struct postgres_session *session, const char *sql, struct deadline deadline, struct error *reterr)
{
    if (postgres_send(session, sql, deadline, reterr) < 0)
        return -1;
    for (;;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(session, deadline, &result, reterr) < 0)
            return -1;
        ExecStatusType status = PQresultStatus(result);
        if (!result)
            return 0;
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            session->lost = true;
            return error_set(reterr, ERROR_INVALID, "%s: COPY is not carried out here", session->where);
        }
    }
}

/* `before`, a name of ours, which needs no quoting, and `after`. */
static int execute_with(struct postgres_session *session, const char *before, const char *name, const char *after,
                        struct deadline deadline, struct error *reterr)
{
    char sql[256] = "";
    snprintf(sql, sizeof sql, "%s%s%s", before, name, after);
    return execute(session, sql, deadline, reterr);
}

static int note_time(struct postgres_session *session, const char *name, struct deadline deadline, struct error *reterr)
{
    static const char ask[] = "SELECT extract(epoch FROM pg_catalog.clock_timestamp())::bigint";
    cleanup(result) PGresult *result = NULL;
    char sql[256] = "";
    if (postgres_query(session, ask, deadline, &result, reterr) < 0)
        return -1;
    snprintf(sql, sizeof sql, "COMMENT ON DATABASE \"%s\" IS 'migrationd, seen at %lld'", name,
             strtoll(PQgetvalue(result, 0, 0), NULL, 10));
    return execute(session, sql, deadline, reterr);
}

/* Nothing that fails here matters to who asked for a scratch database, unless the session is lost. */
static int drop_leftovers(struct postgres_session *session, struct deadline deadline, struct error *reterr)
{
    static const char ask[] =
        "SELECT d.datname, CASE WHEN c.seen IS NULL THEN 'new' WHEN c.seen::bigint < "
        "extract(epoch FROM pg_catalog.clock_timestamp())::bigint - " SCRATCH_AGE_SECONDS
        " THEN 'old' ELSE 'young' END "
        "FROM pg_catalog.pg_database d, LATERAL (SELECT substring(pg_catalog.shobj_description(d.oid, 'pg_database') "
        "FROM 'seen at ([0-9]{1,15})$') AS seen) c "
        "WHERE d.datname ~ '^" SCRATCH_PREFIX "[0-9a-f]{16}$' AND pg_catalog.pg_has_role(d.datdba, 'USAGE') "
        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid) ORDER BY 2 DESC";
    cleanup(result) PGresult *result = NULL;
    if (postgres_query(session, ask, deadline, &result, reterr) < 0)
        return -1;
    int dropped = 0;
    for (int i = 0; i < PQntuples(result) && dropped < SCRATCH_LEFTOVERS && !session->lost; i++) {
        const char *name = PQgetvalue(result, i, 0);
        const char *age = PQgetvalue(result, i, 1);
        if (strcmp(age, "new") == 0)
            note_time(session, name, deadline, NULL);
        if (strcmp(age, "old") == 0)
            dropped += execute_with(session, "DROP DATABASE IF EXISTS \"", name, "\"", deadline, NULL) == 0;
    }
    return session->lost ? error_set(reterr, ERROR_UNREACHABLE, "%s: the connection is lost", session->where) : 0;
}

/* A server goes on with CREATE DATABASE though nobody waits for it, and would be done with it behind the drop. */
static int stop_making(struct postgres_session *session, const char *name, struct deadline deadline,
                       struct error *reterr)
{
    char sql[320] = "";
    snprintf(
        sql, sizeof sql,
        "SELECT pg_catalog.pg_terminate_backend(a.pid), pg_catalog.pg_sleep(0.02) FROM pg_catalog.pg_stat_activity a "
        "WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.query LIKE 'CREATE DATABASE \"%s\" %%'",
        name);
    for (;;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_query(session, sql, deadline, &result, reterr) < 0)
            return -1;
        if (PQntuples(result) == 0)
            return 0;
    }
}

static int drop(const struct postgres_scratch *scratch, struct error *reterr)
{
    struct deadline deadline = deadline_in(SCRATCH_CLOSE_MS);
    cleanup(postgres_session) struct postgres_session *session = NULL;
    if (postgres_session_open(scratch->server, deadline, &session, reterr) < 0)
        return -1;
    if (stop_making(session, scratch->base.name, deadline, reterr) < 0)
        return -1;
    return execute_with(session, "DROP DATABASE IF EXISTS \"", scratch->base.name, "\" WITH (FORCE)", deadline, reterr);
}

static int close_scratch(struct scratch *base, struct error *reterr)
{
    struct postgres_scratch *scratch = (struct postgres_scratch *)base;
    struct error error = {0};
    postgres_session_close(scratch->session);
    int status = scratch->made ? drop(scratch, &error) : 0;
    if (status < 0)
        error_set(reterr, error.code, "%s was left behind (DROP DATABASE %s removes it): %s", base->target->display,
                  base->name, error.message);
    engine_target_free(base->target);
    engine_target_free(scratch->server);
    mem_free(scratch);
    return status;
}

static int create(struct postgres_scratch *scratch, struct deadline deadline, struct error *reterr)
{
    cleanup(postgres_session) struct postgres_session *session = NULL;
    if (postgres_session_open(scratch->server, deadline, &session, reterr) < 0)
        return -1;
    if (drop_leftovers(session, deadline, reterr) < 0)
        return -1;
    scratch->made = true;
    if (execute_with(session, "CREATE DATABASE \"", scratch->base.name, "\" TEMPLATE template0", deadline, reterr) < 0)
        return -1;
    return note_time(session, scratch->base.name, deadline, reterr);
}

/* What taking a script apart relies on, and what makes loading fast: nothing here has to outlive a crash. */
static int prepare(struct postgres_session *session, struct deadline deadline, struct error *reterr)
{
    char sql[256] = "";
    snprintf(sql, sizeof sql,
             "SET standard_conforming_strings=on;SET synchronous_commit=off;SET client_min_messages=error;"
             "SET statement_timeout=%d",
             deadline_left_ms(deadline) + 1);
    return execute(session, sql, deadline, reterr);
}

static int open_scratch(const struct scratch_request *request, const char *name, struct deadline deadline,
                        struct scratch **ret_scratch, struct error *reterr)
{
    struct postgres_scratch *scratch = mem_calloc(1, sizeof *scratch);
    if (!scratch)
        return error_no_memory(reterr);
    scratch->base.engine = &postgres_scratch;
    snprintf(scratch->base.name, sizeof scratch->base.name, "%s", name);
    const char *database = request->server->database;
    int status = scratch_target_copy(request->server, database ? database : "postgres", &scratch->server, reterr);
    if (status == 0)
        status = scratch_target_copy(request->server, name, &scratch->base.target, reterr);
    if (status < 0) {
        engine_target_free(scratch->server);
        mem_free(scratch);
        return -1;
    }
    if (create(scratch, deadline, reterr) < 0 ||
        postgres_session_open(scratch->base.target, deadline, &scratch->session, reterr) < 0 ||
        prepare(scratch->session, deadline, reterr) < 0)
        return scratch_give_up(&scratch->base, reterr);
    *ret_scratch = &scratch->base;
    return 0;
}

static int run(struct scratch *base, const char *sql, struct deadline deadline, struct error *reterr)
{
    struct postgres_scratch *scratch = (struct postgres_scratch *)base;
    return execute(scratch->session, sql, deadline, reterr);
}

const struct scratch_engine postgres_scratch = {
    .names = names, .open = open_scratch, .run = run, .close = close_scratch};
