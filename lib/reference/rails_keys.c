/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes and constraints of a schema.rb.
 */
#include <ctype.h>
#include <string.h>

#include "base/digest.h"
#include "base/limits.h"
#include "reference/rails_reader.h"

const char *rails_hashed_name(struct rails_reader *reader, const char *prefix, const char *text)
{
    char hex[SHA256_HEX_SIZE] = "";
    checksum_sha256(text, strlen(text), hex);
    const char *name = arena_printf(reader->declared->arena, "%s%.10s", prefix, hex);
    if (!name)
        error_no_memory(reader->ruby.reterr);
    return name;
}

/* The table that the call is about: of the open block, or its first argument. */
static int find_table(struct rails_reader *reader, const struct ruby_call *call, struct declared_table **ret_table,
                      const struct ruby_value **ret_arguments)
{
    const char *schema = NULL;
    const char *name = NULL;
    *ret_arguments = call->arguments;
    *ret_table = reader->table;
    if (*call->receiver)
        return reader->table ? 0 : ruby_fail(&reader->ruby, call->line, "stands in no table's block");
    const char *text = rails_text(call->arguments);
    if (!text)
        return ruby_fail(&reader->ruby, call->line, "names no table");
    if (rails_split_name(reader, text, &schema, &name) < 0)
        return -1;
    *ret_arguments = call->arguments->next;
    *ret_table = declared_find_table(reader->declared, schema, name);
    return *ret_table ? 0 : ruby_fail(&reader->ruby, call->line, "there is no table '%s' before this line", text);
}

static int add_names(struct rails_reader *reader, const struct ruby_call *call, const struct ruby_value *value,
                     struct declared_names *names)
{
    const struct ruby_value *first = value && value->kind == RUBY_ARRAY ? value->first : value;
    if (!first)
        return ruby_fail(&reader->ruby, call->line, "names no columns");
    for (const struct ruby_value *name = first; name; name = first == value ? NULL : name->next) {
        const char *text = rails_text(name);
        if (!text)
            return ruby_fail(&reader->ruby, call->line, "a column's name is not understood");
        if (!declared_add_name(reader->declared, names, rails_copy(reader, text)))
            return error_no_memory(reader->ruby.reterr);
    }
    return 0;
}

/* What an option says of one column: one value for all, or a hash by column. */
static const struct ruby_value *option_of(const struct ruby_call *call, const char *option, const char *column)
{
    const struct ruby_value *value = ruby_option(call, option);
    if (!value || value->kind != RUBY_HASH)
        return value;
    for (const struct ruby_value *member = value->first; member; member = member->next)
        if (strcmp(member->key, column) == 0)
            return member;
    return NULL;
}

static int set_order(struct rails_reader *reader, const struct ruby_call *call, struct declared_part *part)
{
    static const struct {
        const char *words;
        uint16_t flags;
    } orders[] = {{"asc", 0},
                  {"desc", PART_DESCENDING},
                  {"asc nulls last", 0},
                  {"asc nulls first", PART_NULLS_FIRST},
                  {"nulls first", PART_NULLS_FIRST},
                  {"nulls last", 0},
                  {"desc nulls first", PART_DESCENDING},
                  {"desc nulls last", PART_DESCENDING | PART_NULLS_LAST}};
    const char *order = rails_text(option_of(call, "order", part->text));
    if (!order)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(orders); i++)
        if (strcasecmp(orders[i].words, order) == 0) {
            part->flags |= orders[i].flags;
            return 0;
        }
    return ruby_fail(&reader->ruby, call->line, "the order '%s' is not understood", order);
}

