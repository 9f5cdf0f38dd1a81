/* SPDX-License-Identifier: Apache-2.0
 *
 * Startup signals of application instances and what the gate answered, in memory: the newest LIMIT_ADMISSIONS of each
 * gate, and of each release the sums since the oldest that was ever told. What outlives the daemon is the history's
 * (recorder.h), from which a starting daemon fills this. Any thread.
 */
#ifndef MIGRATIOND_DAEMON_ADMISSIONS_H
#define MIGRATIOND_DAEMON_ADMISSIONS_H

#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "gate/gate.h"
#include "history/history.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

struct admissions;

/* What a check that the gate requires said. */
struct admission_evidence {
    const char *check; /* address */
    const char *state;
    const char *value;     /* "/backups/orders-2026-11-20.sql.gz", "0"; NULL: nothing was seen */
    int64_t checked_at_ms; /* unix time; TIME_UNKNOWN */
};

/* Texts are borrowed during the call; `instance`, `revision`, `match` and `supports` may be NULL. */
struct admission {
    const char *application;
    const char *instance;
    const char *revision;
    const char *match;    /* of the revision, unless at-least */
    const char *supports; /* "A..B" */
    bool admitted;
    bool recorded; /* kept in the history */
    int64_t at_ms; /* unix time */
    const char *state;
    const char *code;
    const char *database; /* that decided, or whose check did */

    /* At most LIMIT_ADMISSION_EVIDENCE of the checks that the gate requires; none: it requires none. */
    const struct admission_evidence *evidence;
    size_t evidence_count;
    size_t evidence_total; /* with those that are not kept */
};

struct admissions *admissions_new(void) __attribute__((warn_unused_result));
void admissions_free(struct admissions *admissions);

/* Fails only for want of memory; the oldest of the gate makes room. */
int admissions_record(struct admissions *admissions, const char *gate, const struct admission *admission,
                      struct error *reterr);

/* One that the history kept (recorder_setup.seed): `payload` is the admissions. What cannot be read is passed over. */
void admissions_remember(void *payload, const struct history_record *record);

/* An array of admission_write's objects, newest first; `application` NULL: of all. */
void admissions_list(struct admissions *admissions, const char *gate, const char *application, size_t limit,
                     struct json_writer *writer);

/* Which releases want in, the most recent first: an array of
 * {"application","revision":string|null,"admitted":n,"refused":n,"instances":n,"last_admitted_at":time|null,
 *  "last_refused_at":time|null}. `instances` counts the different names that were admitted. */
void admissions_list_releases(struct admissions *admissions, const char *gate, const char *application,
                              struct json_writer *writer);

/* The members of one admission, into an open object, but for `recorded`; and back, borrowing from `object` and from
 * `evidence`, where the evidence is put, which returns false when something is missing. The evidence, only where the
 * gate requires checks, is "evidence":[{"check","state","value":string|null,"checked_at":time|null}], and, where some
 * of it is not kept, "evidence_count". */
void admission_write(const struct admission *admission, struct json_writer *writer);
bool admission_read(const struct json_value *object,
                    struct admission_evidence evidence[static LIMIT_ADMISSION_EVIDENCE],
                    struct admission *ret_admission);

DEFINE_CLEANUP(admissions, struct admissions *, admissions_free);

#endif
