/* SPDX-License-Identifier: Apache-2.0
 *
 * What a shape's `fits` asks of the captured schema, to tell a journal from a table that merely has its columns. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_DETECT_H
#define MIGRATIOND_JOURNAL_DETECT_H

#include "journal/tool.h"

/* The declared type as the model spells it; "" for a column that is not there. Names compare case-insensitively. */
const char *detect_column_type(const struct schema *schema, const struct schema_relation *relation, const char *column);

/* Whether a table of that name (compared case-insensitively) stands in the same schema. */
bool detect_has_sibling(const struct schema *schema, const struct schema_relation *relation, const char *table);

#endif
