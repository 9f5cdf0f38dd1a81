/* SPDX-License-Identifier: Apache-2.0
 *
 * From a fact and the SQL that changes it to a statement with its condition, verification and undo.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static unsigned char *claims(const struct plan_maker *maker, enum plan_side side, enum plan_array array)
{
    const struct mysql_plan *plan = mysql_plan_of(maker);
    return side == SIDE_TARGET ? plan->made[array] : plan->gone[array];
}

unsigned mysql_claimed(const struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index)
{
    return claims(maker, side, array)[index];
}

bool mysql_claim(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index, unsigned stage)
{
    unsigned char *claim = &claims(maker, side, array)[index];
    if (*claim)
        return false;
    *claim = (unsigned char)stage;
    return true;
}

const char *mysql_quoted(struct plan_maker *maker, const char *name)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    mysql_sql_name(&text, name);
    return plan_keep(maker, &text);
}

const char *mysql_literal(struct plan_maker *maker, const char *text)
{
    cleanup(strbuf) struct strbuf literal = STRBUF(LIMIT_PLAN_BYTES);
    mysql_sql_literal(&literal, text);
    return plan_keep(maker, &literal);
}

const char *mysql_table_name(struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = mysql_side(maker, side);
    return mysql_quoted(maker, schema_text(schema, schema->relations[relation].name));
}

const char *mysql_path(struct plan_maker *maker, enum plan_side side, size_t relation, const char *name)
{
    const struct schema *schema = mysql_side(maker, side);
    return plan_printf(maker, "%s.%s", schema_text(schema, schema->relations[relation].name), name);
}

const char *mysql_alter(struct plan_maker *maker, enum plan_side side, size_t relation, enum mysql_algorithm algorithm,
                        const char *format, ...)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    char *place = NULL;
    va_list list;
    strbuf_printf(&text, "ALTER TABLE %s ", mysql_table_name(maker, side, relation));
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (length < 0 || !(place = strbuf_reserve(&text, (size_t)length + 1))) {
        maker->failed = true;
        return "";
    }
    va_start(list, format);
    (void)vsnprintf(place, (size_t)length + 1, format, list);
    va_end(list);
    strbuf_commit(&text, (size_t)length);
    const char *clause = mysql_algorithm_clause(algorithm);
    strbuf_printf(&text, *clause ? ", %s" : "%s", clause);
    return plan_keep(maker, &text);
}

/* Bytes count: what differs in case or accent is not the same. */
static const char *found_sql(struct plan_maker *maker, const struct mysql_fact *fact)
{
    return plan_printf(maker, "CONVERT(COALESCE(%s, '') USING utf8mb4) COLLATE utf8mb4_bin", fact->query);
}

const char *mysql_holds(struct plan_maker *maker, const struct mysql_fact *fact, const char *value)
{
    return plan_printf(maker, "%s = %s", found_sql(maker, fact), mysql_literal(maker, value));
}

/* When the statements that lead from `from` to `to` are to be run. What is made or dropped is looked for by name: it
 * must not be made twice because a server prints it differently. NULL: always. */
static const char *condition(struct plan_maker *maker, const struct mysql_fact *fact, const char *from, const char *to,
                             bool exact)
{
    if (exact)
        return mysql_holds(maker, fact, from);
    if (!*from)
        return mysql_holds(maker, fact, "");
    if (!*to)
        return plan_printf(maker, "%s <> ''", found_sql(maker, fact));
    if (strcmp(from, to) == 0)
        return NULL;
    return plan_printf(maker, "%s <> %s", found_sql(maker, fact), mysql_literal(maker, to));
}

static const char *both(struct plan_maker *maker, const char *a, const char *b)
{
    if (!a || !b)
        return a ? a : b;
    return plan_printf(maker, "%s\n    AND %s", a, b);
}

static void add_prepared(struct plan_maker *maker, struct strbuf *out, const char *condition_sql,
                         const char *const *statements, const char *const *when, const char *sql_mode)
{
    if (condition_sql)
        strbuf_printf(out, "SET @migrationd_todo = (%s);\n", condition_sql);
    for (size_t i = 0; i < MYSQL_STEP_SQL && statements[i]; i++) {
        const char *literal = mysql_literal(maker, statements[i]);
        strbuf_add_string(out, "SET @migrationd_sql = ");
        if (condition_sql)
            strbuf_printf(out, "IF(@migrationd_todo%s%s, ", when[i] ? " AND " : "", when[i] ? when[i] : "");
        strbuf_add_string(out, literal);
        strbuf_add_string(out, condition_sql ? ", 'DO 0');\n" : ";\n");
        if (sql_mode)
            strbuf_printf(out, "SET SESSION sql_mode = %s;\n", mysql_literal(maker, sql_mode));
        strbuf_add_string(out, "PREPARE migrationd_step FROM @migrationd_sql;\nEXECUTE migrationd_step;\n"
                               "DEALLOCATE PREPARE migrationd_step");
        if (sql_mode)
            strbuf_add_string(out, ";\nSET SESSION sql_mode = @migrationd_sql_mode");
        if (i + 1 < MYSQL_STEP_SQL && statements[i + 1])
            strbuf_add_string(out, ";\n");
    }
}

