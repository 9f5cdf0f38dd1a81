/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tables hold rows, by existence and never by counting, and which of those that must do not. A name without a
 * schema is every table of that name in the user's schemas: each of them must hold rows.
 */
#include <string.h>
#include <strings.h>

#include "check/check_kinds.h"
#include "check/coverage.h"

/* Names in a sentence, and the sentence. */
enum { NAMES_SHOWN = 10, SENTENCE_BYTES = 2048 };

/* What came of the names. */
struct tally {
    struct check_items failing;
    size_t empty;
    size_t missing; /* names that no table has, which is proven */
    const char *missing_name;
    size_t untold;
    const char *untold_name;
    const struct coverage_table *untold_table; /* NULL: that a table is not seen proves nothing */
    const char *spread_name;                   /* a name of several tables */
    size_t spread;
};

static void describe(const struct check *check, struct strbuf *out)
{
    if (check->table_count == 0) {
        strbuf_add_string(out, "coverage of all tables");
        return;
    }
    for (size_t i = 0; i < check->table_count; i++)
        strbuf_printf(out, "%s%s", i > 0 ? ", " : "", check->tables[i]);
    strbuf_add_string(out, check->table_count == 1 ? " holds rows" : " hold rows");
}

static bool is_engine(const struct check_run *run, const char *engine)
{
    return strcmp(run->world->server->engine, engine) == 0;
}

/* A name with a schema is meant whether or not the schema is one of those that are watched. */
static bool fits(const struct check_run *run, const struct coverage_table *table, const char *name)
{
    int (*compare)(const char *, const char *) = is_engine(run, "sqlite") ? strcasecmp : strcmp;
    if (compare(table->name, name) == 0)
        return table->in_scope;
    const char *schema = *table->schema ? table->schema : "main";
    size_t length = strlen(schema);
    return strncmp(name, schema, length) == 0 && name[length] == '.' && compare(name + length + 1, table->name) == 0;
}

static void mark_named(const struct check_run *run, struct table_coverage *coverage)
{
    for (size_t i = 0; i < coverage->count; i++)
        for (size_t name = 0; name < run->check->table_count && !coverage->tables[i].named; name++)
            coverage->tables[i].named = fits(run, &coverage->tables[i], run->check->tables[name]);
}

static int add_empty(struct check_run *run, struct tally *tally, const struct coverage_table *table, const char *name,
                     bool alone, struct error *reterr)
{
    tally->empty++;
    if (alone)
        return check_add_item(run, &tally->failing, reterr, "%s", name);
    return check_add_item(run, &tally->failing, reterr, "%s.%s", table->schema, table->name);
}

static void add_untold(struct tally *tally, const struct coverage_table *table, const char *name)
{
    if (tally->untold++ > 0)
        return;
    tally->untold_name = name;
    tally->untold_table = table;
}

/* Whether tables may be there that the role is not shown. */
static bool may_hide_tables(const struct check_run *run)
{
    return !is_engine(run, "postgres") && !is_engine(run, "sqlite") && !run->world->server->absence_proven;
}

static int add_missing(struct check_run *run, struct tally *tally, const char *name, struct error *reterr)
{
    if (may_hide_tables(run)) {
        add_untold(tally, NULL, name);
        return 0;
    }
    if (tally->missing++ == 0)
        tally->missing_name = name;
    return check_add_item(run, &tally->failing, reterr, "%s (there is no such table)", name);
}

static int tally_name(struct check_run *run, const struct table_coverage *coverage, const char *name,
                      struct tally *tally, struct error *reterr)
{
    size_t found = 0;
    for (size_t i = 0; i < coverage->count; i++)
        found += coverage->tables[i].named && coverage->tables[i].state != COVERAGE_GONE &&
                 fits(run, &coverage->tables[i], name);
    if (found == 0)
        return add_missing(run, tally, name, reterr);
    if (found > tally->spread) {
        tally->spread = found;
        tally->spread_name = name;
    }
    for (size_t i = 0; i < coverage->count; i++) {
        const struct coverage_table *table = &coverage->tables[i];
        if (!table->named || !fits(run, table, name))
            continue;
        if (table->state == COVERAGE_UNREAD)
            add_untold(tally, table, name);
        if (table->state == COVERAGE_EMPTY && add_empty(run, tally, table, name, found == 1, reterr) < 0)
            return -1;
    }
    return 0;
}

