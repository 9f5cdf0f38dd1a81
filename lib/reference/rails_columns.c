/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns of a schema.rb.
 */
#include <string.h>

#include "reference/rails_reader.h"

static const char *const column_options[] = {
    "limit",          "precision",   "scale", "null",          "default",   "array",     "collation", "comment",
    "unsigned",       "as",          "type",  "stored",        "enum_type", "enum_name", "size",      "charset",
    "auto_increment", "primary_key", "srid",  "if_not_exists", NULL};

static int set_texts(struct rails_reader *reader, const struct ruby_call *call, struct declared_column *column)
{
    const char *collation = rails_text(ruby_option(call, "collation"));
    const char *charset = rails_text(ruby_option(call, "charset"));
    const char *as = rails_text(ruby_option(call, "as"));
    if (collation && !(column->collation = rails_copy(reader, collation)))
        return -1;
    if (charset && !(column->charset = rails_copy(reader, charset)))
        return -1;
    if (as && !(column->generated = rails_copy(reader, as)))
        return -1;
    if (as)
        column->flags |=
            rails_is_true(ruby_option(call, "stored")) ? COLUMN_GENERATED_STORED : COLUMN_GENERATED_VIRTUAL;
    return 0;
}

/* "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP" is one lambda to Rails. */
static int split_on_update(struct rails_reader *reader, struct declared_column *column)
{
    const char *found =
        reader->engine == RAILS_MYSQL && column->default_sql ? strcasestr(column->default_sql, "ON UPDATE ") : NULL;
    if (!found)
        return 0;
    size_t length = (size_t)(found - column->default_sql);
    while (length > 0 && column->default_sql[length - 1] == ' ')
        length--;
    column->on_update = found + strlen("ON UPDATE ");
    column->default_sql = length > 0 ? arena_strndup(reader->declared->arena, column->default_sql, length) : NULL;
    return length == 0 || column->default_sql ? 0 : error_no_memory(reader->ruby.reterr);
}

/* PostgreSQL's collations are printed with their schema. */
static int qualify_collation(struct rails_reader *reader, struct declared_column *column)
{
    if (!column->collation || reader->engine != RAILS_POSTGRES || strchr(column->collation, '.'))
        return 0;
    column->collation = NULL; /* held against the live one's by name only: taken from there */
    return 0;
}

static int fill_column(struct rails_reader *reader, const struct ruby_call *call, struct declared_column *column)
{
    const struct ruby_value *null = ruby_option(call, "null");
    column->not_null = null && null->kind == RUBY_FALSE;
    if (rails_is_true(ruby_option(call, "auto_increment")))
        column->flags |= COLUMN_AUTO_INCREMENT;
    if (set_texts(reader, call, column) < 0 || qualify_collation(reader, column) < 0 ||
        rails_default_sql(reader, call, ruby_option(call, "default"), column->type, &column->default_sql) < 0)
        return -1;
    return split_on_update(reader, column);
}

struct declared_column *rails_add_column(struct rails_reader *reader, const struct ruby_call *call, const char *type,
                                         const char *name)
{
    struct declared_column *column = declared_add_column(reader->declared, reader->table);
    if (!column) {
        error_no_memory(reader->ruby.reterr);
        return NULL;
    }
    column->name = rails_copy(reader, name);
    if (!column->name || (type && rails_set_type(reader, call, type, column) < 0))
        return NULL;
    return column;
}

/* t.column "name", "sql type": a type that Rails has no word for. */
static int read_raw_column(struct rails_reader *reader, const struct ruby_call *call)
{
    const char *name = rails_text(call->arguments);
    const struct ruby_value *type = name ? call->arguments->next : NULL;
    if (!type || !rails_text(type))
        return ruby_fail(&reader->ruby, call->line, "the column has no name or no type");
    bool symbol = type->kind == RUBY_SYMBOL;
    struct declared_column *column = rails_add_column(reader, call, symbol ? type->text : NULL, name);
    if (!column)
        return -1;
    if (!symbol && !(column->type = rails_copy(reader, type->text)))
        return -1;
    return fill_column(reader, call, column);
}

int rails_read_column(struct rails_reader *reader, const struct ruby_call *call)
{
    bool generated = strcmp(call->method, "virtual") == 0;
    const char *type = generated ? rails_text(ruby_option(call, "type")) : call->method;
    if (rails_check_options(reader, call, column_options) < 0)
        return -1;
    if (strcmp(call->method, "column") == 0)
        return read_raw_column(reader, call);
    if (!type)
        return ruby_fail(&reader->ruby, call->line, "the generated column has no type");
    if (!call->arguments)
        return ruby_fail(&reader->ruby, call->line, "the column has no name");
    for (const struct ruby_value *argument = call->arguments; argument; argument = argument->next) {
        const char *name = rails_text(argument);
        if (!name)
            return ruby_fail(&reader->ruby, call->line, "the column's name is not understood");
        struct declared_column *column = rails_add_column(reader, call, type, name);
        if (!column || fill_column(reader, call, column) < 0)
            return -1;
    }
    return 0;
}
