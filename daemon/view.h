/* SPDX-License-Identifier: Apache-2.0
 *
 * What HTTP may see. A view is one database as its last looks left it; a view set is all of them under one configuration,
 * so that a request sees one consistent picture. Both immutable and reference-counted; any thread may read. Verdicts are
 * not stored: they are judged from a view at the moment of the request, so that a stalled scheduler turns `open` into
 * `unknown`.
 */
#ifndef MIGRATIOND_DAEMON_VIEW_H
#define MIGRATIOND_DAEMON_VIEW_H

#include "daemon/config.h"
#include "model/migration_set.h"
#include "model/snapshot.h"
#include "report/report.h"

/* What the release expects, as last read from its directory. Immutable, shared between views. */
struct expectation {
    unsigned references; /* atomic */
    struct migration_set *set; /* one reference; NULL when nothing is configured or it could not be read */
    bool failed;
    char message[480];         /* why */
};

struct view {
    unsigned references; /* atomic */
    struct arena *arena; /* holds comparisons and what they allocate */
    const struct config_database *database; /* lives in the view set's config */
    struct config *config;                  /* one reference */
    struct snapshot *snapshot;              /* one reference; NULL before the first good look */
    struct expectation *expectation;        /* one reference; NULL: none configured */
    struct revision_graph *known;           /* one reference; NULL */
    const struct comparison *comparisons;   /* per reading of the snapshot, against the configured expectation */
    bool tried;                /* a look has ended, well or not, since the start */
    bool observed;             /* a journal look succeeded once */
    int64_t good_at_ms;        /* monotonic time of the last good journal look */
    enum error_code last_error; /* of the newest look */
    char last_error_message[480];
    unsigned failures;          /* in a row */
    uint64_t generation;        /* rises with each view of this database */
};

struct view_set {
    unsigned references; /* atomic */
    struct config *config; /* one reference */
    struct view **views;   /* by index of the database in the config; never NULL */
    size_t count;
    uint64_t generation;
};

struct view *view_ref(struct view *view);
void view_unref(struct view *view);
struct view_set *view_set_ref(struct view_set *set);
void view_set_unref(struct view_set *set);
struct expectation *expectation_ref(struct expectation *expectation);
void expectation_unref(struct expectation *expectation);

/* A question that a caller may add to the configured one. */
struct view_question {
    const char *revision; /* NULL: as configured */
    enum match match;     /* used with `revision` */
};

/* Judges a view now. Everything in the report is borrowed from `view` and `arena`. Fails only for want of memory. */
int view_judge(const struct view *view, const struct view_question *question, int64_t monotonic_now_ms,
               int64_t unix_now_ms, struct arena *arena, struct database_report *ret_report, struct error *reterr);

/* Compares every reading of `snapshot` with the configured expectation, into view->arena; called once, by the builder. */
int view_compare(struct view *view, struct error *reterr);

DEFINE_CLEANUP(view, struct view *, view_unref);
DEFINE_CLEANUP(view_set, struct view_set *, view_set_unref);

#endif
