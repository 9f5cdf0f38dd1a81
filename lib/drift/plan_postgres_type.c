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

/* From the first attribute on that is not the same, all are dropped and made again, so that their order is right. */
static struct postgres_list composite_list(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair,
                                           bool *ret_drops)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    struct postgres_members present = postgres_members_of(maker, from, pair.at[from], ATTRIBUTE_MEMBERS);
    struct postgres_members wanted = postgres_members_of(maker, to, pair.at[to], ATTRIBUTE_MEMBERS);
    const char *name = postgres_object_name(maker, to, pair.at[to]);
    struct postgres_list list = {0};
    size_t same = 0;
    while (same < present.count && same < wanted.count &&
           strcmp(postgres_member_at(&present, same), postgres_member_at(&wanted, same)) == 0)
        same++;
    for (size_t i = same; i < present.count; i++) {
        const char *text = postgres_member_at(&present, i);
        *ret_drops |= !find_same_name(&wanted, text);
        postgres_list_add(
            maker, &list,
            plan_printf(maker, "ALTER TYPE %s DROP ATTRIBUTE IF EXISTS %.*s", name, (int)name_length(text), text));
    }
    for (size_t i = same; i < wanted.count; i++)
        postgres_list_add(maker, &list,
                          plan_printf(maker, "ALTER TYPE %s ADD ATTRIBUTE %s", name, postgres_member_at(&wanted, i)));
    return list;
}

void postgres_change_composite(struct plan_maker *maker, const struct plan_task *task,
                               const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_object_fact(maker, pair);
    const struct schema *current = maker->current;
    bool drops = false;
    for (size_t i = 0; i < current->column_count; i++) {
        if (relation_is_table(&current->relations[current->columns[i].relation]) &&
            postgres_names_type(current, &current->columns[i], &current->objects[pair.at[SIDE_CURRENT]])) {
            leave_all(maker, items, count,
                      "a type that columns have cannot be changed: make a new type, move the columns over to it, and "
                      "drop the old one");
            return;
        }
    }
    struct postgres_list forward = composite_list(maker, SIDE_TARGET, pair, &drops);
    struct postgres_list backward = composite_list(maker, SIDE_CURRENT, pair, &(bool){false});
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = drops ? PLAN_STAGES : 2,
                     .phase = PHASE_ALTER,
                     .lock = "none",
                     .hazards = HAZARD(CHANGES_BEHAVIOUR) | HAZARD(HIDDEN_DEPENDENCIES),
                     .fact = &fact,
                     .forward = forward,
                     .backward = backward,
                 });
}
