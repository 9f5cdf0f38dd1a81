/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables that look like reference data: the rule is told in check_suggest.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "check/suggest_parts.h"

/* What is counted for each relation. */
struct references {
    uint32_t incoming; /* foreign keys of other tables */
    uint32_t outgoing; /* to other tables */
};

static bool begins_with_one_of(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (strncasecmp(text, *words, strlen(*words)) == 0)
            return true;
    }
    return false;
}

static bool holds_one_of(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (strcasestr(text, *words))
            return true;
    }
    return false;
}

static bool tells_a_time(const char *name, const char *type)
{
    static const char *const types[] = {"timestamp", "datetime", "date", "time", NULL};
    size_t length = strlen(name);
    return begins_with_one_of(type, types) || (length > 3 && strcasecmp(name + length - 3, "_at") == 0);
}

/* Such columns are kept of every row, whatever it is about. */
static bool keeps_books(const char *name)
{
    static const char *const beginnings[] = {"created",     "create_", "updated", "update_", "inserted",  "modified",
                                             "last_update", "changed", "deleted", "valid",   "effective", NULL};
    return begins_with_one_of(name, beginnings);
}

static bool is_about_a_person(const char *name)
{
    static const char *const parts[] = {"email", "e_mail", "passw", "phone", "first_name", "firstname", "birth", NULL};
    return holds_one_of(name, parts);
}

static bool has_plain_columns(const struct schema *schema, const struct schema_relation *relation)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        const struct schema_column *column = &schema->columns[relation->first_column + i];
        const char *name = schema_text(schema, column->name);
        if (is_about_a_person(name) || (tells_a_time(name, schema_text(schema, column->type)) && !keeps_books(name)))
            return false;
    }
    return true;
}

static bool looks_like_reference_data(const struct schema *schema, const struct schema_relation *relation,
                                      const struct references *references)
{
    return relation->kind == RELATION_TABLE && references->incoming > 0 && references->outgoing <= SUGGEST_OUTGOING &&
           relation->column_count <= SUGGEST_COLUMNS &&
           !schema_has_attribute(schema, relation->attributes, ATTRIBUTE_TOOL_OBJECT) &&
           has_plain_columns(schema, relation);
}

static struct references *count_references(const struct schema *schema)
{
    struct references *references = mem_calloc(schema->relation_count + 1, sizeof *references);
    for (size_t i = 0; references && i < schema->constraint_count; i++) {
        const struct schema_constraint *key = &schema->constraints[i];
        if (key->kind != CONSTRAINT_FOREIGN_KEY)
            continue;
        const struct schema_relation *other = schema_find_relation(schema, schema_text(schema, key->referenced_schema),
                                                                   schema_text(schema, key->referenced_table));
        if (other == &schema->relations[key->relation])
            continue;
        references[key->relation].outgoing++;
        if (other)
            references[other - schema->relations].incoming++;
    }
    return references;
}

/* The relations stand by schema and name: another one of the same name is elsewhere. */
static bool stands_elsewhere(const struct schema *schema, const struct schema_relation *relation)
{
    for (size_t i = 0; i < schema->relation_count; i++) {
        if (schema->relations[i].name == relation->name && &schema->relations[i] != relation)
            return true;
    }
    return false;
}

static int take_number(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                       struct error *reterr)
{
    long *rows = payload;
    (void)lengths;
    if (count != 1 || !cells[0])
        return error_set(reterr, ERROR_INVALID, "a count is no number");
    *rows = strtol(cells[0], NULL, 10);
    return 0;
}

/* Up to one row more than matters is counted: where that takes long, something else is the matter. */
enum { COUNT_MS = 5000 };

