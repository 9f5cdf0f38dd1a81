/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the tools of all journals run: locks of sessions with one statement, rows of lock tables with one per form.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "journal/journal_builder.h"
#include "journal/journal_look_run.h"
#include "journal/tool_locks.h"

/* One check of one reading. */
struct due_check {
    size_t reading;
    struct lock_check check;
};

struct due_checks {
    struct due_check *items;
    size_t count;
    size_t capacity;
};

static void due_checks_done(struct due_checks *checks)
{
    mem_free(checks->items);
}

DEFINE_CLEANUP_VALUE(due_checks, struct due_checks, due_checks_done);

/* Checks of locks that sessions hold, or of rows. */
static int plan_checks(struct look_run *run, bool rows, struct due_checks *checks, struct error *reterr)
{
    for (size_t i = 0; i < run->sightings->count; i++) {
        struct journal_reading *reading = &run->readings[i];
        const struct tool *tool = run->sightings->items[i].tool;
        if (run->dropped[i] || reading->error || reading->lock.held || !tool->locks)
            continue;
        struct lock_plan plan = {.arena = run->snapshot->arena};
        tool->locks(&reading->address, run->server, &plan);
        if (plan.failed)
            return error_no_memory(reterr);
        /* A runner works on the primary: here only what it wrote arrives. */
        reading->lock.runner_shows = plan.runner_shows && !run->server->replica;
        for (size_t j = 0; j < plan.count; j++) {
            if ((plan.checks[j].request.form == LOCK_NONE) != rows)
                continue;
            if (!mem_grow(&checks->items, &checks->capacity, checks->count, sizeof *checks->items,
                          LIMIT_JOURNALS * LOCK_PLAN_MAXIMUM))
                return error_no_memory(reterr);
            checks->items[checks->count++] = (struct due_check){.reading = i, .check = plan.checks[j]};
        }
    }
    return 0;
}

/* The journal can be read, and whether it is about to change cannot be told: that is not to be believed. */
static int fail_check(struct look_run *run, size_t at, struct error *failure, struct error *reterr)
{
    if (look_is_fatal(failure->code)) {
        if (reterr)
            *reterr = *failure;
        return -1;
    }
    error_prefix(failure, "whether %s runs cannot be told", run->sightings->items[at].tool->title);
    if (look_restart(run, reterr) < 0)
        return -1;
    return look_fail_reading(run, &run->readings[at], failure->code, failure->message, NULL, reterr);
}

/* The first of a reading's locks that is held counts. */
static void take_report(struct look_run *run, const struct due_check *check, const struct lock_report *report)
{
    struct lock_report *lock = &run->readings[check->reading].lock;
    if (lock->held || !report->held)
        return;
    bool shows = lock->runner_shows;
    *lock = *report;
    lock->runner_shows = shows;
}

static int read_session_locks_one_by_one(struct look_run *run, const struct due_checks *checks, struct error *reterr)
{
    for (size_t i = 0; i < checks->count; i++) {
        const struct due_check *check = &checks->items[i];
        struct lock_report report = {.since_ms = TIME_UNKNOWN};
        struct error failure = {0};
        if (run->readings[check->reading].lock.held || run->readings[check->reading].error)
            continue;
        if (look_ops(run)->read_lock(run->connection, &check->check.request, run->deadline, &report, &failure) == 0)
            take_report(run, check, &report);
        else if (fail_check(run, check->reading, &failure, reterr) < 0)
            return -1;
    }
    return 0;
}

static int read_session_locks(struct look_run *run, struct error *reterr)
{
    cleanup(due_checks) struct due_checks checks = {0};
    if (plan_checks(run, false, &checks, reterr) < 0)
        return -1;
    if (checks.count < 2 || !look_ops(run)->read_locks)
        return read_session_locks_one_by_one(run, &checks, reterr);
    cleanup(free) struct lock_request *requests = mem_calloc(checks.count, sizeof *requests);
    cleanup(free) struct lock_report *reports = mem_calloc(checks.count, sizeof *reports);
    struct error failure = {0};
    if (!requests || !reports)
        return error_no_memory(reterr);
    for (size_t i = 0; i < checks.count; i++)
        requests[i] = checks.items[i].check.request;
    if (look_ops(run)->read_locks(run->connection, requests, checks.count, run->deadline, reports, &failure) < 0) {
        if (!look_is_fatal(failure.code))
            return look_restart(run, reterr) < 0 ? -1 : read_session_locks_one_by_one(run, &checks, reterr);
        if (reterr)
            *reterr = failure;
        return -1;
    }
    for (size_t i = 0; i < checks.count; i++)
        take_report(run, &checks.items[i], &reports[i]);
    return 0;
}

