/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the whole schema in four messages to the server, however many tables there are: namespaces; what is looked up;
 * the raw catalogues; what is deparsed. Also tells which schemas there are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "engine/postgres/catalog_queries.h"

enum { QUERY_BYTES = 64 * 1024 * 1024, UNCOMPARED_BYTES = 4096 };

static int take_rows(struct catalog_reader *reader, const struct catalog_query *query, struct deadline deadline,
                     struct error *reterr)
{
    for (;;) {
        cleanup(libpq_text) char *line = NULL;
        size_t length = 0;
        int status = postgres_copy_next(reader->session, deadline, &line, &length, reterr);
        if (status <= 0)
            return status;
        struct copy_row row = {0};
        if (!postgres_copy_split(line, length, &row) || row.count != query->fields)
            return error_set(reterr, ERROR_INVALID, "%s: a catalogue's row has an unexpected shape",
                             reader->session->where);
        if (query->taker(reader, &row, reterr) < 0)
            return -1;
    }
}

static bool is_needed(const struct catalog_reader *reader, const struct catalog_query *query)
{
    return !query->is_needed || query->is_needed(reader);
}

/* With a schema of its own in the search path, what stands in it is printed without it. */
static int begin(const struct catalog_reader *reader, struct strbuf *sql, struct deadline deadline,
                 struct error *reterr)
{
    postgres_add_begin(reader->session, sql, deadline, POSTGRES_SCHEMA);
    if (!reader->scope->own_schema)
        return 0;
    strbuf_add_string(sql, "SET LOCAL search_path=");
    if (postgres_add_literal(reader->session, sql, reader->scope->own_schema, reterr) < 0)
        return -1;
    strbuf_add_char(sql, ';');
    return 0;
}

static int send_message(const struct catalog_reader *reader, const struct catalog_message *message,
                        struct deadline deadline, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(QUERY_BYTES);
    if (message->begins && begin(reader, &sql, deadline, reterr) < 0)
        return -1;
    for (size_t i = 0; i < message->count; i++) {
        if (!is_needed(reader, &message->queries[i]))
            continue;
        strbuf_add_string(&sql, "COPY(");
        catalog_query_text(reader, &message->queries[i], &sql);
        strbuf_add_string(&sql, ")TO STDOUT;");
    }
    strbuf_add_string(&sql, message->ends ? "COMMIT" : "");
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    return postgres_send(reader->session, strbuf_text(&sql), deadline, reterr);
}

/* Sends a message and takes the rows as they come. */
static int run(struct catalog_reader *reader, const struct catalog_message *message, struct deadline deadline,
               struct error *reterr)
{
    if (send_message(reader, message, deadline, reterr) < 0)
        return -1;
    for (size_t i = 0; i < message->count; i++) {
        const struct catalog_query *query = &message->queries[i];
        if (!is_needed(reader, query))
            continue;
        if (postgres_copy_begin(reader->session, deadline, reterr) < 0 ||
            take_rows(reader, query, deadline, reterr) < 0)
            return -1;
        if (query->finisher)
            query->finisher(reader);
    }
    for (bool done = false; !done;) {
        cleanup(result) PGresult *result = NULL;
        if (postgres_next(reader->session, deadline, &result, reterr) < 0)
            return -1;
        done = !result;
    }
    return 0;
}

static int read_all(struct catalog_reader *reader, struct deadline deadline, struct error *reterr)
{
    for (size_t i = 0; i < CATALOG_MESSAGES; i++) {
        if (run(reader, &catalog_messages[i], deadline, reterr) < 0)
            return -1;
        if (reader->scope->own_schema && reader->scoped.count == 0)
            return error_set(reterr, ERROR_NOT_FOUND, "%s: there is no schema \"%s\"", reader->session->where,
                             reader->scope->own_schema);
    }
    return reader->no_memory ? error_no_memory(reterr) : 0;
}

