/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema_extract.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "model/schema_builder.h"

struct extraction {
    const struct schema *whole;
    struct schema_builder *builder;
    uint32_t own; /* the namespace's name among the texts of `whole` */
    struct schema_attribute *run;
    size_t run_capacity;
    uint32_t *texts; /* a list */
    size_t text_capacity;
    struct schema_index_part *parts;
    size_t part_capacity;
    bool no_memory;
};

static void extraction_done(struct extraction *extraction)
{
    schema_builder_free(extraction->builder);
    mem_free(extraction->run);
    mem_free(extraction->texts);
    mem_free(extraction->parts);
}

DEFINE_CLEANUP_VALUE(extraction, struct extraction, extraction_done);

static uint32_t copy_text(struct extraction *extraction, uint32_t text)
{
    return schema_builder_text(extraction->builder, schema_text_or_null(extraction->whole, text));
}

static uint32_t copy_schema(struct extraction *extraction, uint32_t name)
{
    return name == extraction->own ? 0 : copy_text(extraction, name);
}

static uint32_t copy_attributes(struct extraction *extraction, uint32_t attributes)
{
    const struct schema_attribute *from = &extraction->whole->attributes[attributes];
    size_t count = 0;
    for (; from[count].key != ATTRIBUTE_END; count++) {
        if (!mem_grow(&extraction->run, &extraction->run_capacity, count, sizeof *from, LIMIT_COLUMNS)) {
            extraction->no_memory = true;
            return 0;
        }
        extraction->run[count] =
            (struct schema_attribute){.key = from[count].key, .text = copy_text(extraction, from[count].text)};
    }
    return schema_builder_attributes(extraction->builder, extraction->run, count);
}

static struct text_list copy_list(struct extraction *extraction, struct text_list list)
{
    for (size_t i = 0; i < list.count; i++) {
        if (!mem_grow(&extraction->texts, &extraction->text_capacity, i, sizeof *extraction->texts, LIMIT_COLUMNS)) {
            extraction->no_memory = true;
            return (struct text_list){0};
        }
        extraction->texts[i] = copy_text(extraction, extraction->whole->lists[list.first + i]);
    }
    return schema_builder_list(extraction->builder, extraction->texts, list.count);
}

static void copy_column(struct extraction *extraction, const struct schema_column *column, uint32_t relation)
{
    const struct schema_column copy = {.relation = relation,
                                       .name = copy_text(extraction, column->name),
                                       .type = copy_text(extraction, column->type),
                                       .default_expression = copy_text(extraction, column->default_expression),
                                       .generated = copy_text(extraction, column->generated),
                                       .attributes = copy_attributes(extraction, column->attributes),
                                       .position = column->position,
                                       .flags = column->flags};
    schema_builder_column(extraction->builder, &copy);
}

static void copy_constraint(struct extraction *extraction, const struct schema_constraint *constraint,
                            uint32_t relation)
{
    struct schema_constraint copy = *constraint;
    copy.relation = relation;
    copy.name = copy_text(extraction, constraint->name);
    copy.columns = copy_list(extraction, constraint->columns);
    copy.expression = copy_text(extraction, constraint->expression);
    copy.referenced_schema = copy_schema(extraction, constraint->referenced_schema);
    copy.referenced_table = copy_text(extraction, constraint->referenced_table);
    copy.referenced_columns = copy_list(extraction, constraint->referenced_columns);
    copy.attributes = copy_attributes(extraction, constraint->attributes);
    schema_builder_constraint(extraction->builder, &copy);
}

