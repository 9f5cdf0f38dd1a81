/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL that makes one schema equal another, in stages, for people to read and run with the engine's own client; nothing
 * here executes anything. A pure function of two sealed schemas and their differences: no clock, no I/O; any thread.
 *
 * Stage 1 adds what breaks nothing, stage 2 mends types, defaults and constraints, stage 3 can lose data or break a
 * running release. Within a stage statements stand in dependency order (drops first, from what depends to what is
 * depended on; then schemas, extensions, types, sequences, routines, tables, columns, indexes, constraints with foreign
 * keys last, views, triggers, policies), cycles of tables broken by adding their foreign keys after them. The guard of
 * a stage asks the engine's own catalogue about each object that the stage touches, and fails unless it is as it was
 * read, or as the plan leaves it; every statement may therefore be run again and then does nothing.
 *
 * Each statement stands alone: where several must succeed or fail together they are one statement's text.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_H
#define MIGRATIOND_DRIFT_PLAN_H

#include "base/strbuf.h"
#include "drift/drift.h"

enum { PLAN_STAGES = 3, PLAN_ALL_STAGES = 0 };

enum plan_direction {
    PLAN_REVERT, /* makes the live schema equal the reference */
    PLAN_ADOPT,  /* what a migration must contain so that the reference becomes the live schema */
};

/* Hazards, in the words of drift.md's vocabularies; the table plan_hazards.h has a sentence for each. */
enum plan_hazard {
#define PLAN_HAZARD(name, text) HAZARD_##name,
#include "drift/plan_hazards.h"
#undef PLAN_HAZARD
    PLAN_HAZARDS
};

struct plan_statement {
    const char *sql;       /* without the final semicolon; right for the engine's own client */
    unsigned stage;        /* 1 to PLAN_STAGES */
    const char *item;      /* id of the item it ends (the first of several); NULL: it serves others that follow */
    const char *kind;      /* drift_kind_name */
    const char *object;    /* its path */
    const char *lock;      /* in the engine's words: "ACCESS EXCLUSIVE", "ALGORITHM=INPLACE, LOCK=NONE" */
    unsigned hazards;      /* bit per enum plan_hazard */
    bool transactional;    /* may run inside a transaction block */
    const char *verify;    /* a query: one row, one column, true (1) once the statement's effect is there */
    const char *undo;      /* SQL that takes it back, re-runnable; NULL: there is none */
    const char *undo_note; /* what `undo` cannot bring back, or why there is none; NULL: nothing to say */
};

/* A difference for which there is no statement, and why. */
struct plan_unsolved {
    const char *item;
    const char *object;
    const char *reason; /* and what to do instead */
};

/* A fact about an object that the plan touches, as the engine's catalogue tells it. */
struct plan_guard {
    unsigned stages; /* bit per stage: 1u << stage */
    const char *object;
    const char *query;   /* an SQL expression: the fact as text, NULL if the object is absent */
    const char *as_read; /* NULL: absent */
    const char *as_left; /* likewise; equal to as_read for what is read, but not changed */
    const char *between; /* a third text that is fine while a stage is half done; NULL: none */
    bool passes_absent;  /* so is absence */
    bool loose; /* compared without blanks, quotes, parentheses and casts: another version of the server printed one */
};

struct plan {
    struct arena *arena;
    enum plan_direction direction;
    struct drift_report *report; /* the plan's own: as reference the state aimed at, as live the state to be changed */
    const struct plan_dialect *dialect;      /* static */
    const struct plan_statement *statements; /* by stage, in the order of execution */
    size_t statement_count;
    const struct plan_unsolved *unsolved;
    size_t unsolved_count;
    const struct plan_guard *guards;
    size_t guard_count;
    char fingerprint_read[DIGEST_HEX_SIZE]; /* of the schema to be changed, as it was read */
    char fingerprint_left[DIGEST_HEX_SIZE]; /* of the schema aimed at */
};

/* Suppressed items are left alone; items of severity info only make statements where they can be mended (names).
 * Fails like drift_compare, and with ERROR_UNSUPPORTED for an engine without a planner. */
int plan_make(struct schema *reference, struct schema *live, const struct drift_policy *policy,
              enum plan_direction direction, int64_t now_ms, struct plan **ret_plan, struct error *reterr);
void plan_free(struct plan *plan);

/* Number of statements of one stage. */
size_t plan_count(const struct plan *plan, unsigned stage);

/* The guard and the statements of one stage (PLAN_ALL_STAGES: of all), as the engine's client runs it. Empty stages
 * give an empty script but for a comment. */
void plan_render_sql(const struct plan *plan, unsigned stage, struct strbuf *out);

/* The guard alone, with what its session needs. */
void plan_render_guard(const struct plan *plan, unsigned stage, struct strbuf *out);

/* One row per statement: what it is about, and whether its effect is there. */
void plan_render_verify(const struct plan *plan, struct strbuf *out);

/* Takes the whole plan back, last statement first. */
void plan_render_undo(const struct plan *plan, struct strbuf *out);

/* What the files of a bundle are, how to run them, which hazards there are, what is left unsolved. `database` and
 * `reference` are what people call the two. */
void plan_render_readme(const struct plan *plan, const char *database, const char *reference, struct strbuf *out);

/* The files of a bundle that are made here (plan.json is lib/report's): NULL-terminated by name. */
struct plan_file {
    const char *name;
    void (*render)(const struct plan *plan, unsigned stage, struct strbuf *out);
    unsigned stage;
};
extern const struct plan_file plan_files[];

const char *plan_hazard_name(enum plan_hazard hazard);
const char *plan_hazard_text(enum plan_hazard hazard);

DEFINE_CLEANUP(plan, struct plan *, plan_free);

#endif
