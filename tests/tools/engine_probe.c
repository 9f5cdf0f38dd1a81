/* SPDX-License-Identifier: Apache-2.0
 *
 * One engine operation from the command line, for the integration tests and for measuring; the result is one line of
 * JSON on standard output. Exit code 0; 1 with {"error": …}; 2 for wrong usage.
 *
 *   engine_probe [--timeout MILLISECONDS] schema URL [SCHEMA-PATTERN…]
 *                                         tenant URL SCHEMA
 *                                         tenants URL SCHEMA…
 *                                         facts URL
 *                                         probe URL [COUNT [GAP-MILLISECONDS]]
 *                                         tables URL NAME…
 *                                         journal URL SCHEMA TABLE LIMIT COLUMN[:boolean|:time|:hex]…
 *                                         advisory URL CLASS OBJECT
 *                                         relation URL SCHEMA TABLE
 *                                         named URL NAME
 *                                         bench URL ROUNDS
 *                                         oom URL
 *                                         redact URL
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "model/schema_json.h"
#include "json/json_writer.h"

enum { MAXIMUM_ARGUMENTS = 32, OUTPUT_BYTES = 1 << 30 };

struct call {
    struct deadline deadline;
    struct engine_target *target;
    char **arguments; /* behind the URL */
    int count;
    struct strbuf out;
    struct json_writer json;
};

