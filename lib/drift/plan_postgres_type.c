/* SPDX-License-Identifier: Apache-2.0
 *
 * Enums, domains and composite types that differ.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/postgres_names.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_lean.h"
#include "drift/plan_postgres_text.h"

/* A list attribute of an object of one side. */
struct members {
    const struct schema *schema;
    const struct schema_attribute *items;
    size_t count;
};

static struct members members_of(const struct plan_maker *maker, enum plan_side side, int64_t index,
                                 enum attribute_key key)
{
    struct members members = {.schema = postgres_schema(maker, side)};
    members.items =
        schema_attribute_list(members.schema, members.schema->objects[index].attributes, key, &members.count);
    return members;
}

static const char *member_at(const struct members *members, size_t i)
{
    return schema_text(members->schema, members->items[i].text);
}

static bool has_member(const struct members *members, const char *text)
{
    for (size_t i = 0; i < members->count; i++)
        if (strcmp(member_at(members, i), text) == 0)
            return true;
    return false;
}

static const char *object_name(struct plan_maker *maker, enum plan_side side, int64_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    postgres_sql_object_name(&text, schema, &schema->objects[index]);
    return plan_keep(maker, &text);
}

/* Whether every label of `from` is in `to`, in the same order: then the rest can be added. */
static bool can_extend(const struct members *from, const struct members *to)
{
    size_t at = 0;
    for (size_t i = 0; i < to->count && at < from->count; i++)
        at += strcmp(member_at(from, at), member_at(to, i)) == 0;
    return at == from->count;
}

bool postgres_enum_extends(const struct plan_maker *maker, const struct plan_task *task)
{
    struct members present = members_of(maker, SIDE_CURRENT, task->place.live, ATTRIBUTE_VALUES);
    struct members wanted = members_of(maker, SIDE_TARGET, task->place.reference, ATTRIBUTE_VALUES);
    return can_extend(&present, &wanted);
}

/* Each new label before the next one that is there already, or at the end; from the back, so that it is there. */
static struct postgres_list add_labels(struct plan_maker *maker, const char *type, const struct members *from,
                                       const struct members *to)
{
    struct postgres_list list = {0};
    for (size_t i = to->count; i-- > 0;) {
        const char *label = member_at(to, i);
        if (has_member(from, label))
            continue;
        const char *place =
            i + 1 < to->count ? plan_printf(maker, " BEFORE %s", postgres_literal(maker, member_at(to, i + 1))) : "";
        postgres_list_add(maker, &list,
                          plan_printf(maker, "ALTER TYPE %s ADD VALUE IF NOT EXISTS %s%s", type,
                                      postgres_literal(maker, label), place));
    }
    return list;
}

/* How a column's type text names an object: "mood" or "schema.mood", an array of it with "[]" behind. */
static bool names_type(const struct schema *schema, const struct schema_column *column,
                       const struct schema_object *object, bool *ret_array)
{
    const char *type = schema_text(schema, column->type);
    const char *schema_name = schema_text(schema, object->schema);
    size_t length = strlen(type);
    *ret_array = length > 2 && strcmp(type + length - 2, "[]") == 0;
    return plan_mentions(type, schema_name, schema_text(schema, object->name), false);
}

struct retype {
    const char *column; /* quoted */
    const char *table;
    const char *type;
    const char *bare_default; /* NULL: none */
    bool array;
};

