/* SPDX-License-Identifier: Apache-2.0
 *
 * Views, triggers, routines, events and sequences. MariaDB prepares every statement, so each is run under its
 * condition. MySQL prepares neither triggers nor routines: these are dropped if they are there and made anew, which
 * leads to the same however often it is run; what is missing is made IF NOT EXISTS.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static bool is_mariadb(const struct plan_maker *maker)
{
    return mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
}

static const char *view_sql(struct plan_maker *maker, enum plan_side side, int64_t relation)
{
    const struct schema *schema = mysql_side(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    mysql_sql_view(&text, schema, &schema->relations[relation]);
    return plan_keep(maker, &text);
}

static const char *drop_view_sql(struct plan_maker *maker, enum plan_side side, int64_t relation)
{
    return plan_printf(maker, "DROP VIEW IF EXISTS %s", mysql_table_name(maker, side, (size_t)relation));
}

static unsigned view_stage(struct plan_maker *maker, size_t relation, unsigned least)
{
    const struct schema *target = maker->target;
    unsigned stage = mysql_mentions_stage(maker, schema_text(target, target->relations[relation].definition));
    return stage > least ? stage : least;
}

/* Whoever runs the statement becomes the one with whose rights the view is read. */
static unsigned definer_hazard(const struct schema *schema, uint32_t attributes)
{
    return schema_attribute_text(schema, attributes, ATTRIBUTE_SECURITY) ? 0 : HAZARD(AUTHORIZATION);
}

void mysql_make_view(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                     size_t count)
{
    const struct schema *target = maker->target;
    size_t relation = (size_t)items[0]->place.reference;
    bool taken = mysql_find_relation(maker->current, schema_text(target, target->relations[relation].name)) >= 0;
    unsigned stage = view_stage(maker, relation, taken ? PLAN_STAGES : 1);
    mysql_claim(maker, SIDE_TARGET, ARRAY_RELATIONS, relation, stage);
    struct mysql_fact fact = mysql_view_fact(maker, (struct mysql_pair){{DRIFT_NOWHERE, (int64_t)relation}});
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = stage,
                  .phase = PHASE_VIEW,
                  .rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, relation),
                  .algorithm = ALGORITHM_NONE,
                  .fact = &fact,
                  .forward = {view_sql(maker, SIDE_TARGET, (int64_t)relation)},
                  .backward = {drop_view_sql(maker, SIDE_TARGET, (int64_t)relation)},
              });
}

void mysql_drop_view(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                     size_t count)
{
    const struct schema *current = maker->current;
    int64_t relation = items[0]->place.live;
    struct mysql_fact fact = mysql_view_fact(maker, (struct mysql_pair){{relation, DRIFT_NOWHERE}});
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = PLAN_STAGES,
                  .phase = PHASE_DROP_VIEW,
                  .rank = plan_rank_down(maker, SIDE_CURRENT, ARRAY_RELATIONS, (size_t)relation),
                  .algorithm = ALGORITHM_NONE,
                  .hazards = HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES) |
                             definer_hazard(current, current->relations[relation].attributes),
                  .fact = &fact,
                  .forward = {drop_view_sql(maker, SIDE_CURRENT, relation)},
                  .backward = {view_sql(maker, SIDE_CURRENT, relation)},
                  .undo_note = "its definer is whoever takes the plan back; grants on it are gone",
              });
}

void mysql_change_view(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                       size_t count)
{
    struct mysql_pair pair = mysql_pair_of(items[0]->place);
    size_t relation = (size_t)pair.at[SIDE_TARGET];
    struct mysql_fact fact = mysql_view_fact(maker, pair);
    unsigned stage = view_stage(maker, relation, 2);
    mysql_claim(maker, SIDE_TARGET, ARRAY_RELATIONS, relation, stage);
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = stage,
                  .phase = PHASE_VIEW,
                  .rank = plan_rank(maker, SIDE_TARGET, ARRAY_RELATIONS, relation),
                  .algorithm = ALGORITHM_NONE,
                  .hazards = HAZARD(CHANGES_BEHAVIOUR) |
                             definer_hazard(maker->target, maker->target->relations[relation].attributes),
                  .fact = &fact,
                  .forward = {view_sql(maker, SIDE_TARGET, pair.at[SIDE_TARGET])},
                  .backward = {view_sql(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT])},
                  .undo_note = "its definer is whoever takes the plan back",
              });
}