/* A text that does not stand in any of the statements. */
static void find_delimiter(const char *const *statements, char delimiter[16])
{
    size_t length = 2;
    for (size_t i = 0; i < MYSQL_STEP_SQL && statements[i]; i++)
        for (const char *at = strchr(statements[i], '$'); at && length < 15; at = strchr(at, '$')) {
            size_t run = strspn(at, "$");
            length = run >= length ? run + 1 : length;
            at += run;
        }
    length = length < 15 ? length : 15;
    memset(delimiter, '$', length);
    delimiter[length] = '\0';
}

/* Bodies have semicolons of their own: the client is told of another end. */
static void add_direct(struct plan_maker *maker, struct strbuf *out, const char *const *statements,
                       const char *sql_mode)
{
    char delimiter[16] = "";
    find_delimiter(statements, delimiter);
    if (sql_mode)
        strbuf_printf(out, "SET SESSION sql_mode = %s;\n", mysql_literal(maker, sql_mode));
    strbuf_printf(out, "DELIMITER %s\n", delimiter);
    for (size_t i = 0; i < MYSQL_STEP_SQL && statements[i]; i++)
        strbuf_printf(out, "%s\n%s\n", statements[i], delimiter);
    if (sql_mode)
        strbuf_printf(out, "SET SESSION sql_mode = @migrationd_sql_mode\n%s\n", delimiter);
    strbuf_add_string(out, "DELIMITER ;");
}

static const char *script(struct plan_maker *maker, const struct mysql_step *step, const char *condition_sql,
                          enum plan_side to)
{
    const char *const *statements = to == SIDE_TARGET ? step->forward : step->backward;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    if (!statements[0])
        return NULL;
    if (step->direct)
        add_direct(maker, &out, statements, step->sql_mode[to]);
    else
        add_prepared(maker, &out, condition_sql, statements, to == SIDE_TARGET ? step->when : step->when_back,
                     step->sql_mode[to]);
    return plan_keep(maker, &out);
}

void mysql_guard(struct plan_maker *maker, unsigned stage, const struct mysql_fact *fact)
{
    plan_expect(maker, stage,
                &(struct plan_guard){.object = fact->object,
                                     .query = fact->query,
                                     .as_read = fact->values[SIDE_CURRENT],
                                     .as_left = fact->values[SIDE_TARGET],
                                     .between = fact->between});
}

void mysql_add(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
               size_t count, const struct mysql_step *step)
{
    const struct mysql_fact *fact = step->fact;
    const char *from = step->from ? step->from : fact->values[SIDE_CURRENT];
    const char *to = step->to ? step->to : fact->values[SIDE_TARGET];
    bool exact = step->exact || strcmp(to, fact->values[SIDE_TARGET]) != 0;
    const char *forward = both(maker, condition(maker, fact, from, to, exact), step->also);
    bool exact_back = strcmp(from, fact->values[SIDE_CURRENT]) != 0;
    const char *backward = both(maker, condition(maker, fact, to, from, exact_back), step->also_back);
    if (!step->quiet)
        mysql_guard(maker, step->stage, fact);
    /* A fact that tells no difference between before and after cannot say whether the first half is done. */
    bool blind = exact && !step->also && strcmp(from, fact->values[SIDE_TARGET]) == 0;
    const char *verify = blind     ? NULL
                         : forward ? plan_printf(maker, "SELECT NOT (%s)", forward)
                                   : plan_printf(maker, "SELECT %s", mysql_holds(maker, fact, to));
    plan_add(maker, task, items, count,
             &(struct plan_draft){
                 .stage = step->stage,
                 .phase = step->phase,
                 .rank = step->rank,
                 .sql = script(maker, step, forward, SIDE_TARGET),
                 .lock = step->lock ? step->lock : mysql_algorithm_lock(step->algorithm),
                 .hazards = step->hazards | mysql_algorithm_hazards(step->algorithm) | HAZARD(NOT_TRANSACTIONAL),
                 .not_transactional = true,
                 .verify = verify,
                 .undo = script(maker, step, backward, SIDE_CURRENT),
                 .undo_note = step->undo_note,
                 .kind = step->kind,
                 .object = step->object,
             });
}
