/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema_json.h"

#include "model/schema_json_flags.h"

/* An object that stands on one line whatever the indent; returns the indent for end_line. */
static unsigned begin_line(struct json_writer *writer)
{
    unsigned indent = writer->indent;
    json_open_object(writer);
    writer->indent = 0;
    return indent;
}

static void end_line(struct json_writer *writer, unsigned indent)
{
    json_close_object(writer);
    writer->indent = indent;
}

/* A member that is left out when the text is absent. */
static void put_text(struct schema_json *stream, const char *key, uint32_t text)
{
    if (text)
        json_key_string(&stream->writer, key, schema_text(stream->schema, text));
}

/* A member that is always there. */
static void put_name(struct schema_json *stream, const char *key, uint32_t text)
{
    json_key_string(&stream->writer, key, schema_text(stream->schema, text));
}

static void put_flags(struct json_writer *writer, const struct flag_key *keys, unsigned flags)
{
    for (; keys->key; keys++)
        if (flags & keys->flag)
            json_key_boolean(writer, keys->key, true);
}

static void put_list(struct schema_json *stream, const char *key, struct text_list list)
{
    json_key_array(&stream->writer, key);
    for (uint32_t i = 0; i < list.count; i++)
        json_add_string(&stream->writer, schema_text(stream->schema, stream->schema->lists[list.first + i]));
    json_close_array(&stream->writer);
}

static void put_generated(struct schema_json *stream, const struct schema_column *column)
{
    json_key_object(&stream->writer, "generated");
    put_text(stream, "expression", column->generated);
    if (column->flags & COLUMN_GENERATED_STORED)
        json_key_boolean(&stream->writer, "stored", true);
    json_close_object(&stream->writer);
}

static void put_column(struct schema_json *stream, const struct schema_column *column)
{
    struct json_writer *writer = &stream->writer;
    unsigned indent = begin_line(writer);
    put_name(stream, "name", column->name);
    put_name(stream, "type", column->type);
    put_text(stream, "default", column->default_expression);
    if (column->flags & (COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT))
        json_key_string(writer, "identity", column->flags & COLUMN_IDENTITY_ALWAYS ? "always" : "by_default");
    if (column->flags & (COLUMN_GENERATED_STORED | COLUMN_GENERATED_VIRTUAL))
        put_generated(stream, column);
    put_flags(writer, column_flag_keys, column->flags);
    end_line(writer, indent);
}

static void put_references(struct schema_json *stream, const struct schema_constraint *constraint)
{
    json_key_object(&stream->writer, "references");
    put_text(stream, "schema", constraint->referenced_schema);
    put_name(stream, "table", constraint->referenced_table);
    if (constraint->referenced_columns.count > 0)
        put_list(stream, "columns", constraint->referenced_columns);
    json_close_object(&stream->writer);
}

static void put_action(struct schema_json *stream, const char *key, unsigned action)
{
    if (action != ACTION_NO_ACTION)
        json_key_string(&stream->writer, key, foreign_key_action_name(action));
}

static void put_constraint(struct schema_json *stream, const struct schema_constraint *constraint)
{
    struct json_writer *writer = &stream->writer;
    unsigned indent = begin_line(writer);
    json_key_string(writer, "kind", constraint_kind_name(constraint->kind));
    put_text(stream, "name", constraint->name);
    if (constraint->columns.count > 0)
        put_list(stream, "columns", constraint->columns);
    put_text(stream, "expression", constraint->expression);
    if (constraint->kind == CONSTRAINT_FOREIGN_KEY) {
        put_references(stream, constraint);
        put_action(stream, "on_delete", constraint->on_delete);
        put_action(stream, "on_update", constraint->on_update);
    }
    put_flags(writer, constraint_flag_keys, constraint->flags);
    end_line(writer, indent);
}

