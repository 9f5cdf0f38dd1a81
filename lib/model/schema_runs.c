/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema_runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

enum { FIRST_SLOTS = 64 };

void schema_runs_done(struct schema_runs *runs)
{
    mem_free(runs->items);
    mem_free(runs->slots);
    mem_free(runs->run);
    *runs = (struct schema_runs){0};
}

static enum schema_runs_result append(struct schema_runs *runs, struct schema_attribute attribute)
{
    if (runs->run_count >= LIMIT_COLUMNS)
        return RUNS_FULL;
    if (!mem_grow(&runs->run, &runs->run_capacity, runs->run_count, sizeof attribute, LIMIT_COLUMNS))
        return RUNS_NO_MEMORY;
    runs->run[runs->run_count++] = attribute;
    return RUNS_OK;
}

enum schema_runs_result schema_runs_begin(struct schema_runs *runs, uint32_t start)
{
    runs->run_count = 0;
    if (start >= runs->count)
        return RUNS_OK;
    enum schema_runs_result result = RUNS_OK;
    for (size_t i = start; runs->items[i].key != ATTRIBUTE_END && result == RUNS_OK; i++)
        result = append(runs, runs->items[i]);
    return result;
}

enum schema_runs_result schema_runs_add(struct schema_runs *runs, struct schema_attribute attribute)
{
    enum text_form form = attribute_form(attribute.key);
    bool is_list = attribute_is_list(attribute.key);
    if (form == TEXT_FLAG)
        attribute.text = 0;
    else if (attribute.text == 0 && (!is_list || form == TEXT_SET))
        return RUNS_OK;
    for (size_t i = 0; !is_list && i < runs->run_count; i++) {
        if (runs->run[i].key == attribute.key) {
            runs->run[i] = attribute;
            return RUNS_OK;
        }
    }
    return append(runs, attribute);
}

/* Stable. Engines add in the order of keys or nearly so. */
static void sort_by_key(struct schema_attribute *run, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct schema_attribute attribute = run[i];
        size_t j = i;
        for (; j > 0 && run[j - 1].key > attribute.key; j--)
            run[j] = run[j - 1];
        run[j] = attribute;
    }
}

static int compare_by_text(const void *left, const void *right, void *pool)
{
    const struct schema_attribute *a = left;
    const struct schema_attribute *b = right;
    return strcmp((const char *)pool + a->text, (const char *)pool + b->text);
}

/* Sorts the sets in the run and drops repetitions from them. */
static void settle_sets(struct schema_runs *runs, const char *pool)
{
    size_t kept = 0;
    for (size_t i = 0; i < runs->run_count;) {
        size_t end = i + 1;
        while (end < runs->run_count && runs->run[end].key == runs->run[i].key)
            end++;
        bool is_set = attribute_form(runs->run[i].key) == TEXT_SET;
        if (is_set && end - i > 1)
            qsort_r(&runs->run[i], end - i, sizeof *runs->run, compare_by_text, (void *)(uintptr_t)pool);
        for (size_t first = i; i < end; i++)
            if (!is_set || i == first || runs->run[i].text != runs->run[kept - 1].text)
                runs->run[kept++] = runs->run[i];
    }
    runs->run_count = kept;
}

static size_t run_length(const struct schema_attribute *run)
{
    size_t length = 0;
    while (run[length].key != ATTRIBUTE_END)
        length++;
    return length;
}

/* The slot that holds the run, which is ended, or the free one where it belongs. */
static uint32_t *find_slot(const struct schema_runs *runs, const struct schema_attribute *run, size_t length)
{
    size_t mask = runs->slot_count - 1;
    size_t bytes = (length + 1) * sizeof *run;
    for (size_t i = (size_t)hash64(run, bytes) & mask;; i = (i + 1) & mask) {
        uint32_t start = runs->slots[i];
        if (start == 0 || (runs->count - start > length && memcmp(&runs->items[start], run, bytes) == 0))
            return &runs->slots[i];
    }
}

/* Keeps a quarter of the slots free. */
static bool grow_slots(struct schema_runs *runs)
{
    if (runs->used < runs->slot_count / 4 * 3)
        return true;
    struct schema_runs grown = *runs;
    grown.slot_count = runs->slot_count ? runs->slot_count * 2 : FIRST_SLOTS;
    grown.slots = mem_calloc(grown.slot_count, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t start = 1; start < runs->count;) {
        size_t length = run_length(&runs->items[start]);
        *find_slot(&grown, &runs->items[start], length) = (uint32_t)start;
        start += length + 1;
    }
    mem_free(runs->slots);
    *runs = grown;
    return true;
}

static bool append_items(struct schema_runs *runs, const struct schema_attribute *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!mem_grow(&runs->items, &runs->capacity, runs->count, sizeof *items, LIMIT_COLUMNS + (size_t)1))
            return false;
        runs->items[runs->count++] = items[i];
    }
    return true;
}

/* The empty run stands first. */
static bool begin(struct schema_runs *runs)
{
    return runs->count > 0 || append_items(runs, &(struct schema_attribute){.key = ATTRIBUTE_END}, 1);
}

enum schema_runs_result schema_runs_end(struct schema_runs *runs, const char *pool, uint32_t *ret_start)
{
    *ret_start = 0;
    if (runs->run_count == 0)
        return RUNS_OK;
    sort_by_key(runs->run, runs->run_count);
    settle_sets(runs, pool);
    size_t length = runs->run_count;
    enum schema_runs_result result = append(runs, (struct schema_attribute){.key = ATTRIBUTE_END});
    if (result != RUNS_OK)
        return result;
    if (!begin(runs) || !grow_slots(runs))
        return RUNS_NO_MEMORY;
    uint32_t *slot = find_slot(runs, runs->run, length);
    if (*slot == 0) {
        size_t start = runs->count;
        if (length + 1 > LIMIT_COLUMNS - runs->count)
            return RUNS_FULL;
        if (!append_items(runs, runs->run, length + 1))
            return RUNS_NO_MEMORY;
        *slot = (uint32_t)start;
        runs->used++;
    }
    *ret_start = *slot;
    return RUNS_OK;
}

struct schema_attribute *schema_runs_steal(struct schema_runs *runs, size_t *ret_count)
{
    struct schema_attribute *items = begin(runs) ? mem_resize(runs->items, runs->count, sizeof *items) : NULL;
    if (!items)
        return NULL;
    runs->items = NULL;
    *ret_count = runs->count;
    schema_runs_done(runs);
    return items;
}
