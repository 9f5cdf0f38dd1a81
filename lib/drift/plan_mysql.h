/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of MySQL's and MariaDB's planner share. A fact is an SQL expression over information_schema that gives
 * some part of an object's state as text, with the texts that it has on the two sides; a step is a statement that leads
 * from one text to the other. DDL commits by itself and knows no IF: a step puts its SQL into a user variable where it
 * is still to be run, DO 0 otherwise, and prepares and executes that. Nothing is created on the server for it.
 *
 * Everything is in the maker's arena; one thread.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_MYSQL_H
#define MIGRATIOND_DRIFT_PLAN_MYSQL_H

#include "dialect/mysql_sql.h"
#include "drift/plan_dialect.h"

/* Texts of facts are never empty: "" is what an absent thing gives. */
struct mysql_fact {
    const char *object;    /* for people */
    const char *query;     /* in parentheses; NULL where the thing is absent */
    const char *values[2]; /* by enum plan_side */
    const char *between;   /* a text that is fine while stages are half done; NULL: none */
};

/* What the server is asked for; it refuses rather than doing with less. */
enum mysql_algorithm {
    ALGORITHM_INSTANT,
    ALGORITHM_ONLINE,         /* whatever lets reads and writes go on */
    ALGORITHM_INPLACE,        /* likewise, without the table being written anew */
    ALGORITHM_REBUILD,        /* likewise, while it is */
    ALGORITHM_INPLACE_SHARED, /* reads go on */
    ALGORITHM_CHOSEN,         /* nothing: it may copy the table, while reads go on */
    ALGORITHM_NONE,           /* a statement that takes no such clause */
    MYSQL_ALGORITHMS
};

enum { MYSQL_STEP_SQL = 4 };

struct mysql_step {
    unsigned stage;
    enum plan_phase phase;
    unsigned rank;
    enum mysql_algorithm algorithm;
    const char *lock; /* instead of the algorithm's */
    unsigned hazards;
    const struct mysql_fact *fact;
    const char *from;                    /* NULL: the fact's text on the current side */
    const char *to;                      /* NULL: on the target side */
    const char *also_back;               /* likewise for backward */
    const char *also;                    /* a further condition, for forward only; NULL: none */
    const char *forward[MYSQL_STEP_SQL]; /* statements, NULL behind the last */
    const char *backward[MYSQL_STEP_SQL];
    const char *when[MYSQL_STEP_SQL]; /* a further condition for each of `forward`; NULL: none */
    const char *when_back[MYSQL_STEP_SQL];
    const char *sql_mode[2]; /* of the session while the statements run, by the direction's goal; NULL: the header's */
    const char *undo_note;
    const char *object; /* NULL: the task's */
    const char *kind;
    bool exact;  /* run only where the fact is still `from`: another step makes the thing anew */
    bool direct; /* `forward` and `backward` cannot be prepared, and do no harm when they are run again */
    bool quiet;  /* the guard does not ask for the fact: another step's does */
};

/* What `end` has to do about a foreign key, or what is done about it in which stage; 0: nothing. */
struct mysql_reference {
    unsigned stage;
    const struct plan_task *task;
    const struct drift_item *const *items;
    size_t count;
    const char *also_back; /* likewise for backward */
    const char *also;      /* the condition of a detour: the column is still to be changed */
};

/* The engine's part of the maker. */
struct mysql_plan {
    enum mysql_flavour flavour;       /* of the server that the scripts are for */
    bool loose;                       /* the target was printed by another server, or declared */
    bool knows_if_not_exists;         /* CREATE TRIGGER and CREATE PROCEDURE do */
    bool *unsettled;                  /* by relation of the target: some item is about it or a column of it */
    unsigned char *made[PLAN_ARRAYS]; /* of the target: the stage in which a step makes it; 0: none does */
    unsigned char *gone[PLAN_ARRAYS]; /* of the current side: the stage in which a step drops it */
    struct mysql_reference *dropped;  /* by constraint of the current side */
    struct mysql_reference *added;    /* by constraint of the target */
};

static inline struct mysql_plan *mysql_plan_of(const struct plan_maker *maker)
{
    return maker->engine;
}

static inline const struct schema *mysql_side(const struct plan_maker *maker, enum plan_side side)
{
    return side == SIDE_CURRENT ? maker->current : maker->target;
}

/* Indexes of a thing on the two sides; DRIFT_NOWHERE: absent there. */
struct mysql_pair {
    int64_t at[2];
};

