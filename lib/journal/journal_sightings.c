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
    size_t shown_next;            /* where the next answer is probably detected: the server lists in the same order */
    size_t shown_found;
};

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

/* The tool that the configuration names for that table, or NULL. */
static const struct tool *named_tool(const struct asking *asking, const struct table_sighting *found)
{
    const struct journal_address address = {.schema = found->schema ? found->schema : "", .table = found->table};
    for (size_t i = 0; i < asking->look->name_count; i++) {
        const struct journal_name *name = &asking->look->names[i];
        if (name->table ? journal_address_stands_at(&address, name->table)
                        : tool_has_default_table(name->tool, found->table))
            return name->tool;
    }
    return NULL;
}

/* The tool whose journals usually have that name; NULL where it is none's, or several tools': of schema_migrations only
 * the columns tell whose it is, and one tool's rows read as another's may say that all is done when it has failed. A
 * table that nobody may read is reported in the name of the first. */
static const struct tool *usual_tool(struct asking *asking, const struct table_sighting *found)
{
    const struct tool *usual = NULL;
    for (size_t i = 0; tools[i]; i++) {
        if (!tool_has_default_table(tools[i], found->table))
            continue;
        if (usual && found->readable) {
            asking->sightings->schema_due = true;
            return NULL;
        }
        usual = usual ? usual : tools[i];
    }
    return usual;
}

/* The tool whose journal a table of that name is said to be; `*ret_certain`: by more than its name. */
static const struct tool *tool_of(struct asking *asking, const struct table_sighting *found, bool *ret_certain)
{
    *ret_certain = asking->look->name_count > 0;
    if (*ret_certain)
        return named_tool(asking, found);
    const struct snapshot *shown = asking->shown;
    const struct journal_address *detected = find_detected(asking, found);
    if (detected) {
        *ret_certain = true;
        return tool_find(detected->tool);
    }
    if (shown && schema_find_relation(shown->schema, found->schema, found->table))
        return NULL; /* the schema shows its columns: they are no journal's */
    return usual_tool(asking, found);
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
        .tool = tool,
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

static void ask_for(const char **names, size_t *count, const char *name)
{
    if (!is_listed(names, *count, name))
        names[(*count)++] = name;
}

/* The tables that the configuration names. A table's own name may have a dot in it. */
static size_t configured_names(const struct journal_look *look, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < look->name_count; i++) {
        const struct journal_name *name = &look->names[i];
        const char *dot = name->table ? strrchr(name->table, '.') : NULL;
        if (name->table)
            ask_for(names, &count, dot ? dot + 1 : name->table);
        for (const char *const *table = name->tool->default_tables; !name->table && *table; table++)
            ask_for(names, &count, *table);
    }
    return count;
}

/* The names to ask for: those configured, or all that are usual and those that the schema shows. */
static size_t names_to_ask(const struct asking *asking, const char **names)
{
    if (asking->look->name_count > 0)
        return configured_names(asking->look, names);
    size_t count = tool_marker_tables(names);
    const struct snapshot *shown = asking->shown;
    for (size_t i = 0; shown && i < shown->detected_count; i++)
        ask_for(names, &count, shown->detected[i].table);
    return count;
}

/* Room for what names_to_ask may ask for. */
static size_t names_maximum(const struct asking *asking)
{
    size_t maximum = MARKER_TABLES_MAXIMUM + (asking->shown ? asking->shown->detected_count : 0);
    for (size_t i = 0; i < asking->look->name_count; i++) {
        const char *const *table = asking->look->names[i].tool->default_tables;
        maximum++;
        while (*table++)
            maximum++;
    }
    return maximum;
}

int journal_sightings_read(struct journal_sightings *sightings, struct engine_connection *connection,
                           const struct journal_look *look, struct deadline deadline, struct error *reterr)
{
    *sightings = (struct journal_sightings){.arena = arena_new(LIMIT_SIGHTINGS_BYTES)};
    struct asking asking = {.sightings = sightings, .look = look};
    if (look->previous && look->previous->schema)
        asking.shown = look->previous;
    cleanup(free) const char **names = mem_calloc(names_maximum(&asking), sizeof *names);
    if (!sightings->arena || !names)
        return error_no_memory(reterr);
    size_t count = names_to_ask(&asking, names);
    const struct sighting_sink sink = {.sighting = add_sighting, .payload = &asking};
    if (connection->ops->find_tables(connection, look->scope, names, count, deadline, &sink, reterr) < 0)
        return -1;
    /* A journal that the schema shows and the server does not is gone. */
    if (asking.shown && look->name_count == 0 && asking.shown_found < asking.shown->detected_count)
        sightings->schema_due = true;
    return 0;
}

void journal_sightings_done(struct journal_sightings *sightings)
{
    arena_free(sightings->arena);
    mem_free(sightings->items);
    *sightings = (struct journal_sightings){0};
}
