/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "drift/drift_work.h"

/* What one side has that the other lacks under exactly that name, to be sought without case. */
struct candidate {
    char *key;
    uint32_t at;
};

struct candidates {
    struct candidate *all;
    size_t count;
};

static void candidates_done(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++)
        mem_free(candidates->all[i].key);
    mem_free(candidates->all);
}

DEFINE_CLEANUP_VALUE(candidates, struct candidates, candidates_done);

static void pair(struct drift_side *sides, uint32_t *const partners[static ENDS], uint32_t reference, uint32_t live,
                 bool relations)
{
    uint32_t at[ENDS] = {reference, live};
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        unsigned char *marks = relations ? sides[end].relation_marks : sides[end].object_marks;
        partners[end][at[end]] = at[end == REFERENCE ? LIVE : REFERENCE];
        marks[at[end]] &= (unsigned char)~MARK_ALONE;
    }
}

static int compare_relation_names(const struct schema *a, uint32_t i, const struct schema *b, uint32_t j)
{
    int order = strcmp(schema_text(a, a->relations[i].schema), schema_text(b, b->relations[j].schema));
    return order ? order : strcmp(schema_text(a, a->relations[i].name), schema_text(b, b->relations[j].name));
}

static const char *variant_of(const struct schema *schema, uint32_t at)
{
    const char *variant = schema_attribute_text(schema, schema->objects[at].attributes, ATTRIBUTE_VARIANT);
    return variant ? variant : "";
}

static int compare_object_names(const struct schema *a, uint32_t i, const struct schema *b, uint32_t j)
{
    const struct schema_object *left = &a->objects[i];
    const struct schema_object *right = &b->objects[j];
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    int order = strcmp(schema_text(a, left->schema), schema_text(b, right->schema));
    if (order == 0)
        order = strcmp(schema_text(a, left->relation_name), schema_text(b, right->relation_name));
    if (order == 0)
        order = strcmp(schema_text(a, left->name), schema_text(b, right->name));
    if (order == 0)
        order = strcmp(schema_text(a, left->arguments), schema_text(b, right->arguments));
    return order ? order : strcmp(variant_of(a, i), variant_of(b, j));
}

/* Sorted merge; what stays alone is marked so. */
static void merge(struct drift_work *work, uint32_t *const partners[static ENDS], const size_t counts[static ENDS],
                  int (*compare)(const struct schema *, uint32_t, const struct schema *, uint32_t), bool relations)
{
    const struct schema *reference = work->sides[REFERENCE].schema;
    const struct schema *live = work->sides[LIVE].schema;
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        unsigned char *marks = relations ? work->sides[end].relation_marks : work->sides[end].object_marks;
        for (size_t i = 0; i < counts[end]; i++) {
            partners[end][i] = DRIFT_ALONE;
            marks[i] |= MARK_ALONE;
        }
    }
    for (uint32_t i = 0, j = 0; i < counts[REFERENCE] && j < counts[LIVE];) {
        int order = compare(reference, i, live, j);
        if (order == 0)
            pair(work->sides, partners, i++, j++, relations);
        else if (order < 0)
            i++;
        else
            j++;
    }
}

/* All that identifies a relation or object, in lower case. */
static char *folded_key(const struct schema *schema, uint32_t at, bool relations)
{
    char *key = NULL;
    if (relations) {
        const struct schema_relation *relation = &schema->relations[at];
        key = mem_printf("%s.%s", schema_text(schema, relation->schema), schema_text(schema, relation->name));
    } else {
        const struct schema_object *object = &schema->objects[at];
        key = mem_printf("%u.%s.%s.%s.%s.%s", object->kind, schema_text(schema, object->schema),
                         schema_text(schema, object->relation_name), schema_text(schema, object->name),
                         schema_text(schema, object->arguments), variant_of(schema, at));
    }
    for (char *byte = key; byte && *byte; byte++)
        *byte = (char)tolower((unsigned char)*byte);
    return key;
}

