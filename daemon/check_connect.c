/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/check_connect.h"

#include <string.h>

#include "daemon/connect.h"
#include "daemon/history_place.h"
#include "journal/journal_look.h"

enum { HISTORY_MS = 5000 };

static void print_coverage(const struct schema *schema, FILE *out)
{
    for (int kind = 0; kind < SCHEMA_KINDS; kind++) {
        const struct schema_coverage *coverage = &schema->coverage[kind];
        if (coverage->coverage == COVERAGE_FULL || coverage->coverage == COVERAGE_NOT_APPLICABLE)
            continue;
        fprintf(out, "  unseen      %s (%s): %s\n", schema_kind_name((enum schema_kind)kind),
                coverage_name(coverage->coverage), schema_text(schema, coverage->reason));
    }
}

static void print_readings(const struct snapshot *snapshot, FILE *out)
{
    if (snapshot->reading_count == 0)
        fprintf(out, "  journal     none found\n");
    for (size_t i = 0; i < snapshot->reading_count; i++) {
        const struct journal_reading *reading = &snapshot->readings[i];
        const char *dot = *reading->address.schema ? "." : "";
        fprintf(out, "  journal     %s in %s%s%s: ", reading->address.tool, reading->address.schema, dot,
                reading->address.table);
        if (reading->journal)
            fprintf(out, "%zu rows\n", reading->journal->row_count);
        else
            fprintf(out, "not readable: %s%s%s\n", reading->error_message ? reading->error_message : "unknown",
                    reading->error_grant ? "; " : "", reading->error_grant ? reading->error_grant : "");
    }
}

static void print_server(const struct server_facts *server, FILE *out)
{
    fprintf(out, "  server      %s %s%s\n", server->engine, server->version, server->replica ? ", a replica" : "");
    fprintf(out, "  connection  %s, role %s\n", server->tls ? "TLS" : "no TLS",
            *server->role ? server->role : "(none)");
    if (!server->absence_proven)
        fprintf(out, "  grant       a missing journal cannot be told from a hidden one; run: %s\n",
                server->grant_needed);
}

static int look(const struct config_database *database, FILE *out, struct error *reterr)
{
    struct deadline deadline = deadline_in(database->connect_timeout_ms + database->query_timeout_ms);
    struct engine_scope scope = {.schemas = database->schemas, .schema_count = database->schema_count};
    struct server_facts server = {0};
    cleanup(engine_connection) struct engine_connection *deep = NULL;
    cleanup(schema) struct schema *schema = NULL;
    if (database_connect(database, PURPOSE_DEEP, deadline, &deep, &server, reterr) < 0 ||
        engine_read(deep, &scope, deadline, &schema, reterr) < 0)
        return -1;
    print_server(&server, out);
    fprintf(out, "  schema      %zu tables, %zu columns\n", schema_table_count(schema), schema->column_count);
    print_coverage(schema, out);
    cleanup(snapshot) struct snapshot *before = NULL;
    if (snapshot_with_schema(NULL, schema, NULL, &server, 0, &before, reterr) < 0)
        return -1;
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (database_connect(database, PURPOSE_JOURNAL, deadline, &connection, &server, reterr) < 0)
        return -1;
    struct journal_name names[CONFIG_JOURNALS_MAXIMUM] = {0};
    struct journal_look request = {.previous = before,
                                   .scope = &scope,
                                   .names = names,
                                   .name_count = config_journal_names(database, names),
                                   .none = database->journal_none};
    cleanup(snapshot) struct snapshot *snapshot = NULL;
    bool schema_due = false;
    if (journal_look(connection, &request, &server, deadline, &snapshot, &schema_due, reterr) < 0)
        return -1;
    print_readings(snapshot, out);
    return 0;
}

/* Makes nothing: that is for the daemon's role to do. */
static bool look_at_history(const struct config_history *history, FILE *out)
{
    struct error error = {.code = ERROR_OK};
    cleanup(history_store) struct history_store *store = NULL;
    fprintf(out, "history (%s)\n", history->target->display);
    if (history_database_open(history, true, deadline_in(HISTORY_MS), &store, &error) == 0)
        fprintf(out, "  tables      there\n");
    else if (error.code == ERROR_UNSUPPORTED)
        fprintf(out, "  tables      %s\n", error.message);
    else
        fprintf(out, "  failed      %s: %s\n", error_code_name(error.code), error.message);
    return error.code == ERROR_OK || error.code == ERROR_UNSUPPORTED;
}

size_t check_connect(const struct config *config, FILE *out)
{
    size_t failed = 0;
    for (size_t i = 0; i < config->database_count; i++) {
        const struct config_database *database = &config->databases[i];
        struct error error = {.code = ERROR_OK};
        fprintf(out, "%s (%s)\n", database->name, database->target->display);
        if (look(database, out, &error) == 0)
            continue;
        failed++;
        fprintf(out, "  failed      %s: %s\n", error_code_name(error.code), error.message);
    }
    if (config->history.target && !look_at_history(&config->history, out))
        failed++;
    return failed;
}
