/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/journal.h"
#include "report/report_drift_parts.h"

enum { LINE = 400 };

void report_add_summary(struct strbuf *out, enum report_style style, const struct drift_counts *counts)
{
    size_t total = 0;
    for (unsigned change = 0; change < DRIFT_CHANGES; change++)
        total += counts->by_change[change];
    strbuf_printf(out, "%zu difference%s", total, total == 1 ? "" : "s");
    const char *separator = ": ";
    for (unsigned severity = SEVERITIES; severity-- > 0;) {
        if (counts->by_severity[severity] == 0)
            continue;
        strbuf_printf(out, "%s%zu ", separator, counts->by_severity[severity]);
        report_add_word(out, style, drift_severity_name(severity));
        separator = ", ";
    }
    if (counts->suspected > 0)
        strbuf_printf(out, "; %zu of them seen once", counts->suspected);
    if (counts->suppressed > 0)
        strbuf_printf(out, "; %zu suppressed", counts->suppressed);
}

static void add_object(struct report_table *table, const struct drift_item *item)
{
    cleanup(strbuf) struct strbuf object = STRBUF(4096);
    strbuf_add_string(&object, item->object);
    if (item->attribute)
        strbuf_printf(&object, " (%s)", item->attribute);
    report_table_add(table, strbuf_ok(&object) ? strbuf_text(&object) : item->object);
}

void report_add_items(struct strbuf *out, enum report_style style, const struct drift_report *report)
{
    static const char *const titles[] = {"SEVERITY", "CHANGE", "KIND", "OBJECT", "EXPECTED", "ACTUAL", NULL};
    cleanup(report_table) struct report_table table = {0};
    report_table_init(&table, style, titles);
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        report_table_add(&table, item->state == ITEM_SUPPRESSED ? "suppressed" : drift_severity_name(item->severity));
        report_table_add(&table, drift_change_name(item->change));
        report_table_add(&table, drift_kind_name(item->kind));
        add_object(&table, item);
        report_table_add(&table, item->expected);
        report_table_add(&table, item->actual);
    }
    if (report->item_count > 0)
        report_table_print(&table, out);
}

/* A line "  label      text", or "- label: text". */
static void begin_line(struct strbuf *out, enum report_style style, const char *label)
{
    if (style == STYLE_MARKDOWN)
        strbuf_printf(out, "- %s: ", label);
    else
        strbuf_printf(out, "  %-13s", label);
}

static void add_fingerprint(struct strbuf *out, const struct schema *schema)
{
    char fingerprint[DIGEST_HEX_SIZE] = "";
    if (!schema)
        return;
    digest_to_hex(schema->digest, fingerprint);
    strbuf_printf(out, ", fingerprint %s", fingerprint);
}

static void add_time(struct strbuf *out, int64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm utc = {0};
    char text[32] = "";
    if (gmtime_r(&seconds, &utc) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0)
        strbuf_add_string(out, text);
}

static void add_reference(struct strbuf *out, enum report_style style, const struct drift_context *context)
{
    if (!context->reference_kind)
        return;
    begin_line(out, style, "reference");
    strbuf_printf(out, "%s ", context->reference_kind);
    report_add_line(out, style, context->reference_ref ? context->reference_ref : "-", LINE);
    if (context->reference_revision) {
        strbuf_add_string(out, " at revision ");
        report_add_line(out, style, context->reference_revision, LINE);
    }
    add_fingerprint(out, context->report ? context->report->reference : NULL);
    strbuf_add_char(out, '\n');
}

static void add_live(struct strbuf *out, enum report_style style, const struct drift_context *context)
{
    begin_line(out, style, "live");
    report_add_line(out, style, context->database, LINE);
    if (context->live_taken_at_ms != TIME_UNKNOWN) {
        strbuf_add_string(out, ", read at ");
        add_time(out, context->live_taken_at_ms);
    }
    if (context->report) {
        add_fingerprint(out, context->report->live);
        strbuf_printf(out, ", coverage %s", drift_live_coverage(context->report->live));
    }
    strbuf_add_char(out, '\n');
    if (context->frozen_since_ms != TIME_UNKNOWN) {
        begin_line(out, style, "frozen since");
        add_time(out, context->frozen_since_ms);
        strbuf_add_string(out, ": a migration is running\n");
    }
}

