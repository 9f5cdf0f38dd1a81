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

static int compare_object(const struct schema *schema, const struct schema_object *object, const char *const texts[4])
{
    const uint32_t own[4] = {object->schema, object->relation_name, object->name, object->arguments};
    int order = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(own) && order == 0; i++)
        order = strcmp(texts[i] ? texts[i] : "", schema_text(schema, own[i]));
    return order;
}

const struct schema_object *schema_find_object(const struct schema *schema, enum object_kind kind,
                                               const char *schema_name, const char *relation_name, const char *name,
                                               const char *arguments)
{
    const char *const texts[4] = {schema_name, relation_name, name, arguments};
    size_t low = schema->object_starts[kind];
    size_t high = schema->object_starts[kind + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_object(schema, &schema->objects[middle], texts) <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    bool found = low < schema->object_starts[kind + 1] && compare_object(schema, &schema->objects[low], texts) == 0;
    return found ? &schema->objects[low] : NULL;
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
           schema->list_count * sizeof *schema->lists + schema->object_count * sizeof *schema->objects +
           schema->attribute_count * sizeof *schema->attributes;
}

/* None of the structs has padding. */
uint64_t schema_content_hash(const struct schema *schema)
{
    const uint32_t head[] = {schema->engine, schema->server_version, schema->not_compared, schema->truncated,
                             schema->folds_names};
    const uint64_t hashes[] = {
        hash64(head, sizeof head),
        hash64(schema->coverage, sizeof schema->coverage),
        hash64(schema->pool, schema->pool_size),
        hash64(schema->relations, schema->relation_count * sizeof *schema->relations),
        hash64(schema->columns, schema->column_count * sizeof *schema->columns),
        hash64(schema->constraints, schema->constraint_count * sizeof *schema->constraints),
        hash64(schema->indexes, schema->index_count * sizeof *schema->indexes),
        hash64(schema->parts, schema->part_count * sizeof *schema->parts),
        hash64(schema->lists, schema->list_count * sizeof *schema->lists),
        hash64(schema->objects, schema->object_count * sizeof *schema->objects),
        hash64(schema->attributes, schema->attribute_count * sizeof *schema->attributes),
    };
    return hash64(hashes, sizeof hashes);
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

static const char *const object_kinds[] = {
    [OBJECT_SCHEMA] = "schema",   [OBJECT_EXTENSION] = "extension", [OBJECT_ENUM] = "enum",
    [OBJECT_DOMAIN] = "domain",   [OBJECT_COMPOSITE] = "composite", [OBJECT_SEQUENCE] = "sequence",
    [OBJECT_ROUTINE] = "routine", [OBJECT_TRIGGER] = "trigger",     [OBJECT_POLICY] = "policy",
    [OBJECT_EVENT] = "event",
};
_Static_assert(ARRAY_LENGTH(object_kinds) == OBJECT_KINDS, "a name for each");

/* In the order of the objects' kinds from SCHEMA_SCHEMAS on. */
static const char *const schema_kinds[] = {
    [SCHEMA_TABLES] = "tables",
    [SCHEMA_COLUMNS] = "columns",
    [SCHEMA_CONSTRAINTS] = "constraints",
    [SCHEMA_INDEXES] = "indexes",
    [SCHEMA_VIEWS] = "views",
    [SCHEMA_SCHEMAS + OBJECT_SCHEMA] = "schemas",
    [SCHEMA_SCHEMAS + OBJECT_EXTENSION] = "extensions",
    [SCHEMA_SCHEMAS + OBJECT_ENUM] = "enums",
    [SCHEMA_SCHEMAS + OBJECT_DOMAIN] = "domains",
    [SCHEMA_SCHEMAS + OBJECT_COMPOSITE] = "composites",
    [SCHEMA_SCHEMAS + OBJECT_SEQUENCE] = "sequences",
    [SCHEMA_SCHEMAS + OBJECT_ROUTINE] = "routines",
    [SCHEMA_SCHEMAS + OBJECT_TRIGGER] = "triggers",
    [SCHEMA_SCHEMAS + OBJECT_POLICY] = "policies",
    [SCHEMA_SCHEMAS + OBJECT_EVENT] = "events",
};
_Static_assert(SCHEMA_SCHEMAS + OBJECT_ENUM == SCHEMA_ENUMS && SCHEMA_SCHEMAS + OBJECT_SEQUENCE == SCHEMA_SEQUENCES &&
                   SCHEMA_SCHEMAS + OBJECT_ROUTINE == SCHEMA_ROUTINES && SCHEMA_SCHEMAS + OBJECT_EVENT == SCHEMA_EVENTS,
               "one order");
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

const char *object_kind_name(enum object_kind kind)
{
    return object_kinds[kind];
}

enum schema_kind object_schema_kind(enum object_kind kind)
{
    return (enum schema_kind)(SCHEMA_SCHEMAS + (int)kind);
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
    mem_free(storage->objects);
    mem_free(storage->attributes);
    mem_free(storage);
}
