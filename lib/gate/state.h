/* SPDX-License-Identifier: Apache-2.0
 *
 * The migration state of one journal at one moment: a pure function of what was compared and what was observed. The
 * rules stand in state_rules.c, numbered, in the order in which they are asked; the first one that holds wins. No
 * allocation, no clock: the moment is an argument. Any thread may call; nothing can fail.
 */
#ifndef MIGRATIOND_GATE_STATE_H
#define MIGRATIOND_GATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/comparison.h"
#include "model/journal.h"

enum migration_state {
    STATE_UNKNOWN,
    STATE_RUNNING,
    STATE_FAILED,
    STATE_UNVERSIONED,
    STATE_EMPTY,
    STATE_DIVERGED,
    STATE_PENDING,
    STATE_AHEAD,
    STATE_CURRENT,
    STATE_OBSERVED,
    MIGRATION_STATES
};

enum gate_state { GATE_OPEN, GATE_CLOSED, GATE_BLOCKED, GATE_UNKNOWN, GATE_STATES };

enum state_code {
#define STATE_CODE(name) CODE_##name,
#include "gate/state_codes.h"
#undef STATE_CODE
    STATE_CODES
};

/* "unknown", "running", …; "open", …; "NEVER_OBSERVED", … */
const char *migration_state_name(enum migration_state state);
const char *gate_state_name(enum gate_state state);
const char *state_code_name(enum state_code code);

/* MIGRATION_STATES if `text` is no state's name. */
enum migration_state migration_state_from_name(const char *text);

struct state_policy {
    int64_t max_staleness_ms; /* INT64_MAX: a good look is good for ever */
    int64_t dirty_grace_ms;
    int64_t lock_orphan_after_ms;
    bool checksums_enforced; /* false: mismatches are listed and change no state */
    bool journal_none;       /* journal: none is configured */
};

/* Everything that the rules look at. Texts are borrowed and may be NULL. */
struct state_input {
    /* The looking. */
    bool observed;              /* a journal look succeeded at least once */
    int64_t age_ms;             /* since the last good journal look */
    enum error_code last_error; /* of the newest look; ERROR_OK if it was good */
    const char *last_error_message;

    /* What was seen. */
    bool has_tables;
    bool absence_proven;      /* no journal seen means that there is none: the schema was read, and the role sees all */
    const char *grant_needed; /* would prove it, or make the journal readable */
    bool schema_truncated;

    const char *journal_wanted; /* the question is about the journal of that name; NULL: about whichever there is */
    const char *journal_place;  /* where one that is configured by hand was looked for in vain; NULL */

    /* The journal judged; `comparison` is NULL when there is none or it could not be read. */
    const struct journal *journal;
    const struct comparison *comparison;
    bool locked;                    /* its table is locked by DDL or by the tool */
    const struct lock_report *lock; /* NULL: nobody was seen */
    bool runner_visible;            /* the engine shows this tool's lock while it runs: no lock, no runner */
    bool runner_elsewhere; /* a replica, whose database is judged beside it: only there can be told whether it lives */
    enum error_code journal_error; /* why it could not be read; ERROR_LOCKED counts as `locked`; ERROR_OK */
    const char *journal_error_message;

    /* The expectation. `source` tells what was asked even where there is no comparison. */
    enum expectation_source source;
    bool expectation_failed;         /* the directory could not be read or understood */
    const char *expectation_message; /* "alembic/versions/0003_x.py:12: …" */

    int64_t now_ms; /* unix time */
};

struct verdict {
    enum migration_state state;
    enum state_code code;
    enum gate_state gate; /* before `accept` */
    unsigned rule;        /* number of the rule that won */
    char reason[512];     /* one sentence without a full stop: the evidence */
    char next[320];       /* one action in words or the tool's command; "" when nothing is to do */
    char warning[256];    /* what is wrong although the state stands: a suspected lock; "" */
    bool stale;           /* there is no good look, or the last one is too old */
    bool running;         /* a migration, as the last good look saw it, whatever the state makes of it */
    bool lock_orphaned;   /* see struct lock_report; never both */
    bool lock_suspected;
    int64_t valid_for_ms; /* time alone cannot change this verdict earlier; INT64_MAX: never */
};

void state_judge(const struct state_input *input, const struct state_policy *policy, struct verdict *ret_verdict);

/* Which of two stands for both: blocked, then unknown, closed, open; of equals neither is worse. */
bool gate_state_is_worse(enum gate_state a, enum gate_state b);
bool verdict_is_worse(const struct verdict *a, const struct verdict *b);

#endif
