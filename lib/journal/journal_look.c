/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_look.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "journal/journal_builder.h"
#include "journal/journal_sightings.h"
#include "journal/tool_locks.h"

/* One look in progress. */
struct look_run {
    const struct journal_look *request;
    struct engine_connection *connection;
    const struct server_facts *server;
    struct deadline deadline;
    struct snapshot *snapshot; /* being built; owned */
    struct journal_reading *readings;
    size_t capacity; /* of readings, which are on the heap until the end */
    bool schema_due;
};

static const struct schema *schema_of(const struct look_run *run)
{
    return run->request->previous ? run->request->previous->schema : NULL;
}

static const struct engine_ops *ops_of(const struct look_run *run)
{
    return run->connection->ops;
}

/* After these the database as a whole could not be read. */
static bool is_fatal(enum error_code code)
{
    return code == ERROR_UNREACHABLE || code == ERROR_TIMEOUT || code == ERROR_NO_MEMORY || code == ERROR_AUTH_FAILED ||
           code == ERROR_INTERNAL;
}

/* A failed statement leaves PostgreSQL's transaction useless: begins a new one. */
static int restart(struct look_run *run, struct error *reterr)
{
    struct error ignored = {0};
    ops_of(run)->end_look(run->connection, run->deadline, &ignored);
    return ops_of(run)->begin_look(run->connection, run->deadline, reterr);
}

