/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fake_engine.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

struct fake_connection {
    struct engine_connection base; /* first: callers see only this */
    struct fake_server *server;
    bool inside; /* a look has begun */
    bool broken; /* a statement failed: nothing works until the look is over, as on PostgreSQL */
};

static struct fake_server *served;
static const struct engine_ops batching_engine;

void fake_engine_serve(struct fake_server *server)
{
    served = server;
}

struct server_facts fake_server_facts(const struct fake_server *server)
{
    struct server_facts facts = {.absence_proven = true};
    snprintf(facts.engine, sizeof facts.engine, "%s", server->engine ? server->engine : "postgres");
    snprintf(facts.database, sizeof facts.database, "%s", server->database ? server->database : "app");
    snprintf(facts.version, sizeof facts.version, "1.0");
    return facts;
}

static struct fake_connection *fake_of(struct engine_connection *connection)
{
    return (struct fake_connection *)connection;
}

static int refuse(struct fake_connection *fake, enum error_code code, struct error *reterr)
{
    fake->broken = true;
    return error_set(reterr, code, "the script says %s", error_code_name(code));
}

/* The time that the server takes. */
static int answer(struct fake_connection *fake, struct deadline deadline, struct error *reterr)
{
    int64_t left = deadline_left_ms(deadline);
    int64_t wanted = fake->server->answers_in_ms;
    if (wanted > 0)
        poll(NULL, 0, (int)(wanted < left ? wanted : left));
    if (wanted > left)
        return refuse(fake, ERROR_TIMEOUT, reterr);
    if (fake->broken)
        return error_set(reterr, ERROR_INTERNAL, "asked after a failure, before the look was ended");
    return 0;
}

static int fake_open(const struct engine_target *target, enum engine_purpose purpose, struct deadline deadline,
                     struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr)
{
    (void)target;
    (void)purpose;
    served->opened++;
    if (served->open_fails)
        return error_set(reterr, served->open_fails, "the script says %s", error_code_name(served->open_fails));
    cleanup(free) struct fake_connection *fake = mem_calloc(1, sizeof *fake);
    if (!fake)
        return error_no_memory(reterr);
    fake->base.ops = served->batches ? &batching_engine : &fake_engine;
    fake->server = served;
    if (answer(fake, deadline, reterr) < 0)
        return -1;
    *ret_facts = fake_server_facts(served);
    *ret_connection = &take(fake)->base;
    return 0;
}

static void fake_close(struct engine_connection *connection)
{
    fake_of(connection)->server->closed++;
    mem_free(fake_of(connection));
}

static int fake_probe(struct engine_connection *connection, struct deadline deadline, struct engine_probe *ret_probe,
                      struct error *reterr)
{
    struct fake_connection *fake = fake_of(connection);
    fake->server->probes++;
    snprintf(ret_probe->token, sizeof ret_probe->token, "%zu", fake->server->table_count);
    return answer(fake, deadline, reterr);
}

static void describe(const struct fake_server *server, struct schema_builder *builder)
{
    for (size_t i = 0; i < server->table_count; i++) {
        const struct fake_table *table = &server->tables[i];
        const struct schema_relation relation = {.schema = schema_builder_text(builder, table->schema),
                                                 .name = schema_builder_text(builder, table->name),
                                                 .kind = RELATION_TABLE};
        uint32_t handle = schema_builder_relation(builder, &relation);
        for (uint16_t j = 0; j < FAKE_COLUMNS_MAXIMUM && table->columns[j]; j++) {
            const char *type = table->types[j] ? table->types[j] : "text";
            const struct schema_column column = {.relation = handle,
                                                 .name = schema_builder_text(builder, table->columns[j]),
                                                 .type = schema_builder_text(builder, type),
                                                 .position = (uint16_t)(j + 1)};
            schema_builder_column(builder, &column);
        }
    }
    schema_builder_server(builder, server->engine ? server->engine : "postgres", "1.0");
}

struct schema *fake_server_schema(const struct fake_server *server)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    struct schema *schema = NULL;
    if (!builder)
        return NULL;
    describe(server, builder);
    return schema_builder_seal(builder, &schema, NULL) == 0 ? schema : NULL;
}

