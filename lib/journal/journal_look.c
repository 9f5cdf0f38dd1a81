/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_look.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/journal_look_run.h"

bool look_is_fatal(enum error_code code)
{
    return code == ERROR_UNREACHABLE || code == ERROR_TIMEOUT || code == ERROR_NO_MEMORY || code == ERROR_AUTH_FAILED ||
           code == ERROR_INTERNAL;
}

int look_restart(struct look_run *run, struct error *reterr)
{
    struct error ignored = {0};
    look_ops(run)->end_look(run->connection, run->deadline, &ignored);
    return look_ops(run)->begin_look(run->connection, run->deadline, reterr);
}

static bool same_part(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

const struct journal_reading *look_previous(const struct look_run *run, const struct journal_reading *reading)
{
    const struct snapshot *previous = run->request->previous;
    const struct journal_address *address = &reading->address;
    /* Nearly always the one at the same place. */
    size_t place = (size_t)(reading - run->readings);
    for (size_t i = 0; previous && i < previous->reading_count; i++) {
        const struct journal_reading *old = &previous->readings[(place + i) % previous->reading_count];
        if (strcmp(old->address.tool, address->tool) == 0 && strcmp(old->address.schema, address->schema) == 0 &&
            strcmp(old->address.table, address->table) == 0 && same_part(old->address.part, address->part))
            return old;
    }
    return NULL;
}

/* A new reading of that address, without result yet; NULL when memory is out. */
static struct journal_reading *add_reading(struct look_run *run, const struct journal_address *address)
{
    struct arena *arena = run->snapshot->arena;
    if (!mem_grow(&run->readings, &run->capacity, run->snapshot->reading_count, sizeof *run->readings, LIMIT_READINGS))
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

int look_fail_reading(struct look_run *run, struct journal_reading *reading, enum error_code code, const char *message,
                      const char *grant, struct error *reterr)
{
    reading->error = code;
    reading->error_message = arena_strdup(run->snapshot->arena, message);
    reading->error_grant = arena_strdup(run->snapshot->arena, grant);
    return reading->error_message && (reading->error_grant || !grant) ? 0 : error_no_memory(reterr);
}

void look_set_journal(const struct look_run *run, struct journal_reading *reading, struct journal *journal)
{
    const struct journal_reading *old = look_previous(run, reading);
    const struct journal *before = old ? old->journal : NULL;
    bool same = before && before->shape == journal->shape && before->entry_count == journal->entry_count &&
                before->truncated == journal->truncated && before->row_count == journal->row_count &&
                digest_equal(before->digest, journal->digest);
    reading->journal = same ? journal_ref(old->journal) : journal;
    if (same)
        journal_unref(journal);
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
        reading->locked = run->readings[at].locked;
        look_set_journal(run, reading, take(part));
    }
    return 0;
}

/* Leaves out what turned out to be no journal, and splits what is several. */
static int finish_readings(struct look_run *run, struct error *reterr)
{
    size_t count = run->snapshot->reading_count;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!run->dropped[i])
            run->readings[kept++] = run->readings[i];
    run->snapshot->reading_count = kept;
    for (size_t i = 0; i < kept; i++) {
        const struct journal_reading *reading = &run->readings[i];
        bool parts = tool_find(reading->address.tool)->parts;
        if (parts && !reading->error && reading->journal && reading->journal->entry_count > 0 &&
            split_reading(run, i, reterr) < 0)
            return -1;
    }
    return 0;
}

/* The rows first, then the locks: a run that ends in between is then seen as running with its rows still missing, never
 * as done with its rows missing. */
static int read_sightings(struct look_run *run, struct error *reterr)
{
    for (size_t i = 0; i < run->sightings->count; i++)
        if (!add_reading(run, &run->sightings->items[i].address))
            return error_no_memory(reterr);
    if (look_read_rows(run, reterr) < 0 || look_read_locks(run, reterr) < 0)
        return -1;
    return finish_readings(run, reterr);
}

static int read_everything(struct look_run *run, struct error *reterr)
{
    if (run->request->none)
        return 0;
    cleanup(journal_sightings) struct journal_sightings sightings = {0};
    if (journal_sightings_read(&sightings, run->connection, run->request, run->deadline, reterr) < 0)
        return -1;
    cleanup(free) bool *dropped = mem_calloc(sightings.count, sizeof *dropped);
    if (!dropped)
        return error_no_memory(reterr);
    run->sightings = &sightings;
    run->dropped = dropped;
    int result = read_sightings(run, reterr);
    run->schema_due = run->schema_due || sightings.schema_due;
    run->sightings = NULL;
    run->dropped = NULL;
    return result;
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
    if (look_ops(run)->begin_look(run->connection, run->deadline, reterr) < 0)
        return -1;
    struct error ignored = {0};
    int result = read_everything(run, reterr);
    int ended = look_ops(run)->end_look(run->connection, run->deadline, result < 0 ? &ignored : reterr);
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
