/* SPDX-License-Identifier: Apache-2.0
 *
 * What a release expects of the journals of one database: the migrations of each, as last read from directories, a
 * manifest or another database's journal. Immutable and reference-counted; any thread may read.
 */
#ifndef MIGRATIOND_DAEMON_EXPECTATION_H
#define MIGRATIOND_DAEMON_EXPECTATION_H

#include "daemon/config.h"
#include "model/migration_set.h"

struct view_set;

/* Of one configured journal. Where nothing is read there is neither set nor error. */
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

/* Whether the expected migrations are read from somewhere, rather than written down or nothing. */
bool expectation_is_read(const struct config_expect *expect);

/* What is read: for the journal with the index `at`. `likely` are the tools of the journals that were found there.
 * `views`, under the same configuration, are read where another database tells; NULL: it tells nothing yet. */
struct expectation_question {
    const struct config_database *database;
    size_t at;
    const struct tool *const *likely;
    size_t likely_count;
    const struct view_set *views;
    int64_t now_ms; /* monotonic */
};

/* A cheap token of it: equal tokens mean that reading again would give the same. */
int expectation_token(const struct expectation_question *question, struct digest *ret_token, struct error *reterr);

/* Reads it, and shares the other journals' with `previous` (may be NULL), which also lends what is known of the graph.
 * Broken files are an expectation with an error, not a failure. NULL when memory is out. */
struct expectation *expectation_read(const struct expectation_question *question, const struct expectation *previous)
    __attribute__((warn_unused_result));
struct expectation *expectation_ref(struct expectation *expectation);
void expectation_unref(struct expectation *expectation);

DEFINE_CLEANUP(expectation, struct expectation *, expectation_unref);

#endif
