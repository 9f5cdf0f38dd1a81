/* SPDX-License-Identifier: Apache-2.0
 *
 * One journal look in progress: what its steps share. The readings are made first, one per table that was sighted and
 * in that order; then their rows are read, then the locks; at the end tables of several journals are split. Internal to
 * journal_look*.c.
 */
#ifndef MIGRATIOND_JOURNAL_JOURNAL_LOOK_RUN_H
#define MIGRATIOND_JOURNAL_JOURNAL_LOOK_RUN_H

#include "journal/journal_look.h"
#include "journal/journal_sightings.h"

struct look_run {
    const struct journal_look *request;
    struct engine_connection *connection;
    const struct server_facts *server;
    struct deadline deadline;
    struct snapshot *snapshot; /* being built; owned */
    struct journal_reading *readings;
    size_t capacity; /* of readings, which are on the heap until the end */
    const struct journal_sightings *sightings;
    bool *dropped; /* per sighting: it turned out to be no journal */
    bool schema_due;
};

/* Tables of one form that one statement reads: a thousand tenants, and few enough for the server's lock table. */
enum { LOOK_TABLES_AT_ONCE = 1024 };

static inline const struct schema *look_schema(const struct look_run *run)
{
    return run->request->previous ? run->request->previous->schema : NULL;
}

static inline const struct engine_ops *look_ops(const struct look_run *run)
{
    return run->connection->ops;
}

/* After these the database as a whole could not be read. */
bool look_is_fatal(enum error_code code);

/* A failed statement leaves PostgreSQL's transaction useless: begins a new one. */
int look_restart(struct look_run *run, struct error *reterr);

/* The reading of the same journal in the look before, or NULL. */
const struct journal_reading *look_previous(const struct look_run *run, const struct journal_reading *reading);

/* Notes why a journal could not be read. `grant` is the statement that would help; NULL where there is none. */
int look_fail_reading(struct look_run *run, struct journal_reading *reading, enum error_code code, const char *message,
                      const char *grant, struct error *reterr);

/* Hands a journal to its reading, which shares that of the look before if it says the same. */
void look_set_journal(const struct look_run *run, struct journal_reading *reading, struct journal *journal);

/* The steps, for all readings. */
int look_read_rows(struct look_run *run, struct error *reterr);
int look_read_locks(struct look_run *run, struct error *reterr);

#endif
