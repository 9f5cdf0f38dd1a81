/* SPDX-License-Identifier: Apache-2.0
 *
 * What a script asks sqlite_schema: whether a change was made, and whether everything is as the plan knows it.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/dialect_quote.h"
#include "drift/plan_sqlite.h"

static const char as_read[] = "as read";
static const char as_left[] = "as left";
static const char between[] = "between";

static bool has_text(const struct sqlite_state *state, const char *text)
{
    for (size_t i = 0; i < state->text_count; i++) {
        if (strcmp(state->texts[i], text) == 0)
            return true;
    }
    return false;
}

/* 'a', 'b', … of the states from `first` to `last`, each once; what stands between two states is what neither the first
 * nor the last has. False if there is none. */
static bool add_texts(const struct sqlite_table *table, size_t first, size_t last, struct strbuf *out)
{
    bool inner = first > 0 && last + 1 < SQLITE_STATES;
    size_t count = 0;
    for (size_t i = first; i <= last; i++) {
        const struct sqlite_state *state = &table->states[i];
        for (size_t k = 0; k < state->text_count; k++) {
            bool known = inner && (has_text(&table->states[0], state->texts[k]) ||
                                   has_text(&table->states[SQLITE_STATES - 1], state->texts[k]));
            for (size_t before = first; before < i; before++)
                known |= has_text(&table->states[before], state->texts[k]);
            if (known)
                continue;
            strbuf_add_string(out, count++ > 0 ? ",\n    " : "");
            sqlite_add_stored_literal(state->texts[k], out);
        }
    }
    return count > 0;
}

static const char *type_of(const struct sqlite_table *table)
{
    return sqlite_relation_of(table, SIDE_CURRENT)->kind == RELATION_VIEW ? "view" : "table";
}

static const char *text_reached(struct sqlite_table *table, size_t from, size_t to)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    strbuf_printf(&out, "coalesce((SELECT %s FROM main.sqlite_schema WHERE type = '%s' AND name = %s) IN (\n    ",
                  sqlite_stored_column(table->maker), type_of(table), sqlite_quote_text(table->maker, table->name));
    add_texts(table, to > from ? to : 0, to > from ? SQLITE_STATES - 1 : to, &out);
    strbuf_add_string(&out, "), 0)");
    return plan_keep(table->maker, &out);
}

/* The names of the columns that one state has and the other lacks, and how many there are. */
static size_t add_new_names(const struct sqlite_table *table, const struct sqlite_state *from,
                            const struct sqlite_state *to, struct strbuf *out)
{
    const struct sqlite_set *columns = &to->sets[ARRAY_COLUMNS];
    size_t count = 0;
    for (size_t i = 0; i < columns->count; i++) {
        if (sqlite_set_has(&from->sets[ARRAY_COLUMNS], columns->items[i]))
            continue;
        strbuf_add_string(out, count++ > 0 ? ", " : "");
        dialect_quote(out, '\'', sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[i]));
    }
    return count;
}

static const char *columns_reached(struct sqlite_table *table, const struct sqlite_state *from,
                                   const struct sqlite_state *to, bool added)
{
    cleanup(strbuf) struct strbuf names = STRBUF(LIMIT_PLAN_BYTES);
    size_t count = added ? add_new_names(table, from, to, &names) : add_new_names(table, to, from, &names);
    const char *list = plan_keep(table->maker, &names);
    return plan_printf(table->maker,
                       "(SELECT count(*) FROM pragma_table_xinfo(%s, 'main') WHERE name COLLATE NOCASE IN (%s)) = %zu",
                       sqlite_quote_text(table->maker, table->name), list, added ? count : 0);
}

static const struct {
    enum plan_array array;
    const char *type;
} parts[] = {{ARRAY_INDEXES, "index"}, {ARRAY_OBJECTS, "trigger"}};

static bool has_name(const struct sqlite_table *table, enum plan_array array, const struct sqlite_set *set,
                     const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcasecmp(sqlite_element_name(table->maker, array, set->items[i]), name) == 0)
            return true;
    }
    return false;
}

static const char *parts_reached(struct sqlite_table *table, const struct sqlite_state *from,
                                 const struct sqlite_state *to)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    struct plan_maker *maker = table->maker;
    const char *separator = "";
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        const struct sqlite_set *before = &from->sets[parts[i].array];
        const struct sqlite_set *after = &to->sets[parts[i].array];
        for (size_t k = 0; k < after->count; k++) {
            if (sqlite_set_has(before, after->items[k]))
                continue;
            const char *text = sqlite_stored_text(maker, parts[i].array, after->items[k]);
            strbuf_printf(&out, "%sEXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = '%s' AND %s = ", separator,
                          parts[i].type, sqlite_stored_column(maker));
            sqlite_add_stored_literal(text, &out);
            strbuf_add_char(&out, ')');
            separator = " AND ";
        }
        for (size_t k = 0; k < before->count; k++) {
            const char *name = sqlite_element_name(maker, parts[i].array, before->items[k]);
            if (has_name(table, parts[i].array, after, name))
                continue;
            strbuf_printf(&out,
                          "%sNOT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = '%s' AND name = %s "
                          "AND tbl_name = %s COLLATE NOCASE)",
                          separator, parts[i].type, sqlite_quote_text(maker, name),
                          sqlite_quote_text(maker, table->name));
            separator = " AND ";
        }
    }
    return plan_keep(maker, &out);
}

