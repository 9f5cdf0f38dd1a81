/* SPDX-License-Identifier: Apache-2.0
 *
 * A database of our own, made to load SQL into and to read its schema back: the only code of this project, besides
 * `bootstrap`, that writes to a server, and only to one that the operator named for it. It never touches a database
 * that it did not create: the name is "migrationd_scratch_" and 16 random hexadecimal digits. scratch_close drops it in
 * every case in which the server still answers, and says so if it could not; what a killed process leaves behind is
 * dropped by the next scratch_open there, after an hour. One thread.
 *
 * Whoever may be told to stop by a signal blocks or handles it and sets `*stop` from the handler: loading then ends
 * before the next statement with ERROR_TIMEOUT, and the caller goes on to scratch_close as ever.
 */
#ifndef MIGRATIOND_ENGINE_SCRATCH_H
#define MIGRATIOND_ENGINE_SCRATCH_H

#include <signal.h>

#include "engine/engine.h"

struct scratch;

struct scratch_request {
    const char *engine;                 /* "postgres", "mysql", "mariadb", "sqlite" */
    const struct engine_target *server; /* any database on it, or none; NULL for SQLite */
    const char *collation;              /* MySQL: default of the database, if the server knows it; NULL: the server's */
    const volatile sig_atomic_t *stop;  /* NULL: none */
};

/* Creates an empty database (for SQLite: a private file in a private folder). Databases of ours there that are older
 * than an hour and that nobody uses are dropped first. ERROR_UNSUPPORTED if the server is of another engine. */
int scratch_open(const struct scratch_request *request, struct deadline deadline, struct scratch **ret_scratch,
                 struct error *reterr);

/* Runs a script as the engine's client would: several statements, DELIMITER and dollar quotes, psql's meta-commands and
 * COPY data skipped, as are statements that set owners, grants and session settings of a dump, or only bring data.
 * `name` stands in messages with the line. ERROR_INVALID with the server's message, or for a statement that would reach
 * beyond the database. */
int scratch_run(struct scratch *scratch, const char *sql, size_t length, const char *name, struct deadline deadline,
                struct error *reterr);

/* The address of the scratch database, to be read like any other; borrowed. */
const struct engine_target *scratch_target(const struct scratch *scratch);

/* Drops it, in time of its own. Returns -1 and says what was left behind, and how to remove it, if that failed; the
 * scratch is gone in either case. Accepts NULL. */
int scratch_close(struct scratch *scratch, struct error *reterr);

#endif
