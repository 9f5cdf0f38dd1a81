/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/glob.h"
#include "check/coverage.h"

/* The largest schemas known have as many tables; their names fit. */
enum { COVERAGE_TABLES = 200000, COVERAGE_BYTES = 64 * 1024 * 1024 };

/* A statement on a partitioned table locks all its parts at once, and a server has room for some thousands of locks. */
enum { COVERAGE_PARTS = 1000 };

/* The columns of the lists. */
enum { LIST_SCHEMA, LIST_NAME, LIST_FORM, LIST_OBSTACLE, LIST_PARTS, LIST_COLUMNS };

static const char postgres_list[] =
    "WITH RECURSIVE t(root,oid)AS(SELECT inhparent,inhrelid FROM pg_catalog.pg_inherits "
    "UNION SELECT t.root,i.inhrelid FROM t JOIN pg_catalog.pg_inherits i ON i.inhparent=t.oid),"
    "p AS(SELECT t.root,pg_catalog.count(*)AS parts,pg_catalog.count(*)FILTER(WHERE r.relkind='f')AS remote "
    "FROM t JOIN pg_catalog.pg_class r ON r.oid=t.oid GROUP BY 1)"
    "SELECT n.nspname,c.relname,CASE WHEN c.relkind IN('v','f')THEN 'other' WHEN c.relkind='m' OR c.relispartition OR "
    "EXISTS(SELECT FROM pg_catalog.pg_depend d WHERE d.classid=1259 AND d.objid=c.oid AND d.refclassid=3079 "
    "AND d.deptype='e')THEN 'part' ELSE 'table' END,"
    "CASE WHEN NOT pg_catalog.has_schema_privilege(n.oid,'USAGE')THEN 'usage' "
    "WHEN NOT pg_catalog.has_any_column_privilege(c.oid,'SELECT')THEN 'select' "
    "WHEN c.relrowsecurity AND pg_catalog.row_security_active(c.oid)THEN 'rows' "
    "WHEN p.remote>0 THEN 'remote' ELSE '' END,COALESCE(p.parts,0)"
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace LEFT JOIN p ON p.root=c.oid "
    "WHERE c.relkind IN('r','p','m','v','f')AND c.relpersistence<>'t'"
    "AND n.nspname<>'information_schema'AND n.nspname!~'^pg_'ORDER BY 1,2";

static const char mysql_list[] =
    "SELECT TABLE_SCHEMA,TABLE_NAME,CASE WHEN TABLE_TYPE IN('BASE TABLE','SYSTEM VERSIONED')THEN 'table' ELSE 'other' "
    "END,'',0 FROM information_schema.TABLES WHERE TABLE_SCHEMA=DATABASE()ORDER BY 2";

/* A virtual table's own tables are parts of it. */
static const char sqlite_list[] =
    "SELECT '',name,CASE type WHEN 'table' THEN 'table' WHEN 'shadow' THEN 'part' ELSE 'other' END,'',0 "
    "FROM pragma_table_list WHERE schema='main' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name";

static const struct {
    const char *engine;
    const char *sql;
} lists[] = {{"postgres", postgres_list}, {"mysql", mysql_list}, {"mariadb", mysql_list}, {"sqlite", sqlite_list}};

static const struct {
    const char *name;
    enum coverage_form form;
} forms[] = {{"table", COVERAGE_TABLE}, {"part", COVERAGE_PART}, {"other", COVERAGE_OTHER}};

/* Why a table is not even asked. */
static const struct {
    const char *name;
    enum error_code cause;
    const char *reason;
    const char *grant;
} obstacles[] = {
    {"usage", ERROR_FORBIDDEN, "the role has no USAGE on its schema", "USAGE"},
    {"select", ERROR_FORBIDDEN, "the role has no SELECT on it", "SELECT"},
    {"rows", ERROR_FORBIDDEN, "row security may hide its rows from the role", NULL},
    {"remote", ERROR_UNSUPPORTED, "a foreign table is a part of it", NULL},
};

struct listing {
    struct check_run *run;
    struct table_coverage *coverage;
};

