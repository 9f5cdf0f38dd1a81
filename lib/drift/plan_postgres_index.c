/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes: built and dropped while others read and write, but for those of partitioned tables, where the server cannot.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/postgres_names.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

static const struct schema_index *index_at(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    return &postgres_schema(maker, side)->indexes[index];
}

static const char *raw_name(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    return schema_text(postgres_schema(maker, side), index_at(maker, side, index)->name);
}

static const char *path_of(struct plan_maker *maker, enum plan_side side, size_t index)
{
    return postgres_index_path(maker, side, index_at(maker, side, index)->relation, raw_name(maker, side, index));
}

static bool is_partitioned(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    return schema_has_attribute(schema, schema->relations[schema->indexes[index].relation].attributes,
                                ATTRIBUTE_PARTITION_KEY);
}

static bool is_on_view(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    return !relation_is_table(&schema->relations[schema->indexes[index].relation]);
}

static enum plan_phase phase_of(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    return is_on_view(maker, side, index) ? PHASE_VIEW_INDEX : PHASE_INDEX;
}

static const char *make_sql(struct plan_maker *maker, enum plan_side side, size_t index, const char *name,
                            bool concurrently)
{
    const struct postgres_index_form form = {.name = name, .concurrently = concurrently};
    return postgres_index_sql(maker, side, index, &form);
}

static const char *drop_sql(struct plan_maker *maker, const char *path, bool concurrently)
{
    return plan_printf(maker, "DROP INDEX %sIF EXISTS %s", concurrently ? "CONCURRENTLY " : "", path);
}

void postgres_add_clearing(struct plan_maker *maker, const struct postgres_parts *parts,
                           const struct postgres_step *build, const char *path)
{
    struct postgres_fact remains = postgres_helper_fact(
        plan_printf(maker, "index %s", path),
        plan_printf(maker,
                    "(SELECT 'invalid' FROM pg_index x WHERE x.indexrelid = to_regclass(%s) AND NOT x.indisvalid)",
                    postgres_literal(maker, path)),
        "invalid", NULL);
    postgres_add(maker, parts->task, parts->items, parts->count,
                 &(struct postgres_step){
                     .stage = build->stage,
                     .phase = build->phase,
                     .lock = "ACCESS EXCLUSIVE, only if a build failed before",
                     .fact = &remains,
                     .forward = postgres_one(maker, plan_printf(maker, "DROP INDEX %s", path)),
                     .undo_note = "only what a failed build left is dropped",
                     .object = build->object,
                     .kind = build->kind,
                     .quiet = true,
                 });
}

unsigned postgres_index_stage(struct plan_maker *maker, size_t at)
{
    const struct schema *target = maker->target;
    const struct schema_index *index = &target->indexes[at];
    const struct schema_relation *table = &target->relations[index->relation];
    const char *schema_name = schema_text(target, table->schema);
    const char *name = schema_text(target, table->name);
    unsigned stage = postgres_needs_table(maker, schema_name, name);
    unsigned predicate = postgres_needs_of(maker, schema_name, name, schema_text_or_null(target, index->predicate));
    stage = predicate > stage ? predicate : stage;
    for (size_t i = 0; i < index->part_count; i++) {
        unsigned needed =
            postgres_needs_of(maker, schema_name, name, schema_text(target, target->parts[index->first_part + i].text));
        stage = needed > stage ? needed : stage;
    }
    return stage;
}

static unsigned stage_of(struct plan_maker *maker, const struct postgres_parts *parts, size_t at)
{
    const struct schema *target = maker->target;
    const struct schema_index *index = &target->indexes[at];
    const char *schema_name = schema_text(target, target->relations[index->relation].schema);
    unsigned needed = postgres_index_stage(maker, at);
    unsigned stage = parts->stage > needed ? parts->stage : needed;
    if (index->flags & INDEX_UNIQUE && !parts->fresh && stage < 2)
        stage = 2; /* it refuses rows that were accepted */
    return postgres_name_is_taken(maker, schema_name, schema_text(target, index->name)) ? PLAN_STAGES : stage;
}

unsigned postgres_new_index_stage(struct plan_maker *maker, size_t index)
{
    return stage_of(maker, &(struct postgres_parts){.stage = 1}, index);
}

