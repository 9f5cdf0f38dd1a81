/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "drift/drift_work.h"

enum { PATH_PARTS = 3, NAME_SIZE = 512 };

/* A dotted path taken apart: "schema.table.column", parts quoted where they need it. */
struct parts {
    char texts[PATH_PARTS][NAME_SIZE];
    size_t count;
};

static void read_parts(const char *path, struct parts *parts)
{
    *parts = (struct parts){0};
    while (parts->count < PATH_PARTS) {
        char *text = parts->texts[parts->count++];
        size_t length = 0;
        char quote = *path == '"' || *path == '`' ? *path++ : '\0';
        while (*path && (quote || *path != '.')) {
            if (quote && *path == quote && *++path != quote)
                break;
            if (length + 1 < NAME_SIZE)
                text[length++] = *path;
            path++;
        }
        if (*path != '.')
            return;
        path++;
    }
}

static bool same_name(const struct drift_side *side, const char *a, const char *b)
{
    return side->fold_columns ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

static bool column_is_alone(const struct drift_side *side, const struct schema_relation *relation, const char *name)
{
    for (uint32_t i = 0; i < relation->column_count; i++) {
        uint32_t column = relation->first_column + i;
        if ((side->column_marks[column] & MARK_ALONE) &&
            same_name(side, schema_text(side->schema, side->schema->columns[column].name), name))
            return true;
    }
    return false;
}

static bool any_column_is_alone(const struct drift_side *side, uint32_t relation, struct text_list names)
{
    const struct schema *schema = side->schema;
    if (side->alone_columns[relation] == 0)
        return false;
    for (uint32_t i = 0; i < names.count; i++)
        if (column_is_alone(side, &schema->relations[relation], schema_text(schema, schema->lists[names.first + i])))
            return true;
    return false;
}

static bool mentions_alone(const struct drift_side *side, uint32_t relation, uint32_t expression)
{
    const struct schema *schema = side->schema;
    const struct schema_relation *found = &schema->relations[relation];
    if (side->alone_columns[relation] == 0 || expression == 0)
        return false;
    for (uint32_t i = 0; i < found->column_count; i++) {
        uint32_t column = found->first_column + i;
        if ((side->column_marks[column] & MARK_ALONE) &&
            drift_mentions(schema_text(schema, expression), schema_text(schema, schema->columns[column].name),
                           side->fold_columns))
            return true;
    }
    return false;
}

static bool target_is_alone(const struct drift_side *side, const struct schema_constraint *constraint)
{
    const struct schema *schema = side->schema;
    const struct schema_relation *target = schema_find_relation(
        schema, schema_text(schema, constraint->referenced_schema), schema_text(schema, constraint->referenced_table));
    if (!target)
        return false;
    uint32_t relation = (uint32_t)(target - schema->relations);
    return (side->relation_marks[relation] & MARK_ALONE) ||
           any_column_is_alone(side, relation, constraint->referenced_columns);
}

bool drift_constraint_hangs(const struct drift_side *side, uint32_t at)
{
    const struct schema_constraint *constraint = &side->schema->constraints[at];
    return any_column_is_alone(side, constraint->relation, constraint->columns) ||
           mentions_alone(side, constraint->relation, constraint->expression) ||
           (constraint->kind == CONSTRAINT_FOREIGN_KEY && target_is_alone(side, constraint));
}

bool drift_index_hangs(const struct drift_side *side, uint32_t at)
{
    const struct schema *schema = side->schema;
    const struct schema_index *index = &schema->indexes[at];
    if (side->alone_columns[index->relation] == 0)
        return false;
    for (uint32_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        bool hangs = part->flags & PART_EXPRESSION
                         ? mentions_alone(side, index->relation, part->text)
                         : column_is_alone(side, &schema->relations[index->relation], schema_text(schema, part->text));
        if (hangs)
            return true;
    }
    return mentions_alone(side, index->relation, index->predicate);
}

static bool schema_is_alone(const struct drift_side *side, uint32_t name)
{
    const struct schema *schema = side->schema;
    const struct schema_object *found =
        name != 0 ? schema_find_object(schema, OBJECT_SCHEMA, NULL, NULL, schema_text(schema, name), NULL) : NULL;
    return found && (side->object_marks[found - schema->objects] & MARK_ALONE);
}

uint32_t drift_next_parent(const struct drift_side *side, uint32_t at, size_t *cursor)
{
    const struct schema *schema = side->schema;
    const struct schema_relation *relation = &schema->relations[at];
    size_t count = 0;
    const struct schema_attribute *parents =
        schema_attribute_list(schema, relation->attributes, ATTRIBUTE_PARENTS, &count);
    while (*cursor < count) {
        struct parts parts = {0};
        read_parts(schema_text(schema, parents[(*cursor)++].text), &parts);
        const char *name = parts.texts[parts.count - 1];
        const char *schema_name = parts.count > 1 ? parts.texts[0] : schema_text(schema, relation->schema);
        const struct schema_relation *parent = schema_find_relation(schema, schema_name, name);
        if (parent)
            return (uint32_t)(parent - schema->relations);
    }
    return DRIFT_ALONE;
}

bool drift_relation_hangs(const struct drift_side *side, uint32_t at)
{
    const struct schema_relation *relation = &side->schema->relations[at];
    size_t cursor = 0;
    if (schema_is_alone(side, relation->schema))
        return true;
    if (relation->kind != RELATION_PARTITION)
        return false;
    uint32_t parent = drift_next_parent(side, at, &cursor);
    return parent != DRIFT_ALONE && (side->relation_marks[parent] & MARK_ALONE);
}

/* The table that owns a sequence, and the column's name; NULL if none does. */
static const struct schema_relation *find_owner(const struct drift_side *side, uint32_t sequence, struct parts *parts)
{
    const struct schema *schema = side->schema;
    const struct schema_object *object = &schema->objects[sequence];
    const char *owner = schema_attribute_text(schema, object->attributes, ATTRIBUTE_OWNER);
    if (!owner)
        return NULL;
    read_parts(owner, parts);
    if (parts->count < 2)
        return NULL;
    const char *schema_name = parts->count == PATH_PARTS ? parts->texts[0] : schema_text(schema, object->schema);
    return schema_find_relation(schema, schema_name, parts->texts[parts->count - 2]);
}

bool drift_owner_is_alone(const struct drift_side *side, uint32_t sequence)
{
    struct parts parts = {0};
    const struct schema_relation *owner = find_owner(side, sequence, &parts);
    return owner && ((side->relation_marks[owner - side->schema->relations] & MARK_ALONE) ||
                     column_is_alone(side, owner, parts.texts[parts.count - 1]));
}

static const struct schema_relation *relation_of(const struct schema *schema, const struct schema_object *object)
{
    return object->relation_name == 0 ? NULL
                                      : schema_find_relation(schema, schema_text(schema, object->schema),
                                                             schema_text(schema, object->relation_name));
}

bool drift_object_hangs(const struct drift_side *side, uint32_t at)
{
    const struct schema *schema = side->schema;
    const struct schema_object *object = &schema->objects[at];
    const struct schema_relation *relation = relation_of(schema, object);
    if (object->kind != OBJECT_SCHEMA && schema_is_alone(side, object->schema))
        return true;
    if (relation)
        return side->relation_marks[relation - schema->relations] & MARK_ALONE;
    return object->kind == OBJECT_SEQUENCE && drift_owner_is_alone(side, at);
}

bool drift_object_is_left_out(const struct drift_side *side, uint32_t at)
{
    const struct schema *schema = side->schema;
    const struct schema_object *object = &schema->objects[at];
    struct parts parts = {0};
    const struct schema_relation *relation = relation_of(schema, object);
    if (object->kind == OBJECT_SEQUENCE)
        relation = find_owner(side, at, &parts);
    return (side->object_marks[at] & MARK_LEFT_OUT) ||
           (relation && (side->relation_marks[relation - schema->relations] & MARK_LEFT_OUT));
}

bool drift_is_generated_key(const struct drift_side *side, uint32_t column)
{
    const struct schema_column *found = &side->schema->columns[column];
    unsigned needed = COLUMN_HIDDEN | COLUMN_AUTO_INCREMENT;
    return (found->flags & needed) == needed && strcmp(schema_text(side->schema, found->name), "my_row_id") == 0;
}
