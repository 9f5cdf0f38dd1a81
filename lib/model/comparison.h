/* SPDX-License-Identifier: Apache-2.0
 *
 * One journal held against one question: what is applied, missing, unknown, failed. Independent of time: the gate's
 * rules turn it, with an observation, into a state at any moment. Plain data in the arena of whoever asked; borrows
 * from the journal and the migration set that were compared, which must outlive it.
 */
#ifndef MIGRATIOND_MODEL_COMPARISON_H
#define MIGRATIOND_MODEL_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum match { MATCH_EXACT, MATCH_AT_LEAST, MATCH_CONTAINS, MATCHES };

/* Where the question comes from. */
enum expectation_source {
    SOURCE_NONE,
    SOURCE_REVISION,
    SOURCE_DIRECTORY,
    SOURCE_MANIFEST,
    SOURCE_DATABASE,
    SOURCE_REQUEST,
    EXPECTATION_SOURCES
};

/* "exact", "at-least", "contains"; "none", "revision", "directory", "manifest", "database", "request". */
const char *match_name(enum match match);
const char *expectation_source_name(enum expectation_source source);

/* MATCHES if `text` is no name. */
enum match match_from_name(const char *text);

/* One revision in a list, with what is known about it beyond its name. */
struct finding {
    const char *revision;
    const char *file;      /* NULL if it has none */
    const char *detail;    /* "recorded 1a2b…, file has 3c4d…"; NULL */
    int64_t applied_at_ms; /* or TIME_UNKNOWN */
};

struct finding_list {
    const struct finding *items;
    size_t count;
};

struct comparison {
    /* The question. */
    const char *tool; /* NULL: no tool is known */
    const char
        *expected_revision; /* R, or the directory's head; several heads joined by ","; NULL: nothing is expected */
    enum match match;
    enum expectation_source source;
    size_t expected_count; /* migrations that the question covers */
    const char *ceiling;   /* the newest revision that the release supports: what is later is too new for it; NULL */

    /* The answer, each list in the tool's order. */
    struct finding_list heads;        /* where the database stands: all heads, or the newest applied one */
    size_t applied_count;             /* live applied entries; for heads-only journals what the known graph proves */
    struct finding_list pending;      /* expected, not applied, and the tool will apply them */
    struct finding_list out_of_order; /* expected, not applied, and the tool will skip or refuse them */
    struct finding_list unknown;      /* applied, in no file, and older than the newest expected one */
    struct finding_list later;        /* applied and after everything that is expected */
    struct finding_list failed;
    struct finding_list dirty;
    struct finding_list mismatched; /* checksum provably differs */
    struct finding_list unverified; /* checksum could not be compared */

    bool order_unknown;       /* the question cannot be decided from what is known (Alembic without its graph) */
    bool multiple_heads;      /* more heads than any missing migration will merge */
    bool unknown_refused;     /* the tool refuses to run with these older unknown entries */
    bool target_applied;      /* R itself (or every head) is applied, whatever else holds */
    const char *remark;       /* what the tool itself would do or why order_unknown; NULL */
    const char *next_apply;   /* the tool's command that applies what is pending: "alembic upgrade head" */
    const char *next_release; /* the tool's command that releases its orphaned lock; NULL */
    const char *next_revert;  /* the tool's command that takes back what is later; NULL */
    const char *next_repair;  /* what to do about failed, mismatched or out-of-order entries; NULL */
};

#endif
