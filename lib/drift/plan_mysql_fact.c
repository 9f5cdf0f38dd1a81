/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts about tables and columns. What information_schema shows otherwise than SHOW CREATE, from which the model has
 * its texts, is brought into one form on both sides, or only asked for being there.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static bool is_mariadb(const struct plan_maker *maker)
{
    return mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
}

static bool starts_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

static bool is_text_type(const char *type)
{
    static const char *const types[] = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (starts_with(type, types[i]))
            return true;
    return false;
}

/* Types of which constants are shown as bytes here and as text there. */
static bool is_byte_type(const char *type)
{
    static const char *const types[] = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit"};
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (starts_with(type, types[i]))
            return true;
    return false;
}

/* Widths of integers are only shown by some servers, and dropped by the model. */
static const char column_type_sql[] =
    "CASE WHEN DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year') AND COLUMN_TYPE <> "
    "'tinyint(1)' AND COLUMN_TYPE NOT LIKE '%zerofill%' THEN\n        CONCAT(DATA_TYPE, IF(COLUMN_TYPE LIKE "
    "'%unsigned%', ' "
    "unsigned', '')) ELSE COLUMN_TYPE END";

static bool is_json_alias(const struct plan_maker *maker, const struct mysql_column *column)
{
    return is_mariadb(maker) && strcmp(column->type, "json") == 0;
}

/* MariaDB's json is another name for longtext. */
static const char *type_value(const struct plan_maker *maker, const char *type)
{
    return is_mariadb(maker) && strcmp(type, "json") == 0 ? "longtext" : type;
}

/* Which parts of a column information_schema shows in a form that can be foretold, of every given side. */
struct shown {
    bool type;
    bool expressions; /* their text; else whether there are any */
    bool collation;
    bool has_default; /* some side has one, so that its text counts */
    bool has_generated;
    bool has_check;
};

static void narrow(const struct plan_maker *maker, const struct mysql_column *column, struct shown *shown)
{
    if (!column)
        return;
    for (const char *at = column->type; *at; at++)
        shown->type &= (unsigned char)*at < 0xF0 && *at != '\\' && (unsigned char)*at >= ' ';
    bool plain = mysql_is_plainly_shown(column->default_expression) && mysql_is_plainly_shown(column->generated) &&
                 mysql_is_plainly_shown(column->check) && !is_byte_type(column->type);
    shown->expressions &= plain && !mysql_plan_of(maker)->loose;
    shown->collation &= column->collation || !is_text_type(column->type);
    shown->has_default |= column->default_expression && !column->generated;
    shown->has_generated |= column->generated != NULL;
    shown->has_check |= column->check || is_json_alias(maker, column);
}

static const char *collation_value(const struct plan_maker *maker, const struct mysql_column *column)
{
    if (is_json_alias(maker, column))
        return "utf8mb4_bin";
    return column->collation && is_text_type(column->type) ? column->collation : "";
}

static void add_expression(struct plan_maker *maker, struct strbuf *out, const char *text, bool shown)
{
    strbuf_add_char(out, '|');
    if (text)
        strbuf_printf(out, "=%s", shown ? mysql_squeezed(maker, text) : "");
}

static const char *column_value(struct plan_maker *maker, const struct mysql_column *column, const struct shown *shown)
{
    static const struct {
        unsigned flag;
        char letter;
    } letters[] = {{COLUMN_AUTO_INCREMENT, 'a'},
                   {COLUMN_HIDDEN, 'i'},
                   {COLUMN_GENERATED_VIRTUAL, 'v'},
                   {COLUMN_GENERATED_STORED, 's'}};
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    if (!column)
        return "";
    bool period = mysql_column_is_period_end(column);
    strbuf_add_string(&out, shown->type ? type_value(maker, column->type) : "column");
    strbuf_add_string(&out, column->flags & COLUMN_NULLABLE && !period ? "|null|" : "|not null|");
    for (size_t i = 0; i < ARRAY_LENGTH(letters); i++)
        if (column->flags & letters[i].flag)
            strbuf_add_char(&out, letters[i].letter);
    if (column->on_update)
        strbuf_add_char(&out, 'u');
    add_expression(maker, &out, column->generated ? NULL : column->default_expression, shown->expressions);
    add_expression(maker, &out, column->generated, shown->expressions);
    strbuf_printf(&out, "|%s", shown->collation ? collation_value(maker, column) : "");
    if (!is_mariadb(maker)) {
        strbuf_printf(&out, "|%s", column->srid ? column->srid : "");
    } else {
        bool json = is_json_alias(maker, column);
        const char *own = json ? plan_printf(maker, "json_valid(%s)", column->name) : column->check;
        add_expression(maker, &out, own, shown->expressions);
    }
    return plan_keep(maker, &out);
}