/* An index of the same table that has the name, and goes or gets another in stage 3. */
static int64_t holder_of_name(const struct plan_maker *maker, size_t at)
{
    const struct schema *target = maker->target;
    const struct schema *current = maker->current;
    const struct schema_relation *wanted = &target->relations[target->indexes[at].relation];
    const struct schema_relation *table =
        schema_find_relation(current, schema_text(target, wanted->schema), schema_text(target, wanted->name));
    for (size_t i = 0; table && i < table->index_count; i++)
        if (strcmp(schema_text(current, current->indexes[table->first_index + i].name),
                   schema_text(target, target->indexes[at].name)) == 0)
            return (int64_t)(table->first_index + i);
    return DRIFT_NOWHERE;
}

/* Whether a side has something of the name that the index has on its own: a second run, or undo, must not take that. */
static bool is_used(const struct plan_maker *maker, enum plan_side side, enum plan_side own, size_t at)
{
    const struct schema *schema = postgres_schema(maker, own);
    const struct schema_relation *table = &schema->relations[schema->indexes[at].relation];
    return postgres_name_is_used(maker, side, schema_text(schema, table->schema),
                                 schema_text(schema, schema->indexes[at].name));
}

bool postgres_refers_to(const struct schema *own, const struct schema_index *index, const struct schema *schema,
                        const struct schema_constraint *foreign_key)
{
    const struct schema_relation *table = &own->relations[index->relation];
    struct text_list names = foreign_key->referenced_columns;
    size_t key_count = 0;
    if (foreign_key->kind != CONSTRAINT_FOREIGN_KEY ||
        strcmp(schema_text(schema, foreign_key->referenced_table), schema_text(own, table->name)) != 0 ||
        strcmp(schema_text(schema, foreign_key->referenced_schema), schema_text(own, table->schema)) != 0)
        return false;
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &own->parts[index->first_part + i];
        bool found = false;
        if (part->flags & PART_INCLUDED)
            continue;
        for (uint32_t k = 0; k < names.count; k++)
            found |= strcmp(schema_text(schema, schema->lists[names.first + k]), schema_text(own, part->text)) == 0;
        if (!found || part->flags & PART_EXPRESSION)
            return false;
        key_count++;
    }
    return key_count == names.count;
}

bool postgres_index_can_be_key(const struct plan_maker *maker, enum plan_side side, size_t at)
{
    const struct schema *own = postgres_schema(maker, side);
    const struct schema_index *index = &own->indexes[at];
    if (!(index->flags & INDEX_UNIQUE) || index->predicate)
        return false;
    for (enum plan_side other = SIDE_CURRENT; other <= SIDE_TARGET; other++) {
        const struct schema *schema = postgres_schema(maker, other);
        for (size_t i = 0; i < schema->constraint_count; i++)
            if (postgres_refers_to(own, index, schema, &schema->constraints[i]))
                return true;
    }
    return false;
}

void postgres_add_index(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    struct postgres_fact fact =
        postgres_index_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, (int64_t)index}}, NULL);
    bool partitioned = is_partitioned(maker, SIDE_TARGET, index);
    bool concurrent = !parts->fresh && !partitioned;
    bool key = !parts->fresh && postgres_index_can_be_key(maker, SIDE_TARGET, index);
    bool unique = index_at(maker, SIDE_TARGET, index)->flags & INDEX_UNIQUE;
    const char *path = path_of(maker, SIDE_TARGET, index);
    int64_t holder = holder_of_name(maker, index);
    if (holder >= 0)
        fact.between =
            postgres_index_fact(maker, (struct postgres_pair){{holder, DRIFT_NOWHERE}}, NULL).values[SIDE_CURRENT];
    struct postgres_step step = {
        .stage = stage_of(maker, parts, index),
        .phase = phase_of(maker, SIDE_TARGET, index),
        .lock = concurrent ? "SHARE UPDATE EXCLUSIVE" : "SHARE",
        .fact = &fact,
        .forward = postgres_one(maker, make_sql(maker, SIDE_TARGET, index, NULL, concurrent)),
        .backward = postgres_one(maker, drop_sql(maker, path, concurrent)),
        .plain = true,
        .plain_undo = true,
        .concurrent = concurrent,
        .object = parts->count ? NULL : path,
        .kind = parts->count ? NULL : drift_kind_name(DRIFT_INDEX),
    };
    /* in a second undo its name can belong to something else */
    step.shaken = is_used(maker, SIDE_CURRENT, SIDE_TARGET, index);
    step.key = key ? path : NULL;
    if (step.shaken || key)
        step.backward = postgres_one(maker, drop_sql(maker, path, false));
    if (!parts->fresh)
        step.hazards = HAZARD(BUILDS_INDEX) | (partitioned ? HAZARD(BLOCKS_WRITES) : 0) |
                       (unique ? HAZARD(MAY_FAIL_ON_DATA) | HAZARD(CHANGES_BEHAVIOUR) : 0);
    if (!postgres_claim(maker, SIDE_TARGET, ARRAY_INDEXES, index, step.stage))
        return;
    if (concurrent)
        postgres_add_clearing(maker, parts, &step, path);
    postgres_add(maker, parts->task, parts->items, parts->count, &step);
}

