/* SPDX-License-Identifier: Apache-2.0
 *
 * The one thing here that writes to a database that somebody uses: makes a migration tool's journal and its rows, in
 * one transaction where the engine has transactional DDL. Beside scratch.h nothing else in this project writes. A
 * library of its own, which the daemon does not link. One thread; blocks under the deadline.
 */
#ifndef MIGRATIOND_ENGINE_STAMP_H
#define MIGRATIOND_ENGINE_STAMP_H

#include "engine/engine.h"

struct stamp_statement {
    const char *sql;
    const char *table; /* the table that it makes; NULL: an index, a row */
    bool ddl;          /* all of these stand before all rows */
};

struct stamp_script {
    const struct stamp_statement *statements;
    size_t count;
    const char *schema; /* PostgreSQL: where names without one stand; NULL: as the role's search_path says */
};

/* Runs the script, which never takes over a table that is there. After a failure nothing was written, or, on MySQL and
 * MariaDB, the tables that the message names, without rows, and what removes them. If the connection is lost at the
 * commit, the message says that the outcome is not known. ERROR_FORBIDDEN and the others of engine.h. */
int stamp_run(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
              struct error *reterr);

#endif
