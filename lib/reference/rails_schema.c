/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/rails_schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "reference/rails_reader.h"

/* Column types that are known to have a time zone, or not, in the live database: the application's choice shows in
 * which there are more of. */
struct zone_votes {
    size_t zoned;
    size_t plain;
};

const char *rails_copy(struct rails_reader *reader, const char *text)
{
    const char *copy = arena_strdup(reader->declared->arena, text);
    if (!copy)
        error_no_memory(reader->ruby.reterr);
    return copy;
}

const char *rails_text(const struct ruby_value *value)
{
    return value && (value->kind == RUBY_STRING || value->kind == RUBY_SYMBOL) ? value->text : NULL;
}

bool rails_is_true(const struct ruby_value *value)
{
    return value && value->kind == RUBY_TRUE;
}

int64_t rails_integer(const struct ruby_value *value)
{
    if (!value || value->kind != RUBY_NUMBER)
        return -1;
    return strtoll(value->text, NULL, 10);
}

int rails_split_name(struct rails_reader *reader, const char *text, const char **ret_schema, const char **ret_name)
{
    const char *dot = reader->engine == RAILS_POSTGRES ? strchr(text, '.') : NULL;
    *ret_schema = reader->engine == RAILS_POSTGRES ? "public" : "";
    if (dot) {
        *ret_schema = arena_strndup(reader->declared->arena, text, (size_t)(dot - text));
        text = dot + 1;
    }
    *ret_name = arena_strdup(reader->declared->arena, text);
    return *ret_schema && *ret_name ? 0 : error_no_memory(reader->ruby.reterr);
}

int rails_check_options(struct rails_reader *reader, const struct ruby_call *call, const char *const *known)
{
    for (const struct ruby_value *option = call->options; option; option = option->next) {
        const char *const *name = known;
        while (*name && strcmp(*name, option->key) != 0)
            name++;
        if (!*name)
            return ruby_fail(&reader->ruby, call->line, "the option '%s' of '%s' is not known here", option->key,
                             call->method);
    }
    return 0;
}

static const char *const table_options[] = {"id",      "primary_key", "force", "charset",  "collation",     "options",
                                            "comment", "default",     "limit", "unsigned", "if_not_exists", "null",
                                            "type",    "precision",   NULL};

/* "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=…" */
static int read_storage(struct rails_reader *reader, const char *options, struct declared_table *table)
{
    static const char *const words[] = {"ENGINE=", "CHARSET=", "COLLATE="};
    const char **places[] = {&table->engine, &table->charset, &table->collation};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        const char *found = options ? strcasestr(options, words[i]) : NULL;
        if (!found)
            continue;
        found += strlen(words[i]);
        *places[i] = arena_strndup(reader->declared->arena, found, strcspn(found, " ,;"));
        if (!*places[i])
            return error_no_memory(reader->ruby.reterr);
    }
    return 0;
}

static int set_storage(struct rails_reader *reader, const struct ruby_call *call, struct declared_table *table)
{
    const char *charset = rails_text(ruby_option(call, "charset"));
    const char *collation = rails_text(ruby_option(call, "collation"));
    if (reader->engine == RAILS_POSTGRES)
        return 0;
    if (read_storage(reader, rails_text(ruby_option(call, "options")), table) < 0)
        return -1;
    if (charset && !(table->charset = rails_copy(reader, charset)))
        return -1;
    if (collation && !(table->collation = rails_copy(reader, collation)))
        return -1;
    return 0;
}

/* The column of a key that the database counts up by itself, or that is filled otherwise. */
static int set_identifier(struct rails_reader *reader, const struct ruby_call *call, const struct ruby_call *described,
                          const char *type, struct declared_column *column)
{
    const struct ruby_value *value = ruby_option(described, "default");
    bool counts = strcmp(type, "primary_key") == 0 || strcmp(type, "bigint") == 0 || strcmp(type, "integer") == 0;
    column->not_null = true;
    if (value && value->kind == RUBY_NIL)
        return 0;
    if (!value && strcmp(type, "uuid") == 0 && reader->engine == RAILS_POSTGRES) {
        column->default_sql = reader->release < 501 ? "uuid_generate_v4()" : "gen_random_uuid()";
        return 0;
    }
    if (value)
        return rails_default_sql(reader, call, value, column->type, &column->default_sql);
    if (counts && reader->engine == RAILS_POSTGRES)
        column->type = strcmp(type, "integer") == 0 ? "serial" : "bigserial";
    else if (counts)
        column->flags |= COLUMN_AUTO_INCREMENT;
    return 0;
}

