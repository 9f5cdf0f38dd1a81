/* SPDX-License-Identifier: Apache-2.0
 *
 * From a parsed CREATE text to the model.
 */
#include "base/alloc.h"
#include "dialect/sqlite_ddl.h"

static uint32_t intern(const struct sqlite_statement *statement, uint32_t text, struct schema_builder *builder)
{
    return text ? schema_builder_text(builder, sqlite_statement_text(statement, text)) : 0;
}

static struct text_list intern_list(const struct sqlite_statement *statement, struct sqlite_name_list list,
                                    struct schema_builder *builder)
{
    enum { CHUNK = 32 };
    uint32_t few[CHUNK] = {0};
    struct text_list result = {0};
    cleanup(free) uint32_t *many = NULL;
    uint32_t *texts = few;
    if (list.count > CHUNK) {
        texts = many = mem_calloc(list.count, sizeof(*many));
        if (!many) { /* sticky: the builder tells at the end that something is missing */
            schema_builder_truncated(builder);
            return result;
        }
    }
    for (uint32_t i = 0; i < list.count; i++)
        texts[i] = intern(statement, statement->names[list.first + i], builder);
    return schema_builder_list(builder, texts, list.count);
}

static void emit_constraint(const struct sqlite_statement *statement, const struct sqlite_constraint *parsed,
                            uint32_t relation, struct schema_builder *builder)
{
    struct schema_constraint constraint = {
        .relation = relation,
        .name = intern(statement, parsed->name, builder),
        .columns = intern_list(statement, parsed->columns, builder),
        .expression = intern(statement, parsed->expression, builder),
        .referenced_table = intern(statement, parsed->referenced_table, builder),
        .referenced_columns = intern_list(statement, parsed->referenced_columns, builder),
        .kind = parsed->kind,
        .on_delete = parsed->on_delete,
        .on_update = parsed->on_update,
        .flags = parsed->flags,
    };
    schema_builder_constraint(builder, &constraint);
}

void sqlite_statement_emit_table(const struct sqlite_statement *statement, uint32_t relation,
                                 struct schema_builder *builder)
{
    for (size_t i = 0; i < statement->column_count; i++) {
        const struct sqlite_column *parsed = &statement->columns[i];
        struct schema_column column = {
            .relation = relation,
            .name = intern(statement, parsed->name, builder),
            .type = intern(statement, parsed->type, builder),
            .default_expression = intern(statement, parsed->default_expression, builder),
            .generated = intern(statement, parsed->generated, builder),
            .position = (uint16_t)(i + 1),
            .flags = parsed->flags,
        };
        schema_builder_column(builder, &column);
    }
    for (size_t i = 0; i < statement->constraint_count; i++)
        emit_constraint(statement, &statement->constraints[i], relation, builder);
}

void sqlite_statement_emit_index(const struct sqlite_statement *statement, uint32_t relation, const char *name,
                                 struct schema_builder *builder)
{
    enum { CHUNK = 32 };
    struct schema_index_part few[CHUNK] = {0};
    cleanup(free) struct schema_index_part *many = NULL;
    struct schema_index_part *parts = few;
    if (statement->part_count > CHUNK) {
        parts = many = mem_calloc(statement->part_count, sizeof(*many));
        if (!many) {
            schema_builder_truncated(builder);
            return;
        }
    }
    for (size_t i = 0; i < statement->part_count; i++) {
        parts[i].text = intern(statement, statement->parts[i].text, builder);
        parts[i].collation = intern(statement, statement->parts[i].collation, builder);
        parts[i].flags = statement->parts[i].flags;
    }
    struct schema_index index = {
        .relation = relation,
        .name = schema_builder_text(builder, name),
        .predicate = intern(statement, statement->predicate, builder),
        .flags = statement->unique ? INDEX_UNIQUE : 0,
    };
    schema_builder_index(builder, &index, parts, statement->part_count);
}
