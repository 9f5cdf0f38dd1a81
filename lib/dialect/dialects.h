/* SPDX-License-Identifier: Apache-2.0
 *
 * The dialects, one row each. Static; any thread.
 */
#ifndef MIGRATIOND_DIALECT_DIALECTS_H
#define MIGRATIOND_DIALECT_DIALECTS_H

#include "model/dialect.h"

extern const struct dialect dialect_postgres;
extern const struct dialect dialect_mysql; /* MariaDB, too */
extern const struct dialect dialect_sqlite;

/* NULL-terminated. */
extern const struct dialect *const dialects[];

/* The dialect of "postgres", "mysql", "mariadb" or "sqlite", or NULL. */
const struct dialect *dialect_for(const char *engine);

#endif