static int add_part(struct rails_reader *reader, const struct ruby_call *call, struct declared_index *index,
                    const char *text)
{
    struct declared_part *part = declared_add_part(reader->declared, index, rails_copy(reader, text));
    if (!part || !part->text)
        return error_no_memory(reader->ruby.reterr);
    const char *class = rails_text(option_of(call, "opclass", text));
    int64_t prefix = rails_integer(option_of(call, "length", text));
    part->operator_class = class ? rails_copy(reader, class) : NULL;
    part->prefix = reader->engine == RAILS_MYSQL && prefix > 0 ? (uint16_t)prefix : 0;
    return set_order(reader, call, part);
}

/* " DESC" and " NULLS LAST" behind an expression are its order. */
static void take_order_off(struct rails_reader *reader, struct declared_part *part)
{
    static const struct {
        const char *words;
        uint16_t flags;
    } orders[] = {{" DESC NULLS LAST", PART_DESCENDING | PART_NULLS_LAST},
                  {" NULLS FIRST", PART_NULLS_FIRST},
                  {" DESC", PART_DESCENDING}};
    size_t length = strlen(part->text);
    for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
        size_t tail = strlen(orders[i].words);
        if (length <= tail || strcmp(part->text + length - tail, orders[i].words) != 0)
            continue;
        part->text = arena_strndup(reader->declared->arena, part->text, length - tail);
        part->flags |= orders[i].flags;
        return;
    }
}

