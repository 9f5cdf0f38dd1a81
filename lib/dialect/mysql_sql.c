/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_sql.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "dialect/mysql_lexer.h"

enum mysql_flavour mysql_sql_flavour(const struct schema *schema)
{
    return strcmp(schema_text(schema, schema->engine), "mariadb") == 0 ? MYSQL_FLAVOUR_MARIADB : MYSQL_FLAVOUR_ORACLE;
}

void mysql_sql_name(struct strbuf *out, const char *name)
{
    mysql_quote_name(out, name);
}

void mysql_sql_literal(struct strbuf *out, const char *text)
{
    mysql_quote_string(out, text, strlen(text));
}

void mysql_sql_names(struct strbuf *out, const struct schema *schema, struct text_list names)
{
    for (uint32_t i = 0; i < names.count; i++) {
        if (i > 0)
            strbuf_add_string(out, ", ");
        mysql_sql_name(out, schema_text(schema, schema->lists[names.first + i]));
    }
}

static void add_comment(struct strbuf *out, const struct schema *schema, uint32_t attributes)
{
    const char *text = schema_attribute_text(schema, attributes, ATTRIBUTE_COMMENT);
    if (!text)
        return;
    strbuf_add_string(out, " COMMENT ");
    mysql_sql_literal(out, text);
}

static bool starts_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

/* Types for which MySQL takes a default only in parentheses. */
static bool wants_parentheses(const char *type)
{
    static const char *const types[] = {"tinytext", "text",       "mediumtext", "longtext", "tinyblob",
                                        "blob",     "mediumblob", "longblob",   "json",     "geometry"};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

/* A literal, or the one function that needs no parentheses on MySQL. */
static bool is_plain_default(const char *text)
{
    if (isdigit((unsigned char)*text) || strchr("'\"+-", *text))
        return true;
    if (strchr("bBxX", *text) && text[1] == '\'')
        return true;
    return starts_with(text, "current_timestamp") || starts_with(text, "now(") || starts_with(text, "localtime") ||
           strcasecmp(text, "null") == 0 || strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0;
}

struct mysql_column mysql_column_of(const struct schema *schema, const struct schema_column *column)
{
    return (struct mysql_column){
        .name = schema_text(schema, column->name),
        .type = schema_text(schema, column->type),
        .charset = schema_attribute_text(schema, column->attributes, ATTRIBUTE_CHARSET),
        .collation = schema_attribute_text(schema, column->attributes, ATTRIBUTE_COLLATION),
        .generated = schema_text_or_null(schema, column->generated),
        .default_expression = schema_text_or_null(schema, column->default_expression),
        .on_update = schema_attribute_text(schema, column->attributes, ATTRIBUTE_ON_UPDATE),
        .srid = schema_attribute_text(schema, column->attributes, ATTRIBUTE_SRID),
        .check = schema_attribute_text(schema, column->attributes, ATTRIBUTE_COLUMN_CHECK),
        .comment = schema_attribute_text(schema, column->attributes, ATTRIBUTE_COMMENT),
        .flags = column->flags,
    };
}

static void add_default(struct strbuf *out, enum mysql_flavour flavour, const struct mysql_column *column)
{
    const char *text = column->default_expression;
    bool plain = is_plain_default(text) && !wants_parentheses(column->type);
    bool bare = *text == '(' || plain || flavour == MYSQL_FLAVOUR_MARIADB;
    strbuf_printf(out, bare ? " DEFAULT %s" : " DEFAULT (%s)", text);
}

/* "ROW START" and "ROW END" are no expressions. */
bool mysql_column_is_period_end(const struct mysql_column *column)
{
    return column->generated &&
           (strcmp(column->generated, "ROW START") == 0 || strcmp(column->generated, "ROW END") == 0);
}

static void add_generated(struct strbuf *out, enum mysql_flavour flavour, const struct mysql_column *column)
{
    if (mysql_column_is_period_end(column)) {
        strbuf_printf(out, " GENERATED ALWAYS AS %s", column->generated);
        return;
    }
    strbuf_printf(out, " GENERATED ALWAYS AS (%s) %s", column->generated,
                  column->flags & COLUMN_GENERATED_STORED ? "STORED" : "VIRTUAL");
    if (flavour == MYSQL_FLAVOUR_ORACLE && !(column->flags & COLUMN_NULLABLE))
        strbuf_add_string(out, " NOT NULL");
}

void mysql_sql_column(struct strbuf *out, enum mysql_flavour flavour, const struct mysql_column *column)
{
    mysql_sql_name(out, column->name);
    strbuf_printf(out, " %s", column->type);
    if (column->charset)
        strbuf_printf(out, " CHARACTER SET %s", column->charset);
    if (column->collation)
        strbuf_printf(out, " COLLATE %s", column->collation);
    if (column->generated)
        add_generated(out, flavour, column);
    else
        strbuf_add_string(out, column->flags & COLUMN_NULLABLE ? " NULL" : " NOT NULL");
    if (column->srid && flavour == MYSQL_FLAVOUR_ORACLE)
        strbuf_printf(out, " SRID %s", column->srid);
    if (column->default_expression && !column->generated)
        add_default(out, flavour, column);
    if (column->on_update)
        strbuf_printf(out, " ON UPDATE %s", column->on_update);
    if (column->flags & COLUMN_AUTO_INCREMENT)
        strbuf_add_string(out, " AUTO_INCREMENT");
    if (column->flags & COLUMN_HIDDEN)
        strbuf_add_string(out, " INVISIBLE");
    if (column->comment) {
        strbuf_add_string(out, " COMMENT ");
        mysql_sql_literal(out, column->comment);
    }
    if (column->check && flavour == MYSQL_FLAVOUR_MARIADB)
        strbuf_printf(out, " CHECK (%s)", column->check);
}

static void add_parts(struct strbuf *out, const struct schema *schema, const struct schema_index *index)
{
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        if (i > 0)
            strbuf_add_string(out, ", ");
        if (part->flags & PART_EXPRESSION)
            strbuf_printf(out, "(%s)", schema_text(schema, part->text));
        else
            mysql_sql_name(out, schema_text(schema, part->text));
        if (part->prefix)
            strbuf_printf(out, "(%u)", part->prefix);
        if (part->flags & PART_DESCENDING)
            strbuf_add_string(out, " DESC");
    }
}