enum { LOCK_CELL_SINCE, LOCK_CELL_EXPIRES, LOCK_CELL_HELD, LOCK_CELL_HOLDER, LOCK_CELLS };

/* Lock tables are small: the row that counts is the first one everywhere. */
enum { LOCK_ROWS = 16 };

/* Columns that the row does not have are asked for as one that it has: a request has no gaps. */
static void lock_cells(const struct lock_row *row, struct cell_request ret_cells[static LOCK_CELLS])
{
    const char *some = row->held ? row->held : row->since ? row->since : row->holder;
    ret_cells[LOCK_CELL_SINCE] =
        (struct cell_request){row->since ? row->since : some, row->since ? CELL_TIME_MS : CELL_TEXT};
    ret_cells[LOCK_CELL_EXPIRES] =
        (struct cell_request){row->expires ? row->expires : some, row->expires ? CELL_TIME_MS : CELL_TEXT};
    ret_cells[LOCK_CELL_HELD] =
        (struct cell_request){row->held ? row->held : some, row->held ? CELL_BOOLEAN : CELL_TEXT};
    ret_cells[LOCK_CELL_HOLDER] = (struct cell_request){row->holder ? row->holder : some, CELL_TEXT};
}

/* What a lock table says, row by row; the first that is held counts. */
static void take_lock_row(const struct lock_row *row, int64_t now_ms, const char *const *cells,
                          struct lock_report *report)
{
    const char *held = cells[LOCK_CELL_HELD];
    int64_t expires_ms = 0;
    if (report->held || (row->held && (!held || strcmp(held, "1") != 0)))
        return;
    if (row->expires && cell_integer(cells[LOCK_CELL_EXPIRES], &expires_ms) && expires_ms <= now_ms)
        return;
    report->held = report->sessionless = true;
    if (!row->since || !cell_integer(cells[LOCK_CELL_SINCE], &report->since_ms))
        report->since_ms = TIME_UNKNOWN;
    if (row->holder && cells[LOCK_CELL_HOLDER]) {
        const char *before = row->holder_prefix ? row->holder_prefix : "";
        snprintf(report->holder, sizeof report->holder, "%s%s", before, cells[LOCK_CELL_HOLDER]);
        utf8_make_line(report->holder, sizeof report->holder);
    }
}

/* Lock tables of one form, whose rows go to the readings of `checks`. */
struct lock_rows {
    const struct look_run *run;
    const struct due_check *const *checks;
};

static int take_row_of_table(void *payload, size_t table, const char *const *cells, const size_t *lengths, size_t count,
                             struct error *reterr)
{
    (void)lengths;
    (void)count;
    (void)reterr;
    const struct lock_rows *rows = payload;
    const struct due_check *check = rows->checks[table];
    take_lock_row(check->check.row, rows->run->request->now_ms, cells, &rows->run->readings[check->reading].lock);
    return 0;
}

static int take_row(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    return take_row_of_table(payload, 0, cells, lengths, count, reterr);
}

/* A lock table that is not there holds no lock; tools make it when they first run. */
static int read_lock_table(struct look_run *run, const struct due_check *check, struct error *reterr)
{
    struct cell_request cells[LOCK_CELLS] = {0};
    struct error failure = {0};
    bool more = false;
    lock_cells(check->check.row, cells);
    const struct table_request request = {.schema = check->check.schema,
                                          .table = check->check.table,
                                          .cells = cells,
                                          .cell_count = LOCK_CELLS,
                                          .row_limit = LOCK_ROWS};
    const struct lock_rows rows = {.run = run, .checks = &check};
    const struct row_sink sink = {.row = take_row, .payload = (void *)(uintptr_t)&rows};
    if (look_ops(run)->read_table(run->connection, &request, run->deadline, &sink, &more, &failure) == 0)
        return 0;
    if (failure.code != ERROR_NOT_FOUND && failure.code != ERROR_LOCKED)
        return fail_check(run, check->reading, &failure, reterr);
    run->readings[check->reading].locked |= failure.code == ERROR_LOCKED;
    return look_restart(run, reterr);
}

