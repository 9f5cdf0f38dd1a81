/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "dialect/mysql_ddl_parser.h"

/* How a key begins. `method` is what stands in the model; NULL: what the engine does by default. */
static const struct {
    const char *word;
    const char *method;
    uint16_t flags;
} key_kinds[] = {
    {"UNIQUE", NULL, INDEX_UNIQUE},
    {"FULLTEXT", "fulltext", 0},
    {"SPATIAL", "spatial", 0},
    {"VECTOR", "vector", 0},
};

/* `expression` or `column`, with length and order. */
static bool read_key_part(struct mysql_ddl *ddl, struct mysql_ddl_key *key)
{
    if (key->count == MYSQL_MAX_KEY_PARTS)
        return false;
    struct schema_index_part *part = &key->parts[key->count];
    *part = (struct schema_index_part){0};
    const char *text = NULL;
    size_t length = 0;
    if (ddl->token.kind == MYSQL_TOKEN_NAME) {
        part->text = mysql_ddl_intern_token(ddl);
        mysql_ddl_advance(ddl);
        if (mysql_ddl_at_symbol(ddl, '(')) {
            if (!mysql_ddl_enclosed(ddl, &text, &length))
                return false;
            part->prefix = (uint16_t)strtoul(text, NULL, 10);
        }
    } else if (mysql_ddl_enclosed(ddl, &text, &length)) {
        part->text = mysql_ddl_intern_expression(ddl, text, length);
        part->flags = PART_EXPRESSION;
    } else {
        return false;
    }
    if (mysql_ddl_accept(ddl, "DESC"))
        part->flags |= PART_DESCENDING;
    else
        mysql_ddl_accept(ddl, "ASC");
    if (mysql_ddl_accept(ddl, "WITHOUT")) {
        key->period = part->text;
        return mysql_ddl_accept(ddl, "OVERLAPS");
    }
    key->decorated |= part->flags != 0 || part->prefix != 0;
    key->count++;
    return true;
}

static bool read_key_parts(struct mysql_ddl *ddl, struct mysql_ddl_key *key)
{
    if (!mysql_ddl_accept_symbol(ddl, '('))
        return false;
    do {
        if (!read_key_part(ddl, key))
            return false;
    } while (mysql_ddl_accept_symbol(ddl, ','));
    return mysql_ddl_accept_symbol(ddl, ')');
}

/* B-trees are the default. */
static bool read_using(struct mysql_ddl *ddl, struct mysql_ddl_key *key)
{
    bool found = ddl->token.kind == MYSQL_TOKEN_WORD;
    key->hash = mysql_ddl_at(ddl, "HASH");
    mysql_ddl_advance(ddl);
    return found;
}

/* "COMMENT 'x'", "KEY_BLOCK_SIZE=8", "`M`=6": only the comment is kept. */
static bool read_key_value(struct mysql_ddl *ddl, struct mysql_ddl_key *key)
{
    bool comment = mysql_ddl_at(ddl, "COMMENT");
    if (ddl->token.kind == MYSQL_TOKEN_WORD || ddl->token.kind == MYSQL_TOKEN_NAME)
        mysql_ddl_advance(ddl);
    mysql_ddl_accept_symbol(ddl, '=');
    bool found = ddl->token.kind != MYSQL_TOKEN_SYMBOL && ddl->token.kind != MYSQL_TOKEN_END;
    if (found && comment)
        key->comment = mysql_ddl_intern_token(ddl);
    if (found)
        mysql_ddl_advance(ddl);
    return found;
}

static bool read_parser(struct mysql_ddl *ddl, struct mysql_ddl_key *key)
{
    if (!mysql_ddl_accept(ddl, "PARSER") || ddl->token.kind == MYSQL_TOKEN_SYMBOL || ddl->token.kind == MYSQL_TOKEN_END)
        return false;
    key->parser = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    return true;
}

static bool read_key_option(struct mysql_ddl *ddl, struct mysql_ddl_key *key)
{
    bool negated = mysql_ddl_accept(ddl, "NOT");
    if (mysql_ddl_accept(ddl, "INVISIBLE") || mysql_ddl_accept(ddl, "IGNORED")) {
        key->flags |= negated ? 0 : INDEX_HIDDEN;
        key->decorated |= !negated;
        return true;
    }
    if (mysql_ddl_accept(ddl, "VISIBLE"))
        return true;
    if (mysql_ddl_accept(ddl, "USING"))
        return read_using(ddl, key);
    return mysql_ddl_accept(ddl, "WITH") ? read_parser(ddl, key) : read_key_value(ddl, key);
}

