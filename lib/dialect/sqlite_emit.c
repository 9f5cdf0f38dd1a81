/* SPDX-License-Identifier: Apache-2.0
 *
 * From a parsed CREATE text to the model.
 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/dialect_quote.h"
#include "dialect/sqlite_ddl.h"
#include "dialect/sqlite_keyword.h"
#include "dialect/sqlite_token.h"

static uint32_t intern(const struct sqlite_statement *statement, uint32_t text, struct schema_builder *builder)
{
    return text ? schema_builder_text(builder, sqlite_statement_text(statement, text)) : 0;
}

/* What the columns of a table are called: those of a CREATE TABLE, or those that the builder has of a relation. */
struct known_columns {
    const struct sqlite_statement *statement; /* NULL: the builder's */
    struct schema_builder *builder;
    uint32_t relation;
};

/* The builder's columns stand by relation, in the order in which those were added. */
static size_t first_column_of(const struct schema_column *columns, size_t count, uint32_t relation)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (columns[middle].relation < relation)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_column(const struct known_columns *known, const char *name)
{
    size_t count = 0;
    if (strcasecmp(name, "rowid") == 0 || strcasecmp(name, "oid") == 0 || strcasecmp(name, "_rowid_") == 0)
        return true;
    for (size_t i = 0; known->statement && i < known->statement->column_count; i++) {
        if (strcasecmp(sqlite_statement_text(known->statement, known->statement->columns[i].name), name) == 0)
            return true;
    }
    if (known->statement)
        return false;
    const struct schema_column *columns = schema_builder_columns(known->builder, &count);
    for (size_t i = first_column_of(columns, count, known->relation); i < count; i++) {
        if (columns[i].relation != known->relation)
            return false;
        if (strcasecmp(schema_builder_get_text(known->builder, columns[i].name), name) == 0)
            return true;
    }
    return false;
}

/* A name in double quotes that is no column's is a text, by an old leniency; DROP COLUMN rewrites it as one. */
static bool is_text_in_disguise(const struct sqlite_token *before, const struct sqlite_token *token,
                                const struct sqlite_token *after, const struct known_columns *known)
{
    if (!sqlite_token_can_be_text(before, token, after))
        return false;
    cleanup(strbuf) struct strbuf name = STRBUF(token->length + 1);
    sqlite_token_append_name(token, &name);
    return strbuf_ok(&name) && !is_column(known, strbuf_text(&name));
}

static void append_with_texts(const char *text, const struct known_columns *known, struct strbuf *out)
{
    struct sqlite_lexer lexer = {.next = text, .end = text + strlen(text)};
    struct sqlite_token before = {.kind = TOKEN_END};
    struct sqlite_token token = sqlite_lexer_next(&lexer);
    const char *copied = text;
    while (token.kind != TOKEN_END) {
        struct sqlite_token after = sqlite_lexer_next(&lexer);
        if (is_text_in_disguise(&before, &token, &after, known)) {
            cleanup(strbuf) struct strbuf name = STRBUF(token.length + 1);
            sqlite_token_append_name(&token, &name);
            strbuf_add(out, copied, (size_t)(token.text - copied));
            dialect_quote(out, '\'', strbuf_text(&name));
            out->failed |= !strbuf_ok(&name);
            copied = token.text + token.length;
        }
        before = token;
        token = after;
    }
    strbuf_add_string(out, copied);
}

static uint32_t intern_expression(const struct sqlite_statement *statement, uint32_t text,
                                  const struct known_columns *known)
{
    const char *expression = sqlite_statement_text(statement, text);
    if (!text || !strchr(expression, '"'))
        return intern(statement, text, known->builder);
    cleanup(strbuf) struct strbuf out = STRBUF(2 * strlen(expression) + 1);
    append_with_texts(expression, known, &out);
    if (!strbuf_ok(&out)) /* sticky: the builder tells at the end that something is missing */
        schema_builder_truncated(known->builder);
    return schema_builder_text(known->builder, strbuf_text(&out));
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

static uint32_t column_collation(const struct sqlite_statement *statement, const char *name)
{
    for (size_t i = 0; i < statement->column_count; i++) {
        if (strcmp(sqlite_statement_text(statement, statement->columns[i].name), name) == 0)
            return statement->columns[i].collation;
    }
    return 0;
}

/* A key's part says more than its column does when it is descending or has a collation of its own. */
static bool part_is_special(const struct sqlite_statement *statement, const struct sqlite_index_part *part,
                            const char *column)
{
    if (part->flags & PART_DESCENDING)
        return true;
    if (!part->collation)
        return false;
    uint32_t own = column_collation(statement, column);
    return strcmp(sqlite_statement_text(statement, part->collation),
                  own ? sqlite_statement_text(statement, own) : "BINARY") != 0;
}

/* The parts of a key as SQL, where one of them is special; else the columns say everything. */
static uint32_t add_key_parts(const struct sqlite_statement *statement, const struct sqlite_constraint *parsed,
                              uint32_t attributes, struct schema_builder *builder)
{
    bool key = parsed->kind == CONSTRAINT_PRIMARY_KEY || parsed->kind == CONSTRAINT_UNIQUE;
    bool special = false;
    for (uint32_t i = 0; key && i < parsed->columns.count; i++)
        special |= part_is_special(statement, &statement->parts[parsed->first_part + i],
                                   sqlite_statement_text(statement, statement->names[parsed->columns.first + i]));
    for (uint32_t i = 0; special && i < parsed->columns.count; i++) {
        const char *column = sqlite_statement_text(statement, statement->names[parsed->columns.first + i]);
        const struct sqlite_index_part *part = &statement->parts[parsed->first_part + i];
        cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
        sqlite_name_append(column, &text);
        if (part->collation) {
            strbuf_add_string(&text, " COLLATE ");
            sqlite_name_append(sqlite_statement_text(statement, part->collation), &text);
        }
        strbuf_add_string(&text, part->flags & PART_DESCENDING ? " DESC" : "");
        if (!strbuf_ok(&text))
            schema_builder_truncated(builder);
        attributes = schema_builder_add_attribute(builder, attributes, ATTRIBUTE_KEY_PARTS,
                                                  schema_builder_text(builder, strbuf_text(&text)));
    }
    return attributes;
}

static uint32_t constraint_attributes(const struct sqlite_statement *statement, const struct sqlite_constraint *parsed,
                                      struct schema_builder *builder)
{
    struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_ON_CONFLICT, .text = intern(statement, parsed->on_conflict, builder)},
    };
    uint32_t run = schema_builder_attributes(builder, attributes, ARRAY_LENGTH(attributes));
    return add_key_parts(statement, parsed, run, builder);
}

