/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "drift/drift_items.h"

enum drift_kind drift_object_kind(const struct schema_object *object)
{
    static const enum drift_kind kinds[OBJECT_KINDS] = {
        [OBJECT_SCHEMA] = DRIFT_SCHEMA,   [OBJECT_EXTENSION] = DRIFT_EXTENSION, [OBJECT_ENUM] = DRIFT_ENUM,
        [OBJECT_DOMAIN] = DRIFT_DOMAIN,   [OBJECT_COMPOSITE] = DRIFT_COMPOSITE, [OBJECT_SEQUENCE] = DRIFT_SEQUENCE,
        [OBJECT_ROUTINE] = DRIFT_ROUTINE, [OBJECT_TRIGGER] = DRIFT_TRIGGER,     [OBJECT_POLICY] = DRIFT_POLICY,
        [OBJECT_EVENT] = DRIFT_EVENT,
    };
    return kinds[object->kind];
}

/* Where a table was renamed, the sequence that its column owns goes with it. */
static bool is_own_difference(struct drift_work *work, const struct drift_pair *pair, const char *attribute)
{
    return strcmp(attribute, "owner") != 0 || !drift_owner_is_alone(&work->sides[REFERENCE], pair->at[REFERENCE]) ||
           !drift_owner_is_alone(&work->sides[LIVE], pair->at[LIVE]);
}

/* The table or view that a trigger or policy belongs to. */
static uint32_t relation_of(const struct drift_side *side, const struct schema_object *object)
{
    const struct schema *schema = side->schema;
    const struct schema_relation *relation = object->relation_name == 0
                                                 ? NULL
                                                 : schema_find_relation(schema, schema_text(schema, object->schema),
                                                                        schema_text(schema, object->relation_name));
    return relation ? (uint32_t)(relation - schema->relations) : DRIFT_ALONE;
}

static int compare_object(struct drift_work *work, uint32_t reference, uint32_t live)
{
    const struct drift_side *sides = work->sides;
    const struct schema_object *expected = &sides[REFERENCE].schema->objects[reference];
    const struct schema_object *actual = &sides[LIVE].schema->objects[live];
    /* The version of an extension stands outside its digest. */
    if (digest_equal(expected->digest, actual->digest) && expected->kind != OBJECT_EXTENSION)
        return 0;
    struct drift_pair pair = drift_pair_of(drift_object_kind(expected), reference, live);
    pair.relation[REFERENCE] = relation_of(&sides[REFERENCE], expected);
    pair.relation[LIVE] = relation_of(&sides[LIVE], actual);
    return drift_compare_pair(work, &pair, is_own_difference);
}

static int add_alone_object(struct drift_work *work, enum drift_end end, uint32_t at)
{
    struct drift_side *side = &work->sides[end];
    const struct schema_object *object = &side->schema->objects[at];
    if (drift_object_hangs(side, at)) {
        side->object_marks[at] |= MARK_SWALLOWED;
        return 0;
    }
    struct drift_pair pair = drift_pair_of(drift_object_kind(object), DRIFT_ALONE, DRIFT_ALONE);
    pair.at[end] = at;
    pair.relation[end] = relation_of(side, object);
    if (pair.relation[end] != DRIFT_ALONE) {
        enum drift_end other = end == REFERENCE ? LIVE : REFERENCE;
        pair.relation[other] = side->relation_partners[pair.relation[end]];
    }
    return drift_add_alone(work, &pair, end);
}

int drift_compare_objects(struct drift_work *work)
{
    const struct drift_side *reference = &work->sides[REFERENCE];
    for (uint32_t i = 0; i < reference->schema->object_count; i++) {
        uint32_t live = reference->object_partners[i];
        if (live != DRIFT_ALONE && !drift_object_is_left_out(reference, i) &&
            !drift_object_is_left_out(&work->sides[LIVE], live) && compare_object(work, i, live))
            return -1;
    }
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        const struct drift_side *side = &work->sides[end];
        for (uint32_t i = 0; i < side->schema->object_count; i++)
            if ((side->object_marks[i] & MARK_ALONE) && !drift_object_is_left_out(side, i) &&
                add_alone_object(work, end, i))
                return -1;
    }
    return 0;
}
