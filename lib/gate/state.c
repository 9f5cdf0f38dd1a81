/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/state.h"

#include <string.h>

#include "gate/state_rules.h"
#include "gate/state_text.h"

static const char *const migration_state_names[MIGRATION_STATES] = {
    [STATE_UNKNOWN] = "unknown",         [STATE_RUNNING] = "running", [STATE_FAILED] = "failed",
    [STATE_UNVERSIONED] = "unversioned", [STATE_EMPTY] = "empty",     [STATE_DIVERGED] = "diverged",
    [STATE_PENDING] = "pending",         [STATE_AHEAD] = "ahead",     [STATE_CURRENT] = "current",
    [STATE_OBSERVED] = "observed",
};

static const char *const gate_state_names[GATE_STATES] = {
    [GATE_OPEN] = "open",
    [GATE_CLOSED] = "closed",
    [GATE_BLOCKED] = "blocked",
    [GATE_UNKNOWN] = "unknown",
};

static const char *const state_code_names[STATE_CODES] = {
#define STATE_CODE(name) [CODE_##name] = #name,
#include "gate/state_codes.h"
#undef STATE_CODE
};

const char *migration_state_name(enum migration_state state)
{
    return migration_state_names[state];
}

const char *gate_state_name(enum gate_state state)
{
    return gate_state_names[state];
}

const char *state_code_name(enum state_code code)
{
    return state_code_names[code];
}

enum migration_state migration_state_from_name(const char *text)
{
    for (unsigned state = 0; state < MIGRATION_STATES; state++) {
        if (strcmp(migration_state_names[state], text) == 0)
            return state;
    }
    return MIGRATION_STATES;
}

static const struct state_rule *first_that_holds(const struct situation *situation)
{
    const struct state_rule *rule = state_rules;
    while (!rule->holds(situation))
        rule++;
    return rule;
}

static void write_line(sentence_writer *writer, const struct situation *situation, char *buffer, size_t size)
{
    struct line line = line_in(buffer, size);
    writer(situation, &line);
    line_finish(&line);
}

void state_judge(const struct state_input *input, const struct state_policy *policy, struct verdict *ret_verdict)
{
    struct situation situation = situation_of(input, policy);
    const struct state_rule *rule = first_that_holds(&situation);
    *ret_verdict = (struct verdict){
        .state = rule->state,
        .code = rule->code == CODE_OF_FAILURE ? situation_failure(&situation) : rule->code,
        .gate = rule->gate,
        .rule = rule->number,
        .stale = situation_is_stale(&situation),
        .running = situation_is_running(&situation),
        .lock_orphaned = situation.lock_orphaned,
        .lock_suspected = situation.lock_suspected,
        .valid_for_ms = situation_valid_for(&situation),
    };
    write_line(rule->reason, &situation, ret_verdict->reason, sizeof ret_verdict->reason);
    write_line(rule->next, &situation, ret_verdict->next, sizeof ret_verdict->next);
    write_line(warning_of, &situation, ret_verdict->warning, sizeof ret_verdict->warning);
}

/* What a gate makes of several answers: the higher one stands for all. */
static const unsigned char gate_rank[GATE_STATES] = {
    [GATE_OPEN] = 0,
    [GATE_CLOSED] = 1,
    [GATE_UNKNOWN] = 2,
    [GATE_BLOCKED] = 3,
};

bool gate_state_is_worse(enum gate_state a, enum gate_state b)
{
    return gate_rank[a] > gate_rank[b];
}

bool verdict_is_worse(const struct verdict *a, const struct verdict *b)
{
    return gate_state_is_worse(a->gate, b->gate);
}
