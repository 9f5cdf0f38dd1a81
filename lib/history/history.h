/* SPDX-License-Identifier: Apache-2.0
 *
 * The history: what was seen and answered, in a store that outlives the daemon. Records are only ever appended (and
 * dropped from the old end); each carries a hash over itself and the hash of the one before, so that a change of the
 * past shows. A store is a SQLite file or a PostgreSQL database that several daemons share; both append under the
 * store's own lock, which is what keeps the chain one. Knows no thread and no wall clock: a store is used by one thread
 * at a time, and times come from the caller. Calls block, at most until their deadline.
 *
 * Errors of every call: ERROR_IO (disk full, read-only, no permission), ERROR_INVALID (the file is corrupt),
 * ERROR_UNSUPPORTED (it is something else, or a newer version's), ERROR_CHANGED (the file was replaced or removed: open
 * the store again), ERROR_TIMEOUT, ERROR_NO_MEMORY, and for PostgreSQL those of engine.h. After ERROR_UNREACHABLE and
 * ERROR_TIMEOUT the store may only be closed.
 */
#ifndef MIGRATIOND_HISTORY_HISTORY_H
#define MIGRATIOND_HISTORY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/digest.h"
#include "base/error.h"

enum history_kind { HISTORY_STATE, HISTORY_DRIFT, HISTORY_ADMISSION, HISTORY_FAIL_OPEN, HISTORY_CHECK, HISTORY_KINDS };

/* "state", "drift", "admission", "fail_open", "check". */
const char *history_kind_name(enum history_kind kind);

/* HISTORY_KINDS for what is none. */
enum history_kind history_kind_from_name(const char *name);

struct history_record {
    int64_t sequence; /* given by the store: one more than that of the record before */
    int64_t at_ms;    /* unix time; clocks differ, so it need not grow with `sequence` */
    enum history_kind kind;
    const char *subject;        /* a database's or a gate's name */
    const char *source;         /* which daemon saw it: "host:pid" */
    const char *body;           /* one JSON object */
    char hash[SHA256_HEX_SIZE]; /* lower-case hexadecimal */
};

/* SHA-256 of seven lines of text, each ended by a newline, so that anybody can check it: the previous record's hash
 * (64 zeros before the first), sequence, at_ms, the kind's name, and the SHA-256 of subject, source and body. Pure. */
void history_hash(const char previous[static SHA256_HEX_SIZE], const struct history_record *record,
                  char ret_hash[static SHA256_HEX_SIZE]);

/* How much is kept: what is older than `age_ms`, or beyond the newest `rows`, may be dropped. */
struct history_retention {
    int64_t age_ms;
    int64_t rows;
};

struct history_store;
struct engine_target;

/* Where a store is: a SQLite file or a PostgreSQL database. It is made if it is not there, unless it is only read. */
struct history_place {
    const char *path; /* NULL: `target` */
    const struct engine_target *target;
    bool read_only;
};

int history_open(const struct history_place *place, struct deadline deadline, struct history_store **ret_store,
                 struct error *reterr);
void history_close(struct history_store *store);

/* Renames a corrupt file and what stands beside it to "<path>.corrupt-<time>", which `ret_path` tells; a store that has
 * it open sees ERROR_CHANGED. */
int history_set_aside(const char *path, int64_t now_ms, char *ret_path, size_t size, struct error *reterr);

/* Appends all in one transaction and returns after its commit, or appends none. Fills in `sequence` and `hash`. After a
 * failure a record whose `sequence` is not 0 may have been committed nevertheless: appended again as it is, it is
 * looked for first. With no records it only shows that the store can be written, and that somebody is there: `now_ms`
 * is what history_last_seen tells, unless another writer was seen later. */
int history_append(struct history_store *store, struct history_record *records, size_t count, int64_t now_ms,
                   struct deadline deadline, struct error *reterr);

/* When somebody appended last, be it nothing; 0: nobody ever did. */
int history_last_seen(struct history_store *store, struct deadline deadline, int64_t *ret_at_ms, struct error *reterr);

/* Drops what retention allows, a bounded number of records per call; the chain goes on from an anchor, and of each
 * database the newest state that was dropped stays known to history_read. `*ret_more`: there is more to drop. */
int history_trim(struct history_store *store, const struct history_retention *retention, int64_t now_ms,
                 struct deadline deadline, bool *ret_more, struct error *reterr);

/* What is asked for; zero and NULL mean no condition. Newest first. */
struct history_query {
    unsigned kinds;      /* bit (1 << enum history_kind); 0: all */
    const char *subject; /* NULL: all */
    int64_t before_sequence;
    int64_t until_ms; /* at or before that moment */
    size_t limit;     /* at least 1 */
};

/* Calls `taker` for each record, which borrows it; stops when that returns false. */
typedef bool history_taker(void *payload, const struct history_record *record);
int history_read(struct history_store *store, const struct history_query *query, struct deadline deadline,
                 history_taker *taker, void *payload, struct error *reterr);

/* What a walk over the chain, from its anchor to its head, found. */
struct history_verdict {
    int64_t records;
    int64_t first_sequence;
    int64_t last_sequence;
    bool broken;
    int64_t broken_at; /* sequence of the first record that does not fit */
    char problem[240]; /* what does not fit, one sentence; "" */
};
int history_verify(struct history_store *store, struct deadline deadline, struct history_verdict *ret_verdict,
                   struct error *reterr);

DEFINE_CLEANUP(history_store, struct history_store *, history_close);

#endif
