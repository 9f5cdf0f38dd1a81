/* SPDX-License-Identifier: Apache-2.0
 *
 * The flags whose JSON form is a key with the value true: one table for the renderer and the parser. Only they use it.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_JSON_FLAGS_H
#define MIGRATIOND_MODEL_SCHEMA_JSON_FLAGS_H

#include "model/schema.h"

#define SCHEMA_JSON_FORMAT "migrationd-schema"

struct flag_key {
    const char *key; /* NULL ends a table */
    unsigned flag;
};

static const struct flag_key column_flag_keys[] = {
    {"nullable", COLUMN_NULLABLE}, {"auto_increment", COLUMN_AUTO_INCREMENT}, {"hidden", COLUMN_HIDDEN}, {NULL, 0}};

static const struct flag_key constraint_flag_keys[] = {{"deferrable", CONSTRAINT_DEFERRABLE},
                                                       {"deferred", CONSTRAINT_DEFERRED},
                                                       {"not_valid", CONSTRAINT_NOT_VALID},
                                                       {"not_enforced", CONSTRAINT_NOT_ENFORCED},
                                                       {"nulls_not_distinct", CONSTRAINT_NULLS_NOT_DISTINCT},
                                                       {"automatic_name", CONSTRAINT_AUTOMATIC_NAME},
                                                       {NULL, 0}};

static const struct flag_key index_flag_keys[] = {{"unique", INDEX_UNIQUE},
                                                  {"invalid", INDEX_INVALID},
                                                  {"hidden", INDEX_HIDDEN},
                                                  {"nulls_not_distinct", INDEX_NULLS_NOT_DISTINCT},
                                                  {NULL, 0}};

static const struct flag_key part_flag_keys[] = {
    {"descending", PART_DESCENDING}, {"included", PART_INCLUDED}, {NULL, 0}};

#endif
