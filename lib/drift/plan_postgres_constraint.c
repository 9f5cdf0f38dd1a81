/* SPDX-License-Identifier: Apache-2.0
 *
 * Constraints: of tables that hold rows not valid first, then validated; keys by way of an index that is built while
 * others write.
 */
#include <string.h>

#include "base/limits.h"
#include "dialect/postgres_names.h"
#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

static const enum plan_phase make_phases[CONSTRAINT_KINDS] = {
    [CONSTRAINT_PRIMARY_KEY] = PHASE_KEY,         [CONSTRAINT_UNIQUE] = PHASE_KEY,
    [CONSTRAINT_FOREIGN_KEY] = PHASE_FOREIGN_KEY, [CONSTRAINT_CHECK] = PHASE_CONSTRAINT,
    [CONSTRAINT_EXCLUSION] = PHASE_CONSTRAINT,
};

static const struct schema_constraint *constraint_at(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    return &postgres_schema(maker, side)->constraints[index];
}

static const char *name_of(struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *schema = postgres_schema(maker, side);
    return postgres_quoted(maker, schema_text(schema, schema->constraints[index].name));
}

static const char *drop_sql(struct plan_maker *maker, enum plan_side side, size_t index)
{
    return plan_printf(maker, "ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s",
                       postgres_table_name(maker, side, constraint_at(maker, side, index)->relation),
                       name_of(maker, side, index));
}

static bool is_key(const struct schema_constraint *constraint)
{
    return constraint->kind == CONSTRAINT_PRIMARY_KEY || constraint->kind == CONSTRAINT_UNIQUE;
}

void postgres_list_nullable(struct plan_maker *maker, enum plan_side side, size_t index, struct postgres_list *list)
{
    enum plan_side other = side == SIDE_TARGET ? SIDE_CURRENT : SIDE_TARGET;
    const struct schema *schema = postgres_schema(maker, side);
    const struct schema *without = postgres_schema(maker, other);
    const struct schema_constraint *key = &schema->constraints[index];
    const struct schema_relation *table = &schema->relations[key->relation];
    const struct schema_relation *partner =
        schema_find_relation(without, schema_text(schema, table->schema), schema_text(schema, table->name));
    for (uint32_t i = 0; partner && key->kind == CONSTRAINT_PRIMARY_KEY && i < key->columns.count; i++) {
        const char *name = schema_text(schema, schema->lists[key->columns.first + i]);
        const struct schema_column *column = schema_find_column(without, partner, name);
        if (column && column->flags & COLUMN_NULLABLE)
            postgres_list_add(maker, list,
                              postgres_alter(maker, side, key->relation, "ALTER COLUMN %s DROP NOT NULL",
                                             postgres_quoted(maker, name)));
    }
}

static struct postgres_list drop_list(struct plan_maker *maker, enum plan_side side, size_t index)
{
    struct postgres_list list = postgres_one(maker, drop_sql(maker, side, index));
    postgres_list_nullable(maker, side, index, &list);
    return list;
}

static bool is_partitioned(const struct schema *schema, const struct schema_constraint *constraint)
{
    return schema_has_attribute(schema, schema->relations[constraint->relation].attributes, ATTRIBUTE_PARTITION_KEY);
}

static const char *lock_of(const struct schema_constraint *constraint)
{
    return constraint->kind == CONSTRAINT_FOREIGN_KEY ? "SHARE ROW EXCLUSIVE on both tables" : "ACCESS EXCLUSIVE";
}

/* "constraint" of the path: the one that is there. */
static const char *path_of(struct plan_maker *maker, enum plan_side side, size_t index)
{
    return plan_printf(maker, "%s.%s", postgres_table_name(maker, side, constraint_at(maker, side, index)->relation),
                       name_of(maker, side, index));
}

static const char *kind_of(const struct plan_maker *maker, enum plan_side side, size_t index)
{
    return drift_kind_name((enum drift_kind)(DRIFT_PRIMARY_KEY + constraint_at(maker, side, index)->kind));
}

