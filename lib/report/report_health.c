/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_lists.h"

#include <stdio.h>
#include <string.h>

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
    enum health_status checks = report_checks_health(database->checks, database->check_count);
    enum health_status worst = drift > migration ? drift : migration;
    return checks > worst ? checks : worst;
}

enum health_status report_health_status(const struct health_report *health)
{
    enum health_status worst = health->history_fault ? HEALTH_WARN : HEALTH_PASS;
    enum health_status checks = report_checks_health(health->checks, health->check_count);
    for (size_t i = 0; i < health->count; i++) {
        enum health_status status = report_database_health(&health->databases[i]);
        worst = status > worst ? status : worst;
    }
    return checks > worst ? checks : worst;
}

void report_drift_reason(const struct drift_summary *drift, char *text, size_t size)
{
    size_t length = 0;
    const char *separator = "";
    if (drift->verdict == DRIFT_UNKNOWN || !drift->counts) {
        snprintf(text, size, "drift is unknown: %s", drift->reason ? drift->reason : "nothing was compared yet");
        return;
    }
    length = (size_t)snprintf(text, size, "the schema differs from its reference:");
    for (unsigned severity = SEVERITIES; severity-- > 0 && length < size;) {
        if (drift->counts->by_severity[severity] == 0)
            continue;
        length += (size_t)snprintf(text + length, size - length, "%s %zu %s", separator,
                                   drift->counts->by_severity[severity], drift_severity_name(severity));
        separator = ",";
    }
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
    report_drift_reason(&database->drift, output, sizeof output);
    open_check(writer, database, "drift");
    open_component(writer, database->name);
    json_key_string(writer, "observedValue", drift_verdict_name(database->drift.verdict));
    json_key_string(writer, "code", database->drift.code);
    close_component(writer, drift_health(&database->drift), database->drift.taken_at_ms, output);
    json_close_array(writer);
}

static void add_checks(struct json_writer *writer, const struct judged_check *checks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct check_verdict *verdict = &checks[i].verdict;
        json_key_array(writer, checks[i].address);
        open_component(writer, checks[i].database);
        json_key_string(writer, "observedValue", check_state_name(verdict->state));
        json_key_string(writer, "code", state_code_name(verdict->code));
        close_component(writer, verdict->health, checks[i].checked_at_ms, verdict->reason);
        json_close_array(writer);
    }
}

/* The first that is as unhealthy; the number of those that are. */
static size_t find_checks(const struct judged_check *checks, size_t count, enum health_status status,
                          const struct judged_check **ret_first)
{
    size_t alike = 0;
    *ret_first = NULL;
    for (size_t i = 0; i < count; i++) {
        if (checks[i].verdict.health != status)
            continue;
        *ret_first = *ret_first ? *ret_first : &checks[i];
        alike++;
    }
    return alike;
}

static void say_check(const struct judged_check *check, char *text, size_t size)
{
    snprintf(text, size, "%s: %s", check->address, check->verdict.reason);
}

/* What keeps a database from passing, in one sentence: its migrations first, its drift, its checks. */
static void say_complaint(const struct database_report *database, enum health_status status, char *text, size_t size)
{
    const struct verdict *verdict = unhealthiest(database);
    const struct judged_check *check = NULL;
    char reason[OUTPUT_SIZE] = "";
    if (verdict_health(verdict) == status)
        snprintf(reason, sizeof reason, "%s", complaint(verdict));
    else if (drift_health(&database->drift) == status)
        report_drift_reason(&database->drift, reason, sizeof reason);
    else if (find_checks(database->checks, database->check_count, status, &check) > 0)
        say_check(check, reason, sizeof reason);
    snprintf(text, size, "%s%s%s", check ? "" : database->name, check ? "" : ": ", reason);
}

/* One line for whoever sees nothing but the first screen: the first of the worst, and how many there are. */
static void add_output(struct json_writer *writer, enum health_status status, const struct health_report *health)
{
    const struct database_report *first = NULL;
    const struct judged_check *check = NULL;
    size_t alike = find_checks(health->checks, health->check_count, status, &check);
    for (size_t i = 0; i < health->count; i++) {
        if (report_database_health(&health->databases[i]) != status)
            continue;
        first = first ? first : &health->databases[i];
        alike++;
    }
    if (alike == 0 && health->history_fault)
        json_key_string(writer, "output", health->history_fault);
    if (alike == 0 || status == HEALTH_PASS)
        return;
    char text[OUTPUT_SIZE] = "";
    if (first)
        say_complaint(first, status, text, sizeof text);
    else
        say_check(check, text, sizeof text);
    size_t length = strlen(text);
    if (alike > 1)
        snprintf(text + length, sizeof text - length, " (and %zu more)", alike - 1);
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

void report_health(struct json_writer *writer, const struct health_report *health)
{
    enum health_status status = report_health_status(health);
    json_open_object(writer);
    json_key_string(writer, "status", health_status_name(status));
    json_key_string(writer, "version", "1");
    json_key_string(writer, "releaseId", MIGRATIOND_VERSION);
    json_key_string(writer, "description", health->description);
    add_output(writer, status, health);
    json_key_object(writer, "checks");
    for (size_t i = 0; i < health->count; i++) {
        const struct database_report *database = &health->databases[i];
        add_migration_check(writer, database);
        add_connection_check(writer, database);
        add_age_check(writer, database);
        add_drift_check(writer, database);
        add_checks(writer, database->checks, database->check_count);
    }
    add_checks(writer, health->checks, health->check_count);
    if (health->history_fault)
        add_history_check(writer, health->history_fault, health->now_ms);
    json_close_object(writer);
    json_close_object(writer);
}
