/* SPDX-License-Identifier: Apache-2.0
 *
 * What a release expects of one database (expectation), and that expectation held against the journals found there
 * (assessment). Both immutable and reference-counted, so that a look that found nothing new shares them with the view
 * before it. Any thread may read.
 */
#ifndef MIGRATIOND_DAEMON_ASSESSMENT_H
#define MIGRATIOND_DAEMON_ASSESSMENT_H

#include "daemon/config.h"
#include "model/comparison.h"
#include "model/migration_set.h"
#include "model/snapshot.h"

/* The expected migrations, as last read from their directory. */
struct expectation {
    unsigned references;          /* atomic */
    struct migration_set *set;    /* one reference; NULL when they could not be read */
    struct revision_graph *known; /* one reference; all that was ever read; NULL */
    struct error error;           /* why `set` is NULL; ERROR_OK */
};

/* Reads the directory of `database`. A broken directory is an expectation with an error, not a failure. `previous` (may
 * be NULL) lends what is known of the graph. NULL when memory is out. */
struct expectation *expectation_read(const struct config_database *database, const struct expectation *previous)
    __attribute__((warn_unused_result));
struct expectation *expectation_ref(struct expectation *expectation);
void expectation_unref(struct expectation *expectation);

struct assessment {
    unsigned references; /* atomic */
    struct arena *arena;
    struct assessed_journal {
        struct journal *journal;      /* one reference; NULL: could not be read */
        struct comparison comparison; /* zeroed without a journal */
    } * journals;
    size_t count;                    /* the snapshot's readings, in order */
    struct expectation *expectation; /* one reference; NULL */
};

/* Compares every reading of `snapshot` with what is configured. Returns `previous`, referenced once more, when neither
 * the journals nor the expectation changed. NULL when memory is out. */
struct assessment *assess(const struct snapshot *snapshot, const struct config_database *database,
                          struct expectation *expectation, struct assessment *previous)
    __attribute__((warn_unused_result));
void assessment_unref(struct assessment *assessment);
struct assessment *assessment_ref(struct assessment *assessment);

/* One journal against one question: the configured one when `revision` is NULL. Allocates in `arena`. */
int assess_journal(const struct journal *journal, const struct config_database *database,
                   const struct expectation *expectation, const char *revision, enum match match, struct arena *arena,
                   struct comparison *ret_comparison, struct error *reterr);

DEFINE_CLEANUP(expectation, struct expectation *, expectation_unref);
DEFINE_CLEANUP(assessment, struct assessment *, assessment_unref);

#endif
