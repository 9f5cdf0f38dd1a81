/* SPDX-License-Identifier: Apache-2.0
 *
 * One statement asks for many tables, as columns of one row, which servers plan in a fraction of the time that a UNION
 * takes them. Whether a row exists is found in a table's first block, however many there are.
 */
#include <string.h>

#include "base/alloc.h"
#include "check/coverage.h"

/* Of one statement, tables and their parts: with more of them, PostgreSQL plans longer for each. Of one run, tables:
 * what a server's session learns of a table stays in its memory until the session ends. */
enum { BATCH_TABLES = 40, ASKED_TABLES = 20000 };

/* Names of two parts, quoted, for each; a MySQL name may have 64 characters of 4 bytes. */
enum { BATCH_BYTES = 1024 * 1024 };

/* Which tables one statement asks for. */
struct batch {
    struct table_coverage *coverage;
    size_t tables[BATCH_TABLES];
    size_t count;
    size_t parts;
};

struct asking {
    struct check_run *run;
    struct batch batch;
    size_t asked;
    bool over; /* nothing more can be asked */
    struct error cause;
};

static int take_answer(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                       struct error *reterr)
{
    struct batch *batch = payload;
    (void)lengths;
    if (count != batch->count)
        return error_set(reterr, ERROR_INTERNAL, "%zu tables were asked for, %zu answered", batch->count, count);
    for (size_t i = 0; i < count; i++) {
        if (!cells[i])
            continue;
        bool holds = *cells[i] == '1' || *cells[i] == 't';
        batch->coverage->tables[batch->tables[i]].state = holds ? COVERAGE_HOLDS : COVERAGE_EMPTY;
    }
    return 0;
}

static void add_question(const struct dialect *dialect, const struct coverage_table *table, struct strbuf *sql)
{
    strbuf_add_string(sql, sql->length > 0 ? "," : "SELECT ");
    strbuf_add_string(sql, "EXISTS(SELECT 1 FROM ");
    dialect->quote_name(*table->schema ? table->schema : "main", sql);
    strbuf_add_char(sql, '.');
    dialect->quote_name(table->name, sql);
    strbuf_add_char(sql, ')');
}

static int ask_batch(struct check_run *run, struct batch *batch, struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(BATCH_BYTES);
    for (size_t i = 0; i < batch->count; i++)
        add_question(run->dialect, &batch->coverage->tables[batch->tables[i]], &sql);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    const struct row_sink sink = {.row = take_answer, .payload = batch};
    bool more = false;
    return check_ask(run, strbuf_text(&sql), 1, &sink, &more, reterr);
}

static int set_cause(struct table_coverage *coverage, struct coverage_table *table, const struct error *cause,
                     struct error *reterr)
{
    table->reason = arena_strdup(coverage->arena, cause->message);
    if (!table->reason)
        return error_no_memory(reterr);
    table->cause = cause->code;
    table->grant = cause->code == ERROR_FORBIDDEN ? "SELECT" : NULL;
    if (cause->code == ERROR_NOT_FOUND)
        table->state = COVERAGE_GONE;
    return 0;
}

/* Asks, unless nothing more can be asked; what ended that is kept. */
static int ask(struct asking *asking, struct batch *batch, struct error *reterr)
{
    if (deadline_passed(asking->run->world->deadline))
        (void)error_set(reterr, ERROR_TIMEOUT, "the time for the check was up");
    else if (ask_batch(asking->run, batch, reterr) == 0)
        return 0;
    if (reterr->code == ERROR_TIMEOUT || reterr->code == ERROR_UNREACHABLE || reterr->code == ERROR_AUTH_FAILED) {
        asking->over = true;
        asking->cause = *reterr;
    }
    return -1;
}

/* Of those that failed together, one by one: what one of them has is nothing that the others have. */
static int ask_each(struct asking *asking, struct error *reterr)
{
    struct table_coverage *coverage = asking->batch.coverage;
    for (size_t i = 0; i < asking->batch.count && !asking->over; i++) {
        struct batch one = {.coverage = coverage, .tables = {asking->batch.tables[i]}, .count = 1};
        struct error error = {0};
        if (ask(asking, &one, &error) == 0 || asking->over)
            continue;
        if (error.code == ERROR_NO_MEMORY || set_cause(coverage, &coverage->tables[one.tables[0]], &error, reterr) < 0)
            return error_no_memory(reterr);
    }
    return 0;
}

static int ask_waiting(struct asking *asking, struct error *reterr)
{
    struct batch *batch = &asking->batch;
    struct error error = {0};
    int status = 0;
    if (batch->count > 0 && !asking->over && ask(asking, batch, &error) < 0 && !asking->over)
        status = error.code == ERROR_NO_MEMORY ? error_no_memory(reterr) : ask_each(asking, reterr);
    batch->count = 0;
    batch->parts = 0;
    return status;
}

static int ask_for(struct asking *asking, size_t index, struct error *reterr)
{
    struct batch *batch = &asking->batch;
    size_t parts = batch->coverage->tables[index].parts;
    bool full = batch->count == BATCH_TABLES || batch->parts + parts > BATCH_TABLES;
    if (full && ask_waiting(asking, reterr) < 0)
        return -1;
    batch->tables[batch->count++] = index;
    batch->parts += parts;
    asking->asked++;
    return 0;
}

static int ask_all(struct asking *asking, bool named, struct error *reterr)
{
    struct table_coverage *coverage = asking->batch.coverage;
    for (size_t i = 0; i < coverage->count && asking->asked < ASKED_TABLES; i++) {
        const struct coverage_table *table = &coverage->tables[i];
        bool wanted = table->named || (table->form == COVERAGE_TABLE && table->in_scope);
        if (wanted && table->named == named && table->cause == ERROR_OK && ask_for(asking, i, reterr) < 0)
            return -1;
    }
    return ask_waiting(asking, reterr);
}

/* What was left when nothing more could be asked says why. */
static int explain_rest(const struct asking *asking, struct error *reterr)
{
    struct table_coverage *coverage = asking->batch.coverage;
    const char *reason = arena_strdup(coverage->arena, asking->cause.message);
    if (!reason)
        return error_no_memory(reterr);
    for (size_t i = 0; i < coverage->count; i++) {
        struct coverage_table *table = &coverage->tables[i];
        if (table->state != COVERAGE_UNREAD || table->cause != ERROR_OK)
            continue;
        table->cause = asking->cause.code;
        table->reason = reason;
    }
    return 0;
}

int coverage_ask(struct check_run *run, struct table_coverage *coverage, struct error *reterr)
{
    struct asking asking = {.run = run, .batch = {.coverage = coverage}};
    if (ask_all(&asking, true, reterr) < 0 || ask_all(&asking, false, reterr) < 0)
        return -1;
    if (!asking.over)
        (void)error_set(&asking.cause, ERROR_TRUNCATED, "no more than %d tables are asked", (int)ASKED_TABLES);
    return explain_rest(&asking, reterr);
}
