/* SPDX-License-Identifier: Apache-2.0
 *
 * What the reports about drift share. Private to lib/report.
 */
#ifndef MIGRATIOND_REPORT_REPORT_DRIFT_PARTS_H
#define MIGRATIOND_REPORT_REPORT_DRIFT_PARTS_H

#include "report/report_drift.h"
#include "report/report_table.h"

/* "tables", … */
const char *drift_kind_plural(enum drift_kind kind);

/* Whether `compared` names the kind: the reference has one, or it is always said. */
bool drift_kind_is_shown(const struct drift_report *report, enum drift_kind kind);

/* The worst coverage of all kinds: "full" or "partial". */
const char *drift_live_coverage(const struct schema *live);

/* The keys "reference" and "live"; "counts"; "items". */
void report_put_sides(struct json_writer *writer, const struct drift_context *context);
void report_put_counts(struct json_writer *writer, const struct drift_counts *counts);
void report_put_items(struct json_writer *writer, const struct drift_report *report, bool ageless);

/* A line for each kind of which one side was not seen whole. */
void report_add_not_compared(struct strbuf *out, enum report_style style, const struct drift_report *report);

/* "39 differences: 36 critical, 3 minor; 2 suppressed". */
void report_add_summary(struct strbuf *out, enum report_style style, const struct drift_counts *counts);

/* The table of the items. */
void report_add_items(struct strbuf *out, enum report_style style, const struct drift_report *report);

#endif
