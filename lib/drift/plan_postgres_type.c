/* SPDX-License-Identifier: Apache-2.0
 *
 * Domains and composite types that differ.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_members.h"
#include "drift/plan_postgres_text.h"

const char *postgres_object_name(struct plan_maker *maker, enum plan_side side, int64_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_object_name(&text, schema, &schema->objects[index]);
    return plan_keep(maker, &text);
}

static void leave_all(struct plan_maker *maker, const struct drift_item *const *items, size_t count, const char *reason)
{
    for (size_t i = 0; i < count; i++)
        plan_leave(maker, items[i], "%s", reason);
}

/* All clauses of one side, and every check of the other taken away. */
static struct postgres_list domain_list(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    const struct schema *schema = postgres_schema(maker, to);
    uint32_t attributes = schema->objects[pair.at[to]].attributes;
    const char *preset = schema_attribute_text(schema, attributes, ATTRIBUTE_DEFAULT);
    const char *name = postgres_object_name(maker, to, pair.at[to]);
    struct postgres_members old_names = postgres_members_of(maker, from, pair.at[from], ATTRIBUTE_DOMAIN_CHECK_NAMES);
    struct postgres_members names = postgres_members_of(maker, to, pair.at[to], ATTRIBUTE_DOMAIN_CHECK_NAMES);
    struct postgres_members checks = postgres_members_of(maker, to, pair.at[to], ATTRIBUTE_DOMAIN_CHECKS);
    struct postgres_list list = {0};
    postgres_list_add(maker, &list,
                      preset ? plan_printf(maker, "ALTER DOMAIN %s SET DEFAULT %s", name, preset)
                             : plan_printf(maker, "ALTER DOMAIN %s DROP DEFAULT", name));
    postgres_list_add(maker, &list,
                      plan_printf(maker, "ALTER DOMAIN %s %s NOT NULL", name,
                                  schema_has_attribute(schema, attributes, ATTRIBUTE_NOT_NULL) ? "SET" : "DROP"));
    for (size_t i = 0; i < old_names.count; i++)
        postgres_list_add(maker, &list,
                          plan_printf(maker, "ALTER DOMAIN %s DROP CONSTRAINT IF EXISTS %s", name,
                                      postgres_quoted(maker, postgres_member_at(&old_names, i))));
    for (size_t i = 0; i < checks.count && i < names.count; i++)
        postgres_list_add(maker, &list,
                          plan_printf(maker, "ALTER DOMAIN %s ADD CONSTRAINT %s CHECK (%s)", name,
                                      postgres_quoted(maker, postgres_member_at(&names, i)),
                                      postgres_member_at(&checks, i)));
    return list;
}

void postgres_change_domain(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_object_fact(maker, pair);
    bool other_type = false;
    for (size_t i = 0; i < count; i++)
        other_type |= postgres_is_about(items[i], "type") || postgres_is_about(items[i], "collation");
    if (other_type) {
        leave_all(maker, items, count,
                  "a domain's type cannot be changed: make a new domain, move the columns over to it, and drop the old "
                  "one");
        return;
    }
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = 2,
                     .phase = PHASE_ALTER,
                     .lock = "SHARE on every table with a column of the domain",
                     .hazards = HAZARD(SCANS_TABLE) | HAZARD(MAY_FAIL_ON_DATA) | HAZARD(CHANGES_BEHAVIOUR),
                     .fact = &fact,
                     .forward = domain_list(maker, SIDE_TARGET, pair),
                     .backward = domain_list(maker, SIDE_CURRENT, pair),
                 });
}

/* The length of the name, quoted or not, that a composite's attribute begins with. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    if (*text != '"')
        return strcspn(text, " ");
    for (length = 1; text[length]; length++) {
        if (text[length] != '"')
            continue;
        if (text[length + 1] != '"')
            return length + 1;
        length++;
    }
    return length;
}

static const char *find_same_name(const struct postgres_members *members, const char *text)
{
    size_t length = name_length(text);
    for (size_t i = 0; i < members->count; i++) {
        const char *other = postgres_member_at(members, i);
        if (name_length(other) == length && memcmp(other, text, length) == 0)
            return other;
    }
    return NULL;
}

/* Whether attributes are only dropped, and added behind the others: those that stay keep their values. */
static bool can_mend(const struct postgres_members *from, const struct postgres_members *to)
{
    size_t at = 0;
    for (size_t i = 0; i < from->count; i++) {
        const char *text = postgres_member_at(from, i);
        if (at < to->count && strcmp(postgres_member_at(to, at), text) == 0)
            at++;
        else if (find_same_name(to, text))
            return false;
    }
    return true;
}

