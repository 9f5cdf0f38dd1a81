/* SPDX-License-Identifier: Apache-2.0
 *
 * A question of a check from the command line, for the integration tests; the answer is one line of JSON on standard
 * output: the columns, the rows, whether there are more, and what it took. Exit code 0; 1 with {"error": …}; 2 for
 * wrong usage.
 *
 *   query_probe [--timeout MILLISECONDS] [--rows N] [--bytes N] [--own] URL SQL…
 *   query_probe --oom URL SQL
 *
 * With several texts, they are asked over one connection, one after another. --own: what would be refused is sent.
 * --oom: lets the first allocation of the answer fail, then the second, …: each time it must say so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/engine.h"
#include "json/json_writer.h"

enum { OUTPUT_BYTES = 1 << 28 };

struct call {
    struct json_writer *json;
    int timeout;
    struct query_request request;
};

static int take_columns(void *payload, const struct query_column *columns, size_t count, struct error *reterr)
{
    struct json_writer *json = payload;
    (void)reterr;
    json_key_array(json, "columns");
    for (size_t i = 0; i < count; i++) {
        json_open_object(json);
        json_key_string(json, "name", columns[i].name);
        json_key_boolean(json, "key", columns[i].is_key);
        json_key_boolean(json, "boolean", columns[i].is_boolean);
        json_close_object(json);
    }
    json_close_array(json);
    json_key_array(json, "rows");
    return 0;
}

static int take_row(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    struct json_writer *json = payload;
    (void)reterr;
    json_open_array(json);
    for (size_t i = 0; i < count; i++)
        if (cells[i])
            json_add_string_n(json, cells[i], lengths[i]);
        else
            json_add_null(json);
    json_close_array(json);
    return 0;
}

static void add_error(struct json_writer *json, const struct error *error)
{
    json_open_object(json);
    json_key_object(json, "error");
    json_key_string(json, "code", error_code_name(error->code));
    json_key_string(json, "message", error->message);
    json_key_string(json, "sqlstate", error->sqlstate);
    json_close_object(json);
    json_close_object(json);
}

/* The most memory that this program has had so far. What getrusage tells begins with what the parent had. */
static long peak_kib(void)
{
    char line[256] = "";
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && kib == 0 && fgets(line, sizeof line, status))
        sscanf(line, "VmHWM: %ld kB", &kib);
    if (status)
        fclose(status);
    return kib;
}

/* An answer is written apart, so that a failure half-way leaves none. */
static bool ask(struct call *call, struct engine_connection *connection)
{
    cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_BYTES);
    struct json_writer json = {0};
    struct error error = {0};
    bool more = false;
    const struct query_sink sink = {.columns = take_columns, .row = take_row, .payload = &json};
    json_writer_init(&json, &out, 0);
    json_open_object(&json);
    if (connection->ops->query(connection, &call->request, deadline_in(call->timeout), &sink, &more, &error) < 0) {
        add_error(call->json, &error);
        return false;
    }
    json_close_array(&json);
    json_key_boolean(&json, "more", more);
    json_key_integer(&json, "memory_kib", peak_kib());
    json_close_object(&json);
    json_add_document(call->json, strbuf_text(&out), out.length);
    return true;
}

static int pass_columns(void *payload, const struct query_column *columns, size_t count, struct error *reterr)
{
    (void)payload, (void)columns, (void)count, (void)reterr;
    return 0;
}

static int pass_row(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    (void)payload, (void)cells, (void)lengths, (void)count, (void)reterr;
    return 0;
}

/* Whether an answer that an allocation failed in is none, and says why. */
static bool survives(struct call *call, const struct engine_target *target, size_t successes, bool *ret_refused,
                     struct error *error)
{
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    const struct query_sink sink = {.columns = pass_columns, .row = pass_row};
    struct deadline deadline = deadline_in(call->timeout);
    bool more = false;
    if (target->ops->open(target, PURPOSE_CHECK, deadline, &connection, NULL, error) < 0)
        return false;
    mem_fault_after(successes);
    int status = connection->ops->query(connection, &call->request, deadline, &sink, &more, error);
    *ret_refused = mem_fault_off();
    return *ret_refused == (status < 0) && (!*ret_refused || error->code == ERROR_NO_MEMORY);
}

static int run_out_of_memory(struct call *call, const char *url, const char *sql)
{
    cleanup(engine_target) struct engine_target *target = NULL;
    struct error error = {0};
    call->request.sql = sql;
    if (engine_target_parse(url, &target, &error) < 0) {
        add_error(call->json, &error);
        return 1;
    }
    bool refused = true;
    size_t successes = 0;
    for (; refused; successes++)
        if (!survives(call, target, successes, &refused, &error)) {
            add_error(call->json, &error);
            return 1;
        }
    json_add_integer(call->json, (int64_t)successes - 1);
    return 0;
}

static int run(struct call *call, const char *url, char **texts, int count)
{
    cleanup(engine_target) struct engine_target *target = NULL;
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    struct error error = {0};
    if (engine_target_parse(url, &target, &error) < 0 ||
        target->ops->open(target, PURPOSE_CHECK, deadline_in(call->timeout), &connection, NULL, &error) < 0) {
        add_error(call->json, &error);
        return 1;
    }
    bool all = true;
    if (count > 1)
        json_open_array(call->json);
    for (int i = 0; i < count; i++) {
        call->request.sql = texts[i];
        all = ask(call, connection) && all;
    }
    if (count > 1)
        json_close_array(call->json);
    return all ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct json_writer json = {0};
    cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_BYTES);
    struct call call = {.json = &json, .timeout = 10000, .request = {.row_limit = 10, .cell_bytes = 256}};
    bool oom = false;
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--own") == 0)
            call.request.own = true;
        else if (strcmp(argv[at], "--oom") == 0)
            oom = true;
        else if (at + 1 < argc && strcmp(argv[at], "--timeout") == 0)
            call.timeout = atoi(argv[++at]);
        else if (at + 1 < argc && strcmp(argv[at], "--rows") == 0)
            call.request.row_limit = strtoul(argv[++at], NULL, 10);
        else if (at + 1 < argc && strcmp(argv[at], "--bytes") == 0)
            call.request.cell_bytes = strtoul(argv[++at], NULL, 10);
        else
            break;
    }
    if (argc - at < 2) {
        fprintf(stderr, "usage: query_probe [--timeout MILLISECONDS] [--rows N] [--bytes N] [--own] URL SQL…\n");
        return 2;
    }
    json_writer_init(&json, &out, 0);
    int status =
        oom ? run_out_of_memory(&call, argv[at], argv[at + 1]) : run(&call, argv[at], argv + at + 1, argc - at - 1);
    printf("%s\n", strbuf_text(&out));
    return status;
}
