/* SPDX-License-Identifier: Apache-2.0
 *
 * What migrationd knows about one migration tool: how its journal is recognised and read, what its rows mean, which
 * files it would apply and how it judges the difference. One file per tool (alembic.c, flyway.c, …), one line in
 * tool_list.c. Everything is const; functions are pure but for the files that read_files reads, and may be called by
 * any thread.
 */
#ifndef MIGRATIOND_JOURNAL_TOOL_H
#define MIGRATIOND_JOURNAL_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "engine/engine.h"
#include "model/comparison.h"
#include "model/journal.h"
#include "model/migration_set.h"

/* Engines on which a tool runs. */
enum { TOOL_POSTGRES = 1, TOOL_MYSQL = 2, TOOL_SQLITE = 4, TOOL_EVERYWHERE = 7 }; /* MariaDB counts as MySQL */

/* Rows become a journal: `row` for each, in the order read, then `finish`, which folds. Both append to the builder. */
struct journal_builder;

/* A second table that is part of a journal, in the same schema: its rows come behind those of the first. */
struct tool_beside {
    const char *table;
    const struct cell_request *cells;
    size_t cell_count;
    const char *order_by; /* NULL: unordered */
    int (*row)(struct journal_builder *builder, const char *const *cells, const size_t *lengths, struct error *reterr);
};

/* One layout of a journal's table; tools change theirs over time. Newest first. */
struct tool_shape {
    const char *const *columns;       /* NULL-terminated, lower case: all must exist (compared case-insensitively) */
    bool exact;                       /* and no other column may */
    bool rename_safe;                 /* the columns alone prove the tool, whatever the table's name */
    const struct cell_request *cells; /* what is read */
    size_t cell_count;
    const char *order_by; /* NULL: unordered */

    /* May. What besides the columns tells it from a look-alike: a table beside it, a declared type (detect.h). Pure. */
    bool (*fits)(const struct schema *schema, const struct schema_relation *relation);

    /* The rows prove the tool: one that the tool never writes makes the table somebody else's, not a broken journal,
     * unless the configuration names it. For names and columns that many programs choose. */
    bool proven_by_rows;

    const struct tool_beside *beside; /* NULL: the journal is one table */
};

/* How a tool that lists what it applied judges the list (compare_list.h). */
struct list_traits;

/* What locks show that a tool runs; filled by the functions of tool_locks.h. */
struct lock_plan;

/* What compare is asked. Everything is borrowed. */
struct compare_request {
    const struct journal *journal;
    const struct migration_set *expected; /* the tool's files; NULL where none are known */
    struct revision_graph
        *known;           /* graph tools: all that was ever seen; NULL. References are taken and dropped, no more */
    const char *revision; /* R; NULL: the whole of `expected` */
    enum match match;
    enum expectation_source source;

    /* R is the newest revision that may be applied (compare_range.h): `later` holds whatever is applied beyond it, also
     * on a branch beside it, and what cannot be placed makes `order_unknown`. Whether R itself is missing is of no
     * interest. `floor` is a revision that R is said to come after; NULL. */
    bool ceiling;
    const char *floor;
};

struct tool {
    const char *name;                  /* "alembic": configuration, JSON, metrics */
    const char *title;                 /* "Alembic": sentences */
    const char *const *default_tables; /* NULL-terminated; exact names, compared case-insensitively */
    const struct tool_shape *shapes;
    size_t shape_count;

    /* Must. Turns one row into an entry (or remembers it for finish). `shape` is the index of the shape read. A value
     * that the tool never writes calls journal_builder_invalid and goes on. */
    int (*row)(struct journal_builder *builder, size_t shape, const char *const *cells, const size_t *lengths,
               struct error *reterr);

    /* May (NULL: entries stay as appended). Folds by the tool's rules. */
    int (*finish)(struct journal_builder *builder, struct error *reterr);

    /* May. How the tool shows that it runs on this engine (tool_locks.h). */
    void (*locks)(const struct journal_address *address, const struct server_facts *server, struct lock_plan *plan);

