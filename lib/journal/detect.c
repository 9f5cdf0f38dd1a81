/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/detect.h"

#include <string.h>
#include <strings.h>

static const struct schema_column *find_column(const struct schema *schema, const struct schema_relation *relation,
                                               const char *name)
{
    const struct schema_column *columns = schema->columns + relation->first_column;
    for (uint16_t i = 0; i < relation->column_count; i++)
        if (strcasecmp(schema_text(schema, columns[i].name), name) == 0)
            return &columns[i];
    return NULL;
}

const char *detect_column_type(const struct schema *schema, const struct schema_relation *relation, const char *column)
{
    const struct schema_column *found = find_column(schema, relation, column);
    return found ? schema_text(schema, found->type) : "";
}

bool detect_has_sibling(const struct schema *schema, const struct schema_relation *relation, const char *table)
{
    const char *space = schema_text(schema, relation->schema);
    for (size_t i = 0; i < schema->relation_count; i++)
        if (strcasecmp(schema_text(schema, schema->relations[i].name), table) == 0 &&
            strcmp(schema_text(schema, schema->relations[i].schema), space) == 0)
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
        if (!find_column(schema, relation, shape->columns[i]))
            return false;
    return !shape->fits || shape->fits(schema, relation);
}

int tool_match_shape(const struct tool *tool, const struct schema *schema, const struct schema_relation *relation)
{
    for (size_t i = 0; i < tool->shape_count; i++)
        if (fits(&tool->shapes[i], schema, relation))
            return (int)i;
    return -1;
}

/* The default name is the stronger sign; without it, only columns that nobody else would choose count. */
static const struct tool *recognise(const struct schema *schema, const struct schema_relation *relation,
                                    const struct tool *preferred)
{
    const char *name = schema_text(schema, relation->name);
    const struct tool *renamed = NULL;
    const struct tool *named = NULL;
    for (size_t i = 0; tools[i]; i++) {
        int shape = tool_match_shape(tools[i], schema, relation);
        if (shape < 0)
            continue;
        bool usual = tool_has_default_table(tools[i], name);
        if (usual && (!named || tools[i] == preferred))
            named = tools[i];
        if (!renamed && tools[i]->shapes[shape].rename_safe)
            renamed = tools[i];
    }
    return named ? named : renamed;
}

int tool_detect(const struct schema *schema, const struct tool *preferred,
                int (*found)(void *payload, const struct journal_address *address), void *payload)
{
    for (size_t i = 0; i < schema->relation_count; i++) {
        const struct schema_relation *relation = &schema->relations[i];
        const struct tool *tool = recognise(schema, relation, preferred);
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
