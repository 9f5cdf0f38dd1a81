/* SPDX-License-Identifier: Apache-2.0
 *
 * The deep look: every CREATE text of sqlite_schema, parsed by lib/dialect. Several passes over that table, since an
 * index or a trigger may stand before its table.
 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/limits.h"
#include "dialect/dialects.h"
#include "dialect/sqlite_ddl.h"
#include "engine/sqlite/sqlite_connection.h"

/* Handles of relations by name: open addressing, at most half full. */
struct relation_slot {
    uint64_t hash; /* 0: free */
    uint32_t handle;
};

struct virtual_table {
    const char *name;
    const char *module;
};

struct schema_reading {
    struct sqlite_connection *connection;
    struct schema_builder *builder;
    struct sqlite_statement parsed;
    struct relation_slot *slots;
    size_t slot_count; /* a power of two */
    size_t slots_taken;
    struct arena *arena; /* names of virtual tables */
    struct virtual_table *virtual_tables;
    size_t virtual_count;
    size_t virtual_capacity;
    struct error *reterr;
};

/* One row of sqlite_schema. */
struct schema_row {
    const char *type;
    const char *name;
    const char *table;
    const char *sql;
    size_t sql_length;
};

static struct schema_row row_of(sqlite3_stmt *statement)
{
    const char *texts[4] = {NULL};
    for (int i = 0; i < 4; i++) {
        const char *text = (const char *)sqlite3_column_text(statement, i);
        texts[i] = text ? text : "";
    }
    return (struct schema_row){.type = texts[0],
                               .name = texts[1],
                               .table = texts[2],
                               .sql = texts[3],
                               .sql_length = (size_t)sqlite3_column_bytes(statement, 3)};
}

/* Names have no case in ASCII. Two of them with one 64-bit hash are not to be feared: hash64 is not chosen by whoever
 * names tables twice. */
static uint64_t name_hash(const char *name)
{
    enum { CHUNK = 64 };
    struct {
        uint64_t before;
        char folded[CHUNK];
    } input = {0};
    do {
        memset(input.folded, 0, sizeof(input.folded));
        for (size_t i = 0; i < CHUNK && *name; i++, name++)
            input.folded[i] = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        input.before = hash64(&input, sizeof(input));
    } while (*name);
    return input.before ? input.before : 1;
}

static struct relation_slot *find_slot(const struct schema_reading *reading, uint64_t hash)
{
    size_t at = (size_t)hash & (reading->slot_count - 1);
    while (reading->slots[at].hash && reading->slots[at].hash != hash)
        at = (at + 1) & (reading->slot_count - 1);
    return &reading->slots[at];
}

static int grow_slots(struct schema_reading *reading)
{
    struct schema_reading larger = {.slot_count = reading->slot_count ? 2 * reading->slot_count : 256};
    larger.slots = mem_calloc(larger.slot_count, sizeof(*larger.slots));
    if (!larger.slots)
        return error_no_memory(reading->reterr);
    for (size_t i = 0; i < reading->slot_count; i++) {
        if (reading->slots[i].hash)
            *find_slot(&larger, reading->slots[i].hash) = reading->slots[i];
    }
    mem_free(reading->slots);
    reading->slots = larger.slots;
    reading->slot_count = larger.slot_count;
    return 0;
}

static int remember_relation(struct schema_reading *reading, const char *name, uint32_t handle)
{
    if (2 * (reading->slots_taken + 1) > reading->slot_count && grow_slots(reading) < 0)
        return -1;
    uint64_t hash = name_hash(name);
    struct relation_slot *slot = find_slot(reading, hash);
    reading->slots_taken += slot->hash == 0;
    *slot = (struct relation_slot){.hash = hash, .handle = handle};
    return 0;
}

static const struct relation_slot *recall_relation(const struct schema_reading *reading, const char *name)
{
    if (reading->slot_count == 0)
        return NULL;
    const struct relation_slot *slot = find_slot(reading, name_hash(name));
    return slot->hash ? slot : NULL;
}