void coverage_done(struct table_coverage *coverage)
{
    arena_free(coverage->arena);
    mem_free(coverage->tables);
    *coverage = (struct table_coverage){0};
}

static bool is_in_scope(const struct engine_scope *scope, const char *schema)
{
    if (!scope || !*schema)
        return true;
    if (scope->own_schema)
        return strcmp(scope->own_schema, schema) == 0;
    for (size_t i = 0; i < scope->own_schema_count; i++)
        if (strcmp(scope->own_schemas[i], schema) == 0)
            return true;
    if (scope->own_schema_count > 0)
        return false;
    for (size_t i = 0; i < scope->schema_count; i++)
        if (glob_match(scope->schemas[i], schema))
            return true;
    return scope->schema_count == 0;
}

static enum coverage_form form_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (strcmp(forms[i].name, name) == 0)
            return forms[i].form;
    return COVERAGE_OTHER;
}

static void set_obstacle(struct coverage_table *table, const char *name)
{
    if (table->form == COVERAGE_OTHER) {
        table->cause = ERROR_UNSUPPORTED;
        table->reason = "it is no table, and looking for a row in it may cost anything";
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(obstacles); i++)
        if (strcmp(obstacles[i].name, name) == 0) {
            table->cause = obstacles[i].cause;
            table->reason = obstacles[i].reason;
            table->grant = obstacles[i].grant;
            return;
        }
    if (table->parts > COVERAGE_PARTS) {
        table->cause = ERROR_TRUNCATED;
        table->reason = "it has more parts than a check locks at once";
    }
}

static int add_table(void *payload, const char *const *cells, const size_t *lengths, size_t count, struct error *reterr)
{
    const struct listing *listing = payload;
    struct table_coverage *coverage = listing->coverage;
    (void)lengths;
    if (count < LIST_COLUMNS || !cells[LIST_SCHEMA] || !cells[LIST_NAME] || !cells[LIST_FORM])
        return error_set(reterr, ERROR_INTERNAL, "the list of tables has an unexpected form");
    if (!mem_grow(&coverage->tables, &coverage->capacity, coverage->count, sizeof *coverage->tables, COVERAGE_TABLES))
        return error_no_memory(reterr);
    /* In SQLite, and in MySQL and MariaDB, a database is one schema. */
    const bool has_schemas = strcmp(listing->run->world->server->engine, "postgres") == 0;
    struct coverage_table table = {
        .schema = arena_strdup(coverage->arena, cells[LIST_SCHEMA]),
        .name = arena_strdup(coverage->arena, cells[LIST_NAME]),
        .form = form_of(cells[LIST_FORM]),
        .parts = cells[LIST_PARTS] ? strtoul(cells[LIST_PARTS], NULL, 10) : 0,
        .in_scope = !has_schemas || is_in_scope(listing->run->world->scope, cells[LIST_SCHEMA]),
    };
    if (!table.schema || !table.name)
        return error_no_memory(reterr);
    set_obstacle(&table, cells[LIST_OBSTACLE] ? cells[LIST_OBSTACLE] : "");
    coverage->tables[coverage->count++] = table;
    return 0;
}

int coverage_list(struct check_run *run, struct table_coverage *coverage, struct error *reterr)
{
    const char *sql = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        if (strcmp(lists[i].engine, run->world->server->engine) == 0)
            sql = lists[i].sql;
    if (!sql)
        return error_set(reterr, ERROR_UNSUPPORTED, "tables of %s are not listed", run->world->server->engine);
    coverage->arena = arena_new(COVERAGE_BYTES);
    if (!coverage->arena)
        return error_no_memory(reterr);
    struct listing listing = {.run = run, .coverage = coverage};
    const struct row_sink sink = {.row = add_table, .payload = &listing};
    bool more = false;
    if (check_ask(run, sql, COVERAGE_TABLES, &sink, &more, reterr) < 0)
        return -1;
    if (more)
        return error_set(reterr, ERROR_TRUNCATED, "there are more than %d tables", (int)COVERAGE_TABLES);
    return 0;
}
