/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL's planner: which function ends which difference, and what its scripts have around their statements.
 */
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_lean.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

static const char *const engines[] = {"postgres", NULL};

#define NEEDS_NEW_TABLE                                                                                                \
    "a table's partitioning cannot be changed: create a table with the other key beside it, copy the rows, and swap "  \
    "the names"

static const struct plan_rule rules[] = {
    {DRIFT_SCHEMA, DRIFT_CHANGES, NULL, postgres_change_schema, NULL},
    {DRIFT_EXTENSION, DRIFT_MISSING, NULL, postgres_make_object, NULL},
    {DRIFT_EXTENSION, DRIFT_UNEXPECTED, NULL, postgres_drop_object, NULL},
    {DRIFT_EXTENSION, DRIFT_CHANGED, NULL, NULL,
     "an extension's version follows the packages of the server: ALTER EXTENSION … UPDATE TO … is for whoever runs it"},
    {DRIFT_ENUM, DRIFT_MISSING, NULL, postgres_make_object, NULL},
    {DRIFT_ENUM, DRIFT_UNEXPECTED, NULL, postgres_drop_object, NULL},
    {DRIFT_ENUM, DRIFT_CHANGED, NULL, postgres_change_enum, NULL},
    {DRIFT_DOMAIN, DRIFT_MISSING, NULL, postgres_make_object, NULL},
    {DRIFT_DOMAIN, DRIFT_UNEXPECTED, NULL, postgres_drop_object, NULL},
    {DRIFT_DOMAIN, DRIFT_CHANGED, NULL, postgres_change_domain, NULL},
    {DRIFT_COMPOSITE, DRIFT_MISSING, NULL, postgres_make_object, NULL},
    {DRIFT_COMPOSITE, DRIFT_UNEXPECTED, NULL, postgres_drop_object, NULL},
    {DRIFT_COMPOSITE, DRIFT_CHANGED, NULL, postgres_change_composite, NULL},
    {DRIFT_SEQUENCE, DRIFT_MISSING, NULL, postgres_make_sequence, NULL},
    {DRIFT_SEQUENCE, DRIFT_UNEXPECTED, NULL, postgres_drop_object, NULL},
    {DRIFT_SEQUENCE, DRIFT_CHANGED, "owner", postgres_change_sequence_owner, NULL},
    {DRIFT_SEQUENCE, DRIFT_CHANGED, NULL, postgres_change_sequence, NULL},
    {DRIFT_TABLE, DRIFT_MISSING, NULL, postgres_make_table, NULL},
    {DRIFT_TABLE, DRIFT_UNEXPECTED, NULL, postgres_drop_table, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "persistence", postgres_change_persistence, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "row_security", postgres_change_row_security, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "force_row_security", postgres_change_force_row_security, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "partition_key", NULL, NEEDS_NEW_TABLE},
    {DRIFT_TABLE, DRIFT_CHANGED, "definition", postgres_change_parents, NULL},
    {DRIFT_PARTITION, DRIFT_MISSING, NULL, postgres_make_table, NULL},
    {DRIFT_PARTITION, DRIFT_UNEXPECTED, NULL, postgres_drop_table, NULL},
    {DRIFT_PARTITION, DRIFT_CHANGED, "definition", postgres_change_parents, NULL},
    {DRIFT_PARTITION, DRIFT_CHANGED, NULL, NULL, NEEDS_NEW_TABLE},
    {DRIFT_COLUMN, DRIFT_MISSING, NULL, postgres_make_column, NULL},
    {DRIFT_COLUMN, DRIFT_UNEXPECTED, NULL, postgres_drop_column, NULL},
    {DRIFT_COLUMN, DRIFT_CHANGED, "type", postgres_change_type, NULL},
    {DRIFT_COLUMN, DRIFT_CHANGED, "collation", postgres_change_type, NULL},
    {DRIFT_COLUMN, DRIFT_CHANGED, "nullable", postgres_change_nullable, NULL},
    {DRIFT_COLUMN, DRIFT_CHANGED, "default", postgres_change_default, NULL},
    {DRIFT_COLUMN, DRIFT_CHANGED, "identity", postgres_change_identity, NULL},
    {DRIFT_COLUMN, DRIFT_CHANGED, "auto_increment", postgres_change_identity, NULL},
    {DRIFT_COLUMN, DRIFT_CHANGED, "generated", postgres_change_generated, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "column_order", NULL,
     "columns cannot be moved: name them in queries and inserts instead of counting on their order"},
    {DRIFT_PRIMARY_KEY, DRIFT_MISSING, NULL, postgres_make_constraint, NULL},
    {DRIFT_PRIMARY_KEY, DRIFT_UNEXPECTED, NULL, postgres_drop_constraint, NULL},
    {DRIFT_UNIQUE, DRIFT_MISSING, NULL, postgres_make_constraint, NULL},
    {DRIFT_UNIQUE, DRIFT_UNEXPECTED, NULL, postgres_drop_constraint, NULL},
    {DRIFT_FOREIGN_KEY, DRIFT_MISSING, NULL, postgres_make_constraint, NULL},
    {DRIFT_FOREIGN_KEY, DRIFT_UNEXPECTED, NULL, postgres_drop_constraint, NULL},
    {DRIFT_CHECK, DRIFT_MISSING, NULL, postgres_make_constraint, NULL},
    {DRIFT_CHECK, DRIFT_UNEXPECTED, NULL, postgres_drop_constraint, NULL},
    {DRIFT_EXCLUSION, DRIFT_MISSING, NULL, postgres_make_constraint, NULL},
    {DRIFT_EXCLUSION, DRIFT_UNEXPECTED, NULL, postgres_drop_constraint, NULL},
    {DRIFT_INDEX, DRIFT_MISSING, NULL, postgres_make_index, NULL},
    {DRIFT_INDEX, DRIFT_UNEXPECTED, NULL, postgres_drop_index, NULL},
    {DRIFT_INDEX, DRIFT_CHANGED, "name", postgres_rename_index, NULL},
    {DRIFT_INDEX, DRIFT_CHANGED, "constraint", postgres_change_index_constraint, NULL},
    {DRIFT_INDEX, DRIFT_CHANGED, NULL, postgres_change_index, NULL},
    {DRIFT_ROUTINE, DRIFT_MISSING, NULL, postgres_make_routine, NULL},
    {DRIFT_ROUTINE, DRIFT_UNEXPECTED, NULL, postgres_drop_routine, NULL},
    {DRIFT_ROUTINE, DRIFT_CHANGED, NULL, postgres_change_routine, NULL},
    {DRIFT_VIEW, DRIFT_MISSING, NULL, postgres_make_view, NULL},
    {DRIFT_VIEW, DRIFT_UNEXPECTED, NULL, postgres_drop_view, NULL},
    {DRIFT_VIEW, DRIFT_CHANGED, "definition", postgres_change_view, NULL},
    {DRIFT_VIEW, DRIFT_CHANGED, "columns", postgres_change_view, NULL},
    {DRIFT_VIEW, DRIFT_CHANGED, NULL, postgres_change_view_options, NULL},
    {DRIFT_MATERIALIZED_VIEW, DRIFT_MISSING, NULL, postgres_make_view, NULL},
    {DRIFT_MATERIALIZED_VIEW, DRIFT_UNEXPECTED, NULL, postgres_drop_view, NULL},
    {DRIFT_MATERIALIZED_VIEW, DRIFT_CHANGED, NULL, postgres_change_view, NULL},
    {DRIFT_TRIGGER, DRIFT_MISSING, NULL, postgres_make_trigger, NULL},
    {DRIFT_TRIGGER, DRIFT_UNEXPECTED, NULL, postgres_drop_object, NULL},
    {DRIFT_TRIGGER, DRIFT_CHANGED, "enabled", postgres_change_trigger_state, NULL},
    {DRIFT_TRIGGER, DRIFT_CHANGED, NULL, postgres_change_trigger, NULL},
    {DRIFT_POLICY, DRIFT_MISSING, NULL, postgres_make_policy, NULL},
    {DRIFT_POLICY, DRIFT_UNEXPECTED, NULL, postgres_drop_object, NULL},
    {DRIFT_POLICY, DRIFT_CHANGED, NULL, postgres_change_policy, NULL},
    {DRIFT_KINDS, DRIFT_CHANGED, "name", postgres_rename_constraint, NULL},
    {DRIFT_PRIMARY_KEY, DRIFT_CHANGED, NULL, postgres_change_constraint, NULL},
    {DRIFT_UNIQUE, DRIFT_CHANGED, NULL, postgres_change_constraint, NULL},
    {DRIFT_FOREIGN_KEY, DRIFT_CHANGED, NULL, postgres_change_constraint, NULL},
    {DRIFT_CHECK, DRIFT_CHANGED, NULL, postgres_change_constraint, NULL},
    {DRIFT_EXCLUSION, DRIFT_CHANGED, NULL, postgres_change_constraint, NULL},
};

