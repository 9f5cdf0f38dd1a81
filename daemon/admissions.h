/* SPDX-License-Identifier: Apache-2.0
 *
 * Startup signals of application instances and what the gate answered, in memory: the newest LIMIT_ADMISSIONS of each
 * gate. Any thread.
 */
#ifndef MIGRATIOND_DAEMON_ADMISSIONS_H
#define MIGRATIOND_DAEMON_ADMISSIONS_H

#include <stdint.h>

#include "base/error.h"
#include "gate/gate.h"
#include "json/json_writer.h"

struct admissions;

/* Texts are borrowed during the call; `revision` may be NULL. */
struct admission {
    const char *application;
    const char *instance;
    const char *revision;
    int64_t at_ms; /* unix time */
    enum gate_state state;
    enum state_code code;
    const char *database; /* that decided */
};

struct admissions *admissions_new(void) __attribute__((warn_unused_result));
void admissions_free(struct admissions *admissions);

/* Fails only for want of memory; the oldest of the gate makes room. */
int admissions_record(struct admissions *admissions, const char *gate, const struct admission *admission,
                      struct error *reterr);

/* An array, newest first. */
void admissions_list(struct admissions *admissions, const char *gate, struct json_writer *writer);

/* The members of one admission, into an open object. */
void admission_write(const struct admission *admission, struct json_writer *writer);

#endif
