/* SPDX-License-Identifier: Apache-2.0
 *
 * Process-wide counters, one row each in metrics_list.h; increments are atomic and cost a few nanoseconds. What is
 * known per database is read from the view set when /metrics is rendered, so it needs no counter.
 */
#ifndef MIGRATIOND_DAEMON_METRICS_H
#define MIGRATIOND_DAEMON_METRICS_H

#include <stdint.h>

#include "base/strbuf.h"
#include "daemon/view.h"

enum metric {
#define METRIC(name, type, help) METRIC_##name,
#include "daemon/metrics_list.h"
#undef METRIC
    METRICS
};

void metric_add(enum metric metric, int64_t amount);
void metric_set(enum metric metric, int64_t value);
int64_t metric_get(enum metric metric);

/* Prometheus text format 0.0.4. At most METRIC_SERIES per database, labelled by database and engine and by one of a few
 * words: where there are checks as well as drift, differences of the least severities make room. */
enum { METRIC_SERIES = 15 };
void metrics_render(const struct view_set *set, int64_t monotonic_now_ms, int64_t unix_now_ms, struct strbuf *out);

/* The series of these databases alone. */
void metrics_render_views(struct view *const *views, size_t count, int64_t monotonic_now_ms, int64_t unix_now_ms,
                          struct strbuf *out);

#endif
