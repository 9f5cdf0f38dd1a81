/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "dialect/mysql_ddl_parser.h"

/* Types whose printed arguments say nothing, and numbers, whose defaults are compared as numbers. */
static const struct {
    const char *name;
    bool number;
    bool has_width; /* "int(11)": a display width, not a size */
} number_types[] = {
    {"tinyint", true, true}, {"smallint", true, true}, {"mediumint", true, true},
    {"int", true, true},     {"bigint", true, true},   {"decimal", true, false},
    {"float", true, false},  {"double", true, false},  {"year", true, true},
};

/* A column while its attributes are read. */
struct column_parts {
    struct schema_column column;
    bool number;
    bool utf8mb4_bin;
    bool longtext;
    uint32_t on_update;
    const char *check; /* the column's own CHECK */
    size_t check_length;
};

static void add_lower(struct strbuf *out, const struct mysql_token *token)
{
    for (size_t i = 0; i < token->length; i++)
        strbuf_add_char(out, (char)tolower((unsigned char)token->text[i]));
}

/* "(10,2)" or "('a','b')" without blanks, strings in the canonical spelling. */
static bool read_arguments(struct mysql_ddl *ddl, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf value = STRBUF(out->maximum);
    for (; ddl->token.kind != MYSQL_TOKEN_END; mysql_ddl_advance(ddl)) {
        if (ddl->token.kind == MYSQL_TOKEN_STRING) {
            strbuf_clear(&value);
            mysql_token_decode(&ddl->token, &value);
            mysql_quote_string(out, strbuf_text(&value), value.length);
        } else {
            strbuf_add(out, ddl->token.text, ddl->token.length);
        }
        if (mysql_ddl_accept_symbol(ddl, ')'))
            return strbuf_ok(&value);
    }
    return false;
}

bool mysql_ddl_read_type(struct mysql_ddl *ddl, bool *ret_number)
{
    struct strbuf *out = &ddl->scratch;
    strbuf_clear(out);
    if (ddl->token.kind != MYSQL_TOKEN_WORD)
        return false;
    bool has_width = false;
    bool tinyint = mysql_ddl_at(ddl, "tinyint");
    for (size_t i = 0; i < ARRAY_LENGTH(number_types); i++) {
        if (mysql_ddl_at(ddl, number_types[i].name)) {
            *ret_number = number_types[i].number;
            has_width = number_types[i].has_width;
        }
    }
    add_lower(out, &ddl->token);
    mysql_ddl_advance(ddl);
    size_t name_end = out->length;
    if (mysql_ddl_at_symbol(ddl, '(') && !read_arguments(ddl, out))
        return false;
    size_t type_end = out->length;
    bool plain = true;
    while (mysql_ddl_at(ddl, "unsigned") || mysql_ddl_at(ddl, "zerofill")) {
        plain &= !mysql_ddl_at(ddl, "zerofill");
        strbuf_add_char(out, ' ');
        add_lower(out, &ddl->token);
        mysql_ddl_advance(ddl);
    }
    bool is_boolean =
        tinyint && out->length == type_end && strbuf_ok(out) && strcmp(strbuf_text(out) + name_end, "(1)") == 0;
    if (has_width && plain && !is_boolean && strbuf_ok(out)) {
        memmove(out->bytes + name_end, out->bytes + type_end, out->length - type_end + 1);
        out->length -= type_end - name_end;
    }
    return true;
}

/* From the current token up to where an expression that no parenthesis encloses ends: "uuid()", "b'1'", "-1.5". */
static bool take_simple(struct mysql_ddl *ddl, const char **ret_text, size_t *ret_length)
{
    const char *inner = NULL;
    size_t inner_length = 0;
    *ret_text = ddl->token.text;
    if (mysql_ddl_at_symbol(ddl, '-') || mysql_ddl_at_symbol(ddl, '+'))
        mysql_ddl_advance(ddl);
    const char *end = ddl->token.text + ddl->token.length;
    if (mysql_ddl_at_symbol(ddl, '(')) {
        if (!mysql_ddl_enclosed(ddl, &inner, &inner_length))
            return false;
        end = inner + inner_length + 1;
    } else if (ddl->token.kind == MYSQL_TOKEN_WORD) {
        mysql_ddl_advance(ddl);
        if (ddl->token.kind == MYSQL_TOKEN_STRING) {
            end = ddl->token.text + ddl->token.length;
            mysql_ddl_advance(ddl);
        } else if (mysql_ddl_at_symbol(ddl, '(')) {
            if (!mysql_ddl_enclosed(ddl, &inner, &inner_length))
                return false;
            end = inner + inner_length + 1;
        }
    } else if (ddl->token.kind == MYSQL_TOKEN_STRING || ddl->token.kind == MYSQL_TOKEN_NUMBER) {
        mysql_ddl_advance(ddl);
    } else {
        return false;
    }
    *ret_length = (size_t)(end - *ret_text);
    return true;
}

