/* SPDX-License-Identifier: Apache-2.0
 *
 * A query of somebody's own: one value, compared, or no rows. Of rows that should not be there only key columns are
 * kept, never more than the query selects.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "check/check_kinds.h"

/* Rows of a query that should answer one: enough to say what came. */
enum { SCALAR_ROWS = 2 };

/* What is cut at a character, which has at most 4 bytes, is longer than CHECK_CELL_BYTES then. */
enum { SCALAR_BYTES = CHECK_CELL_BYTES + 4 };

/* The names of columns in a message. */
enum { NAMES_BYTES = 200 };

static void describe(const struct check *check, struct strbuf *out)
{
    expect_print(&check->expect, out);
}

struct scalar {
    struct check_run *run;
    size_t columns;
    size_t rows;
    bool is_null;
    bool is_long;      /* longer than CHECK_CELL_BYTES: its end was not read */
    const char *shown; /* "null" for NULL */
    char *compared;    /* what is held against the expectation; NULL for NULL. Owned */
};

static int scalar_columns(void *payload, const struct query_column *columns, size_t count, struct error *reterr)
{
    struct scalar *scalar = payload;
    (void)columns;
    (void)reterr;
    scalar->columns = count;
    return 0;
}

static int scalar_row(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                      struct error *reterr)
{
    struct scalar *scalar = payload;
    if (scalar->rows++ > 0 || count == 0)
        return 0;
    scalar->is_null = !cells[0];
    scalar->is_long = cells[0] && lengths[0] > CHECK_CELL_BYTES;
    scalar->shown = cells[0] ? check_show_cell(scalar->run, cells[0], lengths[0]) : "null";
    if (cells[0])
        scalar->compared = mem_strndup(cells[0], lengths[0]);
    return scalar->shown && (scalar->is_null || scalar->compared) ? 0 : error_no_memory(reterr);
}

static int judge_scalar(struct check_run *run, const struct scalar *scalar, struct error *reterr)
{
    const struct expect *expect = &run->check->expect;
    run->result->value = scalar->shown;
    bool any = expect->form == EXPECT_NULL || expect->form == EXPECT_NOT_NULL;
    if (scalar->is_long && !any)
        return check_cannot_tell(run, ERROR_INVALID, "let the query answer something shorter, such as md5(…)", reterr,
                                 "the value is longer than %d bytes, which are not compared", (int)CHECK_CELL_BYTES);
    bool holds = false;
    if (expect_compare(expect, scalar->compared, &holds, reterr) < 0)
        return -1;
    if (holds)
        return check_pass(run, reterr, "the query answers %s, as expected", scalar->shown);
    cleanup(strbuf) struct strbuf expected = STRBUF(4 * LIMIT_CONFIG_BYTES);
    describe(run->check, &expected);
    if (!strbuf_ok(&expected))
        return error_no_memory(reterr);
    return check_refuse(run, "mend the data, or what the check expects", reterr, "the query answers %s; expected: %s",
                        scalar->shown, strbuf_text(&expected));
}

static int ask_scalar(struct check_run *run, struct scalar *scalar, struct error *reterr)
{
    const struct query_request request = {.sql = run->check->sql, .row_limit = SCALAR_ROWS, .cell_bytes = SCALAR_BYTES};
    const struct query_sink sink = {.columns = scalar_columns, .row = scalar_row, .payload = scalar};
    bool more = false;
    if (check_query(run, &request, &sink, &more, reterr) < 0)
        return -1;
    static const char next[] = "let the query answer one row of one column";
    if (scalar->columns != 1)
        return check_cannot_tell(run, ERROR_INVALID, next, reterr, "the query answers %zu columns, not one",
                                 scalar->columns);
    if (scalar->rows == 0)
        return check_cannot_tell(run, ERROR_INVALID, next, reterr, "the query answers no row, not one");
    if (scalar->rows > 1)
        return check_cannot_tell(run, ERROR_INVALID, next, reterr, "the query answers %s%zu rows, not one",
                                 more ? "more than " : "", scalar->rows);
    return judge_scalar(run, scalar, reterr);
}

static int run_scalar(struct check_run *run, struct error *reterr)
{
    struct scalar scalar = {.run = run};
    int status = ask_scalar(run, &scalar, reterr);
    mem_free(scalar.compared);
    return status;
}

struct offenders {
    struct check_run *run;
    size_t shown[CHECK_COLUMNS_SHOWN]; /* which columns of the answer */
    size_t shown_count;
    const char **cells; /* of the result */
    size_t rows;
};

