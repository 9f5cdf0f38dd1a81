/* SPDX-License-Identifier: Apache-2.0
 *
 * The tools that there are: one line per file.
 */
#ifndef MIGRATIOND_JOURNAL_TOOL_LIST_H
#define MIGRATIOND_JOURNAL_TOOL_LIST_H

#include "journal/tool.h"

extern const struct tool tool_alembic;
extern const struct tool tool_db_migrate;
extern const struct tool tool_drizzle;
extern const struct tool tool_flyway;
extern const struct tool tool_graphile_migrate;
extern const struct tool tool_knex;
extern const struct tool tool_kysely;
extern const struct tool tool_mikroorm;
extern const struct tool tool_node_pg_migrate;
extern const struct tool tool_sequelize;
extern const struct tool tool_typeorm;

#endif
