/* SPDX-License-Identifier: Apache-2.0
 *
 * A gate over databases: the worst member decides. Pure; any thread may call; nothing can fail.
 */
#ifndef MIGRATIOND_GATE_GATE_H
#define MIGRATIOND_GATE_GATE_H

#include <stddef.h>

#include "drift/drift.h"
#include "gate/state.h"

struct gate_policy {
    unsigned accept;  /* bit (1 << enum migration_state) per accepted state; `current` always is, `unknown` never */
    bool heeds_drift; /* false: drift is ignored */
    enum drift_severity drift_from; /* from which severity on confirmed drift blocks; read if it is heeded */
};

/* One judged journal of one database. A database with several journals is as many members: with `accept`, the one that
 * is worst for the database need not be the one that is worst for the gate. */
struct gate_member {
    const char *database;
    const struct verdict *verdict;
    enum drift_verdict drift;  /* of its database */
    enum drift_severity worst; /* of its confirmed items; read if `drift` is DRIFT_DRIFTED */
};

struct gate_verdict {
    enum gate_state state;
    enum state_code code;
    size_t worst;            /* index of the member that decided; the first of equals */
    const char *database;    /* that member's, borrowed */
    bool retryable;          /* waiting can help: closed or unknown */
    int retry_after_seconds; /* 0 unless retryable */
    int64_t valid_for_ms;    /* time alone cannot change it earlier */
};

/* `count` ≥ 1. */
void gate_judge(const struct gate_member *members, size_t count, const struct gate_policy *policy,
                struct gate_verdict *ret_verdict);

/* 200, 503 or 409. */
int gate_http_status(enum gate_state state);

enum health_status { HEALTH_PASS, HEALTH_WARN, HEALTH_FAIL };

/* pass, warn or fail of one database's verdict (design, "Health"). */
enum health_status verdict_health(const struct verdict *verdict);
const char *health_status_name(enum health_status status);

#endif
