/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_report.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

struct report_storage {
    struct drift_report report; /* first, so that a report's address is its storage's */
    struct drift_item *items;
};

struct drift_report *drift_report_new(struct schema *reference, struct schema *live)
{
    struct report_storage *storage = mem_calloc(1, sizeof *storage);
    if (!storage)
        return NULL;
    struct drift_report *report = &storage->report;
    report->arena = arena_new(LIMIT_DRIFT_BYTES);
    report->reference = schema_ref(reference);
    report->live = schema_ref(live);
    if (!report->arena) {
        drift_report_free(report);
        return NULL;
    }
    return report;
}

void drift_report_free(struct drift_report *report)
{
    if (!report)
        return;
    arena_free(report->arena);
    schema_unref(report->reference);
    schema_unref(report->live);
    mem_free(report);
}

void drift_report_set(struct drift_report *report, struct drift_item *items, const uint32_t *by_id, size_t count)
{
    ((struct report_storage *)report)->items = items;
    report->items = items;
    report->by_id = by_id;
    report->item_count = count;
}

struct drift_item *drift_report_items(struct drift_report *report)
{
    return ((struct report_storage *)report)->items;
}

void drift_count(struct drift_report *report)
{
    struct drift_counts counts = {0};
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        if (item->state == ITEM_SUPPRESSED) {
            counts.suppressed++;
            continue;
        }
        counts.by_change[item->change]++;
        counts.by_severity[item->severity]++;
        counts.suspected += item->state == ITEM_SUSPECTED;
    }
    report->counts = counts;
}

static const struct drift_item *find_item(const struct drift_report *report, const char *id)
{
    size_t low = 0;
    size_t high = report ? report->item_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct drift_item *item = &report->items[report->by_id[middle]];
        int order = strcmp(item->id, id);
        if (order == 0)
            return item;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void drift_confirm(struct drift_report *report, const struct drift_report *previous, bool undisturbed, int64_t now_ms)
{
    struct drift_item *items = drift_report_items(report);
    for (size_t i = 0; i < report->item_count; i++) {
        struct drift_item *item = &items[i];
        const struct drift_item *before = find_item(previous, item->id);
        bool again = before && same_text(before->expected, item->expected) && same_text(before->actual, item->actual);
        item->first_seen_ms = again ? before->first_seen_ms : now_ms;
        item->last_seen_ms = now_ms;
        if (item->state != ITEM_SUPPRESSED)
            item->state = again && undisturbed ? ITEM_CONFIRMED : ITEM_SUSPECTED;
    }
    drift_count(report);
}

bool drift_reaches(const struct drift_report *report, enum drift_severity severity)
{
    for (size_t i = 0; i < report->item_count; i++)
        if (report->items[i].state == ITEM_CONFIRMED && report->items[i].severity >= severity)
            return true;
    return false;
}

enum drift_verdict drift_verdict(const struct drift_report *report)
{
    if (drift_reaches(report, SEVERITY_INFO))
        return DRIFT_DRIFTED;
    return report->doubtful || report->counts.suspected > 0 ? DRIFT_UNKNOWN : DRIFT_NONE;
}