void postgres_make_index(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    postgres_cover_all(maker, items, count);
    postgres_add_index(maker, &(struct postgres_parts){.task = task, .items = items, .count = count, .stage = 1},
                       (size_t)task->place.reference);
}

/* The target's index of the name on the same table, or DRIFT_NOWHERE. */
static int64_t successor_of(const struct plan_maker *maker, size_t at)
{
    const struct schema *target = maker->target;
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[current->indexes[at].relation];
    const struct schema_relation *other =
        schema_find_relation(target, schema_text(current, table->schema), schema_text(current, table->name));
    for (size_t i = 0; other && i < other->index_count; i++)
        if (strcmp(schema_text(target, target->indexes[other->first_index + i].name),
                   schema_text(current, current->indexes[at].name)) == 0)
            return (int64_t)(other->first_index + i);
    return DRIFT_NOWHERE;
}

void postgres_remove_index(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    struct postgres_fact fact =
        postgres_index_fact(maker, (struct postgres_pair){{(int64_t)index, DRIFT_NOWHERE}}, NULL);
    bool reused = is_used(maker, SIDE_TARGET, SIDE_CURRENT, index);
    int64_t successor = successor_of(maker, index);
    if (successor >= 0)
        fact.between =
            postgres_index_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, successor}}, NULL).values[SIDE_TARGET];
    bool key = postgres_index_can_be_key(maker, SIDE_CURRENT, index);
    bool concurrent = !reused && !key && !is_partitioned(maker, SIDE_CURRENT, index);
    const char *path = path_of(maker, SIDE_CURRENT, index);
    if (!postgres_claim(maker, SIDE_CURRENT, ARRAY_INDEXES, index, PLAN_STAGES))
        return;
    postgres_add(maker, parts->task, parts->items, parts->count,
                 &(struct postgres_step){
                     .stage = PLAN_STAGES,
                     .phase = is_on_view(maker, SIDE_CURRENT, index) ? PHASE_DROP_TRIGGER : PHASE_DROP_INDEX,
                     .lock = concurrent ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(DISABLES_PERFORMANCE),
                     .fact = &fact,
                     .forward = postgres_one(maker, drop_sql(maker, path, concurrent)),
                     .backward = postgres_is_shaken(maker, ARRAY_INDEXES, index)
                                     ? (struct postgres_list){0} /* comes back with what it leans on */
                                     : postgres_one(maker, make_sql(maker, SIDE_CURRENT, index, NULL, concurrent)),
                     .reused = reused,
                     .key = key ? path : NULL,
                     .plain = true,
                     .plain_undo = true,
                     .concurrent = concurrent,
                     .object = parts->count ? NULL : path,
                     .kind = parts->count ? NULL : drift_kind_name(DRIFT_INDEX),
                 });
}

void postgres_drop_index(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                         size_t count)
{
    postgres_cover_all(maker, items, count);
    postgres_remove_index(maker, &(struct postgres_parts){.task = task, .items = items, .count = count},
                          (size_t)task->place.live);
}

