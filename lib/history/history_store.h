/* SPDX-License-Identifier: Apache-2.0
 *
 * What each kind of store does for history.c, and what they share. Internal to the library of history.h.
 */
#ifndef MIGRATIOND_HISTORY_HISTORY_STORE_H
#define MIGRATIOND_HISTORY_HISTORY_STORE_H

#include "history/history.h"

/* Of one step of retention: small enough that an admission does not notice it. */
enum { HISTORY_TRIM_ROWS = 512 };

/* What a file and a database say they hold. A newer version's is left alone. */
enum { HISTORY_FORMAT = 1 };

/* Where a chain is held: the last record that was dropped from its old end, and the newest one. Both are also known
 * when there are no records; 0 and zeros before the first. */
struct history_link {
    int64_t sequence;
    char hash[SHA256_HEX_SIZE];
};
struct history_chain {
    struct history_link anchor;
    struct history_link head;
    int64_t seen_ms;
};

/* Of the walk: the chain's ends first, then every record, oldest first, all of one moment. */
struct history_walk {
    void (*begin)(void *payload, const struct history_chain *chain);
    history_taker *taker;
    void *payload;
};

struct history_store_ops {
    void (*close)(struct history_store *store);
    int (*append)(struct history_store *store, struct history_record *records, size_t count, int64_t now_ms,
                  struct deadline deadline, struct error *reterr);
    int (*last_seen)(struct history_store *store, struct deadline deadline, int64_t *ret_at_ms, struct error *reterr);
    int (*trim)(struct history_store *store, const struct history_retention *retention, int64_t now_ms,
                struct deadline deadline, bool *ret_more, struct error *reterr);
    int (*read)(struct history_store *store, const struct history_query *query, struct deadline deadline,
                history_taker *taker, void *payload, struct error *reterr);
    int (*walk)(struct history_store *store, struct deadline deadline, const struct history_walk *walk,
                struct error *reterr);
};

/* The beginning of every store's own struct. */
struct history_store {
    const struct history_store_ops *ops;
};

int history_sqlite_open(const char *path, bool read_only, struct deadline deadline, struct history_store **ret_store,
                        struct error *reterr);
int history_postgres_open(const struct engine_target *target, bool read_only, struct deadline deadline,
                          struct history_store **ret_store, struct error *reterr);

/* Gives the record its place behind the head, which moves on to it. */
void history_link_record(struct history_record *record, struct history_link *head);

/* Whether retention lets a record go. */
bool history_may_drop(const struct history_retention *retention, const struct history_chain *chain, int64_t now_ms,
                      int64_t sequence, int64_t at_ms);

/* Copies a hash out of a store, whatever stands there. */
void history_copy_hash(char ret_hash[static SHA256_HEX_SIZE], const char *text);

#endif
