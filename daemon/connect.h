/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MIGRATIOND_DAEMON_CONNECT_H
#define MIGRATIOND_DAEMON_CONNECT_H

#include "daemon/config.h"

/* Opens a connection to a configured database with its password as it stands now, within its connect_timeout and
 * `deadline`. Errors as engine_ops.open; ERROR_AUTH_FAILED when the password cannot be had. */
int database_connect(const struct config_database *database, enum engine_purpose purpose, struct deadline deadline,
                     struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr);

/* The replicas of a database as its checks see them; returns how many. They borrow the configuration. */
size_t database_peers(const struct config *config, const struct config_database *database,
                      struct check_peer ret_peers[static CONFIG_REPLICAS_MAXIMUM]);

#endif
