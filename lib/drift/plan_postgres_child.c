/* SPDX-License-Identifier: Apache-2.0
 *
 * What a statement about a column does beside it, to the tables that inherit from its table: a default goes down to all
 * of them, over defaults of their own, and a column that is dropped stays where it was declared again.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

static enum plan_side other_side(enum plan_side side)
{
    return side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
}

bool postgres_is_child_of(const struct schema *schema, size_t child, size_t parent)
{
    size_t count = 0;
    const struct schema_attribute *parents =
        schema_attribute_list(schema, schema->relations[child].attributes, ATTRIBUTE_PARENTS, &count);
    for (size_t i = 0; i < count; i++)
        if (plan_mentions(schema_text(schema, parents[i].text), schema_text(schema, schema->relations[parent].schema),
                          schema_text(schema, schema->relations[parent].name), false))
            return true;
    return false;
}

static const struct schema_relation *find_on(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *from = postgres_schema(maker, other_side(side));
    return schema_find_relation(postgres_schema(maker, side), schema_text(from, from->relations[relation].schema),
                                schema_text(from, from->relations[relation].name));
}

static bool has_parents(const struct schema *schema, const struct schema_relation *table)
{
    return table && schema_has_attribute(schema, table->attributes, ATTRIBUTE_PARENTS);
}

bool postgres_find_heirs(struct plan_maker *maker, struct postgres_plan *plan)
{
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        const struct schema *schema = postgres_schema(maker, side);
        const struct schema *other = postgres_schema(maker, other_side(side));
        plan->heirs[side] = arena_alloc(maker->arena, schema->relation_count + 1);
        for (size_t i = 0; plan->heirs[side] && i < schema->relation_count; i++)
            plan->heirs[side][i] =
                has_parents(schema, &schema->relations[i]) || has_parents(other, find_on(maker, other_side(side), i));
    }
    return plan->heirs[SIDE_CURRENT] && plan->heirs[SIDE_TARGET];
}

/* Whether the table at `child` inherits from the one at `parent`, both of `side`, on either side. */
static bool is_child(const struct plan_maker *maker, enum plan_side side, size_t child, size_t parent)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema *other = postgres_schema(maker, other_side(side));
    const struct postgres_plan *plan = maker->engine;
    if (!plan->heirs[side][child])
        return false;
    if (postgres_is_child_of(schema, child, parent))
        return true;
    const struct schema_relation *child_there = find_on(maker, other_side(side), child);
    const struct schema_relation *parent_there = find_on(maker, other_side(side), parent);
    return child_there && parent_there &&
           postgres_is_child_of(other, (size_t)(child_there - other->relations),
                                (size_t)(parent_there - other->relations));
}

bool postgres_has_children(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = postgres_schema(maker, side);
    for (size_t i = 0; i < schema->relation_count; i++)
        if (i != relation && is_child(maker, side, i, relation))
            return true;
    return false;
}

static bool is_on(const struct plan_maker *maker, enum plan_side side, size_t child,
                  const struct schema_relation *parent)
{
    const struct schema *schema = postgres_schema(maker, side);
    return parent && postgres_is_child_of(schema, child, (size_t)(parent - schema->relations));
}

bool postgres_is_inherited(const struct plan_maker *maker, enum plan_side side, size_t column)
{
    enum plan_side other = other_side(side);
    const struct schema *schema = postgres_schema(maker, side);
    size_t table = schema->columns[column].relation;
    const struct schema_relation *there = find_on(maker, other, table);
    const struct postgres_plan *plan = maker->engine;
    if (!plan->heirs[side][table])
        return false;
    for (size_t i = 0; i < schema->relation_count; i++) {
        if (!is_on(maker, side, table, &schema->relations[i]) ||
            !schema_find_column(schema, &schema->relations[i], schema_text(schema, schema->columns[column].name)))
            continue;
        size_t at = there ? (size_t)(there - postgres_schema(maker, other)->relations) : 0;
        if (!there || is_on(maker, other, at, find_on(maker, other, i)))
            return true;
    }
    return false;
}

