/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/arena.h"
#include "daemon/gate_question.h"
#include "model/schema.h"

enum metric_type { COUNTER, GAUGE, SECONDS };

static const struct {
    const char *name;
    enum metric_type type;
    const char *help;
} rows[] = {
#define METRIC(name, type, help) {#name, type, help},
#include "daemon/metrics_list.h"
#undef METRIC
};

static atomic_int_least64_t values[METRICS];

void metric_add(enum metric metric, int64_t amount)
{
    atomic_fetch_add_explicit(&values[metric], amount, memory_order_relaxed);
}

void metric_set(enum metric metric, int64_t value)
{
    atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

int64_t metric_get(enum metric metric)
{
    return atomic_load_explicit(&values[metric], memory_order_relaxed);
}

static void add_header(struct strbuf *out, const char *name, const char *suffix, const char *type, const char *help)
{
    strbuf_printf(out, "# HELP migrationd_%s%s %s\n# TYPE migrationd_%s%s %s\n", name, suffix, help, name, suffix,
                  type);
}

static void add_milliseconds(struct strbuf *out, int64_t milliseconds)
{
    strbuf_printf(out, "%" PRId64 ".%03" PRId64 "\n", milliseconds / 1000, milliseconds % 1000);
}

static void render_process(struct strbuf *out)
{
    static const char *const suffixes[] = {[COUNTER] = "_total", [GAUGE] = "", [SECONDS] = "_seconds_total"};
    add_header(out, "build_info", "", "gauge", "Always 1; the version is in the label");
    strbuf_add_string(out, "migrationd_build_info{version=\"" MIGRATIOND_VERSION "\"} 1\n");
    for (unsigned i = 0; i < METRICS; i++) {
        const char *suffix = suffixes[rows[i].type];
        int64_t value = metric_get((enum metric)i);
        add_header(out, rows[i].name, suffix, rows[i].type == GAUGE ? "gauge" : "counter", rows[i].help);
        strbuf_printf(out, "migrationd_%s%s ", rows[i].name, suffix);
        if (rows[i].type == SECONDS)
            add_milliseconds(out, value);
        else
            strbuf_printf(out, "%" PRId64 "\n", value);
    }
}

/* Backslash, quote and newline are what the text format escapes. */
static void add_label_value(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            strbuf_add_string(out, "\\n");
        else if (*text == '\\' || *text == '"')
            strbuf_printf(out, "\\%c", *text);
        else
            strbuf_add_char(out, *text);
    }
}

static void add_series(struct strbuf *out, const char *name, const struct database_report *report,
                       const char *extra_label, const char *extra_value)
{
    strbuf_printf(out, "migrationd_database_%s{database=\"", name);
    add_label_value(out, report->name);
    strbuf_add_string(out, "\",engine=\"");
    add_label_value(out, report->engine ? report->engine : "");
    if (extra_label)
        strbuf_printf(out, "\",%s=\"%s", extra_label, extra_value);
    strbuf_add_string(out, "\"} ");
}

struct measured {
    const struct view *view;
    const struct database_report *report;
};

static bool measure_up(const struct measured *measured, int64_t *ret_value)
{
    *ret_value = measured->view->status.tried && measured->view->status.error.code == ERROR_OK;
    return true;
}

static bool measure_open(const struct measured *measured, int64_t *ret_value)
{
    *ret_value = database_report_verdict(measured->report)->gate == GATE_OPEN;
    return true;
}

static bool measure_failures(const struct measured *measured, int64_t *ret_value)
{
    *ret_value = measured->view->status.failures;
    return true;
}

static const struct judged_journal *worst_journal(const struct measured *measured)
{
    return &measured->report->journals[measured->report->worst];
}

static bool measure_applied(const struct measured *measured, int64_t *ret_value)
{
    const struct comparison *comparison = worst_journal(measured)->comparison;
    *ret_value = comparison ? (int64_t)comparison->applied_count : 0;
    return comparison;
}

static bool measure_pending(const struct measured *measured, int64_t *ret_value)
{
    const struct comparison *comparison = worst_journal(measured)->comparison;
    *ret_value = comparison ? (int64_t)comparison->pending.count : 0;
    return comparison;
}

static bool measure_lock(const struct measured *measured, int64_t *ret_value)
{
    const struct journal_reading *reading = worst_journal(measured)->reading;
    *ret_value = reading && reading->lock.held;
    return reading;
}

static bool measure_tables(const struct measured *measured, int64_t *ret_value)
{
    const struct schema *schema = measured->report->snapshot ? measured->report->snapshot->schema : NULL;
    *ret_value = schema ? (int64_t)schema_table_count(schema) : 0;
    return schema;
}

/* Each is one series per database; what is not known has none. */
static const struct {
    const char *name;
    const char *help;
    bool (*measure)(const struct measured *measured, int64_t *ret_value);
} gauges[] = {
    {"up", "Whether the newest journal look succeeded", measure_up},
    {"open", "Whether the gate of the database's own name is open", measure_open},
    {"look_failures", "Journal looks that failed in a row", measure_failures},
    {"applied_migrations", "Migrations that the journal lists as applied", measure_applied},
    {"pending_migrations", "Expected migrations that are not applied", measure_pending},
    {"lock_held", "Whether the migration tool's lock is held", measure_lock},
    {"tables", "Tables seen by the newest deep look", measure_tables},
};

