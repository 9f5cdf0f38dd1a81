/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_event.h"

#include "report/report_drift_parts.h"
#include "report/report_lists.h"

static void add_heads(struct json_writer *writer, const struct comparison *comparison)
{
    size_t count = comparison ? comparison->heads.count : 0;
    json_key_array(writer, "heads");
    for (size_t i = 0; i < count && i < EVENT_HEADS; i++)
        json_add_string(writer, comparison->heads.items[i].revision);
    json_close_array(writer);
    if (count > EVENT_HEADS)
        json_key_integer(writer, "heads_count", (int64_t)count);
    if (comparison)
        json_key_integer(writer, "applied_count", (int64_t)comparison->applied_count);
    else
        json_key_null(writer, "applied_count");
}

static void add_state(struct json_writer *writer, const struct database_report *database, int64_t at_ms)
{
    const struct judged_journal *worst = report_worst(database);
    json_key_string(writer, "database", database->name);
    report_state(writer, &worst->verdict);
    json_key_string(writer, "gate", gate_state_name(worst->verdict.gate));
    json_key_string(writer, "tool", report_tool(worst));
    add_heads(writer, worst->comparison);
    report_advice(writer, &worst->verdict);
    report_key_text(writer, "warning", worst->verdict.warning);
    json_key_time(writer, "at", at_ms);
}

static void add_previous(struct json_writer *writer, const char *key, const struct report_before *previous)
{
    if (!previous->word) {
        json_key_null(writer, "previous");
        return;
    }
    json_key_object(writer, "previous");
    json_key_string(writer, key, previous->word);
    json_key_string(writer, "code", previous->code);
    json_close_object(writer);
}

void report_event_state(struct json_writer *writer, const struct database_report *database, int64_t at_ms,
                        const struct report_before *previous)
{
    json_open_object(writer);
    add_state(writer, database, at_ms);
    json_key_string(writer, "target", database->target);
    add_previous(writer, "state", previous);
    json_close_object(writer);
}

void report_event_picture(struct json_writer *writer, const struct database_report *database)
{
    json_open_object(writer);
    add_state(writer, database, database->now_ms);
    if (database->age_ms >= 0)
        json_key_seconds(writer, "age_seconds", database->age_ms);
    else
        json_key_null(writer, "age_seconds");
    report_drift_summary(writer, &database->drift);
    report_check_summary(writer, database->checks, database->check_count);
    json_close_object(writer);
}

void report_event_drift(struct json_writer *writer, const struct drift_context *context, enum drift_severity worst,
                        int64_t at_ms, const struct report_before *previous)
{
    json_open_object(writer);
    json_key_string(writer, "database", context->database);
    json_key_string(writer, "drift", drift_verdict_name(context->verdict));
    json_key_string(writer, "code", context->code);
    json_key_string(writer, "reason", context->reason);
    json_key_string(writer, "worst", context->verdict == DRIFT_DRIFTED ? drift_severity_name(worst) : NULL);
    report_put_sides(writer, context);
    if (context->report)
        report_put_counts(writer, &context->report->counts);
    else
        json_key_null(writer, "counts");
    json_key_time(writer, "at", at_ms);
    add_previous(writer, "drift", previous);
    json_close_object(writer);
}
