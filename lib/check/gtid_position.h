/* SPDX-License-Identifier: Apache-2.0
 *
 * MariaDB's positions in its stream of changes: "0-1-100,7-3-5", of each domain the server and the number of its newest
 * transaction. Pure; any thread.
 */
#ifndef MIGRATIOND_CHECK_GTID_POSITION_H
#define MIGRATIOND_CHECK_GTID_POSITION_H

#include <stdbool.h>

/* Whether `position` has everything that `wanted` has. False in `*ret_covers` for a domain that it lacks; a return of
 * false: a text is no position. */
bool gtid_position_covers(const char *position, const char *wanted, bool *ret_covers);

#endif
