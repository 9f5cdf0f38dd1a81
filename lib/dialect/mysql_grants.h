/* SPDX-License-Identifier: Apache-2.0
 *
 * What a role can see of one database, from the lines of SHOW GRANTS. MySQL and MariaDB leave out of
 * information_schema whatever the role has no privilege on, without a word: an absence is a fact only if a privilege
 * covers all tables, those that do not exist included. Doubt counts as "cannot see". Pure; one thread.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_GRANTS_H
#define MIGRATIOND_DIALECT_MYSQL_GRANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct mysql_grants;

/* No privileges yet, on the database of that name; NULL when memory is out. */
struct mysql_grants *mysql_grants_new(const char *database) __attribute__((warn_unused_result));
void mysql_grants_free(struct mysql_grants *grants);

/* Adds one line. Lines that are not understood add nothing. False when memory is out. */
bool mysql_grants_add(struct mysql_grants *grants, const char *line, size_t length) __attribute__((warn_unused_result));

/* Whether every table of the database would be listed. */
bool mysql_grants_sees_tables(const struct mysql_grants *grants);

/* Whether every trigger, event and routine would be. A routine that is listed shows its body only to some. */
bool mysql_grants_sees_triggers(const struct mysql_grants *grants);
bool mysql_grants_sees_events(const struct mysql_grants *grants);
bool mysql_grants_sees_routines(const struct mysql_grants *grants);

/* Whether that table, or every table (NULL), may be read. */
bool mysql_grants_can_select(const struct mysql_grants *grants, const char *table);

DEFINE_CLEANUP(mysql_grants, struct mysql_grants *, mysql_grants_free);

#endif
