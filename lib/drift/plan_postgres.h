/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of PostgreSQL's planner share. A fact is an SQL expression over the catalogues that gives some part of
 * an object's state as text, with the texts that it has on the two sides; a step is a statement that changes one fact,
 * together with its condition, its verification and its undo, which all follow from the fact. Everything is in the
 * maker's arena; one thread.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_POSTGRES_H
#define MIGRATIOND_DRIFT_PLAN_POSTGRES_H

#include <string.h>

#include "dialect/postgres_sql.h"
#include "drift/plan_dialect.h"

struct postgres_fact {
    const char *object;    /* for people */
    const char *query;     /* in parentheses; NULL where the thing is absent */
    const char *values[2]; /* by enum plan_side; NULL: absent */
    const char *between;   /* a text that is fine while the steps are half done; NULL: none */
    bool passes_absent;    /* so is absence */
    bool loose;            /* texts of servers that print differently */
    /* What the guard asks instead where a step makes the thing anew on changed types, which the server then prints with
     * other casts; NULL: the same. */
    const struct postgres_fact *reprinted;
};

/* SQL that is run in one transaction. */
struct postgres_list {
    const char **sql;
    size_t count;
    size_t capacity;
};

struct postgres_step {
    unsigned stage;
    enum plan_phase phase;
    unsigned rank;
    const char *lock;
    unsigned hazards;
    const struct postgres_fact *fact;
    struct postgres_list forward;
    struct postgres_list backward; /* empty: `undo_note` says why */
    const char *undo_note;
    const char *object; /* NULL: the task's */
    const char *kind;
    bool plain;      /* the engine itself makes a second run of `forward` do nothing */
    bool plain_undo; /* likewise of `backward` */
    bool reused;     /* what is dropped leaves its name to something else: only while it is as it was read */
    bool shaken; /* the fact's thing is absent before, and `backward` only drops it while it is as the target has it */
    bool concurrent; /* not transactional: both are plain */
    const char *key; /* the path of an index that is dropped, and on which foreign keys can lean; NULL: none */
    bool quiet;      /* the guard does not ask for the fact: another step's does */
};

/* A thing of the target that stands only from a stage after the first on; or a column that changes then. */
struct postgres_late {
    const char *schema_name;
    const char *name;
    const char *column; /* NULL: the thing as a whole */
    unsigned stage;
    bool moves_columns; /* a type: columns are made of it before, and moved over then */
};

/* An enum that loses values or has them in another order: a new type takes its place in the third stage. */
struct postgres_moved {
    const struct plan_task *task;
    size_t leader; /* the first of those that are moved in one step, because columns go between them */
};

/* The engine's part of the maker. */
struct postgres_seed;
struct postgres_rename;
struct postgres_plan {
    bool loose;                                   /* the two sides were printed by servers that may print differently */
    int version[2];                               /* major, by enum plan_side; 0: unknown */
    unsigned char *made[PLAN_ARRAYS];             /* of the target: the stage in which a step makes it; 0: none does */
    unsigned char *heirs[2];                      /* by enum plan_side and relation: 1: it inherits on either side */
    unsigned char *gone[PLAN_ARRAYS];             /* of the current side: the stage in which a step drops it */
    const struct plan_task **shaken[PLAN_ARRAYS]; /* of the current side: whose step takes it away, for a step of its
                                                   * own to bring it back; NULL: nobody's */
    unsigned char
        *leans[PLAN_ARRAYS]; /* of the current side: 1: steps for other things take it away and bring it back */
    const struct plan_task **retypes; /* by column of the current side: in whose step its type changes; NULL: none */
    uint64_t *view_words; /* by the current side's relation: VIEW_WORDS of a Bloom filter of a view's words */
    const struct plan_task **exchanged; /* by object of the current side, of a routine: the task of another of its name
                                         * that takes its place under all that calls it; NULL: none does */
    struct postgres_moved *moved;
    size_t moved_count;
    unsigned char *view_stages; /* by the target's relation: of views that are made or changed; 0: not known yet */
    unsigned char *view_leans;  /* likewise: 1: it changes along with something that it stands on */
    unsigned char *passes;      /* by the current side's relation: bit per stage in which a view makes way by itself */
    struct postgres_seed *seeds;
    size_t seed_count;
    const char *
        *causes[PLAN_STAGES + 1][2]; /* by stage and enum plan_side: see postgres_pass_causes; NULL: not asked */
    struct postgres_rename *renames;
    size_t rename_count;
    struct postgres_late *late;
    size_t late_count;
    size_t late_changes; /* how often something has been found to wait, or to wait longer */
    size_t late_capacity;
};

