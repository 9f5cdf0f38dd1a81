/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/mysql_ddl_parser.h"

/* RESTRICT and NO ACTION are one action under two names. */
static const struct {
    const char *first;
    const char *second;
    enum foreign_key_action action;
} actions[] = {
    {"RESTRICT", NULL, ACTION_NO_ACTION}, {"NO", "ACTION", ACTION_NO_ACTION},     {"CASCADE", NULL, ACTION_CASCADE},
    {"SET", "NULL", ACTION_SET_NULL},     {"SET", "DEFAULT", ACTION_SET_DEFAULT},
};

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

static bool starts_with_any(const char *text, const char *end, const char *const *words)
{
    for (; *words; words++)
        if ((size_t)(end - text) >= strlen(*words) && memcmp(text, *words, strlen(*words)) == 0)
            return true;
    return false;
}

/* MariaDB 11.8 prints the names in a foreign key without doubling the backticks in them: such a name ends where what
 * must follow it stands. */
static void take_whole_name(struct mysql_ddl *ddl, const char *const *followers)
{
    const char *end = ddl->lexer.end;
    const char *last = ddl->token.text + ddl->token.length - 1;
    if (ddl->token.kind != MYSQL_TOKEN_NAME || starts_with_any(last + 1, end, followers))
        return;
    while ((last = memchr(last + 1, '`', (size_t)(end - last - 1))))
        if (starts_with_any(last + 1, end, followers)) {
            ddl->token.length = (size_t)(last + 1 - ddl->token.text);
            ddl->token.escaped = false;
            ddl->lexer.at = last + 1;
            return;
        }
}

bool mysql_ddl_read_names(struct mysql_ddl *ddl, uint32_t *names, uint32_t *ret_count)
{
    static const char *const followers[] = {",", ")", NULL};
    uint32_t count = 0;
    if (!mysql_ddl_accept_symbol(ddl, '('))
        return false;
    do {
        take_whole_name(ddl, followers);
        if (ddl->token.kind != MYSQL_TOKEN_NAME || count == MYSQL_MAX_KEY_PARTS)
            return false;
        names[count++] = mysql_ddl_intern_token(ddl);
        mysql_ddl_advance(ddl);
    } while (mysql_ddl_accept_symbol(ddl, ','));
    *ret_count = count;
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
    if (!ddl->database || strcmp(schema_builder_get_text(ddl->builder, key->referenced_table), ddl->database) != 0)
        key->referenced_schema = key->referenced_table;
    key->referenced_table = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    return true;
}

static bool keep_reference(struct mysql_ddl *ddl, const struct mysql_ddl_reference *reference)
{
    if (!mem_grow(&ddl->references, &ddl->reference_capacity, ddl->reference_count, sizeof(*ddl->references),
                  LIMIT_CONSTRAINTS))
        return false;
    ddl->references[ddl->reference_count++] = *reference;
    return true;
}

static bool read_list(struct mysql_ddl *ddl, struct text_list *ret_names)
{
    uint32_t names[MYSQL_MAX_KEY_PARTS] = {0};
    uint32_t count = 0;
    bool understood = mysql_ddl_read_names(ddl, names, &count);
    *ret_names = schema_builder_list(ddl->builder, names, count);
    return understood;
}

static bool read_foreign_key(struct mysql_ddl *ddl, uint32_t name)
{
    struct schema_constraint key = {.relation = ddl->relation, .name = name, .kind = CONSTRAINT_FOREIGN_KEY};
    struct mysql_ddl_reference own = {.name = name};
    if (is_automatic(ddl, name, "_ibfk_"))
        key.flags |= CONSTRAINT_AUTOMATIC_NAME;
    if (!mysql_ddl_accept(ddl, "KEY") || !mysql_ddl_read_names(ddl, own.columns, &own.count))
        return false;
    key.columns = schema_builder_list(ddl->builder, own.columns, own.count);
    if (!read_referenced_table(ddl, &key) || !read_list(ddl, &key.referenced_columns) || !read_actions(ddl, &key))
        return false;
    schema_builder_constraint(ddl->builder, &key);
    return keep_reference(ddl, &own);
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

bool mysql_ddl_read_constraint(struct mysql_ddl *ddl)
{
    static const char *const followers[] = {" FOREIGN KEY (", " CHECK (", NULL};
    if (ddl->token.kind != MYSQL_TOKEN_NAME)
        return false;
    take_whole_name(ddl, followers);
    uint32_t name = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    if (mysql_ddl_accept(ddl, "FOREIGN"))
        return read_foreign_key(ddl, name);
    return mysql_ddl_accept(ddl, "CHECK") && read_check(ddl, name);
}

/* "PERIOD FOR SYSTEM_TIME (a, b)" says what its columns say; an application's period is kept like a check. */
bool mysql_ddl_read_period(struct mysql_ddl *ddl)
{
    struct schema_constraint period = {.relation = ddl->relation, .kind = CONSTRAINT_CHECK};
    if (!mysql_ddl_accept(ddl, "FOR"))
        return false;
    bool own = ddl->token.kind == MYSQL_TOKEN_NAME;
    period.name = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    if (!read_list(ddl, &period.columns))
        return false;
    period.expression = schema_builder_text(ddl->builder, "PERIOD");
    if (own)
        schema_builder_constraint(ddl->builder, &period);
    return true;
}
