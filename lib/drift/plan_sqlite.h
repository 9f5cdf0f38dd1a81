/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of SQLite's planner share. Its ALTER TABLE can add and drop plain columns; everything else builds the
 * table anew, with its indexes and triggers. So a relation is planned as a whole: from its items come moves (one thing
 * leaves, enters or is replaced in one stage), from the moves the state in which each stage leaves the relation, and
 * from two neighbouring states the statement that leads from one to the other, and its undo the other way.
 *
 * SQL has no conditions around DDL, and a script must do nothing when it is run again. What cannot say IF NOT EXISTS
 * therefore works on an attached database named `plan`: the same file, or, where the effect is there already, an empty
 * database in memory in which the same statements change nothing that lasts.
 *
 * Everything is in the maker's arena; memory running out is sticky there. One thread.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_SQLITE_H
#define MIGRATIOND_DRIFT_PLAN_SQLITE_H

#include "drift/plan_dialect.h"

/* The state before stage 1, and behind each stage. */
enum { SQLITE_STATES = PLAN_STAGES + 1, SQLITE_TEXTS = 8 };

/* A thing of one side. */
struct sqlite_element {
    enum plan_side side;
    uint32_t index; /* into the array that it is one of */
};

struct sqlite_set {
    struct sqlite_element *items;
    size_t count;
};

struct sqlite_state {
    struct sqlite_set sets[PLAN_ARRAYS]; /* objects: triggers; relations: the one whose options and definition hold */
    const char *made;                    /* the CREATE text that the planner writes for it */
    const char *texts[SQLITE_TEXTS];     /* those with which it can be stored, `made` included */
    size_t text_count;
};

/* How one state becomes the next. */
enum sqlite_way {
    WAY_NOTHING,
    WAY_PARTS,   /* only indexes and triggers change */
    WAY_ADD,     /* ALTER TABLE … ADD COLUMN */
    WAY_DROP,    /* ALTER TABLE … DROP COLUMN */
    WAY_REBUILD, /* a table: anew, with its rows; a view or virtual table: anew */
};

/* -1 on the side that lacks it. */
struct sqlite_move {
    enum plan_array array;
    int64_t current;
    int64_t target;
    unsigned stage;
};

struct sqlite_table {
    struct plan_maker *maker;
    const struct plan_task *task;
    uint32_t relation[2]; /* by enum plan_side */
    const char *name;     /* as the current side has it */
    struct sqlite_move *moves;
    size_t move_count;
    size_t move_capacity;
    struct sqlite_state states[SQLITE_STATES];
};

struct sqlite_late;

/* The engine's part of the maker: what some item is about, suppressed ones included, by side, array and index. */
struct sqlite_plan {
    bool *touched[2][PLAN_ARRAYS];
    const char *sql;          /* how scripts compare sqlite_schema's texts: without carriage returns, if any has some */
    struct sqlite_late *late; /* plan_sqlite_late.c's */
    size_t late_count;
    size_t late_capacity;
    bool late_known;
    bool drop; /* plan_sqlite_drop.c's */
    bool drop_known;
};

const struct schema *sqlite_schema_of(const struct plan_maker *maker, enum plan_side side);
const struct schema_relation *sqlite_relation_of(const struct sqlite_table *table, enum plan_side side);
const struct schema_relation *sqlite_state_relation(const struct sqlite_table *table, const struct sqlite_state *state,
                                                    const struct schema **ret_schema);

/* The name of the relation that a task is about. */
const char *sqlite_task_name(const struct plan_maker *maker, const struct plan_task *task);

/* The relation that a task is about and both sides have, without moves yet. */
struct sqlite_table sqlite_table_of(struct plan_maker *maker, const struct plan_task *task);

/* plan_sqlite_moves.c: what the items, and what hangs on them, move; false when memory is out. `items` may be none:
 * then only what hangs on other relations' items. */
bool sqlite_find_moves(struct sqlite_table *table, const struct drift_item *const *items, size_t count);

/* Which array an item's place on that side is in: of unique indexes and constraints that stand for each other, either.
 */
enum plan_array sqlite_item_array(const struct drift_item *item, enum plan_side side);

/* Whether an index (or trigger: ARRAY_OBJECTS) of that name is on another table than `table` (NULL: on any). Each of
 * the two has one namespace. */
bool sqlite_name_is_elsewhere(const struct schema *schema, enum plan_array array, const char *name, const char *table);

/* The stage of the move of an item; 0: it has none. */
unsigned sqlite_item_stage(const struct sqlite_table *table, const struct drift_item *item);

/* plan_sqlite_late.c: the first stage behind which a view of the target may stand: all columns that it mentions are
 * there then. */