/* A partitioned table's index: dropped and made again in one transaction. */
static void rebuild_at_once(struct plan_maker *maker, const struct plan_task *task,
                            const struct drift_item *const *items, size_t count)
{
    size_t present = (size_t)task->place.live;
    struct postgres_fact fact = postgres_index_fact(maker, postgres_pair_of(task->place), NULL);
    const char *drop = drop_sql(maker, path_of(maker, SIDE_CURRENT, present), false);
    const char *name = raw_name(maker, SIDE_CURRENT, present);
    struct postgres_step step = {
        .stage = postgres_change_stage(maker, task),
        .phase = phase_of(maker, SIDE_TARGET, (size_t)task->place.reference),
        .lock = "ACCESS EXCLUSIVE",
        .hazards = HAZARD(BUILDS_INDEX) | HAZARD(BLOCKS_READS),
        .fact = &fact,
    };
    postgres_list_add(maker, &step.forward, drop);
    postgres_list_add(maker, &step.forward, make_sql(maker, SIDE_TARGET, (size_t)task->place.reference, name, false));
    postgres_list_add(maker, &step.backward, drop);
    step.shaken = postgres_is_shaken(maker, ARRAY_INDEXES, present);
    if (!step.shaken)
        postgres_list_add(maker, &step.backward, make_sql(maker, SIDE_CURRENT, present, name, false));
    fact.passes_absent = true;
    postgres_add(maker, task, items, count, &step);
}

/* In one transaction with the foreign keys upon it. */
static void rebuild_key(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                        size_t count)
{
    struct postgres_pair pair = postgres_pair_of(task->place);
    struct postgres_fact fact = postgres_index_fact(maker, pair, NULL);
    const char *path = path_of(maker, SIDE_CURRENT, (size_t)pair.at[SIDE_CURRENT]);
    const char *name = raw_name(maker, SIDE_CURRENT, (size_t)pair.at[SIDE_CURRENT]);
    const char *sql[2] = {NULL};
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        struct postgres_list list = postgres_one(maker, drop_sql(maker, path, false));
        postgres_list_add(maker, &list, make_sql(maker, side, (size_t)pair.at[side], name, false));
        sql[side] = postgres_do_around_keys(maker, plan_printf(maker, "NOT (%s)", postgres_holds(maker, &fact, side)),
                                            path, NULL, &list);
    }
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = postgres_change_stage(maker, task),
                     .phase = phase_of(maker, SIDE_TARGET, (size_t)pair.at[SIDE_TARGET]),
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(BUILDS_INDEX) | HAZARD(BLOCKS_READS) | HAZARD(MAY_FAIL_ON_DATA),
                     .fact = &fact,
                     .forward = postgres_one(maker, sql[SIDE_TARGET]),
                     .backward = postgres_one(maker, sql[SIDE_CURRENT]),
                     .plain = true,
                     .plain_undo = true,
                 });
}

/* The old index makes room for its successor, and serves on under another name until that is built. */
struct rebuilding {
    const struct plan_task *task;
    const struct drift_item *const *items;
    size_t count;
    size_t present;
    size_t wanted;
    unsigned stage;
    const char *name;     /* not quoted */
    const char *old_name; /* likewise: while the new one is built */
    const char *path;
    const char *old_path;
};

static const char *rename_sql(struct plan_maker *maker, const char *path, const char *name)
{
    return plan_printf(maker, "ALTER INDEX %s RENAME TO %s", path, postgres_quoted(maker, name));
}

static void set_aside(struct plan_maker *maker, const struct rebuilding *rebuilding)
{
    struct postgres_fact fact = postgres_index_fact(maker, postgres_pair_of(rebuilding->task->place), NULL);
    struct postgres_list back = postgres_one(maker, rename_sql(maker, rebuilding->old_path, rebuilding->name));
    struct postgres_list away = postgres_one(maker, rename_sql(maker, rebuilding->path, rebuilding->old_name));
    struct postgres_step step = {
        .stage = rebuilding->stage,
        .phase = phase_of(maker, SIDE_TARGET, rebuilding->wanted),
        .lock = "SHARE UPDATE EXCLUSIVE",
        .fact = &fact,
        .plain = true,
        .plain_undo = true,
    };
    const char *old_one = plan_printf(maker, "to_regclass(%s)", postgres_literal(maker, rebuilding->old_path));
    const char *new_one = plan_printf(maker, "to_regclass(%s)", postgres_literal(maker, rebuilding->path));
    const char *changed = postgres_holds(maker, &fact, SIDE_TARGET);
    fact.passes_absent = true;
    step.forward = postgres_one(
        maker,
        postgres_do(maker, plan_printf(maker, "%s IS NULL AND %s IS NOT NULL AND NOT (%s)", old_one, new_one, changed),
                    &away));
    step.backward = postgres_one(
        maker, postgres_do(maker, plan_printf(maker, "%s IS NULL AND %s IS NOT NULL", new_one, old_one), &back));
    postgres_add(maker, rebuilding->task, rebuilding->items, rebuilding->count, &step);
}

