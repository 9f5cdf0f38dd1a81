/* SPDX-License-Identifier: Apache-2.0
 *
 * The differences between a reference schema and a live one. A pure function of two sealed schemas and a policy: no
 * clock, no I/O; any thread. Digests first, so equal schemas cost one comparison and equal tables one each; then a
 * sorted merge by name, leftovers of one table by structure, and attributes row by row from one table.
 *
 * One cause is one item: a table, view or column that is missing or unexpected takes with it what hangs on it (its
 * columns, and the keys, constraints and indexes that use it); an index behind a constraint is the constraint; a
 * changed object is one item per attribute. Two sides that print alike are never an item.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_H
#define MIGRATIOND_DRIFT_DRIFT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "drift/drift_policy.h"
#include "model/schema.h"

/* What an item is about. */
enum drift_kind {
    DRIFT_SCHEMA,
    DRIFT_EXTENSION,
    DRIFT_TABLE,
    DRIFT_PARTITION,
    DRIFT_COLUMN,
    DRIFT_PRIMARY_KEY,
    DRIFT_UNIQUE,
    DRIFT_FOREIGN_KEY,
    DRIFT_CHECK,
    DRIFT_EXCLUSION,
    DRIFT_INDEX,
    DRIFT_ENUM,
    DRIFT_DOMAIN,
    DRIFT_COMPOSITE,
    DRIFT_SEQUENCE,
    DRIFT_VIEW,
    DRIFT_MATERIALIZED_VIEW,
    DRIFT_ROUTINE,
    DRIFT_TRIGGER,
    DRIFT_POLICY,
    DRIFT_EVENT,
    DRIFT_KINDS
};

/* `missing`: the reference has it, the live schema does not. */
enum drift_change { DRIFT_MISSING, DRIFT_UNEXPECTED, DRIFT_CHANGED, DRIFT_CHANGES };

enum drift_severity { SEVERITY_INFO, SEVERITY_MINOR, SEVERITY_MAJOR, SEVERITY_CRITICAL, SEVERITIES };

enum drift_state { ITEM_SUSPECTED, ITEM_CONFIRMED, ITEM_SUPPRESSED, ITEM_STATES };

enum { DRIFT_ID_SIZE = 17, DRIFT_NOWHERE = -1 };

/* Where a thing stands in its schema: an index into relations, columns, constraints, indexes or objects, as its kind
 * says; DRIFT_NOWHERE on the side that lacks it. */
struct drift_place {
    int64_t reference;
    int64_t live;
};

/* Texts are in the report's arena, or static. */
struct drift_item {
    enum drift_kind kind;
    enum drift_change change;
    enum drift_severity severity;
    enum drift_state state;
    char id[DRIFT_ID_SIZE]; /* hexadecimal, over kind, object, change and attribute: the same at every look */
    const char *object;     /* dotted path */
    const char *attribute;  /* NULL unless changed */
    const char *expected;   /* NULL: absent */
    const char *actual;
    struct drift_place place;
    struct drift_place relation;  /* of the table or view it belongs to (itself for those); else nowhere */
    bool reference_is_constraint; /* kind index: that side's is a unique constraint, and so is its place */
    bool live_is_constraint;
    const struct drift_ignore *suppressed_by; /* NULL unless ITEM_SUPPRESSED by an entry; the policy's own */
    int64_t first_seen_ms;                    /* unix time: of the comparison; drift_confirm keeps older ones */
    int64_t last_seen_ms;
};

struct drift_counts {
    size_t by_change[DRIFT_CHANGES]; /* what is not suppressed */
    size_t by_severity[SEVERITIES];  /* likewise */
    size_t suspected;                /* of these */
    size_t suppressed;
};

/* A remark about several items that belong together: "public.users.mail may have been renamed to email". */
struct drift_hint {
    const char *object;
    const char *text;
};

/* A kind that was compared only in part, or not at all, and why. */
struct drift_uncovered {
    enum schema_kind kind;
    enum coverage coverage; /* the weaker side's */
    const char *reason;
    bool out_of_scope; /* the reference cannot declare the kind: nothing is doubted */
};

struct drift_report {
    struct arena *arena;
    struct schema *reference; /* one reference each */
    struct schema *live;
    const struct drift_item *items; /* by severity (worst first), object, kind, attribute; suppressed ones last */
    size_t item_count;
    struct drift_counts counts;
    size_t compared[DRIFT_KINDS]; /* how many the reference has of each kind */
    const struct drift_hint *hints;
    size_t hint_count;
    const struct drift_uncovered *uncovered;
    size_t uncovered_count;
    const struct drift_ignore *const *never_hit; /* entries of the policy that matched nothing */
    size_t never_hit_count;
    const struct drift_ignore *const *expired; /* entries past `until` that would have matched */
    size_t expired_count;
    const uint32_t *by_id; /* indexes of the items in the order of their ids */
    size_t left_out;       /* relations and objects of either side that the defaults keep out of the comparison */
    bool doubtful; /* something in scope could not be seen, or a side was truncated: without items this is not "none" */
    bool policy_applied; /* a per-database policy made something equal that otherwise was not */
};

/* Takes its own references of the schemas; borrows the policy for as long as the report lives. `now_ms` (unix time)
 * decides which suppressions have expired. Schemas of different engines: ERROR_UNSUPPORTED (mysql and mariadb may be
 * compared). Items come out ITEM_CONFIRMED or ITEM_SUPPRESSED. More than LIMIT_DRIFT_ITEMS: ERROR_TRUNCATED. */
int drift_compare(struct schema *reference, struct schema *live, const struct drift_policy *policy, int64_t now_ms,
                  struct drift_report **ret_report, struct error *reterr);
void drift_report_free(struct drift_report *report);

/* The daemon's second look: an item of `report` that `previous` (NULL: none) has too, with equal sides, keeps its
 * first_seen, and is confirmed if the time between the two looks was `undisturbed` by a migration; any other is
 * suspected. One that is new was first seen at `now_ms`. Counts are made anew. */
void drift_confirm(struct drift_report *report, const struct drift_report *previous, bool undisturbed, int64_t now_ms);

/* Whether a confirmed, unsuppressed item is at least that severe. */
bool drift_reaches(const struct drift_report *report, enum drift_severity severity);

/* none, drifted or unknown, as design says it: confirmed items make `drifted`; else doubt or a suspected item makes
 * `unknown`; else `none`. */
enum drift_verdict { DRIFT_NONE, DRIFT_DRIFTED, DRIFT_UNKNOWN };
enum drift_verdict drift_verdict(const struct drift_report *report);

const char *drift_verdict_name(enum drift_verdict verdict);
const char *drift_kind_name(enum drift_kind kind);
const char *drift_change_name(enum drift_change change);
const char *drift_severity_name(enum drift_severity severity);
const char *drift_state_name(enum drift_state state);

/* SEVERITIES, DRIFT_KINDS if `text` is none's name. */
enum drift_severity drift_severity_from_name(const char *text);
enum drift_kind drift_kind_from_name(const char *text);

DEFINE_CLEANUP(drift_report, struct drift_report *, drift_report_free);

#endif
