/* SPDX-License-Identifier: Apache-2.0
 *
 * From a server's or libpq's failure to an error of ours. Pure.
 */
#ifndef MIGRATIOND_ENGINE_POSTGRES_POSTGRES_ERROR_H
#define MIGRATIOND_ENGINE_POSTGRES_POSTGRES_ERROR_H

#include <stddef.h>

#include "base/error.h"

/* What a SQLSTATE means; ERROR_INVALID for those that no rule knows. */
enum error_code postgres_error_code(const char *sqlstate);

/* Finds "SQLSTATE: " behind the severity in libpq's verbose message of a refused connection (libpq tells it nowhere
 * else, and the words are in the server's language). Points at what follows; NULL if the message is libpq's own. */
const char *postgres_find_sqlstate(const char *message, char ret_sqlstate[static 6]);

/* Copies the first line of `message` without "severity: " and with every occurrence of `secret` (may be NULL) as ***.
 */
void postgres_clean_message(const char *message, const char *secret, char *ret_text, size_t size);

#endif
