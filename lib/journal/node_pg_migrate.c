/* SPDX-License-Identifier: Apache-2.0
 *
 * node-pg-migrate: a list of file names without their extension, ordered by the number that they begin with. What is
 * applied must be the beginning of what there is.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cleanup.h"
#include "journal/named_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

#define ADVISORY_KEY INT64_C(7241865325823964)

enum { CELL_NAME, CELL_TIME };
enum { UNIX_DIGITS = 13, UTC_DIGITS = 17 }; /* of times in milliseconds: since 1970, and 20261121080000123 */

static const char *const default_tables[] = {"pgmigrations", NULL};
static const char *const columns[] = {"id", "name", "run_on", NULL};
static const struct cell_request cells[] = {
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_TIME] = {"run_on", CELL_TIME_MS},
};
static const struct tool_shape shapes[] = {
    {.columns = columns, .exact = true, .cells = cells, .cell_count = ARRAY_LENGTH(cells), .order_by = "id"},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    struct journal_entry *entry = NULL;
    return named_row(builder, row[CELL_NAME], lengths[CELL_NAME], row[CELL_TIME], &entry, reterr);
}

/* With its option noLock the tool takes no advisory lock; what it has written shows all the same. */
static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    if (!server_is_postgres(server))
        return;
    lock_plan_advisory(plan, ADVISORY_KEY);
    lock_plan_relation(plan, address->schema, address->table);
}

static int decimal(const char *digits, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (digits[i] - '0');
    return value;
}

/* The number before the first "_", a UTC time as milliseconds since 1970; 0 where there is none. */
static double number_of(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    if (digits == 0 || (name[digits] != '_' && name[digits] != '\0'))
        return 0;
    if (digits != UTC_DIGITS)
        return strtod(name, NULL);
    struct tm tm = {
        .tm_year = decimal(name, 4) - 1900,
        .tm_mon = decimal(name + 4, 2) - 1,
        .tm_mday = decimal(name + 6, 2),
        .tm_hour = decimal(name + 8, 2),
        .tm_min = decimal(name + 10, 2),
        .tm_sec = decimal(name + 12, 2),
    };
    return (double)timegm(&tm) * 1000 + decimal(name + 14, 3);
}

static const char *skip_punctuation(const char *text)
{
    while (*text && ispunct((unsigned char)*text) && !strchr("$+<=>^`|~", *text))
        text++;
    return text;
}

/* As a person would sort: numbers by their value, letters without their case, punctuation not at all. */
static int order_naturally(const char *a, const char *b)
{
    for (;;) {
        a = skip_punctuation(a);
        b = skip_punctuation(b);
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t digits_a = strspn(a, "0123456789");
            size_t digits_b = strspn(b, "0123456789");
            int order = digits_a != digits_b ? (digits_a < digits_b ? -1 : 1) : strncmp(a, b, digits_a);
            if (order != 0)
                return order;
            a += digits_a;
            b += digits_b;
            continue;
        }
        int letter_a = tolower((unsigned char)*a);
        int letter_b = tolower((unsigned char)*b);
        if (letter_a != letter_b || letter_a == '\0')
            return letter_a - letter_b;
        a++;
        b++;
    }
}

static int order_names(const char *a, const char *b)
{
    double number_a = number_of(a);
    double number_b = number_of(b);
    if (number_a < number_b || number_a > number_b)
        return number_a < number_b ? -1 : 1;
    int order = order_naturally(a, b);
    return order ? order : strcmp(a, b);
}

/* SQL files with numbers are many tools'; those that begin with a time in milliseconds are this one's. */
static bool claims(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    size_t length = strlen(name);
    bool sql = length > 4 && strcmp(name + length - 4, ".sql") == 0;
    return digits > 0 && name[digits] == '_' && (!sql || digits == UNIX_DIGITS || digits == UTC_DIGITS);
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "db/migrations", "src/migrations", NULL};
    static const char *const marks[] = {"node-pg-migrate", "(pgm", "pgm.", "-- Up Migration", NULL};
    static const struct named_extension extensions[] = {
        {".js", EXTENSION_DROPPED},     {".cjs", EXTENSION_DROPPED},   {".mjs", EXTENSION_DROPPED},
        {".ts", EXTENSION_DROPPED},     {".cts", EXTENSION_DROPPED},   {".mts", EXTENSION_DROPPED},
        {".up.sql", EXTENSION_DROPPED}, {".down.sql", EXTENSION_HALF}, {".sql", EXTENSION_DROPPED},
    };
    static const struct named_layout layout = {
        .title = "node-pg-migrate",
        .folders = folders,
        .extensions = extensions,
        .extension_count = ARRAY_LENGTH(extensions),
        .marks = marks,
        .claims = claims,
        .order = order_names,
        .remark_extension = "node-pg-migrate would fail on it, unless ignore-pattern leaves it out",
    };
    return named_files_read(&layout, directory, set, reterr);
}

static int order_migrations(const struct migration *a, const struct migration *b)
{
    return order_names(a->revision, b->revision);
}

static const struct list_traits traits = {
    .order = order_names,
    .late = LATE_REFUSES,
    .unknown_refused = true,
    .apply = "node-pg-migrate up",
    .repair_late = "rename {file} so that its number comes after the newest applied one; or run it late, once: "
                   "node-pg-migrate up --no-check-order",
    .repair_unknown = "deploy the release that has {revision}; or, once: node-pg-migrate up --no-check-order",
    .remark_late = "node-pg-migrate refuses to run while an older migration is missing (\"Not run migration … is "
                   "preceding already run migration\")",
    .remark_unknown = "node-pg-migrate refuses to run: what was run is no longer the beginning of the files",
    .remark_later = "node-pg-migrate itself would still run: it looks at no more rows than it has files",
};

const struct tool tool_node_pg_migrate = {
    .name = "node-pg-migrate",
    .title = "node-pg-migrate",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_POSTGRES,
              .files = "*.js, *.ts, *.mjs, *.sql",
              .order = "number before the first \"_\", then name",
              .lock = "advisory lock"},
    .read_files = read_files,
    .order = order_migrations,
    .traits = &traits,
};