static int fake_read_schema(struct engine_connection *connection, const struct engine_scope *scope,
                            struct deadline deadline, struct schema_builder *builder, struct error *reterr)
{
    (void)scope;
    if (answer(fake_of(connection), deadline, reterr) < 0)
        return -1;
    describe(fake_of(connection)->server, builder);
    return 0;
}

static int fake_begin(struct engine_connection *connection, struct deadline deadline, struct error *reterr)
{
    struct fake_connection *fake = fake_of(connection);
    if (fake->inside)
        return error_set(reterr, ERROR_INTERNAL, "a look begins inside another one");
    if (fake->server->begin_fails)
        return refuse(fake, fake->server->begin_fails, reterr);
    if (answer(fake, deadline, reterr) < 0)
        return -1;
    fake->server->begun++;
    fake->inside = true;
    return 0;
}

static int fake_end(struct engine_connection *connection, struct deadline deadline, struct error *reterr)
{
    struct fake_connection *fake = fake_of(connection);
    (void)deadline;
    fake->server->ended += fake->inside;
    fake->inside = false;
    fake->broken = false;
    return fake->server->end_fails ? refuse(fake, fake->server->end_fails, reterr) : 0;
}

static bool is_asked(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static int fake_find_tables(struct engine_connection *connection, const struct engine_scope *scope,
                            const char *const *names, size_t count, struct deadline deadline,
                            const struct sighting_sink *sink, struct error *reterr)
{
    struct fake_connection *fake = fake_of(connection);
    (void)scope;
    if (fake->server->find_fails)
        return refuse(fake, fake->server->find_fails, reterr);
    if (answer(fake, deadline, reterr) < 0)
        return -1;
    for (size_t i = 0; i < fake->server->table_count; i++) {
        const struct fake_table *table = &fake->server->tables[i];
        const struct table_sighting sighting = {
            .schema = table->schema, .table = table->name, .readable = !table->grant, .grant = table->grant};
        if (is_asked(names, count, table->name) && sink->sighting(sink->payload, &sighting, reterr) < 0)
            return -1;
    }
    return 0;
}

static const struct fake_table *find_table(const struct fake_server *server, const char *schema, const char *name)
{
    for (size_t i = 0; i < server->table_count; i++)
        if (strcmp(server->tables[i].schema, schema) == 0 && strcmp(server->tables[i].name, name) == 0)
            return &server->tables[i];
    return NULL;
}

/* Where each cell asked for stands in a row; false: a column does not exist. */
static bool map_columns(const struct fake_table *table, const struct table_request *request, size_t *ret_places)
{
    for (size_t i = 0; i < request->cell_count; i++) {
        size_t place = 0;
        while (place < FAKE_COLUMNS_MAXIMUM && table->columns[place] &&
               strcasecmp(table->columns[place], request->cells[i].column) != 0)
            place++;
        if (place == FAKE_COLUMNS_MAXIMUM || !table->columns[place])
            return false;
        ret_places[i] = place;
    }
    return true;
}

static int send_rows(const struct fake_table *table, const struct table_request *request, const size_t *places,
                     const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    size_t count = table->row_count < request->row_limit ? table->row_count : request->row_limit;
    if (table->fail && table->fail_after < count)
        count = table->fail_after;
    for (size_t i = 0; i < count; i++) {
        const char *cells[FAKE_COLUMNS_MAXIMUM] = {0};
        size_t lengths[FAKE_COLUMNS_MAXIMUM] = {0};
        for (size_t j = 0; j < request->cell_count; j++) {
            cells[j] = table->rows[i][places[j]];
            lengths[j] = cells[j] ? strlen(cells[j]) : 0;
        }
        if (sink->row(sink->payload, cells, lengths, request->cell_count, reterr) < 0)
            return -1;
    }
    *ret_more = table->row_count > request->row_limit;
    return 0;
}

static int fake_read_table(struct engine_connection *connection, const struct table_request *request,
                           struct deadline deadline, const struct row_sink *sink, bool *ret_more, struct error *reterr)
{
    struct fake_connection *fake = fake_of(connection);
    size_t places[FAKE_COLUMNS_MAXIMUM] = {0};
    fake->server->tables_read++;
    if (!fake->inside)
        return error_set(reterr, ERROR_INTERNAL, "a table is read outside of a look");
    if (answer(fake, deadline, reterr) < 0)
        return -1;
    const struct fake_table *table = find_table(fake->server, request->schema, request->table);
    if (!table || !map_columns(table, request, places))
        return refuse(fake, ERROR_NOT_FOUND, reterr);
    if (table->grant)
        return refuse(fake, ERROR_FORBIDDEN, reterr);
    if (send_rows(table, request, places, sink, ret_more, reterr) < 0)
        return -1;
    return table->fail ? refuse(fake, table->fail, reterr) : 0;
}

static int fake_read_lock(struct engine_connection *connection, const struct lock_request *request,
                          struct deadline deadline, struct lock_report *ret_report, struct error *reterr)
{
    struct fake_connection *fake = fake_of(connection);
    const struct fake_server *server = fake->server;
    fake->server->locks_read++;
    *ret_report = (struct lock_report){.since_ms = TIME_UNKNOWN};
    if (server->lock_fails)
        return refuse(fake, server->lock_fails, reterr);
    for (size_t i = 0; i < server->table_count; i++) {
        const struct fake_table *table = &server->tables[i];
        bool meant = request->form == LOCK_RELATION ? strcmp(table->name, request->table) == 0
                     : request->form == LOCK_NAMED  ? table->lock_name && strcmp(table->lock_name, request->name) == 0
                                                    : true;
        ret_report->held = ret_report->held || (meant && table->lock_held);
    }
    return answer(fake, deadline, reterr);
}

/* Rows of one of several tables on their way to the caller. */
struct fake_batch {
    const struct tables_sink *sink;
    size_t table;
};

static int send_row(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    const struct fake_batch *batch = payload;
    return batch->sink->row(batch->sink->payload, batch->table, cells, lengths, count, reterr);
}

static int fake_read_tables(struct engine_connection *connection, const struct table_request *request,
                            const struct table_place *places, size_t count, struct deadline deadline,
                            const struct tables_sink *sink, bool *ret_more, struct error *reterr)
{
    struct fake_connection *fake = fake_of(connection);
    unsigned before = fake->server->tables_read;
    fake->server->batches_read++;
    for (size_t i = 0; i < count; i++) {
        struct table_request one = *request;
        one.schema = places[i].schema;
        one.table = places[i].table;
        struct fake_batch batch = {.sink = sink, .table = i};
        const struct row_sink row_sink = {.row = send_row, .payload = &batch};
        if (fake_read_table(connection, &one, deadline, &row_sink, &ret_more[i], reterr) < 0)
            return -1;
    }
    fake->server->tables_read = before;
    return 0;
}

static int fake_read_locks(struct engine_connection *connection, const struct lock_request *requests, size_t count,
                           struct deadline deadline, struct lock_report *ret_reports, struct error *reterr)
{
    struct fake_connection *fake = fake_of(connection);
    unsigned before = fake->server->locks_read;
    fake->server->lock_batches_read++;
    for (size_t i = 0; i < count; i++)
        if (fake_read_lock(connection, &requests[i], deadline, &ret_reports[i], reterr) < 0)
            return -1;
    fake->server->locks_read = before;
    return 0;
}

static const char *const schemes[] = {"fake", NULL};

static const struct engine_ops batching_engine = {
    .name = "fake",
    .schemes = schemes,
    .open = fake_open,
    .close = fake_close,
    .probe = fake_probe,
    .read_schema = fake_read_schema,
    .begin_look = fake_begin,
    .end_look = fake_end,
    .find_tables = fake_find_tables,
    .read_table = fake_read_table,
    .read_tables = fake_read_tables,
    .read_lock = fake_read_lock,
    .read_locks = fake_read_locks,
};

const struct engine_ops fake_engine = {
    .name = "fake",
    .schemes = schemes,
    .open = fake_open,
    .close = fake_close,
    .probe = fake_probe,
    .read_schema = fake_read_schema,
    .begin_look = fake_begin,
    .end_look = fake_end,
    .find_tables = fake_find_tables,
    .read_table = fake_read_table,
    .read_lock = fake_read_lock,
};
