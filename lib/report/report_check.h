/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks in JSON, Markdown and plain tables. Pure, as report.h.
 */
#ifndef MIGRATIOND_REPORT_REPORT_CHECK_H
#define MIGRATIOND_REPORT_REPORT_CHECK_H

#include "gate/check_verdict.h"
#include "report/report_style.h"
#include "json/json_writer.h"

/* One check of one database at one moment. Texts are borrowed. */
struct judged_check {
    const char *database;
    const char *name;     /* "no_orphans" */
    const char *address;  /* as gates require it and health names it: "orders:check:no_orphans", "orders:backup" */
    const char *kind;     /* "sql" */
    const char *expected; /* "= 0", "no rows" */
    enum check_severity severity;
    const struct check_result *result; /* of the newest run; NULL: there was none */
    struct check_verdict verdict;
    enum check_state last; /* of the newest run that passed or failed; CHECK_UNKNOWN: there was none */
    int64_t last_age_ms;   /* since that run began; read if there was one */
    int64_t since_ms;      /* unix time since which runs end in this state; TIME_UNKNOWN */
    int64_t checked_at_ms; /* unix time at which the newest run began; TIME_UNKNOWN */
    int64_t age_ms;        /* since then; -1: never */
    int64_t took_ms;       /* that run; -1 */
    int64_t every_ms;
};

/* The element of a gate's and of a database's "checks":
 *
 *   {"check":"no_orphans","address":"orders:check:no_orphans","database":"orders","kind":"sql",
 *    "state":"passed|failed|unknown","code","severity":"fail|warn","value":string|null,"expected":string,
 *    "since":time|null,"checked_at":time|null,"age_seconds":n|null,"took_seconds":n|null,"every_seconds":n,
 *    "reason","next":string|null}
 *
 * and, where there is something to say, before "reason":
 *
 *    "coverage":{"tables":n,"holding_rows":n,"unread":n},
 *    "items":[name],"items_count":n,                       the names of what fails; all of them are counted
 *    "columns":[name],"rows":[[string|null]],"more_rows":bool,
 *    "backup":{"file":string|null,"finished_at":time,"age_seconds":n,"size_bytes":n|null,"complete":bool}
 *    "again_in_seconds":n                                  it is being watched or read through, and unknown until then
 *    "last_known":{"state":"passed|failed","age_seconds":n}    of the newest run that decided, while it is unknown */
void report_check(struct json_writer *writer, const struct judged_check *check, int64_t now_ms);

/* GET /v1/databases/{db}/checks:
 * {"database","state":"passed|failed|unknown","counts":{"passed":n,"failed":n,"unknown":n},"checks":[report_check]}.
 * `state` is that of the worst of severity `fail`: failed, then unknown, passed. */
void report_checks(struct json_writer *writer, const char *database, const struct judged_check *checks, size_t count,
                   int64_t now_ms);

/* The same for people, as a table, or as Markdown for a folder of audits: with names of what fails and rows below.
 * Markdown says of which server ("postgres 15.18"; NULL: not known), when and by which version it tells. */
void report_checks_text(struct strbuf *out, const char *database, const char *server, const struct judged_check *checks,
                        size_t count, enum report_style style, int64_t now_ms);

/* The worst of them, as `state` above; how many are in a state; the worst of their health. */
enum check_state report_checks_state(const struct judged_check *checks, size_t count);
size_t report_count_checks(const struct judged_check *checks, size_t count, enum check_state state);
enum health_status report_checks_health(const struct judged_check *checks, size_t count);

/* The keys "passed", "failed" and "unknown", into an open object. */
void report_check_counts(struct json_writer *writer, const struct judged_check *checks, size_t count);

/* The key "checks" of a database, which is left out where it has none: {"state","passed","failed","unknown"}. */
void report_check_summary(struct json_writer *writer, const struct judged_check *checks, size_t count);

/* What the newest run went by, in a few words: the backup's file, or the value; NULL: nothing was seen. */
const char *report_check_evidence(const struct judged_check *check);

/* Whether the newest run judged a backup. */
bool report_check_has_backup(const struct judged_check *check);

/* The body of an event: {"database","check","address","state","code","severity","value":string|null,"expected",
 *  "reason","next":string|null,"at":time,"previous":null|{"state","code"}}. `previous_state` NULL: nothing was told. */
void report_event_check(struct json_writer *writer, const struct judged_check *check, int64_t at_ms,
                        const char *previous_state, const char *previous_code);

#endif