/* Counts what is counted, and returns the first table of which it could not be told, or NULL. */
static const struct coverage_table *count_tables(const struct table_coverage *coverage,
                                                 struct check_coverage *ret_counts)
{
    const struct coverage_table *unread = NULL;
    for (size_t i = 0; i < coverage->count; i++) {
        const struct coverage_table *table = &coverage->tables[i];
        if (table->form != COVERAGE_TABLE || !table->in_scope || table->state == COVERAGE_GONE)
            continue;
        ret_counts->tables++;
        ret_counts->holding += table->state == COVERAGE_HOLDS;
        ret_counts->unread += table->state == COVERAGE_UNREAD;
        if (table->state == COVERAGE_UNREAD && !unread)
            unread = table;
    }
    return unread;
}

static int set_value(struct check_run *run, struct error *reterr)
{
    const struct check_coverage *counts = &run->result->coverage;
    if (counts->unread == 0)
        return check_set_value(run, reterr, "%zu of %zu tables hold rows", counts->holding, counts->tables);
    return check_set_value(run, reterr, "%zu of %zu tables hold rows, %zu could not be read", counts->holding,
                           counts->tables, counts->unread);
}

/* 'user'@'host' on MySQL and MariaDB, where the facts have user@host. */
static void add_role(const struct check_run *run, struct strbuf *out)
{
    const char *role = run->world->server->role;
    const char *at = strrchr(role, '@');
    if (is_engine(run, "postgres") || !at) {
        run->dialect->quote_name(role, out);
        return;
    }
    cleanup(strbuf) struct strbuf user = STRBUF(sizeof run->world->server->role);
    strbuf_add(&user, role, (size_t)(at - role));
    run->dialect->quote_text(strbuf_text(&user), out);
    strbuf_add_char(out, '@');
    run->dialect->quote_text(at + 1, out);
}

static void add_grant(const struct check_run *run, const struct coverage_table *table, struct strbuf *out)
{
    bool usage = strcmp(table->grant, "USAGE") == 0;
    strbuf_add_string(out, usage ? "GRANT USAGE ON SCHEMA " : "GRANT SELECT ON ");
    run->dialect->quote_name(table->schema, out);
    if (!usage) {
        strbuf_add_char(out, '.');
        run->dialect->quote_name(table->name, out);
    }
    strbuf_add_string(out, " TO ");
    add_role(run, out);
}

/* What would help to tell of a table. */
static void add_next(const struct check_run *run, const struct coverage_table *table, struct strbuf *out)
{
    if (table->grant)
        add_grant(run, table, out);
    else if (table->cause == ERROR_TIMEOUT)
        strbuf_add_string(out, "give the check a longer timeout");
    else if (table->cause == ERROR_LOCKED)
        strbuf_add_string(out, "wait: somebody holds it locked");
    else if (table->cause == ERROR_FORBIDDEN)
        strbuf_add_string(out, "let the role see all rows, with BYPASSRLS or a policy of its own");
    else if (table->form == COVERAGE_OTHER)
        strbuf_add_string(out, "name the tables behind it, or write a check of kind sql");
}

static int tell_untold(struct check_run *run, const struct coverage_table *table, const char *name, size_t count,
                       struct error *reterr)
{
    cleanup(strbuf) struct strbuf next = STRBUF(SENTENCE_BYTES);
    cleanup(strbuf) struct strbuf more = STRBUF(SENTENCE_BYTES);
    if (count > 1)
        strbuf_printf(&more, " and %zu more", count - 1);
    if (table)
        add_next(run, table, &next);
    if (!strbuf_ok(&next) || !strbuf_ok(&more))
        return error_no_memory(reterr);
    if (!table)
        return check_cannot_tell(run, ERROR_FORBIDDEN, run->world->server->grant_needed, reterr,
                                 "the role sees no table %s%s, which does not prove that there is none", name,
                                 strbuf_text(&more));
    return check_cannot_tell(run, table->cause, strbuf_text(&next), reterr,
                             "it could not be told whether %s%s holds rows: %s", name, strbuf_text(&more),
                             table->reason);
}

