/* SPDX-License-Identifier: Apache-2.0
 *
 * The journals of a database, recognised as migrationd does, with their rows as its adapters are given them: one line
 * of JSON, for golden cases of what real tools left.
 *
 *   journal_probe URL      [{"tool": …, "schema": …, "table": …, "shape": 0, "rows": [["1", null, …], …]}, …]
 */
#include <stdio.h>

#include "engine/engine.h"
#include "journal/tool.h"
#include "json/json_writer.h"

enum { TIMEOUT_MS = 60000, OUTPUT_BYTES = 1 << 26, ROWS = 100000 };

struct probe {
    struct engine_connection *connection;
    const struct schema *schema;
    struct deadline deadline;
    struct json_writer json;
    struct error error;
};

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

static int print_rows(struct probe *probe, const char *key, const struct table_request *request)
{
    const struct row_sink sink = {.row = take_row, .payload = &probe->json};
    bool more = false;
    json_key_array(&probe->json, key);
    if (probe->connection->ops->read_table(probe->connection, request, probe->deadline, &sink, &more, &probe->error) <
        0)
        return -1;
    json_close_array(&probe->json);
    return 0;
}

static int take_journal(void *payload, const struct journal_address *address)
{
    struct probe *probe = payload;
    const struct tool *tool = tool_find(address->tool);
    const struct schema_relation *relation = schema_find_relation(probe->schema, address->schema, address->table);
    int index = tool && relation ? tool_match_shape(tool, probe->schema, relation) : -1;
    if (index < 0)
        return error_set(&probe->error, ERROR_INTERNAL, "%s was seen and is gone", address->table);
    const struct tool_shape *shape = &tool->shapes[index];
    struct table_request request = {.schema = address->schema,
                                    .table = address->table,
                                    .cells = shape->cells,
                                    .cell_count = shape->cell_count,
                                    .order_by = shape->order_by,
                                    .row_limit = ROWS};
    json_open_object(&probe->json);
    json_key_string(&probe->json, "tool", tool->name);
    json_key_string(&probe->json, "schema", address->schema);
    json_key_string(&probe->json, "table", address->table);
    json_key_integer(&probe->json, "shape", index);
    if (print_rows(probe, "rows", &request) < 0)
        return -1;
    if (shape->beside) {
        request.table = shape->beside->table;
        request.cells = shape->beside->cells;
        request.cell_count = shape->beside->cell_count;
        request.order_by = shape->beside->order_by;
        if (print_rows(probe, "beside", &request) < 0)
            return -1;
    }
    json_close_object(&probe->json);
    return 0;
}

static int print_journals(const char *url, struct strbuf *out, struct error *reterr)
{
    const struct deadline deadline = deadline_in(TIMEOUT_MS);
    const struct engine_scope everything = {0};
    cleanup(engine_target) struct engine_target *target = NULL;
    cleanup(engine_connection) struct engine_connection *deep = NULL;
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    cleanup(schema) struct schema *schema = NULL;
    if (engine_target_parse(url, &target, reterr) < 0 ||
        target->ops->open(target, PURPOSE_DEEP, deadline, &deep, NULL, reterr) < 0 ||
        engine_read(deep, &everything, deadline, &schema, reterr) < 0 ||
        target->ops->open(target, PURPOSE_JOURNAL, deadline, &connection, NULL, reterr) < 0 ||
        connection->ops->begin_look(connection, deadline, reterr) < 0)
        return -1;
    struct probe probe = {.connection = connection, .schema = schema, .deadline = deadline};
    json_writer_init(&probe.json, out, 0);
    json_open_array(&probe.json);
    if (tool_detect(schema, NULL, take_journal, &probe) < 0) {
        *reterr = probe.error;
        return -1;
    }
    json_close_array(&probe.json);
    return connection->ops->end_look(connection, deadline, reterr);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: journal_probe URL\n");
        return 2;
    }
    cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_BYTES);
    struct error error = {0};
    if (print_journals(argv[1], &out, &error) < 0) {
        fprintf(stderr, "journal_probe: %s\n", error.message);
        return 1;
    }
    printf("%s\n", strbuf_text(&out));
    return 0;
}
