/* SPDX-License-Identifier: Apache-2.0
 *
 * What all parts of a declared schema have in common on their way into the model.
 */
#include <stdio.h>
#include <string.h>

#include "base/glob.h"
#include "reference/declared_work.h"
#include "reference/spelling.h"

const enum attribute_key declared_no_keys[] = {ATTRIBUTE_END};

uint32_t declared_intern(struct declared_work *work, const char *text)
{
    return schema_builder_text(work->builder, text);
}

const char *declared_own_schema(const struct declared *declared, const struct engine_scope *scope)
{
    if (!scope || !scope->own_schema)
        return NULL;
    for (const struct declared_table *table = declared->tables; table; table = table->next)
        if (strcmp(table->schema, scope->own_schema) == 0)
            return scope->own_schema;
    return "public";
}

const char *declared_schema_name(const struct declared_work *work, const char *schema)
{
    bool own = work->own_schema && strcmp(work->own_schema, schema) == 0;
    return work->postgres && !own ? schema : "";
}

bool declared_in_scope(const struct declared_work *work, const char *schema)
{
    const struct engine_scope *scope = work->request->scope;
    if (!scope || !work->postgres)
        return true;
    if (scope->own_schema)
        return strcmp(work->own_schema, schema) == 0;
    for (size_t i = 0; i < scope->schema_count; i++)
        if (glob_match(scope->schemas[i], schema))
            return true;
    return scope->schema_count == 0;
}

const char *declared_live_text(const struct declared_work *work, uint32_t text)
{
    return work->live && text ? schema_text(work->live, text) : NULL;
}

const char *declared_choose(struct declared_work *work, enum text_form form, const char *type, const char *declared,
                            const char *live, const char *where)
{
    if (!declared || !live)
        return declared;
    enum spelling spelling = spelling_compare(work->dialect, form, type, declared, live);
    if (spelling == SPELLING_DIFFERENT)
        return declared;
    if (spelling == SPELLING_UNKNOWN && work->unknown++ == 0)
        snprintf(work->first_unknown, sizeof work->first_unknown, "%s", where);
    return live;
}

static bool has_key(const enum attribute_key *keys, uint32_t key)
{
    while (*keys != ATTRIBUTE_END && *keys != key)
        keys++;
    return *keys != ATTRIBUTE_END;
}

size_t declared_adopt(struct declared_work *work, uint32_t run, const enum attribute_key *keys,
                      struct schema_attribute *attributes, size_t count)
{
    const struct schema_attribute *live = work->live ? work->live->attributes + run : NULL;
    for (; live && live->key != ATTRIBUTE_END && count < WORK_ATTRIBUTES; live++) {
        if (has_key(keys, live->key))
            continue;
        const char *text = declared_live_text(work, live->text);
        attributes[count++] = (struct schema_attribute){.key = live->key, .text = declared_intern(work, text)};
    }
    return count;
}

size_t declared_attribute(struct declared_work *work, struct schema_attribute *attributes, size_t count,
                          enum attribute_key key, const char *text)
{
    if (text && count < WORK_ATTRIBUTES)
        attributes[count++] = (struct schema_attribute){.key = key, .text = declared_intern(work, text)};
    return count;
}
