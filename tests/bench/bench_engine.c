/* SPDX-License-Identifier: Apache-2.0
 *
 * Times an engine from inside, on commands from standard input, so that a driver can interleave it with its peers:
 *
 *   new        a whole snapshot into the sealed model, connecting first: milliseconds
 *   warm       the same on a connection that is kept: milliseconds
 *   probe N    the change probe, N times in a row: median microseconds
 *   pair N     the probe and the client library's own SELECT 1 in turn, N times each, with a pause before each as
 *              between the looks of a daemon: two medians in microseconds. In a tight loop of nothing else SELECT 1
 *              costs a third of that, since every cache is warm: no daemon ever sees that figure
 *   memory     bytes of the model per column, all included
 *   journal    a journal look without a predecessor, schema known: milliseconds
 *   again      a journal look with the last one as its predecessor: milliseconds
 *   files TOOL DIRECTORY   reading migrations, of "any" tool by recognising it: milliseconds
 *   token DIRECTORY        the listing that tells whether to read them again: milliseconds
 *
 * Usage: bench_engine URL. Prints one answer a line.
 */
#include <libpq-fe.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "engine/engine.h"
#include "journal/journal_look.h"

enum { DEADLINE_MS = 300000, MOST_RUNS = 10000 };

struct bench {
    const char *url; /* with its password, for the client libraries themselves */
    struct engine_target *target;
    struct engine_connection *deep;
    struct engine_connection *kept;
    struct schema *schema;
    struct server_facts facts;
    struct snapshot *snapshot;
    PGconn *postgres;
    MYSQL *mysql;
};

