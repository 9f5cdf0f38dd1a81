/* SPDX-License-Identifier: Apache-2.0
 *
 * What a starting daemon learns from its history: who was admitted, and with that, which questions opened which gates,
 * unless the database was seen to change since then.
 */
#ifndef MIGRATIOND_DAEMON_SEEDS_H
#define MIGRATIOND_DAEMON_SEEDS_H

#include "daemon/admissions.h"
#include "daemon/config.h"
#include "daemon/latches.h"

/* Where a database was seen to stand. */
struct seed_state {
    uint64_t heads; /* hash */
    bool broken;    /* failed or diverged */
    bool elsewhere; /* the database's url was another one then */
};

/* Borrowed but for `states`; `config` is the one that the daemon started with. */
struct seeds {
    struct admissions *admissions;
    struct latches *latches;
    const struct config *config;
    struct seed_state *states; /* by index of the database in `config`; NULL before the first */
    int64_t *since_ms; /* likewise: since when it is what it was seen to be last (unix time); INT64_MAX: never */
    bool blind;        /* a state was missed, for want of memory */
};

void seeds_done(struct seeds *seeds);

/* Takes one record (recorder_setup.seed), states before admissions: `payload` is the seeds. What cannot be read is
 * passed over. Called by the recorder's thread. */
void seeds_take(void *payload, const struct history_record *record);

#endif
