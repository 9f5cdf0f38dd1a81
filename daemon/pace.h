/* SPDX-License-Identifier: Apache-2.0
 *
 * When the next look is due: pure arithmetic on monotonic milliseconds.
 */
#ifndef MIGRATIOND_DAEMON_PACE_H
#define MIGRATIOND_DAEMON_PACE_H

#include <stdint.h>

enum {
    PACE_DEMAND_MS = 100,         /* a gate has waiters (design, "HTTP") */
    PACE_FAILED_DEMAND_MS = 1000, /* and the database does not answer */
    PACE_FAILURE_FIRST_MS = 2000,
    PACE_FAILURE_CAP_MS = 30000,
    PACE_REST = 9, /* after a look that took t, none for 9 t: at most a tenth of the server's time */
};

/* The next moment after `now_ms` that lies on this subject's grid of `interval_ms` (its phase comes from `seed`), moved
 * by up to 5 % either way by `turn`, and at least half an interval away: subjects stay spread, whatever happens to the
 * daemon. */
int64_t pace_next(int64_t now_ms, int64_t interval_ms, uint64_t seed, uint64_t turn);

/* Delay after the `failures`-th failure in a row (from 1): doubles from PACE_FAILURE_FIRST_MS to PACE_FAILURE_CAP_MS,
 * moved by up to a quarter by `seed` and `failures`. */
int64_t pace_back_off(unsigned failures, uint64_t seed);

#endif