static const struct judged_check *find_backup(const struct database_report *report)
{
    const struct judged_check *newest = NULL;
    for (size_t i = 0; i < report->check_count; i++) {
        const struct judged_check *check = &report->checks[i];
        if (!report_check_has_backup(check) || check->result->backup.finished_at_ms <= 0)
            continue;
        if (!newest || check->result->backup.finished_at_ms > newest->result->backup.finished_at_ms)
            newest = check;
    }
    return newest;
}

static void render_checks(const struct measured *measured, size_t count, struct strbuf *out)
{
    add_header(out, "database_", "checks", "gauge", "Checks of the database that are in a state");
    for (size_t j = 0; j < count; j++) {
        const struct database_report *report = measured[j].report;
        for (unsigned state = 0; report->check_count > 0 && state < CHECK_STATES; state++) {
            add_series(out, "checks", report, "state", check_state_name((enum check_state)state));
            strbuf_printf(out, "%zu\n",
                          report_count_checks(report->checks, report->check_count, (enum check_state)state));
        }
    }
    add_header(out, "database_", "backup_age_seconds", "gauge", "Time since the newest backup that was found ended");
    for (size_t j = 0; j < count; j++) {
        const struct judged_check *backup = find_backup(measured[j].report);
        if (!backup)
            continue;
        int64_t age_ms = measured[j].report->now_ms - backup->result->backup.finished_at_ms;
        add_series(out, "backup_age_seconds", measured[j].report, NULL, NULL);
        add_milliseconds(out, age_ms > 0 ? age_ms : 0);
    }
}

/* The gauges, the state, the age and whether the schema has drifted. */
enum { USUAL_SERIES = sizeof gauges / sizeof gauges[0] + 3 };

_Static_assert(USUAL_SERIES + CHECK_STATES + 1 < METRIC_SERIES, "there is room for differences that are critical");

static bool has_backup_check(const struct database_report *report)
{
    size_t i = 0;
    while (i < report->check_count && strcmp(report->checks[i].kind, "backup") != 0)
        i++;
    return i < report->check_count;
}

/* The least severity whose differences are counted, so that there are no more than METRIC_SERIES. */
static unsigned least_severity(const struct database_report *report)
{
    size_t room = METRIC_SERIES - USUAL_SERIES;
    if (report->check_count > 0)
        room -= CHECK_STATES + has_backup_check(report);
    return room < SEVERITIES ? (unsigned)(SEVERITIES - room) : 0;
}

static void render_drift(const struct measured *measured, size_t count, struct strbuf *out)
{
    add_header(out, "database_", "drift", "gauge", "1 for what is known of the schema's drift: none, drifted, unknown");
    for (size_t j = 0; j < count; j++) {
        if (!measured[j].report->drift.configured)
            continue;
        add_series(out, "drift", measured[j].report, "drift", drift_verdict_name(measured[j].report->drift.verdict));
        strbuf_add_string(out, "1\n");
    }
    add_header(out, "database_", "drift_items", "gauge", "Differences to the reference that are not suppressed");
    for (size_t j = 0; j < count; j++) {
        const struct drift_counts *counts = measured[j].report->drift.counts;
        for (unsigned severity = least_severity(measured[j].report); counts && severity < SEVERITIES; severity++) {
            add_series(out, "drift_items", measured[j].report, "severity", drift_severity_name(severity));
            strbuf_printf(out, "%zu\n", counts->by_severity[severity]);
        }
    }
}

static void render_databases(const struct measured *measured, size_t count, struct strbuf *out)
{
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++) {
        add_header(out, "database_", gauges[i].name, "gauge", gauges[i].help);
        for (size_t j = 0; j < count; j++) {
            int64_t value = 0;
            if (!gauges[i].measure(&measured[j], &value))
                continue;
            add_series(out, gauges[i].name, measured[j].report, NULL, NULL);
            strbuf_printf(out, "%" PRId64 "\n", value);
        }
    }
    add_header(out, "database_", "state", "gauge", "1 for the migration state that the database is in");
    for (size_t j = 0; j < count; j++) {
        add_series(out, "state", measured[j].report, "state",
                   migration_state_name(database_report_verdict(measured[j].report)->state));
        strbuf_add_string(out, "1\n");
    }
    render_drift(measured, count, out);
    render_checks(measured, count, out);
    add_header(out, "database_", "age_seconds", "gauge", "Time since the last good journal look");
    for (size_t j = 0; j < count; j++) {
        if (measured[j].report->age_ms < 0)
            continue;
        add_series(out, "age_seconds", measured[j].report, NULL, NULL);
        add_milliseconds(out, measured[j].report->age_ms);
    }
}

void metrics_render_views(struct view *const *views, size_t count, int64_t monotonic_now_ms, int64_t unix_now_ms,
                          struct strbuf *out)
{
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    struct database_report *reports = arena ? arena_array(arena, count, sizeof *reports) : NULL;
    struct measured *measured = reports ? arena_array(arena, count, sizeof *measured) : NULL;
    out->failed = out->failed || !measured;
    for (size_t i = 0; !out->failed && i < count; i++) {
        out->failed = view_judge(views[i], NULL, monotonic_now_ms, unix_now_ms, arena, &reports[i], NULL) != 0;
        measured[i] = (struct measured){.view = views[i], .report = &reports[i]};
    }
    if (!out->failed)
        render_databases(measured, count, out);
}

void metrics_render(const struct view_set *set, int64_t monotonic_now_ms, int64_t unix_now_ms, struct strbuf *out)
{
    render_process(out);
    if (set)
        metrics_render_views(set->views, set->count, monotonic_now_ms, unix_now_ms, out);
}
