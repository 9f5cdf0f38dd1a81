/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema.h"

#include <string.h>

#include "base/alloc.h"
#include "model/schema_storage.h"

const char *schema_text(const struct schema *schema, uint32_t text)
{
    return text > 0 && text < schema->pool_size ? schema->pool + text : "";
}

const char *schema_text_or_null(const struct schema *schema, uint32_t text)
{
    return text > 0 && text < schema->pool_size ? schema->pool + text : NULL;
}

const struct schema_relation *schema_find_relation(const struct schema *schema, const char *schema_name,
                                                   const char *name)
{
    size_t low = 0;
    size_t high = schema->relation_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct schema_relation *relation = &schema->relations[middle];
        int order = strcmp(schema_name ? schema_name : "", schema_text(schema, relation->schema));
        if (order == 0)
            order = strcmp(name, schema_text(schema, relation->name));
        if (order == 0)
            return relation;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct schema_column *schema_find_column(const struct schema *schema, const struct schema_relation *relation,
                                               const char *name)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        const struct schema_column *column = &schema->columns[relation->first_column + i];
        if (strcmp(schema_text(schema, column->name), name) == 0)
            return column;
    }
    return NULL;
}

bool relation_is_table(const struct schema_relation *relation)
{
    return relation->kind != RELATION_VIEW && relation->kind != RELATION_MATERIALIZED_VIEW;
}

size_t schema_table_count(const struct schema *schema)
{
    size_t count = 0;
    for (size_t i = 0; i < schema->relation_count; i++)
        count += relation_is_table(&schema->relations[i]);
    return count;
}

size_t schema_memory(const struct schema *schema)
{
    return sizeof(struct schema_storage) + schema->pool_size + schema->relation_count * sizeof *schema->relations +
           schema->column_count * sizeof *schema->columns + schema->constraint_count * sizeof *schema->constraints +
           schema->index_count * sizeof *schema->indexes + schema->part_count * sizeof *schema->parts +
           schema->list_count * sizeof *schema->lists + schema->enum_count * sizeof *schema->enums +
           schema->sequence_count * sizeof *schema->sequences;
}

static const char *const relation_kinds[] = {
    [RELATION_TABLE] = "table",
    [RELATION_PARTITIONED] = "partitioned_table",
    [RELATION_PARTITION] = "partition",
    [RELATION_FOREIGN] = "foreign_table",
    [RELATION_VIRTUAL] = "virtual_table",
    [RELATION_VIEW] = "view",
    [RELATION_MATERIALIZED_VIEW] = "materialized_view",
};
_Static_assert(ARRAY_LENGTH(relation_kinds) == RELATION_KINDS, "a name for each");

static const char *const constraint_kinds[] = {
    [CONSTRAINT_PRIMARY_KEY] = "primary_key", [CONSTRAINT_UNIQUE] = "unique",
    [CONSTRAINT_FOREIGN_KEY] = "foreign_key", [CONSTRAINT_CHECK] = "check",
    [CONSTRAINT_EXCLUSION] = "exclusion",
};
_Static_assert(ARRAY_LENGTH(constraint_kinds) == CONSTRAINT_KINDS, "a name for each");

static const char *const foreign_key_actions[] = {
    [ACTION_NO_ACTION] = "no_action", [ACTION_RESTRICT] = "restrict",       [ACTION_CASCADE] = "cascade",
    [ACTION_SET_NULL] = "set_null",   [ACTION_SET_DEFAULT] = "set_default",
};
_Static_assert(ARRAY_LENGTH(foreign_key_actions) == FOREIGN_KEY_ACTIONS, "a name for each");

static const char *const schema_kinds[] = {
    [SCHEMA_TABLES] = "tables",       [SCHEMA_COLUMNS] = "columns", [SCHEMA_CONSTRAINTS] = "constraints",
    [SCHEMA_INDEXES] = "indexes",     [SCHEMA_VIEWS] = "views",     [SCHEMA_ENUMS] = "enums",
    [SCHEMA_SEQUENCES] = "sequences",
};
_Static_assert(ARRAY_LENGTH(schema_kinds) == SCHEMA_KINDS, "a name for each");

static const char *const coverages[] = {
    [COVERAGE_FULL] = "full",
    [COVERAGE_PARTIAL] = "partial",
    [COVERAGE_NONE] = "none",
    [COVERAGE_NOT_APPLICABLE] = "not_applicable",
};
_Static_assert(ARRAY_LENGTH(coverages) == COVERAGES, "a name for each");

static int index_of(const char *const *names, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    return -1;
}

const char *relation_kind_name(enum relation_kind kind)
{
    return relation_kinds[kind];
}

const char *constraint_kind_name(enum constraint_kind kind)
{
    return constraint_kinds[kind];
}

const char *foreign_key_action_name(enum foreign_key_action action)
{
    return foreign_key_actions[action];
}

const char *schema_kind_name(enum schema_kind kind)
{
    return schema_kinds[kind];
}

const char *coverage_name(enum coverage coverage)
{
    return coverages[coverage];
}

int relation_kind_from_name(const char *text)
{
    return index_of(relation_kinds, RELATION_KINDS, text);
}

int constraint_kind_from_name(const char *text)
{
    return index_of(constraint_kinds, CONSTRAINT_KINDS, text);
}

int foreign_key_action_from_name(const char *text)
{
    return index_of(foreign_key_actions, FOREIGN_KEY_ACTIONS, text);
}

int coverage_from_name(const char *text)
{
    return index_of(coverages, COVERAGES, text);
}

struct schema *schema_ref(struct schema *schema)
{
    __atomic_add_fetch(&schema->references, 1, __ATOMIC_RELAXED);
    return schema;
}

void schema_unref(struct schema *schema)
{
    if (schema && __atomic_sub_fetch(&schema->references, 1, __ATOMIC_ACQ_REL) == 0)
        schema_storage_free((struct schema_storage *)schema);
}

void schema_storage_free(struct schema_storage *storage)
{
    if (!storage)
        return;
    mem_free(storage->pool);
    mem_free(storage->relations);
    mem_free(storage->columns);
    mem_free(storage->constraints);
    mem_free(storage->indexes);
    mem_free(storage->parts);
    mem_free(storage->lists);
    mem_free(storage->enums);
    mem_free(storage->sequences);
    mem_free(storage);
}
