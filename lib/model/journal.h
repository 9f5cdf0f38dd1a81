/* SPDX-License-Identifier: Apache-2.0
 *
 * What a migration tool recorded in one database, folded by that tool's own rules (baselines, undone and deleted
 * entries, repeatables) but not yet compared with what is expected. Immutable once built, reference-counted; all texts
 * live in the journal's arena and are valid UTF-8. Any thread may read; one builds.
 */
#ifndef MIGRATIOND_MODEL_JOURNAL_H
#define MIGRATIOND_MODEL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/digest.h"

/* Where a journal's main table stands. `schema` is "" where the engine has no schemas. */
struct journal_address {
    const char *tool; /* name of the tool, static */
    const char *schema;
    const char *table;
    const char
        *part; /* which of several journals in one table (Django's app, Sqitch's project); NULL: the table is one */
};

/* "schema.table/part", without what it does not have; cut to `size`. */
enum { JOURNAL_NAME_SIZE = 512 };
void journal_address_print(const struct journal_address *address, char *buffer, size_t size);

/* Whether it stands where a person says: "table", or "schema.table", where the schema may be a shell pattern. Without
 * schemas there is only the table. */
bool journal_address_stands_at(const struct journal_address *address, const char *place);

/* How well a name that a person wrote fits: 0 not at all, else the more of the address it names, the better. It may be
 * the whole address, the table (with or without its schema), the schema, or the part. */
unsigned journal_address_fit(const struct journal_address *address, const char *name);

enum entry_state {
    ENTRY_APPLIED,
    ENTRY_FAILED,   /* the tool recorded a failure that nobody resolved */
    ENTRY_DIRTY,    /* begun and not ended: running, or its runner died */
    ENTRY_BASELINE, /* stands for everything up to itself; counts as applied */
    ENTRY_REVOKES   /* while a journal is built only: takes back the newest earlier entry of its key */
};

#define TIME_UNKNOWN INT64_MIN

struct journal_entry {
    const char *revision;  /* the tool's own term, as design.md spells it */
    const char *key;       /* what the tool matches files by, where that is not the revision; NULL: the revision */
    const char *label;     /* description, script: for people; NULL */
    const char *part;      /* see struct journal_address; NULL */
    const char *checksum;  /* as the tool spells it; NULL: none recorded */
    int64_t applied_at_ms; /* unix time in milliseconds, or TIME_UNKNOWN */
    int64_t rank;          /* the tool's order of application */
    enum entry_state state;
    bool repeatable; /* has no place in the order of versions */
};

struct journal {
    unsigned references; /* atomic */
    struct arena *arena;
    struct journal_address address;
    const char *engine;                  /* of the server: "postgres", "mariadb", …; NULL: not known */
    size_t shape;                        /* which of the tool's table layouts was read */
    const struct journal_entry *entries; /* in the tool's order; live ones only; NULL: see `pack` */
    const struct journal_pack *pack;     /* the entries of a long journal (journal_pack.h); NULL */
    size_t entry_count;
    size_t row_count;      /* as read, before folding */
    bool heads_only;       /* entries are the current heads, not all that was applied (Alembic) */
    bool position;         /* its one entry is where the database stands: all before it is applied, too */
    bool truncated;        /* more rows than LIMIT_JOURNAL_ROWS: never `current` */
    const char *invalid;   /* rows that cannot be this tool's: what and where; NULL if all could be believed */
    struct digest digest;  /* over the rows as read: equal digests need no second folding */
    struct journal *whole; /* of a part: the journal that owns its entries; one reference. NULL */
};

/* A journal with an empty arena and one reference; NULL when memory is out. The address is copied. */
struct journal *journal_new(const struct journal_address *address) __attribute__((warn_unused_result));

/* `count` entries from `first` on, which all have one part, as a journal of their own that keeps `whole` alive; NULL
 * when memory is out. */
struct journal *journal_part(struct journal *whole, size_t first, size_t count) __attribute__((warn_unused_result));

struct journal *journal_ref(struct journal *journal);
void journal_unref(struct journal *journal);

/* Applied, or stands for what was applied. */
bool journal_entry_is_applied(const struct journal_entry *entry);

const char *entry_state_name(enum entry_state state);

/* What is known of a lock that a tool holds while it runs. `since_ms` is unix time. */
struct lock_report {
    bool held;
    bool orphaned;     /* the holder's session is provably gone */
    bool suspected;    /* a lock row without a session, older than lock_orphan_after */
    bool sessionless;  /* a lock row that no session backs: its age alone tells whether it is suspected */
    bool runner_shows; /* the tool cannot run without being seen here: no lock, no runner */
    char holder[160];  /* "pid 4711, flyway at 10.0.0.7"; "" if unknown */
    int64_t since_ms;  /* or TIME_UNKNOWN */
};

DEFINE_CLEANUP(journal, struct journal *, journal_unref);

#endif