/* ActiveRecord has lost the word AUTOINCREMENT when it rebuilt a table of SQLite's, and does not write whether it is
 * there. */
static bool has_lost_increment(const struct rails_reader *reader, const struct declared_table *table,
                               const char *column)
{
    const struct schema *live = reader->live;
    const struct schema_relation *relation = live ? schema_find_relation(live, "", table->name) : NULL;
    const struct schema_column *found = relation ? schema_find_column(live, relation, column) : NULL;
    return found && !(found->flags & COLUMN_AUTO_INCREMENT);
}

static int add_primary_key(struct rails_reader *reader, struct declared_table *table, const char *name)
{
    if (reader->engine == RAILS_SQLITE) {
        struct declared_column *column = declared_find_column(table, name);
        column->primary_key = true;
        if (has_lost_increment(reader, table, name))
            column->flags &= ~(unsigned)COLUMN_AUTO_INCREMENT;
        return 0;
    }
    struct declared_key *key = declared_add_key(reader->declared, table, CONSTRAINT_PRIMARY_KEY);
    return key && declared_add_name(reader->declared, &key->columns, name) ? 0 : error_no_memory(reader->ruby.reterr);
}

/* id: :uuid, id: { type: :string, limit: 36 }, or nothing: a bigint that counts up. */
static int add_identifier(struct rails_reader *reader, const struct ruby_call *call, struct declared_table *table,
                          const char *name)
{
    const struct ruby_value *id = ruby_option(call, "id");
    struct ruby_call described = *call;
    if (id && id->kind == RUBY_HASH)
        described.options = id->first;
    const char *type = rails_text(id && id->kind == RUBY_HASH ? ruby_option(&described, "type") : id);
    bool older = reader->release > 0 && reader->release < 501;
    const char *usual = older || reader->engine == RAILS_SQLITE ? "integer" : "bigint";
    const char *column_type = type && strcmp(type, "primary_key") != 0 ? type : usual;
    struct declared_column *column = declared_add_column(reader->declared, table);
    if (!column)
        return error_no_memory(reader->ruby.reterr);
    column->name = rails_copy(reader, name);
    if (!column->name || rails_set_type(reader, &described, column_type, column) < 0 ||
        set_identifier(reader, call, &described, column_type, column) < 0)
        return -1;
    const char *collation = rails_text(ruby_option(&described, "collation"));
    if (id && id->kind == RUBY_HASH && collation && !(column->collation = rails_copy(reader, collation)))
        return -1;
    return add_primary_key(reader, table, column->name);
}

static int set_composite_key(struct rails_reader *reader, const struct ruby_call *call, struct declared_table *table,
                             const struct ruby_value *columns)
{
    struct declared_key *key = declared_add_key(reader->declared, table, CONSTRAINT_PRIMARY_KEY);
    if (!key)
        return error_no_memory(reader->ruby.reterr);
    for (const struct ruby_value *column = columns->first; column; column = column->next) {
        const char *text = rails_text(column);
        if (!text)
            return ruby_fail(&reader->ruby, call->line, "a column of the primary key is not understood");
        if (!declared_add_name(reader->declared, &key->columns, rails_copy(reader, text)))
            return error_no_memory(reader->ruby.reterr);
    }
    return 0;
}

static int read_table(struct rails_reader *reader, const struct ruby_call *call)
{
    const char *text = rails_text(call->arguments);
    if (!text)
        return ruby_fail(&reader->ruby, call->line, "create_table names no table");
    if (rails_check_options(reader, call, table_options) < 0)
        return -1;
    struct declared_table *table = declared_add_table(reader->declared);
    if (!table)
        return error_no_memory(reader->ruby.reterr);
    table->kind = RELATION_TABLE;
    if (rails_split_name(reader, text, &table->schema, &table->name) < 0 || set_storage(reader, call, table) < 0)
        return -1;
    const struct ruby_value *id = ruby_option(call, "id");
    const struct ruby_value *primary = ruby_option(call, "primary_key");
    if (primary && primary->kind == RUBY_ARRAY) {
        if (set_composite_key(reader, call, table, primary) < 0)
            return -1;
    } else if (!id || id->kind != RUBY_FALSE) {
        const char *name = rails_text(primary);
        if (add_identifier(reader, call, table, name ? name : "id") < 0)
            return -1;
    }
    reader->table = call->opens_block ? table : NULL;
    return 0;
}

