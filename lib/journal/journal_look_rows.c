/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of all journals: those of one form with one statement, and whatever that fails for one by one.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/journal_builder.h"
#include "journal/journal_look_run.h"

static int begin_builder(const struct look_run *run, struct journal_builder *builder, const struct tool *tool,
                         size_t shape, const struct journal_address *address, struct error *reterr)
{
    if (journal_builder_init(builder, tool, shape, address, reterr) < 0)
        return -1;
    builder->journal->engine = arena_strdup(builder->journal->arena, run->server->engine);
    return builder->journal->engine ? 0 : error_no_memory(reterr);
}

static struct table_request request_for(const struct tool *tool, size_t shape)
{
    return (struct table_request){
        .cells = tool->shapes[shape].cells,
        .cell_count = tool->shapes[shape].cell_count,
        .order_by = tool->shapes[shape].order_by,
        .row_limit = LIMIT_JOURNAL_ROWS,
    };
}

/* The rows of the journal's table, then those of the one beside it. */
static int read_both(const struct look_run *run, const struct tool *tool, size_t shape,
                     const struct journal_address *address, struct journal_builder *builder, bool *ret_more,
                     struct error *reterr)
{
    const struct tool_beside *beside = tool->shapes[shape].beside;
    const struct row_sink sink = {.row = journal_builder_row, .payload = builder};
    struct table_request request = request_for(tool, shape);
    request.schema = address->schema;
    request.table = address->table;
    if (look_ops(run)->read_table(run->connection, &request, run->deadline, &sink, ret_more, reterr) < 0)
        return -1;
    if (!beside)
        return 0;
    bool more = false;
    request.table = beside->table;
    request.cells = beside->cells;
    request.cell_count = beside->cell_count;
    request.order_by = beside->order_by;
    journal_builder_go_beside(builder);
    if (look_ops(run)->read_table(run->connection, &request, run->deadline, &sink, &more, reterr) < 0)
        return -1;
    *ret_more = *ret_more || more;
    return 0;
}

/* The rows of the table in one shape, as a journal or, if they are those of `before` (NULL: none), as that one. */
static int read_rows(struct look_run *run, const struct tool *tool, size_t shape, const struct journal_reading *reading,
                     struct journal *before, struct journal **ret_journal, struct error *reterr)
{
    cleanup(journal_builder) struct journal_builder builder = {0};
    if (begin_builder(run, &builder, tool, shape, &reading->address, reterr) < 0)
        return -1;
    builder.digest_only = before != NULL;
    bool more = false;
    if (read_both(run, tool, shape, &reading->address, &builder, &more, reterr) < 0)
        return -1;
    if (!before)
        return journal_builder_finish(&builder, more, ret_journal, reterr);
    *ret_journal = journal_builder_is_same(&builder, more, before) ? journal_ref(before) : NULL;
    return 0;
}

/* The journal of the look before, where it is so long that its rows are only compared at first, in no memory: they
 * hardly ever change between two looks. */
static struct journal *long_before(const struct look_run *run, const struct journal_reading *reading, size_t shape)
{
    const struct journal_reading *old = look_previous(run, reading);
    return old && old->journal && old->journal->pack && old->journal->shape == shape ? old->journal : NULL;
}

/* Reads the table in one shape. ERROR_NOT_FOUND: it does not have it. */
static int read_shape(struct look_run *run, const struct tool *tool, size_t shape,
                      const struct journal_reading *reading, struct journal **ret_journal, struct error *reterr)
{
    struct journal *before = long_before(run, reading, shape);
    if (before && read_rows(run, tool, shape, reading, before, ret_journal, reterr) < 0)
        return -1;
    return before && *ret_journal ? 0 : read_rows(run, tool, shape, reading, NULL, ret_journal, reterr);
}

/* The shape that the schema shows, or -1. */
static int known_shape(const struct look_run *run, const struct tool *tool, const struct journal_address *address)
{
    const struct schema *schema = look_schema(run);
    const struct schema_relation *relation =
        schema ? schema_find_relation(schema, address->schema, address->table) : NULL;
    return relation ? tool_match_shape(tool, schema, relation) : -1;
}