/* "WITHOUT OVERLAPS" is kept as the key's expression, behind the period's name. */
static void add_period(struct strbuf *out, const struct schema *schema, const struct schema_constraint *constraint)
{
    static const char mark[] = " WITHOUT OVERLAPS";
    const char *text = schema_text(schema, constraint->expression);
    size_t length = strlen(text);
    if (length < sizeof mark || strcmp(text + length - (sizeof mark - 1), mark) != 0)
        return;
    cleanup(strbuf) struct strbuf name = STRBUF(out->maximum);
    strbuf_add(&name, text, length - (sizeof mark - 1));
    strbuf_add_string(out, ", ");
    mysql_sql_name(out, strbuf_text(&name));
    strbuf_add_string(out, mark);
    out->failed |= !strbuf_ok(&name);
}

static const char *key_words(const struct schema *schema, const struct schema_constraint *constraint,
                             const struct schema_index *index)
{
    static const struct {
        const char *method;
        const char *words;
    } rows[] = {{"fulltext", "FULLTEXT KEY"}, {"spatial", "SPATIAL KEY"}, {"vector", "VECTOR KEY"}};
    if (constraint)
        return constraint->kind == CONSTRAINT_PRIMARY_KEY ? "PRIMARY KEY" : "UNIQUE KEY";
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (strcmp(schema_text(schema, index->method), rows[i].method) == 0)
            return rows[i].words;
    return index->flags & INDEX_UNIQUE ? "UNIQUE KEY" : "KEY";
}

static void add_index_options(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                              const struct schema_index *index)
{
    const char *parser = schema_attribute_text(schema, index->attributes, ATTRIBUTE_PARSER);
    if (strcmp(schema_text(schema, index->method), "hash") == 0)
        strbuf_add_string(out, " USING HASH");
    if (parser) {
        strbuf_add_string(out, " WITH PARSER ");
        mysql_sql_name(out, parser);
    }
    if (index->flags & INDEX_HIDDEN)
        strbuf_add_string(out, flavour == MYSQL_FLAVOUR_MARIADB ? " IGNORED" : " INVISIBLE");
}

