/* SPDX-License-Identifier: Apache-2.0
 *
 * What ActiveRecord's types are in each engine's SQL.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/dialects.h"
#include "reference/rails_reader.h"
#include "json/json_writer.h"

/* What a type's options mean. */
enum form {
    FORM_PLAIN,
    FORM_LENGTH,    /* limit: in parentheses */
    FORM_INTEGER,   /* limit: bytes */
    FORM_DECIMAL,   /* precision: and scale: */
    FORM_PRECISION, /* precision: in parentheses */
    FORM_MOMENT,    /* likewise, 6 since Rails 7 where nothing is said */
    FORM_SIZE,      /* size: or limit: of MySQL's texts */
    FORM_ENUM,      /* enum_type: */
};

struct rails_type {
    const char *name;
    const char *sql[3]; /* by enum rails_engine; NULL: the engine has none */
    enum form form;
};

static const struct rails_type types[] = {
    {"string", {"character varying", "varchar", "varchar"}, FORM_LENGTH},
    {"text", {"text", "text", "text"}, FORM_SIZE},
    {"integer", {"integer", "int", "integer"}, FORM_INTEGER},
    {"bigint", {"bigint", "bigint", "bigint"}, FORM_PLAIN},
    {"serial", {"serial", NULL, NULL}, FORM_PLAIN},
    {"bigserial", {"bigserial", NULL, NULL}, FORM_PLAIN},
    {"float", {"double precision", "float", "float"}, FORM_PLAIN},
    {"decimal", {"numeric", "decimal", "decimal"}, FORM_DECIMAL},
    {"numeric", {"numeric", "decimal", "numeric"}, FORM_DECIMAL},
    {"datetime", {"timestamp", "datetime", "datetime"}, FORM_MOMENT},
    {"timestamp", {"timestamp", "timestamp", "datetime"}, FORM_MOMENT},
    {"timestamptz", {"timestamptz", NULL, NULL}, FORM_MOMENT},
    {"time", {"time", "time", "time"}, FORM_PRECISION},
    {"timetz", {"timetz", NULL, NULL}, FORM_PRECISION},
    {"date", {"date", "date", "date"}, FORM_PLAIN},
    {"binary", {"bytea", "blob", "blob"}, FORM_SIZE},
    {"blob", {"bytea", "blob", "blob"}, FORM_SIZE},
    {"boolean", {"boolean", "tinyint(1)", "boolean"}, FORM_PLAIN},
    {"json", {"json", "json", "json"}, FORM_PLAIN},
    {"jsonb", {"jsonb", NULL, NULL}, FORM_PLAIN},
    {"uuid", {"uuid", "uuid", NULL}, FORM_PLAIN},
    {"inet", {"inet", NULL, NULL}, FORM_PLAIN},
    {"cidr", {"cidr", NULL, NULL}, FORM_PLAIN},
    {"macaddr", {"macaddr", NULL, NULL}, FORM_PLAIN},
    {"xml", {"xml", NULL, NULL}, FORM_PLAIN},
    {"hstore", {"hstore", NULL, NULL}, FORM_PLAIN},
    {"citext", {"citext", NULL, NULL}, FORM_PLAIN},
    {"ltree", {"ltree", NULL, NULL}, FORM_PLAIN},
    {"tsvector", {"tsvector", NULL, NULL}, FORM_PLAIN},
    {"tsquery", {"tsquery", NULL, NULL}, FORM_PLAIN},
    {"int4range", {"int4range", NULL, NULL}, FORM_PLAIN},
    {"int8range", {"int8range", NULL, NULL}, FORM_PLAIN},
    {"numrange", {"numrange", NULL, NULL}, FORM_PLAIN},
    {"tsrange", {"tsrange", NULL, NULL}, FORM_PLAIN},
    {"tstzrange", {"tstzrange", NULL, NULL}, FORM_PLAIN},
    {"daterange", {"daterange", NULL, NULL}, FORM_PLAIN},
    {"money", {"money", NULL, NULL}, FORM_PLAIN},
    {"oid", {"oid", NULL, NULL}, FORM_PLAIN},
    {"interval", {"interval", NULL, NULL}, FORM_PRECISION},
    {"bit", {"bit", "bit", NULL}, FORM_LENGTH},
    {"bit_varying", {"bit varying", NULL, NULL}, FORM_LENGTH},
    {"point", {"point", "point", NULL}, FORM_PLAIN},
    {"line", {"line", NULL, NULL}, FORM_PLAIN},
    {"lseg", {"lseg", NULL, NULL}, FORM_PLAIN},
    {"box", {"box", NULL, NULL}, FORM_PLAIN},
    {"path", {"path", NULL, NULL}, FORM_PLAIN},
    {"polygon", {"polygon", "polygon", NULL}, FORM_PLAIN},
    {"circle", {"circle", NULL, NULL}, FORM_PLAIN},
    {"enum", {"", NULL, NULL}, FORM_ENUM},
    {"vector", {"vector", NULL, NULL}, FORM_LENGTH},
    {"geometry", {NULL, "geometry", NULL}, FORM_PLAIN},
    {"year", {NULL, "year", NULL}, FORM_PLAIN},
};