static void list_retype(struct plan_maker *maker, const struct retype *retype, struct postgres_list *list)
{
    const char *text = retype->array ? "text[]" : "text";
    if (retype->bare_default)
        postgres_list_add(
            maker, list,
            plan_printf(maker, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", retype->table, retype->column));
    postgres_list_add(maker, list,
                      plan_printf(maker, "ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s::%s::%s", retype->table,
                                  retype->column, retype->type, retype->column, text, retype->type));
    if (retype->bare_default)
        postgres_list_add(maker, list,
                          plan_printf(maker, "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s", retype->table,
                                      retype->column, retype->bare_default));
}

/* A type of the wanted labels takes the place of the one that is there, in one transaction: the columns of `at` are
 * moved over by their text. What leans on them makes way. */
static struct postgres_list swap_labels(struct plan_maker *maker, enum plan_side to, enum plan_side at,
                                        struct postgres_pair pair, struct postgres_lean *lean)
{
    const struct schema *schema = postgres_schema(maker, at);
    const struct schema_object *object = &schema->objects[pair.at[at]];
    const char *type = object_name(maker, to, pair.at[to]);
    char old[POSTGRES_NAME_SIZE] = "";
    struct postgres_list list = {0};
    cleanup(strbuf) struct strbuf old_name = STRBUF(LIMIT_SQL_PART);
    postgres_make_name(schema_text(schema, object->name), NULL, "migrationd_old", old);
    postgres_sql_qualified(&old_name, schema_text(schema, object->schema), old);
    postgres_lean_drop(maker, lean, &list);
    postgres_list_add(maker, &list,
                      plan_printf(maker, "ALTER TYPE %s RENAME TO %s", type, postgres_quoted(maker, old)));
    postgres_list_add(maker, &list, postgres_object_sql(maker, to, (size_t)pair.at[to], false));
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct schema_column *column = &schema->columns[i];
        struct retype retype = {0};
        if (!relation_is_table(&schema->relations[column->relation]) || column->generated ||
            schema->relations[column->relation].kind == RELATION_PARTITION ||
            !names_type(schema, column, object, &retype.array))
            continue;
        retype.column = postgres_quoted(maker, schema_text(schema, column->name));
        retype.table = postgres_table_name(maker, at, column->relation);
        retype.type = schema_text(schema, column->type);
        retype.bare_default = schema_text_or_null(schema, column->default_expression);
        list_retype(maker, &retype, &list);
    }
    postgres_list_add(maker, &list, plan_printf(maker, "DROP TYPE %s", strbuf_text(&old_name)));
    postgres_lean_make(maker, lean, to, &list);
    maker->failed |= !strbuf_ok(&old_name);
    return list;
}

static void lean_on_columns(struct plan_maker *maker, struct postgres_lean *lean, int64_t type)
{
    const struct schema *current = maker->current;
    bool array = false;
    for (size_t i = 0; i < current->column_count; i++)
        if (relation_is_table(&current->relations[current->columns[i].relation]) &&
            names_type(current, &current->columns[i], &current->objects[type], &array))
            postgres_lean_on_column(maker, lean, i, true);
}

/* Arguments and results of routines, and attributes of other types, cannot be moved over. */
static bool is_used_elsewhere(const struct plan_maker *maker, enum plan_side side, int64_t type)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_SIGNATURE, ATTRIBUTE_RETURNS, ATTRIBUTE_MEMBERS,
                                              ATTRIBUTE_TYPE};
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema_object *object = &schema->objects[type];
    for (size_t i = 0; i < schema->object_count; i++) {
        for (size_t k = 0; k < ARRAY_LENGTH(keys); k++) {
            size_t count = 0;
            const struct schema_attribute *texts =
                schema_attribute_list(schema, schema->objects[i].attributes, keys[k], &count);
            for (size_t j = 0; j < count; j++)
                if (plan_mentions(schema_text(schema, texts[j].text), schema_text(schema, object->schema),
                                  schema_text(schema, object->name), false))
                    return true;
        }
    }
    return false;
}

static void leave_all(struct plan_maker *maker, const struct drift_item *const *items, size_t count, const char *reason)
{
    for (size_t i = 0; i < count; i++)
        plan_leave(maker, items[i], "%s", reason);
}

void postgres_change_enum(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                          size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_object_fact(maker, pair);
    struct members present = members_of(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT], ATTRIBUTE_VALUES);
    struct members wanted = members_of(maker, SIDE_TARGET, pair.at[SIDE_TARGET], ATTRIBUTE_VALUES);
    const char *type = object_name(maker, SIDE_TARGET, pair.at[SIDE_TARGET]);
    bool extends = can_extend(&present, &wanted);
    bool shrinks = can_extend(&wanted, &present);
    struct postgres_lean lean = {.stage = extends ? 2 : PLAN_STAGES};
    struct postgres_step step = {
        .stage = extends ? 1 : PLAN_STAGES,
        .phase = extends ? PHASE_TYPE : PHASE_ALTER_TYPE,
        .lock = extends ? "none" : "ACCESS EXCLUSIVE on every table with a column of the type",
        .hazards =
            extends ? 0
                    : HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_READS) | HAZARD(MAY_FAIL_ON_DATA) | HAZARD(BREAKS_CLIENTS),
        .fact = &fact,
        .plain = extends,
        .plain_undo = shrinks,
        .undo_note = extends ? "fails while a row has one of the values" : NULL,
    };
    bool stuck = is_used_elsewhere(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]) ||
                 is_used_elsewhere(maker, SIDE_TARGET, pair.at[SIDE_TARGET]);
    if (!extends && stuck) {
        leave_all(maker, items, count,
                  "values of an enum cannot be taken away or moved while routines or other types use it: make a new "
                  "type, move the columns and the routines over to it, and drop the old one");
        return;
    }
    if (!extends || !shrinks)
        lean_on_columns(maker, &lean, pair.at[SIDE_CURRENT]);
    step.forward = extends ? add_labels(maker, type, &present, &wanted)
                           : swap_labels(maker, SIDE_TARGET, SIDE_TARGET, pair, &lean);
    if (shrinks)
        step.backward = add_labels(maker, type, &wanted, &present);
    else if (!stuck)
        step.backward = swap_labels(maker, SIDE_CURRENT, extends ? SIDE_CURRENT : SIDE_TARGET, pair, &lean);
    else
        step.undo_note = "a value that was added stays: routines or other types use the enum";
    postgres_add(maker, task, items, count, &step);
}

