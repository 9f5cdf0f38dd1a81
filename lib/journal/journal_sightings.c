/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_sightings.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"

#define LIMIT_SIGHTINGS_BYTES (16u * 1024u * 1024u)

/* One question to the server and the answers so far. */
struct asking {
    struct journal_sightings *sightings;
    const struct journal_look *look;
    const struct snapshot *shown; /* the snapshot whose schema is known; NULL */
    const char *named_schema;     /* of the configured table; NULL: any */
    const char *named_table;      /* NULL: the tool's default */
    size_t shown_next;            /* where the next answer is probably detected: the server lists in the same order */
    size_t shown_found;
};

/* "schema.table" or "table". */
static bool split_name(struct asking *asking)
{
    const char *table = asking->look->table;
    if (!asking->look->tool || !table)
        return true;
    const char *dot = strchr(table, '.');
    asking->named_table = dot ? dot + 1 : table;
    if (dot)
        asking->named_schema = arena_strndup(asking->sightings->arena, table, (size_t)(dot - table));
    return !dot || asking->named_schema;
}

/* The journal of that name that the schema shows, or NULL. */
static const struct journal_address *find_detected(struct asking *asking, const struct table_sighting *found)
{
    const struct snapshot *shown = asking->shown;
    for (size_t i = 0; shown && i < shown->detected_count; i++) {
        size_t at = (asking->shown_next + i) % shown->detected_count;
        const struct journal_address *address = &shown->detected[at];
        if (strcmp(address->schema, found->schema) == 0 && strcmp(address->table, found->table) == 0) {
            asking->shown_next = at + 1;
            asking->shown_found++;
            return address;
        }
    }
    return NULL;
}

/* The tool whose journal a table of that name is said to be; `*ret_certain`: by more than its name. */
static const struct tool *tool_of(struct asking *asking, const struct table_sighting *found, bool *ret_certain)
{
    const struct tool *named = asking->look->tool;
    *ret_certain = named != NULL;
    if (named) {
        bool wanted = asking->named_table ? strcasecmp(asking->named_table, found->table) == 0
                                          : tool_has_default_table(named, found->table);
        if (asking->named_schema && *found->schema && strcmp(asking->named_schema, found->schema) != 0)
            wanted = false;
        return wanted ? named : NULL;
    }
    const struct snapshot *shown = asking->shown;
    const struct journal_address *detected = find_detected(asking, found);
    if (detected) {
        *ret_certain = true;
        return tool_find(detected->tool);
    }
    if (shown && schema_find_relation(shown->schema, found->schema, found->table))
        return NULL; /* the schema shows its columns: they are no journal's */
    for (size_t i = 0; tools[i]; i++)
        if (tool_has_default_table(tools[i], found->table))
            return tools[i];
    return NULL;
}

static int add_sighting(void *payload, const struct table_sighting *found, struct error *reterr)
{
    struct asking *asking = payload;
    struct journal_sightings *sightings = asking->sightings;
    bool certain = false;
    const struct tool *tool = tool_of(asking, found, &certain);
    if (!tool)
        return 0;
    if (sightings->count >= LIMIT_JOURNALS)
        return error_set(reterr, ERROR_TRUNCATED, "more than %u journals in one database", LIMIT_JOURNALS);
    if (!mem_grow(&sightings->items, &sightings->capacity, sightings->count, sizeof *sightings->items, LIMIT_JOURNALS))
        return error_no_memory(reterr);
    struct journal_sighting sighting = {
        .address = {.tool = tool->name,
                    .schema = arena_strdup(sightings->arena, found->schema ? found->schema : ""),
                    .table = arena_strdup(sightings->arena, found->table)},
        .grant = found->readable ? NULL : arena_strdup(sightings->arena, found->grant),
        .readable = found->readable,
        .certain = certain,
    };
    if (!sighting.address.schema || !sighting.address.table)
        return error_no_memory(reterr);
    sightings->items[sightings->count++] = sighting;
    /* A schema that is cut off, or read by a role that cannot see the table, would never show it. */
    const struct snapshot *shown = asking->shown;
    if (shown && found->readable && !shown->schema->truncated &&
        !schema_find_relation(shown->schema, found->schema, found->table))
        sightings->schema_due = true;
    return 0;
}

static bool is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The names to ask for: those configured, or all that are usual and those that the schema shows. */
static size_t names_to_ask(const struct asking *asking, const char **names)
{
    size_t count = 0;
    const struct tool *tool = asking->look->tool;
    if (asking->named_table) {
        names[count++] = asking->named_table;
        return count;
    }
    if (tool) {
        for (const char *const *name = tool->default_tables; *name && count < MARKER_TABLES_MAXIMUM; name++)
            names[count++] = *name;
        return count;
    }
    count = tool_marker_tables(names);
    const struct snapshot *shown = asking->shown;
    for (size_t i = 0; shown && i < shown->detected_count; i++)
        if (!is_listed(names, count, shown->detected[i].table))
            names[count++] = shown->detected[i].table;
    return count;
}

int journal_sightings_read(struct journal_sightings *sightings, struct engine_connection *connection,
                           const struct journal_look *look, struct deadline deadline, struct error *reterr)
{
    *sightings = (struct journal_sightings){.arena = arena_new(LIMIT_SIGHTINGS_BYTES)};
    struct asking asking = {.sightings = sightings, .look = look};
    if (look->previous && look->previous->schema)
        asking.shown = look->previous;
    size_t capacity = MARKER_TABLES_MAXIMUM + (asking.shown ? asking.shown->detected_count : 0);
    cleanup(free) const char **names = mem_calloc(capacity, sizeof *names);
    if (!sightings->arena || !names || !split_name(&asking))
        return error_no_memory(reterr);
    size_t count = names_to_ask(&asking, names);
    const struct sighting_sink sink = {.sighting = add_sighting, .payload = &asking};
    if (connection->ops->find_tables(connection, look->scope, names, count, deadline, &sink, reterr) < 0)
        return -1;
    /* A journal that the schema shows and the server does not is gone. */
    if (asking.shown && !look->tool && asking.shown_found < asking.shown->detected_count)
        sightings->schema_due = true;
    return 0;
}

void journal_sightings_done(struct journal_sightings *sightings)
{
    arena_free(sightings->arena);
    mem_free(sightings->items);
    *sightings = (struct journal_sightings){0};
}
