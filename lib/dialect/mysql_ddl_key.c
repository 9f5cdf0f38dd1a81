/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
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

/* RESTRICT and NO ACTION are one action under two names. */
static const struct {
    const char *first;
    const char *second;
    enum foreign_key_action action;
} actions[] = {
    {"RESTRICT", NULL, ACTION_NO_ACTION}, {"NO", "ACTION", ACTION_NO_ACTION},     {"CASCADE", NULL, ACTION_CASCADE},
    {"SET", "NULL", ACTION_SET_NULL},     {"SET", "DEFAULT", ACTION_SET_DEFAULT},
};

struct key {
    struct schema_index_part parts[MYSQL_MAX_KEY_PARTS];
    size_t count;
    uint32_t method;
    uint16_t flags;
    bool decorated;  /* has a part or an option that a constraint cannot say */
    uint32_t period; /* WITHOUT OVERLAPS: the period's name */
};

/* `expression` or `column`, with length and order. */
static bool read_key_part(struct mysql_ddl *ddl, struct key *key)
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

static bool read_key_parts(struct mysql_ddl *ddl, struct key *key)
{
    if (!mysql_ddl_accept_symbol(ddl, '('))
        return false;
    do {
        if (!read_key_part(ddl, key))
            return false;
    } while (mysql_ddl_accept_symbol(ddl, ','));
    return mysql_ddl_accept_symbol(ddl, ')');
}

/* "USING HASH" is the method that the table's engine may ignore; B-trees are the default. */
static bool read_using(struct mysql_ddl *ddl, struct key *key)
{
    if (ddl->token.kind != MYSQL_TOKEN_WORD)
        return false;
    if (mysql_ddl_at(ddl, "HASH")) {
        key->method = schema_builder_text(ddl->builder, "hash");
        key->decorated = true;
    }
    mysql_ddl_advance(ddl);
    return true;
}

/* "COMMENT 'x'", "WITH PARSER `ngram`", "KEY_BLOCK_SIZE=8", "`M`=6": not part of the model. */
static bool skip_key_option(struct mysql_ddl *ddl)
{
    if (mysql_ddl_accept(ddl, "WITH"))
        mysql_ddl_accept(ddl, "PARSER");
    else if (ddl->token.kind == MYSQL_TOKEN_WORD || ddl->token.kind == MYSQL_TOKEN_NAME)
        mysql_ddl_advance(ddl);
    mysql_ddl_accept_symbol(ddl, '=');
    bool found = ddl->token.kind != MYSQL_TOKEN_SYMBOL && ddl->token.kind != MYSQL_TOKEN_END;
    if (found)
        mysql_ddl_advance(ddl);
    return found;
}

static bool read_key_options(struct mysql_ddl *ddl, struct key *key)
{
    while (!mysql_ddl_at_symbol(ddl, ',') && !mysql_ddl_at_symbol(ddl, ')')) {
        bool understood = true;
        bool negated = mysql_ddl_accept(ddl, "NOT");
        if (mysql_ddl_accept(ddl, "INVISIBLE") || mysql_ddl_accept(ddl, "IGNORED")) {
            key->flags |= negated ? 0 : INDEX_HIDDEN;
            key->decorated |= !negated;
        } else if (mysql_ddl_accept(ddl, "VISIBLE")) {
            continue;
        } else if (mysql_ddl_accept(ddl, "USING")) {
            understood = read_using(ddl, key);
        } else {
            understood = skip_key_option(ddl);
        }
        if (!understood)
            return false;
    }
    return true;
}

static struct text_list list_parts(struct mysql_ddl *ddl, const struct key *key)
{
    uint32_t names[MYSQL_MAX_KEY_PARTS] = {0};
    for (size_t i = 0; i < key->count; i++)
        names[i] = key->parts[i].text;
    return schema_builder_list(ddl->builder, names, key->count);
}