static int compare_candidates(const void *left, const void *right)
{
    return strcmp(((const struct candidate *)left)->key, ((const struct candidate *)right)->key);
}

static int find_candidates(const struct drift_work *work, enum drift_end end, size_t count, bool relations,
                           struct candidates *candidates)
{
    const struct drift_side *side = &work->sides[end];
    const unsigned char *marks = relations ? side->relation_marks : side->object_marks;
    candidates->all = mem_calloc(count, sizeof *candidates->all);
    if (!candidates->all)
        return error_no_memory(work->reterr);
    for (uint32_t i = 0; i < count; i++) {
        if (!(marks[i] & MARK_ALONE))
            continue;
        struct candidate *candidate = &candidates->all[candidates->count];
        candidate->at = i;
        candidate->key = folded_key(side->schema, i, relations);
        if (!candidate->key)
            return error_no_memory(work->reterr);
        candidates->count++;
    }
    qsort(candidates->all, candidates->count, sizeof *candidates->all, compare_candidates);
    return 0;
}

/* Pairs what differs in case only. */
static int merge_folded(struct drift_work *work, uint32_t *const partners[static ENDS],
                        const size_t counts[static ENDS], bool relations)
{
    cleanup(candidates) struct candidates reference = {0};
    cleanup(candidates) struct candidates live = {0};
    if (find_candidates(work, REFERENCE, counts[REFERENCE], relations, &reference) ||
        find_candidates(work, LIVE, counts[LIVE], relations, &live))
        return -1;
    for (size_t i = 0, j = 0; i < reference.count && j < live.count;) {
        int order = strcmp(reference.all[i].key, live.all[j].key);
        if (order == 0) {
            pair(work->sides, partners, reference.all[i].at, live.all[j].at, relations);
            i++;
            j++;
        } else if (order < 0) {
            i++;
        } else {
            j++;
        }
    }
    return 0;
}

/* A table and a view of one name are two things, and so are a view and a materialized one. */
static void part_what_is_different(struct drift_side *sides)
{
    for (uint32_t i = 0; i < sides[REFERENCE].schema->relation_count; i++) {
        uint32_t partner = sides[REFERENCE].relation_partners[i];
        if (partner == DRIFT_ALONE)
            continue;
        const struct schema_relation *expected = &sides[REFERENCE].schema->relations[i];
        const struct schema_relation *actual = &sides[LIVE].schema->relations[partner];
        if (expected->kind == actual->kind || (relation_is_table(expected) && relation_is_table(actual)))
            continue;
        sides[REFERENCE].relation_partners[i] = DRIFT_ALONE;
        sides[LIVE].relation_partners[partner] = DRIFT_ALONE;
        sides[REFERENCE].relation_marks[i] |= MARK_ALONE;
        sides[LIVE].relation_marks[partner] |= MARK_ALONE;
    }
}

int drift_pair_relations(struct drift_work *work)
{
    struct drift_side *sides = work->sides;
    uint32_t *const partners[ENDS] = {sides[REFERENCE].relation_partners, sides[LIVE].relation_partners};
    const size_t counts[ENDS] = {sides[REFERENCE].schema->relation_count, sides[LIVE].schema->relation_count};
    merge(work, partners, counts, compare_relation_names, true);
    if (work->features.fold_relations && merge_folded(work, partners, counts, true))
        return -1;
    part_what_is_different(sides);
    return 0;
}

/* Names of triggers, routines and events have no case on MySQL; names of their tables have, if the server says so. */
int drift_pair_objects(struct drift_work *work)
{
    struct drift_side *sides = work->sides;
    uint32_t *const partners[ENDS] = {sides[REFERENCE].object_partners, sides[LIVE].object_partners};
    const size_t counts[ENDS] = {sides[REFERENCE].schema->object_count, sides[LIVE].schema->object_count};
    merge(work, partners, counts, compare_object_names, false);
    return work->features.fold_columns ? merge_folded(work, partners, counts, false) : 0;
}

bool drift_same_name(const struct drift_work *work, const char *a, const char *b)
{
    return work->features.fold_columns ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}