static bool is_number(const char *text, size_t length)
{
    size_t digits = 0;
    for (size_t i = 0; i < length; i++) {
        digits += isdigit((unsigned char)text[i]) != 0;
        if (!isdigit((unsigned char)text[i]) && !strchr("+-.eE", text[i]))
            return false;
    }
    return digits > 0;
}

/* MySQL quotes the default of a number, MariaDB does not: a number it is. */
static bool read_default(struct mysql_ddl *ddl, struct column_parts *parts)
{
    if (mysql_ddl_accept(ddl, "NULL"))
        return true;
    if (parts->number && ddl->token.kind == MYSQL_TOKEN_STRING &&
        is_number(ddl->token.text + 1, ddl->token.length - 2)) {
        parts->column.default_expression = mysql_ddl_intern_token(ddl);
        mysql_ddl_advance(ddl);
        return true;
    }
    const char *text = NULL;
    size_t length = 0;
    if (!take_simple(ddl, &text, &length))
        return false;
    parts->column.default_expression = mysql_ddl_intern_expression(ddl, text, length);
    return true;
}

static bool read_on_update(struct mysql_ddl *ddl, struct column_parts *parts)
{
    const char *text = NULL;
    size_t length = 0;
    if (!mysql_ddl_accept(ddl, "UPDATE") || !take_simple(ddl, &text, &length))
        return false;
    parts->on_update = mysql_ddl_intern_expression(ddl, text, length);
    return true;
}

/* "GENERATED ALWAYS" was read: "AS (expression)", or one of the two ends of a row's life in a versioned table. */
static bool read_generated(struct mysql_ddl *ddl, struct column_parts *parts)
{
    const char *text = NULL;
    size_t length = 0;
    if (!mysql_ddl_accept(ddl, "ALWAYS") || !mysql_ddl_accept(ddl, "AS"))
        return false;
    parts->column.flags |= COLUMN_GENERATED_VIRTUAL;
    if (mysql_ddl_enclosed(ddl, &text, &length)) {
        parts->column.generated = mysql_ddl_intern_expression(ddl, text, length);
        return true;
    }
    text = ddl->token.text;
    if (!mysql_ddl_accept(ddl, "ROW"))
        return false;
    length = (size_t)(ddl->token.text + ddl->token.length - text);
    if (!mysql_ddl_accept(ddl, "START") && !mysql_ddl_accept(ddl, "END"))
        return false;
    parts->column.generated = mysql_ddl_intern_expression(ddl, text, length);
    parts->column.flags = (uint16_t)((parts->column.flags & ~COLUMN_GENERATED_VIRTUAL) | COLUMN_GENERATED_STORED);
    return true;
}

static void set_stored(struct column_parts *parts)
{
    if (parts->column.flags & COLUMN_GENERATED_VIRTUAL)
        parts->column.flags = (uint16_t)((parts->column.flags & ~COLUMN_GENERATED_VIRTUAL) | COLUMN_GENERATED_STORED);
}

/* Attributes that are not part of the model: one word, one word and a value, or a value after an equals sign. */
static bool skip_attribute(struct mysql_ddl *ddl)
{
    static const char *const with_value[] = {"COMMENT",      "COLUMN_FORMAT",    "STORAGE",
                                             "SRID",         "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE",
                                             "REF_SYSTEM_ID"};
    if (mysql_ddl_accept(ddl, "COMPRESSED") || mysql_ddl_accept(ddl, "VIRTUAL"))
        return true;
    if (mysql_ddl_accept(ddl, "WITH") || mysql_ddl_accept(ddl, "WITHOUT"))
        return mysql_ddl_accept(ddl, "SYSTEM") && mysql_ddl_accept(ddl, "VERSIONING");
    for (size_t i = 0; i < ARRAY_LENGTH(with_value); i++) {
        if (!mysql_ddl_accept(ddl, with_value[i]))
            continue;
        mysql_ddl_accept_symbol(ddl, '=');
        bool found = ddl->token.kind != MYSQL_TOKEN_SYMBOL && ddl->token.kind != MYSQL_TOKEN_END;
        mysql_ddl_advance(ddl);
        return found;
    }
    return false;
}

static bool read_character_set(struct mysql_ddl *ddl)
{
    bool found = mysql_ddl_accept(ddl, "SET") && ddl->token.kind == MYSQL_TOKEN_WORD;
    mysql_ddl_advance(ddl);
    return found;
}

