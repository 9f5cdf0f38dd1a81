/* SPDX-License-Identifier: Apache-2.0
 *
 * The tools that there are: one line per file. The order decides nothing but which of two look-alikes is named first.
 */
#ifndef MIGRATIOND_JOURNAL_TOOL_LIST_H
#define MIGRATIOND_JOURNAL_TOOL_LIST_H

#include "journal/tool.h"

#define TOOL_LIST(TOOL)                                                                                                \
    TOOL(alembic)                                                                                                      \
    TOOL(atlas)                                                                                                        \
    TOOL(db_migrate)                                                                                                   \
    TOOL(dbmate)                                                                                                       \
    TOOL(diesel)                                                                                                       \
    TOOL(django)                                                                                                       \
    TOOL(doctrine)                                                                                                     \
    TOOL(drizzle)                                                                                                      \
    TOOL(ecto)                                                                                                         \
    TOOL(ef_core)                                                                                                      \
    TOOL(flyway)                                                                                                       \
    TOOL(golang_migrate)                                                                                               \
    TOOL(goose)                                                                                                        \
    TOOL(graphile_migrate)                                                                                             \
    TOOL(knex)                                                                                                         \
    TOOL(kysely)                                                                                                       \
    TOOL(laravel)                                                                                                      \
    TOOL(liquibase)                                                                                                    \
    TOOL(mikroorm)                                                                                                     \
    TOOL(node_pg_migrate)                                                                                              \
    TOOL(phinx)                                                                                                        \
    TOOL(prisma)                                                                                                       \
    TOOL(rails)                                                                                                        \
    TOOL(refinery)                                                                                                     \
    TOOL(sequelize)                                                                                                    \
    TOOL(sqitch)                                                                                                       \
    TOOL(sqlx)                                                                                                         \
    TOOL(supabase)                                                                                                     \
    TOOL(typeorm)                                                                                                      \
    TOOL(yoyo)

#define TOOL_DECLARATION(name) extern const struct tool tool_##name;
TOOL_LIST(TOOL_DECLARATION)

#endif