const char *sqlite_change_done(struct sqlite_table *table, size_t from, size_t to)
{
    const struct sqlite_state *before = &table->states[from];
    const struct sqlite_state *after = &table->states[to];
    switch (sqlite_way_between(table, before, after)) {
    case WAY_ADD:
        return columns_reached(table, before, after, true);
    case WAY_DROP:
        return columns_reached(table, before, after, false);
    case WAY_PARTS:
        return parts_reached(table, before, after);
    case WAY_REBUILD:
    case WAY_NOTHING:
        break;
    }
    return text_reached(table, from, to);
}

/* Which of the states the relation is in. */
static const char *state_query(struct sqlite_table *table)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    static const struct {
        size_t first;
        size_t last;
        const char *name;
    } ranges[] = {{0, 0, as_read}, {SQLITE_STATES - 1, SQLITE_STATES - 1, as_left}, {1, SQLITE_STATES - 2, between}};
    strbuf_add_string(&out, "(SELECT CASE");
    for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++) {
        cleanup(strbuf) struct strbuf texts = STRBUF(LIMIT_PLAN_BYTES);
        if (add_texts(table, ranges[i].first, ranges[i].last, &texts))
            strbuf_printf(&out, "\n    WHEN %s IN (\n    %s) THEN '%s'", sqlite_stored_column(table->maker),
                          strbuf_text(&texts), ranges[i].name);
        table->maker->failed |= !strbuf_ok(&texts);
    }
    strbuf_printf(&out, " ELSE 'changed' END\n  FROM main.sqlite_schema WHERE type = '%s' AND name = %s)",
                  type_of(table), sqlite_quote_text(table->maker, table->name));
    return plan_keep(table->maker, &out);
}

/* A set of texts as SQL, those that every state has and those that any has. */
struct known_parts {
    struct strbuf all;
    struct strbuf any;
    size_t in_all;
};

static void know_part(struct sqlite_table *table, struct known_parts *known, enum plan_array array,
                      struct sqlite_element element)
{
    bool in_all = true;
    const char *text = sqlite_stored_text(table->maker, array, element);
    for (size_t i = 0; i < SQLITE_STATES; i++)
        in_all &= sqlite_set_has(&table->states[i].sets[array], element);
    strbuf_add_string(&known->any, known->any.length > 0 ? ",\n    " : "");
    sqlite_add_stored_literal(text, &known->any);
    if (!in_all)
        return;
    strbuf_add_string(&known->all, known->in_all++ > 0 ? ",\n    " : "");
    sqlite_add_stored_literal(text, &known->all);
}

/* A table that is built anew loses what is not made again: there must be no index or trigger that the plan does not
 * know, and none missing that it would bring back. */
static const char *parts_query(struct sqlite_table *table, size_t *ret_in_all)
{
    struct known_parts known = {.all = STRBUF(LIMIT_PLAN_BYTES), .any = STRBUF(LIMIT_PLAN_BYTES)};
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        for (size_t state = 0; state < SQLITE_STATES; state++) {
            const struct sqlite_set *set = &table->states[state].sets[parts[i].array];
            for (size_t k = 0; k < set->count; k++) {
                bool known_already = false;
                for (size_t earlier = 0; earlier < state; earlier++)
                    known_already |= sqlite_set_has(&table->states[earlier].sets[parts[i].array], set->items[k]);
                if (!known_already)
                    know_part(table, &known, parts[i].array, set->items[k]);
            }
        }
    }
    *ret_in_all = known.in_all;
    const char *query = plan_printf(
        table->maker,
        "(SELECT count(*) FILTER (WHERE %s NOT IN (%s)) || ' unknown, ' || count(*) FILTER (WHERE %s IN (%s)) "
        "|| ' known'\n  FROM main.sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL\n"
        "    AND tbl_name = %s COLLATE NOCASE)",
        sqlite_stored_column(table->maker), strbuf_text(&known.any), sqlite_stored_column(table->maker),
        strbuf_text(&known.all), sqlite_quote_text(table->maker, table->name));
    table->maker->failed |= !strbuf_ok(&known.any) || !strbuf_ok(&known.all);
    strbuf_done(&known.any);
    strbuf_done(&known.all);
    return query;
}

/* Whether some stage makes or drops indexes or triggers, if only with the whole table. */
static bool touches_parts(const struct sqlite_table *table)
{
    for (size_t i = 0; i < table->move_count; i++) {
        if (table->moves[i].array == ARRAY_INDEXES || table->moves[i].array == ARRAY_OBJECTS)
            return true;
    }
    for (size_t i = 1; i < SQLITE_STATES; i++) {
        if (sqlite_way_between(table, &table->states[i - 1], &table->states[i]) == WAY_REBUILD)
            return true;
    }
    return false;
}

