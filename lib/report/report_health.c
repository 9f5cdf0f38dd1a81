/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_lists.h"

#include <stdio.h>

enum { CHECK_NAME_SIZE = 640, OUTPUT_SIZE = 1024 };

/* The journal that is worst for health, which need not be the one that is worst for a gate: `ahead` blocks and warns,
 * `pending` closes and fails. */
static const struct verdict *unhealthiest(const struct database_report *database)
{
    const struct verdict *worst = &report_worst(database)->verdict;
    for (size_t i = 0; i < database->journal_count - database->bystander_count; i++) {
        const struct verdict *verdict = &database->journals[i].verdict;
        if (verdict_health(verdict) > verdict_health(worst))
            worst = verdict;
    }
    return worst;
}

/* Drift warns; from the configured severity on it fails. Not knowing is no pass, either. */
static enum health_status drift_health(const struct drift_summary *drift)
{
    if (!drift->configured || drift->verdict == DRIFT_NONE)
        return HEALTH_PASS;
    bool fails = drift->verdict == DRIFT_DRIFTED && drift->fail_on != SEVERITIES && drift->worst >= drift->fail_on;
    return fails ? HEALTH_FAIL : HEALTH_WARN;
}

enum health_status report_database_health(const struct database_report *database)
{
    enum health_status migration = verdict_health(unhealthiest(database));
    enum health_status drift = drift_health(&database->drift);
    return drift > migration ? drift : migration;
}

/* "36 critical, 3 minor", or why nobody knows. */
static void say_drift(const struct drift_summary *drift, char *text, size_t size)
{
    size_t length = 0;
    if (drift->verdict == DRIFT_UNKNOWN || !drift->counts) {
        snprintf(text, size, "drift is unknown: %s", drift->reason ? drift->reason : "nothing was compared yet");
        return;
    }
    length = (size_t)snprintf(text, size, "the schema differs from its reference:");
    for (unsigned severity = SEVERITIES; severity-- > 0 && length < size;)
        if (drift->counts->by_severity[severity] > 0)
            length += (size_t)snprintf(text + length, size - length, " %zu %s", drift->counts->by_severity[severity],
                                       drift_severity_name(severity));
}

/* What is wrong: beside an open gate that is the warning. */
static const char *complaint(const struct verdict *verdict)
{
    return verdict->gate == GATE_OPEN && verdict->warning[0] ? verdict->warning : verdict->reason;
}

static void open_check(struct json_writer *writer, const struct database_report *database, const char *what)
{
    char name[CHECK_NAME_SIZE] = "";
    snprintf(name, sizeof name, "%s:%s", database->name, what);
    json_key_array(writer, name);
}

static void open_component(struct json_writer *writer, const char *component)
{
    json_open_object(writer);
    json_key_string(writer, "componentId", component);
    json_key_string(writer, "componentType", "datastore");
}

/* What a component ends with; `output` only where there is something to say. */
static void close_component(struct json_writer *writer, enum health_status status, int64_t time_ms, const char *output)
{
    json_key_string(writer, "status", health_status_name(status));
    json_key_time(writer, "time", time_ms);
    if (status != HEALTH_PASS && output && *output)
        json_key_string(writer, "output", output);
    json_close_object(writer);
}

static int64_t taken_at(const struct database_report *database)
{
    return database->snapshot ? database->snapshot->taken_at_ms : TIME_UNKNOWN;
}

static void add_journal_component(struct json_writer *writer, const struct database_report *database,
                                  const struct judged_journal *journal)
{
    const struct verdict *verdict = &journal->verdict;
    char component[CHECK_NAME_SIZE] = "";
    char address[JOURNAL_NAME_SIZE] = "";
    if (database->journal_count > 1 && report_address(journal, address, sizeof address))
        snprintf(component, sizeof component, "%s#%s", database->name, address);
    else
        snprintf(component, sizeof component, "%s", database->name);
    open_component(writer, component);
    json_key_string(writer, "observedValue", migration_state_name(verdict->state));
    json_key_string(writer, "code", state_code_name(verdict->code));
    close_component(writer, verdict_health(verdict), taken_at(database), complaint(verdict));
}

/* A balancer reads the status; of a thousand tenants a few of the unhealthiest tell a person enough. */
static void add_migration_check(struct json_writer *writer, const struct database_report *database)
{
    bool many = database->journal_count > LIST_SHOWN;
    enum health_status worst = verdict_health(unhealthiest(database));
    size_t shown = 0;
    open_check(writer, database, "migration");
    for (size_t i = 0; i < database->journal_count; i++) {
        const struct judged_journal *journal = &database->journals[i];
        if (many && (shown == JOURNALS_OF_MANY || verdict_health(&journal->verdict) != worst))
            continue;
        add_journal_component(writer, database, journal);
        shown++;
    }
    json_close_array(writer);
}

