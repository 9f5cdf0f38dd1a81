/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check says at one moment: a pure function of its newest run and of what has happened since. No allocation, no
 * clock: ages are arguments. Any thread may call; nothing can fail.
 */
#ifndef MIGRATIOND_GATE_CHECK_VERDICT_H
#define MIGRATIOND_GATE_CHECK_VERDICT_H

#include "gate/gate.h"
#include "gate/state.h"
#include "model/check.h"

/* A result counts for as many turns of its schedule; after that it is stale. */
enum { CHECK_TURNS = 3 };

struct check_input {
    const struct check_result *result; /* of the newest run; NULL: there was none */
    int64_t age_ms;                    /* since that run began */
    int64_t every_ms;                  /* its schedule */
    int64_t timeout_ms;
    enum check_severity severity;
    bool heals;     /* time mends it: closed, not blocked */
    bool running;   /* a migration runs, and what the check is about may be about to change */
    bool overtaken; /* one ran since that run began */

    bool asks;                  /* the database; false: it looks at files, and what follows is not read */
    enum error_code unseen;     /* why the database cannot be looked at at present; ERROR_OK */
    const char *unseen_message; /* NULL */

    int64_t look_age_ms;      /* since the last good journal look */
    int64_t max_staleness_ms; /* after which a migration may have run that nobody saw; 0: none changes it */
};

struct check_verdict {
    enum check_state state;
    enum state_code code;      /* CHECK_PASSED, CHECK_FAILED; of what is unknown the cause: NEVER_OBSERVED, STALE,
                                  UNREACHABLE, TIMEOUT, AUTH_FAILED, FORBIDDEN, TRUNCATED, RUNNING, CHECK_UNKNOWN */
    enum gate_state gate;      /* of a gate that requires it */
    enum health_status health; /* passed is pass; failed is warn or fail, as its severity says; unknown is warn, and
                                  with severity `fail` fail unless it is out of sight, was only not asked yet, or is
                                  watched until it can be told */
    bool out_of_sight;         /* unknown only because the database cannot be seen at present; a deadline that a check
                                  exceeds while the database answers others is its own trouble */
    char reason[512];          /* one sentence without a full stop; the result's, where that decides */
    char next[320];            /* one action; "" */
    int64_t valid_for_ms;      /* time alone cannot change this earlier; INT64_MAX: never */
};

void check_judge(const struct check_input *input, struct check_verdict *ret_verdict);

#endif