static bool is_internal(const char *name)
{
    return strncasecmp(name, "sqlite_", 7) == 0;
}

static bool is_shadow(const struct schema_reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->virtual_count; i++) {
        if (sqlite_is_shadow_table(reading->virtual_tables[i].module, reading->virtual_tables[i].name, name))
            return true;
    }
    return false;
}

/* What is not understood is told, and is never taken for absent. */
static void note_partial(struct schema_reading *reading, enum schema_kind kind, const char *name,
                         const struct error *why)
{
    struct error reason = {0};
    error_set(&reason, ERROR_INVALID, "the definition of \"%s\" is not understood: %s", name, why->message);
    schema_builder_coverage(reading->builder, kind, COVERAGE_PARTIAL, reason.message);
}

/* Returns false when the failure is not the text's but memory's. */
static bool is_bearable(const struct error *error, struct error *reterr)
{
    if (error->code == ERROR_INVALID)
        return true;
    *reterr = *error;
    return false;
}

/* What SQLite itself says of the columns of a table whose text our parser does not understand. */
static int read_columns(struct schema_reading *reading, const char *name, uint32_t relation)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    struct schema_builder *builder = reading->builder;
    int row = 0;
    if (sqlite_connection_prepare(reading->connection,
                                  "SELECT name, upper(type), \"notnull\", dflt_value, hidden "
                                  "FROM pragma_table_xinfo(?1)",
                                  &statement, reading->reterr) < 0)
        return -1;
    int bound = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (bound != SQLITE_OK)
        return sqlite_connection_fail(reading->connection, bound, "cannot be read", reading->reterr);
    for (uint16_t position = 1;
         (row = sqlite_connection_step(reading->connection, statement, "cannot be read", reading->reterr)) == 1;
         position++) {
        const char *type = (const char *)sqlite3_column_text(statement, 1);
        int hidden = sqlite3_column_int(statement, 4);
        struct schema_column column = {
            .relation = relation,
            .name = schema_builder_text(builder, (const char *)sqlite3_column_text(statement, 0)),
            .type = type && type[0] ? schema_builder_text(builder, type) : 0,
            .default_expression = schema_builder_text(builder, (const char *)sqlite3_column_text(statement, 3)),
            .position = position,
            .flags = sqlite3_column_int(statement, 2) ? 0 : COLUMN_NULLABLE,
        };
        column.flags |= hidden == 1   ? COLUMN_HIDDEN
                        : hidden == 2 ? COLUMN_GENERATED_VIRTUAL
                        : hidden == 3 ? COLUMN_GENERATED_STORED
                                      : 0;
        schema_builder_column(builder, &column);
    }
    return row;
}

static int add_relation(struct schema_reading *reading, const struct schema_row *row, enum relation_kind kind,
                        const char *definition, uint32_t *ret_handle)
{
    struct schema_relation relation = {
        .name = schema_builder_text(reading->builder, row->name),
        .definition = definition ? schema_builder_text(reading->builder, definition) : 0,
        .attributes = schema_builder_add_attribute(reading->builder, 0, ATTRIBUTE_SOURCE,
                                                   schema_builder_text(reading->builder, row->sql)),
        .kind = (uint8_t)kind,
    };
    *ret_handle = schema_builder_relation(reading->builder, &relation);
    return remember_relation(reading, row->name, *ret_handle);
}

static void emit_table(struct schema_reading *reading, const struct schema_row *row, uint32_t handle)
{
    size_t count = 0;
    uint32_t source = schema_builder_text(reading->builder, row->sql);
    uint32_t attributes = sqlite_statement_table_attributes(&reading->parsed, source, reading->builder);
    struct schema_relation *relations = schema_builder_relations(reading->builder, &count);
    if (handle < count)
        relations[handle].attributes = attributes;
    sqlite_statement_emit_table(&reading->parsed, handle, reading->builder);
}

