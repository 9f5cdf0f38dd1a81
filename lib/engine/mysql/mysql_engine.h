/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine for MySQL and MariaDB servers: one set of operations, since the URL's scheme does not tell which of the
 * two answers. What was found on the server is in the facts' `engine`: "mysql" or "mariadb".
 */
#ifndef MIGRATIOND_ENGINE_MYSQL_MYSQL_ENGINE_H
#define MIGRATIOND_ENGINE_MYSQL_MYSQL_ENGINE_H

#include "engine/engine.h"

extern const struct engine_ops mysql_ops;

#endif
