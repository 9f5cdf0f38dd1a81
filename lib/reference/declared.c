/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/declared.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

/* Adds a zeroed element at the end of a list of structs that begin with their `next`. */
#define ADD(declared, list) ((__typeof__(list))add((declared)->arena, (void **)&(list), sizeof *(list)))

static void *add(struct arena *arena, void **list, size_t size)
{
    void *element = arena_alloc(arena, size);
    if (!element)
        return NULL;
    while (*list)
        list = *list;
    *list = element;
    return element;
}

struct declared *declared_new(const char *source, const char *engine)
{
    cleanup(declared) struct declared *declared = mem_calloc(1, sizeof *declared);
    if (!declared)
        return NULL;
    declared->arena = arena_new(LIMIT_MIGRATION_SET_BYTES);
    declared->source = source;
    declared->engine = engine;
    return declared->arena ? take(declared) : NULL;
}

void declared_free(struct declared *declared)
{
    if (!declared)
        return;
    arena_free(declared->arena);
    mem_free(declared);
}

bool declared_add_name(struct declared *declared, struct declared_names *names, const char *name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity > 0 ? names->capacity * 2 : 4;
        const char **items = arena_array(declared->arena, capacity, sizeof *items);
        if (!items)
            return false;
        if (names->count > 0)
            memcpy(items, names->items, names->count * sizeof *items);
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count++] = name;
    return name != NULL;
}

struct declared_table *declared_add_table(struct declared *declared)
{
    struct declared_table *table = arena_alloc(declared->arena, sizeof *table);
    if (!table)
        return NULL;
    if (declared->last_table)
        declared->last_table->next = table;
    else
        declared->tables = table;
    declared->last_table = table;
    return table;
}

struct declared_column *declared_add_column(struct declared *declared, struct declared_table *table)
{
    return ADD(declared, table->columns);
}

struct declared_key *declared_add_key(struct declared *declared, struct declared_table *table,
                                      enum constraint_kind kind)
{
    struct declared_key *key = ADD(declared, table->keys);
    if (key)
        key->kind = kind;
    return key;
}

struct declared_index *declared_add_index(struct declared *declared, struct declared_table *table)
{
    return ADD(declared, table->indexes);
}

struct declared_part *declared_add_part(struct declared *declared, struct declared_index *index, const char *text)
{
    struct declared_part *part = ADD(declared, index->parts);
    if (part)
        part->text = text;
    return part;
}

struct declared_policy *declared_add_policy(struct declared *declared)
{
    return ADD(declared, declared->policies);
}

struct declared_enum *declared_add_enum(struct declared *declared)
{
    return ADD(declared, declared->enums);
}

struct declared_sequence *declared_add_sequence(struct declared *declared)
{
    return ADD(declared, declared->sequences);
}

struct declared_table *declared_find_table(const struct declared *declared, const char *schema, const char *name)
{
    for (struct declared_table *table = declared->tables; table; table = table->next)
        if (strcmp(table->name, name) == 0 && strcmp(table->schema, schema) == 0)
            return table;
    return NULL;
}

struct declared_column *declared_find_column(const struct declared_table *table, const char *name)
{
    for (struct declared_column *column = table->columns; column; column = column->next)
        if (strcmp(column->name, name) == 0)
            return column;
    return NULL;
}

const struct declared_key *declared_primary_key(const struct declared_table *table)
{
    for (const struct declared_key *key = table->keys; key; key = key->next)
        if (key->kind == CONSTRAINT_PRIMARY_KEY)
            return key;
    return NULL;
}