static int read_enum(struct rails_reader *reader, const struct ruby_call *call)
{
    const char *name = rails_text(call->arguments);
    const struct ruby_value *values = name ? call->arguments->next : NULL;
    if (!values || values->kind != RUBY_ARRAY)
        return ruby_fail(&reader->ruby, call->line, "create_enum has no name or no values");
    struct declared_enum *type = declared_add_enum(reader->declared);
    if (!type)
        return error_no_memory(reader->ruby.reterr);
    if (rails_split_name(reader, name, &type->schema, &type->name) < 0)
        return -1;
    for (const struct ruby_value *value = values->first; value; value = value->next) {
        const char *text = rails_text(value);
        if (!text)
            return ruby_fail(&reader->ruby, call->line, "a value of the enum is not understood");
        if (!declared_add_name(reader->declared, &type->values, rails_copy(reader, text)))
            return error_no_memory(reader->ruby.reterr);
    }
    return 0;
}

/* enable_extension "plpgsql", or "heroku_ext.citext" */
static int read_extension(struct rails_reader *reader, const struct ruby_call *call)
{
    const char *text = rails_text(call->arguments);
    const char *dot = text ? strrchr(text, '.') : NULL;
    if (!text)
        return ruby_fail(&reader->ruby, call->line, "enable_extension names none");
    const char *name = rails_copy(reader, dot ? dot + 1 : text);
    return name && declared_add_name(reader->declared, &reader->declared->extensions, name)
               ? 0
               : error_no_memory(reader->ruby.reterr);
}

static int read_schema(struct rails_reader *reader, const struct ruby_call *call)
{
    const char *text = rails_text(call->arguments);
    if (!text)
        return ruby_fail(&reader->ruby, call->line, "create_schema names none");
    return declared_add_name(reader->declared, &reader->declared->schemas, rails_copy(reader, text))
               ? 0
               : error_no_memory(reader->ruby.reterr);
}

/* The gem scenic writes views: create_view "name", materialized: true, sql_definition: <<-SQL */
static int read_view(struct rails_reader *reader, const struct ruby_call *call)
{
    static const char *const known[] = {"sql_definition", "materialized", NULL};
    const char *name = rails_text(call->arguments);
    const char *definition = rails_text(ruby_option(call, "sql_definition"));
    if (rails_check_options(reader, call, known) < 0)
        return -1;
    if (!name || !definition)
        return ruby_fail(&reader->ruby, call->line, "create_view has no name or no definition");
    struct declared_table *table = declared_add_table(reader->declared);
    if (!table)
        return error_no_memory(reader->ruby.reterr);
    definition += strspn(definition, " \t\r\n");
    size_t length = strlen(definition);
    while (length > 0 && strchr(" \t\r\n;", definition[length - 1]))
        length--;
    table->kind = rails_is_true(ruby_option(call, "materialized")) ? RELATION_MATERIALIZED_VIEW : RELATION_VIEW;
    table->definition = arena_strndup(reader->declared->arena, definition, length);
    reader->declared->kinds[SCHEMA_VIEWS] = true;
    return table->definition ? rails_split_name(reader, name, &table->schema, &table->name)
                             : error_no_memory(reader->ruby.reterr);
}

/* create_virtual_table "name", "fts5", ["title", "tokenize=porter"]: SQLite's. */
static int read_virtual_table(struct rails_reader *reader, const struct ruby_call *call)
{
    const char *name = rails_text(call->arguments);
    const char *module = name ? rails_text(call->arguments->next) : NULL;
    const struct ruby_value *values = module ? call->arguments->next->next : NULL;
    if (reader->engine != RAILS_SQLITE)
        return ruby_fail(&reader->ruby, call->line, "only SQLite has virtual tables");
    if (!values || values->kind != RUBY_ARRAY)
        return ruby_fail(&reader->ruby, call->line, "create_virtual_table has no name, no module or no values");
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    strbuf_printf(&text, "%s (", module);
    for (const struct ruby_value *value = values->first; value; value = value->next) {
        if (!rails_text(value))
            return ruby_fail(&reader->ruby, call->line, "a value of the virtual table is not understood");
        strbuf_printf(&text, "%s%s", value == values->first ? "" : ", ", value->text);
    }
    strbuf_add_char(&text, ')');
    struct declared_table *table = declared_add_table(reader->declared);
    if (!table || !strbuf_ok(&text))
        return error_no_memory(reader->ruby.reterr);
    table->kind = RELATION_VIRTUAL;
    table->definition = rails_copy(reader, strbuf_text(&text));
    return table->definition ? rails_split_name(reader, name, &table->schema, &table->name) : -1;
}