static void copy_index(struct extraction *extraction, const struct schema_index *index, uint32_t relation)
{
    for (size_t i = 0; i < index->part_count; i++) {
        struct schema_index_part part = extraction->whole->parts[index->first_part + i];
        part.text = copy_text(extraction, part.text);
        part.operator_class = copy_text(extraction, part.operator_class);
        part.collation = copy_text(extraction, part.collation);
        if (!mem_grow(&extraction->parts, &extraction->part_capacity, i, sizeof part, LIMIT_COLUMNS)) {
            extraction->no_memory = true;
            return;
        }
        extraction->parts[i] = part;
    }
    struct schema_index copy = *index;
    copy.relation = relation;
    copy.name = copy_text(extraction, index->name);
    copy.method = copy_text(extraction, index->method);
    copy.predicate = copy_text(extraction, index->predicate);
    copy.attributes = copy_attributes(extraction, index->attributes);
    schema_builder_index(extraction->builder, &copy, extraction->parts, index->part_count);
}

static void copy_relation(struct extraction *extraction, const struct schema_relation *relation)
{
    const struct schema *whole = extraction->whole;
    const struct schema_relation copy = {.name = copy_text(extraction, relation->name),
                                         .definition = copy_text(extraction, relation->definition),
                                         .attributes = copy_attributes(extraction, relation->attributes),
                                         .kind = relation->kind};
    uint32_t handle = schema_builder_relation(extraction->builder, &copy);
    for (size_t i = 0; i < relation->column_count; i++)
        copy_column(extraction, &whole->columns[relation->first_column + i], handle);
    for (size_t i = 0; i < relation->constraint_count; i++)
        copy_constraint(extraction, &whole->constraints[relation->first_constraint + i], handle);
    for (size_t i = 0; i < relation->index_count; i++)
        copy_index(extraction, &whole->indexes[relation->first_index + i], handle);
}

static void copy_object(struct extraction *extraction, const struct schema_object *object)
{
    const struct schema_object copy = {.kind = object->kind,
                                       .relation_name = copy_text(extraction, object->relation_name),
                                       .name = copy_text(extraction, object->name),
                                       .arguments = copy_text(extraction, object->arguments),
                                       .attributes = copy_attributes(extraction, object->attributes)};
    schema_builder_object(extraction->builder, &copy);
}

/* What is said of the whole holds for each of its parts. */
static void copy_facts(struct extraction *extraction)
{
    const struct schema *whole = extraction->whole;
    struct schema_builder *builder = extraction->builder;
    schema_builder_dialect(builder, whole->dialect);
    schema_builder_server(builder, schema_text(whole, whole->engine), schema_text(whole, whole->server_version));
    for (int kind = 0; kind < SCHEMA_KINDS; kind++)
        schema_builder_coverage(builder, (enum schema_kind)kind, whole->coverage[kind].coverage,
                                schema_text_or_null(whole, whole->coverage[kind].reason));
    for (int key = 0; key < ATTRIBUTE_KEYS; key++)
        if (schema_is_undeclared(whole, (enum attribute_key)key))
            schema_builder_undeclared(builder, (enum attribute_key)key);
    if (whole->truncated)
        schema_builder_truncated(builder);
    if (whole->folds_names)
        schema_builder_folds_names(builder);
}

int schema_extract(const struct schema *whole, const char *name, struct schema **ret_schema, struct error *reterr)
{
    *ret_schema = NULL;
    const struct schema_object *space = schema_find_object(whole, OBJECT_SCHEMA, NULL, NULL, name, NULL);
    if (!space)
        return error_set(reterr, ERROR_NOT_FOUND, "there is no schema \"%s\"", name);
    cleanup(extraction) struct extraction extraction = {
        .whole = whole, .builder = schema_builder_new(), .own = space->name};
    if (!extraction.builder)
        return error_no_memory(reterr);
    copy_facts(&extraction);
    for (size_t i = 0; i < whole->relation_count; i++)
        if (whole->relations[i].schema == space->name)
            copy_relation(&extraction, &whole->relations[i]);
    for (size_t i = 0; i < whole->object_count; i++)
        if (whole->objects[i].schema == space->name)
            copy_object(&extraction, &whole->objects[i]);
    return extraction.no_memory ? error_no_memory(reterr) : schema_builder_seal(extraction.builder, ret_schema, reterr);
}