static unsigned stage_of(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);

unsigned postgres_new_key_stage(struct plan_maker *maker, size_t index)
{
    return stage_of(maker, &(struct postgres_parts){.stage = 2}, index);
}

/* The stage in which a thing of the target is there, whether its step is known already or not; 1: it is. */
static unsigned stage_of_thing(struct plan_maker *maker, enum plan_array array, size_t index)
{
    const struct plan_task *task = plan_find_task(maker, array, SIDE_TARGET, index);
    unsigned made = postgres_claimed(maker, SIDE_TARGET, array, index);
    if (made || !task || task->change == DRIFT_UNEXPECTED)
        return made ? made : 1;
    if (array == ARRAY_RELATIONS)
        return task->change == DRIFT_MISSING ? postgres_new_table_stage(maker, index) : 1;
    if (task->change == DRIFT_CHANGED)
        return postgres_change_stage(maker, task);
    return array == ARRAY_CONSTRAINTS ? postgres_new_key_stage(maker, index) : postgres_new_index_stage(maker, index);
}

/* A foreign key needs its target's key: the stage in which all keys of the target that the plan makes are there. */
static unsigned stage_of_target(struct plan_maker *maker, const struct schema_constraint *constraint)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = schema_find_relation(
        target, schema_text(target, constraint->referenced_schema), schema_text(target, constraint->referenced_table));
    if (!table)
        return 1;
    unsigned stage = stage_of_thing(maker, ARRAY_RELATIONS, (size_t)(table - target->relations));
    for (size_t i = 0; i < table->constraint_count; i++) {
        size_t key = table->first_constraint + i;
        unsigned made = is_key(&target->constraints[key]) ? stage_of_thing(maker, ARRAY_CONSTRAINTS, key) : 1;
        stage = made > stage ? made : stage;
    }
    for (size_t i = 0; i < table->index_count; i++) {
        size_t index = table->first_index + i;
        unsigned made = target->indexes[index].flags & INDEX_UNIQUE ? stage_of_thing(maker, ARRAY_INDEXES, index) : 1;
        stage = made > stage ? made : stage;
    }
    return stage;
}

/* The stage in which the columns, its own and those that it refers to, have their types. */
static unsigned stage_of_columns(const struct plan_maker *maker, const struct schema_constraint *constraint)
{
    const struct schema *target = maker->target;
    const struct schema_relation *table = &target->relations[constraint->relation];
    const char *schema_name = schema_text(target, table->schema);
    unsigned stage = postgres_needs_of(maker, schema_name, schema_text(target, table->name),
                                       schema_text_or_null(target, constraint->expression));
    const struct {
        struct text_list names;
        const char *schema_name;
        const char *table;
    } lists[] = {{constraint->columns, schema_name, schema_text(target, table->name)},
                 {constraint->referenced_columns, schema_text(target, constraint->referenced_schema),
                  schema_text(target, constraint->referenced_table)}};
    for (size_t k = 0; k < ARRAY_LENGTH(lists); k++)
        for (uint32_t i = 0; i < lists[k].names.count; i++) {
            unsigned needed = postgres_needs_column(maker, lists[k].schema_name, lists[k].table,
                                                    schema_text(target, target->lists[lists[k].names.first + i]));
            stage = needed > stage ? needed : stage;
        }
    return stage;
}

/* Another constraint of the table, of whatever kind, that has the name: it goes, or gets another, in stage 3. */
static int64_t holder_of_name(const struct plan_maker *maker, const struct schema_constraint *constraint)
{
    const struct schema *target = maker->target;
    const struct schema *current = maker->current;
    const struct schema_relation *wanted = &target->relations[constraint->relation];
    const struct schema_relation *table =
        schema_find_relation(current, schema_text(target, wanted->schema), schema_text(target, wanted->name));
    for (size_t i = 0; table && i < table->constraint_count; i++)
        if (strcmp(schema_text(current, current->constraints[table->first_constraint + i].name),
                   schema_text(target, constraint->name)) == 0)
            return (int64_t)(table->first_constraint + i);
    return DRIFT_NOWHERE;
}

