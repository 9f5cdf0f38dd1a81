/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl bootstrap: what its parts share. ctl_bootstrap.c is the way through it, _fit finds the revision, _stamp
 * records it, _print tells. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CTL_BOOTSTRAP_H
#define MIGRATIOND_DAEMON_CTL_BOOTSTRAP_H

#include "daemon/ctl_side.h"
#include "drift/drift.h"
#include "journal/stamp.h"
#include "journal/tool.h"
#include "reference/reference_steps.h"

/* How far the live schema is from what one revision would have left. */
struct bootstrap_fit {
    size_t last; /* the revision's place in the set */
    size_t items;
    size_t by_change[DRIFT_CHANGES];
};

struct bootstrap {
    const struct ctl_options *options;
    struct deadline deadline;
    struct arena *arena;
    struct engine_target *target;
    struct server_facts server;
    struct schema *schema;     /* all of it */
    struct snapshot *snapshot; /* its journals */
    struct migration_set *set;
    struct drift_policy policy;
    enum steps_source source;
    struct bootstrap_fit *fits; /* the best first; of equals the newest */
    size_t fit_count;
    struct drift_report *best; /* what is left at the best */
    char remark[STEPS_REMARK];
    char stopped[480]; /* why the fit of the revisions after the last one could not be found; "" */
    size_t rows;       /* recorded */
};

/* Fills `fits`, which may stay empty. An exit code. */
int bootstrap_find_fits(struct bootstrap *bootstrap);

/* The revision to propose, or NULL: none is known to fit better than an empty schema. */
const struct bootstrap_fit *bootstrap_proposal(const struct bootstrap *bootstrap);

/* Records what --stamp names. An exit code. */
int bootstrap_stamp(struct bootstrap *bootstrap);

/* PostgreSQL: the one schema that --schemas names, where the tool works; NULL: its default. */
const char *bootstrap_schema(const struct bootstrap *bootstrap);

/* The name that --confirm must repeat. */
const char *bootstrap_name(const struct bootstrap *bootstrap);

/* Print the proposal, or what was recorded; an exit code. */
int bootstrap_print(const struct bootstrap *bootstrap);

#endif