/* Without the texts of the current schema (a baseline that a tool declared) only names can be asked for. */
static void expect_columns(struct sqlite_table *table, unsigned stage)
{
    struct strbuf names[2] = {STRBUF(LIMIT_PLAN_BYTES), STRBUF(LIMIT_PLAN_BYTES)};
    size_t ends[2] = {0, SQLITE_STATES - 1};
    for (size_t i = 0; i < 2; i++) {
        const struct sqlite_set *columns = &table->states[ends[i]].sets[ARRAY_COLUMNS];
        for (size_t k = 0; k < columns->count; k++)
            strbuf_printf(&names[i], "%s%s", k > 0 ? ", " : "",
                          sqlite_element_name(table->maker, ARRAY_COLUMNS, columns->items[k]));
    }
    struct plan_guard guard = {
        .object = table->name,
        .query = plan_printf(table->maker, "(SELECT group_concat(name, ', ') FROM pragma_table_xinfo(%s, 'main'))",
                             sqlite_quote_text(table->maker, table->name)),
        .as_read = plan_keep(table->maker, &names[0]),
        .as_left = plan_keep(table->maker, &names[1]),
    };
    strbuf_done(&names[0]);
    strbuf_done(&names[1]);
    plan_expect(table->maker, stage, &guard);
}

void sqlite_expect_table(struct sqlite_table *table, unsigned stage)
{
    struct plan_guard guard = {.object = table->name, .as_read = as_read, .as_left = as_left, .between = between};
    const struct schema_relation *relation = sqlite_relation_of(table, SIDE_CURRENT);
    size_t in_all = 0;
    if (!schema_attribute_text(table->maker->current, relation->attributes, ATTRIBUTE_SOURCE)) {
        expect_columns(table, stage);
        return;
    }
    guard.query = state_query(table);
    plan_expect(table->maker, stage, &guard);
    if (!touches_parts(table))
        return;
    guard.query = parts_query(table, &in_all);
    guard.as_read = guard.as_left = plan_printf(table->maker, "0 unknown, %zu known", in_all);
    guard.between = NULL;
    plan_expect(table->maker, stage, &guard);
}

void sqlite_expect_relation(struct plan_maker *maker, const struct plan_task *task, unsigned stage, const char *type,
                            const char *text_as_read, const char *text_as_left)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    sqlite_add_stored_literal(text_as_read ? text_as_read : text_as_left, &text);
    const char *name = sqlite_task_name(maker, task);
    struct plan_guard guard = {
        .object = task->object,
        .query =
            plan_printf(maker,
                        "(SELECT CASE WHEN %s = %s THEN 'the one' ELSE 'another one' END\n"
                        "  FROM main.sqlite_schema WHERE type = '%s' AND name = %s COLLATE NOCASE)",
                        sqlite_stored_column(maker), plan_keep(maker, &text), type, sqlite_quote_text(maker, name)),
        .as_read = text_as_read ? "the one" : NULL,
        .as_left = text_as_left ? "the one" : NULL,
    };
    plan_expect(maker, stage, &guard);
}

static void add_value(const char *text, struct strbuf *out)
{
    if (text)
        dialect_quote(out, '\'', text);
    else
        strbuf_add_string(out, "NULL");
}

/* One check constraint each, whose name is what SQLite says when it fails. */
static void render_some(const struct plan_guard *const *guards, size_t count, struct strbuf *out)
{
    strbuf_add_string(out, "CREATE TEMP TABLE migrationd_guard (");
    for (size_t i = 0; i < count; i++) {
        cleanup(strbuf) struct strbuf message = STRBUF(LIMIT_DEFINITION_BYTES);
        strbuf_printf(&message, "%s is neither as it was read nor as the plan leaves it", guards[i]->object);
        strbuf_printf(out, "%s\n  g%zu CONSTRAINT ", i > 0 ? "," : "", i);
        dialect_quote(out, '"', strbuf_text(&message));
        strbuf_printf(out, " CHECK (g%zu)", i);
        out->failed |= !strbuf_ok(&message);
    }
    strbuf_add_string(out, ");\nINSERT INTO temp.migrationd_guard VALUES (");
    for (size_t i = 0; i < count; i++) {
        strbuf_printf(out, "%s\n  (SELECT fact IS ", i > 0 ? "," : "");
        add_value(guards[i]->as_read, out);
        strbuf_add_string(out, " OR fact IS ");
        add_value(guards[i]->as_left, out);
        if (guards[i]->between) {
            strbuf_add_string(out, " OR fact IS ");
            add_value(guards[i]->between, out);
        }
        strbuf_printf(out, " FROM (SELECT %s AS fact))", guards[i]->query);
    }
    strbuf_add_string(out, ");\nDROP TABLE temp.migrationd_guard;\n");
}

/* SQLite takes 2,000 columns; fewer are easier to read. */
void sqlite_render_guard(const struct plan *plan, const struct plan_guard *const *guards, size_t count,
                         struct strbuf *out)
{
    enum { CHUNK = 100 };
    (void)plan;
    for (size_t i = 0; i < count; i += CHUNK)
        render_some(guards + i, count - i < CHUNK ? count - i : CHUNK, out);
}
