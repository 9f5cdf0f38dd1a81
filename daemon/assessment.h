/* SPDX-License-Identifier: Apache-2.0
 *
 * What is expected of one database held against the journals found there. Immutable and reference-counted, so that a
 * look that found nothing new shares it with the view before it. Any thread may read.
 */
#ifndef MIGRATIOND_DAEMON_ASSESSMENT_H
#define MIGRATIOND_DAEMON_ASSESSMENT_H

#include "daemon/expectation.h"
#include "journal/compare_range.h"
#include "model/comparison.h"
#include "model/snapshot.h"

/* A journal that was found, a part of one that the files have and its table does not, or one that is not there. */
struct assessed_journal {
    size_t reading;                 /* of the snapshot: this journal, or the table that it is a part of; NO_READING */
    size_t configured;              /* config_journal_at; SIZE_MAX: one that nothing is configured for */
    struct journal *journal;        /* one reference; NULL: could not be read, or is not there */
    struct journal_address address; /* texts in the arena; `table` NULL: nowhere in particular */
    const struct migration_set *files; /* that are expected of it, borrowed; NULL */
    bool bystander;                    /* its table has parts that are expected, and it is none of them */
    struct comparison comparison;      /* zeroed without a journal */
};

#define NO_READING SIZE_MAX

struct assessment {
    unsigned references; /* atomic */
    struct arena *arena;
    struct assessed_journal *journals;
    size_t count; /* at least one */
    size_t capacity;
    struct assessed_source {
        struct journal *journal; /* one reference; NULL */
        size_t configured;
    } * sources; /* the snapshot's readings, in order */
    size_t source_count;
    struct expectation *expectation; /* one reference; NULL */
};

/* Compares every journal of `snapshot` with what is configured. Returns `previous`, referenced once more, when neither
 * the journals nor the expectation changed. NULL when memory is out. */
struct assessment *assess(const struct snapshot *snapshot, const struct config_database *database,
                          struct expectation *expectation, struct assessment *previous)
    __attribute__((warn_unused_result));
void assessment_unref(struct assessment *assessment);
struct assessment *assessment_ref(struct assessment *assessment);

/* A caller's question: a revision, or what a release supports. */
struct assessed_question {
    const char *revision;
    enum match match;
    const struct revision_range *range; /* in place of both; NULL */
};

/* A caller's question, put to some journals of one assessment. A revision is asked of those that it can be of: where
 * one of them knows it, of that journal, its part, or those of all tenants; where none does, of all. What is not asked
 * keeps its own comparison. Both results have an element for each journal; equal journals share their comparison, which
 * is NULL where a journal could not be read. Allocates in `arena`. */
int assessment_ask(const struct assessed_journal *const *journals, size_t count, const struct expectation *expectation,
                   const struct assessed_question *question, struct arena *arena,
                   const struct comparison **ret_comparisons, bool *ret_asked, struct error *reterr);

DEFINE_CLEANUP(assessment, struct assessment *, assessment_unref);

#endif
