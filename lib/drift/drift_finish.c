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

static bool is_same_item(const struct drift_item *a, const struct drift_item *b)
{
    return a->kind == b->kind && a->change == b->change && strcmp(a->object, b->object) == 0 &&
           compare_texts(a->attribute, b->attribute) == 0;
}

/* Unnamed constraints over the same columns share a path: the second of them is numbered, so that ids stay unique. */
static void make_id(struct drift_work *work, struct drift_draft *draft)
{
    struct drift_item *item = &draft->item;
    char hex[DIGEST_HEX_SIZE] = "";
    strbuf_clear(&work->path);
    strbuf_printf(&work->path, "%s\x1f%s\x1f%s\x1f%s", drift_kind_name(item->kind), item->object,
                  drift_change_name(item->change), item->attribute ? item->attribute : "");
    if (draft->order > 0)
        strbuf_printf(&work->path, "\x1f%u", draft->order);
    digest_to_hex(digest_of(strbuf_text(&work->path), work->path.length), hex);
    memcpy(item->id, hex, DRIFT_ID_SIZE - 1);
}

static int compare_ids(const void *left, const void *right, void *userdata)
{
    const struct drift_item *items = userdata;
    return strcmp(items[*(const uint32_t *)left].id, items[*(const uint32_t *)right].id);
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
    for (uint32_t i = 0; i < count; i++) {
        struct drift_draft *draft = &work->drafts[i];
        if (i > 0 && is_same_item(&draft->item, &work->drafts[i - 1].item))
            draft->order = work->drafts[i - 1].order + 1;
        make_id(work, draft);
        items[i] = draft->item;
        by_id[i] = i;
    }
    if (!strbuf_ok(&work->path))
        return error_no_memory(work->reterr);
    if (count > 0)
        qsort_r(by_id, count, sizeof *by_id, compare_ids, items);
    if (work->hint_count > 0)
        memcpy(hints, work->hints, work->hint_count * sizeof *hints);
    drift_report_set(report, items, by_id, count);
    report->hints = hints;
    report->hint_count = work->hint_count;
    drift_count(report);
    return 0;
}
