/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL from one state of a relation to another.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/dialect_quote.h"
#include "drift/plan_sqlite.h"

/* What the two kinds of parts are called. */
static const struct {
    enum plan_array array;
    const char *word;
} parts[] = {{ARRAY_OBJECTS, "TRIGGER"}, {ARRAY_INDEXES, "INDEX"}};

static bool has_name(const struct sqlite_table *table, enum plan_array array, const struct sqlite_set *set,
                     const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcasecmp(sqlite_element_name(table->maker, array, set->items[i]), name) == 0)
            return true;
    }
    return false;
}

/* Drops what the other state has not, or has otherwise. */
static void add_drops(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                      const char *database, struct strbuf *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        const struct sqlite_set *set = &from->sets[parts[i].array];
        for (size_t k = 0; k < set->count; k++) {
            if (sqlite_set_has(&to->sets[parts[i].array], set->items[k]))
                continue;
            strbuf_printf(out, "DROP %s IF EXISTS %s", parts[i].word, database);
            dialect_quote(out, '"', sqlite_element_name(table->maker, parts[i].array, set->items[k]));
            strbuf_add_string(out, ";\n");
        }
    }
}

/* Makes what `from` has not: indexes first, which triggers do not need, but a reader expects. */
static void add_makes(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                      const char *before, struct strbuf *out)
{
    for (size_t i = ARRAY_LENGTH(parts); i-- > 0;) {
        const struct sqlite_set *set = &to->sets[parts[i].array];
        for (size_t k = 0; k < set->count; k++) {
            if (sqlite_set_has(&from->sets[parts[i].array], set->items[k]))
                continue;
            const char *stored = sqlite_stored_text(table->maker, parts[i].array, set->items[k]);
            strbuf_printf(out, "%s;\n", sqlite_text_before_name(table->maker, stored, before));
        }
    }
}

static void add_columns(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                        struct strbuf *out)
{
    const struct sqlite_set *columns = &to->sets[ARRAY_COLUMNS];
    for (size_t i = 0; i < columns->count; i++) {
        if (sqlite_set_has(&from->sets[ARRAY_COLUMNS], columns->items[i]))
            continue;
        strbuf_printf(out, "ALTER TABLE plan.%s ADD COLUMN %s;\n", sqlite_quote_name(table->maker, table->name),
                      sqlite_column_text(table, from, to, columns->items[i]));
    }
}

static void drop_columns(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                         struct strbuf *out)
{
    const struct sqlite_set *columns = &from->sets[ARRAY_COLUMNS];
    for (size_t i = 0; i < columns->count; i++) {
        if (sqlite_set_has(&to->sets[ARRAY_COLUMNS], columns->items[i]))
            continue;
        const char *name = sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i]);
        strbuf_printf(out, "ALTER TABLE plan.%s DROP COLUMN %s;\n", sqlite_quote_name(table->maker, table->name),
                      sqlite_quote_name(table->maker, name));
    }
}

/* What the database in memory needs so that the statements for the file pass there: a table of that name. */
static void add_stand_in(struct sqlite_table *table, const struct sqlite_state *from, struct strbuf *out)
{
    const struct schema *schema = NULL;
    const struct schema_relation *relation = sqlite_state_relation(table, from, &schema);
    const struct sqlite_set *columns = &from->sets[ARRAY_COLUMNS];
    if (relation->kind == RELATION_VIRTUAL) {
        strbuf_printf(out, "%s;\n", sqlite_text_before_name(table->maker, from->made, "IF NOT EXISTS plan."));
        return;
    }
    strbuf_printf(out, "CREATE TABLE IF NOT EXISTS plan.%s (", sqlite_quote_name(table->maker, table->name));
    for (size_t i = 0; i < columns->count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : "");
        dialect_quote(out, '"', sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i]));
    }
    strbuf_add_string(out, ");\n");
}