/* A key over a period is more than its columns: the rest is kept as the constraint's expression. */
static uint32_t period_expression(struct mysql_ddl *ddl, const struct key *key)
{
    if (key->period == 0)
        return 0;
    strbuf_clear(&ddl->scratch);
    strbuf_printf(&ddl->scratch, "%s WITHOUT OVERLAPS", schema_builder_get_text(ddl->builder, key->period));
    return schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

static void add_key_constraint(struct mysql_ddl *ddl, const struct key *key, enum constraint_kind kind, uint32_t name)
{
    struct schema_constraint constraint = {
        .relation = ddl->relation,
        .name = name,
        .kind = (uint8_t)kind,
        .columns = list_parts(ddl, key),
        .expression = period_expression(ddl, key),
    };
    schema_builder_constraint(ddl->builder, &constraint);
}

static void add_index(struct mysql_ddl *ddl, const struct key *key, uint32_t name)
{
    struct schema_index index = {.relation = ddl->relation, .name = name, .method = key->method, .flags = key->flags};
    schema_builder_index(ddl->builder, &index, key->parts, key->count);
}

/* The constraint says which columns; what only an index can say of a primary key (prefixes, order) is kept beside it.
 */
static bool read_primary_key(struct mysql_ddl *ddl)
{
    struct key key = {.flags = INDEX_UNIQUE};
    if (!mysql_ddl_accept(ddl, "KEY"))
        return false;
    bool understood = read_key_parts(ddl, &key) && read_key_options(ddl, &key);
    uint32_t name = schema_builder_text(ddl->builder, "PRIMARY");
    add_key_constraint(ddl, &key, CONSTRAINT_PRIMARY_KEY, name);
    if (key.decorated)
        add_index(ddl, &key, name);
    return understood;
}

/* A unique key over whole columns is a constraint; with prefixes, order, expressions or invisible it is an index. */
static bool read_secondary_key(struct mysql_ddl *ddl, const char *method, uint16_t flags)
{
    struct key key = {.flags = flags, .method = schema_builder_text(ddl->builder, method)};
    if (!mysql_ddl_accept(ddl, "KEY") || ddl->token.kind != MYSQL_TOKEN_NAME)
        return false;
    uint32_t name = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    bool understood = read_key_parts(ddl, &key) && read_key_options(ddl, &key);
    if ((key.flags & INDEX_UNIQUE) && !key.decorated)
        add_key_constraint(ddl, &key, CONSTRAINT_UNIQUE, name);
    else
        add_index(ddl, &key, name);
    return understood;
}

/* "t_ibfk_1" (InnoDB), "t_chk_1" (MySQL), "CONSTRAINT_1" (MariaDB): chosen by the server. */
static bool is_automatic(const struct mysql_ddl *ddl, uint32_t name, const char *mark)
{
    const char *text = schema_builder_get_text(ddl->builder, name);
    size_t table_length = strlen(ddl->table);
    if (strncmp(text, ddl->table, table_length) == 0 && strncmp(text + table_length, mark, strlen(mark)) == 0)
        text += table_length + strlen(mark);
    else if (strncmp(text, "CONSTRAINT_", 11) == 0)
        text += 11;
    else
        return false;
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool read_names(struct mysql_ddl *ddl, struct text_list *ret_names)
{
    uint32_t names[MYSQL_MAX_KEY_PARTS] = {0};
    size_t count = 0;
    if (!mysql_ddl_accept_symbol(ddl, '('))
        return false;
    do {
        if (ddl->token.kind != MYSQL_TOKEN_NAME || count == MYSQL_MAX_KEY_PARTS)
            return false;
        names[count++] = mysql_ddl_intern_token(ddl);
        mysql_ddl_advance(ddl);
    } while (mysql_ddl_accept_symbol(ddl, ','));
    *ret_names = schema_builder_list(ddl->builder, names, count);
    return mysql_ddl_accept_symbol(ddl, ')');
}

static bool read_action(struct mysql_ddl *ddl, uint8_t *ret_action)
{
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++) {
        struct mysql_ddl before = *ddl;
        if (mysql_ddl_accept(ddl, actions[i].first) &&
            (!actions[i].second || mysql_ddl_accept(ddl, actions[i].second))) {
            *ret_action = (uint8_t)actions[i].action;
            return true;
        }
        *ddl = before;
    }
    return false;
}

static bool read_actions(struct mysql_ddl *ddl, struct schema_constraint *key)
{
    while (mysql_ddl_accept(ddl, "ON")) {
        bool understood = false;
        if (mysql_ddl_accept(ddl, "DELETE"))
            understood = read_action(ddl, &key->on_delete);
        else if (mysql_ddl_accept(ddl, "UPDATE"))
            understood = read_action(ddl, &key->on_update);
        if (!understood)
            return false;
    }
    return true;
}

static bool read_referenced_table(struct mysql_ddl *ddl, struct schema_constraint *key)
{
    if (!mysql_ddl_accept(ddl, "REFERENCES") || ddl->token.kind != MYSQL_TOKEN_NAME)
        return false;
    key->referenced_table = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    if (!mysql_ddl_accept_symbol(ddl, '.'))
        return true;
    if (ddl->token.kind != MYSQL_TOKEN_NAME)
        return false;
    key->referenced_schema = key->referenced_table;
    key->referenced_table = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    return true;
}

/* MySQL names the key that a reference leans on where it is no primary key. */
static bool read_foreign_key(struct mysql_ddl *ddl, uint32_t name)
{
    struct schema_constraint key = {.relation = ddl->relation, .name = name, .kind = CONSTRAINT_FOREIGN_KEY};
    if (is_automatic(ddl, name, "_ibfk_"))
        key.flags |= CONSTRAINT_AUTOMATIC_NAME;
    bool understood = mysql_ddl_accept(ddl, "KEY") && read_names(ddl, &key.columns) &&
                      read_referenced_table(ddl, &key) && read_names(ddl, &key.referenced_columns) &&
                      read_actions(ddl, &key);
    if (understood)
        schema_builder_constraint(ddl->builder, &key);
    return understood;
}

static bool read_check(struct mysql_ddl *ddl, uint32_t name)
{
    struct schema_constraint check = {.relation = ddl->relation, .name = name, .kind = CONSTRAINT_CHECK};
    const char *text = NULL;
    size_t length = 0;
    if (!mysql_ddl_enclosed(ddl, &text, &length))
        return false;
    check.expression = mysql_ddl_intern_expression(ddl, text, length);
    if (is_automatic(ddl, name, "_chk_"))
        check.flags |= CONSTRAINT_AUTOMATIC_NAME;
    if (mysql_ddl_accept(ddl, "NOT")) {
        if (!mysql_ddl_accept(ddl, "ENFORCED"))
            return false;
        check.flags |= CONSTRAINT_NOT_ENFORCED;
    }
    schema_builder_constraint(ddl->builder, &check);
    return true;
}

static bool read_constraint(struct mysql_ddl *ddl)
{
    if (ddl->token.kind != MYSQL_TOKEN_NAME)
        return false;
    uint32_t name = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    if (mysql_ddl_accept(ddl, "FOREIGN"))
        return read_foreign_key(ddl, name);
    return mysql_ddl_accept(ddl, "CHECK") && read_check(ddl, name);
}

/* "PERIOD FOR SYSTEM_TIME (a, b)" says what its columns say; an application's period is kept like a check. */
static bool read_period(struct mysql_ddl *ddl)
{
    struct schema_constraint period = {.relation = ddl->relation, .kind = CONSTRAINT_CHECK};
    if (!mysql_ddl_accept(ddl, "FOR"))
        return false;
    bool own = ddl->token.kind == MYSQL_TOKEN_NAME;
    period.name = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    if (!read_names(ddl, &period.columns))
        return false;
    period.expression = schema_builder_text(ddl->builder, "PERIOD");
    if (own)
        schema_builder_constraint(ddl->builder, &period);
    return true;
}

bool mysql_ddl_read_key(struct mysql_ddl *ddl, bool *ret_index)
{
    if (mysql_ddl_accept(ddl, "PRIMARY"))
        return read_primary_key(ddl);
    if (mysql_ddl_accept(ddl, "CONSTRAINT"))
        return read_constraint(ddl);
    if (mysql_ddl_accept(ddl, "PERIOD"))
        return read_period(ddl);
    *ret_index = true;
    for (size_t i = 0; i < ARRAY_LENGTH(key_kinds); i++) {
        if (mysql_ddl_accept(ddl, key_kinds[i].word))
            return read_secondary_key(ddl, key_kinds[i].method, key_kinds[i].flags);
    }
    return mysql_ddl_at(ddl, "KEY") && read_secondary_key(ddl, NULL, 0);
}