/* What others mention comes first, so that they know in which stage it is there. */
static const enum drift_kind order[DRIFT_KINDS] = {
    DRIFT_SCHEMA,    DRIFT_EXTENSION, DRIFT_ENUM,        DRIFT_DOMAIN,      DRIFT_COMPOSITE, DRIFT_TABLE,
    DRIFT_PARTITION, DRIFT_COLUMN,    DRIFT_SEQUENCE,    DRIFT_PRIMARY_KEY, DRIFT_UNIQUE,    DRIFT_EXCLUSION,
    DRIFT_INDEX,     DRIFT_CHECK,     DRIFT_FOREIGN_KEY, DRIFT_ROUTINE,     DRIFT_VIEW,      DRIFT_MATERIALIZED_VIEW,
    DRIFT_TRIGGER,   DRIFT_POLICY,    DRIFT_EVENT,
};

bool postgres_get_tasks(struct plan_maker *maker, const struct plan_task ***tasks)
{
    for (enum plan_array array = ARRAY_RELATIONS; array < PLAN_ARRAYS; array++) {
        size_t count = plan_array_count(maker->current, array);
        if (!(tasks[array] = arena_array(maker->arena, count + 1, sizeof(void *)))) {
            maker->failed = true;
            return false;
        }
    }
    return true;
}