unsigned postgres_constraint_stage(struct plan_maker *maker, size_t index)
{
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_TARGET, index);
    unsigned stage = postgres_needs(maker, schema_text_or_null(maker->target, constraint->expression));
    unsigned needed = constraint->kind == CONSTRAINT_FOREIGN_KEY ? stage_of_target(maker, constraint) : 1;
    stage = needed > stage ? needed : stage;
    needed = stage_of_columns(maker, constraint);
    return needed > stage ? needed : stage;
}

/* Two primary keys cannot be: the other one goes in stage 3. */
static bool has_primary_key(const struct plan_maker *maker, const struct schema_relation *wanted)
{
    const struct schema *current = maker->current;
    const struct schema_relation *table = schema_find_relation(current, schema_text(maker->target, wanted->schema),
                                                               schema_text(maker->target, wanted->name));
    for (size_t i = 0; table && i < table->constraint_count; i++)
        if (current->constraints[table->first_constraint + i].kind == CONSTRAINT_PRIMARY_KEY)
            return true;
    return false;
}

unsigned postgres_swap_stage(struct plan_maker *maker, size_t index)
{
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_TARGET, index);
    unsigned stage = postgres_constraint_stage(maker, index);
    return holder_of_name(maker, constraint) >= 0 ? PLAN_STAGES : stage > 2 ? stage : 2;
}

static unsigned stage_of(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    const struct schema *target = maker->target;
    const struct schema_constraint *constraint = &target->constraints[index];
    const struct schema_relation *table = &target->relations[constraint->relation];
    unsigned stage = parts->fresh ? parts->stage : parts->stage > 2 ? parts->stage : 2;
    unsigned needed = postgres_constraint_stage(maker, index);
    stage = needed > stage ? needed : stage;
    if (holder_of_name(maker, constraint) >= 0)
        return PLAN_STAGES;
    if (constraint->kind == CONSTRAINT_PRIMARY_KEY && has_primary_key(maker, table))
        return PLAN_STAGES;
    bool has_index = is_key(constraint) || constraint->kind == CONSTRAINT_EXCLUSION;
    if (has_index &&
        postgres_name_is_taken(maker, schema_text(target, table->schema), schema_text(target, constraint->name)))
        return PLAN_STAGES;
    return stage;
}

/* The path of a key's index, if foreign keys of either side refer to its table; NULL: none does. */
static const char *key_path(struct plan_maker *maker, enum plan_side side, size_t index)
{
    const struct schema *own = postgres_schema(maker, side);
    const struct schema_constraint *key = &own->constraints[index];
    const struct schema_relation *table = &own->relations[key->relation];
    for (enum plan_side other = SIDE_CURRENT; is_key(key) && other <= SIDE_TARGET; other++) {
        const struct schema *schema = postgres_schema(maker, other);
        for (size_t i = 0; i < schema->constraint_count; i++) {
            const struct schema_constraint *constraint = &schema->constraints[i];
            if (constraint->kind == CONSTRAINT_FOREIGN_KEY &&
                strcmp(schema_text(schema, constraint->referenced_table), schema_text(own, table->name)) == 0 &&
                strcmp(schema_text(schema, constraint->referenced_schema), schema_text(own, table->schema)) == 0)
                return postgres_index_path(maker, side, key->relation, schema_text(own, key->name));
        }
    }
    return NULL;
}

/* What the two ways of adding a constraint share. */
struct adding {
    const struct postgres_parts *parts;
    size_t index;
    struct postgres_pair pair;
    unsigned stage;
};

