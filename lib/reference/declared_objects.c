/* SPDX-License-Identifier: Apache-2.0
 *
 * What a declared schema has besides relations, and how much of a schema it can declare at all.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "reference/declared_work.h"

static const struct schema_object *find_live(const struct declared_work *work, enum object_kind kind,
                                             const char *schema, const char *relation, const char *name)
{
    return work->live ? schema_find_object(work->live, kind, schema, relation, name, NULL) : NULL;
}

static void put_object(struct declared_work *work, enum object_kind kind, const char *schema, const char *relation,
                       const char *name, const enum attribute_key *own, struct schema_attribute *attributes,
                       size_t count)
{
    const struct schema_object *live = find_live(work, kind, schema, relation, name);
    count = declared_adopt(work, live ? live->attributes : 0, own, attributes, count);
    const struct schema_object object = {
        .kind = kind,
        .schema = declared_intern(work, schema),
        .relation_name = declared_intern(work, relation),
        .name = declared_intern(work, name),
        .attributes = schema_builder_attributes(work->builder, attributes, count),
    };
    schema_builder_object(work->builder, &object);
}

static void put_named(struct declared_work *work, enum object_kind kind, const struct declared_names *names)
{
    static const enum attribute_key nothing[] = {ATTRIBUTE_END};
    for (size_t i = 0; i < names->count; i++) {
        struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
        bool repeated = false;
        for (size_t k = 0; k < i; k++)
            repeated = repeated || strcmp(names->items[i], names->items[k]) == 0;
        if (!repeated && (kind != OBJECT_SCHEMA || declared_in_scope(work, names->items[i])))
            put_object(work, kind, NULL, NULL, names->items[i], nothing, attributes, 0);
    }
}

static int put_enum(struct declared_work *work, const struct declared_enum *type, struct error *reterr)
{
    static const enum attribute_key own[] = {ATTRIBUTE_VALUES, ATTRIBUTE_END};
    struct schema_attribute *attributes = mem_calloc(type->values.count + WORK_ATTRIBUTES, sizeof *attributes);
    if (!attributes)
        return error_no_memory(reterr);
    for (size_t i = 0; i < type->values.count; i++)
        attributes[i] =
            (struct schema_attribute){.key = ATTRIBUTE_VALUES, .text = declared_intern(work, type->values.items[i])};
    const char *schema = declared_schema_name(work, type->schema);
    const struct schema_object *live = find_live(work, OBJECT_ENUM, schema, NULL, type->name);
    size_t adopted = declared_adopt(work, live ? live->attributes : 0, own, attributes + type->values.count, 0);
    const struct schema_object object = {
        .kind = OBJECT_ENUM,
        .schema = declared_intern(work, schema),
        .name = declared_intern(work, type->name),
        .attributes = schema_builder_attributes(work->builder, attributes, type->values.count + adopted),
    };
    schema_builder_object(work->builder, &object);
    mem_free(attributes);
    return 0;
}

static void put_sequence(struct declared_work *work, const struct declared_sequence *sequence)
{
    static const enum attribute_key own[] = {ATTRIBUTE_START, ATTRIBUTE_INCREMENT, ATTRIBUTE_MIN, ATTRIBUTE_MAX,
                                             ATTRIBUTE_CACHE, ATTRIBUTE_CYCLE,     ATTRIBUTE_END};
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    const char *schema = declared_schema_name(work, sequence->schema);
    const char *values[] = {sequence->start, sequence->increment, sequence->min, sequence->max, sequence->cache};
    static const char *const usual[] = {"1", "1", "1", "9223372036854775807", "1"};
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
        attributes[count++] =
            (struct schema_attribute){.key = own[i], .text = declared_intern(work, values[i] ? values[i] : usual[i])};
    if (sequence->cycle)
        attributes[count++] = (struct schema_attribute){.key = ATTRIBUTE_CYCLE};
    if (!find_live(work, OBJECT_SEQUENCE, schema, NULL, sequence->name))
        attributes[count++] = (struct schema_attribute){.key = ATTRIBUTE_TYPE, .text = declared_intern(work, "bigint")};
    put_object(work, OBJECT_SEQUENCE, schema, NULL, sequence->name, own, attributes, count);
}

static const char *live_attribute(const struct declared_work *work, const struct schema_object *live,
                                  enum attribute_key key)
{
    return live ? schema_attribute_text(work->live, live->attributes, key) : NULL;
}

static void put_policy(struct declared_work *work, const struct declared_policy *policy)
{
    static const enum attribute_key own[] = {ATTRIBUTE_COMMAND, ATTRIBUTE_RESTRICTIVE,  ATTRIBUTE_ROLES,
                                             ATTRIBUTE_USING,   ATTRIBUTE_POLICY_CHECK, ATTRIBUTE_END};
    struct schema_attribute attributes[WORK_ATTRIBUTES] = {{0}};
    const char *schema = declared_schema_name(work, policy->schema);
    const struct schema_object *live = find_live(work, OBJECT_POLICY, schema, policy->table, policy->name);
    char where[320] = "";
    size_t count = 0;
    snprintf(where, sizeof where, "%s.%s", policy->table, policy->name);
    const char *using =
        declared_choose(work, TEXT_EXPRESSION, "", policy->using, live_attribute(work, live, ATTRIBUTE_USING), where);
    const char *check = declared_choose(work, TEXT_EXPRESSION, "", policy->check,
                                        live_attribute(work, live, ATTRIBUTE_POLICY_CHECK), where);
    attributes[count++] =
        (struct schema_attribute){.key = ATTRIBUTE_COMMAND, .text = declared_intern(work, policy->command)};
    attributes[count++] = (struct schema_attribute){.key = ATTRIBUTE_USING, .text = declared_intern(work, using)};
    attributes[count++] =
        (struct schema_attribute){.key = ATTRIBUTE_POLICY_CHECK, .text = declared_intern(work, check)};
    for (size_t i = 0; i < policy->roles.count && count < WORK_ATTRIBUTES / 2; i++)
        attributes[count++] =
            (struct schema_attribute){.key = ATTRIBUTE_ROLES, .text = declared_intern(work, policy->roles.items[i])};
    if (policy->restrictive)
        attributes[count++] = (struct schema_attribute){.key = ATTRIBUTE_RESTRICTIVE};
    put_object(work, OBJECT_POLICY, schema, policy->table, policy->name, own, attributes, count);
}

static void put_coverage(struct declared_work *work)
{
    char reason[128] = "";
    snprintf(reason, sizeof reason, "%s cannot declare them", work->declared->source);
    for (size_t i = 0; i < SCHEMA_KINDS; i++)
        if (!work->declared->kinds[i])
            schema_builder_coverage(work->builder, (enum schema_kind)i, COVERAGE_NOT_APPLICABLE, reason);
}

/* What lies in a schema that is not there would go with it: a source that cannot declare schemas has them all the same.
 */
