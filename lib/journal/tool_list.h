/* SPDX-License-Identifier: Apache-2.0
 *
 * The tools that there are: one line per file.
 */
#ifndef MIGRATIOND_JOURNAL_TOOL_LIST_H
#define MIGRATIOND_JOURNAL_TOOL_LIST_H

#include "journal/tool.h"

extern const struct tool tool_alembic;
extern const struct tool tool_atlas;
extern const struct tool tool_db_migrate;
extern const struct tool tool_dbmate;
extern const struct tool tool_diesel;
extern const struct tool tool_django;
extern const struct tool tool_doctrine;
extern const struct tool tool_drizzle;
extern const struct tool tool_ecto;
extern const struct tool tool_ef_core;
extern const struct tool tool_flyway;
extern const struct tool tool_golang_migrate;
extern const struct tool tool_goose;
extern const struct tool tool_graphile_migrate;
extern const struct tool tool_knex;
extern const struct tool tool_kysely;
extern const struct tool tool_laravel;
extern const struct tool tool_liquibase;
extern const struct tool tool_mikroorm;
extern const struct tool tool_node_pg_migrate;
extern const struct tool tool_phinx;
extern const struct tool tool_prisma;
extern const struct tool tool_rails;
extern const struct tool tool_refinery;
extern const struct tool tool_sequelize;
extern const struct tool tool_sqitch;
extern const struct tool tool_sqlx;
extern const struct tool tool_supabase;
extern const struct tool tool_typeorm;
extern const struct tool tool_yoyo;

#endif
