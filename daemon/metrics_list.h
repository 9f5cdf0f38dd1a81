/* SPDX-License-Identifier: Apache-2.0
 *
 * METRIC(name, type, help): every counter and gauge of the process; exposed as migrationd_<name>. Types: COUNTER, GAUGE,
 * and SECONDS, a counter that is kept in milliseconds and shown in seconds. What stands here costs one series each.
 */
METRIC(journal_looks_total, COUNTER, "Journal looks that ended, well or not")
METRIC(journal_look_failures_total, COUNTER, "Journal looks that failed")
METRIC(journal_look_seconds_total, SECONDS, "Time spent in journal looks")
METRIC(deep_looks_total, COUNTER, "Deep looks that ended, well or not")
METRIC(deep_look_failures_total, COUNTER, "Deep looks that failed")
METRIC(deep_look_seconds_total, SECONDS, "Time spent in deep looks")
METRIC(refreshes_total, COUNTER, "Looks asked for by POST /v1/databases/{db}/refresh")
METRIC(state_changes_total, COUNTER, "Changes of a database's migration state")
METRIC(reloads_total, COUNTER, "Reloads of the configuration that succeeded")
METRIC(reload_failures_total, COUNTER, "Reloads of the configuration that were refused")
METRIC(config_last_reload_successful, GAUGE, "Whether the last attempt to load the configuration succeeded")
METRIC(waiters, GAUGE, "Requests held until a gate opens")
METRIC(waiters_refused_total, COUNTER, "Waiting requests refused because max_waiters was reached")
METRIC(admissions_admitted_total, COUNTER, "Startup signals that were admitted")
METRIC(admissions_refused_total, COUNTER, "Startup signals that were refused")
METRIC(http_connections, GAUGE, "Open HTTP connections")
METRIC(http_connections_refused_total, COUNTER, "HTTP connections refused because of the limit or a stop")
METRIC(http_connections_expired_total, COUNTER, "HTTP connections closed because a request took too long to arrive")
METRIC(http_requests_rejected_total, COUNTER, "HTTP requests refused as malformed before they reached a route")
