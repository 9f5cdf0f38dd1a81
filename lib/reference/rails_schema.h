/* SPDX-License-Identifier: Apache-2.0
 *
 * Rails' db/schema.rb, as ActiveRecord 5 to 8 write it, for PostgreSQL, MySQL, MariaDB and SQLite. Pure.
 */
#ifndef MIGRATIOND_REFERENCE_RAILS_SCHEMA_H
#define MIGRATIOND_REFERENCE_RAILS_SCHEMA_H

#include "reference/declared.h"

/* Reads a schema.rb for `engine`. `live` (NULL: none) tells what the file leaves open: whether datetime columns have a
 * time zone is the application's setting. `*ret_version` is the newest migration's version, in the declared schema's
 * arena. ERROR_INVALID with "name:line: what" for whatever is not understood. */
int rails_schema_parse(const char *text, size_t length, const char *name, const char *engine, const struct schema *live,
                       struct declared **ret_declared, const char **ret_version, struct error *reterr);

#endif
