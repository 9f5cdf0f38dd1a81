/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of MySQL's and MariaDB's character sets and collations: one name for each where servers have had several, what
 * a character set's collation is when none is said, and which collations stand for the same choice on servers of
 * different age. Pure; any thread.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_COLLATION_H
#define MIGRATIOND_DIALECT_MYSQL_COLLATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* Appends the one name of a character set or collation: lower case, "utf8" and "utf8_…" as "utf8mb3" and "utf8mb3_…".
 */
void mysql_collation_name(const char *text, size_t length, struct strbuf *out);

/* Appends the character set of a collation, both as mysql_collation_name spells them. */
void mysql_collation_charset(const char *collation, struct strbuf *out);

/* Appends the collation that a character set has where SHOW CREATE TABLE names none. Of utf8mb4 it is MariaDB's: MySQL
 * always names that one's. */
void mysql_collation_default(const char *charset, struct strbuf *out);

/* Whether both are case-insensitive collations of the same character set for no language in particular, as servers have
 * them by default: what differs between two databases that were never told which to use. */
bool mysql_collations_alike(const char *a, const char *b);

#endif
