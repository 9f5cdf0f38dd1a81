/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pace.h"

#include "base/digest.h"

/* A number in [-range, range] that depends on nothing but `seed` and `turn`. */
static int64_t jitter(uint64_t seed, uint64_t turn, int64_t range)
{
    uint64_t key[2] = {seed, turn};
    return range <= 0 ? 0 : (int64_t)(hash64(key, sizeof key) % (uint64_t)(2 * range + 1)) - range;
}

int64_t pace_next(int64_t now_ms, int64_t interval_ms, uint64_t seed, uint64_t turn)
{
    int64_t phase = (int64_t)(seed % (uint64_t)interval_ms);
    int64_t steps = (now_ms + interval_ms / 2 - phase) / interval_ms + 1;
    return phase + steps * interval_ms + jitter(seed, turn, interval_ms / 20);
}

int64_t pace_back_off(unsigned failures, uint64_t seed)
{
    unsigned doublings = failures > 0 ? failures - 1 : 0;
    int64_t delay = doublings >= 5 ? PACE_FAILURE_CAP_MS : (int64_t)PACE_FAILURE_FIRST_MS << doublings;
    if (delay > PACE_FAILURE_CAP_MS)
        delay = PACE_FAILURE_CAP_MS;
    return delay + jitter(seed, failures, delay / 4);
}
