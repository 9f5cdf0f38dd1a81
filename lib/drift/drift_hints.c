/* SPDX-License-Identifier: Apache-2.0
 *
 * What was renamed looks like one thing missing and another unexpected. Where the two are alike, that is said; it is
 * never assumed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "drift/drift_items.h"

enum { TABLE_LIKENESS_PERCENT = 80, NEARBY_POSITIONS = 2 };

/* Drafts that may be the two ends of a rename: of one kind, in one table. */
struct rename_search {
    struct drift_work *work;
    size_t *at[ENDS]; /* drafts, sorted by kind and table */
    size_t count[ENDS];
};

static void rename_search_done(struct rename_search *search)
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        mem_free(search->at[end]);
}

DEFINE_CLEANUP_VALUE(rename_search, struct rename_search, rename_search_done);

static const struct drift_item *item_at(const struct rename_search *search, enum drift_end end, size_t i)
{
    return &search->work->drafts[search->at[end][i]].item;
}

/* Columns and keys are renamed within their table; anything else anywhere. */
static int64_t home_of(const struct drift_item *item)
{
    if (item->kind != DRIFT_COLUMN && item->kind != DRIFT_TRIGGER && item->kind != DRIFT_POLICY)
        return DRIFT_NOWHERE;
    /* By the reference's number, so that both ends of a search sort alike. */
    return item->relation.reference;
}

static int compare_homes(const struct drift_item *a, const struct drift_item *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int64_t homes[2] = {home_of(a), home_of(b)};
    return (homes[0] > homes[1]) - (homes[0] < homes[1]);
}

static int compare_drafts(const void *left, const void *right, void *userdata)
{
    const struct drift_draft *drafts = userdata;
    const struct drift_item *a = &drafts[*(const size_t *)left].item;
    const struct drift_item *b = &drafts[*(const size_t *)right].item;
    int order = compare_homes(a, b);
    return order ? order : strcmp(a->object, b->object);
}

static int collect(struct rename_search *search)
{
    struct drift_work *work = search->work;
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        search->at[end] = mem_calloc(work->draft_count, sizeof *search->at[end]);
        if (!search->at[end])
            return error_no_memory(work->reterr);
        for (size_t i = 0; i < work->draft_count; i++)
            if (work->drafts[i].item.change == drift_change_of(end) && !work->drafts[i].item.suppressed_by)
                search->at[end][search->count[end]++] = i;
        if (search->count[end] > 0)
            qsort_r(search->at[end], search->count[end], sizeof *search->at[end], compare_drafts, work->drafts);
    }
    return 0;
}

/* The value of an attribute is the same on both sides, canonically. */
static bool same_value(struct drift_work *work, const struct drift_pair *pair, const char *attribute)
{
    bool differs = true;
    return drift_attribute_differs(work, pair, attribute, &differs) == 0 && !differs;
}

static bool columns_look_alike(struct drift_work *work, uint32_t reference, uint32_t live)
{
    static const char *const telling[] = {"type", "nullable", "default", "identity", "generated"};
    struct drift_pair pair = drift_pair_of(DRIFT_COLUMN, reference, live);
    int distance = (int)work->sides[REFERENCE].schema->columns[reference].position -
                   (int)work->sides[LIVE].schema->columns[live].position;
    if (abs(distance) > NEARBY_POSITIONS)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(telling); i++)
        if (!same_value(work, &pair, telling[i]))
            return false;
    return true;
}

/* How many columns of one have a namesake of the same type in the other. */
static bool tables_look_alike(const struct drift_work *work, uint32_t reference, uint32_t live)
{
    const struct schema *schemas[ENDS] = {work->sides[REFERENCE].schema, work->sides[LIVE].schema};
    const struct schema_relation *expected = &schemas[REFERENCE]->relations[reference];
    const struct schema_relation *actual = &schemas[LIVE]->relations[live];
    uint32_t most = expected->column_count > actual->column_count ? expected->column_count : actual->column_count;
    uint32_t alike = 0;
    for (uint32_t i = 0; i < expected->column_count; i++) {
        const struct schema_column *column = &schemas[REFERENCE]->columns[expected->first_column + i];
        const struct schema_column *namesake =
            schema_find_column(schemas[LIVE], actual, schema_text(schemas[REFERENCE], column->name));
        alike += namesake &&
                 strcmp(schema_text(schemas[REFERENCE], column->type), schema_text(schemas[LIVE], namesake->type)) == 0;
    }
    return most > 0 && alike * 100 >= most * TABLE_LIKENESS_PERCENT;
}

