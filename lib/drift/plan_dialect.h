/* SPDX-License-Identifier: Apache-2.0
 *
 * What an engine's planner brings, and what it is given. The core groups the items of a report into tasks (all items of
 * one object, or of one table), hands each to the function that the engine's table of rules names, sorts the statements
 * that come back by stage, phase and rank, and renders scripts. Whatever no rule ends and nobody explains becomes
 * unsolved: an item is never left out silently.
 *
 * Two states are held against each other: `current` is what the statements change, `target` what they make of it; the
 * report's reference is the target and its live side the current one, whatever the plan's direction. So `missing` means
 * make it, `unexpected` drop it, `changed` alter it, and `place.reference` indexes the target.
 *
 * Makers return nothing: running out of memory is sticky in the plan_maker and fails the plan at its end. Texts handed
 * over must be in the maker's arena, in one of the schemas, or static. One thread.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_DIALECT_H
#define MIGRATIOND_DRIFT_PLAN_DIALECT_H

#include "drift/plan.h"

/* The order within a stage: what depends goes before what is depended on, then the other way round. */
enum plan_phase {
    PHASE_PREPARE,
    PHASE_DROP_EVENT,
    PHASE_DROP_TRIGGER,
    PHASE_DROP_POLICY,
    PHASE_DROP_VIEW, /* and routines that views need: plan_rank tells them apart, highest first */
    PHASE_DROP_FOREIGN_KEY,
    PHASE_DROP_CONSTRAINT,
    PHASE_DROP_INDEX,
    PHASE_DROP_COLUMN,
    PHASE_DROP_TABLE,
    PHASE_DROP_ROUTINE,
    PHASE_DROP_SEQUENCE,
    PHASE_DROP_TYPE,
    PHASE_DROP_EXTENSION,
    PHASE_DROP_SCHEMA,
    PHASE_RENAME,
    PHASE_SCHEMA,
    PHASE_EXTENSION,
    PHASE_TYPE,
    PHASE_SEQUENCE,
    PHASE_ROUTINE, /* that needs no table */
    PHASE_TABLE,
    PHASE_COLUMN,
    PHASE_SEQUENCE_OWNER,
    PHASE_ALTER_TYPE, /* of columns */
    PHASE_ALTER,      /* everything else about a column or table */
    PHASE_INDEX,
    PHASE_KEY, /* primary and unique */
    PHASE_CONSTRAINT,
    PHASE_FOREIGN_KEY,
    PHASE_VALIDATE,
    PHASE_VIEW, /* and routines that need a table or view */
    PHASE_VIEW_INDEX,
    PHASE_TRIGGER,
    PHASE_POLICY,
    PHASE_ROW_SECURITY,
    PHASE_EVENT,
    PHASE_FINISH,
};

/* The arrays of a schema that items point into. */
enum plan_array { ARRAY_RELATIONS, ARRAY_COLUMNS, ARRAY_CONSTRAINTS, ARRAY_INDEXES, ARRAY_OBJECTS, PLAN_ARRAYS };

enum plan_side { SIDE_CURRENT, SIDE_TARGET };

struct plan_work;

struct plan_maker {
    struct arena *arena;
    const struct plan_dialect *dialect;
    const struct drift_report *report;
    const struct schema *current;
    const struct schema *target;
    struct plan_work *work; /* the core's */
    void *engine;           /* the engine's own, from the arena */
    bool failed;            /* memory; sticky */
};

/* Items to be ended together: those of one object, or, where the engine asks for it, of one table. */
struct plan_task {
    enum drift_kind kind;     /* of the first item */
    enum drift_change change; /* likewise */
    struct drift_place place;
    struct drift_place relation;
    const char *object;
    const struct drift_item *const *items; /* never suppressed ones */
    size_t item_count;
};

/* Called once per task with the items of it that the rule matches (a rule for `missing` or `unexpected` gets one). Both
 * stay valid until the plan is freed. */
typedef void plan_rule_function(struct plan_maker *maker, const struct plan_task *task,
                                const struct drift_item *const *items, size_t count);

/* The first row that matches decides. Items of a task that end in the same function are one call. */
struct plan_rule {
    enum drift_kind kind;     /* DRIFT_KINDS: any */
    enum drift_change change; /* DRIFT_CHANGES: any */
    const char *attribute;    /* NULL: any, or none */
    plan_rule_function *make; /* NULL: unsolved, for this reason */
    const char *reason;
};

struct plan_dialect {
    const char *const *engines; /* NULL-terminated: "mysql", "mariadb" */
    const struct plan_rule *rules;
    size_t rule_count;
    const enum drift_kind *order; /* DRIFT_KINDS of them: whose tasks come first; NULL: the report's order */
    bool by_table;                /* a task is all items of one table (what hangs on it included), not of one object */

