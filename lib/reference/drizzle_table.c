/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables and views of Drizzle's snapshots.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/drizzle_reader.h"

/* A number as JavaScript prints it, as good as always. */
static const char *real_text(struct drizzle_reader *reader, double number)
{
    char digits[40] = "";
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number)
            break;
    }
    return drizzle_copy(reader, digits);
}

/* Defaults are SQL, or values of JSON that stand for it. */
static const char *default_text(struct drizzle_reader *reader, const struct json_value *value)
{
    int64_t integer = 0;
    double real = 0;
    bool truth = false;
    char digits[32] = "";
    if (!value || json_is_null(value))
        return NULL;
    if (json_text(value))
        return drizzle_copy(reader, json_text(value));
    if (json_get_boolean(value, &truth))
        return truth ? "true" : "false";
    if (json_get_integer(value, &integer)) {
        snprintf(digits, sizeof digits, "%" PRId64, integer);
        return drizzle_copy(reader, digits);
    }
    if (json_get_number(value, &real))
        return real_text(reader, real);
    drizzle_fail(reader, "has a default that is neither SQL nor a value");
    return NULL;
}

static void read_generated(struct drizzle_reader *reader, const struct json_value *value,
                           struct declared_column *column)
{
    const struct json_value *generated = json_member(value, "generated");
    if (!generated || json_is_null(generated))
        return;
    const char *type = json_text(json_member(generated, "type"));
    column->generated = drizzle_text(reader, generated, "as");
    column->flags |= type && strcmp(type, "virtual") == 0 ? COLUMN_GENERATED_VIRTUAL : COLUMN_GENERATED_STORED;
}

static void read_identity(struct drizzle_reader *reader, const struct json_value *value, struct declared_column *column)
{
    const struct json_value *identity = json_member(value, "identity");
    if (!json_is_object(identity))
        return;
    const char *type = json_text(json_member(identity, "type"));
    column->flags |= type && strcmp(type, "always") == 0 ? COLUMN_IDENTITY_ALWAYS : COLUMN_IDENTITY_BY_DEFAULT;
    column->identity = arena_alloc(reader->declared->arena, sizeof *column->identity);
    if (!column->identity)
        drizzle_no_memory(reader);
    else
        drizzle_sequence_options(reader, identity, column->identity);
}

/* ON UPDATE CURRENT_TIMESTAMP has the precision of the column: no server takes another. */
static const char *on_update_text(struct drizzle_reader *reader, const char *type)
{
    const char *open = type ? strchr(type, '(') : NULL;
    const char *text = arena_printf(reader->declared->arena, "CURRENT_TIMESTAMP%s", open ? open : "");
    if (!text)
        drizzle_no_memory(reader);
    return text;
}

static void read_column(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value)
{
    struct declared_table *table = payload;
    struct declared_column *column = declared_add_column(reader->declared, table);
    (void)key;
    if (!column) {
        drizzle_no_memory(reader);
        return;
    }
    column->name = drizzle_name(reader, value, "name");
    column->type = drizzle_text(reader, value, "type");
    if (!column->type || *column->type == '\0') {
        drizzle_fail(reader, "has no type");
        return;
    }
    column->type_schema = reader->postgres ? drizzle_text(reader, value, "typeSchema") : NULL;
    column->not_null = drizzle_flag(value, "notNull");
    column->primary_key = drizzle_flag(value, "primaryKey");
    column->default_sql = default_text(reader, json_member(value, "default"));
    if (drizzle_flag(value, "autoincrement"))
        column->flags |= COLUMN_AUTO_INCREMENT;
    if (drizzle_flag(value, "onUpdate"))
        column->on_update = on_update_text(reader, column->type);
    read_generated(reader, value, column);
    read_identity(reader, value, column);
}

static uint8_t action_of(struct drizzle_reader *reader, const struct json_value *value, const char *key)
{
    const char *text = json_text(json_member(value, key));
    char word[16] = "";
    if (!text)
        return ACTION_NO_ACTION;
    for (size_t i = 0; text[i] && i + 1 < sizeof word; i++)
        word[i] = text[i] == ' ' ? '_' : (char)tolower((unsigned char)text[i]);
    int action = foreign_key_action_from_name(word);
    if (action < 0)
        drizzle_fail(reader, "has an action that is not known");
    return action < 0 ? ACTION_NO_ACTION : (uint8_t)action;
}

static struct declared_key *add_key(struct drizzle_reader *reader, struct declared_table *table,
                                    enum constraint_kind kind, const struct json_value *value)
{
    struct declared_key *key = declared_add_key(reader->declared, table, kind);
    if (!key)
        drizzle_no_memory(reader);
    else
        key->name = drizzle_name(reader, value, "name");
    return reader->failed ? NULL : key;
}

