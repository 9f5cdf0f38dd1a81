/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "engine/postgres/postgres_session.h"
#include "engine/stamp_engine.h"

static int execute(struct postgres_session *session, const char *sql, struct deadline deadline, struct error *reterr)
{
    return postgres_query(session, sql, deadline, NULL, reterr);
}

static int run_all(struct postgres_session *session, const struct stamp_script *script, struct deadline deadline,
                   struct error *reterr)
{
    for (size_t i = 0; i < script->count; i++)
        if (execute(session, script->statements[i].sql, deadline, reterr) < 0)
            return -1;
    return 0;
}

static int set_schema(struct postgres_session *session, const char *schema, struct deadline deadline,
                      struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(1024);
    if (!schema)
        return 0;
    strbuf_add_string(&sql, "SET search_path TO ");
    if (postgres_add_identifier(session, &sql, schema, reterr) < 0)
        return -1;
    return strbuf_ok(&sql) ? execute(session, strbuf_text(&sql), deadline, reterr) : error_no_memory(reterr);
}

/* Closing the session ends a transaction that failed, with nothing written. */
int postgres_stamp(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
                   struct error *reterr)
{
    cleanup(postgres_session) struct postgres_session *session = NULL;
    char begin[200] = "";
    if (postgres_session_open(target, deadline, &session, reterr) < 0)
        return -1;
    snprintf(begin, sizeof begin,
             "SET standard_conforming_strings=on;SET client_min_messages=error;SET lock_timeout='2s';"
             "SET statement_timeout=%d;BEGIN",
             deadline_left_ms(deadline) + 1);
    if (execute(session, begin, deadline, reterr) < 0 || set_schema(session, script->schema, deadline, reterr) < 0 ||
        run_all(session, script, deadline, reterr) < 0)
        return -1;
    if (execute(session, "COMMIT", deadline, reterr) == 0)
        return 0;
    return session->lost ? error_prefix(reterr, "the connection was lost at the commit: look whether the journal is "
                                                "there")
                         : -1;
}
