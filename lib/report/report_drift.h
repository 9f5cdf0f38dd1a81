/* SPDX-License-Identifier: Apache-2.0
 *
 * Drift reports, plans and comparisons for people and programs: JSON, a terminal's table, Markdown for the audit
 * folder. Pure; failure (memory) is the writer's or buffer's. Any thread.
 */
#ifndef MIGRATIOND_REPORT_REPORT_DRIFT_H
#define MIGRATIOND_REPORT_REPORT_DRIFT_H

#include "base/strbuf.h"
#include "drift/compare_many.h"
#include "drift/drift.h"
#include "drift/plan.h"
#include "json/json_writer.h"

/* What stands around a report. Texts may be NULL where a reference or a snapshot is lacking. */
struct drift_context {
    const char *database;           /* name; on the command line what was given as the live side, redacted */
    const char *reference_kind;     /* "baseline", "database", "url", "drizzle", "rails", "sql" */
    const char *reference_ref;      /* file, database's name, redacted URL */
    const char *reference_revision; /* NULL */
    enum drift_verdict verdict;
    const char *code;                  /* "REFERENCE_AHEAD", "NO_REFERENCE", …: why it is unknown; NULL */
    const char *reason;                /* one sentence; NULL */
    int64_t live_taken_at_ms;          /* unix time; TIME_UNKNOWN */
    int64_t frozen_since_ms;           /* unix time; TIME_UNKNOWN unless a migration is running */
    const struct drift_report *report; /* NULL: nothing could be compared */
    bool ageless; /* of the JSON: null for the times that every look moves, taken_at and last_seen */
};

/* {"database","drift","code":string|null,"reason":string|null,"canonical_version":1,
 *  "reference":null|{"kind","ref","revision":string|null,"fingerprint"},
 *  "live":null|{"fingerprint","taken_at","coverage":"full|partial|none"},"frozen_since":time|null,
 *  "compared":{"tables":50,"columns":585,…}  every kind that the reference has one of; tables and columns always,
 *  "counts":{"missing","unexpected","changed","suppressed","suspected","by_severity":{"critical","major","minor","info"}},
 *  "items":[{"id","kind","object","change","attribute","expected","actual","severity","state","first_seen","last_seen"}],
 *  "hints":[{"object","text"}],"not_compared":[{"kind","coverage","reason"}],
 *  "suppressed":[{"item","match","reason","owner","until"}],"never_hit":[match],"expired":[match]} */
void report_drift_json(struct json_writer *writer, const struct drift_context *context);

/* A summary, then one line per item in aligned columns; `colour` for terminals. */
void report_drift_text(struct strbuf *out, const struct drift_context *context, bool colour);
void report_drift_markdown(struct strbuf *out, const struct drift_context *context);

/* {"database","direction","canonical_version","reference","live","guard":sql,
 *  "statements":[{"stage","item","kind","object","sql","lock","hazards":[{"hazard","text"}],"transactional","verify",
 *  "undo":sql|null,"undo_note":string|null}],"unsolved":[{"item","object","reason"}],"counts":{"stage1","stage2","stage3"}}
 * `stage` 0: all. */
void report_plan_json(struct json_writer *writer, const struct drift_context *context, const struct plan *plan,
                      unsigned stage);
void report_plan_text(struct strbuf *out, const struct drift_context *context, const struct plan *plan, unsigned stage,
                      bool colour);

/* {"members":n,"groups":[{"fingerprint","majority":bool,"databases":[name],"drift":null|{"counts","items"}}],
 *  "unread":[{"database","reason"}],"partial":[{"database","reason"}]} */
void report_many_json(struct json_writer *writer, const struct comparison_member *members,
                      const struct comparison_of_many *comparison);
void report_many_text(struct strbuf *out, const struct comparison_member *members,
                      const struct comparison_of_many *comparison, bool colour);
void report_many_markdown(struct strbuf *out, const struct comparison_member *members,
                          const struct comparison_of_many *comparison);

#endif