/* A look that failed fails no database that is still known well enough; it does not pass, either. */
static void add_connection_check(struct json_writer *writer, const struct database_report *database)
{
    const struct verdict *verdict = &report_worst(database)->verdict;
    enum health_status status = HEALTH_PASS;
    if (!database->reachable)
        status = verdict->stale ? verdict_health(verdict) : HEALTH_WARN;
    open_check(writer, database, "connection");
    open_component(writer, database->name);
    json_key_string(writer, "observedValue",
                    database->reachable ? "reachable" : error_code_name(database->last_error_code));
    close_component(writer, status, database->now_ms, database->last_error);
    json_close_array(writer);
}

static void add_age_check(struct json_writer *writer, const struct database_report *database)
{
    const struct verdict *verdict = &report_worst(database)->verdict;
    open_check(writer, database, "snapshot_age");
    open_component(writer, database->name);
    if (database->age_ms >= 0)
        json_key_seconds(writer, "observedValue", database->age_ms);
    else
        json_key_null(writer, "observedValue");
    json_key_string(writer, "observedUnit", "s");
    close_component(writer, verdict->stale ? verdict_health(verdict) : HEALTH_PASS, taken_at(database),
                    verdict->reason);
    json_close_array(writer);
}

static void add_drift_check(struct json_writer *writer, const struct database_report *database)
{
    if (!database->drift.configured)
        return;
    char output[OUTPUT_SIZE] = "";
    say_drift(&database->drift, output, sizeof output);
    open_check(writer, database, "drift");
    open_component(writer, database->name);
    json_key_string(writer, "observedValue", drift_verdict_name(database->drift.verdict));
    json_key_string(writer, "code", database->drift.code);
    close_component(writer, drift_health(&database->drift), database->drift.taken_at_ms, output);
    json_close_array(writer);
}

/* What keeps a database from passing, in one sentence: its migrations first. */
static void say_complaint(const struct database_report *database, char *text, size_t size)
{
    const struct verdict *verdict = unhealthiest(database);
    if (verdict_health(verdict) >= drift_health(&database->drift))
        snprintf(text, size, "%s", complaint(verdict));
    else
        say_drift(&database->drift, text, size);
}

/* One line for whoever sees nothing but the first screen: the first of the worst databases, and how many there are. */
static void add_output(struct json_writer *writer, enum health_status status, const struct database_report *databases,
                       size_t count, const char *history_fault)
{
    const struct database_report *first = NULL;
    size_t alike = 0;
    for (size_t i = 0; i < count; i++) {
        if (report_database_health(&databases[i]) != status)
            continue;
        first = first ? first : &databases[i];
        alike++;
    }
    if (!first && history_fault)
        json_key_string(writer, "output", history_fault);
    if (!first || status == HEALTH_PASS)
        return;
    char reason[OUTPUT_SIZE] = "";
    char text[OUTPUT_SIZE] = "";
    say_complaint(first, reason, sizeof reason);
    int length = snprintf(text, sizeof text, "%s: %s", first->name, reason);
    if (alike > 1 && length > 0 && (size_t)length < sizeof text)
        snprintf(text + length, sizeof text - (size_t)length, " (and %zu more)", alike - 1);
    json_key_string(writer, "output", text);
}

/* What was observed of databases is as true as ever: this is a warning. */
static void add_history_check(struct json_writer *writer, const char *fault, int64_t now_ms)
{
    json_key_array(writer, "history:availability");
    json_open_object(writer);
    json_key_string(writer, "componentId", "history");
    json_key_string(writer, "componentType", "datastore");
    json_key_string(writer, "observedValue", "unavailable");
    json_key_string(writer, "status", health_status_name(HEALTH_WARN));
    json_key_time(writer, "time", now_ms);
    json_key_string(writer, "output", fault);
    json_close_object(writer);
    json_close_array(writer);
}

void report_health(struct json_writer *writer, enum health_status status, const char *description,
                   const struct database_report *databases, size_t count, const char *history_fault, int64_t now_ms)
{
    json_open_object(writer);
    json_key_string(writer, "status", health_status_name(status));
    json_key_string(writer, "version", "1");
    json_key_string(writer, "releaseId", MIGRATIOND_VERSION);
    json_key_string(writer, "description", description);
    add_output(writer, status, databases, count, history_fault);
    json_key_object(writer, "checks");
    for (size_t i = 0; i < count; i++) {
        add_migration_check(writer, &databases[i]);
        add_connection_check(writer, &databases[i]);
        add_age_check(writer, &databases[i]);
        add_drift_check(writer, &databases[i]);
    }
    if (history_fault)
        add_history_check(writer, history_fault, now_ms);
    json_close_object(writer);
    json_close_object(writer);
}
