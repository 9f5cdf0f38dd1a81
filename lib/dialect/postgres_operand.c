/* SPDX-License-Identifier: Apache-2.0
 *
 * Operands: constants, names, calls, casts, subscripts, and types.
 */
#include <string.h>

#include "base/cleanup.h"
#include "dialect/postgres_parser.h"

uint32_t postgres_parse_name(struct postgres_cursor *cursor, enum postgres_node_kind kind)
{
    if (!postgres_cursor_is_name(cursor, 0))
        return 0;
    uint32_t first = postgres_cursor_take(cursor);
    if (kind == POSTGRES_NAME && !postgres_cursor_is(cursor, 0, "."))
        return first;
    uint32_t name = postgres_tree_node(cursor->tree, kind);
    postgres_tree_append(cursor->tree, name, first);
    while (postgres_cursor_is(cursor, 0, ".") &&
           (postgres_cursor_is_name(cursor, 1) || postgres_cursor_is(cursor, 1, "*"))) {
        postgres_tree_append(cursor->tree, name, postgres_cursor_take(cursor));
        postgres_tree_append(cursor->tree, name, postgres_cursor_take(cursor));
    }
    return name;
}

/* FILTER (…), WITHIN GROUP (…), OVER (…), OVER name: behind a call. */
static void parse_call_clauses(struct postgres_cursor *cursor, uint32_t call)
{
    static const struct {
        const char *first;
        const char *second;
        bool name; /* instead of a group */
    } clauses[] = {{"within", "group", false}, {"filter", NULL, false}, {"over", NULL, true}};
    for (size_t i = 0; i < ARRAY_LENGTH(clauses); i++) {
        size_t words = clauses[i].second ? 2 : 1;
        if (!postgres_cursor_is(cursor, 0, clauses[i].first) ||
            (clauses[i].second && !postgres_cursor_is(cursor, 1, clauses[i].second)) ||
            !(postgres_cursor_is_group(cursor, words, false) ||
              (clauses[i].name && postgres_cursor_is_name(cursor, words))))
            continue;
        for (size_t word = 0; word <= words; word++)
            postgres_tree_append(cursor->tree, call, postgres_cursor_take(cursor));
    }
}

static uint32_t parse_call(struct postgres_cursor *cursor, uint32_t head)
{
    uint32_t call = postgres_tree_node(cursor->tree, POSTGRES_CALL);
    postgres_tree_append(cursor->tree, call, head);
    postgres_tree_append(cursor->tree, call, postgres_cursor_take(cursor));
    parse_call_clauses(cursor, call);
    return call;
}

