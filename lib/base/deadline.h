/* SPDX-License-Identifier: Apache-2.0
 *
 * Moments on the monotonic clock in milliseconds. The engines wait under these and under nothing else: no library's
 * time-out is trusted alone. The only reader of a clock in lib/.
 */
#ifndef MIGRATIOND_BASE_DEADLINE_H
#define MIGRATIOND_BASE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
    int64_t at_ms; /* CLOCK_MONOTONIC */
};

int64_t monotonic_ms(void);

struct deadline deadline_in(int64_t milliseconds);

/* The earlier of the two. */
struct deadline deadline_earlier(struct deadline a, struct deadline b);

/* Milliseconds left, at least 0: what poll(2) takes. */
int deadline_left_ms(struct deadline deadline);

bool deadline_passed(struct deadline deadline);

#endif