unsigned sqlite_stage_of_view(struct plan_maker *maker, const struct schema_relation *view);

/* plan_sqlite_state.c: the states that the moves lead through. */
void sqlite_find_states(struct sqlite_table *table);
enum sqlite_way sqlite_way_between(const struct sqlite_table *table, const struct sqlite_state *from,
                                   const struct sqlite_state *to);

/* plan_sqlite_drop.c: whether nothing in the file keeps ALTER TABLE … DROP COLUMN from working, or is changed by it, at
 * whatever table. */
bool sqlite_can_drop_columns(struct plan_maker *maker);

/* Whether tables or indexes have texts in double quotes. Sets the flag where memory is out, and else leaves it alone.
 */
bool sqlite_quotes_texts(const struct schema *schema, bool *ret_no_memory);

/* Whether ALTER TABLE … ADD COLUMN takes a column; whether a foreign key or check can stand with it there. */
bool sqlite_column_can_be_added(struct plan_maker *maker, struct sqlite_element column);
bool sqlite_constraint_is_of(const struct plan_maker *maker, struct sqlite_element constraint,
                             struct sqlite_element column);

/* Whether `set` has the element. */
bool sqlite_set_has(const struct sqlite_set *set, struct sqlite_element element);

/* Name of a column, index or trigger; the column of that name (ASCII letters in any case) in a state, or NULL. */
const char *sqlite_element_name(const struct plan_maker *maker, enum plan_array array, struct sqlite_element element);
const struct sqlite_element *sqlite_state_column(const struct sqlite_table *table, const struct sqlite_state *state,
                                                 const char *name);

/* plan_sqlite_text.c: CREATE texts as they are stored: the server's own, where it is known, else ours. */
const char *sqlite_stored_text(struct plan_maker *maker, enum plan_array array, struct sqlite_element element);

/* The text with `before` ("IF NOT EXISTS ", "plan.") put before the name. */
const char *sqlite_text_before_name(struct plan_maker *maker, const char *stored, const char *before);

/* The table's CREATE text in that state, under a name. */
const char *sqlite_made_text(struct sqlite_table *table, const struct sqlite_state *state, const char *name);

/* What ALTER TABLE makes of a stored text; NULL where that cannot be told. */
const char *sqlite_text_with_column(struct plan_maker *maker, const char *text, const char *definition);
const char *sqlite_text_without_column(struct plan_maker *maker, const char *text, const char *name);

/* A column with what stands behind it in ALTER TABLE … ADD COLUMN on the way between two states. */
const char *sqlite_column_text(struct sqlite_table *table, const struct sqlite_state *from,
                               const struct sqlite_state *to, struct sqlite_element column);

/* Appends a CREATE text as a literal to be compared with. The shell takes the carriage return from lines that end in
 * both, so texts are compared without. */
void sqlite_add_stored_literal(const char *text, struct strbuf *out);

/* The column `sql` of sqlite_schema for such a comparison. */
const char *sqlite_stored_column(const struct plan_maker *maker);

/* 'text', and "name". */
const char *sqlite_quote_text(struct plan_maker *maker, const char *text);
const char *sqlite_quote_name(struct plan_maker *maker, const char *name);

/* plan_sqlite_change.c: SQL that leads from one state to another and does nothing where that one is reached. */
const char *sqlite_change_sql(struct sqlite_table *table, size_t from, size_t to);
unsigned sqlite_change_hazards(const struct sqlite_table *table, size_t from, size_t to);

/* The beginning and the end of a statement that works on `plan`: this file, or one in memory where `done` holds, or
 * where there is no `type` ("table", "view") of that name. */
void sqlite_add_attach(struct plan_maker *maker, const char *done, const char *type, const char *name,
                       struct strbuf *out);
void sqlite_add_detach(struct strbuf *out);

/* plan_sqlite_rebuild.c: the statements that copy a table into a new one and put that in its place. */
void sqlite_add_rebuild(struct sqlite_table *table, const struct sqlite_state *from, const struct sqlite_state *to,
                        struct strbuf *out);

/* plan_sqlite_guard.c: an expression that is true once the way from one state to another is gone, and also when the way
 * was gone on; and what the guard asks for. */
const char *sqlite_change_done(struct sqlite_table *table, size_t from, size_t to);
void sqlite_expect_table(struct sqlite_table *table, unsigned stage);
void sqlite_expect_relation(struct plan_maker *maker, const struct plan_task *task, unsigned stage, const char *type,
                            const char *as_read, const char *as_left);
void sqlite_render_guard(const struct plan *plan, const struct plan_guard *const *guards, size_t count,
                         struct strbuf *out);

#endif