static bool views_look_alike(struct drift_work *work, enum drift_kind kind, uint32_t reference, uint32_t live)
{
    struct drift_pair pair = drift_pair_of(kind, reference, live);
    return same_value(work, &pair, "definition");
}

static bool objects_look_alike(const struct drift_work *work, uint32_t reference, uint32_t live)
{
    const struct schema *const schemas[ENDS] = {work->sides[REFERENCE].schema, work->sides[LIVE].schema};
    const struct schema_object *a = &schemas[REFERENCE]->objects[reference];
    const struct schema_object *b = &schemas[LIVE]->objects[live];
    bool empty = schemas[REFERENCE]->attributes[a->attributes].key == ATTRIBUTE_END;
    return !empty && drift_same_run(schemas, a->attributes, b->attributes);
}

static bool look_alike(struct drift_work *work, const struct drift_item *missing, const struct drift_item *unexpected)
{
    uint32_t reference = (uint32_t)missing->place.reference;
    uint32_t live = (uint32_t)unexpected->place.live;
    switch (missing->kind) {
    case DRIFT_TABLE:
        return tables_look_alike(work, reference, live);
    case DRIFT_COLUMN:
        return columns_look_alike(work, reference, live);
    case DRIFT_VIEW:
    case DRIFT_MATERIALIZED_VIEW:
        return views_look_alike(work, missing->kind, reference, live);
    case DRIFT_ENUM:
    case DRIFT_DOMAIN:
    case DRIFT_COMPOSITE:
    case DRIFT_ROUTINE:
    case DRIFT_TRIGGER:
    case DRIFT_POLICY:
        return objects_look_alike(work, reference, live);
    default:
        return false;
    }
}

static int add_hint(struct drift_work *work, const struct drift_item *missing, const struct drift_item *unexpected)
{
    if (!mem_grow(&work->hints, &work->hint_capacity, work->hint_count, sizeof *work->hints, LIMIT_DRIFT_ITEMS))
        return error_no_memory(work->reterr);
    const char *text = arena_printf(work->arena, "%s may have been renamed to %s", missing->object, unexpected->object);
    if (!text)
        return error_no_memory(work->reterr);
    work->hints[work->hint_count++] = (struct drift_hint){.object = missing->object, .text = text};
    return 0;
}

/* Both runs are of one kind and table: whoever has a likeness that nobody else has was perhaps renamed. */
static int match_run(struct rename_search *search, const size_t first[static ENDS], const size_t count[static ENDS])
{
    bool taken[LIMIT_RENAME_CANDIDATES] = {false};
    if (count[REFERENCE] > LIMIT_RENAME_CANDIDATES || count[LIVE] > LIMIT_RENAME_CANDIDATES)
        return 0;
    for (size_t i = 0; i < count[REFERENCE]; i++) {
        const struct drift_item *missing = item_at(search, REFERENCE, first[REFERENCE] + i);
        for (size_t j = 0; j < count[LIVE]; j++) {
            const struct drift_item *unexpected = item_at(search, LIVE, first[LIVE] + j);
            if (taken[j] || !look_alike(search->work, missing, unexpected))
                continue;
            taken[j] = true;
            if (add_hint(search->work, missing, unexpected))
                return -1;
            break;
        }
    }
    return 0;
}

static size_t run_length(const struct rename_search *search, enum drift_end end, size_t first)
{
    size_t i = first + 1;
    while (i < search->count[end] && compare_homes(item_at(search, end, first), item_at(search, end, i)) == 0)
        i++;
    return i - first;
}

int drift_find_hints(struct drift_work *work)
{
    cleanup(rename_search) struct rename_search search = {.work = work};
    if (collect(&search))
        return -1;
    size_t first[ENDS] = {0};
    while (first[REFERENCE] < search.count[REFERENCE] && first[LIVE] < search.count[LIVE]) {
        int order = compare_homes(item_at(&search, REFERENCE, first[REFERENCE]), item_at(&search, LIVE, first[LIVE]));
        size_t count[ENDS] = {order <= 0 ? run_length(&search, REFERENCE, first[REFERENCE]) : 0,
                              order >= 0 ? run_length(&search, LIVE, first[LIVE]) : 0};
        if (order == 0 && match_run(&search, first, count))
            return -1;
        first[REFERENCE] += count[REFERENCE];
        first[LIVE] += count[LIVE];
    }
    return 0;
}
