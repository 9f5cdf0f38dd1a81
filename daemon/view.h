/* SPDX-License-Identifier: Apache-2.0
 *
 * What HTTP may see. A view is one database as its last looks left it; a view set is all of them under one
 * configuration, so that a request sees one consistent picture. Both immutable and reference-counted; any thread may
 * read. Verdicts are not stored: they are judged from a view at the moment of the request, so that a stalled scheduler
 * turns `open` into `unknown`.
 */
#ifndef MIGRATIOND_DAEMON_VIEW_H
#define MIGRATIOND_DAEMON_VIEW_H

#include "daemon/assessment.h"
#include "daemon/check_watch.h"
#include "daemon/config.h"
#include "daemon/drift_watch.h"
#include "model/snapshot.h"
#include "report/report.h"

/* How the looks of one database went. */
struct look_status {
    bool tried;              /* a look has ended, well or not, since the start */
    bool observed;           /* a journal look succeeded once */
    int64_t good_at_ms;      /* monotonic time of the last good journal look */
    struct error error;      /* of the newest journal look; ERROR_OK */
    struct error deep_error; /* of the newest deep look; ERROR_OK */
    unsigned failures;       /* journal looks, in a row */
    int64_t look_ms;         /* how long the last journal look took */
    int64_t deep_ms;         /* and the last deep look */
};

struct view {
    unsigned references;                    /* atomic */
    struct config *config;                  /* one reference */
    const struct config_database *database; /* in `config` */
    struct snapshot *snapshot;              /* one reference; NULL before the first good look */
    struct expectation *expectation;        /* one reference; NULL: none configured, or not read yet */
    struct assessment *assessment;          /* one reference; NULL without a snapshot */
    struct drift_status *drift;             /* one reference; NULL before the first comparison */
    struct check_board *checks;             /* one reference; NULL where the database has none */
    struct look_status status;
    uint64_t generation; /* greater than that of every view made before */
};

struct view_set {
    unsigned references;   /* atomic */
    struct config *config; /* one reference */
    struct view **views;   /* by index of the database in the config; never NULL */
    size_t count;
    uint64_t generation;
};

/* What a view is put together of; members as in struct view. */
struct view_parts {
    struct snapshot *snapshot;
    struct expectation *expectation;
    struct assessment *assessment;
    struct drift_status *drift;
    struct check_board *checks;
    struct look_status status;
};

/* Takes its own references of everything that is given; NULL when memory is out. */
struct view *view_new(struct config *config, const struct config_database *database, const struct view_parts *parts)
    __attribute__((warn_unused_result));
struct view *view_ref(struct view *view);
void view_unref(struct view *view);

/* A set with room for the databases of `config`, whose views are still to be filled; NULL when memory is out. */
struct view_set *view_set_new(struct config *config) __attribute__((warn_unused_result));
struct view_set *view_set_ref(struct view_set *set);
void view_set_unref(struct view_set *set);

/* A question that a caller may put in place of the configured one. */
struct view_question {
    const char *revision;               /* NULL: as configured */
    enum match match;                   /* used with `revision` */
    const struct revision_range *range; /* in place of a revision: what the release supports; NULL */
    const char *supports;               /* the range as the caller wrote it */
    const char *journal; /* only the journals that this name fits best (journal_address_fit); NULL: all */

    /* What is out of sight is told with what was known last of it, which is this and what the last good look saw. */
    bool recall;
    bool opened; /* see struct last_known */
    int64_t opened_age_ms;
};

/* Judges a view now. Everything in the report is borrowed from `view` and `arena`. Fails only for want of memory.
 * `question` NULL: the database as a whole, as configured, with its checks. */
int view_judge(const struct view *view, const struct view_question *question, int64_t monotonic_now_ms,
               int64_t unix_now_ms, struct arena *arena, struct database_report *ret_report, struct error *reterr);

/* The same for one of the database's checks, by its index there, and for all of them into the report. */
int view_judge_check(const struct view *view, size_t index, int64_t monotonic_now_ms, struct arena *arena,
                     struct judged_check *ret_check, struct error *reterr);
int view_judge_checks(const struct view *view, int64_t monotonic_now_ms, struct arena *arena,
                      struct database_report *report, struct error *reterr);

DEFINE_CLEANUP(view, struct view *, view_unref);
DEFINE_CLEANUP(view_set, struct view_set *, view_set_unref);

#endif