/* An expression is a text where columns are an array: "lower((email)::text), id". */
static int add_expressions(struct rails_reader *reader, struct declared_index *index, const char *text)
{
    unsigned depth = 0;
    bool quoted = false;
    const char *begin = text;
    for (const char *at = text;; at++) {
        quoted ^= *at == '\'' || *at == '"';
        depth += !quoted && *at == '(';
        depth -= !quoted && *at == ')' && depth > 0;
        bool ends = *at == '\0' || (*at == ',' && depth == 0 && !quoted);
        if (!ends)
            continue;
        while (*begin == ' ')
            begin++;
        const char *part = arena_strndup(reader->declared->arena, begin, (size_t)(at - begin));
        if (!part)
            return error_no_memory(reader->ruby.reterr);
        struct declared_part *added = declared_add_part(reader->declared, index, part);
        if (!added)
            return error_no_memory(reader->ruby.reterr);
        take_order_off(reader, added);
        if (!added->text)
            return error_no_memory(reader->ruby.reterr);
        bool name = *added->text && strspn(added->text, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(added->text);
        added->flags |= name ? 0 : PART_EXPRESSION;
        if (*at == '\0')
            return 0;
        begin = at + 1;
    }
}

static int add_parts(struct rails_reader *reader, const struct ruby_call *call, const struct ruby_value *columns,
                     struct declared_index *index)
{
    if (columns && columns->kind == RUBY_STRING)
        return add_expressions(reader, index, columns->text);
    struct declared_names names = {0};
    if (add_names(reader, call, columns, &names) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        if (add_part(reader, call, index, names.items[i]) < 0)
            return -1;
    return 0;
}

static int add_included(struct rails_reader *reader, const struct ruby_call *call, struct declared_index *index)
{
    const struct ruby_value *include = ruby_option(call, "include");
    struct declared_names names = {0};
    if (!include)
        return 0;
    if (add_names(reader, call, include, &names) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        struct declared_part *part = declared_add_part(reader->declared, index, names.items[i]);
        if (!part)
            return error_no_memory(reader->ruby.reterr);
        part->flags = PART_INCLUDED;
    }
    return 0;
}

static int read_index(struct rails_reader *reader, const struct ruby_call *call, struct declared_table *table,
                      const struct ruby_value *arguments)
{
    static const char *const known[] = {
        "name", "unique",  "where",     "using",   "order",   "opclass", "length", "include", "nulls_not_distinct",
        "type", "comment", "algorithm", "enabled", "visible", NULL};
    if (rails_check_options(reader, call, known) < 0)
        return -1;
    struct declared_index *index = declared_add_index(reader->declared, table);
    const char *name = rails_text(ruby_option(call, "name"));
    const char *using = rails_text(ruby_option(call, "using"));
    const char *type = rails_text(ruby_option(call, "type"));
    const char *where = rails_text(ruby_option(call, "where"));
    if (!index)
        return error_no_memory(reader->ruby.reterr);
    if (!name)
        return ruby_fail(&reader->ruby, call->line, "the index has no name");
    index->name = rails_copy(reader, name);
    index->predicate = where ? rails_copy(reader, where) : NULL;
    index->flags |= rails_is_true(ruby_option(call, "unique")) ? INDEX_UNIQUE : 0;
    index->flags |= rails_is_true(ruby_option(call, "nulls_not_distinct")) ? INDEX_NULLS_NOT_DISTINCT : 0;
    const char *method = type ? type : using && strcasecmp(using, "btree") != 0 ? using : NULL;
    index->method = method ? rails_copy(reader, method) : NULL;
    if (add_parts(reader, call, arguments, index) < 0)
        return -1;
    return add_included(reader, call, index);
}

static int read_check(struct rails_reader *reader, const struct ruby_call *call, struct declared_table *table,
                      const struct ruby_value *arguments)
{
    static const char *const known[] = {"name", "validate", NULL};
    struct declared_key *key = declared_add_key(reader->declared, table, CONSTRAINT_CHECK);
    const char *name = rails_text(ruby_option(call, "name"));
    const char *expression = rails_text(arguments);
    if (rails_check_options(reader, call, known) < 0)
        return -1;
    if (!key)
        return error_no_memory(reader->ruby.reterr);
    if (!expression)
        return ruby_fail(&reader->ruby, call->line, "the check has no expression");
    key->expression = rails_copy(reader, expression);
    const struct ruby_value *validate = ruby_option(call, "validate");
    key->flags = validate && validate->kind == RUBY_FALSE ? CONSTRAINT_NOT_VALID : 0;
    key->automatic_name = !name;
    if (name) {
        key->name = rails_copy(reader, name);
        return key->name ? 0 : -1;
    }
    const char *text = arena_printf(reader->declared->arena, "%s_%s_chk", table->name, expression);
    key->name = text ? rails_hashed_name(reader, "chk_rails_", text) : NULL;
    return key->name ? 0 : error_no_memory(reader->ruby.reterr);
}

static int set_deferrable(struct rails_reader *reader, const struct ruby_call *call, struct declared_key *key)
{
    const struct ruby_value *value = ruby_option(call, "deferrable");
    const char *text = rails_text(value);
    if (!value || value->kind == RUBY_FALSE || value->kind == RUBY_NIL)
        return 0;
    bool deferred = text && strcmp(text, "deferred") == 0;
    if (!deferred && value->kind != RUBY_TRUE && !(text && strcmp(text, "immediate") == 0))
        return ruby_fail(&reader->ruby, call->line, "'deferrable' is not understood");
    key->flags |= deferred ? CONSTRAINT_DEFERRABLE | CONSTRAINT_DEFERRED : CONSTRAINT_DEFERRABLE;
    return 0;
}

static int read_unique(struct rails_reader *reader, const struct ruby_call *call, struct declared_table *table,
                       const struct ruby_value *arguments)
{
    static const char *const known[] = {"name", "deferrable", "nulls_not_distinct", "using_index", NULL};
    struct declared_key *key = declared_add_key(reader->declared, table, CONSTRAINT_UNIQUE);
    const char *name = rails_text(ruby_option(call, "name"));
    if (rails_check_options(reader, call, known) < 0)
        return -1;
    if (!key)
        return error_no_memory(reader->ruby.reterr);
    if (add_names(reader, call, arguments, &key->columns) < 0 || set_deferrable(reader, call, key) < 0)
        return -1;
    key->flags |= rails_is_true(ruby_option(call, "nulls_not_distinct")) ? CONSTRAINT_NULLS_NOT_DISTINCT : 0;
    key->automatic_name = !name;
    key->name = name ? rails_copy(reader, name) : NULL;
    return !name || key->name ? 0 : -1;
}

/* "EXCLUDE USING gist (…) WHERE (…)", as PostgreSQL prints it. */
static int read_exclusion(struct rails_reader *reader, const struct ruby_call *call, struct declared_table *table,
                          const struct ruby_value *arguments)
{
    static const char *const known[] = {"name", "using", "where", "deferrable", NULL};
    struct declared_key *key = declared_add_key(reader->declared, table, CONSTRAINT_EXCLUSION);
    const char *name = rails_text(ruby_option(call, "name"));
    const char *using = rails_text(ruby_option(call, "using"));
    const char *where = rails_text(ruby_option(call, "where"));
    const char *expression = rails_text(arguments);
    if (rails_check_options(reader, call, known) < 0)
        return -1;
    if (!key)
        return error_no_memory(reader->ruby.reterr);
    if (!expression || !name)
        return ruby_fail(&reader->ruby, call->line, "the exclusion lacks its expression or name");
    key->name = rails_copy(reader, name);
    key->expression = arena_printf(reader->declared->arena, "EXCLUDE USING %s (%s)%s%s%s", using ? using : "gist",
                                   expression, where ? " WHERE (" : "", where ? where : "", where ? ")" : "");
    if (!key->name || !key->expression)
        return error_no_memory(reader->ruby.reterr);
    return set_deferrable(reader, call, key);
}

int rails_read_key(struct rails_reader *reader, const struct ruby_call *call, bool *ret_known)
{
    static const struct {
        const char *inside;
        const char *outside;
        int (*read)(struct rails_reader *reader, const struct ruby_call *call, struct declared_table *table,
                    const struct ruby_value *arguments);
    } kinds[] = {
        {"index", "add_index", read_index},
        {"check_constraint", "add_check_constraint", read_check},
        {"unique_constraint", "add_unique_constraint", read_unique},
        {"unique_key", "add_unique_key", read_unique}, /* 7.1's betas */
        {"exclusion_constraint", "add_exclusion_constraint", read_exclusion},
    };
    *ret_known = true;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (strcmp(*call->receiver ? kinds[i].inside : kinds[i].outside, call->method) != 0)
            continue;
        struct declared_table *table = NULL;
        const struct ruby_value *arguments = NULL;
        if (find_table(reader, call, &table, &arguments) < 0)
            return -1;
        return kinds[i].read(reader, call, table, arguments);
    }
    *ret_known = false;
    return 0;
}

static int set_action(struct rails_reader *reader, const struct ruby_call *call, const char *option,
                      uint8_t *ret_action)
{
    static const struct {
        const char *word;
        enum foreign_key_action action;
    } actions[] = {{"cascade", ACTION_CASCADE},
                   {"nullify", ACTION_SET_NULL},
                   {"restrict", ACTION_RESTRICT},
                   {"no_action", ACTION_NO_ACTION},
                   {"set_default", ACTION_SET_DEFAULT}};
    const char *text = rails_text(ruby_option(call, option));
    *ret_action = ACTION_NO_ACTION;
    if (!text)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++)
        if (strcmp(actions[i].word, text) == 0) {
            *ret_action = (uint8_t)actions[i].action;
            return 0;
        }
    return ruby_fail(&reader->ruby, call->line, "the action '%s' is not understood", text);
}