static bool same_part(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const struct journal_reading *previous_reading(const struct look_run *run, const struct journal_address *address)
{
    const struct snapshot *previous = run->request->previous;
    /* Nearly always the one at the same place. */
    for (size_t i = 0; previous && i < previous->reading_count; i++) {
        size_t at = (run->snapshot->reading_count - 1 + i) % previous->reading_count;
        const struct journal_reading *reading = &previous->readings[at];
        if (strcmp(reading->address.tool, address->tool) == 0 &&
            strcmp(reading->address.schema, address->schema) == 0 &&
            strcmp(reading->address.table, address->table) == 0 && same_part(reading->address.part, address->part))
            return reading;
    }
    return NULL;
}

/* A new reading of that address, without result yet; NULL when memory is out. */
static struct journal_reading *add_reading(struct look_run *run, const struct journal_address *address)
{
    struct arena *arena = run->snapshot->arena;
    if (!mem_grow(&run->readings, &run->capacity, run->snapshot->reading_count, sizeof *run->readings, LIMIT_JOURNALS))
        return NULL;
    struct journal_reading *reading = &run->readings[run->snapshot->reading_count];
    *reading = (struct journal_reading){
        .address = {.tool = address->tool,
                    .schema = arena_strdup(arena, address->schema),
                    .table = arena_strdup(arena, address->table),
                    .part = arena_strdup(arena, address->part)},
        .lock = {.since_ms = TIME_UNKNOWN},
    };
    if (!reading->address.schema || !reading->address.table || (address->part && !reading->address.part))
        return NULL;
    run->snapshot->reading_count++;
    return reading;
}

static int set_failure(struct look_run *run, struct journal_reading *reading, enum error_code code, const char *message,
                       struct error *reterr)
{
    reading->error = code;
    reading->error_message = arena_strdup(run->snapshot->arena, message);
    return reading->error_message ? 0 : error_no_memory(reterr);
}

/* `grant` is the statement that would help; NULL where the engine knows none. */
static int set_forbidden(struct look_run *run, struct journal_reading *reading, const char *message, const char *grant,
                         struct error *reterr)
{
    reading->error_grant = arena_strdup(run->snapshot->arena, grant);
    if (grant && !reading->error_grant)
        return error_no_memory(reterr);
    return set_failure(run, reading, ERROR_FORBIDDEN, message, reterr);
}

/* The rows of the journal's table, then those of the one beside it. */
static int read_tables(const struct look_run *run, const struct tool_shape *shape,
                       const struct journal_address *address, struct journal_builder *builder, bool *ret_more,
                       struct error *reterr)
{
    struct table_request request = {
        .schema = address->schema,
        .table = address->table,
        .cells = shape->cells,
        .cell_count = shape->cell_count,
        .order_by = shape->order_by,
        .row_limit = LIMIT_JOURNAL_ROWS,
    };
    const struct row_sink sink = {.row = journal_builder_row, .payload = builder};
    if (ops_of(run)->read_table(run->connection, &request, run->deadline, &sink, ret_more, reterr) < 0)
        return -1;
    if (!shape->beside)
        return 0;
    bool more = false;
    request.table = shape->beside->table;
    request.cells = shape->beside->cells;
    request.cell_count = shape->beside->cell_count;
    request.order_by = shape->beside->order_by;
    journal_builder_go_beside(builder);
    if (ops_of(run)->read_table(run->connection, &request, run->deadline, &sink, &more, reterr) < 0)
        return -1;
    *ret_more = *ret_more || more;
    return 0;
}

/* The rows of the table in one shape, as a journal or, if they are those of `before` (NULL: none), as that one. */
static int read_rows(struct look_run *run, const struct tool *tool, size_t shape, const struct journal_address *address,
                     struct journal *before, struct journal **ret_journal, struct error *reterr)
{
    cleanup(journal_builder) struct journal_builder builder = {0};
    if (journal_builder_init(&builder, tool, shape, address, reterr) < 0)
        return -1;
    builder.journal->engine = arena_strdup(builder.journal->arena, run->server->engine);
    if (!builder.journal->engine)
        return error_no_memory(reterr);
    builder.digest_only = before != NULL;
    bool more = false;
    if (read_tables(run, &tool->shapes[shape], address, &builder, &more, reterr) < 0)
        return -1;
    if (!before)
        return journal_builder_finish(&builder, more, ret_journal, reterr);
    *ret_journal = journal_builder_is_same(&builder, more, before) ? journal_ref(before) : NULL;
    return 0;
}

/* Reads the table in one shape. ERROR_NOT_FOUND: it does not have it. The rows of a long journal are only compared at
 * first, in no memory: they hardly ever change between two looks. */
static int read_shape(struct look_run *run, const struct tool *tool, size_t shape,
                      const struct journal_address *address, struct journal **ret_journal, struct error *reterr)
{
    const struct journal_reading *old = previous_reading(run, address);
    struct journal *before =
        old && old->journal && old->journal->pack && old->journal->shape == shape ? old->journal : NULL;
    if (before && read_rows(run, tool, shape, address, before, ret_journal, reterr) < 0)
        return -1;
    return before && *ret_journal ? 0 : read_rows(run, tool, shape, address, NULL, ret_journal, reterr);
}

/* Reads in the shape that the schema shows, or, while the columns are not known, in each from the newest on. */
static int read_journal(struct look_run *run, const struct tool *tool, const struct journal_address *address,
                        struct journal **ret_journal, struct error *reterr)
{
    const struct schema *schema = schema_of(run);
    const struct schema_relation *relation =
        schema ? schema_find_relation(schema, address->schema, address->table) : NULL;
    int known = relation ? tool_match_shape(tool, schema, relation) : -1;
    struct error error = {.code = ERROR_NOT_FOUND};
    if (known >= 0 && read_shape(run, tool, (size_t)known, address, ret_journal, &error) == 0)
        return 0;
    for (size_t i = 0; i < tool->shape_count && error.code == ERROR_NOT_FOUND; i++) {
        if ((int)i == known)
            continue;
        if (known >= 0 || i > 0) {
            if (restart(run, reterr) < 0)
                return -1;
        }
        if (read_shape(run, tool, i, address, ret_journal, &error) == 0) {
            run->schema_due = run->schema_due || known >= 0;
            return 0;
        }
    }
    if (reterr)
        *reterr = error;
    return -1;
}

/* Shares the journal of the look before if it says the same. */
static void set_journal(const struct look_run *run, struct journal_reading *reading, struct journal *journal)
{
    const struct journal_reading *old = previous_reading(run, &reading->address);
    const struct journal *before = old ? old->journal : NULL;
    bool same = before && before->shape == journal->shape && before->entry_count == journal->entry_count &&
                before->truncated == journal->truncated && before->row_count == journal->row_count &&
                digest_equal(before->digest, journal->digest);
    reading->journal = same ? journal_ref(old->journal) : journal;
    if (same)
        journal_unref(journal);
}

/* What a table that could not be read means for its reading. */
static int judge_failure(struct look_run *run, struct journal_reading *reading, const struct tool *tool,
                         const struct journal_sighting *sighting, const struct error *failure, struct error *reterr)
{
    if (restart(run, reterr) < 0)
        return -1;
    if (failure->code == ERROR_LOCKED) {
        const struct journal_reading *old = previous_reading(run, &reading->address);
        reading->locked = true;
        reading->journal = old && old->journal ? journal_ref(old->journal) : NULL;
        return 0;
    }
    if (failure->code == ERROR_FORBIDDEN)
        return set_forbidden(run, reading, failure->message, sighting->grant, reterr);
    if (failure->code != ERROR_NOT_FOUND)
        return set_failure(run, reading, failure->code, failure->message, reterr);
    run->schema_due = true;
    cleanup(free) char *message =
        mem_printf("%s does not have the columns of a journal of %s", reading->address.table, tool->title);
    return message ? set_failure(run, reading, ERROR_INVALID, message, reterr) : error_no_memory(reterr);
}

/* What a lock table says, row by row; the first that is held counts. */
struct lock_reading {
    const struct lock_row *row;
    int64_t now_ms;
    struct lock_report *report;
};

enum { LOCK_CELL_SINCE, LOCK_CELL_EXPIRES, LOCK_CELL_HELD, LOCK_CELL_HOLDER, LOCK_CELLS };

static int read_lock_row(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                         struct error *reterr)
{
    (void)lengths;
    (void)count;
    (void)reterr;
    const struct lock_reading *reading = payload;
    const struct lock_row *row = reading->row;
    struct lock_report *report = reading->report;
    const char *held = cells[LOCK_CELL_HELD];
    int64_t expires_ms = 0;
    if (report->held || (row->held && (!held || strcmp(held, "1") != 0)))
        return 0;
    if (row->expires && cell_integer(cells[LOCK_CELL_EXPIRES], &expires_ms) && expires_ms <= reading->now_ms)
        return 0;
    report->held = report->sessionless = true;
    if (!row->since || !cell_integer(cells[LOCK_CELL_SINCE], &report->since_ms))
        report->since_ms = TIME_UNKNOWN;
    if (row->holder && cells[LOCK_CELL_HOLDER]) {
        const char *before = row->holder_prefix ? row->holder_prefix : "";
        snprintf(report->holder, sizeof report->holder, "%s%s", before, cells[LOCK_CELL_HOLDER]);
        utf8_make_line(report->holder, sizeof report->holder);
    }
    return 0;
}

/* Lock tables are small: the row that counts is the first one everywhere. */
enum { LOCK_ROWS = 16 };

static int read_lock_table(struct look_run *run, const struct lock_check *check, struct lock_report *report,
                           struct error *reterr)
{
    const struct lock_row *row = check->row;
    /* Columns that the row does not have are asked for as one that it has: a request has no gaps. */
    const char *some = row->held ? row->held : row->since ? row->since : row->holder;
    const struct cell_request cells[LOCK_CELLS] = {
        [LOCK_CELL_SINCE] = {row->since ? row->since : some, row->since ? CELL_TIME_MS : CELL_TEXT},
        [LOCK_CELL_EXPIRES] = {row->expires ? row->expires : some, row->expires ? CELL_TIME_MS : CELL_TEXT},
        [LOCK_CELL_HELD] = {row->held ? row->held : some, row->held ? CELL_BOOLEAN : CELL_TEXT},
        [LOCK_CELL_HOLDER] = {row->holder ? row->holder : some, CELL_TEXT},
    };
    const struct table_request request = {
        .schema = check->schema,
        .table = check->table,
        .cells = cells,
        .cell_count = LOCK_CELLS,
        .row_limit = LOCK_ROWS,
    };
    struct lock_reading reading = {.row = row, .now_ms = run->request->now_ms, .report = report};
    const struct row_sink sink = {.row = read_lock_row, .payload = &reading};
    bool more = false;
    return ops_of(run)->read_table(run->connection, &request, run->deadline, &sink, &more, reterr);
}

/* One check of a plan. A lock table that is not there holds no lock; tools make it when they first run. */
static int read_check(struct look_run *run, const struct lock_check *check, struct journal_reading *reading,
                      struct error *reterr)
{
    if (check->request.form != LOCK_NONE) {
        struct lock_report report = {.since_ms = TIME_UNKNOWN};
        if (ops_of(run)->read_lock(run->connection, &check->request, run->deadline, &report, reterr) < 0)
            return -1;
        report.runner_shows = reading->lock.runner_shows;
        reading->lock = report;
        return 0;
    }
    const struct schema *schema = schema_of(run);
    if (schema && !schema->truncated && !schema_find_relation(schema, check->schema, check->table))
        return 0;
    struct error failure = {0};
    if (read_lock_table(run, check, &reading->lock, &failure) == 0)
        return 0;
    if (failure.code == ERROR_NOT_FOUND)
        return restart(run, reterr);
    if (failure.code == ERROR_LOCKED) {
        reading->locked = true;
        return restart(run, reterr);
    }
    if (reterr)
        *reterr = failure;
    return -1;
}

/* A row that tells no time is held since it was first seen: its age alone shows that it was left behind. */
static int64_t first_seen_ms(const struct look_run *run, const struct journal_reading *reading)
{
    const struct journal_reading *old = previous_reading(run, &reading->address);
    bool seen = old && old->lock.held && old->lock.sessionless && old->lock.since_ms != TIME_UNKNOWN;
    return seen ? old->lock.since_ms : run->request->now_ms;
}

static int read_locks(struct look_run *run, struct journal_reading *reading, const struct tool *tool,
                      struct error *reterr)
{
    if (!tool->locks)
        return 0;
    struct lock_plan plan = {.arena = run->snapshot->arena};
    tool->locks(&reading->address, run->server, &plan);
    if (plan.failed)
        return error_no_memory(reterr);
    reading->lock.runner_shows = plan.runner_shows;
    struct error failure = {0};
    for (size_t i = 0; i < plan.count && !reading->lock.held && !failure.code; i++)
        read_check(run, &plan.checks[i], reading, &failure);
    if (reading->lock.held && reading->lock.sessionless && reading->lock.since_ms == TIME_UNKNOWN)
        reading->lock.since_ms = first_seen_ms(run, reading);
    if (!failure.code)
        return 0;
    if (is_fatal(failure.code)) {
        if (reterr)
            *reterr = failure;
        return -1;
    }
    error_prefix(&failure, "whether %s runs cannot be told", tool->title);
    return restart(run, reterr) < 0 ? -1 : set_failure(run, reading, failure.code, failure.message, reterr);
}

/* Makes the reading of a table that is several journals theirs: the first part takes its place, the others follow. */
static int split_reading(struct look_run *run, size_t at, struct error *reterr)
{
    cleanup(journal) struct journal *whole = run->readings[at].journal;
    run->readings[at].journal = NULL;
    for (size_t first = 0, next = 0; first < whole->entry_count; first = next) {
        while (next < whole->entry_count && same_part(whole->entries[next].part, whole->entries[first].part))
            next++;
        cleanup(journal) struct journal *part = journal_part(whole, first, next - first);
        struct journal_reading *reading = part && first > 0 ? add_reading(run, &part->address) : &run->readings[at];
        if (!part || !reading)
            return error_no_memory(reterr);
        if (first == 0) {
            reading->address.part = arena_strdup(run->snapshot->arena, part->address.part);
            if (!reading->address.part)
                return error_no_memory(reterr);
        }
        reading->lock = run->readings[at].lock;
        set_journal(run, reading, take(part));
    }
    return 0;
}

/* A table that merely looks like a journal, by its name or by columns that many programs choose, is none as long as
 * nobody said that it is. */
static bool is_look_alike(const struct look_run *run, const struct tool *tool, const struct journal *journal)
{
    return journal->invalid && run->request->name_count == 0 && tool->shapes[journal->shape].proven_by_rows;
}

/* The rows first, then the lock: a run that ends in between is then seen as running with its rows still missing, never
 * as done with its rows missing. */
static int read_sighting(struct look_run *run, const struct journal_sighting *sighting, struct error *reterr)
{
    const struct tool *tool = sighting->tool;
    struct journal_reading *reading = add_reading(run, &sighting->address);
    if (!reading)
        return error_no_memory(reterr);
    if (!sighting->readable) {
        cleanup(free) char *message = mem_printf("the role may not read %s", sighting->address.table);
        return message ? set_forbidden(run, reading, message, sighting->grant, reterr) : error_no_memory(reterr);
    }
    struct error failure = {0};
    struct journal *journal = NULL;
    if (read_journal(run, tool, &sighting->address, &journal, &failure) == 0) {
        if (is_look_alike(run, tool, journal)) {
            journal_unref(journal);
            run->snapshot->reading_count--;
            run->snapshot->has_tables = true;
            return 0;
        }
        set_journal(run, reading, journal);
        size_t at = run->snapshot->reading_count - 1;
        if (read_locks(run, reading, tool, reterr) < 0)
            return -1;
        return reading->error || !tool->parts || reading->journal->entry_count == 0 ? 0
                                                                                    : split_reading(run, at, reterr);
    }
    if (is_fatal(failure.code)) {
        if (reterr)
            *reterr = failure;
        return -1;
    }
    /* A table that merely bears a journal's name is none, as long as nobody said that it is. */
    if (failure.code == ERROR_NOT_FOUND && !sighting->certain) {
        run->snapshot->reading_count--;
        run->schema_due = true;
        return restart(run, reterr);
    }
    if (judge_failure(run, reading, tool, sighting, &failure, reterr) < 0)
        return -1;
    return reading->locked ? read_locks(run, reading, tool, reterr) : 0;
}

static int read_everything(struct look_run *run, struct error *reterr)
{
    if (run->request->none)
        return 0;
    cleanup(journal_sightings) struct journal_sightings sightings = {0};
    if (journal_sightings_read(&sightings, run->connection, run->request, run->deadline, reterr) < 0)
        return -1;
    run->schema_due = run->schema_due || sightings.schema_due;
    for (size_t i = 0; i < sightings.count; i++)
        if (read_sighting(run, &sightings.items[i], reterr) < 0)
            return -1;
    return 0;
}

static void share_schema(const struct look_run *run)
{
    const struct snapshot *previous = run->request->previous;
    if (!previous || !previous->schema)
        return;
    run->snapshot->schema = schema_ref(previous->schema);
    run->snapshot->schema_taken_at_ms = previous->schema_taken_at_ms;
    run->snapshot->has_tables = previous->has_tables;
}

static int copy_arrays(const struct look_run *run, struct error *reterr)
{
    struct snapshot *snapshot = run->snapshot;
    const struct snapshot *previous = run->request->previous;
    size_t detected = previous && previous->schema ? previous->detected_count : 0;
    struct journal_reading *readings = arena_array(snapshot->arena, snapshot->reading_count, sizeof *readings);
    struct journal_address *addresses = arena_array(snapshot->arena, detected, sizeof *addresses);
    if (!readings || !addresses)
        return error_no_memory(reterr);
    if (run->readings)
        memcpy(readings, run->readings, snapshot->reading_count * sizeof *readings);
    if (detected > 0)
        memcpy(addresses, previous->detected, detected * sizeof *addresses);
    snapshot->readings = readings;
    snapshot->detected = addresses;
    snapshot->detected_count = detected;
    return 0;
}

/* Begins, reads and ends; the end matters as much as the rest, since a transaction left open would hold the server's
 * cleaning back. */
static int take_look(struct look_run *run, struct error *reterr)
{
    if (ops_of(run)->begin_look(run->connection, run->deadline, reterr) < 0)
        return -1;
    struct error ignored = {0};
    int result = read_everything(run, reterr);
    int ended = ops_of(run)->end_look(run->connection, run->deadline, result < 0 ? &ignored : reterr);
    return result < 0 || ended < 0 ? -1 : copy_arrays(run, reterr);
}

static void forget_readings(const struct look_run *run)
{
    for (size_t i = 0; run->readings && i < run->snapshot->reading_count; i++)
        journal_unref(run->readings[i].journal);
    run->snapshot->reading_count = 0;
    run->snapshot->readings = NULL;
}

int journal_look(struct engine_connection *connection, const struct journal_look *look,
                 const struct server_facts *server, struct deadline deadline, struct snapshot **ret_snapshot,
                 bool *ret_schema_due, struct error *reterr)
{
    cleanup(snapshot) struct snapshot *snapshot = snapshot_new();
    if (!snapshot)
        return error_no_memory(reterr);
    struct look_run run = {
        .request = look, .connection = connection, .server = server, .deadline = deadline, .snapshot = snapshot};
    snapshot->server = *server;
    snapshot->taken_at_ms = look->now_ms;
    share_schema(&run);
    run.schema_due = snapshot->schema == NULL;
    struct error failure = {0};
    int result = take_look(&run, &failure);
    if (result < 0)
        forget_readings(&run);
    if (result < 0 && failure.code == ERROR_CHANGED) { /* what was read is a mixture of two states: read it again */
        result = take_look(&run, &failure);
        if (result < 0)
            forget_readings(&run);
    }
    mem_free(run.readings);
    if (result < 0) {
        if (reterr)
            *reterr = failure;
        return -1;
    }
    *ret_schema_due = run.schema_due;
    *ret_snapshot = take(snapshot);
    return 0;
}