static const struct rails_type *find_type(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

static void add_parenthesised(struct strbuf *out, int64_t number)
{
    if (number >= 0)
        strbuf_printf(out, "(%" PRId64 ")", number);
}

/* Sizes of MySQL's texts and blobs by name, or by the greatest length that fits. */
static void add_sized(struct strbuf *out, const struct ruby_call *call, const char *sql)
{
    static const struct {
        const char *size;
        int64_t bytes;
    } sizes[] = {{"tiny", 255}, {"", 65535}, {"medium", 16777215}, {"long", 4294967295}};
    const char *size = rails_text(ruby_option(call, "size"));
    int64_t limit = rails_integer(ruby_option(call, "limit"));
    bool binary = strcmp(sql, "blob") == 0;
    if (binary && limit >= 0 && limit < 4096 && !size) {
        strbuf_printf(out, "varbinary(%" PRId64 ")", limit);
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(sizes) && !size && limit >= 0; i++)
        if (limit <= sizes[i].bytes)
            size = sizes[i].size;
    strbuf_printf(out, "%s%s", size ? size : "", sql);
}

/* SQLite keeps what it is told. */
static void add_limited(struct strbuf *out, const struct rails_reader *reader, const char *sql, int64_t limit)
{
    strbuf_add_string(out, sql);
    if (reader->engine == RAILS_SQLITE)
        add_parenthesised(out, limit);
}

static void add_integer(struct strbuf *out, const struct rails_reader *reader, const char *sql, int64_t limit)
{
    static const char *const postgres[] = {"integer", "smallint", "smallint", "integer", "integer"};
    static const char *const mysql[] = {"int", "tinyint", "smallint", "mediumint", "int"};
    if (reader->engine == RAILS_SQLITE) {
        strbuf_add_string(out, sql);
        add_parenthesised(out, limit);
        return;
    }
    const char *const *names = reader->engine == RAILS_POSTGRES ? postgres : mysql;
    strbuf_add_string(out, limit > 4 ? "bigint" : names[limit < 0 ? 0 : limit]);
}

static void add_decimal(struct strbuf *out, const struct ruby_call *call, const char *sql)
{
    int64_t precision = rails_integer(ruby_option(call, "precision"));
    int64_t scale = rails_integer(ruby_option(call, "scale"));
    strbuf_add_string(out, sql);
    if (precision >= 0 && scale >= 0)
        strbuf_printf(out, "(%" PRId64 ",%" PRId64 ")", precision, scale);
    else
        add_parenthesised(out, precision);
}

static void add_moment(struct strbuf *out, const struct rails_reader *reader, const struct ruby_call *call,
                       const struct rails_type *type)
{
    const struct ruby_value *precision = ruby_option(call, "precision");
    bool zoned = reader->zoned && strcmp(type->name, "datetime") == 0 && reader->engine == RAILS_POSTGRES;
    strbuf_add_string(out, zoned ? "timestamptz" : type->sql[reader->engine]);
    if (precision)
        add_parenthesised(out, rails_integer(precision));
    else if (reader->release >= 700)
        strbuf_add_string(out, "(6)");
}

static void add_text(struct strbuf *out, const struct rails_reader *reader, const struct ruby_call *call,
                     const struct rails_type *type)
{
    const char *sql = type->sql[reader->engine];
    int64_t limit = rails_integer(ruby_option(call, "limit"));
    if (reader->engine == RAILS_MYSQL && type->form == FORM_LENGTH && limit < 0 && strcmp(sql, "varchar") == 0)
        limit = 255;
    /* A float's limit is a number of bits; PostgreSQL has a double where there is none, MySQL a single. */
    bool is_float = strcmp(type->name, "float") == 0;
    bool narrow = is_float && reader->engine == RAILS_POSTGRES && limit > 0 && limit < 25;
    bool wide = is_float && reader->engine == RAILS_MYSQL && limit > 24;
    switch (type->form) {
    case FORM_LENGTH:
        strbuf_add_string(out, sql);
        add_parenthesised(out, limit);
        break;
    case FORM_INTEGER:
        add_integer(out, reader, sql, limit);
        break;
    case FORM_DECIMAL:
        add_decimal(out, call, sql);
        break;
    case FORM_PRECISION:
        strbuf_add_string(out, sql);
        add_parenthesised(out, rails_integer(ruby_option(call, "precision")));
        break;
    case FORM_MOMENT:
        add_moment(out, reader, call, type);
        break;
    case FORM_SIZE:
        if (reader->engine == RAILS_MYSQL)
            add_sized(out, call, sql);
        else
            add_limited(out, reader, sql, limit);
        break;
    case FORM_PLAIN:
    case FORM_ENUM:
        strbuf_add_string(out, wide ? "double" : narrow ? "real" : sql);
        break;
    }
    if (reader->engine == RAILS_MYSQL && rails_is_true(ruby_option(call, "unsigned")))
        strbuf_add_string(out, " unsigned");
}

static int set_enum(struct rails_reader *reader, const struct ruby_call *call, struct declared_column *column,
                    const char **ret_name)
{
    const struct ruby_value *type = ruby_option(call, "enum_type");
    const char *name = rails_text(type ? type : ruby_option(call, "enum_name"));
    if (!name)
        return ruby_fail(&reader->ruby, call->line, "an enum column needs its enum_type");
    return rails_split_name(reader, name, &column->type_schema, ret_name);
}

int rails_set_type(struct rails_reader *reader, const struct ruby_call *call, const char *type,
                   struct declared_column *column)
{
    cleanup(strbuf) struct strbuf text = STRBUF(4096);
    const struct rails_type *found = find_type(type);
    const char *enum_name = NULL;
    if (!found || !found->sql[reader->engine])
        return ruby_fail(&reader->ruby, call->line, "the type '%s' is not known here for this engine", type);
    if (found->form == FORM_ENUM && set_enum(reader, call, column, &enum_name) < 0)
        return -1;
    if (enum_name)
        strbuf_add_string(&text, enum_name);
    else
        add_text(&text, reader, call, found);
    if (rails_is_true(ruby_option(call, "array")))
        strbuf_add_string(&text, "[]");
    column->type = rails_copy(reader, strbuf_text(&text));
    return column->type ? 0 : -1;
}

static void write_json(struct json_writer *writer, const struct ruby_value *value)
{
    switch (value->kind) {
    case RUBY_NIL:
        json_add_null(writer);
        break;
    case RUBY_TRUE:
    case RUBY_FALSE:
        json_add_boolean(writer, value->kind == RUBY_TRUE);
        break;
    case RUBY_ARRAY:
        json_open_array(writer);
        for (const struct ruby_value *element = value->first; element; element = element->next)
            write_json(writer, element);
        json_close_array(writer);
        break;
    case RUBY_HASH:
        json_open_object(writer);
        for (const struct ruby_value *member = value->first; member; member = member->next) {
            json_key(writer, member->key);
            write_json(writer, member);
        }
        json_close_object(writer);
        break;
    case RUBY_NUMBER:
        /* The writer has integers only; what else there is, is compared as the number that the text says. */
        json_add_integer(writer, rails_integer(value));
        break;
    case RUBY_STRING:
    case RUBY_SYMBOL:
    case RUBY_LAMBDA:
        json_add_string(writer, value->text);
        break;
    }
}

/* {a,"b c"}: an array of PostgreSQL's. */
static void add_array(struct strbuf *out, const struct ruby_value *value)
{
    strbuf_add_char(out, '{');
    for (const struct ruby_value *element = value->first; element; element = element->next) {
        strbuf_add_string(out, element == value->first ? "" : ",");
        if (element->kind == RUBY_ARRAY) {
            add_array(out, element);
            continue;
        }
        bool quoted = element->kind == RUBY_STRING;
        strbuf_add_string(out, quoted ? "\"" : "");
        strbuf_add_string(out, element->kind == RUBY_NIL ? "NULL" : element->text);
        strbuf_add_string(out, quoted ? "\"" : "");
    }
    strbuf_add_char(out, '}');
}

static bool has_fraction(const struct ruby_value *value)
{
    bool fraction = value->kind == RUBY_NUMBER && strpbrk(value->text, ".eE");
    for (const struct ruby_value *child = value->first; child && !fraction; child = child->next)
        fraction = has_fraction(child);
    return fraction;
}

static int add_collection(struct rails_reader *reader, const struct ruby_call *call, const struct ruby_value *value,
                          const char *type, struct strbuf *out)
{
    size_t length = strlen(type);
    bool array = length > 2 && strcmp(type + length - 2, "[]") == 0;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    if (array && value->kind == RUBY_ARRAY) {
        add_array(&text, value);
    } else if (strncmp(type, "json", 4) == 0 && !has_fraction(value)) {
        struct json_writer writer = {0};
        json_writer_init(&writer, &text, 0);
        write_json(&writer, value);
    } else if (strcmp(type, "hstore") != 0 || value->first) {
        return ruby_fail(&reader->ruby, call->line, "this default is not understood");
    }
    dialect_for(reader->declared->engine)->quote_text(strbuf_text(&text), out);
    return 0;
}

int rails_default_sql(struct rails_reader *reader, const struct ruby_call *call, const struct ruby_value *value,
                      const char *type, const char **ret_sql)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    bool postgres = reader->engine == RAILS_POSTGRES;
    *ret_sql = NULL;
    if (!value || value->kind == RUBY_NIL)
        return 0;
    switch (value->kind) {
    case RUBY_TRUE:
    case RUBY_FALSE:
        strbuf_add_string(&text, postgres ? value->text : value->kind == RUBY_TRUE ? "1" : "0");
        break;
    case RUBY_NUMBER:
    case RUBY_LAMBDA:
        /* SQLite takes an expression in brackets only, and keeps it without them. */
        strbuf_printf(&text, reader->engine == RAILS_SQLITE && value->kind == RUBY_LAMBDA ? "(%s)" : "%s", value->text);
        break;
    case RUBY_ARRAY:
    case RUBY_HASH:
        if (add_collection(reader, call, value, type, &text) < 0)
            return -1;
        break;
    case RUBY_STRING:
    case RUBY_SYMBOL:
    case RUBY_NIL:
        dialect_for(reader->declared->engine)->quote_text(value->text, &text);
        break;
    }
    if (!strbuf_ok(&text))
        return error_no_memory(reader->ruby.reterr);
    *ret_sql = rails_copy(reader, strbuf_text(&text));
    return *ret_sql ? 0 : -1;
}