static bool read_key_options(struct mysql_ddl *ddl, struct mysql_ddl_key *key)
{
    while (!mysql_ddl_at_symbol(ddl, ',') && !mysql_ddl_at_symbol(ddl, ')')) {
        if (!read_key_option(ddl, key))
            return false;
    }
    return true;
}

static bool keep_key(struct mysql_ddl *ddl, const struct mysql_ddl_key *key)
{
    if (!mem_grow(&ddl->keys, &ddl->key_capacity, ddl->key_count, sizeof(*ddl->keys), MYSQL_MAX_KEYS))
        return false;
    ddl->keys[ddl->key_count++] = *key;
    return true;
}

static bool read_primary_key(struct mysql_ddl *ddl)
{
    struct mysql_ddl_key key = {.kind = MYSQL_KEY_PRIMARY, .flags = INDEX_UNIQUE};
    if (!mysql_ddl_accept(ddl, "KEY"))
        return false;
    key.name = schema_builder_text(ddl->builder, "PRIMARY");
    bool understood = read_key_parts(ddl, &key) && read_key_options(ddl, &key);
    return keep_key(ddl, &key) && understood;
}

static bool read_secondary_key(struct mysql_ddl *ddl, const char *method, uint16_t flags)
{
    struct mysql_ddl_key key = {
        .kind = flags & INDEX_UNIQUE ? MYSQL_KEY_UNIQUE : MYSQL_KEY_INDEX,
        .flags = flags,
        .method = schema_builder_text(ddl->builder, method),
    };
    if (!mysql_ddl_accept(ddl, "KEY") || ddl->token.kind != MYSQL_TOKEN_NAME)
        return false;
    key.name = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    bool understood = read_key_parts(ddl, &key) && read_key_options(ddl, &key);
    return keep_key(ddl, &key) && understood;
}

bool mysql_ddl_read_key(struct mysql_ddl *ddl, bool *ret_index)
{
    if (mysql_ddl_accept(ddl, "PRIMARY"))
        return read_primary_key(ddl);
    if (mysql_ddl_accept(ddl, "CONSTRAINT"))
        return mysql_ddl_read_constraint(ddl);
    if (mysql_ddl_accept(ddl, "PERIOD"))
        return mysql_ddl_read_period(ddl);
    *ret_index = true;
    for (size_t i = 0; i < ARRAY_LENGTH(key_kinds); i++) {
        if (mysql_ddl_accept(ddl, key_kinds[i].word))
            return read_secondary_key(ddl, key_kinds[i].method, key_kinds[i].flags);
    }
    return mysql_ddl_at(ddl, "KEY") && read_secondary_key(ddl, NULL, 0);
}

static struct text_list list_parts(struct mysql_ddl *ddl, const struct mysql_ddl_key *key)
{
    uint32_t names[MYSQL_MAX_KEY_PARTS] = {0};
    for (size_t i = 0; i < key->count; i++)
        names[i] = key->parts[i].text;
    return schema_builder_list(ddl->builder, names, key->count);
}

/* A key over a period is more than its columns: the rest is kept as the constraint's expression. */
static uint32_t period_expression(struct mysql_ddl *ddl, const struct mysql_ddl_key *key)
{
    if (key->period == 0)
        return 0;
    strbuf_clear(&ddl->scratch);
    strbuf_printf(&ddl->scratch, "%s WITHOUT OVERLAPS", schema_builder_get_text(ddl->builder, key->period));
    return schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

/* "a", "a_2", …: what the server calls a key over the column a and whatever else. */
static bool is_automatic_name(const struct mysql_ddl *ddl, const struct mysql_ddl_key *key)
{
    if (key->kind == MYSQL_KEY_PRIMARY || key->count == 0 || (key->parts[0].flags & PART_EXPRESSION))
        return false;
    const char *name = schema_builder_get_text(ddl->builder, key->name);
    const char *column = schema_builder_get_text(ddl->builder, key->parts[0].text);
    size_t length = strlen(column);
    if (strncasecmp(name, column, length) != 0)
        return false;
    return name[length] == '\0' ||
           (name[length] == '_' && name[length + 1] >= '2' && name[length + 1] <= '9' && name[length + 2] == '\0');
}

static void add_key_constraint(struct mysql_ddl *ddl, const struct mysql_ddl_key *key)
{
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_STORAGE_OPTIONS, .text = key->storage},
        {.key = ATTRIBUTE_COMMENT, .text = key->comment},
    };
    struct schema_constraint constraint = {
        .relation = ddl->relation,
        .name = key->name,
        .kind = key->kind == MYSQL_KEY_PRIMARY ? CONSTRAINT_PRIMARY_KEY : CONSTRAINT_UNIQUE,
        .columns = list_parts(ddl, key),
        .expression = period_expression(ddl, key),
        .attributes = schema_builder_attributes(ddl->builder, attributes, ARRAY_LENGTH(attributes)),
        .flags = is_automatic_name(ddl, key) ? CONSTRAINT_AUTOMATIC_NAME : 0,
    };
    schema_builder_constraint(ddl->builder, &constraint);
}

