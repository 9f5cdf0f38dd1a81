/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "dialect/mysql_ddl_parser.h"

/* Types whose printed width says nothing: it is how wide a client may show them, not what they hold. */
static const char *const width_types[] = {"tinyint", "smallint", "mediumint", "int", "bigint", "year"};

static const char *const charset_types[] = {"char",       "varchar",  "tinytext", "text",
                                            "mediumtext", "longtext", "enum",     "set"};

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

static bool at_any(const struct mysql_ddl *ddl, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (mysql_ddl_at(ddl, words[i]))
            return true;
    }
    return false;
}

bool mysql_ddl_read_type(struct mysql_ddl *ddl)
{
    struct strbuf *out = &ddl->scratch;
    strbuf_clear(out);
    if (ddl->token.kind != MYSQL_TOKEN_WORD)
        return false;
    bool has_width = at_any(ddl, width_types, ARRAY_LENGTH(width_types));
    bool tinyint = mysql_ddl_at(ddl, "tinyint");
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

/* Parentheses around an expression stay: they are part of what can be executed. */
static bool read_default(struct mysql_ddl *ddl, struct mysql_ddl_column *parts)
{
    if (mysql_ddl_accept(ddl, "NULL"))
        return true;
    const char *text = NULL;
    size_t length = 0;
    if (!take_simple(ddl, &text, &length))
        return false;
    parts->column.default_expression = mysql_ddl_intern_expression(ddl, text, length);
    return true;
}

static bool read_on_update(struct mysql_ddl *ddl, struct mysql_ddl_column *parts)
{
    const char *text = NULL;
    size_t length = 0;
    if (!mysql_ddl_accept(ddl, "UPDATE") || !take_simple(ddl, &text, &length))
        return false;
    parts->on_update = mysql_ddl_intern_expression(ddl, text, length);
    return true;
}

static void set_generated(struct mysql_ddl_column *parts, unsigned flag)
{
    unsigned others = parts->column.flags & ~(unsigned)(COLUMN_GENERATED_VIRTUAL | COLUMN_GENERATED_STORED);
    parts->column.flags = (uint16_t)(others | flag);
}

/* "GENERATED" was read: "ALWAYS AS (expression)", or one of the two ends of a row's life in a versioned table. */
static bool read_generated(struct mysql_ddl *ddl, struct mysql_ddl_column *parts)
{
    const char *text = NULL;
    size_t length = 0;
    if (!mysql_ddl_accept(ddl, "ALWAYS") || !mysql_ddl_accept(ddl, "AS"))
        return false;
    set_generated(parts, COLUMN_GENERATED_VIRTUAL);
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
    set_generated(parts, COLUMN_GENERATED_STORED);
    return true;
}

/* A value, maybe behind an equals sign; 0 is left in `*ret_value` if it is none. */
static bool read_value(struct mysql_ddl *ddl, uint32_t *ret_value)
{
    mysql_ddl_accept_symbol(ddl, '=');
    bool found = ddl->token.kind != MYSQL_TOKEN_SYMBOL && ddl->token.kind != MYSQL_TOKEN_END;
    *ret_value = found ? mysql_ddl_intern_token(ddl) : 0;
    mysql_ddl_advance(ddl);
    return found;
}

/* Attributes that are not part of the model: one word, or one word and a value. */
static bool skip_attribute(struct mysql_ddl *ddl)
{
    static const char *const with_value[] = {"COLUMN_FORMAT", "STORAGE", "ENGINE_ATTRIBUTE",
                                             "SECONDARY_ENGINE_ATTRIBUTE"};
    uint32_t value = 0;
    if (mysql_ddl_accept(ddl, "COMPRESSED") || mysql_ddl_accept(ddl, "VIRTUAL") || mysql_ddl_accept(ddl, "VISIBLE"))
        return true;
    if (mysql_ddl_accept(ddl, "WITH") || mysql_ddl_accept(ddl, "WITHOUT"))
        return mysql_ddl_accept(ddl, "SYSTEM") && mysql_ddl_accept(ddl, "VERSIONING");
    for (size_t i = 0; i < ARRAY_LENGTH(with_value); i++) {
        if (mysql_ddl_accept(ddl, with_value[i]))
            return read_value(ddl, &value);
    }
    return false;
}

static bool read_charset(struct mysql_ddl *ddl, uint32_t *ret_name)
{
    bool found = ddl->token.kind == MYSQL_TOKEN_WORD;
    *ret_name = found ? mysql_ddl_intern_collation(ddl, ddl->token.text, ddl->token.length) : 0;
    mysql_ddl_advance(ddl);
    return found;
}

static bool read_check(struct mysql_ddl *ddl, struct mysql_ddl_column *parts)
{
    const char *text = NULL;
    size_t length = 0;
    if (!mysql_ddl_enclosed(ddl, &text, &length))
        return false;
    parts->check = mysql_ddl_intern_expression(ddl, text, length);
    return true;
}

static bool read_not(struct mysql_ddl *ddl, struct mysql_ddl_column *parts)
{
    if (mysql_ddl_accept(ddl, "SECONDARY"))
        return true;
    parts->column.flags &= (uint16_t)~COLUMN_NULLABLE;
    return mysql_ddl_accept(ddl, "NULL");
}

static bool read_flag(struct mysql_ddl *ddl, struct mysql_ddl_column *parts)
{
    if (mysql_ddl_accept(ddl, "NULL"))
        return true;
    if (mysql_ddl_accept(ddl, "AUTO_INCREMENT"))
        parts->column.flags |= COLUMN_AUTO_INCREMENT;
    else if (mysql_ddl_accept(ddl, "INVISIBLE"))
        parts->column.flags |= COLUMN_HIDDEN;
    else if (mysql_ddl_accept(ddl, "STORED") || mysql_ddl_accept(ddl, "PERSISTENT"))
        set_generated(parts, COLUMN_GENERATED_STORED);
    else
        return skip_attribute(ddl);
    return true;
}

static bool read_attribute(struct mysql_ddl *ddl, struct mysql_ddl_column *parts)
{
    if (mysql_ddl_accept(ddl, "NOT"))
        return read_not(ddl, parts);
    if (mysql_ddl_accept(ddl, "DEFAULT"))
        return read_default(ddl, parts);
    if (mysql_ddl_accept(ddl, "CHARACTER"))
        return mysql_ddl_accept(ddl, "SET") && read_charset(ddl, &parts->charset);
    if (mysql_ddl_accept(ddl, "COLLATE"))
        return read_charset(ddl, &parts->collation);
    if (mysql_ddl_accept(ddl, "ON"))
        return read_on_update(ddl, parts);
    if (mysql_ddl_accept(ddl, "GENERATED"))
        return read_generated(ddl, parts);
    if (mysql_ddl_accept(ddl, "CHECK"))
        return read_check(ddl, parts);
    if (mysql_ddl_accept(ddl, "COMMENT"))
        return read_value(ddl, &parts->comment);
    if (mysql_ddl_accept(ddl, "SRID") || mysql_ddl_accept(ddl, "REF_SYSTEM_ID"))
        return read_value(ddl, &parts->srid);
    return read_flag(ddl, parts);
}

static bool texts_equal(struct mysql_ddl *ddl, uint32_t text, const char *wanted)
{
    return text != 0 && strcmp(schema_builder_get_text(ddl->builder, text), wanted) == 0;
}

/* MariaDB's json is three things at once, and only together: longtext, utf8mb4_bin, and the check that it is json. */
static bool is_json_alias(struct mysql_ddl *ddl, const struct mysql_ddl_column *parts)
{
    if (!texts_equal(ddl, parts->column.type, "longtext") || !texts_equal(ddl, parts->collation, "utf8mb4_bin") ||
        parts->check == 0)
        return false;
    strbuf_clear(&ddl->scratch);
    strbuf_add_string(&ddl->scratch, "json_valid(");
    mysql_quote_name(&ddl->scratch, schema_builder_get_text(ddl->builder, parts->column.name));
    strbuf_add_char(&ddl->scratch, ')');
    return strcmp(schema_builder_get_text(ddl->builder, parts->check), strbuf_text(&ddl->scratch)) == 0;
}

/* The key that MySQL gives a table without one (sql_generate_invisible_primary_key). */
static bool is_made_by_server(struct mysql_ddl *ddl, const struct mysql_ddl_column *parts)
{
    unsigned flags = COLUMN_HIDDEN | COLUMN_AUTO_INCREMENT;
    return parts->column.flags == flags && texts_equal(ddl, parts->column.name, "my_row_id") &&
           texts_equal(ddl, parts->column.type, "bigint unsigned");
}

static bool keep_column(struct mysql_ddl *ddl, const struct mysql_ddl_column *parts)
{
    if (!mem_grow(&ddl->columns, &ddl->column_capacity, ddl->column_count, sizeof(*ddl->columns), MYSQL_MAX_COLUMNS))
        return false;
    ddl->columns[ddl->column_count++] = *parts;
    return true;
}

bool mysql_ddl_read_column(struct mysql_ddl *ddl)
{
    struct mysql_ddl_column parts = {
        .column = {.relation = ddl->relation, .position = ++ddl->position, .flags = COLUMN_NULLABLE},
    };
    parts.column.name = mysql_ddl_intern_token(ddl);
    mysql_ddl_advance(ddl);
    parts.has_charset = at_any(ddl, charset_types, ARRAY_LENGTH(charset_types));
    bool understood = mysql_ddl_read_type(ddl);
    parts.column.type = schema_builder_text_n(ddl->builder, strbuf_text(&ddl->scratch), ddl->scratch.length);
    while (understood && !mysql_ddl_at_symbol(ddl, ',') && !mysql_ddl_at_symbol(ddl, ')'))
        understood = read_attribute(ddl, &parts);
    if (is_json_alias(ddl, &parts)) {
        parts.column.type = schema_builder_text(ddl->builder, "json");
        parts.has_charset = false;
        parts.check = 0;
    }
    parts.made_by_server = is_made_by_server(ddl, &parts);
    return keep_column(ddl, &parts) && understood;
}

/* What the column does not say itself is the table's. */
static void settle_charset(struct mysql_ddl *ddl, struct mysql_ddl_column *parts)
{
    if (!parts->has_charset) {
        parts->charset = 0;
        parts->collation = 0;
    } else if (parts->collation) {
        parts->charset = mysql_ddl_charset_of(ddl, parts->collation);
    } else if (parts->charset) {
        parts->collation = mysql_ddl_collation_of(ddl, parts->charset);
    } else {
        parts->charset = ddl->charset;
        parts->collation = ddl->collation;
    }
}

void mysql_ddl_add_columns(struct mysql_ddl *ddl)
{
    for (size_t i = 0; i < ddl->column_count; i++) {
        struct mysql_ddl_column *parts = &ddl->columns[i];
        settle_charset(ddl, parts);
        uint32_t maker = parts->made_by_server ? schema_builder_text(ddl->builder, "server") : 0;
        const struct schema_attribute attributes[] = {
            {.key = ATTRIBUTE_CHARSET, .text = parts->charset},
            {.key = ATTRIBUTE_COLLATION, .text = parts->collation},
            {.key = ATTRIBUTE_ON_UPDATE, .text = parts->on_update},
            {.key = ATTRIBUTE_SRID, .text = parts->srid},
            {.key = ATTRIBUTE_COLUMN_CHECK, .text = parts->check},
            {.key = ATTRIBUTE_COMMENT, .text = parts->comment},
            {.key = ATTRIBUTE_TOOL_OBJECT, .text = maker},
        };
        parts->column.attributes = schema_builder_attributes(ddl->builder, attributes, ARRAY_LENGTH(attributes));
        schema_builder_column(ddl->builder, &parts->column);
    }
}
