/* SPDX-License-Identifier: Apache-2.0
 *
 * MySQL's and MariaDB's planner: which function ends which difference, and what its scripts have around their
 * statements.
 */
#include "drift/plan_mysql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"

static const char *const engines[] = {"mysql", "mariadb", NULL};

static const struct plan_rule rules[] = {
    {DRIFT_TABLE, DRIFT_MISSING, NULL, mysql_make_table, NULL},
    {DRIFT_TABLE, DRIFT_UNEXPECTED, NULL, mysql_drop_table, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "engine", mysql_change_engine, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "charset", mysql_change_table_collation, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "collation", mysql_change_table_collation, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "system_versioning", mysql_change_versioning, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "partition_key", mysql_change_partitions, NULL},
    {DRIFT_TABLE, DRIFT_CHANGED, "column_order", mysql_change_order, NULL},
    {DRIFT_COLUMN, DRIFT_MISSING, NULL, mysql_make_column, NULL},
    {DRIFT_COLUMN, DRIFT_UNEXPECTED, NULL, mysql_drop_column, NULL},
    {DRIFT_COLUMN, DRIFT_CHANGED, NULL, mysql_change_column, NULL},
    {DRIFT_PRIMARY_KEY, DRIFT_MISSING, NULL, mysql_make_key, NULL},
    {DRIFT_PRIMARY_KEY, DRIFT_UNEXPECTED, NULL, mysql_drop_key, NULL},
    {DRIFT_PRIMARY_KEY, DRIFT_CHANGED, NULL, mysql_change_key, NULL},
    {DRIFT_UNIQUE, DRIFT_MISSING, NULL, mysql_make_key, NULL},
    {DRIFT_UNIQUE, DRIFT_UNEXPECTED, NULL, mysql_drop_key, NULL},
    {DRIFT_UNIQUE, DRIFT_CHANGED, "name", mysql_rename_key, NULL},
    {DRIFT_UNIQUE, DRIFT_CHANGED, NULL, mysql_change_key, NULL},
    {DRIFT_INDEX, DRIFT_MISSING, NULL, mysql_make_key, NULL},
    {DRIFT_INDEX, DRIFT_UNEXPECTED, NULL, mysql_drop_key, NULL},
    {DRIFT_INDEX, DRIFT_CHANGED, "name", mysql_rename_key, NULL},
    {DRIFT_INDEX, DRIFT_CHANGED, "visible", mysql_hide_key, NULL},
    {DRIFT_INDEX, DRIFT_CHANGED, NULL, mysql_change_key, NULL},
    {DRIFT_FOREIGN_KEY, DRIFT_MISSING, NULL, mysql_make_reference, NULL},
    {DRIFT_FOREIGN_KEY, DRIFT_UNEXPECTED, NULL, mysql_drop_reference, NULL},
    {DRIFT_FOREIGN_KEY, DRIFT_CHANGED, NULL, mysql_change_reference, NULL},
    {DRIFT_CHECK, DRIFT_MISSING, NULL, mysql_make_check, NULL},
    {DRIFT_CHECK, DRIFT_UNEXPECTED, NULL, mysql_drop_check, NULL},
    {DRIFT_CHECK, DRIFT_CHANGED, "enforced", mysql_enforce_check, NULL},
    {DRIFT_CHECK, DRIFT_CHANGED, NULL, mysql_change_check, NULL},
    {DRIFT_VIEW, DRIFT_MISSING, NULL, mysql_make_view, NULL},
    {DRIFT_VIEW, DRIFT_UNEXPECTED, NULL, mysql_drop_view, NULL},
    {DRIFT_VIEW, DRIFT_CHANGED, NULL, mysql_change_view, NULL},
    {DRIFT_SEQUENCE, DRIFT_MISSING, NULL, mysql_make_object, NULL},
    {DRIFT_SEQUENCE, DRIFT_UNEXPECTED, NULL, mysql_drop_object, NULL},
    {DRIFT_SEQUENCE, DRIFT_CHANGED, "type", NULL,
     "a sequence's type cannot be changed: drop it and create it anew, beginning behind the value that it has reached"},
    {DRIFT_SEQUENCE, DRIFT_CHANGED, NULL, mysql_change_sequence, NULL},
    {DRIFT_ROUTINE, DRIFT_MISSING, NULL, mysql_make_object, NULL},
    {DRIFT_ROUTINE, DRIFT_UNEXPECTED, NULL, mysql_drop_object, NULL},
    {DRIFT_ROUTINE, DRIFT_CHANGED, NULL, mysql_change_object, NULL},
    {DRIFT_TRIGGER, DRIFT_MISSING, NULL, mysql_make_object, NULL},
    {DRIFT_TRIGGER, DRIFT_UNEXPECTED, NULL, mysql_drop_object, NULL},
    {DRIFT_TRIGGER, DRIFT_CHANGED, NULL, mysql_change_object, NULL},
    {DRIFT_EVENT, DRIFT_MISSING, NULL, mysql_make_object, NULL},
    {DRIFT_EVENT, DRIFT_UNEXPECTED, NULL, mysql_drop_object, NULL},
    {DRIFT_EVENT, DRIFT_CHANGED, NULL, mysql_change_object, NULL},
};