/* The one column by which the live table refers to that table, or NULL: for words that are not English. */
static const char *live_column(struct rails_reader *reader, const struct declared_table *table, const char *target)
{
    const char *schema = reader->engine == RAILS_POSTGRES ? table->schema : "";
    const struct schema *live = reader->live;
    const struct schema_relation *relation = live ? schema_find_relation(live, schema, table->name) : NULL;
    const char *found = NULL;
    for (uint32_t i = 0; relation && i < relation->constraint_count; i++) {
        const struct schema_constraint *key = &live->constraints[relation->first_constraint + i];
        if (key->kind != CONSTRAINT_FOREIGN_KEY || key->columns.count != 1 ||
            strcmp(schema_text(live, key->referenced_table), target) != 0)
            continue;
        if (found)
            return NULL;
        found = schema_text(live, live->lists[key->columns.first]);
    }
    return found;
}

static int infer_column(struct rails_reader *reader, const struct ruby_call *call, const struct declared_table *table,
                        struct declared_key *key)
{
    const char *word = rails_singularize(reader->declared->arena, key->ref_table);
    const char *column = word ? arena_printf(reader->declared->arena, "%s_id", word) : NULL;
    if (!column)
        return error_no_memory(reader->ruby.reterr);
    if (!declared_find_column(table, column)) {
        const char *live = live_column(reader, table, key->ref_table);
        if (!live)
            return ruby_fail(&reader->ruby, call->line, "there is no column '%s', and no other is named", column);
        column = rails_copy(reader, live);
    }
    return declared_add_name(reader->declared, &key->columns, column) ? 0 : error_no_memory(reader->ruby.reterr);
}

