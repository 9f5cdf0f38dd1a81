/* SPDX-License-Identifier: Apache-2.0
 *
 * The bodies of events about a database: what changed, in one compact object of a few hundred bytes, so that whoever
 * hears it need not ask again. Pure; failure (memory) is the writer's. Any thread.
 */
#ifndef MIGRATIOND_REPORT_REPORT_EVENT_H
#define MIGRATIOND_REPORT_REPORT_EVENT_H

#include "report/report.h"
#include "report/report_drift.h"

/* Few databases have more than one; an event must stay small. */
enum { EVENT_HEADS = 20 };

/* What was told before; `word` NULL: nothing. */
struct report_before {
    const char *word; /* a state's or a verdict's name */
    const char *code; /* NULL */
};

/* {"database","state","code","gate","tool":string|null,"heads":[revision],"applied_count":n|null,"reason",
 *  "next":string|null,"warning":string|null,"at":time,"target":"postgres db1.internal:5432/orders",
 *  "previous":null|{"state","code"}}
 *
 * A list of more than EVENT_HEADS heads is cut, and "heads_count" behind it tells how many there are. */
void report_event_state(struct json_writer *writer, const struct database_report *database, int64_t at_ms,
                        const struct report_before *previous);

/* The picture that a watcher starts from: the same without "target" and "previous", and "age_seconds":n|null and, where
 * a reference is configured, "drift" as report_gate_database has it, and where there are checks, "checks" as
 * report_check_summary does. */
void report_event_picture(struct json_writer *writer, const struct database_report *database);

/* {"database","drift":"none|drifted|unknown","code":string|null,"reason":string|null,"worst":severity|null,
 *  "reference":null|{…},"live":null|{…},"counts":null|{…} as in report_drift_json, "at":time,
 *  "previous":null|{"drift","code":string|null}}
 *
 * `worst` is read where the verdict is `drifted`. */
void report_event_drift(struct json_writer *writer, const struct drift_context *context, enum drift_severity worst,
                        int64_t at_ms, const struct report_before *previous);

#endif