/* A column first says which keys go and come with it, a foreign key which indexes it no longer needs. */
static const enum drift_kind order[DRIFT_KINDS] = {
    DRIFT_TABLE,    DRIFT_PARTITION, DRIFT_COLUMN, DRIFT_FOREIGN_KEY,       DRIFT_PRIMARY_KEY, DRIFT_UNIQUE,
    DRIFT_INDEX,    DRIFT_CHECK,     DRIFT_VIEW,   DRIFT_MATERIALIZED_VIEW, DRIFT_ROUTINE,     DRIFT_TRIGGER,
    DRIFT_SEQUENCE, DRIFT_EVENT,     DRIFT_SCHEMA, DRIFT_EXTENSION,         DRIFT_EXCLUSION,   DRIFT_ENUM,
    DRIFT_DOMAIN,   DRIFT_COMPOSITE, DRIFT_POLICY,
};

/* "8.0.29" as 80029. */
static unsigned version_number(const char *text)
{
    unsigned parts[3] = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(parts) && *text >= '0' && *text <= '9'; i++) {
        char *end = NULL;
        parts[i] = (unsigned)strtoul(text, &end, 10) % 1000;
        text = *end == '.' ? end + 1 : end;
    }
    return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

/* Servers of one flavour print alike within "8.4" and "10.11". */
static bool print_alike(const struct schema *a, const struct schema *b)
{
    unsigned left = version_number(schema_text(a, a->server_version));
    unsigned right = version_number(schema_text(b, b->server_version));
    return left > 0 && left / 100 == right / 100 && mysql_sql_flavour(a) == mysql_sql_flavour(b);
}

static void mark_unsettled(struct plan_maker *maker, bool *unsettled)
{
    for (size_t i = 0; i < plan_task_count(maker); i++) {
        const struct plan_task *task = plan_task_at(maker, i);
        if (task->relation.reference >= 0)
            unsettled[task->relation.reference] = true;
    }
}

static void begin(struct plan_maker *maker)
{
    struct mysql_plan *plan = arena_alloc(maker->arena, sizeof *plan);
    if (!plan || !plan_get_marks(maker, maker->target, plan->made) ||
        !plan_get_marks(maker, maker->current, plan->gone)) {
        maker->failed = true;
        return;
    }
    plan->dropped = arena_array(maker->arena, maker->current->constraint_count + 1, sizeof *plan->dropped);
    plan->added = arena_array(maker->arena, maker->target->constraint_count + 1, sizeof *plan->added);
    plan->unsettled = arena_array(maker->arena, maker->target->relation_count + 1, sizeof *plan->unsettled);
    if (!plan->dropped || !plan->added || !plan->unsettled) {
        maker->failed = true;
        return;
    }
    unsigned version = version_number(schema_text(maker->current, maker->current->server_version));
    plan->flavour = mysql_sql_flavour(maker->current);
    plan->loose = !print_alike(maker->current, maker->target);
    plan->knows_if_not_exists = version >= 80029;
    maker->engine = plan;
    mark_unsettled(maker, plan->unsettled);
}

static void end(struct plan_maker *maker)
{
    mysql_end_references(maker);
}

/* What the session had is kept in variables of its own. NO_ZERO_DATE would refuse what such a schema itself has. */
static bool has_zero_dates(const struct schema *schema)
{
    for (size_t i = 0; i < schema->column_count; i++)
        if (strncmp(schema_text(schema, schema->columns[i].default_expression), "'0000-00-00", 11) == 0)
            return true;
    return false;
}

static const struct {
    const char *name;
    const char *value; /* NULL: sql_mode's, which depends on the schemas */
    bool mariadb;      /* only there */
} settings[] = {
    {"sql_mode", NULL, false},
    {"time_zone", "'+00:00'", false},
    {"foreign_key_checks", "1", false},
    {"lock_wait_timeout", "5", false},
    {"innodb_lock_wait_timeout", "5", false},
    {"group_concat_max_len", "1048576", false},
    {"system_versioning_alter_history", "'KEEP'", true},
};