static int set_key_name(struct rails_reader *reader, const struct ruby_call *call, const struct declared_table *table,
                        struct declared_key *key)
{
    const char *name = rails_text(ruby_option(call, "name"));
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_DEFINITION_BYTES);
    key->automatic_name = !name;
    if (name) {
        key->name = rails_copy(reader, name);
        return key->name ? 0 : -1;
    }
    strbuf_printf(&text, "%s%s%s_", strcmp(table->schema, "public") != 0 ? table->schema : "",
                  strcmp(table->schema, "public") != 0 && *table->schema ? "." : "", table->name);
    for (size_t i = 0; i < key->columns.count; i++)
        strbuf_printf(&text, "%s%s", i > 0 ? "_and_" : "", key->columns.items[i]);
    strbuf_add_string(&text, "_fk");
    if (!strbuf_ok(&text))
        return error_no_memory(reader->ruby.reterr);
    key->name = rails_hashed_name(reader, "fk_rails_", strbuf_text(&text));
    return key->name ? 0 : -1;
}

int rails_read_foreign_key(struct rails_reader *reader, const struct ruby_call *call)
{
    static const char *const known[] = {"column",    "primary_key", "name",     "on_delete",
                                        "on_update", "deferrable",  "validate", NULL};
    struct declared_table *table = NULL;
    const struct ruby_value *arguments = NULL;
    if (rails_check_options(reader, call, known) < 0 || find_table(reader, call, &table, &arguments) < 0)
        return -1;
    const char *target = rails_text(arguments);
    struct declared_key *key = declared_add_key(reader->declared, table, CONSTRAINT_FOREIGN_KEY);
    if (!key)
        return error_no_memory(reader->ruby.reterr);
    if (!target)
        return ruby_fail(&reader->ruby, call->line, "names no table that it refers to");
    const struct ruby_value *column = ruby_option(call, "column");
    const struct ruby_value *primary = ruby_option(call, "primary_key");
    const struct ruby_value *validate = ruby_option(call, "validate");
    if (rails_split_name(reader, target, &key->ref_schema, &key->ref_table) < 0)
        return -1;
    int status = column ? add_names(reader, call, column, &key->columns) : infer_column(reader, call, table, key);
    if (status < 0 || (primary && add_names(reader, call, primary, &key->ref_columns) < 0))
        return -1;
    if (!primary && !declared_add_name(reader->declared, &key->ref_columns, "id"))
        return error_no_memory(reader->ruby.reterr);
    key->flags = validate && validate->kind == RUBY_FALSE ? CONSTRAINT_NOT_VALID : 0;
    if (set_action(reader, call, "on_delete", &key->on_delete) < 0 ||
        set_action(reader, call, "on_update", &key->on_update) < 0 || set_deferrable(reader, call, key) < 0)
        return -1;
    return set_key_name(reader, call, table, key);
}
