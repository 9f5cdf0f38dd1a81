/* SPDX-License-Identifier: Apache-2.0
 *
 * Times that programs wrote as text. Pure.
 */
#ifndef MIGRATIOND_BASE_TIME_TEXT_H
#define MIGRATIOND_BASE_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* "2026-11-21T08:00:00.123456789Z", also with +01:00 for Z, with a blank for T and without fraction: unix time in
 * milliseconds, further digits being cut. False for anything else, and for NULL. */
bool time_parse_rfc3339(const char *text, int64_t *ret_ms);

#endif