/* Whether the key is what the server makes for a foreign key without one: its columns, under the name of the foreign
 * key or of its first column. */
static bool is_for_reference(const struct mysql_ddl *ddl, const struct mysql_ddl_key *key)
{
    if (key->kind != MYSQL_KEY_INDEX || key->decorated || key->method || key->hash)
        return false;
    for (size_t i = 0; i < ddl->reference_count; i++) {
        const struct mysql_ddl_reference *reference = &ddl->references[i];
        size_t same = 0;
        while (same < key->count && same < reference->count && key->parts[same].text == reference->columns[same])
            same++;
        if (same == key->count && same == reference->count &&
            (key->name == reference->name || is_automatic_name(ddl, key)))
            return true;
    }
    return false;
}

static void add_index(struct mysql_ddl *ddl, const struct mysql_ddl_key *key)
{
    uint32_t maker = is_for_reference(ddl, key) ? schema_builder_text(ddl->builder, "foreign_key") : 0;
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_STORAGE_OPTIONS, .text = key->storage},
        {.key = ATTRIBUTE_PARSER, .text = key->parser},
        {.key = ATTRIBUTE_COMMENT, .text = key->comment},
        {.key = ATTRIBUTE_TOOL_OBJECT, .text = maker},
    };
    struct schema_index index = {
        .relation = ddl->relation,
        .name = key->name,
        .method = key->hash ? schema_builder_text(ddl->builder, "hash") : key->method,
        .flags = key->flags,
        .attributes = schema_builder_attributes(ddl->builder, attributes, ARRAY_LENGTH(attributes)),
    };
    schema_builder_index(ddl->builder, &index, key->parts, key->count);
}

/* Engines that keep their indexes as B-trees and print USING HASH all the same: because somebody wrote it, or because
 * MariaDB keeps a unique key that is too long for a B-tree in a hidden column. The planner has to know. */
static bool ignores_hash(const struct mysql_ddl *ddl)
{
    static const char *const trees[] = {"InnoDB", "MyISAM", "Aria", "RocksDB", "TokuDB"};
    const char *engine = schema_builder_get_text(ddl->builder, ddl->engine);
    for (size_t i = 0; i < ARRAY_LENGTH(trees); i++) {
        if (strcasecmp(engine, trees[i]) == 0)
            return true;
    }
    return false;
}

/* A primary key's constraint says which columns; what only an index can say of it (prefixes, order) is kept beside it.
 * A unique key over whole columns is a constraint; with prefixes, order, expressions or invisible it is an index. */
void mysql_ddl_add_keys(struct mysql_ddl *ddl)
{
    bool no_hash = ignores_hash(ddl);
    for (size_t i = 0; i < ddl->key_count; i++) {
        struct mysql_ddl_key *key = &ddl->keys[i];
        if (key->hash && no_hash && key->kind == MYSQL_KEY_UNIQUE)
            key->storage = schema_builder_text(ddl->builder, "USING HASH");
        key->hash = key->hash && !no_hash;
        key->decorated |= key->hash;
        if (key->kind == MYSQL_KEY_PRIMARY || (key->kind == MYSQL_KEY_UNIQUE && !key->decorated))
            add_key_constraint(ddl, key);
        if (key->kind == MYSQL_KEY_INDEX || key->decorated)
            add_index(ddl, key);
    }
}
