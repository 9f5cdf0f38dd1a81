/* SPDX-License-Identifier: Apache-2.0
 *
 * golang-migrate: one row says where the database stands, and whether the last step ended.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "journal/journal_builder.h"
#include "journal/numbered_files.h"
#include "journal/tool_list.h"
#include "journal/tool_locks.h"

/* What the CRC-32 of the names is multiplied with, modulo 2^32. */
#define LOCK_SALT UINT32_C(1486364155)

enum { CELL_VERSION, CELL_DIRTY };

static const char *const default_tables[] = {"schema_migrations", NULL};
static const char *const columns[] = {"version", "dirty", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT},
    [CELL_DIRTY] = {"dirty", CELL_BOOLEAN},
};
static const struct tool_shape shapes[] = {
    {.columns = columns,
     .exact = true,
     .rename_safe = true,
     .cells = cells,
     .cell_count = ARRAY_LENGTH(cells),
     .proven_by_rows = true},
};

/* -1 stands for what was before the first migration, and only while it is dirty: a clean one would be no row. */
static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    (void)shape;
    const char *version = row[CELL_VERSION];
    const char *dirty = row[CELL_DIRTY];
    bool nothing = version && strcmp(version, "-1") == 0;
    if (!version || (!nothing && (!*version || strspn(version, "0123456789") != lengths[CELL_VERSION])) || !dirty ||
        (strcmp(dirty, "0") != 0 && strcmp(dirty, "1") != 0)) {
        journal_builder_invalid(builder, "version is no number, or dirty is neither true nor false");
        return 0;
    }
    if (builder->journal->row_count > 1) {
        journal_builder_invalid(builder, "there is more than one row");
        return 0;
    }
    bool failed = strcmp(dirty, "1") == 0;
    builder->journal->position = true;
    if (nothing && !failed)
        return 0;
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    entry->state = failed ? ENTRY_DIRTY : ENTRY_APPLIED;
    return journal_builder_text(builder, version, lengths[CELL_VERSION], &entry->revision) ? 0
                                                                                           : error_no_memory(reterr);
}

/* The key of what is `length` bytes long: names with a zero byte between each two. */
static void lock_names(struct lock_plan *plan, const char *names, int length, size_t size)
{
    if (length > 0 && (size_t)length < size)
        lock_plan_advisory(plan, checksum_crc32(0, names, (size_t)length) * LOCK_SALT);
}

/* Of the database's URL its path is taken, with the slash; only programs that hand over a connection have the name
 * itself. The table's name is in the key since 4.15. pgx may be told to lock by a row instead. */
static void locks(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan)
{
    static const struct lock_row row = {.holder = "lock_id", .holder_prefix = "lock "};
    const char *schema = address->schema;
    const char *table = address->table;
    const char *database = server->database;
    char names[3 * JOURNAL_NAME_SIZE] = "";
    size_t size = sizeof names;
    plan->runner_shows = !server_is_sqlite(server);
    if (server_is_postgres(server)) {
        lock_names(plan, names, snprintf(names, size, "%s%c%s%c/%s", schema, '\0', table, '\0', database), size);
        lock_names(plan, names, snprintf(names, size, "%s%c%s%c%s", schema, '\0', table, '\0', database), size);
        lock_names(plan, names, snprintf(names, size, "%s%c/%s", schema, '\0', database), size);
        lock_plan_row(plan, &row, schema, "schema_lock");
    } else if (server_is_mysql(server)) {
        snprintf(names, size, "%s:%s", database, table);
        lock_plan_named(plan, "%" PRIu32, lock_crc32(names) * LOCK_SALT);
    }
}

/* The last ".up." or ".down." of a name, of which anything may follow: 1_users.up.sql, and 1_users.up.sql~ as well. */
static const char *direction_of(const char *name)
{
    const char *found = NULL;
    for (const char *at = strchr(name, '.'); at; at = strchr(at + 1, '.'))
        if (strncmp(at, ".up.", 4) == 0 || strncmp(at, ".down.", 6) == 0)
            found = at;
    return found;
}

static bool accepts(const char *name)
{
    return numbered_name(name, '_') && direction_of(name);
}

static enum numbered_use use(const char *name)
{
    if (!numbered_at_most(name, "18446744073709551615"))
        return NUMBERED_IGNORED;
    return strncmp(direction_of(name), ".up.", 4) == 0 ? NUMBERED_RUN : NUMBERED_HALF;
}

static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"migrations", "db/migrations", "db/migration", NULL};
    static const struct numbered_layout layout = {
        .title = "golang-migrate",
        .rule = {.folders = folders, .depth = 1, .accepts = accepts},
        .use = use,
        .remark = "golang-migrate passes over it: the number does not fit into 64 bits",
    };
    return numbered_files_read(&layout, directory, set, reterr);
}

#define SENTENCES                                                                                                      \
    .question_key = numbered_question_key, .order = order_numbers, .unknown_refused = true, .apply = "migrate up",     \
    .release = "check that no runner lives, then delete the row of schema_lock",                                       \
    .repair_unknown = "deploy the release that has the file of {revision}; migrate refuses to run without it",         \
    .remark_unknown = "golang-migrate refuses to run: it finds no file of the version at which the database stands",   \
    .remark_later = "golang-migrate itself, run from these files, would stop: it finds no file of the newer version",  \
    .revert = "migrate goto "

static const struct list_traits traits = {
    SENTENCES,
    .repair_failed = "look at what {file} did, or, if a step back failed, the file after it; take back by hand what is "
                     "half done, then say where the database stands and go on: migrate force {previous}, migrate up",
};

/* What comes before the first migration has the number -1. */
static const struct list_traits first_traits = {
    SENTENCES,
    .repair_failed = "look at what the first migration's file did, or, if a step back failed, the file of that step; "
                     "take back by hand what is half done, then say that nothing is applied and go on: "
                     "migrate force -- -1, migrate up",
};

static bool stands_at_first(const struct compare_request *request)
{
    const struct migration_set *expected = request->expected;
    if (request->journal->entry_count != 1 || !expected || expected->count == 0)
        return false;
    return order_numbers(request->journal->entries[0].revision, expected->migrations[0].revision) <= 0;
}

/* The row stands for all that come before it, too, as far as there are files. */
static size_t count_applied(const struct compare_request *request)
{
    const struct journal_entry *entry = request->journal->entries;
    size_t count = 0;
    for (size_t i = 0; i < request->expected->count; i++) {
        int order = order_numbers(request->expected->migrations[i].revision, entry->revision);
        count += order < 0 || (order == 0 && entry->state == ENTRY_APPLIED);
    }
    return count;
}

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    const struct list_traits *chosen = stands_at_first(request) ? &first_traits : &traits;
    if (compare_list(request, chosen, arena, ret_comparison, reterr) < 0)
        return -1;
    if (request->expected && request->journal->entry_count == 1)
        ret_comparison->applied_count = count_applied(request);
    return 0;
}

const struct tool tool_golang_migrate = {
    .name = "golang-migrate",
    .title = "golang-migrate",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .locks = locks,
    .facts = {.engines = TOOL_EVERYWHERE,
              .files = "N_*.up.*, N_*.down.*",
              .order = "version",
              .failure = "dirty = true",
              .lock = "advisory lock or schema_lock row (PostgreSQL), GET_LOCK (MySQL)"},
    .read_files = read_files,
    .compare = compare,
};
