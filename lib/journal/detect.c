/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "journal/tool.h"

static bool has_column(const struct schema *schema, const struct schema_relation *relation, const char *name)
{
    const struct schema_column *columns = schema->columns + relation->first_column;
    for (uint16_t i = 0; i < relation->column_count; i++)
        if (strcasecmp(schema_text(schema, columns[i].name), name) == 0)
            return true;
    return false;
}

static bool fits(const struct tool_shape *shape, const struct schema *schema, const struct schema_relation *relation)
{
    size_t wanted = 0;
    while (shape->columns[wanted])
        wanted++;
    if (relation->column_count < wanted || (shape->exact && relation->column_count != wanted))
        return false;
    for (size_t i = 0; i < wanted; i++)
        if (!has_column(schema, relation, shape->columns[i]))
            return false;
    return true;
}

int tool_match_shape(const struct tool *tool, const struct schema *schema, const struct schema_relation *relation)
{
    for (size_t i = 0; i < tool->shape_count; i++)
        if (fits(&tool->shapes[i], schema, relation))
            return (int)i;
    return -1;
}

/* The default name is the stronger sign; without it, only columns that nobody else would choose count. */
static const struct tool *recognise(const struct schema *schema, const struct schema_relation *relation)
{
    const struct tool *renamed = NULL;
    for (size_t i = 0; tools[i]; i++) {
        int shape = tool_match_shape(tools[i], schema, relation);
        if (shape < 0)
            continue;
        if (tool_has_default_table(tools[i], schema_text(schema, relation->name)))
            return tools[i];
        if (!renamed && tools[i]->shapes[shape].rename_safe)
            renamed = tools[i];
    }
    return renamed;
}

int tool_detect(const struct schema *schema, int (*found)(void *payload, const struct journal_address *address),
                void *payload)
{
    for (size_t i = 0; i < schema->relation_count; i++) {
        const struct schema_relation *relation = &schema->relations[i];
        const struct tool *tool = recognise(schema, relation);
        if (!tool)
            continue;
        struct journal_address address = {
            .tool = tool->name,
            .schema = schema_text(schema, relation->schema),
            .table = schema_text(schema, relation->name),
        };
        int result = found(payload, &address);
        if (result != 0)
            return result;
    }
    return 0;
}
