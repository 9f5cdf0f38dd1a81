/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_drift.h"

#include "model/journal.h"
#include "report/report_drift_parts.h"

/* The kinds in the plural, as `compared` names them. */
static const char *const plurals[DRIFT_KINDS] = {
    [DRIFT_SCHEMA] = "schemas",
    [DRIFT_EXTENSION] = "extensions",
    [DRIFT_TABLE] = "tables",
    [DRIFT_PARTITION] = "partitions",
    [DRIFT_COLUMN] = "columns",
    [DRIFT_PRIMARY_KEY] = "primary_keys",
    [DRIFT_UNIQUE] = "unique_constraints",
    [DRIFT_FOREIGN_KEY] = "foreign_keys",
    [DRIFT_CHECK] = "checks",
    [DRIFT_EXCLUSION] = "exclusions",
    [DRIFT_INDEX] = "indexes",
    [DRIFT_ENUM] = "enums",
    [DRIFT_DOMAIN] = "domains",
    [DRIFT_COMPOSITE] = "composites",
    [DRIFT_SEQUENCE] = "sequences",
    [DRIFT_VIEW] = "views",
    [DRIFT_MATERIALIZED_VIEW] = "materialized_views",
    [DRIFT_ROUTINE] = "routines",
    [DRIFT_TRIGGER] = "triggers",
    [DRIFT_POLICY] = "policies",
    [DRIFT_EVENT] = "events",
};

const char *drift_kind_plural(enum drift_kind kind)
{
    return plurals[kind];
}

bool drift_kind_is_shown(const struct drift_report *report, enum drift_kind kind)
{
    return kind == DRIFT_TABLE || kind == DRIFT_COLUMN || report->compared[kind] > 0;
}

const char *drift_live_coverage(const struct schema *live)
{
    enum coverage worst = COVERAGE_FULL;
    for (unsigned kind = 0; kind < SCHEMA_KINDS; kind++)
        if (live->coverage[kind].coverage < COVERAGE_NOT_APPLICABLE && live->coverage[kind].coverage > worst)
            worst = live->coverage[kind].coverage;
    if (worst == COVERAGE_NONE || live->truncated)
        worst = COVERAGE_PARTIAL;
    return coverage_name(worst);
}

static void put_fingerprint(struct json_writer *writer, const struct schema *schema)
{
    char fingerprint[DIGEST_HEX_SIZE] = "";
    if (schema)
        digest_to_hex(schema->digest, fingerprint);
    json_key_string(writer, "fingerprint", schema ? fingerprint : NULL);
}

void report_put_sides(struct json_writer *writer, const struct drift_context *context)
{
    const struct drift_report *report = context->report;
    json_key(writer, "reference");
    if (context->reference_kind) {
        json_open_object(writer);
        json_key_string(writer, "kind", context->reference_kind);
        json_key_string(writer, "ref", context->reference_ref);
        json_key_string(writer, "revision", context->reference_revision);
        put_fingerprint(writer, report ? report->reference : NULL);
        json_close_object(writer);
    } else {
        json_add_null(writer);
    }
    json_key(writer, "live");
    if (!report) {
        json_add_null(writer);
        return;
    }
    json_open_object(writer);
    put_fingerprint(writer, report->live);
    json_key_time(writer, "taken_at", context->ageless ? TIME_UNKNOWN : context->live_taken_at_ms);
    json_key_string(writer, "coverage", drift_live_coverage(report->live));
    json_close_object(writer);
}

static void put_compared(struct json_writer *writer, const struct drift_report *report)
{
    json_key_object(writer, "compared");
    for (unsigned kind = 0; kind < DRIFT_KINDS; kind++)
        if (drift_kind_is_shown(report, kind))
            json_key_integer(writer, plurals[kind], (int64_t)report->compared[kind]);
    json_close_object(writer);
}

void report_put_counts(struct json_writer *writer, const struct drift_counts *counts)
{
    json_key_object(writer, "counts");
    for (unsigned change = 0; change < DRIFT_CHANGES; change++)
        json_key_integer(writer, drift_change_name(change), (int64_t)counts->by_change[change]);
    json_key_integer(writer, "suppressed", (int64_t)counts->suppressed);
    json_key_integer(writer, "suspected", (int64_t)counts->suspected);
    json_key_object(writer, "by_severity");
    for (unsigned severity = SEVERITIES; severity-- > 0;)
        json_key_integer(writer, drift_severity_name(severity), (int64_t)counts->by_severity[severity]);
    json_close_object(writer);
    json_close_object(writer);
}