/* Reads in the shape that the schema shows, or, while the columns are not known, in each from the newest on. */
static int read_journal(struct look_run *run, const struct tool *tool, const struct journal_reading *reading,
                        struct journal **ret_journal, struct error *reterr)
{
    int known = known_shape(run, tool, &reading->address);
    struct error error = {.code = ERROR_NOT_FOUND};
    if (known >= 0 && read_shape(run, tool, (size_t)known, reading, ret_journal, &error) == 0)
        return 0;
    for (size_t i = 0; i < tool->shape_count && error.code == ERROR_NOT_FOUND; i++) {
        if ((int)i == known)
            continue;
        if ((known >= 0 || i > 0) && look_restart(run, reterr) < 0)
            return -1;
        if (read_shape(run, tool, i, reading, ret_journal, &error) == 0) {
            run->schema_due = run->schema_due || known >= 0;
            return 0;
        }
    }
    if (reterr)
        *reterr = error;
    return -1;
}

/* What a table that could not be read means for its reading. */
static int judge_failure(struct look_run *run, size_t at, const struct error *failure, struct error *reterr)
{
    const struct journal_sighting *sighting = &run->sightings->items[at];
    struct journal_reading *reading = &run->readings[at];
    if (look_restart(run, reterr) < 0)
        return -1;
    if (failure->code == ERROR_LOCKED) {
        const struct journal_reading *old = look_previous(run, reading);
        reading->locked = true;
        reading->journal = old && old->journal ? journal_ref(old->journal) : NULL;
        return 0;
    }
    if (failure->code != ERROR_NOT_FOUND)
        return look_fail_reading(run, reading, failure->code, failure->message,
                                 failure->code == ERROR_FORBIDDEN ? sighting->grant : NULL, reterr);
    run->schema_due = true;
    /* A table that merely bears a journal's name is none, as long as nobody said that it is. */
    if (!sighting->certain) {
        run->dropped[at] = true;
        return 0;
    }
    cleanup(free) char *message =
        mem_printf("%s does not have the columns of a journal of %s", reading->address.table, sighting->tool->title);
    return message ? look_fail_reading(run, reading, ERROR_INVALID, message, NULL, reterr) : error_no_memory(reterr);
}

/* A table that merely looks like a journal, by its name or by columns that many programs choose, is none as long as
 * nobody said that it is. Takes over the journal. */
static void settle_journal(struct look_run *run, size_t at, struct journal *journal)
{
    const struct tool *tool = run->sightings->items[at].tool;
    if (journal->invalid && run->request->name_count == 0 && tool->shapes[journal->shape].proven_by_rows) {
        journal_unref(journal);
        run->dropped[at] = true;
        run->snapshot->has_tables = true;
        return;
    }
    look_set_journal(run, &run->readings[at], journal);
}

static int read_one(struct look_run *run, size_t at, struct error *reterr)
{
    struct error failure = {0};
    struct journal *journal = NULL;
    if (read_journal(run, run->sightings->items[at].tool, &run->readings[at], &journal, &failure) == 0) {
        settle_journal(run, at, journal);
        return 0;
    }
    if (!look_is_fatal(failure.code))
        return judge_failure(run, at, &failure, reterr);
    if (reterr)
        *reterr = failure;
    return -1;
}

/* Readings of one tool and shape, that are read together. */
struct row_batch {
    size_t *readings; /* their numbers */
    size_t count;
    const struct tool *tool;
    size_t shape;
    struct journal_builder *builders;
};

static void row_batch_done(struct row_batch *batch)
{
    for (size_t i = 0; batch->builders && i < batch->count; i++)
        journal_builder_done(&batch->builders[i]);
    mem_free(batch->builders);
}

DEFINE_CLEANUP_VALUE(row_batch, struct row_batch, row_batch_done);

static int take_row(void *payload, size_t table, const char *const *cells, const size_t *lengths, size_t count,
                    struct error *reterr)
{
    struct row_batch *batch = payload;
    return journal_builder_row(&batch->builders[table], cells, lengths, count, reterr);
}

static int finish_batch(struct look_run *run, struct row_batch *batch, const bool *more, struct error *reterr)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct journal *journal = NULL;
        if (journal_builder_finish(&batch->builders[i], more[i], &journal, reterr) < 0)
            return -1;
        settle_journal(run, batch->readings[i], journal);
    }
    return 0;
}

