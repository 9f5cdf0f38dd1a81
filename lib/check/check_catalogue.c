/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check_catalogue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/limits.h"

/* Items that a sentence names; the others are in the result's list. */
enum { NAMES_SHOWN = 3, NAMES_BYTES = (NAMES_SHOWN + 1) * CHECK_ITEM_BYTES };

/* A question of ours with the names of all schemas in it. */
enum { QUESTION_BYTES = 1024 * 1024 };

#define PLACE "@schemas@"

static const char *const engine_names[CHECK_ENGINES] = {"postgres", "mysql", "mariadb", "sqlite"};

static const char users_schemas[] =
    "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend x"
    " WHERE x.classid = 'pg_namespace'::regclass AND x.objid = n.oid AND x.deptype = 'e')";

enum check_engine check_engine_of(const struct check_run *run)
{
    enum check_engine engine = CHECK_POSTGRES;
    while (engine < CHECK_ENGINES && strcmp(run->world->server->engine, engine_names[engine]) != 0)
        engine++;
    return engine;
}

/* The schemas that are looked at, as a list of literals. */
struct schema_list {
    const struct check_run *run;
    struct strbuf *out;
    size_t count;
};

static bool is_wanted(const struct engine_scope *scope, const char *schema)
{
    if (scope->own_schema)
        return strcmp(scope->own_schema, schema) == 0;
    for (size_t i = 0; i < scope->own_schema_count; i++)
        if (strcmp(scope->own_schemas[i], schema) == 0)
            return true;
    for (size_t i = 0; i < scope->schema_count; i++)
        if (glob_match(scope->schemas[i], schema))
            return true;
    return false;
}

static int add_schema(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                      struct error *reterr)
{
    struct schema_list *list = payload;
    (void)lengths;
    (void)count;
    if (!is_wanted(list->run->world->scope, cells[0]))
        return 0;
    strbuf_add_string(list->out, list->count++ > 0 ? "," : "n.nspname IN (");
    list->run->dialect->quote_text(cells[0], list->out);
    return strbuf_ok(list->out) ? 0 : error_no_memory(reterr);
}

static int ask_all(struct check_run *run, const char *sql, const struct row_sink *sink, struct error *reterr)
{
    bool more = false;
    if (check_ask(run, sql, LIMIT_CHECK_ROWS, sink, &more, reterr) < 0)
        return -1;
    return more ? error_set(reterr, ERROR_TRUNCATED, "the catalogue lists more than %u", LIMIT_CHECK_ROWS) : 0;
}

/* Patterns are matched here, as everywhere, and not by what the server's LIKE makes of them. */
static int add_condition(struct check_run *run, struct strbuf *out, struct error *reterr)
{
    const struct engine_scope *scope = run->world->scope;
    if (!scope || (scope->schema_count == 0 && scope->own_schema_count == 0 && !scope->own_schema)) {
        strbuf_add_string(out, users_schemas);
        return 0;
    }
    struct schema_list list = {.run = run, .out = out};
    const struct row_sink sink = {.row = add_schema, .payload = &list};
    if (ask_all(run, "SELECT nspname FROM pg_namespace ORDER BY nspname", &sink, reterr) < 0)
        return -1;
    strbuf_add_string(out, list.count > 0 ? ")" : "false");
    return 0;
}

int check_read(struct check_run *run, const char *sql,
               int (*row)(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                          struct error *reterr),
               void *payload, struct error *reterr)
{
    const struct row_sink sink = {.row = row, .payload = payload};
    const char *place = strstr(sql, PLACE);
    if (!place)
        return ask_all(run, sql, &sink, reterr);
    cleanup(strbuf) struct strbuf condition = STRBUF(QUESTION_BYTES);
    cleanup(strbuf) struct strbuf text = STRBUF(QUESTION_BYTES);
    if (add_condition(run, &condition, reterr) < 0)
        return -1;
    for (; place; place = strstr(sql, PLACE)) {
        strbuf_add(&text, sql, (size_t)(place - sql));
        strbuf_add_string(&text, strbuf_text(&condition));
        sql = place + strlen(PLACE);
    }
    strbuf_add_string(&text, sql);
    if (!strbuf_ok(&condition) || !strbuf_ok(&text))
        return error_no_memory(reterr);
    return ask_all(run, strbuf_text(&text), &sink, reterr);
}

static int take_number(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                       struct error *reterr)
{
    int64_t *number = payload;
    (void)lengths;
    (void)count;
    (void)reterr;
    *number = cells[0] ? strtoll(cells[0], NULL, 10) : 0;
    return 0;
}

int check_read_number(struct check_run *run, const char *sql, int64_t *ret_number, struct error *reterr)
{
    *ret_number = 0;
    return check_read(run, sql, take_number, ret_number, reterr);
}

int check_tell_hidden(struct check_run *run, bool *ret_told, struct error *reterr)
{
    const struct server_facts *server = run->world->server;
    *ret_told = !server->absence_proven;
    if (server->absence_proven)
        return 0;
    return check_cannot_tell(run, ERROR_FORBIDDEN, server->grant_needed, reterr,
                             "the server hides from the role %s what it has no privilege on", server->role);
}

int check_name_items(struct check_run *run, const struct check_items *items, const char **ret_names,
                     struct error *reterr)
{
    cleanup(strbuf) struct strbuf names = STRBUF(NAMES_BYTES);
    size_t shown = items->count < NAMES_SHOWN ? items->count : NAMES_SHOWN;
    for (size_t i = 0; i < shown; i++)
        strbuf_printf(&names, "%s%s", i > 0 ? ", " : "", items->items[i]);
    if (items->total > shown)
        strbuf_printf(&names, " and %zu more", items->total - shown);
    *ret_names = strbuf_ok(&names) ? arena_strdup(run->result->arena, strbuf_text(&names)) : NULL;
    return *ret_names ? 0 : error_no_memory(reterr);
}

int check_keep(struct check_run *run, const char *text, const char **ret_text, struct error *reterr)
{
    *ret_text = arena_strdup(run->result->arena, text ? text : "");
    return *ret_text ? 0 : error_no_memory(reterr);
}