/* The gem fx writes functions and triggers, of which nothing is compared: schema.rb without it has none. */
static int pass_over(struct rails_reader *reader, const struct ruby_call *call)
{
    return rails_text(call->arguments) ? 0 : ruby_fail(&reader->ruby, call->line, "'%s' has no name", call->method);
}

static int read_call(struct rails_reader *reader, const struct ruby_call *call)
{
    static const struct {
        const char *method;
        int (*read)(struct rails_reader *reader, const struct ruby_call *call);
    } methods[] = {
        {"create_table", read_table},
        {"create_enum", read_enum},
        {"enable_extension", read_extension},
        {"create_schema", read_schema},
        {"add_foreign_key", rails_read_foreign_key},
        {"create_view", read_view},
        {"create_function", pass_over},
        {"create_trigger", pass_over},
        {"create_virtual_table", read_virtual_table},
    };
    bool known = false;
    if (rails_read_key(reader, call, &known) < 0)
        return -1;
    if (known)
        return 0;
    if (*call->receiver)
        return reader->table && strcmp(call->receiver, "t") == 0
                   ? rails_read_column(reader, call)
                   : ruby_fail(&reader->ruby, call->line, "'%s.%s' is not understood", call->receiver, call->method);
    for (size_t i = 0; i < ARRAY_LENGTH(methods); i++)
        if (strcmp(methods[i].method, call->method) == 0)
            return methods[i].read(reader, call);
    return ruby_fail(&reader->ruby, call->line, "'%s' is not understood: structure.sql can say what schema.rb cannot",
                     call->method);
}

/* ActiveRecord::Schema[7.1].define(version: 2024_01_31_000000) do */
static int read_head(struct rails_reader *reader)
{
    struct ruby_call call = {0};
    if (ruby_reader_next(&reader->ruby, &call) < 0)
        return -1;
    if (call.kind != RUBY_CALL || strcmp(call.receiver, "ActiveRecord::Schema") != 0 ||
        strcmp(call.method, "define") != 0 || !call.opens_block)
        return ruby_fail(&reader->ruby, call.line, "does not begin with ActiveRecord::Schema.define");
    const struct ruby_value *version = ruby_option(&call, "version");
    /* Up to 6.1 the file did not say; its columns then mean what they meant in 6.1. */
    reader->release = 601;
    char *rest = NULL;
    unsigned long major = call.index ? strtoul(call.index, &rest, 10) : 0;
    if (major > 0 && major < 1000 && *rest == '.')
        reader->release = (unsigned)(major * 100 + strtoul(rest + 1, NULL, 10) % 100);
    reader->version = version && (version->kind == RUBY_NUMBER || version->kind == RUBY_STRING)
                          ? rails_copy(reader, version->text)
                          : "0";
    return reader->version ? 0 : -1;
}

static int read_all(struct rails_reader *reader)
{
    struct ruby_call call = {0};
    unsigned depth = 1;
    if (read_head(reader) < 0)
        return -1;
    while (depth > 0) {
        if (ruby_reader_next(&reader->ruby, &call) < 0)
            return -1;
        if (call.kind == RUBY_FILE_END)
            return ruby_fail(&reader->ruby, call.line, "the file ends before its blocks do");
        if (call.kind == RUBY_BLOCK_END) {
            depth--;
            reader->table = NULL;
            continue;
        }
        if (call.opens_block && (depth > 1 || strcmp(call.method, "create_table") != 0))
            return ruby_fail(&reader->ruby, call.line, "a block of '%s' is not understood", call.method);
        if (read_call(reader, &call) < 0)
            return -1;
        depth += call.opens_block;
    }
    if (ruby_reader_next(&reader->ruby, &call) < 0)
        return -1;
    return call.kind == RUBY_FILE_END ? 0 : ruby_fail(&reader->ruby, call.line, "something follows the schema");
}

