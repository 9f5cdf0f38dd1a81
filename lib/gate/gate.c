/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/gate.h"

#include <string.h>

#include "gate/check_verdict.h"

enum {
    RETRY_CLOSED_SECONDS = 2,  /* a waiting request is answered within milliseconds anyway; this is for the others */
    RETRY_UNKNOWN_SECONDS = 5, /* a server that is away seldom comes back sooner */
};

static const char *const unknown_policy_names[UNKNOWN_POLICIES] = {
    [UNKNOWN_CLOSED] = "closed",
    [UNKNOWN_OPEN] = "open",
    [UNKNOWN_LAST_KNOWN] = "last-known",
};

const char *unknown_policy_name(enum unknown_policy policy)
{
    return unknown_policy_names[policy];
}

enum unknown_policy unknown_policy_from_name(const char *text)
{
    unsigned policy = 0;
    while (policy < UNKNOWN_POLICIES && strcmp(unknown_policy_names[policy], text) != 0)
        policy++;
    return policy;
}

/* What a member or a check comes to. */
struct judged_member {
    enum gate_state state;
    enum state_code code;
    int64_t valid_for_ms;
};

static void worsen(struct judged_member *judged, enum gate_state state, enum state_code code)
{
    if (!gate_state_is_worse(state, judged->state))
        return;
    judged->state = state;
    judged->code = code;
}

/* `accept` is about states that are known; what an unknown one counts as is another policy's. */
static enum gate_state gate_of(const struct verdict *verdict, const struct gate_policy *policy)
{
    bool accepted = verdict->state != STATE_UNKNOWN && (policy->accept & (1u << verdict->state)) != 0;
    return accepted ? GATE_OPEN : verdict->gate;
}