static void render_header(const struct plan *plan, struct strbuf *out)
{
    const struct schema *live = plan->report->live;
    bool mariadb = mysql_sql_flavour(live) == MYSQL_FLAVOUR_MARIADB;
    bool zero = has_zero_dates(live) || has_zero_dates(plan->report->reference);
    strbuf_add_string(out, "SET NAMES utf8mb4;\n");
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++) {
        if (settings[i].mariadb && !mariadb)
            continue;
        strbuf_printf(out, "SET @migrationd_old_%s = @@SESSION.%s;\n", settings[i].name, settings[i].name);
        strbuf_printf(out, "SET SESSION %s = %s;\n", settings[i].name,
                      settings[i].value ? settings[i].value
                      : zero            ? "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,"
                                          "NO_ENGINE_SUBSTITUTION'"
                                        : "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
                                          "NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'");
    }
    strbuf_add_string(out, "SET @migrationd_sql_mode = @@SESSION.sql_mode;\n\n");
}

static void render_footer(const struct plan *plan, struct strbuf *out)
{
    bool mariadb = mysql_sql_flavour(plan->report->live) == MYSQL_FLAVOUR_MARIADB;
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        if (!settings[i].mariadb || mariadb)
            strbuf_printf(out, "SET SESSION %s = @migrationd_old_%s;\n", settings[i].name, settings[i].name);
}

static void add_literal(struct strbuf *out, const char *text)
{
    strbuf_add_string(out, ", ");
    mysql_sql_literal(out, text);
}

/* Remembers the first object that is neither as it was read nor as it is left. */
static void render_fact(const struct plan_guard *guard, struct strbuf *out)
{
    strbuf_add_string(out, "SET @migrationd_changed = IF(@migrationd_changed IS NOT NULL OR\n    CONVERT(COALESCE(");
    strbuf_add_string(out, guard->query);
    strbuf_add_string(out, ", '') USING utf8mb4) COLLATE utf8mb4_bin\n    IN (");
    mysql_sql_literal(out, guard->as_read);
    if (strcmp(guard->as_left, guard->as_read) != 0)
        add_literal(out, guard->as_left);
    if (guard->between)
        add_literal(out, guard->between);
    strbuf_add_string(out, "),\n    @migrationd_changed");
    add_literal(out, guard->object);
    strbuf_add_string(out, ");\n");
}

/* The client stops at the first error, so one is raised whose text names the object. MySQL has no statement for that
 * which could be prepared, but a function that says what it was given. */
static void render_guard(const struct plan *plan, const struct plan_guard *const *guards, size_t count,
                         struct strbuf *out)
{
    bool mariadb = mysql_sql_flavour(plan->report->live) == MYSQL_FLAVOUR_MARIADB;
    strbuf_add_string(out, "SET @migrationd_changed = IF(DATABASE() IS NULL, 'no database is selected', NULL);\n");
    for (size_t i = 0; i < count; i++)
        render_fact(guards[i], out);
    strbuf_add_string(out, "SET @migrationd_changed = LEFT(CONCAT('changed since it was read: ', @migrationd_changed), "
                           "128);\n"
                           "SET @migrationd_sql = IF(@migrationd_changed IS NULL, 'DO 0', ");
    if (mariadb)
        strbuf_add_string(out, "CONCAT('SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ', QUOTE(@migrationd_changed))");
    else
        strbuf_add_string(out, "'DO UUID_TO_BIN(@migrationd_changed)'");
    strbuf_add_string(out, ");\nPREPARE migrationd_guard FROM @migrationd_sql;\nEXECUTE migrationd_guard;\n"
                           "DEALLOCATE PREPARE migrationd_guard;\n");
}

/* A statement that tells the client of another delimiter ends with the usual one. */
static void render_statement(const char *sql, struct strbuf *out)
{
    static const char last[] = "DELIMITER ;";
    size_t length = strlen(sql);
    bool ended = length >= sizeof last - 1 && strcmp(sql + length - (sizeof last - 1), last) == 0;
    strbuf_add_string(out, sql);
    strbuf_add_string(out, ended ? "\n" : ";\n");
}

const struct plan_dialect plan_mysql = {
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
    .notes = "A statement asks for an `ALGORITHM` or a `LOCK` only where the server cannot refuse that, whatever the "
             "table has been through. One without such a clause is done with the least that the server needs, which "
             "may be a copy of the table while writes wait: its hazards say so. To have such a statement refused "
             "instead, end it with `, LOCK=NONE`.",
    .client = "mysql --comments DATABASE < FILE (or mariadb, with the same options)",
};
