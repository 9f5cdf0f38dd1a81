/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_lists.h"

static void add_expected(struct json_writer *writer, const struct database_report *database)
{
    const struct judged_journal *worst = report_worst(database);
    const struct comparison *comparison = worst->comparison;
    bool compared = comparison && comparison->source != SOURCE_NONE;
    enum expectation_source source = compared ? comparison->source : worst->source;
    if (source == SOURCE_NONE) {
        json_key_null(writer, "expected");
        return;
    }
    json_key_object(writer, "expected");
    json_key_string(writer, "revision", compared ? comparison->expected_revision : worst->expected_revision);
    json_key_string(writer, "match", match_name(compared ? comparison->match : worst->match));
    json_key_string(writer, "source", expectation_source_name(source));
    if (worst->supports)
        json_key_string(writer, "supports", worst->supports);
    json_close_object(writer);
}

static void add_observed(struct json_writer *writer, const struct comparison *comparison)
{
    if (!comparison) {
        json_key_null(writer, "observed");
        return;
    }
    json_key_object(writer, "observed");
    json_key_array(writer, "heads");
    for (size_t i = 0; i < comparison->heads.count && i < LIST_SHOWN; i++)
        json_add_string(writer, comparison->heads.items[i].revision);
    json_close_array(writer);
    if (comparison->heads.count > LIST_SHOWN)
        json_key_integer(writer, "heads_count", (int64_t)comparison->heads.count);
    json_key_integer(writer, "applied_count", (int64_t)comparison->applied_count);
    json_close_object(writer);
}

static void add_journal(struct json_writer *writer, const struct judged_journal *journal)
{
    json_open_object(writer);
    report_journal_name(writer, journal);
    json_key_string(writer, "tool", report_tool(journal));
    report_state(writer, &journal->verdict);
    report_revision_lists(writer, journal);
    report_lock(writer, journal);
    report_advice(writer, &journal->verdict);
    json_close_object(writer);
}

/* Of thousands of tenants' journals those matter that keep the gate shut; the groups tell of the others. */
static void add_journals(struct json_writer *writer, const struct database_report *database)
{
    static const enum gate_state worst_first[GATE_STATES] = {GATE_BLOCKED, GATE_UNKNOWN, GATE_CLOSED, GATE_OPEN};
    size_t most = database->journal_count > LIST_SHOWN ? JOURNALS_OF_MANY : LIST_SHOWN;
    json_key_array(writer, "journals");
    size_t shown = 0;
    for (size_t i = 0; i < GATE_STATES && database->journal_count > 1; i++) {
        for (size_t j = 0; j < database->journal_count && shown < most; j++) {
            if (database->journals[j].verdict.gate != worst_first[i])
                continue;
            add_journal(writer, &database->journals[j]);
            shown++;
        }
    }
    json_close_array(writer);
    if (database->journal_count > LIST_SHOWN)
        json_key_integer(writer, "journals_count", (int64_t)database->journal_count);
}

static void add_snapshot(struct json_writer *writer, const struct database_report *database)
{
    const struct snapshot *snapshot = database->snapshot;
    char fingerprint[DIGEST_HEX_SIZE] = "";
    if (snapshot && snapshot->schema)
        digest_to_hex(snapshot->schema->digest, fingerprint);
    json_key_object(writer, "snapshot");
    json_key_time(writer, "taken_at", snapshot ? snapshot->taken_at_ms : TIME_UNKNOWN);
    if (database->age_ms >= 0)
        json_key_seconds(writer, "age_seconds", database->age_ms);
    else
        json_key_null(writer, "age_seconds");
    report_key_text(writer, "fingerprint", fingerprint);
    json_key_string(writer, "last_error", database->last_error);
    json_close_object(writer);
}

/* Which of them decides: see gate_fails_open. */
static void add_last_known(struct json_writer *writer, const struct last_known *last)
{
    bool looked = last->verdict && !verdict_is_out_of_sight(last->verdict);
    if (!looked && !last->opened)
        return;
    json_key_object(writer, "last_known");
    json_key_string(writer, "source", looked ? "snapshot" : "admission");
    json_key_string(writer, "state", looked ? migration_state_name(last->verdict->state) : NULL);
    json_key_string(writer, "code", looked ? state_code_name(last->verdict->code) : NULL);
    json_key_seconds(writer, "age_seconds", looked ? last->age_ms : last->opened_age_ms);
    json_close_object(writer);
}

void report_drift_summary(struct json_writer *writer, const struct drift_summary *drift)
{
    if (!drift->configured)
        return;
    size_t differences = 0;
    for (unsigned change = 0; drift->counts && change < DRIFT_CHANGES; change++)
        differences += drift->counts->by_change[change];
    bool drifted = drift->verdict == DRIFT_DRIFTED;
    json_key_object(writer, "drift");
    json_key_string(writer, "drift", drift_verdict_name(drift->verdict));
    json_key_string(writer, "code", drift->code);
    json_key_string(writer, "worst", drifted ? drift_severity_name(drift->worst) : NULL);
    json_key_integer(writer, "differences", (int64_t)differences);
    json_close_object(writer);
}

void report_database_members(struct json_writer *writer, const struct database_report *database)
{
    const struct judged_journal *worst = report_worst(database);
    report_database_name(writer, database);
    report_state(writer, &worst->verdict);
    json_key_string(writer, "tool", report_tool(worst));
    add_expected(writer, database);
    add_observed(writer, worst->comparison);
    report_revision_lists(writer, worst);
    report_lock(writer, worst);
    add_journals(writer, database);
    add_snapshot(writer, database);
    add_last_known(writer, &worst->last);
    report_drift_summary(writer, &database->drift);
    if (!database->drift_reason) {
        report_advice(writer, &worst->verdict);
        return;
    }
    json_key_string(writer, "reason", database->drift_reason);
    json_key_string(writer, "next", database->drift_next);
}

void report_gate_database(struct json_writer *writer, const struct database_report *database)
{
    json_open_object(writer);
    report_database_members(writer, database);
    if (database->journal_count > LIST_SHOWN)
        report_groups(writer, database);
    json_close_object(writer);
}

const char *report_gate_reason(const struct gate_report *gate)
{
    const struct gate_verdict *verdict = gate->verdict;
    if (verdict->check)
        return gate->checks[verdict->worst].verdict.reason;
    const struct database_report *database = &gate->databases[verdict->worst];
    return database->drift_reason ? database->drift_reason : report_worst(database)->verdict.reason;
}

void report_gate(struct json_writer *writer, const struct gate_report *gate)
{
    const struct gate_verdict *verdict = gate->verdict;
    json_open_object(writer);
    json_key_string(writer, "gate", gate->gate);
    json_key_string(writer, "state", gate_state_name(verdict->state));
    json_key_string(writer, "code", state_code_name(verdict->code));
    json_key_string(writer, "database", verdict->database);
    if (gate->check_count > 0)
        json_key_string(writer, "check", verdict->check);
    json_key_boolean(writer, "retryable", verdict->retryable);
    if (verdict->retryable)
        json_key_integer(writer, "retry_after_seconds", verdict->retry_after_seconds);
    else
        json_key_null(writer, "retry_after_seconds");
    json_key_array(writer, "databases");
    for (size_t i = 0; i < gate->count; i++)
        report_gate_database(writer, &gate->databases[i]);
    json_close_array(writer);
    if (gate->check_count > 0)
        json_key_array(writer, "checks");
    for (size_t i = 0; i < gate->check_count; i++)
        report_check(writer, &gate->checks[i], gate->now_ms);
    if (gate->check_count > 0)
        json_close_array(writer);
    json_close_object(writer);
}
