/* SPDX-License-Identifier: Apache-2.0
 *
 * METRIC(name, type, help): every counter and gauge of the process, one series each. COUNTER is exposed as
 * migrationd_<name>_total, GAUGE as migrationd_<name>, and SECONDS, a counter that is kept in milliseconds, as
 * migrationd_<name>_seconds_total.
 */
METRIC(journal_looks, COUNTER, "Journal looks that ended, well or not")
METRIC(journal_look_duration, SECONDS, "Time spent in journal looks")
METRIC(deep_looks, COUNTER, "Deep looks that ended, well or not")
METRIC(deep_look_duration, SECONDS, "Time spent in deep looks")
METRIC(looks_good, COUNTER, "Looks of both kinds that succeeded")
METRIC(looks_failed, COUNTER, "Looks of both kinds that failed")
METRIC(state_changes, COUNTER, "Changes of a database's migration state")
METRIC(refreshes, COUNTER, "Looks asked for by POST /v1/databases/{db}/refresh")
METRIC(reloads, COUNTER, "Reloads of the configuration that succeeded")
METRIC(reload_failures, COUNTER, "Reloads of the configuration that were refused")
METRIC(config_last_reload_successful, GAUGE, "Whether the last attempt to load the configuration succeeded")
METRIC(waiters, GAUGE, "Requests held until a gate opens")
METRIC(waiters_refused, COUNTER, "Waiting requests refused because there were too many")
METRIC(admissions_admitted, COUNTER, "Startup signals that were admitted")
METRIC(admissions_refused, COUNTER, "Startup signals that were refused")
METRIC(history_available, GAUGE, "0 while the history cannot be used")
METRIC(history_records, COUNTER, "Records committed to the history")
METRIC(history_write_errors, COUNTER, "Failed attempts to open, write or read the history")
METRIC(history_dropped, COUNTER, "Records dropped because the history could not be written for too long")
METRIC(history_queue, GAUGE, "Records still to be written to the history")
METRIC(gate_fail_open, COUNTER, "Answers of gates that opened although a database was out of sight")
METRIC(http_connections, GAUGE, "Open HTTP connections")
METRIC(http_streams, GAUGE, "Streams of events open now")
METRIC(http_connections_refused, COUNTER, "HTTP connections refused because of the limit or a stop")
METRIC(http_connections_expired, COUNTER, "HTTP connections closed because a request took too long")
METRIC(http_unauthorized, COUNTER, "HTTP requests refused because no valid token came with them")
METRIC(http_requests_rejected, COUNTER, "HTTP requests refused as malformed before they reached a route")
