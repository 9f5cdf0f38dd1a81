/* SPDX-License-Identifier: Apache-2.0
 *
 * The migrations that a release brings along, read from a tool's directory (or from another database's journal): what
 * is expected to be applied. Immutable
 * once built, reference-counted; all texts live in its arena. Any thread may read; one builds.
 */
#ifndef MIGRATIOND_MODEL_MIGRATION_SET_H
#define MIGRATIOND_MODEL_MIGRATION_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/digest.h"

struct migration {
    const char *revision;
    const char *key;            /* what the journal's rows are matched by, where that is not the revision; NULL */
    const char *part;           /* the journal of the table that records it (tool->parts); NULL */
    const char *file;           /* relative to the directory */
    const char *checksum;       /* as the tool spells it; several, with blanks between them, where it takes any of
                                   them for the file's (the first is today's); NULL: cannot be computed from the file */
    const char *const *parents; /* graph tools: all that must be applied before; else empty */
    size_t parent_count;
    bool repeatable;         /* applied again whenever its checksum changes */
    bool baseline;           /* stands for everything up to itself on an empty database */
    bool checksum_uncertain; /* placeholders: a difference proves nothing */

    /* Of one that stands for others where all of them are applied, or none (Django's squashes): their revisions. */
    const char *const *replaces;
    size_t replaced_count;

    /* May. Where the tool is told to leave some out: for which engines it is, and what else it asks for, both as the
     * tool spells them (Liquibase's dbms; contexts and labels). */
    const char *engines;
    const char *condition;
};

/* Whether a recorded checksum is (one of) the file's. Both must be known. */
bool migration_has_checksum(const struct migration *migration, const char *recorded);

/* What the files themselves show to be wrong, though the tool would run. */
enum remark_kind {
    REMARK_DUPLICATE, /* one version in two files */
    REMARK_GAP,       /* a number left out of a dense sequence */
    REMARK_IGNORED,   /* a file that looks like a migration and that the tool would never run */
    REMARK_ELSEWHERE, /* migrations of the same tool in another folder */
    REMARK_KINDS
};

struct migration_remark {
    enum remark_kind kind;
    const char *text; /* one sentence with the files' names */
};

/* "duplicate", "gap", "ignored", "elsewhere". */
const char *remark_kind_name(enum remark_kind kind);

struct migration_set {
    unsigned references; /* atomic */
    struct arena *arena;
    const char *tool;                   /* static name */
    const struct migration *migrations; /* in the tool's order; graphs in a topological one */
    size_t count;
    bool graph;    /* order is given by `parents` */
    bool certain;  /* the layout proves the tool: more than names of files that several tools could have written */
    bool faint;    /* nearly any directory would do: it counts only for a tool that is named */
    bool partial;  /* one folder of several: what comes before its migrations may stand in another one */
    bool recorded; /* made of a journal: its files are not known, and `file` repeats the revision */
    bool position; /* no list: its one migration is where a database is to stand, with all that comes before it */
    const struct migration_remark *remarks;
    size_t remark_count;
    struct migration_set *const *folders; /* of a merged set: those that it was made of, a reference each; their texts
                                             are its own */
    size_t folder_count;
    struct digest digest;              /* over everything above */
    const struct migration_set *whole; /* of a view on one part of it: the set; NULL */
};

struct migration_set *migration_set_new(const char *tool) __attribute__((warn_unused_result));
struct migration_set *migration_set_ref(struct migration_set *set);
void migration_set_unref(struct migration_set *set);

/* What was ever known about which revision follows which, for journals that hold heads only. Grows, never forgets;
 * owned by one database of the daemon, copied on write (immutable once published). */
struct revision_graph;

/* `known` (may be NULL) and the edges of `set`; a new reference, or NULL when memory is out. Returns `known` itself,
 * referenced once more, when the set adds nothing. */
struct revision_graph *revision_graph_extend(struct revision_graph *known, const struct migration_set *set)
    __attribute__((warn_unused_result));
struct revision_graph *revision_graph_ref(struct revision_graph *graph);
void revision_graph_unref(struct revision_graph *graph);

/* Parents of a revision; an empty list when it is unknown. */
const char *const *revision_graph_parents(const struct revision_graph *graph, const char *revision, size_t *ret_count);

/* For walks: revisions are numbered from 0; SIZE_MAX stands for one that was never heard of. */
size_t revision_graph_count(const struct revision_graph *graph);
size_t revision_graph_number(const struct revision_graph *graph, const char *revision);
const char *revision_graph_revision(const struct revision_graph *graph, size_t number);

/* Sets marks[n] for revision `number` and all its ancestors. `stack` has room for as many numbers as there are
 * revisions; what was marked before is taken as done. False when a parent is known by name only: the ancestors are then
 * incomplete. */
bool revision_graph_mark(const struct revision_graph *graph, size_t number, bool *marks, uint32_t *stack);

DEFINE_CLEANUP(migration_set, struct migration_set *, migration_set_unref);
DEFINE_CLEANUP(revision_graph, struct revision_graph *, revision_graph_unref);

#endif
