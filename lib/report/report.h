/* SPDX-License-Identifier: Apache-2.0
 *
 * Renders what is known of databases and gates as the JSON that HTTP serves. Pure: everything is borrowed, times are
 * arguments, any thread may call. The writer's failure (memory, its buffer's maximum) is the only one; the caller asks
 * json_writer_ok() or strbuf_ok() at the end. Times are RFC 3339 UTC or null, `_seconds` are numbers or null.
 */
#ifndef MIGRATIOND_REPORT_REPORT_H
#define MIGRATIOND_REPORT_REPORT_H

#include "gate/gate.h"
#include "model/journal_pack.h"
#include "model/migration_set.h"
#include "model/snapshot.h"
#include "report/report_check.h"
#include "report/report_style.h"
#include "json/json_writer.h"

/* One judged journal of a database. */
struct judged_journal {
    const struct journal_reading *reading; /* NULL: there is no journal */
    const struct journal_address *absent;  /* where one was looked for in vain; NULL: nowhere in particular */
    const struct comparison *comparison;   /* NULL as in state_input */
    struct verdict verdict;

    /* The question, said in `expected` where no comparison says it (there is no journal, or it could not be read). */
    const char *expected_revision; /* NULL: what a directory holds */
    enum match match;
    enum expectation_source source;
    const char *supports; /* "A..B", where the question was a range; NULL */

    struct last_known last; /* filled in where a gate asks for it, while the verdict is out of sight */
};

/* Drift in one line. Texts are borrowed. */
struct drift_summary {
    bool configured; /* there is a reference; all else is read only then */
    enum drift_verdict verdict;
    enum drift_verdict last;           /* the verdict at the moment of the last good journal look */
    enum drift_severity worst;         /* of the confirmed items; read if one of the two is DRIFT_DRIFTED */
    const struct drift_counts *counts; /* NULL: nothing was compared */
    const char *code;                  /* why it is unknown; NULL */
    const char *reason;                /* NULL */
    enum drift_severity fail_on;       /* SEVERITIES: drift only warns */
    int64_t taken_at_ms;               /* unix time; TIME_UNKNOWN */
};

/* One database, or some of its journals, at one moment. */
struct database_report {
    const char *name;                /* "orders", "orders#tenant_42" */
    const char *replica_of;          /* the database that it is a replica of; NULL */
    const char *engine;              /* as found, or as the URL says before the first look */
    const char *target;              /* "postgres db1.internal:5432/orders": what is looked at; NULL without a daemon */
    const struct snapshot *snapshot; /* NULL before the first good look */
    const struct judged_journal *journals; /* at least one; journals[worst] speaks for the database */
    size_t journal_count;
    size_t bystander_count; /* the last ones: listed, but they decide nothing, since nothing is expected of them */
    size_t worst;
    int64_t age_ms;         /* since the last good journal look; -1: never */
    int64_t now_ms;         /* unix time */
    const char *last_error; /* message of the newest look's failure; NULL when it was good */
    enum error_code last_error_code;
    bool reachable; /* the newest look reached the server */
    struct drift_summary drift;
    const char *drift_reason; /* where the drift keeps a gate shut: why, instead of what the journal says; NULL */
    const char *drift_next;   /* read if there is a drift_reason */
    const struct migration_remark *remarks; /* what the expected files themselves show to be wrong */
    size_t remark_count;
    const struct judged_check *checks; /* of the database as a whole; none in a gate's answer, which has its own */
    size_t check_count;
};

/* Elements of a list, and journals, that an answer shows; the journal's own report shows them all. */
enum { LIST_SHOWN = 100, JOURNALS_OF_MANY = 10 };

/* The object that stands in a gate's "databases":
 *
 *   {"database","state","code","tool":string|null,
 *    "expected":null | {"revision":string|null,"match","source"},
 *    "observed":null | {"heads":[revision],"applied_count":n},
 *    "pending":[revision],"unknown","later","failed","mismatched","unverified","out_of_order",
 *    "lock":null | {"held","orphaned","suspected","holder":string|null,"since":time|null},
 *    "journals":[{"journal":"schema.table/part","address":"schema.table/part","tool","state","code", the lists, "lock",
 *                 "reason","next"}],
 *    "snapshot":{"taken_at","age_seconds","fingerprint","last_error"},"reason","next":string|null}
 *
 * and, where a reference is configured, before "reason":
 *
 *    "drift":{"drift":"none|drifted|unknown","code":string|null,"worst":severity|null,"differences":n}
 *
 * behind "database", of a replica: "replica_of":"orders"; in "expected", of a range: "supports":"A..B"; and behind
 * "snapshot", where a gate's policy looked at what was known last:
 *
 *    "last_known":{"source":"snapshot|admission","state":string|null,"code":string|null,"age_seconds":n}
 *
 * `journals` is empty unless there are several; then it holds the worst first. A list with more than LIST_SHOWN
 * elements is cut, and "<list>_count" behind it tells how many there are; of as many journals the JOURNALS_OF_MANY
 * worst are shown, with "journals_count", and all of them in "groups" (report_database) behind all else. `failed` names
 * dirty entries, too, once they count as failed. */
void report_gate_database(struct json_writer *writer, const struct database_report *database);