static struct postgres_step step_of(struct plan_maker *maker, const struct adding *adding,
                                    const struct postgres_fact *fact)
{
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_TARGET, adding->index);
    struct postgres_list backward = drop_list(maker, SIDE_TARGET, adding->index);
    return (struct postgres_step){
        .stage = adding->stage,
        .phase = make_phases[constraint->kind],
        .lock = lock_of(constraint),
        .fact = fact,
        .backward = backward,
        .plain_undo = backward.count == 1,
        .shaken = holder_of_name(maker, constraint) >= 0, /* in a second undo, that has its name again */
        .key = adding->parts->fresh ? NULL : key_path(maker, SIDE_TARGET, adding->index),
        .object = adding->parts->count ? NULL : path_of(maker, SIDE_TARGET, adding->index),
        .kind = adding->parts->count ? NULL : kind_of(maker, SIDE_TARGET, adding->index),
    };
}

/* Until it makes room, another constraint may be found under the name. */
static struct postgres_fact fact_of(struct plan_maker *maker, const struct adding *adding)
{
    struct postgres_fact fact = postgres_constraint_fact(maker, adding->pair);
    int64_t holder = holder_of_name(maker, constraint_at(maker, SIDE_TARGET, adding->index));
    if (holder >= 0 && constraint_at(maker, SIDE_CURRENT, (size_t)holder)->kind ==
                           constraint_at(maker, SIDE_TARGET, adding->index)->kind)
        fact.between =
            postgres_constraint_fact(maker, (struct postgres_pair){{holder, DRIFT_NOWHERE}}).values[SIDE_CURRENT];
    return fact;
}

static void add_at_once(struct plan_maker *maker, const struct adding *adding)
{
    const struct postgres_parts *parts = adding->parts;
    struct postgres_fact fact = fact_of(maker, adding);
    struct postgres_step step = step_of(maker, adding, &fact);
    step.forward = postgres_one(maker, postgres_constraint_sql(maker, SIDE_TARGET, adding->index, false));
    if (!parts->fresh)
        step.hazards = HAZARD(SCANS_TABLE) | HAZARD(BLOCKS_WRITES) | HAZARD(MAY_FAIL_ON_DATA);
    postgres_add(maker, parts->task, parts->items, parts->count, &step);
}

static void add_then_validate(struct plan_maker *maker, const struct adding *adding)
{
    const struct postgres_parts *parts = adding->parts;
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_TARGET, adding->index);
    struct postgres_fact fact = fact_of(maker, adding);
    struct postgres_step step = step_of(maker, adding, &fact);
    step.forward = postgres_one(maker, postgres_constraint_sql(maker, SIDE_TARGET, adding->index, true));
    step.hazards = HAZARD(CHANGES_BEHAVIOUR);
    postgres_add(maker, parts->task, parts->items, parts->count, &step);
    if (constraint->flags & (CONSTRAINT_NOT_VALID | CONSTRAINT_NOT_ENFORCED))
        return;
    struct postgres_fact valid = postgres_valid_fact(maker, adding->pair);
    struct postgres_step validate = step_of(maker, adding, &valid);
    valid.between = "false";
    valid.values[SIDE_CURRENT] = "false";
    validate.phase = PHASE_VALIDATE;
    validate.lock = "SHARE UPDATE EXCLUSIVE";
    validate.hazards = HAZARD(SCANS_TABLE) | HAZARD(MAY_FAIL_ON_DATA);
    validate.forward =
        postgres_one(maker, postgres_alter(maker, SIDE_TARGET, constraint->relation, "VALIDATE CONSTRAINT %s",
                                           name_of(maker, SIDE_TARGET, adding->index)));
    validate.backward = (struct postgres_list){0};
    validate.key = NULL;
    validate.plain = true;
    validate.quiet = true;
    validate.undo_note = "taken back with the constraint";
    postgres_add(maker, parts->task, parts->items, parts->count, &validate);
}

