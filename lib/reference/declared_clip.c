/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL keeps 63 bytes of a name, and whole characters only. A source that does not know that would never find
 * what it declared.
 */
#include <string.h>

#include "dialect/postgres_names.h"
#include "reference/declared_work.h"

static bool clip(struct arena *arena, const char **name)
{
    size_t length = *name ? strlen(*name) : 0;
    size_t kept = POSTGRES_NAME_SIZE - 1;
    if (length <= kept)
        return true;
    while (kept > 0 && ((unsigned char)(*name)[kept] & 0xc0) == 0x80)
        kept--;
    *name = arena_strndup(arena, *name, kept);
    return *name != NULL;
}

static bool clip_all(struct arena *arena, struct declared_names *names)
{
    bool done = true;
    for (size_t i = 0; i < names->count; i++)
        done = clip(arena, &names->items[i]) && done;
    return done;
}

static bool clip_index(struct arena *arena, struct declared_index *index)
{
    bool done = clip(arena, &index->name);
    for (struct declared_part *part = index->parts; part; part = part->next)
        done = ((part->flags & PART_EXPRESSION) || clip(arena, &part->text)) && done;
    return done;
}

static bool clip_table(struct arena *arena, struct declared_table *table)
{
    bool done = clip(arena, &table->name) && clip(arena, &table->schema);
    for (struct declared_column *column = table->columns; column; column = column->next)
        done = clip(arena, &column->name) && clip(arena, &column->type_schema) && done;
    for (struct declared_key *key = table->keys; key; key = key->next)
        done = clip(arena, &key->name) && clip_all(arena, &key->columns) && clip(arena, &key->ref_schema) &&
               clip(arena, &key->ref_table) && clip_all(arena, &key->ref_columns) && done;
    for (struct declared_index *index = table->indexes; index; index = index->next)
        done = clip_index(arena, index) && done;
    return done;
}

int declared_clip_names(struct declared *declared, struct error *reterr)
{
    struct arena *arena = declared->arena;
    bool done = clip_all(arena, &declared->schemas);
    for (struct declared_table *table = declared->tables; table; table = table->next)
        done = clip_table(arena, table) && done;
    for (struct declared_enum *type = declared->enums; type; type = type->next)
        done = clip(arena, &type->name) && clip(arena, &type->schema) && done;
    for (struct declared_sequence *sequence = declared->sequences; sequence; sequence = sequence->next)
        done = clip(arena, &sequence->name) && clip(arena, &sequence->schema) && done;
    for (struct declared_policy *policy = declared->policies; policy; policy = policy->next)
        done = clip(arena, &policy->name) && clip(arena, &policy->table) && clip(arena, &policy->schema) && done;
    return done ? 0 : error_no_memory(reterr);
}