static const struct schema_object *object_at(const struct plan_maker *maker, enum plan_side side, int64_t object)
{
    return &mysql_side(maker, side)->objects[object];
}

static const char *create_sql(struct plan_maker *maker, enum plan_side side, int64_t object,
                              enum mysql_if_there if_there)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    mysql_sql_object(&text, mysql_side(maker, side), object_at(maker, side, object), if_there);
    return plan_keep(maker, &text);
}

static const char *drop_sql(struct plan_maker *maker, enum plan_side side, int64_t object)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_object *found = object_at(maker, side, object);
    return plan_printf(maker, "DROP %s IF EXISTS %s", mysql_sql_object_word(schema, found),
                       mysql_quoted(maker, schema_text(schema, found->name)));
}

/* MySQL prepares events only. */
static bool is_direct(const struct plan_maker *maker, const struct schema_object *object)
{
    return !is_mariadb(maker) && object->kind != OBJECT_EVENT;
}

/* Statements that make the object where it is missing. */
static void list_making(struct plan_maker *maker, enum plan_side side, int64_t object, const char *sql[MYSQL_STEP_SQL])
{
    if (!is_direct(maker, object_at(maker, side, object))) {
        sql[0] = create_sql(maker, side, object, MYSQL_FAIL_IF_THERE);
    } else if (mysql_plan_of(maker)->knows_if_not_exists) {
        sql[0] = create_sql(maker, side, object, MYSQL_KEEP_IF_THERE);
    } else {
        sql[0] = drop_sql(maker, side, object);
        sql[1] = create_sql(maker, side, object, MYSQL_FAIL_IF_THERE);
    }
}

/* Statements that put the object in the place of its other form. Nobody writes rows while a trigger is away. */
static void list_replacing(struct plan_maker *maker, enum plan_side side, int64_t object,
                           const char *sql[MYSQL_STEP_SQL])
{
    const struct schema_object *found = object_at(maker, side, object);
    size_t count = 0;
    if (is_mariadb(maker)) {
        sql[0] = create_sql(maker, side, object, MYSQL_REPLACE_IF_THERE);
        return;
    }
    bool locks = found->kind == OBJECT_TRIGGER;
    if (locks)
        sql[count++] = plan_printf(maker, "LOCK TABLES %s WRITE",
                                   mysql_quoted(maker, schema_text(mysql_side(maker, side), found->relation_name)));
    sql[count++] = drop_sql(maker, side, object);
    sql[count++] = create_sql(maker, side, object, MYSQL_FAIL_IF_THERE);
    if (locks)
        sql[count] = "UNLOCK TABLES";
}

/* The mode under which the body was typed; the other server may not know it. */
static const char *mode_of(const struct plan_maker *maker, enum plan_side side, int64_t object)
{
    const struct schema *schema = mysql_side(maker, side);
    if (object < 0 || object_at(maker, side, object)->kind == OBJECT_SEQUENCE ||
        mysql_sql_flavour(schema) != mysql_plan_of(maker)->flavour)
        return NULL;
    return schema_attribute_text(schema, object_at(maker, side, object)->attributes, ATTRIBUTE_SQL_MODE);
}

static const struct {
    enum plan_phase make;
    enum plan_phase drop;
    unsigned stage; /* in which a missing one is made */
} phases[OBJECT_KINDS] = {
    [OBJECT_SEQUENCE] = {PHASE_SEQUENCE, PHASE_DROP_SEQUENCE, 1},
    [OBJECT_ROUTINE] = {PHASE_ROUTINE, PHASE_DROP_ROUTINE, 1},
    [OBJECT_TRIGGER] = {PHASE_TRIGGER, PHASE_DROP_TRIGGER, 2},
    [OBJECT_EVENT] = {PHASE_EVENT, PHASE_DROP_EVENT, 2},
};