static int read_batch(struct look_run *run, struct row_batch *batch, struct error *reterr)
{
    cleanup(free) struct table_place *places = mem_calloc(batch->count, sizeof *places);
    cleanup(free) bool *more = mem_calloc(batch->count, sizeof *more);
    batch->builders = mem_calloc(batch->count, sizeof *batch->builders);
    if (!places || !more || !batch->builders)
        return error_no_memory(reterr);
    for (size_t i = 0; i < batch->count; i++) {
        const struct journal_address *address = &run->readings[batch->readings[i]].address;
        places[i] = (struct table_place){.schema = address->schema, .table = address->table};
        if (begin_builder(run, &batch->builders[i], batch->tool, batch->shape, address, reterr) < 0)
            return -1;
    }
    struct table_request request = request_for(batch->tool, batch->shape);
    request.table = places[0].table; /* for messages */
    const struct tables_sink sink = {.row = take_row, .payload = batch};
    if (look_ops(run)->read_tables(run->connection, &request, places, batch->count, run->deadline, &sink, more,
                                   reterr) < 0)
        return -1;
    return finish_batch(run, batch, more, reterr);
}

/* Without the columns the newest shape is tried: most journals have it, and the others are read one by one. */
static size_t likely_shape(const struct look_run *run, size_t at)
{
    int known = known_shape(run, run->sightings->items[at].tool, &run->readings[at].address);
    return known < 0 ? 0 : (size_t)known;
}

/* All that are still to be read and have the tool and the shape of `first`; a journal of two tables stays alone. */
static void gather(const struct look_run *run, const bool *done, size_t first, struct row_batch *batch)
{
    batch->tool = run->sightings->items[first].tool;
    batch->shape = likely_shape(run, first);
    for (size_t i = first; i < run->sightings->count && batch->count < LOOK_TABLES_AT_ONCE; i++) {
        bool alone = batch->count > 0 && batch->tool->shapes[batch->shape].beside;
        if (done[i] || alone || run->sightings->items[i].tool != batch->tool || likely_shape(run, i) != batch->shape ||
            long_before(run, &run->readings[i], batch->shape))
            continue;
        batch->readings[batch->count++] = i;
    }
}

/* The statement fails as a whole when one of its tables is locked, gone or not to be read; then nothing is marked. */
static int try_batch(struct look_run *run, struct row_batch *batch, bool *done, struct error *reterr)
{
    struct error failure = {0};
    if (read_batch(run, batch, &failure) == 0) {
        for (size_t i = 0; i < batch->count; i++)
            done[batch->readings[i]] = true;
        return 0;
    }
    if (!look_is_fatal(failure.code))
        return look_restart(run, reterr);
    if (reterr)
        *reterr = failure;
    return -1;
}

static int read_batches(struct look_run *run, bool *done, struct error *reterr)
{
    size_t count = run->sightings->count;
    cleanup(free) size_t *numbers = mem_calloc(count, sizeof *numbers);
    cleanup(free) bool *tried = mem_calloc(count, sizeof *tried);
    if (!numbers || !tried)
        return error_no_memory(reterr);
    memcpy(tried, done, count * sizeof *tried);
    for (size_t i = 0; i < count; i++) {
        if (tried[i])
            continue;
        cleanup(row_batch) struct row_batch batch = {.readings = numbers};
        gather(run, tried, i, &batch);
        for (size_t j = 0; j < batch.count; j++)
            tried[batch.readings[j]] = true;
        if (batch.count > 1 && try_batch(run, &batch, done, reterr) < 0)
            return -1;
        /* Each table costs the server locks for as long as the transaction lasts. */
        if (batch.count == LOOK_TABLES_AT_ONCE && look_restart(run, reterr) < 0)
            return -1;
    }
    return 0;
}

int look_read_rows(struct look_run *run, struct error *reterr)
{
    size_t count = run->sightings->count;
    cleanup(free) bool *done = mem_calloc(count, sizeof *done);
    if (!done)
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++) {
        const struct journal_sighting *sighting = &run->sightings->items[i];
        done[i] = !sighting->readable;
        if (sighting->readable)
            continue;
        cleanup(free) char *message = mem_printf("the role may not read %s", sighting->address.table);
        if (!message)
            return error_no_memory(reterr);
        if (look_fail_reading(run, &run->readings[i], ERROR_FORBIDDEN, message, sighting->grant, reterr) < 0)
            return -1;
    }
    if (count > 1 && look_ops(run)->read_tables && read_batches(run, done, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (!done[i] && read_one(run, i, reterr) < 0)
            return -1;
    return 0;
}
