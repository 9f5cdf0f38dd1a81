/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "check/backup_judge.h"
#include "check/backup_time.h"
#include "check/backup_words.h"

/* What the query answers, column by column. */
enum { FINISHED, SIZE, NAME, COLUMNS };

/* One row is asked for; a second one shows that the query does not choose. */
enum { CATALOGUE_ROWS = 2 };

struct catalogue {
    struct check_run *run;
    size_t columns;
    size_t rows;
    const char *cells[COLUMNS]; /* of the first row, in the result's arena; NULL where NULL or absent */
};

static int take_columns(void *payload, const struct query_column *columns, size_t count, struct error *reterr)
{
    struct catalogue *catalogue = payload;
    (void)columns;
    (void)reterr;
    catalogue->columns = count;
    return 0;
}

static int take_row(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    struct catalogue *catalogue = payload;
    if (catalogue->rows++ > 0)
        return 0;
    for (size_t i = 0; i < count && i < COLUMNS; i++) {
        if (!cells[i])
            continue;
        char *copy = arena_strndup(catalogue->run->result->arena, cells[i], lengths[i]);
        if (!copy)
            return error_no_memory(reterr);
        utf8_make_line(copy, lengths[i] + 1);
        catalogue->cells[i] = copy;
    }
    return 0;
}

static bool parse_size(const char *text, int64_t *ret_size)
{
    char *end = NULL;
    errno = 0;
    long long size = *text >= '0' && *text <= '9' ? strtoll(text, &end, 10) : -1;
    if (size < 0 || errno != 0)
        return false;
    /* A sum is a decimal on most servers. */
    if (*end == '.')
        end += 1 + strspn(end + 1, "0");
    *ret_size = size;
    return *end == '\0';
}

static int cannot_use(struct check_run *run, struct error *reterr, const char *problem, const char *cell)
{
    static const char next[] = "let the query select when the newest backup finished, its size in bytes and its name";
    return check_cannot_tell(run, ERROR_INVALID, next, reterr, "%s%s%s", problem, cell ? ": " : "", cell ? cell : "");
}

static int judge_row(struct check_run *run, const struct catalogue *catalogue, struct error *reterr)
{
    struct check_backup *backup = &run->result->backup;
    const char *name = catalogue->cells[NAME] ? catalogue->cells[NAME] : "the newest backup of the catalogue";
    int64_t finished_at_ms = 0;
    int64_t size = -1;
    int status = 0;
    if (!backup_time_parse(catalogue->cells[FINISHED], &finished_at_ms))
        return cannot_use(run, reterr, "the catalogue's time cannot be read", catalogue->cells[FINISHED]);
    if (catalogue->cells[SIZE] && !parse_size(catalogue->cells[SIZE], &size))
        return cannot_use(run, reterr, "the catalogue's size is no number of bytes", catalogue->cells[SIZE]);
    if (finished_at_ms - run->world->now_ms > BACKUP_FUTURE_MS)
        return check_cannot_tell(run, ERROR_INVALID, "set both machines' clocks, or tell the time's zone", reterr,
                                 "the catalogue says that %s finished in the future: %s", name,
                                 catalogue->cells[FINISHED]);
    *backup = (struct check_backup){.file = catalogue->cells[NAME], .finished_at_ms = finished_at_ms, .size = size};
    run->result->value = catalogue->cells[NAME] ? catalogue->cells[NAME] : catalogue->cells[FINISHED];
    if (!backup_is_in_order(run, name, &status, reterr))
        return status;
    if (size < 0 && run->check->backup.min_size > 1)
        return cannot_use(run, reterr, "the catalogue tells no size, and min_size asks for one",
                          catalogue->cells[NAME]);
    return check_pass(run, reterr, "%s finished %s ago%s%s", name,
                      backup_age_words(run->world->now_ms - finished_at_ms).text, size < 0 ? "" : ", ",
                      size < 0 ? "" : backup_size_words(size).text);
}

int backup_judge_catalogue(struct check_run *run, struct error *reterr)
{
    struct catalogue catalogue = {.run = run};
    const struct query_request request = {
        .sql = run->check->sql, .row_limit = CATALOGUE_ROWS, .cell_bytes = CHECK_VALUE_BYTES};
    const struct query_sink sink = {.columns = take_columns, .row = take_row, .payload = &catalogue};
    bool more = false;
    if (check_query(run, &request, &sink, &more, reterr) < 0)
        return -1;
    if (catalogue.columns == 0 || catalogue.columns > COLUMNS)
        return cannot_use(run, reterr, "the catalogue's query answers more than three columns, or none", NULL);
    if (catalogue.rows > 1)
        return cannot_use(run, reterr, "the catalogue's query answers more than one row", NULL);
    if (catalogue.rows == 0)
        return check_refuse(run, "make a backup, and look whether the catalogue is kept", reterr,
                            "the catalogue lists no backup");
    if (!catalogue.cells[FINISHED])
        return check_cannot_tell(run, ERROR_INVALID, "look whether the backup still runs", reterr,
                                 "the catalogue tells no time at which the newest backup finished");
    return judge_row(run, &catalogue, reterr);
}
