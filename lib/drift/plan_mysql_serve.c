/* SPDX-License-Identifier: Apache-2.0
 *
 * Which keys serve foreign keys. A server makes an index for a foreign key that has none, takes it away again without a
 * word once another key serves it, and refuses to drop the last one that does.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

bool mysql_key_serves(const struct schema *schema, const struct mysql_key *key, const struct schema *other,
                      struct text_list columns)
{
    const struct schema_index *index = key->index;
    const struct schema_constraint *constraint = key->constraint;
    bool orders = constraint && (constraint->kind == CONSTRAINT_PRIMARY_KEY || constraint->kind == CONSTRAINT_UNIQUE);
    if (constraint && !orders) /* a foreign key may have an index of its name beside it */
        return false;
    if (index ? index->method || index->part_count < columns.count
              : !orders || constraint->columns.count < columns.count)
        return false;
    for (uint32_t i = 0; i < columns.count; i++) {
        const char *wanted = schema_text(other, other->lists[columns.first + i]);
        const char *name = NULL;
        if (index) {
            const struct schema_index_part *part = &schema->parts[index->first_part + i];
            name = part->prefix || part->flags & PART_EXPRESSION ? "" : schema_text(schema, part->text);
        } else {
            name = schema_text(schema, schema->lists[constraint->columns.first + i]);
        }
        if (!mysql_same_name(name, wanted))
            return false;
    }
    return true;
}

/* Whether a key of that side serves a foreign key. `ret_name` is the name of the one that the server has made for it,
 * which does not count. */
static bool is_served(struct plan_maker *maker, enum plan_side side, size_t relation, const struct schema *schema,
                      struct text_list columns, const char **ret_name)
{
    const struct schema *found = mysql_side(maker, side);
    const struct schema_relation *table = &found->relations[relation];
    for (size_t i = 0; i < table->constraint_count; i++) {
        struct mysql_key key = mysql_key_of_constraint(maker, side, table->first_constraint + i);
        if (mysql_key_serves(found, &key, schema, columns))
            return true;
    }
    bool served = false;
    for (size_t i = 0; i < table->index_count && !served; i++) {
        struct mysql_key key = mysql_key_of_index(maker, side, table->first_index + i);
        if (!mysql_key_serves(found, &key, schema, columns))
            continue;
        *ret_name = key.name;
        served = !mysql_is_made_by_server(found, key.index->attributes);
    }
    return served;
}

static bool stays(const struct plan_maker *maker, enum plan_side side, size_t reference)
{
    const struct mysql_plan *plan = mysql_plan_of(maker);
    return !(side == SIDE_CURRENT ? plan->dropped : plan->added)[reference].stage &&
           !plan_find_task(maker, ARRAY_CONSTRAINTS, side, reference);
}

/* Whether another key of the current side serves a foreign key, and stays. */
static bool is_served_meanwhile(struct plan_maker *maker, const struct mysql_key *key, struct text_list columns)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[key->relation];
    for (size_t i = 0; i < (size_t)table->constraint_count + table->index_count; i++) {
        struct mysql_key other =
            i < table->constraint_count
                ? mysql_key_of_constraint(maker, SIDE_CURRENT, table->first_constraint + i)
                : mysql_key_of_index(maker, SIDE_CURRENT, table->first_index + i - table->constraint_count);
        if (!mysql_same_name(other.name, key->name) && mysql_key_serves(current, &other, current, columns) &&
            mysql_key_stays(maker, &other))
            return true;
    }
    return false;
}

static struct mysql_substitutes list_substitutes(struct plan_maker *maker, const struct mysql_key *key,
                                                 const struct mysql_key *instead, bool meanwhile)
{
    const struct schema *schema = mysql_side(maker, key->side);
    enum plan_side other = key->side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT;
    const struct schema_relation *table = &schema->relations[key->relation];
    int64_t there = mysql_counterpart(maker, key->side, key->relation);
    cleanup(strbuf) struct strbuf add = STRBUF(LIMIT_SQL_PART);
    cleanup(strbuf) struct strbuf drop = STRBUF(LIMIT_SQL_PART);
    struct mysql_substitutes found = {.name = NULL};
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        const struct schema_constraint *reference = &schema->constraints[i];
        const char *name = schema_text(schema, reference->name);
        const char *serving = name;
        if (reference->kind != CONSTRAINT_FOREIGN_KEY || there < 0 || !stays(maker, key->side, i) ||
            !mysql_key_serves(schema, key, schema, reference->columns) ||
            is_served(maker, other, (size_t)there, schema, reference->columns, meanwhile ? &serving : &name) !=
                meanwhile ||
            (meanwhile && is_served_meanwhile(maker, key, reference->columns)) ||
            (instead && mysql_same_name(instead->name, name)) || (found.name && mysql_same_name(found.name, name)) ||
            mysql_find_index(schema, key->relation, name) >= 0)
            continue;
        strbuf_printf(&add, "%sADD KEY %s (", add.length > 0 ? ", " : "", mysql_quoted(maker, name));
        mysql_sql_names(&add, schema, reference->columns);
        strbuf_add_char(&add, ')');
        strbuf_printf(&drop, ", DROP INDEX %s", mysql_quoted(maker, name));
        found.name = name;
    }
    found.add = plan_keep(maker, &add);
    found.drop = plan_keep(maker, &drop);
    return found;
}

struct mysql_substitutes mysql_substitutes_of(struct plan_maker *maker, const struct mysql_key *key,
                                              const struct mysql_key *instead)
{
    return list_substitutes(maker, key, instead, false);
}

struct mysql_substitutes mysql_substitutes_meanwhile(struct plan_maker *maker, const struct mysql_key *key)
{
    return list_substitutes(maker, key, NULL, true);
}

const char *mysql_index_is_absent(struct plan_maker *maker, enum plan_side side, size_t relation, const char *name)
{
    const struct schema *schema = mysql_side(maker, side);
    return plan_printf(maker,
                       "NOT EXISTS (SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND "
                       "TABLE_NAME = %s AND INDEX_NAME = %s)",
                       mysql_literal(maker, schema_text(schema, schema->relations[relation].name)),
                       mysql_literal(maker, name));
}

unsigned mysql_serving_stage(struct plan_maker *maker, const struct schema_constraint *reference)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[reference->relation];
    unsigned latest = 1;
    for (size_t i = 0; i < (size_t)table->constraint_count + table->index_count; i++) {
        bool constrains = i < table->constraint_count;
        size_t at = constrains ? table->first_constraint + i : table->first_index + i - table->constraint_count;
        struct mysql_key key =
            constrains ? mysql_key_of_constraint(maker, SIDE_TARGET, at) : mysql_key_of_index(maker, SIDE_TARGET, at);
        unsigned stage = mysql_claimed(maker, SIDE_TARGET, constrains ? ARRAY_CONSTRAINTS : ARRAY_INDEXES, at);
        if (stage > latest && mysql_key_serves(target, &key, target, reference->columns))
            latest = stage;
    }
    return latest;
}

unsigned mysql_served_stage(struct plan_maker *maker, const struct mysql_key *key)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[key->relation];
    unsigned latest = 1;
    for (size_t i = table->first_constraint; i < table->first_constraint + (size_t)table->constraint_count; i++) {
        unsigned stage = mysql_plan_of(maker)->dropped[i].stage;
        if (stage > latest && mysql_key_serves(current, key, current, current->constraints[i].columns))
            latest = stage;
    }
    return latest;
}