static bool read_collation(struct mysql_ddl *ddl, struct column_parts *parts)
{
    parts->utf8mb4_bin = mysql_ddl_at(ddl, "utf8mb4_bin");
    bool found = ddl->token.kind == MYSQL_TOKEN_WORD;
    mysql_ddl_advance(ddl);
    return found;
}

static bool read_attribute(struct mysql_ddl *ddl, struct column_parts *parts)
{
    if (mysql_ddl_accept(ddl, "NOT")) {
        if (mysql_ddl_accept(ddl, "SECONDARY"))
            return true;
        parts->column.flags &= (uint16_t)~COLUMN_NULLABLE;
        return mysql_ddl_accept(ddl, "NULL");
    }
    if (mysql_ddl_accept(ddl, "NULL"))
        return true;
    if (mysql_ddl_accept(ddl, "DEFAULT"))
        return read_default(ddl, parts);
    if (mysql_ddl_accept(ddl, "CHARACTER"))
        return read_character_set(ddl);
    if (mysql_ddl_accept(ddl, "COLLATE"))
        return read_collation(ddl, parts);
    if (mysql_ddl_accept(ddl, "ON"))
        return read_on_update(ddl, parts);
    if (mysql_ddl_accept(ddl, "GENERATED"))
        return read_generated(ddl, parts);
    if (mysql_ddl_accept(ddl, "CHECK"))
        return mysql_ddl_enclosed(ddl, &parts->check, &parts->check_length);
    if (mysql_ddl_accept(ddl, "AUTO_INCREMENT")) {
        parts->column.flags |= COLUMN_AUTO_INCREMENT;
    } else if (mysql_ddl_accept(ddl, "INVISIBLE")) {
        parts->column.flags |= COLUMN_HIDDEN;
    } else if (mysql_ddl_accept(ddl, "STORED") || mysql_ddl_accept(ddl, "PERSISTENT")) {
        set_stored(parts);
    } else {
        return skip_attribute(ddl);
    }
    return true;
}

/* MariaDB's json is three things at once, and only together: longtext, utf8mb4_bin, and the check that it is json. */
static bool is_json_alias(const struct column_parts *parts, const struct mysql_token *name)
{
    if (!parts->longtext || !parts->utf8mb4_bin || !parts->check)
        return false;
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, parts->check, parts->check_length);
    struct mysql_token tokens[5] = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(tokens); i++)
        tokens[i] = mysql_lexer_next(&lexer);
    return mysql_token_is(&tokens[0], "json_valid") && mysql_token_is_symbol(&tokens[1], '(') &&
           tokens[2].length == name->length && memcmp(tokens[2].text, name->text, name->length) == 0 &&
           mysql_token_is_symbol(&tokens[3], ')') && tokens[4].kind == MYSQL_TOKEN_END;
}

/* The model keeps ON UPDATE with the default: both say what the server writes when the statement does not. */
static void join_on_update(struct mysql_ddl *ddl, struct column_parts *parts)
{
    if (parts->on_update == 0)
        return;
    strbuf_clear(&ddl->scratch);
    if (parts->column.default_expression)
        strbuf_printf(&ddl->scratch, "%s ", schema_builder_get_text(ddl->builder, parts->column.default_expression));
    strbuf_printf(&ddl->scratch, "ON UPDATE %s", schema_builder_get_text(ddl->builder, parts->on_update));
    parts->column.default_expression =
        schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
}

static void add_check(struct mysql_ddl *ddl, const struct column_parts *parts)
{
    struct schema_constraint check = {
        .relation = ddl->relation,
        .kind = CONSTRAINT_CHECK,
        .flags = CONSTRAINT_AUTOMATIC_NAME,
        .expression = mysql_ddl_intern_expression(ddl, parts->check, parts->check_length),
        .columns = schema_builder_list(ddl->builder, &parts->column.name, 1),
    };
    schema_builder_constraint(ddl->builder, &check);
}

bool mysql_ddl_read_column(struct mysql_ddl *ddl)
{
    struct mysql_token name = ddl->token;
    struct column_parts parts = {
        .column = {.relation = ddl->relation, .position = ++ddl->position, .flags = COLUMN_NULLABLE},
    };
    parts.column.name = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    parts.longtext = mysql_ddl_at(ddl, "longtext");
    bool understood = mysql_ddl_read_type(ddl, &parts.number);
    parts.column.type = schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
    while (understood && !mysql_ddl_at_symbol(ddl, ',') && !mysql_ddl_at_symbol(ddl, ')'))
        understood = read_attribute(ddl, &parts);
    join_on_update(ddl, &parts);
    if (is_json_alias(&parts, &name))
        parts.column.type = schema_builder_text(ddl->builder, "json");
    else if (parts.check)
        add_check(ddl, &parts);
    schema_builder_column(ddl->builder, &parts.column);
    return understood;
}
