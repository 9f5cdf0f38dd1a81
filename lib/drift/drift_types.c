/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_types.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

enum { TYPE_NAME_SIZE = 64, UNBOUNDED = 0x7fffffff };

/* Types of one ladder: a higher rung takes every value of a lower one. */
struct rung {
    const char *name; /* without its arguments */
    unsigned char ladder;
    unsigned char height;
};

enum ladder {
    LADDER_NONE,
    LADDER_INTEGER,
    LADDER_UNSIGNED,
    LADDER_FLOAT,
    LADDER_TEXT,
    LADDER_BYTES,
    LADDER_BLOB_TEXT,
};

static const struct rung postgres_rungs[] = {
    {"smallint", LADDER_INTEGER, 1},
    {"integer", LADDER_INTEGER, 2},
    {"bigint", LADDER_INTEGER, 3},
    {"real", LADDER_FLOAT, 1},
    {"double precision", LADDER_FLOAT, 2},
    {"character varying", LADDER_TEXT, 1}, /* with a length; without one it is as wide as text */
    {"text", LADDER_TEXT, 2},
};

static const struct rung mysql_rungs[] = {
    {"tinyint", LADDER_INTEGER, 1},
    {"smallint", LADDER_INTEGER, 2},
    {"mediumint", LADDER_INTEGER, 3},
    {"int", LADDER_INTEGER, 4},
    {"bigint", LADDER_INTEGER, 5},
    {"tinyint unsigned", LADDER_UNSIGNED, 1},
    {"smallint unsigned", LADDER_UNSIGNED, 2},
    {"mediumint unsigned", LADDER_UNSIGNED, 3},
    {"int unsigned", LADDER_UNSIGNED, 4},
    {"bigint unsigned", LADDER_UNSIGNED, 5},
    {"float", LADDER_FLOAT, 1},
    {"double", LADDER_FLOAT, 2},
    {"tinytext", LADDER_BLOB_TEXT, 1},
    {"text", LADDER_BLOB_TEXT, 2},
    {"mediumtext", LADDER_BLOB_TEXT, 3},
    {"longtext", LADDER_BLOB_TEXT, 4},
    {"tinyblob", LADDER_BYTES, 1},
    {"blob", LADDER_BYTES, 2},
    {"mediumblob", LADDER_BYTES, 3},
    {"longblob", LADDER_BYTES, 4},
};

/* Types with a length or precision, of which more is wider. The second argument is the scale: digits behind the point.
 */
static const char *const sized_names[] = {
    "character varying",
    "varchar",
    "varbinary",
    "bit varying",
    "numeric",
    "decimal",
    "datetime",
    "timestamp",
    "time",
    "timestamp without time zone",
    "timestamp with time zone",
    "time without time zone",
    "time with time zone",
    "interval",
};

/* Pairs that take the same values and differ for who looks closely. */
static const char *const kindred_names[][2] = {
    {"json", "jsonb"},
    {"timestamp without time zone", "timestamp with time zone"},
    {"char", "varchar"},
    {"character", "character varying"},
};

struct type {
    char name[TYPE_NAME_SIZE]; /* without arguments */
    long arguments[2];
    unsigned argument_count;
    const char *values; /* behind the first parenthesis; NULL: no arguments */
};

/* "timestamp(6) without time zone" is timestamp without time zone with one argument. */
static void read_type(const char *text, struct type *type)
{
    size_t length = 0;
    const char *open = strchr(text, '(');
    const char *close = open ? strrchr(open, ')') : NULL;
    *type = (struct type){.values = open ? open + 1 : NULL};
    for (const char *at = text; *at && length + 1 < sizeof type->name; at++) {
        if (open && close && at == open)
            at = close;
        else
            type->name[length++] = *at;
    }
    for (char *end = NULL; open && type->argument_count < 2; open = end) {
        long value = strtol(open + 1, &end, 10);
        if (end == open + 1)
            break;
        type->arguments[type->argument_count++] = value;
        while (*end == ' ')
            end++;
        if (*end != ',')
            break;
    }
}

static const struct rung *find_rung(const struct drift_features *features, const char *name)
{
    const struct rung *rungs = features->mysql ? mysql_rungs : postgres_rungs;
    size_t count = features->mysql ? ARRAY_LENGTH(mysql_rungs) : ARRAY_LENGTH(postgres_rungs);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rungs[i].name, name) == 0)
            return &rungs[i];
    return NULL;
}

static enum type_relation relate(bool fits, bool takes)
{
    return takes ? (fits ? TYPE_RELATION_ALIKE : TYPE_RELATION_WIDER)
                 : (fits ? TYPE_RELATION_NARROWER : TYPE_RELATION_OTHER);
}

/* Without a precision numeric takes everything, and a time six digits. */
static long argument_of(const struct type *type, unsigned at, bool is_time)
{
    if (at < type->argument_count)
        return type->arguments[at];
    if (type->argument_count > 0)
        return 0;
    return is_time ? 6 : UNBOUNDED;
}

static bool is_sized(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(sized_names); i++)
        if (strcmp(sized_names[i], name) == 0)
            return true;
    return false;
}

