/* SPDX-License-Identifier: Apache-2.0
 *
 * schema_migrations(version), which several tools share: whose it is, told by what stands beside it and by the declared
 * type; and its rows. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_VERSION_TABLE_H
#define MIGRATIOND_JOURNAL_VERSION_TABLE_H

#include "journal/detect.h"
#include "journal/journal_builder.h"

/* Where the Supabase CLI keeps its own. */
#define SUPABASE_SCHEMA "supabase_migrations"

/* Slots `fits`. Of a table that neither its neighbours nor its type tell apart, both are true. */
bool version_table_fits_rails(const struct schema *schema, const struct schema_relation *relation);
bool version_table_fits_dbmate(const struct schema *schema, const struct schema_relation *relation);
bool version_table_fits_supabase(const struct schema *schema, const struct schema_relation *relation);

/* An applied entry of a version that is digits and no more, without its leading zeros unless `literal`. Anything else
 * is noted as invalid, and `*ret_entry` is NULL. */
int version_table_entry(struct journal_builder *builder, const char *cell, size_t length, bool literal,
                        struct journal_entry **ret_entry, struct error *reterr);

#endif