static void begin(struct plan_maker *maker)
{
    struct postgres_plan *plan = arena_alloc(maker->arena, sizeof *plan);
    if (!plan || !plan_get_marks(maker, maker->target, plan->made) ||
        !plan_get_marks(maker, maker->current, plan->gone) || !plan_get_marks(maker, maker->current, plan->leans) ||
        !postgres_get_tasks(maker, plan->shaken) || !postgres_find_heirs(maker, plan) ||
        !(plan->view_stages = arena_alloc(maker->arena, maker->target->relation_count + 1)) ||
        !(plan->retypes = arena_array(maker->arena, maker->current->column_count + 1, sizeof(void *))) ||
        !(plan->exchanged = arena_array(maker->arena, maker->current->object_count + 1, sizeof(void *))) ||
        !(plan->view_words = postgres_read_views(maker)) ||
        !(plan->view_leans = arena_alloc(maker->arena, maker->target->relation_count + 1)) ||
        !(plan->passes = arena_alloc(maker->arena, maker->current->relation_count + 1))) {
        maker->failed = true;
        return;
    }
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        const struct schema *schema = side == SIDE_CURRENT ? maker->current : maker->target;
        plan->version[side] = (int)strtol(schema_text(schema, schema->server_version), NULL, 10);
    }
    plan->loose = plan->version[SIDE_CURRENT] != plan->version[SIDE_TARGET] || plan->version[SIDE_CURRENT] == 0;
    maker->engine = plan;
    postgres_find_moved(maker);
    postgres_find_exchanged(maker);
    postgres_note_late(maker);
    postgres_note_late_views(maker);
    postgres_find_passing(maker);
    postgres_join_retypes(maker);
    postgres_shake(maker);
    postgres_order_renames(maker);
}

static void end(struct plan_maker *maker)
{
    postgres_change_types(maker);
    postgres_add_passing(maker);
}

static void render_header(const struct plan *plan, struct strbuf *out)
{
    (void)plan;
    strbuf_add_string(out, "SET client_encoding = 'UTF8';\n"
                           "SET standard_conforming_strings = on;\n"
                           "SET check_function_bodies = off;\n"
                           "SET client_min_messages = warning;\n"
                           "SET search_path = '';\n"
                           "SET timezone = 'UTC';\n"
                           "SET datestyle = 'ISO, MDY';\n"
                           "SET intervalstyle = 'postgres';\n"
                           "SET quote_all_identifiers = off;\n"
                           "SET lock_timeout = '3s';\n"
                           "SET statement_timeout = '20min';\n\n");
}