/* All clauses of one side, and every check of the other taken away. */
static struct postgres_list domain_list(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair)
{
    enum plan_side from = to == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    const struct schema *schema = postgres_schema(maker, to);
    uint32_t attributes = schema->objects[pair.at[to]].attributes;
    const char *preset = schema_attribute_text(schema, attributes, ATTRIBUTE_DEFAULT);
    const char *name = object_name(maker, to, pair.at[to]);
    struct members old_names = members_of(maker, from, pair.at[from], ATTRIBUTE_DOMAIN_CHECK_NAMES);
    struct members names = members_of(maker, to, pair.at[to], ATTRIBUTE_DOMAIN_CHECK_NAMES);
    struct members checks = members_of(maker, to, pair.at[to], ATTRIBUTE_DOMAIN_CHECKS);
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
                                      postgres_quoted(maker, member_at(&old_names, i))));
    for (size_t i = 0; i < checks.count && i < names.count; i++)
        postgres_list_add(maker, &list,
                          plan_printf(maker, "ALTER DOMAIN %s ADD CONSTRAINT %s CHECK (%s)", name,
                                      postgres_quoted(maker, member_at(&names, i)), member_at(&checks, i)));
    return list;
}

static bool is_about(const struct drift_item *item, const char *attribute)
{
    return item->attribute && strcmp(item->attribute, attribute) == 0;
}

void postgres_change_domain(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_object_fact(maker, pair);
    bool other_type = false;
    for (size_t i = 0; i < count; i++)
        other_type |= is_about(items[i], "type") || is_about(items[i], "collation");
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

static const char *find_same_name(const struct members *members, const char *text)
{
    size_t length = name_length(text);
    for (size_t i = 0; i < members->count; i++) {
        const char *other = member_at(members, i);
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
    struct members present = members_of(maker, from, pair.at[from], ATTRIBUTE_MEMBERS);
    struct members wanted = members_of(maker, to, pair.at[to], ATTRIBUTE_MEMBERS);
    const char *name = object_name(maker, to, pair.at[to]);
    struct postgres_list list = {0};
    size_t same = 0;
    while (same < present.count && same < wanted.count &&
           strcmp(member_at(&present, same), member_at(&wanted, same)) == 0)
        same++;
    for (size_t i = same; i < present.count; i++) {
        const char *text = member_at(&present, i);
        *ret_drops |= !find_same_name(&wanted, text);
        postgres_list_add(
            maker, &list,
            plan_printf(maker, "ALTER TYPE %s DROP ATTRIBUTE IF EXISTS %.*s", name, (int)name_length(text), text));
    }
    for (size_t i = same; i < wanted.count; i++)
        postgres_list_add(maker, &list,
                          plan_printf(maker, "ALTER TYPE %s ADD ATTRIBUTE %s", name, member_at(&wanted, i)));
    return list;
}

void postgres_change_composite(struct plan_maker *maker, const struct plan_task *task,
                               const struct drift_item *const *items, size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_object_fact(maker, pair);
    const struct schema *current = maker->current;
    bool drops = false;
    bool array = false;
    for (size_t i = 0; i < current->column_count; i++) {
        if (relation_is_table(&current->relations[current->columns[i].relation]) &&
            names_type(current, &current->columns[i], &current->objects[pair.at[SIDE_CURRENT]], &array)) {
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
