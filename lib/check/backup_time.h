/* SPDX-License-Identifier: Apache-2.0
 *
 * Times as catalogues of backups answer them. Pure.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_TIME_H
#define MIGRATIOND_CHECK_BACKUP_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Unix time in seconds ("1795215601", "1795215601.5"), or a timestamp as servers print it: "2026-11-20 23:00:01.5+00",
 * "2026-11-20T23:00:01Z", "2026-11-20 23:00:01+05:30"; without a zone it is UTC, and a date alone is its beginning.
 * False for all else. */
bool backup_time_parse(const char *text, int64_t *ret_ms);

#endif