/* A fact about the index that becomes a constraint of its name. */
static struct postgres_fact key_index_fact(struct plan_maker *maker, const struct schema_constraint *constraint)
{
    const char *full =
        postgres_index_path(maker, SIDE_TARGET, constraint->relation, schema_text(maker->target, constraint->name));
    return postgres_helper_fact(
        plan_printf(maker, "index %s", full),
        plan_printf(maker, "(SELECT x.indisvalid::text FROM pg_index x WHERE x.indexrelid = to_regclass(%s))",
                    postgres_literal(maker, full)),
        NULL, "true");
}

/* An index of the current side that has the constraint's name; DRIFT_NOWHERE: none has. */
static int64_t index_of_name(const struct plan_maker *maker, const struct schema_constraint *constraint)
{
    const struct schema *target = maker->target;
    const struct schema *current = maker->current;
    const char *schema_name = schema_text(target, target->relations[constraint->relation].schema);
    for (size_t i = 0; i < current->index_count; i++)
        if (strcmp(schema_text(current, current->indexes[i].name), schema_text(target, constraint->name)) == 0 &&
            strcmp(schema_text(current, current->relations[current->indexes[i].relation].schema), schema_name) == 0)
            return (int64_t)i;
    return DRIFT_NOWHERE;
}

/* A condition: there is an index that was to become the constraint and has not. In a second undo an index of the
 * current side can have its name again. */
static const char *is_left_over(struct plan_maker *maker, const struct schema_constraint *constraint, const char *path)
{
    int64_t other = index_of_name(maker, constraint);
    const char *left = plan_printf(maker, "EXISTS (SELECT FROM pg_index x WHERE x.indexrelid = to_regclass(%s) AND %s)",
                                   postgres_literal(maker, path), POSTGRES_IS_PLAIN_INDEX);
    if (other < 0)
        return left;
    struct postgres_fact fact = postgres_index_fact(maker, (struct postgres_pair){{other, DRIFT_NOWHERE}}, NULL);
    return plan_printf(maker, "%s AND NOT (%s)", left, postgres_holds(maker, &fact, SIDE_CURRENT));
}

/* The index is built while others read and write. It has the constraint's name, so that a second run does nothing. */
static void build_key_index(struct plan_maker *maker, const struct adding *adding)
{
    const struct postgres_parts *parts = adding->parts;
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_TARGET, adding->index);
    const char *name = schema_text(maker->target, constraint->name);
    const char *full = postgres_index_path(maker, SIDE_TARGET, constraint->relation, name);
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_SQL_PART);
    struct postgres_fact built = key_index_fact(maker, constraint);
    struct postgres_list drop = postgres_one(maker, plan_printf(maker, "DROP INDEX %s", full));
    struct postgres_step build = step_of(maker, adding, &built);
    postgres_sql_constraint_index(&text, maker->target, constraint, name, true);
    build.key = NULL;
    build.phase = PHASE_INDEX;
    build.lock = "SHARE UPDATE EXCLUSIVE";
    build.hazards = HAZARD(BUILDS_INDEX) | HAZARD(MAY_FAIL_ON_DATA);
    build.forward = postgres_one(maker, plan_keep(maker, &text));
    build.backward = postgres_one(maker, postgres_do(maker, is_left_over(maker, constraint, full), &drop));
    build.concurrent = true;
    build.quiet = true;
    postgres_add_clearing(maker, parts, &build, full);
    postgres_add(maker, parts->task, parts->items, parts->count, &build);
}

/* "ADD CONSTRAINT … USING INDEX …" */
static const char *use_sql(struct plan_maker *maker, size_t index)
{
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_TARGET, index);
    const char *name = name_of(maker, SIDE_TARGET, index);
    return postgres_alter(maker, SIDE_TARGET, constraint->relation, "ADD CONSTRAINT %s %s USING INDEX %s%s%s", name,
                          constraint->kind == CONSTRAINT_UNIQUE ? "UNIQUE" : "PRIMARY KEY", name,
                          constraint->flags & CONSTRAINT_DEFERRABLE ? " DEFERRABLE" : "",
                          constraint->flags & CONSTRAINT_DEFERRED ? " INITIALLY DEFERRED" : "");
}

