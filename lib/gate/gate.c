/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/gate.h"

enum {
    RETRY_CLOSED_SECONDS = 2,  /* a waiting request is answered within milliseconds anyway; this is for the others */
    RETRY_UNKNOWN_SECONDS = 5, /* a server that is away seldom comes back sooner */
};

struct judged_member {
    enum gate_state state;
    enum state_code code;
};

static void worsen(struct judged_member *judged, enum gate_state state, enum state_code code)
{
    if (gate_state_is_worse(state, judged->state))
        *judged = (struct judged_member){state, code};
}

/* `accept` is about states that are known; what an unknown one counts as is another policy's. Drift can only make it
 * worse. */
static struct judged_member judge_member(const struct gate_member *member, const struct gate_policy *policy)
{
    const struct verdict *verdict = member->verdict;
    bool accepted = verdict->state != STATE_UNKNOWN && (policy->accept & (1u << verdict->state)) != 0;
    struct judged_member judged = {.state = accepted ? GATE_OPEN : verdict->gate, .code = verdict->code};
    if (!policy->heeds_drift)
        return judged;
    if (member->drift == DRIFT_DRIFTED && member->worst >= policy->drift_from)
        worsen(&judged, GATE_BLOCKED, CODE_DRIFTED);
    if (member->drift == DRIFT_UNKNOWN)
        worsen(&judged, GATE_UNKNOWN, CODE_DRIFT_UNKNOWN);
    return judged;
}

static int retry_after_seconds(enum gate_state state)
{
    switch (state) {
    case GATE_CLOSED:
        return RETRY_CLOSED_SECONDS;
    case GATE_UNKNOWN:
        return RETRY_UNKNOWN_SECONDS;
    default:
        return 0;
    }
}

void gate_judge(const struct gate_member *members, size_t count, const struct gate_policy *policy,
                struct gate_verdict *ret_verdict)
{
    struct gate_verdict gate = {.state = GATE_OPEN, .valid_for_ms = INT64_MAX};
    for (size_t i = 0; i < count; i++) {
        struct judged_member judged = judge_member(&members[i], policy);
        if (i == 0 || gate_state_is_worse(judged.state, gate.state)) {
            gate.state = judged.state;
            gate.code = judged.code;
            gate.worst = i;
        }
        if (members[i].verdict->valid_for_ms < gate.valid_for_ms)
            gate.valid_for_ms = members[i].verdict->valid_for_ms;
    }
    gate.database = members[gate.worst].database;
    gate.retryable = gate.state == GATE_CLOSED || gate.state == GATE_UNKNOWN;
    gate.retry_after_seconds = retry_after_seconds(gate.state);
    *ret_verdict = gate;
}

int gate_http_status(enum gate_state state)
{
    switch (state) {
    case GATE_OPEN:
        return 200;
    case GATE_BLOCKED:
        return 409;
    default:
        return 503;
    }
}

static bool passes_for_now(enum state_code code)
{
    return code == CODE_STALE || code == CODE_UNREACHABLE || code == CODE_TIMEOUT;
}

enum health_status verdict_health(const struct verdict *verdict)
{
    switch (verdict->state) {
    case STATE_CURRENT:
    case STATE_OBSERVED:
        return verdict->lock_orphaned || verdict->lock_suspected ? HEALTH_WARN : HEALTH_PASS;
    case STATE_AHEAD:
        return HEALTH_WARN;
    case STATE_UNKNOWN:
        return passes_for_now(verdict->code) ? HEALTH_WARN : HEALTH_FAIL;
    default:
        return HEALTH_FAIL;
    }
}

const char *health_status_name(enum health_status status)
{
    static const char *const names[] = {[HEALTH_PASS] = "pass", [HEALTH_WARN] = "warn", [HEALTH_FAIL] = "fail"};
    return names[status];
}
