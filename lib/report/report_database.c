/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_lists.h"

#include <string.h>

static void add_server(struct json_writer *writer, const struct snapshot *snapshot)
{
    if (!snapshot) {
        json_key_null(writer, "server");
        json_key_null(writer, "grant_needed");
        json_key_null(writer, "schema_taken_at");
        return;
    }
    const struct server_facts *server = &snapshot->server;
    json_key_object(writer, "server");
    report_key_text(writer, "version", server->version);
    report_key_text(writer, "database", server->database);
    report_key_text(writer, "role", server->role);
    json_key_boolean(writer, "tls", server->tls);
    json_key_boolean(writer, "replica", server->replica);
    json_close_object(writer);
    report_key_text(writer, "grant_needed", server->grant_needed);
    json_key_time(writer, "schema_taken_at", snapshot->schema_taken_at_ms);
}

static void add_coverage(struct json_writer *writer, const struct schema *schema)
{
    if (!schema) {
        json_key_null(writer, "coverage");
        return;
    }
    json_key_object(writer, "coverage");
    for (unsigned kind = 0; kind < SCHEMA_KINDS; kind++) {
        json_key_object(writer, schema_kind_name((enum schema_kind)kind));
        json_key_string(writer, "coverage", coverage_name(schema->coverage[kind].coverage));
        json_key_string(writer, "reason", schema_text_or_null(schema, schema->coverage[kind].reason));
        json_close_object(writer);
    }
    json_close_object(writer);
}

static bool is_detailed(const struct finding *finding)
{
    return finding->file || finding->detail || finding->applied_at_ms != TIME_UNKNOWN;
}

static void add_details(struct json_writer *writer, const struct comparison *comparison)
{
    json_key_array(writer, "details");
    for (size_t i = 0; i < REPORT_LISTS; i++) {
        const struct finding_list *list = report_list_of(comparison, i);
        for (size_t j = 0; j < list->count && j < LIST_SHOWN; j++) {
            if (!is_detailed(&list->items[j]))
                continue;
            json_open_object(writer);
            json_key_string(writer, "list", report_list_key(i));
            report_finding_members(writer, &list->items[j]);
            json_close_object(writer);
        }
    }
    json_close_array(writer);
}

void report_database(struct json_writer *writer, const struct database_report *database)
{
    const struct judged_journal *worst = report_worst(database);
    json_open_object(writer);
    report_database_members(writer, database);
    report_groups(writer, database);
    report_remarks(writer, database);
    json_key_string(writer, "gate", gate_state_name(worst->verdict.gate));
    json_key_integer(writer, "rule", worst->verdict.rule);
    report_key_text(writer, "warning", worst->verdict.warning);
    json_key_string(writer, "engine", database->engine);
    add_server(writer, database->snapshot);
    add_coverage(writer, database->snapshot ? database->snapshot->schema : NULL);
    add_details(writer, worst->comparison);
    report_check_summary(writer, database->checks, database->check_count);
    json_close_object(writer);
}

/* Heads joined by ",", cut at a whole one: who needs them all asks for the database itself. */
static void add_revision(struct json_writer *writer, const struct comparison *comparison)
{
    char text[256] = "";
    size_t length = 0;
    for (size_t i = 0; comparison && i < comparison->heads.count; i++) {
        const char *revision = comparison->heads.items[i].revision;
        size_t size = strlen(revision);
        if (length + size + 2 > sizeof text)
            break;
        if (length > 0)
            text[length++] = ',';
        memcpy(text + length, revision, size + 1);
        length += size;
    }
    report_key_text(writer, "revision", text);
}

void report_database_line(struct json_writer *writer, const struct database_report *database)
{
    const struct judged_journal *worst = report_worst(database);
    json_open_object(writer);
    report_database_name(writer, database);
    json_key_string(writer, "engine", database->engine);
    report_state(writer, &worst->verdict);
    json_key_string(writer, "gate", gate_state_name(worst->verdict.gate));
    json_key_string(writer, "tool", report_tool(worst));
    add_revision(writer, worst->comparison);
    if (database->age_ms >= 0)
        json_key_seconds(writer, "age_seconds", database->age_ms);
    else
        json_key_null(writer, "age_seconds");
    json_key_string(writer, "reason", worst->verdict.reason);
    json_close_object(writer);
}