static int add_table(struct schema_reading *reading, const struct schema_row *row)
{
    struct error why = {0};
    uint32_t handle = 0;
    if (add_relation(reading, row, RELATION_TABLE, NULL, &handle) < 0)
        return -1;
    if (sqlite_parse_table(row->sql, row->sql_length, &reading->parsed, &why) == 0) {
        emit_table(reading, row, handle);
        return 0;
    }
    if (!is_bearable(&why, reading->reterr))
        return -1;
    note_partial(reading, SCHEMA_COLUMNS, row->name, &why);
    note_partial(reading, SCHEMA_CONSTRAINTS, row->name, &why);
    return read_columns(reading, row->name, handle);
}

static int add_view(struct schema_reading *reading, const struct schema_row *row)
{
    struct error why = {0};
    uint32_t handle = 0;
    const char *definition = row->sql;
    if (sqlite_parse_view(row->sql, row->sql_length, &reading->parsed, &why) == 0)
        definition = sqlite_statement_text(&reading->parsed, reading->parsed.definition);
    else if (!is_bearable(&why, reading->reterr))
        return -1;
    else
        note_partial(reading, SCHEMA_VIEWS, row->name, &why);
    return add_relation(reading, row, RELATION_VIEW, definition, &handle);
}

static int add_virtual_table(struct schema_reading *reading, const struct schema_row *row)
{
    struct error why = {0};
    uint32_t handle = 0;
    if (sqlite_parse_virtual_table(row->sql, row->sql_length, &reading->parsed, &why) < 0) {
        if (!is_bearable(&why, reading->reterr))
            return -1;
        note_partial(reading, SCHEMA_TABLES, row->name, &why);
        return add_relation(reading, row, RELATION_VIRTUAL, row->sql, &handle);
    }
    const char *definition = sqlite_statement_text(&reading->parsed, reading->parsed.definition);
    if (add_relation(reading, row, RELATION_VIRTUAL, definition, &handle) < 0)
        return -1;
    if (!mem_grow(&reading->virtual_tables, &reading->virtual_capacity, reading->virtual_count,
                  sizeof(*reading->virtual_tables), LIMIT_SCHEMA_OBJECTS))
        return error_no_memory(reading->reterr);
    struct virtual_table table = {
        .name = arena_strdup(reading->arena, row->name),
        .module = arena_strdup(reading->arena, sqlite_statement_text(&reading->parsed, reading->parsed.module)),
    };
    if (!table.name || !table.module)
        return error_no_memory(reading->reterr);
    reading->virtual_tables[reading->virtual_count++] = table;
    return 0;
}

static int add_relation_row(struct schema_reading *reading, const struct schema_row *row)
{
    if (is_internal(row->name) || is_shadow(reading, row->name))
        return 0;
    return strcmp(row->type, "view") == 0 ? add_view(reading, row) : add_table(reading, row);
}

static int add_index(struct schema_reading *reading, const struct schema_row *row)
{
    struct error why = {0};
    const struct relation_slot *table = recall_relation(reading, row->table);
    if (!table || is_internal(row->name))
        return 0;
    if (sqlite_parse_index(row->sql, row->sql_length, &reading->parsed, &why) == 0) {
        sqlite_statement_emit_index(&reading->parsed, table->handle, row->name, row->sql, reading->builder);
        return 0;
    }
    if (!is_bearable(&why, reading->reterr))
        return -1;
    note_partial(reading, SCHEMA_INDEXES, row->name, &why);
    return 0;
}