static void set_scope(struct declared *declared, enum rails_engine engine, unsigned release)
{
    declared->kinds[SCHEMA_TABLES] = true;
    declared->kinds[SCHEMA_COLUMNS] = true;
    declared->kinds[SCHEMA_CONSTRAINTS] = true;
    declared->kinds[SCHEMA_INDEXES] = true;
    declared->kinds[SCHEMA_EXTENSIONS] = engine == RAILS_POSTGRES;
    declared->kinds[SCHEMA_ENUMS] = engine == RAILS_POSTGRES && release >= 700;
    declared->kinds[SCHEMA_SCHEMAS] = engine == RAILS_POSTGRES && release >= 701;
    for (size_t i = 0; i < CONSTRAINT_KINDS; i++)
        declared->constraints[i] = true;
    /* Since 7.1; unique ones were indexes only before. */
    declared->constraints[CONSTRAINT_EXCLUSION] = release >= 701;
    declared->constraints[CONSTRAINT_UNIQUE] = release >= 701 || engine != RAILS_POSTGRES;
    declared->constraints[CONSTRAINT_CHECK] = release >= 601;
    declared->constraint_flags = CONSTRAINT_NOT_VALID | CONSTRAINT_NULLS_NOT_DISTINCT;
    if (release >= 700)
        declared->constraint_flags |= CONSTRAINT_DEFERRABLE | CONSTRAINT_DEFERRED;
    declared->include = release >= 701;
    declared->no_identity = true;
}

/* MariaDB's json is a longtext with a check that is named like it: to ActiveRecord they are two things, to the model
 * one. */
static bool is_json_check(const struct declared_key *key, const struct declared_column *column)
{
    static const char begin[] = "json_valid(`";
    size_t length = strlen(column->name);
    return key->kind == CONSTRAINT_CHECK && strcmp(key->name, column->name) == 0 &&
           strncmp(key->expression, begin, sizeof begin - 1) == 0 &&
           strncmp(key->expression + sizeof begin - 1, column->name, length) == 0 &&
           strcmp(key->expression + sizeof begin - 1 + length, "`)") == 0;
}

static void fold_json(struct declared_table *table)
{
    for (struct declared_key **place = &table->keys; *place;) {
        struct declared_column *column = (*place)->name ? declared_find_column(table, (*place)->name) : NULL;
        bool folds = column && strcmp(column->type, "longtext") == 0 && is_json_check(*place, column);
        if (!folds) {
            place = &(*place)->next;
            continue;
        }
        column->type = "json";
        column->collation = NULL;
        *place = (*place)->next;
    }
}

static bool prefers_zones(const struct schema *live)
{
    struct zone_votes votes = {0};
    for (size_t i = 0; live && i < live->column_count; i++) {
        const char *type = schema_text(live, live->columns[i].type);
        votes.zoned += strncmp(type, "timestamp", 9) == 0 && strstr(type, "with time zone") != NULL;
        votes.plain += strncmp(type, "timestamp", 9) == 0 && strstr(type, "without time zone") != NULL;
    }
    return votes.zoned > votes.plain;
}

/* A table that ActiveRecord could not write is not missing: it is told in a comment. */
static int note_comment(void *payload, const char *text, size_t length, unsigned line)
{
    static const char mark[] = "Could not dump table \"";
    struct declared *declared = payload;
    const char *found = memmem(text, length, mark, sizeof mark - 1);
    (void)line;
    if (!found)
        return 0;
    found += sizeof mark - 1;
    const char *end = memchr(found, '"', (size_t)(text + length - found));
    if (!end)
        return 0;
    const char *name = arena_strndup(declared->arena, found, (size_t)(end - found));
    return name && declared_add_name(declared, &declared->undeclared, name) ? 0 : -1;
}

int rails_schema_parse(const char *text, size_t length, const char *name, const char *engine, const struct schema *live,
                       struct declared **ret_declared, const char **ret_version, struct error *reterr)
{
    cleanup(declared) struct declared *declared = declared_new("schema.rb", engine);
    if (!declared)
        return error_no_memory(reterr);
    struct rails_reader reader = {
        .ruby = {.next = text,
                 .end = text + length,
                 .name = name,
                 .line = 1,
                 .arena = declared->arena,
                 .reterr = reterr,
                 .comment = note_comment,
                 .payload = declared},
        .declared = declared,
        .live = live,
        .engine = strcmp(engine, "postgres") == 0 ? RAILS_POSTGRES
                  : strcmp(engine, "sqlite") == 0 ? RAILS_SQLITE
                                                  : RAILS_MYSQL,
        .zoned = prefers_zones(live),
    };
    if (memchr(text, '\0', length))
        return error_set(reterr, ERROR_INVALID, "%s: is no text: there is a NUL in it", name);
    if (read_all(&reader) < 0)
        return -1;
    set_scope(declared, reader.engine, reader.release);
    for (struct declared_table *table = declared->tables; table && reader.engine == RAILS_MYSQL; table = table->next)
        fold_json(table);
    if (reader.engine == RAILS_POSTGRES && !declared_add_name(declared, &declared->schemas, "public"))
        return error_no_memory(reterr);
    *ret_version = reader.version;
    *ret_declared = take(declared);
    return 0;
}