void sqlite_add_attach(struct plan_maker *maker, const char *done, const char *type, const char *name,
                       struct strbuf *out)
{
    strbuf_add_string(out, "PRAGMA foreign_keys = OFF;\nPRAGMA legacy_alter_table = ON;\n"
                           "-- \"plan\" is this file; or, if there is nothing to do, an empty database in memory.\n");
    strbuf_printf(out,
                  "ATTACH (SELECT CASE WHEN %s\n"
                  "  OR NOT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = '%s' AND name = %s)\n"
                  "  THEN ':memory:' ELSE file END FROM pragma_database_list WHERE name = 'main') AS plan;\nBEGIN;\n",
                  done, type, sqlite_quote_text(maker, name));
}

void sqlite_add_detach(struct strbuf *out)
{
    strbuf_add_string(out, "COMMIT;\nDETACH plan;\nPRAGMA legacy_alter_table = OFF");
}

static const char *in_attached(struct sqlite_table *table, const struct sqlite_state *from,
                               const struct sqlite_state *to, enum sqlite_way way, const char *done)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    sqlite_add_attach(table->maker, done, "table", table->name, &out);
    add_stand_in(table, from, &out);
    if (way == WAY_REBUILD && from->sets[ARRAY_COLUMNS].count > 0) {
        sqlite_add_rebuild(table, from, to, &out);
    } else if (way == WAY_REBUILD) {
        strbuf_printf(&out, "DROP TABLE plan.%s;\n%s;\n", sqlite_quote_name(table->maker, table->name),
                      sqlite_text_before_name(table->maker, to->made, "plan."));
    } else {
        add_drops(table, from, to, "plan.", &out);
        if (way == WAY_ADD)
            add_columns(table, from, to, &out);
        else if (way == WAY_DROP)
            drop_columns(table, from, to, &out);
        add_makes(table, from, to, "plan.", &out);
    }
    sqlite_add_detach(&out);
    return plan_keep(table->maker, &out);
}

/* Several statements that succeed or fail together, each of which may be run again. */
static const char *together(struct plan_maker *maker, struct strbuf *statements)
{
    const char *text = strbuf_text(statements);
    size_t length = statements->length;
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, ";\n")); at += 2)
        count++;
    if (!strbuf_ok(statements) || length < 2) {
        maker->failed |= !strbuf_ok(statements);
        return "";
    }
    if (count == 1)
        return plan_printf(maker, "%.*s", (int)(length - 2), text);
    return plan_printf(maker, "SAVEPOINT plan;\n%sRELEASE plan", text);
}

static const char *view_anew(struct sqlite_table *table, const struct sqlite_state *to)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    static const struct sqlite_state nothing = {0};
    strbuf_printf(&out, "DROP VIEW IF EXISTS %s;\n%s;\n", sqlite_quote_name(table->maker, table->name),
                  sqlite_text_before_name(table->maker, to->made, ""));
    add_makes(table, &nothing, to, "", &out);
    return together(table->maker, &out);
}

/* Whether something is dropped whose name another table's gets or had: dropping it again would drop that. */
static bool gives_name_away(const struct sqlite_table *table, enum plan_array array, const struct sqlite_state *from,
                            const struct sqlite_state *to)
{
    const struct sqlite_set *before = &from->sets[array];
    for (size_t i = 0; i < before->count; i++) {
        const char *name = sqlite_element_name(table->maker, array, before->items[i]);
        if (!sqlite_set_has(&to->sets[array], before->items[i]) &&
            (sqlite_name_is_elsewhere(table->maker->current, array, name, table->name) ||
             sqlite_name_is_elsewhere(table->maker->target, array, name, table->name)))
            return true;
    }
    return false;
}

/* Whether an index is made where another of its name was, or dropped where another table's gets its name: to be done
 * once, not at each run. */
static bool replaces_index(const struct sqlite_table *table, const struct sqlite_state *from,
                           const struct sqlite_state *to)
{
    const struct sqlite_set *before = &from->sets[ARRAY_INDEXES];
    const struct sqlite_set *after = &to->sets[ARRAY_INDEXES];
    for (size_t i = 0; i < after->count; i++) {
        if (!sqlite_set_has(before, after->items[i]) &&
            has_name(table, ARRAY_INDEXES, before, sqlite_element_name(table->maker, ARRAY_INDEXES, after->items[i])))
            return true;
    }
    return gives_name_away(table, ARRAY_INDEXES, from, to) || gives_name_away(table, ARRAY_OBJECTS, from, to);
}

