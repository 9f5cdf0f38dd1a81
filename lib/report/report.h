/* SPDX-License-Identifier: Apache-2.0
 *
 * Renders what is known of databases and gates as the JSON of design section 5. Pure: everything is borrowed, times are
 * arguments. The writer's failure (memory, maximum) is the only one.
 */
#ifndef MIGRATIOND_REPORT_REPORT_H
#define MIGRATIOND_REPORT_REPORT_H

#include "gate/gate.h"
#include "json/json_writer.h"
#include "model/snapshot.h"

/* One judged journal of a database. */
struct judged_journal {
    const struct journal_reading *reading; /* NULL: there is no journal */
    const struct comparison *comparison;   /* NULL as in state_input */
    struct verdict verdict;
};

/* One database at one moment. */
struct database_report {
    const char *name;
    const char *engine;             /* as found, or as the URL says before the first look */
    const struct snapshot *snapshot; /* NULL before the first good look */
    const struct judged_journal *journals; /* at least one; journals[worst] speaks for the database */
    size_t journal_count;
    size_t worst;
    int64_t age_ms;               /* since the last good journal look; -1: never */
    int64_t now_ms;               /* unix time */
    const char *last_error;       /* message of the newest look's failure; NULL when it was good */
    enum error_code last_error_code;
    bool reachable;               /* the newest look reached the server */
};

/* The object that stands in a gate's "databases" and, with more keys, at /v1/databases/{db}: database, state, code, tool,
 * expected, observed, pending … lock, journals, snapshot, reason, next. Lists longer than LIST_SHOWN are cut and
 * "<list>_count" tells how many there are. */
enum { LIST_SHOWN = 100 };
void report_gate_database(struct json_writer *writer, const struct database_report *database);

/* GET /v1/gates/{gate}. */
void report_gate(struct json_writer *writer, const char *gate, const struct gate_verdict *verdict,
                 const struct database_report *databases, size_t count);

/* GET /v1/databases/{db}: report_gate_database's keys, and engine, server, gate, coverage, warning. */
void report_database(struct json_writer *writer, const struct database_report *database);

/* One element of GET /v1/databases: name, engine, state, code, gate, tool, revision, age_seconds, reason. */
void report_database_line(struct json_writer *writer, const struct database_report *database);

/* GET /v1/databases/{db}/journal: every applied migration, and all lists in full. Rendered in pieces so that a journal of a
 * million rows never stands in memory as one document: call until false. */
struct journal_report {
    const struct database_report *database; /* borrowed */
    size_t journal;
    size_t entry;
    unsigned phase;
};
void report_journal_init(struct journal_report *stream, const struct database_report *database);
bool report_journal_next(struct journal_report *stream, struct strbuf *out);

/* GET /health, /health/{name}: application/health+json. `status` is the worst of `databases`. */
void report_health(struct json_writer *writer, enum health_status status, const char *description,
                   const struct database_report *databases, size_t count);

/* RFC 9457. `detail` one sentence; `extra_key` (may be NULL) a string member such as "parameter". */
void report_problem(struct json_writer *writer, int status, const char *title, const char *detail,
                    const char *extra_key, const char *extra_value);

#endif