static void put_item(struct json_writer *writer, const struct drift_item *item, bool ageless)
{
    json_open_object(writer);
    json_key_string(writer, "id", item->id);
    json_key_string(writer, "kind", drift_kind_name(item->kind));
    json_key_string(writer, "object", item->object);
    json_key_string(writer, "change", drift_change_name(item->change));
    json_key_string(writer, "attribute", item->attribute);
    json_key_string(writer, "expected", item->expected);
    json_key_string(writer, "actual", item->actual);
    json_key_string(writer, "severity", drift_severity_name(item->severity));
    json_key_string(writer, "state", drift_state_name(item->state));
    json_key_time(writer, "first_seen", item->first_seen_ms);
    json_key_time(writer, "last_seen", ageless ? TIME_UNKNOWN : item->last_seen_ms);
    json_close_object(writer);
}

void report_put_items(struct json_writer *writer, const struct drift_report *report, bool ageless)
{
    json_key_array(writer, "items");
    for (size_t i = 0; i < report->item_count; i++)
        put_item(writer, &report->items[i], ageless);
    json_close_array(writer);
}

static void put_hints(struct json_writer *writer, const struct drift_report *report)
{
    json_key_array(writer, "hints");
    for (size_t i = 0; i < report->hint_count; i++) {
        json_open_object(writer);
        json_key_string(writer, "object", report->hints[i].object);
        json_key_string(writer, "text", report->hints[i].text);
        json_close_object(writer);
    }
    json_close_array(writer);
}

/* What a side has that is no part of the model: "2 rules, 1 publication". */
static void put_others(struct json_writer *writer, const struct schema *schema)
{
    if (schema->not_compared == 0)
        return;
    json_open_object(writer);
    json_key_string(writer, "kind", "other");
    json_key_string(writer, "coverage", coverage_name(COVERAGE_NONE));
    json_key_string(writer, "reason", schema_text(schema, schema->not_compared));
    json_close_object(writer);
}

static void put_uncovered(struct json_writer *writer, const struct drift_report *report)
{
    json_key_array(writer, "not_compared");
    for (size_t i = 0; i < report->uncovered_count; i++) {
        const struct drift_uncovered *uncovered = &report->uncovered[i];
        json_open_object(writer);
        json_key_string(writer, "kind", schema_kind_name(uncovered->kind));
        json_key_string(writer, "coverage", coverage_name(uncovered->coverage));
        json_key_string(writer, "reason", uncovered->reason);
        json_close_object(writer);
    }
    put_others(writer, report->reference);
    put_others(writer, report->live);
    json_close_array(writer);
}

static void put_suppressed(struct json_writer *writer, const struct drift_report *report)
{
    json_key_array(writer, "suppressed");
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_ignore *entry = report->items[i].suppressed_by;
        if (!entry)
            continue;
        json_open_object(writer);
        json_key_string(writer, "item", report->items[i].id);
        json_key_string(writer, "match", entry->match);
        json_key_string(writer, "reason", entry->reason);
        json_key_string(writer, "owner", entry->owner);
        json_key_time(writer, "until", entry->until_ms > 0 ? entry->until_ms : INT64_MIN);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void put_entries(struct json_writer *writer, const char *key, const struct drift_ignore *const *entries,
                        size_t count)
{
    json_key_array(writer, key);
    for (size_t i = 0; i < count; i++)
        json_add_string(writer, entries[i]->match);
    json_close_array(writer);
}

static void put_report(struct json_writer *writer, const struct drift_report *report, bool ageless)
{
    put_compared(writer, report);
    report_put_counts(writer, &report->counts);
    report_put_items(writer, report, ageless);
    put_hints(writer, report);
    put_uncovered(writer, report);
    put_suppressed(writer, report);
    put_entries(writer, "never_hit", report->never_hit, report->never_hit_count);
    put_entries(writer, "expired", report->expired, report->expired_count);
}

/* The same keys where nothing could be compared. */
static void put_no_report(struct json_writer *writer)
{
    static const char *const lists[] = {"hints", "not_compared", "suppressed", "never_hit", "expired"};
    static const struct drift_counts none = {0};
    json_key_null(writer, "compared");
    report_put_counts(writer, &none);
    json_key_array(writer, "items");
    json_close_array(writer);
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
        json_key_array(writer, lists[i]);
        json_close_array(writer);
    }
}

void report_drift_json(struct json_writer *writer, const struct drift_context *context)
{
    json_open_object(writer);
    json_key_string(writer, "database", context->database);
    json_key_string(writer, "drift", drift_verdict_name(context->verdict));
    json_key_string(writer, "code", context->code);
    json_key_string(writer, "reason", context->reason);
    json_key_integer(writer, "canonical_version", SCHEMA_CANONICAL_VERSION);
    report_put_sides(writer, context);
    json_key_time(writer, "frozen_since", context->frozen_since_ms);
    if (context->report)
        put_report(writer, context->report, context->ageless);
    else
        put_no_report(writer);
    json_close_object(writer);
}
