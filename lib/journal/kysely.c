/* SPDX-License-Identifier: Apache-2.0
 *
 * Kysely: a list of file names without their extension. What is applied must be the beginning of what there is.
 */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cleanup.h"
#include "journal/detect.h"
#include "journal/named_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

#define ADVISORY_KEY INT64_C(3853314791062309107)
#define LOCK_NAME "ea586330-2c93-47c8-908d-981d9d270f9d"
#define LOCK_TABLE "kysely_migration_lock"

enum { CELL_NAME, CELL_TIME };

static const char *const default_tables[] = {"kysely_migration", NULL};
static const char *const columns[] = {"name", "timestamp", NULL};
static const struct cell_request cells[] = {
    [CELL_NAME] = {"name", CELL_TEXT},
    [CELL_TIME] = {"timestamp", CELL_TEXT},
};

/* Two columns of these names prove little: the lock's table must stand beside them, and the time be a text. */
static bool fits(const struct schema *schema, const struct schema_relation *relation)
{
    const char *type = detect_column_type(schema, relation, "timestamp");
    bool text = strcasestr(type, "char") || strcasestr(type, "text");
    return text && detect_has_sibling(schema, relation, LOCK_TABLE);
}

static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .order_by = "timestamp",
     .fits = fits,
     .proven_by_rows = true},
};

/* "2026-11-21T08:00:00.000Z", as JavaScript's toISOString() has it. */
static bool parse_time(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (!end || *end != '.' || strspn(end + 1, "0123456789") != 3 || strcmp(end + 4, "Z") != 0)
        return false;
    int milliseconds = (end[1] - '0') * 100 + (end[2] - '0') * 10 + (end[3] - '0');
    *ret_ms = (int64_t)timegm(&tm) * 1000 + milliseconds;
    return true;
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    int64_t applied_at_ms = 0;
    struct journal_entry *entry = NULL;
    if (!parse_time(row[CELL_TIME], &applied_at_ms)) {
        journal_builder_invalid(builder, "timestamp is no time as Kysely writes it");
        return 0;
    }
    if (named_row(builder, row[CELL_NAME], lengths[CELL_NAME], NULL, &entry, reterr) < 0)
        return -1;
    if (entry)
        entry->applied_at_ms = applied_at_ms;
    return 0;
}

static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    (void)address;
    if (server_is_postgres(server))
        lock_plan_advisory(plan, ADVISORY_KEY);
    else if (server_is_mysql(server))
        lock_plan_named(plan, LOCK_NAME);
    plan->runner_shows = !server_is_sqlite(server);
}

static bool claims(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && (name[digits] == '_' || name[digits] == '-');
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations",        "src/migrations",  "db/migrations",
                                          "src/db/migrations", "dist/migrations", NULL};
    static const char *const marks[] = {"kysely", "Kysely", NULL};
    static const struct named_extension extensions[] = {{".js", EXTENSION_DROPPED},  {".ts", EXTENSION_DROPPED},
                                                        {".mjs", EXTENSION_DROPPED}, {".mts", EXTENSION_DROPPED},
                                                        {".cjs", EXTENSION_DROPPED}, {".cts", EXTENSION_DROPPED}};
    static const struct named_layout layout = {
        .title = "Kysely",
        .folders = folders,
        .extensions = extensions,
        .extension_count = ARRAY_LENGTH(extensions),
        .marks = marks,
        .claims = claims,
        .remark_extension = "Kysely's FileMigrationProvider loads no files of this kind",
    };
    return named_files_read(&layout, directory, set, reterr);
}

static const struct list_traits traits = {
    .order = order_bytes,
    .late = LATE_REFUSES,
    .unknown_refused = true,
    .apply = "kysely migrate:latest",
    .repair_late = "rename {file} so that it sorts after the newest applied migration; or let the Migrator run it "
                   "late: allowUnorderedMigrations",
    .repair_unknown = "deploy the release that has {revision}, or put the file back",
    .remark_late = "Kysely refuses to migrate while an older migration is missing (\"corrupted migrations\"), unless "
                   "allowUnorderedMigrations is set",
    .remark_unknown = "Kysely refuses to migrate while an applied migration has no file (\"corrupted migrations\")",
    .remark_later = "Kysely itself would refuse to run: the applied migration has no file here",
};

const struct tool tool_kysely = {
    .name = "kysely",
    .title = "Kysely",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "*.js, *.ts, *.mjs, *.mts, *.cjs, *.cts",
              .order = "file name",
              .lock = "advisory lock (PostgreSQL), GET_LOCK (MySQL)"},
    .read_files = read_files,
    .order = named_order,
    .traits = &traits,
};
