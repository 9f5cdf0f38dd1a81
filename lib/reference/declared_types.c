/* SPDX-License-Identifier: Apache-2.0
 *
 * Types as tools write them, in the words of the server.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "reference/declared_work.h"

/* What people write before the parentheses, and the words of the server before and behind them. `arguments` are those
 * that it adds where there are none. */
struct type_name {
    const char *written;
    const char *before;
    const char *arguments;
    const char *behind;
};

static const struct type_name postgres_types[] = {
    {"serial", "integer", "", ""},
    {"serial4", "integer", "", ""},
    {"bigserial", "bigint", "", ""},
    {"serial8", "bigint", "", ""},
    {"smallserial", "smallint", "", ""},
    {"serial2", "smallint", "", ""},
    {"int", "integer", "", ""},
    {"int2", "smallint", "", ""},
    {"int4", "integer", "", ""},
    {"int8", "bigint", "", ""},
    {"bool", "boolean", "", ""},
    {"float4", "real", "", ""},
    {"float8", "double precision", "", ""},
    {"float", "double precision", "", ""},
    {"decimal", "numeric", "", ""},
    {"varchar", "character varying", "", ""},
    {"char", "character", "(1)", ""},
    {"character", "character", "(1)", ""},
    {"bit", "bit", "(1)", ""},
    {"varbit", "bit varying", "", ""},
    {"timestamp", "timestamp", "", " without time zone"},
    {"timestamp without time zone", "timestamp", "", " without time zone"},
    {"timestamp with time zone", "timestamp", "", " with time zone"},
    {"timestamptz", "timestamp", "", " with time zone"},
    {"time", "time", "", " without time zone"},
    {"time without time zone", "time", "", " without time zone"},
    {"time with time zone", "time", "", " with time zone"},
    {"timetz", "time", "", " with time zone"},
};

static const struct type_name mysql_types[] = {
    {"boolean", "tinyint", "(1)", ""}, {"bool", "tinyint", "(1)", ""},         {"integer", "int", "", ""},
    {"dec", "decimal", "(10,0)", ""},  {"numeric", "decimal", "(10,0)", ""},   {"decimal", "decimal", "(10,0)", ""},
    {"real", "double", "", ""},        {"double precision", "double", "", ""}, {"serial", "bigint", "", " unsigned"},
    {"char", "char", "(1)", ""},       {"binary", "binary", "(1)", ""},        {"bit", "bit", "(1)", ""},
};

/* A type taken apart: words before and behind the first parentheses, without blanks at the ends. */
struct type_parts {
    char words[128]; /* before, and behind if there were parentheses, one blank between words, lower case */
    char arguments[256];
    size_t brackets; /* "[]" pairs at the end */
};

static void add_word(struct type_parts *parts, const char *text, size_t length)
{
    size_t used = strlen(parts->words);
    if (used + length + 2 > sizeof parts->words)
        return;
    if (used > 0)
        parts->words[used++] = ' ';
    for (size_t i = 0; i < length; i++)
        parts->words[used++] = (char)tolower((unsigned char)text[i]);
    parts->words[used] = '\0';
}

/* "(10, 2)" to "(10,2)"; what is in quotes stays as it is. Returns what follows it. */
static const char *add_arguments(struct type_parts *parts, const char *text)
{
    size_t used = 0;
    bool quoted = false;
    for (; *text && used + 2 < sizeof parts->arguments; text++) {
        quoted ^= *text == '\'';
        if (*text != ' ' || quoted)
            parts->arguments[used++] = *text;
        if (*text == ')' && !quoted)
            break;
    }
    parts->arguments[used] = '\0';
    return *text ? text + 1 : text;
}

static struct type_parts split_type(const char *text)
{
    struct type_parts parts = {0};
    while (*text) {
        if (*text == '(') {
            text = add_arguments(&parts, text);
        } else if (*text == '[') {
            parts.brackets++;
            text += strcspn(text, "]");
            text += *text == ']';
        } else if (*text == ' ') {
            text++;
        } else {
            size_t length = strcspn(text, " ([");
            add_word(&parts, text, length);
            text += length;
        }
    }
    return parts;
}

