/* SPDX-License-Identifier: Apache-2.0
 *
 * A schema that only one side has: one item, whatever is in it. What is in it comes and goes with statements of its
 * own, never by CASCADE, which would take along what others have built on it.
 */
#include <string.h>

#include "drift/plan_postgres.h"

static const struct {
    plan_rule_function *make;
    plan_rule_function *drop;
    enum drift_kind kind;
} relation_rows[RELATION_KINDS] = {
    [RELATION_TABLE] = {postgres_make_table, postgres_drop_table, DRIFT_TABLE},
    [RELATION_PARTITIONED] = {postgres_make_table, postgres_drop_table, DRIFT_TABLE},
    [RELATION_PARTITION] = {postgres_make_table, postgres_drop_table, DRIFT_PARTITION},
    [RELATION_VIEW] = {postgres_make_view, postgres_drop_view, DRIFT_VIEW},
    [RELATION_MATERIALIZED_VIEW] = {postgres_make_view, postgres_drop_view, DRIFT_MATERIALIZED_VIEW},
};

static const struct {
    plan_rule_function *make;
    plan_rule_function *drop;
    enum drift_kind kind;
} object_rows[OBJECT_KINDS] = {
    [OBJECT_ENUM] = {postgres_make_object, postgres_drop_object, DRIFT_ENUM},
    [OBJECT_DOMAIN] = {postgres_make_object, postgres_drop_object, DRIFT_DOMAIN},
    [OBJECT_COMPOSITE] = {postgres_make_object, postgres_drop_object, DRIFT_COMPOSITE},
    [OBJECT_SEQUENCE] = {postgres_make_sequence, postgres_drop_object, DRIFT_SEQUENCE},
    [OBJECT_ROUTINE] = {postgres_make_routine, postgres_drop_object, DRIFT_ROUTINE},
};

/* A task about one thing in the schema, without an item: the schema's own is ended by its own statement. */
static struct plan_task *part(struct plan_maker *maker, const struct plan_task *task, enum drift_kind kind,
                              size_t index, const char *object)
{
    struct plan_task *made = arena_array(maker->arena, 1, sizeof *made);
    bool missing = task->change == DRIFT_MISSING;
    if (!made) {
        maker->failed = true;
        return NULL;
    }
    *made = *task;
    made->kind = kind;
    made->object = object;
    made->place = postgres_place(missing ? DRIFT_NOWHERE : (int64_t)index, missing ? (int64_t)index : DRIFT_NOWHERE);
    made->relation = made->place;
    made->items = NULL;
    made->item_count = 0;
    return made;
}

static const char *path_of(struct plan_maker *maker, const struct plan_task *task, const char *name, const char *more)
{
    return plan_printf(maker, "%s.%s%s", task->object, postgres_quoted(maker, name), more);
}

static void add_objects(struct plan_maker *maker, const struct plan_task *task, const struct schema *schema,
                        const char *name)
{
    bool missing = task->change == DRIFT_MISSING;
    for (size_t i = 0; i < schema->object_count; i++) {
        const struct schema_object *object = &schema->objects[i];
        plan_rule_function *make = missing ? object_rows[object->kind].make : object_rows[object->kind].drop;
        if (!make || strcmp(schema_text(schema, object->schema), name) != 0)
            continue;
        const char *arguments =
            object->kind == OBJECT_ROUTINE ? plan_printf(maker, "(%s)", schema_text(schema, object->arguments)) : "";
        struct plan_task *own = part(maker, task, object_rows[object->kind].kind, i,
                                     path_of(maker, task, schema_text(schema, object->name), arguments));
        if (own)
            make(maker, own, NULL, 0);
    }
}

static void add_relations(struct plan_maker *maker, const struct plan_task *task, const struct schema *schema,
                          const char *name, bool views)
{
    bool missing = task->change == DRIFT_MISSING;
    for (size_t i = 0; i < schema->relation_count; i++) {
        const struct schema_relation *relation = &schema->relations[i];
        plan_rule_function *make = missing ? relation_rows[relation->kind].make : relation_rows[relation->kind].drop;
        if (relation_is_table(relation) == views || strcmp(schema_text(schema, relation->schema), name) != 0)
            continue;
        if (!make) {
            plan_leave(maker, task->items[0],
                       "a foreign table's server and options are not part of the model: see to \"%s\" by hand",
                       schema_text(schema, relation->name));
            continue;
        }
        struct plan_task *own = part(maker, task, relation_rows[relation->kind].kind, i,
                                     path_of(maker, task, schema_text(schema, relation->name), ""));
        if (own)
            make(maker, own, NULL, 0);
    }
}

void postgres_change_schema(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    bool missing = task->change == DRIFT_MISSING;
    const struct schema *schema = missing ? maker->target : maker->current;
    const char *name = schema_text(schema, schema->objects[missing ? task->place.reference : task->place.live].name);
    if (missing)
        postgres_make_object(maker, task, items, count);
    else
        postgres_drop_object(maker, task, items, count);
    add_relations(maker, task, schema, name, false);
    add_objects(maker, task, schema, name);
    add_relations(maker, task, schema, name, true);
}
