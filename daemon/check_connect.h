/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MIGRATIOND_DAEMON_CHECK_CONNECT_H
#define MIGRATIOND_DAEMON_CHECK_CONNECT_H

#include <stdio.h>

#include "daemon/config.h"

/* `--check-config --connect`: tries every database once, one after the other, and prints a block for each: server
 * version, TLS, role, what was read, which journals, and what the role cannot see with the grant that would help.
 * The same for a history in a database; a file is left alone, since it is the daemon's user who must be able to write
 * it. Returns how many could not be read. */
size_t check_connect(const struct config *config, FILE *out);

#endif