static bool leave_foreign(struct plan_maker *maker, enum plan_side side, int64_t object,
                          const struct drift_item *const *items, size_t count)
{
    if (object < 0 || mysql_sql_can_create(mysql_side(maker, side), object_at(maker, side, object)))
        return false;
    for (size_t i = 0; i < count; i++)
        plan_leave(maker, items[i], "packages, and routines in other languages than SQL, are made from their source");
    return true;
}

enum { TRIGGER_CHAIN = 16 };

/* The trigger that runs before it. */
static int64_t followed_by(const struct schema *schema, int64_t trigger)
{
    const struct schema_object *object = &schema->objects[trigger];
    const char *name = schema_attribute_text(schema, object->attributes, ATTRIBUTE_FOLLOWS);
    const struct schema_object *before = NULL;
    if (name)
        before =
            schema_find_object(schema, OBJECT_TRIGGER, NULL, schema_text(schema, object->relation_name), name, NULL);
    return before ? before - schema->objects : DRIFT_NOWHERE;
}

/* Likewise, if it is missing, too. */
static int64_t missing_before(struct plan_maker *maker, int64_t trigger)
{
    const struct schema *target = maker->target;
    int64_t before = followed_by(target, trigger);
    if (before < 0)
        return DRIFT_NOWHERE;
    const struct schema_object *object = &target->objects[before];
    const struct schema_object *live =
        schema_find_object(maker->current, OBJECT_TRIGGER, NULL, schema_text(target, object->relation_name),
                           schema_text(target, object->name), NULL);
    return live ? DRIFT_NOWHERE : before;
}

/* When the columns are there that its body speaks of. */
static unsigned body_stage(struct plan_maker *maker, int64_t object, unsigned least)
{
    const struct schema *target = maker->target;
    const struct schema_object *found = &target->objects[object];
    const char *body = schema_attribute_text(target, found->attributes, ATTRIBUTE_BODY);
    int64_t table = found->relation_name ? mysql_find_relation(target, schema_text(target, found->relation_name)) : -1;
    unsigned stage = table >= 0 && body ? mysql_columns_stage(maker, (size_t)table, body) : 1;
    unsigned own = table >= 0 ? mysql_claimed(maker, SIDE_TARGET, ARRAY_RELATIONS, (size_t)table) : 1;
    stage = own > stage ? own : stage;
    return stage > least ? stage : least;
}

/* As items have it. */
static const char *object_path(struct plan_maker *maker, enum plan_side side, const struct schema_object *object)
{
    const struct schema *schema = mysql_side(maker, side);
    return plan_printf(maker, "%s%s%s", schema_text(schema, object->relation_name), object->relation_name ? "." : "",
                       schema_text(schema, object->name));
}

/* The trigger of that name on the other side, whatever table it is on: a database has the name once. */
static int64_t namesake_of(const struct plan_maker *maker, enum plan_side side, int64_t object)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema *other = mysql_side(maker, side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT);
    const char *name = schema_text(schema, schema->objects[object].name);
    if (schema->objects[object].kind != OBJECT_TRIGGER)
        return DRIFT_NOWHERE;
    for (size_t i = other->object_starts[OBJECT_TRIGGER]; i < other->object_starts[OBJECT_TRIGGER + 1]; i++)
        if (strcmp(schema_text(other, other->objects[i].name), name) == 0)
            return (int64_t)i;
    return DRIFT_NOWHERE;
}