    /* May be NULL. Before the first task, and after the last: `end` may look at all tasks and add statements. */
    void (*begin)(struct plan_maker *maker);
    void (*end)(struct plan_maker *maker);

    /* Must. What a script's session needs (lock time-outs, quoting, …), and what gives it back. */
    void (*render_header)(const struct plan *plan, struct strbuf *out);
    void (*render_footer)(const struct plan *plan, struct strbuf *out);

    /* Must. A script that fails, naming the object, unless each guard of the stage (PLAN_ALL_STAGES: of any) holds one
     * of its texts. `count` guards are given, at least one. */
    void (*render_guard)(const struct plan *plan, const struct plan_guard *const *guards, size_t count,
                         struct strbuf *out);

    /* May be NULL: "sql;\n". `sql` is a statement's text or its undo. */
    void (*render_statement)(const char *sql, struct strbuf *out);

    /* May be NULL: "SELECT 'label' AS object, (verify) AS done;\n". */
    void (*render_verify)(const struct plan_statement *statement, struct strbuf *out);

    const char *stop;   /* NULL: none; the client's own command that ends a file at its first error */
    const char *notes;  /* NULL: none; what a bundle's README.md says of the statements, in Markdown */
    const char *client; /* how people run a script: "psql -X -v ON_ERROR_STOP=1 -f FILE DATABASE" */
};

extern const struct plan_dialect plan_postgres;
extern const struct plan_dialect plan_mysql; /* MariaDB, too */
extern const struct plan_dialect plan_sqlite;

/* A statement on its way into the plan: like struct plan_statement, and where it stands. */
struct plan_draft {
    unsigned stage;
    enum plan_phase phase;
    unsigned rank; /* within the phase: smaller ones first; of equals the one that was added first */
    const char *sql;
    const char *lock;
    unsigned hazards; /* HAZARD(X) | HAZARD(Y) */
    bool not_transactional;
    const char *verify;
    const char *undo;
    const char *undo_note;
    const char *kind;   /* NULL: the task's */
    const char *object; /* NULL: the task's */
};

#define HAZARD(name) (1u << HAZARD_##name)

/* Adds a statement; the items (of which there may be none) count as ended. */
void plan_add(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
              size_t count, const struct plan_draft *draft);

/* Says why an item has no statement, and what to do instead; a full sentence without a full stop. Where an item has
 * statements and a rest that they do not mend, both may be called. */
void plan_leave(struct plan_maker *maker, const struct drift_item *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Counts an item as ended by a statement of another task. */
void plan_cover(struct plan_maker *maker, const struct drift_item *item);

/* Adds a fact that the guard of `stage` asks for. The same object and query again only adds the stage. */
void plan_expect(struct plan_maker *maker, unsigned stage, const struct plan_guard *guard);

/* Tasks, in the order of the report's items. */
size_t plan_task_count(const struct plan_maker *maker);
const struct plan_task *plan_task_at(const struct plan_maker *maker, size_t index);

/* The task about one thing of a schema, or NULL: nothing about it differs. Not for engines with `by_table`. */
const struct plan_task *plan_find_task(const struct plan_maker *maker, enum plan_array array, enum plan_side side,
                                       size_t index);

/* Which array an item of that kind points into. */
enum plan_array plan_array_of(enum drift_kind kind);

/* How many things such an array of a schema has. */
size_t plan_array_count(const struct schema *schema, enum plan_array array);

/* A byte, 0, for each thing of each array; false when memory is out. */
bool plan_get_marks(struct plan_maker *maker, const struct schema *schema, unsigned char *ret_marks[PLAN_ARRAYS]);

/* How high a relation (ARRAY_RELATIONS) or object (ARRAY_OBJECTS) stands on others: everything that its texts mention
 * (views, the routines and types in defaults, parents of partitions, …; foreign keys do not count) has a smaller rank.
 * Found by the names in the texts, so it can be too high, never too low; in a cycle one edge is dropped. */
unsigned plan_rank(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index);

/* The same order from the top, for drops. */
unsigned plan_rank_down(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index);

/* Whether SQL text mentions a name, quoted or not; NULL texts mention nothing. `schema_name` "" or NULL: the engine has
 * no schemas. A name that another one than `schema_name` qualifies does not count; one that nothing qualifies counts
 * unless `qualified`. Literals and comments do not count. Any engine's quotes, any case. */
bool plan_mentions(const char *text, const char *schema_name, const char *name, bool qualified);

/* Whether the name occurs at all, qualified or not: for columns. */
bool plan_mentions_word(const char *text, const char *name);

/* Texts in the maker's arena; "" (and `failed`) when memory is out. plan_keep empties the buffer. */
const char *plan_printf(struct plan_maker *maker, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *plan_keep(struct plan_maker *maker, struct strbuf *buffer);

/* Comment lines: each line of `text` behind "-- ", without control characters. */
void plan_render_comment(struct strbuf *out, const char *text);

#endif