struct postgres_plan *postgres_plan_of(struct plan_maker *maker);

/* Marks what a step makes (SIDE_TARGET) or drops (SIDE_CURRENT), and tells whether it was not marked yet: what hangs on
 * something is made with it, once, whoever comes first. */
bool postgres_claim(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index, unsigned stage);

/* The stage of the claim; 0: none. */
unsigned postgres_claimed(const struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index);

void postgres_add_late(struct plan_maker *maker, const struct postgres_late *late);

/* The first stage in which what the text mentions is as the target has it; in which the relation itself is, the column,
 * or the columns of the target's relation that the text mentions. */
unsigned postgres_needs(const struct plan_maker *maker, const char *text);
unsigned postgres_needs_table(const struct plan_maker *maker, const char *schema_name, const char *table);
unsigned postgres_needs_column(const struct plan_maker *maker, const char *schema_name, const char *table,
                               const char *column);
unsigned postgres_needs_of(const struct plan_maker *maker, const char *schema_name, const char *table,
                           const char *text);

/* The same for a column of the target that is made, or for its default. */
unsigned postgres_needs_to_make(const struct plan_maker *maker, const struct schema_column *column);
unsigned postgres_needs_of_default(const struct plan_maker *maker, const struct schema_column *column);

/* Whether the step for something else has taken the thing away before its own step comes, and brings it back in the
 * undo: its own step then makes it without a condition on what was there, and only drops it in its undo. */
bool postgres_is_shaken(const struct plan_maker *maker, enum plan_array array, size_t present);

/* Whether a relation, index, sequence or type of that name is there, and goes only in stage 3. */
bool postgres_name_is_taken(struct plan_maker *maker, const char *schema_name, const char *name);

/* Whether a side has anything at all of that name among relations, indexes, sequences and types. */
bool postgres_name_is_used(const struct plan_maker *maker, enum plan_side side, const char *schema_name,
                           const char *name);

/* Whether an index or constraint that differs is made anew and the old one dropped, each in its stage: because it has
 * another name, too, or because it can only be as it is to be after columns have gone that it may use. */
bool postgres_is_remade(struct plan_maker *maker, const struct plan_task *task);

void postgres_list_add(struct plan_maker *maker, struct postgres_list *list, const char *sql);
struct postgres_list postgres_one(struct plan_maker *maker, const char *sql);

/* One fact for what a step changes in several places, all of them on both sides. */
struct postgres_fact postgres_joined_fact(struct plan_maker *maker, const struct postgres_fact *one,
                                          const struct postgres_fact *other);

/* A boolean expression: the fact is as on that side. */
const char *postgres_holds(struct plan_maker *maker, const struct postgres_fact *fact, enum plan_side side);

/* A DO block that runs the list if `condition` (NULL: always) is true. */
const char *postgres_do(struct plan_maker *maker, const char *condition, const struct postgres_list *list);

/* A DO block that runs the list, which drops the index of that path, if `condition` (NULL: always) is true. Foreign
 * keys that the server has built upon the index, of several that fit, go before and come back after it, but for those
 * that a condition on pg_constraint k (NULL: none) excepts. */
const char *postgres_do_around_keys(struct plan_maker *maker, const char *condition, const char *path,
                                    const char *except, const struct postgres_list *list);

/* A DO block that runs the validation, and only warns if rows do not fit. */
const char *postgres_validate_softly(struct plan_maker *maker, const char *sql);

void postgres_add(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                  size_t count, const struct postgres_step *step);

/* A fact that a step depends on and leaves alone. */
void postgres_guard(struct plan_maker *maker, unsigned stage, const struct postgres_fact *fact);

/* Names and texts as SQL has them. */
const char *postgres_quoted(struct plan_maker *maker, const char *name);
const char *postgres_literal(struct plan_maker *maker, const char *text);
const char *postgres_table_name(struct plan_maker *maker, enum plan_side side, size_t relation);
const char *postgres_object_name(struct plan_maker *maker, enum plan_side side, int64_t index);