/* A gate at one moment. */
struct gate_report {
    const char *gate;
    const struct gate_verdict *verdict;
    const struct database_report *databases;
    size_t count;
    const struct judged_check *checks; /* that it requires */
    size_t check_count;
    int64_t now_ms; /* unix time */
};

/* GET /v1/gates/{gate}: {"gate","state","code","database","retryable","retry_after_seconds":n|null,"databases":[…]}
 *
 * and, where the gate requires checks, behind "database" and behind "databases":
 *
 *    "check":address of the check that decided|null
 *    "checks":[report_check] */
void report_gate(struct json_writer *writer, const struct gate_report *gate);

/* "the schema differs from its reference: 36 critical, 3 minor", or why nobody knows. */
void report_drift_reason(const struct drift_summary *drift, char *text, size_t size);

/* The verdict of what decided, a database or a check: why, and what to do. */
const char *report_gate_reason(const struct gate_report *gate);

/* GET /v1/databases/{db}: report_gate_database's keys, and
 *
 *   "groups":[{"tool","heads":[revision],"state","code","count":n,"journals":[address]}],
 *   "remarks":[{"kind":"duplicate|gap|ignored|elsewhere","text"}],
 *   "gate":"open|…","rule":n,"warning":string|null,"engine",
 *   "server":null | {"version","database","role","tls","replica"},
 *   "grant_needed":string|null,"schema_taken_at":time|null,
 *   "coverage":null | {"tables":{"coverage":"full|partial|none|not_applicable","reason":string|null},…},
 *   "details":[{"list":"mismatched","revision","file":string|null,"detail":string|null,"applied_at":time|null}]
 *
 * and, where it has checks, behind all else: "checks":{"state","passed":n,"failed":n,"unknown":n} as in report_checks.
 *
 * `groups` is empty unless there are several journals; the worst comes first, and each names 20 members at most.
 * `details` holds the findings of which more than the revision is known, at most LIST_SHOWN of each list. */
void report_database(struct json_writer *writer, const struct database_report *database);

/* One element of GET /v1/databases:
 * {"database","engine","state","code","gate","tool","revision":string|null,"age_seconds":n|null,"reason"}, of a replica
 * "replica_of" behind "database". `revision` is where the database stands, several heads joined by ",". */
void report_database_line(struct json_writer *writer, const struct database_report *database);

/* GET /v1/databases/{db}/journal, whole:
 *
 *   {"database","taken_at",
 *    "journal":"schema.table/part"|null,"address":the same,"tool","state","code","lock","reason","next",
 *    "heads_only":bool,"truncated":bool,
 *    "applied":[{"revision","label","checksum","applied_at","state":"applied|baseline","repeatable":bool}],
 *    "pending":[{"revision","file","detail","applied_at"}],"unknown","later","failed","mismatched","unverified",
 *    "out_of_order","dirty",
 *    "journals":[],"groups","remarks"}
 *
 * Where a database has several journals, the keys from "journal" to "dirty" describe the worst, and `journals` holds an
 * object of these keys for each. Rendered in pieces, so that a journal of a million rows never stands in memory as one
 * document: call report_journal_next until it returns false; a call that returns true has appended a piece. `out` may
 * be emptied between calls. */
struct journal_report {
    const struct database_report *database; /* borrowed */
    struct json_writer writer;
    unsigned phase;
    size_t object; /* 0: the outermost one; then one per journal */
    size_t list;
    size_t next;                  /* finding */
    struct journal_cursor cursor; /* of the entries being written; no journal: not begun */
};
void report_journal_init(struct journal_report *stream, const struct database_report *database);
bool report_journal_next(struct journal_report *stream, struct strbuf *out);

/* The same for people. Of one journal the newest `entries_most` entries are shown, and as many of each list. */
void report_journal_text(struct strbuf *out, const struct database_report *database, enum report_style style,
                         size_t entries_most);

/* pass, warn or fail of a database: the worst of its journals, of its drift, and of its checks. */
enum health_status report_database_health(const struct database_report *database);

/* GET /health, /health/{name}: application/health+json,
 *
 *   {"status":"pass|warn|fail","version":"1","releaseId","description","output":the worst database's reason,
 *    "checks":{"orders:migration":[one per journal; of many the worst ones],"orders:connection":[…],
 *              "orders:snapshot_age":[…],"orders:drift":[…], where a reference is configured}}
 *
 * and those of databases' own checks, and of `checks`, under their addresses. A check is {"componentId",
 * "componentType":"datastore","observedValue","observedUnit","status","time","output"}; `output` is left out on pass,
 * and `observedUnit` where there is none. `status` is the worst of all, and warn at least where `history_fault` tells
 * why the history cannot be used, which adds "history:availability". */
struct health_report {
    const char *description;
    const struct database_report *databases;
    size_t count;
    const struct judged_check *checks; /* beside those of the databases */
    size_t check_count;
    const char *history_fault; /* NULL: there is none, or nobody asks */
    int64_t now_ms;            /* unix time */
};
void report_health(struct json_writer *writer, const struct health_report *health);

/* Its `status`. */
enum health_status report_health_status(const struct health_report *health);

/* RFC 9457: {"type":"about:blank","title","status","detail"}. `detail` one sentence; `extra_key` (may be NULL) a string
 * member such as "parameter". */
void report_problem(struct json_writer *writer, int status, const char *title, const char *detail,
                    const char *extra_key, const char *extra_value);

#endif