static void add_by_index(struct plan_maker *maker, const struct adding *adding)
{
    const struct postgres_parts *parts = adding->parts;
    struct postgres_fact fact = fact_of(maker, adding);
    struct postgres_step use = step_of(maker, adding, &fact);
    build_key_index(maker, adding);
    use.forward = postgres_one(maker, use_sql(maker, adding->index));
    use.hazards = HAZARD(CHANGES_BEHAVIOUR);
    postgres_add(maker, parts->task, parts->items, parts->count, &use);
}

/* Keys of partitioned tables cannot be built concurrently, nor can those that are more than an index says. */
static bool can_use_index(const struct plan_maker *maker, const struct schema_constraint *constraint)
{
    return is_key(constraint) && !is_partitioned(maker->target, constraint) &&
           !schema_has_attribute(maker->target, constraint->attributes, ATTRIBUTE_PERIOD);
}

static bool can_be_not_valid(const struct plan_maker *maker, const struct schema_constraint *constraint)
{
    if (constraint->kind == CONSTRAINT_CHECK)
        return true;
    /* before version 18 a foreign key of a partitioned table is always validated */
    return constraint->kind == CONSTRAINT_FOREIGN_KEY &&
           (!is_partitioned(maker->target, constraint) ||
            ((const struct postgres_plan *)maker->engine)->version[SIDE_CURRENT] >= 18);
}

void postgres_add_constraint(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_TARGET, index);
    const struct adding adding = {.parts = parts,
                                  .index = index,
                                  .pair = {{DRIFT_NOWHERE, (int64_t)index}},
                                  .stage = stage_of(maker, parts, index)};
    if (!postgres_claim(maker, SIDE_TARGET, ARRAY_CONSTRAINTS, index, adding.stage))
        return;
    if (parts->fresh)
        add_at_once(maker, &adding);
    else if (can_use_index(maker, constraint))
        add_by_index(maker, &adding);
    else if (can_be_not_valid(maker, constraint))
        add_then_validate(maker, &adding);
    else
        add_at_once(maker, &adding);
}

void postgres_make_constraint(struct plan_maker *maker, const struct plan_task *task,
                              const struct drift_item *const *items, size_t count)
{
    size_t index = (size_t)task->place.reference;
    postgres_cover_all(maker, items, count);
    postgres_add_constraint(maker, &(struct postgres_parts){.task = task, .items = items, .count = count, .stage = 1},
                            index);
}

/* A constraint that rows no longer fit must not stop the rest of an undo: it comes back as far as it can. */
static struct postgres_list make_again(struct plan_maker *maker, size_t index)
{
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_CURRENT, index);
    bool later = constraint->kind == CONSTRAINT_CHECK || constraint->kind == CONSTRAINT_FOREIGN_KEY;
    struct postgres_list list = {0};
    if (postgres_is_shaken(maker, ARRAY_CONSTRAINTS, index))
        return list;
    later &= !(constraint->flags & (CONSTRAINT_NOT_VALID | CONSTRAINT_NOT_ENFORCED)) &&
             !is_partitioned(maker->current, constraint);
    postgres_list_add(maker, &list, postgres_constraint_sql(maker, SIDE_CURRENT, index, later));
    if (later)
        postgres_list_add(maker, &list,
                          postgres_validate_softly(maker, postgres_alter(maker, SIDE_CURRENT, constraint->relation,
                                                                         "VALIDATE CONSTRAINT %s",
                                                                         name_of(maker, SIDE_CURRENT, index))));
    return list;
}