static struct postgres_members attributes_of(const struct plan_maker *maker, struct postgres_pair pair,
                                             enum plan_side side)
{
    return postgres_members_of(maker, side, pair.at[side], ATTRIBUTE_MEMBERS);
}

static bool can_mend_to(const struct plan_maker *maker, struct postgres_pair pair, enum plan_side to)
{
    struct postgres_members present = attributes_of(maker, pair, to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET);
    struct postgres_members wanted = attributes_of(maker, pair, to);
    return can_mend(&present, &wanted);
}

/* Where mending does not do, all are dropped and made again from the first attribute on that is not the same, so that
 * their order is right. */
static struct postgres_list composite_list(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair)
{
    struct postgres_members present = attributes_of(maker, pair, to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET);
    struct postgres_members wanted = attributes_of(maker, pair, to);
    const char *name = postgres_object_name(maker, to, pair.at[to]);
    bool mends = can_mend(&present, &wanted);
    struct postgres_list list = {0};
    size_t same = 0;
    while (same < present.count && same < wanted.count &&
           strcmp(postgres_member_at(&present, same), postgres_member_at(&wanted, same)) == 0)
        same++;
    for (size_t i = same; i < present.count; i++) {
        const char *text = postgres_member_at(&present, i);
        if (!mends || !postgres_has_member(&wanted, text))
            postgres_list_add(
                maker, &list,
                plan_printf(maker, "ALTER TYPE %s DROP ATTRIBUTE IF EXISTS %.*s", name, (int)name_length(text), text));
    }
    for (size_t i = same; i < wanted.count; i++) {
        const char *text = postgres_member_at(&wanted, i);
        if (!mends || !postgres_has_member(&present, text))
            postgres_list_add(maker, &list, plan_printf(maker, "ALTER TYPE %s ADD ATTRIBUTE %s", name, text));
    }
    return list;
}

/* Whether the side has attributes that the other one has not. */
static bool has_more_attributes(const struct plan_maker *maker, struct postgres_pair pair, enum plan_side side)
{
    struct postgres_members own = attributes_of(maker, pair, side);
    struct postgres_members others = attributes_of(maker, pair, side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET);
    for (size_t i = 0; i < own.count; i++)
        if (!find_same_name(&others, postgres_member_at(&own, i)))
            return true;
    return false;
}

/* What is to go goes last. */
static unsigned stage_of_composite(const struct plan_maker *maker, struct postgres_pair pair)
{
    return has_more_attributes(maker, pair, SIDE_CURRENT) ? PLAN_STAGES : 2;
}

/* Whether a composite has attributes of the type, or a domain is over it. */
static bool is_made_of(const struct schema *schema, const struct schema_object *object,
                       const struct schema_object *type)
{
    enum attribute_key key = object->kind == OBJECT_COMPOSITE ? ATTRIBUTE_MEMBERS : ATTRIBUTE_TYPE;
    size_t count = 0;
    const struct schema_attribute *texts = schema_attribute_list(schema, object->attributes, key, &count);
    for (size_t i = 0; i < count; i++)
        if (plan_mentions(schema_text(schema, texts[i].text), schema_text(schema, type->schema),
                          schema_text(schema, type->name), false))
            return true;
    return false;
}

