/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from an input at one moment, before any rule is asked.
 */
#include "gate/state_rules.h"

/* What a failed look leaves us with. Our own trouble (memory, a bug) says nothing about the database. */
static const enum state_code look_codes[ERROR_CODES] = {
    [ERROR_OK] = CODE_STALE,
    [ERROR_NO_MEMORY] = CODE_STALE,
    [ERROR_UNREACHABLE] = CODE_UNREACHABLE,
    [ERROR_TIMEOUT] = CODE_TIMEOUT,
    [ERROR_AUTH_FAILED] = CODE_AUTH_FAILED,
    [ERROR_FORBIDDEN] = CODE_FORBIDDEN,
    [ERROR_LOCKED] = CODE_TIMEOUT,
    [ERROR_CHANGED] = CODE_TIMEOUT,
    [ERROR_NOT_FOUND] = CODE_UNREACHABLE,
    [ERROR_TRUNCATED] = CODE_TRUNCATED,
    [ERROR_INVALID] = CODE_UNREACHABLE,
    [ERROR_UNSUPPORTED] = CODE_UNREACHABLE,
    [ERROR_IO] = CODE_UNREACHABLE,
    [ERROR_INTERNAL] = CODE_STALE,
};

enum state_code state_code_of_look(enum error_code error)
{
    return look_codes[error];
}

enum state_code state_code_of_reading(enum error_code error)
{
    switch (error) {
    case ERROR_UNREACHABLE:
    case ERROR_IO:
        return CODE_UNREACHABLE;
    case ERROR_TIMEOUT:
    case ERROR_CHANGED:
        return CODE_TIMEOUT;
    case ERROR_AUTH_FAILED:
        return CODE_AUTH_FAILED;
    case ERROR_FORBIDDEN:
        return CODE_FORBIDDEN;
    case ERROR_TRUNCATED:
        return CODE_TRUNCATED;
    case ERROR_NO_MEMORY:
    case ERROR_INTERNAL:
        return CODE_STALE;
    default:
        return CODE_JOURNAL_INVALID;
    }
}

bool situation_is_stale(const struct situation *situation)
{
    return !situation->input->observed || situation->input->age_ms > situation->policy->max_staleness_ms;
}

enum state_code situation_failure(const struct situation *situation)
{
    const struct state_input *input = situation->input;
    if (!situation_is_stale(situation))
        return state_code_of_reading(input->journal_error);
    enum state_code code = state_code_of_look(input->last_error);
    return code == CODE_STALE && !input->observed ? CODE_NEVER_OBSERVED : code;
}

/* Milliseconds from `since_ms` to `now_ms`, negative for what the server's clock puts into our future. */
static bool elapsed_ms(int64_t now_ms, int64_t since_ms, int64_t *ret_elapsed)
{
    return since_ms != TIME_UNKNOWN && !__builtin_sub_overflow(now_ms, since_ms, ret_elapsed);
}

/* Milliseconds for which a dirty entry still counts as young; negative if it does not. A time far in the future is a
 * clock or a zone that cannot be trusted: it must not keep a dead entry young. */
static int64_t dirty_left_ms(const struct situation *situation, const struct finding *entry)
{
    int64_t age = 0;
    int64_t grace = situation->policy->dirty_grace_ms;
    if (!elapsed_ms(situation->input->now_ms, entry->applied_at_ms, &age) || age < -grace)
        return -1;
    return grace - age;
}

static bool is_dirty_alive(const struct situation *situation)
{
    const struct finding_list *dirty = &situation->comparison->dirty;
    if (situation->input->runner_elsewhere)
        return dirty->count > 0;
    if (situation->input->runner_visible || situation->lock_orphaned)
        return false;
    for (size_t i = 0; i < dirty->count; i++) {
        if (dirty_left_ms(situation, &dirty->items[i]) >= 0)
            return true;
    }
    return false;
}

/* Milliseconds until a lock row without a session is old enough to be suspected; INT64_MAX: it never is. */
static int64_t lock_left_ms(const struct situation *situation)
{
    const struct lock_report *lock = situation->input->lock;
    int64_t age = 0;
    int64_t left = 0;
    if (!lock || !lock->held || !lock->sessionless || !elapsed_ms(situation->input->now_ms, lock->since_ms, &age) ||
        __builtin_sub_overflow(situation->policy->lock_orphan_after_ms, age, &left))
        return INT64_MAX;
    return left;
}

static void judge_lock(struct situation *situation)
{
    const struct lock_report *lock = situation->input->lock;
    if (!lock)
        return;
    situation->lock_orphaned = lock->orphaned;
    situation->lock_suspected = !lock->orphaned && (lock->suspected || lock_left_ms(situation) < 0);
    situation->lock_alive = lock->held && !situation->lock_orphaned && !situation->lock_suspected;
}

struct situation situation_of(const struct state_input *input, const struct state_policy *policy)
{
    static const struct comparison nothing = {0};
    struct situation situation = {
        .input = input,
        .policy = policy,
        .comparison = input->comparison ? input->comparison : &nothing,
    };
    const struct comparison *comparison = situation.comparison;
    situation.compared = comparison->source != SOURCE_NONE;
    situation.asked_by_caller = input->source == SOURCE_REQUEST || comparison->source == SOURCE_REQUEST;
    situation.journal_locked = input->locked || input->journal_error == ERROR_LOCKED;
    situation.journal_seen = input->journal || input->journal_error != ERROR_OK || situation.journal_locked;
    judge_lock(&situation);
    situation.dirty_alive = is_dirty_alive(&situation);
    situation.satisfied = situation.compared && comparison->match != MATCH_EXACT && comparison->target_applied &&
                          comparison->pending.count == 0 && comparison->out_of_order.count == 0;
    return situation;
}

bool situation_is_running(const struct situation *situation)
{
    return situation->lock_alive || situation->journal_locked || situation->dirty_alive;
}

/* The moment at which `left_ms` turns negative, if it is nearer than `valid_ms`. */
static int64_t earlier(int64_t valid_ms, int64_t left_ms)
{
    return left_ms >= 0 && left_ms < valid_ms - 1 ? left_ms + 1 : valid_ms;
}

int64_t situation_valid_for(const struct situation *situation)
{
    if (situation_is_stale(situation))
        return INT64_MAX;
    int64_t limit = situation->policy->max_staleness_ms;
    int64_t left = limit < INT64_MAX ? limit - situation->input->age_ms : INT64_MAX;
    int64_t valid = earlier(earlier(INT64_MAX, left), lock_left_ms(situation));
    if (!situation->dirty_alive || situation->input->runner_elsewhere)
        return valid;
    const struct finding_list *dirty = &situation->comparison->dirty;
    for (size_t i = 0; i < dirty->count; i++)
        valid = earlier(valid, dirty_left_ms(situation, &dirty->items[i]));
    return valid;
}