static void put_part(struct schema_json *stream, const struct schema_index_part *part)
{
    struct json_writer *writer = &stream->writer;
    json_open_object(writer);
    put_name(stream, part->flags & PART_EXPRESSION ? "expression" : "column", part->text);
    put_flags(writer, part_flag_keys, part->flags);
    if (part->flags & (PART_NULLS_FIRST | PART_NULLS_LAST))
        json_key_string(writer, "nulls", part->flags & PART_NULLS_FIRST ? "first" : "last");
    put_text(stream, "operator_class", part->operator_class);
    put_text(stream, "collation", part->collation);
    if (part->prefix > 0)
        json_key_integer(writer, "prefix", part->prefix);
    json_close_object(writer);
}

static void put_index(struct schema_json *stream, const struct schema_index *index)
{
    struct json_writer *writer = &stream->writer;
    unsigned indent = begin_line(writer);
    put_name(stream, "name", index->name);
    put_text(stream, "method", index->method);
    json_key_array(writer, "parts");
    for (size_t i = 0; i < index->part_count; i++)
        put_part(stream, &stream->schema->parts[index->first_part + i]);
    json_close_array(writer);
    put_text(stream, "predicate", index->predicate);
    put_flags(writer, index_flag_keys, index->flags);
    end_line(writer, indent);
}

static void put_relation(struct schema_json *stream, const struct schema_relation *relation)
{
    const struct schema *schema = stream->schema;
    struct json_writer *writer = &stream->writer;
    json_open_object(writer);
    put_text(stream, "schema", relation->schema);
    put_name(stream, "name", relation->name);
    json_key_string(writer, "kind", relation_kind_name(relation->kind));
    put_text(stream, "definition", relation->definition);
    json_key_array(writer, "columns");
    for (size_t i = 0; i < relation->column_count; i++)
        put_column(stream, &schema->columns[relation->first_column + i]);
    json_close_array(writer);
    if (relation_is_table(relation) || relation->constraint_count > 0) {
        json_key_array(writer, "constraints");
        for (size_t i = 0; i < relation->constraint_count; i++)
            put_constraint(stream, &schema->constraints[relation->first_constraint + i]);
        json_close_array(writer);
    }
    json_key_array(writer, "indexes");
    for (size_t i = 0; i < relation->index_count; i++)
        put_index(stream, &schema->indexes[relation->first_index + i]);
    json_close_array(writer);
    json_close_object(writer);
}

static void put_enum(struct schema_json *stream, const struct schema_enum *type)
{
    unsigned indent = begin_line(&stream->writer);
    put_text(stream, "schema", type->schema);
    put_name(stream, "name", type->name);
    put_list(stream, "labels", type->labels);
    end_line(&stream->writer, indent);
}

static void put_sequence(struct schema_json *stream, const struct schema_sequence *sequence)
{
    struct json_writer *writer = &stream->writer;
    unsigned indent = begin_line(writer);
    put_text(stream, "schema", sequence->schema);
    put_name(stream, "name", sequence->name);
    put_text(stream, "type", sequence->type);
    json_key_integer(writer, "start", sequence->start);
    json_key_integer(writer, "increment", sequence->increment);
    json_key_integer(writer, "minimum", sequence->minimum);
    json_key_integer(writer, "maximum", sequence->maximum);
    json_key_integer(writer, "cache", sequence->cache);
    if (sequence->cycles)
        json_key_boolean(writer, "cycles", true);
    if (sequence->owner_table) {
        json_key_object(writer, "owner");
        put_name(stream, "table", sequence->owner_table);
        put_name(stream, "column", sequence->owner_column);
        json_close_object(writer);
    }
    end_line(writer, indent);
}

/* One of the document's arrays. */
struct section {
    const char *key;
    size_t (*count)(const struct schema *schema);
    bool (*render)(struct schema_json *stream, size_t i); /* false: it belongs to another section */
};

static size_t count_relations(const struct schema *schema)
{
    return schema->relation_count;
}

