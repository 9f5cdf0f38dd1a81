/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys, checks and foreign keys that use a column which comes or goes. An AUTO_INCREMENT column cannot be without its
 * key, not even between two statements, and a server quietly takes a column that goes out of its keys: so these go with
 * it, in the same statement.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

void mysql_inline_done(struct mysql_inline *clauses)
{
    strbuf_done(&clauses->forward);
    strbuf_done(&clauses->backward);
}

bool mysql_key_uses(const struct schema *schema, const struct mysql_key *key, const char *column)
{
    return key->index ? mysql_index_uses(schema, key->index, column)
                      : mysql_list_has(schema, key->constraint->columns, column);
}

bool mysql_next_key(const struct plan_maker *maker, enum plan_side side, size_t column, size_t *at,
                    struct mysql_key *ret_key)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_column *found = &schema->columns[column];
    const struct schema_relation *table = &schema->relations[found->relation];
    const char *name = schema_text(schema, found->name);
    while (*at < (size_t)table->constraint_count + table->index_count) {
        size_t index = (*at)++;
        bool constrains = index < table->constraint_count;
        if (constrains) {
            uint8_t kind = schema->constraints[table->first_constraint + index].kind;
            if (kind != CONSTRAINT_PRIMARY_KEY && kind != CONSTRAINT_UNIQUE)
                continue;
            *ret_key = mysql_key_of_constraint(maker, side, table->first_constraint + index);
        } else {
            *ret_key = mysql_key_of_index(maker, side, table->first_index + index - table->constraint_count);
            if (mysql_find_constraint(schema, found->relation, CONSTRAINT_PRIMARY_KEY, ret_key->name) >= 0 ||
                mysql_find_constraint(schema, found->relation, CONSTRAINT_UNIQUE, ret_key->name) >= 0)
                continue;
        }
        if (mysql_key_uses(schema, ret_key, name))
            return true;
    }
    return false;
}

static bool claim_key(struct plan_maker *maker, const struct mysql_key *key, unsigned stage)
{
    const struct schema *schema = mysql_side(maker, key->side);
    if (key->constraint)
        return mysql_claim(maker, key->side, ARRAY_CONSTRAINTS, (size_t)(key->constraint - schema->constraints), stage);
    return mysql_claim(maker, key->side, ARRAY_INDEXES, (size_t)(key->index - schema->indexes), stage);
}

static const char *drop_words(struct plan_maker *maker, const struct mysql_key *key)
{
    return mysql_key_is_primary(key) ? "DROP PRIMARY KEY"
                                     : plan_printf(maker, "DROP INDEX %s", mysql_quoted(maker, key->name));
}

void mysql_inline_add(struct plan_maker *maker, size_t target_column, unsigned stage, struct mysql_inline *clauses)
{
    struct mysql_key key = {0};
    for (size_t at = 0; mysql_next_key(maker, SIDE_TARGET, target_column, &at, &key);)
        if (claim_key(maker, &key, stage)) {
            strbuf_printf(&clauses->forward, ", ADD %s", mysql_key_sql(maker, &key));
            strbuf_printf(&clauses->backward, ", %s", drop_words(maker, &key));
        }
}

static bool is_made_by_server(const struct plan_maker *maker, const struct mysql_key *key)
{
    return key->index && mysql_is_made_by_server(mysql_side(maker, key->side), key->index->attributes);
}

/* What is to stand in a key's place once a column of it is gone: the target's key of that name. */
static bool find_successor(struct plan_maker *maker, const struct mysql_key *key, struct mysql_key *ret_key)
{
    const struct schema *target = maker->target;
    int64_t table = mysql_counterpart(maker, SIDE_CURRENT, key->relation);
    if (table < 0)
        return false;
    for (enum constraint_kind kind = CONSTRAINT_PRIMARY_KEY; kind <= CONSTRAINT_UNIQUE; kind++) {
        int64_t found = mysql_find_constraint(target, (size_t)table, kind, key->name);
        if (found >= 0) {
            *ret_key = mysql_key_of_constraint(maker, SIDE_TARGET, (size_t)found);
            return true;
        }
    }
    const struct schema_relation *relation = &target->relations[table];
    for (size_t i = 0; i < relation->index_count; i++) {
        *ret_key = mysql_key_of_index(maker, SIDE_TARGET, relation->first_index + i);
        if (mysql_same_name(ret_key->name, key->name) && !is_made_by_server(maker, ret_key))
            return true;
    }
    return false;
}

static bool check_uses(const struct schema *schema, const struct schema_constraint *check, const char *column)
{
    return plan_mentions_word(schema_text(schema, check->expression), column) ||
           mysql_list_has(schema, check->columns, column);
}

/* Whether all that the key is over is there when columns go. */
static bool is_ready(struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[key->relation];
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++)
        if (mysql_key_uses(target, key, schema_text(target, target->columns[i].name)) &&
            mysql_column_stage(maker, i) == PLAN_STAGES)
            return false;
    return true;
}