static const char *parts_sql(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    add_drops(table, from, to, "", &out);
    add_makes(table, from, to, "IF NOT EXISTS ", &out);
    return together(table->maker, &out);
}

const char *sqlite_change_sql(struct sqlite_table *table, size_t from, size_t to)
{
    const struct sqlite_state *before = &table->states[from];
    const struct sqlite_state *after = &table->states[to];
    const struct schema *schema = NULL;
    enum sqlite_way way = sqlite_way_between(table, before, after);
    bool view = sqlite_state_relation(table, before, &schema)->kind == RELATION_VIEW;
    if (way == WAY_REBUILD && view)
        return view_anew(table, after);
    if (way == WAY_PARTS && !replaces_index(table, before, after))
        return parts_sql(table, before, after);
    return in_attached(table, before, after, way, sqlite_change_done(table, from, to));
}

static unsigned part_hazards(const struct sqlite_table *table, const struct sqlite_state *from,
                             const struct sqlite_state *to)
{
    unsigned hazards = 0;
    const struct sqlite_set *before = &from->sets[ARRAY_INDEXES];
    const struct sqlite_set *after = &to->sets[ARRAY_INDEXES];
    for (size_t i = 0; i < after->count; i++) {
        const struct schema *schema = sqlite_schema_of(table->maker, after->items[i].side);
        if (sqlite_set_has(before, after->items[i]))
            continue;
        hazards |= HAZARD(BUILDS_INDEX) | HAZARD(BLOCKS_WRITES);
        if (schema->indexes[after->items[i].index].flags & INDEX_UNIQUE)
            hazards |= HAZARD(MAY_FAIL_ON_DATA) | HAZARD(BREAKS_CLIENTS);
    }
    for (size_t i = 0; i < before->count; i++) {
        if (!sqlite_set_has(after, before->items[i]))
            hazards |= HAZARD(DISABLES_PERFORMANCE);
    }
    for (size_t i = 0; i < to->sets[ARRAY_OBJECTS].count; i++) {
        if (!sqlite_set_has(&from->sets[ARRAY_OBJECTS], to->sets[ARRAY_OBJECTS].items[i]))
            hazards |= HAZARD(CHANGES_BEHAVIOUR);
    }
    for (size_t i = 0; i < from->sets[ARRAY_OBJECTS].count; i++) {
        if (!sqlite_set_has(&to->sets[ARRAY_OBJECTS], from->sets[ARRAY_OBJECTS].items[i]))
            hazards |= HAZARD(CHANGES_BEHAVIOUR);
    }
    return hazards;
}

unsigned sqlite_change_hazards(const struct sqlite_table *table, size_t from, size_t to)
{
    const struct sqlite_state *before = &table->states[from];
    const struct sqlite_state *after = &table->states[to];
    const struct schema *schema = NULL;
    enum relation_kind kind = (enum relation_kind)sqlite_state_relation(table, before, &schema)->kind;
    enum sqlite_way way = sqlite_way_between(table, before, after);
    unsigned hazards = part_hazards(table, before, after);
    const struct sqlite_set *columns = &before->sets[ARRAY_COLUMNS];
    for (size_t i = 0; i < columns->count; i++) {
        const char *name = sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i]);
        if (!sqlite_state_column(table, after, name))
            hazards |= HAZARD(DELETES_DATA) | HAZARD(BREAKS_CLIENTS);
    }
    if (way == WAY_DROP)
        hazards |= HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_WRITES);
    if (way == WAY_REBUILD && kind == RELATION_TABLE)
        hazards |=
            HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_WRITES) | HAZARD(MAY_FAIL_ON_DATA) | HAZARD(CHANGES_BEHAVIOUR);
    if (way == WAY_REBUILD && kind == RELATION_VIRTUAL)
        hazards |= HAZARD(DELETES_DATA);
    if (way == WAY_REBUILD && kind == RELATION_VIEW)
        hazards |= HAZARD(CHANGES_BEHAVIOUR);
    return hazards;
}
