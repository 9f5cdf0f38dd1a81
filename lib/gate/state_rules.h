/* SPDX-License-Identifier: Apache-2.0
 *
 * The numbered rules behind state_judge, in the order in which they are asked. To add one: a row in state_rules.c and a
 * golden case in tests/golden/state. Private to lib/gate and its tests.
 */
#ifndef MIGRATIOND_GATE_STATE_RULES_H
#define MIGRATIOND_GATE_STATE_RULES_H

#include "gate/state.h"

/* What was given, and what follows from it at that moment. */
struct situation {
    const struct state_input *input;
    const struct state_policy *policy;
    const struct comparison *comparison; /* never NULL: an empty one where there is none */
    bool compared;                       /* something is expected, and the journal was held against it */
    bool asked_by_caller;                /* R came with the request: the configured expectation does not matter */
    bool journal_seen;                   /* there is one, readable or not */
    bool journal_locked;
    bool lock_alive; /* held by a session, or by a row that is young enough */
    bool lock_orphaned;
    bool lock_suspected;
    bool dirty_alive; /* a dirty entry whose runner may still live */
    bool satisfied;   /* at-least and contains: what was asked for is applied, whoever runs now */
};

/* Stands in a rule for "the code of the failure that kept us from knowing". */
#define CODE_OF_FAILURE STATE_CODES

struct line;

struct state_rule {
    unsigned number; /* stable for ever: tests, logs and people name a rule by it */
    const char *name;
    bool (*holds)(const struct situation *situation);
    enum migration_state state;
    enum state_code code;
    enum gate_state gate;
    void (*reason)(const struct situation *situation, struct line *line);
    void (*next)(const struct situation *situation, struct line *line);
};

/* In order; the last one always holds. */
extern const struct state_rule state_rules[];
extern const size_t state_rule_count;

struct situation situation_of(const struct state_input *input, const struct state_policy *policy);

/* The code for a look (or the reading of one journal) that failed. */
enum state_code state_code_of_look(enum error_code error);
enum state_code state_code_of_reading(enum error_code error);

/* The code of the failure that kept us from knowing, by what failed. */
enum state_code situation_failure(const struct situation *situation);

/* Whether the last good look is too old, or there is none. */
bool situation_is_stale(const struct situation *situation);

/* Whether a runner lives: also where it is not what decides, as files that cannot be read do, or where what was asked
 * for is applied. */
bool situation_is_running(const struct situation *situation);

/* Milliseconds until time alone may make another rule win; INT64_MAX: never. */
int64_t situation_valid_for(const struct situation *situation);

#endif
