/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/view.h"

#include "base/alloc.h"
#include "base/refcount.h"

static uint64_t newest_generation; /* atomic */

struct view *view_ref(struct view *view)
{
    if (view)
        refcount_take(&view->references);
    return view;
}

void view_unref(struct view *view)
{
    if (!view || !refcount_drop(&view->references))
        return;
    check_board_unref(view->checks);
    drift_status_unref(view->drift);
    assessment_unref(view->assessment);
    expectation_unref(view->expectation);
    snapshot_unref(view->snapshot);
    config_unref(view->config);
    mem_free(view);
}

struct view *view_new(struct config *config, const struct config_database *database, const struct view_parts *parts)
{
    struct view *view = mem_calloc(1, sizeof *view);
    if (!view)
        return NULL;
    view->references = 1;
    view->config = config_ref(config);
    view->database = database;
    view->snapshot = parts->snapshot ? snapshot_ref(parts->snapshot) : NULL;
    view->expectation = expectation_ref(parts->expectation);
    view->assessment = assessment_ref(parts->assessment);
    view->drift = drift_status_ref(parts->drift);
    view->checks = check_board_ref(parts->checks);
    view->status = parts->status;
    view->generation = __atomic_add_fetch(&newest_generation, 1, __ATOMIC_RELAXED);
    return view;
}

struct view_set *view_set_new(struct config *config)
{
    cleanup(view_set) struct view_set *set = mem_calloc(1, sizeof *set);
    if (!set)
        return NULL;
    set->references = 1;
    set->views = mem_calloc(config->database_count, sizeof(struct view *));
    if (!set->views)
        return NULL;
    set->count = config->database_count;
    set->config = config_ref(config);
    return take(set);
}

struct view_set *view_set_ref(struct view_set *set)
{
    if (set)
        refcount_take(&set->references);
    return set;
}

void view_set_unref(struct view_set *set)
{
    if (!set || !refcount_drop(&set->references))
        return;
    for (size_t i = 0; i < set->count; i++)
        view_unref(set->views[i]);
    mem_free(set->views);
    config_unref(set->config);
    mem_free(set);
}
