/* SPDX-License-Identifier: Apache-2.0
 *
 * A list attribute of a type on one side of PostgreSQL's planner: an enum's labels, a composite's attributes, a
 * domain's checks. Points into the schema; one thread.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_POSTGRES_MEMBERS_H
#define MIGRATIOND_DRIFT_PLAN_POSTGRES_MEMBERS_H

#include <string.h>

#include "drift/plan_postgres.h"
#include "drift/plan_postgres_text.h"

struct postgres_members {
    const struct schema *schema;
    const struct schema_attribute *items;
    size_t count;
};

static inline struct postgres_members postgres_members_of(const struct plan_maker *maker, enum plan_side side,
                                                          int64_t index, enum attribute_key key)
{
    struct postgres_members members = {.schema = postgres_schema(maker, side)};
    members.items =
        schema_attribute_list(members.schema, members.schema->objects[index].attributes, key, &members.count);
    return members;
}

static inline const char *postgres_member_at(const struct postgres_members *members, size_t i)
{
    return schema_text(members->schema, members->items[i].text);
}

static inline bool postgres_has_member(const struct postgres_members *members, const char *text)
{
    for (size_t i = 0; i < members->count; i++)
        if (strcmp(postgres_member_at(members, i), text) == 0)
            return true;
    return false;
}

#endif
