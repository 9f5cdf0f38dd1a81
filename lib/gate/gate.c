/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/gate.h"

enum {
    RETRY_CLOSED_SECONDS = 2,  /* a waiting request is answered within milliseconds anyway; this is for the others */
    RETRY_UNKNOWN_SECONDS = 5, /* a server that is away seldom comes back sooner */
};

/* `accept` is about states that are known; what an unknown one counts as is another policy's. */
static enum gate_state member_state(const struct verdict *verdict, const struct gate_policy *policy)
{
    bool accepted = verdict->state != STATE_UNKNOWN && (policy->accept & (1u << verdict->state)) != 0;
    return accepted ? GATE_OPEN : verdict->gate;
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
    struct gate_verdict gate = {.state = member_state(members[0].verdict, policy),
                                .valid_for_ms = members[0].verdict->valid_for_ms};
    for (size_t i = 1; i < count; i++) {
        enum gate_state state = member_state(members[i].verdict, policy);
        if (gate_state_is_worse(state, gate.state)) {
            gate.state = state;
            gate.worst = i;
        }
        if (members[i].verdict->valid_for_ms < gate.valid_for_ms)
            gate.valid_for_ms = members[i].verdict->valid_for_ms;
    }
    gate.database = members[gate.worst].database;
    gate.code = members[gate.worst].verdict->code;
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