/* A side's types that the one is within, itself the first. Each is listed once, so this ends. */
static size_t *list_holders(struct plan_maker *maker, const struct schema *schema, size_t type, size_t *ret_count)
{
    size_t *holders = arena_array(maker->arena, schema->object_count + 1, sizeof *holders);
    bool *listed = arena_array(maker->arena, schema->object_count + 1, sizeof *listed);
    size_t count = 0;
    *ret_count = 0;
    if (!holders || !listed) {
        maker->failed = true;
        return NULL;
    }
    holders[count++] = type;
    listed[type] = true;
    for (size_t at = 0; at < count; at++)
        for (size_t i = 0; i < schema->object_count; i++) {
            const struct schema_object *other = &schema->objects[i];
            if (listed[i] || (other->kind != OBJECT_COMPOSITE && other->kind != OBJECT_DOMAIN) ||
                !is_made_of(schema, other, &schema->objects[holders[at]]))
                continue;
            holders[count++] = i;
            listed[i] = true;
        }
    *ret_count = count;
    return holders;
}

/* The next column of a table, from `at` on, that holds values of one of the types; DRIFT_NOWHERE: there is none. */
static int64_t next_column(const struct schema *schema, const size_t *types, size_t count, size_t at)
{
    for (; at < schema->column_count; at++)
        for (size_t i = 0; i < count && relation_is_table(&schema->relations[schema->columns[at].relation]); i++)
            if (postgres_names_type(schema, &schema->columns[at], &schema->objects[types[i]]))
                return (int64_t)at;
    return DRIFT_NOWHERE;
}

static bool is_in_tables(struct plan_maker *maker, size_t type)
{
    size_t count = 0;
    const size_t *holders = list_holders(maker, maker->current, type, &count);
    return next_column(maker->current, holders, count, 0) >= 0;
}

void postgres_note_composite(struct plan_maker *maker, const struct plan_task *task)
{
    const struct schema *target = maker->target;
    struct postgres_pair pair = postgres_pair_of(task->place);
    const struct schema_object *type = &target->objects[pair.at[SIDE_TARGET]];
    unsigned stage = stage_of_composite(maker, pair);
    size_t count = 0;
    postgres_add_late(maker, &(struct postgres_late){.schema_name = schema_text(target, type->schema),
                                                     .name = schema_text(target, type->name),
                                                     .stage = stage});
    if (!has_more_attributes(maker, pair, SIDE_TARGET))
        return;
    /* what reads the new attributes names the columns, and not the type */
    const size_t *holders = list_holders(maker, target, (size_t)pair.at[SIDE_TARGET], &count);
    for (int64_t i = next_column(target, holders, count, 0); i >= 0;
         i = next_column(target, holders, count, (size_t)i + 1)) {
        const struct schema_relation *table = &target->relations[target->columns[i].relation];
        postgres_add_late(maker, &(struct postgres_late){.schema_name = schema_text(target, table->schema),
                                                         .name = schema_text(target, table->name),
                                                         .column = schema_text(target, target->columns[i].name),
                                                         .stage = stage});
    }
}

void postgres_change_composite(struct plan_maker *maker, const struct plan_task *task,
                               const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_object_fact(maker, pair);
    bool held = is_in_tables(maker, (size_t)task->place.live);
    bool loses = held && has_more_attributes(maker, pair, SIDE_CURRENT);
    bool comes_back = !held || can_mend_to(maker, pair, SIDE_CURRENT);
    if (held && !can_mend_to(maker, pair, SIDE_TARGET)) {
        leave_all(maker, items, count,
                  "of a type that columns have, attributes can only be dropped, and added behind the others: make a "
                  "new type, move the columns over to it, and drop the old one");
        return;
    }
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = stage_of_composite(maker, pair),
                     .phase = PHASE_ALTER,
                     .lock = "none",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR) | HAZARD(HIDDEN_DEPENDENCIES) |
                                (loses ? HAZARD(DELETES_DATA) | HAZARD(BREAKS_CLIENTS) : 0),
                     .fact = &fact,
                     .forward = composite_list(maker, SIDE_TARGET, pair),
                     .backward = comes_back ? composite_list(maker, SIDE_CURRENT, pair) : (struct postgres_list){0},
                     .undo_note = !comes_back ? "an attribute that was dropped does not come back before others that "
                                                "columns have values of"
                                  : loses     ? "the values that the attributes had are lost"
                                  : held      ? "values that were written to the attributes meanwhile are lost"
                                              : NULL,
                 });
}