static const struct type_name *find_type(const struct type_name *types, size_t count, const char *words)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(types[i].written, words) == 0)
            return &types[i];
    return NULL;
}

static void add_postgres(const char *type, struct strbuf *out)
{
    struct type_parts parts = split_type(type);
    const struct type_name *name =
        find_type(postgres_types, sizeof postgres_types / sizeof *postgres_types, parts.words);
    const char *words = name ? name->before : parts.words;
    const char *arguments = *parts.arguments || !name ? parts.arguments : name->arguments;
    strbuf_add_string(out, words);
    bool numeric = strcmp(words, "numeric") == 0 && *arguments && !strchr(arguments, ',');
    if (numeric)
        strbuf_printf(out, "%.*s,0)", (int)strlen(arguments) - 1, arguments);
    else
        strbuf_add_string(out, arguments);
    strbuf_add_string(out, name ? name->behind : "");
    strbuf_add_string(out, parts.brackets > 0 ? "[]" : "");
}

/* "int(11) unsigned": sizes of integers that are for show only say nothing. */
static void add_mysql(const char *type, struct strbuf *out)
{
    static const char *const widths[] = {"tinyint", "smallint", "mediumint", "int", "bigint", "year"};
    struct type_parts parts = split_type(type);
    char *unsigned_word = strstr(parts.words, " unsigned");
    bool is_unsigned = unsigned_word != NULL;
    if (unsigned_word)
        *unsigned_word = '\0';
    const struct type_name *name = find_type(mysql_types, sizeof mysql_types / sizeof *mysql_types, parts.words);
    const char *words = name ? name->before : parts.words;
    const char *arguments = *parts.arguments || !name ? parts.arguments : name->arguments;
    bool shown = false;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        shown = shown || strcmp(widths[i], words) == 0;
    bool truth = strcmp(words, "tinyint") == 0 && strcmp(arguments, "(1)") == 0 && !is_unsigned;
    strbuf_add_string(out, words);
    strbuf_add_string(out, shown && !truth ? "" : arguments);
    strbuf_add_string(out, name ? name->behind : "");
    strbuf_add_string(out, is_unsigned ? " unsigned" : "");
}

void declared_type_text(const struct declared_work *work, const struct declared_column *column, struct strbuf *out)
{
    if (!work->postgres) {
        add_mysql(column->type, out);
        return;
    }
    if (!column->type_schema) {
        add_postgres(column->type, out);
        return;
    }
    const char *brackets = strstr(column->type, "[]");
    size_t length = brackets ? (size_t)(brackets - column->type) : strlen(column->type);
    cleanup(strbuf) struct strbuf name = STRBUF(4096);
    strbuf_add(&name, column->type, length);
    const char *schema = declared_schema_name(work, column->type_schema);
    if (*schema) {
        work->dialect->path_part(schema, out);
        strbuf_add_char(out, '.');
    }
    work->dialect->path_part(strbuf_text(&name), out);
    strbuf_add_string(out, brackets ? "[]" : "");
}

const char *declared_last_part(const char *name)
{
    bool quoted = false;
    const char *last = name;
    for (; *name && *name != '('; name++) {
        quoted ^= *name == '"';
        if (*name == '.' && !quoted)
            last = name + 1;
    }
    return last;
}

/* A type that is no server's own has a schema before it in what the server prints, which a source need not know. */
bool declared_same_type(const struct declared_work *work, const char *declared, const char *live)
{
    cleanup(strbuf) struct strbuf a = STRBUF(4096);
    cleanup(strbuf) struct strbuf b = STRBUF(4096);
    work->dialect->canonical(TEXT_TYPE, declared, "", &a);
    work->dialect->canonical(TEXT_TYPE, live, "", &b);
    if (strcmp(strbuf_text(&a), strbuf_text(&b)) == 0)
        return strbuf_ok(&a) && strbuf_ok(&b);
    const char *last = declared_last_part(live);
    return work->postgres && last != live && strcasecmp(declared, last) == 0;
}