bool postgres_knows_parents(const struct schema *schema, size_t relation)
{
    size_t count = 0;
    size_t known = 0;
    if (!schema_attribute_list(schema, schema->relations[relation].attributes, ATTRIBUTE_PARENTS, &count))
        return false;
    for (size_t i = 0; i < schema->relation_count; i++)
        known += i != relation && postgres_is_child_of(schema, relation, i);
    return known == count;
}

bool postgres_comes_from_parent(const struct schema *schema, size_t relation, const char *column)
{
    for (size_t i = 0; i < schema->relation_count; i++)
        if (i != relation && schema_find_column(schema, &schema->relations[i], column) &&
            postgres_is_child_of(schema, relation, i))
            return true;
    return false;
}

static bool changes_form(const struct plan_maker *maker, const struct plan_task *task)
{
    return task && (postgres_changes_type(maker, task) || postgres_changes_generation(task));
}

static const struct plan_task *parents_change(const struct plan_maker *maker, enum plan_side side, size_t column,
                                              unsigned levels)
{
    const struct schema *schema = postgres_schema(maker, side);
    size_t table = schema->columns[column].relation;
    const char *name = schema_text(schema, schema->columns[column].name);
    const struct plan_task *found = NULL;
    if (!((const struct postgres_plan *)maker->engine)->heirs[side][table] || find_on(maker, other_side(side), table))
        return NULL;
    for (size_t i = 0; i < schema->relation_count && !found; i++) {
        const struct schema_column *theirs = i != table && postgres_is_child_of(schema, table, i)
                                                 ? schema_find_column(schema, &schema->relations[i], name)
                                                 : NULL;
        size_t at = theirs ? (size_t)(theirs - schema->columns) : 0;
        const struct plan_task *task = theirs ? plan_find_task(maker, ARRAY_COLUMNS, side, at) : NULL;
        if (changes_form(maker, task))
            found = task;
        else if (theirs && levels > 0)
            found = parents_change(maker, side, at, levels - 1);
    }
    return found;
}

const struct plan_task *postgres_parents_change(const struct plan_maker *maker, enum plan_side side, size_t column)
{
    return parents_change(maker, side, column, POSTGRES_CHILD_LEVELS);
}

static enum postgres_column_form form_of(struct plan_maker *maker, enum plan_side side, size_t column)
{
    const struct schema *schema = postgres_schema(maker, side);
    if (schema->relations[schema->columns[column].relation].kind == RELATION_PARTITION)
        return POSTGRES_COLUMN_WHOLE; /* it says nothing of columns anyway */
    if (postgres_parents_change(maker, side, column))
        return POSTGRES_COLUMN_LEFT_OUT;
    return side == SIDE_TARGET && postgres_default_moves(maker, column) ? POSTGRES_COLUMN_WITHOUT_DEFAULT
                                                                        : POSTGRES_COLUMN_WHOLE;
}

void postgres_list_bare_table(struct plan_maker *maker, enum plan_side side, size_t relation,
                              struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    enum postgres_column_form *forms = arena_array(maker->arena, table->column_count + 1u, sizeof *forms);
    if (!forms) {
        maker->failed = true;
        return;
    }
    for (size_t i = 0; i < table->column_count; i++)
        forms[i] = form_of(maker, side, table->first_column + i);
    postgres_sql_table(&text, schema, table, forms);
    postgres_list_add(maker, list, plan_keep(maker, &text));
    for (size_t i = 0; i < table->column_count; i++) {
        const struct schema_column *column = &schema->columns[table->first_column + i];
        if (forms[i] == POSTGRES_COLUMN_LEFT_OUT && !(column->flags & COLUMN_NULLABLE))
            postgres_list_add(maker, list,
                              postgres_alter(maker, side, relation, "ALTER COLUMN %s SET NOT NULL",
                                             postgres_quoted(maker, schema_text(schema, column->name))));
    }
}

static bool has_plain_default(const struct schema_column *column)
{
    return !column->generated && !postgres_is_identity(column);
}

