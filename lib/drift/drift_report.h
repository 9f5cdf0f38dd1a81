/* SPDX-License-Identifier: Apache-2.0
 *
 * A report as its makers see it: its items can be changed. Private to lib/drift.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_REPORT_H
#define MIGRATIOND_DRIFT_DRIFT_REPORT_H

#include "drift/drift.h"

/* An empty report over two schemas, with one reference each; NULL when memory is out. */
struct drift_report *drift_report_new(struct schema *reference, struct schema *live)
    __attribute__((warn_unused_result));

/* `items` and `by_id` are the arena's. */
void drift_report_set(struct drift_report *report, struct drift_item *items, const uint32_t *by_id, size_t count);

struct drift_item *drift_report_items(struct drift_report *report);

/* Counts the items anew. */
void drift_count(struct drift_report *report);

#endif