static int tell_failing(struct check_run *run, const struct tally *tally, struct error *reterr)
{
    const struct check_items *failing = &tally->failing;
    if (check_set_items(run, failing, reterr) < 0)
        return -1;
    if (tally->empty == 0) {
        const char *next = "apply the migration that makes it, or mend the name";
        if (tally->missing == 1)
            return check_refuse(run, next, reterr, "there is no table %s", tally->missing_name);
        return check_refuse(run, next, reterr, "there is no table %s, and %zu more are not there", tally->missing_name,
                            tally->missing - 1);
    }
    cleanup(strbuf) struct strbuf names = STRBUF(NAMES_SHOWN * CHECK_ITEM_BYTES + SENTENCE_BYTES);
    for (size_t i = 0; i < failing->count && i < NAMES_SHOWN; i++)
        strbuf_printf(&names, "%s%s", i > 0 ? ", " : "", failing->items[i]);
    if (failing->total > NAMES_SHOWN)
        strbuf_printf(&names, " and %zu more", failing->total - NAMES_SHOWN);
    if (!strbuf_ok(&names))
        return error_no_memory(reterr);
    return check_refuse(run, "fill those tables: they are expected to hold rows", reterr, "%s no rows: %s",
                        failing->total == 1 ? "a table holds" : "tables hold", strbuf_text(&names));
}

static int tell_passed(struct check_run *run, const struct tally *tally, struct error *reterr)
{
    const struct check *check = run->check;
    if (check->table_count == 0)
        return check_pass(run, reterr, "it could be told of all tables whether they hold rows");
    if (tally->spread > 1)
        return check_pass(run, reterr, "all that is named holds rows, and %s stands in %zu schemas", tally->spread_name,
                          tally->spread);
    if (check->table_count == 1)
        return check_pass(run, reterr, "%s holds rows", check->tables[0]);
    return check_pass(run, reterr, "all %zu named tables hold rows", check->table_count);
}

/* No table is named: it must be known of all that there are. */
static int judge_all(struct check_run *run, const struct coverage_table *unread, const struct tally *tally,
                     struct error *reterr)
{
    const struct server_facts *server = run->world->server;
    if (unread)
        return tell_untold(run, unread, unread->name, run->result->coverage.unread, reterr);
    if (may_hide_tables(run))
        return check_cannot_tell(run, ERROR_FORBIDDEN, server->grant_needed, reterr,
                                 "the role sees %zu tables, which does not prove that there are no others",
                                 run->result->coverage.tables);
    return tell_passed(run, tally, reterr);
}

static int judge(struct check_run *run, const struct table_coverage *coverage, struct error *reterr)
{
    struct tally tally = {0};
    const struct coverage_table *unread = count_tables(coverage, &run->result->coverage);
    if (set_value(run, reterr) < 0)
        return -1;
    for (size_t i = 0; i < run->check->table_count; i++)
        if (tally_name(run, coverage, run->check->tables[i], &tally, reterr) < 0)
            return -1;
    if (tally.failing.total > 0)
        return tell_failing(run, &tally, reterr);
    if (tally.untold > 0)
        return tell_untold(run, tally.untold_table, tally.untold_name, tally.untold, reterr);
    return run->check->table_count == 0 ? judge_all(run, unread, &tally, reterr) : tell_passed(run, &tally, reterr);
}

static int run_not_empty(struct check_run *run, struct error *reterr)
{
    cleanup(coverage) struct table_coverage coverage = {0};
    if (coverage_list(run, &coverage, reterr) < 0)
        return -1;
    mark_named(run, &coverage);
    if (coverage_ask(run, &coverage, reterr) < 0)
        return -1;
    return judge(run, &coverage, reterr);
}

const struct check_kind check_kind_not_empty = {
    .name = "not_empty",
    .doc = "Tables that must hold rows, and how many of all tables do; told by existence, never by counting.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_not_empty,
};