static void read_foreign_key(struct drizzle_reader *reader, void *payload, const char *name,
                             const struct json_value *value)
{
    struct declared_key *key = add_key(reader, payload, CONSTRAINT_FOREIGN_KEY, value);
    (void)name;
    if (!key)
        return;
    if (reader->sqlite)
        key->name = NULL;
    key->ref_table = drizzle_text(reader, value, "tableTo");
    key->ref_schema = reader->postgres ? drizzle_text(reader, value, "schemaTo") : NULL;
    if (!key->ref_schema || *key->ref_schema == '\0')
        key->ref_schema = reader->postgres ? "public" : "";
    key->on_delete = action_of(reader, value, "onDelete");
    key->on_update = action_of(reader, value, "onUpdate");
    if (!key->ref_table)
        drizzle_fail(reader, "refers to no table");
    else if (drizzle_names(reader, json_member(value, "columnsFrom"), &key->columns))
        drizzle_names(reader, json_member(value, "columnsTo"), &key->ref_columns);
}

static void read_unique(struct drizzle_reader *reader, void *payload, const char *name, const struct json_value *value)
{
    struct declared_key *key = add_key(reader, payload, CONSTRAINT_UNIQUE, value);
    (void)name;
    if (!key || !drizzle_names(reader, json_member(value, "columns"), &key->columns))
        return;
    if (drizzle_flag(value, "nullsNotDistinct"))
        key->flags |= CONSTRAINT_NULLS_NOT_DISTINCT;
}

static void read_primary_key(struct drizzle_reader *reader, void *payload, const char *name,
                             const struct json_value *value)
{
    struct declared_key *key = add_key(reader, payload, CONSTRAINT_PRIMARY_KEY, value);
    (void)name;
    if (key && drizzle_names(reader, json_member(value, "columns"), &key->columns) && reader->sqlite)
        key->name = NULL;
}

static void read_check(struct drizzle_reader *reader, void *payload, const char *name, const struct json_value *value)
{
    struct declared_key *key = add_key(reader, payload, CONSTRAINT_CHECK, value);
    (void)name;
    if (!key)
        return;
    key->expression = drizzle_text(reader, value, "value");
    if (!key->expression || *key->expression == '\0')
        drizzle_fail(reader, "has no expression");
}

/* A column of an index of PostgreSQL: an object; its order counts for B-trees only. */
static void read_part(struct drizzle_reader *reader, struct declared_index *index, const struct json_value *value)
{
    const char *text = drizzle_text(reader, value, "expression");
    struct declared_part *part = text ? declared_add_part(reader->declared, index, text) : NULL;
    if (!part) {
        drizzle_fail(reader, "has a column without an expression");
        return;
    }
    bool ascending = true;
    const char *nulls = json_text(json_member(value, "nulls"));
    const char *class = json_text(json_member(value, "opclass"));
    json_get_boolean(json_member(value, "asc"), &ascending);
    part->flags = drizzle_flag(value, "isExpression") ? PART_EXPRESSION : 0;
    part->operator_class = drizzle_copy(reader, class && *class ? class : NULL);
    if (index->method && strcmp(index->method, "btree") != 0)
        return;
    part->flags |= ascending ? 0 : PART_DESCENDING;
    bool first = nulls && strcmp(nulls, "first") == 0;
    if (nulls && first == ascending)
        part->flags |= first ? PART_NULLS_FIRST : PART_NULLS_LAST;
}

/* A column of an index elsewhere: a text, which may be an expression. */
static void read_plain_part(struct drizzle_reader *reader, struct declared_index *index, const char *text)
{
    const struct json_value *known =
        json_member(json_member(json_member(reader->internal, index->name), "columns"), text);
    bool expression = drizzle_flag(known, "isExpression");
    size_t length = strlen(text);
    bool bracketed = !reader->sqlite && length > 2 && text[0] == '(' && text[length - 1] == ')';
    const char *copy = expression && bracketed ? arena_strndup(reader->declared->arena, text + 1, length - 2)
                                               : arena_strdup(reader->declared->arena, text);
    struct declared_part *part = copy ? declared_add_part(reader->declared, index, copy) : NULL;
    if (!part)
        drizzle_no_memory(reader);
    else
        part->flags = expression ? PART_EXPRESSION : 0;
}

static void read_index(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value)
{
    struct declared_index *index = declared_add_index(reader->declared, payload);
    (void)key;
    if (!index) {
        drizzle_no_memory(reader);
        return;
    }
    index->name = drizzle_name(reader, value, "name");
    index->method = reader->postgres ? drizzle_text(reader, value, "method") : NULL;
    index->predicate = drizzle_text(reader, value, "where");
    index->flags = drizzle_flag(value, "isUnique") ? INDEX_UNIQUE : 0;
    const struct json_value *columns = json_member(value, "columns");
    if (!json_is_array(columns) || json_length(columns) == 0)
        drizzle_fail(reader, "has no columns");
    for (size_t i = 0; i < json_length(columns) && !reader->failed; i++) {
        const struct json_value *column = json_element(columns, i);
        if (json_is_object(column))
            read_part(reader, index, column);
        else if (json_text(column))
            read_plain_part(reader, index, json_text(column));
        else
            drizzle_fail(reader, "has a column that is no text");
    }
}