/* `*ret_read` tells whether they could be read together. */
static int read_lock_tables(struct look_run *run, const struct due_check *const *checks, size_t count, bool *ret_read,
                            struct error *reterr)
{
    struct cell_request cells[LOCK_CELLS] = {0};
    struct error failure = {0};
    cleanup(free) struct table_place *places = mem_calloc(count, sizeof *places);
    cleanup(free) bool *more = mem_calloc(count, sizeof *more);
    if (!places || !more)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++)
        places[i] = (struct table_place){.schema = checks[i]->check.schema, .table = checks[i]->check.table};
    lock_cells(checks[0]->check.row, cells);
    const struct table_request request = {
        .table = places[0].table, .cells = cells, .cell_count = LOCK_CELLS, .row_limit = LOCK_ROWS};
    const struct lock_rows rows = {.run = run, .checks = checks};
    const struct tables_sink sink = {.row = take_row_of_table, .payload = (void *)(uintptr_t)&rows};
    *ret_read =
        look_ops(run)->read_tables(run->connection, &request, places, count, run->deadline, &sink, more, &failure) == 0;
    if (*ret_read)
        return 0;
    if (!look_is_fatal(failure.code))
        return look_restart(run, reterr);
    if (reterr)
        *reterr = failure;
    return -1;
}

/* One that the schema does not show need not be asked for. */
static bool is_there(const struct look_run *run, const struct lock_check *check)
{
    const struct schema *schema = look_schema(run);
    return !schema || schema->truncated || schema_find_relation(schema, check->schema, check->table);
}

/* Those that have the form of the first one. */
static int read_one_form(struct look_run *run, const struct due_check **pending, size_t count, struct error *reterr)
{
    bool read = false;
    if (count > 1 && look_ops(run)->read_tables && read_lock_tables(run, pending, count, &read, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count && !read; i++) {
        const struct journal_reading *reading = &run->readings[pending[i]->reading];
        if (!reading->lock.held && !reading->error && read_lock_table(run, pending[i], reterr) < 0)
            return -1;
    }
    return 0;
}

static int read_row_locks(struct look_run *run, struct error *reterr)
{
    cleanup(due_checks) struct due_checks checks = {0};
    if (plan_checks(run, true, &checks, reterr) < 0)
        return -1;
    cleanup(free) const struct due_check **form = mem_calloc(checks.count, sizeof *form);
    cleanup(free) bool *done = mem_calloc(checks.count, sizeof *done);
    if (!form || !done)
        return error_no_memory(reterr);
    for (size_t i = 0; i < checks.count; i++)
        done[i] = !is_there(run, &checks.items[i].check);
    for (size_t i = 0; i < checks.count; i++) {
        size_t count = 0;
        for (size_t j = i; j < checks.count && count < LOOK_TABLES_AT_ONCE; j++) {
            if (done[j] || checks.items[j].check.row != checks.items[i].check.row)
                continue;
            done[j] = true;
            form[count++] = &checks.items[j];
        }
        if (count > 0 && read_one_form(run, form, count, reterr) < 0)
            return -1;
    }
    return 0;
}

/* A row that tells no time is held since it was first seen: its age alone shows that it was left behind. */
static void date_locks(struct look_run *run)
{
    for (size_t i = 0; i < run->sightings->count; i++) {
        struct lock_report *lock = &run->readings[i].lock;
        if (run->dropped[i] || !lock->held || !lock->sessionless || lock->since_ms != TIME_UNKNOWN)
            continue;
        const struct journal_reading *old = look_previous(run, &run->readings[i]);
        bool seen = old && old->lock.held && old->lock.sessionless && old->lock.since_ms != TIME_UNKNOWN;
        lock->since_ms = seen ? old->lock.since_ms : run->request->now_ms;
    }
}

int look_read_locks(struct look_run *run, struct error *reterr)
{
    if (read_session_locks(run, reterr) < 0 || read_row_locks(run, reterr) < 0)
        return -1;
    date_locks(run);
    return 0;
}