/* "ALTER TABLE "s"."t" …" with the rest from printf. */
const char *postgres_alter(struct plan_maker *maker, enum plan_side side, size_t relation, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Facts, each of a thing that stands at the two indexes (DRIFT_NOWHERE: absent on that side). */
struct postgres_pair {
    int64_t at[2]; /* by enum plan_side */
};

static inline struct postgres_pair postgres_pair_of(struct drift_place place)
{
    return (struct postgres_pair){{place.live, place.reference}};
}

enum postgres_column_fact {
    COLUMN_FACT_TYPE,
    COLUMN_FACT_NULLABLE,
    COLUMN_FACT_DEFAULT,
    COLUMN_FACT_GENERATED,
    COLUMN_FACT_IDENTITY,
    COLUMN_FACT_COLLATION,
    COLUMN_FACTS
};
struct postgres_fact postgres_column_fact(struct plan_maker *maker, struct postgres_pair columns,
                                          enum postgres_column_fact which);

enum postgres_table_fact {
    TABLE_FACT_COLUMNS,
    TABLE_FACT_OWN_COLUMNS, /* asked for where a table that inherits stands on one side only */
    TABLE_FACT_PERSISTENCE,
    TABLE_FACT_ROW_SECURITY,
    TABLE_FACT_FORCE_ROW_SECURITY,
    TABLE_FACTS
};
struct postgres_fact postgres_table_fact(struct plan_maker *maker, struct postgres_pair relations,
                                         enum postgres_table_fact which);

/* The definition without whether it is valid; that alone. */
struct postgres_fact postgres_constraint_fact(struct plan_maker *maker, struct postgres_pair constraints);
struct postgres_fact postgres_valid_fact(struct plan_maker *maker, struct postgres_pair constraints);

/* A condition on pg_index x: it is not the index of a constraint. */
#define POSTGRES_IS_PLAIN_INDEX                                                                                        \
    "NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype <> 'f')"

/* `name` NULL: its own. */
struct postgres_fact postgres_index_fact(struct plan_maker *maker, struct postgres_pair indexes, const char *name);
struct postgres_fact postgres_view_fact(struct plan_maker *maker, struct postgres_pair relations);
struct postgres_fact postgres_view_options_fact(struct plan_maker *maker, struct postgres_pair relations);

/* Of any object: its definition. */
struct postgres_fact postgres_object_fact(struct plan_maker *maker, struct postgres_pair objects);
struct postgres_fact postgres_trigger_state_fact(struct plan_maker *maker, struct postgres_pair triggers);
struct postgres_fact postgres_sequence_owner_fact(struct plan_maker *maker, struct postgres_pair sequences);

/* Bodies of rules, by file. */
plan_rule_function postgres_change_schema, postgres_change_parents;
plan_rule_function postgres_drop_routine;
plan_rule_function postgres_make_object, postgres_drop_object, postgres_make_sequence, postgres_change_sequence,
    postgres_change_sequence_owner, postgres_make_trigger, postgres_change_trigger, postgres_change_trigger_state,
    postgres_make_policy, postgres_change_policy, postgres_make_routine, postgres_change_routine;
plan_rule_function postgres_change_enum, postgres_change_domain, postgres_change_composite;
plan_rule_function postgres_make_table, postgres_drop_table, postgres_change_persistence, postgres_change_row_security,
    postgres_change_force_row_security;
plan_rule_function postgres_make_column, postgres_drop_column, postgres_change_type, postgres_change_nullable,
    postgres_change_default, postgres_change_identity, postgres_change_generated;
plan_rule_function postgres_make_constraint, postgres_drop_constraint, postgres_change_constraint,
    postgres_rename_constraint;
plan_rule_function postgres_make_index, postgres_drop_index, postgres_change_index, postgres_rename_index,
    postgres_change_index_constraint;
plan_rule_function postgres_make_view, postgres_drop_view, postgres_change_view, postgres_change_view_options;

/* Before the rules: things of the target that tasks mend in a later stage than the first; views that stand on them.
 * After the rules: the columns whose types change, and whatever has to be out of their way. */
void postgres_note_late(struct plan_maker *maker);
void postgres_note_late_views(struct plan_maker *maker);
void postgres_change_types(struct plan_maker *maker);

/* Whether a task is about a column whose type or collation changes where it stands; NULL is not. The stage in which it
 * does. */
bool postgres_changes_type(const struct plan_maker *maker, const struct plan_task *task);
bool postgres_changes_generation(const struct plan_task *task);
unsigned postgres_generation_stage(const struct plan_maker *maker, const struct plan_task *task);
unsigned postgres_type_stage(const struct plan_maker *maker, const struct plan_task *task);

/* The first stage in which the thing of the target can be made, because all that it mentions is as it is to be, and in
 * which its name is free where it is missing; in which a task changes the thing that it is about. */
unsigned postgres_view_stage(const struct plan_maker *maker, size_t relation);
unsigned postgres_constraint_stage(struct plan_maker *maker, size_t index);
unsigned postgres_swap_stage(struct plan_maker *maker, size_t index);    /* in the place of an index of its name */
unsigned postgres_new_key_stage(struct plan_maker *maker, size_t index); /* of a table with rows */
unsigned postgres_index_stage(struct plan_maker *maker, size_t at);
unsigned postgres_new_index_stage(struct plan_maker *maker, size_t index);
unsigned postgres_object_stage(struct plan_maker *maker, size_t index);
unsigned postgres_new_column_stage(struct plan_maker *maker, size_t index);
unsigned postgres_new_table_stage(struct plan_maker *maker, size_t relation);
unsigned postgres_change_stage(struct plan_maker *maker, const struct plan_task *task);

/* Before all else: which routines that are to go leave their callers to another of their name. Then: whether a task is
 * about one of either. */
void postgres_find_exchanged(struct plan_maker *maker);
bool postgres_is_exchanged(const struct plan_maker *maker, const struct plan_task *task);

/* Of a routine that is made or changed: among the views where it needs a relation, or did. */
enum plan_phase postgres_routine_phase(const struct plan_maker *maker, struct drift_place place);

/* Before all else: which enums are moved. Then: whether a type's text names one; whether a column that changes its type
 * does so in the step that moves one. */
void postgres_find_moved(struct plan_maker *maker);
bool postgres_is_moved(const struct plan_maker *maker, enum plan_side side, const char *type);
bool postgres_moves_with_enum(struct plan_maker *maker, const struct plan_task *task);

/* Whether the default of a column of the target, in a table that is made, names an enum that is moved while its type
 * does not: it is set once the new type stands. */
bool postgres_default_moves(const struct plan_maker *maker, size_t column);

/* "ALTER COLUMN … TYPE …" to a side's type, with the default out of the way. A column of one side only keeps its type:
 * that is a new one under the old name. */
void postgres_list_retype(struct plan_maker *maker, enum plan_side to, struct postgres_pair pair,
                          struct postgres_list *list);

/* What mentions a composite that differs, or a column that holds it, waits for its attributes. */
void postgres_note_composite(struct plan_maker *maker, const struct plan_task *task);

/* Whether the column is of the type, or of an array of it. */
bool postgres_names_type(const struct schema *schema, const struct schema_column *column,
                         const struct schema_object *object);

/* Finds the stage of the view that a task makes or changes; true if it is later than was known. */
bool postgres_raise_view(struct plan_maker *maker, const struct plan_task *task);

/* Whether a task gives a view another definition; whether CREATE OR REPLACE can, there and back. */
bool postgres_redefines_view(const struct plan_task *task);
bool postgres_can_replace_view(const struct plan_maker *maker, struct postgres_pair pair);

/* Before the rules, when all stages are known: which views make way in steps of their own, and whether one does in a
 * stage. After the rules: the steps of those that have no task. */
void postgres_find_passing(struct plan_maker *maker);
bool postgres_passes(const struct plan_maker *maker, size_t relation, unsigned stage);
/* A condition: what a view of the current side stands on, and changes in the stage, is not as on `to`; NULL: there is
 * nothing. */
const char *postgres_pass_causes(struct plan_maker *maker, size_t relation, unsigned stage, enum plan_side to);
void postgres_add_passing(struct plan_maker *maker);

/* Before the rules: columns that change their types, and which have something in their way that is brought back, change
 * in one step. The task whose step ends a task. */
void postgres_join_retypes(struct plan_maker *maker);
const struct plan_task *postgres_step_task(const struct plan_maker *maker, const struct plan_task *task);

/* A task for each thing of the current side, none yet; false when memory is out. */
bool postgres_get_tasks(struct plan_maker *maker, const struct plan_task ***tasks);

/* Whether steps for other things take a pair's thing of the current side away and bring it back. */
bool postgres_leans(const struct plan_maker *maker, enum plan_array array, struct postgres_pair pair);

/* In the arena; NULL (and `failed`) when memory is out. */
const struct postgres_fact *postgres_keep_fact(struct plan_maker *maker, const struct postgres_fact *fact);

/* A condition: the thing is as on a side, or as the server has printed that since. */
const char *postgres_still_holds(struct plan_maker *maker, const struct postgres_fact *fact, enum plan_side side);

/* Before the rules: marks what steps for other things take away. */
void postgres_shake(struct plan_maker *maker);

/* Before the rules: in which order indexes and constraints get new names, and which need one in between. */
void postgres_order_renames(struct plan_maker *maker);

/* A step for one constraint, index, sequence, trigger or policy of the target, unless one makes it already; `items` may
 * be none: it then comes with something else that is made. `fresh`: its table is made by the plan and empty. */
struct postgres_parts {
    const struct plan_task *task;
    const struct drift_item *const *items;
    size_t count;
    unsigned stage; /* the earliest */
    bool fresh;
};
void postgres_add_constraint(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);
void postgres_add_index(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);
void postgres_add_sequence(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);
void postgres_add_sequence_owner(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);
void postgres_add_trigger(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);
void postgres_add_policy(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);

/* A step that drops a constraint or index of the current side, with what makes it again as its undo; nothing if one
 * does already. */
void postgres_remove_constraint(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);
void postgres_remove_index(struct plan_maker *maker, const struct postgres_parts *parts, size_t index);

bool postgres_is_partition_of(const struct schema *schema, size_t child, size_t parent);

/* A snapshot may have been written by anybody: the depth of what it calls inheritance is bounded. */
enum { POSTGRES_CHILD_LEVELS = 16 };

/* Whether a table inherits from another, or is a partition of it. */
bool postgres_is_child_of(const struct schema *schema, size_t child, size_t parent);

/* Whether a table inherits from tables of the schema alone; whether one of them has a column of that name. */
bool postgres_knows_parents(const struct schema *schema, size_t relation);
bool postgres_comes_from_parent(const struct schema *schema, size_t relation, const char *column);

/* Of a table that stands on that side only: whose step changes the parent's column that its own column is, NULL where
 * none does. The table is made without that column, as it has it from its parent, and so is changed with that. */
const struct plan_task *postgres_parents_change(const struct plan_maker *maker, enum plan_side side, size_t column);

/* Statements that make a table without what hangs on it. */
void postgres_list_bare_table(struct plan_maker *maker, enum plan_side side, size_t relation,
                              struct postgres_list *list);

/* Before all else: which tables inherit at all. False when memory is out. */
bool postgres_find_heirs(struct plan_maker *maker, struct postgres_plan *plan);

/* Whether others inherit from the table on either side; whether what is done to a parent's column is done to this one,
 * as long as its table stands. */
bool postgres_has_children(const struct plan_maker *maker, enum plan_side side, size_t relation);
bool postgres_is_inherited(const struct plan_maker *maker, enum plan_side side, size_t column);

/* Sets the default of a column as on its side, and defaults that its table's children have of their own; those alone,
 * after a statement that has gone down to them. */
void postgres_list_default(struct plan_maker *maker, enum plan_side to, size_t column, struct postgres_list *list);
void postgres_list_child_defaults(struct plan_maker *maker, enum plan_side to, size_t column,
                                  struct postgres_list *list);

/* Drops a column of the side, and of its table's children those that have it not on the other side. */
void postgres_list_drop_column(struct plan_maker *maker, enum plan_side from, size_t column,
                               struct postgres_list *list);

/* All statements that make a table, what hangs on it and its partitions, but for foreign keys; what hangs on it alone.
 */
void postgres_list_table(struct plan_maker *maker, enum plan_side side, size_t relation, struct postgres_list *list);
void postgres_list_rest(struct plan_maker *maker, enum plan_side side, size_t relation, struct postgres_list *list);

/* Indexes into objects of the sequences that a table's column (NULL: any of its columns) owns; calls `visit` for each.
 */
typedef void postgres_visit(struct plan_maker *maker, enum plan_side side, size_t index, void *userdata);
void postgres_each_sequence(struct plan_maker *maker, enum plan_side side, size_t relation, const char *column,
                            postgres_visit *visit, void *userdata);

/* Likewise of the triggers and policies of a relation. */
void postgres_each_object(struct plan_maker *maker, enum plan_side side, enum object_kind kind, size_t relation,
                          postgres_visit *visit, void *userdata);

/* Whether a policy's texts name another table than its own. */
bool postgres_reads_others(struct plan_maker *maker, enum plan_side side, const struct schema_object *policy);

/* Statements of one thing. */
const char *postgres_constraint_sql(struct plan_maker *maker, enum plan_side side, size_t index, bool not_valid);
const char *postgres_named_constraint_sql(struct plan_maker *maker, enum plan_side side, size_t index,
                                          const char *name);
const char *postgres_index_sql(struct plan_maker *maker, enum plan_side side, size_t index,
                               const struct postgres_index_form *form);
const char *postgres_object_sql(struct plan_maker *maker, enum plan_side side, size_t index, bool replace);
const char *postgres_drop_object_sql(struct plan_maker *maker, enum plan_side side, size_t index);
const char *postgres_view_sql(struct plan_maker *maker, enum plan_side side, size_t relation, bool replace);
void postgres_list_view(struct plan_maker *maker, enum plan_side side, size_t relation, struct postgres_list *list);
const char *postgres_drop_relation_sql(struct plan_maker *maker, enum plan_side side, size_t relation);
const char *postgres_trigger_state_sql(struct plan_maker *maker, enum plan_side side, size_t index);
/* Of a trigger that has just been made: nothing where it is enabled, which the server refuses to say of a view's. */
void postgres_list_trigger_state(struct plan_maker *maker, enum plan_side side, size_t index,
                                 struct postgres_list *list);
const char *postgres_column_sql(struct plan_maker *maker, enum plan_side side, size_t index, bool nullable);

const char *postgres_owner_sql(struct plan_maker *maker, enum plan_side side, size_t sequence);

/* "ALTER COLUMN … SET DEFAULT …" or "… DROP DEFAULT", to stand behind ALTER TABLE. */
const char *postgres_default_sql(struct plan_maker *maker, enum plan_side side, size_t index);

/* Whether the other side has something of the same name, too: where a relation is missing or unexpected, that is of
 * another kind, and DROP … IF EXISTS must not meet it. */
bool postgres_name_changes_kind(const struct plan_maker *maker, enum plan_side side, size_t relation);

/* "schema"."name" of an index of that table. */
const char *postgres_index_path(struct plan_maker *maker, enum plan_side side, size_t relation, const char *name);

/* A step before `build` that clears away what a concurrent build of `path` that failed has left: IF NOT EXISTS would
 * take it for the index. */
void postgres_add_clearing(struct plan_maker *maker, const struct postgres_parts *parts,
                           const struct postgres_step *build, const char *path);

/* A primary key of a side leaves its columns NOT NULL when it goes: statements for those that take NULL on the other.
 */
void postgres_list_nullable(struct plan_maker *maker, enum plan_side side, size_t index, struct postgres_list *list);

/* Whether a foreign key leans on a key. */
bool postgres_needs_key(const struct schema *schema, const struct schema_constraint *foreign_key,
                        const struct schema_constraint *key);

/* Whether a foreign key refers to the columns of the index, in whatever order. `own` is the index's schema. */
bool postgres_refers_to(const struct schema *own, const struct schema_index *index, const struct schema *schema,
                        const struct schema_constraint *foreign_key);

/* Whether a foreign key of either side could lean on the index, because it is unique and has the columns. */
bool postgres_index_can_be_key(const struct plan_maker *maker, enum plan_side side, size_t at);

/* Whether a constraint uses a column: its own, or as a foreign key's target. */
bool postgres_constraint_uses(const struct schema *schema, const struct schema_constraint *constraint,
                              const struct schema_column *column);
bool postgres_index_uses(const struct schema *schema, const struct schema_index *index, const char *column);

/* A fact about something that a plan makes and that stands on neither side. */
struct postgres_fact postgres_helper_fact(const char *object, const char *query, const char *before, const char *after);

static inline bool postgres_is_identity(const struct schema_column *column)
{
    return column->flags & (COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT);
}

static inline bool postgres_is_view(const struct schema_relation *relation)
{
    return relation->kind == RELATION_VIEW || relation->kind == RELATION_MATERIALIZED_VIEW;
}

static inline bool postgres_is_about(const struct drift_item *item, const char *attribute)
{
    return item->attribute && strcmp(item->attribute, attribute) == 0;
}

/* Another step ends them. */
static inline void postgres_cover_all(struct plan_maker *maker, const struct drift_item *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        plan_cover(maker, items[i]);
}

static inline struct drift_place postgres_place(int64_t current, int64_t target)
{
    return (struct drift_place){.reference = target, .live = current};
}

#endif
