/* SPDX-License-Identifier: Apache-2.0
 *
 * Drift of one database as the daemon follows it. The watch belongs to the deep look's thread: it keeps the reference
 * and the report before. What it finds is a drift_status: immutable, reference-counted, readable by any thread.
 *
 * An item counts once two looks, with no migration running between them, saw it alike. While a migration runs the last
 * report stays, frozen: a schema that is half changed is nobody's drift.
 */
#ifndef MIGRATIOND_DAEMON_DRIFT_WATCH_H
#define MIGRATIOND_DAEMON_DRIFT_WATCH_H

#include "daemon/config.h"
#include "drift/drift.h"
#include "model/snapshot.h"
#include "report/report_drift.h"

struct drift_status {
    unsigned references;                    /* atomic */
    struct config *config;                  /* one reference: the report borrows its policy */
    const struct config_database *database; /* in `config` */
    struct drift_report *report;            /* NULL: nothing could be compared */
    enum drift_verdict verdict;
    const char *code;            /* static: "REFERENCE_AHEAD", "RUNNING", …; NULL */
    char reason[512];            /* one sentence, or "" */
    char revision[256];          /* at which the reference stands; "" */
    int64_t looked_at_ms;        /* monotonic time at which the schema's reading began */
    int64_t taken_at_ms;         /* unix time of the schema's reading */
    int64_t frozen_since_ms;     /* unix time; TIME_UNKNOWN unless a migration is running */
    bool again;                  /* another look would tell more: an item was seen once, or a migration ran */
    bool owns_report;            /* false: `frozen` does */
    struct drift_status *frozen; /* one reference; NULL */
};

struct drift_status *drift_status_ref(struct drift_status *status);
void drift_status_unref(struct drift_status *status);

/* For reports; borrows from `status` and `database`. `status` NULL: nothing was compared yet. What was read longer ago
 * than `interval` and `max_staleness` together is unknown, STALE. */
struct drift_context drift_status_context(const struct drift_status *status, const struct config_database *database,
                                          int64_t monotonic_now_ms);

/* Confirmed items' worst severity; read where the verdict is `drifted`. */
enum drift_severity drift_status_worst(const struct drift_status *status);

struct drift_watch;

struct drift_watch *drift_watch_new(void) __attribute__((warn_unused_result));
void drift_watch_free(struct drift_watch *watch);

/* What one deep look brings. */
struct drift_look {
    struct config *config;
    const struct config_database *database;
    struct schema *live;
    int64_t looked_at_ms;           /* monotonic time at which the reading began */
    int64_t taken_at_ms;            /* unix time of the same */
    struct schema *reference;       /* `reference: {database: …}`: that database's schema; NULL: not read yet */
    const char *reference_revision; /* and the heads of its journal; NULL */
    const char *const *applied;     /* heads of the journals here */
    size_t applied_count;
    const char *tool;
    bool applied_known; /* a journal look has ended well */
    bool running;       /* a migration runs, or ran during the look */
    uint64_t runs;      /* how many were seen so far: a different number means that one ran between two looks */
    int64_t now_ms;
    struct drift_status *shown; /* what is published now; NULL */
};

/* Loads the reference if it changed, compares, confirms. Blocks as long as that takes, within the database's
 * query_timeout. NULL when memory is out; the watch is then as before. */
struct drift_status *drift_watch_look(struct drift_watch *watch, const struct drift_look *look)
    __attribute__((warn_unused_result));

/* A published status while a migration runs: the same report, frozen at `now_ms`. NULL when memory is out. */
struct drift_status *drift_status_freeze(struct drift_status *status, int64_t now_ms)
    __attribute__((warn_unused_result));

DEFINE_CLEANUP(drift_status, struct drift_status *, drift_status_unref);
DEFINE_CLEANUP(drift_watch, struct drift_watch *, drift_watch_free);

#endif