void mysql_add_object(struct plan_maker *maker, const struct mysql_parts *parts, size_t object)
{
    const struct schema_object *found = &maker->target->objects[object];
    int64_t at = (int64_t)object;
    int64_t namesake = namesake_of(maker, SIDE_TARGET, at);
    unsigned stage = body_stage(maker, at, namesake >= 0 ? PLAN_STAGES : parts->stage);
    unsigned rank = 0;
    for (int64_t before = missing_before(maker, at); before >= 0 && rank < TRIGGER_CHAIN; rank++) {
        stage = body_stage(maker, before, stage);
        before = missing_before(maker, before);
    }
    if (leave_foreign(maker, SIDE_TARGET, at, parts->items, parts->count) ||
        !mysql_claim(maker, SIDE_TARGET, ARRAY_OBJECTS, object, stage))
        return;
    struct mysql_fact fact = mysql_object_fact(maker, (struct mysql_pair){{namesake, at}});
    fact.between = namesake >= 0 ? "" : NULL;
    struct mysql_step step = {
        .stage = stage,
        .phase = phases[found->kind].make,
        .rank = rank,
        .from = "",
        .algorithm = ALGORITHM_NONE,
        .hazards = found->kind == OBJECT_TRIGGER ? HAZARD(CHANGES_BEHAVIOUR) : 0,
        .fact = &fact,
        .backward = {drop_sql(maker, SIDE_TARGET, at)},
        .sql_mode = {[SIDE_TARGET] = mode_of(maker, SIDE_TARGET, at)},
        .direct = is_direct(maker, found),
        .kind = object_kind_name((enum object_kind)found->kind),
        .object = parts->count > 0 ? NULL : object_path(maker, SIDE_TARGET, found),
    };
    list_making(maker, SIDE_TARGET, at, step.forward);
    mysql_add(maker, parts->task, parts->items, parts->count, &step);
}

void mysql_make_object(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                       size_t count)
{
    size_t object = (size_t)items[0]->place.reference;
    unsigned stage = phases[maker->target->objects[object].kind].stage;
    mysql_add_object(maker, &(struct mysql_parts){.task = task, .items = items, .count = count, .stage = stage},
                     object);
}

void mysql_remove_object(struct plan_maker *maker, const struct mysql_parts *parts, size_t object)
{
    const struct schema_object *found = &maker->current->objects[object];
    int64_t at = (int64_t)object;
    unsigned rank = TRIGGER_CHAIN; /* those that follow others come back behind them */
    for (int64_t before = followed_by(maker->current, at); before >= 0 && rank > 0; rank--)
        before = followed_by(maker->current, before);
    if (leave_foreign(maker, SIDE_CURRENT, at, parts->items, parts->count) ||
        !mysql_claim(maker, SIDE_CURRENT, ARRAY_OBJECTS, object, PLAN_STAGES))
        return;
    int64_t namesake = namesake_of(maker, SIDE_CURRENT, at);
    struct mysql_fact fact = mysql_object_fact(maker, (struct mysql_pair){{at, namesake}});
    fact.between = namesake >= 0 ? "" : NULL;
    struct mysql_step step = {
        .stage = PLAN_STAGES,
        .to = "",
        .exact = namesake >= 0,
        .phase = phases[found->kind].drop,
        .rank = rank,
        .algorithm = ALGORITHM_NONE,
        .hazards = HAZARD(CHANGES_BEHAVIOUR) | (found->kind == OBJECT_ROUTINE || found->kind == OBJECT_SEQUENCE
                                                    ? HAZARD(BREAKS_CLIENTS) | HAZARD(HIDDEN_DEPENDENCIES)
                                                    : 0),
        .fact = &fact,
        .forward = {drop_sql(maker, SIDE_CURRENT, at)},
        .sql_mode = {[SIDE_CURRENT] = mode_of(maker, SIDE_CURRENT, at)},
        .direct = is_direct(maker, found),
        .undo_note = found->kind == OBJECT_SEQUENCE ? "the sequence begins anew"
                                                    : "its definer is whoever takes the plan back; grants are gone",
        .kind = object_kind_name((enum object_kind)found->kind),
        .object = parts->count > 0 ? NULL : object_path(maker, SIDE_CURRENT, found),
    };
    list_making(maker, SIDE_CURRENT, at, step.backward);
    mysql_add(maker, parts->task, parts->items, parts->count, &step);
}

