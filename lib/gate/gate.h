/* SPDX-License-Identifier: Apache-2.0
 *
 * A gate over databases and checks: the worst of them decides. Pure; any thread may call; nothing can fail.
 */
#ifndef MIGRATIOND_GATE_GATE_H
#define MIGRATIOND_GATE_GATE_H

#include <stddef.h>

#include "drift/drift.h"
#include "gate/state.h"
#include "model/check.h"

struct check_verdict;

/* What a gate answers while a database cannot be seen: STALE, UNREACHABLE and TIMEOUT, and nothing else. */
enum unknown_policy {
    UNKNOWN_CLOSED,     /* that it is unknown */
    UNKNOWN_OPEN,       /* open, unless what was seen last would not open it */
    UNKNOWN_LAST_KNOWN, /* open if what was seen last would open it, and is not older than `max_age_ms` */
    UNKNOWN_POLICIES
};

/* "closed", "open", "last-known"; UNKNOWN_POLICIES if `text` is no name. */
const char *unknown_policy_name(enum unknown_policy policy);
enum unknown_policy unknown_policy_from_name(const char *text);

struct gate_policy {
    unsigned accept;  /* bit (1 << enum migration_state) per accepted state; `current` always is, `unknown` never */
    bool heeds_drift; /* false: drift is ignored */
    enum drift_severity drift_from; /* from which severity on confirmed drift blocks; read if it is heeded */
    enum unknown_policy on_unknown;
    int64_t max_age_ms; /* read with UNKNOWN_LAST_KNOWN */
};

/* Whether a verdict is unknown only because the database cannot be seen at present. */
bool verdict_is_out_of_sight(const struct verdict *verdict);

/* What is remembered of a member that is out of sight. */
struct last_known {
    const struct verdict *verdict; /* of the same question, as the last good look would have it were it not too old;
                                      NULL: there was none */
    int64_t age_ms;                /* of that look; read if there is a verdict */
    bool opened;                   /* this question was seen to open this member's gate */
    int64_t opened_age_ms;         /* that long ago; read if it was */
};

/* One judged journal of one database. A database with several journals is as many members: with `accept`, the one that
 * is worst for the database need not be the one that is worst for the gate. */
struct gate_member {
    const char *database;
    const struct verdict *verdict;
    enum drift_verdict drift;      /* of its database */
    enum drift_verdict last_drift; /* as it was at the last good look; read while it is out of sight */
    enum drift_severity worst;     /* of its confirmed items; read if one of them is DRIFT_DRIFTED */
    struct last_known last;        /* read while it is out of sight */
};

/* A check that the gate requires. */
struct gate_check {
    const char *address; /* "orders:check:no_orphans" */
    const char *database;
    const struct check_verdict *verdict;
    enum check_state last; /* of the newest run that decided; CHECK_UNKNOWN: there was none; read while the database is
                              out of its sight */
    int64_t last_age_ms;   /* since that run; read if there was one */
};

/* What a gate requires: at least one of either. */
struct gate_requires {
    const struct gate_member *members;
    size_t count;
    const struct gate_check *checks;
    size_t check_count;
};

struct gate_verdict {
    enum gate_state state;
    enum state_code code;    /* FAIL_OPEN where it is open only because of `on_unknown`; where a check decided,
                                CHECK_PASSED, CHECK_FAILED or CHECK_UNKNOWN, whatever the cause */
    size_t worst;            /* index of the member that decided, or of the check; the first of equals, members before
                                checks, one that fails open before others that are open */
    const char *check;       /* address of the check that decided, borrowed; NULL: a member did */
    const char *database;    /* that member's or check's, borrowed */
    bool retryable;          /* waiting can help: closed or unknown */
    int retry_after_seconds; /* 0 unless retryable */
    int64_t valid_for_ms;    /* time alone cannot change it earlier */
};

void gate_judge(const struct gate_requires *requires, const struct gate_policy *policy,
                struct gate_verdict *ret_verdict);

/* Whether `policy` opens the gate for this member although it is out of sight. `*ret_valid_for_ms`: time alone cannot
 * change that earlier. */
bool gate_fails_open(const struct gate_member *member, const struct gate_policy *policy, int64_t *ret_valid_for_ms);
bool gate_check_fails_open(const struct gate_check *check, const struct gate_policy *policy, int64_t *ret_valid_for_ms);

/* 200, 503 or 409. */
int gate_http_status(enum gate_state state);

enum health_status { HEALTH_PASS, HEALTH_WARN, HEALTH_FAIL };

/* pass, warn or fail of one database's verdict (design, "Health"). */
enum health_status verdict_health(const struct verdict *verdict);
const char *health_status_name(enum health_status status);

#endif
