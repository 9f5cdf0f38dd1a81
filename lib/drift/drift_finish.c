/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "drift/drift_report.h"
#include "drift/drift_work.h"

static int compare_texts(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

/* Worst first, suppressed ones last. Down to the values, so that the order never depends on how items were found. */
static int compare_drafts(const void *left, const void *right)
{
    const struct drift_item *a = &((const struct drift_draft *)left)->item;
    const struct drift_item *b = &((const struct drift_draft *)right)->item;
    if ((a->state == ITEM_SUPPRESSED) != (b->state == ITEM_SUPPRESSED))
        return a->state == ITEM_SUPPRESSED ? 1 : -1;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    int order = strcmp(a->object, b->object);
    if (order == 0)
        order = (int)a->kind - (int)b->kind;
    if (order == 0)
        order = (int)a->change - (int)b->change;
    if (order == 0)
        order = compare_texts(a->attribute, b->attribute);
    if (order == 0)
        order = compare_texts(a->expected, b->expected);
    return order ? order : compare_texts(a->actual, b->actual);
}

/* `order` tells items apart that share everything else: unnamed constraints over the same columns share a path. */
static void make_id(struct drift_work *work, struct drift_item *item, uint32_t order)
{
    char hex[DIGEST_HEX_SIZE] = "";
    strbuf_clear(&work->path);
    strbuf_printf(&work->path, "%s\x1f%s\x1f%s\x1f%s", drift_kind_name(item->kind), item->object,
                  drift_change_name(item->change), item->attribute ? item->attribute : "");
    if (order > 0)
        strbuf_printf(&work->path, "\x1f%u", order);
    digest_to_hex(digest_of(strbuf_text(&work->path), work->path.length), hex);
    memcpy(item->id, hex, DRIFT_ID_SIZE - 1);
}

static int compare_ids(const void *left, const void *right, void *userdata)
{
    const struct drift_item *items = userdata;
    const uint32_t a = *(const uint32_t *)left;
    const uint32_t b = *(const uint32_t *)right;
    int order = strcmp(items[a].id, items[b].id);
    return order ? order : (a > b) - (a < b);
}

/* Gives every item its id, and leaves their order by it in `by_id`. */
static int make_ids(struct drift_work *work, struct drift_item *items, uint32_t *by_id, size_t count)
{
    bool any_twice = false;
    for (uint32_t i = 0; i < count; i++) {
        make_id(work, &items[i], 0);
        by_id[i] = i;
    }
    if (count > 0)
        qsort_r(by_id, count, sizeof *by_id, compare_ids, items);
    for (size_t first = 0, i = 1; i < count; i++) {
        if (strcmp(items[by_id[i]].id, items[by_id[first]].id) == 0) {
            make_id(work, &items[by_id[i]], (uint32_t)(i - first));
            any_twice = true;
        } else {
            first = i;
        }
    }
    if (any_twice)
        qsort_r(by_id, count, sizeof *by_id, compare_ids, items);
    return strbuf_ok(&work->path) ? 0 : error_no_memory(work->reterr);
}

int drift_finish(struct drift_work *work)
{
    struct drift_report *report = work->report;
    size_t count = work->draft_count;
    if (count > 0)
        qsort(work->drafts, count, sizeof *work->drafts, compare_drafts);
    struct drift_item *items = arena_array(work->arena, count, sizeof *items);
    uint32_t *by_id = arena_array(work->arena, count, sizeof *by_id);
    struct drift_hint *hints = arena_array(work->arena, work->hint_count, sizeof *hints);
    if (!items || !by_id || !hints)
        return error_no_memory(work->reterr);
    for (uint32_t i = 0; i < count; i++)
        items[i] = work->drafts[i].item;
    if (make_ids(work, items, by_id, count))
        return -1;
    if (work->hint_count > 0)
        memcpy(hints, work->hints, work->hint_count * sizeof *hints);
    drift_report_set(report, items, by_id, count);
    report->hints = hints;
    report->hint_count = work->hint_count;
    drift_count(report);
    return 0;
}
