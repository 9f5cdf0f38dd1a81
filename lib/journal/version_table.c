/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/version_table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "journal/numbered_files.h"

enum version_type { TYPE_OTHER, TYPE_EITHER, TYPE_RAILS, TYPE_OLD_RAILS, TYPE_DBMATE };

/* dbmate declares a width of 128. Rails declares the engine's usual one: 255 on MySQL, none on SQLite, which both do
 * not on PostgreSQL. There, a width tells of a database that Rails before 4.2 began, or of another program altogether
 * (pop, which many Go services embed). */
static enum version_type type_of(const char *type)
{
    static const char *const names[] = {"character varying", "varchar"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        size_t length = strlen(names[i]);
        if (strncasecmp(type, names[i], length) != 0)
            continue;
        const char *width = type + length + strspn(type + length, " ");
        if (*width == '(')
            return strtol(width + 1, NULL, 10) == 128 ? TYPE_DBMATE : i == 0 ? TYPE_OLD_RAILS : TYPE_RAILS;
        return i == 0 ? TYPE_EITHER : TYPE_RAILS;
    }
    return TYPE_OTHER;
}

static bool is_supabase(const struct schema *schema, const struct schema_relation *relation)
{
    return strcmp(schema_text(schema, relation->schema), SUPABASE_SCHEMA) == 0;
}

bool version_table_fits_supabase(const struct schema *schema, const struct schema_relation *relation)
{
    return is_supabase(schema, relation);
}

bool version_table_fits_rails(const struct schema *schema, const struct schema_relation *relation)
{
    enum version_type type = type_of(detect_column_type(schema, relation, "version"));
    if (is_supabase(schema, relation) || type == TYPE_OTHER)
        return false;
    bool plain = type == TYPE_EITHER || type == TYPE_RAILS;
    return plain || detect_has_sibling(schema, relation, "ar_internal_metadata");
}

bool version_table_fits_dbmate(const struct schema *schema, const struct schema_relation *relation)
{
    enum version_type type = type_of(detect_column_type(schema, relation, "version"));
    if (is_supabase(schema, relation) || detect_has_sibling(schema, relation, "ar_internal_metadata"))
        return false;
    return type == TYPE_DBMATE || type == TYPE_EITHER;
}

int version_table_entry(struct journal_builder *builder, const char *cell, size_t length, bool literal,
                        struct journal_entry **ret_entry, struct error *reterr)
{
    *ret_entry = NULL;
    if (!cell || length == 0 || strspn(cell, "0123456789") != length) {
        journal_builder_invalid(builder, "version is %s", !cell ? "NULL" : length == 0 ? "empty" : "no number");
        return 0;
    }
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    struct arena *arena = builder->journal->arena;
    entry->revision = literal ? arena_strndup(arena, cell, length) : numbered_revision(arena, cell, length);
    if (!entry->revision)
        return error_no_memory(reterr);
    *ret_entry = entry;
    return 0;
}
