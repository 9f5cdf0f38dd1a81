/* SPDX-License-Identifier: Apache-2.0
 *
 * From a fact and the SQL that changes it to a statement with its condition, verification and undo.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

struct postgres_plan *postgres_plan_of(struct plan_maker *maker)
{
    return maker->engine;
}

static unsigned char *claims(const struct plan_maker *maker, enum plan_side side, enum plan_array array)
{
    const struct postgres_plan *plan = maker->engine;
    return side == SIDE_TARGET ? plan->made[array] : plan->gone[array];
}

unsigned postgres_claimed(const struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index)
{
    return claims(maker, side, array)[index];
}

bool postgres_claim(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index, unsigned stage)
{
    unsigned char *claim = &claims(maker, side, array)[index];
    if (*claim)
        return false;
    *claim = (unsigned char)stage;
    return true;
}

void postgres_list_add(struct plan_maker *maker, struct postgres_list *list, const char *sql)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4;
        const char **grown = arena_array(maker->arena, capacity, sizeof *grown);
        if (!grown) {
            maker->failed = true;
            return;
        }
        if (list->count)
            memcpy(grown, list->sql, list->count * sizeof *grown);
        list->sql = grown;
        list->capacity = capacity;
    }
    list->sql[list->count++] = sql;
}

struct postgres_list postgres_one(struct plan_maker *maker, const char *sql)
{
    struct postgres_list list = {0};
    postgres_list_add(maker, &list, sql);
    return list;
}

const char *postgres_quoted(struct plan_maker *maker, const char *name)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_name(&text, name);
    return plan_keep(maker, &text);
}

const char *postgres_literal(struct plan_maker *maker, const char *text)
{
    cleanup(strbuf) struct strbuf literal = STRBUF(LIMIT_SQL_PART);
    postgres_sql_literal(&literal, text);
    return plan_keep(maker, &literal);
}

const char *postgres_table_name(struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = postgres_schema(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_relation_name(&text, schema, &schema->relations[relation]);
    return plan_keep(maker, &text);
}

const char *postgres_alter(struct plan_maker *maker, enum plan_side side, size_t relation, const char *format, ...)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    char *place = NULL;
    va_list list;
    strbuf_add_string(&text, "ALTER TABLE ");
    strbuf_add_string(&text, postgres_table_name(maker, side, relation));
    strbuf_add_char(&text, ' ');
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
    return plan_keep(maker, &text);
}

const char *postgres_holds(struct plan_maker *maker, const struct postgres_fact *fact, enum plan_side side)
{
    const char *value = fact->values[side];
    if (!value)
        return plan_printf(maker, "%s IS NULL", fact->query);
    return plan_printf(maker, "%s IS NOT DISTINCT FROM %s", fact->query, postgres_literal(maker, value));
}

bool postgres_leans(const struct plan_maker *maker, enum plan_array array, struct postgres_pair pair)
{
    const struct postgres_plan *plan = maker->engine;
    return pair.at[SIDE_CURRENT] >= 0 && plan->leans[array][pair.at[SIDE_CURRENT]];
}

const struct postgres_fact *postgres_keep_fact(struct plan_maker *maker, const struct postgres_fact *fact)
{
    struct postgres_fact *kept = arena_alloc(maker->arena, sizeof *kept);
    if (!kept) {
        maker->failed = true;
        return NULL;
    }
    *kept = *fact;
    return kept;
}

const char *postgres_still_holds(struct plan_maker *maker, const struct postgres_fact *fact, enum plan_side side)
{
    const char *other = fact->values[side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET];
    if (!fact->reprinted)
        return postgres_holds(maker, fact, side);
    if (!other)
        return plan_printf(maker, "%s IS NOT NULL", fact->query);
    return plan_printf(maker, "%s <> %s", fact->query, postgres_literal(maker, other));
}

/* When a statement that makes the fact as on `to` is to be run. What is made anew or dropped is looked for by name: it
 * must not be made twice because a server prints it differently. */
static const char *condition_for(struct plan_maker *maker, const struct postgres_fact *fact, enum plan_side to)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    if (!fact->values[from])
        return plan_printf(maker, "%s IS NULL", fact->query);
    if (!fact->values[to])
        return plan_printf(maker, "%s IS NOT NULL", fact->query);
    return plan_printf(maker, "%s IS DISTINCT FROM %s", fact->query, postgres_literal(maker, fact->values[to]));
}

const char *postgres_do(struct plan_maker *maker, const char *condition, const struct postgres_list *list)
{
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_PLAN_BYTES);
    cleanup(strbuf) struct strbuf block = STRBUF(LIMIT_PLAN_BYTES);
    const char *indent = condition ? "        " : "    ";
    strbuf_add_string(&body, "\nBEGIN\n");
    if (condition) {
        strbuf_add_string(&body, "    IF (");
        strbuf_add_string(&body, condition);
        strbuf_add_string(&body, ") THEN\n");
    }
    for (size_t i = 0; i < list->count; i++) {
        strbuf_add_string(&body, indent);
        strbuf_add_string(&body, "EXECUTE ");
        postgres_sql_dollar(&body, "sql", list->sql[i]);
        strbuf_add_string(&body, ";\n");
    }
    strbuf_add_string(&body, condition ? "    END IF;\nEND\n" : "END\n");
    strbuf_add_string(&block, "DO ");
    postgres_sql_dollar(&block, "plan", strbuf_text(&body));
    if (!strbuf_ok(&body))
        maker->failed = true;
    return plan_keep(maker, &block);
}