static double now_us(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void die(const char *message)
{
    fprintf(stderr, "bench_engine: %s\n", message);
    exit(1);
}

static struct engine_connection *open_connection(struct bench *bench, enum engine_purpose purpose)
{
    struct error error = {.code = ERROR_OK};
    struct engine_connection *connection = NULL;
    if (bench->target->ops->open(bench->target, purpose, deadline_in(DEADLINE_MS), &connection, &bench->facts, &error) <
        0)
        die(error.message);
    return connection;
}

static double snapshot_ms(struct bench *bench, bool fresh)
{
    struct error error = {.code = ERROR_OK};
    struct engine_scope scope = {0};
    struct schema *schema = NULL;
    if (!fresh && !bench->deep)
        bench->deep = open_connection(bench, PURPOSE_DEEP);
    double begun = now_us();
    struct engine_connection *connection = fresh ? open_connection(bench, PURPOSE_DEEP) : bench->deep;
    if (engine_read(connection, &scope, deadline_in(DEADLINE_MS), &schema, &error) < 0)
        die(error.message);
    if (fresh)
        engine_close(connection);
    double took = (now_us() - begun) / 1e3;
    schema_unref(bench->schema);
    bench->schema = schema;
    return took;
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static double median_of(double *times, size_t count)
{
    qsort(times, count, sizeof *times, compare);
    return times[count / 2];
}

static double time_us(struct bench *bench, void (*run)(struct bench *bench))
{
    double begun = now_us();
    run(bench);
    return now_us() - begun;
}

static void probe(struct bench *bench)
{
    struct error error = {.code = ERROR_OK};
    struct engine_probe token = {0};
    if (bench->kept->ops->probe(bench->kept, deadline_in(DEADLINE_MS), &token, &error) < 0)
        die(error.message);
}

static void select_one(struct bench *bench)
{
    if (bench->postgres) {
        PQclear(PQexec(bench->postgres, "SELECT 1"));
        return;
    }
    if (mysql_query(bench->mysql, "SELECT 1") != 0)
        die(mysql_error(bench->mysql));
    mysql_free_result(mysql_store_result(bench->mysql));
}

static void connect_peer(struct bench *bench)
{
    const struct engine_target *target = bench->target;
    if (strcmp(target->ops->name, "postgres") == 0) {
        bench->postgres = PQconnectdb(bench->url);
        if (PQstatus(bench->postgres) != CONNECTION_OK)
            die(PQerrorMessage(bench->postgres));
        return;
    }
    const char *socket = NULL;
    for (size_t i = 0; i < target->parameter_count; i++) {
        if (strcmp(target->parameters[i].name, "socket") == 0)
            socket = target->parameters[i].value;
    }
    bench->mysql = mysql_init(NULL);
    if (!mysql_real_connect(bench->mysql, target->host, target->user, target->password, target->database,
                            target->port ? (unsigned)atoi(target->port) : 0, socket, 0))
        die(mysql_error(bench->mysql));
}

static void keep_connection(struct bench *bench)
{
    if (!bench->kept)
        bench->kept = open_connection(bench, PURPOSE_JOURNAL);
}

static void answer_probe(struct bench *bench, size_t runs)
{
    static double times[MOST_RUNS];
    keep_connection(bench);
    for (size_t i = 0; i < runs; i++)
        times[i] = time_us(bench, probe);
    printf("%.3f\n", median_of(times, runs));
}

static void answer_pair(struct bench *bench, size_t runs)
{
    static double probes[MOST_RUNS];
    static double selects[MOST_RUNS];
    const struct timespec pause = {.tv_nsec = 2000000};
    keep_connection(bench);
    if (!bench->postgres && !bench->mysql)
        connect_peer(bench);
    for (size_t i = 0; i < runs; i++) {
        nanosleep(&pause, NULL);
        probes[i] = time_us(bench, probe);
        nanosleep(&pause, NULL);
        selects[i] = time_us(bench, select_one);
    }
    printf("%.3f %.3f\n", median_of(probes, runs), median_of(selects, runs));
}

static double look_ms(struct bench *bench, bool again)
{
    struct error error = {.code = ERROR_OK};
    struct engine_scope scope = {0};
    struct snapshot *bare = NULL;
    struct snapshot *found = NULL;
    bool due = false;
    keep_connection(bench);
    if (!bench->schema)
        snapshot_ms(bench, true);
    if (snapshot_with_schema(NULL, bench->schema, NULL, &bench->facts, 0, &bare, &error) < 0)
        die(error.message);
    const struct journal_look look = {.previous = again ? bench->snapshot : bare, .scope = &scope, .now_ms = 1};
    double begun = now_us();
    if (journal_look(bench->kept, &look, &bench->facts, deadline_in(DEADLINE_MS), &found, &due, &error) < 0)
        die(error.message);
    double took = (now_us() - begun) / 1e3;
    if (found->reading_count != 1 || !found->readings[0].journal)
        die("not one journal that can be read");
    snapshot_unref(bench->snapshot);
    snapshot_unref(bare);
    bench->snapshot = found;
    return took;
}

static double files_ms(const char *tool, const char *directory)
{
    struct error error = {.code = ERROR_OK};
    struct migration_set *set = NULL;
    double begun = now_us();
    if (migration_files_read(strcmp(tool, "any") == 0 ? NULL : tool_find(tool), NULL, directory, &set, &error) < 0)
        die(error.message);
    migration_set_unref(set);
    return (now_us() - begun) / 1e3;
}

static double token_ms(const char *directory)
{
    struct error error = {.code = ERROR_OK};
    struct digest token = {0};
    double begun = now_us();
    if (migration_files_token(directory, &token, &error) < 0)
        die(error.message);
    return (now_us() - begun) / 1e3;
}

static void answer(struct bench *bench, const char *command)
{
    size_t runs = 0;
    char tool[32] = "";
    char directory[200] = "";
    if (strcmp(command, "new") == 0 || strcmp(command, "warm") == 0)
        printf("%.3f\n", snapshot_ms(bench, strcmp(command, "new") == 0));
    else if (strcmp(command, "memory") == 0 && bench->schema)
        printf("%.3f\n", (double)schema_memory(bench->schema) / (double)bench->schema->column_count);
    else if (strcmp(command, "journal") == 0 || strcmp(command, "again") == 0)
        printf("%.3f\n", look_ms(bench, strcmp(command, "again") == 0));
    else if (sscanf(command, "files %31s %199s", tool, directory) == 2)
        printf("%.3f\n", files_ms(tool, directory));
    else if (sscanf(command, "token %199s", directory) == 1)
        printf("%.3f\n", token_ms(directory));
    else if (sscanf(command, "probe %zu", &runs) == 1 && runs > 0 && runs <= MOST_RUNS)
        answer_probe(bench, runs);
    else if (sscanf(command, "pair %zu", &runs) == 1 && runs > 0 && runs <= MOST_RUNS)
        answer_pair(bench, runs);
    else
        die("unknown command");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct error error = {.code = ERROR_OK};
    if (argc != 2 || engine_target_parse(argv[1], &bench.target, &error) < 0)
        die(argc != 2 ? "usage: bench_engine URL" : error.message);
    bench.url = argv[1];
    char line[256] = "";
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        answer(&bench, line);
    }
    return 0;
}