static const char *expression_sql(struct plan_maker *maker, const char *expression, bool shown)
{
    if (!shown)
        return plan_printf(maker, "IF(%s IS NULL, '', '=')", expression);
    return plan_printf(maker, "COALESCE(CONCAT('=', %s), '')", mysql_squeezed_sql(maker, expression));
}

/* MariaDB shows the keyword where a column that may be NULL has no default. */
static const char *default_sql(struct plan_maker *maker, bool shown)
{
    return expression_sql(maker, is_mariadb(maker) ? "NULLIF(COLUMN_DEFAULT, 'NULL')" : "COLUMN_DEFAULT", shown);
}

static const char *check_sql(struct plan_maker *maker, bool shown)
{
    return expression_sql(maker,
                          "(SELECT k.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS k\n        WHERE "
                          "k.CONSTRAINT_SCHEMA = DATABASE() AND k.TABLE_NAME = c.TABLE_NAME AND k.CONSTRAINT_NAME = "
                          "c.COLUMN_NAME AND k.LEVEL = 'Column')",
                          shown);
}

static const char *column_query(struct plan_maker *maker, const char *table, const char *column,
                                const struct shown *shown)
{
    static const char collation_sql[] =
        "COALESCE(IF(COLLATION_NAME LIKE 'utf8\\\\_%', CONCAT('utf8mb3', SUBSTR(COLLATION_NAME, 5)), "
        "COLLATION_NAME), '')";
    bool texts = shown->expressions;
    return plan_printf(
        maker,
        "(SELECT CONCAT(%s,\n        IF(IS_NULLABLE = 'YES', '|null|', '|not null|'),\n        IF(EXTRA LIKE "
        "'%%auto_increment%%', 'a', ''), IF(EXTRA LIKE '%%INVISIBLE%%', 'i', ''), IF(EXTRA LIKE '%%VIRTUAL%%', 'v', "
        "''),\n        IF(EXTRA LIKE '%%STORED%%', 's', ''), IF(EXTRA LIKE '%%on update%%', 'u', ''),\n        '|', "
        "%s,\n "
        "       '|', %s,\n        '|', %s,\n        '|', %s)\n    FROM information_schema.COLUMNS c WHERE "
        "TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND COLUMN_NAME = %s)",
        shown->type ? column_type_sql : "'column'", default_sql(maker, texts && shown->has_default),
        expression_sql(maker, "NULLIF(GENERATION_EXPRESSION, '')", texts && shown->has_generated),
        shown->collation ? collation_sql : "''",
        is_mariadb(maker) ? check_sql(maker, texts && shown->has_check) : "COALESCE(SRS_ID, '')",
        mysql_literal(maker, table), mysql_literal(maker, column));
}

struct mysql_fact mysql_column_fact(struct plan_maker *maker, enum plan_side side, size_t relation,
                                    const struct mysql_column *current, const struct mysql_column *target,
                                    const struct mysql_column *between)
{
    const struct schema *schema = mysql_side(maker, side);
    const char *table = schema_text(schema, schema->relations[relation].name);
    struct shown shown = {.type = true, .expressions = true, .collation = true};
    const char *name = current ? current->name : target->name;
    narrow(maker, current, &shown);
    narrow(maker, target, &shown);
    return (struct mysql_fact){
        .object = plan_printf(maker, "column %s.%s", mysql_quoted(maker, table), mysql_quoted(maker, name)),
        .query = column_query(maker, table, name, &shown),
        .values = {column_value(maker, current, &shown), column_value(maker, target, &shown)},
        .between = between ? column_value(maker, between, &shown) : NULL,
    };
}

/* The columns' names and types, in order. */
static const char *table_value(struct plan_maker *maker, enum plan_side side, int64_t relation, bool types)
{
    const struct schema *schema = mysql_side(maker, side);
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    if (relation < 0)
        return "";
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *column = &schema->columns[table->first_column + i];
        strbuf_printf(&out, "%s%s", i > 0 ? ", " : "", schema_text(schema, column->name));
        if (types)
            strbuf_printf(&out, " %s", type_value(maker, schema_text(schema, column->type)));
    }
    return plan_keep(maker, &out);
}

static bool has_plain_types(const struct plan_maker *maker, enum plan_side side, int64_t relation)
{
    const struct schema *schema = mysql_side(maker, side);
    struct shown shown = {.type = true, .expressions = true, .collation = true};
    for (size_t i = 0; relation >= 0 && i < schema->relations[relation].column_count; i++) {
        struct mysql_column column =
            mysql_column_of(schema, &schema->columns[schema->relations[relation].first_column + i]);
        narrow(maker, &column, &shown);
    }
    return shown.type;
}

static enum plan_side side_of(struct mysql_pair pair)
{
    return pair.at[SIDE_CURRENT] >= 0 ? SIDE_CURRENT : SIDE_TARGET;
}