static int add_table_schemas(struct declared *declared, struct error *reterr)
{
    const char *last = NULL;
    for (const struct declared_table *table = declared->tables; table; table = table->next) {
        if (last && strcmp(last, table->schema) == 0)
            continue;
        last = table->schema;
        if (!declared_add_name(declared, &declared->schemas, last))
            return error_no_memory(reterr);
    }
    return 0;
}

int declared_put_objects(struct declared_work *work, struct error *reterr)
{
    const struct declared *declared = work->declared;
    put_coverage(work);
    if (work->postgres && add_table_schemas(work->declared, reterr) < 0)
        return -1;
    if (work->postgres)
        put_named(work, OBJECT_SCHEMA, &declared->schemas);
    put_named(work, OBJECT_EXTENSION, &declared->extensions);
    for (const struct declared_enum *type = declared->enums; type; type = type->next)
        if (declared_in_scope(work, type->schema) && put_enum(work, type, reterr) < 0)
            return -1;
    for (const struct declared_sequence *sequence = declared->sequences; sequence; sequence = sequence->next)
        if (declared_in_scope(work, sequence->schema))
            put_sequence(work, sequence);
    for (const struct declared_policy *policy = declared->policies; policy; policy = policy->next)
        if (declared_in_scope(work, policy->schema))
            put_policy(work, policy);
    return schema_builder_ok(work->builder) ? 0 : error_no_memory(reterr);
}
