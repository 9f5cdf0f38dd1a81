/* SPDX-License-Identifier: Apache-2.0
 *
 * Times the coverage of a database from inside, on commands from standard input, so that a driver can interleave it
 * with its peer:
 *
 *   fresh   the check not_empty on a connection of its own, which is opened before: milliseconds
 *   kept    the same on a connection that is kept
 *   count   SELECT count(*) of the same tables, one statement, on a connection that is kept: milliseconds
 *   found   tables, and those of them that hold rows, of the last check
 *
 * Usage: bench_checks URL TABLE…, the tables being those of the database. Prints one answer a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check/check.h"
#include "dialect/dialects.h"

enum { DEADLINE_MS = 300000, STATEMENT_BYTES = 1024 * 1024 };

struct bench {
    struct engine_target *target;
    char **tables;
    size_t table_count;
    struct engine_connection *kept;
    struct server_facts facts;
    struct check_coverage found;
};

static double now_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void die(const char *message)
{
    fprintf(stderr, "bench_checks: %s\n", message);
    exit(1);
}

static struct engine_connection *open_connection(struct bench *bench)
{
    struct error error = {.code = ERROR_OK};
    struct engine_connection *connection = NULL;
    if (bench->target->ops->open(bench->target, PURPOSE_CHECK, deadline_in(DEADLINE_MS), &connection, &bench->facts,
                                 &error) < 0)
        die(error.message);
    return connection;
}

static double coverage_ms(struct bench *bench, struct engine_connection *connection)
{
    struct error error = {.code = ERROR_OK};
    const struct engine_scope scope = {0};
    const struct check check = {.name = "not_empty", .kind = check_kind_find("not_empty")};
    const struct check_world world = {
        .connection = connection, .server = &bench->facts, .scope = &scope, .deadline = deadline_in(DEADLINE_MS)};
    struct check_memory *memory = NULL;
    struct check_result *result = NULL;
    double begun = now_ms();
    if (check_run(&check, &world, &memory, &result, &error) < 0)
        die(error.message);
    double took = now_ms() - begun;
    if (result->state != CHECK_PASSED)
        die(result->reason);
    bench->found = result->coverage;
    check_result_unref(result);
    return took;
}

static double fresh_ms(struct bench *bench)
{
    struct engine_connection *connection = open_connection(bench);
    double took = coverage_ms(bench, connection);
    engine_close(connection);
    return took;
}

static int ignore_row(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                      struct error *reterr)
{
    (void)payload, (void)cells, (void)lengths, (void)count, (void)reterr;
    return 0;
}

static double count_ms(struct bench *bench)
{
    struct error error = {.code = ERROR_OK};
    const struct dialect *dialect = dialect_for(bench->facts.engine);
    cleanup(strbuf) struct strbuf sql = STRBUF(STATEMENT_BYTES);
    for (size_t i = 0; i < bench->table_count; i++) {
        strbuf_add_string(&sql, i > 0 ? ",(SELECT count(*) FROM " : "SELECT (SELECT count(*) FROM ");
        dialect->quote_name(bench->tables[i], &sql);
        strbuf_add_char(&sql, ')');
    }
    if (!strbuf_ok(&sql))
        die("too many tables");
    const struct query_request request = {.sql = strbuf_text(&sql), .row_limit = 1, .cell_bytes = CHECK_CELL_BYTES};
    const struct query_sink sink = {.row = ignore_row};
    bool more = false;
    double begun = now_ms();
    if (bench->kept->ops->query(bench->kept, &request, deadline_in(DEADLINE_MS), &sink, &more, &error) < 0)
        die(error.message);
    return now_ms() - begun;
}

static void answer(struct bench *bench, const char *command)
{
    if (!bench->kept)
        bench->kept = open_connection(bench);
    if (strcmp(command, "fresh") == 0)
        printf("%.3f\n", fresh_ms(bench));
    else if (strcmp(command, "kept") == 0)
        printf("%.3f\n", coverage_ms(bench, bench->kept));
    else if (strcmp(command, "count") == 0)
        printf("%.3f\n", count_ms(bench));
    else if (strcmp(command, "found") == 0)
        printf("%zu %zu\n", bench->found.tables, bench->found.holding);
    else
        die("unknown command");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct error error = {.code = ERROR_OK};
    if (argc < 3 || engine_target_parse(argv[1], &bench.target, &error) < 0)
        die(argc < 3 ? "usage: bench_checks URL TABLE…" : error.message);
    bench.tables = argv + 2;
    bench.table_count = (size_t)argc - 2;
    char line[256] = "";
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        answer(&bench, line);
    }
    engine_close(bench.kept);
    engine_target_free(bench.target);
    return 0;
}