static void render_footer(const struct plan *plan, struct strbuf *out)
{
    static const char *const settings[] = {
        "client_encoding",
        "standard_conforming_strings",
        "check_function_bodies",
        "client_min_messages",
        "search_path",
        "timezone",
        "datestyle",
        "intervalstyle",
        "quote_all_identifiers",
        "lock_timeout",
        "statement_timeout",
    };
    (void)plan;
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        strbuf_printf(out, "RESET %s;\n", settings[i]);
}

/* CONCURRENTLY waits for transactions that are older, which may take longer than a lock may be waited for. */
static void render_statement(const char *sql, struct strbuf *out)
{
    static const char *const heads[] = {"CREATE INDEX CONCURRENTLY", "CREATE UNIQUE INDEX CONCURRENTLY",
                                        "DROP INDEX CONCURRENTLY"};
    bool patient = false;
    for (size_t i = 0; i < ARRAY_LENGTH(heads); i++)
        patient |= strncmp(sql, heads[i], strlen(heads[i])) == 0;
    if (patient)
        strbuf_add_string(out, "SET lock_timeout = 0;\n");
    strbuf_add_string(out, sql);
    strbuf_add_string(out, patient ? ";\nSET lock_timeout = '3s';\n" : ";\n");
}

static void add_value(const char *text, struct strbuf *out)
{
    strbuf_add_string(out, ", ");
    if (text)
        postgres_sql_literal(out, text);
    else
        strbuf_add_string(out, "NULL");
}

static void render_guard(const struct plan *plan, const struct plan_guard *const *guards, size_t count,
                         struct strbuf *out)
{
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_PLAN_BYTES);
    (void)plan;
    strbuf_add_string(&body, "\nDECLARE\n    fact record;\nBEGIN\n    FOR fact IN\n        SELECT * FROM (VALUES\n");
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(&body, "            (");
        postgres_sql_literal(&body, guards[i]->object);
        strbuf_add_string(&body, ",\n             ");
        strbuf_add_string(&body, guards[i]->query);
        strbuf_add_string(&body, "::text");
        add_value(guards[i]->as_read, &body);
        add_value(guards[i]->as_left, &body);
        add_value(guards[i]->between ? guards[i]->between : guards[i]->as_read, &body);
        strbuf_add_string(&body, guards[i]->passes_absent ? ", true" : ", false");
        strbuf_add_string(&body, i + 1 < count ? "),\n" : ")\n");
    }
    strbuf_add_string(&body, "        ) AS facts (object, found, as_read, as_left, between, passes_absent)\n"
                             "    LOOP\n"
                             "        IF fact.found IS DISTINCT FROM fact.as_read AND fact.found IS DISTINCT FROM "
                             "fact.as_left\n"
                             "            AND fact.found IS DISTINCT FROM fact.between\n"
                             "            AND NOT (fact.found IS NULL AND fact.passes_absent) THEN\n"
                             "            RAISE EXCEPTION '% was changed after it was read: found %, read %', "
                             "fact.object,\n"
                             "                coalesce(fact.found, 'nothing'), coalesce(fact.as_read, 'nothing')\n"
                             "                USING HINT = 'Make the plan anew.';\n"
                             "        END IF;\n"
                             "    END LOOP;\n"
                             "END\n");
    strbuf_add_string(out, "DO ");
    postgres_sql_dollar(out, "guard", strbuf_text(&body));
    strbuf_add_string(out, ";\n");
    if (!strbuf_ok(&body))
        out->failed = true;
}

const struct plan_dialect plan_postgres = {
    .engines = engines,
    .rules = rules,
    .rule_count = ARRAY_LENGTH(rules),
    .order = order,
    .begin = begin,
    .end = end,
    .render_header = render_header,
    .render_footer = render_footer,
    .render_guard = render_guard,
    .render_statement = render_statement,
    .stop = "\\set ON_ERROR_STOP on\n",
    .client = "psql -X -v ON_ERROR_STOP=1 -f FILE DATABASE",
};