static void describe(struct catalog_reader *reader)
{
    const char *version = PQparameterStatus(reader->session->conn, "server_version");
    char text[48] = "";
    size_t length = version ? strcspn(version, " ") : 0;
    memcpy(text, version ? version : "", length < sizeof text ? length : sizeof text - 1);
    schema_builder_server(reader->builder, "postgres", text);
    schema_builder_dialect(reader->builder, &dialect_postgres);
    /* The catalogues show every object to every role. */
    for (int kind = 0; kind < SCHEMA_KINDS; kind++)
        schema_builder_coverage(reader->builder, (enum schema_kind)kind, COVERAGE_FULL, NULL);
    schema_builder_coverage(reader->builder, SCHEMA_EVENTS, COVERAGE_NOT_APPLICABLE, NULL);
    if (catalog_reads_own(reader)) {
        schema_builder_coverage(reader->builder, SCHEMA_SCHEMAS, COVERAGE_NOT_APPLICABLE, NULL);
        schema_builder_coverage(reader->builder, SCHEMA_EXTENSIONS, COVERAGE_NOT_APPLICABLE, NULL);
    }
    schema_builder_not_compared(reader->builder, strbuf_text(&reader->uncompared));
}

/* Among catalogues, a missing object was dropped while we read; the server's functions that look behind the snapshot
 * report that as an internal error. */
static void judge(struct error *error)
{
    static const char *const gone[] = {"42P01", "42703", "42704", "42883", "3F000", "XX000"};
    for (size_t i = 0; i < ARRAY_LENGTH(gone); i++)
        if (strcmp(error->sqlstate, gone[i]) == 0)
            error->code = ERROR_CHANGED;
}

int postgres_read_schema(struct engine_connection *connection, const struct engine_scope *scope,
                         struct deadline deadline, struct schema_builder *builder, struct error *reterr)
{
    static const struct engine_scope everything = {0};
    cleanup(catalog_reader) struct catalog_reader reader = {
        .session = postgres_session_of(connection),
        .builder = builder,
        .scope = scope ? scope : &everything,
        .uncompared = STRBUF(UNCOMPARED_BYTES),
    };
    reader.arena = arena_new(LIMIT_STRING_POOL);
    if (!reader.arena)
        return error_no_memory(reterr);
    struct error error = {0};
    if (read_all(&reader, deadline, &error) == 0) {
        describe(&reader);
        return 0;
    }
    judge(&error);
    postgres_drain(reader.session, deadline);
    (void)postgres_end(reader.session, deadline, NULL);
    if (reterr)
        *reterr = error;
    return -1;
}

/* Those of an extension are its affair, as in a deep look. */
static const char schemas_query[] =
    "SELECT n.nspname,COALESCE(c.relations,0)FROM pg_catalog.pg_namespace n LEFT JOIN("
    "SELECT r.relnamespace,pg_catalog.count(*)AS relations FROM pg_catalog.pg_class r "
    "WHERE r.relkind IN('r','p','v','m','f')GROUP BY 1)c ON c.relnamespace=n.oid "
    "WHERE n.nspname NOT LIKE 'pg\\_%'AND n.nspname<>'information_schema'AND NOT EXISTS("
    "SELECT FROM pg_catalog.pg_depend d WHERE d.classid=2615 AND d.objid=n.oid AND d.refclassid=3079 "
    "AND d.deptype='e')ORDER BY n.nspname;COMMIT";

int postgres_list_schemas(struct engine_connection *connection, struct deadline deadline,
                          const struct schema_sink *sink, struct error *reterr)
{
    struct postgres_session *session = postgres_session_of(connection);
    cleanup(strbuf) struct strbuf sql = STRBUF(4096);
    cleanup(result) PGresult *result = NULL;
    postgres_add_begin(session, &sql, deadline, POSTGRES_JOURNAL);
    strbuf_add_string(&sql, schemas_query);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    if (postgres_query(session, strbuf_text(&sql), deadline, &result, reterr) < 0) {
        (void)postgres_end(session, deadline, NULL);
        return -1;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        const struct schema_sighting sighting = {.name = PQgetvalue(result, i, 0),
                                                 .relations = strtoul(PQgetvalue(result, i, 1), NULL, 10)};
        if (sink->schema(sink->payload, &sighting, reterr) < 0)
            return -1;
    }
    return 0;
}
