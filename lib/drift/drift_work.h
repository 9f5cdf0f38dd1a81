/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of one comparison while it runs; private to lib/drift. Both sides are treated alike and told apart by
 * `enum drift_end`, so that swapping the schemas swaps missing and unexpected and changes nothing else. Functions that
 * can fail return 0 or -1 with the error in work->reterr. One thread.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_WORK_H
#define MIGRATIOND_DRIFT_DRIFT_WORK_H

#include "base/strbuf.h"
#include "drift/drift.h"

enum drift_end { REFERENCE, LIVE, ENDS };

/* Marks of a relation, column or object of one side. */
enum {
    MARK_ALONE = 1 << 0,     /* the other side has none */
    MARK_LEFT_OUT = 1 << 1,  /* a journal, a ghost, another tool's: as if it were not there */
    MARK_SWALLOWED = 1 << 2, /* alone, and said with what it hangs on */
};

/* No partner. */
#define DRIFT_ALONE UINT32_MAX

struct drift_side {
    const struct schema *schema;
    const struct drift_side *other;
    enum drift_end end;
    uint32_t *relation_partners; /* index on the other side, or DRIFT_ALONE */
    uint32_t *column_partners;   /* DRIFT_ALONE in relations that are alone, or equal by their digests */
    uint32_t *object_partners;
    unsigned char *relation_marks;
    unsigned char *object_marks;
    unsigned char *column_marks;
    uint32_t *alone_columns; /* by relation: how many of its columns are alone */
    bool fold_columns;       /* as in drift_features */
};

/* An item, and what only making it needs. */
struct drift_draft {
    struct drift_item item;
    uint32_t last_part; /* where the last part of its path begins */
};

struct drift_features {
    bool postgres; /* types, routines by arguments, schemas */
    bool mysql;    /* or MariaDB */
    bool sqlite;
    bool fold_relations; /* names of relations are compared without case */
    bool fold_columns;   /* and those of columns, constraints and indexes */
    bool same_release;   /* both servers print SQL alike, as far as their versions tell */
    bool descending;     /* both servers keep DESC of an index */
    bool checks;         /* both servers keep CHECK */
};

struct drift_work {
    struct drift_side sides[ENDS];
    struct drift_features features;
    const struct drift_policy *policy;
    struct drift_report *report;
    struct arena *arena; /* the report's */
    struct drift_draft *drafts;
    size_t draft_count;
    size_t draft_capacity;
    struct drift_hint *hints;
    size_t hint_count;
    size_t hint_capacity;
    struct strbuf printed[ENDS]; /* of the attribute at hand, as the servers print it */
    struct strbuf canonical[ENDS];
    struct strbuf path;
    struct strbuf spare; /* a text on its way to its canonical form, and its type */
    struct strbuf spare_type;
    bool strict; /* policies do not count: to tell whether one made the difference */
    int64_t now_ms;
    struct error *reterr;
};

/* Whether the policy has its other value. */
bool drift_policy_deviates(const struct drift_work *work, enum drift_policy_key key);

/* Which of the two a thing that only `end` has is. */
static inline enum drift_change drift_change_of(enum drift_end end)
{
    return end == REFERENCE ? DRIFT_MISSING : DRIFT_UNEXPECTED;
}

/* What is compared: one thing on one side, or a pair. An index is DRIFT_ALONE where a side lacks it. */
struct drift_pair {
    enum drift_kind kind;
    uint32_t at[ENDS];
    uint32_t relation[ENDS]; /* DRIFT_ALONE: belongs to none */
    bool constraint[ENDS];   /* DRIFT_INDEX: that side's is a unique constraint */
};

/* What hangs on something that is alone, and so is no item of its own (drift_hanging.c). Each asks about one side. */
bool drift_constraint_hangs(const struct drift_side *side, uint32_t at);
bool drift_index_hangs(const struct drift_side *side, uint32_t at);
bool drift_relation_hangs(const struct drift_side *side, uint32_t at);
bool drift_object_hangs(const struct drift_side *side, uint32_t at);
bool drift_owner_is_alone(const struct drift_side *side, uint32_t sequence);

/* Whether an object belongs to a relation that is left out. */
bool drift_object_is_left_out(const struct drift_side *side, uint32_t at);

/* The relations that the one at `at` inherits from, or is a partition of: call with *cursor 0 first; DRIFT_ALONE after
 * the last. */
uint32_t drift_next_parent(const struct drift_side *side, uint32_t at, size_t *cursor);

/* Whether the column is the hidden key that MySQL gives to a table without one. */
bool drift_is_generated_key(const struct drift_side *side, uint32_t column);

/* Whether a CHECK of one side stands with a column on the other, of the relation `partner` there; and the other way
 * round, of a pair of columns (drift_checks.c). */
bool drift_check_is_columns(struct drift_work *work, enum drift_end end, uint32_t constraint, uint32_t partner);
bool drift_check_is_tables(struct drift_work *work, const uint32_t columns[static ENDS]);

/* Whether SQL text mentions a name, as a token of its own. */
bool drift_mentions(const char *sql, const char *name, bool ignore_case);

/* Keys (constraints and indexes) of one pair of relations. */
int drift_compare_keys(struct drift_work *work, uint32_t reference, uint32_t live);

/* Steps of drift_compare, each in a file of its name. */
void drift_find_features(struct drift_work *work);
void drift_leave_out(struct drift_work *work);     /* drift_defaults.c: marks what the defaults leave out */
int drift_pair_relations(struct drift_work *work); /* drift_pairs.c */
int drift_pair_objects(struct drift_work *work);   /* drift_pairs.c */
int drift_mark_columns(struct drift_work *work);   /* drift_relations.c: which columns are alone */
int drift_compare_relations(struct drift_work *work);
int drift_compare_objects(struct drift_work *work); /* drift_objects.c */
int drift_find_hints(struct drift_work *work);      /* drift_hints.c */
int drift_finish(struct drift_work *work);          /* drift_finish.c: order, ids, counts, suppression */
int drift_suppress(struct drift_work *work);        /* drift_suppress.c: states of the drafts, entries' fates */
int drift_tell_coverage(struct drift_work *work);   /* drift_coverage.c: uncovered, doubtful */
void drift_count_compared(struct drift_work *work); /* drift_compared.c */

/* Whether an item of that kind and change can be believed, or whether what a side could not see explains it. */
bool drift_believes(const struct drift_work *work, enum drift_kind kind, enum drift_change change);

/* Whether a side could see all of a kind. */
bool drift_sees(const struct drift_side *side, enum drift_kind kind);

enum schema_kind drift_schema_kind(enum drift_kind kind);

/* Tables' side of a relation, views' side; what kind of item a constraint or object makes. */
enum drift_kind drift_relation_kind(const struct schema_relation *relation);
enum drift_kind drift_constraint_kind(const struct schema_constraint *constraint);
enum drift_kind drift_object_kind(const struct schema_object *object);

/* Whether two runs of attributes are equal byte by byte. */
bool drift_same_run(const struct schema *const schemas[static ENDS], uint32_t reference, uint32_t live);

/* Names of columns, constraints and indexes; without case where the engine compares them so. */
bool drift_same_name(const struct drift_work *work, const char *a, const char *b);

#endif
