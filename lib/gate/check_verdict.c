/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/check_verdict.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "gate/state_rules.h"

_Static_assert(CHECK_TURNS == 3, "a sentence below says so");

/* Milliseconds for which a result counts. */
static int64_t lifetime_ms(const struct check_input *input)
{
    int64_t lifetime = 0;
    if (__builtin_mul_overflow(input->every_ms, CHECK_TURNS, &lifetime) ||
        __builtin_add_overflow(lifetime, input->timeout_ms, &lifetime))
        return INT64_MAX;
    return lifetime;
}

static bool is_unseen(const struct check_input *input)
{
    return input->asks && input->unseen != ERROR_OK;
}

static bool is_running(const struct check_input *input)
{
    return input->running;
}

static bool was_never_run_unseen(const struct check_input *input)
{
    return !input->result && is_unseen(input);
}

static bool was_never_run(const struct check_input *input)
{
    return !input->result;
}

static bool is_overtaken(const struct check_input *input)
{
    return input->overtaken;
}

static bool is_undecided(const struct check_input *input)
{
    return input->result->state != CHECK_PASSED && input->result->state != CHECK_FAILED;
}

/* What was found may have been changed by a migration that no look could see. */
static bool is_unwatched(const struct check_input *input)
{
    return !is_undecided(input) && input->max_staleness_ms > 0 && input->look_age_ms > input->max_staleness_ms;
}

static bool is_stale(const struct check_input *input)
{
    return input->age_ms > lifetime_ms(input);
}

/* A file that is being written or read through, a table that somebody holds locked. */
static bool is_watched(const struct check_input *input)
{
    return is_undecided(input) && input->result->again_in_ms > 0;
}

static bool has_failed_for_now(const struct check_input *input)
{
    return input->result->state == CHECK_FAILED && input->heals;
}

static bool has_failed(const struct check_input *input)
{
    return input->result->state == CHECK_FAILED;
}

static bool has_passed(const struct check_input *input)
{
    (void)input;
    return true;
}

/* Why there is no run, or none that still counts. */
static enum state_code code_of_look(const struct check_input *input)
{
    enum state_code code = is_unseen(input) ? state_code_of_look(input->unseen) : CODE_STALE;
    return code == CODE_STALE && !input->result ? CODE_NEVER_OBSERVED : code;
}

/* Why a run could not tell. */
static enum state_code code_of_run(const struct check_input *input)
{
    switch (input->result->error) {
    case ERROR_UNREACHABLE:
        return CODE_UNREACHABLE;
    case ERROR_TIMEOUT:
        return CODE_TIMEOUT;
    case ERROR_AUTH_FAILED:
        return CODE_AUTH_FAILED;
    case ERROR_FORBIDDEN:
        return CODE_FORBIDDEN;
    case ERROR_TRUNCATED:
        return CODE_TRUNCATED;
    default:
        return CODE_CHECK_UNKNOWN;
    }
}

/* In the order in which they are asked; the first one that holds wins. */
static const struct check_rule {
    bool (*holds)(const struct check_input *input);
    enum check_state state;
    enum state_code code;
    enum state_code (*code_of)(const struct check_input *input); /* instead of `code`; NULL */
    enum gate_state gate;
    bool waits;         /* nothing is wrong: it is only still to be asked */
    bool hidden;        /* it may be that the database is out of sight */
    bool lasts;         /* time alone changes nothing of it */
    const char *reason; /* NULL: the result's, and its `next` */
    const char *next;
} rules[] = {
    /* clang-format off */
    {is_running, CHECK_UNKNOWN, CODE_RUNNING, NULL, GATE_CLOSED, true, false, true,
     "a migration is running, and the check is about what migrations change",
     "wait: the check is run when the migration is over"},
    {was_never_run_unseen, CHECK_UNKNOWN, CODE_NEVER_OBSERVED, code_of_look, GATE_UNKNOWN, false, true, true,
     "the check was not run yet, since its database cannot be looked at", "see why the database cannot be looked at"},
    {was_never_run, CHECK_UNKNOWN, CODE_NEVER_OBSERVED, NULL, GATE_UNKNOWN, true, false, true,
     "the check was not run yet", "wait: the check is run soon"},
    {is_overtaken, CHECK_UNKNOWN, CODE_STALE, NULL, GATE_CLOSED, true, false, true,
     "a migration has run since the check was run last", "wait: the check is run again at once"},
    {is_unwatched, CHECK_UNKNOWN, CODE_STALE, code_of_look, GATE_UNKNOWN, false, true, true,
     "its database was not looked at for longer than max_staleness, and a migration may have run since",
     "see why the database cannot be looked at, or what keeps migrationd from looking"},
    {is_stale, CHECK_UNKNOWN, CODE_STALE, code_of_look, GATE_UNKNOWN, false, true, true,
     "the check was not run for three turns of its schedule",
     "see why the database cannot be looked at, or what keeps migrationd from looking"},
    {is_watched, CHECK_UNKNOWN, CODE_CHECK_UNKNOWN, code_of_run, GATE_UNKNOWN, true, true, false, NULL, NULL},
    {is_undecided, CHECK_UNKNOWN, CODE_CHECK_UNKNOWN, code_of_run, GATE_UNKNOWN, false, true, false, NULL, NULL},
    {has_failed_for_now, CHECK_FAILED, CODE_CHECK_FAILED, NULL, GATE_CLOSED, false, false, false, NULL, NULL},
    {has_failed, CHECK_FAILED, CODE_CHECK_FAILED, NULL, GATE_BLOCKED, false, false, false, NULL, NULL},
    {has_passed, CHECK_PASSED, CODE_CHECK_PASSED, NULL, GATE_OPEN, false, false, false, NULL, NULL},
    /* clang-format on */
};