static const char *relation_name(struct plan_maker *maker, struct mysql_pair relations)
{
    enum plan_side side = side_of(relations);
    const struct schema *schema = mysql_side(maker, side);
    return schema_text(schema, schema->relations[relations.at[side]].name);
}

struct mysql_fact mysql_table_fact(struct plan_maker *maker, struct mysql_pair relations)
{
    const char *name = relation_name(maker, relations);
    bool types = has_plain_types(maker, SIDE_CURRENT, relations.at[SIDE_CURRENT]) &&
                 has_plain_types(maker, SIDE_TARGET, relations.at[SIDE_TARGET]) &&
                 (!mysql_plan_of(maker)->loose || relations.at[SIDE_TARGET] < 0);
    const char *part = types ? plan_printf(maker, "CONCAT(COLUMN_NAME, ' ', %s)", column_type_sql) : "COLUMN_NAME";
    return (struct mysql_fact){
        .object = plan_printf(maker, "table %s", mysql_quoted(maker, name)),
        .query = plan_printf(maker,
                             "(SELECT GROUP_CONCAT(%s ORDER BY ORDINAL_POSITION SEPARATOR ', ') FROM "
                             "information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND NOT "
                             "EXISTS (SELECT 1 FROM information_schema.VIEWS v WHERE v.TABLE_SCHEMA = DATABASE() AND "
                             "v.TABLE_NAME = %s))",
                             part, mysql_literal(maker, name), mysql_literal(maker, name)),
        .values = {table_value(maker, SIDE_CURRENT, relations.at[SIDE_CURRENT], types),
                   table_value(maker, SIDE_TARGET, relations.at[SIDE_TARGET], types)},
    };
}

static const char *partition_value(struct plan_maker *maker, const struct schema *schema,
                                   const struct schema_relation *table)
{
    const char *key = schema_attribute_text(schema, table->attributes, ATTRIBUTE_PARTITION_KEY);
    return key ? mysql_squeezed(maker, key) : "none";
}

static const char *option_value(struct plan_maker *maker, enum plan_side side, int64_t relation,
                                enum mysql_option option)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    const char *text = NULL;
    switch (option) {
    case OPTION_ENGINE:
        text = schema_attribute_text(schema, table->attributes, ATTRIBUTE_ENGINE);
        break;
    case OPTION_COLLATION:
        text = schema_attribute_text(schema, table->attributes, ATTRIBUTE_COLLATION);
        break;
    case OPTION_VERSIONING:
        return schema_has_attribute(schema, table->attributes, ATTRIBUTE_SYSTEM_VERSIONING) ? "versioned" : "plain";
    case OPTION_PARTITIONS:
        return partition_value(maker, schema, table);
    case OPTION_ORDER:
        return table_value(maker, side, relation, false);
    case MYSQL_OPTIONS:
    default:
        break;
    }
    return text ? text : "unknown";
}

/* What is asked for, of which of information_schema's tables. */
static const struct {
    const char *what;
    const char *expression; /* NULL: made for the occasion */
    const char *from;
} options[MYSQL_OPTIONS] = {
    [OPTION_ENGINE] = {"engine", "ENGINE", "TABLES"},
    [OPTION_COLLATION] = {"collation",
                          "IF(TABLE_COLLATION LIKE 'utf8\\\\_%', CONCAT('utf8mb3', SUBSTR(TABLE_COLLATION, 5)), "
                          "TABLE_COLLATION)",
                          "TABLES"},
    [OPTION_VERSIONING] = {"system versioning", "IF(TABLE_TYPE = 'SYSTEM VERSIONED', 'versioned', 'plain')", "TABLES"},
    [OPTION_PARTITIONS] = {"partitions", NULL, "PARTITIONS"},
    [OPTION_ORDER] = {"order of its columns", "GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR ', ')",
                      "COLUMNS"},
};

struct mysql_fact mysql_option_fact(struct plan_maker *maker, struct mysql_pair relations, enum mysql_option option)
{
    const char *name = relation_name(maker, relations);
    const char *expression = options[option].expression;
    if (!expression)
        expression =
            plan_printf(maker, "COALESCE(MIN(%s), 'none')",
                        mysql_squeezed_sql(maker, "CONCAT(PARTITION_METHOD, COALESCE(PARTITION_EXPRESSION, ''))"));
    return (struct mysql_fact){
        .object = plan_printf(maker, "table %s: %s", mysql_quoted(maker, name), options[option].what),
        .query = plan_printf(
            maker, "(SELECT %s FROM information_schema.%s WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s)",
            expression, options[option].from, mysql_literal(maker, name)),
        .values = {option_value(maker, SIDE_CURRENT, relations.at[SIDE_CURRENT], option),
                   option_value(maker, SIDE_TARGET, relations.at[SIDE_TARGET], option)},
    };
}
