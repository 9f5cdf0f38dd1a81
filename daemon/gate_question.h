/* SPDX-License-Identifier: Apache-2.0
 *
 * What a caller asks a gate, and the answer at one moment. A question is text only, so that it outlives reloads: names
 * are looked up again whenever it is asked. Immutable; any thread may ask.
 */
#ifndef MIGRATIOND_DAEMON_GATE_QUESTION_H
#define MIGRATIOND_DAEMON_GATE_QUESTION_H

#include "base/arena.h"
#include "daemon/view.h"

struct gate_question {
    const char *gate;
    const char *const *revisions; /* "R" or "DATABASE:R", as the caller wrote them */
    size_t revision_count;
    enum match match;
    const char *key; /* equal for equal questions */
    size_t key_length;
    struct arena *arena;
};

/* Copies everything; NULL when memory is out. */
struct gate_question *gate_question_new(const char *gate, const char *const *revisions, size_t revision_count,
                                        enum match match) __attribute__((warn_unused_result));
void gate_question_free(struct gate_question *question);

/* Lives in the arena that it was made in, and borrows from the question and the view set. */
struct gate_answer {
    const struct config_gate *gate;
    struct database_report *reports; /* one per database of the gate, in its order */
    size_t count;
    struct gate_verdict verdict;
};

/* Judges now. Errors: ERROR_NOT_FOUND (no such gate), ERROR_INVALID (a revision that names no database of a gate that
 * has several, or names one twice), ERROR_NO_MEMORY. */
int gate_question_ask(const struct gate_question *question, const struct view_set *set, int64_t monotonic_now_ms,
                      int64_t unix_now_ms, struct arena *arena, struct gate_answer *ret_answer, struct error *reterr);

/* The answer to the gate's configured question. */
int gate_ask(const struct config_gate *gate, const struct view_set *set, int64_t monotonic_now_ms, int64_t unix_now_ms,
             struct arena *arena, struct gate_answer *ret_answer, struct error *reterr);

/* The verdict that speaks for a judged database. */
static inline const struct verdict *database_report_verdict(const struct database_report *report)
{
    return &report->journals[report->worst].verdict;
}

/* One request's judging: a few reports; a gate of all databases with many journals each still fits. */
#define GATE_ARENA_BYTES ((size_t)256 * 1024 * 1024)

DEFINE_CLEANUP(gate_question, struct gate_question *, gate_question_free);

#endif
