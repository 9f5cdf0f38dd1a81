/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/tool_list.h"

#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "journal/compare_list.h"
#include "journal/generic.h"

#define TOOL_ADDRESS(name) &tool_##name,

const struct tool *const tools[] = {TOOL_LIST(TOOL_ADDRESS) NULL};

const struct tool *tool_find(const char *name)
{
    for (size_t i = 0; tools[i]; i++)
        if (strcmp(tools[i]->name, name) == 0)
            return tools[i];
    return strcmp(generic_tool->name, name) == 0 ? generic_tool : NULL;
}

static const char *name_at(const void *list, size_t index)
{
    return ((const struct tool *const *)list)[index]->name;
}

const char *tool_nearest(const char *name)
{
    size_t count = 0;
    while (tools[count])
        count++;
    return nearest_name(name, name_at, tools, count);
}

int tool_compare(const struct tool *tool, const struct compare_request *request, struct arena *arena,
                 struct comparison *ret_comparison, struct error *reterr)
{
    return tool->traits ? compare_list(request, tool->traits, arena, ret_comparison, reterr)
                        : tool->compare(request, arena, ret_comparison, reterr);
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
