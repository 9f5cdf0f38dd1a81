/* SPDX-License-Identifier: Apache-2.0
 *
 * What a caller asks a gate, and the answer at one moment. A question is text only, so that it outlives reloads: names
 * are looked up again whenever it is asked. Immutable; any thread may ask.
 */
#ifndef MIGRATIOND_DAEMON_GATE_QUESTION_H
#define MIGRATIOND_DAEMON_GATE_QUESTION_H

#include "base/arena.h"
#include "daemon/latches.h"
#include "daemon/view.h"

/* What a caller wants to know, in its own words. */
struct gate_asked {
    const char *gate;
    const char *const *revisions; /* "R" or "DATABASE:R" */
    size_t revision_count;
    enum match match;
    const char *const *supports; /* "A..B" or "DATABASE:A..B", either end may be empty: what the release can run on */
    size_t support_count;
    struct latches *latches; /* outlives the question; NULL: nobody remembers */
};

struct gate_question {
    struct gate_asked asked;
    const char *key; /* equal for equal questions */
    size_t key_length;
    struct arena *arena;
};

/* Copies everything; NULL when memory is out. */
struct gate_question *gate_question_new(const struct gate_asked *asked) __attribute__((warn_unused_result));
void gate_question_free(struct gate_question *question);

/* Lives in the arena that it was made in, and borrows from the question and the view set. */
struct gate_answer {
    const struct config_gate *gate;
    struct database_report *reports; /* one per requirement of the gate, replicas included, in its order */
    size_t count;                    /* 0: the gate requires checks alone */
    struct judged_check *checks;     /* one per check that the gate requires, in its order */
    size_t check_count;
    int64_t now_ms; /* unix time */
    struct gate_verdict verdict;
    const char *bad_parameter; /* with ERROR_INVALID: "revision" or "supports" */
};

/* Judges now, and remembers what was seen to be open. Errors: ERROR_NOT_FOUND (no such gate), ERROR_INVALID (a revision
 * or a range that names no database of a gate that does not require just one, or names one twice; a range that is
 * none), ERROR_NO_MEMORY. */
int gate_question_ask(const struct gate_question *question, const struct view_set *set, int64_t monotonic_now_ms,
                      int64_t unix_now_ms, struct arena *arena, struct gate_answer *ret_answer, struct error *reterr);

/* Remembers that the gate was open to this question at that moment (unix time), as a history tells. What is older than
 * `since_ms` says of a database, by its index in `config`, proves nothing any more; NULL: nothing is known of that. */
void gate_question_remember(const struct gate_question *question, const struct config *config, int64_t at_ms,
                            const int64_t *since_ms);

/* The answer to the gate's configured question. */
int gate_ask(const struct config_gate *gate, const struct view_set *set, int64_t monotonic_now_ms, int64_t unix_now_ms,
             struct arena *arena, struct gate_answer *ret_answer, struct error *reterr);

/* As reports show it; borrows from the answer. */
static inline struct gate_report gate_answer_report(const struct gate_answer *answer)
{
    return (struct gate_report){.gate = answer->gate->name,
                                .verdict = &answer->verdict,
                                .databases = answer->reports,
                                .count = answer->count,
                                .checks = answer->checks,
                                .check_count = answer->check_count,
                                .now_ms = answer->now_ms};
}

/* Why the gate is as it is: the reason of the database, or of the check, that decided. */
const char *gate_answer_reason(const struct gate_answer *answer);

/* The code of that, which the gate's own need not be. */
enum state_code gate_answer_cause(const struct gate_answer *answer);

/* The verdict that speaks for a judged database. */
static inline const struct verdict *database_report_verdict(const struct database_report *report)
{
    return &report->journals[report->worst].verdict;
}

/* One request's judging: a few reports; a gate of all databases with many journals each still fits. */
#define GATE_ARENA_BYTES ((size_t)256 * 1024 * 1024)

DEFINE_CLEANUP(gate_question, struct gate_question *, gate_question_free);

#endif
