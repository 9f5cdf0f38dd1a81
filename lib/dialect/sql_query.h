/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text is one query and nothing else, told before it is sent anywhere. Sessions are read-only, but a
 * read-only session still takes locks, copies to programs, kills other sessions and runs for ever. Pure; one thread.
 */
#ifndef MIGRATIOND_DIALECT_SQL_QUERY_H
#define MIGRATIOND_DIALECT_SQL_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* `engine` is "postgres", "mysql", "mariadb" or "sqlite". One statement that begins with SELECT, WITH, VALUES or TABLE
 * (or a parenthesis before those), without INTO or locking clauses, and without functions that lock, wait, signal or
 * reach out of the database. A semicolon may end it. `*ret_length` is its length without that and what follows.
 * ERROR_INVALID says what stands where: "line 2: this is a second statement (UPDATE): a check is one SELECT". */
int sql_query_check(const char *engine, const char *sql, size_t *ret_length, struct error *reterr);

/* Whether the query says itself how many rows it is to have, so that no LIMIT can follow. */
bool sql_query_is_limited(const char *engine, const char *sql, size_t length);

#endif
