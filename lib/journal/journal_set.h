/* SPDX-License-Identifier: Apache-2.0
 *
 * What one database's journal says, as what is expected of another one. Pure; any thread.
 */
#ifndef MIGRATIOND_JOURNAL_JOURNAL_SET_H
#define MIGRATIOND_JOURNAL_JOURNAL_SET_H

#include "base/error.h"
#include "model/journal.h"
#include "model/migration_set.h"

/* The applied migrations of these journals, which are one table's: one, or each of its parts. Failed and dirty entries
 * are expected of nobody. Of a tool that records where a database stands rather than how it came there, the set is a
 * position. `name` stands in messages. ERROR_INVALID where a journal cannot be believed, is empty, or stands at several
 * heads; ERROR_TRUNCATED where it is longer than LIMIT_MIGRATIONS; ERROR_NO_MEMORY. */
int journal_set_read(const struct journal *const *journals, size_t count, const char *name,
                     struct migration_set **ret_set, struct error *reterr);

#endif