static inline struct mysql_pair mysql_pair_of(struct drift_place place)
{
    return (struct mysql_pair){{place.live, place.reference}};
}

/* plan_mysql_step.c */
void mysql_add(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
               size_t count, const struct mysql_step *step);
void mysql_guard(struct plan_maker *maker, unsigned stage, const struct mysql_fact *fact);

/* Marks what a step makes (SIDE_TARGET) or drops (SIDE_CURRENT), and tells whether it was not marked yet. */
bool mysql_claim(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index, unsigned stage);
unsigned mysql_claimed(const struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index);

/* Names and texts as SQL has them. */
const char *mysql_quoted(struct plan_maker *maker, const char *name);
const char *mysql_literal(struct plan_maker *maker, const char *text);
const char *mysql_table_name(struct plan_maker *maker, enum plan_side side, size_t relation); /* quoted */

/* "t.name", as items have it. */
const char *mysql_path(struct plan_maker *maker, enum plan_side side, size_t relation, const char *name);

/* "ALTER TABLE `t` …, ALGORITHM=…, LOCK=…" with what stands between from printf. */
const char *mysql_alter(struct plan_maker *maker, enum plan_side side, size_t relation, enum mysql_algorithm algorithm,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A boolean expression: the fact has that text. */
const char *mysql_holds(struct plan_maker *maker, const struct mysql_fact *fact, const char *value);

/* plan_mysql_squeeze.c: how facts compare texts of which information_schema and SHOW CREATE print variants: without
 * quotes, parentheses, blanks and character sets. `expression` is SQL. */
const char *mysql_squeezed_sql(struct plan_maker *maker, const char *expression);
const char *mysql_squeezed(struct plan_maker *maker, const char *text);

/* Whether information_schema shows the text as SHOW CREATE does, but for what is squeezed out. NULL: there is none. */
bool mysql_is_plainly_shown(const char *text);

/* plan_mysql_fact.c, plan_mysql_fact_object.c */
struct mysql_fact mysql_column_fact(struct plan_maker *maker, enum plan_side side, size_t relation,
                                    const struct mysql_column *current, const struct mysql_column *target,
                                    const struct mysql_column *between);
struct mysql_fact mysql_table_fact(struct plan_maker *maker, struct mysql_pair relations);
enum mysql_option {
    OPTION_ENGINE,
    OPTION_COLLATION,
    OPTION_VERSIONING,
    OPTION_PARTITIONS,
    OPTION_ORDER,
    MYSQL_OPTIONS
};
struct mysql_fact mysql_option_fact(struct plan_maker *maker, struct mysql_pair relations, enum mysql_option option);
struct mysql_fact mysql_reference_fact(struct plan_maker *maker, struct mysql_pair constraints);
struct mysql_fact mysql_check_fact(struct plan_maker *maker, struct mysql_pair constraints);
struct mysql_fact mysql_view_fact(struct plan_maker *maker, struct mysql_pair relations);
struct mysql_fact mysql_object_fact(struct plan_maker *maker, struct mysql_pair objects);

/* A key of a table: a primary key, a unique constraint, an index, or a constraint and the index that says more of it.
 */
struct mysql_key {
    enum plan_side side;
    size_t relation;
    const struct schema_constraint *constraint;
    const struct schema_index *index;
    const char *name;
};
struct mysql_key mysql_key_of_constraint(const struct plan_maker *maker, enum plan_side side, size_t constraint);
struct mysql_key mysql_key_of_index(const struct plan_maker *maker, enum plan_side side, size_t index);
const char *mysql_key_sql(struct plan_maker *maker, const struct mysql_key *key);
bool mysql_key_is_primary(const struct mysql_key *key);

/* Of one or two keys with one name; NULL: absent on that side. */
struct mysql_fact mysql_key_fact(struct plan_maker *maker, const struct mysql_key *current,
                                 const struct mysql_key *target);

/* plan_mysql_traits.c: what a table has on either side that keeps a server from changing it in place. */
enum mysql_trait {
    TRAIT_OTHER_ENGINE = 1 << 0,
    TRAIT_HASHED = 1 << 1, /* MariaDB's unique keys over more than an index holds, which have a hidden column */
    TRAIT_FULLTEXT = 1 << 2,
    TRAIT_SPATIAL = 1 << 3,
    TRAIT_COMPRESSED = 1 << 4,
    TRAIT_GENERATED = 1 << 5,  /* a column */
    TRAIT_EXPRESSION = 1 << 6, /* an index over one */
    TRAIT_PARTITIONED = 1 << 7,
    TRAIT_VERSIONED = 1 << 8,
    TRAIT_VECTOR = 1 << 9,
    TRAIT_CHECKED = 1 << 10, /* MySQL's checks: for some of them it copies the table when a column is told anew */
    TRAIT_KEYLESS = 1 << 11, /* no primary key: a unique key may become what orders the rows */
};
unsigned mysql_traits(const struct plan_maker *maker, enum plan_side side, size_t relation);

/* What each row format takes into an index. A table does not tell its format where it once was the default. */
enum { MYSQL_SHORT_KEY_BYTES = 767 };
bool mysql_is_long_key(const struct schema *schema, const struct mysql_key *key); /* unique, and over more than that */
unsigned long mysql_column_bytes(const struct mysql_column *column);              /* at most, in an index */
unsigned mysql_character_bytes(const char *charset);                              /* at most; 0: unknown */

/* plan_mysql_algorithm.c: the best that servers accept, from what an operation does and what its table is like. */
enum mysql_operation {
    OPERATION_ADD_COLUMN,
    OPERATION_ADD_VIRTUAL_COLUMN, /* behind all others */
    OPERATION_DROP_COLUMN,        /* with the keys that use it */
    OPERATION_SET_DEFAULT,        /* and visibility, ON UPDATE, comments */
    OPERATION_NULLABLE,
    OPERATION_WIDEN,
    OPERATION_APPEND_VALUES,
    OPERATION_COLLATION,
    OPERATION_MOVE_COLUMN,
    OPERATION_RENAME_COLUMN,
    OPERATION_ADD_INDEX,
    OPERATION_ADD_FULLTEXT,
    OPERATION_ADD_EXPRESSION_INDEX,
    OPERATION_DROP_INDEX,
    OPERATION_RENAME_INDEX,
    OPERATION_HIDE_INDEX,
    OPERATION_REPLACE_PRIMARY_KEY,
    OPERATION_DROP_CHECK,
    OPERATION_ENFORCE_LESS,
    OPERATION_DROP_FOREIGN_KEY,
    OPERATION_TABLE_COLLATION,
    OPERATION_COPY, /* whatever may write the table anew under a lock */
    MYSQL_OPERATIONS
};
enum mysql_algorithm mysql_algorithm_for(const struct plan_maker *maker, enum plan_side side, size_t relation,
                                         enum mysql_operation operation);
enum mysql_algorithm mysql_algorithm_for_column(struct plan_maker *maker, size_t relation,
                                                const struct mysql_column *from, const struct mysql_column *to);
const char *mysql_algorithm_clause(enum mysql_algorithm algorithm); /* "": none */
const char *mysql_algorithm_lock(enum mysql_algorithm algorithm);   /* in words for people */
unsigned mysql_algorithm_hazards(enum mysql_algorithm algorithm);

/* Whether some index of the table, or a foreign key, has the column as a part. */
bool mysql_is_indexed(const struct schema *schema, size_t relation, const char *column);

/* Things that come or go with another one that a task is about; nothing if a step does it already. */
struct mysql_parts {
    const struct plan_task *task;
    const struct drift_item *const *items; /* may be none */
    size_t count;
    unsigned stage;        /* the earliest */
    const char *also_back; /* a further condition for taking a key away again; NULL: none */
};

/* plan_mysql_definition.c: what becomes of a column, and in which stage. */
struct mysql_column mysql_target_column(struct plan_maker *maker, const struct mysql_column *current, size_t index);
const char *mysql_definition(struct plan_maker *maker, const struct mysql_column *column);

/* " AFTER `a`", " FIRST", or "" for the last one: where a column goes that is added in that stage. */
const char *mysql_position(struct plan_maker *maker, size_t target_column, unsigned stage);

/* An insert that does not name the column fails. */
bool mysql_is_required(const struct mysql_column *column);

/* No value can be given to rows that are there: the column can only be added while there are none. */
bool mysql_has_no_filler(const struct mysql_column *column);

/* Has a default that each row gets a value of its own from. */
bool mysql_is_volatile(const struct mysql_column *column);

/* In which stage a missing column of the target comes; a differing one is as it should be but for NOT NULL. */
unsigned mysql_add_stage(struct plan_maker *maker, size_t target_column);
unsigned mysql_change_stage(struct plan_maker *maker, const struct plan_task *task);

/* A table has one AUTO_INCREMENT column: the other side's that goes where this one comes, or the other way round. */
int64_t mysql_numbered_instead(const struct plan_maker *maker, enum plan_side side, size_t column);
enum mysql_algorithm mysql_add_algorithm(struct plan_maker *maker, enum plan_side side, size_t column,
                                         const struct mysql_column *texts, bool appended);

/* Whether MODIFY cannot lead from one to the other: the column goes, and comes anew. */
bool mysql_is_swapped(const struct mysql_column *from, const struct mysql_column *to);

/* plan_mysql_inline.c: the keys and checks that go or come in the same statement as a column. */
struct mysql_inline {
    struct strbuf forward; /* ", DROP INDEX `a`, ADD KEY …" */
    struct strbuf backward;
    unsigned hazards; /* of what comes forward */
};
void mysql_inline_done(struct mysql_inline *clauses);
DEFINE_CLEANUP_VALUE(mysql_inline, struct mysql_inline, mysql_inline_done);

void mysql_inline_add(struct plan_maker *maker, size_t target_column, unsigned stage, struct mysql_inline *clauses);
void mysql_inline_drop(struct plan_maker *maker, const struct mysql_parts *parts, size_t current_column,
                       struct mysql_inline *clauses);

/* Keys, checks and foreign keys of the target that use a column, each in a step of its own. */
void mysql_add_users(struct plan_maker *maker, const struct mysql_parts *parts, size_t target_column);

/* In which order columns that go are dropped: smaller ones first. Late: behind the generated columns and checks that no
 * longer speak of them. */
unsigned mysql_drop_rank(struct plan_maker *maker, size_t current_column);
bool mysql_is_dropped_late(struct plan_maker *maker, size_t current_column);

bool mysql_key_uses(const struct schema *schema, const struct mysql_key *key, const char *column);

/* The next key of a table from `*at` on that uses the column: constraints, then indexes that are none. */
bool mysql_next_key(const struct plan_maker *maker, enum plan_side side, size_t column, size_t *at,
                    struct mysql_key *ret_key);

/* Whether a key of the current side goes or is made anew in the statement of one of its columns. */
bool mysql_goes_with_column(struct plan_maker *maker, const struct mysql_key *key);

/* plan_mysql_outgrow.c: keys of the current side that could not be over their columns as these change. */

/* Whether a key's task has an item for which it is made anew, so that its name and visibility are settled, too. */
bool mysql_is_made_anew(const struct plan_task *task);

/* Whether a key stays as it is, if under another name. */
bool mysql_key_stays(struct plan_maker *maker, const struct mysql_key *key);

/* Whether the column changes to what some key that does not stay could not be over. */
bool mysql_outgrows_key(struct plan_maker *maker, size_t current_column);

/* Whether some columns of the key change so, and it can go by itself. */
bool mysql_is_outgrown(struct plan_maker *maker, const struct mysql_key *key);

/* plan_mysql_serve.c: the keys that foreign keys need. */
bool mysql_key_serves(const struct schema *schema, const struct mysql_key *key, const struct schema *other,
                      struct text_list columns); /* of a foreign key of `other` */

/* For each foreign key that stays and that no other key serves once this one is gone. "": there is none. `instead`
 * (NULL: none) comes in the same statement: a name that it takes needs no other key. */
struct mysql_substitutes {
    const char *add;  /* "ADD KEY …, ADD KEY …" */
    const char *drop; /* ", DROP INDEX …, DROP INDEX …" */
    const char *name; /* of the last; NULL: there is none */
};
struct mysql_substitutes mysql_substitutes_of(struct plan_maker *maker, const struct mysql_key *key,
                                              const struct mysql_key *instead);

/* Likewise for those that only the key serves, until the one comes that takes its place. */
struct mysql_substitutes mysql_substitutes_meanwhile(struct plan_maker *maker, const struct mysql_key *key);
const char *mysql_index_is_absent(struct plan_maker *maker, enum plan_side side, size_t relation, const char *name);

/* The latest stage in which a key of the target comes that serves the foreign key. */
unsigned mysql_serving_stage(struct plan_maker *maker, const struct schema_constraint *reference);

/* The latest stage in which a foreign key goes that a key of the current side serves. */
unsigned mysql_served_stage(struct plan_maker *maker, const struct mysql_key *key);

/* plan_mysql_written.c: no foreign key's actions may write what a check or a stored column reads. The stage in which
 * the last foreign key goes that stands in the way of one of those in its new form; 1: none does. */
unsigned mysql_unwritten_check_stage(struct plan_maker *maker, size_t target_check);
unsigned mysql_unwritten_column_stage(struct plan_maker *maker, size_t target_relation,
                                      const struct mysql_column *column);

/* Likewise, in which the last check or column goes that stands in the way of a foreign key. */
unsigned mysql_unread_stage(struct plan_maker *maker, size_t target_reference);

/* plan_mysql_need.c: in which stage what a thing of the target stands on is there. */
unsigned mysql_column_stage(struct plan_maker *maker, size_t target_column);
unsigned mysql_columns_stage(struct plan_maker *maker, size_t target_relation, const char *text);
unsigned mysql_mentions_stage(struct plan_maker *maker, const char *text);
bool mysql_same_name(const char *a, const char *b);
int64_t mysql_find_relation(const struct schema *schema, const char *name);
int64_t mysql_find_column(const struct schema *schema, size_t relation, const char *name);
int64_t mysql_find_constraint(const struct schema *schema, size_t relation, enum constraint_kind kind,
                              const char *name);
int64_t mysql_find_index(const struct schema *schema, size_t relation, const char *name);
int64_t mysql_counterpart(const struct plan_maker *maker, enum plan_side side, size_t relation); /* on the other side */
bool mysql_list_has(const struct schema *schema, struct text_list names, const char *name);
bool mysql_is_made_by_server(const struct schema *schema, uint32_t attributes);
bool mysql_index_uses(const struct schema *schema, const struct schema_index *index, const char *column);

/* Bodies of rules, by file. */
plan_rule_function mysql_make_table, mysql_drop_table, mysql_change_engine, mysql_change_table_collation,
    mysql_change_versioning, mysql_change_partitions, mysql_change_order;
plan_rule_function mysql_make_column, mysql_drop_column, mysql_change_column;
plan_rule_function mysql_make_key, mysql_drop_key, mysql_change_key, mysql_rename_key, mysql_hide_key;
plan_rule_function mysql_make_check, mysql_drop_check, mysql_change_check, mysql_enforce_check;
plan_rule_function mysql_make_reference, mysql_drop_reference, mysql_change_reference;
plan_rule_function mysql_make_view, mysql_drop_view, mysql_change_view;
plan_rule_function mysql_make_object, mysql_drop_object, mysql_change_object, mysql_change_sequence;

void mysql_add_key(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *key);

/* Drops a key that its columns outgrow before they change, and adds its successor (NULL: there is none) behind them,
 * unless a step does that already. False: nothing is done, since there is no need. */
bool mysql_replace_apart(struct plan_maker *maker, const struct mysql_parts *parts, const struct mysql_key *from,
                         const struct mysql_key *to);
void mysql_add_check(struct plan_maker *maker, const struct mysql_parts *parts, size_t constraint);
unsigned mysql_check_stage(struct plan_maker *maker, size_t target_check); /* in which it comes, at the earliest */

/* The check of that name on the other side; the target's that quietly takes the place of one of its name, both over
 * columns that come and go. */
int64_t mysql_check_namesake(const struct plan_maker *maker, enum plan_side side, size_t constraint);
int64_t mysql_check_in_place_of(const struct plan_maker *maker, size_t current_check);

/* Whether another table has a check of that name, which in MySQL a database has once: that one goes first. */
bool mysql_is_check_taken(const struct plan_maker *maker, size_t target_check);

void mysql_add_object(struct plan_maker *maker, const struct mysql_parts *parts, size_t object);
void mysql_note_added(struct plan_maker *maker, const struct mysql_parts *parts, size_t constraint);
void mysql_note_dropped(struct plan_maker *maker, const struct mysql_parts *parts, size_t constraint);

/* Drops and adds all foreign keys that were noted. */
void mysql_end_references(struct plan_maker *maker);

/* The foreign keys that a column's change needs out of its way, for that stage. `done`: SQL, whether it is changed. */
void mysql_detour(struct plan_maker *maker, const struct mysql_parts *parts, size_t current_column, const char *done);

/* Takes a trigger away with its table, so that it comes back with it. */
void mysql_remove_object(struct plan_maker *maker, const struct mysql_parts *parts, size_t object);

const char *mysql_constraint_sql(struct plan_maker *maker, enum plan_side side, size_t constraint);

#endif