/* The name of the table or view as it was declared: triggers name it in any case. */
static int add_trigger(struct schema_reading *reading, const struct schema_row *row)
{
    struct error why = {0};
    size_t count = 0;
    const struct relation_slot *slot = recall_relation(reading, row->table);
    const struct schema_relation *relations = schema_builder_relations(reading->builder, &count);
    if (!slot || slot->handle >= count)
        return 0;
    if (sqlite_parse_trigger(row->sql, row->sql_length, &reading->parsed, &why) == 0) {
        sqlite_statement_emit_trigger(&reading->parsed, relations[slot->handle].name, row->name, row->sql,
                                      reading->builder);
        return 0;
    }
    if (!is_bearable(&why, reading->reterr))
        return -1;
    note_partial(reading, SCHEMA_TRIGGERS, row->name, &why);
    return 0;
}

/* Virtual tables come first, so that their shadow tables are known; tables before the indexes that stand on them. */
static const struct pass {
    const char *sql;
    int (*add)(struct schema_reading *reading, const struct schema_row *row);
} passes[] = {
    {"SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE type = 'table' AND coalesce(rootpage, 0) = 0",
     add_virtual_table},
    {"SELECT type, name, tbl_name, sql FROM main.sqlite_schema "
     "WHERE (type = 'table' AND rootpage > 0) OR type = 'view'",
     add_relation_row},
    {"SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", add_index},
    {"SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE type = 'trigger'", add_trigger},
};

static int run_pass(struct schema_reading *reading, const struct pass *pass)
{
    cleanup(sqlite3_stmt) sqlite3_stmt *statement = NULL;
    int row = 0;
    if (sqlite_connection_prepare(reading->connection, pass->sql, &statement, reading->reterr) < 0)
        return -1;
    while ((row = sqlite_connection_step(reading->connection, statement, "the schema cannot be read",
                                         reading->reterr)) == 1) {
        struct schema_row schema_row = row_of(statement);
        if (sqlite3_errcode(reading->connection->database) == SQLITE_NOMEM)
            return error_no_memory(reading->reterr);
        if (pass->add(reading, &schema_row) < 0)
            return -1;
    }
    return row;
}

static int run_passes(struct sqlite_connection *connection, struct schema_builder *builder, struct error *reterr)
{
    struct schema_reading reading = {.connection = connection, .builder = builder, .reterr = reterr};
    sqlite_statement_init(&reading.parsed);
    reading.arena = arena_new(LIMIT_STRING_POOL);
    int result = reading.arena ? 0 : error_no_memory(reterr);
    for (size_t i = 0; result == 0 && i < ARRAY_LENGTH(passes); i++)
        result = run_pass(&reading, &passes[i]);
    sqlite_statement_done(&reading.parsed);
    arena_free(reading.arena);
    mem_free(reading.virtual_tables);
    mem_free(reading.slots);
    return result;
}

static const enum schema_kind read_kinds[] = {SCHEMA_TABLES,  SCHEMA_COLUMNS, SCHEMA_CONSTRAINTS,
                                              SCHEMA_INDEXES, SCHEMA_VIEWS,   SCHEMA_TRIGGERS};

int sqlite_read_schema(struct engine_connection *engine_connection, const struct engine_scope *scope,
                       struct deadline deadline, struct schema_builder *builder, struct error *reterr)
{
    struct error ignored = {0};
    (void)scope;
    schema_builder_dialect(builder, &dialect_sqlite);
    schema_builder_server(builder, "sqlite", sqlite3_libversion());
    for (int kind = 0; kind < SCHEMA_KINDS; kind++)
        schema_builder_coverage(builder, (enum schema_kind)kind, COVERAGE_NOT_APPLICABLE, NULL);
    for (size_t i = 0; i < ARRAY_LENGTH(read_kinds); i++)
        schema_builder_coverage(builder, read_kinds[i], COVERAGE_FULL, NULL);
    int result = sqlite_begin_look(engine_connection, deadline, reterr);
    if (result == 0)
        result = run_passes(sqlite_connection_of(engine_connection), builder, reterr);
    int ended = sqlite_end_look(engine_connection, deadline, result < 0 ? &ignored : reterr);
    return result < 0 ? result : ended;
}