void mysql_sql_key(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                   const struct schema_constraint *constraint, const struct schema_index *index)
{
    strbuf_add_string(out, key_words(schema, constraint, index));
    if (!constraint || constraint->kind != CONSTRAINT_PRIMARY_KEY) {
        strbuf_add_char(out, ' ');
        mysql_sql_name(out, schema_text(schema, constraint ? constraint->name : index->name));
    }
    strbuf_add_string(out, " (");
    if (index)
        add_parts(out, schema, index);
    else
        mysql_sql_names(out, schema, constraint->columns);
    if (constraint)
        add_period(out, schema, constraint);
    strbuf_add_char(out, ')');
    if (index)
        add_index_options(out, flavour, schema, index);
    add_comment(out, schema, index ? index->attributes : constraint->attributes);
}

bool mysql_sql_is_period(const struct schema *schema, const struct schema_constraint *constraint)
{
    return constraint->kind == CONSTRAINT_CHECK && constraint->columns.count == 2 &&
           strcmp(schema_text(schema, constraint->expression), "PERIOD") == 0;
}

static void add_action(struct strbuf *out, const char *event, uint8_t action)
{
    static const char *const words[FOREIGN_KEY_ACTIONS] = {
        [ACTION_CASCADE] = "CASCADE",
        [ACTION_SET_NULL] = "SET NULL",
        [ACTION_SET_DEFAULT] = "SET DEFAULT",
    };
    if (words[action])
        strbuf_printf(out, " ON %s %s", event, words[action]);
}

static void add_foreign_key(struct strbuf *out, const struct schema *schema, const struct schema_constraint *key)
{
    strbuf_add_string(out, "FOREIGN KEY (");
    mysql_sql_names(out, schema, key->columns);
    strbuf_add_string(out, ") REFERENCES ");
    if (key->referenced_schema) {
        mysql_sql_name(out, schema_text(schema, key->referenced_schema));
        strbuf_add_char(out, '.');
    }
    mysql_sql_name(out, schema_text(schema, key->referenced_table));
    strbuf_add_string(out, " (");
    mysql_sql_names(out, schema, key->referenced_columns);
    strbuf_add_char(out, ')');
    add_action(out, "DELETE", key->on_delete);
    add_action(out, "UPDATE", key->on_update);
}

void mysql_sql_constraint(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                          const struct schema_constraint *constraint)
{
    bool period = mysql_sql_is_period(schema, constraint);
    if (constraint->name) {
        strbuf_add_string(out, period ? "PERIOD FOR " : "CONSTRAINT ");
        mysql_sql_name(out, schema_text(schema, constraint->name));
        strbuf_add_char(out, ' ');
    }
    if (period) {
        strbuf_add_char(out, '(');
        mysql_sql_names(out, schema, constraint->columns);
        strbuf_add_char(out, ')');
    } else if (constraint->kind == CONSTRAINT_FOREIGN_KEY) {
        add_foreign_key(out, schema, constraint);
    } else {
        strbuf_printf(out, "CHECK (%s)", schema_text(schema, constraint->expression));
        if (constraint->flags & CONSTRAINT_NOT_ENFORCED && flavour == MYSQL_FLAVOUR_ORACLE)
            strbuf_add_string(out, " NOT ENFORCED");
    }
}

void mysql_sql_partitions(struct strbuf *out, const struct schema *schema, const struct schema_relation *table)
{
    const char *key = schema_attribute_text(schema, table->attributes, ATTRIBUTE_PARTITION_KEY);
    const char *bound = schema_attribute_text(schema, table->attributes, ATTRIBUTE_PARTITION_BOUND);
    if (!key)
        strbuf_add_string(out, "REMOVE PARTITIONING");
    else
        strbuf_printf(out, "PARTITION BY %s%s%s", key, bound ? " " : "", bound ? bound : "");
}

