/* SPDX-License-Identifier: Apache-2.0
 *
 * Durations as people write them: in the configuration, in queries, on command lines. Pure; nothing but libc.
 */
#ifndef MIGRATIOND_BASE_DURATION_H
#define MIGRATIOND_BASE_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* "30s", "500ms", "1m", "2h", "1d": an integer and its unit, nothing else. False for anything else and for more than 64
 * bits of milliseconds; then `*ret_ms` is as before. */
bool duration_parse(const char *text, int64_t *ret_ms);

/* In the largest unit that divides it: 90000 becomes "90s", 120000 "2m". */
void duration_print(int64_t ms, struct strbuf *out);

#endif
