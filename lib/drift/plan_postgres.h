/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of PostgreSQL's planner share. A fact is an SQL expression over the catalogues that gives some part of
 * an object's state as text, with the texts that it has on the two sides; a step is a statement that changes one fact,
 * together with its condition, its verification and its undo, which all follow from the fact. Everything is in the
 * maker's arena; one thread.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_POSTGRES_H
#define MIGRATIOND_DRIFT_PLAN_POSTGRES_H

#include "dialect/postgres_sql.h"
#include "drift/plan_dialect.h"

struct postgres_fact {
    const char *object;    /* for people */
    const char *query;     /* in parentheses; NULL where the thing is absent */
    const char *values[2]; /* by enum plan_side; NULL: absent */
    const char *between;   /* a text that is fine while the steps are half done; NULL: none */
    bool loose;            /* texts of servers that print differently */
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
    bool concurrent; /* not transactional: both are plain */
    bool quiet;      /* the guard does not ask for the fact: another step's does */
};

/* A thing of the target that stands only from a stage after the first on; or a column that changes then. */
struct postgres_late {
    const char *schema_name;
    const char *name;
    const char *column; /* NULL: the thing as a whole */
    unsigned stage;
};

/* The engine's part of the maker. */
struct postgres_plan {
    bool loose;                       /* the two sides were printed by servers that may print differently */
    int version[2];                   /* major, by enum plan_side; 0: unknown */
    unsigned char *made[PLAN_ARRAYS]; /* of the target: the stage in which a step makes it; 0: none does */
    unsigned char *gone[PLAN_ARRAYS]; /* of the current side: the stage in which a step drops it */
    struct postgres_late *late;
    size_t late_count;
    size_t late_capacity;
};

struct postgres_plan *postgres_plan_of(struct plan_maker *maker);

/* Marks what a step makes (SIDE_TARGET) or drops (SIDE_CURRENT), and tells whether it was not marked yet: what hangs on
 * something is made with it, once, whoever comes first. */
bool postgres_claim(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index,
                    unsigned stage);

/* The stage of the claim; 0: none. */
unsigned postgres_claimed(const struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index);

void postgres_add_late(struct plan_maker *maker, const struct postgres_late *late);

/* The first stage in which what the text mentions is as the target has it. */
unsigned postgres_needs(const struct plan_maker *maker, const char *text);

/* Whether a relation, index, sequence or type of that name is there, and goes only in stage 3. */
bool postgres_name_is_taken(struct plan_maker *maker, const char *schema_name, const char *name);

void postgres_list_add(struct plan_maker *maker, struct postgres_list *list, const char *sql);
struct postgres_list postgres_one(struct plan_maker *maker, const char *sql);

/* A boolean expression: the fact is as on that side. */
const char *postgres_holds(struct plan_maker *maker, const struct postgres_fact *fact, enum plan_side side);

/* A DO block that runs the list if `condition` (NULL: always) is true. */
const char *postgres_do(struct plan_maker *maker, const char *condition, const struct postgres_list *list);

void postgres_add(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
                  size_t count, const struct postgres_step *step);

/* A fact that a step depends on and leaves alone. */
void postgres_guard(struct plan_maker *maker, unsigned stage, const struct postgres_fact *fact);

/* Names and texts as SQL has them. */
const char *postgres_quoted(struct plan_maker *maker, const char *name);
const char *postgres_literal(struct plan_maker *maker, const char *text);
const char *postgres_table_name(struct plan_maker *maker, enum plan_side side, size_t relation);

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

/* `name` NULL: its own. */
struct postgres_fact postgres_index_fact(struct plan_maker *maker, struct postgres_pair indexes, const char *name);
struct postgres_fact postgres_view_fact(struct plan_maker *maker, struct postgres_pair relations);
struct postgres_fact postgres_view_options_fact(struct plan_maker *maker, struct postgres_pair relations);

/* Of any object: its definition. */
struct postgres_fact postgres_object_fact(struct plan_maker *maker, struct postgres_pair objects);
struct postgres_fact postgres_trigger_state_fact(struct plan_maker *maker, struct postgres_pair triggers);
struct postgres_fact postgres_sequence_owner_fact(struct plan_maker *maker, struct postgres_pair sequences);

/* Rules' functions. */
plan_rule_function postgres_make_schema, postgres_drop_schema;

#endif