void mysql_sql_table_options(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                             const struct schema_relation *table)
{
    static const struct {
        enum attribute_key key;
        const char *words;
    } rows[] = {
        {ATTRIBUTE_ENGINE, "ENGINE="}, {ATTRIBUTE_CHARSET, "DEFAULT CHARSET="}, {ATTRIBUTE_COLLATION, "COLLATE="}};
    const char *storage = schema_attribute_text(schema, table->attributes, ATTRIBUTE_STORAGE_OPTIONS);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const char *text = schema_attribute_text(schema, table->attributes, rows[i].key);
        if (text)
            strbuf_printf(out, " %s%s", rows[i].words, text);
    }
    add_comment(out, schema, table->attributes);
    if (storage && flavour == mysql_sql_flavour(schema))
        strbuf_printf(out, " %s", storage);
    if (schema_has_attribute(schema, table->attributes, ATTRIBUTE_SYSTEM_VERSIONING) &&
        flavour == MYSQL_FLAVOUR_MARIADB)
        strbuf_add_string(out, " WITH SYSTEM VERSIONING");
    if (schema_has_attribute(schema, table->attributes, ATTRIBUTE_PARTITION_KEY)) {
        strbuf_add_char(out, '\n');
        mysql_sql_partitions(out, schema, table);
    }
}

static const struct schema_index *find_index(const struct schema *schema, const struct schema_relation *table,
                                             uint32_t name)
{
    for (size_t i = 0; i < table->index_count; i++)
        if (schema->indexes[table->first_index + i].name == name)
            return &schema->indexes[table->first_index + i];
    return NULL;
}

static bool is_constraint_name(const struct schema *schema, const struct schema_relation *table, uint32_t name)
{
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct schema_constraint *constraint = &schema->constraints[table->first_constraint + i];
        if (constraint->name == name &&
            (constraint->kind == CONSTRAINT_PRIMARY_KEY || constraint->kind == CONSTRAINT_UNIQUE))
            return true;
    }
    return false;
}

/* "PERIOD FOR SYSTEM_TIME (…)" of the two columns that say so. */
static void add_system_period(struct strbuf *out, const struct schema *schema, const struct schema_relation *table)
{
    const char *ends[2] = {NULL};
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *column = &schema->columns[table->first_column + i];
        struct mysql_column texts = mysql_column_of(schema, column);
        if (mysql_column_is_period_end(&texts))
            ends[strcmp(texts.generated, "ROW END") == 0] = texts.name;
    }
    if (!ends[0] || !ends[1])
        return;
    strbuf_add_string(out, ",\n    PERIOD FOR SYSTEM_TIME (");
    mysql_sql_name(out, ends[0]);
    strbuf_add_string(out, ", ");
    mysql_sql_name(out, ends[1]);
    strbuf_add_char(out, ')');
}

static bool is_made_by_server(const struct schema *schema, uint32_t attributes)
{
    return schema_has_attribute(schema, attributes, ATTRIBUTE_TOOL_OBJECT);
}

static void add_keys(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                     const struct schema_relation *table, const bool *left_out)
{
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct schema_constraint *constraint = &schema->constraints[table->first_constraint + i];
        if (constraint->kind == CONSTRAINT_FOREIGN_KEY || left_out[i])
            continue;
        strbuf_add_string(out, ",\n    ");
        if (constraint->kind == CONSTRAINT_CHECK)
            mysql_sql_constraint(out, flavour, schema, constraint);
        else
            mysql_sql_key(out, flavour, schema, constraint, find_index(schema, table, constraint->name));
    }
    for (size_t i = 0; i < table->index_count; i++) {
        const struct schema_index *index = &schema->indexes[table->first_index + i];
        if (is_constraint_name(schema, table, index->name) || is_made_by_server(schema, index->attributes))
            continue;
        strbuf_add_string(out, ",\n    ");
        mysql_sql_key(out, flavour, schema, NULL, index);
    }
}

void mysql_sql_table(struct strbuf *out, enum mysql_flavour flavour, const struct schema *schema,
                     const struct schema_relation *table, const bool *left_out)
{
    strbuf_add_string(out, "CREATE TABLE IF NOT EXISTS ");
    mysql_sql_name(out, schema_text(schema, table->name));
    strbuf_add_string(out, " (");
    for (size_t i = 0; i < table->column_count; i++) {
        strbuf_add_string(out, i > 0 ? ",\n    " : "\n    ");
        struct mysql_column column = mysql_column_of(schema, &schema->columns[table->first_column + i]);
        mysql_sql_column(out, flavour, &column);
    }
    add_keys(out, flavour, schema, table, left_out);
    add_system_period(out, schema, table);
    strbuf_add_string(out, "\n)");
    mysql_sql_table_options(out, flavour, schema, table);
}