/* The numbered column that goes where another one comes must have its keys until then. */
static bool serves_numbered(struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[key->relation];
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++)
        if (mysql_numbered_instead(maker, SIDE_CURRENT, i) >= 0 &&
            mysql_key_uses(current, key, schema_text(current, current->columns[i].name)))
            return true;
    return false;
}

/* Whether a key that the column goes out of is then over columns of the last stage: the column waits for them, so that
 * no foreign key is without a key meanwhile. */
static bool awaits_columns(struct plan_maker *maker, size_t current_column)
{
    const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, current_column);
    struct mysql_key key = {0};
    struct mysql_key successor = {0};
    if (!task || task->change != DRIFT_UNEXPECTED)
        return false;
    for (size_t at = 0; mysql_next_key(maker, SIDE_CURRENT, current_column, &at, &key);)
        if (serves_numbered(maker, &key) || (find_successor(maker, &key, &successor) && !is_ready(maker, &successor)))
            return true;
    return false;
}

bool mysql_is_dropped_late(struct plan_maker *maker, size_t current_column)
{
    const struct schema *current = maker->current;
    const struct schema_column *column = &current->columns[current_column];
    const struct schema_relation *table = &current->relations[column->relation];
    const char *name = schema_text(current, column->name);
    if (mysql_numbered_instead(maker, SIDE_CURRENT, current_column) >= 0)
        return true;
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++) {
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i);
        if (task && task->change == DRIFT_CHANGED &&
            plan_mentions_word(schema_text(current, current->columns[i].generated), name))
            return true;
    }
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        const struct schema_constraint *check = &current->constraints[i];
        if (check->kind != CONSTRAINT_CHECK || !check_uses(current, check, name))
            continue;
        const struct plan_task *task = plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i);
        if ((task && task->change == DRIFT_CHANGED) || mysql_check_in_place_of(maker, i) >= 0)
            return true;
    }
    return awaits_columns(maker, current_column);
}

unsigned mysql_drop_rank(struct plan_maker *maker, size_t current_column)
{
    const struct schema_column *column = &maker->current->columns[current_column];
    unsigned late = mysql_is_dropped_late(maker, current_column) ? 1u << 17 : 0u;
    if (column->flags & COLUMN_AUTO_INCREMENT) /* it cannot be without its keys: they go with it */
        return late;
    return late + (column->generated ? 0u : 1u << 16) + UINT16_MAX - column->position;
}

/* Whether another column that a key (or else a check) uses is dropped before this one, and takes it along. */
static bool goes_earlier(struct plan_maker *maker, const struct mysql_key *key, const struct schema_constraint *check,
                         size_t current_column)
{
    const struct schema *current = maker->current;
    const struct schema_column *own = &current->columns[current_column];
    const struct schema_relation *table = &current->relations[own->relation];
    const struct plan_task *own_task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, current_column);
    bool own_drop = own_task && own_task->change == DRIFT_UNEXPECTED;
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++) {
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i);
        const char *name = schema_text(current, current->columns[i].name);
        if (i == current_column || !task || task->change != DRIFT_UNEXPECTED ||
            !(key ? mysql_key_uses(current, key, name) : check_uses(current, check, name)))
            continue;
        if (!own_drop || mysql_drop_rank(maker, i) < mysql_drop_rank(maker, current_column))
            return true;
    }
    return false;
}

static bool is_unique(const struct mysql_key *key)
{
    return key->constraint || key->index->flags & INDEX_UNIQUE;
}

static void drop_key(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *key, bool late,
                     struct mysql_inline *clauses)
{
    struct mysql_key successor = {0};
    if (!claim_key(maker, key, parts->stage))
        return;
    bool replaced = find_successor(maker, key, &successor);
    bool behind = late || parts->task->change == DRIFT_CHANGED; /* the statements of other columns */
    if (behind && mysql_replace_apart(maker, parts, key, replaced ? &successor : NULL))
        return;
    bool later = replaced && !late && !is_ready(maker, &successor);
    struct mysql_substitutes others = mysql_substitutes_of(maker, key, replaced && !later ? &successor : NULL);
    strbuf_printf(&clauses->forward, ", %s%s%s", drop_words(maker, key), *others.add ? ", " : "", others.add);
    if (later) {
        const struct mysql_parts own = {.task = parts->task, .stage = parts->stage, .also_back = parts->also_back};
        mysql_add_key(maker, &own, &successor);
    } else if (replaced && claim_key(maker, &successor, parts->stage)) {
        strbuf_printf(&clauses->forward, ", ADD %s", mysql_key_sql(maker, &successor));
        strbuf_printf(&clauses->backward, ", %s", drop_words(maker, &successor));
        clauses->hazards |= HAZARD(BUILDS_INDEX) | (is_unique(&successor) ? HAZARD(MAY_FAIL_ON_DATA) : 0);
    }
    strbuf_printf(&clauses->backward, ", ADD %s%s", mysql_key_sql(maker, key), others.drop);
}

