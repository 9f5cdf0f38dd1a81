/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine without a server: tables, failures and locks are what the test puts into a script. Every call is counted,
 * so a test can tell that transactions were ended and how much was asked. One thread uses a connection at a time; the
 * script may be changed between calls, by whoever holds the connection.
 */
#ifndef MIGRATIOND_TESTS_SUPPORT_FAKE_ENGINE_H
#define MIGRATIOND_TESTS_SUPPORT_FAKE_ENGINE_H

#include "engine/engine.h"

enum { FAKE_COLUMNS_MAXIMUM = 16 };

/* Rows come as one text per column, in the order of `columns`; a row may name fewer columns than the table has. */
struct fake_table {
    const char *schema;
    const char *name;
    const char *columns[FAKE_COLUMNS_MAXIMUM]; /* NULL-terminated */
    const char *types[FAKE_COLUMNS_MAXIMUM];   /* of the columns; NULL: "text" */
    const char *const (*rows)[FAKE_COLUMNS_MAXIMUM];
    size_t row_count;
    const char *grant;    /* not NULL: the role may not read it, and this would help */
    enum error_code fail; /* reading fails with this code … */
    size_t fail_after;    /* … after so many rows */
    bool lock_held;       /* what read_lock finds for this table, or for `lock_name` */
    const char *lock_name;
};

struct fake_server {
    const struct fake_table *tables;
    size_t table_count;
    enum error_code open_fails;
    enum error_code begin_fails;
    enum error_code find_fails;
    enum error_code end_fails;
    enum error_code lock_fails;
    int64_t answers_in_ms; /* every call waits so long, or, if that is later, for its deadline and fails with
                              ERROR_TIMEOUT */
    bool batches;          /* reads several tables, and locks, at once */
    const char *engine;    /* NULL: "postgres" */
    const char *database;  /* NULL: "app" */

    /* Counted. */
    unsigned opened;
    unsigned closed;
    unsigned begun;
    unsigned ended;
    unsigned tables_read;
    unsigned locks_read;
    unsigned batches_read;
    unsigned lock_batches_read;
    unsigned probes;
};

extern const struct engine_ops fake_engine;

/* What fake_engine.open connects to, until the next call. For targets, which carry no pointers. */
void fake_engine_serve(struct fake_server *server);

/* The facts that open reports. */
struct server_facts fake_server_facts(const struct fake_server *server);

/* All tables as a sealed schema; NULL when memory is out. */
struct schema *fake_server_schema(const struct fake_server *server);

#endif