static void list_defaults(struct plan_maker *maker, enum plan_side to, const struct schema_column *column,
                          unsigned levels, struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, to);
    for (size_t i = 0; i < schema->relation_count && levels > 0; i++) {
        const struct schema_column *own =
            i != column->relation && is_child(maker, to, i, column->relation)
                ? schema_find_column(schema, &schema->relations[i], schema_text(schema, column->name))
                : NULL;
        if (!own || !has_plain_default(own))
            continue;
        if (strcmp(schema_text(schema, own->default_expression), schema_text(schema, column->default_expression)) != 0)
            postgres_list_add(maker, list,
                              plan_printf(maker, "ALTER TABLE IF EXISTS %s %s", postgres_table_name(maker, to, i),
                                          postgres_default_sql(maker, to, (size_t)(own - schema->columns))));
        list_defaults(maker, to, own, levels - 1, list);
    }
}

void postgres_list_default(struct plan_maker *maker, enum plan_side to, size_t column, struct postgres_list *list)
{
    const struct schema_column *wanted = &postgres_schema(maker, to)->columns[column];
    postgres_list_add(maker, list,
                      postgres_alter(maker, to, wanted->relation, "%s", postgres_default_sql(maker, to, column)));
    postgres_list_child_defaults(maker, to, column, list);
}

void postgres_list_child_defaults(struct plan_maker *maker, enum plan_side to, size_t column,
                                  struct postgres_list *list)
{
    const struct schema_column *wanted = &postgres_schema(maker, to)->columns[column];
    if (has_plain_default(wanted))
        list_defaults(maker, to, wanted, POSTGRES_CHILD_LEVELS, list);
}

/* A child that stands on both sides; whether it has the column on the side where its parent is without it. */
static bool is_heir(const struct plan_maker *maker, enum plan_side from, size_t child, size_t parent)
{
    const struct schema *schema = postgres_schema(maker, from);
    return child != parent && schema->relations[child].kind != RELATION_PARTITION &&
           is_child(maker, from, child, parent) && find_on(maker, other_side(from), child);
}

static bool keeps(const struct plan_maker *maker, enum plan_side from, size_t child, const char *name)
{
    const struct schema_relation *there = find_on(maker, other_side(from), child);
    return there && schema_find_column(postgres_schema(maker, other_side(from)), there, name);
}

static void list_drop(struct plan_maker *maker, enum plan_side from, const struct schema_column *column,
                      unsigned levels, struct postgres_list *list);

/* Where the column is declared again, it stands alone once the parent's has gone. */
static void list_child_drop(struct plan_maker *maker, enum plan_side from, const struct schema_column *own,
                            unsigned levels, struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, from);
    struct postgres_list inner = {0};
    list_drop(maker, from, own, levels, &inner);
    postgres_list_add(
        maker, list,
        postgres_do(maker,
                    plan_printf(maker,
                                "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(%s) AND a.attname = "
                                "%s AND a.attinhcount = 0 AND NOT a.attisdropped)",
                                postgres_literal(maker, postgres_table_name(maker, from, own->relation)),
                                postgres_literal(maker, schema_text(schema, own->name))),
                    &inner));
}

static void list_drop(struct plan_maker *maker, enum plan_side from, const struct schema_column *column,
                      unsigned levels, struct postgres_list *list)
{
    const struct schema *schema = postgres_schema(maker, from);
    const char *name = schema_text(schema, column->name);
    bool alone = false;
    for (size_t i = 0; i < schema->relation_count; i++)
        alone |= is_heir(maker, from, i, column->relation) && keeps(maker, from, i, name);
    postgres_list_add(maker, list,
                      plan_printf(maker, "ALTER TABLE %s%s DROP COLUMN IF EXISTS %s", alone ? "ONLY " : "",
                                  postgres_table_name(maker, from, column->relation), postgres_quoted(maker, name)));
    for (size_t i = 0; i < schema->relation_count && levels > 0; i++) {
        const struct schema_column *own = is_heir(maker, from, i, column->relation) && !keeps(maker, from, i, name)
                                              ? schema_find_column(schema, &schema->relations[i], name)
                                              : NULL;
        if (own)
            list_child_drop(maker, from, own, levels - 1, list);
    }
}

void postgres_list_drop_column(struct plan_maker *maker, enum plan_side from, size_t column, struct postgres_list *list)
{
    list_drop(maker, from, &postgres_schema(maker, from)->columns[column], POSTGRES_CHILD_LEVELS, list);
}