static void add_compared(struct strbuf *out, enum report_style style, const struct drift_report *report)
{
    const char *separator = "";
    begin_line(out, style, "compared");
    for (unsigned kind = 0; kind < DRIFT_KINDS; kind++) {
        if (!drift_kind_is_shown(report, kind))
            continue;
        bool one = report->compared[kind] == 1;
        strbuf_printf(out, "%s%zu ", separator, report->compared[kind]);
        for (const char *letter = one ? drift_kind_name(kind) : drift_kind_plural(kind); *letter; letter++)
            strbuf_add_char(out, *letter == '_' ? ' ' : *letter);
        separator = ", ";
    }
    strbuf_add_char(out, '\n');
}

void report_add_not_compared(struct strbuf *out, enum report_style style, const struct drift_report *report)
{
    for (size_t i = 0; i < report->uncovered_count; i++) {
        const struct drift_uncovered *uncovered = &report->uncovered[i];
        begin_line(out, style, "not compared");
        strbuf_printf(out, "%s: ", schema_kind_name(uncovered->kind));
        report_add_line(out, style, uncovered->reason ? uncovered->reason : coverage_name(uncovered->coverage), LINE);
        strbuf_add_char(out, '\n');
    }
    const struct schema *const sides[] = {report->reference, report->live};
    for (size_t i = 0; i < ARRAY_LENGTH(sides); i++) {
        if (sides[i]->not_compared == 0)
            continue;
        begin_line(out, style, "not compared");
        strbuf_printf(out, "%s: ", i == 0 ? "reference" : "live");
        report_add_line(out, style, schema_text(sides[i], sides[i]->not_compared), LINE);
        strbuf_add_char(out, '\n');
    }
}

static void add_remarks(struct strbuf *out, enum report_style style, const struct drift_report *report)
{
    report_add_not_compared(out, style, report);
    for (size_t i = 0; i < report->hint_count; i++) {
        begin_line(out, style, "hint");
        report_add_line(out, style, report->hints[i].text, LINE);
        strbuf_add_char(out, '\n');
    }
    for (size_t i = 0; i < report->never_hit_count; i++) {
        begin_line(out, style, "never hit");
        report_add_line(out, style, report->never_hit[i]->match, LINE);
        strbuf_add_string(out, ": this entry of `ignore` matches nothing; remove it\n");
    }
    for (size_t i = 0; i < report->expired_count; i++) {
        begin_line(out, style, "expired");
        report_add_line(out, style, report->expired[i]->match, LINE);
        strbuf_add_string(out, ": this entry of `ignore` is past its `until`\n");
    }
}

static void add_headline(struct strbuf *out, enum report_style style, const struct drift_context *context)
{
    strbuf_add_string(out, style == STYLE_MARKDOWN ? "# Drift of " : "");
    report_add_line(out, style, context->database, LINE);
    strbuf_add_string(out, ": ");
    report_add_word(out, style, drift_verdict_name(context->verdict));
    if (context->code)
        strbuf_printf(out, " (%s)", context->code);
    strbuf_add_string(out, style == STYLE_MARKDOWN ? "\n\n" : "");
    if (context->report) {
        strbuf_add_string(out, style == STYLE_MARKDOWN ? "" : ", ");
        report_add_summary(out, style, &context->report->counts);
    }
    strbuf_add_string(out, style == STYLE_MARKDOWN ? ".\n\n" : "\n");
}

static void add_whole(struct strbuf *out, enum report_style style, const struct drift_context *context)
{
    add_headline(out, style, context);
    if (context->reason) {
        begin_line(out, style, "reason");
        report_add_line(out, style, context->reason, LINE);
        strbuf_add_char(out, '\n');
    }
    add_reference(out, style, context);
    add_live(out, style, context);
    if (!context->report)
        return;
    add_compared(out, style, context->report);
    add_remarks(out, style, context->report);
    strbuf_add_string(out, context->report->item_count > 0 ? "\n" : "");
    report_add_items(out, style, context->report);
}

void report_drift_text(struct strbuf *out, const struct drift_context *context, bool colour)
{
    add_whole(out, colour ? STYLE_COLOUR : STYLE_PLAIN, context);
}

void report_drift_markdown(struct strbuf *out, const struct drift_context *context)
{
    add_whole(out, STYLE_MARKDOWN, context);
}