static int count_rows(struct suggest_work *work, const struct schema_relation *relation, long *ret_rows,
                      struct error *reterr)
{
    const struct schema *schema = work->schema;
    struct engine_connection *connection = work->world->connection;
    cleanup(strbuf) struct strbuf sql = STRBUF(8192);
    strbuf_add_string(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
    if (relation->schema) {
        schema->dialect->quote_name(schema_text(schema, relation->schema), &sql);
        strbuf_add_char(&sql, '.');
    }
    schema->dialect->quote_name(schema_text(schema, relation->name), &sql);
    strbuf_printf(&sql, " LIMIT %d) AS counted", SUGGEST_ROWS + 1);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    const struct query_request request = {
        .sql = strbuf_text(&sql), .row_limit = 1, .cell_bytes = CHECK_CELL_BYTES, .own = true};
    const struct query_sink sink = {.row = take_number, .payload = ret_rows};
    bool more = false;
    struct deadline deadline = deadline_earlier(work->world->deadline, deadline_in(COUNT_MS));
    return connection->ops->query(connection, &request, deadline, &sink, &more, reterr);
}

/* 0 with `name->note` NULL where the table holds too many rows. */
static int judge_rows(struct suggest_work *work, const struct schema_relation *relation, uint32_t incoming,
                      struct suggested_name *name, struct error *reterr)
{
    struct arena *arena = work->suggestions->arena;
    struct error error = {.code = ERROR_OK};
    long rows = 0;
    if (work->lost) {
        name->note = "its rows were not counted, since the connection was lost before";
        return 0;
    }
    if (count_rows(work, relation, &rows, &error) < 0) {
        work->lost = error.code == ERROR_TIMEOUT || error.code == ERROR_UNREACHABLE;
        if (error.code == ERROR_NO_MEMORY)
            return error_no_memory(reterr);
        name->note = arena_printf(arena, "its rows cannot be counted: %s", error.message);
    } else if (rows > SUGGEST_ROWS) {
        return 0;
    } else if (rows == 0) {
        name->note = "it looks like reference data, and holds no row today";
    } else {
        name->proposed = true;
        name->note = arena_printf(arena, "%ld row%s; %u foreign key%s to it", rows, rows == 1 ? "" : "s", incoming,
                                  incoming == 1 ? " refers" : "s refer");
    }
    return name->note ? 0 : error_no_memory(reterr);
}

/* The names as they are found; `count` of SUGGEST_TABLES. */
struct found_tables {
    struct suggested_name *names;
    size_t count;
    size_t unasked; /* look like it, too, and are too many */
};

static int find_tables(struct suggest_work *work, const struct references *references, struct found_tables *found,
                       struct error *reterr)
{
    const struct schema *schema = work->schema;
    for (size_t i = 0; i < schema->relation_count; i++) {
        const struct schema_relation *relation = &schema->relations[i];
        if (!looks_like_reference_data(schema, relation, &references[i]))
            continue;
        if (found->count == SUGGEST_TABLES) {
            found->unasked++;
            continue;
        }
        struct suggested_name *name = &found->names[found->count];
        name->name = suggest_spell(work, relation->schema, relation->name, stands_elsewhere(schema, relation));
        if (!name->name)
            return error_no_memory(reterr);
        if (judge_rows(work, relation, references[i].incoming, name, reterr) < 0)
            return -1;
        found->count += name->note != NULL;
    }
    return 0;
}

static int list_proposed(struct suggest_work *work, const struct found_tables *found, struct check *check,
                         struct error *reterr)
{
    const char **tables = arena_array(work->suggestions->arena, found->count + 1, sizeof *tables);
    if (!tables)
        return error_no_memory(reterr);
    for (size_t i = 0; i < found->count; i++) {
        if (found->names[i].proposed)
            tables[check->table_count++] = found->names[i].name;
    }
    check->tables = tables;
    return 0;
}

/* Even where no table is named, the check tells how many hold rows. */
int suggest_not_empty(struct suggest_work *work, struct error *reterr)
{
    struct found_tables found = {
        .names = arena_array(work->suggestions->arena, SUGGEST_TABLES, sizeof(struct suggested_name))};
    cleanup(free) struct references *references = count_references(work->schema);
    if (schema_table_count(work->schema) == 0)
        return 0;
    if (!found.names || !references)
        return error_no_memory(reterr);
    if (find_tables(work, references, &found, reterr) < 0)
        return -1;
    struct suggestion *suggestion = suggest_add(work, &check_kind_not_empty);
    suggestion->names = found.names;
    suggestion->name_count = found.count;
    if (list_proposed(work, &found, &suggestion->check, reterr) < 0)
        return -1;
    if (suggestion->check.table_count > 0 &&
        suggest_say(work, suggestion, reterr,
                    "These look like reference data: other tables refer to them, and they are small, hold 1 to %d "
                    "rows, and tell of no events or people. Keep those that an application cannot work without.",
                    SUGGEST_ROWS) < 0)
        return -1;
    if (suggestion->check.table_count == 0 &&
        suggest_say(work, suggestion, reterr,
                    "No table looks like reference data that is there today. An empty list tells how many tables "
                    "hold rows, and fails never.") < 0)
        return -1;
    if (found.unasked > 0)
        return suggest_say(work, suggestion, reterr, "%zu further tables look like it and were not counted.",
                           found.unasked);
    return 0;
}