static int find_column(const struct query_column *columns, size_t count, const char *name, size_t *ret_column,
                       struct error *reterr)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].name, name) == 0) {
            *ret_column = i;
            return 0;
        }
    cleanup(strbuf) struct strbuf names = STRBUF(NAMES_BYTES);
    for (size_t i = 0; i < count; i++)
        strbuf_printf(&names, "%s%s", i > 0 ? ", " : "", columns[i].name);
    return error_set(reterr, ERROR_INVALID, "the query answers no column '%s' of `keys`, but %s%s", name,
                     count > 0 ? strbuf_text(&names) : "none", strbuf_ok(&names) ? "" : ", …");
}

/* Those that are configured, else those of primary keys, else the first. */
static int choose_columns(struct offenders *offenders, const struct query_column *columns, size_t count,
                          struct error *reterr)
{
    const struct check *check = offenders->run->check;
    for (size_t i = 0; i < check->key_count && offenders->shown_count < CHECK_COLUMNS_SHOWN; i++)
        if (find_column(columns, count, check->keys[i], &offenders->shown[offenders->shown_count++], reterr) < 0)
            return -1;
    if (check->key_count > 0)
        return 0;
    for (size_t i = 0; i < count && offenders->shown_count < CHECK_COLUMNS_SHOWN; i++)
        if (columns[i].is_key)
            offenders->shown[offenders->shown_count++] = i;
    if (offenders->shown_count == 0 && count > 0)
        offenders->shown[offenders->shown_count++] = 0;
    return 0;
}

static int offender_columns(void *payload, const struct query_column *columns, size_t count, struct error *reterr)
{
    struct offenders *offenders = payload;
    struct check_run *run = offenders->run;
    if (choose_columns(offenders, columns, count, reterr) < 0)
        return -1;
    const char **names = arena_array(run->result->arena, offenders->shown_count, sizeof *names);
    offenders->cells =
        arena_array(run->result->arena, offenders->shown_count * CHECK_ROWS_SHOWN, sizeof *offenders->cells);
    if (!names || !offenders->cells)
        return error_no_memory(reterr);
    for (size_t i = 0; i < offenders->shown_count; i++) {
        const char *name = columns[offenders->shown[i]].name;
        names[i] = check_show_cell(run, name, strnlen(name, CHECK_CELL_BYTES));
        if (!names[i])
            return error_no_memory(reterr);
    }
    run->result->columns = names;
    run->result->column_count = offenders->shown_count;
    return 0;
}

static int offender_row(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                        struct error *reterr)
{
    struct offenders *offenders = payload;
    size_t row = offenders->rows++;
    if (row >= CHECK_ROWS_SHOWN)
        return 0;
    for (size_t i = 0; i < offenders->shown_count; i++) {
        size_t column = offenders->shown[i];
        if (column >= count || !cells[column])
            continue;
        const char *shown = check_show_cell(offenders->run, cells[column], lengths[column]);
        if (!shown)
            return error_no_memory(reterr);
        offenders->cells[row * offenders->shown_count + i] = shown;
    }
    return 0;
}

/* Without an answer's rows there are no columns to show, either. */
static int tell_no_rows(struct check_run *run, struct error *reterr)
{
    run->result->columns = NULL;
    run->result->column_count = 0;
    run->result->value = "no rows";
    return check_pass(run, reterr, "the query answers no rows, as expected");
}

static int run_no_rows(struct check_run *run, struct error *reterr)
{
    const struct query_request request = {
        .sql = run->check->sql, .row_limit = CHECK_ROWS_SHOWN, .cell_bytes = CHECK_VALUE_BYTES + 4};
    struct offenders offenders = {.run = run};
    const struct query_sink sink = {.columns = offender_columns, .row = offender_row, .payload = &offenders};
    bool more = false;
    if (check_query(run, &request, &sink, &more, reterr) < 0)
        return -1;
    if (offenders.rows == 0)
        return tell_no_rows(run, reterr);
    run->result->cells = offenders.cells;
    run->result->row_count = offenders.rows;
    run->result->more_rows = more;
    if (check_set_value(run, reterr, "%s%zu row%s", more ? "more than " : "", offenders.rows,
                        offenders.rows == 1 ? "" : "s") < 0)
        return -1;
    return check_refuse(run, "mend those rows, or the check's query", reterr, "the query answers %s; expected: no rows",
                        run->result->value);
}

static int run_sql(struct check_run *run, struct error *reterr)
{
    return run->check->expect.form == EXPECT_NO_ROWS ? run_no_rows(run, reterr) : run_scalar(run, reterr);
}

const struct check_kind check_kind_sql = {
    .name = "sql",
    .doc = "A query of one's own: the value that it answers is compared, or no rows are expected.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_sql,
};