static void build_successor(struct plan_maker *maker, const struct rebuilding *rebuilding)
{
    struct postgres_fact fact = postgres_index_fact(maker, postgres_pair_of(rebuilding->task->place), NULL);
    bool unique = index_at(maker, SIDE_TARGET, rebuilding->wanted)->flags & INDEX_UNIQUE;
    bool was_valid = !(index_at(maker, SIDE_CURRENT, rebuilding->present)->flags & INDEX_INVALID);
    const struct postgres_parts parts = {
        .task = rebuilding->task, .items = rebuilding->items, .count = rebuilding->count, .stage = rebuilding->stage};
    struct postgres_step step = {
        .stage = rebuilding->stage,
        .phase = phase_of(maker, SIDE_TARGET, rebuilding->wanted),
        .lock = "SHARE UPDATE EXCLUSIVE",
        .hazards = HAZARD(BUILDS_INDEX) | (unique ? HAZARD(MAY_FAIL_ON_DATA) : 0),
        .fact = &fact,
        .forward = postgres_one(maker, make_sql(maker, SIDE_TARGET, rebuilding->wanted, rebuilding->name, true)),
        .backward = postgres_one(maker, drop_sql(maker, rebuilding->path, true)),
        .undo_note = was_valid ? NULL : "the index comes back valid",
        .plain = true,
        .plain_undo = true,
        .concurrent = true,
        .quiet = true,
    };
    postgres_add_clearing(maker, &parts, &step, rebuilding->path);
    postgres_add(maker, rebuilding->task, rebuilding->items, rebuilding->count, &step);
}

static void drop_predecessor(struct plan_maker *maker, const struct rebuilding *rebuilding)
{
    struct postgres_fact fact = postgres_helper_fact(
        plan_printf(maker, "index %s", rebuilding->old_path),
        plan_printf(maker, "to_regclass(%s)::text", postgres_literal(maker, rebuilding->old_path)), "there", NULL);
    postgres_add(maker, rebuilding->task, rebuilding->items, rebuilding->count,
                 &(struct postgres_step){
                     .stage = rebuilding->stage,
                     .phase = phase_of(maker, SIDE_TARGET, rebuilding->wanted),
                     .lock = "SHARE UPDATE EXCLUSIVE",
                     .fact = &fact,
                     .forward = postgres_one(maker, drop_sql(maker, rebuilding->old_path, true)),
                     .backward = postgres_one(
                         maker, make_sql(maker, SIDE_CURRENT, rebuilding->present, rebuilding->old_name, true)),
                     .plain = true,
                     .plain_undo = true,
                     .concurrent = true,
                     .quiet = true,
                 });
}

static bool concerns_constraint(const struct plan_task *task)
{
    for (size_t i = 0; i < task->item_count; i++)
        if (task->items[i]->attribute && strcmp(task->items[i]->attribute, "constraint") == 0)
            return true;
    return false;
}

void postgres_change_index(struct plan_maker *maker, const struct plan_task *task,
                           const struct drift_item *const *items, size_t count)
{
    char old_name[POSTGRES_NAME_SIZE] = "";
    if (concerns_constraint(task)) {
        postgres_cover_all(maker, items, count); /* it is made anew as a whole */
        return;
    }
    if (index_at(maker, SIDE_TARGET, (size_t)task->place.reference)->flags & INDEX_INVALID) {
        for (size_t i = 0; i < count; i++)
            plan_leave(maker, items[i],
                       "the reference's index is invalid, which none is on purpose: build it there anew");
        return;
    }
    if (postgres_is_remade(maker, task)) {
        postgres_cover_all(maker, items, count);
        postgres_add_index(maker, &(struct postgres_parts){.task = task, .items = items, .count = count, .stage = 2},
                           (size_t)task->place.reference);
        postgres_remove_index(maker, &(struct postgres_parts){.task = task, .items = items, .count = count},
                              (size_t)task->place.live);
        return;
    }
    struct rebuilding rebuilding = {
        .task = task,
        .items = items,
        .count = count,
        .present = (size_t)task->place.live,
        .wanted = (size_t)task->place.reference,
        .stage = postgres_change_stage(maker, task),
    };
    if (postgres_is_shaken(maker, ARRAY_INDEXES, rebuilding.present) ||
        is_partitioned(maker, SIDE_CURRENT, rebuilding.present)) {
        rebuild_at_once(maker, task, items, count);
        return;
    }
    if (postgres_index_can_be_key(maker, SIDE_CURRENT, rebuilding.present) ||
        postgres_index_can_be_key(maker, SIDE_TARGET, rebuilding.wanted)) {
        rebuild_key(maker, task, items, count);
        return;
    }
    rebuilding.name = raw_name(maker, SIDE_CURRENT, rebuilding.present);
    postgres_make_name(rebuilding.name, NULL, "migrationd_old", old_name);
    rebuilding.old_name = plan_printf(maker, "%s", old_name);
    rebuilding.path = path_of(maker, SIDE_CURRENT, rebuilding.present);
    rebuilding.old_path = postgres_index_path(
        maker, SIDE_CURRENT, index_at(maker, SIDE_CURRENT, rebuilding.present)->relation, rebuilding.old_name);
    set_aside(maker, &rebuilding);
    build_successor(maker, &rebuilding);
    drop_predecessor(maker, &rebuilding);
}