/* The target's constraint of the name on the table, or DRIFT_NOWHERE. */
static int64_t successor_of(const struct plan_maker *maker, const struct schema_constraint *constraint)
{
    const struct schema *target = maker->target;
    const struct schema *current = maker->current;
    const struct schema_relation *table = &current->relations[constraint->relation];
    const struct schema_relation *other =
        schema_find_relation(target, schema_text(current, table->schema), schema_text(current, table->name));
    for (size_t i = 0; other && i < other->constraint_count; i++)
        if (strcmp(schema_text(target, target->constraints[other->first_constraint + i].name),
                   schema_text(current, constraint->name)) == 0)
            return (int64_t)(other->first_constraint + i);
    return DRIFT_NOWHERE;
}

void postgres_remove_constraint(struct plan_maker *maker, const struct postgres_parts *parts, size_t index)
{
    static const enum plan_phase phases[CONSTRAINT_KINDS] = {
        [CONSTRAINT_PRIMARY_KEY] = PHASE_DROP_CONSTRAINT,  [CONSTRAINT_UNIQUE] = PHASE_DROP_CONSTRAINT,
        [CONSTRAINT_FOREIGN_KEY] = PHASE_DROP_FOREIGN_KEY, [CONSTRAINT_CHECK] = PHASE_DROP_CONSTRAINT,
        [CONSTRAINT_EXCLUSION] = PHASE_DROP_CONSTRAINT,
    };
    const struct schema_constraint *constraint = constraint_at(maker, SIDE_CURRENT, index);
    struct postgres_fact fact =
        postgres_constraint_fact(maker, (struct postgres_pair){{(int64_t)index, DRIFT_NOWHERE}});
    if (!postgres_claim(maker, SIDE_CURRENT, ARRAY_CONSTRAINTS, index, PLAN_STAGES))
        return;
    struct postgres_list forward = drop_list(maker, SIDE_CURRENT, index);
    int64_t successor = successor_of(maker, constraint);
    if (successor >= 0 && constraint_at(maker, SIDE_TARGET, (size_t)successor)->kind == constraint->kind)
        fact.between =
            postgres_constraint_fact(maker, (struct postgres_pair){{DRIFT_NOWHERE, successor}}).values[SIDE_TARGET];
    postgres_add(
        maker, parts->task, parts->items, parts->count,
        &(struct postgres_step){
            .stage = PLAN_STAGES,
            .phase = phases[constraint->kind],
            .lock = constraint->kind == CONSTRAINT_FOREIGN_KEY ? "ACCESS EXCLUSIVE on both tables" : "ACCESS EXCLUSIVE",
            .hazards = HAZARD(CHANGES_BEHAVIOUR) | (is_key(constraint) ? HAZARD(DISABLES_PERFORMANCE) : 0),
            .fact = &fact,
            .forward = forward,
            .backward = make_again(maker, index),
            .plain = forward.count == 1,
            .key = key_path(maker, SIDE_CURRENT, index),
            .reused = successor >= 0,
            .undo_note = postgres_is_shaken(maker, ARRAY_CONSTRAINTS, index)
                             ? "comes back with what it leans on"
                             : "stays not valid while there are rows that do not fit",
            .object = parts->count ? NULL : path_of(maker, SIDE_CURRENT, index),
            .kind = parts->count ? NULL : kind_of(maker, SIDE_CURRENT, index),
        });
}

/* Whether the target has a key for the foreign key that is there before the third stage. */
static bool has_lasting_key(struct plan_maker *maker, const struct schema_constraint *foreign_key)
{
    const struct schema *target = maker->target;
    for (size_t i = 0; i < target->constraint_count; i++)
        if (is_key(&target->constraints[i]) && postgres_needs_key(target, foreign_key, &target->constraints[i]) &&
            stage_of_thing(maker, ARRAY_CONSTRAINTS, i) < PLAN_STAGES)
            return true;
    for (size_t i = 0; i < target->index_count; i++)
        if (target->indexes[i].flags & INDEX_UNIQUE && !target->indexes[i].predicate &&
            postgres_refers_to(target, &target->indexes[i], target, foreign_key) &&
            stage_of_thing(maker, ARRAY_INDEXES, i) < PLAN_STAGES)
            return true;
    return false;
}