/* Same name, other arguments. MySQL's times have no digits behind the second unless they say so. */
static enum type_relation relate_sizes(const struct drift_features *features, const struct type *expected,
                                       const struct type *actual)
{
    bool is_time = strncmp(expected->name, "time", 4) == 0 || strcmp(expected->name, "datetime") == 0;
    bool is_number = strcmp(expected->name, "numeric") == 0 || strcmp(expected->name, "decimal") == 0;
    long sizes[2] = {argument_of(expected, 0, is_time), argument_of(actual, 0, is_time)};
    if (features->mysql && is_time) {
        sizes[0] = expected->argument_count > 0 ? sizes[0] : 0;
        sizes[1] = actual->argument_count > 0 ? sizes[1] : 0;
    }
    if (!is_number)
        return relate(sizes[1] <= sizes[0], sizes[0] <= sizes[1]);
    long scales[2] = {argument_of(expected, 1, false), argument_of(actual, 1, false)};
    bool unbounded[2] = {expected->argument_count == 0, actual->argument_count == 0};
    long wholes[2] = {unbounded[0] ? UNBOUNDED : sizes[0] - scales[0], unbounded[1] ? UNBOUNDED : sizes[1] - scales[1]};
    return relate(wholes[1] <= wholes[0] && scales[1] <= scales[0], wholes[0] <= wholes[1] && scales[0] <= scales[1]);
}

/* Behind the quoted value at `at`. */
static const char *skip_value(const char *at)
{
    for (at++; *at; at++) {
        if (*at == '\'' && at[1] == '\'')
            at++;
        else if (*at == '\'')
            return at + 1;
    }
    return at;
}

/* Whether every value of the list `few` ("'a','b')") stands in `many`. Lists are short, as their authors type them. */
static bool values_stand_in(const char *few, const char *many)
{
    for (const char *at = few; *at;) {
        if (*at != '\'') {
            at++;
            continue;
        }
        const char *end = skip_value(at);
        size_t length = (size_t)(end - at);
        bool found = false;
        for (const char *other = many; *other && !found;) {
            const char *other_end = *other == '\'' ? skip_value(other) : other + 1;
            found = *other == '\'' && (size_t)(other_end - other) == length && strncmp(at, other, length) == 0;
            other = other_end;
        }
        if (!found)
            return false;
        at = end;
    }
    return true;
}

/* SQLite stores what it is given; the affinity of a column says what it would rather have. */
static char affinity(const char *type)
{
    static const struct {
        const char *part;
        char affinity;
    } rules[] = {{"INT", 'i'},  {"CHAR", 't'}, {"CLOB", 't'}, {"TEXT", 't'},
                 {"BLOB", 'b'}, {"REAL", 'r'}, {"FLOA", 'r'}, {"DOUB", 'r'}};
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++)
        if (strcasestr(type, rules[i].part))
            return rules[i].affinity;
    return *type ? 'n' : 'b';
}

static bool are_kindred(const char *a, const char *b)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kindred_names); i++)
        for (size_t j = 0; j < 2; j++)
            if (strcmp(kindred_names[i][j], a) == 0 && strcmp(kindred_names[i][1 - j], b) == 0)
                return true;
    return false;
}

/* An unlimited varchar of PostgreSQL is text under another name. */
static bool is_unlimited_text(const struct type *type)
{
    return strcmp(type->name, "text") == 0 ||
           (strcmp(type->name, "character varying") == 0 && type->argument_count == 0);
}

static bool is_array(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && strcmp(name + length - 2, "[]") == 0;
}

enum type_relation drift_type_relation(const struct drift_features *features, const char *expected, const char *actual)
{
    struct type types[2] = {0};
    if (features->sqlite) /* INTEGER alone makes a primary key the row's number */
        return affinity(expected) == affinity(actual) && strcasecmp(expected, "INTEGER") != 0 &&
                       strcasecmp(actual, "INTEGER") != 0
                   ? TYPE_RELATION_ALIKE
                   : TYPE_RELATION_OTHER;
    read_type(expected, &types[0]);
    read_type(actual, &types[1]);
    if (is_array(types[0].name) && is_array(types[1].name))
        for (size_t i = 0; i < 2; i++)
            types[i].name[strlen(types[i].name) - 2] = '\0';
    bool same_name = strcmp(types[0].name, types[1].name) == 0;
    if (features->postgres && is_unlimited_text(&types[0]) && is_unlimited_text(&types[1]))
        return TYPE_RELATION_ALIKE;
    if (same_name && features->mysql && types[0].values && types[1].values &&
        (strcmp(types[0].name, "enum") == 0 || strcmp(types[0].name, "set") == 0))
        return relate(values_stand_in(types[1].values, types[0].values),
                      values_stand_in(types[0].values, types[1].values));
    if (same_name && is_sized(types[0].name))
        return relate_sizes(features, &types[0], &types[1]);
    if (are_kindred(types[0].name, types[1].name))
        return TYPE_RELATION_KINDRED;
    const struct rung *low = find_rung(features, types[0].name);
    const struct rung *high = find_rung(features, types[1].name);
    if (!low || !high || low->ladder != high->ladder)
        return TYPE_RELATION_OTHER;
    return relate(high->height <= low->height, low->height <= high->height);
}