    /* One table is several journals, each of its own `part` (Django's apps, Sqitch's projects): rows and files name it.
     */
    bool parts;

    /* Must. The migrations in `directory`, whose digest need not be set. Broken files fail with ERROR_INVALID and
     * "file:line: what"; a directory that does not have the tool's layout is ERROR_NOT_FOUND. */
    int (*read_files)(const char *directory, struct migration_set *set, struct error *reterr);

    /* May. Which of two migrations that stand in different folders the tool applies first. NULL: by the numbers and
     * letters of their revisions. */
    int (*order)(const struct migration *a, const struct migration *b);

    /* One line of `migrationctl journal --tools`: what is known of the tool; NULL: nothing of the kind. */
    struct {
        unsigned engines;     /* TOOL_POSTGRES | … */
        const char *files;    /* what is read of a directory: "V*.sql, R*.sql, B*.sql" */
        const char *order;    /* by what its migrations are ordered: "version", "file name", "graph" */
        const char *failure;  /* what shows a failed run: "success = false" */
        const char *lock;     /* what shows a run: "advisory lock" */
        const char *checksum; /* what shows an edited file: "CRC-32 of the lines" */
    } facts;

    /* One of the two must. A tool that lists what it applied, and judges every list alike, has traits. */
    const struct list_traits *traits; /* compare_list.h */
    int (*compare)(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr);
};

/* Those that can be recognised; NULL-terminated. */
extern const struct tool *const tools[];

/* The tool of that name, or NULL. "generic" (generic.h) is found, too, though no table is ever recognised as its. */
const struct tool *tool_find(const char *name);

/* The name of a tool that may be meant by one that none has; NULL if none is near. */
const char *tool_nearest(const char *name);

/* Holds a journal of `tool` against what is asked. Fails only for want of memory. Texts of the request must outlive the
 * comparison. */
int tool_compare(const struct tool *tool, const struct compare_request *request, struct arena *arena,
                 struct comparison *ret_comparison, struct error *reterr);

/* Whether a table of that name is the tool's unless somebody renamed it. */
bool tool_has_default_table(const struct tool *tool, const char *table);

/* The shape that a relation's columns fit, or -1. */
int tool_match_shape(const struct tool *tool, const struct schema *schema, const struct schema_relation *relation);

/* Calls `found` for each journal that the captured schema shows, in its order; views count, since some teams rename and
 * keep one. Where a table could be several tools', `preferred` (the tool of the expected files; NULL) decides. Stops
 * when `found` returns other than 0 and returns that. */
int tool_detect(const struct schema *schema, const struct tool *preferred,
                int (*found)(void *payload, const struct journal_address *address), void *payload);

/* The names of all tools' default tables: what a journal look asks for. */
enum { MARKER_TABLES_MAXIMUM = 128 };
size_t tool_marker_tables(const char *ret_names[static MARKER_TABLES_MAXIMUM]);

/* Reads a directory for `tool`, or, with NULL, for the one tool whose layout it has: the one whose layout is certain,
 * else `likely` (the tool of the journal; NULL) if it can be that, else the only one that it can be. The set's digest
 * is over everything in it, so it changes with names, order and contents. Fails with ERROR_INVALID, ERROR_IO,
 * ERROR_TRUNCATED, ERROR_NO_MEMORY. */
int migration_files_read(const struct tool *tool, const struct tool *likely, const char *directory,
                         struct migration_set **ret_set, struct error *reterr);

/* The same for one of several folders, which may lack what its migrations come after. */
int migration_folder_read(const struct tool *tool, const struct tool *likely, const char *folder,
                          struct migration_set **ret_set, struct error *reterr);

/* A cheap token of a directory's listing (names, sizes, times, inodes, in depth LIMIT_DIRECTORY_DEPTH): equal tokens
 * mean that reading it again would give the same. */
int migration_files_token(const char *directory, struct digest *ret_token, struct error *reterr);

#endif
