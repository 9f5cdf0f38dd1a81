/* SPDX-License-Identifier: Apache-2.0
 *
 * What a starting daemon learns from its history: who was admitted, and with that, which questions opened which gates.
 */
#ifndef MIGRATIOND_DAEMON_SEEDS_H
#define MIGRATIOND_DAEMON_SEEDS_H

#include "daemon/admissions.h"
#include "daemon/config.h"
#include "daemon/latches.h"

/* All borrowed; `config` is the one that the daemon started with. */
struct seeds {
    struct admissions *admissions;
    struct latches *latches;
    const struct config *config;
};

/* Takes one record (recorder_setup.seed), the oldest first: `payload` is the seeds. What cannot be read is passed over.
 * Called by the recorder's thread. */
void seeds_take(void *payload, const struct history_record *record);

#endif