/* The time after which an age exceeds the limit, which it does not yet. */
static int64_t left_ms(int64_t limit_ms, int64_t age_ms)
{
    int64_t left = limit_ms - age_ms;
    return left < INT64_MAX ? left + 1 : INT64_MAX;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What the last good look could not tell either, because a journal timed out in it, is as good as no look. */
static bool has_look(const struct last_known *last)
{
    return last->verdict && !verdict_is_out_of_sight(last->verdict);
}

/* A look that saw the gate shut outweighs whatever was seen before it. */
static bool opens_by_last_known(const struct last_known *last, const struct gate_policy *policy, int64_t *valid_for_ms)
{
    bool looked = has_look(last);
    int64_t age_ms = looked ? last->age_ms : last->opened_age_ms;
    bool open = looked ? gate_of(last->verdict, policy) == GATE_OPEN : last->opened;
    if (!open || age_ms > policy->max_age_ms)
        return false;
    *valid_for_ms = left_ms(policy->max_age_ms, age_ms);
    return true;
}

bool gate_fails_open(const struct gate_member *member, const struct gate_policy *policy, int64_t *ret_valid_for_ms)
{
    const struct last_known *last = &member->last;
    *ret_valid_for_ms = INT64_MAX;
    if (!verdict_is_out_of_sight(member->verdict))
        return false;
    bool open = false;
    if (policy->on_unknown == UNKNOWN_LAST_KNOWN)
        open = opens_by_last_known(last, policy, ret_valid_for_ms);
    else if (policy->on_unknown == UNKNOWN_OPEN)
        open = !has_look(last) || gate_of(last->verdict, policy) == GATE_OPEN;
    if (has_look(last))
        *ret_valid_for_ms = earlier(*ret_valid_for_ms, last->verdict->valid_for_ms);
    return open;
}

/* What is out of sight cannot be compared either: where that fails open, the drift that was known last goes with it. An
 * opening that is remembered without a look had heeded it. */
static enum drift_verdict drift_of(const struct gate_member *member, const struct gate_policy *policy, bool failed_open)
{
    if (!failed_open || member->drift != DRIFT_UNKNOWN)
        return member->drift;
    return policy->on_unknown == UNKNOWN_LAST_KNOWN && !has_look(&member->last) ? DRIFT_NONE : member->last_drift;
}

/* Drift can only make it worse. */
static struct judged_member judge_member(const struct gate_member *member, const struct gate_policy *policy)
{
    const struct verdict *verdict = member->verdict;
    int64_t valid_for_ms = INT64_MAX;
    struct judged_member judged = {.state = gate_of(verdict, policy), .code = verdict->code};
    bool failed_open = gate_fails_open(member, policy, &valid_for_ms);
    if (failed_open) {
        judged.state = GATE_OPEN;
        judged.code = CODE_FAIL_OPEN;
    }
    judged.valid_for_ms = earlier(verdict->valid_for_ms, valid_for_ms);
    if (!policy->heeds_drift)
        return judged;
    enum drift_verdict drift = drift_of(member, policy, failed_open);
    if (drift == DRIFT_DRIFTED && member->worst >= policy->drift_from)
        worsen(&judged, GATE_BLOCKED, CODE_DRIFTED);
    if (drift == DRIFT_UNKNOWN)
        worsen(&judged, GATE_UNKNOWN, CODE_DRIFT_UNKNOWN);
    return judged;
}

bool gate_check_fails_open(const struct gate_check *check, const struct gate_policy *policy, int64_t *ret_valid_for_ms)
{
    *ret_valid_for_ms = INT64_MAX;
    if (!check->verdict->out_of_sight || check->last == CHECK_FAILED)
        return false;
    if (policy->on_unknown == UNKNOWN_OPEN)
        return true;
    if (policy->on_unknown != UNKNOWN_LAST_KNOWN || check->last != CHECK_PASSED ||
        check->last_age_ms > policy->max_age_ms)
        return false;
    *ret_valid_for_ms = left_ms(policy->max_age_ms, check->last_age_ms);
    return true;
}

/* The check's own code says why; the gate's is the same for every cause, so that a caller has three to know. */
static struct judged_member judge_check(const struct gate_check *check, const struct gate_policy *policy)
{
    static const enum state_code codes[CHECK_STATES] = {
        [CHECK_UNKNOWN] = CODE_CHECK_UNKNOWN, [CHECK_PASSED] = CODE_CHECK_PASSED, [CHECK_FAILED] = CODE_CHECK_FAILED};
    const struct check_verdict *verdict = check->verdict;
    int64_t valid_for_ms = INT64_MAX;
    struct judged_member judged = {.state = verdict->gate, .code = codes[verdict->state]};
    if (gate_check_fails_open(check, policy, &valid_for_ms)) {
        judged.state = GATE_OPEN;
        judged.code = CODE_FAIL_OPEN;
    }
    judged.valid_for_ms = earlier(verdict->valid_for_ms, valid_for_ms);
    return judged;
}

/* Whether a member or a check decides instead of what did so far. */
static bool decides(const struct judged_member *judged, const struct gate_verdict *gate)
{
    if (gate->state == GATE_OPEN && judged->state == GATE_OPEN)
        return judged->code == CODE_FAIL_OPEN && gate->code != CODE_FAIL_OPEN;
    return gate_state_is_worse(judged->state, gate->state);
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

static void count_in(struct gate_verdict *gate, const struct judged_member *judged, size_t index, const char *check,
                     const char *database)
{
    if (!gate->database || decides(judged, gate)) {
        gate->state = judged->state;
        gate->code = judged->code;
        gate->worst = index;
        gate->check = check;
        gate->database = database;
    }
    gate->valid_for_ms = earlier(gate->valid_for_ms, judged->valid_for_ms);
}

void gate_judge(const struct gate_requires *requires, const struct gate_policy *policy,
                struct gate_verdict *ret_verdict)
{
    struct gate_verdict gate = {.state = GATE_OPEN, .valid_for_ms = INT64_MAX};
    for (size_t i = 0; i < requires->count; i++) {
        struct judged_member judged = judge_member(&requires->members[i], policy);
        count_in(&gate, &judged, i, NULL, requires->members[i].database);
    }
    for (size_t i = 0; i < requires->check_count; i++) {
        struct judged_member judged = judge_check(&requires->checks[i], policy);
        count_in(&gate, &judged, i, requires->checks[i].address, requires->checks[i].database);
    }
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

bool verdict_is_out_of_sight(const struct verdict *verdict)
{
    enum state_code code = verdict->code;
    return verdict->state == STATE_UNKNOWN && (code == CODE_STALE || code == CODE_UNREACHABLE || code == CODE_TIMEOUT);
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
        return verdict_is_out_of_sight(verdict) ? HEALTH_WARN : HEALTH_FAIL;
    default:
        return HEALTH_FAIL;
    }
}

const char *health_status_name(enum health_status status)
{
    static const char *const names[] = {[HEALTH_PASS] = "pass", [HEALTH_WARN] = "warn", [HEALTH_FAIL] = "fail"};
    return names[status];
}
