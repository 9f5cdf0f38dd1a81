/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of checks, one row each, each in a file of its name. Static; any thread.
 */
#ifndef MIGRATIOND_CHECK_CHECK_KINDS_H
#define MIGRATIOND_CHECK_CHECK_KINDS_H

#include "check/check.h"

extern const struct check_kind check_kind_sql;
extern const struct check_kind check_kind_not_empty;
extern const struct check_kind check_kind_backup;
extern const struct check_kind check_kind_foreign_keys;
extern const struct check_kind check_kind_enum_values;
extern const struct check_kind check_kind_indexes;
extern const struct check_kind check_kind_sequences;
extern const struct check_kind check_kind_extensions;
extern const struct check_kind check_kind_replicas;

/* The slot `needs_connection` of kinds that ask the database, whatever is asked. */
bool check_kind_connects(const struct check *check);

#endif
