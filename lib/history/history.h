/* SPDX-License-Identifier: Apache-2.0
 *
 * The history: what was seen and answered, in a store that outlives the daemon. Records are only ever appended (and
 * dropped from the old end); each carries a hash over itself and the hash of the one before, so that a change of the
 * past shows. A store is a SQLite file or a PostgreSQL database that several daemons share; both append under the
 * store's own lock, which is what keeps the chain one. Knows no thread and no wall clock: a store is used by one thread
 * at a time, and times come from the caller. Calls block, at most until their deadline.
 */
#ifndef MIGRATIOND_HISTORY_HISTORY_H
#define MIGRATIOND_HISTORY_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/error.h"

enum history_kind { HISTORY_STATE, HISTORY_DRIFT, HISTORY_ADMISSION, HISTORY_FAIL_OPEN, HISTORY_KINDS };

/* "state", "drift", "admission", "fail_open". */
const char *history_kind_name(enum history_kind kind);

enum { HISTORY_HASH_BYTES = 32 };

struct history_record {
    int64_t sequence; /* given by the store: greater than that of every record before */
    int64_t at_ms;    /* unix time; greater or equal to that of the record before in one daemon, not across several */
    enum history_kind kind;
    const char *subject; /* a database's or a gate's name */
    const char *source;  /* which daemon saw it: "host:pid" or what the operator calls it */
    const char *body;    /* one JSON object */
    unsigned char hash[HISTORY_HASH_BYTES];
};

/* SHA-256 over the previous record's hash (zeros before the first) and every field but the hash, each with its length.
 * Pure. */
void history_hash(const unsigned char previous[HISTORY_HASH_BYTES], const struct history_record *record,
                  unsigned char ret_hash[HISTORY_HASH_BYTES]);

/* How much is kept: what is older than `age_ms`, or beyond the newest `rows`, may be dropped. */
struct history_retention {
    int64_t age_ms;
    int64_t rows;
};

struct history_store;

/* Where a store is: a SQLite file, made if it is not there, or a PostgreSQL URL. */
struct history_place {
    const char *path; /* NULL: `target` */
    const struct engine_target *target;
};

int history_open(const struct history_place *place, struct deadline deadline, struct history_store **ret_store,
                 struct error *reterr);
void history_close(struct history_store *store);

/* Appends all in one transaction and returns after its commit, or appends none. Fills in `sequence` and `hash`.
 * ERROR_IO (disk full, read-only), ERROR_INVALID (corrupt), ERROR_TIMEOUT, ERROR_UNREACHABLE, ERROR_NO_MEMORY. */
int history_append(struct history_store *store, struct history_record *records, size_t count, struct deadline deadline,
                   struct error *reterr);

/* Drops what retention allows, a bounded number of records per call; the oldest that stays keeps the chain's anchor.
 * `*ret_more`: there is more to drop. */
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

/* Calls `take` for each record, which borrows it; stops when that returns false. */
int history_read(struct history_store *store, const struct history_query *query, struct deadline deadline,
                 bool (*take)(void *payload, const struct history_record *record), void *payload,
                 struct error *reterr);

/* Walks the chain from its anchor. ERROR_INVALID names the first record that does not fit. */
struct history_verdict {
    int64_t records;
    int64_t first_sequence;
    int64_t last_sequence;
};
int history_verify(struct history_store *store, struct deadline deadline, struct history_verdict *ret_verdict,
                   struct error *reterr);

DEFINE_CLEANUP(history_store, struct history_store *, history_close);

#endif
