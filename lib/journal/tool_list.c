/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/tool_list.h"

#include <string.h>
#include <strings.h>

#include "journal/generic.h"

const struct tool *const tools[] = {
    &tool_alembic,
    &tool_atlas,
    &tool_db_migrate,
    &tool_dbmate,
    &tool_diesel,
    &tool_django,
    &tool_doctrine,
    &tool_drizzle,
    &tool_ecto,
    &tool_ef_core,
    &tool_flyway,
    &tool_golang_migrate,
    &tool_goose,
    &tool_graphile_migrate,
    &tool_knex,
    &tool_kysely,
    &tool_laravel,
    &tool_liquibase,
    &tool_mikroorm,
    &tool_node_pg_migrate,
    &tool_phinx,
    &tool_prisma,
    &tool_rails,
    &tool_refinery,
    &tool_sequelize,
    &tool_sqitch,
    &tool_sqlx,
    &tool_supabase,
    &tool_typeorm,
    &tool_yoyo,
    NULL,
};

const struct tool *tool_find(const char *name)
{
    for (size_t i = 0; tools[i]; i++)
        if (strcmp(tools[i]->name, name) == 0)
            return tools[i];
    return strcmp(generic_tool->name, name) == 0 ? generic_tool : NULL;
}

bool tool_has_default_table(const struct tool *tool, const char *table)
{
    for (const char *const *name = tool->default_tables; *name; name++)
        if (strcasecmp(*name, table) == 0)
            return true;
    return false;
}

static bool is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

size_t tool_marker_tables(const char *ret_names[static MARKER_TABLES_MAXIMUM])
{
    size_t count = 0;
    for (size_t i = 0; tools[i]; i++)
        for (const char *const *name = tools[i]->default_tables; *name && count < MARKER_TABLES_MAXIMUM; name++)
            if (!is_listed(ret_names, count, *name))
                ret_names[count++] = *name;
    return count;
}