/* What EXECUTE runs for each row of a query over the foreign keys that use the index. */
static void add_loop(struct plan_maker *maker, struct strbuf *body, const char *name)
{
    (void)maker;
    strbuf_printf(body, "    FOREACH statement IN ARRAY %s LOOP\n        EXECUTE statement;\n    END LOOP;\n", name);
}

const char *postgres_do_around_keys(struct plan_maker *maker, const char *condition, const char *path,
                                    const char *except, const struct postgres_list *list)
{
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_PLAN_BYTES);
    cleanup(strbuf) struct strbuf block = STRBUF(LIMIT_PLAN_BYTES);
    const char *keys =
        plan_printf(maker,
                    "FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conindid = "
                    "to_regclass(%s)%s%s%s",
                    postgres_literal(maker, path), except ? " AND NOT (" : "", except ? except : "", except ? ")" : "");
    strbuf_printf(&body,
                  "\nDECLARE\n    statement text;\n"
                  "    away text[] := ARRAY(SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', k.conrelid::regclass, "
                  "k.conname) %s);\n"
                  "    again text[] := ARRAY(SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', "
                  "k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) %s);\nBEGIN\n",
                  keys, keys);
    if (condition)
        strbuf_printf(&body, "    IF NOT (%s) THEN\n        RETURN;\n    END IF;\n", condition);
    add_loop(maker, &body, "away");
    for (size_t i = 0; i < list->count; i++) {
        strbuf_add_string(&body, "    EXECUTE ");
        postgres_sql_dollar(&body, "sql", list->sql[i]);
        strbuf_add_string(&body, ";\n");
    }
    add_loop(maker, &body, "again");
    strbuf_add_string(&body, "END\n");
    strbuf_add_string(&block, "DO ");
    postgres_sql_dollar(&block, "plan", strbuf_text(&body));
    if (!strbuf_ok(&body))
        maker->failed = true;
    return plan_keep(maker, &block);
}

const char *postgres_validate_softly(struct plan_maker *maker, const char *sql)
{
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_PLAN_BYTES);
    cleanup(strbuf) struct strbuf block = STRBUF(LIMIT_PLAN_BYTES);
    strbuf_add_string(&body, "\nBEGIN\n    EXECUTE ");
    postgres_sql_dollar(&body, "sql", sql);
    strbuf_add_string(&body, ";\nEXCEPTION WHEN check_violation OR foreign_key_violation THEN\n"
                             "    RAISE WARNING 'left not valid: %', SQLERRM;\nEND\n");
    strbuf_add_string(&block, "DO ");
    postgres_sql_dollar(&block, "plan", strbuf_text(&body));
    if (!strbuf_ok(&body))
        maker->failed = true;
    return plan_keep(maker, &block);
}

static const char *script(struct plan_maker *maker, const struct postgres_step *step, enum plan_side to)
{
    const struct postgres_list *list = to == SIDE_TARGET ? &step->forward : &step->backward;
    bool plain = to == SIDE_TARGET ? step->plain : step->plain_undo;
    if (list->count == 0)
        return NULL;
    const char *condition = plain || step->concurrent ? NULL : condition_for(maker, step->fact, to);
    if (step->reused && to == SIDE_TARGET)
        condition = postgres_still_holds(maker, step->fact, SIDE_CURRENT);
    if (step->shaken && to == SIDE_CURRENT)
        condition = postgres_holds(maker, step->fact, SIDE_TARGET);
    if (step->key && !step->fact->values[to])
        return postgres_do_around_keys(maker, condition, step->key, NULL, list);
    if (list->count == 1 && !condition)
        return list->sql[0];
    return postgres_do(maker, condition, list);
}

struct postgres_fact postgres_joined_fact(struct plan_maker *maker, const struct postgres_fact *one,
                                          const struct postgres_fact *other)
{
    struct postgres_fact both = *one;
    both.reprinted = NULL;
    both.object = plan_printf(maker, "%s, %s", one->object, other->object);
    both.query = plan_printf(maker, "concat_ws(';', %s, %s)", one->query, other->query);
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++)
        both.values[side] = plan_printf(maker, "%s;%s", one->values[side], other->values[side]);
    return both;
}

void postgres_guard(struct plan_maker *maker, unsigned stage, const struct postgres_fact *fact)
{
    const struct postgres_fact *asked = fact->reprinted ? fact->reprinted : fact;
    plan_expect(maker, stage,
                &(struct plan_guard){.object = fact->object,
                                     .query = asked->query,
                                     .as_read = asked->values[SIDE_CURRENT],
                                     .as_left = asked->values[SIDE_TARGET],
                                     .between = fact->between,
                                     .passes_absent = fact->passes_absent,
                                     .loose = asked->loose});
}

void postgres_add(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                  size_t count, const struct postgres_step *step)
{
    const struct postgres_fact *fact = step->fact;
    if (!step->quiet)
        postgres_guard(maker, step->stage, fact);
    plan_add(maker, task, items, count,
             &(struct plan_draft){
                 .stage = step->stage,
                 .phase = step->phase,
                 .rank = step->rank,
                 .sql = script(maker, step, SIDE_TARGET),
                 .lock = step->lock,
                 .hazards = step->hazards | (step->concurrent ? HAZARD(NOT_TRANSACTIONAL) : 0),
                 .not_transactional = step->concurrent,
                 .verify = step->reused
                               ? plan_printf(maker, "SELECT NOT (%s)", postgres_holds(maker, fact, SIDE_CURRENT))
                               : plan_printf(maker, "SELECT %s", postgres_holds(maker, fact, SIDE_TARGET)),
                 .undo = script(maker, step, SIDE_CURRENT),
                 .undo_note = step->undo_note,
                 .kind = step->kind,
                 .object = step->object,
             });
}