static void emit_constraint(const struct sqlite_statement *statement, const struct sqlite_constraint *parsed,
                            uint32_t relation, struct schema_builder *builder)
{
    const struct known_columns known = {.statement = statement, .builder = builder};
    struct schema_constraint constraint = {
        .relation = relation,
        .name = intern(statement, parsed->name, builder),
        .columns = intern_list(statement, parsed->columns, builder),
        .expression = intern_expression(statement, parsed->expression, &known),
        .referenced_table = intern(statement, parsed->referenced_table, builder),
        .referenced_columns = intern_list(statement, parsed->referenced_columns, builder),
        .attributes = constraint_attributes(statement, parsed, builder),
        .kind = parsed->kind,
        .on_delete = parsed->on_delete,
        .on_update = parsed->on_update,
        .flags = parsed->flags,
    };
    schema_builder_constraint(builder, &constraint);
}

static uint32_t column_attributes(const struct sqlite_statement *statement, const struct sqlite_column *parsed,
                                  struct schema_builder *builder)
{
    struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_COLLATION, .text = intern(statement, parsed->collation, builder)},
        {.key = ATTRIBUTE_NOT_NULL_CONFLICT, .text = intern(statement, parsed->not_null_conflict, builder)},
    };
    return schema_builder_attributes(builder, attributes, ARRAY_LENGTH(attributes));
}

uint32_t sqlite_statement_table_attributes(const struct sqlite_statement *statement, uint32_t source,
                                           struct schema_builder *builder)
{
    struct schema_attribute attributes[3] = {{.key = ATTRIBUTE_SOURCE, .text = source}};
    size_t count = 1;
    if (statement->strict)
        attributes[count++].key = ATTRIBUTE_STRICT;
    if (statement->without_rowid)
        attributes[count++].key = ATTRIBUTE_WITHOUT_ROWID;
    return schema_builder_attributes(builder, attributes, count);
}

void sqlite_statement_emit_table(const struct sqlite_statement *statement, uint32_t relation,
                                 struct schema_builder *builder)
{
    const struct known_columns known = {.statement = statement, .builder = builder};
    for (size_t i = 0; i < statement->column_count; i++) {
        const struct sqlite_column *parsed = &statement->columns[i];
        struct schema_column column = {
            .relation = relation,
            .name = intern(statement, parsed->name, builder),
            .type = intern(statement, parsed->type, builder),
            .default_expression = intern(statement, parsed->default_expression, builder),
            .generated = intern_expression(statement, parsed->generated, &known),
            .attributes = column_attributes(statement, parsed, builder),
            .position = (uint16_t)(i + 1),
            .flags = parsed->flags,
        };
        schema_builder_column(builder, &column);
    }
    for (size_t i = 0; i < statement->constraint_count; i++)
        emit_constraint(statement, &statement->constraints[i], relation, builder);
}

void sqlite_statement_emit_index(const struct sqlite_statement *statement, uint32_t relation, const char *name,
                                 const char *source, struct schema_builder *builder)
{
    enum { CHUNK = 32 };
    const struct known_columns known = {.builder = builder, .relation = relation};
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
        parts[i].text = statement->parts[i].flags & PART_EXPRESSION
                            ? intern_expression(statement, statement->parts[i].text, &known)
                            : intern(statement, statement->parts[i].text, builder);
        parts[i].collation = intern(statement, statement->parts[i].collation, builder);
        parts[i].flags = statement->parts[i].flags;
    }
    struct schema_index index = {
        .relation = relation,
        .name = schema_builder_text(builder, name),
        .predicate = intern_expression(statement, statement->predicate, &known),
        .attributes = schema_builder_add_attribute(builder, 0, ATTRIBUTE_SOURCE, schema_builder_text(builder, source)),
        .flags = statement->unique ? INDEX_UNIQUE : 0,
    };
    schema_builder_index(builder, &index, parts, statement->part_count);
}

void sqlite_statement_emit_trigger(const struct sqlite_statement *statement, uint32_t table, const char *name,
                                   const char *source, struct schema_builder *builder)
{
    struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_TIMING, .text = intern(statement, statement->timing, builder)},
        {.key = ATTRIBUTE_EVENTS, .text = intern(statement, statement->events, builder)},
        {.key = ATTRIBUTE_CONDITION, .text = intern(statement, statement->condition, builder)},
        {.key = ATTRIBUTE_BODY, .text = intern(statement, statement->definition, builder)},
        {.key = ATTRIBUTE_SOURCE, .text = schema_builder_text(builder, source)},
    };
    struct schema_object trigger = {
        .relation_name = table,
        .name = schema_builder_text(builder, name),
        .attributes = schema_builder_attributes(builder, attributes, ARRAY_LENGTH(attributes)),
        .kind = OBJECT_TRIGGER,
    };
    schema_builder_object(builder, &trigger);
}
