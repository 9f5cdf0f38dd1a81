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

/* A run of attributes: true for flags, arrays for lists, else a string. */
static void put_attributes(struct schema_json *stream, uint32_t attributes)
{
    const struct schema *schema = stream->schema;
    struct json_writer *writer = &stream->writer;
    const struct schema_attribute *run = &schema->attributes[attributes];
    while (run->key != ATTRIBUTE_END) {
        enum attribute_key key = run->key;
        json_key(writer, attribute_key_name(key));
        if (attribute_is_list(key)) {
            json_open_array(writer);
            for (; run->key == key; run++)
                json_add_string(writer, schema_text(schema, run->text));
            json_close_array(writer);
            continue;
        }
        if (attribute_form(key) == TEXT_FLAG)
            json_add_boolean(writer, true);
        else
            json_add_string(writer, schema_text(schema, run->text));
        run++;
    }
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
    put_attributes(stream, column->attributes);
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
    put_attributes(stream, constraint->attributes);
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
    put_attributes(stream, index->attributes);
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
    put_attributes(stream, relation->attributes);
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

static void put_object(struct schema_json *stream, const struct schema_object *object)
{
    unsigned indent = begin_line(&stream->writer);
    put_text(stream, "schema", object->schema);
    put_text(stream, "table", object->relation_name);
    put_name(stream, "name", object->name);
    put_text(stream, "arguments", object->arguments);
    put_attributes(stream, object->attributes);
    end_line(&stream->writer, indent);
}

/* The document's arrays: the head, tables, views, then one for each kind of object. */
enum { SECTION_HEAD, SECTION_TABLES, SECTION_VIEWS, SECTION_OBJECTS, SECTIONS = SECTION_OBJECTS + OBJECT_KINDS };

static const char *section_key(unsigned section)
{
    if (section < SECTION_OBJECTS)
        return section == SECTION_TABLES ? "tables" : "views";
    return schema_kind_name(object_schema_kind((enum object_kind)(section - SECTION_OBJECTS)));
}

/* Appends the section's next element; false when there is none left. */
static bool put_next(struct schema_json *stream)
{
    const struct schema *schema = stream->schema;
    if (stream->section >= SECTION_OBJECTS) {
        unsigned kind = stream->section - SECTION_OBJECTS;
        size_t i = schema->object_starts[kind] + stream->next++;
        if (i < schema->object_starts[kind + 1])
            put_object(stream, &schema->objects[i]);
        return i < schema->object_starts[kind + 1];
    }
    while (stream->next < schema->relation_count) {
        const struct schema_relation *relation = &schema->relations[stream->next++];
        if (relation_is_table(relation) == (stream->section == SECTION_TABLES)) {
            put_relation(stream, relation);
            return true;
        }
    }
    return false;
}

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

static void put_journals(struct schema_json *stream)
{
    struct json_writer *writer = &stream->writer;
    const struct schema_journals *journals = stream->journals;
    json_key_array(writer, "journals");
    for (size_t i = 0; i < journals->count; i++) {
        const struct schema_journal *journal = &journals->items[i];
        unsigned indent = begin_line(writer);
        json_key_string(writer, "tool", journal->tool);
        json_key_string(writer, "table", journal->table);
        json_key_array(writer, "heads");
        for (size_t j = 0; j < journal->head_count; j++)
            json_add_string(writer, journal->heads[j]);
        json_close_array(writer);
        end_line(writer, indent);
    }
    json_close_array(writer);
}

static void put_head(struct schema_json *stream)
{
    struct json_writer *writer = &stream->writer;
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(stream->schema->digest, fingerprint);
    json_open_object(writer);
    json_key_string(writer, "format", SCHEMA_JSON_FORMAT);
    json_key_integer(writer, "version", SCHEMA_FORM_VERSION);
    json_key_integer(writer, "canonical_version", SCHEMA_CANONICAL_VERSION);
    put_text(stream, "engine", stream->schema->engine);
    put_text(stream, "server_version", stream->schema->server_version);
    json_key_string(writer, "fingerprint", fingerprint);
    json_key_boolean(writer, "truncated", stream->schema->truncated);
    if (stream->schema->folds_names)
        json_key_boolean(writer, "folds_names", true);
    put_text(stream, "not_compared", stream->schema->not_compared);
    if (stream->journals)
        put_journals(stream);
    put_coverage(stream);
    json_key_array(writer, section_key(SECTION_TABLES));
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
    if (stream->section < SECTIONS) {
        json_key_array(writer, section_key(stream->section));
        return;
    }
    json_close_object(writer);
    if (writer->indent > 0)
        strbuf_add_char(writer->out, '\n');
}

bool schema_json_next(struct schema_json *stream, struct strbuf *out)
{
    stream->writer.out = out;
    if (stream->section >= SECTIONS)
        return false;
    if (stream->section == SECTION_HEAD) {
        put_head(stream);
        stream->section = SECTION_TABLES;
    } else if (!put_next(stream)) {
        end_section(stream);
    }
    return true;
}

void schema_json_render(const struct schema *schema, unsigned indent, struct strbuf *out)
{
    struct schema_json stream = {0};
    schema_json_init(&stream, schema, indent);
    while (schema_json_next(&stream, out) && strbuf_ok(out))
        continue;
}
