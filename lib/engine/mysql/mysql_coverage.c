/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "dialect/mysql_lexer.h"
#include "engine/mysql/mysql_reading.h"

/* MariaDB from 11.3 on has a privilege for the texts of routines. */
enum { MARIADB_SHOW_CREATE_ROUTINE = 110300 };

void mysql_mark_partial(struct mysql_reading *reading, enum schema_kind kind, const char *name, const char *why)
{
    char *reason = reading->partial[kind];
    if (reason[0] != '\0')
        return;
    snprintf(reason, sizeof(reading->partial[kind]), "%.64s%s%s", name ? name : "", name ? ": " : "", why);
    utf8_make_line(reason, sizeof(reading->partial[kind]));
}

void mysql_mark_denied(struct mysql_reading *reading, enum schema_kind kind, const char *why, const char *privileges,
                       const char *level)
{
    cleanup(strbuf) struct strbuf text = STRBUF(sizeof(reading->partial[kind]) - 1);
    strbuf_printf(&text, "%s: GRANT %s ON %s TO %s", why, privileges, level, reading->connection->account);
    mysql_mark_partial(reading, kind, NULL, strbuf_ok(&text) ? strbuf_text(&text) : why);
}

/* "`database`.*", as GRANT takes it. */
static void compose_level(const struct mysql_reading *reading, struct strbuf *out)
{
    mysql_quote_name(out, reading->connection->database);
    strbuf_add_string(out, ".*");
}

void mysql_mark_unreadable_view(struct mysql_reading *reading, const char *name)
{
    cleanup(strbuf) struct strbuf level = STRBUF(LIMIT_QUERY_VALUE);
    compose_level(reading, &level);
    char why[160] = "";
    snprintf(why, sizeof(why), "%.64s: the role may not see its definition", name);
    mysql_mark_denied(reading, SCHEMA_VIEWS, why, "SELECT, SHOW VIEW", strbuf_text(&level));
}

/* Kinds that these servers do not have. */
static bool is_absent(const struct mysql_reading *reading, enum schema_kind kind)
{
    return kind == SCHEMA_SCHEMAS || kind == SCHEMA_EXTENSIONS || kind == SCHEMA_ENUMS || kind == SCHEMA_DOMAINS ||
           kind == SCHEMA_COMPOSITES || kind == SCHEMA_POLICIES ||
           (kind == SCHEMA_SEQUENCES && !reading->connection->mariadb);
}

static void mark_unseen_routines(struct mysql_reading *reading, const char *database)
{
    const struct mysql_connection *connection = reading->connection;
    static const char why[] = "not every routine is shown to the role";
    if (!connection->mariadb)
        mysql_mark_denied(reading, SCHEMA_ROUTINES, why, "SHOW_ROUTINE", "*.*");
    else if (mysql_get_server_version(connection->mysql) >= MARIADB_SHOW_CREATE_ROUTINE)
        mysql_mark_denied(reading, SCHEMA_ROUTINES, why, "SHOW CREATE ROUTINE", database);
    else
        mysql_mark_denied(reading, SCHEMA_ROUTINES, why, "SELECT", "`mysql`.`proc`");
}

/* What the grants do not cover is hidden without a word. */
static void mark_unseen(struct mysql_reading *reading)
{
    const struct mysql_grants *grants = reading->connection->grants;
    cleanup(strbuf) struct strbuf level = STRBUF(LIMIT_QUERY_VALUE);
    compose_level(reading, &level);
    const char *database = strbuf_text(&level);
    for (int kind = 0; kind < SCHEMA_KINDS; kind++) {
        bool hangs = kind == SCHEMA_TABLES || kind == SCHEMA_COLUMNS || kind == SCHEMA_CONSTRAINTS ||
                     kind == SCHEMA_INDEXES || kind == SCHEMA_VIEWS || kind == SCHEMA_SEQUENCES;
        if (hangs && !mysql_grants_sees_tables(grants))
            mysql_mark_denied(reading, (enum schema_kind)kind, "only objects that the role has a privilege on are seen",
                              "REFERENCES, SHOW VIEW", database);
    }
    if (!mysql_grants_sees_triggers(grants))
        mysql_mark_denied(reading, SCHEMA_TRIGGERS, "not every trigger is shown to the role", "TRIGGER", database);
    if (!mysql_grants_sees_events(grants))
        mysql_mark_denied(reading, SCHEMA_EVENTS, "events are not shown to the role", "EVENT", database);
    if (!mysql_grants_sees_routines(grants) || reading->hidden_bodies)
        mark_unseen_routines(reading, database);
}

void mysql_tell_coverage(struct mysql_reading *reading)
{
    mark_unseen(reading);
    for (int kind = 0; kind < SCHEMA_KINDS; kind++) {
        const char *reason = reading->partial[kind];
        enum coverage coverage = reason[0] == '\0' ? COVERAGE_FULL : COVERAGE_PARTIAL;
        if (is_absent(reading, (enum schema_kind)kind))
            schema_builder_coverage(reading->builder, (enum schema_kind)kind, COVERAGE_NOT_APPLICABLE, NULL);
        else
            schema_builder_coverage(reading->builder, (enum schema_kind)kind, coverage,
                                    coverage == COVERAGE_FULL ? NULL : reason);
    }
}
