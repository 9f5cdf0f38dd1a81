/* SPDX-License-Identifier: Apache-2.0
 *
 * What a release expects of the journals of one database: the migrations of each, as last read from directories or a
 * manifest. Immutable and reference-counted; any thread may read.
 */
#ifndef MIGRATIOND_DAEMON_EXPECTATION_H
#define MIGRATIOND_DAEMON_EXPECTATION_H

#include "daemon/config.h"
#include "model/migration_set.h"

/* Of one configured journal. Without files there is neither set nor error. */
struct expected_files {
    struct migration_set *set;    /* one reference; NULL: not read yet, or they could not be */
    struct revision_graph *known; /* one reference; all that was ever read; NULL */
    struct error error;           /* why `set` is NULL; ERROR_OK */
};

struct expectation {
    unsigned references; /* atomic */
    size_t count;        /* config_journal_count */
    struct expected_files files[];
};

/* Whether the expected migrations are read from files. */
bool expects_files(const struct config_expect *expect);

/* A cheap token of these files, which there are: equal tokens mean that reading them again would give the same. */
int expectation_token(const struct config_expect *expect, struct digest *ret_token, struct error *reterr);

/* Reads the files of the journal with the index `at`, and shares the others with `previous` (may be NULL), which also
 * lends what is known of the graph. Broken files are an expectation with an error, not a failure. `likely` are the
 * tools of the journals that were found there. NULL when memory is out. */
struct expectation *expectation_read(const struct config_database *database, size_t at,
                                     const struct tool *const *likely, size_t likely_count,
                                     const struct expectation *previous) __attribute__((warn_unused_result));
struct expectation *expectation_ref(struct expectation *expectation);
void expectation_unref(struct expectation *expectation);

DEFINE_CLEANUP(expectation, struct expectation *, expectation_unref);

#endif