static double seconds_now(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int connect_to(struct call *call, enum engine_purpose purpose, struct engine_connection **ret_connection,
                      struct server_facts *ret_facts, struct error *reterr)
{
    return call->target->ops->open(call->target, purpose, call->deadline, ret_connection, ret_facts, reterr);
}

static int read_scope(struct call *call, const struct engine_scope *scope, struct error *reterr)
{
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    cleanup(schema) struct schema *schema = NULL;
    if (connect_to(call, PURPOSE_DEEP, &connection, NULL, reterr) < 0 ||
        engine_read(connection, scope, call->deadline, &schema, reterr) < 0)
        return -1;
    schema_json_render(schema, 0, &call->out);
    return 0;
}

static int run_schema(struct call *call, struct error *reterr)
{
    const char *patterns[MAXIMUM_ARGUMENTS] = {NULL};
    for (int i = 0; i < call->count; i++)
        patterns[i] = call->arguments[i];
    const struct engine_scope scope = {.schemas = patterns, .schema_count = (size_t)call->count};
    return read_scope(call, &scope, reterr);
}

static int run_tenant(struct call *call, struct error *reterr)
{
    const struct engine_scope scope = {.own_schema = call->count > 0 ? call->arguments[0] : ""};
    return read_scope(call, &scope, reterr);
}

/* Several tenants in one look, in the order given. */
static int run_tenants(struct call *call, struct error *reterr)
{
    const char *names[MAXIMUM_ARGUMENTS] = {NULL};
    struct schema *schemas[MAXIMUM_ARGUMENTS] = {NULL};
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    size_t count = (size_t)call->count;
    for (size_t i = 0; i < count; i++)
        names[i] = call->arguments[i];
    if (connect_to(call, PURPOSE_DEEP, &connection, NULL, reterr) < 0 ||
        engine_read_each(connection, names, count, call->deadline, schemas, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(&call->out, i > 0 ? "," : "[");
        schema_json_render(schemas[i], 0, &call->out);
        schema_unref(schemas[i]);
    }
    strbuf_add_string(&call->out, "]");
    return 0;
}

static int run_facts(struct call *call, struct error *reterr)
{
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    struct server_facts facts = {0};
    if (connect_to(call, PURPOSE_JOURNAL, &connection, &facts, reterr) < 0)
        return -1;
    json_open_object(&call->json);
    json_key_string(&call->json, "display", call->target->display);
    json_key_string(&call->json, "server", call->target->server);
    json_key_string(&call->json, "engine", facts.engine);
    json_key_string(&call->json, "version", facts.version);
    json_key_string(&call->json, "database", facts.database);
    json_key_string(&call->json, "role", facts.role);
    json_key_boolean(&call->json, "tls", facts.tls);
    json_key_boolean(&call->json, "replica", facts.replica);
    json_key_boolean(&call->json, "absence_proven", facts.absence_proven);
    json_key_string(&call->json, "grant_needed", facts.grant_needed);
    json_close_object(&call->json);
    return 0;
}

static int run_probe(struct call *call, struct error *reterr)
{
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (connect_to(call, PURPOSE_JOURNAL, &connection, NULL, reterr) < 0)
        return -1;
    int times = call->count > 0 ? atoi(call->arguments[0]) : 1;
    int gap = call->count > 1 ? atoi(call->arguments[1]) : 0;
    json_open_array(&call->json);
    for (int i = 0; i < times; i++) {
        struct engine_probe probe = {0};
        if (i > 0 && gap > 0)
            nanosleep(&(struct timespec){.tv_sec = gap / 1000, .tv_nsec = gap % 1000 * 1000000L}, NULL);
        if (connection->ops->probe(connection, call->deadline, &probe, reterr) < 0)
            return -1;
        json_add_string(&call->json, probe.token);
    }
    json_close_array(&call->json);
    return 0;
}

static int take_sighting(void *payload, const struct table_sighting *sighting, struct error *reterr)
{
    struct json_writer *json = payload;
    (void)reterr;
    json_open_object(json);
    json_key_string(json, "schema", sighting->schema);
    json_key_string(json, "table", sighting->table);
    json_key_boolean(json, "readable", sighting->readable);
    json_key_string(json, "grant", sighting->grant);
    json_close_object(json);
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

static int ask_tables(struct call *call, struct engine_connection *connection, struct error *reterr)
{
    const char *names[MAXIMUM_ARGUMENTS] = {NULL};
    for (int i = 0; i < call->count; i++)
        names[i] = call->arguments[i];
    const struct engine_scope everything = {0};
    const struct sighting_sink sink = {.sighting = take_sighting, .payload = &call->json};
    json_open_array(&call->json);
    if (connection->ops->find_tables(connection, &everything, names, (size_t)call->count, call->deadline, &sink,
                                     reterr) < 0)
        return -1;
    json_close_array(&call->json);
    return 0;
}

/* "column:form", which is cut at the colon. */
static struct cell_request cell_of(char *argument)
{
    static const char *const forms[] = {
        [CELL_TEXT] = "text", [CELL_BOOLEAN] = "boolean", [CELL_TIME_MS] = "time", [CELL_HEX] = "hex"};
    struct cell_request cell = {.column = argument, .form = CELL_TEXT};
    char *colon = strrchr(argument, ':');
    for (size_t i = 0; colon && i < ARRAY_LENGTH(forms); i++)
        if (strcmp(colon + 1, forms[i]) == 0) {
            cell.form = (enum cell_form)i;
            *colon = '\0';
            break;
        }
    return cell;
}

static int ask_journal(struct call *call, struct engine_connection *connection, struct error *reterr)
{
    struct cell_request cells[MAXIMUM_ARGUMENTS] = {0};
    if (call->count < 4)
        return error_set(reterr, ERROR_INVALID, "usage: journal URL SCHEMA TABLE LIMIT COLUMN…");
    for (int i = 3; i < call->count; i++)
        cells[i - 3] = cell_of(call->arguments[i]);
    const struct table_request request = {.schema = call->arguments[0],
                                          .table = call->arguments[1],
                                          .cells = cells,
                                          .cell_count = (size_t)call->count - 3,
                                          .order_by = cells[0].column,
                                          .row_limit = strtoul(call->arguments[2], NULL, 10)};
    const struct row_sink sink = {.row = take_row, .payload = &call->json};
    bool more = false;
    json_open_object(&call->json);
    json_key_array(&call->json, "rows");
    if (connection->ops->read_table(connection, &request, call->deadline, &sink, &more, reterr) < 0)
        return -1;
    json_close_array(&call->json);
    json_key_boolean(&call->json, "more", more);
    json_close_object(&call->json);
    return 0;
}

static int ask_lock(struct call *call, struct engine_connection *connection, const struct lock_request *request,
                    struct error *reterr)
{
    struct lock_report report = {0};
    if (connection->ops->read_lock(connection, request, call->deadline, &report, reterr) < 0)
        return -1;
    json_open_object(&call->json);
    json_key_boolean(&call->json, "held", report.held);
    json_key_boolean(&call->json, "orphaned", report.orphaned);
    json_key_string(&call->json, "holder", report.holder);
    json_key_time(&call->json, "since", report.since_ms);
    json_close_object(&call->json);
    return 0;
}

static int ask_advisory(struct call *call, struct engine_connection *connection, struct error *reterr)
{
    if (call->count != 2)
        return error_set(reterr, ERROR_INVALID, "usage: advisory URL CLASS OBJECT");
    const struct lock_request request = {.form = LOCK_ADVISORY,
                                         .advisory_class = (uint32_t)strtoul(call->arguments[0], NULL, 10),
                                         .advisory_object = (uint32_t)strtoul(call->arguments[1], NULL, 10)};
    return ask_lock(call, connection, &request, reterr);
}

static int ask_relation(struct call *call, struct engine_connection *connection, struct error *reterr)
{
    if (call->count != 2)
        return error_set(reterr, ERROR_INVALID, "usage: relation URL SCHEMA TABLE");
    const struct lock_request request = {
        .form = LOCK_RELATION, .schema = call->arguments[0], .table = call->arguments[1]};
    return ask_lock(call, connection, &request, reterr);
}

static int ask_named(struct call *call, struct engine_connection *connection, struct error *reterr)
{
    if (call->count != 1)
        return error_set(reterr, ERROR_INVALID, "usage: named URL NAME");
    const struct lock_request request = {.form = LOCK_NAMED, .name = call->arguments[0]};
    return ask_lock(call, connection, &request, reterr);
}

/* One look: begin, the question, end, whatever the answer. */
static int look(struct call *call, int (*ask)(struct call *, struct engine_connection *, struct error *),
                struct error *reterr)
{
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (connect_to(call, PURPOSE_JOURNAL, &connection, NULL, reterr) < 0)
        return -1;
    int status = connection->ops->begin_look(connection, call->deadline, reterr);
    if (status == 0)
        status = ask(call, connection, reterr);
    int ended = connection->ops->end_look(connection, call->deadline, status == 0 ? reterr : NULL);
    return status == 0 ? ended : -1;
}

static int run_tables(struct call *call, struct error *reterr)
{
    return look(call, ask_tables, reterr);
}

static int run_journal(struct call *call, struct error *reterr)
{
    return look(call, ask_journal, reterr);
}

static int run_advisory(struct call *call, struct error *reterr)
{
    return look(call, ask_advisory, reterr);
}

static int run_relation(struct call *call, struct error *reterr)
{
    return look(call, ask_relation, reterr);
}

static int run_named(struct call *call, struct error *reterr)
{
    return look(call, ask_named, reterr);
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

/* Medians: a snapshot over a new connection, one over a connection that has read before, and a probe. */
static int run_bench(struct call *call, struct error *reterr)
{
    enum { ROUNDS = 101, PROBES = 1001 };
    const struct engine_scope everything = {0};
    int rounds = call->count > 0 ? atoi(call->arguments[0]) : 5;
    rounds = rounds < 1 ? 1 : rounds > ROUNDS ? ROUNDS : rounds;
    double cold[ROUNDS] = {0};
    double warm[ROUNDS] = {0};
    static double probes[PROBES];
    size_t memory = 0;
    size_t columns = 0;
    for (int i = 0; i < rounds; i++) {
        cleanup(engine_connection) struct engine_connection *connection = NULL;
        cleanup(schema) struct schema *first = NULL;
        cleanup(schema) struct schema *second = NULL;
        double start = seconds_now();
        if (connect_to(call, PURPOSE_DEEP, &connection, NULL, reterr) < 0 ||
            engine_read(connection, &everything, call->deadline, &first, reterr) < 0)
            return -1;
        cold[i] = seconds_now() - start;
        start = seconds_now();
        if (engine_read(connection, &everything, call->deadline, &second, reterr) < 0)
            return -1;
        warm[i] = seconds_now() - start;
        memory = schema_memory(second);
        columns = second->column_count;
    }
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (connect_to(call, PURPOSE_JOURNAL, &connection, NULL, reterr) < 0)
        return -1;
    for (int i = 0; i < PROBES; i++) {
        struct engine_probe probe = {0};
        double start = seconds_now();
        if (connection->ops->probe(connection, call->deadline, &probe, reterr) < 0)
            return -1;
        probes[i] = seconds_now() - start;
    }
    strbuf_printf(&call->out,
                  "{\"new_connection_seconds\":%.6f,\"warm_seconds\":%.6f,\"probe_seconds\":%.7f,"
                  "\"schema_bytes\":%zu,\"columns\":%zu}",
                  median(cold, rounds), median(warm, rounds), median(probes, PROBES), memory, columns);
    return 0;
}

/* Lets the first allocation of a deep look fail, then the second, …: each look must say so, and none may leak. */
static int run_oom(struct call *call, struct error *reterr)
{
    const struct engine_scope everything = {0};
    for (size_t successes = 0;; successes++) {
        cleanup(engine_connection) struct engine_connection *connection = NULL;
        cleanup(schema) struct schema *schema = NULL;
        struct error error = {0};
        mem_fault_after(successes);
        int status = connect_to(call, PURPOSE_DEEP, &connection, NULL, &error);
        if (status == 0)
            status = engine_read(connection, &everything, call->deadline, &schema, &error);
        bool refused = mem_fault_off();
        if (refused != (status < 0) || (refused && error.code != ERROR_NO_MEMORY))
            return error_set(reterr, ERROR_INTERNAL, "allocation %zu: status %d, %s", successes, status, error.message);
        if (!refused) {
            json_add_integer(&call->json, (int64_t)successes);
            return 0;
        }
    }
}

static const struct {
    const char *name;
    int (*run)(struct call *call, struct error *reterr);
} commands[] = {
    {"schema", run_schema},     {"tenant", run_tenant}, {"tenants", run_tenants}, {"facts", run_facts},
    {"probe", run_probe},       {"tables", run_tables}, {"journal", run_journal}, {"advisory", run_advisory},
    {"relation", run_relation}, {"named", run_named},   {"bench", run_bench},     {"oom", run_oom},
};

static int redact(const char *url)
{
    cleanup(free) char *text = engine_url_redact(url);
    printf("%s\n", text ? text : "");
    return text ? 0 : 1;
}

static int fail(const struct error *error)
{
    cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_BYTES);
    struct json_writer json = {0};
    json_writer_init(&json, &out, 0);
    json_open_object(&json);
    json_key_object(&json, "error");
    json_key_string(&json, "code", error_code_name(error->code));
    json_key_string(&json, "message", error->message);
    json_key_string(&json, "sqlstate", error->sqlstate);
    json_close_object(&json);
    json_close_object(&json);
    printf("%s\n", strbuf_text(&out));
    return 1;
}

static int run(struct call *call, const char *command, const char *url)
{
    struct error error = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        if (strcmp(commands[i].name, command) != 0)
            continue;
        int status = engine_target_parse(url, &call->target, &error);
        if (status == 0)
            status = commands[i].run(call, &error);
        engine_target_free(call->target);
        if (status < 0)
            return fail(&error);
        printf("%s\n", strbuf_text(&call->out));
        return 0;
    }
    fprintf(stderr, "engine_probe: unknown command %s\n", command);
    return 2;
}

int main(int argc, char **argv)
{
    int timeout = 60000;
    if (argc > 2 && strcmp(argv[1], "--timeout") == 0) {
        timeout = atoi(argv[2]);
        argv += 2;
        argc -= 2;
    }
    if (argc < 3 || argc - 3 > MAXIMUM_ARGUMENTS) {
        fprintf(stderr, "usage: engine_probe [--timeout MILLISECONDS] COMMAND URL [ARGUMENT…]\n");
        return 2;
    }
    if (strcmp(argv[1], "redact") == 0)
        return redact(argv[2]);
    struct call call = {
        .deadline = deadline_in(timeout), .arguments = argv + 3, .count = argc - 3, .out = STRBUF(OUTPUT_BYTES)};
    json_writer_init(&call.json, &call.out, 0);
    int status = run(&call, argv[1], argv[2]);
    strbuf_done(&call.out);
    return status;
}