/* A unique constraint in the place of a unique index, or the other way round: in one transaction. */
void postgres_change_index_constraint(struct plan_maker *maker, const struct plan_task *task,
                                      const struct drift_item *const *items, size_t count)
{
    bool to_constraint = items[0]->expected && *items[0]->expected;
    enum plan_side key_side = to_constraint ? SIDE_TARGET : SIDE_CURRENT;
    enum plan_side index_side = to_constraint ? SIDE_CURRENT : SIDE_TARGET;
    struct postgres_pair pair = postgres_pair_of(task->place);
    size_t key = (size_t)pair.at[key_side];
    size_t index = (size_t)pair.at[index_side];
    const struct schema *schema = postgres_schema(maker, key_side);
    const struct schema_constraint *constraint = &schema->constraints[key];
    const struct postgres_parts parts = {.task = task, .items = items, .count = count, .stage = 2};
    struct postgres_pair keys = {{DRIFT_NOWHERE, DRIFT_NOWHERE}};
    if (strcmp(schema_text(schema, constraint->name), raw_name(maker, index_side, index)) != 0) {
        postgres_cover_all(maker, items, count);
        (to_constraint ? postgres_add_constraint : postgres_add_index)(maker, &parts, (size_t)pair.at[SIDE_TARGET]);
        (to_constraint ? postgres_remove_index : postgres_remove_constraint)(maker, &parts,
                                                                             (size_t)pair.at[SIDE_CURRENT]);
        return;
    }
    keys.at[key_side] = (int64_t)key;
    struct postgres_fact fact = postgres_constraint_fact(maker, keys);
    struct postgres_list lists[2] = {{0}};
    const char *drop_key = postgres_alter(maker, key_side, constraint->relation, "DROP CONSTRAINT IF EXISTS %s",
                                          postgres_quoted(maker, schema_text(schema, constraint->name)));
    const char *path = path_of(maker, index_side, index);
    postgres_list_add(maker, &lists[key_side], drop_sql(maker, path, false));
    postgres_list_add(maker, &lists[key_side], postgres_constraint_sql(maker, key_side, key, false));
    postgres_list_add(maker, &lists[index_side], drop_key);
    postgres_list_add(maker, &lists[index_side], make_sql(maker, index_side, index, NULL, false));
    const char *sql[2] = {NULL};
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++)
        sql[side] = postgres_do_around_keys(maker, plan_printf(maker, "NOT (%s)", postgres_holds(maker, &fact, side)),
                                            path, NULL, &lists[side]);
    unsigned stage = postgres_change_stage(maker, task);
    postgres_add(maker, task, items, count,
                 &(struct postgres_step){
                     .stage = stage,
                     .phase = PHASE_KEY,
                     .lock = "ACCESS EXCLUSIVE",
                     .hazards = HAZARD(BUILDS_INDEX) | HAZARD(BLOCKS_READS),
                     .fact = &fact,
                     .forward = postgres_one(maker, sql[SIDE_TARGET]),
                     .backward = postgres_one(maker, sql[SIDE_CURRENT]),
                     .plain = true,
                     .plain_undo = true,
                 });
}