/* PostgreSQL and MySQL know a primary key of one column as the table's. */
static void add_inline_key(struct drizzle_reader *reader, struct declared_table *table)
{
    for (struct declared_column *column = table->columns; column; column = column->next) {
        if (!column->primary_key || declared_primary_key(table))
            continue;
        struct declared_key *key = declared_add_key(reader->declared, table, CONSTRAINT_PRIMARY_KEY);
        if (!key || !declared_add_name(reader->declared, &key->columns, column->name)) {
            drizzle_no_memory(reader);
            return;
        }
    }
}

/* MySQL's type serial brings a unique key along, named like its column. */
static void add_serial_keys(struct drizzle_reader *reader, struct declared_table *table)
{
    for (struct declared_column *column = table->columns; column && !reader->failed; column = column->next) {
        if (strcmp(column->type, "serial") != 0)
            continue;
        struct declared_key *key = declared_add_key(reader->declared, table, CONSTRAINT_UNIQUE);
        if (!key || !declared_add_name(reader->declared, &key->columns, column->name)) {
            drizzle_no_memory(reader);
            return;
        }
        key->name = column->name;
    }
}

static const char *schema_of(struct drizzle_reader *reader, const struct json_value *value)
{
    const char *schema = reader->postgres ? drizzle_text(reader, value, "schema") : "";
    return schema && (*schema || !reader->postgres) ? schema : "public";
}

static struct declared_table *add_table(struct drizzle_reader *reader, const struct json_value *value)
{
    struct declared_table *table = declared_add_table(reader->declared);
    if (!table) {
        drizzle_no_memory(reader);
        return NULL;
    }
    table->name = drizzle_name(reader, value, "name");
    table->schema = schema_of(reader, value);
    return reader->failed ? NULL : table;
}

void drizzle_read_policy(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value)
{
    const struct declared_table *table = payload;
    struct declared_policy *policy = declared_add_policy(reader->declared);
    (void)key;
    if (!policy) {
        drizzle_no_memory(reader);
        return;
    }
    const char *as = json_text(json_member(value, "as"));
    policy->name = drizzle_name(reader, value, "name");
    policy->schema = table ? table->schema : drizzle_text(reader, value, "schema");
    policy->table = table ? table->name : drizzle_text(reader, value, "on");
    policy->command = drizzle_text(reader, value, "for");
    policy->using = drizzle_text(reader, value, "using");
    policy->check = drizzle_text(reader, value, "withCheck");
    policy->restrictive = as && strcmp(as, "RESTRICTIVE") == 0;
    policy->schema = policy->schema && *policy->schema ? policy->schema : "public";
    policy->command = policy->command ? policy->command : "ALL";
    const struct json_value *roles = json_member(value, "to");
    if (!policy->table)
        drizzle_fail(reader, "is of no table");
    else if (json_is_array(roles) && json_length(roles) > 0)
        drizzle_names(reader, roles, &policy->roles);
    else if (!declared_add_name(reader->declared, &policy->roles, "public"))
        drizzle_no_memory(reader);
}

void drizzle_read_table(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value)
{
    struct declared_table *table = add_table(reader, value);
    (void)payload;
    (void)key;
    if (!table)
        return;
    table->kind = RELATION_TABLE;
    drizzle_each(reader, value, "columns", read_column, table);
    drizzle_each(reader, value, "compositePrimaryKeys", read_primary_key, table);
    if (!reader->sqlite && !reader->failed)
        add_inline_key(reader, table);
    if (!reader->sqlite && !reader->postgres && !reader->failed)
        add_serial_keys(reader, table);
    drizzle_each(reader, value, "uniqueConstraints", read_unique, table);
    drizzle_each(reader, value, "checkConstraints", read_check, table);
    drizzle_each(reader, value, "checkConstraint", read_check, table); /* MySQL's */
    drizzle_each(reader, value, "foreignKeys", read_foreign_key, table);
    drizzle_each(reader, value, "indexes", read_index, table);
    if (!reader->postgres || reader->failed)
        return;
    const struct json_value *policies = json_member(value, "policies");
    table->row_security = drizzle_flag(value, "isRLSEnabled") || json_length(policies) > 0;
    drizzle_each(reader, value, "policies", drizzle_read_policy, table);
}

static void read_view_options(struct drizzle_reader *reader, const struct json_value *value,
                              struct declared_table *table)
{
    const struct json_value *with = json_member(value, "with");
    if (drizzle_flag(with, "securityInvoker"))
        table->security = "invoker";
    if (drizzle_flag(with, "securityBarrier") &&
        !declared_add_name(reader->declared, &table->view_options, "security_barrier=true"))
        drizzle_no_memory(reader);
    table->check_option = drizzle_text(reader, with, "checkOption");
}

void drizzle_read_view(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value)
{
    (void)payload;
    (void)key;
    if (drizzle_flag(value, "isExisting"))
        return;
    struct declared_table *table = add_table(reader, value);
    if (!table)
        return;
    table->kind = drizzle_flag(value, "materialized") ? RELATION_MATERIALIZED_VIEW : RELATION_VIEW;
    table->definition = drizzle_text(reader, value, "definition");
    if (!table->definition || *table->definition == '\0')
        drizzle_fail(reader, "has no definition");
    else if (reader->postgres)
        read_view_options(reader, value, table);
}