/* A foreign key that stays, away from before its key is dropped until there is another. */
static void pass_foreign_key(struct plan_maker *maker, const struct plan_task *task, const struct postgres_fact *key,
                             struct postgres_pair pair)
{
    struct postgres_fact fact = postgres_constraint_fact(maker, pair);
    struct postgres_list drop = postgres_one(maker, drop_sql(maker, SIDE_CURRENT, (size_t)pair.at[SIDE_CURRENT]));
    struct postgres_list makes[2] = {{0}};
    const char *gone = plan_printf(maker, "%s IS NULL", fact.query);
    fact.passes_absent = true;
    for (enum plan_side side = SIDE_CURRENT; side <= SIDE_TARGET; side++) {
        struct postgres_list make =
            postgres_one(maker, postgres_constraint_sql(maker, side, (size_t)pair.at[side], false));
        makes[side] = postgres_one(maker, postgres_do(maker, gone, &make));
    }
    struct postgres_step step = {
        .stage = PLAN_STAGES,
        .phase = PHASE_DROP_FOREIGN_KEY,
        .lock = "ACCESS EXCLUSIVE on both tables",
        .hazards = HAZARD(CHANGES_BEHAVIOUR),
        .fact = &fact,
        .forward = postgres_one(maker, postgres_do(maker, postgres_holds(maker, key, SIDE_CURRENT), &drop)),
        .backward = makes[SIDE_CURRENT],
        .plain = true,
        .plain_undo = true,
        .object = path_of(maker, SIDE_CURRENT, (size_t)pair.at[SIDE_CURRENT]),
        .kind = drift_kind_name(DRIFT_FOREIGN_KEY),
    };
    postgres_add(maker, task, NULL, 0, &step);
    step.phase = PHASE_FOREIGN_KEY;
    step.lock = "SHARE ROW EXCLUSIVE on both tables";
    step.hazards = HAZARD(SCANS_TABLE) | HAZARD(BLOCKS_WRITES) | HAZARD(MAY_FAIL_ON_DATA);
    step.forward = makes[SIDE_TARGET];
    step.backward = postgres_one(
        maker, postgres_do(maker, plan_printf(maker, "NOT (%s)", postgres_holds(maker, key, SIDE_CURRENT)), &drop));
    postgres_add(maker, task, NULL, 0, &step);
}

static void pass_foreign_keys(struct plan_maker *maker, const struct plan_task *task, size_t index)
{
    const struct schema *current = maker->current;
    struct postgres_fact fact =
        postgres_constraint_fact(maker, (struct postgres_pair){{(int64_t)index, DRIFT_NOWHERE}});
    for (size_t i = 0; i < current->constraint_count; i++) {
        if (!postgres_needs_key(current, &current->constraints[i], &current->constraints[index]) ||
            plan_find_task(maker, ARRAY_CONSTRAINTS, SIDE_CURRENT, i))
            continue;
        int64_t wanted = successor_of(maker, &current->constraints[i]);
        if (wanted >= 0 && !has_lasting_key(maker, constraint_at(maker, SIDE_TARGET, (size_t)wanted)) &&
            postgres_claim(maker, SIDE_CURRENT, ARRAY_CONSTRAINTS, i, PLAN_STAGES))
            pass_foreign_key(maker, task, &fact, (struct postgres_pair){{(int64_t)i, wanted}});
    }
}

void postgres_drop_constraint(struct plan_maker *maker, const struct plan_task *task,
                              const struct drift_item *const *items, size_t count)
{
    size_t index = (size_t)task->place.live;
    postgres_cover_all(maker, items, count);
    if (is_key(constraint_at(maker, SIDE_CURRENT, index)))
        pass_foreign_keys(maker, task, index);
    postgres_remove_constraint(maker, &(struct postgres_parts){.task = task, .items = items, .count = count}, index);
}