static const struct check_rule *first_that_holds(const struct check_input *input)
{
    const struct check_rule *rule = rules;
    while (!rule->holds(input))
        rule++;
    return rule;
}

static bool is_out_of_sight(const struct check_input *input, const struct check_rule *rule, enum state_code code)
{
    if (!rule->hidden || !input->asks)
        return false;
    return code == CODE_UNREACHABLE || code == CODE_STALE || (code == CODE_TIMEOUT && is_unseen(input));
}

static enum health_status health_of(const struct check_input *input, const struct check_rule *rule, bool out_of_sight)
{
    if (rule->state == CHECK_PASSED)
        return HEALTH_PASS;
    return input->severity == CHECK_FAILS && !rule->waits && !out_of_sight ? HEALTH_FAIL : HEALTH_WARN;
}

static void say(const struct check_input *input, const struct check_rule *rule, struct check_verdict *verdict)
{
    bool told = rule->code_of == code_of_look && is_unseen(input) && input->unseen_message;
    const char *reason = rule->reason ? rule->reason : input->result->reason;
    const char *next = rule->reason ? rule->next : input->result->next;
    snprintf(verdict->reason, sizeof verdict->reason, "%s%s%s", reason ? reason : "", told ? ": " : "",
             told ? input->unseen_message : "");
    snprintf(verdict->next, sizeof verdict->next, "%s", next ? next : "");
    utf8_make_line(verdict->reason, sizeof verdict->reason);
    utf8_make_line(verdict->next, sizeof verdict->next);
}

/* The time after which an age exceeds its limit, which it does not yet. */
static int64_t left_ms(int64_t limit_ms, int64_t age_ms)
{
    return limit_ms == INT64_MAX ? INT64_MAX : limit_ms - age_ms + 1;
}

/* A result that counts does so until it is older than its lifetime, or what is known of migrations is too old. */
static int64_t valid_for_ms(const struct check_input *input, const struct check_rule *rule)
{
    if (rule->lasts)
        return INT64_MAX;
    int64_t valid_ms = left_ms(lifetime_ms(input), input->age_ms);
    if (input->max_staleness_ms == 0 || is_undecided(input))
        return valid_ms;
    int64_t watched_ms = left_ms(input->max_staleness_ms, input->look_age_ms);
    return watched_ms < valid_ms ? watched_ms : valid_ms;
}

void check_judge(const struct check_input *input, struct check_verdict *ret_verdict)
{
    const struct check_rule *rule = first_that_holds(input);
    enum state_code code = rule->code_of ? rule->code_of(input) : rule->code;
    bool out_of_sight = is_out_of_sight(input, rule, code);
    *ret_verdict = (struct check_verdict){.state = rule->state,
                                          .code = code,
                                          .gate = rule->gate,
                                          .health = health_of(input, rule, out_of_sight),
                                          .out_of_sight = out_of_sight,
                                          .valid_for_ms = valid_for_ms(input, rule)};
    say(input, rule, ret_verdict);
}
