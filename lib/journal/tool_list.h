/* SPDX-License-Identifier: Apache-2.0
 *
 * The tools that there are: one line per file.
 */
#ifndef MIGRATIOND_JOURNAL_TOOL_LIST_H
#define MIGRATIOND_JOURNAL_TOOL_LIST_H

#include "journal/tool.h"

extern const struct tool tool_alembic;
extern const struct tool tool_atlas;
extern const struct tool tool_diesel;
extern const struct tool tool_drizzle;
extern const struct tool tool_ef_core;
extern const struct tool tool_flyway;
extern const struct tool tool_prisma;
extern const struct tool tool_refinery;
extern const struct tool tool_sqitch;
extern const struct tool tool_sqlx;

#endif