void mysql_drop_object(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                       size_t count)
{
    mysql_remove_object(maker,
                        &(struct mysql_parts){.task = task, .items = items, .count = count, .stage = PLAN_STAGES},
                        (size_t)items[0]->place.live);
}

void mysql_change_object(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    struct mysql_pair pair = mysql_pair_of(items[0]->place);
    const struct schema_object *found = object_at(maker, SIDE_TARGET, pair.at[SIDE_TARGET]);
    unsigned stage = body_stage(maker, pair.at[SIDE_TARGET], 2);
    if (leave_foreign(maker, SIDE_TARGET, pair.at[SIDE_TARGET], items, count) ||
        leave_foreign(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT], items, count))
        return;
    struct mysql_fact fact = mysql_object_fact(maker, pair);
    if (!is_mariadb(maker))
        fact.between = "";
    struct mysql_step step = {
        .stage = stage,
        .phase = phases[found->kind].make,
        .algorithm = ALGORITHM_NONE,
        .hazards = HAZARD(CHANGES_BEHAVIOUR) | HAZARD(AUTHORIZATION),
        .fact = &fact,
        .sql_mode = {mode_of(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]),
                     mode_of(maker, SIDE_TARGET, pair.at[SIDE_TARGET])},
        .direct = is_direct(maker, found),
        .undo_note = "its definer is whoever takes the plan back",
    };
    list_replacing(maker, SIDE_TARGET, pair.at[SIDE_TARGET], step.forward);
    list_replacing(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT], step.backward);
    mysql_add(maker, task, items, count, &step);
}

static const char *sequence_sql(struct plan_maker *maker, enum plan_side side, int64_t object)
{
    const struct schema *schema = mysql_side(maker, side);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    strbuf_add_string(&text, "ALTER SEQUENCE ");
    mysql_sql_name(&text, schema_text(schema, object_at(maker, side, object)->name));
    mysql_sql_sequence_options(&text, schema, object_at(maker, side, object));
    return plan_keep(maker, &text);
}

static const char *sequence_value(struct plan_maker *maker, enum plan_side side, int64_t object)
{
    static const enum attribute_key keys[] = {ATTRIBUTE_START, ATTRIBUTE_MIN, ATTRIBUTE_MAX, ATTRIBUTE_INCREMENT,
                                              ATTRIBUTE_CACHE};
    const struct schema *schema = mysql_side(maker, side);
    uint32_t attributes = object_at(maker, side, object)->attributes;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        const char *text = schema_attribute_text(schema, attributes, keys[i]);
        strbuf_printf(&out, "%s ", text ? text : "");
    }
    strbuf_add_string(&out, schema_has_attribute(schema, attributes, ATTRIBUTE_CYCLE) ? "1" : "0");
    return plan_keep(maker, &out);
}

/* A sequence is read like a table; without it the script stops there, with an error that names it. */
void mysql_change_sequence(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count)
{
    struct mysql_pair pair = mysql_pair_of(items[0]->place);
    const struct schema *current = maker->current;
    const char *name = mysql_quoted(maker, schema_text(current, object_at(maker, SIDE_CURRENT, pair.at[0])->name));
    struct mysql_fact fact = {
        .object = plan_printf(maker, "sequence %s", name),
        .query = plan_printf(maker,
                             "(SELECT CONCAT_WS(' ', start_value, minimum_value, maximum_value, increment, cache_size, "
                             "cycle_option) FROM %s)",
                             name),
        .values = {sequence_value(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT]),
                   sequence_value(maker, SIDE_TARGET, pair.at[SIDE_TARGET])},
    };
    mysql_add(maker, task, items, count,
              &(struct mysql_step){
                  .stage = 2,
                  .phase = PHASE_SEQUENCE,
                  .algorithm = ALGORITHM_NONE,
                  .hazards = HAZARD(CHANGES_BEHAVIOUR),
                  .fact = &fact,
                  .forward = {sequence_sql(maker, SIDE_TARGET, pair.at[SIDE_TARGET])},
                  .backward = {sequence_sql(maker, SIDE_CURRENT, pair.at[SIDE_CURRENT])},
              });
}