/* A reserved word that is a value, or is called like a function. */
static uint32_t parse_keyword(struct postgres_cursor *cursor)
{
    static const char *const values[] = {
        "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
        "current_user",    "false",        "localtime",    "localtimestamp", "null",         "session_user",
        "system_user",     "true",         "user",
    };
    static const char *const called[] = {"all", "any", "array", "left", "overlaps", "right", "some"};
    struct postgres_tree *tree = cursor->tree;
    if (postgres_cursor_is(cursor, 0, "array") && postgres_cursor_is_group(cursor, 1, true)) {
        uint32_t array = postgres_tree_node(tree, POSTGRES_ARRAY);
        postgres_tree_append(tree, array, postgres_cursor_take(cursor));
        postgres_tree_append(tree, array, postgres_cursor_take(cursor));
        return array;
    }
    if (postgres_cursor_is(cursor, 0, "collation") && postgres_cursor_is(cursor, 1, "for") &&
        postgres_cursor_is_group(cursor, 2, false)) {
        cursor->at += 2;
        return parse_call(cursor, postgres_tree_text(tree, POSTGRES_TOKEN_NAME, "pg_collation_for"));
    }
    bool group = postgres_cursor_is_group(cursor, 1, false);
    bool known = false;
    for (size_t i = 0; i < ARRAY_LENGTH(values) && !known; i++)
        known = postgres_cursor_is(cursor, 0, values[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(called) && group && !known; i++)
        known = postgres_cursor_is(cursor, 0, called[i]);
    if (!known)
        return 0;
    uint32_t word = postgres_cursor_take(cursor);
    return group ? parse_call(cursor, word) : word;
}

/* The parentheses around one expression go: its place in the tree says what belongs together. */
static uint32_t parse_group(struct postgres_cursor *cursor)
{
    uint32_t item = postgres_cursor_take(cursor);
    const struct postgres_node *group = postgres_node_at(cursor->tree, item);
    return group->whole ? group->first : item;
}

static uint32_t parse_leaf(struct postgres_cursor *cursor)
{
    uint32_t item = postgres_cursor_peek(cursor, 0);
    switch ((enum postgres_token_kind)postgres_node_at(cursor->tree, item)->token) {
    case POSTGRES_TOKEN_STRING:
    case POSTGRES_TOKEN_NUMBER:
    case POSTGRES_TOKEN_PARAMETER:
        return postgres_cursor_take(cursor);
    case POSTGRES_TOKEN_KEYWORD:
        return parse_keyword(cursor);
    case POSTGRES_TOKEN_NAME:
    case POSTGRES_TOKEN_WORD: {
        uint32_t name = postgres_parse_name(cursor, POSTGRES_NAME);
        return postgres_cursor_is_group(cursor, 0, false) ? parse_call(cursor, name) : name;
    }
    default:
        return 0;
    }
}

static uint32_t parse_cast(struct postgres_cursor *cursor, uint32_t operand)
{
    postgres_cursor_take(cursor);
    uint32_t type = postgres_parse_type(cursor);
    if (type == 0)
        return 0;
    uint32_t cast = postgres_tree_node(cursor->tree, POSTGRES_CAST);
    postgres_tree_append(cursor->tree, cast, operand);
    postgres_tree_append(cursor->tree, cast, type);
    return cast;
}

static uint32_t parse_access(struct postgres_cursor *cursor, uint32_t operand, size_t items)
{
    uint32_t access = postgres_tree_node(cursor->tree, POSTGRES_ACCESS);
    postgres_tree_append(cursor->tree, access, operand);
    for (size_t i = 0; i < items; i++)
        postgres_tree_append(cursor->tree, access, postgres_cursor_take(cursor));
    return access;
}

uint32_t postgres_parse_operand(struct postgres_cursor *cursor)
{
    uint32_t item = postgres_cursor_peek(cursor, 0);
    if (item == 0)
        return 0;
    const struct postgres_node *node = postgres_node_at(cursor->tree, item);
    uint32_t operand = 0;
    if (node->kind == POSTGRES_CASE)
        operand = postgres_cursor_take(cursor);
    else if (node->kind == POSTGRES_GROUP)
        operand = node->square ? 0 : parse_group(cursor);
    else
        operand = parse_leaf(cursor);
    while (operand) {
        if (postgres_cursor_is(cursor, 0, "::"))
            operand = parse_cast(cursor, operand);
        else if (postgres_cursor_is_group(cursor, 0, true))
            operand = parse_access(cursor, operand, 1);
        else if (postgres_cursor_is(cursor, 0, ".") &&
                 (postgres_cursor_is_name(cursor, 1) || postgres_cursor_is(cursor, 1, "*")))
            operand = parse_access(cursor, operand, 2);
        else
            break;
    }
    return operand;
}

/* Spellings of the grammar's own types. */
static const struct type_spelling {
    const char *first;
    const char *second; /* NULL: one word */
    const char *name;
    enum { PLAIN, ONE_IF_BARE, CLOCK, CLOCK_WITH_ZONE, FIELDS, FLOAT, BLANK_PADDED } form;
} type_spellings[] = {
    {"bigint", NULL, "bigint", PLAIN},
    {"bit", "varying", "bit varying", PLAIN},
    {"bit", NULL, "bit", ONE_IF_BARE},
    {"bool", NULL, "boolean", PLAIN},
    {"boolean", NULL, "boolean", PLAIN},
    {"bpchar", NULL, "bpchar", BLANK_PADDED},
    {"char", "varying", "character varying", PLAIN},
    {"char", NULL, "character", ONE_IF_BARE},
    {"character", "varying", "character varying", PLAIN},
    {"character", NULL, "character", ONE_IF_BARE},
    {"dec", NULL, "numeric", PLAIN},
    {"decimal", NULL, "numeric", PLAIN},
    {"double", "precision", "double precision", PLAIN},
    {"float", NULL, "double precision", FLOAT},
    {"float4", NULL, "real", PLAIN},
    {"float8", NULL, "double precision", PLAIN},
    {"int", NULL, "integer", PLAIN},
    {"int2", NULL, "smallint", PLAIN},
    {"int4", NULL, "integer", PLAIN},
    {"int8", NULL, "bigint", PLAIN},
    {"integer", NULL, "integer", PLAIN},
    {"interval", NULL, "interval", FIELDS},
    {"nchar", "varying", "character varying", PLAIN},
    {"nchar", NULL, "character", ONE_IF_BARE},
    {"numeric", NULL, "numeric", PLAIN},
    {"real", NULL, "real", PLAIN},
    {"smallint", NULL, "smallint", PLAIN},
    {"time", NULL, "time", CLOCK},
    {"timestamp", NULL, "timestamp", CLOCK},
    {"timestamptz", NULL, "timestamp", CLOCK_WITH_ZONE},
    {"timetz", NULL, "time", CLOCK_WITH_ZONE},
    {"varbit", NULL, "bit varying", PLAIN},
    {"varchar", NULL, "character varying", PLAIN},
};

static const struct type_spelling *find_spelling(const struct postgres_cursor *cursor)
{
    for (size_t i = 0; i < ARRAY_LENGTH(type_spellings); i++)
        if (postgres_cursor_is(cursor, 0, type_spellings[i].first) &&
            (!type_spellings[i].second || postgres_cursor_is(cursor, 1, type_spellings[i].second)))
            return &type_spellings[i];
    return NULL;
}

/* YEAR TO MONTH, DAY TO SECOND: words behind INTERVAL. */
static void parse_interval_fields(struct postgres_cursor *cursor, uint32_t type)
{
    static const char *const fields[] = {"year", "month", "day", "hour", "minute", "second", "to"};
    for (size_t i = 0; i < ARRAY_LENGTH(fields);) {
        if (postgres_cursor_is(cursor, 0, fields[i])) {
            postgres_tree_append(cursor->tree, type, postgres_tree_text(cursor->tree, POSTGRES_TOKEN_NAME, fields[i]));
            cursor->at++;
            i = 0;
        } else {
            i++;
        }
    }
}

static void append_word(struct postgres_tree *tree, uint32_t type, const char *word)
{
    postgres_tree_append(tree, type, postgres_tree_text(tree, POSTGRES_TOKEN_NAME, word));
}

/* What stands between the parentheses behind a type: 20; 10,2; or what an extension's type takes. */
static bool parse_modifier(struct postgres_cursor *cursor, uint32_t type)
{
    if (!postgres_cursor_is_group(cursor, 0, false))
        return false;
    postgres_tree_append(cursor->tree, type, postgres_cursor_take(cursor));
    return true;
}

static void parse_time_zone(struct postgres_cursor *cursor, uint32_t type, bool with)
{
    bool said = (postgres_cursor_is(cursor, 0, "with") || postgres_cursor_is(cursor, 0, "without")) &&
                postgres_cursor_is(cursor, 1, "time") && postgres_cursor_is(cursor, 2, "zone");
    if (said && !with) {
        with = postgres_cursor_is(cursor, 0, "with");
        cursor->at += 3;
    }
    append_word(cursor->tree, type, with ? "with time zone" : "without time zone");
}

static void append_one(struct postgres_tree *tree, uint32_t type)
{
    uint32_t group = postgres_tree_node(tree, POSTGRES_GROUP);
    postgres_tree_append(tree, group, postgres_tree_text(tree, POSTGRES_TOKEN_NUMBER, "1"));
    postgres_tree_append(tree, type, group);
}

/* float(1) to float(24) is real. */
static const char *parse_float(struct postgres_cursor *cursor, const char *name)
{
    if (!postgres_cursor_is_group(cursor, 0, false))
        return name;
    const struct postgres_node *digits =
        postgres_node_at(cursor->tree, postgres_node_at(cursor->tree, postgres_cursor_take(cursor))->first);
    bool small = digits->length == 1 || (digits->length == 2 && memcmp(digits->text, "24", 2) <= 0);
    return small && digits->token == POSTGRES_TOKEN_NUMBER ? "real" : name;
}

static void parse_known_type(struct postgres_cursor *cursor, uint32_t type, const struct type_spelling *spelling)
{
    cursor->at += spelling->second ? 2 : 1;
    const char *name = spelling->form == FLOAT ? parse_float(cursor, spelling->name) : spelling->name;
    if (spelling->form == BLANK_PADDED && postgres_cursor_is_group(cursor, 0, false))
        name = "character";
    append_word(cursor->tree, type, name);
    if (spelling->form == FIELDS)
        parse_interval_fields(cursor, type);
    bool modified = parse_modifier(cursor, type);
    if (spelling->form == ONE_IF_BARE && !modified)
        append_one(cursor->tree, type);
    if (spelling->form == CLOCK || spelling->form == CLOCK_WITH_ZONE)
        parse_time_zone(cursor, type, spelling->form == CLOCK_WITH_ZONE);
}

/* The names that the grammar takes for types of its own (char, bit) are others behind pg_catalog. */
uint32_t postgres_parse_type(struct postgres_cursor *cursor)
{
    struct postgres_tree *tree = cursor->tree;
    bool system = postgres_cursor_is(cursor, 0, "pg_catalog") && postgres_cursor_is(cursor, 1, ".") &&
                  !postgres_cursor_is(cursor, 3, ".");
    cursor->at += system ? 2 : 0;
    const struct type_spelling *spelling = postgres_cursor_is(cursor, 1, ".") ? NULL : find_spelling(cursor);
    uint32_t type = 0;
    if (system && (postgres_cursor_is(cursor, 0, "char") || postgres_cursor_is(cursor, 0, "bit"))) {
        type = postgres_tree_node(tree, POSTGRES_TYPE);
        append_word(tree, type, postgres_cursor_is(cursor, 0, "char") ? "\"char\"" : "\"bit\"");
        cursor->at++;
        parse_modifier(cursor, type);
    } else if (spelling) {
        type = postgres_tree_node(tree, POSTGRES_TYPE);
        if (type)
            parse_known_type(cursor, type, spelling);
    } else {
        type = postgres_parse_name(cursor, POSTGRES_TYPE);
        if (type)
            parse_modifier(cursor, type);
    }
    while (type && postgres_cursor_is_group(cursor, 0, true)) {
        const struct postgres_node *size =
            postgres_node_at(tree, postgres_node_at(tree, postgres_cursor_peek(cursor, 0))->first);
        if (size->kind == POSTGRES_LEAF && size->token != POSTGRES_TOKEN_NUMBER)
            break;
        postgres_node_at(tree, type)->array = true;
        cursor->at++;
    }
    return type;
}