static size_t count_enums(const struct schema *schema)
{
    return schema->enum_count;
}

static size_t count_sequences(const struct schema *schema)
{
    return schema->sequence_count;
}

static bool render_table(struct schema_json *stream, size_t i)
{
    bool is_table = relation_is_table(&stream->schema->relations[i]);
    if (is_table)
        put_relation(stream, &stream->schema->relations[i]);
    return is_table;
}

static bool render_view(struct schema_json *stream, size_t i)
{
    bool is_view = !relation_is_table(&stream->schema->relations[i]);
    if (is_view)
        put_relation(stream, &stream->schema->relations[i]);
    return is_view;
}

static bool render_enum(struct schema_json *stream, size_t i)
{
    put_enum(stream, &stream->schema->enums[i]);
    return true;
}

static bool render_sequence(struct schema_json *stream, size_t i)
{
    put_sequence(stream, &stream->schema->sequences[i]);
    return true;
}

static const struct section sections[] = {
    {"tables", count_relations, render_table},
    {"views", count_relations, render_view},
    {"enums", count_enums, render_enum},
    {"sequences", count_sequences, render_sequence},
};

static void put_coverage(struct schema_json *stream)
{
    struct json_writer *writer = &stream->writer;
    json_key_object(writer, "coverage");
    for (unsigned kind = 0; kind < SCHEMA_KINDS; kind++) {
        const struct schema_coverage *coverage = &stream->schema->coverage[kind];
        json_key(writer, schema_kind_name(kind));
        unsigned indent = begin_line(writer);
        json_key_string(writer, "coverage", coverage_name(coverage->coverage));
        put_text(stream, "reason", coverage->reason);
        end_line(writer, indent);
    }
    json_close_object(writer);
}

static void put_head(struct schema_json *stream)
{
    struct json_writer *writer = &stream->writer;
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(stream->schema->digest, fingerprint);
    json_open_object(writer);
    json_key_string(writer, "format", SCHEMA_JSON_FORMAT);
    json_key_integer(writer, "version", SCHEMA_FORM_VERSION);
    put_text(stream, "engine", stream->schema->engine);
    put_text(stream, "server_version", stream->schema->server_version);
    json_key_string(writer, "fingerprint", fingerprint);
    json_key_boolean(writer, "truncated", stream->schema->truncated);
    put_coverage(stream);
    json_key_array(writer, sections[0].key);
}

void schema_json_init(struct schema_json *stream, const struct schema *schema, unsigned indent)
{
    *stream = (struct schema_json){.schema = schema};
    json_writer_init(&stream->writer, NULL, indent);
}

/* Ends the section's array and begins what follows. */
static void end_section(struct schema_json *stream)
{
    struct json_writer *writer = &stream->writer;
    json_close_array(writer);
    stream->section++;
    stream->next = 0;
    if (stream->section <= ARRAY_LENGTH(sections)) {
        json_key_array(writer, sections[stream->section - 1].key);
        return;
    }
    json_close_object(writer);
    if (writer->indent > 0)
        strbuf_add_char(writer->out, '\n');
}

/* Section 0 is the head; the others are the table's rows. */
bool schema_json_next(struct schema_json *stream, struct strbuf *out)
{
    stream->writer.out = out;
    if (stream->section == 0) {
        put_head(stream);
        stream->section = 1;
        return true;
    }
    if (stream->section > ARRAY_LENGTH(sections))
        return false;
    const struct section *section = &sections[stream->section - 1];
    size_t count = section->count(stream->schema);
    while (stream->next < count)
        if (section->render(stream, stream->next++))
            return true;
    end_section(stream);
    return true;
}

void schema_json_render(const struct schema *schema, unsigned indent, struct strbuf *out)
{
    struct schema_json stream = {0};
    schema_json_init(&stream, schema, indent);
    while (schema_json_next(&stream, out) && strbuf_ok(out))
        continue;
}