static void drop_checks(struct plan_maker *maker, const struct mysql_parts *parts, size_t column,
                        struct mysql_inline *clauses)
{
    const struct schema *current = maker->current;
    const struct schema_column *found = &current->columns[column];
    const struct schema_relation *table = &current->relations[found->relation];
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        const struct schema_constraint *check = &current->constraints[i];
        if (check->kind != CONSTRAINT_CHECK || mysql_sql_is_period(current, check) ||
            !check_uses(current, check, schema_text(current, found->name)) ||
            plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i) || goes_earlier(maker, NULL, check, column))
            continue;
        int64_t successor = mysql_check_in_place_of(maker, i);
        if (successor >= 0)
            mysql_add_check(maker, &(struct mysql_parts){.task = parts->task, .stage = 2}, (size_t)successor);
        if (!mysql_claim(maker, SIDE_CURRENT, ARRAY_CONSTRAINTS, i, parts->stage))
            continue;
        const char *drop =
            plan_printf(maker, ", DROP CONSTRAINT %s", mysql_quoted(maker, schema_text(current, check->name)));
        strbuf_add_string(&clauses->forward, drop);
        int64_t same = mysql_check_namesake(maker, SIDE_CURRENT, i); /* over a column that comes back */
        if (same >= 0 && mysql_claim(maker, SIDE_TARGET, ARRAY_CONSTRAINTS, (size_t)same, parts->stage)) {
            strbuf_printf(&clauses->forward, ", ADD %s", mysql_constraint_sql(maker, SIDE_TARGET, (size_t)same));
            strbuf_add_string(&clauses->backward, drop);
        }
        strbuf_printf(&clauses->backward, ", ADD %s", mysql_constraint_sql(maker, SIDE_CURRENT, i));
    }
}

void mysql_inline_drop(struct plan_maker *maker, const struct mysql_parts *parts, size_t current_column,
                       struct mysql_inline *clauses)
{
    struct mysql_key key = {0};
    const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, current_column);
    bool late = task && task->change == DRIFT_UNEXPECTED && mysql_is_dropped_late(maker, current_column);
    for (size_t at = 0; mysql_next_key(maker, SIDE_CURRENT, current_column, &at, &key);)
        if (!goes_earlier(maker, &key, NULL, current_column))
            drop_key(maker, parts, &key, late, clauses);
    drop_checks(maker, parts, current_column, clauses);
}

bool mysql_goes_with_column(struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[key->relation];
    for (size_t i = table->first_column; i < table->first_column + (size_t)table->column_count; i++) {
        const struct plan_task *task = plan_find_task(maker, ARRAY_COLUMNS, SIDE_CURRENT, i);
        if (!task || !mysql_key_uses(current, key, schema_text(current, current->columns[i].name)))
            continue;
        if (task->change == DRIFT_UNEXPECTED)
            return true;
        struct mysql_column from = mysql_column_of(current, &current->columns[i]);
        struct mysql_column to = mysql_target_column(maker, &from, (size_t)task->place.reference);
        if (mysql_is_swapped(&from, &to))
            return true;
    }
    return false;
}

static bool has_task(const struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *target = maker->target;
    if (key->constraint)
        return plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_TARGET, (size_t)(key->constraint - target->constraints));
    return plan_find_task(maker, ARRAY_INDEXES, SIDE_TARGET, (size_t)(key->index - target->indexes));
}

static bool reference_uses(const struct schema *schema, const struct schema_constraint *key,
                           const struct schema_column *column)
{
    const char *name = schema_text(schema, column->name);
    const char *table = schema_text(schema, schema->relations[column->relation].name);
    if (key->relation == column->relation && mysql_list_has(schema, key->columns, name))
        return true;
    return !key->referenced_schema && strcmp(schema_text(schema, key->referenced_table), table) == 0 &&
           mysql_list_has(schema, key->referenced_columns, name);
}

void mysql_add_users(struct plan_maker *maker, const struct mysql_parts *parts, size_t target_column)
{
    const struct schema *target = maker->target;
    const struct schema_column *column = &target->columns[target_column];
    struct mysql_key key = {0};
    for (size_t at = 0; mysql_next_key(maker, SIDE_TARGET, target_column, &at, &key);)
        if (!has_task(maker, &key) && !is_made_by_server(maker, &key))
            mysql_add_key(maker, parts, &key);
    for (size_t i = 0; i < target->constraint_count; i++) {
        const struct schema_constraint *constraint = &target->constraints[i];
        if (plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_TARGET, i))
            continue;
        if (constraint->kind == CONSTRAINT_CHECK && constraint->relation == column->relation &&
            check_uses(target, constraint, schema_text(target, column->name)))
            mysql_add_check(maker, parts, i);
        if (constraint->kind == CONSTRAINT_FOREIGN_KEY && reference_uses(target, constraint, column))
            mysql_note_added(maker, parts, i);
    }
}
